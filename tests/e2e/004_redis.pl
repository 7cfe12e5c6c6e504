# Ways to reach a Redis, and Redis servers that refuse.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;
use Uncache::Test::Daemon;

use constant PASSWORD => 's3cret/with:odd@chars%';
use constant PASSWORD_IN_URL => 's3cret%2Fwith%3Aodd%40chars%25';

my $node = start_postgres('main');
my $redis = start_redis('redis', tcp => 1, password => PASSWORD);
my $directory = PostgreSQL::Test::Utils::tempdir();
my $socket = $redis->socket;
my $port = $redis->port;
my $started = 0;

sub invalidate
{
	my ($key) = @_;

	$node->safe_psql('postgres', "SELECT uncache.invalidate('$key')");
	return;
}

# Its processes' log lines, their command line and what it prints may not hold
# the password, encoded or not.
sub shows_password
{
	my ($text) = @_;

	return index($text, 's3cret') >= 0;
}

# A daemon with these settings deletes k from the database and nothing else.
sub serves
{
	my ($what, $database, %params) = @_;
	my $daemon = start_daemon('served' . ++$started, node => $node, %params);

	foreach my $other (0 .. 3)
	{
		$redis->command('SELECT', $other);
		$redis->fill('k', 'other');
	}
	invalidate('k');
	ok(wait_applied($node), "$what: it is applied");
	my @without;
	foreach my $other (0 .. 3)
	{
		$redis->command('SELECT', $other);
		push @without, $other unless $redis->has('k');
	}
	is_deeply(\@without, [$database], "$what: in database $database only");
	is($redis->command('DBSIZE'), $database == 3 ? 1 : 2, "$what: only that key");
	ok(!shows_password(PostgreSQL::Test::Utils::slurp_file('/proc/' . $daemon->pid . '/cmdline')),
		"$what: the command line shows no password");
	is($daemon->stop(5), 0, "$what: it stops");
	ok(!shows_password($daemon->log), "$what: the log shows no password");
	return;
}

# --- addresses and passwords ---

serves('a socket', 0, redis => "unix://:@{[PASSWORD_IN_URL]}\@$socket");
serves('a socket and a database', 2, redis => "unix://:@{[PASSWORD_IN_URL]}\@$socket?db=2");
serves('TCP', 0, redis => "redis://:@{[PASSWORD_IN_URL]}\@127.0.0.1:$port");
serves('TCP and a database', 3, redis => "redis://:@{[PASSWORD_IN_URL]}\@localhost:$port/3");
serves('REDIS_PASSWORD', 1, redis => "unix://$socket?db=1", env => { REDIS_PASSWORD => PASSWORD });
serves('REDIS_HOST and its like', 2,
	env => { REDIS_HOST => '127.0.0.1', REDIS_PORT => $port, REDIS_DB => 2, REDIS_PASSWORD => PASSWORD });
write_file("$directory/password", PASSWORD . "\n");
chmod(0600, "$directory/password");
serves('REDIS_PASSWORD_FILE', 0, redis => "unix://$socket",
	env => { REDIS_PASSWORD_FILE => "$directory/password" });

$redis->command('ACL', 'SETUSER', 'cache', 'on', '>other s3cret', '~*', '+unlink', '+scan', '+select',
	'+client|setname');
serves('a user with the documented rights', 3, redis => "unix://cache:other%20s3cret\@$socket?db=3");
serves('user and password in the environment', 0, redis => "unix://$socket",
	env => { REDIS_USERNAME => 'cache', REDIS_PASSWORD => 'other s3cret' });

my $check = Uncache::Test::Daemon->new('check', node => $node,
	redis => "unix://cache:other%20s3cret\@$socket?db=3", args => ['--check-config']);
is($check->run, 0, '--check-config accepts a URL with a password');
like($check->log, qr/\Q$socket\E db=3/, 'it shows the address');
ok(!shows_password($check->log), 'but no password');

# --- refusals: nothing is acknowledged, and all is applied in the end ---

