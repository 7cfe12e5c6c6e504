# Every recipe of docs/rules.md, run as it stands there: what goes, and what stays.

use strict;
use warnings FATAL => 'all';
use Digest::MD5 qw(md5_hex);
use Test::More;
use Uncache::Test;
use Uncache::Test::Daemon;
use Uncache::Test::Document;
use Uncache::Test::Targets;

use constant PREFIX => ':1:';

my $rules = Uncache::Test::Document->new('rules.md');
my $node = start_postgres('main');
my $session = Uncache::Test::Session->connect($node);
my $redis = start_redis('redis');
my $cache = Uncache::Test::Targets->new($redis,
	default => { database => 0, prefix => PREFIX },
	api => { database => 3, prefix => '' });

my $daemon = Uncache::Test::Daemon->new('uncached',
	config => write_file(PostgreSQL::Test::Utils::tempdir() . '/uncached.ini', <<"END"))->start;
[postgres]
dsn = @{[ $node->connstr('postgres') ]} user=uncached
[target default]
url = @{[ $redis->url ]}
prefix = "@{[PREFIX]}"
[target api]
url = @{[ $redis->url(3) ]}
END
foreach my $target ('default', 'api')
{
	wait_attached($node, target => $target) or die "uncached does not attach:\n" . $daemon->log;
}

# --- SQL ---

sub sql { return $node->safe_psql('postgres', join(";\n", @_)); }

sub apply
{
	my @statements = @_;
	my $output = sql(@statements);

	$session->query_value(q{SELECT uncache.wait('30s')}) eq 't' or fail("not applied: @statements");
	return $output;
}

# Caches the keys of both lists; after the statements exactly the first are gone.
sub goes
{
	my ($what, $sql, $gone, $stays) = @_;

	$cache->clear;
	$cache->cache(@$gone, @$stays);
	apply($sql);
	is_deeply($cache->names, [ sort @$stays ], $what);
	return;
}

# The same for keys that are registered, each under its tags; the sets of the
# taken tags go, too, and keys may be members of others still.
sub goes_with_tags
{
	my ($what, $sql, $taken, %tags_of) = @_;
	my %is_taken = map { $_ => 1 } @$taken;
	my %stays = map { ("tag:$_" => 1) } grep { !$is_taken{$_} } map { @$_ } values %tags_of;

	foreach my $key (keys %tags_of)
	{
		$stays{$key} = 1 unless grep { $is_taken{$_} } @{ $tags_of{$key} };
	}
	$cache->clear;
	$cache->cache_under_tags($_, @{ $tags_of{$_} }) foreach sort keys %tags_of;
	apply($sql);
	is_deeply($cache->names, [ sort keys %stays ], $what);
	return;
}

# After the statements exactly these counters of all have another value; a page
# under each counter's version is there still, and not read again.
sub renews
{
	my ($what, $sql, $renewed, $all) = @_;
	my (%before, %page);

	$cache->clear;
	foreach my $counter (@$all)
	{
		$before{$counter} = $cache->version($counter);
		$page{$counter} = "page of $counter:v$before{$counter}";
		$cache->cache($page{$counter});
	}
	apply($sql);
	my @renewed = grep { $cache->version($_) ne $before{$_} } @$all;
	is_deeply([ sort @renewed ], [ sort @$renewed ], $what);
	is_deeply($cache->names, [ sort @$all, values %page ], "$what: nothing is deleted");
	return;
}

# --- the recipes ---

my ($tables) = $rules->blocks('sql', 'Recipes');
my $rows = <<'END';
INSERT INTO billing.customer VALUES (1, 3, 'Ada', 'Ada@Example.org'), (2, 4, 'Bob', 'bob@example.org'),
	(7, 3, 'Cy', 'cy@example.org'), (8, 4, 'Di', NULL);
