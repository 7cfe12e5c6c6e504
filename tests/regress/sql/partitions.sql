-- Partitions share the rules of their parent.
\set test partitions
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE VIEW triggers AS
	SELECT c.relname AS relation, t.tgname AS trigger, t.tgenabled AS enabled, t.tgparentid <> 0 AS is_inherited
	FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
	WHERE (NOT t.tgisinternal OR t.tgparentid <> 0) AND c.relnamespace = 'public'::regnamespace
	ORDER BY c.relname COLLATE "C", t.tgname;

-- two levels, partitions there before the rule, columns in another order
CREATE TABLE sale (id int, region text, day int, note text) PARTITION BY LIST (region);
CREATE TABLE sale_eu PARTITION OF sale FOR VALUES IN ('de', 'fr') PARTITION BY RANGE (day);
CREATE TABLE sale_eu_1 PARTITION OF sale_eu FOR VALUES FROM (1) TO (10);
CREATE TABLE sale_us (gone int, note text, day int, region text, id int);
ALTER TABLE sale_us DROP gone;
ALTER TABLE sale ATTACH PARTITION sale_us FOR VALUES IN ('us');
SELECT uncache.watch('sale', 'sale:{region}:{id}', 'day:{day + 0}');
SELECT * FROM triggers;

-- new partitions: created, attached, below a partition, default
CREATE TABLE sale_eu_2 PARTITION OF sale_eu FOR VALUES FROM (10) TO (20);
CREATE TABLE sale_asia (LIKE sale) PARTITION BY RANGE (day);
CREATE TABLE sale_asia_1 PARTITION OF sale_asia FOR VALUES FROM (1) TO (10);
ALTER TABLE sale ATTACH PARTITION sale_asia FOR VALUES IN ('jp');
CREATE TABLE sale_rest PARTITION OF sale DEFAULT;
SELECT * FROM triggers;

-- rows through the parent and into the partition
INSERT INTO sale VALUES (1, 'de', 1), (2, 'us', 2), (3, 'fr', 12), (4, 'jp', 4), (5, 'xx', 5);
SELECT * FROM journalled();
INSERT INTO sale_us (id, region, day) VALUES (6, 'us', 6);
UPDATE sale_eu SET note = 'x' WHERE id = 1;
DELETE FROM sale_eu_2;
COPY sale (id, region, day) FROM stdin;
7	us	7
\.
SELECT * FROM journalled();
-- a row moves to another partition: both keys
UPDATE sale SET region = 'us' WHERE id = 1;
SELECT * FROM journalled();
UPDATE sale SET region = 'fr', day = 11, id = 20 WHERE id = 2;
SELECT * FROM journalled();
UPDATE sale_eu SET day = 5 WHERE id = 20;
SELECT * FROM journalled();
MERGE INTO sale s USING (VALUES (20, 'jp')) AS n(id, region) ON s.id = n.id
	WHEN MATCHED THEN UPDATE SET region = n.region;
SELECT * FROM journalled();
INSERT INTO sale SELECT 30, 'us', 1 FROM generate_series(1, 1)
	ON CONFLICT DO NOTHING;
SELECT * FROM journalled();

-- TRUNCATE of the parent, of a partitioned partition, of a leaf, of what is inherited from two levels up
TRUNCATE sale;
SELECT * FROM journalled();
TRUNCATE sale_eu;
SELECT * FROM journalled();
TRUNCATE sale_us;
SELECT * FROM journalled();
TRUNCATE sale_eu_2;
SELECT * FROM journalled();
TRUNCATE sale_asia_1, sale_rest;
SELECT * FROM journalled();
TRUNCATE ONLY sale;

-- a detached partition is on its own: its rows no longer feed the parent's keys
ALTER TABLE sale DETACH PARTITION sale_us;
INSERT INTO sale_us (id, region, day) VALUES (8, 'us', 8);
SELECT * FROM journalled();
ALTER TABLE sale ATTACH PARTITION sale_us FOR VALUES IN ('us');
INSERT INTO sale_us (id, region, day) VALUES (9, 'us', 9);
SELECT * FROM journalled();

-- another rule for the parent reaches all partitions
SELECT uncache.watch('sale', 'other:{id}');
SELECT relation, templates, events, enabled FROM uncache.rules ORDER BY relation::text, rule;
INSERT INTO sale VALUES (1, 'de', 1), (2, 'us', 2);
TRUNCATE sale_asia_1;
SELECT * FROM journalled();

-- in a session that replicates, partitions are covered, too
SET session_replication_role = replica;
CREATE TABLE sale_eu_3 PARTITION OF sale_eu FOR VALUES FROM (20) TO (30);
INSERT INTO sale VALUES (3, 'de', 20);
TRUNCATE sale_eu_3;
RESET session_replication_role;
SELECT * FROM journalled();

-- PostgreSQL lets only a role that may call the trigger function make
-- partitions: everybody may, and nobody gets a grant that keeps him from being dropped
CREATE ROLE regress_uncache_partitioner;
GRANT CREATE ON SCHEMA public TO regress_uncache_partitioner;
ALTER TABLE sale OWNER TO regress_uncache_partitioner;
SET ROLE regress_uncache_partitioner;
CREATE TABLE sale_br PARTITION OF sale FOR VALUES IN ('br');
INSERT INTO sale_br VALUES (1, 'br', 1);
TRUNCATE sale_br;
RESET ROLE;
SELECT * FROM triggers WHERE relation = 'sale_br';
SELECT * FROM journalled();
DROP TABLE sale_br;
ALTER TABLE sale OWNER TO postgres;
REVOKE CREATE ON SCHEMA public FROM regress_uncache_partitioner;
DROP ROLE regress_uncache_partitioner;

-- a partition whose own rule is in the way
SELECT uncache.watch('sale_us', 'us:{id}');
-- tables that are no partitions of a watched table are let alone
CREATE TABLE other (id int) PARTITION BY LIST (id);
CREATE TABLE other_1 PARTITION OF other FOR VALUES IN (1);
CREATE TABLE plain AS SELECT 1 AS id;
SELECT * FROM triggers WHERE relation LIKE 'other%' OR relation = 'plain';

SELECT uncache.unwatch('sale');
SELECT * FROM triggers;

-- a partition that is back brings the rule for TRUNCATE that its table had then: it gets the present one, too
CREATE TABLE again (id int, d int) PARTITION BY LIST (d);
CREATE TABLE again_1 PARTITION OF again FOR VALUES IN (1);
SELECT uncache.watch('again', 'old:{id}');
ALTER TABLE again DETACH PARTITION again_1;
ALTER TABLE again ATTACH PARTITION again_1 FOR VALUES IN (1);
SELECT * FROM triggers WHERE relation = 'again_1';
ALTER TABLE again DETACH PARTITION again_1;
SELECT uncache.watch('again', 'new:{id}');
ALTER TABLE again ATTACH PARTITION again_1 FOR VALUES IN (1);
SELECT * FROM triggers WHERE relation = 'again_1';
SELECT * FROM uncache.check_rules() WHERE relation = 'again_1'::regclass;
DELETE FROM uncache.journal;
TRUNCATE again_1;
SELECT * FROM journalled();
