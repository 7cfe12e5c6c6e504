# Primaries of a Redis Cluster that fail over, change places with their replicas, or are started again from a dump: what
# they may have lost is deleted again, and nothing else; where nothing is known of a primary there is a resync.
#
# Rows of item make the keys item:<id>.  What nobody has changed since a position was taken stays cached: a resync would
# delete it.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;
use Uncache::Test::RedisCluster;

use constant ITEMS => 60;

my $node = start_postgres('main');
my $cluster = Uncache::Test::RedisCluster->new('cluster', primaries => 3, replicas => 1);
my @items = map { "item:$_" } 1 .. ITEMS;

$node->safe_psql('postgres', sprintf <<'END', ITEMS);
CREATE TABLE item (id int PRIMARY KEY, version int NOT NULL);
SELECT uncache.watch('item', 'item:{id}');
INSERT INTO item SELECT g, 0 FROM generate_series(1, %d) g;
END
my $daemon = start_daemon('uncached', node => $node, redis => $cluster->url);

sub change
{
	my (@ids) = @_;

	$node->safe_psql('postgres', sprintf 'UPDATE item SET version = version + 1 WHERE id IN (%s)', join ',', @ids);
	return;
}

# A position is known that has all in it that was acknowledged.
sub wait_placed
{
	return wait_for {
		is_applied($node) && $node->safe_psql('postgres', <<'END') eq 't' };
SELECT EXISTS (SELECT FROM uncache.positions p JOIN uncache.consumers c ON c.id = p.consumer_id WHERE p.cursor = c.cursor)
END
}

# All items are cached everywhere, and known to be where nothing is to be done again.
sub settle
{
	$cluster->await_complete;
	ok(wait_applied($node), 'all is applied');
	$cluster->fill(@items);
	ok(wait_placed(), 'a position is acknowledged');
	foreach my $primary ($cluster->primaries)
	{
		my $offset = $primary->info('master_repl_offset');
		my $replica = $cluster->replica_of($primary);

		wait_for { $replica->info('master_repl_offset') >= $offset } or die 'the replica does not catch up';
	}
	$daemon->mark_log;
	return;
}

# Which ids have their keys at a node.
sub ids_at
{
	my ($primary) = @_;

	return sort { $a <=> $b } map { /^item:(\d+)$/ ? $1 : () } @{ $primary->command('KEYS', 'item:*') };
}

# The first ids of each node.
sub some_of_each { return map { (ids_at($_))[ 0 .. 2 ] } @_; }

# The replica gets nothing any more, and knows of no reason.
sub cut_off
{
	my ($replica) = @_;

	$replica->command('CONFIG', 'SET', 'masterauth', 'wrong');
	$replica->command('CLIENT', 'KILL', 'TYPE', 'master');
	return;
}

# The replica takes the place of the primary, which dies, whether others agree or not.
sub take_over
{
	my ($primary, $replica) = @_;

	$primary->kill9;
	$replica->command('CLUSTER', 'FAILOVER', 'TAKEOVER');
	$cluster->await_promotion($replica);
	$replica->command('CONFIG', 'SET', 'masterauth', '');
	return;
}

# The dead one comes back, as its replica.
sub rejoin
{
	my ($primary) = @_;

	$primary->start;
	wait_for { $primary->info('role') eq 'slave' && $primary->info('master_link_status') eq 'up' }
	  or die 'the dead one does not follow';
	return;
}

sub expect_only
{
	my ($what, @gone) = @_;
	my %is_gone = map { ("item:$_" => 1) } @gone;

	ok((wait_for { !@{ $cluster->remaining(keys %is_gone) } }), "$what: what was lost is deleted again");
	ok(wait_applied($node), "$what: all is applied");
	is_deeply($cluster->remaining(@items), [ grep { !$is_gone{$_} } @items ], "$what: all else stays");
	ok(!$daemon->has_resynced, "$what: there was no resync");
	return;
}

sub goes_back
{
	my ($what, $replaced, $rows) = @_;

	ok($daemon->wait_for_log(qr/applying them again.*replaced \($replaced\).*: $rows rows of the last \d+ s are applied again/),
		"$what: the log says so");
	return;
}

