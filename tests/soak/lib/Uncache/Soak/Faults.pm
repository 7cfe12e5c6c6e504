# What may happen to the servers while they work.
#
# A fault has
#
#	name
#	weight			how often it is drawn
#	victim			while a fault lasts, the next one of the same victim ends it first;
#					those of others happen at the same time
#	empties_cache	if a resync or the like is its effect
#	begin, end		called with the servers, the step's three chances and a hash that
#					both share; end only if it lasts
package Uncache::Soak::Faults;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use Uncache::Soak::DaemonFaults;
use Uncache::Soak::DatabaseFaults;
use Uncache::Soak::PostgresFaults;
use Uncache::Soak::RedisFaults;

our @EXPORT_OK = qw(all_faults);

# Always in the same order, or seeds would mean something else.
sub all_faults
{
	return [
		Uncache::Soak::DaemonFaults::list(), Uncache::Soak::PostgresFaults::list(),
		Uncache::Soak::RedisFaults::list(), Uncache::Soak::DatabaseFaults::list() ];
}

1;
