-- patterns() makes globs of rows: a template's own characters are wild, a value's never.
\set test patterns
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int, v text);
SELECT uncache.watch('t', patterns => ARRAY['r:{v}:*', 'api://a?[bc]\*:{v}']);
-- case 1: every character that is special to a glob, in a value
INSERT INTO t VALUES (1, '*?[]\^-{}');
SELECT * FROM journalled();
-- case 2: NULL and the empty string
INSERT INTO t VALUES (2, NULL), (3, '');
SELECT * FROM journalled();
-- case 3: a value that ends in a backslash must not swallow the template's star
INSERT INTO t VALUES (4, 'a\'), (5, '\');
SELECT * FROM journalled();
-- case 4: newlines, spaces, letters of any alphabet
INSERT INTO t VALUES (6, E'a b\nc'), (7, 'ключ');
SELECT * FROM journalled();
-- case 5: old and new row; once where they are the same
UPDATE t SET v = 'new' WHERE id = 6;
SELECT * FROM journalled();
UPDATE t SET id = 8 WHERE id = 6;
SELECT * FROM journalled();
DELETE FROM t WHERE id = 8;
SELECT * FROM journalled();
-- case 6: TRUNCATE
TRUNCATE t;
SELECT * FROM journalled();
-- case 7: only a star; braces; no placeholder
SELECT uncache.watch('t', patterns => ARRAY['*', '{{{v}}}:*', 'fixed:[ab]*', '{v}', 'api://{v}*']);
INSERT INTO t VALUES (1, 'x*');
SELECT * FROM journalled();
TRUNCATE t;
SELECT * FROM journalled();
-- case 8: longer than uncache.max_key_bytes when it is escaped: what it is for any row
SELECT uncache.watch('t', patterns => ARRAY['r:{v}:*']);
SET uncache.max_key_bytes = 64;
INSERT INTO t VALUES (1, repeat('x', 60)), (2, repeat('x', 61)), (3, repeat('*', 30)), (4, repeat('*', 31));
SELECT * FROM journalled();
RESET uncache.max_key_bytes;
-- case 9: an expression; one that fails
SELECT uncache.watch('t', patterns => ARRAY['r:{lower(v)}:*', 'x[12]:{1 / id}:{v}']);
INSERT INTO t VALUES (0, 'A[*]');
INSERT INTO t VALUES (1, 'A[*]');
SELECT * FROM journalled();
-- case 10: the same text as key, pattern, tag and version are four things
TRUNCATE t;
SELECT * FROM journalled() WHERE false;
SELECT uncache.watch('t', keys => ARRAY['{v}'], patterns => ARRAY['{v}'], tags => ARRAY['{v}'], versions => ARRAY['{v}']);
INSERT INTO t VALUES (1, 'same'), (2, 'same');
SELECT * FROM journalled();
SELECT uncache.unwatch('t');
-- case 11: savepoints
SELECT uncache.watch('t', patterns => ARRAY['r:{v}:*']);
BEGIN;
INSERT INTO t VALUES (1, 'kept');
SAVEPOINT a;
INSERT INTO t VALUES (1, 'gone'), (1, 'kept');
ROLLBACK TO a;
SAVEPOINT b;
INSERT INTO t VALUES (1, 'released');
RELEASE b;
COMMIT;
SELECT * FROM journalled();
-- case 12: two-phase commit
BEGIN;
INSERT INTO t VALUES (1, 'prepared');
PREPARE TRANSACTION 'patterns';
SELECT count(*) FROM uncache.journal;
COMMIT PREPARED 'patterns';
SELECT * FROM journalled();
-- case 13: a target that nobody consumes
SELECT uncache.watch('t', patterns => ARRAY['absent://r:{v}:*', 'r:{v}']);
INSERT INTO t VALUES (1, 'x');
SELECT * FROM journalled();

-- case 14: a placeholder in brackets or behind a backslash is refused: "*" in its place would match a star
SELECT uncache.watch('t', patterns => ARRAY['r[{v}]:*']);
SELECT uncache.watch('t', patterns => ARRAY['r\{v}']);
SELECT uncache.watch('t', patterns => ARRAY['r[\]{v}']);
SELECT uncache.watch('t', keys => ARRAY['r[{v}]\{id}']);
INSERT INTO t VALUES (1, 'k');
SELECT * FROM journalled();
SELECT uncache.unwatch('t');
-- case 15: by hand, it is wider than it says
CREATE TRIGGER h1 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.patterns('h1[{v}]:x', 'h1');
CREATE TRIGGER h2 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.patterns('api://h2\{v}:x');
CREATE TRIGGER h3 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.patterns('h3:{v');
CREATE TRIGGER h4 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.patterns('h4:{nix}:?');
CREATE TRIGGER h5 AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.patterns();
INSERT INTO t VALUES (1, 'x');
SELECT * FROM journalled();
SELECT * FROM uncache.resync_keys('default') ORDER BY 1, 2;
SELECT * FROM uncache.resync_keys('api') ORDER BY 1, 2;
DROP TABLE t;

-- case 16: partitions, whose columns stand in another order
CREATE TABLE p (id int, v text) PARTITION BY LIST (id);
SELECT uncache.watch('p', patterns => ARRAY['p:{id}:{v}*']);
CREATE TABLE p1 (x int, v text, id int);
ALTER TABLE p1 DROP x;
ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
INSERT INTO p VALUES (1, 'a'), (2, 'b?');
SELECT * FROM journalled();
-- case 17: a row that moves
UPDATE p SET id = 2 WHERE v = 'a';
SELECT * FROM journalled();
-- case 18: TRUNCATE of one
TRUNCATE p1;
SELECT * FROM journalled();
