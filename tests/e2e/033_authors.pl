# Whose rights a rule's queries have survives pg_dump and pg_restore, into another
# cluster too, and nobody gains any by them.

use strict;
use warnings FATAL => 'all';
use Test::More;
use PostgreSQL::Test::Utils;
use Uncache::Test;

my $main = start_postgres('main');
my $other = start_postgres('other');

# The authors of rules with queries, without the numbers of one cluster.
sub authors
{
	my ($node, $database) = @_;

	return $node->safe_psql($database, <<'END');
SELECT t.tgrelid::regclass, regexp_replace(split_part(encode(t.tgargs, 'escape'), '\000', 1), 'oid [0-9]+ of system [0-9]+(, uses [0-9a-f]+)?', 'oid X'), a.author, a.problem
FROM pg_trigger t, uncache_internal.rule_author(t.oid) a
WHERE t.tgfoid = 'uncache.query()'::regprocedure AND t.tgtype & 1 = 1 ORDER BY t.tgrelid::regclass::text COLLATE "C"
END
}

# What a row of a table invalidates: the name of who the query ran as, or its pattern.
sub fire
{
	my ($node, $database, $table) = @_;

	return $node->safe_psql($database,
		"SET client_min_messages = error; SELECT string_agg(key, ' ') FROM uncache.explain('INSERT INTO $table VALUES (1, 1)')");
}

# Restores what the options dump; the messages.
sub move
{
	my ($node, $database, $user) = @_;
	my $directory = PostgreSQL::Test::Utils::tempdir();
	my ($output, $messages);

	$main->command_ok([ 'pg_dump', '--host', $main->host, '--port', $main->port, '--format=custom', '--file', "$directory/dump", 'postgres' ], "$database: pg_dump");
	$node->safe_psql('postgres', "CREATE DATABASE $database" . ($user eq 'postgres' ? '' : " OWNER $user"));
	IPC::Run::run([ 'pg_restore', '--host', $node->host, '--port', $node->port, '--username', $user, '--no-comments',
			($user eq 'postgres' ? () : '--no-owner'), '--dbname', $database, "$directory/dump" ], '>', \$output, '2>', \$messages);
	return $messages;
}

my $roles = 'CREATE ROLE author LOGIN; CREATE ROLE renamed; CREATE ROLE rich; CREATE ROLE helper;';
$main->safe_psql('postgres', <<"END");
$roles CREATE ROLE gone;
SELECT uncache.grant_author('author');
CREATE SCHEMA app AUTHORIZATION author;
CREATE TABLE app.kept (id int, d int) PARTITION BY LIST (d);
CREATE TABLE app.given (id int, d int);
CREATE TABLE app.gone (id int, d int);
CREATE TABLE app.rich (id int, d int);
CREATE TABLE app.renamed (id int, d int);
CREATE TABLE app.root (id int, d int);
ALTER TABLE app.kept OWNER TO author;
ALTER TABLE app.given OWNER TO author;
ALTER TABLE app.gone OWNER TO gone;
ALTER TABLE app.rich OWNER TO rich;
ALTER TABLE app.renamed OWNER TO renamed;
SELECT uncache.watch(r::regclass, query => ARRAY['SELECT ''as:'' || current_user WHERE {id} > 0', 'fallback:*'])
FROM unnest(ARRAY['app.kept', 'app.given', 'app.gone', 'app.rich', 'app.renamed', 'app.root']) r;
CREATE SCHEMA lib;
GRANT USAGE, CREATE ON SCHEMA lib TO author, helper;
CREATE FUNCTION lib.own(bigint) RETURNS bigint LANGUAGE internal AS 'int8up';
CREATE FUNCTION lib.lent(int) RETURNS int LANGUAGE internal AS 'int4up';
ALTER FUNCTION lib.own OWNER TO author;
ALTER FUNCTION lib.lent OWNER TO helper;
CREATE TABLE app.calls (id int, d int);
ALTER TABLE app.calls OWNER TO author;
SELECT uncache.watch('app.calls', query => ARRAY['SELECT lib.own({id}) || '':'' || lib.lent({id})', 'fallback:*']);
CREATE TABLE app.kept_1 PARTITION OF app.kept FOR VALUES IN (1);
ALTER TABLE app.given OWNER TO postgres;
ALTER ROLE renamed RENAME TO new_name;
END

