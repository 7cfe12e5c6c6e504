-- A query that cannot be run never fails a write: its fallback, its own patterns, or a resync.
\set test query_broken
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int, v text);
CREATE TABLE r (id int, no text, n int);
INSERT INTO r VALUES (1, 'one', 1), (2, 'two', 2);
-- One warning for each rule and backend; \connect makes a new backend.

-- case 1: the type of the result changes under a prepared plan
SELECT uncache.watch('t', query => ARRAY[$$SELECT r.no FROM public.r WHERE r.id = {id}$$, 'r:{v}:*']);
INSERT INTO t VALUES (1, 'a');
ALTER TABLE r ALTER no TYPE int USING 7;
INSERT INTO t VALUES (1, 'b');
ALTER TABLE r ALTER no TYPE varchar(9);
INSERT INTO t VALUES (1, 'c');
ALTER TABLE r ALTER no TYPE bytea USING '\x41';
INSERT INTO t VALUES (1, 'd');
ALTER TABLE r ALTER no TYPE text USING 'text';
INSERT INTO t VALUES (1, 'e');
SELECT * FROM journalled();
\connect -
-- case 2: the same of a view, and the number of its columns
CREATE VIEW w AS SELECT no FROM r WHERE id = 1;
SELECT uncache.watch('t', query => ARRAY['TABLE public.w', 'w*']);
INSERT INTO t VALUES (1, 'a');
CREATE OR REPLACE VIEW w AS SELECT no, n FROM r WHERE id = 1;
INSERT INTO t VALUES (2, 'b');
DROP VIEW w;
INSERT INTO t VALUES (3, 'c');
CREATE VIEW w AS SELECT 'w2'::text;
INSERT INTO t VALUES (4, 'd');
SELECT * FROM journalled();
\connect -
-- case 3: the table is dropped, comes back, is renamed, all in one backend
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'r:' || r.id FROM public.r WHERE r.id = {id}$$]);
INSERT INTO t VALUES (1, 'a');
SELECT * FROM journalled();
DROP VIEW w;
DROP TABLE r;
INSERT INTO t VALUES (2, 'b');
SELECT * FROM journalled();
CREATE TABLE r (pad int, id bigint);
INSERT INTO r VALUES (0, 3);
INSERT INTO t VALUES (3, 'c');
SELECT * FROM journalled();
ALTER TABLE r RENAME TO q;
INSERT INTO t VALUES (3, 'd');
ALTER TABLE q RENAME TO r;
INSERT INTO t VALUES (3, 'e');
SELECT * FROM journalled();
-- case 4: dropped in the writing transaction, which is rolled back
BEGIN;
DROP TABLE r;
INSERT INTO t VALUES (3, 'in');
ROLLBACK;
INSERT INTO t VALUES (3, 'out');
SELECT * FROM journalled();
-- case 5: a table that is created after the rule
DROP TABLE r;
SELECT uncache.unwatch('t');
\connect -
CREATE TRIGGER q AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.query($$SELECT 'r:' || r.id FROM public.r WHERE r.id = {id}$$);
INSERT INTO t VALUES (3, 'a');
SELECT * FROM journalled();
-- not in the transaction in which it was looked for, but in the next
BEGIN;
INSERT INTO t VALUES (3, 'b');
CREATE TABLE r (id int);
INSERT INTO r VALUES (3);
INSERT INTO t VALUES (3, 'c');
COMMIT;
SELECT * FROM journalled();
INSERT INTO t VALUES (3, 'd');
SELECT * FROM journalled();
-- case 6: nobody knows what it returns: a resync of every target
DROP TRIGGER q ON t;
CREATE TRIGGER q AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION uncache.query($$SELECT {v} || 1 / {id}$$);
CREATE TRIGGER q_truncate AFTER TRUNCATE ON t EXECUTE FUNCTION uncache.query($$SELECT {v} || 1 / {id}$$);
\connect -
INSERT INTO t VALUES (1, 'fine'), (0, 'zero'), (0, 'zero');
SELECT * FROM journalled();
TRUNCATE t;
SELECT * FROM journalled();
SELECT * FROM uncache.resync_keys('default');
DROP TRIGGER q ON t; DROP TRIGGER q_truncate ON t;
-- case 7: what is no query of a rule, by hand
CREATE TRIGGER q1 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.query();
CREATE TRIGGER q2 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.query('SELECT', 'q2');
CREATE TRIGGER q3 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.query('DELETE FROM public.t', 'q3');
CREATE TRIGGER q4 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.query('SELECT ''a''; SELECT ''b''', 'q4');
CREATE TRIGGER q5 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.query('SELECT ''a'' || {id', 'q5');
CREATE TRIGGER q6 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.query('SELECT ''a{id}''', 'q6');
CREATE TRIGGER q7 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.query('WITH d AS (DELETE FROM public.t RETURNING v) SELECT ''a'' || v FROM d', 'q7');
CREATE TRIGGER q8 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.query('SELECT ''a'' || {nix}', 'q8:{nix}');
CREATE TRIGGER q9 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.query('invoice:{id}', 'q9');
SET client_min_messages = error;
INSERT INTO t VALUES (1, 'kept');
RESET client_min_messages;
SELECT * FROM journalled();
TABLE t;
DROP TABLE t; CREATE TABLE t (id int, v text);
-- case 8: a cancelled statement stays cancelled
CREATE TABLE nap (rounds bigint);
INSERT INTO nap VALUES (1000000000);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'n:' || (SELECT max(n) FROM public.nap, generate_series(1, rounds) n) || {id}$$]);
SET statement_timeout = '50ms';
INSERT INTO t VALUES (1, 'a');
RESET statement_timeout;
UPDATE nap SET rounds = 1;
INSERT INTO t VALUES (2, 'b');
SELECT * FROM journalled();
TABLE t;
-- case 9: in a block that catches errors: the write's own error takes the keys along, the query's does not
DO $$
BEGIN
	BEGIN
		INSERT INTO public.t VALUES (3, 'caught');
		RAISE EXCEPTION 'no';
	EXCEPTION WHEN OTHERS THEN
		RAISE NOTICE '%', SQLERRM;
	END;
