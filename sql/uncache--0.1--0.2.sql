/* Makes uncache 0.2 of 0.1: the same changes that have been made in the directory uncache. */
\echo Use "ALTER EXTENSION uncache UPDATE" to load this file. \quit

/* --- status, tail, activity --- */

ALTER TABLE uncache.segments ADD COLUMN emptied_xid xid8;
COMMENT ON COLUMN uncache.segments.emptied_xid IS
	'the last transaction whose rows have gone with it, whenever it was emptied; null if it never was';

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

CREATE OR REPLACE FUNCTION uncache_internal.empty_segments(cutoff timestamptz, horizon xid8, OUT emptied integer)
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

/*
 * What is in the journal, without reading all of it. Rows are appended to a segment and never
 * deleted, so that what came last stands in its last blocks.
 */

/* Keys are EXTERNAL: what is sampled of a large row is a pointer until somebody looks at it. */
CREATE FUNCTION uncache_internal.sample_segment(number integer, first_block bigint,
	OUT weight double precision, OUT xid xid8, OUT part integer, OUT at timestamptz, OUT target text,
	OUT action text, OUT keys text[]) RETURNS SETOF record
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	most_blocks CONSTANT integer := 64;
	/* no row of the journal takes less than 72 bytes */
	rows_in_block CONSTANT integer := current_setting('block_size')::integer / 72;
	segment regclass := format('uncache.%I', 'journal_' || number)::regclass;
	block_count bigint := pg_relation_size(segment) / current_setting('block_size')::bigint - first_block;
	sampled bigint := least(block_count, most_blocks);
	places tid[];
BEGIN
	IF block_count <= 0 THEN
		RETURN;
	END IF;
	/* evenly spread over all of them */
	places := ARRAY(SELECT format('(%s,%s)', first_block + (i * block_count) / sampled, place)::tid
		FROM generate_series(0, sampled - 1) i, generate_series(1, rows_in_block) place);
	RETURN QUERY EXECUTE format(
		'SELECT $1, j.xid, j.part, j.at, j.target, j.action, j.keys FROM %s j WHERE j.ctid = ANY ($2)', segment)
		USING block_count::double precision / sampled, places;
END
$$;
COMMENT ON FUNCTION uncache_internal.sample_segment(integer, bigint) IS
	'rows of a segment from a block on: all of them, or those of 64 of its blocks; each stands for weight rows';

/*
 * Exact for whoever is not far behind. The first rows are read by the index; where they are all of which
 * somebody looks at, that is it. Beyond, rows are counted in samples of what stands behind the first of them.
 */
CREATE FUNCTION uncache_internal.estimate_behind(target text, cursor text,
	OUT row_count bigint, OUT key_count bigint, OUT oldest_at timestamptz, OUT is_estimate boolean)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	SET enable_seqscan = off SET jit = off
AS $$
DECLARE
	most_rows CONSTANT integer := 10000;
	first_block bigint;
	sampled record;
BEGIN
	row_count := 0;
	key_count := 0;
	is_estimate := false;
	IF cursor IS NULL THEN
		RETURN;
	END IF;
	SELECT count(*) > most_rows, count(*) FILTER (WHERE b.is_behind),
		coalesce(sum(b.key_count) FILTER (WHERE b.is_behind), 0), min(b.at) FILTER (WHERE b.is_behind)
	INTO is_estimate, row_count, key_count, oldest_at
	FROM (SELECT j.at, cardinality(j.keys) AS key_count,
			j.target = estimate_behind.target
				AND NOT uncache_internal.cursor_has_consumed(cursor, j.xid, j.part) AS is_behind
		FROM (SELECT i.* FROM uncache.journal i
			WHERE i.xid >= uncache_internal.cursor_begin(cursor)
			ORDER BY i.xid, i.part
			LIMIT most_rows + 1) j) b;
	IF NOT is_estimate THEN
		RETURN;
	END IF;
	row_count := 0;
	key_count := 0;
	FOR number IN 1 .. uncache_internal.segment_count() LOOP
		EXECUTE format('SELECT min((f.ctid::text::point)[0])::bigint FROM (SELECT j.ctid FROM uncache.%I j '
			'WHERE j.xid >= $1 ORDER BY j.xid, j.part LIMIT 100) f', 'journal_' || number)
			INTO first_block USING uncache_internal.cursor_begin(cursor);
		CONTINUE WHEN first_block IS NULL;
		SELECT coalesce(sum(s.weight), 0) AS row_count, coalesce(sum(s.weight * cardinality(s.keys)), 0) AS key_count,
			min(s.at) AS oldest_at
		INTO sampled
		FROM uncache_internal.sample_segment(number, first_block) s
		WHERE s.target = estimate_behind.target
			AND NOT uncache_internal.cursor_has_consumed(cursor, s.xid, s.part);
		row_count := row_count + sampled.row_count::bigint;
		key_count := key_count + sampled.key_count::bigint;
		oldest_at := least(oldest_at, sampled.oldest_at);
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache_internal.estimate_behind(text, text) IS
	'what a target has behind a cursor: counted while that is little, estimated beyond';

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

