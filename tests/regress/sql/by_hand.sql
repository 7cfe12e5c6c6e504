-- Invalidations by hand other than of keys: with the transaction, once, and refused where they are wrong.
\set test by_hand
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

-- case 1: each kind, for each target; one that nobody consumes
SELECT uncache.invalidate_pattern('p*', 'api://p?[a]\*', 'absent://p', 'default://api://p');
SELECT uncache.invalidate_tag('t', 'api://t*', 'absent://t');
SELECT uncache.invalidate_version('v', 'api://v:{x}');
SELECT * FROM journalled();
-- case 2: braces mean themselves
SELECT uncache.invalidate_pattern('{a}*', '{{b', ''), uncache.invalidate_tag('{a}', ''), uncache.invalidate_version('{', 'api://');
SELECT * FROM journalled();
-- case 3: the same text of different kinds, each once in the transaction
BEGIN;
SELECT uncache.invalidate('x', 'x'), uncache.invalidate_pattern('x'), uncache.invalidate_tag('x'), uncache.invalidate_version('x', 'x');
SAVEPOINT a;
SELECT uncache.invalidate_tag('x'), uncache.invalidate_version('x'), uncache.invalidate_pattern('y');
RELEASE a;
SELECT uncache.invalidate_pattern('x', 'y'), uncache.invalidate_all(), uncache.invalidate_all();
COMMIT;
SELECT * FROM journalled();
-- case 4: rolled back, wholly and in part
BEGIN;
SELECT uncache.invalidate_pattern('gone'), uncache.invalidate_tag('gone'), uncache.invalidate_version('gone'), uncache.invalidate_all();
ROLLBACK;
BEGIN;
SELECT uncache.invalidate_tag('kept');
SAVEPOINT a;
SELECT uncache.invalidate_tag('gone'), uncache.invalidate_all();
ROLLBACK TO a;
SELECT uncache.invalidate_version('kept');
COMMIT;
SELECT * FROM journalled();
-- case 5: two-phase
BEGIN;
SELECT uncache.invalidate_all();
PREPARE TRANSACTION 'by hand';
SELECT count(*) FROM uncache.journal;
COMMIT PREPARED 'by hand';
SELECT * FROM journalled();
-- case 6: refused
SELECT uncache.invalidate_pattern(NULL);
SELECT uncache.invalidate_tag('a', NULL);
SELECT uncache.invalidate_version(VARIADIC NULL::text[]);
SELECT uncache.invalidate_tag(VARIADIC '{}'::text[]);
SELECT uncache.invalidate_tag(rpad('a', 49, 'b') || '://x');
SELECT uncache.invalidate_pattern(repeat('x', 16385));
SELECT uncache.invalidate_tag('api://' || repeat('x', 16385));
SELECT uncache.invalidate_version('api://' || repeat('x', 16384));
SELECT target, action, length(key) FROM journalled();
SELECT uncache.invalidate_tag(VARIADIC ARRAY[['a', 'b'], ['c', 'd']]);
SELECT * FROM journalled();
BEGIN READ ONLY;
SELECT uncache.invalidate_pattern('a');
ROLLBACK;
BEGIN READ ONLY;
SELECT uncache.invalidate_all();
ROLLBACK;
BEGIN READ ONLY;
SELECT uncache.invalidate_table('pg_class');
ROLLBACK;
-- case 7: an error behind it takes it along
SELECT uncache.invalidate_tag('gone'), 1 / 0;
SELECT * FROM journalled();

-- case 8: a table: what each of its rules can produce, by whichever trigger
CREATE TABLE t (id int, v text);
SELECT uncache.watch('t', keys => ARRAY['t:{id}', 'api://list'], patterns => ARRAY['p:{v}:?'], tags => ARRAY['tag:{v}', 'all'], versions => ARRAY['n:{id}', 'absent://n'],
	query => ARRAY[$$SELECT 'q:' || {id}$$, $$SELECT {v}$$, 'api://fallback:{v}*']);
