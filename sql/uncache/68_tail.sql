/* For whoever looks on: what is invalidated, as it is committed. */

CREATE FUNCTION uncache_internal.read_tail(cursor text, max_bytes integer, OUT xid xid8, OUT at timestamptz,
	OUT target text, OUT action text, OUT key text, OUT next_cursor text) RETURNS SETOF record
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_read_tail';
COMMENT ON FUNCTION uncache_internal.read_tail(text, integer) IS
	'the keys of journal rows of all targets behind a cursor; the last row has the next cursor';

/*
 * The segments are looked at afterwards: read_tail() has locked them, so that none is emptied any
 * more, and of one that was this statement sees it.
 */
CREATE FUNCTION uncache.tail(cursor text, max_bytes integer, OUT xid xid8, OUT at timestamptz, OUT target text,
	OUT action text, OUT key text, OUT next_cursor text) RETURNS SETOF record
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	emptied xid8;
BEGIN
	/* a cursor with ids that were never given out comes from elsewhere: with it, rows would be missed */
	IF uncache_internal.is_ahead(cursor) THEN
		RAISE EXCEPTION 'cursor "%" lies in the future', cursor USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN QUERY SELECT r.* FROM uncache_internal.read_tail(cursor, max_bytes) r;
	SELECT s.emptied_xid INTO emptied FROM uncache.segments s
		WHERE s.emptied_xid >= uncache_internal.cursor_begin(cursor)
		ORDER BY s.emptied_xid DESC LIMIT 1;
	IF FOUND THEN
		xid := emptied;
		RETURN NEXT;
	END IF;
END
$$;
COMMENT ON FUNCTION uncache.tail(text, integer) IS
	'the keys of all targets that were invalidated behind a cursor; a row with next_cursor, which is all that there is '
	'without a cursor; and a row with xid alone if rows of transactions up to this one have been trimmed unseen';
