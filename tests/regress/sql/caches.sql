-- Caches may be emptied at any moment: with assertions PostgreSQL does so at every
-- look-up, elsewhere this shows only that all of it works.
\set test caches
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int PRIMARY KEY, v text, n numeric);
CREATE TABLE p (id int, w text) PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (20);
SELECT uncache.watch('t', keys => ARRAY['t:{id}', 'api://t:{(n * 2)}'], patterns => ARRAY['t:{v}:*'], tags => ARRAY['t:{id}'],
	versions => ARRAY['v:{id}'], query => ARRAY[$$SELECT 'p:' || id FROM public.p WHERE w = {v}$$]);
SELECT uncache.watch('p', 'p:{id}:{w}');

-- 1 where the server was built with assertions, else 0
DO $$
BEGIN
	PERFORM set_config(name, least(max_val::int, 1)::text, false) FROM pg_settings WHERE name = 'debug_discard_caches';
END
$$;
-- each kind of rule compiles and fires; of a savepoint nothing is left
INSERT INTO p VALUES (1, 'a'), (11, 'b');
SELECT * FROM journalled();
INSERT INTO t VALUES (1, 'a', 1.5);
SELECT * FROM journalled();
BEGIN;
SAVEPOINT s;
UPDATE t SET v = 'b';
ROLLBACK TO s;
UPDATE t SET n = 2;
COMMIT;
SELECT * FROM journalled();
-- row movement, TRUNCATE, invalidation by hand
UPDATE p SET id = 12 WHERE id = 1;
SELECT * FROM journalled();
TRUNCATE p;
SELECT * FROM journalled();
SELECT uncache.invalidate('by:hand');
SELECT * FROM journalled();
-- commands that are followed
ALTER TABLE t ADD c int DEFAULT 1;
SELECT * FROM journalled();
CREATE TABLE p_3 PARTITION OF p FOR VALUES FROM (20) TO (30);
INSERT INTO p VALUES (22, 'd');
SELECT * FROM journalled();
DROP TABLE p_3;
SELECT * FROM journalled();
