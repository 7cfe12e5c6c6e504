# Sentinels and servers that want passwords and speak nothing but TLS: what it takes to
# connect, what is said of a sentinel that is of no use, and that the daemon works on without.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;
use Uncache::Test::Certificates;
use Uncache::Test::Daemon;
use Uncache::Test::RedisSentinels;

my $node = start_postgres('main');
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $ours = Uncache::Test::Certificates->new('our CA');
my $theirs = Uncache::Test::Certificates->new('their CA');
my @certificate = $ours->sign('redis', names => 'IP:127.0.0.1', usage => 'serverAuth,clientAuth');
my $redis = Uncache::Test::RedisSentinels->new('redis', tls => [ @certificate, $ours->authority ],
	password => 'hunter2', sentinel_password => 'hunter3');
my $password_file = write_file("$directory/password", "hunter3\n");
my $url = $redis->url('rediss+sentinel', ':hunter2@');
my %env = (REDIS_TLS_CA_FILE => $ours->authority, REDIS_SENTINEL_PASSWORD_FILE => $password_file);
my $key_count = 0;

chmod(0600, $password_file) or die "chmod: $!";

sub invalidate
{
	my $key = 'k:' . $key_count++;

	$redis->client->command('SET', $key, 'cached');
	$node->safe_psql('postgres', "SELECT uncache.invalidate('$key')");
	return $key;
}

sub is_deleted
{
	my ($key) = @_;

	return wait_for { my $client = $redis->client; $client && !$client->command('EXISTS', $key) };
}

sub params
{
	my ($daemon_url, %settings) = @_;

	return (node => $node, redis => $daemon_url, env => { %env, %settings });
}

# --- what works ---

my $daemon = start_daemon('works', params($url));
ok(is_deleted(invalidate()), 'a key is deleted');
ok(wait_applied($node), 'and acknowledged');
is($daemon->stop(5), 0, 'the daemon stops');
like($daemon->log, qr/msg="connected to Redis" target=default server="[^"]*\/mymaster\/0 tls" address=127\.0\.0\.1:@{[ $redis->master->port ]}\n/,
	'the log has the server, and that it is TLS');
unlike($daemon->log, qr/hunter|level=(?:warning|error)/, 'and no password, and no warning');

my $check = Uncache::Test::Daemon->new('check', params($url), args => ['--check-connections']);
is($check->run(30), 0, '--check-connections finds all in order') or diag $check->log;
is(scalar(() = $check->log =~ /the sentinel 127\.0\.0\.1:\d+ says that mymaster is 127\.0\.0\.1:@{[ $redis->master->port ]}/g), 3, 'and what each sentinel says');
$check = Uncache::Test::Daemon->new('check_name', params($url =~ s/mymaster/other/r), args => ['--check-connections']);
isnt($check->run(30), 0, '--check-connections finds out a wrong name');
like($check->log, qr/the sentinel 127\.0\.0\.1:\d+ is of no use: it does not know the master's name/, 'and says so');

# --- what does not ---

sub refuses
{
	my ($what, $line, $daemon_url, %settings) = @_;
	my $refused = Uncache::Test::Daemon->new($what =~ s/\W+/_/gr, params($daemon_url, %settings))->start;
	my $key = invalidate();

	ok($refused->wait_for_log(qr/level=\w+ msg="cannot use Redis, trying again" target=default server="[^"]*" $line/, 15),
		"$what: a line says what to do") or diag $refused->log;
	ok(!is_applied($node), "$what: nothing is acknowledged");
	ok($redis->client->command('EXISTS', $key), "$what: nothing is deleted");
	is($refused->stop(5), 0, "$what: the daemon stops");
	unlike($refused->log, qr/hunter/, "$what: no password is in the log");
	return;
}

my $three = qr/(?:[^"]*sentinel 127\.0\.0\.1:\d+){3}[^"]*/;
my $wrong_file = write_file("$directory/wrong", "hunter4\n");

chmod(0600, $wrong_file) or die "chmod: $!";
refuses('another name', qr/error="it does not know the master's name$three" advice="[^"]*sentinel monitor/, $url =~ s/mymaster/other/r);
refuses('another password', qr/error="it refuses: WRONGPASS$three" advice="correct sentinel_username, or the password in sentinel_password_file"/, $url,
	REDIS_SENTINEL_PASSWORD_FILE => $wrong_file);
refuses('another CA', qr/error="the certificate of Redis is not from a trusted CA$three" advice="[^"]*tls_ca_file/, $url, REDIS_TLS_CA_FILE => $theirs->authority);
refuses('another password of the server', qr/error="WRONGPASS [^"]*, says the server 127\.0\.0\.1:\d+ [^"]*" advice="user or password in the URL is wrong"/, $url =~ s/hunter2/hunter4/r);
{
	local $env{REDIS_SENTINEL_PASSWORD_FILE};
	delete $env{REDIS_SENTINEL_PASSWORD_FILE};
	refuses('no password', qr/error="it refuses: NOAUTH$three" advice="the sentinels want a password: set sentinel_password_file"/, $url);
}
refuses('servers in the place of sentinels', qr/error="it refuses: [^"]*" advice="this is a Redis, not a sentinel/,
	'rediss+sentinel://:hunter2@127.0.0.1:' . $redis->master->port . '/mymaster', REDIS_SENTINEL_PASSWORD_FILE => write_file("$directory/server", "hunter2\n"));

