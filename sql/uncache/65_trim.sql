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
 * own lock on its transaction is gone: it is seen to be committed a moment earlier.  A transaction that is
 * prepared keeps its virtual one until the server is started again, and has -1 for a backend then.
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
	WHERE d.xmin NOT IN (SELECT l.transactionid FROM pg_locks l WHERE l.transactionid IS NOT NULL);
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

/*
 * Looks only at the oldest rows, so that it never reads through all that is
 * retained; a few young rows among them (of a long transaction) hold back the
 * rest for no longer than the retention time.
 *
 * What an old snapshot may still want stays in the index after it was deleted, and
 * so do all versions of the consumers' rows.  So a session goes on where its last
 * trim ended: nothing comes up behind that, since who could have written there had
 * ended before any cursor was past it.  And while there is more to trim, it looks at
 * the consumers once a second: a horizon never moves back.  The session's
 * uncache.trim_state is the transaction reached, the horizon, and until when in
 * seconds that is good.
 */
CREATE FUNCTION uncache.trim(max_rows integer) RETURNS bigint
	LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	/* first: this loads the library, which defines what the next line reads */
	retention interval := make_interval(secs => uncache_internal.retention_seconds());
	state text[] := string_to_array(current_setting('uncache.trim_state'), ' ');
	reached xid8 := state[1];
	horizon xid8 := state[2];
	now_s double precision := extract(epoch FROM clock_timestamp());
	good_until_s double precision := state[3];
	cutoff timestamptz := clock_timestamp() - retention;
	doomed tid[];
	deleted bigint;
BEGIN
	/* it may have locked tables of others: nothing else is done in this transaction */
	IF EXISTS (SELECT FROM uncache.due) AND uncache_internal.take_up_due() THEN
		RETURN 0;
	END IF;
	IF now_s NOT BETWEEN good_until_s - 1 AND good_until_s THEN
		PERFORM uncache_internal.declare_lost();
		/* first: whoever goes back to one that is left finds all that is behind it */
		PERFORM uncache_internal.drop_old_positions(retention);
		horizon := uncache_internal.find_horizon();
		good_until_s := now_s + 1;
	END IF;
	/* up to the first row that stays, or else to the last one */
	SELECT array_agg(o.ctid) FILTER (WHERE o.at < cutoff),
		coalesce((array_agg(o.xid) FILTER (WHERE o.at >= cutoff))[1], (array_agg(o.xid))[count(*)::integer], reached)
	INTO doomed, reached
	FROM (SELECT i.ctid, i.xid, i.at FROM uncache.journal i
		WHERE i.xid >= reached AND i.xid < horizon
		ORDER BY i.xid, i.part LIMIT max_rows) o;
	/* the rest is for safety: a place must never be taken for the row that was there */
	DELETE FROM uncache.journal j WHERE j.ctid = ANY (doomed) AND j.xid < horizon AND j.at < cutoff;
	GET DIAGNOSTICS deleted = ROW_COUNT;
	/* without an index: the same transactions' gaps, of which there are hardly ever any */
	DELETE FROM uncache.gaps g WHERE g.xid < horizon AND g.at < cutoff;
	PERFORM set_config('uncache.trim_state', format('%s %s %s', reached, horizon,
		CASE WHEN deleted > 0 AND deleted = max_rows THEN good_until_s ELSE 0 END), false);
	RETURN deleted;
END
$$;
COMMENT ON FUNCTION uncache.trim(integer) IS
	'deletes journal rows that every consumer has consumed and that are past the retention time; declares '
	'consumers lost first';

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
	DELETE FROM uncache.journal j WHERE j.target = drop_consumer.target;
	PERFORM uncache_internal.consumers_changed();
END
$$;
COMMENT ON FUNCTION uncache.drop_consumer(text) IS 'forgets a target for good: nothing is journalled for it any more';
