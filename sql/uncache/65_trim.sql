/* What nobody needs any more is deleted; consumers that never come back are lost or dropped. */

/*
 * How long a consumer has stood still shows in the age of what began behind its
 * cursor.  Not in that of transactions which were in flight when the cursor was
 * made: their rows may have been written long before they were committed.  The
 * first rows are enough, since those that follow are hardly older.  Of whatever
 * target: a cursor holds back the rows of all.
 */
CREATE FUNCTION uncache_internal.oldest_behind(cursor text) RETURNS timestamptz
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT least((SELECT min(o.at)
			FROM (SELECT j.at FROM uncache.journal j
				WHERE j.xid >= f.xid
				ORDER BY j.xid, j.part LIMIT 1000) o),
		(SELECT min(g.at) FROM uncache.gaps g WHERE g.xid >= f.xid))
	FROM (SELECT uncache_internal.cursor_end(cursor) AS xid) f
$$;
COMMENT ON FUNCTION uncache_internal.oldest_behind(text) IS
	'since when a cursor has held back the journal; null if it does not';

/* Is it to be declared lost?  Since when, if it is; else null. */
CREATE FUNCTION uncache_internal.missed_from(consumer uncache.consumers, cutoff timestamptz) RETURNS timestamptz
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	since timestamptz := consumer.registered_at;
BEGIN
	IF since >= cutoff THEN
		RETURN NULL;
	ELSIF consumer.cursor IS NOT NULL THEN
		since := uncache_internal.oldest_behind(consumer.cursor);
	ELSIF uncache_internal.consumer_worker(consumer.id) IS NOT NULL THEN
		RETURN NULL;
	END IF;
	RETURN CASE WHEN since < cutoff THEN since END;
END
$$;
COMMENT ON FUNCTION uncache_internal.missed_from(uncache.consumers, timestamptz) IS
	'since when a consumer has held back the journal or, without a cursor, nobody has worked for it, if that '
	'is before the cutoff';

/*
 * A consumer that holds back the journal for longer than uncache.max_lag is
 * released from it; also one whose registration nobody completes, since it is
 * journalled for.  This never waits: a row that is locked belongs to somebody who
 * is just changing it.
 */
CREATE FUNCTION uncache_internal.declare_lost() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	max_lag interval := make_interval(secs => uncache_internal.max_lag_seconds());
	cutoff timestamptz := clock_timestamp() - max_lag;
	consumer uncache.consumers;
	since timestamptz;
