/*
 *   spillway --TLS, h2--> h2_server, one exchange a request --http_client--> apiserver
 *
 * Both sides live in one loop on a thread of its own; what the test's thread asks and reads is in
 * struct gate below `mutex`.
 */
#include "tests/real/gate.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/h2server.h"
#include "model/base/mem.h"
#include "watch/access.h"
#include "watch/http.h"

enum {
    GATE_PATH_BYTES = 512,
    GATE_BODY_BYTES = 4 << 20,    /* of a request; the apiserver takes 3 MiB */
    GATE_UNREAD_BYTES = 64 << 20, /* of an answer that spillway does not read */
    GATE_STREAMS = 250,           /* as a Go server allows */
    GATE_CONNECTIONS = 8,         /* to the apiserver */
    GATE_KUBECONFIG_BYTES = 64 * 1024,
};

struct gate {
    /* of the loop's thread */
    uv_loop_t loop;
    uv_async_t waker;
    uv_check_t counter;
    struct h2_server *server;
    struct http_client *client;
    struct exchange *held; /* kept back, in the order they came */
    /* set at the start, then only read */
    SSL_CTX *tls;
    struct access *access;
    struct log log;
    char kubeconfig[GATE_PATH_BYTES];
    pthread_t thread;
    /* shared */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct gate_point point;
    bool is_set, is_reached, is_stopped, is_closing;
    unsigned held_count, to_release;
    unsigned met; /* writes of the point's kind since it was set */
    struct gate_count counts[GATE_WRITE_COUNT];
    enum gate_write wanted_write; /* what gate_await_accepted() awaits */
    unsigned wanted;
    unsigned connections; /* spillway's */
};

/* One request on its way, and its answer. */
struct exchange {
    struct h2_source source; /* of a streamed answer */
    struct gate *gate;
    struct h2_stream *stream; /* NULL: spillway gave it up */
    struct http_call *call;   /* NULL: not sent, or over */
    struct exchange *next_held;
    enum gate_write write; /* GATE_WRITE_COUNT: none */
    /* the request, as long as the stream may go before it is sent */
    char *method, *path, *content_type;
    struct buf body;
    bool is_chosen; /* the point is about it */
    bool is_held;
    struct buf bytes; /* of the answer, not yet read by spillway */
    bool is_streamed, is_whole;
};

/* ---- what both threads see ---- */

static bool is_stopped(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    bool stopped = gate->is_stopped;
    pthread_mutex_unlock(&gate->mutex);
    return stopped;
}

/* Whether a write that came may go on; *ret_chosen says that the point is about it. */
static bool count_seen(struct gate *gate, enum gate_write write, bool *ret_chosen)
{
    pthread_mutex_lock(&gate->mutex);
    bool goes_on = !gate->is_stopped;
    if (goes_on && write != GATE_WRITE_COUNT) {
        gate->counts[write].seen++;
        if (gate->is_set && write == gate->point.write)
            *ret_chosen = ++gate->met == gate->point.nth;
    }
    pthread_mutex_unlock(&gate->mutex);
    return goes_on;
}

