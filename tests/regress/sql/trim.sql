-- trim() removes what every consumer has consumed, once it is old enough.
\set test trim
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int);
SELECT uncache.watch('t', 't:{id}', 'api://t:{id}');
-- Acknowledges everything for a target.
CREATE PROCEDURE consume(target text) LANGUAGE plpgsql AS $$
DECLARE
	start text;
BEGIN
	SELECT a.cursor INTO STRICT start FROM uncache.attach(target) a;
	PERFORM uncache.ack(target, f.next_cursor) FROM uncache.fetch(target, start, 2000000000, false) f WHERE f.next_cursor IS NOT NULL;
END
$$;
CREATE VIEW rows AS SELECT target, count(*) FROM uncache.journal GROUP BY 1 ORDER BY 1;

SHOW uncache.retention;
SET uncache.retention = 0;
-- nothing is there
SELECT uncache.trim(100);
-- not consumed by anybody, then by one only, then by both
INSERT INTO t VALUES (1);
INSERT INTO t VALUES (2);
SELECT uncache.trim(100);
CALL consume('default');
SELECT uncache.trim(100);
SELECT * FROM rows;
CALL consume('api');
SELECT uncache.trim(100);
SELECT * FROM rows;
-- not yet old enough
SET uncache.retention = '1h';
INSERT INTO t VALUES (3);
CALL consume('default');
CALL consume('api');
SELECT uncache.trim(100);
UPDATE uncache.journal SET at = at - interval '2 hours';
SELECT uncache.trim(100);
SELECT * FROM rows;
SET uncache.retention = 0;
-- in pieces
DO $$ BEGIN FOR i IN 1..10 LOOP INSERT INTO t VALUES (i); COMMIT; END LOOP; END $$;
CALL consume('default');
CALL consume('api');
SELECT uncache.trim(7);
SELECT uncache.trim(7);
SELECT uncache.trim(7);
SELECT uncache.trim(7);
SELECT uncache.trim(0);
-- what is younger than the slowest consumer stays, also in the middle of a transaction that it has half consumed
SET uncache.pending_limit = '64kB';
INSERT INTO t SELECT n FROM generate_series(1, 5000) n;
RESET uncache.pending_limit;
CALL consume('api');
SELECT cursor FROM uncache.attach('default') \gset
SELECT uncache.ack('default', next_cursor) FROM uncache.fetch('default', :'cursor', 1, false) WHERE next_cursor IS NOT NULL;
SELECT uncache.trim(100000);
CALL consume('default');
SELECT uncache.trim(100000) > 0 AS has_trimmed;
SELECT * FROM rows;
-- without consumers, what is left goes too
INSERT INTO t VALUES (4);
SELECT uncache.drop_consumer('api');
SELECT uncache.drop_consumer('default');
SELECT * FROM rows;
INSERT INTO uncache.journal VALUES ('3', 0, now() - interval '1 day', 'gone', 'keys', '{a}');
-- behind what this session has trimmed, where nobody could have written it
SELECT uncache.trim(100);
RESET uncache.trim_state;
SELECT uncache.trim(100);
SELECT * FROM rows;
-- a publication of all tables, which wants to identify deleted rows
CALL start_consumer('default');
SET client_min_messages = error;
CREATE PUBLICATION everything FOR ALL TABLES;
RESET client_min_messages;
INSERT INTO t VALUES (5);
CALL consume('default');
SELECT uncache.trim(100);
SELECT uncache.drop_consumer('default');
-- a session goes on where it stopped: at the first row that stays, or at the last one that went
SET uncache.retention = '1h';
DO $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO t VALUES (i); COMMIT; END LOOP; END $$;
CALL start_consumer('default');
DO $$ BEGIN FOR i IN 1..4 LOOP INSERT INTO t VALUES (i); COMMIT; END LOOP; END $$;
CALL consume('default');
CREATE VIEW place AS SELECT count(*) FILTER (WHERE xid < split_part(current_setting('uncache.trim_state'), ' ', 1)::xid8) AS behind,
	count(*) FILTER (WHERE xid >= split_part(current_setting('uncache.trim_state'), ' ', 1)::xid8) AS ahead FROM uncache.journal;
SELECT uncache.trim(100);
SELECT * FROM place;
UPDATE uncache.journal SET at = at - interval '2 hours' WHERE xid < (SELECT max(xid) FROM uncache.journal);
BEGIN;
SELECT uncache.trim(2);
SELECT * FROM place;
ROLLBACK;
SELECT * FROM place;
SELECT uncache.trim(2);
SELECT uncache.trim(2);
SELECT uncache.trim(2);
SELECT * FROM place;
UPDATE uncache.journal SET at = at - interval '2 hours';
SELECT uncache.trim(2);
SELECT * FROM place;
SELECT uncache.drop_consumer('default');
