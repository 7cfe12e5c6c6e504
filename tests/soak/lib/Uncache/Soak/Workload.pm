# The load of the soak: writers of several tables, and readers that cache as
# docs/clients.md says, each a process.
#
# Where it is not said otherwise, a reader holds the rows' share lock while it
# stores what it has read, and takes back what it has stored if its transaction
# fails: such a fill has no race to lose.
package Uncache::Soak::Workload;

use strict;
use warnings FATAL => 'all';

use parent 'Uncache::Test::Workload';
use Time::HiRes qw(time);
use Uncache::Soak::Entries qw(is_in_cluster tag_of targets choose_entry rules_sql subject_count);
use Uncache::Test::Wait qw(wait_for pause);

# Longer than any fault lasts.
use constant FOREVER => 3600;

use constant STORE_IN_CLUSTER => <<'END';
redis.call('SET', KEYS[1], ARGV[1], 'EX', 600)
redis.call('SADD', KEYS[2], KEYS[1])
redis.call('EXPIRE', KEYS[2], 3600)
END

# node; redis: the servers, by number; seed; stop_file: a path of its own.
sub new
{
	my ($class, %params) = @_;

	return $class->SUPER::new(%params);
}

sub create_tables
{
	my ($self) = @_;
	my %count = map { ($_ => subject_count($_)) } 'item', 'bucket', 'note', 'event', 'bulk';
	my $writers = $self->WRITERS;

	$self->{node}->safe_psql('postgres', <<"END" . rules_sql());
CREATE TABLE bucket (id int PRIMARY KEY, label uuid NOT NULL) WITH (fillfactor = 20);
INSERT INTO bucket SELECT n, gen_random_uuid() FROM generate_series(0, $count{bucket} - 1) n;
CREATE TABLE item (id int PRIMARY KEY, bucket int NOT NULL, version uuid NOT NULL DEFAULT gen_random_uuid()) WITH (fillfactor = 20);
CREATE INDEX ON item (bucket);
INSERT INTO item SELECT n, n % $count{bucket} FROM generate_series(0, $count{item} - 1) n;
CREATE TABLE note (id int PRIMARY KEY, version text NOT NULL DEFAULT gen_random_uuid());
INSERT INTO note SELECT n FROM generate_series(0, $count{note} - 1) n;
CREATE TABLE event (id int PRIMARY KEY, version uuid NOT NULL DEFAULT gen_random_uuid()) PARTITION BY RANGE (id);
CREATE TABLE event_old PARTITION OF event FOR VALUES FROM (0) TO ($count{event} / 2);
CREATE TABLE event_new PARTITION OF event FOR VALUES FROM ($count{event} / 2) TO ($count{event});
INSERT INTO event SELECT n FROM generate_series(0, $count{event} - 1) n;
CREATE TABLE bulk (id int PRIMARY KEY, version uuid NOT NULL DEFAULT gen_random_uuid());
INSERT INTO bulk SELECT n FROM generate_series(0, $count{bulk} - 1) n;
CREATE TABLE progress (writer int PRIMARY KEY, transactions int NOT NULL) WITH (fillfactor = 20);
INSERT INTO progress SELECT n, 0 FROM generate_series(0, $writers - 1) n;
END
	return;
}

sub start
{
	my ($self) = @_;

	unlink($self->{stop_file});
	return $self->SUPER::start(FOREVER);
}

# Asks the workers to end and waits for it; the sums of what they counted.
sub finish
{
	my ($self) = @_;

	open(my $file, '>', $self->{stop_file}) or die "$self->{stop_file}: $!";
	close($file);
	return $self->SUPER::finish;
}

sub _is_over
{
	my ($self, $until) = @_;

	return -e $self->{stop_file} || $self->SUPER::_is_over($until);
}

# --- writers ---

sub _any { return int(rand(subject_count($_[0]))); }

sub _change_item { return 'UPDATE item SET version = gen_random_uuid() WHERE id = ' . _any('item'); }

sub _change { return "UPDATE $_[0] SET version = gen_random_uuid() WHERE id = " . _any($_[0]); }

