-- Commands do with rules what they do without: none fails, locks more, or tells more because of one.
\set test follow
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE ROLE regress_uncache_visitor;
CREATE ROLE regress_uncache_app;

-- case 1: a watched table becomes a partition of a watched table, with the same rule and with another; it keeps its own, and leaves with it
CREATE TABLE parent (id int, v text) PARTITION BY RANGE (id);
CREATE TABLE child (id int, v text);
CREATE TABLE tree (id int, v text) PARTITION BY RANGE (id);
CREATE TABLE tree_1 PARTITION OF tree FOR VALUES FROM (10) TO (15);
SELECT uncache.watch('parent', 'x:{id}'), uncache.watch('child', 'x:{id}', 'child:{v}'), uncache.watch('tree', 'tree:{id}');
ALTER TABLE parent ATTACH PARTITION child FOR VALUES FROM (0) TO (10);
ALTER TABLE parent ATTACH PARTITION tree FOR VALUES FROM (10) TO (20);
SELECT tgrelid::regclass, tgname, uncache_internal.trigger_arguments(oid), tgparentid <> 0 AS is_clone FROM pg_trigger
	WHERE tgrelid IN (SELECT relid FROM pg_partition_tree('parent')) ORDER BY 1, 2;
DELETE FROM uncache.journal;
INSERT INTO parent VALUES (1, 'a'), (11, 'b');
SELECT * FROM journalled();
TRUNCATE child;
SELECT * FROM journalled();
ALTER TABLE parent DETACH PARTITION child;
DELETE FROM uncache.journal;
INSERT INTO child VALUES (2, 'b');
SELECT * FROM journalled();
SELECT uncache.unwatch('child');
SELECT rule FROM uncache.rules WHERE relation = 'child'::regclass;
-- the other way round: the parent is watched when a partition is already
CREATE TABLE parent2 (id int) PARTITION BY RANGE (id);
CREATE TABLE child2 PARTITION OF parent2 FOR VALUES FROM (0) TO (10);
SELECT uncache.watch('child2', 'child2:{id}');
SELECT uncache.watch('parent2', 'parent2:{id}');
INSERT INTO parent2 VALUES (1);
SELECT * FROM journalled() WHERE action = 'keys';
-- whoever does not own both is refused as ever, and nothing has changed
CREATE TABLE child3 (id int);
SELECT uncache.watch('child3', 'child3:{id}');
SET ROLE regress_uncache_visitor;
ALTER TABLE parent2 ATTACH PARTITION child3 FOR VALUES FROM (10) TO (20);
RESET ROLE;
SELECT rule FROM uncache.rules WHERE relation = 'child3'::regclass ORDER BY 1;

-- case 2: types of columns that UPDATE OF and WHEN name
CREATE TABLE c (id int, note text, n int, gone int);
SELECT uncache.watch('c', keys => ARRAY['c:{id}'], columns => '{note}');
CREATE TRIGGER noted AFTER UPDATE ON c FOR EACH ROW WHEN (NEW.note LIKE 'n%') EXECUTE FUNCTION uncache.keys('noted:{id}');
CREATE TRIGGER counted AFTER UPDATE OF n, gone ON c FOR EACH ROW WHEN (NEW.n > 5) EXECUTE FUNCTION uncache.keys('counted:{id}');
ALTER TABLE c ALTER note TYPE varchar(20);
ALTER TABLE c ALTER id TYPE bigint;
SELECT rule, columns, is_conditional FROM uncache.rules WHERE relation = 'c'::regclass ORDER BY 1;
INSERT INTO c VALUES (1, 'x', 1, 1);
DELETE FROM uncache.journal;
UPDATE c SET n = 2;
UPDATE c SET note = 'y';
SELECT * FROM journalled();
UPDATE c SET note = 'nn', gone = 2;
SELECT * FROM journalled();
-- it cannot be compared as before; dropped columns; what is left depends on its columns again
ALTER TABLE c ALTER n TYPE text;
ALTER TABLE c DROP gone;
SELECT rule, columns, is_conditional FROM uncache.rules WHERE relation = 'c'::regclass ORDER BY 1;
SELECT t.tgname, a.attname FROM pg_depend d JOIN pg_trigger t ON t.oid = d.objid JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
	WHERE d.classid = 'pg_trigger'::regclass AND d.refobjid = 'c'::regclass AND d.refobjsubid <> 0 ORDER BY 1, 2;
