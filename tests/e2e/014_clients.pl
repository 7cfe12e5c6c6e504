# Every example of docs/clients.md, run as it stands there but for the line that
# connects; and what its functions promise while changes race with them.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Client;
use Uncache::Test::Document;
use Uncache::Test::RedisCluster;

use constant TITLE => 'What your application does';

my $document = Uncache::Test::Document->new('clients.md');
my $node = start_postgres('main');
my $redis = start_redis('redis');
my $directory = PostgreSQL::Test::Utils::tempdir();
my $socket = $redis->socket;
my $session = Uncache::Test::Session->connect($node);

$session->query($_) foreach (
	'CREATE SCHEMA billing',
	'CREATE TABLE billing.invoice (id int PRIMARY KEY, customer_id int, tenant_id int, total int)',
	'INSERT INTO billing.invoice SELECT n, n, n % 10, 0 FROM generate_series(1, 10000) n',
	q{SELECT uncache.watch('billing.invoice', tags => ARRAY['billing.invoice', 'tenant:{tenant_id}'],
		versions => ARRAY['ver:invoices:{customer_id}'])});
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);

# Changes rows, and waits until that is applied.
sub change
{
	my ($condition) = @_;

	$session->query("UPDATE billing.invoice SET total = total + 1 WHERE $condition");
	$session->query_value(q{SELECT uncache.wait('20s')}) eq 't' or die "not applied\n";
	return;
}

sub names { return [ sort @{ $redis->command('KEYS', '*') } ]; }

# All but counters.
sub cached_names { return [ grep { !/^ver:/ } @{ names() } ]; }

# --- the examples ---

my %languages = (
	python => { heading => 'Python (redis-py)', line => qr/^cache = .*$/m,
		connects => qq(cache = redis.Redis(unix_socket_path="$socket")) },
	js => { heading => 'Node (redis)', line => qr/^const cache = .*$/m,
		connects => qq(const cache = createClient({ socket: { path: '$socket' } });) });

my %examples;
foreach my $action ('Tags', 'Versions')
{
	is_deeply(
		[ $document->headings(TITLE, $action) ],
		[ (map { $languages{$_}{heading} } 'python', 'js'), 'redis-cli' ],
		"$action: every client of the document is tested, and no other");
	is($document->count_blocks(TITLE, $action), 3, "$action: each has one example");
	foreach my $language ('python', 'js')
	{
		($examples{$action}{$language}) =
		  $document->blocks($language, TITLE, $action, $languages{$language}{heading});
		is($examples{$action}{$language} =~ s/$languages{$language}{line}/$languages{$language}{connects}/g,
			1, "$action, $language: one line connects");
	}
	($examples{$action}{cli}) = $document->blocks('', TITLE, $action, 'redis-cli');
}
# these are run by make check-clients
my $elsewhere = $document->count_blocks(TITLE, 'In-process caches');
my @in_cluster = $document->blocks('', TITLE, 'Tags in a Redis Cluster');
is($document->count_blocks(TITLE), 6 + $elsewhere + @in_cluster, 'the document has no other example');

# Starts a program that begins as an example does.
my $programs = 0;

sub start_program
{
	my ($language, $text) = @_;

	return Uncache::Test::Client->new($language, write_file("$directory/" . ++$programs . ".$language", $text));
}

sub run_cli
{
	my ($text) = @_;
	my $file = write_file("$directory/commands", $text);

	return scalar `redis-cli -s $socket < $file 2>&1`;
}

# What an example prints; it has to end well.
sub run_example
{
	my ($action, $language) = @_;

	return run_cli($examples{$action}{cli}) if $language eq 'cli';
	my ($output, $status) = start_program($language, $examples{$action}{$language})->finish;
	is($status, 0, "$action, $language: the example runs");
	return $output;
}

