# The log: readers that stop reading, that are gone, a full device, and a log
# file that is rotated.  The daemon goes on, and stops when it is told to.

use strict;
use warnings FATAL => 'all';
use Fcntl qw(F_GETFL O_NONBLOCK F_SETFL);
use IO::Pty;
use Socket;
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Daemon;

use constant F_SETPIPE_SZ => 1031;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my $directory = PostgreSQL::Test::Utils::tempdir_short();

# its length makes the lines of the flood long
my $config_directory = "$directory/" . 'x' x 200;
my $config = "$config_directory/uncached.ini";
my $good = <<"END";
[postgres]
dsn = @{[ $node->connstr('postgres') ]} user=uncached
[target default]
url = @{[ $redis->url ]}
END
my $key_count = 0;

mkdir($config_directory) or die "mkdir: $!";
write_file($config, $good);

sub is_serving
{
	my $key = 'k:' . $key_count++;

	$redis->fill($key);
	$node->safe_psql('postgres', "SELECT uncache.invalidate('$key')");
	return wait_for { !$redis->has($key) } 10;
}

sub start_logging
{
	my ($name, %params) = @_;
	my $daemon = Uncache::Test::Daemon->new($name, config => $config, %params)->start;

	ok(wait_attached($node), "$name: the daemon is attached");
	return $daemon;
}

# More lines than any reader's buffer and the daemon's own hold: each SIGHUP
# refuses a broken configuration.
sub flood
{
	my ($daemon) = @_;

	write_file($config, "nonsense\n");
	foreach (1 .. 1500)
	{
		$daemon->signal('HUP');
		pause(0.001);
	}
	write_file($config, $good);
	return;
}

# Of one processor, over half a second without work, in clock ticks.
sub idle_ticks
{
	my ($daemon) = @_;
	my $ticks = sub {
		my @fields = split / /, PostgreSQL::Test::Utils::slurp_file('/proc/' . $daemon->pid . '/stat');
		return $fields[13] + $fields[14];
	};
	my $before = $ticks->();

	pause(0.5);
	return $ticks->() - $before;
}

sub stops_soon
{
	my ($daemon, $name) = @_;
	my $begin = time;

	is($daemon->stop(10), 0, "$name: SIGTERM ends it");
	cmp_ok(time - $begin, '<', 5, "$name: within 5 s");
	return;
}

# What a reader that reads again gets until the gap is told.
sub read_to_notice
{
	my ($reader) = @_;
	my $text = '';

	fcntl($reader, F_SETFL, fcntl($reader, F_GETFL, 0) | O_NONBLOCK);
	wait_for
	{
		while (sysread($reader, $text, 65536, length $text)) { }
		$text =~ /msg="log lines were dropped".*\n\z/;
	} 10;
	return $text;
}

# The daemon's standard error is $writer, of which $reader is the other end.
sub check_reader_that_stops
{
	my ($name, $reader, $writer) = @_;
	my $daemon = start_logging($name, stderr => $writer);

	flood($daemon);
	ok(is_serving(), "$name: with a log that nobody reads keys are deleted");
	is(fcntl($writer, F_GETFL, 0) & O_NONBLOCK, 0, "$name: the descriptor is for others as it was");
	cmp_ok(idle_ticks($daemon), '<', 10, "$name: it does not turn and turn");
	my $text = read_to_notice($reader);
	my @torn = grep { !/^time=\S+Z level=[a-z]+ msg=.*\r?$/ } split /\n/, $text;
	is_deeply(\@torn, [], "$name: every line is whole");
	like($text, qr/level=warning msg="log lines were dropped" lines=\d{2,}/, "$name: a gap is told when it is read again");
	is(scalar(() = $text =~ /were dropped/g), 1, "$name: once");
	ok(is_serving(), "$name: then it goes on");
	flood($daemon);
	stops_soon($daemon, $name);
	return;
}

# --- readers that stop reading ---

pipe(my $pipe_reader, my $pipe_writer) or die "pipe: $!";
fcntl($pipe_writer, F_SETPIPE_SZ, 4096) or die "fcntl: $!";
check_reader_that_stops('pipe', $pipe_reader, $pipe_writer);

