/* What a command costs, or a bare connection to each of many databases: CPU of client and server, memory, time.
 *
 *   measure POSTMASTER run COMMAND [ARGUMENT…]     runs the command
 *   measure POSTMASTER connect CONNINFO [FILE [N]] connect, SELECT 1 or what FILE holds in one message, close, for each
 *                                                  database named on standard input, N at a time
 *
 * POSTMASTER is the process id of the server, on this machine and with nothing else to do. Prints four numbers: ms of CPU
 * in the client, ms of CPU in the server's backends, peak memory of the client in KiB, ms of wall time. What the command
 * prints is dropped; its errors are not. The exit status is the command's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what) {
    fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* One process as /proc/PID/stat has it. */
struct process {
    int parent;
    unsigned long long ticks; /* of itself and of its children that have ended */
};

static bool look(const char *pid, struct process *process) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) return false;
    bool read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    /* The second field is a name that may hold anything; what follows its last parenthesis is numbers. */
    const char *rest = read ? strrchr(line, ')') : NULL;
    unsigned long long user, system;
    long long children_user, children_system;
    if (rest == NULL
        || sscanf(rest, ") %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld %lld", &process->parent, &user,
                  &system, &children_user, &children_system) != 5)
        return false;
    process->ticks = user + system + (unsigned long long)(children_user + children_system);
    return true;
}

static int children_of(int pid) {
    DIR *folder = opendir("/proc");
    if (folder == NULL) fail("/proc");
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct process process;
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || !look(entry->d_name, &process)) continue;
        if (process.parent == pid) count++;
    }
    closedir(folder);
    return count;
}

static void pause_ms(long ms) {
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* A backend counts for the server once it has ended; until then wait, for ten seconds at most. */
static void settle(int postmaster, int backgrounds) {
    for (int tries = 0; children_of(postmaster) > backgrounds; tries++) {
        if (tries == 200) {
            fprintf(stderr, "measure: the server has sessions that do not end\n");
            exit(EXIT_FAILURE);
        }
        pause_ms(50);
    }
}

static double server_ms(const char *postmaster) {
    struct process process;
    if (!look(postmaster, &process)) fail("the server");
    return 1000.0 * (double)process.ticks / (double)sysconf(_SC_CLK_TCK);
}

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1000.0 * (double)now.tv_sec + (double)now.tv_nsec / 1e6;
}

static double milliseconds(struct timeval time) { return 1000.0 * (double)time.tv_sec + (double)time.tv_usec / 1e3; }

/* Whoever has a lock on this file may read a name. */
static int turns;

/* What a file holds; it is small. */
static char *text_of(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) fail(path);
    char *text = NULL;
    size_t room = 0;
    if (getdelim(&text, &room, '\0', file) < 0) fail(path);
    fclose(file);
    return text;
}

static void ask(const char *conninfo, const char *name, const char *sql) {
    /* The last mention of a database wins. */
    const char *keywords[] = {"dbname", "dbname", NULL}, *values[] = {conninfo, name, NULL};
    PGconn *connection = PQconnectdbParams(keywords, values, 1);
    PGresult *answer = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(answer);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        fprintf(stderr, "measure: %s: %s", name, PQerrorMessage(connection));
        exit(EXIT_FAILURE);
    }
    PQclear(answer);
    PQfinish(connection);
}

/* Each process takes the next name that nobody has, a line being read whole: standard input is a pipe that all share. */
static int connect_to_each(const char *conninfo, const char *sql, int processes) {
    for (int other = 1; other < processes; other++) {
        pid_t child = fork();
        if (child < 0) fail("fork");
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGTERM);
            processes = 1;
            break;
        }
    }
    char name[128];
    for (;;) {
        size_t length = 0;
        struct flock turn = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        if (fcntl(turns, F_SETLKW, &turn) != 0) fail("a turn");
        while (length + 1 < sizeof name && read(STDIN_FILENO, name + length, 1) == 1 && name[length] != '\n') length++;
        turn.l_type = F_UNLCK;
        if (fcntl(turns, F_SETLK, &turn) != 0) fail("a turn");
        if (length == 0) break;
        name[length] = '\0';
        ask(conninfo, name, sql);
    }
    int failed = 0, status;
    while (processes > 1 && wait(&status) > 0) failed |= status;
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int work(int count, char **words) {
    /* In a shell's background signals are ignored; what is measured must not outlive us. */
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (strcmp(words[0], "connect") == 0) {
        turns = fileno(tmpfile());
        return connect_to_each(words[1], count > 2 ? text_of(words[2]) : "SELECT 1", count > 3 ? atoi(words[3]) : 1);
    }
    int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0) fail("/dev/null");
    execvp(words[1], words + 1);
    fail(words[1]);
    return EXIT_FAILURE;
}

int main(int count, char **words) {
    if (count < 4 || (strcmp(words[2], "run") != 0 && strcmp(words[2], "connect") != 0)) {
        fprintf(stderr, "usage: measure POSTMASTER run COMMAND… | connect CONNINFO [FILE [N]]\n");
        return 64;
    }
    int postmaster = atoi(words[1]);
    pause_ms(200); /* what the caller did last is over by then */
    int backgrounds = children_of(postmaster);
    double server = server_ms(words[1]), start = now_ms();

    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) exit(work(count - 2, words + 2));
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) != child) fail("wait4");

    double wall = now_ms() - start;
    settle(postmaster, backgrounds);
    server = server_ms(words[1]) - server;
    double client = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
    printf("%.1f %.1f %ld %.1f\n", client, server, usage.ru_maxrss, wall);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