foreach my $language ('python', 'js', 'cli')
{
	$redis->command('FLUSHALL');
	my $output = run_example('Tags', $language);
	my @tags = $language eq 'cli' ? ('tag:tenant:3') : ('tag:billing.invoice', 'tag:tenant:3');

	is_deeply(names(), [ 'dashboard:3', @tags ], "Tags, $language: the key is registered");
	is_deeply([ map { $redis->command('SMEMBERS', $_) } @tags ], [ map { ['dashboard:3'] } @tags ],
		"Tags, $language: in each set");
	cmp_ok($redis->command('TTL', $_), '>', $redis->command('TTL', 'dashboard:3'), "Tags, $language: $_ outlives it")
	  foreach @tags;
	like($output, qr/^OK\n(QUEUED\n){3}OK\n1\n1\n$/, 'Tags, cli: every command is understood') if $language eq 'cli';
	change('id = 4');
	is_deeply(cached_names(), $language eq 'cli' ? [ 'dashboard:3', 'tag:tenant:3' ] : ['tag:tenant:3'],
		"Tags, $language: a change of another tenant takes what it says");
	change('id = 3');
	is_deeply(cached_names(), [], "Tags, $language: a change of the tenant takes it");
}

foreach my $language ('python', 'js')
{
	my $value = $language eq 'python' ? '[1, 2, 3]' : '[ 1, 2, 3 ]';

	$redis->command('FLUSHALL');
	is(run_example('Versions', $language), $value, "Versions, $language: it loads");
	my ($key) = @{ cached_names() };
	is_deeply(names(), [ $key, 'ver:invoices:7' ], "Versions, $language: there is a counter and an entry");
	is($key, 'invoices:7:page:1:v' . $redis->command('GET', 'ver:invoices:7'), "Versions, $language: of that version");
	cmp_ok(abs($redis->command('GET', 'ver:invoices:7') / 1e6 - time), '<', 60,
		"Versions, $language: the counter begins at the clock");
	$redis->command('SET', $key, '[9]');
	is(run_example('Versions', $language) =~ s/ //gr, '[9]', "Versions, $language: then it is read");
	change('id = 8');
	is(run_example('Versions', $language) =~ s/ //gr, '[9]', "Versions, $language: also after a change of another");
	change('id = 7');
	is(run_example('Versions', $language), $value, "Versions, $language: after a change it is loaded anew");
}

$redis->command('FLUSHALL');
my $version = '1735689600000000';
is(run_example('Versions', 'cli'), "OK\n$version\nOK\n", 'Versions, cli: every command is understood');
is_deeply(names(), [ "invoices:7:page:1:v$version", 'ver:invoices:7' ], 'Versions, cli: there is a counter and an entry');
change('id = 7');
isnt($redis->command('GET', 'ver:invoices:7'), $version, 'Versions, cli: after a change the version is another');

# --- their functions, while changes race with them ---

# Each program says "ready", then obeys:
#	cached NAME COUNTER		"load", to which the test answers the value, if it has to; then "value VALUE"
#	versions COUNT			begins counters anew; "distinct NUMBER"
#	remember SECONDS		registers k:<n> under tenant:<n % 10> and billing.invoice; "remembered NUMBER"
my %drivers = (
	python => {
		Versions => <<'END',
import sys

def ask():
    print("load", flush=True)
    return sys.stdin.readline().rstrip("\n")

print("ready", flush=True)
for line in iter(sys.stdin.readline, ""):
    command, *arguments = line.split()
    if command == "cached":
        print("value", cached(*arguments, ask), flush=True)
    else:
        seen = set()
        for n in range(int(arguments[0])):
            seen.add(version("ver:new"))
            cache.delete("ver:new")
        print("distinct", len(seen), flush=True)
END
		Tags => <<'END',
import random
import sys
import time

print("ready", flush=True)
for line in iter(sys.stdin.readline, ""):
    count = 0
    until = time.time() + float(line.split()[1])
    while time.time() < until:
        n = random.randrange(3000)
        remember(f"k:{n}", n, [f"tenant:{n % 10}", "billing.invoice"])
        count += 1
    print("remembered", count, flush=True)
END
	},
	js => {
		Versions => <<'END',
const lines = require('readline').createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function ask() {
  console.log('load');
  return (await lines.next()).value;
}

async function drive() {
  await cache.connect();
  console.log('ready');
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const [command, ...words] = line.value.split(' ');
    if (command === 'cached') {
      console.log('value', await cached(words[0], words[1], ask));
    } else {
      const seen = new Set();
      for (let n = 0; n < Number(words[0]); n++) {
        seen.add(await version('ver:new'));
        await cache.del('ver:new');
      }
      console.log('distinct', seen.size);
    }
  }
  await cache.quit();
}

drive();
END
		Tags => <<'END',
const lines = require('readline').createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function drive() {
  await cache.connect();
  console.log('ready');
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const until = Date.now() + 1000 * Number(line.value.split(' ')[1]);
    let count = 0;
    for (; Date.now() < until; count++) {
      const n = Math.floor(Math.random() * 3000);
      await remember(`k:${n}`, n, [`tenant:${n % 10}`, 'billing.invoice']);
    }
    console.log('remembered', count);
  }
  await cache.quit();
}

drive();
END
	});

