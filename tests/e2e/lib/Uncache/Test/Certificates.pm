# Certificates of a test's own, made by openssl: a CA, and what it signs.
package Uncache::Test::Certificates;

use strict;
use warnings FATAL => 'all';

use IPC::Run ();
use POSIX qw(strftime);
use PostgreSQL::Test::Utils ();

use constant DAY => 86400;

# A CA with this name, in a directory of its own.
sub new
{
	my ($class, $name) = @_;
	my $directory = PostgreSQL::Test::Utils::tempdir_short();
	my $self = bless { directory => $directory }, $class;

	_write("$directory/index", '');
	_write("$directory/ca.conf", <<"END");
[ca]
default_ca = test
[test]
database = $directory/index
new_certs_dir = $directory
certificate = $directory/ca.pem
private_key = $directory/ca.key
default_md = sha256
policy = any
unique_subject = no
rand_serial = yes
[any]
commonName = supplied
[req]
distinguished_name = any
END
	$self->{authority} = $self->_make('ca', $name, [ '-x509', '-days', 2, '-addext', 'basicConstraints=critical,CA:true' ]);
	return $self;
}

# The CA's certificate.
sub authority { return $_[0]->{authority}; }

# A certificate that the CA has signed: (file, file of its key).  names as openssl writes them,
# DNS:redis.test,IP:127.0.0.1; from and to: seconds from now on; usage: serverAuth, clientAuth.
sub sign
{
	my ($self, $name, %params) = @_;
	my $directory = $self->{directory};
	my $request = $self->_make("$name.request", $name, [], "$name.key");
	my $extensions = "extendedKeyUsage = " . ($params{usage} // 'serverAuth') . "\n";

	$extensions .= "subjectAltName = $params{names}\n" if defined $params{names};
	_write("$directory/$name.conf", $extensions);
	_run('openssl', 'ca', '-batch', '-notext', '-config', "$directory/ca.conf",
		'-startdate', _date($params{from} // -DAY()), '-enddate', _date($params{to} // DAY),
		'-extfile', "$directory/$name.conf", '-in', $request, '-out', "$directory/$name.pem");
	return ("$directory/$name.pem", "$directory/$name.key");
}

# The file of a certificate's key.
sub key { return "$_[0]->{directory}/$_[1].key"; }

# One that has signed itself.
sub self_signed
{
	my ($self, $name, $names) = @_;

	return ($self->_make($name, $name, [ '-x509', '-days', 2, '-addext', "subjectAltName=$names" ]),
		"$self->{directory}/$name.key");
}

# A key, and what "openssl req" makes of it.
sub _make
{
	my ($self, $file, $name, $options, $key) = @_;
	my $directory = $self->{directory};

	$key //= "$file.key";
	_run('openssl', 'req', '-new', '-config', "$directory/ca.conf", '-newkey', 'ec', '-pkeyopt',
		'ec_paramgen_curve:prime256v1', '-nodes', '-subj', "/CN=$name", '-keyout', "$directory/$key",
		'-out', "$directory/$file.pem", @$options);
	return "$directory/$file.pem";
}

sub _date { return strftime('%Y%m%d%H%M%SZ', gmtime(time + $_[0])); }

sub _write
{
	my ($path, $text) = @_;

	open(my $file, '>', $path) or die "$path: $!";
	print $file $text;
	close($file) or die "$path: $!";
	return;
}

sub _run
{
	my (@command) = @_;
	my ($output, $errors) = ('', '');

	IPC::Run::run(\@command, '<', '/dev/null', '>', \$output, '2>', \$errors) or die "@command: $errors";
	return;
}

1;
