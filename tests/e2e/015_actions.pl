# Each action through the real daemon: one row's change and all that the rules
# can produce, in every way in which either comes to Redis, faults included.

use strict;
use warnings FATAL => 'all';
use FindBin;
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Daemon;
use Uncache::Test::World;

use constant {
	CHANGE => 'UPDATE item SET n = n + 1 WHERE id = 1',
	BIG => 1_000_000,
	CLOCK => Uncache::Test::World::CLOCK,
	AHEAD => 9000000000000000,
	MOST => '9223372036854775807'
};

my $node = start_postgres('main');
# it saves only when it is told to
my $redis = start_redis('redis');
my $second = start_redis('second');
my $directory = PostgreSQL::Test::Utils::tempdir();
my $session = Uncache::Test::Session->connect($node);

$session->query($_) foreach (
	'CREATE TABLE item (id int PRIMARY KEY, tenant text, n int)',
	'CREATE TABLE part (id int PRIMARY KEY, item_id int)',
	'CREATE TABLE big (id int PRIMARY KEY)',
	q{INSERT INTO part VALUES (1, 1), (2, 1), (3, 2)},
	'INSERT INTO big VALUES (1)');
put_items();
watch_item();
$session->query(q{SELECT uncache.watch('big', tags => ARRAY['big:{id}'])});

sub put_items
{
	$session->query('DELETE FROM item');
	$session->query(q{INSERT INTO item (id, tenant, n) VALUES (1, 'a', 0), (2, 'b', 0), (3, NULL, 0)});
	return;
}

sub watch_item
{
	$session->query(<<'END');
SELECT uncache.watch('item', keys => ARRAY['item:{id}'], patterns => ARRAY['report:{tenant}:*'],
	tags => ARRAY['tenant:{tenant}'], versions => ARRAY['ver:{tenant}'],
	query => ARRAY[$$SELECT 'part:' || p.id FROM public.part p WHERE p.item_id = {id}$$])
END
	return;
}

# --- what is cached, and what becomes of it ---

my $world = Uncache::Test::World->new($redis);

sub populate { $world->populate; return; }

sub is_outcome
{
	my ($what, $outcome, %more) = @_;

	return is_deeply($world->names, $world->expected_names($outcome, %more), $what);
}

# The world is cached, the statements run, all is applied: this is what becomes of it.
sub becomes
{
	my ($what, $outcome, @statements) = @_;

	populate();
	$session->query($_) foreach @statements;
	ok(is_done(), "$what: it is applied");
	is_outcome($what, $outcome);
	return;
}

# Everything is applied; while the daemon is there this is the quicker way to ask.
sub is_done { return $session->query_value(q{SELECT uncache.wait('30s')}) eq 't'; }

sub change_one { $session->query(CHANGE); return; }

# --- the ways of a change ---

populate();
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);
ok(is_done(), 'the first start: it is applied');
is_outcome('the first start', 'all');

becomes('a change', 'one', CHANGE);
becomes('a change that is rolled back', 'nothing', 'BEGIN', CHANGE, 'ROLLBACK');
becomes('a savepoint that is rolled back', 'one',
	'BEGIN', CHANGE, 'SAVEPOINT s', 'UPDATE item SET n = n + 1', 'ROLLBACK TO s', 'COMMIT');
becomes('invalidate_table', 'all', q{SELECT uncache.invalidate_table('item')});
becomes('TRUNCATE', 'all', 'TRUNCATE item');
put_items();
is_done();
becomes('uncache.enabled = off', 'nothing', 'SET uncache.enabled = off', CHANGE, 'RESET uncache.enabled');

