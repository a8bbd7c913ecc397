#!/usr/bin/perl
# Echoes UDP packets that come to a port, of both families.
use strict;
use warnings;
use IO::Socket::IP;
my ($port) = @ARGV;
my $socket = IO::Socket::IP->new(
    LocalAddr => '::', LocalPort => $port, Proto => 'udp', Type => Socket::SOCK_DGRAM(), V6Only => 0
) or die "socket: $@";
$| = 1;
print "ready\n";
while (defined(my $from = $socket->recv(my $data, 2000))) { $socket->send($data, 0, $from) }
