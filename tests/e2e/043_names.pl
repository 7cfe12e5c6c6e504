# Servers that have names: one that the name service does not answer holds up nobody else,
# not even the daemon's end, and of several addresses the primary's is found.
#
# tests/faults/shim.c is the name service.  127.0.0.1 and 127.0.0.2 are two hosts that listen
# on the same port.

use strict;
use warnings FATAL => 'all';
use IO::Socket::IP;
use PostgreSQL::Test::Cluster;
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Daemon;
use Uncache::Test::Redis;
use Uncache::Test::Shim;

# A look-up that blocked the loop would take as long as it hangs: for ever.
use constant SOON_S => 1;

my $node = start_postgres('main', logical => 1, conf => "listen_addresses = '127.0.0.1'");
my $session = Uncache::Test::Session->connect($node);
my $shim = Uncache::Test::Shim->new;
my $redis = start_redis('redis', tcp => 1);
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $round = 0;

# A daemon's configuration: dsn, and alias => URL.
sub config
{
	my ($name, $dsn, %targets) = @_;

	return write_file("$directory/$name.ini", join('', "[postgres]\ndsn = $dsn\n",
		map { "[target $_]\nurl = $targets{$_}\n" } sort keys %targets));
}

sub dsn { return $_[0] . ' dbname=postgres user=uncached'; }

# Starts one that knows the names.
sub start_named
{
	my ($name, %params) = @_;

	return Uncache::Test::Daemon->new($name, %params, wrapper => $shim->wrapper)->start;
}

# How long a change takes until its key is gone; undef if that is very long.
sub change_s
{
	my ($at) = @_;
	my $key = 'k:' . $round++;

	$at->fill($key);
	my $begin = time;
	$session->query("SELECT uncache.invalidate('$key')");
	return (wait_for { !$at->has($key) } 20) ? time - $begin : undef;
}

# Changes go soon, for so long.
sub goes_on
{
	my ($what, $seconds) = @_;
	my $end = time + $seconds;
	my $longest = 0;

	while (time < $end)
	{
		my $change_s = change_s($redis) // 99;
		$longest = $change_s if $change_s > $longest;
		pause(0.02);
	}
	return cmp_ok($longest, '<', SOON_S, sprintf('%s: the other target goes on (%.0f ms at most)', $what, 1000 * $longest));
}

sub thread_count
{
	my ($daemon) = @_;

	return scalar(() = glob('/proc/' . $daemon->pid . '/task/*'));
}

# --- a Redis whose name hangs ---

my $socket_dsn = dsn('host=' . $node->host . ' port=' . $node->port);
my $named_url = 'redis://redis.test:' . $redis->port . '/1';
$shim->know('redis.test' => 'hang');
my $daemon = start_named('hanging', config => config('hanging', $socket_dsn, default => $redis->url, named => $named_url));
ok(wait_attached($node), 'a Redis whose name hangs: the other target is attached');
goes_on('a Redis whose name hangs', 7);
like($daemon->log,
	qr/level=warning msg="cannot use Redis, trying again" target=named .*error="cannot resolve the host name: no reply from the name service"/,
	'a Redis whose name hangs: the log says so');
cmp_ok(thread_count($daemon), '<=', 2, 'a Redis whose name hangs: it is asked for once at a time');

foreach my $reload (1 .. 3)
{
	config('hanging', $socket_dsn, default => $redis->url, named => "$named_url\nscan_rate = 100$reload");
	$daemon->mark_log;
	$daemon->signal('HUP');
	ok($daemon->wait_for_log(qr/configuration reloaded.* unchanged=1 changed=1 .*msg="target configured" target=named [^\n]*scan_rate=100$reload/s),
		"reload $reload goes through");
}
goes_on('after reloads', 0.5);
my $begin = time;
is($daemon->stop(5), 0, 'a Redis whose name hangs: the daemon stops');
cmp_ok(time - $begin, '<', SOON_S, 'and does so at once');

$daemon->start;
ok((wait_for { thread_count($daemon) == 2 }), 'the next one asks for the name');
$shim->know('redis.test' => '127.0.0.1');
ok(wait_attached($node, target => 'named'), 'a name service that answers again: the target is attached');
ok((wait_for { thread_count($daemon) == 1 }), 'and no thread is left');

# a session that is there needs no name
$shim->know('redis.test' => 'hang');
$session->query(q{SELECT uncache.invalidate('named://k')});
ok(wait_applied($node, target => 'named'), 'a name that hangs later: the connection goes on');
$redis->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
ok((wait_for { thread_count($daemon) == 2 }), 'until it breaks');
goes_on('a connection that is lost while its name hangs', 1);
$shim->know('redis.test' => '127.0.0.1');
$session->query(q{SELECT uncache.invalidate('named://k')});
ok(wait_applied($node, target => 'named'), 'and is made again when the name service answers');
is($daemon->stop(5), 0, 'the daemon stops');

