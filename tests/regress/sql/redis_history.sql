-- What a Redis that took another one's place may have lost is applied again from the
-- newest position that its history has in it; without one there is a resync.
\set test redis_history
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

SELECT uncache.drop_consumer('api');
CREATE TABLE t (id int);
SELECT uncache.watch('t', 't:{id}');

-- Changes a row, and acknowledges all that there is with a position of what was
-- acknowledged before, seconds ago.
CREATE PROCEDURE change(id int, repl_offset bigint, seconds int) LANGUAGE plpgsql AS $$
DECLARE
	start text := (SELECT c.cursor FROM uncache.consumers c WHERE c.target = 'default');
BEGIN
	EXECUTE format('INSERT INTO t VALUES (%s)', id);
	COMMIT;
	PERFORM uncache.ack('default', f.next_cursor, repl_offset) FROM uncache.fetch('default', start, 2000000000, false) f WHERE f.next_cursor IS NOT NULL;
	-- later than that of the change before it
	UPDATE uncache.positions p SET slot = now() - make_interval(secs => seconds) WHERE p.repl_offset = change.repl_offset;
END
$$;
-- Attaches to a Redis; shows what has to be applied again.
CREATE FUNCTION attach(server text, replid text, repl_offset bigint, replid2 text DEFAULT NULL, second_repl_offset bigint DEFAULT 0)
	RETURNS TABLE (state text, reason text, keys text) LANGUAGE plpgsql AS $$
DECLARE
	a record;
BEGIN
	SELECT * INTO STRICT a FROM uncache.attach('default', server, replid, repl_offset, replid2, second_repl_offset);
	RETURN QUERY SELECT a.state, regexp_replace(a.reason, ' last \d+ s', ' last … s'), string_agg(f.keys::text, ' ')
		FROM uncache.fetch('default', a.cursor, 2000000000, false) f;
END
$$;
-- Three changes behind one another: 1 is in what position 200 stands for, 2 in that of 300, 3 in none.
CREATE PROCEDURE start_over(replid text) LANGUAGE plpgsql AS $$
BEGIN
	UPDATE uncache.consumers SET server = 'run-a', replid = start_over.replid, resync_reason = NULL;
	DELETE FROM uncache.positions;
	DELETE FROM uncache.journal;
	COMMIT;
	CALL change(1, 100, 30);
	CALL change(2, 200, 20);
	CALL change(3, 300, 10);
END
$$;
CREATE VIEW positions AS SELECT repl_offset, cursor = (SELECT c.cursor FROM uncache.consumers c WHERE c.target = 'default') AS is_current
	FROM uncache.positions ORDER BY slot;

-- the first one, of which nothing is known
SELECT * FROM attach('run-a', 'a', 0);
SELECT uncache.resynced('default');
CALL start_over('a');
SELECT * FROM positions;

-- the same process goes on with its history
SELECT * FROM attach('run-a', 'a', 300);
SELECT * FROM attach('run-a', 'a', 5000, 'x', 100);
SELECT * FROM positions;

-- a replica took its place, which has followed up to offset 300, 299, …
SELECT * FROM attach('run-b', 'b', 400, 'a', 301);
SELECT * FROM positions;
SELECT server, replid FROM uncache.consumers WHERE target = 'default';
CALL start_over('a');
SELECT * FROM attach('run-b', 'b', 400, 'a', 300);
CALL start_over('a');
SELECT * FROM attach('run-b', 'b', 400, 'a', 201);
CALL start_over('a');
SELECT * FROM attach('run-b', 'b', 400, 'a', 200);
-- what was gone back to is where the new history begins: it can be gone back to again
CALL change(4, 500, 5);
CALL change(5, 600, 4);
SELECT * FROM attach('run-c', 'c', 700, 'b', 450);
SELECT * FROM attach('run-c', 'c', 700, 'b', 450);
CALL start_over('a');
-- none is in it
SELECT * FROM attach('run-b', 'b', 400, 'a', 100);
SELECT * FROM positions;
SELECT server, replid, resync_reason FROM uncache.consumers WHERE target = 'default';
-- and what is acknowledged until that is resynced is no position
CALL change(4, 500, 5);
SELECT * FROM positions;
SELECT * FROM attach('run-b', 'b', 600);
SELECT uncache.resynced('default');
CALL change(5, 700, 4);
SELECT * FROM positions;
SELECT * FROM attach('run-b', 'b', 700);

-- two failovers, of which nobody saw the first
CALL start_over('a');
SELECT * FROM attach('run-c', 'c', 900, 'b', 800);
CALL start_over('a');
-- started again, with the offset of its dump: the same name proves nothing
SELECT * FROM attach('run-b', 'a', 400);
CALL start_over('a');
SELECT * FROM attach('run-b', 'a', 400, 'b', 400);
CALL start_over('a');
-- the same process was somebody's replica meanwhile
SELECT * FROM attach('run-a', 'b', 400, 'a', 250);
CALL start_over('a');
SELECT * FROM attach('run-a', 'b', 400, 'x', 250);
CALL start_over('a');
-- its first replica came, or its last one went long ago
SELECT * FROM attach('run-a', 'b', 1);
CALL start_over('a');
-- it went back
SELECT * FROM attach('run-a', 'a', 299);
CALL start_over('a');
-- replication ids are not told
SELECT * FROM attach('run-b', NULL, 0, NULL, 0);
CALL start_over(NULL);
SELECT * FROM positions;
SELECT * FROM attach('run-a', NULL, 0);
SELECT * FROM attach('run-b', NULL, 0, NULL, 1000);

