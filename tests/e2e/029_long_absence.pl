# A daemon that comes back to hundreds of thousands of journal rows drains them
# with flat memory.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Daemon;

use constant ROWS => $ENV{ROWS} // 300_000;
use constant MEMORY_KB => 32 * 1024;

# as small as it gets, and no more in a commit than a row
my $node = start_postgres('main', conf => "synchronous_commit = off\nmax_wal_size = 4GB\nautovacuum = off\n");
my $redis = start_redis('redis');
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);

is($daemon->stop(5), 0, 'the daemon goes away');
my $begin = time;
$node->safe_psql('postgres', sprintf 'DO $$ BEGIN FOR n IN 1 .. %d LOOP PERFORM uncache.invalidate(%s); COMMIT; END LOOP; END $$',
	ROWS, q{'k:' || n});
note sprintf('%d transactions in %.1f s', ROWS, time - $begin);
is($node->safe_psql('postgres', q{SELECT row_count FROM uncache.count_pending('default')}), ROWS, 'rows wait, one for each transaction');
$redis->command('DEBUG', 'POPULATE', ROWS, 'k', 1);
$redis->fill('other');

$begin = time;
$daemon->start;
ok(wait_applied($node, seconds => 120), 'it comes back, and applies all of them');
note sprintf('drained in %.1f s', time - $begin);
# populated from 0 to ROWS - 1, changed from 1 to ROWS
is($redis->command('DBSIZE'), 2, 'every key is deleted, and nothing else');
cmp_ok($daemon->memory_kb('VmHWM'), '<', MEMORY_KB, 'with less than 32 MiB');
note 'memory at most: ' . $daemon->memory_kb('VmHWM') . ' kB';
is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
