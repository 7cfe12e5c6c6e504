/* check_rules: what is wrong with the rules, each kind of problem a function. */

/*
 * Every trigger that calls a trigger function, those of partitions included.
 *
 * A schema of ten thousand tables may be new, and the planner know nothing of it.  So there
 * is no join in this view, and who asks for other triggers of a table, or a catalog for what
 * belongs to one, says OFFSET 0, which keeps the question from becoming a join: they are found
 * by the index, table by table.  The question gets through UNION ALL only where both halves
 * have the same types, column by column.
 */
CREATE VIEW uncache_internal.rule_triggers AS
SELECT t.oid AS trigger_id, t.tgrelid AS relation, t.tgname AS rule,
	CASE t.tgfoid
		WHEN 'uncache.keys()'::regprocedure THEN 'keys'
		WHEN 'uncache.patterns()'::regprocedure THEN 'patterns'
		WHEN 'uncache.tags()'::regprocedure THEN 'tags'
		WHEN 'uncache.versions()'::regprocedure THEN 'versions'
		WHEN 'uncache.query()'::regprocedure THEN 'query'
		WHEN 'uncache.cacheops()'::regprocedure THEN 'cacheops'
	END AS action,
	uncache_internal.trigger_arguments(t.oid) AS arguments,
	t.tgparentid <> 0 AS is_inherited,
	t.tgenabled AS enabled,
	t.tgtype & 1 <> 0 AS is_for_rows,
	t.tgtype & 66 = 0 AS is_after,
	t.tgtype & 4 <> 0 AS on_insert,
	t.tgtype & 8 <> 0 AS on_delete,
	t.tgtype & 16 <> 0 AS on_update,
	t.tgtype & 32 <> 0 AS on_truncate,
	(SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum)
	 FROM pg_catalog.pg_attribute a
	 WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr)) AS update_columns
FROM pg_catalog.pg_trigger t
WHERE t.tgfoid = ANY (ARRAY['uncache.keys()', 'uncache.patterns()', 'uncache.tags()', 'uncache.versions()',
		'uncache.query()', 'uncache.cacheops()']::regprocedure[])
UNION ALL
SELECT NULL, v.view, ('uncache_' || v.action)::name, v.action, v.templates, false,
	'A', false, true, false, false, false, false, NULL
FROM uncache_internal.view_rules v
WHERE v.view IS NOT NULL;
COMMENT ON VIEW uncache_internal.rule_triggers IS
	'every trigger that calls one of uncache''s trigger functions, on partitions too; rules of materialized '
	'views, without one';

/*
 * An argument that cannot fail behind each query: that nobody knows what a query
 * returns does not make it invalid.
 */
CREATE FUNCTION uncache_internal.find_problem(relation oid, action text, arguments text[],
	OUT problem text, OUT is_locked boolean, OUT columns text[])
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT e.problem, e.is_locked, e.columns
	FROM uncache_internal.examine_rule(relation, action, CASE action WHEN 'query'
		THEN ARRAY(SELECT v.text
			FROM unnest(arguments) WITH ORDINALITY AS a(text, n), LATERAL (VALUES (a.text), ('*')) AS v(text)
			ORDER BY a.n)
		ELSE arguments END) e
$$;
COMMENT ON FUNCTION uncache_internal.find_problem(oid, text, text[]) IS
	'what makes a rule fall back for every row; null if nothing does; the columns that it reads';

CREATE TYPE uncache_internal.problem AS (
	relation	oid,
	rule		name,
	problem		text,
	hint		text
);
COMMENT ON TYPE uncache_internal.problem IS 'what check_rules() consists of';

