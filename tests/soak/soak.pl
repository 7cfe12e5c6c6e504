# A random schedule of faults under load, for MINUTES, repeatable by SEED: no
# entry that a client would read is stale afterwards.
#
# Round n of a soak with SEED=s is the first round of one with SEED=s+n. The seed
# decides what happens in which order; when exactly is the servers' matter.
# ONLY, a regular expression, allows only the faults whose names it matches.

use strict;
use warnings FATAL => 'all';
use Test::More;
use PostgreSQL::Test::Utils ();
use Time::HiRes qw(time);
use Uncache::Soak::Entries qw(targets);
use Uncache::Soak::Faults qw(all_faults);
use Uncache::Soak::Oracle;
use Uncache::Soak::Report;
use Uncache::Soak::Round;
use Uncache::Soak::Schedule qw(draw_schedule);
use Uncache::Soak::Servers;
use Uncache::Soak::Workload;
use Uncache::Test::Wait qw(pause);

use constant {
	STALE_SHOWN => 50,
	CONTROL_SECONDS => 8
};

my $minutes = $ENV{MINUTES} || 3;
my $seed = $ENV{SEED} || time % 1_000_000;
my $begin = time;

$seed =~ /^\d+$/ && $minutes =~ /^[\d.]+$/ or die "MINUTES and SEED are numbers\n";
diag "SEED=$seed MINUTES=$minutes";

my $allowed = $ENV{ONLY} || '.';
my $faults = [ grep { $_->{name} =~ /$allowed/ } @{ all_faults() } ];
my $report = Uncache::Soak::Report->new($faults);
my $servers = Uncache::Soak::Servers->new;
my %parts = (node => $servers->{node}, redis => $servers->{redis});
my $oracle = $servers->{oracle} = Uncache::Soak::Oracle->new(%parts);
my $workload = Uncache::Soak::Workload->new(%parts, seed => $seed, stop_file => PostgreSQL::Test::Utils::tempdir() . '/stop');

$workload->create_tables;
$servers->{daemons}[0]->start;
$servers->wait_applied(60) or die "uncached does not attach:\n" . $servers->{daemons}[0]->log;

# All that helps to find out why.
sub explain_failure
{
	my ($number, $round, @lines) = @_;

	diag join("\n", '', sprintf('FAILED at %s, %.0f s after the start, in round %d: SEED=%d repeats it',
			scalar localtime, time - $begin, $number, $seed + $number),
		@lines, 'what was done in this round:', $round->diary, 'the targets:', $servers->status);
	return;
}

# Whether all went well.
sub play_round
{
	my ($number) = @_;
	my $round = Uncache::Soak::Round->new(servers => $servers, workload => $workload, oracle => $oracle,
		faults => $faults, seed => $seed + $number);
	my $result = eval { $round->play };

	if (!$result)
	{
		fail("round $number is played");
		explain_failure($number, $round, $@);
		return 0;
	}
	$report->add($result);
	diag sprintf('%5.0f s  round %d: %s', time - $begin, $number, Uncache::Soak::Report::describe_round($result));
	my @stale = @{ $result->{stale} };
	return 1 if is(scalar @stale, 0, "round $number: nothing is stale") && is($result->{lost}, 0, "round $number: nothing is lost");
	explain_failure($number, $round, @stale > STALE_SHOWN ? @stale[ 0 .. STALE_SHOWN - 1 ] : @stale);
	return 0;
}

# The oracle itself: with the journal emptied behind a daemon's back, it finds
# something stale of every kind.
sub control_oracle
{
	my $daemon = $servers->{daemons}[0];

	$daemon->kill9;
	$workload->start;
	pause(CONTROL_SECONDS);
	my $counts = $workload->finish;
	$servers->admin->query('DELETE FROM uncache.journal');
	$daemon->start;
	ok($servers->wait_applied(60), 'control: a daemon finds an empty journal');
	my $verdict = $oracle->check($counts->{fills});
	my %is_found = map { /^(\w+) (?:.*:)?(key|derived|tagged|listed|versioned|raced):/ ? ("$1 $2" => 1) : () } @{ $verdict->{stale} };

	is_deeply([ sort keys %is_found ],
		[ sort map { my $target = $_; map { "$target->{alias} $_" } @{ $target->{styles} } } targets() ],
		'control: the oracle finds stale entries of every kind');
	cmp_ok($verdict->{lost}, '>', 0, 'control: and lost invalidations');
	return;
}

is_deeply(draw_schedule($seed, $faults), draw_schedule($seed, $faults), 'a seed says what happens');
my $is_well = 1;
for (my $number = 0; $is_well && ($number == 0 || time < $begin + 60 * $minutes); $number++)
{
	$is_well = play_round($number);
}
control_oracle() if $is_well;

diag join("\n", '', $report->lines);
cmp_ok($report->{entries}, '>', 0, 'entries were compared');
cmp_ok($report->{superseded}, '>', 0, 'entries were invalidated');
cmp_ok($report->fault_count, '>', 0, 'faults were made');
is($_->stop(30) // 'it runs', 0, 'the daemon stops') foreach grep { $_->is_running } @{ $servers->{daemons} };
done_testing();
