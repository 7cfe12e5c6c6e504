/* What uncache keeps: the journal, its gaps, its consumers, the marker of a crash, watched schemas. */

/*
 * The journal is the whole of its segments, which are filled in turn, and emptied by TRUNCATE.
 * No row is deleted by itself, and so there is nothing to vacuum.
 */
CREATE TABLE uncache.journal (
	xid		xid8		NOT NULL,
	part	integer		NOT NULL,
	at		timestamptz	NOT NULL,
	target	text		NOT NULL,
	action	text		NOT NULL,
	keys	text[]		NOT NULL,
	CONSTRAINT rows_are_in_segments CHECK (false) NO INHERIT
);
ALTER TABLE uncache.journal ALTER COLUMN keys SET STORAGE EXTERNAL;

CREATE TABLE uncache.segments (
	number		integer		PRIMARY KEY,
	opened_at	timestamptz,
	closed_at	timestamptz,
	emptied_xid	xid8
);
COMMENT ON TABLE uncache.segments IS
	'the tables that the journal consists of: one takes rows, some wait until nobody wants their rows, the others '
	'are empty';
COMMENT ON COLUMN uncache.segments.number IS 'the table is uncache.journal_<number>';
COMMENT ON COLUMN uncache.segments.opened_at IS 'since when it has taken rows; null if it is empty';
COMMENT ON COLUMN uncache.segments.closed_at IS 'since when the next one has taken them; null if none has';
COMMENT ON COLUMN uncache.segments.emptied_xid IS
	'the last transaction whose rows have gone with it, whenever it was emptied; null if it never was';

CREATE FUNCTION uncache_internal.segment_count() RETURNS integer
	LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'uncache_segment_count';
COMMENT ON FUNCTION uncache_internal.segment_count() IS 'how many segments the journal has';

DO $$
DECLARE
	segment name;
BEGIN
	FOR number IN 1 .. uncache_internal.segment_count() LOOP
		segment := 'journal_' || number;
		EXECUTE format('CREATE TABLE uncache.%I () INHERITS (uncache.journal) WITH (toast_tuple_target = 8160, '
			'autovacuum_enabled = off, toast.autovacuum_enabled = off)', segment);
		EXECUTE format('CREATE INDEX %I ON uncache.%I (xid, part)', segment || '_xid_part_idx', segment);
		EXECUTE format('COMMENT ON TABLE uncache.%I IS %L', segment, 'a segment of the journal');
		INSERT INTO uncache.segments (number, opened_at)
			VALUES (number, CASE number WHEN 1 THEN pg_catalog.clock_timestamp() END);
	END LOOP;
END
$$;

COMMENT ON TABLE uncache.journal IS
	'committed invalidations not yet applied by every consumer, and those of the retention time';
COMMENT ON COLUMN uncache.journal.xid IS 'top-level transaction that changed the rows';
COMMENT ON COLUMN uncache.journal.part IS 'ordinal of the row within its transaction';
COMMENT ON COLUMN uncache.journal.at IS 'wall clock just before commit; for lag, never for order';
COMMENT ON COLUMN uncache.journal.target IS 'Redis destination by alias';
COMMENT ON COLUMN uncache.journal.action IS 'what the target does with the keys';
COMMENT ON COLUMN uncache.journal.keys IS 'keys or patterns, without the target''s prefix';

/*
 * Every later version keeps this shape: a session that still has an older library
 * writes a row where it does not know the other tables any more.  No index, since
 * one could be altered, too, and the table is nearly always empty.
 */
CREATE TABLE uncache.gaps (
	xid		xid8		NOT NULL,
	at		timestamptz	NOT NULL,
	reason	text		NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);
ALTER TABLE uncache.gaps REPLICA IDENTITY FULL;

COMMENT ON TABLE uncache.gaps IS
	'transactions whose invalidations could not be journalled: every consumer that comes by one resyncs. Its '
	'columns never change: sessions with an older library write here';
COMMENT ON COLUMN uncache.gaps.xid IS 'top-level transaction that changed the rows';
COMMENT ON COLUMN uncache.gaps.at IS 'wall clock just before commit';
COMMENT ON COLUMN uncache.gaps.reason IS 'why its invalidations could not be journalled';

