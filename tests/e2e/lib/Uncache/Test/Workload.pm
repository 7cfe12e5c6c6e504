# Writers that change rows and readers that cache them, in processes of their
# own, and a checker that compares what is cached with the database.
#
# An item's version is a UUID that never comes again.  Two kinds of keys:
# item:<id> holds an item's version, bucket:<n> those of all items of a
# bucket.  Readers fill without a race: they hold the rows' share lock while
# they SET, and take back what they have set if their transaction fails.
#
# Servers may die under all of them at any time.
package Uncache::Test::Workload;

use strict;
use warnings FATAL => 'all';

use POSIX ();
use PostgreSQL::Test::Utils ();
use Time::HiRes qw(time);
use Uncache::Test::Session;
use Uncache::Test::Wait qw(wait_for pause);

use constant {
	BUCKETS => 40,
	BUCKET_ITEMS => 8,
	WRITERS => 4,
	READERS => 3
};

use constant ITEMS => BUCKETS * BUCKET_ITEMS;

# node and redis: the servers; seed: what the choices are made from.
sub new
{
	my ($class, %params) = @_;

	return bless { %params, parent => $$ }, $class;
}

sub create_tables
{
	my ($self) = @_;

	$self->{node}->safe_psql('postgres', sprintf <<'END', ITEMS, BUCKETS, WRITERS);
CREATE TABLE item (id int PRIMARY KEY, bucket int NOT NULL, version uuid NOT NULL) WITH (fillfactor = 20);
CREATE INDEX ON item (bucket);
INSERT INTO item SELECT n, n %% %2$d, gen_random_uuid() FROM generate_series(0, %1$d - 1) n;
CREATE TABLE progress (writer int PRIMARY KEY, transactions int NOT NULL) WITH (fillfactor = 20);
INSERT INTO progress SELECT n, 0 FROM generate_series(0, %3$d - 1) n;
SELECT uncache.watch('item', 'item:{id}', 'bucket:{bucket}');
END
	return;
}

# Starts all workers, which end by themselves after some seconds.
sub start
{
	my ($self, $seconds) = @_;
	my $until = time + $seconds;

	$self->{round}++;
	$self->{end_file} = PostgreSQL::Test::Utils::tempdir_short() . '/end';
	$self->{workers} = [
		(map { $self->_fork('_write', $_, $until) } 0 .. WRITERS - 1),
		(map { $self->_fork('_read', WRITERS + $_, $until) } 0 .. READERS - 1) ];
	return;
}

# They end before their time; to be followed by finish.
sub end_early
{
	my ($self) = @_;

	open(my $file, '>', $self->{end_file}) or die "$self->{end_file}: $!";
	close($file) or die "$self->{end_file}: $!";
	return;
}

# Waits for their end; the sums of what they counted.
sub finish
{
	my ($self) = @_;
	my %sums = (fills => []);

	foreach my $worker (@{ $self->{workers} })
	{
		while (my $line = readline($worker->{pipe}))
		{
			my ($name, @values) = split ' ', $line;

			if ($name eq 'filled') { push @{ $sums{fills} }, \@values; }
			else { $sums{$name} += $values[0]; }
		}
		waitpid($worker->{pid}, 0);
		$sums{failures}++ if $?;
	}
	return \%sums;
}

# All of it: everybody works for some seconds with these faults spread over them,
# the last one shortly before the end, lest later changes hide what it has spoilt.
sub play
{
	my ($self, $seconds, @faults) = @_;
	my $begin = time;

	$self->start($seconds);
	for my $n (1 .. @faults)
	{
		wait_for { time > $begin + $seconds * $n / (@faults + 0.4) } $seconds;
		$faults[ $n - 1 ]->();
	}
	return $self->finish;
}

# The child must run neither destructors nor END blocks: the servers are not its own.
sub _fork
{
	my ($self, $work, $number, $until) = @_;

	pipe(my $reading, my $writing) or die "pipe: $!";
	my $pid = fork();
	die "fork: $!" unless defined $pid;
	if ($pid == 0)
	{
		close($reading);
		srand($self->{seed} + 1000 * $self->{round} + $number);
		my $done = eval {
			print $writing $self->$work($number, $until);
			close($writing);
		};
		warn $@ unless $done;
		POSIX::_exit($done ? 0 : 1);
	}
	close($writing);
	return { pid => $pid, pipe => $reading };
}

# Also when the test itself has ended.
sub _is_over
{
	my ($self, $until) = @_;

	return time >= $until || getppid() != $self->{parent} || -e $self->{end_file};
}

sub _connect
{
	my ($self) = @_;

	my $session = wait_for { Uncache::Test::Session->connect($self->{node}) };
	die "PostgreSQL stays away\n" unless $session;
	$session->query('SET synchronous_commit = off');
	return $session;
}

# --- writers ---

sub _change
{
	my ($condition) = @_;

	return "UPDATE item SET version = gen_random_uuid() WHERE $condition";
}

sub _change_item { return _change('id = ' . int(rand(ITEMS))); }

# Items of one transaction, in an order in which they cannot deadlock.
sub _change_items
{
	my ($count) = @_;

	return map { _change("id = $_") } sort { $a <=> $b } map { int(rand(ITEMS)) } 1 .. $count;
}

# The statements of a transaction; a number among them is a pause.
sub _choose_transaction
{
	my $choice = rand(100);

	return (_change_item()) if $choice < 50;
	return ('BEGIN', _change_items(2 + int(rand(5))), 'COMMIT') if $choice < 65;
	return ('BEGIN', _change_items(2), 'ROLLBACK') if $choice < 75;
	return ('BEGIN', _change('bucket = ' . int(rand(BUCKETS))), 'COMMIT') if $choice < 80;
	return ('BEGIN', _change_item(), rand(0.1), 'COMMIT') if $choice < 83;
	return ('BEGIN', _change_item(), 'SAVEPOINT a', _change_item(), 'ROLLBACK TO a',
		'SAVEPOINT b', _change_item(), 'RELEASE b', 'COMMIT');
}

