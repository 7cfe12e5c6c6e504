# Memory that is short, sockets and files that fail, one call at a time and many
# times: the daemon does not crash, says nothing done that is not, and does it
# in the end.
#
# Every allocation and every call that has a file descriptor is made to fail in a run of
# its own; of sends, receives and polls, which cost a deadline, those from each place in the
# code.  With ALL_CALLS=1 all of them.

use strict;
use warnings FATAL => 'all';
use Errno qw(EINTR);
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Daemon;
use Uncache::Test::Shim;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my %served = (node => $node, redis => $redis->url);
my $session = Uncache::Test::Session->connect($node);
my $shim = Uncache::Test::Shim->new;
my @keys = ((map { "k:$_:" . 'x' x 30 } 1 .. 250), 'p:1', 'p:2', 'tagged', 'tag:t', 'page:1');

$node->safe_psql('postgres', <<'END');
CREATE TABLE page (id int PRIMARY KEY);
SELECT uncache.watch('page', 'page:{id}');
END

# Something of each kind; of keys so many that memory has to grow for them.
sub change
{
	$redis->fill(grep { $_ ne 'tag:t' } @keys, 'other');
	$redis->command('SADD', 'tag:t', 'tagged');
	$session->query(<<'END');
SELECT count(uncache.invalidate('k:' || n || ':' || repeat('x', 30))) FROM generate_series(1, 250) n;
SELECT uncache.invalidate_pattern('p:*');
SELECT uncache.invalidate_tag('t');
SELECT uncache.invalidate('page:1');
END
	return;
}

# The next session resyncs.
sub want_resync
{
	$session->query(q{UPDATE uncache.consumers SET resync_reason = 'the test says so'});
	return;
}

my $once = Uncache::Test::Daemon->new('once', %served, args => ['--once']);
my $failing = Uncache::Test::Daemon->new('failing', %served, args => ['--once'], wrapper => $shim->wrapper);

# Nothing pending and nothing left; both or neither.
sub is_done
{
	return $session->query_value(q{SELECT pending_rows = 0 AND state = 'ready' FROM uncache.status}) eq 't'
	  && !@{ $redis->remaining(@keys) };
}

# A run in which that call fails: '' or what is wrong.
sub try_call
{
	my ($calls, $number) = @_;

	change();
	want_resync();
	$shim->order(calls => $calls, fail_at => $number);
	my $status = $failing->run;
	return "exits with $status" if !defined $status || $status > 2;
	return 'says that all is done' if $status == 0 && !is_done();
	# a busy server takes a while to notice that the session's other end is gone
	wait_for { $session->query_value(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'uncached'}) == 0 };
	return 'a successor fails' if !is_done() && $once->run != 0;
	return is_done() ? '' : 'a successor does not do it';
}

is($once->run, 0, 'the consumer is registered');
foreach my $kind ([ 'memory', Uncache::Test::Shim::MEMORY, 1 ], [ 'sockets and files', Uncache::Test::Shim::SOCKET, 1 ],
	[ 'transfers', Uncache::Test::Shim::TRANSFER ], [ 'poll', Uncache::Test::Shim::POLL ])
{
	my ($what, $calls, $is_cheap) = @$kind;
	my $begin = time;

	change();
	want_resync();
	$shim->order(calls => $calls);
	is(Uncache::Test::Daemon->new("recorded $calls", %served, args => ['--once'],
			wrapper => $shim->wrapper(record => 1))->run,
		0, "$what: a run in which nothing fails");
	my @numbers = $shim->choose_calls(all => $is_cheap || $ENV{ALL_CALLS});
	my @wrong;
	my $failed = 0;
	foreach my $number (@numbers)
	{
		my $problem = try_call($calls, $number);
		$failed += $shim->failure_count;
		push @wrong, "call $number: $problem" if $problem ne '';
	}
	is_deeply(\@wrong, [], "$what: every run ends well");
	# how often a run polls and receives is not the same each time
	cmp_ok($failed, '>=', $is_cheap ? @numbers / 2 : 2, "$what: $failed calls have failed");
	note sprintf('%s: %d calls in %.1f s', $what, scalar @numbers, time - $begin);
}
# --- many failures, and a daemon that goes on ---

my $daemon = start_daemon('uncached', %served, wrapper => $shim->order->wrapper);
my $pid = $daemon->pid;

# Goes on for as long as it takes until so many calls have failed.
sub is_in_trouble
{
	my ($calls) = @_;

	return wait_for
	{
		# whoever is connected and asleep makes no calls
		$redis->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
		$session->query(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'uncached'});
		$shim->failure_count >= $calls;
	} 60;
}

foreach my $trouble (
	[ 'sends and receives of one byte', max_bytes => 1 ],
	[ 'interrupted calls', calls => Uncache::Test::Shim::TRANSFER | Uncache::Test::Shim::POLL, fail_every => 3, error => EINTR ],
	[ 'connections that break', calls => Uncache::Test::Shim::TRANSFER, fail_every => 5 ],
	[ 'connections that cannot be made', calls => Uncache::Test::Shim::SOCKET, fail_every => 2 ],
	[ 'no memory now and then', calls => Uncache::Test::Shim::MEMORY, fail_every => 50 ],
	[ 'no memory', calls => Uncache::Test::Shim::MEMORY, fail_every => 1 ])
{
	my ($what, %orders) = @$trouble;
	my $is_harmless = exists $orders{max_bytes} || exists $orders{error};

	$shim->order(%orders);
	change();
	ok((wait_for { is_done() }), "$what: it stops nothing") if $is_harmless;
	ok(is_in_trouble(5), "$what: calls fail") unless $is_harmless;
	$shim->order;
	ok((wait_for { is_done() }), "$what: when it is over, everything is applied") or diag $daemon->log;
	ok($daemon->is_running && $daemon->pid == $pid, "$what: the daemon has gone on");
}
is($daemon->stop(5), 0, 'the daemon stops');
ok($redis->has('other'), 'nothing else was deleted');

done_testing();
