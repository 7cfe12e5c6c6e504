#!/usr/bin/perl
# Changes data in ways that hand-written invalidation misses, and checks which
# keys uncached deletes. demo.sh has started the servers in DIR.
#
#   demo/demo.pl DIR
#
# Exits with 1 if a stale value was left, or a key was deleted without need.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../tests/e2e/lib";
use Demo::Checker;
use Demo::Lab;
use Demo::Screen;
use Demo::Steps;
use List::Util qw(max);
use Time::HiRes qw(time);

my $TIMEOUT_S = 5;

$SIG{PIPE} = 'IGNORE';

my ($dir) = @ARGV;
die "usage: demo.pl DIR\n" if !defined $dir;
my $screen = Demo::Screen->new;
my $lab = Demo::Lab->open($dir);
my $checker = Demo::Checker->new($lab);
exit main();

sub main
{
	my %total = (deleted => 0, stale => 0, needless => 0, slowest_ms => 0);
	my $number = 0;

	$checker->warm;
	print_head();
	for my $step (Demo::Steps::steps())
	{
		$screen->change(++$number, $step);
		add(\%total, $step->{each} ? run_with_kill($step) : run($step));
		$checker->warm;
	}
	$total{stale} += @{ $checker->find_stale };
	$lab->close;
	print_verdict($number, \%total);
	return $total{stale} + $total{needless} > 0 ? 1 : 0;
}

# A change in one transaction: timed from its commit to the last key's deletion.
sub run
{
	my ($step) = @_;
	my $ends = $step->{ends} // 'COMMIT';

	$lab->forget;
	my $rows = $lab->query("BEGIN;\n$step->{sql}\nSELECT pg_current_xact_id(); $ends;");
	my $commit_at = $ends eq 'COMMIT' ? commit_time($rows->[-1][0]) : undef;
	my $outcome = await_and_verify();
	my $count = @{ $outcome->{gone} };
	my $summary = 'nothing gone';

	if ($count > 0)
	{
		$outcome->{ms} = 1000 * ($outcome->{last_at} - $commit_at);
		$summary = sprintf '%s gone in %.1f ms', $screen->number($count), $outcome->{ms};
	}
	print_result($outcome, $summary, $step->{note});
	return $outcome;
}

# Many transactions, during which the daemon is killed; it is started again later.
sub run_with_kill
{
	my ($step) = @_;
	my $gone_at_kill;

	$lab->forget;
	$lab->query(
		join(";\n", @{ $step->{each} }) . ';',
		sub {
			my $gone = keys %{ $lab->deleted_at };
			return if defined $gone_at_kill or $gone < $step->{kill_after_keys};
			$lab->kill_daemon;
			$gone_at_kill = $gone;
		});
	die "uncached was done before it could be killed\n" if !defined $gone_at_kill;
	my $waiting = $lab->query('SELECT sum(pending_keys) FROM uncache.status;')->[0][0];

	my $restart_at = time;
	system("$FindBin::Bin/demo.sh", 'start-daemon', $dir) == 0 or die "cannot start uncached again\n";
	my $outcome = await_and_verify();
	print_result($outcome, sprintf('%s gone', $screen->number(scalar @{ $outcome->{gone} })),
		sprintf 'killed at %s, %s waited, gone %.0f ms after start', $screen->number($gone_at_kill),
		$screen->number($waiting), 1000 * ($outcome->{last_at} - $restart_at));
	return $outcome;
}

# PostgreSQL's own time of the commit.
sub commit_time
{
	my ($xid) = @_;
	return $lab->query("SELECT extract(epoch FROM pg_xact_commit_timestamp('$xid'::xid8::xid));")->[0][0];
}

# Waits for what has to go, then for whatever else might, and compares all keys.
sub await_and_verify
{
	my $current = $checker->current;
	my $expected = $checker->expected($current);

	$lab->wait_until(sub { !grep { !$lab->deleted_at->{$_} } @$expected }, $TIMEOUT_S);
	my $is_drained = $lab->drain;
	my $outcome = $checker->verify($current);
	push @{ $outcome->{stale} }, 'demo:last' if !$is_drained;
	$outcome->{last_at} = max(0, map { $_ // 0 } @{ $lab->deleted_at }{ @{ $outcome->{gone} } });
	return $outcome;
}

sub add
{
	my ($total, $outcome) = @_;

	$total->{deleted} += @{ $outcome->{gone} };
	$total->{$_} += @{ $outcome->{$_} } for qw(stale needless);
	$total->{slowest_ms} = max($total->{slowest_ms}, $outcome->{ms} // 0);
	return;
}

sub print_head
{
	my $version = $lab->query('SHOW server_version;')->[0][0];
	my $info = $lab->redis->command('INFO', 'server');
	# as its redis_version Valkey gives the Redis that it is compatible with
	my ($redis) = map { $info =~ /^\L$_\E_version:(\S+)/m ? "$_ $1" : () } 'Valkey', 'Redis';
	my $rules = $lab->query('SELECT count(DISTINCT relation) FROM uncache.rules;')->[0][0];

	$version =~ s/ .*//;
	$screen->line($screen->paint(bold => 'uncache: PostgreSQL tells Redis what to forget'),
		$screen->paint(grey => "    (PostgreSQL $version, $redis)"));
	$screen->line;
	$screen->line($screen->number($checker->cached_count),
		' values of a billing database are cached. No code deletes them; rules do, like this one:');
	$screen->line($screen->paint(cyan => "    SELECT uncache.watch('billing.payment', 'invoice:{invoice_id}');"),
		$screen->paint(grey => '  -- ' . ($rules - 1) . ' more'));
	$screen->line('After each change SQL computes every value anew: exactly the keys whose value is no longer');
	$screen->line('what was cached must be gone. Times: from PostgreSQL\'s commit to the last deletion in Redis.');
	$screen->line;
	return;
}

sub print_result
{
	my ($outcome, $summary, $note) = @_;

	$screen->result({
		is_right => !@{ $outcome->{stale} } && !@{ $outcome->{needless} },
		summary => $summary,
		keys => $outcome->{gone},
		stayed => $outcome->{stayed_count},
		note => $note,
	});
	$screen->failure('stale', $outcome->{stale});
	$screen->failure('deleted without need', $outcome->{needless});
	$screen->line;
	return;
}

sub print_verdict
{
	my ($changes, $total) = @_;
	my $is_right = $total->{stale} + $total->{needless} == 0;
	my $text = sprintf '%s. %s deleted, %s stale, %s deleted without need; the slowest change took %.1f ms.',
	  $is_right ? 'All right' : 'FAILED', $screen->count($total->{deleted}, 'key'), $screen->number($total->{stale}),
	  $screen->number($total->{needless}), $total->{slowest_ms};

	$screen->line($screen->paint($is_right ? 'green' : 'red', $text));
	return;
}
