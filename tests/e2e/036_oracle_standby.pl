# Nothing stale is read although all readers read from a standby that is two
# seconds behind: the oracle of 016, with and without "standbys".
#
# SEED repeats the choices, though not the races.

use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Daemon;
use Uncache::Test::StandbyWorkload;

my $seed = $ENV{SEED} || time % 1_000_000;

srand($seed);
diag "SEED=$seed";

my $primary = start_postgres('primary', logical => 1);
my $redis = start_redis('redis');

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('replica');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', 'recovery_min_apply_delay = 2s');
$standby->start;

my $workload = Uncache::Test::StandbyWorkload->new(
	node => $primary, standby => $standby, redis => $redis, seed => $seed);
$workload->create_tables;

sub replayed
{
	my $position = $primary->safe_psql('postgres', 'SELECT uncache_internal.wal_position()');

	return wait_for { $standby->safe_psql('postgres', "SELECT pg_last_wal_replay_lsn() >= '$position'") eq 't' };
}

sub start
{
	my ($name, @args) = @_;

	$redis->command('FLUSHALL');
	return start_daemon($name, node => $primary, redis => $redis->url, args => [@args]);
}

# Everybody works for some seconds; then all is compared.
sub play_round
{
	my ($name, $seconds, @faults) = @_;
	my $counts = $workload->play($seconds, @faults);

	ok(!$counts->{failures}, "$name: the workers go on");
	ok(wait_applied($primary), "$name: all is applied in the end");
	ok(replayed(), "$name: and replayed");
	my $verdict = $workload->check($counts->{fills});

	diag sprintf('%s: %d writes, %d fills, %d hits; readable entries: %d tagged, %d versioned, %d derived, '
		  . '%d of them stale; %d fills superseded, %d of them lost',
		$name, $counts->{writes}, scalar @{ $counts->{fills} }, $counts->{hits},
		@{ $verdict->{kinds} }{ 'tagged', 'versioned', 'derived' },
		scalar @{ $verdict->{stale} }, $verdict->{superseded}, $verdict->{lost});
	cmp_ok($counts->{writes}, '>', 100, "$name: rows change");
	cmp_ok($counts->{hits}, '>', 0, "$name: what is cached is read");
	# a fault shortly before the end may have emptied the cache
	cmp_ok($verdict->{kinds}{$_} + @faults, '>', 0, "$name: some $_ is cached in the end") foreach 'tagged', 'versioned', 'derived';
	cmp_ok($verdict->{superseded}, '>', 100, "$name: most of what was cached has changed since");
	return $verdict;
}

sub expect_none
{
	my ($name, $verdict) = @_;

	is_deeply($verdict->{stale}, [], "$name: nothing that a client would read is stale");
	is($verdict->{lost}, 0, "$name: no invalidation is lost");
	return;
}

my $daemon = start('control');
my $verdict = play_round('without standbys', 10);
cmp_ok(scalar @{ $verdict->{stale} }, '>', 0, 'without standbys: what readers have cached from the standby stays stale');
is($daemon->stop(5), 0, 'the daemon stops');

$daemon = start('standbys', '--standbys', 'replica');
expect_none('with standbys', play_round('with standbys', 10));

$daemon->mark_log;
expect_none('killed', play_round('the daemon is killed', 12, (sub { $daemon->kill9; pause(rand(0.1)); $daemon->start }) x 6));
ok(!$daemon->has_resynced, 'a killed daemon resumes without a resync');
is($daemon->stop(5), 0, 'the daemon stops');

$daemon = start('any', '--standbys', 'any');
$daemon->mark_log;
expect_none('resyncs', play_round('resyncs', 12,
	(sub {
		$daemon->kill9;
		$primary->safe_psql('postgres', q{UPDATE uncache.consumers SET resync_reason = 'the test says so'});
		$daemon->start;
	}) x 3));
ok($daemon->has_resynced, 'resyncs: there were some');
is($daemon->stop(5), 0, 'the daemon stops');

done_testing();
