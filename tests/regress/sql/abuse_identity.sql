-- Under whose identity and settings what we run runs: the rows of the table in docs/security.md
-- that no other test of abuse has. What somebody has planted moves a sequence.
\set test abuse_identity
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
\t on
\a

SET client_min_messages = warning;
CREATE ROLE regress_uncache_i_eve;
CREATE ROLE regress_uncache_i_daemon;
CREATE ROLE regress_uncache_i_writer;
SELECT uncache.grant_author('regress_uncache_i_eve');
SELECT uncache.grant_consumer('regress_uncache_i_daemon');
CREATE SCHEMA eve AUTHORIZATION regress_uncache_i_eve;
GRANT USAGE ON SCHEMA eve TO PUBLIC;
CREATE SEQUENCE public.canary;
GRANT ALL ON public.canary TO PUBLIC;
SET ROLE regress_uncache_i_eve;
CREATE TABLE eve.t (id int, v text);
GRANT ALL ON eve.t TO regress_uncache_i_writer;
RESET ROLE;

-- case 1: what a rule's functions set does not stay, nor who they wanted to be
SET ROLE regress_uncache_i_eve;
CREATE FUNCTION eve.set_all() RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM set_config('search_path', 'eve', false), set_config('DateStyle', 'German', false), set_config('statement_timeout', '1', false),
		set_config('work_mem', '1MB', false), set_config('eve.mine', 'set', false);
	RETURN 'set';
END $$;
SELECT uncache.watch('eve.t', keys => ARRAY['k:{id}:{eve.set_all()}'], query => ARRAY[$$SELECT 'q:' || eve.set_all() WHERE {id} > 0$$, 'x']);
RESET ROLE;
SET ROLE regress_uncache_i_writer;
SET work_mem = '2MB';
INSERT INTO eve.t VALUES (1, 'v');
SELECT current_user, current_setting('search_path'), current_setting('DateStyle'), current_setting('statement_timeout'),
	current_setting('work_mem'), current_setting('eve.mine', true) IN ('', 'set');
RESET ROLE;
SELECT * FROM journalled();
RESET work_mem;

-- case 2: an error in an expression tells what is in the row only to whom may read it
SET ROLE regress_uncache_i_eve;
SELECT uncache.unwatch('eve.t');
SELECT uncache.watch('eve.t', 'n:{v::int}');
REVOKE ALL ON eve.t FROM regress_uncache_i_writer;
GRANT INSERT, UPDATE (id), SELECT (id) ON eve.t TO regress_uncache_i_writer;
TRUNCATE eve.t;
INSERT INTO eve.t VALUES (1, 'secret');
RESET ROLE;
\connect -
SET ROLE regress_uncache_i_writer;
UPDATE eve.t SET id = 2 WHERE id = 1;
RESET ROLE;
GRANT SELECT ON eve.t TO regress_uncache_i_writer;
\connect -
SET ROLE regress_uncache_i_writer;
UPDATE eve.t SET id = 3 WHERE id = 2;
RESET ROLE;
ALTER TABLE eve.t ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON eve.t USING (true);
\connect -
SET ROLE regress_uncache_i_writer;
UPDATE eve.t SET id = 4 WHERE id = 3;
RESET ROLE;
ALTER TABLE eve.t DISABLE ROW LEVEL SECURITY;
SELECT * FROM journalled();

-- case 3: a daemon's role does not say where the journal may be trimmed, or which row is its consumer's
SET ROLE regress_uncache_i_eve;
SELECT uncache.watch('eve.t', 'k:{id}');
RESET ROLE;
INSERT INTO eve.t VALUES (5, 'x');
\connect -
SET ROLE regress_uncache_i_daemon;
SET uncache.consumer_row = '(0,1)';
SELECT uncache.trim();
SET uncache.retention = 0;
SELECT set_config('uncache.consumer_row', '(0,1)', false);
SELECT uncache.trim();
RESET ROLE;
SELECT * FROM journalled();

