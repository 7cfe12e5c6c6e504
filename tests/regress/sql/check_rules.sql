-- check_rules() finds what is wrong, and nothing else.
\set test check_rules
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int PRIMARY KEY, a text, b text);
CREATE TABLE sale (id int, region text) PARTITION BY LIST (region);
CREATE TABLE sale_eu PARTITION OF sale FOR VALUES IN ('eu') PARTITION BY LIST (id);
CREATE TABLE sale_eu_1 PARTITION OF sale_eu FOR VALUES IN (1);
CREATE SCHEMA app CREATE TABLE t (id int PRIMARY KEY) CREATE TABLE p (id int) PARTITION BY LIST (id) CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);

-- none without rules; none where all is well
SELECT * FROM uncache.check_rules();
SELECT uncache.watch('t', keys => ARRAY['t:{id}:{lower(a)}', 'fixed', 'api://t:{id}'], patterns => ARRAY['p:{b}:*'], tags => ARRAY['tag:{id}'],
	versions => ARRAY['ver:{id}'], query => ARRAY['SELECT ''q:'' || {id}', 'SELECT {b}', 'b*']);
SELECT uncache.watch('sale', 'sale:{id}');
SELECT uncache.watch_schema('app');
SELECT * FROM uncache.check_rules();
SELECT uncache.watch('t', columns => '{b}', keys => ARRAY['t:{id}:{a}'], patterns => '{}', tags => '{}', versions => '{}', query => '{}');
SELECT * FROM uncache.check_rules();

