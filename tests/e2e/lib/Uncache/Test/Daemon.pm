# uncached as a test runs it.
#
# node and database say where the journal is, redis where the target
# "default" is (a URL); config => FILE instead of it, args and env more.  fault =>
# "NAME:COUNT:SIGNAL" takes the build with fault points; wrapper: a command to start it by;
# stdout and stderr as for Process.
package Uncache::Test::Daemon;

use strict;
use warnings FATAL => 'all';

use parent 'Uncache::Test::Process';

# The role that Uncache::Test::install makes.
use constant ROLE => 'uncached';

sub new
{
	my ($class, $name, %params) = @_;
	my $program = defined $params{fault} ? 'uncached-faults' : 'uncached';
	my @command = (@{ $params{wrapper} // [] }, $program, '--log-level', 'debug');
	my %fault = defined $params{fault} ? (UNCACHED_FAULT => $params{fault}) : ();
	my $database = $params{database} // 'postgres';
	my $role = $params{role} // ROLE;

	push @command, '--dsn', $params{node}->connstr($database) . " user=$role"
	  if defined $params{node};
	push @command, '--redis', $params{redis} if defined $params{redis};
	push @command, '--config', $params{config} if defined $params{config};
	push @command, @{ $params{args} // [] };
	return $class->SUPER::new(
		name => $name,
		command => \@command,
		env => { %{ $params{env} // {} }, %fault },
		stdout => $params{stdout},
		stderr => $params{stderr});
}

# Runs it to its end, for --once and --check-config: the exit status.
sub run
{
	my ($self, $seconds) = @_;

	$self->mark_log if -e $self->{log};
	return $self->start->wait_exit($seconds);
}

# Lines of a level and with a text, as far as it was marked.
sub lines
{
	my ($self, $level, $text) = @_;

	return grep { /\blevel=$level\b/ && /$text/ } split(/\n/, $self->log_since_mark);
}

# Whoever is woken by a line at level error has to be told what to do.
sub wait_exit
{
	my ($self, $seconds) = @_;
	my $status = $self->SUPER::wait_exit($seconds);
	my @bare = grep { /\blevel=error\b/ && !/\badvice="[^"]/ } split(/\n/, $self->log);

	die "an error without an advice: $bare[0]" if @bare;
	return $status;
}

# Has it begun a resync since the last mark?
sub has_resynced
{
	my ($self) = @_;

	return $self->log_since_mark =~ /resync begins/;
}

1;
