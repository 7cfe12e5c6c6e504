-- Queries over many rows: memory stays flat, a query is prepared once, and time is bounded.
\set test query_memory
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

-- kB of the extension's contexts, of prepared plans, of everything, from inside the transaction
CREATE FUNCTION kb(pattern text) RETURNS bigint LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(sum(total_bytes), 0)::bigint / 1024 FROM pg_backend_memory_contexts WHERE name ~ pattern
$$;
CREATE TABLE t (id int PRIMARY KEY, v int) WITH (fillfactor = 50);
CREATE TABLE r (id int PRIMARY KEY, t_id int);
INSERT INTO t SELECT n, 0 FROM generate_series(1, 200000) n;
INSERT INTO r SELECT n, n FROM generate_series(1, 200000) n;
CREATE INDEX ON r (t_id);
ANALYZE t, r;
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'r:' || r.id FROM public.r WHERE r.t_id = {id}$$]);
UPDATE t SET v = 1 WHERE id = 1;
DELETE FROM uncache.journal;

SET statement_timeout = '120s';
-- case 1: 200,000 rows, measured while the last one's triggers fire
CREATE TABLE measured (n serial, ours bigint, all_of_it bigint);
CREATE FUNCTION measure() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO measured (ours, all_of_it) VALUES (kb('^uncache'), kb('^(?!AfterTriggerEvents)')); RETURN NULL; END $$;
CREATE TRIGGER zz_measure AFTER UPDATE ON t FOR EACH ROW WHEN (NEW.id IN (1000, 200000)) EXECUTE FUNCTION measure();
UPDATE t SET v = 2;
SELECT count(*), max(ours) < 16 * 1024 AS is_ours_flat, max(all_of_it) - min(all_of_it) < 16 * 1024 AS is_flat FROM measured;
SELECT count(DISTINCT k.key) FROM uncache.journal j, unnest(j.keys) AS k(key);
TRUNCATE uncache.journal;
SELECT kb('^uncache') < 1024 AS is_released;
DROP TRIGGER zz_measure ON t;
-- case 2: a query that fails for every row
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'r:' || 1 / (r.id - r.id) FROM public.r WHERE r.t_id = {id}$$, 'r:{v}:*']);
SET client_min_messages = error;
BEGIN;
UPDATE t SET v = 3 WHERE id <= 20000;
SELECT kb('^uncache') < 1024 AS is_flat, kb('.') < 64 * 1024 AS is_flat_too;
COMMIT;
SELECT key FROM journalled();
-- case 3: many keys of each row
SELECT uncache.watch('t', query => ARRAY[$$SELECT repeat('x', 100) || n FROM generate_series({id}, {id} + 10000) n$$, 'x*']);
SET uncache.pending_limit = '256kB';
BEGIN;
UPDATE t SET v = 4 WHERE id <= 20;
SELECT kb('^uncache') < 4 * 1024 AS is_flat, kb('.') < 64 * 1024 AS is_flat_too;
COMMIT;
SELECT count(DISTINCT key) FROM journalled();
RESET uncache.pending_limit;
-- case 4: values that are long and out of line
CREATE TABLE long (id int, v text);
ALTER TABLE long ALTER v SET STORAGE EXTERNAL;
INSERT INTO long SELECT n, repeat('v', 100000) FROM generate_series(1, 2000) n;
SELECT uncache.watch('long', query => ARRAY[$$SELECT 'l:' || length({v}) || {v || 'x'} FROM public.long WHERE id = {id} AND v = {v}$$, 'l:{id}']);
BEGIN;
UPDATE long SET id = id + 1 WHERE id <= 200;
SELECT kb('^uncache') < 1024 AS is_flat, kb('.') < 64 * 1024 AS is_flat_too;
COMMIT;
SELECT action, count(*) FROM journalled() GROUP BY 1;
RESET client_min_messages;
-- case 5: prepared once: what the planner calls is called for the first few plans, not for each row
CREATE SEQUENCE plans;
CREATE FUNCTION count_plan(regclass) RETURNS bigint IMMUTABLE LANGUAGE internal AS 'nextval_oid';
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'r:' || r.id + 0 * public.count_plan('public.plans') FROM public.r WHERE r.t_id = {id}$$]);
UPDATE t SET v = 5 WHERE id <= 1000;
SELECT last_value < 20 AS is_planned_seldom FROM plans;
SELECT count(*) FROM journalled();
-- nor again in the next transaction
SELECT last_value AS before FROM plans \gset
UPDATE t SET v = 6 WHERE id <= 1000;
SELECT last_value - :before AS planned_again FROM plans;
-- case 6: a rule that is compiled again and again leaves no plans behind
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'r:' || r.id FROM public.r WHERE r.t_id = {id}$$, $$SELECT 'api://r:' || {v}$$]);
CREATE PROCEDURE change_rules(times int) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..times LOOP
		EXECUTE 'ALTER TABLE t ALTER v SET DEFAULT ' || i;
		UPDATE t SET v = 5 WHERE id = 1;
		COMMIT;
	END LOOP;
END
$$;
CREATE VIEW plan_contexts AS SELECT count(*) AS n FROM pg_backend_memory_contexts WHERE name ~ '^(CachedPlan|SPI Plan)';
CALL change_rules(10);
SELECT n AS before FROM plan_contexts \gset
SELECT n AS before FROM plan_contexts \gset
CALL change_rules(1000);
SELECT kb('^uncache') < 1024 AS is_released, n < :before + 20 AS are_freed FROM plan_contexts;
