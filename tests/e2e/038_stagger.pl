# Keys that come in numbers are unlinked one after the other: evenly, all in time, and none is
# kept alive by whoever reads it. Nothing else waits for them, and they are acknowledged behind
# the last one, across restarts of the daemon and of Redis' connection.

use strict;
use warnings FATAL => 'all';
use Test::More;
use Time::HiRes qw(time);
use Uncache::Test;

use constant STAGGER_S => 4;

# The first ones fit into what waits in memory; the others do not.
use constant HERD => 4000;
use constant LARGE_HERD => 40000;

my $node = start_postgres('main');
my $redis = start_redis('redis');
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $config = write_file("$directory/uncached.ini", <<"END");
[target default]
url = @{[ $redis->url ]}
stagger = @{[ STAGGER_S ]}s
stagger_from = 1000
END

$node->safe_psql('postgres', sprintf(<<'END', LARGE_HERD));
CREATE TABLE item (id int PRIMARY KEY, version int NOT NULL DEFAULT 0);
SELECT uncache.watch('item', 'a-rather-long-name-of-an-item-in-the-cache:{id}');
SELECT uncache.watch('item', tags => ARRAY['items']);
INSERT INTO item SELECT generate_series(1, %d);
CREATE TABLE other (id int PRIMARY KEY);
SELECT uncache.watch('other', keys => ARRAY['other:{id}'], tags => ARRAY['others'])
END
my $daemon = start_daemon('uncached', node => $node, config => $config);

ok(wait_applied($node, seconds => 60), 'what came before is applied');

sub key { return "a-rather-long-name-of-an-item-in-the-cache:$_[0]"; }

sub change
{
	my ($count) = @_;

	$redis->fill(map { key($_) } 1 .. $count);
	$node->safe_psql('postgres', "UPDATE item SET version = version + 1 WHERE id <= $count");
	return time;
}

sub count_left { return $redis->command('DBSIZE'); }

# Other keys and tags while the herd is there.
sub others_do_not_wait
{
	my ($what, $id) = @_;

	$redis->fill("other:$id", 'member');
	$redis->command('SADD', 'tag:others', 'member');
	$node->safe_psql('postgres', "INSERT INTO other VALUES ($id)");
	my $begin = time;
	ok((wait_for { !$redis->has("other:$id") }), "$what: another key goes");
	cmp_ok(time - $begin, '<', 0.5, "$what: at once");
	ok((wait_for { !$redis->has('member') }), "$what: another tag goes");
	cmp_ok(time - $begin, '<', 0.5, "$what: at once");
	return;
}

# A reader that extends what it finds, all the time.
sub readers_extend
{
	my ($count) = @_;

	$redis->{client}->pipeline(map { ([ 'PEXPIRE', key($_), 3600000 ], [ 'PERSIST', key($_) ], [ 'GETEX', key($_), 'EX', 3600 ]) } 1 .. $count);
	return;
}

# --- evenly, in time, and acknowledged behind the last

my $begin = change(HERD);
others_do_not_wait('a herd', 1);
my @left;
while (time < $begin + STAGGER_S - 0.3)
{
	my $at = time - $begin;
	my $share = count_left() / HERD;

	push @left, $share;
	cmp_ok(abs($share - (1 - $at / STAGGER_S)), '<', 0.2, sprintf('after %.1f s %.2f are left', $at, $share));
	readers_extend(HERD);
	ok(!is_applied($node), 'and it is not acknowledged');
	pause(0.3);
}
cmp_ok(scalar(@left), '>', 3, 'there was time to look');
ok(wait_applied($node), 'it is acknowledged in the end');
cmp_ok(time - $begin, '<', STAGGER_S + 1, 'in time');
is(count_left(), 0, 'when none is left, whoever reads');
is($node->safe_psql('postgres', q{SELECT uncache.wait('1s')}), 't', 'uncache.wait() is true then');

# --- more than waits in memory

$begin = change(LARGE_HERD);
others_do_not_wait('a large herd', 2);
readers_extend(HERD);
cmp_ok(count_left(), '>', LARGE_HERD / 4, 'a large herd does not go at once');
ok(wait_applied($node, seconds => 60), 'a large herd is acknowledged in the end');
cmp_ok(time - $begin, '<', STAGGER_S + 3, sprintf('in time (%.1f s)', time - $begin));
is(count_left(), 0, 'when none is left');
ok($daemon->log =~ /too many names are waiting, the rest stays in the journal for now" target=default names="staggered keys"/, 'some were left in the journal');

# --- a daemon that is killed, a connection that is cut

change(HERD);
pause(1);
cmp_ok(count_left(), '>', 0, 'some are left when the daemon is killed');
$daemon->kill9;
$daemon->start;
ok(wait_applied($node), 'killed: it is acknowledged in the end');
is(count_left(), 0, 'killed: when none is left');
change(HERD);
pause(1);
$redis->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
ok(wait_applied($node), 'cut: it is acknowledged in the end');
is(count_left(), 0, 'cut: when none is left');

# --- --once waits for all

change(HERD);
is($daemon->stop(10), 0, 'the daemon stops in the middle');
cmp_ok(count_left(), '>', 0, 'and leaves some to the next one');
my $once = Uncache::Test::Daemon->new('once', node => $node, config => $config, args => ['--once']);
is($once->run(30), 0, '--once exits 0');
is(count_left(), 0, 'when none is left');
done_testing();
