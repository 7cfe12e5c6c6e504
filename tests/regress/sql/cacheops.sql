-- cacheops(): images of rows, every way of writing a value, and whole tables.
\set test cacheops
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup
CREATE FUNCTION images() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT CASE action WHEN 'cacheops' THEN '' ELSE action || ' ' END || CASE target WHEN 'default' THEN '' ELSE target || '://' END || key
	FROM journalled()
$$;
\t on
\a

-- case 1: integers as they are, booleans, NULL
CREATE TABLE t (a smallint, b int, c bigint, d boolean, e oid);
SELECT uncache.watch('t', cacheops => ARRAY['app_t']);
INSERT INTO t VALUES (-32768, 7, 9007199254740993, true, 4294967295), (NULL, NULL, -9223372036854775808, false, 0);
SELECT * FROM images();
-- case 2: floats by the shortest digits, with two zeros; of float4 both that it may be read as
ALTER TABLE t ADD f real, ADD g double precision;
ALTER TABLE t DROP a, DROP b, DROP d, DROP e;
SELECT * FROM images();
TRUNCATE t;
INSERT INTO t VALUES (1, 0.1, 0.1), (2, 0.5, 1e300), (3, '-0', '-0'), (4, 'NaN', 'NaN'), (5, 'Infinity', '-Infinity');
SELECT * FROM images();
DROP TABLE t;
SELECT * FROM images();
-- case 3: decimals in the scales that equal ones may have
CREATE TABLE t (id int, a numeric(12,2), b numeric, c numeric(5,0));
SELECT uncache.watch('t', cacheops => ARRAY['app_t']);
INSERT INTO t VALUES (1, 12.5, 1.50, 100), (2, 0, 'NaN', -7), (3, -0.05, 0.0000001, 0), (4, 10000000, 1e20, 1);
SELECT * FROM images();
DROP TABLE t;
-- case 4: texts are escaped for JSON and not otherwise
CREATE TABLE t (a varchar(40), b char(4), c name, d "char");
SELECT uncache.watch('t', cacheops => ARRAY['app_t']);
TRUNCATE uncache.journal;
INSERT INTO t VALUES ('a&b=c:*?[x]', 'ab', 'n', 'c'), (E'q"\\ \n\t\x01\x7f', '', '', NULL), ('ünï ✓ 🎈', 'abcd', NULL, NULL);
SELECT * FROM images();
DROP TABLE t;
-- case 5: dates and times as Python writes them; what it does not know is an empty list
CREATE TABLE t (a date, b time, c timestamp, d timestamptz, e interval);
SELECT uncache.watch('t', cacheops => ARRAY['app_t']);
TRUNCATE uncache.journal;
INSERT INTO t VALUES ('2024-02-29', '10:20:30', '2024-01-31 10:20:30', '2024-01-31 10:20:30+00', '1 day 02:03:04'),
	('0001-01-01', '00:00', '2024-01-31 10:20:30.5', '2024-01-31 10:20:30.000001+05:30', '-1 s'),
	('9999-12-31', '23:59:59.999999', '9999-12-31 23:59:59', '9999-12-31 23:59:59+00', '14 mons -1 day 25 h');
SELECT * FROM images();
INSERT INTO t VALUES ('infinity', '24:00', '-infinity', 'infinity', '1000000000 days'), ('10000-01-01', NULL, '0001-01-01 BC', '10000-01-01', NULL);
SELECT * FROM images();
-- case 6: other time zones, aware and naive; of summer and of before there were zones
SELECT uncache.watch('t', cacheops => ARRAY['app_t', '@Asia/Kolkata', '-a', '-b', '-e', '@America/New_York']);
TRUNCATE uncache.journal;
INSERT INTO t (d) VALUES ('2024-07-01 12:00+00'), ('2024-01-01 00:00+00'), ('1800-01-01 00:00+00');
SELECT * FROM images();
DROP TABLE t;
-- case 7: UUID, addresses, enums, domains
CREATE TYPE mood AS ENUM ('sad', 'very "ok"');
CREATE DOMAIN price AS numeric(6,1);
CREATE DOMAIN net_price AS price;
CREATE TABLE t (a uuid, b inet, c mood, d net_price, e cidr);
SELECT uncache.watch('t', cacheops => ARRAY['app_t']);
TRUNCATE uncache.journal;
INSERT INTO t VALUES ('DEADBEEF-0000-4000-8000-00000000ABCD', '10.0.0.1', 'very "ok"', 1.25, '10.0.0.0/8'),
	(NULL, '2001:DB8::1', 'sad', 0.5, NULL), (NULL, '::ffff:10.0.0.1', NULL, NULL, NULL), (NULL, '::10.0.0.1', NULL, NULL, NULL), (NULL, '::1', NULL, NULL, NULL);
SELECT * FROM images();
DROP TABLE t;

