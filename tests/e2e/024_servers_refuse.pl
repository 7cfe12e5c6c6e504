# PostgreSQL behind a pooler, and on a disk that is full.

use strict;
use warnings FATAL => 'all';

# The disk is a file system that only this process and its children see.  Before
# anything else redirects the output.
BEGIN
{
	if (!defined $ENV{UNCACHE_OWN_MOUNTS})
	{
		my @unshare = ('unshare', '--map-current-user', '--keep-caps', '--mount');

		$ENV{UNCACHE_OWN_MOUNTS} = system("@unshare true 2>/dev/null") == 0 ? 1 : 0;
		exec(@unshare, $^X, $0) if $ENV{UNCACHE_OWN_MOUNTS};
	}
}

use Test::More;
use Uncache::Test;
use Uncache::Test::Daemon;
use Uncache::Test::Pooler;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my $directory = PostgreSQL::Test::Utils::tempdir_short();

sub invalidate
{
	my ($key) = @_;

	$redis->fill($key, 'other');
	$node->safe_psql('postgres', "SELECT uncache.invalidate('$key')");
	return;
}

# --- a pooler ---

my $daemon = start_daemon('direct', node => $node, redis => $redis->url);
is($daemon->stop(5), 0, 'the consumer is registered');

foreach my $mode (qw(transaction statement session))
{
	my $bouncer = Uncache::Test::Pooler->new("pgbouncer_$mode", node => $node, mode => $mode)->start;
	ok($bouncer->listens, "pgbouncer by $mode: it listens") or diag $bouncer->log;
	$daemon = Uncache::Test::Daemon->new("pooled_$mode", redis => $redis->url,
		args => [ '--dsn', $bouncer->dsn ])->start;
	ok($daemon->wait_for_log(qr/there is a connection pooler in front of the server: the dsn must name PostgreSQL itself/),
		"pgbouncer by $mode: it is refused, with the reason")
	  or diag $daemon->log, $bouncer->log;
	invalidate($mode);
	unlike($daemon->log, qr/msg=attached/, "pgbouncer by $mode: the daemon does not attach");
	ok($redis->has($mode), "pgbouncer by $mode: nor does it work");
	ok($daemon->is_running, "pgbouncer by $mode: it goes on trying");
	is($daemon->stop(5), 0, "pgbouncer by $mode: it stops");
	$bouncer->kill9;
}
$daemon = start_daemon('not_pooled', node => $node, redis => $redis->url);
ok(wait_applied($node), 'without pgbouncer everything is applied');
is_deeply($redis->remaining('transaction', 'statement', 'session', 'other'), ['other'], 'every key is deleted');
is($daemon->stop(5), 0, 'the daemon stops');

# --- a full disk ---

SKIP:
{
	my $disk = "$directory/disk";

	mkdir($disk) or die "mkdir: $!";
	skip 'no file systems can be mounted here', 1
	  unless $ENV{UNCACHE_OWN_MOUNTS} && system("mount -t tmpfs -o size=40m disk $disk") == 0;

	# the journal, the consumers and their indexes are on it
	$daemon = start_daemon('on_disk', node => $node, redis => $redis->url);
	$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$disk'");
	$node->safe_psql('postgres', <<'END');
SELECT format('ALTER TABLE uncache.%I SET TABLESPACE small', relname) FROM pg_class
	WHERE relnamespace = 'uncache'::regnamespace AND relname ~ '^(journal_\d|consumers)$' \gexec
SELECT format('ALTER INDEX %s SET TABLESPACE small', indexrelid::regclass) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
	WHERE c.relnamespace = 'uncache'::regnamespace AND c.relname ~ '^(journal_\d|consumers)$' \gexec
END
	invalidate('before');
	ok(wait_applied($node), 'a disk with room: everything is applied');

	# rows wait; then nothing more can be written, by the daemon either
	is($daemon->stop(5), 0, 'a full disk: the daemon is away');
	invalidate("k$_") foreach 1 .. 20;
	open(my $ballast, '>', "$disk/ballast") or die "ballast: $!";
	while (syswrite($ballast, 'x' x 8192)) { }
	close($ballast);
	my ($status, $out, $error) = (0, '', '');
	for (my $i = 0; $i < 1000 && $status == 0; $i++)
	{
		$status = $node->psql('postgres',
			"SELECT count(uncache.invalidate(repeat('x', 1000) || n)) FROM generate_series(1, 100) n",
			stderr => \$error);
	}
	like($error, qr/No space left on device/, 'a full disk: writers are told');
	$daemon->start;
	ok((wait_for { !@{ $redis->remaining(map { "k$_" } 1 .. 20) } }), 'a full disk: what was committed is deleted');
	ok($daemon->is_running, 'a full disk: the daemon goes on');

	unlink("$disk/ballast") or die "unlink: $!";
	invalidate('after');
	ok(wait_applied($node), 'room again: everything is applied');
	is_deeply($redis->remaining('after', 'other'), ['other'], 'room again: the key is deleted, and nothing else');
	is($daemon->stop(5), 0, 'the daemon stops');
	$node->stop;
	is(system('umount', $disk), 0, 'the disk is taken away');
}

done_testing();
