# A Redis that is not what the URL asks for, or does not let the daemon do what it has to:
# said once, with what to do, without a storm of connections, and over by itself.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;
use Uncache::Test::Daemon;
use Uncache::Test::Process;

my $node = start_postgres('main');
my $directory = PostgreSQL::Test::Utils::tempdir_short();

sub sql { return $node->safe_psql('postgres', $_[0]); }

# Of a daemon that cannot work: one error that fits, in as many seconds.
sub fails_once
{
	my ($daemon, $what, $line) = @_;

	ok($daemon->wait_for_log(qr/level=error msg="[^"]*Redis(?=[^\n]*advice="[^"])[^\n]*$line/, 10),
		"$what: an error says what to do") or diag $daemon->log_since_mark;
	pause(2);
	my @errors = $daemon->lines('error', 'Redis');
	is(scalar @errors, 1, "$what: once") or diag join("\n", @errors);
	return;
}

# --- a node of a cluster ---

# since version 9 a Valkey Cluster may have several databases
my @databases = Uncache::Test::Redis::is_valkey() && Uncache::Test::Redis::major_version() >= 9 ? ('--cluster-databases', 16) : ();
my $cluster = start_redis('cluster', tcp => 1, config => [ '--cluster-enabled', 'yes', @databases ]);
$cluster->command('CLUSTER', 'ADDSLOTS', 0 .. 5000);
$cluster->command('ACL', 'SETUSER', 'blind', 'on', '>secret', '~*', '+unlink', '+scan', '+select', '+ping');
# Redis 6.0 denies this user HELLO as well, which tells the mode elsewhere. Then the node looks like a
# single Redis until the first delete.
my $blind = $cluster->client;
$blind->command('AUTH', 'blind', 'secret');
my $tells_mode = defined eval { $blind->command('HELLO') };
my %nodes = (
	'a node of a cluster' => [ 'unix://' . $cluster->socket, 'this is a Redis Cluster: begin the URL with redis\+cluster:' ],
	'a node that hides INFO' => [ 'unix://blind:secret@' . $cluster->socket,
		$tells_mode ? 'this is a Redis Cluster: begin the URL with redis\+cluster:' : undef ],
	'a node, and a database' => [ 'unix://' . $cluster->socket . '?db=3', 'this is a Redis Cluster: begin the URL with redis\+cluster:' ]);

foreach my $what (sort keys %nodes)
{
	my ($url, $line) = @{ $nodes{$what} };
	my $daemon = Uncache::Test::Daemon->new($what =~ s/\W+/_/gr, node => $node, redis => $url)->start;

	if (!defined $line)
	{
		sql(q{SELECT uncache.invalidate('k')});
		ok($daemon->wait_for_log(qr/error="CLUSTERDOWN [^\n]*advice="the Redis Cluster is not complete/),
			"$what: Redis 6.0 does not tell the mode, but refuses the delete") or diag $daemon->log;
		is($daemon->stop(5), 0, "$what: the daemon stops");
		next;
	}
	fails_once($daemon, $what, $line);
	unlike($daemon->log, qr/connected to Redis|resync complete/, "$what: it does not look well");
	is($daemon->stop(5), 0, "$what: the daemon stops");
}

