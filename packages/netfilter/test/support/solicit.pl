# solicit.pl LINK COUNT KIND [SOURCE]: sends COUNT requests, each from another source, or all from SOURCE (an IPv6 address as 32
# hexadecimal digits). KIND: ns (for fe80::1), rs, or arp (for 169.254.1.1). Every request says where its sender is, which enters
# the sender into the receiver's table of neighbours. Perl is on every Debian.
# Source: RFC 4861, sections 4.1 and 4.3; RFC 826.
use strict;
use warnings;
use Socket;
my ($link, $count, $kind, $fixed) = @ARGV;
my ($AF_PACKET, $ETH_P_ALL, $SIOCGIFINDEX) = (17, 0x0003, 0x8933);
socket(my $socket, $AF_PACKET, SOCK_RAW, 0) or die "socket: $!\n";
my $request = pack('a16 x16', $link);
ioctl($socket, $SIOCGIFINDEX, $request) or die "$link: $!\n";
my $index = unpack('x16 i', $request);
my $address = pack('S n i S C C a8', $AF_PACKET, $ETH_P_ALL, $index, 0, 0, 6, "\xff" x 6);
my $gateway = pack('H*', 'fe800000000000000000000000000001');

sub checksum {
  my $sum = unpack('%32n*', $_[0]);
  $sum = ($sum & 0xffff) + ($sum >> 16) while $sum > 0xffff;
  return ~$sum & 0xffff;
}

sub icmp6 {
  my ($from, $source, $group, $multicast, $icmp) = @_;
  substr($icmp, 2, 2) = pack('n', checksum($source . $group . pack('N x3 C', length $icmp, 58) . $icmp));
  return $multicast . $from . "\x86\xdd" . pack('N n C C', 0x60000000, length $icmp, 58, 255) . $source . $group . $icmp;
}

for my $number (1 .. $count) {
  my $from = "\x02\x00" . pack('N', $number);
  my $source = defined $fixed ? pack('H*', $fixed) : pack('H* N', 'fe8000000000000000000bad', $number);
  my $frame;
  if ($kind eq 'ns') {
    my $group = pack('H*', 'ff0200000000000000000001ff000001');
    $frame = icmp6($from, $source, $group, "\x33\x33\xff\x00\x00\x01", pack('C C x6', 135, 0) . $gateway . "\x01\x01" . $from);
  } elsif ($kind eq 'rs') {
    my $group = pack('H*', 'ff020000000000000000000000000002');
    $frame = icmp6($from, $source, $group, "\x33\x33\x00\x00\x00\x02", pack('C C x6', 133, 0) . "\x01\x01" . $from);
  } else {
    my $sender = pack('C2 n', 10, 2, $number & 0xffff);
    $frame = "\xff" x 6 . $from . "\x08\x06" . pack('n n C C n', 1, 0x0800, 6, 4, 1) . $from . $sender . "\x00" x 6 . pack('C4', 169, 254, 1, 1);
  }
  defined(send($socket, $frame, 0, $address)) or $!{ENOBUFS} or die "send: $!\n";
}
