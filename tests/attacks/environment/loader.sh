# tries: to run on the host when a sandbox starts, by a library in the project that the caller's variables make bubblewrap load
# stopped by: bubblewrap gets none of the variables that the dynamic loader obeys
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
### prepare
cat >evil.c <<'C'
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
__attribute__((constructor)) static void run(void) {
    char name[16] = "";
    FILE *own = fopen("/proc/self/comm", "r");
    if (own && fgets(name, sizeof name, own) && !strcmp(name, "bwrap\n")) open(RAN, O_CREAT | O_WRONLY, 0600);
}
unsigned la_version(unsigned version) { run(); return version; }
C
cc -shared -fPIC "-DRAN=\"$HOME/ran\"" -o libcap.so.2 evil.c
### launch
LD_PRELOAD=$PROJECT/libcap.so.2 "$SANDBOX" true || true
LD_AUDIT=$PROJECT/libcap.so.2 "$SANDBOX" true || true
# An empty part, as from `$LD_LIBRARY_PATH:/opt/lib`, is the working directory.
LD_LIBRARY_PATH=:/opt/lib "$SANDBOX" true || true
LD_LIBRARY_PATH=:/opt/lib "$SANDBOX" echo inside
### succeeded
test -e ~/ran
### stopped
grep -qx inside "$OUT"
