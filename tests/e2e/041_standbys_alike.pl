# Several standbys with one name, as they have it where nobody gave them one: each is
# waited for.  One that is cut off goes on serving readers.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Daemon;

use constant { NAME => 'walreceiver', TIMEOUT_S => 3 };

my $primary = start_postgres('primary', logical => 1);
my $redis = start_redis('redis');

$primary->safe_psql('postgres', $_) foreach
	'CREATE TABLE item (id int, n int)',
	'INSERT INTO item VALUES (1, 0)',
	q{SELECT uncache.watch('item', 'item:{id}')};

sub start_named_alike
{
	my ($node) = @_;
	my $conninfo = $primary->connstr . ' application_name=' . NAME;

	return start_standby($primary, $node, conf => "primary_conninfo = '$conninfo'");
}

my ($kept, $cut) = map { start_named_alike($_) } 'kept', 'cut';

sub value { return $primary->safe_psql('postgres', $_[0]); }

sub change { return $primary->safe_psql('postgres', 'UPDATE item SET n = n + 1'); }

sub waited { return value("SELECT uncache.wait('$_[0]')") eq 't'; }

sub status_alarm { return value('SELECT alarm FROM uncache.status'); }

sub await_streaming
{
	my ($count) = @_;

	return ok((wait_for { value(q{SELECT count(*) FILTER (WHERE state = 'streaming') = } . $count . qq{ AND count(*) = $count FROM pg_stat_replication}) eq 't' }),
		"$count of them are connected");
}

sub cut_off
{
	$cut->safe_psql('postgres', $_) foreach q{ALTER SYSTEM SET primary_conninfo = ''}, 'SELECT pg_reload_conf()';
	return await_streaming(1);
}

sub connect_again
{
	$cut->safe_psql('postgres', $_) foreach 'ALTER SYSTEM RESET primary_conninfo', 'SELECT pg_reload_conf()';
	return await_streaming(2);
}

sub replay
{
	my ($standby, $what) = @_;

	$standby->safe_psql('postgres', "SELECT pg_wal_replay_$what()");
	return;
}

await_streaming(2);
foreach my $names (NAME, 'any')
{
	my $daemon = start_daemon("uncached_$names", node => $primary, redis => $redis->url,
		args => [ '--standbys', $names, '--standby-timeout', TIMEOUT_S . 's' ]);

	change();
	ok(waited('30s'), "$names: both have replayed");

	# whichever it is that does not replay
	foreach my $standby ($kept, $cut)
	{
		replay($standby, 'pause');
		change();
		ok(!waited('300ms'), "$names: each of them is waited for");
		replay($standby, 'resume');
		ok(waited('30s'), "$names: until it has replayed");
	}
	is(status_alarm(), '', "$names: nobody was late");

	cut_off();
	my $begin = time;
	$redis->fill('item:1');
	change();
	ok((wait_for { !$redis->has('item:1') }), "$names: cut off: a change is deleted at the commit");
	# what a reader has cached from the one that is cut off
	$redis->fill('item:1');
	ok(!waited('1s') && $redis->has('item:1'), "$names: cut off: it is waited for, though its namesake has replayed");
	ok(waited('30s') && !$redis->has('item:1'), "$names: cut off: but not for ever");
	cmp_ok(time - $begin, '>=', TIMEOUT_S, "$names: cut off: for as long as standby_timeout says");
	like($daemon->log, qr/standby is late.*standby=walreceiver reason="fewer of this name are connected than before"/, "$names: cut off: the log says so");

	# its namesake is still waited for
	replay($kept, 'pause');
	change();
	ok(!waited('300ms'), "$names: its namesake is still waited for");
	replay($kept, 'resume');
	ok(waited('30s'), "$names: and replays");

	if ($names ne 'any')
	{
		like(status_alarm(), qr/no longer waits for standby walreceiver/, "$names: the status has an alarm");
		ok((wait_for { status_alarm() eq '' }), "$names: which ends when it has been away for long");
		$redis->fill('item:1');
		change();
		ok(waited('1s') && !$redis->has('item:1'), "$names: then one is all that there is");
	}

	connect_again();
	change();
	ok(waited('30s'), "$names: it is connected again");
	replay($cut, 'pause');
	change();
	ok(!waited('300ms'), "$names: and waited for again");
	replay($cut, 'resume');
	ok(waited('30s'), "$names: until it has replayed");

	# it comes back before it is forgotten
	if ($names ne 'any')
	{
		cut_off();
		change();
		ok($daemon->wait_for_log(qr/standby is late.*standby is late/s), "$names: late once more");
		connect_again();
		ok($daemon->wait_for_log(qr/standby has caught up.*standby=walreceiver/), "$names: it has caught up");
		ok((wait_for { status_alarm() eq '' }), "$names: that ends the alarm");
		replay($cut, 'pause');
		change();
		ok(!waited('300ms'), "$names: it is waited for as before");
		replay($cut, 'resume');
		ok(waited('30s'), "$names: all is applied");
	}
	is($daemon->stop(5), 0, "$names: the daemon stops");
}

# --- a late one that goes leaves no alarm behind ---

my $daemon = start_daemon('leaves', node => $primary, redis => $redis->url,
	args => [ '--standbys', 'any', '--standby-timeout', '1s' ]);

change();
ok(waited('30s'), 'leaves: both have replayed');
replay($cut, 'pause');
change();
ok((wait_for { status_alarm() =~ /walreceiver/ }), 'leaves: one is late and connected');
$cut->stop;
ok((wait_for { status_alarm() eq '' }), 'leaves: it goes, and the alarm as well');
is($daemon->stop(5), 0, 'leaves: the daemon stops');

done_testing();
