# What an unprivileged role and hostile bytes try against a daemon and its
# Redis: nothing is deleted but what was changed, and the log stays a log.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;
use Uncache::Test::Session;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my %database_number = (postgres => 0, LATIN1 => 1, EUC_JP => 2, SQL_ASCII => 3);
my $inline_command = "x\r\n*1\r\n\$8\r\nFLUSHALL\r\nFLUSHALL\r\n";
my (%daemons, %sessions);

# By a database: mallory's session, who may write into one table and no more.
foreach my $database (sort keys %database_number)
{
	if ($database ne 'postgres')
	{
		$node->safe_psql('postgres',
			"CREATE DATABASE \"$database\" TEMPLATE template0 ENCODING '$database' LOCALE 'C'");
		install($node, $database);
	}
	$node->safe_psql('postgres', 'CREATE ROLE mallory LOGIN') if $database eq 'EUC_JP';
	$node->safe_psql($database, <<'END_OF_SQL');
CREATE TABLE page (id int PRIMARY KEY, v text);
INSERT INTO page VALUES (1, 'a');
CREATE TABLE open (v text);
SELECT uncache.watch('page', 'page:{id}');
SELECT uncache.watch('open', keys => ARRAY['{v}', 'open:{v}'], patterns => ARRAY['part:{v}:*'],
	tags => ARRAY['{v}'], versions => ARRAY['ver:{v}'], query => ARRAY[$$SELECT 'query:' || {v}$$]);
END_OF_SQL
	$daemons{$database} = start_daemon("uncached_$database", node => $node,
		database => $database, redis => $redis->url($database_number{$database}));
}
foreach my $database (sort keys %database_number)
{
	$node->safe_psql($database, 'GRANT SELECT, INSERT, UPDATE, DELETE ON open TO mallory');
	$sessions{$database} = Uncache::Test::Session->connect($node, database => $database, user => 'mallory');
	$daemons{$database}->mark_log;
}

# The neighbour's change is served, the daemon's session is the same as before,
# and nobody's keys are gone.
sub neighbour_is_served
{
	my ($name, $database) = @_;

	$database //= 'postgres';
	$redis->command('SELECT', $database_number{$database});
	$redis->fill('page:1', 'page:2', 'session:1');
	$node->safe_psql($database, 'UPDATE page SET v = v');
	ok((wait_for { !$redis->has('page:1') }), "$name: the neighbour is served");
	is_deeply($redis->remaining('page:2', 'session:1'), [ 'page:2', 'session:1' ],
		"$name: nothing else is deleted");
	unlike($daemons{$database}->log_since_mark, qr/session with PostgreSQL ended|cannot use Redis|resync begins/,
		"$name: no session was lost");
	return;
}

sub denied
{
	my ($name, $sql, $message) = @_;

	ok(!eval { $sessions{postgres}->query($sql); 1 }, "$name: it is denied");
	like($@, $message, "$name: for the right reason");
	return;
}