# a row's values are not wild
foreach my $tenant ('*', 'a*', '?', '[ab]', '[^x]', 'a\\', '\\*', '')
{
	my $key = "report:$tenant:1";

	populate();
	$redis->fill($key);
	$session->query("INSERT INTO item (id, tenant, n) VALUES (4, '@{[ $tenant =~ s/'/''/gr ]}', 0)");
	ok(is_done() && !$redis->has($key), "a tenant \"$tenant\": his reports go");
	is_deeply($redis->remaining('report:a:1', 'report:b:1', 'report:a:x:y'), [ 'report:a:1', 'report:b:1', 'report:a:x:y' ],
		"a tenant \"$tenant\": no others do");
	$session->query('SET uncache.enabled = off; DELETE FROM item WHERE id = 4; RESET uncache.enabled');
}

# many patterns, one pass
populate();
$daemon->mark_log;
$session->query(q{SELECT uncache.invalidate_pattern('it?m:1', 'part:[12]', 'report:a:*'), uncache.invalidate_pattern('*:nobody')});
ok(is_done(), 'patterns by hand: they are applied');
is_outcome('patterns by hand', 'nothing', plain => [ $world->plain_of('one') ]);
is(scalar(() = $daemon->log_since_mark =~ /scan pass begins.*pattern_count=4/g), 1, 'patterns by hand: in one pass');

# --- what a tag's set and a counter may be ---

sub statement_renews
{
	my ($what, @set) = @_;

	$redis->command('FLUSHALL');
	$redis->command(@set) if @set;
	my $before = @set && $set[0] eq 'SET' ? $set[2] : '';
	change_one();
	ok(is_done(), "$what: it is applied");
	my $value = $redis->command('GET', 'ver:a');
	like($value, qr/^\d+$/, "$what: it is a number then");
	isnt($value, $before, "$what: another one");
	return $value;
}

is(statement_renews('a counter ahead of the clock', 'SET', 'ver:a', AHEAD), AHEAD + 1, 'a counter ahead of the clock: the next one');
statement_renews('a counter with an expiry', 'SET', 'ver:a', CLOCK, 'EX', 1000);
cmp_ok($redis->command('TTL', 'ver:a'), '>', 0, 'a counter with an expiry: it is kept');
foreach my $case (
	['no counter'], [ 'an old counter', 'SET', 'ver:a', CLOCK ], [ 'less than nothing', 'SET', 'ver:a', '-5' ],
	[ 'zero', 'SET', 'ver:a', '0' ])
{
	cmp_ok(abs(statement_renews(@$case) / 1e6 - time), '<', 60, "$case->[0]: it begins at the clock");
}
foreach my $case (
	[ 'garbage', 'SET', 'ver:a', 'x1' ], [ 'a fraction', 'SET', 'ver:a', '1.5' ], [ 'no text', 'SET', 'ver:a', '' ],
	[ 'the largest number', 'SET', 'ver:a', MOST ], [ 'a hash', 'HSET', 'ver:a', 'f', 'v' ], [ 'a list', 'RPUSH', 'ver:a', 'x' ])
{
	my ($what, @set) = @$case;

	$redis->command('FLUSHALL');
	$redis->command(@set);
	change_one();
	ok(wait_applied($node) && !$redis->has('ver:a'), "$what: it goes, and whoever misses it begins at the clock");
}

foreach my $case (
	[ 'SET', 'tag:tenant:a', 'x' ], [ 'HSET', 'tag:tenant:a', 'f', 'v' ], [ 'RPUSH', 'tag:tenant:a', 'item:2' ],
	[ 'ZADD', 'tag:tenant:a', 1, 'item:2' ])
{
	populate();
	$redis->command('DEL', 'tag:tenant:a');
	$redis->command(@$case);
	$session->query(q{UPDATE item SET tenant = 'b' WHERE id = 1});
	ok(is_done(), "$case->[0] under a tag's name: it is applied");
	is_deeply($redis->remaining('tag:tenant:a', 'tag:tenant:b', 'under b', 'item:2'), ['item:2'],
		"$case->[0] under a tag's name: it goes, and so does what else is to go");
	$session->query(q{SET uncache.enabled = off; UPDATE item SET tenant = 'a' WHERE id = 1; RESET uncache.enabled});
}

