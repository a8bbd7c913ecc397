#!/usr/bin/perl
# Asks a name server, as ARGV says: "connect SERVER COUNT" asks for names that nobody asked for before, connects to port 80 of what
# the answer says, and prints the microseconds of both; "flood SERVER COUNT RATE" asks so many questions a second and prints how many were answered.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time sleep);

my ($mode, $server, $count, $rate) = @ARGV;
alarm 300;
sub question {
  my ($number) = @_;
  return pack('n6', $number & 0xffff, 0x0100, 1, 0, 0, 0)
    . join('', map { pack('C/a', $_) } "n$number", 'example', 'org') . "\0" . pack('n n', 1, 1);
}
my $start = int(rand(1000)) * 60;
my $dns = IO::Socket::INET->new(PeerAddr => $server, PeerPort => 53, Proto => 'udp') or die $!;
if ($mode eq 'connect') {
  for my $number ($start .. $start + $count - 1) {
    my $begin = time;
    $dns->send(question($number));
    $dns->recv(my $answer, 512);
    my $address = join('.', unpack('C4', substr($answer, -4)));
    my $web = IO::Socket::INET->new(PeerAddr => $address, PeerPort => 80, Proto => 'tcp');
    printf "%s\n", $web ? int((time - $begin) * 1e6) : "refused $address $!";
  }
} else {
  my $answered = 0;
  my $select = IO::Select->new($dns);
  my $begin = time;
  for my $sent (0 .. $count - 1) {
    $dns->send(question($start + $sent % 800));
    while ($select->can_read(0)) { $dns->recv(my $answer, 512); $answered++; }
    my $ahead = $sent / $rate - (time - $begin);
    sleep($ahead) if $ahead > 0.001;
  }
  while ($select->can_read(1)) { $dns->recv(my $answer, 512); $answered++; }
  print "$answered\n";
}
