-- What a consumer needs that waits for standbys; tests/e2e/035 has some.
\set test standbys
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int);
SELECT uncache.watch('t', 't:{id}');

-- --- what lies between two cursors ---

SELECT cursor AS begin FROM uncache.attach('default') \gset
INSERT INTO t VALUES (1);
INSERT INTO t VALUES (2);
SELECT next_cursor AS middle FROM uncache.fetch('default', :'begin', 100000, false) WHERE next_cursor IS NOT NULL \gset
INSERT INTO t VALUES (3);
INSERT INTO uncache.gaps VALUES (pg_current_xact_id(), now(), 'the test says so');
SELECT next_cursor AS last FROM uncache.fetch('default', :'middle', 100000, false) WHERE next_cursor IS NOT NULL \gset
INSERT INTO t VALUES (4);

SELECT action, keys, next_cursor = :'middle' AS is_there FROM uncache.fetch_until('default', :'begin', 100000, :'middle');
SELECT action, keys, next_cursor = :'last' AS is_there FROM uncache.fetch_until('default', :'middle', 100000, :'last');
SELECT action, keys, next_cursor = :'last' AS is_there FROM uncache.fetch_until('default', :'begin', 100000, :'last');
-- nothing but the cursor, which does not go back
SELECT action, keys, next_cursor = :'last' AS is_there FROM uncache.fetch_until('default', :'last', 100000, :'last');
SELECT action, keys, next_cursor = :'last' AS is_there FROM uncache.fetch_until('default', :'last', 100000, :'begin');
-- in batches
SELECT action, keys FROM uncache.fetch_until('default', :'begin', 1, :'last') WHERE next_cursor IS NULL;
SELECT next_cursor AS first FROM uncache.fetch_until('default', :'begin', 1, :'last') WHERE next_cursor IS NOT NULL \gset
SELECT action, keys FROM uncache.fetch_until('default', :'first', 1, :'last') WHERE next_cursor IS NULL;
-- of other targets nothing
SELECT action, keys FROM uncache.fetch_until('api', :'begin', 100000, :'middle') WHERE next_cursor IS NULL;

-- a transaction of several rows counts when its end is reached
SET uncache.pending_limit = '64kB';
SELECT next_cursor AS begin FROM uncache.fetch('default', :'begin', 100000, false) WHERE next_cursor IS NOT NULL \gset
INSERT INTO t SELECT generate_series(100000, 119999);
SELECT next_cursor AS inside FROM uncache.fetch('default', :'begin', 1, false) WHERE next_cursor IS NOT NULL \gset
SELECT :'inside' ~ '/\d+\.\d+$' AS stands_inside;
SELECT count(keys) AS rows FROM uncache.fetch_until('default', :'begin', 1000000000, :'inside');
SELECT count(keys) AS rows, max(next_cursor) = :'inside' AS stays FROM uncache.fetch_until('default', :'inside', 1000000000, :'inside');
SELECT next_cursor AS behind FROM uncache.fetch('default', :'inside', 1000000000, false) WHERE next_cursor IS NOT NULL \gset
SELECT sum(cardinality(keys)) AS keys FROM uncache.fetch_until('default', :'begin', 1000000000, :'behind');
SELECT sum(cardinality(keys)) AS keys_before FROM uncache.fetch('default', :'begin', 1, false) \gset
SELECT :keys_before + sum(cardinality(keys)) AS keys FROM uncache.fetch_until('default', :'inside', 1000000000, :'behind');

-- what it refuses
\set VERBOSITY terse
SELECT * FROM uncache.fetch_until('default', :'begin', 1, '1:9000000000000000000:');
SELECT * FROM uncache.fetch_until('default', :'begin', 1, 'nonsense');
SELECT * FROM uncache.fetch_until('nobody', :'begin', 1, :'begin');
\set VERBOSITY default

-- --- where standbys have to be ---

SELECT count(*) FROM uncache.standbys('default', NULL, false);
SELECT name, replayed <= pg_current_wal_insert_lsn() AS is_written FROM uncache.standbys('default', ARRAY['nobody'], true);
-- behind what is committed without being flushed, and flushed
SET synchronous_commit = off;
SELECT pg_current_wal_insert_lsn() AS before \gset
INSERT INTO t VALUES (5);
SELECT replayed AS position FROM uncache.standbys('default', NULL, true) \gset
SELECT :'position' > :'before'::pg_lsn AS is_behind, pg_current_wal_flush_lsn() >= :'position' AS is_flushed;
RESET synchronous_commit;
\set VERBOSITY terse
SELECT * FROM uncache.standbys('nobody', NULL, true);
\set VERBOSITY default

-- --- those that are late ---

SELECT uncache.report_late('default', ARRAY['a', 'b']);
SELECT target, alarm FROM uncache.status ORDER BY target;
SET ROLE pg_monitor;
SELECT alarm FROM uncache.status WHERE target = 'default';
RESET ROLE;
SELECT uncache.report_late('default', NULL);
SELECT count(alarm) AS alarms FROM uncache.status;
-- another daemon has not told of any
SELECT uncache.report_late('default', ARRAY['a']);
SELECT state FROM uncache.attach('default');
SELECT count(alarm) AS alarms FROM uncache.status;
-- nobody else tells
SELECT uncache.report_late('default', ARRAY['a']);
CREATE ROLE regress_uncache_late;
SELECT uncache.grant_consumer('regress_uncache_late');
\connect
CALL await_end_of_last_session();
SET ROLE regress_uncache_late;
\set VERBOSITY terse
SELECT uncache.report_late('default', NULL);
SELECT * FROM uncache.standbys('default', NULL, true);
SELECT uncache_internal.wal_position();
\set VERBOSITY default
RESET ROLE;
SELECT count(alarm) AS alarms FROM uncache.status;
DROP OWNED BY regress_uncache_late;
DROP ROLE regress_uncache_late;