CREATE FUNCTION uncache_internal.check_triggers() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT t.relation, t.rule, v.problem, v.hint
	FROM uncache_internal.rule_triggers t, LATERAL (VALUES
		(t.enabled = 'D', 'it is disabled',
			format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.relation::regclass, t.rule)),
		(t.enabled IN ('O', 'R'),
			CASE t.enabled WHEN 'O' THEN 'it does not fire for replicated changes, nor in a session in replica role'
				ELSE 'it fires for replicated changes and in sessions in replica role only' END,
			format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.relation::regclass, t.rule)),
		(NOT t.is_after, 'it does not fire after the event: writes fail', 'Create the trigger as AFTER.'),
		(t.is_after AND NOT t.is_for_rows AND (t.on_insert OR t.on_update OR t.on_delete),
			'it does not fire for each row: writes fail', 'Create the trigger as FOR EACH ROW.'),
		(cardinality(t.arguments) = 0, 'it has no templates',
			'Call uncache.watch, or create the trigger with arguments.')
	) AS v(applies, problem, hint)
	WHERE v.applies
$$;
COMMENT ON FUNCTION uncache_internal.check_triggers() IS 'rules whose triggers do not fire as they should';

/* Without the quotes by which Django's db_table is made to name a schema. */
CREATE FUNCTION uncache_internal.cacheops_table(arguments text[]) RETURNS name
	LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
	SELECT regexp_replace(a.key, '^.*"\."|^"|"$', '', 'g')::name
	FROM uncache_internal.rule_for_any_row('cacheops', arguments) a
$$;
COMMENT ON FUNCTION uncache_internal.cacheops_table(text[]) IS
	'the table whose cached queries a rule for cacheops invalidates';

/*
 * A rule by hand that brings the changes of a parent's row to the sets of its child
 * (multi-table inheritance): rows come and go with those of the child.
 */
CREATE FUNCTION uncache_internal.is_parent_rule(t uncache_internal.rule_triggers) RETURNS boolean
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT uncache_internal.cacheops_table(t.arguments) <> c.relname FROM pg_class c WHERE c.oid = t.relation
$$;
COMMENT ON FUNCTION uncache_internal.is_parent_rule(uncache_internal.rule_triggers) IS
	'whether a rule for cacheops, of UPDATE alone, is for the queries of another table';

/*
 * A deleted or updated row leaves its key behind where no rule covers that. An
 * inserted one does not, if the rule reads the whole primary key: such a key was
 * of no row before. Lists, which cacheops caches, change with it all the same.
 */
CREATE FUNCTION uncache_internal.check_events() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	/* a rule may have 32767 arguments: no row has one of them and all of them */
	WITH rules AS MATERIALIZED (
		SELECT t.relation, t.rule, t.action, t.arguments, t.on_insert, t.on_update, t.on_delete,
			t.action = 'cacheops' AND NOT t.on_insert AND NOT t.on_delete
				AND uncache_internal.is_parent_rule(t) AS is_for_another
		FROM uncache_internal.rule_triggers t
		WHERE t.is_for_rows AND NOT t.is_inherited
	), covered AS (
		SELECT r.relation, r.rule, r.action, r.is_for_another, bool_or(r.on_insert) OVER alike AS on_insert,
			bool_or(r.on_update) OVER alike AS on_update, bool_or(r.on_delete) OVER alike AS on_delete
		FROM rules r, unnest(r.arguments) AS a(argument)
		WINDOW alike AS (PARTITION BY r.relation, r.action, a.argument)
	), missing AS (
		SELECT c.relation, c.rule, c.action,
			bool_or(NOT c.on_insert) AS on_insert, bool_or(NOT c.on_update) AS on_update,
			bool_or(NOT c.on_delete) AS on_delete
		FROM covered c
		WHERE NOT c.is_for_another
		GROUP BY 1, 2, 3
	), judged AS (
		SELECT m.relation, m.rule, concat_ws(' and ', CASE WHEN m.on_insert AND (m.action = 'cacheops' OR NOT coalesce(
				(SELECT array_agg(a.attname::text)
				 FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
				 WHERE k.conrelid = m.relation AND k.contype = 'p')
				<@ (SELECT p.columns
					FROM uncache_internal.rule_triggers t,
						LATERAL uncache_internal.find_problem(m.relation, m.action, t.arguments) p
					WHERE t.relation = m.relation AND t.rule = m.rule OFFSET 0), false)) THEN 'INSERT' END,
			CASE WHEN m.on_update THEN 'UPDATE' END, CASE WHEN m.on_delete THEN 'DELETE' END) AS events
		FROM missing m
		WHERE m.on_insert OR m.on_update OR m.on_delete
	)
	SELECT j.relation, j.rule, 'no rule of these arguments covers ' || j.events,
		'Add the event, or another trigger, unless it cannot make a key stale.'
	FROM judged j
	WHERE j.events <> ''
