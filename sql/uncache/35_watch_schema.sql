/* watch_schema: a rule of tags for each table of a schema, the automatic rules. */

CREATE FUNCTION uncache.lock_schema(schema regnamespace) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_lock_schema';
COMMENT ON FUNCTION uncache.lock_schema(regnamespace) IS 'keeps others from making tables in a schema until the end of the transaction';

/* Authors may not write to uncache.schemas: they could lock it against each command that makes a table. */
CREATE FUNCTION uncache.put_schema(schema regnamespace, exclude name[], target text) RETURNS void
	LANGUAGE c STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'uncache_put_schema';
COMMENT ON FUNCTION uncache.put_schema(regnamespace, name[], text) IS 'has a schema watched, for its owner';

CREATE FUNCTION uncache.remove_schema(schema regnamespace) RETURNS void
	LANGUAGE c STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'uncache_remove_schema';
COMMENT ON FUNCTION uncache.remove_schema(regnamespace) IS 'has a schema not watched any more, for its owner';

/* What stands in uncache.schemas lets the extension's owner make triggers. */
CREATE FUNCTION uncache.guard_schemas() RETURNS trigger
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
COMMENT ON FUNCTION uncache.guard_schemas() IS 'trigger function: only the owner of a schema may have it watched';

ALTER TABLE uncache.schemas ADD CHECK (uncache.is_target(target));
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON uncache.schemas
	FOR EACH ROW EXECUTE FUNCTION uncache.guard_schemas();

/*
 * The name has to differ from table to table: a table could not become a partition
 * of one that has a rule of the same name.  It must not differ after pg_restore.
 * (PL/pgSQL here where SQL would do: it keeps its plans, and every command asks.)
 */
CREATE FUNCTION uncache.schema_rule_name(relation oid) RETURNS name
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT 'uncache_schema_' || md5(n.nspname || chr(1) || c.relname)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.oid = relation);
END
$$;
COMMENT ON FUNCTION uncache.schema_rule_name(oid) IS 'the name of a table''s automatic rule';

CREATE FUNCTION uncache.is_schema_rule(rule name) RETURNS boolean
	LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT rule ~ '^uncache_schema_[0-9a-f]{32}(_truncate)?$'
$$;
COMMENT ON FUNCTION uncache.is_schema_rule(name) IS 'whether this is the name of an automatic rule';

CREATE FUNCTION uncache.find_schema(relation oid) RETURNS uncache.schemas
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result uncache.schemas;
BEGIN
	SELECT s.* INTO result
		FROM pg_class c
			JOIN pg_namespace n ON n.oid = c.relnamespace
			JOIN uncache.schemas s ON s.schema = n.nspname
		WHERE c.oid = relation AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
			AND NOT EXISTS (SELECT FROM pg_depend d
				WHERE d.classid = 'pg_class'::regclass AND d.objid = relation AND d.objsubid = 0 AND d.deptype = 'e');
	RETURN result;
END
$$;
COMMENT ON FUNCTION uncache.find_schema(oid) IS 'the watched schema whose business a table is: no temporary one, and none of another extension, to which pg_dump leaves triggers and all';

/* A partition is covered, or excluded, with the table that it belongs to. */
CREATE FUNCTION uncache.is_schema_table(relation oid) RETURNS boolean
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	schema uncache.schemas := uncache.find_schema(relation);
BEGIN
	RETURN schema.schema IS NOT NULL
		AND (SELECT c.relname <> ALL (schema.exclude) FROM pg_class c WHERE c.oid = relation)
		AND NOT EXISTS (SELECT FROM pg_partition_ancestors(relation) a
			WHERE a.relid <> relation AND (uncache.find_schema(a.relid)).schema IS NOT NULL);
END
$$;
COMMENT ON FUNCTION uncache.is_schema_table(oid) IS 'whether a table is watched with its schema';

/*
 * A target stands in front also where the name itself looks like one. A key's
 * columns may be an heir's, which has them, too.
 */
