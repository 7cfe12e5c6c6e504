# The daemon's life: registration, restarts, standing by, signals, --once, and
# what it does while PostgreSQL or Redis are not there.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Daemon;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my %served = (node => $node, redis => $redis->url);

$node->safe_psql('postgres', <<'END');
CREATE TABLE page (id int PRIMARY KEY, body text);
INSERT INTO page SELECT n, '' FROM generate_series(1, 100) n;
SELECT uncache.watch('page', 'page:{id}', 'pages');
END

sub invalidate
{
	my (@keys) = @_;

	$node->safe_psql('postgres',
		'SELECT uncache.invalidate(' . join(', ', map { "'$_'" } @keys) . ')');
	return;
}

# Does a commit made now reach Redis?
sub is_serving
{
	my ($key) = @_;

	$redis->fill($key);
	invalidate($key);
	return wait_for { !$redis->has($key) };
}

sub pending_rows
{
	return $node->safe_psql('postgres',
		"SELECT pending_rows FROM uncache.status WHERE target = 'default'");
}

# --- registration and restarts ---

invalidate('before');
is($node->safe_psql('postgres', 'SELECT count(*) FROM uncache.journal'),
	0, 'nothing is journalled before a consumer is registered');

$redis->fill('page:1', 'page:', 'pages', 'page', 'pages:1', 'session:1');
my $open = $node->background_psql('postgres');
$open->query_safe('BEGIN; UPDATE page SET body = body WHERE id = 1');
my $daemon = Uncache::Test::Daemon->new('first', %served)->start;
ok($daemon->wait_for_log(qr/waiting for transactions in flight/),
	'the first registration waits for transactions in flight');
ok(!is_attached($node), 'it is not attached meanwhile');
$open->query_safe('COMMIT');
ok(wait_attached($node), 'it attaches when they have ended');
$open->quit;
is_deeply(
	$redis->remaining('page:1', 'page:', 'pages', 'page', 'pages:1', 'session:1'),
	[ 'page', 'pages:1', 'session:1' ],
	'the first registration deletes what the rules can produce, and nothing else');
ok(is_serving('page:1'), 'then it serves');

$redis->fill('page:2', 'page:3');
wait_applied($node);
$daemon->kill9;
invalidate('page:2');
$daemon->mark_log;
$daemon->start;
ok((wait_for { !$redis->has('page:2') }), 'a restarted daemon applies what was committed meanwhile');
ok(!$daemon->has_resynced, 'it does not resync');
ok($redis->has('page:3'), 'it deletes nothing else');

# --- two daemons ---

my $second = Uncache::Test::Daemon->new('second', %served)->start;
ok($second->wait_for_log(qr/standing by/), 'a second daemon stands by');
my $killed_at = time;
$daemon->kill9;
ok($second->wait_for_log(qr/taking over/, 5), 'it takes over when the first is killed');
cmp_ok(time - $killed_at, '<', 3, 'within 3 s');
ok(!$second->has_resynced, 'without a resync');
ok(is_serving('page:1'), 'then it serves');
is($second->stop(5), 0, 'it exits with 0');

# --- signals ---

$daemon->start;
ok(wait_attached($node), 'the first daemon is back');
my $stopped_at = time;
$daemon->mark_log;
is($daemon->stop(5), 0, 'SIGTERM: the daemon exits with 0');
cmp_ok(time - $stopped_at, '<', 5, 'within 5 s');
like($daemon->log_since_mark, qr/msg=stopping.*msg=stopped/s, 'it says so');

# one large batch after another, until SIGTERM comes
$daemon->start;
ok(wait_attached($node), 'the daemon is attached');
$node->safe_psql('postgres', "SELECT count(uncache.invalidate('load:' || n)) FROM generate_series(1, 300000) n");
wait_for { $daemon->log_since_mark =~ /batch applied/ };
$daemon->signal('TERM');
is($daemon->wait_exit(5), 0, 'SIGTERM under load: the daemon exits with 0');
unlike($daemon->log_since_mark, qr/will be repeated/, 'the batch in hand is finished');
$daemon->start;
ok(wait_applied($node), 'what it left is applied by the next one');

