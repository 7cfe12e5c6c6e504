# What watch_schema() made, rules that have followed a renamed column, and those of
# materialized views survive pg_dump and pg_restore, and go on to follow.

use strict;
use warnings FATAL => 'all';
use Test::More;
use PostgreSQL::Test::Utils;
use Uncache::Test;

my $node = start_postgres('main');

# All triggers that are rules, those of partitions included.
sub rules
{
	my ($database) = @_;

	return $node->safe_psql($database, <<'END');
SELECT t.relation::regclass, t.rule, t.action, t.arguments, t.enabled, t.is_inherited, pg_get_triggerdef(t.trigger_id)
FROM uncache_internal.rule_triggers t ORDER BY t.relation::regclass::text, t.rule
END
}

# All that REFRESH deletes by.
sub views
{
	my ($database) = @_;

	return $node->safe_psql($database, q{SELECT * FROM uncache.rules WHERE events = 'REFRESH' ORDER BY relation::text, rule});
}

# Who may do what in the extension's schemas.
sub privileges
{
	my ($database) = @_;

	return $node->safe_psql($database, <<'END');
SELECT o.name, a.grantee::regrole, a.privilege_type
FROM (SELECT oid::regprocedure::text, proacl, pronamespace FROM pg_proc
	UNION ALL SELECT oid::regclass::text, relacl, relnamespace FROM pg_class
	UNION ALL SELECT nspname, nspacl, oid FROM pg_namespace) AS o(name, acl, schema), aclexplode(o.acl) a
WHERE o.schema::regnamespace::text IN ('uncache', 'uncache_internal') AND a.grantee <> a.grantor
ORDER BY 1, 2, 3
END
}