sub _relabel { return 'UPDATE bucket SET label = gen_random_uuid() WHERE id = ' . _any('bucket'); }

# In an order in which they cannot deadlock.
sub _change_items
{
	my ($count) = @_;
	my %change = map { my $statement = _change_item(); ($statement =~ /(\d+)$/ => $statement) } 1 .. $count;

	return map { $change{$_} } sort { $a <=> $b } keys %change;
}

# Savepoints in each other and one after another, some of them rolled back.
sub _storm
{
	my ($count) = @_;

	return ('BEGIN', (map {
		("SAVEPOINT s$_", _change_item(), _change('note'), rand() < 0.4 ? "ROLLBACK TO s$_" : rand() < 0.5 ? "RELEASE s$_" : ())
	} 1 .. $count), 'COMMIT');
}

# Readers lock a bucket before they read its items: what items it has must not
# change meanwhile.
sub _move_item
{
	my ($id, $bucket) = (_any('item'), _any('bucket'));

	return ('BEGIN', 'LOCK TABLE bucket IN EXCLUSIVE MODE',
		rand() < 0.7
		? "UPDATE item SET bucket = $bucket, version = gen_random_uuid() WHERE id = $id"
		: ("DELETE FROM item WHERE id = $id", "INSERT INTO item VALUES ($id, $bucket)"),
		'COMMIT');
}

# The statements of a transaction; a number among them is a pause.  More is read
# than written, or nothing would be cached for long.
sub _choose_transaction
{
	my $choice = rand(100);

	pause(rand(0.02));
	return (_change_item()) if $choice < 30;
	return (_change('note')) if $choice < 38;
	return (_change('event')) if $choice < 46;
	return (_relabel()) if $choice < 54;
	return ('BEGIN', _change_items(2 + int(rand(5))), 'COMMIT') if $choice < 64;
	return ('BEGIN', _change_items(2), _change('note'), 'ROLLBACK') if $choice < 72;
	return ('BEGIN', _change_item(), rand(0.1), 'COMMIT') if $choice < 77;
	return _storm(1 + int(rand(4))) if $choice < 87;
	return _move_item() if $choice < 90;
	return ('UPDATE item SET version = gen_random_uuid() WHERE bucket = ' . _any('bucket'))
	  if $choice < 95;
	return ('UPDATE bulk SET version = gen_random_uuid() WHERE id % 60 = ' . _any('bucket')) if $choice < 97;
	return ('BEGIN', _relabel(), 'ROLLBACK TO nothing', 'COMMIT') if $choice < 98;
	return (_change('bulk'));
}

# --- readers ---

# The query of an entry's value, and what has to be locked before.
sub _queries
{
	my ($style, $subject, $id) = @_;
	my $lock = $style eq 'versioned' || $style eq 'raced' ? '' : 'FOR SHARE';
	my $label = $style eq 'derived' ? "|| ' ' || (SELECT label FROM (SELECT label FROM bucket WHERE id = min(bucket) $lock) b)" : '';

	return ("SELECT version FROM $subject WHERE id = $id $lock") if !$label && $subject ne 'bucket';
	return ("SELECT min(version::text) $label FROM (SELECT bucket, version FROM item WHERE id = $id $lock) locked") if $subject eq 'item';
	return ($lock ? "SELECT FROM bucket WHERE id = $id $lock" : (), <<"END");
SELECT md5(string_agg(version::text, ',' ORDER BY id)) $label FROM
	(SELECT id, bucket, version FROM item WHERE bucket = $id ORDER BY id $lock) locked
END
}

sub _client
{
	my ($self, $target) = @_;
	my $client = $self->{redis}[ $target->{server} ]->client or return undef;

	return eval { $client->command('SELECT', $target->{database}); $client };
}

# Until it is gone for certain: with Redis down, when Redis is back.
sub _take_back
{
	my ($self, $target, $key) = @_;

	wait_for {
		my $client = $self->_client($target);
		$client && eval { $client->command('DEL', $key); 1 };
	} 120 or die "what was stored cannot be taken back: $key\n";
	return;
}

