# A Redis with a replica, behind one address that follows the primary.
#
# Where the address leads is the test's business, as it is an operator's or a
# sentinel's: see lead_to and fail_over.
package Uncache::Test::RedisPair;

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils ();
use Uncache::Test::Redis;
use Uncache::Test::RedisClient;
use Uncache::Test::Wait qw(wait_for);

# Started and in step.  The replica comes first: it changes the primary's history.
sub new
{
	my ($class, $name, %params) = @_;
	my $directory = PostgreSQL::Test::Utils::tempdir_short();
	my @config = ('--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1', @{ $params{config} // [] });
	my $self = bless { address => "$directory/address.sock" }, $class;

	foreach my $role ('primary', 'replica')
	{
		$self->{$role} = Uncache::Test::Redis->new("${name}_$role", tcp => 1, config => \@config)->start;
	}
	$self->follow;
	$self->lead_to($self->{primary});
	return $self;
}

sub primary { return $_[0]->{primary}; }
sub replica { return $_[0]->{replica}; }
sub url { return "unix://$_[0]->{address}"; }

# Who connects from now on comes to this one.
sub lead_to
{
	my ($self, $redis) = @_;

	symlink($redis->socket, "$self->{address}.new") or die "symlink: $!";
	rename("$self->{address}.new", $self->{address}) or die "rename: $!";
	return;
}

# Makes the replica follow the primary, and waits until it does.
sub follow
{
	my ($self) = @_;

	$self->{replica}->command('REPLICAOF', '127.0.0.1', $self->{primary}->port);
	wait_for { $self->{replica}->info('master_link_status') eq 'up' } or die 'the replica does not follow';
	return;
}

# Waits until the replica has everything that the primary has answered: offsets of one history.
sub catch_up
{
	my ($self) = @_;
	my ($primary, $replica) = @$self{ 'primary', 'replica' };
	my $offset = $primary->info('master_repl_offset');

	wait_for {
		$replica->info('master_replid') eq $primary->info('master_replid') && $replica->info('master_repl_offset') >= $offset }
	  or die 'the replica does not catch up';
	return;
}

# The replica gets nothing any more, and knows of no reason.
sub cut_off
{
	my ($self) = @_;

	$self->{replica}->command('REPLICAOF', '127.0.0.1', 1);
	return;
}

# The primary dies, the replica takes its place at the address; the dead one
# comes back as its replica with rejoin.
sub fail_over
{
	my ($self) = @_;

	$self->{primary}->kill9;
	$self->{replica}->command('REPLICAOF', 'NO', 'ONE');
	@$self{ 'primary', 'replica' } = @$self{ 'replica', 'primary' };
	$self->lead_to($self->{primary});
	return;
}

sub rejoin
{
	my ($self) = @_;

	$self->{replica}->start;
	$self->follow;
	return;
}

# Another connection to the address, which the oracle asks as well; undef if
# nobody is there.
sub client
{
	my ($self) = @_;
	my $client = Uncache::Test::RedisClient->connect(socket => $self->{address}) or return undef;

	return eval { $client->command('PING') } ? $client : undef;
}

1;
