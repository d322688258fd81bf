#include "bench/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/buf.h"
#include "model/base/mem.h"

static void on_process_closed(uv_handle_t *handle)
{
    uv_process_t *process = (uv_process_t *)handle;
    container_of(process, struct child_process, process)->handles_open--;
}

static void on_killer_closed(uv_handle_t *handle)
{
    uv_timer_t *killer = (uv_timer_t *)handle;
    container_of(killer, struct child_process, killer)->handles_open--;
}

static void on_process_exit(uv_process_t *process, int64_t exit_code, int exit_signal)
{
    struct child_process *child = container_of(process, struct child_process, process);
    child->running = false;
    child->exit_code = exit_code;
    child->exit_signal = exit_signal;
    uv_close((uv_handle_t *)&child->process, on_process_closed);
    uv_close((uv_handle_t *)&child->killer, on_killer_closed);
    if (child->on_exit)
        child->on_exit(child);
}

static int spawn(struct child_process *child, uv_loop_t *loop, const char *const *argv, int log_fd)
{
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = log_fd},
        {.flags = UV_INHERIT_FD, .data.fd = log_fd},
    };
    const uv_process_options_t options = {
        .exit_cb = on_process_exit,
        .file = argv[0],
        .args = (char **)(uintptr_t)argv, /* uv_spawn() does not change them */
        .stdio = stdio,
        .stdio_count = ARRAY_LEN(stdio),
    };
    return uv_spawn(loop, &child->process, &options);
}

int child_process_start(struct child_process *child, uv_loop_t *loop, const char *const *argv,
                        const char *log_path, struct err *err)
{
    CHECK(!child->running && child->handles_open == 0);
    child->stopping = false;
    int log_fd = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (log_fd < 0)
        return err_set(err, errno, "cannot write %s: %s", log_path, strerror(errno));
    int rc = spawn(child, loop, argv, log_fd);
    (void)close(log_fd);
    child->handles_open = 1;
    if (rc < 0) {
        uv_close((uv_handle_t *)&child->process, on_process_closed);
        return err_set(err, -rc, "cannot start %s: %s", argv[0], uv_strerror(rc));
    }
    CHECK(uv_timer_init(loop, &child->killer) == 0);
    child->handles_open++;
    child->running = true;
    return 0;
}

static void on_killer(uv_timer_t *timer)
{
    struct child_process *child = container_of(timer, struct child_process, killer);
    (void)uv_process_kill(&child->process, SIGKILL);
}

void child_process_stop(struct child_process *child)
{
    if (!child->running || child->stopping)
        return;
    child->stopping = true;
    (void)uv_process_kill(&child->process, SIGTERM);
    CHECK(uv_timer_start(&child->killer, on_killer, CHILD_KILL_AFTER_MS, 0) == 0);
}

/* ---- what it uses ---- */

/* A file of /proc; true and NUL-terminated when it could be read. */
static bool read_proc(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t len = fread(text, 1, size - 1, file);
    (void)fclose(file);
    text[len] = '\0';
    return len > 0;
}

/* Fields 14 and 15 of stat, counted behind the command's name, which may hold anything. */
static int64_t stat_cpu_us(const char *stat)
{
    const char *at = strrchr(stat, ')');
    unsigned long long user = 0, system = 0;
    if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
                      &system) != 2)
        return 0;
    return (int64_t)(user + system) * 1000000 / sysconf(_SC_CLK_TCK);
}

static int64_t status_bytes(const char *status, const char *name)
{
    const char *line = strstr(status, name);
    return line ? strtoll(line + strlen(name), NULL, 10) * 1024 : 0;
}

int process_usage(pid_t pid, struct process_usage *ret_usage)
{
    char stat[1024], status[4096];
    if (!read_proc(pid, "stat", stat, sizeof(stat)) ||
        !read_proc(pid, "status", status, sizeof(status)))
        return -ESRCH;
    *ret_usage = (struct process_usage){
        .cpu_us = stat_cpu_us(stat),
        .rss_bytes = status_bytes(status, "\nVmRSS:"),
        .rss_peak_bytes = status_bytes(status, "\nVmHWM:"),
    };
    return 0;
}

char *program_beside(const char *name)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    size_t kept = 0;
    for (ssize_t i = 0; i < len; i++)
        if (self[i] == '/')
            kept = (size_t)i + 1;
    struct buf path;
    buf_init(&path, 2 * PATH_MAX);
    (void)buf_add(&path, self, kept);
    (void)buf_add_str(&path, name);
    return buf_take(&path);
}
