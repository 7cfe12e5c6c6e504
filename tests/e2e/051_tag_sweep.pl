# Sweeping tags: names whose keys are gone leave the sets, those whose keys are there
# stay, whoever stores what meanwhile, and nobody waits for it.

use strict;
use warnings FATAL => 'all';
use POSIX ();
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;

use constant { DEAD => 20_000, WORKERS => 2, KEYS => 300, ROUNDS => 60 };

my $node = start_postgres('main');
my $redis = start_redis('redis');
my $config = write_file('sweep.ini', <<"END");
[postgres]
dsn = host=@{[ $node->host ]} port=@{[ $node->port ]} dbname=postgres user=uncached
[target default]
url = @{[ $redis->url ]}
prefix = "shop*:"
sweep = 1s
END

$node->safe_psql('postgres', <<'END');
CREATE TABLE customer (id int PRIMARY KEY);
SELECT uncache.watch('customer', tags => ARRAY['customer:{id}']);
END

sub size { return $redis->command('SCARD', $_[0]); }

# The documented way: docs/clients.md.
sub remember
{
	my ($client, $key, $tag, $ttl_ms) = @_;

	$client->command('MULTI');
	$client->command('SET', $key, 'v', 'PX', $ttl_ms);
	$client->command('SADD', "shop*:tag:$tag", $key);
	$client->command('PEXPIRE', "shop*:tag:$tag", 3_600_000);
	$client->command('EXEC');
	return;
}

# Each stores keys that are soon gone again, by expiry or otherwise, and at last some that stay.
sub work
{
	my ($worker) = @_;
	my $client = $redis->client;

	srand($worker);
	for my $round (1 .. ROUNDS)
	{
		for my $key (1 .. KEYS)
		{
			remember($client, "k:$worker:$key", 'busy', int(rand(200)) + 1);
			$client->command('UNLINK', 'k:' . int(rand(WORKERS)) . ':' . int(rand(KEYS))) if rand() < 0.3;
		}
	}
	remember($client, "k:$worker:$_", 'busy', 3_600_000) for 1 .. KEYS;
	return;
}

sub work_together
{
	my @pids;

	for my $worker (0 .. WORKERS - 1)
	{
		my $pid = fork // die "cannot fork: $!";
		if ($pid == 0)
		{
			eval { work($worker); 1 } or do { print STDERR $@; POSIX::_exit(1); };
			POSIX::_exit(0);
		}
		push @pids, $pid;
	}
	return grep { waitpid($_, 0) == $_ && $? == 0 } @pids;
}

sub unregistered
{
	my ($tag) = @_;

	return grep { !$redis->command('SISMEMBER', "shop*:tag:$tag", $_) } @{ $redis->command('KEYS', 'k:*') };
}

# --- what goes and what stays ---

# it resyncs first, by which tags are taken
my $daemon = start_daemon('uncached', node => $node, config => $config);
my @alive = map { "alive:$_" } 1 .. 300;
$redis->fill(@alive);
$redis->command('SADD', 'shop*:tag:customer:7', @alive, map { "gone:$_" } 1 .. DEAD);
$redis->command('SADD', "shop*:tag:small:$_", "gone:$_", 'alive:1') for 1 .. 300;
$redis->command('SADD', 'shop*:tag:dead', 1 .. 100);
$redis->command('SET', 'shop*:tag:text', 'x');
$redis->command('SADD', $_, 'gone') for 'tag:other', 'shopping:tag:other', 'shop*:other';

my $begin = time;
ok(wait_for(sub { size('shop*:tag:customer:7') == @alive }), DEAD . ' names of keys that are gone are removed');
note sprintf('in %.1f s', time - $begin);
ok(wait_for(sub { !grep { size("shop*:tag:small:$_") != 1 } 1 .. 300 }), 'also of many small sets');
ok(wait_for(sub { !$redis->has('shop*:tag:dead') }), 'a set of which nothing is left goes');
is(scalar(@{ $redis->remaining(@alive) }), scalar(@alive), 'no key is touched');
is($redis->command('GET', 'shop*:tag:text'), 'x', 'nor what is no set');
is_deeply([ map { size($_) } 'tag:other', 'shopping:tag:other', 'shop*:other' ], [ 1, 1, 1 ], 'nor sets that are no tags of the target');
# at the end of the pass
ok($daemon->wait_for_log(qr/swept tags.*removed=20\d\d\d/), 'the log says so') or diag $daemon->log;

