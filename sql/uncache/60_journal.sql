/* The journal's interface: docs/protocol.md. */

CREATE FUNCTION uncache.lock_consumer(id integer) RETURNS boolean
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_lock_consumer';
COMMENT ON FUNCTION uncache.lock_consumer(integer) IS 'takes a consumer''s lock for the session';

CREATE FUNCTION uncache.consumers_changed() RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_consumers_changed';
COMMENT ON FUNCTION uncache.consumers_changed() IS 'makes every backend read uncache.consumers again';

CREATE FUNCTION uncache.retention_seconds() RETURNS integer
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'uncache_retention_seconds';
COMMENT ON FUNCTION uncache.retention_seconds() IS 'the setting uncache.retention';

CREATE FUNCTION uncache.max_lag_seconds() RETURNS integer
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'uncache_max_lag_seconds';
COMMENT ON FUNCTION uncache.max_lag_seconds() IS 'the setting uncache.max_lag';

CREATE FUNCTION uncache.identity() RETURNS text
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('system %s, timeline %s, database %s',
		(SELECT system_identifier FROM pg_control_system()),
		left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
		(SELECT oid FROM pg_database WHERE datname = current_database()))
$$;
COMMENT ON FUNCTION uncache.identity() IS 'the history that a cursor belongs to';

/*
 * Transactions of this database from before the barrier that have not ended.
 * Sessions first: a transaction that is prepared meanwhile is found in one of
 * the two.
 */
CREATE FUNCTION uncache.transactions_in_flight(barrier xid8) RETURNS SETOF xid
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT a.backend_xid
	FROM pg_stat_activity a
	WHERE age(a.backend_xid) > age(barrier::xid)
		AND (a.datid IS NULL OR a.datid = (SELECT oid FROM pg_database WHERE datname = current_database()))
	UNION ALL
	SELECT p.transaction
	FROM pg_prepared_xacts p
	WHERE age(p.transaction) > age(barrier::xid) AND p.database = current_database()
$$;
COMMENT ON FUNCTION uncache.transactions_in_flight(xid8) IS 'transactions from before a barrier that are still running';

CREATE FUNCTION uncache.has_marker(consumer_id integer) RETURNS boolean
	LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	/* a standby cannot even plan to read an unlogged table, and has not crashed */
	IF pg_is_in_recovery() THEN
		RETURN true;
	END IF;
	RETURN EXISTS (SELECT FROM uncache.markers m WHERE m.consumer_id = has_marker.consumer_id);
END
$$;
COMMENT ON FUNCTION uncache.has_marker(integer) IS 'false if PostgreSQL has crashed since the consumer attached last';

/* Why PostgreSQL cannot prove what a consumer has missed, or null. */
CREATE FUNCTION uncache.find_resync_reason(consumer uncache.consumers) RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF consumer.cursor IS NULL THEN
		RETURN coalesce(consumer.resync_reason, 'first registration');
	ELSIF consumer.identity <> uncache.identity() THEN
		RETURN format('another history: the cursor is from %s; this is %s', consumer.identity, uncache.identity());
	ELSIF NOT uncache.has_marker(consumer.id) THEN
		RETURN 'PostgreSQL has crashed';
	END IF;
	RETURN consumer.resync_reason;
END
$$;
COMMENT ON FUNCTION uncache.find_resync_reason(uncache.consumers) IS 'why a consumer has to resync whatever its Redis is; null if it has not';

/*
 * The same process that goes on with the same history has in it all that it has
 * ever answered; one whose offset went back does not go on.
 */
