/* watch and unwatch: sugar that makes rules. */

/* RAISE raises an error where the client's encoding lacks a name. */
CREATE FUNCTION uncache_internal.warn(message text, hint text) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_warn';
COMMENT ON FUNCTION uncache_internal.warn(text, text) IS 'a warning that any client can be sent';

CREATE FUNCTION uncache_internal.check_watchable(relation regclass) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	kind "char" := (SELECT relkind FROM pg_class WHERE oid = relation);
BEGIN
	IF kind NOT IN ('r', 'p', 'm') THEN
		RAISE EXCEPTION '% is not a table', relation
			USING ERRCODE = 'wrong_object_type',
			HINT = 'Watch the tables that it gets its rows from.';
	END IF;
	IF EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.oid = relation AND n.nspname = 'uncache')
	THEN
		RAISE EXCEPTION '% is a table of uncache and cannot be watched', relation
			USING ERRCODE = 'wrong_object_type';
	END IF;
	IF EXISTS (SELECT FROM pg_inherits WHERE inhparent = relation) AND kind = 'r' THEN
		PERFORM uncache_internal.warn(format('tables that inherit from %s are not watched with it', relation),
			'Call uncache.watch for each of them.');
	END IF;
END
$$;
COMMENT ON FUNCTION uncache_internal.check_watchable(regclass) IS 'raises why a relation cannot be watched';

/* Characters of placeholders and globs, or another colon, say that what is before "://" is not meant as a name. */
CREATE FUNCTION uncache_internal.warn_of_targets(arguments text[]) RETURNS void
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT uncache_internal.warn(format('"%s" cannot be the name of a target: "%s" is a key of target "default"', t.name, a.argument),
		'The name of a target consists of up to 48 ASCII letters, digits, "_", "." and "-", and begins with a letter.')
	FROM unnest(arguments) AS a(argument),
		LATERAL (SELECT substring(a.argument FROM '^([^][{}*?\\:/]+)://') AS name) t
	WHERE NOT uncache_internal.is_target(t.name)
$$;
COMMENT ON FUNCTION uncache_internal.warn_of_targets(text[]) IS
	'warns of templates that look as if they began with a target, and do not';

/*
 * A TRUNCATE trigger is not inherited by partitions, and TRUNCATE of a partition
 * fires only the partition's own.  Without a lock: somebody may be altering one.
 */
CREATE FUNCTION uncache_internal.truncate_relations(relation regclass) RETURNS SETOF regclass
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT relation
	UNION
	SELECT h.heir
	FROM unnest((SELECT uncache_internal.heirs(p.oid)
		FROM pg_class p
		WHERE p.oid = relation AND p.relkind = 'p')) AS h(heir)
	WHERE (SELECT c.relkind FROM pg_class c WHERE c.oid = h.heir) IN ('r', 'p')
$$;
COMMENT ON FUNCTION uncache_internal.truncate_relations(regclass) IS 'a table and all its partitions';

CREATE FUNCTION uncache_internal.make_room(relation regclass, name text) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_make_room';
COMMENT ON FUNCTION uncache_internal.make_room(regclass, text) IS
	'lets partitions that have a rule of a name keep it by another, with _own behind';

CREATE FUNCTION uncache_internal.confirm_names(relation regclass, rule text) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_confirm_names';
COMMENT ON FUNCTION uncache_internal.confirm_names(regclass, text) IS
	'a rule is meant as it is, whatever names its columns had';

/* An event on rows may be restricted to columns of an UPDATE. */
CREATE FUNCTION uncache.put_trigger(relation regclass, name text, action text, events text, columns text[],
	arguments text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	event_list text := events;
	argument_list text := (SELECT string_agg(quote_literal(a), ', ' ORDER BY n)
		FROM unnest(arguments) WITH ORDINALITY AS u(a, n));
BEGIN
	PERFORM uncache_internal.confirm_names(relation, name);
	IF EXISTS (SELECT FROM uncache.rules r
		WHERE r.relation = put_trigger.relation AND r.rule = name AND r.action = put_trigger.action
			AND r.templates = arguments AND r.enabled = 'always'
			AND r.columns IS NOT DISTINCT FROM put_trigger.columns
			AND r.events = put_trigger.events AND NOT r.is_conditional
			AND (r.action <> 'query' OR EXISTS (SELECT
				FROM pg_class c
					JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = name,
					LATERAL uncache_internal.rule_author(t.oid) a
				WHERE c.oid = put_trigger.relation AND a.author = pg_get_userbyid(c.relowner) AND a.known_as = a.author
					AND uncache_internal.find_other_use(t.oid) IS NULL)))
	THEN
		RETURN;
	END IF;
	/* what passed by it while it was switched off */
	IF EXISTS (SELECT FROM uncache.rules r
		WHERE r.relation = put_trigger.relation AND r.rule = name AND r.enabled <> 'always')
	THEN
		PERFORM uncache.invalidate_table(relation);
	END IF;
	IF columns IS NOT NULL THEN
		event_list := replace(events, 'UPDATE',
			'UPDATE OF ' || (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) AS c));
	END IF;
	EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', name, relation);
	PERFORM uncache_internal.make_room(relation, name);
	EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s FOR EACH %s EXECUTE FUNCTION uncache.%I(%s)',
		name, event_list, relation, CASE events WHEN 'TRUNCATE' THEN 'STATEMENT' ELSE 'ROW' END,
		action, argument_list);
	EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', relation, name);