# --- a name service that is slower than the deadline ---

$shim->know('redis.test' => 'hang');
$daemon->mark_log;
$daemon->start;
ok($daemon->wait_for_log(qr/target=named .*no reply from the name service/), 'a slow name service: the deadline passes');
$shim->know('redis.test' => '127.0.0.1');
ok(wait_attached($node, target => 'named'), 'a slow name service: the answer is taken when it comes');
is($daemon->stop(5), 0, 'the daemon stops');
ok((wait_for { eval { $session->query(q{SELECT uncache.drop_consumer('named')}) } }), 'its session ends, its consumer is dropped');

# --- PostgreSQL's name hangs ---

# The session of a target that is another one: it has to connect again.
sub end_session
{
	my ($target) = @_;

	$session->query("SELECT pg_terminate_backend(worker_pid) FROM uncache.status WHERE target = '$target'");
	return;
}

$shim->know('pg.test' => '127.0.0.1');
my $named_dsn = dsn('host=pg.test port=' . $node->port);
$daemon = start_named('postgres', config => config('postgres', $named_dsn, default => $redis->url, other => $redis->url(1)));
ok(wait_attached($node) && wait_attached($node, target => 'other'), 'PostgreSQL has a name: both targets are attached');
is($node->safe_psql('postgres', q{SELECT DISTINCT client_addr FROM pg_stat_activity WHERE usename = 'uncached'}),
	'127.0.0.1', 'PostgreSQL has a name: by TCP');
$shim->know('pg.test' => 'hang');
end_session('other');
$daemon->mark_log;
goes_on('PostgreSQL whose name hangs', 7);
like($daemon->log_since_mark,
	qr/level=warning msg="session with PostgreSQL ended, reconnecting" target=other server=pg.test .*while=connecting .*error="cannot resolve the host name: no reply from the name service"/,
	'PostgreSQL whose name hangs: the log says so');
cmp_ok(thread_count($daemon), '<=', 2, 'PostgreSQL whose name hangs: it is asked for once at a time');
$shim->know('pg.test' => '127.0.0.1');
ok(wait_attached($node, target => 'other'), 'PostgreSQL whose name is known again: the target is attached');
$shim->know('pg.test' => 'hang');
end_session('other');
ok((wait_for { thread_count($daemon) == 2 }), 'it hangs again');
is($daemon->stop(5), 0, 'PostgreSQL whose name hangs: the daemon stops');

# the other host of the list is there
$shim->know('pg.test' => 'hang');
$daemon = start_named('list', redis => $redis->url, args => [ '--dsn', dsn('host=pg.test,127.0.0.1 port=' . $node->port) ]);
ok(wait_attached($node, seconds => 15), 'a list of hosts, of which one hangs: the next one is taken');
is($daemon->stop(5), 0, 'the daemon stops');
ok((wait_for { eval { $session->query(q{SELECT uncache.drop_consumer('other')}) } }), 'its session ends, its consumer is dropped');

# --- PostgreSQL's name stands for a standby and a primary ---

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby', own_host => 1, port => $node->port);
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "listen_addresses = '127.0.0.2'\nunix_socket_directories = '@{[ $standby->host ]}'");
$standby->start;
$shim->know('pg.test' => '127.0.0.2 127.0.0.1');
$daemon = start_named('standby_first', redis => $redis->url, args => [ '--dsn', $named_dsn ]);
ok(wait_attached($node), 'a standby is the first address: the daemon goes to the primary');
like($daemon->log, qr/target=default server=pg.test address=127.0.0.2 .*error=".*session is read-only"/,
	'a standby is the first address: the log says so');