static void reach(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->is_reached = true;
    gate->is_stopped = !gate->point.holds_one;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

static void count_answered(struct gate *gate, enum gate_write write, int32_t status)
{
    if (write == GATE_WRITE_COUNT)
        return;
    pthread_mutex_lock(&gate->mutex);
    gate->counts[write].answered++;
    gate->counts[write].accepted += status >= 200 && status < 300;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

static void count_passed(struct gate *gate, enum gate_write write)
{
    if (write == GATE_WRITE_COUNT)
        return;
    pthread_mutex_lock(&gate->mutex);
    gate->counts[write].passed++;
    pthread_mutex_unlock(&gate->mutex);
}

/* ---- one exchange, in the loop's thread ---- */

static void exchange_free(struct exchange *exchange)
{
    free(exchange->method);
    free(exchange->path);
    free(exchange->content_type);
    buf_fini(&exchange->body);
    buf_fini(&exchange->bytes);
    free(exchange);
}

static size_t exchange_read(struct h2_source *source, char *bytes, size_t size, bool *ret_end)
{
    struct exchange *exchange = container_of(source, struct exchange, source);
    size_t len = exchange->bytes.len < size ? exchange->bytes.len : size;
    if (len > 0)
        memcpy(bytes, exchange->bytes.data, len);
    buf_consume(&exchange->bytes, len);
    *ret_end = exchange->is_whole && exchange->bytes.len == 0;
    return len;
}

static bool on_bytes(void *ctx, const char *bytes, size_t len)
{
    struct exchange *exchange = ctx;
    if (!exchange->stream || is_stopped(exchange->gate))
        return true;
    CHECK(buf_add(&exchange->bytes, bytes, len));
    if (exchange->is_streamed) {
        h2_resume(exchange->stream);
        return true;
    }
    exchange->is_streamed = true;
    const struct h2_answer answer = {.code = 200, .content_type = "application/json"};
    h2_respond_source(exchange->stream, &answer, &exchange->source);
    return true;
}

static void pass_answer(struct exchange *exchange, const struct http_reply *reply)
{
    if (reply->status == 0) {
        h2_reset(exchange->stream);
        return;
    }
    if (exchange->is_streamed) {
        exchange->is_whole = true;
        h2_resume(exchange->stream);
        return;
    }
    const struct h2_answer answer = {
        .code = reply->status,
        .content_type = "application/json",
        .retry_after_s = reply->retry_after_seconds > 0 ? reply->retry_after_seconds : 0,
    };
    h2_respond(exchange->stream, &answer, blob_new(reply->body.ptr, reply->body.len));
    count_passed(exchange->gate, exchange->write);
    if (exchange->is_chosen && exchange->gate->point.boundary == GATE_AFTER_REPLY)
        h2_ping(exchange->stream);
}

static void on_done(void *ctx, const struct http_reply *reply)
{
    struct exchange *exchange = ctx;
    exchange->call = NULL;
    count_answered(exchange->gate, exchange->write, reply->status);
    if (!exchange->stream)
        exchange_free(exchange);
    else if (!is_stopped(exchange->gate))
        pass_answer(exchange, reply);
}

static void exchange_send(struct exchange *exchange)
{
    struct gate *gate = exchange->gate;
    bool is_get = strcmp(exchange->method, "GET") == 0;
    const struct http_options options = {
        .method = exchange->method,
        .path = exchange->path,
        .body = buf_str(&exchange->body),
        .content_type = exchange->content_type[0] ? exchange->content_type : NULL,
        .deadline_ms = is_get ? 0 : WORLD_PATIENCE_MS,
        .ctx = exchange,
        .on_bytes = is_get ? on_bytes : NULL,
        .on_done = on_done,
    };
    if (exchange->write != GATE_WRITE_COUNT) {
        pthread_mutex_lock(&gate->mutex);
        gate->counts[exchange->write].sent++;
        pthread_mutex_unlock(&gate->mutex);
    }
    exchange->call = http_call_start(gate->client, &options);
}

static bool ends_with(const char *text, size_t len, const char *end)
{
    size_t end_len = strlen(end);
    return len >= end_len && memcmp(text + len - end_len, end, end_len) == 0;
}

static enum gate_write write_of(const struct h2_stream *stream)
{
    static const struct {
        const char *method, *begin, *end;
    } kinds[] = {
#define X(name, method, begin, end) {method, begin, end},
        GATE_WRITES(X)
#undef X
    };
    size_t len = strcspn(stream->path, "?");
    size_t i = 0;
    while (i < GATE_WRITE_COUNT &&
           (strcmp(stream->method, kinds[i].method) != 0 ||
            strncmp(stream->path, kinds[i].begin, strlen(kinds[i].begin)) != 0 ||
            !ends_with(stream->path, len, kinds[i].end)))
        i++;
    return (enum gate_write)i;
}

static void hold(struct gate *gate, struct exchange *exchange)
{
    struct exchange **last = &gate->held;
    while (*last)
        last = &(*last)->next_held;
    *last = exchange;
    exchange->is_held = true;
    pthread_mutex_lock(&gate->mutex);
    gate->held_count++;
    pthread_mutex_unlock(&gate->mutex);
}

static struct exchange *take_held(struct gate *gate)
{
    struct exchange *exchange = gate->held;
    gate->held = exchange->next_held;
    exchange->is_held = false;
    return exchange;
}

static void on_request(void *data, struct h2_stream *stream)
{
    struct gate *gate = data;
    struct exchange *exchange = mem_zalloc(1, sizeof(*exchange));
    *exchange = (struct exchange){.source = {exchange_read},
                                  .gate = gate,
                                  .stream = stream,
                                  .write = write_of(stream),
                                  .method = mem_strdup(stream->method),
                                  .path = mem_strdup(stream->path),
                                  .content_type = mem_strdup(stream->content_type)};
    buf_init(&exchange->bytes, GATE_UNREAD_BYTES);
    buf_init(&exchange->body, GATE_BODY_BYTES);
    if (stream->body.len > 0)
        CHECK(buf_add(&exchange->body, stream->body.data, stream->body.len));
    stream->user = exchange;
    if (!count_seen(gate, exchange->write, &exchange->is_chosen))
        return; /* lost */
    if (exchange->is_chosen && gate->point.boundary == GATE_BEFORE_SEND) {
        if (gate->point.holds_one)
            hold(gate, exchange);
        reach(gate);
        return;
    }
    exchange_send(exchange);
    if (exchange->is_chosen && gate->point.boundary == GATE_AFTER_SEND)
        reach(gate);
}

static void on_closed(void *data, struct h2_stream *stream)
{
    (void)data;
    struct exchange *exchange = stream->user;
    exchange->stream = NULL;
    if (exchange->call && exchange->write == GATE_WRITE_COUNT)
        http_call_stop(exchange->call);
    else if (!exchange->call && !exchange->is_held) /* a write that was sent is awaited */
        exchange_free(exchange);
}

static void on_pong(void *data)
{
    reach(data);
}

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
        exchange_send(take_held(gate));
    if (closes) {
        uv_close((uv_handle_t *)&gate->counter, NULL);
        uv_close((uv_handle_t *)&gate->waker, NULL);
        while (gate->held) {
            struct exchange *exchange = take_held(gate);
            if (!exchange->stream)
                exchange_free(exchange);
        }
        h2_server_stop(gate->server); /* the others end with their streams */
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
    const struct h2_handler handler = {
        .on_request = on_request, .on_closed = on_closed, .on_pong = on_pong, .data = gate};
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
    CHECK(!point->holds_one || point->boundary == GATE_BEFORE_SEND);
    pthread_mutex_lock(&gate->mutex);
    CHECK(!gate->is_stopped && (!gate->is_set || (gate->is_reached && gate->point.holds_one)));
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
