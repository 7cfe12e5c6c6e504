-- trim() turns the journal's segments, and empties those that every consumer has consumed, once they are old enough.
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
-- What each segment is, and how many rows it has.
CREATE VIEW state AS
	SELECT s.number, CASE WHEN s.closed_at IS NOT NULL THEN 'closed' WHEN s.opened_at IS NOT NULL THEN 'open' ELSE 'empty' END AS state,
		(SELECT count(*) FROM uncache.journal j WHERE j.tableoid::regclass::text = 'uncache.journal_' || s.number) AS rows
	FROM uncache.segments s ORDER BY 1;
-- Lets time pass.
CREATE PROCEDURE pass(by interval) LANGUAGE sql AS $$
	UPDATE uncache.segments SET opened_at = opened_at - by, closed_at = closed_at - by;
$$;

SHOW uncache.retention;
SET uncache.retention = 0;
-- nothing is there: nothing is done
SELECT uncache.trim();
SELECT * FROM state;
-- nor is anything written, as an idle daemon would do every ten seconds
INSERT INTO t VALUES (0);
SET uncache.retention = '1h';
BEGIN;
SELECT uncache.trim();
SELECT pg_current_xact_id_if_assigned();
COMMIT;
DELETE FROM uncache.journal;
SET uncache.retention = 0;
-- not consumed by anybody, then by one only, then by both
INSERT INTO t VALUES (1);
INSERT INTO t VALUES (2);
SELECT uncache.trim();
SELECT * FROM state;
CALL consume('default');
SELECT uncache.trim();
SELECT * FROM rows;
CALL consume('api');
SELECT uncache.trim();
SELECT * FROM rows;
-- what was closed empty, and what is still open
SELECT * FROM state;
-- rows are where the segment is that is open; all of them are read
INSERT INTO t VALUES (3);
SELECT * FROM state;

-- not yet old enough
SET uncache.retention = '1h';
CALL consume('default');
CALL consume('api');
SELECT uncache.trim();
SELECT * FROM state;
-- half of the retention time: the next one is opened
CALL pass('29 min');
SELECT uncache.trim();
SELECT * FROM state;
CALL pass('2 min');
SELECT uncache.trim();
SELECT * FROM state;
-- an empty one stays open, however old it is
CALL pass('50 min');
SELECT uncache.trim();
SELECT * FROM state;
INSERT INTO t VALUES (4);
SELECT * FROM state;
-- the whole of it: emptied
CALL pass('11 min');
SELECT uncache.trim();
SELECT * FROM state;

-- a consumer that is behind: all are filled, and the last one grows
CALL consume('default');
DO $$ BEGIN FOR i IN 1..6 LOOP INSERT INTO t VALUES (i); CALL pass('31 min'); PERFORM uncache.trim(); COMMIT; END LOOP; END $$;
SELECT * FROM state;
-- it reads them in order, from whichever they are in
SELECT keys FROM uncache.attach('api') a, uncache.fetch('api', a.cursor, 1000000, false) WHERE keys IS NOT NULL;
CALL consume('default');
CALL consume('api');
SELECT uncache.trim();
SELECT * FROM state;
CALL pass('1 h');
SELECT uncache.trim();
SELECT * FROM state;

-- a position in Redis' history holds them, also behind what was acknowledged
SET uncache.retention = 0;
CALL consume('default');
CALL consume('api');
SELECT uncache.trim();
INSERT INTO uncache.positions SELECT id, now(), 1, cursor FROM uncache.consumers WHERE target = 'api';
INSERT INTO t VALUES (5);
CALL consume('default');
CALL consume('api');
SET uncache.retention = '1h';
CALL pass('2 h');
SELECT uncache.trim();
CALL pass('2 h');
SELECT uncache.trim();
SELECT sum(rows) FROM state;
DELETE FROM uncache.positions;
SELECT uncache.trim();
SELECT sum(rows) FROM state;

-- what is younger than the slowest consumer stays, also in the middle of a transaction that it has half consumed
SET uncache.retention = 0;
SET uncache.pending_limit = '64kB';
INSERT INTO t SELECT n FROM generate_series(1, 5000) n;
RESET uncache.pending_limit;
CALL consume('api');
SELECT cursor FROM uncache.attach('default') \gset
SELECT uncache.ack('default', next_cursor) FROM uncache.fetch('default', :'cursor', 1, false) WHERE next_cursor IS NOT NULL;
SELECT uncache.trim();
CALL consume('default');
SELECT uncache.trim() > 0 AS has_trimmed;
SELECT * FROM rows;

-- a segment with rows of the very transaction is in use, and so is one that is being read
BEGIN;
INSERT INTO t SELECT n FROM generate_series(1, 100) n;
SET LOCAL uncache.pending_limit = '64kB';
INSERT INTO t SELECT n FROM generate_series(1, 5000) n;
SELECT uncache.trim();
SELECT uncache.trim();
COMMIT;
SELECT count(*) > 1 AS are_there FROM uncache.journal;
CALL consume('default');
CALL consume('api');
BEGIN;
DECLARE reader CURSOR FOR SELECT keys FROM uncache.journal;
MOVE reader;
SELECT uncache.trim();
COMMIT;
SELECT uncache.trim() > 0 AS has_trimmed;
SELECT * FROM rows;

-- rolled back: as if it had not been
INSERT INTO t VALUES (6);
CALL consume('default');
CALL consume('api');
BEGIN;
SELECT uncache.trim();
SELECT sum(rows) FROM state;
ROLLBACK;
SELECT sum(rows) FROM state;
INSERT INTO t VALUES (7);
SELECT keys FROM uncache.attach('api') a, uncache.fetch('api', a.cursor, 1000000, false) WHERE keys IS NOT NULL;

-- rows of transactions that are still to begin come from another server: nobody will want them
CALL consume('default');
CALL consume('api');
INSERT INTO uncache.journal_1 SELECT '900000000000', 0, now(), 'gone', 'keys', '{a}';
SELECT uncache.trim() > 0 AS has_trimmed;
SELECT uncache.trim() >= 0 AS is_done;
SELECT * FROM rows;
-- nor may anybody put one into the whole
INSERT INTO uncache.journal VALUES ('3', 0, '2026-01-01 UTC', 'default', 'patterns', '{*}');

-- rows in uncache.segments that are gone come back; writers go on meanwhile
TRUNCATE uncache.segments;
INSERT INTO t VALUES (8);
SELECT keys FROM uncache.attach('api') a, uncache.fetch('api', a.cursor, 1000000, false) WHERE keys IS NOT NULL;
SELECT uncache.trim();
SELECT number, state FROM state;
INSERT INTO t VALUES (9);
SELECT keys FROM uncache.attach('api') a, uncache.fetch('api', a.cursor, 1000000, false) WHERE keys IS NOT NULL;
CALL consume('default');
CALL consume('api');
SELECT uncache.trim() >= 0 AS is_done;
SELECT uncache.trim() >= 0 AS is_done;
SELECT number, state FROM state;

-- a publication of all tables
SET client_min_messages = error;
CREATE PUBLICATION everything FOR ALL TABLES;
RESET client_min_messages;
INSERT INTO t VALUES (10);
CALL consume('default');
CALL consume('api');
SELECT uncache.trim() > 0 AS has_trimmed;
DROP PUBLICATION everything;

-- without consumers, what is left goes with the last of them, however young it is
SET uncache.retention = '1h';
INSERT INTO t VALUES (11);
SELECT uncache.drop_consumer('api');
SELECT * FROM rows;
SELECT uncache.drop_consumer('default');
SELECT * FROM rows;
