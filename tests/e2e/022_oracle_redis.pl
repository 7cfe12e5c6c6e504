# Nothing stale stays when Redis loses what it had acknowledged: writers and
# readers work while it fails over to a replica that is behind, or comes back
# from an old dump; then everything that is cached has to be what the database
# says.
#
# SEED repeats the choices, though not the races.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Workload;

my $seed = $ENV{SEED} || time % 1_000_000;

srand($seed);
diag "SEED=$seed";

my $node = start_postgres('main', conf => 'deadlock_timeout = 100ms');
my $pair = start_redis_pair('redis');
my $workload = Uncache::Test::Workload->new(node => $node, redis => $pair, seed => $seed);

$workload->create_tables;
my $daemon = start_daemon('uncached', node => $node, redis => $pair->url);

sub positions
{
	return $node->safe_psql('postgres', 'SELECT coalesce(max(repl_offset), 0) FROM uncache.positions');
}

# Until the workload has been at it for a while.
sub wait_position
{
	my $last = positions();

	return wait_for { positions() > $last };
}

# What the replica misses is acknowledged all the same.
sub fail_over_behind
{
	ok(wait_position(), 'a position is acknowledged under load');
	$pair->catch_up;
	$pair->cut_off;
	ok(wait_position(), 'and another one that the replica does not have');
	$pair->fail_over;
	return;
}

sub come_back_from_a_dump
{
	ok(wait_position(), 'a position is acknowledged under load');
	$pair->primary->command('SAVE');
	ok(wait_position(), 'and another one that the dump does not have');
	$pair->primary->kill9;
	$pair->primary->start;
	return;
}

# Lets everybody work while Redis loses something, and for a while after.
sub play_round
{
	my ($name, $lose) = @_;

	$workload->start(8);
	$daemon->mark_log;
	$lose->();
	my $counts = $workload->finish;
	ok(!$counts->{failures}, "$name: the workers go on");
	ok(wait_applied($node), "$name: all is applied in the end");
	my $verdict = $workload->check($counts->{fills});

	diag sprintf('%s: %d writes, %d fills, %d hits; %d keys cached, %d stale; %d fills superseded, %d of them lost; applied again: %s',
		$name, $counts->{writes}, scalar @{ $counts->{fills} }, $counts->{hits}, $verdict->{cached},
		scalar @{ $verdict->{stale} }, $verdict->{superseded}, $verdict->{lost},
		$daemon->log_since_mark =~ /: (\d+ rows of the last \d+ s) are applied again/ ? $1 : 'nothing');
	cmp_ok($verdict->{superseded}, '>', 100, "$name: most of what was cached has changed since");
	cmp_ok($verdict->{cached}, '>', 0, "$name: something is cached");
	is_deeply($verdict->{stale}, [], "$name: nothing that is cached is stale");
	is($verdict->{lost}, 0, "$name: no invalidation is lost");
	like($daemon->log_since_mark, qr/ [1-9]\d* rows of the last \d+ s are applied again/, "$name: some had to be made again");
	ok(!$daemon->has_resynced, "$name: that was enough");
	return;
}

play_round('a replica that is behind', \&fail_over_behind);
$pair->rejoin;
play_round('an old dump', \&come_back_from_a_dump);
wait_for { $pair->replica->info('master_link_status') eq 'up' } or die 'the replica does not follow';
play_round('and again', \&fail_over_behind);

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
