# Asks a daemon by HTTP, as Prometheus and others do.
package Uncache::Test::Http;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use PostgreSQL::Test::Cluster ();
use Time::HiRes qw(time);
use Uncache::Test::Wait qw(wait_for);

our @EXPORT_OK = qw(free_port http_open http_raw http_get scrape metric);

use constant OPENMETRICS => 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

sub free_port { return PostgreSQL::Test::Cluster::get_free_port(); }

sub http_open
{
	my ($port) = @_;

	return IO::Socket::INET->new(PeerHost => '127.0.0.1', PeerPort => $port, Timeout => 5);
}

# What the server says to these bytes until it closes; undef if it has not within so many seconds.
sub http_raw
{
	my ($port, $bytes, $seconds) = @_;
	my $socket = http_open($port) or return '';
	my $deadline = time + ($seconds // 10);
	my $answer = '';

	local $SIG{PIPE} = 'IGNORE';
	syswrite($socket, $bytes);
	while ((my $left = $deadline - time) > 0)
	{
		next unless IO::Select->new($socket)->can_read($left);
		my $count = sysread($socket, my $some, 65536);
		return $answer unless $count;
		$answer .= $some;
	}
	return undef;
}

# Status, headers and body.
sub http_get
{
	my ($port, $path, %params) = @_;
	my $method = $params{method} // 'GET';
	my $accept = defined $params{accept} ? "Accept: $params{accept}\r\n" : '';
	my $answer = http_raw($port, "$method $path HTTP/1.1\r\nHost: test\r\n$accept\r\n") // '';
	my ($head, $body) = split(/\r\n\r\n/, $answer, 2);

	return (0, '', '') unless defined $head && $head =~ /^HTTP\/1\.[01] (\d+)/;
	return ($1, $head, $body // '');
}

sub scrape
{
	my ($port, $accept) = @_;
	my (undef, undef, $body) = http_get($port, '/metrics', accept => $accept);

	return $body;
}

# A series' value in a scrape, or in one that is made now for a port; undef if it is not there.
sub metric
{
	my ($of, $series) = @_;
	my $text = $of =~ /^\d+$/ ? scrape($of) : $of;

	return $text =~ /^\Q$series\E (\S+)$/m ? $1 : undef;
}

1;