$$;
COMMENT ON FUNCTION uncache_internal.check_events() IS 'rules that do not fire for some event on rows';

/* The tables are those of uncache_internal.truncate_relations(), of which a call for each rule takes long. */
CREATE FUNCTION uncache_internal.check_truncates() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.relation, t.rule, 'TRUNCATE is not covered',
		format('Call uncache.%s again for %s, or create a trigger AFTER TRUNCATE with the same arguments.',
			CASE WHEN uncache_internal.is_schema_rule(t.rule) THEN 'watch_schema' ELSE 'watch' END,
			t.relation::regclass)
	FROM uncache_internal.rule_triggers t,
		LATERAL (SELECT t.relation
			UNION
			SELECT p.relid
			FROM unnest((SELECT uncache_internal.heirs(k.oid)
				FROM pg_class k
				WHERE k.oid = t.relation AND k.relkind = 'p')) AS p(relid)
			WHERE (SELECT k.relkind FROM pg_class k WHERE k.oid = p.relid) IN ('r', 'p')) AS c
	WHERE t.is_for_rows AND NOT t.is_inherited
		AND NOT (t.action = 'cacheops' AND NOT t.on_insert AND NOT t.on_delete AND uncache_internal.is_parent_rule(t))
		AND NOT EXISTS (SELECT FROM uncache_internal.rule_triggers o
			WHERE o.relation = c.relation AND o.on_truncate AND o.action = t.action
				AND CASE WHEN o.arguments = t.arguments THEN true
				WHEN cardinality(t.arguments) < 100 THEN o.arguments @> t.arguments
				ELSE NOT EXISTS (SELECT unnest(t.arguments) EXCEPT SELECT unnest(o.arguments)) END
			OFFSET 0)
$$;
COMMENT ON FUNCTION uncache_internal.check_truncates() IS
	'tables and partitions of which a TRUNCATE makes nothing stale';

CREATE FUNCTION uncache_internal.check_arguments() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT t.relation, t.rule, v.problem, v.hint
	FROM uncache_internal.rule_triggers t,
		uncache_internal.find_problem(t.relation, t.action, t.arguments) p, LATERAL (VALUES
		(CASE WHEN p.is_locked THEN 'could not examine it: ' ELSE '' END || p.problem,
			CASE WHEN p.is_locked THEN 'Look again later.'
				ELSE 'Call uncache.watch again. Until then, broader patterns are deleted instead.' END),
		('changes of these columns go unnoticed: ' ||
			(SELECT string_agg(quote_ident(c), ', ' ORDER BY c)
			 FROM unnest(p.columns) c
			 WHERE t.on_update AND c <> ALL (t.update_columns)),
			'Add them to UPDATE OF: a row that moves to another key makes the old one stale.')
	) AS v(problem, hint)
	WHERE NOT t.is_inherited AND (t.is_for_rows OR NOT EXISTS (SELECT FROM uncache_internal.rule_triggers o
			WHERE o.relation = t.relation AND o.is_for_rows AND o.action = t.action
				AND CASE WHEN o.arguments = t.arguments THEN true
				WHEN cardinality(t.arguments) < 100 THEN o.arguments @> t.arguments
				ELSE NOT EXISTS (SELECT unnest(t.arguments) EXCEPT SELECT unnest(o.arguments)) END
			OFFSET 0))
		AND v.problem IS NOT NULL
$$;
COMMENT ON FUNCTION uncache_internal.check_arguments() IS
	'rules whose arguments are not valid, or name columns that UPDATE OF does not';

