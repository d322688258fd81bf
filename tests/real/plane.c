#include "tests/real/plane.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/pki.h"
#include "model/base/mem.h"

enum { TEXT_BYTES = 1024, ARGUMENTS_MAX = 48, POLL_MS = 50, TREE_DESCRIPTORS = 16 };

/* ---- files ---- */

static void write_text(const char *dir, const char *name, const char *text)
{
    char path[PLANE_PATH_BYTES + 64];
    struct err err = {0};
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    cr_assert_eq(pki_write_file(path, text, &err), 0, "%s", err.text);
}

static void write_pair(const char *dir, const struct pki_pair *pair, const char *cert,
                       const char *key)
{
    char *cert_pem CLEANUP(mem_freep) = pki_cert_pem(pair);
    char *key_pem CLEANUP(mem_freep) = pki_key_pem(pair);
    write_text(dir, cert, cert_pem);
    write_text(dir, key, key_pem);
}

/* A certificate for that user: <user>.crt and <user>.key. */
static void write_client(const struct plane *plane, const char *dir, const char *user)
{
    struct err err = {0};
    struct pki_pair pair;
    char cert[64], key[64];
    (void)snprintf(cert, sizeof(cert), "%s.crt", user);
    (void)snprintf(key, sizeof(key), "%s.key", user);
    int rc = pki_issue_client(plane->pki, user, "system:masters", false, &pair, &err);
    cr_assert_eq(rc, 0, "%s", err.text);
    write_pair(dir, &pair, cert, key);
    pki_pair_fini(&pair);
}

/* Everything that the plane's CA signs for the server's side. */
static void write_keys(struct plane *plane)
{
    struct err err = {0};
    pki_free(plane->pki);
    plane->pki = pki_new(&err);
    cr_assert(plane->pki, "%s", err.text);
    char *ca CLEANUP(mem_freep) = pki_ca_pem(plane->pki);
    write_text(plane->dir, "ca.crt", ca);
    SSL_CTX *context = pki_server_context(plane->pki, &err);
    cr_assert(context, "%s", err.text);
    write_pair(
        plane->dir,
        &(struct pki_pair){SSL_CTX_get0_certificate(context), SSL_CTX_get0_privatekey(context)},
        "apiserver.crt", "apiserver.key");
    SSL_CTX_free(context);
    write_client(plane, plane->dir, "admin");
}

static void make_dir(const char *path)
{
    cr_assert(mkdir(path, 0700) == 0, "%s: %m", path);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
    (void)status;
    (void)kind;
    (void)ftw;
    (void)remove(path);
    return 0;
}

/* ---- processes ---- */

/* kube-apiserver cannot be told "any free port": one that is free now. */
static int find_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && bind(fd, (const struct sockaddr *)&address, len) == 0 &&
          getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    close(fd);
    return ntohs(address.sin_port);
}

/* The lines of `format` become arguments; %s is the plane's folder. */
static void start(struct process *process, const struct plane *plane, const struct world *world,
                  const char *name, const struct buf *arguments)
{
    char program[PLANE_PATH_BYTES + 64], log[PLANE_PATH_BYTES + 64];
    const char *argv[ARGUMENTS_MAX] = {program};
    char *text CLEANUP(mem_freep) = mem_strndup(arguments->data, arguments->len);
    size_t count = 1;
    CHECK(!buf_overflowed(arguments));
    (void)snprintf(program, sizeof(program), "%s/%s", world->bin, name);
    (void)snprintf(log, sizeof(log), "%s/%s.log", plane->dir, name);
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        CHECK(count < ARGUMENTS_MAX - 1);
        if (*line)
            argv[count++] = line;
    }
    process_start(process, argv, NULL, log);
}

static void start_etcd(struct plane *plane, const struct world *world)
{
    struct buf arguments CLEANUP(buf_fini);
    buf_init(&arguments, 16 * TEXT_BYTES);
    (void)buf_printf(&arguments,
                     "--name=test\n--data-dir=%s/etcd\n--listen-client-urls=unix://%s/etcd.sock\n"
                     "--advertise-client-urls=unix://%s/etcd.sock\n",
                     plane->dir, plane->dir, plane->dir);
    (void)buf_add_str(&arguments, "--listen-peer-urls=http://127.0.0.1:0\n--log-level=warn\n"
                                  "--unsafe-no-fsync\n");
    start(&plane->etcd, plane, world, "etcd", &arguments);
}

/* ServiceAccount would want a controller that makes accounts, TaintNodesByCondition one that takes
 * the taint off again. */
