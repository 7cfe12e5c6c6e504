/* Consumers come and attach: docs/protocol.md. */

CREATE FUNCTION uncache_internal.check_attach(target text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT coalesce(uncache_internal.is_target(target), false) THEN
		RAISE EXCEPTION 'invalid name of a target: "%"', target
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
END
$$;
COMMENT ON FUNCTION uncache_internal.check_attach(text) IS 'raises why a session cannot work for a target';

/* --- register --- */

/* Locked before it is seen: who takes the barrier must come after the commit. */
CREATE FUNCTION uncache_internal.register(target text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	consumer_id integer;
BEGIN
	INSERT INTO uncache.consumers AS c (target) VALUES (register.target) ON CONFLICT DO NOTHING
		RETURNING c.id INTO consumer_id;
	IF FOUND THEN
		PERFORM uncache_internal.lock_consumer(consumer_id);
	END IF;
	PERFORM uncache_internal.consumers_changed();
END
$$;
COMMENT ON FUNCTION uncache_internal.register(text) IS 'makes a consumer that writers know, and takes its lock';

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
COMMENT ON FUNCTION uncache_internal.register_again(integer) IS
	'makes a lost consumer one that writers know, as a new one';

/* --- lock --- */

CREATE FUNCTION uncache_internal.describe_worker(consumer uncache.consumers, place text,
	OUT state text, OUT reason text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	state := 'standby';
	reason := format('session %s works for the target', uncache_internal.consumer_worker(consumer.id));
	IF consumer.place <> place THEN
		state := 'conflict';
		reason := format('%s and deletes in %s, not in %s', reason, consumer.place, place);
	END IF;
END
$$;
COMMENT ON FUNCTION uncache_internal.describe_worker(uncache.consumers, text) IS
	'who works for a consumer, and whether in another place';

/*
 * Read again: who had the lock before may have changed the row; nobody does so meanwhile.
 * Whoever works for it now has not told of any late standbys.
 */
CREATE FUNCTION uncache_internal.take_over(consumer_id integer) RETURNS uncache.consumers
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	consumer uncache.consumers;
BEGIN
	SELECT * INTO STRICT consumer FROM uncache.consumers c WHERE c.id = consumer_id FOR NO KEY UPDATE;
	UPDATE uncache.consumers c SET late_standbys = NULL WHERE c.id = consumer_id AND c.late_standbys IS NOT NULL;
	RETURN consumer;
END
$$;
COMMENT ON FUNCTION uncache_internal.take_over(integer) IS
	'the row of a consumer whose lock has just been taken, locked';

/* --- barrier --- */

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
COMMENT ON FUNCTION uncache_internal.transactions_in_flight(xid8) IS
	'transactions from before a barrier that are still running';

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
	SELECT count(*) = 0, format('transactions in flight have to end first: %s, the oldest is %s',
			count(*), (array_agg(x ORDER BY age(x) DESC))[1])
		INTO passed, reason
		FROM uncache_internal.transactions_in_flight(known_barrier) x;
END
$$;
COMMENT ON FUNCTION uncache_internal.pass_barrier(uncache.consumers) IS
	'whether every transaction that may not know of a consumer has ended';

/* --- attach --- */

CREATE FUNCTION uncache_internal.attach_redis(target text, redis uncache_internal.redis,
	OUT state text, OUT cursor text, OUT reason text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	consumer uncache.consumers;
BEGIN
	PERFORM uncache_internal.check_attach(attach_redis.target);

	SELECT * INTO consumer FROM uncache.consumers c WHERE c.target = attach_redis.target;
	IF NOT FOUND THEN
		PERFORM uncache_internal.register(attach_redis.target);
		state := 'waiting';
		reason := 'registered';
		RETURN;
	END IF;

	IF NOT uncache_internal.lock_consumer(consumer.id) THEN
		SELECT w.state, w.reason INTO state, reason FROM uncache_internal.describe_worker(consumer, redis.place) w;
		RETURN;
	END IF;
	consumer := uncache_internal.take_over(consumer.id);
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

	SELECT h.state, h.cursor, h.reason INTO state, cursor, reason
		FROM uncache_internal.continue_history(consumer, redis) h;
END
$$;
COMMENT ON FUNCTION uncache_internal.attach_redis(text, uncache_internal.redis) IS
	'registers a target''s consumer and takes its lock for the session; how it goes on';

CREATE FUNCTION uncache.attach(target text, server text DEFAULT NULL, replid text DEFAULT NULL,
	repl_offset bigint DEFAULT 0, replid2 text DEFAULT NULL, second_repl_offset bigint DEFAULT 0,
	place text DEFAULT NULL, address text DEFAULT NULL, OUT state text, OUT cursor text, OUT reason text)
	LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT a.state, a.cursor, a.reason
	FROM uncache_internal.attach_redis(target,
		ROW(server, replid, repl_offset, replid2, second_repl_offset, place, address, NULL)::uncache_internal.redis) a
$$;
COMMENT ON FUNCTION uncache.attach(text, text, text, bigint, text, bigint, text, text) IS
	'registers a target''s consumer and takes its lock for the session';

CREATE FUNCTION uncache.attach_cluster(target text, shards jsonb, place text DEFAULT NULL,
	OUT state text, OUT cursor text, OUT reason text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM uncache_internal.check_shards(shards);
	SELECT a.state, a.cursor, a.reason INTO state, cursor, reason
		FROM uncache_internal.attach_redis(target,
			ROW(NULL, NULL, NULL, NULL, NULL, place, NULL, shards)::uncache_internal.redis) a;
END
$$;
COMMENT ON FUNCTION uncache.attach_cluster(text, jsonb, text) IS
	'attach for a Redis Cluster: what each of its primaries tells of its history';
