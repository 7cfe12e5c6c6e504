-- When nothing can be proven, everything that the rules can produce is deleted.
\set test resync
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int, a text);
CREATE TABLE u (id int);
CREATE TABLE p (id int) PARTITION BY LIST (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
SELECT uncache.watch('t', 't:{id}', 'fixed', 'api://t:{a}', '{{{id}}}:[x]*', '{a}{a}-{id}', 'both:{id}', 'api://fixed');
SELECT uncache.watch('u', 'both:{id}', 'fixed');
SELECT uncache.watch('p', 'p:{id}');
CREATE TRIGGER hand AFTER UPDATE OF a ON t FOR EACH ROW WHEN (NEW.id > 5) EXECUTE FUNCTION uncache.keys('hand:{lower(a)}', 'broken:{');

-- what the rules can produce, without duplicates
SELECT * FROM uncache.resync_keys('default') ORDER BY action, key COLLATE "C";
SELECT * FROM uncache.resync_keys('api') ORDER BY action, key COLLATE "C";
SELECT * FROM uncache.resync_keys('nobody');
SELECT * FROM uncache.resync_keys(NULL);

-- proven: nothing to do
SELECT state, reason FROM uncache.attach('default');
-- a crash of PostgreSQL empties unlogged tables
DELETE FROM uncache.markers;
SELECT state, resync_reason FROM uncache.status WHERE target = 'default';
SELECT state, reason FROM uncache.attach('default');
SELECT state, reason FROM uncache.attach('default');
SELECT uncache.resynced('default');
SELECT state, reason FROM uncache.attach('default');
-- another consumer has to find out for itself
SELECT state, reason FROM uncache.attach('api');
SELECT uncache.resynced('api');

-- a restored database, a changed timeline, a promoted standby
UPDATE uncache.consumers SET identity = 'system 1, timeline 1, database 1' WHERE target = 'default';
SELECT state, regexp_replace(reason, 'this is .*', 'this is …') AS reason FROM uncache.attach('default');
-- asked for and not finished: a new session has to do it again
\connect -
CALL await_end_of_last_session();
SELECT state, regexp_replace(reason, 'this is .*', 'this is …') AS reason FROM uncache.attach('default');
SELECT uncache.resynced('default');
SELECT state, reason FROM uncache.attach('default');
-- a cursor from another history goes on where it was: what was invalidated by hand is in no rule
SELECT uncache.invalidate('by hand');
UPDATE uncache.consumers SET identity = 'another' WHERE target = 'default';
SELECT state, cursor FROM uncache.attach('default') \gset
SELECT :'state', keys FROM uncache.fetch('default', :'cursor', 1000, false) WHERE 'by hand' = ANY (keys);
-- but not with ids that were never given out here
UPDATE uncache.consumers SET identity = 'another', cursor = '900000000000:900000000000:' WHERE target = 'default';
SELECT state, cursor::pg_snapshot IS NOT NULL AND cursor !~ '900000000000' AS is_of_here FROM uncache.attach('default');
UPDATE uncache.consumers SET identity = 'another', cursor = '3:3:/900000000000.1' WHERE target = 'default';
SELECT state, cursor::pg_snapshot IS NOT NULL AND cursor !~ '900000000000' AS is_of_here FROM uncache.attach('default');
SELECT uncache.resynced('default');
-- a copy of the database
\set copy :database _copy
SET client_min_messages = warning;
DROP DATABASE IF EXISTS :copy;
\connect postgres
CREATE DATABASE :copy TEMPLATE :database;
\connect :copy
SELECT state, reason LIKE 'another history: %' AS is_another FROM uncache.attach('default');
\connect :database
DROP DATABASE :copy;

-- what is written during a resync is fetched behind it
SELECT state FROM uncache.attach('default');
UPDATE uncache.consumers SET resync_reason = 'asked for' WHERE target = 'default';
SELECT state, reason, cursor FROM uncache.attach('default') \gset
SELECT :'state', :'reason';
INSERT INTO u VALUES (7);
SELECT keys FROM uncache.fetch('default', :'cursor', 1000, false) WHERE keys IS NOT NULL;
-- acknowledging does not end it, resynced() does
SELECT next_cursor FROM uncache.fetch('default', :'cursor', 1000, false) WHERE next_cursor IS NOT NULL \gset
SELECT uncache.ack('default', :'next_cursor');
SELECT state FROM uncache.attach('default');
SELECT uncache.resynced('default');
SELECT state FROM uncache.attach('default');

-- which Redis process the deletes go to
SELECT state, reason FROM uncache.attach('default', 'redis-1');
SELECT uncache.resynced('default');
SELECT state, reason FROM uncache.attach('default', 'redis-1');
-- Redis is down, so that nobody knows
SELECT state, reason FROM uncache.attach('default');
SELECT state, reason FROM uncache.attach('default', 'redis-1');
-- another one; the journal is read on from the cursor, for what is in no rule
INSERT INTO u VALUES (8);
SELECT cursor AS before FROM uncache.attach('default', 'redis-1') \gset
SELECT state, reason, cursor FROM uncache.attach('default', 'redis-2') \gset
SELECT :'state', :'reason', :'cursor' = :'before' AS cursor_stays;
SELECT keys FROM uncache.fetch('default', :'cursor', 1000, false) WHERE keys IS NOT NULL;
-- until that is resynced, the reason stays
SELECT state, reason FROM uncache.attach('default', 'redis-3');
SELECT uncache.resynced('default');
SELECT state, reason FROM uncache.attach('default', 'redis-3');
