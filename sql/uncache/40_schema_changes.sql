/*
 * Event triggers: what becomes of rules when tables change.  A command of the
 * customer's never fails because of them: where they fail, they warn, and where
 * nobody knows any more what became stale, all targets are resynced.  They wait for
 * locks for less than deadlock_timeout, so that no deadlock ends a command.  They run as
 * the extension's owner, since whoever changes a table need not be an author.  What
 * cacheops knows of a table goes with the name of a column: it is asked for by names.
 */

CREATE FUNCTION uncache.describe_command(command pg_ddl_command, OUT changes_rows boolean, OUT attaches_partition boolean,
	OUT makes_table boolean, OUT changes_identity boolean, OUT renamed text, OUT old_name text, OUT new_name text, OUT relations oid[])
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_describe_command';
COMMENT ON FUNCTION uncache.describe_command(pg_ddl_command) IS 'what a command does that matters to rules';

CREATE FUNCTION uncache.dropped_rules(relation oid, OUT rule name, OUT action text, OUT arguments text[]) RETURNS SETOF record
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_dropped_rules';
COMMENT ON FUNCTION uncache.dropped_rules(oid) IS 'the rules of a table that this transaction has dropped';

CREATE FUNCTION uncache.rename_column(relation oid, old_name text, new_name text) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_rename_column';
COMMENT ON FUNCTION uncache.rename_column(oid, text, text) IS 'makes the placeholders of a table''s rules, and of those that inherit from it, follow a new name';

/*
 * Tables that inherit from it, its partitions, tables of the type, and tables with
 * columns of the type (or an array, a domain, a composite of it).
 */
CREATE FUNCTION uncache.tables_using(class_id oid, object_id oid) RETURNS SETOF oid
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	WITH RECURSIVE used(class_id, id) AS (
		SELECT tables_using.class_id, tables_using.object_id
		UNION
		SELECT n.class_id, n.id
		FROM used u, LATERAL (
			SELECT d.classid AS class_id, d.objid AS id
			FROM pg_depend d
			WHERE d.refclassid = u.class_id AND d.refobjid = u.id
				AND d.classid IN ('pg_class'::regclass, 'pg_type'::regclass)
			UNION ALL
			SELECT 'pg_type'::regclass, c.reltype
			FROM pg_class c
			WHERE u.class_id = 'pg_class'::regclass AND c.oid = u.id AND c.reltype <> 0) n
	)
	SELECT c.oid
	FROM used u
		JOIN pg_class c ON u.class_id = 'pg_class'::regclass AND c.oid = u.id AND c.relkind IN ('r', 'p', 'f')
$$;
COMMENT ON FUNCTION uncache.tables_using(oid, oid) IS 'the tables that have rows or values of a table or type, itself included';

/*
 * An argument that cannot fail behind each query: that nobody knows what a query
 * returns does not make it invalid.
 */
CREATE FUNCTION uncache.find_problem(relation oid, action text, arguments text[], OUT problem text, OUT is_locked boolean, OUT columns text[])
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT e.problem, e.is_locked, e.columns
	FROM uncache.examine_rule(relation, action, CASE action WHEN 'query'
		THEN ARRAY(SELECT v.text FROM unnest(arguments) WITH ORDINALITY AS a(text, n), LATERAL (VALUES (a.text), ('*')) AS v(text) ORDER BY a.n)
		ELSE arguments END) e
$$;
COMMENT ON FUNCTION uncache.find_problem(oid, text, text[]) IS 'what makes a rule fall back for every row; null if nothing does; the columns that it reads';

/*
 * Rules of the tables that were changed, and queries of whatever table that
 * mention a name that is gone.  A rule for TRUNCATE goes with that for rows;
 * automatic rules mend themselves.  What others have locked is not waited for.
 */
