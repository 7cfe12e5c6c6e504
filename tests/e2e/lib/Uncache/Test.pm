# What every end-to-end test begins with: servers, a daemon, and waiting.
package Uncache::Test;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Uncache::Test::Daemon;
use Uncache::Test::Redis;
use Uncache::Test::RedisPair;
use Uncache::Test::Session;
use Uncache::Test::Wait qw(wait_for pause);

our @EXPORT = qw(
  init_postgres start_postgres start_standby install start_redis start_redis_pair start_daemon write_file
  wait_for pause kill_and_restart is_attached wait_attached is_applied wait_applied wait_position
  is_asleep wait_asleep
);

# PostgreSQL 18's modules install a handler where there is none, and select() and
# sysread() in our clients would be interrupted whenever a child ends.
$SIG{CHLD} = 'DEFAULT';

# A PostgreSQL with its settings, not started.  conf: settings to add; logical: wal_level;
# checksums: with them, whatever its version does by itself.
sub init_postgres
{
	my ($node, %params) = @_;
	my @options = ('--locale=C', '--encoding=UTF8');

	push @options, '--data-checksums' if $params{checksums};
	$node->init(extra => \@options, allows_streaming => $params{logical} ? 'logical' : 0);
	$node->append_conf('postgresql.conf', <<"END");
log_statement = none
max_prepared_transactions = 10
max_connections = 50
shared_buffers = 64MB
wal_retrieve_retry_interval = 100ms
@{[ $params{conf} // '' ]}
END
	return;
}

# A running PostgreSQL with uncache in the database postgres.  install_path: which one, if
# not the one in PATH; others as for init_postgres.
sub start_postgres
{
	my ($name, %params) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name,
		defined $params{install_path} ? (install_path => $params{install_path}) : ());

	init_postgres($node, %params);
	$node->start;
	$node->safe_psql('postgres', 'CREATE ROLE uncached LOGIN');
	install($node, 'postgres');
	return $node;
}

# A running standby of it, which streams.  conf: settings to add.
sub start_standby
{
	my ($primary, $name, %params) = @_;
	my $standby = PostgreSQL::Test::Cluster->new($name);

	$primary->backup('base') unless -d $primary->backup_dir . '/base';
	$standby->init_from_backup($primary, 'base', has_streaming => 1);
	$standby->append_conf('postgresql.conf', $params{conf} // '');
	$standby->start;
	return $standby;
}

sub install
{
	my ($node, $database) = @_;

	$node->safe_psql($database,
		"CREATE EXTENSION uncache; SELECT uncache.grant_consumer('uncached')");
	return;
}

sub start_redis
{
	my ($name, %params) = @_;

	return Uncache::Test::Redis->new($name, %params)->start;
}

# A primary with its replica.
sub start_redis_pair
{
	my ($name, %params) = @_;

	return Uncache::Test::RedisPair->new($name, %params);
}

# Started, attached, and through with its first resync.
sub start_daemon
{
	my ($name, %params) = @_;
	my $daemon = Uncache::Test::Daemon->new($name, %params)->start;

	wait_attached($params{node}, database => $params{database})
	  && wait_for { _is_settled($daemon) }
	  or die "uncached does not attach:\n" . $daemon->log;
	return $daemon;
}

# It says that it has attached, and of the last resync that begins that it is complete: the
# status is ready for a moment between the consumer's lock and the reason of a resync.
sub _is_settled
{
	my ($daemon) = @_;
	my $log = $daemon->log;

	return $log =~ /msg="?attached/ && $log !~ /resync begins(?!.*resync complete)/s;
}

# A daemon or a Redis dies, and is back after a random time.
sub kill_and_restart
{
	my ($server, $most_seconds) = @_;

	$server->kill9;
	pause(rand($most_seconds));
	$server->start;
	return;
}

sub write_file
{
	my ($path, $text) = @_;

	open(my $file, '>', $path) or die "$path: $!";
	print $file $text;
	close($file) or die "$path: $!";
	return $path;
}

# Whether the condition holds for a target's row of uncache.status.
sub _status_is
{
	my ($node, $condition, %params) = @_;
	my $target = $params{target} // 'default';
	my ($status, $answer) = $node->psql($params{database} // 'postgres',
		"SELECT $condition FROM uncache.status WHERE target = '$target'");

	return $status == 0 && $answer eq 't';
}

sub is_attached
{
	my ($node, %params) = @_;

	return _status_is($node, q{worker_pid IS NOT NULL AND state = 'ready'}, %params);
}

sub wait_attached
{
	my ($node, %params) = @_;

	return wait_for { is_attached($node, %params) } $params{seconds};
}

# Nothing pending: everything committed before is applied and acknowledged. A
# daemon is there to say so: before it is back, nobody has looked. A standby (is_standby
# => 1) has none, and shows what it has got from the primary.
sub is_applied
{
	my ($node, %params) = @_;

	my $worker = $params{is_standby} ? 'true' : 'worker_pid IS NOT NULL';

	return _status_is($node, "$worker AND state = 'ready' AND pending_rows = 0", %params);
}

sub wait_applied
{
	my ($node, %params) = @_;

	return wait_for { is_applied($node, %params) } $params{seconds};
}

sub _last_position
{
	my ($node) = @_;

	return $node->safe_psql('postgres', 'SELECT coalesce(max(repl_offset), 0) FROM uncache.positions');
}

# Waits for the next position in Redis' history: what was acknowledged until now is in it.
sub wait_position
{
	my ($node) = @_;
	my $last = _last_position($node);

	return wait_for { _last_position($node) > $last };
}

# The daemon has armed the doorbell and waits.
sub is_asleep
{
	my ($node) = @_;

	return $node->safe_psql('postgres', <<'END') eq 't';
SELECT EXISTS (SELECT FROM pg_locks l JOIN uncache.consumers c ON l.objid = c.id::oid
	WHERE l.locktype = 'advisory' AND l.objsubid = 7502 AND l.mode = 'ShareLock' AND l.granted)
END
}

sub wait_asleep
{
	my ($node) = @_;

	return wait_for { is_asleep($node) };
}

1;