INSERT INTO billing.product VALUES (1, 'pen', 1, true), (2, 'ink', 2, false), (3, 'pad', 3, true);
INSERT INTO billing.invoice VALUES (1, 3, 7, 'open', 10, ''), (2, 3, 7, 'open', 20, ''), (3, 4, 8, 'open', 30, '');
INSERT INTO billing.role VALUES (1, 'admin'), (2, 'clerk'), (3, 'guest');
INSERT INTO billing.member VALUES (1, 1), (2, 1), (3, 2), (4, NULL);
INSERT INTO billing.permission VALUES (1, 'read'), (1, 'write'), (2, 'read');
END

# Each is given the recipe's blocks.
my %recipes = (
	'I cache one row' => \&cache_one_row,
	'I cache a list page' => \&cache_a_list_page,
	"My customer's name is on every invoice" => \&name_on_every_invoice,
	'Permissions are two joins away' => \&permissions_two_joins_away,
	'I have tenants' => \&have_tenants,
	'My keys contain a hash' => \&keys_contain_a_hash,
	'My keys are spelled as users type them' => \&spelled_as_typed,
	'My dashboard reads many tables' => \&dashboard_reads_many_tables,
	'Only some columns matter' => \&only_some_columns,
	'Only some rows are cached' => \&only_some_rows,
	'I have several Redis' => \&several_redis,
	'Nobody knows how my keys end' => \&unknown_ends,
	'I load a million rows at night' => \&load_at_night,
	'I read right after I wrote' => \&read_after_write,
	'What would this statement delete?' => \&what_would_be_deleted);

my @headings = $rules->headings('Recipes');

is_deeply([ sort @headings ], [ sort keys %recipes ], 'every recipe of the document is tested, and no other');
is(scalar($rules->blocks('sql', 'Recipes')), 1, 'one block makes the tables');
is($rules->count_blocks('Recipes'),
	1 + (grep { 1 } map { $rules->blocks('sql', 'Recipes', $_) } @headings),
	'all that the recipes show is SQL');

foreach my $heading (@headings)
{
	my $check = $recipes{$heading} or next;

	apply('DROP SCHEMA IF EXISTS billing CASCADE');
	apply("$tables;\n$rows");
	note $heading;
	eval { $check->($rules->blocks('sql', 'Recipes', $heading)); 1 } or fail("$heading: $@");
}

sub cache_one_row
{
	apply(@_);
	goes('one row: a new name',
		q{UPDATE billing.customer SET name = 'Ida' WHERE id = 1},
		[ 'customer:1', 'customer:by-email:ada@example.org' ],
		[ 'customer:2', 'customer:by-email:bob@example.org', 'customer:by-email:Ada@Example.org', 'customer:11' ]);
	goes('one row: a new address',
		q{UPDATE billing.customer SET email = 'IDA@example.org' WHERE id = 1},
		[ 'customer:1', 'customer:by-email:ada@example.org', 'customer:by-email:ida@example.org' ],
		['customer:by-email:bob@example.org']);
	goes('one row: that there is no such customer',
		q{INSERT INTO billing.customer VALUES (9, 3, 'Eve', 'Eve@example.org')},
		[ 'customer:9', 'customer:by-email:eve@example.org' ], ['customer:1']);
	goes('one row: no address',
		q{UPDATE billing.customer SET name = 'Dee' WHERE id = 8},
		[ 'customer:8', 'customer:by-email:' ], ['customer:by-email:null']);
	goes('one row: deleted',
		q{DELETE FROM billing.customer WHERE id = 2},
		[ 'customer:2', 'customer:by-email:bob@example.org' ], ['customer:1']);
	goes('one row: rolled back',
		q{BEGIN; UPDATE billing.customer SET name = 'x'; ROLLBACK}, [], [ 'customer:1', 'customer:7' ]);
	goes('one row: COPY',
		"COPY billing.customer (id, email) FROM stdin;\n20\tX\@y.z\n21\t\\N\n\\.\n",
		[ 'customer:20', 'customer:21', 'customer:by-email:x@y.z', 'customer:by-email:' ], ['customer:22']);
	goes('one row: TRUNCATE',
		'TRUNCATE billing.customer CASCADE',
		[ 'customer:1', 'customer:999', 'customer:by-email:x' ], [ 'customer', 'customers:1', 'invoice:1' ]);
	return;
}

