-- Whoever makes keys goes by names: columns and tables that are replaced under their names.
\set test renamed
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE VIEW rules AS
	SELECT r.relation, r.rule, r.templates, r.columns, r.is_conditional FROM uncache.rules r
	WHERE r.rule NOT LIKE '%truncate' ORDER BY r.relation::text COLLATE "C", r.rule;
CREATE VIEW problems AS
	SELECT relation, rule, problem, hint FROM uncache.check_rules()
	WHERE problem NOT LIKE 'no rule of these%' AND problem NOT LIKE 'TRUNCATE%' AND problem NOT LIKE 'it does not fire for replicated%';

-- case 1: a type that is changed online: the rule reads "id" in the end, as the application does
CREATE TABLE o (id serial PRIMARY KEY, v text);
SELECT uncache.watch('o', 'o:{id}');
INSERT INTO o (v) VALUES ('a');
ALTER TABLE o ADD COLUMN id_new bigint;
UPDATE o SET id_new = id;
SELECT * FROM journalled();
BEGIN;
ALTER TABLE o DROP CONSTRAINT o_pkey;
ALTER TABLE o RENAME id TO id_old;
SELECT templates FROM rules;
ALTER TABLE o RENAME id_new TO id;
ALTER TABLE o ALTER id_old DROP NOT NULL, ALTER id_old DROP DEFAULT;
COMMIT;
SELECT * FROM journalled();
SELECT templates FROM rules;
SELECT * FROM problems;
INSERT INTO o (id, v) VALUES (3000000000, 'b');
TRUNCATE o;
SELECT * FROM journalled();
-- what is left of the old one goes, and with it the doubt
ALTER TABLE o DROP COLUMN id_old;
SELECT * FROM problems;
SELECT count(*) FROM uncache.renamed_columns;
DROP TABLE o;

-- case 2: in transactions of their own, each seen by a backend that has the rule compiled; a column made anew
CREATE TABLE p (id int PRIMARY KEY, price int);
SELECT uncache.watch('p', 'p:{price}');
INSERT INTO p VALUES (1, 10);
ALTER TABLE p RENAME price TO price_old;
INSERT INTO p VALUES (2, 20);
SELECT * FROM problems;
DELETE FROM uncache.journal;
ALTER TABLE p ADD COLUMN price numeric DEFAULT 7;
SELECT * FROM journalled();
INSERT INTO p VALUES (3, 30, 3.5);
SELECT * FROM journalled();
SELECT templates FROM rules;
-- given up: the new one goes, the old one gets its name back
ALTER TABLE p DROP COLUMN price;
SELECT templates FROM rules;
ALTER TABLE p RENAME price_old TO price;
SELECT templates FROM rules;
SELECT count(*) FROM uncache.renamed_columns;
-- a plain new name, several times
ALTER TABLE p RENAME price TO amount;
ALTER TABLE p RENAME amount TO total;
SELECT templates FROM rules;
SELECT * FROM problems;
-- watch says what is meant
ALTER TABLE p ADD COLUMN price int;
SELECT problem FROM problems;
SELECT uncache.watch('p', 'p:{price}');
SELECT problem FROM problems;
SELECT count(*) FROM uncache.renamed_columns;
DROP TABLE p;

-- case 3: two columns change places, in every kind of placeholder; expressions and SQL go by the name anyway
CREATE TABLE s (id int, a int, b text, "Tmp x" int);
SELECT uncache.watch('s', keys => ARRAY['s:{a}:{b}', 'api://b:{b}:{b}', 'x:{a + 0}'], patterns => ARRAY['p:{a}:*'], tags => ARRAY['t:{b}'], versions => ARRAY['v:{a}'],
	query => ARRAY['SELECT ''q:'' || {a}::text || {b}::text', 'q:{a}*'], cacheops => ARRAY['s', 'f=a', '-b']);