$node->safe_psql('postgres', 'INSERT INTO customer VALUES (7)');
ok(wait_applied($node), 'a tag is taken');
is_deeply($redis->remaining(@alive), [], 'with all that had stayed');

# Redis gives a set of 500 numbers as a whole, whatever is asked for
my @numbers = map { "shop*:tag:numbers:$_" } 1 .. 30;
$redis->command('MULTI');
$redis->command('SADD', $_, 1 .. 500) for @numbers;
$redis->command('EXEC');
ok(wait_for(sub { @{ $redis->remaining(@numbers) } < @numbers }), 'sets of numbers are swept');
$begin = time;
ok(wait_for(sub { !@{ $redis->remaining(@numbers) } }), 'all of them');
cmp_ok(time - $begin, '>', 2, '15,000 names take their 3 seconds');

# --- whoever stores meanwhile ---

is(scalar(work_together()), WORKERS, 'keys come and go while tags are swept');
is_deeply([ unregistered('busy') ], [], 'each that is there is registered');
my $stayed = @{ $redis->command('KEYS', 'k:*') };
cmp_ok($stayed, '>', 0, "$stayed keys have stayed");
ok(wait_for(sub { size('shop*:tag:busy') == $stayed }), 'those that are gone are not');

# --- a user who may not ---

$redis->command('ACL', 'SETUSER', 'default', '-sscan');
ok(wait_for(sub { $daemon->log =~ /cannot sweep tags.*NOPERM/ || $daemon->log =~ /cannot sweep tags.*sscan/ }), 'what Redis refuses is told');
$redis->fill('k:1:1');
$redis->command('SADD', 'shop*:tag:customer:8', 'k:1:1');
$node->safe_psql('postgres', 'INSERT INTO customer VALUES (8)');
ok(wait_applied($node), 'and holds up nobody');
like($daemon->log, qr/cannot sweep tags.*advice="allow the user the commands/, 'with what to do about it');
unlike($daemon->log, qr/connection to Redis lost/, 'nor is the connection given up');
$redis->command('ACL', 'SETUSER', 'default', '+sscan');
$redis->command('SADD', 'shop*:tag:dead', 'gone');
ok(wait_for(sub { !$redis->has('shop*:tag:dead') }), 'once it is allowed, tags are swept again');
is($daemon->stop(5), 0, 'the daemon stops');

# --- nobody has asked for it ---

$daemon = start_daemon('plain', node => $node, redis => $redis->url);
# it deletes elsewhere than the last one, and scans for that
ok($daemon->wait_for_log(qr/resync complete/), 'a daemon that is not to sweep resyncs');
$redis->command('SADD', 'tag:dead', 'gone');
$redis->command('CONFIG', 'RESETSTAT');
sleep 3;
is(size('tag:dead'), 1, 'without the setting nothing is swept');
unlike(join('', $redis->command('INFO', 'commandstats')), qr/cmdstat_s?scan/, 'nor looked at');

# --- nor by who does not work for the target ---

my $second = Uncache::Test::Daemon->new('second', node => $node, config => $config)->start;
ok($second->wait_for_log(qr/standing by/), 'a second daemon, which is to sweep, stands by');
sleep 3;
unlike(join('', $redis->command('INFO', 'commandstats')), qr/cmdstat_s?scan/, 'and looks at nothing');
is($daemon->stop(5), 0, 'the first one stops');
ok($second->wait_for_log(qr/attached, taking over/), 'the second one takes over');
$redis->command('SADD', 'shop*:tag:dead', 'gone');
ok(wait_for(sub { !$redis->has('shop*:tag:dead') }), 'and sweeps');
# PostgreSQL goes, Redis stays
$node->stop('immediate');
ok($second->wait_for_log(qr/taking over.*level=(?:warning|error)/s), 'without PostgreSQL it does not work for the target');
pause(0.2);
$redis->command('CONFIG', 'RESETSTAT');
sleep 3;
unlike(join('', $redis->command('INFO', 'commandstats')), qr/cmdstat_s?scan/, 'nor sweep');
is($second->stop(5), 0, 'it stops');

done_testing();
