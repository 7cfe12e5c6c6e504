-- Temporary objects of the writer are found by no function that a query of somebody else's calls.
\set test abuse_temporary
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
\pset format unaligned
\pset tuples_only on
CREATE ROLE regress_uncache_at_eve LOGIN;
CREATE ROLE regress_uncache_at_alice LOGIN;
SELECT uncache.grant_author('regress_uncache_at_alice');
CREATE SCHEMA a AUTHORIZATION regress_uncache_at_alice;
CREATE SCHEMA e AUTHORIZATION regress_uncache_at_eve;
GRANT USAGE ON SCHEMA a, e TO PUBLIC;
-- eve's code says as whom it runs
SET ROLE regress_uncache_at_eve;
CREATE FUNCTION e.evil(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'evil(%) runs as %', $1, current_user; RETURN 'evil'; END $$;
RESET ROLE;
-- every rule's query calls something of alice's that reads "names"
SET ROLE regress_uncache_at_alice;
CREATE TABLE a.names (id int, n text);
INSERT INTO a.names VALUES (1, 'one');
CREATE FUNCTION a.bare(i int) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT n FROM names WHERE id = i); END $$;
CREATE FUNCTION a.pinned(i int) RETURNS text LANGUAGE plpgsql STABLE SET search_path = a, pg_temp AS $$ BEGIN RETURN (SELECT n FROM names WHERE id = i); END $$;
CREATE PROCEDURE a.make(name text, query text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE a.%I (id int)', name);
	PERFORM uncache.watch(format('a.%I', name)::regclass, query => ARRAY[query, name || ':*']);
	EXECUTE format('GRANT INSERT ON a.%I TO regress_uncache_at_eve', name);
END $$;
-- case 1: a search path that leaves pg_temp out, or does not name it last; other settings
CREATE FUNCTION a.without(i int) RETURNS text LANGUAGE plpgsql STABLE SET search_path = a AS $$ BEGIN RETURN (SELECT n FROM names WHERE id = i); END $$;
CREATE FUNCTION a.first(i int) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_temp, a AS $$ BEGIN RETURN (SELECT n FROM names WHERE id = i); END $$;
CREATE FUNCTION a.empty(i int) RETURNS text LANGUAGE plpgsql STABLE SET search_path = '' AS $$ BEGIN RETURN (SELECT n FROM names WHERE id = i); END $$;
CREATE FUNCTION a.quoted(i int) RETURNS text LANGUAGE plpgsql STABLE SET search_path = a, "pg_temp, x" AS $$ BEGIN RETURN (SELECT n FROM names WHERE id = i); END $$;
CREATE FUNCTION a.memory(i int) RETURNS text LANGUAGE plpgsql STABLE SET work_mem = '64MB' AS $$ BEGIN RETURN (SELECT n FROM names WHERE id = i); END $$;
CREATE FUNCTION a.outer(i int) RETURNS text LANGUAGE plpgsql STABLE SET search_path = a, pg_temp AS $$ DECLARE n text; BEGIN n := a.without(i); RETURN n; END $$;
CALL a.make('without', $$SELECT 'without:' || a.without({id})$$);
CALL a.make('first', $$SELECT 'first:' || a.first({id})$$);
CALL a.make('empty', $$SELECT 'empty:' || a.empty({id})$$);
CALL a.make('quoted', $$SELECT 'quoted:' || a.quoted({id})$$);
CALL a.make('memory', $$SELECT 'memory:' || a.memory({id})$$);
CALL a.make('outer', $$SELECT 'outer:' || a.outer({id})$$);
CALL a.make('pinned', $$SELECT 'pinned:' || a.pinned({id})$$);
-- case 2: what an analyzed body calls
CREATE FUNCTION a.atomic(i int) RETURNS text STABLE BEGIN ATOMIC SELECT a.bare(i); END;
CREATE FUNCTION a.harmless(i int) RETURNS text STABLE BEGIN ATOMIC SELECT n FROM a.names WHERE id = i; END;
CALL a.make('atomic', $$SELECT 'atomic:' || a.atomic({id})$$);
CALL a.make('placeholder', $$SELECT 'placeholder:' || {a.atomic(id)}$$);
CALL a.make('harmless', $$SELECT 'harmless:' || a.harmless({id})$$);
-- case 3: a domain's CHECK
CREATE FUNCTION a.ok(i int) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT n IS NOT NULL FROM names WHERE id = i); END $$;
CREATE DOMAIN a.dom AS int CHECK (a.ok(VALUE));
CALL a.make('domain', $$SELECT 'domain:' || {id}::a.dom$$);
-- case 4: a cast that is found when the query runs
CREATE TYPE a.pair AS (i int);
CREATE TYPE a.mood AS ENUM ('ok');
CREATE FUNCTION a.pair_json(x a.pair) RETURNS json LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT to_json(n) FROM names WHERE id = x.i); END $$;
CREATE FUNCTION a.mood_json(x a.mood) RETURNS json LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT to_json(n) FROM names LIMIT 1); END $$;
CREATE CAST (a.pair AS json) WITH FUNCTION a.pair_json(a.pair);
CREATE CAST (a.mood AS json) WITH FUNCTION a.mood_json(a.mood);
CALL a.make('cast', $$SELECT 'cast:' || to_json(ROW({id})::a.pair)$$);
CALL a.make('enum', $$SELECT 'enum:' || {id} || to_json(('ok'::text)::a.mood)$$);
-- case 5: what planning calls: a CHECK of a table that is read, an expression of its index, a function that calls itself immutable
CREATE FUNCTION a.fixed(x text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = a AS $$ BEGIN PERFORM n FROM names; RETURN true; END $$;
CREATE TABLE a.big (id int CHECK (id > 0 OR a.fixed('x')), n text);
INSERT INTO a.big VALUES (1, 'big');
CALL a.make('check', $$SELECT 'check:' || n FROM a.big WHERE id = {id}$$);
CALL a.make('folded', $$SELECT 'folded:' || n FROM a.big WHERE id = {id} AND a.fixed('x')$$);
-- case 6: a view, an operator, an aggregate, a function in FROM
CREATE VIEW a.seen AS SELECT id, a.bare(id) AS n FROM a.big;
CREATE FUNCTION a.less(int, int) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT n FROM names WHERE id = $1); END $$;
CREATE OPERATOR a.<< (LEFTARG = int, RIGHTARG = int, FUNCTION = a.less);
CREATE FUNCTION a.step(text, int) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT n FROM names WHERE id = $2); END $$;
CREATE AGGREGATE a.fold(int) (sfunc = a.step, stype = text);
CREATE FUNCTION a.rows(i int) RETURNS SETOF text LANGUAGE sql STABLE AS $$ SELECT a.bare(i) $$;
CALL a.make('view', $$SELECT 'view:' || n FROM a.seen WHERE id = {id}$$);
CALL a.make('operator', $$SELECT 'operator:' || ({id} OPERATOR(a.<<) 1)$$);
CALL a.make('aggregate', $$SELECT 'aggregate:' || a.fold({id})$$);
CALL a.make('rows', $$SELECT 'rows:' || r FROM a.rows({id}) r$$);
-- case 7: a function of a range, which PostgreSQL looks up once in a session
CREATE FUNCTION a.width(x int, y int) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT count(*) FROM names); END $$;
CREATE TYPE a.span AS RANGE (subtype = int, subtype_diff = a.width);
CALL a.make('range', $$SELECT 'range:' || lower(a.span({id}, {id} + 1))$$);
-- case 8: a function that goes on without what was refused
CREATE FUNCTION a.tries(i int) RETURNS text LANGUAGE plpgsql SET search_path = a, pg_temp AS $$
BEGIN
	RETURN a.without(i);