is(move($main, 'again', 'postgres'), '', 'again: it is restored without a word');
is(fire($main, 'again', 'app.given'), 'as:author', 'again: a table that was given away keeps its author');
is(fire($main, 'again', 'app.kept'), 'as:author', 'again: so does a partition that a superuser made');
is(fire($main, 'again', 'app.renamed'), 'as:new_name', 'again: so does a role that has another name now');
is(fire($main, 'again', 'app.root'), 'as:postgres', 'again: a superuser stays one');

is(fire($main, 'again', 'app.calls'), '1:1', 'again: what a query calls of others is the same');

$other->safe_psql('postgres', 'CREATE ROLE filler1; CREATE ROLE filler2; ' . $roles . 'CREATE ROLE new_name; ALTER ROLE rich SUPERUSER');
like(move($other, 'moved', 'postgres'), qr/role "gone" does not exist/, 'moved: pg_restore says which owner is missing');
is(authors($other, 'moved'), <<'END' =~ s/\n\z//r, 'moved: what the other cluster knows of the authors');
app.calls|as "author", oid X|author|
app.given|as "author", oid X|author|
app.gone|as "gone", oid X||its queries are not run: the role whose privileges they have does not exist
app.kept|as "author", oid X|author|
app.kept_1|as "author", oid X|author|
app.renamed|as "renamed", oid X|renamed|
app.rich|as "rich", oid X||its queries are not run: the role whose privileges they have has become a superuser
app.root|as "postgres", oid X, superuser|postgres|
END
is(fire($other, 'moved', 'app.given'), 'as:author', 'moved: the author is found by name');
is(fire($other, 'moved', 'app.kept'), 'as:author', 'moved: a partition of his too');
is(fire($other, 'moved', 'app.gone'), 'fallback:*', 'moved: a query whose author does not exist is not run');
is(fire($other, 'moved', 'app.rich'), 'fallback:*', 'moved: nor one whose author is a superuser only there');
is(fire($other, 'moved', 'app.root'), 'as:postgres', 'moved: a superuser stays one');
$other->safe_psql('moved', q{CREATE ROLE gone SUPERUSER});
is(fire($other, 'moved', 'app.gone'), 'fallback:*', 'moved: a superuser who takes his name later changes nothing');

is(fire($other, 'moved', 'app.calls'), '1:1', 'moved: what a query calls of others is found by the names of its owners');

# planted before the dump, and refused there
$main->safe_psql('postgres', q{SET ROLE helper; CREATE FUNCTION lib.own(int) RETURNS text LANGUAGE sql SET search_path = pg_catalog, pg_temp AS 'SELECT $$planted$$'});
is(fire($main, 'postgres', 'app.calls'), 'fallback:*', 'planted: a function that fits better is not called');
is(move($main, 'planted', 'postgres'), '', 'planted: it is restored without a word');
like($main->safe_psql('planted', q{SELECT problem FROM uncache.check_rules() WHERE relation = 'app.calls'::regclass}),
	qr/would use a different object than when the rule was made. It is function lib.own\(integer\) of role helper/, 'planted: check_rules() tells of it');
is(fire($main, 'planted', 'app.calls'), 'fallback:*', 'planted: nor is it after dump and restore');
is(move($other, 'planted', 'postgres'), '', 'planted: so it is in another cluster');
is(fire($other, 'planted', 'app.calls'), 'fallback:*', 'planted: it is not called there either');

# who restores it for himself lends nobody's rights, his own excepted
$other->safe_psql('postgres', 'ALTER ROLE author CREATEDB');
like(move($other, 'mine', 'author'), qr/permission denied to create extension/, 'mine: the extension is a superuser\'s to make');
is($other->safe_psql('mine', q{SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal}), '0', 'mine: and without it there is no rule');

done_testing();
