-- A consumer's life: registered, at work, gone.
\set test consumers
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int);
SELECT uncache.watch('t', 't:{id}', 'new://n:{id}');

-- nothing is journalled for a target without a consumer
INSERT INTO t VALUES (1);
SELECT * FROM journalled();
-- registered; from the commit on it is journalled for
SELECT state, cursor, reason FROM uncache.attach('new');
INSERT INTO t VALUES (2);
SELECT * FROM journalled();
SELECT target, state, worker_pid = pg_backend_pid() AS is_mine FROM uncache.status ORDER BY target;
-- then it resyncs, from a cursor on
SELECT state, cursor IS NOT NULL AS has_cursor, reason FROM uncache.attach('new');
-- as often as it asks, until the resync is done
SELECT state, reason FROM uncache.attach('new');
SELECT target, state, resync_reason FROM uncache.status ORDER BY target;
SELECT uncache.resynced('new');
SELECT state, cursor IS NOT NULL AS has_cursor, reason FROM uncache.attach('new');
SELECT target, state, resync_reason FROM uncache.status ORDER BY target;

-- fetch: the rows, and the cursor behind them in a row of its own
SELECT cursor FROM uncache.attach('new') \gset
INSERT INTO t VALUES (3), (4);
SELECT at > now() - interval '1 minute' AS has_time, action, keys, next_cursor IS NOT NULL AS has_cursor FROM uncache.fetch('new', :'cursor', 1000, false);
-- again from the same cursor: the same rows
SELECT action, keys FROM uncache.fetch('new', :'cursor', 1000, false) WHERE keys IS NOT NULL;
-- from the next: nothing
SELECT next_cursor FROM uncache.fetch('new', :'cursor', 1000, false) WHERE next_cursor IS NOT NULL \gset
SELECT action, keys, next_cursor IS NOT NULL AS has_cursor FROM uncache.fetch('new', :'next_cursor', 1000, false);
-- not acknowledged yet: a new session starts from before
SELECT cursor = :'cursor' AS is_old FROM uncache.attach('new');
SELECT target, pending_rows, pending_keys, lag > interval '0' AS lags FROM uncache.status ORDER BY target;
SELECT uncache.ack('new', :'next_cursor');
SELECT cursor = :'next_cursor' AS is_new FROM uncache.attach('new');
SELECT target, pending_rows, pending_keys, lag > interval '0' AS lags, acked_at IS NOT NULL AS has_acked FROM uncache.status ORDER BY target;
-- the other targets' rows are not in the way
SELECT cursor FROM uncache.attach('default') \gset
SELECT action, keys FROM uncache.fetch('default', :'cursor', 1000, false) WHERE keys IS NOT NULL;

-- what a cursor may be
SELECT uncache.fetch('new', 'x', 1000, false);
SELECT uncache.fetch('new', '', 1000, false);
SELECT uncache.fetch('new', '1:2', 1000, false);
SELECT uncache.fetch('new', '2:1:', 1000, false);
SELECT uncache.fetch('new', '0:1:', 1000, false);
SELECT uncache.fetch('new', '1:5:4,3', 1000, false);
SELECT uncache.fetch('new', '1:5:3,3', 1000, false);
SELECT uncache.fetch('new', '1:5:5', 1000, false);
SELECT uncache.fetch('new', '3:5:2', 1000, false);
SELECT uncache.fetch('new', '3:5:3,', 1000, false);
SELECT uncache.fetch('new', '1:5:/', 1000, false);
SELECT uncache.fetch('new', '1:5:/5', 1000, false);
SELECT uncache.fetch('new', '1:5:/4.0', 1000, false);
SELECT uncache.fetch('new', '1:5:/5.99999999999', 1000, false);
SELECT uncache.fetch('new', '1:5:/5.0 ', 1000, false);
SELECT uncache.fetch('new', ' 1:5:', 1000, false);
SELECT uncache.fetch('new', '1:99999999999999999999999:', 1000, false);
SELECT uncache.fetch('new', '01:5:', 1000, false);
SELECT uncache.ack('new', 'x');
SELECT uncache.ack('new', '1:1000000000000:');
SELECT * FROM uncache.fetch('new', NULL, 1000, false);
-- batches of less than a key are batches of one row
SELECT count(*) FROM uncache.fetch('new', '1:1:', 0, false);
SELECT count(*) FROM uncache.fetch('new', '1:1:', -1, false);
-- where a set is not expected
SELECT (uncache.fetch('new', '1:1:', 1, false)).action IS NULL AS n FROM generate_series(1, 1);

