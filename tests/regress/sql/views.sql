-- Materialized views: what is cached of them goes at REFRESH.
\set test views
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE VIEW rules AS SELECT relation, rule, action, templates, events, enabled, definition FROM uncache.rules ORDER BY relation::text COLLATE "C", rule;
CREATE VIEW problems AS SELECT * FROM uncache.check_rules();

CREATE TABLE sale (id int PRIMARY KEY, amount numeric);
CREATE MATERIALIZED VIEW totals AS SELECT 1 AS one, sum(amount) FROM sale;
CREATE UNIQUE INDEX ON totals (one);
-- case 1: every action that needs no row
SELECT uncache.watch('totals', keys => ARRAY['totals', 'api://totals', '{{x}}'], patterns => ARRAY['page:*'], tags => ARRAY['totals'], versions => ARRAY['v']);
SELECT * FROM rules;
SELECT * FROM journalled();
REFRESH MATERIALIZED VIEW totals;
SELECT * FROM journalled();
REFRESH MATERIALIZED VIEW CONCURRENTLY totals;
SELECT * FROM journalled();
REFRESH MATERIALIZED VIEW totals WITH NO DATA;
SELECT * FROM journalled();
BEGIN;
REFRESH MATERIALIZED VIEW totals;
ROLLBACK;
BEGIN;
SAVEPOINT s;
REFRESH MATERIALIZED VIEW totals;
ROLLBACK TO s;
COMMIT;
SELECT * FROM journalled();
-- in a function, by explain, by hand; a resync knows of it
CREATE FUNCTION refresh() RETURNS void LANGUAGE plpgsql AS 'BEGIN REFRESH MATERIALIZED VIEW public.totals; END';
SELECT refresh();
SELECT count(*) FROM journalled();
SELECT * FROM uncache.explain('REFRESH MATERIALIZED VIEW totals');
SELECT * FROM uncache.explain('SELECT refresh()');
SELECT uncache.invalidate_table('totals');
SELECT count(*) FROM journalled();
SELECT * FROM uncache.resync_keys('default') ORDER BY 1, 2;
-- case 2: what is refused
SELECT uncache.watch('totals', 't:{one}');
SELECT uncache.watch('totals', tags => ARRAY['a', 't:{no}']);
SELECT uncache.watch('totals', tags => ARRAY['a', 't:{']);
SELECT uncache.watch('totals', query => ARRAY['SELECT ''q''']);
SELECT uncache.watch('totals', cacheops => ARRAY['totals']);
SELECT uncache.watch('totals', tags => ARRAY['t'], columns => '{one}');
SELECT uncache.watch('totals', tags => ARRAY['']);
CREATE VIEW plain AS SELECT * FROM totals;
SELECT uncache.watch('plain', 'p');
DROP VIEW plain;
SELECT uncache_internal.put_view_rule('sale', 'keys', '{a}');
SELECT * FROM problems;
-- case 3: replaced, removed
SELECT uncache.watch('totals', keys => ARRAY['other', 'nobody://other'], tags => '{}', query => '{}');
SELECT rule, templates FROM rules;
SELECT * FROM problems;
REFRESH MATERIALIZED VIEW totals;
SELECT * FROM journalled();
SELECT uncache.unwatch('totals');
SELECT * FROM rules;
REFRESH MATERIALIZED VIEW totals;
SELECT * FROM journalled();
-- case 4: other names, other schemas; replaced by one made beside it
SELECT uncache.watch('totals', tags => ARRAY['totals']);
ALTER MATERIALIZED VIEW totals RENAME TO sums;
SELECT * FROM journalled();
REFRESH MATERIALIZED VIEW sums;
SELECT * FROM journalled();
ALTER MATERIALIZED VIEW sums RENAME TO totals;
CREATE SCHEMA s;
ALTER MATERIALIZED VIEW totals SET SCHEMA s;
ALTER MATERIALIZED VIEW s.totals SET SCHEMA public;
DELETE FROM uncache.journal;
CREATE MATERIALIZED VIEW totals_new AS SELECT 1 AS one, sum(amount) FROM sale;
BEGIN;
ALTER MATERIALIZED VIEW totals RENAME TO totals_old;
ALTER MATERIALIZED VIEW totals_new RENAME TO totals;
COMMIT;
SELECT * FROM journalled();
SELECT relation, rule, templates FROM rules;
DROP MATERIALIZED VIEW totals_old;
SELECT * FROM journalled();
SELECT relation, rule, templates FROM rules;
-- a view takes the name of a table with a rule, and the other way round
CREATE TABLE t (id int);
SELECT uncache.watch('t', 't:{id}');
ALTER TABLE t RENAME TO t_old;
CREATE MATERIALIZED VIEW t AS SELECT 1 AS id;
ALTER MATERIALIZED VIEW totals RENAME TO totals_old;
CREATE TABLE totals (one int);
SELECT * FROM problems;
DROP TABLE t_old, totals;
DROP MATERIALIZED VIEW t;
ALTER MATERIALIZED VIEW totals_old RENAME TO totals;
DELETE FROM uncache.journal;
-- case 5: a watched schema: each view's tag, by its name, at REFRESH and where it comes or goes by that name
CREATE SCHEMA shop;
CREATE TABLE shop.item (id int PRIMARY KEY);
CREATE MATERIALIZED VIEW shop.stock AS SELECT count(*) FROM shop.item;
CREATE MATERIALIZED VIEW shop."secret{}" AS SELECT 1;
SELECT uncache.watch_schema('shop', exclude => ARRAY['secret{}']);
SELECT relation, rule LIKE 'uncache_schema_%' AS automatic, action, templates, events FROM rules WHERE relation::text LIKE 'shop%';
SELECT * FROM uncache.resync_keys('default') WHERE key LIKE 'shop%' ORDER BY 1, 2;
REFRESH MATERIALIZED VIEW shop.stock;
REFRESH MATERIALIZED VIEW shop."secret{}";
SELECT * FROM journalled();
CREATE MATERIALIZED VIEW shop.made AS SELECT 1;
SELECT * FROM journalled();
ALTER MATERIALIZED VIEW shop.made RENAME TO "{made}";
SELECT * FROM journalled();
ALTER MATERIALIZED VIEW shop."{made}" SET SCHEMA public;
SELECT * FROM journalled();
ALTER MATERIALIZED VIEW public."{made}" SET SCHEMA shop;
SELECT * FROM journalled();
DROP MATERIALIZED VIEW shop."{made}";
SELECT * FROM journalled();
SELECT uncache.watch('shop.stock', tags => ARRAY['mine']);
ALTER SCHEMA shop RENAME TO store;
SELECT * FROM journalled();
REFRESH MATERIALIZED VIEW store.stock;
SELECT * FROM journalled();
SELECT uncache.watch_schema('store', target => 'api');
REFRESH MATERIALIZED VIEW store.stock;
SELECT * FROM journalled();
SELECT * FROM problems;
SET client_min_messages = error;
DROP SCHEMA store CASCADE;
RESET client_min_messages;
SELECT * FROM journalled();
SELECT relation, rule FROM rules;
-- case 6: switched off
SET uncache.enabled = off;
REFRESH MATERIALIZED VIEW totals;
RESET uncache.enabled;
SET uncache.follow_ddl = off;
REFRESH MATERIALIZED VIEW totals;
DROP MATERIALIZED VIEW totals;
RESET uncache.follow_ddl;
SELECT * FROM journalled();
SELECT count(*) FROM uncache.view_rules;
SELECT uncache.catch_up();
SELECT count(*) FROM uncache.view_rules;
DELETE FROM uncache.journal;
-- case 7: who may
CREATE ROLE regress_uncache_views;
CREATE ROLE regress_uncache_views_other;
SELECT uncache.grant_author('regress_uncache_views');
SELECT uncache.grant_author('regress_uncache_views_other');
GRANT CREATE ON SCHEMA public TO regress_uncache_views;
SET ROLE regress_uncache_views;
CREATE MATERIALIZED VIEW own AS SELECT 1 AS a;
SELECT uncache.watch('own', tags => ARRAY['own']);
REFRESH MATERIALIZED VIEW own;
INSERT INTO uncache.view_rules VALUES (1, '', 'public', 'own', 'keys', '{a}');
SELECT count(*) FROM uncache.check_rules();
SELECT count(*) FROM uncache.rules;
RESET ROLE;
SET ROLE regress_uncache_views_other;
SELECT uncache.watch('own', tags => ARRAY['x']);
SELECT uncache_internal.put_view_rule('own', 'keys', '{}');
SELECT uncache.unwatch('own');
RESET ROLE;
SELECT relation, rule, templates FROM rules;
SELECT * FROM journalled();
-- the function that a REFRESH calls refreshes another view: PostgreSQL does not tell
CREATE MATERIALIZED VIEW inner_view AS SELECT 1 AS a;
SELECT uncache.watch('inner_view', tags => ARRAY['inner']);
CREATE FUNCTION refresh_inner() RETURNS int LANGUAGE plpgsql AS 'BEGIN REFRESH MATERIALIZED VIEW public.inner_view; RETURN 1; END';
CREATE MATERIALIZED VIEW outer_view AS SELECT refresh_inner() WITH NO DATA;
REFRESH MATERIALIZED VIEW outer_view;
SELECT * FROM journalled();

