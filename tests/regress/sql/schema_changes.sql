-- What becomes stale when tables change, and that changing them never fails.
\set test schema_changes
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE ROLE regress_uncache_ddl;
GRANT CREATE ON SCHEMA public TO regress_uncache_ddl;
CREATE TABLE t (id int PRIMARY KEY, a text, b int, g int GENERATED ALWAYS AS (b + 1) STORED);
INSERT INTO t VALUES (1, 'x', 1);
SELECT uncache.watch('t', keys => ARRAY['t:{id}', 'fixed', 'api://t:{id}'], patterns => ARRAY['p:{b}:*'], tags => ARRAY['tag:{id}'],
	versions => ARRAY['ver:{id}'], query => ARRAY['SELECT ''q:'' || {id}']);

-- case 1: DROP COLUMN that no rule reads; all actions
ALTER TABLE t DROP g;
SELECT * FROM journalled();
-- from here on one rule of each will do
SELECT uncache.watch('t', keys => ARRAY['t:{id}:{a}'], patterns => '{}', tags => '{}', versions => '{}', query => '{}');
DELETE FROM uncache.journal;
-- case 2: by a role that is neither superuser nor author
ALTER TABLE t OWNER TO regress_uncache_ddl;
SELECT * FROM journalled();
SET ROLE regress_uncache_ddl;
ALTER TABLE t ADD c int;
RESET ROLE;
SELECT * FROM journalled();
-- case 3: a volatile default rewrites
ALTER TABLE t ADD d float8 DEFAULT random();
SELECT * FROM journalled();
-- case 4: types, with and without a rewrite
ALTER TABLE t ALTER b TYPE bigint;
SELECT * FROM journalled();
ALTER TABLE t ALTER a TYPE varchar;
SELECT * FROM journalled();
-- case 5: DROP EXPRESSION
ALTER TABLE t ADD g int GENERATED ALWAYS AS (id) STORED;
DELETE FROM uncache.journal;
ALTER TABLE t ALTER g DROP EXPRESSION;
SELECT * FROM journalled();
-- case 6: several at once, once
ALTER TABLE t DROP g, DROP d, ADD e int, ALTER b TYPE int;
SELECT * FROM journalled();
-- case 7: what changes no rows
ALTER TABLE t ALTER b SET DEFAULT 7, ALTER b SET NOT NULL, ALTER b SET STATISTICS 10, ADD CHECK (b > 0), SET (fillfactor = 50);
ALTER TABLE t SET UNLOGGED;
ALTER TABLE t SET LOGGED;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
ALTER TABLE t RENAME CONSTRAINT t_pkey TO t_key;
COMMENT ON TABLE t IS 'x';
CREATE INDEX ON t (b);
VACUUM FULL t;
CLUSTER t USING t_key;
ANALYZE t;
SELECT * FROM journalled();
-- case 8: rolled back, to a savepoint too; committed afterwards
BEGIN;
ALTER TABLE t ADD f int;
ROLLBACK;
SELECT * FROM journalled();
BEGIN;
SAVEPOINT s;
ALTER TABLE t ADD f int;
ROLLBACK TO s;
UPDATE t SET b = 2;
COMMIT;
SELECT * FROM journalled();
-- case 9: IF NOT EXISTS, IF EXISTS
ALTER TABLE t ADD IF NOT EXISTS a int;
ALTER TABLE t DROP IF EXISTS absent;
ALTER TABLE IF EXISTS absent ADD x int;
DROP TABLE IF EXISTS absent;
SELECT * FROM journalled();
-- case 10: within a function, and in one that catches an error
DO $$ BEGIN
	ALTER TABLE t ADD f int;
	BEGIN
		ALTER TABLE t ADD f2 int;
		RAISE 'no';
	EXCEPTION WHEN OTHERS THEN NULL;
	END;
