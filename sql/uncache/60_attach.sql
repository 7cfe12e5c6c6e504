/* Consumers come and attach: docs/protocol.md. */

/* Cursors are opaque in SQL: what has to be known of one C tells. */
CREATE FUNCTION uncache_internal.cursor_begin(cursor text) RETURNS xid8
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'uncache_cursor_begin';
COMMENT ON FUNCTION uncache_internal.cursor_begin(text) IS 'all transactions before this one lie before a cursor';

CREATE FUNCTION uncache_internal.cursor_end(cursor text) RETURNS xid8
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'uncache_cursor_end';
COMMENT ON FUNCTION uncache_internal.cursor_end(text) IS 'this transaction and all after it lie behind a cursor';

CREATE FUNCTION uncache_internal.cursor_has_consumed(cursor text, xid xid8, part integer) RETURNS boolean
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'uncache_cursor_has_consumed';
COMMENT ON FUNCTION uncache_internal.cursor_has_consumed(text, xid8, integer) IS 'whether a journal row lies before a cursor';

CREATE FUNCTION uncache_internal.lock_consumer(id integer) RETURNS boolean
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_lock_consumer';
COMMENT ON FUNCTION uncache_internal.lock_consumer(integer) IS 'takes a consumer''s lock for the session';

CREATE FUNCTION uncache_internal.consumer_worker(consumer_id integer) RETURNS integer
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_consumer_worker';
COMMENT ON FUNCTION uncache_internal.consumer_worker(integer) IS 'the process id of the session that has a consumer''s lock';

CREATE FUNCTION uncache_internal.consumers_changed() RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_consumers_changed';
COMMENT ON FUNCTION uncache_internal.consumers_changed() IS 'makes every backend read uncache.consumers again';

CREATE FUNCTION uncache_internal.check_tables() RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_check_tables';
COMMENT ON FUNCTION uncache_internal.check_tables() IS 'raises if a table of the extension is not what the library knows';

CREATE FUNCTION uncache_internal.retention_seconds() RETURNS integer
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'uncache_retention_seconds';
COMMENT ON FUNCTION uncache_internal.retention_seconds() IS 'the setting uncache.retention';

CREATE FUNCTION uncache_internal.max_lag_seconds() RETURNS integer
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'uncache_max_lag_seconds';
COMMENT ON FUNCTION uncache_internal.max_lag_seconds() IS 'the setting uncache.max_lag';

CREATE FUNCTION uncache.files_created_at() RETURNS timestamptz
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'uncache_files_created_at';
COMMENT ON FUNCTION uncache.files_created_at() IS 'when the data directory was made or copied; null where the file system does not tell';

CREATE FUNCTION uncache_internal.identity() RETURNS text
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('system %s, timeline %s, database %s, files of %s',
		(SELECT system_identifier FROM pg_control_system()),
		left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
		(SELECT oid FROM pg_database WHERE datname = current_database()),
		coalesce(to_char(uncache.files_created_at() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), 'an unknown time'))
$$;
COMMENT ON FUNCTION uncache_internal.identity() IS 'the history that a cursor belongs to';

/*
 * Transactions of this database from before the barrier that have not ended.
 * Sessions first: a transaction that is prepared meanwhile is found in one of
 * the two.
 */
CREATE FUNCTION uncache_internal.transactions_in_flight(barrier xid8) RETURNS SETOF xid
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
COMMENT ON FUNCTION uncache_internal.transactions_in_flight(xid8) IS 'transactions from before a barrier that are still running';

CREATE FUNCTION uncache_internal.has_marker(consumer_id integer) RETURNS boolean
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
COMMENT ON FUNCTION uncache_internal.has_marker(integer) IS 'false if PostgreSQL has crashed since the consumer attached last';

/* Why PostgreSQL cannot prove what a consumer has missed, or null. */
CREATE FUNCTION uncache_internal.find_resync_reason(consumer uncache.consumers) RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF consumer.cursor IS NULL THEN
		RETURN coalesce(consumer.resync_reason, 'first registration');
	ELSIF consumer.identity <> uncache_internal.identity() THEN
		RETURN format('another history: the cursor is from %s; this is %s', consumer.identity, uncache_internal.identity());
	ELSIF NOT uncache_internal.has_marker(consumer.id) THEN
		RETURN 'PostgreSQL has crashed';
	END IF;
	RETURN consumer.resync_reason;
