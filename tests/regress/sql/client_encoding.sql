-- No warning fails what it is about: its texts are cut, and have question marks for what the client's encoding lacks.
\set test client_encoding
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

-- a value that an expression fails for; the table and the statement around it have names and texts of others
CREATE TABLE "漢字" (id int PRIMARY KEY, code text, n int DEFAULT 0);
SELECT uncache.watch('"漢字"', 'k:{code::int}');
INSERT INTO "漢字" VALUES (1, '漢字');
CREATE PROCEDURE touch() LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'UPDATE "漢字" SET n = n + 1 /* 漢 */'; END $$;
\connect -
SET client_encoding = 'LATIN1';
\set SHOW_CONTEXT always
CALL touch();
\set SHOW_CONTEXT never
RESET client_encoding;
SELECT n FROM "漢字";
-- the same to a client that knows the characters, and to one that is told bytes
\connect -
CALL touch();
\connect -
SET client_encoding = 'SQL_ASCII';
CALL touch();

-- values and texts of rules as long as anybody likes
CREATE TABLE t (id int PRIMARY KEY, code text, n int DEFAULT 0);
INSERT INTO t VALUES (1, repeat('ü', 1000000));
SELECT uncache.watch('t', 'k:{code::int}');
UPDATE t SET n = 1;
SELECT uncache.unwatch('t');
SELECT uncache.watch('t', 'k:{nullif(code, ''' || repeat('ü', 1000) || ''')::date}');
UPDATE t SET n = 2;
SELECT n FROM t;

-- queries, and what is told of them
SELECT uncache.unwatch('t');
SELECT uncache.watch('t', query => ARRAY['SELECT ''漢'' || (code || ''漢'')::int FROM public.t WHERE id = {id}']);
SET client_encoding = 'LATIN1';
UPDATE t SET n = 3, code = 'x';
RESET client_encoding;
SELECT uncache.unwatch('t');

-- DDL goes on and is followed, whatever rules of others it has to tell about
CREATE SCHEMA shop;
CREATE SCHEMA stage;
SELECT uncache.watch_schema('shop');
CREATE TABLE stage.item (id int PRIMARY KEY);
CREATE TABLE "漢" (id int);
SELECT uncache.watch('"漢"', query => ARRAY['SELECT ''x'' || i.id FROM stage.item i WHERE i.id = {id}']);
SET client_encoding = 'LATIN1';
ALTER TABLE stage.item SET SCHEMA shop;
SELECT relation, rule IS NOT NULL AS watched FROM uncache.rules WHERE relation = 'shop.item'::regclass AND rule NOT LIKE '%truncate';
RESET client_encoding;
CREATE TABLE u (id int PRIMARY KEY, a int, b int);
CREATE TRIGGER "漢" AFTER UPDATE ON u FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION uncache.keys('k:{id}:{b}');
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
SET client_encoding = 'LATIN1';
ALTER TABLE u DROP COLUMN a CASCADE;
ALTER TABLE u DROP COLUMN b;
RESET client_encoding;

-- what watch() tells of others' triggers and tables
CREATE TABLE parent (id int PRIMARY KEY, a int, b int);
CREATE TABLE "親" (id int PRIMARY KEY);
CREATE TABLE child () INHERITS ("親");
CREATE TRIGGER "漢" BEFORE UPDATE ON parent FOR EACH ROW EXECUTE FUNCTION f();
SET client_encoding = 'LATIN1';
SELECT uncache.watch('parent', columns => ARRAY['a'], keys => ARRAY['p:{a}']);
DO $$ BEGIN PERFORM uncache.watch((SELECT oid FROM pg_class WHERE relname = U&'\89AA'), 'p:{id}'); END $$;
RESET client_encoding;

-- a gap in the journal
SET client_encoding = 'LATIN1';
ALTER EVENT TRIGGER uncache_follow_command DISABLE;
ALTER TABLE uncache.journal ADD U&"\6F22" int NOT NULL DEFAULT 1;
SELECT uncache.invalidate('k');
SELECT count(*) FROM uncache.gaps;