static void add_usual_flags(const struct plane *plane, struct buf *arguments)
{
    const char *dir = plane->dir;
    (void)buf_printf(arguments,
                     "--etcd-servers=unix://%s/etcd.sock\n--secure-port=%d\n"
                     "--tls-cert-file=%s/apiserver.crt\n--tls-private-key-file=%s/apiserver.key\n"
                     "--client-ca-file=%s/ca.crt\n--service-account-key-file=%s/tokens.crt\n"
                     "--service-account-signing-key-file=%s/tokens.key\n",
                     dir, plane->port, dir, dir, dir, dir, dir);
    (void)buf_add_str(arguments,
                      "--bind-address=127.0.0.1\n--advertise-address=127.0.0.1\n"
                      "--endpoint-reconciler-type=none\n--authorization-mode=AlwaysAllow\n"
                      "--service-account-issuer=https://kubernetes.default.svc\n"
                      "--service-cluster-ip-range=10.0.0.0/24\n"
                      "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition\n");
}

/* For what nobody sends an event of. */
static void poll_until(struct world *world, bool (*is_so)(struct world *world, const char *what),
                       const char *what, const char *complaint)
{
    int tries = WORLD_PATIENCE_MS / POLL_MS;
    while (!is_so(world, what)) {
        cr_assert(--tries > 0, "%s; logs are in %s", complaint, world->dir);
        const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
}

static bool has_forgotten(struct world *world, const char *path)
{
    return api_try(&world->api, path, NULL) == 410;
}

/* The namespace is the last that an apiserver needs before pods can be made. */
static bool is_ready(struct world *world, const char *namespace_path)
{
    return api_try(&world->api, "/readyz", NULL) == 200 &&
           api_try(&world->api, namespace_path, NULL) == 200;
}

void plane_start_apiserver(struct plane *plane, struct world *world)
{
    struct buf arguments CLEANUP(buf_fini);
    buf_init(&arguments, 16 * TEXT_BYTES);
    add_usual_flags(plane, &arguments);
    for (size_t i = 0; plane->flags && plane->flags[i]; i++)
        (void)buf_printf(&arguments, "%s\n", plane->flags[i]);
    start(&plane->apiserver, plane, world, "kube-apiserver", &arguments);
    poll_until(world, is_ready, "/api/v1/namespaces/default", "kube-apiserver does not serve");
}

void plane_kill_apiserver(struct plane *plane)
{
    (void)process_stop(&plane->apiserver, SIGKILL, WORLD_PATIENCE_MS);
}

/* ---- keys and tokens ---- */

/* Connections of the old administrator's are closed with the client. */
static void api_renew(const struct plane *plane, struct world *world)
{
    api_fini(&world->api);
    api_init(&world->api, plane->dir);
}

void plane_rotate_ca(struct plane *plane, struct world *world)
{
    write_keys(plane);
    api_renew(plane, world);
}

void plane_publish_ca(const struct plane *plane)
{
    char *ca CLEANUP(mem_freep) = pki_ca_pem(plane->pki);
    write_text(plane->account_dir, "ca.crt", ca);
}

void plane_publish_client(const struct plane *plane)
{
    write_client(plane, plane->account_dir, "client");
}

static json_t *create(struct world *world, const char *path, const char *body)
{
    json_t *answer = NULL;
    long status = api_call(&world->api, "POST", path, body, &answer);
    cr_assert_eq(status, 201, "POST %s: status %ld", path, status);
    return answer;
}

/* Valid as long as Secret "token-<number>" exists, which is made for it. */
static void publish_token(struct plane *plane, struct world *world)
{
    char path[TEXT_BYTES], body[TEXT_BYTES];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/secrets", world->namespace);
    (void)snprintf(body, sizeof(body), "{\"metadata\":{\"name\":\"token-%u\"}}", ++plane->tokens);
    json_t *made = create(world, path, body);
    const char *uid = json_string_value(json_object_get(json_object_get(made, "metadata"), "uid"));
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/serviceaccounts/spillway/token",
                   world->namespace);
    (void)snprintf(body, sizeof(body),
                   "{\"spec\":{\"boundObjectRef\":{\"apiVersion\":\"v1\",\"kind\":\"Secret\","
                   "\"name\":\"token-%u\",\"uid\":\"%s\"}}}",
                   plane->tokens, uid);
    json_t *granted = create(world, path, body);
    const char *token =
        json_string_value(json_object_get(json_object_get(granted, "status"), "token"));
    cr_assert(token, "no token");
    plane->token = mem_strdup(token);
    write_text(plane->account_dir, "token", token);
    json_decref(granted);
    json_decref(made);
}

static bool is_refused(struct world *world, const char *token)
{
    return api_try(&world->api, "/version", token) == 401;
}

void plane_rotate_token(struct plane *plane, struct world *world)
{
    char path[TEXT_BYTES];
    char *old CLEANUP(mem_freep) = plane->token;
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/secrets/token-%u", world->namespace,
                   plane->tokens);
    publish_token(plane, world);
    cr_assert_eq(api_call(&world->api, "DELETE", path, NULL, NULL), 200);
    poll_until(world, is_refused, old, "a token whose Secret is gone is not refused");
}

