# What a daemon commits beside a load leaves the load's rows alone: VACUUM finds
# them committed at once, so that plans have their index-only scans. (Of 32
# transactions one after the other PostgreSQL remembers one asynchronous commit
# for all, and trusts none of their rows before that has been flushed.)

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;

use constant LOADS => 30;

# the WAL writer would flush it by and by
my $node = start_postgres('main', conf => "autovacuum = off\nfsync = off\nwal_writer_delay = 10s");
my $redis = start_redis('redis');
$node->safe_psql('postgres', q{SELECT uncache.watch_schema('public')});
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);
my $session = Uncache::Test::Session->connect($node);
my @incomplete;

for my $number (1 .. LOADS)
{
	my $table = "load_$number";

	$session->query("CREATE TABLE $table (id int PRIMARY KEY, body text)");
	$session->query("INSERT INTO $table SELECT n, 'row ' || n FROM generate_series(1, 5000) n");
	is($session->query_value(q{SELECT uncache.wait('20 s')}), 't', "load $number has been applied");
	$session->query("VACUUM $table");
	my $visible = $session->query_value("SELECT relallvisible || ' of ' || relpages FROM pg_class WHERE relname = '$table'");
	push @incomplete, "$table: $visible" unless $visible =~ /^([1-9]\d*) of \1$/;
}
is_deeply(\@incomplete, [], 'VACUUM finds the rows of every load visible to all');

is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
