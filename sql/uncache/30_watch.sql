/* watch and unwatch: sugar that makes rules. */

CREATE FUNCTION uncache.check_watchable(relation regclass) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	kind "char" := (SELECT relkind FROM pg_class WHERE oid = relation);
BEGIN
	IF kind NOT IN ('r', 'p') THEN
		RAISE EXCEPTION '% is not a table', relation
			USING ERRCODE = 'wrong_object_type',
			HINT = 'Watch the tables that it gets its rows from.';
	END IF;
	IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = relation AND tgname = 'uncache_keys' AND tgparentid <> 0) THEN
		RAISE EXCEPTION '% is watched with the table that it is a partition of', relation
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Watch that table, or create a trigger of another name.';
	END IF;
	IF EXISTS (SELECT FROM pg_inherits WHERE inhparent = relation) AND kind = 'r' THEN
		RAISE WARNING 'tables that inherit from % are not watched with it', relation
			USING HINT = 'Call uncache.watch for each of them.';
	END IF;
END
$$;
COMMENT ON FUNCTION uncache.check_watchable(regclass) IS 'raises why a relation cannot be watched';

/*
 * A TRUNCATE trigger is not inherited by partitions, and TRUNCATE of a partition
 * fires only the partition's own.
 */
CREATE FUNCTION uncache.truncate_relations(relation regclass) RETURNS SETOF regclass
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT relation
	UNION
	SELECT t.relid
	FROM pg_partition_tree(relation) t
		JOIN pg_class c ON c.oid = t.relid AND c.relkind IN ('r', 'p')
$$;
COMMENT ON FUNCTION uncache.truncate_relations(regclass) IS 'a table and all its partitions';

CREATE FUNCTION uncache.put_trigger(relation regclass, name text, events text, level text, templates text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	arguments text := (SELECT string_agg(quote_literal(t), ', ' ORDER BY n)
		FROM unnest(templates) WITH ORDINALITY AS u(t, n));
BEGIN
	IF EXISTS (SELECT FROM uncache.rules r
		WHERE r.relation = put_trigger.relation AND r.rule = name
			AND r.templates = put_trigger.templates AND r.enabled = 'always'
			AND r.events = put_trigger.events AND NOT r.is_conditional)
	THEN
		RETURN;
	END IF;
	EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', name, relation);
	EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s FOR EACH %s EXECUTE FUNCTION uncache.keys(%s)',
		name, events, relation, level, arguments);
	EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', relation, name);
END
$$;
COMMENT ON FUNCTION uncache.put_trigger(regclass, text, text, text, text[]) IS 'creates or replaces a rule''s trigger, unless it is there already';

/*
 * A partition's trigger is a clone, for which PostgreSQL asks of whoever makes
 * the partition that he may call the function: without that the owner of a
 * watched table could make no more partitions.
 */
CREATE FUNCTION uncache.let_owner_add_partitions(relation regclass) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	owner regrole := (SELECT relowner FROM pg_class WHERE oid = relation AND relkind = 'p');
BEGIN
	IF owner IS NULL OR has_function_privilege(owner, 'uncache.keys()', 'EXECUTE') THEN
		RETURN;
	END IF;
	IF has_function_privilege('uncache.keys()', 'EXECUTE WITH GRANT OPTION') THEN
		EXECUTE format('GRANT EXECUTE ON FUNCTION uncache.keys() TO %s', owner);
	ELSE
		RAISE WARNING '% may not add partitions to %', owner, relation
			USING HINT = format('Let a superuser SELECT uncache.grant_author(%L).', owner);
	END IF;
END
$$;
COMMENT ON FUNCTION uncache.let_owner_add_partitions(regclass) IS 'gives the owner of a watched partitioned table what a clone of its trigger asks for';

CREATE FUNCTION uncache.watch(relation regclass, VARIADIC keys text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	template text;
	part regclass;
BEGIN
	IF relation IS NULL OR coalesce(cardinality(keys), 0) = 0 THEN
		RAISE EXCEPTION 'a table and at least one key template are needed'
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'For example: SELECT uncache.watch(''billing.invoice'', ''invoice:{id}'').';
	END IF;
	PERFORM uncache.check_watchable(relation);
	FOREACH template IN ARRAY keys LOOP
		IF template IS NULL OR template = '' THEN
			RAISE EXCEPTION 'a key template must not be null or empty'
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
		PERFORM uncache.check_template(relation, template);
	END LOOP;
	PERFORM uncache.put_trigger(relation, 'uncache_keys', 'INSERT OR UPDATE OR DELETE', 'ROW', keys);
	PERFORM uncache.let_owner_add_partitions(relation);
	FOR part IN SELECT uncache.truncate_relations(relation) LOOP
		PERFORM uncache.put_trigger(part, 'uncache_keys_truncate', 'TRUNCATE', 'STATEMENT', keys);
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache.watch(regclass, text[]) IS 'makes a table''s changes forget these keys; replaces what an earlier call made';

CREATE FUNCTION uncache.unwatch(relation regclass) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	part regclass;
BEGIN
	EXECUTE format('DROP TRIGGER IF EXISTS uncache_keys ON %s', relation);
	FOR part IN SELECT uncache.truncate_relations(relation) LOOP
		EXECUTE format('DROP TRIGGER IF EXISTS uncache_keys_truncate ON %s', part);
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache.unwatch(regclass) IS 'removes what uncache.watch made; triggers written by hand stay';
