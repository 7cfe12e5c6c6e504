-- No key is longer than uncache.max_key_bytes, whoever has put it where: a longer one is widened
-- to a pattern, and what cannot be sent at all becomes a resync. Nothing keeps a consumer from
-- what stands behind it.
\set test long_keys
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
\t on
\a
SET uncache.max_key_bytes = 64;

-- case 1: a materialized view's rule
CREATE MATERIALIZED VIEW v AS SELECT 1 AS a;
SELECT uncache_internal.put_view_rule('v', 'keys', ARRAY[repeat('"', 65)]);
SELECT uncache.watch('v', repeat('k', 65));
SELECT uncache_internal.put_view_rule('v', 'keys', ARRAY[repeat('"', 64)]);
REFRESH MATERIALIZED VIEW v;
SELECT * FROM journalled();

-- case 2: one that got there in another way
UPDATE uncache.view_rules SET templates = ARRAY[repeat('[*]é', 100), 'api://' || repeat('é', 100)];
REFRESH MATERIALIZED VIEW v;
SELECT target, action, key, octet_length(key) FROM journalled() ORDER BY 1, 2;
SELECT uncache.invalidate_table('v');
SELECT target, action, octet_length(key) FROM journalled() ORDER BY 1, 2;
SELECT action, key FROM uncache.resync_keys('api');
DROP MATERIALIZED VIEW v;
SELECT target, action, octet_length(key) FROM journalled() ORDER BY 1, 2;

-- case 3: triggers, whose texts have no limit: rows, TRUNCATE, DROP
CREATE TABLE t (id int);
SELECT uncache.watch('t', keys => ARRAY[repeat('a', 100), repeat('b', 100) || '{id}', '{id}' || repeat('c', 100)],
	patterns => ARRAY[repeat('d', 60) || '[' || repeat('e', 100) || ']', repeat('f', 61) || '\*\*x'], tags => ARRAY[repeat('g', 100), repeat('h', 100) || '{id}'],
	versions => ARRAY[repeat('i', 100)]);
CREATE VIEW widened AS SELECT action, key, octet_length(key) FROM journalled() ORDER BY action COLLATE "C", key COLLATE "C";
INSERT INTO t VALUES (1);
SELECT * FROM widened;
TRUNCATE t;
SELECT * FROM widened;
SELECT action, key, octet_length(key) FROM uncache.resync_keys('default') ORDER BY action COLLATE "C", key COLLATE "C";
SELECT action, key FROM uncache.explain('INSERT INTO t VALUES (2)') WHERE length(key) > 64;
DROP TABLE t;
SELECT * FROM widened;

-- case 4: a query's patterns, cacheops
CREATE TABLE t (id int);
SELECT uncache.watch('t', query => ARRAY['SELECT repeat(''q'', 100) WHERE {id} > 0', repeat('q', 100) || '*']);
INSERT INTO t VALUES (1);
SELECT * FROM widened;
SELECT uncache.unwatch('t');
SELECT * FROM widened;
SELECT uncache.watch('t', cacheops => ARRAY[repeat('t', 100)]);
INSERT INTO t VALUES (1);
TRUNCATE t;
SELECT * FROM widened;
DROP TABLE t;
SELECT * FROM widened;

-- case 5: names
CREATE SCHEMA "a long name of a schema, thirty-two bytes and more";
CREATE TABLE "a long name of a schema, thirty-two bytes and more"."a long name of a table, too, forty bytes" (id int PRIMARY KEY);
SELECT uncache.watch_schema('"a long name of a schema, thirty-two bytes and more"');
INSERT INTO "a long name of a schema, thirty-two bytes and more"."a long name of a table, too, forty bytes" VALUES (1);
SELECT * FROM widened;
DROP SCHEMA "a long name of a schema, thirty-two bytes and more" CASCADE;
SELECT count(*) FROM widened;

-- case 6: a template of more than is looked at
CREATE TABLE t (id int);
DO $$ BEGIN EXECUTE format('CREATE TRIGGER long AFTER TRUNCATE ON t EXECUTE FUNCTION uncache.keys(%L)', repeat('{id}', 2000000) || 'x'); END $$;
DO $$ BEGIN EXECUTE format('CREATE TRIGGER longer AFTER TRUNCATE ON t EXECUTE FUNCTION uncache.keys(%L)', repeat('y', 5000000)); END $$;
TRUNCATE t;
SELECT * FROM widened;
SELECT action, key FROM uncache.resync_keys('default') ORDER BY 1;
DROP TABLE t;
SELECT * FROM widened;

-- case 7: rows that cannot be sent, but a superuser can write
SELECT cursor AS start FROM uncache.consumers WHERE target = 'default' \gset
INSERT INTO uncache.journal_1 (xid, part, at, target, action, keys) VALUES (pg_current_xact_id(), 0, now(), 'default', 'keys', ARRAY[repeat('k', 5000000)]);
INSERT INTO uncache.journal_1 (xid, part, at, target, action, keys) VALUES (pg_current_xact_id(), 0, now(), 'default', repeat('k', 1000), ARRAY['x']);
SELECT uncache.invalidate('behind');
SELECT action, keys, next_cursor IS NOT NULL FROM uncache.fetch('default', :'start', 1000000, false);
SELECT action, keys, next_cursor IS NOT NULL FROM uncache.fetch('default', :'start', 1, false);

\connect template1
SET client_min_messages = warning;
DROP DATABASE :database;
