# What befalls the servers in a round, from a seed and nothing else.
package Uncache::Soak::Schedule;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';

our @EXPORT_OK = qw(draw_schedule describe_step);

use constant {
	STEPS => 24,
	LONGEST_PAUSE => 1.2,	# seconds between two steps
	LONGEST_FAULT => 4,		# steps after which a fault ends
	MILD_ROUNDS => 0.4		# how many of all rounds
};

# faults: as Uncache::Soak::Faults lists them; in a mild round those that empty
# the cache do not happen, so that what is cached grows old.  A step: the fault's name; pause
# before it, in seconds; steps until it ends; three numbers from 0 to 1 that the
# fault makes its choices by.
sub draw_schedule
{
	my ($seed, $faults) = @_;
	my $total = 0;
	my @steps;

	srand($seed);
	my @mild = grep { !$_->{empties_cache} } @$faults;
	$faults = \@mild if rand() < MILD_ROUNDS && @mild;
	$total += $_->{weight} foreach @$faults;
	for (1 .. STEPS)
	{
		push @steps, {
			fault => _draw_fault($faults, rand($total)),
			pause => rand(LONGEST_PAUSE),
			lasts => 1 + int(rand(LONGEST_FAULT)),
			chance => [ rand(), rand(), rand() ] };
	}
	return \@steps;
}

sub _draw_fault
{
	my ($faults, $point) = @_;

	foreach my $fault (@$faults)
	{
		$point -= $fault->{weight};
		return $fault->{name} if $point < 0;
	}
	return $faults->[-1]{name};
}

sub describe_step
{
	my ($number, $step) = @_;

	return sprintf('%2d. after %.2f s %s, for %d steps (%s)',
		$number, @$step{ 'pause', 'fault', 'lasts' }, join(' ', map { sprintf('%.3f', $_) } @{ $step->{chance} }));
}

1;
