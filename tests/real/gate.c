/*
 *   spillway --TLS, h2--> h2_server, one exchange a request --http_client--> apiserver
 *
 * Both sides live in one loop on a thread of its own; what the test's thread asks and reads is in
 * struct gate below `mutex`.
 */
#include "tests/real/gate.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/base/mem.h"
#include "tests/real/gate_private.h"

enum {
    GATE_STREAMS = 250,   /* as a Go server allows */
    GATE_CONNECTIONS = 8, /* to the apiserver */
    GATE_KUBECONFIG_BYTES = 64 * 1024,
};

/* ---- the loop ---- */

static void on_turn(uv_check_t *counter)
{
    struct gate *gate = counter->data;
    pthread_mutex_lock(&gate->mutex);
    gate->connections = h2_server_counts(gate->server).connections_now;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

static void on_wake(uv_async_t *waker)
{
    struct gate *gate = waker->data;
    pthread_mutex_lock(&gate->mutex);
    bool closes = gate->is_closing;
    unsigned releases = gate->to_release;
    gate->to_release = 0;
    gate->held_count -= releases;
    pthread_mutex_unlock(&gate->mutex);
    for (; releases > 0; releases--)
        gate_exchange_release(gate);
    if (closes) {
        uv_close((uv_handle_t *)&gate->counter, NULL);
        uv_close((uv_handle_t *)&gate->waker, NULL);
        gate_exchange_drop_held(gate);
        h2_server_stop(gate->server);
        http_client_close(gate->client, NULL, NULL);
    }
}

static void *run(void *argument)
{
    struct gate *gate = argument;
    CHECK(uv_run(&gate->loop, UV_RUN_DEFAULT) == 0);
    return NULL;
}

/* ---- the start and the end ---- */

static SSL_CTX *server_context(const char *dir)
{
    char cert[GATE_PATH_BYTES], key[GATE_PATH_BYTES];
    (void)snprintf(cert, sizeof(cert), "%s/apiserver.crt", dir);
    (void)snprintf(key, sizeof(key), "%s/apiserver.key", dir);
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    CHECK(tls);
    CHECK(SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) == 1);
    CHECK(SSL_CTX_use_certificate_chain_file(tls, cert) == 1);
    CHECK(SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) == 1);
    return tls;
}

/* token.kubeconfig with the gate's address for the apiserver's. */
static void write_kubeconfig(struct gate *gate, const struct world *world, const char *original)
{
    struct buf text CLEANUP(buf_fini);
    buf_init(&text, GATE_KUBECONFIG_BYTES);
    FILE *in = fopen(original, "re");
    CHECK(in);
    for (char line[1024]; fgets(line, sizeof(line), in);) {
        char *server = strstr(line, world->api.server);
        if (server)
            CHECK(buf_printf(&text, "%.*shttps://127.0.0.1:%u%s", (int)(server - line), line,
                             h2_server_port(gate->server), server + strlen(world->api.server)));
        else
            CHECK(buf_add_str(&text, line));
    }
    (void)fclose(in);
    (void)snprintf(gate->kubeconfig, sizeof(gate->kubeconfig), "%s/%s.kubeconfig", world->dir,
                   world->namespace);
    FILE *out = fopen(gate->kubeconfig, "we");
    CHECK(out && fwrite(text.data, text.len, 1, out) == 1 && fclose(out) == 0);
}

static void open_server(struct gate *gate)
{
    const struct h2_options options = {
        .tls = gate->tls, .max_body_bytes = GATE_BODY_BYTES, .max_streams = GATE_STREAMS};
    struct h2_handler handler = gate_handler;
    handler.data = gate;
    struct err err = {0};
    gate->server = h2_server_start(&gate->loop, &options, &handler, &err);
    cr_assert(gate->server, "%s", err.text);
}

