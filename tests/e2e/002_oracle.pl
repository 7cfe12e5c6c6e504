# Nothing stale stays, whatever dies: writers and readers work while the
# daemon, Redis and PostgreSQL are killed under them; then everything that is
# cached has to be what the database says.
#
# SEED repeats the choices, though not the races.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Verdict;
use Uncache::Test::Workload;

my $seed = $ENV{SEED} || time % 1_000_000;
my %kills = (daemon => 0, redis => 0, postgres => 0);

srand($seed);
note "SEED=$seed";
diag "SEED=$seed";

# nobody but the WAL writer writes WAL
my $node = start_postgres('main', conf => <<'END');
bgwriter_lru_maxpages = 0
wal_buffers = 16MB
deadlock_timeout = 100ms
END
my $redis = start_redis('redis');
my $workload = Uncache::Test::Workload->new(node => $node, redis => $redis, seed => $seed);

$workload->create_tables;
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);

sub kill_daemon
{
	kill_and_restart($daemon, 0.1);
	$kills{daemon}++;
	return;
}

sub kill_redis
{
	kill_and_restart($redis, 0.3);
	$kills{redis}++;
	return;
}

# The WAL writer is halted for a while first: what is committed then is lost.
sub crash_postgres
{
	my $wal_writer = $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'");

	kill('STOP', $wal_writer);
	pause(0.1 + rand(0.4));
	kill('KILL', $wal_writer);
	wait_for { !-e $node->data_dir . '/postmaster.pid' } or die 'PostgreSQL does not crash';
	$node->stop('immediate', fail_ok => 1);
	$node->start;
	$kills{postgres}++;
	return;
}

# Lets everybody work for some seconds with these kills spread over them, the
# last one shortly before the end, lest later changes hide what it has spoilt.
# Then waits for rest and compares.
sub play_round
{
	my ($name, $seconds, @victims) = @_;
	my $counts = $workload->play($seconds, @victims);

	comes_to_rest($workload, $name, $counts);
	my $result = compare_cache($workload, $name, $counts);
	has_nothing_stale($name, $result);
	return $result;
}

sub shuffled
{
	my @list = @_;

	for (my $n = @list; $n > 1; $n--)
	{
		my $other = int(rand($n));
		@list[ $n - 1, $other ] = @list[ $other, $n - 1 ];
	}
	return @list;
}

$daemon->mark_log;
my $result = play_round('daemon killed', 5, (\&kill_daemon) x 9);
cmp_ok($result->{cached}, '>', 0, 'other keys are cached still');
ok(!$daemon->has_resynced, 'a killed daemon resumes without a resync');

play_round('Redis killed', 4, shuffled((\&kill_daemon) x 2, (\&kill_redis) x 3), \&kill_daemon);

# The daemon's acknowledgements write out the WAL as well, so that a few crashes may lose nothing.
my $commits_lost = 0;
for (my $round = 1; !$commits_lost && $round <= 6; $round++)
{
	$commits_lost = play_round("PostgreSQL crashes, round $round", 5, (\&crash_postgres) x 3)->{commits_lost};
}
cmp_ok($commits_lost, '>', 0, 'crashes have lost commits that readers had seen');

play_round('everything dies', 8,
	shuffled((\&kill_daemon) x 8, (\&kill_redis) x 2, \&crash_postgres), \&crash_postgres);

diag "killed: daemon $kills{daemon}, Redis $kills{redis}, PostgreSQL $kills{postgres} times";

# the checker itself: a version that is nobody's
$redis->command('SET', 'item:1', 'not a version');
is_deeply($workload->check([])->{stale}, ['item:1'], 'the checker finds a stale key');

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