/* A rule for TRUNCATE runs no query, and a clone's author is that of what it is of. */
CREATE FUNCTION uncache_internal.check_authors() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT t.relation, t.rule, v.problem, v.hint
	FROM uncache_internal.rule_triggers t
		JOIN pg_class c ON c.oid = t.relation,
		LATERAL uncache_internal.rule_author(t.trigger_id) a,
		LATERAL (SELECT uncache_internal.find_other_use(t.trigger_id) AS problem) u,
		LATERAL (VALUES
			(a.problem IS NOT NULL, a.problem,
				'Call uncache.watch again. Until then, broader patterns are deleted instead.'),
			(u.problem IS NOT NULL, u.problem,
				'Call uncache.watch again, if that is meant. Until then, broader patterns are deleted instead.'),
			(a.author <> pg_get_userbyid(c.relowner),
				'its queries run with the privileges of role ' || quote_ident(a.author)
					|| ', and the table is owned by role ' || quote_ident(pg_get_userbyid(c.relowner)),
				'Call uncache.watch again, unless that is meant.'),
			(a.known_as <> a.author,
				'its queries run with the privileges of role ' || quote_ident(a.author)
					|| ', which dumps still call ' || quote_ident(a.known_as),
				'Call uncache.watch again.')
		) AS v(applies, problem, hint)
	WHERE t.action = 'query' AND t.is_for_rows AND NOT t.is_inherited AND v.applies
$$;
COMMENT ON FUNCTION uncache_internal.check_authors() IS
	'rules whose queries are not run, or run as somebody else than the table''s owner';

/* Whoever checks rules may not read uncache.consumers, but learns that. */
CREATE FUNCTION uncache_internal.has_consumer(target text) RETURNS boolean
	LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT EXISTS (SELECT FROM uncache.consumers c WHERE c.target = has_consumer.target)
$$;
COMMENT ON FUNCTION uncache_internal.has_consumer(text) IS 'whether anything is journalled for a target';

/* Looks at what a rule can produce: where that goes, and how much it takes with it. */
CREATE FUNCTION uncache_internal.check_products() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	WITH products AS MATERIALIZED (
		SELECT t.relation, t.rule, t.is_for_rows, t.action AS rule_action, a.target, a.action, a.key,
			coalesce((SELECT sum((SELECT greatest(c.reltuples, 0)
						FROM pg_class c
						WHERE c.oid = p.relid AND c.relkind = 'r'))
					FROM unnest((SELECT uncache_internal.heirs(k.oid)
						FROM pg_class k
						WHERE k.oid = t.relation AND k.relkind = 'p')) AS p(relid)),
				(SELECT greatest(c.reltuples, 0) FROM pg_class c WHERE c.oid = t.relation)) AS estimate
		FROM uncache_internal.rule_triggers t, uncache_internal.rule_for_any_row(t.action, t.arguments) a
		WHERE NOT t.is_inherited AND (t.is_for_rows OR t.trigger_id IS NULL)
	), targets AS MATERIALIZED (
		SELECT coalesce(array_agg(DISTINCT p.target)
			FILTER (WHERE NOT uncache_internal.has_consumer(p.target)), '{}') AS unknown
		FROM (SELECT DISTINCT target FROM products) p
	)
	SELECT DISTINCT a.relation, a.rule, v.problem, v.hint
	FROM products a, targets t,
		LATERAL (VALUES
			(a.action = 'resync', 'nobody knows what its query returns: an error or a TRUNCATE resyncs every target',
				'Pass a pattern that matches it as the next argument.'),
			(a.target = ANY (t.unknown),
				format('target "%s" has no consumer', a.target),
				'Nothing is journalled for it. Start a daemon for it, or correct the name.'),
			(a.is_for_rows AND a.action = a.rule_action AND a.action IN ('keys', 'tags', 'versions')
					AND a.estimate > 10000 AND NOT uncache_internal.is_schema_rule(a.rule),
				format('"%s" has no placeholder: each change of about %s rows invalidates it', a.key, a.estimate),
				'Is it meant to?')
		) AS v(applies, problem, hint)
	WHERE v.applies
