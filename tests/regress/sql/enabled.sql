-- uncache.enabled = off makes what triggers would invalidate not invalidated.
\set test enabled
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int, v text);
SELECT uncache.watch('t', keys => ARRAY['t:{id}'], patterns => ARRAY['p:{id}*'], tags => ARRAY['tag:{id}'], versions => ARRAY['n:{id}'], query => ARRAY[$$SELECT 'q:' || {id}$$]);
-- case 1: every action and event
SET uncache.enabled = off;
INSERT INTO t VALUES (1), (2);
UPDATE t SET v = 'x';
DELETE FROM t WHERE id = 2;
COPY t FROM stdin;
3	c
\.
TRUNCATE t;
SELECT * FROM journalled();
-- case 2: by hand everything works
SELECT uncache.invalidate('k'), uncache.invalidate_pattern('k'), uncache.invalidate_tag('k'), uncache.invalidate_version('k'), uncache.invalidate_all(), uncache.invalidate_table('t');
SELECT * FROM journalled();
-- case 3: a rule cannot be wrong while it is off
CREATE TRIGGER wrong BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('{nix');
INSERT INTO t VALUES (4);
DROP TRIGGER wrong ON t;
CREATE TRIGGER fails AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('{1 / (id - id)}');
INSERT INTO t VALUES (4);
DROP TRIGGER fails ON t;
RESET uncache.enabled;
-- case 4: in the middle of a transaction: what came before stays
BEGIN;
INSERT INTO t VALUES (5);
SET LOCAL uncache.enabled = off;
INSERT INTO t VALUES (6);
SET LOCAL uncache.enabled = on;
INSERT INTO t VALUES (7);
COMMIT;
SELECT key FROM journalled() WHERE action = 'keys' AND key LIKE 't:%';
-- case 5: SET LOCAL ends with its transaction, and with its savepoint
BEGIN;
SET LOCAL uncache.enabled = off;
COMMIT;
INSERT INTO t VALUES (8);
BEGIN;
SAVEPOINT a;
SET LOCAL uncache.enabled = off;
ROLLBACK TO a;
INSERT INTO t VALUES (9);
SAVEPOINT b;
SET LOCAL uncache.enabled = off;
INSERT INTO t VALUES (10);
RELEASE b;
INSERT INTO t VALUES (11);
COMMIT;
SELECT key FROM journalled() WHERE action = 'keys' AND key LIKE 't:%';
-- case 6: a function's SET clause
CREATE FUNCTION load() RETURNS void LANGUAGE sql SET uncache.enabled = off AS $$ INSERT INTO t VALUES (12) $$;
BEGIN;
SELECT load();
INSERT INTO t VALUES (13);
COMMIT;
SELECT key FROM journalled() WHERE action = 'keys' AND key LIKE 't:%';
-- case 7: what counts for a deferred trigger is the time at which it fires
CREATE TABLE d (id int);
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON d DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION uncache.keys('d:{id}');
BEGIN;
SET LOCAL uncache.enabled = off;
INSERT INTO d VALUES (1);
SET LOCAL uncache.enabled = on;
COMMIT;
BEGIN;
INSERT INTO d VALUES (2);
SET LOCAL uncache.enabled = off;
COMMIT;
SELECT * FROM journalled();
-- case 8: a cascade and the triggers of others
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int REFERENCES parent ON DELETE CASCADE);
SELECT uncache.watch('child', 'child:{id}');
INSERT INTO parent VALUES (1), (2);
INSERT INTO child VALUES (1), (2);
DELETE FROM uncache.journal;
SET uncache.enabled = off;
DELETE FROM parent WHERE id = 1;
RESET uncache.enabled;
DELETE FROM parent WHERE id = 2;
SELECT * FROM journalled();
-- case 9: only a superuser, or whom he lets
SET client_min_messages = warning;
CREATE ROLE regress_uncache_e_author;
RESET client_min_messages;
SELECT uncache.grant_author('regress_uncache_e_author');
SET ROLE regress_uncache_e_author;
SET uncache.enabled = off;
SET LOCAL uncache.enabled = off;
SELECT set_config('uncache.enabled', 'off', false);
SET search_path = pg_temp;
CREATE FUNCTION pg_temp.load() RETURNS void LANGUAGE sql SET uncache.enabled = off AS 'SELECT';
ALTER ROLE regress_uncache_e_author SET uncache.enabled = off;
SHOW uncache.enabled;
RESET search_path;
RESET ROLE;
DROP OWNED BY regress_uncache_e_author;
DROP ROLE regress_uncache_e_author;
-- case 10: for a database
SELECT format('ALTER DATABASE %I SET uncache.enabled = off', current_database()) \gexec
\connect -
INSERT INTO t VALUES (14);
SELECT * FROM journalled();
SET uncache.enabled = on;
INSERT INTO t VALUES (15);
SELECT key FROM journalled() WHERE action = 'keys' AND key LIKE 't:%';
SET uncache.enabled = 'perhaps';
