-- Looking on: each key once, of every target, without a consumer; and what was trimmed unseen is told.
\set test tail
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE item (id int);
SELECT uncache.watch('item', 'item:{id}', 'api://item:{id}');
INSERT INTO item VALUES (0);

-- it begins now
SELECT xid, target, key, next_cursor IS NOT NULL AS has_cursor FROM uncache.tail(NULL, 1000);
SELECT next_cursor AS begin FROM uncache.tail(NULL, 1000) \gset
SELECT next_cursor IS NOT NULL AS has_cursor, key FROM uncache.tail(:'begin', 1000);

BEGIN;
INSERT INTO item VALUES (1), (2);
SELECT pg_current_xact_id() AS xid \gset
-- what is not committed is not there
SELECT key FROM uncache.tail(:'begin', 1000) WHERE key IS NOT NULL;
COMMIT;
SELECT xid = :'xid' AS is_mine, at > now() - interval '1 min' AS has_time, target, action, key FROM uncache.tail(:'begin', 100000) WHERE key IS NOT NULL ORDER BY target, key;
SELECT next_cursor AS after FROM uncache.tail(:'begin', 100000) WHERE next_cursor IS NOT NULL \gset
SELECT key FROM uncache.tail(:'after', 100000) WHERE key IS NOT NULL;
-- no consumer has moved
SELECT target, pending_rows FROM uncache.status ORDER BY target;

-- in pieces of at least one row
CREATE FUNCTION read_all(cursor text, max_bytes int, OUT key text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	row record;
	was text;
BEGIN
	LOOP
		was := cursor;
		FOR row IN SELECT * FROM uncache.tail(cursor, max_bytes) LOOP
			key := row.key;
			IF key IS NOT NULL THEN
				RETURN NEXT;
			END IF;
			cursor := coalesce(row.next_cursor, cursor);
		END LOOP;
		EXIT WHEN cursor = was;
	END LOOP;
END
$$;
INSERT INTO item VALUES (3);
INSERT INTO item VALUES (4);
SELECT key, count(*) FROM read_all(:'begin', 1) key GROUP BY key ORDER BY key;

-- a resync; and what could not be journalled
SELECT next_cursor AS begin FROM uncache.tail(NULL, 1000) \gset
SELECT uncache.invalidate_all();
SELECT DISTINCT target, action, key FROM uncache.tail(:'begin', 100000) WHERE key IS NOT NULL ORDER BY target;
SELECT next_cursor AS begin FROM uncache.tail(NULL, 1000) \gset
INSERT INTO uncache.gaps VALUES (pg_current_xact_id(), clock_timestamp(), 'a test');
SELECT target, action, key FROM uncache.tail(:'begin', 100000) WHERE key IS NOT NULL;

-- what was trimmed before it was seen
SELECT next_cursor AS begin FROM uncache.tail(NULL, 1000) \gset
BEGIN;
INSERT INTO item VALUES (5);
SELECT pg_current_xact_id() AS xid \gset
COMMIT;
SELECT next_cursor AS after FROM uncache.tail(:'begin', 100000) WHERE next_cursor IS NOT NULL \gset
SET uncache.retention = 0;
UPDATE uncache.segments SET opened_at = opened_at - interval '1 hour', closed_at = closed_at - interval '1 hour';
SELECT uncache.drop_consumer('api'), uncache.drop_consumer('default');
SELECT uncache.trim() >= 0 AS trims;
SELECT count(*) FROM uncache.journal;
SELECT xid >= :'xid' AS tells, key FROM uncache.tail(:'begin', 100000) WHERE next_cursor IS NULL;
-- who had seen it is told of nothing
SELECT xid, key FROM uncache.tail(:'after', 100000) WHERE next_cursor IS NULL;

-- cursors that are none, or come from elsewhere
SELECT * FROM uncache.tail('nonsense', 1000);
SELECT * FROM uncache.tail('1:999999999999:', 1000);