CREATE TRIGGER mine AFTER UPDATE OF v ON t FOR EACH ROW WHEN (NEW.id > 0) EXECUTE FUNCTION uncache.keys('mine:{id}');
ALTER TABLE t DISABLE TRIGGER mine;
SELECT uncache.invalidate_table('t');
SELECT * FROM journalled();
-- case 9: once, whether TRUNCATE has said the same or not
BEGIN;
SELECT uncache.unwatch('t');
SELECT uncache.watch('t', 't:{id}');
TRUNCATE t;
SELECT uncache.invalidate_table('t');
COMMIT;
SELECT * FROM journalled();
-- case 10: a table without rules, a view, a catalog, nothing, none
SELECT uncache.unwatch('t');
DROP TRIGGER mine ON t;
SELECT uncache.invalidate_table('t');
CREATE VIEW w AS SELECT 1;
SELECT uncache.invalidate_table('w');
SELECT uncache.invalidate_table('pg_class');
SELECT uncache.invalidate_table(NULL);
SELECT uncache.invalidate_table('absent');
SELECT uncache.invalidate_table(1::regclass);
SELECT * FROM journalled();
-- case 11: triggers that are not uncache's, functions of the same name elsewhere
CREATE FUNCTION keys() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER other AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION keys('not:{id}');
SELECT uncache.invalidate_table('t');
SELECT * FROM journalled();
-- case 12: a query rule of which nobody knows the keys: every target is resynced
CREATE TRIGGER unknown AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.query('SELECT {v}');
SELECT uncache.invalidate_table('t');
SELECT * FROM journalled();
-- case 13: wrong templates
CREATE TRIGGER wrong AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('wrong:{id', 'gone:{nix}', '');
DROP TRIGGER unknown ON t;
SELECT uncache.invalidate_table('t');
SELECT * FROM journalled();
-- case 14: a partitioned table, one partition, and a rule that only a partition has
CREATE TABLE p (id int) PARTITION BY LIST (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2) PARTITION BY LIST (id);
CREATE TABLE p22 PARTITION OF p2 FOR VALUES IN (2);
SELECT uncache.watch('p', 'p:{id}');
CREATE TRIGGER own AFTER INSERT ON p22 FOR EACH ROW EXECUTE FUNCTION uncache.tags('p22:{id}');
SELECT uncache.invalidate_table('p1');
SELECT * FROM journalled();
SELECT uncache.invalidate_table('p');
SELECT * FROM journalled();
SELECT uncache.invalidate_table('p2');
SELECT * FROM journalled();
-- case 16: who may
SET client_min_messages = warning;
CREATE ROLE regress_uncache_h_nobody;
CREATE ROLE regress_uncache_h_author;
RESET client_min_messages;
SELECT uncache.grant_author('regress_uncache_h_author');
SET ROLE regress_uncache_h_author;
SELECT uncache.invalidate('a'), uncache.invalidate_pattern('a'), uncache.invalidate_tag('a'), uncache.invalidate_version('a'), uncache.invalidate_table('p1');
SELECT uncache.invalidate_all();
SELECT count(*) FROM uncache.journal;
RESET ROLE;
SELECT * FROM journalled();
SET ROLE regress_uncache_h_nobody;
SELECT uncache.invalidate_tag('a');
RESET ROLE;
GRANT USAGE ON SCHEMA uncache TO regress_uncache_h_nobody;
SET ROLE regress_uncache_h_nobody;
SELECT uncache.invalidate('a');
SELECT uncache.invalidate_pattern('a');
SELECT uncache.invalidate_tag('a');
SELECT uncache.invalidate_version('a');
SELECT uncache.invalidate_table('p1');
SELECT uncache.invalidate_all();
RESET ROLE;
DROP OWNED BY regress_uncache_h_nobody, regress_uncache_h_author;
DROP ROLE regress_uncache_h_nobody, regress_uncache_h_author;
-- case 17: without any consumer nothing is kept
CREATE DATABASE uncache_by_hand_alone TEMPLATE template0;
\connect uncache_by_hand_alone
CREATE EXTENSION uncache;
SELECT uncache.invalidate_all(), uncache.invalidate_tag('a');
SELECT count(*) FROM uncache.journal;
\connect uncache_by_hand
DROP DATABASE uncache_by_hand_alone;