# What a value takes along when it is written: exactly the names that it makes.
sub takes_only_its_own
{
	my ($name, $value, $database, $sql_value) = @_;
	my @own = ($value, "open:$value", "part:$value:1", "query:$value", "member of $value");
	my @others = ('open', 'open:', 'open:y', 'part:y:1', 'part::1', 'query:y', 'tag:y', 'x', 'FLUSHALL');

	$database //= 'postgres';
	$redis->command('SELECT', $database_number{$database});
	$redis->command('FLUSHDB');
	$redis->fill(@own, @others);
	$redis->command('SADD', "tag:$value", "member of $value");
	$redis->command('SET', "ver:$value", 1);
	$redis->command('SET', 'ver:y', 1);
	$sql_value //= "E'" . join('', map { sprintf('\\x%02x', ord) } split(//, $value)) . "'";
	$sessions{$database}->query("INSERT INTO open VALUES ($sql_value)");
	ok(wait_applied($node, database => $database), "$name: it is applied");
	is_deeply($redis->remaining(@own, "tag:$value"), [], "$name: its own names are deleted");
	is_deeply($redis->remaining(@others), \@others, "$name: and no others");
	cmp_ok($redis->command('GET', "ver:$value") // 0, '>', 1, "$name: its counter is renewed");
	is($redis->command('GET', 'ver:y'), '1', "$name: and no other");
	return;
}

# --- doorbells ---

$sessions{postgres}->query(
	q{SELECT count(pg_notify('uncache_default', E'{"keys":["*"]}\r\nFLUSHALL ' || n)) FROM generate_series(1, 2000) n});
neighbour_is_served('2,000 forged doorbells');
$sessions{postgres}->query(q{SELECT pg_notify('uncache_default', repeat('*', 7999))});
neighbour_is_served('a forged doorbell with a long payload');
$sessions{LATIN1}->query(q{SELECT pg_notify('uncache_default', chr(255) || chr(133))});
neighbour_is_served('a doorbell in LATIN1', 'LATIN1');
$sessions{SQL_ASCII}->query(q{SET client_encoding = SQL_ASCII});
$sessions{SQL_ASCII}->query(q{SELECT pg_notify('uncache_default', E'\xff\xc3')});
neighbour_is_served('a doorbell of bytes that are no text', 'SQL_ASCII');
$sessions{EUC_JP}->query(q{SELECT pg_notify('uncache_default', convert_from('\x8ea1', 'EUC_JP'))});
neighbour_is_served('a doorbell in EUC_JP', 'EUC_JP');

# --- the daemon's session ---

my $worker = $node->safe_psql('postgres', q{SELECT worker_pid FROM uncache.status});
denied('ending the daemon\'s session', "SELECT pg_terminate_backend($worker)",
	qr/must be a member of the role|permission denied/);
denied('cancelling its statements', "SELECT pg_cancel_backend($worker)",
	qr/must be a member of the role|permission denied/);
denied('becoming the daemon', 'SET ROLE uncached', qr/permission denied/);
denied('acknowledging for it', q{SELECT uncache.ack('default', '1:1:')}, qr/permission denied/);
neighbour_is_served('after all that');

# --- locks and transactions that stay open ---

$sessions{postgres}->query('SELECT count(pg_advisory_lock(n)), count(pg_advisory_lock(0, n)) FROM generate_series(0, 10) n');
neighbour_is_served('advisory locks on all numbers that consumers have');
$sessions{postgres}->query('SELECT pg_advisory_unlock_all()');
$sessions{postgres}->query('BEGIN ISOLATION LEVEL SERIALIZABLE');
$sessions{postgres}->query(q{INSERT INTO open VALUES ('session:1')});
neighbour_is_served('a transaction that stays open');
$sessions{postgres}->query('ROLLBACK');
neighbour_is_served('and is rolled back');

# --- values ---

takes_only_its_own('line ends and commands of Redis', $inline_command);
takes_only_its_own('a bulk string\'s length', "1\r\n\$-1\r\n");
takes_only_its_own('the wildcard', '*');
takes_only_its_own('a class that holds all', '[^z]');
takes_only_its_own('a backslash at the end', 'x\\');
takes_only_its_own('quotes and semicolons', q{';"\\"});
takes_only_its_own('a placeholder', '{v}');
takes_only_its_own('a target', 'api://x');
takes_only_its_own('terminal escapes and a line of a log', "\e[2J\a\nlevel=error msg=\"forged\"");
takes_only_its_own('spaces alone', '   ');
takes_only_its_own('all ASCII', join('', map { chr } 1 .. 127));
takes_only_its_own('LATIN1', "Z\xc3\xbcrich\r\n\xc2\x85", 'LATIN1', q{'Z' || chr(252) || E'rich\r\n' || chr(133)});
takes_only_its_own('bytes that are no text', join('', map { chr } 128 .. 255) . "\r\n*", 'SQL_ASCII');
neighbour_is_served('in SQL_ASCII', 'SQL_ASCII');
neighbour_is_served('in LATIN1', 'LATIN1');

# a long one is its rule's pattern, whose rule has nothing else: all keys
$redis->command('SELECT', $database_number{postgres});
$node->safe_psql('postgres', q{SELECT uncache.watch('open', keys => ARRAY['open:{v}'], patterns => '{}', tags => '{}', versions => '{}', query => '{}')});
$redis->fill('open:1', 'opener');
$sessions{postgres}->query(q{INSERT INTO open VALUES (repeat('long', 100000))});
ok(wait_applied($node), 'a very long value: it is applied');
is_deeply($redis->remaining('open:1', 'opener'), ['opener'], 'a very long value: its rule\'s pattern is deleted');
neighbour_is_served('a very long value');

# --- what is left behind ---

my $commands = $redis->command('INFO', 'commandstats');
like($commands, qr/cmdstat_unlink/, 'Redis counts commands');
unlike($commands, qr/cmdstat_flushall/, 'it was sent none of those in the values');
foreach my $database (sort keys %daemons)
{
	is($daemons{$database}->stop(5), 0, "$database: the daemon stops");
	is_deeply([ grep { !/^time=\S+ level=(debug|info) msg=/ } split(/\n/, $daemons{$database}->log_since_mark) ],
		[], "$database: each line of its log is one of its own");
}

done_testing();
