# uncached --tail: each invalidation once, as it is committed, beside a daemon that does not notice; what was trimmed
# before it was seen is told.

use strict;
use warnings FATAL => 'all';
use JSON::PP;
use List::Util qw(uniq);
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Process;

use constant LOADED_S => 12;

# A segment is turned after half of the retention time, and emptied after all of it.
my $node = start_postgres('main', conf => 'uncache.retention = 2');
my $redis = start_redis('redis');
my $runs = 0;

sub tail
{
	my (%params) = @_;

	return Uncache::Test::Process->new(
		name => 'tail_' . $runs++,
		command => [
			'uncached', '--tail', '--dsn', $params{dsn} // $node->connstr($params{database} // 'postgres') . ' user=' . ($params{role} // 'uncached'),
			@{ $params{arguments} // [] } ],
		stdout => $params{stdout},
		env => { TZ => 'UTC' })->start;
}

# A tail that has seen its first key: what follows is not missed.
my $marks = 0;
sub follow
{
	my (%params) = @_;
	my $tail = tail(%params);
	my $mark = 'mark:' . $marks++;

	ok(wait_for { invalidate($mark); $tail->log =~ /\Q$mark\E/ }, 'it follows') or diag $tail->log;
	return $tail;
}

sub invalidate
{
	my (@keys) = @_;

	$node->safe_psql('postgres', 'SELECT uncache.invalidate(VARIADIC $$' . '{' . join(',', @keys) . '}$$::text[])');
	return;
}

sub keys_of
{
	my ($tail) = @_;

	return $tail->log =~ / keys \d+ -?\d+ms (.*)$/mg;
}

# --- where it cannot look ---

$node->safe_psql('postgres', 'CREATE ROLE stranger LOGIN; CREATE DATABASE older');
$node->safe_psql('older', q{CREATE EXTENSION uncache VERSION '0.1'});
my $tail = tail(role => 'stranger');
is($tail->wait_exit(30), 1, 'without grants: the exit status');
like($tail->log, qr/^uncached: postgres: the role may not look at uncache; .*grant_consumer/, 'it says so');
$tail = tail(database => 'older');
is($tail->wait_exit(30), 1, 'with an older extension: the exit status');
like($tail->log, qr/^uncached: postgres: the extension has version 0\.1, and this needs 0\.2; .*ALTER EXTENSION uncache UPDATE/, 'it says so');

# --- without a daemon at work ---

$node->safe_psql('postgres', q{CREATE TABLE item (id int PRIMARY KEY, name text); SELECT uncache.watch('item', 'item:{id}')});
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);
is($daemon->stop(5), 0, 'the daemon stops');
$tail = follow();
my $consumer = $node->safe_psql('postgres', 'SELECT cursor, acked_at FROM uncache.consumers');
my $early = Uncache::Test::Session->connect($node);
$early->query('BEGIN');
$early->query(q{INSERT INTO item VALUES (1, 'early')});
$node->safe_psql('postgres', q{INSERT INTO item VALUES (2, 'late')});
ok(wait_for { $tail->log =~ /item:2$/m }, 'a later transaction is shown');
unlike($tail->log, qr/item:1$/m, 'one that is running is not');
$early->query('COMMIT');
ok(wait_for { $tail->log =~ /item:1$/m }, 'it is when it has committed');
like($tail->log, qr/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} default keys \d+ \d+ms item:1$/m, 'with time, target, action, transaction and age');
is($node->safe_psql('postgres', 'SELECT cursor, acked_at FROM uncache.consumers'), $consumer, 'no consumer has moved');

# --- what it shows ---

