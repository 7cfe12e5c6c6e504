# uncached --print-acl: a Redis user with exactly that line does everything that the rules
# need, and lacks something without each part of it.

use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;
use Uncache::Test;
use Uncache::Test::Daemon;
use Uncache::Test::Process;
use Uncache::Test::World;

use constant {
	PASSWORD => '#SHA256-OF-THE-PASSWORD',
	CHANGE => 'UPDATE item SET n = n + 1 WHERE id = 1'
};

my $node = start_postgres('main');
my $redis = start_redis('redis');
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $session = Uncache::Test::Session->connect($node);
my $has_dryrun = Uncache::Test::Redis::major_version() >= 7;
my $runs = 0;

# A configuration whose target has these settings, beside its url.
sub configure
{
	my ($database, %settings) = @_;
	my $dsn = delete $settings{dsn} // $node->connstr('postgres') . ' user=uncached';
	my $url = delete $settings{url} // 'unix://uncached:secret@' . $redis->socket . "?db=$database";

	return write_file("$directory/uncached.ini", "[postgres]\ndsn = $dsn\n[target default]\nurl = $url\n"
		  . join('', map { "$_ = $settings{$_}\n" } sort keys %settings));
}

# Exit status, standard output and standard error.
sub ask
{
	my ($option, $file) = @_;
	my $name = 'ask_' . $runs++;
	my $path = write_file("$directory/$name", '');

	open(my $stdout, '>', $path) or die "$path: $!";
	my $process = Uncache::Test::Process->new(
		name => $name,
		command => [ 'uncached', '--config', $file, $option ],
		stdout => $stdout,
		env => { PGCONNECT_TIMEOUT => 5 });
	my $status = $process->start->wait_exit(60);

	unlike($process->log . slurp_file($path), qr/secret/, 'no secret is shown');
	return ($status, slurp_file($path), $process->log);
}