# What a daemon says while Redis refuses, and that k is deleted afterwards.
sub refused
{
	my ($what, $regexp, $mend, %params) = @_;
	my $daemon = Uncache::Test::Daemon->new('refused' . ++$started, node => $node, %params)->start;

	$redis->command('SELECT', 0);
	$redis->fill('k', 'other');
	invalidate('k');
	ok($daemon->wait_for_log($regexp), "$what: the log says so") or diag $daemon->log;
	ok(wait_attached($node), "$what: the daemon stays attached");
	ok(!is_applied($node), "$what: nothing is acknowledged");
	$mend->();
	ok(wait_applied($node), "$what: mended, everything is applied");
	is_deeply($redis->remaining('k', 'other'), ['other'], "$what: exactly the key is deleted");
	is($daemon->stop(5), 0, "$what: it stops");
	ok(!shows_password($daemon->log), "$what: the log shows no password");
	return;
}

refused('wrong password', qr/level=error.*WRONGPASS.*advice=/,
	sub { $redis->command('ACL', 'SETUSER', 'default', '>wrong s3cret') },
	redis => "unix://:wrong%20s3cret\@$socket");
refused('no password', qr/level=error.*NOAUTH/,
	sub { $redis->command('CONFIG', 'SET', 'requirepass', '') },
	redis => "unix://$socket");
$redis->command('CONFIG', 'SET', 'requirepass', PASSWORD);

my $with_password = "unix://:@{[PASSWORD_IN_URL]}\@$socket";

$redis->command('ACL', 'SETUSER', 'cache', '-unlink');
refused('no right to UNLINK', qr/level=error.*NOPERM.*advice=.*unlink/,
	sub { $redis->command('ACL', 'SETUSER', 'cache', '+unlink') },
	redis => "unix://cache:other%20s3cret\@$socket");

$redis->command('ACL', 'SETUSER', 'cache', 'resetkeys', '~other*');
refused('no right to the key', qr/level=error.*NOPERM/,
	sub { $redis->command('ACL', 'SETUSER', 'cache', '~*') },
	redis => "unix://cache:other%20s3cret\@$socket");

# the rights are withdrawn from a daemon at work
my $daemon = start_daemon('withdrawn', node => $node, redis => "unix://cache:other%20s3cret\@$socket");
$redis->command('ACL', 'SETUSER', 'cache', '-unlink');
$redis->fill('k', 'other');
invalidate('k');
ok($daemon->wait_for_log(qr/level=error.*NOPERM/), 'rights withdrawn: the log says so');
ok(!is_applied($node), 'rights withdrawn: nothing is acknowledged');
$redis->command('ACL', 'SETUSER', 'cache', '+unlink');
ok(wait_applied($node), 'rights withdrawn: given back, everything is applied');
is_deeply($redis->remaining('k'), [], 'rights withdrawn: the key is deleted');
is($daemon->stop(5), 0, 'rights withdrawn: it stops');

# a replica: k is there already when it becomes one
sub as_replica
{
	my ($what, $regexp, @settings) = @_;
	my $daemon = start_daemon('replica' . ++$started, node => $node, redis => $with_password);

	$redis->fill('k', 'other');
	$redis->command('CONFIG', 'SET', @$_) foreach @settings;
	$redis->command('REPLICAOF', '127.0.0.1', '1');
	invalidate('k');
	ok($daemon->wait_for_log($regexp), "$what: the log says so") or diag $daemon->log;
	ok(!is_applied($node), "$what: nothing is acknowledged");
	$redis->command('REPLICAOF', 'NO', 'ONE');
	ok(wait_applied($node), "$what: when it is a primary again, everything is applied");
	is_deeply($redis->remaining('k', 'other'), ['other'], "$what: exactly the key is deleted");
	is($daemon->stop(5), 0, "$what: it stops");
	return;
}

as_replica('a replica', qr/level=warning.*READONLY/);
# of the two reasons Redis 6 gives the other one
as_replica('a replica that lost its primary', Uncache::Test::Redis::major_version() >= 7 ? qr/level=warning.*MASTERDOWN/ : qr/level=warning.*READONLY/,
	[ 'replica-serve-stale-data', 'no' ]);

# Redis cannot dump: it refuses writes
$daemon = start_daemon('misconf', node => $node, redis => $with_password);
$redis->fill('k', 'other');
chmod(0, $redis->directory);
$redis->command('CONFIG', 'SET', 'save', '3600 1');
$redis->command('BGSAVE');
ok((wait_for { $redis->command('INFO', 'persistence') =~ /rdb_last_bgsave_status:err/ }),
	'a dump that fails: Redis notices');