$$;
COMMENT ON FUNCTION uncache_internal.check_products() IS 'rules whose products go nowhere, or go far';

/*
 * A renamed table leaves its old name in its rule. An heir's rows are cached under
 * its parent's name, too, and a view may stand in for the old name.
 */
CREATE FUNCTION uncache_internal.check_table_names() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT t.relation, t.rule, format('it invalidates what cacheops has cached of table "%s", %s', r.name,
			CASE WHEN r.is_watched THEN format('and its own table is called "%s"', c.relname)
				ELSE 'which does not exist' END),
		CASE WHEN t.rule = 'uncache_cacheops'
			THEN format('SELECT uncache.watch(%L, cacheops => %L)', t.relation::regclass,
				(SELECT left(t.arguments[1], length(t.arguments[1]) - length(a.key)) || c.relname || t.arguments[2:]
				 FROM uncache_internal.rule_for_any_row(t.action, t.arguments) a))
			ELSE format('DROP TRIGGER %I ON %s, or create it with the name by which Django knows the table.',
				t.rule, t.relation::regclass) END
	FROM uncache_internal.rule_triggers t
		JOIN pg_class c ON c.oid = t.relation,
		LATERAL (SELECT CASE t.arguments[1] WHEN c.relname THEN c.relname
				ELSE uncache_internal.cacheops_table(t.arguments) END AS name,
			t.rule ~ '^uncache_cacheops(_own[0-9]*)?$' AS is_watched OFFSET 0) r
	WHERE t.action = 'cacheops' AND t.is_for_rows AND NOT t.is_inherited AND r.name <> c.relname
		AND CASE WHEN r.is_watched
		THEN NOT EXISTS (WITH RECURSIVE ancestors(ancestor) AS (
				SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = t.relation
				UNION
				SELECT i.inhparent
				FROM ancestors a,
					LATERAL (SELECT o.inhparent FROM pg_inherits o WHERE o.inhrelid = a.ancestor OFFSET 0) i
			)
			SELECT FROM ancestors a WHERE (SELECT p.relname FROM pg_class p WHERE p.oid = a.ancestor) = r.name)
			AND NOT EXISTS (SELECT FROM pg_class v
				WHERE v.relname = r.name AND v.relnamespace = c.relnamespace AND v.relkind = 'v')
		ELSE NOT EXISTS (SELECT FROM pg_class o
			WHERE o.relname = r.name AND o.relkind IN ('r', 'p', 'v', 'm', 'f')) END
$$;
COMMENT ON FUNCTION uncache_internal.check_table_names() IS
	'rules for what cacheops has cached that do not name their table';

CREATE FUNCTION uncache_internal.check_heirs() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	WITH RECURSIVE heirs(relation, rule, action, heir) AS (
		SELECT t.relation, t.rule, t.action, i.inhrelid
		FROM uncache_internal.rule_triggers t
			JOIN pg_class c ON c.oid = t.relation AND c.relkind = 'r'
			JOIN pg_inherits i ON i.inhparent = t.relation
		WHERE t.is_for_rows AND NOT uncache_internal.is_schema_rule(t.rule)
		UNION
		SELECT h.relation, h.rule, h.action, i.inhrelid
		FROM heirs h JOIN pg_inherits i ON i.inhparent = h.heir
	)
	SELECT h.relation, h.rule, format('rows of %s, which inherits from the table, are not covered', h.heir::regclass),
		CASE (SELECT c.relkind FROM pg_class c WHERE c.oid = h.heir)
			WHEN 'f' THEN format('Watch the table behind %s, where its rows change.', h.heir::regclass)
			ELSE format('Call uncache.watch for %s, too.', h.heir::regclass) END
	FROM heirs h
	WHERE NOT EXISTS (SELECT FROM uncache_internal.rule_triggers o
			WHERE o.relation = h.heir AND o.action = h.action AND o.is_for_rows
			OFFSET 0)
