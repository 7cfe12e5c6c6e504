# What may happen to the servers while they work.
#
# A fault has a name; a weight, how often it is drawn; a victim: while a fault
# lasts, the next one of the same victim ends it first, and those of others
# happen at the same time; empties_cache, if a resync or the like is its effect; begin, and end if it lasts: both are called with the
# servers and the step's three chances, and share a hash for what end needs.
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