# --- rules that break ---

$session->query('SET client_min_messages = error');
$session->query('ALTER TABLE item DROP COLUMN tenant');
ok(is_done(), 'a column that is dropped: it is applied');
becomes('a column that is dropped: a change', 'broken', CHANGE);
$session->query('ALTER TABLE item ADD COLUMN tenant text');
watch_item();
put_items();
is_done();
$session->query(<<'END');
SELECT uncache.watch('item', keys => ARRAY['item:{id}'], patterns => ARRAY['report:{substr(tenant, 1, 1 / n)}:*'],
	tags => ARRAY['tenant:{substr(tenant, 1, 1 / n)}'], versions => ARRAY['ver:{substr(tenant, 1, 1 / n)}'],
	query => ARRAY[$$SELECT 'part:' || p.id FROM public.part p WHERE p.item_id = {id}$$])
END
becomes('an expression that fails for a row', 'broken', CHANGE);
becomes('an expression that fails for another row', 'one', 'UPDATE item SET n = 1 WHERE id = 1');
$session->query('UPDATE item SET n = 0');
$session->query(q{SELECT uncache.watch('item', query => ARRAY[$$SELECT 'part:' || p.id / {n} FROM public.part p WHERE p.item_id = {id}$$])});
is_done();
populate();
$session->query('UPDATE item SET n = 0 WHERE id = 2');
ok(is_done(), 'a query that fails: it is applied');
is_deeply($redis->remaining('item:1', 'item:2', 'part:1', 'part:2', 'part:3', 'parts:1'), [ 'item:1', 'parts:1' ],
	'a query that fails: what its text shows goes');
watch_item();
put_items();
is_done();

# --- faults ---

populate();
$daemon->kill9;
$daemon->mark_log;
change_one();
$daemon->start;
ok(wait_attached($node) && wait_applied($node), 'changes while the daemon is dead are applied');
is_outcome('changes while the daemon is dead', 'one');

populate();
rename($redis->socket, $redis->socket . '.hidden') or die "rename: $!";
$redis->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
change_one();
pause(0.1);
ok(!is_applied($node), 'changes while Redis cannot be reached wait');
rename($redis->socket . '.hidden', $redis->socket) or die "rename: $!";
ok(wait_applied($node), 'they are applied when it can be');
is_outcome('changes while Redis cannot be reached', 'one');
ok(!$daemon->has_resynced, 'all that without a resync');

# what no rule lists is in the journal alone
my @by_hand = (q{SELECT uncache.invalidate('session:1')}, q{SELECT uncache.invalidate_tag('other')},
	q{SELECT uncache.invalidate_version('version:a')}, q{SELECT uncache.invalidate_pattern('report:?')});
my %by_hand = (plain => [ 'session:1', 'report:a' ], tags => ['other'], counters => ['version:a']);

populate();
$session->query($_) foreach @by_hand;
ok(wait_applied($node), 'by hand: it is applied');
is_outcome('by hand', 'nothing', %by_hand);

populate();
$redis->command('SAVE');
$redis->kill9;
$session->query($_) foreach @by_hand;
change_one();
$redis->start;
ok($daemon->wait_for_log(qr/resync complete/) && wait_applied($node), 'changes while Redis is dead are applied when it is back');
is_outcome('changes while Redis is dead: they and a resync', 'all', %by_hand);

# a Redis that comes back with an older counter
$redis->command('FLUSHALL');
$redis->command('SET', 'ver:a', CLOCK);
$redis->command('SAVE');
my %had;

foreach my $life (1, 2)
{
	for (1 .. 5)
	{
		change_one();
		ok(wait_applied($node), 'a change is applied') or last;
		$had{ $redis->command('GET', 'ver:a') }++;
	}
	last if $life == 2;
	$redis->kill9;
	$daemon->mark_log;
	$redis->start;
	ok($daemon->wait_for_log(qr/resync complete/), 'Redis comes back with an older counter');
	$had{ $redis->command('GET', 'ver:a') }++;
}
is(scalar(keys %had), 11, 'a counter does not get a value that it had before its history was lost');

