-- watch() makes a rule's triggers, unwatch() removes them.
\set test watch
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int, a text);
CREATE FUNCTION trigger_ids() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(oid::text, ' ' ORDER BY tgname) FROM pg_trigger WHERE tgrelid = 't'::regclass
$$;

SELECT uncache.watch('t', 't:{id}', 'a:{a}');
SELECT * FROM uncache.rules;
-- again the same: nothing is touched
SELECT trigger_ids() AS before \gset
SELECT uncache.watch('t', 't:{id}', 'a:{a}');
SELECT trigger_ids() = :'before' AS is_untouched;
-- another order, other templates: replaced
SELECT uncache.watch('t', 'a:{a}', 't:{id}');
SELECT trigger_ids() = :'before' AS is_untouched;
SELECT uncache.watch('t', 't:{id}');
SELECT rule, templates FROM uncache.rules;
-- a rule of that name by hand, narrower: replaced
CREATE OR REPLACE TRIGGER uncache_keys AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW WHEN (pg_trigger_depth() > 5) EXECUTE FUNCTION uncache.keys('t:{id}');
ALTER TABLE t ENABLE ALWAYS TRIGGER uncache_keys;
SELECT uncache.watch('t', 't:{id}');
CREATE OR REPLACE TRIGGER uncache_keys AFTER INSERT OR UPDATE OF a OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('t:{id}');
ALTER TABLE t ENABLE ALWAYS TRIGGER uncache_keys;
SELECT uncache.watch('t', 't:{id}');
SELECT rule, definition FROM uncache.rules WHERE rule = 'uncache_keys';
-- quotes, backslashes and letters of any alphabet in templates
SELECT uncache.watch('t', 'it''s', 'back\slash', E'new\nline', '"q"', '{coalesce(a, ''it''''s'')}', 'ключ:{id}', '%I %s');
SELECT unnest(templates) FROM uncache.rules WHERE rule = 'uncache_keys';
INSERT INTO t VALUES (1, NULL);
SELECT * FROM journalled();
-- and with another reading of strings
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT uncache.watch('t', $$back\slash$$, $$\'$$);
RESET standard_conforming_strings;
RESET escape_string_warning;
SELECT unnest(templates) FROM uncache.rules WHERE rule = 'uncache_keys';

-- unwatch leaves what was made by hand
CREATE TRIGGER mine AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('mine:{id}');
SELECT uncache.unwatch('t');
SELECT rule FROM uncache.rules;
SELECT uncache.unwatch('t');
INSERT INTO t VALUES (2, NULL);
SELECT * FROM journalled();
SELECT uncache.unwatch(NULL);
SELECT uncache.unwatch('absent');
-- transactional
BEGIN;
SELECT uncache.watch('t', 'rolled:{id}');
INSERT INTO t VALUES (3, NULL);
ROLLBACK;
SELECT rule FROM uncache.rules;
INSERT INTO t VALUES (4, NULL);
SELECT * FROM journalled();

-- names that need quotes
CREATE SCHEMA "My Schema";
CREATE TABLE "My Schema"."My ""Table" ("Id" int);
SELECT uncache.watch('"My Schema"."My ""Table"', 'x:{"Id"}');
INSERT INTO "My Schema"."My ""Table" VALUES (5);
TRUNCATE "My Schema"."My ""Table";
SELECT * FROM journalled();
SELECT uncache.unwatch('"My Schema"."My ""Table"');

-- what is no table
CREATE VIEW v AS SELECT * FROM t;
SELECT uncache.watch('v', 'v:{id}');
CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
SELECT uncache.watch('m', 'm:{id}');
CREATE SEQUENCE s;
SELECT uncache.watch('s', 's:{last_value}');
CREATE INDEX i ON t (id);
SELECT uncache.watch('i', 'i:{id}');
CREATE TYPE c AS (id int);
SELECT uncache.watch('c', 'c:{id}');
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER w FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE f (id int) SERVER w;
SELECT uncache.watch('f', 'f:{id}');
SELECT uncache.watch('pg_class', 'x:{oid}');
-- unlogged and temporary tables are tables
CREATE UNLOGGED TABLE u (id int);
SELECT uncache.watch('u', 'u:{id}');
INSERT INTO u VALUES (1);
SELECT * FROM journalled();
DROP TABLE u;
DELETE FROM uncache.journal;

-- an inheritance parent: its own rows only
CREATE TABLE parent (id int);
CREATE TABLE child (c int) INHERITS (parent);
SELECT uncache.watch('parent', 'parent:{id}');
INSERT INTO parent VALUES (1);
INSERT INTO child VALUES (2);
UPDATE parent SET id = id;
SELECT * FROM journalled();
SELECT uncache.watch('child', 'parent:{id}');
UPDATE parent SET id = id;
SELECT * FROM journalled();

-- LIKE and CREATE TABLE AS copy no rules
CREATE TABLE copy (LIKE parent INCLUDING ALL);
SELECT relation, rule, events FROM uncache.rules ORDER BY relation::text, rule;

-- errors have the lines of CONTEXT that tell what is meant, and those of the caller; none of what uncache consists of
\set SHOW_CONTEXT errors
SELECT uncache.watch('parent', '');
SELECT uncache.watch('parent', 'p:{upper(nothing)}');
SELECT uncache.watch('parent', keys => ARRAY['p:{id}'], columns => '{nothing}');
SELECT uncache.watch('parent', query => ARRAY['SELECT nothing']);
SELECT uncache.watch_schema('public', target => 'no/target');
DO $$
BEGIN
	PERFORM uncache.watch('parent', 'p:{upper(nothing)}');
END
$$;
DO $$
BEGIN
	PERFORM uncache.watch('parent', keys => ARRAY[NULL]);
EXCEPTION WHEN invalid_parameter_value THEN
	RAISE NOTICE '%: %', SQLSTATE, SQLERRM;
END
$$;
\set SHOW_CONTEXT never

-- a table of uncache's own, for whoever asks
SELECT uncache.watch('uncache.journal', 'j:{id}');
SELECT uncache.watch('uncache.journal_1', tags => ARRAY['j']);
SELECT uncache.watch('uncache.schemas', 's');
CREATE ROLE regress_uncache_watcher;
SELECT uncache.grant_author('regress_uncache_watcher');
SET ROLE regress_uncache_watcher;
SELECT uncache.watch('uncache.journal', 'j:{id}');
RESET ROLE;
DROP OWNED BY regress_uncache_watcher;
DROP ROLE regress_uncache_watcher;
-- what looks like a target and is none belongs to the key
CREATE TABLE named (id int, url text);
SELECT uncache.watch('named', '1x://n:{id}', 'x1://n:{id}', 'a b://n', '_x://{id}', 'page:http://{url}', '{id}://n', '{{id}}://n', '://n');
SELECT uncache.watch('named', patterns => ARRAY['*://n:{id}', '2://*'], query => ARRAY['SELECT ''1x://k''']);
SELECT target, action, key FROM uncache.explain('INSERT INTO named VALUES (7, ''u'')') ORDER BY 2, 3;
