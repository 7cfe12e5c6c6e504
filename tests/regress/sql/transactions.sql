-- What is journalled is what was committed.
\set test transactions
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int PRIMARY KEY, v int);
SELECT uncache.watch('t', 't:{id}');
CREATE FUNCTION put(int) RETURNS void LANGUAGE sql AS 'INSERT INTO t VALUES ($1, 0) ON CONFLICT (id) DO UPDATE SET v = t.v + 1';

-- rolled back, failed, empty
BEGIN; SELECT put(1); ROLLBACK;
INSERT INTO t VALUES (1, 0), (1, 0);
BEGIN; COMMIT;
SELECT * FROM journalled();
-- not before the commit
BEGIN;
INSERT INTO t VALUES (1, 0);
SELECT count(*) FROM uncache.journal;
COMMIT;
SELECT * FROM journalled();
-- transactions that follow each other share nothing
BEGIN; INSERT INTO t VALUES (2, 0); ROLLBACK;
BEGIN; INSERT INTO t VALUES (3, 0); COMMIT AND CHAIN; INSERT INTO t VALUES (4, 0); ROLLBACK AND CHAIN; INSERT INTO t VALUES (5, 0); COMMIT;
SELECT count(DISTINCT xid) FROM uncache.journal;
SELECT * FROM journalled();

-- savepoints: released, rolled back, nested, named alike
BEGIN;
INSERT INTO t VALUES (10, 0);
SAVEPOINT a;
INSERT INTO t VALUES (11, 0);
SAVEPOINT b;
INSERT INTO t VALUES (12, 0);
ROLLBACK TO b;
INSERT INTO t VALUES (13, 0);
RELEASE b;
SAVEPOINT c;
INSERT INTO t VALUES (14, 0);
RELEASE c;
ROLLBACK TO a;
INSERT INTO t VALUES (15, 0);
COMMIT;
SELECT * FROM journalled();
BEGIN;
SAVEPOINT a;
INSERT INTO t VALUES (20, 0);
RELEASE a;
SAVEPOINT a;
INSERT INTO t VALUES (21, 0);
SAVEPOINT a;
INSERT INTO t VALUES (22, 0);
ROLLBACK TO a;
RELEASE a;
COMMIT;
SELECT * FROM journalled();
-- first writes at depth three, released to the top
BEGIN;
SAVEPOINT a; SAVEPOINT b; SAVEPOINT c;
INSERT INTO t VALUES (23, 0);
RELEASE a;
INSERT INTO t VALUES (24, 0);
COMMIT;
SELECT * FROM journalled();
-- the same, rolled back on the way
BEGIN;
SAVEPOINT a; SAVEPOINT b; SAVEPOINT c;
INSERT INTO t VALUES (25, 0);
RELEASE c;
ROLLBACK TO b;
INSERT INTO t VALUES (26, 0);
COMMIT;
SELECT * FROM journalled();
-- a key of an inner level that an outer one has: survives the inner's rollback
BEGIN;
UPDATE t SET v = 1 WHERE id = 1;
SAVEPOINT a;
UPDATE t SET v = 2 WHERE id = 1;
ROLLBACK TO a;
COMMIT;
SELECT * FROM journalled();
-- a key of a rolled back inner level comes again outside
BEGIN;
SAVEPOINT a;
UPDATE t SET v = 2 WHERE id = 1;
ROLLBACK TO a;
UPDATE t SET v = 3 WHERE id = 1;
COMMIT;
SELECT * FROM journalled();
-- and again and again
BEGIN;
SAVEPOINT a;
UPDATE t SET v = 2 WHERE id = 1;
ROLLBACK TO a;
UPDATE t SET v = 2 WHERE id = 3;
ROLLBACK TO a;
UPDATE t SET v = 3 WHERE id = 1;
RELEASE a;
SAVEPOINT a;
UPDATE t SET v = 3 WHERE id = 1;
UPDATE t SET v = 3 WHERE id = 10;
ROLLBACK TO a;
COMMIT;
SELECT * FROM journalled();
-- an error in between, recovered
BEGIN;
UPDATE t SET v = 4 WHERE id = 1;
SAVEPOINT a;
UPDATE t SET v = 4 WHERE id = 3;
SELECT 1 / 0;
ROLLBACK TO a;
UPDATE t SET v = 4 WHERE id = 10;
COMMIT;
SELECT * FROM journalled();
-- an error in between, not recovered
BEGIN;
UPDATE t SET v = 4 WHERE id = 1;
SELECT 1 / 0;
COMMIT;
SELECT * FROM journalled();

