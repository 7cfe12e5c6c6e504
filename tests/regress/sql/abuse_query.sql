-- A query never has rights that its author did not have. Whose rights it has stands in
-- the keys that it returns: the current role, and whether that may make superusers.
\set test abuse_query
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
\t on
\a

SET client_min_messages = warning;
CREATE ROLE regress_uncache_a_writer;
CREATE ROLE regress_uncache_a_author;
CREATE ROLE regress_uncache_a_other;
SELECT uncache.grant_author('regress_uncache_a_author');
SELECT uncache.grant_author('regress_uncache_a_other');
CREATE SCHEMA a AUTHORIZATION regress_uncache_a_author;
GRANT USAGE ON SCHEMA a TO PUBLIC;
GRANT CREATE ON DATABASE uncache_abuse_query TO regress_uncache_a_author;
SET ROLE regress_uncache_a_author;
CREATE VIEW a.what AS SELECT 'as:' || current_user || ':' || CASE WHEN has_table_privilege('pg_catalog.pg_authid', 'UPDATE') THEN 'superuser' ELSE 'denied' END AS k;
GRANT SELECT ON a.what TO PUBLIC;
-- what the triggers of a table say, and what is wrong with them
RESET ROLE;
CREATE VIEW authors AS
SELECT t.tgrelid::regclass AS relation, t.tgname, 
	regexp_replace(regexp_replace(split_part(encode(t.tgargs, 'escape'), '\000', 1), 'oid [1-9][0-9]* of', 'oid X of'), 'of system [0-9]+(, uses [0-9a-f]{32})?', 'of system Y') AS argument
FROM pg_trigger t WHERE t.tgfoid = 'uncache.query()'::regprocedure AND t.tgtype & 1 = 1;
CREATE VIEW problems AS
SELECT relation, rule, problem, hint FROM uncache.check_rules() WHERE problem LIKE '%its queries%';
GRANT SELECT ON authors TO PUBLIC;
\set query '$$SELECT k FROM a.what WHERE {id} > 0$$, ''fallback:*'''

-- case 1: a partition, and a partition of that, which a superuser makes
SET ROLE regress_uncache_a_author;
CREATE TABLE a.log (id int, d int) PARTITION BY RANGE (d);
SELECT uncache.watch('a.log', query => ARRAY[:query]);
RESET ROLE;
CREATE TABLE a.log_1 PARTITION OF a.log FOR VALUES FROM (0) TO (10);
CREATE TABLE a.log_2 PARTITION OF a.log FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (d);
CREATE TABLE a.log_2_1 PARTITION OF a.log_2 FOR VALUES FROM (10) TO (15);
-- case 2: or attaches
CREATE TABLE public.log_3 (d int, id int);
ALTER TABLE a.log ATTACH PARTITION public.log_3 FOR VALUES FROM (20) TO (30);
INSERT INTO a.log VALUES (1, 1), (2, 11), (3, 21);
SELECT * FROM journalled();
SET ROLE regress_uncache_a_author;
INSERT INTO a.log VALUES (1, 1), (2, 11), (3, 21);
RESET ROLE;
SELECT * FROM journalled();
SELECT relation, argument FROM authors ORDER BY 1;
-- the author makes the rule again, with partitions of others
SET ROLE regress_uncache_a_author;
SELECT uncache.watch('a.log', query => ARRAY[$$SELECT 'again:' || k FROM a.what WHERE {id} > 0$$]);
RESET ROLE;
SELECT uncache.watch('a.log', query => ARRAY[$$SELECT 'again:' || k FROM a.what WHERE {id} > 0$$]);
INSERT INTO a.log VALUES (1, 1), (2, 11), (3, 21);
SELECT * FROM journalled();
SELECT relation, argument FROM authors ORDER BY 1;
DROP TABLE a.log;
SELECT * FROM journalled();

-- case 3: a table that is given to a superuser
SET ROLE regress_uncache_a_author;
CREATE TABLE a.t (id int);
SELECT uncache.watch('a.t', query => ARRAY[:query]);
RESET ROLE;
ALTER TABLE a.t OWNER TO postgres;
INSERT INTO a.t VALUES (1);
SELECT * FROM journalled();
SELECT * FROM problems;
-- whoever owned it owns its rule no more
SET ROLE regress_uncache_a_author;
SELECT uncache.watch('a.t', query => ARRAY[:query]);
RESET ROLE;
-- the new owner says that he means it
SELECT uncache.watch('a.t', query => ARRAY[$$SELECT 'new:' || current_user WHERE {id} > 0$$]);
INSERT INTO a.t VALUES (1);
SELECT * FROM journalled();
SELECT argument FROM authors;
-- case 4: given to another, and back: the same arguments are another rule
ALTER TABLE a.t OWNER TO regress_uncache_a_author;
SELECT uncache.watch('a.t', query => ARRAY[:query]);
ALTER TABLE a.t OWNER TO regress_uncache_a_other;
SELECT author FROM uncache.rules WHERE relation = 'a.t'::regclass ORDER BY rule;
SET ROLE regress_uncache_a_other;
SELECT uncache.watch('a.t', query => ARRAY[:query]);
RESET ROLE;
SELECT author FROM uncache.rules WHERE relation = 'a.t'::regclass ORDER BY rule;
INSERT INTO a.t VALUES (1);
SELECT * FROM journalled();
-- case 5: REASSIGN OWNED
REASSIGN OWNED BY regress_uncache_a_other TO postgres;
INSERT INTO a.t VALUES (1);
SELECT * FROM journalled();
SELECT problem FROM problems;
DROP TABLE a.t;
SELECT * FROM journalled();

