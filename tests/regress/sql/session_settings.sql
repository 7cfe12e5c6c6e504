-- Keys do not depend on the writer's settings.
\set test session_settings
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (
	id int, d date, ts timestamp, tz timestamptz, tt timetz, i interval, f4 real, f8 double precision,
	b bytea, n numeric, m money, x xml, c regclass, r tstzrange, j jsonb, a timestamptz[], bool boolean
);
CREATE FUNCTION label(i interval, tz timestamptz) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN i || '/' || tz;
END
$$;
CREATE FUNCTION where_am_i() RETURNS text LANGUAGE sql STABLE AS $$ SELECT pg_catalog.current_setting('search_path') $$;
SELECT uncache.watch('t',
	'd={d}', 'ts={ts}', 'tz={tz}', 'tt={tt}', 'i={i}', 'f4={f4}', 'f8={f8}', 'b={b}', 'n={n}', 'm={m}', 'x={x}',
	'c={c}', 'r={r}', 'j={j}', 'a={a}', 'bool={bool}', 'row={t}',
	'date of={tz::date}', 'hour={extract(hour from tz)}', 'char={to_char(tz, ''DD.MM.YYYY HH24:MI TZ'')}', 'month={to_char(tz, ''TMMonth'')}',
	'number={to_char(f8, ''9G999D99'')}', 'cast={tz || ''''}', 'parsed={''01/02/2024''::date}', 'literal={''\'' || id}', 'null={id = NULL}', 'table={tableoid::regclass}', 'json={to_jsonb(tz)}', 'hex={b::text}', 'from={''public.t''::regclass}');
CREATE TRIGGER with_functions AFTER INSERT ON t FOR EACH ROW
	EXECUTE FUNCTION uncache.keys('function={public.label(i, tz)}', 'path={public.where_am_i()}');
CREATE TABLE seen (setting text, keys text[]);
CREATE PROCEDURE write_under(setting text) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.t VALUES (1, '2024-02-29', '2024-02-29 01:02:03.4', '2024-02-29 23:30:00+00', '12:00+02', '1 year 2 mons 3 days 04:05:06.7',
		0.1, 1234.5678901234567, 'bytes'::bytea, 1234.50, 1234.5::numeric::money, '<a/>', 'public.t', '[2024-02-29 00:00+00,)',
		'{"a": 1}', ARRAY['2024-02-29 00:00+00']::timestamptz[], true);
	COMMIT;
	INSERT INTO public.seen SELECT setting, array_agg(k.key ORDER BY k.key) FROM public.journalled() k;
END
$$;
CALL write_under('as installed');
SELECT unnest(keys) AS key FROM seen;

SET datestyle = 'SQL, DMY'; CALL write_under('datestyle SQL'); RESET datestyle;
SET datestyle = 'German'; CALL write_under('datestyle German'); RESET datestyle;
SET datestyle = 'Postgres, DMY'; CALL write_under('datestyle Postgres'); RESET datestyle;
SET timezone = 'America/New_York'; CALL write_under('timezone New York'); RESET timezone;
SET timezone = 'Asia/Kathmandu'; CALL write_under('timezone Kathmandu'); RESET timezone;
SET timezone = '<+03>-03'; CALL write_under('timezone POSIX'); RESET timezone;
SET intervalstyle = 'iso_8601'; CALL write_under('intervalstyle ISO'); RESET intervalstyle;
SET intervalstyle = 'sql_standard'; CALL write_under('intervalstyle SQL'); RESET intervalstyle;
SET intervalstyle = 'postgres_verbose'; CALL write_under('intervalstyle verbose'); RESET intervalstyle;
SET extra_float_digits = 0; CALL write_under('extra_float_digits 0'); RESET extra_float_digits;
SET extra_float_digits = -15; CALL write_under('extra_float_digits -15'); RESET extra_float_digits;
SET extra_float_digits = 3; CALL write_under('extra_float_digits 3'); RESET extra_float_digits;
SET bytea_output = 'escape'; CALL write_under('bytea_output'); RESET bytea_output;
SET escape_string_warning = off; SET standard_conforming_strings = off; CALL write_under('standard_conforming_strings'); RESET standard_conforming_strings; RESET escape_string_warning;
SET search_path = ''; CALL public.write_under('search_path empty'); RESET search_path;
SET search_path = uncache, public; CALL write_under('search_path uncache'); RESET search_path;
SET quote_all_identifiers = on; CALL write_under('quote_all_identifiers'); RESET quote_all_identifiers;
SET transform_null_equals = on; CALL write_under('transform_null_equals'); RESET transform_null_equals;
SET xmlbinary = 'hex'; SET xmloption = 'document'; CALL write_under('xml'); RESET xmlbinary; RESET xmloption;
SET array_nulls = off; CALL write_under('array_nulls'); RESET array_nulls;
SET client_encoding = 'LATIN1'; CALL write_under('client_encoding'); RESET client_encoding;

-- what came out differently (nothing should)
SELECT s.setting, k.key
FROM seen s, unnest(s.keys) AS k(key)
WHERE k.key <> ALL ((SELECT keys FROM seen WHERE setting = 'as installed')::text[])
ORDER BY 1, 2;
SELECT count(*), count(DISTINCT keys) FROM seen;

-- each of them at once, in a session that compiles the rule under them
\connect -
SET datestyle = 'German';
SET timezone = 'Asia/Kathmandu';
SET intervalstyle = 'iso_8601';
SET extra_float_digits = 0;
SET bytea_output = 'escape';
SET escape_string_warning = off;
SET standard_conforming_strings = off;
SET transform_null_equals = on;
SET search_path = '';
CALL public.write_under('new session');
SELECT count(*), count(DISTINCT keys) FROM public.seen;
-- the session has its settings back
SHOW datestyle;
SHOW timezone;
SHOW intervalstyle;
SHOW extra_float_digits;
SHOW bytea_output;
SHOW standard_conforming_strings;
SHOW transform_null_equals;
SHOW search_path;
-- also after an expression failed, and after a SET LOCAL
RESET search_path;
CREATE TABLE u (id int, tz timestamptz);
SELECT uncache.watch('u', 'u:{1/id}:{tz}');
BEGIN;
SET LOCAL timezone = 'Europe/Rome';
INSERT INTO u VALUES (0, '2024-02-29 00:00+00');
SHOW timezone;
COMMIT;
SHOW timezone;
SELECT * FROM journalled();

-- what PostgreSQL calls immutable, by itself, under each setting that a writer has
\connect -
CREATE TABLE im (id int, name text, at timestamptz, b bytea, f float8, i interval, x xml);
SELECT uncache.watch('im', 'name:{quote_ident(name)}');
CREATE TRIGGER zone AFTER INSERT ON im FOR EACH ROW EXECUTE FUNCTION uncache.keys('day:{(at AT TIME ZONE ''EST'')::date}');
CREATE TRIGGER xml AFTER INSERT ON im FOR EACH ROW EXECUTE FUNCTION uncache.keys('xml:{xmlelement(name x, b, at)}', 'in:{xmlforest(x, f)}');
CREATE TRIGGER others AFTER INSERT ON im FOR EACH ROW EXECUTE FUNCTION uncache.keys(
	'f:{f::text}', 'i:{i}', 'b:{encode(b, ''escape'')}:{b}', 'l:{quote_literal(name)}', 'm:{md5(name)}:{upper(name)}',
	'trunc:{date_trunc(''day'', i)}', 'n:{f::numeric}', 'a:{string_to_array(name, ''b'')}', 'r:{int4range(id, 5)}', 'e:{extract(epoch from at)}');
CREATE TABLE im_seen (setting text, value text, keys text[]);
CREATE PROCEDURE write_im(setting text, value text) LANGUAGE plpgsql AS $$
BEGIN
	IF setting <> '' THEN
		PERFORM set_config(setting, value, false);
	END IF;
	INSERT INTO public.im VALUES (1, 'abc', '2024-01-31 20:00+00', '\x01ff', 0.1, '1 day 2:03', '<a/>');
	COMMIT;
	IF setting <> '' THEN
		EXECUTE format('RESET %s', setting);
	END IF;
	INSERT INTO public.im_seen SELECT setting, value, array_agg(k.key ORDER BY k.key COLLATE "C") FROM public.journalled() k;
	COMMIT;
END
$$;
CALL write_im('', '');
SELECT unnest(keys) AS key FROM im_seen;
CREATE TABLE tried AS
SELECT s.name, v.value
FROM pg_settings s CROSS JOIN LATERAL (
		SELECT CASE s.setting WHEN 'on' THEN 'off' ELSE 'on' END AS value WHERE s.vartype = 'bool'
		UNION ALL SELECT unnest(s.enumvals) WHERE s.vartype = 'enum'
		UNION ALL SELECT s.min_val WHERE s.vartype = 'integer' AND s.name IN ('extra_float_digits', 'gin_fuzzy_search_limit')
		UNION ALL SELECT v FROM (VALUES ('timezone_abbreviations', 'Australia'), ('TimeZone', 'Asia/Kathmandu'), ('DateStyle', 'SQL, DMY'),
			('DateStyle', 'German'), ('lc_time', 'C'), ('search_path', 'pg_catalog'), ('default_text_search_config', 'german')) AS o(name, v) WHERE o.name = s.name
	) v
WHERE s.context = 'user' AND v.value <> s.setting AND s.name !~ '^(default_)?transaction_|^uncache|_messages$|^log_|^trace_|^debug_';
DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT * FROM tried ORDER BY name, value LOOP
		CALL write_im(t.name, t.value);
	END LOOP;
END
$$;
-- what came out differently (nothing should)
SELECT s.setting, s.value, k.key
FROM im_seen s, unnest(s.keys) AS k(key)
WHERE k.key <> ALL ((SELECT keys FROM im_seen WHERE setting = '')::text[])
ORDER BY 1, 2, 3;
SELECT count(*) > 50, count(DISTINCT keys) FROM im_seen;
