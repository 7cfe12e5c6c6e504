# A Redis Cluster: keys, tags, versions and patterns are deleted where they are, while slots move and
# primaries change.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::RedisCluster;

use constant ITEMS => 300;

my $node = start_postgres('main');
my $cluster = Uncache::Test::RedisCluster->new('cluster', primaries => 3, replicas => 1);

$node->safe_psql('postgres', sprintf <<'END', ITEMS);
CREATE TABLE item (id int PRIMARY KEY, version int NOT NULL DEFAULT 0);
CREATE TABLE page (id text PRIMARY KEY);
CREATE TABLE tagged (id int PRIMARY KEY, version int NOT NULL DEFAULT 0);
INSERT INTO item SELECT n FROM generate_series(1, %d) n;
INSERT INTO tagged SELECT n FROM generate_series(1, 5) n;
SELECT uncache.watch('item', keys => ARRAY['item:{id}'], versions => ARRAY['ver:{id}']);
SELECT uncache.watch('page', 'page:{id}');
SELECT uncache.watch('tagged', tags => ARRAY['tagged:{id}']);
END
my $daemon = start_daemon('uncached', node => $node, redis => $cluster->url);
my @keys = map { "item:$_" } 1 .. ITEMS;
my @others = map { "other:$_" } 1 .. 50;

# --- keys and versions ---

$cluster->fill(@keys, @others);
$node->safe_psql('postgres', 'UPDATE item SET version = version + 1');
ok(wait_applied($node), 'changes are applied');
is_deeply($cluster->remaining(@keys), [], 'keys are deleted on every node');
is_deeply($cluster->remaining(@others), \@others, 'nothing else is');
my @versions = $cluster->pipeline(map { [ 'GET', "ver:$_" ] } 1 .. ITEMS);
is(scalar(grep { defined && /^\d{16}$/ } @versions), ITEMS, 'versions are renewed on every node');
$node->safe_psql('postgres', 'UPDATE item SET version = version + 1');
wait_applied($node);
my @later = $cluster->pipeline(map { [ 'GET', "ver:$_" ] } 1 .. ITEMS);
is(scalar(grep { $later[$_] > $versions[$_] } 0 .. ITEMS - 1), ITEMS, 'and grow');

# --- patterns ---

my @pages = map { "page:$_" } 1 .. 500;
$cluster->fill(@pages);
$node->safe_psql('postgres', 'TRUNCATE page');
ok(wait_applied($node), 'TRUNCATE is applied');
is_deeply($cluster->remaining(@pages), [], 'what a pattern matches is deleted on every node');
is_deeply($cluster->remaining(@others), \@others, 'nothing else is');

# --- tags ---

# Keys of every node under each tag, as docs/clients.md says.
sub fill_tag
{
	my ($id, @members) = @_;

	$cluster->fill(@members);
	$cluster->command('SADD', "tag:tagged:$id", $_) for @members;
	return;
}

sub rests { return [ grep { !/^ver:|^other:/ } @{ $cluster->command('KEYS', '*') } ]; }

my @members = map { "list:$_" } 1 .. 700;
fill_tag(1, @members);
fill_tag(2, 'list:of two');
$cluster->command('SADD', 'tag:tagged:3', 'gone already');
$cluster->command('SET', 'tag:tagged:4', 'no set');
$node->safe_psql('postgres', 'UPDATE tagged SET version = version + 1');
ok(wait_applied($node), 'tags are applied');
is_deeply(rests(), [], 'sets and members are deleted on every node, and nothing is left of that');

fill_tag(1, 'list:1', 'list:2');
fill_tag(5, 'list:5');
$node->safe_psql('postgres', 'TRUNCATE tagged');
ok(wait_applied($node), 'a pattern over tags is applied');
is_deeply(rests(), [], 'and finds sets on every node');

# what a daemon has left that died between taking a set away and deleting its members
$node->safe_psql('postgres', q{SELECT uncache.unwatch('tagged'); SELECT uncache.watch('tagged', tags => ARRAY['tagged:{id}:all'])});
$cluster->fill('list:1', 'list:2');
$cluster->command('SADD', 'tag:tagged:1:all:uncache:abcd', 'list:1');
$cluster->command('SADD', 'tag:tagged:1:all:uncache:abcd:uncache:efgh', 'list:2');
$node->safe_psql('postgres', 'TRUNCATE tagged');
ok(wait_applied($node), 'a pattern that ends with a text is applied');
is_deeply(rests(), [], 'and finds sets that were taken away and not finished');

