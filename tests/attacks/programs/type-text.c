/* Types TEXT into the terminal by every descriptor that may be one, and tries the request for consoles, too, each also
   with high bits that the kernel does not look at: type-text TEXT. Prints each error once. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    int terminals[] = {0, 1, 2, open("/dev/tty", O_RDWR)};
    unsigned long high[] = {0, 0x100000000UL};
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 2; j++) {
            char paste = 3;
            long result = syscall(SYS_ioctl, terminals[i], 0x541cUL | high[j], &paste);
            printf("TIOCLINUX %d %d: %s\n", i, j, result < 0 ? strerror(errno) : "done");
            for (const char *at = argv[1]; *at; at++) result = syscall(SYS_ioctl, terminals[i], 0x5412UL | high[j], at);
            printf("TIOCSTI %d %d: %s\n", i, j, result < 0 ? strerror(errno) : "typed");
        }
    }
    return 0;
}
