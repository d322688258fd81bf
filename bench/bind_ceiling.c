#include "bench/bind_ceiling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/plain_load.h"
#include "model/base/mem.h"
#include "model/names.h"
#include "watch/reflector.h"
#include "watch/write_body.h"
#include "watch/writer.h"

enum {
    NODE_STRIDE = 7919, /* a prime: pods in a row go to nodes that are no neighbours */
    EVENTS_IN_FLIGHT = 48,
    EVENT_BYTES_MAX = 16 * 1024,
};

struct waiting_pod {
    uint32_t namespace_sym;
    struct uid uid;
    char *name;
};

struct bind_ceiling {
    struct control_plane *plane;
    struct symbols *symbols;
    const struct cluster_load *load;
    struct http_client *client;
    struct http_client *events; /* NULL: without */
    uint32_t events_open;
    struct reflector *pods;
    struct writer *writer;
    struct port port;
    uv_prepare_t prepare;
    struct waiting_pod *waiting;
    size_t count, room, next;
    uint32_t *node_syms;
    uint64_t failed;
    bool is_synced;
    uint32_t open_count; /* while stopping */
};

/* ---- while it runs ---- */

static void add_waiting(struct bind_ceiling *ceiling, const struct pod_object *pod)
{
    if (ceiling->count == ceiling->room) {
        ceiling->room = mem_grow(ceiling->room, ceiling->room + 1);
        ceiling->waiting = mem_resize(ceiling->waiting, ceiling->room, sizeof(*ceiling->waiting));
    }
    ceiling->waiting[ceiling->count++] = (struct waiting_pod){
        pod->namespace_sym, pod->uid, mem_strndup(pod->name.ptr, pod->name.len)};
}

static void on_event_done(void *ctx, const struct http_reply *reply)
{
    struct bind_ceiling *ceiling = ctx;
    ceiling->events_open--;
    ceiling->failed += reply->status != 201 && reply->failure != HTTP_FAILURE_STOPPED;
}

static int64_t unix_ns(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void send_event(struct bind_ceiling *ceiling, const struct waiting_pod *pod,
                       uint32_t node_sym)
{
    const struct symbols *symbols = ceiling->symbols;
    char uid[UID_TEXT_BYTES];
    size_t uid_len = uid_format(symbols, pod->uid, uid);
    int64_t now_ns = unix_ns();
    struct buf path, body, name, note;
    buf_init(&path, EVENT_BYTES_MAX);
    buf_init(&body, EVENT_BYTES_MAX);
    buf_init(&name, EVENT_BYTES_MAX);
    buf_init(&note, EVENT_BYTES_MAX);
    struct str namespace = symbol_str(symbols, pod->namespace_sym);
    write_event_name(&name, str_from(pod->name), now_ns);
    (void)buf_printf(&note, "Successfully assigned " STR_FMT "/%s to %s", STR_ARG(namespace),
                     pod->name, symbol_text(symbols, node_sym));
    const struct write_event event = {
        .event_name = buf_str(&name),
        .pod = {namespace, str_from(pod->name), {uid, uid_len}},
        .controller = STR("bench"),
        .instance = STR("bench"),
        .action = "Binding",
        .reason = "Scheduled",
        .note = buf_str(&note),
        .unix_us = now_ns / 1000,
    };
    write_body_event(&body, &event);
    (void)buf_printf(&path, "/apis/events.k8s.io/v1/namespaces/" STR_FMT "/events",
                     STR_ARG(namespace));
    CHECK(!buf_overflowed(&body) && !buf_overflowed(&path));
    const struct http_options options = {
        .method = "POST",
        .path = path.data,
        .body = buf_str(&body),
        .deadline_ms = HTTP_REQUEST_TIMEOUT_MS,
        .ctx = ceiling,
        .on_done = on_event_done,
    };
    ceiling->events_open++;
    (void)http_call_start(ceiling->events, &options);
    buf_fini(&path);
    buf_fini(&body);
    buf_fini(&name);
    buf_fini(&note);
}

/* Before the loop sleeps, as the scheduler's pass. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct bind_ceiling *ceiling = prepare->data;
    size_t room = ceiling->is_synced ? ceiling->port.bind_room(ceiling->port.ctx) : 0;
    for (; room > 0 && ceiling->next < ceiling->count; room--) {
        if (ceiling->events && ceiling->events_open == EVENTS_IN_FLIGHT)
            return; /* the answer to one of them turns the loop */
        size_t at = ceiling->next++;
        const struct waiting_pod *pod = &ceiling->waiting[at];
        const struct bind_request request = {
            .pod = {.namespace_sym = pod->namespace_sym,
                    .name = str_from(pod->name),
                    .uid = pod->uid},
            .node_name_sym = ceiling->node_syms[at * NODE_STRIDE % ceiling->load->nodes],
        };
        ceiling->port.bind(ceiling->port.ctx, &request);
        if (ceiling->events)
            send_event(ceiling, pod, request.node_name_sym);
    }
}