END $$;
SELECT * FROM journalled();
-- case 11: a session in replica role
SET session_replication_role = replica;
ALTER TABLE t DROP f;
RESET session_replication_role;
SELECT * FROM journalled();
-- case 12: a session that reads only by default
SET default_transaction_read_only = on;
ALTER TABLE t ADD f int;
BEGIN READ WRITE;
ALTER TABLE t ADD f int;
COMMIT;
RESET default_transaction_read_only;
SELECT * FROM journalled();
-- case 13: switched off, and on again
SET uncache.enabled = off;
ALTER TABLE t DROP f;
ALTER TABLE t ADD f int DEFAULT random();
RESET uncache.enabled;
SELECT * FROM journalled();
-- case 14: a transaction that is prepared
BEGIN;
ALTER TABLE t DROP f;
PREPARE TRANSACTION 'uncache_ddl';
SELECT * FROM journalled();
COMMIT PREPARED 'uncache_ddl';
SELECT * FROM journalled();
-- case 15: with other search paths and a schema in front that has pg_catalog's names
CREATE SCHEMA shadow;
CREATE FUNCTION shadow.unnest(anyarray) RETURNS SETOF int LANGUAGE sql AS 'SELECT 1/0';
CREATE TABLE shadow.pg_class (oid oid);
SET search_path = shadow, pg_catalog, public;
ALTER TABLE t ADD f int;
RESET search_path;
SELECT * FROM journalled();
DROP SCHEMA shadow CASCADE;

-- case 16: children by INHERITS, with rules of their own; a grandchild; two parents
CREATE TABLE parent (id int, v int);
CREATE TABLE other_parent (w int);
CREATE TABLE child (c int) INHERITS (parent, other_parent);
CREATE TABLE grandchild () INHERITS (child);
SELECT uncache.watch('parent', 'parent:{id}');
SELECT uncache.watch('child', 'child:{id}');
SELECT uncache.watch('grandchild', 'grandchild:{id}');
ALTER TABLE parent ADD x int;
SELECT * FROM journalled();
ALTER TABLE other_parent ALTER w TYPE bigint;
SELECT * FROM journalled();
ALTER TABLE grandchild ADD y int;
SELECT * FROM journalled();
-- case 17: NO INHERIT takes rows from the parent, INHERIT brings them
ALTER TABLE child NO INHERIT parent;
SELECT * FROM journalled();
ALTER TABLE child INHERIT parent;
SELECT * FROM journalled();
-- case 18: DROP of a parent takes the children with it
DROP TABLE parent;
DROP TABLE parent CASCADE;
SELECT * FROM journalled();

-- case 19: partitions; one has a rule of its own
CREATE TABLE sale (id int, region text, day int) PARTITION BY LIST (region);
CREATE TABLE sale_eu PARTITION OF sale FOR VALUES IN ('eu') PARTITION BY RANGE (day);
CREATE TABLE sale_eu_1 PARTITION OF sale_eu FOR VALUES FROM (1) TO (10);
CREATE TABLE sale_us PARTITION OF sale FOR VALUES IN ('us');
SELECT uncache.watch('sale', keys => ARRAY['sale:{id}'], tags => ARRAY['sale'], patterns => ARRAY['list:{day}:*'], versions => ARRAY['v:{region}'],
	query => ARRAY['SELECT ''q:'' || {id}']);
CREATE TRIGGER own AFTER INSERT ON sale_eu_1 FOR EACH ROW EXECUTE FUNCTION uncache.keys('own:{id}');
ALTER TABLE sale ADD x int;
SELECT * FROM journalled();
SELECT uncache.watch('sale', keys => ARRAY['sale:{id}'], patterns => '{}', versions => '{}', query => '{}');
-- case 20: DETACH, ATTACH, of a partition of a partition
ALTER TABLE sale_eu DETACH PARTITION sale_eu_1;
SELECT * FROM journalled();
ALTER TABLE sale_eu ATTACH PARTITION sale_eu_1 FOR VALUES FROM (1) TO (10);
SELECT * FROM journalled();
-- case 21: DETACH CONCURRENTLY, and FINALIZE after it was broken off
ALTER TABLE sale DETACH PARTITION sale_us CONCURRENTLY;
SELECT * FROM journalled();
ALTER TABLE sale ATTACH PARTITION sale_us FOR VALUES IN ('us');
DELETE FROM uncache.journal;
UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'sale_us'::regclass;
ALTER TABLE sale DETACH PARTITION sale_us FINALIZE;
SELECT * FROM journalled();
-- case 22: new partitions get the TRUNCATE rules of all actions
ALTER TABLE sale ATTACH PARTITION sale_us FOR VALUES IN ('us');
CREATE TABLE sale_asia PARTITION OF sale FOR VALUES IN ('asia');
CREATE SCHEMA made CREATE TABLE sale_br PARTITION OF public.sale FOR VALUES IN ('br');
SELECT tgrelid::regclass, tgname, tgenabled, tgparentid <> 0 AS is_inherited FROM pg_trigger
	WHERE tgrelid IN ('sale_asia'::regclass, 'made.sale_br'::regclass) ORDER BY tgrelid::regclass::text, tgname;
