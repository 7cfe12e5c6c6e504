# What a Redis Cluster cannot do: rows of cacheops rules wait and are not acknowledged, nothing else stops for
# them, and the way out loses nothing; sweep warns.

use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Utils ();
use Test::More;
use Uncache::Test;
use Uncache::Test::Process;
use Uncache::Test::RedisCluster;

my $node = start_postgres('main');
my $cluster = Uncache::Test::RedisCluster->new('cluster', primaries => 3);
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $config = write_file("$directory/uncached.ini", <<"END");
[postgres]
dsn = @{[ $node->connstr('postgres') ]} user=uncached
[target default]
url = @{[ $cluster->url ]}
sweep = 1s
END
my $refusal = qr/level=error msg="cacheops rules do not work with a Redis Cluster, their rows wait" target=default error="[^"]+" advice="drop the rules with uncache\.unwatch/;

sub check
{
	my $process = Uncache::Test::Process->new(name => 'check', command => [ 'uncached', '--config', $config, '--check-connections' ]);

	return ($process->start->wait_exit(60), $process->log);
}

$node->safe_psql('postgres', <<'END');
CREATE TABLE item (id int PRIMARY KEY, version int NOT NULL DEFAULT 0);
CREATE TABLE tagged (id int PRIMARY KEY, version int NOT NULL DEFAULT 0);
CREATE TABLE post (id int PRIMARY KEY, version int NOT NULL DEFAULT 0);
INSERT INTO item VALUES (1), (2);
INSERT INTO tagged VALUES (1);
INSERT INTO post VALUES (1);
SELECT uncache.watch('item', keys => ARRAY['item:{id}'], versions => ARRAY['ver:{id}']);
SELECT uncache.watch('tagged', tags => ARRAY['tagged:{id}']);
END

# --- the check ---

my ($status, $output) = check();
is($status, 0, 'without cacheops the check finds nothing missing') or diag $output;
unlike($output, qr/cacheops/, 'and says nothing of it');
like($output, qr/^unknown target default: whether sweep is needed: tags are not swept in a Redis Cluster;/m, 'but of sweep') or diag $output;
$node->safe_psql('postgres', q{SELECT uncache.watch('post', cacheops => ARRAY['blog_post'])});
($status, $output) = check();
is($status, 1, 'a cacheops rule is refused by the check');
is(() = $output =~ /^missing .*$/mg, 1, 'in one line') or diag $output;
like($output, qr/^missing target default: cacheops rules name it, and they do not work with a Redis Cluster: their rows would wait; drop them/m,
	'which says why, and what to do');

# --- the daemon ---

my $daemon = start_daemon('uncached', node => $node, config => $config);
like($daemon->log, qr/level=warning msg="tags are not swept in a Redis Cluster" target=default advice="/, 'sweep warns at the start');
unlike($daemon->log, $refusal, 'cacheops is not complained of before there are rows');

sub tag
{
	$cluster->fill('list:1');
	$cluster->command('SADD', 'tag:tagged:1', 'list:1');
	return;
}

tag();
$cluster->fill('item:1');
$node->safe_psql('postgres', q{BEGIN; UPDATE post SET version = 1; UPDATE item SET version = 1; UPDATE tagged SET version = 1; COMMIT});
ok($daemon->wait_for_log($refusal, 10), 'a row of cacheops is an error') or diag $daemon->log;
ok((wait_for { !@{ $cluster->remaining('item:1', 'list:1') } }), 'keys and tags of the same transaction are deleted');
$cluster->fill('item:2');
$node->safe_psql('postgres', 'UPDATE item SET version = 2');
ok((wait_for { !$cluster->has('item:2') }), 'later keys as well');
is($node->safe_psql('postgres', q{SELECT pending_rows > 0 FROM uncache.status WHERE target = 'default'}), 't', 'the row is not acknowledged');
is(() = $daemon->log =~ /$refusal/g, 1, 'it is said once');
is($daemon->stop(5), 0, 'the daemon stops');
$daemon->mark_log;
$daemon->start;
ok($daemon->wait_for_log($refusal, 10), 'and again at the next start');

# --- the way out ---

$node->safe_psql('postgres', q{SELECT uncache.unwatch('post')});
tag();
$node->safe_psql('postgres', 'UPDATE tagged SET version = 2');
is($daemon->stop(5), 0, 'the daemon stops');
$node->safe_psql('postgres', q{SELECT uncache.drop_consumer('default')});
$daemon->mark_log;
$daemon->start;
ok((wait_for { $daemon->has_resynced }), 'without the rule, and with a new consumer, there is a resync');
ok(wait_applied($node), 'which is applied');
is_deeply($cluster->remaining('list:1', 'tag:tagged:1'), [], 'and deletes what had waited');
is($daemon->stop(5), 0, 'the daemon stops');
unlike($daemon->log_since_mark, $refusal, 'there is no error any more');
done_testing();
