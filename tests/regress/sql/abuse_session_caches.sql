-- What a session keeps of functions that the writer has called before runs no code of his as the author of a query:
-- a query calls no function in SQL or a procedural language, by whatever way.
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
-- eve's code says if it runs as somebody else
SET ROLE regress_uncache_sc_eve;
CREATE FUNCTION e.evil() RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = e, pg_temp AS $$ BEGIN IF current_user <> 'regress_uncache_sc_eve' THEN RAISE WARNING 'evil() runs as %', current_user; END IF; RETURN true; END $$;
SET ROLE regress_uncache_sc_alice;
CREATE PROCEDURE a.make(name text, query text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE a.%I (id int)', name);
	PERFORM uncache.watch(format('a.%I', name)::regclass, query => ARRAY[query, name || ':*']);
	EXECUTE format('GRANT INSERT ON a.%I TO regress_uncache_sc_eve', name);
END $$;
CREATE TABLE a.names (id int, n text);
INSERT INTO a.names VALUES (1, 'one');
-- case 1: a function, whatever its search path, and with a body that is analyzed when it is made
CREATE FUNCTION a.bare(int) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT n FROM names WHERE id = $1); END $$;
CREATE FUNCTION a.pinned(int) RETURNS text LANGUAGE plpgsql STABLE SET search_path = priv, pg_temp AS $$ BEGIN RETURN (SELECT n FROM names WHERE id = $1); END $$;
CREATE FUNCTION a.opens(int) RETURNS text LANGUAGE plpgsql STABLE SET search_path = a, pg_temp AS $$ DECLARE c CURSOR FOR SELECT n FROM names; BEGIN OPEN c; RETURN 'x'; END $$;
CREATE FUNCTION a.atomic(int) RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC SELECT n FROM a.names WHERE id = $1; END;
CALL a.make('bare', $$SELECT 'bare:' || a.bare({id})$$);
CALL a.make('pinned', $$SELECT 'pinned:' || a.pinned({id})$$);
CALL a.make('opens', $$SELECT 'opens:' || a.opens({id})$$);
CALL a.make('atomic', $$SELECT 'atomic:' || a.atomic({id})$$);
CALL a.make('placeholder', $$SELECT 'placeholder:' || {a.pinned(id)}$$);
-- case 2: a partial index, whose condition is kept planned
SET search_path = a;
CREATE FUNCTION a.special(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = a, pg_temp AS 'BEGIN RETURN $1 = ''x''; END';
CREATE FUNCTION a.is_open(status text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT status = 'open' OR a.special(status) $$;
CREATE TABLE a.invoice (id int, customer int, status text);
CREATE INDEX ON a.invoice USING brin (customer) WHERE a.is_open(status);
RESET search_path;
SET search_path = a;
INSERT INTO a.invoice SELECT i, i % 10, CASE WHEN i % 3 = 0 THEN 'paid' ELSE 'open' END FROM generate_series(1, 2000) i;
RESET search_path;
CALL a.make('partial', $$SELECT 'partial:' || i.id FROM a.invoice i WHERE i.customer = {id} AND i.status = 'open' AND i.id < 4$$);
-- an index on an expression, of a table that a view shows
CREATE TABLE a.folded (id int, t text);
CREATE INDEX folded_idx ON a.folded (a.special(t));
CREATE VIEW a.shown AS SELECT id, t FROM a.folded;
CALL a.make('expression', $$SELECT 'expression:' || s.t FROM a.shown s WHERE s.id = {id}$$);
-- case 3: partition keys
SET search_path = a;
CREATE FUNCTION a.region(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower($1) $$;
RESET search_path;
CREATE TABLE a.orders (id int, c text) PARTITION BY LIST (a.region(c));
CREATE TABLE a.orders_x PARTITION OF a.orders FOR VALUES IN ('x');
INSERT INTO a.orders VALUES (1, 'X');
CALL a.make('key', $$SELECT 'key:' || o.id FROM a.orders o WHERE o.id = {id}$$);
CALL a.make('leaf', $$SELECT 'leaf:' || o.id FROM a.orders_x o WHERE o.id = {id}$$);
-- case 4: functions of a range
CREATE FUNCTION a.diff(x float8, y float8) RETURNS float8 LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT x - y; END;
CREATE TYPE a.span AS RANGE (subtype = float8, subtype_diff = a.diff);
CREATE TABLE a.spans (id int, s a.span);
INSERT INTO a.spans SELECT g, a.span(g, g + 10) FROM generate_series(1, 500) g;
ANALYZE a.spans;
GRANT SELECT ON a.spans TO regress_uncache_sc_eve;
CALL a.make('range', $$SELECT 'range:' || s.id FROM a.spans s WHERE s.s && a.span({id}::float8, {id}::float8 + 1)$$);
CALL a.make('array', $$SELECT 'array:' || s.id FROM a.spans s WHERE s.id = {id} AND ARRAY[s.s] IS NOT NULL$$);
-- case 5: domains: a column's, a row's
CREATE FUNCTION a.is_fine(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT length($1) > 0 $$;
CREATE DOMAIN a.word AS text CHECK (a.is_fine(VALUE));
CREATE TYPE a.pair AS (l a.word, r text);
CREATE TABLE a.words (id int, w a.word);
CREATE TABLE a.pairs (id int, p a.pair);
CALL a.make('domain', $$SELECT 'domain:' || w.w FROM a.words w WHERE w.id = {id}$$);
CALL a.make('row', $$SELECT 'row:' || (w.p).r FROM a.pairs w WHERE w.id = {id}$$);
CALL a.make('other', $$SELECT 'other:' || w.id FROM a.words w WHERE w.id = {id}$$);
-- case 6: PostgreSQL's functions that run what they are given as text, or leave something behind
CREATE SEQUENCE a.s;
CALL a.make('xml', $$SELECT query_to_xml('SELECT a.bare(' || {id} || ')', false, false, '')::text$$);
CALL a.make('table_xml', $$SELECT table_to_xml('a.shown', false, false, '')::text || {id}$$);
CALL a.make('stat', $$SELECT word FROM ts_stat('SELECT a.bare(1)::tsvector') WHERE {id} > 0$$);
CALL a.make('nextval', $$SELECT 'nextval:' || nextval('a.s') || {id}$$);
CALL a.make('large', $$SELECT 'large:' || lo_open(1, 262144) || {id}$$);
CALL a.make('lock', $$SELECT 'lock:' || pg_try_advisory_lock({id})$$);
CALL a.make('setting', $$SELECT 'setting:' || {set_config('a.b', id::text, false)}$$);
CREATE AGGREGATE a.rewritten(text) (sfunc = ts_rewrite, stype = tsquery, initcond = 'x');
CALL a.make('aggregate', $$SELECT 'aggregate:' || a.rewritten('SELECT a.bare(1)::tsquery, ''x''::tsquery')::text || {id}$$);
CALL a.make('random', $$SELECT 'random:' || {id} || CASE WHEN random() < 0 OR clock_timestamp() IS NULL THEN 'x' ELSE '' END$$);
RESET ROLE;
-- case 7: an operator class, which a superuser has made
CREATE TYPE a.code AS (t text);
ALTER TYPE a.code OWNER TO regress_uncache_sc_alice;
SET ROLE regress_uncache_sc_alice;
CREATE FUNCTION a.eq(a.code, a.code) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.t = $2.t';
CREATE FUNCTION a.cmp(a.code, a.code) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN $1.t = $2.t THEN 0 WHEN $1.t < $2.t THEN -1 ELSE 1 END';
CREATE OPERATOR a.= (FUNCTION = a.eq, LEFTARG = a.code, RIGHTARG = a.code);
RESET ROLE;
CREATE OPERATOR CLASS a.code_ops DEFAULT FOR TYPE a.code USING btree AS OPERATOR 3 a.=, FUNCTION 1 a.cmp(a.code, a.code);
SET ROLE regress_uncache_sc_alice;
CREATE TABLE a.list (id int, codes a.code[]);
INSERT INTO a.list VALUES (1, ARRAY['(x)', '(y)']::a.code[]), (1, ARRAY['(y)', '(x)']::a.code[]);
GRANT SELECT ON a.list TO regress_uncache_sc_eve;
CALL a.make('class', $$SELECT 'class:' || l.id FROM a.list l WHERE l.id = {id} ORDER BY l.codes$$);
CALL a.make('elsewhere', $$SELECT 'elsewhere:' || l.id FROM a.list l WHERE l.id = {id}$$);
RESET ROLE;
SELECT relation, problem FROM uncache.check_rules() WHERE rule = 'uncache_query' ORDER BY 1;
-- the writer warms up what he can, and has temporary objects
\c -
\set VERBOSITY terse
SET ROLE regress_uncache_sc_eve;
CREATE FUNCTION e.lower(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN e.evil() THEN pg_catalog.upper($1) END $$;
CREATE FUNCTION e.special(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT e.evil() $$;
CREATE FUNCTION e.length(text) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN e.evil() THEN 1 END $$;
SET search_path = e, pg_catalog;
EXPLAIN SELECT FROM a.invoice;
EXPLAIN SELECT FROM a.orders;
SELECT count(*) FROM a.spans WHERE s && a.span(3, 4);
SELECT ARRAY['(x)'::a.code] < ARRAY['(y)'::a.code];
SELECT 'x'::text::a.word;
RESET search_path;
CREATE TEMP VIEW names AS SELECT 1 AS id, 'chosen' || e.evil() AS n;
GRANT SELECT ON names TO PUBLIC;
SET enable_seqscan = off;
DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['bare', 'pinned', 'opens', 'atomic', 'placeholder', 'partial', 'expression', 'key', 'leaf', 'range', 'array', 'domain', 'row', 'other',
		'xml', 'table_xml', 'stat', 'nextval', 'large', 'lock', 'setting', 'aggregate', 'random', 'class', 'elsewhere'] LOOP
		EXECUTE format('INSERT INTO a.%I VALUES (1)', t);
	END LOOP;
END $$;
SELECT name FROM pg_cursors;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND classid = 0 AND objid = 1;
RESET ROLE;
SELECT is_called FROM a.s;
SELECT * FROM journalled();
\set VERBOSITY default
-- case 8: what comes to a table below the one that is read, after the query was planned: a partition's index, a child's
SET ROLE regress_uncache_sc_alice;
CREATE TABLE a.top (id int, t text) PARTITION BY RANGE (id);
CREATE TABLE a.top_1 PARTITION OF a.top FOR VALUES FROM (0) TO (10);
CREATE TABLE a.parent (id int, t text);
CREATE TABLE a.child () INHERITS (a.parent);
CREATE TABLE a.grandchild () INHERITS (a.child);
INSERT INTO a.top VALUES (1, 'x');
INSERT INTO a.grandchild VALUES (1, 'x');
CALL a.make('below', $$SELECT 'below:' || id FROM a.top WHERE id = {id}$$);
CALL a.make('heirs', $$SELECT 'heirs:' || id FROM a.parent WHERE id = {id}$$);
\c -
INSERT INTO a.below VALUES (1);
INSERT INTO a.heirs VALUES (1);
SELECT * FROM journalled();
SET ROLE regress_uncache_sc_alice;
CREATE INDEX top_1_idx ON a.top_1 (a.special(t));
CREATE INDEX grandchild_idx ON a.grandchild (a.special(t));
RESET ROLE;
INSERT INTO a.below VALUES (1);
INSERT INTO a.heirs VALUES (1);
DROP INDEX a.top_1_idx, a.grandchild_idx;
INSERT INTO a.below VALUES (1);
INSERT INTO a.heirs VALUES (1);
SELECT * FROM journalled();
-- a CHECK that comes to a domain
DROP TABLE a.pairs;
ALTER DOMAIN a.word DROP CONSTRAINT word_check;
INSERT INTO a.words VALUES (1, 'w');
\c -
INSERT INTO a.domain VALUES (1);
ALTER DOMAIN a.word ADD CONSTRAINT word_check CHECK (a.is_fine(VALUE));
INSERT INTO a.domain VALUES (1);
SELECT * FROM journalled();
-- case 9: an operator class for a type of PostgreSQL's own concerns all queries
SET ROLE regress_uncache_sc_alice;
CREATE FUNCTION a.icmp(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN sign($1 - $2); END';
RESET ROLE;
CREATE OPERATOR CLASS a.int_ops FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 a.icmp(int, int);
INSERT INTO a.below VALUES (1);
SELECT * FROM journalled();
DROP OPERATOR FAMILY a.int_ops USING btree;
INSERT INTO a.below VALUES (1);
SELECT * FROM journalled();
-- case 10: expressions of keys: in a session with temporary objects they call no function but those with an analyzed body
SET ROLE regress_uncache_sc_alice;
CREATE TABLE priv.names (id int, n text);
INSERT INTO priv.names VALUES (1, 'private');
CREATE FUNCTION a.label(int) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT n FROM names WHERE id = $1); END $$;
CREATE FUNCTION a.around(int) RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC SELECT a.label($1); END;
CREATE TABLE a.keys (id int);
SELECT uncache.watch('a.keys', 'pinned:{a.pinned(id)}', 'label:{a.label(id)}', 'atomic:{a.atomic(id)}', 'around:{a.around(id)}', 'id:{id + 0}');
GRANT INSERT ON a.keys TO regress_uncache_sc_eve;
GRANT SELECT ON a.names TO regress_uncache_sc_eve;
CREATE FUNCTION a.put(int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = a, pg_temp AS $$ BEGIN INSERT INTO keys VALUES ($1); END $$;
SET client_min_messages = error;
INSERT INTO a.keys VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
SET ROLE regress_uncache_sc_eve;
CREATE TEMP VIEW names AS SELECT 1 AS id, 'chosen' || e.evil() AS n;
GRANT SELECT ON names TO PUBLIC;
RESET client_min_messages;
\set VERBOSITY terse
INSERT INTO a.keys VALUES (1);
SELECT a.put(1);
RESET ROLE;
SELECT * FROM journalled();
\c -
\set VERBOSITY terse
SET ROLE regress_uncache_sc_eve;
CREATE TEMP VIEW names AS SELECT 1 AS id, 'chosen' || e.evil() AS n;
GRANT SELECT ON names TO PUBLIC;
SELECT a.put(1);
RESET ROLE;
SELECT * FROM journalled();
-- case 11: functions in PL/pgSQL that were compiled with the writer's types: other keys
SET ROLE regress_uncache_sc_alice;
CREATE FUNCTION a.row_bare(i int) RETURNS text LANGUAGE plpgsql AS $$ DECLARE x text; BEGIN x := 'row-' || i; RETURN x; END $$;
SELECT uncache.watch('a.keys', 'bare:{a.row_bare(id)}');
RESET ROLE;
\c -
SET ROLE regress_uncache_sc_eve;
INSERT INTO a.keys VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
\c -
\set VERBOSITY terse
SET ROLE regress_uncache_sc_eve;
CREATE DOMAIN e.text AS "char";
SET search_path = e, pg_catalog;
SELECT a.row_bare(1);
RESET search_path;
INSERT INTO a.keys VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
-- case 12: TRUNCATE plans nothing of the rules' texts
SET ROLE regress_uncache_sc_alice;
CREATE FUNCTION a.fixed(text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = a, pg_temp AS $$ BEGIN RAISE WARNING 'fixed() runs as %', current_user; RETURN $1; END $$;
CREATE TABLE a.truncated (id int);
SELECT uncache.watch('a.truncated', 'k:{a.fixed(''x'')}:{id}');
RESET ROLE;
\c -
TRUNCATE a.truncated;
SELECT * FROM journalled();

\connect template1
SET client_min_messages = warning;
DROP DATABASE :database;
DROP ROLE regress_uncache_sc_eve, regress_uncache_sc_alice;