-- case 8: what cacheops skips, and what nobody can list, is left out unless it is named
CREATE COLLATION either_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE t (id int, a text, b json, c jsonb, d int[], e bytea, f varchar(9) COLLATE either_case, g point, h int4range, i money, j timetz, k xml, l bit(3));
SELECT uncache.watch('t', cacheops => ARRAY['app_t']);
TRUNCATE uncache.journal;
INSERT INTO t VALUES (1, 'a', '{"b": 1}', '{"c": 1}', '{1,2}', '\x00ff', 'F', '(1,2)', '[1,3]', 1, '10:20+02', '<x/>', '101');
SELECT * FROM images();
SELECT uncache.watch('t', cacheops => ARRAY['app_t', 'note=a', 'b=b', 'tags=d', 'e=e', 'f=f', 'period=h']);
TRUNCATE uncache.journal;
UPDATE t SET id = 2;
SELECT * FROM images();
-- case 9: a field's name that is another column's; columns left out; names that need quotes
DROP TABLE t;
CREATE TABLE t (id int, cust int, customer_id int, "Odd ""name"" =-@" int, "-x" int, "@y" int);
SELECT uncache.watch('t', cacheops => ARRAY['app_t', 'customer_id=cust', 'odd=Odd "name" =-@', '--x']);
TRUNCATE uncache.journal;
INSERT INTO t VALUES (1, 2, 3, 4, 5, 6);
SELECT * FROM images();

-- case 10: the old and the new row; what is the same once; a column that takes no part counts, too
DROP TABLE t;
CREATE TABLE t (id int PRIMARY KEY, v int, note text);
SELECT uncache.watch('t', cacheops => ARRAY['app_t']);
INSERT INTO t VALUES (1, 1, 'a');
TRUNCATE uncache.journal;
UPDATE t SET v = 2;
SELECT * FROM images();
UPDATE t SET note = 'b';
SELECT * FROM images();
DELETE FROM t;
SELECT * FROM images();
-- case 11: nothing of what is rolled back
BEGIN;
INSERT INTO t VALUES (1);
SAVEPOINT s;
INSERT INTO t VALUES (2);
ROLLBACK TO s;
COMMIT;
SELECT * FROM images();
-- case 12: columns => restricts nothing: a cached row has all columns
SELECT uncache.watch('t', cacheops => ARRAY['app_t'], columns => ARRAY['v']::name[]);
SELECT rule, columns FROM uncache.rules ORDER BY rule;
-- case 13: no setting of the writer shows
SELECT uncache.watch('t', cacheops => ARRAY[]::text[]);
SELECT count(*) FROM uncache.rules;
CREATE TABLE s (a timestamptz, b date, c interval, d double precision, e numeric(6,2), f bytea, g jsonb);
SELECT uncache.watch('s', cacheops => ARRAY['app_s', 'f=f', 'g=g']);
TRUNCATE uncache.journal;
SET timezone = 'Asia/Tokyo';
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'iso_8601';
SET extra_float_digits = -15;
SET bytea_output = 'escape';
SET quote_all_identifiers = on;
INSERT INTO s VALUES ('2024-01-31 10:20:30+00', '31.1.2024', 'P1DT1H', 0.1, 1, 'abc', '{"a": 1}');
SHOW datestyle;
SELECT * FROM images();
RESET ALL;

-- case 14: TRUNCATE, invalidate_table, a resync
TRUNCATE s;
SELECT * FROM images();
SELECT uncache.invalidate_table('s');
SELECT * FROM images();
SELECT * FROM uncache.resync_keys('default');
-- case 15: a row that is too long, and a value that is not even looked at
SELECT uncache.watch('t', cacheops => ARRAY['app_t', 'note=note']);
TRUNCATE uncache.journal;
SET uncache.max_key_bytes = 71;
INSERT INTO t VALUES (100, 1, repeat('x', 28)), (101, 1, repeat('y', 29));
SELECT * FROM images();
UPDATE t SET note = repeat('x', 1000000) WHERE id = 100;
SELECT * FROM images();
RESET uncache.max_key_bytes;
-- case 16: an output function that fails: all of the table, one warning, and the row is written
CREATE TYPE broken;
CREATE FUNCTION broken_in(cstring) RETURNS broken LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
SET client_min_messages = warning;
CREATE FUNCTION broken_out(broken) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
RESET client_min_messages;
CREATE TYPE broken (INPUT = broken_in, OUTPUT = broken_out, LIKE = int4);
CREATE TABLE b (id int, v broken);
SELECT uncache.watch('b', cacheops => ARRAY['app_b', 'v=v']);
INSERT INTO b VALUES (1, '7');
SELECT * FROM images();
CREATE OR REPLACE FUNCTION broken_out(broken) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'shell_out';
\set VERBOSITY terse
UPDATE b SET id = 2;
UPDATE b SET id = 3;
SELECT * FROM images();
SELECT id FROM b;
\set VERBOSITY default
DROP TABLE b;
SELECT * FROM images();