END
$$;
SELECT * FROM journalled();
-- case 10: a function that claims to be immutable is called while the rule is compiled, and changes its table
CREATE TABLE c (id int);
CREATE FUNCTION change_c() RETURNS int LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN INSERT INTO public.c VALUES (-1); RETURN 1; END $$;
CREATE FUNCTION liar(int) RETURNS int IMMUTABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM public.change_c(); RETURN $1; END $$;
CREATE TRIGGER liar AFTER INSERT ON c FOR EACH ROW EXECUTE FUNCTION uncache.keys('c:{id}:{public.liar(1)}');
INSERT INTO c VALUES (1);
TABLE c;
SELECT * FROM journalled();
DROP TRIGGER liar ON c;
CREATE TRIGGER liar AFTER INSERT ON c FOR EACH ROW EXECUTE FUNCTION uncache.query($$SELECT 'c:' || {public.liar(1)} || public.liar(2)$$);
INSERT INTO c VALUES (2);
TABLE c;
SELECT * FROM journalled();
-- case 11: somebody's function, division, type errors inside of several queries: each falls back for itself
CREATE FUNCTION own(int) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN RETURN $1; END $$;
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'own:' || public.own({id})$$, $$SELECT 'fine:' || {id}$$, $$SELECT 'bad:' || {v}::int$$, 'fell:{id}']);
\connect -
\set VERBOSITY terse
INSERT INTO t VALUES (80, 'x');
\set VERBOSITY default
SELECT * FROM journalled();
-- case 12: the extension is dropped in the transaction that ran a query
BEGIN;
INSERT INTO t VALUES (81, 'x');
SET LOCAL client_min_messages = warning;
DROP EXTENSION uncache CASCADE;
COMMIT;
INSERT INTO t VALUES (82, 'x');
SELECT count(*) FROM t WHERE id > 80;