# Whether it was committed; an error dies.
sub _run
{
	my ($session, $number, @statements) = @_;

	if (@statements == 1)
	{
		unshift @statements, 'BEGIN';
		push @statements, 'COMMIT';
	}
	splice(@statements, 1, 0, "UPDATE progress SET transactions = transactions + 1 WHERE writer = $number");
	foreach my $statement (@statements)
	{
		if ($statement =~ /^[0-9]/) { pause($statement); }
		else { $session->query($statement); }
	}
	return $statements[-1] eq 'COMMIT' ? 1 : 0;
}

sub _write
{
	my ($self, $number, $until) = @_;
	my ($session, $committed, $known, $lost) = (undef, 0, 0, 0);

	until ($self->_is_over($until))
	{
		if (!$session)
		{
			$session = eval { $self->_connect } or next;
			my $transactions = eval {
				$session->query_value("SELECT transactions FROM progress WHERE writer = $number");
			};
			undef $session, next unless defined $transactions;
			$lost += $known - $transactions if $transactions < $known;
			$known = $transactions;
		}
		my $change = eval { _run($session, $number, $self->_choose_transaction) };
		if (defined $change)
		{
			$committed += $change;
			$known += $change;
		}
		elsif ($session->is_lost || !eval { $session->query('ROLLBACK') })
		{
			undef $session;
		}
		pause(rand(0.004));
	}
	return "writes $committed\ncommits_lost $lost\n";
}

# --- readers ---

sub _choose_key
{
	return rand() < 0.8 ? 'item:' . int(rand(ITEMS)) : 'bucket:' . int(rand(BUCKETS));
}

sub _locking_query
{
	my ($kind, $number) = split /:/, $_[0];

	return "SELECT version FROM item WHERE id = $number FOR SHARE" if $kind eq 'item';
	return <<"END";
SELECT string_agg(version::text, ',' ORDER BY id) FROM
	(SELECT id, version FROM item WHERE bucket = $number ORDER BY id FOR SHARE) locked
END
}

# The value that is cached now, if all went well.
sub _fill
{
	my ($session, $redis, $key) = @_;
	my $value;

	my $done = eval {
		$session->query('BEGIN');
		$value = $session->query_value(_locking_query($key));
		$redis->command('SET', $key, $value);
		$session->query('COMMIT');
		1;
	};
	return $value if $done;
	eval { $redis->command('DEL', $key) };
	eval { $session->query('ROLLBACK') } unless $session->is_lost;
	return undef;
}

# Whether it was a hit; otherwise the full name and value of what was filled.
sub _read_any
{
	my ($self, $session, $redis) = @_;
	my $key = _choose_key();

	return 1 if defined $redis->command('GET', $key);
	return (0, $key, _fill($session, $redis, $key));
}

# A counter's value, as docs/clients.md says.
sub _read_version
{
	my ($self, $redis, $counter) = @_;

	while (1)
	{
		my $value = $redis->command('GET', $counter);
		return $value if defined $value;
		my $start = sprintf('%.0f', time * 1e6);
		return $start if defined $redis->command('SET', $counter, $start, 'NX');
	}
}

sub _connect_reader { return $_[0]->_connect; }

sub _read
{
	my ($self, $number, $until) = @_;
	my ($session, $redis, $hits, $result) = (undef, undef, 0, '');

	until ($self->_is_over($until))
	{
		$session ||= eval { $self->_connect_reader } or next;
		$redis ||= $self->{redis}->client;
		my ($is_hit, $key, $value) = eval { $self->_read_any($session, $redis) };
		if (!defined $is_hit) { undef $redis; pause(0.005); }
		elsif ($is_hit) { $hits++; }
		# results are words
		elsif (defined $value) { $result .= join(' ', 'filled', map { s/ /_/gr } $key, $value) . "\n"; }
		undef $session if $session->is_lost;
		pause(rand(0.002));
	}
	return $result . "hits $hits\n";
}

# --- checker ---

# What every key's value has to be.
sub _truth
{
	my ($self) = @_;
	my $rows = Uncache::Test::Session->connect($self->{node})->query(<<'END');
SELECT 'item:' || id, version::text FROM item
UNION ALL
SELECT 'bucket:' || bucket, string_agg(version::text, ',' ORDER BY id) FROM item GROUP BY bucket
END

	return { map { @$_ } @$rows };
}

# What check() has found, for people.
sub describe_cache
{
	my ($self, $verdict) = @_;

	return sprintf('%d keys cached, %d stale', $verdict->{cached}, scalar @{ $verdict->{stale} });
}

# cached: keys in Redis; stale: those with another value than they have to
# have; superseded: of the fills, those whose row has changed since, lost: those
# of them that are cached still.
sub check
{
	my ($self, $fills) = @_;
	my $truth = $self->_truth;
	my $redis = $self->{redis}->client;
	my @keys = @{ $redis->command('KEYS', '*') };
	my %cached;

	@cached{@keys} = $redis->pipeline(map { [ 'GET', $_ ] } @keys);
	my @superseded = grep { $_->[1] ne $truth->{ $_->[0] } } @$fills;
	return {
		cached => scalar @keys,
		stale => [ grep { $cached{$_} ne $truth->{$_} } sort @keys ],
		superseded => scalar @superseded,
		lost => scalar grep { ($cached{ $_->[0] } // '') eq $_->[1] } @superseded
	};
}

1;
