/*
 * Events: best effort, bounded. They leave only while few binds are in flight; until then normal
 * ones wait in the backlog, in few bytes each, and others in the queue of their class. What repeats
 * becomes a series (event_series.h); only warnings do: a scheduler's normal events happen once in
 * the life of a pod.
 */
#include <inttypes.h>

#include "model/base/hash.h"
#include "watch/url.h"
#include "watch/writer_private.h"

static struct mono_ms now_mono(void)
{
    return (struct mono_ms){(int64_t)(uv_hrtime() / 1000000)};
}

static struct series_key request_key(const struct event_request *request)
{
    uint64_t hash = hash_bytes(request->scheduler_name_sym, request->note.ptr, request->note.len);
    hash = hash_bytes(hash, request->reason, strlen(request->reason));
    hash = hash_bytes(hash, request->action, strlen(request->action));
    return (struct series_key){.uid = request->pod.uid, .hash = hash};
}

static struct write *new_event_write(struct writer *writer, struct str namespace,
                                     struct str event_name)
{
    struct write *write = write_class_take(&writer->event_class, WRITE_EVENT);
    (void)buf_add_str(&write->text, "/apis/events.k8s.io/v1/namespaces/");
    url_add_escaped(&write->text, namespace);
    (void)buf_add_str(&write->text, "/events");
    if (event_name.len > 0) {
        (void)buf_add_str(&write->text, "/");
        url_add_escaped(&write->text, event_name);
    }
    write_text_path_done(write);
    write->body_at = write->text.len;
    return write;
}

static void put_series(struct writer *writer, const struct series_patch *patch)
{
    struct str namespace = symbol_str(writer->options.symbols, patch->namespace_sym);
    struct write *write = new_event_write(writer, namespace, patch->event_name);
    write->method = "PATCH";
    write->content_type = "application/strategic-merge-patch+json";
    write->has_series = write->is_patch = true;
    write->series_key = patch->key;
    write_body_series(&write->text, patch->count, patch->last_unix_us);
    write_class_put(&writer->event_class, write);
}

static void put_new(struct writer *writer, const struct event_request *request,
                    struct str event_name, int64_t unix_us, const struct series_key *key)
{
    char uid_text[UID_TEXT_BYTES], related_text[UID_TEXT_BYTES];
    struct symbols *symbols = writer->options.symbols;
    struct write_pod related = {0};
    if (request->related)
        related = writer_pod_words(writer, request->related, related_text);
    const struct write_event event = {
        .event_name = event_name,
        .pod = writer_pod_words(writer, &request->pod, uid_text),
        .resource_version = request->resource_version,
        .controller = symbol_str(symbols, request->scheduler_name_sym),
        .instance = str_from(writer->instance),
        .action = request->action,
        .reason = request->reason,
        .note = request->note,
        .is_warning = request->is_warning,
        .related = request->related ? &related : NULL,
        .unix_us = unix_us,
    };
    struct write *write = new_event_write(writer, event.pod.namespace, (struct str){0});
    write->method = "POST";
    write->has_series = key != NULL;
    if (key)
        write->series_key = *key;
    write_body_event(&write->text, &event);
    write_class_put(&writer->event_class, write);
}

/* Names are made of it: no two events have the same, also when the clock stands still. */
static int64_t next_name_ns(struct writer *writer)
{
    int64_t ns = writer_wall_ns();
    writer->last_event_ns = ns > writer->last_event_ns ? ns : writer->last_event_ns + 1;
    return writer->last_event_ns;
}

/* ---- normal events ---- */

void writer_pump_events(struct writer *writer)
{
    struct write_class *class = &writer->event_class;
    struct backlog_event event;
    while (class->waiting < WRITER_EVENTS_IN_FLIGHT && writer_events_may_leave(writer) &&
           event_backlog_first(&writer->backlog, &event)) {
        struct buf name;
        buf_init(&name, URL_BYTES_MAX);
        write_event_name(&name, event.request.pod.name, event.name_ns);
        put_new(writer, &event.request, buf_str(&name), event.unix_us, NULL);
        buf_fini(&name);
        event_backlog_drop(&writer->backlog);
    }
    write_class_pump(class);
}

static void emit_normal(struct writer *writer, const struct event_request *request)
{
    if (writer->backlog.count >= WRITER_EVENT_BACKLOG) {
        writer->stats.events_dropped++;
        return;
    }
    struct backlog_event event = {
        .request = *request, .unix_us = writer_wall_us(), .name_ns = next_name_ns(writer)};
    if (event.request.note.len > EVENT_NOTE_BYTES_MAX) /* one more shows that it is cut */
        event.request.note.len = EVENT_NOTE_BYTES_MAX + 1;
    event_backlog_push(&writer->backlog, &event);
    writer_pump_events(writer);
}