CREATE FUNCTION uncache.table_tags(relation oid) RETURNS text[]
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
DECLARE
	schema uncache.schemas := uncache.find_schema(relation);
	name text := schema.schema || '.' || (SELECT relname FROM pg_class WHERE oid = relation);
	primary_key text := (SELECT string_agg('{' || quote_ident(a.attname) || '}', ':' ORDER BY c.n)
		FROM pg_constraint k, unnest(k.conkey) WITH ORDINALITY AS c(attnum, n), pg_attribute a
		WHERE k.conrelid = relation AND k.contype = 'p' AND a.attrelid = relation AND a.attnum = c.attnum);
	tag text := CASE WHEN schema.target <> 'default' OR name ~ '^[^:]*://' THEN schema.target || '://' ELSE '' END
		|| replace(replace(name, '{', '{{'), '}', '}}');
BEGIN
	RETURN array_remove(ARRAY[tag, tag || ':' || primary_key], NULL);
END
$$;
COMMENT ON FUNCTION uncache.table_tags(oid) IS 'the tags of a table of a watched schema';

/*
 * A table that inherits from a watched one carries that one's tags besides its
 * own, since its rows are seen there.
 */
CREATE FUNCTION uncache.schema_tags(relation oid) RETURNS text[]
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (WITH RECURSIVE lineage(id, depth) AS (
			SELECT c.oid, 0
			FROM pg_class c
			WHERE c.oid = relation AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
			UNION ALL
			SELECT i.inhparent, l.depth + 1
			FROM lineage l
				JOIN pg_class c ON c.oid = l.id AND NOT c.relispartition
				JOIN pg_inherits i ON i.inhrelid = l.id)
		SELECT array_agg(t.tag ORDER BY l.depth, l.id, t.n)
		FROM (SELECT min(depth) AS depth, id FROM lineage GROUP BY id) l,
			unnest(uncache.table_tags(l.id)) WITH ORDINALITY AS t(tag, n)
		WHERE uncache.is_schema_table(l.id));
END
$$;
COMMENT ON FUNCTION uncache.schema_tags(oid) IS 'the tags of a table''s automatic rule; null if it is to have none';

/*
 * TRUNCATE rules of the table that a detached partition belonged to.  PostgreSQL
 * has taken back the one for rows.
 */
CREATE FUNCTION uncache.drop_schema_remains(relation regclass) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	remains name;
BEGIN
	FOR remains IN
		SELECT t.tgname
		FROM pg_trigger t
		WHERE t.tgrelid = relation AND uncache.is_schema_rule(t.tgname) AND t.tgname LIKE '%\_truncate'
			AND NOT EXISTS (SELECT FROM pg_trigger r
				WHERE r.tgname = left(t.tgname, -length('_truncate'))
					AND (r.tgrelid = relation OR r.tgrelid IN (SELECT relid FROM pg_partition_ancestors(relation))))
	LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', remains, relation);
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache.drop_schema_remains(regclass) IS 'removes automatic rules for TRUNCATE that belong to no rule any more';

CREATE FUNCTION uncache.rewrite_rule(relation oid, old_name text, new_name text, arguments text[]) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_rewrite_rule';
COMMENT ON FUNCTION uncache.rewrite_rule(oid, text, text, text[]) IS 'gives a rule and its clones another name and other arguments, without a lock';

CREATE FUNCTION uncache.lock_rules(relation oid) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_lock_rules';
COMMENT ON FUNCTION uncache.lock_rules(oid) IS 'keeps others from following what changes a table''s rules until the end of the transaction';

/*
 * Makes a table's automatic rule what it is to be.  Where there is none, one is
 * made only if may_make: pg_restore adds primary keys, and then creates the rules
 * that were dumped.  If is_followed, by an event trigger, what an outdated rule
 * named is invalidated, and the rule is rewritten where it is.  A table and those
 * that it inherits from may be altered at the same time, as parallel pg_restore
 * does: who is second waits, and sees what the first has changed.
 */
CREATE FUNCTION uncache.put_schema_rule(relation regclass, may_make boolean, is_followed boolean) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	tags text[];
	name name := uncache.schema_rule_name(relation);
	present record;
	was_there boolean := false;
