# TLS to Redis: what it takes to connect, that a renewed certificate needs no restart, and
# that who cannot prove to be the right server or client gets nothing, with one line
# that says what to do.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;
use Uncache::Test::Certificates;
use Uncache::Test::Daemon;
use Uncache::Test::Process;
use Uncache::Test::Shim;

my $node = start_postgres('main');
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $ours = Uncache::Test::Certificates->new('our CA');
my $theirs = Uncache::Test::Certificates->new('their CA');
my @right = $ours->sign('redis', names => 'DNS:redis.test,IP:127.0.0.1');
my @served = ("$directory/served.pem", "$directory/served.key");
my $port = PostgreSQL::Test::Cluster::get_free_port();

copy_file($right[$_], $served[$_]) foreach 0, 1;
my $redis = start_redis('redis', tcp => 1,
	config => [ '--tls-port', $port, '--tls-cert-file', $served[0], '--tls-key-file', $served[1],
		'--tls-ca-cert-file', $ours->authority, '--tls-auth-clients', 'no' ]);
my $shim = Uncache::Test::Shim->new;
$shim->know('redis.test' => '127.0.0.1', 'other.test' => '127.0.0.1');

my $ca_file = "$directory/ca.pem";
my $key_count = 0;

sub copy_file
{
	my ($from, $to) = @_;

	write_file("$to.new", PostgreSQL::Test::Utils::slurp_file($from));
	rename("$to.new", $to) or die "rename: $!";
	return;
}

# Redis presents this certificate from the next connection on. Redis 6 cannot set certificate and
# key together, and each must fit the other: both are replaced, and read again with either.
sub present
{
	my @files = @_;

	copy_file($files[$_], $served[$_]) foreach 0, 1;
	return $redis->command('CONFIG', 'SET', 'tls-cert-file', $served[0]);
}

# Several settings, one by one as Redis 6 needs it.
sub set
{
	my (@settings) = @_;

	while (my ($name, $value) = splice(@settings, 0, 2)) { $redis->command('CONFIG', 'SET', $name, $value); }
	return;
}

# Every connection but the test's own is cut.
sub cut { return $redis->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'); }

sub invalidate
{
	my $key = 'k:' . $key_count++;

	$redis->fill($key);
	$node->safe_psql('postgres', "SELECT uncache.invalidate('$key')");
	return $key;
}

sub is_deleted
{
	my ($key) = @_;

	return wait_for { !$redis->has($key) };
}

sub daemon_params
{
	my ($url, %settings) = @_;
	my %env = (REDIS_TLS_CA_FILE => $ca_file, map { 'REDIS_TLS_' . uc($_) => $settings{$_} } keys %settings);

	return (node => $node, redis => $url, wrapper => $shim->wrapper, env => \%env);
}

sub works
{
	my ($what, $url, %settings) = @_;
	my $daemon = start_daemon($what =~ s/\W+/_/gr, daemon_params($url, %settings));

	ok(is_deleted(invalidate()), "$what: a key is deleted") or diag $daemon->log;
	ok(wait_applied($node), "$what: and acknowledged");
	is($daemon->stop(5), 0, "$what: the daemon stops");
	return $daemon;
}

copy_file($ours->authority, $ca_file);
my $url = "rediss://redis.test:$port";

# --- what works ---

my $daemon = works('a name', "$url/0");
like($daemon->log, qr/msg="connected to Redis" target=default server="redis\.test:$port\/0 tls" address=127\.0\.0\.1\n/, 'the log says that it is TLS');
unlike($daemon->log, qr/level=(?:warning|error)/, 'without a warning');
works('an address', "rediss://127.0.0.1:$port");
works('a server name', "rediss://other.test:$port", server_name => 'redis.test');
works('a CA for any host', "rediss://other.test:$port", verify => 'ca');
$daemon = works('no verification', "rediss://other.test:$port", verify => 'none', ca_file => '');
like($daemon->log, qr/level=warning msg="the certificate of Redis is not verified[^"]*" target=default tls_verify=none advice="/, 'which is warned of');

# --- one daemon, and what becomes of Redis ---

$daemon = start_daemon('uncached', daemon_params($url));

