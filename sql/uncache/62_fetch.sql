/* Consumers fetch, acknowledge and resync: docs/protocol.md. */

CREATE FUNCTION uncache.fetch(target text, cursor text, max_bytes integer, sleep boolean,
	OUT at timestamptz, OUT action text, OUT keys text[], OUT next_cursor text) RETURNS SETOF record
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_fetch';
COMMENT ON FUNCTION uncache.fetch(text, text, integer, boolean) IS
	'the journal rows behind a cursor; the last row has the next cursor';

CREATE FUNCTION uncache.fetch_until(target text, cursor text, max_bytes integer, until text,
	OUT at timestamptz, OUT action text, OUT keys text[], OUT next_cursor text) RETURNS SETOF record
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_fetch_until';
COMMENT ON FUNCTION uncache.fetch_until(text, text, integer, text) IS
	'the journal rows between two cursors; the last row has the next cursor';

CREATE FUNCTION uncache_internal.check_ack(target text, cursor text) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_check_ack';
COMMENT ON FUNCTION uncache_internal.check_ack(text, text) IS
	'raises unless the session may move the consumer to the cursor';

CREATE FUNCTION uncache_internal.raise_no_cursor(target text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'the consumer of target "%" has no cursor', target
		USING ERRCODE = 'object_not_in_prerequisite_state',
		DETAIL = 'It was declared lost, or its registration is not complete.',
		HINT = 'Call uncache.attach(target) again.';
END
$$;
COMMENT ON FUNCTION uncache_internal.raise_no_cursor(text) IS
	'the error of acknowledging for a consumer that is not at work';

/* The position is that of what was acknowledged until now; during a resync nobody knows. */
CREATE FUNCTION uncache_internal.put_position(target text, repl_offset bigint) RETURNS void
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	INSERT INTO uncache.positions AS p (consumer_id, slot, repl_offset, cursor)
		SELECT c.id, to_timestamp(floor(extract(epoch FROM clock_timestamp()) / s.seconds) * s.seconds),
			repl_offset, c.cursor
		FROM uncache.consumers c,
			(SELECT greatest(1, uncache_internal.retention_seconds() / 300) AS seconds) s
		WHERE c.target = put_position.target AND c.cursor IS NOT NULL AND c.resync_reason IS NULL
			AND c.replid IS NOT NULL
		FOR NO KEY UPDATE OF c
	ON CONFLICT (consumer_id, slot) DO UPDATE SET repl_offset = EXCLUDED.repl_offset, cursor = EXCLUDED.cursor
$$;
COMMENT ON FUNCTION uncache_internal.put_position(text, bigint) IS
	'remembers a place in the history of a consumer''s Redis';

CREATE FUNCTION uncache.ack(target text, cursor text, repl_offset bigint DEFAULT 0) RETURNS void
	LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	row_place tid;
BEGIN
	PERFORM uncache_internal.check_ack(ack.target, ack.cursor);
	IF repl_offset > 0 THEN
		PERFORM uncache_internal.put_position(target, repl_offset);
	END IF;
	/*
	 * Who had no cursor, or was declared lost a moment ago, must not be given one here.
	 * The row is where the session has put it last: while an old snapshot may want
	 * all of its versions, looking for the newest takes longer each time.
	 */
	UPDATE uncache.consumers c SET cursor = ack.cursor, acked_at = clock_timestamp()
		WHERE c.ctid = current_setting('uncache.consumer_row')::tid AND c.target = ack.target AND c.cursor IS NOT NULL
		RETURNING c.ctid INTO row_place;
	IF NOT FOUND THEN
		UPDATE uncache.consumers c SET cursor = ack.cursor, acked_at = clock_timestamp()
			WHERE c.target = ack.target AND c.cursor IS NOT NULL
			RETURNING c.ctid INTO row_place;
	END IF;
	IF NOT FOUND THEN
		PERFORM uncache_internal.raise_no_cursor(ack.target);
	END IF;
	PERFORM set_config('uncache.consumer_row', row_place::text, false);
END
$$;
COMMENT ON FUNCTION uncache.ack(text, text, bigint) IS 'everything before the cursor is applied';

/* One offset for each shard that the session has attached for; a position without one would be of no use. */
CREATE FUNCTION uncache_internal.check_offsets(shards jsonb, repl_offsets jsonb) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF (CASE WHEN shards IS NOT NULL AND jsonb_typeof(repl_offsets) = 'object'
		THEN ARRAY(SELECT jsonb_object_keys(repl_offsets)) = ARRAY(SELECT jsonb_object_keys(shards))
			AND NOT EXISTS (SELECT FROM jsonb_each_text(repl_offsets) o
				WHERE o.value IS NULL OR o.value !~ '^[0-9]{1,18}$')
		ELSE false END)
	THEN
		RETURN;
	END IF;
	RAISE EXCEPTION 'invalid offsets of the primaries of a Redis Cluster'
		USING ERRCODE = 'invalid_parameter_value',
		DETAIL = 'It is an object with an offset for each replication id that attach_cluster was called with.';
END
$$;
COMMENT ON FUNCTION uncache_internal.check_offsets(jsonb, jsonb) IS
	'raises unless there is an offset for each of the shards';

CREATE FUNCTION uncache_internal.put_shard_position(target text, repl_offsets jsonb) RETURNS void
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	INSERT INTO uncache.positions AS p (consumer_id, slot, repl_offset, cursor, repl_offsets)
		SELECT c.id, to_timestamp(floor(extract(epoch FROM clock_timestamp()) / s.seconds) * s.seconds),
			0, c.cursor, repl_offsets
		FROM uncache.consumers c,
			(SELECT greatest(1, uncache_internal.retention_seconds() / 300) AS seconds) s
		WHERE c.target = put_shard_position.target AND c.cursor IS NOT NULL AND c.resync_reason IS NULL
		FOR NO KEY UPDATE OF c
	ON CONFLICT (consumer_id, slot) DO UPDATE SET repl_offset = 0, cursor = EXCLUDED.cursor,
		repl_offsets = EXCLUDED.repl_offsets
$$;
COMMENT ON FUNCTION uncache_internal.put_shard_position(text, jsonb) IS
	'remembers a place in the histories of a consumer''s Redis Cluster';

CREATE FUNCTION uncache.ack_cluster(target text, cursor text, repl_offsets jsonb) RETURNS void
	LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM uncache_internal.check_ack(ack_cluster.target, ack_cluster.cursor);
	PERFORM uncache_internal.check_offsets(
		(SELECT c.shards FROM uncache.consumers c WHERE c.target = ack_cluster.target), repl_offsets);
	PERFORM uncache_internal.put_shard_position(target, repl_offsets);
	PERFORM uncache.ack(target, cursor);
END
$$;
COMMENT ON FUNCTION uncache.ack_cluster(text, text, jsonb) IS
	'ack with a place in the history of each primary of a Redis Cluster';

CREATE FUNCTION uncache_internal.deliverable(INOUT action text, INOUT key text)
	LANGUAGE c STRICT STABLE AS 'MODULE_PATHNAME', 'uncache_deliverable';
COMMENT ON FUNCTION uncache_internal.deliverable(text, text) IS
	'a key, or what does for it where the client''s encoding lacks it';

CREATE FUNCTION uncache.resync_keys(target text, OUT action text, OUT key text) RETURNS SETOF record
	LANGUAGE sql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT DISTINCT d.action, d.key
	FROM uncache.rules r, uncache_internal.rule_for_any_row(r.action, r.templates) p,
		LATERAL uncache_internal.deliverable(p.action, p.key) d
	WHERE p.target = resync_keys.target
$$;
COMMENT ON FUNCTION uncache.resync_keys(text) IS 'everything that the rules can produce for a target';

CREATE FUNCTION uncache.resynced(target text) RETURNS void
	LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM uncache_internal.check_ack(resynced.target,
		coalesce((SELECT c.cursor FROM uncache.consumers c WHERE c.target = resynced.target), '1:1:'));
	UPDATE uncache.consumers c SET resync_reason = NULL
		WHERE c.target = resynced.target AND c.cursor IS NOT NULL;
	IF NOT FOUND THEN
		PERFORM uncache_internal.raise_no_cursor(resynced.target);
	END IF;
END
$$;
COMMENT ON FUNCTION uncache.resynced(text) IS 'the resync that attach asked for is complete';
