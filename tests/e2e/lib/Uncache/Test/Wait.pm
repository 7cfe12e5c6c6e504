# Waiting for a condition with a deadline: the only way in which tests wait.
package Uncache::Test::Wait;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use Time::HiRes qw(time);

our @EXPORT_OK = qw(wait_for pause);

# Calls the block until it returns something true, which is returned; false
# when the deadline passes.
sub wait_for(&;$)
{
	my ($condition, $seconds) = @_;
	my $deadline = time + ($seconds // 30);

	while (1)
	{
		my $is_late = time > $deadline;
		my $value = $condition->();

		return $value if $value || $is_late;
		pause(0.005);
	}
}

# Not to synchronise: to poll, and to make a load uneven.
sub pause
{
	my ($seconds) = @_;

	select(undef, undef, undef, $seconds);
	return;
}

1;
