-- Which of PostgreSQL's own functions a query may call: none that has an effect, that only
-- PostgreSQL calls, or that runs SQL or a type's checks which it is told of by a value. All of
-- pg_proc is walked. What a new version has is listed here until somebody has read it.
\set test builtin_functions
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
\t on
\a
SET client_min_messages = warning;

CREATE VIEW v AS SELECT ''::text AS k;
CREATE TABLE t (id int);
SELECT uncache.watch('t', query => ARRAY['SELECT k FROM public.v WHERE {id} > 0', 'k:*']);
SELECT oid AS rule FROM pg_trigger WHERE tgrelid = 't'::regclass AND tgtype & 1 = 1 \gset

-- is a query run that reads a view which calls the function?
CREATE FUNCTION is_run(function oid, rule oid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	arguments text;
BEGIN
	SELECT string_agg('NULL::' || CASE
			WHEN t.typname IN ('any', 'anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray') THEN 'integer'
			WHEN t.typname IN ('anyarray', 'anycompatiblearray') THEN 'integer[]'
			WHEN t.typname IN ('anyrange', 'anycompatiblerange') THEN 'int4range'
			WHEN t.typname IN ('anymultirange', 'anycompatiblemultirange') THEN 'int4multirange'
			WHEN t.typname = 'anyenum' THEN 'colour'
			WHEN t.typname = 'record' THEN 'pg_proc'
			ELSE format('%I.%I', n.nspname, t.typname) END, ', ' ORDER BY a.n)
	INTO arguments
	FROM pg_proc p, unnest(p.proargtypes) WITH ORDINALITY AS a(type, n)
		JOIN pg_type t ON t.oid = a.type JOIN pg_namespace n ON n.oid = t.typnamespace
	WHERE p.oid = function;
	EXECUTE (SELECT format('CREATE OR REPLACE VIEW v AS SELECT ''''::text AS k FROM (SELECT %I.%I(%s) AS f) s', n.nspname, p.proname, arguments)
		FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid = function);
	RETURN uncache_internal.find_other_use(rule) IS NULL;
EXCEPTION WHEN OTHERS THEN
	/* it is in no view that PostgreSQL makes */
	RETURN NULL;
END
$$;
CREATE TYPE colour AS ENUM ('red');

CREATE TABLE functions AS
SELECT p.oid, p.oid::regprocedure::text AS function, p.proname AS name, p.provolatile = 'v' AS is_volatile,
	p.prorettype = 'void'::regtype AS returns_nothing,
	'{cstring,cstring[],internal}'::regtype[] && (string_to_array(p.proargtypes::text, ' ')::oid[] || p.prorettype)::regtype[] AS is_internal,
	EXISTS (SELECT FROM unnest(p.proargtypes) a WHERE a::regtype::text ~ '^(oid|reg.*|name|refcursor|pg_node_tree)(\[\])?$') AS takes_oid,
	'text'::regtype = ANY (p.proargtypes) OR 'text[]'::regtype = ANY (p.proargtypes) AS takes_text,
	p.provolatile = 's' AS is_stable
FROM pg_proc p WHERE p.oid < 16384 AND p.prokind = 'f';
ALTER TABLE functions ADD is_run boolean;
UPDATE functions SET is_run = is_run(oid, :rule) WHERE is_internal OR is_volatile OR returns_nothing OR takes_oid OR (takes_text AND is_stable);

-- case 1: those that are run although they have effects, or are PostgreSQL's own business, beside
-- those that return a random value or the time
SELECT function FROM functions WHERE is_run AND (is_internal OR is_volatile OR returns_nothing)
	AND name !~ '^(clock_timestamp|gen_random_uuid|random|random_normal|timeofday|uuidv[47])$' ORDER BY function COLLATE "C";
SELECT count(*) FROM functions WHERE is_run AND name IN ('clock_timestamp', 'random', 'timeofday') AND function LIKE '%()';

-- case 2: those that are run, look something up by what they are told, and that nobody has read.
-- Such a one must neither run what it finds nor make values of a type that it is told of.
CREATE TABLE known (names text);
INSERT INTO known VALUES
	-- operators, casts and the like
	('(name|oid|bt|hash|text)[a-z_]*|regclass|int8|varchar|bpchar|text|like|notlike|[a-z]+send|pg_node_tree_send|xml|xml_is_well_formed'),
	-- privileges, visibility, statistics: look at catalogs
	('has_[a-z_]+_privilege|pg_has_role|row_security_active|pg_[a-z_]+_is_visible|pg_is_other_temp_schema|pg_stat_get_[a-z_]+|acldefault|makeaclitem'),
	-- describe what is in catalogs: PostgreSQL deparses it, and calls nothing but output functions
	('_pg_[a-z_]+|col_description|obj_description|shobj_description|format_type|pg_describe_object|pg_identify_object|pg_identify_object_as_address|pg_get_object_address'),
	('pg_get_(constraintdef|expr|function_arg_default|function_arguments|function_identity_arguments|function_result|function_sqlbody|functiondef|indexdef|partkeydef|partition_constraintdef|publication_tables|replica_identity_index|ruledef|serial_sequence|statisticsobjdef|statisticsobjdef_columns|statisticsobjdef_expressions|triggerdef|userbyid|viewdef)'),
	('pg_(column_is_updatable|relation_is_updatable|relation_is_publishable|partition_root|relation_filenode|relation_filepath|filenode_relation|sequence_parameters|index_column_has_property|index_has_property|indexam_has_property|indexam_progress_phasename|tablespace_databases|tablespace_location|replication_origin_oid|extension_update_paths|options_to_table|settings_get_flags|char_to_encoding)'),
	('current_setting|to_reg[a-z]+|postgresql_fdw_validator'),
	-- text search: parsers and templates are made by superusers
	('(json_|jsonb_)?to_tsvector|(phraseto_|plainto_|websearch_)?to_tsquery|phraseto_tsquery|plainto_tsquery|ts_debug|ts_headline|ts_lexize|ts_parse|ts_token_type|ts_match_t[qt]'),
	-- a partition's hash functions are of operator classes, which are made by superusers
	('satisfies_hash_partition'),
	-- output of values that they are given
	('anytextcat|textanycat|array_to_string|concat_ws|format|length|convert|convert_from|convert_to|to_ascii|to_char|to_date|to_number|to_timestamp|make_timestamptz|timezone|date_part|date_trunc|extract'),
	-- of PostgreSQL 16 to 18
	('pg_basetype|pg_get_acl|pg_split_walfile_name|date_add|date_subtract|pg_get_multixact_stats');
SELECT f.function FROM functions f
WHERE f.is_run AND (f.takes_oid OR f.takes_text AND f.is_stable) AND NOT f.is_internal AND NOT f.is_volatile
	AND NOT EXISTS (SELECT FROM known k WHERE f.name ~ ('^(' || k.names || ')$'))
ORDER BY 1;

-- case 3: a type's CHECK calls one, where no tree tells of the type
\set VERBOSITY terse
CREATE ROLE regress_uncache_f_author;
CREATE ROLE regress_uncache_f_other;
SELECT uncache.grant_author('regress_uncache_f_author');
CREATE SCHEMA a AUTHORIZATION regress_uncache_f_author;
CREATE SCHEMA o AUTHORIZATION regress_uncache_f_other;
GRANT USAGE ON SCHEMA a TO PUBLIC;
GRANT USAGE ON SCHEMA o TO PUBLIC;
SET SESSION AUTHORIZATION regress_uncache_f_author;
CREATE TABLE a.secret (s text);
INSERT INTO a.secret VALUES ('the secret of the author');
CREATE TABLE a.t (id int, name text);
SET SESSION AUTHORIZATION regress_uncache_f_other;
SELECT lo_create(777777) \g (format=unaligned) /dev/null
GRANT SELECT, UPDATE ON LARGE OBJECT 777777 TO PUBLIC;
CREATE VIEW o.v AS SELECT 'x'::text AS k;
GRANT SELECT ON o.v TO PUBLIC;
\set told 'query_to_xml(''SELECT pg_catalog.lo_put(777777, 0, pg_catalog.convert_to(s, ''''UTF8'''')) FROM a.secret'', true, true, '''') IS NOT NULL'
CREATE DOMAIN o.d AS text CHECK (VALUE = 'skip' OR :told);
CREATE TYPE o.c AS (x o.d);
CREATE TYPE o.r AS RANGE (subtype = o.d);
SET check_function_bodies = off;
CREATE FUNCTION o.f() RETURNS o.c LANGUAGE sql AS $$ SELECT '(x)'::o.c $$;
SET SESSION AUTHORIZATION regress_uncache_f_author;
SELECT uncache.watch('a.t', query => ARRAY[$$SELECT 'k:' || k FROM o.v WHERE {id} > 0$$]);
RESET SESSION AUTHORIZATION;
-- makes the view of this condition, and runs the query
CREATE PROCEDURE try(condition text) LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL ROLE regress_uncache_f_other;
	EXECUTE format('CREATE OR REPLACE VIEW o.v AS SELECT ''x''::text AS k WHERE %s', condition);
	RESET ROLE;
	INSERT INTO a.t VALUES (1, condition);
END
$$;
CALL try('true');
SELECT * FROM journalled();
CALL try($$pg_catalog.domain_in('x', to_regtype('o.d')::oid, -1) IS NOT NULL$$);
CALL try($$pg_catalog.record_in('(x)', to_regtype('o.c')::oid, -1) IS NOT NULL$$);
CALL try($$pg_catalog.array_in('{x}', to_regtype('o.d')::oid, -1)::text IS NOT NULL$$);
CALL try($$pg_catalog.range_in('[x,x]', to_regtype('o.r')::oid, -1)::text IS NOT NULL$$);
CALL try($$pg_catalog.fmgr_sql_validator(to_regprocedure('o.f()')::oid)::text IS NOT NULL$$);
SELECT * FROM journalled();
SELECT problem FROM uncache.check_rules() WHERE relation = 'a.t'::regclass;
SELECT convert_from(lo_get(777777), 'UTF8') = '';

-- case 4: a function in C that calls an input function itself
RESET client_min_messages;
CREATE FUNCTION a.c_domain_in(cstring, oid, int) RETURNS boolean LANGUAGE internal AS 'domain_in';
SET SESSION AUTHORIZATION regress_uncache_f_author;
SELECT uncache.watch('a.t', query => ARRAY[$$SELECT 'c:x' WHERE {id} > 0 AND a.c_domain_in('x', to_regtype('o.d')::oid, -1)$$, 'c:*']);
RESET SESSION AUTHORIZATION;
\set VERBOSITY default
INSERT INTO a.t VALUES (1);
\set VERBOSITY terse
SELECT * FROM journalled();
SELECT convert_from(lo_get(777777), 'UTF8') = '';

\c postgres
\set VERBOSITY terse
DROP DATABASE uncache_builtin_functions;
DROP ROLE regress_uncache_f_author, regress_uncache_f_other;