$node->safe_psql('postgres', <<'END');
CREATE ROLE app_owner;
CREATE ROLE relay;
SELECT uncache.grant_author('app_owner'), uncache.grant_consumer('relay');
CREATE SCHEMA app AUTHORIZATION app_owner;
CREATE SCHEMA empty;
CREATE SCHEMA "Odd {Schema}";
SELECT uncache.watch_schema('app', exclude => '{skipped}', target => 'api');
SELECT uncache.watch_schema('empty'), uncache.watch_schema('"Odd {Schema}"');
SET ROLE app_owner;
CREATE TABLE app.plain (id int PRIMARY KEY, name text CHECK (name <> ''));
CREATE TABLE app.pair (b int, a text, PRIMARY KEY (a, b));
CREATE TABLE app.keyless (v int UNIQUE, plain_id int REFERENCES app.plain);
CREATE TABLE app.skipped (id int PRIMARY KEY);
CREATE TABLE app.visit (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE app.visit_2024 PARTITION OF app.visit FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
	PARTITION BY LIST (id);
CREATE TABLE app.visit_2024_1 PARTITION OF app.visit_2024 FOR VALUES IN (1);
CREATE TABLE app.visit_rest (id int NOT NULL, day date NOT NULL, PRIMARY KEY (id, day));
ALTER TABLE app.visit ATTACH PARTITION app.visit_rest DEFAULT;
CREATE TABLE app.base (id int PRIMARY KEY);
CREATE TABLE app.heir (PRIMARY KEY (id)) INHERITS (app.base);
CREATE TABLE app.freed PARTITION OF app.visit_2024 FOR VALUES IN (2);
ALTER TABLE app.visit_2024 DETACH PARTITION app.freed;
ALTER TABLE app.plain RENAME TO simple;
ALTER TABLE app.simple RENAME id TO "Nr}";
RESET ROLE;
CREATE TABLE "Odd {Schema}"."T"":" ("K" int PRIMARY KEY);
INSERT INTO app.simple SELECT n, 'x' FROM generate_series(1, 100) n;
INSERT INTO app.visit VALUES (1, '2024-01-01'), (2, '2023-01-01');
CREATE TABLE renamed (id int PRIMARY KEY, old text);
SELECT uncache.watch('renamed', keys => ARRAY['r:{old}', 'api://r:{lower(id::text)}'],
	query => ARRAY['SELECT ''q:'' || {old} || id FROM public.renamed']);
ALTER TABLE renamed RENAME old TO "New {Name}";
CREATE SCHEMA "Views";
CREATE MATERIALIZED VIEW "Views"."To tals" AS SELECT count(*) FROM app.simple;
SELECT uncache.watch('"Views"."To tals"', keys => ARRAY['{{totals}}'], tags => ARRAY['totals', 'api://"t"']);
CREATE MATERIALIZED VIEW app.totals AS SELECT count(*) FROM app.simple;
END
is($node->safe_psql('postgres', q{SELECT * FROM uncache.check_rules() WHERE problem NOT LIKE '%no consumer%'}),
	'', 'all is well before the dump');
like(views('postgres'), qr/"To tals".*app\.totals/s, 'materialized views have rules');
like(privileges('postgres'), qr/^uncache_internal\|app_owner\|USAGE$/m, 'an author has privileges');
like(rules('postgres'), qr/r:\{"New \{Name\}"\}/, 'a rule has followed the rename');

my $directory = PostgreSQL::Test::Utils::tempdir();
my @connection = ('--host', $node->host, '--port', $node->port);

# By database: the dump's options, and the command that restores it.
my %ways = (
	custom => [ ['--format=custom'], [ 'pg_restore', @connection, '--exit-on-error', '--dbname' ] ],
	parallel => [ ['--format=custom'], [ 'pg_restore', @connection, '--exit-on-error', '--jobs=4', '--dbname' ] ],
	single => [ ['--format=custom'], [ 'pg_restore', @connection, '--single-transaction', '--dbname' ] ],
	quoted => [ [ '--format=custom', '--quote-all-identifiers' ], [ 'pg_restore', @connection, '--exit-on-error', '--dbname' ] ]);

foreach my $way (sort keys %ways)
{
	my ($options, $restore) = @{ $ways{$way} };

	$node->safe_psql('postgres', "CREATE DATABASE $way");
	$node->command_ok([ 'pg_dump', @connection, @$options, '--file', "$directory/$way", 'postgres' ], "$way: pg_dump");
	$node->command_ok([ @$restore, $way, "$directory/$way" ], "$way: it is restored without an error");
	is(rules($way), rules('postgres'), "$way: the rules are the same");
	is($node->safe_psql($way, 'TABLE uncache.schemas ORDER BY 1'),
		$node->safe_psql('postgres', 'TABLE uncache.schemas ORDER BY 1'), "$way: so are the watched schemas");
	is(views($way), views('postgres'), "$way: so are those of materialized views");
	is(privileges($way), privileges('postgres'), "$way: so are privileges");
	is($node->safe_psql($way, q{SELECT * FROM uncache.check_rules() WHERE problem NOT LIKE '%no consumer%'}),
		'', "$way: all is well");
}

$node->command_ok([ 'pg_dump', @connection, '--file', "$directory/plain", 'postgres' ], 'plain: pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE plain');
$node->command_ok([ 'psql', '-X', '-q', @connection, '-v', 'ON_ERROR_STOP=1', '-f', "$directory/plain", 'plain' ],
	'plain: it is restored without an error');
is(rules('plain'), rules('postgres'), 'plain: the rules are the same');

# a restored database's tables have other oids, and its rules follow all the same
$node->safe_psql('custom', <<'END');
CREATE TABLE empty.first (id int PRIMARY KEY);
CREATE TABLE app.late (id int, day date, PRIMARY KEY (id, day));
ALTER TABLE app.visit DETACH PARTITION app.visit_rest;
ALTER TABLE app.visit ATTACH PARTITION app.late FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
ALTER TABLE app.pair RENAME TO couple;
ALTER SCHEMA app RENAME TO moved;
SET ROLE app_owner;
CREATE TABLE moved.visit_2026 PARTITION OF moved.visit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
END
is($node->safe_psql('custom', q{SELECT * FROM uncache.check_rules() WHERE problem NOT LIKE '%no consumer%'}),
	'', 'all is well after further changes');
is( $node->safe_psql('custom', <<'END'), <<'END' =~ s/\n\z//r, 'the tags are what they are to be');
SELECT relation, templates FROM uncache.rules WHERE action = 'tags' AND events <> 'TRUNCATE' ORDER BY relation::text COLLATE "C"
END
"Odd {Schema}"."T"":"|{"Odd {{Schema}}.T\":","Odd {{Schema}}.T\"::{\"K\"}"}
"Views"."To tals"|{totals,"api://\"t\""}
empty.first|{empty.first,"empty.first:{id}"}
moved.base|{api://moved.base,"api://moved.base:{id}"}
moved.couple|{api://moved.couple,"api://moved.couple:{a}:{b}"}
moved.freed|{api://moved.freed,"api://moved.freed:{id}:{day}"}
moved.heir|{api://moved.heir,"api://moved.heir:{id}",api://moved.base,"api://moved.base:{id}"}
moved.keyless|{api://moved.keyless}
moved.simple|{api://moved.simple,"api://moved.simple:{\"Nr}\"}"}
moved.totals|{api://moved.totals}
moved.visit|{api://moved.visit,"api://moved.visit:{id}:{day}"}
moved.visit_rest|{api://moved.visit_rest,"api://moved.visit_rest:{id}:{day}"}
END

# A materialized view that pg_dump has to postpone is restored behind the rules, and so may others be missing.
$node->safe_psql('postgres', <<'END');
CREATE SCHEMA late;
CREATE TABLE late.c (id int PRIMARY KEY, name text);
CREATE MATERIALIZED VIEW late.postponed AS SELECT id, name FROM late.c GROUP BY id;
SELECT uncache.watch('late.postponed', tags => '{postponed}');
END
$ways{without} = [ [ '--format=custom', '--exclude-schema=late' ], $ways{single}[1] ];
foreach my $way (sort keys %ways)
{
	my ($options, $restore) = @{ $ways{$way} };
	my $database = "late_$way";

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->command_ok([ 'pg_dump', @connection, @$options, '--file', "$directory/$database", 'postgres' ], "$database: pg_dump");
	$node->command_ok([ @$restore, $database, "$directory/$database" ], "$database: it is restored without an error");
	is(views($database), $way eq 'without' ? views(q{postgres}) =~ s{\nlate\.postponed.*}{}r : views('postgres'),
		"$database: rules of materialized views are the same");
	is( $node->safe_psql($database, q{SELECT rule, problem FROM uncache.check_rules() WHERE problem NOT LIKE '%no consumer%'}),
		$way eq 'without' ? 'uncache_tags|materialized view late.postponed does not exist' : '',
		"$database: what is missing is told");
}
$node->safe_psql('late_without', 'CREATE SCHEMA late; CREATE MATERIALIZED VIEW late.postponed AS SELECT 1 AS id');
is(views('late_without'), views('postgres'), 'a view that comes later has its rule');

# A database is dumped by its owner, who is no superuser, or by who may read what is dumped.
SKIP:
{
	skip 'PostgreSQL 13 does not have pg_database_owner', 5 if $node->safe_psql('postgres', 'SHOW server_version_num') < 140000;
	$node->safe_psql('postgres', 'CREATE ROLE plain_owner LOGIN; CREATE ROLE reader LOGIN; CREATE DATABASE owned OWNER plain_owner');
	$node->safe_psql('owned', <<'END');
CREATE EXTENSION uncache;
SET ROLE plain_owner;
CREATE SCHEMA app;
RESET ROLE;
SELECT uncache.watch_schema('app');
END
	$node->command_ok([ 'pg_dump', @connection, '--username=plain_owner', '--file', "$directory/owned", 'owned' ], 'the owner dumps');
	like(slurp_file("$directory/owned"), qr/^app\t\{\}\tdefault$/m, 'the watched schemas, too');
	$node->safe_psql('owned', 'SELECT FROM uncache.schemas', extra_params => ['--username=plain_owner']);
	$node->command_fails([ 'psql', '-X', @connection, '--username=plain_owner', '-c', 'TABLE uncache.journal', 'owned' ],
		'he does not see the journal');
	$node->command_fails([ 'pg_dump', @connection, '--username=reader', '--file', "$directory/reader", 'owned' ],
		'others do not');
	$node->safe_psql('owned', 'GRANT USAGE ON SCHEMA uncache TO reader; GRANT SELECT ON uncache.schemas, uncache.view_rules TO reader');
	$node->command_ok([ 'pg_dump', @connection, '--username=reader', '--file', "$directory/reader", 'owned' ],
		'but with what the documentation says');
}

done_testing();
