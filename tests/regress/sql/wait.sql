-- wait(): until everything committed before is applied by every consumer.
\set test wait
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int);
CREATE TABLE u (id int);
SELECT uncache.watch('t', 't:{id}', 'api://t:{id}');
SELECT uncache.watch('u', 'u:{id}');
-- Fetches one batch for a target and acknowledges it.
CREATE PROCEDURE consume(target text, max_bytes int DEFAULT 2000000000) LANGUAGE plpgsql AS $$
DECLARE
	start text;
BEGIN
	SELECT a.cursor INTO STRICT start FROM uncache.attach(target) a;
	PERFORM uncache.ack(target, f.next_cursor) FROM uncache.fetch(target, start, max_bytes, false) f WHERE f.next_cursor IS NOT NULL;
END
$$;

-- nothing was changed
SELECT uncache.wait();
SELECT uncache.wait('0');
-- by nobody, by one, by both
INSERT INTO t VALUES (1);
SELECT uncache.wait('0');
CALL consume('default');
SELECT uncache.wait('0');
CALL consume('api');
SELECT uncache.wait('0');
-- who has nothing to do does not matter
INSERT INTO u VALUES (1);
SELECT uncache.wait('0');
CALL consume('default');
SELECT uncache.wait('0');
-- what was rolled back
BEGIN;
INSERT INTO t VALUES (2);
ROLLBACK;
SELECT uncache.wait('0');
-- what this transaction has written is not waited for, also if it is in the journal already
SET uncache.pending_limit = '64kB';
BEGIN;
INSERT INTO t SELECT n FROM generate_series(1, 5000) n;
SELECT count(*) > 0 AS is_journalled FROM uncache.journal j WHERE j.xid = pg_current_xact_id();
SELECT uncache.wait('0');
COMMIT;
RESET uncache.pending_limit;
SELECT uncache.wait('0');
-- half of a transaction is not all of it
CALL consume('api');
CALL consume('default', 1);
SELECT cursor ~ '/' AS is_inside FROM uncache.consumers WHERE target = 'default';
SELECT uncache.wait('0');
CALL consume('default');
SELECT uncache.wait('0');

-- timeouts
INSERT INTO t VALUES (3);
SELECT uncache.wait('-1 s');
SELECT uncache.wait(NULL);
SELECT clock_timestamp() AS before \gset
SELECT uncache.wait('50 ms');
SELECT clock_timestamp() - :'before' BETWEEN interval '50 ms' AND interval '20 s' AS took_so_long;
SET statement_timeout = '50ms';
SELECT uncache.wait('1 hour');
SELECT uncache.wait('178000000 years');
RESET statement_timeout;
CALL consume('default');
CALL consume('api');
SELECT uncache.wait('178000000 years');
SELECT uncache.wait('-178000000 years');

-- a resync that is due, for each reason
UPDATE uncache.consumers SET resync_reason = 'asked for' WHERE target = 'api';
SELECT uncache.wait('0');
SELECT uncache.resynced('api');
SELECT uncache.wait('0');
DELETE FROM uncache.markers WHERE consumer_id = (SELECT id FROM uncache.consumers WHERE target = 'api');
SELECT uncache.wait('0');
SELECT state FROM uncache.attach('api');
SELECT uncache.wait('0');
SELECT uncache.resynced('api');
SELECT uncache.wait('0');
UPDATE uncache.consumers SET identity = 'another' WHERE target = 'api';
SELECT uncache.wait('0');
CALL start_consumer('api');
SELECT uncache.wait('0');
-- a consumer that is being registered, one that is gone
SELECT state FROM uncache.attach('new');
SELECT uncache.wait('0');
CALL start_consumer('new');
SELECT uncache.wait('0');
SELECT uncache.invalidate('new://k');
SELECT uncache.wait('0');
SELECT uncache.drop_consumer('new');
SELECT uncache.wait('0');
-- one that is lost is not waited for
INSERT INTO t VALUES (4);
CALL consume('default');
SELECT uncache.wait('0');
UPDATE uncache.consumers SET lost_at = now(), cursor = NULL WHERE target = 'api';
SELECT uncache.wait('0');

-- isolation levels
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT uncache.wait('0');
COMMIT;
BEGIN READ ONLY;
SELECT uncache.wait('0');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT uncache.wait('0');
ROLLBACK;

-- privileges: EXECUTE is all that it takes
CREATE ROLE regress_uncache_waiter;
SET ROLE regress_uncache_waiter;
SELECT uncache.wait('0');
RESET ROLE;
SELECT uncache.grant_author('regress_uncache_waiter');
SET ROLE regress_uncache_waiter;
SELECT uncache.wait('0');
SELECT CURRENT_USER;
RESET ROLE;
INSERT INTO t VALUES (5);
SET ROLE regress_uncache_waiter;
SELECT uncache.wait('0');
RESET ROLE;
DROP OWNED BY regress_uncache_waiter;
DROP ROLE regress_uncache_waiter;

-- no consumer at all
SELECT uncache.drop_consumer('default');
SELECT uncache.drop_consumer('api');
SELECT uncache.wait('0');