invalidate('k');
ok($daemon->wait_for_log(qr/level=warning.*MISCONF/), 'a dump that fails: the log says so');
ok(!is_applied($node), 'a dump that fails: nothing is acknowledged');
chmod(0700, $redis->directory);
$redis->command('CONFIG', 'SET', 'save', '');
ok(wait_applied($node), 'a dump that fails: mended, everything is applied');
is_deeply($redis->remaining('k', 'other'), ['other'], 'a dump that fails: exactly the key is deleted');

# memory is full: Redis refuses writes, but not deletes
$redis->fill('k');
$redis->command('CONFIG', 'SET', 'maxmemory', 1);
ok(!eval { $redis->fill('x'); 1 }, 'memory is full: Redis refuses a SET');
invalidate('k');
ok(wait_applied($node), 'memory is full: everything is applied');
is_deeply($redis->remaining('k', 'other'), ['other'], 'memory is full: exactly the key is deleted');
$redis->command('CONFIG', 'SET', 'maxmemory', 0);

# connections are cut in the middle of the work, one after another
$redis->command('DEBUG', 'POPULATE', 300_000, 'cut', 1);
$node->safe_psql('postgres',
	"SELECT count(uncache.invalidate('cut:' || n)) FROM generate_series(0, 299999) n");
my $cuts = 0;
for (1 .. 5)
{
	$cuts++ unless is_applied($node);
	$daemon->mark_log;
	$redis->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
	$daemon->wait_for_log(qr/connected to Redis/);
}
cmp_ok($cuts, '>', 1, 'cut connections: some were in use');
ok(wait_applied($node), 'cut connections: everything is applied');
is($redis->command('DBSIZE'), 1, 'cut connections: every key is deleted');

# Redis hangs: it accepts what is sent, and does not answer
$daemon->mark_log;
$redis->fill('k');
kill('STOP', $redis->pid);
invalidate('k');
ok($daemon->wait_for_log(qr/connection to Redis lost/, 15), 'a Redis that hangs: the connection is dropped');
ok(!is_applied($node), 'a Redis that hangs: nothing is acknowledged');
kill('CONT', $redis->pid);
ok(wait_applied($node), 'a Redis that hangs: when it is awake everything is applied');
is_deeply($redis->remaining('k'), [], 'a Redis that hangs: the key is deleted');
is($daemon->stop(5), 0, 'it stops');

# --- two targets ---

my $second = start_redis('second');
my $file = write_file("$directory/uncached.ini", <<"END");
[postgres]
dsn = @{[ $node->connstr('postgres') ]} user=uncached
[target default]
url = unix://$socket?db=1
password_file = $directory/password
prefix = "shop:1:"
[target api]
url = @{[ $second->url ]}
END
$daemon = Uncache::Test::Daemon->new('two', config => $file)->start;
ok(wait_attached($node) && wait_attached($node, target => 'api'), 'two targets are attached');

$redis->command('SELECT', 1);
$redis->fill('shop:1:k', 'k');
$second->fill('shop:1:k', 'k');
$node->safe_psql('postgres', "SELECT uncache.invalidate('k', 'api://k')");
ok(wait_applied($node) && wait_applied($node, target => 'api'), 'two targets: both are applied');
is_deeply([ $redis->remaining('shop:1:k', 'k'), $second->remaining('shop:1:k', 'k') ],
	[ ['k'], ['shop:1:k'] ], 'two targets: each has its prefix');

$second->kill9;
$redis->fill('shop:1:k');
$node->safe_psql('postgres', "SELECT uncache.invalidate('k', 'api://k')");
ok((wait_for { !$redis->has('shop:1:k') }), 'one of two is dead: the other is served');
ok(wait_applied($node), 'one of two is dead: the other is acknowledged');
ok(!is_applied($node, target => 'api'), 'one of two is dead: its rows wait');
$second->start_hidden;
$second->fill('k');
$second->reveal;
ok(wait_applied($node, target => 'api'), 'when it is back, everything is applied');
is_deeply($second->remaining('k'), [], 'the key is deleted');

is($daemon->stop(5), 0, 'it stops');
done_testing();
