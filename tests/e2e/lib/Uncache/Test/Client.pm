# A program in another language that a test talks with, line by line, or lets
# run to its end.
#
# It ends when the test does: its input is closed then.
package Uncache::Test::Client;

use strict;
use warnings FATAL => 'all';

use IO::Select;
use IPC::Open2 qw(open2);

use constant DEADLINE => 30;

# language: python or js; file: the program.
sub new
{
	my ($class, $language, $file) = @_;
	my $interpreter = $language eq 'python' ? '/usr/bin/python3' : 'node';

	local $ENV{NODE_PATH} = '/usr/share/nodejs';
	my $pid = open2(my $reading, my $writing, $interpreter, $file);
	return bless { pid => $pid, reading => $reading, writing => $writing, buffer => '' }, $class;
}

sub say
{
	my ($self, $line) = @_;

	my $sent = "$line\n";
	while (length $sent)
	{
		my $written = syswrite($self->{writing}, $sent) or die "the client is gone\n";
		substr($sent, 0, $written, '');
	}
	return;
}

# The next line; undef when it has ended.
sub hear
{
	my ($self) = @_;

	while ($self->{buffer} !~ /\n/)
	{
		die "the client is silent\n" unless IO::Select->new($self->{reading})->can_read(DEADLINE);
		sysread($self->{reading}, $self->{buffer}, 65536, length $self->{buffer}) or return undef;
	}
	$self->{buffer} =~ s/^(.*?)\n//s;
	return $1;
}

# What it says until it ends, and its exit status.
sub finish
{
	my ($self) = @_;
	my @lines;

	close($self->{writing});
	while (defined(my $line = $self->hear)) { push @lines, $line; }
	waitpid($self->{pid}, 0);
	return (join("\n", @lines), $? >> 8);
}

1;
