# Patterns: what a scan of Redis deletes, what is applied beside it, and what
# becomes of one that is interrupted.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;

my $node = start_postgres('main');
my $redis = start_redis('redis');

$node->safe_psql('postgres', <<'END');
CREATE TABLE page (id int PRIMARY KEY, lang text);
CREATE TABLE hot (id int PRIMARY KEY);
SELECT uncache.watch('page', 'page:{id}', 'title:{lang}:of:{id}', 'pages', 'a*b:{id}');
SELECT uncache.watch('hot', 'hot:{id}');
END

my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);

# Keys that no template can produce, near misses among them.
my @bystanders = (
	'page', 'pages:1', 'Page:1', 'xpage:1', 'page1', 'title:en:of', 'title:en:off:1', 'title::1',
	'hot:1', 'axb:1', 'a*b', ' page:1', "\npage:1", 'session:1');

# What the templates can produce, whatever the rows are.
my @odd_pages = ('page:', 'page:a:b', "page:\n", 'page:*', "page:\xff", 'title::of:', 'title:of:of:x', 'a*b:1', 'pages');

# 100,000 keys that the rules can produce and as many that they cannot.
sub populate
{
	$redis->command('FLUSHALL');
	$redis->command('DEBUG', 'POPULATE', 100_000, 'page', 1);
	$redis->command('DEBUG', 'POPULATE', 100_000, 'other', 1);
	$redis->fill(@bystanders, @odd_pages);
	return;
}

sub rests { return 100_000 + @bystanders; }

# A connection that sees the commands that others send, one line each.
sub monitor
{
	my $client = $redis->client;

	$client->command('MONITOR');
	return $client;
}

# Reads on until a line matches.
sub read_until
{
	my ($client, $regexp) = @_;

	1 until $client->read_reply =~ $regexp;
	return 1;
}

# --- exactness ---

populate();
my $begin = time;
$node->safe_psql('postgres', 'TRUNCATE page');
ok(wait_applied($node), 'TRUNCATE is applied');
note sprintf('scanned in %.2f s', time - $begin);
is_deeply($redis->remaining(@bystanders), \@bystanders, 'near misses stay');
is_deeply($redis->remaining(@odd_pages), [], 'whatever the row\'s value may have been is deleted');
is($redis->command('DBSIZE'), rests(), 'of 200,000 keys exactly what matches is deleted');

populate();
$daemon->mark_log;
$node->safe_psql('postgres', 'TRUNCATE page; TRUNCATE page; TRUNCATE hot') for 1 .. 3;
ok(wait_applied($node), 'several TRUNCATEs are applied');
is($redis->command('DBSIZE'), rests() - 1, 'together they delete exactly what matches');

# --- keys beside a scan ---

$node->safe_psql('postgres', 'INSERT INTO hot VALUES (1)');
wait_applied($node);

populate();
my $monitor = monitor();
my $session = Uncache::Test::Session->connect($node);
$node->safe_psql('postgres', 'TRUNCATE page');
read_until($monitor, qr/"SCAN" "0"/);
$session->query('UPDATE hot SET id = id');
read_until($monitor, qr/"UNLINK" "hot:1"/);
ok(eval { read_until($monitor, qr/"SCAN" "[1-9]/) },
	'a key that is committed during a scan is deleted before the scan ends');
ok(wait_applied($node), 'the scan goes on');
is($redis->command('DBSIZE'), rests() - 1, 'and deletes what matches');
undef $monitor;

# --- interrupted scans ---

populate();
$monitor = monitor();
$daemon->mark_log;
$node->safe_psql('postgres', 'TRUNCATE page');
read_until($monitor, qr/"SCAN" "[1-9]/);
$daemon->kill9;
undef $monitor;
cmp_ok($redis->command('DBSIZE'), '>', rests(), 'the daemon is killed in the middle of a scan');
ok(!is_applied($node), 'nothing is acknowledged');
$daemon->start;
ok(wait_attached($node) && wait_applied($node), 'a restarted daemon applies it');
is($redis->command('DBSIZE'), rests(), 'it completes the scan');
ok(!$daemon->has_resynced, 'without a resync');

populate();
$monitor = monitor();
$node->safe_psql('postgres', 'TRUNCATE page');
read_until($monitor, qr/"SCAN" "[1-9]/);
$redis->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
undef $monitor;
ok(wait_applied($node), 'a connection that is cut in the middle of a scan: it is applied');
is($redis->command('DBSIZE'), rests(), 'what matches is deleted');

# a key batch that is committed behind a pattern is not acknowledged before it
populate();
$monitor = monitor();
$node->safe_psql('postgres', 'TRUNCATE page');
read_until($monitor, qr/"SCAN" "0"/);
$session->query('UPDATE hot SET id = id');
read_until($monitor, qr/"UNLINK" "hot:1"/);
$daemon->kill9;
undef $monitor;
$daemon->start;
ok(wait_attached($node) && wait_applied($node), 'killed after a later key was applied: all is applied again');
is($redis->command('DBSIZE'), rests() - 1, 'the pattern is not forgotten');

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
