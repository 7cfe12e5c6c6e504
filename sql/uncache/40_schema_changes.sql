/* Event triggers: what becomes of rules when tables change. */

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

CREATE FUNCTION uncache.describe_alter(command pg_ddl_command, OUT attaches_partition boolean, OUT changes_rows boolean,
	OUT old_column text, OUT new_column text)
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_describe_alter';
COMMENT ON FUNCTION uncache.describe_alter(pg_ddl_command) IS 'what an ALTER TABLE does that matters to rules';

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
			AND (c.command_tag <> 'ALTER TABLE' OR (uncache.describe_alter(c.command)).attaches_partition)
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
	WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE TABLE AS', 'SELECT INTO')
	EXECUTE FUNCTION uncache.cover_partitions();
/* replicated DDL and replica-role sessions create partitions, too */
ALTER EVENT TRIGGER uncache_cover_partitions ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER uncache_cover_partitions IS 'gives new partitions their TRUNCATE rules';
