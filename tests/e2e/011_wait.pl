# Read your writes: after uncache.wait() no client reads from the cache what
# was there before its change, whoever else writes and fills meanwhile.

use strict;
use warnings FATAL => 'all';
use POSIX ();
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Daemon;

use constant {
	ROUNDS => 1000,
	ROUNDS_WITHOUT => 200,
	ITEMS => 20,
	OTHERS => 2
};

my $node = start_postgres('main', logical => 1);
my $redis = start_redis('redis');

$node->safe_psql('postgres', sprintf <<'END', ITEMS);
CREATE TABLE item (id int PRIMARY KEY, version int NOT NULL) WITH (fillfactor = 20);
INSERT INTO item SELECT n, 0 FROM generate_series(0, %d - 1) n;
SELECT uncache.watch('item', 'item:{id}');
CREATE ROLE app LOGIN;
GRANT SELECT, UPDATE ON item TO app;
SELECT uncache.grant_author('app');
END
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);

# --- clients ---

sub connect_client
{
	return {
		session => Uncache::Test::Session->connect($node, user => 'app'),
		redis => $redis->client
	};
}

# The version that the change has made.
sub change
{
	my ($client, $id) = @_;

	return $client->{session}->query_value(
		"UPDATE item SET version = version + 1 WHERE id = $id RETURNING version");
}

# As a client without a race does: it holds the row while it fills.
sub read_cached
{
	my ($client, $id) = @_;
	my $version = $client->{redis}->command('GET', "item:$id");

	return $version if defined $version;
	$client->{misses}++;
	$client->{session}->query('BEGIN');
	$version = $client->{session}->query_value("SELECT version FROM item WHERE id = $id FOR SHARE");
	$client->{redis}->command('SET', "item:$id", $version);
	$client->{session}->query('COMMIT');
	return $version;
}

# A client in a process of its own, until it is told to end.
sub start_other
{
	my ($seed, $work) = @_;
	my $parent = $$;
	my $pid = fork();

	die "fork: $!" unless defined $pid;
	return $pid if $pid > 0;
	srand($seed);
	$SIG{TERM} = sub { POSIX::_exit(0) };
	eval {
		my $client = connect_client();

		while (getppid() == $parent)
		{
			$work->($client, int(rand(ITEMS)));
			pause(rand(0.004));
		}
	};
	warn $@;
	POSIX::_exit(1);
}

sub end_other
{
	my ($pid) = @_;

	kill('TERM', $pid);
	waitpid($pid, 0);
	return $? == 0;
}

# Rounds in each of which the client changes what is cached and reads it
# again; how often it did not see its change.
sub count_stale
{
	my ($client, $rounds, $wait) = @_;
	my $stale = 0;

	for (1 .. $rounds)
	{
		my $id = int(rand(ITEMS));

		read_cached($client, $id);
		my $version = change($client, $id);
		$wait->($client);
		$stale++ if read_cached($client, $id) < $version;
	}
	return $stale;
}

# --- read your writes ---

my $client = connect_client();
my @others = (
	(map { start_other($_, \&change) } 1 .. OTHERS),
	(map { start_other(OTHERS + $_, \&read_cached) } 1 .. OTHERS));
my (@latencies, $timeouts);

my $stale = count_stale($client, ROUNDS, sub {
	my $begin = time;
	my $is_applied = $_[0]->{session}->query_value('SELECT uncache.wait()');

	push @latencies, 1000 * (time - $begin);
	$timeouts++ if $is_applied ne 't';
});
is($stale, 0, ROUNDS . ' rounds without one stale read');
is($timeouts, undef, 'no wait ended by its timeout');
cmp_ok(2 * ROUNDS - $client->{misses}, '>', ROUNDS / 10, 'others had filled what was read');
@latencies = sort { $a <=> $b } @latencies;
diag sprintf('wait: median %.1f ms, p99 %.1f ms, worst %.1f ms',
	@latencies[ ROUNDS / 2, ROUNDS * 0.99 ], $latencies[-1]);

cmp_ok(count_stale($client, ROUNDS_WITHOUT, sub { }), '>', 0, 'without waiting there are some');
is(scalar(grep { end_other($_) } @others), scalar @others, 'the others went on all the time');

# --- whoever is not there ---

my $session = $client->{session};

sub is_stale { return read_cached($client, 1) < $_[0]; }

ok(wait_applied($node), 'all is applied');
$redis->fill('item:1');
$daemon->kill9;
change($client, 1);
is($session->query_value(q{SELECT uncache.wait('300 ms')}), 'f', 'without a daemon it ends by its timeout');
$daemon->start;
is($session->query_value(q{SELECT uncache.wait('60 s')}), 't', 'once a daemon is back it does not');
ok(!$redis->has('item:1'), 'the key is gone then');

$redis->fill('item:1');
kill('STOP', $redis->pid);
change($client, 1);
is($session->query_value(q{SELECT uncache.wait('300 ms')}), 'f', 'nor does it succeed while Redis hangs');
kill('CONT', $redis->pid);
is($session->query_value(q{SELECT uncache.wait('60 s')}), 't', 'but as soon as Redis goes on');
ok(!$redis->has('item:1'), 'the key is gone then, too');

# --- on a standby ---

my $standby = start_standby($node, 'standby');
my ($status, undef, $message) = $standby->psql('postgres', 'SELECT uncache.wait()');
isnt($status, 0, 'a standby cannot tell');
like($message, qr/cannot be executed on a standby/, 'and says so');
$standby->stop;

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
