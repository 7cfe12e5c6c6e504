/* uncache 0.1: PostgreSQL tells Redis what to forget. */
\echo Use "CREATE EXTENSION uncache" to load this file. \quit

/*
 * The owner of a schema may drop and replace what is in it.  A schema of this
 * name that somebody made beforehand is therefore refused.
 */
DO $$
BEGIN
	IF (SELECT nspowner FROM pg_catalog.pg_namespace WHERE nspname = 'uncache')
		<> (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER)
	THEN
		RAISE EXCEPTION 'schema "uncache" belongs to another role'
			USING HINT = 'Drop it, or give it to the role that creates the extension, '
				'after you have looked at what is in it.';
	END IF;
END
$$;

/*
 * Schema uncache has what people and consumers call, and the tables.  What only we call
 * is in this one, which belongs to the extension: it is made, dropped and dumped with it,
 * and one of this name that is there already is refused.
 */
CREATE SCHEMA uncache_internal;
COMMENT ON SCHEMA uncache_internal IS
	'what the functions of schema uncache consist of: nothing to call, and subject to change';
/* What uncache keeps: the journal, its gaps, its consumers, the marker of a crash, watched schemas. */

/*
 * The journal is the whole of its segments, which are filled in turn, and emptied by TRUNCATE.
 * No row is deleted by itself, and so there is nothing to vacuum.
 */
CREATE TABLE uncache.journal (
	xid		xid8		NOT NULL,
	part	integer		NOT NULL,
	at		timestamptz	NOT NULL,
	target	text		NOT NULL,
	action	text		NOT NULL,
	keys	text[]		NOT NULL,
	CONSTRAINT rows_are_in_segments CHECK (false) NO INHERIT
);
ALTER TABLE uncache.journal ALTER COLUMN keys SET STORAGE EXTERNAL;

CREATE TABLE uncache.segments (
	number		integer		PRIMARY KEY,
	opened_at	timestamptz,
	closed_at	timestamptz
);
COMMENT ON TABLE uncache.segments IS
	'the tables that the journal consists of: one takes rows, some wait until nobody wants their rows, the others '
	'are empty';
COMMENT ON COLUMN uncache.segments.number IS 'the table is uncache.journal_<number>';
COMMENT ON COLUMN uncache.segments.opened_at IS 'since when it has taken rows; null if it is empty';
COMMENT ON COLUMN uncache.segments.closed_at IS 'since when the next one has taken them; null if none has';

CREATE FUNCTION uncache_internal.segment_count() RETURNS integer
	LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'uncache_segment_count';
COMMENT ON FUNCTION uncache_internal.segment_count() IS 'how many segments the journal has';

DO $$
DECLARE
	segment name;
BEGIN
	FOR number IN 1 .. uncache_internal.segment_count() LOOP
		segment := 'journal_' || number;
		EXECUTE format('CREATE TABLE uncache.%I () INHERITS (uncache.journal) WITH (toast_tuple_target = 8160, '
			'autovacuum_enabled = off, toast.autovacuum_enabled = off)', segment);
		EXECUTE format('CREATE INDEX %I ON uncache.%I (xid, part)', segment || '_xid_part_idx', segment);
		EXECUTE format('COMMENT ON TABLE uncache.%I IS %L', segment, 'a segment of the journal');
		INSERT INTO uncache.segments (number, opened_at)
			VALUES (number, CASE number WHEN 1 THEN pg_catalog.clock_timestamp() END);
	END LOOP;
END
$$;

COMMENT ON TABLE uncache.journal IS
	'committed invalidations not yet applied by every consumer, and those of the retention time';
COMMENT ON COLUMN uncache.journal.xid IS 'top-level transaction that changed the rows';
COMMENT ON COLUMN uncache.journal.part IS 'ordinal of the row within its transaction';
COMMENT ON COLUMN uncache.journal.at IS 'wall clock just before commit; for lag, never for order';
COMMENT ON COLUMN uncache.journal.target IS 'Redis destination by alias';
COMMENT ON COLUMN uncache.journal.action IS 'what the target does with the keys';
COMMENT ON COLUMN uncache.journal.keys IS 'keys or patterns, without the target''s prefix';

/*
 * Every later version keeps this shape: a session that still has an older library
 * writes a row where it does not know the other tables any more.  No index, since
 * one could be altered, too, and the table is nearly always empty.
 */
CREATE TABLE uncache.gaps (
	xid		xid8		NOT NULL,
	at		timestamptz	NOT NULL,
	reason	text		NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);
ALTER TABLE uncache.gaps REPLICA IDENTITY FULL;

COMMENT ON TABLE uncache.gaps IS
	'transactions whose invalidations could not be journalled: every consumer that comes by one resyncs. Its '
	'columns never change: sessions with an older library write here';
COMMENT ON COLUMN uncache.gaps.xid IS 'top-level transaction that changed the rows';
COMMENT ON COLUMN uncache.gaps.at IS 'wall clock just before commit';
COMMENT ON COLUMN uncache.gaps.reason IS 'why its invalidations could not be journalled';

