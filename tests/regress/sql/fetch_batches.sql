-- However a consumer cuts its batches, it gets every row once.
\set test fetch_batches
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

SET uncache.pending_limit = '64kB';
CREATE TABLE t (id int, pad text);
SELECT uncache.watch('t', 't:{id}:{pad}', 'api://a:{id}');

-- Reads all from a cursor on in batches, in one go; and how many batches that took.
CREATE FUNCTION read_all(target text, cursor text, max_bytes int, OUT batch int, OUT action text, OUT key text) RETURNS SETOF record
	LANGUAGE plpgsql AS $$
DECLARE
	r record;
	is_empty boolean;
BEGIN
	batch := 0;
	LOOP
		batch := batch + 1;
		is_empty := true;
		FOR r IN SELECT * FROM uncache.fetch(target, cursor, max_bytes, false) LOOP
			IF r.next_cursor IS NOT NULL THEN
				cursor := r.next_cursor;
				CONTINUE;
			END IF;
			is_empty := false;
			action := r.action;
			FOREACH key IN ARRAY r.keys LOOP
				RETURN NEXT;
			END LOOP;
		END LOOP;
		EXIT WHEN is_empty;
	END LOOP;
END
$$;
SELECT cursor FROM uncache.attach('default') \gset
SELECT cursor AS api_cursor FROM uncache.attach('api') \gset

-- small transactions, one of many parts, one with savepoints, one rolled back, patterns
INSERT INTO t VALUES (1, 'small');
INSERT INTO t VALUES (2, 'small');
INSERT INTO t SELECT n, repeat('x', 50) FROM generate_series(1000, 5999) n;
INSERT INTO t VALUES (3, 'small');
BEGIN;
INSERT INTO t SELECT n, repeat('y', 50) FROM generate_series(10000, 10999) n;
SAVEPOINT a;
INSERT INTO t SELECT n, repeat('z', 50) FROM generate_series(20000, 23999) n;
ROLLBACK TO a;
INSERT INTO t SELECT n, repeat('y', 50) FROM generate_series(11000, 12999) n;
COMMIT;
BEGIN;
INSERT INTO t SELECT n, repeat('w', 50) FROM generate_series(30000, 33999) n;
ROLLBACK;
TRUNCATE t;
INSERT INTO t VALUES (4, repeat('large', 3000));
INSERT INTO t VALUES (5, repeat('larger', 10000));

CREATE TABLE everything AS SELECT * FROM read_all('default', :'cursor', 2000000000);
SELECT count(*) AS keys, count(DISTINCT (action, key)) AS different, max(batch) AS batches FROM everything;
-- the same for each size of batch: keys that are missing, that came twice, and whether the order is the same
SELECT size, batches > 1 AS in_batches, missing, twice, in_order
FROM unnest(ARRAY[1, 100, 1000, 6999, 7000, 7001, 20000, 100000, 1000000]) AS size,
	LATERAL (
		WITH got AS MATERIALIZED (SELECT row_number() OVER () AS n, * FROM read_all('default', :'cursor', size))
		SELECT max(batch) AS batches,
			(SELECT count(*) FROM (SELECT action, key FROM everything EXCEPT ALL SELECT action, key FROM got) m) AS missing,
			(SELECT count(*) FROM (SELECT action, key FROM got EXCEPT ALL SELECT action, key FROM everything) m) AS twice,
			array_agg((action, key)::text ORDER BY n) = (SELECT array_agg((action, key)::text) FROM everything) AS in_order
		FROM got
	) r;
-- the other target, interleaved with it
SELECT count(*), count(DISTINCT (action, key)) FROM read_all('api', :'api_cursor', 1000);

-- acknowledged between the batches, by sessions that die in between
CREATE TABLE got (action text, key text);
CREATE PROCEDURE one_batch(max_bytes int) LANGUAGE plpgsql AS $$
DECLARE
	start text;
	r record;
BEGIN
	SELECT a.cursor INTO STRICT start FROM uncache.attach('default') a;
	FOR r IN SELECT * FROM uncache.fetch('default', start, max_bytes, false) LOOP
		IF r.next_cursor IS NULL THEN
			INSERT INTO got SELECT r.action, unnest(r.keys);
		ELSE
			PERFORM uncache.ack('default', r.next_cursor);
		END IF;
	END LOOP;
END
$$;
CALL one_batch(1);
\connect -
CALL await_end_of_last_session();
CALL one_batch(20000);
SELECT pending_rows > 0 AS is_behind FROM uncache.status WHERE target = 'default';
\connect -
CALL await_end_of_last_session();
CALL one_batch(100000);
CALL one_batch(1);
\connect -
CALL await_end_of_last_session();
INSERT INTO t VALUES (6, 'late');
CALL one_batch(2000000000);
SELECT pending_rows, pending_keys, lag FROM uncache.status WHERE target = 'default';
SELECT action, key FROM got EXCEPT ALL SELECT action, key FROM everything;
SELECT action, key FROM everything EXCEPT ALL SELECT action, key FROM got;
CALL one_batch(1);
SELECT count(*) = (SELECT count(*) + 1 FROM everything) AS nothing_more FROM got;

-- what pending_rows counts inside of a transaction that is half consumed
INSERT INTO t SELECT n, repeat('p', 50) FROM generate_series(1, 2000) n;
CALL one_batch(1);
SELECT pending_rows = (SELECT count(*) - 1 FROM uncache.journal WHERE target = 'default' AND keys[1] LIKE '%ppp%') AS counts_the_rest FROM uncache.status WHERE target = 'default';
