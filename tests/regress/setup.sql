\set ECHO none
-- Gives a test, named by the variable "test", a database of its own with two
-- consumers at work, "default" and "api", and what the tests look with. Its encoding is UTF8,
-- or the variable's of that name.
\set QUIET on
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\set database uncache_ :test
DROP DATABASE IF EXISTS :database;
\if :{?encoding}
\else
\set encoding UTF8
\endif
CREATE DATABASE :database TEMPLATE template0 ENCODING :'encoding';
\connect :database
SET client_min_messages = warning;
CREATE EXTENSION uncache;

-- Registers a consumer and waits until it may work.
CREATE PROCEDURE start_consumer(target text) LANGUAGE plpgsql AS $$
DECLARE
	current_state text;
BEGIN
	LOOP
		SELECT a.state INTO current_state FROM uncache.attach(target) a;
		COMMIT;
		EXIT WHEN current_state IN ('resync', 'ready');
	END LOOP;
	PERFORM uncache.resynced(target);
END
$$;
-- After \connect: the session before may not have given up its locks yet.
CREATE PROCEDURE await_end_of_last_session() LANGUAGE plpgsql AS $$
DECLARE
	deadline timestamptz := clock_timestamp() + interval '30 s';
BEGIN
	WHILE EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()) LOOP
		IF clock_timestamp() > deadline THEN
			RAISE EXCEPTION 'the last session does not end';
		END IF;
		PERFORM pg_sleep(0.005);
		PERFORM pg_stat_clear_snapshot();
	END LOOP;
END
$$;

CALL start_consumer('default');
CALL start_consumer('api');

-- What has been journalled since the last call.
CREATE FUNCTION journalled(OUT target text, OUT action text, OUT key text) RETURNS SETOF record
	LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
AS $$
	WITH gone AS (DELETE FROM uncache.journal RETURNING *)
	SELECT g.target, g.action, k.key
	FROM gone g, unnest(g.keys) AS k(key)
	ORDER BY g.target COLLATE "C", g.action COLLATE "C", k.key COLLATE "C"
$$;
RESET client_min_messages;
\set ECHO all