/* By creation: the order in which a queue gives pods of one priority. In the order of the list the
 * keys that are written lie side by side, which costs the store less than any scheduler does. */
static int by_number(const void *a, const void *b)
{
    const struct waiting_pod *left = a, *right = b;
    uint32_t l = plain_pod_number(left->name, strlen(left->name));
    uint32_t r = plain_pod_number(right->name, strlen(right->name));
    return (l > r) - (l < r);
}

static void on_watched(void *ctx, const struct event *event)
{
    struct bind_ceiling *ceiling = ctx;
    if (event->kind == EVENT_POD_LIST_END && !ceiling->is_synced) {
        ceiling->is_synced = true;
        qsort(ceiling->waiting, ceiling->count, sizeof(*ceiling->waiting), by_number);
    }
    if (event->kind == EVENT_POD_SEEN && !ceiling->is_synced &&
        event->pod->node_name_sym == SYM_EMPTY) {
        uint32_t number = plain_pod_number(event->pod->name.ptr, event->pod->name.len);
        if (cluster_load_is_feasible(ceiling->load, number))
            add_waiting(ceiling, event->pod);
    }
}

static void on_reply(void *ctx, const struct event *event)
{
    struct bind_ceiling *ceiling = ctx;
    if (event->kind == EVENT_BIND_REPLY)
        ceiling->failed += event->reply->outcome != OUTCOME_DONE;
}

static void on_trouble(void *ctx, const struct err *err)
{
    struct bind_ceiling *ceiling = ctx;
    log_error(&ceiling->plane->log, err->text, {NULL, NULL});
}

/* ---- life ---- */

static void name_nodes(struct bind_ceiling *ceiling)
{
    ceiling->node_syms = mem_zalloc(ceiling->load->nodes, sizeof(*ceiling->node_syms));
    for (uint32_t i = 0; i < ceiling->load->nodes; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "node-%u", i);
        ceiling->node_syms[i] = symbol_intern(ceiling->symbols, str_from(name));
    }
}

struct bind_ceiling *bind_ceiling_start(struct control_plane *plane,
                                        const struct cluster_load *load, bool with_events)
{
    struct bind_ceiling *ceiling = mem_zalloc(1, sizeof(*ceiling));
    ceiling->plane = plane;
    ceiling->load = load;
    ceiling->symbols = names_symbols_new(1);
    name_nodes(ceiling);
    ceiling->client = http_client_new(&plane->loop, plane->access, &plane->log, "watch", 1);
    if (with_events)
        ceiling->events = http_client_new(&plane->loop, plane->access, &plane->log, "events", 1);
    const struct writer_options writer = {
        .loop = &plane->loop,
        .access = plane->access,
        .log = &plane->log,
        .symbols = ceiling->symbols,
        .instance = "bench",
        .seed = 1,
        .ctx = ceiling,
        .on_event = on_reply,
    };
    ceiling->writer = writer_new(&writer);
    ceiling->port = writer_port(ceiling->writer);
    CHECK(uv_prepare_init(&plane->loop, &ceiling->prepare) == 0);
    ceiling->prepare.data = ceiling;
    CHECK(uv_prepare_start(&ceiling->prepare, on_prepare) == 0);
    const struct reflector_options pods = {
        .loop = &plane->loop,
        .client = ceiling->client,
        .log = &plane->log,
        .symbols = ceiling->symbols,
        .kind = DECODE_POD,
        .path = "/api/v1/pods",
        .seed = 1,
        .ctx = ceiling,
        .on_event = on_watched,
        .on_trouble = on_trouble,
    };
    ceiling->pods = reflector_start(&pods);
    return ceiling;
}

uint64_t bind_ceiling_failed(const struct bind_ceiling *ceiling)
{
    return ceiling->failed;
}

static void on_part_closed(void *ctx)
{
    struct bind_ceiling *ceiling = ctx;
    ceiling->open_count--;
}

static void on_handle_closed(uv_handle_t *handle)
{
    on_part_closed(handle->data);
}

void bind_ceiling_stop(struct bind_ceiling *ceiling)
{
    uv_loop_t *loop = &ceiling->plane->loop;
    ceiling->open_count = 3;
    uv_close((uv_handle_t *)&ceiling->prepare, on_handle_closed);
    reflector_stop(ceiling->pods, on_part_closed, ceiling);
    writer_close(ceiling->writer, on_part_closed, ceiling);
    while (ceiling->open_count > 0)
        (void)uv_run(loop, UV_RUN_ONCE);
    ceiling->open_count = 1 + (ceiling->events != NULL);
    http_client_close(ceiling->client, on_part_closed, ceiling);
    if (ceiling->events)
        http_client_close(ceiling->events, on_part_closed, ceiling);
    while (ceiling->open_count > 0)
        (void)uv_run(loop, UV_RUN_ONCE);
    for (size_t i = 0; i < ceiling->count; i++)
        free(ceiling->waiting[i].name);
    free(ceiling->waiting);
    free(ceiling->node_syms);
    symbols_free(ceiling->symbols);
    free(ceiling);
}
