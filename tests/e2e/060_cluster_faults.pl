# Nothing stale stays in a Redis Cluster when all of its nodes restart at once with what they had saved long
# before, when a primary is cut off from the others and goes on serving on its side, and when PostgreSQL dies.
#
# SEED repeats the choices, though not the races.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::SlotWorkload;
use Uncache::Test::RedisCluster;
use Uncache::Test::Verdict;

my $seed = $ENV{SEED} || time % 1_000_000;

srand($seed);
diag "SEED=$seed";

my $node = start_postgres('main');
my $cluster = Uncache::Test::RedisCluster->new('cluster', primaries => 3, replicas => 1, proxied => 1);
my $workload = Uncache::Test::SlotWorkload->new(node => $node, redis => $cluster, seed => $seed);

$workload->create_tables;
my $daemon = start_daemon('uncached', node => $node, redis => $cluster->url);

sub play_round
{
	my ($name, $seconds, @faults) = @_;
	my $counts = $workload->play($seconds, @faults);

	comes_to_rest($workload, $name, $counts);
	has_nothing_stale($name, compare_cache($workload, $name, $counts));
	return;
}

# What they had saved is old when they are back.
sub restart_all
{
	my @nodes = $cluster->nodes;

	$_->kill9 for @nodes;
	$_->start for @nodes;
	$cluster->await_complete;
	return;
}

play_round('all nodes restart at once', 10, sub { $_->command('SAVE') for $cluster->nodes }, \&restart_all);

# --- a partition ---

my $cut = ($cluster->primaries)[1];
my $replica = $cluster->replica_of($cut);

sub partition
{
	$cluster->cut_off($cut);
	# until it misses the others itself
	ok($cut->command('UNLINK', $cut->command('RANDOMKEY') // 'any'), 'a primary that is cut off still takes writes');
	$cluster->await_promotion($replica);
	is($cut->info('role'), 'master', 'and is still a primary, on its side, when its replica has been promoted');
	return;
}

sub heal
{
	$cluster->join_again;
	ok((wait_for { $cut->info('role') eq 'slave' && $cut->info('master_link_status') eq 'up' }), 'it follows when it is back');
	return;
}

$daemon->mark_log;
play_round('a primary is cut off', 14, \&partition, \&heal);
ok($daemon->log_since_mark =~ /Redis may have lost deletes, applying them again/, 'the promoted one may lack deletes: they are made again');

# --- PostgreSQL ---

play_round('PostgreSQL dies while primaries change places', 10,
	sub { $node->stop('immediate'); $cluster->switch_over(($cluster->primaries)[0]); $node->start });

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
