-- How the text of a template is read.
\set test template_text
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int, a text, b text, "Mixed Case" text, "quo""te" text, "user" text, é text);
INSERT INTO t VALUES (1, 'A', NULL, 'mixed', 'quoted', 'somebody', 'accent');

-- Watches t with the given templates, touches its row, and returns the keys.
CREATE PROCEDURE touch(VARIADIC templates text[]) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM uncache.watch('t', VARIADIC templates);
	UPDATE t SET id = id;
END
$$;

-- literals
CALL touch('plain', 'with spaces', E'new\nline', 'quotes''"\', ':', 'ünï', '*?[]');
SELECT * FROM journalled();
-- doubled braces are braces
CALL touch('{{', '}}', '{{}}', '{{id}}', '{{{id}}}', '{{{{{a}:{{{a}}}', '{{{id}}}:invoice:{{', '}}}}{{{{');
SELECT * FROM journalled();
-- columns: folded as SQL does, quoted, spaced, keywords, beyond ASCII
CALL touch('{id}', '{ID}', '{ a }', '{"Mixed Case"}', '{"quo""te"}', '{user}', '{"user"}', '{é}', E'{\n\ta}');
SELECT * FROM journalled();
-- neighbours
CALL touch('{id}{a}{id}');
SELECT * FROM journalled();
-- NULL is the empty string
CALL touch('b:{b}:', '{b}', 'e:{b || a}:', 'd:{coalesce(b, ''None'')}');
SELECT * FROM journalled();
-- expressions
CALL touch(
	'1 {lower(a)}',
	'2 {id + 1}',
	'3 {md5(id || '':'')}',
	'4 {a = ''A''}',
	'5 {id IS NULL}',
	'6 {NULL}',
	'7 {''constant''}',
	'8 {1.50}',
	'9 {''x''::text}',
	'10 {CASE WHEN id > 0 THEN ''positive'' ELSE ''negative'' END}',
	'11 {format(''%s-%s'', id, a)}',
	'12 {ARRAY[id, 2]}',
	'13 {t.id * 3}',
	'14 {"t"."a"}',
	'15 {id::text || a}',
	'16 {(id)}',
	'17 {-id}',
	'18 {a COLLATE "C"}',
	'19 {a LIKE ''A%''}',
	'20 {current_database() = ''x''}');
SELECT * FROM journalled();
-- braces inside of SQL do not end a placeholder
CALL touch('{a || ''}''}', '{a || ''{''}', '{a || ''it''''s }''}', '{a || E''\''}''}', '{a || e''\\''}', '{a || U&''\007D''}', '{"Mixed Case" || ''}''}',
	'{a || $$}$$}', '{a || $x$}$$}$x$}', '{a /* } */}', '{a /* /* } */ } */ || ''c''}', E'{a -- }\n || ''d''}', E'{a --}\n}', '{a || ''--}''}', '{a || ''/*}''}');
SELECT * FROM journalled();
-- with standard_conforming_strings off a template means the same
SET standard_conforming_strings = off;
SET escape_string_warning = off;
CALL touch($t${a || '\'}$t$);
SELECT * FROM journalled();
RESET standard_conforming_strings;
RESET escape_string_warning;
-- targets
CALL touch('api://x:{id}', 'default://y:{id}', 'z://', 'api://', 'no-scheme:/{id}', '1x://{id}', '{a}://{id}', 'default://https://{id}', ' api://x');
SELECT * FROM journalled();
-- no consumer works for this one
CALL touch('elsewhere://x:{id}');
SELECT * FROM journalled();
-- a rule may feed several targets, one of which has no consumer
CALL touch('elsewhere://x:{id}', 'api://x:{id}', 'x:{id}');
SELECT * FROM journalled();
-- the same key for two targets is two invalidations, twice for one is one
CALL touch('x', 'default://x', 'api://x', 'x');
SELECT * FROM journalled();

-- a key is not a pattern: glob characters of a value mean themselves
CREATE TABLE u (v text);
SELECT uncache.watch('u', 'u:{v}');
INSERT INTO u VALUES ('*'), ('a?b'), ('[x]'), ('back\slash'), ('');
SELECT * FROM journalled();
-- a value is never read as a template or a target
INSERT INTO u VALUES ('{v}'), ('}}'), ('api://x');
SELECT * FROM journalled();

-- a key that is too long becomes the rule's pattern
INSERT INTO u VALUES (repeat('x', 16382));
SELECT action, length(key) FROM journalled();
INSERT INTO u VALUES (repeat('x', 16383));
SELECT * FROM journalled();
SET uncache.max_key_bytes = 64;
INSERT INTO u VALUES (repeat('é', 31)), (repeat('é', 32));
SELECT * FROM journalled();
CALL touch('lit[e]ral:{id}:' || repeat('y', 64));
SELECT * FROM journalled();
-- one without a placeholder stays what it is
CALL touch(repeat('y', 65));
SELECT * FROM journalled();
RESET uncache.max_key_bytes;

-- the most that one trigger can hold
CREATE TABLE many (id int);
SELECT uncache.watch('many', VARIADIC ARRAY(SELECT 'k' || n || ':{id}' FROM generate_series(1, 300) n));
INSERT INTO many VALUES (1);
SELECT count(*), count(DISTINCT key) FROM journalled();
