-- A large transaction is written to the journal before it ends, each savepoint level by itself.
\set test spill
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

SET uncache.pending_limit = '64kB';
CREATE TABLE t (id int, level text);
SELECT uncache.watch('t', 'key of some length:{level}:{id}');

-- What is in the journal, by level: how many distinct keys of those that should be there.
CREATE VIEW spilled AS
	SELECT split_part(k.key, ':', 2) AS level, count(*) >= count(DISTINCT k.key) AS is_sane, count(DISTINCT k.key) AS keys
	FROM uncache.journal j, unnest(j.keys) AS k(key)
	GROUP BY 1 ORDER BY 1;
CREATE FUNCTION fill(level text, count int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO t SELECT n, level FROM generate_series(1, count) n
$$;

-- written early, and the rest at the commit
BEGIN;
SELECT fill('top', 5000);
SELECT count(*) > 0 AS is_written_early FROM uncache.journal;
COMMIT;
SELECT * FROM spilled;
SELECT count(DISTINCT xid) AS transactions, count(*) = count(DISTINCT part) AS parts_differ, min(part) FROM uncache.journal;
SELECT max(pg_column_size(keys)) < 8000 AS fit_on_a_page FROM uncache.journal;
DELETE FROM uncache.journal;
-- rolled back
BEGIN;
SELECT fill('top', 5000);
ROLLBACK;
SELECT * FROM spilled;
-- inner levels that were written early vanish with their savepoint, outer entries stay
BEGIN;
SELECT fill('top', 100);
SAVEPOINT a;
SELECT fill('a', 5000);
SELECT level, keys > 100 AS is_written_early FROM spilled;
ROLLBACK TO a;
COMMIT;
SELECT * FROM spilled;
DELETE FROM uncache.journal;
-- the same keys inside and outside: the outer ones survive
BEGIN;
SELECT fill('same', 100);
SAVEPOINT a;
SELECT fill('same', 5000);
ROLLBACK TO a;
SELECT fill('same', 200);
COMMIT;
SELECT * FROM spilled;
DELETE FROM uncache.journal;
-- written early outside, again inside, rolled back
BEGIN;
SELECT fill('twice', 5000);
SAVEPOINT a;
SELECT fill('twice', 5000);
ROLLBACK TO a;
COMMIT;
SELECT * FROM spilled;
DELETE FROM uncache.journal;
-- three levels: released into a level that is rolled back; released to the top
BEGIN;
SELECT fill('top', 3000);
SAVEPOINT a;
SELECT fill('a', 3000);
SAVEPOINT b;
SELECT fill('b', 3000);
RELEASE b;
ROLLBACK TO a;
SAVEPOINT c;
SELECT fill('c', 3000);
SAVEPOINT d;
SELECT fill('d', 3000);
RELEASE c;
SELECT fill('top2', 10);
COMMIT;
SELECT * FROM spilled;
DELETE FROM uncache.journal;
-- an outer level over the limit, many small inner ones
BEGIN;
SELECT fill('top', 400);
DO $$
BEGIN
	FOR i IN 1..2000 LOOP
		BEGIN
			INSERT INTO t VALUES (i, CASE WHEN i % 3 = 0 THEN 'rolled back' ELSE 'kept' END);
			IF i % 3 = 0 THEN
				RAISE EXCEPTION 'no';
			END IF;
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
	END LOOP;
END
$$;
COMMIT;
SELECT * FROM spilled;
DELETE FROM uncache.journal;
-- an error after writing early, caught
DO $$
BEGIN
	PERFORM fill('top', 10);
	BEGIN
		PERFORM fill('lost', 5000);
		PERFORM 1 / 0;
	EXCEPTION WHEN division_by_zero THEN
		PERFORM fill('handler', 5000);
	END;
END
$$;
SELECT * FROM spilled;
DELETE FROM uncache.journal;
-- two targets and patterns
SELECT uncache.watch('t', 'api://key of some length:{level}:{id}', 'key of some length:{level}:{id}:{1/(id % 2)}');
SET client_min_messages = error;
SELECT fill('mixed', 4000);
RESET client_min_messages;
SELECT j.target, j.action, count(DISTINCT k.key) FROM uncache.journal j, unnest(j.keys) AS k(key) GROUP BY 1, 2 ORDER BY 1, 2;
DELETE FROM uncache.journal;
-- two-phase commit of a large transaction
SELECT uncache.watch('t', 'key of some length:{level}:{id}');
BEGIN;
SELECT fill('prepared', 3000);
SAVEPOINT a;
SELECT fill('rolled back', 3000);
ROLLBACK TO a;
PREPARE TRANSACTION 'large';
SELECT * FROM spilled;
COMMIT PREPARED 'large';
SELECT * FROM spilled;
DELETE FROM uncache.journal;
-- deduplicated: what comes again before it is written is written once
BEGIN;
SELECT fill('once', 100), fill('once', 100), fill('once', 100);
COMMIT;
SELECT sum(cardinality(keys)) FROM uncache.journal;
