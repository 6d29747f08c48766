/* Stops a thread in the middle of an access to memory, for as long as it likes, by userfaultfd. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static char *page;

static void *touch(void *unused) {
    (void)unused;
    puts(page);
    return NULL;
}

int main(void) {
    int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */);
    if (faults < 0) return printf("userfaultfd: %s\n", strerror(errno)), 1;
    long size = sysconf(_SC_PAGESIZE);
    page = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct uffdio_api api = {.api = UFFD_API};
    struct uffdio_register range = {.range = {(uintptr_t)page, (uint64_t)size}, .mode = UFFDIO_REGISTER_MODE_MISSING};
    if (ioctl(faults, UFFDIO_API, &api) || ioctl(faults, UFFDIO_REGISTER, &range)) return perror("register"), 1;
    pthread_t thread;
    pthread_create(&thread, NULL, touch, NULL);
    struct uffd_msg fault;
    if (read(faults, &fault, sizeof fault) != sizeof fault) return perror("read"), 1;
    static char text[65536] __attribute__((aligned(65536))) = "GOT-THROUGH";
    struct uffdio_copy copy = {.dst = (uintptr_t)page, .src = (uintptr_t)text, .len = (uint64_t)size};
    if (ioctl(faults, UFFDIO_COPY, &copy)) return perror("copy"), 1;
    pthread_join(thread, NULL);
    return 0;
}
