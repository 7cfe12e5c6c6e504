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
