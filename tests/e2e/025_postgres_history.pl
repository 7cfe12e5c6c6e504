# A PostgreSQL that comes back as it was at an earlier point, or as another
# cluster: each way is told from a restart, and what readers had cached from
# the commits that are gone is deleted.

use strict;
use warnings FATAL => 'all';
use Test::More;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::RecursiveCopy;
use PostgreSQL::Test::Utils;
use Uncache::Test;
use Uncache::Test::Daemon;

my $redis = start_redis('redis');
my $origin = start_postgres('origin', logical => 1);
$origin->enable_archiving;
$origin->restart;
$origin->safe_psql('postgres', <<'END_OF_SQL');
CREATE TABLE page (id int PRIMARY KEY, body text);
INSERT INTO page VALUES (1, 'early'), (2, 'early'), (3, 'early');
SELECT uncache.watch('page', 'page:{id}');
END_OF_SQL
my @pages = ('page:1', 'page:2', 'page:3');

# A daemon for a server that is, for it, the one that there was before.
sub serve
{
	my ($name, $node) = @_;

	return Uncache::Test::Daemon->new($name, node => $node, redis => $redis->url)->start;
}

sub body_of
{
	my ($node, $id) = @_;

	return $node->safe_psql('postgres', "SELECT body FROM page WHERE id = $id");
}

# Commits what is going to be lost; readers cache it, and what no rule knows.
sub commit_what_gets_lost
{
	my ($node) = @_;

	$node->safe_psql('postgres', "UPDATE page SET body = 'lost' WHERE id = 1");
	ok(wait_applied($node), 'a commit that is going to be lost is applied');
	$redis->fill(@pages, 'session:1');
	return;
}

# The daemon resyncs for the reason given, loses nothing cached that no rule
# can produce, and serves the server that there is now.
sub resyncs_and_serves
{
	my ($node, $daemon, $reason, $what) = @_;

	ok($daemon->wait_for_log(qr/resync begins.*$reason/), "$what: it resyncs, and says why")
	  or diag $daemon->log_since_mark;
	ok(wait_attached($node), "$what: the resync ends");
	is_deeply($redis->remaining(@pages, 'session:1'), ['session:1'],
		"$what: all that the rules can produce is deleted, and nothing else");
	serves($node, $what);
	return;
}

sub serves
{
	my ($node, $what) = @_;

	$redis->fill(@pages);
	$node->safe_psql('postgres', "UPDATE page SET body = 'served' WHERE id = 3");
	ok((wait_for { !$redis->has('page:3') }), "$what: changes are served");
	ok(wait_applied($node), "$what: and acknowledged");
	is_deeply($redis->remaining(@pages), [ 'page:1', 'page:2' ], "$what: one by one");
	return;
}