-- nobody is there: what is known stays
CALL start_over('a');
SELECT * FROM attach(NULL, NULL, 0);
SELECT * FROM positions;
SELECT * FROM attach('run-a', 'a', 300);
-- one that does not tell which it is: what follows is proven by nobody
SELECT * FROM attach('', NULL, 0);
SELECT server, replid FROM uncache.consumers WHERE target = 'default';
SELECT * FROM attach('', NULL, 0);
CALL change(4, 500, 5);
SELECT * FROM positions;
SELECT * FROM attach('run-a', 'a', 600);

-- what PostgreSQL cannot prove comes first
CALL start_over('a');
DELETE FROM uncache.markers;
SELECT * FROM attach('run-b', 'b', 400, 'a', 301);
SELECT * FROM positions;

-- a position keeps what is behind it, for as long as is retained; the newest one stays
CALL start_over('a');
SET uncache.retention = 15;
UPDATE uncache.segments SET opened_at = opened_at - interval '1 hour';
SELECT uncache.trim();
UPDATE uncache.segments SET closed_at = closed_at - interval '1 hour';
SELECT uncache.trim();
SELECT * FROM positions;
SELECT * FROM attach('run-b', 'b', 400, 'a', 301);
CALL start_over('a');
UPDATE uncache.segments SET opened_at = opened_at - interval '1 hour';
SELECT uncache.trim();
UPDATE uncache.segments SET opened_at = opened_at - interval '1 hour', closed_at = closed_at - interval '1 hour';
UPDATE uncache.positions SET slot = slot - interval '1 hour';
UPDATE uncache.consumers SET acked_at = acked_at - interval '1 hour';
SELECT uncache.trim();
SELECT * FROM positions;
SELECT * FROM attach('run-b', 'b', 400, 'a', 301);

-- not if it has been acknowledged for longer without any
SELECT cursor AS start FROM uncache.consumers WHERE target = 'default' \gset
INSERT INTO t VALUES (4);
SELECT uncache.ack('default', next_cursor) FROM uncache.fetch('default', :'start', 2000000000, false) WHERE next_cursor IS NOT NULL;
SELECT uncache.trim();
SELECT * FROM positions;

-- but if there has been nothing to acknowledge
SELECT uncache.ack('default', cursor, 500) FROM uncache.consumers WHERE target = 'default';
UPDATE uncache.positions SET slot = slot - interval '1 hour';
SELECT uncache.trim();
SELECT * FROM positions;

-- as many as there are 300th parts of the retention time
SET uncache.retention = '7d';
CALL start_over('a');
DELETE FROM uncache.positions;
SELECT uncache.ack('default', cursor, n) FROM uncache.consumers, generate_series(1000, 1005) n WHERE target = 'default';
SELECT count(*) <= 2 AS are_few, max(repl_offset) FROM uncache.positions;
RESET uncache.retention;

-- another place is another cache: whatever its Redis is, nothing can be gone back to
CALL start_over('a');
UPDATE uncache.consumers SET place = NULL;
SELECT state, reason FROM uncache.attach('default', 'run-a', 'a', 300, place => 'database 0, prefix a:');
SELECT uncache.resynced('default');
SELECT state, reason FROM uncache.attach('default', 'run-a', 'a', 300, place => 'database 0, prefix a:');
SELECT state, reason FROM uncache.attach('default', 'run-a', 'a', 300);
SELECT state, reason FROM uncache.attach('default', 'run-b', 'b', 300, 'a', 250, 'database 0, prefix b:');
SELECT * FROM positions;
SELECT uncache.resynced('default');
-- also before any Redis is there
SELECT state, reason FROM uncache.attach('default', place => 'database 0, prefix c:');
SELECT uncache.resynced('default');
SELECT state, reason FROM uncache.attach('default', place => 'database 0, prefix c:');
-- one that does not tell which one it is, is known by its address alone
SELECT state, reason FROM uncache.attach('default', '', address => 'here');
SELECT state, reason FROM uncache.attach('default', '', address => 'here');
SELECT state, reason FROM uncache.attach('default', '', address => 'there');
SELECT uncache.resynced('default');
SELECT state, reason FROM uncache.attach('default', '', address => 'there');
SELECT state, reason FROM uncache.attach('default', 'run-c', 'c', 1, address => 'here');
SELECT uncache.resynced('default');
SELECT state, reason FROM uncache.attach('default', '', address => 'anywhere');
CALL start_over('a');

-- gone with the consumer
SET uncache.max_lag = 1;
UPDATE uncache.consumers SET registered_at = now() - interval '1 hour' WHERE target = 'default';
INSERT INTO t VALUES (9);
UPDATE uncache.journal SET at = at - interval '1 hour';
SET client_min_messages = error;
SELECT uncache.trim();
RESET client_min_messages;
SELECT state FROM uncache.status WHERE target = 'default';
SELECT * FROM positions;
RESET uncache.max_lag;
SELECT state FROM uncache.attach('default');
SELECT state FROM uncache.attach('default');
SELECT uncache.resynced('default');
CALL start_over('a');
SELECT count(*) FROM uncache.positions;
SELECT uncache.drop_consumer('default');
SELECT count(*) FROM uncache.positions;