# --- deletes that were acknowledged are lost with a primary ---

settle();
my ($primary, @others) = $cluster->primaries;
my $replica = $cluster->replica_of($primary);
my @changed = some_of_each($primary, $others[0]);
cut_off($replica);
change(@changed);
ok(wait_applied($node), 'deletes are acknowledged');
my %left = map { $_ => 1 } ids_at($replica);
ok($left{ $changed[0] }, 'and the replica has none of them');
take_over($primary, $replica);
goes_back('a primary dies', '1 of 3', '[1-9]\d*');
expect_only('a primary dies', @changed);
rejoin($primary);

# --- primary and replica change places ---

settle();
$cluster->switch_over($others[0]);
goes_back('a switch-over', '1 of 3', '0');
expect_only('a switch-over');

# --- two at once ---

settle();
my @dying = ($cluster->primaries)[ 0, 1 ];
my @replicas = map { $cluster->replica_of($_) } @dying;
@changed = some_of_each(@dying);
cut_off($_) for @replicas;
change(@changed);
ok(wait_applied($node), 'deletes are acknowledged by two');
$_->kill9 for @dying;
take_over($dying[$_], $replicas[$_]) for 0, 1;
goes_back('two at once', '2 of 3', '[1-9]\d*');
expect_only('two at once', @changed);
rejoin($_) for @dying;

# --- the same while the daemon is away ---

settle();
($primary) = $cluster->primaries;
$replica = $cluster->replica_of($primary);
@changed = some_of_each($primary);
cut_off($replica);
change(@changed);
ok(wait_applied($node), 'deletes are acknowledged');
$daemon->kill9;
take_over($primary, $replica);
$daemon->start;
goes_back('without the daemon', '1 of 3', '[1-9]\d*');
expect_only('without the daemon', @changed);
rejoin($primary);

# a daemon that is started again has nothing to do
settle();
$daemon->kill9;
$daemon->start;
ok($daemon->wait_for_log(qr/msg="?attached/), 'a daemon that is started again attaches');
expect_only('a daemon that is started again');
ok($daemon->log_since_mark !~ /applying them again/, 'it applies nothing again');

# --- all of them start again from a dump ---

settle();
$_->command('SAVE') for $cluster->primaries;
@changed = some_of_each($cluster->primaries);
change(@changed);
ok(wait_applied($node), 'deletes are acknowledged by all');
my @primaries = $cluster->primaries;
@replicas = map { $cluster->replica_of($_) } @primaries;
$_->kill9 for @replicas, @primaries;
$_->start for @primaries, @replicas;
$cluster->await_complete;
goes_back('all start again', '3 of 3', '[1-9]\d*');
expect_only('all start again', @changed);

# without one they are empty, and so is what is known of them
wait_for { !grep { !$cluster->replica_of($_) } @primaries } or die 'the replicas do not come back';
settle();
$_->kill9 for @replicas, @primaries;
unlink($_->directory . '/dump.rdb') for @primaries, @replicas;
$_->start for @primaries, @replicas;
$cluster->await_complete;
ok($daemon->wait_for_log(qr/resync begins.*a primary has joined the Redis Cluster, or continues with a different history/),
	'without a dump there is a resync');
ok(wait_applied($node), 'which is applied');

# --- a node joins, and leaves ---

my $slot = $cluster->slot('item:1');
my ($from) = grep { my $one = $_; grep { $_ == $slot } $cluster->slots_of($one) } $cluster->primaries;
$cluster->fill(@items);
$daemon->mark_log;
my $joined = $cluster->add_node;
$cluster->move_slot($slot, $from, $joined);
ok($daemon->wait_for_log(qr/resync begins.*a primary has joined the Redis Cluster/), 'a node that joins makes a resync');
ok(wait_for { !@{ $cluster->remaining(@items) } }, 'of everything');
wait_for { $daemon->log_since_mark =~ /resync complete/ };
$daemon->mark_log;
$cluster->move_slot($slot, $joined, $from);
ok($daemon->wait_for_log(qr/resync begins.*a primary has left the Redis Cluster/), 'so does one that leaves');

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
