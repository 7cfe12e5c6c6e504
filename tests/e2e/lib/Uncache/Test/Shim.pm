# Orders to tests/faults/shim.c, which makes the C library's calls fail in the
# daemon that it is preloaded into, and names that it knows there.
package Uncache::Test::Shim;

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils ();

# As in shim.c.
use constant { MEMORY => 1, SOCKET => 2, POLL => 4, TRANSFER => 8 };

my @fields = qw(calls fail_at fail_every error max_bytes call_count failure_count);

sub new
{
	my ($class) = @_;
	my $directory = PostgreSQL::Test::Utils::tempdir();
	my $self = bless {
		orders => "$directory/orders",
		record => "$directory/record",
		names => "$directory/names",
		known => {}
	}, $class;

	$self->know;
	open($self->{file}, '+>', $self->{orders}) or die "$self->{orders}: $!";
	return $self->order;
}

# What is not named is 0: without arguments all is well.
sub order
{
	my ($self, %orders) = @_;

	sysseek($self->{file}, 0, 0);
	syswrite($self->{file}, pack('q7', map { $orders{$_} // 0 } @fields)) or die "write: $!";
	return $self;
}

# Replaces what is known of names: name => "ADDRESS ...", or "hang".  At once: whoever
# reads the file finds the old or the new.
sub know
{
	my ($self, %names) = @_;

	$self->{known} = { %{ $self->{known} }, %names };
	open(my $file, '>', "$self->{names}.new") or die "$self->{names}: $!";
	print $file map { "$_ $self->{known}{$_}\n" } sort keys %{ $self->{known} };
	close($file) or die "$self->{names}: $!";
	rename("$self->{names}.new", $self->{names}) or die "rename: $!";
	return $self;
}

sub failure_count
{
	my ($self) = @_;

	sysseek($self->{file}, 0, 0);
	sysread($self->{file}, my $bytes, 56) or die "read: $!";
	return (unpack('q7', $bytes))[6];
}

# Begins a daemon's command; with record, calls are recorded.
sub wrapper
{
	my ($self, %params) = @_;
	my @record = $params{record} ? "UNCACHED_SHIM_RECORD=$self->{record}" : ();

	return [ 'env', "LD_PRELOAD=$ENV{UNCACHED_SHIM_LIBRARY}", "UNCACHED_SHIM=$self->{orders}",
		"UNCACHED_SHIM_NAMES=$self->{names}",
		'MALLOC_PERTURB_=165', @record ];
}

# Of the calls that were recorded since the last time, the numbers of some that stand for
# all: from each place in the code the first two and the last two.  Or all of them.
sub choose_calls
{
	my ($self, %params) = @_;
	my @sites = unpack('Q*', PostgreSQL::Test::Utils::slurp_file($self->{record}));
	my @all = (1 .. scalar @sites);
	my %calls;

	unlink($self->{record});
	push @{ $calls{ $sites[ $_ - 1 ] } }, $_ foreach @all;
	return @all if $params{all};
	my %chosen = map { $_ => 1 } map { (@$_ > 1 ? @$_[ 0, 1, -2, -1 ] : $_->[0]) } values %calls;
	return sort { $a <=> $b } keys %chosen;
}

1;
