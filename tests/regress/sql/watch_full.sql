-- watch() in full: every action, columns, what is kept, replaced and removed.
\set test watch_full
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE t (id int, a text, b text, "C d" text, g text GENERATED ALWAYS AS (a || '!') STORED);
CREATE FUNCTION trigger_ids() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(oid::text, ' ' ORDER BY tgrelid, tgname) FROM pg_trigger WHERE tgfoid IN (SELECT oid FROM pg_proc WHERE pronamespace = 'uncache'::regnamespace)
$$;
CREATE VIEW shown AS SELECT relation, rule, templates, events, columns FROM uncache.rules ORDER BY relation::text, rule;

-- case 1: all actions at once
SELECT uncache.watch('t', keys => ARRAY['k:{id}'], patterns => ARRAY['p:{a}*'], tags => ARRAY['t:{a}'], versions => ARRAY['v:{b}'], query => ARRAY[$$SELECT 'q:' || {id}$$, 'q*']);
TABLE shown;
-- case 2: again: nothing is touched
SELECT trigger_ids() AS before \gset
SELECT uncache.watch('t', keys => ARRAY['k:{id}'], patterns => ARRAY['p:{a}*'], tags => ARRAY['t:{a}'], versions => ARRAY['v:{b}'], query => ARRAY[$$SELECT 'q:' || {id}$$, 'q*']);
SELECT uncache.watch('t', 'k:{id}');
SELECT uncache.watch('t', versions => ARRAY['v:{b}']);
SELECT trigger_ids() = :'before' AS is_untouched;
-- case 3: one action is replaced, one removed, the others are kept
SELECT uncache.watch('t', patterns => ARRAY['other*'], tags => '{}');
SELECT rule, templates FROM shown;
-- case 4: an empty array removes what is not there; nothing at all is an error
SELECT uncache.watch('t', tags => '{}', query => '{}', patterns => '{}', versions => '{}');
SELECT rule FROM shown;
SELECT uncache.watch('t');
SELECT uncache.watch('t', columns => ARRAY['a']);
SELECT uncache.watch(NULL, keys => ARRAY['k']);
SELECT uncache.watch('t', NULL);
SELECT uncache.watch('t', keys => NULL);
SELECT uncache.watch('t', keys => ARRAY['k', NULL]);
SELECT uncache.watch('t', keys => ARRAY['k', '']);
-- case 5: one that is wrong takes all of the call with it
SELECT uncache.watch('t', keys => ARRAY['new:{id}'], versions => ARRAY['v:{nix}']);
SELECT templates FROM shown;