# --- invalidate_all ---

my $second_world = Uncache::Test::World->new($second);
my $two = write_file("$directory/two.ini", <<"END");
[postgres]
dsn = @{[ $node->connstr('postgres') ]} user=uncached
[target default]
url = @{[ $redis->url ]}
[target api]
url = @{[ $second->url ]}
END
is($daemon->stop(5), 0, 'the daemon stops');
$daemon = Uncache::Test::Daemon->new('two', config => $two)->start;
ok(wait_attached($node) && wait_attached($node, target => 'api'), 'a daemon for two targets');
$session->query(q{SELECT uncache.watch('part', keys => ARRAY['api://item:{id}'], tags => ARRAY['api://tenant:b'],
	versions => ARRAY['api://ver:{item_id}'])});
$daemon->mark_log;
populate();
$second_world->populate;
$session->query('BEGIN; SELECT uncache.invalidate_all(); SELECT uncache.invalidate_all(); COMMIT');
ok(wait_applied($node) && wait_applied($node, target => 'api'), 'invalidate_all: it is applied in both targets');
is_outcome('invalidate_all', 'all');
is_deeply($second_world->names,
	[ sort map { /^ver:/ ? "$_ renewed" : $_ }
		  grep { !/^item:|^under b(oth)?$|^tag:tenant:b$/ } @{ $world->expected_names('nothing') } ],
	'invalidate_all: each has its own rules');
populate();
$session->query('BEGIN; SELECT uncache.invalidate_all(); ROLLBACK');
wait_applied($node);
is_outcome('invalidate_all that is rolled back', 'nothing');
$session->query(q{SELECT uncache.unwatch('part')});
is($daemon->stop(5), 0, 'the daemon stops');
# its session in PostgreSQL may end a little later
ok((wait_for { eval { $session->query(q{SELECT uncache.drop_consumer('api')}) } }), 'the target api is given up');

# --- --once ---

populate();
change_one();
my $once = Uncache::Test::Daemon->new('once', node => $node, redis => $redis->url, args => ['--once']);
is($once->run, 0, '--once: it exits with 0');
is_outcome('--once', 'one');
populate();
$session->query('SELECT uncache.invalidate_all()');
is($once->run, 0, '--once with invalidate_all: it exits with 0');
is_outcome('--once with invalidate_all', 'all');

# --- a prefix ---

foreach my $glob ('shop[1]:', '*', "a\\b?:")
{
	$world->set_prefix($glob);
	$daemon = start_daemon('prefix' . length $glob, node => $node, redis => $redis->url, env => { REDIS_KEY_PREFIX => $glob });
	foreach my $case ([ 'a change', 'one', CHANGE ], [ 'TRUNCATE', 'all', 'TRUNCATE item' ],
		[ 'invalidate_all', 'all', 'SELECT uncache.invalidate_all()' ])
	{
		my ($what, $outcome, $statement) = @$case;
		my @bare = ('item:1', 'report:a:1', 'shop1:item:1', 'shop1:report:a:1', 'xitem:1', 'x:report:a:1', 'tag:tenant:a', 'ver:a', 'ab1:item:1');

		populate();
		$redis->fill(@bare);
		$session->query($statement);
		ok(wait_applied($node), "prefix $glob: $what: it is applied");
		is_deeply($world->names, [ sort @bare, @{ $world->expected_names($outcome) } ], "prefix $glob: $what");
	}
	put_items();
	ok(wait_applied($node), 'the items are put back');
	is($daemon->stop(5), 0, 'the daemon stops');
}
$world->set_prefix('');

# --- a Redis user with the documented rights, and without each of them ---

