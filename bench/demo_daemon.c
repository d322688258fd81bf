#include "bench/demo_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/demo.h"

enum { STOP_LIMIT_MS = 15000, POLL_MS = 50, REPORT_BYTES = 1024 };

static int pid_path(const char *dir, char ret_path[PATH_MAX], struct err *err)
{
    int len = snprintf(ret_path, PATH_MAX, "%s/demo.pid", dir);
    return len > 0 && len < PATH_MAX ? 0 : err_set(err, ENAMETOOLONG, "%s: too long", dir);
}

/* The process that holds the lock, 0 when nobody does. */
static int lock_holder(const char *path, pid_t *ret_pid, struct err *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    *ret_pid = 0;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : err_set(err, errno, "%s: %s", path, strerror(errno));
    int rc = fcntl(fd, F_GETLK, &lock);
    int code = errno;
    (void)close(fd);
    if (rc < 0)
        return err_set(err, code, "%s: %s", path, strerror(code));
    *ret_pid = lock.l_type == F_UNLCK ? 0 : lock.l_pid;
    return 0;
}

/* Whether the command line of the process holds the word, with the NUL behind it. */
static bool has_argument(pid_t pid, const char *word)
{
    char path[64], text[2 * PATH_MAX];
    (void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, text, sizeof(text));
    (void)close(fd);
    return len > 0 && memmem(text, (size_t)len, word, strlen(word) + 1);
}

/* A daemon that was killed leaves its scheduler: the second line of the file. It is ours when it
 * was started with the kubeconfig of this directory. */
static void end_orphan(const char *dir, const char *path)
{
    char kubeconfig[PATH_MAX];
    int daemon_pid = 0, pid = 0;
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    int numbers = fscanf(file, "%d %d", &daemon_pid, &pid);
    (void)fclose(file);
    int len = snprintf(kubeconfig, sizeof(kubeconfig), "%s/kubeconfig", dir);
    if (numbers == 2 && pid > 1 && len < PATH_MAX && has_argument(pid, kubeconfig) &&
        kill(pid, SIGTERM) == 0)
        (void)printf("a scheduler without its demo was left (process %d): ended\n", pid);
    (void)unlink(path);
}

static void print_usage(const char *dir)
{
    (void)printf("  export KUBECONFIG=%s/kubeconfig\n"
                 "  kubectl get nodes -L spillway.sim/kind\n"
                 "  kubectl get deployments,resourcepolicies\n"
                 "  kubectl describe resourcepolicy web\n"
                 "  kubectl get pods -o wide -w\n"
                 "  kubectl scale deployment web --replicas=300\n"
                 "  kubectl create deployment hello --image=registry.example/hello --replicas=3\n"
                 "  kubectl describe pod -l app=too-large\n"
                 "  kubectl cordon ecs-1\n",
                 dir);
}

/* ---- the daemon ---- */

struct daemon {
    int pid_fd;
    int report_fd; /* to the parent; -1 once told */
};

static void report(struct daemon *daemon, const char *text)
{
    if (daemon->report_fd < 0)
        return;
    (void)!write(daemon->report_fd, text, strlen(text));
    (void)close(daemon->report_fd);
    daemon->report_fd = -1;
}

static void on_ready(void *data, const char *kubeconfig, int scheduler_pid)
{
    struct daemon *daemon = data;
    (void)kubeconfig;
    if (dprintf(daemon->pid_fd, "%d\n", scheduler_pid) < 0)
        report(daemon, strerror(errno));
    report(daemon, "ready");
}

enum { REPORT_FD = 3 };

/* Nothing stays open that a shell or make opened for us: they would wait for it to be closed. */
static int keep_only(int report_fd)
{
    if (report_fd != REPORT_FD && dup3(report_fd, REPORT_FD, O_CLOEXEC) < 0)
        return -errno;
    return close_range(REPORT_FD + 1, ~0U, 0) < 0 ? -errno : 0;
}

/* Standard streams away from the terminal. */
static int redirect(const char *dir)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/demo.log", dir);
    if (len < 0 || len >= PATH_MAX)
        return -ENAMETOOLONG;
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        return -errno;
    (void)close(in);
    (void)close(out);
    return 0;
}

