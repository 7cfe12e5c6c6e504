-- cacheops(): names that sets have for keys, for other tables' rows, and for tables that were renamed.
\set test cacheops_names
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
CREATE FUNCTION images() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT CASE action WHEN 'cacheops' THEN '' ELSE action || ' ' END || key FROM journalled()
$$;
\t on
\a

-- case 1: of a key null as well: primary, of several columns, unique; not of an index that is partial, of an expression, of two columns
CREATE TABLE t (id int PRIMARY KEY, code varchar(9) UNIQUE, a int, b int, c int, UNIQUE (a, b));
CREATE UNIQUE INDEX ON t (c) WHERE a > 0;
CREATE UNIQUE INDEX ON t ((c + 1));
CREATE INDEX ON t (b);
SELECT uncache.watch('t', cacheops => ARRAY['t']);
INSERT INTO t VALUES (1, 'x', 1, 1, 1), (2, NULL, 2, 2, 2);
SELECT * FROM images();
CREATE TABLE pair (a int, b int, c int, PRIMARY KEY (a, b));
SELECT uncache.watch('pair', cacheops => ARRAY['pair', 'field=b', 'again=b']);
INSERT INTO pair VALUES (1, 2, 3);
SELECT * FROM images();
-- case 2: keys of which there are several forms, or none; of partitions
CREATE TABLE forms (n numeric PRIMARY KEY, d date UNIQUE, s char(3) UNIQUE, x money UNIQUE);
SELECT uncache.watch('forms', cacheops => ARRAY['forms', 'x=x']);
INSERT INTO forms VALUES (1.5, 'infinity', 'a', '2');
SELECT * FROM images();
CREATE TABLE sale (id int PRIMARY KEY, v int) PARTITION BY LIST (id);
CREATE TABLE sale_1 PARTITION OF sale FOR VALUES IN (1);
SELECT uncache.watch('sale', cacheops => ARRAY['sale']);
INSERT INTO sale VALUES (1, 2);
SELECT * FROM images();
-- case 3: a column becomes a key, and is none any more
ALTER TABLE pair DROP CONSTRAINT pair_pkey, ADD UNIQUE (c);
TRUNCATE uncache.journal;
UPDATE pair SET c = 4;
SELECT * FROM images();

-- case 4: nothing but what is named: by hand, for the rows of a child, whatever is added, renamed or called "*"
CREATE TABLE child (t_ptr_id int PRIMARY KEY REFERENCES t, v int);
SELECT uncache.watch('child', cacheops => ARRAY['child']);
SELECT uncache.put_trigger('t', 'uncache_for_child', 'cacheops', 'UPDATE', NULL, ARRAY['child', 't_ptr_id=id', '-*']);
SELECT uncache.watch('pair', cacheops => ARRAY['pair', '-*']);
ALTER TABLE t ADD v int, ADD "*" int;
ALTER TABLE t RENAME id TO number;
ALTER TABLE t RENAME "*" TO star;
SELECT templates FROM uncache.rules WHERE rule = 'uncache_for_child';
TRUNCATE uncache.journal;
UPDATE t SET a = 7 WHERE number = 2;
INSERT INTO t VALUES (3);
DELETE FROM t WHERE number = 3;
UPDATE pair SET c = 5;
SELECT * FROM images();
-- it is as it should be
SELECT * FROM uncache.check_rules();

-- case 5: a renamed table; its hint is a command, which keeps target and items; partitions and schemas do not matter
SELECT uncache.attach('orm');
SELECT uncache.watch('forms', cacheops => ARRAY['orm://forms', 'it''s=s', '-d', '@Asia/Kolkata']);
ALTER TABLE forms RENAME TO "Other forms";
ALTER TABLE sale RENAME TO sold;
SELECT * FROM uncache.check_rules();
SELECT hint FROM uncache.check_rules() \gexec
SELECT templates FROM uncache.rules WHERE relation = '"Other forms"'::regclass AND events ~ 'INSERT';
SELECT * FROM uncache.check_rules();
-- case 6: a view in the old name's place; the name of a table that took another's place
ALTER TABLE sold RENAME TO sale_new;
CREATE VIEW sold AS SELECT * FROM sale_new;
SELECT * FROM uncache.check_rules();
DROP VIEW sold;
CREATE TABLE sold (id int);
SELECT relation, problem FROM uncache.check_rules();
DROP TABLE sold;
ALTER TABLE sale_new RENAME TO sold;
-- case 7: db_table with a schema; a name that is longer than any
CREATE SCHEMA app CREATE TABLE invoice (id int) CREATE TABLE bill (id int);
SELECT uncache.watch('app.invoice', cacheops => ARRAY['app"."invoice']), uncache.watch('app.bill', cacheops => ARRAY['"app"."bill"']);
SELECT format('CREATE TABLE %s (id int)', repeat('x', 63)) \gexec
SELECT uncache.watch(repeat('x', 63)::regclass, cacheops => ARRAY[repeat('x', 70)]);
SELECT * FROM uncache.check_rules();
-- case 8: an heir's rows are its parent's, too, at any depth; so are those that a partition had before
CREATE TABLE parent (id int);
CREATE TABLE heir () INHERITS (parent);
CREATE TABLE heir_2 () INHERITS (heir);
SELECT uncache.watch(heir, cacheops => ARRAY['parent']) FROM (VALUES ('heir'::regclass), ('heir_2')) AS v(heir);
CREATE TABLE sold_2 (id int PRIMARY KEY, v int);
SELECT uncache.watch('sold_2', cacheops => ARRAY['sold']);
ALTER TABLE sold ATTACH PARTITION sold_2 FOR VALUES IN (2);
SELECT * FROM uncache.check_rules();
-- case 9: by hand, for what another table has cached; when that is renamed, or gone
ALTER TABLE child RENAME TO kitten;
SELECT * FROM uncache.check_rules();
DROP TABLE kitten;
SELECT relation, rule, problem, hint FROM uncache.check_rules();
DROP TRIGGER uncache_for_child ON t;
-- case 10: for other events than UPDATE alone it is a rule like any
CREATE TRIGGER by_hand AFTER UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION uncache.cacheops('pair', '-*');
ALTER TABLE t ENABLE ALWAYS TRIGGER by_hand;
SELECT rule, problem FROM uncache.check_rules();
