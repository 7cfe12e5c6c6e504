-- A consumer that is behind for longer than uncache.max_lag is declared lost.
\set test max_lag
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
\set VERBOSITY terse

CREATE TABLE t (id int);
CREATE TABLE u (id int);
SELECT uncache.watch('t', 't:{id}');
SELECT uncache.watch('u', 'api://u:{id}');
-- Fetches one batch for a target and acknowledges it.
CREATE PROCEDURE consume(target text, max_bytes int DEFAULT 2000000000) LANGUAGE plpgsql AS $$
DECLARE
	start text;
BEGIN
	SELECT a.cursor INTO STRICT start FROM uncache.attach(target) a;
	PERFORM uncache.ack(target, f.next_cursor) FROM uncache.fetch(target, start, max_bytes, false) f WHERE f.next_cursor IS NOT NULL;
END
$$;
-- Makes everything as old as if it had happened two days ago, but that the daemons live: else writers would have them looked at.
CREATE PROCEDURE age() LANGUAGE sql AS $$
	UPDATE uncache.journal SET at = at - interval '2 days';
	UPDATE uncache.consumers SET registered_at = registered_at - interval '2 days', acked_at = clock_timestamp();
$$;
CREATE VIEW consumers AS SELECT target, state, pending_rows, pending_keys, date_trunc('day', lag) AS lag, resync_reason, lost_at IS NOT NULL AS is_lost
	FROM uncache.status ORDER BY target;

SHOW uncache.max_lag;
\set VERBOSITY sqlstate
SET uncache.max_lag = -1;
SET uncache.max_lag = '366 d';
\set VERBOSITY terse
SELECT min_val, max_val FROM pg_settings WHERE name = 'uncache.max_lag';
CREATE ROLE regress_uncache_impatient;
SET ROLE regress_uncache_impatient;
SET uncache.max_lag = 1;
RESET ROLE;
DROP ROLE regress_uncache_impatient;

-- nothing happens in an idle system, though no daemon lives
CALL age();
UPDATE uncache.consumers SET acked_at = acked_at - interval '2 days';
SELECT uncache.trim();
SELECT * FROM consumers;
SELECT count(checked_at) AS looked_at FROM uncache.consumers;
UPDATE uncache.consumers SET acked_at = clock_timestamp(), checked_at = NULL;
-- nor is anybody lost who is not so far behind
INSERT INTO t VALUES (1);
SELECT uncache.trim();
SELECT state FROM consumers;
-- nor ever, if so asked for
CALL age();
SET uncache.max_lag = 0;
SELECT uncache.trim();
SELECT state FROM consumers;
-- nor one that has been there for a shorter time
SET uncache.max_lag = '3d';
SELECT uncache.trim();
SELECT state FROM consumers;
-- but after half of the time there is an alarm, for whoever watches the system
CREATE ROLE regress_uncache_watcher IN ROLE pg_monitor;
GRANT USAGE ON SCHEMA uncache TO regress_uncache_watcher;
SET ROLE regress_uncache_watcher;
SELECT target, regexp_replace(alarm, ' at .*', ' at …') AS alarm FROM uncache.status ORDER BY target;
RESET ROLE;
SELECT count(*) AS right_times FROM uncache.status WHERE substring(alarm FROM ' at (.*)')::timestamptz BETWEEN now() + '23 h' AND now() + '25 h';
SET uncache.max_lag = '5d';
SELECT count(alarm) AS alarms FROM uncache.status;
SET uncache.max_lag = 0;
SELECT count(alarm) AS alarms FROM uncache.status;
REVOKE USAGE ON SCHEMA uncache FROM regress_uncache_watcher;
DROP ROLE regress_uncache_watcher;

-- one is, the other not
RESET uncache.max_lag;
CALL consume('api');
SELECT uncache.trim();
SELECT * FROM consumers;
SELECT cursor, barrier FROM uncache.consumers WHERE target = 'default';
-- once
SELECT uncache.trim();
-- its rows may go, and no more are written
SET uncache.retention = 0;
SELECT uncache.trim();
RESET uncache.retention;
INSERT INTO t VALUES (2);
INSERT INTO u VALUES (2);
SELECT * FROM journalled();
-- who worked for it is told, whatever he does
\set VERBOSITY default
SELECT * FROM uncache.fetch('default', '3:3:', 1000, false);
SELECT uncache.ack('default', '3:3:');
SELECT uncache.resynced('default');
\set VERBOSITY terse

