# What check_rules() costs grows as the number of rules does, whatever the planner
# knows of the tables: rows that its plans handle are counted, not time.

use strict;
use warnings FATAL => 'all';
use JSON::PP;
use Test::More;
use Uncache::Test;

use constant { TABLES => 150, TIMES => 4 };

my $node = start_postgres('main', conf => "autovacuum = off\nfsync = off");

# What there can be something to tell of: by what remains of a table's number, divided by 5.
# %1$s is the schema, %2$s the number.
my %statements = (
	0 => [
		'ALTER TABLE %1$s.t%2$s RENAME TO former%2$s',
		'CREATE TABLE %1$s.t%2$s (nr int PRIMARY KEY)',
	],
	1 => [
		q{SELECT uncache.watch('%1$s.t%2$s', 't%2$s:{parent}')},
		'ALTER TABLE %1$s.t%2$s RENAME parent TO parent_old',
		'ALTER TABLE %1$s.t%2$s ADD parent int',
		'CREATE MATERIALIZED VIEW %1$s.v%2$s AS SELECT 1 AS one',
		q{SELECT uncache.watch('%1$s.v%2$s', 'v%2$s')},
	],
	2 => [
		q{SELECT uncache.watch('%1$s.t%2$s', columns => '{parent}', keys => ARRAY['p:{parent}'], query => ARRAY['SELECT {id}::text', '*'])},
		'CREATE TRIGGER b BEFORE UPDATE ON %1$s.t%2$s FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
	],
	3 => [
		'CREATE TABLE %1$s.heir%2$s () INHERITS (%1$s.t%2$s)',
		q{SELECT uncache.watch('%1$s.t%2$s', keys => ARRAY['t:{id}'])},
		q{SELECT uncache.watch('%1$s.heir%2$s', cacheops => ARRAY['t%2$s'])},
		'CREATE TABLE %1$s.parts%2$s (id int, parent int) PARTITION BY LIST (id)',
		'CREATE TABLE %1$s.part%2$s PARTITION OF %1$s.parts%2$s FOR VALUES IN (1)',
		q{SELECT uncache.watch('%1$s.parts%2$s', columns => '{parent}', keys => ARRAY['p:{parent}'])},
	],
	4 => [
		q{SELECT uncache.watch('%1$s.t%2$s', cacheops => ARRAY['t%2$s'])},
		'ALTER TABLE %1$s.t%2$s RENAME TO renamed%2$s',
		'CREATE SCHEMA %1$s%2$s',
		'CREATE TABLE %1$s%2$s.t (id int PRIMARY KEY)',
		q{SELECT uncache.watch_schema('%1$s%2$s')},
		q{DELETE FROM uncache.schemas WHERE schema = '%1$s%2$s'},
	]);

# Half of the tables have a rule of their own besides the schema's.
sub make_tables
{
	my ($schema, $count) = @_;
	my @script = ('SET client_min_messages = error', "CREATE SCHEMA $schema");

	for my $i (1 .. $count)
	{
		push @script, "CREATE TABLE $schema.t$i (id int PRIMARY KEY, parent int)";
		push @script, "SELECT uncache.watch('$schema.t$i', 't$i:{id}')" if $i % 2 == 0;
		push @script, map { sprintf($_, $schema, $i) } @{ $statements{ $i % 5 } };
	}
	$node->safe_psql('postgres', join(";\n", @script, "SELECT uncache.watch_schema('$schema')"));
	return;
}

# Rows that a node and those below it have returned or thrown away.
sub rows_handled
{
	my ($plan) = @_;
	my $rows = $plan->{'Actual Rows'};

	$rows += $plan->{$_} // 0
	  for 'Rows Removed by Filter', 'Rows Removed by Join Filter', 'Rows Removed by Index Recheck';
	$rows *= $plan->{'Actual Loops'};
	$rows += rows_handled($_) for @{ $plan->{Plans} // [] };
	return $rows;
}

# The same of each statement that check_rules() executes, and how often it tells each problem.
sub cost
{
	my ($stdout, $stderr);

	$node->psql('postgres', <<'END', stdout => \$stdout, stderr => \$stderr, on_error_die => 1);
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_nested_statements = on;
SET auto_explain.log_analyze = on;
SET auto_explain.log_timing = off;
SET auto_explain.log_format = json;
SET client_min_messages = log;
SELECT problem FROM uncache.check_rules();
END
	my $rows = 0;
	my $count = 0;
	while ($stderr =~ /plan:\n(\{.*?^\})/msg)
	{
		$rows += rows_handled(JSON::PP->new->decode($1)->{Plan});
		$count++;
	}
	cmp_ok($count, '>=', 15, "$count plans are seen");

	my %problems;
	$problems{ $_ =~ s/"[^"]*"|\b[ab]\d*\.\w+|\b[ab]\d+/#/gr }++ for split /\n/, $stdout;
	return ($rows, \%problems);
}

make_tables('a', TABLES);
my ($few, $few_problems) = cost();
cmp_ok(keys %$few_problems, '>=', 7, 'kinds of problems: ' . join('; ', sort keys %$few_problems));
make_tables('b', TABLES * (TIMES - 1));
my ($many, $many_problems) = cost();

is_deeply($many_problems, { map { $_ => TIMES * $few_problems->{$_} } keys %$few_problems }, 'each is told as often more');
cmp_ok($many, '<=', TIMES * $few * 1.3, "without statistics (rows: $few, $many)");

$node->safe_psql('postgres', 'ANALYZE');
my ($analyzed, $problems) = cost();
is_deeply($problems, $many_problems, 'the same problems are told');
cmp_ok($analyzed, '<=', TIMES * $few * 1.3, "with statistics (rows: $few, $analyzed)");

done_testing();
