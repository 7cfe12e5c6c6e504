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
		('consumer', 'ack'::name), ('consumer', 'ack_cluster'), ('consumer', 'attach'), ('consumer', 'attach_cluster'),
		('consumer', 'fetch'), ('consumer', 'fetch_until'), ('consumer', 'report_late'),
		('consumer', 'resync_keys'), ('consumer', 'resynced'), ('consumer', 'standbys'), ('consumer', 'targets'),
		('consumer', 'trim'),
		/* uncached --status, --tail */
		('consumer', 'read_status'), ('consumer', 'tail'),
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
		('monitor', 'check_rules'), ('monitor', 'rules'), ('monitor', 'status'), ('monitor', 'activity'),
		('monitor', 'count_pending'),
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
