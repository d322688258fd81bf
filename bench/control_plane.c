#include "bench/control_plane.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/report.h"
#include "model/base/mem.h"

enum {
    TICK_MS = 50, /* how late a passed deadline is noticed */
    READY_LIMIT_S = 60,
    ARGUMENTS_MAX = 40,
    CLIENT_CONNECTIONS = 2,
};

/* ---- the loop ---- */

static void on_tick(uv_timer_t *timer)
{
    (void)timer; /* uv_run(UV_RUN_ONCE) returns */
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct control_plane *plane = signal->data;
    (void)number;
    plane->is_interrupted = true;
}

static void loop_open(struct control_plane *plane)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    (void)signal(SIGPIPE, SIG_IGN);
    CHECK(uv_loop_init(&plane->loop) == 0);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        CHECK(uv_signal_init(&plane->loop, &plane->signals[i]) == 0);
        plane->signals[i].data = plane;
        CHECK(uv_signal_start(&plane->signals[i], on_signal, numbers[i]) == 0);
    }
    CHECK(uv_timer_init(&plane->loop, &plane->tick) == 0);
    CHECK(uv_timer_start(&plane->tick, on_tick, TICK_MS, TICK_MS) == 0);
}

static bool has_ended(const struct child_process *child)
{
    return !child->running && !child->stopping;
}

int control_plane_await(struct control_plane *plane, bool (*done)(const void *ctx), const void *ctx,
                        uint32_t limit_seconds, const char *what, struct err *err)
{
    int64_t until_ns = report_now_ns() + (int64_t)limit_seconds * 1000000000;
    while (!done(ctx)) {
        if (plane->is_interrupted)
            return err_set(err, EINTR, "interrupted");
        if (!plane->is_attached && (has_ended(&plane->etcd) || has_ended(&plane->apiserver)))
            return err_set(err, ECHILD, "%s ended; see its log in %s",
                           has_ended(&plane->etcd) ? "etcd" : "kube-apiserver", plane->dir);
        if (report_now_ns() > until_ns)
            return err_set(err, ETIMEDOUT, "after %u s still not: %s%s%s", limit_seconds, what,
                           plane->is_attached ? "" : "; logs are in ", plane->dir);
        (void)uv_run(&plane->loop, UV_RUN_ONCE);
    }
    return 0;
}

static bool is_past(const void *ctx)
{
    return report_now_ns() >= *(const int64_t *)ctx;
}

int control_plane_pass(struct control_plane *plane, int64_t ms, struct err *err)
{
    int64_t until_ns = report_now_ns() + ms * 1000000;
    return control_plane_await(plane, is_past, &until_ns, (uint32_t)(ms / 1000) + 60, "a pause",
                               err);
}

/* ---- processes ---- */

int control_plane_spawn(struct control_plane *plane, struct child_process *child, const char *name,
                        const char *const *arguments, struct err *err)
{
    const char *argv[ARGUMENTS_MAX] = {"setpriv", "--pdeathsig", "KILL", "--"};
    uint32_t count = 4;
    for (; *arguments; arguments++) {
        CHECK(count < ARGUMENTS_MAX - 1);
        argv[count++] = *arguments;
    }
    char log[CONTROL_PLANE_PATH_BYTES + 64];
    (void)snprintf(log, sizeof(log), "%s/%s.log", plane->dir, name);
    return child_process_start(child, &plane->loop, argv, log, err);
}

void control_plane_end_child(struct control_plane *plane, struct child_process *child)
{
    child_process_stop(child);
    while (child->handles_open > 0)
        (void)uv_run(&plane->loop, UV_RUN_ONCE);
}

static int start_etcd(struct control_plane *plane, const char *url, struct err *err)
{
    char program[CONTROL_PLANE_PATH_BYTES + 32], data[CONTROL_PLANE_PATH_BYTES + 32];
    char listen[CONTROL_PLANE_PATH_BYTES + 64], advertise[CONTROL_PLANE_PATH_BYTES + 64];
    (void)snprintf(program, sizeof(program), "%s/etcd", plane->bin);
    (void)snprintf(data, sizeof(data), "--data-dir=%s/etcd", plane->dir);
    (void)snprintf(listen, sizeof(listen), "--listen-client-urls=%s", url);
    (void)snprintf(advertise, sizeof(advertise), "--advertise-client-urls=%s", url);
    const char *const arguments[] = {program,
                                     "--name=bench",
                                     data,
                                     listen,
                                     advertise,
                                     "--listen-peer-urls=http://127.0.0.1:0",
                                     "--log-level=warn",
                                     "--unsafe-no-fsync",
                                     "--quota-backend-bytes=8589934592",
                                     NULL};
    return control_plane_spawn(plane, &plane->etcd, "etcd", arguments, err);
}

