-- What a session keeps of functions that the writer has called before misleads no query of somebody else's.
\set test abuse_session_caches
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
\pset format unaligned
\pset tuples_only on
CREATE ROLE regress_uncache_sc_eve LOGIN;
CREATE ROLE regress_uncache_sc_alice LOGIN;
SELECT uncache.grant_author('regress_uncache_sc_alice');
CREATE SCHEMA a AUTHORIZATION regress_uncache_sc_alice;
CREATE SCHEMA priv AUTHORIZATION regress_uncache_sc_alice;
CREATE SCHEMA e AUTHORIZATION regress_uncache_sc_eve;
GRANT USAGE ON SCHEMA a, e TO PUBLIC;
-- eve's code says as whom it runs
SET ROLE regress_uncache_sc_eve;
CREATE FUNCTION e.evil(text) RETURNS boolean LANGUAGE plpgsql SET search_path = e, pg_temp AS $$ BEGIN RAISE WARNING 'evil(%) runs as %', $1, current_user; RETURN true; END $$;
RESET ROLE;
SET ROLE regress_uncache_sc_alice;
CREATE TABLE a.names (id int, n text);
INSERT INTO a.names VALUES (1, 'one');
GRANT SELECT ON a.names TO regress_uncache_sc_eve;
CREATE PROCEDURE a.make(name text, query text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE a.%I (id int)', name);
	PERFORM uncache.watch(format('a.%I', name)::regclass, query => ARRAY[query, name || ':*']);
	EXECUTE format('GRANT INSERT ON a.%I TO regress_uncache_sc_eve', name);
END $$;
-- case 1: a function without a search path of its own, compiled by that of the writer
CREATE FUNCTION a.bare(i int) RETURNS text LANGUAGE plpgsql STABLE AS $$ DECLARE x text; BEGIN SELECT n INTO x FROM a.names WHERE id = i; RETURN x; END $$;
CALL a.make('bare', $$SELECT 'bare:' || a.bare({id})$$);
RESET ROLE;
SELECT problem, hint FROM uncache.check_rules() WHERE relation = 'a.bare'::regclass AND rule = 'uncache_query';
\c -
SET ROLE regress_uncache_sc_eve;
CREATE DOMAIN e.text AS pg_catalog.text CHECK (e.evil(VALUE));
SET search_path = e, pg_catalog;
SELECT a.bare(1);
RESET search_path;
INSERT INTO a.bare VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
-- case 2: one that another function calls, which has a search path
SET ROLE regress_uncache_sc_alice;
CREATE FUNCTION a.around(i int) RETURNS text LANGUAGE plpgsql STABLE SET search_path = a, pg_temp AS $$ BEGIN RETURN a.bare(i); END $$;
CALL a.make('around', $$SELECT 'around:' || a.around({id})$$);
RESET ROLE;
\c -
SET ROLE regress_uncache_sc_eve;
SET search_path = e, pg_catalog;
SELECT a.bare(1);
RESET search_path;
INSERT INTO a.around VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
-- case 3: a search path with a schema that the writer may not use: a temporary type in its place
SET ROLE regress_uncache_sc_alice;
CREATE DOMAIN priv.code AS text;
CREATE FUNCTION a.coded(i int) RETURNS text LANGUAGE plpgsql STABLE SET search_path = priv, a, pg_temp AS $$ DECLARE x code; BEGIN SELECT n INTO x FROM a.names WHERE id = i; RETURN x; END $$;
CALL a.make('coded', $$SELECT 'coded:' || a.coded({id})$$);
CREATE TABLE a.coded_in_placeholder (id int);
SELECT uncache.watch('a.coded_in_placeholder', query => ARRAY[$$SELECT 'p:' || {a.coded(id)}$$, 'p:*']);
GRANT INSERT ON a.coded_in_placeholder TO regress_uncache_sc_eve;
RESET ROLE;
\c -
SET ROLE regress_uncache_sc_eve;
INSERT INTO a.coded VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
\c -
SET ROLE regress_uncache_sc_eve;
CREATE DOMAIN pg_temp.code AS text CHECK (e.evil(VALUE));
SELECT a.coded(1);
INSERT INTO a.coded VALUES (1);
INSERT INTO a.coded_in_placeholder VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
-- case 4: the same for expressions of keys: other keys
SET ROLE regress_uncache_sc_alice;
CREATE FUNCTION a.row_bare(i int) RETURNS text LANGUAGE plpgsql AS $$ DECLARE x text; BEGIN x := 'row-' || i; RETURN x; END $$;
CREATE FUNCTION a.row_coded(i int) RETURNS text LANGUAGE plpgsql SET search_path = priv, a, pg_temp AS $$ DECLARE x code; BEGIN x := 'row-' || i; RETURN x; END $$;
CREATE TABLE a.keys (id int);
SELECT uncache.watch('a.keys', 'bare:{a.row_bare(id)}', 'coded:{a.row_coded(id)}');
GRANT INSERT ON a.keys TO regress_uncache_sc_eve;
GRANT USAGE ON SCHEMA priv TO regress_uncache_sc_eve;
RESET ROLE;
\c -
SET ROLE regress_uncache_sc_eve;
INSERT INTO a.keys VALUES (1);
RESET ROLE;
REVOKE USAGE ON SCHEMA priv FROM regress_uncache_sc_eve;
SELECT * FROM journalled();
\c -
SET ROLE regress_uncache_sc_eve;
DROP DOMAIN e.text;
CREATE DOMAIN e.text AS "char";
CREATE DOMAIN pg_temp.code AS "char";
SET search_path = e, pg_catalog;
SELECT a.row_bare(1), a.row_coded(1);
RESET search_path;
INSERT INTO a.keys VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
-- case 5: plans that were made by the writer's settings
SET ROLE regress_uncache_sc_alice;
CREATE FUNCTION a.noon(i int) RETURNS text LANGUAGE plpgsql STABLE SET search_path = a, pg_temp AS $$ BEGIN RETURN (SELECT to_char('2020-01-01 12:00'::timestamptz AT TIME ZONE 'UTC', 'HH24') FROM names WHERE id = i); END $$;
CALL a.make('noon', $$SELECT 'noon:' || a.noon({id})$$);
RESET ROLE;
\c -
SET ROLE regress_uncache_sc_eve;
SET timezone = 'Asia/Tokyo';
SELECT a.noon(1);
INSERT INTO a.noon VALUES (1);
INSERT INTO a.noon VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
-- case 6: simple expressions, which live for a transaction, know nothing of a volatile function
SET ROLE regress_uncache_sc_alice;
CREATE FUNCTION a.volatile(i int) RETURNS text LANGUAGE plpgsql SET search_path = a, pg_temp AS $$ BEGIN RETURN (SELECT n FROM names WHERE id = i); END $$;
CREATE FUNCTION a.stable(i int) RETURNS text LANGUAGE plpgsql STABLE SET search_path = a, pg_temp AS $$ BEGIN RETURN a.volatile(i); END $$;
CREATE FUNCTION a.simple(i int) RETURNS text LANGUAGE plpgsql STABLE SET search_path = a, pg_temp AS $$ BEGIN RETURN a.bare(i); END $$;
CALL a.make('stable', $$SELECT 'stable:' || a.stable({id})$$);
CALL a.make('simple', $$SELECT 'simple:' || a.simple({id})$$);
RESET ROLE;
\c -
SET ROLE regress_uncache_sc_eve;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT a.stable(1), a.simple(1);
INSERT INTO a.stable VALUES (1);
INSERT INTO a.simple VALUES (1);
COMMIT;
RESET ROLE;
SELECT * FROM journalled();
-- case 7: a domain that the writer's trigger has planned between two firings of one statement
SET ROLE regress_uncache_sc_alice;
CREATE FUNCTION a.is_fine(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = a, pg_temp AS $$ BEGIN RETURN true; END $$;
SET search_path = a;
CREATE FUNCTION a.inlined(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT is_fine($1) $$;
CREATE DOMAIN a.word AS text CHECK (a.inlined(VALUE));
RESET search_path;
CREATE FUNCTION a.as_word(i int) RETURNS text LANGUAGE plpgsql STABLE SET search_path = a, pg_temp AS $$ BEGIN RETURN (i::text)::word; END $$;
CALL a.make('words', $$SELECT 'words:' || a.as_word({id})$$);
RESET ROLE;
SET ROLE regress_uncache_sc_eve;
DROP DOMAIN e.text;
CREATE FUNCTION e.is_fine(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM e.evil($1); RETURN true; END $$;
CREATE TABLE e.mine (id int);
CREATE FUNCTION e.plan() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 'planned'::text::a.word; RETURN NULL; END $$;
CREATE TRIGGER plan AFTER INSERT ON e.mine FOR EACH ROW EXECUTE FUNCTION e.plan();
RESET ROLE;
\c -
SET ROLE regress_uncache_sc_eve;
SET search_path = e;
WITH first AS (INSERT INTO a.words VALUES (1) RETURNING 1),
	mine AS (INSERT INTO e.mine SELECT count(*) FROM first RETURNING 1),
	last AS (INSERT INTO a.words SELECT 7 FROM mine RETURNING 1)
SELECT count(*) FROM last;
RESET search_path;
RESET ROLE;
SELECT * FROM journalled();

\connect template1
SET client_min_messages = warning;
DROP DATABASE :database;
DROP ROLE regress_uncache_sc_eve, regress_uncache_sc_alice;
