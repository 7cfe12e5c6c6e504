-- query() returns the keys of rows that are any number of joins away.
\set test query
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE customer (id int PRIMARY KEY, name text);
CREATE TABLE invoice (id int PRIMARY KEY, customer_id int REFERENCES customer ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE);
CREATE TABLE line (id int PRIMARY KEY, invoice_id int REFERENCES invoice ON DELETE CASCADE);
INSERT INTO customer VALUES (1, 'a'), (2, 'b'), (3, 'no invoices');
INSERT INTO invoice SELECT n, 1 + n % 2 FROM generate_series(1, 4) n;
INSERT INTO line SELECT n, 1 + n % 4 FROM generate_series(1, 8) n;
SELECT uncache.watch('customer', query => ARRAY[
	$$SELECT 'invoice:' || i.id FROM public.invoice i WHERE i.customer_id = {id}$$,
	$$SELECT 'api://line:' || l.id FROM public.invoice i JOIN public.line l ON l.invoice_id = i.id WHERE i.customer_id = {id}$$]);
-- case 1: two and three tables away, of one row
UPDATE customer SET name = 'c' WHERE id = 1;
SELECT * FROM journalled();
-- case 2: of all rows; of one that joins nothing
UPDATE customer SET name = 'd';
SELECT action, count(*) FROM journalled() GROUP BY 1;
UPDATE customer SET name = 'e' WHERE id = 3;
SELECT * FROM journalled();
-- case 3: the old and the new key; the cascade has moved the invoices already
UPDATE customer SET id = 9 WHERE id = 1;
SELECT * FROM journalled();
-- case 4: a deferred constraint: each statement counts as it ended, not as the transaction ends
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO customer VALUES (1, 'back');
UPDATE invoice SET customer_id = 1 WHERE customer_id = 9;
DELETE FROM customer WHERE id = 9;
UPDATE customer SET name = 'again' WHERE id = 1;
DELETE FROM invoice WHERE id = 4;
COMMIT;
SELECT * FROM journalled();
INSERT INTO invoice VALUES (4, 1);
INSERT INTO line VALUES (3, 4), (7, 4);
-- case 5: one statement that changes both tables: the state in which it ends
WITH moved AS (UPDATE invoice SET customer_id = 3 WHERE id = 2 RETURNING id)
	UPDATE customer SET name = 'f' WHERE id IN (1, 3);
SELECT * FROM journalled();
-- case 6: MERGE
MERGE INTO customer c USING (VALUES (1), (30)) AS s(id) ON c.id = s.id
	WHEN MATCHED THEN UPDATE SET name = 'merged' WHEN NOT MATCHED THEN INSERT VALUES (s.id, 'new');
SELECT * FROM journalled();
-- case 7: an upsert
INSERT INTO customer VALUES (2, 'up'), (31, 'in') ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name;
SELECT * FROM journalled();
-- case 8: COPY
COPY customer FROM stdin;
32	copied
\.
SELECT * FROM journalled();
-- case 9: a cascade takes the joined rows along: what is left is nothing, which a rule on their own table is for
DELETE FROM customer WHERE id = 3;
SELECT * FROM journalled();
-- case 10: TRUNCATE, and CASCADE from above: the patterns that the queries show
TRUNCATE line;
TRUNCATE customer CASCADE;
SELECT * FROM journalled();
-- case 11: the same in a transaction that is rolled back, and in a savepoint
INSERT INTO customer VALUES (1, 'a');
INSERT INTO invoice VALUES (1, 1);
DELETE FROM uncache.journal;
BEGIN;
UPDATE customer SET name = 'gone';
ROLLBACK;
BEGIN;
SAVEPOINT a;
UPDATE customer SET name = 'gone';
ROLLBACK TO a;
INSERT INTO invoice VALUES (2, 1);
UPDATE customer SET name = 'kept';
COMMIT;
SELECT * FROM journalled();
-- case 12: a self-join sees all rows of the finished statement
CREATE TABLE node (id int PRIMARY KEY, parent int, v int DEFAULT 0);
SELECT uncache.watch('node', query => ARRAY[$$
	WITH RECURSIVE up(id, parent) AS (
		SELECT {id}, {parent} UNION SELECT n.id, n.parent FROM public.node n JOIN up ON n.id = up.parent)
	SELECT 'node:' || id FROM up$$]);
