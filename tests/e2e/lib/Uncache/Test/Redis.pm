# A private Redis server without persistence, on a unix socket.
#
# tcp => 1 adds a loopback port, at another address than 127.0.0.1 and with a certain
# number if address and port say so; config => [...] adds settings as on the
# server's command line; password is what requirepass says.
package Uncache::Test::Redis;

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster ();
use PostgreSQL::Test::Utils ();
use Uncache::Test::Process;
use Uncache::Test::RedisClient;
use Uncache::Test::Wait qw(wait_for);

sub program { return $ENV{REDIS_SERVER} || 'redis-server'; }

sub is_valkey
{
	my $program = program();

	return scalar qx{'$program' --version} =~ /^Valkey/;
}

# The number in "Redis server v=7.0.15 …" or "Valkey server v=8.1.1 …".
sub major_version
{
	my $program = program();

	return qx{'$program' --version} =~ /\bv=(\d+)/ ? $1 : die "$program does not tell its version";
}

# Redis 6 and older do not know the setting, and have DEBUG always.
sub debug_options { return major_version() >= 7 ? ('--enable-debug-command', 'yes') : (); }

sub new
{
	my ($class, $name, %params) = @_;
	my $directory = PostgreSQL::Test::Utils::tempdir_short();
	my $self = bless {
		directory => $directory,
		socket => "$directory/redis.sock",
		password => $params{password},
		port => $params{tcp} ? $params{port} // PostgreSQL::Test::Cluster::get_free_port() : 0
	}, $class;
	my @auth = defined $params{password} ? ('--requirepass', $params{password}) : ();

	$self->{process} = Uncache::Test::Process->new(
		name => $name,
		command => [
			program(),
			'--dir', $directory,
			'--unixsocket', "$directory/listening.sock",
			'--port', $self->{port},
			'--bind', $params{address} // '127.0.0.1',
			'--save', '',
			debug_options(),
			@auth, @{ $params{config} // [] }
		]);
	return $self;
}

# Starts the server where only the test can find it.
sub start_hidden
{
	my ($self) = @_;

	$self->{process}->start;
	$self->{client} = wait_for { $self->_try_client("$self->{directory}/listening.sock") }
	  or die 'Redis does not start';
	return $self;
}

sub reveal
{
	my ($self) = @_;

	rename("$self->{directory}/listening.sock", $self->{socket}) or die "rename: $!";
	return;
}

sub start
{
	my ($self) = @_;

	$self->start_hidden->reveal;
	return $self;
}

sub kill9
{
	my ($self) = @_;

	unlink($self->{socket});
	return $self->{process}->kill9;
}

sub url
{
	my ($self, $database) = @_;

	return "unix://$self->{socket}?db=" . ($database // 0);
}

sub socket { return $_[0]->{socket}; }
sub port { return $_[0]->{port}; }
sub pid { return $_[0]->{process}->pid; }
sub is_running { return $_[0]->{process}->is_running; }
sub directory { return $_[0]->{directory}; }

sub _try_client
{
	my ($self, $socket) = @_;
	my $client = Uncache::Test::RedisClient->connect(socket => $socket) or return undef;

	$client->command('AUTH', $self->{password}) if defined $self->{password};
	return eval { $client->command('PING') } ? $client : undef;
}

# Another connection; undef while the server is down.
sub client { return $_[0]->_try_client($_[0]->{socket}); }

sub command
{
	my ($self, @arguments) = @_;

	return $self->{client}->command(@arguments);
}

# A field of INFO.
sub info
{
	my ($self, $field) = @_;

	return $self->command('INFO', 'everything') =~ /^\Q$field\E:(.*?)\r$/m ? $1 : '';
}

# Sets each key to something.
sub fill
{
	my ($self, @keys) = @_;

	$self->{client}->pipeline(map { [ 'SET', $_, 'cached' ] } @keys) if @keys;
	return;
}

sub has { return $_[0]->command('EXISTS', $_[1]); }

# Which of the keys are there, in the order given.
sub remaining
{
	my ($self, @keys) = @_;
	my @exists = $self->{client}->pipeline(map { [ 'EXISTS', $_ ] } @keys);

	return [ map { $keys[$_] } grep { $exists[$_] } 0 .. $#keys ];
}

1;
