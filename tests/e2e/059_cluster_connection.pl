# How a Redis Cluster is reached: hosts announced as names or not at all, nodes that are new, slots that change
# hands by the hundred, one node that refuses or is full, and TLS to all of them.

use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Utils ();
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Certificates;
use Uncache::Test::Daemon;
use Uncache::Test::RedisCluster;
use Uncache::Test::Shim;

use constant ITEMS => 300;

my $node = start_postgres('main');
my $cluster = Uncache::Test::RedisCluster->new('cluster', primaries => 3);
my $shim = Uncache::Test::Shim->new;
my @keys = map { "item:$_" } 1 .. ITEMS;

$shim->know('node.test' => '127.0.0.1');
$node->safe_psql('postgres', sprintf <<'END', ITEMS);
CREATE TABLE item (id int PRIMARY KEY, version int NOT NULL DEFAULT 0);
CREATE TABLE page (id text PRIMARY KEY);
CREATE TABLE tagged (id int PRIMARY KEY, version int NOT NULL DEFAULT 0);
INSERT INTO item SELECT n FROM generate_series(1, %d) n;
INSERT INTO tagged VALUES (1);
SELECT uncache.watch('item', keys => ARRAY['item:{id}'], versions => ARRAY['ver:{id}']);
SELECT uncache.watch('page', 'page:{id}');
SELECT uncache.watch('tagged', tags => ARRAY['tagged:{id}']);
END
my $daemon = start_daemon('uncached', node => $node, redis => $cluster->url, wrapper => $shim->wrapper);

sub change { $node->safe_psql('postgres', 'UPDATE item SET version = version + 1'); return; }

sub works
{
	my ($what) = @_;

	$cluster->fill(@keys);
	change();
	ok(wait_applied($node), "$what: changes are applied") or diag $daemon->log_since_mark;
	is_deeply($cluster->remaining(@keys), [], "$what: on every node");
	return;
}

