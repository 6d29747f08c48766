/* Removes a protection that is a mount: detach-mounts DIRECTORY NAME TEXT. Opens DIRECTORY, leaves all mounts behind
   in namespaces of its own, and puts a program with TEXT at DIRECTORY/NAME, where a mount was. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void step(const char *name, long result) {
    if (result < 0) {
        printf("%s: %s\n", name, strerror(errno));
        exit(1);
    }
}

/* Makes the user one of the new namespace, so that files can be made in it. */
static void map(const char *file, const char *format, unsigned id) {
    char text[32];
    snprintf(text, sizeof text, format, id, id);
    int opened = open(file, O_WRONLY);
    step(file, write(opened, text, strlen(text)));
    close(opened);
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    unsigned user = getuid(), group = getgid();
    int directory = open(argv[1], O_RDONLY | O_DIRECTORY);
    step("open", directory);
    step("unshare", unshare(CLONE_NEWUSER | CLONE_NEWNS));
    map("/proc/self/uid_map", "%u %u 1", user);
    map("/proc/self/setgroups", "deny", 0);
    map("/proc/self/gid_map", "%u %u 1", group);
    step("private", mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    step("tmpfs", mount("tmpfs", "/tmp", "tmpfs", 0, NULL));
    step("mkdir", mkdir("/tmp/old", 0700));
    step("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp/old"));
    step("umount", umount2("/old", MNT_DETACH));
    char parent[256];
    snprintf(parent, sizeof parent, "%s", argv[2]);
    char *slash = strrchr(parent, '/');
    if (!slash) return 2;
    *slash = 0;
    step("rename", renameat(directory, parent, directory, "away"));
    step("mkdirat", mkdirat(directory, parent, 0755));
    int file = openat(directory, argv[2], O_WRONLY | O_CREAT, 0755);
    step("create", file);
    step("write", write(file, argv[3], strlen(argv[3])));
    puts("detached");
    return 0;
}
