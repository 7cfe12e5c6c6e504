# DROP EXTENSION uncache CASCADE leaves tables as they were before: the same dump, every trigger of a
# rule gone, the application's own there. PostgreSQL leaves the schema that CREATE EXTENSION has made;
# without it nothing holds back a role.

use strict;
use warnings FATAL => 'all';
use Test::More;
use PostgreSQL::Test::Utils;
use Uncache::Test;

my $node = start_postgres('main');
my $redis = start_redis('redis');

# Schema, data and privileges, without what differs from dump to dump.
sub dump_all
{
	my ($stdout, $stderr) = run_command([ 'pg_dump', '-d', $node->connstr('shop') ]);

	is($stderr, '', 'pg_dump has nothing to complain of');
	$stdout =~ s/^\\(?:un)?restrict .*\n//mg;
	return $stdout;
}

# What pg_dump does not say: all kinds of triggers, as they are switched.
sub triggers
{
	return $node->safe_psql('shop', <<'END');
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger ORDER BY 1, 2;
SELECT evtname FROM pg_event_trigger ORDER BY 1;
SELECT count(*) FROM pg_depend WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = classid);
END
}

$node->safe_psql('postgres', 'CREATE ROLE shop_owner; CREATE DATABASE shop');
$node->safe_psql('shop', <<'END');
CREATE SCHEMA shop AUTHORIZATION shop_owner;
CREATE SCHEMA tagged AUTHORIZATION shop_owner;
SET ROLE shop_owner;
CREATE TABLE shop.customer (id int PRIMARY KEY, name text, active boolean DEFAULT true);
CREATE TABLE shop.invoice (id int PRIMARY KEY, customer_id int REFERENCES shop.customer ON DELETE CASCADE,
	net numeric, gross numeric GENERATED ALWAYS AS (net * 1.2) STORED);
CREATE TABLE shop.visit (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE shop.visit_2026 PARTITION OF shop.visit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE shop.heir (more text) INHERITS (shop.customer);
CREATE VIEW shop.active AS SELECT * FROM shop.customer WHERE active;
CREATE MATERIALIZED VIEW shop.totals AS SELECT customer_id, sum(net) FROM shop.invoice GROUP BY 1;
CREATE TABLE tagged.price (id int PRIMARY KEY, amount int);
CREATE FUNCTION shop.own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER own BEFORE UPDATE ON shop.customer FOR EACH ROW EXECUTE FUNCTION shop.own();
ALTER TABLE shop.customer DISABLE TRIGGER own;
ALTER TABLE shop.customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON shop.customer USING (true);
GRANT SELECT ON shop.customer TO PUBLIC;
INSERT INTO shop.customer SELECT i, 'name ' || i FROM generate_series(1, 50) i;
INSERT INTO shop.invoice (id, customer_id, net) SELECT i, i, i FROM generate_series(1, 50) i;
INSERT INTO shop.visit SELECT i, '2026-03-01' FROM generate_series(1, 50) i;
END
my $dump = dump_all();
my $triggers = triggers();

# --- all that a rule can be ---

install($node, 'shop');
$node->safe_psql('shop', <<'END');
CREATE ROLE author;
SELECT uncache.grant_author('author'), uncache.grant_author('shop_owner');
SELECT uncache.watch('shop.customer', 'customer:{id}', 'api://customers:{lower(name)}');
SELECT uncache.watch('shop.customer', tags => ARRAY['customer:{id}'], versions => ARRAY['ver:{id}']);
SELECT uncache.watch('shop.customer', query => ARRAY[$$SELECT 'invoice:' || id FROM shop.invoice WHERE customer_id = {id}$$]);
SELECT uncache.watch('shop.invoice', 'invoice:{id}', 'gross:{gross}');
SELECT uncache.watch('shop.visit', 'visit:{id}');
SELECT uncache.watch('shop.heir', patterns => ARRAY['heir:*']);
SELECT uncache.watch('shop.totals', 'totals');
SELECT uncache.watch_schema('tagged');
END
my $daemon = start_daemon('daemon', node => $node, database => 'shop', redis => $redis->url);
$redis->fill('totals');
cmp_ok($node->safe_psql('shop', q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'uncache%'}), '>=', 14, 'there are rules');
$node->safe_psql('shop', <<'END');
BEGIN;
UPDATE shop.customer SET name = 'other' WHERE id < 10;
DELETE FROM shop.customer WHERE id = 50;
ROLLBACK;
INSERT INTO tagged.price VALUES (1, 1);
DELETE FROM tagged.price;
REFRESH MATERIALIZED VIEW shop.totals;
ALTER TABLE shop.customer RENAME COLUMN name TO title;
ALTER TABLE shop.customer RENAME COLUMN title TO name;
CREATE TABLE shop.visit_2027 PARTITION OF shop.visit FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
DROP TABLE shop.visit_2027;
END
ok((wait_for { !$redis->has('totals') } 10), 'which a daemon works by');
is($daemon->stop(6), 0, 'it stops');

# --- gone ---

my ($status, $stdout, $stderr) = $node->psql('shop', 'DROP EXTENSION uncache');
isnt($status, 0, 'without CASCADE rules keep the extension');
like($stderr, qr/depends? on function uncache/, 'PostgreSQL says which');
$node->safe_psql('shop', 'DROP EXTENSION uncache CASCADE');
is(triggers(), $triggers, 'the triggers are those of before');
is($node->safe_psql('shop', q{SELECT string_agg(nspname, ' ') FROM pg_namespace WHERE nspname LIKE 'uncache%'}), 'uncache',
	'the schema stays that CREATE EXTENSION has made');
$node->safe_psql('shop', 'DROP SCHEMA uncache');
is(dump_all(), $dump, 'without it the dump is the same as before');
$node->safe_psql('shop', 'DROP ROLE author');
pass('a role that was an author can be dropped');
$node->safe_psql('shop', <<'END');
UPDATE shop.customer SET name = 'other' WHERE id < 10;
DELETE FROM shop.customer WHERE id = 50;
TRUNCATE shop.visit;
REFRESH MATERIALIZED VIEW shop.totals;
DROP SCHEMA tagged CASCADE;
END
pass('the tables can be written to, and dropped');
done_testing();
