# Faults of a Redis Cluster, in the place of Redis 1.
package Uncache::Soak::ClusterFaults;

use strict;
use warnings FATAL => 'all';

use constant SLOTS => 20;	# that move at a time

sub list
{
	my @faults = (
		[ 'kill -9 of a primary', 4, sub { _choose(@_)->kill9 }, \&_start_all ],
		[ 'kill -9 of all, back with an old dump', 2, \&_kill_all, \&_start_all ],
		[ 'cut off a primary', 3, sub { $_[0]->cut_off(_choose(@_)) }, sub { $_[0]->join_again } ],
		[ 'switch-over', 3, sub { $_[0]->switch_over(_choose(@_)) } ],
		[ 'slots move', 4, \&_move_slots ],
		[ 'SIGSTOP of a primary', 2, sub { kill('STOP', ($_[2]{node} = _choose(@_))->pid) }, sub { kill('CONT', $_[2]{node}->pid) } ],
		[ 'FLUSHALL', 0.3, sub { _choose(@_)->command('FLUSHALL') } ],
		[ 'CLIENT KILL of the daemon', 3, sub { $_[0]->everywhere('CLIENT', 'KILL', 'USER', 'uncached') } ],
		[ 'OOM', 1, sub { _choose(@_)->command('CONFIG', 'SET', 'maxmemory', 1) }, sub { $_[0]->everywhere('CONFIG', 'SET', 'maxmemory', 0) } ],
		[ 'NOPERM', 1, sub { _choose(@_)->command('ACL', 'SETUSER', 'uncached', '-unlink') }, sub { $_[0]->everywhere('ACL', 'SETUSER', 'uncached', '+unlink') } ]);

	return map { _fault(@$_) } @faults;
}

# Each begins, and is over, when the cluster is complete.
sub _fault
{
	my ($name, $weight, $begin, $end) = @_;

	return {
		name => "Redis 1: $name", weight => $weight, victim => 'redis1',
		empties_cache => scalar($name =~ /kill -9|cut off|switch|SIGSTOP|FLUSHALL/),
		begin => sub { my ($servers, @more) = @_; $servers->{redis}[1]->await_complete; $begin->($servers->{redis}[1], @more) },
		$end ? (end => sub { my ($servers, @more) = @_; $end->($servers->{redis}[1], @more); $servers->{redis}[1]->await_complete }) : () };
}

# A primary that has slots, and a replica that could take its place.
sub _choose
{
	my ($cluster, $chance) = @_;
	my @primaries = grep { $cluster->replica_of($_) } $cluster->primaries;

	die "no primary has a replica\n" unless @primaries;
	return $primaries[ $chance->[0] * @primaries ];
}

sub _start_all
{
	my ($cluster) = @_;

	$_->start for grep { !$_->is_running } $cluster->nodes;
	return;
}

sub _kill_all
{
	my ($cluster, $chance) = @_;
	my @nodes = $cluster->nodes;

	if ($chance->[1] < 0.5)
	{
		$_->command('SAVE') for @nodes;
	}
	$_->kill9 for @nodes;
	return;
}

sub _move_slots
{
	my ($cluster, $chance) = @_;
	my @primaries = $cluster->primaries;
	my $from = splice(@primaries, $chance->[0] * @primaries, 1);
	my $to = $primaries[ $chance->[1] * @primaries ];
	my @slots = $cluster->slots_of($from);

	$cluster->move_slot($_, $from, $to) for grep { defined } @slots[ 0 .. SLOTS - 1 ];
	return;
}

1;
