-- What a role tries that should not: each case is denied or harmless, and the
-- neighbour's change is journalled behind it, with nothing else beside it.
\set test abuse
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
\t on
\a

SET client_min_messages = warning;
CREATE ROLE regress_uncache_mallory;
CREATE ROLE regress_uncache_alice;
CREATE ROLE regress_uncache_eve;
RESET client_min_messages;
-- alice owns a table with rules, into which mallory may write
SELECT uncache.grant_author('regress_uncache_alice');
CREATE SCHEMA alice AUTHORIZATION regress_uncache_alice;
GRANT USAGE ON SCHEMA alice TO PUBLIC;
SET ROLE regress_uncache_alice;
CREATE TABLE alice.page (id int PRIMARY KEY, v text);
CREATE TABLE alice.open (v text);
SELECT uncache.watch('alice.page', 'page:{id}');
SELECT uncache.watch('alice.open', 'open:{v}', '{lower(v)}');
INSERT INTO alice.page VALUES (1, 'a');
GRANT INSERT, UPDATE, DELETE, SELECT ON alice.open TO PUBLIC;
RESET ROLE;
-- mallory has a schema, and USAGE on uncache, so that it is not that which is denied
CREATE SCHEMA mallory AUTHORIZATION regress_uncache_mallory;
GRANT USAGE ON SCHEMA uncache, uncache_internal TO regress_uncache_mallory;
SELECT * FROM public.journalled();
\set neighbour 'RESET ROLE; SET ROLE regress_uncache_alice; UPDATE alice.page SET v = v; RESET ROLE; SELECT * FROM public.journalled(); SET ROLE regress_uncache_mallory;'
SET ROLE regress_uncache_mallory;

