# A cache that is filled from standbys: what is deleted at the commit is deleted
# again when they have replayed it, and acknowledged only then.
#
# Here the standby is told when to replay, and "a reader" caches again what it would
# still show; 036 has readers of their own.

use strict;
use warnings FATAL => 'all';
use POSIX qw(SIGKILL);
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Daemon;
use Uncache::Test::World;

use constant CHANGE => 'UPDATE item SET n = n + 1 WHERE id = 1';

my $primary = start_postgres('primary', logical => 1);
my $redis = start_redis('redis');
my $world = Uncache::Test::World->new($redis);
my $session = Uncache::Test::Session->connect($primary);

$session->query($_) foreach (
	'CREATE TABLE item (id int PRIMARY KEY, tenant text, n int)',
	'CREATE TABLE part (id int PRIMARY KEY, item_id int)',
	q{INSERT INTO part VALUES (1, 1), (2, 1), (3, 2)},
	q{INSERT INTO item (id, tenant, n) VALUES (1, 'a', 0), (2, 'b', 0), (3, NULL, 0)},
	<<'END');
SELECT uncache.watch('item', keys => ARRAY['item:{id}'], patterns => ARRAY['report:{tenant}:*'],
	tags => ARRAY['tenant:{tenant}'], versions => ARRAY['ver:{tenant}'],
	query => ARRAY[$$SELECT 'part:' || p.id FROM public.part p WHERE p.item_id = {id}$$])
END
my $standby = start_standby($primary, 'replica');

my %served = (node => $primary, redis => $redis->url, args => [ '--standbys', 'replica', '--standby-timeout', '60s' ]);
my $daemon = start_daemon('uncached', %served);

sub replay
{
	my ($what) = @_;

	$standby->safe_psql('postgres', "SELECT pg_wal_replay_$what()");
	return;
}

sub waited { return $session->query_value("SELECT uncache.wait('$_[0]')") eq 't'; }

# in a session that is there: on a busy machine psql takes as long to start as a standby_timeout is
sub pending { return $session->query_value('SELECT pending_rows FROM uncache.status'); }

sub status_alarm { return $session->query_value(q{SELECT coalesce(alarm, '') FROM uncache.status}); }

sub becomes_outcome
{
	my ($what, $outcome) = @_;
	my $expected = join("\n", @{ $world->expected_names($outcome) });

	wait_for { join("\n", @{ $world->names }) eq $expected };
	return is_deeply($world->names, $world->expected_names($outcome), $what);
}

# What the statements change goes at once; what a reader has cached since from the standby
# goes when that has replayed them, and not before.
sub goes_twice
{
	my ($what, $outcome, @statements) = @_;

	ok(waited('30s'), "$what: all is applied before");
	replay('pause');
	$world->populate;
	$session->query($_) foreach @statements;
	becomes_outcome("$what: at the commit", $outcome);
	$world->populate;
	ok(!waited('300ms'), "$what: not all is applied then");
	cmp_ok(pending(), '>', 0, "$what: and nothing is acknowledged");
	is_deeply($world->names, $world->expected_names('nothing'), "$what: what the reader has cached stays for now");
	replay('resume');
	ok(waited('30s'), "$what: the standby has replayed it, and all is applied");
	is_deeply($world->names, $world->expected_names($outcome), "$what: what the reader had cached is gone");
	return;
}

# --- every action ---

goes_twice('a change', 'one', CHANGE);
my @ms = map {
	my $begin = time;
	$session->query(CHANGE);
	waited('30s') or die 'it is not applied';
	pause(0.2);
	(time - $begin - 0.2) * 1000 } 1 .. 15;
@ms = sort { $a <=> $b } @ms;
diag sprintf('from the commit until a standby that keeps up has replayed it and it is acknowledged: %.1f ms at the median, %.1f ms at most', $ms[7], $ms[-1]);
goes_twice('invalidate_table', 'all', q{SELECT uncache.invalidate_table('item')});
goes_twice('invalidate_all', 'all', 'SELECT uncache.invalidate_all()');
goes_twice('an asynchronous commit', 'one', 'SET synchronous_commit = off', CHANGE, 'RESET synchronous_commit');
goes_twice('a prepared transaction', 'one', 'BEGIN', CHANGE, q{PREPARE TRANSACTION 'p'}, q{COMMIT PREPARED 'p'});

$session->query('CREATE TABLE blog_post (id int PRIMARY KEY)');
$session->query(q{SELECT uncache.watch('blog_post', cacheops => ARRAY['blog_post'])});