# The line that is printed; the user has it, and nothing else.
sub give
{
	my ($what, $file, $expected) = @_;
	my ($status, $line, $notes) = ask('--print-acl', $file);

	is($status, 0, "$what: the exit status") or diag $notes;
	is($line, 'ACL SETUSER uncached on ' . PASSWORD . " $expected +client|setname +acl|whoami +acl|dryrun\n", "$what: the line");
	like($notes, qr/In place of #SHA256-OF-THE-PASSWORD, which Redis refuses, put > and the password/, "$what: what to do with it");
	$redis->command('ACL', 'DELUSER', 'uncached');
	ok(!eval { $redis->command(split(' ', $line)); 1 }, "$what: Redis refuses the password's place");
	$redis->command('ACL', 'DELUSER', 'uncached');
	# as it says of Redis 6
	$line =~ s/\+acl\|dryrun/+acl|getuser/ unless $has_dryrun;
	is($redis->command(split(' ', $line =~ s/\Q@{[PASSWORD]}\E/>secret/r)), 'OK', "$what: Redis takes the line");
	$redis->command('ACL', 'LOG', 'RESET');
	return $notes;
}

sub check_finds_nothing
{
	my ($what, $file) = @_;
	my ($status, $output) = ask('--check-connections', $file);

	is($status, 0, "$what: the check finds nothing");
	unlike($output, qr/^(?:missing|unknown)/m, "$what: nor anything unknown") or diag $output;
	is_deeply($redis->command('ACL', 'LOG'), [], "$what: Redis has denied nothing");
	return;
}

# --- only keys ---

$session->query($_) foreach (
	'CREATE TABLE item (id int PRIMARY KEY, tenant text, n int)',
	'CREATE TABLE part (id int PRIMARY KEY, item_id int)',
	'CREATE TABLE blog_post (id int PRIMARY KEY)',
	q{INSERT INTO part VALUES (1, 1), (2, 1), (3, 2)},
	q{INSERT INTO item (id, tenant, n) VALUES (1, 'a', 0), (2, 'b', 0), (3, NULL, 0)},
	q{SELECT uncache.watch('item', 'item:{id}')});

my $file = configure(0);
give('keys', $file, '~* +unlink +scan +ping +info');
my $daemon = start_daemon('keys', node => $node, config => $file);
my @items = map { "item:$_" } 1 .. 3;
$redis->fill(@items);
$session->query(CHANGE);
ok(wait_applied($node), 'keys: a change is applied');
is_deeply($redis->remaining(@items), [ 'item:2', 'item:3' ], 'keys: exactly the key is gone');
$session->query('SELECT uncache.invalidate_all()');
ok(wait_applied($node), 'keys: a resync is applied');
is_deeply($redis->remaining(@items), [], 'keys: all keys are gone');
unlike($daemon->log, qr/level=(?:warning|error)/, 'keys: the log has no complaint');
check_finds_nothing('keys', $file);
is($daemon->stop(5), 0, 'keys: the daemon stops');

# --- with a prefix ---

foreach my $case ([ 'shop:', '~shop:*', 'shop:' ], [ 'sh*p?:', '~sh\*p\?:*', 'sh*p?:' ], [ '"a b:"', '~a?b:*', 'a b:' ])
{
	my ($setting, $pattern, $prefix) = @$case;
	my $what = "prefix $prefix";

	$file = configure(0, prefix => $setting);
	give($what, $file, "$pattern +unlink +scan +ping +info");
	$daemon = start_daemon('prefix' . $runs, node => $node, config => $file);
	$redis->fill(@items, map { $prefix . $_ } @items);
	$session->query(CHANGE);
	ok(wait_applied($node), "$what: a change is applied");
	ok(!$redis->has("${prefix}item:1") && $redis->has('item:1'), "$what: exactly the key is gone");
	$session->query('SELECT uncache.invalidate_all()');
	ok(wait_applied($node), "$what: a resync is applied");
	is_deeply($redis->remaining(@items, map { $prefix . $_ } @items), \@items, "$what: all of its keys are gone, and nothing else");
	unlike($daemon->log, qr/level=(?:warning|error)/, "$what: the log has no complaint");
	check_finds_nothing($what, $file);
	is($daemon->stop(5), 0, "$what: the daemon stops");
}

# --- every action, and what settings need ---

$session->query($_) foreach (<<'END', q{SELECT uncache.watch('blog_post', cacheops => ARRAY['blog_post'])});
SELECT uncache.watch('item', keys => ARRAY['item:{id}'], patterns => ARRAY['report:{tenant}:*'],
	tags => ARRAY['tenant:{tenant}'], versions => ARRAY['ver:{tenant}'],
	query => ARRAY[$$SELECT 'part:' || p.id FROM public.part p WHERE p.item_id = {id}$$])
END
like(give('a prefix and tags', configure(0, prefix => 'shop:'),
	'~shop:* +unlink +scan +ping +info +eval +srandmember +srem +smembers +exists +incrby +set +time'),
	qr/^target default: if keys without the prefix are registered in its tags or sets, add ~\*/m, 'a prefix and tags: members may have none');
$file = configure(0, sweep => '1s', stagger => '1s', stagger_from => 100);
my $all = '~* +unlink +scan +ping +info +eval +srandmember +srem +smembers +exists +sscan +incrby +set +time';
give('all actions', $file, $all);
my $world = Uncache::Test::World->new($redis);
$daemon = start_daemon('all', node => $node, config => $file);

# What every action finds something in; the sweep as well.
sub populate
{
	$world->populate;
	$redis->command('SADD', 'schemes:blog_post', 'id');
	$redis->command('SADD', 'conj:blog_post:id=1', 'q:1');
	$redis->fill('q:1');
	# only what is less than nothing is SET
	$redis->command('SET', 'ver:a', '-5');
	return;
}

# Every action in one transaction.
sub change_all
{
	$session->query($_) foreach ('BEGIN', CHANGE, 'DELETE FROM blog_post', 'INSERT INTO blog_post VALUES (1)', 'COMMIT');
	return;
}

sub is_gone
{
	my ($what) = @_;

	ok(wait_applied($node), "$what: it is applied") or diag $daemon->log_since_mark;
	is_deeply($redis->remaining('item:1', 'part:1', 'part:2', 'report:a:1', 'tag:tenant:a', 'under a', 'q:1', 'conj:blog_post:id=1'), [],
		"$what: everything that each action names is gone");
	is_deeply($redis->remaining('item:2', 'under b', 'report:b:1', 'session:1'), [ 'item:2', 'under b', 'report:b:1', 'session:1' ], "$what: and nothing else");
	cmp_ok($redis->command('GET', 'ver:a'), '>', 0, "$what: the counter is renewed");
	return;
}

populate();
change_all();
is_gone('all actions');
$redis->fill(map { "item:$_" } 1000 .. 1999);
$session->query(q{INSERT INTO item SELECT n, 'c', 0 FROM generate_series(1000, 1999) n});
ok(wait_applied($node), 'staggered keys: they are applied');
is_deeply($redis->remaining(map { "item:$_" } 1000 .. 1999), [], 'staggered keys: they are gone');
$redis->command('SADD', 'tag:swept', 'gone');
ok((wait_for { !$redis->has('tag:swept') } 20), 'a sweep takes names whose keys are gone');
populate();
$session->query('SELECT uncache.invalidate_all()');
ok(wait_applied($node), 'a resync is applied');
is_deeply($redis->remaining('item:1', 'item:2', 'part:3', 'report:b:1', 'under b', 'q:1'), [], 'a resync deletes all that rules can produce');
unlike($daemon->log, qr/level=(?:warning|error)/, 'all actions: the log has no complaint');
check_finds_nothing('all actions', $file);
like($redis->command('CLIENT', 'LIST'), qr/ name=uncached /, 'the connection has a name');

# --- without each of the commands ---

foreach my $command ($all =~ /\+(\S+)/g)
{
	$redis->command('ACL', 'SETUSER', 'uncached', "-$command");
	my ($status, $output) = ask('--check-connections', $file);
	is($status, 1, "without +$command: the check finds it missing");
	like($output, qr/^missing target default: the user may not run \Q$command\E; ACL SETUSER <user> \+\Q$command\E/m, "without +$command: and says so")
	  or diag $output;

	# the daemon works without PING, which only tells earlier that Redis does not
	if ($command ne 'ping')
	{
		$daemon->mark_log;
		populate();
		$redis->command('CLIENT', 'KILL', 'USER', 'uncached');
		change_all();
		ok($daemon->wait_for_log(qr/level=(?:warning|error) msg=[^\n]*advice="[^"\n]*\+\Q$command\E\b/, 20), "without +$command: the daemon says so")
		  or diag $daemon->log_since_mark;
	}
	$redis->command('ACL', 'SETUSER', 'uncached', "+$command");
	is_gone("+$command is back") if $command ne 'ping';
	if ($command eq 'info')
	{
		# what happened meanwhile nobody knows
		$redis->command('CLIENT', 'KILL', 'USER', 'uncached');
		ok((wait_for { $daemon->has_resynced }), '+info is back: there is a resync');
		ok(wait_applied($node), '+info is back: which is applied');
	}
}