-- blocks with EXCEPTION, nested; a loop of them
DO $$
BEGIN
	UPDATE t SET v = 5 WHERE id = 1;
	BEGIN
		UPDATE t SET v = 5 WHERE id = 3;
		BEGIN
			UPDATE t SET v = 5 WHERE id = 10;
			RAISE EXCEPTION 'inner';
		EXCEPTION WHEN raise_exception THEN
			UPDATE t SET v = 5 WHERE id = 5;
		END;
	EXCEPTION WHEN division_by_zero THEN
		NULL;
	END;
	BEGIN
		UPDATE t SET v = 5 WHERE id = 15;
		PERFORM 1 / 0;
	EXCEPTION WHEN OTHERS THEN
		NULL;
	END;
END
$$;
SELECT * FROM journalled();
DO $$
BEGIN
	FOR i IN 100..109 LOOP
		BEGIN
			INSERT INTO t VALUES (i, 0);
			IF i % 2 = 0 THEN
				RAISE EXCEPTION 'even';
			END IF;
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
	END LOOP;
END
$$;
SELECT * FROM journalled();

-- procedures that commit and roll back
CREATE PROCEDURE batches() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 200..205 LOOP
		INSERT INTO t VALUES (i, 0);
		IF i % 2 = 0 THEN
			COMMIT;
		ELSE
			ROLLBACK;
		END IF;
	END LOOP;
END
$$;
CALL batches();
SELECT count(DISTINCT xid) FROM uncache.journal;
SELECT * FROM journalled();
DO $$ BEGIN INSERT INTO t VALUES (210, 0); COMMIT; INSERT INTO t VALUES (211, 0); RAISE EXCEPTION 'after the commit'; END $$;
SELECT * FROM journalled();

-- two-phase commit
BEGIN; INSERT INTO t VALUES (300, 0); PREPARE TRANSACTION 'committed later';
SELECT * FROM journalled();
COMMIT PREPARED 'committed later';
SELECT * FROM journalled();
BEGIN; INSERT INTO t VALUES (301, 0); PREPARE TRANSACTION 'rolled back';
ROLLBACK PREPARED 'rolled back';
SELECT * FROM journalled();
-- of subtransactions; the preparing session goes on meanwhile
BEGIN;
INSERT INTO t VALUES (302, 0);
SAVEPOINT a;
INSERT INTO t VALUES (303, 0);
ROLLBACK TO a;
INSERT INTO t VALUES (304, 0);
RELEASE a;
PREPARE TRANSACTION 'with savepoints';
INSERT INTO t VALUES (305, 0);
SELECT * FROM journalled();
\connect -
COMMIT PREPARED 'with savepoints';
SELECT * FROM journalled();

-- isolation levels and access modes
BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE t SET v = 9 WHERE id = 1; COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ; UPDATE t SET v = 9 WHERE id = 3; COMMIT;
SELECT * FROM journalled();
CREATE TEMP TABLE tmp (id int);
SELECT uncache.watch('tmp', 'tmp:{id}');
BEGIN READ ONLY; INSERT INTO tmp VALUES (1); COMMIT;
SELECT * FROM journalled();
-- a transaction that also notifies and holds a cursor
BEGIN;
NOTIFY x;
DECLARE c CURSOR WITH HOLD FOR SELECT 1;
UPDATE t SET v = 10 WHERE id = 1;
COMMIT;
SELECT * FROM journalled();
-- the rows carry the top-level transaction and its parts in order
BEGIN;
SAVEPOINT a;
UPDATE t SET v = 11 WHERE id = 1;
RELEASE a;
SELECT pg_current_xact_id() AS xid \gset
COMMIT;
SELECT xid = :'xid' AS is_top_level, part, at BETWEEN now() - interval '1 minute' AND now() AS is_now, target, action, keys FROM uncache.journal;
