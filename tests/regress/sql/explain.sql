-- explain() runs a statement, rolls it back, and tells what it would invalidate.
\set test explain
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE TABLE ref (id int REFERENCES t ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
SELECT uncache.watch('t', keys => ARRAY['t:{id}', 'api://t:{id}', 'absent://t:{id}'], patterns => ARRAY['p:{v}:*'], tags => ARRAY['tag:{v}'],
	versions => ARRAY['n'], query => ARRAY[$$SELECT 'ref:' || r.id FROM public.ref r WHERE r.id = {id}$$]);
SELECT uncache.watch('ref', 'ref:{id}');
-- case 1: INSERT; a target that nobody consumes is told as well
SELECT * FROM uncache.explain($$INSERT INTO t VALUES (1, 'a')$$);
-- case 2: nothing was done, journalled or remembered
TABLE t;
SELECT * FROM journalled();
INSERT INTO t VALUES (1, 'a'), (2, 'b');
INSERT INTO ref VALUES (1);
DELETE FROM uncache.journal;
-- case 3: UPDATE, DELETE with its cascade, each key once
SELECT relation, rule, action, target, key FROM uncache.explain($$UPDATE t SET v = 'c' WHERE id = 1$$);
SELECT relation, rule, key FROM uncache.explain($$DELETE FROM t$$) WHERE target = 'default' AND action = 'keys';
-- case 4: MERGE, an upsert, a data-modifying CTE
SELECT key FROM uncache.explain($$MERGE INTO t USING (VALUES (1), (5)) s(id) ON t.id = s.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.id, 'm')$$) WHERE target = 'api';
SELECT key FROM uncache.explain($$INSERT INTO t VALUES (2, 'x') ON CONFLICT (id) DO UPDATE SET id = 6$$) WHERE target = 'api';
SELECT key FROM uncache.explain($$WITH d AS (DELETE FROM t WHERE id = 2 RETURNING id) SELECT * FROM d$$) WHERE target = 'api';
-- case 5: a function, a procedure, DO, a prepared statement
CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ UPDATE t SET v = 'f' WHERE id = 1 $$;
CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET v = 'p' WHERE id = 2; END $$;
PREPARE s AS DELETE FROM t WHERE id = $1;
SELECT key FROM uncache.explain('SELECT f()') WHERE target = 'api';
SELECT key FROM uncache.explain('CALL p()') WHERE target = 'api';
SELECT key FROM uncache.explain('DO $$ BEGIN PERFORM f(); CALL p(); END $$') WHERE target = 'api';
SELECT key FROM uncache.explain('EXECUTE s(2)') WHERE target = 'api';
DEALLOCATE s;
-- case 6: TRUNCATE, and DDL: what it makes is gone
SELECT * FROM uncache.explain('TRUNCATE t CASCADE');
SELECT rule, key FROM uncache.explain($$CREATE TABLE n (id int); SELECT uncache.watch('n', 'n:{id}'); INSERT INTO n VALUES (1)$$) WHERE target = 'default';
SELECT to_regclass('n');
SELECT count(*) FROM t;
-- case 7: several statements; none; one that changes nothing
SELECT key FROM uncache.explain($$DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2, 'again')$$) WHERE target = 'api';
SELECT * FROM uncache.explain('');
SELECT * FROM uncache.explain(NULL);
SELECT * FROM uncache.explain('SELECT 1');
SELECT * FROM uncache.explain('UPDATE t SET v = v WHERE false');
-- case 8: invalidations by hand
SELECT * FROM uncache.explain($$SELECT uncache.invalidate('k', 'absent://k'), uncache.invalidate_pattern('p*'), uncache.invalidate_tag('api://t'), uncache.invalidate_version('v')$$);
SELECT * FROM uncache.explain($$SELECT uncache.invalidate_table('ref'), uncache.invalidate_all()$$);
SELECT * FROM journalled();
-- case 9: what it cannot run
SELECT * FROM uncache.explain('COMMIT');
SELECT * FROM uncache.explain('DELETE FROM t; ROLLBACK');
SELECT * FROM uncache.explain('SAVEPOINT a');
SELECT * FROM uncache.explain('COPY t FROM STDIN');
SELECT * FROM uncache.explain('COPY t TO STDOUT');
SELECT * FROM uncache.explain('VACUUM t');
SELECT * FROM uncache.explain('nonsense');
SELECT * FROM uncache.explain('DO $$ BEGIN DELETE FROM t; COMMIT; END $$');
-- case 10: the statement's own error; the transaction around it goes on where it is caught
SELECT * FROM uncache.explain($$INSERT INTO t VALUES (2, 'duplicate')$$);
BEGIN;
UPDATE t SET v = 'outer' WHERE id = 1;
SAVEPOINT a;
SELECT * FROM uncache.explain('DELETE FROM t; SELECT 1/0');
ROLLBACK TO a;
SELECT key FROM uncache.explain('DELETE FROM t WHERE id = 2') WHERE target = 'api';
DO $$
BEGIN
	PERFORM uncache.explain('DELETE FROM t; SELECT 1/0');
EXCEPTION WHEN division_by_zero THEN
	RAISE NOTICE 'caught';
