/* Makes one system call and prints its errno, or 0: try-syscall [int80] NUMBER [ARGUMENT | @TEXT]...
   int80 enters the kernel as 32-bit programs do, with one argument. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    long call[7] = {0};
    int old = argc > 1 && !strcmp(argv[1], "int80");
    for (int i = 1 + old; i < argc && i - old <= 7; i++)
        call[i - 1 - old] = argv[i][0] == '@' ? (long)(argv[i] + 1) : (long)strtoull(argv[i], NULL, 0);
    pid_t self = getpid();
    long result;
    if (old) {
#ifdef __x86_64__
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(call[0]), "b"(call[1]) : "memory", "r8", "r9", "r10", "r11");
        errno = result < 0 ? -result : 0;
        result = result < 0 ? -1 : result;
#else
        return 2;
#endif
    } else {
        result = syscall(call[0], call[1], call[2], call[3], call[4], call[5], call[6]);
    }
    int error = result == -1 ? errno : 0;
    /* A child that the call has made. */
    if (getpid() != self) _exit(0);
    printf("%d\n", error);
    return 0;
}
