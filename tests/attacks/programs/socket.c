/* A program of the host that does what it is told, and who tells it:
   socket serve ADDRESS    listens, prints its number, and runs in the background each line that comes as shell
   socket send ADDRESS LINE
   ADDRESS is a path, @NAME for an abstract socket, or a port of loopback. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static union {
    struct sockaddr any;
    struct sockaddr_un local;
    struct sockaddr_in loopback;
} address;
static socklen_t length;

static int step(const char *name, long result) {
    if (result < 0) {
        printf("%s: %s\n", name, strerror(errno));
        exit(1);
    }
    return (int)result;
}

static void find(const char *text) {
    if (*text == '/' || *text == '@') {
        address.local.sun_family = AF_UNIX;
        strncpy(address.local.sun_path, text, sizeof address.local.sun_path - 1);
        length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(text));
        if (*text == '@') *address.local.sun_path = 0;
        return;
    }
    address.loopback.sin_family = AF_INET;
    address.loopback.sin_port = htons((unsigned short)atoi(text));
    address.loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    length = sizeof address.loopback;
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    find(argv[2]);
    int own = step("socket", socket(address.any.sa_family, SOCK_STREAM, 0));
    char line[512] = "";
    if (argc == 4) {
        step("connect", connect(own, &address.any, length));
        step("send", write(own, argv[3], strlen(argv[3])));
        step("end", shutdown(own, SHUT_WR));
        /* It has done it when it hangs up. */
        step("wait", read(own, line, 1));
        puts("done");
        return 0;
    }
    int again = 1;
    setsockopt(own, SOL_SOCKET, SO_REUSEADDR, &again, sizeof again);
    step("bind", bind(own, &address.any, length));
    step("listen", listen(own, 1));
    int child = step("fork", fork());
    if (child) return printf("%d\n", child), 0;
    for (int i = 0; i < 3; i++) close(i);
    alarm(30);
    for (;;) {
        int client = accept(own, NULL, NULL);
        if (client < 0) return 1;
        memset(line, 0, sizeof line);
        if (read(client, line, sizeof line - 1) > 0 && system(line) < 0) return 1;
        close(client);
    }
}