sub fill_cacheops
{
	$redis->command('FLUSHALL');
	$redis->command('SADD', 'schemes:blog_post', 'id');
	$redis->command('SADD', "conj:blog_post:id=$_", "q:$_") foreach 1, 2;
	$redis->fill('q:1', 'q:2');
	return;
}

my @cacheops = ('q:1', 'conj:blog_post:id=1', 'q:2', 'conj:blog_post:id=2');

replay('pause');
fill_cacheops();
$session->query('INSERT INTO blog_post VALUES (1)');
ok((wait_for { !$redis->has('q:1') }), 'cacheops: at the commit');
fill_cacheops();
ok(!waited('100ms'), 'cacheops: not all is applied then');
replay('resume');
ok(waited('30s'), 'cacheops: the standby has replayed it');
is_deeply($redis->remaining(@cacheops), [ 'q:2', 'conj:blog_post:id=2' ], 'cacheops: the sets are gone again');

# --- nothing is held up meanwhile ---

replay('pause');
my @keys = map { "k:$_" } 1 .. 60;
my $slowest = 0;

foreach my $key (@keys)
{
	$redis->fill($key);
	$session->query("SELECT uncache.invalidate('$key')");
	my $begin = time;
	wait_for { !$redis->has($key) };
	$slowest = time - $begin if time - $begin > $slowest;
	# a mark for each
	pause(0.06);
}
cmp_ok($slowest, '<', 2, sprintf('later changes are deleted at once, the slowest after %.1f ms', $slowest * 1000));
$redis->fill(@keys);
my $memory = $daemon->memory_kb('VmRSS');
$session->query(q{SELECT count(uncache.invalidate('big:' || n || repeat('x', 100))) FROM generate_series(1, 20000) n}) foreach 1 .. 10;
ok((wait_for { !$redis->has('k:none') && pending() >= 60 }), 'all of it waits in the journal');
$redis->fill('last');
$session->query(q{SELECT uncache.invalidate('last')});
ok((wait_for { !$redis->has('last') }), 'and 20 MB more are deleted at once');
cmp_ok($daemon->memory_kb('VmRSS'), '<', $memory + 8000, 'without being kept in memory');
is(scalar @{ $redis->remaining(@keys) }, 60, 'what was cached since is still there');
replay('resume');
ok(waited('60s'), 'then all is applied');
is_deeply($redis->remaining(@keys), [], 'and deleted again');

# --- killed in between ---

replay('pause');
$redis->fill('item:1', 'item:2', 'session:1');
$session->query(CHANGE);
ok((wait_for { !$redis->has('item:1') }), 'killed: it is deleted at the commit');
is($daemon->kill9, 137, 'killed: the daemon is killed');
$redis->fill('item:1');
$daemon->mark_log;
$daemon->start;
ok((wait_for { !$redis->has('item:1') }), 'killed: the next one deletes it at once');
$redis->fill('item:1');
ok(!waited('300ms') && $redis->has('item:1'), 'killed: and waits for the standby');
replay('resume');
ok(waited('30s'), 'killed: which replays it');
is_deeply($redis->remaining('item:1', 'item:2', 'session:1'), [ 'item:2', 'session:1' ], 'killed: it is deleted again');
ok(!$daemon->has_resynced, 'killed: without a resync');

# at named points of doing it again
is($daemon->stop(5), 0, 'killed: the daemon stops');
foreach my $point ('before_repeat', 'after_repeat_fetch', 'before_ack')
{
	$world->populate;
	my $killed = Uncache::Test::Daemon->new("killed_$point", %served, fault => "$point:1:@{[SIGKILL]}")->start;
	ok($killed->wait_for_log(qr/msg=attached/), "$point: a daemon attaches");
	$session->query(CHANGE);
	is($killed->wait_exit, 128 + SIGKILL, "$point: it is killed there");
	cmp_ok(pending(), '>', 0, "$point: nothing is acknowledged");
	$world->populate;
	$daemon = start_daemon("successor_$point", %served);
	ok(waited('30s'), "$point: a successor applies all");
	is_deeply($world->names, $world->expected_names('one'), "$point: and deletes it");
	is(scalar(() = $daemon->log =~ /batch applied again/g), 1, "$point: twice");
	is($daemon->stop(5), 0, "$point: it stops");
}

# --- the resync of an attachment ---

