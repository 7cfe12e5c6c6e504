# What a schema change makes stale goes from Redis when the change commits.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;
use Uncache::Test::Session;

my $node = start_postgres('main');
my $redis = start_redis('redis');

$node->safe_psql('postgres', <<'END');
CREATE TABLE item (id int PRIMARY KEY, name text);
INSERT INTO item SELECT n, 'x' FROM generate_series(1, 10) n;
CREATE TABLE sale (id int, day int) PARTITION BY LIST (day);
CREATE TABLE sale_1 PARTITION OF sale FOR VALUES IN (1);
CREATE TABLE sale_2 PARTITION OF sale FOR VALUES IN (2);
SELECT uncache.watch('item', 'item:{id}', 'name:{name}'), uncache.watch('sale', 'sale:{id}');
END
my $daemon = start_daemon('daemon', node => $node, redis => $redis->url);

# The keys are cached, the statements run, all is applied; the keys that remain.
sub remaining_after
{
	my ($sql) = @_;
	my @keys = ('item:1', 'item:2', 'name:x', 'sale:1', 'other');

	$redis->command('FLUSHDB');
	$redis->fill(@keys);
	$node->safe_psql('postgres', $sql);
	wait_applied($node) or fail("not applied: $sql");
	return $redis->remaining(@keys);
}

my $of_item = [ 'sale:1', 'other' ];
my $of_sale = [ 'item:1', 'item:2', 'name:x', 'other' ];
my $nothing = [ 'item:1', 'item:2', 'name:x', 'sale:1', 'other' ];

is_deeply(remaining_after('ALTER TABLE item ADD added int'), $of_item, 'ADD COLUMN');
is_deeply(remaining_after('ALTER TABLE item ALTER id TYPE bigint'), $of_item, 'ALTER TYPE');
is_deeply(remaining_after('BEGIN; ALTER TABLE item DROP added; ROLLBACK; UPDATE sale SET id = id'),
	$nothing, 'what is rolled back deletes nothing');
is_deeply(remaining_after('ALTER TABLE item RENAME name TO title'), $of_item, 'RENAME COLUMN');
is_deeply(remaining_after('UPDATE item SET added = 1 WHERE id = 1'),
	[ 'item:2', 'sale:1', 'other' ], 'and the rule has followed');
is_deeply(remaining_after('ALTER TABLE sale DETACH PARTITION sale_1'), $of_sale, 'DETACH PARTITION');
is_deeply(remaining_after('ALTER TABLE sale DETACH PARTITION sale_2 CONCURRENTLY'), $of_sale, 'DETACH PARTITION CONCURRENTLY');
is_deeply(remaining_after('ALTER TABLE sale ATTACH PARTITION sale_1 FOR VALUES IN (1)'), $of_sale, 'ATTACH PARTITION');
is_deeply(remaining_after('DROP TABLE sale_1'), $of_sale, 'DROP of a partition');
is_deeply(remaining_after('DROP TABLE item'), $of_item, 'DROP TABLE');

# A label gets another name while somebody writes, who has rendered the old one: a reader caches by the new
# one what the writer is about to change.
$node->safe_psql('postgres', <<'END');
CREATE TYPE status AS ENUM ('open');
CREATE TABLE job (id int PRIMARY KEY, s status, n int);
INSERT INTO job VALUES (1, 'open', 1);
SELECT uncache.watch('job', 'jobs:{s}');
END
my $writer = Uncache::Test::Session->connect($node);
$writer->query('BEGIN; UPDATE job SET n = 2');
$node->safe_psql('postgres', q{ALTER TYPE status RENAME VALUE 'open' TO 'fresh'});
wait_applied($node) or fail('not applied: RENAME VALUE');
$redis->fill('jobs:fresh', 'other');
$writer->query('COMMIT');
ok((wait_for { !$redis->has('jobs:fresh') } 60), 'it is deleted when the writer has ended');
is($node->safe_psql('postgres', 'SELECT count(*) FROM uncache.due'), 0, 'and nothing is due any more');

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
