# saturate.pl listen: takes what comes by TCP to port 5201, of both families, and forgets it.
# saturate.pl tcp|udp ADDRESS BYTES_PER_SEC: sends until it is killed; by TCP as fast as it can, by UDP so fast, in segments of 1400 bytes.
use strict;
use warnings;
use IO::Socket::IP;
use Time::HiRes qw(time sleep);

my ($what, $address, $bytesPerSec) = @ARGV;
my $SEGMENT = 1400;
my ($SOL_UDP, $UDP_SEGMENT) = (17, 103);
# As long as namespaces of tests live: nobody may be left to end this.
alarm 600;
$SIG{CHLD} = 'IGNORE';

if ($what eq 'listen') {
  my $listener = IO::Socket::IP->new(Listen => 16, LocalHost => '::', LocalPort => 5201, V6Only => 0, ReuseAddr => 1) or die "listen: $@\n";
  while (my $peer = $listener->accept) {
    next if fork;
    1 while sysread($peer, my $data, 1 << 18);
    exit;
  }
}
if ($what eq 'tcp') {
  my $socket = IO::Socket::IP->new(PeerHost => $address, PeerPort => 5201, Proto => 'tcp') or die "connect: $@\n";
  my $data = "\0" x (1 << 17);
  1 while syswrite($socket, $data);
}
if ($what eq 'udp') {
  # Nobody listens: what comes back is of no interest, so the socket is not connected.
  my $family = $address =~ /:/ ? AF_INET6 : AF_INET;
  socket(my $socket, $family, SOCK_DGRAM, 0) or die "socket: $!\n";
  my $to = $family == AF_INET6 ? pack_sockaddr_in6(9, Socket::inet_pton($family, $address)) : pack_sockaddr_in(9, Socket::inet_aton($address));
  setsockopt($socket, $SOL_UDP, $UDP_SEGMENT, pack('i', $SEGMENT)) or die "UDP_SEGMENT: $!\n";
  # As many as are due in a millisecond, up to what the kernel takes at once.
  my $segments = int($bytesPerSec / 1000 / $SEGMENT);
  $segments = $segments < 1 ? 1 : $segments > 44 ? 44 : $segments;
  my $data = "\0" x ($segments * $SEGMENT);
  my ($startedAt, $sent) = (time, 0);
  while (1) {
    my $due = (time - $startedAt) * $bytesPerSec;
    # What a busy machine kept from being sent is not made up for.
    $sent = $due - $bytesPerSec / 10 if $due - $sent > $bytesPerSec / 10;
    for (; $sent < $due; $sent += length $data) { send($socket, $data, 0, $to) }
    sleep(0.0005);
  }
}