BEGIN
	IF max_lag = interval '0' THEN
		RETURN;
	END IF;
	FOR consumer IN
		SELECT c.* FROM uncache.consumers c
		WHERE c.lost_at IS NULL AND uncache_internal.missed_from(c.*, cutoff) IS NOT NULL
		ORDER BY c.id
		FOR UPDATE SKIP LOCKED
	LOOP
		since := coalesce(uncache_internal.missed_from(consumer, cutoff), cutoff);
		UPDATE uncache.consumers c
			SET lost_at = clock_timestamp(), missed_from = since, cursor = NULL, barrier = NULL,
				resync_reason = format('declared lost: behind for longer than uncache.max_lag (%s)',
					current_setting('uncache.max_lag'))
			WHERE c.id = consumer.id;
		DELETE FROM uncache.positions p WHERE p.consumer_id = consumer.id;
		PERFORM uncache_internal.consumers_changed();
		RAISE WARNING 'the consumer of target "%" is declared lost', consumer.target
			USING DETAIL = format('It has held back the journal since %s, longer than uncache.max_lag (%s).',
				since, current_setting('uncache.max_lag')),
			HINT = 'Start its uncached, which resyncs, or call uncache.drop_consumer.';
	END LOOP;
	/* writers need not have the others looked at for a while: see consumer.c */
	UPDATE uncache.consumers c SET checked_at = clock_timestamp()
		WHERE c.id IN (SELECT s.id FROM uncache.consumers s
			WHERE s.lost_at IS NULL AND greatest(s.acked_at, s.registered_at) < cutoff
				AND coalesce(s.checked_at < clock_timestamp() - least(max_lag / 20, interval '30 s'), true)
			FOR UPDATE SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION uncache_internal.declare_lost() IS
	'releases the journal of consumers that are further behind than uncache.max_lag';

/*
 * Of each consumer the newest stays: who has been idle, or away, needs no others.
 * Not if it was acknowledged since for as long as that, without any position.
 * One that is locked is just being gone back to.
 */
CREATE FUNCTION uncache_internal.drop_old_positions(retention interval) RETURNS void
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	DELETE FROM uncache.positions d
	WHERE d.ctid = ANY (ARRAY(SELECT p.ctid FROM uncache.positions p
		WHERE p.slot < clock_timestamp() - retention
			AND (EXISTS (SELECT FROM uncache.positions n WHERE n.consumer_id = p.consumer_id AND n.slot > p.slot)
				OR EXISTS (SELECT FROM uncache.consumers c
					WHERE c.id = p.consumer_id AND c.cursor <> p.cursor AND c.acked_at > p.slot + retention))
		FOR UPDATE SKIP LOCKED))
$$;
COMMENT ON FUNCTION uncache_internal.drop_old_positions(interval) IS
	'forgets positions that are past the retention time';

/* Before this transaction nothing of the journal may be wanted by anybody who comes late. */
CREATE FUNCTION uncache_internal.find_horizon() RETURNS xid8
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(
		(SELECT uncache_internal.cursor_begin(c.cursor)
		 FROM (SELECT cursor FROM uncache.consumers UNION ALL SELECT cursor FROM uncache.positions) c
		 WHERE c.cursor IS NOT NULL
		 ORDER BY 1 LIMIT 1),
		pg_snapshot_xmin(pg_current_snapshot()))
$$;
COMMENT ON FUNCTION uncache_internal.find_horizon() IS 'the oldest transaction that a consumer may not have consumed';

/*
 * What commands have left in uncache.due.  Who has rendered old names holds a lock on the table that he wrote to, or
 * on one below it; who gets one after the command has ended sees the new names.  A command has ended when its
 * own lock on its transaction is gone: it is seen to be committed a moment earlier, when others may not have
 * been told of the new names yet.  That lock is on the transaction's own id; a row's xmin is that of the
 * savepoint which has written it.  A transaction that is prepared keeps its virtual one until the server is
 * started again, and has -1 for a backend then.
 */
CREATE FUNCTION uncache_internal.take_up_due() RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	/* locks on tables are held until all of it is done */
	most_rules CONSTANT integer := 10;
	places tid[];
	item record;
	has_done boolean := false;
	rule_count integer := 0;
BEGIN
	SELECT array_agg(d.ctid) INTO places
	FROM uncache.due d
	WHERE d.xid::xid NOT IN (SELECT l.transactionid FROM pg_locks l WHERE l.transactionid IS NOT NULL);
	FOR item IN
		WITH locks AS MATERIALIZED (
			SELECT l.relation, l.virtualtransaction AS holder
			FROM pg_locks l
			WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
				AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
				AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
		)
		SELECT d.ctid AS place, d.relation, d.role, d.holders,
			ARRAY(SELECT DISTINCT l.holder FROM locks l
				WHERE (d.relation = 0 OR l.relation = ANY (uncache_internal.heirs(d.relation)))
					AND (d.holders IS NULL OR l.holder = ANY (d.holders) OR l.holder LIKE '-1/%')
				ORDER BY 1) AS remaining
		FROM uncache.due d
		WHERE d.ctid = ANY (places)
		ORDER BY d.role <> 0
		FOR UPDATE OF d SKIP LOCKED
	LOOP
		IF item.role <> 0 THEN
			EXIT WHEN rule_count = most_rules;
			rule_count := rule_count + 1;
		END IF;
		IF (item.role <> 0 OR item.remaining = '{}') AND uncache_internal.do_due(item.relation, item.role) THEN
			DELETE FROM uncache.due d WHERE d.ctid = item.place;
			has_done := true;
		ELSIF item.remaining IS DISTINCT FROM item.holders THEN
			UPDATE uncache.due d SET holders = item.remaining WHERE d.ctid = item.place;
		END IF;
	END LOOP;
	RETURN has_done;
END
$$;
COMMENT ON FUNCTION uncache_internal.take_up_due() IS
	'does what commands have left for later, as far as that is possible; whether anything was done';

/* --- the segments of the journal: extension/src/consume/segment.c says why nothing is lost --- */

CREATE FUNCTION uncache_internal.empty_segment(number integer, horizon xid8) RETURNS boolean
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_empty_segment';
COMMENT ON FUNCTION uncache_internal.empty_segment(integer, xid8) IS
	'empties a segment if nothing in it is of a transaction from the horizon on and nobody uses it; whether it is '
	'empty now';

CREATE FUNCTION uncache_internal.segment_has_rows(number integer) RETURNS boolean
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_segment_has_rows';
COMMENT ON FUNCTION uncache_internal.segment_has_rows(integer) IS
	'whether a segment may have rows: visible or not, or locked by somebody';

CREATE FUNCTION uncache_internal.segments_changed() RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_segments_changed';
COMMENT ON FUNCTION uncache_internal.segments_changed() IS 'makes every backend read uncache.segments again';

/* As they are meant to be, whatever somebody has done to the table.  False if another session is at it. */
CREATE FUNCTION uncache_internal.lock_segments() RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	row_count bigint := (SELECT count(*) FROM uncache.segments);
BEGIN
	IF row_count < uncache_internal.segment_count() THEN
		INSERT INTO uncache.segments (number)
			SELECT generate_series(1, uncache_internal.segment_count()) ON CONFLICT DO NOTHING;
		row_count := uncache_internal.segment_count();
	END IF;
	IF row_count <> (SELECT count(*) FROM (SELECT FROM uncache.segments FOR NO KEY UPDATE SKIP LOCKED) l) THEN
		RETURN false;
	END IF;
	/* written to by somebody who did not know which one is the current one, or found that locked */
	UPDATE uncache.segments s SET opened_at = clock_timestamp(), closed_at = clock_timestamp()
		WHERE s.opened_at IS NULL AND uncache_internal.segment_has_rows(s.number);
	RETURN true;
END
$$;
COMMENT ON FUNCTION uncache_internal.lock_segments() IS 'takes the rows of all segments; whether they were had';

/* Locking rows is a write: a daemon with nothing to do makes none. */
CREATE FUNCTION uncache_internal.segments_are_due(retention interval) RETURNS boolean
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*) < uncache_internal.segment_count()
		OR coalesce(bool_or(uncache_internal.segment_has_rows(s.number)
			AND (NOT w.is_wanted OR s.opened_at IS NULL
				OR s.closed_at <= w.now - retention
				OR (s.closed_at IS NULL AND s.opened_at NOT BETWEEN w.now - retention / 2 AND w.now))), false)
		OR count(*) FILTER (WHERE s.opened_at IS NOT NULL AND s.closed_at IS NULL) = 0
	FROM uncache.segments s,
		(SELECT clock_timestamp() AS now,
			EXISTS (SELECT FROM uncache.consumers c WHERE c.lost_at IS NULL) AS is_wanted) w
