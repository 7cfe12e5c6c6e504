-- watch_schema(): every table of a schema has tags, later ones too.
\set test watch_schema
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

-- An automatic rule's name is a hash: only what it is made of is shown.
CREATE VIEW automatic AS
	SELECT r.relation, r.events, r.templates, r.enabled, r.rule LIKE uncache_internal.schema_rule_name(r.relation) || '%' AS is_named_so
	FROM uncache.rules r WHERE uncache_internal.is_schema_rule(r.rule) ORDER BY r.relation::text COLLATE "C", r.events;
CREATE ROLE regress_uncache_schema;
CREATE SCHEMA app;
GRANT CREATE, USAGE ON SCHEMA app TO regress_uncache_schema;
GRANT SELECT ON automatic TO regress_uncache_schema;

-- case 1: what is there: composite key in its own order, no key, names with braces and quotes, unlogged, partitions; not views, foreign tables, sequences
CREATE TABLE app.plain (id int PRIMARY KEY, v int);
CREATE TABLE app.pair (b int, a text, v int, PRIMARY KEY (a, b) INCLUDE (v));
CREATE TABLE app.keyless (v int UNIQUE NOT NULL);
CREATE TABLE app."A{b}""c" ("K}ey" int PRIMARY KEY);
CREATE UNLOGGED TABLE app.unlogged (id int PRIMARY KEY);
CREATE TABLE app.root (id int, r int, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
CREATE TABLE app.root_1 PARTITION OF app.root FOR VALUES IN (1);
CREATE TABLE app.skipped (id int PRIMARY KEY);
CREATE VIEW app.v AS SELECT * FROM app.plain;
CREATE MATERIALIZED VIEW app.m AS SELECT * FROM app.plain;
CREATE SEQUENCE app.s;
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER w FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE app.f (id int) SERVER w;
SELECT uncache.watch_schema('app', exclude => '{skipped,later_skipped}');
SELECT * FROM uncache.schemas;
SELECT * FROM automatic;
-- case 2: rows
INSERT INTO app.plain VALUES (1, 1);
INSERT INTO app.pair VALUES (5, 'x:y', 0);
INSERT INTO app.keyless VALUES (1);
INSERT INTO app."A{b}""c" VALUES (3);
INSERT INTO app.root VALUES (1, 1);
INSERT INTO app.root_1 VALUES (2, 1);
INSERT INTO app.skipped VALUES (1);
SELECT * FROM journalled();
UPDATE app.plain SET id = 2;
TRUNCATE app.keyless, app.root_1;
SELECT * FROM journalled();

-- case 3: made later: by anybody, in whatever way
GRANT SELECT ON app.plain TO regress_uncache_schema;
SET ROLE regress_uncache_schema;
CREATE TABLE app.later (id int PRIMARY KEY);
CREATE TABLE app.later_skipped (id int PRIMARY KEY);
CREATE TABLE app.ctas AS SELECT 1 AS id;
SELECT 1 AS id INTO app.into_table;
CREATE TABLE app.like_table (LIKE app.plain INCLUDING ALL);
CREATE TABLE IF NOT EXISTS app.later (id int);
CREATE TABLE app.part (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE app.part_1 PARTITION OF app.part FOR VALUES FROM (1) TO (10);
CREATE TEMP TABLE app_temp (id int);
RESET ROLE;
SELECT * FROM automatic WHERE relation::text ~ 'later|ctas|into|like|part|temp';
INSERT INTO app.part VALUES (1);
TRUNCATE app.part_1;
SELECT * FROM journalled();
-- case 4: a session in replica role, switched off, within a function, rolled back
SET session_replication_role = replica;
SET uncache.enabled = off;
CREATE TABLE app.replicated (id int PRIMARY KEY);
RESET session_replication_role;
RESET uncache.enabled;
DO $$ BEGIN CREATE TABLE app.in_function (id int); END $$;
BEGIN;
CREATE TABLE app.undone (id int);
ROLLBACK;
SELECT relation, templates FROM automatic WHERE relation::text ~ 'replicated|function|undone' AND events = 'TRUNCATE';
-- case 5: other schemas have none; CREATE SCHEMA with tables in it, of a name that is watched already
CREATE SCHEMA other CREATE TABLE t (id int);
INSERT INTO uncache.schemas VALUES ('early', '{}', 'default');
CREATE SCHEMA early CREATE TABLE t (id int PRIMARY KEY) CREATE TABLE u (id int);
SELECT relation, templates FROM automatic WHERE relation::text ~ 'other|early' AND events = 'TRUNCATE';
-- case 6: its schema is dropped: it is forgotten
DROP SCHEMA early CASCADE;
SELECT schema FROM uncache.schemas;
DELETE FROM uncache.journal;

-- case 7: the primary key: added, dropped, another, with an index that is there, its columns renamed, dropped
ALTER TABLE app.keyless ADD PRIMARY KEY (v);
SELECT templates FROM automatic WHERE relation = 'app.keyless'::regclass;
SELECT * FROM journalled();
ALTER TABLE app.keyless DROP CONSTRAINT keyless_pkey;
SELECT templates FROM automatic WHERE relation = 'app.keyless'::regclass;
SELECT * FROM journalled();
ALTER TABLE app.pair DROP CONSTRAINT pair_pkey, ADD PRIMARY KEY (b);
SELECT templates FROM automatic WHERE relation = 'app.pair'::regclass;
CREATE UNIQUE INDEX pair_a ON app.pair (a);
DELETE FROM uncache.journal;
ALTER TABLE app.pair DROP CONSTRAINT pair_pkey;
ALTER TABLE app.pair ALTER a SET NOT NULL, ADD PRIMARY KEY USING INDEX pair_a;
SELECT templates FROM automatic WHERE relation = 'app.pair'::regclass;
SELECT * FROM journalled();
ALTER TABLE app.pair RENAME a TO "K{";
SELECT templates FROM automatic WHERE relation = 'app.pair'::regclass;
SELECT * FROM journalled();
INSERT INTO app.pair VALUES (7, 'n', 0);
SELECT * FROM journalled();
ALTER TABLE app.pair DROP "K{";
SELECT templates FROM automatic WHERE relation = 'app.pair'::regclass;
SELECT * FROM journalled();
-- case 8: the key goes with its type
CREATE DOMAIN key AS int;
CREATE TABLE app.typed (id key PRIMARY KEY);
DROP DOMAIN key CASCADE;
SELECT templates FROM automatic WHERE relation = 'app.typed'::regclass;
SELECT * FROM journalled();
-- case 9: other constraints and other alterations touch nothing
DROP VIEW app.v;
DROP MATERIALIZED VIEW app.m;
SELECT array_agg(oid ORDER BY oid) AS before FROM pg_trigger WHERE tgrelid = 'app.plain'::regclass \gset
ALTER TABLE app.plain ADD CHECK (id > 0), ADD w int, ALTER v TYPE bigint;
ALTER TABLE app.plain DROP CONSTRAINT plain_id_check;
ALTER TABLE app.plain RENAME id TO nr;
SELECT uncache.watch_schema('app', exclude => '{skipped,later_skipped}');
SELECT array_agg(oid ORDER BY oid) = :'before' AS is_untouched FROM pg_trigger WHERE tgrelid = 'app.plain'::regclass;
DELETE FROM uncache.journal;

-- case 10: the table is renamed, by ALTER INDEX too; renamed to an excluded name and back
ALTER TABLE app.plain RENAME TO simple;
SELECT * FROM automatic WHERE relation = 'app.simple'::regclass;
SELECT * FROM journalled();
ALTER INDEX app.simple RENAME TO simpler;
SELECT templates FROM automatic WHERE relation = 'app.simpler'::regclass;
ALTER TABLE app.simpler RENAME TO later_skipped2;
ALTER TABLE app.skipped RENAME TO unskipped;
SELECT templates FROM automatic WHERE relation = 'app.unskipped'::regclass;
DELETE FROM uncache.journal;
ALTER TABLE app.unskipped RENAME TO skipped;
SELECT templates FROM automatic WHERE relation = 'app.skipped'::regclass;
SELECT * FROM journalled();
-- case 11: two tables swap their names
CREATE TABLE app.x (x int PRIMARY KEY);
CREATE TABLE app.y (y int PRIMARY KEY);
BEGIN;
ALTER TABLE app.x RENAME TO z;
ALTER TABLE app.y RENAME TO x;
ALTER TABLE app.z RENAME TO y;
COMMIT;
SELECT * FROM automatic WHERE relation IN ('app.x'::regclass, 'app.y'::regclass);
-- case 12: the schema is renamed
CREATE SCHEMA small CREATE TABLE t (id int PRIMARY KEY) CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id) CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
SELECT uncache.watch_schema('small', target => 'api');
DELETE FROM uncache.journal;
ALTER SCHEMA small RENAME TO "Small";
SELECT * FROM uncache.schemas ORDER BY schema;
SELECT * FROM automatic WHERE relation::text LIKE '"Small"%';
SELECT * FROM journalled();
-- case 13: to another watched schema, to one that is not, and back
ALTER TABLE app.x SET SCHEMA "Small";
SELECT templates FROM automatic WHERE relation = '"Small".x'::regclass;
SELECT * FROM journalled();
ALTER TABLE "Small".x SET SCHEMA other;
SELECT templates FROM automatic WHERE relation = 'other.x'::regclass;
SELECT * FROM journalled();
ALTER TABLE other.x SET SCHEMA app;
SELECT templates FROM automatic WHERE relation = 'app.x'::regclass;
SELECT * FROM journalled();

-- case 14: a table by itself becomes a partition, and leaves again
CREATE TABLE app.alone (id int, r int, PRIMARY KEY (id, r));
DELETE FROM uncache.journal;
ALTER TABLE app.root ATTACH PARTITION app.alone FOR VALUES IN (2);
SELECT * FROM automatic WHERE relation = 'app.alone'::regclass;
SELECT * FROM journalled();
INSERT INTO app.alone VALUES (1, 2);
SELECT * FROM journalled();
ALTER TABLE app.root DETACH PARTITION app.alone;
SELECT * FROM automatic WHERE relation = 'app.alone'::regclass;
DELETE FROM uncache.journal;
INSERT INTO app.alone VALUES (2, 2);
TRUNCATE app.alone;
SELECT * FROM journalled();
ALTER TABLE app.root ATTACH PARTITION app.alone FOR VALUES IN (2);
ALTER TABLE app.root DETACH PARTITION app.alone CONCURRENTLY;
SELECT * FROM automatic WHERE relation = 'app.alone'::regclass;
-- case 15: the root is excluded: so are its partitions; the root lies elsewhere: its partitions are tables of the schema
SELECT uncache.watch_schema('app', exclude => '{skipped,root}');
SELECT relation, events, templates FROM automatic WHERE relation::text LIKE 'app.root%';
CREATE TABLE other.far (id int PRIMARY KEY) PARTITION BY LIST (id);
CREATE TABLE app.near PARTITION OF other.far FOR VALUES IN (1);
SELECT relation, events, templates FROM automatic WHERE relation IN ('app.near'::regclass, 'other.far'::regclass);
ALTER TABLE other.far SET SCHEMA app;
SELECT relation, events, templates FROM automatic WHERE relation IN ('app.near'::regclass, 'app.far'::regclass);
ALTER TABLE app.far SET SCHEMA other;
SELECT relation, events, templates FROM automatic WHERE relation IN ('app.near'::regclass, 'other.far'::regclass);
-- case 16: further partitions, by an owner who is no author; a new owner
CREATE ROLE regress_uncache_owner2;
GRANT CREATE, USAGE ON SCHEMA app TO regress_uncache_owner2;
SET ROLE regress_uncache_schema;
CREATE TABLE app.part_2 PARTITION OF app.part FOR VALUES FROM (10) TO (20);
RESET ROLE;
ALTER TABLE app.part OWNER TO regress_uncache_owner2;
SET ROLE regress_uncache_owner2;
CREATE TABLE app.part_3 PARTITION OF app.part FOR VALUES FROM (20) TO (30);
RESET ROLE;
SELECT tgname LIKE '%truncate' AS is_truncate, tgenabled FROM pg_trigger WHERE tgrelid = 'app.part_3'::regclass ORDER BY 1;

-- case 17: INHERITS: an heir has its parents' tags, too; the parent's key, name; leaves; comes back
CREATE TABLE app.base (id int PRIMARY KEY, w int);
CREATE TABLE app.heir (c int) INHERITS (app.base);
CREATE TABLE other.far_heir () INHERITS (app.heir);
SELECT relation, templates FROM automatic WHERE relation::text ~ 'heir' AND events = 'TRUNCATE';
DELETE FROM uncache.journal;
INSERT INTO app.heir VALUES (1, 2, 3);
UPDATE app.base SET w = 4;
SELECT * FROM journalled();
ALTER TABLE app.base RENAME TO ground;
SELECT relation, templates FROM automatic WHERE relation::text ~ 'heir|ground' AND events = 'TRUNCATE';
ALTER TABLE app.heir NO INHERIT app.ground;
SELECT relation, templates FROM automatic WHERE relation::text ~ 'heir' AND events = 'TRUNCATE';
ALTER TABLE app.heir INHERIT app.ground;
SELECT relation, templates FROM automatic WHERE relation::text ~ 'heir' AND events = 'TRUNCATE';

-- case 18: DROP invalidates
DELETE FROM uncache.journal;
DROP TABLE app.ground CASCADE;
SELECT * FROM journalled();
-- case 19: beside rules of one's own
SELECT uncache.watch('app.later', tags => ARRAY['mine:{id}']);
INSERT INTO app.later VALUES (1);
SELECT * FROM journalled();
SELECT uncache.unwatch('app.later');
-- case 20: names that look like a target
CREATE SCHEMA "api";
CREATE TABLE "api"."://x" (id int);
SELECT uncache.watch_schema('api');
INSERT INTO "api"."://x" VALUES (1);
SELECT * FROM journalled();
DROP SCHEMA api CASCADE;
SELECT * FROM journalled();
-- case 21: a broken event trigger warns, and the command succeeds
ALTER EVENT TRIGGER uncache_follow_command DISABLE;
ALTER TABLE uncache.schemas RENAME target TO not_there;
ALTER EVENT TRIGGER uncache_follow_command ENABLE ALWAYS;
CREATE TABLE app.warned (id int);
ALTER EVENT TRIGGER uncache_follow_command DISABLE;
ALTER TABLE uncache.schemas RENAME not_there TO target;
ALTER EVENT TRIGGER uncache_follow_command ENABLE ALWAYS;
DELETE FROM uncache.journal;
-- case 22: while rows wait for a deferred constraint PostgreSQL lets nobody replace a trigger: it is rewritten in its place
CREATE TABLE app.deferred (id int PRIMARY KEY, up int REFERENCES app.deferred DEFERRABLE INITIALLY DEFERRED);
BEGIN;
INSERT INTO app.deferred VALUES (1, 1);
ALTER TABLE app.deferred RENAME TO renamed;
INSERT INTO app.renamed VALUES (2, 1);
COMMIT;
SELECT * FROM automatic WHERE relation = 'app.renamed'::regclass;
SELECT * FROM journalled();
-- that locks no partition
BEGIN;
ALTER TABLE app.part RENAME TO whole;
SELECT DISTINCT relation::regclass FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock' AND relation IN (SELECT relid FROM pg_partition_tree('app.whole'));
SELECT tgrelid::regclass, tgname = uncache_internal.schema_rule_name('app.whole'::regclass) AS is_named_so, uncache_internal.trigger_arguments(oid) FROM pg_trigger
	WHERE tgrelid IN (SELECT relid FROM pg_partition_tree('app.whole')) AND tgname NOT LIKE '%truncate' AND uncache_internal.is_schema_rule(tgname) ORDER BY 1;
SELECT relation, problem FROM uncache.check_rules() WHERE relation::text <> 'app.warned';
COMMIT;
INSERT INTO app.whole VALUES (2);
TRUNCATE app.part_1;
SELECT * FROM journalled();
ALTER TABLE app.whole RENAME TO part;
-- the tables of another extension are its own
ALTER EXTENSION uncache ADD TABLE app.renamed;
SELECT uncache.watch_schema('app', exclude => '{skipped,root}');
SELECT relation FROM automatic WHERE relation = 'app.renamed'::regclass;
ALTER EXTENSION uncache DROP TABLE app.renamed;

-- case 23: another target, other exclusions; the same again; what is refused
SELECT uncache.watch_schema('app', exclude => '{part}', target => 'api');
SELECT relation, templates FROM automatic WHERE events = 'TRUNCATE' AND relation::text LIKE 'app.%';
SELECT uncache.watch_schema('uncache');
SELECT uncache.watch_schema('uncache_internal');
SELECT uncache.watch_schema('pg_catalog');
SELECT uncache.watch_schema('information_schema');
SELECT uncache.watch_schema('absent');
SELECT uncache.watch_schema(NULL);
SELECT uncache.watch_schema('app', exclude => NULL);
SELECT uncache.watch_schema('app', target => 'no target');
INSERT INTO uncache.schemas VALUES ('app2', '{}', 'no target');
-- case 24: unwatch_schema leaves other rules, and forgets
SELECT uncache.watch('app.x', 'x:{y}');
SELECT uncache.unwatch_schema('app'), uncache.unwatch_schema('"Small"'), uncache.unwatch_schema('other');
SELECT relation, rule FROM uncache.rules ORDER BY rule;
SELECT * FROM uncache.schemas;
CREATE TABLE app.after (id int);
SELECT relation, rule FROM uncache.rules ORDER BY rule;

-- case 25: who may: the owner of the schema and of its tables, if he is an author
SELECT uncache.watch_schema('other');
CREATE SCHEMA mine AUTHORIZATION regress_uncache_schema;
SET ROLE regress_uncache_schema;
CREATE TABLE mine.t (id int PRIMARY KEY);
CREATE TABLE mine.p (id int PRIMARY KEY) PARTITION BY LIST (id);
SELECT uncache.watch_schema('mine');
RESET ROLE;
SELECT uncache.grant_author('regress_uncache_schema');
SET ROLE regress_uncache_schema;
SELECT uncache.watch_schema('mine');
CREATE TABLE mine.u (id int PRIMARY KEY);
SELECT relation, templates FROM automatic WHERE events = 'TRUNCATE';
SELECT uncache.watch_schema('app');
SELECT uncache.unwatch_schema('other');
INSERT INTO uncache.schemas VALUES ('app', '{}', 'default'), ('not_there_yet', '{}', 'default');
INSERT INTO uncache.schemas VALUES ('not_there_yet', '{}', 'default');
UPDATE uncache.schemas SET schema = 'app' WHERE schema = 'mine';
UPDATE uncache.schemas SET schema = 'mine' WHERE schema = 'other';
DELETE FROM uncache.schemas WHERE schema = 'other';
SELECT uncache_internal.lock_schema('app');
RESET ROLE;
CREATE TABLE mine.of_another (id int);
SET ROLE regress_uncache_schema;
SELECT uncache.watch_schema('mine', target => 'api');
SELECT uncache.unwatch_schema('mine');
RESET ROLE;
SELECT schema, target FROM uncache.schemas ORDER BY schema;

DROP SCHEMA mine CASCADE;
DROP OWNED BY regress_uncache_schema, regress_uncache_owner2 CASCADE;
DROP ROLE regress_uncache_schema, regress_uncache_owner2;
