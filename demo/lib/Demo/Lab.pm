# The servers as one thing: runs SQL, and meanwhile notes when Redis deletes what.
package Demo::Lab;

use strict;
use warnings;
use Demo::Psql;
use IO::Select;
use Time::HiRes qw(time);
use Uncache::Test::RedisClient;

my $QUERY_TIMEOUT_S = 20;

sub open
{
	my ($class, $dir) = @_;
	my $self = bless {
		dir => $dir,
		psql => Demo::Psql->start('-h', $dir, '-U', 'postgres', 'isp'),
		redis => _connect($dir),
		deletions => _connect($dir),
		deleted_at => {},
	}, $class;

	# Redis tells of each key that is deleted, whoever does it
	$self->{redis}->command('CONFIG', 'SET', 'notify-keyspace-events', 'Eg');
	$self->{deletions}->command('SUBSCRIBE', '__keyevent@0__:del');
	$self->{select} = IO::Select->new($self->{psql}->output, $self->{deletions}->socket);
	return $self;
}

sub _connect
{
	my ($dir) = @_;
	return Uncache::Test::RedisClient->connect(socket => "$dir/redis.sock") // die "cannot connect to Redis\n";
}

sub redis { return $_[0]->{redis}; }

# Key to the time at which it was deleted, since the last call of "forget".
sub deleted_at { return $_[0]->{deleted_at}; }

sub forget
{
	my ($self) = @_;
	$self->{deleted_at} = {};
	return;
}

# Waits for something to happen; returns the rows if the script has ended.
sub _turn
{
	my ($self, $timeout_s) = @_;
	my $rows;

	for my $ready ($self->{select}->can_read($timeout_s))
	{
		if ($ready == $self->{deletions}->socket)
		{
			my $now = time;
			$self->{deleted_at}{$_} //= $now for $self->{deletions}->messages;
		}
		else
		{
			$rows = $self->{psql}->rows;
		}
	}
	return $rows;
}

# Runs a script and returns its rows. "meanwhile" is called at each turn.
sub query
{
	my ($self, $script, $meanwhile) = @_;
	my $deadline = time + $QUERY_TIMEOUT_S;
	my $rows;

	$self->{psql}->send($script);
	until ($rows)
	{
		die "psql does not answer\n" if time > $deadline;
		$rows = $self->_turn($QUERY_TIMEOUT_S);
		$meanwhile->() if $meanwhile;
	}
	return $rows;
}

# Waits until the condition holds; false if it does not within the time.
sub wait_until
{
	my ($self, $condition, $timeout_s) = @_;
	my $deadline = time + $timeout_s;

	until ($condition->())
	{
		my $left_s = $deadline - time;
		return 0 if $left_s <= 0;
		$self->_turn($left_s);
	}
	return 1;
}

# Everything committed so far has been applied once this key is deleted: it
# goes through the journal as the last one.
sub drain
{
	my ($self) = @_;

	delete $self->{deleted_at}{'demo:last'};
	$self->{redis}->command('SET', 'demo:last', '');
	$self->query("SELECT uncache.invalidate('demo:last');");
	return $self->wait_until(sub { $self->{deleted_at}{'demo:last'} }, 10);
}

sub kill_daemon
{
	my ($self) = @_;

	CORE::open(my $file, '<', "$self->{dir}/uncached.pid") or die "no recorded daemon: $!\n";
	kill 'KILL', scalar <$file>;
	return;
}

sub close
{
	my ($self) = @_;
	$self->{psql}->stop;
	return;
}

1;
