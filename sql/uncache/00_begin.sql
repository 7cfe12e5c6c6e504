/* uncache 0.2: PostgreSQL tells Redis what to forget. */
\echo Use "CREATE EXTENSION uncache" to load this file. \quit

/*
 * The owner of a schema may drop and replace what is in it.  A schema of this
 * name that somebody made beforehand is therefore refused.
 */
DO $$
BEGIN
	IF (SELECT nspowner FROM pg_catalog.pg_namespace WHERE nspname = 'uncache')
		<> (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER)
	THEN
		RAISE EXCEPTION 'schema "uncache" belongs to another role'
			USING HINT = 'Drop it, or give it to the role that creates the extension, '
				'after you have looked at what is in it.';
	END IF;
END
$$;

/*
 * Schema uncache has what people and consumers call, and the tables.  What only we call
 * is in this one, which belongs to the extension: it is made, dropped and dumped with it,
 * and one of this name that is there already is refused.
 */
CREATE SCHEMA uncache_internal;
COMMENT ON SCHEMA uncache_internal IS
	'what the functions of schema uncache consist of: nothing to call, and subject to change';
