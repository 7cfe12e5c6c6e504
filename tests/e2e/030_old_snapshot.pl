# While somebody holds an old snapshot, nothing that was deleted or updated can
# be cleaned up by VACUUM: a consumer's work must not take longer with all that was done.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;

use constant ROUNDS => 3000;

my $node = start_postgres('main', conf => "autovacuum = off\nfsync = off");

$node->safe_psql('postgres', <<'END');
CREATE TABLE t (id int);
SELECT uncache.watch('t', 't:{id}');
CREATE TABLE place (cursor text);
-- Changes, consumes and acknowledges, each in a transaction of its own.
CREATE PROCEDURE play(rounds int) LANGUAGE plpgsql AS $$
DECLARE
	last text := (SELECT cursor FROM place);
BEGIN
	FOR i IN 1 .. rounds LOOP
		INSERT INTO t VALUES (i);
		COMMIT;
		SELECT next_cursor INTO last FROM uncache.fetch('default', last, 2000000000, false) WHERE next_cursor IS NOT NULL;
		PERFORM uncache.ack('default', last);
		COMMIT;
	END LOOP;
	UPDATE place SET cursor = last;
END $$;
END

# registers the consumer, and leaves it to the session
my $redis = start_redis('redis');
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);
is($daemon->stop(5), 0, 'the daemon stops');

my $worker = Uncache::Test::Session->connect($node);

# Pages that a query reads, of whatever relation.
sub pages
{
	my ($query) = @_;
	my $plan = $worker->query_value("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) $query");

	$plan =~ /"Shared Hit Blocks": (\d+)/ or die "no buffers in $plan";
	return $1;
}

# The same of the first invalidation of a session, which has to find out who its consumers are.
sub first_pages
{
	my $writer = Uncache::Test::Session->connect($node);
	my $plan = $writer->query_value("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) SELECT uncache.invalidate('k')");

	$plan =~ /"Shared Hit Blocks": (\d+)/ or die "no buffers in $plan";
	return $1;
}

sub fetch_query { return q{SELECT * FROM uncache.fetch('default', } . "'" . $worker->query_value('SELECT cursor FROM place') . "', 2000000000, false)"; }

sub ack_query { return q{SELECT uncache.ack('default', } . "'" . $worker->query_value('SELECT cursor FROM place') . "')"; }

$worker->query('SET uncache.retention = 0');
$worker->query(q{INSERT INTO place SELECT a.cursor FROM uncache.attach('default') a});
$worker->query('CALL play(50)');
$worker->query('SELECT uncache.trim()');
my $ack = pages(ack_query());
my $fetch = pages(fetch_query());
my $first = first_pages();

my $reader = Uncache::Test::Session->connect($node);
$reader->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
$reader->query('SELECT 1 FROM t');
$worker->query('CALL play(' . ROUNDS . ')');
my $late_ack = pages(ack_query());
cmp_ok($late_ack, '<=', 2 * $ack + 20, "an acknowledgement reads as much as before (pages: $ack, $late_ack)");

my $late_first = first_pages();
cmp_ok($late_first, '<=', $first + 20, "a session's first invalidation reads as much as before (pages: $first, $late_first)");

my $late_fetch = pages(fetch_query());
cmp_ok($late_fetch, '<=', 2 * $fetch + 20, "a fetch reads as much as before (pages: $fetch, $late_fetch)");

# What the snapshot may still see of the journal is kept by nobody.
sub journal_bytes { return $worker->query_value(q{SELECT sum(pg_relation_size(i.inhrelid)) FROM pg_inherits i WHERE i.inhparent = 'uncache.journal'::regclass}); }

cmp_ok(journal_bytes(), '>=', 50 * ROUNDS, 'the journal has the rows');
$worker->query('CALL play(1)');
cmp_ok($worker->query_value('SELECT uncache.trim()'), '>', 0, 'it is trimmed');
is(journal_bytes(), 0, 'at once, and its files are empty');

$reader->query('COMMIT');

# Nor does what is consumed between two transactions that have not ended make a fetch slower.
my @open = map { Uncache::Test::Session->connect($node) } 1 .. 2;
my $bulk = Uncache::Test::Session->connect($node);
my $many = q{SELECT count(uncache.invalidate(repeat('k', 1000) || n)) FROM generate_series(1, 5000) n};
$worker->query('CALL play(1)');
$open[0]->query('BEGIN');
$open[0]->query('INSERT INTO t VALUES (1)');
$bulk->query($many);
$open[1]->query('BEGIN');
$open[1]->query('INSERT INTO t VALUES (2)');
$worker->query('CALL play(2)');
is($worker->query_value(q{SELECT (string_to_array(cursor, ':'))[3] LIKE '%,%' FROM place}), 't', 'the cursor has two transactions open');
my $fetch_between = pages(fetch_query());
cmp_ok($fetch_between, '<=', 2 * $fetch + 20, "a fetch does not read what is consumed between them (pages: $fetch, $fetch_between)");
$_->query('COMMIT') foreach @open;
is($worker->query_value('SELECT count(*) FROM (' . fetch_query() . ') f WHERE keys IS NOT NULL'), 2, 'it finds what they have written');
done_testing();
