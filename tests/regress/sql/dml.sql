-- Whatever changes a row, its keys are journalled.
\set test dml
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE TABLE customer (id int PRIMARY KEY, name text);
CREATE TABLE invoice (
	id int PRIMARY KEY,
	customer_id int REFERENCES customer ON DELETE CASCADE ON UPDATE CASCADE,
	total int NOT NULL,
	taxed int GENERATED ALWAYS AS (total * 2) STORED
);
CREATE TABLE note (
	id int PRIMARY KEY,
	invoice_id int REFERENCES invoice ON DELETE SET NULL,
	author_id int DEFAULT 7 REFERENCES customer ON DELETE SET DEFAULT
);
SELECT uncache.watch('invoice', 'invoice:{id}');
SELECT uncache.watch('note', 'note:{id}:{invoice_id}');
INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 9) n;

-- INSERT: the new row
INSERT INTO invoice VALUES (1, 1, 100);
SELECT * FROM journalled();
-- many rows, one journal row
INSERT INTO invoice SELECT n, 1, n FROM generate_series(2, 5) n;
SELECT target, action, cardinality(keys) FROM uncache.journal;
SELECT * FROM journalled();
-- DELETE: the old row
DELETE FROM invoice WHERE id = 5;
SELECT * FROM journalled();
-- a statement without rows journals nothing
DELETE FROM invoice WHERE id = 5;
UPDATE invoice SET total = 1 WHERE id = 5;
INSERT INTO invoice SELECT 1, 1, 1 WHERE false;
SELECT * FROM journalled();

-- UPDATE of what is not in the key: old and new row have one key
UPDATE invoice SET total = 7 WHERE id = 1;
SELECT * FROM journalled();
-- UPDATE that changes nothing
UPDATE invoice SET total = total WHERE id = 1;
SELECT * FROM journalled();
-- UPDATE of what is in the key: the keys of the old and of the new row
UPDATE invoice SET id = 11 WHERE id = 1;
SELECT * FROM journalled();
-- swapped keys
UPDATE invoice SET id = id + 1000 WHERE id IN (2, 3);
SELECT * FROM journalled();
UPDATE invoice SET id = id - 1000 WHERE id IN (1002, 1003);
SELECT * FROM journalled();
-- UPDATE … FROM, and through a join in a CTE
UPDATE invoice i SET total = c.id FROM customer c WHERE c.id = i.customer_id AND i.id = 2;
SELECT * FROM journalled();
DELETE FROM invoice i USING customer c WHERE c.id = i.customer_id AND i.id = 4;
SELECT * FROM journalled();
-- one row twice in a transaction is one key
BEGIN;
UPDATE invoice SET total = 1 WHERE id = 2;
UPDATE invoice SET total = 2 WHERE id = 2;
DELETE FROM invoice WHERE id = 2;
INSERT INTO invoice VALUES (2, 1, 3);
COMMIT;
SELECT * FROM journalled();

-- upsert: inserts, updates, does nothing
INSERT INTO invoice VALUES (4, 1, 1) ON CONFLICT (id) DO UPDATE SET total = excluded.total;
SELECT * FROM journalled();
INSERT INTO invoice VALUES (4, 1, 2) ON CONFLICT (id) DO UPDATE SET total = excluded.total;
SELECT * FROM journalled();
INSERT INTO invoice VALUES (4, 1, 2) ON CONFLICT (id) DO UPDATE SET total = 3 WHERE false;
INSERT INTO invoice VALUES (4, 1, 2) ON CONFLICT DO NOTHING;
SELECT * FROM journalled();
INSERT INTO invoice VALUES (4, 1, 2) ON CONFLICT (id) DO UPDATE SET id = 44;
SELECT * FROM journalled();

-- MERGE: updates, deletes, inserts, does nothing
MERGE INTO invoice i
	USING (VALUES (2, 'update'), (3, 'delete'), (6, 'insert'), (44, 'nothing')) AS s(id, what) ON s.id = i.id
	WHEN MATCHED AND what = 'update' THEN UPDATE SET total = 8
	WHEN MATCHED AND what = 'delete' THEN DELETE
	WHEN MATCHED THEN DO NOTHING
	WHEN NOT MATCHED THEN INSERT (id, customer_id, total) VALUES (s.id, 2, 9);
