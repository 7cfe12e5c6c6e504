# The HTTP port: what is asked wrongly, slowly, too often, or by too many, is refused or cut off, and the
# daemon deletes on meanwhile.

use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Utils ();
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Daemon;
use Uncache::Test::Http qw(free_port http_open http_raw http_get scrape metric);

$SIG{PIPE} = 'IGNORE';

my $node = start_postgres('main');
my $redis = start_redis('redis');
my $port = free_port();
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url, args => [ '--http', $port ]);
my $runs = 0;

# A change is deleted within a second.
sub deletes
{
	my ($what) = @_;
	my $key = 'k' . $runs++;

	$redis->fill($key);
	$node->safe_psql('postgres', "SELECT uncache.invalidate('$key')");
	my $begin = time;
	ok((wait_for { !$redis->has($key) } 5), "it deletes on: $what");
	cmp_ok(time - $begin, '<', 1, 'within a second');
	return;
}

sub status_of
{
	my ($bytes, $seconds) = @_;
	my $answer = http_raw($port, $bytes, $seconds);

	return defined $answer ? $answer =~ /^HTTP\/1\.[01] (\d+)/ ? $1 : 'cut' : 'open';
}

# It has listened to nobody yet.
ok((wait_for { (http_get($port, '/healthz'))[0] == 200 }), 'it serves');
like($daemon->log, qr/level=info msg="serving HTTP" http=$port/, 'and says so');

# --- what may be asked ---

my ($status, $head, $body) = http_get($port, '/metrics', method => 'HEAD');
is($status, 200, 'HEAD: status 200');
is($body, '', 'without a body');
like($head, qr/^Content-Length: [1-9]\d+\r?$/mi, 'but with its length');
like($head, qr/^Connection: close\r?$/mi, 'one request a connection');
is((http_get($port, '/'))[0], 404, 'no such page');
is((http_get($port, '/metrics/'))[0], 404, 'nor one that begins so');
is((http_get($port, '/metrics?x=1'))[0], 200, 'what stands behind a question mark is nothing');
is((http_get($port, '/%6detrics'))[0], 200, 'escapes are read');
is((http_get($port, '/../metrics%00x'))[0], 404, 'odd paths are none');
foreach my $method (qw(POST PUT DELETE OPTIONS TRACE PATCH get QUERY))
{
	my ($refused, $lines) = http_get($port, '/metrics', method => $method);

	is($refused, 405, "$method: status 405");
	like($lines, qr/^Allow: GET, HEAD\r?$/mi, 'and what is allowed');
}
is(status_of("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n" . 'x' x 100_000), 405, 'a body is not read');
is(status_of("POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n"), 405, 'nor one in chunks');
deletes('after refusals');

# --- what is no request ---

like(status_of("GET /metrics HTTP/1.1\r\nHost: x\r\nX: " . 'y' x 100_000 . "\r\n\r\n"), qr/^(?:431|413|cut)$/, 'a header that is too large');
like(status_of("GET /metrics HTTP/1.1\r\n" . join('', map { "X$_: y\r\n" } 1 .. 10_000) . "\r\n"), qr/^(?:431|413|cut)$/, 'headers that are too many');
like(status_of('GET /' . 'x' x 100_000 . " HTTP/1.1\r\n\r\n"), qr/^(?:414|431|cut)$/, 'a path that is too long');
my %nonsense = (
	'HTTP/0.9' => "GET /metrics\r\n",
	'no version' => "GET /metrics\r\n\r\n",
	'another version' => "GET /metrics HTTP/9.9\r\n\r\n",
	'no host' => "GET /metrics HTTP/1.1\r\n\r\n",
	'TLS' => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . "\0" x 300,
	'HTTP/2' => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	'zero bytes' => "\0" x 5000,
	'lines' => "\r\n" x 5000,
	'garbage' => join('', map { chr(33 + $_ * 7919 % 90) } 1 .. 20_000),
	'a wrong length' => "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
	'two lengths' => "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
	'nothing' => '');
foreach my $what (sort keys %nonsense)
{
	my $begin = time;
	my $said = status_of($nonsense{$what}, 12);

	isnt($said, 'open', "$what: it ends ($said)");
	cmp_ok(time - $begin, '<', 9, 'in time');
}
deletes('after nonsense');