# Each connection of the daemon's, on these nodes or all.
sub cut { $_->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes') for @_ ? @_ : $cluster->nodes; return; }

# --- hosts ---

my $slot = $cluster->slot('{move}');
my ($from) = grep { eval { $_->command('GET', '{move}'); 1 } } $cluster->primaries;
my ($to) = grep { $_ != $from } $cluster->primaries;
my @moving = map { "page:{move}:$_" } 1 .. 20;

# Half of a slot has moved, so that its keys are found by ASK.
sub works_by_ask
{
	my ($what, $there) = @_;

	$cluster->fill(@moving);
	$cluster->open_slot($slot, $from, $there);
	$from->command('MIGRATE', '127.0.0.1', $there->port, '', 0, 5000, 'KEYS', @moving[0 .. 9]);
	$node->safe_psql('postgres', q{INSERT INTO page SELECT '{move}:' || n FROM generate_series(1, 20) n; DELETE FROM page});
	ok(wait_applied($node), "$what: ASK is followed") or diag $daemon->log_since_mark;
	is_deeply($cluster->remaining(@moving), [], "$what: to both nodes");
	$cluster->close_slot($slot, $from, $there);
	$cluster->fill('page:{move}:1');
	$node->safe_psql('postgres', q{INSERT INTO page VALUES ('{move}:1'); DELETE FROM page});
	ok(wait_applied($node), "$what: so is MOVED") or diag $daemon->log_since_mark;
	ok(!$cluster->has('page:{move}:1'), "$what: to the new owner");
	return;
}

$cluster->everywhere('CONFIG', 'SET', 'cluster-announce-hostname', 'node.test');
foreach my $type ('hostname', 'unknown-endpoint', 'ip')
{
	$cluster->everywhere('CONFIG', 'SET', 'cluster-preferred-endpoint-type', $type);
	$daemon->mark_log;
	cut();
	works($type);
	works_by_ask($type, $to);
	like($daemon->log_since_mark, qr/msg="connected to Redis" target=default server=node\.test:/, 'names are looked up') if $type eq 'hostname';
	$cluster->move_slot($slot, $to, $from);
}
my $joined = $cluster->add_node;
$cluster->await_complete;
works_by_ask('a node that no map has named yet', $joined);
$cluster->move_slot($slot, $joined, $from);

# --- a tag whose slot is on the move ---

$cluster->fill('list:1');
$cluster->command('SADD', 'tag:tagged:1', 'list:1');
my $tag_slot = $cluster->slot('tag:tagged:1');
my ($tag_from) = grep { eval { $_->command('EXISTS', 'tag:tagged:1') } } $cluster->primaries;
my ($tag_to) = grep { $_ != $tag_from } $cluster->primaries;
$cluster->open_slot($tag_slot, $tag_from, $tag_to);
like(eval { $tag_from->command('EVAL', 'return 1', 2, 'tag:tagged:1', 'tag:{tag:tagged:1}'); 1 } ? '' : $@, qr/TRYAGAIN/, 'what has two keys is told TRYAGAIN');
$node->safe_psql('postgres', 'UPDATE tagged SET version = 1');
$cluster->fill(@keys);
change();
ok((wait_for { !@{ $cluster->remaining(@keys) } }), 'keys do not wait for a tag whose slot is on the move');
$cluster->close_slot($tag_slot, $tag_from, $tag_to);
ok(wait_applied($node), 'the tag is deleted when it has moved') or diag $daemon->log_since_mark;
is_deeply($cluster->remaining('list:1', 'tag:tagged:1'), [], 'with its members');

# --- many slots change hands at once ---

sub map_questions
{
	my $sum = 0;

	$sum += ($_ =~ /^cmdstat_cluster\|slots:calls=(\d+)/m ? $1 : 0) for $cluster->everywhere('INFO', 'commandstats');
	return $sum;
}

sub give_away
{
	my ($giver, $taker, @slots) = @_;

	foreach my $moved (@slots)
	{
		$cluster->open_slot($moved, $giver, $taker);
		$cluster->close_slot($moved, $giver, $taker);
	}
	return;
}

my ($giver, $taker) = grep { $_ != $joined } $cluster->primaries;
$cluster->fill(@keys);
my ($questions, $begin) = (map_questions(), time);
$daemon->mark_log;
my @slots = $cluster->slots_of($giver);
for (1 .. 8)
{
	give_away($giver, $taker, splice(@slots, 0, 50));
	change();
}
ok(wait_applied($node), 'changes are applied while 400 slots change hands');
is_deeply($cluster->remaining(@keys), [], 'everywhere');
my ($asked, $took) = (map_questions() - $questions, time - $begin);
cmp_ok($asked, '>=', 1, 'the map is asked for again');
cmp_ok($asked, '<=', $took + 2, sprintf('and not more than once a second: %d times in %.1f s', $asked, $took));
unlike($daemon->log_since_mark, qr/level=(?:warning|error)/, 'nothing is complained of');

# --- one node refuses ---

my ($refusing) = grep { $_ != $giver && $_ != $joined } $cluster->primaries;
$daemon->mark_log;
$refusing->command('CONFIG', 'SET', 'requirepass', 'secret');
cut($refusing);
ok($daemon->wait_for_log(qr/level=error msg="[^"]+" target=default server=127\.0\.0\.1:@{[ $refusing->port ]}\/0 error="NOAUTH[^"]*" advice="/, 20),
	'a node that wants a password is named') or diag $daemon->log_since_mark;
change();
is($node->safe_psql('postgres', q{SELECT pending_rows > 0 FROM uncache.status WHERE target = 'default'}), 't', 'nothing is acknowledged meanwhile');
$refusing->command('CONFIG', 'SET', 'requirepass', '');
works('it wants none any more');

# --- one node is full ---

$cluster->fill('list:1', 'list:2');
$cluster->command('SADD', 'tag:tagged:1', 'list:1', 'list:2');
$cluster->fill(@keys);
$_->command('CONFIG', 'SET', 'maxmemory', 1) for $cluster->primaries;
like(eval { $cluster->command('SET', 'x', 1); 1 } ? '' : $@, qr/OOM/, 'nodes are full');
$daemon->mark_log;
$node->safe_psql('postgres', 'UPDATE tagged SET version = 2');
change();
ok(wait_applied($node), 'changes are applied when nodes are full') or diag $daemon->log_since_mark;
is_deeply($cluster->remaining(@keys, 'list:1', 'list:2', 'tag:tagged:1'), [], 'keys, tags and members are deleted');
unlike($daemon->log_since_mark, qr/level=(?:warning|error)/, 'without a complaint');
is_deeply($cluster->remaining(map { "ver:$_" } 1 .. ITEMS), [], 'and so are versions, which could not be renewed');
is($daemon->stop(5), 0, 'the daemon stops');

# --- TLS ---

my $ours = Uncache::Test::Certificates->new('our CA');
# nodes are each other's clients
my @right = $ours->sign('redis', names => 'IP:127.0.0.1', usage => 'serverAuth,clientAuth');
my @others = $ours->sign('other', names => 'DNS:other.test', usage => 'serverAuth,clientAuth');
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $secure = Uncache::Test::RedisCluster->new('secure', primaries => 3, tls => [ @right, $ours->authority ]);

$cluster = $secure;
$daemon = start_daemon('tls', node => $node, redis => $secure->tls_url, env => { REDIS_TLS_CA_FILE => $ours->authority });
works('TLS');
like($daemon->log, qr/msg="connected to Redis" target=default server="127\.0\.0\.1:$_\/0 tls"/, 'TLS: a node is reached at its port with TLS')
  for map { $_->{tls_port} } $secure->nodes;
my $moved = $secure->slot('item:1');
my ($holder) = grep { eval { $_->command('GET', 'item:1'); 1 } } $secure->primaries;
my ($next) = grep { $_ != $holder } $secure->primaries;
$secure->move_slot($moved, $holder, $next);
works('TLS, when a slot has moved');
$daemon->mark_log;
$holder->command('CONFIG', 'SET', 'tls-cert-file', $others[0], 'tls-key-file', $others[1]);
cut($holder);
ok($daemon->wait_for_log(qr/level=error msg="[^"]+" target=default server="127\.0\.0\.1:$holder->{tls_port}\/0 tls" error="the certificate of Redis is for another host: [^"]*" advice="/, 20),
	'TLS: a node with the certificate of another host is refused') or diag $daemon->log_since_mark;
$secure->fill(@keys);
change();
is($node->safe_psql('postgres', q{SELECT pending_rows > 0 FROM uncache.status WHERE target = 'default'}), 't', 'TLS: nothing is acknowledged meanwhile');
$holder->command('CONFIG', 'SET', 'tls-cert-file', $right[0], 'tls-key-file', $right[1]);
ok(wait_applied($node), 'TLS: it has the right one again');
is_deeply($secure->remaining(@keys), [], 'TLS: and all is deleted');
is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
