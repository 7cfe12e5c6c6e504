# Keys reach Redis in UTF-8 whatever the database's encoding is; those of a
# SQL_ASCII database, whose bytes have no meaning, as they are.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my %database_number = (UTF8 => 0, LATIN1 => 1, EUC_JP => 2, SQL_ASCII => 3, WIN1252 => 4);

# name: the value of the row, as an SQL expression; gone: the bytes of the key.
sub deletes
{
	my ($encoding, $name, $sql, $gone, @stay) = @_;
	my $number = $database_number{$encoding};

	$redis->command('SELECT', $number);
	$redis->fill("doc:$gone", map { "doc:$_" } @stay);
	$node->safe_psql($encoding, "SET client_encoding = $encoding; INSERT INTO doc (key) VALUES ($sql)");
	wait_applied($node, database => $encoding) or fail("$encoding, $name: not applied");
	is_deeply($redis->remaining("doc:$gone", map { "doc:$_" } @stay),
		[ map { "doc:$_" } @stay ], "$encoding, $name");
	return;
}

my %daemons;

foreach my $encoding (sort keys %database_number)
{
	$node->safe_psql('postgres',
		"CREATE DATABASE \"$encoding\" TEMPLATE template0 ENCODING '$encoding' LOCALE 'C'");
	install($node, $encoding);
	$node->safe_psql($encoding, "CREATE TABLE doc (key text); SELECT uncache.watch('doc', 'doc:{key}', 'len:{length(key)}')");
	$daemons{$encoding} = start_daemon("uncached_$encoding", node => $node,
		database => $encoding, redis => $redis->url($database_number{$encoding}));
}

deletes('UTF8', 'two bytes a letter', q{E'Z\u00fcrich'}, "Z\xc3\xbcrich", "Z\xfcrich", 'Zurich');
deletes('UTF8', 'four bytes a letter', q{E'\U0001F511'}, "\xf0\x9f\x94\x91", '?');

deletes('LATIN1', 'ASCII', q{'plain'}, 'plain', 'plaim');
deletes('LATIN1', 'a letter is one byte in the database and two in the key', q{chr(252)}, "\xc3\xbc", "\xfc");
deletes('LATIN1', 'the same from a client\'s bytes', "'Z\xfcrich'", "Z\xc3\xbcrich", "Z\xfcrich");
deletes('LATIN1', 'all letters', q{(SELECT string_agg(chr(n), '') FROM generate_series(161, 255) n)},
	join('', map { my $letter = chr($_); utf8::encode($letter); $letter } 161 .. 255),
	join('', map { chr } 161 .. 255));

deletes('EUC_JP', 'kanji', "'\xc6\xfc\xcb\xdc'", "\xe6\x97\xa5\xe6\x9c\xac", "\xc6\xfc\xcb\xdc");

deletes('SQL_ASCII', 'ASCII', q{'plain'}, 'plain', 'plaim');
deletes('SQL_ASCII', 'bytes that are UTF-8', "'Z\xc3\xbcrich'", "Z\xc3\xbcrich", "Z\xfcrich");
deletes('SQL_ASCII', 'bytes that are not UTF-8', "'Z\xfcrich'", "Z\xfcrich", "Z\xc3\xbcrich");
deletes('SQL_ASCII', 'all bytes from 128 on', 'E\'' . join('', map { sprintf '\\x%02x', $_ } 128 .. 255) . '\'',
	join('', map { chr } 128 .. 255));

deletes('WIN1252', 'a letter that LATIN1 lacks', 'chr(128)', "\xe2\x82\xac", "\x80");
deletes('WIN1252', 'what has no equivalent may be anything', q{'a' || chr(129) || 'b'}, "a\xc2\x81b", 'a', "\xc2\x81b");
deletes('WIN1252', 'and keeps nobody\'s keys', q{'plain'}, 'plain', 'plaim');

# patterns go the same way
foreach my $encoding (sort keys %database_number)
{
	$redis->command('SELECT', $database_number{$encoding});
	$redis->fill("doc:\xff\xfe", "doc:\xc3\xbc", "dob:\xc3\xbc");
	$node->safe_psql($encoding, 'TRUNCATE doc');
	wait_applied($node, database => $encoding) or fail("$encoding: not applied");
	is_deeply($redis->remaining("doc:\xff\xfe", "doc:\xc3\xbc", "dob:\xc3\xbc"), ["dob:\xc3\xbc"],
		"$encoding: a pattern matches any bytes");
}

# a template with letters of its own
$node->safe_psql('LATIN1', "SET client_encoding = LATIN1; SELECT uncache.watch('doc', 'gr\xfc\xdfe:{key}')");
$redis->command('SELECT', 1);
$redis->fill("gr\xc3\xbc\xc3\x9fe:1", "gr\xc3\xbc\xc3\x9fe:2");
$node->safe_psql('LATIN1', q{INSERT INTO doc VALUES ('1')});
wait_applied($node, database => 'LATIN1');
is_deeply($redis->remaining("gr\xc3\xbc\xc3\x9fe:1", "gr\xc3\xbc\xc3\x9fe:2"), ["gr\xc3\xbc\xc3\x9fe:2"],
	'a template\'s own letters are converted, too');
$node->safe_psql('LATIN1', 'TRUNCATE doc');
wait_applied($node, database => 'LATIN1');
is_deeply($redis->remaining("gr\xc3\xbc\xc3\x9fe:2"), [], 'in its pattern as well');

is($_->stop(5), 0, 'the daemon stops') foreach values %daemons;
done_testing();