struct gate *gate_open(const struct world *world)
{
    struct gate *gate = mem_zalloc(1, sizeof(*gate));
    pthread_condattr_t monotonic;
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_mutex_init(&gate->mutex, NULL) == 0);
    CHECK(pthread_cond_init(&gate->changed, &monotonic) == 0);
    CHECK(uv_loop_init(&gate->loop) == 0);
    CHECK(uv_async_init(&gate->loop, &gate->waker, on_wake) == 0);
    CHECK(uv_check_init(&gate->loop, &gate->counter) == 0);
    CHECK(uv_check_start(&gate->counter, on_turn) == 0);
    gate->waker.data = gate->counter.data = gate;

    char path[GATE_PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/token.kubeconfig", world->dir);
    struct err err = {0};
    gate->log = (struct log){.out = stderr};
    gate->access = access_load(&(struct access_options){.kubeconfig = path}, &gate->log, &err);
    cr_assert(gate->access, "%s", err.text);
    gate->client = http_client_new(&gate->loop, gate->access, &gate->log, "gate", GATE_CONNECTIONS);
    gate->tls = server_context(world->dir);
    open_server(gate);
    write_kubeconfig(gate, world, path);
    CHECK(pthread_create(&gate->thread, NULL, run, gate) == 0);
    return gate;
}

void gate_close(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->is_closing = true;
    pthread_mutex_unlock(&gate->mutex);
    CHECK(uv_async_send(&gate->waker) == 0);
    CHECK(pthread_join(gate->thread, NULL) == 0);
    CHECK(uv_loop_close(&gate->loop) == 0);
    access_free(gate->access);
    SSL_CTX_free(gate->tls);
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->mutex);
    free(gate);
}

const char *gate_kubeconfig(const struct gate *gate)
{
    return gate->kubeconfig;
}

/* ---- the test's side ---- */

void gate_set(struct gate *gate, const struct gate_point *point)
{
    CHECK(point->held == 0 || point->boundary == GATE_BEFORE_SEND);
    pthread_mutex_lock(&gate->mutex);
    CHECK(!gate->is_stopped && (!gate->is_set || (gate->is_reached && gate->point.held > 0)));
    gate->point = *point;
    gate->is_set = true;
    gate->is_reached = false;
    gate->met = 0;
    pthread_mutex_unlock(&gate->mutex);
}

static bool point_is_reached(const struct gate *gate)
{
    return gate->is_reached;
}

static bool all_is_answered(const struct gate *gate)
{
    for (size_t i = 0; i < GATE_WRITE_COUNT; i++)
        if (gate->counts[i].answered < gate->counts[i].sent)
            return false;
    return gate->connections == 0;
}

/* Below the mutex. */
static bool await(struct gate *gate, bool (*is_so)(const struct gate *gate))
{
    struct timespec until;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += WORLD_PATIENCE_MS / 1000;
    int result = 0;
    while (!is_so(gate) && result == 0)
        result = pthread_cond_timedwait(&gate->changed, &gate->mutex, &until);
    return is_so(gate);
}

void gate_await(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    bool reached = await(gate, point_is_reached);
    unsigned met = gate->met;
    pthread_mutex_unlock(&gate->mutex);
    cr_assert(reached, "write %u of kind %d did not come to boundary %d; %u came", gate->point.nth,
              (int)gate->point.write, (int)gate->point.boundary, met);
}

void gate_reopen(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    CHECK(gate->is_stopped);
    bool answered = await(gate, all_is_answered);
    unsigned connections = gate->connections;
    gate->is_stopped = gate->is_set = false;
    pthread_mutex_unlock(&gate->mutex);
    cr_assert(answered, "not all writes were answered, or %u connections are left", connections);
}

void gate_release(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    CHECK(gate->held_count > gate->to_release);
    gate->to_release++;
    pthread_mutex_unlock(&gate->mutex);
    CHECK(uv_async_send(&gate->waker) == 0);
}

static bool enough_is_accepted(const struct gate *gate)
{
    return gate->counts[gate->wanted_write].accepted >= gate->wanted;
}

void gate_await_accepted(struct gate *gate, enum gate_write write, unsigned count)
{
    pthread_mutex_lock(&gate->mutex);
    gate->wanted_write = write;
    gate->wanted = count;
    bool enough = await(gate, enough_is_accepted);
    unsigned accepted = gate->counts[write].accepted;
    pthread_mutex_unlock(&gate->mutex);
    cr_assert(enough, "%u of %u writes of kind %d were accepted", accepted, count, (int)write);
}

struct gate_count gate_count(struct gate *gate, enum gate_write write)
{
    pthread_mutex_lock(&gate->mutex);
    struct gate_count count = gate->counts[write];
    pthread_mutex_unlock(&gate->mutex);
    return count;
}
