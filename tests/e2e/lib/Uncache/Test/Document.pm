# The examples of a document: its fenced code blocks by the headings above them.
package Uncache::Test::Document;

use strict;
use warnings FATAL => 'all';

use FindBin;

# name: a file of docs/.
sub new
{
	my ($class, $name) = @_;
	my $path = "$FindBin::Bin/../docs/$name";
	my $self = bless { blocks => [], headings => [] }, $class;

	open(my $file, '<', $path) or die "$path: $!";
	$self->_read($file);
	close($file);
	return $self;
}

# A heading ends what is below the one before it, deeper ones included.
sub _read
{
	my ($self, $file) = @_;
	my ($block, @headings);

	while (my $line = readline($file))
	{
		if ($block)
		{
			undef $block, next if $line =~ /^```/;
			$block->{text} .= $line;
		}
		elsif ($line =~ /^```(\S*)/)
		{
			$block = { headings => [@headings], language => $1, text => '' };
			push @{ $self->{blocks} }, $block;
		}
		elsif ($line =~ /^(#+) (.*)/)
		{
			$#headings = length($1) - 2;
			$headings[ length($1) - 1 ] = $2;
			push @{ $self->{headings} }, [@headings];
		}
	}
	die "a code block is not closed\n" if $block;
	return;
}

sub _is_below
{
	my ($path, @headings) = @_;

	return 0 if @$path < @headings;
	return !grep { ($path->[$_] // '') ne $headings[$_] } 0 .. $#headings;
}

# The headings one level below these, in order.
sub headings
{
	my ($self, @above) = @_;

	return map { $_->[-1] } grep { @$_ == @above + 1 && _is_below($_, @above) } @{ $self->{headings} };
}

# The texts of the blocks of a language that stand directly below these
# headings, in order; language '' is that of blocks that name none.
sub blocks
{
	my ($self, $language, @headings) = @_;

	return map { $_->{text} }
	  grep { $_->{language} eq $language && @{ $_->{headings} } == @headings && _is_below($_->{headings}, @headings) }
	  @{ $self->{blocks} };
}

# How many blocks there are, whatever their language, below these headings.
sub count_blocks
{
	my ($self, @headings) = @_;

	return scalar grep { _is_below($_->{headings}, @headings) } @{ $self->{blocks} };
}

1;