my ($rights, $more_rights) = PostgreSQL::Test::Utils::slurp_file("$FindBin::Bin/../docs/operations.md") =~
  /`ACL SETUSER uncached on >\S+ (~\* [^`]*)`.*?have tags or versions, also: `([^`]*)`/s;
ok($rights && $more_rights, 'the documentation lists the rights');
$redis->command('ACL', 'SETUSER', 'uncached', 'on', '>secret', split(' ', "$rights $more_rights"));
$daemon = start_daemon('rights', node => $node, redis => $redis->url, env => { REDIS_USERNAME => 'uncached', REDIS_PASSWORD => 'secret' });
becomes('with the documented rights: a change', 'one', CHANGE);
becomes('with the documented rights: all', 'all', 'SELECT uncache.invalidate_all()');
unlike($daemon->log, qr/level=(warning|error)/, 'with the documented rights: the log has no complaint');

foreach my $right (split(' ', "+unlink +scan $more_rights"))
{
	my $command = $right =~ s/^\+//r;

	populate();
	# only what is less than nothing is SET
	$redis->command('SET', 'ver:a', '-5') if $command eq 'set';
	$daemon->mark_log;
	$redis->command('ACL', 'SETUSER', 'uncached', "-$command");
	change_one();
	ok($daemon->wait_for_log(qr/level=error.*(NOPERM|can't run this command|ACL failure in script).*advice=.*\Q$right\E/, 5),
		"without $right: the log says so");
	ok(!is_applied($node), "without $right: nothing is acknowledged");
	$redis->command('ACL', 'SETUSER', 'uncached', $right);
	ok(wait_applied($node), "without $right: given back, it is applied");
	is_outcome("without $right: given back", 'one');
}
is($daemon->stop(5), 0, 'the daemon stops');

# --- a tag with a million members ---

# Keys name:0 … registered under a tag, by Redis itself.
sub register
{
	my ($name, $count, $tag) = @_;

	$redis->command('DEBUG', 'POPULATE', $count, $name, 1);
	for (my $first = 0; $first < $count; $first += 100_000)
	{
		$redis->command('EVAL', <<'END', 1, "tag:$tag", $name, $first, $first + 99_999);
for n = ARGV[2], ARGV[3] do redis.call('SADD', KEYS[1], ARGV[1] .. ':' .. string.format('%d', n)) end
END
	}
	return;
}

# How often a command was called, and how long each took in ms.
sub calls_of
{
	my ($command) = @_;
	my ($calls, $us_per_call) = $redis->command('INFO', 'commandstats') =~ /^cmdstat_\Q$command\E:calls=(\d+),.*?usec_per_call=([\d.]+)/m;

	return ($calls, $us_per_call / 1000);
}

$daemon = start_daemon('large', node => $node, redis => $redis->url);
populate();
register('m', BIG, 'big:1');
my $besides = $redis->command('DBSIZE') - BIG - 1;
# as many members as a script takes, in a small set
my $control = $redis->command('SCRIPT', 'LOAD', <<'END');
for n = 1, 250 do redis.call('SADD', KEYS[1], 'a member as long as others: ' .. n) end
for n = 1, 250 do redis.call('SREM', KEYS[1], 'a member as long as others: ' .. n) end
END
$redis->command('CONFIG', 'RESETSTAT');
my $begin = time;
$session->query('UPDATE big SET id = id');

# meanwhile others register
my $late = 0;
until (is_applied($node))
{
	for (1 .. 10)
	{
		$redis->{client}->pipeline(['MULTI'], [ 'SET', "late:$late", 'cached' ],
			[ 'SADD', 'tag:big:1', "late:$late" ], ['EXEC']);
		$late++;
	}
	$redis->command('EVALSHA', $control, 1, 'control');
}
my $seconds = time - $begin;
my ($calls, $ms) = calls_of('eval');
my (undef, $control_ms) = calls_of('evalsha');
diag sprintf('a million members: %.1f s in %d scripts of %.2f ms each, a control %.2f ms; %d keys registered meanwhile',
	$seconds, $calls, $ms, $control_ms, $late);
# on a busy machine the clock says nothing, but the control waits as often; SRANDMEMBER in so large
# a set costs Valkey 8 some twenty times what it costs Redis
my $most = Uncache::Test::Redis::is_valkey() ? 40 : 5;
cmp_ok($ms, '<', $most * $control_ms, "a million members: a script takes less than $most times what it would in a small set");
# REDIS_SCRIPT_MAX_MEMBERS, whatever the clock says
cmp_ok($calls, '>=', BIG / 250, 'a million members: no script takes more than 250');
ok(wait_applied($node), 'a million members: it is applied');
is_deeply($redis->command('EVAL', <<'END', 0), [], 'a million members: what was registered meanwhile is gone or registered');
local found = {}
for _, key in ipairs(redis.call('KEYS', 'late:*')) do
	if redis.call('SISMEMBER', 'tag:big:1', key) == 0 then table.insert(found, key) end
end
return found
END
$session->query('UPDATE big SET id = id');
ok(wait_applied($node), 'a million members: the next change takes the rest');
is($redis->command('DBSIZE'), $besides, 'a million members: all that was registered is gone, and nothing else');

# killed in the middle
foreach my $victim ('the daemon', 'Redis')
{
	$redis->command('FLUSHALL');
	register('m', 100_000, 'by hand');
	$redis->fill('session:1');
	$redis->command('SAVE') if $victim eq 'Redis';
	$session->query(q{SELECT uncache.invalidate_tag('by hand')});
	wait_for { $redis->command('SCARD', 'tag:by hand') < 100_000 };
	if ($victim eq 'Redis')
	{
		$redis->kill9;
		$redis->start_hidden;
		is($redis->command('SCARD', 'tag:by hand'), 100_000, 'Redis is killed in the middle: it comes back with the whole tag');
		$redis->reveal;
	}
	else
	{
		$daemon->kill9;
		cmp_ok($redis->command('SCARD', 'tag:by hand'), '>', 0, 'the daemon is killed in the middle of a tag');
		is($redis->command('SCARD', 'tag:by hand'), $redis->command('DBSIZE') - 2, 'what is cached is registered still');
		$daemon->start;
		wait_attached($node);
	}
	ok(wait_applied($node), "$victim is killed in the middle: it is applied in the end");
	is_deeply($world->names, ['session:1'], "$victim is killed in the middle: all that was registered is gone");
}
is($daemon->stop(5), 0, 'the daemon stops');

# --- scan_rate ---

$redis->command('FLUSHALL');
$redis->command('DEBUG', 'POPULATE', 20_000, 'report:a', 1);
$redis->command('DEBUG', 'POPULATE', 20_000, 'other', 1);
$redis->fill('session:1', 'under');
$redis->command('SADD', 'tag:by hand', 'under');
$daemon = start_daemon('paced', node => $node, redis => $redis->url, env => { REDIS_SCAN_RATE => 20_000 });
$daemon->mark_log;
$begin = time;
$session->query(q{SELECT uncache.invalidate_pattern('report:a:*')});
$daemon->wait_for_log(qr/scan pass begins/);
$session->query(q{SELECT uncache.invalidate('session:1'), uncache.invalidate_tag('by hand')});
ok((wait_for { !$redis->has('session:1') && !$redis->has('under') }), 'scan_rate: keys and tags are applied');
unlike($daemon->log_since_mark, qr/scan pass complete/, 'scan_rate: while the scan goes on');
ok(wait_applied($node), 'scan_rate: the scan ends');
cmp_ok(time - $begin, '>=', 2, 'scan_rate: not before the keys divided by the rate');
cmp_ok(time - $begin, '<', 6, 'scan_rate: not much later');
is($redis->command('DBSIZE'), 20_000, 'scan_rate: exactly what matches is gone');

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
