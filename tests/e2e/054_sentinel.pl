# A Redis that sentinels watch over: the daemon asks them where the master is, at every
# connect, and whatever fails over nothing stale stays in the cache.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::RedisSentinels;
use Uncache::Test::Verdict;
use Uncache::Test::Workload;

my $seed = $ENV{SEED} || time % 1_000_000;

srand($seed);
diag "SEED=$seed";

my $node = start_postgres('main', conf => 'deadlock_timeout = 100ms');
my $redis = Uncache::Test::RedisSentinels->new('redis');
my $workload = Uncache::Test::Workload->new(node => $node, redis => $redis, seed => $seed);

$workload->create_tables;
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);

like($daemon->log, qr/msg="connected to Redis" target=default server="?127\S*,127\S*\/mymaster\/0"? address=127\.0\.0\.1:@{[ $redis->master->port ]}\n/,
	'the log says which server the sentinels have named');

# --- ten failovers under load ---

# What the daemon has said of each connection since the last mark.
sub reconnects
{
	my ($port) = @_;

	return $daemon->wait_for_log(qr/msg="connected to Redis"[^\n]* address=127\.0\.0\.1:$port\n/, 20);
}

sub fail_over
{
	my ($how, $comes_back) = @_;
	my $begin = time;

	$redis->wait_whole or die 'the servers do not come together';
	$daemon->mark_log;
	my $old = $how eq 'SENTINEL FAILOVER' ? $redis->switch_over : $how eq 'SIGKILL' ? $redis->kill_master : $redis->stop_master;
	my $new = $redis->master->port;

	ok(reconnects($new), "$how: the daemon follows to the new master") or diag $daemon->log_since_mark;
	$redis->go_on($old) if $how eq 'SIGSTOP';
	$redis->rejoin($old) if $comes_back;
	diag sprintf('%s: %.1f s', $how, time - $begin);
	return;
}

my @ways = ('SENTINEL FAILOVER', 'SIGKILL', 'SENTINEL FAILOVER', 'SIGSTOP', 'SENTINEL FAILOVER', 'SIGKILL',
	'SENTINEL FAILOVER', 'SIGSTOP', 'SENTINEL FAILOVER', 'SENTINEL FAILOVER');
my $begin = time;

$workload->start(300);
# with the last one the sentinels themselves make the old master a replica, after 10 s
fail_over($ways[$_], $_ < $#ways) foreach 0 .. $#ways;
$redis->wait_whole or die 'the servers do not come together';
$workload->end_early;
my $counts = $workload->finish;

diag sprintf('%d failovers in %.0f s', scalar @ways, time - $begin);
comes_to_rest($workload, 'ten failovers', $counts);
my $verdict = compare_cache($workload, 'ten failovers', $counts);

cmp_ok($verdict->{hits}, '>', 0, 'ten failovers: readers found something cached');
has_nothing_stale('ten failovers', $verdict);

# --- and one that loses deletes which were acknowledged ---

$daemon->mark_log;
$workload->start(60);
ok(wait_position($node), 'lost deletes: a position is acknowledged under load');
$redis->cut_off;
ok(wait_position($node), 'lost deletes: and one that will be lost');
my $old = $redis->kill_master;
ok(reconnects($redis->master->port), 'lost deletes: the daemon follows to a replica that is behind');
$workload->end_early;
$counts = $workload->finish;
comes_to_rest($workload, 'lost deletes', $counts);
$verdict = compare_cache($workload, 'lost deletes', $counts);
has_nothing_stale('lost deletes', $verdict);
like($daemon->log_since_mark, qr/ [1-9]\d* rows of the last \d+ s are applied again/, 'lost deletes: some had to be made again');
ok(!$daemon->has_resynced, 'lost deletes: that was enough');

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