sub cache_a_list_page
{
	my @counters = map { "ver:invoices:$_" } 1, 7, 8;
	my @others = ('ver:invoices', 'ver:customers:7');

	apply(@_);
	renews('a list page: a changed invoice',
		'UPDATE billing.invoice SET total = 11 WHERE id = 1', ['ver:invoices:7'], [ @counters, @others ]);
	renews('a list page: a new invoice',
		q{INSERT INTO billing.invoice VALUES (10, 3, 1, 'open', 1, '')}, ['ver:invoices:1'], [ @counters, @others ]);
	renews('a list page: an invoice that goes over to another customer',
		'UPDATE billing.invoice SET customer_id = 8 WHERE id = 2',
		[ 'ver:invoices:7', 'ver:invoices:8' ], [ @counters, @others ]);
	renews('a list page: deleted', 'DELETE FROM billing.invoice WHERE id = 3',
		['ver:invoices:8'], [ @counters, @others ]);
	renews('a list page: rolled back', 'BEGIN; DELETE FROM billing.invoice; ROLLBACK', [], [ @counters, @others ]);
	renews('a list page: TRUNCATE', 'TRUNCATE billing.invoice', \@counters, [ @counters, @others ]);

	# the page's key, as the text has it
	$cache->clear;
	my $page = 'invoices:7:page:1:v' . $cache->version('ver:invoices:7');
	$cache->cache($page);
	apply(q{INSERT INTO billing.invoice VALUES (11, 3, 7, 'open', 1, '')});
	isnt('invoices:7:page:1:v' . $cache->version('ver:invoices:7'), $page, 'a list page: its key is another');
	return;
}

sub name_on_every_invoice
{
	my ($block) = @_;
	my @change = (q{UPDATE billing.customer SET name = 'Sy' WHERE id = 7},
		[ 'invoice:1', 'invoice:2' ], [ 'invoice:3', 'invoice:11', 'customer:7' ]);

	sql($block);
	goes('every invoice: a new name', @change);
	goes('every invoice: all customers', 'UPDATE billing.customer SET name = upper(name)',
		[ 'invoice:1', 'invoice:2', 'invoice:3' ], ['invoice:4']);
	goes('every invoice: one that the same transaction adds', <<'END',
BEGIN;
INSERT INTO billing.invoice VALUES (4, 3, 7, 'open', 1, '');
UPDATE billing.customer SET name = 'Si' WHERE id = 7;
COMMIT
END
		[ 'invoice:1', 'invoice:2', 'invoice:4' ], ['invoice:3']);
	goes('every invoice: a customer without one', q{UPDATE billing.customer SET name = 'x' WHERE id = 2},
		[], [ 'invoice:1', 'invoice:3' ]);
	goes('every invoice: another address', q{UPDATE billing.customer SET email = 'x' WHERE id = 8},
		['invoice:3'], ['invoice:1']);
	goes('every invoice: rolled back', q{BEGIN; UPDATE billing.customer SET name = 'x'; ROLLBACK},
		[], [ 'invoice:1', 'invoice:3' ]);

	# "Only what a PDF shows matters?"
	ok($block =~ s/\]\);/], columns => '{name}');/, 'every invoice: the block takes columns');
	sql($block);
	goes('every invoice, the name alone: another address', q{UPDATE billing.customer SET email = 'y' WHERE id = 8},
		[], [ 'invoice:3', 'invoice:1' ]);
	goes('every invoice, the name alone: a new name', $change[0], [ 'invoice:1', 'invoice:2', 'invoice:4' ], ['invoice:3']);
	goes('every invoice: TRUNCATE', 'TRUNCATE billing.customer CASCADE',
		[ 'invoice:1', 'invoice:99' ], [ 'invoices', 'customer:7' ]);
	return;
}