SELECT * FROM journalled();

-- COPY
COPY invoice (id, customer_id, total) FROM stdin;
20	3	1
21	3	2
\.
SELECT * FROM journalled();
COPY invoice (id, customer_id, total) FROM stdin WHERE id > 22;
22	3	1
23	3	2
\.
SELECT * FROM journalled();
-- a COPY that fails leaves nothing
COPY invoice (id, customer_id, total) FROM stdin;
30	3	1
30	3	2
\.
SELECT * FROM journalled();

-- writes in CTEs
WITH gone AS (DELETE FROM invoice WHERE id = 23 RETURNING *)
INSERT INTO invoice (id, customer_id, total) SELECT 24, customer_id, total FROM gone;
SELECT * FROM journalled();
WITH a AS (UPDATE invoice SET total = 1 WHERE id = 20), b AS (UPDATE invoice SET total = 1 WHERE id = 21) SELECT;
SELECT * FROM journalled();

-- foreign keys: ON UPDATE CASCADE, ON DELETE SET NULL, ON DELETE CASCADE on two levels
UPDATE customer SET id = 33 WHERE id = 3;
SELECT * FROM journalled();
INSERT INTO note VALUES (1, 20, 8), (2, 20, 9), (3, 6, 8);
SELECT * FROM journalled();
DELETE FROM invoice WHERE id = 20;
SELECT * FROM journalled();
DELETE FROM customer WHERE id = 2;
SELECT * FROM journalled();
-- ON DELETE SET DEFAULT
DELETE FROM customer WHERE id = 9;
SELECT * FROM journalled();
-- a cascade onto a table without rows, and one that is refused
DELETE FROM customer WHERE id = 6;
DELETE FROM customer WHERE id = 7;
SELECT * FROM journalled();

-- generated columns have their values
SELECT uncache.watch('invoice', 'taxed:{taxed}');
UPDATE invoice SET total = 50 WHERE id = 24;
SELECT * FROM journalled();
UPDATE invoice SET total = 51 WHERE id = 24;
SELECT * FROM journalled();

-- an updatable view, WITH CHECK OPTION
CREATE VIEW cheap AS SELECT id, total FROM invoice WHERE total < 100 WITH CHECK OPTION;
UPDATE cheap SET total = 52 WHERE id = 24;
SELECT * FROM journalled();
UPDATE cheap SET total = 152 WHERE id = 24;
SELECT * FROM journalled();
-- a rewrite rule and another BEFORE trigger: what counts is what was stored
CREATE FUNCTION round_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.total < 0 THEN
		RETURN NULL;
	END IF;
	NEW.total := ceil(NEW.total / 10.0) * 10;
	RETURN NEW;
END
$$;
CREATE TRIGGER round_up BEFORE INSERT OR UPDATE ON invoice FOR EACH ROW EXECUTE FUNCTION round_up();
UPDATE invoice SET total = 61 WHERE id = 24;
SELECT * FROM journalled();
UPDATE invoice SET total = -1 WHERE id = 24;
SELECT * FROM journalled();
CREATE RULE reroute AS ON DELETE TO invoice DO INSTEAD UPDATE invoice SET total = 0 WHERE id = OLD.id;
DELETE FROM invoice WHERE id = 24;
SELECT * FROM journalled();
-- writes by functions
CREATE FUNCTION pay(invoice_id int) RETURNS void LANGUAGE sql AS 'UPDATE invoice SET total = 5 WHERE id = invoice_id';
SELECT pay(24);
SELECT * FROM journalled();
-- a cursor
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM note WHERE id = 1 FOR UPDATE;
FETCH c;
UPDATE note SET author_id = NULL WHERE CURRENT OF c;
COMMIT;
SELECT * FROM journalled();
-- row locks alone change nothing
SELECT id FROM note FOR UPDATE;
SELECT * FROM journalled();
-- CREATE TABLE AS makes a table without rules; ALTER TABLE fires none, and is followed
CREATE TABLE copy AS SELECT * FROM note;
ALTER TABLE note ALTER author_id TYPE bigint;
SELECT * FROM journalled();
UPDATE note SET author_id = 8 WHERE id = 1;
SELECT * FROM journalled();
