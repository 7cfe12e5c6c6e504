# Keys of later transactions do not wait for what takes long: a large tag, more patterns than
# fit into memory, a slow scan. Nothing of that is forgotten meanwhile, nor acknowledged.
#
# SCALE=10 is the size for a measurement: 2,000,000 members, 100,000 patterns, 1,000,000 keys.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;

my $scale = $ENV{SCALE} || 1;
my %count = (members => 200_000 * $scale, patterns => 45_000 + 5_500 * $scale, keys => 100_000 * $scale);

# What a key may wait, of a hundred 99, on a busy machine; milliseconds. In an order it would wait for a second or more.
use constant MOST_MS => 300;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my $directory = PostgreSQL::Test::Utils::tempdir_short();

$node->safe_psql('postgres', q{
	CREATE TABLE item (id int PRIMARY KEY);
	SELECT uncache.watch('item', 'item:{id}')});
my $daemon = start_daemon('uncached', node => $node, redis => $redis->url);
my $writer = Uncache::Test::Session->connect($node);
my $reader = $redis->client;
my $id = 0;

# Fills the database by a script, which is quicker: names of a stem.
sub fill_many
{
	my ($stem, $count, $tag) = @_;
	my $script = <<'END';
for i = ARGV[1], ARGV[2] do
	redis.call('SET', KEYS[1] .. i, 'x')
	if KEYS[2] ~= '' then redis.call('SADD', KEYS[2], KEYS[1] .. i) end
end
END

	for (my $first = 1; $first <= $count; $first += 10_000)
	{
		my $last = $first + 9_999 < $count ? $first + 9_999 : $count;

		$redis->command('EVAL', $script, 2, $stem, $tag // '', $first, $last);
	}
	return;
}

# From commit to delete, one change after another, until the condition holds.
sub measure
{
	my ($what, $is_over) = @_;
	my @waits;

	until ($is_over->() && @waits >= 20)
	{
		$id++;
		$reader->command('SET', "item:$id", 'cached');
		$writer->query("INSERT INTO item VALUES ($id)");
		my $begin = time;
		while ($reader->command('EXISTS', "item:$id"))
		{
			if (time - $begin > 30)
			{
				fail("$what: a key is deleted within 30 s");
				return;
			}
		}
		push @waits, (time - $begin) * 1000;
	}
	@waits = sort { $a <=> $b } @waits;
	my $p99 = $waits[ int(0.99 * $#waits) ];
	diag sprintf('%s: %d keys beside it, median %.1f ms, p99 %.1f ms, most %.1f ms', $what, scalar @waits, $waits[ @waits / 2 ], $p99, $waits[-1]);
	cmp_ok($p99, '<=', MOST_MS, "$what: keys do not wait");
	return scalar @waits;
}

# --- a large tag

fill_many('member:', $count{members}, 'tag:large');
ok(wait_applied($node), 'a large tag: all is applied before');
$node->safe_psql('postgres', q{SELECT uncache.invalidate_tag('large')});
ok(!is_applied($node), 'a large tag: it is not acknowledged at once');
measure('a large tag', sub { !$reader->command('EXISTS', 'tag:large') });
ok(wait_applied($node), 'a large tag: it is acknowledged in the end');
is($redis->command('DBSIZE'), 0, 'a large tag: when nothing of it is left');

# --- tags and patterns behind the large tag

fill_many('member:', $count{members}, 'tag:large');
fill_many('behind:', 10, 'tag:behind');
$node->safe_psql('postgres', $_) foreach (
	q{SELECT uncache.invalidate_tag('large')},
	q{DO $$ BEGIN FOR i IN 1 .. 12000 LOOP PERFORM uncache.invalidate_tag('none:' || i); END LOOP; END $$},
	q{SELECT uncache.invalidate_tag('behind')});
measure('tags behind it', sub { !$reader->command('EXISTS', 'tag:large') });
ok(wait_applied($node), 'tags behind it: they are acknowledged in the end');
is($redis->command('DBSIZE'), 0, 'tags behind it: when nothing of them is left');
ok($daemon->log =~ /too many names are waiting.*names="tags and cacheops rows"/, 'tags behind it: some were left in the journal');

# --- more patterns than fit, over many keys

fill_many('other:', $count{keys});
fill_many('p', $count{patterns});
$node->safe_psql('postgres', "SELECT count(uncache.invalidate_pattern('p' || i || '*')) FROM generate_series(1, $count{patterns}) i");
ok(!is_applied($node), 'many patterns: they are not acknowledged at once');
measure('many patterns', sub { is_applied($node) || !$reader->command('EXISTS', "p$count{patterns}") });
ok(wait_applied($node, seconds => 120), 'many patterns: they are acknowledged in the end');
is($redis->command('DBSIZE'), $count{keys}, 'many patterns: when no key of theirs is left, and no other is gone');
ok($daemon->log =~ /too many names are waiting.*names=patterns/, 'many patterns: some were left in the journal');

# --- a slow scan

is($daemon->stop(10), 0, 'the daemon stops');
my $rate = $count{keys} / 4;
$daemon = start_daemon('slow', node => $node, redis => $redis->url, env => { REDIS_SCAN_RATE => $rate });
fill_many('p', 10);
ok(wait_applied($node), 'a slow scan: all is applied before');
$node->safe_psql('postgres', q{SELECT uncache.invalidate_pattern('p*')});
my $begin = time;
measure('a slow scan', sub { is_applied($node) });
cmp_ok(time - $begin, '>', 2, 'a slow scan: it was slow');
is($redis->command('DBSIZE'), $count{keys}, 'a slow scan: it has found all');

# --- killed in the middle of all that

fill_many('member:', $count{members}, 'tag:large');
fill_many('p', 1000);
$node->safe_psql('postgres', $_) foreach (
	q{SELECT uncache.invalidate_tag('large')},
	q{SELECT uncache.invalidate_pattern('p*')},
	q{SELECT uncache.invalidate('item:killed')});
$redis->command('SET', 'item:killed', 'cached');
pause(0.05);
$daemon->kill9;
$daemon->start;
ok(wait_applied($node, seconds => 60), 'killed: all is acknowledged in the end');
is($redis->command('DBSIZE'), $count{keys}, 'killed: when nothing is left');
is($daemon->stop(10), 0, 'the daemon stops');
done_testing();