CREATE TABLE uncache.consumers (
	id				integer		GENERATED ALWAYS AS IDENTITY UNIQUE,
	target			text		PRIMARY KEY,
	barrier			xid8,
	cursor			text,
	resync_reason	text,
	identity		text,
	server			text,
	replid			text,
	registered_at	timestamptz	NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	acked_at		timestamptz,
	lost_at			timestamptz,
	missed_from		timestamptz,
	checked_at		timestamptz,
	late_standbys	text[],
	place			text,
	address			text
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

COMMENT ON TABLE uncache.consumers IS 'one cursor in the journal for each target';
COMMENT ON COLUMN uncache.consumers.id IS 'the key of the consumer''s locks';
COMMENT ON COLUMN uncache.consumers.target IS 'Redis destination by alias';
COMMENT ON COLUMN uncache.consumers.barrier IS 'transactions before this one may not know of the consumer';
COMMENT ON COLUMN uncache.consumers.cursor IS
	'what is applied; null until the barrier has passed, and while it is lost';
COMMENT ON COLUMN uncache.consumers.resync_reason IS 'why a resync is or, if it is lost, will be due; null if none is';
COMMENT ON COLUMN uncache.consumers.identity IS
	'cluster, timeline, database and copy of the files that the cursor belongs to';
COMMENT ON COLUMN uncache.consumers.server IS
	'the Redis process that the deletes went to, as uncached names it; null if it is not known';
COMMENT ON COLUMN uncache.consumers.replid IS
	'the history, by its replication id, that the process went on with; null if it is not known';
COMMENT ON COLUMN uncache.consumers.place IS
	'where in Redis the deletes went to, database and prefix, as uncached names it; null if it is not known';
COMMENT ON COLUMN uncache.consumers.address IS
	'of a Redis that does not tell which process it is, by what it was reached; null of others';
COMMENT ON COLUMN uncache.consumers.registered_at IS
	'when the target was attached to first, or first after it was lost';
COMMENT ON COLUMN uncache.consumers.acked_at IS
	'when its daemon last acknowledged a cursor, be it the same; a daemon that works does so every 10 s';
COMMENT ON COLUMN uncache.consumers.lost_at IS
	'when it was declared lost; null if it was not: nothing is journalled for a lost consumer';
COMMENT ON COLUMN uncache.consumers.missed_from IS 'of a lost consumer, from when on changes are missing';
COMMENT ON COLUMN uncache.consumers.checked_at IS 'when it was last looked at because it does not acknowledge';
COMMENT ON COLUMN uncache.consumers.late_standbys IS
	'standbys that its daemon no longer waits for; null if it waits for all that it is to';

/*
 * What is behind the cursor of any of these is kept in the journal: trim()
 * counts them in.  Where a consumer's Redis is found to go on from a place in its
 * history, the newest of these before that place says what has to be applied
 * again.
 */
CREATE TABLE uncache.positions (
	consumer_id	integer		NOT NULL,
	slot		timestamptz	NOT NULL,
	repl_offset	bigint		NOT NULL,
	cursor		text		NOT NULL,
	PRIMARY KEY (consumer_id, slot)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
COMMENT ON TABLE uncache.positions IS 'places in the history of a consumer''s Redis, and what had been applied there';
COMMENT ON COLUMN uncache.positions.consumer_id IS 'the consumer, whose row names the history';
COMMENT ON COLUMN uncache.positions.slot IS
	'when it was acknowledged, rounded off: one for each 300th part of uncache.retention is kept';
COMMENT ON COLUMN uncache.positions.repl_offset IS 'the place: Redis'' replication offset';
COMMENT ON COLUMN uncache.positions.cursor IS 'what had been applied there';

/* Crash recovery empties it; that is how a crash is told from a restart. */
CREATE UNLOGGED TABLE uncache.markers (
	consumer_id	integer	PRIMARY KEY
);
COMMENT ON TABLE uncache.markers IS 'empty after a crash of PostgreSQL: unlogged on purpose';

/* An empty schema has no trigger to remember by that it is watched.  pg_dump dumps it. */
CREATE TABLE uncache.schemas (
	schema	name	PRIMARY KEY,
	exclude	name[]	NOT NULL,
	target	text	NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('uncache.schemas', '');
COMMENT ON TABLE uncache.schemas IS 'the schemas that uncache.watch_schema was called for';
COMMENT ON COLUMN uncache.schemas.schema IS 'the schema''s name; it follows when that changes';
COMMENT ON COLUMN uncache.schemas.exclude IS 'tables that are not watched, by name';
COMMENT ON COLUMN uncache.schemas.target IS 'Redis destination by alias';

/*
 * Whose rights the queries of a rule have, and what they may use. Triggers' arguments
 * are text that whoever makes the trigger chooses: only what stands here is run. Not
 * dumped: a dump's triggers are admitted when they are made.
 */
CREATE TABLE uncache.admissions (
	trigger			oid		NOT NULL,
	relation		oid		NOT NULL,
	arguments		text[]	NOT NULL,
	is_for_rows		boolean	NOT NULL,
	author			oid		NOT NULL,
	is_superuser	boolean	NOT NULL,
	objects			text[]	NOT NULL
);
CREATE INDEX admissions_relation_idx ON uncache.admissions (relation);
CREATE INDEX admissions_trigger_idx ON uncache.admissions (trigger);
COMMENT ON TABLE uncache.admissions IS 'rules with queries that were admitted';
COMMENT ON COLUMN uncache.admissions.relation IS 'the rule''s table';
COMMENT ON COLUMN uncache.admissions.arguments IS 'all arguments of its trigger';
COMMENT ON COLUMN uncache.admissions.trigger IS 'the trigger; another one after pg_upgrade';
COMMENT ON COLUMN uncache.admissions.is_for_rows IS 'whether it fires for rows, or for TRUNCATE';
COMMENT ON COLUMN uncache.admissions.author IS 'the role whose rights the queries have';
COMMENT ON COLUMN uncache.admissions.is_superuser IS 'whether it was superuser then';
COMMENT ON COLUMN uncache.admissions.objects IS 'what the queries used then: they may use nothing else';

/*
 * Materialized views have no triggers that could be rules. pg_dump dumps this table, and restores it before
 * some of the views: nothing in a row may need its view, and by names it is found when it is there. A
 * view's oid finds it also under a name that nobody was told of, but only in the database of its origin.
 */
CREATE TABLE uncache.view_rules (
	view		oid		NOT NULL,
	origin		text	NOT NULL,
	schema		name	NOT NULL,
	name		name	NOT NULL,
	action		text	NOT NULL,
	templates	text[]	NOT NULL
);
ALTER TABLE uncache.view_rules REPLICA IDENTITY FULL;
CREATE INDEX view_rules_view_idx ON uncache.view_rules (view);
CREATE INDEX view_rules_name_idx ON uncache.view_rules (name, schema);
SELECT pg_catalog.pg_extension_config_dump('uncache.view_rules', '');
COMMENT ON TABLE uncache.view_rules IS 'the rules of materialized views: what goes at REFRESH';
COMMENT ON COLUMN uncache.view_rules.view IS 'the view, in the database of its origin';
COMMENT ON COLUMN uncache.view_rules.origin IS 'cluster and database in which the rule was made or renamed last';
COMMENT ON COLUMN uncache.view_rules.schema IS 'the view''s schema; it follows when that changes';
COMMENT ON COLUMN uncache.view_rules.name IS 'the view''s name; it follows when that changes';
COMMENT ON COLUMN uncache.view_rules.action IS 'what the target does with the keys';
COMMENT ON COLUMN uncache.view_rules.templates IS 'without placeholders';
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
/* watch and unwatch: sugar that makes rules. */

/* RAISE raises an error where the client's encoding lacks a name. */
CREATE FUNCTION uncache_internal.warn(message text, hint text) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_warn';
COMMENT ON FUNCTION uncache_internal.warn(text, text) IS 'a warning that any client can be sent';

CREATE FUNCTION uncache_internal.check_watchable(relation regclass) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	kind "char" := (SELECT relkind FROM pg_class WHERE oid = relation);
BEGIN
	IF kind NOT IN ('r', 'p', 'm') THEN
		RAISE EXCEPTION '% is not a table', relation
			USING ERRCODE = 'wrong_object_type',
			HINT = 'Watch the tables that it gets its rows from.';
	END IF;
	IF EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.oid = relation AND n.nspname = 'uncache')
	THEN
		RAISE EXCEPTION '% is a table of uncache and cannot be watched', relation
			USING ERRCODE = 'wrong_object_type';
	END IF;
	IF EXISTS (SELECT FROM pg_inherits WHERE inhparent = relation) AND kind = 'r' THEN
		PERFORM uncache_internal.warn(format('tables that inherit from %s are not watched with it', relation),
			'Call uncache.watch for each of them.');
	END IF;
END
$$;
COMMENT ON FUNCTION uncache_internal.check_watchable(regclass) IS 'raises why a relation cannot be watched';

/* Characters of placeholders and globs, or another colon, say that what is before "://" is not meant as a name. */
CREATE FUNCTION uncache_internal.warn_of_targets(arguments text[]) RETURNS void
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT uncache_internal.warn(format('"%s" cannot be the name of a target: "%s" is a key of target "default"', t.name, a.argument),
		'The name of a target consists of up to 48 ASCII letters, digits, "_", "." and "-", and begins with a letter.')
	FROM unnest(arguments) AS a(argument),
		LATERAL (SELECT substring(a.argument FROM '^([^][{}*?\\:/]+)://') AS name) t
	WHERE NOT uncache_internal.is_target(t.name)
$$;
COMMENT ON FUNCTION uncache_internal.warn_of_targets(text[]) IS
	'warns of templates that look as if they began with a target, and do not';

/*
 * A TRUNCATE trigger is not inherited by partitions, and TRUNCATE of a partition
 * fires only the partition's own.  Without a lock: somebody may be altering one.
 */
CREATE FUNCTION uncache_internal.truncate_relations(relation regclass) RETURNS SETOF regclass
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT relation
	UNION
	SELECT h.heir
	FROM unnest((SELECT uncache_internal.heirs(p.oid)
		FROM pg_class p
		WHERE p.oid = relation AND p.relkind = 'p')) AS h(heir)
	WHERE (SELECT c.relkind FROM pg_class c WHERE c.oid = h.heir) IN ('r', 'p')
$$;
COMMENT ON FUNCTION uncache_internal.truncate_relations(regclass) IS 'a table and all its partitions';

CREATE FUNCTION uncache_internal.make_room(relation regclass, name text) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_make_room';
COMMENT ON FUNCTION uncache_internal.make_room(regclass, text) IS
	'lets partitions that have a rule of a name keep it by another, with _own behind';

CREATE FUNCTION uncache_internal.confirm_names(relation regclass, rule text) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_confirm_names';
COMMENT ON FUNCTION uncache_internal.confirm_names(regclass, text) IS
	'a rule is meant as it is, whatever names its columns had';

/* An event on rows may be restricted to columns of an UPDATE. */
CREATE FUNCTION uncache.put_trigger(relation regclass, name text, action text, events text, columns text[],
	arguments text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	event_list text := events;
	argument_list text := (SELECT string_agg(quote_literal(a), ', ' ORDER BY n)
		FROM unnest(arguments) WITH ORDINALITY AS u(a, n));
BEGIN
	PERFORM uncache_internal.confirm_names(relation, name);
	IF EXISTS (SELECT FROM uncache.rules r
		WHERE r.relation = put_trigger.relation AND r.rule = name AND r.action = put_trigger.action
			AND r.templates = arguments AND r.enabled = 'always'
			AND r.columns IS NOT DISTINCT FROM put_trigger.columns
			AND r.events = put_trigger.events AND NOT r.is_conditional
			AND (r.action <> 'query' OR EXISTS (SELECT
				FROM pg_class c
					JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = name,
					LATERAL uncache_internal.rule_author(t.oid) a
				WHERE c.oid = put_trigger.relation AND a.author = pg_get_userbyid(c.relowner) AND a.known_as = a.author
					AND uncache_internal.find_other_use(t.oid) IS NULL)))
	THEN
		RETURN;
	END IF;
	/* what passed by it while it was switched off */
	IF EXISTS (SELECT FROM uncache.rules r
		WHERE r.relation = put_trigger.relation AND r.rule = name AND r.enabled <> 'always')
	THEN
		PERFORM uncache.invalidate_table(relation);
	END IF;
	IF columns IS NOT NULL THEN
		event_list := replace(events, 'UPDATE',
			'UPDATE OF ' || (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) AS c));
	END IF;
	EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', name, relation);
	PERFORM uncache_internal.make_room(relation, name);
	EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s FOR EACH %s EXECUTE FUNCTION uncache.%I(%s)',
		name, event_list, relation, CASE events WHEN 'TRUNCATE' THEN 'STATEMENT' ELSE 'ROW' END,
		action, argument_list);
	EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', relation, name);
END
$$;
COMMENT ON FUNCTION uncache.put_trigger(regclass, text, text, text, text[], text[]) IS
	'creates or replaces a rule''s trigger, unless it is there already';

CREATE FUNCTION uncache_internal.put_view_rule(view regclass, action text, templates text[]) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_put_view_rule';
COMMENT ON FUNCTION uncache_internal.put_view_rule(regclass, text, text[]) IS
	'makes, replaces or removes a materialized view''s rule of one action, for its owner';

/* What a rule of each action is made of, for watch(). */
CREATE FUNCTION uncache_internal.actions() RETURNS SETOF text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	VALUES ('keys'), ('patterns'), ('tags'), ('versions'), ('query'), ('cacheops')
$$;
COMMENT ON FUNCTION uncache_internal.actions() IS 'the actions of rules: the names of the trigger functions';

CREATE FUNCTION uncache_internal.drop_rule(relation regclass, name text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	part regclass;
BEGIN
	EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', name, relation);
	/* a trigger of that name that is left is a rule which a partition has of its own */
	FOR part IN SELECT r FROM uncache_internal.truncate_relations(relation) AS r
		WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = r AND t.tgname = name)
	LOOP
		EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', name || '_truncate', part);
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache_internal.drop_rule(regclass, text) IS 'removes what put_rule made';

/*
 * A rule for rows, and with "_truncate" behind its name one for TRUNCATE.  The
 * columns that the arguments read are added to those that are asked for: a row
 * that moves to another key makes the old one stale.  All columns are no
 * restriction: one that is added later may be part of a whole row that is read.
 */
CREATE FUNCTION uncache.put_rule(relation regclass, name text, action text, arguments text[], columns text[])
	RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	columns_read text[] := uncache.check_rule(relation, action, arguments);
	update_columns text[];
	before_trigger text;
	part regclass;
BEGIN
	IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = relation AND tgname = name AND tgparentid <> 0) THEN
		RAISE EXCEPTION '% is watched with the table that it is a partition of', relation
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Watch that table, or create a trigger of another name.';
	END IF;
	IF cardinality(columns) > 0 THEN
		update_columns := ARRAY(SELECT a.attname
			FROM unnest(columns || columns_read) AS c
				LEFT JOIN pg_attribute a ON a.attrelid = relation AND a.attname = c AND a.attnum > 0
			GROUP BY a.attname, a.attnum ORDER BY a.attnum);
		IF array_position(update_columns, NULL) IS NOT NULL THEN
			RAISE EXCEPTION '% has no column "%"', relation,
				(SELECT c FROM unnest(columns) AS c
				 WHERE c IS NULL OR NOT EXISTS (SELECT FROM pg_attribute
					WHERE attrelid = relation AND attname = c AND attnum > 0)
				 LIMIT 1)
				USING ERRCODE = 'undefined_column';
		ELSIF cardinality(update_columns) =
			(SELECT count(*) FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped)
		THEN
			update_columns := NULL;
		END IF;
		/* UPDATE OF goes by what the statement sets: 19 is ROW, BEFORE and UPDATE */
		before_trigger := (SELECT format('"%s" on %s', t.tgname, t.tgrelid::regclass)
			FROM pg_trigger t
			WHERE t.tgrelid IN (SELECT uncache_internal.truncate_relations(relation))
				AND t.tgtype & 19 = 19 AND t.tgenabled <> 'D'
			ORDER BY t.tgrelid, t.tgname LIMIT 1);
		IF update_columns IS NOT NULL AND before_trigger IS NOT NULL THEN
			PERFORM uncache_internal.warn(
				format('columns that only trigger %s changes are not noticed', before_trigger),
				'Watch without columns if it changes one that the rule reads.');
		END IF;
	END IF;
	PERFORM uncache.put_trigger(relation, name, action, 'INSERT OR UPDATE OR DELETE', update_columns, arguments);
	FOR part IN SELECT uncache_internal.truncate_relations(relation) LOOP
		PERFORM uncache.put_trigger(part, name || '_truncate', action, 'TRUNCATE', NULL, arguments);
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache.put_rule(regclass, text, text, text[], text[]) IS
	'makes a table''s rule of one action, in place of what there is of that name';

/*
 * An action that is not named stays as it is; an empty array removes its rule.
 * Made for named notation: an array in second place belongs to the plain form.
 */
