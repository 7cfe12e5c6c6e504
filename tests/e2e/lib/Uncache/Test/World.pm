# A cache in which every action finds something, and what becomes of it.
#
# It belongs to rules of a table item (id, tenant, n): keys item:{id}, patterns
# report:{tenant}:*, tags tenant:{tenant}, versions ver:{tenant}, and a query
# that returns part:<id> for the parts of an item: 1 and 2 of item 1, 3 of item 2.
package Uncache::Test::World;

use strict;
use warnings FATAL => 'all';

# What the counters begin with.
use constant CLOCK => 1735689600000000;

my @plain = (
	'item:1', 'item:2', 'item:9', 'part:1', 'part:2', 'part:3', 'report:a:1', 'report:a:x:y', 'report:b:1', 'report::1',
	# what no rule can produce
	'item', 'items:1', 'report:a', 'parts:1', 'tenant:a', 'session:1');
my %tagged = (
	'under a' => ['tenant:a'],
	"too,\r\nwith odd bytes \xff" => ['tenant:a'],
	'under b' => ['tenant:b'],
	'under both' => [ 'tenant:a', 'tenant:b' ],
	'under nobody' => ['tenant:'],
	'under another' => [ 'other', 'tenants' ]);
my @counters = ('ver:a', 'ver:b', 'ver:', 'ver', 'version:a');

# What goes, besides the tags' sets and what is under them.
my %outcomes = (
	nothing => { plain => [], tags => [], counters => [] },
	# item 1 has changed
	one => {
		plain => [ 'item:1', 'part:1', 'part:2', 'report:a:1', 'report:a:x:y' ],
		tags => ['tenant:a'],
		counters => ['ver:a'] },
	# all that the rules of item can produce
	all => {
		plain => [ grep { /^(item|part|report:.*):/ } @plain ],
		tags => [ 'tenant:a', 'tenant:b', 'tenant:' ],
		counters => [ 'ver:a', 'ver:b', 'ver:' ] },
	# item 1 has changed, and nobody knows its tenant
	broken => {
		plain => [ 'item:1', 'part:1', 'part:2', grep { /^report:.*:/ } @plain ],
		tags => [ 'tenant:a', 'tenant:b', 'tenant:' ],
		counters => [ 'ver:a', 'ver:b', 'ver:' ] });

# redis: the server.
sub new
{
	my ($class, $redis) = @_;

	return bless { redis => $redis, prefix => '' }, $class;
}

# What stands in front of every name from now on.
sub set_prefix
{
	my ($self, $prefix) = @_;

	$self->{prefix} = $prefix;
	return;
}

sub populate
{
	my ($self) = @_;
	my ($redis, $prefix) = @$self{ 'redis', 'prefix' };

	$redis->command('FLUSHALL');
	$redis->command('SET', "$prefix$_", 'cached') foreach @plain;
	foreach my $key (keys %tagged)
	{
		$redis->command('SET', "$prefix$key", 'cached');
		$redis->command('SADD', "${prefix}tag:$_", "$prefix$key") foreach @{ $tagged{$key} };
	}
	$redis->command('SET', "$prefix$_", CLOCK) foreach @counters;
	return;
}

# All names that there are; of the counters those that have another value say so.
sub names
{
	my ($self) = @_;
	my ($redis, $prefix) = @$self{ 'redis', 'prefix' };
	my %is_renewed;

	foreach my $counter (@counters)
	{
		my $value = $redis->command('GET', "$prefix$counter");
		$is_renewed{"$prefix$counter"} = 1 if defined $value && $value =~ /^\d+$/ && $value > CLOCK;
	}
	return [ sort map { $is_renewed{$_} ? "$_ renewed" : $_ } @{ $redis->command('KEYS', '*') } ];
}

# What names() has to be after an outcome.  more: what goes besides, by plain,
# tags and counters.
sub expected_names
{
	my ($self, $outcome, %more) = @_;
	my %taken = map { ($_ => 1) } @{ $outcomes{$outcome}{tags} }, @{ $more{tags} // [] };
	my %gone = map { ($_ => 1) } @{ $outcomes{$outcome}{plain} }, @{ $more{plain} // [] };
	my %renewed = map { ($_ => 1) } @{ $outcomes{$outcome}{counters} }, @{ $more{counters} // [] };
	my @names = ((grep { !$gone{$_} } @plain), (map { $renewed{$_} ? "$_ renewed" : $_ } @counters));
	my %sets;

	foreach my $key (keys %tagged)
	{
		push @names, $key unless grep { $taken{$_} } @{ $tagged{$key} };
		$sets{"tag:$_"} = 1 foreach grep { !$taken{$_} } @{ $tagged{$key} };
	}
	return [ sort map { "$self->{prefix}$_" } @names, keys %sets ];
}

# The plain keys that go with an outcome.
sub plain_of { return @{ $outcomes{ $_[1] }{plain} }; }

1;
