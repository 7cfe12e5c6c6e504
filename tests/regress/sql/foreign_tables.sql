-- Foreign tables as partitions and heirs of watched tables.
\set test foreign_tables
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION file_fdw;
CREATE EXTENSION postgres_fdw;
CREATE SCHEMA far;
CREATE TABLE far.plain (id int, d int);
CREATE TABLE far.other (id int, d int);
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw;
SELECT format('ALTER SERVER loop OPTIONS (ADD host %L, ADD port %L, ADD dbname %L)',
	current_setting('unix_socket_directories'), current_setting('port'), current_database()) AS command \gset
:command;
CREATE USER MAPPING FOR CURRENT_USER SERVER loop OPTIONS (password_required 'false');
CREATE VIEW problems AS SELECT * FROM uncache.check_rules() WHERE problem NOT LIKE 'it does not fire for replicated%';

-- a foreign table has rows: they show as soon as it is a partition, at any depth, and until it is none
CREATE TABLE p (id int, d int) PARTITION BY LIST (d);
CREATE TABLE q (id int, d int) PARTITION BY LIST (id);
CREATE FOREIGN TABLE lone (id int, d int) SERVER files OPTIONS (filename '/dev/null');
SELECT uncache.watch('p', 'p:{id}');
CREATE FOREIGN TABLE p_1 PARTITION OF p FOR VALUES IN (1) SERVER files OPTIONS (filename '/dev/null');
SELECT * FROM journalled();
ALTER TABLE p ATTACH PARTITION q FOR VALUES IN (2);
SELECT * FROM journalled();
CREATE FOREIGN TABLE q_1 PARTITION OF q FOR VALUES IN (1) SERVER files OPTIONS (filename '/dev/null');
SELECT * FROM journalled();
CREATE FOREIGN TABLE IF NOT EXISTS q_1 PARTITION OF q FOR VALUES IN (1) SERVER files OPTIONS (filename '/dev/null');
SELECT * FROM journalled();
CREATE FOREIGN TABLE other (id int) SERVER files OPTIONS (filename '/dev/null');
SELECT * FROM journalled();

-- it gets its rows from elsewhere: by its own options, a column's, its server's, its wrapper's, a user's
ALTER FOREIGN TABLE q_1 OPTIONS (SET filename '/dev/zero');
SELECT * FROM journalled();
ALTER FOREIGN TABLE p_1 ALTER id OPTIONS (force_null 'true');
SELECT * FROM journalled();
ALTER FOREIGN TABLE other OPTIONS (SET filename '/dev/zero');
SELECT * FROM journalled();
ALTER SERVER files VERSION '2';
SELECT * FROM journalled();
ALTER FOREIGN DATA WRAPPER file_fdw NO VALIDATOR;
SELECT * FROM journalled();
CREATE USER MAPPING FOR PUBLIC SERVER files;
SELECT * FROM journalled();
ALTER USER MAPPING FOR PUBLIC SERVER files OPTIONS (ADD a 'b');
SELECT * FROM journalled();
-- of a server of which no watched table shows rows
ALTER SERVER loop VERSION '2';
ALTER USER MAPPING FOR CURRENT_USER SERVER loop OPTIONS (ADD user 'postgres');
SELECT * FROM journalled();
SET uncache.follow_ddl = off;
ALTER SERVER files VERSION '3';
CREATE FOREIGN TABLE p_3 PARTITION OF p FOR VALUES IN (3) SERVER files OPTIONS (filename '/dev/null');
RESET uncache.follow_ddl;
SELECT * FROM journalled();
SELECT * FROM problems;
DROP TABLE p;
DELETE FROM uncache.journal;