sub permissions_two_joins_away
{
	apply(@_);
	goes('permissions: another role', 'UPDATE billing.member SET role_id = 2 WHERE id = 1',
		['permissions:1'], [ 'permissions:2', 'permissions:3', 'permissions:4' ]);
	goes('permissions: a role may do more', q{INSERT INTO billing.permission VALUES (2, 'write')},
		[ 'permissions:1', 'permissions:3' ], [ 'permissions:2', 'permissions:4' ]);
	goes('permissions: a role may do less', q{DELETE FROM billing.permission WHERE role_id = 1},
		['permissions:2'], [ 'permissions:1', 'permissions:3', 'permissions:4' ]);
	goes('permissions: a permission goes over to another role',
		q{UPDATE billing.permission SET role_id = 1 WHERE role_id = 2 AND name = 'write'},
		[ 'permissions:1', 'permissions:2', 'permissions:3' ], ['permissions:4']);
	goes('permissions: a role that nobody has', q{INSERT INTO billing.permission VALUES (3, 'read')},
		[], [ map { "permissions:$_" } 1 .. 4 ]);
	goes('permissions: a new member', 'INSERT INTO billing.member VALUES (5, 3)', ['permissions:5'], ['permissions:1']);
	goes('permissions: rolled back to a savepoint', <<'END', ['permissions:5'], [ 'permissions:2', 'permissions:3' ]);
BEGIN;
SAVEPOINT a;
DELETE FROM billing.permission WHERE role_id IN (1, 2);
ROLLBACK TO a;
DELETE FROM billing.permission WHERE role_id = 3;
COMMIT
END
	goes('permissions: TRUNCATE', 'TRUNCATE billing.permission', [ 'permissions:1', 'permissions:77' ], ['permission:1']);
	return;
}

sub have_tenants
{
	my %dashboards = (
		'dashboard:3' => ['tenant:3'],
		'totals:3' => ['tenant:3'],
		'dashboard:4' => ['tenant:4'],
		'both' => [ 'tenant:3', 'tenant:4' ],
		'other' => [ 'tenants', 'other:3' ],
		'of nobody' => ['tenant:']);

	apply(@_);
	goes_with_tags('tenants: an invoice', 'UPDATE billing.invoice SET total = 1 WHERE id = 1',
		['tenant:3'], %dashboards);
	goes_with_tags('tenants: a customer', q{INSERT INTO billing.customer VALUES (30, 4, 'x', 'y')},
		['tenant:4'], %dashboards);
	goes_with_tags('tenants: a customer of nobody', q{INSERT INTO billing.customer VALUES (31, NULL, 'x', 'y')},
		['tenant:'], %dashboards);
	goes_with_tags('tenants: an invoice that goes over to another', 'UPDATE billing.invoice SET tenant_id = 4 WHERE id = 2',
		[ 'tenant:3', 'tenant:4' ], %dashboards);
	goes_with_tags('tenants: a product', 'UPDATE billing.product SET price = 9', [], %dashboards);
	goes_with_tags('tenants: rolled back', 'BEGIN; DELETE FROM billing.invoice; ROLLBACK', [], %dashboards);
	goes_with_tags('tenants: by hand', q{SELECT uncache.invalidate_tag('tenant:3')}, ['tenant:3'], %dashboards);
	goes_with_tags('tenants: TRUNCATE', 'TRUNCATE billing.invoice',
		[ 'tenant:3', 'tenant:4', 'tenant:' ], %dashboards);
	return;
}

# As Django's {% cache 600 invoice invoice.id %} names it, without its prefix.
sub fragment { return 'template.cache.invoice.' . md5_hex(join('', map { "$_:" } @_)); }