CREATE OR REPLACE VIEW uncache.status AS
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

/* Which rules have invalidated what of late: the journal tells. */

/*
 * A block's rows are hardly younger than the next one's. One whose rows nobody can see yet counts as
 * young.
 */
CREATE FUNCTION uncache_internal.find_block(number integer, since timestamptz) RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	rows_in_block CONSTANT integer := current_setting('block_size')::integer / 72;
	segment regclass := format('uncache.%I', 'journal_' || number)::regclass;
	low bigint := 0;
	high bigint := pg_relation_size(segment) / current_setting('block_size')::bigint;
	middle bigint;
	is_young boolean;
BEGIN
	WHILE low < high LOOP
		middle := (low + high) / 2;
		EXECUTE format('SELECT coalesce(max(j.at) >= $1, true) FROM %s j WHERE j.ctid = ANY ($2)', segment)
			INTO is_young
			USING since, ARRAY(SELECT format('(%s,%s)', middle, place)::tid FROM generate_series(1, rows_in_block) place);
		IF is_young THEN
			high := middle;
		ELSE
			low := middle + 1;
		END IF;
	END LOOP;
	RETURN low;
END
$$;
COMMENT ON FUNCTION uncache_internal.find_block(integer, timestamptz) IS
	'the first block of a segment with rows from a time on';

/*
 * A glob of rule_for_any_row(): it has no classes. In LIKE, too, a backslash makes the next character a plain one;
 * a last one stands for itself in a glob, and is an error in LIKE.
 */