DELETE FROM uncache.journal;
TRUNCATE made.sale_br;
SELECT * FROM journalled();
-- case 23: DROP of a partition; of a partition with its own; of the root
DROP TABLE sale_asia;
SELECT * FROM journalled();
DROP TABLE sale_eu;
SELECT * FROM journalled();
DROP TABLE sale;
SELECT * FROM journalled();

-- case 24: typed tables: the type changes, with and without a rewrite
CREATE TYPE item AS (id int, v int);
CREATE TABLE typed OF item;
SELECT uncache.watch('typed', 'typed:{id}');
INSERT INTO typed VALUES (1, 1);
DELETE FROM uncache.journal;
ALTER TYPE item ADD ATTRIBUTE w int CASCADE;
SELECT * FROM journalled();
ALTER TYPE item ALTER ATTRIBUTE v TYPE bigint CASCADE;
SELECT * FROM journalled();
-- case 25: a table with columns of a type, of an array, of a domain, of a composite of it
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN moods AS mood[];
CREATE TYPE person AS (name text, moods moods);
CREATE TABLE people (id int, who person);
SELECT uncache.watch('people', 'people:{id}');
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
SELECT * FROM journalled();
ALTER TYPE mood ADD VALUE 'glad';
SELECT * FROM journalled();
ALTER TYPE person ADD ATTRIBUTE age int;
SELECT * FROM journalled();
-- case 26: a table whose row type is a column of another
CREATE TABLE inner_row (a int);
CREATE TABLE outer_row (id int, r inner_row);
SELECT uncache.watch('outer_row', 'outer:{id}');
ALTER TABLE inner_row ADD b int;
SELECT * FROM journalled();
-- case 27: a column that goes with its type; a rule that reads it
CREATE TABLE moody (id int, m mood);
SELECT uncache.watch('moody', 'moody:{id}:{m}');
DROP DOMAIN moods CASCADE;
SELECT * FROM journalled();
DROP TYPE mood CASCADE;
SELECT * FROM journalled();
-- case 28: a generated column that goes with its function
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1';
CREATE TABLE gen (id int, g int GENERATED ALWAYS AS (public.twice(id)) STORED);
SELECT uncache.watch('gen', 'gen:{id}');
DROP FUNCTION twice CASCADE;
SELECT * FROM journalled();

-- case 29: a rule that goes with a column of its WHEN or UPDATE OF
CREATE TRIGGER partly AFTER UPDATE OF id ON moody FOR EACH ROW WHEN (OLD.id > 0) EXECUTE FUNCTION uncache.keys('partly:{id}');
ALTER TABLE moody DROP id;
SELECT tgname, tgattr, tgqual IS NULL AS is_unconditional FROM pg_trigger WHERE tgrelid = 'moody'::regclass ORDER BY tgname;
SELECT * FROM journalled();