sub keys_contain_a_hash
{
	my ($fragments, $tags) = @_;

	sql($fragments, $tags);
	goes('a hash: a changed invoice', 'UPDATE billing.invoice SET total = 1 WHERE id = 1',
		[ fragment(1) ], [ fragment(2), fragment(''), fragment(1, 1) ]);
	goes('a hash: another number', 'UPDATE billing.invoice SET id = 12 WHERE id = 2',
		[ fragment(2), fragment(12) ], [ fragment(1), fragment(22) ]);
	goes('a hash: TRUNCATE', 'TRUNCATE billing.invoice', [ fragment(1), fragment('x') ], ['template.cache.product.1']);

	my %views = ('view:' . md5_hex('?q=pen') => ['product:1'], 'view:' . md5_hex('?q=p') => [ 'product:1', 'product:3' ],
		'view:' . md5_hex('?q=ink') => ['product:2']);
	goes_with_tags('a hash that nobody knows: a product', 'UPDATE billing.product SET price = 5 WHERE id = 1',
		['product:1'], %views);
	goes_with_tags('a hash that nobody knows: another', 'DELETE FROM billing.product WHERE id = 3',
		['product:3'], %views);
	return;
}

sub spelled_as_typed
{
	my $id = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';

	apply(@_);
	goes('spellings: citext and uuid', qq{INSERT INTO billing.account VALUES ('{\U$id\E}', 'Ada\@Example.org')},
		[ "account:$id", 'account:by-email:ada@example.org' ],
		[ "account:\U$id", "account:{$id}", 'account:by-email:Ada@Example.org' ]);
	goes('spellings: found by another one', q{UPDATE billing.account SET email = 'ADA2@example.org' WHERE email = 'aDa@example.ORG'},
		[ "account:$id", 'account:by-email:ada@example.org', 'account:by-email:ada2@example.org' ], []);
	sql(q{SELECT uncache.watch('billing.account', '{email}', 'account:{upper(id::text)}', '{1.50::numeric}')});
	goes('spellings: without an expression only the stored one', q{UPDATE billing.account SET email = 'ada2@Example.org'},
		[ 'ADA2@example.org', 'ada2@Example.org', "account:\U$id", '1.50' ],
		[ 'ada2@example.org', "account:$id", '1.5' ]);
	sql(q{SELECT uncache.watch('billing.account', keys => '{}', tags => ARRAY['account:{id}'])});
	goes_with_tags('spellings: a tag knows them all', q{UPDATE billing.account SET email = 'x'}, ["account:$id"],
		'account:by-email:Ada2@Example.org' => ["account:$id"], "account:\U$id" => ["account:$id"], 'other' => ['account:x']);
	return;
}

sub dashboard_reads_many_tables
{
	my %dashboards = (
		'dashboard' => [ 'billing.invoice', 'billing.customer', 'billing.product' ],
		'invoice:1' => ['billing.invoice:1'],
		'invoice:2' => ['billing.invoice:2'],
		'customers' => ['billing.customer'],
		'members' => [ 'billing.member', 'billing.member:1' ],
		'may write' => ['billing.permission:1:write'],
		'may read' => ['billing.permission:1:read'],
		'payments' => [ 'billing.payment', 'billing.payment:5' ]);

	apply(@_);
	goes_with_tags('many tables: an invoice', 'UPDATE billing.invoice SET total = 1 WHERE id = 1',
		[ 'billing.invoice', 'billing.invoice:1' ], %dashboards);
	goes_with_tags('many tables: a customer', 'DELETE FROM billing.customer WHERE id = 2',
		['billing.customer'], %dashboards);
	goes_with_tags('many tables: one with two columns in its key', q{DELETE FROM billing.permission WHERE name = 'write'},
		['billing.permission:1:write'], %dashboards);
	goes_with_tags('many tables: the one left out', 'UPDATE billing.member SET role_id = 2', [], %dashboards);
	apply('CREATE TABLE billing.payment (id int PRIMARY KEY, paid numeric)');
	goes_with_tags('many tables: one made later', 'INSERT INTO billing.payment VALUES (5, 1)',
		[ 'billing.payment', 'billing.payment:5' ], %dashboards);
	goes_with_tags('many tables: rolled back', 'BEGIN; DELETE FROM billing.invoice; ROLLBACK', [], %dashboards);
	goes_with_tags('many tables: TRUNCATE', 'TRUNCATE billing.invoice',
		[ 'billing.invoice', 'billing.invoice:1', 'billing.invoice:2' ], %dashboards);
	return;
}