-- case 17: another target, without a consumer, with one
SELECT uncache.watch('t', cacheops => ARRAY['api://app_t', '-note']);
TRUNCATE uncache.journal;
UPDATE t SET v = 5 WHERE id = 101;
SELECT * FROM images();
SELECT uncache.watch('t', cacheops => ARRAY['nobody://app_t']);
TRUNCATE uncache.journal;
UPDATE t SET v = 6 WHERE id = 101;
SELECT * FROM images();
SELECT rule, action, target, key FROM uncache.explain('UPDATE t SET v = 7, note = NULL WHERE id = 101');
-- case 18: partitions have columns of other numbers; one that rows move to; TRUNCATE and DROP of one
CREATE TABLE p (id int, v int, d date) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
SELECT uncache.watch('p', cacheops => ARRAY['app_p', 'value=v']);
CREATE TABLE p2 (x int, d date, v int, id int);
ALTER TABLE p2 DROP x;
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20);
TRUNCATE uncache.journal;
INSERT INTO p VALUES (1, 2, '2024-01-01');
UPDATE p SET id = 11;
SELECT * FROM images();
TRUNCATE p2;
SELECT * FROM images();
DROP TABLE p1;
SELECT * FROM images();
-- case 19: a name for the table that is a pattern or needs quotes is data
CREATE TABLE q (id int);
SELECT uncache.watch('q', cacheops => ARRAY['we"ird*\:é']);
TRUNCATE uncache.journal;
INSERT INTO q VALUES (1);
TRUNCATE q;
SELECT * FROM images();

-- case 20: what watch refuses
SELECT uncache.watch('t', cacheops => ARRAY['']);
SELECT uncache.watch('t', cacheops => ARRAY['api://']);
SELECT uncache.watch('t', cacheops => ARRAY['app_t', 'a=b']);
SELECT uncache.watch('t', cacheops => ARRAY['app_t', '-b']);
SELECT uncache.watch('t', cacheops => ARRAY['app_t', 'v']);
SELECT uncache.watch('t', cacheops => ARRAY['app_t', '=v']);
SELECT uncache.watch('t', cacheops => ARRAY['app_t', 'v=']);
SELECT uncache.watch('t', cacheops => ARRAY['app_t', '-']);
SELECT uncache.watch('t', cacheops => ARRAY['app_t', '@Middle/Earth']);
-- case 21: a renamed column is followed, and what cacheops knew by its name goes
SELECT uncache.watch('t', cacheops => ARRAY['app_t', 'number=v', '-note']);
TRUNCATE uncache.journal;
ALTER TABLE t RENAME v TO w;
ALTER TABLE t RENAME note TO remark;
ALTER TABLE t RENAME id TO key;
SELECT * FROM images();
SELECT DISTINCT templates FROM uncache.rules WHERE relation = 't'::regclass;
UPDATE t SET w = 9 WHERE key = 101;
SELECT * FROM images();
-- case 22: a dropped column: the rest is an image, with one warning
ALTER TABLE t DROP w;
SELECT * FROM images();
UPDATE t SET key = 102 WHERE key = 101;
UPDATE t SET key = 103 WHERE key = 102;
SELECT * FROM images();
SELECT relation, rule, problem FROM uncache.check_rules() WHERE relation = 't'::regclass;
-- case 23: by hand, without any argument, and for INSERT alone
CREATE TABLE h (id int PRIMARY KEY);
CREATE TRIGGER by_hand AFTER INSERT OR UPDATE ON h FOR EACH ROW EXECUTE FUNCTION uncache.cacheops();
INSERT INTO h VALUES (1);
SELECT * FROM images();
DROP TRIGGER by_hand ON h;
CREATE TRIGGER by_hand AFTER UPDATE OR DELETE ON h FOR EACH ROW EXECUTE FUNCTION uncache.cacheops('app_h');
ALTER TABLE h ENABLE ALWAYS TRIGGER by_hand;
SELECT rule, problem FROM uncache.check_rules() WHERE relation = 'h'::regclass;
-- case 24: a virtual or stored column, a whole table by COPY, replica role
CREATE TABLE g (id int, doubled int GENERATED ALWAYS AS (id * 2) STORED);
SELECT uncache.watch('g', cacheops => ARRAY['app_g']);
TRUNCATE uncache.journal;
SET session_replication_role = replica;
COPY g FROM stdin;
1
2
\.
SELECT * FROM images();
RESET session_replication_role;
-- case 25: switched off
SET uncache.enabled = off;
INSERT INTO g VALUES (3);
SELECT * FROM images();
RESET uncache.enabled;
-- case 26: the roles of others: an author, a writer without any privilege
CREATE ROLE regress_cacheops_author;
CREATE ROLE regress_cacheops_writer;
SELECT uncache.grant_author('regress_cacheops_author');
ALTER TABLE g OWNER TO regress_cacheops_author;
SET ROLE regress_cacheops_author;
SELECT uncache.watch('g', cacheops => ARRAY['app_g', '-doubled']);
GRANT INSERT ON g TO regress_cacheops_writer;
SET ROLE regress_cacheops_writer;
INSERT INTO g VALUES (4);
CREATE TEMP TABLE stolen (id int);
CREATE TRIGGER stolen AFTER INSERT ON stolen FOR EACH ROW EXECUTE FUNCTION uncache.cacheops('app_g');
RESET ROLE;
SELECT * FROM images();
DROP OWNED BY regress_cacheops_author, regress_cacheops_writer;
DROP ROLE regress_cacheops_author, regress_cacheops_writer;
