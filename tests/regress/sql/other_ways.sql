-- Rows and tables that come in other ways than by a plain command.
\set test other_ways
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

-- case 1: COPY with FREEZE
CREATE TABLE t (id int PRIMARY KEY, v text);
SELECT uncache.watch('t', 't:{id}');
BEGIN;
TRUNCATE t;
COPY t FROM stdin WITH (FREEZE);
1	a
2	b
\.
COMMIT;
SELECT * FROM journalled();
-- case 2: a prepared transaction of savepoints
BEGIN;
INSERT INTO t VALUES (3, 'c');
SAVEPOINT a;
INSERT INTO t VALUES (4, 'd');
SAVEPOINT b;
INSERT INTO t VALUES (5, 'e');
ROLLBACK TO b;
RELEASE a;
SAVEPOINT c;
UPDATE t SET v = 'x' WHERE id = 1;
PREPARE TRANSACTION 'uncache other ways';
SELECT * FROM journalled();
COMMIT PREPARED 'uncache other ways';
SELECT * FROM journalled();
-- case 3: unlogged, and logged again
ALTER TABLE t SET UNLOGGED;
UPDATE t SET v = 'u' WHERE id = 1;
ALTER TABLE t SET LOGGED;
UPDATE t SET v = 'l' WHERE id = 2;
SELECT * FROM journalled();
-- case 4: in a watched schema a table of which PostgreSQL tells nobody: check_rules does, and the next command that alters it makes up for it
CREATE SCHEMA app;
SELECT uncache.watch_schema('app');
DO $$ BEGIN EXECUTE 'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) CREATE TABLE app.made AS SELECT 1 AS id'; END $$;
SELECT relation, problem, hint FROM uncache.check_rules() WHERE relation = 'app.made'::regclass;
ALTER TABLE app.made ADD COLUMN v text;
SELECT count(*) FROM uncache.check_rules();
INSERT INTO app.made VALUES (2, 'x');
SELECT * FROM journalled();
-- case 5: a schema's copy under another name, as its dump makes it
CREATE SCHEMA acme;
CREATE TABLE acme.item (id int PRIMARY KEY);
CREATE TABLE acme.more (id int PRIMARY KEY);
SELECT format('CREATE TRIGGER %I AFTER INSERT OR DELETE OR UPDATE ON acme.%I FOR EACH ROW EXECUTE FUNCTION uncache.tags(%L)', 'uncache_schema_' || md5(t), t, 'acme.' || t) FROM unnest(ARRAY['item', 'more']) AS t \gexec
CREATE TABLE acme.later (id int PRIMARY KEY);
SELECT relation, problem, hint FROM uncache.check_rules() WHERE problem LIKE 'it is the rule of a watched%';
SELECT hint FROM uncache.check_rules() WHERE problem LIKE 'it is the rule of a watched%' \gexec
SELECT relation, templates, events FROM uncache.rules WHERE relation::text LIKE 'acme.%' ORDER BY relation::text, events;
SELECT count(*) FROM uncache.check_rules();

\connect template1
SET client_min_messages = warning;
DROP DATABASE :database;
