# Compares everything that is cached with the database, at rest.  It knows the
# tables, and what clients would read; of uncache it knows nothing.
#
# A fill at leisure may store what it has read after the change was made and
# deleted.  No invalidator can help that, so such entries are told apart: an
# entry has lost its race if the change was committed, or PostgreSQL away, while it
# was being read and stored.  If the change was committed later, a delete was due.
package Uncache::Soak::Oracle;

use strict;
use warnings FATAL => 'all';

use Uncache::Soak::Entries qw(targets);
use Uncache::Test::Session;

# A commit is dated, in seconds, so long before it can be seen.
use constant VISIBLE_AFTER => 5;

# node; redis: the servers, by number.
sub new
{
	my ($class, %params) = @_;

	return bless { %params, outages => [], raced_fills => {} }, $class;
}

# PostgreSQL was away between these times.
sub note_outage
{
	my ($self, $begin, $end) = @_;

	push @{ $self->{outages} }, [ $begin, $end ];
	return;
}

# What every entry has to hold, by style and subject; when a subject's row was
# committed.
sub _truth
{
	my ($self) = @_;
	my $rows = Uncache::Test::Session->connect($self->{node})->query(<<'END');
WITH subject AS (
	SELECT 'item:' || i.id AS name, i.version::text AS value, b.label, extract(epoch FROM pg_xact_commit_timestamp(i.xmin)) AS committed_at
	FROM item i JOIN bucket b ON b.id = i.bucket
	UNION ALL
	SELECT 'bucket:' || b.id, md5(string_agg(i.version::text, ',' ORDER BY i.id)), b.label, NULL
	FROM item i JOIN bucket b ON b.id = i.bucket GROUP BY b.id
	UNION ALL SELECT 'note:' || id, version, NULL, NULL FROM note
	UNION ALL SELECT 'event:' || id, version::text, NULL, NULL FROM event
	UNION ALL SELECT 'bulk:' || id, version::text, NULL, NULL FROM bulk
)
SELECT name, value, value || '_' || label, committed_at FROM subject
END

	return { map { ($_->[0] => { value => $_->[1], derived => $_->[2], committed_at => $_->[3] }) } @$rows };
}

# An entry's style and subject; nothing if a client would not read it.
sub _parse
{
	my ($target, $full_name, $versions) = @_;
	my ($style, $subject, $rest) = $full_name =~ /^\Q$target->{prefix}\E(\w+):(\w+:\d+)(?::(.*))?$/s
	  or return;

	return if $style eq 'ver';
	return if $style eq 'versioned' && $rest ne 'v' . ($versions->{"$target->{prefix}ver:$subject"} // '');
	return ($style, $subject);
}

# All that clients would read of a target: [full name, style, subject, value].
sub _readable
{
	my ($self, $target) = @_;
	my $client = $self->{redis}[ $target->{server} ]->client;

	$client->command('SELECT', $target->{database});
	my @names = sort grep { !/^\Q$target->{prefix}\Etag:/ } @{ $client->command('KEYS', '*') };
	my %value;
	@value{@names} = $client->pipeline(map { [ 'GET', $_ ] } @names);
	my @entries;
	foreach my $name (@names)
	{
		my ($style, $subject) = _parse($target, $name, \%value) or next;

		push @entries, [ $name, $style, $subject, $value{$name} =~ s/ /_/gr ] if defined $value{$name};
	}
	return @entries;
}

sub _expected
{
	my ($truth, $style, $subject) = @_;

	return ($truth->{$subject} // {})->{ $style eq 'derived' ? 'derived' : 'value' } // 'nothing';
}

# Whether an entry that is wrong was stored too late for any delete.
sub _has_lost_race
{
	my ($self, $truth, $alias, $name, $subject, $value) = @_;
	my $fill = $self->{raced_fills}{"$alias $name $value"} or return 0;
	my ($began, $ended) = @$fill;
	my $committed_at = ($truth->{$subject} // {})->{committed_at} // 0;

	return 1 if $committed_at >= $began - VISIBLE_AFTER && $committed_at <= $ended;
	return scalar grep { $_->[0] <= $ended && $_->[1] >= $began } @{ $self->{outages} };
}

# Fills of this and of earlier rounds that raced: when the last of them, of
# the same value under the same name, began and ended.
sub _note_fills
{
	my ($self, $fills) = @_;

	foreach my $fill (@$fills)
	{
		my ($alias, $name, $value, $began, $ended) = @$fill;
		my $known = $self->{raced_fills}{"$alias $name $value"};

		next unless $name =~ /\braced:/;
		$self->{raced_fills}{"$alias $name $value"} = [ $began, $ended ] unless $known && $known->[1] > $ended;
	}
	return;
}

# fills: as Uncache::Soak::Workload returns them.  checked: how many entries
# were compared, by alias and style; stale: those that are wrong, a text each;
# raced: how many lost their race, which are taken out of the cache;
# superseded: fills whose value is no longer right; lost: those of them that are
# cached still and did not lose a race.
sub check
{
	my ($self, $fills) = @_;
	my $truth = $self->_truth;
	my %result = (checked => {}, entries => 0, stale => [], raced => 0, superseded => 0, lost => 0);
	my %is_stale;

	$self->_note_fills($fills);
	foreach my $target (targets())
	{
		foreach my $entry ($self->_readable($target))
		{
			my ($name, $style, $subject, $value) = @$entry;
			my $expected = _expected($truth, $style, $subject);

			$result{entries}++;
			$result{checked}{"$target->{alias} $style"}++;
			next if $value eq $expected;
			if ($style eq 'raced' && $self->_has_lost_race($truth, $target->{alias}, $name, $subject, $value))
			{
				$result{raced}++;
				$self->_forget($target, $name);
				next;
			}
			$is_stale{"$target->{alias} $name $value"} = 1;
			push @{ $result{stale} }, "$target->{alias} $name holds $value, not $expected";
		}
	}
	$self->_count_superseded(\%result, $truth, $fills, \%is_stale);
	return \%result;
}

sub _count_superseded
{
	my ($self, $result, $truth, $fills, $is_stale) = @_;
	my %prefix = map { ($_->{alias} => $_->{prefix}) } targets();

	foreach my $fill (@$fills)
	{
		my ($alias, $name, $value) = @$fill;
		my ($style, $subject) = $name =~ /^\Q$prefix{$alias}\E(\w+):(\w+:\d+)/ or die "what is $name?";

		next if $value eq _expected($truth, $style, $subject);
		$result->{superseded}++;
		$result->{lost}++ if $is_stale->{"$alias $name $value"};
	}
	return;
}

sub _forget
{
	my ($self, $target, $name) = @_;
	my $client = $self->{redis}[ $target->{server} ]->client;

	$client->command('SELECT', $target->{database});
	$client->command('DEL', $name);
	return;
}

1;