-- it comes back as a new one does
SELECT state, reason FROM uncache.attach('default');
SELECT * FROM consumers;
SELECT uncache.ack('default', '3:3:');
SELECT uncache.resynced('default');
INSERT INTO t VALUES (3);
SELECT state, reason, cursor IS NOT NULL AS has_cursor FROM uncache.attach('default');
INSERT INTO t VALUES (4);
SELECT uncache.resynced('default');
SELECT * FROM consumers WHERE target = 'default';
SELECT keys FROM uncache.fetch('default', (SELECT cursor FROM uncache.consumers WHERE target = 'default'), 1000, false) WHERE keys IS NOT NULL;
CALL consume('default');
-- registered and lost are one transaction's, as little as with a new one
UPDATE uncache.consumers SET lost_at = now(), cursor = NULL WHERE target = 'default';
BEGIN;
SELECT state FROM uncache.attach('default');
SELECT state, reason FROM uncache.attach('default');
COMMIT;
CALL start_consumer('default');

-- rolled back: still registered, and journalled for
CALL consume('api');
INSERT INTO t VALUES (5);
CALL age();
BEGIN;
SELECT uncache.trim();
ROLLBACK;
SELECT * FROM consumers WHERE target = 'default';
CALL consume('default');

-- who has nothing to do, but holds back the rows of others
INSERT INTO t VALUES (6);
CALL age();
CALL consume('default');
SELECT uncache.trim();
SELECT target, state FROM consumers;
CALL start_consumer('api');

-- inside of a transaction that took longer than that
SET uncache.pending_limit = '64kB';
INSERT INTO t SELECT n FROM generate_series(1, 5000) n;
RESET uncache.pending_limit;
CALL consume('default', 1);
CALL consume('api');
CALL age();
SELECT uncache.trim();
SELECT target, state FROM consumers;
-- as soon as something behind it is old, too
INSERT INTO t VALUES (7);
CALL consume('api');
CALL age();
SELECT uncache.trim();
SELECT target, state FROM consumers;
CALL start_consumer('default');

-- a registration that nobody completes; while somebody does it takes its time
SELECT state FROM uncache.attach('new');
CALL consume('default');
CALL consume('api');
CALL age();
SELECT uncache.trim();
SELECT target, state FROM consumers;
\connect -
\set VERBOSITY terse
CALL await_end_of_last_session();
SELECT uncache.trim();
SELECT target, state FROM consumers;
SELECT uncache.drop_consumer('new');

-- a lost consumer can be dropped, too
INSERT INTO u VALUES (8);
CALL consume('default');
CALL age();
SELECT uncache.trim();
SELECT uncache.drop_consumer('api');
SELECT target, state FROM consumers;

-- where no daemon is left, writers have it noticed: whatever becomes of their transaction
TRUNCATE uncache.journal;
CREATE PROCEDURE await_lost() LANGUAGE plpgsql AS $$
DECLARE
	deadline timestamptz := clock_timestamp() + interval '30 s';
BEGIN
	WHILE NOT EXISTS (SELECT FROM uncache.consumers WHERE lost_at IS NOT NULL)
		OR EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'uncache caretaker' AND datname = current_database()) LOOP
		IF clock_timestamp() > deadline THEN
			RAISE EXCEPTION 'nobody is declared lost';
		END IF;
		COMMIT;
		PERFORM pg_sleep(0.005);
	END LOOP;
END
$$;
INSERT INTO t VALUES (9);
CALL age();
UPDATE uncache.consumers SET acked_at = acked_at - interval '2 days';
SELECT uncache_internal.consumers_changed();
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO t VALUES (10);
ROLLBACK;
CALL await_lost();
SELECT target, state FROM consumers;
-- and what is old goes as well
SELECT count(*) FROM uncache.journal;
INSERT INTO t VALUES (11);
SELECT count(*) FROM uncache.journal;
