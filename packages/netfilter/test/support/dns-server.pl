#!/usr/bin/perl
# Answers every question of DNS over UDP with an address of 203.0.0.0/16, another one for each number in the name (n17.example.org).
use strict;
use warnings;
use IO::Socket::INET;

# Connections to port 80 are open without anybody who accepts them.
my $web = IO::Socket::INET->new(LocalPort => 80, Proto => 'tcp', Listen => 4096) or die $!;
my $socket = IO::Socket::INET->new(LocalPort => 53, Proto => 'udp') or die $!;
alarm 600;
$| = 1;
print "ready\n";
while (my $from = $socket->recv(my $question, 512)) {
  my $number = $question =~ /n(\d+)/ ? $1 % 60000 : 0;
  my $record = pack('n n n N n C4', 0xc00c, 1, 1, 60, 4, 203, 0, $number >> 8, $number & 255);
  $socket->send(substr($question, 0, 2) . pack('n5', 0x8180, 1, 1, 0, 0) . substr($question, 12) . $record, 0, $from);
}
