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
use Uncache::Test::Verdict;
use Uncache::Test::Workload;

use constant SECONDS => 6;

my $seed = $ENV{SEED} || time % 1_000_000;

srand($seed);
diag "SEED=$seed";

my $node = start_postgres('main', conf => 'deadlock_timeout = 100ms');
my $pair = start_redis_pair('redis');
my $workload = Uncache::Test::Workload->new(node => $node, redis => $pair, seed => $seed);

$workload->create_tables;
my $daemon = start_daemon('uncached', node => $node, redis => $pair->url);

sub leave_behind
{
	$pair->catch_up;
	$pair->cut_off;
	return;
}

sub save_dump
{
	$pair->primary->command('SAVE');
	return;
}

sub come_back
{
	$pair->primary->kill9;
	$pair->primary->start;
	return;
}

# Lets everybody work.  What is acknowledged after the first half is lost shortly
# before the end, lest later changes hide what that has spoilt.
sub play_round
{
	my ($name, $part, $lose) = @_;
	my $begin = time;

	$workload->start(SECONDS);
	$daemon->mark_log;
	ok(wait_position($node), "$name: a position is acknowledged under load");
	$part->();
	ok(wait_position($node), "$name: and one that will be lost");
	wait_for { time > $begin + SECONDS - 0.3 } SECONDS;
	$lose->();
	my $counts = $workload->finish;
	comes_to_rest($workload, $name, $counts);
	my $again = $daemon->log_since_mark =~ /: (\d+ rows of the last \d+ s) are applied again/ ? $1 : 'nothing';
	my $verdict = compare_cache($workload, $name, $counts, "; applied again: $again");
	# what is applied again may have been all that was cached
	cmp_ok($verdict->{hits}, '>', 0, "$name: readers found something cached");
	has_nothing_stale($name, $verdict);
	like($daemon->log_since_mark, qr/ [1-9]\d* rows of the last \d+ s are applied again/, "$name: some had to be made again");
	ok(!$daemon->has_resynced, "$name: that was enough");
	return;
}

play_round('a replica that is behind', \&leave_behind, sub { $pair->fail_over });
$pair->rejoin;
play_round('an old dump', \&save_dump, \&come_back);
wait_for { $pair->replica->info('master_link_status') eq 'up' } or die 'the replica does not follow';
play_round('and again', \&leave_behind, sub { $pair->fail_over });

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
