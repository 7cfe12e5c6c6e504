-- uncache.pending_limit is a bound: a transaction never has more than twice that in memory, whatever its savepoints.
\set test pending_bound
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int, level int);
SELECT uncache.watch('t', 'a key that takes some room, more than its row does: {level}:{id}');
SET uncache.pending_limit = '64kB';
-- twice the limit, and what PostgreSQL needs to keep memory
CREATE VIEW memory AS
	SELECT total_bytes <= 2 * 64 * 1024 + 12 * 1024 AS is_bounded, total_bytes > 64 * 1024 AS is_used
	FROM pg_backend_memory_contexts WHERE name = 'uncache pending';
CREATE FUNCTION count_keys(OUT keys bigint, OUT levels bigint, OUT "rows" bigint) LANGUAGE sql AS $$
	SELECT count(DISTINCT k.key), count(DISTINCT split_part(k.key, ':', 2)), count(DISTINCT (j.xid, j.part))
	FROM uncache.journal j, unnest(j.keys) AS k(key)
$$;
-- as many open savepoints as it takes, each of which has less than a level that is written early
CREATE FUNCTION statements(level int, count int) RETURNS SETOF text LANGUAGE sql AS $$
	VALUES (format('SAVEPOINT s%s', level)), (format('INSERT INTO t SELECT n, %s FROM generate_series(1, %s) n', level, count))
$$;

-- of 2 MB of keys in 3000 open savepoints
BEGIN;
\set ECHO none
SELECT s FROM generate_series(1, 3000) n, statements(n, 5) s \gexec
\set ECHO all
SELECT * FROM memory;
SELECT rows > 0 AS has_written_early FROM count_keys();
COMMIT;
SELECT keys, levels FROM count_keys();
DELETE FROM uncache.journal;
-- rolled back to some savepoint: what was written early inside goes with it, what was outside stays
BEGIN;
\set ECHO none
SELECT s FROM generate_series(1, 3000) n, statements(n, 5) s \gexec
\set ECHO all
ROLLBACK TO s2001;
SELECT * FROM memory;
COMMIT;
SELECT keys, levels FROM count_keys();
DELETE FROM uncache.journal;
-- released one by one
BEGIN;
\set ECHO none
SELECT s FROM generate_series(1, 2000) n, statements(n, 5) s \gexec
SELECT format('RELEASE s%s', n) FROM generate_series(2000, 1, -1) n \gexec
\set ECHO all
SELECT is_bounded FROM memory;
COMMIT;
SELECT keys, levels FROM count_keys();
DELETE FROM uncache.journal;
-- a large level inside of many small ones, and outside
BEGIN;
\set ECHO none
SELECT s FROM generate_series(1, 200) n, statements(n, 5) s \gexec
\set ECHO all
INSERT INTO t SELECT n, 0 FROM generate_series(1, 20000) n;
SELECT is_bounded FROM memory;
ROLLBACK TO s100;
INSERT INTO t SELECT n, 0 FROM generate_series(1, 20000) n;
SELECT is_bounded FROM memory;
COMMIT;
SELECT keys, levels FROM count_keys();
DELETE FROM uncache.journal;
-- keys as long as keys may be
SET uncache.max_key_bytes = 16384;
SELECT uncache.watch('t', '{repeat(''k'', 16000)}:{level}:{id}');
BEGIN;
\set ECHO none
SELECT s FROM generate_series(1, 100) n, statements(n, 1) s \gexec
\set ECHO all
SELECT is_bounded FROM memory;
COMMIT;
SELECT keys, levels FROM count_keys();
