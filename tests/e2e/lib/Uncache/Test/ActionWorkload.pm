# The workload for tags, versions and queries: writers as they are, readers
# that cache as docs/clients.md says, and a checker of what they would read.
#
# Three kinds of entries for a bucket of items and three for an item:
#
#	tagged:…	under the tag of that name
#	versioned:…	with the counter's value in the key; filled at leisure, without
#				a lock: whoever reads the version first has no race to lose
#	derived:…	deleted by a query: an item's value holds its bucket's label
#
# Counters are evicted and overwritten now and then.
package Uncache::Test::ActionWorkload;

use strict;
use warnings FATAL => 'all';

use parent 'Uncache::Test::Workload';
use Time::HiRes qw(time);
use Uncache::Test::Session;
use Uncache::Test::Wait qw(pause);

use constant {
	BUCKETS => Uncache::Test::Workload::BUCKETS,
	ITEMS => Uncache::Test::Workload::ITEMS
};

sub create_tables
{
	my ($self) = @_;

	$self->SUPER::create_tables;
	$self->{node}->safe_psql('postgres', sprintf <<'END', BUCKETS);
CREATE TABLE bucket (id int PRIMARY KEY, label uuid NOT NULL) WITH (fillfactor = 20);
INSERT INTO bucket SELECT n, gen_random_uuid() FROM generate_series(0, %d - 1) n;
SELECT uncache.unwatch('item');
SELECT uncache.watch('item', keys => ARRAY['derived:item:{id}', 'derived:bucket:{bucket}'],
	tags => ARRAY['item:{id}', 'bucket:{bucket}'], versions => ARRAY['ver:item:{id}', 'ver:bucket:{bucket}']);
SELECT uncache.watch('bucket',
	query => ARRAY[$$SELECT 'derived:item:' || i.id FROM public.item i WHERE i.bucket = {id}
		UNION ALL SELECT 'derived:bucket:' || {id}$$],
	tags => ARRAY['bucket:{id}'], versions => ARRAY['ver:bucket:{id}']);
END
	return;
}

my @kinds = ('tagged', 'versioned', 'derived');

# --- writers ---

sub _choose_transaction
{
	my ($self) = @_;
	my $choice = rand(100);
	my $relabel = 'UPDATE bucket SET label = gen_random_uuid() WHERE id = ' . int(rand(BUCKETS));

	return ($relabel) if $choice < 15;
	return ('BEGIN', $relabel, 'ROLLBACK') if $choice < 18;
	return ('BEGIN', 'SAVEPOINT a', $relabel, 'ROLLBACK TO a', $relabel =~ s/\d+$/int(rand(BUCKETS))/er, 'COMMIT') if $choice < 21;
	# rarely: they empty the cache
	return (q{SELECT uncache.invalidate_table('item')}) if $choice < 21.02;
	return ('SELECT uncache.invalidate_all()') if $choice < 21.04;
	return $self->SUPER::_choose_transaction;
}

# --- readers ---

# An entry's name without its kind.
sub _choose_name
{
	return rand() < 0.7 ? 'item:' . int(rand(ITEMS)) : 'bucket:' . int(rand(BUCKETS));
}

sub _query
{
	my ($name, $is_derived, $lock) = @_;
	my ($table, $id) = split /:/, $name;
	my $label = $is_derived ? "|| ' ' || (SELECT label FROM (SELECT label FROM bucket WHERE id = min(locked.bucket) $lock) b)" : '';
	my $condition = $table eq 'item' ? "id = $id" : "bucket = $id";

	return <<"END";
SELECT string_agg(version::text, ',' ORDER BY id) $label FROM
	(SELECT id, bucket, version FROM item WHERE $condition ORDER BY id $lock) locked
END
}

sub _store
{
	my ($self, $redis, $name, $is_derived, $key, $value) = @_;

	$redis->pipeline(
		['MULTI'],
		[ 'SET', $key, $value, 'EX', 300 ],
		$is_derived ? () : ([ 'SADD', "tag:$name", $key ], [ 'EXPIRE', "tag:$name", 3600 ]),
		['EXEC']);
	return;
}

# The full name and value that are cached now, if all went well.  While the
# rows are locked nobody changes them.
sub _fill
{
	my ($self, $session, $redis, $name, $is_derived) = @_;
	my $key = ($is_derived ? 'derived:' : 'tagged:') . $name;
	my $value;

	my $done = eval {
		$session->query('BEGIN');
		$value = $session->query_value(_query($name, $is_derived, 'FOR SHARE'));
		$self->_store($redis, $name, $is_derived, $key, $value);
		$session->query('COMMIT');
		1;
	};
	return ($key, $value) if $done;
	eval { $redis->command('DEL', $key) };
	eval { $session->query('ROLLBACK') } unless $session->is_lost;
	return;
}

