# uncached --print-acl for a Redis Cluster: a user with exactly that line on each node does everything that the
# rules need, and lacks something without each part of it.

use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;
use Uncache::Test;
use Uncache::Test::Process;
use Uncache::Test::RedisCluster;

use constant PASSWORD => '#SHA256-OF-THE-PASSWORD';

my $node = start_postgres('main');
my $cluster = Uncache::Test::RedisCluster->new('cluster', primaries => 3);
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $runs = 0;
my $file = write_file("$directory/uncached.ini", <<"END");
[postgres]
dsn = @{[ $node->connstr('postgres') ]} user=uncached
[target default]
url = @{[ $cluster->url =~ s{://}{://uncached:secret\@}r ]}
END

$node->safe_psql('postgres', <<'END');
CREATE TABLE item (id int PRIMARY KEY, tenant text, n int NOT NULL DEFAULT 0);
INSERT INTO item SELECT n, 'a' FROM generate_series(1, 20) n;
SELECT uncache.watch('item', keys => ARRAY['item:{id}'], patterns => ARRAY['report:{tenant}:*'],
	tags => ARRAY['tenant:{tenant}'], versions => ARRAY['ver:{id}']);
END

# Exit status, standard output and standard error.
sub ask
{
	my ($option) = @_;
	my $name = 'ask_' . $runs++;
	my $path = write_file("$directory/$name", '');

	open(my $stdout, '>', $path) or die "$path: $!";
	my $process = Uncache::Test::Process->new(name => $name, command => [ 'uncached', '--config', $file, $option ], stdout => $stdout);
	my $status = $process->start->wait_exit(60);

	return ($status, slurp_file($path), $process->log);
}

# --- the line ---

my ($status, $line, $notes) = ask('--print-acl');
my $rights = '~* +unlink +scan +ping +info +eval +srandmember +srem +exists +incrby +set +time'
  . ' +cluster|slots +cluster|nodes +cluster|countkeysinslot +cluster|getkeysinslot +asking +rename';
is($status, 0, 'the exit status') or diag $notes;
is($line, 'ACL SETUSER uncached on ' . PASSWORD . " $rights +client|setname +acl|whoami +acl|dryrun\n", 'the line');
$cluster->everywhere(split ' ', $line =~ s/\Q@{[PASSWORD]}\E/>secret/r);
my $daemon = start_daemon('uncached', node => $node, config => $file);

# --- a slot is on the move, so that a pass asks for its names ---

my @reports = map { "report:a:{move}:$_" } 1 .. 20;
my $slot = $cluster->slot('{move}');
my ($from) = grep { eval { $_->command('GET', '{move}'); 1 } } $cluster->primaries;
my ($to) = grep { $_ != $from } $cluster->primaries;

$cluster->open_slot($slot, $from, $to);

sub populate
{
	$cluster->fill((map { "item:$_" } 1 .. 20), @reports, 'under a');
	$cluster->command('SADD', 'tag:tenant:a', 'under a');
	$cluster->command('SET', "ver:$_", -5) for 1 .. 20;
	return;
}

sub is_gone
{
	my ($what) = @_;

	ok(wait_applied($node), "$what: it is applied") or diag $daemon->log_since_mark;
	is_deeply($cluster->remaining((map { "item:$_" } 1 .. 20), @reports, 'under a', 'tag:tenant:a'), [], "$what: everything is gone");
	return;
}

sub change { $node->safe_psql('postgres', 'UPDATE item SET n = n + 1'); return; }

populate();
change();
is_gone('all of it');
unlike($daemon->log, qr/level=error/, 'all of it: the log has no error');
my ($check_status, $output) = ask('--check-connections');
is($check_status, 0, 'all of it: the check finds nothing');
unlike($output, qr/^(?:missing|unknown)/m, 'all of it: nor anything unknown') or diag $output;

# --- without each of the commands ---

foreach my $command ($rights =~ /\+(\S+)/g)
{
	$cluster->everywhere('ACL', 'SETUSER', 'uncached', "-$command");
	($check_status, $output) = ask('--check-connections');
	is($check_status, 1, "without +$command: the check finds it missing");
	like($output, qr/^missing target default: the user may not run \Q$command\E; ACL SETUSER <user> \+\Q$command\E/m, "without +$command: and says so")
	  or diag $output;

	# the daemon works without PING
	if ($command ne 'ping')
	{
		$daemon->mark_log;
		populate();
		$cluster->everywhere('CLIENT', 'KILL', 'USER', 'uncached');
		change();
		ok($daemon->wait_for_log(qr/level=(?:warning|error) msg=[^\n]*advice="[^"\n]*\+\Q$command\E(?![\w|])/, 20), "without +$command: the daemon says so")
		  or diag $daemon->log_since_mark;
	}
	$cluster->everywhere('ACL', 'SETUSER', 'uncached', "+$command");
	is_gone("+$command is back") if $command ne 'ping';
}
is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