/* ServiceAccount would want a controller that makes accounts, TaintNodesByCondition one that takes
 * the taint off again. */
static int start_apiserver(struct control_plane *plane, const char *url, struct err *err)
{
    enum { FLAGS = 7 };
    char text[FLAGS][CONTROL_PLANE_PATH_BYTES + 64];
    (void)snprintf(text[0], sizeof(text[0]), "%s/kube-apiserver", plane->bin);
    (void)snprintf(text[1], sizeof(text[1]), "--etcd-servers=%s", url);
    (void)snprintf(text[2], sizeof(text[2]), "--secure-port=%u", plane->port);
    (void)snprintf(text[3], sizeof(text[3]), "--tls-cert-file=%s/apiserver.crt", plane->dir);
    (void)snprintf(text[4], sizeof(text[4]), "--tls-private-key-file=%s/apiserver.key", plane->dir);
    (void)snprintf(text[5], sizeof(text[5]), "--client-ca-file=%s/ca.crt", plane->dir);
    (void)snprintf(text[6], sizeof(text[6]), "--service-account-key-file=%s/apiserver.crt",
                   plane->dir);
    char signing[CONTROL_PLANE_PATH_BYTES + 64];
    (void)snprintf(signing, sizeof(signing), "--service-account-signing-key-file=%s/apiserver.key",
                   plane->dir);
    const char *const arguments[] = {
        text[0],
        text[1],
        text[2],
        text[3],
        text[4],
        text[5],
        text[6],
        signing,
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--authorization-mode=AlwaysAllow",
        plane->is_unprioritised
            ? "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition,Priority"
            : "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
        "--enable-priority-and-fairness=false",
        "--max-requests-inflight=3000",
        "--max-mutating-requests-inflight=3000",
        NULL};
    return control_plane_spawn(plane, &plane->apiserver, "kube-apiserver", arguments, err);
}

int control_plane_find_port(uint16_t *ret_port, struct err *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool done = fd >= 0 && bind(fd, (const struct sockaddr *)&address, len) == 0 &&
                getsockname(fd, (struct sockaddr *)&address, &len) == 0;
    int code = errno;
    if (fd >= 0)
        (void)close(fd);
    if (!done)
        return err_set(err, code, "no free port: %s", strerror(code));
    *ret_port = ntohs(address.sin_port);
    return 0;
}

/* ---- life ---- */

static int make_dir(struct control_plane *plane, struct err *err)
{
    const char *base = getenv("TMPDIR");
    int len = snprintf(plane->dir, sizeof(plane->dir), "%s/spillway-bench-XXXXXX",
                       base && *base ? base : "/tmp");
    if (len < 0 || (size_t)len >= sizeof(plane->dir) || !mkdtemp(plane->dir))
        return err_set(err, errno ? errno : ENAMETOOLONG, "cannot make a directory under %s: %s",
                       base ? base : "/tmp", strerror(errno));
    return 0;
}

/* The default namespace is the last that an apiserver needs before pods can be made. */
static int await_ready(struct control_plane *plane, struct err *err)
{
    int64_t until_ns = report_now_ns() + (int64_t)READY_LIMIT_S * 1000000000;
    for (;;) {
        struct err refused = {0};
        int status = control_plane_call(plane, "GET", "/readyz", NULL, NULL, &refused);
        if (status == 200)
            status = control_plane_call(plane, "GET", "/api/v1/namespaces/default", NULL, NULL,
                                        &refused);
        if (status == 200)
            return 0;
        if (status == -EINTR || status == -ECHILD || report_now_ns() > until_ns)
            return err_set(err, status < 0 ? -status : EIO, "kube-apiserver does not serve: %s",
                           refused.text);
        int rc = control_plane_pass(plane, 2 * TICK_MS, err);
        if (rc < 0)
            return rc;
    }
}

