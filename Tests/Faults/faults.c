// Put in front of the C library of a program and of all it starts (LD_PRELOAD), it counts the calls that touch files below
// some folders and lets one of them fail, or it and all later ones. `Tests/TestSupport/DiskFaults.swift` uses it: strace
// counts for each thread apart, so that "the 17th write of a run" cannot be said to it.
//
//   FAULT_BELOW  beginnings of paths, apart by ':'        FAULT_AT     the number of the call that fails, from 1; 17+ for
//   FAULT_NOT    a part of paths that do not count                     it and all later ones; none fails without it
//   FAULT_COUNT  a file of 8 bytes, all processes' count  FAULT_ERROR  its errno; 0 kills the process before the call
//   FAULT_LOG    gets a line for each call                FAULT_READS  whether reads count, too
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *below, *spared;
static unsigned long *count;
static unsigned long at;
static int onwards, number, reads, log_file = -1;

static int raw_open(const char *path, int flags) { return syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600); }

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULT_COUNT"), *wanted = getenv("FAULT_AT"), *error = getenv("FAULT_ERROR");
    below = getenv("FAULT_BELOW");
    spared = getenv("FAULT_NOT");
    reads = getenv("FAULT_READS") != NULL;
    if (!below || !path) return;
    int file = raw_open(path, O_RDWR);
    if (file < 0) return;
    void *shared = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    syscall(SYS_close, file);
    if (shared == MAP_FAILED) return;
    if (wanted) {
        at = strtoul(wanted, NULL, 10);
        onwards = strchr(wanted, '+') != NULL;
    }
    number = error ? atoi(error) : EIO;
    if (getenv("FAULT_LOG")) log_file = raw_open(getenv("FAULT_LOG"), O_WRONLY | O_APPEND);
    count = shared;
}

static int is_below(const char *path) {
    if (spared && *spared && strstr(path, spared)) return 0;
    for (const char *one = below; *one;) {
        size_t length = strcspn(one, ":");
        if (length && strncmp(path, one, length) == 0) return 1;
        one += length + (one[length] == ':');
    }
    return 0;
}

// Whether this call is to fail; then errno is set.
static int fails(const char *call, const char *path) {
    int kept = errno;
    if (!count || !path || !is_below(path)) return 0;
    unsigned long mine = __atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);
    if (log_file >= 0) {
        char line[4400];
        int length = snprintf(line, sizeof line, "%lu\t%s %s\n", mine, call, path);
        syscall(SYS_write, log_file, line, length < (int)sizeof line ? length : (int)sizeof line - 1);
    }
    errno = kept;
    if (!at || (onwards ? mine < at : mine != at)) return 0;
    if (!number) kill(getpid(), SIGKILL);
    errno = number;
    return 1;
}

static int fails_on(const char *call, int file) {
    if (!count) return 0;
    char link[64], path[4096];
    int kept = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = kept;
    if (length <= 0) return 0;
    path[length] = 0;
    return fails(call, path);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define MODE(flags, mode) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) {
    MODE(flags, mode)
    return (flags & O_CREAT) && fails("create", path) ? -1 : NEXT(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags, mode)
    return (flags & O_CREAT) && fails("create", path) ? -1 : NEXT(open64)(path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
    MODE(flags, mode)
    return (flags & O_CREAT) && fails("create", path) ? -1 : NEXT(openat)(folder, path, flags, mode);
}
ssize_t write(int file, const void *bytes, size_t size) {
    return fails_on("write", file) ? -1 : NEXT(write)(file, bytes, size);
}
ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset) {
    return fails_on("write", file) ? -1 : NEXT(pwrite)(file, bytes, size, offset);
}
ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t offset) {
    return fails_on("write", file) ? -1 : NEXT(pwrite64)(file, bytes, size, offset);
}
ssize_t pwritev(int file, const struct iovec *parts, int n, off_t offset) {
    return fails_on("write", file) ? -1 : NEXT(pwritev)(file, parts, n, offset);
}
ssize_t pwritev64(int file, const struct iovec *parts, int n, off64_t offset) {
    return fails_on("write", file) ? -1 : NEXT(pwritev64)(file, parts, n, offset);
}
ssize_t read(int file, void *bytes, size_t size) {
    return reads && fails_on("read", file) ? -1 : NEXT(read)(file, bytes, size);
}
int fsync(int file) { return fails_on("fsync", file) ? -1 : NEXT(fsync)(file); }
int fdatasync(int file) { return fails_on("fsync", file) ? -1 : NEXT(fdatasync)(file); }
int ftruncate(int file, off_t size) { return fails_on("truncate", file) ? -1 : NEXT(ftruncate)(file, size); }
int ftruncate64(int file, off64_t size) { return fails_on("truncate", file) ? -1 : NEXT(ftruncate64)(file, size); }
int rename(const char *from, const char *to) { return fails("rename", to) ? -1 : NEXT(rename)(from, to); }
int mkdir(const char *path, mode_t mode) { return fails("mkdir", path) ? -1 : NEXT(mkdir)(path, mode); }
char *mkdtemp(char *path) { return fails("mkdir", path) ? NULL : NEXT(mkdtemp)(path); }
