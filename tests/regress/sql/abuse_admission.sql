-- Whose rights a query has, and what it may use, stands in no text that somebody else can write.
\set test abuse_admission
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
\pset tuples_only
\pset format unaligned

SELECT format('as "postgres", oid 10 of system %s, superuser', system_identifier) AS forged,
	format('y", oid 10 of system %s, superuser', system_identifier) AS tail,
	'uncache_schema_' || md5('as "x' || E'\001' || format('y", oid 10 of system %s, superuser', system_identifier)) AS automatic,
	current_database() AS here
FROM pg_control_system() \gset
CREATE ROLE regress_uncache_ad_eve;
CREATE ROLE regress_uncache_ad_monitor IN ROLE pg_monitor;
CREATE ROLE regress_uncache_ad_olga;
CREATE ROLE regress_uncache_ad_alice;
CREATE ROLE regress_uncache_ad_bob;
SELECT uncache.grant_author('regress_uncache_ad_eve'), uncache.grant_author('regress_uncache_ad_alice');
SELECT format('GRANT CREATE ON DATABASE %I TO regress_uncache_ad_eve, regress_uncache_ad_monitor', current_database()) \gexec
CREATE VIEW supers AS SELECT rolname FROM pg_roles WHERE rolname LIKE 'regress_uncache_ad%' AND rolsuper;
GRANT SELECT ON supers TO PUBLIC;
CREATE VIEW problems AS SELECT relation, rule, regexp_replace(problem, 'role (\d+|regress_uncache_ad_eve)\M', 'role X') AS problem FROM uncache.check_rules() WHERE problem LIKE 'its quer%';
-- whoever runs this tells as whom, and makes its caller superuser if he can
CREATE SCHEMA e AUTHORIZATION regress_uncache_ad_eve;
SET ROLE regress_uncache_ad_eve;
CREATE FUNCTION e.evil() RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE WARNING 'evil() runs as %', current_user;
	EXECUTE 'ALTER ROLE regress_uncache_ad_eve SUPERUSER';
	RETURN 'x';
EXCEPTION WHEN insufficient_privilege THEN
	RETURN 'y';
END $$;
GRANT USAGE ON SCHEMA e TO PUBLIC;

-- case 1: a name of three parts, by an author and by who is none
CREATE TABLE e.t (id int);
CREATE TRIGGER f AFTER INSERT ON e.t FOR EACH ROW EXECUTE FUNCTION :"here".uncache.query(:'forged', 'select e.evil()', 'x:*');
CREATE TRIGGER f AFTER INSERT ON e.t FOR EACH ROW EXECUTE FUNCTION :"here".uncache.query('select e.evil()', 'x:*');
INSERT INTO e.t VALUES (1);
DROP TRIGGER f ON e.t;
RESET ROLE;
GRANT CREATE ON SCHEMA e TO regress_uncache_ad_monitor;
SET ROLE regress_uncache_ad_monitor;
CREATE TABLE e.m (id int);
CREATE TRIGGER f AFTER INSERT ON e.m FOR EACH ROW EXECUTE FUNCTION :"here".uncache.keys('k');
RESET ROLE;
TABLE supers;
-- case 2: a rule that fires before the command that makes it has ended
SET ROLE regress_uncache_ad_eve;
CREATE FUNCTION e.fire() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
  IF to_regclass('w.t1') IS NOT NULL AND EXISTS (SELECT FROM pg_trigger WHERE tgname = 'f1') THEN
    INSERT INTO w.t1 VALUES (1); DROP TRIGGER f1 ON w.t1; END IF; RETURN true; END $$;
CREATE DOMAIN e.dom AS text CHECK (e.fire());
CREATE TYPE e.comp AS (a e.dom);
CREATE SCHEMA w CREATE TABLE t1 (id int) CREATE TABLE t2 (id int)
  CREATE TRIGGER f1 AFTER INSERT ON t1 FOR EACH ROW EXECUTE FUNCTION uncache.query(:'forged', 'select e.evil()', 'x:*')
  CREATE TRIGGER f2 AFTER INSERT ON t2 FOR EACH ROW WHEN ('(a)'::e.comp IS NULL) EXECUTE FUNCTION uncache.keys('k');
TABLE supers;
-- case 3: automatic rules whose tags read as an author, on an heir's trigger of their name
CREATE SCHEMA "select e";
CREATE SCHEMA "as ""x";
SELECT uncache.watch_schema('"select e"'), uncache.watch_schema('"as ""x"');
CREATE DOMAIN e.ty AS int;
CREATE TABLE "select e"."evil()" (v int);
CREATE TABLE "as ""x".:"tail" (k e.ty PRIMARY KEY) INHERITS ("select e"."evil()");
CREATE TEMP TABLE c () INHERITS ("as ""x".:"tail");
SET client_min_messages = error;
CREATE TRIGGER :"automatic" AFTER INSERT ON pg_temp.c FOR EACH ROW EXECUTE FUNCTION uncache.query('select e.evil()', 'z');
DROP DOMAIN e.ty CASCADE;
RESET client_min_messages;
SELECT author, templates FROM uncache.rules WHERE action = 'query';
ALTER FUNCTION e.evil() SET search_path = pg_catalog, pg_temp;
SET client_min_messages = error;
INSERT INTO pg_temp.c VALUES (1);
RESET client_min_messages;
ALTER FUNCTION e.evil() RESET search_path;
DROP TABLE pg_temp.c;
RESET ROLE;
TABLE supers;
SET client_min_messages = error;
DROP SCHEMA "select e", "as ""x" CASCADE;
RESET client_min_messages;
-- case 4: made while the event trigger was off for a moment
ALTER EVENT TRIGGER uncache_admit_rules DISABLE;
SET ROLE regress_uncache_ad_eve;
CREATE TRIGGER f AFTER INSERT ON e.t FOR EACH ROW EXECUTE FUNCTION uncache.query(:'forged', 'select e.evil()', 'x:*');
RESET ROLE;
ALTER EVENT TRIGGER uncache_admit_rules ENABLE ALWAYS;
INSERT INTO e.t VALUES (1);
TABLE problems;
SELECT rule, author FROM uncache.rules WHERE relation = 'e.t'::regclass;
DROP TABLE e.t;
TABLE supers;
DELETE FROM uncache.journal;

