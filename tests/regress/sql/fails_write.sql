-- No write fails because of a rule, unless it is the user who wants it to end.
\set test fails_write
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE FUNCTION raises(code text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF code IS NOT NULL THEN
		RAISE EXCEPTION 'raised' USING ERRCODE = code;
	END IF;
	RETURN 'fine';
END
$$;
CREATE TABLE w (id int, code text);
SELECT uncache.watch('w', keys => ARRAY['w:{id}:{public.raises(code)}']);
-- what passes by itself, and what does not: five cases, each with a wider delete
INSERT INTO w VALUES (1, '55P03');
INSERT INTO w VALUES (2, '40P01');
INSERT INTO w VALUES (3, '40001');
INSERT INTO w VALUES (4, '53200');
INSERT INTO w VALUES (5, NULL);
SELECT * FROM journalled();
-- one warning for each transaction; that of a broken rule is not used up
INSERT INTO w SELECT 5 + n, '55P03' FROM generate_series(1, 3) n;
INSERT INTO w VALUES (9, '57014');
INSERT INTO w VALUES (10, '57P01');
INSERT INTO w VALUES (11, 'P0001');
INSERT INTO w VALUES (12, '40P01');
SELECT * FROM journalled();
DELETE FROM w;
SELECT uncache.unwatch('w');
SELECT * FROM journalled();
-- of several expressions all are tried if one is broken, and none again if it may pass
SELECT uncache.watch('w', keys => ARRAY['w:{id + 0}:{public.raises(code)}', 'v:{id + 1}']);
INSERT INTO w VALUES (1, '22012');
SELECT * FROM journalled();
INSERT INTO w VALUES (2, '40P01');
SELECT * FROM journalled();
SELECT uncache.unwatch('w');

-- what planning runs may be in the way for once, too: the next transaction plans again
CREATE FUNCTION is_planned() RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN public.raises(nullif(current_setting('fails_write.code', true), ''));
END
$$;
CREATE TABLE p (id int);
SELECT uncache.watch('p', keys => ARRAY['p:{id}:{public.is_planned()}']);
BEGIN;
SET LOCAL fails_write.code = '55P03';
INSERT INTO p VALUES (1);
RESET fails_write.code;
INSERT INTO p VALUES (2);
COMMIT;
INSERT INTO p VALUES (3);
SELECT * FROM journalled();
-- what is wrong is not tried again before something changes
SELECT uncache.unwatch('p');
SELECT uncache.watch('p', keys => ARRAY['p:{id}:{public.is_planned()}']);
SELECT * FROM journalled();
BEGIN;
SET LOCAL fails_write.code = 'P0001';
INSERT INTO p VALUES (6);
COMMIT;
INSERT INTO p VALUES (7);
SELECT * FROM journalled();
DROP TABLE p;
SELECT * FROM journalled();

-- a statement timeout, and a cancel by the user, end the statement
CREATE FUNCTION sleeps() RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM pg_sleep(100); RETURN ''; END $$;
CREATE FUNCTION cancels() RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM pg_cancel_backend(pg_backend_pid()); PERFORM pg_sleep(100); RETURN ''; END $$;
-- which a function may catch and raise once more
CREATE FUNCTION cancels_again() RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN RETURN public.cancels(); EXCEPTION WHEN query_canceled THEN RAISE; END $$;
CREATE TABLE c (id int, f text);
SELECT uncache.watch('c', keys => ARRAY[$$c:{CASE f WHEN 'sleeps' THEN public.sleeps() WHEN 'cancels' THEN public.cancels() ELSE public.cancels_again() END}$$]);
SET statement_timeout = '50ms';
INSERT INTO c VALUES (1, 'sleeps');
RESET statement_timeout;
INSERT INTO c VALUES (2, 'cancels');
INSERT INTO c VALUES (3, 'cancels_again');
SELECT count(*) FROM c;
SELECT * FROM journalled();
DROP TABLE c;

-- values that no key can hold are not read, and not written as text
SELECT uncache.watch('w', keys => ARRAY['t:{code}', 'e:{code || ''x''}', 'm:{md5(code)}']);
INSERT INTO w VALUES (1, repeat('x', 16380));
SELECT target, action, CASE WHEN length(key) > 100 THEN left(key, 3) || length(key) ELSE key END FROM journalled();
INSERT INTO w VALUES (1, repeat('x', 16390));
SELECT target, action, CASE WHEN length(key) > 100 THEN left(key, 3) || length(key) ELSE key END FROM journalled();
INSERT INTO w VALUES (1, repeat('x', 1000000));
SELECT * FROM journalled();
UPDATE w SET id = 2;
SELECT action, count(*) FROM journalled() GROUP BY 1 ORDER BY 1;
UPDATE w SET code = code || 'y' WHERE length(code) = 1000000;
SELECT * FROM journalled();
UPDATE w SET code = NULL WHERE length(code) = 1000001;
SELECT * FROM journalled();
CREATE TABLE v (id int, a int[], j jsonb, b bytea, f float8[]);
SELECT uncache.watch('v', keys => ARRAY['a:{a}', 'j:{j}', 'b:{b}', 'e:{b || b}', 'f:{f}']);
INSERT INTO v VALUES (1, array_fill(1, ARRAY[5000]), NULL, '\x', NULL);
SELECT action, CASE WHEN length(key) > 100 THEN left(key, 3) || length(key) ELSE key END FROM journalled();
INSERT INTO v SELECT 2, array_fill(1, ARRAY[300000]), to_jsonb(array_fill(1, ARRAY[300000])), decode(repeat('00', 300000), 'hex'), array_fill(1::float8, ARRAY[300000]);
SELECT * FROM journalled();
