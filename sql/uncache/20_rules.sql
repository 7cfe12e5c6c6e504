/* Rules: the trigger functions and what tells of them. */

CREATE FUNCTION uncache.keys() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_keys';
COMMENT ON FUNCTION uncache.keys() IS 'trigger function: the target unlinks each key that the row renders to';

CREATE FUNCTION uncache.patterns() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_patterns';
COMMENT ON FUNCTION uncache.patterns() IS
	'trigger function: the target scans for what matches each pattern and unlinks it';

CREATE FUNCTION uncache.tags() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_tags';
COMMENT ON FUNCTION uncache.tags() IS
	'trigger function: the target unlinks every key that is registered under each tag';

CREATE FUNCTION uncache.versions() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_versions';
COMMENT ON FUNCTION uncache.versions() IS 'trigger function: the target increments each counter';

CREATE FUNCTION uncache.query() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_query';
COMMENT ON FUNCTION uncache.query() IS
	'trigger function: the target unlinks each key that a query over the row returns';

CREATE FUNCTION uncache.cacheops() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_cacheops';
COMMENT ON FUNCTION uncache.cacheops() IS
	'trigger function: the target unlinks what django-cacheops has cached from rows like the old and the new '
	'one';

/*
 * Without this, whoever was granted TRIGGER on somebody's table could run SQL as him,
 * and a query would run as whoever owns the table that fires. CREATE SCHEMA makes
 * triggers, too.
 */
CREATE FUNCTION uncache_internal.admit_rules() RETURNS event_trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_admit_rules';
COMMENT ON FUNCTION uncache_internal.admit_rules() IS
	'event trigger: refuses rules of who may not make them, and writes down whose rights their queries have';

CREATE EVENT TRIGGER uncache_admit_rules ON ddl_command_end
	WHEN TAG IN ('CREATE TRIGGER', 'CREATE SCHEMA')
	EXECUTE FUNCTION uncache_internal.admit_rules();
ALTER EVENT TRIGGER uncache_admit_rules ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER uncache_admit_rules IS
	'refuses rules of who may not make them, and writes down whose rights their queries have';

CREATE FUNCTION uncache_internal.rule_author(trigger oid, OUT author name, OUT known_as name, OUT problem text)
	LANGUAGE c STRICT STABLE AS 'MODULE_PATHNAME', 'uncache_rule_author';
COMMENT ON FUNCTION uncache_internal.rule_author(oid) IS
	'the role whose rights a rule''s queries have, and what it was called when the rule was made; or why '
	'they are not run';

CREATE FUNCTION uncache_internal.find_other_use(trigger oid) RETURNS text
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_find_other_use';
COMMENT ON FUNCTION uncache_internal.find_other_use(oid) IS
	'what a rule''s queries use that they did not use when it was made; null if there is nothing';

CREATE FUNCTION uncache.check_template(relation regclass, template text) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_check_template';
COMMENT ON FUNCTION uncache.check_template(regclass, text) IS 'raises what is wrong with a template for a table';

CREATE FUNCTION uncache.check_rule(relation regclass, action text, arguments text[]) RETURNS text[]
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_check_rule';
COMMENT ON FUNCTION uncache.check_rule(regclass, text, text[]) IS
	'raises what is wrong with the arguments of a rule for a table; the columns that they read';

CREATE FUNCTION uncache_internal.examine_rule(relation oid, action text, arguments text[],
	OUT problem text, OUT is_locked boolean, OUT columns text[])
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_examine_rule';
COMMENT ON FUNCTION uncache_internal.examine_rule(oid, text, text[]) IS
	'what is wrong with a rule that is there, or the columns that it reads';

CREATE FUNCTION uncache_internal.objects_used(relation oid, action text, arguments text[], with_queries boolean,
	OUT class_id oid, OUT object_id oid, OUT column_number integer) RETURNS SETOF record
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_objects_used';
COMMENT ON FUNCTION uncache_internal.objects_used(oid, text, text[], boolean) IS
	'what a rule depends on besides its own table; of queries, which are locked for that, only if asked for';

CREATE FUNCTION uncache_internal.rule_for_any_row(action text, arguments text[],
	OUT target text, OUT action text, OUT key text) RETURNS SETOF record
	LANGUAGE c STRICT STABLE AS 'MODULE_PATHNAME', 'uncache_rule_for_any_row';
COMMENT ON FUNCTION uncache_internal.rule_for_any_row(text, text[]) IS
	'all that a rule can produce; with action resync and no target, nobody knows what that is';

CREATE FUNCTION uncache_internal.trigger_arguments(trigger oid) RETURNS text[]
	LANGUAGE c STRICT STABLE AS 'MODULE_PATHNAME', 'uncache_trigger_arguments';
COMMENT ON FUNCTION uncache_internal.trigger_arguments(oid) IS
	'the arguments of a trigger, without the author of a rule''s queries';

