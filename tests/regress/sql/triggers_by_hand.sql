-- A rule is a trigger, with all that PostgreSQL lets a trigger say.
\set test triggers_by_hand
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int PRIMARY KEY, status text, total int);
INSERT INTO t VALUES (1, 'draft', 1), (2, 'sent', 2);

-- UPDATE OF and WHEN
CREATE TRIGGER pdf AFTER UPDATE OF total, status ON t FOR EACH ROW WHEN (NEW.status <> 'draft')
	EXECUTE FUNCTION uncache.keys('pdf:{id}', 'api://list:{status}');
UPDATE t SET total = 3;
SELECT * FROM journalled();
UPDATE t SET id = 3 WHERE id = 2;
SELECT * FROM journalled();
UPDATE t SET status = 'draft' WHERE id = 3;
SELECT * FROM journalled();
UPDATE t SET status = 'sent' WHERE id = 3;
SELECT * FROM journalled();
DELETE FROM t WHERE id = 3;
INSERT INTO t VALUES (3, 'sent', 1);
SELECT * FROM journalled();
DROP TRIGGER pdf ON t;

-- only a change that shows
CREATE TRIGGER change AFTER UPDATE ON t FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
	EXECUTE FUNCTION uncache.keys('change:{id}');
UPDATE t SET total = total;
SELECT * FROM journalled();
UPDATE t SET total = total + 1 WHERE id = 3;
SELECT * FROM journalled();
DROP TRIGGER change ON t;

-- several rules on a table
CREATE TRIGGER a AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('a:{id}', 'same');
CREATE TRIGGER b AFTER INSERT OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('b:{id}', 'same');
INSERT INTO t VALUES (4, 'x', 1);
SELECT * FROM journalled();
DELETE FROM t WHERE id = 4;
SELECT * FROM journalled();
DROP TRIGGER a ON t;
DROP TRIGGER b ON t;

-- deferred to the commit
CREATE CONSTRAINT TRIGGER later AFTER INSERT OR UPDATE OR DELETE ON t DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION uncache.keys('later:{id}:{total * 2}');
BEGIN;
INSERT INTO t VALUES (5, 'x', 1);
SAVEPOINT s;
INSERT INTO t VALUES (6, 'x', 1);
ROLLBACK TO s;
UPDATE t SET total = 2 WHERE id = 5;
COMMIT;
SELECT * FROM journalled();
BEGIN;
INSERT INTO t VALUES (6, 'x', 1);
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
SELECT * FROM journalled();
-- a deferred constraint that fails at the commit takes everything with it
CREATE TABLE ref (id int REFERENCES t DEFERRABLE INITIALLY DEFERRED);
SELECT uncache.watch('ref', 'ref:{id}');
BEGIN;
DELETE FROM t WHERE id = 5;
INSERT INTO ref VALUES (99);
COMMIT;
SELECT * FROM journalled();
-- rows written by a deferred trigger are journalled
CREATE FUNCTION copy_to_ref() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO ref VALUES (NEW.id);
	RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER zz_copy AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION copy_to_ref();
INSERT INTO t VALUES (7, 'x', 1);
SELECT * FROM journalled();
DROP TRIGGER later ON t;
DROP TRIGGER zz_copy ON t;

-- session_replication_role: ENABLE ALWAYS fires, a plain trigger does not
CREATE TRIGGER plain AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('plain:{id}');
SELECT uncache.watch('t', 'always:{id}');
SET session_replication_role = replica;
INSERT INTO t VALUES (8, 'x', 1);
RESET session_replication_role;
SELECT * FROM journalled();
SET session_replication_role = local;
INSERT INTO t VALUES (9, 'x', 1);
RESET session_replication_role;
SELECT * FROM journalled();
SELECT rule, action, templates, events, enabled FROM uncache.rules WHERE relation = 't'::regclass ORDER BY rule;
-- disabled, and nothing follows: see switched for when it does
SET uncache.follow_ddl = off;
ALTER TABLE t DISABLE TRIGGER ALL;
INSERT INTO t VALUES (10, 'x', 1);
SELECT * FROM journalled();
SELECT rule, enabled FROM uncache.rules WHERE relation = 't'::regclass ORDER BY rule;
-- pg_dump --disable-triggers and the like enable them as plain ones; watch() sets that right
ALTER TABLE t ENABLE TRIGGER ALL;
RESET uncache.follow_ddl;
SELECT rule, enabled FROM uncache.rules WHERE relation = 't'::regclass ORDER BY rule;
SELECT uncache.watch('t', 'always:{id}');
SELECT rule, enabled FROM uncache.rules WHERE relation = 't'::regclass ORDER BY rule;
DROP TRIGGER plain ON t;
SELECT uncache.unwatch('t');

