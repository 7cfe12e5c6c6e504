-- Whoever runs the database may index the journal to look at it: every index has
-- every row, also rows that are toasted.
\set test journal_indexes
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
-- who is kept from nothing by event triggers; with them: test follow
ALTER EVENT TRIGGER uncache_clear_way DISABLE;
ALTER EVENT TRIGGER uncache_follow_command DISABLE;

CREATE TABLE item (id int PRIMARY KEY, v text);
SELECT uncache.watch('item', 'item:{id}:{v}');

-- by each index alone, and by none: the same number of rows
CREATE FUNCTION count_by_index(OUT by_scan bigint, OUT by_xid bigint, OUT by_target bigint) LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL enable_seqscan = on; SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_indexonlyscan = off;
	SELECT count(*) INTO by_scan FROM uncache.journal_1;
	SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = on;
	SELECT count(*) INTO by_xid FROM uncache.journal_1 WHERE xid >= '0' AND at IS NOT NULL;
	SELECT count(*) INTO by_target FROM uncache.journal_1 WHERE target = 'default' AND at IS NOT NULL;
END
$$;
-- the plans are really those
CREATE FUNCTION plan_of(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
	RETURN QUERY EXECUTE 'EXPLAIN (COSTS off) ' || statement;
END
$$;

INSERT INTO item SELECT g, 'own index' FROM generate_series(1, 3) g;
CREATE INDEX by_target ON uncache.journal_1 (target);
INSERT INTO item SELECT g, 'two indexes' FROM generate_series(4, 6) g;
INSERT INTO item VALUES (7, repeat('a long value ', 2000));
UPDATE item SET v = 'short' WHERE id <= 3;
SELECT plan_of($$SELECT * FROM uncache.journal_1 WHERE xid >= '0'$$);
SELECT plan_of($$SELECT * FROM uncache.journal_1 WHERE target = 'default'$$);
SELECT * FROM count_by_index();

-- in place of ours: nothing can be fetched, and nothing fails
BEGIN;
DROP INDEX uncache.journal_1_xid_part_idx;
INSERT INTO item VALUES (8, 'another index');
COMMIT;
SELECT * FROM count_by_index();

-- two columns, but others
DROP INDEX uncache.by_target;
CREATE INDEX by_target ON uncache.journal_1 (target, action);
INSERT INTO item VALUES (9, 'other columns');
CREATE INDEX journal_1_xid_part_idx ON uncache.journal_1 (xid, part);
INSERT INTO item VALUES (10, 'both');
SELECT * FROM count_by_index();

-- the same columns, but no B-tree
DROP INDEX uncache.by_target, uncache.journal_1_xid_part_idx;
CREATE OPERATOR CLASS xid8_brin DEFAULT FOR TYPE xid8 USING brin AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
	FUNCTION 1 brin_minmax_opcinfo(internal), FUNCTION 2 brin_minmax_add_value(internal, internal, internal, internal),
	FUNCTION 3 brin_minmax_consistent(internal, internal, internal), FUNCTION 4 brin_minmax_union(internal, internal, internal);
CREATE INDEX by_target ON uncache.journal_1 USING brin (xid, part);
INSERT INTO item VALUES (12, 'no B-tree');
CREATE INDEX journal_1_xid_part_idx ON uncache.journal_1 (xid, part);
SELECT count(*) FROM uncache.journal_1;

-- none at all
DROP INDEX uncache.by_target, uncache.journal_1_xid_part_idx;
INSERT INTO item VALUES (11, 'no index');
SELECT count(*) FROM uncache.journal_1;
