-- tags() and versions(): plain, widened, for several targets.
\set test tags
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int, customer_id int, v text);
SELECT uncache.watch('t', tags => ARRAY['customer:{customer_id}', 'all', 'api://c*:{v}'], versions => ARRAY['ver:{id}', 'api://ver:all']);
-- case 1: nothing in a tag or a counter is escaped
INSERT INTO t VALUES (1, 7, '*?[]\');
SELECT * FROM journalled();
-- case 2: the old and the new row, and what they share once
UPDATE t SET customer_id = 8;
SELECT * FROM journalled();
-- case 3: NULL and the empty string
UPDATE t SET customer_id = NULL, v = '';
SELECT * FROM journalled();
DELETE FROM t;
SELECT * FROM journalled();
-- case 4: TRUNCATE: by glob where there was a placeholder, whose text is escaped then
TRUNCATE t;
SELECT * FROM journalled();
-- case 5: too long
SET uncache.max_key_bytes = 64;
INSERT INTO t VALUES (1, 1, repeat('x', 62)), (2, 1, repeat('x', 63));
SELECT * FROM journalled();
RESET uncache.max_key_bytes;
-- case 6: an expression, and one that fails for some rows: glob over tags, escaped beside it
SELECT uncache.watch('t', tags => ARRAY['t*:{v}:{10 / id}', 'plain:{id}'], versions => ARRAY['n?:{v}:{10 / id}', 'api://{upper(v)}']);
INSERT INTO t VALUES (0, 1, 'a*');
INSERT INTO t VALUES (5, 1, 'a*');
SELECT * FROM journalled();
-- case 7: a column that is gone
SELECT uncache.watch('t', tags => ARRAY['t:{v}:{customer_id}'], versions => ARRAY['n:{v}:{customer_id}']);
SET client_min_messages = error;
ALTER TABLE t DROP customer_id;
DELETE FROM uncache.journal;
RESET client_min_messages;
\connect -
INSERT INTO t VALUES (1, 'x?');
SELECT * FROM journalled();
-- case 8: once in a transaction, through savepoints
SELECT uncache.watch('t', tags => ARRAY['t:{id}'], versions => ARRAY['n:{id}']);
BEGIN;
INSERT INTO t VALUES (10, 'a');
SAVEPOINT a;
INSERT INTO t VALUES (10, 'b'), (11, 'b');
ROLLBACK TO a;
UPDATE t SET v = 'c' WHERE id = 10;
COMMIT;
SELECT * FROM journalled();
-- case 9: COPY, an upsert, MERGE, a statement that changes nothing
COPY t FROM stdin;
20	a
21	b
\.
SELECT * FROM journalled();
CREATE UNIQUE INDEX ON t (id) WHERE id >= 20;
INSERT INTO t VALUES (20, 'again') ON CONFLICT (id) WHERE id >= 20 DO UPDATE SET id = 22;
SELECT * FROM journalled();
INSERT INTO t VALUES (21, 'again') ON CONFLICT DO NOTHING;
UPDATE t SET v = v WHERE false;
SELECT * FROM journalled();
MERGE INTO t USING (VALUES (21), (23)) AS s(id) ON t.id = s.id
	WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.id, 'merged');
SELECT * FROM journalled();
-- case 10: a target that nobody consumes beside one that somebody does
SELECT uncache.watch('t', tags => ARRAY['absent://t:{id}', 'api://t:{id}'], versions => ARRAY['absent://n']);
UPDATE t SET v = 'x' WHERE id = 22;
SELECT * FROM journalled();
-- case 11: templates that are wrong
SELECT uncache.watch('t', tags => ARRAY['t:{nix}']);
SELECT uncache.watch('t', versions => ARRAY['n:{id']);
SELECT uncache.watch('t', tags => ARRAY['']);
SELECT uncache.watch('t', versions => ARRAY[NULL]);
SELECT rule, templates FROM uncache.rules WHERE relation = 't'::regclass ORDER BY rule;
-- case 12: what a resync does
SELECT uncache.watch('t', tags => ARRAY['t:{id}', 'all'], versions => ARRAY['n:{id}', 'all']);
SELECT * FROM uncache.resync_keys('default') ORDER BY 1, 2;
-- case 13: more than a journal row holds, and more than memory may
SET uncache.pending_limit = '64kB';
INSERT INTO t SELECT n, 'many' FROM generate_series(1000, 4999) n;
SELECT action, count(*), count(DISTINCT key) FROM journalled() GROUP BY 1 ORDER BY 1;
RESET uncache.pending_limit;
-- case 14: replica role
SET session_replication_role = replica;
UPDATE t SET v = 'replica' WHERE id = 22;
RESET session_replication_role;
SELECT * FROM journalled();
-- case 15: partitions, one of them with a TRUNCATE of its own
CREATE TABLE p (id int, v text) PARTITION BY LIST (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
SELECT uncache.watch('p', tags => ARRAY['p:{id}'], versions => ARRAY['pn:{v}']);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
INSERT INTO p VALUES (1, 'a'), (2, 'b');
UPDATE p SET id = 3 - id;
SELECT * FROM journalled();
TRUNCATE p2;
SELECT * FROM journalled();
SELECT relation, rule, events FROM uncache.rules WHERE relation::text LIKE 'p%' ORDER BY relation::text, rule;