BEGIN;
ALTER TABLE s RENAME a TO tmp;
ALTER TABLE s RENAME b TO a;
ALTER TABLE s RENAME tmp TO b;
COMMIT;
DELETE FROM uncache.journal;
SELECT rule, templates FROM rules WHERE relation = 's'::regclass;
SELECT count(*) FROM problems;
INSERT INTO s VALUES (1, 5, 'x');
SELECT * FROM journalled();
SELECT count(*) FROM uncache.renamed_columns;
DROP TABLE s;
-- round a ring of three, and back
CREATE TABLE s (a int, b int, c int);
SELECT uncache.watch('s', 's:{a}:{b}:{c}');
ALTER TABLE s RENAME a TO x;
ALTER TABLE s RENAME b TO a;
ALTER TABLE s RENAME c TO b;
SELECT templates FROM rules;
ALTER TABLE s RENAME x TO c;
SELECT templates FROM rules;
BEGIN;
ALTER TABLE s RENAME a TO x;
ROLLBACK;
SELECT templates FROM rules;
DROP TABLE s;

-- case 4: UPDATE OF names both columns from then on, WHEN cannot
CREATE TABLE p (id int PRIMARY KEY, price int, price_new numeric, note text);
SELECT uncache.watch('p', columns => '{price}', keys => ARRAY['p:{id}']);
CREATE TRIGGER hand AFTER UPDATE ON p FOR EACH ROW WHEN (OLD.price <> NEW.price) EXECUTE FUNCTION uncache.keys('h:{id}');
CREATE TRIGGER other AFTER UPDATE OF note ON p FOR EACH ROW WHEN (NEW.note <> '') EXECUTE FUNCTION uncache.keys('n:{id}');
BEGIN;
ALTER TABLE p RENAME price TO price_old;
ALTER TABLE p RENAME price_new TO price;
COMMIT;
SELECT * FROM rules;
SELECT rule, problem FROM problems;
INSERT INTO p (id, price, note) VALUES (1, 1, 'a');
DELETE FROM uncache.journal;
UPDATE p SET price = 2;
SELECT * FROM journalled();
ALTER TABLE p DROP price_old;
SELECT * FROM rules;
SELECT rule, problem FROM problems;
UPDATE p SET price = 3;
SELECT * FROM journalled();
DROP TABLE p;

-- case 5: partitions, in another order of columns; a rule of a partition's own
CREATE TABLE sale (id int, nr int, region text) PARTITION BY LIST (region);
CREATE TABLE sale_eu (region text, gone int, nr int, id int);
ALTER TABLE sale_eu DROP gone;
ALTER TABLE sale ATTACH PARTITION sale_eu FOR VALUES IN ('eu');
SELECT uncache.watch('sale', 'sale:{id}');
CREATE TRIGGER hand AFTER UPDATE OF id ON sale_eu FOR EACH ROW EXECUTE FUNCTION uncache.keys('eu:{id}');
BEGIN;
ALTER TABLE sale RENAME id TO tmp;
ALTER TABLE sale RENAME nr TO id;
ALTER TABLE sale RENAME tmp TO nr;
COMMIT;
SELECT tgrelid::regclass, tgname, uncache_internal.trigger_arguments(oid), tgattr FROM pg_trigger WHERE tgrelid IN ('sale'::regclass, 'sale_eu'::regclass) AND tgname NOT LIKE '%truncate' ORDER BY 1, 2;
DELETE FROM uncache.journal;
INSERT INTO sale (id, nr, region) VALUES (1, 2, 'eu');
UPDATE sale_eu SET id = 3;
SELECT * FROM journalled();
DROP TABLE sale;