$$;
COMMENT ON FUNCTION uncache_internal.check_heirs() IS 'rules of tables whose heirs have none';

/* What postgres_fdw does by ctid where there is a row trigger: docs/compatibility.md. */
CREATE FUNCTION uncache_internal.check_foreign_tables() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT f.ftrelid, t.rule,
		'with it, rows of this foreign table are updated and deleted one by one, by their ctid; '
			'TRUNCATE of this table alone is not covered',
		'If the remote table is a view, UPDATE and DELETE fail; if it is partitioned or has heirs, they may hit other '
			'rows. After TRUNCATE, call uncache.invalidate_table.'
	FROM pg_foreign_table f
		JOIN pg_foreign_server s ON s.oid = f.ftserver
		JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
		JOIN pg_proc h ON h.oid = w.fdwhandler AND h.proname = 'postgres_fdw_handler',
		LATERAL (SELECT o.rule
			FROM uncache_internal.rule_triggers o
			WHERE o.relation = f.ftrelid AND o.is_for_rows AND (o.on_update OR o.on_delete)
			ORDER BY o.rule LIMIT 1) t
$$;
COMMENT ON FUNCTION uncache_internal.check_foreign_tables() IS
	'foreign tables whose rows PostgreSQL changes one by one because of a rule';

CREATE FUNCTION uncache_internal.check_columns() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT t.relation, t.rule, format('it reads column %I, which is another one than before', c.written),
		format('The column that it read before is called %I now. Call uncache.watch to say what is meant.', c.followed)
	FROM uncache.renamed_columns r,
		LATERAL (SELECT o.relation, o.rule
			FROM uncache_internal.rule_triggers o
			WHERE o.relation = r.relation AND o.rule = r.rule AND o.is_for_rows AND NOT o.is_inherited
				AND o.arguments = ARRAY(SELECT a
					FROM unnest(r.present) WITH ORDINALITY AS u(a, n)
					ORDER BY n OFFSET cardinality(r.present) - cardinality(o.arguments))
			OFFSET 0) t,
		unnest(r.written, r.followed) WITH ORDINALITY AS c(written, followed, n)
	WHERE c.n = array_position(r.written, c.written)
		AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.relation AND a.attname = c.written OFFSET 0)
		AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.relation AND a.attname = c.followed OFFSET 0)
$$;
COMMENT ON FUNCTION uncache_internal.check_columns() IS
	'rules that had to choose between two columns: the one that was renamed, and the one of its name';

CREATE FUNCTION uncache_internal.check_tables_replaced() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.oid, t.rule,
		format('%s had this name when it got the rule, which this table has not', r.relation::regclass),
		format('Call uncache.watch for the table that is read under this name, '
			'or again for %s to say that it is meant.',
			r.relation::regclass)
	FROM uncache.renamed_tables r
		JOIN pg_namespace n ON n.nspname = r.schema
		JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = r.name AND c.oid <> r.relation
			AND c.relkind IN ('r', 'p', 'm'),
		LATERAL (SELECT o.rule, o.action, o.arguments
			FROM uncache_internal.rule_triggers o
			WHERE o.relation = r.relation AND (o.is_for_rows OR o.trigger_id IS NULL) AND NOT o.is_inherited
				AND NOT uncache_internal.is_schema_rule(o.rule)
			OFFSET 0) t
	WHERE NOT EXISTS (SELECT FROM uncache_internal.rule_triggers o
			WHERE o.relation = c.oid AND (o.is_for_rows OR o.trigger_id IS NULL) AND o.action = t.action
				AND CASE WHEN o.arguments = t.arguments THEN true
				WHEN cardinality(t.arguments) < 100 THEN o.arguments @> t.arguments
				ELSE NOT EXISTS (SELECT unnest(t.arguments) EXCEPT SELECT unnest(o.arguments)) END
			OFFSET 0)
$$;
COMMENT ON FUNCTION uncache_internal.check_tables_replaced() IS 'tables that have the name of one that had rules';

