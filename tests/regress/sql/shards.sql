-- A position in a Redis Cluster is one for each shard: what one shard may have lost is applied again from the newest
-- position that is in its history; a shard of which nothing is known makes a resync.
\set test shards
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

SELECT uncache.drop_consumer('api');
CREATE TABLE t (id int);
SELECT uncache.watch('t', 't:{id}');

-- A shard: server, replication id, offset, and the second ones.
CREATE FUNCTION shard(server text, replid text, repl_offset bigint, replid2 text DEFAULT NULL, second_repl_offset bigint DEFAULT NULL)
	RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object('server', server, 'replid', replid, 'repl_offset', repl_offset,
		'replid2', replid2, 'second_repl_offset', second_repl_offset))
$$;
-- Attaches; shows what has to be applied again.
CREATE FUNCTION attach(VARIADIC shards jsonb[]) RETURNS TABLE (state text, reason text, keys text) LANGUAGE plpgsql AS $$
DECLARE
	a record;
BEGIN
	SELECT * INTO STRICT a FROM uncache.attach_cluster('default', to_jsonb(shards), 'database 0, prefix ');
	RETURN QUERY SELECT a.state, regexp_replace(a.reason, ' last \d+ s', ' last … s'), string_agg(f.keys::text, ' ')
		FROM uncache.fetch('default', a.cursor, 2000000000, false) f;
END
$$;
-- Changes a row, and acknowledges all that there is with a position of what was acknowledged before, seconds ago.
CREATE PROCEDURE change(id int, repl_offsets jsonb, seconds int) LANGUAGE plpgsql AS $$
DECLARE
	start text := (SELECT c.cursor FROM uncache.consumers c WHERE c.target = 'default');
BEGIN
	EXECUTE format('INSERT INTO t VALUES (%s)', id);
	COMMIT;
	PERFORM uncache.ack_cluster('default', f.next_cursor, repl_offsets)
		FROM uncache.fetch('default', start, 2000000000, false) f WHERE f.next_cursor IS NOT NULL;
	UPDATE uncache.positions p SET slot = now() - make_interval(secs => seconds) WHERE p.repl_offsets = change.repl_offsets;
END
$$;
-- Three changes behind one another: 1 is in what the second position stands for, 2 in the third one, 3 in none.
CREATE PROCEDURE start_over() LANGUAGE plpgsql AS $$
BEGIN
	UPDATE uncache.consumers SET shards = '{"a": "run-a", "b": "run-b", "c": "run-c"}', server = NULL, replid = NULL, resync_reason = NULL;
	DELETE FROM uncache.positions;
	DELETE FROM uncache.journal;
	COMMIT;
	CALL change(1, '{"a": 100, "b": 1000, "c": 10}', 30);
	CALL change(2, '{"a": 200, "b": 2000, "c": 10}', 20);
	CALL change(3, '{"a": 300, "b": 3000, "c": 10}', 10);
END
$$;
CREATE VIEW positions AS SELECT repl_offset, repl_offsets, cursor = (SELECT c.cursor FROM uncache.consumers c WHERE c.target = 'default') AS is_current
	FROM uncache.positions ORDER BY slot;
CREATE VIEW consumer AS SELECT shards, server, replid, address, resync_reason FROM uncache.consumers WHERE target = 'default';
\set a shard('''run-a''', '''a''', 300)
\set b shard('''run-b''', '''b''', 3000)
\set c shard('''run-c''', '''c''', 10)

-- the first one, of which nothing is known
SELECT * FROM attach(:a, :b, :c);
SELECT * FROM consumer;
SELECT uncache.resynced('default');
CALL start_over();
SELECT * FROM positions;

-- the same processes go on with their histories
SELECT * FROM attach(:a, :b, :c);
SELECT * FROM attach(:c, shard('run-a', 'a', 5000, 'x', 7), :b);
SELECT * FROM positions;
SELECT * FROM consumer;

