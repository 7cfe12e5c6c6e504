# What check_rules() costs grows as the number of rules does, whatever the planner
# knows of the tables: rows that its plans handle are counted, not time.

use strict;
use warnings FATAL => 'all';
use JSON::PP;
use Test::More;
use Uncache::Test;

use constant { TABLES => 150, TIMES => 4 };

my $node = start_postgres('main', conf => "autovacuum = off\nfsync = off");

# Half of the tables have a rule of their own besides the schema's.
sub make_tables
{
	my ($schema, $count) = @_;

	$node->safe_psql('postgres', <<"END");
CREATE SCHEMA $schema;
DO \$\$
BEGIN
	FOR i IN 1 .. $count LOOP
		EXECUTE format('CREATE TABLE $schema.t%s (id int PRIMARY KEY, parent int)', i);
		IF i % 2 = 0 THEN
			EXECUTE format('SELECT uncache.watch(''$schema.t%s'', ''t%s:{id}'')', i, i);
		END IF;
	END LOOP;
END;
\$\$;
SELECT uncache.watch_schema('$schema');
END
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

# The same of each statement that check_rules() executes.
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
SELECT count(*) FROM uncache.check_rules();
END
	my $rows = 0;
	my $count = 0;
	while ($stderr =~ /plan:\n(\{.*?^\})/msg)
	{
		$rows += rows_handled(JSON::PP->new->decode($1)->{Plan});
		$count++;
	}
	cmp_ok($count, '>=', 10, "$count plans are seen");
	return ($rows, $stdout);
}

make_tables('a', TABLES);
my ($few, $few_problems) = cost();
make_tables('b', TABLES * (TIMES - 1));
my ($many, $many_problems) = cost();

is($many_problems, TIMES * $few_problems, "$many_problems problems are told: the target has no consumer");
cmp_ok($many, '<=', TIMES * $few * 1.3, "without statistics (rows: $few, $many)");

$node->safe_psql('postgres', 'ANALYZE');
my ($analyzed, $problems) = cost();
is($problems, $many_problems, 'the same problems are told');
cmp_ok($analyzed, '<=', TIMES * $few * 1.3, "with statistics (rows: $few, $analyzed)");

done_testing();