$session->query($_) foreach 'SET uncache.enabled = off', CHANGE, 'RESET uncache.enabled';
replay('pause');
$session->query(q{UPDATE uncache.consumers SET resync_reason = 'the test says so'});
$world->populate;
$daemon->mark_log;
$daemon->start;
becomes_outcome('resync: at once', 'all');
$world->populate;
ok(!$daemon->wait_for_log(qr/resync complete/, 0.5), 'resync: it is not complete then');
is_deeply($world->names, $world->expected_names('nothing'), 'resync: what the reader has cached stays for now');
replay('resume');
ok($daemon->wait_for_log(qr/repeating it.*resync complete/s), 'resync: it is made again when the standby has replayed');
is_deeply($world->names, $world->expected_names('all'), 'resync: what the reader had cached is gone');
ok(wait_attached($primary), 'resync: the database knows');

# --- an idle primary whose last record ends with a page ---

$session->query(<<'END');
CREATE PROCEDURE fill_page() LANGUAGE plpgsql AS $$
DECLARE
	before bigint;
	overhead int;
BEGIN
	FOR attempt IN 1 .. 200 LOOP
		/* what a message without content takes, within one page */
		before := pg_current_wal_insert_lsn() - '0/0';
		PERFORM pg_logical_emit_message(false, '', repeat('x', 8));
		overhead := pg_current_wal_insert_lsn() - '0/0' - before - 8;
		before := (pg_current_wal_insert_lsn() - '0/0') % 8192;
		CONTINUE WHEN before < 1000 OR before > 7000 OR overhead NOT BETWEEN 1 AND 200;
		PERFORM pg_logical_emit_message(false, '', repeat('x', (8192 - before - overhead)::int));
		EXIT WHEN (pg_current_wal_insert_lsn() - '0/0') % 8192 = 24;
	END LOOP;
END $$
END
ok(wait_asleep($primary), 'page: the daemon sleeps');
$session->query('CALL fill_page()');
is($session->query_value(q{SELECT (pg_current_wal_insert_lsn() - '0/0') % 8192}), '24', 'page: the next record would begin behind a header');
my $position = $session->query_value('SELECT uncache_internal.wal_position()');
is($session->query_value("SELECT ('$position'::pg_lsn - '0/0') % 8192"), '0', 'page: the position is in front of it');
is($session->query_value("SELECT pg_current_wal_flush_lsn() >= '$position'"), 't', 'page: and flushed');
ok((wait_for { $session->query_value(qq{SELECT replay_lsn >= '$position' FROM pg_stat_replication}) eq 't' } 5), 'page: the standby reaches it');

# what nobody has committed is no reason to wait for
my $open = Uncache::Test::Session->connect($primary);
$open->query($_) foreach 'BEGIN', q{INSERT INTO part SELECT n, 1 FROM generate_series(10, 60) n};
$redis->fill('item:1');
$session->query($_) foreach 'SET synchronous_commit = off', CHANGE, 'RESET synchronous_commit';
$open->query('INSERT INTO part VALUES (100, 1)');
ok(waited('10s') && !$redis->has('item:1'), 'an open transaction behind a commit does not hold it up');
$open->query('ROLLBACK');

# --- one that is gone for too long ---

