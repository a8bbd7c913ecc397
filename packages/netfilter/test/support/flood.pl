# flood.pl LINK HEX: sends a frame, headers included, again and again until the link goes away, some thousand times a second.
use strict;
use warnings;
use Socket;
my ($link, $hex) = @ARGV;
my ($AF_PACKET, $ETH_P_ALL, $SIOCGIFINDEX) = (17, 0x0003, 0x8933);
socket(my $socket, $AF_PACKET, SOCK_RAW, 0) or die "socket: $!\n";
my $request = pack('a16 x16', $link);
ioctl($socket, $SIOCGIFINDEX, $request) or die "$link: $!\n";
my $index = unpack('x16 i', $request);
my $frame = pack('H*', $hex);
# struct sockaddr_ll
my $to = pack('S n i S C C a8', $AF_PACKET, $ETH_P_ALL, $index, 0, 0, 6, substr($frame, 0, 6));
while (defined(send($socket, $frame, 0, $to)) or $!{ENOBUFS} or $!{ENETDOWN}) {
  select(undef, undef, undef, 0.0002);
}
