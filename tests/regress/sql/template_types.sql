-- What the values of each type look like in a key.
\set test template_types
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TYPE mood AS ENUM ('sad', 'very happy');
CREATE TYPE address AS (city text, zip int);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN code AS text;
CREATE DOMAIN feeling AS mood;
CREATE DOMAIN flag AS boolean;
CREATE DOMAIN day AS date;
CREATE DOMAIN positives AS positive[];

-- A table with one column, v; a row for each value; the keys, bare and through an expression.
CREATE PROCEDURE try(type text, VARIADIC vals text[]) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE x (v %s)', type);
	PERFORM uncache.watch('x', 'c:{v}', 'e:{(v)}');
	EXECUTE format('INSERT INTO x SELECT u.v::%s FROM unnest($1) AS u(v)', type) USING vals;
	SET LOCAL uncache.enabled = off;
	DROP TABLE x;
END
$$;

-- A bare column and the same as an expression must agree: what differs shows here.
CREATE FUNCTION seen(OUT key text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT string_agg(left(k.key, 1), '' ORDER BY k.key) || ': ' || substr(k.key, 3)
	FROM journalled() k GROUP BY substr(k.key, 3) ORDER BY substr(k.key, 3) COLLATE "C"
$$;

CALL try('boolean', 'true', 'false', NULL);
SELECT * FROM seen();
CALL try('flag', 'true', 'false');
SELECT * FROM seen();
CALL try('smallint', '0', '-32768', '32767');
SELECT * FROM seen();
CALL try('integer', '0', '-2147483648', '2147483647');
SELECT * FROM seen();
CALL try('bigint', '0', '-9223372036854775808', '9223372036854775807');
SELECT * FROM seen();
CALL try('positive', '1', NULL);
SELECT * FROM seen();
CALL try('oid', '0', '4294967295');
SELECT * FROM seen();
CALL try('numeric', '0', '1.50', '-0.001', '1e20', 'NaN', 'Infinity', '123456789012345678901234567890.123456789');
SELECT * FROM seen();
CALL try('numeric(10,2)', '1.5', '1.005');
SELECT * FROM seen();
CALL try('real', '0.1', '1e10', '-0', 'NaN', '-Infinity', '3.4028235e38');
SELECT * FROM seen();
CALL try('double precision', '0.1', '0.30000000000000004', '1e100', '-0', 'Infinity');
SELECT * FROM seen();
CALL try('text', 'a b', '', 'ä€😀', E'line\nbreak', 'quote''"', '\', '{}', '*?[a]');
SELECT * FROM seen();
CALL try('code', 'abc');
SELECT * FROM seen();
CALL try('varchar(5)', 'abc', 'abc  ');
SELECT * FROM seen();
-- char(n) is padded, as it is read
CALL try('char(5)', 'abc', '');
SELECT '[' || key || ']' AS key FROM seen();
CALL try('"char"', 'a', '');
SELECT * FROM seen();
CALL try('name', 'a name');
SELECT * FROM seen();
CALL try('bytea', '\x', '\x00ff', 'text');
SELECT * FROM seen();
CALL try('date', '2024-02-29', '0044-03-15 BC', 'infinity', '12345-01-01');
SELECT * FROM seen();
CALL try('day', '2024-02-29');
SELECT * FROM seen();
CALL try('time', '23:59:59.999999', '24:00', '01:02');
SELECT * FROM seen();
CALL try('timetz', '12:00+05:30');
SELECT * FROM seen();
CALL try('timestamp', '2024-01-31 10:20:30', '2024-01-31 10:20:30.5', '-infinity');
SELECT * FROM seen();
CALL try('timestamptz', '2024-01-31 10:20:30+00', '2024-07-01 00:00:00.123456+02', 'infinity');
SELECT * FROM seen();
CALL try('interval', '1 year 2 months 3 days 04:05:06.7', '-1 day', '0');
SELECT * FROM seen();
CALL try('uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11');
SELECT * FROM seen();
CALL try('mood', 'sad', 'very happy');
SELECT * FROM seen();
CALL try('feeling', 'very happy');
SELECT * FROM seen();
CALL try('inet', '10.0.0.1', '10.0.0.0/8', '::1');
SELECT * FROM seen();
CALL try('cidr', '10.0.0.0/8');
SELECT * FROM seen();
CALL try('macaddr', '08-00-2b-01-02-03');
SELECT * FROM seen();
CALL try('bit(4)', '1010');
SELECT * FROM seen();
CALL try('json', '{"b": 1,  "a": [1, 2]}');
SELECT * FROM seen();
CALL try('jsonb', '{"b": 1,  "a": [1, 2]}');
SELECT * FROM seen();
CALL try('xml', '<a b="c"/>');
SELECT * FROM seen();
CALL try('point', '(1,2.5)');
SELECT * FROM seen();
CALL try('tsvector', 'fat cat');
SELECT * FROM seen();
CALL try('int4range', '[1,5]', 'empty');
SELECT * FROM seen();
CALL try('tstzrange', '[2024-01-01 00:00+02,)');
SELECT * FROM seen();
CALL try('integer[]', '{1,NULL,3}', '{}');
SELECT * FROM seen();
CALL try('text[]', '{a,"b c","d\"e"}');
SELECT * FROM seen();
CALL try('boolean[]', '{t,f}');
SELECT * FROM seen();
CALL try('date[]', '{2024-02-29}');
SELECT * FROM seen();
CALL try('positives', '{1,2}');
SELECT * FROM seen();
CALL try('address', '("New York",10001)', '(,)');
SELECT * FROM seen();
CALL try('address[]', '{"(Rome,1)"}');
SELECT * FROM seen();
CALL try('regclass', 'pg_class');
SELECT * FROM seen();
CALL try('money', '12.34');
SELECT * FROM seen();

-- a base type of one's own
SET client_min_messages = warning;
CREATE TYPE shout;
CREATE FUNCTION shout_in(cstring) RETURNS shout LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION shout_out(shout) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE shout (INPUT = shout_in, OUTPUT = shout_out, LIKE = text);
RESET client_min_messages;
CALL try('shout', 'hey');
SELECT * FROM seen();

-- parts of values
CREATE TABLE x (id int, home address, tags text[], doc jsonb, at timestamptz);
SELECT uncache.watch('x', '{(home).city}:{tags[2]}:{doc->>''k''}:{doc #>> ''{a,b}''}:{extract(hour from at)}:{at::date}');
INSERT INTO x VALUES (1, ('Rome', 1), '{a,b}', '{"k": "v", "a": {"b": [1]}}', '2024-01-31 23:30:00-02');
SELECT * FROM journalled();
-- the whole row
SELECT uncache.watch('x', '{x}', '{x.id}', '{to_jsonb(x) ->> ''id''}');
INSERT INTO x (id, tags) VALUES (2, '{a}');
SELECT * FROM journalled();
DROP TABLE x;
DELETE FROM uncache.journal;
-- stored out of line, compressed
CREATE TABLE x (v text);
ALTER TABLE x ALTER v SET STORAGE EXTENDED;
SELECT uncache.watch('x', 'c:{v}', 'e:{(v)}');
INSERT INTO x VALUES (repeat('x', 12000));
SELECT length(key), md5(key) = md5('ce: ' || repeat('x', 12000)) AS is_right FROM seen();
UPDATE x SET v = v;
SELECT length(key), md5(key) = md5('ce: ' || repeat('x', 12000)) AS is_right FROM seen();
-- a column that is younger than the row
CREATE TABLE y (id int);
INSERT INTO y VALUES (1);
ALTER TABLE y ADD v int DEFAULT 42, ADD w text;
SELECT uncache.watch('y', 'c:{v}:{w}', 'e:{(v)}:{(w)}');
DELETE FROM y;
SELECT * FROM seen();
