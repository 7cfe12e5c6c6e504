-- Who may do what.
\set test security
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE ROLE regress_uncache_nobody;
CREATE ROLE regress_uncache_writer;
CREATE ROLE regress_uncache_owner;
CREATE ROLE regress_uncache_author;
CREATE ROLE regress_uncache_daemon;
CREATE ROLE regress_uncache_monitor;
GRANT pg_monitor TO regress_uncache_monitor;
GRANT CREATE ON SCHEMA public TO regress_uncache_owner, regress_uncache_author, regress_uncache_nobody;
SELECT uncache.grant_author('regress_uncache_author');
SELECT uncache.grant_consumer('regress_uncache_daemon');

-- nobody has got anything from PUBLIC but what a clone of a trigger asks for
SELECT oid::regproc FROM pg_proc WHERE pronamespace IN ('uncache'::regnamespace, 'uncache_internal'::regnamespace) AND has_function_privilege('regress_uncache_nobody', oid, 'EXECUTE') ORDER BY oid::regproc::text;
SELECT relname FROM pg_class WHERE relnamespace IN ('uncache'::regnamespace, 'uncache_internal'::regnamespace) AND relkind IN ('r', 'v', 'S')
	AND (CASE relkind WHEN 'S' THEN has_sequence_privilege('regress_uncache_nobody', oid, 'USAGE, SELECT, UPDATE')
		ELSE has_table_privilege('regress_uncache_nobody', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') END) ORDER BY 1;
SELECT r.role, n.nspname, p.privilege
FROM pg_namespace n, unnest(ARRAY['nobody', 'author', 'daemon', 'monitor']) AS r(role), unnest(ARRAY['USAGE', 'CREATE']) AS p(privilege)
WHERE n.nspname LIKE 'uncache%' AND has_schema_privilege('regress_uncache_' || r.role, n.oid, p.privilege)
ORDER BY 1, 2, 3;
-- every function that is not plain C pins its search_path, but explain(), whose statement is the caller's
SELECT proname FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE pronamespace IN ('uncache'::regnamespace, 'uncache_internal'::regnamespace) AND lanname <> 'c' AND NOT coalesce(proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false) ORDER BY 1;
-- who may do what by way of the grants
SELECT r.role, p.pronamespace::regnamespace AS schema, string_agg(p.proname, ' ' ORDER BY p.proname) AS functions
FROM pg_proc p, unnest(ARRAY['author', 'daemon', 'monitor']) AS r(role)
WHERE p.pronamespace IN ('uncache'::regnamespace, 'uncache_internal'::regnamespace) AND has_function_privilege('regress_uncache_' || r.role, p.oid, 'EXECUTE')
GROUP BY 1, 2 ORDER BY 1, 2;
-- what of it runs as the extension's owner
SELECT r.role, p.pronamespace::regnamespace AS schema, string_agg(p.proname, ' ' ORDER BY p.proname) AS functions
FROM pg_proc p, unnest(ARRAY['nobody', 'author', 'daemon', 'monitor']) AS r(role)
WHERE p.pronamespace IN ('uncache'::regnamespace, 'uncache_internal'::regnamespace) AND p.prosecdef AND has_function_privilege('regress_uncache_' || r.role, p.oid, 'EXECUTE')
GROUP BY 1, 2 ORDER BY 1, 2;
-- nobody may grant on what he was granted
SELECT p.oid::regproc, a.grantee::regrole FROM pg_proc p, aclexplode(p.proacl) a
WHERE p.pronamespace IN ('uncache'::regnamespace, 'uncache_internal'::regnamespace) AND a.is_grantable;
SELECT r.role, c.relname, p.privilege
FROM pg_class c, unnest(ARRAY['author', 'daemon', 'monitor']) AS r(role), unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS p(privilege)
WHERE c.relnamespace IN ('uncache'::regnamespace, 'uncache_internal'::regnamespace) AND c.relkind IN ('r', 'v') AND has_table_privilege('regress_uncache_' || r.role, c.oid, p.privilege)
ORDER BY 1, 2, 3;

-- an unprivileged role
SET ROLE regress_uncache_nobody;
SELECT * FROM uncache.journal;
INSERT INTO uncache.journal VALUES ('1', 0, now(), 'default', 'keys', '{x}');
DELETE FROM uncache.journal;
UPDATE uncache.consumers SET cursor = NULL;
TRUNCATE uncache.markers;
SELECT * FROM uncache.status;
SELECT * FROM uncache.rules;
CREATE TABLE uncache.planted (id int);
SELECT uncache.invalidate('x');
SELECT uncache.fetch('default', '1:1:', 1, false);
CREATE TABLE own (id int);
CREATE TRIGGER t AFTER INSERT ON own FOR EACH ROW EXECUTE FUNCTION uncache.keys('stolen');
SELECT uncache.watch('own', 'stolen');
-- NOTIFY is anybody's, and trusted for nothing
NOTIFY "uncache_default", 'payload';
RESET ROLE;
-- with the schemas alone it is no further
GRANT USAGE ON SCHEMA uncache, uncache_internal TO regress_uncache_nobody;
SET ROLE regress_uncache_nobody;
SELECT * FROM uncache.journal;
SELECT * FROM uncache.consumers;
SELECT * FROM uncache.markers;
DELETE FROM uncache.journal;
SELECT * FROM uncache.status;
SELECT * FROM uncache.rules;
SELECT uncache.attach('default');
SELECT uncache.fetch('default', '1:1:', 1, false);
SELECT uncache.ack('default', '1:1:');
SELECT uncache.trim();
SELECT uncache.drop_consumer('default');
SELECT uncache_internal.lock_consumer(1);
SELECT uncache.grant_consumer('regress_uncache_nobody');
SELECT uncache.grant_author('regress_uncache_nobody');
SELECT uncache_internal.cover_partition('own');
SELECT uncache.put_trigger('own', 't', 'keys', 'INSERT', NULL, '{x}');
CREATE TRIGGER t AFTER INSERT ON own FOR EACH ROW EXECUTE FUNCTION uncache.keys('stolen');
SELECT uncache.invalidate('x');
SELECT nextval('uncache.consumers_id_seq');
RESET ROLE;
REVOKE USAGE ON SCHEMA uncache, uncache_internal FROM regress_uncache_nobody;

-- a writer needs no privilege of uncache
CREATE TABLE t (id int, a text);
CREATE TABLE ref (id int);
SELECT uncache.watch('t', 't:{id}:{upper(a)}');
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON t TO regress_uncache_writer;
SET ROLE regress_uncache_writer;
INSERT INTO t VALUES (1, 'a'), (2, 'b');
UPDATE t SET a = 'c' WHERE id = 1;
DELETE FROM t WHERE id = 2;
TRUNCATE t;
SET uncache.max_key_bytes = 100;
SET uncache.retention = 0;
SET uncache.pending_limit = '1MB';
RESET uncache.pending_limit;
RESET ROLE;
SELECT * FROM journalled();
-- nor to leave a gap, which names no row, and which he may not read
ALTER EVENT TRIGGER uncache_clear_way DISABLE;
CREATE INDEX unfillable ON uncache.journal_1 ((keys[1]));
ALTER EVENT TRIGGER uncache_clear_way ENABLE ALWAYS;
SET ROLE regress_uncache_writer;
INSERT INTO t VALUES (2, 'secret');
SELECT * FROM uncache.gaps;
RESET ROLE;
SELECT reason FROM uncache.gaps;
SELECT * FROM journalled();
DROP INDEX uncache.unfillable;
DELETE FROM uncache.gaps;
DELETE FROM t;
SELECT count(*) FROM journalled();

-- functions, operators and types planted in front of pg_catalog are not used
CREATE SCHEMA planted;
CREATE FUNCTION planted.upper(text) RETURNS text LANGUAGE sql AS 'SELECT ''planted''';
CREATE FUNCTION planted.int4out(int) RETURNS text LANGUAGE sql AS 'SELECT ''planted''';
CREATE FUNCTION planted.fake(text, text) RETURNS text LANGUAGE sql AS 'SELECT ''planted''';
CREATE OPERATOR planted.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = planted.fake);
CREATE TABLE planted.pg_class (oid oid, relname name);
CREATE TABLE planted.consumers (id int, target text);
CREATE TABLE planted.journal (id int);
GRANT USAGE ON SCHEMA planted TO regress_uncache_writer;
SELECT uncache.watch('t', 't:{id}:{upper(a)}:{a || ''x''}');
SET search_path = planted, pg_catalog, public;
SET ROLE regress_uncache_writer;
INSERT INTO t VALUES (3, 'a');
RESET ROLE;
SELECT state FROM uncache.attach('default');
SELECT uncache.watch('public.ref', 'ref:{id}');
RESET search_path;
SELECT * FROM journalled();
CREATE TEMP TABLE pg_trigger (oid oid);
CREATE TEMP TABLE consumers (id int);
SELECT uncache.watch('t', 't:{id}');
INSERT INTO t VALUES (4, 'a');
SELECT * FROM journalled();
DROP TABLE pg_temp.pg_trigger, pg_temp.consumers;

-- an expression runs with the privileges of the writer
\c -
CREATE TABLE secret (s text);
INSERT INTO secret VALUES ('hidden');
CREATE FUNCTION peek() RETURNS text LANGUAGE sql AS 'SELECT s FROM public.secret';
SELECT uncache.watch('t', 'peek:{public.peek()}', 'user:{current_user}');
SET ROLE regress_uncache_writer;
INSERT INTO t VALUES (5, 'a');
RESET ROLE;
SELECT * FROM journalled();
-- so it does in a cascade, although that writes as the owner of the table; from PostgreSQL 18 on as that owner
SELECT CASE WHEN current_setting('server_version_num')::int < 180000 THEN 'writer' ELSE 'owner' END AS who \gset
ALTER TABLE t ADD PRIMARY KEY (id);
CREATE TABLE child (id int REFERENCES t ON DELETE CASCADE);
ALTER TABLE child OWNER TO regress_uncache_owner;
SELECT uncache.watch('child', 'child:{id}:{current_user}');
INSERT INTO child VALUES (5);
SELECT uncache.watch('t', 't:{id}');
SELECT count(*) FROM journalled();
SET ROLE regress_uncache_writer;
DELETE FROM t WHERE id = 5;
RESET ROLE;
SELECT target, action, replace(key, 'regress_uncache_' || :'who', 'whoever it is') AS key FROM journalled();

-- row security does not hide rows from rules
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY write ON t FOR ALL TO regress_uncache_writer USING (id > 100) WITH CHECK (true);
SELECT count(*) FROM journalled();
SET ROLE regress_uncache_writer;
INSERT INTO t VALUES (6, 'a'), (106, 'a');
DELETE FROM t WHERE id IN (6, 106);
RESET ROLE;
SELECT * FROM journalled();

-- a rule author: rules on own tables, by watch() and by hand; not on others'
SET ROLE regress_uncache_author;
CREATE TABLE mine (id int);
SELECT uncache.watch('mine', 'mine:{id}');
CREATE TRIGGER hand AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION uncache.keys('hand:{id}');
INSERT INTO mine VALUES (1);
SELECT uncache.unwatch('mine');
SELECT uncache.invalidate('by hand');
SELECT uncache.watch('t', 'stolen');
SELECT uncache.unwatch('t');
SELECT relation, rule FROM uncache.rules WHERE relation = 'mine'::regclass;
SELECT * FROM uncache.status;
SELECT uncache.attach('default');
SELECT * FROM uncache.journal;
RESET ROLE;
SELECT * FROM journalled();

-- the daemon's role: its six functions
\connect -
CALL await_end_of_last_session();
SET ROLE regress_uncache_daemon;
SELECT state, cursor FROM uncache.attach('default') \gset
SELECT :'state';
SELECT next_cursor FROM uncache.fetch('default', :'cursor', 1000, true) \gset
SELECT uncache.ack('default', :'next_cursor');
SELECT count(*) > 0 AS has_keys FROM uncache.resync_keys('default');
SELECT uncache.resynced('default');
SELECT uncache.trim();
SELECT state FROM uncache.attach('registered_by_daemon');
SELECT state FROM uncache.attach('registered_by_daemon');
SELECT * FROM uncache.journal;
SELECT * FROM uncache.consumers;
UPDATE uncache.consumers SET cursor = NULL;
SELECT * FROM uncache.status;
SELECT uncache.drop_consumer('default');
SELECT uncache_internal.check_ack('default', '1:1:');
SELECT uncache.invalidate('x');
SELECT uncache_internal.lock_consumer(1);
SELECT uncache.grant_consumer('regress_uncache_nobody');
CREATE TABLE x (id int);
CREATE TEMP TABLE x (id int);
CREATE TRIGGER t AFTER INSERT ON x FOR EACH ROW EXECUTE FUNCTION uncache.keys('stolen');
RESET ROLE;

-- monitoring reads the views and nothing else
SET ROLE regress_uncache_monitor;
SELECT target, state FROM uncache.status ORDER BY target;
SELECT count(*) > 0 AS has_rules FROM uncache.rules;
SELECT * FROM uncache.journal;
SELECT * FROM uncache.consumers;
SELECT uncache.attach('default');
SELECT uncache.trim();
SELECT uncache.invalidate('x');
RESET ROLE;

DROP TABLE t, child, own, mine;
DROP OWNED BY regress_uncache_nobody, regress_uncache_writer, regress_uncache_owner, regress_uncache_author, regress_uncache_daemon, regress_uncache_monitor;
DROP ROLE regress_uncache_nobody, regress_uncache_writer, regress_uncache_owner, regress_uncache_author, regress_uncache_daemon, regress_uncache_monitor;
