# A proxy between a daemon and a server, on unix sockets or ports of loopback, that does
# to connections what networks do.
#
# It is a process of its own.  A fault is for the connections that are there when it
# is asked for; later ones are passed on, so that whoever connects anew gets through.
package Uncache::Test::Proxy;

use strict;
use warnings FATAL => 'all';

use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(AF_UNIX SOCK_STREAM PF_UNSPEC);

use constant CHUNK => 65536;

# listen: the path of its socket, or its port; server: the server's.
sub new
{
	my ($class, %params) = @_;

	socketpair(my $mine, my $its, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!";
	my $listener =
	  _is_port($params{listen})
	  ? IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $params{listen}, ReuseAddr => 1, Listen => 16)
	  : IO::Socket::UNIX->new(Local => $params{listen}, Listen => 16);
	die "$params{listen}: $!" unless $listener;
	my $pid = fork();
	die "fork: $!" unless defined $pid;
	if ($pid == 0)
	{
		close($mine);
		eval { _run($params{server}, $listener, $its); 1 } or print STDERR "proxy: $@";
		POSIX::_exit(0);
	}
	return bless { pid => $pid, control => $mine }, $class;
}

sub _is_port { return $_[0] =~ /^\d+$/; }

# Asks the process for something, and returns when it is so.  The answer is a number.
sub _ask
{
	my ($self, $request) = @_;

	syswrite($self->{control}, "$request\n") or die "the proxy is gone";
	sysread($self->{control}, my $answer, 64) or die "the proxy is gone";
	return $answer + 0;
}

# Nothing goes through any more, in either direction; nobody is told.  When the
# client closes, the server is not told either.
sub stall { return $_[0]->_ask('stall'); }

# What the server says does not come through.
sub silence { return $_[0]->_ask('silence'); }

# The client's end is closed; the server is not told.
sub drop_client { return $_[0]->_ask('drop_client'); }

# The server's end is closed, and then the client's.
sub cut { return $_[0]->_ask('cut'); }

# Each piece of what the server says, of new connections too, waits so long; at
# most $bytes in a piece.
sub delay { return $_[0]->_ask("delay $_[1] $_[2]"); }

# Connections from these addresses of loopback, 127.0.0.N, end, and new ones are refused; all others go through.
sub refuse { my ($self, @numbers) = @_; return $self->_ask("refuse @numbers"); }

# Connections that go through now.
sub count { return $_[0]->_ask('count'); }

sub DESTROY
{
	my ($self) = @_;

	local ($?, $!);
	close($self->{control});
	# processes that were forked later have the socket, too
	kill('TERM', $self->{pid});
	waitpid($self->{pid}, 0);
	return;
}

# --- in the process ---

# Each connection: client and server (sockets), mode.  Its end comes when the
# test closes the control socket, as it does by ending.
sub _run
{
	my ($server_address, $listener, $control) = @_;
	my $state = { connections => [], delay => 0, bytes => CHUNK, refused => {} };

	while (1)
	{
		my $select = IO::Select->new($listener, $control);

		foreach my $connection (@{ $state->{connections} })
		{
			next if $connection->{mode} eq 'stall';
			$select->add(grep { defined } @$connection{qw(client server)});
		}
		foreach my $ready ($select->can_read)
		{
			if ($ready == $listener) { _accept($state, $listener, $server_address); }
			elsif ($ready == $control) { _obey($state, $control) or return; }
			else { _pass($state, $ready); }
		}
		$state->{connections} = [ grep { $_->{mode} ne 'closed' } @{ $state->{connections} } ];
	}
	return;
}

sub _accept
{
	my ($state, $listener, $server_address) = @_;
	my $client = $listener->accept or return;
	my $number = $client->can('peerhost') ? ($client->peerhost =~ /(\d+)$/)[0] : 0;
	return if $state->{refused}{$number};
	my $server =
	  _is_port($server_address)
	  ? IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server_address)
	  : IO::Socket::UNIX->new(Peer => $server_address);
	return unless $server;

	push @{ $state->{connections} }, { client => $client, server => $server, mode => 'pass', number => $number };
	return;
}

sub _close
{
	my ($connection) = @_;

	delete @$connection{qw(client server)};
	$connection->{mode} = 'closed';
	return;
}

sub _obey
{
	my ($state, $control) = @_;
	my $length = sysread($control, my $line, 64);

	return 0 unless $length;
	my ($verb, @arguments) = split ' ', $line;
	my @passing = grep { $_->{mode} eq 'pass' } @{ $state->{connections} };
	@$state{qw(delay bytes)} = @arguments if $verb eq 'delay';
	$state->{refused} = { map { $_ => 1 } @arguments } if $verb eq 'refuse';
	foreach my $connection (@passing)
	{
		$connection->{mode} = $verb if $verb eq 'stall' || $verb eq 'silence';
		_close($connection) if $verb eq 'cut' || ($verb eq 'refuse' && $state->{refused}{ $connection->{number} });
		if ($verb eq 'drop_client')
		{
			close(delete $connection->{client});
			$connection->{mode} = 'stall';
		}
	}
	syswrite($control, scalar(@passing) . "\n");
	return 1;
}

sub _pass
{
	my ($state, $from) = @_;
	my ($connection) = grep {
		my $one = $_;
		grep { defined && $_ == $from } @$one{qw(client server)}
	} @{ $state->{connections} };

	# an earlier one of this round may have closed it
	return unless defined $connection && $connection->{mode} ne 'stall';
	my $is_reply = $from == $connection->{server};
	my $to = $is_reply ? $connection->{client} : $connection->{server};
	my $length = sysread($from, my $bytes, $is_reply ? $state->{bytes} : CHUNK);

	if (!$length) { _close($connection); }
	elsif ($is_reply && $connection->{mode} eq 'silence') { return; }
	else
	{
		select(undef, undef, undef, $state->{delay}) if $is_reply && $state->{delay} > 0;
		local $SIG{PIPE} = 'IGNORE';
		while (length $bytes)
		{
			my $written = syswrite($to, $bytes) or do { _close($connection); last };
			substr($bytes, 0, $written) = '';
		}
	}
	return;
}

1;