-- case 4: planted in front of, and behind, PostgreSQL's: functions, operators, casts, tables and types
CREATE SCHEMA w AUTHORIZATION regress_uncache_i_writer;
GRANT USAGE ON SCHEMA w TO PUBLIC;
SET ROLE regress_uncache_i_writer;
CREATE FUNCTION w.act(anyelement) RETURNS anyelement LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM pg_catalog.nextval('public.canary'); RETURN $1; END $$;
CREATE FUNCTION w.is(anyelement, anyelement) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM pg_catalog.nextval('public.canary'); RETURN true; END $$;
CREATE FUNCTION w.same_name(name, name) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM pg_catalog.nextval('public.canary'); RETURN true; END $$;
CREATE FUNCTION w.same_oid(oid, oid) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM pg_catalog.nextval('public.canary'); RETURN true; END $$;
CREATE FUNCTION w.same_text(text, text) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM pg_catalog.nextval('public.canary'); RETURN true; END $$;
CREATE FUNCTION w.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM pg_catalog.nextval('public.canary'); RETURN 'SELECT 1'; END $$;
CREATE FUNCTION w.format(text, text, text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM pg_catalog.nextval('public.canary'); RETURN 'SELECT 1'; END $$;
CREATE FUNCTION w.quote_ident(name) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM pg_catalog.nextval('public.canary'); RETURN 'x'; END $$;
CREATE FUNCTION w.cardinality(text[]) RETURNS int LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM pg_catalog.nextval('public.canary'); RETURN 1; END $$;
CREATE FUNCTION w.unnest(text[]) RETURNS SETOF text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM pg_catalog.nextval('public.canary'); RETURN; END $$;
CREATE FUNCTION w.nextval(text) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM pg_catalog.nextval('public.canary'); RETURN 1; END $$;
CREATE FUNCTION w.min(bigint) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM pg_catalog.nextval('public.canary'); RETURN 1; END $$;
CREATE OPERATOR w.= (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = w.is);
CREATE OPERATOR w.<> (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = w.is);
CREATE OPERATOR w.= (LEFTARG = name, RIGHTARG = name, FUNCTION = w.same_name);
CREATE OPERATOR w.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = w.same_oid);
CREATE OPERATOR w.= (LEFTARG = text, RIGHTARG = text, FUNCTION = w.same_text);
CREATE TABLE w.pg_trigger (oid oid);
CREATE TABLE w.schemas (schema name);
CREATE TABLE w.rules (id int);
RESET ROLE;
CREATE TEMP TABLE pg_class (oid oid, relname name, relkind "char");
CREATE TEMP TABLE pg_trigger (oid oid, tgname name);
CREATE TEMP TABLE schemas (schema name);
CREATE DOMAIN pg_temp.regclass AS pg_catalog.text;
CREATE DOMAIN pg_temp.name AS pg_catalog.text;
CALL await_end_of_last_session();
SET search_path = w, pg_temp, pg_catalog, public;
SET client_min_messages = error;
-- they are in front
SELECT 'a'::text = 'b'::text, 'a'::name = 'b'::name, format('%s', 'x'::text), is_called FROM public.canary;
SELECT is_called, pg_catalog.setval('public.canary', 1, false) FROM public.canary;
SELECT uncache.watch('eve.t', keys => ARRAY['k:{id}'], tags => ARRAY['t:{v}'], query => ARRAY['SELECT ''q:'' || 1 WHERE {id} > 0'], columns => '{v}');
SELECT uncache.watch_schema('eve', exclude => '{x}');
CREATE TABLE eve.part (id int PRIMARY KEY) PARTITION BY LIST (id);
CREATE TABLE eve.part_1 PARTITION OF eve.part FOR VALUES IN (1);
ALTER TABLE eve.t RENAME v TO v2;
ALTER TABLE eve.t ADD w int DEFAULT 1;
ALTER TABLE eve.part RENAME TO parts;
SELECT count(*) > 0 FROM uncache.check_rules();
SELECT count(*) > 0 FROM uncache.rules;
SELECT count(*) > 0 FROM uncache.status;
SELECT key FROM uncache.explain('INSERT INTO eve.t VALUES (6)');
INSERT INTO eve.t VALUES (7);
SELECT uncache.invalidate('x'), uncache.invalidate_table('eve.parts');
SELECT uncache.wait('0 s');
SET ROLE regress_uncache_i_daemon;
SELECT state FROM uncache.attach('default');
SELECT count(*) > 0 FROM uncache.fetch('default', '1:1:', 1000, false);
SELECT count(*) > 0 FROM uncache.resync_keys('default');
SELECT uncache.trim();
SELECT uncache.ack('default', '1:1:');
RESET ROLE;
SELECT uncache.unwatch_schema('eve'), uncache.unwatch('eve.t');
DROP TABLE eve.parts;
RESET search_path;
DROP TABLE pg_temp.pg_class, pg_temp.pg_trigger, pg_temp.schemas;
DROP DOMAIN pg_temp.regclass, pg_temp.name;
SELECT is_called FROM public.canary;
SELECT count(*) FROM journalled();

