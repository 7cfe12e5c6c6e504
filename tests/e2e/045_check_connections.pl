# uncached --check-connections: what is right and what is missing, at PostgreSQL and at
# each Redis, said without changing anything or showing a secret.

use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::Pooler;
use Uncache::Test::Process;
use Uncache::Test::Shim;

my $node = start_postgres('main', logical => 1, conf => "listen_addresses = '127.0.0.1'");
my $redis = start_redis('redis');
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $runs = 0;

# Exit status and output of a run; what is given replaces the usual configuration.
sub check
{
	my (%params) = @_;
	my $role = $params{role} // 'uncached';
	my $dsn = $params{dsn} // $node->connstr($params{database} // 'postgres') . " user=$role";
	my $targets = $params{targets} // { default => { url => $redis->url } };
	my $text = "[postgres]\ndsn = $dsn\n";

	foreach my $alias (sort keys %$targets)
	{
		$text .= join("\n", "[target $alias]", map { "$_ = $targets->{$alias}{$_}" } sort keys %{ $targets->{$alias} }) . "\n";
	}
	my $file = write_file("$directory/uncached.ini", $text);
	my $process = Uncache::Test::Process->new(
		name => 'check_' . $runs++,
		command => [ @{ $params{wrapper} // [] }, 'uncached', '--config', $file, '--check-connections' ],
		env => $params{env});
	my $status = $process->start->wait_exit(60);

	unlike($process->log, qr/hunter2/, 'no secret is shown');
	unlike($process->log, qr/^(?!ok      |missing |unknown )/m, 'each line begins with a state') or diag $process->log;
	return ($status, $process->log);
}

# A run that finds something missing, and says so.
sub finds
{
	my ($what, $regexp, %params) = @_;
	my ($status, $output) = check(%params);

	is($status, $params{status} // 1, "$what: the exit status");
	like($output, $regexp, "$what: it says so") or diag $output;
	return $output;
}

$node->safe_psql('postgres', q{
	CREATE TABLE item (id int PRIMARY KEY, tenant int);
	SELECT uncache.watch('item', 'item:{id}')});

# --- all is right ---

sub fingerprint
{
	return $node->safe_psql('postgres', 'SELECT (SELECT count(*) FROM uncache.consumers), (SELECT count(*) FROM uncache.journal),'
		  . ' pg_current_snapshot()')
	  . $redis->command('DBSIZE')
	  . $redis->info('rdb_changes_since_last_save');
}

my $before = fingerprint();
my $output = finds('all is right', qr/^ok      postgres: reachable: PostgreSQL \d+.*, database postgres, role uncached$/m, status => 0);
is(fingerprint(), $before, 'it has changed nothing');
like($output, qr/^ok      postgres: the server accepts writes$/m, 'no standby');
like($output, qr/^ok      postgres: a session for each target is allowed: 1$/m, 'sessions');
like($output, qr/^ok      postgres: the extension has version \S+, the daemon \S+$/m, 'versions');
like($output, qr/^ok      target default: rules name it$/m, 'rules');
like($output, qr/^ok      target default: it has no consumer yet/m, 'no consumer');
my $by = $redis->info('valkey_version');
$by = ", by Valkey $by" if $by ne '';
like($output, qr/^ok      target default: version \d[\d.]*\Q$by\E$/m, 'the version of Redis');
like($output, qr/^ok      target default: it is a single server$/m, 'the mode of Redis');
like($output, qr/^ok      target default: it is a primary$/m, 'the role of Redis');
like($output, qr/^ok      target default: the user may run $_$/m, "may run $_") foreach 'unlink', 'scan', 'info', 'ping';
unlike($output, qr/may run (?:eval|incrby|srem)/, 'what no rule needs is not asked for');
unlike($output, qr/^(?:missing|unknown)/m, 'nothing is missing or unknown');

# every function that the role is granted is looked for, and no other; of a cluster's: 059_upgrade
my $granted = $node->safe_psql('postgres', q{
	SELECT p.proname || '(' || oidvectortypes(p.proargtypes) || ')'
	FROM pg_proc p, aclexplode(p.proacl) a
	WHERE p.pronamespace = 'uncache'::regnamespace AND a.grantee = 'uncached'::regrole AND p.proname NOT IN ('targets', 'read_status', 'tail')
		AND p.proname NOT LIKE '%\_cluster'
	ORDER BY 1});
is(join("\n", sort($output =~ /may execute uncache\.(.*)$/mg)), $granted, 'every function of the protocol is looked for');

my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);
$output = finds('beside a daemon',
	qr/^ok      target default: its consumer is in the state ready, and a session works for it$/m, status => 0);
is($daemon->stop(5), 0, 'the daemon stops');

# --- PostgreSQL ---

my %shown = (dsn => "host=$directory dbname=postgres password=hunter2");
finds('no server', qr/^missing postgres: cannot be reached: .*; check that PostgreSQL is running, and the host and port in the dsn$/m, %shown);
finds('no database', qr/^missing postgres: cannot be reached: .*database "none" does not exist; the dsn names a database that this server does not have$/m, database => 'none');
finds('no role', qr/^missing postgres: cannot be reached: .*role "nobody" does not exist; PostgreSQL rejects this role: /m, role => 'nobody');

$node->safe_psql('postgres', 'CREATE ROLE stranger LOGIN; CREATE ROLE dumb NOLOGIN; CREATE ROLE full LOGIN CONNECTION LIMIT 0; CREATE ROLE half LOGIN CONNECTION LIMIT 1; CREATE DATABASE bare;'
	  . q{ SELECT uncache.grant_consumer('half'); REVOKE EXECUTE ON FUNCTION uncache.trim(), uncache.targets() FROM half});
finds('no LOGIN', qr/^missing postgres: cannot be reached: .*not permitted to log in; PostgreSQL rejects this role: it must exist, with LOGIN/m,
	role => 'dumb');
finds('no session left', qr/^missing postgres: cannot be reached: .*; PostgreSQL has no connection left for this role: .*; the check needs one more than the daemon$/m,
	role => 'full');
finds('no session left at the first host', qr/^missing postgres: cannot be reached: .*; PostgreSQL has no connection left for this role/m,
	dsn => 'host=' . $node->host . ",$directory port=" . $node->port . ',1 dbname=postgres user=full');
finds('no extension', qr/^missing postgres: the extension uncache is not installed.*CREATE EXTENSION uncache$/m, database => 'bare');
finds('no grants', qr/^missing postgres: the role may not use the schema uncache; .*grant_consumer/m, role => 'stranger');
$output = finds('half of the grants', qr/^missing postgres: the role may not execute uncache\.trim\(\); .*grant_consumer/m, role => 'half');
like($output, qr/^ok      postgres: the role may execute uncache\.ack/m, 'the other functions are there');
like($output, qr/^unknown postgres: which targets rules name, .*permission denied/m, 'what cannot be told is unknown');
like($output, qr/^ok      target default: the user may run unlink$/m, 'Redis is looked at all the same');
finds('a limit of sessions', qr/^missing postgres: the role may have 1 sessions, and 2 targets need one each/m,
	role => 'half', targets => { default => { url => $redis->url }, api => { url => $redis->url(1) } });

my $bouncer = Uncache::Test::Pooler->new('pgbouncer', node => $node, mode => 'transaction')->start;
ok($bouncer->listens, 'pgbouncer listens') or diag $bouncer->log;
finds('a pooler', qr/^missing postgres: there is a connection pooler in front of the server/m,
	dsn => $bouncer->dsn);

my $standby = start_standby($node, 'standby');
finds('a standby only', qr/^missing postgres: only a server that does not accept writes can be reached/m,
	dsn => $standby->connstr('postgres') . ' user=uncached');
finds('a standby only, as the dsn allows', qr/^missing postgres: the server is a standby; let the dsn name the primary/m,
	dsn => $standby->connstr('postgres') . ' user=uncached target_session_attrs=any');
finds('standby and primary', qr/^ok      postgres: the server accepts writes/m, status => 0,
	dsn => 'host=' . $standby->host . ',' . $node->host . ' port=' . $standby->port . ',' . $node->port
	  . ' dbname=postgres user=uncached');
$standby->stop;

my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
my $stopped_at = time;
kill('STOP', $postmaster);
$output = finds('a server that stands still', qr/^missing postgres: cannot be reached: no reply before the deadline; find out what keeps the server or the network from answering$/m,
	dsn => $node->connstr('postgres') . ' user=uncached connect_timeout=0');
kill('CONT', $postmaster);
cmp_ok(time - $stopped_at, '<', 20, 'it is waited for some seconds');

# --- rules, targets and consumers ---

$node->safe_psql('postgres', q{SELECT uncache.watch('item', 'elsewhere://item:{id}')});
$node->safe_psql('postgres', q{SELECT uncache.attach('forgotten')});
$output = finds('targets that are not configured',
	qr/^missing target elsewhere: rules name it, but it is not configured here, and nobody serves it/m);
like($output, qr/^missing target forgotten: its consumer holds back the journal, and nobody serves it; .*drop_consumer\('forgotten'\)$/m,
	'a consumer that nobody serves is told');
my $other = Uncache::Test::Daemon->new('other', config => write_file("$directory/other.ini",
	"[postgres]\ndsn = " . $node->connstr('postgres') . " user=uncached\n"
	  . join('', map { "[target $_]\nurl = " . $redis->url(1) . "\n" } 'elsewhere', 'forgotten')))->start;
ok(wait_attached($node, target => $_), "another daemon serves $_") foreach 'elsewhere', 'forgotten';
$output = finds('targets of another daemon', qr/^ok      target elsewhere: it is not configured here, and another daemon serves it$/m, status => 0);
$output = finds('a target that no rule names', qr/^unknown target unused: whether it is needed: no rule names it/m,
	status => 0, targets => { default => { url => $redis->url }, unused => { url => $redis->url } });
is($other->stop(5), 0, 'the other daemon stops');
$node->safe_psql('postgres', "SELECT uncache.drop_consumer('$_')") foreach 'elsewhere', 'forgotten';

# --- Redis ---

my %locked = (default => { url => $redis->url }, elsewhere => { url => $redis->url });
my $refuses = start_redis('refuses', password => 'hunter2', tcp => 1);
my $wrong = write_file("$directory/wrong", "hunter2-not\n");
my $right = write_file("$directory/right", "hunter2\n");
chmod 0600, $wrong, $right;

# A target beside those that rules name.
sub with_target { return { %locked, api => {@_} }; }

finds('no Redis', qr/^missing target api: .* cannot be reached: No such file or directory; check that Redis is running, and the host and port, or the socket, in the URL$/m,
	targets => with_target(url => 'unix:///nonexistent/redis.sock'));
finds('no password', qr/^missing target api: it refuses to work: NOAUTH .*; the URL needs a password$/m,
	targets => with_target(url => $refuses->url));
finds('a wrong password', qr/^missing target api: cannot log in: WRONGPASS .*; the user is wrong, or the password in the file \S+$/m,
	targets => with_target(url => $refuses->url, password_file => $wrong));
finds('the right password', qr/^ok      target api: the default user is accepted with its password$/m,
	status => 0, targets => with_target(url => 'redis://127.0.0.1:' . $refuses->port, password_file => $right));
finds('no such database', qr/^missing target api: cannot use its database: ERR DB index is out of range/m,
	targets => with_target(url => $redis->url(99)));

my $replica = start_redis('replica', tcp => 1, config => [ '--replicaof', '127.0.0.1', $refuses->port, '--masterauth', 'hunter2' ]);
finds('a replica', qr/^missing target api: it is a replica; put the primary's address into the URL$/m,
	targets => with_target(url => $replica->url));
my $cluster = start_redis('cluster', tcp => 1, config => [ '--cluster-enabled', 'yes' ]);
finds('a cluster', qr/^missing target api: its mode is cluster: the URL is one of a single server/m,
	targets => with_target(url => $cluster->url));

# one that answers nothing: each step has a deadline
my $frozen = start_redis('frozen');
kill('STOP', $frozen->pid);
my $begin = time;
finds('a Redis that stands still', qr/^missing target api: cannot ask for PING: no reply within 5 s; find out what blocks Redis/m,
	targets => with_target(url => $frozen->url));
cmp_ok(time - $begin, '<', 15, 'it is waited for some seconds');
kill('CONT', $frozen->pid);

# --- names ---

my $shim = Uncache::Test::Shim->new;
$shim->know('hang.test' => 'hang', 'primary.test' => '127.0.0.3 127.0.0.1', 'redis.test' => '127.0.0.3 127.0.0.1');
my $named_dsn = 'port=' . $node->port . ' dbname=postgres user=uncached';
my $named_redis = 'redis://%s:' . $refuses->port;

# A Redis by name, with the right password.
sub named { return with_target(url => sprintf($named_redis, $_[0]), password_file => $right); }

$begin = time;
$output = finds('names that hang', qr/^missing postgres: the host hang\.test: cannot resolve the host name: no reply from the name service; check the host in the dsn, and DNS$/m,
	wrapper => $shim->wrapper, dsn => "host=hang.test $named_dsn", targets => named('hang.test'));
like($output, qr/^missing target api: hang\.test:\d+\S* cannot be reached: cannot resolve the host name: no reply from the name service; check the host in the URL, and DNS$/m,
	'the name of a Redis that hangs is told');
like($output, qr/^ok      target default: version/m, 'the next target is looked at');
cmp_ok(time - $begin, '<', 20, 'each is waited for some seconds');
$output = finds('a name that hangs before one that does not', qr/^missing postgres: the host hang\.test: /m,
	wrapper => $shim->wrapper, dsn => "host=hang.test,primary.test $named_dsn", targets => named('redis.test'));
like($output, qr/^ok      postgres: the server accepts writes$/m, 'the next host is tried, and each of its addresses');
like($output, qr/^ok      target api: the default user is accepted/m, 'so is each address of a Redis');
finds('names with some addresses that refuse', qr/^ok      postgres: reachable/m, status => 0,
	wrapper => $shim->wrapper, dsn => "host=primary.test $named_dsn", targets => named('redis.test'));

# --- what the user may run ---

$node->safe_psql('postgres', q{
	SELECT uncache.watch('item', 'api://x:{id}');
	SELECT uncache.watch('item', tags => ARRAY['api://tenant:{tenant}'], versions => ARRAY['api://v:{tenant}'])});

# Redis 6 has no DRYRUN
my $has_dryrun = Uncache::Test::Redis::major_version() >= 7;
my @may_ask = ('+acl|whoami', $has_dryrun ? '+acl|dryrun' : '+acl|getuser');

sub user
{
	my (@rules) = @_;

	$refuses->command('ACL', 'SETUSER', 'app', 'reset', 'on', '>hunter2', @rules);
	return targets => with_target(url => $refuses->url(3), username => 'app', password_file => $right);
}

my @documented = ('~*', map { "+$_" } qw(unlink scan select ping info client|setname eval srandmember srem incrby set time));
$output = finds('the documented commands', qr/^ok      target api: the user app is accepted/m, status => 0, user(@documented, @may_ask));
like($output, qr/^ok      target api: the user may run $_$/m, "it may run $_")
  foreach qw(unlink scan ping info select eval srandmember srem incrby set time);
finds('without +srem', qr/^missing target api: the user may not run srem; ACL SETUSER <user> \+srem/m,
	user((grep { $_ ne '+srem' } @documented), @may_ask));
finds('without +info', qr/^missing target api: the user may not run info;/m,
	user((grep { $_ ne '+info' } @documented), @may_ask));
# GETUSER is read for commands alone
finds('with few keys', $has_dryrun ? qr/^unknown target api: whether the user may run unlink for all keys: not for one such as uncached-check; the user needs ~\*/m :
	qr/^ok      target api: the user may run unlink$/m,
	status => 0, user('~x:*', (grep { /^\+/ } @documented), @may_ask));
$output = finds('without ACL', qr/^unknown target api: what else the user may run: NOPERM .*; compare its rules.*\+acl\|whoami \+acl\|dryrun$/m,
	status => 0, user(@documented));
like($output, qr/^ok      target api: the user may run $_$/m, "without ACL: $_ was really run") foreach qw(scan ping info time);
$output = finds('a user who may run nothing', qr/^missing target api: the user may not run scan; ACL SETUSER <user> \+scan/m,
	user('~*', '+select'));
like($output, qr/^missing target api: the user may not run $_;/m, "a user who may run nothing: not even $_") foreach qw(ping info time);
finds('without +scan and ACL', qr/^missing target api: the user may not run scan;/m, user(grep { $_ ne '+scan' } @documented));
$output = finds('by WHOAMI alone', qr/^unknown target api: what else the user may run: NOPERM/m, status => 0, user(@documented, '+acl|whoami'));
# as with Redis 6, which has no DRYRUN
$output = finds('by GETUSER', qr/^ok      target api: the user may run srem$/m, status => 0, user(@documented, '+acl|whoami', '+acl|getuser'));
finds('by GETUSER without +srem', qr/^missing target api: the user may not run srem/m,
	user((grep { $_ ne '+srem' } @documented), '+acl|whoami', '+acl|getuser'));
finds('by GETUSER with a category', qr/^unknown target api: whether the user may run srem: its rules name categories/m,
	status => 0, user((grep { $_ ne '+srem' } @documented), '+@set', '+acl|whoami', '+acl|getuser'));

# a sweep needs more, database 0 less
my %more = user(@documented, @may_ask);
$more{targets}{api}{sweep} = '60s';
$output = finds('sweep', qr/^missing target api: the user may not run sscan/m, %more);
like($output, qr/^missing target api: the user may not run exists/m, 'exists is needed');

# without PostgreSQL nobody knows what rules need
$output = finds('without PostgreSQL', qr/^unknown target api: the user may not run smembers, which some rules would need/m,
	%more, dsn => "host=$directory");
like($output, qr/^missing target api: the user may not run sscan/m, 'what settings need is known');

# --- a refused configuration ---

my $refused = Uncache::Test::Process->new(
	name => 'refused',
	command => [ 'uncached', '--check-connections', '--redis', 'redis://:hunter2@h:0' ]);
is($refused->start->wait_exit(10), 2, 'a refused configuration exits with 2');
done_testing();
