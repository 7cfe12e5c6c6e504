# Faults of the Redis servers, of the connections to them, and refusals.
package Uncache::Soak::RedisFaults;

use strict;
use warnings FATAL => 'all';

use Uncache::Soak::ClusterFaults;
use Uncache::Soak::Entries qw(has_cluster);
use Uncache::Test::Wait qw(wait_for);

sub list
{
	return (_list_of(0), has_cluster() ? Uncache::Soak::ClusterFaults::list() : _list_of(1), {
		name => 'Redis 0: failover', weight => 4, victim => 'redis0',
		begin => \&_leave_behind, end => \&_fail_over });
}

# The faults of one server.
sub _list_of
{
	my ($number) = @_;
	my @faults = (
		[ 'kill -9', 4, \&_kill, \&_start ],
		[ 'kill -9, back with an old dump', 3, \&_kill_after_save, \&_start ],
		[ 'kill -9, back empty', 1, \&_kill_and_forget, \&_start ],
		[ 'FLUSHALL', 0.3, sub { $_[0]->command('FLUSHALL') } ],
		[ 'BGSAVE', 2, \&_save ],
		[ 'SIGSTOP', 1, sub { kill('STOP', $_[0]->pid) }, sub { kill('CONT', $_[0]->pid) } ],
		[ 'DEBUG SLEEP', 1, sub { $_[0]->command('DEBUG', 'SLEEP', 0.1 + 0.6 * $_[1][0]) } ],
		[ 'CLIENT PAUSE', 1, sub { $_[0]->command('CLIENT', 'PAUSE', int(200 + 1300 * $_[1][0]), 'ALL') } ],
		[ 'CLIENT KILL of the daemon', 3, sub { $_[0]->command('CLIENT', 'KILL', 'USER', 'uncached') } ],
		[ 'CLIENT KILL of everybody', 1, sub { $_[0]->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes') } ],
		[ 'SCRIPT FLUSH', 1, sub { $_[0]->command('SCRIPT', 'FLUSH') } ],
		[ 'OOM', 1, sub { $_[0]->command('CONFIG', 'SET', 'maxmemory', 1) }, sub { $_[0]->command('CONFIG', 'SET', 'maxmemory', 0) } ],
		[ 'NOPERM', 1, sub { _set_rights($_[0], '-unlink', '-eval') }, sub { _set_rights($_[0], '+unlink', '+eval') } ],
		[ 'MISCONF', 1, \&_refuse_writes, \&_accept_writes ]);

	my $server = sub { my $redis = $_[0]{redis}[$number]; return $redis->can('primary') ? $redis->primary : $redis; };
	return map {
		my ($name, $weight, $begin, $end) = @$_;
		{
			name => "Redis $number: $name", weight => $weight, victim => "redis$number",
			empties_cache => scalar($name =~ /^kill|^FLUSHALL/),
			begin => sub { my ($servers, @more) = @_; $begin->($server->($servers), @more) },
			$end ? (end => sub { my ($servers, @more) = @_; $end->($server->($servers), @more) }) : () };
	} @faults;
}

sub _kill
{
	my ($redis, $chance) = @_;

	$redis->kill9;
	_start($redis) if $chance->[0] < 0.6;
	return;
}

sub _start
{
	my ($redis) = @_;

	$redis->start unless $redis->is_running;
	return;
}

# It comes back with what is deleted meanwhile.
sub _kill_after_save
{
	my ($redis, $chance) = @_;

	if ($chance->[1] < 0.5)
	{
		# one in the background may be under way
		wait_for { eval { $redis->command('SAVE') } } or die "Redis cannot dump\n";
	}
	return _kill($redis, $chance);
}

sub _kill_and_forget
{
	my ($redis, $chance) = @_;

	unlink($redis->directory . '/dump.rdb');
	return _kill($redis, $chance);
}

# In half of the cases the replica misses what comes now.
sub _leave_behind
{
	my ($servers, $chance) = @_;

	$servers->{redis}[0]->cut_off if $chance->[0] < 0.5;
	return;
}

sub _fail_over
{
	my ($servers) = @_;

	$servers->{redis}[0]->fail_over;
	$servers->{redis}[0]->rejoin;
	return;
}

# One may be under way.
sub _save
{
	my ($redis) = @_;

	eval { $redis->command('BGSAVE') };
	return;
}

sub _set_rights
{
	my ($redis, @rights) = @_;

	$redis->command('ACL', 'SETUSER', 'uncached', @rights);
	return;
}

# It cannot dump, and so takes no writes.
sub _refuse_writes
{
	my ($redis) = @_;

	chmod(0500, $redis->directory);
	$redis->command('CONFIG', 'SET', 'save', '3600 1');
	_save($redis);
	wait_for { _save($redis); $redis->command('INFO', 'persistence') =~ /rdb_last_bgsave_status:err/ }
	  or die "Redis can dump\n";
	return;
}

sub _accept_writes
{
	my ($redis) = @_;

	chmod(0700, $redis->directory);
	$redis->command('CONFIG', 'SET', 'save', '');
	return;
}

1;
