# A daemon that is killed at named points of its work, and two daemons of
# which one is stopped there and goes on later.

use strict;
use warnings FATAL => 'all';
use POSIX qw(SIGKILL SIGSTOP);
use Test::More;
use Uncache::Test;
use Uncache::Test::Daemon;

use constant BATCHES => 3;

# Each has more bytes than one fetch takes.
use constant BATCH_KEYS => 1500;
use constant TAIL => 'x' x 190;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my %served = (node => $node, redis => $redis->url);
my $started = 0;

$node->safe_psql('postgres', <<'END');
CREATE TABLE page (id int PRIMARY KEY);
SELECT uncache.watch('page', 'page:{id}');
-- who acknowledged what, in this order
CREATE TABLE acks (n serial, pid int, target text, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION note_ack() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
	'BEGIN INSERT INTO public.acks (pid, target) VALUES (pg_backend_pid(), NEW.target); RETURN NEW; END';
CREATE TRIGGER note_ack BEFORE UPDATE ON uncache.consumers
	FOR EACH ROW WHEN (NEW.acked_at IS DISTINCT FROM OLD.acked_at) EXECUTE FUNCTION note_ack();
END

# The keys of one batch, and those that its patterns and tags mean.
sub keys_of
{
	my ($batch) = @_;

	return map { "k:$batch:$_:" . TAIL } 1 .. BATCH_KEYS;
}

sub other_keys_of
{
	my ($batch) = @_;

	return ("p:$batch:1", "p:$batch:2", "tagged:$batch", "tag:t:$batch");
}

# All is cached, and all of it is changed: a transaction for each batch.
sub change
{
	foreach my $batch (1 .. BATCHES)
	{
		$redis->fill(keys_of($batch), "p:$batch:1", "p:$batch:2", "tagged:$batch");
		$redis->command('SADD', "tag:t:$batch", "tagged:$batch");
		$node->safe_psql('postgres', sprintf <<'END', $batch, BATCH_KEYS, $batch, $batch);
SELECT count(uncache.invalidate('k:%d:' || n || ':' || repeat('x', 190))) FROM generate_series(1, %d) n;
SELECT uncache.invalidate_pattern('p:%d:*');
SELECT uncache.invalidate_tag('t:%d');
END
	}
	$redis->fill('page:1', 'other');
	return;
}

sub all_keys { return map { (keys_of($_), other_keys_of($_)) } 1 .. BATCHES; }

sub pending_rows
{
	return $node->safe_psql('postgres', 'SELECT pending_rows FROM uncache.status');
}

# --- killed ---

# What is not pending any more is gone from Redis; then a successor does the rest.
sub survives
{
	my ($point, $count) = @_;
	my $what = "$point, time $count";
	my $daemon = Uncache::Test::Daemon->new('killed' . ++$started, %served,
		fault => "$point:$count:@{[SIGKILL]}");

	change();
	$daemon->start;
	is($daemon->wait_exit, 128 + SIGKILL, "$what: the daemon is killed there");
	my $pending = pending_rows();
	my $left = @{ $redis->remaining(all_keys()) };
	ok($pending > 0 || $left == 0, "$what: nothing is acknowledged that is left ($pending rows, $left keys)");

	my $successor = start_daemon("successor$started", %served);
	ok(wait_applied($node), "$what: a successor applies the rest");
	is(scalar @{ $redis->remaining(all_keys()) }, 0, "$what: every key is deleted");
	ok($redis->has('other'), "$what: and nothing else");
	is($successor->stop(5), 0, "$what: it stops");
	return $successor;
}

is(start_daemon('first', %served)->stop(5), 0, 'the consumer is registered');

foreach my $point (qw(after_fetch after_send before_ack after_ack))
{
	ok(!survives($point, $_)->has_resynced, "$point: without a resync") foreach 1 .. BATCHES;
}
ok(!survives('after_reply', $_)->has_resynced, 'after_reply: without a resync') foreach 1, 2, 20, 40;
ok(!survives('during_scan', $_)->has_resynced, 'during_scan: without a resync') foreach 1, 2;

foreach my $point (qw(during_resync after_resync))
{
	$node->safe_psql('postgres', q{UPDATE uncache.consumers SET resync_reason = 'the test says so'});
	ok(survives($point, 1)->has_resynced, "$point: the successor resyncs as well");
	ok(!$redis->has('page:1'), "$point: what the rules can produce is deleted");
}

# --- stopped, and gone on with ---

# The one that stops is given up by the server after this time without a word.
$node->safe_psql('postgres', q{ALTER ROLE uncached SET idle_session_timeout = '2s'; TRUNCATE acks});

foreach my $point (qw(after_fetch after_send before_ack after_ack))
{
	my $first = start_daemon('stopped' . ++$started, %served, fault => "$point:1:@{[SIGSTOP]}");
	my $second = Uncache::Test::Daemon->new("other$started", %served)->start;

	ok($second->wait_for_log(qr/standing by/), "$point: a second daemon stands by");
	change();
	ok($second->wait_for_log(qr/taking over/), "$point: it takes over when the first has stopped there");
	ok(wait_applied($node), "$point: and applies everything");
	is(scalar @{ $redis->remaining(all_keys()) }, 0, "$point: every key is deleted");

	$first->mark_log;
	$first->signal('CONT');
	ok($first->wait_for_log(qr/session with PostgreSQL ended.*standing by/s),
		"$point: the first goes on, has lost its session, and stands by");
	change();
	ok(wait_applied($node), "$point: the second serves");
	is($second->stop(5), 0, "$point: the second stops");
	ok($first->wait_for_log(qr/taking over/), "$point: the first takes over");
	change();
	ok(wait_applied($node), "$point: and serves");
	is(scalar @{ $redis->remaining(all_keys()) }, 0, "$point: every key is deleted");
	is($first->stop(5), 0, "$point: it stops");
}

# Those that acknowledged: each came, worked, and never came back.
my @workers = split /\n/, $node->safe_psql('postgres',
	'SELECT pid FROM (SELECT n, pid, lag(pid) OVER (ORDER BY n) AS before FROM acks) a WHERE pid IS DISTINCT FROM before ORDER BY n');
cmp_ok(scalar @workers, '>=', 8, 'both daemons acknowledged at each point');
my %seen;
$seen{$_}++ foreach @workers;
is_deeply([ grep { $seen{$_} > 1 } keys %seen ], [], 'never two at once');

done_testing();