END
$$;
COMMENT ON FUNCTION uncache_internal.find_resync_reason(uncache.consumers) IS 'why a consumer has to resync whatever its Redis is; null if it has not';

/*
 * The same process that goes on with the same history has in it all that it has
 * ever answered; one whose offset went back does not go on.
 */
CREATE FUNCTION uncache_internal.find_redis_change(consumer uncache.consumers, server text, replid text, repl_offset bigint) RETURNS text
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
COMMENT ON FUNCTION uncache_internal.find_redis_change(uncache.consumers, text, text, bigint) IS 'why a Redis may have lost what was acknowledged, or null';

/*
 * What was acknowledged was deleted in one place; what is cached elsewhere may
 * be as old as it likes.  A relay that does not tell its place says nothing
 * against the one that is known.
 */
CREATE FUNCTION uncache_internal.find_place_change(consumer uncache.consumers, place text) RETURNS text
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN place IS NULL OR consumer.place = place
		THEN NULL
		WHEN consumer.place IS NULL
		THEN format('it is not known where the last deletes went to; now they go to %s', place)
		ELSE format('the last deletes went to %s; now they go to %s', consumer.place, place)
	END
$$;
COMMENT ON FUNCTION uncache_internal.find_place_change(uncache.consumers, text) IS 'why what was acknowledged says nothing about a place in Redis, or null';

/*
 * A Redis that says that it has followed another history until an offset has in
 * it all that had been applied at a position before that.  The newest one is
 * locked, since trim() may be about to drop it together with what is behind its
 * cursor; it is a position of the new history, too, and the only one.
 */
CREATE FUNCTION uncache_internal.go_back(consumer uncache.consumers, repl_offset bigint, replid2 text, second_repl_offset bigint, OUT cursor text, OUT slot timestamptz)
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
COMMENT ON FUNCTION uncache_internal.go_back(uncache.consumers, bigint, text, bigint) IS 'the newest position that is in a Redis'' history; null if none is known to be';

/*
 * A cursor and the journal that it belongs to stand in one database and share
 * its fate, be that restored, promoted, upgraded or copied.  One with ids that
 * were never given out was carried in from elsewhere.
 */
CREATE FUNCTION uncache_internal.is_ahead(cursor text) RETURNS boolean
	LANGUAGE sql STRICT SET search_path = pg_catalog, pg_temp
AS $$
	SELECT uncache_internal.cursor_end(cursor) > pg_snapshot_xmax(pg_current_snapshot())
$$;
COMMENT ON FUNCTION uncache_internal.is_ahead(text) IS 'whether a cursor names transactions that this server has not seen yet';

/*
 * The registration has to be committed before the barrier is taken: then a
 * transaction whose id comes after the barrier's knows of it when it writes its
 * first row, and one before it is waited for.  The barrier is an id of its own,
 * since a snapshot does not list what is running beyond the last that ended.
 */
CREATE FUNCTION uncache_internal.pass_barrier(consumer uncache.consumers, OUT passed boolean, OUT reason text)
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
		FROM uncache_internal.transactions_in_flight(known_barrier) x;
END
$$;
COMMENT ON FUNCTION uncache_internal.pass_barrier(uncache.consumers) IS 'whether every transaction that may not know of a consumer has ended';

/*
 * Writers have journalled nothing for a lost consumer: what holds for a new one
 * holds for it, too.  The barrier is taken by the next call of attach.
 */
CREATE FUNCTION uncache_internal.register_again(consumer_id integer) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE uncache.consumers c
		SET lost_at = NULL, missed_from = NULL, checked_at = NULL, barrier = NULL, cursor = NULL,
			registered_at = clock_timestamp()
		WHERE c.id = consumer_id;
	PERFORM uncache_internal.consumers_changed();
END
$$;
COMMENT ON FUNCTION uncache_internal.register_again(integer) IS 'makes a lost consumer one that writers know, as a new one';

