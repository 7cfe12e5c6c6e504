-- What the text of a query tells about the keys that it returns.
\set test query_patterns
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

-- What a query's arguments can produce; an unknown one gives "resync".
CREATE FUNCTION shown(VARIADIC arguments text[]) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', r.target, r.action, quote_literal(r.key)), ', ')
	FROM uncache_internal.rule_for_any_row('query', arguments) r
$$;
-- case 1: concatenation, concat(), format(), in one another
SELECT shown($$SELECT 'a' || x || 'b' || y || z FROM t$$);
SELECT shown($$SELECT concat('a', x, 'b', NULL, concat('c', 1)) FROM t$$);
SELECT shown($$SELECT pg_catalog.format('100%% a:%s|%1$s|%-10s|%2$*3$I|%L', x, y) FROM t$$);
SELECT shown($$SELECT 'a' || format('b%sc', x) || lower(y) COLLATE "C" FROM t$$);
SELECT shown($$SELECT 'a'::text || x::text || ('b')$$);
-- case 2: braces and what is special to a glob, in a literal
SELECT shown($$SELECT 'a*?[]\{{}}' || x$$);
SELECT shown($$SELECT '*' || x || '*'$$);
SELECT shown($$SELECT 'a\' || x || '\'$$);
SELECT shown($$SELECT E'a\n\\' || x$$);
SELECT shown($$SELECT format('%%*{{%s}}', x)$$);
-- case 3: targets
SELECT shown($$SELECT 'api://a:' || x$$);
SELECT shown($$SELECT 'api' || '://' || 'a:' || x$$);
-- case 4: whatever can be behind nothing is unknown, whatever the target
SELECT shown($$SELECT 'api://' || x$$);
SELECT shown($$SELECT x || 'a'$$);
SELECT shown($$SELECT '' || x$$);
SELECT shown($$SELECT ''$$);
SELECT shown($$SELECT {id}$$);
SELECT shown($$TABLE t$$);
SELECT shown($$SELECT * FROM t$$);
SELECT shown($$SELECT CASE WHEN x THEN 'a' ELSE 'b' END$$);
SELECT shown($$SELECT coalesce('a' || x, 'b')$$);
SELECT shown($$SELECT myschema.concat('a', x)$$);
SELECT shown($$SELECT 'a' OPERATOR(public.||) x$$);
SELECT shown($$SELECT concat(VARIADIC ARRAY['a', x])$$);
SELECT shown($$SELECT format(x, 'a')$$);
SELECT shown($$SELECT ('[1]' || j)::text$$);
SELECT shown($$SELECT 'abc'::varchar(1) || x$$);
SELECT shown($$SELECT NULL$$);
SELECT shown($$SELECT 12 || x$$);
-- case 5: several branches: all of them, or unknown if one is
SELECT shown($$SELECT 'a' || x UNION SELECT 'b' EXCEPT (SELECT 'c' || y INTERSECT VALUES ('d'), ('e' || z))$$);
SELECT shown($$SELECT 'a' || x UNION ALL SELECT y$$);
SELECT shown($$VALUES ('a' || {id}), (x)$$);
-- case 6: parts in front of and behind the list
SELECT shown($$WITH c AS (SELECT 'not this') SELECT DISTINCT ON (x) 'a' || x AS k FROM c WHERE x = 'nor this' GROUP BY 1 ORDER BY 1 LIMIT 5$$);
SELECT shown($$ ( (SELECT 'a' || x) )$$);
-- case 7: several queries, and what tells one from a pattern
SELECT shown($$SELECT 'a' || x$$, $$select'b'$$, $$SELECT(1)$$, 'c:*', 'd:{id}', $$VALUES('e')$$);
SELECT shown($$SELECT 'a'$$, 'select:*', 'selected', 'table*', 'with:x', 'values', '/* a page */', '/*');
SELECT shown($$SELECT 'a'$$, E'-- a comment\nSELECT ''b'' || x', E'/* another */ (\n\tSELECT ''c'')', E'--\n/**/TABLE x', 'd');
-- case 8: wrong ones are unknown, and what follows them is not lost
SELECT shown('SELECT', $$SELECT 'a'$$);
SELECT shown($$SELECT 'a{id}'$$);
SELECT shown($$SELECT 'a' || x -- {id}$$);
SELECT shown($$SELECT 'a' || "x{id}"$$);
SELECT shown($q$SELECT 'a' || $x$ {id} $x$$q$);
SELECT shown($$SELECT 'a' || {id$$);
SELECT shown($$SELECT 'a' }$$);
SELECT shown($$SELECT 'a'; SELECT 'b'$$);
SELECT shown($$SELECT 'a' INTO x$$);
-- case 9: another reading of strings in the session changes nothing
SET standard_conforming_strings = off;
SET backslash_quote = off;
SELECT shown($q$SELECT 'a\\b' || E'\'' || x$q$);
RESET standard_conforming_strings;
RESET backslash_quote;

-- case 10: at run time the same: a literal with a backslash, in a session that reads it otherwise
CREATE TABLE t (id int, v text);
SELECT uncache.watch('t', query => ARRAY[$q$SELECT 'a\' || {id} || E'\''$q$]);
\connect -
SET standard_conforming_strings = off;
SET backslash_quote = off;
INSERT INTO t VALUES (1);
TRUNCATE t;
SELECT * FROM journalled();
RESET standard_conforming_strings;
RESET backslash_quote;

-- case 11: what watch() refuses, and why
SELECT uncache.watch('t', query => ARRAY[$$SELECT v FROM public.t$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a' || {nix}$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a' || nix FROM public.t$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a' FROM t$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a' || id = {id} FROM public.t$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a', 'b'$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT id FROM public.t$$, 'a*']);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a{id}'$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a' || {id$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a' || {}$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a' || {(SELECT 1)}$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a' || {count(*)}$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a' FROM public.t FOR UPDATE$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a' || x.id FROM (SELECT id FROM public.t FOR SHARE) x$$]);
SELECT uncache.watch('t', query => ARRAY[$$WITH x AS (SELECT id FROM public.t FOR KEY SHARE) SELECT 'a' || id FROM x$$]);
SELECT uncache.watch('t', query => ARRAY[$$WITH x AS (DELETE FROM public.t RETURNING id) SELECT 'a' || id FROM x$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a' INTO public.x$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a'; SELECT 'b'$$]);
SELECT uncache.watch('t', query => ARRAY[$$DELETE FROM public.t RETURNING 'a' || id$$]);
SELECT uncache.watch('t', query => ARRAY[$$EXPLAIN SELECT 'a'$$]);
SELECT uncache.watch('t', query => ARRAY['a:{id}']);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a' || {id} FROM WHERE$$]);
SELECT uncache.watch('t', query => ARRAY['a:*', $$SELECT 'a' || {id}$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a' || {id}$$, 'a:{nix}']);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a' || {id}$$, 'a[{id}]']);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'a' || $1$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'api://' || v FROM public.t$$]);
SELECT templates FROM uncache.rules WHERE relation = 't'::regclass ORDER BY rule;
