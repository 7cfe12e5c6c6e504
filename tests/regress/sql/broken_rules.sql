-- A broken rule never fails a write: its key becomes a wider pattern.
\set test broken_rules
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int, a text, b text);
-- One warning for each rule and backend; \connect makes a new backend.

-- a dropped column
SELECT uncache.watch('t', 't:{id}:{a}', '{a}{a}', 'b:{b}');
ALTER TABLE t DROP a;
DELETE FROM uncache.journal;
INSERT INTO t VALUES (1, 'b');
INSERT INTO t VALUES (2, 'b');
SELECT * FROM journalled();
-- back again
ALTER TABLE t ADD a text DEFAULT 'new';
DELETE FROM uncache.journal;
INSERT INTO t VALUES (3, 'b', 'c');
SELECT * FROM journalled();
-- a renamed column that the rule was kept from following; no second warning
ALTER EVENT TRIGGER uncache_follow_command DISABLE;
ALTER TABLE t RENAME a TO z;
UPDATE t SET b = 'x' WHERE id = 3;
SELECT * FROM journalled();
\connect -
DELETE FROM t WHERE id = 3;
SELECT * FROM journalled();
ALTER TABLE t RENAME z TO a;
ALTER EVENT TRIGGER uncache_follow_command ENABLE ALWAYS;