-- an heir shows its rows, and no rule covers them
CREATE TABLE parent (id int);
SELECT uncache.watch('parent', 'parent:{id}');
CREATE FOREIGN TABLE child () INHERITS (parent) SERVER files OPTIONS (filename '/dev/null');
SELECT * FROM journalled();
SELECT * FROM problems;
ALTER FOREIGN TABLE child OPTIONS (SET filename '/dev/zero');
SELECT * FROM journalled();
ALTER SERVER files VERSION '4';
SELECT * FROM journalled();
ALTER FOREIGN TABLE child NO INHERIT parent;
ALTER FOREIGN TABLE child INHERIT parent;
SELECT * FROM journalled();
DROP FOREIGN TABLE child;
DROP TABLE parent;
DELETE FROM uncache.journal;

-- postgres_fdw goes row by row, by ctid, where there is a row trigger: whoever makes it come to that is told
CREATE TABLE sale (id int, d int) PARTITION BY LIST (d);
CREATE FOREIGN TABLE sale_1 PARTITION OF sale FOR VALUES IN (1) SERVER loop OPTIONS (schema_name 'far', table_name 'plain');
SELECT uncache.watch('sale', keys => ARRAY['sale:{id}'], tags => ARRAY['sale']);
SELECT * FROM problems;
SELECT uncache.watch('sale', tags => '{}');
CREATE FOREIGN TABLE sale_2 PARTITION OF sale FOR VALUES IN (2) SERVER loop OPTIONS (schema_name 'far', table_name 'other');
ALTER TABLE sale DETACH PARTITION sale_2;
ALTER TABLE sale ATTACH PARTITION sale_2 FOR VALUES IN (2);
ALTER TABLE sale DETACH PARTITION sale_2;
CREATE TABLE sub (id int, d int) PARTITION BY LIST (d);
ALTER TABLE sub ATTACH PARTITION sale_2 FOR VALUES IN (2);
ALTER TABLE sale ATTACH PARTITION sub FOR VALUES IN (2);
CREATE FOREIGN TABLE alone (id int, d int) SERVER loop OPTIONS (schema_name 'far', table_name 'plain');
CREATE TRIGGER hand AFTER UPDATE ON alone FOR EACH ROW EXECUTE FUNCTION uncache.keys('{id}');
CREATE TRIGGER arrive AFTER INSERT ON alone FOR EACH ROW EXECUTE FUNCTION uncache.keys('{id}');
-- whom the table does not concern is not told
ALTER FOREIGN TABLE alone RENAME TO alone_2;
INSERT INTO sale VALUES (1, 1), (2, 2);
UPDATE sale SET id = id + 10;
SELECT * FROM journalled();
SELECT relation, rule, problem FROM problems WHERE problem LIKE 'with it%';
DROP FOREIGN TABLE alone_2;
DROP TABLE sale;

-- what comes of it where the remote table is partitioned or a view; a trigger of anybody's does the same
CREATE TABLE far.parts (id int, d int) PARTITION BY LIST (id);
CREATE TABLE far.parts_1 PARTITION OF far.parts FOR VALUES IN (1);
CREATE TABLE far.parts_2 PARTITION OF far.parts FOR VALUES IN (2);
CREATE VIEW far.view AS SELECT * FROM far.plain;
CREATE FOREIGN TABLE parts (id int, d int) SERVER loop OPTIONS (schema_name 'far', table_name 'parts');
CREATE FOREIGN TABLE view (id int, d int) SERVER loop OPTIONS (schema_name 'far', table_name 'view');
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
INSERT INTO far.parts VALUES (1), (2);
INSERT INTO far.plain VALUES (1);
BEGIN;
DELETE FROM parts WHERE id = 1;
SELECT * FROM parts;
DELETE FROM view WHERE id = 1;
ROLLBACK;
CREATE TRIGGER plain AFTER DELETE ON parts FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER plain AFTER DELETE ON view FOR EACH ROW EXECUTE FUNCTION nothing();
BEGIN;
DELETE FROM parts WHERE id = 1;
SELECT * FROM parts;
DELETE FROM view WHERE id = 1;
ROLLBACK;
