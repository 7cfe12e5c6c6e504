-- What a template may not say, and how it is refused.
\set test template_syntax
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

\set SHOW_CONTEXT errors
CREATE TABLE t (id int, name text, tags text[], "user" text);

-- braces
SELECT uncache.check_template('t', 'a:{id');
SELECT uncache.check_template('t', 'a:{');
SELECT uncache.check_template('t', 'a:id}');
SELECT uncache.check_template('t', 'a:}}}');
SELECT uncache.check_template('t', 'a:{}');
SELECT uncache.check_template('t', E'a:{ \t\n }');
SELECT uncache.check_template('t', '{id}}');
SELECT uncache.check_template('t', '{{id}');
SELECT uncache.check_template('t', '{name || ''}}');
SELECT uncache.check_template('t', '{name || "}}');
SELECT uncache.check_template('t', '{name /* } }');
SELECT uncache.check_template('t', '{name /* /* */ } }');
SELECT uncache.check_template('t', '{name || $$}');
SELECT uncache.check_template('t', '{name || $x$ } $y$}');
SELECT uncache.check_template('t', '{name -- }');
-- targets
SELECT uncache.check_template('t', 'a123456789012345678901234567890123456789012345678://{id}');
-- SQL
SELECT uncache.check_template('t', '{nothing}');
SELECT uncache.check_template('t', '{ID}:{"ID"}');
SELECT uncache.check_template('t', '{NEW.id}');
SELECT uncache.check_template('t', '{other.id}');
SELECT uncache.check_template('t', '{id +}');
SELECT uncache.check_template('t', '{id, name}');
SELECT uncache.check_template('t', '{id; DROP TABLE t}');
SELECT uncache.check_template('t', '{id;}');
SELECT uncache.check_template('t', '{*}');
SELECT uncache.check_template('t', '{id AS x}');
SELECT uncache.check_template('t', '{id FROM t}');
SELECT uncache.check_template('t', '{id WHERE true}');
SELECT uncache.check_template('t', '{id LIMIT 1}');
SELECT uncache.check_template('t', '{id ORDER BY id}');
SELECT uncache.check_template('t', '{id FOR UPDATE}');
SELECT uncache.check_template('t', '{id UNION SELECT 1}');
SELECT uncache.check_template('t', '{DISTINCT id}');
SELECT uncache.check_template('t', '{id INTO x}');
SELECT uncache.check_template('t', '{id GROUP BY id}');
SELECT uncache.check_template('t', '{(SELECT id)}');
SELECT uncache.check_template('t', '{EXISTS (SELECT 1)}');
SELECT uncache.check_template('t', '{max(id)}');
SELECT uncache.check_template('t', '{row_number() OVER ()}');
SELECT uncache.check_template('t', '{unnest(tags)}');
SELECT uncache.check_template('t', '{generate_series(1, id)}');
SELECT uncache.check_template('t', '{$1}');
SELECT uncache.check_template('t', '{ctid}');
SELECT uncache.check_template('t', '{xmin}');
SELECT uncache.check_template('t', '{id + name}');
SELECT uncache.check_template('t', '{missing(id)}');
SELECT uncache.check_template('t', '{t.*, id}');
SELECT uncache.check_template('t', '{ROW(id, name)}');
SELECT uncache.check_template('t', '{DEFAULT}');
SELECT uncache.check_template('t', '{GROUPING(id)}');
SELECT uncache.check_template('t', '{pg_catalog.record_in(NULL, NULL, NULL)}');
-- functions and operators of one's own have to be qualified
CREATE FUNCTION slug(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
SELECT uncache.check_template('t', '{slug(name)}');
SELECT uncache.check_template('t', '{public.slug(name)}');
\set SHOW_CONTEXT never
-- one of several is wrong
SELECT uncache.watch('t', 'a:{id}', 'b:{nothing}', 'c');
-- no template at all
SELECT uncache.watch('t');
SELECT uncache.watch('t', VARIADIC '{}'::text[]);
SELECT uncache.watch('t', VARIADIC NULL::text[]);
SELECT uncache.watch(NULL, 'a');
SELECT uncache.watch('t', NULL);
SELECT uncache.watch('t', 'a', NULL);
SELECT uncache.watch('t', '');
SELECT uncache.watch('absent', 'a');
-- what was refused has changed nothing
SELECT relation, rule, templates FROM uncache.rules;
