# What an operator has to mend in PostgreSQL: one line at level error, which says what
# to do, however often the daemon tries; and it goes on by itself when that is done.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;
use Uncache::Test::Daemon;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my $round = 0;

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub end_sessions
{
	sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('uncached', 'away')});
	return;
}

# Of a daemon that is at work: $break makes it fail at a line that fits; $mend ends that.
sub check
{
	my ($daemon, $what, $line, $break, $mend) = @_;
	my $key = 'k' . $round++;

	ok(wait_applied($node), "$what: all is well before");
	$redis->fill($key);
	$daemon->mark_log;
	$break->();
	ok($daemon->wait_for_log(qr/level=error msg="session with PostgreSQL ended(?=[^\n]*advice="[^"])[^\n]*$line[^\n]*repeated=0/, 10),
		"$what: an error says what to do") or diag $daemon->log_since_mark;
	pause(2);
	my @errors = $daemon->lines('error', 'session with PostgreSQL');
	is(scalar @errors, 1, "$what: once") or diag join("\n", @errors);
	cmp_ok(scalar($daemon->lines('info', 'attached')), '<=', 1, "$what: it attaches in vain without a word");
	$mend->();
	$node->safe_psql('postgres', "SELECT uncache.invalidate('$key')");
	ok(wait_applied($node), "$what: it goes on by itself") or diag $daemon->log_since_mark;
	ok(!$redis->has($key), "$what: and deletes what waited");
	ok($daemon->wait_for_log(qr/level=info msg="PostgreSQL serves the target again"/, 10), "$what: which it says")
	  or diag $daemon->log_since_mark;
	return;
}

# --- what a working daemon meets ---

my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);

check($daemon, 'acknowledging is revoked', 'while=acknowledging sqlstate=42501',
	sub {
		sql('REVOKE EXECUTE ON FUNCTION uncache.ack(text, text, bigint) FROM uncached');
		sql(q{SELECT uncache.invalidate('x')});
	},
	sub { sql(q{SELECT uncache.grant_consumer('uncached')}) });

check($daemon, 'a function is missing', 'sqlstate=42883',
	sub {
		sql('ALTER FUNCTION uncache.fetch(text, text, integer, boolean) RENAME TO fetch_away');
		end_sessions();
	},
	sub { sql('ALTER FUNCTION uncache.fetch_away(text, text, integer, boolean) RENAME TO "fetch"') });

check($daemon, 'the journal has an unknown action', 'upgrade uncached',
	sub {
		sql(<<'END');
BEGIN;
ALTER FUNCTION uncache.fetch(text, text, integer, boolean) RENAME TO fetch_away;
CREATE FUNCTION uncache.fetch(target text, cursor text, max_bytes integer, sleep boolean,
	OUT at timestamptz, OUT action text, OUT keys text[], OUT next_cursor text) RETURNS SETOF record
LANGUAGE sql AS $$ SELECT now(), 'dance', ARRAY['x'], NULL UNION ALL SELECT NULL, NULL, NULL, $2 $$;
GRANT EXECUTE ON FUNCTION uncache.fetch(text, text, integer, boolean) TO uncached;
COMMIT
END
		end_sessions();
	},
	sub {
		sql('DROP FUNCTION uncache.fetch(text, text, integer, boolean)');
		sql('ALTER FUNCTION uncache.fetch_away(text, text, integer, boolean) RENAME TO "fetch"');
	});

# --- who is not let in ---

check($daemon, 'no login', 'while=connecting sqlstate=28000[^\n]*not permitted to log in',
	sub { sql('ALTER ROLE uncached NOLOGIN'); end_sessions() },
	sub { sql('ALTER ROLE uncached LOGIN') });

check($daemon, 'another name of the role', 'while=connecting sqlstate=28000[^\n]*does not exist',
	sub { sql('ALTER ROLE uncached RENAME TO away'); end_sessions() },
	sub { sql('ALTER ROLE away RENAME TO uncached') });

check($daemon, 'no connection left', 'while=connecting sqlstate=53300',
	sub { sql('ALTER ROLE uncached CONNECTION LIMIT 0'); end_sessions() },
	sub { sql('ALTER ROLE uncached CONNECTION LIMIT -1') });

check($daemon, 'no CONNECT', 'while=connecting sqlstate=42501[^\n]*GRANT CONNECT',
	sub { sql('REVOKE CONNECT ON DATABASE postgres FROM PUBLIC'); end_sessions() },
	sub { sql('GRANT CONNECT ON DATABASE postgres TO PUBLIC') });

check($daemon, 'read only', 'while=connecting[^\n]*session is read-only[^\n]*the dsn must name the primary',
	sub { sql('ALTER ROLE uncached SET default_transaction_read_only = on'); end_sessions() },
	sub { sql('ALTER ROLE uncached RESET default_transaction_read_only') });

my $hba = PostgreSQL::Test::Utils::slurp_file($node->data_dir . '/pg_hba.conf');

sub set_hba
{
	my ($front) = @_;

	my $before = sql('SELECT pg_conf_load_time()');

	write_file($node->data_dir . '/pg_hba.conf', $front . $hba);
	$node->reload;
	wait_for { sql('SELECT pg_conf_load_time()') ne $before };
	end_sessions();
	return;
}

check($daemon, 'pg_hba.conf rejects', 'while=connecting sqlstate=28000[^\n]*pg_hba\.conf must allow it',
	sub { set_hba("local all uncached reject\n") }, sub { set_hba('') });

check($daemon, 'a password is asked for', 'while=connecting[^\n]*no password supplied',
	sub { set_hba("local all uncached scram-sha-256\n") }, sub { set_hba('') });

is($daemon->stop(5), 0, 'the daemon stops');

# --- a password that changes ---

sql(q{ALTER ROLE uncached PASSWORD 'first'});
set_hba("local all uncached scram-sha-256\n");
my $pass = write_file(PostgreSQL::Test::Utils::tempdir_short() . '/pass', "*:*:*:*:first\n");
chmod(0600, $pass) or die "chmod: $!";
$daemon = start_daemon('password', node => $node, redis => $redis->url, env => { PGPASSFILE => $pass });
check($daemon, 'the password changes', 'while=connecting sqlstate=28P01',
	sub { sql(q{ALTER ROLE uncached PASSWORD 'second'}); end_sessions() },
	sub { write_file($pass, "*:*:*:*:second\n") });
unlike($daemon->log, qr/first|second/, 'the password changes: none is in the log');
is($daemon->stop(5), 0, 'the daemon stops');
set_hba('');

# --- a dsn that leads nowhere ---

my $options = $node->connstr('postgres') . ' user=uncached';
my %dsns = (
	'a database without the extension' => [ $node->connstr('template1') . ' user=uncached', 'sqlstate=42883|sqlstate=3F000' ],
	'a database that is not there' => [ $node->connstr('nowhere') . ' user=uncached', 'sqlstate=3D000' ],
	'a parameter that nobody knows' => [ "$options options='-c nobody=1'", 'sqlstate=42704' ],
	'a value that libpq does not take' => [ "$options sslmode=perhaps", 'invalid sslmode value' ]);

foreach my $what (sort keys %dsns)
{
	my ($dsn, $line) = @{ $dsns{$what} };
	my $lost = Uncache::Test::Daemon->new($what =~ s/\W+/_/gr, redis => $redis->url, args => [ '--dsn', $dsn ])->start;

	ok($lost->wait_for_log(qr/level=error[^\n]*(?:$line)[^\n]*advice="[^"]/), "$what: an error says what to do")
	  or diag $lost->log;
	pause(1);
	is(scalar($lost->lines('error', '.')), 1, "$what: once") or diag $lost->log;
	is($lost->stop(5), 0, "$what: the daemon stops");
}

# --- --once ---

my $once = Uncache::Test::Daemon->new('once', redis => $redis->url,
	args => [ '--once', '--dsn', $node->connstr('nowhere') . ' user=uncached' ]);
is($once->run(20), 1, '--once cannot do it');
like($once->log, qr/level=error msg="--once cannot serve the target"[^\n]*advice="follow the advice of the previous line/, 'and says what to do');

done_testing();
