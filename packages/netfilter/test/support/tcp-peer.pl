#!/usr/bin/perl
# One end of a TCP connection, of either family: connects to an address and a port, or accepts one at a port. Does what its input
# says, a word a line, and repeats the word when it is done: "finish" (sends FIN), "close", or "reset".
use strict;
use warnings;
use IO::Socket::IP;
use Socket qw(SOL_SOCKET SO_LINGER);
my ($port, $address) = @ARGV;
$| = 1;
my $socket;
if (defined $address) {
    $socket = IO::Socket::IP->new(PeerAddr => $address, PeerPort => $port, Timeout => 2) or die "connect: $@";
} else {
    my $listener = IO::Socket::IP->new(
        LocalAddr => '::', LocalPort => $port, Listen => 1, ReuseAddr => 1, V6Only => 0
    ) or die "listen: $@";
    print "listening\n";
    $socket = $listener->accept or die "accept: $!";
    $listener->close;
}
print "connected\n";
while (defined(my $word = <STDIN>)) {
    chomp $word;
    setsockopt($socket, SOL_SOCKET, SO_LINGER, pack('II', 1, 0)) or die "linger: $!" if $word eq 'reset';
    $word eq 'finish' ? shutdown($socket, 1) : close($socket);
    print "$word\n";
}