-- case 30: DROP SCHEMA, DROP OWNED, DROP TYPE of a typed table
CREATE SCHEMA app;
CREATE TABLE app.one (id int);
CREATE TABLE app.two (id int) PARTITION BY LIST (id);
CREATE TABLE app.two_1 PARTITION OF app.two FOR VALUES IN (1);
CREATE VIEW app.v AS SELECT * FROM app.one;
SELECT uncache.watch('app.one', 'one:{id}'), uncache.watch('app.two', tags => ARRAY['two:{id}']);
DROP SCHEMA app CASCADE;
SELECT * FROM journalled();
DROP TYPE item CASCADE;
SELECT * FROM journalled();
DROP OWNED BY regress_uncache_ddl;
SELECT * FROM journalled();
-- case 31: DROP of several; rolled back; created and dropped in one transaction
CREATE TABLE a (id int);
CREATE TABLE b (id int);
SELECT uncache.watch('a', 'a:{id}'), uncache.watch('b', 'b:{id}');
BEGIN;
DROP TABLE a, b;
ROLLBACK;
SELECT * FROM journalled();
DROP TABLE a, b;
SELECT * FROM journalled();
BEGIN;
CREATE TABLE a (id int);
SELECT uncache.watch('a', 'a:{id}');
SAVEPOINT s;
SELECT uncache.watch('a', 'not:{id}');
ROLLBACK TO s;
DROP TABLE a;
COMMIT;
SELECT * FROM journalled();
-- case 32: DROP with a rule of which nobody knows what it returns
CREATE TABLE a (id int);
CREATE TRIGGER any_key AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION uncache.query('SELECT repeat(''x'', {id})');
DROP TABLE a;
SELECT * FROM journalled();
-- case 33: DROP TRIGGER, unwatch: nothing
CREATE TABLE a (id int);
SELECT uncache.watch('a', 'a:{id}');
CREATE TRIGGER mine AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION uncache.keys('mine:{id}');
DROP TRIGGER mine ON a;
SELECT uncache.unwatch('a');
SELECT * FROM journalled();
-- case 34: DROP switched off; DROP of what is no table
SELECT uncache.watch('a', 'a:{id}');
SET uncache.enabled = off;
DROP TABLE a;
RESET uncache.enabled;
CREATE VIEW v AS SELECT 1 AS id;
CREATE SEQUENCE s;
DROP VIEW v;
DROP SEQUENCE s;
SELECT * FROM journalled();
-- case 35: a temporary table
CREATE TEMP TABLE tmp (id int);
SELECT uncache.watch('tmp', 'tmp:{id}');
ALTER TABLE tmp ADD a int;
DROP TABLE tmp;
SELECT * FROM journalled();

-- case 38: a foreign table with a rule by hand
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER w FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE f (id int, a int) SERVER w;
CREATE TRIGGER hand AFTER INSERT OR UPDATE OR DELETE ON f FOR EACH ROW EXECUTE FUNCTION uncache.keys('f:{id}');
ALTER FOREIGN TABLE f DROP a;
SELECT * FROM journalled();
DROP FOREIGN TABLE f;
SELECT * FROM journalled();

-- case 36: a command never fails because of us: nothing is known, all is resynced
CREATE TABLE a (id int);
SELECT uncache.watch('a', 'a:{id}');
INSERT INTO uncache.schemas VALUES ('public', '{}', 'default');
ALTER EVENT TRIGGER uncache_follow_command DISABLE;
ALTER TABLE uncache.schemas RENAME target TO not_there;
ALTER EVENT TRIGGER uncache_follow_command ENABLE ALWAYS;
ALTER TABLE a RENAME TO b;
SELECT * FROM journalled();
-- who is no superuser is told no more
ALTER TABLE b OWNER TO regress_uncache_ddl;
GRANT CREATE ON SCHEMA public TO regress_uncache_ddl;
SET ROLE regress_uncache_ddl;
ALTER TABLE b RENAME TO a;
RESET ROLE;
SELECT * FROM journalled();
ALTER EVENT TRIGGER uncache_follow_command DISABLE;
ALTER TABLE uncache.schemas RENAME not_there TO target;
ALTER EVENT TRIGGER uncache_follow_command ENABLE ALWAYS;
DELETE FROM uncache.schemas;
-- a table that is dropped
CREATE FUNCTION reads() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
SELECT uncache.watch('a', 'a:{public.reads()}');
ALTER EVENT TRIGGER uncache_follow_command DISABLE;
ALTER TABLE uncache.dependencies RENAME class TO not_there;
ALTER EVENT TRIGGER uncache_follow_command ENABLE ALWAYS;
DROP TABLE a;
SELECT * FROM journalled();
ALTER EVENT TRIGGER uncache_follow_command DISABLE;
ALTER TABLE uncache.dependencies RENAME not_there TO class;
ALTER EVENT TRIGGER uncache_follow_command ENABLE ALWAYS;
-- and again for who was writing
SELECT relation FROM uncache.due WHERE relation = 0;
SELECT uncache.trim();
SELECT * FROM journalled();
SELECT count(*) FROM uncache.due;