sub only_some_columns
{
	apply(@_);
	goes('some columns: another', q{UPDATE billing.invoice SET note = 'x', customer_id = 1}, [], ['invoice:1:pdf']);
	goes('some columns: total', 'UPDATE billing.invoice SET total = 1 WHERE id = 1',
		['invoice:1:pdf'], [ 'invoice:2:pdf', 'invoice:1' ]);
	goes('some columns: status', q{UPDATE billing.invoice SET status = 'paid', note = '' WHERE id = 2},
		['invoice:2:pdf'], ['invoice:1:pdf']);
	goes('some columns: that of the key', 'UPDATE billing.invoice SET id = 30 WHERE id = 3',
		[ 'invoice:3:pdf', 'invoice:30:pdf' ], ['invoice:1:pdf']);
	goes('some columns: a new row', 'INSERT INTO billing.invoice (id) VALUES (5)', ['invoice:5:pdf'], ['invoice:1:pdf']);
	goes('some columns: deleted', 'DELETE FROM billing.invoice WHERE id = 5', ['invoice:5:pdf'], ['invoice:1:pdf']);
	goes('some columns: TRUNCATE', 'TRUNCATE billing.invoice', [ 'invoice:1:pdf', 'invoice:9:pdf' ], ['invoice:1']);

	# what a BEFORE trigger changes on its own is not seen
	apply(<<'END');
INSERT INTO billing.invoice (id, total) VALUES (1, 1);
CREATE FUNCTION billing.count_total() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.total := NEW.total + 1; RETURN NEW; END';
CREATE TRIGGER count_total BEFORE UPDATE ON billing.invoice FOR EACH ROW EXECUTE FUNCTION billing.count_total();
END
	goes('some columns: what a BEFORE trigger changes', q{UPDATE billing.invoice SET note = 'x'}, [], ['invoice:1:pdf']);
	return;
}

sub only_some_rows
{
	apply(@_);
	goes('some rows: a public product', 'UPDATE billing.product SET price = 9 WHERE id = 1',
		[ 'products:public', 'product:1' ], [ 'product:2', 'product:3' ]);
	goes('some rows: a hidden one', 'UPDATE billing.product SET price = 9 WHERE id = 2',
		[], [ 'products:public', 'product:1', 'product:2' ]);
	goes('some rows: one that ceases to be public', 'UPDATE billing.product SET is_public = false WHERE id = 1',
		[ 'products:public', 'product:1' ], ['product:2']);
	goes('some rows: one that becomes so', 'UPDATE billing.product SET is_public = true WHERE id = 2',
		[ 'products:public', 'product:2' ], ['product:3']);
	goes('some rows: a new hidden one', q{INSERT INTO billing.product VALUES (4, 'cap', 1, false)},
		[], [ 'products:public', 'product:4' ]);
	goes('some rows: a new public one', q{INSERT INTO billing.product VALUES (5, 'cup', 1, true)},
		[ 'products:public', 'product:5' ], ['product:4']);
	goes('some rows: deleted', 'DELETE FROM billing.product WHERE id IN (3, 4)',
		[ 'products:public', 'product:3' ], ['product:4']);
	goes('some rows: in replica role', <<'END', [ 'products:public', 'product:2', 'product:6' ], ['product:5']);
SET session_replication_role = replica;
UPDATE billing.product SET price = 1 WHERE id = 2;
INSERT INTO billing.product VALUES (6, 'can', 1, true)
END
	goes('some rows: TRUNCATE', 'TRUNCATE billing.product',
		[ 'products:public', 'product:1', 'product:99' ], [ 'products:hidden', 'products' ]);
	return;
}