sub _store
{
	my ($redis, $target, $entry, $key, $value) = @_;
	my ($style, $name) = split /:/, $entry, 2;
	my $tag = "$target->{prefix}tag:" . tag_of($target, $name);

	return $redis->command('SET', $key, $value, 'EX', 600) if $style ne 'tagged';
	return $redis->command_at($key, 'EVAL', STORE_IN_CLUSTER, 2, $key, $tag, $value) if is_in_cluster($target);
	return $redis->pipeline(['MULTI'], [ 'SET', $key, $value, 'EX', 600 ],
		[ 'SADD', $tag, $key ], [ 'EXPIRE', $tag, 3600 ], ['EXEC']);
}

# The value that is cached now, if all went well.  While the rows are locked
# nobody changes them.  Whatever fails, the client is not to be used again.
sub _fill_locked
{
	my ($self, $session, $redis, $target, $entry, $key, @queries) = @_;
	my ($value, $is_stored);

	my $done = eval {
		$session->query('BEGIN');
		$value = $session->query_value($_) foreach @queries;
		$is_stored = defined $value;
		_store($redis, $target, $entry, $key, $value) if $is_stored;
		$session->query('COMMIT');
		1;
	};
	return $value if $done;
	$self->_take_back($target, $key) if $is_stored;
	eval { $session->query('ROLLBACK') } unless $session->is_lost;
	die "not filled\n";
}

sub _fill_at_leisure
{
	my ($session, $redis, $key, $query) = @_;
	my $value = $session->query_value($query) // return undef;

	pause(rand(0.03)) if rand() < 0.5;
	$redis->command('SET', $key, $value, 'EX', 600);
	return $value;
}

sub _read_version
{
	my ($self, $redis, $counter) = @_;

	# what befalls counters; no value comes twice
	$redis->command('DEL', $counter) if rand() < 0.01;
	$redis->command('SET', $counter, 'garbage ' . rand() . time) if rand() < 0.01;
	return $self->SUPER::_read_version($redis, $counter);
}

# "hit", "nothing" if there is no such row, or the words of what was filled:
# target, full name, value, when its reading began and its storing ended.
sub _read_one
{
	my ($self, $session, $redis, $target, $style, $subject, $id) = @_;
	my $began = time;
	my $entry = "$style:$subject:$id";
	my $key = $target->{prefix} . $entry;

	$key .= ':' . ('a', 'b', 'c')[ rand 3 ] if $style eq 'listed';
	$key .= ':v' . $self->_read_version($redis, "$target->{prefix}ver:$subject:$id") if $style eq 'versioned';
	return 'hit' if defined $redis->command('GET', $key);
	my @queries = _queries($style, $subject, $id);
	my $value = $style eq 'versioned' || $style eq 'raced'
	  ? _fill_at_leisure($session, $redis, $key, @queries)
	  : $self->_fill_locked($session, $redis, $target, $entry, $key, @queries);
	return 'nothing' unless defined $value;
	return join(' ', map { s/ /_/gr } $target->{alias}, $key, $value, sprintf('%.6f', $began), sprintf('%.6f', time));
}

sub _read
{
	my ($self, $number, $until) = @_;
	my ($session, %redis, $hits, $result) = (undef, (), 0, '');

	until ($self->_is_over($until))
	{
		my ($target, $style, $subject, $id) = choose_entry();
		my $alias = $target->{alias};

		$session ||= eval { $self->_connect } or next;
		$redis{$alias} ||= $self->_client($target) or pause(0.005), next;
		my $outcome = eval { $self->_read_one($session, $redis{$alias}, $target, $style, $subject, $id) };
		if (!defined $outcome)
		{
			die $@ if $@ =~ /cannot be taken back/;
			delete $redis{$alias};
			pause(0.005);
		}
		elsif ($outcome eq 'hit') { $hits++; }
		elsif ($outcome ne 'nothing') { $result .= "filled $outcome\n"; }
		undef $session if $session->is_lost;
		pause(rand(0.002));
	}
	return $result . "hits $hits\n";
}

1;
