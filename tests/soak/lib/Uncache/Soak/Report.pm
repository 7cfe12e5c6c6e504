# The sums of all rounds, and how they are printed.
package Uncache::Soak::Report;

use strict;
use warnings FATAL => 'all';

use List::Util qw(sum0);

# Kinds of faults that a long soak has to reach a number of.
my @targets = (
	[ 'kill -9 of the daemon', 1000, qr/^daemon: (kill -9|takeover|declared lost)/ ],
	[ 'immediate stops of PostgreSQL', 200, qr/^PostgreSQL: immediate stop/ ],
	[ 'kill -9 of Redis', 200, qr/^Redis \d: (kill -9|failover)/ ]);

my @sums = ('writes', 'commits_lost', 'fills', 'hits', 'entries', 'superseded', 'raced', 'lost', 'load_seconds', 'rest_seconds');

# faults: as Uncache::Soak::Faults lists them.
sub new
{
	my ($class, $faults) = @_;

	return bless {
		names => [ map { $_->{name} } @$faults ],
		rounds => 0, begun => {}, refused => {}, checked => {}, stale => 0, longest_rest => 0,
		map { ($_ => 0) } @sums
	}, $class;
}

# result: as Uncache::Soak::Round returns it.
sub add
{
	my ($self, $result) = @_;

	$self->{rounds}++;
	$self->{$_} += $result->{$_} // 0 foreach @sums;
	$self->{stale} += @{ $result->{stale} };
	$self->{longest_rest} = $result->{rest_seconds} if $result->{rest_seconds} > $self->{longest_rest};
	foreach my $kind ('begun', 'refused', 'checked')
	{
		$self->{$kind}{$_} += $result->{$kind}{$_} foreach keys %{ $result->{$kind} };
	}
	return;
}

sub fault_count { return sum0(values %{ $_[0]->{begun} }); }

# One line about a round.
sub describe_round
{
	my ($result) = @_;

	return sprintf('%d faults in %.0f s: %d writes, %d fills, %d hits, %d commits lost; at rest after %.1f s: '
		  . '%d entries compared, %d stale, %d raced; %d fills superseded, %d lost',
		sum0(values %{ $result->{begun} }), $result->{load_seconds},
		map { ref $_ ? scalar @$_ : $_ // 0 } @$result{
			'writes', 'fills', 'hits', 'commits_lost', 'rest_seconds', 'entries', 'stale', 'raced', 'superseded', 'lost' });
}

# The whole table, as lines.
sub lines
{
	my ($self) = @_;

	return (
		sprintf('%-45s %7s %7s', 'fault', 'done', 'refused'),
		(map { sprintf('%-45s %7d %7d', $_, $self->{begun}{$_} // 0, $self->{refused}{$_} // 0) } @{ $self->{names} }),
		'',
		sprintf('%-45s %7s', 'entries compared at rest', 'count'),
		(map { sprintf('%-45s %7d', $_, $self->{checked}{$_}) } sort keys %{ $self->{checked} }),
		'',
		$self->_target_lines,
		'',
		sprintf('%d rounds, %.0f s under load, %.0f s until rest (%.1f s at most)',
			@$self{ 'rounds', 'load_seconds', 'rest_seconds', 'longest_rest' }),
		sprintf('%d writes, %d of them lost in crashes; %d fills, %d superseded; %d hits',
			@$self{ 'writes', 'commits_lost', 'fills', 'superseded', 'hits' }),
		sprintf('%d faults; %d entries compared: %d stale, %d lost, %d lost their own race',
			$self->fault_count, @$self{ 'entries', 'stale', 'lost', 'raced' }));
}

sub _target_lines
{
	my ($self) = @_;

	return map {
		my ($what, $target, $names) = @$_;
		my $count = sum0(map { $self->{begun}{$_} } grep { /$names/ } keys %{ $self->{begun} });

		sprintf('%-45s %7d of %d for a long soak', $what, $count, $target)
	} @targets;
}

1;