# --- a slot on the move ---

$node->safe_psql('postgres', q{INSERT INTO page SELECT '{move}:' || n FROM generate_series(1, 40) n});
wait_applied($node);
my @moving = map { "page:{move}:$_" } 1 .. 40;
my $slot = $cluster->slot('{move}');

sub owner_of_slot
{
	return (grep { my $count = eval { $_->command('GET', '{move}'); 1 }; $count } $cluster->primaries)[0];
}

my $from = owner_of_slot();
my ($to) = grep { $_ != $from } $cluster->primaries;
$cluster->fill(@moving);
$cluster->open_slot($slot, $from, $to);
$from->command('MIGRATE', '127.0.0.1', $to->port, '', 0, 5000, 'KEYS', @moving[0 .. 19]);
is($to->command('CLUSTER', 'COUNTKEYSINSLOT', $slot), 20, 'half of a slot has moved');
$node->safe_psql('postgres', q{DELETE FROM page WHERE id <= '{move}:3'});
ok(wait_applied($node), 'changes are applied while a slot is on the move');
my %gone = map { ("page:$_" => 1) } grep { $_ le '{move}:3' } map { "{move}:$_" } 1 .. 40;
is_deeply($cluster->remaining(@moving), [ grep { !$gone{$_} } @moving ], 'keys are deleted on both nodes');
$node->safe_psql('postgres', 'TRUNCATE page');
ok(wait_applied($node), 'so are patterns');
is_deeply($cluster->remaining(@moving), [], 'on both nodes');
$cluster->fill(@moving);
$cluster->close_slot($slot, $from, $to);
$node->safe_psql('postgres', q{INSERT INTO page VALUES ('{move}:1')});
ok(wait_applied($node), 'changes are applied when it has moved');
ok(!$cluster->has('page:{move}:1'), 'where it is now');

# --- primaries change ---

$daemon->mark_log;
$cluster->fill(@keys);
my $new = $cluster->switch_over($from);
$node->safe_psql('postgres', 'UPDATE item SET version = version + 1');
ok(wait_applied($node), 'changes are applied after a switch-over');
is_deeply($cluster->remaining(@keys), [], 'keys are deleted on every node');
$cluster->fill(@keys);
$node->safe_psql('postgres', 'UPDATE item SET version = version + 1 WHERE id <= 100');
$cluster->fail_over($new);
ok(wait_applied($node), 'changes are applied after a failover');
is_deeply([ grep { /:(\d+)$/ && $1 <= 100 } @{ $cluster->remaining(@keys) } ], [], 'keys are deleted on every node');
ok(!$daemon->has_resynced, 'neither made a resync');

# --- a node joins, and leaves ---

my $joined = $cluster->add_node;
($from) = grep { eval { $_->command('GET', '{move}'); 1 } } $cluster->primaries;
$cluster->move_slot($slot, $from, $joined);
$cluster->fill('page:{move}:7', @keys);
$node->safe_psql('postgres', q{INSERT INTO page VALUES ('{move}:7'); UPDATE item SET version = version + 1});
ok(wait_applied($node), 'changes are applied when a node has joined');
is_deeply($cluster->remaining('page:{move}:7', @keys), [], 'there as well');
$cluster->move_slot($slot, $joined, $from);
$cluster->fill('page:{move}:8', @keys);
$node->safe_psql('postgres', q{INSERT INTO page VALUES ('{move}:8'); UPDATE item SET version = version + 1});
ok(wait_applied($node), 'and when it has left');
is_deeply($cluster->remaining('page:{move}:8', @keys), [], 'everything is deleted');

is($daemon->stop(5), 0, 'the daemon stops');

# --- scan_rate is that of all nodes together ---

$cluster->fill(map { "many:$_" } 1 .. 3000);
$daemon = start_daemon('paced', node => $node, redis => $cluster->url, env => { REDIS_SCAN_RATE => 1500 });
ok(wait_applied($node), 'scan_rate: all is applied before');
my $size = 0;
$size += $_->command('DBSIZE') for $cluster->primaries;
my $begin = time;
$node->safe_psql('postgres', 'TRUNCATE page');
ok(wait_applied($node, seconds => 60), 'scan_rate: the pass ends');
cmp_ok(time - $begin, '>=', 0.8 * $size / 1500, "scan_rate: after as long as $size keys take");
is($daemon->stop(5), 0, 'scan_rate: the daemon stops');
done_testing();
