# Nothing stale stays in a Redis Cluster, whatever happens to it: writers and readers work while slots
# move, primaries die, change places with their replicas, join and leave, and the daemon dies.
#
# SEED repeats the choices, though not the races.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::ClusterWorkload;
use Uncache::Test::RedisCluster;
use Uncache::Test::Verdict;

my $seed = $ENV{SEED} || time % 1_000_000;

srand($seed);
diag "SEED=$seed";

my $node = start_postgres('main');
my $cluster = Uncache::Test::RedisCluster->new('cluster', primaries => 3, replicas => 1);
my $workload = Uncache::Test::ClusterWorkload->new(node => $node, redis => $cluster, seed => $seed);

$workload->create_tables;
my $daemon = start_daemon('uncached', node => $node, redis => $cluster->url);

sub any_of { return $_[ rand @_ ]; }

# Some slots of a primary go to another, one after the other.
sub move_slots
{
	my ($count) = @_;
	my @primaries = $cluster->primaries;
	my $from = splice(@primaries, rand @primaries, 1);
	my $to = any_of(@primaries);
	my @slots = $cluster->slots_of($from);

	$cluster->move_slot(splice(@slots, rand @slots, 1), $from, $to) for 1 .. $count;
	return;
}

sub play_round
{
	my ($name, $seconds, @faults) = @_;

	$daemon->mark_log;
	my $counts = $workload->play($seconds, @faults);

	comes_to_rest($workload, $name, $counts);
	has_nothing_stale($name, compare_cache($workload, $name, $counts));
	return;
}

play_round('slots move', 6, (sub { move_slots(30) }) x 5);
ok($daemon->log_since_mark !~ /resync begins|applying them again/, 'slots that move are no reason to do anything again');
play_round('primaries change places', 8, (sub { $cluster->switch_over(any_of($cluster->primaries)) }) x 2);
like($daemon->log_since_mark, qr/applying them again/, 'deletes are applied again');
play_round('primaries die', 12, (sub { $cluster->fail_over(any_of($cluster->primaries)) }) x 2);

my $joined;
play_round('a node joins', 6, sub { $joined = $cluster->add_node },
	sub { my $from = any_of(grep { $_ != $joined } $cluster->primaries); $cluster->move_slot($_, $from, $joined) for ($cluster->slots_of($from))[ 0 .. 40 ] });
play_round('and leaves, while the daemon dies', 6,
	sub { kill_and_restart($daemon, 0.1) },
	sub { my ($to) = grep { $_ != $joined } $cluster->primaries; $cluster->move_slot($_, $joined, $to) for $cluster->slots_of($joined) });

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