# What befalls a counter; no value comes twice.
sub _harm_counter
{
	my ($redis, $counter) = @_;

	return $redis->command('DEL', $counter) if rand() < 0.5;
	return $redis->command('SET', $counter, 'garbage ' . rand() . time);
}

sub _fill_versioned
{
	my ($session, $redis, $key, $name) = @_;
	my $value = $session->query_value(_query($name, 0, ''));

	pause(rand(0.03)) if rand() < 0.5;
	$redis->command('SET', $key, $value, 'EX', 300);
	return ($key, $value);
}

sub _read_any
{
	my ($self, $session, $redis) = @_;
	my $kind = $kinds[ rand @kinds ];
	my $name = _choose_name();
	my $key = "$kind:$name";

	if ($kind eq 'versioned')
	{
		_harm_counter($redis, "ver:$name") if rand() < 0.02;
		$key .= ':v' . $self->_read_version($redis, "ver:$name");
	}
	return 1 if defined $redis->command('GET', $key);
	return (0, _fill_versioned($session, $redis, $key, $name)) if $kind eq 'versioned';
	return (0, $self->_fill($session, $redis, $name, $kind eq 'derived'));
}

# --- checker ---

# What each entry has to hold, by its name without a version.
sub _truth
{
	my ($self) = @_;
	my $rows = Uncache::Test::Session->connect($self->{node})->query(<<'END');
WITH entry AS (
	SELECT 'item:' || i.id AS name, i.version::text AS value, b.label FROM item i JOIN bucket b ON b.id = i.bucket
	UNION ALL
	SELECT 'bucket:' || b.id, string_agg(i.version::text, ',' ORDER BY i.id), b.label FROM item i JOIN bucket b ON b.id = i.bucket GROUP BY b.id
)
SELECT 'tagged:' || name, value FROM entry
UNION ALL SELECT 'versioned:' || name, value FROM entry
UNION ALL SELECT 'derived:' || name, value || ' ' || label FROM entry
END

	return { map { @$_ } @$rows };
}

# What a client would read: values by name without a version; full_names, those
# that it would ask for.
sub _readable
{
	my ($redis, @names) = @_;
	my @counters = map { s/^versioned:/ver:/r } grep { /^versioned:/ } @names;
	my (%version, %full_name, %value);

	@version{@counters} = $redis->pipeline(map { [ 'GET', $_ ] } @counters);
	foreach my $name (@names)
	{
		my $version = $version{ $name =~ s/^versioned:/ver:/r };

		$full_name{$name} = $name !~ /^versioned:/ ? $name : defined $version ? "$name:v$version" : 'no version';
	}
	my @values = $redis->pipeline(map { [ 'GET', $full_name{$_} ] } @names);
	@value{@names} = @values;
	delete @value{ grep { !defined $value{$_} } @names };
	return (\%value, \%full_name);
}

sub describe_cache
{
	my ($self, $verdict) = @_;

	return sprintf('readable entries: %s, %d of them stale',
		join(', ', map { "$verdict->{kinds}{$_} $_" } @kinds), scalar @{ $verdict->{stale} });
}

# As the other workload's: cached and stale count what a client would read.
sub check
{
	my ($self, $fills) = @_;
	my $truth = $self->_truth;
	my ($values, $full_names) = _readable($self->{redis}->client, sort keys %$truth);
	my $name_of = sub { $_[0] =~ s/:v[^:]*$//r };
	my @superseded = grep { $_->[1] ne $truth->{ $name_of->($_->[0]) } =~ s/ /_/gr } @$fills;

	return {
		cached => scalar keys %$values,
		kinds => { map { my $kind = $_; ($kind => scalar grep { /^$kind:/ } keys %$values) } @kinds },
		stale => [ grep { $values->{$_} ne $truth->{$_} } sort keys %$values ],
		superseded => scalar @superseded,
		lost => scalar grep {
			my ($key, $value) = @$_;
			my $name = $name_of->($key);
			$full_names->{$name} =~ s/ /_/gr eq $key && ($values->{$name} // '') =~ s/ /_/gr eq $value
		} @superseded
	};
}

1;
