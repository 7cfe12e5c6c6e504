-- DDL of one role does nothing to the rules of another, and no command makes a rule unseen.
\set test abuse_ddl
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE ROLE regress_uncache_ddl_mallory;
CREATE ROLE regress_uncache_ddl_victim;
GRANT CREATE ON DATABASE :database TO regress_uncache_ddl_mallory, regress_uncache_ddl_victim;
SELECT uncache.grant_consumer('regress_uncache_ddl_mallory'), uncache.grant_author('regress_uncache_ddl_victim');

-- case 1: a trigger that is made in a function that REFRESH calls, where PostgreSQL collects no commands
SET ROLE regress_uncache_ddl_mallory;
CREATE SCHEMA m;
GRANT USAGE ON SCHEMA m TO PUBLIC;
CREATE TABLE m.t (id int);
CREATE FUNCTION m.make() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
	EXECUTE format('CREATE TRIGGER q AFTER INSERT ON m.t FOR EACH ROW EXECUTE FUNCTION uncache.query(%L, %L, %L)',
		format('as "postgres", oid 10 of system %s, superuser', (SELECT system_identifier FROM pg_control_system())), 'SELECT current_user || {id}', 'x:*');
	RETURN 1;
END $$;
CREATE MATERIALIZED VIEW m.v AS SELECT m.make() WITH NO DATA;
REFRESH MATERIALIZED VIEW m.v;
CREATE FUNCTION m.make_schema() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
	EXECUTE 'CREATE SCHEMA m2 CREATE TABLE t2 (id int) CREATE TRIGGER q AFTER INSERT ON t2 FOR EACH ROW EXECUTE FUNCTION uncache.keys(''k:{id}'')';
	RETURN 1;
END $$;
CREATE MATERIALIZED VIEW m.v2 AS SELECT m.make_schema() WITH NO DATA;
REFRESH MATERIALIZED VIEW m.v2;
RESET ROLE;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'm.t'::regclass;
-- an author's, by the same way, is not admitted either
SET ROLE regress_uncache_ddl_victim;
CREATE SCHEMA v;
CREATE TABLE v.w (id int);
CREATE FUNCTION v.make() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
	CREATE TRIGGER q AFTER INSERT ON v.w FOR EACH ROW EXECUTE FUNCTION uncache.query('SELECT current_user || {id}', 'x:*');
	RETURN 1;
END $$;
CREATE MATERIALIZED VIEW v.mv AS SELECT v.make() WITH NO DATA;
REFRESH MATERIALIZED VIEW v.mv;
SELECT author FROM uncache.rules WHERE relation = 'v.w'::regclass;
-- what is altered there is not told either: all targets resync
CREATE FUNCTION v.alter_it() RETURNS int LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE v.w ADD COLUMN y int DEFAULT 5; RETURN 1; END $$;
CREATE MATERIALIZED VIEW v.mv2 AS SELECT v.alter_it() WITH NO DATA;
REFRESH MATERIALIZED VIEW v.mv2;
RESET ROLE;
SELECT action FROM journalled() WHERE action = 'resync';

-- case 2: an attribute, a view's column, that a table of another's only has the type of
SET ROLE regress_uncache_ddl_mallory;
CREATE TYPE m.kind AS (id int, z text);
CREATE TABLE m.kinds (id int, z text);
RESET ROLE;
SET ROLE regress_uncache_ddl_victim;
CREATE TABLE v.t (id int PRIMARY KEY, other int, k m.kind, ks m.kinds);
SELECT uncache.watch('v.t', keys => ARRAY['t:{id}'], columns => '{id,other}');
CREATE TRIGGER w AFTER UPDATE ON v.t FOR EACH ROW WHEN (NEW.id > 0) EXECUTE FUNCTION uncache.keys('w:{id}');
RESET ROLE;
SELECT count(*) AS before FROM pg_depend d JOIN pg_trigger t ON t.oid = d.objid WHERE d.classid = 'pg_trigger'::regclass AND t.tgrelid = 'v.t'::regclass AND d.refobjsubid <> 0;
SET ROLE regress_uncache_ddl_mallory;
ALTER TYPE m.kind RENAME ATTRIBUTE id TO other;
ALTER TABLE m.kinds RENAME COLUMN id TO other;
-- case 3: nor do its triggers lose what they depend on
ALTER TABLE m.kinds DROP COLUMN IF EXISTS id;
ALTER TABLE m.kinds DROP COLUMN other;
RESET ROLE;
SELECT rule, templates FROM uncache.rules WHERE relation = 'v.t'::regclass ORDER BY 1;
SELECT count(*) AS after FROM pg_depend d JOIN pg_trigger t ON t.oid = d.objid WHERE d.classid = 'pg_trigger'::regclass AND t.tgrelid = 'v.t'::regclass AND d.refobjsubid <> 0;
-- typed tables follow still
SET ROLE regress_uncache_ddl_victim;
CREATE TYPE v.row AS (id int, a text);
CREATE TABLE v.typed OF v.row;
SELECT uncache.watch('v.typed', 'typed:{id}');
ALTER TYPE v.row RENAME ATTRIBUTE id TO nr CASCADE;
SELECT templates FROM uncache.rules WHERE relation = 'v.typed'::regclass AND events <> 'TRUNCATE';

-- case 4: as many arguments as a trigger can have leave no room for an author
CREATE TABLE v.big (id int);
DO $$ BEGIN
	EXECUTE 'CREATE TRIGGER big AFTER INSERT ON v.big FOR EACH ROW EXECUTE FUNCTION uncache.query('
		|| (SELECT string_agg('''SELECT 1''', ',') FROM generate_series(1, 32767)) || ')';
END $$;
RESET ROLE;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'v.big'::regclass;

-- case 5: what one does in a function that REFRESH calls to what no rule is concerned with resyncs nobody
DELETE FROM uncache.journal;
SET ROLE regress_uncache_ddl_mallory;
CREATE TYPE m.mood AS ENUM ('sad');
CREATE TABLE m.plain (id int, mood m.mood);
CREATE MATERIALIZED VIEW m.other AS SELECT 1 AS a;
CREATE FUNCTION m.act() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
	ALTER TABLE m.plain RENAME id TO nr;
	ALTER TABLE m.plain RENAME TO plainer;
	ALTER TYPE m.mood RENAME VALUE 'sad' TO 'blue';
	ALTER TABLE m.plainer ADD COLUMN more int;
	CREATE TABLE m.made (id int);
	REFRESH MATERIALIZED VIEW m.other;
	RETURN 1;
END $$;
CREATE MATERIALIZED VIEW m.acting AS SELECT m.act() WITH NO DATA;
REFRESH MATERIALIZED VIEW m.acting;
RESET ROLE;
SELECT count(*) FROM uncache.journal;
SELECT nr, more FROM m.plainer;

SET client_min_messages = warning;
DROP OWNED BY regress_uncache_ddl_mallory, regress_uncache_ddl_victim CASCADE;
DROP ROLE regress_uncache_ddl_mallory, regress_uncache_ddl_victim;
