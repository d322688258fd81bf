#include "bench/apiserver.h"

#include <errno.h>
#include <stdlib.h>

#include "bench/apiserver_private.h"
#include "bench/crd.h"
#include "model/base/mem.h"

enum {
    DEFAULT_BOOKMARK_MS = 60 * 1000,
    DEFAULT_LIST_EXPIRES_MS = 5 * 60 * 1000,
    DEFAULT_WATCH_QUEUE_EVENTS = 200000,
    MAX_STREAMS = 250, /* of a connection, as Go's HTTP/2 server behind kube-apiserver */
};

/* ---- requests ---- */

static void answer_not_found(struct call *call)
{
    struct api_status status;
    if (!discovery_knows(call)) { /* no such group: no API machinery, no Status either */
        answer_text(call, 404, "text/plain; charset=utf-8", STR("404 page not found\n"));
        return;
    }
    (void)api_refuse(&status, 404, "NotFound", "the server could not find the requested resource");
    answer_status(call, &status);
}

/* /debug/faults and /debug/compact: for tests in other processes. True when it was one of them. */
static bool debug_handle(struct call *call)
{
    struct apiserver *server = call->server;
    struct str method = str_from(call->stream->method);
    if (str_is(call->path, "/debug/compact") && str_is(method, "PUT")) {
        apiserver_compact(server);
        answer_success(call, 200);
        return true;
    }
    if (!str_is(call->path, "/debug/faults"))
        return false;
    struct err err = {0};
    if (str_is(method, "PUT") &&
        fault_parse(&server->faults, buf_str(&call->stream->body), &err) < 0) {
        struct api_status status;
        (void)api_bad_request(&status, "%s", err.text);
        answer_status(call, &status);
        return true;
    }
    if (str_is(method, "DELETE"))
        server->faults = (struct fault_table){0};
    buf_clear(&server->scratch);
    fault_render(&server->faults, &server->scratch);
    answer_json(call, 200, buf_str(&server->scratch));
    return true;
}

static void route(struct call *call)
{
    struct str verb = str_from(call->verb);
    if (!call->kind)
        answer_not_found(call);
    else if (str_is(verb, "watch"))
        watch_handle(call);
    else if (str_is(verb, "list"))
        list_handle(call);
    else if (str_is(verb, "get"))
        get_handle(call);
    else
        write_handle(call);
}

static void on_request(void *data, struct h2_stream *stream)
{
    struct apiserver *server = data;
    struct call call = {.server = server, .stream = stream};
    struct api_status status;
    server->counts.requests++;
    arena_reset(&server->arena);
    if (!call_parse(&call, stream->path)) {
        (void)api_bad_request(&status, "the path cannot be decoded");
        answer_status(&call, &status);
        return;
    }
    if (!call.kind && str_starts(call.path, "/healthz")) { /* open to all, as kube's */
        (void)discovery_handle(&call);
        return;
    }
    if (!auth_user(&call, &status) || !auth_allows(&call, &status)) {
        answer_status(&call, &status);
        return;
    }
    if (!call.kind && debug_handle(&call))
        return;
    call.fault = fault_take(&server->faults, call_fault_class(&call),
                            call.kind ? str_from(call.kind->plural) : STR(""));
    if (answer_fault(&call) || (!call.kind && discovery_handle(&call)))
        return;
    trick_before(&call);
    route(&call);
    trick_after(&call);
}

static void on_closed(void *data, struct h2_stream *stream)
{
    (void)data;
    struct body *body = stream->user;
    body->free(body);
}

static void on_wake(void *data)
{
    struct apiserver *server = data;
    sim_clock_read_system(server->options.refresh_clock);
}

/* ---- life ---- */

static void on_store_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct apiserver *server = container_of(subscriber, struct apiserver, subscriber);
    watch_dispatch(server, event);
    if (event->change == CHANGE_DELETED &&
        event->object->kind->id == KIND_CUSTOM_RESOURCE_DEFINITION && crd_defines(event->object))
        watch_end_kind(server, crd_defines(event->object));
}

static void apiserver_free(struct apiserver *server)
{
    list_forget(server);
    arena_fini(&server->arena);
    buf_fini(&server->scratch);
    SSL_CTX_free(server->tls);
    SSL_CTX_free(server->expired_tls);
    pki_free(server->pki);
    free(server);
}

/* One of the two things that end asynchronously has ended. */
static void on_end(void *data)
{
    struct apiserver *server = data;
    if (--server->ends == 0)
        apiserver_free(server);
}

static void on_ticker_closed(uv_handle_t *handle)
{
    on_end(handle->data);
}

