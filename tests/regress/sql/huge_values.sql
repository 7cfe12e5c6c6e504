-- A column of hundreds of megabytes, the text of which would be longer than PostgreSQL can make it.
\set test huge_values
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE w (id int, b bytea, t text);
CREATE TABLE source AS SELECT decode(repeat('00', 300000000), 'hex') AS half;
SELECT uncache.watch('w', cacheops => ARRAY['w', 'b=b', 't=t'], keys => ARRAY['w:{b}', 'w:{id}:{b}:{t}', 'e:{substr(b, 1)}', 'l:{length(b)}']);
INSERT INTO w SELECT 2, s.half || s.half, 'x' FROM source s;
SELECT * FROM journalled();
UPDATE w SET id = 3;
SELECT * FROM journalled();
SELECT uncache.unwatch('w');
SELECT uncache.watch('w', query => ARRAY['SELECT ''q:'' || length({b})']);
UPDATE w SET id = 4;
SELECT * FROM journalled();
DELETE FROM w;
