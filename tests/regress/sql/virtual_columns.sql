-- Virtual generated columns, PostgreSQL 18's default kind: no tuple holds their values, so rules compute them.
SELECT current_setting('server_version_num')::int < 180000 AS is_older \gset
\if :is_older
\quit
\endif
\set test virtual_columns
\set regress `echo "$PG_ABS_SRCDIR"`
\set setup :regress '/setup.sql'
\i :setup

CREATE VIEW shown AS SELECT relation, rule, columns FROM uncache.rules WHERE rule NOT LIKE '%_truncate' ORDER BY relation::text, rule;

-- case 1: a key of a virtual column, for each event
CREATE TABLE v (id int PRIMARY KEY, country text, code text GENERATED ALWAYS AS (lower(country)), other int);
SELECT uncache.watch('v', 'bycode:{code}');
INSERT INTO v VALUES (1, 'DE'), (2, 'IT');
SELECT key FROM journalled();
SELECT key FROM uncache.explain($$UPDATE v SET country = 'FR' WHERE id = 1$$) ORDER BY key;
UPDATE v SET country = 'FR' WHERE id = 1;
SELECT key FROM journalled();
UPDATE v SET country = NULL WHERE id = 2;
SELECT key FROM journalled();
DELETE FROM v WHERE id = 1;
SELECT key FROM journalled();
COPY v (id, country) FROM stdin;
3	Ch
\.
SELECT key FROM journalled();
TRUNCATE v;
SELECT action, key FROM journalled();

-- case 2: every action, plain and in expressions, beside other columns
SELECT uncache.watch('v', keys => ARRAY['k:{id}:{code}', 'k:{id}', 'k:{upper(code) || id}', 'k:{v.code}:{(v).code}'], patterns => ARRAY['p:{code}:*'],
	tags => ARRAY['t:{code}'], versions => ARRAY['api://v:{code}'], query => ARRAY[$$SELECT 'q:' || {code} || {length(code)}$$]);
INSERT INTO v VALUES (1, 'D*');
SELECT * FROM journalled();
SELECT relation, rule, problem FROM uncache.check_rules();

-- case 3: whole rows
SELECT uncache.watch('v', tags => '{}', versions => '{}', query => '{}', patterns => '{}');
CREATE FUNCTION code_of(v) RETURNS text LANGUAGE sql AS 'SELECT $1.code';
SELECT uncache.watch('v', 'k:{md5(v::text)}', 'k:{to_jsonb(v)}', 'k:{public.code_of(v)}', 'k:{v.*}', 'k:{v IS NOT NULL}');
DELETE FROM v;
TRUNCATE uncache.journal;
INSERT INTO v (id, country, other) VALUES (7, 'ES', 3);
SELECT key FROM journalled();
SELECT 'k:' || md5(v::text) AS hash, 'k:' || to_jsonb(v)::text AS json FROM v;
-- a column that is dropped leaves a gap in the row
ALTER TABLE v DROP other;
TRUNCATE uncache.journal;
UPDATE v SET country = 'PT';
SELECT count(*) AS found FROM journalled() j JOIN v ON j.key = 'k:' || md5(v::text);
SELECT uncache.unwatch('v');
DROP FUNCTION code_of;