CREATE FUNCTION uncache_internal.glob_to_like(glob text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT regexp_replace(replace(regexp_replace(regexp_replace(regexp_replace(replace(glob, '\\', chr(1)),
		'(?<!\\)([%_])', '\\\1', 'g'), '(?<!\\)\*', '%', 'g'), '(?<!\\)\?', '_', 'g'), chr(1), '\\'),
		'^((?:[^\\]|\\.)*)\\$', '\1\\\\')
$$;
COMMENT ON FUNCTION uncache_internal.glob_to_like(text) IS 'a pattern of Redis as one of LIKE';

/* What the journal's rows may look like that each rule writes. */
CREATE FUNCTION uncache_internal.rule_forms(OUT relation regclass, OUT rule name, OUT target text, OUT actions text[],
	OUT form text) RETURNS SETOF record
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT r.relation, r.rule, p.target,
		CASE r.action WHEN 'keys' THEN '{keys,patterns}' WHEN 'query' THEN '{keys,patterns}'
			WHEN 'tags' THEN '{tags,tag_patterns}' WHEN 'versions' THEN '{versions,version_patterns}'
			WHEN 'cacheops' THEN f.actions ELSE ARRAY[r.action::text] END,
		f.form
	FROM uncache.rules r, uncache_internal.rule_for_any_row(r.action, r.templates) p,
		LATERAL (SELECT NULL::text[] AS actions, uncache_internal.glob_to_like(p.key) AS form WHERE r.action <> 'cacheops'
			UNION ALL SELECT '{cacheops_tables}', uncache_internal.glob_to_like(p.key) WHERE r.action = 'cacheops'
			/* an image is JSON, which begins with the table */
			UNION ALL SELECT '{cacheops}', '["' || uncache_internal.glob_to_like(p.key) || '",%'
				WHERE r.action = 'cacheops') f
	WHERE p.target IS NOT NULL AND r.events <> 'TRUNCATE'
$$;
COMMENT ON FUNCTION uncache_internal.rule_forms() IS
	'what each rule can write to the journal: target, actions, and its keys as patterns of LIKE';

/* The keys of the last minutes: all of them, or those of some blocks. */
CREATE FUNCTION uncache_internal.recent_keys(since timestamptz, OUT weight double precision, OUT at timestamptz,
	OUT target text, OUT action text, OUT key text) RETURNS SETOF record
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT s.weight, s.at, s.target, s.action, k.key
	FROM generate_series(1, uncache_internal.segment_count()) number,
		uncache_internal.sample_segment(number, uncache_internal.find_block(number, since)) s,
		unnest(s.keys) AS k(key)
	WHERE s.at >= since
$$;
COMMENT ON FUNCTION uncache_internal.recent_keys(timestamptz) IS
	'keys of the journal from a time on, each of which stands for weight keys';

CREATE FUNCTION uncache_internal.count_activity(OUT relation regclass, OUT rule name, OUT target text,
	OUT keys_1min bigint, OUT keys_5min bigint, OUT last_at timestamptz, OUT is_estimate boolean) RETURNS SETOF record
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	WITH forms AS MATERIALIZED (
		SELECT * FROM uncache_internal.rule_forms()
	), recent AS MATERIALIZED (
		SELECT k.* FROM uncache_internal.recent_keys(now() - interval '5 min') k
	), found AS (
		SELECT DISTINCT k.weight, k.at, k.target, k.action, k.key, k.ordinality, f.relation, f.rule
		FROM (SELECT r.*, row_number() OVER () AS ordinality FROM recent r) k
			LEFT JOIN forms f ON f.target = k.target AND k.action = ANY (f.actions) AND k.key LIKE f.form
	), counted AS (
		SELECT f.relation, f.rule, f.target, coalesce(sum(f.weight) FILTER (WHERE f.at >= now() - interval '1 min'), 0) AS keys_1min,
			sum(f.weight) AS keys_5min, max(f.at) AS last_at, max(f.weight) > 1 AS is_estimate
		FROM found f
		GROUP BY f.relation, f.rule, f.target
	), known AS (
		SELECT DISTINCT f.relation, f.rule, f.target FROM forms f
	)
	SELECT coalesce(k.relation, c.relation), coalesce(k.rule, c.rule), coalesce(k.target, c.target),
		coalesce(c.keys_1min, 0)::bigint, coalesce(c.keys_5min, 0)::bigint, c.last_at, coalesce(c.is_estimate, false)
	FROM known k
		FULL JOIN counted c ON c.relation = k.relation AND c.rule = k.rule AND c.target = k.target
$$;
COMMENT ON FUNCTION uncache_internal.count_activity() IS 'the rows of uncache.activity';

CREATE VIEW uncache.activity AS
SELECT a.relation, a.rule, a.target, a.keys_1min, a.keys_5min, a.last_at, a.is_estimate
FROM uncache_internal.count_activity() a;
COMMENT ON VIEW uncache.activity IS
	'by rule, how many keys were invalidated in the last minute and the last five, as far as the journal still has '
	'them; a key that several rules can make counts for each of them; without a rule are those that none makes '
	'(reads some hundred blocks of the journal)';
COMMENT ON COLUMN uncache.activity.relation IS 'the rule''s table; null for keys that no rule makes';
COMMENT ON COLUMN uncache.activity.rule IS 'the rule''s trigger; null for keys that no rule makes';
COMMENT ON COLUMN uncache.activity.target IS 'Redis destination by alias';
COMMENT ON COLUMN uncache.activity.keys_1min IS 'keys, tags, counters, images and patterns of the last minute';
COMMENT ON COLUMN uncache.activity.keys_5min IS 'the same of the last five minutes';
COMMENT ON COLUMN uncache.activity.last_at IS 'when the last of these was committed';
COMMENT ON COLUMN uncache.activity.is_estimate IS 'whether they were counted in samples';

/* --- a position of a Redis Cluster is one for each shard --- */

ALTER TABLE uncache.consumers ADD COLUMN shards jsonb;
COMMENT ON COLUMN uncache.consumers.shards IS
	'of a Redis Cluster, what server and replid are of a single Redis: the process of each primary by its '
	'replication id; null of others';

ALTER TABLE uncache.positions ADD COLUMN repl_offsets jsonb;
COMMENT ON COLUMN uncache.positions.repl_offset IS 'the place: Redis'' replication offset; 0 in a Redis Cluster';
COMMENT ON COLUMN uncache.positions.repl_offsets IS
	'in a Redis Cluster, the place in each history: the offset by the replication id; null of others';

ALTER TYPE uncache_internal.redis ADD ATTRIBUTE shards jsonb;
COMMENT ON TYPE uncache_internal.redis IS
	'what a relay tells of its Redis: the arguments of attach, or the shards of attach_cluster';

CREATE OR REPLACE FUNCTION uncache_internal.find_address_change(consumer uncache.consumers, redis uncache_internal.redis)
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

/* A Redis that does not tell is none of those that are known. */
CREATE OR REPLACE FUNCTION uncache_internal.forget_redis(consumer uncache.consumers, address text) RETURNS void
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

/* As long as it can be the cursor holds on: what was invalidated by hand is in no rule. */
CREATE OR REPLACE FUNCTION uncache_internal.begin_resync(consumer uncache.consumers, redis uncache_internal.redis, reason text)
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

CREATE OR REPLACE FUNCTION uncache_internal.continue_history(consumer uncache.consumers, redis uncache_internal.redis,
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

CREATE OR REPLACE FUNCTION uncache.attach(target text, server text DEFAULT NULL, replid text DEFAULT NULL,
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

/*
 * Who calls what is in schema uncache.  What is not named here is for superusers
 * (catch_up, drop_consumer, files_created_at, grant_author, grant_consumer, invalidate_all, and
 * the journal with all that goes with it), or a trigger function, see below.
 */
CREATE OR REPLACE FUNCTION uncache_internal.callers(OUT caller text, OUT name name) RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	VALUES
		/* uncached, and any other relay: docs/protocol.md */
		('consumer', 'ack'::name), ('consumer', 'ack_cluster'), ('consumer', 'attach'), ('consumer', 'attach_cluster'),
		('consumer', 'fetch'), ('consumer', 'fetch_until'), ('consumer', 'report_late'),
		('consumer', 'resync_keys'), ('consumer', 'resynced'), ('consumer', 'standbys'), ('consumer', 'targets'),
		('consumer', 'trim'),
		/* uncached --status, --tail */
		('consumer', 'read_status'), ('consumer', 'tail'),
		/* makes rules for his tables */
		('author', 'watch'), ('author', 'unwatch'), ('author', 'watch_schema'), ('author', 'unwatch_schema'),
		('author', 'put_rule'), ('author', 'put_trigger'),
		/* looks at them */
		('author', 'check_rule'), ('author', 'check_rules'), ('author', 'check_template'), ('author', 'explain'),
		('author', 'rules'), ('author', 'schemas'), ('author', 'renamed_columns'), ('author', 'renamed_tables'),
		/* invalidates by hand, and waits */
		('author', 'invalidate'), ('author', 'invalidate_pattern'), ('author', 'invalidate_table'),
		('author', 'invalidate_tag'), ('author', 'invalidate_version'), ('author', 'wait'),
		/* looks at all rules, and at how far consumers are: pg_monitor */
		('monitor', 'check_rules'), ('monitor', 'rules'), ('monitor', 'status'), ('monitor', 'activity'),
		('monitor', 'count_pending'),
		('monitor', 'schemas'), ('monitor', 'renamed_columns'), ('monitor', 'renamed_tables')
$$;

REVOKE ALL ON FUNCTION uncache_internal.segment_last_xid(integer), uncache_internal.last_xid_in(integer, xid8),
	uncache_internal.sample_segment(integer, bigint), uncache_internal.estimate_behind(text, text),
	uncache_internal.read_tail(text, integer), uncache.tail(text, integer), uncache.count_pending(text), uncache.read_status(),
	uncache_internal.find_block(integer, timestamptz), uncache_internal.glob_to_like(text),
	uncache_internal.rule_forms(), uncache_internal.recent_keys(timestamptz),
	uncache_internal.count_activity() FROM PUBLIC;
REVOKE ALL ON uncache.activity FROM PUBLIC;
REVOKE ALL ON FUNCTION uncache_internal.is_shard(jsonb),
	uncache_internal.check_shards(jsonb),
	uncache_internal.shard_servers(jsonb),
	uncache_internal.shard_origins(uncache.consumers, jsonb),
	uncache_internal.find_shard_loss(uncache.consumers, jsonb),
	uncache_internal.go_back_shards(uncache.consumers, jsonb),
	uncache_internal.continue_shards(uncache.consumers, jsonb),
	uncache_internal.attach_redis(text, uncache_internal.redis),
	uncache.attach_cluster(text, jsonb, text),
	uncache_internal.check_offsets(jsonb, jsonb),
	uncache_internal.put_shard_position(text, jsonb),
	uncache.ack_cluster(text, text, jsonb)
	FROM PUBLIC;
/* the view calls them no more */
REVOKE ALL ON FUNCTION uncache_internal.cursor_begin(text), uncache_internal.cursor_has_consumed(text, xid8, integer)
	FROM pg_monitor;
SELECT uncache_internal.grant_needed('monitor', 'pg_monitor');
/* not the daemon's role: what an extension's script grants, pg_dump takes for something that the next one grants, too */
