#include "tests/bench/http_fixture.h"

#include <criterion/criterion.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "model/base/mem.h"

enum { GUARD_MS = 30000, DAY_S = 86400 };

/* ---- the server ---- */

struct begin_source {
    struct h2_source source;
    struct h2_stream *stream;
    bool is_begun, is_cut;
};

static size_t read_begin(struct h2_source *source, char *bytes, size_t size, bool *ret_end)
{
    struct begin_source *begin = container_of(source, struct begin_source, source);
    *ret_end = false;
    if (begin->is_begun) {
        if (begin->is_cut)
            h2_drop(begin->stream);
        return 0;
    }
    cr_assert(size >= 5);
    memcpy(bytes, "begin", 5);
    begin->is_begun = true;
    return 5;
}

static void respond_begin(struct h2_stream *stream, bool is_cut)
{
    struct begin_source *begin = mem_zalloc(1, sizeof(*begin));
    begin->source.read = read_begin;
    begin->stream = stream;
    begin->is_cut = is_cut;
    stream->user = begin;
    h2_respond_source(stream, &(struct h2_answer){.code = 200, .content_type = "text/plain"},
                      &begin->source);
}

static void respond_text(struct h2_stream *stream, int code, int retry_after_s, struct str text)
{
    const struct h2_answer answer = {
        .code = code, .content_type = "text/plain", .retry_after_s = retry_after_s};
    h2_respond(stream, &answer, blob_new(text.ptr, text.len));
}

static void respond_echo(struct h2_stream *stream)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    (void)buf_printf(&text, "%s|%s|%s|%s|%s|" STR_FMT, stream->method, stream->content_type,
                     stream->authorization, stream->accept, h2_peer_name(stream),
                     STR_ARG(buf_str(&stream->body)));
    respond_text(stream, 200, 0, buf_str(&text));
    buf_fini(&text);
}

static void respond_big(struct h2_stream *stream, size_t len)
{
    char *bytes = mem_zalloc(len, 1);
    memset(bytes, 'x', len);
    respond_text(stream, 200, 0, (struct str){bytes, len});
    free(bytes);
}

/* close(2) of an accepted socket will send RST instead of FIN. */
static void linger_none(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    uv_os_fd_t fd;
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    if (handle->type == UV_TCP && uv_fileno(handle, &fd) == 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

static void on_request(void *data, struct h2_stream *stream)
{
    struct world *world = data;
    struct str path = str_from(stream->path);
    world->requests++;
    if (str_is(path, "/hello"))
        respond_text(stream, 200, 0, STR("hello"));
    else if (str_is(path, "/echo"))
        respond_echo(stream);
    else if (str_starts(path, "/code/"))
        respond_text(stream, (int)strtoll(stream->path + 6, NULL, 10), 7, STR("code"));
    else if (str_starts(path, "/big/"))
        respond_big(stream, (size_t)strtoll(stream->path + 5, NULL, 10));
    else if (str_is(path, "/stall") || str_is(path, "/cut"))
        respond_begin(stream, str_is(path, "/cut"));
    else if (str_is(path, "/reset"))
        h2_reset(stream);
    else if (str_is(path, "/drop"))
        h2_drop(stream);
    else if (str_is(path, "/rst")) {
        uv_walk(&world->loop, linger_none, NULL);
        h2_drop(stream);
    } else if (str_is(path, "/goaway")) {
        respond_text(stream, 200, 0, STR("bye"));
        h2_goaway(stream);
    } else if (!str_is(path, "/silent"))
        respond_text(stream, 404, 0, STR("no such path"));
}

static void on_closed(void *data, struct h2_stream *stream)
{
    (void)data;
    free(stream->user);
    stream->user = NULL;
}

SSL_CTX *expired_context(char **ret_ca_pem)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    cr_assert(tls && key && X509_set_version(cert, 2) &&
              ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
              X509_gmtime_adj(X509_getm_notBefore(cert), -3L * DAY_S) &&
              X509_gmtime_adj(X509_getm_notAfter(cert), -(long)DAY_S) &&
              X509_set_pubkey(cert, key) &&
              X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                         (const unsigned char *)"127.0.0.1", -1, -1, 0) &&
              X509_set_issuer_name(cert, name) && X509_sign(cert, key, EVP_sha256()) > 0 &&
              SSL_CTX_use_certificate(tls, cert) == 1 && SSL_CTX_use_PrivateKey(tls, key) == 1);
    *ret_ca_pem = pki_cert_pem(&(struct pki_pair){cert, key});
    X509_free(cert);
    EVP_PKEY_free(key);
    return tls;
}

/* ---- the client ---- */

static char *write_file(const struct world *world, const char *name, const char *text)
{
    struct err err = {0};
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/%s", world->dir, name);
    cr_assert(pki_write_file(path, text, &err) == 0, "%s", err.text);
    return mem_strdup(path);
}

static void write_alice(struct world *world)
{
    struct err err = {0};
    struct pki_pair pair;
    cr_assert(pki_issue_client(world->pki, "alice", NULL, false, &pair, &err) == 0);
    char *cert = pki_cert_pem(&pair), *key = pki_key_pem(&pair);
    free(write_file(world, "alice.crt", cert));
    free(write_file(world, "alice.key", key));
    free(cert);
    free(key);
    pki_pair_fini(&pair);
}

