# A connection to Redis: RESP2 and nothing else.  The demo has it, too: it needs
# nothing but perl itself.
#
# Arguments and replies are byte strings.
package Uncache::Test::RedisClient;

use strict;
use warnings FATAL => 'all';

use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;

use constant DEADLINE => 30;

# socket: a path, or port: on loopback.  undef if nobody listens there.
sub connect
{
	my ($class, %params) = @_;
	my $socket =
	  defined $params{socket}
	  ? IO::Socket::UNIX->new(Peer => $params{socket})
	  : IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $params{port});

	return undef unless $socket;
	return bless { socket => $socket, buffer => '' }, $class;
}

# The reply: a string or number, undef for null, an array; an error dies with
# "redis: <error>", a lost connection with "redis: connection lost".
sub command
{
	my ($self, @arguments) = @_;

	return ($self->pipeline(\@arguments))[0];
}

# Sends many commands at once; their replies.
sub pipeline
{
	my ($self, @commands) = @_;

	$self->_write(join('', map { _format(@$_) } @commands));
	return map { $self->read_reply } @commands;
}

sub socket { return $_[0]->{socket}; }

# What has been published to a connection that has subscribed to something: call it
# when the socket can be read.
sub messages
{
	my ($self) = @_;
	my @messages;

	$self->_fill;
	push @messages, $self->read_reply->[2] while length $self->{buffer};
	return @messages;
}

sub _format
{
	return join('', '*' . @_ . "\r\n", map { '$' . length($_) . "\r\n$_\r\n" } @_);
}

sub _write
{
	my ($self, $bytes) = @_;

	while (length $bytes)
	{
		my $written = syswrite($self->{socket}, $bytes);

		die "redis: connection lost\n" unless $written;
		substr($bytes, 0, $written, '');
	}
	return;
}

sub _fill
{
	my ($self) = @_;

	die "redis: no reply\n" unless IO::Select->new($self->{socket})->can_read(DEADLINE);
	sysread($self->{socket}, $self->{buffer}, 65536, length $self->{buffer})
	  or die "redis: connection lost\n";
	return;
}

sub _read_line
{
	my ($self) = @_;
	my $end;

	$self->_fill while ($end = index($self->{buffer}, "\r\n")) < 0;
	my $line = substr($self->{buffer}, 0, $end);
	substr($self->{buffer}, 0, $end + 2, '');
	return $line;
}

sub _read_bulk
{
	my ($self, $length) = @_;

	$self->_fill while length($self->{buffer}) < $length + 2;
	my $bulk = substr($self->{buffer}, 0, $length);
	substr($self->{buffer}, 0, $length + 2, '');
	return $bulk;
}

sub read_reply
{
	my ($self) = @_;
	my ($type, $rest) = $self->_read_line =~ /^(.)(.*)$/s;

	return $rest if $type eq '+' || $type eq ':';
	die "redis: $rest\n" if $type eq '-';
	return undef if $rest < 0;
	return $self->_read_bulk($rest) if $type eq '$';
	return [ map { $self->read_reply } 1 .. $rest ];
}

1;
