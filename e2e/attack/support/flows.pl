# flows.pl SOURCE TARGET COUNT [answers]: sends one IPv4 UDP packet of each of COUNT flows of this host, or the packets
# that answer those of TARGET. Each flow has ports of its own; an output hook sees the packets.
use strict;
use warnings;
use Socket qw(:DEFAULT IPPROTO_RAW);

my ($source, $target, $count, $answers) = @ARGV;
my ($FIRST_PORT, $PORTS) = (1_024, 64_000);
socket(my $socket, AF_INET, SOCK_RAW, IPPROTO_RAW) or die "socket: $!\n";
my $to = pack_sockaddr_in(0, inet_aton($target));
# The kernel fills in identification and checksum; UDP's checksum may be none.
my $header = pack('C C n n n C C n a4 a4', 0x45, 0, 28, 0, 0, 64, 17, 0, inet_aton($source), inet_aton($target));
for my $flow (0 .. $count - 1) {
  my @ports = ($FIRST_PORT + int($flow / $PORTS), $FIRST_PORT + $flow % $PORTS);
  @ports = reverse @ports if $answers;
  send($socket, $header . pack('n n n n', @ports, 8, 0), 0, $to) or $!{EPERM} or $!{ENOBUFS} or die "send: $!\n";
}