CREATE FUNCTION uncache_internal.watch(relation regclass, columns name[] DEFAULT NULL,
	keys text[] DEFAULT NULL, patterns text[] DEFAULT NULL, tags text[] DEFAULT NULL,
	versions text[] DEFAULT NULL, query text[] DEFAULT NULL, cacheops text[] DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	is_view boolean := (SELECT relkind = 'm' FROM pg_class WHERE oid = relation);
	action text;
	arguments text[];
BEGIN
	IF relation IS NULL OR num_nonnulls(keys, patterns, tags, versions, query, cacheops) = 0 THEN
		RAISE EXCEPTION 'a table and at least one of keys, patterns, tags, versions, query and cacheops are needed'
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'For example: SELECT uncache.watch(''billing.invoice'', ''invoice:{id}'').';
	END IF;
	PERFORM uncache_internal.check_watchable(relation);
	IF is_view AND cardinality(columns) > 0 THEN
		RAISE EXCEPTION 'a rule of materialized view % cannot be restricted to columns', relation
			USING ERRCODE = 'feature_not_supported', HINT = 'REFRESH tells of no columns.';
	END IF;
	FOR action, arguments IN
		SELECT v.action, v.arguments
		FROM (VALUES ('keys', keys), ('patterns', patterns), ('tags', tags), ('versions', versions), ('query', query),
			('cacheops', cacheops))
			AS v(action, arguments)
		WHERE v.arguments IS NOT NULL
	LOOP
		IF '' = ANY (arguments) OR array_position(arguments, NULL) IS NOT NULL THEN
			RAISE EXCEPTION 'an element of % must not be null or empty', action
				USING ERRCODE = 'invalid_parameter_value';
		ELSIF is_view THEN
			IF cardinality(arguments) > 0 AND action NOT IN ('query', 'cacheops') THEN
				PERFORM uncache.check_rule(relation, action, arguments);
			END IF;
			PERFORM uncache_internal.put_view_rule(relation, action, arguments);
		ELSIF cardinality(arguments) = 0 THEN
			PERFORM uncache_internal.drop_rule(relation, 'uncache_' || action);
		ELSE
			PERFORM uncache.put_rule(relation, 'uncache_' || action, action, arguments, columns::text[]);
		END IF;
		IF action <> 'query' THEN
			PERFORM uncache_internal.warn_of_targets(arguments);
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache_internal.watch(regclass, name[], text[], text[], text[], text[], text[], text[]) IS
	'what uncache.watch does';

CREATE FUNCTION uncache_internal.watch(relation regclass, VARIADIC keys text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
BEGIN
	IF coalesce(cardinality(keys), 0) = 0 THEN
		RAISE EXCEPTION 'a table and at least one key template are needed'
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'For example: SELECT uncache.watch(''billing.invoice'', ''invoice:{id}'').';
	END IF;
	PERFORM uncache_internal.watch(relation, keys => keys);
END
$$;
COMMENT ON FUNCTION uncache_internal.watch(regclass, text[]) IS 'what uncache.watch does with keys alone';

CREATE FUNCTION uncache_internal.unwatch(relation regclass) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	name text;
BEGIN
	IF (SELECT relkind = 'm' FROM pg_class WHERE oid = relation) THEN
		PERFORM uncache_internal.put_view_rule(relation, a, '{}') FROM uncache_internal.actions() AS a;
		RETURN;
	END IF;
	/* what a partition has kept of its own, and what a partition has of its table, which that keeps */
	FOR name IN
		SELECT t.tgname
		FROM pg_trigger t, uncache_internal.actions() AS a(action)
		WHERE t.tgrelid = relation AND t.tgname ~ ('^uncache_' || a.action || '_own[0-9]*$') AND t.tgparentid = 0
		UNION ALL
		SELECT 'uncache_' || a.action
		FROM uncache_internal.actions() AS a(action)
		WHERE NOT EXISTS (SELECT
			FROM pg_trigger c
				JOIN pg_trigger o ON o.tgrelid = c.tgrelid AND o.tgname ~ ('^' || c.tgname || '_own[0-9]*$')
			WHERE c.tgrelid = relation AND c.tgname = 'uncache_' || a.action AND c.tgparentid <> 0)
	LOOP
		PERFORM uncache_internal.drop_rule(relation, name);
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache_internal.unwatch(regclass) IS 'what uncache.unwatch does';

/* Errors of these say nothing of the functions above. */
CREATE FUNCTION uncache.watch(relation regclass, columns name[] DEFAULT NULL,
	keys text[] DEFAULT NULL, patterns text[] DEFAULT NULL, tags text[] DEFAULT NULL,
	versions text[] DEFAULT NULL, query text[] DEFAULT NULL, cacheops text[] DEFAULT NULL) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_call_internal';
COMMENT ON FUNCTION uncache.watch(regclass, name[], text[], text[], text[], text[], text[], text[]) IS
	'makes a table''s changes invalidate; replaces what an earlier call made of the same actions';

CREATE FUNCTION uncache.watch(relation regclass, VARIADIC keys text[]) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_call_internal';
COMMENT ON FUNCTION uncache.watch(regclass, text[]) IS
	'makes a table''s changes forget these keys; replaces the keys of an earlier call';

CREATE FUNCTION uncache.unwatch(relation regclass) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_call_internal';
COMMENT ON FUNCTION uncache.unwatch(regclass) IS 'removes what uncache.watch made; triggers written by hand stay';
/* watch_schema: a rule of tags for each table of a schema, the automatic rules. */

CREATE FUNCTION uncache_internal.lock_schema(schema regnamespace) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_lock_schema';
COMMENT ON FUNCTION uncache_internal.lock_schema(regnamespace) IS
	'keeps others from making tables in a schema until the end of the transaction';

/* Authors may not write to uncache.schemas: they could lock it against each command that makes a table. */
CREATE FUNCTION uncache_internal.put_schema(schema regnamespace, exclude name[], target text) RETURNS void
	LANGUAGE c STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'uncache_put_schema';
COMMENT ON FUNCTION uncache_internal.put_schema(regnamespace, name[], text) IS 'has a schema watched, for its owner';

CREATE FUNCTION uncache_internal.remove_schema(schema regnamespace) RETURNS void
	LANGUAGE c STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'uncache_remove_schema';
COMMENT ON FUNCTION uncache_internal.remove_schema(regnamespace) IS 'has a schema not watched any more, for its owner';

/* What stands in uncache.schemas lets the extension's owner make triggers. */
CREATE FUNCTION uncache_internal.guard_schemas() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	changed name;
BEGIN
	IF (SELECT rolsuper FROM pg_roles WHERE rolname = CURRENT_USER) THEN
		RETURN coalesce(NEW, OLD);
	END IF;
	FOREACH changed IN ARRAY array_remove(ARRAY[OLD.schema, NEW.schema], NULL) LOOP
		IF pg_has_role((SELECT nspowner FROM pg_namespace WHERE nspname = changed), 'USAGE') IS NOT TRUE THEN
			RAISE EXCEPTION 'must be owner of schema %', changed
				USING ERRCODE = 'insufficient_privilege';
		END IF;
	END LOOP;
	RETURN coalesce(NEW, OLD);
END
$$;
COMMENT ON FUNCTION uncache_internal.guard_schemas() IS
	'trigger function: only the owner of a schema may have it watched';

ALTER TABLE uncache.schemas ADD CHECK (uncache_internal.is_target(target));
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON uncache.schemas
	FOR EACH ROW EXECUTE FUNCTION uncache_internal.guard_schemas();

CREATE FUNCTION uncache_internal.is_schema_rule(rule name) RETURNS boolean
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'uncache_is_schema_rule';
COMMENT ON FUNCTION uncache_internal.is_schema_rule(name) IS 'whether this is the name of an automatic rule';

CREATE FUNCTION uncache_internal.put_schema_rule(relation regclass) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_put_schema_rule';
COMMENT ON FUNCTION uncache_internal.put_schema_rule(regclass) IS
	'makes, replaces or removes a table''s automatic rule, for its owner';

/*
 * Tables of the schema, and those that inherit from them, which carry their tags.
 * They are locked, as making a rule does anyway, before their columns are looked at:
 * who is altering one does not see yet that its schema is watched.  (Of one that is
 * another's the rule cannot be made either, and that says so.)
 */
CREATE FUNCTION uncache_internal.put_schema_rules(schema regnamespace) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	relations oid[] := ARRAY(SELECT DISTINCT h.relation
		FROM pg_class c, unnest(uncache_internal.heirs(c.oid)) AS h(relation)
		WHERE c.relnamespace = schema AND c.relkind IN ('r', 'p')
		ORDER BY 1);
	relation regclass;
BEGIN
	FOR relation IN
		SELECT r.oid
		FROM pg_class r
		WHERE r.oid = ANY (relations) AND pg_has_role(r.relowner, 'USAGE')
			AND uncache_internal.schema_tags(r.oid) IS NOT NULL
		ORDER BY 1
	LOOP
		EXECUTE format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE', relation);
	END LOOP;
	PERFORM uncache_internal.put_schema_rule(r) FROM unnest(relations) AS r;
END
$$;
COMMENT ON FUNCTION uncache_internal.put_schema_rules(regnamespace) IS
	'makes, replaces or removes the automatic rules of a schema';

/*
 * The schema is locked, so that a table that somebody is making in it is either
 * seen here or its maker sees that the schema is watched.
 */
CREATE FUNCTION uncache_internal.watch_schema(schema regnamespace, exclude name[], target text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	schema_name name := (SELECT nspname FROM pg_namespace WHERE oid = schema);
BEGIN
	IF schema_name IS NULL OR exclude IS NULL OR target IS NULL THEN
		RAISE EXCEPTION 'a schema is required'
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'For example: SELECT uncache.watch_schema(''billing'', exclude => ''{log}'').';
	ELSIF schema_name IN ('uncache', 'uncache_internal', 'information_schema') OR schema_name LIKE 'pg\_%' THEN
		RAISE EXCEPTION 'schema % cannot be watched', schema
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF NOT uncache_internal.is_target(target) THEN
		RAISE EXCEPTION 'invalid name of a target: "%"', target
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM uncache_internal.lock_schema(schema);
	PERFORM uncache_internal.put_schema(schema, exclude, target);
	PERFORM uncache_internal.put_schema_rules(schema);
END
$$;
COMMENT ON FUNCTION uncache_internal.watch_schema(regnamespace, name[], text) IS 'what uncache.watch_schema does';

CREATE FUNCTION uncache_internal.unwatch_schema(schema regnamespace) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
BEGIN
	PERFORM uncache_internal.lock_schema(schema);
	PERFORM uncache_internal.remove_schema(schema);
	PERFORM uncache_internal.put_schema_rules(schema);
END
$$;
COMMENT ON FUNCTION uncache_internal.unwatch_schema(regnamespace) IS 'what uncache.unwatch_schema does';

/* Errors of these say nothing of the functions above. */
CREATE FUNCTION uncache.watch_schema(schema regnamespace, exclude name[] DEFAULT '{}', target text DEFAULT 'default')
	RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_call_internal';
COMMENT ON FUNCTION uncache.watch_schema(regnamespace, name[], text) IS
	'gives all tables and materialized views of a schema, later ones too, the tags schema.table and '
	'schema.table:<primary key>; for the owner of the schema, or a superuser';

CREATE FUNCTION uncache.unwatch_schema(schema regnamespace) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_call_internal';
COMMENT ON FUNCTION uncache.unwatch_schema(regnamespace) IS 'removes what uncache.watch_schema made; other rules stay';
/*
 * Event triggers: what becomes of rules when tables change. All are C: what a command
 * costs must depend on what it touches, never on how many rules there are. They run as whoever
 * issues the command. A command of the customer's never fails because of them: where
 * they fail, they warn, and all targets are resynced.
 */

/* Which rules read an object: in pg_depend a rule would keep it from being dropped, or go with it. */
CREATE TABLE uncache.dependencies (
	class		oid		NOT NULL,
	object		oid		NOT NULL,
	subobject	integer	NOT NULL,
	trigger		oid		NOT NULL,
	name		text	NOT NULL
);
CREATE INDEX dependencies_object_idx ON uncache.dependencies (class, object, subobject);
CREATE INDEX dependencies_trigger_idx ON uncache.dependencies (trigger);
COMMENT ON TABLE uncache.dependencies IS
	'what rules read besides their own tables: serves to tell which of them a command has broken';
COMMENT ON COLUMN uncache.dependencies.class IS 'the object''s catalog, as in pg_depend';
COMMENT ON COLUMN uncache.dependencies.object IS 'the object';
COMMENT ON COLUMN uncache.dependencies.subobject IS 'of a table, the column; else 0';
COMMENT ON COLUMN uncache.dependencies.name IS 'what the object was called when the rule was made';
COMMENT ON COLUMN uncache.dependencies.trigger IS 'the rule''s trigger';

/*
 * By the rule's name, since a trigger's oid does not outlive pg_upgrade. Who makes the cache's
 * keys goes by names: where there is a column of the name again that the rule was written for,
 * it reads that one.
 */
CREATE TABLE uncache.renamed_columns (
	relation	oid		NOT NULL,
	rule		name	NOT NULL,
	present		text[]	NOT NULL,
	arguments	text[]	NOT NULL,
	written		text[]	NOT NULL,
	followed	text[]	NOT NULL,
	PRIMARY KEY (relation, rule)
);
COMMENT ON TABLE uncache.renamed_columns IS 'rules that have followed columns to other names';
COMMENT ON COLUMN uncache.renamed_columns.relation IS 'the rule''s table';
COMMENT ON COLUMN uncache.renamed_columns.rule IS 'the rule''s trigger, by name';
COMMENT ON COLUMN uncache.renamed_columns.present IS
	'the arguments that the rule has now: with others, it is another rule';
COMMENT ON COLUMN uncache.renamed_columns.arguments IS 'the arguments that the rule was written with';
COMMENT ON COLUMN uncache.renamed_columns.written IS
	'columns by the names that they had then; where several have had a name, the last of them first';
COMMENT ON COLUMN uncache.renamed_columns.followed IS 'the same columns by the names that they have now';

/* Where another table takes the name that rules were made for, they hold for that one, too. */
CREATE TABLE uncache.renamed_tables (
	relation	oid			NOT NULL,
	schema		name		NOT NULL,
	name		name		NOT NULL,
	at			timestamptz	NOT NULL,
	PRIMARY KEY (relation, schema, name)
);
CREATE INDEX renamed_tables_name_idx ON uncache.renamed_tables (name, schema);
COMMENT ON TABLE uncache.renamed_tables IS 'names that tables with rules have had';
COMMENT ON COLUMN uncache.renamed_tables.relation IS 'the table';
COMMENT ON COLUMN uncache.renamed_tables.schema IS 'the schema that it was in';
COMMENT ON COLUMN uncache.renamed_tables.name IS 'the name that it had there';
COMMENT ON COLUMN uncache.renamed_tables.at IS 'when it gave the name up';

/* Commands lock what they alter, not all that their names show up in; and rules are not made below a writer. */
CREATE TABLE uncache.due (
	relation	oid		NOT NULL,
	role		oid		NOT NULL,
	xid			xid8	NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
	holders		text[]
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
ALTER TABLE uncache.due REPLICA IDENTITY FULL;
COMMENT ON TABLE uncache.due IS
	'tables whose rules could not be made, or that are to be invalidated again, because others were writing';
COMMENT ON COLUMN uncache.due.relation IS 'the table or materialized view; 0 if every target is to be resynced';
COMMENT ON COLUMN uncache.due.role IS 'as whom its rules are to be made; 0 if it is only invalidated again';
COMMENT ON COLUMN uncache.due.xid IS 'the transaction of the command';
COMMENT ON COLUMN uncache.due.holders IS 'transactions that have to end first; null if nobody has looked yet';

CREATE FUNCTION uncache_internal.do_due(relation oid, role oid) RETURNS boolean
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_do_due';
COMMENT ON FUNCTION uncache_internal.do_due(oid, oid) IS
	'makes the rules of a table, unless somebody holds a lock, and invalidates it; whether that is done';

CREATE FUNCTION uncache_internal.clear_way() RETURNS event_trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_clear_way';
COMMENT ON FUNCTION uncache_internal.clear_way() IS
	'event trigger: makes room for commands that PostgreSQL would refuse because of a rule';

CREATE EVENT TRIGGER uncache_clear_way ON ddl_command_start
	WHEN TAG IN ('ALTER TABLE', 'ALTER FOREIGN TABLE', 'ALTER TYPE', 'CREATE INDEX')
	EXECUTE FUNCTION uncache_internal.clear_way();
/* replicated DDL and sessions in replica role change tables, too */
ALTER EVENT TRIGGER uncache_clear_way ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER uncache_clear_way IS 'makes room for commands that PostgreSQL would refuse because of a rule';

CREATE FUNCTION uncache_internal.follow_command() RETURNS event_trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_follow_command';
COMMENT ON FUNCTION uncache_internal.follow_command() IS
	'event trigger: makes rules follow tables that are made or altered, and invalidates what changes';

/* ALTER INDEX renames tables as well, and ALTER VIEW and the like their columns. */
CREATE EVENT TRIGGER uncache_follow_command ON ddl_command_end
	WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'CREATE MATERIALIZED VIEW',
		'REFRESH MATERIALIZED VIEW', 'CREATE SCHEMA', 'CREATE TRIGGER', 'ALTER TABLE', 'ALTER TYPE', 'ALTER INDEX',
		'ALTER SEQUENCE', 'ALTER VIEW', 'ALTER MATERIALIZED VIEW', 'ALTER FOREIGN TABLE', 'ALTER SCHEMA',
		'CREATE FOREIGN TABLE', 'ALTER SERVER', 'ALTER FOREIGN DATA WRAPPER', 'CREATE USER MAPPING', 'ALTER USER MAPPING')
	EXECUTE FUNCTION uncache_internal.follow_command();
ALTER EVENT TRIGGER uncache_follow_command ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER uncache_follow_command IS
	'makes rules follow tables that are made or altered, and invalidates what changes';

CREATE FUNCTION uncache_internal.follow_rewrite() RETURNS event_trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_follow_rewrite';
COMMENT ON FUNCTION uncache_internal.follow_rewrite() IS 'event trigger: invalidates tables whose rows are rewritten';

CREATE EVENT TRIGGER uncache_follow_rewrite ON table_rewrite
	EXECUTE FUNCTION uncache_internal.follow_rewrite();
ALTER EVENT TRIGGER uncache_follow_rewrite ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER uncache_follow_rewrite IS 'invalidates tables whose rows are rewritten';

CREATE FUNCTION uncache_internal.follow_drops() RETURNS event_trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_follow_drops';
COMMENT ON FUNCTION uncache_internal.follow_drops() IS 'event trigger: invalidates tables that are dropped';

CREATE EVENT TRIGGER uncache_follow_drops ON sql_drop
	EXECUTE FUNCTION uncache_internal.follow_drops();
ALTER EVENT TRIGGER uncache_follow_drops ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER uncache_follow_drops IS 'invalidates tables that are dropped';

/* What event triggers would have done while uncache.follow_ddl was off, or they were disabled. */
CREATE FUNCTION uncache_internal.cover_partition(partition regclass) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_cover_partition';
COMMENT ON FUNCTION uncache_internal.cover_partition(regclass) IS
	'gives a partition the rules for TRUNCATE of the tables above it';

CREATE FUNCTION uncache_internal.take_name(relation oid) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_take_name';
COMMENT ON FUNCTION uncache_internal.take_name(oid) IS
	'gives a table the rules of the one that gave up its name to it';

CREATE FUNCTION uncache.catch_up() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
BEGIN
	DELETE FROM uncache.schemas s
		WHERE NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = s.schema);
	UPDATE uncache.view_rules v SET schema = n.nspname, name = c.relname
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.oid = v.view AND c.relkind = 'm' AND v.origin = uncache_internal.origin()
			AND (n.nspname, c.relname) <> (v.schema, v.name);
	/* those of a dump may yet get their view */
	DELETE FROM uncache.view_rules v
		WHERE v.origin = uncache_internal.origin()
			AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = v.view AND c.relkind = 'm')
			AND NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
				WHERE n.nspname = v.schema AND c.relname = v.name AND c.relkind = 'm');
	DELETE FROM uncache.renamed_tables r
		WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = r.relation);
	PERFORM uncache_internal.take_name(t.oid)
		FROM (SELECT DISTINCT c.oid
			FROM uncache.renamed_tables r
				JOIN pg_namespace n ON n.nspname = r.schema
				JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = r.name AND c.oid <> r.relation
			ORDER BY c.oid) t;
	PERFORM uncache_internal.put_schema_rules(n.oid::regnamespace)
		FROM uncache.schemas s JOIN pg_namespace n ON n.nspname = s.schema;
	PERFORM uncache_internal.cover_partition(p.relid)
		FROM uncache.rules r, pg_partition_tree(r.relation) p
		WHERE r.events = 'TRUNCATE' AND p.relid <> r.relation;
	PERFORM uncache.invalidate_all();
