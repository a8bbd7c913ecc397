#!/usr/bin/perl
# Sends a UDP packet from a port to a port of an address, and says whether an answer came within a second.
use strict;
use warnings;
use IO::Socket::IP;
my ($from, $to, $port) = @ARGV;
my $socket = IO::Socket::IP->new(
    PeerAddr => $to, PeerPort => $port, LocalPort => $from, Proto => 'udp', Type => Socket::SOCK_DGRAM()
) or die "socket: $@";
# On the host itself a refusal is an error at once.
defined $socket->send('hello') or do { print "none\n"; exit };
my $ready = '';
vec($ready, fileno($socket), 1) = 1;
my $count = select($ready, undef, undef, 1);
my $reply = $count ? $socket->recv(my $data, 100) : undef;
print defined $reply ? "answer\n" : "none\n";
