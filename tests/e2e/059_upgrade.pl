# A database that has an older version of the extension: with the new library and the new daemon it works as it is,
# and ALTER EXTENSION makes exactly what CREATE EXTENSION makes; daemons of the older version work on.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;
use Uncache::Test::RedisCluster;

use constant OLD => '0.1';

my $node = start_postgres('main');
my $redis = start_redis('redis');

# All that the extension consists of, and who may do what with it, a line each.
my $catalog = <<'SQL';
WITH members AS (
	SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'uncache'
), relations AS (
	SELECT c.* FROM pg_class c JOIN members m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
), acls AS (
	SELECT p.oid::regprocedure::text AS name, p.proacl AS acl FROM pg_proc p
		JOIN members m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
	UNION ALL SELECT oid::regclass::text, relacl FROM relations
	UNION ALL SELECT nspname, nspacl FROM pg_namespace WHERE nspname LIKE 'uncache%'
	UNION ALL SELECT 'initial ' || pg_describe_object(i.classoid, i.objoid, i.objsubid), i.initprivs
		FROM pg_init_privs i JOIN members m ON m.classid = i.classoid AND m.objid = i.objoid
)
SELECT concat_ws(' ', 'member', pg_describe_object(classid, objid, 0),
	coalesce(obj_description(objid, classid::regclass::name), 'without comment')) FROM members
UNION ALL
SELECT concat_ws(' ', 'function', pg_get_functiondef(p.oid))
FROM pg_proc p JOIN members m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
UNION ALL
SELECT concat_ws(' ', 'relation', r.oid::regclass, r.relkind, r.relpersistence, r.relreplident, r.reloptions,
	(SELECT t.reloptions FROM pg_class t WHERE t.oid = r.reltoastrelid),
	(SELECT array_agg(i.inhparent::regclass) FROM pg_inherits i WHERE i.inhrelid = r.oid),
	CASE r.relkind WHEN 'v' THEN pg_get_viewdef(r.oid) END) FROM relations r
UNION ALL
SELECT concat_ws(' ', 'column', r.oid::regclass, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
	a.attstorage, a.attidentity, pg_get_expr(f.adbin, f.adrelid), col_description(r.oid, a.attnum))
FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0
	LEFT JOIN pg_attrdef f ON f.adrelid = r.oid AND f.adnum = a.attnum
UNION ALL
SELECT concat_ws(' ', 'attribute', t.oid::regtype, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod))
FROM pg_type t JOIN members m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid AND t.typtype = 'c'
	JOIN pg_attribute a ON a.attrelid = t.typrelid
UNION ALL
SELECT concat_ws(' ', 'constraint', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
FROM pg_constraint c JOIN relations r ON r.oid = c.conrelid
UNION ALL
SELECT concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid)) FROM pg_index i JOIN relations r ON r.oid = i.indrelid
UNION ALL
SELECT concat_ws(' ', 'event trigger', t.evtname, t.evtevent, t.evtfoid::regprocedure, t.evtenabled, t.evttags)
FROM pg_event_trigger t JOIN members m ON m.classid = 'pg_event_trigger'::regclass AND m.objid = t.oid
UNION ALL
SELECT concat_ws(' ', 'dumped', c.config::regclass, c.condition)
FROM pg_extension e, unnest(e.extconfig, e.extcondition) AS c(config, condition) WHERE e.extname = 'uncache'
UNION ALL
SELECT concat_ws(' ', 'version', extversion, extnamespace::regnamespace, extrelocatable) FROM pg_extension
WHERE extname = 'uncache'
UNION ALL
SELECT concat_ws(' ', 'privilege', a.name, x.grantee::regrole, x.privilege_type, x.is_grantable)
FROM acls a, LATERAL aclexplode(a.acl) x
ORDER BY 1
SQL

sub catalog_of
{
	my ($database) = @_;

	return [
		split /\n(?=(?:member|function|relation|column|attribute|constraint|index|event trigger|dumped|version|privilege) )/,
		$node->safe_psql($database, $catalog)
	];
}

sub new_database
{
	my ($name, $version) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, 'CREATE EXTENSION uncache' . ($version ? " VERSION '$version'" : ''));
	return;
}

# --- the upgrade makes what is made anew ---

new_database('fresh');
new_database('upgraded', OLD);
ok(scalar(grep { /^version 0\.1/ } @{ catalog_of('upgraded') }), 'the older version can be made');
$node->safe_psql('upgraded', <<'END');
CREATE TABLE item (id int PRIMARY KEY, version int NOT NULL DEFAULT 0);
CREATE SCHEMA app;
SELECT uncache.watch('item', 'item:{id}'), uncache.watch_schema('app');
SELECT uncache.attach('default');
END
my $writer = Uncache::Test::Session->connect($node, database => 'upgraded');
$writer->query('INSERT INTO item VALUES (1)');
$writer->query('BEGIN; INSERT INTO item VALUES (3)');
$node->safe_psql('upgraded', q{SET lock_timeout = '10s'; ALTER EXTENSION uncache UPDATE});
$writer->query('COMMIT');
my ($upgraded, $fresh) = (catalog_of('upgraded'), catalog_of('fresh'));
cmp_ok(scalar(@$fresh), '>', 300, 'a fresh extension has its objects');
is_deeply($upgraded, $fresh, 'an upgraded one is the same');
is($node->safe_psql('upgraded', 'SELECT schema FROM uncache.schemas'), 'app', 'what is in its tables stays');
$writer->query('INSERT INTO item VALUES (2)');
is($writer->query_value('SELECT count(*) FROM item'), 3, 'a session from before goes on writing');
is($node->safe_psql('upgraded', q{SELECT string_agg(keys::text, ' ' ORDER BY keys) FROM uncache.journal}),
	'{item:1} {item:2} {item:3}', 'all that is written is journalled');