END
$$;
COMMENT ON FUNCTION uncache.catch_up() IS
	'does for all tables what event triggers did not do while uncache.follow_ddl was off, and resyncs every '
	'target; for superusers';
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
/* What people call: invalidations by hand. */

CREATE FUNCTION uncache.invalidate(VARIADIC keys text[]) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_invalidate';
COMMENT ON FUNCTION uncache.invalidate(text[]) IS 'forgets these keys when the transaction commits';

CREATE FUNCTION uncache.invalidate_pattern(VARIADIC patterns text[]) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_invalidate_pattern';
COMMENT ON FUNCTION uncache.invalidate_pattern(text[]) IS
	'forgets the keys that match these patterns when the transaction commits';

CREATE FUNCTION uncache.invalidate_tag(VARIADIC tags text[]) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_invalidate_tag';
COMMENT ON FUNCTION uncache.invalidate_tag(text[]) IS
	'forgets the keys that are registered under these tags when the transaction commits';

CREATE FUNCTION uncache.invalidate_version(VARIADIC keys text[]) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_invalidate_version';
COMMENT ON FUNCTION uncache.invalidate_version(text[]) IS
	'gives these counters new values when the transaction commits';

CREATE FUNCTION uncache.invalidate_table(relation regclass) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_invalidate_table';
COMMENT ON FUNCTION uncache.invalidate_table(regclass) IS
	'forgets all that the rules of a table can produce when the transaction commits';

CREATE FUNCTION uncache.invalidate_all() RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_invalidate_all';
COMMENT ON FUNCTION uncache.invalidate_all() IS 'forgets all that any rule can produce when the transaction commits';

CREATE FUNCTION uncache_internal.record_statement(statement text,
	OUT relation oid, OUT rule text, OUT action text, OUT target text, OUT key text)
	RETURNS SETOF record
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_record_statement';
COMMENT ON FUNCTION uncache_internal.record_statement(text) IS 'what explain() reads, with what comes again';

/* The search path stays the caller's: it is his statement. */
CREATE FUNCTION uncache.explain(statement text,
	OUT relation regclass, OUT rule text, OUT action text, OUT target text, OUT key text) RETURNS SETOF record
	LANGUAGE sql STRICT
AS $$
	SELECT r.relation::pg_catalog.regclass, r.rule, r.action, r.target, r.key
	FROM uncache_internal.record_statement(statement) WITH ORDINALITY AS r(relation, rule, action, target, key, n)
	GROUP BY 1, 2, 3, 4, 5
	ORDER BY pg_catalog.min(r.n)
$$;
COMMENT ON FUNCTION uncache.explain(text) IS 'runs a statement, rolls it back, and tells what it would invalidate';

/* as the extension's owner: what it reads is not for everybody */
CREATE FUNCTION uncache.wait(timeout interval DEFAULT '5s') RETURNS boolean
	LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'uncache_wait';
COMMENT ON FUNCTION uncache.wait(interval) IS
	'waits until everything committed before the call is applied by every consumer that is not lost: true if '
	'it is, false at the timeout, also if a daemon is down';
/* What SQL needs to know of cursors, consumers' locks, and settings: C tells. */

CREATE FUNCTION uncache_internal.cursor_begin(cursor text) RETURNS xid8
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'uncache_cursor_begin';
COMMENT ON FUNCTION uncache_internal.cursor_begin(text) IS 'all transactions before this one lie before a cursor';

CREATE FUNCTION uncache_internal.cursor_end(cursor text) RETURNS xid8
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'uncache_cursor_end';
COMMENT ON FUNCTION uncache_internal.cursor_end(text) IS 'this transaction and all after it lie behind a cursor';

CREATE FUNCTION uncache_internal.cursor_has_consumed(cursor text, xid xid8, part integer) RETURNS boolean
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'uncache_cursor_has_consumed';
COMMENT ON FUNCTION uncache_internal.cursor_has_consumed(text, xid8, integer) IS
	'whether a journal row lies before a cursor';

CREATE FUNCTION uncache_internal.lock_consumer(id integer) RETURNS boolean
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_lock_consumer';
COMMENT ON FUNCTION uncache_internal.lock_consumer(integer) IS 'takes a consumer''s lock for the session';

CREATE FUNCTION uncache_internal.consumer_worker(consumer_id integer) RETURNS integer
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_consumer_worker';
COMMENT ON FUNCTION uncache_internal.consumer_worker(integer) IS
	'the process id of the session that has a consumer''s lock';

CREATE FUNCTION uncache_internal.consumers_changed() RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_consumers_changed';
COMMENT ON FUNCTION uncache_internal.consumers_changed() IS 'makes every backend read uncache.consumers again';

CREATE FUNCTION uncache_internal.check_tables() RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_check_tables';
COMMENT ON FUNCTION uncache_internal.check_tables() IS
	'raises if a table of the extension is not what the library knows';

CREATE FUNCTION uncache_internal.retention_seconds() RETURNS integer
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'uncache_retention_seconds';
COMMENT ON FUNCTION uncache_internal.retention_seconds() IS 'the setting uncache.retention';

CREATE FUNCTION uncache_internal.max_lag_seconds() RETURNS integer
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'uncache_max_lag_seconds';
COMMENT ON FUNCTION uncache_internal.max_lag_seconds() IS 'the setting uncache.max_lag';
/* Whether a consumer can go on where it was: PostgreSQL's history, and its Redis'. */

CREATE TYPE uncache_internal.redis AS (
	server				text,
	replid				text,
	repl_offset			bigint,
	replid2				text,
	second_repl_offset	bigint,
	place				text,
	address				text
);
COMMENT ON TYPE uncache_internal.redis IS 'what a relay tells of its Redis: the arguments of attach';

/* --- PostgreSQL's --- */

CREATE FUNCTION uncache.files_created_at() RETURNS timestamptz
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'uncache_files_created_at';
COMMENT ON FUNCTION uncache.files_created_at() IS
	'when the data directory was made or copied; null where the file system does not tell';