-- case 5: names of objects that read as SQL, and a superuser who changes them
SET client_min_messages = error;
SET ROLE regress_uncache_i_eve;
CREATE TABLE eve."x'); SELECT nextval('public.canary'); --" ("id}{nextval('public.canary')" int PRIMARY KEY, "%s %I $1 \" int);
SELECT uncache.watch_schema('eve');
CREATE TABLE eve."y"" AS SELECT nextval('public.canary') --" ("{(nextval('public.canary'))}" int PRIMARY KEY) PARTITION BY LIST ("{(nextval('public.canary'))}");
RESET ROLE;
SET standard_conforming_strings = off;
SET quote_all_identifiers = on;
SET transform_null_equals = on;
SET DateStyle = 'German';
SET extra_float_digits = -15;
CREATE TABLE eve."z', nextval('public.canary'), '" PARTITION OF eve."y"" AS SELECT nextval('public.canary') --" FOR VALUES IN (1);
ALTER TABLE eve."x'); SELECT nextval('public.canary'); --" RENAME "%s %I $1 \" TO "{nextval('public.canary')}";
ALTER TABLE eve."x'); SELECT nextval('public.canary'); --" ADD CONSTRAINT "nextval('public.canary')" UNIQUE ("{nextval('public.canary')}");
ALTER TABLE eve."x'); SELECT nextval('public.canary'); --" RENAME TO "renamed'; SELECT nextval('public.canary') --";
ALTER SCHEMA eve RENAME TO "eve'; SELECT nextval('public.canary') --";
RESET ALL;
SET client_min_messages = error;
SELECT relation, templates FROM uncache.rules WHERE events <> 'TRUNCATE' AND action = 'tags' ORDER BY relation::text COLLATE "C";
INSERT INTO "eve'; SELECT nextval('public.canary') --"."renamed'; SELECT nextval('public.canary') --" VALUES (1, 2);
SELECT count(*) > 0 FROM uncache.check_rules();
SELECT is_called FROM public.canary;
ALTER SCHEMA "eve'; SELECT nextval('public.canary') --" RENAME TO eve;
DROP TABLE eve."renamed'; SELECT nextval('public.canary') --", eve."y"" AS SELECT nextval('public.canary') --";
SELECT is_called FROM public.canary;

-- case 6: who makes partitioned tables and partitions in a watched schema is granted nothing, and can be dropped
GRANT ALL ON SCHEMA eve TO PUBLIC;
CREATE ROLE regress_uncache_i_app;
SET ROLE regress_uncache_i_app;
CREATE TABLE eve.m (a int) PARTITION BY LIST (a);
CREATE TABLE eve.m_1 PARTITION OF eve.m FOR VALUES IN (1);
INSERT INTO eve.m VALUES (1);
TRUNCATE eve.m_1;
DROP TABLE eve.m;
RESET ROLE;
DROP ROLE regress_uncache_i_app;
SELECT DISTINCT target, action, key FROM journalled() WHERE key LIKE '%.m%' ORDER BY 1, 2, 3;

DROP SCHEMA eve, w CASCADE;
DROP OWNED BY regress_uncache_i_eve, regress_uncache_i_daemon, regress_uncache_i_writer CASCADE;
DROP ROLE regress_uncache_i_eve, regress_uncache_i_daemon, regress_uncache_i_writer;
