-- What follows DDL takes no memory for each argument of each rule.
\set test memory_arguments
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
CREATE TYPE ty AS (id int, v text);
CREATE TABLE typed OF ty;
DO $$
DECLARE
	arguments text := (SELECT string_agg('''{v}''', ',') FROM generate_series(1, 32767));
BEGIN
	FOR i IN 1..4 LOOP
		EXECUTE format('CREATE TRIGGER r%s AFTER INSERT ON typed FOR EACH ROW EXECUTE FUNCTION uncache.keys(%s)', i, arguments);
	END LOOP;
END
$$;
\c -
SELECT pg_backend_pid() AS pid \gset
\setenv PID :pid
ALTER TYPE ty RENAME ATTRIBUTE v TO w CASCADE;
\! awk '/VmHWM/ { print ($2 < 150000 ? "flat" : $2 " kB") }' /proc/$PID/status
DROP TABLE typed;
DROP TYPE ty;

\connect template1
SET client_min_messages = warning;
DROP DATABASE :database;
