// Functions of Linux that glibc's headers hide from Swift, for want of _GNU_SOURCE: no descriptor is ever open without
// being closed in a child that another thread starts.
#pragma once
#include <spawn.h>

struct sockaddr;

int accept4(int fd, struct sockaddr *address, unsigned int *length, int flags);
int memfd_create(const char *name, unsigned int flags);
int pipe2(int fds[2], int flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
