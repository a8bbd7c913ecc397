# talk.pl serve PORT: answers every line of one connection with the same line.
# talk.pl ask ADDRESS PORT END: says a line every 20 ms, until the file END is there; then writes how many were said and
# how many were answered within two seconds each.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Select;

my ($what, @more) = @ARGV;
$| = 1;
if ($what eq 'serve') {
  my $server = IO::Socket::INET->new(LocalPort => $more[0], Listen => 1, ReuseAddr => 1) or die "listen: $!\n";
  print "ready\n";
  my $peer = $server->accept() or die "accept: $!\n";
  while (defined(my $line = <$peer>)) { print $peer $line }
  exit;
}
my ($address, $port, $end) = @more;
my $peer = IO::Socket::INET->new(PeerAddr => $address, PeerPort => $port, Timeout => 5) or die "connect: $!\n";
my $select = IO::Select->new($peer);
my ($said, $answered) = (0, 0);
print "ready\n";
until (-e $end) {
  print $peer ++$said . "\n";
  last unless $select->can_read(2) and defined(<$peer>);
  $answered++;
  select(undef, undef, undef, 0.02);
}
print "$said $answered\n";
