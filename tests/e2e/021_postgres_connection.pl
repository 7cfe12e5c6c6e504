# Connections to PostgreSQL that stall, fall silent, break or are slow, and a
# server that stands still: the daemon is back within 10 s, and nothing is lost.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;
use Uncache::Test::Daemon;
use Uncache::Test::Proxy;
use Uncache::Test::Recovery;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $name = '.s.PGSQL.' . $node->port;
my $proxy = Uncache::Test::Proxy->new(listen => "$directory/$name", server => $node->host . "/$name");
my $daemon = Uncache::Test::Daemon->new('uncached', redis => $redis->url,
	args => [ '--dsn', "host=$directory port=@{[ $node->port ]} dbname=postgres user=uncached" ])->start;
my $recovery = Uncache::Test::Recovery->new(node => $node, redis => $redis);

ok(wait_attached($node), 'the daemon is attached');

sub worker_pid
{
	return $node->safe_psql('postgres', 'SELECT worker_pid FROM uncache.status');
}

sub comes_back
{
	my ($what, $break) = @_;

	ok(wait_applied($node), "$what: all is well before");
	my $worker = worker_pid();
	is($break->(), 1, "$what: the connection is in use");
	$recovery->is_soon($what, $recovery->change);
	isnt(worker_pid(), $worker, "$what: by a new session");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'uncached'}),
		1, "$what: which is the only one");
	return;
}

comes_back('a connection that stalls', sub { $proxy->stall });
comes_back('a connection without answers', sub { $proxy->silence });
comes_back('half a connection', sub { $proxy->drop_client });
comes_back('a cut', sub { $proxy->cut });

$proxy->delay(0.005, 20);
my $worker = worker_pid();
$recovery->is_soon('answers in pieces', $recovery->change);
is(worker_pid(), $worker, 'answers in pieces: by the same session');
$proxy->delay(0, 65536);

# the server's process stands still, and goes on after the daemon has lost patience
$daemon->mark_log;
kill('STOP', $worker);
my @keys = $recovery->change;
ok($daemon->wait_for_log(qr/no reply before the deadline/, 30), 'a session that stands still: the daemon loses patience');
ok($daemon->wait_for_log(qr/standing by/, 30), 'a session that stands still: it still has the lock');
is(scalar @{ $redis->remaining(@keys) }, 20, 'a session that stands still: nobody works without the lock');
kill('CONT', $worker);
$recovery->is_soon('a session that goes on', @keys);

# all of the server, so that nobody can connect
$daemon->mark_log;
$worker = worker_pid();
my $postmaster = (split /\n/, PostgreSQL::Test::Utils::slurp_file($node->data_dir . '/postmaster.pid'))[0];
@keys = $recovery->change;
kill('STOP', $postmaster, $worker);
# whether it was fetching, acknowledging or trimming depends on the moment
ok($daemon->wait_for_log(qr/while=(?!connecting).*no reply before the deadline.*while=connecting/s, 60),
	'a server that stands still: the daemon tries to connect');
kill('CONT', $postmaster, $worker);
$recovery->is_soon('a server that goes on', @keys);

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
