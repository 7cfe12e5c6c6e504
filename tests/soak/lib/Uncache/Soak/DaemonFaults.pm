# Faults of uncached, and of its sessions.
package Uncache::Soak::DaemonFaults;

use strict;
use warnings FATAL => 'all';

use Uncache::Test::Wait qw(wait_for);

# A daemon stops within 5 s; here two cores do everything.
use constant STOP_SECONDS => 30;

sub list
{
	return (
		{ name => 'daemon: kill -9', weight => 46, victim => 'daemon', begin => \&_kill, end => \&_start },
		{ name => 'daemon: SIGTERM', weight => 3, victim => 'daemon', begin => \&_stop, end => \&_start },
		{ name => 'daemon: SIGSTOP', weight => 3, victim => 'daemon', begin => \&_halt, end => \&_continue },
		{ name => 'daemon: SIGHUP', weight => 1, victim => 'daemon', begin => \&_reload },
		{ name => 'daemon: takeover by a standby', weight => 4, victim => 'daemon', begin => \&_start_standby, end => \&_take_over },
		{ name => 'daemon: declared lost', weight => 2, victim => 'daemon', empties_cache => 1, begin => \&_abandon, end => \&_return },
		{ name => 'daemon: sessions terminated', weight => 3, victim => 'daemon', begin => \&_terminate });
}

# Most of them come back at once.
sub _kill
{
	my ($servers, $chance) = @_;

	$servers->{daemons}[0]->kill9;
	_start($servers) if $chance->[0] < 0.8;
	return;
}

sub _start
{
	my ($servers) = @_;
	my $daemon = $servers->{daemons}[0];

	return if $daemon->is_running;
	$daemon->mark_log;
	$daemon->start;
	return;
}

# Before that, signals end it.
sub _await_start
{
	my ($daemon) = @_;

	$daemon->wait_for_log(qr/msg=started/) or die "uncached does not start\n";
	return;
}

sub _stop
{
	my ($servers, $chance) = @_;
	my $daemon = $servers->{daemons}[0];

	_await_start($daemon);
	my $status = $daemon->stop(STOP_SECONDS);
	die 'uncached did not stop: ' . ($status // 'it runs') . "\n" unless defined $status && $status == 0;
	_start($servers) if $chance->[0] < 0.6;
	return;
}

sub _halt { $_[0]{daemons}[0]->signal('STOP'); return; }

sub _continue { $_[0]{daemons}[0]->signal('CONT'); return; }

sub _reload
{
	my ($servers) = @_;

	_await_start($servers->{daemons}[0]);
	$servers->{daemons}[0]->signal('HUP');
	return;
}

sub _start_standby
{
	my ($servers) = @_;

	$servers->{daemons}[1]->mark_log;
	$servers->{daemons}[1]->start;
	return;
}

# The standby is the first from now on.
sub _take_over
{
	my ($servers) = @_;

	$servers->{daemons}[0]->kill9;
	$servers->{daemons} = [ reverse @{ $servers->{daemons} } ];
	return;
}

# Nobody serves the targets for longer than is allowed.
sub _abandon
{
	my ($servers) = @_;

	$servers->{daemons}[0]->kill9;
	$servers->admin->query(q{ALTER SYSTEM SET uncache.max_lag = '1s'});
	$servers->admin->query('SELECT pg_reload_conf()');
	return;
}

# Whoever writes notices it.
sub _return
{
	my ($servers) = @_;

	wait_for {
		$servers->invalidate_by_hand;
		$servers->all_targets(q{state = 'lost'});
	} 60
	  or die "not declared lost:\n" . $servers->status . "\n";
	$servers->admin->query('ALTER SYSTEM RESET uncache.max_lag');
	$servers->admin->query('SELECT pg_reload_conf()');
	_start($servers);
	return;
}

sub _terminate
{
	my ($servers) = @_;

	$servers->admin->query('SELECT pg_terminate_backend(worker_pid) FROM uncache.status WHERE worker_pid IS NOT NULL');
	return;
}

1;
