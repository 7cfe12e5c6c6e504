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
