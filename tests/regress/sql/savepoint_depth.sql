-- Savepoints in each other, more than one has room for at first.
\set test savepoint_depth
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int PRIMARY KEY);
SELECT uncache.watch('t', 't:{id}');
-- a row in each level; the level that fails takes those above it along
CREATE FUNCTION nest(level int, deepest int, failing int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO t VALUES (level);
	IF level < deepest THEN
		PERFORM nest(level + 1, deepest, failing);
	END IF;
	IF level = failing THEN
		RAISE EXCEPTION 'level %', level;
	END IF;
EXCEPTION WHEN raise_exception THEN
	NULL;
END
$$;
CREATE FUNCTION journalled_ids(OUT count bigint, OUT first int, OUT last int)
	LANGUAGE sql AS $$
	SELECT count(*), min(split_part(key, ':', 2)::int), max(split_part(key, ':', 2)::int) FROM journalled()
$$;

SELECT nest(1, 100, 0);
SELECT * FROM journalled_ids();
TRUNCATE t;
SELECT * FROM journalled();
SELECT nest(1, 100, 51);
SELECT * FROM journalled_ids();
SELECT count(*), min(id), max(id) FROM t;
-- up and down again
TRUNCATE t;
SELECT * FROM journalled();
BEGIN;
SELECT nest(1, 10, 9);
SELECT nest(11, 100, 0);
SAVEPOINT a;
SELECT nest(101, 150, 0);
ROLLBACK TO a;
SELECT nest(151, 160, 152);
COMMIT;
SELECT * FROM journalled_ids();
SELECT count(*), min(id), max(id) FROM t;
