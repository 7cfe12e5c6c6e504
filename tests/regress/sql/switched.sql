-- Rules that DISABLE TRIGGER and ENABLE TRIGGER switch off and on: nothing passes by them unseen.
\set test switched
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE VIEW states AS SELECT t.tgrelid::regclass AS relation, t.tgname AS rule, t.tgenabled AS enabled
	FROM pg_trigger t WHERE NOT t.tgisinternal OR t.tgparentid <> 0 ORDER BY t.tgrelid::regclass::text COLLATE "C", t.tgname;

-- case 1: a new rule has let nothing pass by, whoever enables it
CREATE TABLE inv (id int PRIMARY KEY, st text);
INSERT INTO inv VALUES (1, 'a');
SELECT uncache.watch('inv', 'inv:{id}', 'api://inv:{id}:{st}');
BEGIN;
CREATE TRIGGER mine AFTER UPDATE ON inv FOR EACH ROW EXECUTE FUNCTION uncache.keys('mine:{id}');
ALTER TABLE inv ENABLE ALWAYS TRIGGER mine;
COMMIT;
SELECT * FROM journalled();
-- case 2: what tools do: rows change while triggers are off
ALTER TABLE inv DISABLE TRIGGER USER;
SELECT * FROM states;
SELECT * FROM journalled();
UPDATE inv SET st = 'b';
SELECT * FROM journalled();
ALTER TABLE inv ENABLE TRIGGER USER;
SELECT * FROM states;
SELECT * FROM journalled();
SELECT rule, problem FROM uncache.check_rules() WHERE problem NOT LIKE 'no rule of these%';
-- case 3: all in one transaction; ALL; by name, several at a time; rolled back
BEGIN;
ALTER TABLE inv DISABLE TRIGGER ALL;
UPDATE inv SET st = 'c';
ALTER TABLE inv ENABLE TRIGGER ALL;
COMMIT;
SELECT * FROM states;
SELECT * FROM journalled();
ALTER TABLE inv DISABLE TRIGGER mine, DISABLE TRIGGER uncache_keys_truncate, ADD COLUMN note text;
SELECT * FROM journalled();
UPDATE inv SET st = 'd';
SELECT * FROM journalled();
ALTER TABLE inv ENABLE TRIGGER mine, ENABLE TRIGGER uncache_keys_truncate;
SELECT * FROM states;
SELECT * FROM journalled();
BEGIN;
SAVEPOINT s;
ALTER TABLE inv DISABLE TRIGGER USER;
ROLLBACK TO s;
UPDATE inv SET st = 'e';
COMMIT;
SELECT * FROM states;
SELECT * FROM journalled();
-- case 4: nothing is switched: nothing to do
ALTER TABLE inv ENABLE ALWAYS TRIGGER mine;
ALTER TABLE inv ENABLE TRIGGER USER;
SELECT * FROM states;
-- that has switched all from ALWAYS to ORIGIN, and nobody knows since when
SELECT * FROM journalled();
-- case 5: for replicas only is what somebody says by name
ALTER TABLE inv ENABLE REPLICA TRIGGER mine;
SELECT * FROM states;
SELECT * FROM journalled();
SELECT rule, problem FROM uncache.check_rules() WHERE problem NOT LIKE 'no rule of these%';
UPDATE inv SET st = 'f';
SELECT * FROM journalled();
ALTER TABLE inv ENABLE TRIGGER mine;
SELECT * FROM states;
SELECT * FROM journalled();
-- case 6: a rule by hand that nobody has enabled ALWAYS stays as it was made
CREATE TRIGGER origin AFTER UPDATE ON inv FOR EACH ROW EXECUTE FUNCTION uncache.keys('origin:{id}');
ALTER TABLE inv ENABLE TRIGGER USER;
SELECT * FROM states WHERE rule = 'origin';
SELECT * FROM journalled();
ALTER TABLE inv ENABLE ALWAYS TRIGGER origin;
SELECT * FROM journalled();
-- case 7: a customer's own trigger is none of ours
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER own AFTER UPDATE ON inv FOR EACH ROW EXECUTE FUNCTION nothing();
ALTER TABLE inv ENABLE REPLICA TRIGGER own;
ALTER TABLE inv DISABLE TRIGGER own;
ALTER TABLE inv ENABLE TRIGGER own;
SELECT * FROM states WHERE rule = 'own';
SELECT * FROM journalled();

