# A session with PostgreSQL for loads and latencies: the simple query protocol
# and nothing else, without a psql in between.
#
# Connects to a unix socket as a trusted role.  Strings are bytes in UTF-8.
package Uncache::Test::Session;

use strict;
use warnings FATAL => 'all';

use IO::Select;
use IO::Socket::UNIX;

use constant DEADLINE => 60;

# undef if the server does not take the connection.
sub connect
{
	my ($class, $node, %params) = @_;
	my $path = $node->host . '/.s.PGSQL.' . $node->port;
	my $socket = IO::Socket::UNIX->new(Peer => $path) or return undef;
	my $self = bless { socket => $socket, buffer => '' }, $class;
	my $startup = join("\0",
		# the servers of PostgreSQL::Test belong to whoever runs the tests
		user => $params{user} // scalar(getpwuid($>)),
		database => $params{database} // 'postgres',
		client_encoding => 'UTF8',
		application_name => 'test', '') . "\0";

	$startup = pack('N', 196608) . $startup;
	return eval {
		$self->_write(pack('N', 4 + length $startup) . $startup);
		$self->_read_until_ready;
		$self;
	};
}

# All rows of the last statement, each an array.  An error dies with its
# message, after which the session goes on; a lost connection with
# "connection lost".
sub query
{
	my ($self, $sql) = @_;

	$self->_write('Q' . pack('N', 5 + length $sql) . "$sql\0");
	return $self->_read_until_ready;
}

sub query_value
{
	my ($self, $sql) = @_;

	return $self->query($sql)->[0][0];
}

sub is_lost { return $_[0]->{is_lost}; }

sub _lose
{
	my ($self) = @_;

	$self->{is_lost} = 1;
	die "connection lost\n";
}

sub _write
{
	my ($self, $bytes) = @_;

	while (length $bytes)
	{
		my $written = syswrite($self->{socket}, $bytes) or $self->_lose;
		substr($bytes, 0, $written, '');
	}
	return;
}

sub _need
{
	my ($self, $length) = @_;

	while (length($self->{buffer}) < $length)
	{
		IO::Select->new($self->{socket})->can_read(DEADLINE) or $self->_lose;
		sysread($self->{socket}, $self->{buffer}, 65536, length $self->{buffer})
		  or $self->_lose;
	}
	return;
}

sub _read_message
{
	my ($self) = @_;

	$self->_need(5);
	my ($type, $length) = unpack('aN', $self->{buffer});
	$self->_need(1 + $length);
	my $body = substr($self->{buffer}, 5, $length - 4);
	substr($self->{buffer}, 0, 1 + $length, '');
	return ($type, $body);
}

sub _read_until_ready
{
	my ($self) = @_;
	my ($rows, $error) = ([], undef);

	while (1)
	{
		my ($type, $body) = $self->_read_message;

		last if $type eq 'Z';
		$rows = [] if $type eq 'T';
		push @$rows, _fields($body) if $type eq 'D';
		$error //= $body =~ /\0M([^\0]*)\0/ ? $1 : 'unknown error' if $type eq 'E';
		die "authentication is asked for\n" if $type eq 'R' && unpack('N', $body) != 0;
	}
	die "$error\n" if defined $error;
	return $rows;
}

sub _fields
{
	my ($body) = @_;
	my ($count, $at) = (unpack('n', $body), 2);
	my @fields;

	for (1 .. $count)
	{
		my $length = unpack('l>', substr($body, $at, 4));

		push @fields, $length < 0 ? undef : substr($body, $at + 4, $length);
		$at += 4 + ($length < 0 ? 0 : $length);
	}
	return \@fields;
}

1;