-- case 4: of each kind, under whatever settings, the text of a stored twin
CREATE TABLE twin (id int, at timestamp, name text, "Mixed ""Name" text GENERATED ALWAYS AS ('m' || id), "current_date" text GENERATED ALWAYS AS ('no date'),
	vb boolean GENERATED ALWAYS AS (id > 1), sb boolean GENERATED ALWAYS AS (id > 1) STORED,
	v2 int2 GENERATED ALWAYS AS (-id), s2 int2 GENERATED ALWAYS AS (-id) STORED,
	v4 int GENERATED ALWAYS AS (id * 100000), s4 int GENERATED ALWAYS AS (id * 100000) STORED,
	v8 bigint GENERATED ALWAYS AS (id * 10000000000), s8 bigint GENERATED ALWAYS AS (id * 10000000000) STORED,
	vf float8 GENERATED ALWAYS AS (id / 3.0::float8), sf float8 GENERATED ALWAYS AS (id / 3.0::float8) STORED,
	vn numeric(10,3) GENERATED ALWAYS AS (id / 7.0), sn numeric(10,3) GENERATED ALWAYS AS (id / 7.0) STORED,
	vc char(5) GENERATED ALWAYS AS (id), sc char(5) GENERATED ALWAYS AS (id) STORED,
	vv varchar(3) GENERATED ALWAYS AS ('é' || id), sv varchar(3) GENERATED ALWAYS AS ('é' || id) STORED,
	vd date GENERATED ALWAYS AS (at), sd date GENERATED ALWAYS AS (at) STORED,
	vt timestamp GENERATED ALWAYS AS (at + '1 day'::interval), st timestamp GENERATED ALWAYS AS (at + '1 day'::interval) STORED,
	vz timestamptz GENERATED ALWAYS AS (at AT TIME ZONE 'Asia/Kolkata'), sz timestamptz GENERATED ALWAYS AS (at AT TIME ZONE 'Asia/Kolkata') STORED,
	vi interval GENERATED ALWAYS AS (at - '2020-01-01'), si interval GENERATED ALWAYS AS (at - '2020-01-01') STORED,
	vy bytea GENERATED ALWAYS AS (sha256(int4send(id))), sy bytea GENERATED ALWAYS AS (sha256(int4send(id))) STORED,
	vj jsonb GENERATED ALWAYS AS (('[' || id || ', true]')::jsonb), sj jsonb GENERATED ALWAYS AS (('[' || id || ', true]')::jsonb) STORED,
	va int[] GENERATED ALWAYS AS (ARRAY[id, -id]), sa int[] GENERATED ALWAYS AS (ARRAY[id, -id]) STORED,
	vu uuid GENERATED ALWAYS AS (md5(int4send(id))::uuid), su uuid GENERATED ALWAYS AS (md5(int4send(id))::uuid) STORED,
	vo text COLLATE "C" GENERATED ALWAYS AS (upper(name COLLATE "C")), so text COLLATE "C" GENERATED ALWAYS AS (upper(name COLLATE "C")) STORED);
SELECT uncache.watch('twin', VARIADIC ARRAY(SELECT format('%s:{%s}', m, m || k)
	FROM unnest('{b,2,4,8,f,n,c,v,d,t,z,i,y,j,a,u,o}'::text[]) k, unnest('{v,s}'::text[]) m) || '{"m:{\"Mixed \"\"Name\"}","m:{current_date}"}');
SET DateStyle = 'SQL, DMY'; SET IntervalStyle = sql_standard; SET TimeZone = 'America/Lima'; SET extra_float_digits = -3; SET bytea_output = escape;
INSERT INTO twin VALUES (1, '2024-02-03 04:05:06', 'café'), (2, '2025-06-07 08:09:10.5', 'bar');
RESET DateStyle; RESET IntervalStyle; RESET TimeZone; RESET extra_float_digits; RESET bytea_output;
CREATE TEMP TABLE seen AS SELECT key FROM journalled();
SELECT substr(key, 3) AS value, count(*) FILTER (WHERE key LIKE 'v%') AS virtual, count(*) FILTER (WHERE key LIKE 's%') AS stored, count(*) FILTER (WHERE key LIKE 'm%') AS by_name FROM seen GROUP BY 1 ORDER BY substr(key, 3) COLLATE "C";
DROP TABLE seen;

-- case 5: one that cannot be computed for a row: the write succeeds, its key is a pattern, other keys are exact
CREATE TABLE f (id int, n int, q int GENERATED ALWAYS AS (100 / n));
SELECT uncache.watch('f', 'q:{id}:{q}', 'id:{id}', 'n:{n + 1}');
INSERT INTO f VALUES (1, 5);
INSERT INTO f VALUES (2, 0);
SELECT action, key FROM journalled();
-- and one that a writer may not even have planned
CREATE ROLE regress_uncache_virtual;
CREATE TABLE never (id int, q text GENERATED ALWAYS AS (to_hex(255)));
SELECT uncache.watch('never', 'q:{id}:{q}', 'id:{id}');
REVOKE EXECUTE ON FUNCTION pg_catalog.to_hex(int) FROM PUBLIC;
GRANT INSERT ON never TO regress_uncache_virtual;
SET ROLE regress_uncache_virtual;
INSERT INTO never VALUES (1);
RESET ROLE;
SELECT action, key FROM journalled();