CREATE FUNCTION uncache.attach(target text, server text DEFAULT NULL, replid text DEFAULT NULL, repl_offset bigint DEFAULT 0,
	replid2 text DEFAULT NULL, second_repl_offset bigint DEFAULT 0, place text DEFAULT NULL, address text DEFAULT NULL,
	OUT state text, OUT cursor text, OUT reason text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	consumer uncache.consumers;
	back record;
BEGIN
	IF NOT coalesce(uncache_internal.is_target(attach.target), false) THEN
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
	PERFORM uncache_internal.check_tables();
	SELECT * INTO consumer FROM uncache.consumers c WHERE c.target = attach.target;
	IF NOT FOUND THEN
		/* locked before it is seen: who takes the barrier must come after the commit */
		INSERT INTO uncache.consumers AS c (target) VALUES (attach.target) ON CONFLICT DO NOTHING
			RETURNING c.id INTO consumer.id;
		IF FOUND THEN
			PERFORM uncache_internal.lock_consumer(consumer.id);
		END IF;
		PERFORM uncache_internal.consumers_changed();
		state := 'waiting';
		reason := 'registered';
		RETURN;
	END IF;
	IF NOT uncache_internal.lock_consumer(consumer.id) THEN
		state := 'standby';
		reason := format('session %s works for the target', uncache_internal.consumer_worker(consumer.id));
		IF consumer.place <> place THEN
			state := 'conflict';
			reason := format('%s and deletes in %s, not in %s', reason, consumer.place, place);
		END IF;
		RETURN;
	END IF;
	/* again: who had the lock before may have changed it; nobody does so meanwhile */
	SELECT * INTO STRICT consumer FROM uncache.consumers c WHERE c.id = consumer.id FOR NO KEY UPDATE;
	/* whoever works for it now has not told of any */
	UPDATE uncache.consumers c SET late_standbys = NULL WHERE c.id = consumer.id AND c.late_standbys IS NOT NULL;
	IF consumer.lost_at IS NOT NULL THEN
		PERFORM uncache_internal.register_again(consumer.id);
		state := 'waiting';
		reason := format('registered again; it was %s', consumer.resync_reason);
		RETURN;
	END IF;

	IF consumer.cursor IS NULL THEN
		SELECT b.reason INTO reason FROM uncache_internal.pass_barrier(consumer) b WHERE NOT b.passed;
		IF FOUND THEN
			state := 'waiting';
			RETURN;
		END IF;
	END IF;

	state := 'ready';
	cursor := consumer.cursor;
	reason := coalesce(uncache_internal.find_resync_reason(consumer), uncache_internal.find_place_change(consumer, place));
	IF reason IS NULL AND server = '' AND consumer.address <> address THEN
		reason := format('Redis does not tell which process it is, and is at another address than before: %s, not %s', address, consumer.address);
	ELSIF reason IS NULL AND server = '' THEN
		/* a Redis that does not tell is none of those that are known */
		DELETE FROM uncache.positions p WHERE p.consumer_id = consumer.id;
		UPDATE uncache.consumers c SET server = NULL, replid = NULL, address = attach.address
			WHERE c.id = consumer.id AND (c.server IS NOT NULL OR c.address IS DISTINCT FROM attach.address);
	ELSIF reason IS NULL AND server IS NOT NULL THEN
		reason := uncache_internal.find_redis_change(consumer, server, replid, repl_offset);
		IF reason IS NOT NULL THEN
			back := uncache_internal.go_back(consumer, repl_offset, replid2, second_repl_offset);
			IF back.cursor IS NOT NULL THEN
				cursor := back.cursor;
				reason := format('%s: %s rows of the last %s s are applied again',
					reason, uncache_internal.count_behind(attach.target, back.cursor),
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
		/* as long as it can be the cursor holds on: what was invalidated by hand is in no rule */
		IF cursor IS NULL OR uncache_internal.is_ahead(cursor) THEN
			cursor := pg_current_snapshot()::text;
		END IF;
		UPDATE uncache.consumers c
			SET cursor = attach.cursor, resync_reason = attach.reason, identity = uncache_internal.identity(),
				server = nullif(attach.server, ''), replid = attach.replid, place = attach.place,
				address = CASE WHEN attach.server = '' THEN attach.address END
			WHERE c.id = consumer.id;
		DELETE FROM uncache.positions p WHERE p.consumer_id = consumer.id;
		INSERT INTO uncache.markers VALUES (consumer.id) ON CONFLICT DO NOTHING;
	END IF;
END
$$;
COMMENT ON FUNCTION uncache.attach(text, text, text, bigint, text, bigint, text, text) IS 'registers a target''s consumer and takes its lock for the session';
