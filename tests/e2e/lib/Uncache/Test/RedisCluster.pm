# A Redis Cluster on loopback: primaries with a replica each.
#
# Commands go to the node that serves their key, as a client's do: command, fill, has and remaining are
# those of Uncache::Test::Redis.
package Uncache::Test::RedisCluster;

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster ();
use Uncache::Test::Proxy;
use Uncache::Test::Redis;
use Uncache::Test::RedisClient;
use Uncache::Test::Wait qw(wait_for pause);

use constant { SLOTS => 16384, FIRST_ADDRESS => 11 };

# primaries: how many, with as many replicas if "replicas" says so; config: settings of each node; proxied:
# all that nodes and clients say to a node goes through proxies, so that a node can be cut off from the others;
# tls: files of the certificate, its key and the CA; nodes have a port with TLS then, and use it among themselves.
sub new
{
	my ($class, $name, %params) = @_;
	my $self = bless { name => $name, config => $params{config} // [], is_proxied => $params{proxied}, tls => $params{tls}, nodes => [] }, $class;
	my $count = $params{primaries} // 3;
	my @primaries = map { $self->add_node } 1 .. $count;
	my $share = SLOTS / $count;

	$primaries[$_]->command('CLUSTER', 'ADDSLOTS', int($_ * $share) .. int(($_ + 1) * $share) - 1) for 0 .. $#primaries;
	$self->await_complete;
	if ($params{replicas})
	{
		$self->add_replica($_) for @primaries;
	}
	return $self;
}

# A node that serves nothing, known to all others.
sub add_node
{
	my ($self) = @_;
	my $number = @{ $self->{nodes} };
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $bus = PostgreSQL::Test::Cluster::get_free_port();
	my $way = $self->_make_way($number, $port, $bus);
	my $node = Uncache::Test::Redis->new("$self->{name}_$number",
		tcp => 1, port => $port,
		config => ['--cluster-enabled', 'yes', '--cluster-config-file', "nodes-$number.conf", '--cluster-node-timeout', 1000,
			'--cluster-port', $bus, '--cluster-replica-validity-factor', 0,
			'--repl-diskless-sync-delay', 0, '--repl-ping-replica-period', 1, @{ $way->{config} }, @{ $self->{config} }]);

	$node->start;
	# what others know of it
	$node->{$_} = $way->{$_} for keys %$way;
	push @{ $self->{nodes} }, $node;
	$node->command('CONFIG', 'SET', 'cluster-announce-ip', '127.0.0.1');
	foreach my $other (grep { $_ != $node && $_->is_running } @{ $self->{nodes} })
	{
		$other->command('CLUSTER', 'MEET', '127.0.0.1', @$way{qw(meet bus)});
		last;
	}
	wait_for { $self->_all_know_each_other } or die 'the nodes do not meet';
	return $node;
}

# How others come to a node: straight, or by proxies; then it has an address of its own when it connects to others.
sub _make_way
{
	my ($self, $number, $port, $bus) = @_;

	return $self->_make_tls_way($port, $bus) if $self->{tls};
	return { port => $port, bus => $bus, meet => $port, config => [] } unless $self->{is_proxied};
	my ($way_port, $way_bus) = map { PostgreSQL::Test::Cluster::get_free_port() } 1 .. 2;
	my $address = FIRST_ADDRESS + $number;

	return {
		port => $way_port, bus => $way_bus, meet => $way_port, address => $address,
		proxies => [
			Uncache::Test::Proxy->new(listen => $way_port, server => $port),
			Uncache::Test::Proxy->new(listen => $way_bus, server => $bus) ],
		config => [
			'--bind-source-addr', "127.0.0.$address", '--cluster-announce-port', $way_port,
			'--cluster-announce-bus-port', $way_bus ] };
}

sub _make_tls_way
{
	my ($self, $port, $bus) = @_;
	my $tls_port = PostgreSQL::Test::Cluster::get_free_port();

	return {
		port => $port, bus => $bus, meet => $tls_port, tls_port => $tls_port,
		config => [
			'--tls-port', $tls_port, '--tls-cert-file', $self->{tls}[0], '--tls-key-file', $self->{tls}[1],
			'--tls-ca-cert-file', $self->{tls}[2], '--tls-auth-clients', 'no', '--tls-cluster', 'yes', '--tls-replication', 'yes' ] };
}

# Nodes of a proxied cluster are cut off from all others; clients reach both sides.
sub cut_off
{
	my ($self, @nodes) = @_;
	my %is_cut = map { $_ => 1 } @nodes;

	foreach my $node (@{ $self->{nodes} })
	{
		my @others = map { $_->{address} } grep { !!$is_cut{$_} != !!$is_cut{$node} } @{ $self->{nodes} };

		$_->refuse(@others) for @{ $node->{proxies} };
	}
	return;
}

# All nodes reach each other.
sub join_again { return $_[0]->cut_off; }

sub running { return grep { $_->is_running } @{ $_[0]->{nodes} }; }

sub _all_know_each_other
{
	my ($self) = @_;
	my @running = $self->running;

	foreach my $node (@running)
	{
		my @connected = grep { / connected/ && !/handshake/ } split /\n/, $node->command('CLUSTER', 'NODES');

		return 0 if @connected < @running;
	}
	return 1;
}

sub id { return $_[1]->command('CLUSTER', 'MYID'); }

sub add_replica
{
	my ($self, $primary) = @_;
	my $node = $self->add_node;
	my $id = $self->id($primary);

	wait_for { eval { $node->command('CLUSTER', 'REPLICATE', $id); 1 } } or die 'no replica is made';
	wait_for { $node->info('master_link_status') eq 'up' } or die 'the replica does not follow';
	return $node;
}

# Waits until every node says that all slots are served.
sub await_complete
{
	my ($self) = @_;

	wait_for { !grep { $_->command('CLUSTER', 'INFO') !~ /cluster_state:ok/ } $self->running } or die 'the cluster is not complete';
	$self->{map} = undef;
	return;
}

sub nodes { return @{ $_[0]->{nodes} }; }
sub primaries { return grep { $_->is_running && $_->info('role') eq 'master' } @{ $_[0]->{nodes} }; }

# Of all nodes, or of some.
sub url
{
	my ($self, @nodes) = @_;

	return 'redis+cluster://' . join(',', map { '127.0.0.1:' . $_->port } @nodes ? @nodes : $self->nodes);
}

# The same of nodes with TLS.
sub tls_url { return 'rediss+cluster://' . join(',', map { "127.0.0.1:$_->{tls_port}" } $_[0]->nodes); }

# A command for each node; all answers.
sub everywhere { my ($self, @command) = @_; return map { $_->command(@command) } $self->running; }

sub slot { return ($_[0]->running)[0]->command('CLUSTER', 'KEYSLOT', $_[1]); }

# Which slots a node serves.
sub slots_of
{
	my ($self, $node) = @_;
	my ($line) = grep { /myself/ } split /\n/, $node->command('CLUSTER', 'NODES');
	my @words = split ' ', $line;

	return map { /^(\d+)-(\d+)$/ ? ($1 .. $2) : /^\d+$/ ? $_ : () } @words[ 8 .. $#words ];
}

# --- commands by their keys ---

# Another client, with connections of its own.
sub client
{
	my ($self) = @_;

	return bless { %$self, clients => {}, places => {} }, ref $self;
}

# One after the other: they go to different nodes.
sub pipeline
{
	my ($self, @commands) = @_;

	return map { $self->command(@$_) } @commands;
}

# Of all primaries.
sub _keys
{
	my ($self, $pattern) = @_;

	return [ map { @{ $_->command('KEYS', $pattern) } } $self->primaries ];
}

sub _client_at
{
	my ($self, $address) = @_;
	my ($port) = $address =~ /:(\d+)$/;

	return $self->{clients}{$port} //= Uncache::Test::RedisClient->connect(port => $port) // die "redis: connection lost\n";
}

sub _some_address
{
	my ($self) = @_;
	my @nodes = $self->running or die "redis: connection lost\n";

	return '127.0.0.1:' . $nodes[ rand @nodes ]->port;
}

# To whoever serves the key, wherever that leads.
sub _send
{
	my ($self, $key, @arguments) = @_;
	my $address = $self->{places}{$key} // $self->_some_address;
	my $asking = 0;

	for (1 .. 200)
	{
		my $reply = eval {
			my $client = $self->_client_at($address);

			$client->command('ASKING') if $asking;
			[ $client->command(@arguments) ];
		};

		return $reply->[0] if $reply;
		my $error = $@;
		delete $self->{clients}{ ($address =~ /:(\d+)$/)[0] } if $error =~ /connection lost/;
		$asking = $error =~ /^redis: ASK /;
		if ($error =~ /^redis: (?:MOVED|ASK) \d+ (\S+)/)
		{
			$address = $1;
			$self->{places}{$key} = $address unless $asking;
			next;
		}
		die $error unless $error =~ /^redis: (?:TRYAGAIN|CLUSTERDOWN|connection lost)/;
		pause(0.1);
		delete $self->{places}{$key};
		$address = $self->_some_address;
	}
	die "redis: no node takes $key\n";
}

# The key is the first argument behind the command.
sub command
{
	my ($self, $command, @arguments) = @_;

	return $self->_keys($arguments[0]) if $command eq 'KEYS';
	return $self->_send($arguments[0], $command, @arguments);
}

# One whose first argument is no key.
sub command_at { my ($self, $key, @command) = @_; return $self->_send($key, @command); }

sub fill
{
	my ($self, @keys) = @_;

	$self->command('SET', $_, 'cached') for @keys;
	return;
}

sub has { return $_[0]->command('EXISTS', $_[1]); }

sub remaining
{
	my ($self, @keys) = @_;

	return [ grep { $self->has($_) } @keys ];
}

# --- what happens to clusters ---

# Waits until a node says that it is a primary.
sub await_promotion
{
	my ($self, $node) = @_;

	wait_for { $node->info('role') eq 'master' } or die 'the replica is not promoted';
	return;
}

# The replica of a primary.
sub replica_of
{
	my ($self, $primary) = @_;

	return (grep { $_->is_running && $_->info('role') eq 'slave' && $_->info('master_port') == $primary->port } $self->nodes)[0];
}

# A primary dies, and its replica takes its place; then it comes back, as a replica.
sub fail_over
{
	my ($self, $primary) = @_;
	my $replica = $self->replica_of($primary);

	$primary->kill9;
	$self->await_promotion($replica);
	$primary->start;
	wait_for { $primary->info('role') eq 'slave' && $primary->info('master_link_status') eq 'up' } or die 'the dead one does not follow';
	$self->await_complete;
	return $replica;
}

# Primary and replica change places, as for an upgrade.
sub switch_over
{
	my ($self, $primary) = @_;
	my $replica = $self->replica_of($primary);

	$replica->command('CLUSTER', 'FAILOVER');
	$self->await_promotion($replica);
	wait_for { $primary->info('role') eq 'slave' && $primary->info('master_link_status') eq 'up' } or die 'the old primary does not follow';
	return $replica;
}

# A slot begins to move from one primary to another.
sub open_slot
{
	my ($self, $slot, $from, $to) = @_;

	# who has just joined takes nothing yet
	wait_for { $to->command('CLUSTER', 'INFO') =~ /cluster_state:ok/ } or die 'the node does not join';
	$to->command('CLUSTER', 'SETSLOT', $slot, 'IMPORTING', $self->id($from));
	$from->command('CLUSTER', 'SETSLOT', $slot, 'MIGRATING', $self->id($to));
	return;
}

# Its keys follow, and it is the other's.
sub close_slot
{
	my ($self, $slot, $from, $to) = @_;

	while (my @keys = @{ $from->command('CLUSTER', 'GETKEYSINSLOT', $slot, 10) })
	{
		$from->command('MIGRATE', '127.0.0.1', $to->port, '', 0, 5000, 'KEYS', @keys);
	}
	$to->command('CLUSTER', 'SETSLOT', $slot, 'NODE', $self->id($to));
	# whoever gave its last slot away may be a replica by now
	foreach my $node (grep { $_ != $to } $self->primaries)
	{
		eval { $node->command('CLUSTER', 'SETSLOT', $slot, 'NODE', $self->id($to)) };
	}
	return;
}

sub move_slot
{
	my ($self, $slot, $from, $to) = @_;

	$self->open_slot($slot, $from, $to);
	$self->close_slot($slot, $from, $to);
	return;
}

1;