cmp_ok(change_s($redis) // 99, '<', SOON_S, 'a standby is the first address: changes go');
is($daemon->stop(5), 0, 'the daemon stops');

# the primary first, which dies: nobody listens at its address any more
$shim->know('pg.test' => '127.0.0.1 127.0.0.2');
$daemon->mark_log;
$daemon->start;
ok(wait_attached($node), 'the primary is the first address: it is taken');
unlike($daemon->log_since_mark, qr/read-only/, 'the primary is the first address: no other one is tried');
ok(wait_applied($standby, is_standby => 1), 'the standby has the cursor');
$node->stop('immediate');
$standby->promote;
ok(wait_attached($standby), 'after a failover the daemon goes to the other address');
is($daemon->stop(5), 0, 'the daemon stops');
$standby->stop;
$node->start;
$session = Uncache::Test::Session->connect($node);

# --- a Redis whose name stands for a replica and a primary ---

my @pair = map {
	Uncache::Test::Redis->new("redis_$_", tcp => 1, address => "127.0.0.$_", port => $redis->port + 0,
		config => [ '--repl-diskless-sync-delay', '0' ])
} 2 .. 3;
my %address = ($pair[0] => '127.0.0.2', $pair[1] => '127.0.0.3');
$_->start foreach @pair;
my ($replica, $primary) = @pair;

sub follow
{
	my ($from, $to) = @_;

	$from->command('REPLICAOF', $address{$to}, $to->port);
	wait_for { $from->info('master_link_status') eq 'up' } or die 'the replica does not follow';
	return;
}

follow($replica, $primary);
$shim->know('pair.test' => '127.0.0.2 127.0.0.3');
$daemon = start_named('pair', redis => 'redis://pair.test:' . $redis->port . '/0', args => [ '--dsn', $socket_dsn ]);
ok(wait_attached($node), 'a replica is the first address: the daemon goes to the primary');
like($daemon->log, qr/msg="connected to Redis" .*address=127.0.0.3/, 'a replica is the first address: the log says so');
ok(defined change_s($primary), 'a replica is the first address: changes go');

# they change places, so that the primary is the first address
$daemon->mark_log;
$replica->command('REPLICAOF', 'NO', 'ONE');
follow($primary, $replica);
ok($daemon->wait_for_log(qr/msg="connected to Redis" .*address=127.0.0.2/), 'after a failover the daemon goes to the other address');
ok(defined change_s($replica), 'after a failover changes go');

# both are replicas for a while
$daemon->mark_log;
$replica->command('REPLICAOF', '127.0.0.1', $redis->port);
ok($daemon->wait_for_log(
	qr/level=warning msg="cannot use Redis, trying again".*error="READONLY the server says that it is a replica \(127.0.0.2\); 127.0.0.3: READONLY.*advice="this is a replica: the URL must name the primary"/),
	'two replicas: the log says so, of each address');
$session->query(q{SELECT uncache.invalidate('waits')});
ok(!is_applied($node), 'two replicas: nothing is acknowledged');
$primary->command('REPLICAOF', 'NO', 'ONE');
ok(wait_applied($node), 'one of them is promoted: everything is applied');

# the replica dies
$daemon->mark_log;
$replica->kill9;
$primary->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
ok($daemon->wait_for_log(qr/msg="connected to Redis" .*address=127.0.0.3/), 'the first address is dead: the second is taken');
ok(defined change_s($primary), 'the first address is dead: changes go');
is($daemon->stop(5), 0, 'the daemon stops');

# --- calls that fail while names are looked up ---

$shim->know('redis.test' => '127.0.0.1', 'pg.test' => '127.0.0.1');
$daemon = start_named('failing', redis => $named_url, args => [ '--dsn', $named_dsn ]);
ok(wait_attached($node), 'all is well before calls fail');
my $pid = $daemon->pid;
foreach my $trouble (
	[ 'descriptors and threads', calls => Uncache::Test::Shim::SOCKET, fail_every => 2 ],
	[ 'memory', calls => Uncache::Test::Shim::MEMORY, fail_every => 20 ])
{
	my ($what, %orders) = @$trouble;

	$shim->order(%orders);
	ok((wait_for {
		$redis->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
		end_session('default');
		$shim->failure_count >= 8;
	} 60), "$what: calls fail");
	$session->query(q{SELECT uncache.invalidate('waits')});
	$shim->order;
	ok(wait_applied($node), "$what: when it is over, everything is applied") or diag $daemon->log;
}
ok((wait_for { thread_count($daemon) == 1 }), 'no thread is left');
ok($daemon->is_running && $daemon->pid == $pid, 'the daemon has gone on');
is($daemon->stop(5), 0, 'the daemon stops');

# --- IPv6 ---

SKIP:
{
	my $has_ip6 = IO::Socket::IP->new(LocalHost => '::1', LocalPort => $redis->port, Listen => 1);

	skip "this machine has no ::1 ($@)", 6 unless $has_ip6;
	close($has_ip6);
	my $redis6 = start_redis('redis6', tcp => 1, address => '::1', port => $redis->port + 0);
	my $url_port = $redis->port;

	$node->append_conf('postgresql.conf', "listen_addresses = '::1'");
	$node->restart;
	$session = Uncache::Test::Session->connect($node);
	foreach my $case ([ 'addresses', '::1', '[::1]' ], [ 'names', 'six.test', 'six.test' ])
	{
		my ($what, $host, $url_host) = @$case;

		$shim->know('six.test' => '::1');
		$daemon = start_named("ip6_$what", redis => "redis://$url_host:$url_port/0",
			args => [ '--dsn', dsn("host=$host port=" . $node->port) ]);
		ok(wait_attached($node), "IPv6, $what: the daemon is attached") or diag $daemon->log;
		ok(defined change_s($redis6), "IPv6, $what: changes go");
		is($daemon->stop(5), 0, "IPv6, $what: it stops");
	}
}

done_testing();
