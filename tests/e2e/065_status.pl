# uncached --status: what PostgreSQL and the running daemon say of each target, and exit statuses as plugins for
# monitoring have them.

use strict;
use warnings FATAL => 'all';
use JSON::PP;
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;
use Uncache::Test;
use Uncache::Test::Process;

my $node = start_postgres('main', logical => 1, conf => "listen_addresses = '127.0.0.1'");
my $redis = start_redis('redis');
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $health = "$directory/health";
my $runs = 0;

# Exit status, standard output, and standard error of a run.
sub status
{
	my (%params) = @_;
	my $role = $params{role} // 'uncached';
	my $dsn = $params{dsn} // $node->connstr($params{database} // 'postgres') . " user=$role";
	my $file = write_file("$directory/uncached.ini", "[daemon]\nhealth_socket = $health\n[postgres]\ndsn = $dsn\n"
		  . join('', map { "[target $_]\nurl = " . $redis->url . "\n" } @{ $params{targets} // ['default'] }));
	my $name = 'status_' . $runs++;
	my $path = write_file("$directory/$name", '');

	open(my $stdout, '>', $path) or die "$path: $!";
	my $process = Uncache::Test::Process->new(
		name => $name,
		command => [ @{ $params{wrapper} // [] }, 'uncached', '--config', $file, '--status', @{ $params{arguments} // [] } ],
		stdout => $stdout,
		env => $params{env});
	my $exit_status = $process->start->wait_exit(60);

	unlike($process->log . slurp_file($path), qr/hunter2/, 'no secret is shown');
	return ($exit_status, slurp_file($path), $process->log);
}

sub finds
{
	my ($what, $exit_status, $regexp, %params) = @_;
	my ($status, $output) = status(%params);

	is($status, $exit_status, "$what: the exit status");
	like($output, $regexp, "$what: it says so") or diag $output;
	return $output;
}

# --- nothing can be told ---

$node->safe_psql('postgres', q{CREATE DATABASE bare; CREATE DATABASE older; CREATE ROLE stranger LOGIN;
	CREATE ROLE locked LOGIN PASSWORD 'right'; SELECT uncache.grant_consumer('locked')});
$node->safe_psql('older', q{CREATE EXTENSION uncache VERSION '0.1'; SELECT uncache.grant_consumer('uncached')});
my $output = finds('no server', 3, qr/^UNCACHE UNKNOWN - postgres: cannot be reached: .*; check that PostgreSQL is running/,
	dsn => "host=$directory dbname=postgres password=hunter2");
is(($output =~ tr/\n//), 1, 'in one line');
finds('no database', 3, qr/^UNCACHE UNKNOWN - postgres: .*database "none" does not exist/, database => 'none');
finds('no extension', 3, qr/^UNCACHE UNKNOWN - postgres: the extension uncache is not installed.*CREATE EXTENSION uncache$/m, database => 'bare');
finds('an older extension', 3, qr/^UNCACHE UNKNOWN - postgres: the extension has version 0\.1, and this needs 0\.2; a superuser must run: ALTER EXTENSION uncache UPDATE; SELECT uncache\.grant_consumer/,
	database => 'older');
finds('no grants', 3, qr/^UNCACHE UNKNOWN - postgres: the role may not look at uncache; .*grant_consumer/, role => 'stranger');
{
	my $hba = $node->data_dir . '/pg_hba.conf';
	my $trusted = slurp_file($hba);

	write_file($hba, "host all locked 127.0.0.1/32 scram-sha-256\n$trusted");
	$node->reload;
	finds('a wrong password', 3, qr/^UNCACHE UNKNOWN - postgres: cannot be reached: .*password authentication failed/,
		dsn => 'host=127.0.0.1 port=' . $node->port . ' dbname=postgres user=locked password=hunter2');
}
my ($status, $text, $problem) = status(arguments => ['--nonsense']);
is($status, 3, 'a command line that is refused: the exit status is not that of trouble');
like($text, qr/^UNCACHE UNKNOWN - command line: unknown/, 'it says so');
($status, $text) = status(dsn => "host=$directory", arguments => ['--json']);
is($status, 3, 'JSON: the exit status');
my $json = decode_json($text);
is($json->{status}, 'unknown', 'it says so');
like($json->{error}, qr/cannot be reached/, 'and why');

# --- with a daemon ---

$node->safe_psql('postgres', q{CREATE TABLE item (id int PRIMARY KEY, n int); SELECT uncache.watch('item', 'item:{id}', 'api://item:{id}')});
finds('before the first start', 2, qr/^UNCACHE CRITICAL - default: it has no consumer: no daemon has worked for it yet; api: rules name it/);
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url, args => [ '--health-socket', $health ]);
$output = finds('a daemon at work', 1, qr/^UNCACHE WARNING - api: rules name it, but it is not in this configuration and has no consumer/);
like($output, qr/^default\s+ready\s+\d+\s+0 ms\s+0\s+0\s+\S.*\s+connected$/m, 'the table') or diag $output;
unlike($output, qr/\033/, 'no colours');

$node->safe_psql('postgres', q{SELECT uncache.unwatch('item'); SELECT uncache.watch('item', 'item:{id}')});
my $before = $node->safe_psql('postgres', 'SELECT c.*, (SELECT count(*) FROM uncache.journal) FROM uncache.consumers c') =~ s/\d{4}-\d\d-\d\d [0-9:.+]+//gr;
$output = finds('all is well', 0, qr/^UNCACHE OK - 1 target \| default_lag=0\.000s;60\.000;;0 default_rows=0;;;0$/m);
is($node->safe_psql('postgres', 'SELECT c.*, (SELECT count(*) FROM uncache.journal) FROM uncache.consumers c') =~ s/\d{4}-\d\d-\d\d [0-9:.+]+//gr, $before,
	'it has changed nothing');
($status, $text) = status(arguments => ['--json']);
$json = decode_json($text);
is($json->{exit_status}, 0, 'JSON: the exit status');
is_deeply([ map { $json->{targets}[0]{$_} } qw(target state pending_rows redis level) ], [ 'default', 'ready', 0, 'connected', 'ok' ], 'its target');

# on a terminal: colours unless they are not wanted, and nothing that is wider than it
sub on_terminal
{
	my ($columns, %env) = @_;
	my $command = "stty cols $columns; exec uncached --config $directory/uncached.ini --status";
	my $path = write_file("$directory/terminal", '');
	my $process = Uncache::Test::Process->new(
		name => 'terminal_' . $runs++,
		command => [ 'script', '-qec', $command, '/dev/null' ],
		env => { TERM => 'xterm', NO_COLOR => '', %env });

	is($process->start->wait_exit(60), 0, 'on a terminal: the exit status');
	return $process->log =~ s/\r//gr;
}

$output = on_terminal(120);
like($output, qr/^\033\[32mUNCACHE OK\033\[0m - 1 target$/m, 'on a terminal: in colours, without figures') or diag $output;
like($output, qr/^TARGET   STATE/m, 'a table');
$output = on_terminal(120, NO_COLOR => '1');
unlike($output, qr/\033/, 'NO_COLOR: none');
$output = on_terminal(40, NO_COLOR => '1');
unlike($output, qr/^TARGET/m, 'a narrow one: no table');
like($output, qr/^default\n  STATE        ready$/m, 'but lines');
is(scalar(grep { length > 40 } split /\n/, $output), 0, 'that fit');

# --- trouble ---

$redis->kill9;
$node->safe_psql('postgres', 'INSERT INTO item VALUES (1, 1)');
ok(wait_for { (status())[0] == 1 }, 'Redis is gone: a warning');
like((status())[1], qr/^default\s+ready\s.*\s1\s+1\s.*\sdisconnected$/m, 'what waits is counted');
# the row is older than a minute
$node->safe_psql('postgres', q{UPDATE uncache.journal SET at = at - interval '2 min'});
finds('behind', 1, qr/default: behind for 2 min/);
$redis->start;
ok(wait_applied($node), 'Redis is back');
ok(wait_for { (status())[0] == 0 }, 'all is well again');
is($daemon->stop(5), 0, 'the daemon stops');
finds('without a daemon', 2, qr/^UNCACHE CRITICAL - default: no daemon works for it/);
$node->safe_psql('postgres', q{UPDATE uncache.consumers SET lost_at = now(), cursor = NULL});
finds('a lost one', 2, qr/^UNCACHE CRITICAL - default: declared lost/);
$output = finds('one that is not configured', 2, qr/^OK default: not in this configuration, and declared lost/m, targets => ['other']);
like($output, qr/^UNCACHE CRITICAL - other: it has no consumer/, 'and one that has no consumer');

# what a hostile role has named
$node->safe_psql('postgres', qq{UPDATE uncache.consumers SET lost_at = NULL, resync_reason = E'\\033[2J\\nUNCACHE OK | x', cursor = '1:1:'});
$output = finds('a hostile text', 2, qr/resync due: \\x1B\[2J\\nUNCACHE OK \/ x/);
unlike($output, qr/\033/, 'the terminal obeys none of it');

# a standby that is asked instead
my $standby = start_standby($node, 'standby');
finds('a standby only', 3, qr/^UNCACHE UNKNOWN - postgres: only a server that does not accept writes can be reached/,
	dsn => $standby->connstr('postgres') . ' user=uncached');

done_testing();
