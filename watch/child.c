#include "watch/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model/base/check.h"
#include "model/base/mem.h"

enum { WAIT_STEP_MS = 10 };

struct child {
    pid_t pid;
    int output_fd, errors_fd; /* -1: at its end */
    size_t output_max;
    struct secret output; /* room for output_max + 1 bytes */
    struct secret errors; /* room for 2 * CHILD_ERRORS_BYTES_KEPT */
};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* The child gets /dev/null as stdin (it must not ask), a process group of its own, so that it can
 * be killed with all it started, and the signals as a program expects them. */
static int child_spawn(const struct child_options *options, int output_fd, int errors_fd,
                       pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    (void)sigemptyset(&none);
    (void)sigemptyset(&defaults);
    (void)sigaddset(&defaults, SIGPIPE);
    (void)sigaddset(&defaults, SIGINT);
    (void)sigaddset(&defaults, SIGTERM);

    CHECK(posix_spawn_file_actions_init(&actions) == 0 && posix_spawnattr_init(&attributes) == 0);
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, errors_fd, STDERR_FILENO);
    (void)posix_spawnattr_setpgroup(&attributes, 0);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &defaults);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
    int code = posix_spawnp(ret_pid, options->argv[0], &actions, &attributes, options->argv,
                            options->environment);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return code;
}

static int child_start(struct child *child, const struct child_options *options)
{
    int output[2], errors[2];
    if (pipe2(output, O_CLOEXEC) != 0)
        return errno;
    if (pipe2(errors, O_CLOEXEC) != 0) {
        int code = errno;
        (void)close(output[0]);
        (void)close(output[1]);
        return code;
    }
    int code = child_spawn(options, output[1], errors[1], &child->pid);
    (void)close(output[1]);
    (void)close(errors[1]);
    child->output_fd = output[0];
    child->errors_fd = errors[0];
    (void)fcntl(child->output_fd, F_SETFL, O_NONBLOCK);
    (void)fcntl(child->errors_fd, F_SETFL, O_NONBLOCK);
    return code;
}

/* Reads once; closes at the end. */
static void read_into(int *fd, struct secret *bytes, size_t capacity)
{
    if (bytes->len == capacity)
        return;
    ssize_t got = read(*fd, bytes->data + bytes->len, capacity - bytes->len);
    if (got > 0)
        bytes->len += (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        close_fd(fd);
}

static void read_errors(struct child *child)
{
    read_into(&child->errors_fd, &child->errors, 2 * CHILD_ERRORS_BYTES_KEPT);
    if (child->errors.len < 2 * CHILD_ERRORS_BYTES_KEPT)
        return;
    child->errors.len = CHILD_ERRORS_BYTES_KEPT;
    memmove(child->errors.data, child->errors.data + CHILD_ERRORS_BYTES_KEPT,
            CHILD_ERRORS_BYTES_KEPT);
}

/* Waits for the process, which a grandchild that keeps the pipes open must not prevent: its exit is
 * looked for beside the pipes. True when it ended in time. */
static bool child_wait(struct child *child, int64_t deadline_ms, int *ret_status)
{
    bool is_over = false;
    while (!is_over) {
        is_over = waitpid(child->pid, ret_status, WNOHANG) == child->pid;
        struct pollfd polls[] = {{.fd = child->output_fd, .events = POLLIN},
                                 {.fd = child->errors_fd, .events = POLLIN}};
        bool has_pipe = child->output_fd >= 0 || child->errors_fd >= 0;
        int ready = poll(polls, ARRAY_LEN(polls), is_over && has_pipe ? 0 : WAIT_STEP_MS);
        while (ready > 0) { /* when the process is gone, all that it left in the pipes */
            if (polls[0].revents)
                read_into(&child->output_fd, &child->output, child->output_max + 1);
            if (polls[1].revents)
                read_errors(child);
            if (!is_over || child->output.len > child->output_max)
                break;
            polls[0].fd = child->output_fd;
            polls[1].fd = child->errors_fd;
            polls[0].revents = polls[1].revents = 0;
            ready = poll(polls, ARRAY_LEN(polls), 0);
        }
        if (child->output.len > child->output_max || (!is_over && now_ms() >= deadline_ms))
            break;
    }
    return is_over;
}

void child_run(const struct child_options *options, struct child_result *ret_result)
{
    struct child child = {
        .output_fd = -1, .errors_fd = -1, .output_max = options->output_bytes_max};
    *ret_result = (struct child_result){0};
    int code = child_start(&child, options);
    if (code != 0) {
        close_fd(&child.output_fd);
        close_fd(&child.errors_fd);
        ret_result->end = CHILD_NOT_STARTED;
        ret_result->code = code;
        return;
    }
    child.output.data = mem_zalloc(child.output_max + 2, 1);
    child.errors.data = mem_zalloc(2 * CHILD_ERRORS_BYTES_KEPT + 1, 1);

    int status = 0;
    bool is_over = child_wait(&child, now_ms() + options->time_limit_ms, &status);
    if (!is_over) {
        (void)kill(-child.pid, SIGKILL);
        (void)waitpid(child.pid, &status, 0);
    }
    child.errors.data[child.errors.len] = '\0';
    close_fd(&child.output_fd);
    close_fd(&child.errors_fd);

    bool is_too_large = child.output.len > child.output_max;
    if (is_too_large)
        ret_result->end = CHILD_OUTPUT_TOO_LARGE;
    else if (!is_over)
        ret_result->end = CHILD_TIMED_OUT;
    else
        ret_result->end = WIFSIGNALED(status) ? CHILD_SIGNALLED : CHILD_EXITED;
    ret_result->code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    ret_result->output = child.output;
    ret_result->errors = child.errors;
}

void child_result_fini(struct child_result *result)
{
    secret_clear(&result->output);
    secret_clear(&result->errors);
}
