# A commit that waits for a synchronous standby is on disk, and nobody can see
# it yet: its keys stay until everybody can.  The daemon itself waits for no
# standby.

use strict;
use warnings FATAL => 'all';
use Test::More;
use IPC::Run ();
use Uncache::Test;
use Uncache::Test::Daemon;

my $primary = start_postgres('primary', logical => 1);
my $redis = start_redis('redis');
$primary->safe_psql('postgres', <<'END_OF_SQL');
CREATE TABLE page (id int PRIMARY KEY, body text);
INSERT INTO page SELECT n, 'old' FROM generate_series(1, 9) n;
SELECT uncache.watch('page', 'page:{id}');
END_OF_SQL
my $standby = start_standby($primary, 'standby');
my $daemon = start_daemon('uncached', node => $primary, redis => $redis->url);

# The number of transactions that are committed and wait for the standby.
sub held_back
{
	return $primary->safe_psql('postgres',
		q{SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'});
}

# Updates a page in a session of its own, which is held back.
sub start_writer
{
	my ($id, $level) = @_;
	my ($in, $out) = ('', '');
	my $writer = IPC::Run::start([ 'psql', '-X', '-d', $primary->connstr('postgres'), '-c',
			"SET synchronous_commit = $level", '-c', "UPDATE page SET body = 'new' WHERE id = $id" ],
		'<', \$in, '>', \$out, '2>', \$out);

	return { process => $writer, output => \$out };
}

sub finish_writer
{
	my ($writer) = @_;

	$writer->{process}->finish;
	return ${ $writer->{output} };
}

sub body_of
{
	my ($id) = @_;

	return $primary->safe_psql('postgres', "SELECT body FROM page WHERE id = $id");
}

# A change that waits for nobody and comes later: once it is applied and
# acknowledged, the daemon has looked behind what is held back.  Who is held back
# must not keep it from committing.
sub look_behind
{
	my ($id) = @_;

	$redis->fill("page:$id");
	$primary->safe_psql('postgres',
		"SET synchronous_commit = local; SET lock_timeout = '20s'; UPDATE page SET body = 'later' WHERE id = $id");
	return wait_for { !$redis->has("page:$id") && is_applied($primary) };
}

# --- the standby answers ---

$primary->append_conf('postgresql.conf', "synchronous_standby_names = 'standby'");
$primary->reload;
ok((wait_for { $primary->safe_psql('postgres', q{SELECT sync_state FROM pg_stat_replication}) eq 'sync' }),
	'the standby is synchronous');
$redis->fill('page:1');
$primary->safe_psql('postgres', "UPDATE page SET body = 'new' WHERE id = 1");
ok((wait_for { !$redis->has('page:1') }), 'a commit that the standby has confirmed is applied');

# --- it does not ---

$standby->stop;
foreach my $level ('on', 'remote_write', 'remote_apply')
{
	$redis->fill('page:2');
	my $writer = start_writer(2, $level);
	ok((wait_for { held_back() == 1 }), "$level: a commit is held back");
	ok(look_behind(3), "$level: a later one, which is not, is applied");
	is(body_of(2), 'old', "$level: what is held back cannot be seen");
	ok($redis->has('page:2'), "$level: and its key is not deleted");
	ok(look_behind(4), "$level: nor when the daemon looks again");
	ok($redis->has('page:2'), "$level: its key is still there");
	# a reader may cache what it sees, since the deletion is still to come
	$redis->fill('page:2');
	$standby->start;
	finish_writer($writer);
	is(body_of(2), 'new', "$level: the standby has confirmed it, and it can be seen");
	ok((wait_for { !$redis->has('page:2') }), "$level: its key is deleted");
	$primary->safe_psql('postgres', "UPDATE page SET body = 'old' WHERE id = 2");
	ok(wait_applied($primary), "$level: everything is applied");
	$standby->stop;
}

# --- the wait is given up: committed here, and from now on to be seen ---

$redis->fill('page:5');
my $writer = start_writer(5, 'on');
ok((wait_for { held_back() == 1 }), 'another commit is held back');
ok(look_behind(3) && $redis->has('page:5'), 'its key is not deleted');
$primary->safe_psql('postgres',
	q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'});
like(finish_writer($writer), qr/canceling wait for synchronous replication/, 'the wait is given up');
is(body_of(5), 'new', 'it can be seen');
ok((wait_for { !$redis->has('page:5') }), 'and its key is deleted');

# --- a daemon that begins while commits are held back ---

$redis->fill('page:6', 'page:7');
is($daemon->stop(5), 0, 'the daemon stops while no standby confirms anything');
$writer = start_writer(6, 'on');
ok((wait_for { held_back() == 1 }), 'a commit is held back');
$daemon = Uncache::Test::Daemon->new('again', node => $primary, redis => $redis->url)->start;
ok(wait_attached($primary), 'a daemon attaches without waiting for the standby');
ok(look_behind(3), 'and serves');
is_deeply($redis->remaining('page:6', 'page:7'), [ 'page:6', 'page:7' ],
	'the key of what is held back is not deleted');
is(held_back(), '1', 'the daemon itself is not held back');
is($daemon->kill9, 137, 'it is killed');
$standby->start;
finish_writer($writer);
$daemon = Uncache::Test::Daemon->new('last', node => $primary, redis => $redis->url)->start;
ok((wait_for { !$redis->has('page:6') }), 'the next one deletes it, although the cursor has gone past it');
ok(wait_applied($primary), 'everything is applied');
is_deeply($redis->remaining('page:7'), ['page:7'], 'and nothing else is deleted');

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
