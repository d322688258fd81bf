#include "tests/support/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model/base/mem.h"
#include "model/base/mono.h"

enum { PROCESS_OUTPUT_BYTES = 64 * 1024 * 1024 };

static struct mono_ms now_ms(void)
{
    struct timespec at;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &at) == 0);
    return (struct mono_ms){(int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000};
}

/* What is left until the deadline, for poll(): 0 when it has passed. */
static int left_ms(struct mono_ms deadline)
{
    int64_t left = mono_since(deadline, now_ms());
    return left > 0 ? (int)left : 0;
}

/* In the new process: never returns. */
static void become(const char *const argv[], const char *const environment[], const int fds[3],
                   pid_t parent)
{
    /* The parent may be gone before the request is made: then it would never come true. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    /* A group of its own: a Ctrl-C at the terminal is the test's to handle, not the program's. */
    (void)setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    for (int i = 0; i < 3; i++) {
        if (dup2(fds[i], i) < 0)
            _exit(127);
    }
    for (size_t i = 0; environment && environment[i]; i++) {
        char *entry = mem_strdup(environment[i]);
        if (putenv(entry) != 0)
            _exit(127);
    }
    /* execv() takes pointers to non-const for history's sake; it changes nothing. */
    char *const *arguments;
    memcpy(&arguments, &argv, sizeof(arguments));
    execv(argv[0], arguments);
    dprintf(2, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static pid_t spawn(const char *const argv[], const char *const environment[], const int fds[3])
{
    pid_t parent = getpid();
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        become(argv, environment, fds, parent);
    return pid;
}

static int exit_code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- to the end ---- */

/* Moves what is there; false at the end of the stream. */
static bool drain(int fd, struct buf *into)
{
    char chunk[65536];
    ssize_t got = read(fd, chunk, sizeof(chunk));
    if (got > 0)
        (void)buf_add(into, chunk, (size_t)got);
    return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

static int input_open(const char *input)
{
    if (!input)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    /* A file in memory: a pipe would have to be fed while the output is read. */
    int fd = memfd_create("input", MFD_CLOEXEC);
    CHECK(fd >= 0);
    CHECK(write(fd, input, strlen(input)) == (ssize_t)strlen(input));
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

/* Reads both streams to their ends; false when the deadline comes first. */
static bool collect(int out, int err, struct process_result *result, struct mono_ms deadline)
{
    struct pollfd fds[] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}};
    struct buf *into[] = {&result->out, &result->err};
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        int ready = poll(fds, 2, left_ms(deadline));
        if (ready == 0)
            return false;
        for (size_t i = 0; i < 2 && ready > 0; i++) {
            if (fds[i].revents && !drain(fds[i].fd, into[i]))
                fds[i].fd = -1;
        }
    }
    return true;
}

void process_run(struct process_result *ret_result, const char *const argv[], const char *input,
                 int timeout_ms)
{
    struct mono_ms deadline = mono_add(now_ms(), timeout_ms);
    int out[2];
    int err[2];
    CHECK(pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0);
    int in = input_open(input);
    buf_init(&ret_result->out, PROCESS_OUTPUT_BYTES);
    buf_init(&ret_result->err, PROCESS_OUTPUT_BYTES);

    pid_t pid = spawn(argv, NULL, (const int[]){in, out[1], err[1]});
    close(in);
    close(out[1]);
    close(err[1]);
    bool ended = collect(out[0], err[0], ret_result, deadline);
    if (!ended)
        (void)kill(pid, SIGKILL);
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    close(out[0]);
    close(err[0]);
    ret_result->exit_code = ended ? exit_code_of(status) : PROCESS_KILLED;
    /* Always a string, also when nothing was said. */
    (void)buf_add(&ret_result->out, "", 0);
    (void)buf_add(&ret_result->err, "", 0);
}

void process_result_fini(struct process_result *result)
{
    buf_fini(&result->out);
    buf_fini(&result->err);
}

/* ---- in the background ---- */

void process_start(struct process *process, const char *const argv[],
                   const char *const environment[], const char *log_path)
{
    CHECK(process->pid == 0);
    (void)snprintf(process->log_path, sizeof(process->log_path), "%s", log_path);
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(log >= 0 && in >= 0);
    process->pid = spawn(argv, environment, (const int[]){in, log, log});
    process->pidfd = pidfd_open(process->pid, 0);
    CHECK(process->pidfd >= 0);
    close(log);
    close(in);
}

int process_wait(struct process *process, int timeout_ms)
{
    CHECK(process->pid > 0);
    struct mono_ms deadline = mono_add(now_ms(), timeout_ms);
    struct pollfd fd = {.fd = process->pidfd, .events = POLLIN};
    int ready;
    do {
        ready = poll(&fd, 1, left_ms(deadline));
    } while (ready < 0 && errno == EINTR);
    if (ready == 0)
        (void)kill(process->pid, SIGKILL);
    int status = 0;
    CHECK(waitpid(process->pid, &status, 0) == process->pid);
    close(process->pidfd);
    process->pid = 0;
    return ready == 0 ? PROCESS_KILLED : exit_code_of(status);
}

int process_stop(struct process *process, int signal_number, int timeout_ms)
{
    if (process->pid == 0)
        return 0;
    (void)kill(process->pid, signal_number);
    return process_wait(process, timeout_ms);
}

char *process_log(const struct process *process)
{
    struct buf text;
    buf_init(&text, PROCESS_OUTPUT_BYTES);
    int fd = open(process->log_path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    while (drain(fd, &text))
        ;
    close(fd);
    (void)buf_add(&text, "", 0);
    return buf_take(&text);
}

static bool log_holds(const struct process *process, const char *const texts[])
{
    char *log CLEANUP(mem_freep) = process_log(process);
    for (size_t i = 0; texts[i]; i++) {
        const char *from = log;
        for (size_t k = 0; k <= i; k++) {
            if (strcmp(texts[k], texts[i]) != 0)
                continue;
            const char *at = strstr(from, texts[i]);
            if (!at)
                return false;
            from = at + 1;
        }
    }
    return true;
}

bool process_await_log(const struct process *process, const char *const texts[], int timeout_ms)
{
    struct mono_ms deadline = mono_add(now_ms(), timeout_ms);
    int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    CHECK(notify >= 0 && inotify_add_watch(notify, process->log_path, IN_MODIFY) >= 0);
    struct pollfd fds[] = {{.fd = notify, .events = POLLIN},
                           {.fd = process->pidfd, .events = POLLIN}};
    bool found = log_holds(process, texts);
    while (!found) {
        int ready = poll(fds, 2, left_ms(deadline));
        if (ready < 0 && errno == EINTR)
            continue;
        char events[4096];
        if (fds[0].revents)
            (void)!read(notify, events, sizeof(events));
        found = log_holds(process, texts);
        if (ready == 0 || fds[1].revents)
            break;
    }
    close(notify);
    return found;
}
