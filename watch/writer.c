#include "watch/writer.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "model/base/mem.h"
#include "watch/refusal.h"
#include "watch/writer_private.h"

enum {
    SERIES_TICK_MS = 60 * 1000,
    BIND_CONNECTIONS = 2, /* of HTTP/1.1; with HTTP/2 there is one, whatever its settings */
    OTHER_CONNECTIONS = 1,
};

/* ---- clocks ---- */

int64_t writer_wall_ns(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t writer_wall_us(void)
{
    return writer_wall_ns() / 1000;
}

static struct mono_ms port_now(void *ctx)
{
    (void)ctx;
    return (struct mono_ms){(int64_t)(uv_hrtime() / 1000000)};
}

static uint64_t port_random(void *ctx)
{
    struct writer *writer = ctx;
    return rng_next(&writer->rng);
}

/* ---- words and answers ---- */

struct write_pod writer_pod_words(const struct writer *writer, const struct pod_ref *pod,
                                  char uid_text[UID_TEXT_BYTES])
{
    size_t uid_len = uid_format(writer->options.symbols, pod->uid, uid_text);
    return (struct write_pod){
        .namespace = symbol_str(writer->options.symbols, pod->namespace_sym),
        .name = pod->name,
        .uid = {uid_text, uid_len},
    };
}

void writer_answer(struct writer *writer, enum event_kind kind, const struct write *write,
                   const struct http_reply *http, const struct pod_object *read_pod)
{
    struct refusal refusal;
    struct reply reply = {
        .pod = {.namespace_sym = write->namespace_sym,
                .name = write_name(write),
                .uid = write->uid},
        .outcome = write_outcome(http),
        .http_status = http->status,
    };
    if (http->failure != HTTP_FAILURE_NONE) {
        reply.message = str_from(http->err.text);
    } else if (reply.outcome != OUTCOME_DONE) {
        refusal_read(http->status, http->body, &refusal);
        reply.message = str_from(refusal.message);
    }
    const struct event event = {.kind = kind, .reply = &reply, .read_pod = read_pod};
    writer->options.on_event(writer->options.ctx, &event);
}

static void on_answer(void *ctx, struct write *write, const struct http_reply *reply)
{
    struct writer *writer = ctx;
    switch (write->kind) {
    case WRITE_BIND:
        writer_bind_answered(writer, write, reply);
        break;
    case WRITE_LABELS:
        writer_labels_answered(writer, write, reply);
        break;
    case WRITE_VERSION:
        writer_version_answered(writer, reply);
        break;
    case WRITE_DISRUPTION:
        writer_disruption_answered(writer, write, reply);
        break;
    case WRITE_DELETE:
        writer_delete_answered(writer, write, reply);
        break;
    case WRITE_POLICY:
        writer_policy_answered(writer, write, reply);
        break;
    case WRITE_READ:
        writer_read_answered(writer, write, reply);
        break;
    case WRITE_STATUS:
        writer_status_answered(writer, write, reply);
        break;
    case WRITE_EVENT:
        writer_event_answered(writer, write, reply);
        break;
    }
}

/* ---- the port ---- */

static size_t port_bind_room(void *ctx)
{
    const struct writer *writer = ctx;
    size_t room = writer->is_draining ? 0 : write_class_room(&writer->bind_class);
    return room > writer->labelled_count ? room - writer->labelled_count : 0;
}

static void port_note(void *ctx, enum note_level level, const char *text)
{
    static const enum log_level levels[] = {
        [NOTE_ERROR] = LOG_ERROR,
        [NOTE_WARNING] = LOG_WARNING,
        [NOTE_INFO] = LOG_INFO,
        [NOTE_DEBUG] = LOG_INFO,
    };
    const struct writer *writer = ctx;
    CHECK((size_t)level < ARRAY_LEN(levels));
    int v = level == NOTE_DEBUG ? 4 : 0;
    log_emit(writer->options.log, levels[level], v, "sched", 0, text, LOG_PAIRS({NULL, NULL}));
}

static void port_watch_owners(void *ctx)
{
    const struct writer *writer = ctx;
    if (writer->options.watch_owners)
        writer->options.watch_owners(writer->options.ctx);
}

struct port writer_port(struct writer *writer)
{
    return (struct port){
        .ctx = writer,
        .now = port_now,
        .random = port_random,
        .bind_room = port_bind_room,
        .bind = writer_bind,
        .read_pod = writer_read_pod,
        .patch_status = writer_patch_status,
        .emit_event = writer_emit_event,
        .evict = writer_evict,
        .patch_policy = writer_patch_policy,
        .labels_missing = writer_labels_missing,
        .watch_owners = port_watch_owners,
        .note = port_note,
    };
}

/* ---- life ---- */

static void on_series_timer(uv_timer_t *timer)
{
    writer_series_tick(timer->data);
}

static uint64_t seed_or_random(uint64_t seed)
{
    if (seed == 0 && getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = uv_hrtime();
    return seed;
}

static void open_class(struct writer *writer, struct write_class *class, const char *name,
                       uint32_t window, uint32_t queue_max)
{
    bool is_event = class == &writer->event_class;
    write_class_init(class, &(struct write_class_options){
                                .loop = writer->options.loop,
                                .access = writer->options.access,
                                .log = writer->options.log,
                                .name = name,
                                .window = window,
                                .queue_max = queue_max,
                                .connections_max = class == &writer->bind_class ? BIND_CONNECTIONS
                                                                                : OTHER_CONNECTIONS,
                                .seed = rng_next(&writer->rng),
                                .ctx = writer,
                                .on_answer = on_answer,
                                .may_send = is_event ? writer_events_may_leave : NULL,
                            });
}

struct writer *writer_new(const struct writer_options *options)
{
    struct writer *writer = mem_zalloc(1, sizeof *writer);
    writer->options = *options;
    writer->options.instance = NULL;
    if (options->event_calm_ms == 0)
        writer->options.event_calm_ms = WRITER_EVENT_CALM_MS;
    writer->instance = mem_strdup(options->instance);
    rng_init(&writer->rng, seed_or_random(options->seed));
    open_class(writer, &writer->bind_class, "bind", WRITER_BINDS_IN_FLIGHT, PORT_BINDS_OPEN_MAX);
    open_class(writer, &writer->status_class, "status", WRITER_STATUS_IN_FLIGHT,
               WRITER_STATUS_QUEUE + PORT_BINDS_OPEN_MAX); /* reads too */
    open_class(writer, &writer->event_class, "event", WRITER_EVENTS_IN_FLIGHT, WRITER_EVENT_RING);
    map_init(&writer->statuses);
    map_init(&writer->policies);
    writer->pod_decoder = writer_pod_decoder_new(writer);
    writer->series = event_series_new(rng_next(&writer->rng));
    CHECK(uv_timer_init(options->loop, &writer->series_timer) == 0);
    writer->series_timer.data = writer;
    CHECK(uv_timer_start(&writer->series_timer, on_series_timer, SERIES_TICK_MS, SERIES_TICK_MS) ==
          0);
    CHECK(uv_timer_init(options->loop, &writer->calm_timer) == 0);
    writer->calm_timer.data = writer;
    return writer;
}

uint32_t writer_binds_in_flight(const struct writer *writer)
{
    const struct write_class *class = &writer->bind_class;
    return class->in_flight + class->waiting + class->late_count + writer->labelled_count;
}

struct writer_stats writer_stats(const struct writer *writer)
{
    struct writer_stats stats = writer->stats;
    stats.binds_sent = writer->bind_class.sent;
    stats.status_sent = writer->status_class.sent;
    stats.throttled = writer->bind_class.throttled + writer->status_class.throttled +
                      writer->event_class.throttled;
    return stats;
}

void writer_drain(struct writer *writer)
{
    writer->is_draining = true;
    writer_labels_refuse_binds(writer, "shutting down");
}

static void part_closed(void *ctx)
{
    struct writer *writer = ctx;
    if (--writer->open_count > 0)
        return;
    void (*on_closed)(void *ctx) = writer->on_closed;
    void *closed_ctx = writer->closed_ctx;
    map_fini(&writer->statuses);
    map_fini(&writer->policies);
    decoder_free(writer->pod_decoder);
    event_backlog_fini(&writer->backlog);
    event_series_free(writer->series);
    free(writer->instance);
    free(writer);
    if (on_closed)
        on_closed(closed_ctx);
}

static void on_timer_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

void writer_close(struct writer *writer, void (*on_closed)(void *ctx), void *ctx)
{
    CHECK(!writer->is_closing);
    writer->is_draining = writer->is_closing = true;
    writer->on_closed = on_closed;
    writer->closed_ctx = ctx;
    writer->open_count = 5;
    writer_status_refuse_binds(writer, "shutting down");
    writer_labels_refuse_binds(writer, "shutting down");
    write_class_close(&writer->bind_class, part_closed, writer);
    write_class_close(&writer->status_class, part_closed, writer);
    write_class_close(&writer->event_class, part_closed, writer);
    uv_close((uv_handle_t *)&writer->series_timer, on_timer_closed);
    uv_close((uv_handle_t *)&writer->calm_timer, on_timer_closed);
}
