-- What a session keeps of rules: one for all partitions that are alike, of dropped
-- tables none, and of many others those that were used last.
\set test rule_cache
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

-- by name, since PostgreSQL 18 tells of a context's parents by their ids
CREATE VIEW contexts AS
	SELECT name, total_bytes, to_jsonb(m)->>'parent' AS parent, to_jsonb(m)->'path' AS path FROM pg_backend_memory_contexts m;
CREATE VIEW kept AS
	SELECT count(*) FILTER (WHERE name = 'uncache rule') AS rules,
		sum(total_bytes) FILTER (WHERE name LIKE 'uncache rule%' OR parent LIKE 'uncache rule%'
			OR EXISTS (SELECT FROM contexts p WHERE p.name LIKE 'uncache rule%' AND c.path @> (p.path -> -1))) / 1024 AS kb
	FROM contexts c;
CREATE PROCEDURE make_partitions(name text, first int, last int) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN first .. last LOOP
		EXECUTE format('CREATE TABLE %s_%s PARTITION OF %s FOR VALUES FROM (%s) TO (%s)', name, i, name, i, i + 1);
	END LOOP;
END
$$;
CREATE TABLE p (id int, v text) PARTITION BY RANGE (id);
CALL make_partitions('p', 1, 300);
SELECT uncache.watch('p', 'p:{id}', 'p:{upper(v)}');

-- alike: one rule
INSERT INTO p SELECT n, 'v' || n FROM generate_series(1, 300) n;
SELECT count(*), count(DISTINCT key), min(key), max(key) FROM journalled();
SELECT rules, kb < 200 AS is_small FROM kept;
UPDATE p SET v = 'w' WHERE id IN (7, 8);
SELECT * FROM journalled();

-- columns elsewhere, of another type, computed: rules of their own
CREATE TABLE other_order (gone int, v text, id int);
ALTER TABLE other_order DROP gone;
ALTER TABLE p ATTACH PARTITION other_order FOR VALUES FROM (1001) TO (1002);
CREATE TABLE computed (id int, v text GENERATED ALWAYS AS ('computed') STORED);
CREATE TABLE swapped (v text, id int);
INSERT INTO p VALUES (1001, 'a'), (9, 'b');
SELECT * FROM journalled();
SELECT rules FROM kept;
ALTER TABLE p DETACH PARTITION other_order;

-- in other tables a rule of the same name and templates is the same if the columns are
SELECT uncache.watch('computed', 'p:{id}', 'p:{upper(v)}');
SELECT uncache.watch('swapped', 'p:{id}', 'p:{upper(v)}');
INSERT INTO computed VALUES (10);
INSERT INTO swapped VALUES ('s', 11);
SELECT * FROM journalled();
ALTER TABLE p RENAME v TO w;
INSERT INTO p VALUES (1, 'renamed'), (2, 'renamed');
SELECT * FROM journalled();
ALTER TABLE p ALTER w TYPE varchar(10);
INSERT INTO p VALUES (1, 'type'), (2, 'type');
SELECT * FROM journalled();

-- another function makes another rule of it
CREATE FUNCTION f(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'before ' || $1 $$;
SELECT uncache.watch('p', 'p:{public.f(w)}');
SELECT count(*) > 0 AS changed FROM journalled();
INSERT INTO p VALUES (1, 'a'), (2, 'a');
SELECT * FROM journalled();
CREATE OR REPLACE FUNCTION f(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'after ' || $1 $$;
SELECT count(*) > 0 AS changed FROM journalled();
INSERT INTO p VALUES (1, 'a'), (2, 'a'), (3, 'a');
SELECT * FROM journalled();
SELECT rules FROM kept;

-- each table warns of itself, once, and shows who may read it what was in the row
CREATE ROLE rule_cache_writer;
SELECT uncache.watch('p', 'p:{1 / (length(w) - 1)}');
SELECT count(*) > 0 AS changed FROM journalled();
INSERT INTO p VALUES (1, 'ab'), (2, 'ab');
SELECT * FROM journalled();
GRANT INSERT ON p_1, p_2, p_3 TO rule_cache_writer;
GRANT SELECT ON p_1 TO rule_cache_writer;
SET ROLE rule_cache_writer;
INSERT INTO p_1 VALUES (1, 'a');
INSERT INTO p_1 VALUES (1, 'a');
INSERT INTO p_2 VALUES (2, 'a');
INSERT INTO p_3 VALUES (3, 'ab');
INSERT INTO p_3 VALUES (3, 'a');
RESET ROLE;
SELECT * FROM journalled();

-- an expression that writes to another partition, whose rule it is, too
CREATE FUNCTION writes(id int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	IF id < 5 THEN
		INSERT INTO public.p VALUES (id + 1, 'nested');
	END IF;
	RETURN id;
END
$$;
SELECT uncache.watch('p', 'p:{public.writes(id)}');
SELECT count(*) > 0 AS changed FROM journalled();
INSERT INTO p VALUES (6, 'x');
INSERT INTO p VALUES (2, 'x');
SELECT * FROM journalled();
INSERT INTO p VALUES (2, 'x'), (5, 'x'), (6, 'x');
SELECT * FROM journalled();

-- what is read besides columns makes a rule for each table: they stay until the transaction ends
\c
SET client_min_messages = error;
SELECT uncache.watch('p', 'p:{tableoid}', 'p:{id}');
SELECT count(*) > 0 AS changed FROM journalled();
BEGIN;
INSERT INTO p SELECT n, 'v' FROM generate_series(1, 300) n;
SELECT rules FROM kept;
COMMIT;
SELECT rules FROM kept;
INSERT INTO p SELECT n, 'v' FROM generate_series(1, 3) n;
SELECT count(DISTINCT key), count(DISTINCT key) FILTER (WHERE key ~ '^p:[0-9]{4,}$') AS of_tables FROM journalled();
-- of dropped tables nothing stays, and after a rollback nothing that was to be
BEGIN;
DROP TABLE p;
INSERT INTO swapped VALUES ('s', 12);
ROLLBACK;
INSERT INTO p VALUES (1, 'v');
DROP TABLE p;
INSERT INTO swapped VALUES ('s', 13);
SELECT rules, kb < 150 AS is_small FROM kept;
DROP TABLE swapped, computed;
SELECT rules FROM kept;
DROP ROLE rule_cache_writer;
