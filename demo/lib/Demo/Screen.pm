# What the demo prints: two lines for each change, within 100 columns.
package Demo::Screen;

use strict;
use warnings;
use List::Util qw(min);

my $WIDTH = 100;
my $LEFT_WIDTH = 33;
my $RIGHT_WIDTH = 13;
my %COLOURS = (bold => 1, red => 31, green => 32, yellow => 33, cyan => 36, grey => 90);

sub new
{
	my ($class) = @_;
	my $is_coloured = -t STDOUT && ($ENV{NO_COLOR} // '') eq '' && ($ENV{TERM} // '') ne 'dumb';
	$| = 1;
	return bless { is_coloured => $is_coloured }, $class;
}

sub paint
{
	my ($self, $colour, $text) = @_;
	return $text if !$self->{is_coloured};
	return "\e[$COLOURS{$colour}m$text\e[0m";
}

sub line
{
	my ($self, @pieces) = @_;
	print @pieces, "\n";
	return;
}

# 1234567 as 1,234,567
sub number
{
	my ($self, $number) = @_;
	1 while $number =~ s/^(\d+)(\d{3})/$1,$2/;
	return $number;
}

sub count
{
	my ($self, $number, $noun) = @_;
	return $self->number($number) . " $noun" . ($number == 1 ? '' : 's');
}

sub change
{
	my ($self, $number, $step) = @_;
	my $left = sprintf '%2d  %-*s', $number, $LEFT_WIDTH - 4, $step->{title};
	my $sql = $step->{show} // $step->{sql};

	$sql =~ s/;\z//;
	$self->line($self->paint(bold => $left), $self->paint(cyan => $sql));
	return;
}

# The verdict on the left, then keys and a note, and what stayed on the right.
sub result
{
	my ($self, $result) = @_;
	my $verdict = $result->{is_right} ? $self->paint(green => 'ok') : $self->paint(red => 'NO');
	my $left = sprintf '%-*s', $LEFT_WIDTH - 8, $result->{summary};
	my $right = sprintf '%*s', $RIGHT_WIDTH, $self->number($result->{stayed}) . ' stayed';
	my $note = $result->{note} // '';
	my $room = $WIDTH - $LEFT_WIDTH - $RIGHT_WIDTH - length $note;
	my $keys = $self->some_keys($result->{keys}, $room - 2);

	$keys .= '  ' if $keys ne '';
	$self->line("    $verdict  $left", $self->paint(yellow => $keys), $note,
		' ' x ($room - length $keys), $self->paint(grey => $right));
	return;
}

# The first few keys, as many as there is room for.
sub some_keys
{
	my ($self, $keys, $room) = @_;
	my @sorted = map { $_->[2] }
	  sort { $a->[0] cmp $b->[0] or $a->[1] <=> $b->[1] or $a->[2] cmp $b->[2] }
	  map { [ /\A(\D*)(\d*)/ ? ($1, $2 || 0) : (), $_ ] } @$keys;

	for my $shown (reverse 1 .. min(3, scalar @sorted))
	{
		my $text = join ' ', @sorted[ 0 .. $shown - 1 ], $shown < @sorted ? '...' : ();
		return $text if length $text <= $room;
	}
	return '';
}

sub failure
{
	my ($self, $what, $keys) = @_;
	return if !@$keys;
	$self->line('        ', $self->paint(red => $self->count(scalar @$keys, 'key') . " $what: "),
		$self->some_keys($keys, $WIDTH - 40));
	return;
}

1;