# A new cluster with the files of a directory, on the port of its own.
sub start_from
{
	my ($name, $backup, $conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init_from_backup($origin, $backup);
	$node->append_conf('postgresql.conf', $conf // '');
	$node->start;
	return $node;
}

# --- earlier points, to come back to ---

my $daemon = serve('first', $origin);
ok(wait_attached($origin), 'the daemon serves the first server');
ok(wait_applied($origin), 'and has nothing to do');
$origin->backup('base');

# stopped, so that nothing has to be recovered: the daemon stays up
$origin->stop;
$origin->backup_fs_cold('cold');
$daemon->mark_log;
$origin->start;
ok(wait_attached($origin), 'the daemon is back after a clean restart');
ok(!$daemon->has_resynced, 'without a resync');
serves($origin, 'a clean restart');

# --- a crash ---

$redis->fill(@pages, 'session:1');
$daemon->mark_log;
$origin->stop('immediate');
$origin->start;
resyncs_and_serves($origin, $daemon, 'PostgreSQL has crashed', 'a crash');
commit_what_gets_lost($origin);
is($daemon->stop(5), 0, 'the daemon stops');

# --- a base backup, started without recovery to a target ---

$origin->safe_psql('postgres', 'SELECT pg_switch_wal()');
my $target_lsn = $origin->safe_psql('postgres', 'SELECT pg_current_wal_lsn()');
$origin->stop;
my $node = start_from('restored', 'base');
is(body_of($node, 1), 'early', 'a base backup: the commit is lost');
is( $node->safe_psql('postgres', q{SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)}),
	'00000001', 'a base backup: the timeline is the same');
is($node->safe_psql('postgres', 'SELECT count(*) FROM uncache.markers'), '0',
	'a base backup: the marker of a crash speaks, whatever the files say');
$daemon = serve('restored', $node);
# also by the files' age; which of the two speaks first does not matter
resyncs_and_serves($node, $daemon, '(PostgreSQL has crashed|another history)', 'a base backup');
is($daemon->stop(5), 0, 'the daemon stops');
$node->stop;

# --- recovery to a point in time ---

$redis->fill(@pages, 'session:1');
$node = PostgreSQL::Test::Cluster->new('recovered');
$node->init_from_backup($origin, 'base', has_restoring => 1, standby => 0);
$node->append_conf('postgresql.conf', <<"END_OF_CONF");
archive_mode = off
recovery_target = 'immediate'
recovery_target_action = 'promote'
END_OF_CONF
$node->start;
ok((wait_for { $node->safe_psql('postgres', 'SELECT NOT pg_is_in_recovery()') eq 't' }),
	'a point in time: it is recovered');
is(body_of($node, 1), 'early', 'a point in time: the commit is lost');
$daemon = serve('recovered', $node);
resyncs_and_serves($node, $daemon, 'another history', 'a point in time');
is($daemon->stop(5), 0, 'the daemon stops');
$node->stop;

# --- a copy of the files of a stopped server: identifier, timeline, marker the same ---

$origin->start;
my $tells_age = $origin->safe_psql('postgres', 'SELECT uncache.files_created_at() IS NOT NULL') eq 't';
$origin->stop;

SKIP:
{
	skip 'this file system does not tell when a file was made', 9 unless $tells_age;

	$redis->fill(@pages, 'session:1');
	$node = start_from('copied', 'cold');
	is(body_of($node, 1), 'early', 'a cold copy: the commit is lost');
	is( $node->safe_psql('postgres', 'SELECT count(*) FROM uncache.markers'), '1',
		'a cold copy: the marker is there');
	$daemon = serve('copied', $node);
	resyncs_and_serves($node, $daemon, 'another history', 'a cold copy');
	is($daemon->stop(5), 0, 'the daemon stops');
	$node->stop;
}

# --- the same, put where the files had been ---

$origin->start;
$daemon = serve('in_place', $origin);
ok(wait_attached($origin), 'the first server is served again');
commit_what_gets_lost($origin);

SKIP:
{
	skip 'this file system does not tell when a file was made', 7 unless $tells_age;

	$daemon->mark_log;
	$origin->stop;
	rename($origin->data_dir, $origin->data_dir . '.old') or die "rename: $!";
	PostgreSQL::Test::RecursiveCopy::copypath($origin->backup_dir . '/cold', $origin->data_dir);
	chmod(0700, $origin->data_dir);
	$origin->start;
	is(body_of($origin, 1), 'early', 'a cold copy in place: the commit is lost');
	resyncs_and_serves($origin, $daemon, 'another history', 'a cold copy in place');
}

# --- dump and restore into a new cluster ---

my $dump = $origin->basedir . '/dump';
my $restored = PostgreSQL::Test::Cluster->new('dumped');
$restored->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$restored->start;
$restored->safe_psql('postgres', 'CREATE ROLE uncached LOGIN');
$origin->command_ok([ 'pg_dump', '-h', $origin->host, '-p', $origin->port, '-f', $dump, 'postgres' ],
	'dump and restore: pg_dump');
unlike(PostgreSQL::Test::Utils::slurp_file($dump), qr/COPY uncache\.(consumers|journal|markers)/,
	'dump and restore: neither cursors nor journal are dumped');
is($daemon->stop(5), 0, 'the daemon stops');
$origin->stop;
$restored->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $restored->host,
		'-p', $restored->port, '-f', $dump, 'postgres' ], 'dump and restore: it is restored');
# what grant_consumer() granted has been dumped, too
$redis->fill(@pages, 'session:1');
$daemon = serve('dumped', $restored);
resyncs_and_serves($restored, $daemon, 'first registration', 'dump and restore');
is($daemon->stop(5), 0, 'the daemon stops');

# --- pg_upgrade ---

# what waits in the journal goes along
$redis->fill('by hand');
$restored->safe_psql('postgres', q{SELECT uncache.invalidate('by hand')});
my $xid = $restored->safe_psql('postgres', 'SELECT pg_current_xact_id()');
$restored->stop;
my $upgraded = PostgreSQL::Test::Cluster->new('upgraded');
$upgraded->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
my $bindir = $restored->config_data('--bindir');
chdir($upgraded->basedir) or die "chdir: $!";
command_ok([ 'pg_upgrade', '--no-sync', '-d', $restored->data_dir, '-D', $upgraded->data_dir,
		'-b', $bindir, '-B', $bindir, '-s', $upgraded->host, '-p', $restored->port,
		'-P', $upgraded->port ], 'pg_upgrade: it is upgraded');
$upgraded->start;
cmp_ok($upgraded->safe_psql('postgres', 'SELECT pg_current_xact_id()'), '>', $xid,
	'pg_upgrade: transaction ids go on');
is($upgraded->safe_psql('postgres', 'SELECT count(*) FROM uncache.consumers WHERE cursor IS NOT NULL'),
	'1', 'pg_upgrade: the cursor goes along');
$redis->fill(@pages, 'session:1');
$daemon = serve('upgraded', $upgraded);
resyncs_and_serves($upgraded, $daemon, 'another history', 'pg_upgrade');
ok(!$redis->has('by hand'), 'pg_upgrade: what waited in the journal is applied');
is($daemon->stop(5), 0, 'the daemon stops');

done_testing();