INSERT INTO node SELECT n, nullif(n - 1, 0) FROM generate_series(1, 5) n;
SELECT * FROM journalled();
UPDATE node SET v = 1 WHERE id = 4;
SELECT * FROM journalled();
UPDATE node SET parent = 1 WHERE id = 4;
SELECT * FROM journalled();

-- case 13: values of all kinds reach the query as they are
CREATE TYPE mood AS ENUM ('glad', 'it''s');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE pair AS (a int, b text);
CREATE TABLE v (t text, a text[], j jsonb, e mood, d positive, n numeric, ts timestamptz, p pair, u uuid, c char(4), b bytea, bo boolean);
SELECT uncache.watch('v', query => ARRAY[$$SELECT concat_ws('|', 'v', {t}, ({a})[2], {j} ->> 'k', {e}::text, {d} + 1, {n} * 2, {ts}, ({p}).b, {u}, {c} || '!', {b}, {bo})$$, 'v*',
	$$SELECT 'api://row:' || ({v}).t || pg_catalog.jsonb_array_length({jsonb_build_array(t, e)})$$]);
SET timezone = 'Asia/Tokyo';
SET datestyle = 'German';
SET bytea_output = 'escape';
INSERT INTO v VALUES ($q$'; DROP TABLE customer; -- $1 {id} \' E'\x$q$, ARRAY['x', $q$"'{}$q$], $q${"k": "'\"\\"}$q$, 'it''s', 7, 1.50,
	'2024-01-31 10:20:30+00', ROW(1, ')"'';'), 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'ab', '\x00ff', true);
RESET timezone; RESET datestyle; RESET bytea_output;
SELECT * FROM journalled();
-- case 14: NULL is NULL, and a key that is NULL is none
INSERT INTO v VALUES (NULL);
SELECT * FROM journalled();
-- case 15: what looks like SQL stays a value
CREATE TABLE s (v text);
SELECT uncache.watch('s', query => ARRAY[$$SELECT 'k:' || o.v FROM public.s o WHERE o.v = {v}$$]);
INSERT INTO s VALUES ('x'' OR ''1''=''1'), ('{v}'), ('$1'), ('); SELECT pg_sleep(9)'), (E'\\'' OR true --'), ('/*'), ('*');
SELECT * FROM journalled();
-- case 16: duplicates, empty keys, no rows
SELECT uncache.watch('s', query => ARRAY[$$SELECT k FROM (VALUES ('a'), ('a'), (''), (NULL), ('api://'), ('default://')) AS x(k) WHERE {v} <> 'none'$$, 'x']);
INSERT INTO s VALUES ('one'), ('two'), ('none');
SELECT * FROM journalled();
-- case 17: targets in the result: known, unknown, default, too long; a value that begins like one
SELECT uncache.watch('s', query => ARRAY[$$SELECT {v}$$, 'x']);
INSERT INTO s VALUES ('api://k'), ('nobody://k'), ('default://api://k'), ('//k'), ('://k'), ('1x://k'), ('http://host/'), (repeat('a', 49) || '://k'), ('api:/k');
SELECT * FROM journalled();
SELECT uncache.watch('s', query => ARRAY[$$SELECT 'page:' || {v}$$]);
INSERT INTO s VALUES ('//k'), ('x://k');
SELECT * FROM journalled();
-- case 18: a key that is too long: the fallback, and nothing of what came before it
SET uncache.max_key_bytes = 64;
SELECT uncache.watch('s', query => ARRAY[$$SELECT k FROM (VALUES ('first'), (repeat('x', length({v})))) AS x(k)$$, 'x{v}*', 'y']);
INSERT INTO s VALUES (repeat('v', 64));
SELECT * FROM journalled();
INSERT INTO s VALUES ('v' || repeat('*', 64));
SELECT * FROM journalled();
RESET uncache.max_key_bytes;
-- case 19: an error for some rows only
\connect -
SELECT uncache.watch('s', query => ARRAY[$$SELECT 'q:' || 10 / length({v})$$, $$SELECT 'r:' || {1 / length(v)}$$, 'api://fell:{v}*']);
INSERT INTO s VALUES ('ab'), (''), ('abcde');
SELECT * FROM journalled();
UPDATE s SET v = v || '' WHERE v IN ('', 'ab');
SELECT * FROM journalled();
-- case 20: several placeholders side by side, in the SELECT list, in LIMIT, in IN, next to digits and letters
CREATE TABLE m (a int, b int, "C d" text);
SELECT uncache.watch('m', query => ARRAY[$$SELECT'm:'||n||{"C d"}FROM generate_series(1,{a+b})n WHERE n IN({a},{b},{a}+{b})AND{a}>0 ORDER BY n LIMIT{b}$$]);
INSERT INTO m VALUES (1, 2, 'x');
SELECT * FROM journalled();
-- case 21: braces, casts, arrays, dollar quotes, comments with quotes
SELECT uncache.watch('m', query => ARRAY[$$/* it's {{a}} comment */ SELECT 'b:' || $q${{a}}'$q$ || {a}::text || ('{{7,8}}'::int[])[{b}] -- it's over
$$]);
INSERT INTO m VALUES (1, 2, 'x');
SELECT * FROM journalled();
-- case 22: an expression as placeholder; one that is a string with a brace
SELECT uncache.watch('m', query => ARRAY[$$SELECT 'e:' || {lower("C d") || '}'} || {CASE WHEN a = 1 THEN 'one' END}$$]);
INSERT INTO m VALUES (1, 2, 'X'), (2, 2, 'X');
SELECT * FROM journalled();
-- case 23: 100,000 keys of one row
SELECT uncache.watch('m', query => ARRAY[$$SELECT 'n:' || n FROM generate_series(1, {a}) n$$]);
INSERT INTO m VALUES (100000);
SELECT count(*), count(DISTINCT key) FROM journalled();
-- case 24: partitions: each with its own column numbers; a row that moves
CREATE TABLE p (id int, v text) PARTITION BY LIST (id);
CREATE TABLE p1 (gone int, v text, id int);
ALTER TABLE p1 DROP gone;
ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1);
SELECT uncache.watch('p', query => ARRAY[$$SELECT 'p:' || {id} || ({v}).v || count(*) FROM public.p$$]);
SELECT uncache.watch('p', query => ARRAY[$$SELECT 'p:' || {id} || {v} || count(*) FROM public.p$$]);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
INSERT INTO p VALUES (1, 'a'), (2, 'b');
SELECT * FROM journalled();
UPDATE p SET id = 2 WHERE id = 1;
SELECT * FROM journalled();
TRUNCATE p2;
SELECT * FROM journalled();
-- case 25: generated and dropped columns
CREATE TABLE g (x int, a int, twice int GENERATED ALWAYS AS (a * 2) STORED);
ALTER TABLE g DROP x;
SELECT uncache.watch('g', query => ARRAY[$$SELECT 'g:' || {twice}$$]);
INSERT INTO g VALUES (4);
UPDATE g SET a = 5;
SELECT * FROM journalled();
-- case 26: two-phase commit
BEGIN;
UPDATE g SET a = 6;
PREPARE TRANSACTION 'query';
COMMIT PREPARED 'query';
SELECT * FROM journalled();
-- case 27: replica role
SET session_replication_role = replica;
UPDATE g SET a = 7;
RESET session_replication_role;
SELECT * FROM journalled();
-- case 28: the isolation levels
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE g SET a = 8;
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE g SET a = 9;
COMMIT;
SELECT * FROM journalled();
-- case 29: a deferred constraint trigger by hand: the state just before the commit
CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON customer DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	EXECUTE FUNCTION uncache.query($$SELECT 'api://late:' || i.id FROM public.invoice i WHERE i.customer_id = {id}$$);
DELETE FROM uncache.journal;
BEGIN;
UPDATE customer SET name = 'late';
INSERT INTO invoice VALUES (3, 1);
COMMIT;
SELECT * FROM journalled();
DROP TRIGGER late ON customer;
-- case 30: a trigger with a WHEN and a column list
CREATE TRIGGER narrow AFTER UPDATE OF name ON customer FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name)
	EXECUTE FUNCTION uncache.query($$SELECT 'api://narrow:' || {name}$$);