my $json = follow(arguments => ['--json']);
my $some = tail(arguments => [ '--filter', 'item:[1-2]?' ]);
ok(wait_for { invalidate('item:10'); $some->log =~ /item:10/ }, 'a filter: what matches is shown');
$node->safe_psql('postgres', q{SELECT uncache.invalidate(E'a\\033[2J\\nb'), uncache.invalidate('item:3', 'item:20'), uncache.invalidate_all()});
ok(wait_for { $some->log =~ / default resync / }, 'so is a resync');
like($some->log, qr/item:20$/m, 'and a key');
unlike($some->log, qr/item:3$|mark|2J/m, 'what does not match is not');
ok(wait_for { $tail->log =~ / resync / }, 'all is shown');
like($tail->log, qr/ms a\\x1B\[2J\\nb$/m, 'control characters are escaped');
ok(wait_for { $json->log =~ /resync/ }, 'JSON');
my ($object) = grep { ($_->{key} // '') =~ /2J/ } map { decode_json($_) } split(/\n/, $json->log);
is($object->{key}, "a\033[2J\nb", 'has the key');
is($object->{target}, 'default', 'and the target');

# --- how it ends ---

$json->signal('INT');
is($json->wait_exit(10), 0, 'Ctrl-C ends it well');
is($some->stop(10), 0, 'so does SIGTERM');
pipe(my $reader, my $writer) or die "pipe: $!";
my $piped = tail(stdout => $writer);
close($writer);
ok(wait_for { invalidate('piped'); my $bits = ''; vec($bits, fileno($reader), 1) = 1; select($bits, undef, undef, 0.1) }, 'a pipe');
like(scalar(<$reader>), qr/piped$/, 'gets whole lines at once');
close($reader);
is($piped->wait_exit(10), 0, 'that nobody reads any more ends it well');

# --- beside a daemon, under load ---

$daemon->start;
ok(wait_applied($node), 'the daemon is back');

# Transactions of one row for some seconds: their count, and the latencies of the daemon, sorted.
sub load
{
	my ($what) = @_;
	my @writers = map { Uncache::Test::Session->connect($node) } 1 .. 2;
	my $end = time + LOADED_S;
	my $count = 0;

	# it would warn if none of its keys was ever there
	$redis->fill("$what:0");
	$daemon->mark_log;
	while (time < $end)
	{
		$_->query(sprintf(q{SELECT uncache.invalidate('%s:%d')}, $what, $count++)) foreach @writers;
	}
	ok(wait_applied($node), "$what: all is applied");
	return ($count, sort { $a <=> $b } $daemon->log_since_mark =~ /batch applied.* lag_ms=(\d+)/g);
}

sub emptied { return $node->safe_psql('postgres', 'SELECT max(emptied_xid) FROM uncache.segments'); }

# Everything is gone when nobody has written for a while.
sub is_emptied
{
	return wait_for { $node->safe_psql('postgres', 'SELECT count(*) FROM uncache.journal') eq '0' } 90;
}

$tail->mark_log;
is($tail->stop(10), 0, 'no tail');
my ($alone_count, @alone) = load('alone');
ok(is_emptied(), 'without a tail the journal is emptied');
my $before = emptied();
$tail = follow();
my ($beside_count, @beside) = load('beside');
ok(wait_for { scalar(grep { /^beside:/ } keys_of($tail)) >= $beside_count }, 'the tail catches up');
my @seen = grep { /^beside:/ } keys_of($tail);
is(scalar(@seen), $beside_count, 'the tail has seen every key');
is(scalar(uniq(@seen)), $beside_count, 'each once');
unlike($tail->log, qr/ gap: /, 'and told no gap');
ok(is_emptied(), 'the journal is emptied beside it');
cmp_ok(emptied(), '>', $before, 'as by trim()');
my ($alone_ms, $beside_ms) = map { $_->[ $#$_ * 0.95 ] } \@alone, \@beside;
diag(sprintf('95 %% of the batches: %d ms without a tail (%d keys), %d ms with one (%d keys)', $alone_ms, $alone_count, $beside_ms, $beside_count));
cmp_ok($beside_ms, '<', $alone_ms * 2 + 200, 'the daemon is not held up');
unlike($daemon->log_since_mark, qr/level=(?:warning|error) msg=(?!"Redis had none)/, 'and has nothing to complain of');

# by then it has run for more than a minute
ok(wait_for { $daemon->log =~ /msg="work of the last minute" target=default row_count=[1-9]\d* key_count=[1-9]\d* keys_deleted=\d+ mean_latency_ms=\d+ / },
	'it says what it has done in a minute');

# --- what was trimmed before it was seen ---

$tail->mark_log;
$tail->signal('STOP');
invalidate('unseen');
ok(wait_applied($node), 'the daemon has applied it');
ok(is_emptied(), 'and the journal is emptied, whoever has not seen it');
$tail->signal('CONT');
ok(wait_for { $tail->log_since_mark =~ /^\S+ \S+ gap: the journal was trimmed before it was looked at: some of transactions up to \d+ may be missing$/m },
	'the tail tells of the gap') or diag $tail->log_since_mark;
unlike($tail->log_since_mark, qr/unseen/, 'which there was');
my $gaps = () = $tail->log_since_mark =~ / gap: /g;
invalidate('afterwards');
ok(wait_for { $tail->log_since_mark =~ /afterwards$/m }, 'it goes on');
is(scalar(() = $tail->log_since_mark =~ / gap: /g), $gaps, 'and tells of it once');

# --- a restart ---

$tail->mark_log;
$node->restart;
ok(scalar(wait_for { $tail->log_since_mark =~ / gap: the connection was lost/ }), 'it connects again') or diag $tail->log_since_mark;
like($tail->log_since_mark, qr/^uncached: postgres: .*; trying again$/m, 'and has said why it had to');
invalidate('restarted');
ok(wait_for { $tail->log_since_mark =~ /restarted$/m }, 'it goes on');
is($tail->stop(10), 0, 'it ends well');
is($daemon->stop(10), 0, 'the daemon stops');

done_testing();