CREATE FUNCTION uncache.find_redis_change(consumer uncache.consumers, server text, replid text, repl_offset bigint) RETURNS text
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN consumer.server IS NULL
		THEN 'it is not known which Redis process the last deletes went to'
		WHEN consumer.server <> server
		THEN 'Redis is another process than before, which may have lost deletes'
		WHEN consumer.replid IS DISTINCT FROM replid
		THEN 'Redis goes on with another history, and may have lost deletes'
		WHEN EXISTS (SELECT FROM uncache.positions p
			WHERE p.consumer_id = consumer.id AND p.repl_offset > find_redis_change.repl_offset)
		THEN 'Redis has gone back in its history, and has lost deletes'
	END
$$;
COMMENT ON FUNCTION uncache.find_redis_change(uncache.consumers, text, text, bigint) IS 'why a Redis may have lost what was acknowledged, or null';

/*
 * A Redis that says that it has followed another history until an offset has in
 * it all that had been applied at a position before that.  The newest one is
 * locked, since trim() may be about to drop it together with what is behind its
 * cursor; it is a position of the new history, too, and the only one.
 */
CREATE FUNCTION uncache.go_back(consumer uncache.consumers, repl_offset bigint, replid2 text, second_repl_offset bigint, OUT cursor text, OUT slot timestamptz)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF consumer.replid = replid2 THEN
		SELECT p.cursor, p.slot INTO cursor, slot FROM uncache.positions p
			WHERE p.consumer_id = consumer.id AND p.repl_offset < second_repl_offset
			ORDER BY p.repl_offset DESC, p.slot DESC LIMIT 1
			FOR UPDATE;
	END IF;
	DELETE FROM uncache.positions p WHERE p.consumer_id = consumer.id AND p.slot IS DISTINCT FROM go_back.slot;
	UPDATE uncache.positions p SET repl_offset = go_back.repl_offset WHERE p.consumer_id = consumer.id;
END
$$;
COMMENT ON FUNCTION uncache.go_back(uncache.consumers, bigint, text, bigint) IS 'the newest position that is in a Redis'' history; null if none is known to be';

/*
 * The registration has to be committed before the barrier is taken: then a
 * transaction whose id comes after the barrier's knows of it when it writes its
 * first row, and one before it is waited for.  The barrier is an id of its own,
 * since a snapshot does not list what is running beyond the last that ended.
 */
