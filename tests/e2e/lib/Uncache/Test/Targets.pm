# The caches of several targets of one Redis, each in a database of its own.
#
# Names are written as in rules: without the target's prefix, and with
# "target://" in front unless they are of the target "default".
package Uncache::Test::Targets;

use strict;
use warnings FATAL => 'all';

# targets: for each alias its database's number and its prefix.
sub new
{
	my ($class, $redis, %targets) = @_;
	my $self = bless { targets => \%targets }, $class;

	foreach my $target (values %targets)
	{
		$target->{client} = $redis->client;
		$target->{client}->command('SELECT', $target->{database});
	}
	return $self;
}

# A name's target, and what it is in Redis.
sub _resolve
{
	my ($self, $name) = @_;
	my $target = $self->{targets}{ $name =~ s{^(\w+)://}{} ? $1 : 'default' };

	return ($target, $target->{prefix} . $name);
}

sub command
{
	my ($self, $command, $name, @arguments) = @_;
	my ($target, $full_name) = $self->_resolve($name);

	return $target->{client}->command($command, $full_name, @arguments);
}

# Forgets everything in every target.
sub clear
{
	my ($self) = @_;

	$_->{client}->command('FLUSHDB') foreach values %{ $self->{targets} };
	return;
}

sub cache
{
	my ($self, @keys) = @_;

	$self->command('SET', $_, 'cached') foreach @keys;
	return;
}

# As docs/clients.md says.
sub cache_under_tags
{
	my ($self, $key, @tags) = @_;
	my ($target, $full_name) = $self->_resolve($key);
	my @sets = map { "$target->{prefix}tag:$_" } @tags;

	$target->{client}->pipeline(
		['MULTI'],
		[ 'SET', $full_name, 'cached', 'EX', 300 ],
		(map { ([ 'SADD', $_, $full_name ], [ 'EXPIRE', $_, 3600 ]) } @sets),
		['EXEC']);
	return;
}

# As docs/clients.md says, with a clock that makes a test's counters known.
sub version
{
	my ($self, $counter) = @_;

	$self->command('SET', $counter, 1735689600000000, 'NX');
	return $self->command('GET', $counter);
}

# All names that there are, in order.
sub names
{
	my ($self) = @_;
	my @names;

	foreach my $alias (keys %{ $self->{targets} })
	{
		my $target = $self->{targets}{$alias};
		my $front = $alias eq 'default' ? '' : "$alias://";

		foreach my $name (@{ $target->{client}->command('KEYS', '*') })
		{
			push @names, $name =~ s/^\Q$target->{prefix}\E// ? "$front$name" : "without its prefix: $name";
		}
	}
	return [ sort @names ];
}

1;