-- case 6: tables that inherit, and that are made like one, have no rule
SET ROLE regress_uncache_a_author;
CREATE TABLE a.t (id int);
SELECT uncache.watch('a.t', query => ARRAY[:query]);
RESET ROLE;
CREATE TABLE public.heir () INHERITS (a.t);
CREATE TABLE public.likeness (LIKE a.t INCLUDING ALL);
INSERT INTO public.heir VALUES (1);
INSERT INTO public.likeness VALUES (1);
SELECT * FROM journalled();
DROP TABLE public.heir, public.likeness;
SELECT * FROM journalled();
-- case 7: the author becomes superuser, and is none again
ALTER ROLE regress_uncache_a_author SUPERUSER;
SET client_min_messages = notice;
INSERT INTO a.t VALUES (1);
INSERT INTO a.t VALUES (1);
SELECT * FROM journalled();
SELECT * FROM problems;
SELECT author FROM uncache.rules WHERE relation = 'a.t'::regclass ORDER BY rule;
-- what he writes as one is another thing
SET ROLE regress_uncache_a_author;
SELECT uncache.watch('a.t', query => ARRAY[$$SELECT 'as:' || current_user WHERE {id} > 0$$, 'fallback:*']);
RESET ROLE;
INSERT INTO a.t VALUES (1);
SELECT * FROM journalled();
SELECT argument FROM authors;
ALTER ROLE regress_uncache_a_author NOSUPERUSER;
INSERT INTO a.t VALUES (1);
SELECT * FROM journalled();
SET client_min_messages = warning;
-- case 8: another name
SET ROLE regress_uncache_a_author;
SELECT uncache.watch('a.t', query => ARRAY[:query]);
RESET ROLE;
ALTER ROLE regress_uncache_a_author RENAME TO "regress_uncache_a_odd ""{id}""";
INSERT INTO a.t VALUES (1);
SELECT * FROM journalled();
SELECT problem, hint FROM problems;
-- the same arguments again are another rule, and the name is not taken for a placeholder
SET ROLE "regress_uncache_a_odd ""{id}""";
SELECT uncache.watch('a.t', query => ARRAY[:query]);
RESET ROLE;
ALTER TABLE a.t RENAME id TO "SELECT";
SELECT argument FROM authors;
SELECT templates FROM uncache.rules WHERE relation = 'a.t'::regclass ORDER BY rule;
INSERT INTO a.t VALUES (1);
SELECT * FROM journalled();
SELECT problem FROM problems;
ALTER TABLE a.t RENAME "SELECT" TO id;
ALTER ROLE "regress_uncache_a_odd ""{id}""" RENAME TO regress_uncache_a_author;
-- case 9: a role that is dropped, and a superuser of its name
CREATE ROLE regress_uncache_a_short;
CREATE TABLE public.short (id int);
ALTER TABLE public.short OWNER TO regress_uncache_a_short;
SELECT uncache.watch('public.short', query => ARRAY[:query]);
ALTER TABLE public.short OWNER TO postgres;
DROP ROLE regress_uncache_a_short;
CREATE ROLE regress_uncache_a_short SUPERUSER;
SET client_min_messages = notice;
INSERT INTO public.short VALUES (1);
SELECT * FROM journalled();
SET client_min_messages = warning;
SELECT * FROM problems;
DROP TABLE public.short;
SELECT * FROM journalled();
DROP ROLE regress_uncache_a_short;

-- case 10: whoever may only make triggers
CREATE TABLE public.root (id int);
GRANT ALL ON public.root TO regress_uncache_a_author;
SELECT format('as "postgres", oid 10 of system %s, superuser', system_identifier) AS forged,
	format('as "nobody", oid 10 of system %s, superuser', system_identifier) AS nameless
