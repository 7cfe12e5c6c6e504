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
