-- Every action is known wherever rules are: those are taken that have a trigger function, so that
-- a new one is asked all of this as well.
\set test actions
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE VIEW actions AS
	SELECT p.proname::text AS action, CASE p.proname
			WHEN 'query' THEN ARRAY[$$SELECT 'k:' || {id}$$]
			WHEN 'cacheops' THEN ARRAY['t_cacheops', 'n=id', '-v']
			ELSE ARRAY['k:{id}']
		END AS arguments
	FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
	WHERE p.pronamespace = 'uncache'::regnamespace AND p.prorettype = 'trigger'::regtype AND l.lanname = 'c'
	ORDER BY p.oid;
SELECT action FROM actions;

-- case 1: watch() makes a rule of each
SELECT format('CREATE TABLE %I (id int PRIMARY KEY, v text)', 't_' || action) FROM actions \gexec
SELECT format('SELECT uncache.watch(%L, %I => %L)', 't_' || action, action, arguments) FROM actions \gexec
SELECT r.action, r.templates, r.author IS NOT NULL AS has_author
FROM actions a JOIN uncache.rules r ON r.action = a.action
WHERE r.events <> 'TRUNCATE'
ORDER BY r.action COLLATE "C";

-- case 2: a row fires it, and explain() tells of it
SELECT e.*
FROM actions a, LATERAL uncache.explain(format('INSERT INTO %I VALUES (1)', 't_' || a.action)) e;

-- case 3: TRUNCATE and invalidate_table() reach the same
CREATE TEMPORARY TABLE truncated AS
	SELECT e.relation, e.action, e.key
	FROM actions a, LATERAL uncache.explain(format('TRUNCATE %I', 't_' || a.action)) e;
TABLE truncated;
TABLE truncated EXCEPT SELECT e.relation, e.action, e.key
FROM actions a, LATERAL uncache.explain(format('SELECT uncache.invalidate_table(%L)', 't_' || a.action)) e;

-- case 4: it follows a column that is renamed, and nothing is wrong with it
SELECT format('ALTER TABLE %I RENAME id TO "Number"', 't_' || action) FROM actions \gexec
SELECT r.action, r.templates
FROM actions a JOIN uncache.rules r ON r.action = a.action
WHERE r.events <> 'TRUNCATE'
ORDER BY r.action COLLATE "C";
SELECT count(*) = (SELECT count(*) FROM actions) AS all_fire
FROM (SELECT DISTINCT e.relation
	FROM actions a, LATERAL uncache.explain(format('INSERT INTO %I VALUES (1)', 't_' || a.action)) e) f;
SELECT * FROM uncache.check_rules();

-- case 5: a dump's trigger makes the same rule
CREATE TEMPORARY TABLE dumped AS
	SELECT a.action, r.relation, r.templates, r.author, r.definition
	FROM actions a JOIN uncache.rules r ON r.action = a.action
	WHERE r.events <> 'TRUNCATE'
	ORDER BY r.action COLLATE "C";
SELECT format('DROP TRIGGER %I ON %s', 'uncache_' || action, relation) FROM dumped \gexec
DO $$
DECLARE
	definition text;
BEGIN
	FOR definition IN SELECT d.definition FROM dumped d LOOP
		EXECUTE definition;
	END LOOP;
END
$$;
SELECT count(*) = (SELECT count(*) FROM actions) AS all_are_the_same
FROM dumped d JOIN uncache.rules r USING (relation, action, templates)
WHERE r.events <> 'TRUNCATE' AND r.author IS NOT DISTINCT FROM d.author AND r.definition = d.definition AND r.enabled = 'origin';

-- case 6: a materialized view has rules of those actions that need no rows
CREATE MATERIALIZED VIEW m AS SELECT 1 AS id;
SELECT format('SELECT uncache.watch(''m'', %I => ARRAY[''k''])', action) FROM actions \gexec
SELECT action FROM uncache.rules WHERE relation = 'm'::regclass ORDER BY action COLLATE "C";

-- case 7: unwatch() leaves none
SELECT uncache.unwatch(('t_' || action)::regclass) FROM actions;
SELECT uncache.unwatch('m');
SELECT * FROM uncache.rules;
