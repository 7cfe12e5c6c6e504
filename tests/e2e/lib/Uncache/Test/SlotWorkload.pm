# The workload for tags, versions and queries in a Redis Cluster where a key and its tag lie in one slot, as
# docs/clients.md advises: they are stored, and lost, together.
package Uncache::Test::SlotWorkload;

use strict;
use warnings FATAL => 'all';

use parent 'Uncache::Test::ActionWorkload';

use constant STORE => <<'END';
redis.call('SET', KEYS[1], ARGV[1], 'EX', 300)
if #KEYS > 1 then
	redis.call('SADD', KEYS[2], KEYS[1])
	redis.call('EXPIRE', KEYS[2], 3600)
end
END

sub create_tables
{
	my ($self) = @_;

	$self->SUPER::create_tables;
	$self->{node}->safe_psql('postgres', <<'END');
SELECT uncache.unwatch('item');
SELECT uncache.unwatch('bucket');
SELECT uncache.watch('item', keys => ARRAY['derived:item:{id}', 'derived:bucket:{bucket}'],
	tags => ARRAY['{{tagged:item:{id}}}', '{{tagged:bucket:{bucket}}}'], versions => ARRAY['ver:item:{id}', 'ver:bucket:{bucket}']);
SELECT uncache.watch('bucket',
	query => ARRAY[$$SELECT 'derived:item:' || i.id FROM public.item i WHERE i.bucket = {id}
		UNION ALL SELECT 'derived:bucket:' || {id}$$],
	tags => ARRAY['{{tagged:bucket:{id}}}'], versions => ARRAY['ver:bucket:{id}']);
END
	return;
}

sub _store
{
	my ($self, $redis, $name, $is_derived, $key, $value) = @_;
	my @keys = ($key, $is_derived ? () : "tag:{$key}");

	$redis->command_at($key, 'EVAL', STORE, scalar @keys, @keys, $value);
	return;
}

1;
