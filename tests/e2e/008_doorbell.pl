# How soon a commit reaches Redis, and how little a daemon does while nobody
# commits.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;

use constant {
	COMMITS => 200,
	QUIET_SECONDS => 4
};

my $node = start_postgres('main', conf => 'log_min_duration_statement = 0');
my $redis = start_redis('redis');

$node->safe_psql('postgres', <<'END');
CREATE TABLE page (id int PRIMARY KEY, hits int DEFAULT 0);
INSERT INTO page VALUES (1);
SELECT uncache.watch('page', 'page:{id}');
END

my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);
my $session = Uncache::Test::Session->connect($node);

# Milliseconds from a commit's answer to the end of its key.
sub latency_ms
{
	$redis->fill('page:1');
	$session->query('UPDATE page SET hits = hits + 1');
	my $committed_at = time;
	pause(0.0005) while $redis->has('page:1') && time < $committed_at + 10;
	return 1000 * (time - $committed_at);
}

# Statements so far, from the server's log.
sub statement_count
{
	my @lines = PostgreSQL::Test::Utils::slurp_file($node->logfile) =~ /execute|statement/g;

	return scalar @lines;
}

# --- latency ---

my @latencies;
for (1 .. COMMITS)
{
	push @latencies, latency_ms();
	pause(rand(0.03));
}
@latencies = sort { $a <=> $b } @latencies;
my ($median, $p99) = @latencies[ COMMITS / 2, COMMITS * 0.99 ];
diag sprintf('commit to deletion: p50 %.1f ms, p99 %.1f ms, worst %.1f ms', $median, $p99, $latencies[-1]);
cmp_ok($median, '<', 50, 'commits reach Redis within 50 ms');
cmp_ok($p99, '<', 100, '99 of 100 commits reach Redis within 100 ms');

# --- the bell ---

for my $attempt (1 .. 5)
{
	# asleep for so long that the next look is far
	ok(wait_asleep($node), 'the daemon sleeps');
	pause(1.2 + rand(0.3));
	cmp_ok(latency_ms(), '<', 100, 'a commit wakes it');
}

# while Redis keeps it waiting, the daemon does not sleep
my $listener = $node->background_psql('postgres');
$listener->query_safe('LISTEN "uncache_default"');
ok(wait_asleep($node), 'the daemon sleeps');
$redis->command('CLIENT', 'PAUSE', 4000, 'WRITE');
$session->query('UPDATE page SET hits = hits + 1');
ok((wait_for { !is_asleep($node) }), 'it works on a batch');
$session->query('UPDATE page SET hits = hits + 1') for 1 .. 100;
$redis->command('CLIENT', 'UNPAUSE');
ok(wait_applied($node), 'all is applied');
my $rings = () = $listener->query('SELECT 1') =~ /Asynchronous notification/g;
diag "101 commits rang $rings times";
cmp_ok($rings, '<', 10, 'commits beside a working daemon do not ring');
$listener->quit;

# --- quiet ---

ok(wait_asleep($node), 'the daemon sleeps');
pause(2);
my $before = statement_count();
pause(QUIET_SECONDS);
my $rate = (statement_count() - $before) / QUIET_SECONDS;
diag sprintf('%.2f statements a second in a quiet system', $rate);
cmp_ok($rate, '<=', 2, 'in a quiet system the daemon runs at most two statements a second');

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