CREATE TABLE uncache.consumers (
	id				integer		GENERATED ALWAYS AS IDENTITY UNIQUE,
	target			text		PRIMARY KEY,
	barrier			xid8,
	cursor			text,
	resync_reason	text,
	identity		text,
	server			text,
	replid			text,
	registered_at	timestamptz	NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	acked_at		timestamptz,
	lost_at			timestamptz,
	missed_from		timestamptz,
	checked_at		timestamptz,
	late_standbys	text[],
	place			text,
	address			text,
	shards			jsonb
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

COMMENT ON TABLE uncache.consumers IS 'one cursor in the journal for each target';
COMMENT ON COLUMN uncache.consumers.id IS 'the key of the consumer''s locks';
COMMENT ON COLUMN uncache.consumers.target IS 'Redis destination by alias';
COMMENT ON COLUMN uncache.consumers.barrier IS 'transactions before this one may not know of the consumer';
COMMENT ON COLUMN uncache.consumers.cursor IS
	'what is applied; null until the barrier has passed, and while it is lost';
COMMENT ON COLUMN uncache.consumers.resync_reason IS 'why a resync is or, if it is lost, will be due; null if none is';
COMMENT ON COLUMN uncache.consumers.identity IS
	'cluster, timeline, database and copy of the files that the cursor belongs to';
COMMENT ON COLUMN uncache.consumers.server IS
	'the Redis process that the deletes went to, as uncached names it; null if it is not known';
COMMENT ON COLUMN uncache.consumers.replid IS
	'the history, by its replication id, that the process went on with; null if it is not known';
COMMENT ON COLUMN uncache.consumers.place IS
	'where in Redis the deletes went to, database and prefix, as uncached names it; null if it is not known';
COMMENT ON COLUMN uncache.consumers.address IS
	'of a Redis that does not tell which process it is, by what it was reached; null of others';
COMMENT ON COLUMN uncache.consumers.shards IS
	'of a Redis Cluster, what server and replid are of a single Redis: the process of each primary by its '
	'replication id; null of others';
COMMENT ON COLUMN uncache.consumers.registered_at IS
	'when the target was attached to first, or first after it was lost';
COMMENT ON COLUMN uncache.consumers.acked_at IS
	'when its daemon last acknowledged a cursor, be it the same; a daemon that works does so every 10 s';
COMMENT ON COLUMN uncache.consumers.lost_at IS
	'when it was declared lost; null if it was not: nothing is journalled for a lost consumer';
COMMENT ON COLUMN uncache.consumers.missed_from IS 'of a lost consumer, from when on changes are missing';
COMMENT ON COLUMN uncache.consumers.checked_at IS 'when it was last looked at because it does not acknowledge';
COMMENT ON COLUMN uncache.consumers.late_standbys IS
	'standbys that its daemon no longer waits for; null if it waits for all that it is to';

/*
 * What is behind the cursor of any of these is kept in the journal: trim()
 * counts them in.  Where a consumer's Redis is found to go on from a place in its
 * history, the newest of these before that place says what has to be applied
 * again.
 */
CREATE TABLE uncache.positions (
	consumer_id	integer		NOT NULL,
	slot		timestamptz	NOT NULL,
	repl_offset	bigint		NOT NULL,
	cursor		text		NOT NULL,
	repl_offsets jsonb,
	PRIMARY KEY (consumer_id, slot)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
COMMENT ON TABLE uncache.positions IS 'places in the history of a consumer''s Redis, and what had been applied there';
COMMENT ON COLUMN uncache.positions.consumer_id IS 'the consumer, whose row names the history';
COMMENT ON COLUMN uncache.positions.slot IS
	'when it was acknowledged, rounded off: one for each 300th part of uncache.retention is kept';
COMMENT ON COLUMN uncache.positions.repl_offset IS 'the place: Redis'' replication offset; 0 in a Redis Cluster';
COMMENT ON COLUMN uncache.positions.repl_offsets IS
	'in a Redis Cluster, the place in each history: the offset by the replication id; null of others';
COMMENT ON COLUMN uncache.positions.cursor IS 'what had been applied there';

/* Crash recovery empties it; that is how a crash is told from a restart. */
CREATE UNLOGGED TABLE uncache.markers (
	consumer_id	integer	PRIMARY KEY
);
COMMENT ON TABLE uncache.markers IS 'empty after a crash of PostgreSQL: unlogged on purpose';

/* An empty schema has no trigger to remember by that it is watched.  pg_dump dumps it. */
CREATE TABLE uncache.schemas (
	schema	name	PRIMARY KEY,
	exclude	name[]	NOT NULL,
	target	text	NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('uncache.schemas', '');
COMMENT ON TABLE uncache.schemas IS 'the schemas that uncache.watch_schema was called for';
COMMENT ON COLUMN uncache.schemas.schema IS 'the schema''s name; it follows when that changes';
COMMENT ON COLUMN uncache.schemas.exclude IS 'tables that are not watched, by name';
COMMENT ON COLUMN uncache.schemas.target IS 'Redis destination by alias';

/*
 * Whose rights the queries of a rule have, and what they may use. Triggers' arguments
 * are text that whoever makes the trigger chooses: only what stands here is run. Not
 * dumped: a dump's triggers are admitted when they are made.
 */
CREATE TABLE uncache.admissions (
	trigger			oid		NOT NULL,
	relation		oid		NOT NULL,
	arguments		text[]	NOT NULL,
	is_for_rows		boolean	NOT NULL,
	author			oid		NOT NULL,
	is_superuser	boolean	NOT NULL,
	objects			text[]	NOT NULL
);
CREATE INDEX admissions_relation_idx ON uncache.admissions (relation);
CREATE INDEX admissions_trigger_idx ON uncache.admissions (trigger);
COMMENT ON TABLE uncache.admissions IS 'rules with queries that were admitted';
COMMENT ON COLUMN uncache.admissions.relation IS 'the rule''s table';
COMMENT ON COLUMN uncache.admissions.arguments IS 'all arguments of its trigger';
COMMENT ON COLUMN uncache.admissions.trigger IS 'the trigger; another one after pg_upgrade';
COMMENT ON COLUMN uncache.admissions.is_for_rows IS 'whether it fires for rows, or for TRUNCATE';
COMMENT ON COLUMN uncache.admissions.author IS 'the role whose rights the queries have';
COMMENT ON COLUMN uncache.admissions.is_superuser IS 'whether it was superuser then';
COMMENT ON COLUMN uncache.admissions.objects IS 'what the queries used then: they may use nothing else';

/*
 * Materialized views have no triggers that could be rules. pg_dump dumps this table, and restores it before
 * some of the views: nothing in a row may need its view, and by names it is found when it is there. A
 * view's oid finds it also under a name that nobody was told of, but only in the database of its origin.
 */
CREATE TABLE uncache.view_rules (
	view		oid		NOT NULL,
	origin		text	NOT NULL,
	schema		name	NOT NULL,
	name		name	NOT NULL,
	action		text	NOT NULL,
	templates	text[]	NOT NULL
);
ALTER TABLE uncache.view_rules REPLICA IDENTITY FULL;
CREATE INDEX view_rules_view_idx ON uncache.view_rules (view);
CREATE INDEX view_rules_name_idx ON uncache.view_rules (name, schema);
SELECT pg_catalog.pg_extension_config_dump('uncache.view_rules', '');
COMMENT ON TABLE uncache.view_rules IS 'the rules of materialized views: what goes at REFRESH';
COMMENT ON COLUMN uncache.view_rules.view IS 'the view, in the database of its origin';
COMMENT ON COLUMN uncache.view_rules.origin IS 'cluster and database in which the rule was made or renamed last';
COMMENT ON COLUMN uncache.view_rules.schema IS 'the view''s schema; it follows when that changes';
COMMENT ON COLUMN uncache.view_rules.name IS 'the view''s name; it follows when that changes';
COMMENT ON COLUMN uncache.view_rules.action IS 'what the target does with the keys';
COMMENT ON COLUMN uncache.view_rules.templates IS 'without placeholders';
