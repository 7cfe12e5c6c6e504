# Nothing stale is read although all readers read from a standby that is two
# seconds behind: the oracle of 016, with and without "standbys".
#
# SEED repeats the choices, though not the races.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Daemon;
use Uncache::Test::StandbyWorkload;
use Uncache::Test::Verdict;

my $seed = $ENV{SEED} || time % 1_000_000;

srand($seed);
diag "SEED=$seed";

my $primary = start_postgres('primary', logical => 1);
my $redis = start_redis('redis');

my $standby = start_standby($primary, 'replica', conf => 'recovery_min_apply_delay = 2s');
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

	comes_to_rest($workload, $name, $counts);
	ok(replayed(), "$name: and replayed");
	my $verdict = compare_cache($workload, $name, $counts);
	cmp_ok($verdict->{writes}, '>', 100, "$name: rows change");
	cmp_ok($verdict->{hits}, '>', 0, "$name: what is cached is read");
	# a fault shortly before the end may have emptied the cache
	cmp_ok($verdict->{kinds}{$_} + @faults, '>', 0, "$name: some $_ is cached in the end") foreach 'tagged', 'versioned', 'derived';
	return $verdict;
}

my $daemon = start('control');
my $verdict = play_round('without standbys', 10);
cmp_ok(scalar @{ $verdict->{stale} }, '>', 0, 'without standbys: what readers have cached from the standby stays stale');
is($daemon->stop(5), 0, 'the daemon stops');

$daemon = start('standbys', '--standbys', 'replica');
has_nothing_stale('with standbys', play_round('with standbys', 10));

$daemon->mark_log;
has_nothing_stale('killed', play_round('the daemon is killed', 12, (sub { kill_and_restart($daemon, 0.1) }) x 6));
ok(!$daemon->has_resynced, 'a killed daemon resumes without a resync');
is($daemon->stop(5), 0, 'the daemon stops');

$daemon = start('any', '--standbys', 'any');
$daemon->mark_log;
has_nothing_stale('resyncs', play_round('resyncs', 12,
	(sub {
		$daemon->kill9;
		$primary->safe_psql('postgres', q{UPDATE uncache.consumers SET resync_reason = 'the test says so'});
		$daemon->start;
	}) x 3));
ok($daemon->has_resynced, 'resyncs: there were some');
is($daemon->stop(5), 0, 'the daemon stops');

done_testing();