# The example's functions, driven by the test.
sub start_driven
{
	my ($action, $language) = @_;
	my $example = $examples{$action}{$language};

	$language eq 'python' or $example =~ s/^main\(\);\n//m or die "the example does not call main\n";
	my $program = start_program($language, "$example\n$drivers{$language}{$action}");
	while ($program->hear ne 'ready') { }
	return $program;
}

# What may befall a counter in between; nothing gives it a value that it had.
my $garbage = 0;
my %was_full;
my @accidents = (
	sub { $redis->command('DEL', $_[0]); },
	sub { my ($counter) = @_; $redis->command('PEXPIRE', $counter, 1); wait_for { !$redis->has($counter) }; },
	sub { $redis->command('SET', $_[0], 'garbage ' . ++$garbage); },
	sub { $redis->command('SET', $_[0], ++$garbage . '.5'); },
	sub { $redis->command('SET', $_[0], "\xff\xfe" . ++$garbage); },
	sub { $redis->command('SET', $_[0], $was_full{ $_[0] }++ ? ++$garbage . '.5' : '9223372036854775807'); },
	sub { $redis->command('SET', $_[0], '00' . ++$garbage); });

# A client is in the middle of loading when its row changes, some way or other;
# then it stores what it has loaded.  Whoever reads after the change must not see that.
sub load_slowly
{
	my ($program, $id) = @_;
	my $counter = "ver:invoices:$id";
	my @steps = ((sub { change("id = $id"); }) x (1 + int(rand(2))),
		map { $accidents[ rand @accidents ] } 1 .. int(rand(3)));
	my $get = sub {
		my (@steps) = @_;

		$program->say("cached page:$id $counter");
		my $answer = $program->hear;
		if ($answer eq 'load')
		{
			my $value = $session->query_value("SELECT total FROM billing.invoice WHERE id = $id");

			$_->($counter) foreach @steps;
			$program->say($value);
			$answer = $program->hear;
		}
		return $answer =~ s/^value //r;
	};
	for (my $n = @steps; $n > 1; $n--)
	{
		my $other = int(rand($n));
		@steps[ $n - 1, $other ] = @steps[ $other, $n - 1 ];
	}
	my $before = int(rand(@steps + 1));
	$_->($counter) foreach @steps[ 0 .. $before - 1 ];
	$get->(@steps[ $before .. $#steps ]);
	# half of the entries that are read now were stored by the slow one
	my $read = $get->();
	my $truth = $session->query_value("SELECT total FROM billing.invoice WHERE id = $id");
	return $read eq $truth;
}

my $seed = $ENV{SEED} || time % 1_000_000;
srand($seed);
diag "SEED=$seed";

foreach my $language ('python', 'js')
{
	$redis->command('FLUSHALL');
	%was_full = ();
	my $program = start_driven('Versions', $language);
	my ($begin, $id, $rounds, $stale) = (time, 5000, 0, 0);
	for (; $rounds <= 100 || ($rounds < 1000 && time < $begin + 3); $rounds++)
	{
		$stale++ unless load_slowly($program, $id++);
	}
	is($stale, 0, "Versions, $language: what was read before a change is never read after it");
	note "$rounds rounds";

	$program->say('versions 2000');
	is($program->hear, 'distinct 2000', "Versions, $language: a counter that begins anew does not come back to a value");
	is(($program->finish)[1], 0, "Versions, $language: the program ends");
}

# Keys that are there and not registered under both of their tags; atomically.
sub unregistered
{
	return $redis->command('EVAL', <<'END', 0);
local found = {}
for _, key in ipairs(redis.call('KEYS', 'k:*')) do
	if redis.call('SISMEMBER', 'tag:tenant:' .. tonumber(string.sub(key, 3)) % 10, key) == 0
		or redis.call('SISMEMBER', 'tag:billing.invoice', key) == 0 then
		table.insert(found, key)
	end
end
return found
END
}

$redis->command('FLUSHALL');
my @programs = map { start_driven('Tags', $_) } 'python', 'python', 'js';
my ($changes, $checks, $kept, @unregistered) = (0, 0, 0);
$redis->command('FLUSHALL');
# long enough for a busy machine
$_->say('remember 8') foreach @programs;
my $until = time + 8;
while (time < $until)
{
	# billing.invoice is rarely taken: its set becomes larger than one step takes
	$session->query($changes++ % 500 ? q{SELECT uncache.invalidate_tag('tenant:} . int(rand(10)) . q{')}
		: 'UPDATE billing.invoice SET total = 0 WHERE id = 1');
	next if $changes % 10;
	push @unregistered, @{ unregistered() };
	$checks++;
	$kept = $redis->command('SCARD', 'tag:billing.invoice') if $kept < $redis->command('SCARD', 'tag:billing.invoice');
}
my $remembered = 0;
$remembered += ($_->hear =~ /^remembered (\d+)/)[0] foreach @programs;
note "$remembered registrations, $changes takes, $checks checks, $kept members at most";
cmp_ok($remembered, '>', 1000, 'Tags: clients register');
cmp_ok($changes, '>', 50, 'Tags: while their tags are taken');
cmp_ok($kept, '>', 500, 'Tags: in sets that are taken in several steps');
push @unregistered, @{ unregistered() };
is_deeply(\@unregistered, [], 'Tags: no key is ever there and not registered');
change('id <= 10');
is_deeply([ grep { /^k:/ } @{ names() } ], [], 'Tags: a change after all that takes every key');
is(($_->finish)[1], 0, 'Tags: the program ends') foreach @programs;

# the checker itself
$redis->command('SET', 'k:1', 'not registered');
is_deeply(unregistered(), ['k:1'], 'the checker finds a key that is not registered');

is($daemon->stop(5), 0, 'the daemon stops');

# --- in a Redis Cluster, where a tag's set and its members lie in different slots ---

my $cluster = Uncache::Test::RedisCluster->new('cluster', primaries => 3);
my $port = ($cluster->nodes)[0]->port;

is(scalar @in_cluster, 1, 'Tags in a Redis Cluster: there is one example');
$daemon = start_daemon('cluster', node => $node, redis => $cluster->url);
my $commands = write_file("$directory/commands", $in_cluster[0]);
my $output = `redis-cli -c -p $port < $commands 2>&1`;
like($output, qr/^(?!.*ERR)/s, 'Tags in a Redis Cluster: every command is understood');
isnt($cluster->slot('tag:tenant:3'), $cluster->slot('dashboard:3'), 'Tags in a Redis Cluster: it has two slots');
is_deeply($cluster->command('SMEMBERS', 'tag:tenant:3'), ['dashboard:3'], 'Tags in a Redis Cluster: the key is registered');
cmp_ok($cluster->command('TTL', 'tag:tenant:3'), '>', $cluster->command('TTL', 'dashboard:3'),
	'Tags in a Redis Cluster: the set outlives it');
change('id = 4');
ok($cluster->has('dashboard:3'), 'Tags in a Redis Cluster: a change of another tenant leaves it');
change('id = 3');
is_deeply([ grep { !/^ver:/ } @{ $cluster->command('KEYS', '*') } ], [], 'Tags in a Redis Cluster: a change of the tenant takes it');
is($daemon->stop(5), 0, 'the daemon stops');

done_testing();
