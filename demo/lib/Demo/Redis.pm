# A connection to Redis: commands with their replies, or a subscription.
package Demo::Redis;

use strict;
use warnings;
use IO::Socket::UNIX;

sub connect
{
	my ($class, $path) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $path)
	  or die "cannot connect to Redis at $path: $!\n";
	return bless { socket => $socket, buffer => '' }, $class;
}

sub socket { return $_[0]->{socket}; }

# Sends one command and returns its reply; a list becomes an array reference.
sub command
{
	my ($self, @words) = @_;
	$self->_send(@words);
	return $self->_read_reply;
}

# Sends many commands, then reads all replies.
sub pipeline
{
	my ($self, @commands) = @_;
	while (my @chunk = splice @commands, 0, 500)
	{
		$self->_send(@$_) for @chunk;
		$self->_read_reply for @chunk;
	}
	return;
}

sub subscribe
{
	my ($self, $channel) = @_;
	$self->command('SUBSCRIBE', $channel);
	return;
}

# Reads what has arrived and returns the payloads of all whole messages.
sub messages
{
	my ($self) = @_;
	my @payloads;

	sysread($self->{socket}, $self->{buffer}, 65536, length $self->{buffer})
	  or die "Redis closed the connection\n";
	while ($self->{buffer} =~ /\A\*3\r\n\$7\r\nmessage\r\n\$\d+\r\n[^\r]*\r\n\$(\d+)\r\n/)
	{
		my ($start, $length) = ($+[0], $1);
		last if length $self->{buffer} < $start + $length + 2;
		push @payloads, substr($self->{buffer}, $start, $length);
		substr($self->{buffer}, 0, $start + $length + 2, '');
	}
	return @payloads;
}

sub _send
{
	my ($self, @words) = @_;
	my $request = '*' . @words . "\r\n";

	$request .= '$' . length($_) . "\r\n$_\r\n" for @words;
	$self->{socket}->print($request) or die "cannot write to Redis: $!\n";
	return;
}

sub _read_reply
{
	my ($self) = @_;
	my $line = $self->{socket}->getline // die "Redis closed the connection\n";
	my ($type, $rest) = $line =~ /\A(.)(.*)\r\n\z/s;
	die "Redis: $rest\n" if $type eq '-';
	return $rest if $type eq '+' or $type eq ':';
	return if $rest < 0;
	return [ map { scalar $self->_read_reply } 1 .. $rest ] if $type eq '*';
	$self->{socket}->read(my $bytes, $rest + 2) == $rest + 2
	  or die "Redis closed the connection\n";
	return substr($bytes, 0, $rest);
}

1;
