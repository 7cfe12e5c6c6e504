# Faults of PostgreSQL: it is stopped, it crashes.
package Uncache::Soak::PostgresFaults;

use strict;
use warnings FATAL => 'all';

use Uncache::Test::Wait qw(wait_for pause);

sub list
{
	return (
		{ name => 'PostgreSQL: immediate stop', weight => 14, victim => 'postgres', empties_cache => 1, begin => \&_stop_immediately },
		{ name => 'PostgreSQL: crash that loses commits', weight => 3, victim => 'postgres', empties_cache => 1, begin => \&_lose_commits },
		{ name => 'PostgreSQL: kill -9 of a backend', weight => 3, victim => 'postgres', empties_cache => 1, begin => \&_kill_backend },
		{ name => 'PostgreSQL: fast restart', weight => 2, victim => 'postgres', begin => \&_restart },
		{ name => 'PostgreSQL: checkpoint', weight => 2, victim => 'postgres', begin => sub { $_[0]->admin->query('CHECKPOINT') } });
}

sub _stop_immediately
{
	my ($servers) = @_;
	my $node = $servers->{node};

	$servers->interrupt_postgres(sub { $node->stop('immediate'); $node->start; });
	return;
}

# What is committed while the WAL writer is halted is lost.
sub _lose_commits
{
	my ($servers, $chance) = @_;
	my $writer = $servers->admin->query_value(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'});

	kill('STOP', $writer);
	pause(0.1 + 0.4 * $chance->[0]);
	_crash($servers, $writer);
	return;
}

sub _kill_backend
{
	my ($servers) = @_;
	my $victim = $servers->new_session;

	_crash($servers, $victim->query_value('SELECT pg_backend_pid()'));
	return;
}

# Crash recovery without a new postmaster: that ends all sessions.
sub _crash
{
	my ($servers, $pid) = @_;
	my $witness = $servers->new_session;

	$servers->interrupt_postgres(sub {
		kill('KILL', $pid);
		wait_for { eval { $witness->query('SELECT 1') }; $witness->is_lost }
		  or die "PostgreSQL does not crash\n";
	});
	return;
}

sub _restart
{
	my ($servers) = @_;
	my $node = $servers->{node};

	$servers->interrupt_postgres(sub { $node->stop('fast'); $node->start; });
	return;
}

1;