CREATE FUNCTION uncache_internal.identity() RETURNS text
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('system %s, timeline %s, database %s, files of %s',
		(SELECT system_identifier FROM pg_control_system()),
		left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
		(SELECT oid FROM pg_database WHERE datname = current_database()),
		coalesce(to_char(uncache.files_created_at() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
			'an unknown time'))
$$;
COMMENT ON FUNCTION uncache_internal.identity() IS 'the history that a cursor belongs to';

/*
 * A cursor and the journal that it belongs to stand in one database and share
 * its fate, be that restored, promoted, upgraded or copied.  One with ids that
 * were never given out was carried in from elsewhere.
 */
CREATE FUNCTION uncache_internal.is_ahead(cursor text) RETURNS boolean
	LANGUAGE sql STRICT SET search_path = pg_catalog, pg_temp
AS $$
	SELECT uncache_internal.cursor_end(cursor) > pg_snapshot_xmax(pg_current_snapshot())
$$;
COMMENT ON FUNCTION uncache_internal.is_ahead(text) IS
	'whether a cursor names transactions that this server has not seen yet';

CREATE FUNCTION uncache_internal.has_marker(consumer_id integer) RETURNS boolean
	LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	/* a standby cannot even plan to read an unlogged table, and has not crashed */
	IF pg_is_in_recovery() THEN
		RETURN true;
	END IF;
	RETURN EXISTS (SELECT FROM uncache.markers m WHERE m.consumer_id = has_marker.consumer_id);
END
$$;
COMMENT ON FUNCTION uncache_internal.has_marker(integer) IS
	'false if PostgreSQL has crashed since the consumer attached last';

/* Why PostgreSQL cannot prove what a consumer has missed, or null. */
CREATE FUNCTION uncache_internal.find_resync_reason(consumer uncache.consumers) RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF consumer.cursor IS NULL THEN
		RETURN coalesce(consumer.resync_reason, 'first registration');
	ELSIF consumer.identity <> uncache_internal.identity() THEN
		RETURN format('another history: the cursor is from %s; this is %s',
			consumer.identity, uncache_internal.identity());
	ELSIF NOT uncache_internal.has_marker(consumer.id) THEN
		RETURN 'PostgreSQL has crashed';
	END IF;
	RETURN consumer.resync_reason;
END
$$;
COMMENT ON FUNCTION uncache_internal.find_resync_reason(uncache.consumers) IS
	'why a consumer has to resync whatever its Redis is; null if it has not';

/* --- Redis' --- */

/*
 * What was acknowledged was deleted in one place; what is cached elsewhere may
 * be as old as it likes.  A relay that does not tell its place says nothing
 * against the one that is known.
 */
CREATE FUNCTION uncache_internal.find_place_change(consumer uncache.consumers, place text) RETURNS text
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN place IS NULL OR consumer.place = place
		THEN NULL
		WHEN consumer.place IS NULL
		THEN format('it is not known where the last deletes went to; now they go to %s', place)
		ELSE format('the last deletes went to %s; now they go to %s', consumer.place, place)
	END
$$;
COMMENT ON FUNCTION uncache_internal.find_place_change(uncache.consumers, text) IS
	'why what was acknowledged says nothing about a place in Redis, or null';

CREATE FUNCTION uncache_internal.find_address_change(consumer uncache.consumers, redis uncache_internal.redis)
	RETURNS text
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('Redis does not tell which process it is, and is at another address than before: %s, not %s',
		redis.address, consumer.address)
	WHERE redis.server = '' AND consumer.address <> redis.address
$$;
COMMENT ON FUNCTION uncache_internal.find_address_change(uncache.consumers, uncache_internal.redis) IS
	'why a Redis that does not tell which process it is may be another one, or null';

/*
 * The same process that goes on with the same history has in it all that it has
 * ever answered; one whose offset went back does not go on.
 */
CREATE FUNCTION uncache_internal.find_redis_change(consumer uncache.consumers, redis uncache_internal.redis)
	RETURNS text
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN consumer.server IS NULL
		THEN 'it is not known which Redis process the last deletes went to'
		WHEN consumer.server <> redis.server
		THEN 'Redis is another process than before, which may have lost deletes'
		WHEN consumer.replid IS DISTINCT FROM redis.replid
		THEN 'Redis continues with a different history, and may have lost deletes'
		WHEN EXISTS (SELECT FROM uncache.positions p
			WHERE p.consumer_id = consumer.id AND p.repl_offset > redis.repl_offset)
		THEN 'Redis has gone back in its history, and has lost deletes'
	END
$$;
COMMENT ON FUNCTION uncache_internal.find_redis_change(uncache.consumers, uncache_internal.redis) IS
	'why a Redis may have lost what was acknowledged, or null';

/* A Redis that does not tell is none of those that are known. */
CREATE FUNCTION uncache_internal.forget_redis(consumer uncache.consumers, address text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM uncache.positions p WHERE p.consumer_id = consumer.id;
	UPDATE uncache.consumers c SET server = NULL, replid = NULL, address = forget_redis.address
		WHERE c.id = consumer.id AND (c.server IS NOT NULL OR c.address IS DISTINCT FROM forget_redis.address);
END
$$;
COMMENT ON FUNCTION uncache_internal.forget_redis(uncache.consumers, text) IS
	'remembers of a consumer''s Redis its address alone';

/*
 * A Redis that says that it has followed another history until an offset has in
 * it all that had been applied at a position before that.  The newest one is
 * locked, since trim() may be about to drop it together with what is behind its
 * cursor; it is a position of the new history, too, and the only one.
 */
CREATE FUNCTION uncache_internal.go_back(consumer uncache.consumers, redis uncache_internal.redis,
	INOUT reason text, OUT cursor text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	known_slot timestamptz;
BEGIN
	IF consumer.replid = redis.replid2 THEN
		SELECT p.cursor, p.slot INTO cursor, known_slot FROM uncache.positions p
			WHERE p.consumer_id = consumer.id AND p.repl_offset < redis.second_repl_offset
			ORDER BY p.repl_offset DESC, p.slot DESC LIMIT 1
			FOR UPDATE;
	END IF;
	DELETE FROM uncache.positions p WHERE p.consumer_id = consumer.id AND p.slot IS DISTINCT FROM known_slot;
	UPDATE uncache.positions p SET repl_offset = redis.repl_offset WHERE p.consumer_id = consumer.id;
	IF cursor IS NOT NULL THEN
		reason := format('%s: %s rows of the last %s s are applied again',
			reason, uncache_internal.count_behind(consumer.target, cursor),
			ceil(extract(epoch FROM clock_timestamp() - known_slot)));
		UPDATE uncache.consumers c SET cursor = go_back.cursor, server = redis.server, replid = redis.replid
			WHERE c.id = consumer.id;
	END IF;
END
$$;
COMMENT ON FUNCTION uncache_internal.go_back(uncache.consumers, uncache_internal.redis, text) IS
	'takes a consumer back to the newest position that is in its Redis'' history; null if none is known to be';

/* --- both --- */

/* As long as it can be the cursor holds on: what was invalidated by hand is in no rule. */
CREATE FUNCTION uncache_internal.begin_resync(consumer uncache.consumers, redis uncache_internal.redis, reason text)
	RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	start text := consumer.cursor;
BEGIN
	IF start IS NULL OR uncache_internal.is_ahead(start) THEN
		start := pg_current_snapshot()::text;
	END IF;
	UPDATE uncache.consumers c
		SET cursor = start, resync_reason = reason, identity = uncache_internal.identity(),
			server = nullif(redis.server, ''), replid = redis.replid, place = redis.place,
			address = CASE WHEN redis.server = '' THEN redis.address END
		WHERE c.id = consumer.id;
	DELETE FROM uncache.positions p WHERE p.consumer_id = consumer.id;
	INSERT INTO uncache.markers VALUES (consumer.id) ON CONFLICT DO NOTHING;
	RETURN start;
END
$$;
COMMENT ON FUNCTION uncache_internal.begin_resync(uncache.consumers, uncache_internal.redis, text) IS
	'makes a resync due; the cursor to fetch from meanwhile';

CREATE FUNCTION uncache_internal.continue_history(consumer uncache.consumers, redis uncache_internal.redis,
	OUT state text, OUT cursor text, OUT reason text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	back record;
BEGIN
	state := 'ready';
	cursor := consumer.cursor;
	reason := coalesce(uncache_internal.find_resync_reason(consumer),
		uncache_internal.find_place_change(consumer, redis.place),
		uncache_internal.find_address_change(consumer, redis));
	IF reason IS NULL AND redis.server = '' THEN
		PERFORM uncache_internal.forget_redis(consumer, redis.address);
	ELSIF reason IS NULL AND redis.server IS NOT NULL THEN
		reason := uncache_internal.find_redis_change(consumer, redis);
		IF reason IS NOT NULL THEN
			back := uncache_internal.go_back(consumer, redis, reason);
			IF back.cursor IS NOT NULL THEN
				cursor := back.cursor;
				reason := back.reason;
				RETURN;
			END IF;
		END IF;
	END IF;
	IF reason IS NOT NULL THEN
		state := 'resync';
		cursor := uncache_internal.begin_resync(consumer, redis, reason);
	END IF;
END
$$;
COMMENT ON FUNCTION uncache_internal.continue_history(uncache.consumers, uncache_internal.redis) IS
	'where a consumer goes on: where it was, from an older position, or with a resync';
/* Consumers come and attach: docs/protocol.md. */

CREATE FUNCTION uncache_internal.check_attach(target text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT coalesce(uncache_internal.is_target(target), false) THEN
		RAISE EXCEPTION 'invalid name of a target: "%"', target
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'A target''s name is a letter and up to 47 letters, digits, "_", "." or "-".';
	END IF;
	/* a consumer that took part in serialization would make writers fail */
	IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
		RAISE EXCEPTION 'a consumer must not work in a % transaction', upper(current_setting('transaction_isolation'))
			USING ERRCODE = 'feature_not_supported',
			HINT = 'SET default_transaction_isolation = ''read committed'' in its session.';
	END IF;
	PERFORM uncache_internal.check_tables();
END
$$;
COMMENT ON FUNCTION uncache_internal.check_attach(text) IS 'raises why a session cannot work for a target';

/* --- register --- */

/* Locked before it is seen: who takes the barrier must come after the commit. */
CREATE FUNCTION uncache_internal.register(target text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	consumer_id integer;
BEGIN
	INSERT INTO uncache.consumers AS c (target) VALUES (register.target) ON CONFLICT DO NOTHING
		RETURNING c.id INTO consumer_id;
	IF FOUND THEN
		PERFORM uncache_internal.lock_consumer(consumer_id);
	END IF;
	PERFORM uncache_internal.consumers_changed();
END
$$;
COMMENT ON FUNCTION uncache_internal.register(text) IS 'makes a consumer that writers know, and takes its lock';

/*
 * Writers have journalled nothing for a lost consumer: what holds for a new one
 * holds for it, too.  The barrier is taken by the next call of attach.
 */
CREATE FUNCTION uncache_internal.register_again(consumer_id integer) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE uncache.consumers c
		SET lost_at = NULL, missed_from = NULL, checked_at = NULL, barrier = NULL, cursor = NULL,
			registered_at = clock_timestamp()
		WHERE c.id = consumer_id;
	PERFORM uncache_internal.consumers_changed();
END
$$;
COMMENT ON FUNCTION uncache_internal.register_again(integer) IS
	'makes a lost consumer one that writers know, as a new one';

/* --- lock --- */

CREATE FUNCTION uncache_internal.describe_worker(consumer uncache.consumers, place text,
	OUT state text, OUT reason text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	state := 'standby';
	reason := format('session %s works for the target', uncache_internal.consumer_worker(consumer.id));
	IF consumer.place <> place THEN
		state := 'conflict';
		reason := format('%s and deletes in %s, not in %s', reason, consumer.place, place);
	END IF;
END
$$;
COMMENT ON FUNCTION uncache_internal.describe_worker(uncache.consumers, text) IS
	'who works for a consumer, and whether in another place';

/*
 * Read again: who had the lock before may have changed the row; nobody does so meanwhile.
 * Whoever works for it now has not told of any late standbys.
 */
CREATE FUNCTION uncache_internal.take_over(consumer_id integer) RETURNS uncache.consumers
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	consumer uncache.consumers;
BEGIN
	SELECT * INTO STRICT consumer FROM uncache.consumers c WHERE c.id = consumer_id FOR NO KEY UPDATE;
	UPDATE uncache.consumers c SET late_standbys = NULL WHERE c.id = consumer_id AND c.late_standbys IS NOT NULL;
	RETURN consumer;
END
$$;
COMMENT ON FUNCTION uncache_internal.take_over(integer) IS
	'the row of a consumer whose lock has just been taken, locked';

/* --- barrier --- */

/*
 * Transactions of this database from before the barrier that have not ended.
 * Sessions first: a transaction that is prepared meanwhile is found in one of
 * the two.
 */
CREATE FUNCTION uncache_internal.transactions_in_flight(barrier xid8) RETURNS SETOF xid
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT a.backend_xid
	FROM pg_stat_activity a
	WHERE age(a.backend_xid) > age(barrier::xid)
		AND (a.datid IS NULL OR a.datid = (SELECT oid FROM pg_database WHERE datname = current_database()))
	UNION ALL
	SELECT p.transaction
	FROM pg_prepared_xacts p
	WHERE age(p.transaction) > age(barrier::xid) AND p.database = current_database()
$$;
COMMENT ON FUNCTION uncache_internal.transactions_in_flight(xid8) IS
	'transactions from before a barrier that are still running';

/*
 * The registration has to be committed before the barrier is taken: then a
 * transaction whose id comes after the barrier's knows of it when it writes its
 * first row, and one before it is waited for.  The barrier is an id of its own,
 * since a snapshot does not list what is running beyond the last that ended.
 */
CREATE FUNCTION uncache_internal.pass_barrier(consumer uncache.consumers, OUT passed boolean, OUT reason text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	known_barrier xid8 := consumer.barrier;
BEGIN
	IF (SELECT c.xmin = pg_current_xact_id_if_assigned()::xid FROM uncache.consumers c WHERE c.id = consumer.id) THEN
		passed := false;
		reason := 'this transaction, which registered it, has to end first';
		RETURN;
	END IF;
	IF known_barrier IS NULL THEN
		UPDATE uncache.consumers c SET barrier = pg_current_xact_id()
			WHERE c.id = consumer.id
			RETURNING c.barrier INTO known_barrier;
	END IF;
	PERFORM pg_stat_clear_snapshot();
	SELECT count(*) = 0, format('transactions in flight have to end first: %s, the oldest is %s',
			count(*), (array_agg(x ORDER BY age(x) DESC))[1])
		INTO passed, reason
		FROM uncache_internal.transactions_in_flight(known_barrier) x;
END
$$;
COMMENT ON FUNCTION uncache_internal.pass_barrier(uncache.consumers) IS
	'whether every transaction that may not know of a consumer has ended';

/* --- attach --- */

CREATE FUNCTION uncache.attach(target text, server text DEFAULT NULL, replid text DEFAULT NULL,
	repl_offset bigint DEFAULT 0, replid2 text DEFAULT NULL, second_repl_offset bigint DEFAULT 0,
	place text DEFAULT NULL, address text DEFAULT NULL, OUT state text, OUT cursor text, OUT reason text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	redis uncache_internal.redis := (server, replid, repl_offset, replid2, second_repl_offset, place, address);
	consumer uncache.consumers;
BEGIN
	PERFORM uncache_internal.check_attach(attach.target);

	SELECT * INTO consumer FROM uncache.consumers c WHERE c.target = attach.target;
	IF NOT FOUND THEN
		PERFORM uncache_internal.register(attach.target);
		state := 'waiting';
		reason := 'registered';
		RETURN;
	END IF;

	IF NOT uncache_internal.lock_consumer(consumer.id) THEN
		SELECT w.state, w.reason INTO state, reason FROM uncache_internal.describe_worker(consumer, place) w;
		RETURN;
	END IF;
	consumer := uncache_internal.take_over(consumer.id);
	IF consumer.lost_at IS NOT NULL THEN
		PERFORM uncache_internal.register_again(consumer.id);
		state := 'waiting';
		reason := format('registered again; it was %s', consumer.resync_reason);
		RETURN;
	END IF;

	IF consumer.cursor IS NULL THEN
		SELECT b.reason INTO reason FROM uncache_internal.pass_barrier(consumer) b WHERE NOT b.passed;
		IF FOUND THEN
			state := 'waiting';
			RETURN;
		END IF;
	END IF;

	SELECT h.state, h.cursor, h.reason INTO state, cursor, reason
		FROM uncache_internal.continue_history(consumer, redis) h;
END
$$;
COMMENT ON FUNCTION uncache.attach(text, text, text, bigint, text, bigint, text, text) IS
	'registers a target''s consumer and takes its lock for the session';
/* Consumers fetch, acknowledge and resync: docs/protocol.md. */

CREATE FUNCTION uncache.fetch(target text, cursor text, max_bytes integer, sleep boolean,
	OUT at timestamptz, OUT action text, OUT keys text[], OUT next_cursor text) RETURNS SETOF record
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_fetch';
COMMENT ON FUNCTION uncache.fetch(text, text, integer, boolean) IS
	'the journal rows behind a cursor; the last row has the next cursor';

CREATE FUNCTION uncache.fetch_until(target text, cursor text, max_bytes integer, until text,
	OUT at timestamptz, OUT action text, OUT keys text[], OUT next_cursor text) RETURNS SETOF record
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_fetch_until';
COMMENT ON FUNCTION uncache.fetch_until(text, text, integer, text) IS
	'the journal rows between two cursors; the last row has the next cursor';

CREATE FUNCTION uncache_internal.check_ack(target text, cursor text) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_check_ack';
COMMENT ON FUNCTION uncache_internal.check_ack(text, text) IS
	'raises unless the session may move the consumer to the cursor';

CREATE FUNCTION uncache_internal.raise_no_cursor(target text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'the consumer of target "%" has no cursor', target
		USING ERRCODE = 'object_not_in_prerequisite_state',
		DETAIL = 'It was declared lost, or its registration is not complete.',
		HINT = 'Call uncache.attach(target) again.';
END
$$;
COMMENT ON FUNCTION uncache_internal.raise_no_cursor(text) IS
	'the error of acknowledging for a consumer that is not at work';

/* The position is that of what was acknowledged until now; during a resync nobody knows. */
CREATE FUNCTION uncache_internal.put_position(target text, repl_offset bigint) RETURNS void
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	INSERT INTO uncache.positions AS p (consumer_id, slot, repl_offset, cursor)
		SELECT c.id, to_timestamp(floor(extract(epoch FROM clock_timestamp()) / s.seconds) * s.seconds),
			repl_offset, c.cursor
		FROM uncache.consumers c,
			(SELECT greatest(1, uncache_internal.retention_seconds() / 300) AS seconds) s
		WHERE c.target = put_position.target AND c.cursor IS NOT NULL AND c.resync_reason IS NULL
			AND c.replid IS NOT NULL
		FOR NO KEY UPDATE OF c
	ON CONFLICT (consumer_id, slot) DO UPDATE SET repl_offset = EXCLUDED.repl_offset, cursor = EXCLUDED.cursor
$$;
COMMENT ON FUNCTION uncache_internal.put_position(text, bigint) IS
	'remembers a place in the history of a consumer''s Redis';

CREATE FUNCTION uncache.ack(target text, cursor text, repl_offset bigint DEFAULT 0) RETURNS void
	LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	row_place tid;
BEGIN
	PERFORM uncache_internal.check_ack(ack.target, ack.cursor);
	IF repl_offset > 0 THEN
		PERFORM uncache_internal.put_position(target, repl_offset);
	END IF;
	/*
	 * Who had no cursor, or was declared lost a moment ago, must not be given one here.
	 * The row is where the session has put it last: while an old snapshot may want
	 * all of its versions, looking for the newest takes longer each time.
	 */
	UPDATE uncache.consumers c SET cursor = ack.cursor, acked_at = clock_timestamp()
		WHERE c.ctid = current_setting('uncache.consumer_row')::tid AND c.target = ack.target AND c.cursor IS NOT NULL
		RETURNING c.ctid INTO row_place;
	IF NOT FOUND THEN
		UPDATE uncache.consumers c SET cursor = ack.cursor, acked_at = clock_timestamp()
			WHERE c.target = ack.target AND c.cursor IS NOT NULL
			RETURNING c.ctid INTO row_place;
	END IF;
	IF NOT FOUND THEN
		PERFORM uncache_internal.raise_no_cursor(ack.target);
	END IF;
	PERFORM set_config('uncache.consumer_row', row_place::text, false);
END
$$;
COMMENT ON FUNCTION uncache.ack(text, text, bigint) IS 'everything before the cursor is applied';

CREATE FUNCTION uncache_internal.deliverable(INOUT action text, INOUT key text)
	LANGUAGE c STRICT STABLE AS 'MODULE_PATHNAME', 'uncache_deliverable';
COMMENT ON FUNCTION uncache_internal.deliverable(text, text) IS
	'a key, or what does for it where the client''s encoding lacks it';

CREATE FUNCTION uncache.resync_keys(target text, OUT action text, OUT key text) RETURNS SETOF record
	LANGUAGE sql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT DISTINCT d.action, d.key
	FROM uncache.rules r, uncache_internal.rule_for_any_row(r.action, r.templates) p,
		LATERAL uncache_internal.deliverable(p.action, p.key) d
	WHERE p.target = resync_keys.target
$$;
COMMENT ON FUNCTION uncache.resync_keys(text) IS 'everything that the rules can produce for a target';

CREATE FUNCTION uncache.resynced(target text) RETURNS void
	LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM uncache_internal.check_ack(resynced.target,
		coalesce((SELECT c.cursor FROM uncache.consumers c WHERE c.target = resynced.target), '1:1:'));
	UPDATE uncache.consumers c SET resync_reason = NULL
		WHERE c.target = resynced.target AND c.cursor IS NOT NULL;
	IF NOT FOUND THEN
		PERFORM uncache_internal.raise_no_cursor(resynced.target);
	END IF;
END
$$;
COMMENT ON FUNCTION uncache.resynced(text) IS 'the resync that attach asked for is complete';
/* Consumers find out how far standbys are: docs/protocol.md. */

CREATE FUNCTION uncache_internal.wal_position() RETURNS pg_lsn
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_wal_position';
COMMENT ON FUNCTION uncache_internal.wal_position() IS
	'a place in the WAL behind every commit that can be seen; it is flushed';

/*
 * The place first: what is replayed is compared with it.  Several standbys may have one
 * name: a row for each, the last one of them last.  Who does not replay (pg_receivewal)
 * and who is no standby (a logical subscriber, a base backup) is not told of.
 */
CREATE FUNCTION uncache.standbys(target text, names text[], mark boolean, OUT name text, OUT replayed pg_lsn)
	RETURNS SETOF record
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM uncache_internal.check_ack(standbys.target, '1:1:');
	IF mark THEN
		replayed := uncache_internal.wal_position();
		RETURN NEXT;
	END IF;
	RETURN QUERY
		SELECT r.application_name, r.replay_lsn
		FROM pg_stat_replication r
		WHERE r.state <> 'backup'
			AND CASE WHEN names IS NULL THEN r.state = 'streaming' AND r.replay_lsn IS NOT NULL
				ELSE r.application_name = ANY (names) END
			AND NOT EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
		ORDER BY r.application_name, r.replay_lsn DESC NULLS LAST;
END
$$;
COMMENT ON FUNCTION uncache.standbys(text, text[], boolean) IS
	'what standbys have replayed; names null: those that are streaming; with mark a first row without a '
	'name, the place in the WAL that they have to reach';

CREATE FUNCTION uncache.report_late(target text, names text[]) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM uncache_internal.check_ack(report_late.target, '1:1:');
	UPDATE uncache.consumers c SET late_standbys = names WHERE c.target = report_late.target;
END
$$;
COMMENT ON FUNCTION uncache.report_late(text, text[]) IS
	'the standbys that a consumer no longer waits for; null if there are none';
/* What nobody needs any more is deleted; consumers that never come back are lost or dropped. */

/*
 * How long a consumer has stood still shows in the age of what began behind its
 * cursor.  Not in that of transactions which were in flight when the cursor was
 * made: their rows may have been written long before they were committed.  The
 * first rows are enough, since those that follow are hardly older.  Of whatever
 * target: a cursor holds back the rows of all.
 */
CREATE FUNCTION uncache_internal.oldest_behind(cursor text) RETURNS timestamptz
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT least((SELECT min(o.at)
			FROM (SELECT j.at FROM uncache.journal j
				WHERE j.xid >= f.xid
				ORDER BY j.xid, j.part LIMIT 1000) o),
		(SELECT min(g.at) FROM uncache.gaps g WHERE g.xid >= f.xid))
	FROM (SELECT uncache_internal.cursor_end(cursor) AS xid) f
$$;
COMMENT ON FUNCTION uncache_internal.oldest_behind(text) IS
	'since when a cursor has held back the journal; null if it does not';

/* Is it to be declared lost?  Since when, if it is; else null. */
CREATE FUNCTION uncache_internal.missed_from(consumer uncache.consumers, cutoff timestamptz) RETURNS timestamptz
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	since timestamptz := consumer.registered_at;
BEGIN
	IF since >= cutoff THEN
		RETURN NULL;
	ELSIF consumer.cursor IS NOT NULL THEN
		since := uncache_internal.oldest_behind(consumer.cursor);
	ELSIF uncache_internal.consumer_worker(consumer.id) IS NOT NULL THEN
		RETURN NULL;
	END IF;
	RETURN CASE WHEN since < cutoff THEN since END;
END
$$;
COMMENT ON FUNCTION uncache_internal.missed_from(uncache.consumers, timestamptz) IS
	'since when a consumer has held back the journal or, without a cursor, nobody has worked for it, if that '
	'is before the cutoff';

/*
 * A consumer that holds back the journal for longer than uncache.max_lag is
 * released from it; also one whose registration nobody completes, since it is
 * journalled for.  This never waits: a row that is locked belongs to somebody who
 * is just changing it.
 */
CREATE FUNCTION uncache_internal.declare_lost() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	max_lag interval := make_interval(secs => uncache_internal.max_lag_seconds());
	cutoff timestamptz := clock_timestamp() - max_lag;
	consumer uncache.consumers;
	since timestamptz;
BEGIN
	IF max_lag = interval '0' THEN
		RETURN;
	END IF;
	FOR consumer IN
		SELECT c.* FROM uncache.consumers c
		WHERE c.lost_at IS NULL AND uncache_internal.missed_from(c.*, cutoff) IS NOT NULL
		ORDER BY c.id
		FOR UPDATE SKIP LOCKED
	LOOP
		since := coalesce(uncache_internal.missed_from(consumer, cutoff), cutoff);
		UPDATE uncache.consumers c
			SET lost_at = clock_timestamp(), missed_from = since, cursor = NULL, barrier = NULL,
				resync_reason = format('declared lost: behind for longer than uncache.max_lag (%s)',
					current_setting('uncache.max_lag'))
			WHERE c.id = consumer.id;
		DELETE FROM uncache.positions p WHERE p.consumer_id = consumer.id;
		PERFORM uncache_internal.consumers_changed();
		RAISE WARNING 'the consumer of target "%" is declared lost', consumer.target
			USING DETAIL = format('It has held back the journal since %s, longer than uncache.max_lag (%s).',
				since, current_setting('uncache.max_lag')),
			HINT = 'Start its uncached, which resyncs, or call uncache.drop_consumer.';
	END LOOP;
	/* writers need not have the others looked at for a while: see consumer.c */
	UPDATE uncache.consumers c SET checked_at = clock_timestamp()
		WHERE c.id IN (SELECT s.id FROM uncache.consumers s
			WHERE s.lost_at IS NULL AND greatest(s.acked_at, s.registered_at) < cutoff
				AND coalesce(s.checked_at < clock_timestamp() - least(max_lag / 20, interval '30 s'), true)
			FOR UPDATE SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION uncache_internal.declare_lost() IS
	'releases the journal of consumers that are further behind than uncache.max_lag';

/*
 * Of each consumer the newest stays: who has been idle, or away, needs no others.
 * Not if it was acknowledged since for as long as that, without any position.
 * One that is locked is just being gone back to.
 */
CREATE FUNCTION uncache_internal.drop_old_positions(retention interval) RETURNS void
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	DELETE FROM uncache.positions d
	WHERE d.ctid = ANY (ARRAY(SELECT p.ctid FROM uncache.positions p
		WHERE p.slot < clock_timestamp() - retention
			AND (EXISTS (SELECT FROM uncache.positions n WHERE n.consumer_id = p.consumer_id AND n.slot > p.slot)
				OR EXISTS (SELECT FROM uncache.consumers c
					WHERE c.id = p.consumer_id AND c.cursor <> p.cursor AND c.acked_at > p.slot + retention))
		FOR UPDATE SKIP LOCKED))
$$;
COMMENT ON FUNCTION uncache_internal.drop_old_positions(interval) IS
	'forgets positions that are past the retention time';

/* Before this transaction nothing of the journal may be wanted by anybody who comes late. */
CREATE FUNCTION uncache_internal.find_horizon() RETURNS xid8
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(
		(SELECT uncache_internal.cursor_begin(c.cursor)
		 FROM (SELECT cursor FROM uncache.consumers UNION ALL SELECT cursor FROM uncache.positions) c
		 WHERE c.cursor IS NOT NULL
		 ORDER BY 1 LIMIT 1),
		pg_snapshot_xmin(pg_current_snapshot()))
$$;
COMMENT ON FUNCTION uncache_internal.find_horizon() IS 'the oldest transaction that a consumer may not have consumed';

/*
 * What commands have left in uncache.due.  Who has rendered old names holds a lock on the table that he wrote to, or
 * on one below it; who gets one after the command has ended sees the new names.  A command has ended when its
 * own lock on its transaction is gone: it is seen to be committed a moment earlier, when others may not have
 * been told of the new names yet.  That lock is on the transaction's own id; a row's xmin is that of the
 * savepoint which has written it.  A transaction that is prepared keeps its virtual one until the server is
 * started again, and has -1 for a backend then.
 */
CREATE FUNCTION uncache_internal.take_up_due() RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	/* locks on tables are held until all of it is done */
	most_rules CONSTANT integer := 10;
	places tid[];
	item record;
	has_done boolean := false;
	rule_count integer := 0;
BEGIN
	SELECT array_agg(d.ctid) INTO places
	FROM uncache.due d
	WHERE d.xid::xid NOT IN (SELECT l.transactionid FROM pg_locks l WHERE l.transactionid IS NOT NULL);
	FOR item IN
		WITH locks AS MATERIALIZED (
			SELECT l.relation, l.virtualtransaction AS holder
			FROM pg_locks l
			WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
				AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
				AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
		)
		SELECT d.ctid AS place, d.relation, d.role, d.holders,
			ARRAY(SELECT DISTINCT l.holder FROM locks l
				WHERE (d.relation = 0 OR l.relation = ANY (uncache_internal.heirs(d.relation)))
					AND (d.holders IS NULL OR l.holder = ANY (d.holders) OR l.holder LIKE '-1/%')
				ORDER BY 1) AS remaining
		FROM uncache.due d
		WHERE d.ctid = ANY (places)
		ORDER BY d.role <> 0
		FOR UPDATE OF d SKIP LOCKED
	LOOP
		IF item.role <> 0 THEN
			EXIT WHEN rule_count = most_rules;
			rule_count := rule_count + 1;
		END IF;
		IF (item.role <> 0 OR item.remaining = '{}') AND uncache_internal.do_due(item.relation, item.role) THEN
			DELETE FROM uncache.due d WHERE d.ctid = item.place;
			has_done := true;
		ELSIF item.remaining IS DISTINCT FROM item.holders THEN
			UPDATE uncache.due d SET holders = item.remaining WHERE d.ctid = item.place;
		END IF;
	END LOOP;
	RETURN has_done;
END
$$;
COMMENT ON FUNCTION uncache_internal.take_up_due() IS
	'does what commands have left for later, as far as that is possible; whether anything was done';

/* --- the segments of the journal: extension/src/consume/segment.c says why nothing is lost --- */

CREATE FUNCTION uncache_internal.empty_segment(number integer, horizon xid8) RETURNS boolean
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_empty_segment';
COMMENT ON FUNCTION uncache_internal.empty_segment(integer, xid8) IS
	'empties a segment if nothing in it is of a transaction from the horizon on and nobody uses it; whether it is '
	'empty now';

CREATE FUNCTION uncache_internal.segment_has_rows(number integer) RETURNS boolean
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_segment_has_rows';
COMMENT ON FUNCTION uncache_internal.segment_has_rows(integer) IS
	'whether a segment may have rows: visible or not, or locked by somebody';

CREATE FUNCTION uncache_internal.segments_changed() RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_segments_changed';
COMMENT ON FUNCTION uncache_internal.segments_changed() IS 'makes every backend read uncache.segments again';

/* As they are meant to be, whatever somebody has done to the table.  False if another session is at it. */
CREATE FUNCTION uncache_internal.lock_segments() RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	row_count bigint := (SELECT count(*) FROM uncache.segments);
BEGIN
	IF row_count < uncache_internal.segment_count() THEN
		INSERT INTO uncache.segments (number)
			SELECT generate_series(1, uncache_internal.segment_count()) ON CONFLICT DO NOTHING;
		row_count := uncache_internal.segment_count();
	END IF;
	IF row_count <> (SELECT count(*) FROM (SELECT FROM uncache.segments FOR NO KEY UPDATE SKIP LOCKED) l) THEN
		RETURN false;
	END IF;
	/* written to by somebody who did not know which one is the current one, or found that locked */
	UPDATE uncache.segments s SET opened_at = clock_timestamp(), closed_at = clock_timestamp()
		WHERE s.opened_at IS NULL AND uncache_internal.segment_has_rows(s.number);
	RETURN true;
END
$$;
COMMENT ON FUNCTION uncache_internal.lock_segments() IS 'takes the rows of all segments; whether they were had';

/* Locking rows is a write: a daemon with nothing to do makes none. */
CREATE FUNCTION uncache_internal.segments_are_due(retention interval) RETURNS boolean
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*) < uncache_internal.segment_count()
		OR coalesce(bool_or(uncache_internal.segment_has_rows(s.number)
			AND (NOT w.is_wanted OR s.opened_at IS NULL
				OR s.closed_at <= w.now - retention
				OR (s.closed_at IS NULL AND s.opened_at NOT BETWEEN w.now - retention / 2 AND w.now))), false)
		OR count(*) FILTER (WHERE s.opened_at IS NOT NULL AND s.closed_at IS NULL) = 0
	FROM uncache.segments s,
		(SELECT clock_timestamp() AS now,
			EXISTS (SELECT FROM uncache.consumers c WHERE c.lost_at IS NULL) AS is_wanted) w
$$;
COMMENT ON FUNCTION uncache_internal.segments_are_due(interval) IS
	'whether there may be a segment to be turned or emptied';

/*
 * Of the segments that were closed before the cutoff those are emptied that nobody wants any more;
 * of all of them if nobody could.
 */
CREATE FUNCTION uncache_internal.empty_segments(cutoff timestamptz, horizon xid8, OUT emptied integer)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	is_wanted boolean := EXISTS (SELECT FROM uncache.consumers c WHERE c.lost_at IS NULL);
	segment uncache.segments;
	had_rows boolean;
BEGIN
	emptied := 0;
	FOR segment IN SELECT * FROM uncache.segments s WHERE s.closed_at <= cutoff OR NOT is_wanted ORDER BY s.number LOOP
		had_rows := uncache_internal.segment_has_rows(segment.number);
		CONTINUE WHEN NOT uncache_internal.empty_segment(segment.number, horizon);
		UPDATE uncache.segments s SET opened_at = NULL, closed_at = NULL
			WHERE s.number = segment.number AND s.closed_at IS NOT NULL;
		emptied := emptied + had_rows::integer;
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache_internal.empty_segments(timestamptz, xid8) IS 'how many segments it has emptied';

/* The next one takes rows when the current one has done so for half of the retention time. */
CREATE FUNCTION uncache_internal.turn_segments(retention interval) RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	now timestamptz := clock_timestamp();
	current_number integer := (SELECT s.number FROM uncache.segments s
		WHERE s.opened_at IS NOT NULL AND s.closed_at IS NULL ORDER BY s.opened_at DESC, s.number DESC LIMIT 1);
	next_number integer := (SELECT s.number FROM uncache.segments s
		WHERE s.opened_at IS NULL
		ORDER BY s.number < current_number, s.number LIMIT 1);
BEGIN
	IF next_number IS NULL OR NOT coalesce(uncache_internal.segment_has_rows(current_number), true)
		OR EXISTS (SELECT FROM uncache.segments s
			WHERE s.number = current_number AND s.opened_at BETWEEN now - retention / 2 AND now)
	THEN
		RETURN false;
	END IF;
	UPDATE uncache.segments s SET closed_at = now WHERE s.opened_at IS NOT NULL AND s.closed_at IS NULL;
	UPDATE uncache.segments s SET opened_at = now WHERE s.number = next_number;
	PERFORM uncache_internal.segments_changed();
	RETURN true;
END
$$;
COMMENT ON FUNCTION uncache_internal.turn_segments(interval) IS
	'lets the next segment take rows if it is time and there is an empty one; whether it did';

CREATE FUNCTION uncache_internal.trim_journal(retention interval, OUT emptied integer)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	cutoff timestamptz := clock_timestamp() - retention;
	horizon xid8 := uncache_internal.find_horizon();
BEGIN
	emptied := 0;
	IF uncache_internal.segments_are_due(retention) AND uncache_internal.lock_segments() THEN
		emptied := uncache_internal.empty_segments(cutoff, horizon);
		/* what was closed just now is emptied at once if nothing is retained */
		IF uncache_internal.turn_segments(retention) AND retention = interval '0' THEN
			emptied := emptied + uncache_internal.empty_segments(clock_timestamp(), horizon);
		END IF;
	END IF;
	/* without an index: the same transactions' gaps, of which there are hardly ever any */
	DELETE FROM uncache.gaps g WHERE g.xid < horizon AND g.at < cutoff;
END
$$;
COMMENT ON FUNCTION uncache_internal.trim_journal(interval) IS
	'turns the segments, and empties those that nobody wants any more; how many';

CREATE FUNCTION uncache.trim() RETURNS integer
	LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	/* first: this loads the library, which knows the settings */
	retention interval := make_interval(secs => uncache_internal.retention_seconds());
BEGIN
	/* it may have locked tables of others: nothing else is done in this transaction */
	IF EXISTS (SELECT FROM uncache.due) AND uncache_internal.take_up_due() THEN
		RETURN 0;
	END IF;
	PERFORM uncache_internal.declare_lost();
	/* first: whoever goes back to one that is left finds all that is behind it */
	PERFORM uncache_internal.drop_old_positions(retention);
	RETURN uncache_internal.trim_journal(retention);
END
$$;
COMMENT ON FUNCTION uncache.trim() IS
	'declares consumers lost; empties segments of the journal that every consumer has consumed and that are past '
	'the retention time; how many';

CREATE FUNCTION uncache.drop_consumer(target text) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	dropped_id integer := (SELECT c.id FROM uncache.consumers c WHERE c.target = drop_consumer.target);
BEGIN
	IF dropped_id IS NULL THEN
		RAISE EXCEPTION 'target "%" has no consumer', target
			USING ERRCODE = 'undefined_object';
	ELSIF uncache_internal.consumer_worker(dropped_id) <> pg_backend_pid() THEN
		RAISE EXCEPTION 'session % works for target "%"', uncache_internal.consumer_worker(dropped_id), target
			USING ERRCODE = 'object_in_use', HINT = 'Stop its uncached first.';
	END IF;
	DELETE FROM uncache.consumers c WHERE c.id = dropped_id;
	DELETE FROM uncache.markers m WHERE m.consumer_id = dropped_id;
	DELETE FROM uncache.positions p WHERE p.consumer_id = dropped_id;
	PERFORM uncache_internal.consumers_changed();
	PERFORM uncache_internal.trim_journal(make_interval(secs => uncache_internal.retention_seconds()));
END
$$;
COMMENT ON FUNCTION uncache.drop_consumer(text) IS 'forgets a target for good: nothing is journalled for it any more';
/* How far each target is. */

/*
 * Half of uncache.max_lag is the time to act: while it is left, nothing has to
 * be resynced.
 */
CREATE FUNCTION uncache_internal.lag_alarm(consumer uncache.consumers) RETURNS text
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	max_lag interval := make_interval(secs => uncache_internal.max_lag_seconds());
	since timestamptz;
BEGIN
	IF consumer.lost_at IS NOT NULL OR max_lag = interval '0' THEN
		RETURN NULL;
	END IF;
	since := uncache_internal.missed_from(consumer, clock_timestamp() - max_lag / 2);
	IF since IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN format('behind for longer than half of uncache.max_lag (%s): it will be declared lost at %s',
		current_setting('uncache.max_lag'), since + max_lag);
END
$$;
COMMENT ON FUNCTION uncache_internal.lag_alarm(uncache.consumers) IS
	'a warning that a consumer will be declared lost, or null';

/* For people: attach() must not take long because of it. */
CREATE FUNCTION uncache_internal.count_behind(target text, cursor text) RETURNS bigint
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*)
	FROM (SELECT i.target, i.xid, i.part
		FROM uncache.journal i
		WHERE i.xid >= uncache_internal.cursor_begin(cursor) LIMIT 1000000) j
	WHERE j.target = count_behind.target AND NOT uncache_internal.cursor_has_consumed(cursor, j.xid, j.part)
$$;
COMMENT ON FUNCTION uncache_internal.count_behind(text, text) IS
	'how many journal rows a target has behind a cursor; looks at 1000000 at most';

/* A gap has no place in its transaction: a cursor has consumed it when it has consumed all. */
CREATE FUNCTION uncache_internal.gap_reason(cursor text) RETURNS text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN count(*) > 0 THEN
		format('%s transactions since %s could not be journalled: %s',
			count(*), min(g.at), (array_agg(g.reason ORDER BY g.at DESC))[1]) END
	FROM uncache.gaps g
	WHERE g.xid >= uncache_internal.cursor_begin(cursor)
		AND NOT uncache_internal.cursor_has_consumed(cursor, g.xid, 2147483647)
$$;
COMMENT ON FUNCTION uncache_internal.gap_reason(text) IS
	'why a consumer has to resync soon: gaps behind its cursor, or null';

CREATE FUNCTION uncache_internal.consumer_state(consumer uncache.consumers) RETURNS text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN consumer.lost_at IS NOT NULL THEN 'lost'
		WHEN consumer.cursor IS NULL THEN 'waiting'
		WHEN consumer.resync_reason IS NOT NULL OR NOT uncache_internal.has_marker(consumer.id)
			OR uncache_internal.gap_reason(consumer.cursor) IS NOT NULL THEN 'resync'
		ELSE 'ready' END
$$;
COMMENT ON FUNCTION uncache_internal.consumer_state(uncache.consumers) IS
	'how far a consumer is: lost, waiting, resync or ready';

/* For uncached --check-connections: rules and consumers are compared with its configuration. */
CREATE FUNCTION uncache.targets(OUT target text, OUT actions text[], OUT state text, OUT worker_pid integer)
	RETURNS SETOF record
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(r.target, c.target), coalesce(r.actions, '{}'),
		CASE WHEN c.id IS NOT NULL THEN uncache_internal.consumer_state(c) END, uncache_internal.consumer_worker(c.id)
	FROM (SELECT p.target, array_agg(DISTINCT a.action ORDER BY a.action) AS actions
			FROM uncache.rules r, uncache_internal.rule_for_any_row(r.action, r.templates) p,
				LATERAL (VALUES (r.action::text), (p.action)) AS a(action)
			WHERE p.target IS NOT NULL
			GROUP BY p.target) r
		FULL JOIN uncache.consumers c ON c.target = r.target
$$;
COMMENT ON FUNCTION uncache.targets() IS
	'each target that a rule names or that has a consumer: the actions of its rules and what they fall back '
	'to, and the consumer''s state';

CREATE VIEW uncache.status AS
SELECT c.target,
	uncache_internal.consumer_state(c.*) AS state,
	uncache_internal.consumer_worker(c.id) AS worker_pid,
	CASE WHEN c.lost_at IS NULL THEN b.row_count END AS pending_rows,
	CASE WHEN c.lost_at IS NULL THEN b.key_count END AS pending_keys,
	coalesce(pg_catalog.clock_timestamp() - coalesce(c.missed_from, b.oldest_at), interval '0') AS lag,
	CASE WHEN c.cursor IS NOT NULL AND NOT uncache_internal.has_marker(c.id) THEN 'PostgreSQL has crashed'
		ELSE coalesce(c.resync_reason, uncache_internal.gap_reason(c.cursor)) END AS resync_reason,
	c.registered_at,
	c.acked_at,
	c.lost_at,
	nullif(pg_catalog.concat_ws('; ', uncache_internal.lag_alarm(c.*),
		CASE WHEN c.lost_at IS NULL
			THEN 'no longer waits for standby ' || pg_catalog.array_to_string(c.late_standbys, ', ')
			|| ': what is cached from it may be stale' END), '') AS alarm
FROM uncache.consumers c,
	LATERAL (SELECT count(*) AS row_count, coalesce(sum(pg_catalog.cardinality(j.keys)), 0)::bigint AS key_count,
			min(j.at) AS oldest_at
		FROM uncache.journal j
		WHERE j.target = c.target AND j.xid >= uncache_internal.cursor_begin(c.cursor)
			AND NOT uncache_internal.cursor_has_consumed(c.cursor, j.xid, j.part)) b;
COMMENT ON VIEW uncache.status IS
	'each target: who works for it and how far behind it is (reads the rows that are not applied yet)';
/* Who may do what. */

/*
 * Who calls what is in schema uncache.  What is not named here is for superusers
 * (catch_up, drop_consumer, files_created_at, grant_author, grant_consumer, invalidate_all, and
 * the journal with all that goes with it), or a trigger function, see below.
 */
CREATE FUNCTION uncache_internal.callers(OUT caller text, OUT name name) RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	VALUES
		/* uncached, and any other relay: docs/protocol.md */
		('consumer', 'ack'::name), ('consumer', 'attach'), ('consumer', 'fetch'), ('consumer', 'fetch_until'),
		('consumer', 'report_late'), ('consumer', 'resync_keys'), ('consumer', 'resynced'), ('consumer', 'standbys'),
		('consumer', 'targets'), ('consumer', 'trim'),
		/* makes rules for his tables */
		('author', 'watch'), ('author', 'unwatch'), ('author', 'watch_schema'), ('author', 'unwatch_schema'),
		('author', 'put_rule'), ('author', 'put_trigger'),
		/* looks at them */
		('author', 'check_rule'), ('author', 'check_rules'), ('author', 'check_template'), ('author', 'explain'),
		('author', 'rules'), ('author', 'schemas'), ('author', 'renamed_columns'), ('author', 'renamed_tables'),
		/* invalidates by hand, and waits */
		('author', 'invalidate'), ('author', 'invalidate_pattern'), ('author', 'invalidate_table'),
		('author', 'invalidate_tag'), ('author', 'invalidate_version'), ('author', 'wait'),
		/* looks at all rules, and at how far consumers are: pg_monitor */
		('monitor', 'check_rules'), ('monitor', 'rules'), ('monitor', 'status'),
		('monitor', 'schemas'), ('monitor', 'renamed_columns'), ('monitor', 'renamed_tables')
$$;
COMMENT ON FUNCTION uncache_internal.callers() IS
	'which functions and relations of schema uncache are for authors, consumers, monitoring';

/*
 * Of uncache_internal each gets what these consist of, as the bodies tell, and nothing else.
 * A function that is SECURITY DEFINER needs no more, nor does one in C, but one that stands
 * before another of its name.
 */
CREATE FUNCTION uncache_internal.find_needed(caller text, OUT kind text, OUT schema name, OUT object text)
	RETURNS SETOF record
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	WITH RECURSIVE ours AS MATERIALIZED (
		SELECT 'FUNCTION' AS kind, p.oid::regprocedure::text AS object, n.nspname AS schema, p.proname AS name,
			CASE WHEN l.lanname <> 'c' AND NOT p.prosecdef THEN p.prosrc ELSE '' END AS body
		FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
		WHERE n.nspname IN ('uncache', 'uncache_internal')
		UNION ALL
		SELECT 'TABLE', c.oid::regclass::text, n.nspname, c.relname,
			CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) ELSE '' END
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname IN ('uncache', 'uncache_internal') AND c.relkind IN ('r', 'v')
	), needed AS (
		SELECT o.*
		FROM uncache_internal.callers() c JOIN ours o ON o.schema = 'uncache' AND o.name = c.name
		WHERE c.caller = find_needed.caller
		UNION
		SELECT o.*
		FROM needed n JOIN ours o ON o.schema = 'uncache_internal'
			AND (o.name = n.name OR n.body ~ ('\muncache_internal\.' || o.name || '\M'))
	)
	SELECT n.kind, n.schema, n.object FROM needed n
$$;
COMMENT ON FUNCTION uncache_internal.find_needed(text) IS
	'the functions to be executed, and the relations to be read, by authors, consumers or monitoring';

CREATE FUNCTION uncache_internal.grant_needed(caller text, role regrole) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	schemas text;
	functions text;
	relations text;
BEGIN
	SELECT string_agg(n.object, ', ' ORDER BY n.object) FILTER (WHERE n.kind = 'FUNCTION'),
		string_agg(n.object, ', ' ORDER BY n.object) FILTER (WHERE n.kind = 'TABLE'),
		string_agg(DISTINCT n.schema, ', ')
	INTO functions, relations, schemas
	FROM uncache_internal.find_needed(caller) n;
	EXECUTE format('GRANT USAGE ON SCHEMA %s TO %s', schemas, role);
	EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', functions, role);
	IF relations IS NOT NULL THEN
		EXECUTE format('GRANT SELECT ON %s TO %s', relations, role);
	END IF;
END
$$;
COMMENT ON FUNCTION uncache_internal.grant_needed(text, regrole) IS
	'grants a role what authors, consumers or monitoring need';

CREATE FUNCTION uncache.grant_consumer(role regrole) RETURNS void
	LANGUAGE sql STRICT SET search_path = pg_catalog, pg_temp
AS $$
	SELECT uncache_internal.grant_needed('consumer', role)
$$;
COMMENT ON FUNCTION uncache.grant_consumer(regrole) IS 'lets a role run uncached, and nothing else';

CREATE FUNCTION uncache.grant_author(role regrole) RETURNS void
	LANGUAGE sql STRICT SET search_path = pg_catalog, pg_temp
AS $$
	SELECT uncache_internal.grant_needed('author', role)
$$;
COMMENT ON FUNCTION uncache.grant_author(regrole) IS
	'lets a role write rules for tables that it owns, invalidate by hand, and wait';

REVOKE ALL ON ALL TABLES IN SCHEMA uncache, uncache_internal FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA uncache, uncache_internal FROM PUBLIC;
REVOKE ALL ON SCHEMA uncache, uncache_internal FROM PUBLIC;
/*
 * A partition's trigger is a clone, for which PostgreSQL asks of whoever makes the
 * partition that he may call the function. Nobody can name it who may not use the
 * schema, and who is no author gives no table a rule: admit_rules() sees to that.
 */
GRANT EXECUTE ON FUNCTION uncache.keys(), uncache.patterns(), uncache.tags(), uncache.versions(), uncache.query(),
	uncache.cacheops() TO PUBLIC;
SELECT uncache_internal.grant_needed('monitor', 'pg_monitor');

/*
 * pg_dump reads what it dumps as whoever runs it: the owner of the database could else not dump it any more. Names
 * of schemas, and rules of views, of which those of tables stand in pg_trigger for everybody. PostgreSQL 13 has no
 * such role.
 */
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'pg_database_owner') THEN
		GRANT USAGE ON SCHEMA uncache TO pg_database_owner;
		GRANT SELECT ON uncache.schemas, uncache.view_rules TO pg_database_owner;
	END IF;
END
$$;