-- case 8: partitions: the clones are switched with the rule, and by themselves
CREATE TABLE sale (id int, region text) PARTITION BY LIST (region);
CREATE TABLE sale_eu PARTITION OF sale FOR VALUES IN ('eu') PARTITION BY LIST (id);
CREATE TABLE sale_eu_1 PARTITION OF sale_eu FOR VALUES IN (1);
SELECT uncache.watch('sale', 'sale:{id}');
INSERT INTO sale VALUES (1, 'eu');
DELETE FROM uncache.journal;
ALTER TABLE sale DISABLE TRIGGER USER;
ALTER TABLE sale ENABLE TRIGGER USER;
SELECT * FROM states WHERE relation::text LIKE 'sale%';
SELECT * FROM journalled();
ALTER TABLE sale_eu_1 DISABLE TRIGGER USER;
SELECT * FROM journalled();
UPDATE sale SET id = 1;
SELECT * FROM journalled();
ALTER TABLE sale_eu_1 ENABLE TRIGGER USER;
SELECT * FROM states WHERE relation::text LIKE 'sale%';
SELECT * FROM journalled();
-- case 9: tables that inherit are not switched with their parent
CREATE TABLE heir () INHERITS (inv);
SELECT uncache.watch('heir', 'heir:{id}');
ALTER TABLE inv DISABLE TRIGGER USER;
SELECT * FROM states WHERE relation = 'heir'::regclass;
SELECT * FROM journalled();
ALTER TABLE inv ENABLE TRIGGER USER;
DROP TABLE heir;
DELETE FROM uncache.journal;
-- case 10: automatic rules; by an owner without rights; in replica role
CREATE ROLE regress_uncache_switched;
CREATE SCHEMA shop;
CREATE TABLE shop.item (id int PRIMARY KEY);
SELECT uncache.watch_schema('shop');
GRANT USAGE ON SCHEMA shop TO regress_uncache_switched;
ALTER TABLE shop.item OWNER TO regress_uncache_switched;
SET session_replication_role = replica;
SET ROLE regress_uncache_switched;
ALTER TABLE shop.item DISABLE TRIGGER ALL;
INSERT INTO shop.item VALUES (1);
ALTER TABLE shop.item ENABLE TRIGGER ALL;
RESET ROLE;
RESET session_replication_role;
SELECT relation, enabled FROM states WHERE relation = 'shop.item'::regclass;
SELECT * FROM journalled();
-- case 11: unless somebody says otherwise
SET uncache.follow_ddl = off;
ALTER TABLE inv DISABLE TRIGGER USER;
ALTER TABLE inv ENABLE TRIGGER USER;
RESET uncache.follow_ddl;
SELECT * FROM states WHERE relation = 'inv'::regclass;
SELECT * FROM journalled();
SELECT rule, problem FROM uncache.check_rules() WHERE relation = 'inv'::regclass AND problem NOT LIKE 'no rule of these%';
SET uncache.enabled = off;
ALTER TABLE inv DISABLE TRIGGER USER;
ALTER TABLE inv ENABLE TRIGGER USER;
RESET uncache.enabled;
SELECT * FROM states WHERE relation = 'inv'::regclass;
SELECT * FROM journalled();
DELETE FROM uncache.journal;
-- case 12: watching anew a table whose rules are switched off catches up as enabling them does
CREATE TABLE again (id int);
SELECT uncache.watch('again', 'again:{id}');
SET uncache.follow_ddl = off;
ALTER TABLE again DISABLE TRIGGER USER;
INSERT INTO again VALUES (1);
RESET uncache.follow_ddl;
SELECT uncache.watch('again', 'again:{id}');
SELECT * FROM journalled();
-- an automatic rule
CREATE SCHEMA auto;
SELECT uncache.watch_schema('auto');
CREATE TABLE auto.again (id int PRIMARY KEY);
SET uncache.follow_ddl = off;
ALTER TABLE auto.again DISABLE TRIGGER USER;
INSERT INTO auto.again VALUES (1);
RESET uncache.follow_ddl;
DELETE FROM uncache.journal;
SELECT uncache.watch_schema('auto');
SELECT action, key FROM journalled();

\connect template1
SET client_min_messages = warning;
DROP DATABASE :database;
DROP ROLE regress_uncache_switched;