ALTER TABLE c DROP note, DROP n;
SELECT rule, columns, is_conditional FROM uncache.rules WHERE relation = 'c'::regclass ORDER BY 1;
-- a function that only such a WHEN has called can be dropped
CREATE FUNCTION is_fine(int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
ALTER TABLE c ADD m int;
CREATE TRIGGER fine AFTER UPDATE ON c FOR EACH ROW WHEN (is_fine(NEW.m)) EXECUTE FUNCTION uncache.keys('fine:{id}');
DROP FUNCTION is_fine(int);
ALTER TABLE c ALTER m TYPE text;
DROP FUNCTION is_fine(int);
SELECT rule FROM uncache.rules WHERE relation = 'c'::regclass ORDER BY 1;
-- partitions, whose clones hold their own columns
CREATE TABLE p (id int, k int, note text) PARTITION BY RANGE (id);
CREATE TABLE p_1 (note text, k int, id int);
ALTER TABLE p ATTACH PARTITION p_1 FOR VALUES FROM (0) TO (10);
SELECT uncache.watch('p', keys => ARRAY['p:{k}'], columns => '{note}');
ALTER TABLE p ALTER note TYPE varchar(5), ALTER k TYPE bigint;
SELECT tgrelid::regclass, tgattr FROM pg_trigger WHERE tgname = 'uncache_keys' AND tgrelid IN ('p'::regclass, 'p_1'::regclass) ORDER BY 1;
INSERT INTO p VALUES (1, 1, 'a');
DELETE FROM uncache.journal;
UPDATE p SET note = 'b';
SELECT * FROM journalled();
-- refused for another reason: as it was
CREATE VIEW v AS SELECT note FROM p;
ALTER TABLE p ALTER note TYPE text;
SELECT count(*) FROM pg_depend WHERE classid = 'pg_trigger'::regclass AND refobjid IN ('p'::regclass, 'p_1'::regclass) AND refobjsubid <> 0;
DROP VIEW v;

-- case 3: who owned a partitioned table of a watched schema, who is no author, can be dropped
CREATE SCHEMA s;
GRANT ALL ON SCHEMA s TO regress_uncache_app;
SELECT uncache.watch_schema('s');
SET ROLE regress_uncache_app;
CREATE TABLE s.m (a int) PARTITION BY LIST (a);
CREATE TABLE s.m_1 PARTITION OF s.m FOR VALUES IN (1);
DROP TABLE s.m;
RESET ROLE;
REVOKE ALL ON SCHEMA s FROM regress_uncache_app;
DROP ROLE regress_uncache_app;

-- case 4: nobody is told of tables that he may not see
CREATE SCHEMA hr;
CREATE TABLE hr.salaries (id int, amount int);
CREATE TABLE hr.people (id int);
SELECT uncache.watch('hr.people', query => ARRAY[$$SELECT 'p:' || s.amount FROM hr.salaries s WHERE s.id = {id}$$]);
GRANT CREATE ON SCHEMA public TO regress_uncache_visitor;
ALTER TABLE hr.salaries RENAME amount TO amt;
SET ROLE regress_uncache_visitor;
CREATE TEMP TABLE s (i int);
DROP TABLE s;
CREATE TABLE salaries (amount int);
ALTER TABLE salaries RENAME amount TO amt;
DROP TABLE salaries;
RESET ROLE;
-- he owns what it reads, and is not told who reads it
ALTER TABLE hr.salaries RENAME amt TO amount;
GRANT USAGE ON SCHEMA hr TO regress_uncache_visitor;
ALTER TABLE hr.salaries OWNER TO regress_uncache_visitor;
SET ROLE regress_uncache_visitor;
ALTER TABLE hr.salaries RENAME amount TO amt;
ALTER TABLE hr.salaries RENAME amt TO amount;
RESET ROLE;
GRANT SELECT ON hr.people TO regress_uncache_visitor;
SET ROLE regress_uncache_visitor;
ALTER TABLE hr.salaries RENAME amount TO amt;
RESET ROLE;

-- case 5: no lock on a table that a command does not touch
CREATE TABLE b (id int, aid int);
DO $$ BEGIN
	FOR i IN 1..20 LOOP
		EXECUTE format('CREATE TABLE a%s (id int)', i);
		PERFORM uncache.watch(format('a%s', i)::regclass, query => ARRAY[$q$SELECT 'b:' || b.id FROM public.b WHERE aid = {id}$q$]);
	END LOOP;
END $$;
BEGIN;
CREATE TEMP TABLE t (i int);
DROP TABLE t;
CREATE TABLE t (i int PRIMARY KEY, n int);
ALTER TABLE t ADD v int, DROP n;
ALTER TABLE t RENAME i TO j;
ALTER TABLE a1 ADD v int;
ALTER TABLE a2 RENAME id TO id2;
DROP TABLE a3;
SELECT relation::regclass, mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation IN ('b'::regclass, 'uncache.schemas'::regclass, 'uncache.dependencies'::regclass, 'a4'::regclass)
	AND mode <> 'RowExclusiveLock';
ROLLBACK;
-- what is remembered goes with the rule
SELECT count(*) FROM uncache.dependencies WHERE object = 'b'::regclass;
DROP TABLE a1;
SELECT uncache.unwatch('a2');
SELECT count(*) FROM uncache.dependencies WHERE object = 'b'::regclass;

-- case 6: an event trigger of the customer's that forbids triggers sees none of ours
CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no %', tg_tag; END $$;
CREATE EVENT TRIGGER forbid_start ON ddl_command_start WHEN TAG IN ('CREATE TRIGGER', 'DROP TRIGGER') EXECUTE FUNCTION forbid();
CREATE EVENT TRIGGER forbid_end ON ddl_command_end WHEN TAG IN ('CREATE TRIGGER', 'DROP TRIGGER') EXECUTE FUNCTION forbid();
CREATE TABLE s.made (id int PRIMARY KEY);
ALTER TABLE s.made RENAME TO made2;
ALTER TABLE s.made2 SET SCHEMA public;
ALTER TABLE made2 SET SCHEMA s;
CREATE TABLE parent_3 PARTITION OF parent FOR VALUES FROM (30) TO (40);
DROP EVENT TRIGGER forbid_start;
DROP EVENT TRIGGER forbid_end;
SELECT events, enabled, templates FROM uncache.rules WHERE relation = 's.made2'::regclass ORDER BY 1;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'parent_3'::regclass ORDER BY 1;

-- case 7: switched off, and what is due then
SET uncache.follow_ddl = off;
CREATE TABLE s.unseen (id int PRIMARY KEY);
CREATE TABLE parent_4 PARTITION OF parent FOR VALUES FROM (40) TO (50);
DELETE FROM uncache.journal;
ALTER TABLE parent ADD w int;
ALTER TABLE p ALTER note TYPE text;
DROP TABLE child2;
SELECT * FROM journalled();
SELECT count(*) FROM uncache.rules WHERE relation = 's.unseen'::regclass;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'parent_4'::regclass AND tgname LIKE '%truncate';
RESET uncache.follow_ddl;
SELECT uncache.catch_up();
SELECT * FROM journalled();
SELECT count(*) FROM uncache.rules WHERE relation = 's.unseen'::regclass;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'parent_4'::regclass AND tgname LIKE '%truncate';
SET ROLE regress_uncache_visitor;
SET uncache.follow_ddl = off;
RESET ROLE;

-- case 8: our own tables: what writers could not use is refused
CREATE INDEX ON uncache.journal_1 ((keys[1]));
CREATE INDEX ON uncache.journal_1 (target) WHERE target = 'x';
CREATE UNIQUE INDEX ON uncache.journal_1 (xid, part);
CREATE INDEX CONCURRENTLY ON uncache.journal_1 USING hash (target);
ALTER TABLE uncache.journal RENAME TO diary;
ALTER TABLE uncache.consumers RENAME target TO destination;
ALTER TABLE uncache.markers SET LOGGED;
ALTER TABLE uncache.gaps ALTER reason TYPE varchar;
ALTER TABLE uncache.consumers ADD COLUMN a text NOT NULL DEFAULT '';
ALTER SCHEMA uncache RENAME TO other;
ALTER SCHEMA uncache_internal RENAME TO other;
ALTER TABLE uncache.journal SET SCHEMA public;
-- and what does no harm is not
CREATE INDEX extra ON uncache.journal_1 (target);
ALTER TABLE uncache.journal ALTER keys SET STORAGE MAIN, ALTER target SET STATISTICS 10, SET (fillfactor = 90);
ALTER TABLE uncache.consumers ADD COLUMN a text, ADD COLUMN b text;
DROP INDEX uncache.extra;

-- case 9: two tables go, of which one has a column of the other's type: that it goes first is nothing to warn of
CREATE TABLE s.inner_one (a int);
CREATE TABLE s.outer_one (id int PRIMARY KEY, i s.inner_one);
CREATE TRIGGER whole AFTER UPDATE OF i ON s.outer_one FOR EACH ROW EXECUTE FUNCTION uncache.keys('o:{id}');
DELETE FROM uncache.journal;
DROP TABLE s.inner_one, s.outer_one;
SELECT * FROM journalled();
CREATE TABLE s.inner_one (a int);
CREATE TABLE s.outer_one (id int PRIMARY KEY, i s.inner_one);
CREATE TRIGGER whole AFTER UPDATE OF i ON s.outer_one FOR EACH ROW EXECUTE FUNCTION uncache.keys('o:{id}');
DROP TABLE s.inner_one CASCADE;

-- an unrelated table is renamed while one of ours is not as it should be
ALTER EVENT TRIGGER uncache_follow_command DISABLE;
ALTER TABLE uncache.gaps RENAME reason TO why;
ALTER EVENT TRIGGER uncache_follow_command ENABLE ALWAYS;
CREATE TABLE unrelated (id int);
ALTER TABLE unrelated RENAME TO related;
ALTER TABLE uncache.gaps RENAME why TO reason;
-- a column of UPDATE OF goes, and another comes in its place
CREATE TABLE swapped (id int PRIMARY KEY, a int);
SELECT uncache.watch('swapped', keys => ARRAY['swapped:{id}'], columns => '{a}');
INSERT INTO swapped VALUES (1, 1);
ALTER TABLE swapped DROP COLUMN a, ADD COLUMN a bigint;
DELETE FROM uncache.journal;
UPDATE swapped SET a = 5;
SELECT * FROM journalled();
-- trees whose leaves have kept rules of their own
CREATE TABLE q (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE q3 (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE q31 (id int PRIMARY KEY);
CREATE TABLE q32 (id int PRIMARY KEY);
SELECT uncache.watch('q', 'q:{id}'), uncache.watch('q31', 'q31:{id}'), uncache.watch('q32', 'q32:{id}');
ALTER TABLE q3 ATTACH PARTITION q31 FOR VALUES FROM (20) TO (25);
SELECT uncache.watch('q3', 'q3:{id}');
ALTER TABLE q ATTACH PARTITION q3 FOR VALUES FROM (20) TO (30);
ALTER TABLE q3 ATTACH PARTITION q32 FOR VALUES FROM (25) TO (30);
DELETE FROM uncache.journal;
INSERT INTO q VALUES (21), (26);
SELECT * FROM journalled();

-- case 10: partitions of a temporary table
CREATE TEMP TABLE fleeting (id int) PARTITION BY LIST (id);
SELECT uncache.watch('fleeting', 'fleeting:{id}');
CREATE TEMP TABLE fleeting_1 PARTITION OF fleeting FOR VALUES IN (1);
DELETE FROM uncache.journal;
TRUNCATE fleeting_1;
SELECT * FROM journalled();

-- case 11: a command that cannot be followed leaves no WHEN or UPDATE OF of a column that is gone: writes succeed
CREATE TABLE half (id int PRIMARY KEY, a int, b int, c int);
CREATE TRIGGER half AFTER INSERT OR UPDATE ON half FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION uncache.keys('half:{id}');
INSERT INTO uncache.schemas VALUES ('public', '{}', 'default');
ALTER EVENT TRIGGER uncache_follow_command DISABLE;
ALTER TABLE uncache.schemas RENAME target TO not_there;
ALTER EVENT TRIGGER uncache_follow_command ENABLE ALWAYS;
ALTER TABLE half DROP a;
ALTER EVENT TRIGGER uncache_follow_command DISABLE;
ALTER TABLE uncache.schemas RENAME not_there TO target;
ALTER EVENT TRIGGER uncache_follow_command ENABLE ALWAYS;
DELETE FROM uncache.schemas WHERE schema = 'public';
INSERT INTO half VALUES (1);
-- nor where PostgreSQL does not tell of it
DROP TRIGGER half ON half;
CREATE TRIGGER half AFTER INSERT OR UPDATE ON half FOR EACH ROW WHEN (NEW.b > 0) EXECUTE FUNCTION uncache.keys('half:{id}');
CREATE FUNCTION drop_b() RETURNS int LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE public.half DROP b; RETURN 1; END $$;
CREATE MATERIALIZED VIEW dropping AS SELECT drop_b() WITH NO DATA;
REFRESH MATERIALIZED VIEW dropping;
INSERT INTO half VALUES (2);
-- nor where only half of what makes it possible is switched on: PostgreSQL refuses
DROP TRIGGER half ON half;
CREATE TRIGGER half AFTER INSERT OR UPDATE ON half FOR EACH ROW WHEN (NEW.c > 0) EXECUTE FUNCTION uncache.keys('half:{id}');
ALTER EVENT TRIGGER uncache_follow_command DISABLE;
ALTER TABLE half DROP c;
ALTER EVENT TRIGGER uncache_follow_command ENABLE ALWAYS;
INSERT INTO half VALUES (3, 3);
-- a table that is made, renamed or moved where PostgreSQL does not tell of it
CREATE FUNCTION make_and_rename() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
	CREATE TABLE s.made_unseen (id int);
	ALTER TABLE s.made_unseen RENAME TO renamed_unseen;
	RETURN 1;
END $$;
CREATE MATERIALIZED VIEW making AS SELECT make_and_rename() WITH NO DATA;
REFRESH MATERIALIZED VIEW making;
-- a table of the customer's that is called as one of ours
CREATE SCHEMA books;
CREATE TABLE books.journal (id int);
ALTER EVENT TRIGGER uncache_follow_command DISABLE;
ALTER TABLE uncache.gaps RENAME reason TO why;
ALTER EVENT TRIGGER uncache_follow_command ENABLE ALWAYS;
ALTER TABLE books.journal RENAME TO gaps;
ALTER TABLE books.gaps SET SCHEMA s;
ALTER TABLE uncache.gaps RENAME why TO reason;

-- case 12: a clone's WHEN, of which PostgreSQL records no dependency; a partition's partition that has a rule of that name
CREATE SCHEMA part;
CREATE TABLE part.inv (id int, month int, status text, total numeric, gone int) PARTITION BY LIST (month);
CREATE TABLE part.inv1 (gone int, total numeric, status text, month int, id int);
ALTER TABLE part.inv ATTACH PARTITION part.inv1 FOR VALUES IN (1);
CREATE TRIGGER pdf AFTER UPDATE OF total ON part.inv FOR EACH ROW WHEN (NEW.status <> 'draft' AND NEW.gone IS NULL) EXECUTE FUNCTION uncache.keys('inv:{id}');
INSERT INTO part.inv VALUES (1, 1, 'open', 5);
ALTER TABLE part.inv ALTER status TYPE varchar(20);
UPDATE part.inv SET total = 6;
ALTER TABLE part.inv ALTER status TYPE text;
UPDATE part.inv SET total = 7;
ALTER TABLE part.inv DROP COLUMN gone;
UPDATE part.inv SET total = 8;
SELECT tgrelid::regclass, tgattr, tgqual IS NOT NULL AS is_conditional FROM pg_trigger WHERE tgname = 'pdf' ORDER BY 1;
DROP TRIGGER pdf ON part.inv;
CREATE TABLE part.q (id int, d int) PARTITION BY LIST (d);
CREATE TABLE part.q1 PARTITION OF part.q DEFAULT;
SELECT uncache.watch('part.q1', 'own:{id}');
CREATE TABLE part.p (id int, d int) PARTITION BY RANGE (d);
SELECT uncache.watch('part.p', 'p:{id}');
ALTER TABLE part.p ATTACH PARTITION part.q FOR VALUES FROM (0) TO (10);
SELECT tgrelid::regclass, tgname, uncache_internal.trigger_arguments(oid) FROM pg_trigger WHERE tgrelid IN ('part.p'::regclass, 'part.q'::regclass, 'part.q1'::regclass) ORDER BY 1, 2;
DROP SCHEMA part CASCADE;
-- case 13: what takes a rule's trigger with it: the rule stays, for every row
CREATE SCHEMA lost;
CREATE TYPE lost.ty AS ENUM ('p');
CREATE DOMAIN lost.dom AS text;
CREATE FUNCTION lost.live(text) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT $1 = 'live' $$;
CREATE TABLE lost.z (id int, w int, kind lost.ty, d lost.dom, g int GENERATED ALWAYS AS (w) STORED, st text);
SELECT uncache.watch('lost.z', keys => ARRAY['z:{id}'], columns => '{kind}');
SELECT uncache.watch('lost.z', tags => ARRAY['z:{id}'], columns => '{g}');
SELECT uncache.watch('lost.z', query => ARRAY['SELECT ''q:'' || {id}'], columns => '{d}');
CREATE TRIGGER h AFTER INSERT OR UPDATE ON lost.z FOR EACH ROW WHEN (lost.live(NEW.st)) EXECUTE FUNCTION uncache.keys('h:{id}');
CREATE VIEW lost.rules AS SELECT rule, columns, is_conditional, enabled, author IS NOT NULL AS has_author FROM uncache.rules WHERE relation = 'lost.z'::regclass AND rule NOT LIKE '%truncate' ORDER BY rule;
DELETE FROM uncache.journal;
SET client_min_messages = warning;
DROP TYPE lost.ty CASCADE;
DROP DOMAIN lost.dom CASCADE;
ALTER TABLE lost.z DROP COLUMN w CASCADE;
-- a WHEN by hand is a dependency as any trigger's
DROP FUNCTION lost.live(text);
DROP FUNCTION lost.live(text) CASCADE;
RESET client_min_messages;
SELECT * FROM journalled();
TABLE lost.rules;
INSERT INTO lost.z VALUES (1);
SELECT * FROM journalled();
-- what is dropped by its name is gone, and so is all of a table
DROP TRIGGER h ON lost.z;
SELECT uncache.unwatch('lost.z');
TABLE lost.rules;
SET client_min_messages = warning;
DROP SCHEMA lost CASCADE;
RESET client_min_messages;
-- case 14: tables of ours that are not judged, but found by name
ALTER TABLE uncache.schemas RENAME TO elsewhere;
ALTER TABLE uncache.schemas SET SCHEMA public;
ALTER TABLE uncache.schemas RENAME target TO aim;
ALTER TABLE uncache.dependencies DROP COLUMN name;
ALTER TABLE uncache.renamed_tables ALTER name TYPE text;
ALTER TABLE uncache.admissions RENAME TO elsewhere;
ALTER TABLE uncache.dependencies ADD COLUMN more int;
ALTER TABLE uncache.dependencies DROP COLUMN more;
CREATE TABLE public.schemas (target int);
ALTER TABLE schemas RENAME target TO aim;
ALTER TABLE schemas RENAME TO others;
DROP TABLE others;
-- a rule that goes with what it depends on, and is made again, fires on each partition as it did
CREATE TYPE s.state AS ENUM ('a');
CREATE TABLE s.parts (id int, t s.state) PARTITION BY RANGE (id);
CREATE TABLE s.parts_1 PARTITION OF s.parts FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
CREATE TABLE s.parts_1_1 PARTITION OF s.parts_1 FOR VALUES FROM (0) TO (5);
CREATE TABLE s.parts_1_2 PARTITION OF s.parts_1 FOR VALUES FROM (5) TO (10);
CREATE TRIGGER off AFTER UPDATE OF t ON s.parts FOR EACH ROW EXECUTE FUNCTION uncache.keys('off:{id}');
CREATE TRIGGER partly AFTER UPDATE OF t ON s.parts FOR EACH ROW EXECUTE FUNCTION uncache.keys('partly:{id}');
ALTER TABLE s.parts DISABLE TRIGGER off;
ALTER TABLE s.parts_1 DISABLE TRIGGER off;
ALTER TABLE s.parts_1_1 DISABLE TRIGGER off;
ALTER TABLE s.parts_1_2 DISABLE TRIGGER off;
ALTER TABLE s.parts ENABLE ALWAYS TRIGGER partly;
ALTER TABLE s.parts_1 ENABLE ALWAYS TRIGGER partly;
ALTER TABLE s.parts_1_1 ENABLE ALWAYS TRIGGER partly;
ALTER TABLE s.parts_1_2 DISABLE TRIGGER partly;
SET client_min_messages = error;
DROP TYPE s.state CASCADE;
RESET client_min_messages;
SELECT tgname, tgrelid::regclass, tgenabled FROM pg_trigger WHERE tgname IN ('off', 'partly') ORDER BY tgname, tgrelid::regclass::text COLLATE "C";
TRUNCATE uncache.journal;
INSERT INTO s.parts VALUES (1), (6);
SELECT action, key FROM journalled();
DROP TABLE s.parts;

DROP SCHEMA hr, s CASCADE;
DROP OWNED BY regress_uncache_visitor;
DROP ROLE regress_uncache_visitor;
