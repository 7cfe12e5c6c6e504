/* Whether a consumer can go on where it was: PostgreSQL's history, and its Redis'. */

CREATE TYPE uncache_internal.redis AS (
	server				text,
	replid				text,
	repl_offset			bigint,
	replid2				text,
	second_repl_offset	bigint,
	place				text,
	address				text,
	shards				jsonb
);
COMMENT ON TYPE uncache_internal.redis IS
	'what a relay tells of its Redis: the arguments of attach, or the shards of attach_cluster';

/* --- PostgreSQL's --- */

CREATE FUNCTION uncache.files_created_at() RETURNS timestamptz
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'uncache_files_created_at';
COMMENT ON FUNCTION uncache.files_created_at() IS
	'when the data directory was made or copied; null where the file system does not tell';

CREATE FUNCTION uncache_internal.identity() RETURNS text
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('system %s, timeline %s, database %s, files of %s',
		(SELECT system_identifier FROM pg_control_system()),
		left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
		(SELECT oid FROM pg_database WHERE datname = current_database()),
		coalesce(to_char(uncache.files_created_at() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
			'an unknown time'))
$$;
COMMENT ON FUNCTION uncache_internal.identity() IS 'the history that a cursor belongs to';

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
COMMENT ON FUNCTION uncache_internal.is_ahead(text) IS
	'whether a cursor names transactions that this server has not seen yet';

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
COMMENT ON FUNCTION uncache_internal.has_marker(integer) IS
	'false if PostgreSQL has crashed since the consumer attached last';

/* Why PostgreSQL cannot prove what a consumer has missed, or null. */
CREATE FUNCTION uncache_internal.find_resync_reason(consumer uncache.consumers) RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF consumer.cursor IS NULL THEN
		RETURN coalesce(consumer.resync_reason, 'first registration');
	ELSIF consumer.identity <> uncache_internal.identity() THEN
		RETURN format('another history: the cursor is from %s; this is %s',
			consumer.identity, uncache_internal.identity());
	ELSIF NOT uncache_internal.has_marker(consumer.id) THEN
		RETURN 'PostgreSQL has crashed';
	END IF;
	RETURN consumer.resync_reason;
END
$$;
COMMENT ON FUNCTION uncache_internal.find_resync_reason(uncache.consumers) IS
	'why a consumer has to resync whatever its Redis is; null if it has not';

/* --- Redis' --- */

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
COMMENT ON FUNCTION uncache_internal.find_place_change(uncache.consumers, text) IS
	'why what was acknowledged says nothing about a place in Redis, or null';

CREATE FUNCTION uncache_internal.find_address_change(consumer uncache.consumers, redis uncache_internal.redis)
	RETURNS text
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN redis.server <> ''
		THEN NULL
		WHEN consumer.shards IS NOT NULL
		THEN 'Redis does not tell which process it is, and the last deletes went to a Redis Cluster that did'
		WHEN consumer.address <> redis.address
		THEN format('Redis does not tell which process it is, and is at another address than before: %s, not %s',
			redis.address, consumer.address)
	END
	WHERE redis.server IS NOT NULL
$$;
COMMENT ON FUNCTION uncache_internal.find_address_change(uncache.consumers, uncache_internal.redis) IS
	'why a Redis that does not tell which process it is may be another one, or null';

/*
 * The same process that goes on with the same history has in it all that it has
 * ever answered; one whose offset went back does not go on.
 */
CREATE FUNCTION uncache_internal.find_redis_change(consumer uncache.consumers, redis uncache_internal.redis)
	RETURNS text
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN consumer.server IS NULL
		THEN 'it is not known which Redis process the last deletes went to'
		WHEN consumer.server <> redis.server
		THEN 'Redis is another process than before, which may have lost deletes'
		WHEN consumer.replid IS DISTINCT FROM redis.replid
		THEN 'Redis continues with a different history, and may have lost deletes'
		WHEN EXISTS (SELECT FROM uncache.positions p
			WHERE p.consumer_id = consumer.id AND p.repl_offset > redis.repl_offset)
		THEN 'Redis has gone back in its history, and has lost deletes'
	END
$$;
COMMENT ON FUNCTION uncache_internal.find_redis_change(uncache.consumers, uncache_internal.redis) IS
	'why a Redis may have lost what was acknowledged, or null';

/* A Redis that does not tell is none of those that are known. */
CREATE FUNCTION uncache_internal.forget_redis(consumer uncache.consumers, address text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM uncache.positions p WHERE p.consumer_id = consumer.id;
	UPDATE uncache.consumers c SET server = NULL, replid = NULL, shards = NULL, address = forget_redis.address
		WHERE c.id = consumer.id AND (c.server IS NOT NULL OR c.address IS DISTINCT FROM forget_redis.address);
END
$$;
COMMENT ON FUNCTION uncache_internal.forget_redis(uncache.consumers, text) IS
	'remembers of a consumer''s Redis its address alone';

/*
 * A Redis that says that it has followed another history until an offset has in
 * it all that had been applied at a position before that.  The newest one is
 * locked, since trim() may be about to drop it together with what is behind its
 * cursor; it is a position of the new history, too, and the only one.
 */
CREATE FUNCTION uncache_internal.go_back(consumer uncache.consumers, redis uncache_internal.redis,
	INOUT reason text, OUT cursor text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	known_slot timestamptz;
BEGIN
	IF consumer.replid = redis.replid2 THEN
		SELECT p.cursor, p.slot INTO cursor, known_slot FROM uncache.positions p
			WHERE p.consumer_id = consumer.id AND p.repl_offset < redis.second_repl_offset
			ORDER BY p.repl_offset DESC, p.slot DESC LIMIT 1
			FOR UPDATE;
	END IF;
	DELETE FROM uncache.positions p WHERE p.consumer_id = consumer.id AND p.slot IS DISTINCT FROM known_slot;
	UPDATE uncache.positions p SET repl_offset = redis.repl_offset WHERE p.consumer_id = consumer.id;
	IF cursor IS NOT NULL THEN
		reason := format('%s: %s rows of the last %s s are applied again',
			reason, uncache_internal.count_behind(consumer.target, cursor),
			ceil(extract(epoch FROM clock_timestamp() - known_slot)));
		UPDATE uncache.consumers c SET cursor = go_back.cursor, server = redis.server, replid = redis.replid
			WHERE c.id = consumer.id;
	END IF;
END
$$;
COMMENT ON FUNCTION uncache_internal.go_back(uncache.consumers, uncache_internal.redis, text) IS
	'takes a consumer back to the newest position that is in its Redis'' history; null if none is known to be';

/* --- that of a Redis Cluster: of each primary, which is called a shard here --- */

CREATE FUNCTION uncache_internal.is_shard(shard jsonb) RETURNS boolean
	LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(
		shard ->> 'server' ~ '^[A-Za-z0-9_-]{1,63}$'
		AND shard ->> 'replid' ~ '^[A-Za-z0-9_-]{1,63}$'
		AND shard ->> 'repl_offset' ~ '^[0-9]{1,18}$'
		AND coalesce(shard ->> 'replid2', 'none') ~ '^[A-Za-z0-9_-]{1,63}$'
		AND coalesce(shard ->> 'second_repl_offset', '0') ~ '^[0-9]{1,18}$', false)
$$;
COMMENT ON FUNCTION uncache_internal.is_shard(jsonb) IS 'whether it says of a primary of a Redis Cluster all that it has to';

CREATE FUNCTION uncache_internal.check_shards(shards jsonb) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF (CASE WHEN jsonb_typeof(shards) = 'array'
		THEN jsonb_array_length(shards) BETWEEN 1 AND 1000
			AND NOT EXISTS (SELECT FROM jsonb_array_elements(shards) s WHERE NOT uncache_internal.is_shard(s.value))
		ELSE false END)
	THEN
		RETURN;
	END IF;
	RAISE EXCEPTION 'invalid description of the primaries of a Redis Cluster'
		USING ERRCODE = 'invalid_parameter_value',
		DETAIL = 'It is an array of 1 to 1000 objects with "server", "replid" and "repl_offset", and maybe '
			'"replid2" and "second_repl_offset".';
END
$$;
COMMENT ON FUNCTION uncache_internal.check_shards(jsonb) IS 'raises unless it describes the primaries of a Redis Cluster';

CREATE FUNCTION uncache_internal.shard_servers(shards jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_object_agg(s.value ->> 'replid', s.value ->> 'server') FROM jsonb_array_elements(shards) s
$$;
COMMENT ON FUNCTION uncache_internal.shard_servers(jsonb) IS 'what a consumer keeps of its shards';

/*
 * The origin is the known history that a shard goes on with: its own, in the same process, or the one that
 * it says it has followed.  It has none if it was empty, or is as old as some dump, for all that is known.
 */
CREATE FUNCTION uncache_internal.shard_origins(consumer uncache.consumers, shards jsonb,
	OUT replid text, OUT repl_offset bigint, OUT second_repl_offset bigint, OUT is_known boolean, OUT origin text)
	RETURNS SETOF record
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT s.replid, s.repl_offset, s.second_repl_offset, consumer.shards ? s.replid,
		CASE
			WHEN consumer.shards ->> s.replid = s.server THEN s.replid
			WHEN NOT consumer.shards ? s.replid AND consumer.shards ? s.replid2 THEN s.replid2
		END
	FROM jsonb_to_recordset(shards) AS s(server text, replid text, repl_offset bigint, replid2 text,
		second_repl_offset bigint)
$$;
COMMENT ON FUNCTION uncache_internal.shard_origins(uncache.consumers, jsonb) IS
	'each shard, and the history, of those that are known, that it goes on with';

/*
 * Slots move from one shard to another together with what a shard still has of deleted keys.  So a shard that
 * is gone may have lost deletes, and have passed on what it should not have had any more: nobody can ask it.
 */
CREATE FUNCTION uncache_internal.find_shard_loss(consumer uncache.consumers, shards jsonb) RETURNS text
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN consumer.shards IS NULL
		THEN 'it is not known which primaries of a Redis Cluster the last deletes went to'
		WHEN count(*) > count(DISTINCT o.replid)
		THEN 'two primaries of the Redis Cluster have the same history'
		WHEN bool_or(o.origin IS NULL AND o.is_known)
		THEN 'a primary of the Redis Cluster is another process than before, which may have lost deletes'
		WHEN bool_or(o.origin IS NULL)
		THEN 'a primary has joined the Redis Cluster, or continues with a different history'
		WHEN consumer.shards - array_agg(o.origin) <> '{}'
		THEN 'a primary has left the Redis Cluster, and may have lost deletes before'
		WHEN bool_or(o.origin = o.replid AND EXISTS (SELECT FROM uncache.positions p
			WHERE p.consumer_id = consumer.id AND (p.repl_offsets ->> o.replid)::bigint > o.repl_offset))
		THEN 'a primary of the Redis Cluster has gone back in its history, and has lost deletes'
	END
	FROM uncache_internal.shard_origins(consumer, shards) o
$$;
COMMENT ON FUNCTION uncache_internal.find_shard_loss(uncache.consumers, jsonb) IS
	'why a Redis Cluster has to be resynced, whatever is known of its past; or null';

/*
 * Like go_back, for all shards that were replaced: the newest position that is in the history of each of them.
 * Older positions stay.  All that had been applied there is in the new histories as well, as they are now; they
 * are older if all that they have consumed lies before all that this one has not.
 */
CREATE FUNCTION uncache_internal.go_back_shards(consumer uncache.consumers, shards jsonb,
	OUT cursor text, OUT reason text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	known_slot timestamptz;
	new_servers jsonb := uncache_internal.shard_servers(shards);
	old_replids text[] := ARRAY(SELECT jsonb_object_keys(consumer.shards - ARRAY(SELECT jsonb_object_keys(new_servers))));
	new_count bigint;
	new_offsets jsonb;
BEGIN
	SELECT count(*), jsonb_object_agg(o.replid, o.repl_offset) INTO new_count, new_offsets
		FROM uncache_internal.shard_origins(consumer, shards) o WHERE o.origin <> o.replid;
	reason := format('primaries of the Redis Cluster were replaced (%s of %s), and may have lost deletes',
		new_count, jsonb_array_length(shards));
	SELECT p.cursor, p.slot INTO cursor, known_slot FROM uncache.positions p
		WHERE p.consumer_id = consumer.id
			AND NOT EXISTS (SELECT FROM uncache_internal.shard_origins(consumer, shards) o
				WHERE o.origin <> o.replid
					AND coalesce((p.repl_offsets ->> o.origin)::bigint >= o.second_repl_offset, true))
		ORDER BY p.slot DESC LIMIT 1
		FOR UPDATE;
	IF cursor IS NULL THEN
		RETURN;
	END IF;
	DELETE FROM uncache.positions p
		WHERE p.consumer_id = consumer.id AND p.slot <> known_slot
			AND uncache_internal.cursor_end(p.cursor) > uncache_internal.cursor_begin(go_back_shards.cursor);
	UPDATE uncache.positions p SET repl_offsets = p.repl_offsets - old_replids || new_offsets
		WHERE p.consumer_id = consumer.id;
	UPDATE uncache.consumers c SET cursor = go_back_shards.cursor, shards = new_servers
		WHERE c.id = consumer.id;
	reason := format('%s: %s rows of the last %s s are applied again',
		reason, uncache_internal.count_behind(consumer.target, cursor),
		ceil(extract(epoch FROM clock_timestamp() - known_slot)));
END
$$;
COMMENT ON FUNCTION uncache_internal.go_back_shards(uncache.consumers, jsonb) IS
	'takes a consumer back to the newest position that is in the histories of all shards; null if none is known to be';

/* With a cursor it goes on from there, else it has to resync; without a reason nothing was lost. */
CREATE FUNCTION uncache_internal.continue_shards(consumer uncache.consumers, shards jsonb,
	OUT cursor text, OUT reason text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	reason := uncache_internal.find_shard_loss(consumer, shards);
	IF reason IS NULL AND consumer.shards <> uncache_internal.shard_servers(shards) THEN
		SELECT b.cursor, b.reason INTO cursor, reason FROM uncache_internal.go_back_shards(consumer, shards) b;
	END IF;
END
$$;
COMMENT ON FUNCTION uncache_internal.continue_shards(uncache.consumers, jsonb) IS
	'whether a Redis Cluster has lost what was acknowledged, and from where on that is applied again';

/* --- both --- */

/* As long as it can be the cursor holds on: what was invalidated by hand is in no rule. */
CREATE FUNCTION uncache_internal.begin_resync(consumer uncache.consumers, redis uncache_internal.redis, reason text)
	RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	start text := consumer.cursor;
BEGIN
	IF start IS NULL OR uncache_internal.is_ahead(start) THEN
		start := pg_current_snapshot()::text;
	END IF;
	UPDATE uncache.consumers c
		SET cursor = start, resync_reason = reason, identity = uncache_internal.identity(),
			server = nullif(redis.server, ''), replid = redis.replid, place = redis.place,
			shards = uncache_internal.shard_servers(redis.shards),
			address = CASE WHEN redis.server = '' THEN redis.address END
		WHERE c.id = consumer.id;
	DELETE FROM uncache.positions p WHERE p.consumer_id = consumer.id;
	INSERT INTO uncache.markers VALUES (consumer.id) ON CONFLICT DO NOTHING;
	RETURN start;
END
$$;
COMMENT ON FUNCTION uncache_internal.begin_resync(uncache.consumers, uncache_internal.redis, text) IS
	'makes a resync due; the cursor to fetch from meanwhile';

CREATE FUNCTION uncache_internal.continue_history(consumer uncache.consumers, redis uncache_internal.redis,
	OUT state text, OUT cursor text, OUT reason text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	back record;
BEGIN
	state := 'ready';
	cursor := consumer.cursor;
	reason := coalesce(uncache_internal.find_resync_reason(consumer),
		uncache_internal.find_place_change(consumer, redis.place),
		uncache_internal.find_address_change(consumer, redis));
	IF reason IS NULL AND redis.shards IS NOT NULL THEN
		back := uncache_internal.continue_shards(consumer, redis.shards);
		reason := back.reason;
		IF back.cursor IS NOT NULL THEN
			cursor := back.cursor;
			RETURN;
		END IF;
	ELSIF reason IS NULL AND redis.server = '' THEN
		PERFORM uncache_internal.forget_redis(consumer, redis.address);
	ELSIF reason IS NULL AND redis.server IS NOT NULL THEN
		reason := uncache_internal.find_redis_change(consumer, redis);
		IF reason IS NOT NULL THEN
			back := uncache_internal.go_back(consumer, redis, reason);
			IF back.cursor IS NOT NULL THEN
				cursor := back.cursor;
				reason := back.reason;
				RETURN;
			END IF;
		END IF;
	END IF;
	IF reason IS NOT NULL THEN
		state := 'resync';
		cursor := uncache_internal.begin_resync(consumer, redis, reason);
	END IF;
END
$$;
COMMENT ON FUNCTION uncache_internal.continue_history(uncache.consumers, uncache_internal.redis) IS
	'where a consumer goes on: where it was, from an older position, or with a resync';