static void write_kubeconfig(struct world *world, const struct world_options *options)
{
    char *own_ca = pki_ca_pem(world->pki);
    world->ca_path = write_file(world, "ca.crt", options->ca_pem ? options->ca_pem : own_ca);
    free(own_ca);
    if (options->has_client_certificate)
        write_alice(world);
    char text[4096], server[64];
    (void)snprintf(server, sizeof(server), "https://127.0.0.1:%u", h2_server_port(world->server));
    (void)snprintf(text, sizeof(text),
                   "current-context: x\n"
                   "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
                   "clusters: [{name: c, cluster: {server: \"%s\"%s%s}}]\n"
                   "users: [{name: u, user: {%s%s}}]\n",
                   options->server ? options->server : server,
                   options->has_no_ca ? "" : ", certificate-authority: ca.crt",
                   options->cluster ? options->cluster : "", options->user ? options->user : "",
                   options->has_client_certificate
                       ? "client-certificate: alice.crt, client-key: alice.key"
                       : "");
    world->kubeconfig_path = write_file(world, "kubeconfig", text);
}

static void on_guard(uv_timer_t *timer)
{
    (void)timer;
    cr_assert(false, "nothing happened for too long");
}

void world_init(struct world *world, const struct world_options *options)
{
    const char *parent = getenv("TMPDIR");
    char dir[512];
    struct err err = {0};
    *world = (struct world){.log = {.out = stderr, .verbosity = -1}};
    (void)snprintf(dir, sizeof(dir), "%s/spillway-test-XXXXXX", parent ? parent : P_tmpdir);
    cr_assert_not_null(mkdtemp(dir));
    world->dir = mem_strdup(dir);
    cr_assert(uv_loop_init(&world->loop) == 0 && uv_timer_init(&world->loop, &world->guard) == 0);
    cr_assert(uv_timer_start(&world->guard, on_guard, GUARD_MS, 0) == 0);
    uv_unref((uv_handle_t *)&world->guard);

    world->pki = pki_new(&err);
    cr_assert_not_null(world->pki, "%s", err.text);
    world->tls = options->owned_tls ? options->owned_tls : pki_server_context(world->pki, &err);
    const struct h2_options server = {
        .tls = world->tls, .max_body_bytes = 1 << 20, .max_streams = 250};
    const struct h2_handler handler = {
        .on_request = on_request, .on_closed = on_closed, .data = world};
    world->server = h2_server_start(&world->loop, &server, &handler, &err);
    cr_assert_not_null(world->server, "%s", err.text);

    write_kubeconfig(world, options);
    world->access = access_load(&(struct access_options){.kubeconfig = world->kubeconfig_path},
                                &world->log, &err);
    cr_assert_not_null(world->access, "%s", err.text);
    world->client = http_client_new(&world->loop, world->access, &world->log, "test", 1);
    if (options->is_packed)
        http_client_pack(world->client);
}

static void on_client_closed(void *ctx)
{
    struct world *world = ctx;
    world->is_client_closed = true;
    uv_stop(&world->loop);
}

static void remove_files(struct world *world)
{
    static const char *const names[] = {"ca.crt", "kubeconfig", "alice.crt", "alice.key"};
    char path[1024];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", world->dir, names[i]);
        (void)unlink(path);
    }
    cr_expect(rmdir(world->dir) == 0);
}

void world_fini(struct world *world)
{
    if (world->client) {
        http_client_close(world->client, on_client_closed, world);
        world_run_until(world, &world->is_client_closed);
    }
    h2_server_stop(world->server);
    uv_close((uv_handle_t *)&world->guard, NULL);
    (void)uv_run(&world->loop, UV_RUN_DEFAULT);
    cr_expect(uv_loop_close(&world->loop) == 0, "no handle is left in the loop");
    access_free(world->access);
    SSL_CTX_free(world->tls);
    pki_free(world->pki);
    remove_files(world);
    free(world->dir);
    free(world->ca_path);
    free(world->kubeconfig_path);
}

static void answer_add(struct answer *answer, const char *bytes, size_t len)
{
    size_t room =
        answer->len < sizeof(answer->text) - 1 ? sizeof(answer->text) - 1 - answer->len : 0;
    if (room > 0 && len > 0)
        memcpy(answer->text + answer->len, bytes, len < room ? len : room);
    answer->len += len;
}

static bool on_bytes(void *ctx, const char *bytes, size_t len)
{
    struct answer *answer = ctx;
    cr_assert(!answer->is_done);
    answer_add(answer, bytes, len);
    if (answer->then_path) {
        const char *path = answer->then_path;
        answer->then_path = NULL;
        (void)world_start(answer->world, (struct http_options){.method = "GET", .path = path},
                          false, answer->then);
    }
    return !answer->stop_after || answer->len < answer->stop_after;
}

static void on_done(void *ctx, const struct http_reply *reply)
{
    struct answer *answer = ctx;
    cr_assert(!answer->is_done, "on_done comes once");
    answer_add(answer, reply->body.ptr, reply->body.len);
    answer->reply = *reply;
    answer->is_done = true;
    uv_stop(&answer->world->loop); /* a timer's callback may come just before the loop sleeps */
}

struct http_call *world_start(struct world *world, struct http_options options, bool is_streamed,
                              struct answer *answer)
{
    answer->world = world;
    options.ctx = answer;
    options.on_bytes = is_streamed ? on_bytes : NULL;
    options.on_done = on_done;
    struct http_call *call = http_call_start(world->client, &options);
    cr_assert(!answer->is_done, "never from inside http_call_start()");
    return call;
}

void world_run_until(struct world *world, const bool *is_true)
{
    while (!*is_true)
        (void)uv_run(&world->loop, UV_RUN_ONCE);
}

void world_wait(struct world *world, const struct answer *answer)
{
    world_run_until(world, &answer->is_done);
}

void world_get(struct world *world, const char *path, struct answer *answer)
{
    (void)world_start(world, (struct http_options){.method = "GET", .path = path}, false, answer);
    world_wait(world, answer);
}