-- case 37: when a command is followed no expression is run or planned
CREATE FUNCTION who() RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE WARNING 'run as %', current_user; RETURN current_user; END $$;
CREATE TABLE trap (id int);
SELECT uncache.watch('trap', 'trap:{id}:{public.who()}');
ALTER TABLE trap OWNER TO regress_uncache_ddl;
SET ROLE regress_uncache_ddl;
ALTER TABLE trap ADD b int;
RESET ROLE;
SELECT * FROM journalled();

-- case 39: DROP of an heir, watched or not, takes rows from the tables above it, as NO INHERIT does
CREATE TABLE top (id int);
CREATE TABLE middle () INHERITS (top);
CREATE SCHEMA others;
SELECT uncache.watch('top', 'top:{id}');
SELECT uncache.watch('middle', 'middle:{id}');
CREATE TABLE low () INHERITS (middle);
DELETE FROM uncache.journal;
DROP TABLE low;
SELECT * FROM journalled();
CREATE TABLE others.a () INHERITS (middle);
CREATE TABLE others.b () INHERITS (others.a);
DELETE FROM uncache.journal;
DROP TABLE others.b;
SELECT * FROM journalled();
CREATE TABLE others.b () INHERITS (others.a);
DELETE FROM uncache.journal;
DROP SCHEMA others CASCADE;
SELECT * FROM journalled();
-- what is rolled back; what was let go before in the same transaction
CREATE TABLE low () INHERITS (middle);
DELETE FROM uncache.journal;
BEGIN;
SAVEPOINT s;
DROP TABLE low;
ROLLBACK TO s;
COMMIT;
SELECT * FROM journalled();
BEGIN;
ALTER TABLE low NO INHERIT middle;
DROP TABLE low;
COMMIT;
SELECT * FROM journalled();
-- with its owner
CREATE TABLE low () INHERITS (middle);
ALTER TABLE low OWNER TO regress_uncache_ddl;
DELETE FROM uncache.journal;
DROP OWNED BY regress_uncache_ddl;
SELECT * FROM journalled();
-- a foreign table
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE far () INHERITS (top) SERVER nowhere;
DELETE FROM uncache.journal;
DROP SERVER nowhere CASCADE;
SELECT * FROM journalled();
-- a partition: both have the rule
CREATE TABLE parted (id int) PARTITION BY LIST (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
SELECT uncache.watch('parted', 'parted:{id}');
DELETE FROM uncache.journal;
DROP TABLE parted_1;
SELECT * FROM journalled();
DROP TABLE middle, top;
SELECT * FROM journalled();

-- case 40: what is due says whose transaction has to end, not which of its savepoints wrote it
CREATE SCHEMA busy;
CREATE TABLE busy.t (id int PRIMARY KEY);
SELECT uncache.watch_schema('busy');
BEGIN;
ALTER SCHEMA busy RENAME TO calm;
SELECT relation::regclass, role, xid = pg_current_xact_id() AS is_top,
	EXISTS (SELECT FROM pg_locks l WHERE l.transactionid = d.xid::xid AND l.pid = pg_backend_pid()) AS is_locked
	FROM uncache.due d;
ROLLBACK;

-- the extension goes quietly
SET client_min_messages = warning;
DROP EXTENSION uncache CASCADE;
RESET client_min_messages;
DROP OWNED BY regress_uncache_ddl;
DROP ROLE regress_uncache_ddl;