-- case 6: a value too large for a key
CREATE TABLE huge (id int, w text GENERATED ALWAYS AS (repeat('x', id)));
SELECT uncache.watch('huge', 'w:{w}', 'whole:{huge}');
INSERT INTO huge VALUES (3), (100000);
SELECT action, key FROM journalled();

-- case 7: columns: UPDATE OF a generated column fires when what it is made of is set, in whatever way
DROP TABLE v;
CREATE TABLE v (id int PRIMARY KEY, country text, code text GENERATED ALWAYS AS (lower(country)), other int);
CREATE TABLE source (id int, country text);
CREATE VIEW vv AS SELECT id, country AS land, other FROM v;
SELECT uncache.watch('v', keys => ARRAY['k:{code}'], columns => ARRAY['id']::name[]);
TABLE shown;
SELECT rule, problem FROM uncache.check_rules() WHERE relation = 'v'::regclass;
INSERT INTO v VALUES (1, 'DE');
INSERT INTO source VALUES (1, 'ES');
TRUNCATE uncache.journal;
UPDATE v SET country = 'FR';
SELECT key FROM journalled();
INSERT INTO v VALUES (1, 'XX') ON CONFLICT (id) DO UPDATE SET country = 'IT';
SELECT key FROM journalled();
MERGE INTO v USING source s ON v.id = s.id WHEN MATCHED THEN UPDATE SET country = s.country;
SELECT key FROM journalled();
UPDATE vv SET land = 'PT';
SELECT key FROM journalled();
UPDATE v SET other = 1;
SELECT key FROM journalled();
-- another expression reads another column
ALTER TABLE v ALTER code SET EXPRESSION AS (upper(country) || other);
SELECT action, key FROM journalled();
TABLE shown;
UPDATE v SET other = 2;
SELECT key FROM journalled();
-- what a BEFORE trigger changes is noticed for a generated column
CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.country := 'BE'; RETURN NEW; END $$;
CREATE TRIGGER move BEFORE UPDATE ON v FOR EACH ROW EXECUTE FUNCTION move();
ALTER TABLE v ADD unrelated int;
TRUNCATE uncache.journal;
UPDATE v SET unrelated = 1;
SELECT key FROM journalled();
DROP TRIGGER move ON v;
-- a whole row reads all columns
SELECT uncache.watch('v', keys => ARRAY['k:{md5(v::text)}'], columns => ARRAY['id']::name[]);
TABLE shown;

-- case 8: WHEN
SELECT uncache.unwatch('v');
CREATE TRIGGER by_hand AFTER UPDATE ON v FOR EACH ROW WHEN (OLD.code IS DISTINCT FROM NEW.code AND NEW.code LIKE 'F%') EXECUTE FUNCTION uncache.keys('k:{code}');
TRUNCATE uncache.journal;
UPDATE v SET country = 'FI';
SELECT key FROM journalled();
UPDATE v SET unrelated = 2;
SELECT key FROM journalled();
UPDATE v SET country = 'DK';
SELECT key FROM journalled();
-- kept when another column changes its type, gone with its column
ALTER TABLE v ALTER unrelated TYPE bigint;
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'by_hand';
ALTER TABLE v DROP code;
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'by_hand';