is($node->safe_psql('upgraded', 'SELECT count(*) FROM uncache.gaps'), 0, 'and nothing is missing');

# --- the new library and daemon in a database with the older version ---

new_database('older', OLD);
$node->safe_psql('older', <<'END');
SELECT uncache.grant_consumer('uncached');
CREATE TABLE item (id int PRIMARY KEY, version int NOT NULL DEFAULT 0);
INSERT INTO item VALUES (1), (2);
SELECT uncache.watch('item', 'item:{id}');
END
my $daemon = start_daemon('uncached', node => $node, database => 'older', redis => $redis->url);
$redis->fill('item:1', 'item:2');
$node->safe_psql('older', 'UPDATE item SET version = 1 WHERE id = 1');
ok(wait_for { !$redis->has('item:1') }, 'a daemon serves the older version');
ok($redis->has('item:2'), 'and deletes nothing else');

# a Redis Cluster needs the newer one
my $cluster = Uncache::Test::RedisCluster->new('cluster', primaries => 1);
my $refused = Uncache::Test::Daemon->new('refused', node => $node, database => 'older', redis => $cluster->url)->start;
ok($refused->wait_for_log(qr/level=error.*advice="a superuser must run: ALTER EXTENSION uncache UPDATE"/),
	'for a Redis Cluster it asks for the newer version');
is($refused->stop(5), 0, 'and that daemon stops');

sub check_connections
{
	my ($name) = @_;
	my $check = Uncache::Test::Daemon->new($name, node => $node, database => 'older', redis => $cluster->url,
		args => ['--check-connections']);

	$check->run(60);
	return $check->log;
}

my $cluster_functions = qr/uncache\.attach_cluster\(text, jsonb, text\).*uncache\.ack_cluster\(text, text, jsonb\)/s;
like(check_connections('check_older'), qr/missing postgres: the extension has no function $cluster_functions/, '--check-connections says so');

# upgraded under it
$node->safe_psql('older', 'ALTER EXTENSION uncache UPDATE');
$node->safe_psql('older', 'UPDATE item SET version = 1 WHERE id = 2');
ok(wait_for { !$redis->has('item:2') }, 'it goes on while the extension is upgraded');
$daemon->mark_log;
$daemon->kill9;
$daemon->start;
ok(wait_for { $daemon->log_since_mark =~ /msg="?attached/ }, 'it attaches to the newer version');
ok(wait_attached($node, database => 'older'), 'works');
ok(!$daemon->has_resynced, 'and goes on where it was');
is($daemon->stop(5), 0, 'the daemon stops');

# what is new is for the role once it was granted
$refused->mark_log;
$refused->start;
ok($refused->wait_for_log(qr/level=error.*advice="a superuser must run: SELECT uncache.grant_consumer/),
	'a Redis Cluster needs a new grant');
like(check_connections('check_denied'), qr/missing postgres: the role may not execute $cluster_functions/, '--check-connections says so');
$node->safe_psql('older', q{SELECT uncache.grant_consumer('uncached')});
ok($refused->wait_for_log(qr/msg="resync complete"/), 'and works with it');
like(check_connections('check_granted'), qr/ok      postgres: the role may execute $cluster_functions/, '--check-connections finds nothing');
is($refused->stop(5), 0, 'the daemon stops');

# --- what daemons of the older version call ---

my $relay = Uncache::Test::Session->connect($node, database => 'older', user => 'uncached');
my $place = q{'database 0, prefix ', 'here'};

$relay->query(<<'END');
PREPARE attaching AS SELECT state, cursor, reason
	FROM uncache.attach($1::text, $2::text, $3::text, $4::bigint, $5::text, $6::bigint, $7::text, $8::text);
PREPARE fetching AS SELECT at, action, keys, next_cursor FROM uncache.fetch($1::text, $2::text, $3::integer, $4::boolean);
PREPARE acking AS SELECT uncache.ack($1::text, $2::text, $3::bigint)
END
my $attach = "EXECUTE attaching('other', 'run', 'repl', 10, NULL, 0, $place)";
is($relay->query_value($attach), 'waiting', 'an older daemon registers');
ok(wait_for { $relay->query_value($attach) eq 'resync' }, 'and attaches');
$relay->query(q{SELECT uncache.resync_keys('other')});
$relay->query(q{SELECT uncache.resynced('other')});
is($relay->query_value($attach), 'ready', 'works');
my $cursor = $node->safe_psql('older', q{SELECT cursor FROM uncache.consumers WHERE target = 'other'});
$relay->query("EXECUTE fetching('other', '$cursor', 1000000, false)");
$relay->query("EXECUTE acking('other', '$cursor', 12)");
$relay->query('SELECT uncache.trim()');
is($node->safe_psql('older', <<'END'), 12, 'its positions are remembered');
SELECT repl_offset FROM uncache.positions p JOIN uncache.consumers c ON c.id = consumer_id WHERE target = 'other'
END

done_testing();
