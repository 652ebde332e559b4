# A stranger in another language: knows the AsyncAPI file and the NATS protocol, publishes an event, hears what came of it.
# perl outside.pl HOST PORT ASYNCAPI TIMES < event.json; prints subject, ce-id and payload of each message heard, then ends.
use strict;
use warnings;
use IO::Socket::INET;

my ($host, $port, $document, $times) = @ARGV;
my $event = do { local $/; <STDIN> };
my @addresses = do { open my $file, '<', $document or die $!; map { /^ +address: (\S+)/ ? $1 : () } <$file> };
my ($intake) = grep { /intake\.dossier-item$/ } @addresses;
my @heard = grep { /mail-(sent|failed)|intake-refused|run-started/ } @addresses;

my $nats = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Proto => 'tcp') or die "no NATS: $!";
$nats->autoflush(1);
readline $nats;    # INFO
print $nats qq(CONNECT {"verbose":false,"pedantic":false,"headers":true,"lang":"perl","version":"1","protocol":1}\r\n);
my $sid = 0;
print $nats "SUB $_ " . ++$sid . "\r\n" for @heard;
print $nats "PUB $intake " . length($event) . "\r\n$event\r\n" for 1 .. $times;
print $nats "PING\r\n";

$SIG{ALRM} = sub { exit 0 };
alarm 60;
while (my $line = readline $nats) {
    if ($line =~ /^PING/) { print $nats "PONG\r\n" }
    elsif ($line =~ /^-ERR/) { die $line }
    elsif ($line =~ /^HMSG (\S+) \S+ (?:\S+ )?(\d+) (\d+)\r/) {
        my ($subject, $of_head, $of_all) = ($1, $2, $3);
        read $nats, my $all, $of_all + 2;
        my ($id) = substr($all, 0, $of_head) =~ /^ce-id: (\S+)/m;
        print join("\t", $subject, $id, substr($all, $of_head, $of_all - $of_head)), "\n";
        alarm 4 if $subject =~ /mail-|refused/;    # a second outcome would follow soon
    }
}