-- the wrong protocol is told when it is first used
CREATE TRIGGER wrong BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('x:{id}');
INSERT INTO t VALUES (20, 'x', 1);
DROP TRIGGER wrong ON t;
CREATE TRIGGER wrong AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION uncache.keys('x:{id}');
INSERT INTO t VALUES (20, 'x', 1);
DROP TRIGGER wrong ON t;
CREATE TRIGGER wrong BEFORE TRUNCATE ON t FOR EACH STATEMENT EXECUTE FUNCTION uncache.keys('x:{id}');
TRUNCATE t CASCADE;
DROP TRIGGER wrong ON t;
CREATE VIEW v AS SELECT * FROM t;
CREATE TRIGGER wrong INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION uncache.keys('x:{id}');
INSERT INTO v VALUES (20, 'x', 1);
DROP VIEW v;
SELECT uncache.keys();
SELECT * FROM journalled();

-- a renamed table or trigger, a moved table: the rule goes with it
CREATE TRIGGER rule AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('r:{id}');
INSERT INTO t VALUES (30, 'x', 1);
ALTER TABLE t RENAME TO t2;
ALTER TRIGGER rule ON t2 RENAME TO rule2;
CREATE SCHEMA s;
ALTER TABLE t2 SET SCHEMA s;
INSERT INTO s.t2 VALUES (31, 'x', 1);
SELECT * FROM journalled();
SELECT relation, rule, definition FROM uncache.rules WHERE relation = 's.t2'::regclass;
-- DDL is transactional
BEGIN;
DROP TRIGGER rule2 ON s.t2;
INSERT INTO s.t2 VALUES (32, 'x', 1);
ROLLBACK;
INSERT INTO s.t2 VALUES (33, 'x', 1);
SELECT * FROM journalled();
BEGIN;
INSERT INTO s.t2 VALUES (34, 'x', 1);
DROP TABLE s.t2 CASCADE;
COMMIT;
SELECT * FROM journalled();
-- the rule sees a column added or retyped in the same transaction
CREATE TABLE n (id int);
CREATE TRIGGER r AFTER INSERT ON n FOR EACH ROW EXECUTE FUNCTION uncache.keys('n:{id}');
INSERT INTO n VALUES (1);
BEGIN;
ALTER TABLE n ALTER id TYPE text USING 'text ' || id;
INSERT INTO n VALUES ('2');
ALTER TABLE n ADD first date DEFAULT '2024-02-29';
DROP TRIGGER r ON n;
CREATE TRIGGER r AFTER INSERT ON n FOR EACH ROW EXECUTE FUNCTION uncache.keys('n:{id}:{first}');
INSERT INTO n VALUES ('3');
COMMIT;
SELECT * FROM journalled();

-- rules for TRUNCATE by hand are not given to partitions, whether or not one of the name is there: check_rules() tells
CREATE TABLE whole (id int, d int) PARTITION BY LIST (d);
CREATE TRIGGER r AFTER INSERT OR UPDATE OR DELETE ON whole FOR EACH ROW EXECUTE FUNCTION uncache.keys('whole:{id}');
CREATE TRIGGER r_tr AFTER TRUNCATE ON whole EXECUTE FUNCTION uncache.keys('whole:{id}');
CREATE TABLE part (id int, d int);
CREATE TRIGGER r AFTER INSERT OR UPDATE OR DELETE ON part FOR EACH ROW EXECUTE FUNCTION uncache.keys('part:{id}');
CREATE TRIGGER r_tr AFTER TRUNCATE ON part EXECUTE FUNCTION uncache.keys('part:{id}');
ALTER TABLE whole ATTACH PARTITION part FOR VALUES IN (1);
SELECT relation, rule, templates FROM uncache.rules WHERE relation IN ('whole'::regclass, 'part'::regclass) ORDER BY 1, 2;
SELECT relation, rule, problem FROM uncache.check_rules() WHERE relation IN ('whole'::regclass, 'part'::regclass) AND problem !~ 'replicated';
CREATE TRIGGER whole_tr AFTER TRUNCATE ON part EXECUTE FUNCTION uncache.keys('whole:{id}');
SELECT relation, rule, problem FROM uncache.check_rules() WHERE relation IN ('whole'::regclass, 'part'::regclass) AND problem !~ 'replicated';
