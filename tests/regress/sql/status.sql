-- What waits: counted while it is little, estimated beyond; and which rules have made it.
\set test status
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE item (id int PRIMARY KEY, tenant int);
CREATE TABLE note (id int);
CREATE TABLE sale (id int);
SELECT uncache.watch('item', 'item:{id}', 'tenant:{tenant}'), uncache.watch('note', tags => ARRAY['api://note:{id}']),
	uncache.watch('sale', versions => ARRAY['50%_off:{id}'], patterns => ARRAY['sale:{id}:*']);
-- one row of the journal for each transaction
CREATE PROCEDURE change(first int, last int, statement text) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN first .. last LOOP
		EXECUTE format(statement, i);
		COMMIT;
	END LOOP;
END
$$;

-- little: counted
CALL change(1, 20, 'INSERT INTO item VALUES (%1$s, 7)');
CALL change(1, 3, 'INSERT INTO note VALUES (%1$s)');
SELECT target, pending_rows, pending_keys, pending_is_estimate, lag > interval '0' AS lags FROM uncache.status ORDER BY target;
SELECT t.target, c.* FROM (VALUES ('api'), ('default'), ('none')) t(target), uncache.count_pending(t.target) c ORDER BY 1;

-- by rule
CALL change(1, 4, 'INSERT INTO sale VALUES (%1$s)');
SELECT uncache.invalidate('by_hand:1', 'other:2');
SELECT relation, rule, target, keys_1min, keys_5min, last_at > now() - interval '1 min' AS is_new, is_estimate
FROM uncache.activity ORDER BY relation::text COLLATE "C", rule, target;
-- a rule that has made nothing; and one that may have made the same keys
CREATE TABLE idle (id int);
SELECT uncache.watch('idle', 'item:{id}', 'api://idle:{id}');
SELECT relation, target, keys_1min FROM uncache.activity WHERE relation IN ('item'::regclass, 'idle'::regclass)
ORDER BY relation::text COLLATE "C", target;
-- what is older than a minute, than five minutes
UPDATE uncache.journal SET at = at - interval '2 min' WHERE target = 'api';
UPDATE uncache.journal SET at = at - interval '6 min' WHERE keys && '{item:1,item:2}';
SELECT relation, target, keys_1min, keys_5min FROM uncache.activity WHERE relation IN ('item'::regclass, 'note'::regclass)
ORDER BY relation::text COLLATE "C", target;

-- patterns of Redis as those of LIKE
SELECT glob, "like", text, text LIKE "like" AS fits
FROM (VALUES ('a*', 'a:1'), ('a\*b', 'a*b'), ('a\*b', 'axb'), ('50%:*', '50%:1'), ('50%:*', '50x:1'), ('a_b', 'axb'), ('a\\*', 'a\x'),
	('a\_?', 'a_x'), ('a\\\*', 'a\*'), ('a*\', 'a:\'), ('a\\\', 'a\\')) p(glob, text), uncache_internal.glob_to_like(glob) "like";

-- much: estimated, near to what is there, for each target
INSERT INTO uncache.journal_1 (xid, part, at, target, action, keys)
SELECT pg_current_xact_id(), i, clock_timestamp(), CASE WHEN i % 4 = 0 THEN 'api' ELSE 'default' END, 'keys', ARRAY['item:' || i, 'tenant:' || i % 100]
FROM generate_series(1, 40000) i;
SELECT s.target, s.pending_is_estimate, s.pending_rows BETWEEN c.row_count * 0.95 AND c.row_count * 1.05 AS rows_are_near,
	s.pending_keys BETWEEN c.key_count * 0.95 AND c.key_count * 1.05 AS keys_are_near, c.*, s.lag > interval '0' AS lags
FROM uncache.status s, uncache.count_pending(s.target) c ORDER BY s.target;
SELECT relation, target, keys_1min BETWEEN 28000 AND 32000 AS is_near, is_estimate FROM uncache.activity WHERE relation = 'idle'::regclass OR relation = 'item'::regclass
ORDER BY relation::text COLLATE "C", target;
-- of one that has consumed them nothing is left, though the rows are still there
SELECT cursor FROM uncache.attach('api') \gset
SELECT next_cursor FROM uncache.fetch('api', :'cursor', 100000000, false) WHERE next_cursor IS NOT NULL \gset
SELECT uncache.ack('api', :'next_cursor');
SELECT target, pending_rows > 0 AS waits, pending_is_estimate, lag > interval '0' AS lags FROM uncache.status ORDER BY target;

-- who may look
CREATE ROLE status_monitor;
GRANT pg_monitor TO status_monitor;
CREATE ROLE status_daemon;
SELECT uncache.grant_consumer('status_daemon');
CREATE ROLE status_nobody;
SET ROLE status_monitor;
SELECT count(*) FROM uncache.status;
SELECT count(*) > 0 AS has_rules FROM uncache.activity;
SELECT row_count > 0 AS waits FROM uncache.count_pending('default');
SELECT count(*) FROM uncache.tail(NULL, 1000);
SELECT * FROM uncache_internal.recent_keys(now());
SET ROLE status_daemon;
SELECT count(*) FROM uncache.read_status();
SELECT count(*) FROM uncache.status;
SELECT count(*) FROM uncache.tail(NULL, 1000);
SELECT count(*) FROM uncache.activity;
SELECT * FROM uncache_internal.read_tail(NULL, 1000);
SELECT * FROM uncache_internal.estimate_behind('default', '1:1:');
SET ROLE status_nobody;
SELECT count(*) FROM uncache.read_status();
RESET ROLE;
DROP OWNED BY status_daemon;
DROP ROLE status_monitor, status_daemon, status_nobody;
