# A Redis that fails over to its replica, or is started again from a dump: what
# it may have lost is deleted again, and nothing else.
#
# Rows of item make the keys item:<id>.  What nobody has changed since a position
# was taken stays cached: a resync would delete it.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;

my $node = start_postgres('main');
my $pair = start_redis_pair('redis');
my @items = map { "item:$_" } 1 .. 20;

$node->safe_psql('postgres', q{
	CREATE TABLE item (id int PRIMARY KEY, version int NOT NULL);
	SELECT uncache.watch('item', 'item:{id}');
	INSERT INTO item SELECT g, 0 FROM generate_series(1, 20) g});
my $daemon = start_daemon('daemon', node => $node, redis => $pair->url);

sub change
{
	my ($ids) = @_;

	$node->safe_psql('postgres', "UPDATE item SET version = version + 1 WHERE id IN ($ids)");
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
	ok(wait_applied($node), 'all is applied');
	$pair->primary->fill(@items);
	ok(wait_placed(), 'a position is acknowledged');
	$pair->catch_up;
	is_deeply($pair->replica->remaining(@items), \@items, 'all items are cached, in the replica, too');
	$daemon->mark_log;
	return;
}

sub expect_only
{
	my ($what, @gone) = @_;
	my %is_gone = map { ("item:$_" => 1) } @gone;
	my @kept = grep { !$is_gone{$_} } @items;

	ok((wait_for { !@{ $pair->primary->remaining(keys %is_gone) } }), "$what: what was lost is deleted again");
	ok(wait_applied($node), "$what: all is applied");
	is_deeply($pair->primary->remaining(@items), \@kept, "$what: all else stays");
	ok(!$daemon->has_resynced, "$what: there was no resync");
	return;
}

# --- a failover that loses nothing ---

change('1, 2');
settle();
$pair->fail_over;
ok($daemon->wait_for_log(qr/applying them again.* 0 rows of the last \d+ s are applied again/), 'a failover that is proven to lose nothing');
expect_only('proven');
$pair->rejoin;

# --- a failover that loses deletes which were acknowledged ---

settle();
$pair->cut_off;
change('3, 4, 5');
ok(wait_applied($node), 'the primary has acknowledged deletes');
is_deeply($pair->primary->remaining(map { "item:$_" } 3 .. 5), [], 'which it has done');
is_deeply($pair->replica->remaining(map { "item:$_" } 3 .. 5), [ 'item:3', 'item:4', 'item:5' ],
	'and its replica has not');
$pair->fail_over;
expect_only('cut off', 3, 4, 5);
ok($daemon->wait_for_log(qr/Redis is another process.* [1-9]\d* rows of the last \d+ s are applied again/), 'the log says so');
$pair->rejoin;

# --- the same while the daemon is away ---

settle();
$pair->cut_off;
change('6');
ok(wait_applied($node), 'a delete is acknowledged');
is($daemon->stop(5), 0, 'the daemon stops');
change('7');
$pair->fail_over;
$pair->rejoin;
$daemon->start;
expect_only('away', 6, 7);

# --- a replica at the address, though it takes writes ---

settle();
$pair->replica->command('CONFIG', 'SET', 'replica-read-only', 'no');
$pair->lead_to($pair->replica);
$pair->primary->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
change('8');
my $connections = $pair->replica->info('total_connections_received');
ok((wait_for { $pair->replica->info('total_connections_received') >= $connections + 3 }), 'a replica is refused again and again');
is(scalar(() = $daemon->log_since_mark =~ /READONLY the server says that it is a replica/g), 1, 'which is said once');
is_deeply($pair->replica->remaining(@items), \@items, 'and not written to');
$pair->lead_to($pair->primary);
expect_only('a replica', 8);

# --- a primary that is demoted while the daemon is connected ---

settle();
my ($old, $new) = ($pair->primary, $pair->replica);
$old->command('CONFIG', 'SET', 'replica-read-only', 'no');
$new->command('REPLICAOF', 'NO', 'ONE');
$daemon->mark_log;
$old->command('REPLICAOF', '127.0.0.1', $new->port);
ok($daemon->wait_for_log(qr/connection to Redis lost.*READONLY the server says that it is a replica/),
	'the daemon leaves a primary that was demoted');
change('9');
ok($daemon->wait_for_log(qr/cannot use Redis.*READONLY/), 'which is refused from then on');
is_deeply($old->remaining(@items), \@items, 'and not written to');
@$pair{ 'primary', 'replica' } = ($new, $old);
$pair->lead_to($new);
expect_only('demoted', 9);

# --- a restart from an old dump, idle ---

settle();
$pair->primary->command('SAVE');
change('10, 11');
ok(wait_placed(), 'deletes are acknowledged after the dump, and a position as well');
$pair->primary->kill9;
$pair->primary->start_hidden;
is_deeply($pair->primary->remaining('item:10', 'item:11'), [ 'item:10', 'item:11' ], 'Redis comes back without them');
# before Redis 7 a primary that starts from a dump begins another history, and one more with its first replica
my $keeps_history = Uncache::Test::Redis::major_version() >= 7;
$pair->catch_up unless $keeps_history;
$pair->primary->reveal;
if ($keeps_history) { expect_only('a dump', 10, 11); }
else
{
	ok((wait_for { $daemon->has_resynced }), 'a dump: of which Redis 6 proves nothing: there is a resync');
	ok(wait_applied($node), 'a dump: all is applied');
	is_deeply($pair->primary->remaining(@items), [], 'a dump: all that rules can produce is gone');
}

# --- nothing is proven: the replica followed another primary ---

settle();
$pair->cut_off;
$pair->replica->command('DEBUG', 'CHANGE-REPL-ID');
change('12');
ok(wait_applied($node), 'a delete is acknowledged');
$pair->fail_over;
ok($daemon->wait_for_log(qr/resync begins.*Redis is another process/), 'without a proof there is a resync');
ok((wait_for { !@{ $pair->primary->remaining(@items) } }), 'which deletes all');

is($daemon->stop(5), 0, 'it stops');
done_testing();