SELECT uncache.watch('customer', query => '{}');
UPDATE customer SET name = name;
UPDATE customer SET id = id;
SELECT * FROM journalled();
UPDATE customer SET name = 'narrow';
SELECT * FROM journalled();
-- case 31: through a view
CREATE TABLE a (id int, v text);
CREATE TABLE b (id int, a_id int);
INSERT INTO b SELECT n, 1 FROM generate_series(1, 3) n;
SELECT uncache.watch('a', query => ARRAY[$$SELECT 'b:' || b.id FROM public.b WHERE b.a_id = {id}$$]);
CREATE VIEW av AS SELECT * FROM a;
INSERT INTO av VALUES (1, 'x');
SELECT * FROM journalled();
-- case 32: a procedure that commits and rolls back between
CREATE PROCEDURE many() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..3 LOOP
		UPDATE a SET id = 1;
		COMMIT;
		UPDATE a SET id = 2;
		ROLLBACK;
	END LOOP;
END
$$;
CALL many();
SELECT key, count(*) FROM journalled() GROUP BY 1 ORDER BY 1;
-- case 33: WHERE CURRENT OF
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM a FOR UPDATE;
FETCH c;
UPDATE a SET v = 'y' WHERE CURRENT OF c;
COMMIT;
SELECT count(*) FROM journalled();
-- case 34: a temporary table
CREATE TEMP TABLE tmp (id int);
SELECT uncache.watch('tmp', query => ARRAY[$$SELECT 'tmp:' || x.id || {id} FROM pg_temp.tmp x$$]);
INSERT INTO tmp VALUES (1), (2);
SELECT * FROM journalled();
-- case 35: 300 queries
SELECT uncache.watch('a', query => (SELECT array_agg(format('SELECT %L || {id}', 'q' || n || ':')) FROM generate_series(1, 300) n));
INSERT INTO a VALUES (7);
SELECT count(DISTINCT key) FROM journalled();
-- case 36: placeholders that are arrays, composites, the whole row, untyped
SELECT uncache.watch('a', query => ARRAY[$$SELECT 'x:' || k FROM unnest({string_to_array(v, ',')}) k$$,
	$$SELECT 'row:' || {a} || ({a}).id || coalesce({NULL}, 'null') || {'text'}$$]);
INSERT INTO a VALUES (9, 'p,q');
SELECT * FROM journalled();
-- case 37: clauses of all kinds
SELECT uncache.watch('a', query => ARRAY[$$SELECT 'x:' || row_number() OVER w FROM public.b TABLESAMPLE system(100), LATERAL (SELECT {id}) l(x),
	xmltable('/r' PASSING '<r/>' COLUMNS y text PATH '.') WHERE b.a_id = {id} GROUP BY GROUPING SETS ((b.a_id), ()) HAVING count(*) > 0 WINDOW w AS (ORDER BY b.a_id)$$]);
INSERT INTO a VALUES (1, 'p');
SELECT * FROM journalled();
-- case 38: parallel plans and JIT are nothing to it
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SET jit = on; SET jit_above_cost = 0;
SELECT uncache.watch('a', query => ARRAY[$$SELECT 'sum:' || sum(b.id) FROM public.b WHERE {id} > 0$$]);
INSERT INTO a VALUES (1, 'p');
SELECT * FROM journalled();