socketpair(my $socket_reader, my $socket_writer, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!";
check_reader_that_stops('socket', $socket_reader, $socket_writer);

my $terminal = IO::Pty->new or die "pty: $!";
check_reader_that_stops('terminal', $terminal, $terminal->slave);

# --- readers that are gone, and a device that is full ---

pipe($pipe_reader, $pipe_writer) or die "pipe: $!";
my $daemon = start_logging('closed', stderr => $pipe_writer);
close($pipe_writer);
close($pipe_reader);
flood($daemon);
ok(is_serving(), 'a pipe that is closed: keys are deleted');
cmp_ok(idle_ticks($daemon), '<', 10, 'a pipe that is closed: it does nothing about it');
stops_soon($daemon, 'a pipe that is closed');

open(my $full, '>', '/dev/full') or die "/dev/full: $!";
$daemon = start_logging('full', stderr => $full);
flood($daemon);
ok(is_serving(), 'a full device: keys are deleted');
cmp_ok(idle_ticks($daemon), '<', 10, 'a full device: it is tried now and then');
stops_soon($daemon, 'a full device');

# --- before there is a loop ---

pipe($pipe_reader, $pipe_writer) or die "pipe: $!";
fcntl($pipe_writer, F_SETFL, fcntl($pipe_writer, F_GETFL, 0) | O_NONBLOCK);
while (syswrite($pipe_writer, 'x' x 4096)) { }
fcntl($pipe_writer, F_SETFL, fcntl($pipe_writer, F_GETFL, 0) & ~O_NONBLOCK);
is(Uncache::Test::Daemon->new('refused', args => ['--nonsense'], stderr => $pipe_writer)->run(10),
	2, 'a refusal does not wait for a full pipe');

foreach my $option (qw(--help -h --version -V --check-config))
{
	my $printing = Uncache::Test::Daemon->new("full $option", args => [$option], stdout => $full);

	is($printing->run(10), 1, "$option: a full device as standard output is an error");
	like($printing->log_since_mark, qr/^uncached: cannot write to standard output: No space left/m, "$option: it is told");
}

# --- a log file ---

my $log_directory = "$directory/log";
my $log_file = "$log_directory/uncached.log";

sub log_text { return PostgreSQL::Test::Utils::slurp_file($_[0] // $log_file); }
sub is_logged { my ($regexp) = @_; return wait_for { -e $log_file && log_text() =~ $regexp } 10; }

is(Uncache::Test::Daemon->new('no_directory', config => $config, args => [ '--log-file', $log_file ])->run(10),
	2, 'a log file that cannot be opened: the daemon does not start');
mkdir($log_directory) or die "mkdir: $!";
umask(0022);
$daemon = start_logging('file', args => [ '--log-file', $log_file ]);
ok(is_logged(qr/msg=attached/), 'a log file: it has the log');
is((stat $log_file)[2] & 07777, 0640, 'a log file: its group may read it');
is($daemon->log, '', 'a log file: standard error is left alone');

foreach my $signal (qw(USR1 HUP))
{
	rename($log_file, "$log_file.$signal") or die "rename: $!";
	$daemon->signal($signal);
	ok(is_logged(qr/msg="log file opened"/), "SIG$signal: the log goes on in a new file");
	my $old_bytes = -s "$log_file.$signal";
	ok(is_serving(), "SIG$signal: keys are deleted");
	ok(is_logged(qr/msg="batch applied"/), "SIG$signal: which the new file tells");
	is(-s "$log_file.$signal", $old_bytes, "SIG$signal: and no longer the old one");
}

rename($log_file, "$log_file.kept") or die "rename: $!";
chmod(0500, $log_directory) or die "chmod: $!";
$daemon->signal('USR1');
ok((wait_for { log_text("$log_file.kept") =~ /level=error msg="cannot open the log file: the log stays where it is".* error="Permission denied" advice=/ }),
	'a log file that cannot be opened again: the old one is kept, and has the reason');
ok(is_serving(), 'a log file that cannot be opened again: keys are deleted');
chmod(0700, $log_directory) or die "chmod: $!";
$daemon->signal('USR1');
ok(is_logged(qr/msg="log file opened"/), 'when it can be opened, SIGUSR1 does it');
stops_soon($daemon, 'a log file');
like(log_text(), qr/msg=stopped/, 'a log file: it has the end');

done_testing();
