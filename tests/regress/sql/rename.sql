-- Rules follow a column that is renamed; what cannot follow is told.
\set test rename
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE VIEW templates AS
	SELECT t.tgrelid::regclass AS relation, t.tgname AS rule, uncache_internal.trigger_arguments(t.oid) AS templates
	FROM pg_trigger t WHERE t.tgname LIKE 'uncache%' OR t.tgname = 'mine' ORDER BY 1, 2;

-- case 1: every action, rows and TRUNCATE, in a backend that has the rules compiled
CREATE TABLE t (id int PRIMARY KEY, name text, note text);
SELECT uncache.watch('t', keys => ARRAY['t:{name}:{id}', 'api://t:{ NAME }', 'no', '{{name}}:{"name"}', '{name}{name}'], patterns => ARRAY['p:{name}:*'], tags => ARRAY['tag:{name}'],
	versions => ARRAY['ver:{name}'], query => ARRAY['SELECT ''q:'' || {name} || name FROM public.t WHERE id = {id}', 'q:{name}*']);
INSERT INTO t VALUES (1, 'a');
DELETE FROM uncache.journal;
ALTER TABLE t RENAME name TO title;
SELECT * FROM templates;
UPDATE t SET note = 'x';
SELECT * FROM journalled();
SELECT uncache.watch('t', keys => ARRAY['t:{title}'], patterns => '{}', tags => '{}', versions => '{}', query => '{}');
-- case 2: rolled back: the rule is as it was, in this backend, too
BEGIN;
ALTER TABLE t RENAME title TO gone;
UPDATE t SET note = 'y';
SAVEPOINT s;
ALTER TABLE t RENAME gone TO further;
UPDATE t SET note = 'y', further = 'f';
ROLLBACK TO s;
UPDATE t SET note = 'y', gone = 'g';
ROLLBACK;
SELECT templates FROM templates WHERE rule = 'uncache_keys';
UPDATE t SET title = 'b';
SELECT * FROM journalled();
BEGIN;
ALTER TABLE t RENAME title TO one;
SAVEPOINT s;
ALTER TABLE t RENAME one TO two;
RELEASE s;
UPDATE t SET two = 'c';
COMMIT;
SELECT * FROM journalled();
-- case 3: two columns change their names
ALTER TABLE t RENAME two TO tmp;
ALTER TABLE t RENAME note TO two;
ALTER TABLE t RENAME tmp TO note;
SELECT templates FROM templates WHERE rule = 'uncache_keys';
-- case 4: names that need quotes, have braces, quotes, keywords, other letters, are as long as can be
ALTER TABLE t RENAME note TO "Mixed Case";
ALTER TABLE t RENAME "Mixed Case" TO "a}b{""c'";
ALTER TABLE t RENAME "a}b{""c'" TO "select";
ALTER TABLE t RENAME "select" TO "имя";
ALTER TABLE t RENAME "имя" TO "current_date";
SELECT templates FROM templates WHERE rule = 'uncache_keys';
ALTER TABLE t RENAME "current_date" TO "sixty-three bytes are as long as a name of postgres can be, hm.";
UPDATE t SET two = 'z';
ALTER TABLE t RENAME "sixty-three bytes are as long as a name of postgres can be, hm." TO "back\slash";
SELECT templates FROM templates WHERE rule = 'uncache_keys';
UPDATE t SET two = 'zz';
SELECT * FROM journalled();
ALTER TABLE t RENAME "back\slash" TO name;
-- case 5: by a role without any right, in replica role, switched off: the rule follows all the same
CREATE ROLE regress_uncache_rename;
GRANT CREATE ON SCHEMA public TO regress_uncache_rename;
ALTER TABLE t OWNER TO regress_uncache_rename;
SET uncache.enabled = off;
SET session_replication_role = replica;
SET ROLE regress_uncache_rename;
ALTER TABLE t RENAME name TO title;
RESET ROLE;
RESET session_replication_role;
RESET uncache.enabled;
SELECT templates FROM templates WHERE rule LIKE 'uncache_keys%';
-- case 6: the commands of other kinds of relations do it, too
ALTER VIEW t RENAME COLUMN title TO name;
ALTER FOREIGN TABLE t RENAME name TO title;
ALTER MATERIALIZED VIEW t RENAME title TO name;
SELECT templates FROM templates WHERE rule = 'uncache_keys';
-- case 7: a rule by hand with UPDATE OF and WHEN: PostgreSQL makes those follow
CREATE TRIGGER mine AFTER UPDATE OF name ON t FOR EACH ROW WHEN (NEW.name <> 'q') EXECUTE FUNCTION uncache.keys('mine:{name}');
ALTER TABLE t RENAME name TO title;
SELECT definition FROM uncache.rules WHERE rule = 'mine';
DROP TRIGGER mine ON t;
-- case 8: another trigger function of that name is none of ours
CREATE FUNCTION keys() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER mine AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION public.keys('{title}');
ALTER TABLE t RENAME title TO name;
SELECT templates FROM templates WHERE rule = 'mine';
DROP TRIGGER mine ON t;

