# Somebody alters the extension's tables under a working daemon: writes go on, and
# their keys are deleted as soon as the daemon can read anything.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;

my $node = start_postgres('main');
my $redis = start_redis('redis');

$node->safe_psql('postgres', <<'END');
CREATE TABLE item (id int PRIMARY KEY);
SELECT uncache.watch('item', 'item:{id}');
END
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);
wait_attached($node);
wait_for { $daemon->has_resynced };

my $writer = Uncache::Test::Session->connect($node);
my $id = 0;

# Changes a row whose key is cached; is that forgotten?
sub write_row
{
	$id++;
	$redis->fill("item:$id");
	$writer->query("INSERT INTO item VALUES ($id)");
	return $id;
}

sub is_gone
{
	my ($row) = @_;

	return wait_for { !$redis->has("item:$row") };
}

ok(is_gone(write_row()), 'a key is deleted');

# what no writer can fill: the daemon reads the gaps
# who is kept from it by event triggers: regress test follow
$node->safe_psql('postgres', "ALTER EVENT TRIGGER $_ DISABLE") for 'uncache_clear_way', 'uncache_follow_command';
$node->safe_psql('postgres', 'CREATE INDEX x ON uncache.journal_1 ((keys[1]))');
$redis->fill('unwatched');
ok(is_gone(write_row()), 'with an index on an expression, by a resync');
ok(is_gone(write_row()), 'and by another one');
ok($redis->has('unwatched'), 'which deletes nothing that no rule makes');
$node->safe_psql('postgres', 'DROP INDEX uncache.x');
ok(is_gone(write_row()), 'without it, a key again');

# what the daemon cannot read either
for my $case (
	[ 'ALTER TABLE uncache.journal RENAME COLUMN keys TO other', 'ALTER TABLE uncache.journal RENAME COLUMN other TO keys', 'column' ],
	[ 'ALTER TABLE uncache.consumers RENAME TO other', 'ALTER TABLE uncache.other RENAME TO consumers', 'consumers' ],
	[ 'DROP INDEX uncache.journal_1_xid_part_idx', 'CREATE INDEX journal_1_xid_part_idx ON uncache.journal_1 (xid, part)', 'no index' ])
{
	my ($command, $undo, $told) = @$case;

	$daemon->mark_log;
	$node->safe_psql('postgres', $command);
	my $row = write_row();
	ok($daemon->wait_for_log(qr/\Q$told\E/), "$command: the daemon says what is wrong");
	ok($redis->has("item:$row"), 'and waits');
	ok($writer->query_value('SELECT count(*) FROM item') == $row, 'the row is written');
	$node->safe_psql('postgres', $undo);
	ok(is_gone($row), 'and when that is mended, its key is deleted');
	ok(is_gone(write_row()), 'as the next ones are');
}
ok($daemon->is_running, 'the daemon has been running all the time');

done_testing();
