# A psql that stays open: scripts go in, rows come out, without waiting. It has a
# session of its own, so that Ctrl-C is answered in one place only.
package Demo::Psql;

use strict;
use warnings;
use IO::Handle;
use IPC::Open2;

my $END_OF_SCRIPT = "-- end of script --\n";

sub start
{
	my ($class, @arguments) = @_;
	my $pid = open2(my $output, my $input,
		'setsid', 'psql', '-X', '-A', '-t', '-q', '-F', "\t", '-v', 'ON_ERROR_STOP=1', @arguments);
	$input->autoflush(1);
	return bless { pid => $pid, input => $input, output => $output, buffer => '' }, $class;
}

sub output { return $_[0]->{output}; }

# Starts a script; "rows" tells when it has ended.
sub send
{
	my ($self, $script) = @_;
	$self->{input}->print("$script\n\\echo $END_OF_SCRIPT");
	return;
}

# Reads what has arrived; returns the rows once the script has ended.
sub rows
{
	my ($self) = @_;

	sysread($self->{output}, $self->{buffer}, 65536, length $self->{buffer})
	  or die "psql ended\n";
	return if substr($self->{buffer}, -length $END_OF_SCRIPT) ne $END_OF_SCRIPT;
	my @rows = map { [ split /\t/ ] } split /\n/, substr($self->{buffer}, 0, -length $END_OF_SCRIPT);
	$self->{buffer} = '';
	return \@rows;
}

sub stop
{
	my ($self) = @_;
	close $self->{input};
	waitpid $self->{pid}, 0;
	return;
}

1;
