-- The objects that a rule depends on: a change of one of them may break it.
\set test rule_objects
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
\t on
\a

CREATE SCHEMA o;
CREATE TABLE t (id int, v text);
CREATE TABLE o.a (id int, k text, unused int);
CREATE TABLE o.b (a_id int, id int, k text, unused int);
CREATE TABLE o.c (id int);
CREATE VIEW o.v AS SELECT id, k AS shown FROM o.a;
CREATE DOMAIN o.positive AS int;
CREATE TYPE o.mood AS ENUM ('sad', 'ok');
CREATE TYPE o.pair AS (x text, y o.mood);
CREATE COLLATION o.c (provider = libc, locale = 'C');
CREATE FUNCTION o.f(int) RETURNS text LANGUAGE sql AS $$SELECT 'f'$$;
CREATE FUNCTION o.rows(int) RETURNS SETOF o.b LANGUAGE sql AS $$SELECT * FROM o.b$$;
CREATE FUNCTION o.less(text, text) RETURNS boolean LANGUAGE sql AS $$SELECT $1 < $2$$;
CREATE FUNCTION o.plus(text, text) RETURNS text LANGUAGE sql AS $$SELECT $1 || $2$$;
CREATE OPERATOR o.+ (LEFTARG = text, RIGHTARG = text, FUNCTION = o.plus);
CREATE AGGREGATE o.total(text) (sfunc = o.plus, stype = text);
CREATE SEQUENCE o.s;
CREATE FUNCTION objects(action text, argument text, with_queries boolean DEFAULT true) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT pg_describe_object(class_id, object_id, column_number) COLLATE "C"
	FROM uncache_internal.objects_used('t'::regclass, action, ARRAY[argument] || CASE action WHEN 'query' THEN ARRAY['x'] ELSE '{}' END, with_queries) ORDER BY 1
$$;
SET search_path = public, o;

-- case 1: PostgreSQL's own are none, nor is the rule's table
SELECT objects('keys', '{id}:{lower(v)}:{t}:{id + 1}:{id::text}');
-- case 2: functions, operators, types, collations, what literals name
SELECT objects('keys', '{o.f(id)}');
SELECT objects('keys', '{v OPERATOR(o.+) v}');
SELECT objects('keys', '{id::o.positive}');
SELECT objects('keys', '{v::o.mood}');
SELECT objects('keys', '{''sad''::o.mood}');
SELECT objects('keys', '{ARRAY[v]::o.mood[]}');
SELECT objects('keys', '{(ROW(v, NULL)::o.pair).y}');
SELECT objects('keys', '{v COLLATE o.c}');
SELECT objects('keys', '{nextval(''o.s'')}');
-- case 3: columns of the tables that queries read, by way of joins, subqueries and CTEs
SELECT objects('query', 'SELECT a.k FROM o.a WHERE a.id = {id}');
SELECT objects('query', 'SELECT a.k || b.k FROM o.a JOIN o.b ON b.a_id = a.id WHERE a.id = {id}');
SELECT objects('query', 'SELECT ''k'' || id FROM o.a JOIN o.b USING (id)');
SELECT objects('query', 'SELECT q.k FROM (SELECT k, id FROM o.a) q WHERE EXISTS (SELECT FROM o.b WHERE b.id = q.id)');
SELECT objects('query', 'WITH w AS (SELECT k FROM o.a ORDER BY id) SELECT k FROM w UNION SELECT k FROM o.b');
SELECT objects('query', 'SELECT (a).k FROM o.a');
SELECT objects('query', 'SELECT a::text FROM o.a');
-- case 4: a table of which no column is read, and a view
SELECT objects('query', 'SELECT ''c'' FROM o.c WHERE {id} = 1');
SELECT objects('query', 'SELECT shown FROM o.v');
-- case 5: functions in FROM, aggregates, order
SELECT objects('query', 'SELECT k FROM o.rows({id})');
SELECT objects('query', 'SELECT o.total(k) FROM o.a GROUP BY unused ORDER BY unused');
-- case 6: placeholders; without looking at the query
SELECT objects('query', 'SELECT k FROM o.a WHERE id = {o.f(id)::int}');
SELECT objects('query', 'SELECT k FROM o.a WHERE id = {o.f(id)::int}', false);
SELECT objects('query', 'SELECT k FROM o.not_there WHERE id = {o.f(id)::int}', false);
-- case 7: that takes no lock on other tables
BEGIN;
SELECT count(*) FROM (SELECT objects('query', 'SELECT k FROM o.a WHERE id = {id}', false)) q;
SELECT relation::regclass FROM pg_locks WHERE pid = pg_backend_pid() AND relation::regclass::text IN ('t', 'a', 'o.a');
SELECT count(*) FROM (SELECT objects('query', 'SELECT k FROM o.a WHERE id = {id}')) q;
SELECT relation::regclass FROM pg_locks WHERE pid = pg_backend_pid() AND relation::regclass::text IN ('t', 'a', 'o.a') ORDER BY 1;
COMMIT;
-- case 8: what is wrong is still told
SELECT objects('query', 'SELECT k FROM o.not_there');
SELECT objects('query', 'SELECT id FROM o.a');
-- case 9: a table that is gone has no problem
SELECT * FROM uncache_internal.examine_rule(4294967295, 'keys', '{x}');
-- case 10: a role that a rule names is no object of it
CREATE TRIGGER r AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.query('SELECT k FROM o.a', 'x');
SELECT pg_describe_object(u.class_id, u.object_id, u.column_number)
FROM pg_trigger g, uncache_internal.objects_used(g.tgrelid, 'query', string_to_array(rtrim(encode(g.tgargs, 'escape'), '\0'), '\000'), true) u
WHERE g.tgrelid = 't'::regclass;
