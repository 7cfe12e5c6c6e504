# SIGHUP: only targets whose settings have changed are started anew, each by itself. What
# stands still, is removed, comes back, or is reloaded twice holds up nobody else.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my $frozen = start_redis('frozen');
my $file = PostgreSQL::Test::Utils::tempdir() . '/uncached.ini';
my $dsn = $node->connstr('postgres') . ' user=uncached';
my $round = 0;

my %targets = (
	quiet => { url => $redis->url(0) },
	frozen => { url => $frozen->url },
	api => { url => $redis->url(1) });
my %clients = map { $_ => $redis->client } 'quiet', 'api', 'late';
$clients{api}->command('SELECT', 1);
$clients{late}->command('SELECT', 2);

sub configure
{
	my (%others) = @_;
	my $text = "[postgres]\ndsn = " . ($others{dsn} // $dsn) . "\n";

	$text .= "[log]\nlevel = $others{level}\n" if defined $others{level};
	foreach my $alias (sort keys %targets)
	{
		$text .= join("\n", "[target $alias]", map { "$_ = $targets{$alias}{$_}" } sort keys %{ $targets{$alias} }) . "\n";
	}
	# whole or not at all: the daemon may be reading it
	rename(write_file("$file.new", $text), $file) or die "rename: $!";
	return $file;
}

my $daemon = Uncache::Test::Daemon->new('uncached', config => configure())->start;

sub reload
{
	configure(@_);
	$daemon->mark_log;
	$daemon->signal('HUP');
	return;
}

sub worker
{
	my ($alias) = @_;

	return $node->safe_psql('postgres', "SELECT worker_pid FROM uncache.status WHERE target = '$alias'");
}

# The seconds until a commit made now has reached Redis; undef if it does not.
sub seconds_to_serve
{
	my ($alias) = @_;
	my $key = 'k' . $round++;
	my $prefix = $targets{$alias}{prefix} // '';

	$clients{$alias}->command('SET', "$prefix$key", 'cached');
	my $begin = time;
	$node->safe_psql('postgres', "SELECT uncache.invalidate('$alias://$key')");
	return undef unless wait_for { !$clients{$alias}->command('EXISTS', "$prefix$key") };
	return time - $begin;
}

ok(wait_attached($node, target => $_), "$_ is served") foreach sort keys %targets;

# --- nothing has changed ---

my %workers = map { $_ => worker($_) } keys %targets;
reload();
ok($daemon->wait_for_log(qr/configuration reloaded.* targets=3 unchanged=3 changed=0 added=0 removed=0/),
	'an unchanged configuration: nothing is done');
is(worker($_), $workers{$_}, "$_ keeps its session") foreach sort keys %targets;

reload(level => 'debug');
ok($daemon->wait_for_log(qr/unchanged=3 changed=0/), 'another log level restarts no target');

# --- a neighbour that stands still ---

# It has a batch in hand that Redis does not answer.
wait_applied($node, target => 'frozen');
kill('STOP', $frozen->pid);
$node->safe_psql('postgres', q{SELECT uncache.invalidate('frozen://x')});
pause(0.2);
$targets{api}{prefix} = 'new:';
my $begin = time;
reload();
ok($daemon->wait_for_log(qr/msg="target configured" target=api/), 'a changed target is started anew');
ok(wait_attached($node, target => 'api'), 'it attaches');
cmp_ok(time - $begin, '<', 2, 'it does not wait for one that stands still');
isnt(worker('api'), $workers{api}, 'it has another session');
is(worker('quiet'), $workers{quiet}, 'an unchanged target keeps its session');
ok(defined seconds_to_serve('api'), 'it deletes where its settings say');
cmp_ok(seconds_to_serve('quiet'), '<', 2, 'the unchanged target is served');
unlike($daemon->log_since_mark, qr/(?:configured|connected to Redis|attached)"? target=quiet/,
	'nothing was said of the unchanged target');

# One that stands still and is changed itself: STOP_WAIT_MS, for itself alone.
kill('CONT', $frozen->pid);
ok(wait_applied($node, target => 'frozen'), 'the frozen one has caught up');
kill('STOP', $frozen->pid);
$node->safe_psql('postgres', q{SELECT uncache.invalidate('frozen://x')});
pause(0.2);
$targets{frozen}{prefix} = 'other:';
$targets{late} = { url => $redis->url(2) };
$begin = time;
reload();
ok($daemon->wait_for_log(qr/configuration reloaded.* targets=4 unchanged=2 changed=1 added=1 removed=0/),
	'the log tells what a reload does');
ok(wait_attached($node, target => 'late'), 'an added target is served');
cmp_ok(time - $begin, '<', 3, 'at once');
cmp_ok(seconds_to_serve($_), '<', 2, "$_ is served meanwhile") foreach 'quiet', 'api', 'late';
is(worker('quiet'), $workers{quiet}, 'the unchanged target still has its session');

# meanwhile again, with yet another setting
$targets{frozen}{prefix} = 'last:';
reload();
ok($daemon->wait_for_log(qr/unchanged=3 changed=1 added=0 removed=0/), 'a reload during a reload');
ok($daemon->wait_for_log(qr/the current batch is abandoned: it will be repeated" target=frozen/, 10),
	'the changed one gives up its batch');
ok($daemon->wait_for_log(qr/msg="target configured" target=frozen/), 'and is started anew');
kill('CONT', $frozen->pid);
ok(wait_applied($node, target => 'frozen'), 'what it gave up is applied when its Redis is back');
$frozen->command('SET', 'last:k', 'cached');
$node->safe_psql('postgres', q{SELECT uncache.invalidate('frozen://k')});
ok((wait_for { !$frozen->has('last:k') }), 'the last settings count');

# --- removed, and added again ---

my $late = delete $targets{late};
reload();
ok( $daemon->wait_for_log(
		qr/level=warning msg="target is no longer configured: its consumer remains and holds back the journal" target=late advice=".*SELECT uncache.drop_consumer\('late'\)"/),
	'a removed target: the log says what stays, and what to do');
is(worker('late'), '', 'it is not served any more');
$node->safe_psql('postgres', "SELECT uncache.drop_consumer('late')");
pass('its consumer can be dropped');
is(worker('quiet'), $workers{quiet}, 'the unchanged target still has its session');

# by a second reload that comes while the first one waits for its batch
my $kept = delete $targets{frozen};
kill('STOP', $frozen->pid);
$node->safe_psql('postgres', q{SELECT uncache.invalidate('frozen://x')});
pause(0.2);
reload();
ok($daemon->wait_for_log(qr/removed=1/), 'a target with a batch in hand is removed');
$targets{frozen} = $kept;
reload();
ok($daemon->wait_for_log(qr/changed=1 added=0 removed=0/), 'and added again before it has ended');
kill('CONT', $frozen->pid);
ok($daemon->wait_for_log(qr/target configured" target=frozen.*attached target=frozen/s), 'it comes back');
unlike($daemon->log_since_mark, qr/standing by/, 'without standing by');
unlike($daemon->log_since_mark, qr/no longer configured/, 'and nobody is told to drop it');
ok(wait_applied($node, target => 'frozen'), 'it is served');

# several quick ones, whatever comes of each
foreach my $n (1 .. 5)
{
	delete $targets{api};
	reload();
	$targets{api} = { url => $redis->url(1), prefix => "p$n:" };
	reload();
}
ok(wait_attached($node, target => 'api'), 'after many quick reloads the target is served');
ok(defined seconds_to_serve('api'), 'with the last settings');
is(worker('quiet'), $workers{quiet}, 'the unchanged target still has its session');

# --- too many targets ---

my %usual = %targets;
$targets{"t$_"} = { url => $redis->url } foreach 1 .. 50;
reload();
ok( $daemon->wait_for_log(
		qr/level=error msg="configuration refused: the old one stays in effect" error="[^"]*: 53 targets need 53 sessions of PostgreSQL, and max_sessions is 50: .*advice=/),
	'more targets than sessions are refused');
is(Uncache::Test::Daemon->new('too_many', config => $file)->run(5), 2, 'at the start, too');
%targets = %usual;
reload();
ok($daemon->wait_for_log(qr/unchanged=3 changed=0/), 'nothing has happened to the others');

# --- another dsn ---

reload(dsn => "$dsn connect_timeout=3");
ok($daemon->wait_for_log(qr/unchanged=0 changed=3/), 'another dsn restarts all');
foreach my $alias (sort keys %targets)
{
	ok($daemon->wait_for_log(qr/msg=attached target=$alias/), "$alias attaches again");
}
cmp_ok(seconds_to_serve('quiet'), '<', 2, 'and is served');
unlike($daemon->log, qr/resync begins" target=quiet.*resync begins" target=quiet/s, 'the unchanged target was resynced once');

# --- SIGTERM during a reload ---

wait_applied($node, target => 'frozen');
kill('STOP', $frozen->pid);
$node->safe_psql('postgres', q{SELECT uncache.invalidate('frozen://x')});
pause(0.2);
$targets{frozen}{prefix} = 'never:';
reload(dsn => "$dsn connect_timeout=3");
ok($daemon->wait_for_log(qr/changed=1/), 'a reload waits for its batch');
$begin = time;
is($daemon->stop(6), 0, 'SIGTERM meanwhile: the daemon exits with 0');
cmp_ok(time - $begin, '<', 5, 'within 5 s');
unlike($daemon->log_since_mark, qr/target configured" target=frozen/, 'and starts nothing any more');
kill('CONT', $frozen->pid);
done_testing();