# --- pipelining, half-closed ---

my $answer = http_raw($port, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" x 50);
is(scalar(() = $answer =~ /^HTTP\/1\.1 200/mg), 1, 'of pipelined requests one is answered');
my $half = http_open($port);
syswrite($half, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
shutdown($half, 1);
local $/ = undef;
like(readline($half) // '', qr/^HTTP\/1\.1 200/, 'who has said all is answered');
my $gone = http_open($port);
syswrite($gone, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
close($gone);
$gone = http_open($port);
syswrite($gone, 'GET /met');
shutdown($gone, 1);
ok(defined readline($gone), 'who has stopped halfway is closed');
deletes('after these');

# --- slow ones: five seconds in all, whatever comes meanwhile ---

my $begin = time;
my @slow = map { http_open($port) } 1 .. 20;
my @reading = map { http_open($port) } 1 .. 5;
syswrite($_, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n") foreach @reading;
my $request = "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: " . 'x' x 1000;
for my $second (0 .. 8)
{
	foreach my $slow (grep { defined } @slow)
	{
		syswrite($slow, substr($request, $second, 1)) or $slow = undef;
	}
	deletes("while some write a byte a second, after $second") if $second % 3 == 0;
	is((http_get($port, '/healthz'))[0], 200, 'and answers others');
	pause(1);
}
is(scalar(grep { defined } @slow), 0, 'all of these have been closed');

# --- many: so many at a time, from one address ---

my @many;
for (1 .. 1000)
{
	my $one = IO::Socket::INET->new(PeerHost => '127.0.0.1', PeerPort => $port, Blocking => 0) or next;
	push @many, $one;
}
pause(0.3);
my $open = scalar(glob("/proc/@{[ $daemon->pid ]}/fd/*")) ? scalar(my @fds = glob("/proc/@{[ $daemon->pid ]}/fd/*")) : 0;
cmp_ok($open, '<', 100, "1000 connections take few descriptors of the daemon ($open)");
deletes('beside 1000 connections');
@many = ();
ok((wait_for { (http_get($port, '/healthz'))[0] == 200 } 15), 'and it answers when they are gone');
cmp_ok(metric($port, 'process_resident_memory_bytes'), '<', 24 * 1024 * 1024, 'its memory is as it was');

# --- the port: another one, one that is taken, none ---

my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $file = "$directory/uncached.ini";
my $configure = sub {
	my ($http) = @_;
	write_file($file, "[daemon]\n" . (defined $http ? "http = $http\n" : '') . "[postgres]\ndsn = " . $node->connstr('postgres')
		  . " user=uncached\n[target default]\nurl = " . $redis->url . "\n");
	return $file;
};
is($daemon->stop(5), 0, 'it stops');
is(http_open($port), undef, 'and its port is closed');
my $other = free_port();
my $second = Uncache::Test::Daemon->new('second', config => $configure->("[::1]:$port"))->start;
ok($second->wait_for_log(qr/serving HTTP" http=\[::1\]:$port/), 'IPv6');
$configure->($other);
$second->signal('HUP');
ok((wait_for { (http_get($other, '/healthz'))[0] == 200 }), 'a reload moves it');
my $rival = Uncache::Test::Daemon->new('rival', node => $node, redis => $redis->url, args => [ '--http', $other ])->start;
ok($rival->wait_for_log(qr/level=error msg="cannot serve HTTP, trying again" http=$other reason="cannot listen there" error="Address already in use" advice=/),
	'a port that is taken is an error');
ok($rival->wait_for_log(qr/standing by/), 'beside which it works');
$configure->(undef);
$second->signal('HUP');
ok($rival->wait_for_log(qr/serving HTTP" http=$other/, 10), 'and it is tried again until it is free');
is(http_open($port), undef, 'one without the setting serves nowhere');
is($rival->stop(5), 0, 'the rival stops');
is($second->stop(5), 0, 'the second one stops');
$second = Uncache::Test::Daemon->new('foreign', config => $configure->("192.0.2.1:$port"))->start;
ok($second->wait_for_log(qr/cannot serve HTTP, trying again" http=192.0.2.1:$port reason="cannot listen there" error="Cannot assign requested address"/),
	'an address of another machine is an error, too');
is($second->stop(5), 0, 'it stops');
done_testing();
