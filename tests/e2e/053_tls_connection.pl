# TLS connections to Redis that stall, fall silent, break or are slow, in their handshake
# and after it: the daemon is back within 10 s, and nothing is lost.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;
use Uncache::Test::Certificates;
use Uncache::Test::Proxy;
use Uncache::Test::Recovery;

my $node = start_postgres('main');
my $authority = Uncache::Test::Certificates->new('our CA');
my ($certificate, $key) = $authority->sign('redis', names => 'IP:127.0.0.1');
my $tls_port = PostgreSQL::Test::Cluster::get_free_port();
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $redis = start_redis('redis',
	config => [ '--tls-port', $tls_port, '--tls-cert-file', $certificate, '--tls-key-file', $key, '--tls-auth-clients', 'no' ]);
my $proxy = Uncache::Test::Proxy->new(listen => $port, server => $tls_port);
my $daemon = start_daemon('uncached', node => $node, redis => "rediss://127.0.0.1:$port", env => { REDIS_TLS_CA_FILE => $authority->authority });
my $recovery = Uncache::Test::Recovery->new(node => $node, redis => $redis);

# After $break all is applied within the time.
sub comes_back
{
	my ($what, $break) = @_;

	ok(wait_applied($node), "$what: all is well before");
	$break->();
	$recovery->is_soon($what, $recovery->change);
	return;
}

foreach my $protocol ('TLSv1.2', 'TLSv1.3')
{
	$redis->command('CONFIG', 'SET', 'tls-protocols', $protocol);
	comes_back("$protocol: a connection that stalls", sub { is($proxy->stall, 1, 'it is in use') });
	comes_back("$protocol: a connection without answers", sub { is($proxy->silence, 1, 'it is in use') });
	comes_back("$protocol: half a connection", sub { is($proxy->drop_client, 1, 'it is in use') });
	comes_back("$protocol: a cut", sub { is($proxy->cut, 1, 'it is in use') });
	comes_back("$protocol: a handshake in pieces", sub { $proxy->delay(0.0005, 1); is($proxy->cut, 1, 'it is in use') });
	$proxy->delay(0, 65536);

	# too slow for its deadline, and cut while it lasts
	ok(wait_applied($node), "$protocol: all is well before");
	$daemon->mark_log;
	$proxy->delay(0.1, 1);
	is($proxy->cut, 1, 'it is in use');
	my @keys = $recovery->change;
	ok($daemon->wait_for_log(qr/error="no reply to the TLS handshake before the deadline"/, 20), "$protocol: a handshake that is too slow is given up")
	  or diag $daemon->log_since_mark;
	ok((wait_for { $proxy->count > 0 }), "$protocol: the next one begins");
	pause(1);
	$proxy->cut;
	ok($daemon->wait_for_log(qr/error="the TLS handshake was cut short: Redis closed the connection"/, 20), "$protocol: a handshake that is cut is told")
	  or diag $daemon->log_since_mark;
	ok(!is_applied($node), "$protocol: nothing is acknowledged meanwhile");
	$proxy->delay(0, 65536);
	$proxy->cut;
	$recovery->is_soon("$protocol: a handshake that is quick again", @keys);
}

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