-- a replica took the place of one, which has followed up to offset 300, 299, …
SELECT * FROM attach(shard('run-d', 'd', 400, 'a', 301), :b, :c);
SELECT * FROM positions;
SELECT * FROM consumer;
-- and again: nothing is lost any more
SELECT * FROM attach(shard('run-d', 'd', 400, 'a', 301), :b, :c);
CALL start_over();
SELECT * FROM attach(shard('run-d', 'd', 400, 'a', 300), :b, :c);
-- what was gone back to, and what is older, can be gone back to again, also for another one
SELECT * FROM positions;
SELECT * FROM attach(shard('run-d', 'd', 400, 'a', 300), shard('run-e', 'e', 9, 'b', 1500), :c);
SELECT * FROM positions;
SELECT * FROM consumer;
CALL change(4, '{"d": 500, "e": 50, "c": 10}', 5);
CALL change(5, '{"d": 600, "e": 50, "c": 11}', 4);
SELECT * FROM attach(shard('run-f', 'f', 1, 'd', 550), shard('run-e', 'e', 50), shard('run-c', 'c', 11));
CALL start_over();
-- none is in it
SELECT * FROM attach(shard('run-d', 'd', 400, 'a', 100), :b, :c);
SELECT * FROM positions;
SELECT * FROM consumer;

-- two at once: the newest that is in both
CALL start_over();
SELECT * FROM attach(shard('run-d', 'd', 400, 'a', 301), shard('run-e', 'e', 9, 'b', 2001), :c);
CALL start_over();
SELECT * FROM attach(shard('run-d', 'd', 400, 'a', 101), shard('run-e', 'e', 9, 'b', 3001), :c);
CALL start_over();
SELECT * FROM attach(shard('run-d', 'd', 400, 'a', 301), shard('run-e', 'e', 9, 'b', 1000), :c);
-- a shard whose offset stands still has nothing to lose
CALL start_over();
SELECT * FROM attach(:a, :b, shard('run-d', 'd', 10, 'c', 11));

-- a position without the offset of a shard is of no use for it
CALL start_over();
UPDATE uncache.positions SET repl_offsets = repl_offsets - 'a' WHERE repl_offsets ->> 'a' = '300';
SELECT * FROM attach(shard('run-d', 'd', 400, 'a', 301), :b, :c);

-- nothing is known of it: who joined, was started again, followed somebody else, or was away for two failovers
CALL start_over();
SELECT * FROM attach(:a, :b, :c, shard('run-d', 'd', 0));
SELECT uncache.resynced('default');
CALL start_over();
SELECT * FROM attach(shard('run-d', 'd', 400, 'x', 9999), :b, :c);
CALL start_over();
SELECT * FROM attach(shard('run-d', 'a', 400, 'b', 9999), :b, :c);
CALL start_over();
SELECT * FROM attach(shard('run-a', 'd', 400), :b, :c);
-- who has gone back
CALL start_over();
SELECT * FROM attach(shard('run-a', 'a', 299), :b, :c);
-- who is gone
CALL start_over();
SELECT * FROM attach(:a, :b);
-- two that are the same
CALL start_over();
SELECT * FROM attach(:a, :b, :c, :c);

-- what comes between is not forgotten: a resync goes before a position
CALL start_over();
UPDATE uncache.consumers SET resync_reason = 'for a reason' WHERE target = 'default';
SELECT * FROM attach(shard('run-d', 'd', 400, 'a', 301), :b, :c);
-- no position during a resync
SELECT uncache.ack_cluster('default', cursor, '{"d": 1, "b": 1, "c": 1}') FROM uncache.consumers WHERE target = 'default';
SELECT * FROM positions;

-- from a single Redis to a cluster, and back
SELECT uncache.resynced('default');
SELECT state, reason FROM uncache.attach('default', 'run-a', 'a', 300, NULL, 0, 'database 0, prefix ', 'here');
SELECT * FROM consumer;
SELECT uncache.resynced('default');
SELECT * FROM attach(:a, :b, :c);
SELECT uncache.resynced('default');
-- none is there: nobody knows yet
SELECT state, reason FROM uncache.attach('default', NULL, NULL, 0, NULL, 0, 'database 0, prefix ', 'Redis Cluster');
SELECT * FROM attach(:a, :b, :c);
-- one that does not tell which it is
SELECT state, reason FROM uncache.attach('default', '', NULL, 0, NULL, 0, 'database 0, prefix ', 'Redis Cluster');
SELECT uncache.resynced('default');
SELECT state, reason FROM uncache.attach('default', '', NULL, 0, NULL, 0, 'database 0, prefix ', 'Redis Cluster');
SELECT * FROM consumer;
SELECT * FROM attach(:a, :b, :c);
SELECT uncache.resynced('default');
-- another place
SELECT state, reason FROM uncache.attach_cluster('default', to_jsonb(ARRAY[:a, :b, :c]), 'database 0, prefix x');
SELECT uncache.resynced('default');