END
$$;
COMMENT ON FUNCTION uncache.put_trigger(regclass, text, text, text, text[], text[]) IS
	'creates or replaces a rule''s trigger, unless it is there already';

CREATE FUNCTION uncache_internal.put_view_rule(view regclass, action text, templates text[]) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_put_view_rule';
COMMENT ON FUNCTION uncache_internal.put_view_rule(regclass, text, text[]) IS
	'makes, replaces or removes a materialized view''s rule of one action, for its owner';

/* What a rule of each action is made of, for watch(). */
CREATE FUNCTION uncache_internal.actions() RETURNS SETOF text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	VALUES ('keys'), ('patterns'), ('tags'), ('versions'), ('query'), ('cacheops')
$$;
COMMENT ON FUNCTION uncache_internal.actions() IS 'the actions of rules: the names of the trigger functions';

CREATE FUNCTION uncache_internal.drop_rule(relation regclass, name text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	part regclass;
BEGIN
	EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', name, relation);
	/* a trigger of that name that is left is a rule which a partition has of its own */
	FOR part IN SELECT r FROM uncache_internal.truncate_relations(relation) AS r
		WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = r AND t.tgname = name)
	LOOP
		EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', name || '_truncate', part);
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache_internal.drop_rule(regclass, text) IS 'removes what put_rule made';

/*
 * A rule for rows, and with "_truncate" behind its name one for TRUNCATE.  The
 * columns that the arguments read are added to those that are asked for: a row
 * that moves to another key makes the old one stale.  All columns are no
 * restriction: one that is added later may be part of a whole row that is read.
 */
CREATE FUNCTION uncache.put_rule(relation regclass, name text, action text, arguments text[], columns text[])
	RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	columns_read text[] := uncache.check_rule(relation, action, arguments);
	update_columns text[];
	before_trigger text;
	part regclass;
BEGIN
	IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = relation AND tgname = name AND tgparentid <> 0) THEN
		RAISE EXCEPTION '% is watched with the table that it is a partition of', relation
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Watch that table, or create a trigger of another name.';
	END IF;
	IF cardinality(columns) > 0 THEN
		update_columns := ARRAY(SELECT a.attname
			FROM unnest(columns || columns_read) AS c
				LEFT JOIN pg_attribute a ON a.attrelid = relation AND a.attname = c AND a.attnum > 0
			GROUP BY a.attname, a.attnum ORDER BY a.attnum);
		IF array_position(update_columns, NULL) IS NOT NULL THEN
			RAISE EXCEPTION '% has no column "%"', relation,
				(SELECT c FROM unnest(columns) AS c
				 WHERE c IS NULL OR NOT EXISTS (SELECT FROM pg_attribute
					WHERE attrelid = relation AND attname = c AND attnum > 0)
				 LIMIT 1)
				USING ERRCODE = 'undefined_column';
		ELSIF cardinality(update_columns) =
			(SELECT count(*) FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped)
		THEN
			update_columns := NULL;
		END IF;
		/* UPDATE OF goes by what the statement sets: 19 is ROW, BEFORE and UPDATE */
		before_trigger := (SELECT format('"%s" on %s', t.tgname, t.tgrelid::regclass)
			FROM pg_trigger t
			WHERE t.tgrelid IN (SELECT uncache_internal.truncate_relations(relation))
				AND t.tgtype & 19 = 19 AND t.tgenabled <> 'D'
			ORDER BY t.tgrelid, t.tgname LIMIT 1);
		IF update_columns IS NOT NULL AND before_trigger IS NOT NULL THEN
			PERFORM uncache_internal.warn(
				format('columns that only trigger %s changes are not noticed', before_trigger),
				'Watch without columns if it changes one that the rule reads.');
		END IF;
	END IF;
	PERFORM uncache.put_trigger(relation, name, action, 'INSERT OR UPDATE OR DELETE', update_columns, arguments);
	FOR part IN SELECT uncache_internal.truncate_relations(relation) LOOP
		PERFORM uncache.put_trigger(part, name || '_truncate', action, 'TRUNCATE', NULL, arguments);
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache.put_rule(regclass, text, text, text[], text[]) IS
	'makes a table''s rule of one action, in place of what there is of that name';

/*
 * An action that is not named stays as it is; an empty array removes its rule.
 * Made for named notation: an array in second place belongs to the plain form.
 */
