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