CREATE FUNCTION uncache.warn_of_broken_rules(relations oid[], gone text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms'
AS $$
DECLARE
	broken record;
BEGIN
	FOR broken IN
		SELECT r.relation, r.rule, p.problem
		FROM uncache.rules r, uncache.find_problem(r.relation, r.action, r.templates) p
		WHERE p.problem IS NOT NULL AND NOT p.is_locked AND NOT uncache.is_schema_rule(r.rule)
			AND (r.events <> 'TRUNCATE' OR NOT EXISTS (SELECT FROM uncache.rule_triggers o
				WHERE o.relation = r.relation AND o.action = r.action AND o.arguments = r.templates AND o.is_for_rows))
			AND (r.relation = ANY (relations) OR r.action = 'query'
				AND EXISTS (SELECT FROM unnest(r.templates) t, unnest(gone) g WHERE strpos(lower(t), lower(g)) > 0))
		ORDER BY r.relation::text, r.rule
	LOOP
		RAISE WARNING 'uncache rule "%" on table "%" is broken: %', broken.rule, broken.relation, broken.problem
			USING HINT = 'Call uncache.watch again. Until then wider deletes are made in its place.';
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache.warn_of_broken_rules(oid[], text[]) IS 'warns of rules that a command has broken';

/* In a block of its own: the command must not fail of this either. */
CREATE FUNCTION uncache.give_up(problem text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE WARNING 'uncache cannot follow the command: %', problem
		USING HINT = 'Every target is resynced. SELECT * FROM uncache.check_rules() tells what is left to do.';
	PERFORM uncache.invalidate_all();
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING 'uncache cannot invalidate: %', SQLERRM
		USING HINT = 'Empty the caches that depend on the table.';
END
$$;
COMMENT ON FUNCTION uncache.give_up(text) IS 'warns, and resyncs every target';

/* --- ddl_command_end: partitions --- */

/*
 * A new partition inherits row rules (PostgreSQL demands that whoever makes it
 * may execute the trigger function); its TRUNCATE rule is made here.  That is
 * copied from an ancestor as it is, so this runs as the extension's owner.
 */
CREATE FUNCTION uncache.cover_partition(partition regclass) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	source record;
BEGIN
	FOR source IN
		SELECT DISTINCT ON (r.rule) r.rule, r.action, r.templates
		FROM pg_partition_ancestors(partition) a
			JOIN uncache.rules r ON r.relation = a.relid
		WHERE a.relid <> partition AND r.rule LIKE 'uncache\_%\_truncate' AND r.events = 'TRUNCATE'
			AND NOT EXISTS (SELECT FROM pg_trigger t
				WHERE t.tgrelid = partition AND t.tgname = r.rule)
	LOOP
		PERFORM uncache.put_trigger(partition, source.rule, source.action, 'TRUNCATE', NULL, source.templates);
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache.cover_partition(regclass) IS 'gives a partition the TRUNCATE rule of its parent';

/*
 * Of ALTER TABLE only ATTACH PARTITION counts: pg_restore enables the parent's
 * trigger before it creates that of the partition, which must not be there yet.
 */
CREATE FUNCTION uncache.cover_partitions() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	partition regclass;
BEGIN
	FOR partition IN
		SELECT DISTINCT t.relid
		FROM pg_event_trigger_ddl_commands() c, pg_partition_tree(c.objid) t
			JOIN pg_class k ON k.oid = t.relid AND k.relkind IN ('r', 'p') AND k.relispartition
		WHERE c.classid = 'pg_class'::regclass AND c.objsubid = 0
			AND (c.command_tag <> 'ALTER TABLE' OR (uncache.describe_command(c.command)).attaches_partition)
	LOOP
		PERFORM uncache.cover_partition(partition);
	END LOOP;
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING 'uncache cannot watch TRUNCATE of a new partition: %', SQLERRM
		USING HINT = 'Call uncache.watch again for the partitioned table.';
END
$$;
COMMENT ON FUNCTION uncache.cover_partitions() IS 'event trigger: gives new partitions their TRUNCATE rules';

CREATE EVENT TRIGGER uncache_cover_partitions ON ddl_command_end
	WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'CREATE SCHEMA')
	EXECUTE FUNCTION uncache.cover_partitions();
/* replicated DDL and replica-role sessions create partitions, too */
ALTER EVENT TRIGGER uncache_cover_partitions ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER uncache_cover_partitions IS 'gives new partitions their TRUNCATE rules';

/* --- ddl_command_end: what is altered --- */

/* A new parent shows the rows, an old one does not any more: hence relations. */
CREATE FUNCTION uncache.follow_changes() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	change record;
	changed oid[];
BEGIN
	FOR change IN
		SELECT c.classid, c.objid, d.*
		FROM pg_event_trigger_ddl_commands() c, uncache.describe_command(c.command) d
		WHERE c.classid IN ('pg_class'::regclass, 'pg_type'::regclass) AND (d.changes_rows OR d.renamed IS NOT NULL)
	LOOP
		changed := ARRAY(SELECT uncache.tables_using(change.classid, change.objid)
			UNION SELECT uncache.tables_using('pg_class'::regclass, r) FROM unnest(change.relations) r);
		IF change.renamed = 'column' THEN
			PERFORM uncache.rename_column(c.oid, change.old_name, change.new_name)
				FROM pg_class c
				WHERE c.oid = change.objid
					OR c.reloftype = (SELECT reltype FROM pg_class WHERE oid = change.objid AND relkind = 'c');
			IF uncache.is_enabled() THEN
				PERFORM uncache.invalidate_rule(t.relation, t.rule, t.action, t.arguments)
					FROM uncache.rule_triggers t
					WHERE t.relation = ANY (changed) AND t.action = 'cacheops';
			END IF;
		ELSIF change.changes_rows AND uncache.is_enabled() THEN
			PERFORM uncache.invalidate_table(r) FROM unnest(changed) r;
		END IF;
		PERFORM uncache.warn_of_broken_rules(changed, ARRAY[change.old_name]);
	END LOOP;
EXCEPTION WHEN OTHERS THEN
	PERFORM uncache.give_up(SQLERRM);
END
$$;
COMMENT ON FUNCTION uncache.follow_changes() IS 'event trigger: invalidates tables that are altered, and makes rules follow a renamed column';

/* ALTER INDEX renames tables as well, and ALTER VIEW and the like their columns. */
CREATE EVENT TRIGGER uncache_follow_changes ON ddl_command_end
	WHEN TAG IN ('ALTER TABLE', 'ALTER TYPE', 'ALTER INDEX', 'ALTER SEQUENCE', 'ALTER VIEW', 'ALTER MATERIALIZED VIEW', 'ALTER FOREIGN TABLE')
	EXECUTE FUNCTION uncache.follow_changes();
ALTER EVENT TRIGGER uncache_follow_changes ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER uncache_follow_changes IS 'invalidates tables that are altered, and makes rules follow a renamed column';

/* --- table_rewrite --- */

/* 2 is a default, 4 a type; neither persistence nor access method change rows. */
CREATE FUNCTION uncache.follow_rewrite() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF pg_event_trigger_table_rewrite_reason() & 6 <> 0 AND uncache.is_enabled() THEN
		PERFORM uncache.invalidate_table(pg_event_trigger_table_rewrite_oid());
	END IF;
EXCEPTION WHEN OTHERS THEN
	PERFORM uncache.give_up(SQLERRM);
END
$$;
COMMENT ON FUNCTION uncache.follow_rewrite() IS 'event trigger: invalidates tables whose rows are rewritten';

CREATE EVENT TRIGGER uncache_follow_rewrite ON table_rewrite
	EXECUTE FUNCTION uncache.follow_rewrite();
ALTER EVENT TRIGGER uncache_follow_rewrite ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER uncache_follow_rewrite IS 'invalidates tables whose rows are rewritten';

/* --- sql_drop --- */

/* A rule that went with a column (of its WHEN or UPDATE OF) is missed from now on. */
CREATE FUNCTION uncache.warn_of_dropped_rules(relation oid, rules name[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	dropped record;
BEGIN
	FOR dropped IN SELECT DISTINCT d.rule FROM uncache.dropped_rules(relation) d WHERE d.rule = ANY (rules) ORDER BY d.rule LOOP
		RAISE WARNING 'uncache rule "%" on table "%" was dropped with a column that it depends on', dropped.rule, relation::regclass
			USING HINT = 'Changes that it covered invalidate nothing any more.';
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache.warn_of_dropped_rules(oid, name[]) IS 'warns of rules of a table that a command has dropped';

CREATE FUNCTION uncache.invalidate_dropped_rules(relation oid, rules name[]) RETURNS void
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT uncache.invalidate_rule(relation, d.rule, d.action, d.arguments)
	FROM uncache.dropped_rules(relation) d
	WHERE rules IS NULL OR d.rule = ANY (rules)
$$;
COMMENT ON FUNCTION uncache.invalidate_dropped_rules(oid, name[]) IS 'forgets all that the dropped rules of a table could produce, or those of these names';

/*
 * Tables, also those that go with a schema, an owner or a type; and columns, which
 * may go with a type or a function.  What ALTER does, follow_changes() sees.
 */
CREATE FUNCTION uncache.follow_drops() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '900ms'
AS $$
DECLARE
	dropped record;
	gone text[];
BEGIN
	DELETE FROM uncache.schemas s USING pg_event_trigger_dropped_objects() d
		WHERE d.classid = 'pg_namespace'::regclass AND s.schema = d.object_name;
	FOR dropped IN
		SELECT d.objid AS relation, bool_or(d.objsubid = 0) AS is_table,
			ARRAY(SELECT r.address_names[3]::name FROM pg_event_trigger_dropped_objects() r
				WHERE r.classid = 'pg_trigger'::regclass AND r.address_names[1:2] = min(d.address_names[1:2])) AS rules
		FROM pg_event_trigger_dropped_objects() d
		WHERE d.classid = 'pg_class'::regclass AND d.object_type IN ('table', 'table column', 'foreign table', 'foreign table column', 'composite type column')
		GROUP BY d.objid
	LOOP
		IF uncache.is_enabled() THEN
			PERFORM uncache.invalidate_dropped_rules(dropped.relation, CASE WHEN NOT dropped.is_table THEN dropped.rules END);
		END IF;
		IF NOT dropped.is_table THEN
			PERFORM uncache.warn_of_dropped_rules(dropped.relation, dropped.rules);
			IF TG_TAG NOT LIKE 'ALTER %' THEN
				IF uncache.is_enabled() THEN
					PERFORM uncache.invalidate_table(r) FROM uncache.tables_using('pg_class'::regclass, dropped.relation) r;
				END IF;
				PERFORM uncache.put_schema_rule(dropped.relation, false, true);
				PERFORM uncache.warn_of_broken_rules(ARRAY[dropped.relation], NULL);
			END IF;
		END IF;
	END LOOP;
	gone := ARRAY(SELECT DISTINCT d.address_names[CASE d.objsubid WHEN 0 THEN 2 ELSE 3 END]
		FROM pg_event_trigger_dropped_objects() d
		WHERE d.classid = 'pg_class'::regclass AND (d.original OR d.normal));
	IF gone <> '{}' THEN
		PERFORM uncache.warn_of_broken_rules('{}', gone);
	END IF;
EXCEPTION WHEN OTHERS THEN
	PERFORM uncache.give_up(SQLERRM);
END
$$;
COMMENT ON FUNCTION uncache.follow_drops() IS 'event trigger: invalidates tables that are dropped';

CREATE EVENT TRIGGER uncache_follow_drops ON sql_drop
	EXECUTE FUNCTION uncache.follow_drops();
ALTER EVENT TRIGGER uncache_follow_drops ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER uncache_follow_drops IS 'invalidates tables that are dropped';

/* --- watched schemas --- */

/*
 * Where rows are followed, a table is followed with those that inherit from it:
 * they carry its tags.
 */
CREATE FUNCTION uncache.follow_schemas() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '900ms'
AS $$
DECLARE
	renamed record;
	followed record;
BEGIN
	IF NOT EXISTS (SELECT FROM uncache.schemas) THEN
		RETURN;
	END IF;
	FOR renamed IN
		SELECT d.old_name, d.new_name, c.objid
		FROM pg_event_trigger_ddl_commands() c, uncache.describe_command(c.command) d
		WHERE c.classid = 'pg_namespace'::regclass AND d.renamed = 'schema'
	LOOP
		UPDATE uncache.schemas s SET schema = renamed.new_name WHERE s.schema = renamed.old_name;
		IF FOUND THEN
			PERFORM uncache.put_schema_rules(renamed.objid, true);
		END IF;
	END LOOP;
	FOR followed IN
		SELECT t.relation, bool_or(d.makes_table) AS makes_table
		FROM pg_event_trigger_ddl_commands() c, uncache.describe_command(c.command) d,
			LATERAL (SELECT c.objid
				UNION SELECT uncache.tables_using(c.classid, c.objid) WHERE c.command_tag LIKE 'ALTER %'
				UNION SELECT uncache.tables_using('pg_class'::regclass, r) FROM unnest(d.relations) r) AS t(relation)
		WHERE c.classid = 'pg_class'::regclass AND (d.makes_table OR d.changes_identity)
		GROUP BY t.relation
	LOOP
		PERFORM uncache.put_schema_rule(followed.relation, followed.makes_table, true);
	END LOOP;
EXCEPTION WHEN OTHERS THEN
	PERFORM uncache.give_up(SQLERRM);
END
$$;
COMMENT ON FUNCTION uncache.follow_schemas() IS 'event trigger: gives tables in watched schemas their rules, and makes these follow';

CREATE EVENT TRIGGER uncache_follow_schemas ON ddl_command_end
	WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'CREATE SCHEMA', 'ALTER TABLE', 'ALTER INDEX', 'ALTER SEQUENCE', 'ALTER VIEW',
		'ALTER MATERIALIZED VIEW', 'ALTER FOREIGN TABLE', 'ALTER TYPE', 'ALTER SCHEMA')
	EXECUTE FUNCTION uncache.follow_schemas();
ALTER EVENT TRIGGER uncache_follow_schemas ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER uncache_follow_schemas IS 'gives tables in watched schemas their rules, and makes these follow';