# Redis presents something that is refused; then the right thing.
sub refuses
{
	my ($what, $line, $break, $mend) = @_;

	ok(wait_applied($node), "$what: all is well before");
	$daemon->mark_log;
	$break->();
	cut();
	my $key = invalidate();
	ok($daemon->wait_for_log(qr/level=(?:error|warning) msg="cannot use Redis, trying again" target=default server="[^"]*" $line/, 15),
		"$what: a line says what to do") or diag $daemon->log_since_mark;
	pause(1);
	is(scalar(grep { /cannot use Redis/ } $daemon->lines('(?:error|warning)', 'Redis')), 1, "$what: once") or diag $daemon->log_since_mark;
	ok(!is_applied($node), "$what: nothing is acknowledged");
	ok($redis->has($key), "$what: nothing is deleted");
	$mend->();
	ok(is_deleted($key), "$what: it goes on by itself");
	return;
}

sub refuses_certificate
{
	my ($what, $line, @certificate) = @_;

	return refuses($what, $line, sub { present(@certificate) }, sub { present(@right) });
}

refuses_certificate('another host',
	qr/error="the certificate of Redis is for another host: [^"]*: expected redis\.test, it is for DNS:other\.test, IP Address:127\.0\.0\.2" advice="put the name in the certificate into the URL/,
	$ours->sign('other', names => 'DNS:other.test,IP:127.0.0.2'));
refuses_certificate('a name that is only in the subject, beside others',
	qr/error="the certificate of Redis is for another host: /,
	$ours->sign('redis.test', names => 'DNS:other.test'));
refuses_certificate('an expired certificate',
	qr/error="the certificate of Redis is not valid at this time: certificate has expired: valid until [^"]+, subject CN = expired" advice="renew/,
	$ours->sign('expired', names => 'DNS:redis.test', from => -7200, to => -3600));
refuses_certificate('a certificate that is not yet valid',
	qr/error="the certificate of Redis is not valid at this time: certificate is not yet valid: valid from [^"]+" advice="[^"]*compare the clocks/,
	$ours->sign('early', names => 'DNS:redis.test', from => 3600));
refuses_certificate('an unknown CA',
	qr/error="the certificate of Redis is not from a trusted CA: unable to get local issuer certificate: issuer CN = their CA, subject CN = theirs" advice="put the certificate of the CA/,
	$theirs->sign('theirs', names => 'DNS:redis.test'));
refuses_certificate('a self-signed certificate',
	qr/error="the certificate of Redis is not from a trusted CA: self.signed certificate: [^"]*" advice="[^"]*a self-signed certificate is its own CA/,
	$ours->self_signed('itself', 'DNS:redis.test'));
refuses_certificate('a certificate for clients',
	qr/error="the certificate of Redis is not accepted: [^"]*" advice="give Redis a certificate for a server/,
	$ours->sign('client_only', names => 'DNS:redis.test', usage => 'clientAuth'));
foreach my $protocols ('TLSv1.2', 'TLSv1.3')
{
	refuses("no client certificate, $protocols",
		qr/error="(?:Redis does not accept the client certificate|the TLS handshake failed|Redis closed the connection after the TLS handshake): [^"]*" advice="[^"]*tls_cert_file and tls_key_file/,
		sub { set('tls-auth-clients', 'yes', 'tls-protocols', $protocols) },
		sub { set('tls-auth-clients', 'no', 'tls-protocols', '') });
}
refuses('maxclients', qr/error="the TLS handshake was cut short: [^"]*" advice="see Redis' log; without a word Redis drops TLS connections beyond its maxclients/,
	sub { $redis->command('CONFIG', 'SET', 'maxclients', 1) }, sub { $redis->command('CONFIG', 'SET', 'maxclients', 100) });
refuses('a CA file that is gone',
	qr/error="tls_ca_file: expected a readable file: No such file or directory: \Q$ca_file\E" advice="correct the file/,
	sub { unlink($ca_file) or die "unlink: $!" }, sub { copy_file($ours->authority, $ca_file) });
refuses('a CA file that is none',
	qr/error="tls_ca_file: expected certificates in PEM form: \Q$ca_file\E"/,
	sub { write_file($ca_file, "none\n") }, sub { copy_file($ours->authority, $ca_file) });
# all is renewed: certificate, key and CA
present($theirs->sign('renewed', names => 'DNS:redis.test'));
copy_file($theirs->authority, $ca_file);
cut();
ok(is_deleted(invalidate()), 'renewed certificates need no restart');
present(@right);
copy_file($ours->authority, $ca_file);
cut();
ok(is_deleted(invalidate()), 'nor does a change back');

