/* Who may do what. */

CREATE FUNCTION uncache.grant_consumer(role regrole) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA uncache TO %s', role);
	EXECUTE format('GRANT EXECUTE ON FUNCTION uncache.attach(text, text, text, bigint, text, bigint, text, text), uncache.fetch(text, text, integer, boolean), uncache.fetch_until(text, text, integer, text), uncache.ack(text, text, bigint), uncache.resync_keys(text), uncache.resynced(text), uncache.standbys(text, text[], boolean), uncache.report_late(text, text[]), uncache.trim(integer), uncache.targets() TO %s', role);
END
$$;
COMMENT ON FUNCTION uncache.grant_consumer(regrole) IS 'lets a role run uncached, and nothing else';

/* What check_rules() consists of, which runs as its caller. */
CREATE FUNCTION uncache.check_functions() RETURNS name[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT ARRAY['actions', 'check_rules', 'check_event_triggers', 'check_triggers', 'check_events', 'check_truncates', 'check_arguments', 'check_authors',
		'check_products', 'check_table_names', 'check_heirs', 'check_columns', 'check_tables_replaced', 'check_before_triggers', 'check_schemas', 'check_schemas_unwatched', 'cacheops_table', 'is_parent_rule', 'find_problem', 'examine_rule', 'rule_for_any_row', 'has_consumer', 'is_schema_rule',
		'heirs', 'schema_rule_name', 'schema_tags', 'truncate_relations', 'trigger_arguments', 'rule_author', 'find_other_use']::name[]
$$;
COMMENT ON FUNCTION uncache.check_functions() IS 'the functions that whoever calls check_rules() has to be granted';

CREATE FUNCTION uncache.grant_functions(names name[], role text) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s',
		array_to_string(ARRAY(SELECT p.oid::regprocedure
			FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'uncache'
			WHERE p.proname = ANY (names)
			ORDER BY 1), ', '), role);
END
$$;
COMMENT ON FUNCTION uncache.grant_functions(name[], text) IS 'lets a role execute functions of these names';

CREATE FUNCTION uncache.grant_author(role regrole) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA uncache TO %s', role);
	EXECUTE format('GRANT SELECT ON uncache.rules, uncache.rule_triggers, uncache.schemas, uncache.renamed_columns, uncache.renamed_tables TO %s', role);
	PERFORM uncache.grant_functions(uncache.check_functions() || ARRAY[
		'check_rule', 'check_template', 'check_watchable', 'confirm_names', 'drop_rule', 'explain',
		'invalidate', 'invalidate_pattern', 'invalidate_table', 'invalidate_tag', 'invalidate_version', 'is_enabled', 'is_target', 'lock_schema', 'make_room',
		'put_rule', 'put_schema', 'put_schema_rule', 'put_schema_rules', 'put_trigger', 'put_view_rule', 'record_statement', 'remove_schema',
		'unwatch', 'unwatch_schema', 'wait', 'watch', 'watch_schema']::name[], role::text);
END
$$;
COMMENT ON FUNCTION uncache.grant_author(regrole) IS 'lets a role write rules for tables that it owns, invalidate by hand, and wait';

REVOKE ALL ON ALL TABLES IN SCHEMA uncache FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA uncache FROM PUBLIC;
REVOKE ALL ON SCHEMA uncache FROM PUBLIC;
/*
 * A partition's trigger is a clone, for which PostgreSQL asks of whoever makes the
 * partition that he may call the function. Nobody can name it who may not use the
 * schema, and who is no author gives no table a rule: admit_rules() sees to that.
 */
GRANT EXECUTE ON FUNCTION uncache.keys(), uncache.patterns(), uncache.tags(), uncache.versions(), uncache.query(), uncache.cacheops() TO PUBLIC;
GRANT USAGE ON SCHEMA uncache TO pg_monitor;
GRANT SELECT ON uncache.rules, uncache.rule_triggers, uncache.schemas, uncache.renamed_columns, uncache.renamed_tables, uncache.status TO pg_monitor;
GRANT EXECUTE ON FUNCTION uncache.consumer_worker(integer), uncache.has_marker(integer), uncache.lag_alarm(uncache.consumers), uncache.gap_reason(text), uncache.consumer_state(uncache.consumers),
	uncache.cursor_has_consumed(text, xid8, integer) TO pg_monitor;
SELECT uncache.grant_functions(uncache.check_functions(), 'pg_monitor');
