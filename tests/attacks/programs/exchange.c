/* Exchanges two paths in one step: exchange ONE OTHER [SECONDS]
   With a time, it does so over and over, what fails does not matter, and a file called `stop` ends it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    if (argc == 3) {
        int failed = renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE);
        if (failed) fprintf(stderr, "exchange %s %s: %s\n", argv[1], argv[2], strerror(errno));
        return failed != 0;
    }
    long swaps = 0;
    for (time_t end = time(NULL) + atol(argv[3]); time(NULL) < end && access("stop", F_OK); swaps++)
        renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE);
    printf("%ld exchanges\n", swaps);
    return 0;
}
