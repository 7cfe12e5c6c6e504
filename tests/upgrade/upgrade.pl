# pg_upgrade from one major version to the next, with rules of every action and rows
# waiting in the journal, while writers and readers go on: the rules are there and
# work, what waited is deleted, and nothing that a client would read is stale.
#
# INSTALLATIONS, a list of directories with bin and lib, are the older PostgreSQLs with
# uncache, the oldest first; the last step leads to the one that PATH has.  SEED repeats
# what the workload chooses.

use strict;
use warnings FATAL => 'all';
use Test::More;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(time);
use Uncache::Test;
use Uncache::Test::ActionWorkload;
use Uncache::Test::Daemon;
use Uncache::Test::Verdict;

# The workers end before: a step of the upgrade takes some ten seconds.
use constant LONGEST_STEP_SECONDS => 300;

my @installations = split ' ', $ENV{INSTALLATIONS} // '';
my $seed = $ENV{SEED} || time % 1_000_000;
my @tables = map { sprintf('many.t%02d', $_) } 1 .. 30;

die "INSTALLATIONS is to name the older versions\n" unless @installations;
srand($seed);
diag "SEED=$seed";

my $node = start_postgres('from_' . version_of($installations[0]), install_path => $installations[0], checksums => 1);
my $redis = start_redis('redis');
my $workload = Uncache::Test::ActionWorkload->new(node => $node, redis => $redis, seed => $seed);

sub version_of
{
	my ($installation) = @_;

	return `'$installation/bin/pg_config' --version` =~ /(\d+)/ ? $1 : die "no PostgreSQL in $installation\n";
}