-- case 6: columns: an UPDATE of others does not count; INSERT and DELETE do
SELECT uncache.watch('t', keys => ARRAY['k:{id}'], columns => ARRAY['a']);
TABLE shown;
INSERT INTO t VALUES (1, 'a', 'b');
SELECT key FROM journalled();
UPDATE t SET b = 'c';
SELECT key FROM journalled();
UPDATE t SET a = 'c', b = 'd';
SELECT key FROM journalled();
-- case 7: the columns that make the key are added: a changed key is never missed
UPDATE t SET id = 2;
SELECT key FROM journalled();
DELETE FROM t;
TRUNCATE t;
SELECT action, key FROM journalled();
-- case 8: again the same, in another order, twice, with those that are added anyway: nothing is touched
SELECT uncache.watch('t', keys => ARRAY['k:{id}:{lower(b)}'], columns => ARRAY['a', 'C d']);
SELECT columns FROM shown WHERE rule = 'uncache_keys';
SELECT trigger_ids() AS before \gset
SELECT uncache.watch('t', keys => ARRAY['k:{id}:{lower(b)}'], columns => ARRAY['C d', 'a', 'a', 'id']);
SELECT trigger_ids() = :'before' AS is_untouched;
-- case 9: without columns: replaced by a rule without them
SELECT uncache.watch('t', 'k:{id}:{lower(b)}');
SELECT columns FROM shown WHERE rule = 'uncache_keys';
SELECT uncache.watch('t', keys => ARRAY['k:{id}'], columns => '{}');
SELECT columns FROM shown WHERE rule = 'uncache_keys';
-- case 10: for all the actions of the call
SELECT uncache.watch('t', tags => ARRAY['t:{b}'], query => ARRAY[$$SELECT 'q:' || {"C d"} || {id + 1}$$, 'q:{a}'], columns => ARRAY['a']);
SELECT rule, columns FROM shown;
-- case 11: a generated column changes with what it is made of
SELECT uncache.watch('t', tags => '{}', query => '{}', keys => ARRAY['k:{g}'], columns => ARRAY['g']);
SELECT rule, columns FROM shown;
INSERT INTO t VALUES (1, 'a', 'b');
UPDATE t SET a = 'z';
SELECT key FROM journalled();
UPDATE t SET b = 'z';
SELECT key FROM journalled();
-- in whatever way that is set
CREATE UNIQUE INDEX t_id ON t (id);
INSERT INTO t VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET a = 'y';
SELECT key FROM journalled();
CREATE VIEW tv AS SELECT id, a AS seen FROM t;
UPDATE tv SET seen = 'w';
SELECT key FROM journalled();
DROP VIEW tv;
DROP INDEX t_id;
CREATE TABLE parts (a text, n int, g text GENERATED ALWAYS AS (a || '!') STORED) PARTITION BY LIST (n);
CREATE TABLE part (g text GENERATED ALWAYS AS (a || '!') STORED, n int, a text);
ALTER TABLE parts ATTACH PARTITION part FOR VALUES IN (1);
SELECT uncache.watch('parts', keys => ARRAY['p:{g}'], columns => ARRAY['g']);
INSERT INTO parts VALUES ('a', 1);
UPDATE parts SET a = 'b';
SELECT key FROM journalled();
DROP TABLE parts;
DELETE FROM uncache.journal;
-- case 12: the whole row, and columns that are added later
SELECT uncache.watch('t', keys => ARRAY['k:{md5(t::text)}'], columns => ARRAY['a']);
SELECT rule, columns FROM shown;
ALTER TABLE t ADD later int;
DELETE FROM uncache.journal;
UPDATE t SET later = 1;
SELECT count(*) FROM journalled();
-- case 13: all columns by name are no restriction
SELECT uncache.watch('t', keys => ARRAY['k:{id}'], columns => ARRAY['a', 'b', 'C d', 'g', 'later']);
SELECT columns FROM shown WHERE rule = 'uncache_keys';
SELECT trigger_ids() AS before \gset
SELECT uncache.watch('t', keys => ARRAY['k:{id}'], columns => ARRAY['a', 'b', 'C d', 'g', 'later']);
SELECT trigger_ids() = :'before' AS is_untouched;
-- case 14: columns that are not there
SELECT uncache.watch('t', keys => ARRAY['k:{id}'], columns => ARRAY['a', 'nix']);
SELECT uncache.watch('t', keys => ARRAY['k:{id}'], columns => ARRAY['c d']);
SELECT uncache.watch('t', keys => ARRAY['k:{id}'], columns => ARRAY['ctid']);
SELECT uncache.watch('t', keys => ARRAY['k:{id}'], columns => ARRAY[NULL]::name[]);
ALTER TABLE t DROP later;
SELECT uncache.watch('t', keys => ARRAY['k:{id}'], columns => ARRAY['later']);
SELECT uncache.watch('t', keys => ARRAY['k:{id}'], columns => ARRAY['........pg.dropped.6........']);
SELECT columns FROM shown WHERE rule = 'uncache_keys';
-- case 15: a system column in a template
SELECT uncache.watch('t', keys => ARRAY['k:{tableoid::pg_catalog.regclass}'], columns => ARRAY['a']);
DELETE FROM uncache.journal;
UPDATE t SET a = 'y';
SELECT key FROM journalled();
SELECT uncache.watch('t', keys => ARRAY['k:{ctid}']);
-- case 16: an upsert and MERGE name columns as UPDATE does
CREATE UNIQUE INDEX ON t (id);
SELECT uncache.watch('t', keys => ARRAY['k:{id}'], columns => ARRAY['b']);
INSERT INTO t VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET a = 'up';
SELECT key FROM journalled();
INSERT INTO t VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET b = 'up';
SELECT key FROM journalled();
MERGE INTO t USING (VALUES (1)) s(x) ON t.id = s.x WHEN MATCHED THEN UPDATE SET a = 'm';
SELECT key FROM journalled();
MERGE INTO t USING (VALUES (1)) s(x) ON t.id = s.x WHEN MATCHED THEN UPDATE SET b = 'm';
SELECT key FROM journalled();

-- what a BEFORE trigger changes is no column of the UPDATE: a warning
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.b := 'touched'; RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
SELECT uncache.watch('t', keys => ARRAY['k:{b}'], columns => ARRAY['b']);
UPDATE t SET a = 'x';
SELECT key FROM journalled();
SELECT uncache.watch('t', keys => ARRAY['k:{b}']);
UPDATE t SET a = 'y', b = 'z';
SELECT key FROM journalled();
DROP TRIGGER touch ON t;
CREATE TRIGGER touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch();
SELECT uncache.watch('t', keys => ARRAY['k:{b}'], columns => ARRAY['b']);

-- case 17: calls that may be read in two ways
CREATE TABLE u (id int);
SELECT uncache.watch('u', 'u:{id}');
SELECT uncache.watch('u', 'u:{id}', 'w:{id}');
SELECT templates FROM shown WHERE rule = 'uncache_keys' AND relation = 'u'::regclass;
SELECT uncache.watch('u', VARIADIC ARRAY['u:{id}']);
SELECT uncache.watch('u', VARIADIC keys => ARRAY['w:{id}']);
SELECT uncache.watch('u', keys => ARRAY['u:{id}']);
SELECT templates FROM shown WHERE rule = 'uncache_keys' AND relation = 'u'::regclass;
SELECT uncache.watch('u', ARRAY['x:{id}']);
SELECT uncache.watch('u', ARRAY['id'], ARRAY['x:{id}']);
SELECT uncache.watch(relation => 'u', keys => ARRAY['x:{id}']);
SELECT uncache.watch('u', VARIADIC '{}');
SELECT rule, templates, columns FROM shown WHERE relation = 'u'::regclass;
DROP TABLE u;

