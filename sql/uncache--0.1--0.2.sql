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

/* A glob of rule_for_any_row(): it has no classes. In LIKE, too, a backslash makes the next character a plain one. */
CREATE FUNCTION uncache_internal.glob_to_like(glob text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT replace(regexp_replace(regexp_replace(regexp_replace(replace(glob, '\\', chr(1)),
		'(?<!\\)([%_])', '\\\1', 'g'), '(?<!\\)\*', '%', 'g'), '(?<!\\)\?', '_', 'g'), chr(1), '\\')
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

CREATE OR REPLACE FUNCTION uncache_internal.callers(OUT caller text, OUT name name) RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	VALUES
		/* uncached, and any other relay: docs/protocol.md */
		('consumer', 'ack'::name), ('consumer', 'attach'), ('consumer', 'fetch'), ('consumer', 'fetch_until'),
		('consumer', 'report_late'), ('consumer', 'resync_keys'), ('consumer', 'resynced'), ('consumer', 'standbys'),
		('consumer', 'targets'), ('consumer', 'trim'),
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
/* the view calls them no more */
REVOKE ALL ON FUNCTION uncache_internal.cursor_begin(text), uncache_internal.cursor_has_consumed(text, xid8, integer)
	FROM pg_monitor;
SELECT uncache_internal.grant_needed('monitor', 'pg_monitor');
/* not the daemon's role: what an extension's script grants, pg_dump takes for something that the next one grants, too */
