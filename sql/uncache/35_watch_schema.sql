/* watch_schema: a rule of tags for each table of a schema, the automatic rules. */

CREATE FUNCTION uncache_internal.lock_schema(schema regnamespace) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_lock_schema';
COMMENT ON FUNCTION uncache_internal.lock_schema(regnamespace) IS
	'keeps others from making tables in a schema until the end of the transaction';

/* Authors may not write to uncache.schemas: they could lock it against each command that makes a table. */
CREATE FUNCTION uncache_internal.put_schema(schema regnamespace, exclude name[], target text) RETURNS void
	LANGUAGE c STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'uncache_put_schema';
COMMENT ON FUNCTION uncache_internal.put_schema(regnamespace, name[], text) IS 'has a schema watched, for its owner';

CREATE FUNCTION uncache_internal.remove_schema(schema regnamespace) RETURNS void
	LANGUAGE c STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'uncache_remove_schema';
COMMENT ON FUNCTION uncache_internal.remove_schema(regnamespace) IS 'has a schema not watched any more, for its owner';

/* What stands in uncache.schemas lets the extension's owner make triggers. */
CREATE FUNCTION uncache_internal.guard_schemas() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	changed name;
BEGIN
	IF (SELECT rolsuper FROM pg_roles WHERE rolname = CURRENT_USER) THEN
		RETURN coalesce(NEW, OLD);
	END IF;
	FOREACH changed IN ARRAY array_remove(ARRAY[OLD.schema, NEW.schema], NULL) LOOP
		IF pg_has_role((SELECT nspowner FROM pg_namespace WHERE nspname = changed), 'USAGE') IS NOT TRUE THEN
			RAISE EXCEPTION 'must be owner of schema %', changed
				USING ERRCODE = 'insufficient_privilege';
		END IF;
	END LOOP;
	RETURN coalesce(NEW, OLD);
END
$$;
COMMENT ON FUNCTION uncache_internal.guard_schemas() IS
	'trigger function: only the owner of a schema may have it watched';

ALTER TABLE uncache.schemas ADD CHECK (uncache_internal.is_target(target));
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON uncache.schemas
	FOR EACH ROW EXECUTE FUNCTION uncache_internal.guard_schemas();

CREATE FUNCTION uncache_internal.is_schema_rule(rule name) RETURNS boolean
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'uncache_is_schema_rule';
COMMENT ON FUNCTION uncache_internal.is_schema_rule(name) IS 'whether this is the name of an automatic rule';

CREATE FUNCTION uncache_internal.put_schema_rule(relation regclass) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_put_schema_rule';
COMMENT ON FUNCTION uncache_internal.put_schema_rule(regclass) IS
	'makes, replaces or removes a table''s automatic rule, for its owner';

/*
 * Tables of the schema, and those that inherit from them, which carry their tags.
 * They are locked, as making a rule does anyway, before their columns are looked at:
 * who is altering one does not see yet that its schema is watched.  (Of one that is
 * another's the rule cannot be made either, and that says so.)
 */
CREATE FUNCTION uncache_internal.put_schema_rules(schema regnamespace) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	relations oid[] := ARRAY(SELECT DISTINCT h.relation
		FROM pg_class c, unnest(uncache_internal.heirs(c.oid)) AS h(relation)
		WHERE c.relnamespace = schema AND c.relkind IN ('r', 'p')
		ORDER BY 1);
	relation regclass;
BEGIN
	FOR relation IN
		SELECT r.oid
		FROM pg_class r
		WHERE r.oid = ANY (relations) AND pg_has_role(r.relowner, 'USAGE')
			AND uncache_internal.schema_tags(r.oid) IS NOT NULL
		ORDER BY 1
	LOOP
		EXECUTE format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE', relation);
	END LOOP;
	PERFORM uncache_internal.put_schema_rule(r) FROM unnest(relations) AS r;
END
$$;
COMMENT ON FUNCTION uncache_internal.put_schema_rules(regnamespace) IS
	'makes, replaces or removes the automatic rules of a schema';

/*
 * The schema is locked, so that a table that somebody is making in it is either
 * seen here or its maker sees that the schema is watched.
 */
CREATE FUNCTION uncache_internal.watch_schema(schema regnamespace, exclude name[], target text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	schema_name name := (SELECT nspname FROM pg_namespace WHERE oid = schema);
BEGIN
	IF schema_name IS NULL OR exclude IS NULL OR target IS NULL THEN
		RAISE EXCEPTION 'a schema is required'
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'For example: SELECT uncache.watch_schema(''billing'', exclude => ''{log}'').';
	ELSIF schema_name IN ('uncache', 'uncache_internal', 'information_schema') OR schema_name LIKE 'pg\_%' THEN
		RAISE EXCEPTION 'schema % cannot be watched', schema
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF NOT uncache_internal.is_target(target) THEN
		RAISE EXCEPTION 'invalid name of a target: "%"', target
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM uncache_internal.lock_schema(schema);
	PERFORM uncache_internal.put_schema(schema, exclude, target);
	PERFORM uncache_internal.put_schema_rules(schema);
END
$$;
COMMENT ON FUNCTION uncache_internal.watch_schema(regnamespace, name[], text) IS 'what uncache.watch_schema does';

CREATE FUNCTION uncache_internal.unwatch_schema(schema regnamespace) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
BEGIN
	PERFORM uncache_internal.lock_schema(schema);
	PERFORM uncache_internal.remove_schema(schema);
	PERFORM uncache_internal.put_schema_rules(schema);
END
$$;
COMMENT ON FUNCTION uncache_internal.unwatch_schema(regnamespace) IS 'what uncache.unwatch_schema does';

/* Errors of these say nothing of the functions above. */
CREATE FUNCTION uncache.watch_schema(schema regnamespace, exclude name[] DEFAULT '{}', target text DEFAULT 'default')
	RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_call_internal';
COMMENT ON FUNCTION uncache.watch_schema(regnamespace, name[], text) IS
	'gives all tables and materialized views of a schema, later ones too, the tags schema.table and '
	'schema.table:<primary key>; for the owner of the schema, or a superuser';

CREATE FUNCTION uncache.unwatch_schema(schema regnamespace) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_call_internal';
COMMENT ON FUNCTION uncache.unwatch_schema(regnamespace) IS 'removes what uncache.watch_schema made; other rules stay';