-- an expression that fails: only its placeholder, only for that row
SELECT uncache.watch('t', 't:{id}:{100 / (id - 1)}', 'other:{id}', '{a::int}/{id + 1}', 'none');
INSERT INTO t VALUES (1, 'b', '7'), (2, 'b', 'seven'), (3, 'b', '3');
SELECT * FROM journalled();
\connect -
-- what it has rendered beside the failure is escaped in the pattern
SELECT uncache.watch('t', '{a}[{1/id}]{b}');
INSERT INTO t VALUES (0, 'b*\', 'a?');
SELECT * FROM journalled();
\connect -
-- each of several failing expressions, neighbours
SELECT uncache.watch('t', '{1/id}{a::int}{id}{a::date}');
INSERT INTO t VALUES (0, 'b', 'x');
SELECT * FROM journalled();
\connect -

-- no valid template at all, by hand
CREATE TRIGGER h1 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('h1:{id');
CREATE TRIGGER h2 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('h2:{id}:}');
CREATE TRIGGER h3 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('h3:{id +}:{id}');
CREATE TRIGGER h4 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('');
CREATE TRIGGER h5 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys();
CREATE TRIGGER h6 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('h6:{}');
CREATE TRIGGER h7 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('h7:{NEW.id}');
CREATE TRIGGER h8 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('h8:{*}:{(SELECT 1)}');
CREATE TRIGGER h9 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys(h9, 1, 2.5);
SELECT uncache.unwatch('t');
INSERT INTO t VALUES (1, 'b', 'x');
SELECT * FROM journalled();
INSERT INTO t VALUES (2, 'b', 'x');
SELECT * FROM journalled();
TRUNCATE t;
DROP TABLE t;
DELETE FROM uncache.journal;

-- functions: replaced, failing, dropped, not executable
CREATE TABLE t (id int, a text);
CREATE FUNCTION f(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'one ' || $1; END $$;
SELECT uncache.watch('t', 'f:{public.f(id)}', 't:{id}');
INSERT INTO t VALUES (1);
CREATE OR REPLACE FUNCTION f(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'two ' || $1; END $$;
INSERT INTO t VALUES (2);
SELECT * FROM journalled();
CREATE OR REPLACE FUNCTION f(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
INSERT INTO t VALUES (3);
SELECT * FROM journalled();
CREATE OR REPLACE FUNCTION f(int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'inlined ' || $1 $$;
INSERT INTO t VALUES (4);
SELECT * FROM journalled();
CREATE OR REPLACE FUNCTION f(int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'inlined again ' || $1 $$;
INSERT INTO t VALUES (5);
SELECT * FROM journalled();
DROP FUNCTION f(int);
\connect -
INSERT INTO t VALUES (6);
SELECT * FROM journalled();
CREATE FUNCTION f(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'three ' || $1; END $$;
INSERT INTO t VALUES (7);
SELECT * FROM journalled();
-- a writer that may not execute it; in the same backend, one that may
REVOKE EXECUTE ON FUNCTION f(int) FROM PUBLIC;
CREATE ROLE regress_uncache_writer;
GRANT INSERT ON t TO regress_uncache_writer;
\connect -
SET ROLE regress_uncache_writer;
INSERT INTO t VALUES (8);
RESET ROLE;
INSERT INTO t VALUES (9);
SET ROLE regress_uncache_writer;
INSERT INTO t VALUES (10);
RESET ROLE;
SELECT * FROM journalled();
REVOKE ALL ON t FROM regress_uncache_writer;
DROP ROLE regress_uncache_writer;

-- an expression that writes: its own table, then what it wrote is journalled as well
CREATE OR REPLACE FUNCTION f(int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	IF $1 < 1000 THEN
		INSERT INTO public.t VALUES ($1 + 1000);
	END IF;
	RETURN 'wrote ' || $1;
END
$$;
\connect -
INSERT INTO t VALUES (11);
SELECT id FROM t WHERE id IN (11, 1011);
SELECT * FROM journalled();
-- another table whose expression writes back
CREATE TABLE u (id int);
SELECT uncache.watch('u', 'u:{id}:{public.g(id)}');
CREATE FUNCTION g(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.t VALUES ($1); RETURN 'g'; END $$;
CREATE OR REPLACE FUNCTION f(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.u VALUES ($1); RETURN 'f'; END $$;
SELECT uncache.watch('u', 'u:{id}:{public.g(id)}');
\connect -
INSERT INTO t VALUES (12);
SELECT * FROM journalled();
-- one that changes the rule, the table and itself while it runs
CREATE OR REPLACE FUNCTION f(int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	CREATE OR REPLACE FUNCTION public.unrelated() RETURNS int LANGUAGE sql AS 'SELECT 1';
	COMMENT ON TABLE public.u IS 'changed';
	INSERT INTO public.u (id) SELECT 5 WHERE $1 = 13;
	RETURN 'ddl';
END
$$;
CREATE OR REPLACE FUNCTION g(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN CREATE OR REPLACE FUNCTION public.unrelated() RETURNS int LANGUAGE sql AS 'SELECT 2'; RETURN 'g'; END $$;
INSERT INTO t VALUES (13), (14);
SELECT * FROM journalled();
-- recursion without end
CREATE OR REPLACE FUNCTION f(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN public.f($1 + 1); END $$;
\connect -
SET max_stack_depth = '1MB';
\set VERBOSITY terse
INSERT INTO t VALUES (15);
\set VERBOSITY default
SELECT * FROM journalled();
-- a failing write inside of an expression leaves nothing of itself
CREATE OR REPLACE FUNCTION f(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.u VALUES (99); PERFORM 1 / 0; RETURN ''; END $$;
INSERT INTO t VALUES (16);
SELECT count(*) FROM u WHERE id = 99;
SELECT * FROM journalled();
-- a cancelled statement stays cancelled, and may be caught where it was called
CREATE OR REPLACE FUNCTION f(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(100); RETURN ''; END $$;
SET statement_timeout = '50ms';
INSERT INTO t VALUES (17);
RESET statement_timeout;
SELECT count(*) FROM t WHERE id = 17;
SELECT * FROM journalled();
CREATE OR REPLACE FUNCTION f(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_cancel_backend(pg_backend_pid()); PERFORM pg_sleep(100); RETURN ''; END $$;
DO $$
BEGIN
	UPDATE t SET a = 'before' WHERE id = -1;
	BEGIN
		INSERT INTO t VALUES (18);
	EXCEPTION WHEN query_canceled THEN
		RAISE NOTICE 'cancelled';
	END;
	INSERT INTO u VALUES (18);
END
$$;
SELECT count(*) FROM t WHERE id = 18;
SELECT * FROM journalled();
DROP FUNCTION f(int), g(int);

-- an enum whose label was renamed
CREATE TYPE e AS ENUM ('old', 'other');
CREATE TABLE x (id int, e e);
SELECT uncache.watch('x', 'x:{e}:{e = ''old''}');
INSERT INTO x VALUES (1, 'old');
ALTER TYPE e RENAME VALUE 'old' TO 'new';
UPDATE x SET id = 2;
SELECT * FROM journalled();
-- warnings can be turned off and never become errors
SELECT uncache.watch('x', 'x:{1 / (id - id)}');
\connect -
SET client_min_messages = error;
INSERT INTO x VALUES (3, 'other');
RESET client_min_messages;
SELECT * FROM journalled();
-- what one role may not use another one may, in the same session; and the same one later
CREATE SCHEMA lib;
CREATE FUNCTION lib.f(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1';
CREATE TABLE privileged (id int);
SELECT uncache.watch('privileged', 'u:{lib.f(id)}');
CREATE ROLE regress_uncache_app;
GRANT INSERT ON privileged TO regress_uncache_app;
DELETE FROM uncache.journal;
SET ROLE regress_uncache_app;
INSERT INTO privileged VALUES (1);
RESET ROLE;
INSERT INTO privileged VALUES (2);
GRANT USAGE ON SCHEMA lib TO regress_uncache_app;
SET ROLE regress_uncache_app;
INSERT INTO privileged VALUES (3);
RESET ROLE;
SELECT keys FROM uncache.journal ORDER BY xid, part;
DROP OWNED BY regress_uncache_app;
DROP ROLE regress_uncache_app;
-- the extension is dropped in the transaction that wrote
BEGIN;
INSERT INTO x VALUES (4, 'other');
SET LOCAL client_min_messages = warning;
DROP EXTENSION uncache CASCADE;
COMMIT;
INSERT INTO x VALUES (5, 'other');
SELECT count(*) FROM x;
