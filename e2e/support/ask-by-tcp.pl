#!/usr/bin/perl
# Asks a name server over TCP for the address of a name, and connects to an address as soon as the answer is there.
use strict;
use warnings;
use IO::Socket::INET;

my ($server, $name, $address) = @ARGV;
alarm 20;
my $dns = IO::Socket::INET->new(PeerAddr => $server, PeerPort => 53, Proto => 'tcp') or die "no connection: $!";
my $question = join('', map { pack('C/a', $_) } split(/\./, $name)) . "\0" . pack('n n', 1, 1);
my $message = pack('n6', 4711, 0x0100, 1, 0, 0, 0) . $question;
# In two segments.
my $bytes = pack('n/a', $message);
$dns->autoflush(1);
setsockopt($dns, 6, 1, 1);
syswrite($dns, substr($bytes, 0, 5));
syswrite($dns, substr($bytes, 5));
sysread($dns, my $answer, 4096) or die 'no answer';
my $web = IO::Socket::INET->new(PeerAddr => $address, PeerPort => 80, Proto => 'tcp', Timeout => 5);
print $web ? "connected\n" : "refused: $!\n";