# a Redis that stands still: whoever connects waits for its part of the handshake
$daemon->mark_log;
cut();
kill('STOP', $redis->pid);
$node->safe_psql('postgres', q{SELECT uncache.invalidate('still')});
ok($daemon->wait_for_log(qr/level=warning msg="cannot use Redis, trying again".*error="no reply to the TLS handshake before the deadline" advice="check that the port/, 20),
	'a handshake that does not end has a deadline') or diag $daemon->log_since_mark;
ok(!is_applied($node), 'and nothing is acknowledged');
kill('CONT', $redis->pid);
ok(wait_applied($node), 'it goes on when Redis does');
is($daemon->stop(5), 0, 'the daemon stops');

# --- a port that speaks something else ---

sub fails
{
	my ($what, $line, $bad_url, %settings) = @_;
	my $key = invalidate();
	my $failing = Uncache::Test::Daemon->new($what =~ s/\W+/_/gr, daemon_params($bad_url, %settings))->start;

	ok($failing->wait_for_log(qr/msg="cannot use Redis, trying again" [^\n]*$line/, 15), "$what: a line says what to do") or diag $failing->log;
	ok(!is_applied($node), "$what: nothing is acknowledged");
	ok($redis->has($key), "$what: nothing is deleted");
	unlike($failing->log, qr/connected to Redis/, "$what: it does not look well");
	is($failing->stop(5), 0, "$what: the daemon stops");
	return;
}

fails('TLS to a plain port', qr/error="no reply to the TLS handshake before the deadline" advice="check that the port/,
	'rediss://redis.test:' . $redis->port);
fails('no TLS to its port', qr/error="Redis closed the connection before it sent anything" advice="see Redis' log; if this is Redis' tls-port, the URL must begin with rediss:\/\//,
	"redis://redis.test:$port", ca_file => '');

# --- the client's certificate ---

my @client = $ours->sign('client', usage => 'clientAuth');
my ($public_key, $both) = ("$directory/public.key", "$directory/both.pem");

copy_file($client[1], $public_key);
chmod(0644, $public_key) or die "chmod: $!";
write_file($both, PostgreSQL::Test::Utils::slurp_file($client[0]) . PostgreSQL::Test::Utils::slurp_file($client[1]));
chmod(0600, $both) or die "chmod: $!";
$redis->command('CONFIG', 'SET', 'tls-auth-clients', 'yes');
works('a client certificate', $url, cert_file => $client[0], key_file => $client[1]);
works('a client certificate with its key', $url, cert_file => $both);
fails('a key that everybody can read',
	qr/error="tls_key_file: expected a private key that not everybody can read; chmod o-r helps: \Q$public_key\E" advice="correct the file/,
	$url, cert_file => $client[0], key_file => $public_key);
fails('a key of another certificate', qr/error="tls_key_file: expected the private key of the certificate in tls_cert_file: /,
	$url, cert_file => $client[0], key_file => $right[1]);
fails('a client certificate of another CA', qr/error="(?:Redis does not accept the client certificate|Redis closed the connection after the TLS handshake): [^"]*" advice="[^"]*set tls_cert_file/,
	$url, cert_file => ($theirs->sign('stranger', usage => 'clientAuth'))[0], key_file => $theirs->key('stranger'));

# --- the check ---

sub check
{
	my ($what, $line, $status, $checked_url, %settings) = @_;
	my $process = Uncache::Test::Daemon->new($what =~ s/\W+/_/gr, daemon_params($checked_url, %settings), args => ['--check-connections']);

	is($process->run(30), $status, "$what: the exit status");
	like($process->log, $line, "$what: it says so");
	return;
}

check('a check of both certificates', qr/^ok      target default: its certificate is from a trusted CA and for this host$/m, 0,
	$url, cert_file => $client[0], key_file => $client[1]);
check('a check without a client certificate', qr/^missing target default: [^\n]*(?:Redis does not accept the client certificate|Redis closed the connection after the TLS handshake): [^\n]*set tls_cert_file/m, 1, $url);
check('a check of another host', qr/^missing target default: other\.test:$port\/0 tls cannot be reached: the certificate of Redis is for another host: [^\n]*; put the name/m, 1,
	"rediss://other.test:$port", cert_file => $both);
check('a check without verification', qr/^unknown target default: whose certificate it has: tls_verify is none; leave out/m, 0,
	$url, cert_file => $both, verify => 'none');

done_testing();