/* UPDATE OF goes by what the statement sets: 19 is ROW, BEFORE and UPDATE. */
CREATE FUNCTION uncache_internal.check_before_triggers() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT t.relation, t.rule,
		format('columns that only trigger %I on %s changes are not noticed', b.tgname, b.tgrelid::regclass),
		'Call uncache.watch without columns if it changes one that the rule reads.'
	FROM uncache_internal.rule_triggers t, uncache_internal.truncate_relations(t.relation) AS c(relation),
		LATERAL (SELECT o.tgname, o.tgrelid
			FROM pg_trigger o
			WHERE o.tgrelid = c.relation AND o.tgtype & 19 = 19 AND o.tgenabled <> 'D' AND o.tgparentid = 0
			OFFSET 0) b
	WHERE t.is_for_rows AND t.on_update AND NOT t.is_inherited AND t.update_columns IS NOT NULL
$$;
COMMENT ON FUNCTION uncache_internal.check_before_triggers() IS
	'rules that fire for some columns, on tables whose triggers change others';

CREATE FUNCTION uncache_internal.check_schemas() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	WITH meant AS MATERIALIZED (
		SELECT c.oid AS relation, uncache_internal.schema_rule_name(c.oid) AS rule,
			uncache_internal.schema_tags(c.oid) AS tags,
			format('SELECT uncache.watch_schema(%L, %L, %L)', quote_ident(w.schema), w.exclude, w.target) AS hint
		FROM uncache.schemas w
			JOIN pg_namespace n ON n.nspname = w.schema
			JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
	)
	SELECT m.relation, m.rule, 'the table is in a watched schema and its rule is missing or outdated', m.hint
	FROM meant m
	WHERE m.tags IS NOT NULL
		AND NOT EXISTS (SELECT FROM uncache_internal.rule_triggers t
			WHERE t.relation = m.relation AND t.rule = m.rule AND t.is_for_rows AND t.arguments = m.tags
			OFFSET 0)
$$;
COMMENT ON FUNCTION uncache_internal.check_schemas() IS 'tables of watched schemas without their rule';

/* As a schema's dump leaves it that is restored under another name: one row for each schema. */
CREATE FUNCTION uncache_internal.check_schemas_unwatched() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	WITH rules AS MATERIALIZED (
		SELECT t.relation, t.rule, (SELECT c.relnamespace FROM pg_class c WHERE c.oid = t.relation) AS schema
		FROM uncache_internal.rule_triggers t
		WHERE t.is_for_rows AND NOT t.is_inherited AND uncache_internal.is_schema_rule(t.rule)
	)
	SELECT DISTINCT ON (r.schema) r.relation, r.rule,
		format('it is the rule of a watched schema, and schema %I is not watched: '
			'tables created later have none',
			n.nspname),
		format('SELECT uncache.watch_schema(%L)', quote_ident(n.nspname))
	FROM rules r, LATERAL (SELECT o.nspname FROM pg_namespace o WHERE o.oid = r.schema OFFSET 0) n
	WHERE r.schema NOT IN (SELECT o.oid FROM uncache.schemas w JOIN pg_namespace o ON o.nspname = w.schema)
		AND uncache_internal.schema_tags(r.relation) IS NULL
	ORDER BY r.schema, r.relation, r.rule
$$;
COMMENT ON FUNCTION uncache_internal.check_schemas_unwatched() IS
	'schemas whose tables have automatic rules, and that are not watched';

/* As a dump leaves it that does not have the view, or a rename that nobody was told of. */
CREATE FUNCTION uncache_internal.check_views() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT NULL::oid, ('uncache_' || v.action)::name, format('materialized view %I.%I does not exist', v.schema, v.name),
		format('It has the rule once it is created. Else: DELETE FROM uncache.view_rules WHERE schema = %L AND name = %L',
			v.schema, v.name)
	FROM uncache_internal.view_rules v
	WHERE v.view IS NULL
	UNION ALL
	SELECT v.view, ('uncache_' || v.action)::name, format('dumps still call the materialized view %I.%I', v.schema, v.name),
		'Call uncache.watch again.'
	FROM uncache_internal.view_rules v
		JOIN pg_class c ON c.oid = v.view
		JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE (n.nspname, c.relname) <> (v.schema, v.name)
