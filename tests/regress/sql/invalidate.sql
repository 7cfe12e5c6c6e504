-- invalidate() forgets keys by hand, with the transaction.
\set test invalidate
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

SELECT uncache.invalidate('a', 'b c', 'api://d', 'default://http://e', 'elsewhere://f', '');
SELECT * FROM journalled();
-- nothing in it is special
SELECT uncache.invalidate('{id}', '*', 'back\slash', '{{', E'new\nline');
SELECT * FROM journalled();
-- deduplicated with each other and with rules
CREATE TABLE t (id int);
SELECT uncache.watch('t', 't:{id}');
BEGIN;
INSERT INTO t VALUES (1);
SELECT uncache.invalidate('t:1', 't:1', 't:2');
COMMIT;
SELECT * FROM journalled();
-- rolled back
BEGIN;
SELECT uncache.invalidate('gone');
ROLLBACK;
BEGIN;
SELECT uncache.invalidate('kept');
SAVEPOINT a;
SELECT uncache.invalidate('gone');
ROLLBACK TO a;
COMMIT;
SELECT * FROM journalled();
-- two-phase
BEGIN;
SELECT uncache.invalidate('prepared');
PREPARE TRANSACTION 'by hand';
COMMIT PREPARED 'by hand';
SELECT * FROM journalled();
-- many
SELECT uncache.invalidate(VARIADIC ARRAY(SELECT 'k' || n FROM generate_series(1, 1000) n));
SELECT count(*) FROM journalled();
SELECT count(uncache.invalidate('k' || n)) FROM generate_series(1, 1000) n;
SELECT count(*) FROM journalled();
-- refused
SELECT uncache.invalidate();
SELECT uncache.invalidate(NULL);
SELECT uncache.invalidate('a', NULL);
SELECT uncache.invalidate(VARIADIC NULL::text[]);
SELECT uncache.invalidate(VARIADIC '{}'::text[]);
SELECT uncache.invalidate(rpad('a', 49, 'b') || '://x');
SELECT uncache.invalidate(repeat('x', 16385));
SELECT uncache.invalidate('api://' || repeat('x', 16384));
SELECT target, action, length(key) FROM journalled();
BEGIN READ ONLY;
SELECT uncache.invalidate('a');
ROLLBACK;
SELECT * FROM journalled();