FROM pg_control_system() \gset
SET ROLE regress_uncache_a_author;
CREATE TRIGGER evil AFTER INSERT ON public.root FOR EACH ROW EXECUTE FUNCTION uncache.query($$SELECT a.act()$$, 'x');
CREATE TRIGGER evil AFTER INSERT ON public.root FOR EACH ROW EXECUTE FUNCTION uncache.query(:'forged', $$SELECT a.act()$$, 'x');
CREATE TRIGGER evil AFTER INSERT ON public.root FOR EACH ROW EXECUTE FUNCTION uncache.query(:'nameless', $$SELECT a.act()$$, 'x');
-- case 11: the owner, who names another
CREATE TRIGGER evil AFTER INSERT ON a.t FOR EACH ROW EXECUTE FUNCTION uncache.query(:'forged', $$SELECT a.act()$$, 'x');
CREATE CONSTRAINT TRIGGER evil AFTER INSERT ON a.t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION uncache.query(:'forged', $$SELECT a.act()$$, 'x');
CREATE OR REPLACE TRIGGER uncache_query AFTER INSERT ON a.t FOR EACH ROW EXECUTE FUNCTION uncache.query(:'forged', $$SELECT a.act()$$, 'x');
CREATE TRIGGER evil AFTER INSERT ON a.t FOR EACH ROW EXECUTE FUNCTION uncache.query('as "regress_uncache_a_other", oid 10 of system 1', $$SELECT a.act()$$, 'x');
SELECT uncache.watch('a.t', query => ARRAY['as "postgres", oid 10 of system 1', $$SELECT a.act()$$, 'x']);
-- or nobody, whose number is another's
CREATE TRIGGER nameless AFTER INSERT ON a.t FOR EACH ROW EXECUTE FUNCTION uncache.query(:'nameless', $$SELECT 'nameless:' || k FROM a.what$$);
CREATE TRIGGER nameless AFTER INSERT ON a.t FOR EACH ROW EXECUTE FUNCTION uncache.query('as "nobody", oid 10 of system 1, superuser', $$SELECT 'nameless:' || k FROM a.what$$);
-- or himself, with another's number and a mark
CREATE TRIGGER numbered AFTER INSERT ON a.t FOR EACH ROW EXECUTE FUNCTION uncache.query('as "regress_uncache_a_author", oid 10 of system 1, superuser', $$SELECT 'numbered:' || k FROM a.what$$);
-- behind the first query it is a pattern, and in other rules a template
CREATE TRIGGER behind AFTER INSERT ON a.t FOR EACH ROW EXECUTE FUNCTION uncache.query($$SELECT 'behind:' || k FROM a.what$$, 'as "postgres", oid 10 of system 1');
CREATE TRIGGER template AFTER INSERT ON a.t FOR EACH ROW EXECUTE FUNCTION uncache.keys('as "postgres", oid 10 of system 1');
-- what only looks like one is a query that cannot be run
CREATE TRIGGER garbled AFTER INSERT ON a.t FOR EACH ROW EXECUTE FUNCTION uncache.query('as "postgres", oid 10 of system 1,superuser', $$SELECT 'garbled:' || k FROM a.what$$);
SELECT tgname, argument FROM authors ORDER BY 1;
RESET ROLE;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public.root'::regclass;
SET client_min_messages = error;
INSERT INTO a.t VALUES (1);
SET client_min_messages = warning;
SELECT key FROM journalled();
SELECT rule, problem FROM problems;
DROP TABLE a.t;
SELECT * FROM journalled();
-- case 12: triggers that CREATE SCHEMA makes
SET ROLE regress_uncache_a_author;
CREATE SCHEMA evil CREATE TABLE t (id int)
	CREATE TRIGGER evil AFTER INSERT ON evil.t FOR EACH ROW EXECUTE FUNCTION uncache.query('as "postgres", oid 10 of system 1, superuser', 'SELECT a.act()', 'x');
CREATE SCHEMA fine CREATE TABLE t (id int)
	CREATE TRIGGER fine AFTER INSERT ON fine.t FOR EACH ROW EXECUTE FUNCTION uncache.query('SELECT k FROM a.what', 'x');
