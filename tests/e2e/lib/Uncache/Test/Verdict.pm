# What every test that lets a workload run asks for when it has ended.
package Uncache::Test::Verdict;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use Test::More;
use Uncache::Test qw(wait_applied);

our @EXPORT = qw(comes_to_rest compare_cache has_nothing_stale);

# counts: what the workload's finish() returned.
sub comes_to_rest
{
	my ($workload, $name, $counts) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok(!$counts->{failures}, "$name: the workers go on");
	ok(wait_applied($workload->{node}), "$name: all is applied in the end");
	return;
}

# The counts, and what the workload's check() finds; more: a text for people.
sub compare_cache
{
	my ($workload, $name, $counts, $more) = @_;
	my $result = { %$counts, %{ $workload->check($counts->{fills}) } };

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	diag sprintf('%s: %d writes, %d fills, %d hits, %d commits lost in crashes; %s; %d fills superseded, %d of them lost%s',
		$name, $result->{writes}, scalar @{ $result->{fills} }, $result->{hits}, $result->{commits_lost},
		$workload->describe_cache($result), $result->{superseded}, $result->{lost}, $more // '');
	cmp_ok($result->{superseded}, '>', 100, "$name: most of what was cached has changed since");
	return $result;
}

sub has_nothing_stale
{
	my ($name, $result) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is_deeply($result->{stale}, [], "$name: nothing that a client would read is stale");
	is($result->{lost}, 0, "$name: no invalidation is lost");
	return;
}

1;
