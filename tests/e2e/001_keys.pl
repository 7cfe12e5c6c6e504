# What a committed change deletes from Redis, and what it leaves.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;

my $node = start_postgres('main');
my $redis = start_redis('redis');

$node->safe_psql('postgres', <<'END');
CREATE SCHEMA billing;
CREATE TABLE billing.customer (id int PRIMARY KEY, name text, tier int DEFAULT 1);
CREATE TABLE billing.invoice (id int PRIMARY KEY, total numeric, note text,
	customer_id int REFERENCES billing.customer ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE billing.document (key text PRIMARY KEY, body text);
CREATE TABLE billing.raw (key text PRIMARY KEY);
CREATE TABLE billing.visit (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE billing.visit_2023 PARTITION OF billing.visit FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE billing.visit_2024 PARTITION OF billing.visit FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO billing.customer SELECT n, 'customer ' || n FROM generate_series(1, 100) n;
INSERT INTO billing.invoice SELECT n, n * 10, '', n % 100 + 1 FROM generate_series(1, 1000) n;
INSERT INTO billing.visit VALUES (1, '2023-05-01'), (2, '2024-05-01');

SELECT uncache.watch('billing.customer', 'customer:{id}');
SELECT uncache.watch('billing.invoice', 'invoice:{id}', 'customer:{customer_id}:invoices');
SELECT uncache.watch('billing.document', 'document:{key}');
SELECT uncache.watch('billing.raw', '{key}');
SELECT uncache.watch('billing.visit', 'visit:{id}:{day}');
END

my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);

# The keys are cached, the statements run, all is applied; the keys that remain.
sub remaining_after
{
	my ($keys, $sql) = @_;

	$redis->fill(@$keys);
	$node->safe_psql('postgres', $sql);
	wait_applied($node) or fail("not applied: $sql");
	my $remaining = $redis->remaining(@$keys);
	$redis->command('FLUSHALL');
	return $remaining;
}

sub invoices { return map { "invoice:$_" } @_; }

# --- statements ---

is_deeply(
	remaining_after([ invoices(1 .. 3) ], 'UPDATE billing.invoice SET total = 0 WHERE id = 2'),
	[ invoices(1, 3) ],
	'an update deletes the key of its row and no other');

is_deeply(
	remaining_after([ invoices(1 .. 1000) ], 'UPDATE billing.invoice SET total = total + 1 WHERE id > 10'),
	[ invoices(1 .. 10) ],
	'a bulk update deletes the keys of all its rows');

is_deeply(
	remaining_after([ invoices(1000 .. 1004) ],
		"COPY billing.invoice (id, total) FROM stdin;\n1001\t5\n1003\t5\n\\.\n"),
	[ invoices(1000, 1002, 1004) ],
	'COPY deletes the keys of the new rows');

is_deeply(
	remaining_after([ invoices(7, 8, 2001, 2002) ], <<'END'),
INSERT INTO billing.invoice (id, total) VALUES (7, 1), (2001, 1)
	ON CONFLICT (id) DO UPDATE SET total = excluded.total
END
	[ invoices(8, 2002) ],
	'an upsert deletes the keys of inserted and of updated rows');

is_deeply(
	remaining_after([ invoices(7, 2002) ], <<'END'),
INSERT INTO billing.invoice (id, total) VALUES (7, 2) ON CONFLICT (id) DO NOTHING
END
	[ invoices(7, 2002) ],
	'an upsert that does nothing deletes nothing');

is_deeply(
	remaining_after([ invoices(42, 4200, 43) ], 'UPDATE billing.invoice SET id = 4200 WHERE id = 42'),
	[ invoices(43) ],
	'a changed key column deletes the old key and the new one');

is_deeply(
	remaining_after(
		[ 'customer:5:invoices', 'customer:6:invoices', 'customer:7:invoices' ],
		'UPDATE billing.invoice SET customer_id = 6 WHERE customer_id = 5'),
	['customer:7:invoices'],
	'a row that moves to another parent deletes both parents\' lists');

is_deeply(
	remaining_after([ 'customer:20', 'customer:21', 'customer:20:invoices', invoices(119, 120) ],
		'DELETE FROM billing.customer WHERE id = 20'),
	[ 'customer:21', 'invoice:120' ],
	'a foreign key\'s cascade deletes the keys of the rows it removes');

is_deeply(
	remaining_after([ 'customer:30:invoices', 'customer:3000:invoices', invoices(29, 30) ],
		'UPDATE billing.customer SET id = 3000 WHERE id = 30'),
	['invoice:30'],
	'a foreign key\'s cascade deletes the keys of the rows it updates');

is_deeply(
	remaining_after([ invoices(1) ], 'UPDATE billing.customer SET tier = 2 WHERE id = 2'),
	[ invoices(1) ],
	'a change of one table leaves the keys of another');

is_deeply(
	remaining_after([ invoices(1) ], 'SELECT * FROM billing.invoice FOR UPDATE'),
	[ invoices(1) ],
	'reading and locking rows deletes nothing');

$node->safe_psql('postgres', <<'END');
CREATE TRIGGER invoice_pdf AFTER UPDATE OF total ON billing.invoice
	FOR EACH ROW WHEN (NEW.total > 100) EXECUTE FUNCTION uncache.keys('pdf:{id}');
END
is_deeply(
	remaining_after([ map { "pdf:$_" } 1 .. 3 ], <<'END'),
UPDATE billing.invoice SET note = 'x' WHERE id = 1;
UPDATE billing.invoice SET total = 50 WHERE id = 2;
UPDATE billing.invoice SET total = 500 WHERE id = 3;
END
	[ 'pdf:1', 'pdf:2' ],
	'a rule by hand obeys UPDATE OF and WHEN');

# --- TRUNCATE and partitions ---

my @visits = ('visit:1:2023-05-01', 'visit:2:2024-05-01', 'visit:9:2030-01-01');

is_deeply(
	remaining_after(\@visits, "UPDATE billing.visit SET day = '2024-06-01' WHERE id = 1"),
	[ @visits[ 1, 2 ] ],
	'a row that moves to another partition deletes its old key');
is_deeply(
	remaining_after([ @visits, 'visits', 'visit:7', 'xvisit:1:2', 'customer:1' ],
		'TRUNCATE billing.visit_2024'),
	[ 'visits', 'visit:7', 'xvisit:1:2', 'customer:1' ],
	'TRUNCATE of a partition deletes all that the rule can produce, and nothing else');
is_deeply(
	remaining_after([ @visits, 'visits' ], 'TRUNCATE billing.visit'),
	['visits'],
	'TRUNCATE of the partitioned table does so too');
$node->safe_psql('postgres', <<'END');
CREATE TABLE billing.visit_2025 PARTITION OF billing.visit FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
END
is_deeply(
	remaining_after([ 'visit:3:2025-02-03', 'visit:4:2025-02-03' ],
		"INSERT INTO billing.visit VALUES (3, '2025-02-03')"),
	['visit:4:2025-02-03'],
	'a partition made later is watched');
is_deeply(
	remaining_after([ 'visit:3:2025-02-03', 'visits' ], 'TRUNCATE billing.visit_2025'),
	['visits'],
	'its TRUNCATE is watched');

# --- transactions ---

is_deeply(
	remaining_after([ invoices(1, 2) ], 'BEGIN; UPDATE billing.invoice SET total = 1; ROLLBACK'),
	[ invoices(1, 2) ],
	'a transaction that is rolled back deletes nothing');

is_deeply(
	remaining_after([ invoices(1 .. 4) ], <<'END'),
BEGIN;
UPDATE billing.invoice SET total = 1 WHERE id = 1;
SAVEPOINT a;
UPDATE billing.invoice SET total = 1 WHERE id = 2;
ROLLBACK TO a;
SAVEPOINT b;
UPDATE billing.invoice SET total = 1 WHERE id = 3;
RELEASE b;
COMMIT;
END
	[ invoices(2, 4) ],
	'a savepoint that is rolled back deletes nothing, the rest of its transaction does');

is_deeply(
	remaining_after([ map { "big:$_" } 1 .. 5 ], <<'END'),
SET uncache.pending_limit = 64;
BEGIN;
SELECT uncache.invalidate('big:1');
SAVEPOINT a;
SELECT count(uncache.invalidate('big:2', 'filler:' || n)) FROM generate_series(1, 20000) n;
ROLLBACK TO a;
SELECT count(uncache.invalidate('big:4', 'filler:' || n)) FROM generate_series(1, 20000) n;
COMMIT;
END
	[ 'big:2', 'big:3', 'big:5' ],
	'so it is for transactions beyond uncache.pending_limit');

$redis->fill(invoices(1, 2));
my $session = $node->background_psql('postgres');
$session->query_safe('BEGIN; UPDATE billing.invoice SET total = 7 WHERE id = 1');
$node->safe_psql('postgres', 'UPDATE billing.invoice SET total = 7 WHERE id = 2');
ok(wait_for { !$redis->has('invoice:2') }, 'a later transaction does not wait for an open one');
ok($redis->has('invoice:1'), 'nothing is deleted before the commit');
$session->query_safe('COMMIT');
ok(wait_for { !$redis->has('invoice:1') }, 'what the open transaction changed is deleted at its commit');
$session->quit;

$redis->fill(invoices(1, 2));
$node->safe_psql('postgres', <<'END');
BEGIN; UPDATE billing.invoice SET total = 8 WHERE id = 1; PREPARE TRANSACTION 'kept';
BEGIN; UPDATE billing.invoice SET total = 8 WHERE id = 2; PREPARE TRANSACTION 'dropped';
SELECT uncache.invalidate('fence');
END
wait_applied($node) or fail('not applied');
is_deeply($redis->remaining(invoices(1, 2)), [ invoices(1, 2) ], 'PREPARE TRANSACTION deletes nothing');
ok(wait_asleep($node), 'the daemon sleeps');
$node->safe_psql('postgres', "ROLLBACK PREPARED 'dropped'");
$node->safe_psql('postgres', "COMMIT PREPARED 'kept'");
ok((wait_for { !$redis->has('invoice:1') } 3), 'COMMIT PREPARED deletes the key although nobody rings');
ok($redis->has('invoice:2'), 'ROLLBACK PREPARED deletes nothing');
$redis->command('FLUSHALL');

# --- by hand ---

is_deeply(
	remaining_after([ 'a*', 'ab', '{x}', 'b' ], q{SELECT uncache.invalidate('a*', '{x}')}),
	[ 'ab', 'b' ],
	'invalidate() takes its keys literally');
is_deeply(
	remaining_after([ 'a', 'b' ], q{BEGIN; SELECT uncache.invalidate('a'); ROLLBACK}),
	[ 'a', 'b' ],
	'invalidate() belongs to its transaction');
is_deeply(
	remaining_after(['a'], q{SELECT uncache.invalidate('other://a')}),
	['a'],
	'a key of another target is not this one\'s');

# --- bytes ---

my @odd = (
	'two words', ' ', "a\nb", "a\r\nb", "\r\n", "\t", q{it's}, q{"quoted"}, 'back\\slash',
	'*', '?', '[a-z]', 'a*', '\\*', '{braces}', '$5', '%s%n', "\x01\x7f",
	"\xc3\xa9", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x94\x91", '-1', 'null', 'x' x 10000);

sub quoted { return join(', ', map { my $key = $_; $key =~ s/'/''/g; "('$key')" } @_); }

is_deeply(
	remaining_after([ map { ("document:$_", "document:${_}x") } @odd ],
		'INSERT INTO billing.document (key) VALUES ' . quoted(@odd)),
	[ map { "document:${_}x" } @odd ],
	'a key is deleted whatever bytes it has, and only that key');
is_deeply(
	remaining_after([ @odd, 'other' ], 'INSERT INTO billing.raw VALUES ' . quoted(@odd)),
	['other'],
	'also where the whole key comes from the row');
is_deeply(
	remaining_after([ '', 'other' ], q{INSERT INTO billing.raw VALUES ('')}),
	['other'],
	'the empty key is a key');
is_deeply(
	remaining_after([ 'document:', 'other' ], q{INSERT INTO billing.document VALUES ('')}),
	['other'],
	'an empty value renders to nothing');

# --- prefix ---

is($daemon->stop(5), 0, 'the daemon stops');
$daemon = start_daemon('uncached_prefix', node => $node, redis => $redis->url,
	env => { REDIS_KEY_PREFIX => 'shop[1]:' });
is_deeply(
	remaining_after([ invoices(1), 'shop[1]:invoice:1', 'shop[1]:invoice:2', 'shop1:invoice:1' ],
		'UPDATE billing.invoice SET total = 1 WHERE id = 1'),
	[ invoices(1), 'shop[1]:invoice:2', 'shop1:invoice:1' ],
	'with a prefix only keys that begin with it are deleted');
is_deeply(
	remaining_after([ 'visit:1:1', 'shop[1]:visit:1:1', 'shop1:visit:1:1', 'shop[1]:visit' ],
		'TRUNCATE billing.visit'),
	[ 'visit:1:1', 'shop1:visit:1:1', 'shop[1]:visit' ],
	'so it is with patterns: the prefix is literal');

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
