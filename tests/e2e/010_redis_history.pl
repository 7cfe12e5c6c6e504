# A Redis that comes back without the deletes that it acknowledged.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;
use Uncache::Test::Wait qw(wait_for);

my $node = start_postgres('main');
my $redis = start_redis('redis');
$node->safe_psql('postgres', q{
	CREATE TABLE item (id int PRIMARY KEY, version int NOT NULL);
	SELECT uncache.watch('item', 'item:{id}');
	INSERT INTO item SELECT g, 0 FROM generate_series(1, 100) g});
my $daemon = start_daemon('daemon', node => $node, redis => $redis->url);
ok(wait_attached($node), 'it is attached');
my @items = map { "item:$_" } 1 .. 100;

sub fill_save_and_forget
{
	$redis->fill(@items, 'by hand', 'stays');
	$redis->command('SAVE');
	$node->safe_psql('postgres', 'UPDATE item SET version = version + 1');
	ok(wait_applied($node), 'what was saved in the dump is forgotten');
	return;
}

# --- while the daemon runs ---

fill_save_and_forget();
$daemon->mark_log;
$redis->kill9;
$redis->start_hidden;
is_deeply($redis->remaining('item:1', 'item:100'), [ 'item:1', 'item:100' ],
	'Redis comes back with what was forgotten');
$redis->reveal;
ok((wait_for { !@{ $redis->remaining(@items) } }), 'it is forgotten again');
ok($daemon->wait_for_log(qr/resync begins.*Redis is another process/), 'the log says why');
is_deeply($redis->remaining('stays'), ['stays'], 'what no rule can produce stays');

# --- while the daemon is down, with rows that wait ---

ok((wait_for { $node->safe_psql('postgres', 'SELECT state FROM uncache.status') eq 'ready' }),
	'the resync is complete');
fill_save_and_forget();
is($daemon->stop(5), 0, 'the daemon stops');
$node->safe_psql('postgres', q{SELECT uncache.invalidate('by hand')});
$redis->kill9;
$redis->start;
$daemon = start_daemon('again', node => $node, redis => $redis->url);
ok((wait_for { !@{ $redis->remaining(@items) } }), 'started again, it forgets all again');
ok((wait_for { !$redis->has('by hand') }), 'and what was invalidated by hand, which no rule lists');
ok(wait_applied($node), 'everything is applied');

# --- the same process ---

ok((wait_for { $node->safe_psql('postgres', 'SELECT state FROM uncache.status') eq 'ready' }),
	'the resync is complete');
$daemon->mark_log;
$redis->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
ok($daemon->wait_for_log(qr/connected to Redis/), 'a connection is cut and made again');
$redis->fill('item:1');
$node->safe_psql('postgres', 'UPDATE item SET version = version + 1 WHERE id = 2');
ok(wait_applied($node), 'changes are applied');
is_deeply($redis->remaining('item:1'), ['item:1'], 'without a resync: the process is the same');

# --- a Redis that does not tell ---

$redis->command('ACL', 'SETUSER', 'default', '-info');
$daemon->mark_log;
$redis->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
ok($daemon->wait_for_log(qr/cannot determine whether Redis was restarted.*\+info/),
	'without INFO the log says what cannot be told, and what to do');
$redis->fill('item:3');
$node->safe_psql('postgres', 'UPDATE item SET version = version + 1 WHERE id = 3');
ok((wait_for { !$redis->has('item:3') }), 'keys are deleted all the same');

is($daemon->stop(5), 0, 'it stops');
done_testing();