-- case 18: partitions, for every action: rows are inherited, TRUNCATE is covered, now and later
CREATE TABLE p (id int, v text, w text) PARTITION BY LIST (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
SELECT uncache.watch('p', keys => ARRAY['k:{id}'], patterns => ARRAY['p:{id}*'], tags => ARRAY['t:{id}'], versions => ARRAY['v:{id}'], query => ARRAY[$$SELECT 'q:' || {id}$$], columns => ARRAY['v']);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
SELECT relation, rule, columns FROM shown WHERE relation::text LIKE 'p%';
INSERT INTO p VALUES (2, 'x');
SELECT action, key FROM journalled();
UPDATE p SET w = 'x';
SELECT action, key FROM journalled();
UPDATE p2 SET v = 'y';
SELECT action, key FROM journalled();
TRUNCATE p2;
SELECT action, key FROM journalled();
-- case 19: again: nothing is touched
SELECT trigger_ids() AS before \gset
SELECT uncache.watch('p', keys => ARRAY['k:{id}'], patterns => ARRAY['p:{id}*'], tags => ARRAY['t:{id}'], versions => ARRAY['v:{id}'], query => ARRAY[$$SELECT 'q:' || {id}$$], columns => ARRAY['v']);
SELECT trigger_ids() = :'before' AS is_untouched;
-- case 20: replaced and removed on all of them
SELECT uncache.watch('p', keys => ARRAY['new:{id}'], patterns => '{}', query => '{}');
SELECT relation, rule, templates FROM shown WHERE relation::text LIKE 'p%';
-- case 21: a partition by itself
SELECT uncache.watch('p1', tags => ARRAY['own:{id}']);
SELECT uncache.watch('p1', patterns => ARRAY['own:{id}*']);
INSERT INTO p VALUES (1, 'x');
SELECT action, key FROM journalled();
-- case 22: unwatch leaves a partition what it has of its own, TRUNCATE included
SELECT uncache.unwatch('p');
SELECT relation, rule FROM shown WHERE relation::text LIKE 'p%';
TRUNCATE p1;
SELECT action, key FROM journalled();
SELECT uncache.unwatch('p1');
SELECT relation, rule FROM shown WHERE relation::text LIKE 'p%';

-- case 23: an author: his own tables, of others only what TRIGGER lets him, and nothing without the grant
SET client_min_messages = warning;
CREATE ROLE regress_uncache_w_author;
RESET client_min_messages;
CREATE SCHEMA mine AUTHORIZATION regress_uncache_w_author;
SET ROLE regress_uncache_w_author;
CREATE TABLE mine.t (id int) PARTITION BY LIST (id);
SELECT uncache.watch('mine.t', tags => ARRAY['t:{id}']);
RESET ROLE;
SELECT uncache.grant_author('regress_uncache_w_author');
SET ROLE regress_uncache_w_author;
SELECT uncache.watch('mine.t', keys => ARRAY['k:{id}'], patterns => ARRAY['p:{id}*'], tags => ARRAY['t:{id}'], versions => ARRAY['v:{id}'], query => ARRAY[$$SELECT 'q:' || {id}$$], columns => ARRAY['id']);
SELECT uncache.watch('t', tags => ARRAY['t:{id}']);
CREATE TABLE mine.t1 PARTITION OF mine.t FOR VALUES IN (1);
INSERT INTO mine.t VALUES (1);
SELECT relation, count(*) FROM uncache.rules WHERE relation::text LIKE 'mine%' GROUP BY 1 ORDER BY 1;
RESET ROLE;
SELECT action, key FROM journalled();
-- case 24: a superuser watches somebody's partitioned table: the owner goes on adding partitions, of every action
CREATE TABLE theirs (id int) PARTITION BY LIST (id);
SET client_min_messages = warning;
CREATE ROLE regress_uncache_w_owner;
RESET client_min_messages;
GRANT ALL ON SCHEMA public TO regress_uncache_w_owner;
ALTER TABLE theirs OWNER TO regress_uncache_w_owner;
SELECT uncache.watch('theirs', keys => ARRAY['k:{id}'], patterns => ARRAY['p:{id}*'], tags => ARRAY['t:{id}'], versions => ARRAY['v:{id}'], query => ARRAY[$$SELECT 'q:' || {id}$$]);
SET ROLE regress_uncache_w_owner;
CREATE TABLE theirs1 PARTITION OF theirs FOR VALUES IN (1);
INSERT INTO theirs VALUES (1);
TRUNCATE theirs1;
SELECT uncache.watch('theirs', 'mine now');
RESET ROLE;
SELECT action, key FROM journalled();
DROP TABLE theirs;
DROP SCHEMA mine CASCADE;
DROP OWNED BY regress_uncache_w_author, regress_uncache_w_owner;
DROP ROLE regress_uncache_w_author, regress_uncache_w_owner;