-- names of targets
SELECT state FROM uncache.attach('x');
SELECT state FROM uncache.attach('Upper.lower-1_');
SELECT state FROM uncache.attach(rpad('a', 48, 'b'));
SELECT state FROM uncache.attach(rpad('a', 49, 'b'));
SELECT state FROM uncache.attach('');
SELECT state FROM uncache.attach('1');
SELECT state FROM uncache.attach('a b');
SELECT state FROM uncache.attach('ä');
SELECT state FROM uncache.attach(NULL);
-- a target that nobody registered
SELECT uncache.fetch('unknown', '1:1:', 1000, false);
SELECT uncache.ack('unknown', '1:1:');
SELECT uncache.resynced('unknown');
SELECT uncache.drop_consumer('unknown');
SELECT * FROM uncache.resync_keys('unknown');

-- another session has no lock until it attaches
SELECT cursor FROM uncache.attach('new') \gset
\connect -
CALL await_end_of_last_session();
SELECT uncache.fetch('new', :'cursor', 1000, false);
SELECT uncache.ack('new', :'cursor');
SELECT uncache.resynced('new');
SELECT target, worker_pid FROM uncache.status WHERE target IN ('default', 'new') ORDER BY target;
SELECT state, cursor = :'cursor' AS is_same FROM uncache.attach('new');
SELECT uncache.ack('new', :'cursor');
-- the locks are out of reach of pg_advisory_lock
SELECT pg_try_advisory_lock(id) AS classid_1, pg_try_advisory_lock(0, id) AS classid_2 FROM uncache.consumers WHERE target = 'new';
SELECT pg_advisory_unlock_all();
SELECT state FROM uncache.attach('new');
SELECT uncache.ack('new', :'cursor');

-- registered and attached in one transaction: it waits for its own end
BEGIN;
SELECT state FROM uncache.attach('hasty');
SELECT state, reason FROM uncache.attach('hasty');
COMMIT;
SELECT state FROM uncache.attach('hasty');
-- a registration that is rolled back
BEGIN;
SELECT state FROM uncache.attach('ghost');
ROLLBACK;
SELECT count(*) FROM uncache.consumers WHERE target = 'ghost';
INSERT INTO t VALUES (5);
SELECT * FROM journalled();

-- gone: nothing more is journalled for it, and what is there already is nobody's
INSERT INTO t VALUES (6);
SELECT uncache.drop_consumer('new');
SELECT count(*) FROM uncache.consumers WHERE target = 'new';
SELECT count(*) FROM uncache.markers WHERE consumer_id NOT IN (SELECT id FROM uncache.consumers);
INSERT INTO t VALUES (7);
SELECT * FROM journalled();
SELECT uncache.fetch('new', :'cursor', 1000, false);
-- and back again: with a resync
SELECT state, reason FROM uncache.attach('new');
SELECT state, reason FROM uncache.attach('new');

-- writers find all of them, by whatever index there is on the ids, or none
CREATE TABLE u (id int);
SELECT uncache.watch('u', 'u:{id}', 'api://u:{id}', 'new://u:{id}', 'hasty://u:{id}');
CREATE FUNCTION found_by_new_session() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(j.target, ' ' ORDER BY j.target COLLATE "C") FROM journalled() j
$$;
DELETE FROM uncache.journal;
\c
INSERT INTO u VALUES (1);
SELECT found_by_new_session();
ALTER EVENT TRIGGER uncache_clear_way DISABLE;
ALTER TABLE uncache.consumers DROP CONSTRAINT consumers_id_key;
CREATE UNIQUE INDEX ON uncache.consumers (id) WHERE id < 2;
CREATE INDEX ON uncache.consumers (id);
CREATE UNIQUE INDEX ON uncache.consumers ((id + 1));
CREATE UNIQUE INDEX ON uncache.consumers (id, target);
CREATE UNIQUE INDEX ON uncache.consumers (id DESC);
\c
INSERT INTO u VALUES (2);
SELECT found_by_new_session();
-- rows that nobody has registered, some in front of the others
ALTER TABLE uncache.consumers DROP CONSTRAINT consumers_pkey;
ALTER TABLE uncache.consumers ALTER target DROP NOT NULL;
CREATE UNIQUE INDEX ON uncache.consumers (id);
INSERT INTO uncache.consumers (target) VALUES (NULL), (NULL);
\c
INSERT INTO u VALUES (3);
SELECT found_by_new_session();
DELETE FROM uncache.consumers WHERE target IS NULL;
\c
INSERT INTO u VALUES (4);
SELECT found_by_new_session();
