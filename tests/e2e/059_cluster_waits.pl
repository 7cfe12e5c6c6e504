# What keeps a Redis Cluster from being used is said once, and when it is over: a slot that nobody serves, and a
# tag whose slot's move was begun and is not finished.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;
use Uncache::Test::RedisCluster;

my $node = start_postgres('main');
my $cluster = Uncache::Test::RedisCluster->new('cluster', primaries => 2);

$node->safe_psql('postgres', <<'END');
CREATE TABLE item (id text PRIMARY KEY);
SELECT uncache.watch('item', keys => ARRAY['item:{id}'], tags => ARRAY['item:{id}']);
END
my $daemon = start_daemon('uncached', node => $node, redis => $cluster->url);

# --- a tag's slot is on the move ---

my $slot = $cluster->slot('tag:item:{a}');
my ($from) = grep { eval { $_->command('GET', 'tag:item:{a}'); 1 } } $cluster->primaries;
my ($to) = grep { $_ != $from } $cluster->primaries;
my $waits = qr/msg="a tag waits, its slot of the Redis Cluster is on the move"/;

$daemon->mark_log;
$cluster->fill('member', 'item:b');
$cluster->command('SADD', 'tag:item:{a}', 'member');
$cluster->open_slot($slot, $from, $to);
$node->safe_psql('postgres', q{INSERT INTO item VALUES ('{a}')});
$node->safe_psql('postgres', q{INSERT INTO item VALUES ('b')});
ok(wait_for(sub { !$cluster->has('item:b') }), 'keys are deleted meanwhile');
ok($daemon->wait_for_log($waits, 30), 'that the tag waits is said');
like($daemon->log_since_mark, qr/$waits.*error="(?:ASK|TRYAGAIN) .*advice="if nobody is moving slots now/, 'with the reason and advice');
sleep 2;
is(scalar(() = $daemon->log_since_mark =~ /$waits/g), 1, 'once');
ok($cluster->has('member'), 'its members are there');
isnt($node->safe_psql('postgres', 'SELECT pending_rows FROM uncache.status'), '0', 'its row waits');
$cluster->close_slot($slot, $from, $to);
ok(wait_applied($node), 'when the move is finished it is applied');
ok(!$cluster->has('member'), 'its members are deleted');
ok($daemon->wait_for_log(qr/msg="tags do not wait for a slot any more"/), 'that is said, too');

# --- a slot that nobody serves ---

my $unserved = qr/msg="cannot find out who serves the slots of the Redis Cluster".*error="not every slot/;

$daemon->mark_log;
$_->command('CLUSTER', 'DELSLOTS', $slot) for $cluster->primaries;
ok($daemon->wait_for_log($unserved, 30), 'a slot that nobody serves is told of');
$node->safe_psql('postgres', q{INSERT INTO item VALUES ('c')});
sleep 5;
is(scalar(() = $daemon->log_since_mark =~ /$unserved/g), 1, 'once');
isnt($node->safe_psql('postgres', 'SELECT pending_rows FROM uncache.status'), '0', 'rows wait');
$to->command('CLUSTER', 'ADDSLOTS', $slot);
ok(wait_applied($node), 'they are applied when it is served again');
ok($daemon->wait_for_log(qr/msg="every slot of the Redis Cluster is served again" target=default failures=[1-9]\d* duration_ms=\d+/),
	'which is said');

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
