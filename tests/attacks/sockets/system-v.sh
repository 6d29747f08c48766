# tries: to read the memory that programs of the user share, and to give one of them a message
# stopped by: an IPC namespace of its own
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --
### launch
perl -e '
    my $memory = shmget($$, 64, 01600) // die "shmget: $!\n"; shmwrite($memory, "SECRET-MEMORY", 0, 64);
    my $queue = msgget($$, 01600) // die "msgget: $!\n";
    system $ENV{SANDBOX}, "perl", "-e", $ENV{INSIDE}, $$;
    my $message = ""; msgrcv($queue, $message, 64, 0, 04000) and print "the host gets ", unpack("x8 a*", $message), "\n";
    shmctl($memory, 0, 0); msgctl($queue, 0, 0);
'
### inside
my ($key, $text) = $ARGV[0];
my $memory = shmget($key, 64, 0);
print defined $memory && shmread($memory, $text, 0, 64) ? "$text\n" : "shmget: $!\n";
my $queue = msgget($key, 0);
print defined $queue && msgsnd($queue, pack("l! a*", 1, "FORGED"), 0) ? "sent\n" : "msgget: $!\n";
### succeeded
grep -q SECRET-MEMORY "$OUT" || grep -q "the host gets FORGED" "$OUT"
### stopped
grep -qx "shmget: No such file or directory" "$OUT"
grep -qx "msgget: No such file or directory" "$OUT"