CREATE FUNCTION uncache_internal.is_target(name text) RETURNS boolean
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'uncache_is_target';
COMMENT ON FUNCTION uncache_internal.is_target(text) IS 'whether a name can name a target';

CREATE FUNCTION uncache_internal.heirs(relation oid) RETURNS oid[]
	LANGUAGE c STRICT STABLE AS 'MODULE_PATHNAME', 'uncache_heirs';
COMMENT ON FUNCTION uncache_internal.heirs(oid) IS 'a table, its partitions and those that inherit from it';

CREATE FUNCTION uncache_internal.schema_rule_name(relation oid) RETURNS name
	LANGUAGE c STRICT STABLE AS 'MODULE_PATHNAME', 'uncache_schema_rule_name';
COMMENT ON FUNCTION uncache_internal.schema_rule_name(oid) IS 'the name of a table''s automatic rule';

CREATE FUNCTION uncache_internal.schema_tags(relation oid) RETURNS text[]
	LANGUAGE c STRICT STABLE AS 'MODULE_PATHNAME', 'uncache_schema_tags';
COMMENT ON FUNCTION uncache_internal.schema_tags(oid) IS
	'the tags of a table or materialized view in a watched schema; null if it is to have none';

CREATE FUNCTION uncache_internal.origin() RETURNS text
	LANGUAGE c STRICT STABLE AS 'MODULE_PATHNAME', 'uncache_origin';
COMMENT ON FUNCTION uncache_internal.origin() IS 'this cluster and database, outside of which an oid means nothing';

/* By the oid where that can be relied on, else by the name: view_rule.c has the same. */
CREATE VIEW uncache_internal.view_rules AS
SELECT coalesce(
		(SELECT c.oid FROM pg_catalog.pg_class c
		 WHERE c.oid = v.view AND c.relkind = 'm' AND v.origin = uncache_internal.origin()),
		(SELECT c.oid FROM pg_catalog.pg_class c
		 WHERE c.relname = v.name AND c.relkind = 'm'
			AND c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = v.schema))) AS view,
	v.schema, v.name, v.action, v.templates
FROM uncache.view_rules v;
COMMENT ON VIEW uncache_internal.view_rules IS
	'rules of materialized views, with the view that each is for; null if it does not exist';

CREATE VIEW uncache.rules AS
SELECT t.tgrelid::regclass AS relation,
	t.tgname AS rule,
	p.proname AS action,
	uncache_internal.trigger_arguments(t.oid) AS templates,
	pg_catalog.concat_ws(' OR ',
		CASE WHEN t.tgtype & 4 <> 0 THEN 'INSERT' END,
		CASE WHEN t.tgtype & 16 <> 0 THEN 'UPDATE' END,
		CASE WHEN t.tgtype & 8 <> 0 THEN 'DELETE' END,
		CASE WHEN t.tgtype & 32 <> 0 THEN 'TRUNCATE' END) AS events,
	CASE t.tgenabled WHEN 'A' THEN 'always' WHEN 'O' THEN 'origin'
		WHEN 'R' THEN 'replica' ELSE 'disabled' END AS enabled,
	t.tgqual IS NOT NULL AS is_conditional,
	(SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum)
	 FROM pg_catalog.pg_attribute a
	 WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr)) AS columns,
	(uncache_internal.rule_author(t.oid)).author AS author,
	pg_catalog.pg_get_triggerdef(t.oid) AS definition
FROM pg_catalog.pg_trigger t
	JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
WHERE t.tgfoid = ANY (ARRAY['uncache.keys()', 'uncache.patterns()', 'uncache.tags()', 'uncache.versions()',
		'uncache.query()', 'uncache.cacheops()']::regprocedure[])
	AND t.tgparentid = 0
UNION ALL
SELECT v.view::regclass, ('uncache_' || v.action)::name, v.action::name, v.templates, 'REFRESH', 'always', false, NULL, NULL,
	pg_catalog.format('SELECT uncache.watch(%L, %s => %L)', v.view::regclass, v.action, v.templates)
FROM uncache_internal.view_rules v
WHERE v.view IS NOT NULL
UNION ALL
SELECT c.oid::regclass, uncache_internal.schema_rule_name(c.oid), 'tags', uncache_internal.schema_tags(c.oid),
	'REFRESH', 'always', false, NULL, NULL,
	pg_catalog.format('SELECT uncache.watch_schema(%L, %L, %L)', pg_catalog.quote_ident(w.schema), w.exclude, w.target)
FROM uncache.schemas w
	JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
	JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind = 'm'
WHERE uncache_internal.schema_tags(c.oid) IS NOT NULL;
COMMENT ON VIEW uncache.rules IS
	'every rule: the triggers that call uncache''s trigger functions, and the rules of materialized views';
