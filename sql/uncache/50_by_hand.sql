/* What people call: invalidations by hand. */

CREATE FUNCTION uncache.invalidate(VARIADIC keys text[]) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_invalidate';
COMMENT ON FUNCTION uncache.invalidate(text[]) IS 'forgets these keys when the transaction commits';

/* as the extension's owner: what it reads is not for everybody */
CREATE FUNCTION uncache.wait(timeout interval DEFAULT '5s') RETURNS boolean
	LANGUAGE c SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'uncache_wait';
COMMENT ON FUNCTION uncache.wait(interval) IS 'waits until everything committed before the call is applied by every consumer that is not lost: true if it is, false at the timeout, also if a daemon is down';
