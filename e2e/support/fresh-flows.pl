#!/usr/bin/perl
# fresh-flows.pl ADDRESS: every 5 ms a ping with an id and a UDP packet from a port that were not used before, each of which is a
# connection of its own to a firewall. Says at SIGTERM how many were sent, and how many the address itself answered: pings, and
# UDP packets with "port unreachable".
use strict;
use warnings;
use Socket;
use Time::HiRes qw(sleep time);
my ($to) = @ARGV;
my $peer = sockaddr_in(0, inet_aton($to));
socket(my $icmp, AF_INET, SOCK_RAW, 1) or die "socket: $!";
setsockopt($icmp, SOL_SOCKET, SO_RCVBUF, 1 << 20);
my ($sent, $pings, $ports, $refused) = (0, 0, 0, 0);
my @at;
my $done = 0;
$SIG{TERM} = sub { $done = 1 };
$| = 1;
print "ready\n";

sub checksum {
    my $sum = 0;
    $sum += $_ for unpack('n*', $_[0]);
    $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
    return ~$sum & 0xffff;
}

sub hear {
    while (defined(my $from = recv($icmp, my $packet, 2000, MSG_DONTWAIT))) {
        my (undef, $source) = sockaddr_in($from);
        my ($type, $code) = unpack('CC', substr($packet, (ord($packet) & 15) * 4, 2));
        my $isIts = inet_ntoa($source) eq $to;
        if ($isIts && $type == 0) { $pings++; push @at, time }
        elsif ($isIts && $type == 3 && $code == 3) { $ports++; push @at, time }
        elsif ($type == 3) { $refused++ }
    }
}

my $id = int(rand(65536));
my $port = 10000;
my $next = time;
while (!$done) {
    $id = ($id + 1) & 0xffff;
    my $echo = pack('CCnnn', 8, 0, 0, $id, 1) . pack('N', $sent);
    substr($echo, 2, 2) = pack('n', checksum($echo));
    send($icmp, $echo, 0, $peer);
    $port = $port == 60000 ? 10000 : $port + 1;
    socket(my $udp, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";
    send($udp, 'x', 0, sockaddr_in(9, inet_aton($to))) if bind($udp, sockaddr_in($port, INADDR_ANY));
    $sent++;
    hear();
    $next += 0.005;
    my $pause = $next - time;
    if ($pause > 0) { sleep($pause) } else { $next = time }
}
sleep(0.2);
hear();
printf qq({"sent":%d,"pings":%d,"ports":%d,"refused":%d,"at":[%s]}\n), $sent, $pings, $ports, $refused,
    join(',', map { sprintf '%.3f', $_ } @at[0 .. ($#at < 20 ? $#at : 20)]);
