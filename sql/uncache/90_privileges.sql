/* Who may do what. */

CREATE FUNCTION uncache.grant_consumer(role regrole) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA uncache TO %s', role);
	EXECUTE format('GRANT EXECUTE ON FUNCTION uncache.attach(text, text, text, bigint, text, bigint), uncache.fetch(text, text, integer, boolean), uncache.ack(text, text, bigint), uncache.resync_keys(text), uncache.resynced(text), uncache.trim(integer) TO %s', role);
END
$$;
COMMENT ON FUNCTION uncache.grant_consumer(regrole) IS 'lets a role run uncached, and nothing else';

CREATE FUNCTION uncache.grant_author(role regrole) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA uncache TO %s', role);
	EXECUTE format('GRANT SELECT ON uncache.rules TO %s', role);
	EXECUTE format('GRANT SELECT ON uncache.schemas TO %s', role);
	EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s',
		array_to_string(ARRAY(SELECT p.oid::regprocedure
			FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'uncache'
			WHERE p.proname = ANY (ARRAY[
				'actions', 'check_rule', 'check_rules', 'check_template', 'check_watchable', 'drop_rule', 'drop_schema_remains', 'explain', 'find_schema',
				'invalidate', 'invalidate_pattern', 'invalidate_rule', 'invalidate_table', 'invalidate_tag',
				'invalidate_version', 'is_enabled', 'is_schema_rule', 'is_schema_table', 'is_target', 'lock_schema',
				'put_rule', 'put_schema', 'put_schema_rule', 'put_schema_rules', 'put_trigger', 'record_statement', 'remove_schema',
				'rule_author', 'rule_for_any_row', 'schema_rule_name', 'schema_tags', 'table_tags', 'tables_using', 'trigger_arguments',
				'truncate_relations', 'unwatch', 'unwatch_schema', 'wait', 'watch', 'watch_schema'])
			ORDER BY 1), ', '), role);
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
GRANT SELECT ON uncache.rules, uncache.status TO pg_monitor;
GRANT EXECUTE ON FUNCTION uncache.trigger_arguments(oid), uncache.rule_author(oid), uncache.consumer_worker(integer),
	uncache.has_marker(integer), uncache.lag_alarm(uncache.consumers), uncache.gap_reason(text), uncache.cursor_has_consumed(text, xid8, integer), uncache.check_rules() TO pg_monitor;
