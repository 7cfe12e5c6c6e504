# A standby that is promoted, with commits lost on the way: the daemon finds
# it by itself, knows that it is another history, and resyncs.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;
use Uncache::Test::Daemon;

my $primary = start_postgres('primary', logical => 1);
my $redis = start_redis('redis');

$primary->safe_psql('postgres', <<'END');
CREATE TABLE page (id int PRIMARY KEY, body text);
INSERT INTO page VALUES (1, 'old'), (2, 'old');
SELECT uncache.watch('page', 'page:{id}');
END
my $standby = start_standby($primary, 'standby');

# the standby first: it must not be taken while it is one
my $daemon = Uncache::Test::Daemon->new('uncached', redis => $redis->url, args => [
	'--dsn', sprintf('host=%s,%s port=%d,%d dbname=postgres user=uncached',
		$standby->host, $primary->host, $standby->port, $primary->port) ])->start;
ok(wait_attached($primary), 'the daemon goes by the standby to the primary');
$redis->fill('page:1', 'page:2');
$primary->safe_psql('postgres', "UPDATE page SET body = 'new' WHERE id = 1");
ok((wait_for { !$redis->has('page:1') }), 'and serves it');
ok(wait_applied($primary), 'what it has applied is acknowledged');
ok(wait_applied($standby, is_standby => 1), 'the standby has the cursor, too');

my ($status, undef, $error) = $standby->psql('postgres', 'SELECT uncache_internal.consumers_changed()');
like($error, qr/ERROR:  cannot execute .*consumers_changed.* during recovery/, 'a standby tells nobody of consumers');
unlike($error, qr/AbortTransaction/, 'and does not try to');

# a commit that the standby never gets, and a reader that has cached it
$standby->append_conf('postgresql.conf', "primary_conninfo = ''");
$standby->reload;
ok((wait_for { !$standby->safe_psql('postgres', 'SELECT count(*) FROM pg_stat_wal_receiver') }),
	'the standby is cut off');
$primary->safe_psql('postgres', "UPDATE page SET body = 'lost' WHERE id = 2");
ok(wait_applied($primary), 'a commit that is going to be lost is applied');
$redis->fill('page:2', 'session:1');

$daemon->mark_log;
$primary->stop('immediate');
$standby->promote;
is($standby->safe_psql('postgres', 'SELECT body FROM page WHERE id = 2'), 'old', 'it is lost');
ok($daemon->wait_for_log(qr/resync begins.*another history/), 'the daemon finds the new primary, and resyncs');
ok(wait_attached($standby), 'the resync ends');
is_deeply($redis->remaining('page:2', 'session:1'), ['session:1'],
	'what was cached from the lost commit is deleted');
$redis->fill('page:1');
$standby->safe_psql('postgres', "UPDATE page SET body = 'newer' WHERE id = 1");
ok((wait_for { !$redis->has('page:1') }), 'the new primary is served');

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
