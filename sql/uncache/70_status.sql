/* How far each target is. */

/*
 * Half of uncache.max_lag is the time to act: while it is left, nothing has to
 * be resynced.
 */
CREATE FUNCTION uncache_internal.lag_alarm(consumer uncache.consumers) RETURNS text
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	max_lag interval := make_interval(secs => uncache_internal.max_lag_seconds());
	since timestamptz;
BEGIN
	IF consumer.lost_at IS NOT NULL OR max_lag = interval '0' THEN
		RETURN NULL;
	END IF;
	since := uncache_internal.missed_from(consumer, clock_timestamp() - max_lag / 2);
	IF since IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN format('behind for longer than half of uncache.max_lag (%s): it will be declared lost at %s',
		current_setting('uncache.max_lag'), since + max_lag);
END
$$;
COMMENT ON FUNCTION uncache_internal.lag_alarm(uncache.consumers) IS
	'a warning that a consumer will be declared lost, or null';

/* For people: attach() must not take long because of it. */
CREATE FUNCTION uncache_internal.count_behind(target text, cursor text) RETURNS bigint
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*)
	FROM (SELECT i.target, i.xid, i.part
		FROM uncache.journal i
		WHERE i.xid >= uncache_internal.cursor_begin(cursor) LIMIT 1000000) j
	WHERE j.target = count_behind.target AND NOT uncache_internal.cursor_has_consumed(cursor, j.xid, j.part)
$$;
COMMENT ON FUNCTION uncache_internal.count_behind(text, text) IS
	'how many journal rows a target has behind a cursor; looks at 1000000 at most';

/* A gap has no place in its transaction: a cursor has consumed it when it has consumed all. */
CREATE FUNCTION uncache_internal.gap_reason(cursor text) RETURNS text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN count(*) > 0 THEN
		format('%s transactions since %s could not be journalled: %s',
			count(*), min(g.at), (array_agg(g.reason ORDER BY g.at DESC))[1]) END
	FROM uncache.gaps g
	WHERE g.xid >= uncache_internal.cursor_begin(cursor)
		AND NOT uncache_internal.cursor_has_consumed(cursor, g.xid, 2147483647)
$$;
COMMENT ON FUNCTION uncache_internal.gap_reason(text) IS
	'why a consumer has to resync soon: gaps behind its cursor, or null';

CREATE FUNCTION uncache_internal.consumer_state(consumer uncache.consumers) RETURNS text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN consumer.lost_at IS NOT NULL THEN 'lost'
		WHEN consumer.cursor IS NULL THEN 'waiting'
		WHEN consumer.resync_reason IS NOT NULL OR NOT uncache_internal.has_marker(consumer.id)
			OR uncache_internal.gap_reason(consumer.cursor) IS NOT NULL THEN 'resync'
		ELSE 'ready' END
$$;
COMMENT ON FUNCTION uncache_internal.consumer_state(uncache.consumers) IS
	'how far a consumer is: lost, waiting, resync or ready';

/* For uncached --check-connections: rules and consumers are compared with its configuration. */
CREATE FUNCTION uncache.targets(OUT target text, OUT actions text[], OUT state text, OUT worker_pid integer)
	RETURNS SETOF record
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(r.target, c.target), coalesce(r.actions, '{}'),
		CASE WHEN c.id IS NOT NULL THEN uncache_internal.consumer_state(c) END, uncache_internal.consumer_worker(c.id)
	FROM (SELECT p.target, array_agg(DISTINCT a.action ORDER BY a.action) AS actions
			FROM uncache.rules r, uncache_internal.rule_for_any_row(r.action, r.templates) p,
				LATERAL (VALUES (r.action::text), (p.action)) AS a(action)
			WHERE p.target IS NOT NULL
			GROUP BY p.target) r
		FULL JOIN uncache.consumers c ON c.target = r.target
$$;
COMMENT ON FUNCTION uncache.targets() IS
	'each target that a rule names or that has a consumer: the actions of its rules and what they fall back '
	'to, and the consumer''s state';

/* Exact, and as slow as there are rows. */
CREATE FUNCTION uncache.count_pending(target text, OUT row_count bigint, OUT key_count bigint)
	LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*), coalesce(sum(cardinality(j.keys)), 0)::bigint
	FROM uncache.consumers c JOIN uncache.journal j ON j.target = c.target
	WHERE c.target = count_pending.target AND j.xid >= uncache_internal.cursor_begin(c.cursor)
		AND NOT uncache_internal.cursor_has_consumed(c.cursor, j.xid, j.part)
$$;
COMMENT ON FUNCTION uncache.count_pending(text) IS
	'how many rows and keys a target has not applied yet, counted: it reads all of them';

CREATE VIEW uncache.status AS
SELECT c.target,
	uncache_internal.consumer_state(c.*) AS state,
	uncache_internal.consumer_worker(c.id) AS worker_pid,
	CASE WHEN c.lost_at IS NULL THEN b.row_count END AS pending_rows,
	CASE WHEN c.lost_at IS NULL THEN b.key_count END AS pending_keys,
	coalesce(pg_catalog.clock_timestamp() - coalesce(c.missed_from, b.oldest_at), interval '0') AS lag,
	CASE WHEN c.cursor IS NOT NULL AND NOT uncache_internal.has_marker(c.id) THEN 'PostgreSQL has crashed'
		ELSE coalesce(c.resync_reason, uncache_internal.gap_reason(c.cursor)) END AS resync_reason,
	c.registered_at,
	c.acked_at,
	c.lost_at,
	nullif(pg_catalog.concat_ws('; ', uncache_internal.lag_alarm(c.*),
		CASE WHEN c.lost_at IS NULL
			THEN 'no longer waits for standby ' || pg_catalog.array_to_string(c.late_standbys, ', ')
			|| ': what is cached from it may be stale' END), '') AS alarm,
	CASE WHEN c.lost_at IS NULL THEN b.is_estimate END AS pending_is_estimate
FROM uncache.consumers c,
	LATERAL uncache_internal.estimate_behind(c.target, c.cursor) b;
COMMENT ON VIEW uncache.status IS
	'each target: who works for it and how far behind it is; what waits is estimated where it is much';

/* For uncached --status, whose role needs nothing of what the view consists of. */
CREATE FUNCTION uncache.read_status() RETURNS SETOF uncache.status
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT s.* FROM uncache.status s
$$;
COMMENT ON FUNCTION uncache.read_status() IS 'the rows of uncache.status';