is($daemon->stop(5), 0, 'gone: the daemon stops');
$daemon = start_daemon('hasty', %served, args => [ '--standbys', 'replica', '--standby-timeout', '2s' ]);
ok(waited('30s'), 'gone: all is applied');
is(status_alarm(), '', 'gone: there is no alarm');
$standby->stop;
$daemon->mark_log;
$redis->fill('item:1');
my $begin = time;
$session->query(CHANGE);
ok((wait_for { !$redis->has('item:1') }), 'gone: it is deleted at the commit');
$redis->fill('item:1');
ok(!waited('1s'), 'gone: the standby is waited for');
ok(waited('30s'), 'gone: but not for ever');
cmp_ok(time - $begin, '>=', 2, 'gone: for as long as standby_timeout says');
ok(!$redis->has('item:1'), 'gone: what is cached meanwhile is deleted');
like($daemon->log_since_mark, qr/level=warning msg="standby is late.*standby=replica reason="it is not connected"/, 'gone: the log says so');
ok((wait_for { status_alarm() eq 'no longer waits for standby replica: what is cached from it may be stale' }), 'gone: the status has an alarm');
$begin = time;
$session->query(CHANGE);
ok(waited('30s'), 'gone: later changes are applied');
cmp_ok(time - $begin, '<', 1, 'gone: without waiting');
is(scalar(() = $daemon->log_since_mark =~ /standby is late/g), 1, 'gone: the log has said it once');

$standby->start;
ok($daemon->wait_for_log(qr/standby has caught up.*standby=replica/), 'back: it is waited for again');
ok((wait_for { status_alarm() eq '' }), 'back: the alarm has ended');
goes_twice('back: a change', 'one', CHANGE);

# connected, and not replaying
replay('pause');
$daemon->mark_log;
$session->query(CHANGE);
ok($daemon->wait_for_log(qr/standby is late.*reason="it has not replayed"/), 'stopped: one that does not replay is late, too');
ok(waited('30s'), 'stopped: all is applied');
# the next daemon knows nothing of it, and waits
$daemon->kill9;
$daemon->mark_log;
$daemon->start;
ok(wait_attached($primary), 'stopped: another daemon attaches');
is(status_alarm(), '', 'stopped: which has not found out yet');
$session->query(CHANGE);
ok($daemon->wait_for_log(qr/standby is late/), 'stopped: it finds out');
ok((wait_for { status_alarm() =~ /replica/ }), 'stopped: the alarm is there again');
replay('resume');
ok($daemon->wait_for_log(qr/standby has caught up/), 'stopped: it is waited for when it replays again');
is($daemon->stop(5), 0, 'stopped: the daemon stops');

# --- all that there are ---

$daemon = start_daemon('any', %served, args => [ '--standbys', 'any', '--standby-timeout', '5s' ]);
$redis->fill('item:1');
goes_twice('any: a change', 'one', CHANGE);
my $receiver = Uncache::Test::Process->new(name => 'receiver',
	command => [ 'pg_receivewal', '-D', PostgreSQL::Test::Utils::tempdir(), '-d', $primary->connstr ])->start;
ok((wait_for { $session->query_value(q{SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'}) == 2 }), 'any: WAL is archived as well');
$session->query(CHANGE);
ok(waited('1500ms'), 'any: who does not replay is not waited for');
$receiver->stop(5);
$daemon->mark_log;
$standby->stop;
$session->query(CHANGE);
ok(!waited('1s'), 'any: one that was there is waited for');
ok(waited('30s'), 'any: but not for ever');
like($daemon->log_since_mark, qr/standby is late/, 'any: the log says so');
$daemon->mark_log;
$session->query(CHANGE);
ok(waited('1s'), 'any: without standbys nobody is waited for');
$standby->start;
ok((wait_for { $session->query_value(q{SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'}) == 1 }), 'any: it comes back');
$session->query(CHANGE);
ok(waited('30s'), 'any: all is applied');
goes_twice('any: one that has come back', 'one', CHANGE);
is($daemon->stop(5), 0, 'any: the daemon stops');

# --- once ---

replay('pause');
$redis->fill('item:1');
$session->query(CHANGE);
my $once = Uncache::Test::Daemon->new('once', %served, args => [ '--once', '--standbys', 'replica' ])->start;
ok((wait_for { !$redis->has('item:1') }), 'once: it is deleted');
$redis->fill('item:1');
ok(!defined $once->wait_exit(0.5), 'once: it waits for the standby');
replay('resume');
is($once->wait_exit(30), 0, 'once: and ends when it has replayed');
ok(!$redis->has('item:1') && pending() == 0, 'once: all is deleted again and acknowledged');

# --- a transaction whose last row fills the fetch ---

# each journal row has one key of 7,000 bytes, a fetch 256 kB
sub fill_fetch
{
	my ($row_count) = @_;

	$session->query(qq{SELECT count(uncache.invalidate('$row_count:' || n || repeat('x', 6990))) FROM generate_series(1, $row_count) n});
	return;
}

$daemon = start_daemon('full', %served);
ok(waited('30s'), 'full: all is applied before');
foreach my $row_count (37, 38, 39)
{
	# its mark is taken at once then
	pause(0.2);
	fill_fetch($row_count);
	$begin = time;
	ok(waited('30s'), "full: $row_count rows are applied");
	cmp_ok(time - $begin, '<', 5, "full: $row_count rows do not wait until the daemon looks anyway");
}
is($daemon->stop(5), 0, 'full: the daemon stops');
fill_fetch(38);
$once = Uncache::Test::Daemon->new('once_full', %served, args => [ '--once', '--standbys', 'replica' ]);
is($once->run(60), 0, 'full: --once ends well');
is(pending(), 0, 'full: and has left nothing');

done_testing();
