/* A POSIX message queue of the user: queue put NAME TEXT, queue take NAME. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    int put = !strcmp(argv[1], "put");
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 64};
    mqd_t queue = mq_open(argv[2], put ? O_WRONLY | O_CREAT : O_RDONLY, 0600, &attributes);
    if (queue < 0) return printf("mq_open: %s\n", strerror(errno)), 1;
    if (put) return mq_send(queue, argv[3], strlen(argv[3]), 0) != 0;
    char text[65] = "";
    if (mq_receive(queue, text, 64, NULL) < 0) return printf("mq_receive: %s\n", strerror(errno)), 1;
    mq_unlink(argv[2]);
    puts(text);
    return 0;
}