/* In the child: takes the lock and runs. Its exit code. */
static int daemon_main(const char *spillway, const char *dir, const char *path,
                       struct daemon *daemon)
{
    struct err err = {0};
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char pid[32];
    (void)setsid();
    daemon->pid_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (daemon->pid_fd < 0 || fcntl(daemon->pid_fd, F_SETLK, &lock) < 0) {
        report(daemon, errno == EAGAIN || errno == EACCES ? "another one is just starting"
                                                          : strerror(errno));
        return EXIT_FAILURE;
    }
    int len = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
    if (ftruncate(daemon->pid_fd, 0) < 0 || write(daemon->pid_fd, pid, (size_t)len) != len ||
        redirect(dir) < 0) {
        report(daemon, strerror(errno));
        return EXIT_FAILURE;
    }
    const struct demo_options options = {
        .spillway = spillway, .dir = dir, .stays = true, .on_ready = on_ready, .data = daemon};
    enum demo_result result = demo_run(&options, &err);
    if (result == DEMO_FAILED) {
        (void)fprintf(stderr, "%s\n", err.text);
        report(daemon, err.text);
    }
    (void)unlink(path);
    return result == DEMO_FAILED ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- up and down ---- */

/* What the daemon says first: "ready", or what is wrong. */
static int await_report(int fd, struct err *err)
{
    char text[REPORT_BYTES];
    size_t len = 0;
    ssize_t got;
    while (len < sizeof(text) - 1 && (got = read(fd, text + len, sizeof(text) - 1 - len)) != 0) {
        if (got < 0 && errno != EINTR)
            break;
        len += got > 0 ? (size_t)got : 0;
    }
    text[len] = '\0';
    if (strcmp(text, "ready") == 0)
        return 0;
    return err_set(err, ECHILD, "it did not start: %s", len > 0 ? text : "it ended without a word");
}

int demo_daemon_up(const char *spillway, const char *dir, struct err *err)
{
    char path[PATH_MAX];
    int pipes[2];
    pid_t pid = 0;
    int rc = pid_path(dir, path, err);
    if (rc == 0)
        rc = lock_holder(path, &pid, err);
    if (rc < 0)
        return rc;
    if (pid > 0) {
        (void)printf("the demo is up already (process %d)\n", (int)pid);
        print_usage(dir);
        return 0;
    }
    end_orphan(dir, path);
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return err_set(err, errno, "pipe: %s", strerror(errno));
    (void)fflush(stdout);
    pid = fork();
    if (pid < 0)
        return err_set(err, errno, "fork: %s", strerror(errno));
    if (pid == 0) {
        struct daemon daemon = {.report_fd = REPORT_FD};
        if (keep_only(pipes[1]) < 0)
            _exit(EXIT_FAILURE);
        _exit(daemon_main(spillway, dir, path, &daemon));
    }
    (void)close(pipes[1]);
    rc = await_report(pipes[0], err);
    (void)close(pipes[0]);
    if (rc < 0) {
        (void)waitpid(pid, NULL, 0);
        return rc;
    }
    (void)printf("the demo is up (process %d); `make demo-down` ends it\n", (int)pid);
    print_usage(dir);
    return 0;
}

static int await_end(const char *path, pid_t pid, struct err *err)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    for (int waited_ms = 0; waited_ms < STOP_LIMIT_MS; waited_ms += POLL_MS) {
        pid_t holder;
        int rc = lock_holder(path, &holder, err);
        if (rc < 0 || holder != pid)
            return rc;
        (void)nanosleep(&pause, NULL);
    }
    return err_set(err, ETIMEDOUT, "process %d does not end", (int)pid);
}

int demo_daemon_down(const char *dir, struct err *err)
{
    char path[PATH_MAX];
    pid_t pid;
    int rc = pid_path(dir, path, err);
    if (rc == 0)
        rc = lock_holder(path, &pid, err);
    if (rc < 0)
        return rc;
    if (pid == 0) {
        end_orphan(dir, path);
        (void)printf("the demo is not up\n");
        return 0;
    }
    if (!has_argument(pid, "demo") || !has_argument(pid, "--up"))
        return err_set(err, EPERM, "process %d holds %s, but is no demo: it is left alone",
                       (int)pid, path);
    if (kill(pid, SIGTERM) < 0 && errno != ESRCH)
        return err_set(err, errno, "process %d: %s", (int)pid, strerror(errno));
    rc = await_end(path, pid, err);
    if (rc < 0)
        return rc;
    end_orphan(dir, path);
    (void)printf("the demo is down (process %d ended)\n", (int)pid);
    return 0;
}
