/* uncache 0.1: PostgreSQL tells Redis what to forget. */
\echo Use "CREATE EXTENSION uncache" to load this file. \quit

/*
 * The owner of a schema may drop and replace what is in it.  A schema of this
 * name that somebody made beforehand is therefore refused.
 */
DO $$
BEGIN
	IF (SELECT nspowner FROM pg_catalog.pg_namespace WHERE nspname = 'uncache')
		<> (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER)
	THEN
		RAISE EXCEPTION 'schema "uncache" belongs to another role'
			USING HINT = 'Drop it, or give it to the role that creates the extension, after you have looked at what is in it.';
	END IF;
END
$$;

/* ---------- tables ---------- */

CREATE TABLE uncache.journal (
	xid		xid8		NOT NULL,
	part	integer		NOT NULL,
	at		timestamptz	NOT NULL,
	target	text		NOT NULL,
	action	text		NOT NULL,
	keys	text[]		NOT NULL
) WITH (
	toast_tuple_target = 8160,
	autovacuum_vacuum_scale_factor = 0,
	autovacuum_vacuum_threshold = 10000,
	autovacuum_vacuum_insert_scale_factor = 0.5
);
ALTER TABLE uncache.journal ALTER COLUMN keys SET STORAGE EXTERNAL;
/* so that trimming works where a publication names all tables */
ALTER TABLE uncache.journal REPLICA IDENTITY FULL;
CREATE INDEX journal_xid_part_idx ON uncache.journal (xid, part);

COMMENT ON TABLE uncache.journal IS 'committed invalidations not yet applied by every consumer, and those of the retention time';
COMMENT ON COLUMN uncache.journal.xid IS 'top-level transaction that changed the rows';
COMMENT ON COLUMN uncache.journal.part IS 'ordinal of the row within its transaction';
COMMENT ON COLUMN uncache.journal.at IS 'wall clock just before commit; for lag, never for order';
COMMENT ON COLUMN uncache.journal.target IS 'Redis destination by alias';
COMMENT ON COLUMN uncache.journal.action IS 'what the target does with the keys: keys or patterns';
COMMENT ON COLUMN uncache.journal.keys IS 'keys or patterns, without the target''s prefix';

