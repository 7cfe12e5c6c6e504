# What systemd hears of the daemon, on a real datagram socket: ready when it is known of each
# target how it stands, not before; reloading, stopping; and signs of life, as long as the loop turns.

use strict;
use warnings FATAL => 'all';
use IO::Select;
use IO::Socket::UNIX;
use Socket qw(SOCK_DGRAM);
use Test::More;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC time);
use Uncache::Test;
use Uncache::Test::Daemon;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $file = "$directory/uncached.ini";
my $count = 0;
my ($manager, $address, @heard);

# A service manager; the daemon's environment leads to it.
sub listen_at
{
	my ($name) = @_;

	($address = $name) =~ s/^@/\0/;
	$manager = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $address) or die "$name: $!";
	@heard = ();
	return (NOTIFY_SOCKET => $name);
}

sub configure
{
	my ($more) = @_;

	return write_file($file, "[postgres]\ndsn = " . $node->connstr('postgres') . " user=uncached\n"
		  . "[target default]\nurl = " . $redis->url . "\n" . ($more // ''));
}

sub run_daemon
{
	my (%env) = @_;

	return Uncache::Test::Daemon->new('daemon_' . $count++, config => $file, env => \%env)->start;
}

# All that was said until now, and what comes within that time.
sub hear
{
	my ($seconds) = @_;
	my $end = time + $seconds;

	while (IO::Select->new($manager)->can_read($end > time ? $end - time : 0))
	{
		$manager->recv(my $message, 4096);
		push @heard, $message;
	}
	return @heard;
}

# Is it said? What was heard up to there is forgotten.
sub is_said
{
	my ($regexp, $what) = @_;
	my $found;

	ok((wait_for { hear(0.05); grep { $_ =~ $regexp } @heard } 20), $what) or diag explain \@heard;
	while (defined(my $message = shift @heard))
	{
		return $message if $message =~ $regexp;
	}
	return '';
}

sub is_silent
{
	my ($regexp, $seconds, $what) = @_;

	@heard = ();
	ok(!(grep { $_ =~ $regexp } hear($seconds)), $what) or diag explain \@heard;
	return;
}

# --- ready ---

my $locker = $node->background_psql('postgres');
$locker->query_safe('BEGIN; LOCK TABLE uncache.consumers');
configure();
my %env = listen_at("$directory/notify");
my $daemon = run_daemon(%env);
is_said(qr/\ASTATUS=0 of 1 targets ready; default: attaching\z/, 'a target is being attached');
is_silent(qr/READY/, 2, 'it is not ready meanwhile');
$locker->query_safe('COMMIT');
my $attached = is_said(qr/\AREADY=1\nSTATUS=/, 'ready when it is attached');
is_said(qr/1 of 1 targets ready\z/, 'the status says so') unless $attached =~ /1 of 1/;

# --- a reload ---

my $before = clock_gettime(CLOCK_MONOTONIC);
configure("prefix = other\n");
$daemon->signal('HUP');
my $message = is_said(qr/\ARELOADING=1\nMONOTONIC_USEC=\d+\n/, 'reloading');
my ($usec) = $message =~ /MONOTONIC_USEC=(\d+)/;
ok($usec >= $before * 1e6 - 1 && $usec <= clock_gettime(CLOCK_MONOTONIC) * 1e6, 'since now');
is_said(qr/\AREADY=1\n/, 'ready again');
$locker->query_safe('BEGIN; LOCK TABLE uncache.consumers');
configure();
$daemon->signal('HUP');
is_said(qr/\ARELOADING=1\n/, 'a target starts anew');
is_silent(qr/READY/, 2, 'not ready before it is attached');
$locker->query_safe('COMMIT');
is_said(qr/\AREADY=1\n/, 'ready then');
write_file($file, "nonsense\n");
$daemon->signal('HUP');
is_said(qr/\ARELOADING=1\n/, 'a configuration that is refused');
is_said(qr/\AREADY=1\n/, 'ends the reload as well');

# --- the end ---

$daemon->signal('TERM');
is_said(qr/\ASTOPPING=1\n/, 'stopping');
is($daemon->wait_exit(6), 0, 'it stops');
is_silent(qr/./, 0.1, 'and says no more');

# --- what is known to wait ---

configure("[target absent]\nurl = unix:///nonexistent/redis.sock\n");
$node->safe_psql('postgres', 'CREATE TABLE t (id int); SELECT uncache.drop_consumer(target) FROM uncache.consumers');
$locker->query_safe('BEGIN; INSERT INTO t VALUES (1)');
%env = listen_at("\@$directory/abstract");
$daemon = run_daemon(%env, WATCHDOG_USEC => 600_000);
is_said(qr/\AREADY=1\nSTATUS=0 of 2 targets ready; default: waiting/, 'an abstract socket; ready while it waits for transactions');
$locker->query_safe('COMMIT');
$locker->quit;
is_said(qr/\ASTATUS=1 of 2 targets ready; absent: resync, no Redis\z/, 'the status shows what goes on');

# --- signs of life ---

@heard = ();
my $alive = grep { $_ eq 'WATCHDOG=1' } hear(2.2);
cmp_ok($alive, '>=', 5, 'alive twice in the watchdog\'s time');
cmp_ok($alive, '<=', 8, 'and not more often');
$daemon->signal('STOP');
hear(0.1);
is_silent(qr/./, 1.5, 'a daemon that stands still gives no sign of life');
$daemon->signal('CONT');
is_said(qr/\AWATCHDOG=1\z/, 'it does when it goes on');
$node->stop;
is_said(qr/\ASTATUS=0 of 2 targets ready; default: connecting/, 'without PostgreSQL');
is_said(qr/\AWATCHDOG=1\z/, 'the loop turns');
is($daemon->stop(6), 0, 'it stops');

# --- PostgreSQL is not there yet ---

%env = listen_at("$directory/second");
$daemon = run_daemon(%env, WATCHDOG_USEC => 600_000, WATCHDOG_PID => $$);
is_said(qr/\AREADY=1\nSTATUS=0 of 2 targets ready; default: connecting/,
	'ready as well while PostgreSQL cannot be reached: it is tried again');
is_silent(qr/WATCHDOG/, 1.5, 'another process\' watchdog is not its own');
$node->start;
is_said(qr/\ASTATUS=1 of 2 targets ready; absent: resync, no Redis\z/, 'and goes on by itself');
is($daemon->stop(6), 0, 'it stops');

# --- a manager that is gone ---

$manager = undef;
unlink "$directory/second";
$daemon = run_daemon(NOTIFY_SOCKET => "$directory/second");
ok($daemon->wait_for_log(qr/level=warning msg="cannot notify the service manager" reason="No such file or directory" advice=/),
	'a manager that is not there is a warning');
$redis->fill('k');
$node->safe_psql('postgres', q{SELECT uncache.invalidate('k')});
ok((wait_for { !$redis->has('k') } 5), 'and holds up nothing');
is($daemon->stop(6), 0, 'it stops');
my @warnings = $daemon->log =~ /cannot notify/g;
is(scalar @warnings, 1, 'one warning');
done_testing();