DROP MATERIALIZED VIEW inner_view, outer_view, own;
DELETE FROM uncache.journal;
-- case 8: as a dump of another database leaves it: by name, before the view is there; the oid is another's
CREATE MATERIALIZED VIEW other AS SELECT 1 AS a;
INSERT INTO uncache.view_rules SELECT 'other'::regclass, '1/1', 'public', 'late', 'tags', '{late}';
SELECT relation, rule FROM rules;
SELECT * FROM problems WHERE problem NOT LIKE '%no consumer%';
REFRESH MATERIALIZED VIEW other;
SELECT uncache.catch_up();
SELECT count(*) FROM uncache.view_rules;
DELETE FROM uncache.journal;
CREATE MATERIALIZED VIEW late AS SELECT 1 AS a;
SELECT * FROM journalled();
SELECT relation, rule, templates FROM rules;
SELECT * FROM problems WHERE problem NOT LIKE '%no consumer%';
REFRESH MATERIALIZED VIEW late;
SELECT * FROM journalled();
ALTER MATERIALIZED VIEW late RENAME TO later;
SELECT * FROM journalled();
REFRESH MATERIALIZED VIEW later;
SELECT * FROM journalled();
ALTER SCHEMA s RENAME TO r;
ALTER MATERIALIZED VIEW later SET SCHEMA r;
ALTER SCHEMA r RENAME TO s;
DELETE FROM uncache.journal;
REFRESH MATERIALIZED VIEW s.later;
SELECT * FROM journalled();
-- one that nobody was told of
SET uncache.follow_ddl = off;
ALTER MATERIALIZED VIEW s.later RENAME TO silent;
RESET uncache.follow_ddl;
SELECT * FROM problems WHERE problem NOT LIKE '%no consumer%';
REFRESH MATERIALIZED VIEW s.silent;
SELECT * FROM journalled();
CREATE MATERIALIZED VIEW s.later AS SELECT 1 AS a;
SELECT uncache.watch('s.later', tags => '{second}');
SELECT relation, rule, templates FROM rules;
SELECT uncache.catch_up();
SELECT * FROM problems WHERE problem NOT LIKE '%no consumer%';
UPDATE uncache.view_rules SET origin = '1/1';
DELETE FROM uncache.journal;
DROP MATERIALIZED VIEW s.silent;
SELECT * FROM journalled();
SELECT relation, rule, templates FROM rules;
SELECT uncache.watch('s.later', tags => '{third}');
SELECT relation, rule, templates FROM rules;
SELECT uncache.unwatch('s.later');
SELECT count(*) FROM uncache.view_rules;
DROP MATERIALIZED VIEW s.later;

