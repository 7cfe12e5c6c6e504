# One round: a schedule of faults under load, then rest, then the verdict.
package Uncache::Soak::Round;

use strict;
use warnings FATAL => 'all';

use Time::HiRes qw(time);
use Uncache::Soak::Schedule qw(draw_schedule describe_step);
use Uncache::Test::Wait qw(pause);

use constant {
	CALM_SECONDS => 1,		# of load without faults, so that something is cached after a resync
	REST_SECONDS => 120
};

# What a fault may fail of without being one of ours: it met the load's locks.
use constant REFUSAL => qr/lock timeout|deadlock/;

# servers, workload, oracle; faults: as Uncache::Soak::Faults lists them; seed.
sub new
{
	my ($class, %params) = @_;

	return bless {
		%params,
		fault => { map { ($_->{name} => $_) } @{ $params{faults} } },
		schedule => draw_schedule($params{seed}, $params{faults}),
		open => [], begun => {}, refused => {}, diary => []
	}, $class;
}

# Everything that happened, and the oracle's verdict; dies if something else
# than the cache is wrong.
sub play
{
	my ($self) = @_;
	my $begin = time;

	$self->{workload}->start;
	my $done = eval { $self->_play_schedule; 1 };
	my $problem = $@;
	my $counts = $self->{workload}->finish;
	die $problem unless $done;
	die "a worker has failed\n" if $counts->{failures};
	my $rest = time;
	$self->{servers}->admin->query("ROLLBACK PREPARED '$_->[0]'")
	  foreach @{ $self->{servers}->admin->query('SELECT gid FROM pg_prepared_xacts') };
	$self->{servers}->wait_applied(REST_SECONDS) or die "not all is applied at rest\n";
	$self->_check_daemon;
	return {
		%{ $self->{oracle}->check($counts->{fills}) },
		writes => $counts->{writes}, commits_lost => $counts->{commits_lost}, hits => $counts->{hits},
		fills => scalar @{ $counts->{fills} }, begun => $self->{begun}, refused => $self->{refused},
		load_seconds => $rest - $begin, rest_seconds => time - $rest };
}

sub _play_schedule
{
	my ($self) = @_;
	my $begin = time;
	my $number = 0;

	foreach my $step (@{ $self->{schedule} })
	{
		my $fault = $self->{fault}{ $step->{fault} };

		pause($step->{pause});
		$number++;
		$self->_end_faults(sub { $_[0]{until} <= $number || $_[0]{fault}{victim} eq $fault->{victim} });
		push @{ $self->{diary} }, sprintf('%6.2f s  %s', time - $begin, describe_step($number, $step));
		$self->_begin_fault($fault, $step, $number);
		$self->_check_daemon;
	}
	$self->_end_faults(sub { 1 });
	pause(CALM_SECONDS);
	return;
}

# What was begun is ended, also where it has failed halfway.
sub _begin_fault
{
	my ($self, $fault, $step, $number) = @_;
	my $open = { fault => $fault, chance => $step->{chance}, memory => {}, until => $number + $step->{lasts} };

	push @{ $self->{open} }, $open if $fault->{end};
	if (eval { $fault->{begin}->($self->{servers}, $step->{chance}, $open->{memory}); 1 })
	{
		$self->{begun}{ $fault->{name} }++;
		return;
	}
	die "$fault->{name}: $@" unless $@ =~ REFUSAL;
	$self->{refused}{ $fault->{name} }++;
	eval { $self->{servers}->admin->query('ROLLBACK') };
	return;
}

sub _end_faults
{
	my ($self, $is_chosen) = @_;
	my @ending = grep { $is_chosen->($_) } @{ $self->{open} };

	$self->{open} = [ grep { !$is_chosen->($_) } @{ $self->{open} } ];
	foreach my $open (@ending)
	{
		eval { $open->{fault}{end}->($self->{servers}, $open->{chance}, $open->{memory}); 1 }
		  or die "the end of $open->{fault}{name}: $@";
	}
	return;
}

# A daemon that nobody has stopped runs.
sub _check_daemon
{
	my ($self) = @_;

	return if grep { $_->{fault}{victim} eq 'daemon' } @{ $self->{open} };
	die "uncached has ended by itself\n" unless $self->{servers}{daemons}[0]->is_running;
	return;
}

# What has happened so far, a line each.
sub diary { return @{ $_[0]->{diary} }; }

1;