static int start(struct control_plane *plane, struct err *err)
{
    char url[CONTROL_PLANE_PATH_BYTES + 32];
    (void)snprintf(url, sizeof(url), "unix://%s/etcd.sock", plane->dir);
    int rc = control_plane_find_port(&plane->port, err);
    if (rc == 0)
        rc = control_plane_write_files(plane, err);
    if (rc == 0)
        rc = start_etcd(plane, url, err);
    if (rc == 0)
        rc = start_apiserver(plane, url, err);
    if (rc < 0)
        return rc;
    const struct access_options options = {.kubeconfig = plane->kubeconfig};
    plane->access = access_load(&options, &plane->log, err);
    if (!plane->access)
        return -err->code;
    plane->client =
        http_client_new(&plane->loop, plane->access, &plane->log, "bench", CLIENT_CONNECTIONS);
    return await_ready(plane, err);
}

/* A child that cannot be run says so only in its log. */
static int see_programs(const char *bin, struct err *err)
{
    static const char *const names[] = {"etcd", "kube-apiserver"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[CONTROL_PLANE_PATH_BYTES + 32];
        int len = snprintf(path, sizeof(path), "%s/%s", bin, names[i]);
        if (len < 0 || (size_t)len >= sizeof(path))
            return err_set(err, ENAMETOOLONG, "%s: too long a path", bin);
        if (access(path, X_OK) < 0)
            return err_set(err, errno, "no %s in %s: %s", names[i], bin, strerror(errno));
    }
    return 0;
}

static int open_all(struct control_plane *plane, const char *bin, bool is_unprioritised,
                    struct err *err)
{
    *plane = (struct control_plane){
        .bin = bin, .is_unprioritised = is_unprioritised, .log = {.out = stderr}};
    int rc = see_programs(bin, err);
    if (rc == 0)
        rc = make_dir(plane, err);
    if (rc < 0)
        return rc;
    loop_open(plane);
    rc = start(plane, err);
    if (rc < 0)
        control_plane_close(plane, rc != -EINTR);
    return rc;
}

int control_plane_open(struct control_plane *plane, const char *bin, struct err *err)
{
    return open_all(plane, bin, false, err);
}

int control_plane_open_unprioritised(struct control_plane *plane, const char *bin, struct err *err)
{
    return open_all(plane, bin, true, err);
}

void control_plane_init(struct control_plane *plane)
{
    *plane = (struct control_plane){.is_attached = true, .log = {.out = stderr}};
    loop_open(plane);
}

int control_plane_attach(struct control_plane *plane, const char *kubeconfig, struct err *err)
{
    const struct access_options options = {.kubeconfig = kubeconfig};
    CHECK(plane->is_attached && !plane->access);
    plane->access = access_load(&options, &plane->log, err);
    if (!plane->access)
        return -err->code;
    plane->client =
        http_client_new(&plane->loop, plane->access, &plane->log, "bench", CLIENT_CONNECTIONS);
    return 0;
}

/* Nothing of it is kept, so nothing is asked to end in good order, which takes an apiserver 15 s.
 */
static void kill_child(struct control_plane *plane, struct child_process *child)
{
    child_process_stop(child);
    if (child->running)
        (void)uv_process_kill(&child->process, SIGKILL);
    control_plane_end_child(plane, child);
}

void control_plane_close(struct control_plane *plane, bool keeps_files)
{
    if (plane->client)
        http_client_close(plane->client, NULL, NULL);
    kill_child(plane, &plane->apiserver);
    kill_child(plane, &plane->etcd);
    for (size_t i = 0; i < ARRAY_LEN(plane->signals); i++)
        uv_close((uv_handle_t *)&plane->signals[i], NULL);
    uv_close((uv_handle_t *)&plane->tick, NULL);
    (void)uv_run(&plane->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&plane->loop) == 0);
    access_free(plane->access);
    if (!keeps_files && !plane->is_attached)
        control_plane_remove_files(plane);
}

char *control_plane_programs(void)
{
    char line[CONTROL_PLANE_PATH_BYTES] = "";
    FILE *script = popen("tests/real/build.sh", "re");
    if (!script)
        return NULL;
    while (fgets(line, sizeof(line), script))
        line[strcspn(line, "\n")] = '\0';
    return pclose(script) == 0 && line[0] == '/' ? mem_strdup(line) : NULL;
}
