-- Installed, described, and gone again.
\set test install
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

-- every object has a comment
SELECT pg_describe_object(d.classid, d.objid, 0) AS object
FROM pg_depend d
WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'uncache') AND d.deptype = 'e'
	AND obj_description(d.objid, d.classid::regclass::name) IS NULL
	AND d.classid::regclass::text IN ('pg_class', 'pg_proc', 'pg_event_trigger')
	AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = d.objid AND c.relkind = 'S')
ORDER BY 1;
SELECT obj_description('uncache_internal'::regnamespace) IS NOT NULL AS is_described;
-- what there is to call: the table of contents of the manual
SELECT DISTINCT proname AS function FROM pg_proc WHERE pronamespace = 'uncache'::regnamespace ORDER BY 1;
SELECT attrelid::regclass, attname FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
WHERE relnamespace = 'uncache'::regnamespace AND relkind = 'r' AND attnum > 0 AND attislocal AND relname <> 'markers'
	AND col_description(attrelid, attnum) IS NULL ORDER BY 1, 2;
-- settings
SELECT name, setting, unit, context, short_desc FROM pg_settings WHERE name LIKE 'uncache.%' ORDER BY name;
\set VERBOSITY sqlstate
SET uncache.pending_limit = '1kB';
\set VERBOSITY default
SELECT min_val, max_val FROM pg_settings WHERE name = 'uncache.pending_limit';
SET uncache.no_such_setting = 1;

-- it cannot be moved, nor dropped while rules need it
ALTER EXTENSION uncache SET SCHEMA public;
CREATE TABLE t (id int);
SELECT uncache.watch('t', 't:{id}');
DROP EXTENSION uncache;
SET client_min_messages = warning;
DROP EXTENSION uncache CASCADE;
INSERT INTO t VALUES (1);
SELECT tgname FROM pg_trigger WHERE tgrelid = 't'::regclass;
SELECT nspname FROM pg_namespace WHERE nspname LIKE 'uncache%';
SELECT evtname FROM pg_event_trigger;
-- and again, in the same session, whose backend knew the old one
CREATE EXTENSION uncache;
SELECT uncache.watch('t', 't:{id}');
INSERT INTO t VALUES (2);
SELECT count(*) FROM uncache.journal;
CALL start_consumer('default');
INSERT INTO t VALUES (3);
SELECT * FROM journalled();
DROP EXTENSION uncache CASCADE;
-- created and rolled back
BEGIN;
CREATE EXTENSION uncache;
SELECT uncache.watch('t', 't:{id}');
INSERT INTO t VALUES (4);
ROLLBACK;
INSERT INTO t VALUES (5);

-- a schema that somebody made beforehand is refused, one's own is not
DROP SCHEMA IF EXISTS uncache;
CREATE ROLE regress_uncache_squatter;
CREATE SCHEMA uncache AUTHORIZATION regress_uncache_squatter;
CREATE EXTENSION uncache;
ALTER SCHEMA uncache OWNER TO postgres;
CREATE EXTENSION uncache;
DROP EXTENSION uncache;
DROP SCHEMA uncache;
CREATE SCHEMA uncache_internal;
CREATE EXTENSION uncache;
DROP SCHEMA uncache_internal;
SELECT nspname FROM pg_namespace WHERE nspname LIKE 'uncache%';
DROP ROLE regress_uncache_squatter;
-- only a superuser installs it
CREATE ROLE regress_uncache_user;
GRANT CREATE ON DATABASE :database TO regress_uncache_user;
SET ROLE regress_uncache_user;
CREATE EXTENSION uncache;
RESET ROLE;
REVOKE CREATE ON DATABASE :database FROM regress_uncache_user;
DROP ROLE regress_uncache_user;