/* A list of exactly that version is answered 410 then: nothing tells when, so it is asked for. */
void plane_await_compaction(struct world *world)
{
    char path[TEXT_BYTES];
    json_t *now = api_get(&world->api, "/api/v1/namespaces");
    const char *version =
        json_string_value(json_object_get(json_object_get(now, "metadata"), "resourceVersion"));
    (void)snprintf(path, sizeof(path),
                   "/api/v1/namespaces?resourceVersionMatch=Exact&resourceVersion=%s", version);
    json_decref(now);
    poll_until(world, has_forgotten, path, "etcd is not compacted");
}

/* ---- life ---- */

static void write_addresses(const struct plane *plane)
{
    char text[TEXT_BYTES];
    (void)snprintf(text, sizeof(text), "https://127.0.0.1:%d\n", plane->port);
    write_text(plane->dir, "server", text);
    (void)snprintf(text, sizeof(text),
                   "apiVersion: v1\nkind: Config\ncurrent-context: test\n"
                   "clusters: [{name: test, cluster: {server: 'https://127.0.0.1:%d', "
                   "certificate-authority: ca.crt}}]\n"
                   "users: [{name: test, user: {client-certificate: client.crt, "
                   "client-key: client.key}}]\n"
                   "contexts: [{name: test, context: {cluster: test, user: test}}]\n",
                   plane->port);
    write_text(plane->account_dir, "kubeconfig", text);
}

static void make_files(struct plane *plane)
{
    (void)snprintf(plane->account_dir, sizeof(plane->account_dir), "%s/account", plane->dir);
    make_dir(plane->dir);
    make_dir(plane->account_dir);
    write_keys(plane);
    write_client(plane, plane->dir, "tokens"); /* signs tokens: outlives every rotation of the CA */
    plane_publish_ca(plane);
    plane_publish_client(plane);
    write_addresses(plane);
}

void plane_open(struct plane *plane, struct world *world, const char *name,
                const char *const flags[])
{
    char body[TEXT_BYTES], path[TEXT_BYTES];
    /* The runner may be killed: this test must not go on alone, and its children end with it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    *plane = (struct plane){.flags = flags, .port = find_port()};
    *world = (struct world){.dir = plane->dir, .bin = getenv("SPILLWAY_TEST_BIN")};
    const char *dir = getenv("SPILLWAY_TEST_DIR");
    cr_assert(dir && world->bin, "run this through tests/real/run.sh");
    (void)snprintf(plane->dir, sizeof(plane->dir), "%s/%s", dir, name);
    (void)snprintf(world->namespace, sizeof(world->namespace), "test-%s", name);
    make_files(plane);
    api_init(&world->api, plane->dir);
    start_etcd(plane, world);
    plane_start_apiserver(plane, world);

    (void)snprintf(body, sizeof(body), "{\"metadata\":{\"name\":\"%s\"}}", world->namespace);
    json_decref(create(world, "/api/v1/namespaces", body));
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/serviceaccounts", world->namespace);
    json_decref(create(world, path, "{\"metadata\":{\"name\":\"spillway\"}}"));
    publish_token(plane, world);
}

void plane_close(struct plane *plane, struct world *world)
{
    char data[PLANE_PATH_BYTES + 16];
    (void)process_stop(&world->spillway, SIGKILL, WORLD_PATIENCE_MS);
    (void)process_stop(&plane->apiserver, SIGKILL, WORLD_PATIENCE_MS);
    (void)process_stop(&plane->etcd, SIGKILL, WORLD_PATIENCE_MS);
    api_fini(&world->api);
    pki_free(plane->pki);
    free(plane->token);
    (void)snprintf(data, sizeof(data), "%s/etcd", plane->dir);
    (void)nftw(data, remove_entry, TREE_DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}

void plane_start_spillway(const struct plane *plane, struct world *world, int port)
{
    char port_variable[64], file[PLANE_PATH_BYTES + 16];
    (void)snprintf(port_variable, sizeof(port_variable), "KUBERNETES_SERVICE_PORT=%d", port);
    (void)snprintf(file, sizeof(file), "%s/events", plane->dir);
    const char *const arguments[] = {
        "--service-account-dir", plane->account_dir, "--record", file, "-v=6", NULL};
    const char *const environment[] = {"KUBERNETES_SERVICE_HOST=127.0.0.1", port_variable, NULL};
    world_start_spillway_with(world, arguments, environment);
}

void plane_start_spillway_as_client(const struct plane *plane, struct world *world)
{
    char config[PLANE_PATH_BYTES + 32], file[PLANE_PATH_BYTES + 16];
    (void)snprintf(config, sizeof(config), "%s/kubeconfig", plane->account_dir);
    (void)snprintf(file, sizeof(file), "%s/events", plane->dir);
    const char *const arguments[] = {"--kubeconfig", config, "--record", file, "-v=6", NULL};
    world_start_spillway_with(world, arguments, NULL);
}
