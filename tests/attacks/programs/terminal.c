/* Runs a command in a terminal of its own, prints what appears there, and types: terminal [WAIT TYPE]... -- COMMAND...
   Each TYPE is typed when WAIT has appeared after what was waited for before. */
#define _GNU_SOURCE
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char seen[1 << 20];

int main(int argc, char **argv) {
    int at = 1, master;
    int command = 1;
    while (command < argc && strcmp(argv[command], "--")) command += 2;
    if (command + 1 >= argc) return 2;
    pid_t child = forkpty(&master, NULL, NULL, NULL);
    if (child < 0) return 2;
    if (child == 0) {
        execvp(argv[command + 1], argv + command + 1);
        _exit(127);
    }
    char *from = seen, *end = seen;
    for (;;) {
        char *found = at < command ? strstr(from, argv[at]) : NULL;
        if (found) {
            if (write(master, argv[at + 1], strlen(argv[at + 1])) < 0) break;
            from = found + strlen(argv[at]);
            at += 2;
            continue;
        }
        ssize_t count = read(master, end, (size_t)(seen + sizeof seen - 1 - end));
        if (count <= 0 || fwrite(end, 1, (size_t)count, stdout) != (size_t)count) break;
        fflush(stdout);
        end += count;
    }
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
