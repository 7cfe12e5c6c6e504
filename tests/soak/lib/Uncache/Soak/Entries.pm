# What is cached where: three targets, and the entries that each of them has.
#
# An entry is what a client caches about a subject (a row, or the items of a
# bucket) in a style, which says how it is invalidated:
#
#	key:…		a key of its own
#	derived:…	deleted by a query: holds the label of the bucket, too
#	tagged:…	registered under the tag that has the subject's name
#	listed:…:x	deleted by a pattern
#	versioned:…	with a counter's value in the name; filled at leisure
#	raced:…		a key of its own, filled at leisure as most clients do: what
#				is read before a change may be stored after the delete
package Uncache::Soak::Entries;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';

our @EXPORT_OK = qw(has_cluster is_in_cluster tag_of targets target choose_entry entries_of rules_sql subject_count);

# alias; number of the Redis server; database there; prefix; styles
my @targets = (
	{ alias => 'default', server => 0, database => 0, prefix => '',
		styles => [ 'key', 'derived', 'tagged', 'listed', 'versioned', 'raced' ] },
	{ alias => 'api', server => 0, database => 3, prefix => 'api:1:', styles => [ 'key', 'versioned', 'raced' ] },
	{ alias => 'far', server => 1, database => 0, prefix => 'far:', styles => [ 'key', 'tagged', 'listed' ] });

# how many there are; the column that names them in rules; how they may be cached
my %subjects = (
	item => { count => 600, column => 'id', styles => [ 'key', 'derived', 'tagged', 'versioned', 'raced' ] },
	bucket => { count => 60, column => 'bucket', styles => [ 'key', 'derived', 'tagged', 'listed', 'versioned' ] },
	note => { count => 100, column => 'id', styles => [ 'key', 'tagged', 'listed' ] },
	event => { count => 100, column => 'id', styles => [ 'key', 'versioned' ] },
	bulk => { count => 2000, column => 'id', styles => ['key'] });

# The subjects that a table's rows are told from.
my %tables = (item => [ 'item', 'bucket' ], note => ['note'], event => ['event'], bulk => ['bulk']);

# Is server 1 a Redis Cluster?
sub has_cluster { return ($ENV{SOAK_REDIS} // '') eq 'cluster'; }

sub is_in_cluster { return has_cluster() && $_[0]{server} == 1; }

sub targets { return @targets; }

# A subject's tag.  In a cluster it lies in the slot of the entry that is registered under it.
sub tag_of
{
	my ($target, $subject) = @_;

	return is_in_cluster($target) ? "{$target->{prefix}tagged:$subject}" : $subject;
}

# The same as a template: braces are doubled.
sub _tag_template
{
	my ($target, $name) = @_;

	return is_in_cluster($target) ? "{{$target->{prefix}tagged:$name}}" : $name;
}

sub target
{
	my ($alias) = @_;

	return (grep { $_->{alias} eq $alias } @targets)[0];
}

sub subject_count { return $subjects{ $_[0] }{count}; }

# The styles in which a target caches a subject.
sub entries_of
{
	my ($target, $subject) = @_;
	my %has = map { ($_ => 1) } @{ $subjects{$subject}{styles} };

	return grep { $has{$_} } @{ $target->{styles} };
}

# Any entry: its target, style, subject, and the subject's number.
sub choose_entry
{
	my $target = $targets[ rand @targets ];
	my $subject = (sort keys %subjects)[ rand keys %subjects ];
	my @styles = entries_of($target, $subject);

	return choose_entry() unless @styles;
	return ($target, $styles[ rand @styles ], $subject, int(rand($subjects{$subject}{count})));
}

# The rules that make every entry go with its table's rows.
sub rules_sql
{
	my $sql = '';

	foreach my $table (sort keys %tables)
	{
		my %arguments;

		foreach my $subject (@{ $tables{$table} })
		{
			_add_templates(\%arguments, $_, $subject) foreach @targets;
		}
		$sql .= sprintf("SELECT uncache.watch('%s', %s);\n", $table,
			join(', ', map { "$_ => ARRAY[" . join(', ', map { "'$_'" } @{ $arguments{$_} }) . ']' } sort keys %arguments));
	}
	return $sql . <<'END';
SELECT uncache.watch('bucket', query => ARRAY[$$SELECT 'derived:item:' || i.id FROM public.item i WHERE i.bucket = {id}
	UNION ALL SELECT 'derived:bucket:' || {id}$$]);
END
}

sub _add_templates
{
	my ($arguments, $target, $subject) = @_;
	my $alias = $target->{alias} eq 'default' ? '' : "$target->{alias}://";
	my $name = "$subject:{$subjects{$subject}{column}}";
	my %template = (
		key => [ keys => "key:$name" ],
		derived => [ keys => "derived:$name" ],
		raced => [ keys => "raced:$name" ],
		tagged => [ tags => _tag_template($target, $name) ],
		listed => [ patterns => "listed:$name:*" ],
		versioned => [ versions => "ver:$name" ]);

	foreach my $style (entries_of($target, $subject))
	{
		my ($action, $text) = @{ $template{$style} };

		push @{ $arguments->{$action} }, "$alias$text";
	}
	return;
}

1;