EXCEPTION WHEN OTHERS THEN
	RETURN 'nothing';
END $$;
CREATE FUNCTION a.tries_at_once(i int) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = a, pg_temp AS $$ BEGIN RETURN a.tries(i); END $$;
CALL a.make('tries', $$SELECT 'tries:' || a.tries({id})$$);
CALL a.make('tries_at_once', $$SELECT 'tries_at_once:' || {a.tries_at_once(1)}$$);
RESET ROLE;
-- without temporary objects none of them is called either
\c -
SET ROLE regress_uncache_at_eve;
SET client_min_messages = error;
CREATE PROCEDURE e.write() LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOR name IN SELECT relname FROM pg_class c WHERE has_table_privilege(oid, 'INSERT') AND relnamespace = 'a'::regnamespace ORDER BY oid LOOP
		EXECUTE format('INSERT INTO a.%I VALUES (1)', name);
	END LOOP;
END $$;
CALL e.write();
RESET ROLE;
SELECT * FROM journalled();
-- with a temporary view that runs the writer's code, in the same session, which has plans of all the queries, and in a new one
SET ROLE regress_uncache_at_eve;
RESET client_min_messages;
CREATE TEMP VIEW names AS SELECT 1 AS id, e.evil('temp') AS n;
GRANT SELECT ON pg_temp.names TO PUBLIC;
SET constraint_exclusion = on;
CALL e.write();
RESET ROLE;
SELECT * FROM journalled();
\c -
SET ROLE regress_uncache_at_eve;
SET client_min_messages = warning;
CREATE TEMP VIEW names AS SELECT 1 AS id, e.evil('temp') AS n;
GRANT SELECT ON pg_temp.names TO PUBLIC;
SET constraint_exclusion = on;
SELECT a.span(1, 2);
SET client_min_messages = error;
CALL e.write();
RESET client_min_messages;
RESET ROLE;
SELECT * FROM journalled();
-- as the author himself, who is told why
SET ROLE regress_uncache_at_alice;
CREATE TABLE a.told (id int);
SELECT uncache.watch('a.told', query => ARRAY[$$SELECT 'told:' || a.without({id})$$]);
INSERT INTO a.told VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
-- a session without temporary objects, then with them, then without them again
\c -
SET ROLE regress_uncache_at_alice;
INSERT INTO a.empty VALUES (1);
INSERT INTO a.atomic VALUES (1);
INSERT INTO a.placeholder VALUES (1);
BEGIN;
CREATE TEMP TABLE names (id int, n text);
INSERT INTO pg_temp.names VALUES (1, 'temporary');
INSERT INTO a.harmless VALUES (1);
INSERT INTO a.placeholder VALUES (1);
ROLLBACK;
INSERT INTO a.harmless VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
-- case 9: expressions of keys, which run as the writer: he chooses no other keys by what he has in the temporary schema
SET ROLE regress_uncache_at_alice;
CREATE FUNCTION a.path(i int) RETURNS text LANGUAGE plpgsql STABLE SET search_path = a AS $$ BEGIN RETURN (SELECT n FROM names WHERE id = i); END $$;
CREATE FUNCTION a.path_tries(i int) RETURNS text LANGUAGE plpgsql SET search_path = a, pg_temp AS $$ BEGIN RETURN a.path(i); EXCEPTION WHEN OTHERS THEN RETURN 'nothing'; END $$;
CREATE FUNCTION a.path_at_once(i int) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = a AS $$ BEGIN RETURN (SELECT n FROM names WHERE id = i); END $$;
CREATE FUNCTION a.helper(t text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN upper(t); END $$;
GRANT SELECT ON a.names TO regress_uncache_at_eve;
CREATE TABLE a.keys (id int, t text);
GRANT INSERT ON a.keys TO regress_uncache_at_eve;
SELECT uncache.watch('a.keys', 'path:{a.path(id)}', 'tries:{a.path_tries(id)}', 'once:{a.path_at_once(1)}', 'pinned:{a.pinned(id)}', 'helper:{a.helper(t)}');
RESET ROLE;
\c -
SET ROLE regress_uncache_at_eve;
INSERT INTO a.keys VALUES (1, 'x');
RESET ROLE;
SELECT * FROM journalled();
\c -
SET ROLE regress_uncache_at_eve;
CREATE TEMP TABLE names (id int, n text);
INSERT INTO pg_temp.names VALUES (1, 'other');
INSERT INTO a.keys VALUES (1, 'x');
RESET ROLE;
SELECT * FROM journalled();

\connect template1
SET client_min_messages = warning;
DROP DATABASE :database;
DROP ROLE regress_uncache_at_eve, regress_uncache_at_alice;
