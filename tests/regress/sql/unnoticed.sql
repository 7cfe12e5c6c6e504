-- What a rule cannot notice is told when it comes to be, and by check_rules.
\set test unnoticed
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE VIEW problems AS SELECT relation, rule, problem, hint FROM uncache.check_rules() WHERE problem NOT LIKE 'target %';

-- case 1: a BEFORE trigger that is made later changes a key behind columns => ...
CREATE TABLE z (id int PRIMARY KEY, slug text, title text);
SELECT uncache.watch('z', keys => ARRAY['z:{slug}'], columns => '{title}');
CREATE FUNCTION set_slug() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.slug := 's' || NEW.id; RETURN NEW; END $$;
CREATE TRIGGER set_slug BEFORE INSERT OR UPDATE ON z FOR EACH ROW EXECUTE FUNCTION set_slug();
SELECT * FROM problems;
-- any other kind of trigger changes no row behind its back
CREATE TRIGGER inserts BEFORE INSERT ON z FOR EACH ROW EXECUTE FUNCTION set_slug();
CREATE TRIGGER after AFTER UPDATE ON z FOR EACH ROW EXECUTE FUNCTION set_slug();
CREATE TRIGGER statement BEFORE UPDATE ON z EXECUTE FUNCTION set_slug();
SELECT problem FROM problems;
ALTER TABLE z DISABLE TRIGGER set_slug;
SELECT problem FROM problems;
ALTER TABLE z ENABLE TRIGGER set_slug;
SELECT problem FROM problems;
-- without columns it is noticed
SELECT uncache.watch('z', 'z:{slug}');
SELECT problem FROM problems;
INSERT INTO z VALUES (1, NULL, 'a');
UPDATE z SET id = 2;
SELECT * FROM journalled();
-- replaced by one with columns, by hand: said again
CREATE TRIGGER hand AFTER UPDATE OF title ON z FOR EACH ROW EXECUTE FUNCTION uncache.keys('z:{slug}');
SELECT rule, problem FROM problems WHERE problem LIKE 'columns%';
DROP TABLE z;
-- case 2: on a partition, on what it is a partition of
CREATE TABLE sale (id int, region text, v text) PARTITION BY LIST (region);
CREATE TABLE sale_eu PARTITION OF sale FOR VALUES IN ('eu');
SELECT uncache.watch('sale', keys => ARRAY['sale:{id}'], columns => '{v}');
CREATE FUNCTION next_id() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := NEW.id + 1; RETURN NEW; END $$;
CREATE TRIGGER of_partition BEFORE UPDATE ON sale_eu FOR EACH ROW EXECUTE FUNCTION next_id();
CREATE TRIGGER of_table BEFORE UPDATE ON sale FOR EACH ROW EXECUTE FUNCTION next_id();
SELECT rule, problem FROM problems;
DROP TABLE sale;
-- case 3: tables that come to inherit
CREATE TABLE parent (id int);
SELECT uncache.watch('parent', 'parent:{id}');
CREATE TABLE child () INHERITS (parent);
CREATE TABLE grandchild (id int);
ALTER TABLE grandchild INHERIT child;
SELECT rule, problem FROM problems;
SELECT uncache.watch('child', 'parent:{id}');
SELECT rule, problem FROM problems;
ALTER TABLE child NO INHERIT parent;
-- case 4: whoever may make a trigger is told, the owner or not
CREATE ROLE regress_uncache_unnoticed;
GRANT TRIGGER ON parent TO regress_uncache_unnoticed;
ALTER TABLE parent ADD v text;
SELECT uncache.watch('parent', keys => ARRAY['parent:{id}'], columns => '{id}');
SET ROLE regress_uncache_unnoticed;
CREATE TRIGGER mine BEFORE UPDATE ON parent FOR EACH ROW EXECUTE FUNCTION next_id();
RESET ROLE;

\connect template1
SET client_min_messages = warning;
DROP DATABASE :database;
DROP ROLE regress_uncache_unnoticed;
