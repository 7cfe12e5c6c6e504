# Rules are triggers: they survive pg_dump, and they fire for what logical
# replication writes.

use strict;
use warnings FATAL => 'all';
use Test::More;
use PostgreSQL::Test::Utils;
use Uncache::Test;

my $node = start_postgres('main', logical => 1);
my $redis = start_redis('redis');

sub rules
{
	my ($server, $database) = @_;

	return $server->safe_psql($database, <<'END');
SELECT relation, rule, action, templates, events, enabled, definition FROM uncache.rules
ORDER BY relation::text, rule
END
}

# --- pg_dump ---

$node->safe_psql('postgres', <<'END');
CREATE SCHEMA "Billing";
CREATE TABLE "Billing"."Invoice" (id int PRIMARY KEY, "Total" numeric, customer_id int);
CREATE TABLE visit (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE visit_2024 PARTITION OF visit FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
	PARTITION BY LIST (id);
CREATE TABLE visit_2024_1 PARTITION OF visit_2024 FOR VALUES IN (1);
CREATE TABLE visit_rest PARTITION OF visit DEFAULT;
INSERT INTO "Billing"."Invoice" SELECT n, n, n % 7 FROM generate_series(1, 100) n;
INSERT INTO visit VALUES (1, '2024-01-01'), (2, '2023-01-01');

SELECT uncache.watch('"Billing"."Invoice"', 'invoice:{id}', 'total:{"Total"}', 'it''s {{{customer_id}}}');
SELECT uncache.watch('visit', 'visit:{id}:{to_char(day, ''YYYY'')}', 'api://visits');
CREATE TRIGGER invoice_pdf AFTER UPDATE OF "Total" ON "Billing"."Invoice"
	FOR EACH ROW WHEN (NEW."Total" > 0) EXECUTE FUNCTION uncache.keys('pdf:{id}');
ALTER TABLE "Billing"."Invoice" ENABLE ALWAYS TRIGGER invoice_pdf;
END

# a consumer and a journal that must not come along
my $first = start_daemon('first', node => $node, redis => $redis->url(1));
$node->safe_psql('postgres', 'UPDATE visit SET day = day');
wait_applied($node);
is($first->stop(5), 0, 'the daemon stops');

my $directory = PostgreSQL::Test::Utils::tempdir();
my @connection = ('--host', $node->host, '--port', $node->port);
my %restored = (
	custom => [ 'pg_restore', @connection, '--single-transaction', '--dbname', 'from_custom', "$directory/custom" ],
	plain => [ 'psql', '-X', '-q', @connection, '-v', 'ON_ERROR_STOP=1', '-f', "$directory/plain", 'from_plain' ]);

foreach my $format ('custom', 'plain')
{
	my $database = "from_$format";

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->command_ok(
		[ 'pg_dump', @connection, '--format', $format, '--file', "$directory/$format", 'postgres' ],
		"pg_dump --format=$format");
	$node->command_ok($restored{$format}, "$format: it is restored without an error");
	is(rules($node, $database), rules($node, 'postgres'), "$format: the rules are the same");
	unlike(rules($node, $database), qr/\|(origin|replica|disabled)\|/, "$format: they fire always");
	is($node->safe_psql($database, 'SELECT count(*) FROM uncache.consumers'),
		0, "$format: the consumers have not come along");
}

$redis->fill('invoice:1', 'invoice:2', 'visit:1:2024', 'session:1');
my $daemon = start_daemon('restored', node => $node, database => 'from_custom', redis => $redis->url);
is_deeply(
	$redis->remaining('invoice:1', 'visit:1:2024', 'session:1'),
	['session:1'],
	'a daemon attached to the restored database resyncs; its role has kept its rights');

# The keys are cached, the statements run, all is applied; the keys that remain.
sub remaining_after
{
	my ($server, $database, $keys, $sql) = @_;

	$redis->command('FLUSHDB');
	$redis->fill(@$keys);
	$server->safe_psql($database, $sql);
	wait_applied($server, database => $database) or fail("not applied: $sql");
	return $redis->remaining(@$keys);
}

is_deeply(
	remaining_after($node, 'from_custom',
		[ 'invoice:1', 'invoice:2', 'total:1', 'total:99', 'total:2', 'pdf:1', q(it's {1}), q(it's {2}) ],
		'UPDATE "Billing"."Invoice" SET "Total" = 99 WHERE id = 1'),
	[ 'invoice:2', 'total:2', q(it's {2}) ],
	'restored rules delete what the rules do');
is_deeply(
	remaining_after($node, 'from_custom', [ 'visit:1:2024', 'visit:2:2023', 'visit:x' ],
		'TRUNCATE visit_2024_1'),
	['visit:x'],
	'so do those of restored partitions');
$node->safe_psql('from_custom', <<'END');
CREATE TABLE visit_2025 PARTITION OF visit FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE visit_2026 (id int NOT NULL, day date NOT NULL);
ALTER TABLE visit ATTACH PARTITION visit_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
END
ok(wait_applied($node, database => 'from_custom'), 'what attaching invalidates is applied');
is_deeply(
	remaining_after($node, 'from_custom', [ 'visit:1:2025', 'visit:2:2026', 'visit:3:2025' ], <<'END'),
INSERT INTO visit VALUES (1, '2025-01-01'), (2, '2026-01-01')
END
	['visit:3:2025'],
	'partitions that are made or attached later are covered');
is_deeply(
	remaining_after($node, 'from_custom', [ 'visit:1:2025', 'visit:x' ], 'TRUNCATE visit_2026'),
	['visit:x'],
	'their TRUNCATE too');
is_deeply(
	remaining_after($node, 'from_custom', [ 'visit:1:2025', 'invoice:3' ], <<'END'),
SET session_replication_role = replica;
UPDATE "Billing"."Invoice" SET "Total" = 1 WHERE id = 3;
UPDATE visit SET day = day WHERE id = 1;
END
	[],
	'a session in replica role is not exempt');
is($daemon->stop(5), 0, 'the daemon stops');

# --- logical replication ---

my $subscriber = start_postgres('subscriber', logical => 1);
my $tables = <<'END';
CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE TABLE part (id int, name text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100);
END

$node->safe_psql('postgres', "$tables; INSERT INTO item SELECT n, 'old' FROM generate_series(1, 10) n");
$subscriber->safe_psql('postgres', $tables . <<'END');
SELECT uncache.watch('item', 'item:{id}', 'name:{name}');
SELECT uncache.watch('part', 'part:{id}');
END
$daemon = start_daemon('subscriber_daemon', node => $subscriber, redis => $redis->url);

$redis->fill('item:1', 'item:10', 'item:11');
$node->safe_psql('postgres', 'CREATE PUBLICATION published FOR TABLE item, part WITH (publish_via_partition_root = true)');
$subscriber->safe_psql('postgres', sprintf(
		q{CREATE SUBSCRIPTION subscribed CONNECTION '%s' PUBLICATION published},
		$node->connstr('postgres') =~ s/'/''/gr));
$subscriber->wait_for_subscription_sync($node, 'subscribed');
ok(wait_applied($subscriber), 'the initial copy is applied');
is_deeply($redis->remaining('item:1', 'item:10', 'item:11'), ['item:11'], 'it deletes the keys of what it copies');

# As remaining_after, for a change that the subscriber gets by replication.
sub replicated
{
	my ($keys, $sql) = @_;

	$redis->command('FLUSHDB');
	$redis->fill(@$keys);
	$node->safe_psql('postgres', $sql);
	$node->wait_for_catchup('subscribed');
	wait_applied($subscriber) or fail("not applied: $sql");
	return $redis->remaining(@$keys);
}

is_deeply(
	replicated([ 'item:1', 'item:2', 'name:new' ], q{UPDATE item SET name = 'new' WHERE id = 1}),
	['item:2'],
	'an update that an apply worker writes deletes its keys');
is_deeply(
	replicated([ map { "item:$_" } 2, 3, 4, 50 ], <<'END'),
BEGIN; UPDATE item SET id = 50 WHERE id = 2; DELETE FROM item WHERE id = 3; COMMIT;
END
	['item:4'],
	'so do a changed key and a deletion');
is_deeply(
	replicated([ 'part:1', 'part:2' ], q{INSERT INTO part VALUES (1, 'x')}),
	['part:2'],
	'so does an insertion into a partition');
is_deeply(
	replicated([ 'item:4', 'item', 'part:1' ], 'TRUNCATE item'),
	[ 'item', 'part:1' ],
	'so does TRUNCATE');
is_deeply(
	replicated([ 'item:7' ], 'BEGIN; INSERT INTO item VALUES (7); ROLLBACK'),
	['item:7'],
	'what the publisher rolls back deletes nothing');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM uncache.journal j WHERE j.keys IS NULL'),
	0, 'the subscriber\'s journal is its own');

is($daemon->stop(5), 0, 'the daemon stops');
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION subscribed');
done_testing();
