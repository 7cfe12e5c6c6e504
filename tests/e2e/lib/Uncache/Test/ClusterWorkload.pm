# The workload for tags, versions and queries, in a Redis Cluster: a key and its tag lie in
# different slots, so that readers register before they store and after that, as docs/clients.md says.
package Uncache::Test::ClusterWorkload;

use strict;
use warnings FATAL => 'all';

use parent 'Uncache::Test::ActionWorkload';

sub _store
{
	my ($self, $redis, $name, $is_derived, $key, $value) = @_;
	my @register = $is_derived ? () : ([ 'SADD', "tag:$name", $key ], [ 'EXPIRE', "tag:$name", 3600 ]);

	$redis->pipeline(@register, [ 'SET', $key, $value, 'EX', 300 ], @register);
	return;
}

1;