BEGIN
	IF is_followed THEN
		PERFORM uncache.lock_rules(relation);
	END IF;
	tags := uncache.schema_tags(relation);
	FOR present IN
		SELECT r.rule, r.templates
		FROM uncache.rules r
		WHERE r.relation = put_schema_rule.relation AND uncache.is_schema_rule(r.rule) AND r.events <> 'TRUNCATE'
		ORDER BY r.rule <> name
	LOOP
		IF present.rule = name AND present.templates = tags AND NOT may_make THEN
			RETURN;
		END IF;
		IF is_followed AND uncache.is_enabled() AND present.templates IS DISTINCT FROM tags THEN
			PERFORM uncache.invalidate_rule(relation, present.rule, 'tags', present.templates);
		END IF;
		IF is_followed AND tags IS NOT NULL AND NOT was_there THEN
			PERFORM uncache.rewrite_rule(relation, present.rule, name, tags)
				WHERE present.rule <> name OR present.templates <> tags;
		ELSIF present.rule <> name OR tags IS NULL THEN
			PERFORM uncache.drop_rule(relation, present.rule);
		END IF;
		was_there := true;
	END LOOP;
	IF may_make THEN
		PERFORM uncache.drop_schema_remains(relation);
	END IF;
	IF tags IS NOT NULL AND (may_make OR was_there) THEN
		PERFORM uncache.put_rule(relation, name, 'tags', tags, NULL);
	END IF;
END
$$;
COMMENT ON FUNCTION uncache.put_schema_rule(regclass, boolean, boolean) IS 'makes, replaces or removes a table''s automatic rule';

/*
 * Tables of the schema, and those that inherit from them.  They are locked, as
 * making a rule does anyway, before their columns are looked at: who is altering
 * one does not see yet that its schema is watched.  (Of one that is another's the
 * rule cannot be made either, and that says so.)
 */
CREATE FUNCTION uncache.put_schema_rules(schema regnamespace, is_followed boolean) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	relation regclass;
BEGIN
	IF NOT is_followed THEN
		FOR relation IN
			SELECT DISTINCT u.relation
			FROM pg_class c, uncache.tables_using('pg_class'::regclass, c.oid) AS u(relation)
			WHERE c.relnamespace = schema AND c.relkind IN ('r', 'p') AND uncache.schema_tags(u.relation) IS NOT NULL
				AND (SELECT pg_has_role(o.relowner, 'USAGE') FROM pg_class o WHERE o.oid = u.relation)
			ORDER BY 1
		LOOP
			EXECUTE format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE', relation);
		END LOOP;
	END IF;
	FOR relation IN
		SELECT DISTINCT u.relation
		FROM pg_class c, uncache.tables_using('pg_class'::regclass, c.oid) AS u(relation)
		WHERE c.relnamespace = schema AND c.relkind IN ('r', 'p')
		ORDER BY 1
	LOOP
		PERFORM uncache.put_schema_rule(relation, true, is_followed);
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache.put_schema_rules(regnamespace, boolean) IS 'makes, replaces or removes the automatic rules of a schema';

/*
 * The schema is locked, so that a table that somebody is making in it is either
 * seen here or its maker sees that the schema is watched.
 */
CREATE FUNCTION uncache.watch_schema(schema regnamespace, exclude name[] DEFAULT '{}', target text DEFAULT 'default') RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	schema_name name := (SELECT nspname FROM pg_namespace WHERE oid = schema);
BEGIN
	IF schema_name IS NULL OR exclude IS NULL OR target IS NULL THEN
		RAISE EXCEPTION 'a schema is needed'
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'For example: SELECT uncache.watch_schema(''billing'', exclude => ''{log}'').';
	ELSIF schema_name IN ('uncache', 'information_schema') OR schema_name LIKE 'pg\_%' THEN
		RAISE EXCEPTION 'schema % cannot be watched', schema
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF NOT uncache.is_target(target) THEN
		RAISE EXCEPTION 'invalid name of a target: "%"', target
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM uncache.lock_schema(schema);
	PERFORM uncache.put_schema(schema, exclude, target);
	PERFORM uncache.put_schema_rules(schema, false);
END
$$;
COMMENT ON FUNCTION uncache.watch_schema(regnamespace, name[], text) IS 'gives all tables of a schema, later ones too, the tags schema.table and schema.table:<primary key>; for the owner of the schema and its tables, or a superuser';

CREATE FUNCTION uncache.unwatch_schema(schema regnamespace) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
BEGIN
	PERFORM uncache.lock_schema(schema);
	PERFORM uncache.remove_schema(schema);
	PERFORM uncache.put_schema_rules(schema, false);
END
$$;
COMMENT ON FUNCTION uncache.unwatch_schema(regnamespace) IS 'removes what uncache.watch_schema made; other rules stay';