sub create_rules
{
	$workload->create_tables;
	$node->safe_psql('postgres', <<'END');
CREATE ROLE shop_owner;
SELECT uncache.grant_author('shop_owner');
CREATE SCHEMA shop AUTHORIZATION shop_owner;
CREATE SCHEMA "Watched" AUTHORIZATION shop_owner;
CREATE SCHEMA many;
SELECT uncache.watch_schema('"Watched"', exclude => '{skipped}');
SET ROLE shop_owner;
CREATE TABLE shop.article (id int PRIMARY KEY, tenant text, price numeric, old_name text);
CREATE TABLE shop.part (id int PRIMARY KEY, article int);
CREATE VIEW shop.part_key AS SELECT article, 'part:' || id AS key FROM shop.part;
CREATE TABLE shop.visit (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE shop.visit_2024 PARTITION OF shop.visit FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE MATERIALIZED VIEW shop.totals AS SELECT count(*) FROM shop.article;
CREATE TABLE "Watched"."Page" (id int PRIMARY KEY, body text);
CREATE TABLE "Watched".skipped (id int PRIMARY KEY);
CREATE MATERIALIZED VIEW "Watched".pages AS SELECT count(*) FROM "Watched"."Page";
SELECT uncache.watch('shop.article', keys => ARRAY['article:{id}', 'loud:{upper(tenant)}'],
	patterns => ARRAY['report:{tenant}:*'], tags => ARRAY['tenant:{tenant}'], versions => ARRAY['ver:{tenant}'],
	query => ARRAY[$$SELECT k.key FROM shop.part_key k WHERE k.article = {id}$$, 'part:*'], cacheops => ARRAY['article']);
SELECT uncache.watch('shop.part', keys => ARRAY['part:{id}'], columns => '{article}');
SELECT uncache.watch('shop.visit', keys => ARRAY['visit:{id}:{day}'],
	query => ARRAY[$$SELECT 'day:' || {day}::text || ':' || p.id FROM shop.part p$$]);
SELECT uncache.watch('shop.totals', keys => ARRAY['totals']);
ALTER TABLE shop.article RENAME old_name TO name;
ALTER TABLE shop.article RENAME id TO number;
INSERT INTO shop.article VALUES (1, 'a', 1, 'one'), (2, 'b', 2, 'two');
INSERT INTO shop.part VALUES (1, 1), (2, 1), (3, 2);
INSERT INTO shop.visit VALUES (1, '2024-05-01');
INSERT INTO "Watched"."Page" VALUES (1, 'old'), (2, 'old');
END
	$node->safe_psql('postgres', join("\n", map { <<"END" } @tables));
CREATE TABLE $_ (id int PRIMARY KEY);
SELECT uncache.watch('$_', keys => ARRAY['$_:{id}']);
SELECT uncache.watch('$_', query => ARRAY[\$\$SELECT 'q:$_:' || {id} FROM shop.part p WHERE p.id = 1\$\$]);
END
	return;
}

# --- what is cached for these rules, and what is left of it ---

# what no rule can produce, and what the changes leave alone
my @foreign = ('session:1', 'article', 'parts:1');
my @stay = (@foreign, 'report:b', 'part:x', 'q:2', 'conj:article:number=2');

sub fill
{
	my (@more) = @_;

	$redis->command('SADD', 'schemes:article', 'number');
	$redis->command('SADD', "conj:article:number=$_", "q:$_") foreach 1, 2;
	$redis->command('SADD', 'tag:tenant:a', 'under a');
	$redis->command('SADD', 'tag:Watched.Page:1', 'under page 1');
	$redis->command('SET', 'ver:a', 1);
	$redis->fill((grep { !/^conj:/ } @stay), @more, 'q:1', 'under a', 'under page 1');
	return;
}

# What the changes of change_all() make stale, but the counter.
my @stale = ('article:1', 'loud:A', 'report:a:1', 'part:1', 'part:2', 'visit:1:2024-05-01', 'day:2024-05-01:1', 'totals',
	'many.t07:5', 'q:many.t07:5', 'q:1', 'under a', 'under page 1');

sub change_all
{
	my ($n) = @_;

	$node->safe_psql('postgres', <<"END");
UPDATE shop.article SET price = price + 1 WHERE number = 1;
UPDATE shop.visit SET day = day;
REFRESH MATERIALIZED VIEW shop.totals;
UPDATE "Watched"."Page" SET body = 'new $n' WHERE id = 1;
INSERT INTO many.t07 VALUES (5) ON CONFLICT (id) DO UPDATE SET id = 5;
END
	return;
}

# Each rule by itself: a resync is over, and only what has changed may go.
sub rules_work
{
	my ($what) = @_;

	ok(wait_applied($node), "$what: nothing is pending");
	fill(@stale, 'article:2', 'part:3', 'many.t08:5');
	change_all($what =~ s/\D//gr);
	ok(wait_applied($node), "$what: a change of each kind is applied");
	is_deeply($redis->remaining(@stale), [], "$what: each rule deletes what it is to delete");
	is_deeply($redis->remaining('article:2', 'part:3', 'many.t08:5', @stay),
		[ 'article:2', 'part:3', 'many.t08:5', @stay ], "$what: and nothing else");
	cmp_ok($redis->command('GET', 'ver:a'), '>', 1, "$what: the version is another one");
	return;
}

# --- what is to be the same afterwards ---

sub rules
{
	return $node->safe_psql('postgres', <<'END');
SELECT r.relation::text, r.rule, r.action, r.events, r.templates, r.author FROM uncache.rules r ORDER BY 1, 2, 4
END
}

sub triggers
{
	return $node->safe_psql('postgres', <<'END');
SELECT tgrelid::regclass::text COLLATE "C", tgname, tgenabled, pg_get_triggerdef(oid)
FROM pg_trigger WHERE tgname LIKE 'uncache%' ORDER BY 1, 2
END
}

sub problems { return $node->safe_psql('postgres', 'SELECT * FROM uncache.check_rules()'); }

# --- the upgrade ---

sub pg_upgrade
{
	my ($new, $what, @options) = @_;
	my @command = ($new->installed_command('pg_upgrade'), '--no-sync', @options,
		'-d', $node->data_dir, '-D', $new->data_dir, '-b', $node->config_data('--bindir'), '-B', $new->config_data('--bindir'),
		'-s', PostgreSQL::Test::Utils::tempdir_short());

	chdir($new->basedir) or die "chdir: $!";
	return if ok(run_log(\@command), "$what: pg_upgrade @options");
	foreach my $log (glob($new->data_dir . '/pg_upgrade_output.d/*/log/*'))
	{
		my $text = slurp_file($log);

		diag "$log:\n", substr($text, -1500) if $text =~ /error:|ERROR:|FATAL:/;
	}
	die "pg_upgrade fails\n";
}

# Debian's 17.12 writes an option of each new column into the catalog, which 18.6 does not
# know: without this pg_upgrade from one to the other fails, with and without uncache.
sub forget_column_versions
{
	$node->safe_psql('postgres', q[UPDATE pg_attribute SET attoptions = NULL WHERE attoptions::text LIKE '{pg_attver=%']);
	return;
}

# A cluster of another version at the port that clients know.
sub init_next
{
	my ($version, $installation) = @_;
	my $new = PostgreSQL::Test::Cluster->new("to_$version", port => $node->port,
		defined $installation ? (install_path => $installation) : ());

	init_postgres($new, checksums => 1);
	return $new;
}

# Deletes that wait in the journal, of a rule and by hand; a daemon that is not there.
sub leave_waiting
{
	my ($daemon, $what, $is_killed) = @_;

	ok(wait_applied($node), "$what: the daemon has served the old server");
	is($is_killed ? $daemon->kill9 : $daemon->stop(5), $is_killed ? 137 : 0, "$what: the daemon is gone");
	fill(@stale, 'by hand');
	change_all(0);
	$node->safe_psql('postgres', q{SELECT uncache.invalidate('by hand')});
	return;
}

sub upgrade
{
	my ($daemon, $step, $version, $installation) = @_;
	my $what = "to $version";
	my $is_last = !defined $installation;
	my $new = init_next($version, $installation);

	leave_waiting($daemon, $what, $is_last);
	$workload->start(LONGEST_STEP_SECONDS);
	pause(1);
	pg_upgrade($new, $what, '--check');
	forget_column_versions();
	my %before = (rules => rules(), triggers => triggers());
	$node->stop;
	pg_upgrade($new, $what, $is_last ? '--link' : ());
	$node = $workload->{node} = $new;
	$new->start;
	is(rules(), $before{rules}, "$what: the rules are the same");
	is(triggers(), $before{triggers}, "$what: so are their triggers");
	is(problems(), '', "$what: check_rules finds nothing wrong");
	pause(1);
	return;
}

# What was cached and has changed meanwhile is gone when the daemon is through.
sub serve
{
	my ($daemon, $what) = @_;

	$daemon->mark_log;
	$daemon->start;
	ok($daemon->wait_for_log(qr/resync begins.*another history/), "$what: the daemon resyncs, and says why");
	ok($daemon->wait_for_log(qr/another history.*resync complete/s), "$what: it is through");
	ok((wait_for { !@{ $redis->remaining(@stale, 'by hand') } }), "$what: what waited in the journal is deleted");
	is_deeply($redis->remaining(@foreign), [@foreign], "$what: what no rule can produce stays");
	pause(2);
	kill_and_restart($daemon, 0.1);
	pause(1);
	$workload->end_early;
	my $counts = $workload->finish;
	comes_to_rest($workload, $what, $counts);
	is($counts->{commits_lost} // 0, 0, "$what: no commit is lost");
	has_nothing_stale($what, compare_cache($workload, $what, $counts));
	$redis->command('FLUSHALL');
	return;
}

# Rules follow tables on the new server, as they did on the old one.
sub rules_follow
{
	my ($what, $version) = @_;

	$node->safe_psql('postgres', <<"END");
ALTER TABLE shop.article RENAME number TO number_$version;
CREATE TABLE shop.visit_$version PARTITION OF shop.visit FOR VALUES FROM ('20$version-01-01') TO ('20$version-12-01');
SET ROLE shop_owner;
CREATE TABLE "Watched".page_$version (id int PRIMARY KEY);
RESET ROLE;
ALTER TABLE many.t$version RENAME TO moved_$version;
END
	is(problems(), '', "$what: rules follow names, partitions and new tables");
	is($node->safe_psql('postgres', <<"END"), '2|t', "$what: each of them has its rules");
SELECT count(DISTINCT r.relation), bool_and(r.templates[1] LIKE 'Watched.page_%' OR r.templates[1] LIKE 'many.t$version%')
FROM uncache.rules r WHERE r.relation IN ('"Watched".page_$version'::regclass, 'many.moved_$version'::regclass) AND r.action <> 'query'
END
	fill("visit:1:20$version-05-01");
	$node->safe_psql('postgres', "INSERT INTO shop.visit VALUES (1, '20$version-05-01')");
	ok((wait_for { !$redis->has("visit:1:20$version-05-01") }), "$what: a new partition is covered");
	$node->safe_psql('postgres', "ALTER TABLE shop.article RENAME number_$version TO number");
	return;
}

# The extension's tables name rules by oids that others have now: who drops one of these
# leaves the others alone.
sub oids_are_nobodys
{
	my ($what) = @_;
	my ($table, $other) = split /\|/, $node->safe_psql('postgres', <<'END');
SELECT t.tgrelid::regclass, a.relation::regclass FROM uncache.admissions a JOIN pg_trigger t ON t.oid = a.trigger
WHERE t.tgrelid <> a.relation AND t.tgrelid::regclass::text LIKE 'many.%' ORDER BY t.oid LIMIT 1
END

	ok(defined $other, "$what: a rule has the oid that one of another table had") or return;
	$node->safe_psql('postgres', $node->safe_psql('postgres', <<"END"));
SELECT format('DROP TRIGGER %I ON %s;', tgname, tgrelid::regclass) FROM pg_trigger WHERE tgrelid = '$table'::regclass
END
	is(problems(), '', "$what: when the rules of $table are dropped, those of $other are admitted still");
	$node->safe_psql('postgres', <<"END");
SELECT uncache.watch('$table', keys => ARRAY['$table:{id}'], query => ARRAY[\$\$SELECT 'q:$table:' || {id} FROM shop.part p WHERE p.id = 1\$\$]);
END
	is(problems(), '', "$what: all is well when they are made again");
	return;
}

create_rules();
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);
is(problems(), '', 'nothing is wrong with the rules');
rules_work('before');
foreach my $step (1 .. @installations)
{
	my $installation = $installations[$step];
	my $version = defined $installation ? version_of($installation) : `pg_config --version` =~ /(\d+)/ ? $1 : '?';

	upgrade($daemon, $step, $version, $installation);
	serve($daemon, "to $version");
	rules_work("to $version");
	rules_follow("to $version", $version);
	oids_are_nobodys("to $version");
}
is($daemon->stop(5), 0, 'the daemon stops');
done_testing();