END
$$;
UPDATE t SET v = 'outer again' WHERE id = 1;
COMMIT;
SELECT * FROM journalled();
SELECT count(*) FROM t;
-- case 11: what the transaction has had already is told again, and stays its own
BEGIN;
UPDATE t SET v = 'same' WHERE id = 1;
SELECT key FROM uncache.explain($$UPDATE t SET v = 'same' WHERE id = 1$$) WHERE target = 'api';
COMMIT;
SELECT key FROM journalled() WHERE target = 'api';
-- case 12: deferred triggers fire, for the statement and for what waits already; that stays deferred
CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE OR DELETE ON ref DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION uncache.keys('late:{id}');
SELECT rule, key FROM uncache.explain('INSERT INTO ref VALUES (2)');
SELECT * FROM uncache.explain('INSERT INTO ref VALUES (77)');
BEGIN;
INSERT INTO ref VALUES (2);
SELECT rule, key FROM uncache.explain('DELETE FROM ref WHERE id = 1');
INSERT INTO ref VALUES (78);
INSERT INTO t VALUES (78, 'in time');
COMMIT;
SELECT * FROM journalled() WHERE action = 'keys' AND target = 'default';
-- case 13: one in another
SELECT relation, rule, key FROM uncache.explain($$SELECT * FROM uncache.explain('DELETE FROM ref'); UPDATE ref SET id = id WHERE id = 1$$);
SELECT e.key, i.key AS inner_key FROM uncache.explain('DELETE FROM ref WHERE id = 1') e, uncache.explain('UPDATE ref SET id = id WHERE id = 2') i;
-- case 14: more than memory may hold: what was written early is gone, too
SET uncache.pending_limit = '64kB';
SELECT count(*), count(DISTINCT key) FROM uncache.explain($$INSERT INTO t SELECT n, 'x' || n FROM generate_series(1000, 4999) n$$);
BEGIN;
INSERT INTO t SELECT n, 'y' FROM generate_series(5000, 6999) n;
SELECT count(*) FROM uncache.explain($$UPDATE t SET v = 'z' WHERE id >= 5000$$);
ROLLBACK;
RESET uncache.pending_limit;
SELECT count(*) FROM uncache.journal;
-- case 15: a transaction that is prepared
BEGIN;
SELECT count(*) FROM uncache.explain('DELETE FROM ref WHERE id = 1');
INSERT INTO t VALUES (9, 'prepared');
PREPARE TRANSACTION 'explain';
COMMIT PREPARED 'explain';
SELECT key FROM journalled() WHERE target = 'api';
-- case 16: one that only reads
BEGIN READ ONLY;
SELECT * FROM uncache.explain('SELECT 1');
SELECT * FROM uncache.explain('DELETE FROM t');
ROLLBACK;
-- case 17: a rule that is switched off, by its trigger or by uncache.enabled
ALTER TABLE ref DISABLE TRIGGER late;
SELECT rule, key FROM uncache.explain('UPDATE ref SET id = 2 WHERE id = 2');
SET uncache.enabled = off;
SELECT rule, key FROM uncache.explain('UPDATE ref SET id = 2 WHERE id = 2');
SELECT rule, key FROM uncache.explain('SET LOCAL uncache.enabled = on; UPDATE ref SET id = 2 WHERE id = 2');
SHOW uncache.enabled;
RESET uncache.enabled;
-- case 18: a sequence moves on; that is not transactional
CREATE SEQUENCE q;
SELECT * FROM uncache.explain($$SELECT nextval('q')$$);
SELECT nextval('q');
-- case 19: the caller's search path, role and privileges
SET client_min_messages = warning;
CREATE ROLE regress_uncache_x_author;
RESET client_min_messages;
SELECT uncache.grant_author('regress_uncache_x_author');
CREATE SCHEMA other;
CREATE TABLE other.t (id int);
GRANT USAGE ON SCHEMA other TO regress_uncache_x_author;
GRANT INSERT ON other.t TO regress_uncache_x_author;
SELECT uncache.watch('other.t', 'other:{id}');
SET search_path = other;
SELECT relation, key FROM uncache.explain('INSERT INTO t VALUES (1)');
SET ROLE regress_uncache_x_author;
SELECT key FROM uncache.explain('INSERT INTO t VALUES (1)');
SELECT key FROM uncache.explain('DELETE FROM t');
SELECT key FROM uncache.explain('DELETE FROM public.t');
SELECT key FROM uncache.explain('RESET ROLE; DELETE FROM public.ref WHERE id = 1');
SELECT current_user;
RESET ROLE;
REVOKE ALL ON FUNCTION uncache.explain(text) FROM regress_uncache_x_author;
SET ROLE regress_uncache_x_author;
SELECT key FROM uncache.explain('INSERT INTO t VALUES (1)');
RESET ROLE;
RESET search_path;
DROP OWNED BY regress_uncache_x_author;
DROP ROLE regress_uncache_x_author;
-- case 20: a query whose keys nobody knows; a fallback
CREATE TRIGGER unknown AFTER DELETE ON ref FOR EACH ROW EXECUTE FUNCTION uncache.query('SELECT (1 / ({id} - {id}))::text');
SET client_min_messages = error;
SELECT * FROM uncache.explain('DELETE FROM ref WHERE id = 1');
RESET client_min_messages;
-- case 21: what stands in front of a query's key is a target only if somebody consumes it, as without explain
CREATE TABLE link (url text);
SELECT uncache.watch('link', query => ARRAY['SELECT {url}', 'x']);
SELECT target, key FROM uncache.explain($$INSERT INTO link VALUES ('api://k'), ('http://host/'), ('nobody://k'), ('default://k')$$);
INSERT INTO link VALUES ('api://k'), ('http://host/'), ('nobody://k'), ('default://k');
SELECT target, key FROM journalled();
SELECT count(DISTINCT target) FROM uncache.explain($$INSERT INTO link SELECT 't' || n || '://k' FROM generate_series(1, 70000) n$$);
-- case 22: a partition is told by its own name
CREATE TABLE p (id int) PARTITION BY LIST (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
SELECT uncache.watch('p', 'p:{id}');
SELECT relation, rule, key FROM uncache.explain('INSERT INTO p VALUES (1)');
SELECT relation, rule, key FROM uncache.explain('TRUNCATE p');
SELECT count(*) FROM uncache.journal;
