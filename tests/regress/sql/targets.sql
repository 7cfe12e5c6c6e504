-- What rules and consumers say of targets, for uncached --check-connections.
\set test targets
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int PRIMARY KEY, tenant text);
-- consumers without a rule
SELECT target, actions, state, worker_pid = pg_backend_pid() AS is_mine FROM uncache.targets() ORDER BY target;
-- rules of all kinds, for targets with and without a consumer
SELECT uncache.watch('t', 't:{id}', 'new://n:{id}');
SELECT uncache.watch('t', tags => ARRAY['tenant:{tenant}', 'api://all'], versions => ARRAY['counting://v:{tenant}']);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'queried://q:' || {id}$$]);
SELECT target, actions, state FROM uncache.targets() ORDER BY target;
-- a rule on a partition is its table's, one that is switched off is one
CREATE TABLE p (id int) PARTITION BY RANGE (id);
SELECT uncache.watch('p', 'parted://p:{id}');
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
ALTER TABLE p DISABLE TRIGGER ALL;
SELECT target, actions, state FROM uncache.targets() WHERE target = 'parted';
-- states
SELECT state FROM uncache.attach('new');
SELECT target, state FROM uncache.targets() WHERE target = 'new';
UPDATE uncache.consumers SET lost_at = now() WHERE target = 'new';
SELECT target, state FROM uncache.targets() WHERE target = 'new';
SELECT t.target FROM uncache.targets() t JOIN uncache.status s ON s.target = t.target WHERE t.state IS DISTINCT FROM s.state OR t.worker_pid IS DISTINCT FROM s.worker_pid;
-- it changes nothing
BEGIN READ ONLY;
SELECT count(*) > 0 AS works FROM uncache.targets();
COMMIT;
-- who may ask
CREATE ROLE regress_uncache_asker;
CREATE ROLE regress_uncache_nobody;
SELECT uncache.grant_consumer('regress_uncache_asker');
SET ROLE regress_uncache_asker;
SELECT count(*) > 0 AS works FROM uncache.targets();
SELECT * FROM uncache_internal.consumer_state(NULL);
SET ROLE regress_uncache_nobody;
SELECT count(*) FROM uncache.targets();
RESET ROLE;
DROP OWNED BY regress_uncache_asker;
DROP ROLE regress_uncache_asker, regress_uncache_nobody;