-- case 9: partitions with other numbers of columns and other expressions; heirs
CREATE TABLE p (id int, country text, code text GENERATED ALWAYS AS (lower(country))) PARTITION BY LIST (id);
SELECT uncache.watch('p', 'p:{id}:{code}', 'table:{tableoid::regclass}:{code}');
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE p2 (gone int, code text GENERATED ALWAYS AS (country || '!'), country text, id int);
ALTER TABLE p2 DROP gone;
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2);
TRUNCATE uncache.journal;
INSERT INTO p VALUES (1, 'DE'), (2, 'FR');
SELECT key FROM journalled();
UPDATE p SET id = 2 WHERE id = 1;
SELECT key FROM journalled();
CREATE TABLE mother (id int, country text, code text GENERATED ALWAYS AS (lower(country)));
CREATE TABLE child (n int) INHERITS (mother);
SELECT uncache.watch('mother', 'm:{md5(mother::text)}:{code}');
SELECT uncache.watch('child', 'm:{md5((child::public.mother)::text)}:{code}');
INSERT INTO child VALUES (1, 'SE');
SELECT key, (SELECT md5(mother::text) FROM mother) = split_part(key, ':', 2) AS is_right FROM journalled();

-- case 10: a stored column becomes virtual: what the rule can produce goes, and it goes on
CREATE TABLE s (id int, country text, code text GENERATED ALWAYS AS (lower(country)) STORED);
SELECT uncache.watch('s', keys => ARRAY['s:{code}'], tags => ARRAY['s:{upper(code)}'], query => ARRAY[$$SELECT 's:' || {code}$$], columns => ARRAY['code']::name[]);
INSERT INTO s VALUES (1, 'DE');
TRUNCATE uncache.journal;
ALTER TABLE s DROP code, ADD code text GENERATED ALWAYS AS ('v' || lower(country));
SELECT action, key FROM journalled();
SELECT * FROM shown WHERE relation = 's'::regclass;
UPDATE s SET country = 'FR';
SELECT action, key FROM journalled();
-- and stored again, and a plain one
BEGIN;
ALTER TABLE s DROP code;
ALTER TABLE s ADD code text GENERATED ALWAYS AS ('s' || lower(country)) STORED;
COMMIT;
TRUNCATE uncache.journal;
UPDATE s SET country = 'IT';
SELECT action, key FROM journalled();
ALTER TABLE s ALTER code DROP EXPRESSION;
SELECT action, key FROM journalled();
UPDATE s SET code = 'plain';
SELECT action, key FROM journalled();
-- a column that is added to a whole row
SELECT uncache.watch('s', tags => '{}', query => '{}', keys => ARRAY['s:{md5(s::text)}']);
ALTER TABLE s ADD added text GENERATED ALWAYS AS (country || country);
TRUNCATE uncache.journal;
UPDATE s SET id = 2;
SELECT count(*) AS found FROM journalled() j JOIN s ON j.key = 's:' || md5(s::text);

-- case 11: renames
ALTER TABLE s RENAME added TO "Added Later";
SELECT uncache.watch('s', 's:{"Added Later"}');
ALTER TABLE s RENAME "Added Later" TO later;
ALTER TABLE s RENAME country TO land;
TRUNCATE uncache.journal;
UPDATE s SET land = 'NL';
SELECT key FROM journalled();

-- case 12: queries over virtual columns
CREATE TABLE page (slug text, country text, code text GENERATED ALWAYS AS (lower(country)));
INSERT INTO page VALUES ('a', 'NL'), ('b', 'NO'), ('c', 'BE');
SELECT uncache.watch('s', keys => '{}', query => ARRAY[$$SELECT 'page:' || p.slug || p.code FROM public.page p WHERE p.code || p.code = lower({later})$$]);
UPDATE s SET land = 'NO';
SELECT key FROM journalled();
ALTER TABLE page DROP country CASCADE;

