# Nothing stale is read, whatever dies: the oracle of 002 for tags, versions and
# queries. At rest every entry that a client would read has to be what the
# database says, after the daemon was killed and Redis came back with an old dump.
#
# SEED repeats the choices, though not the races.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::ActionWorkload;
use Uncache::Test::Verdict;

my $seed = $ENV{SEED} || time % 1_000_000;

srand($seed);
diag "SEED=$seed";

my $node = start_postgres('main');
my $redis = start_redis('redis');
my $workload = Uncache::Test::ActionWorkload->new(node => $node, redis => $redis, seed => $seed);

$workload->create_tables;
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);

sub kill_daemon { kill_and_restart($daemon, 0.1); return; }

# What was saved earlier comes back: entries, registrations and counters.
sub save { $redis->command('SAVE'); return; }

sub kill_redis { kill_and_restart($redis, 0.2); return; }

# Everybody works for some seconds while these things happen, the last of them
# shortly before the end; then all is compared.
sub play_round
{
	my ($name, $seconds, @faults) = @_;
	my $counts = $workload->play($seconds, @faults);

	comes_to_rest($workload, $name, $counts);
	my $result = compare_cache($workload, $name, $counts);
	cmp_ok($result->{writes}, '>', 100, "$name: rows change");
	# how much is cached at the very end is chance: the last change may have been one of all rows
	cmp_ok($result->{hits}, '>', 0, "$name: what is cached is read");
	has_nothing_stale($name, $result);
	return;
}

$daemon->mark_log;
play_round('daemon killed', 8, (\&kill_daemon) x 7);
ok(!$daemon->has_resynced, 'a killed daemon resumes without a resync');

play_round('Redis comes back with an old dump', 8,
	\&save, \&kill_redis, \&kill_daemon, \&kill_redis, \&save, \&kill_daemon, \&kill_redis);

# the checker itself, for each kind
$redis->command('SET', 'ver:item:1', 'x');
$redis->command('SET', $_, 'not a version') foreach 'tagged:item:1', 'derived:item:1', 'versioned:item:1:vx', 'versioned:item:1:vy';
is_deeply($workload->check([])->{stale}, [ 'derived:item:1', 'tagged:item:1', 'versioned:item:1' ],
	'the checker finds stale entries of each kind');
is($workload->check([ map { [ $_, 'not_a_version' ] } 'tagged:item:1', 'versioned:item:1:vx', 'versioned:item:1:vy' ])->{lost},
	2, 'the checker finds fills that are read still, but none under an old version');

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
