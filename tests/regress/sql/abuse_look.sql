-- Looking at a rule runs nobody's code: a superuser looks at texts whose author has laid
-- traps. Each of them is tried by firing the rule as well, to see that it is one.
\set test abuse_look
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
\t on
\a

SET client_min_messages = warning;
CREATE ROLE regress_uncache_trapper;
SELECT uncache.grant_author('regress_uncache_trapper');
CREATE SCHEMA h AUTHORIZATION regress_uncache_trapper;
CREATE TABLE public.t (id int, v text);
GRANT ALL ON public.t TO regress_uncache_trapper;
-- it moves for good, whatever is rolled back
CREATE SEQUENCE public.canary;
GRANT ALL ON public.canary TO PUBLIC;
CREATE TABLE public.guarded (k text);
INSERT INTO public.guarded VALUES ('x');
GRANT SELECT ON public.guarded TO regress_uncache_trapper;
SET ROLE regress_uncache_trapper;
CREATE FUNCTION h.act() RETURNS int LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN RETURN nextval('public.canary'); END $$;
CREATE FUNCTION h.pure(i int) RETURNS text IMMUTABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM h.act(); RETURN 'x'; END $$;
CREATE FUNCTION h.number(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM h.act(); RETURN 1; END $$;
CREATE FUNCTION h.yes(v text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM h.act(); RETURN true; END $$;
CREATE FUNCTION h.inlined(i int) RETURNS text IMMUTABLE LANGUAGE sql SET search_path = pg_catalog, pg_temp AS 'SELECT h.pure($1)';
CREATE FUNCTION h.poly(anyelement) RETURNS anyelement IMMUTABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM h.act(); RETURN $1; END $$;
CREATE FUNCTION h.defaulted(i int, j text DEFAULT h.pure(2)) RETURNS text IMMUTABLE LANGUAGE sql SET search_path = pg_catalog, pg_temp AS 'SELECT $2';
CREATE FUNCTION h.many(i int) RETURNS SETOF text IMMUTABLE LANGUAGE sql SET search_path = pg_catalog, pg_temp AS 'SELECT h.pure($1)';
CREATE FUNCTION h.joined(VARIADIC text[]) RETURNS text IMMUTABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM h.act(); RETURN 'x'; END $$;
CREATE FUNCTION h.plus(text, text) RETURNS text IMMUTABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM h.act(); RETURN 'x'; END $$;
CREATE FUNCTION h.less(text, text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM h.act(); RETURN true; END $$;
CREATE FUNCTION h.lower(text) RETURNS text IMMUTABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM h.act(); RETURN 'x'; END $$;
CREATE OPERATOR h.+ (LEFTARG = text, RIGHTARG = text, FUNCTION = h.plus);
CREATE OPERATOR h.< (LEFTARG = text, RIGHTARG = text, FUNCTION = h.less);
CREATE DOMAIN h.checked AS text CHECK (h.yes(VALUE));
CREATE TYPE h.pair AS (a h.checked);
CREATE TYPE h.plain AS (a text);
CREATE FUNCTION h.plain_text(h.plain) RETURNS text IMMUTABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM h.act(); RETURN 'x'; END $$;
CREATE CAST (h.plain AS text) WITH FUNCTION h.plain_text(h.plain) AS IMPLICIT;
CREATE FUNCTION h.take(h.pair) RETURNS text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$SELECT 'x'$$;
CREATE TYPE h.words AS RANGE (subtype = h.checked);
CREATE AGGREGATE h.folded(text) (sfunc = h.plus, stype = text, initcond = '');
CREATE TABLE h.pairs (p h.pair, k text);
INSERT INTO h.pairs VALUES ('(x)', 'x');
CREATE VIEW h.shown AS SELECT h.pure(1) AS k;
CREATE VIEW h.barrier WITH (security_barrier) AS SELECT k FROM h.pairs WHERE h.yes(k);
RESET ROLE;
-- a type that a superuser was asked to make, with a function that was harmless then
CREATE TYPE h.span;
CREATE FUNCTION h.canonical(h.span) RETURNS h.span IMMUTABLE STRICT LANGUAGE internal AS 'int4range_canonical';
CREATE TYPE h.span AS RANGE (subtype = int, canonical = h.canonical);
ALTER FUNCTION h.canonical OWNER TO regress_uncache_trapper;
SET ROLE regress_uncache_trapper;
CREATE OR REPLACE FUNCTION h.canonical(h.span) RETURNS h.span IMMUTABLE STRICT LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM h.act(); RETURN $1; END $$;
RESET ROLE;
CREATE POLICY p ON public.guarded USING (h.yes(k));
ALTER TABLE public.guarded ENABLE ROW LEVEL SECURITY;

CREATE FUNCTION moved() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	result boolean := (SELECT is_called FROM public.canary);
BEGIN
	PERFORM setval('public.canary', 1, false);
	RETURN result;
END
$$;
-- All that looks at a rule; then, whether firing it springs the trap.
CREATE FUNCTION look(action text, VARIADIC arguments text[], OUT looking boolean, OUT firing boolean, OUT problem text) LANGUAGE plpgsql AS $$
DECLARE
	argument_list text := (SELECT string_agg(quote_literal(a), ', ') FROM unnest(arguments) a);
	template text;
BEGIN
	PERFORM moved();
	FOREACH template IN ARRAY arguments LOOP
		BEGIN
			PERFORM uncache.check_template('t', template);
		EXCEPTION WHEN OTHERS THEN NULL;
		END;
	END LOOP;
	BEGIN
		PERFORM uncache.check_rule('t', action, arguments);
	EXCEPTION WHEN OTHERS THEN problem := SQLERRM;
	END;
	BEGIN
		EXECUTE format('SELECT uncache.watch(''public.t'', %I => $1)', action) USING arguments;
	EXCEPTION WHEN OTHERS THEN NULL;
	END;
	EXECUTE format('CREATE TRIGGER trap AFTER INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION uncache.%I(%s)', action, argument_list);
	PERFORM uncache.check_rules();
	PERFORM * FROM uncache.rules;
	PERFORM uncache.invalidate_table('t');
	ALTER TABLE public.t ADD COLUMN w int;
	ALTER TABLE public.t RENAME w TO w2;
	ALTER TABLE public.t DROP COLUMN w2;
	CREATE TABLE public.k (k int);
	DROP TABLE public.k;
	looking := moved();
	INSERT INTO public.t VALUES (1, 'v');
	firing := moved();
	DROP TRIGGER trap ON public.t;
	PERFORM uncache.unwatch('t');
	PERFORM moved();
END
$$;
SET client_min_messages = error;

-- each line: whether looking sprang the trap, whether firing does
-- case 1: functions that claim to be immutable, of constants
SELECT * FROM look('keys', '{h.pure(1)}');
SELECT * FROM look('tags', '{CASE WHEN true THEN h.pure(1) END}');
SELECT * FROM look('keys', '{h.inlined(1)}');
SELECT * FROM look('keys', '{h.poly(1)}');
SELECT * FROM look('keys', '{h.defaulted(1)}');
SELECT * FROM look('keys', '{h.defaulted(i => 1)}');
SELECT * FROM look('keys', '{h.joined(''a'', ''b'')}');
-- case 2: operators and casts
SELECT * FROM look('patterns', '{''a''::text OPERATOR(h.+) ''b''::text}');
SELECT * FROM look('keys', '{''a'' OPERATOR(h.+) ''b''}');
SELECT * FROM look('keys', '{(ROW(''x'')::h.plain)::text}');
SELECT * FROM look('keys', '{lower(ROW(''x'')::h.plain)}');
-- case 3: literals of types whose input runs code
SELECT * FROM look('keys', '{''x''::h.checked}');
SELECT * FROM look('keys', '{(''(x)''::h.pair)::text}');
SELECT * FROM look('keys', '{h.pair ''(x)''}');
SELECT * FROM look('keys', '{h.checked(''x'')}');
SELECT * FROM look('keys', '{CAST(''{x}'' AS h.checked[])}');
SELECT * FROM look('keys', '{ARRAY[''x'']::h.checked[]}');
SELECT * FROM look('keys', '{''{(x)}''::h.pair[]}');
SELECT * FROM look('keys', '{ROW(''x'')::h.pair}');
SELECT * FROM look('keys', '{''[1,2]''::h.span}');
SELECT * FROM look('keys', '{''{[1,2]}''::h.span_multirange}');
SELECT * FROM look('keys', '{''[a,b]''::h.words}');
SELECT * FROM look('keys', '{h.take(''(x)'')}');
SELECT * FROM look('keys', '{''(x)''::h.pair IS NULL}');
SELECT * FROM look('keys', '{v::h.checked = ANY (''{x}'')}');
SELECT * FROM look('keys', '{coalesce(NULL, ''(x)''::h.pair)}');
SELECT * FROM look('keys', '{CASE v WHEN ''v'' THEN ''(x)'' ELSE NULL::h.pair END}');
-- case 4: the same in queries
SELECT * FROM look('query', $$SELECT 'q:' || h.pure(1)$$);
SELECT * FROM look('query', $$SELECT 'q:' || {h.pure(1)}$$);
SELECT * FROM look('query', $$SELECT 'q:' || {'(x)'::h.pair}::text$$);
SELECT * FROM look('query', $$SELECT 'q:' || ('(x)'::h.pair).a$$);
SELECT * FROM look('query', $$SELECT 'q:' || k FROM h.pairs WHERE p IN ('(x)'::h.pair)$$);
SELECT * FROM look('query', $$SELECT 'q:' || h.take(v) FROM (SELECT '(x)' UNION ALL SELECT NULL::h.pair) s(v)$$);
SELECT * FROM look('query', $$SELECT 'q:' || h.take(v) FROM (VALUES ('(x)'), (NULL::h.pair)) s(v)$$);
SELECT * FROM look('query', $$SELECT 'q:' LIMIT h.number(1)$$);
SELECT * FROM look('query', $$SELECT 'q:' OFFSET h.number(0)$$);
SELECT * FROM look('query', $$SELECT 'q:' || k FROM h.pairs ORDER BY h.pure(1)$$);
SELECT * FROM look('query', $$SELECT 'q:' || m FROM h.many(1) m$$);
SELECT * FROM look('query', $$SELECT 'q:' || m FROM ROWS FROM (h.many(1)) WITH ORDINALITY AS m(m)$$);
SELECT * FROM look('query', $$SELECT 'q:' || h.folded('x')$$);
SELECT * FROM look('query', $$SELECT 'q:' || (SELECT h.pure(1))$$);
SELECT * FROM look('query', $$WITH w AS MATERIALIZED (SELECT '(x)'::h.pair p) SELECT 'q:' || (w.p).a FROM w$$);
SELECT * FROM look('query', $$WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n FROM r)
	CYCLE n SET c TO h.pair '(x)' DEFAULT h.pair '(y)' USING p SELECT 'q:' || n FROM r$$);
SELECT * FROM look('query', $$SELECT 'q:' || k FROM h.pairs TABLESAMPLE system (h.number(1) * 100)$$);
SELECT * FROM look('query', $$SELECT 'q:' || count(*) OVER (ORDER BY k ROWS h.number(1) PRECEDING) FROM h.pairs$$);
SELECT * FROM look('query', $$SELECT 'q:' || x.c FROM xmltable('/r' PASSING '<r/>' COLUMNS c text PATH '.' DEFAULT h.pure(1)) x$$);
-- case 5: views, barriers and policies
SELECT * FROM look('query', $$SELECT 'q:' || k FROM h.shown$$);
SELECT * FROM look('query', $$SELECT 'q:' || k FROM h.barrier WHERE k = 'x'$$);
SET ROLE regress_uncache_trapper;
CREATE TABLE h.t (id int);
SELECT uncache.watch('h.t', query => ARRAY[$$SELECT 'q:' || k FROM public.guarded$$]);
RESET ROLE;
-- case 6: methods of sampling that are not PostgreSQL's own have a handler that is called
CREATE EXTENSION tsm_system_rows;
SELECT * FROM look('query', $$SELECT 'q:' || k FROM h.pairs TABLESAMPLE public.system_rows (100)$$);
-- case 7: names in front of PostgreSQL's, temporary ones too: not even when it fires
SET search_path = h, public, pg_catalog;
CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (h.yes(VALUE));
SELECT * FROM public.look('keys', '{lower(''X''::text)}:{''a'' < ''b''}');
RESET search_path;
-- case 8: what was harmless when the rule was made
SET ROLE regress_uncache_trapper;
CREATE FUNCTION h.later(int) RETURNS text IMMUTABLE LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$SELECT 'x'$$;
SELECT uncache.watch('h.t', keys => ARRAY['{h.later(1)}'], query => ARRAY[$$SELECT 'q:' || h.later(1)$$]);
CREATE OR REPLACE FUNCTION h.later(int) RETURNS text IMMUTABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM h.act(); RETURN 'x'; END $$;
RESET ROLE;
SELECT moved();
SELECT count(*) > 0 FROM uncache.check_rules();
ALTER TABLE h.t ADD COLUMN w int;
ALTER TABLE h.t ALTER w TYPE bigint;
ALTER TABLE h.t RENAME w TO w2;
ALTER TABLE h.pairs RENAME k TO k2;
SELECT moved();
INSERT INTO h.t VALUES (1);
SELECT moved();
-- case 9: pg_monitor and whoever may only connect
GRANT pg_monitor TO regress_uncache_trapper;
SELECT count(*) > 0 FROM uncache.check_rules();
CREATE TEMP TABLE visitor (h int);
DROP TABLE visitor;
SELECT moved();
-- literals are still told apart from values that their types do not have
SELECT uncache.watch('t', '{id + ''abc''}');
SELECT uncache.watch('t', '{id = ANY (''{1,x}'')}');
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'q:' || {id} WHERE current_date = 'no date'$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'q:' || $1$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'q:' || $1 || {id}$$]);
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'q:' || $2 || {id}$$]);
SELECT uncache.watch('t', '{$1}');

DROP SCHEMA h CASCADE;
DROP OWNED BY regress_uncache_trapper;
DROP ROLE regress_uncache_trapper;
