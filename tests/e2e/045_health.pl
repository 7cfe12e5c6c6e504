# The health socket: whoever asks gets the states of all targets from the running daemon,
# and nothing from one that stands still.

use strict;
use warnings FATAL => 'all';
use IO::Socket::UNIX;
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Daemon;
use Uncache::Test::Process;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $socket = "$directory/health";
my $file = "$directory/uncached.ini";
my $runs = 0;

sub configure
{
	my (%params) = @_;

	return write_file($file,
		"[daemon]\nhealth_socket = " . ($params{socket} // $socket) . "\n"
		  . "[postgres]\ndsn = " . $node->connstr('postgres') . " user=uncached\n"
		  . "[target default]\nurl = " . $redis->url . "\n"
		  . "[target absent]\nurl = unix:///nonexistent/redis.sock\n"
		  . ($params{more} // ''));
}

# Exit status and output of --check-health, and how long it took.
sub ask
{
	my (@arguments) = @_;
	my $process = Uncache::Test::Process->new(
		name => 'ask_' . $runs++,
		command => [ 'uncached', '--check-health', @arguments ],
		env => { UNCACHED_HEALTH_SOCKET => '' });
	my $begin = time;

	return ($process->start->wait_exit(10), $process->log, time - $begin);
}

# Waits until the answer is like that.
sub answers
{
	my ($regexp, $what) = @_;
	my $answer = '';

	ok((wait_for { ($answer = (ask('--health-socket', $socket))[1]) =~ $regexp } 15), $what) or diag $answer;
	return;
}

my ($status, $answer, $seconds) = ask('--health-socket', $socket);
is($status, 1, 'without a daemon: exit status 1');
like($answer, qr/^uncached: cannot connect to the health socket: No such file or directory$/, 'it says why');
is((ask())[0], 2, 'without a socket: exit status 2');

# --- states ---

my $open = $node->background_psql('postgres');
$node->safe_psql('postgres', 'CREATE TABLE t (id int)');
$open->query_safe('BEGIN; INSERT INTO t VALUES (1)');
my $daemon = Uncache::Test::Daemon->new('uncached', config => configure())->start;
answers(qr/^default state=waiting redis=connected$/m, 'waiting for transactions in flight');
$open->query_safe('COMMIT');
$open->quit;
answers(qr/^default state=ready redis=connected\nabsent state=resync redis=disconnected$/m,
	'ready; without its Redis another target resyncs still');
($status, $answer) = ask('--config', $file);
is($status, 0, 'exit status 0, the path from the file');
is($answer, "default state=ready redis=connected\nabsent state=resync redis=disconnected\n", 'and nothing else is said');
my $mode = (stat $socket)[2] & 07777;
is($mode, 0600, 'the socket is for the daemon\'s user alone');

my $second = Uncache::Test::Daemon->new('second', node => $node, redis => $redis->url,
	args => [ '--health-socket', "$directory/second" ])->start;
ok((wait_for { (ask('--health-socket', "$directory/second"))[1] eq "default state=standby redis=connected\n" }),
	'a daemon that stands by says so');
is($second->stop(5), 0, 'it stops');

$node->stop;
answers(qr/^default state=connecting redis=connected$/m, 'without PostgreSQL: connecting');
$node->start;
answers(qr/^default state=ready/m, 'and ready again');

# --- a configuration that is wrong by now ---

write_file($file, "nonsense\n");
is((ask('--config', $file))[0], 2, 'a wrong file cannot tell the path');
is((ask('--config', $file, '--health-socket', $socket))[0], 0, 'but the daemon is asked, not its file');

# --- reload ---

configure(more => "[target late]\nurl = " . $redis->url(1) . "\n");
$daemon->signal('HUP');
answers(qr/^late state=ready redis=connected$/m, 'a target that a reload has added');
my $old = $socket;
$socket = "$directory/moved";
configure();
$daemon->signal('HUP');
answers(qr/^default state=ready/m, 'a reload moves the socket');
ok(!-e $old, 'the old one is gone');

# --- a daemon that stands still, or is busy elsewhere ---

$daemon->signal('STOP');
($status, $answer, $seconds) = ask('--health-socket', $socket);
is($status, 1, 'a daemon that stands still: exit status 1');
like($answer, qr/the daemon does not answer/, 'it says why');
cmp_ok($seconds, '<', 3, 'within 3 s');
$daemon->signal('CONT');
is((ask('--health-socket', $socket))[0], 0, 'it goes on');

my @silent = map { IO::Socket::UNIX->new(Peer => $socket) } 1 .. 50;
is((ask('--health-socket', $socket))[0], 0, 'many who ask and do not listen hold up nobody');
$redis->fill('k');
$node->safe_psql('postgres', q{SELECT uncache.invalidate('k')});
ok((wait_for { !$redis->has('k') } 5), 'nor the work');

kill('STOP', $redis->pid);
$node->safe_psql('postgres', q{SELECT uncache.invalidate('k')});
pause(0.2);
$daemon->signal('TERM');
answers(qr/^default state=stopping redis=connected$/m, 'while it finishes its batch it is stopping');
kill('CONT', $redis->pid);
is($daemon->wait_exit(6), 0, 'it stops');
ok(!-e $socket, 'and removes its socket');

# --- what is left behind, and what is somebody else's ---

$daemon->start;
answers(qr/^default state=ready/m, 'it is back');
$daemon->kill9;
ok(-S $socket, 'one that is killed leaves its socket');
is((ask('--health-socket', $socket))[0], 1, 'which answers nobody');
$daemon->start;
answers(qr/^default state=ready/m, 'the next one replaces it');

$second = Uncache::Test::Daemon->new('rival', node => $node, redis => $redis->url, args => [ '--health-socket', $socket ])->start;
ok($second->wait_for_log(qr/level=error msg="cannot open the health socket, trying again" path=.*reason="another process listens there".* advice=/),
	'another daemon leaves it alone, and says so');
ok($second->is_running, 'it runs without it');
is($daemon->stop(5), 0, 'the first one stops');
ok($second->wait_for_log(qr/health socket is open/), 'the second one has it then');
is($second->stop(5), 0, 'the second one stops');

write_file($socket, 'precious');
$second->mark_log;
$second->start;
ok($second->wait_for_log(qr/cannot open the health socket.*another file has this path/), 'a file is not replaced');
is($second->stop(5), 0, 'the daemon stops');
is(PostgreSQL::Test::Utils::slurp_file($socket), 'precious', 'the file is as it was');
done_testing();
