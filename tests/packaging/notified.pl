# Runs a command as a service of Type=notify, and says when it is ready.
#
#   notified.pl SOCKET COMMAND...      exits with 0 after READY=1, the command goes on; 1 without
use strict;
use warnings FATAL => 'all';
use IO::Select;
use IO::Socket::UNIX;
use Socket qw(SOCK_DGRAM);

my ($path, @command) = @ARGV;
my $manager = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $path) or die "$path: $!";
chmod 0777, $path;
my $end = time + 30;
my $pid = fork() // die "fork: $!";

exec @command or die "$command[0]: $!" if $pid == 0;
print "$pid\n";
while (time < $end && IO::Select->new($manager)->can_read($end - time))
{
	$manager->recv(my $message, 4096);
	exit 0 if $message =~ /^READY=1$/m;
}
exit 1;
