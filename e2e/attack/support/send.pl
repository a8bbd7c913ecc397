# send.pl: sends what standard input says, one packet a line, headers included, as they are. Perl is on every Debian.
#   frame LINK HEX      an Ethernet frame, out of a link of this network namespace
#   ip4 ADDRESS HEX     an IPv4 packet of this host, which its output hooks see
#   ip6 ADDRESS HEX     the same of IPv6
use strict;
use warnings;
use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6 AF_INET6 IPPROTO_RAW);

my ($AF_PACKET, $ETH_P_ALL, $SIOCGIFINDEX) = (17, 0x0003, 0x8933);
my %sockets;

sub opened {
  my ($family, $protocol) = @_;
  return $sockets{"$family $protocol"} //= do {
    socket(my $socket, $family, SOCK_RAW, $protocol) or die "socket: $!\n";
    $socket;
  };
}

sub link_layer {
  my ($socket, $link, $frame) = @_;
  my $request = pack('a16 x16', $link);
  ioctl($socket, $SIOCGIFINDEX, $request) or die "$link: $!\n";
  # struct sockaddr_ll
  return pack('S n i S C C a8', $AF_PACKET, $ETH_P_ALL, unpack('x16 i', $request), 0, 0, 6, substr($frame, 0, 6));
}

while (my $line = <STDIN>) {
  my ($kind, $where, $hex) = split ' ', $line;
  my $packet = pack('H*', $hex);
  my ($socket, $to);
  if ($kind eq 'frame') {
    $socket = opened($AF_PACKET, 0);
    $to = link_layer($socket, $where, $packet);
  } elsif ($kind eq 'ip4') {
    $socket = opened(AF_INET, IPPROTO_RAW);
    $to = pack_sockaddr_in(0, inet_aton($where));
  } else {
    $socket = opened(AF_INET6, IPPROTO_RAW);
    $to = pack_sockaddr_in6(0, inet_pton(AF_INET6, $where));
  }
  # What the kernel itself refuses to send (an output hook rejects it) was sent for our purpose.
  defined(send($socket, $packet, 0, $to)) or $!{EPERM} or $!{EACCES} or warn "$line: $!\n";
}