-- a column is gone, an expression has no function, a query no table; each tells of itself only
CREATE FUNCTION f(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE TABLE joined (id int);
CREATE TABLE broken (id int, gone int);
SELECT uncache.watch('broken', keys => ARRAY['k:{gone}', 'k:{id}'], tags => ARRAY['tag:{public.f(id::text)}'], query => ARRAY['SELECT ''j:'' || id FROM public.joined WHERE id = {id}']);
SET client_min_messages = error;
ALTER TABLE broken DROP gone;
DROP FUNCTION f;
DROP TABLE joined;
RESET client_min_messages;
SELECT * FROM uncache.check_rules();
-- a template that was none from the beginning; one that is empty; none at all
CREATE TRIGGER hand AFTER INSERT OR UPDATE OR DELETE ON broken FOR EACH ROW EXECUTE FUNCTION uncache.keys('{');
CREATE TRIGGER none AFTER INSERT OR UPDATE OR DELETE ON broken FOR EACH ROW EXECUTE FUNCTION uncache.keys();
SELECT rule, problem, hint FROM uncache.check_rules() WHERE rule IN ('hand', 'none');
DROP TABLE broken;

-- triggers that do not fire: disabled, for the origin only, for replicas only; one on a partition
SET uncache.follow_ddl = off;
ALTER TABLE t DISABLE TRIGGER uncache_keys;
ALTER TABLE t ENABLE TRIGGER uncache_keys_truncate;
SELECT * FROM uncache.check_rules();
ALTER TABLE t ENABLE REPLICA TRIGGER uncache_keys;
ALTER TABLE t DISABLE TRIGGER uncache_keys_truncate;
ALTER TABLE sale_eu_1 DISABLE TRIGGER uncache_keys;
SELECT * FROM uncache.check_rules();
ALTER TABLE sale_eu_1 ENABLE TRIGGER ALL;
RESET uncache.follow_ddl;
SELECT * FROM uncache.check_rules();
-- the hints are commands
SELECT hint FROM uncache.check_rules() \gexec
SELECT * FROM uncache.check_rules();

-- TRUNCATE is not covered: on the table, on a partition; other arguments, another action do not count
DROP TRIGGER uncache_keys_truncate ON t;
DROP TRIGGER uncache_keys_truncate ON sale_eu_1;
CREATE TRIGGER other AFTER TRUNCATE ON t EXECUTE FUNCTION uncache.keys('other');
CREATE TRIGGER tag AFTER TRUNCATE ON t EXECUTE FUNCTION uncache.tags('t:{id}:{a}');
ALTER TABLE t ENABLE ALWAYS TRIGGER other, ENABLE ALWAYS TRIGGER tag;
SELECT relation, rule, problem FROM uncache.check_rules();
DROP TRIGGER tag ON t;
DROP TRIGGER other ON t;
-- more than the row rule has does
CREATE TRIGGER more AFTER TRUNCATE ON t EXECUTE FUNCTION uncache.keys('more', 't:{id}:{a}');
ALTER TABLE t ENABLE ALWAYS TRIGGER more;
SELECT uncache.watch('sale', 'sale:{id}');
SELECT relation, rule, problem FROM uncache.check_rules();

-- triggers by hand: before, for each statement; writes fail
CREATE TABLE hand (id int PRIMARY KEY, v int, w int);
CREATE TRIGGER before BEFORE INSERT OR UPDATE OR DELETE ON hand FOR EACH ROW EXECUTE FUNCTION uncache.keys('a:{id}');
CREATE TRIGGER statement AFTER INSERT ON hand FOR EACH STATEMENT EXECUTE FUNCTION uncache.keys('a:{id}');
CREATE TRIGGER clear AFTER TRUNCATE ON hand EXECUTE FUNCTION uncache.keys('a:{id}');
ALTER TABLE hand ENABLE ALWAYS TRIGGER before, ENABLE ALWAYS TRIGGER statement, ENABLE ALWAYS TRIGGER clear;
SELECT rule, problem, hint FROM uncache.check_rules();
DROP TRIGGER before ON hand;
DROP TRIGGER statement ON hand;
-- events: an INSERT makes no key stale that names the primary key; others may; two triggers together cover all
CREATE TRIGGER upd AFTER UPDATE OF v, id ON hand FOR EACH ROW WHEN (NEW.v > 0) EXECUTE FUNCTION uncache.keys('a:{id}');
ALTER TABLE hand ENABLE ALWAYS TRIGGER upd;
SELECT rule, problem, hint FROM uncache.check_rules();
CREATE TRIGGER del AFTER DELETE ON hand FOR EACH ROW EXECUTE FUNCTION uncache.keys('a:{id}');
ALTER TABLE hand ENABLE ALWAYS TRIGGER del;
SELECT rule, problem FROM uncache.check_rules();
CREATE TRIGGER ins AFTER INSERT ON hand FOR EACH ROW EXECUTE FUNCTION uncache.keys('v:{v}');
CREATE TRIGGER clear_v AFTER TRUNCATE ON hand EXECUTE FUNCTION uncache.keys('v:{v}');
ALTER TABLE hand ENABLE ALWAYS TRIGGER ins, ENABLE ALWAYS TRIGGER clear_v;
SELECT rule, problem FROM uncache.check_rules();
DROP TRIGGER ins ON hand;
CREATE TRIGGER ins AFTER UPDATE OR DELETE ON hand FOR EACH ROW EXECUTE FUNCTION uncache.keys('v:{v}');
ALTER TABLE hand ENABLE ALWAYS TRIGGER ins;
SELECT rule, problem FROM uncache.check_rules();
DROP TRIGGER ins ON hand;
-- UPDATE OF that lacks what is read: plain, in an expression, the whole row
DROP TRIGGER upd ON hand;
CREATE TRIGGER upd AFTER UPDATE OF v OR INSERT ON hand FOR EACH ROW EXECUTE FUNCTION uncache.keys('a:{id}');
ALTER TABLE hand ENABLE ALWAYS TRIGGER upd;
SELECT rule, problem, hint FROM uncache.check_rules();
DROP TRIGGER upd ON hand;
DROP TRIGGER del ON hand;
CREATE TRIGGER whole AFTER UPDATE OF v OR INSERT OR DELETE ON hand FOR EACH ROW EXECUTE FUNCTION uncache.keys('a:{md5(hand::text)}');
CREATE TRIGGER clear_whole AFTER TRUNCATE ON hand EXECUTE FUNCTION uncache.keys('a:{md5(hand::text)}');
ALTER TABLE hand ENABLE ALWAYS TRIGGER whole, ENABLE ALWAYS TRIGGER clear_whole;
SELECT rule, problem FROM uncache.check_rules();
DROP TABLE hand;

-- a target without a consumer, by each action; of two templates the one
CREATE TABLE far (id int);
SELECT uncache.watch('far', keys => ARRAY['f:{id}', 'nowhere://f:{id}'], patterns => ARRAY['nowhere://*'], query => ARRAY['SELECT {id}::text', 'else://*']);
SELECT rule, problem, hint FROM uncache.check_rules();
SELECT uncache.unwatch('far');
-- a key without a placeholder: of a small table, of a large one, of one with partitions; automatic rules are meant so
SELECT uncache.watch('far', keys => ARRAY['all', 'one:{id}'], patterns => ARRAY['list:*'], tags => ARRAY['tag'], versions => ARRAY['v']);
SELECT uncache.watch('sale', 'sales');
INSERT INTO far SELECT generate_series(1, 20000);
INSERT INTO sale SELECT 1, 'eu' FROM generate_series(1, 10001);
INSERT INTO app.t SELECT generate_series(1, 20000);
ANALYZE far, sale, sale_eu_1, app.t;
SELECT relation, rule, problem, hint FROM uncache.check_rules();
DROP TABLE far;
SELECT uncache.watch('sale', 'sale:{id}');
-- a query of which nobody knows what it returns, and with a pattern
CREATE TABLE who (id int);
CREATE TRIGGER unknown AFTER INSERT OR UPDATE OR DELETE ON who FOR EACH ROW EXECUTE FUNCTION uncache.query('SELECT repeat(''x'', {id})');
CREATE TRIGGER clear AFTER TRUNCATE ON who EXECUTE FUNCTION uncache.query('SELECT repeat(''x'', {id})');
ALTER TABLE who ENABLE ALWAYS TRIGGER unknown, ENABLE ALWAYS TRIGGER clear;
SELECT rule, problem, hint FROM uncache.check_rules();
DROP TABLE who;
-- heirs without rules, at any depth; a partitioned table's heirs have theirs
CREATE TABLE parent (id int);
SELECT uncache.watch('parent', 'parent:{id}');
CREATE TABLE child () INHERITS (parent);
CREATE TABLE grandchild () INHERITS (child);
SELECT relation, rule, problem, hint FROM uncache.check_rules();
SELECT uncache.watch('child', 'parent:{id}');
SELECT relation, rule, problem FROM uncache.check_rules();
DROP TABLE parent CASCADE;
-- event triggers
ALTER EVENT TRIGGER uncache_follow_drops DISABLE;
ALTER EVENT TRIGGER uncache_follow_command ENABLE;
SELECT * FROM uncache.check_rules();
-- a table of a watched schema without its rule, with an old one, with one that is disabled, without TRUNCATE; a partition lacks it
ALTER EVENT TRIGGER uncache_follow_command DISABLE;
CREATE TABLE app.unseen (id int);
ALTER TABLE app.t RENAME TO t2;
ALTER EVENT TRIGGER uncache_follow_command ENABLE ALWAYS;
ALTER EVENT TRIGGER uncache_follow_drops ENABLE ALWAYS;
DO $$ BEGIN EXECUTE format('DROP TRIGGER %I ON app.p_1', uncache_internal.schema_rule_name('app.p'::regclass) || '_truncate'); END $$;
SELECT relation, problem, hint FROM uncache.check_rules();
SELECT hint FROM uncache.check_rules() WHERE hint LIKE 'SELECT %' \gexec
SELECT relation, problem, hint FROM uncache.check_rules();

-- who may: monitors and authors, and nobody else; an expression runs as its table's owner, who can do nothing but compute
CREATE ROLE regress_uncache_nobody;
CREATE ROLE regress_uncache_monitor IN ROLE pg_monitor;
CREATE ROLE regress_uncache_mallory;
GRANT CREATE ON SCHEMA public TO regress_uncache_mallory;
SELECT uncache.grant_author('regress_uncache_mallory');
SET ROLE regress_uncache_mallory;
CREATE FUNCTION evil() RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
	RAISE WARNING 'run as %', current_user;
	ALTER ROLE regress_uncache_mallory SUPERUSER;
	RETURN 'x';
END $$;
CREATE TABLE trap (id int);
CREATE TRIGGER trap AFTER INSERT OR UPDATE OR DELETE ON trap FOR EACH ROW EXECUTE FUNCTION uncache.keys('{public.evil()}');
SELECT relation, rule, problem FROM uncache.check_rules();
RESET ROLE;
SELECT relation, rule, problem FROM uncache.check_rules();
DROP TABLE trap;
SET ROLE regress_uncache_monitor;
SELECT count(*) FROM uncache.check_rules();
SET ROLE regress_uncache_nobody;
SELECT count(*) FROM uncache.check_rules();
RESET ROLE;
-- in a transaction that reads only
BEGIN READ ONLY;
SELECT count(*) FROM uncache.check_rules();
COMMIT;
DROP OWNED BY regress_uncache_mallory;
DROP ROLE regress_uncache_nobody, regress_uncache_monitor, regress_uncache_mallory;
-- it does not wait for a lock again and again, however many rules read the table that somebody has locked
CREATE SCHEMA many;
CREATE TABLE many.read (id int);
DO $$
BEGIN
	FOR i IN 1..300 LOOP
		EXECUTE format('CREATE TABLE many.t%s (id int)', i);
		EXECUTE format('CREATE TRIGGER q AFTER INSERT ON many.t%s FOR EACH ROW EXECUTE FUNCTION uncache.query(%L)', i,
			'SELECT ''k:'' || r.id FROM many.read r WHERE r.id = {id}');
	END LOOP;
END
$$;
BEGIN;
LOCK TABLE many.read;
PREPARE TRANSACTION 'uncache_check_rules';
SET statement_timeout = '9s';
SELECT count(*) > 0 AS has_problems FROM uncache.check_rules();
RESET statement_timeout;
ROLLBACK PREPARED 'uncache_check_rules';
SET client_min_messages = warning;
DROP SCHEMA many CASCADE;
RESET client_min_messages;
