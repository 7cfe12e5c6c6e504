# A Redis with two replicas, and three sentinels that watch over them, on loopback.
#
# As an operator's script would, rejoin makes a server that comes back a replica of the master at
# once: sentinels take 10 s for it.  password is what servers want, sentinel_password what sentinels
# want; tls => [CERTIFICATE, KEY, CA] has all of them speak nothing but TLS.
package Uncache::Test::RedisSentinels;

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster ();
use PostgreSQL::Test::Utils ();
use Uncache::Test::Process;
use Uncache::Test::Redis;
use Uncache::Test::RedisClient;
use Uncache::Test::Wait qw(wait_for);

use constant {
	MASTER => 'mymaster',
	SERVERS => 3,
	SENTINELS => 3,
};

sub new
{
	my ($class, $name, %params) = @_;
	my $self = bless { name => $name, %params, servers => [], sentinels => [] }, $class;

	foreach my $number (1 .. SERVERS)
	{
		my $port = PostgreSQL::Test::Cluster::get_free_port();
		my @auth = defined $params{password} ? ('--masterauth', $params{password}) : ();
		my $server = Uncache::Test::Redis->new("${name}_$number", tcp => 1, port => $port, password => $params{password},
			config => [ '--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1', @auth, $self->_listen('--', $port) ])->start;

		push @{ $self->{servers} }, $server;
	}
	my ($master, @replicas) = @{ $self->{servers} };
	$_->command('REPLICAOF', '127.0.0.1', $master->port) foreach @replicas;
	push @{ $self->{sentinels} }, $self->_start_sentinel($_) foreach 1 .. SENTINELS;
	$self->wait_whole or die 'the sentinels do not see each other';
	return $self;
}