-- case 9: partitions of two levels, in another order of columns
CREATE TABLE sale (id int, region text) PARTITION BY LIST (region);
CREATE TABLE sale_eu PARTITION OF sale FOR VALUES IN ('eu') PARTITION BY LIST (id);
CREATE TABLE sale_eu_1 (region text, gone int, id int);
ALTER TABLE sale_eu_1 DROP gone;
ALTER TABLE sale_eu ATTACH PARTITION sale_eu_1 FOR VALUES IN (1);
SELECT uncache.watch('sale', 'sale:{id}:{region}');
INSERT INTO sale VALUES (1, 'eu');
ALTER TABLE sale RENAME id TO number;
SELECT * FROM templates WHERE relation::text LIKE 'sale%';
UPDATE sale SET number = 1;
TRUNCATE sale_eu_1;
SELECT * FROM journalled();
CREATE TABLE sale_us PARTITION OF sale FOR VALUES IN ('us');
INSERT INTO sale VALUES (2, 'us');
SELECT * FROM journalled();
-- case 10: children by INHERITS; ONLY is refused by PostgreSQL
CREATE TABLE parent (id int);
CREATE TABLE child (c int) INHERITS (parent);
SELECT uncache.watch('child', 'child:{id}:{c}');
ALTER TABLE ONLY parent RENAME id TO nr;
ALTER TABLE parent RENAME id TO nr;
INSERT INTO child VALUES (1, 2);
SELECT * FROM journalled();
-- case 11: typed tables
CREATE TYPE item AS (id int, v int);
CREATE TABLE typed OF item;
CREATE TABLE heir () INHERITS (typed);
SELECT uncache.watch('heir', 'typed:{v}');
ALTER TYPE item RENAME ATTRIBUTE v TO w CASCADE;
INSERT INTO heir VALUES (1, 2);
SELECT * FROM journalled();

-- case 12: what cannot follow: an expression, SQL; the plain one follows beside it
SELECT uncache.watch('t', keys => ARRAY['t:{lower(name)}:{id}', 'plain:{name}'], query => ARRAY['SELECT ''q:'' || i.name FROM public.t i WHERE i.id = {id}']);
ALTER TABLE t RENAME name TO title;
INSERT INTO t VALUES (2, 'B');
SELECT * FROM journalled();
ALTER TABLE t RENAME title TO name;
INSERT INTO t VALUES (3, 'C');
SELECT * FROM journalled();
-- case 13: a query of another table: its column, its table, its schema
CREATE TABLE customer (id int, city text);
CREATE TABLE invoice (id int, customer_id int);
INSERT INTO invoice VALUES (7, 1);
SELECT uncache.watch('customer', query => ARRAY['SELECT ''invoice:'' || i.id FROM public.invoice i WHERE i.customer_id = {id}']);
ALTER TABLE invoice RENAME customer_id TO payer_id;
INSERT INTO customer VALUES (1, 'X');
SELECT * FROM journalled();
ALTER TABLE invoice RENAME payer_id TO customer_id;
ALTER TABLE invoice RENAME TO bill;
ALTER TABLE bill RENAME TO invoice;
CREATE SCHEMA elsewhere;
ALTER TABLE invoice SET SCHEMA elsewhere;
ALTER TABLE elsewhere.invoice SET SCHEMA public;
ALTER TABLE invoice DROP customer_id;
DROP TABLE invoice;
INSERT INTO customer VALUES (1, 'X');
SELECT * FROM journalled();
-- case 14: a type that an expression cannot take; mended by watch
SELECT uncache.watch('customer', keys => ARRAY['c:{lower(city)}'], query => '{}');
ALTER TABLE customer ALTER city TYPE int USING 1;
SELECT uncache.watch('customer', 'c:{city}');
ALTER TABLE customer ALTER city TYPE bigint;
SELECT * FROM journalled();
-- case 15: DROP COLUMN that a rule reads
ALTER TABLE customer DROP city;
INSERT INTO customer VALUES (1);
SELECT * FROM journalled();
-- case 16: a column that takes the place of one that is gone mends the rule
ALTER TABLE customer ADD town text;
ALTER TABLE customer RENAME town TO city;
INSERT INTO customer VALUES (1, 'Y');
SELECT * FROM journalled();
-- case 17: a template that is no template at all is let alone
CREATE TRIGGER mine AFTER INSERT ON customer FOR EACH ROW EXECUTE FUNCTION uncache.keys('{city}:{', '}{city}', '');
ALTER TABLE customer RENAME city TO town;
SELECT templates FROM templates WHERE rule = 'mine';

DROP TABLE t;
DROP OWNED BY regress_uncache_rename;
DROP ROLE regress_uncache_rename;
