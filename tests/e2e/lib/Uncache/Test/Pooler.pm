# A pgbouncer in front of a PostgreSQL.
package Uncache::Test::Pooler;

use strict;
use warnings FATAL => 'all';

use parent 'Uncache::Test::Process';

use PostgreSQL::Test::Cluster ();
use PostgreSQL::Test::Utils ();
use Uncache::Test::Wait qw(wait_for);

# node: the server; mode: session, transaction or statement.
sub new
{
	my ($class, $name, %params) = @_;
	my $directory = PostgreSQL::Test::Utils::tempdir_short();
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my ($config, $users) = ("$directory/pgbouncer.ini", "$directory/users");

	PostgreSQL::Test::Utils::append_to_file($users, qq("uncached" ""\n));
	PostgreSQL::Test::Utils::append_to_file($config, <<"END");
[databases]
postgres = host=@{[ $params{node}->host ]} port=@{[ $params{node}->port ]}
[pgbouncer]
unix_socket_dir = $directory
listen_port = $port
pool_mode = $params{mode}
auth_type = trust
auth_file = $users
ignore_startup_parameters = extra_float_digits
END
	my $self = $class->SUPER::new(name => $name, command => [ 'pgbouncer', $config ]);
	@$self{ 'directory', 'port' } = ($directory, $port);
	return $self;
}

# Waits until it does; false if it does not.
sub listens
{
	my ($self) = @_;

	return wait_for { -S "$self->{directory}/.s.PGSQL.$self->{port}" };
}

sub dsn { return "host=$_[0]->{directory} port=$_[0]->{port} dbname=postgres user=uncached"; }

1;