\c -
-- case 5: a table's new owner chooses types, and with them casts
CREATE SCHEMA o AUTHORIZATION regress_uncache_ad_olga;
CREATE SCHEMA pub;
GRANT USAGE ON SCHEMA pub, o TO PUBLIC;
CREATE TABLE pub.inv (id int, n int);
INSERT INTO pub.inv VALUES (1, 5);
CREATE TABLE pub.t (id int);
SELECT uncache.watch('pub.t', query => ARRAY[$$select 'inv:' || i.n from pub.inv i where i.id = {id}$$]);
ALTER TABLE pub.t OWNER TO regress_uncache_ad_olga;
INSERT INTO pub.t VALUES (1);
SELECT * FROM journalled();
SET ROLE regress_uncache_ad_olga;
CREATE TYPE o.ty AS (i int);
CREATE FUNCTION o.cast_(o.ty) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'cast_() runs as %', current_user; RETURN $1.i; END $$;
CREATE CAST (o.ty AS int) WITH FUNCTION o.cast_(o.ty) AS IMPLICIT;
ALTER TABLE pub.t ALTER id TYPE o.ty USING row(id)::o.ty;
DELETE FROM uncache.journal;
RESET ROLE;
DELETE FROM uncache.journal;
SET ROLE regress_uncache_ad_olga;
INSERT INTO pub.t VALUES (row(1));
RESET ROLE;
SELECT * FROM journalled();
TABLE problems;
-- a type that changes to another of PostgreSQL's own is no matter
ALTER TABLE pub.t ALTER id TYPE bigint USING (id).i;
DELETE FROM uncache.journal;
INSERT INTO pub.t VALUES (1);
SELECT * FROM journalled();