-- case 9: what it shows changes without a REFRESH: its columns' names, the labels and fields of their types
CREATE TYPE mood AS ENUM ('sad', 'fine');
CREATE TYPE pair AS (a int, b int);
CREATE DOMAIN word AS mood;
CREATE TABLE person (id int, m mood, w word[], p pair); INSERT INTO person VALUES (1, 'sad', '{sad}', (1, 2));
CREATE MATERIALIZED VIEW moods AS SELECT m FROM person;
CREATE MATERIALIZED VIEW words AS SELECT w FROM person;
CREATE MATERIALIZED VIEW pairs AS SELECT p FROM person;
CREATE MATERIALIZED VIEW whole AS SELECT person AS row FROM person;
CREATE MATERIALIZED VIEW plain AS SELECT id, m::text FROM person;
SELECT uncache.watch(v, tags => ARRAY[v::text]) FROM unnest('{moods,words,pairs,whole,plain}'::regclass[]) v;
DELETE FROM uncache.journal;
ALTER TYPE mood RENAME VALUE 'sad' TO 'low';
SELECT * FROM moods, words, whole;
SELECT * FROM journalled();
ALTER TYPE pair RENAME ATTRIBUTE a TO c CASCADE;
SELECT * FROM journalled();
ALTER TYPE pair ADD ATTRIBUTE d int;
SELECT * FROM journalled();
ALTER TABLE person RENAME COLUMN id TO number;
SELECT * FROM journalled();
ALTER TABLE person ADD COLUMN extra int;
SELECT * FROM journalled();
ALTER MATERIALIZED VIEW plain RENAME COLUMN m TO mood;
SELECT * FROM journalled();
ALTER TABLE moods RENAME COLUMN m TO mood;
SELECT * FROM journalled();
-- in a function that is called by a REFRESH
CREATE FUNCTION rename_column() RETURNS int LANGUAGE plpgsql AS
	'BEGIN ALTER MATERIALIZED VIEW public.moods RENAME COLUMN mood TO m; RETURN 1; END';
CREATE MATERIALIZED VIEW renames AS SELECT rename_column() WITH NO DATA;
REFRESH MATERIALIZED VIEW renames;
SELECT * FROM journalled();
-- of a watched schema; whoever refreshes it has the old names, and nobody else does
CREATE MATERIALIZED VIEW s.moods AS SELECT m FROM person;
SELECT uncache.watch_schema('s');
DELETE FROM uncache.journal;
ALTER MATERIALIZED VIEW s.moods RENAME COLUMN m TO mood;
SELECT * FROM journalled();
ALTER TYPE mood RENAME VALUE 'low' TO 'sad';
SELECT * FROM journalled();
SET uncache.enabled = off;
ALTER TYPE mood RENAME VALUE 'sad' TO 'low';
RESET uncache.enabled;
SELECT * FROM journalled();

\connect template1
SET client_min_messages = warning;
DROP DATABASE :database;
DROP ROLE regress_uncache_views, regress_uncache_views_other;