-- case 6: a table is replaced by its copy
CREATE TABLE t (id int PRIMARY KEY, price int);
INSERT INTO t VALUES (1, 10);
SELECT uncache.watch('t', 't:{id}', 'api://t:{id}:{price}');
CREATE TABLE t_new (LIKE t INCLUDING ALL);
DELETE FROM uncache.journal;
BEGIN;
ALTER TABLE t RENAME TO t_old;
ALTER TABLE t_new RENAME TO t;
COMMIT;
SELECT * FROM journalled();
SELECT relation, rule, action, templates, events, enabled FROM uncache.rules ORDER BY 1, 2;
SELECT * FROM problems;
INSERT INTO t VALUES (2, 20);
TRUNCATE t;
SELECT * FROM journalled();
SELECT count(*) FROM uncache.renamed_tables;
SELECT uncache.unwatch('t_old');
DROP TABLE t_old;
-- case 7: it is made anew, each day
ALTER TABLE t RENAME TO t_1;
CREATE TABLE t (id int, price int, more text);
ALTER TABLE t RENAME TO t_2;
SELECT * INTO t FROM t_1;
SELECT relation, rule FROM rules;
SELECT * FROM problems;
-- a plain new name, and back
ALTER TABLE t RENAME TO u;
SELECT * FROM problems;
ALTER TABLE u RENAME TO t;
SELECT count(*) FROM uncache.renamed_tables;
DROP TABLE t, t_1, t_2;
DELETE FROM uncache.journal;
-- case 8: what does not hold for the other table: a column is missing, a query, another owner, a name that is taken
CREATE TABLE t (id int, price int);
SELECT uncache.watch('t', keys => ARRAY['t:{price}'], tags => ARRAY['t'], query => ARRAY['SELECT ''q:'' || {id}']);
ALTER TABLE t RENAME TO t_old;
CREATE TABLE t (id int);
SELECT * FROM journalled();
SELECT relation, rule FROM rules;
SELECT * FROM problems;
SELECT uncache.watch('t', 't:{id}');
SELECT * FROM problems;
DROP TABLE t, t_old;
CREATE ROLE regress_uncache_renamed;
GRANT CREATE ON SCHEMA public TO regress_uncache_renamed;
CREATE TABLE t (id int);
SELECT uncache.watch('t', 't:{id}');
ALTER TABLE t RENAME TO t_old;
SET ROLE regress_uncache_renamed;
-- nothing is told of a table that he may not see
CREATE TABLE t (id int);
RESET ROLE;
SELECT relation, rule FROM rules;
SELECT * FROM problems;
-- what stays with the old one is meant
SELECT uncache.watch('t_old', 't:{id}');
SELECT * FROM problems;
DROP TABLE t, t_old;
-- an owner who is no author
CREATE TABLE t (id int);
SELECT uncache.watch('t', 't:{id}');
ALTER TABLE t OWNER TO regress_uncache_renamed;
SET ROLE regress_uncache_renamed;
ALTER TABLE t RENAME TO t_old;
CREATE TABLE t (id int);
RESET ROLE;
SELECT relation, rule FROM rules;
DROP TABLE t, t_old;
-- case 9: schemas change places, and tables between schemas
CREATE SCHEMA live;
CREATE SCHEMA next;
CREATE TABLE live.t (id int);
CREATE TABLE next.t (id int);
SELECT uncache.watch('live.t', 'live:{id}');
BEGIN;
ALTER SCHEMA live RENAME TO last;
ALTER SCHEMA next RENAME TO live;
COMMIT;
SELECT relation, rule FROM rules;
SELECT uncache.unwatch('last.t');
CREATE SCHEMA attic;
SET search_path = live;
ALTER TABLE t SET SCHEMA attic;
RESET search_path;
ALTER TABLE last.t SET SCHEMA live;
SELECT relation, rule FROM rules;
SELECT count(*) FROM uncache.renamed_tables;
-- case 10: automatic rules go by names anyway; nothing is followed
SELECT uncache.watch_schema('live');
DELETE FROM uncache.journal;
ALTER TABLE live.t RENAME TO u;
SELECT * FROM journalled();
SELECT rule LIKE 'uncache_schema_%' AS automatic, templates FROM rules WHERE relation = 'live.u'::regclass ORDER BY 1;
SET uncache.follow_ddl = off;
ALTER TABLE attic.t RENAME TO t_old;
ALTER TABLE attic.t_old RENAME id TO nr;
CREATE TABLE attic.t (id int);
RESET uncache.follow_ddl;
SELECT * FROM journalled();
SELECT relation, templates FROM rules WHERE relation::text LIKE 'attic%';
SET uncache.enabled = off;
ALTER TABLE live.u RENAME id TO nr;
ALTER TABLE live.u RENAME TO w;
RESET uncache.enabled;
SELECT * FROM journalled();
-- case 11: what is remembered of a rule does not hold for another of its name
CREATE TABLE r (id int, v int);
SELECT uncache.watch('r', 'r:{id}');
ALTER TABLE r RENAME id TO id_old;
SELECT uncache.unwatch('r');
SELECT uncache.watch('r', 'r:{id_old}');
ALTER TABLE r ADD COLUMN id int;
SELECT templates FROM rules WHERE relation = 'r'::regclass;
SELECT count(*) FROM uncache.renamed_columns WHERE relation = 'r'::regclass;
-- case 12: a failed command leaves all as it was; the longest names
ALTER TABLE r RENAME id TO v;
BEGIN;
ALTER TABLE r RENAME id_old TO x;
ALTER TABLE r RENAME x TO y;
SAVEPOINT s;
ALTER TABLE r RENAME id TO id_old;
ROLLBACK TO s;
COMMIT;
SELECT templates FROM rules WHERE relation = 'r'::regclass;
ALTER TABLE r RENAME y TO "sixty-three bytes are as long as a name of postgres can be, hm.";
ALTER TABLE r RENAME "sixty-three bytes are as long as a name of postgres can be, hm." TO z;
ALTER TABLE r RENAME v TO "sixty-three bytes are as long as a name of postgres can be, hm.";
SELECT templates FROM rules WHERE relation = 'r'::regclass;
DELETE FROM uncache.journal;
-- case 13: each name that a table has had; one that it has again is given up by none of the later ones
CREATE TABLE na (id int);
SELECT uncache.watch('na', 'na:{id}');
ALTER TABLE na RENAME TO nb;
ALTER TABLE nb RENAME TO nc;
CREATE TABLE nb (id int);
CREATE TABLE na (id int);
SELECT relation, templates FROM rules WHERE relation IN ('na'::regclass, 'nb'::regclass, 'nc'::regclass) ORDER BY relation::text;
CREATE TABLE ma (id int);
SELECT uncache.watch('ma', 'ma:{id}');
ALTER TABLE ma RENAME TO mb;
ALTER TABLE mb RENAME TO ma;
CREATE TABLE mb (id int);
SELECT relation, templates FROM rules WHERE relation IN ('ma'::regclass, 'mb'::regclass);
-- case 14: a partitioned table that takes the place of another: TRUNCATE of its partitions, too
CREATE TABLE part (id int);
SELECT uncache.watch('part', 'part:{id}');
CREATE TABLE part_new (id int) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF part_new FOR VALUES IN (1);
ALTER TABLE part RENAME TO part_old;
ALTER TABLE part_new RENAME TO part;
DELETE FROM uncache.journal;
INSERT INTO part VALUES (1);
TRUNCATE part_1;
SELECT * FROM journalled();
-- case 15: swapped while nothing is followed: catch_up() makes up for it; check_rules() tells of it before
CREATE SCHEMA late;
SET search_path = late, public;
CREATE TABLE sa (id int);
CREATE TABLE sa_new (id int) PARTITION BY LIST (id);
CREATE TABLE sa_1 PARTITION OF sa_new FOR VALUES IN (1);
CREATE TABLE sb (id int);
CREATE TABLE sb_new (nr int);
CREATE TABLE sc (id int);
CREATE TABLE sd (id int);
SELECT uncache.watch(t, t || ':{id}') FROM unnest(ARRAY['sa', 'sb', 'sc', 'sd']::regclass[]) AS t;
CREATE MATERIALIZED VIEW mv AS SELECT 1 AS id;
SELECT uncache.watch('mv', 'mv');
CREATE SCHEMA late_new CREATE TABLE sd (id int);
SET uncache.follow_ddl = off;
ALTER TABLE sa RENAME TO sa_old;
ALTER TABLE sa_new RENAME TO sa;
ALTER TABLE sb RENAME TO sb_old;
ALTER TABLE sb_new RENAME TO sb;
ALTER TABLE sc RENAME TO sc_old;
ALTER TABLE sc_old RENAME TO sc;
ALTER MATERIALIZED VIEW mv RENAME TO mv_old;
CREATE MATERIALIZED VIEW mv AS SELECT 2 AS id;
CREATE TABLE gone (id int);
ALTER TABLE sc SET SCHEMA public;
CREATE TABLE sc (id int);
ALTER SCHEMA late RENAME TO late_old;
ALTER SCHEMA late_new RENAME TO late;
ALTER TABLE late_old.sa SET SCHEMA late;
ALTER TABLE late_old.sb SET SCHEMA late;
ALTER TABLE late_old.sc SET SCHEMA late;
ALTER MATERIALIZED VIEW late_old.mv SET SCHEMA late;
RESET uncache.follow_ddl;
SELECT relation, rule, problem FROM problems WHERE relation::text !~ '^(r|t|live|attic|last)';
DELETE FROM uncache.journal;
SELECT uncache.catch_up();
SELECT * FROM journalled();
SELECT relation, templates FROM rules WHERE relation IN ('late.sa'::regclass, 'late.sb'::regclass, 'late.sc'::regclass, 'late.sd'::regclass, 'late.mv'::regclass);
INSERT INTO sa VALUES (1);
TRUNCATE late_old.sa_1;
SELECT * FROM journalled();
SELECT relation, rule, problem FROM problems WHERE relation::text !~ '^(r|t|live|attic|last)';
SELECT uncache.catch_up();
-- case 16: swapped, and swapped back: what is read is what was read first, and nobody says otherwise
SET search_path = public;
CREATE TABLE back (id int, b int, c int);
SELECT uncache.watch('back', 'back:{id}');
ALTER TABLE back RENAME id TO x;
ALTER TABLE back RENAME b TO id;
ALTER TABLE back RENAME id TO b;
SELECT templates FROM rules WHERE relation = 'back'::regclass;
ALTER TABLE back RENAME x TO id;
SELECT templates FROM rules WHERE relation = 'back'::regclass;
SELECT * FROM problems WHERE relation = 'back'::regclass;
SELECT written, followed FROM uncache.renamed_columns WHERE relation = 'back'::regclass;
-- by a third one, which alone goes back; one that is dropped while it is the last
ALTER TABLE back RENAME id TO x;
ALTER TABLE back RENAME b TO id;
ALTER TABLE back RENAME id TO b;
ALTER TABLE back RENAME c TO id;
SELECT * FROM problems WHERE relation = 'back'::regclass;
ALTER TABLE back RENAME id TO c;
ALTER TABLE back RENAME b TO id;
SELECT written, followed FROM uncache.renamed_columns WHERE relation = 'back'::regclass;
SELECT * FROM problems WHERE relation = 'back'::regclass;
ALTER TABLE back RENAME id TO b;
ALTER TABLE back DROP COLUMN b;
SELECT templates FROM rules WHERE relation = 'back'::regclass;
ALTER TABLE back DROP COLUMN c;
SELECT templates FROM rules WHERE relation = 'back'::regclass;
ALTER TABLE back RENAME x TO id;
SELECT count(*) FROM uncache.renamed_columns WHERE relation = 'back'::regclass;

\connect template1
SET client_min_messages = warning;
DROP DATABASE :database;
DROP ROLE regress_uncache_renamed;