-- case 6: a function that fits better, by who may CREATE where the query looks; in the same session, and in a new one
CREATE SCHEMA util;
GRANT USAGE, CREATE ON SCHEMA util TO PUBLIC;
CREATE FUNCTION util.fmt(bigint) RETURNS bigint LANGUAGE internal AS 'int8up';
CREATE SCHEMA a AUTHORIZATION regress_uncache_ad_alice;
GRANT USAGE ON SCHEMA a TO PUBLIC;
SET ROLE regress_uncache_ad_alice;
CREATE TABLE a.t (id int);
GRANT INSERT ON a.t TO PUBLIC;
SELECT uncache.watch('a.t', query => ARRAY[$$select 'inv:' || util.fmt({id})$$, 'inv:*']);
RESET ROLE;
SET ROLE regress_uncache_ad_bob;
INSERT INTO a.t VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
SET ROLE regress_uncache_ad_eve;
CREATE FUNCTION util.fmt(int) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN RAISE WARNING 'fmt() runs as %', current_user; RETURN NULL; END $$;
RESET ROLE;
SET ROLE regress_uncache_ad_bob;
INSERT INTO a.t VALUES (2);
RESET ROLE;
SELECT * FROM journalled();
\c -
SET ROLE regress_uncache_ad_bob;
INSERT INTO a.t VALUES (3);
RESET ROLE;
SELECT * FROM journalled();
TABLE problems;
-- the same in a placeholder of a query
SET ROLE regress_uncache_ad_alice;
SELECT uncache.watch('a.t', query => ARRAY[$$select 'k:' || {util.fmt(id::bigint)}$$, 'k:*']);
INSERT INTO a.t VALUES (4);
RESET ROLE;
SELECT * FROM journalled();
DROP FUNCTION util.fmt(bigint);
SET ROLE regress_uncache_ad_eve;
CREATE FUNCTION util.fmt(bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ BEGIN RAISE WARNING 'fmt() runs as %', current_user; RETURN NULL; END $$;
RESET ROLE;
SET ROLE regress_uncache_ad_bob;
INSERT INTO a.t VALUES (5);
RESET ROLE;
SELECT * FROM journalled();
-- dropped and made again by the same role it is the same
DROP FUNCTION util.fmt(bigint), util.fmt(int);
CREATE FUNCTION util.fmt(bigint) RETURNS bigint LANGUAGE internal AS 'int8up';
INSERT INTO a.t VALUES (6);
SELECT * FROM journalled();
TABLE problems;
-- case 7: a table that becomes a view; a view that is replaced
SET ROLE regress_uncache_ad_olga;
CREATE TABLE o.lines (id int, n int);
INSERT INTO o.lines VALUES (1, 7);
CREATE FUNCTION o.evil2() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'evil2() runs as %', current_user; RETURN 1; END $$;
CREATE VIEW o.seen AS SELECT id, n FROM o.lines;
GRANT SELECT ON o.lines, o.seen TO PUBLIC;
RESET ROLE;
CREATE TABLE pub.t3 (id int);
SELECT uncache.watch('pub.t3', query => ARRAY[$$select 'l:' || l.n from o.lines l where l.id = {id}$$, $$select 's:' || l.n from o.seen l where l.id = {id}$$]);
INSERT INTO pub.t3 VALUES (1);
SELECT * FROM journalled();
SET ROLE regress_uncache_ad_olga;
CREATE OR REPLACE VIEW o.seen AS SELECT id, n + o.evil2() AS n FROM o.lines;
RESET ROLE;
INSERT INTO pub.t3 VALUES (1);
SELECT * FROM journalled();
SET ROLE regress_uncache_ad_olga;
ALTER TABLE o.lines RENAME TO lines_old;
CREATE VIEW o.lines AS SELECT o.evil2() AS id, 1 AS n;
GRANT SELECT ON o.lines TO PUBLIC;
RESET ROLE;
INSERT INTO pub.t3 VALUES (1);
SELECT * FROM journalled();
SELECT relation, rule FROM problems WHERE relation = 'pub.t3'::regclass;
DROP TABLE pub.t3;
-- case 8: the name of a role that is yet to be
SET ROLE regress_uncache_ad_alice;
CREATE TABLE a.m (id int);
CREATE TRIGGER mq AFTER INSERT ON a.m FOR EACH ROW EXECUTE FUNCTION uncache.query('as "payroll", oid 1 of system 1', 'select ''m''', 'x:*');
RESET ROLE;
-- case 9: a temporary table of the writer's
SET client_min_messages = warning;
CREATE TABLE inv (id int);
RESET client_min_messages;
CREATE TABLE a.u (id int);
CREATE TABLE pg_temp.inv2 (id int);
CREATE TRIGGER q AFTER INSERT ON a.u FOR EACH ROW EXECUTE FUNCTION uncache.query('select ''inv:''||id from inv where id={id}', 'inv:*');
INSERT INTO a.u VALUES (1);
CREATE TEMP TABLE inv (id int);
GRANT SELECT ON pg_temp.inv TO PUBLIC;
INSERT INTO a.u VALUES (3);
SELECT * FROM journalled();
-- case 10: an admission goes with its rule and its table, and nobody else can write or read any
SELECT count(*) > 0 FROM uncache.admissions WHERE relation = 'a.t'::regclass;
SELECT uncache.unwatch('a.t');
SELECT count(*) FROM uncache.admissions WHERE relation = 'a.t'::regclass;
SET ROLE regress_uncache_ad_eve;
TABLE uncache.admissions;
RESET ROLE;
DROP TABLE a.u;
SELECT count(*) FROM uncache.admissions WHERE relation NOT IN (SELECT oid FROM pg_class);
-- case 11: explain shows no key that the caller could not read
SET ROLE regress_uncache_ad_alice;
CREATE TABLE a.secret (id int, pw text);
INSERT INTO a.secret VALUES (1, 'hunter2');
CREATE TABLE a.seen (id int, s text);
INSERT INTO a.seen VALUES (1, 'topsecret');
SELECT uncache.watch('a.seen', keys => ARRAY['k:{s}'], query => ARRAY[$$select 'pw:' || pw from a.secret where id = {id}$$]);
GRANT INSERT, UPDATE ON a.seen TO regress_uncache_ad_eve;
SELECT * FROM uncache.explain('UPDATE a.seen SET id = 1');
RESET ROLE;
SET ROLE regress_uncache_ad_eve;
SELECT * FROM uncache.explain('UPDATE a.seen SET id = 1');
RESET ROLE;
GRANT SELECT ON a.seen TO regress_uncache_ad_eve;
SET ROLE regress_uncache_ad_eve;
SELECT * FROM uncache.explain('UPDATE a.seen SET id = 1');
SELECT * FROM uncache.explain($$SELECT uncache.invalidate('own')$$);
RESET ROLE;
ALTER TABLE a.seen ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_of_it ON a.seen USING (true);
SET ROLE regress_uncache_ad_eve;
SELECT * FROM uncache.explain('UPDATE a.seen SET id = 1');
RESET ROLE;
-- case 12: a schema's owner may have all in it watched; nobody else even queues for a lock
CREATE SCHEMA sh AUTHORIZATION regress_uncache_ad_alice;
GRANT USAGE, CREATE ON SCHEMA sh TO regress_uncache_ad_eve;
SET ROLE regress_uncache_ad_eve;
CREATE TABLE sh.evet (id int PRIMARY KEY);
RESET ROLE;
SET ROLE regress_uncache_ad_alice;
CREATE TABLE sh.own (id int PRIMARY KEY);
SELECT uncache.watch_schema('sh');
SELECT relation, templates FROM uncache.rules WHERE relation::text LIKE 'sh%' AND events <> 'TRUNCATE' ORDER BY 1;
SELECT uncache.unwatch_schema('sh');
SELECT count(*) FROM uncache.rules WHERE relation::text LIKE 'sh%';
SELECT uncache.watch_schema('sh');
RESET ROLE;
SELECT 'sh.own'::regclass::oid AS own \gset
SET ROLE regress_uncache_ad_eve;
BEGIN;
DO $$ BEGIN PERFORM uncache_internal.put_schema_rule('sh.own'); EXCEPTION WHEN insufficient_privilege THEN RAISE WARNING 'refused'; END $$;
SELECT count(*) FROM pg_locks WHERE relation = :own AND mode <> 'AccessShareLock';
COMMIT;
RESET ROLE;
-- case 13: casts that no tree shows: of a type that a table's new owner gives to a column, of another role's enum
CREATE TABLE pub.row_ (id int, data text);
SELECT uncache.watch('pub.row_', query => ARRAY[$$select 'k:' || ({to_jsonb(row_)}->>'id')$$, 'k:*']);
CREATE TYPE e.en AS ENUM ('a', 'b');
ALTER TYPE e.en OWNER TO regress_uncache_ad_eve;
CREATE TABLE pub.enums (id int, s e.en);
SELECT uncache.watch('pub.enums', query => ARRAY[$$select 'e:' || {s}$$, 'e:*']);
SELECT uncache.watch('pub.row_', tags => ARRAY['r'], query => ARRAY[$$select 'k:' || ({to_jsonb(row_)}->>'id')$$, 'k:*', $$select 'i:' || (to_jsonb(i)->>'s') from pub.enums i where i.id = {id}$$, 'i:*']);
INSERT INTO pub.enums VALUES (1, 'a');
INSERT INTO pub.row_ VALUES (1, 'a');
SELECT * FROM journalled();
SELECT uncache.watch('pub.row_', query => ARRAY[$$select 'k:' || ({to_jsonb(row_)}->>'id')$$, 'k:*']);
INSERT INTO pub.row_ VALUES (1, 'a');
SELECT * FROM journalled();
ALTER TABLE pub.row_ OWNER TO regress_uncache_ad_olga;
SET ROLE regress_uncache_ad_olga;
CREATE TYPE o.en AS ENUM ('a', 'b');
CREATE FUNCTION o.h(o.en) RETURNS json LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'h() runs as %', current_user; RETURN '{"id":1}'; END $$;
CREATE CAST (o.en AS json) WITH FUNCTION o.h(o.en);
ALTER TABLE pub.row_ ALTER data TYPE o.en USING 'a';
INSERT INTO pub.row_ VALUES (2, 'a');
RESET ROLE;
SELECT DISTINCT * FROM journalled();
SELECT relation, problem FROM problems WHERE relation IN ('pub.row_'::regclass, 'pub.enums'::regclass) ORDER BY 1, 2;
-- case 14: an automatic rule's name for a query, and tags that read as an author, for an admission to move to
CREATE ROLE "regress_uncache_ad.smith";
SELECT uncache.grant_author('"regress_uncache_ad.smith"');
SELECT format('GRANT CREATE ON DATABASE %I TO "regress_uncache_ad.smith"', current_database()) \gexec
GRANT CREATE ON SCHEMA pub TO "regress_uncache_ad.smith";
CREATE TABLE pub.given (id int, data text);
SELECT uncache.watch('pub.given', query => ARRAY[$$select 'k:' || {id}$$, 'k:*']);
ALTER TABLE pub.given OWNER TO "regress_uncache_ad.smith";
SELECT format('smith", oid %s of system %s', oid, system_identifier) AS tab
	FROM pg_roles, pg_control_system() WHERE rolname = 'regress_uncache_ad.smith' \gset
SET ROLE "regress_uncache_ad.smith";
CREATE SCHEMA os;
GRANT USAGE ON SCHEMA os TO PUBLIC;
CREATE FUNCTION os.evil() RETURNS text LANGUAGE plpgsql SET search_path = os, pg_temp AS $$ BEGIN RAISE WARNING 'evil() runs as %', current_user; RETURN 'x'; END $$;
CREATE SCHEMA "select pg_catalog";
CREATE SCHEMA "as ""regress_uncache_ad";
SELECT uncache.watch_schema('"select pg_catalog"'), uncache.watch_schema('"as ""regress_uncache_ad"');
CREATE TABLE "select pg_catalog"."query_to_xml('select os.evil()',true,true,'')::text" (id int);
ALTER TABLE pub.given RENAME TO :"tab";
ALTER TABLE pub.:"tab" INHERIT "select pg_catalog"."query_to_xml('select os.evil()',true,true,'')::text";
CREATE TRIGGER evil AFTER INSERT ON pub.:"tab" FOR EACH ROW EXECUTE FUNCTION uncache.query($$select pg_catalog.query_to_xml('select os.evil()',true,true,'')::text$$);
CREATE TRIGGER evil2 AFTER INSERT ON pub.:"tab" FOR EACH ROW EXECUTE FUNCTION uncache.query($$select pg_catalog.query_to_xml('select os.evil()',true,true,'')::text$$);
DROP TRIGGER evil2 ON pub.:"tab";
ALTER TRIGGER uncache_query ON pub.:"tab" RENAME TO uncache_schema_00000000000000000000000000000000;
ALTER TABLE pub.:"tab" SET SCHEMA "as ""regress_uncache_ad";
SET client_min_messages = error;
INSERT INTO "as ""regress_uncache_ad".:"tab" VALUES (1, 'x');
RESET client_min_messages;
SELECT rule, action, author FROM uncache.rules WHERE relation::text LIKE '"as%' AND events <> 'TRUNCATE' AND action = 'query' ORDER BY rule;
RESET ROLE;
DELETE FROM uncache.journal;
-- case 15: a type that a literal names, replaced when the plan has to be made anew
CREATE SCHEMA lit AUTHORIZATION regress_uncache_ad_eve;
GRANT USAGE ON SCHEMA lit TO PUBLIC;
CREATE TYPE lit.ty AS (i text);
CREATE TABLE pub.inv2 (id int, n text);
INSERT INTO pub.inv2 VALUES (1, '1');
CREATE TABLE pub.literal (id int);
GRANT INSERT ON pub.literal TO regress_uncache_ad_eve;
SELECT uncache.watch('pub.literal', query => ARRAY[$$select 'k:' || n from pub.inv2 where id = {id} and ('(1)'::lit.ty).i = n$$]);
SET ROLE regress_uncache_ad_eve;
CREATE FUNCTION lit.evil(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'evil() runs as %', current_user; RETURN true; END $$;
INSERT INTO pub.literal VALUES (1);
SET client_min_messages = error;
DROP TYPE lit.ty;
RESET client_min_messages;
CREATE DOMAIN lit.d AS text CHECK (lit.evil(VALUE));
CREATE TYPE lit.ty AS (i lit.d);
INSERT INTO pub.literal VALUES (1);
RESET ROLE;
ANALYZE pub.inv2;
SET ROLE regress_uncache_ad_eve;
INSERT INTO pub.literal VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
-- case 16: explain shows no key that somebody else's function makes
SET ROLE regress_uncache_ad_alice;
CREATE TABLE a.users (id int, email text);
INSERT INTO a.users VALUES (1, 'secret@x');
CREATE FUNCTION a.forget() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN PERFORM uncache.invalidate('user:' || OLD.email); RETURN OLD; END $$;
CREATE TRIGGER forget AFTER DELETE ON a.users FOR EACH ROW EXECUTE FUNCTION a.forget();
GRANT SELECT (id), DELETE ON a.users TO regress_uncache_ad_eve;
RESET ROLE;
SET ROLE regress_uncache_ad_eve;
SELECT * FROM uncache.explain('DELETE FROM a.users');
-- of a table that is dropped
CREATE TABLE e.short (id int);
SELECT uncache.watch('e.short', 'short:{id}');
SELECT * FROM uncache.explain('DROP TABLE e.short');
RESET ROLE;
-- case 17: what a TRIGGER grantee has a rule call does not come to another table
SET ROLE regress_uncache_ad_alice;
CREATE TABLE a.inv (id int);
GRANT TRIGGER ON a.inv TO regress_uncache_ad_eve;
RESET ROLE;
SET ROLE regress_uncache_ad_eve;
CREATE FUNCTION e.called(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'called() runs as %', current_user; RETURN 1; END $$;
CREATE TRIGGER planted AFTER INSERT ON a.inv FOR EACH ROW EXECUTE FUNCTION uncache.keys('k:{e.called(id)}');
RESET ROLE;
SET ROLE regress_uncache_ad_alice;
ALTER TABLE a.inv RENAME TO inv_old;
CREATE TABLE a.inv (id int);
RESET ROLE;
INSERT INTO a.inv VALUES (1);
-- case 18: another's table of the former name takes nothing away
GRANT CREATE ON SCHEMA a TO regress_uncache_ad_eve;
SET ROLE regress_uncache_ad_alice;
CREATE TABLE a.acc (id int);
SELECT uncache.watch('a.acc', 'acc:{id}');
ALTER TABLE a.acc RENAME TO acc_old;
RESET ROLE;
SET ROLE regress_uncache_ad_eve;
CREATE TABLE a.acc (id int);
SELECT uncache.watch('a.acc', 'mine:{id}');
SELECT uncache_internal.confirm_names('a.acc', 'x');
ALTER TABLE a.acc RENAME TO other;
RESET ROLE;
SET ROLE regress_uncache_ad_alice;
CREATE TABLE a.acc (id int);
RESET ROLE;
SELECT rule, templates FROM uncache.rules WHERE relation = 'a.acc'::regclass AND events <> 'TRUNCATE';
-- case 19: a WHEN keeps no cast that somebody may drop; a rule that is off stays off
SET ROLE regress_uncache_ad_eve;
CREATE TYPE e.ty2 AS ENUM ('x', 'y');
GRANT USAGE ON TYPE e.ty2 TO PUBLIC;
CREATE FUNCTION e.c(e.ty2) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 'x'; END $$;
CREATE CAST (e.ty2 AS text) WITH FUNCTION e.c(e.ty2) AS IMPLICIT;
CREATE FUNCTION e.good(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
RESET ROLE;
SET ROLE regress_uncache_ad_alice;
CREATE TABLE a.cond (id int, s text);
CREATE TRIGGER k AFTER INSERT ON a.cond FOR EACH ROW WHEN (NEW.s = 'x') EXECUTE FUNCTION uncache.keys('k:{id}');
ALTER TABLE a.cond ALTER s TYPE e.ty2 USING 'x';
CREATE TRIGGER off AFTER INSERT ON a.cond FOR EACH ROW WHEN (e.good('x')) EXECUTE FUNCTION uncache.keys('off:{id}');
ALTER TABLE a.cond DISABLE TRIGGER off;
RESET ROLE;
SET client_min_messages = error;
SET ROLE regress_uncache_ad_eve;
DROP FUNCTION e.c(e.ty2), e.good(text) CASCADE;
RESET ROLE;
RESET client_min_messages;
INSERT INTO a.cond VALUES (1, 'x');
SELECT rule, enabled FROM uncache.rules WHERE relation = 'a.cond'::regclass ORDER BY rule;
DELETE FROM uncache.journal;
-- case 20: types that stand in no call: OUT columns, results, defaults, arguments, an aggregate's parts
CREATE SCHEMA f AUTHORIZATION regress_uncache_ad_alice;
GRANT USAGE ON SCHEMA f, e TO PUBLIC;
SET ROLE regress_uncache_ad_eve;
CREATE DOMAIN e.base AS text;
CREATE DOMAIN e.over AS e.base;
CREATE TYPE e.span AS RANGE (subtype = int);
CREATE FUNCTION e.step(e.base, text) RETURNS e.base LANGUAGE sql AS $$SELECT 'x'$$;
RESET ROLE;
SET ROLE regress_uncache_ad_alice;
CREATE DOMAIN f.over AS e.over;
CREATE FUNCTION f.columns(OUT a text, OUT b e.span) LANGUAGE sql AS $$SELECT 'x', NULL::e.span$$;
CREATE FUNCTION f.given(int, text DEFAULT lower('x'::e.base)) RETURNS text LANGUAGE sql AS $$SELECT 'x'$$;
CREATE FUNCTION f.taken(int, e.span DEFAULT NULL) RETURNS text LANGUAGE sql AS $$SELECT 'x'$$;
CREATE FUNCTION f.less(text, text) RETURNS e.base LANGUAGE sql AS $$SELECT 'x'$$;
CREATE OPERATOR f.<< (LEFTARG = text, RIGHTARG = text, FUNCTION = f.less);
CREATE AGGREGATE f.folded(text) (sfunc = e.step, stype = e.base);
CREATE TABLE f.t (id int);
SELECT uncache.watch('f.t', query => ARRAY[$$SELECT 'k:' || 'x'::f.over$$]);
SELECT uncache.watch('f.t', query => ARRAY[$$SELECT 'k:' || a FROM f.columns()$$]);
SELECT uncache.watch('f.t', query => ARRAY[$$SELECT 'k:' || f.given({id})$$]);
SELECT uncache.watch('f.t', query => ARRAY[$$SELECT 'k:' || f.taken({id})$$]);
SELECT uncache.watch('f.t', query => ARRAY[$$SELECT 'k:' || (x OPERATOR(f.<<) 'y') FROM (VALUES ('x'::text)) v (x)$$]);
SELECT uncache.watch('f.t', query => ARRAY[$$SELECT 'k:' || f.folded('x')$$]);
SELECT uncache.watch('f.t', query => ARRAY[$$SELECT 'k:' || {id}$$]);
-- case 21: a type that is another's since the plan was made
CREATE TABLE f.t2 (id int);
CREATE TYPE f.later AS ENUM ('x');
SELECT uncache.watch('f.t2', query => ARRAY[$$SELECT 'k:' || count(*) FROM (VALUES ('x'::f.later)) v (x)$$]);
INSERT INTO f.t2 VALUES (1);
RESET ROLE;
ALTER TYPE f.later OWNER TO regress_uncache_ad_eve;
SET ROLE regress_uncache_ad_eve;
CREATE FUNCTION e.as_text(f.later) RETURNS text LANGUAGE sql AS $$SELECT 'x'$$;
CREATE CAST (f.later AS text) WITH FUNCTION e.as_text(f.later) AS IMPLICIT;
RESET ROLE;
INSERT INTO f.t2 VALUES (2);
SET ROLE regress_uncache_ad_alice;
SELECT uncache.watch('f.t2', query => ARRAY[$$SELECT 'k:' || count(*) FROM (VALUES ('x'::f.later)) v (x)$$]);
-- and when the author has made one of his own of that name
RESET ROLE;
SET client_min_messages = error;
DROP TYPE f.later CASCADE;
RESET client_min_messages;
SET ROLE regress_uncache_ad_alice;
CREATE TYPE f.later AS ENUM ('x');
SELECT uncache.watch('f.t2', query => ARRAY[$$SELECT 'k:' || count(*) FROM (VALUES ('x'::f.later)) v (x)$$]);
RESET ROLE;
DELETE FROM uncache.journal;
INSERT INTO f.t2 VALUES (3);
SELECT * FROM journalled();
-- case 22: where a session has temporary objects, a function finds none of them by a bare name
SET ROLE regress_uncache_ad_alice;
CREATE TABLE f.prices (p int);
INSERT INTO f.prices VALUES (1);
CREATE FUNCTION f.bare() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT p::text FROM prices; END $$;
CREATE FUNCTION f.pinned() RETURNS SETOF text LANGUAGE plpgsql SET search_path = f, pg_temp AS $$ BEGIN RETURN QUERY SELECT p::text FROM prices; END $$;
CREATE TABLE f.first (id int);
CREATE TABLE f.second (id int);
SELECT uncache.watch('f.first', query => ARRAY[$$SELECT 'k:' || f.bare()$$]), uncache.watch('f.second', query => ARRAY[$$SELECT 'k:' || f.pinned()$$]);
GRANT INSERT ON f.first, f.second TO regress_uncache_ad_eve;
RESET ROLE;
\c -
SET ROLE regress_uncache_ad_eve;
CREATE TEMP TABLE prices (p int);
INSERT INTO pg_temp.prices VALUES (99);
GRANT SELECT ON pg_temp.prices TO PUBLIC;
INSERT INTO f.first VALUES (1);
INSERT INTO f.second VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
DELETE FROM uncache.journal;
-- case 23: a literal that runs code when it is analyzed, and one that does so when the query runs
SET ROLE regress_uncache_ad_alice;
CREATE FUNCTION f.valid(text) RETURNS boolean LANGUAGE plpgsql SET search_path = f, pg_temp AS $$ BEGIN RETURN true; END $$;
CREATE DOMAIN f.checked AS text CHECK (f.valid(VALUE));
CREATE TYPE f.pair AS (a f.checked);
CREATE TABLE f.literal (id int);
SELECT uncache.watch('f.literal', query => ARRAY[$$SELECT 'k:' || {id} || ('(x)'::f.pair).a$$]);
INSERT INTO f.literal VALUES (1);
SELECT uncache.watch('f.literal', query => ARRAY[$$SELECT 'k:' || {id} || (('(x)'::text)::f.pair).a$$]);
INSERT INTO f.literal VALUES (2);
RESET ROLE;
SELECT * FROM journalled();
DELETE FROM uncache.journal;
-- case 24: functions that placeholders call, when the row is read and when the rule is compiled
SET ROLE regress_uncache_ad_alice;
CREATE FUNCTION f.price(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'price() reads %', (SELECT min(p) FROM prices); RETURN 1; END $$;
CREATE FUNCTION f.fixed(int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE WARNING 'fixed() reads %', (SELECT min(p) FROM prices); RETURN 1; END $$;
CREATE TABLE f.third (id int);
CREATE TABLE f.fourth (id int);
SELECT uncache.watch('f.third', query => ARRAY[$$SELECT 'k:' || {f.price(id)}$$]), uncache.watch('f.fourth', query => ARRAY[$$SELECT 'k:' || {f.fixed(1)}$$]);
GRANT INSERT ON f.third, f.fourth TO regress_uncache_ad_eve;
RESET ROLE;
SET ROLE regress_uncache_ad_eve;
INSERT INTO f.third VALUES (1);
INSERT INTO f.third VALUES (2);
INSERT INTO f.fourth VALUES (1);
-- and when the temporary table comes after that
\c -
SET ROLE regress_uncache_ad_eve;
INSERT INTO f.third VALUES (3);
CREATE TEMP TABLE prices (p int);
INSERT INTO pg_temp.prices VALUES (99);
GRANT SELECT ON pg_temp.prices TO PUBLIC;
INSERT INTO f.third VALUES (4);
RESET ROLE;
SELECT * FROM journalled();
-- case 25: a domain's CHECK is kept planned, with what an SQL function's names meant to the writer
\c -
SET ROLE regress_uncache_ad_alice;
CREATE FUNCTION f.has_text(t text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT length(t) > 0 $$;
CREATE FUNCTION f.has_more(t text) RETURNS boolean IMMUTABLE BEGIN ATOMIC SELECT f.has_text(t); END;
CREATE DOMAIN f.word AS text CHECK (f.has_text(VALUE));
CREATE DOMAIN f.longer AS text CHECK (f.has_more(VALUE));
CREATE DOMAIN f.above AS f.word;
CREATE TYPE f.words AS (w f.word);
CREATE FUNCTION f.to_word(t text) RETURNS text BEGIN ATOMIC SELECT t::f.word; END;
CREATE TABLE f.t3 (id int, w text);
GRANT INSERT ON f.t3 TO regress_uncache_ad_eve;
RESET ROLE;
CREATE PROCEDURE f.try(query text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM uncache.watch('f.t3', query => ARRAY[query, 'k:*']);
	COMMIT;
	SET ROLE regress_uncache_ad_eve;
	INSERT INTO f.t3 VALUES (1, 'w');
	RESET ROLE;
END $$;
SET ROLE regress_uncache_ad_eve;
CREATE FUNCTION e.length(t text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE WARNING 'length() runs as %', current_user; RETURN 5; END $$;
SET search_path = e, pg_catalog;
SELECT 'x'::f.word, 'x'::f.longer;
RESET search_path;
RESET ROLE;
CALL f.try($$SELECT 'k:' || {w}::f.word$$);
CALL f.try($$SELECT 'k:' || {w::f.word}$$);
CALL f.try($$SELECT 'k:' || {w}::f.longer$$);
CALL f.try($$SELECT 'k:' || {w}::f.above$$);
CALL f.try($$SELECT 'k:' || ROW({w})::f.words$$);
CALL f.try($$SELECT 'k:' || f.to_word({w})$$);
SELECT problem FROM uncache.check_rules() WHERE relation = 'f.t3'::regclass;
SELECT * FROM journalled();
-- in a body that nobody looks into it is planned anew, and what the CHECK calls refused
SET ROLE regress_uncache_ad_alice;
CREATE FUNCTION f.as_word(t text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT t::f.word $$;
CREATE FUNCTION f.as_word_later(t text) RETURNS text LANGUAGE plpgsql SET search_path = f, pg_temp AS $$ BEGIN RETURN (SELECT t::f.word); END $$;
RESET ROLE;
CALL f.try($$SELECT 'k:' || f.as_word({w}) || f.as_word_later({w})$$);
SELECT * FROM journalled();
SET ROLE regress_uncache_ad_eve;
SET search_path = e, pg_catalog;
SET client_min_messages = error;
CREATE DOMAIN e.any AS int CHECK (VALUE > 0);
SELECT 'x'::f.word;
RESET client_min_messages;
RESET search_path;
INSERT INTO f.t3 VALUES (1, 'v');
RESET ROLE;
SELECT * FROM journalled();
-- and with a search path of its own
ALTER FUNCTION f.has_text(text) SET search_path = f, pg_temp;
CALL f.try($$SELECT 'k:' || {w}::f.longer$$);
SELECT problem FROM uncache.check_rules() WHERE relation = 'f.t3'::regclass;
SELECT * FROM journalled();
-- case 26: a type is given away after the plan was made: a domain's array, a row, in a placeholder as well
SET ROLE regress_uncache_ad_eve;
CREATE FUNCTION e.chk(t text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'chk() runs as %', current_user; RETURN true; END $$;
CREATE DOMAIN e.checked AS text CHECK (e.chk(VALUE));
RESET ROLE;
SET ROLE regress_uncache_ad_alice;
CREATE DOMAIN f.d1 AS text;
CREATE DOMAIN f.d2 AS text;
CREATE TYPE f.row1 AS (x text);
CREATE TYPE f.row2 AS (x text);
CREATE TABLE f.s1 (v text);
CREATE TABLE f.s2 (v text);
CREATE TABLE f.s3 (v text);
CREATE TABLE f.s4 (v text);
SELECT uncache.watch('f.s1', query => ARRAY[$$SELECT 's1:' || array_length({v}::f.d1[], 1)$$]);
SELECT uncache.watch('f.s2', query => ARRAY[$$SELECT 's2:' || {array_length(v::text::f.d2[], 1)}$$]);
SELECT uncache.watch('f.s3', query => ARRAY[$$SELECT 's3:' || (({v}::text)::f.row1).x$$]);
SELECT uncache.watch('f.s4', query => ARRAY[$$SELECT 's4:' || {((v::text)::f.row2).x}$$]);
INSERT INTO f.s1 VALUES ('{a,b}');
INSERT INTO f.s2 VALUES ('{a,b}');
INSERT INTO f.s3 VALUES ('(x)');
INSERT INTO f.s4 VALUES ('(x)');
RESET ROLE;
SELECT * FROM journalled();
ALTER DOMAIN f.d1 OWNER TO regress_uncache_ad_eve;
ALTER DOMAIN f.d2 OWNER TO regress_uncache_ad_eve;
ALTER TYPE f.row1 OWNER TO regress_uncache_ad_eve;
SET ROLE regress_uncache_ad_eve;
ALTER DOMAIN f.d1 ADD CHECK (e.chk(VALUE));
ALTER DOMAIN f.d2 ADD CHECK (e.chk(VALUE));
ALTER TYPE f.row1 ADD ATTRIBUTE y e.checked;
RESET ROLE;
GRANT USAGE ON TYPE e.checked TO regress_uncache_ad_alice;
SET ROLE regress_uncache_ad_alice;
ALTER TYPE f.row2 ADD ATTRIBUTE y e.checked;
INSERT INTO f.s1 VALUES ('{a,b}');
INSERT INTO f.s2 VALUES ('{a,b}');
INSERT INTO f.s3 VALUES ('(x,y)');
INSERT INTO f.s4 VALUES ('(x,y)');
RESET ROLE;
SELECT * FROM journalled();
-- case 27: what was planted before a dump is no better after it
CREATE SCHEMA lib;
GRANT USAGE, CREATE ON SCHEMA lib TO regress_uncache_ad_alice, regress_uncache_ad_eve;
CREATE FUNCTION lib.shown(int) RETURNS int LANGUAGE internal AS 'int4up';
ALTER FUNCTION lib.shown OWNER TO regress_uncache_ad_eve;
CREATE FUNCTION lib.f(bigint) RETURNS bigint LANGUAGE internal IMMUTABLE AS 'int8up';
ALTER FUNCTION lib.f OWNER TO regress_uncache_ad_alice;
SET ROLE regress_uncache_ad_alice;
CREATE TABLE f.dumped (id int);
CREATE TABLE f.other (id int);
CREATE TABLE f.own (id int);
CREATE TABLE f.plain (id int);
SELECT uncache.watch('f.dumped', query => ARRAY[$$SELECT 'd:' || lib.f({id})$$]);
SELECT uncache.watch('f.other', query => ARRAY[$$SELECT 'o:' || lib.shown({id})$$]);
SELECT uncache.watch('f.own', query => ARRAY[$$SELECT 'w:' || lib.f({id})$$]);
SELECT uncache.watch('f.plain', query => ARRAY[$$SELECT 'p:' || {id}$$]);
RESET ROLE;
SELECT tgrelid::regclass, encode(tgargs, 'escape') ~ ', uses [0-9a-f]{32}\\' AS tells_use FROM pg_trigger
	WHERE tgname = 'uncache_query' AND tgrelid IN ('f.dumped'::regclass, 'f.other'::regclass, 'f.own'::regclass, 'f.plain'::regclass) ORDER BY 1;
SELECT pg_get_triggerdef(oid) AS dumped FROM pg_trigger WHERE tgrelid = 'f.dumped'::regclass AND tgname = 'uncache_query' \gset
SELECT pg_get_triggerdef(oid) AS other FROM pg_trigger WHERE tgrelid = 'f.other'::regclass AND tgname = 'uncache_query' \gset
SELECT pg_get_triggerdef(oid) AS own FROM pg_trigger WHERE tgrelid = 'f.own'::regclass AND tgname = 'uncache_query' \gset
-- as one of a version before digests
SELECT regexp_replace(:'own', ', uses [0-9a-f]*', '') AS own, regexp_replace(:'other', ', uses [0-9a-f]*', '') AS old \gset
DROP TRIGGER uncache_query ON f.dumped;
DROP TRIGGER uncache_query ON f.other;
DROP TRIGGER uncache_query ON f.own;
:own;
SET ROLE regress_uncache_ad_eve;
CREATE FUNCTION lib.f(int) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN RAISE WARNING 'f() runs as %', current_user; RETURN 'x'; END $$;
RESET ROLE;
:dumped;
:other;
INSERT INTO f.dumped VALUES (1);
INSERT INTO f.other VALUES (1);
SELECT * FROM journalled();
SELECT problem FROM uncache.check_rules() WHERE relation IN ('f.dumped'::regclass, 'f.other'::regclass, 'f.own'::regclass) AND problem LIKE 'its queries%';
-- a second dump makes it no better either, nor one that tells nothing of what the query used
SELECT pg_get_triggerdef(oid) AS again, pg_get_triggerdef(oid) = :'dumped' AS is_same FROM pg_trigger WHERE tgrelid = 'f.dumped'::regclass AND tgname = 'uncache_query' \gset
\echo :is_same
DROP TRIGGER uncache_query ON f.dumped;
:again;
DROP TRIGGER uncache_query ON f.other;
:old;
INSERT INTO f.dumped VALUES (1);
INSERT INTO f.other VALUES (1);
SELECT * FROM journalled();
-- what belongs to the author alone needs no digest
DROP FUNCTION lib.f(int);
DROP TRIGGER uncache_query ON f.own;
:own;
INSERT INTO f.own VALUES (1);
-- and with what was used again it is run
DROP TRIGGER uncache_query ON f.dumped;
:again;
INSERT INTO f.dumped VALUES (1);
SELECT * FROM journalled();
TABLE supers;

\connect template1
SET client_min_messages = warning;
DROP DATABASE :database;
DROP ROLE "regress_uncache_ad.smith", regress_uncache_ad_eve, regress_uncache_ad_monitor, regress_uncache_ad_olga, regress_uncache_ad_alice, regress_uncache_ad_bob;