# --- a Sentinel ---

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $config = write_file("$directory/sentinel.conf", <<"END");
port $port
bind 127.0.0.1
dir $directory
unixsocket $directory/sentinel.sock
END
chmod(0666, $config) or die "chmod: $!";
my $sentinel = Uncache::Test::Process->new(name => 'sentinel', command => [ Uncache::Test::Redis::program(), $config, '--sentinel' ])->start;
ok((wait_for { -S "$directory/sentinel.sock" }), 'a Sentinel: it listens') or diag $sentinel->log;
foreach my $database (0, 3)
{
	my $what = "a Sentinel, database $database";
	my $daemon = Uncache::Test::Daemon->new("sentinel_$database", node => $node,
		redis => "unix://$directory/sentinel.sock?db=$database")->start;

	fails_once($daemon, $what, q{the primary's address});
	unlike($daemon->log, qr/connected to Redis/, "$what: it does not look well");
	is($daemon->stop(5), 0, "$what: the daemon stops");
}
$sentinel->kill9;

# --- rights ---

my $redis = start_redis('redis', config => [ '--maxclients', 20 ]);
$redis->command('ACL', 'SETUSER', 'uncached', 'on', '>secret', '~*', '+unlink', '+scan', '+select', '+ping', '+info', '+client|setname',
	'+eval', '+srandmember', '+srem', '+incrby', '+set', '+time');
my $url = 'unix://uncached:secret@' . $redis->socket;
my $daemon = start_daemon('rights', node => $node, redis => $url);
my $round = 0;

sub count_connections { return $redis->info('total_connections_received'); }

# $break and what follows from it; then $mend.
sub recovers
{
	my ($what, $line, $break, $mend) = @_;

	ok(wait_applied($node), "$what: all is well before");
	$daemon->mark_log;
	my $before = count_connections();
	$break->();
	fails_once($daemon, $what, $line);
	# while others' keys go on, which the connection can unlink
	for (1 .. 10) { sql(q{SELECT uncache.invalidate('other')}); pause(0.2) }
	$mend->();
	ok(wait_applied($node), "$what: it goes on by itself") or diag $daemon->log_since_mark;
	cmp_ok(count_connections() - $before, '<', 15, "$what: it does not storm");
	ok($daemon->wait_for_log(qr/level=info msg="Redis serves the target again"/, 10), "$what: which it says");
	cmp_ok(scalar($daemon->lines('info', 'connected to Redis')), '<=', 1, "$what: it connects in vain without a word");
	return;
}

recovers('SCAN is denied', 'NOPERM',
	sub { $redis->command('ACL', 'SETUSER', 'uncached', '-scan'); sql(q{SELECT uncache.invalidate_pattern('a*')}) },
	sub { $redis->command('ACL', 'SETUSER', 'uncached', '+scan') });
recovers('EVAL is denied', 'NOPERM',
	sub { $redis->command('ACL', 'SETUSER', 'uncached', '-eval'); sql(q{SELECT uncache.invalidate_tag('t')}) },
	sub { $redis->command('ACL', 'SETUSER', 'uncached', '+eval') });
recovers('the password changes', 'WRONGPASS',
	sub {
		$redis->command('ACL', 'SETUSER', 'uncached', 'resetpass', '>other');
		$redis->command('CLIENT', 'KILL', 'USER', 'uncached');
	},
	sub { $redis->command('ACL', 'SETUSER', 'uncached', 'resetpass', '>secret') });

my @clients;
recovers('maxclients', 'max number of clients',
	sub {
		$redis->command('CONFIG', 'SET', 'maxclients', 1);
		$redis->command('CLIENT', 'KILL', 'USER', 'uncached');
	},
	sub { $redis->command('CONFIG', 'SET', 'maxclients', 100) });
is($daemon->stop(5), 0, 'the daemon stops');
like($daemon->log, qr/level=info msg="keys deleted since start" target=default keys_named=\d+ keys_deleted=\d+/,
	'and says how many keys there were');

# --- commands that were renamed away ---

my $bare = start_redis('bare', config => [ '--rename-command', 'INFO', '' ]);
$daemon = start_daemon('bare', node => $node, redis => $bare->url);
$bare->fill('k');
sql(q{SELECT uncache.invalidate('k')});
ok(wait_applied($node), 'INFO is renamed: everything is applied');
ok(!$bare->has('k'), 'INFO is renamed: and deleted');
like($daemon->log, qr/level=warning msg="cannot determine whether Redis was restarted[^\n]*do not rename it with rename-command/, 'INFO is renamed: which it says');
is($daemon->stop(5), 0, 'INFO is renamed: the daemon stops');

# --- a prefix that is wrong ---

$daemon = start_daemon('prefix', node => $node, redis => $redis->url(2), env => { REDIS_KEY_PREFIX => 'shop:' });
$daemon->mark_log;
sql(q{SELECT count(uncache.invalidate('n' || n)) FROM generate_series(1, 30000) n});
ok(wait_applied($node), 'a wrong prefix: everything is applied');
my @warnings = $daemon->lines('warning', 'Redis had none');
is(scalar @warnings, 1, 'a wrong prefix: it says so once') or diag $daemon->log_since_mark;
like($warnings[0], qr/database=2 prefix=shop: keys_named=1\d{4} advice="compare/, 'a wrong prefix: with what to compare');
is($daemon->stop(5), 0, 'a wrong prefix: the daemon stops');

done_testing();
