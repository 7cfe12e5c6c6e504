# Which keys a change must delete, found without uncache: those whose value,
# computed by SQL, is not what was cached.
package Demo::Checker;

use strict;
use warnings;

sub new
{
	my ($class, $lab) = @_;
	return bless { lab => $lab, cached => {} }, $class;
}

sub cached_count { return scalar keys %{ $_[0]->{cached} }; }

# Every key with the value that the database would give now.
sub current
{
	my ($self) = @_;
	return { map { @$_ } @{ $self->{lab}->query('SELECT key, value FROM demo.cache;') } };
}

# Makes the cache what the application would fill it with.
sub warm
{
	my ($self) = @_;
	my $redis = $self->{lab}->redis;
	my $current = $self->current;
	my $cached = $self->read_cache([ keys %$current, keys %{ $self->{cached} } ]);

	$redis->pipeline(map { [ 'SET', $_, $current->{$_} ] }
		grep { ($cached->{$_} // '') ne $current->{$_} } keys %$current);
	$redis->pipeline(map { [ 'DEL', $_ ] } grep { !defined $current->{$_} } keys %$cached);
	$self->{cached} = $current;
	return;
}

# Key to value of those keys that are in the cache.
sub read_cache
{
	my ($self, $keys) = @_;
	my $values = $self->{lab}->redis->command('MGET', @$keys);
	my %cache;

	@cache{@$keys} = @$values;
	delete @cache{ grep { !defined $cache{$_} } @$keys };
	return \%cache;
}

# The keys that have to go, given what the database says now.
sub expected
{
	my ($self, $current) = @_;
	my $cached = $self->{cached};
	return [ grep { !defined $current->{$_} or $cached->{$_} ne $current->{$_} } keys %$cached ];
}

# Compares the whole cache with the database: what stayed must be right, what
# is gone must have had to go.
sub verify
{
	my ($self, $current) = @_;
	my @keys = keys %{ $self->{cached} };
	my %expected = map { $_ => 1 } @{ $self->expected($current) };
	my $now = $self->read_cache(\@keys);
	my @gone = grep { !defined $now->{$_} } @keys;

	return {
		gone => \@gone,
		stayed_count => scalar keys %$now,
		stale => [ grep { $expected{$_} } keys %$now ],
		needless => [ grep { !$expected{$_} } @gone ],
	};
}

# Everything that is in Redis, whoever put it there, against the database.
sub find_stale
{
	my ($self) = @_;
	my $current = $self->current;
	my $now = $self->read_cache($self->{lab}->redis->command('KEYS', '*'));
	return [ grep { !defined $current->{$_} or $now->{$_} ne $current->{$_} } keys %$now ];
}

1;