CREATE FUNCTION uncache.pass_barrier(consumer uncache.consumers, OUT passed boolean, OUT reason text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	known_barrier xid8 := consumer.barrier;
BEGIN
	IF (SELECT c.xmin = pg_current_xact_id_if_assigned()::xid FROM uncache.consumers c WHERE c.id = consumer.id) THEN
		passed := false;
		reason := 'this transaction, which registered it, has to end first';
		RETURN;
	END IF;
	IF known_barrier IS NULL THEN
		UPDATE uncache.consumers c SET barrier = pg_current_xact_id()
			WHERE c.id = consumer.id
			RETURNING c.barrier INTO known_barrier;
	END IF;
	PERFORM pg_stat_clear_snapshot();
	SELECT count(*) = 0, format('transactions in flight have to end first: %s, the oldest is %s', count(*), (array_agg(x ORDER BY age(x) DESC))[1])
		INTO passed, reason
		FROM uncache.transactions_in_flight(known_barrier) x;
END
$$;
COMMENT ON FUNCTION uncache.pass_barrier(uncache.consumers) IS 'whether every transaction that may not know of a consumer has ended';

/*
 * Writers have journalled nothing for a lost consumer: what holds for a new one
 * holds for it, too.  The barrier is taken by the next call of attach.
 */
CREATE FUNCTION uncache.register_again(consumer_id integer) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE uncache.consumers c
		SET lost_at = NULL, missed_from = NULL, checked_at = NULL, barrier = NULL, cursor = NULL,
			registered_at = clock_timestamp()
		WHERE c.id = consumer_id;
	PERFORM uncache.consumers_changed();
END
$$;
COMMENT ON FUNCTION uncache.register_again(integer) IS 'makes a lost consumer one that writers know, as a new one';

CREATE FUNCTION uncache.attach(target text, server text DEFAULT NULL, replid text DEFAULT NULL, repl_offset bigint DEFAULT 0,
	replid2 text DEFAULT NULL, second_repl_offset bigint DEFAULT 0,
	OUT state text, OUT cursor text, OUT reason text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	consumer uncache.consumers;
	back record;
BEGIN
	IF NOT coalesce(uncache.is_target(attach.target), false) THEN
		RAISE EXCEPTION 'invalid name of a target: "%"', attach.target
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'A target''s name is a letter and up to 47 letters, digits, "_", "." or "-".';
	END IF;
	/* a consumer that took part in serialization would make writers fail */
	IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
		RAISE EXCEPTION 'a consumer must not work in a % transaction', upper(current_setting('transaction_isolation'))
			USING ERRCODE = 'feature_not_supported',
			HINT = 'SET default_transaction_isolation = ''read committed'' in its session.';
	END IF;
	SELECT * INTO consumer FROM uncache.consumers c WHERE c.target = attach.target;
	IF NOT FOUND THEN
		/* locked before it is seen: who takes the barrier must come after the commit */
		INSERT INTO uncache.consumers AS c (target) VALUES (attach.target) ON CONFLICT DO NOTHING
			RETURNING c.id INTO consumer.id;
		IF FOUND THEN
			PERFORM uncache.lock_consumer(consumer.id);
		END IF;
		PERFORM uncache.consumers_changed();
		state := 'waiting';
		reason := 'registered';
		RETURN;
	END IF;
	IF NOT uncache.lock_consumer(consumer.id) THEN
		state := 'standby';
		reason := format('session %s works for the target', uncache.consumer_worker(consumer.id));
		RETURN;
	END IF;
	/* again: who had the lock before may have changed it; nobody does so meanwhile */
	SELECT * INTO STRICT consumer FROM uncache.consumers c WHERE c.id = consumer.id FOR NO KEY UPDATE;
	IF consumer.lost_at IS NOT NULL THEN
		PERFORM uncache.register_again(consumer.id);
		state := 'waiting';
		reason := format('registered again; it was %s', consumer.resync_reason);
		RETURN;
	END IF;

	IF consumer.cursor IS NULL THEN
		SELECT b.reason INTO reason FROM uncache.pass_barrier(consumer) b WHERE NOT b.passed;
		IF FOUND THEN
			state := 'waiting';
			RETURN;
		END IF;
	END IF;

	state := 'ready';
	cursor := consumer.cursor;
	reason := uncache.find_resync_reason(consumer);
	IF reason IS NULL AND server = '' THEN
		/* a Redis that does not tell is none of those that are known */
		DELETE FROM uncache.positions p WHERE p.consumer_id = consumer.id;
		UPDATE uncache.consumers c SET server = NULL, replid = NULL
			WHERE c.id = consumer.id AND c.server IS NOT NULL;
	ELSIF reason IS NULL AND server IS NOT NULL THEN
		reason := uncache.find_redis_change(consumer, server, replid, repl_offset);
		IF reason IS NOT NULL THEN
			back := uncache.go_back(consumer, repl_offset, replid2, second_repl_offset);
			IF back.cursor IS NOT NULL THEN
				cursor := back.cursor;
				reason := format('%s: %s rows of the last %s s are applied again',
					reason, uncache.count_behind(attach.target, back.cursor),
					ceil(extract(epoch FROM clock_timestamp() - back.slot)));
				UPDATE uncache.consumers c
					SET cursor = attach.cursor, server = attach.server, replid = attach.replid
					WHERE c.id = consumer.id;
				RETURN;
			END IF;
		END IF;
	END IF;
	IF reason IS NOT NULL THEN
		state := 'resync';
		/* a cursor of this history holds on: what was invalidated by hand is in no rule */
		IF cursor IS NULL OR consumer.identity <> uncache.identity() THEN
			cursor := pg_current_snapshot()::text;
		END IF;
		UPDATE uncache.consumers c
			SET cursor = attach.cursor, resync_reason = attach.reason, identity = uncache.identity(),
				server = nullif(attach.server, ''), replid = attach.replid
			WHERE c.id = consumer.id;
		DELETE FROM uncache.positions p WHERE p.consumer_id = consumer.id;
		INSERT INTO uncache.markers VALUES (consumer.id) ON CONFLICT DO NOTHING;
	END IF;
END
$$;
COMMENT ON FUNCTION uncache.attach(text, text, text, bigint, text, bigint) IS 'registers a target''s consumer and takes its lock for the session';

CREATE FUNCTION uncache.consumer_worker(consumer_id integer) RETURNS integer
	LANGUAGE sql STRICT SET search_path = pg_catalog, pg_temp
AS $$
	SELECT l.pid FROM pg_locks l
	WHERE l.locktype = 'advisory' AND l.objsubid = 7501 AND l.classid = 0 AND l.objid = consumer_id::oid
		AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND l.granted
	LIMIT 1
$$;
COMMENT ON FUNCTION uncache.consumer_worker(integer) IS 'the process id of the session that has a consumer''s lock';

CREATE FUNCTION uncache.fetch(target text, cursor text, max_bytes integer, sleep boolean,
	OUT at timestamptz, OUT action text, OUT keys text[], OUT next_cursor text) RETURNS SETOF record
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_fetch';
COMMENT ON FUNCTION uncache.fetch(text, text, integer, boolean) IS 'the journal rows behind a cursor; the last row has the next cursor';

CREATE FUNCTION uncache.check_ack(target text, cursor text) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_check_ack';
COMMENT ON FUNCTION uncache.check_ack(text, text) IS 'raises unless the session may move the consumer to the cursor';

CREATE FUNCTION uncache.raise_no_cursor(target text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'the consumer of target "%" has no cursor', target
		USING ERRCODE = 'object_not_in_prerequisite_state',
		DETAIL = 'It was declared lost, or its registration is not complete.',
		HINT = 'Call uncache.attach(target) again.';
END
$$;
COMMENT ON FUNCTION uncache.raise_no_cursor(text) IS 'the error of acknowledging for a consumer that is not at work';

/* The position is that of what was acknowledged until now; during a resync nobody knows. */
CREATE FUNCTION uncache.put_position(target text, repl_offset bigint) RETURNS void
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	INSERT INTO uncache.positions AS p (consumer_id, slot, repl_offset, cursor)
		SELECT c.id, to_timestamp(floor(extract(epoch FROM clock_timestamp()) / s.seconds) * s.seconds), repl_offset, c.cursor
		FROM uncache.consumers c,
			(SELECT greatest(1, uncache.retention_seconds() / 300) AS seconds) s
		WHERE c.target = put_position.target AND c.cursor IS NOT NULL AND c.resync_reason IS NULL AND c.replid IS NOT NULL
		FOR NO KEY UPDATE OF c
	ON CONFLICT (consumer_id, slot) DO UPDATE SET repl_offset = EXCLUDED.repl_offset, cursor = EXCLUDED.cursor
$$;
COMMENT ON FUNCTION uncache.put_position(text, bigint) IS 'remembers a place in the history of a consumer''s Redis';

CREATE FUNCTION uncache.ack(target text, cursor text, repl_offset bigint DEFAULT 0) RETURNS void
	LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM uncache.check_ack(ack.target, ack.cursor);
	IF repl_offset > 0 THEN
		PERFORM uncache.put_position(target, repl_offset);
	END IF;
	/* who had no cursor, or was declared lost a moment ago, must not get one so */
	UPDATE uncache.consumers c SET cursor = ack.cursor, acked_at = clock_timestamp()
		WHERE c.target = ack.target AND c.cursor IS NOT NULL;
	IF NOT FOUND THEN
		PERFORM uncache.raise_no_cursor(ack.target);
	END IF;
END
$$;
COMMENT ON FUNCTION uncache.ack(text, text, bigint) IS 'everything before the cursor is applied';

CREATE FUNCTION uncache.resync_keys(target text, OUT action text, OUT key text) RETURNS SETOF record
	LANGUAGE sql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT DISTINCT p.action, p.key
	FROM uncache.rules r, uncache.rule_for_any_row(r.action, r.templates) p
	WHERE p.target = resync_keys.target
$$;
COMMENT ON FUNCTION uncache.resync_keys(text) IS 'everything that the rules can produce for a target';

CREATE FUNCTION uncache.resynced(target text) RETURNS void
	LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM uncache.check_ack(resynced.target,
		coalesce((SELECT c.cursor FROM uncache.consumers c WHERE c.target = resynced.target), '1:1:'));
	UPDATE uncache.consumers c SET resync_reason = NULL
		WHERE c.target = resynced.target AND c.cursor IS NOT NULL;
	IF NOT FOUND THEN
		PERFORM uncache.raise_no_cursor(resynced.target);
	END IF;
END
$$;
COMMENT ON FUNCTION uncache.resynced(text) IS 'the resync that attach asked for is complete';

/*
 * How long a consumer has stood still shows in the age of what began behind its
 * cursor.  Not in that of transactions which were in flight when the cursor was
 * made: their rows may have been written long before they were committed.  The
 * first rows are enough, since those that follow are hardly older.  Of whatever
 * target: a cursor holds back the rows of all.
 */
CREATE FUNCTION uncache.oldest_behind(cursor text) RETURNS timestamptz
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT min(o.at)
	FROM (SELECT j.at FROM uncache.journal j
		WHERE j.xid >= greatest(split_part(cursor, ':', 2)::numeric,
			nullif(split_part(split_part(cursor, '/', 2), '.', 1), '')::numeric + 1)::text::xid8
		ORDER BY j.xid, j.part LIMIT 1000) o
$$;
COMMENT ON FUNCTION uncache.oldest_behind(text) IS 'since when a cursor has held back the journal; null if it does not';

/* Is it to be declared lost?  Since when, if it is; else null. */
CREATE FUNCTION uncache.missed_from(consumer uncache.consumers, cutoff timestamptz) RETURNS timestamptz
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	since timestamptz := consumer.registered_at;
BEGIN
	IF since >= cutoff THEN
		RETURN NULL;
	ELSIF consumer.cursor IS NOT NULL THEN
		since := uncache.oldest_behind(consumer.cursor);
	ELSIF uncache.consumer_worker(consumer.id) IS NOT NULL THEN
		RETURN NULL;
	END IF;
	RETURN CASE WHEN since < cutoff THEN since END;
END
$$;
COMMENT ON FUNCTION uncache.missed_from(uncache.consumers, timestamptz) IS 'since when a consumer has held back the journal or, without a cursor, nobody has worked for it, if that is before the cutoff';

/*
 * A consumer that holds back the journal for longer than uncache.max_lag is
 * released from it; also one whose registration nobody completes, since it is
 * journalled for.  This never waits: a row that is locked belongs to somebody who
 * is just changing it.
 */
CREATE FUNCTION uncache.declare_lost() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	max_lag interval := make_interval(secs => uncache.max_lag_seconds());
	cutoff timestamptz := clock_timestamp() - max_lag;
	consumer uncache.consumers;
	since timestamptz;
BEGIN
	IF max_lag = interval '0' THEN
		RETURN;
	END IF;
	FOR consumer IN
		SELECT c.* FROM uncache.consumers c
		WHERE c.lost_at IS NULL AND uncache.missed_from(c, cutoff) IS NOT NULL
		FOR UPDATE SKIP LOCKED
	LOOP
		since := coalesce(uncache.missed_from(consumer, cutoff), cutoff);
		UPDATE uncache.consumers c
			SET lost_at = clock_timestamp(), missed_from = since, cursor = NULL, barrier = NULL,
				resync_reason = format('declared lost: behind for longer than uncache.max_lag (%s)', current_setting('uncache.max_lag'))
			WHERE c.id = consumer.id;
		DELETE FROM uncache.positions p WHERE p.consumer_id = consumer.id;
		PERFORM uncache.consumers_changed();
		RAISE WARNING 'the consumer of target "%" is declared lost', consumer.target
			USING DETAIL = format('It has held back the journal since %s, longer than uncache.max_lag (%s).', since, current_setting('uncache.max_lag')),
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
COMMENT ON FUNCTION uncache.declare_lost() IS 'releases the journal of consumers that are further behind than uncache.max_lag';

/*
 * Of each consumer the newest stays: who has been idle, or away, needs no others.
 * Not if it was acknowledged since for as long as that, without any position.
 * One that is locked is just being gone back to.
 */
CREATE FUNCTION uncache.drop_old_positions(retention interval) RETURNS void
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
COMMENT ON FUNCTION uncache.drop_old_positions(interval) IS 'forgets positions that are past the retention time';

/*
 * Looks only at the oldest rows, so that it never reads through all that is
 * retained; a few young rows among them (of a long transaction) hold back the
 * rest for no longer than the retention time.
 */
CREATE FUNCTION uncache.trim(max_rows integer) RETURNS bigint
	LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	horizon xid8;
	retention interval := make_interval(secs => uncache.retention_seconds());
	cutoff timestamptz := clock_timestamp() - retention;
	deleted bigint;
BEGIN
	PERFORM uncache.declare_lost();
	/* first: whoever goes back to one that is left finds all that is behind it */
	PERFORM uncache.drop_old_positions(retention);
	horizon := coalesce(
		(SELECT min(split_part(c.cursor, ':', 1)::numeric)::text::xid8
		 FROM (SELECT cursor FROM uncache.consumers UNION ALL SELECT cursor FROM uncache.positions) c),
		pg_snapshot_xmin(pg_current_snapshot()));
	DELETE FROM uncache.journal j
		WHERE j.ctid = ANY (ARRAY(SELECT o.ctid FROM
			(SELECT i.ctid, i.at FROM uncache.journal i WHERE i.xid < horizon
			 ORDER BY i.xid, i.part LIMIT max_rows) o
			WHERE o.at < cutoff));
	GET DIAGNOSTICS deleted = ROW_COUNT;
	RETURN deleted;
END
$$;
COMMENT ON FUNCTION uncache.trim(integer) IS 'deletes journal rows that every consumer has consumed and that are past the retention time; declares consumers lost first';

CREATE FUNCTION uncache.drop_consumer(target text) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	dropped_id integer := (SELECT c.id FROM uncache.consumers c WHERE c.target = drop_consumer.target);
BEGIN
	IF dropped_id IS NULL THEN
		RAISE EXCEPTION 'target "%" has no consumer', target
			USING ERRCODE = 'undefined_object';
	ELSIF uncache.consumer_worker(dropped_id) <> pg_backend_pid() THEN
		RAISE EXCEPTION 'session % works for target "%"', uncache.consumer_worker(dropped_id), target
			USING ERRCODE = 'object_in_use', HINT = 'Stop its uncached first.';
	END IF;
	DELETE FROM uncache.consumers c WHERE c.id = dropped_id;
	DELETE FROM uncache.markers m WHERE m.consumer_id = dropped_id;
	DELETE FROM uncache.positions p WHERE p.consumer_id = dropped_id;
	DELETE FROM uncache.journal j WHERE j.target = drop_consumer.target;
	PERFORM uncache.consumers_changed();
END
$$;
COMMENT ON FUNCTION uncache.drop_consumer(text) IS 'forgets a target for good: nothing is journalled for it any more';
