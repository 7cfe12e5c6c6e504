# What every test of a connection that fails asks for: everything is applied soon.
package Uncache::Test::Recovery;

use strict;
use warnings FATAL => 'all';

use Test::More;
use Time::HiRes qw(time);
use Uncache::Test qw(wait_applied);

use constant BACK_WITHIN_S => 10;

# node and redis: the servers.
sub new
{
	my ($class, %params) = @_;

	return bless { %params, round => 0 }, $class;
}

# Commits some changes; their keys, which are cached.
sub change
{
	my ($self) = @_;
	my @keys = map { 'k:' . $self->{round} . ":$_" } 1 .. 20;
	my $node = $self->{node};

	$self->{round}++;
	$self->{redis}->fill(@keys);
	$node->safe_psql('postgres', "SELECT uncache.invalidate('$_')") foreach @keys[ 0 .. 2 ];
	$node->safe_psql('postgres', 'SELECT uncache.invalidate(' . join(', ', map { "'$_'" } @keys) . ')');
	return @keys;
}

# Everything is applied within the time.
sub is_soon
{
	my ($self, $what, @keys) = @_;
	my $begin = time;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok(wait_applied($self->{node}, seconds => 60), "$what: everything is applied");
	my $seconds = time - $begin;
	cmp_ok($seconds, '<', BACK_WITHIN_S, sprintf('%s: within %d s (%.1f s)', $what, BACK_WITHIN_S, $seconds));
	is_deeply($self->{redis}->remaining(@keys), [], "$what: every key is deleted");
	return;
}

1;
