# A target whose keys are deleted in another place than before (another prefix, another
# database, another server that does not tell which one it is) is resynced there. Of two
# daemons that disagree about the place, the one that stands by says so as an error.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my $directory = PostgreSQL::Test::Utils::tempdir_short();

$node->safe_psql('postgres', q{
	CREATE TABLE item (id int PRIMARY KEY);
	SELECT uncache.watch('item', 'item:{id}');
	INSERT INTO item VALUES (1)});

# A configuration with the one target.
sub configure
{
	my ($file, %settings) = @_;

	return write_file("$directory/$file", join("\n", '[target default]', map { "$_ = $settings{$_}" } sort keys %settings) . "\n");
}

# What a rule can produce is cached in the place; whether it is gone after the change.
sub is_resynced
{
	my ($daemon, $client, $what, $key, $reason, $change) = @_;

	ok(wait_applied($node), "$what: all is well before");
	$client->command('SET', $key, 'as old as it likes');
	$daemon->mark_log;
	$change->();
	ok($daemon->wait_for_log($reason, 30), "$what: it says why");
	ok((wait_for { !$client->command('EXISTS', $key) }), "$what: what is cached there is deleted");
	ok(wait_applied($node), "$what: all is well after");
	return;
}

my $first = configure('first.ini', url => $redis->url, prefix => 'a:');
my $daemon = start_daemon('uncached', node => $node, config => $first);
my $client = $redis->client;

is_resynced($daemon, $client, 'another prefix by SIGHUP', 'b:item:1',
	qr/resync begins.*database 0, prefix a:; now they go to database 0, prefix b:"/,
	sub { configure('first.ini', url => $redis->url, prefix => 'b:'); $daemon->signal('HUP'); });
is_resynced($daemon, $client, 'another prefix by a restart', "c \xff:item:1",
	qr/resync begins.*database 0, prefix b:; now they go to database 0, prefix c\\\\x20\\\\xff:"/,
	sub {
		$daemon->stop(10);
		configure('first.ini', url => $redis->url, prefix => "c \xff:");
		$daemon->start;
	});
my $other = $redis->client;
$other->command('SELECT', 3);
is_resynced($daemon, $other, 'another database', 'b:item:1', qr/now they go to database 3, prefix b:"/,
	sub { configure('first.ini', url => $redis->url(3), prefix => 'b:'); $daemon->signal('HUP'); });

# the same place again: nothing is to be done
$daemon->mark_log;
$other->command('SET', 'b:item:1', 'cached');
$daemon->stop(10);
$daemon->start;
ok(wait_attached($node), 'the same place: attached');
ok(wait_applied($node), 'the same place: all is well');
ok(!$daemon->has_resynced, 'the same place: no resync');
ok($other->command('EXISTS', 'b:item:1'), 'the same place: what is cached stays');

# two daemons that disagree
my $rival = Uncache::Test::Daemon->new('rival', node => $node,
	config => configure('second.ini', url => $redis->url(3), prefix => 'z:'))->start;
ok($rival->wait_for_log(qr/level=error msg="standing by for a daemon that deletes in a different Redis".* reason="session \d+ works for the target and deletes in database 3, prefix b:, not in database 3, prefix z:" advice="give both /, 30),
	'a rival with another prefix says so');
pause(2);
is(() = $rival->log =~ /deletes in a different Redis/g, 1, 'once');
$other->command('SET', 'z:item:1', 'cached');
$daemon->kill9;
ok($rival->wait_for_log(qr/attached, taking over.*resync begins/s, 30), 'it takes over, with a resync');
ok((wait_for { !$other->command('EXISTS', 'z:item:1') }), 'what is cached there is deleted');
is($rival->stop(10), 0, 'it stops');

# servers that do not tell which ones they are
my @mute = map {
	my $mute = start_redis($_);
	$mute->command('ACL', 'SETUSER', 'default', '-info');
	$mute
} qw(mute deaf);
configure('first.ini', url => $mute[0]->url, prefix => 'b:');
$daemon->start;
ok(wait_attached($node), 'a server that does not tell: attached');
is_resynced($daemon, $mute[1], 'another one that does not tell', 'b:item:1',
	qr/resync begins.*Redis does not tell which process it is, and is at another address than before: \S+, not \S+"/,
	sub { configure('first.ini', url => $mute[1]->url, prefix => 'b:'); $daemon->signal('HUP'); });

is($daemon->stop(10), 0, 'the daemon stops');
done_testing();
