# /metrics of a target whose changes standbys have to replay, and of one that is a cluster.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Uncache::Test;
use Uncache::Test::Http qw(free_port scrape metric);
use Uncache::Test::RedisCluster;

my $port = free_port();
my $of_default = 'target="default"';

sub becomes
{
	my ($what, $name, $condition) = @_;
	my $is;

	ok((wait_for { $is = metric($port, "$name\{$of_default}"); local $_ = $is // -1; $condition->() } 15), $what)
	  or diag "$name: " . ($is // 'none');
	return;
}

# --- standbys: a row waits until it is acknowledged, which is when they have replayed it ---

my $primary = start_postgres('primary', logical => 1);
my $redis = start_redis('redis');
my $standby = start_standby($primary, 'replica');
my $daemon = start_daemon('uncached', node => $primary, redis => $redis->url,
	args => [ '--http', $port, '--standbys', 'replica', '--standby-timeout', '60s' ]);

$primary->safe_psql('postgres', q{SELECT uncache.invalidate('a')});
wait_applied($primary);
becomes('nothing waits', 'uncached_lag_rows', sub { $_ == 0 });
my $rows = metric($port, "uncached_journal_rows_total{$of_default}");
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$redis->fill('k');
$primary->safe_psql('postgres', q{SELECT uncache.invalidate('k')}) foreach 1 .. 3;
ok((wait_for { !$redis->has('k') }), 'a key is deleted at once');
becomes('its row waits for the standby', 'uncached_lag_rows', sub { $_ == 3 });
becomes('for longer and longer', 'uncached_lag_seconds', sub { $_ > 1.5 });
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
becomes('until it is replayed', 'uncached_lag_rows', sub { $_ == 0 });
is(metric($port, "uncached_lag_seconds{$of_default}") + 0, 0, 'and is not behind any more');
is(metric($port, "uncached_journal_rows_total{$of_default}"), $rows + 3, 'what is done again is not counted again');
is(metric($port, "uncached_late_standbys{$of_default}"), 0, 'no standby is late');
is($daemon->stop(5), 0, 'it stops');
$daemon = start_daemon('impatient', node => $primary, redis => $redis->url,
	args => [ '--http', $port, '--standbys', 'replica', '--standby-timeout', '1s' ]);
$standby->stop;
$primary->safe_psql('postgres', q{SELECT uncache.invalidate('k')});
becomes('one that is gone is late', 'uncached_late_standbys', sub { $_ == 1 });
is($daemon->stop(5), 0, 'the daemon stops');

# --- a cluster: counters of the target, and what each server tells ---

my $cluster = Uncache::Test::RedisCluster->new('cluster', primaries => 3, replicas => 0);
my $node = start_postgres('main');
$daemon = start_daemon('clustered', node => $node, redis => $cluster->url, args => [ '--http', $port ]);
my @keys = map { "key:$_" } 1 .. 300;
$cluster->fill(@keys);
$node->safe_psql('postgres', q{SELECT uncache.invalidate('key:' || i) FROM generate_series(1, 310) i});
wait_applied($node);
is(metric($port, "uncached_keys_deleted_total{$of_default}"), 300, 'keys that were deleted on all nodes');
is(metric($port, "uncached_keys_not_found_total{$of_default}"), 10, 'and those that were on none');
my %keys_by_server;
ok((wait_for { %keys_by_server = scrape($port) =~ /^uncached_cache_keys\{\Q$of_default\E,server="([^"]+)"} (\d+)$/mg; keys %keys_by_server == 3 } 15),
	'each primary tells how it is, by its address') or diag explain \%keys_by_server;
cmp_ok(metric($port, "uncached_redis_connections_total{$of_default}"), '>=', 3, 'with a connection each');
my $passes = metric($port, "uncached_scan_passes_total{$of_default}");
$node->safe_psql('postgres', q{SELECT uncache.invalidate_pattern('other:*')});
wait_applied($node);
becomes('a pass over all of them is one', 'uncached_scan_passes_total', sub { $_ == $passes + 1 });
is($daemon->stop(5), 0, 'it stops');
done_testing();
