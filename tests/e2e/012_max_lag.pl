# A daemon or a Redis that stays away for longer than uncache.max_lag: the
# journal is released, and what was missed is resynced.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;

use constant ITEMS => 100;

my $node = start_postgres('main', conf => <<'END');
uncache.max_lag = 2s
uncache.retention = 0
END
my $redis = start_redis('redis');

$node->safe_psql('postgres', sprintf <<'END', ITEMS);
CREATE TABLE item (id int PRIMARY KEY, version int NOT NULL);
INSERT INTO item SELECT n, 0 FROM generate_series(1, %d) n;
SELECT uncache.watch('item', 'item:{id}');
END
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);
my @keys = map { "item:$_" } 1 .. ITEMS;
my $session = Uncache::Test::Session->connect($node);

sub state { return $node->safe_psql('postgres', 'SELECT state FROM uncache.status'); }

# Only the time that its clock shows is left out.
sub alarm_is { return ($node->safe_psql('postgres', 'SELECT alarm FROM uncache.status') =~ s/ at \d.*/ at …/r) eq $_[0]; }

use constant ALARM => 'behind for longer than half of uncache.max_lag (2s): it will be declared lost at …';

sub journal_rows { return $node->safe_psql('postgres', 'SELECT count(*) FROM uncache.journal'); }

# Changes a row in a transaction of its own, of an old and of a new session.
sub change
{
	my ($id) = @_;

	$session->query("UPDATE item SET version = version + 1 WHERE id = $id");
	$node->safe_psql('postgres', "UPDATE item SET version = version + 1 WHERE id = $id");
	return;
}

# Goes on changing rows 1 to 50 until the consumer is lost.
sub change_until_lost
{
	my $id = 0;

	return wait_for { change(1 + $id++ % 50); state() eq 'lost' };
}

# --- no daemon ---

$redis->fill(@keys, 'other');
ok(alarm_is(''), 'a daemon at work causes no alarm');
is($daemon->stop(5), 0, 'the daemon stops');
change(1);
cmp_ok(journal_rows(), '>=', 2, 'its journal waits');
is(state(), 'ready', 'for a while');
ok((wait_for { alarm_is(ALARM) }), 'after half of the time the status has an alarm');
ok(change_until_lost(), 'then it is declared lost, without any daemon');
like($node->safe_psql('postgres', 'SELECT resync_reason FROM uncache.status'),
	qr/^declared lost: behind for longer than uncache.max_lag \(2s\)$/, 'the status says why');
cmp_ok($node->safe_psql('postgres', q{SELECT extract(epoch FROM lag) FROM uncache.status}), '>=', 2, 'and since when');
like(PostgreSQL::Test::Utils::slurp_file($node->logfile),
	qr/WARNING:  the consumer of target "default" is declared lost/, 'as does the server log');
my $rows;
ok((wait_for { ($rows = journal_rows()) < 20 }), "what had waited goes ($rows rows are left)");
change(51);
cmp_ok(journal_rows(), '<=', $rows, 'nothing more is journalled');
ok(alarm_is(''), 'the alarm has ended with the loss');
is(scalar @{ $redis->remaining(@keys) }, ITEMS, 'the cache is stale');

$daemon->mark_log;
$daemon->start;
ok($daemon->wait_for_log(qr/resync begins.*declared lost/), 'a daemon that comes back resyncs');
ok(wait_attached($node), 'the resync ends');
is_deeply($redis->remaining(@keys, 'other'), ['other'], 'nothing stale is left, nothing else is gone');
$redis->fill('item:1');
change(1);
ok((wait_for { !$redis->has('item:1') }), 'changes are journalled again');
ok(wait_applied($node), 'and applied');

# --- a daemon without Redis ---

$redis->kill9;
$daemon->mark_log;
ok(change_until_lost(), 'a daemon without Redis is declared lost as well');
$redis->start;
$redis->fill(@keys, 'other');
ok($daemon->wait_for_log(qr/declared lost/, 60), 'it is told so');
ok($daemon->wait_for_log(qr/resync begins/, 60), 'attaches again, and resyncs');
ok(wait_attached($node), 'the resync ends');
is_deeply($redis->remaining(@keys, 'other'), ['other'], 'nothing stale is left');
$redis->fill('item:1');
change(1);
ok((wait_for { !$redis->has('item:1') }), 'changes are journalled again');

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