# --- a database ---

is($daemon->stop(5), 0, 'the daemon stops');
$file = configure(3, sweep => '1s');
give('a database', $file, $all =~ s/\+info/+info +select/r);
$daemon = start_daemon('database', node => $node, config => $file);
check_finds_nothing('a database', $file);
$redis->command('ACL', 'SETUSER', 'uncached', '-select', $has_dryrun ? '-client|setname' : '-client');
$redis->command('CLIENT', 'KILL', 'USER', 'uncached');
ok($daemon->wait_for_log(qr/level=error msg=[^\n]*NOPERM[^\n]*advice="[^"\n]*\+select/, 20), 'without +select: the daemon says so');
$redis->command('ACL', 'SETUSER', 'uncached', '+select');
ok(wait_applied($node), 'without +client|setname: it works');
ok((wait_for { $redis->command('CLIENT', 'LIST') =~ /user=uncached/ }), 'without +client|setname: it is connected');
unlike($redis->command('CLIENT', 'LIST'), qr/ name=uncached /, 'without +client|setname: its connection has no name');
my $question = $has_dryrun ? 'acl|dryrun' : 'acl|getuser';
# Redis 6 takes nothing away but whole commands
$redis->command('ACL', 'SETUSER', 'uncached', $has_dryrun ? "-$question" : '-acl');
my ($status, $output, $notes) = ask('--check-connections', $file);
like($output, qr/^unknown target default: what else the user may run/m, "without +$question: the check cannot tell") or diag $output;
is($daemon->stop(5), 0, 'the daemon stops');

# --- what it cannot tell ---

$session->query(q{CREATE ROLE half LOGIN; SELECT uncache.grant_consumer('half'); REVOKE EXECUTE ON FUNCTION uncache.targets() FROM half});
foreach my $case (
	[ 'no PostgreSQL', qr/^missing postgres: cannot be reached: .*; check that PostgreSQL is running/m, dsn => "host=$directory dbname=postgres" ],
	[ 'a role that may not ask', qr/^unknown postgres: which targets rules name.*permission denied.*; SELECT uncache\.grant_consumer/m, dsn => $node->connstr('postgres') . ' user=half' ])
{
	my ($what, $regexp, %settings) = @$case;
	($status, $output, $notes) = ask('--print-acl', configure(0, %settings));

	is($status, 1, "$what: the exit status");
	is($output, '', "$what: no line");
	like($notes, $regexp, "$what: what to do") or diag $notes;
	unlike($notes, qr/^ok/m, "$what: and nothing else");
}
($status, $output, $notes) = ask('--print-acl', configure(0, url => 'unix://' . $redis->socket));
is($status, 0, 'no user in the URL: the exit status');
like($notes, qr/^target default: the URL names no user: put uncached into it$/m, 'no user in the URL: it says so');
($status, $output, $notes) = ask('--print-acl', configure(0, url => 'unix://default:secret@' . $redis->socket));
is($status, 0, 'the default user: the exit status');
like($notes, qr/^target default: this gives Redis' default user a password, and refuses every client that has none/m, 'the default user: it says so');
foreach my $name ('x%0aFLUSHALL%0a', 'x%20allcommands', 'x%22y', "x%27y", 'x%7f')
{
	($status, $output, $notes) = ask('--print-acl', configure(0, url => "unix://$name:secret\@" . $redis->socket));
	is($status, 1, "user $name: the exit status");
	is($output, '', "user $name: no line");
	like($notes, qr/^target default: the user's name has a blank, a quote or a control character/m, "user $name: why");
}
done_testing();