CREATE FUNCTION uncache_internal.watch(relation regclass, columns name[] DEFAULT NULL,
	keys text[] DEFAULT NULL, patterns text[] DEFAULT NULL, tags text[] DEFAULT NULL,
	versions text[] DEFAULT NULL, query text[] DEFAULT NULL, cacheops text[] DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	is_view boolean := (SELECT relkind = 'm' FROM pg_class WHERE oid = relation);
	action text;
	arguments text[];
BEGIN
	IF relation IS NULL OR num_nonnulls(keys, patterns, tags, versions, query, cacheops) = 0 THEN
		RAISE EXCEPTION 'a table and at least one of keys, patterns, tags, versions, query and cacheops are needed'
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'For example: SELECT uncache.watch(''billing.invoice'', ''invoice:{id}'').';
	END IF;
	PERFORM uncache_internal.check_watchable(relation);
	IF is_view AND cardinality(columns) > 0 THEN
		RAISE EXCEPTION 'a rule of materialized view % cannot be restricted to columns', relation
			USING ERRCODE = 'feature_not_supported', HINT = 'REFRESH tells of no columns.';
	END IF;
	FOR action, arguments IN
		SELECT v.action, v.arguments
		FROM (VALUES ('keys', keys), ('patterns', patterns), ('tags', tags), ('versions', versions), ('query', query),
			('cacheops', cacheops))
			AS v(action, arguments)
		WHERE v.arguments IS NOT NULL
	LOOP
		IF '' = ANY (arguments) OR array_position(arguments, NULL) IS NOT NULL THEN
			RAISE EXCEPTION 'an element of % must not be null or empty', action
				USING ERRCODE = 'invalid_parameter_value';
		ELSIF is_view THEN
			IF cardinality(arguments) > 0 AND action NOT IN ('query', 'cacheops') THEN
				PERFORM uncache.check_rule(relation, action, arguments);
			END IF;
			PERFORM uncache_internal.put_view_rule(relation, action, arguments);
		ELSIF cardinality(arguments) = 0 THEN
			PERFORM uncache_internal.drop_rule(relation, 'uncache_' || action);
		ELSE
			PERFORM uncache.put_rule(relation, 'uncache_' || action, action, arguments, columns::text[]);
		END IF;
		IF action <> 'query' THEN
			PERFORM uncache_internal.warn_of_targets(arguments);
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache_internal.watch(regclass, name[], text[], text[], text[], text[], text[], text[]) IS
	'what uncache.watch does';

CREATE FUNCTION uncache_internal.watch(relation regclass, VARIADIC keys text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
BEGIN
	IF coalesce(cardinality(keys), 0) = 0 THEN
		RAISE EXCEPTION 'a table and at least one key template are needed'
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'For example: SELECT uncache.watch(''billing.invoice'', ''invoice:{id}'').';
	END IF;
	PERFORM uncache_internal.watch(relation, keys => keys);
END
$$;
COMMENT ON FUNCTION uncache_internal.watch(regclass, text[]) IS 'what uncache.watch does with keys alone';

CREATE FUNCTION uncache_internal.unwatch(relation regclass) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	name text;
BEGIN
	IF (SELECT relkind = 'm' FROM pg_class WHERE oid = relation) THEN
		PERFORM uncache_internal.put_view_rule(relation, a, '{}') FROM uncache_internal.actions() AS a;
		RETURN;
	END IF;
	/* what a partition has kept of its own, and what a partition has of its table, which that keeps */
	FOR name IN
		SELECT t.tgname
		FROM pg_trigger t, uncache_internal.actions() AS a(action)
		WHERE t.tgrelid = relation AND t.tgname ~ ('^uncache_' || a.action || '_own[0-9]*$') AND t.tgparentid = 0
		UNION ALL
		SELECT 'uncache_' || a.action
		FROM uncache_internal.actions() AS a(action)
		WHERE NOT EXISTS (SELECT
			FROM pg_trigger c
				JOIN pg_trigger o ON o.tgrelid = c.tgrelid AND o.tgname ~ ('^' || c.tgname || '_own[0-9]*$')
			WHERE c.tgrelid = relation AND c.tgname = 'uncache_' || a.action AND c.tgparentid <> 0)
	LOOP
		PERFORM uncache_internal.drop_rule(relation, name);
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache_internal.unwatch(regclass) IS 'what uncache.unwatch does';

/* Errors of these say nothing of the functions above. */
CREATE FUNCTION uncache.watch(relation regclass, columns name[] DEFAULT NULL,
	keys text[] DEFAULT NULL, patterns text[] DEFAULT NULL, tags text[] DEFAULT NULL,
	versions text[] DEFAULT NULL, query text[] DEFAULT NULL, cacheops text[] DEFAULT NULL) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_call_internal';
COMMENT ON FUNCTION uncache.watch(regclass, name[], text[], text[], text[], text[], text[], text[]) IS
	'makes a table''s changes invalidate; replaces what an earlier call made of the same actions';

CREATE FUNCTION uncache.watch(relation regclass, VARIADIC keys text[]) RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_call_internal';
COMMENT ON FUNCTION uncache.watch(regclass, text[]) IS
	'makes a table''s changes forget these keys; replaces the keys of an earlier call';

CREATE FUNCTION uncache.unwatch(relation regclass) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_call_internal';
COMMENT ON FUNCTION uncache.unwatch(regclass) IS 'removes what uncache.watch made; triggers written by hand stay';