$$;
COMMENT ON FUNCTION uncache_internal.segments_are_due(interval) IS
	'whether there may be a segment to be turned or emptied';

CREATE FUNCTION uncache_internal.segment_last_xid(number integer) RETURNS xid8
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_segment_last_xid';
COMMENT ON FUNCTION uncache_internal.segment_last_xid(integer) IS
	'the last transaction that has rows in a segment; null if there is none, or somebody has locked it';

/*
 * For uncache.tail(), which nothing waits for. A row that comes later is of a transaction from the horizon on,
 * and keeps the segment from being emptied. A session with an older library does not have the function.
 */
CREATE FUNCTION uncache_internal.last_xid_in(number integer, horizon xid8) RETURNS xid8
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN coalesce(uncache_internal.segment_last_xid(number), horizon);
EXCEPTION WHEN undefined_function THEN
	RETURN horizon;
END
$$;
COMMENT ON FUNCTION uncache_internal.last_xid_in(integer, xid8) IS
	'the last transaction that has rows in a segment, or a later one where that is not known';

/*
 * Of the segments that were closed before the cutoff those are emptied that nobody wants any more;
 * of all of them if nobody could.
 */
CREATE FUNCTION uncache_internal.empty_segments(cutoff timestamptz, horizon xid8, OUT emptied integer)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	is_wanted boolean := EXISTS (SELECT FROM uncache.consumers c WHERE c.lost_at IS NULL);
	segment uncache.segments;
	had_rows boolean;
	last_xid xid8;
BEGIN
	emptied := 0;
	FOR segment IN SELECT * FROM uncache.segments s WHERE s.closed_at <= cutoff OR NOT is_wanted ORDER BY s.number LOOP
		had_rows := uncache_internal.segment_has_rows(segment.number);
		last_xid := CASE WHEN had_rows THEN uncache_internal.last_xid_in(segment.number, horizon) END;
		CONTINUE WHEN NOT uncache_internal.empty_segment(segment.number, horizon);
		UPDATE uncache.segments s SET emptied_xid = last_xid
			WHERE s.number = segment.number AND last_xid > coalesce(s.emptied_xid, '0');
		UPDATE uncache.segments s SET opened_at = NULL, closed_at = NULL
			WHERE s.number = segment.number AND s.closed_at IS NOT NULL;
		emptied := emptied + had_rows::integer;
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache_internal.empty_segments(timestamptz, xid8) IS 'how many segments it has emptied';

