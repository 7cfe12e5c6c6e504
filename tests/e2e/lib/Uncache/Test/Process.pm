# A program that a test starts, watches and ends.
#
# It is known by its pid alone, logs into the directory of the test's logs,
# and dies with the test, however that ends.
package Uncache::Test::Process;

use strict;
use warnings FATAL => 'all';

use File::Basename qw(basename);
use POSIX qw(WNOHANG);
use PostgreSQL::Test::Utils ();
use Uncache::Test::Wait qw(wait_for);

# name: unique in the test; command: program and arguments; env: variables to
# set; stdout, stderr: handles to write to instead of the log.  Nothing is started yet.
sub new
{
	my ($class, %params) = @_;
	my $test = basename($0, '.pl');

	return bless {
		%params,
		log => "$PostgreSQL::Test::Utils::log_path/${test}_$params{name}.log",
		mark => 0,
		pid => undef,
		status => undef
	}, $class;
}

sub start
{
	my ($self) = @_;

	die "$self->{name} is already running" if $self->is_running;
	my $pid = fork();
	die "fork: $!" unless defined $pid;
	$self->_exec if $pid == 0;
	$self->{pid} = $pid;
	$self->{status} = undef;
	return $self;
}

# In the child.  setpriv keeps the pid.
sub _exec
{
	my ($self) = @_;

	local %ENV = (%ENV, %{ $self->{env} // {} });
	open(STDIN, '<', '/dev/null');
	open(STDOUT, '>>', $self->{log});
	open(STDERR, '>&', $self->{stderr} // \*STDOUT);
	open(STDOUT, '>&', $self->{stdout}) if defined $self->{stdout};
	exec('setpriv', '--pdeathsig', 'KILL', '--', @{ $self->{command} })
	  or POSIX::_exit(127);
}

sub pid { return $_[0]->{pid}; }

sub is_running
{
	my ($self) = @_;

	return 0 unless defined $self->{pid};
	if (waitpid($self->{pid}, WNOHANG) == $self->{pid})
	{
		$self->{status} = $?;
		$self->{pid} = undef;
	}
	return defined $self->{pid};
}

sub signal
{
	my ($self, $signal) = @_;

	kill($signal, $self->{pid}) if $self->is_running;
	return;
}

# The exit status (128 + n for signal n), or undef if it runs on.
sub wait_exit
{
	my ($self, $seconds) = @_;

	return undef unless wait_for { !$self->is_running } $seconds;
	return $self->{status} & 127 ? 128 + ($self->{status} & 127) : $self->{status} >> 8;
}

# Asks it to end; the exit status as wait_exit has it.
sub stop
{
	my ($self, $seconds) = @_;

	$self->signal('TERM');
	return $self->wait_exit($seconds);
}

sub kill9
{
	my ($self) = @_;

	$self->signal('KILL');
	return $self->wait_exit;
}

# What it has written, from the start or since the last mark.
sub log { return PostgreSQL::Test::Utils::slurp_file($_[0]->{log}); }

sub mark_log
{
	my ($self) = @_;

	$self->{mark} = -s $self->{log} // 0;
	return;
}

sub log_since_mark
{
	my ($self) = @_;

	return PostgreSQL::Test::Utils::slurp_file($self->{log}, $self->{mark});
}

sub wait_for_log
{
	my ($self, $regexp, $seconds) = @_;

	return wait_for { -e $self->{log} && $self->log_since_mark =~ $regexp } $seconds;
}

# A number of kB from /proc/PID/status: VmRSS, VmHWM.
sub memory_kb
{
	my ($self, $field) = @_;

	my $status = PostgreSQL::Test::Utils::slurp_file("/proc/$self->{pid}/status");
	return $status =~ /^\Q$field\E:\s+(\d+) kB/m ? $1 : undef;
}

sub DESTROY
{
	my ($self) = @_;

	local ($?, $!);
	$self->kill9 if defined $self->{pid};
	return;
}

1;
