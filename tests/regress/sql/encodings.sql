-- A consumer reads in UTF-8. Bytes that mean nothing there become a wildcard, and keep no other key.
\set test encodings
\set encoding WIN1252
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
SET client_encoding = 'UTF8';
-- What a daemon is sent since the last call.
CREATE TABLE fetches AS SELECT NULL::text AS action, NULL::text[] AS keys, a.cursor FROM uncache.attach('default') a;
CREATE FUNCTION fetched() RETURNS TABLE (action text, keys text[]) LANGUAGE sql AS $$
	WITH old AS (DELETE FROM fetches RETURNING *)
	INSERT INTO fetches SELECT f.action, f.keys, f.next_cursor
		FROM old, uncache.fetch('default', old.cursor, 1000000, false) f WHERE old.cursor IS NOT NULL;
	SELECT f.action, f.keys FROM fetches f WHERE f.action IS NOT NULL
$$;

CREATE TABLE t (id int, code text);
SELECT uncache.watch('t', 'doc:{id}', 'code:{code}:é', '{code}');
-- 129 has no meaning; the euro sign is 128
INSERT INTO t VALUES (1, 'euro' || chr(128)), (2, 'a*' || chr(129) || 'b' || chr(141) || '?'), (3, 'plain');
SELECT * FROM fetched();

-- each action
SELECT uncache.unwatch('t');
SELECT uncache.watch('t', tags => ARRAY['tag:{code}'], versions => ARRAY['v:{code}'], patterns => ARRAY['p:{code}:*']);
INSERT INTO t VALUES (1, 'x' || chr(129));
SELECT * FROM fetched();
SELECT uncache.invalidate_pattern('a\' || chr(129) || 'b', 'a\*' || chr(129), 'a[b' || chr(129) || ']c', 'a\[' || chr(129), chr(129), 'a[b]c', 'a\\');
SELECT uncache.invalidate(chr(129), 'a[' || chr(129) || ']');
SELECT * FROM fetched();

-- images of rows, and tables
SELECT uncache.unwatch('t');
SELECT uncache.watch('t', cacheops => ARRAY['shop_t', 'id=id', 'code=code']);
INSERT INTO t VALUES (4, chr(129)), (5, 'fine');
SELECT * FROM fetched();
SELECT uncache.unwatch('t');
SELECT uncache.watch('t', cacheops => ARRAY['shop' || chr(129), 'id=id']);
INSERT INTO t VALUES (6, 'fine');
TRUNCATE t;
SELECT * FROM fetched();

-- a resync of all that rules can produce
SELECT uncache.watch('t', 'doc' || chr(129) || ':{id}:x', 'one' || chr(129), 'fine:{id}');
SELECT * FROM uncache.resync_keys('default') ORDER BY action, key;

-- a consumer that reads the database's own bytes gets them
SELECT uncache.unwatch('t');
SELECT uncache.watch('t', 'doc:{code}');
INSERT INTO t VALUES (7, chr(129));
SET client_encoding = 'WIN1252';
SELECT action, length(keys[1]), ascii(right(keys[1], 1)) FROM fetched();
SET client_encoding = 'UTF8';

-- a warning to a client that lacks what is in it
SELECT uncache.unwatch('t');
SELECT uncache.watch('t', 'k:{code::int}');
UPDATE t SET id = 8;

-- bytes without a meaning, for a consumer and a client that want UTF-8
\set test encodings_ascii
\set encoding SQL_ASCII
\i :setup
SET client_encoding = 'UTF8';
CREATE TABLE t (id int, code text);
SELECT uncache.watch('t', 'code:{code}', 'k:{code::int}');
INSERT INTO t VALUES (1, 'a' || E'\xfc' || 'b');
SELECT cursor FROM uncache.consumers WHERE target = 'default' \gset
SELECT action, keys FROM uncache.fetch('default', :'cursor', 1, false) WHERE action IS NOT NULL;
