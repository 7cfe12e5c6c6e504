-- What logical replication applies counts as well.
\set test replication
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

\set publisher :database _publisher
SET client_min_messages = warning;
DROP DATABASE IF EXISTS :publisher;
CREATE DATABASE :publisher TEMPLATE template0;
\connect :publisher
CREATE TABLE t (id int PRIMARY KEY, day timestamptz);
CREATE TABLE child (id int, region text);
ALTER TABLE child REPLICA IDENTITY FULL;
CREATE PUBLICATION p FOR TABLE t, child;
SELECT slot_name FROM pg_create_logical_replication_slot('uncache_regress', 'pgoutput');

\connect :database
CREATE TABLE t (id int PRIMARY KEY, day timestamptz);
CREATE TABLE child (id int, region text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE child_eu PARTITION OF child FOR VALUES IN ('eu');
CREATE TABLE child_us PARTITION OF child FOR VALUES IN ('us');
CREATE FUNCTION label(timestamptz) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
SELECT uncache.watch('t', 't:{id}:{day}:{public.label(day)}');
-- a query sees what has been applied, as the table's owner
SELECT uncache.watch('t', query => ARRAY[$$SELECT 'api://q:' || {id} || ' of ' || count(*) FROM public.t$$]);
SELECT uncache.watch('child', 'child:{region}:{id}');
-- a plain trigger does not fire there
CREATE TRIGGER plain AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION uncache.keys('plain:{id}');
DO $$
BEGIN
	EXECUTE format($q$CREATE SUBSCRIPTION s CONNECTION 'host=%s port=%s user=postgres dbname=%s' PUBLICATION p
		WITH (create_slot = false, slot_name = uncache_regress, copy_data = false)$q$,
		current_setting('unix_socket_directories'), current_setting('port'), current_database() || '_publisher');
END
$$;
-- Waits until a number of keys is there.
CREATE PROCEDURE await_keys(count int) LANGUAGE plpgsql AS $$
DECLARE
	deadline timestamptz := clock_timestamp() + interval '20 s';
BEGIN
	WHILE (SELECT coalesce(sum(cardinality(keys)), 0) < count FROM uncache.journal) LOOP
		IF clock_timestamp() > deadline THEN
			RAISE EXCEPTION 'nothing is applied';
		END IF;
		PERFORM pg_sleep(0.01);
	END LOOP;
END
$$;

\connect :publisher
SET timezone = 'Asia/Kathmandu';
INSERT INTO t VALUES (1, '2024-02-29 00:00+00'), (2, NULL);
UPDATE t SET id = 3 WHERE id = 2;
DELETE FROM t WHERE id = 3;
INSERT INTO child VALUES (1, 'eu');
UPDATE child SET region = 'us';
TRUNCATE t;
\connect :database
CALL await_keys(15);
SELECT * FROM journalled();

ALTER SUBSCRIPTION s DISABLE;
ALTER SUBSCRIPTION s SET (slot_name = NONE);
DROP SUBSCRIPTION s;
\connect :publisher
DO $$
BEGIN
	WHILE (SELECT active FROM pg_replication_slots WHERE slot_name = 'uncache_regress') LOOP
		PERFORM pg_sleep(0.01);
	END LOOP;
	PERFORM pg_drop_replication_slot('uncache_regress');
END
$$;