-- what is no description of shards
SELECT uncache.attach_cluster('default', x::jsonb) FROM (VALUES (NULL)) v(x);
SELECT uncache.attach_cluster('default', '[]');
SELECT uncache.attach_cluster('default', '{}');
SELECT uncache.attach_cluster('default', '"a"');
SELECT uncache.attach_cluster('default', '[1]');
SELECT uncache.attach_cluster('default', '[null]');
SELECT uncache.attach_cluster('default', '[[]]');
SELECT uncache.attach_cluster('default', '[{"server": "a", "replid": "b"}]');
SELECT uncache.attach_cluster('default', '[{"server": "a", "replid": "b", "repl_offset": -1}]');
SELECT uncache.attach_cluster('default', '[{"server": "a", "replid": "b", "repl_offset": 1e30}]');
SELECT uncache.attach_cluster('default', '[{"server": "", "replid": "b", "repl_offset": 1}]');
SELECT uncache.attach_cluster('default', '[{"server": "a", "replid": "b\n", "repl_offset": 1}]');
SELECT uncache.attach_cluster('default', '[{"server": "a", "replid": {}, "repl_offset": 1}]');
SELECT uncache.attach_cluster('default', '[{"server": "a", "replid": "b", "repl_offset": 1, "replid2": ""}]');
SELECT uncache.attach_cluster('default', '[{"server": "a", "replid": "b", "repl_offset": 1, "second_repl_offset": []}]');
SELECT uncache.attach_cluster('default', (SELECT jsonb_agg(shard('s', 'r' || n, 0)) FROM generate_series(1, 1001) n));
SELECT * FROM consumer;
-- nor offsets
SELECT cursor FROM uncache.consumers WHERE target = 'default' \gset
SELECT uncache.ack_cluster('default', :'cursor', '{"a": 1, "b": 2, "c": 3}');
SELECT uncache.ack_cluster('default', :'cursor', '{"a": 1, "b": 2}');
SELECT uncache.ack_cluster('default', :'cursor', '{"a": 1, "b": 2, "d": 3}');
SELECT uncache.ack_cluster('default', :'cursor', '{"a": 1, "b": 2, "c": null}');
SELECT uncache.ack_cluster('default', :'cursor', '{"a": 1, "b": 2, "c": "x"}');
SELECT uncache.ack_cluster('default', :'cursor', '[]');
SELECT repl_offsets FROM positions;
-- nor of a single Redis
SELECT state FROM uncache.attach('default', 'run-a', 'a', 300, NULL, 0, 'database 0, prefix x', 'here');
SELECT uncache.resynced('default');
SELECT uncache.ack_cluster('default', :'cursor', '{}');
-- nor of a consumer that somebody else works for, or nobody
SELECT uncache.ack_cluster('unknown', :'cursor', '{}');

-- a thousand of them
SELECT state, reason FROM uncache.attach_cluster('default', (SELECT jsonb_agg(shard('s' || n, 'r' || n, n)) FROM generate_series(1, 1000) n), 'database 0, prefix x');
SELECT uncache.resynced('default');
SELECT uncache.ack_cluster('default', :'cursor', (SELECT jsonb_object_agg('r' || n, n) FROM generate_series(1, 1000) n));
SELECT state, regexp_replace(reason, ' last \d+ s', ' last … s') FROM uncache.attach_cluster('default',
	(SELECT jsonb_agg(shard('t' || n, 't' || n, n, 'r' || n, n + 1)) FROM generate_series(1, 1000) n), 'database 0, prefix x');

SELECT uncache.drop_consumer('default');
SELECT count(*) FROM uncache.positions;
