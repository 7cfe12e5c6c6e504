-- TRUNCATE makes a pattern of each template.
\set test truncate
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int PRIMARY KEY, a text, b text);
CREATE TABLE child (id int REFERENCES t);
CREATE TABLE serial (id serial);
SELECT uncache.watch('t', 't:{id}', 'fixed', '{a}{b}', '{{{id}}}:*:[{a}]:\', 'api://t:{lower(a)}', 'no://{id}');
SELECT uncache.watch('child', 'child:{id}');
SELECT uncache.watch('serial', 'serial:{id}');

-- each placeholder is "*", neighbours are one; what was not a glob stays none; without a placeholder it is a key
TRUNCATE t CASCADE;
SELECT * FROM journalled();
-- CASCADE reaches the tables that refer to it, plain TRUNCATE is refused
TRUNCATE t;
SELECT * FROM journalled();
TRUNCATE child;
SELECT * FROM journalled();
-- RESTART IDENTITY, an empty table, several tables
INSERT INTO serial DEFAULT VALUES;
TRUNCATE serial RESTART IDENTITY;
SELECT * FROM journalled();
TRUNCATE serial, child;
SELECT * FROM journalled();
-- rolled back
BEGIN;
TRUNCATE serial;
ROLLBACK;
SELECT * FROM journalled();
-- beside rows of the same transaction
BEGIN;
INSERT INTO serial DEFAULT VALUES;
TRUNCATE serial;
INSERT INTO serial DEFAULT VALUES;
COMMIT;
SELECT * FROM journalled();
-- a temporary table, ON COMMIT DELETE ROWS fires nothing
CREATE TEMP TABLE tmp (id int) ON COMMIT DELETE ROWS;
SELECT uncache.watch('tmp', 'tmp:{id}');
INSERT INTO tmp VALUES (1);
SELECT * FROM journalled();
BEGIN;
COMMIT;
SELECT * FROM journalled();
TRUNCATE tmp;
SELECT * FROM journalled();
-- inheritance: TRUNCATE of the parent empties children, whose own rules fire
CREATE TABLE heir (c int) INHERITS (serial);
SELECT uncache.watch('heir', 'heir:{id}');
TRUNCATE serial;
SELECT * FROM journalled();
TRUNCATE ONLY serial;
SELECT * FROM journalled();
-- a trigger by hand
CREATE TABLE hand (id int);
CREATE TRIGGER clear AFTER TRUNCATE ON hand EXECUTE FUNCTION uncache.keys('hand:{id}', 'hand');
TRUNCATE hand;
SELECT * FROM journalled();
