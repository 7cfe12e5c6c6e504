# The workload for tags, versions and queries, with all readers on a standby: what
# they cache is what that shows.
#
# Nobody can lock a row there.  So a reader looks again after he has cached
# something, and takes it back if it is no longer what the standby shows: he has
# no race to lose but that with the standby itself.
package Uncache::Test::StandbyWorkload;

use strict;
use warnings FATAL => 'all';

use parent 'Uncache::Test::ActionWorkload';
use Uncache::Test::Session;
use Uncache::Test::Wait qw(wait_for);

# standby: the server, besides what the others want.
sub _connect_reader
{
	my ($self) = @_;

	return wait_for { Uncache::Test::Session->connect($self->{standby}) } || die "the standby stays away\n";
}

# Writers end earlier: what is cached after their last change is there at the end.
sub _write
{
	my ($self, $number, $until) = @_;

	return $self->SUPER::_write($number, $until - 3);
}

sub _fill
{
	my ($self, $session, $redis, $name, $is_derived) = @_;
	my $key = ($is_derived ? 'derived:' : 'tagged:') . $name;
	my $query = Uncache::Test::ActionWorkload::_query($name, $is_derived, '');
	my $value;

	my $done = eval {
		$value = $session->query_value($query);
		$self->_store($redis, $name, $is_derived, $key, $value);
		$value eq $session->query_value($query);
	};
	return ($key, $value) if $done;
	eval { $redis->command('DEL', $key) };
	return;
}

1;