$$;
COMMENT ON FUNCTION uncache_internal.check_views() IS
	'rules of materialized views that do not exist, or not by their name';

CREATE VIEW uncache_internal.rules_due AS
SELECT c.oid AS relation
FROM pg_catalog.pg_class c
WHERE c.oid IN (SELECT d.relation FROM uncache.due d WHERE d.role <> 0);
COMMENT ON VIEW uncache_internal.rules_due IS 'tables whose rules are still to be made';

CREATE FUNCTION uncache_internal.check_due() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT d.relation, NULL::name, 'its rules could not be made yet because others were writing to it',
		'The daemon makes them as soon as nobody is writing to the table.'
	FROM uncache_internal.rules_due d
$$;
COMMENT ON FUNCTION uncache_internal.check_due() IS 'tables whose rules are still to be made';

CREATE FUNCTION uncache_internal.check_event_triggers() RETURNS SETOF uncache_internal.problem
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT NULL::oid, NULL::name, format('event trigger %I is %s', e.evtname,
			CASE e.evtenabled WHEN 'D' THEN 'disabled' ELSE 'not enabled for all sessions' END),
		format('ALTER EVENT TRIGGER %I ENABLE ALWAYS', e.evtname)
	FROM pg_event_trigger e
		JOIN pg_depend d ON d.classid = 'pg_event_trigger'::regclass AND d.objid = e.oid AND d.deptype = 'e'
		JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass AND x.oid = d.refobjid AND x.extname = 'uncache'
	WHERE e.evtenabled <> 'A'
$$;
COMMENT ON FUNCTION uncache_internal.check_event_triggers() IS 'event triggers of uncache that do not always fire';

/*
 * It hardly waits for a lock, for two seconds in all, and keeps none of what it had to lock: a migration must
 * not have a deadlock with it. As whoever calls it: of rules that he may not look into, since he may not use a
 * schema that they name, their arguments are not examined.
 */
CREATE FUNCTION uncache.check_rules(OUT relation regclass, OUT rule name, OUT problem text, OUT hint text)
	RETURNS SETOF record
	LANGUAGE sql SET search_path = pg_catalog, pg_temp SET lock_timeout = '20ms' SET jit = off
AS $$
	SELECT p.relation::regclass, p.rule, p.problem, p.hint
	FROM (SELECT * FROM uncache_internal.check_event_triggers()
		UNION ALL SELECT * FROM uncache_internal.check_triggers()
		UNION ALL SELECT * FROM uncache_internal.check_events()
		UNION ALL SELECT * FROM uncache_internal.check_truncates()
		UNION ALL SELECT * FROM uncache_internal.check_arguments()
		UNION ALL SELECT * FROM uncache_internal.check_authors()
		UNION ALL SELECT * FROM uncache_internal.check_products()
		UNION ALL SELECT * FROM uncache_internal.check_table_names()
		UNION ALL SELECT * FROM uncache_internal.check_heirs()
		UNION ALL SELECT * FROM uncache_internal.check_foreign_tables()
		UNION ALL SELECT * FROM uncache_internal.check_columns()
		UNION ALL SELECT * FROM uncache_internal.check_tables_replaced()
		UNION ALL SELECT * FROM uncache_internal.check_before_triggers()
		UNION ALL SELECT * FROM uncache_internal.check_schemas()
		UNION ALL SELECT * FROM uncache_internal.check_schemas_unwatched()
		UNION ALL SELECT * FROM uncache_internal.check_views()
		UNION ALL SELECT * FROM uncache_internal.check_due()) p
	ORDER BY p.relation::regclass::text COLLATE "C" NULLS FIRST, p.rule, p.problem COLLATE "C"
$$;
COMMENT ON FUNCTION uncache.check_rules() IS 'what is wrong with rules, a row for each problem; none if all is well';
