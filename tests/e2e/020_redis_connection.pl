# Connections to Redis that stall, fall silent, break or are slow, and a Redis
# that stands still: the daemon is back within 10 s, and nothing is lost.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Proxy;
use Uncache::Test::Recovery;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my $socket = PostgreSQL::Test::Utils::tempdir_short() . '/proxy.sock';
my $proxy = Uncache::Test::Proxy->new(listen => $socket, server => $redis->socket);
my $daemon = start_daemon('uncached', node => $node, redis => "unix://$socket");
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

comes_back('a connection that stalls', sub { is($proxy->stall, 1, 'it is in use') });
comes_back('a connection without answers', sub { is($proxy->silence, 1, 'it is in use') });
comes_back('half a connection', sub { is($proxy->drop_client, 1, 'it is in use') });
comes_back('a cut', sub { is($proxy->cut, 1, 'it is in use') });
comes_back('answers in pieces', sub { $proxy->delay(0.01, 3) });
$proxy->delay(0, 65536);

# a server that stands still, and goes on after the daemon has lost patience
$daemon->mark_log;
ok(wait_applied($node), 'a Redis that stands still: all is well before');
kill('STOP', $redis->pid);
$node->safe_psql('postgres', q{SELECT uncache.invalidate('still')});
ok($daemon->wait_for_log(qr/no reply before the deadline.*no reply to the greeting/s, 60),
	'a Redis that stands still: the daemon loses patience');
ok(!is_applied($node), 'a Redis that stands still: nothing is acknowledged');
kill('CONT', $redis->pid);
my $begin = time;
ok(wait_applied($node), 'a Redis that goes on: everything is applied');
cmp_ok(time - $begin, '<', Uncache::Test::Recovery::BACK_WITHIN_S, 'a Redis that goes on: soon');

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
