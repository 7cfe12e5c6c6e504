-- A transaction's memory does not grow with the number of its rows.
\set test memory
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

-- kB in the contexts of the extension, from inside the transaction
CREATE VIEW memory AS
	SELECT sum(total_bytes) / 1024 AS kb FROM pg_backend_memory_contexts WHERE name LIKE 'uncache%';
CREATE TABLE t (id int PRIMARY KEY, v int) WITH (fillfactor = 50);
INSERT INTO t SELECT n, 0 FROM generate_series(1, 1000000) n;
SELECT uncache.watch('t', 't:{id}');

SET statement_timeout = '60s';
-- one statement
BEGIN;
UPDATE t SET v = 1;
SELECT kb < 16 * 1024 AS is_flat FROM memory;
COMMIT;
SELECT count(DISTINCT k.key) FROM uncache.journal j, unnest(j.keys) AS k(key);
TRUNCATE uncache.journal;
-- a savepoint for each row, of which every tenth is rolled back
SET uncache.pending_limit = '256kB';
BEGIN;
DO $$
BEGIN
	FOR i IN 1..50000 LOOP
		BEGIN
			UPDATE t SET v = 2 WHERE id = i;
			IF i % 10 = 0 THEN
				RAISE EXCEPTION 'no';
			END IF;
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
	END LOOP;
END
$$;
SELECT kb < 2 * 1024 AS is_flat FROM memory;
COMMIT;
SELECT count(DISTINCT k.key) FROM uncache.journal j, unnest(j.keys) AS k(key);
TRUNCATE uncache.journal;
-- the same in nested blocks, of which the outer one is rolled back: nothing is left
BEGIN;
UPDATE t SET v = 3 WHERE id <= 2;
DO $$
BEGIN
	FOR i IN 1..20000 LOOP
		BEGIN
			UPDATE t SET v = 2 WHERE id = i;
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
	END LOOP;
	RAISE EXCEPTION 'outer';
EXCEPTION WHEN raise_exception THEN
	NULL;
END
$$;
SELECT kb < 2 * 1024 AS is_flat FROM memory;
COMMIT;
SELECT keys FROM uncache.journal;
TRUNCATE uncache.journal;
RESET uncache.pending_limit;
-- expressions over many rows, and those that fail
SELECT uncache.watch('t', 't:{id || ''x''}', 'f:{1 / (id % 100)}');
SET client_min_messages = error;
BEGIN;
UPDATE t SET v = 4 WHERE id <= 100000;
SELECT kb < 16 * 1024 AS is_flat FROM memory;
COMMIT;
-- nothing is left behind
SELECT kb < 1024 AS is_released FROM memory;
-- a rule that is compiled again and again
DO $$
BEGIN
	FOR i IN 1..2000 LOOP
		EXECUTE 'ALTER TABLE t ALTER v SET DEFAULT ' || i;
		UPDATE t SET v = 5 WHERE id = 1;
		COMMIT;
	END LOOP;
END
$$;
SELECT kb < 1024 AS is_released FROM memory;