/* ---- those that repeat, or name two pods ---- */

void writer_emit_event(void *ctx, const struct event_request *request)
{
    struct writer *writer = ctx;
    if (!request->is_warning && !request->related && !writer->is_closing) {
        emit_normal(writer, request);
        return;
    }
    if (writer->event_class.waiting >= WRITER_EVENT_RING || writer->is_closing) {
        writer->stats.events_dropped++;
        return;
    }
    struct buf name;
    buf_init(&name, URL_BYTES_MAX);
    write_event_name(&name, request->pod.name, next_name_ns(writer));
    if (!request->is_warning) {
        put_new(writer, request, buf_str(&name), writer_wall_us(), NULL);
        buf_fini(&name);
        return;
    }
    struct series_sighting sighting = {
        .key = request_key(request),
        .namespace_sym = request->pod.namespace_sym,
        .event_name = buf_str(&name),
        .now = now_mono(),
        .unix_us = writer_wall_us(),
    };
    struct series_patch patch;
    switch (event_series_see(writer->series, &sighting, &patch)) {
    case SERIES_POST:
        put_new(writer, request, buf_str(&name), sighting.unix_us, &sighting.key);
        break;
    case SERIES_PATCH:
        put_series(writer, &patch);
        break;
    case SERIES_COUNTED:
        break;
    }
    buf_fini(&name);
}

void writer_event_answered(struct writer *writer, struct write *write,
                           const struct http_reply *reply)
{
    enum outcome outcome = write_outcome(reply);
    bool is_done = outcome == OUTCOME_DONE;
    /* An event that reached the server on a lost first try answers 409 to the second. */
    bool was_there = !write->is_patch && outcome == OUTCOME_CONFLICT && write->tries > 1;
    writer->stats.events_sent += is_done || was_there;
    if (reply->failure == HTTP_FAILURE_STOPPED && !writer->is_closing)
        writer->stats.events_dropped++; /* the series' turn came with the ring full */
    if (!is_done && !was_there && reply->failure != HTTP_FAILURE_STOPPED) {
        char status_text[24];
        writer->stats.events_failed++;
        log_info(writer->options.log, 4, "Event not written", {"path", write->text.data},
                 {"status", log_number(reply->status, status_text)}, {"reason", reply->err.text});
    }
    if (writer->is_closing)
        return;
    struct series_patch patch;
    if (!write->has_series)
        writer_pump_events(writer);
    else if (write->is_patch)
        event_series_patched(writer->series, write->series_key, outcome == OUTCOME_GONE);
    else if (event_series_posted(writer->series, write->series_key, is_done || was_there, &patch))
        put_series(writer, &patch);
}

void writer_series_tick(struct writer *writer)
{
    struct series_patch patch;
    while (writer->event_class.waiting < WRITER_EVENT_RING &&
           event_series_due(writer->series, now_mono(), &patch))
        put_series(writer, &patch);
}

/* ---- behind the binds ---- */

static bool binds_are_many(const struct writer *writer)
{
    const struct write_class *bind = &writer->bind_class;
    return bind->waiting > 0 || bind->in_flight > bind->window.size / 2;
}

bool writer_events_may_leave(void *ctx)
{
    const struct writer *writer = ctx;
    return !binds_are_many(writer) && !mono_before(now_mono(), writer->calm_at);
}

static void start_calm_timer(struct writer *writer)
{
    int64_t delay_ms = mono_since(writer->calm_at, now_mono());
    CHECK(uv_timer_start(&writer->calm_timer, writer_on_calm_timer,
                         delay_ms > 0 ? (uint64_t)delay_ms : 0, 0) == 0);
}

void writer_note_bind(struct writer *writer)
{
    if (writer->is_closing || !binds_are_many(writer))
        return;
    writer->calm_at = mono_add(now_mono(), writer->options.event_calm_ms);
    if (!uv_is_active((const uv_handle_t *)&writer->calm_timer))
        start_calm_timer(writer);
}

void writer_on_calm_timer(uv_timer_t *timer)
{
    struct writer *writer = timer->data;
    if (mono_before(now_mono(), writer->calm_at))
        start_calm_timer(writer);
    else
        writer_pump_events(writer);
}