# Settings, each after the prefix and with its value behind it.
sub _listen
{
	my ($self, $prefix, $port) = @_;
	my ($certificate, $key, $authority) = @{ $self->{tls} // [] };
	my @settings = ([ port => $port ]);

	@settings = ([ port => 0 ], [ 'tls-port' => $port ], [ 'tls-cert-file' => $certificate ], [ 'tls-key-file' => $key ],
		[ 'tls-ca-cert-file' => $authority ], [ 'tls-auth-clients' => 'no' ], [ 'tls-replication' => 'yes' ]) if $self->{tls};
	return map { ("$prefix$_->[0]", $_->[1]) } @settings;
}

sub _sentinel_settings
{
	my ($self, $port) = @_;
	my @words = $self->_listen('', $port);
	my @lines;

	push @lines, join(' ', splice(@words, 0, 2)) while @words;
	push @lines, "requirepass $self->{sentinel_password}", "sentinel sentinel-pass $self->{sentinel_password}"
	  if defined $self->{sentinel_password};
	return join("\n", @lines);
}

sub _start_sentinel
{
	my ($self, $number) = @_;
	my $directory = PostgreSQL::Test::Utils::tempdir_short();
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my ($master, $master_name) = ($self->{servers}->[0]->port, MASTER);
	my ($listen, $password) = ($self->_sentinel_settings($port), $self->{password});
	my $auth = defined $password ? "sentinel auth-pass $master_name $password" : '';

	PostgreSQL::Test::Utils::append_to_file("$directory/sentinel.conf", <<"END");
$listen
bind 127.0.0.1
dir $directory
unixsocket $directory/sentinel.sock
sentinel monitor $master_name 127.0.0.1 $master 2
sentinel down-after-milliseconds $master_name 700
sentinel failover-timeout $master_name 2000
sentinel parallel-syncs $master_name 2
$auth
END
	my $process = Uncache::Test::Process->new(name => "$self->{name}_sentinel_$number",
		command => [ 'redis-server', "$directory/sentinel.conf", '--sentinel' ])->start;
	wait_for { -S "$directory/sentinel.sock" } or die 'a sentinel does not start: ' . $process->log;
	return { process => $process, port => $port, socket => "$directory/sentinel.sock" };
}

sub sentinels { return @{ $_[0]->{sentinels} }; }
sub servers { return @{ $_[0]->{servers} }; }

sub url
{
	my ($self, $scheme, $credentials) = @_;

	return ($scheme // 'redis+sentinel') . '://' . ($credentials // '')
	  . join(',', map { "127.0.0.1:$_->{port}" } $self->sentinels) . '/' . MASTER;
}

sub ask
{
	my ($self, $sentinel, @command) = @_;
	my $client = Uncache::Test::RedisClient->connect(socket => $sentinel->{socket}) or return undef;

	$client->command('AUTH', $self->{sentinel_password}) if defined $self->{sentinel_password};
	return $client->command('SENTINEL', @command, MASTER);
}

# A field of what a sentinel knows of the master.
sub state
{
	my ($self, $sentinel, $field) = @_;
	my %state = @{ $self->ask($sentinel, 'MASTER') };

	return $state{$field};
}

# The server that most sentinels name, if it says so itself.
sub master
{
	my ($self) = @_;
	my %votes;

	foreach my $sentinel ($self->sentinels)
	{
		my $address = eval { $self->ask($sentinel, 'get-master-addr-by-name') } or next;
		$votes{ $address->[1] }++;
	}
	my ($server) = grep { ($votes{ $_->port } // 0) >= 2 } $self->servers;
	return undef unless $server && $server->is_running && !$self->{stopped}->{ $server->pid };
	return _info($server, 'role') eq 'master' ? $server : undef;
}

# The one that says so itself.
sub master_without_sentinels
{
	my ($self) = @_;
	my ($server) = grep { _info($_, 'role') eq 'master' } $self->servers;

	return $server;
}

# Over a connection of its own: sentinels cut those that they find; "" while it is down.
sub _info
{
	my ($server, $field) = @_;
	my $text = eval { $server->client->command('INFO', 'replication') } // '';

	return $text =~ /^\Q$field\E:(.*?)\r$/m ? $1 : '';
}

sub _replicate
{
	my ($server, $port) = @_;

	wait_for { eval { $server->client->command('REPLICAOF', '127.0.0.1', $port) } } 10 or die 'no REPLICAOF';
	return;
}

# All servers follow the master, and all sentinels know all.
sub wait_whole
{
	my ($self) = @_;

	return wait_for { eval { $self->_is_whole } } 40;
}

sub _is_whole
{
	my ($self) = @_;
	my $master = $self->master or return 0;

	return 0 if grep { $_ != $master && !(_info($_, 'master_link_status') eq 'up' && _info($_, 'master_port') eq $master->port) } $self->servers;
	return !grep {
		$self->state($_, 'num-other-sentinels') != SENTINELS - 1 || $self->state($_, 'num-slaves') != SERVERS - 1
		  || $self->state($_, 'flags') ne 'master'
	} $self->sentinels;
}

# Another one takes over within some seconds.
sub wait_master_after
{
	my ($self, $old) = @_;

	return wait_for { my $master = $self->master; $master && $master != $old } 30;
}

# Sentinels are asked to fail over.
sub switch_over
{
	my ($self) = @_;
	my $old = $self->master;

	wait_for { eval { $self->ask(($self->sentinels)[0], 'FAILOVER') } // '' eq 'OK' } 10 or die 'no FAILOVER';
	$self->wait_master_after($old) or die 'no failover';
	return $old;
}

sub kill_master
{
	my ($self) = @_;
	my $old = $self->master;

	$old->kill9;
	$self->wait_master_after($old) or die 'no failover';
	return $old;
}

# It is stopped, and comes back as the master that it was.
sub stop_master
{
	my ($self) = @_;
	my $old = $self->master;

	$self->{stopped}->{ $old->pid } = 1;
	kill('STOP', $old->pid);
	$self->wait_master_after($old) or die 'no failover';
	return $old;
}

sub go_on
{
	my ($self, $server) = @_;

	kill('CONT', $server->pid);
	delete $self->{stopped}->{ $server->pid };
	return;
}

sub rejoin
{
	my ($self, $server) = @_;

	$server->start unless $server->is_running;
	_replicate($server, $self->master->port);
	return;
}

# The replicas get nothing any more, and know of no reason.
sub cut_off
{
	my ($self) = @_;
	my $master = $self->master;

	_replicate($_, 1) foreach grep { $_ != $master } $self->servers;
	return;
}

# For the workload: where an application's client would come to; undef if nobody is there.
sub client
{
	my ($self) = @_;

	foreach my $sentinel ($self->sentinels)
	{
		my $address = eval { $self->ask($sentinel, 'get-master-addr-by-name') } or next;
		my ($server) = grep { $_->port == $address->[1] } $self->servers;

		return $server->client if _info($server, 'role') eq 'master';
	}
	return undef;
}

1;
