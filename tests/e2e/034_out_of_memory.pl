# A writer's backend runs out of memory while invalidations collect in it: the write
# succeeds or is rolled back with an error, the server lives, and what is committed is
# deleted.

use strict;
use warnings FATAL => 'all';
use POSIX ();
use Test::More;
use Uncache::Test;

# What a backend may have on top of what it has, of the 240 MB that the keys of one
# round take.
use constant MORE_BYTES => 120 * 1024 * 1024;
use constant ROWS => 24_000;

my $node = start_postgres('main');
my $redis = start_redis('redis');

$node->safe_psql('postgres', <<'END');
CREATE TABLE big (id bigint);
CREATE TABLE small (id bigint);
SELECT uncache.watch('big', 'big:{id}:{repeat(''x'', 10000)}');
SELECT uncache.watch('small', 'small:{id}');
END
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);
wait_attached($node);

# The backend's address space is bounded from now on; it may not grow by much.
sub bound_memory
{
	my ($session) = @_;
	my $pid = $session->query_value('SELECT pg_backend_pid()');
	my ($pages) = split ' ', PostgreSQL::Test::Utils::slurp_file("/proc/$pid/statm");
	my $bytes = $pages * POSIX::sysconf(POSIX::_SC_PAGESIZE()) + MORE_BYTES;

	system('prlimit', "--pid=$pid", "--as=$bytes") == 0 or die 'prlimit fails';
	return;
}

sub key { return "big:$_[0]:" . 'x' x 10_000; }

# Every round, of which some may fail, in a subtransaction.
sub play
{
	my ($session, $limit) = @_;

	$session->query("SET uncache.pending_limit = '$limit'");
	$session->query('BEGIN');
	$session->query('INSERT INTO small VALUES (1)');
	$session->query(sprintf <<'END', ROWS);
DO $$ BEGIN
	FOR r IN 0..2 LOOP
		BEGIN
			INSERT INTO big SELECT g + r * 100000 FROM generate_series(1, %d) g;
		EXCEPTION WHEN out_of_memory THEN
			NULL;
		END;
	END LOOP;
END $$
END
	$session->query('COMMIT');
	return $session->query_value('SELECT count(*) FROM big');
}

my $start = $node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()');
my @ids = (1, ROWS, 100_001, 200_000 + ROWS);
$redis->command('SET', key($_), 'old') for @ids;
$redis->command('SET', 'small:1', 'old');
$redis->command('SET', 'kept', 'old');

my $session = Uncache::Test::Session->connect($node);
$session->query('INSERT INTO small VALUES (0)');
bound_memory($session);
my $count = play($session, '512MB');
is($count % ROWS, 0, "each round is in or out: $count rows");
cmp_ok($count, '>', 0, 'and not all are out');
is($node->safe_psql('postgres', 'SELECT count(*), min(reason) FROM uncache.gaps'), '1|out of memory',
	'the transaction has left a gap');
wait_applied($node);
for my $id (@ids)
{
	next if $node->safe_psql('postgres', "SELECT count(*) FROM big WHERE id = $id") == 0;
	ok(!$redis->has(key($id)), "the key of row $id is gone");
}
ok(!$redis->has('small:1'), 'so is what was kept before');
ok($redis->has('kept'), 'nothing else is');

# the same session goes on, as any does
$redis->command('SET', 'small:2', 'old');
$session->query('INSERT INTO small VALUES (2)');
wait_applied($node);
ok(!$redis->has('small:2'), 'the session goes on');

# by default it does not come to that
$session->query('TRUNCATE big');
$redis->command('SET', key($_), 'old') for @ids;
is(play($session, '4MB'), 3 * ROWS, 'within the limit all rounds are in');
is($node->safe_psql('postgres', 'SELECT count(*) FROM uncache.gaps'), 1, 'without another gap');
is($node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()'), $start, 'the server has not crashed');

done_testing();
