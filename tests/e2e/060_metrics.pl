# /metrics: each one moves when that happens which it counts, and says nothing else.

use strict;
use warnings FATAL => 'all';
use FindBin;
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;
use Uncache::Test;
use Uncache::Test::Daemon;
use Uncache::Test::Http qw(free_port http_get scrape metric);

my $node = start_postgres('main');
my $redis = start_redis('redis', config => [ '--maxmemory', '64mb' ]);
my $other = start_redis('other');
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $file = "$directory/uncached.ini";
my $port = free_port();
my $of_default = 'target="default"';

sub configure
{
	my (%params) = @_;

	return write_file($file,
		"[daemon]\nhttp = $port\n" . ($params{daemon} // '')
		  . "[postgres]\ndsn = " . $node->connstr('postgres') . " user=uncached\n"
		  . "[target default]\nurl = " . $redis->url . "\n" . ($params{default} // '')
		  . ($params{more} // ''));
}

sub value
{
	my ($name, $labels, $text) = @_;

	return metric($text // $port, $labels eq '' ? $name : "$name\{$labels}");
}

# The text that promtool says of it; "" if it finds nothing.
sub lint
{
	my ($text) = @_;
	my $path = write_file("$directory/scrape", $text);

	return scalar qx{promtool check metrics <'$path' 2>&1};
}

# While something is done, a series grows by so much (undef: by anything) within 15 s.
sub grows
{
	my ($what, $name, $labels, $by, $do) = @_;
	my $before = value($name, $labels) // 0;
	my $is = undef;

	$do->();
	my $done = wait_for { $is = value($name, $labels) // 0; defined $by ? $is - $before == $by : $is > $before } 15;
	ok($done, $what) or diag "$name\{$labels}: $before, then $is";
	return;
}

# A gauge comes to what a condition asks for.
sub becomes
{
	my ($what, $name, $labels, $condition) = @_;
	my $is;

	ok((wait_for { $is = value($name, $labels); local $_ = $is // -1; $condition->() } 15), $what) or diag "$name\{$labels}: " . ($is // 'none');
	return;
}

sub sql
{
	my ($text) = @_;

	return $node->safe_psql('postgres', $text);
}

# --- a daemon that has just started ---

my $daemon = Uncache::Test::Daemon->new('uncached', config => configure())->start;
becomes('it is ready', 'uncached_target_state', "$of_default,state=\"ready\"", sub { ($_ // 0) == 1 });
my $text = scrape($port);
is(lint($text), '', 'promtool finds nothing to say');
my ($status, $head, $body) = http_get($port, '/metrics', accept => Uncache::Test::Http::OPENMETRICS);
is($status, 200, 'OpenMetrics: status 200');
like($head, qr{^Content-Type: application/openmetrics-text; version=1\.0\.0; charset=utf-8\r?$}mi, 'its content type');
like($body, qr/\n# EOF\n\z/, 'its end');
like($body, qr/^# TYPE uncached_batches counter\n(?:.*\n)*?uncached_batches_total\{$of_default} 0$/m, 'a counter has its suffix in samples only');
($status, $head, $body) = http_get($port, '/metrics');
like($head, qr{^Content-Type: text/plain; version=0\.0\.4; charset=utf-8\r?$}mi, 'without Accept the text format');
unlike($body, qr/# EOF/, 'which has no end');
like($body, qr/^# TYPE uncached_batches_total counter$/m, 'and suffixes everywhere');

foreach my $family ($text =~ /^# TYPE (\S+)/mg)
{
	like($text, qr/^# HELP \Q$family\E [A-Z1].*\.$/m, "$family has a help text, a sentence");
}
is(value('uncached_build_info', 'version="' . ($daemon->log =~ /msg=started version=(\S+)/)[0] . '"', $text), 1, 'the version');
cmp_ok(value('process_resident_memory_bytes', '', $text), '>', 1e6, 'memory');
cmp_ok(abs(value('process_start_time_seconds', '', $text) - time), '<', 60, 'its start');
cmp_ok(value('process_open_fds', '', $text), '>', 4, 'descriptors');
is(value('uncached_batches_total', $of_default, $text), 0, 'counters begin at 0');
is(value('uncached_resyncs_total', "$of_default,reason=\"registration\"", $text), 1, 'the first resync is that of the registration');
is(value('uncached_postgres_connected', $of_default, $text), 1, 'PostgreSQL is there');
is(value('uncached_redis_connected', $of_default, $text), 1, 'Redis is there');
is(value('uncached_lag_rows', $of_default, $text), 0, 'no row waits');
is(value('uncached_lag_seconds', $of_default, $text) + 0, 0, 'for no time');
grows('the loop turns', 'uncached_loop_turns_total', '', undef, sub { });
grows('which takes time', 'uncached_loop_busy_seconds_total', '', undef, sub { });
grows('and the processor', 'process_cpu_seconds_total', '', undef, sub { });
cmp_ok(value('uncached_loop_lag_seconds', ''), '>', 0, 'the longest turn took some');

# --- work ---

my %action = (keys => 'invalidate', patterns => 'invalidate_pattern', tags => 'invalidate_tag', versions => 'invalidate_version');
foreach my $action (sort keys %action)
{
	grows("an invalidation: $action", 'uncached_invalidations_total', "$of_default,action=\"$action\"", 1,
		sub { sql("SELECT uncache.$action{$action}('x" . ($action eq 'patterns' ? '*' : '') . "')") });
}
grows('a batch', 'uncached_batches_total', $of_default, 1, sub { sql(q{SELECT uncache.invalidate('a')}) });
grows('rows', 'uncached_journal_rows_total', $of_default, 1, sub { sql(q{SELECT uncache.invalidate('a')}) });
grows('a command', 'uncached_redis_commands_total', "$of_default,command=\"unlink\"", 1, sub { sql(q{SELECT uncache.invalidate('a')}) });
grows('a script', 'uncached_redis_commands_total', "$of_default,command=\"script\"", 1, sub { sql(q{SELECT uncache.invalidate_version('v')}) });
grows('INFO', 'uncached_redis_commands_total', "$of_default,command=\"info\"", undef, sub { });
$redis->fill('k1', 'k2');
grows('keys deleted', 'uncached_keys_deleted_total', $of_default, 2, sub { sql(q{SELECT uncache.invalidate('k1'), uncache.invalidate('k2')}) });
grows('keys not found', 'uncached_keys_not_found_total', $of_default, 1, sub { sql(q{SELECT uncache.invalidate('nothing')}) });
grows('an acknowledgement', 'uncached_acknowledgements_total', $of_default, undef, sub { sql(q{SELECT uncache.invalidate('a')}) });
grows('a trim', 'uncached_trims_total', $of_default, undef, sub { });
grows('the latency of one row', 'uncached_commit_to_delete_seconds_count', $of_default, 1, sub { sql(q{SELECT uncache.invalidate('a')}) });
cmp_ok(value('uncached_commit_to_delete_seconds_sum', $of_default), '>', 0, 'which took some time');
is(value('uncached_commit_to_delete_seconds_bucket', "$of_default,le=\"+Inf\""), value('uncached_commit_to_delete_seconds_count', $of_default),
	'the last bucket has all');
cmp_ok(value('uncached_commit_to_delete_seconds_bucket', "$of_default,le=\"10.0\""), '>=', 1, 'within ten seconds');

# --- scans, with progress ---

$redis->fill(map { "n$_" } 1 .. 3000);
configure(default => "scan_rate = 500\n");
$daemon->signal('HUP');
wait_attached($node);
becomes('the reloaded target is ready', 'uncached_target_state', "$of_default,state=\"ready\"", sub { ($_ // 0) == 1 });
cmp_ok(value('uncached_batches_total', $of_default), '>=', 5, 'counters survive a reload of the target');
my $server = wait_for { (scrape($port) =~ /^uncached_cache_keys\{(\Q$of_default\E,server="[^"]+")}/m)[0] };
like($server, qr/\Q${\ $redis->socket}\E/, 'a server is told by its address');
becomes('keys in the database', 'uncached_cache_keys', $server, sub { ($_ // 0) >= 3000 });
grows('a scan pass begins', 'uncached_scan_passes_total', $of_default, 1, sub { sql(q{SELECT uncache.invalidate_pattern('zz*')}) });
becomes('it gets on', 'uncached_scan_progress_ratio', $of_default, sub { $_ > 0.1 && $_ < 1 });
becomes('a pattern waits', 'uncached_lag_rows', $of_default, sub { $_ >= 1 });
cmp_ok(value('uncached_lag_seconds', $of_default), '>', 0, 'for some time');
grows('another one waits in its lane', 'uncached_waiting_names', "$of_default,lane=\"patterns\"", 1, sub { sql(q{SELECT uncache.invalidate_pattern('yy*')}) });
cmp_ok(value('uncached_scan_keys_total', $of_default), '>', 0, 'keys were looked at');
configure();
$daemon->signal('HUP');
wait_attached($node);
grows('it is complete', 'uncached_scan_passes_completed_total', $of_default, undef, sub { sql(q{SELECT uncache.invalidate_pattern('zz*')}) });
becomes('and no row waits', 'uncached_lag_rows', $of_default, sub { $_ == 0 });
becomes('nor is there any progress', 'uncached_scan_progress_ratio', $of_default, sub { $_ == 0 });

# --- the cache ---

grows('hits', 'uncached_cache_hits_total', $server, undef, sub { $redis->command('GET', 'n1') });
grows('misses', 'uncached_cache_misses_total', $server, undef, sub { $redis->command('GET', 'none') });
grows('expired keys', 'uncached_cache_expired_keys_total', $server, undef, sub { $redis->command('SET', 'e', 1, 'PX', 1) });
becomes('memory', 'uncached_cache_memory_bytes', $server, sub { $_ > 1e5 });
is(value('uncached_cache_memory_max_bytes', $server), 64 * 1024 * 1024, 'maxmemory');
cmp_ok(value('uncached_cache_clients', $server), '>=', 1, 'clients');
$redis->command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random');
grows('evicted keys', 'uncached_cache_evicted_keys_total', $server, undef, sub { $redis->command('CONFIG', 'SET', 'maxmemory', '1mb') });
$redis->command('CONFIG', 'SET', 'maxmemory', '0');

# --- failures ---

my $errors = 'uncached_redis_errors_total';
kill('STOP', $redis->pid);
sql(q{SELECT uncache.invalidate('s') FROM generate_series(1, 3)});
becomes('rows wait for a Redis that hangs', 'uncached_lag_rows', $of_default, sub { ($_ // 0) >= 1 });
becomes('for longer and longer', 'uncached_lag_seconds', $of_default, sub { ($_ // 0) > 2 });
grows('a connection that is silent is an error', $errors, "$of_default,kind=\"connection\"", undef, sub { });
cmp_ok(value('uncached_redis_retries_total', $of_default), '>=', 1, 'whose work is to be tried again');
is(value('uncached_redis_connected', $of_default), 0, 'Redis is not there');
is(value('uncached_cache_keys', $server), undef, 'and tells nothing');
sql(q{SELECT uncache.invalidate('t' || i) FROM generate_series(1, 7) i});
becomes('rows that are in the journal alone are seen as well', 'uncached_lag_rows', $of_default, sub { ($_ // 0) >= 2 });
cmp_ok(value('uncached_lag_seconds', $of_default), '>', 2, 'since the first of them');
my $connections = value('uncached_redis_connections_total', $of_default);
kill('CONT', $redis->pid);
becomes('a reconnect', 'uncached_redis_connections_total', $of_default, sub { $_ > $connections });
becomes('nothing waits any more', 'uncached_lag_rows', $of_default, sub { $_ == 0 });

$redis->command('ACL', 'SETUSER', 'default', '-unlink');
grows('a missing permission', $errors, "$of_default,kind=\"permission\"", undef, sub { sql(q{SELECT uncache.invalidate('p')}) });
$redis->command('ACL', 'SETUSER', 'default', '+unlink');
becomes('it is over', 'uncached_lag_rows', $of_default, sub { $_ == 0 });

grows('a restart of Redis is a resync by that reason', 'uncached_resyncs_total', "$of_default,reason=\"redis\"", undef,
	sub { $redis->kill9; $redis->start });
grows('which is completed', 'uncached_resyncs_completed_total', $of_default, undef, sub { $redis->kill9; $redis->start });
grows('one that a row asks for', 'uncached_resyncs_total', "$of_default,reason=\"journal\"", 1, sub { sql('SELECT uncache.invalidate_all()') });
grows('another place', 'uncached_resyncs_total', "$of_default,reason=\"place\"", 1,
	sub { configure(default => "prefix = p:\n"); $daemon->signal('HUP') });

my $sessions = value('uncached_postgres_sessions_total', $of_default);
$node->stop;
becomes('without PostgreSQL', 'uncached_postgres_connected', $of_default, sub { $_ == 0 });
becomes('sessions fail', 'uncached_postgres_errors_total', "$of_default,kind=\"connection\"", sub { $_ >= 1 });
is(value('uncached_lag_rows', $of_default), undef, 'nobody knows what waits');
is(value('uncached_target_state', "$of_default,state=\"connecting\""), 1, 'it is connecting');
is((http_get($port, '/readyz'))[0], 503, 'and not ready');
$node->start;
becomes('a new session', 'uncached_postgres_sessions_total', $of_default, sub { $_ > $sessions });
wait_attached($node);
grows('a crash of PostgreSQL', 'uncached_resyncs_total', "$of_default,reason=\"postgres\"", 1,
	sub { $node->stop('immediate'); $node->start });
sql(q{ALTER ROLE uncached NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'uncached'});
becomes('another state', 'uncached_postgres_connected', $of_default, sub { $_ == 0 });
sql('ALTER ROLE uncached LOGIN');
wait_attached($node);
sql('REVOKE EXECUTE ON FUNCTION uncache.ack(text, text, bigint) FROM uncached');
grows('a statement that is refused', 'uncached_postgres_errors_total', "$of_default,kind=\"statement\"", undef, sub { sql(q{SELECT uncache.invalidate('a')}) });
sql(q{SELECT uncache.grant_consumer('uncached')});
becomes('all is well', 'uncached_target_state', "$of_default,state=\"ready\"", sub { $_ == 1 });

# --- health and readiness ---

my ($code, undef, $lines) = http_get($port, '/healthz');
is($code, 200, '/healthz: the loop turns');
is($lines, "default state=ready redis=connected\n", 'with the same text as the health socket');
ok((wait_for { ($code, undef, $lines) = http_get($port, '/readyz'); $code == 200 }), '/readyz: ready') or diag $lines;
is($lines, "ready\n", 'in a word');
configure(daemon => "ready_max_lag = 500ms\n", default => "prefix = p:\n",
	more => "[target absent]\nurl = unix:///nonexistent/redis.sock\n[target late]\nurl = " . $other->url . "\n");
$daemon->signal('HUP');
ok((wait_for { (http_get($port, '/readyz'))[2] eq "absent: Redis is not connected\n" } 15), 'a Redis that is not there, by name')
  or diag((http_get($port, '/readyz'))[2]);
kill('STOP', $other->pid);
sql(q{SELECT uncache.invalidate('late://x')});
ok((wait_for { (http_get($port, '/readyz'))[2] =~ /^absent: .*\nlate: behind for \d+ ms, more than ready_max_lag, 500 ms\n\z/ } 4), 'and one that is behind')
  or diag((http_get($port, '/readyz'))[2]);
is((http_get($port, '/readyz'))[0], 503, 'with status 503');
is((http_get($port, '/healthz'))[0], 200, 'while /healthz is well');
kill('CONT', $other->pid);
configure(default => "prefix = p:\n");
$daemon->signal('HUP');
ok((wait_for { (http_get($port, '/readyz'))[0] == 200 } 15), 'a target that is removed is not waited for');
ok((wait_for { scrape($port) !~ /target="(?:absent|late)"/ } 15), 'and its metrics are gone');

my $second_port = free_port();
my $second = Uncache::Test::Daemon->new('second', node => $node, redis => $redis->url, args => [ '--http', "127.0.0.1:$second_port" ],
	env => { REDIS_KEY_PREFIX => 'p:' })->start;
ok((wait_for { (value('uncached_target_state', "$of_default,state=\"standby\"", scrape($second_port)) // 0) == 1 }), 'a second daemon stands by');
is(value('uncached_lag_rows', $of_default, scrape($second_port)), undef, 'and does not know what waits');
is((http_get($second_port, '/readyz'))[0], 200, 'it is ready');

# --- both formats, and the document ---

is(lint(scrape($port)), '', 'promtool finds nothing after all that');
$text = scrape($port);
my %told = map { $_ => 1 } $text =~ /^# TYPE (\S+)/mg;
my %described = map { $_ => 1 } slurp_file("$FindBin::Bin/../docs/operations.md") =~ /^\| `((?:uncached|process)_\w+)` \|/mg;
is_deeply([ sort keys %described ], [ sort keys %told ], 'the table of docs/operations.md has all metrics, and no other');
is($second->stop(5), 0, 'the second one stops');
is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