# --- reload, from the server itself to sentinels ---

my $port = $redis->master->port;
my $config = write_file("$directory/uncached.conf", "[target default]\nurl = rediss://:hunter2\@127.0.0.1:$port\ntls_ca_file = @{[ $ours->authority ]}\n");

chmod(0600, $config) or die "chmod: $!";
$daemon = start_daemon('reload', node => $node, config => $config);
ok(wait_applied($node), 'reload: all is applied by the URL of the server');
$daemon->mark_log;
write_file($config, "[target default]\nurl = $url\ntls_ca_file = @{[ $ours->authority ]}\nsentinel_password_file = $password_file\n");
$daemon->signal('HUP');
ok($daemon->wait_for_log(qr/connected to Redis[^\n]*mymaster[^\n]* address=127\.0\.0\.1:$port\n/), 'reload: the sentinels name the server');
ok(is_deleted(invalidate()), 'reload: a key is deleted');
ok(wait_applied($node), 'reload: and acknowledged');
ok(!$daemon->has_resynced, 'reload: without a resync: it is the same place, and the same Redis');

# --- a user who may not ask which Redis it is ---

sub put_user
{
	$_->client->command('ACL', 'SETUSER', 'blind', 'on', '>hunter5', '~*', '+unlink', '+scan', '+select', '+ping') foreach $redis->servers;
	return;
}

is($daemon->stop(5), 0, 'without INFO: the daemon stops');
put_user();
$daemon = start_daemon('blind', params($redis->url('rediss+sentinel', 'blind:hunter5@')));
ok(is_deleted(invalidate()), 'without INFO: a key is deleted');
ok(wait_applied($node), 'without INFO: and acknowledged');
$daemon->mark_log;
$redis->switch_over;
ok($daemon->wait_for_log(qr/connected to Redis[^\n]* address=127\.0\.0\.1:@{[ $redis->master->port ]}\n/, 15), 'without INFO: the daemon follows a failover');
ok($daemon->wait_for_log(qr/resync begins[^\n]*Redis does not tell which process it is, and is at another address than before/),
	'without INFO: and resyncs, since it cannot know what is lost') or diag $daemon->log_since_mark;
ok(is_deleted(invalidate()), 'without INFO: it deletes at the new master');
ok($redis->wait_whole, 'without INFO: the servers come together');
is($daemon->stop(5), 0, 'without INFO: it stops');
$daemon = start_daemon('again', params($url));

# --- sentinels that are gone ---

my @sentinels = $redis->sentinels;
$sentinels[0]->{process}->kill9;
$redis->master->client->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
ok(is_deleted(invalidate()), 'one is gone: the daemon works');
is($daemon->stop(5), 0, 'one is gone: the daemon stops');
$daemon->start;
ok($daemon->wait_for_log(qr/level=warning msg="sentinels were passed over" target=default server="[^"]*" error="Connection refused \(sentinel 127\.0\.0\.1:$sentinels[0]->{port}\)" advice="check that the sentinels are running/),
	'one is gone: which is said once another one has named the server') or diag $daemon->log_since_mark;
ok(is_deleted(invalidate()), 'one is gone: the daemon works from the start');
$daemon->mark_log;
$_->{process}->kill9 foreach @sentinels[ 1, 2 ];
ok($daemon->wait_for_log(qr/level=warning msg="no sentinel answers, failovers are not noticed" target=default server="[^"]*" error="Connection refused$three" advice="check that the sentinels are running/),
	'all are gone: a line says so') or diag $daemon->log_since_mark;
pause(2.5);
is(scalar(() = $daemon->log_since_mark =~ /no sentinel answers/g), 1, 'all are gone: once');
my $client = $redis->master_without_sentinels->client;
$client->command('SET', 'alone', 'cached');
$node->safe_psql('postgres', q{SELECT uncache.invalidate('alone')});
ok((wait_for { !$client->command('EXISTS', 'alone') }), 'all are gone: the daemon goes on where it is');
ok(wait_applied($node), 'all are gone: all is applied');
$daemon->mark_log;
$client->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
ok($daemon->wait_for_log(qr/level=warning msg="cannot use Redis, trying again" target=default server="[^"]*" error="Connection refused$three" advice="check that the sentinels are running, and their hosts and ports in the URL"/),
	'all are gone: whoever has to connect says who was asked') or diag $daemon->log_since_mark;
$node->safe_psql('postgres', q{SELECT uncache.invalidate('alone')});
pause(1);
ok(!is_applied($node), 'all are gone: nothing is acknowledged');
is($daemon->stop(5), 0, 'all are gone: the daemon stops');
done_testing();
