/* What people call: invalidations by hand. */

CREATE FUNCTION uncache.invalidate(VARIADIC keys text[]) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_invalidate';
COMMENT ON FUNCTION uncache.invalidate(text[]) IS 'forgets these keys when the transaction commits';