-- case 1: a forged doorbell: anybody may NOTIFY, and nothing is read from it
NOTIFY "uncache_default", E'{"target":"api","keys":["*"]}\r\nFLUSHALL';
:neighbour
-- case 2: a payload as long as may be
SELECT pg_notify('uncache_default', repeat('x', 7999));
:neighbour
-- case 3: listening tells nothing but that somebody wrote
LISTEN "uncache_default";
:neighbour
UNLISTEN *;
-- case 4: a forged journal row
INSERT INTO uncache.journal VALUES ('1', 0, now(), 'default', 'patterns', '{*}');
:neighbour
-- case 5: by COPY
COPY uncache.journal FROM stdin;
\.
:neighbour
-- case 6: taking rows away
DELETE FROM uncache.journal;
TRUNCATE uncache.journal;
:neighbour
-- case 7: changing them
UPDATE uncache.journal SET target = 'api';
:neighbour
-- case 8: reading them
SELECT * FROM uncache.journal;
COPY uncache.journal TO stdout;
:neighbour
-- case 9: locking the tables that a writer writes
BEGIN;
LOCK TABLE uncache.journal IN ACCESS SHARE MODE;
ROLLBACK;
BEGIN;
LOCK TABLE uncache.consumers IN ACCESS EXCLUSIVE MODE;
ROLLBACK;
:neighbour
-- case 10: moving a cursor
UPDATE uncache.consumers SET cursor = '900000000000:900000000000:';
SELECT uncache.ack('default', '900000000000:900000000000:');
:neighbour
-- case 11: removing consumers, so that nothing is journalled
DELETE FROM uncache.consumers;
SELECT uncache.drop_consumer('default');
:neighbour
-- case 12: registering a consumer, so that the journal grows
SELECT uncache.attach('mallory');
INSERT INTO uncache.consumers (target) VALUES ('mallory');
:neighbour
-- case 13: taking a consumer's place
SELECT uncache.attach('default');
SELECT uncache_internal.lock_consumer(1);
:neighbour
-- case 14: reading what others change, by way of the daemon's functions
SELECT * FROM uncache.fetch('default', '1:1:', 1000000, false);
SELECT * FROM uncache.resync_keys('default');
SELECT * FROM uncache.status;
SELECT * FROM uncache.rules;
:neighbour
-- case 15: arming the doorbell, so that every writer rings
SELECT * FROM uncache.fetch('default', '1:1:', 1, true);
:neighbour
-- case 16: pretending that a resync is done, or that nothing crashed
SELECT uncache.resynced('default');
INSERT INTO uncache.markers VALUES (1);
TRUNCATE uncache.markers;
:neighbour
-- case 17: trimming what is retained; declaring others lost
SELECT uncache.trim();
SELECT uncache_internal.declare_lost();
:neighbour
-- case 18: advisory locks with the numbers of the extension's: the classes are out of reach
SELECT count(pg_advisory_lock(n)), count(pg_advisory_lock(0, n)), count(pg_advisory_lock_shared(n, 0)) FROM generate_series(0, 10) n;
SELECT count(pg_advisory_lock(class, n)) FROM generate_series(7501, 7504) class, generate_series(0, 10) n;
:neighbour
-- case 19: releasing all that one holds, and more
SELECT pg_advisory_unlock_all();
RESET ROLE;
SELECT state FROM uncache.attach('default');
SET ROLE regress_uncache_mallory;
:neighbour
-- case 20: invalidating by hand
SELECT uncache.invalidate('page:1');
SELECT uncache.invalidate_pattern('*');
SELECT uncache.invalidate_table('alice.page');
SELECT uncache.invalidate_all();
:neighbour
-- case 21: a trigger function on a table of one's own
CREATE TABLE mallory.own (id int);
CREATE TRIGGER t AFTER INSERT ON mallory.own FOR EACH ROW EXECUTE FUNCTION uncache.keys('page:{id}');
CREATE TRIGGER t AFTER TRUNCATE ON mallory.own EXECUTE FUNCTION uncache.patterns('*');
:neighbour
-- case 22: calling one
SELECT uncache.keys();
:neighbour
-- case 23: rules for one's own table, and for another's
SELECT uncache.watch('mallory.own', 'page:{id}');
SELECT uncache.watch('alice.page', 'nothing');
SELECT uncache.unwatch('alice.page');
SELECT uncache.put_trigger('mallory.own', 't', 'keys', 'INSERT', NULL, '{x}');
:neighbour
-- case 24: another's triggers
DROP TRIGGER uncache_keys ON alice.page;
ALTER TABLE alice.page DISABLE TRIGGER ALL;
ALTER TABLE alice.open DISABLE TRIGGER USER;
:neighbour
-- case 25: not firing them
SET session_replication_role = replica;
:neighbour
-- case 26: the extension's switches
SET uncache.enabled = off;
SET uncache.max_key_bytes = 64;
SET uncache.max_lag = 1;
SET uncache.retention = 0;
:neighbour
-- case 27: the same for later
ALTER ROLE regress_uncache_mallory SET uncache.enabled = off;
ALTER DATABASE uncache_abuse SET uncache.enabled = off;
SELECT set_config('uncache.enabled', 'off', false);
:neighbour
-- case 28: the one that anybody has: the journal is written early, and the same
SET uncache.pending_limit = 64;
INSERT INTO alice.open SELECT 'x' || n FROM generate_series(1, 5000) n;
RESET ROLE;
SELECT target, action, count(*), min(key), max(key) FROM public.journalled() GROUP BY target, action;
SET ROLE regress_uncache_mallory;
RESET uncache.pending_limit;
:neighbour
-- case 29: functions in front of pg_catalog's
CREATE FUNCTION mallory.lower(text) RETURNS text LANGUAGE sql AS 'SELECT ''stolen''';
CREATE FUNCTION mallory.textout(text) RETURNS cstring LANGUAGE sql AS 'SELECT ''stolen''';
CREATE FUNCTION mallory.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS 'SELECT ''stolen''';
SET search_path = mallory, pg_catalog, alice;
INSERT INTO open VALUES ('Planted');
RESET ROLE;
SELECT * FROM public.journalled();
SET ROLE regress_uncache_mallory;
:neighbour
-- case 30: operators
CREATE FUNCTION mallory.never(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR mallory.= (LEFTARG = text, RIGHTARG = text, FUNCTION = mallory.never);
CREATE OPERATOR mallory.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = mallory.never);
UPDATE open SET v = 'Planted again' WHERE v OPERATOR(pg_catalog.=) 'Planted';
RESET ROLE;
SELECT * FROM public.journalled();
SET ROLE regress_uncache_mallory;
:neighbour
-- case 31: tables and types, temporary ones too
CREATE TABLE mallory.consumers (id int, target text);
CREATE TABLE mallory.journal (xid xid8);
CREATE TEMP TABLE consumers (id int);
CREATE TEMP TABLE pg_trigger (oid oid);
CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (false);
SET search_path = pg_temp, mallory, pg_catalog, alice;
INSERT INTO open VALUES ('Temporary'::pg_catalog.text);
RESET ROLE;
SELECT * FROM public.journalled();
SET ROLE regress_uncache_mallory;
:neighbour
RESET search_path;
DROP TABLE pg_temp.consumers, pg_temp.pg_trigger;
DROP DOMAIN pg_temp.text;
-- case 32: settings that would change how values read
SET DateStyle = 'German';
SET extra_float_digits = -15;
SET standard_conforming_strings = off;
SET quote_all_identifiers = on;
INSERT INTO alice.open VALUES ('Settings');
RESET ROLE;
SELECT * FROM public.journalled();
RESET ALL;
SET ROLE regress_uncache_mallory;
:neighbour
-- case 33: a value with the line ends of Redis' protocol: one key, byte by byte
INSERT INTO alice.open VALUES (E'x\r\nFLUSHALL\r\n');
RESET ROLE;
SELECT action, to_json(key) FROM public.journalled();
SET ROLE regress_uncache_mallory;
:neighbour
-- case 34: a value with the characters of patterns: a key, no pattern
INSERT INTO alice.open VALUES ('*'), ('[a-z]?\');
RESET ROLE;
SELECT * FROM public.journalled();
SET ROLE regress_uncache_mallory;
:neighbour
-- case 35: a value with the characters of templates: nothing is rendered twice
INSERT INTO alice.open VALUES ('{v}'), ('{{'), ('{pg_sleep(60)}');
RESET ROLE;
SELECT * FROM public.journalled();
SET ROLE regress_uncache_mallory;
:neighbour
-- case 36: a value that names a target, even at the start of the key: it goes to alice's
INSERT INTO alice.open VALUES ('api://stolen');
RESET ROLE;
SELECT * FROM public.journalled();
SET ROLE regress_uncache_mallory;
:neighbour
-- case 37: a value with zero bytes: PostgreSQL has none
INSERT INTO alice.open VALUES (E'a\x00b');
INSERT INTO alice.open VALUES (convert_from('\x6100', 'UTF8'));
:neighbour
-- case 38: bytes that are not UTF-8
INSERT INTO alice.open VALUES (E'\xff\xfe');
:neighbour
-- case 39: terminal escapes and bells
INSERT INTO alice.open VALUES (E'\x1b[2J\x07');
RESET ROLE;
SELECT action, to_json(key) FROM public.journalled();
SET ROLE regress_uncache_mallory;
:neighbour
-- case 40: a very long value: its rule's pattern
INSERT INTO alice.open VALUES (repeat('long', 100000));
RESET ROLE;
SELECT target, action, length(key), left(key, 8) AS starts FROM public.journalled();
SET ROLE regress_uncache_mallory;
:neighbour
-- case 41: an empty one, and none
INSERT INTO alice.open VALUES (''), (NULL);
RESET ROLE;
SELECT * FROM public.journalled();
SET ROLE regress_uncache_mallory;
:neighbour
-- case 42: changes that are rolled back, whole or in part
BEGIN;
INSERT INTO alice.open VALUES ('rolled back');
ROLLBACK;
BEGIN;
SAVEPOINT s;
INSERT INTO alice.open SELECT 'rolled back ' || n FROM generate_series(1, 1000) n;
ROLLBACK TO s;
COMMIT;
:neighbour
-- case 43: the extension itself
DROP EXTENSION uncache CASCADE;
ALTER EXTENSION uncache UPDATE;
ALTER EXTENSION uncache ADD TABLE mallory.own;
ALTER SCHEMA uncache RENAME TO gone;
:neighbour
-- case 44: its functions
CREATE OR REPLACE FUNCTION uncache_internal.identity() RETURNS text LANGUAGE sql AS 'SELECT ''mine''';
DROP FUNCTION uncache.keys() CASCADE;
ALTER FUNCTION uncache.trim() SECURITY INVOKER;
:neighbour
-- case 45: objects of one's own in its schema
CREATE TABLE uncache.planted (id int);
CREATE FUNCTION uncache.ack(text) RETURNS void LANGUAGE sql AS '';
:neighbour
-- case 46: children, rules, triggers, policies and references of its tables
CREATE TABLE mallory.child () INHERITS (uncache.journal);
CREATE RULE r AS ON INSERT TO uncache.journal DO INSTEAD NOTHING;
CREATE TRIGGER t BEFORE INSERT ON uncache.journal FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
ALTER TABLE uncache.journal ENABLE ROW LEVEL SECURITY;
CREATE TABLE mallory.reference (t text REFERENCES uncache.consumers);
:neighbour
-- case 47: publishing the journal
CREATE PUBLICATION stolen FOR TABLE uncache.journal;
:neighbour
-- case 48: event triggers
CREATE FUNCTION mallory.nothing() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER stolen ON ddl_command_end EXECUTE FUNCTION mallory.nothing();
:neighbour
-- case 49: privileges for oneself
SELECT uncache.grant_consumer('regress_uncache_mallory');
SELECT uncache.grant_author('regress_uncache_mallory');
GRANT EXECUTE ON FUNCTION uncache.trim() TO regress_uncache_mallory;
SET ROLE regress_uncache_alice;
:neighbour

-- eve may write rules, for tables of her own
RESET ROLE;
SELECT uncache.grant_author('regress_uncache_eve');
CREATE SCHEMA eve AUTHORIZATION regress_uncache_eve;
\set neighbour 'RESET ROLE; SET ROLE regress_uncache_alice; UPDATE alice.page SET v = v; RESET ROLE; SELECT * FROM public.journalled(); SET ROLE regress_uncache_eve;'
SET ROLE regress_uncache_eve;
CREATE TABLE eve.own (id int, v text);
GRANT ALL ON eve.own TO PUBLIC;
GRANT USAGE ON SCHEMA eve TO PUBLIC;

-- case 50: rules for others' tables, and PostgreSQL's
SELECT uncache.watch('alice.page', 'stolen');
SELECT uncache.unwatch('alice.page');
SELECT uncache.watch('pg_catalog.pg_authid', 'role:{rolname}');
SELECT uncache.watch('uncache.journal', 'loop:{xid}');
:neighbour
-- case 51: others' schemas
SELECT uncache.watch_schema('alice');
SELECT uncache.unwatch_schema('alice');
INSERT INTO uncache.schemas VALUES ('alice', '{}', 'default');
INSERT INTO uncache.schemas VALUES ('pg_catalog', '{}', 'default');
SELECT uncache_internal.put_schema('alice', '{}', 'default'), uncache_internal.remove_schema('alice');
SELECT uncache_internal.remove_schema('alice');
BEGIN;
LOCK TABLE uncache.schemas IN ROW EXCLUSIVE MODE;
ROLLBACK;
SELECT FROM uncache.schemas FOR UPDATE;
RESET ROLE;
GRANT INSERT, UPDATE, DELETE ON uncache.schemas TO regress_uncache_eve;
SET ROLE regress_uncache_eve;
INSERT INTO uncache.schemas VALUES ('alice', '{}', 'default');
INSERT INTO uncache.schemas VALUES ('eve', '{}', 'default');
UPDATE uncache.schemas SET schema = 'alice';
DELETE FROM uncache.schemas;
RESET ROLE;
REVOKE INSERT, UPDATE, DELETE ON uncache.schemas FROM regress_uncache_eve;
SET ROLE regress_uncache_eve;
:neighbour
-- case 52: what only the daemon may
SELECT uncache.attach('default');
SELECT uncache.ack('default', '1:1:');
SELECT * FROM uncache.journal;
:neighbour
-- case 53: names of targets that are none
SELECT uncache.watch('eve.own', '../../etc://x');
SELECT uncache.watch('eve.own', repeat('t', 49) || '://x');
SELECT uncache.watch_schema('eve', target => E'default";NOTIFY x;--');
:neighbour
-- case 54: an expression that raises does not fail the write of anybody
SELECT uncache.watch('eve.own', 'own:{1 / id}');
RESET ROLE;
SET ROLE regress_uncache_mallory;
INSERT INTO eve.own VALUES (0, 'zero');
SELECT count(*) FROM eve.own;
RESET ROLE;
SELECT * FROM public.journalled();
\c -
SET client_min_messages = warning;
SET ROLE regress_uncache_eve;
:neighbour
-- case 55: one that raises what looks like the server's end
CREATE FUNCTION eve.end() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION E'the end\nLOG:  all is well' USING ERRCODE = '57P01'; END $$;
SELECT uncache.watch('eve.own', 'own:{eve.end()}');
INSERT INTO eve.own VALUES (1, 'end');
RESET ROLE;
SELECT * FROM public.journalled();
SET ROLE regress_uncache_eve;
:neighbour
-- case 56: one that ends the transaction, or opens cursors and temporary tables
CREATE FUNCTION eve.odd() RETURNS text LANGUAGE plpgsql AS $$ BEGIN COMMIT; RETURN 'committed'; END $$;
SELECT uncache.watch('eve.own', 'own:{eve.odd()}');
INSERT INTO eve.own VALUES (2, 'odd');
RESET ROLE;
SELECT * FROM public.journalled();
SET ROLE regress_uncache_eve;
:neighbour
-- case 57: one that is several, or a statement
SELECT uncache.watch('eve.own', 'own:{id); DROP TABLE alice.page; --}');
SELECT uncache.watch('eve.own', 'own:{(SELECT count(*) FROM alice.page)}');
SELECT uncache.watch('eve.own', 'own:{count(*)}');
:neighbour
-- case 58: a query that writes
SELECT uncache.watch('eve.own', query => ARRAY['DELETE FROM eve.own RETURNING ''x''']);
SELECT uncache.watch('eve.own', query => ARRAY['WITH d AS (DELETE FROM eve.own RETURNING v) SELECT v FROM d']);
:neighbour
-- case 59: a query that reads what she may not: as herself, whoever writes
SELECT uncache.watch('eve.own', query => ARRAY['SELECT ''stolen:'' || v FROM alice.page']);
RESET ROLE;
INSERT INTO eve.own VALUES (3, 'superuser');
SELECT * FROM public.journalled();
SET ROLE regress_uncache_eve;
:neighbour
-- case 60: a statement to explain that is hers to run, no other
SELECT uncache.unwatch('eve.own');
SELECT * FROM uncache.explain('DROP TABLE alice.page');
SELECT * FROM uncache.explain('COMMIT');
SELECT * FROM uncache.explain('UPDATE alice.page SET v = ''explained''');
:neighbour

RESET ROLE;
SELECT v FROM alice.page;
SELECT state FROM uncache.attach('default');
\t off
\a
SET client_min_messages = warning;
DROP SCHEMA alice, mallory, eve CASCADE;
DROP OWNED BY regress_uncache_mallory, regress_uncache_alice, regress_uncache_eve;
DROP ROLE regress_uncache_mallory, regress_uncache_alice, regress_uncache_eve;
