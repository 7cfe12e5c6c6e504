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
