# The servers and daemons of the soak, and what they are asked for.
package Uncache::Soak::Servers;

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils ();
use Time::HiRes qw(time);
use Uncache::Soak::Entries qw(has_cluster is_in_cluster targets);
use Uncache::Test qw(start_postgres start_redis start_redis_pair write_file wait_for);
use Uncache::Test::Daemon;
use Uncache::Test::RedisCluster;
use Uncache::Test::Session;

use constant {
	PASSWORD => 'soak',
	# what docs/operations.md says that the daemon needs
	RIGHTS => '~* +unlink +scan +select +ping +info +client|setname +eval +srandmember +srem +incrby +set +time',
	RIGHTS_IN_CLUSTER => '+cluster|slots +cluster|nodes +cluster|countkeysinslot +cluster|getkeysinslot +asking +rename +exists'
};

# Nobody but the WAL writer writes WAL, so that what is committed while it is
# halted is lost in a crash.
use constant CONFIGURATION => <<'END';
bgwriter_lru_maxpages = 0
wal_buffers = 16MB
deadlock_timeout = 100ms
track_commit_timestamp = on
restart_after_crash = on
max_worker_processes = 16
uncache.retention = 5s
END

# oracle has to be told when PostgreSQL is away: set it before the first fault.
sub new
{
	my ($class) = @_;
	my @acl = ('--user', 'uncached', 'on', '>' . PASSWORD, split(/ /, RIGHTS), has_cluster() ? split(/ /, RIGHTS_IN_CLUSTER) : ());
	my $self = bless {
		node => start_postgres('main', conf => CONFIGURATION),
		redis => [ start_redis_pair('redis0', config => \@acl),
			has_cluster() ? Uncache::Test::RedisCluster->new('redis1', primaries => 3, replicas => 1, proxied => 1, config => \@acl)
			: start_redis('redis1', config => \@acl) ] }, $class;
	my $file = $self->_write_configuration;

	# the first of them works; the second is not always there
	$self->{daemons} =
	  [ map { Uncache::Test::Daemon->new("uncached$_", config => $file, args => [ '--log-level', 'info' ]) } 1, 2 ];
	return $self;
}

sub _write_configuration
{
	my ($self) = @_;
	my $text = '';

	foreach my $target (targets())
	{
		my ($scheme, $place) = $self->{redis}[ $target->{server} ]->url =~ m{^([a-z+]+)://([^?]*)};
		my $database = is_in_cluster($target) ? '' : "?db=$target->{database}";

		$text .= "[target $target->{alias}]\nprefix = \"$target->{prefix}\"\n";
		$text .= sprintf("url = %s://uncached:%s@%s%s\n", $scheme, PASSWORD, $place, $database);
	}
	return write_file(PostgreSQL::Test::Utils::tempdir() . '/uncached.ini', <<"END");
[postgres]
dsn = @{[ $self->{node}->connstr('postgres') ]} user=uncached
$text
END
}

# The superuser's session, which is there as soon as PostgreSQL is.
sub admin
{
	my ($self) = @_;

	undef $self->{admin} if $self->{admin} && $self->{admin}->is_lost;
	$self->{admin} ||= $self->new_session;
	return $self->{admin};
}

sub new_session
{
	my ($self) = @_;
	my $session = wait_for { Uncache::Test::Session->connect($self->{node}) } 60
	  or die "PostgreSQL stays away\n";

	# ALTER SYSTEM knows a module's settings only where it is loaded
	$session->query(q{SET lock_timeout = 2000; LOAD 'uncache'});
	return $session;
}

# Does what makes PostgreSQL go away, and waits until it is back.
sub interrupt_postgres
{
	my ($self, $interrupt) = @_;
	my $begin = time;

	$interrupt->();
	undef $self->{admin};
	$self->admin;
	$self->{oracle}->note_outage($begin, time);
	return;
}

# Whether each target satisfies a condition on its row of uncache.status.
sub all_targets
{
	my ($self, $condition) = @_;
	my $count = () = targets();
	my $answer = eval {
		$self->admin->query_value("SELECT count(*) FILTER (WHERE $condition) FROM uncache.status");
	};

	return defined $answer && $answer == $count;
}

sub status
{
	my ($self) = @_;
	my $rows = eval {
		$self->admin->query(q{SELECT target, state, worker_pid, pending_rows, lag, resync_reason FROM uncache.status ORDER BY 1});
	};

	return join("\n", map { join(' | ', map { $_ // 'null' } @$_) } @{ $rows // [] });
}

# A change for each target that locks nothing.
sub invalidate_by_hand
{
	my ($self) = @_;

	$self->admin->query('SELECT uncache.invalidate(' . join(', ', map { "'$_->{alias}://nothing'" } targets()) . ')');
	return;
}

# Everything is applied, by a daemon that has seen the servers as they are now.
sub wait_applied
{
	my ($self, $seconds) = @_;

	$self->invalidate_by_hand;
	return wait_for { $self->all_targets(q{worker_pid IS NOT NULL AND state = 'ready' AND pending_rows = 0}) } $seconds;
}

1;
