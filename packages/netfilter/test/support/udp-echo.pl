#!/usr/bin/perl
# Echoes UDP packets that come to a port, of both families; at SIGUSR1 it answers the last one again.
use strict;
use warnings;
use IO::Socket::IP;
my ($port) = @ARGV;
my $socket = IO::Socket::IP->new(
    LocalAddr => '::', LocalPort => $port, Proto => 'udp', Type => Socket::SOCK_DGRAM(), V6Only => 0
) or die "socket: $@";
$| = 1;
print "ready\n";
my $last;
# One answer more, as one that was late.
$SIG{USR1} = sub { $socket->send('late', 0, $last) };
while (1) {
    my $from = $socket->recv(my $data, 2000);
    next unless defined $from;
    $last = $from;
    $socket->send($data, 0, $from);
}
