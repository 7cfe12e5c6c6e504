-- A query runs as its author, the owner of the table when the rule was made: what the writer may, has or plants does not matter.
\set test query_security
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

SET client_min_messages = warning;
CREATE ROLE regress_uncache_q_owner;
CREATE ROLE regress_uncache_q_writer;
CREATE ROLE regress_uncache_q_author;
RESET client_min_messages;
CREATE SCHEMA o AUTHORIZATION regress_uncache_q_owner;
GRANT USAGE ON SCHEMA o TO PUBLIC;
SELECT uncache.grant_author('regress_uncache_q_owner');
SELECT uncache.grant_author('regress_uncache_q_author');
SET ROLE regress_uncache_q_owner;
CREATE TABLE o.t (id int, v text);
CREATE TABLE o.secret (id int, k text);
INSERT INTO o.secret VALUES (1, 'one'), (2, 'two');
GRANT INSERT, UPDATE, SELECT ON o.t TO regress_uncache_q_writer;
SELECT uncache.watch('o.t', query => ARRAY[$$SELECT 's:' || s.k || ':' || current_user FROM o.secret s WHERE s.id = {id}$$]);
RESET ROLE;
-- case 1: a writer that may not read the joined table, nor use uncache
SET ROLE regress_uncache_q_writer;
SELECT count(*) FROM o.secret;
INSERT INTO o.t VALUES (1);
SELECT current_user;
RESET ROLE;
SELECT * FROM journalled();
-- case 2: an owner that may not either: the fallback
CREATE TABLE public.mine (id int);
SET ROLE regress_uncache_q_owner;
SELECT uncache.watch('o.t', query => ARRAY[$$SELECT 'm:' || m.id FROM public.mine m$$]);
INSERT INTO o.t VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
-- and again when he may
GRANT SELECT ON public.mine TO regress_uncache_q_owner;
INSERT INTO public.mine VALUES (7);
SET ROLE regress_uncache_q_writer;
INSERT INTO o.t VALUES (1);
RESET ROLE;
SELECT * FROM journalled();
-- case 3: a superuser that writes lends nobody his power
REVOKE SELECT ON public.mine FROM regress_uncache_q_owner;
INSERT INTO o.t VALUES (1);
SELECT * FROM journalled();
-- case 4: policies on a joined table of his own do not apply to the owner, even if they are forced
SET ROLE regress_uncache_q_owner;
ALTER TABLE o.secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE o.secret FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON o.secret USING (k = current_setting('my.tenant', true));
SELECT uncache.watch('o.t', query => ARRAY[$$SELECT 's:' || s.k FROM o.secret s WHERE s.id = {id}$$]);
RESET ROLE;
\connect -
SET ROLE regress_uncache_q_writer;
SET my.tenant = 'other';
INSERT INTO o.t VALUES (1), (2);
RESET ROLE;
SELECT * FROM journalled();
-- case 5: on somebody else's they would hide rows: refused, and at run time the fallback
CREATE TABLE public.theirs (id int, k text);
INSERT INTO public.theirs VALUES (1, 'hidden');
GRANT SELECT ON public.theirs TO regress_uncache_q_owner;
SET ROLE regress_uncache_q_owner;
SELECT uncache.watch('o.t', query => ARRAY[$$SELECT 'h:' || h.k FROM public.theirs h WHERE h.id = {id}$$]);
RESET ROLE;
INSERT INTO o.t VALUES (1);
ALTER TABLE public.theirs ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON public.theirs USING (k = current_setting('my.tenant', true));
INSERT INTO o.t VALUES (1);
SELECT * FROM journalled();
SET ROLE regress_uncache_q_owner;
SELECT uncache.watch('o.t', query => ARRAY[$$SELECT 'again:' || h.k FROM public.theirs h WHERE h.id = {id}$$]);
SHOW row_security;
-- case 6: a function of the owner's is not called: it could become somebody else, or leave things behind
CREATE FUNCTION o.escape(what text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN EXECUTE what; RETURN current_user; END $$;
SELECT uncache.watch('o.t', query => ARRAY[$$SELECT 'esc:' || o.escape({v})$$, 'refused:{v}']);
RESET ROLE;
\connect -
SET client_min_messages = error;
INSERT INTO o.t VALUES (1, 'RESET ROLE');
INSERT INTO o.t VALUES (1, 'SELECT 1');
RESET client_min_messages;
SELECT * FROM journalled();
SELECT current_user, session_user;
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_uncache_q_owner';
-- case 8: after an error the writer is himself again, and so are his settings
SET ROLE regress_uncache_q_owner;
SELECT uncache.watch('o.t', query => ARRAY[$$SELECT 'e:' || 1 / {id}$$]);
RESET ROLE;
\connect -
SET search_path = o, public;
SET datestyle = 'German';
SET ROLE regress_uncache_q_writer;
SET client_min_messages = error;
INSERT INTO o.t VALUES (0);
RESET client_min_messages;
SELECT current_user;
SHOW search_path;
SHOW datestyle;
SHOW row_security;
RESET ROLE;
RESET search_path;
RESET datestyle;
SELECT * FROM journalled();

-- case 9: operators, functions, types and tables that a writer plants
CREATE SCHEMA w AUTHORIZATION regress_uncache_q_writer;
SET ROLE regress_uncache_q_owner;
SELECT uncache.watch('o.t', query => ARRAY[$$SELECT 's:' || lower(s.k) || s.id::text FROM o.secret s WHERE s.id = {id} AND s.k <> {coalesce(v, '')}$$]);
RESET ROLE;
SET ROLE regress_uncache_q_writer;
CREATE FUNCTION w.planted(text, text) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN RAISE EXCEPTION 'planted %', current_user; END $$;
CREATE FUNCTION w.concat(text, text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN RAISE EXCEPTION 'planted %', current_user; END $$;
CREATE FUNCTION w.lower(text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN RAISE EXCEPTION 'planted %', current_user; END $$;
CREATE FUNCTION w.eq(int, int) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN RAISE EXCEPTION 'planted %', current_user; END $$;
CREATE OPERATOR w.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = w.planted);
CREATE OPERATOR w.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = w.concat);
CREATE OPERATOR w.= (LEFTARG = int, RIGHTARG = int, FUNCTION = w.eq);
CREATE TEMP TABLE secret (id int, k text);
CREATE TEMP TABLE pg_class (id int, k text);
CREATE DOMAIN pg_temp.text AS int;
SET search_path = w, pg_temp, pg_catalog;
INSERT INTO o.t VALUES (2, 'x');
RESET search_path;
RESET ROLE;
SELECT * FROM journalled();
-- case 10: whoever the table is given to, the query is its author's: the same backend, another owner
ALTER TABLE o.t OWNER TO regress_uncache_q_author;
INSERT INTO o.t VALUES (2, 'y');
SELECT * FROM journalled();
ALTER TABLE o.t OWNER TO regress_uncache_q_owner;
INSERT INTO o.t VALUES (2, 'z');
SELECT * FROM journalled();

-- case 11: TRIGGER on somebody's table is not enough to run a query as him
CREATE TABLE public.root (id int);
GRANT TRIGGER, INSERT ON public.root TO regress_uncache_q_author;
\connect -
SET ROLE regress_uncache_q_author;
CREATE TRIGGER evil AFTER INSERT ON public.root FOR EACH ROW EXECUTE FUNCTION uncache.query($$SELECT 'stolen:' || rolpassword FROM pg_authid$$, 'x');
CREATE OR REPLACE TRIGGER evil AFTER INSERT ON public.root FOR EACH ROW EXECUTE FUNCTION uncache.query($$SELECT 'x'$$);
SELECT uncache.watch('public.root', query => ARRAY[$$SELECT 'x' || {id}$$]);
-- other rules run with the writer's own privileges
CREATE TRIGGER fine AFTER INSERT ON public.root FOR EACH ROW EXECUTE FUNCTION uncache.keys('fine:{id}');
INSERT INTO public.root VALUES (1);
RESET ROLE;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'public.root'::regclass;
SELECT * FROM journalled();
-- a member of the owning role may; so may somebody who has nothing to do with uncache make triggers of his own
GRANT regress_uncache_q_owner TO regress_uncache_q_author;
SET ROLE regress_uncache_q_author;
CREATE TRIGGER member AFTER INSERT ON o.t FOR EACH ROW EXECUTE FUNCTION uncache.query($$SELECT 'member:' || {id}$$);
RESET ROLE;
SET ROLE regress_uncache_q_writer;
CREATE TABLE w.own (id int);
CREATE FUNCTION w.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER own AFTER INSERT ON w.own FOR EACH ROW EXECUTE FUNCTION w.nothing();
CREATE TRIGGER refused AFTER INSERT ON w.own FOR EACH ROW EXECUTE FUNCTION uncache.query('SELECT 1');
RESET ROLE;
INSERT INTO o.t VALUES (2, 'm');
SELECT * FROM journalled();

-- case 12: fallbacks and placeholders of a broken query are no way around, either
SET ROLE regress_uncache_q_owner;
SELECT uncache.watch('o.t', query => ARRAY[$$SELECT 'who:' || current_user || ':' || {current_user}$$]);
RESET ROLE;
SET ROLE regress_uncache_q_writer;
INSERT INTO o.t VALUES (3);
RESET ROLE;
SELECT * FROM journalled();

-- case 13: an error tells what is in a table only to whom the owner's privileges are
DROP TRIGGER member ON o.t;
SET ROLE regress_uncache_q_owner;
SELECT uncache.watch('o.t', query => ARRAY[$$SELECT 's:' || s.k::int FROM o.secret s WHERE s.id = {id}$$]);
RESET ROLE;
\connect -
SET ROLE regress_uncache_q_writer;
INSERT INTO o.t VALUES (1);
RESET ROLE;
\connect -
SET ROLE regress_uncache_q_author;
INSERT INTO o.t VALUES (1);
RESET ROLE;
SELECT * FROM journalled();

SET client_min_messages = warning;
DROP SCHEMA o, w CASCADE;
DROP OWNED BY regress_uncache_q_owner, regress_uncache_q_writer, regress_uncache_q_author CASCADE;
DROP ROLE regress_uncache_q_owner, regress_uncache_q_writer, regress_uncache_q_author;
