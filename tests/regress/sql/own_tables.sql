-- Whatever is done to the extension's tables: a write succeeds, and its key is journalled, or every target resyncs.
\set test own_tables
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
-- who is kept from nothing by event triggers; with them: test follow
ALTER EVENT TRIGGER uncache_clear_way DISABLE;
ALTER EVENT TRIGGER uncache_follow_command DISABLE;

CREATE TABLE item (id int PRIMARY KEY);
SELECT uncache.watch('item', 'item:{id}');
CREATE SEQUENCE id;
SELECT count(*) FROM uncache.attach('default');

-- Fetches all that is new for a target, and acknowledges it.
CREATE FUNCTION consume(target text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	r record;
	start text := (SELECT c.cursor FROM uncache.consumers c WHERE c.target = consume.target);
BEGIN
	FOR r IN SELECT f.next_cursor, f.action, f.keys FROM uncache.fetch(target, start, 1000000, false) f LOOP
		IF r.next_cursor IS NOT NULL THEN
			PERFORM uncache.ack(target, r.next_cursor);
		ELSE
			RETURN NEXT r.action || CASE WHEN r.keys <> '{""}' THEN ' ' || array_to_string(r.keys, ' ') ELSE '' END;
		END IF;
	END LOOP;
END
$$;
-- What a committed write comes to while something is done to a table, in this session and in one that begins.
CREATE PROCEDURE try(command text, undo text DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
	seen text;
BEGIN
	EXECUTE command;
	COMMIT;
	INSERT INTO item VALUES (nextval('id'));
	COMMIT;
	IF undo IS NOT NULL THEN
		EXECUTE undo;
		COMMIT;
	END IF;
	SELECT string_agg(regexp_replace(c, '\d+', 'N', 'g'), ', ') INTO seen FROM consume('default') c;
	RAISE NOTICE '%: %', command, seen;
	COMMIT;
END
$$;
\set VERBOSITY terse
SET client_min_messages = notice;

-- nothing that matters
CALL try('ALTER TABLE uncache.journal ADD COLUMN more text', 'ALTER TABLE uncache.journal DROP COLUMN more');
CALL try('ALTER TABLE uncache.journal ADD COLUMN more int DEFAULT 7');
CALL try('ALTER TABLE uncache.journal ADD COLUMN last point, DROP COLUMN more');
CALL try('ALTER TABLE uncache.consumers ADD COLUMN a text, ADD COLUMN b text, ADD COLUMN c int NOT NULL DEFAULT 1');
CALL try('ALTER TABLE uncache.consumers DROP COLUMN b');
CALL try('ALTER TABLE uncache.markers ADD COLUMN a text');
CALL try('ALTER TABLE uncache.gaps ADD COLUMN a text');
CALL try('ALTER TABLE uncache.journal ADD CHECK (part < 0) NOT VALID');
CALL try('CREATE TRIGGER t BEFORE INSERT ON uncache.journal_1 FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()');
CALL try('CREATE RULE r AS ON INSERT TO uncache.journal_1 DO INSTEAD NOTHING');
CALL try('ALTER TABLE uncache.journal_1 ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY');
CALL try('ALTER TABLE uncache.journal ALTER COLUMN keys SET STORAGE EXTENDED');
CALL try('ALTER TABLE uncache.journal ALTER COLUMN target SET STORAGE PLAIN, ALTER COLUMN keys SET STORAGE EXTERNAL');
CALL try('ALTER TABLE uncache.journal ALTER COLUMN xid SET STATISTICS 1000, ALTER COLUMN keys DROP NOT NULL, SET (fillfactor = 50)');
CALL try('CREATE STATISTICS uncache.s ON target, action FROM uncache.journal');
CALL try('ALTER TABLE uncache.journal_1 SET UNLOGGED', 'ALTER TABLE uncache.journal_1 SET LOGGED');
CALL try('CREATE INDEX i ON uncache.journal_1 (target, at DESC) INCLUDE (action, last)');
CALL try('REINDEX TABLE uncache.journal_1');
CALL try('ALTER INDEX uncache.journal_1_xid_part_idx RENAME TO anything');
CALL try('CLUSTER uncache.journal_1 USING anything');
CALL try('ALTER TABLE uncache.consumers DROP CONSTRAINT consumers_pkey');
CALL try('ALTER TABLE uncache.journal_1 OWNER TO CURRENT_USER');
CALL try('CREATE TABLE child () INHERITS (uncache.journal)', 'DROP TABLE child');
-- commands that no procedure may contain
\set VERBOSITY default
INSERT INTO item VALUES (nextval('id'));
VACUUM FULL uncache.journal_1;
VACUUM FULL uncache.consumers;
INSERT INTO item VALUES (nextval('id'));
REINDEX INDEX CONCURRENTLY uncache.anything;
CREATE INDEX CONCURRENTLY j ON uncache.journal_1 (action);
INSERT INTO item VALUES (nextval('id'));
DROP INDEX CONCURRENTLY uncache.j;
INSERT INTO item VALUES (nextval('id'));
SELECT count(*), count(*) FILTER (WHERE c LIKE 'keys item:%') AS keys FROM consume('default') c;
-- every index has every row
SET enable_seqscan = off;
SELECT count(*) > 0, count(*) = (SELECT count(*) FROM uncache.journal WHERE xid >= '0') AS are_equal FROM uncache.journal WHERE target = 'default' AND at IS NOT NULL;
RESET enable_seqscan;

-- what a writer cannot fill in, or what could fail: a warning for each backend, and a resync
INSERT INTO item VALUES (nextval('id'));
SELECT count(*) FROM consume('default');
CREATE INDEX x ON uncache.journal_1 ((keys[1]));
INSERT INTO item VALUES (nextval('id'));
INSERT INTO item VALUES (nextval('id')), (nextval('id'));
SELECT count(*), count(DISTINCT xid) AS transactions, min(reason) FROM uncache.gaps;
SELECT target, state, regexp_replace(resync_reason, 'since .* could', 'since … could') FROM uncache.status ORDER BY 1;
SELECT uncache.wait('0');
SELECT * FROM consume('default');
-- once only
SELECT * FROM consume('default');
SELECT * FROM consume('default');
SELECT resync_reason FROM uncache.status WHERE target = 'default';
DROP INDEX uncache.x;
INSERT INTO item VALUES (-1);
SELECT * FROM consume('default');
-- the other target is asked by itself
SELECT count(*) FROM uncache.attach('api');
SELECT * FROM consume('api');
SELECT * FROM consume('api');
SELECT uncache.wait('0');
\set VERBOSITY terse
CALL try('CREATE INDEX x ON uncache.journal_1 (xid) WHERE part > 0', 'DROP INDEX uncache.x');
CALL try('CREATE INDEX x ON uncache.journal_1 (keys)', 'DROP INDEX uncache.x');
CALL try('CREATE INDEX x ON uncache.journal_1 (xid) INCLUDE (keys)', 'DROP INDEX uncache.x');
CALL try('CREATE INDEX x ON uncache.journal_1 USING gin (keys)', 'DROP INDEX uncache.x');
CALL try('CREATE UNIQUE INDEX x ON uncache.journal_1 (xid, part)', 'DROP INDEX uncache.x');
CALL try('ALTER TABLE uncache.journal_1 ADD EXCLUDE (xid WITH =, part WITH =)', 'ALTER TABLE uncache.journal_1 DROP CONSTRAINT journal_1_xid_part_excl');
CALL try('ALTER TABLE uncache.journal ADD COLUMN strict int NOT NULL DEFAULT 1', 'ALTER TABLE uncache.journal DROP COLUMN strict');
CALL try('ALTER TABLE uncache.journal ALTER COLUMN keys SET STORAGE PLAIN', 'ALTER TABLE uncache.journal ALTER COLUMN keys SET STORAGE EXTERNAL');
CALL try('ALTER TABLE uncache.journal RENAME COLUMN keys TO other', 'ALTER TABLE uncache.journal RENAME COLUMN other TO keys');
CALL try('ALTER TABLE uncache.consumers ALTER COLUMN barrier TYPE bigint USING NULL', 'ALTER TABLE uncache.consumers ALTER COLUMN barrier TYPE xid8 USING NULL');
CALL try('ALTER TABLE uncache.journal_1 RENAME TO other', 'ALTER TABLE uncache.other RENAME TO journal_1');
CALL try('ALTER EXTENSION uncache DROP TABLE uncache.journal_1', 'ALTER EXTENSION uncache ADD TABLE uncache.journal_1');
CALL try('ALTER TABLE uncache.consumers RENAME COLUMN lost_at TO other', 'ALTER TABLE uncache.consumers RENAME COLUMN other TO lost_at');
CALL try('ALTER TABLE uncache.consumers RENAME TO other', 'ALTER TABLE uncache.other RENAME TO consumers');
CALL try('ALTER TABLE uncache.consumers SET UNLOGGED', 'ALTER TABLE uncache.consumers SET LOGGED');
CALL try('ALTER TABLE uncache.journal_1 SET SCHEMA public', 'ALTER TABLE public.journal_1 SET SCHEMA uncache');
-- no index to look up by: nothing is fetched, and nothing is lost
CALL try('DROP INDEX uncache.anything', 'CREATE INDEX anything ON uncache.journal_1 (xid, part)');
DROP INDEX uncache.anything;
\set VERBOSITY default
SELECT * FROM consume('default');
SELECT uncache.attach('default');
CREATE INDEX journal_1_xid_part_idx ON uncache.journal_1 (xid, part);
SELECT * FROM consume('default');
-- who reads is told what is wrong
ALTER TABLE uncache.journal RENAME COLUMN at TO moment;
INSERT INTO item VALUES (nextval('id'));
SELECT * FROM consume('default');
SELECT state FROM uncache.attach('default');
ALTER TABLE uncache.journal RENAME COLUMN moment TO at;
ALTER TABLE uncache.markers SET LOGGED;
SELECT * FROM uncache.attach('default');
ALTER TABLE uncache.markers SET UNLOGGED;
SELECT state FROM uncache.attach('default');
SELECT * FROM consume('default');
-- a savepoint that is rolled back, and one that is not
CREATE INDEX x ON uncache.journal_1 ((keys[1]));
BEGIN;
SAVEPOINT a;
INSERT INTO item VALUES (nextval('id'));
ROLLBACK TO a;
COMMIT;
SELECT * FROM consume('default');
BEGIN;
INSERT INTO item VALUES (nextval('id'));
ROLLBACK;
SELECT * FROM consume('default');
-- written early; prepared
SET uncache.pending_limit = '64kB';
BEGIN;
INSERT INTO item SELECT nextval('id') FROM generate_series(1, 5000);
ROLLBACK;
BEGIN;
INSERT INTO item SELECT nextval('id') FROM generate_series(1, 5000);
PREPARE TRANSACTION 'gap';
SELECT * FROM consume('default');
COMMIT PREPARED 'gap';
SELECT count(*) FROM uncache.gaps;
SELECT * FROM consume('default');
DROP INDEX uncache.x;
-- gaps are trimmed like the journal, when everybody is past them
SET uncache.retention = 0;
SELECT uncache.trim() >= 0;
SELECT count(*) > 0 AS waits_for_api FROM uncache.gaps;
SELECT count(*) > 0 FROM consume('api');
SELECT count(*) FROM uncache.attach('default');
SELECT count(*) FROM consume('default');
SELECT pg_sleep(1.1);
SELECT uncache.trim() >= 0;
SELECT count(*) FROM uncache.gaps;
RESET uncache.retention;
-- when not even a gap can be left, the write goes on and every commit warns
ALTER TABLE uncache.gaps RENAME TO no_gaps;
ALTER TABLE uncache.journal ADD COLUMN strict int NOT NULL DEFAULT 1;
INSERT INTO item VALUES (nextval('id'));
INSERT INTO item VALUES (nextval('id'));
ALTER TABLE uncache.journal DROP COLUMN strict;
INSERT INTO item VALUES (-2);
SELECT * FROM consume('default');
ALTER TABLE uncache.no_gaps RENAME TO gaps;
SELECT c AS "nothing but the key" FROM consume('default') c;
-- the extension's schema by another name: its tables are found
DO $$
DECLARE
	t name;
BEGIN
	FOR t IN SELECT evtname FROM pg_event_trigger LOOP
		EXECUTE format('ALTER EVENT TRIGGER %I DISABLE', t);
	END LOOP;
END
$$;
ALTER SCHEMA uncache RENAME TO other;
INSERT INTO item VALUES (-10);
ALTER TABLE other.journal ADD COLUMN strict int NOT NULL DEFAULT 1;
INSERT INTO item VALUES (-11);
ALTER TABLE other.journal DROP COLUMN strict;
ALTER SCHEMA other RENAME TO uncache;
SELECT * FROM consume('default');
-- gone altogether
DROP TABLE uncache.journal CASCADE;
DROP EXTENSION uncache;
DROP EXTENSION uncache CASCADE;
INSERT INTO item VALUES (nextval('id'));