is($daemon->stop(5), 0, 'the daemon stops');
$daemon->start;
wait_attached($node);
$daemon->signal('INT');
is($daemon->wait_exit(5), 0, 'SIGINT: the daemon exits with 0');

# --- SIGHUP ---

my $file = PostgreSQL::Test::Utils::tempdir() . '/uncached.ini';
my $dsn = $node->connstr('postgres') . ' user=uncached';
my $two_targets = <<"END";
[postgres]
dsn = $dsn
[target default]
url = @{[ $redis->url ]}
[target api]
url = @{[ $redis->url(3) ]}
END

write_file($file, $two_targets =~ s/\[target api\].*//sr);
$daemon = Uncache::Test::Daemon->new('configured', config => $file)->start;
ok(wait_attached($node), 'a daemon with a configuration file serves its target');
ok(!is_attached($node, target => 'api'), 'and no other');

write_file($file, $two_targets);
$daemon->signal('HUP');
ok(wait_attached($node, target => 'api'), 'SIGHUP: a new target is served');
ok(is_serving('page:1'), 'the old one too');
$redis->command('SELECT', 3);
$redis->fill('x');
invalidate('api://x');
ok((wait_for { !$redis->has('x') }), 'the new target\'s keys are deleted');
$redis->command('SELECT', 0);

$daemon->mark_log;
write_file($file, "$two_targets\nnonsense = 1\n");
$daemon->signal('HUP');
ok($daemon->wait_for_log(qr/level=error msg="configuration refused: the old one stays in effect".*uncached\.ini:/),
	'SIGHUP: a bad file is refused, the log says where');
ok(is_serving('page:1'), 'the old configuration is kept');
ok(is_attached($node, target => 'api'), 'with all its targets');
is($daemon->stop(5), 0, 'the daemon stops');
is(Uncache::Test::Daemon->new('refused', config => $file)->run(5), 2,
	'a daemon does not start with a bad file: it exits with 2');
$node->safe_psql('postgres', "SELECT uncache.drop_consumer('api')");

# --- --once and exit codes ---

sub run_once
{
	my ($name, %params) = @_;
	my $once = Uncache::Test::Daemon->new($name, %served, args => ['--once'], %params);

	return ($once->run, $once->log);
}

$redis->fill('page:1', 'page:2');
invalidate('page:1');
is((run_once('once'))[0], 0, '--once exits with 0');
is_deeply($redis->remaining('page:1', 'page:2'), ['page:2'], 'what was pending is applied');
is(pending_rows(), 0, 'and acknowledged');
is((run_once('once'))[0], 0, '--once with nothing to do exits with 0');

is((run_once('once_no_redis', redis => 'unix:///nonexistent/redis.sock'))[0],
	1, '--once without Redis exits with 1');
is((run_once('once_no_postgres', node => undef, args => [ '--once', '--dsn', 'host=/nonexistent' ]))[0],
	1, '--once without PostgreSQL exits with 1');
$daemon = start_daemon('busy', %served);
is((run_once('once_busy'))[0], 1, '--once beside a working daemon exits with 1');
is($daemon->stop(5), 0, 'the daemon stops');

my ($status, $log) = run_once('wrong_option', args => ['--onec']);
is($status, 2, 'an unknown option exits with 2');
like($log, qr/^uncached: /, 'with one message');
is((run_once('wrong_url', redis => 'http://x'))[0], 2, 'a wrong URL exits with 2');
is((run_once('no_file', config => '/nonexistent'))[0], 2, 'a missing file exits with 2');
is((run_once('version', args => ['--version']))[0], 0, '--version exits with 0');
is((run_once('help', args => ['--help']))[0], 0, '--help exits with 0');
is((run_once('check', args => ['--check-config']))[0], 0, '--check-config exits with 0');

# --- what keeps it from working ---

sub complaint
{
	my ($name, $regexp, %params) = @_;
	my $daemon = Uncache::Test::Daemon->new($name, %served, %params)->start;
	my $found = $daemon->wait_for_log($regexp);

	ok($daemon->is_running, "$name: it tries again");
	is($daemon->stop(5), 0, "$name: SIGTERM ends it");
	return $found;
}

$node->safe_psql('postgres', 'CREATE ROLE nobody_special LOGIN; CREATE DATABASE bare');
ok(complaint('no_extension', qr/extension uncache is not installed/, database => 'bare'),
	'a missing extension is told');
ok(complaint('no_privilege', qr/permission denied.*grant_consumer/, role => 'nobody_special'),
	'a missing privilege is told, and how to grant it');
ok(complaint('no_role', qr/role \\"nobody_at_all\\" does not exist/, role => 'nobody_at_all'),
	'a role that does not exist is told');
ok(complaint('no_database', qr/database \\"none\\" does not exist/, database => 'none'),
	'a database that does not exist is told');

# --- servers that come later ---

$node->stop;
$daemon = Uncache::Test::Daemon->new('early', %served)->start;
ok($daemon->wait_for_log(qr/level=warning msg="session with PostgreSQL ended/),
	'without PostgreSQL the daemon starts and says what is wrong');
$node->start;
ok(wait_attached($node), 'it attaches when PostgreSQL is there');
ok(is_serving('page:1'), 'and serves');
$daemon->mark_log;
$node->restart;
ok(is_serving('page:1'), 'it survives a restart of PostgreSQL');
ok(!$daemon->has_resynced, 'which needs no resync');

$redis->fill('page:1', 'session:1');
$daemon->mark_log;
$node->stop('immediate');
$node->start;
ok($daemon->wait_for_log(qr/resync begins.*PostgreSQL has crashed/), 'after a crash of PostgreSQL it resyncs');
ok((wait_for { !$redis->has('page:1') }), 'which deletes what the rules can produce');
ok($redis->has('session:1'), 'and nothing else');
ok(wait_attached($node), 'and ends');

is($daemon->stop(5), 0, 'the daemon stops');
$node->stop('immediate');
$node->start;
$daemon->mark_log;
$daemon->start;
ok($daemon->wait_for_log(qr/resync complete/), 'so it is if the crash came while the daemon was stopped');

$redis->fill('page:4');
is($daemon->stop(5), 0, 'the daemon stops');
$node->safe_psql('postgres', "SELECT uncache.drop_consumer('default')");
invalidate('page:4');
$daemon->mark_log;
$daemon->start;
ok($daemon->wait_for_log(qr/resync begins.*first registration/), 'a dropped consumer is registered anew');
ok((wait_for { !$redis->has('page:4') }), 'with a resync, for what was not journalled');
ok(wait_applied($node), 'and serves');
is($daemon->stop(5), 0, 'the daemon stops');

# --- Redis is away while a million keys wait ---

$redis->kill9;
$daemon = Uncache::Test::Daemon->new('patient', %served)->start;
ok($daemon->wait_for_log(qr/cannot use Redis, trying again/), 'without Redis the daemon starts and says so');
ok(wait_attached($node), 'it attaches nevertheless');
my $begin = time;
$node->safe_psql('postgres',
	"SELECT count(uncache.invalidate('wait:' || n)) FROM generate_series(0, 999999) n");
note sprintf('a million keys in %.1f s', time - $begin);
cmp_ok(pending_rows(), '>', 0, 'rows wait in the journal');
$node->safe_psql('postgres', 'UPDATE page SET body = body');
pass('writers do not notice');

$redis->start_hidden;
$redis->command('DEBUG', 'POPULATE', 1_000_000, 'wait', 1);
$redis->fill('page:1', 'session:1');
is($redis->command('DBSIZE'), 1_000_002, 'a million keys are cached');
cmp_ok($daemon->memory_kb('VmHWM'), '<', 32 * 1024, 'the daemon needs less than 32 MiB');
$begin = time;
$redis->reveal;
ok(wait_applied($node, seconds => 60), 'when Redis is back everything is applied');
note sprintf('a million keys drained in %.1f s', time - $begin);
is($redis->command('DBSIZE'), 1, 'every key that waited is deleted');
ok($redis->has('session:1'), 'and nothing else');
cmp_ok($daemon->memory_kb('VmHWM'), '<', 32 * 1024, 'the daemon has never needed 32 MiB');
diag 'memory at most: ' . $daemon->memory_kb('VmHWM') . ' kB';

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