-- case 13: a cacheops rule: fields by themselves and by name, of each kind the image of a stored twin
CREATE FUNCTION images(OUT target text, OUT image text) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT j.target, j.key FROM journalled() j WHERE j.action = 'cacheops' $$;
SELECT uncache.watch('twin', keys => '{}', cacheops => ARRAY['app_twin', '@Asia/Kolkata', 'vj=vj', 'sj=sj', 'va=va', 'sa=sa', 'named=vo', '-so', '-v2', '-current_date']);
DELETE FROM twin WHERE id = 1;
CREATE TEMP TABLE image AS SELECT (image::jsonb) -> 1 AS fields FROM images();
SELECT f.key, f.value, i.fields ->> ('s' || substr(f.key, 2)) = f.value AS is_same FROM image i, jsonb_each_text(i.fields) f WHERE f.key LIKE 'v%' OR f.key = 'named' ORDER BY f.key COLLATE "C";
DROP TABLE image;
-- one that cannot be computed
SELECT uncache.watch('f', keys => '{}', cacheops => ARRAY['app_f']);
INSERT INTO f VALUES (3, 4), (4, NULL), (5, 0);
SELECT * FROM journalled();
SELECT uncache.watch('never', keys => '{}', cacheops => ARRAY['app_never', 'q=q']);
SET ROLE regress_uncache_virtual;
INSERT INTO never VALUES (2);
RESET ROLE;
SELECT * FROM journalled();
-- one that is too large, as a text and as what an output function would have to write
SELECT uncache.watch('huge', keys => '{}', cacheops => ARRAY['app_huge', 'w=w']);
INSERT INTO huge VALUES (4), (200000);
SELECT * FROM journalled();
ALTER TABLE huge ADD j jsonb GENERATED ALWAYS AS (('"' || repeat('x', id * 2) || '"')::jsonb);
SELECT uncache.watch('huge', cacheops => ARRAY['app_huge', '-w', 'j=j']);
TRUNCATE uncache.journal;
INSERT INTO huge VALUES (5), (200000);
SELECT * FROM journalled();
-- columns of a cacheops rule
SELECT uncache.watch('page', cacheops => ARRAY['app_page', 'nix=nix']);
SELECT uncache.check_rule('f', 'cacheops', ARRAY['app_f']);
-- a stored column that becomes virtual
CREATE TABLE c (id int, doubled int GENERATED ALWAYS AS (id * 2) STORED);
SELECT uncache.watch('c', cacheops => ARRAY['app_c']);
ALTER TABLE c DROP doubled, ADD doubled int GENERATED ALWAYS AS (id * 2);
SELECT * FROM journalled();
INSERT INTO c VALUES (4);
SELECT * FROM journalled();

-- case 14: a writer who may not read the table, and a watched schema
CREATE SCHEMA billing;
SELECT uncache.watch_schema('billing');
CREATE TABLE billing.w (id int PRIMARY KEY, name text, slug text GENERATED ALWAYS AS (lower(name)));
SELECT uncache.watch('billing.w', 'slug:{slug}');
GRANT USAGE ON SCHEMA billing TO regress_uncache_virtual;
GRANT INSERT ON billing.w TO regress_uncache_virtual;
SET ROLE regress_uncache_virtual;
INSERT INTO billing.w VALUES (1, 'Anna');
RESET ROLE;
SELECT action, key FROM journalled();
DROP SCHEMA billing CASCADE;
DROP OWNED BY regress_uncache_virtual;
DROP ROLE regress_uncache_virtual;

-- case 15: caches may be emptied while a rule is compiled: with assertions PostgreSQL does so at every look-up
CREATE TABLE d (id int, country text, code text GENERATED ALWAYS AS (lower(country)), short varchar(1) GENERATED ALWAYS AS (left(country, 1)));
SELECT uncache.watch('d', keys => ARRAY['d:{code}:{md5(d::text)}'], query => ARRAY[$$SELECT 'q:' || {short}$$], cacheops => ARRAY['app_d', 'code=code']);
TRUNCATE uncache.journal;
DO $$
BEGIN
	PERFORM set_config(name, least(max_val::int, 1)::text, false) FROM pg_settings WHERE name = 'debug_discard_caches';
END
$$;
INSERT INTO d VALUES (1, 'CH');
ALTER TABLE d ALTER code SET EXPRESSION AS (lower(country) || id);
UPDATE d SET country = 'AT';
SET debug_discard_caches = 0;
SELECT action, key FROM journalled();
SELECT 'd:' || code || ':' || md5(d::text) AS key FROM d;