CREATE TABLE uncache.consumers (
	id				integer		GENERATED ALWAYS AS IDENTITY,
	target			text		PRIMARY KEY,
	barrier			xid8,
	cursor			text,
	resync_reason	text,
	identity		text,
	server			text,
	registered_at	timestamptz	NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	acked_at		timestamptz
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

COMMENT ON TABLE uncache.consumers IS 'one cursor in the journal for each target';
COMMENT ON COLUMN uncache.consumers.id IS 'the key of the consumer''s locks';
COMMENT ON COLUMN uncache.consumers.target IS 'Redis destination by alias';
COMMENT ON COLUMN uncache.consumers.barrier IS 'transactions before this one may not know of the consumer';
COMMENT ON COLUMN uncache.consumers.cursor IS 'what is applied; null until the barrier has passed';
COMMENT ON COLUMN uncache.consumers.resync_reason IS 'why a resync is due; null if none is';
COMMENT ON COLUMN uncache.consumers.identity IS 'cluster, timeline and database that the cursor belongs to';
COMMENT ON COLUMN uncache.consumers.server IS 'the Redis process that the deletes went to, as uncached names it; null if it is not known';
COMMENT ON COLUMN uncache.consumers.registered_at IS 'when the target was first attached to';
COMMENT ON COLUMN uncache.consumers.acked_at IS 'when the cursor last moved';

/* Crash recovery empties it; that is how a crash is told from a restart. */
CREATE UNLOGGED TABLE uncache.markers (
	consumer_id	integer	PRIMARY KEY
);
COMMENT ON TABLE uncache.markers IS 'empty after a crash of PostgreSQL: unlogged on purpose';

/* ---------- rules ---------- */

CREATE FUNCTION uncache.keys() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_keys';
COMMENT ON FUNCTION uncache.keys() IS 'trigger function: the target unlinks each key that the row renders to';

CREATE FUNCTION uncache.check_template(relation regclass, template text) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_check_template';
COMMENT ON FUNCTION uncache.check_template(regclass, text) IS 'raises what is wrong with a template for a table';

CREATE FUNCTION uncache.template_for_any_row(template text, OUT target text, OUT action text, OUT key text)
	LANGUAGE c STRICT IMMUTABLE AS 'MODULE_PATHNAME', 'uncache_template_for_any_row';
COMMENT ON FUNCTION uncache.template_for_any_row(text) IS 'what a template renders to for whatever row';

CREATE FUNCTION uncache.trigger_arguments(trigger oid) RETURNS text[]
	LANGUAGE c STRICT STABLE AS 'MODULE_PATHNAME', 'uncache_trigger_arguments';
COMMENT ON FUNCTION uncache.trigger_arguments(oid) IS 'the arguments of a trigger';

CREATE FUNCTION uncache.is_target(name text) RETURNS boolean
	LANGUAGE c STRICT IMMUTABLE AS 'MODULE_PATHNAME', 'uncache_is_target';
COMMENT ON FUNCTION uncache.is_target(text) IS 'whether a name can name a target';

CREATE VIEW uncache.rules AS
SELECT t.tgrelid::regclass AS relation,
	t.tgname AS rule,
	p.proname AS action,
	uncache.trigger_arguments(t.oid) AS templates,
	pg_catalog.concat_ws(' OR ',
		CASE WHEN t.tgtype & 4 <> 0 THEN 'INSERT' END,
		CASE WHEN t.tgtype & 16 <> 0 THEN 'UPDATE' END,
		CASE WHEN t.tgtype & 8 <> 0 THEN 'DELETE' END,
		CASE WHEN t.tgtype & 32 <> 0 THEN 'TRUNCATE' END) AS events,
	CASE t.tgenabled WHEN 'A' THEN 'always' WHEN 'O' THEN 'origin'
		WHEN 'R' THEN 'replica' ELSE 'disabled' END AS enabled,
	t.tgqual IS NOT NULL OR t.tgattr <> '' AS is_conditional,
	pg_catalog.pg_get_triggerdef(t.oid) AS definition
FROM pg_catalog.pg_trigger t
	JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
WHERE t.tgfoid = 'uncache.keys()'::regprocedure
	AND t.tgparentid = 0;
COMMENT ON VIEW uncache.rules IS 'every rule: the triggers that call uncache''s trigger functions';

/* ---------- watch ---------- */

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

/*
 * A new partition inherits row rules (PostgreSQL demands that whoever makes it
 * may execute the trigger function); its TRUNCATE rule is made here.  That is
 * copied from an ancestor as it is, so this runs as the extension's owner.
 */
CREATE FUNCTION uncache.cover_partition(partition regclass) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	source record;
BEGIN
	FOR source IN
		SELECT r.rule, r.templates
		FROM pg_partition_ancestors(partition) a
			JOIN uncache.rules r ON r.relation = a.relid
		WHERE a.relid <> partition AND r.rule = 'uncache_keys_truncate'
			AND NOT EXISTS (SELECT FROM pg_trigger t
				WHERE t.tgrelid = partition AND t.tgname = r.rule)
		LIMIT 1
	LOOP
		PERFORM uncache.put_trigger(partition, source.rule, 'TRUNCATE', 'STATEMENT', source.templates);
	END LOOP;
END
$$;
COMMENT ON FUNCTION uncache.cover_partition(regclass) IS 'gives a partition the TRUNCATE rule of its parent';

CREATE FUNCTION uncache.attaches_partition(command pg_ddl_command) RETURNS boolean
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_attaches_partition';
COMMENT ON FUNCTION uncache.attaches_partition(pg_ddl_command) IS 'whether an ALTER TABLE attaches a partition';

/*
 * Of ALTER TABLE only ATTACH PARTITION counts: pg_restore enables the parent's
 * trigger before it creates that of the partition, which must not be there yet.
 */
CREATE FUNCTION uncache.cover_partitions() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	partition regclass;
BEGIN
	FOR partition IN
		SELECT DISTINCT t.relid
		FROM pg_event_trigger_ddl_commands() c, pg_partition_tree(c.objid) t
			JOIN pg_class k ON k.oid = t.relid AND k.relkind IN ('r', 'p') AND k.relispartition
		WHERE c.classid = 'pg_class'::regclass AND c.objsubid = 0
			AND (c.command_tag <> 'ALTER TABLE' OR uncache.attaches_partition(c.command))
	LOOP
		PERFORM uncache.cover_partition(partition);
	END LOOP;
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING 'uncache cannot watch TRUNCATE of a new partition: %', SQLERRM
		USING HINT = 'Call uncache.watch again for the partitioned table.';
END
$$;
COMMENT ON FUNCTION uncache.cover_partitions() IS 'event trigger: gives new partitions their TRUNCATE rules';

CREATE EVENT TRIGGER uncache_cover_partitions ON ddl_command_end
	WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE TABLE AS', 'SELECT INTO')
	EXECUTE FUNCTION uncache.cover_partitions();
/* replicated DDL and replica-role sessions create partitions, too */
ALTER EVENT TRIGGER uncache_cover_partitions ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER uncache_cover_partitions IS 'gives new partitions their TRUNCATE rules';

/* ---------- by hand ---------- */

CREATE FUNCTION uncache.invalidate(VARIADIC keys text[]) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_invalidate';
COMMENT ON FUNCTION uncache.invalidate(text[]) IS 'forgets these keys when the transaction commits';

/* ---------- the journal's interface ---------- */

CREATE FUNCTION uncache.lock_consumer(id integer) RETURNS boolean
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_lock_consumer';
COMMENT ON FUNCTION uncache.lock_consumer(integer) IS 'takes a consumer''s lock for the session';

CREATE FUNCTION uncache.consumers_changed() RETURNS void
	LANGUAGE c AS 'MODULE_PATHNAME', 'uncache_consumers_changed';
COMMENT ON FUNCTION uncache.consumers_changed() IS 'makes every backend read uncache.consumers again';

CREATE FUNCTION uncache.retention_seconds() RETURNS integer
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'uncache_retention_seconds';
COMMENT ON FUNCTION uncache.retention_seconds() IS 'the setting uncache.retention';

CREATE FUNCTION uncache.identity() RETURNS text
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('system %s, timeline %s, database %s',
		(SELECT system_identifier FROM pg_control_system()),
		left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
		(SELECT oid FROM pg_database WHERE datname = current_database()))
$$;
COMMENT ON FUNCTION uncache.identity() IS 'the history that a cursor belongs to';

/*
 * Transactions of this database from before the barrier that have not ended.
 * Sessions first: a transaction that is prepared meanwhile is found in one of
 * the two.
 */
CREATE FUNCTION uncache.transactions_in_flight(barrier xid8) RETURNS SETOF xid
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT a.backend_xid
	FROM pg_stat_activity a
	WHERE age(a.backend_xid) > age(barrier::xid)
		AND (a.datid IS NULL OR a.datid = (SELECT oid FROM pg_database WHERE datname = current_database()))
	UNION ALL
	SELECT p.transaction
	FROM pg_prepared_xacts p
	WHERE age(p.transaction) > age(barrier::xid) AND p.database = current_database()
$$;
COMMENT ON FUNCTION uncache.transactions_in_flight(xid8) IS 'transactions from before a barrier that are still running';

CREATE FUNCTION uncache.has_marker(consumer_id integer) RETURNS boolean
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
COMMENT ON FUNCTION uncache.has_marker(integer) IS 'false if PostgreSQL has crashed since the consumer attached last';

/* Why nothing can be proven about what a consumer has missed, or null. */
CREATE FUNCTION uncache.find_resync_reason(consumer uncache.consumers, server text) RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF consumer.cursor IS NULL THEN
		RETURN 'first registration';
	ELSIF consumer.identity <> uncache.identity() THEN
		RETURN format('another history: the cursor is from %s; this is %s', consumer.identity, uncache.identity());
	ELSIF NOT uncache.has_marker(consumer.id) THEN
		RETURN 'PostgreSQL has crashed';
	ELSIF consumer.resync_reason IS NULL AND consumer.server <> server THEN
		RETURN 'Redis is another process than before, which may have lost deletes';
	ELSIF consumer.resync_reason IS NULL AND consumer.server IS NULL AND server IS NOT NULL THEN
		RETURN 'it is not known which Redis process the last deletes went to';
	END IF;
	RETURN consumer.resync_reason;
END
$$;
COMMENT ON FUNCTION uncache.find_resync_reason(uncache.consumers, text) IS 'why a consumer has to resync; null if it has not';

/*
 * The registration has to be committed before the barrier is taken: then a
 * transaction whose id comes after the barrier's knows of it when it writes its
 * first row, and one before it is waited for.  The barrier is an id of its own,
 * since a snapshot does not list what is running beyond the last that ended.
 */
CREATE FUNCTION uncache.pass_barrier(consumer uncache.consumers, OUT passed boolean, OUT reason text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	known_barrier xid8 := consumer.barrier;
BEGIN
	IF (SELECT c.xmin = pg_current_xact_id_if_assigned()::xid FROM uncache.consumers c WHERE c.id = consumer.id) THEN
		passed := false;
		reason := 'this transaction, which registered it, has to end first';
		RETURN;
	END IF;
	IF known_barrier IS NULL THEN
		UPDATE uncache.consumers c SET barrier = pg_current_xact_id()
			WHERE c.id = consumer.id
			RETURNING c.barrier INTO known_barrier;
	END IF;
	PERFORM pg_stat_clear_snapshot();
	SELECT count(*) = 0, format('transactions in flight have to end first: %s, the oldest is %s', count(*), (array_agg(x ORDER BY age(x) DESC))[1])
		INTO passed, reason
		FROM uncache.transactions_in_flight(known_barrier) x;
END
$$;
COMMENT ON FUNCTION uncache.pass_barrier(uncache.consumers) IS 'whether every transaction that may not know of a consumer has ended';

CREATE FUNCTION uncache.attach(target text, server text DEFAULT NULL, OUT state text, OUT cursor text, OUT reason text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	consumer uncache.consumers;
BEGIN
	IF NOT coalesce(uncache.is_target(attach.target), false) THEN
		RAISE EXCEPTION 'invalid name of a target: "%"', attach.target
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'A target''s name is a letter and up to 47 letters, digits, "_", "." or "-".';
	END IF;
	/* a consumer that took part in serialization would make writers fail */
	IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
		RAISE EXCEPTION 'a consumer must not work in a % transaction', upper(current_setting('transaction_isolation'))
			USING ERRCODE = 'feature_not_supported',
			HINT = 'SET default_transaction_isolation = ''read committed'' in its session.';
	END IF;
	SELECT * INTO consumer FROM uncache.consumers c WHERE c.target = attach.target;
	IF NOT FOUND THEN
		/* locked before it is seen: who takes the barrier must come after the commit */
		INSERT INTO uncache.consumers AS c (target) VALUES (attach.target) ON CONFLICT DO NOTHING
			RETURNING c.id INTO consumer.id;
		IF FOUND THEN
			PERFORM uncache.lock_consumer(consumer.id);
		END IF;
		PERFORM uncache.consumers_changed();
		state := 'waiting';
		reason := 'registered';
		RETURN;
	END IF;
	IF NOT uncache.lock_consumer(consumer.id) THEN
		state := 'standby';
		reason := format('session %s works for the target', uncache.consumer_worker(consumer.id));
		RETURN;
	END IF;
	/* again: who had the lock before may have changed it */
	SELECT * INTO STRICT consumer FROM uncache.consumers c WHERE c.id = consumer.id;

	IF consumer.cursor IS NULL THEN
		SELECT b.reason INTO reason FROM uncache.pass_barrier(consumer) b WHERE NOT b.passed;
		IF FOUND THEN
			state := 'waiting';
			RETURN;
		END IF;
	END IF;

	state := 'ready';
	cursor := consumer.cursor;
	reason := uncache.find_resync_reason(consumer, server);
	IF reason IS NOT NULL THEN
		state := 'resync';
		/* a cursor of this history holds on: what was invalidated by hand is in no rule */
		IF cursor IS NULL OR consumer.identity <> uncache.identity() THEN
			cursor := pg_current_snapshot()::text;
		END IF;
		UPDATE uncache.consumers c
			SET cursor = attach.cursor, resync_reason = attach.reason, identity = uncache.identity(),
				server = attach.server
			WHERE c.id = consumer.id;
		INSERT INTO uncache.markers VALUES (consumer.id) ON CONFLICT DO NOTHING;
	END IF;
END
$$;
COMMENT ON FUNCTION uncache.attach(text, text) IS 'registers a target''s consumer and takes its lock for the session';

CREATE FUNCTION uncache.consumer_worker(consumer_id integer) RETURNS integer
	LANGUAGE sql STRICT SET search_path = pg_catalog, pg_temp
AS $$
	SELECT l.pid FROM pg_locks l
	WHERE l.locktype = 'advisory' AND l.objsubid = 7501 AND l.classid = 0 AND l.objid = consumer_id::oid
		AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND l.granted
	LIMIT 1
$$;
COMMENT ON FUNCTION uncache.consumer_worker(integer) IS 'the process id of the session that has a consumer''s lock';

CREATE FUNCTION uncache.fetch(target text, cursor text, max_bytes integer, sleep boolean,
	OUT at timestamptz, OUT action text, OUT keys text[], OUT next_cursor text) RETURNS SETOF record
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_fetch';
COMMENT ON FUNCTION uncache.fetch(text, text, integer, boolean) IS 'the journal rows behind a cursor; the last row has the next cursor';

CREATE FUNCTION uncache.check_ack(target text, cursor text) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'uncache_check_ack';
COMMENT ON FUNCTION uncache.check_ack(text, text) IS 'raises unless the session may move the consumer to the cursor';

CREATE FUNCTION uncache.ack(target text, cursor text) RETURNS void
	LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM uncache.check_ack(ack.target, ack.cursor);
	UPDATE uncache.consumers c SET cursor = ack.cursor, acked_at = clock_timestamp()
		WHERE c.target = ack.target;
END
$$;
COMMENT ON FUNCTION uncache.ack(text, text) IS 'everything before the cursor is applied';

CREATE FUNCTION uncache.resync_keys(target text, OUT action text, OUT key text) RETURNS SETOF record
	LANGUAGE sql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT DISTINCT p.action, p.key
	FROM uncache.rules r, unnest(r.templates) AS t(template),
		uncache.template_for_any_row(t.template) p
	WHERE p.target = resync_keys.target
$$;
COMMENT ON FUNCTION uncache.resync_keys(text) IS 'everything that the rules can produce for a target';

CREATE FUNCTION uncache.resynced(target text) RETURNS void
	LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM uncache.check_ack(resynced.target,
		coalesce((SELECT c.cursor FROM uncache.consumers c WHERE c.target = resynced.target), '1:1:'));
	UPDATE uncache.consumers c SET resync_reason = NULL WHERE c.target = resynced.target;
END
$$;
COMMENT ON FUNCTION uncache.resynced(text) IS 'the resync that attach asked for is complete';

/*
 * Looks only at the oldest rows, so that it never reads through all that is
 * retained; a few young rows among them (of a long transaction) hold back the
 * rest for no longer than the retention time.
 */
CREATE FUNCTION uncache.trim(max_rows integer) RETURNS bigint
	LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	horizon xid8 := coalesce(
		(SELECT min(split_part(c.cursor, ':', 1)::numeric)::text::xid8 FROM uncache.consumers c),
		pg_snapshot_xmin(pg_current_snapshot()));
	cutoff timestamptz := clock_timestamp() - make_interval(secs => uncache.retention_seconds());
	deleted bigint;
BEGIN
	DELETE FROM uncache.journal j
		WHERE j.ctid = ANY (ARRAY(SELECT o.ctid FROM
			(SELECT i.ctid, i.at FROM uncache.journal i WHERE i.xid < horizon
			 ORDER BY i.xid, i.part LIMIT max_rows) o
			WHERE o.at < cutoff));
	GET DIAGNOSTICS deleted = ROW_COUNT;
	RETURN deleted;
END
$$;
COMMENT ON FUNCTION uncache.trim(integer) IS 'deletes journal rows that every consumer has consumed and that are past the retention time';

CREATE FUNCTION uncache.drop_consumer(target text) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	dropped_id integer := (SELECT c.id FROM uncache.consumers c WHERE c.target = drop_consumer.target);
BEGIN
	IF dropped_id IS NULL THEN
		RAISE EXCEPTION 'target "%" has no consumer', target
			USING ERRCODE = 'undefined_object';
	ELSIF uncache.consumer_worker(dropped_id) <> pg_backend_pid() THEN
		RAISE EXCEPTION 'session % works for target "%"', uncache.consumer_worker(dropped_id), target
			USING ERRCODE = 'object_in_use', HINT = 'Stop its uncached first.';
	END IF;
	DELETE FROM uncache.consumers c WHERE c.id = dropped_id;
	DELETE FROM uncache.markers m WHERE m.consumer_id = dropped_id;
	DELETE FROM uncache.journal j WHERE j.target = drop_consumer.target;
	PERFORM uncache.consumers_changed();
END
$$;
COMMENT ON FUNCTION uncache.drop_consumer(text) IS 'forgets a target for good: nothing is journalled for it any more';

CREATE FUNCTION uncache.cursor_has_consumed(cursor text, xid xid8, part integer) RETURNS boolean
	LANGUAGE c STRICT IMMUTABLE AS 'MODULE_PATHNAME', 'uncache_cursor_has_consumed';
COMMENT ON FUNCTION uncache.cursor_has_consumed(text, xid8, integer) IS 'whether a journal row lies before a cursor';

CREATE VIEW uncache.status AS
SELECT c.target,
	CASE WHEN c.cursor IS NULL THEN 'waiting'
		WHEN c.resync_reason IS NOT NULL OR NOT uncache.has_marker(c.id) THEN 'resync'
		ELSE 'ready' END AS state,
	uncache.consumer_worker(c.id) AS worker_pid,
	b.row_count AS pending_rows,
	b.key_count AS pending_keys,
	coalesce(pg_catalog.clock_timestamp() - b.oldest_at, interval '0') AS lag,
	CASE WHEN c.cursor IS NOT NULL AND NOT uncache.has_marker(c.id) THEN 'PostgreSQL has crashed'
		ELSE c.resync_reason END AS resync_reason,
	c.registered_at,
	c.acked_at
FROM uncache.consumers c,
	LATERAL (SELECT count(*) AS row_count, coalesce(sum(pg_catalog.cardinality(j.keys)), 0)::bigint AS key_count, min(j.at) AS oldest_at
		FROM uncache.journal j
		WHERE j.target = c.target AND j.xid >= pg_catalog.split_part(c.cursor, ':', 1)::xid8
			AND NOT uncache.cursor_has_consumed(c.cursor, j.xid, j.part)) b;
COMMENT ON VIEW uncache.status IS 'each target: who works for it and how far behind it is (reads the rows that are not applied yet)';

CREATE FUNCTION uncache.grant_consumer(role regrole) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA uncache TO %s', role);
	EXECUTE format('GRANT EXECUTE ON FUNCTION uncache.attach(text, text), uncache.fetch(text, text, integer, boolean), uncache.ack(text, text), uncache.resync_keys(text), uncache.resynced(text), uncache.trim(integer) TO %s', role);
END
$$;
COMMENT ON FUNCTION uncache.grant_consumer(regrole) IS 'lets a role run uncached, and nothing else';

CREATE FUNCTION uncache.grant_author(role regrole) RETURNS void
	LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA uncache TO %s', role);
	EXECUTE format('GRANT SELECT ON uncache.rules TO %s', role);
	EXECUTE format('GRANT EXECUTE ON FUNCTION uncache.keys(), uncache.watch(regclass, text[]), uncache.unwatch(regclass), uncache.check_template(regclass, text), uncache.check_watchable(regclass), uncache.truncate_relations(regclass), uncache.put_trigger(regclass, text, text, text, text[]), uncache.let_owner_add_partitions(regclass), uncache.trigger_arguments(oid), uncache.invalidate(text[]) TO %s', role);
END
$$;
COMMENT ON FUNCTION uncache.grant_author(regrole) IS 'lets a role write rules for tables that it owns, and invalidate by hand';

/* ---------- privileges ---------- */

REVOKE ALL ON ALL TABLES IN SCHEMA uncache FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA uncache FROM PUBLIC;
REVOKE ALL ON SCHEMA uncache FROM PUBLIC;
GRANT USAGE ON SCHEMA uncache TO pg_monitor;
GRANT SELECT ON uncache.rules, uncache.status TO pg_monitor;
GRANT EXECUTE ON FUNCTION uncache.trigger_arguments(oid), uncache.consumer_worker(integer),
	uncache.has_marker(integer), uncache.cursor_has_consumed(text, xid8, integer) TO pg_monitor;