RESET ROLE;
SELECT relation, argument FROM authors;
INSERT INTO fine.t VALUES (1);
SELECT * FROM journalled();
DROP SCHEMA fine CASCADE;
-- case 13: who may use the schema, but is no author, makes no rule, whatever the action
GRANT pg_monitor TO regress_uncache_a_writer;
GRANT CREATE ON SCHEMA public TO regress_uncache_a_writer;
SET ROLE regress_uncache_a_writer;
CREATE TABLE public.mine (id int);
CREATE TRIGGER r AFTER INSERT ON public.mine FOR EACH ROW EXECUTE FUNCTION uncache.query('SELECT k FROM a.what', 'x');
CREATE TRIGGER r AFTER INSERT ON public.mine FOR EACH ROW EXECUTE FUNCTION uncache.keys('x');
CREATE TRIGGER r AFTER TRUNCATE ON public.mine EXECUTE FUNCTION uncache.tags('x');
DROP TABLE public.mine;
RESET ROLE;
REVOKE pg_monitor FROM regress_uncache_a_writer;
REVOKE CREATE ON SCHEMA public FROM regress_uncache_a_writer;
-- case 14: rules that came about while the event trigger was off
SET ROLE regress_uncache_a_author;
CREATE TABLE a.t (id int);
RESET ROLE;
ALTER EVENT TRIGGER uncache_admit_rules DISABLE;
SET ROLE regress_uncache_a_author;
CREATE TRIGGER bare AFTER INSERT ON a.t FOR EACH ROW EXECUTE FUNCTION uncache.query($$SELECT 'bare:' || k FROM a.what$$);
CREATE TRIGGER elsewhere AFTER INSERT ON a.t FOR EACH ROW EXECUTE FUNCTION uncache.query('as "postgres", oid 4711 of system 1, superuser', $$SELECT 'elsewhere:' || k FROM a.what$$);
RESET ROLE;
ALTER EVENT TRIGGER uncache_admit_rules ENABLE ALWAYS;
SET client_min_messages = notice;
INSERT INTO a.t VALUES (1);
SET client_min_messages = warning;
SELECT * FROM journalled();
SELECT * FROM problems;
DROP TABLE a.t;
SELECT * FROM journalled();

-- case 15: watch() by way of somebody's function, as its definer or as its caller
SET ROLE regress_uncache_a_author;
CREATE TABLE a.t (id int);
CREATE FUNCTION a.watch_for_me() RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$SELECT uncache.watch('a.t', query => ARRAY['SELECT ''invoker:'' || k FROM a.what WHERE {id} > 0'])$$;
CREATE FUNCTION a.watch_root() RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$SELECT uncache.watch('public.root', query => ARRAY['SELECT ''root:'' || k FROM a.what WHERE {id} > 0'])$$;
RESET ROLE;
CREATE FUNCTION public.watch_for_anybody(relation regclass) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$SELECT uncache.watch(relation, query => ARRAY['SELECT ''definer:'' || k FROM a.what WHERE {id} > 0'])$$;
SELECT a.watch_for_me();
INSERT INTO a.t VALUES (1);
SELECT * FROM journalled();
SET ROLE regress_uncache_a_author;
SELECT a.watch_root();
SELECT public.watch_for_anybody('a.t');
RESET ROLE;
INSERT INTO a.t VALUES (1);
SELECT * FROM journalled();
-- case 16: whoever writes, in whatever role: a superuser, a member, a replica, with the trigger off and on again
GRANT INSERT ON a.t TO regress_uncache_a_writer;
GRANT regress_uncache_a_author TO regress_uncache_a_other;
SET ROLE regress_uncache_a_writer;
INSERT INTO a.t VALUES (1);
RESET ROLE;
SET ROLE regress_uncache_a_other;
INSERT INTO a.t VALUES (1);
RESET ROLE;
SET session_replication_role = replica;
INSERT INTO a.t VALUES (1);
RESET session_replication_role;
ALTER TABLE a.t DISABLE TRIGGER uncache_query;
INSERT INTO a.t VALUES (1);
ALTER TABLE a.t ENABLE ALWAYS TRIGGER uncache_query;
INSERT INTO a.t VALUES (1);
ALTER TRIGGER uncache_query ON a.t RENAME TO renamed;
INSERT INTO a.t VALUES (1);
SELECT key, count(*) FROM (SELECT (json_each_text(to_json(j))).* FROM uncache.journal j) f(name, key) WHERE name = 'keys' GROUP BY key;
SELECT count(*) FROM journalled();
-- explain() and invalidation by hand go by the same rules, and show no author
SELECT key FROM uncache.explain('INSERT INTO a.t VALUES (2)');
SELECT uncache.invalidate_table('a.t');
SELECT * FROM journalled();
SELECT * FROM uncache_internal.rule_for_any_row('query', ARRAY[:'forged', $$SELECT 'q:' || 1$$]);
SELECT templates FROM uncache.rules WHERE relation = 'a.t'::regclass ORDER BY rule;
TRUNCATE a.t;
SELECT * FROM journalled();
-- a member of the owner makes it the owner's
SET ROLE regress_uncache_a_other;
SELECT uncache.watch('a.t', query => ARRAY[:query]);
RESET ROLE;
SELECT tgname, argument FROM authors ORDER BY 1;

-- nobody has become what he was not
SELECT rolname FROM pg_roles WHERE rolname LIKE 'regress\_uncache\_a\_%' AND rolsuper;
DROP TABLE public.root;
DROP SCHEMA a CASCADE;
DROP OWNED BY regress_uncache_a_author, regress_uncache_a_other, regress_uncache_a_writer CASCADE;
DROP ROLE regress_uncache_a_author, regress_uncache_a_other, regress_uncache_a_writer;
