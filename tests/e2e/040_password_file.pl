# A password file: a password that is changed needs no restart, whatever is
# changed first; and what is wrong with the file holds up nothing but its target.

use strict;
use warnings FATAL => 'all';
use POSIX qw(mkfifo);
use Test::More;
use Uncache::Test;
use Uncache::Test::Daemon;

my $node = start_postgres('main');
my $redis = start_redis('redis', password => 'first-secret');
my $file = PostgreSQL::Test::Utils::tempdir_short() . '/password';
my $key_count = 0;

# As who rotates a secret does it: under another name first.
sub write_password
{
	my ($text, $mode) = @_;

	write_file("$file.new", "$text\n");
	chmod($mode // 0600, "$file.new") or die "chmod: $!";
	rename("$file.new", $file) or die "rename: $!";
	return;
}

# Every connection but the test's own is cut.
sub cut { return $redis->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'); }

sub invalidate
{
	my $key = 'k:' . $key_count++;

	$redis->fill($key);
	$node->safe_psql('postgres', "SELECT uncache.invalidate('$key')");
	return $key;
}

sub is_deleted
{
	my ($key) = @_;

	return wait_for { !$redis->has($key) };
}

write_password('first-secret', 0644);
my @served = (node => $node, redis => $redis->url, env => { REDIS_PASSWORD_FILE => $file });
my $daemon = start_daemon('uncached', @served);
like($daemon->log, qr/level=warning msg="the password file is readable by everybody" target=default file=\Q$file\E advice=/,
	'a file that everybody can read is warned of');
ok(is_deleted(invalidate()), 'its password is used');

write_password('second-secret');
$redis->command('CONFIG', 'SET', 'requirepass', 'second-secret');
cut();
ok(is_deleted(invalidate()), 'a new password is used without a restart');

# Redis first, the file later
$daemon->mark_log;
$redis->command('CONFIG', 'SET', 'requirepass', 'third-secret');
cut();
my $key = invalidate();
ok($daemon->wait_for_log(qr/level=error .*error="WRONGPASS .*advice="the user is wrong, or the password in the file \Q$file\E"/),
	'a password that Redis refuses: the advice names the file');
ok(!is_applied($node), 'nothing is acknowledged');
write_password('third-secret');
ok(is_deleted($key), 'the file is mended: what waited is deleted');
ok(wait_applied($node), 'and acknowledged');

# no file
$daemon->mark_log;
unlink($file) or die "unlink: $!";
cut();
$key = invalidate();
ok($daemon->wait_for_log(qr/level=error msg="cannot use Redis, trying again".*error="expected a readable password file: No such file or directory" advice="[^"]*\Q$file\E"/),
	'no file: the log says so');
ok(!is_applied($node), 'nothing is acknowledged');

# a FIFO, which nobody writes to
$daemon->mark_log;
mkfifo($file, 0600) or die "mkfifo: $!";
ok($daemon->wait_for_log(qr/error="expected a regular file as the password file"/), 'a FIFO is not waited for');
ok($redis->has($key), 'nothing is deleted meanwhile');

# one that others can write
$daemon->mark_log;
write_password('third-secret', 0660);
ok($daemon->wait_for_log(qr/error="expected a password file that nobody but its owner can write/),
	'a file that others can write is not used');
write_password('third-secret');
ok(is_deleted($key), 'the file is mended: what waited is deleted');
ok(wait_applied($node), 'and acknowledged');
unlike($daemon->log, qr/secret/, 'no password is logged');
is($daemon->stop(5), 0, 'the daemon stops');

write_password('third-secret', 0620);
is(Uncache::Test::Daemon->new('refused', @served)->run(10), 2, 'with a file that others can write it does not start');

done_testing();