sub several_redis
{
	apply(@_);
	goes('several Redis: both', 'UPDATE billing.invoice SET total = 1 WHERE id = 1',
		[ 'invoice:1', 'api://v1/invoices/1' ],
		[ 'invoice:2', 'api://v1/invoices/2', 'v1/invoices/1', 'api://invoice:1', 'api://:1:invoice:1' ]);
	goes('several Redis: TRUNCATE', 'TRUNCATE billing.invoice',
		[ 'invoice:1', 'api://v1/invoices/1', 'api://v1/invoices/9' ], [ 'v1/invoices/1', 'api://invoice:1' ]);
	return;
}

sub unknown_ends
{
	apply(@_);
	goes('unknown ends: an invoice', 'UPDATE billing.invoice SET total = 1 WHERE id = 1',
		[ 'report:3:', 'report:3:2024', 'report:3:a:b', "report:3:\n" ],
		[ 'report:3', 'report:33:x', 'report:4:2024', 'xreport:3:1' ]);
	goes('unknown ends: several tenants', 'UPDATE billing.invoice SET total = 2',
		[ 'report:3:2024', 'report:4:2024' ], [ 'report:5:2024', 'report::2024' ]);
	goes('unknown ends: no tenant', 'INSERT INTO billing.invoice (id) VALUES (6)',
		['report::2024'], ['report:3:2024']);
	goes('unknown ends: TRUNCATE', 'TRUNCATE billing.invoice', [ 'report:3:1', 'report:9:1' ], [ 'report:3', 'report' ]);
	return;
}

sub load_at_night
{
	my ($block) = @_;

	sql(q{SELECT uncache.watch('billing.product', keys => ARRAY['product:{id}'], query => ARRAY[$$SELECT 'shelf:' || {id}$$])});
	goes('a bulk load', $block,
		[ 'product:1', 'product:1500', 'shelf:1', 'shelf:1999' ], [ 'products', 'customer:1', 'shelf' ]);
	is(sql('SELECT count(*) FROM billing.product WHERE id >= 1000'), 1000, 'a bulk load: it is loaded');
	is(sql(<<'END'), 'patterns', 'a bulk load: its rows are not journalled one by one');
SELECT string_agg(DISTINCT action, ' ') FROM uncache.journal WHERE xid = (SELECT max(xid) FROM uncache.journal)
END
	goes('a bulk load: after it rules are on', "DELETE FROM billing.product WHERE id >= 1000;\n$block; DELETE FROM billing.product WHERE id = 1",
		[ 'product:1', 'shelf:1' ], ['products']);
	return;
}

sub read_after_write
{
	my ($block) = @_;
	my $stale = 0;

	sql(q{SELECT uncache.watch('billing.invoice', 'invoice:{id}')});
	$cache->clear;
	foreach my $round (1 .. 20)
	{
		$cache->command('SET', 'invoice:1', 'old');
		$cache->command('SET', 'invoice:2', 'old');
		my $answer = sql($block);
		$stale++ if $answer ne 't' || defined $cache->command('GET', 'invoice:1');
	}
	is($stale, 0, 'read your own write: when wait has returned true, the key is gone');
	is_deeply($cache->names, ['invoice:2'], 'read your own write: and no other');
	return;
}

sub what_would_be_deleted
{
	my ($block) = @_;

	sql(q{SELECT uncache.watch('billing.customer', keys => ARRAY['customer:{id}', 'api://customers/{id}'], tags => ARRAY['tenant:{tenant_id}'])});
	$cache->clear;
	$cache->cache('customer:2');
	is(apply($block), <<'END' =~ s/\n\z//r, 'what would be deleted: relation, rule, action, target and key');
billing.customer|uncache_keys|keys|default|customer:2
billing.customer|uncache_keys|keys|api|customers/2
billing.customer|uncache_tags|tags|default|tenant:4
END
	is_deeply($cache->names, ['customer:2'], 'what would be deleted: nothing is');
	is(sql('SELECT count(*) FROM billing.customer WHERE id = 2'), 1, 'what would be deleted: the row is there');
	return;
}

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
