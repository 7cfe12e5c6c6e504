# What users of the database do that is hard to follow: transactions that last,
# changes without rows, and many rows at once.
package Uncache::Soak::DatabaseFaults;

use strict;
use warnings FATAL => 'all';

use Uncache::Soak::Entries qw(subject_count);
use Uncache::Test::Wait qw(wait_for);

sub list
{
	return (
		{ name => 'database: long transaction', weight => 2, victim => 'writer', begin => \&_begin_long, end => \&_end_long },
		{ name => 'database: prepared transaction', weight => 2, victim => 'writer', begin => \&_prepare, end => \&_finish_prepared },
		{ name => 'database: old snapshot', weight => 1, victim => 'snapshot', begin => \&_take_snapshot, end => \&_end_long },
		{ name => 'database: savepoint storm', weight => 2, victim => 'storm', begin => \&_storm },
		{ name => 'database: bulk update', weight => 2, victim => 'bulk', begin => \&_update_bulk },
		{ name => 'database: TRUNCATE', weight => 2, victim => 'ddl', begin => \&_truncate },
		{ name => 'database: ALTER TABLE', weight => 2, victim => 'ddl', begin => \&_alter },
		{ name => 'database: DETACH PARTITION', weight => 1, victim => 'ddl', begin => \&_detach, end => \&_attach },
		{ name => 'database: invalidate_all', weight => 1, victim => 'by hand', empties_cache => 1,
			begin => sub { $_[0]->admin->query('SELECT uncache.invalidate_all()') } },
		{ name => 'database: invalidate_table', weight => 1, victim => 'by hand',
			begin => sub { $_[0]->admin->query(q{SELECT uncache.invalidate_table('item')}) } });
}

my $change = 'SET version = gen_random_uuid() WHERE id';

# Two items and a part of bulk.
sub _changes
{
	my ($chance) = @_;
	my @items = sort { $a <=> $b } map { int($_ * subject_count('item')) } @$chance[ 0, 1 ];

	return join(';', (map { "UPDATE item $change = $_" } @items), "UPDATE bulk $change % 50 = " . int(50 * $chance->[2]));
}

sub _begin_long
{
	my ($servers, $chance, $memory) = @_;

	$memory->{session} = $servers->new_session;
	$memory->{session}->query('BEGIN; ' . _changes($chance));
	return;
}

# It may have been lost.
sub _end_long
{
	my ($servers, $chance, $memory) = @_;

	eval { $memory->{session}->query($chance->[0] < 0.8 ? 'COMMIT' : 'ROLLBACK') } if $memory->{session};
	return;
}

sub _prepare
{
	my ($servers, $chance) = @_;

	$servers->new_session->query('BEGIN; ' . _changes($chance) . q{; PREPARE TRANSACTION 'soak'});
	return;
}

sub _finish_prepared
{
	my ($servers, $chance) = @_;

	$servers->admin->query(($chance->[0] < 0.8 ? 'COMMIT' : 'ROLLBACK') . q{ PREPARED 'soak'})
	  if $servers->admin->query_value(q{SELECT count(*) FROM pg_prepared_xacts WHERE gid = 'soak'});
	return;
}

sub _take_snapshot
{
	my ($servers, $chance, $memory) = @_;

	$memory->{session} = $servers->new_session;
	$memory->{session}->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM item');
	return;
}

# Nested, and every third level rolled back.
sub _storm
{
	my ($servers, $chance) = @_;
	my $item = int($chance->[0] * subject_count('item'));
	my @statements = map {
		("SAVEPOINT s$_", 'UPDATE note ' . $change . ' = ' . ($_ % subject_count('note')),
			$_ % 3 == 0 ? "ROLLBACK TO s$_" : $_ % 5 == 0 ? "RELEASE s$_" : ())
	} 1 .. 50 + int(150 * $chance->[1]);

	$servers->admin->query(join('; ', 'BEGIN', "UPDATE item $change = $item", @statements, 'COMMIT'));
	return;
}

# With so little memory that it is journalled early.
sub _update_bulk
{
	my ($servers, $chance) = @_;

	$servers->admin->query("BEGIN; SET LOCAL uncache.pending_limit = 64; UPDATE bulk $change >= 0; "
		  . ($chance->[0] < 0.8 ? 'COMMIT' : 'ROLLBACK'));
	return;
}

sub _truncate
{
	my ($servers, $chance) = @_;

	$servers->admin->query('BEGIN; TRUNCATE note; INSERT INTO note SELECT n FROM generate_series(0, '
		  . (subject_count('note') - 1) . ') n; ' . ($chance->[0] < 0.8 ? 'COMMIT' : 'ROLLBACK'));
	return;
}

# The first changes what all rows show.
sub _alter
{
	my ($servers, $chance) = @_;
	my @commands = (
		'ALTER TABLE note ALTER version TYPE text USING gen_random_uuid()::text',
		"BEGIN; UPDATE note $change < 10; ALTER TABLE note ADD added int DEFAULT 1; ALTER TABLE note DROP added; COMMIT",
		'BEGIN; ALTER TABLE note ALTER version TYPE text USING gen_random_uuid()::text; ROLLBACK');

	$servers->admin->query($commands[ $chance->[0] * @commands ]);
	return;
}

sub _detach
{
	my ($servers, $chance, $memory) = @_;

	$memory->{partition} = $chance->[0] < 0.5 ? 'event_old' : 'event_new';
	$servers->admin->query("ALTER TABLE event DETACH PARTITION $memory->{partition}");
	$memory->{is_detached} = 1;
	return;
}

sub _attach
{
	my ($servers, $chance, $memory) = @_;
	my $half = subject_count('event') / 2;
	my ($from, $to) = $memory->{partition} eq 'event_old' ? (0, $half) : ($half, 2 * $half);

	return unless $memory->{is_detached};
	wait_for {
		eval {
			$servers->admin->query("UPDATE $memory->{partition} $change % 7 = 0;"
				  . "ALTER TABLE event ATTACH PARTITION $memory->{partition} FOR VALUES FROM ($from) TO ($to)");
			1;
		}
	} 60 or die "$memory->{partition} is not attached: $@";
	return;
}

1;