static void on_tick(uv_timer_t *ticker)
{
    struct apiserver *server = ticker->data;
    if (server->options.refresh_clock)
        on_wake(server);
    watch_tick(server);
}

static struct apiserver *apiserver_new(uv_loop_t *loop, struct store *store,
                                       const struct apiserver_options *options)
{
    struct apiserver *server = mem_zalloc(1, sizeof(*server));
    server->loop = loop;
    server->store = store;
    server->options = *options;
    if (server->options.bookmark_every_ms == 0)
        server->options.bookmark_every_ms = DEFAULT_BOOKMARK_MS;
    if (server->options.list_expires_ms == 0)
        server->options.list_expires_ms = DEFAULT_LIST_EXPIRES_MS;
    if (server->options.watch_queue_events == 0)
        server->options.watch_queue_events = DEFAULT_WATCH_QUEUE_EVENTS;
    if (!server->options.git_version)
        server->options.git_version = "v1.37.0";
    arena_init(&server->arena);
    buf_init(&server->scratch, 4 * (size_t)MAX_OBJECT_BYTES);
    server->subscriber.on_event = on_store_event;
    return server;
}

struct apiserver *apiserver_start(uv_loop_t *loop, struct store *store,
                                  const struct apiserver_options *options, struct err *err)
{
    struct apiserver *server = apiserver_new(loop, store, options);
    if (auth_init(server, err) < 0) {
        apiserver_free(server);
        return NULL;
    }
    const struct h2_options transport = {.port = options->port,
                                         .tls = server->tls,
                                         .max_body_bytes = MAX_OBJECT_BYTES,
                                         .max_streams = MAX_STREAMS};
    const struct h2_handler handler = {.on_request = on_request,
                                       .on_closed = on_closed,
                                       .on_wake = options->refresh_clock ? on_wake : NULL,
                                       .on_end = on_end,
                                       .data = server};
    server->h2 = h2_server_start(loop, &transport, &handler, err);
    if (!server->h2) {
        apiserver_free(server);
        return NULL;
    }
    server->ends = 2;
    server->ticker.data = server;
    CHECK(uv_timer_init(loop, &server->ticker) == 0);
    CHECK(uv_timer_start(&server->ticker, on_tick, WATCH_TICK_MS, WATCH_TICK_MS) == 0);
    store_subscribe(store, &server->subscriber);
    if (auth_write_files(server, err) < 0) {
        apiserver_stop(server);
        return NULL;
    }
    return server;
}

uint16_t apiserver_port(const struct apiserver *server)
{
    return h2_server_port(server->h2);
}

const char *apiserver_kubeconfig(const struct apiserver *server)
{
    return server->kubeconfig;
}

struct fault_table *apiserver_faults(struct apiserver *server)
{
    return &server->faults;
}

void apiserver_compact(struct apiserver *server)
{
    store_compact(server->store);
    list_forget(server);
}

int apiserver_wire(struct apiserver *server, enum wire_fault fault, uint32_t amount)
{
    return h2_server_wire(server->h2, fault, amount);
}

void apiserver_end_watches(struct apiserver *server)
{
    watch_end_all(server);
}

void apiserver_rewind(struct apiserver *server, int64_t rv)
{
    list_forget(server);
    CHECK(h2_server_wire(server->h2, WIRE_REFUSE, 1) == 0); /* resets all connections */
    store_rewind(server->store, rv);
    CHECK(h2_server_wire(server->h2, WIRE_REFUSE, 0) == 0);
}

int apiserver_expire_tls(struct apiserver *server, bool is_expired, struct err *err)
{
    if (is_expired && !server->expired_tls) {
        int rc = pki_expire_server(server->pki, err);
        if (rc == 0)
            server->expired_tls = pki_server_context(server->pki, err);
        if (!server->expired_tls)
            return -EIO;
    }
    h2_server_set_tls(server->h2, is_expired ? server->expired_tls : server->tls);
    return 0;
}

struct apiserver_counts apiserver_counts(const struct apiserver *server)
{
    struct apiserver_counts counts = server->counts;
    struct h2_counts transport = h2_server_counts(server->h2);
    counts.bytes_out = transport.bytes_out;
    counts.connections = transport.connections;
    memcpy(counts.wire, transport.wire, sizeof(counts.wire));
    counts.connections_now = transport.connections_now;
    return counts;
}

void apiserver_stop(struct apiserver *server)
{
    store_unsubscribe(server->store, &server->subscriber);
    h2_server_stop(server->h2);
    uv_close((uv_handle_t *)&server->ticker, on_ticker_closed);
}