/* The next one takes rows when the current one has done so for half of the retention time. */
CREATE FUNCTION uncache_internal.turn_segments(retention interval) RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	now timestamptz := clock_timestamp();
	current_number integer := (SELECT s.number FROM uncache.segments s
		WHERE s.opened_at IS NOT NULL AND s.closed_at IS NULL ORDER BY s.opened_at DESC, s.number DESC LIMIT 1);
	next_number integer := (SELECT s.number FROM uncache.segments s
		WHERE s.opened_at IS NULL
		ORDER BY s.number < current_number, s.number LIMIT 1);
BEGIN
	IF next_number IS NULL OR NOT coalesce(uncache_internal.segment_has_rows(current_number), true)
		OR EXISTS (SELECT FROM uncache.segments s
			WHERE s.number = current_number AND s.opened_at BETWEEN now - retention / 2 AND now)
	THEN
		RETURN false;
	END IF;
	UPDATE uncache.segments s SET closed_at = now WHERE s.opened_at IS NOT NULL AND s.closed_at IS NULL;
	UPDATE uncache.segments s SET opened_at = now WHERE s.number = next_number;
	PERFORM uncache_internal.segments_changed();
	RETURN true;
END
$$;
COMMENT ON FUNCTION uncache_internal.turn_segments(interval) IS
	'lets the next segment take rows if it is time and there is an empty one; whether it did';

CREATE FUNCTION uncache_internal.trim_journal(retention interval, OUT emptied integer)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	cutoff timestamptz := clock_timestamp() - retention;
	horizon xid8 := uncache_internal.find_horizon();
BEGIN
	emptied := 0;
	IF uncache_internal.segments_are_due(retention) AND uncache_internal.lock_segments() THEN
		emptied := uncache_internal.empty_segments(cutoff, horizon);
		/* what was closed just now is emptied at once if nothing is retained */
		IF uncache_internal.turn_segments(retention) AND retention = interval '0' THEN
			emptied := emptied + uncache_internal.empty_segments(clock_timestamp(), horizon);
		END IF;
	END IF;
	/* without an index: the same transactions' gaps, of which there are hardly ever any */
	DELETE FROM uncache.gaps g WHERE g.xid < horizon AND g.at < cutoff;
END
$$;
COMMENT ON FUNCTION uncache_internal.trim_journal(interval) IS
	'turns the segments, and empties those that nobody wants any more; how many';

CREATE FUNCTION uncache.trim() RETURNS integer
	LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	/* first: this loads the library, which knows the settings */
	retention interval := make_interval(secs => uncache_internal.retention_seconds());
BEGIN
	/* it may have locked tables of others: nothing else is done in this transaction */
	IF EXISTS (SELECT FROM uncache.due) AND uncache_internal.take_up_due() THEN
		RETURN 0;
	END IF;
	PERFORM uncache_internal.declare_lost();
	/* first: whoever goes back to one that is left finds all that is behind it */
	PERFORM uncache_internal.drop_old_positions(retention);
	RETURN uncache_internal.trim_journal(retention);
END
$$;
COMMENT ON FUNCTION uncache.trim() IS
	'declares consumers lost; empties segments of the journal that every consumer has consumed and that are past '
	'the retention time; how many';

CREATE FUNCTION uncache.drop_consumer(target text) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	dropped_id integer := (SELECT c.id FROM uncache.consumers c WHERE c.target = drop_consumer.target);
BEGIN
	IF dropped_id IS NULL THEN
		RAISE EXCEPTION 'target "%" has no consumer', target
			USING ERRCODE = 'undefined_object';
	ELSIF uncache_internal.consumer_worker(dropped_id) <> pg_backend_pid() THEN
		RAISE EXCEPTION 'session % works for target "%"', uncache_internal.consumer_worker(dropped_id), target
			USING ERRCODE = 'object_in_use', HINT = 'Stop its uncached first.';
	END IF;
	DELETE FROM uncache.consumers c WHERE c.id = dropped_id;
	DELETE FROM uncache.markers m WHERE m.consumer_id = dropped_id;
	DELETE FROM uncache.positions p WHERE p.consumer_id = dropped_id;
	PERFORM uncache_internal.consumers_changed();
	PERFORM uncache_internal.trim_journal(make_interval(secs => uncache_internal.retention_seconds()));
END
$$;
COMMENT ON FUNCTION uncache.drop_consumer(text) IS 'forgets a target for good: nothing is journalled for it any more';
