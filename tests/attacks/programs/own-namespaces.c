/* Asks for a user namespace by each call that can make one, and uses the rights that it gives: prints for each call
   the error, or the host name that it could set. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int use(const char *call) {
    char name[64] = "";
    if (sethostname("GOT-THROUGH", 11) || gethostname(name, sizeof name)) return 1;
    printf("%s: %s\n", call, name);
    fflush(stdout);
    return 0;
}

static void tell(const char *call, long child) {
    if (child == 0) _exit(use(call));
    if (child < 0) printf("%s: %s\n", call, strerror(errno));
    else waitpid((pid_t)child, NULL, 0);
    fflush(stdout);
}

int main(void) {
    long flags = CLONE_NEWUSER | CLONE_NEWUTS;
    long child = fork();
    if (child == 0) {
        if (unshare((int)flags) == 0) _exit(use("unshare"));
        printf("unshare: %s\n", strerror(errno));
        fflush(stdout);
        _exit(1);
    }
    waitpid((pid_t)child, NULL, 0);
    tell("clone", syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0));
    struct clone_args arguments = {.flags = (uint64_t)flags, .exit_signal = SIGCHLD};
    tell("clone3", syscall(SYS_clone3, &arguments, sizeof arguments));
    return 0;
}
