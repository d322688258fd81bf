/*
 * What a reflector's requests bring: bytes through the decoder into events of the core. The version
 * to resume from moves with each event and bookmark, but not with the ADDED events of a streaming
 * list, which come in no order.
 */
#include <string.h>

#include "watch/reflector_private.h"

static void emit(struct reflector *reflector, const struct event *event)
{
    if (!reflector->is_stopping)
        reflector->options.on_event(reflector->options.ctx, event);
}

/* How a list of each kind is framed. */
static const struct {
    enum event_kind begin, end;
} frames[DECODE_KIND_COUNT] = {
    [DECODE_POD] = {EVENT_POD_LIST_BEGIN, EVENT_POD_LIST_END},
    [DECODE_NODE] = {EVENT_NODE_LIST_BEGIN, EVENT_NODE_LIST_END},
    [DECODE_POLICY] = {EVENT_POLICY_LIST_BEGIN, EVENT_POLICY_LIST_END},
    [DECODE_BUDGET] = {EVENT_BUDGET_LIST_BEGIN, EVENT_BUDGET_LIST_END},
    [DECODE_OWNER] = {EVENT_OWNER_LIST_BEGIN, EVENT_OWNER_LIST_END},
};

static void emit_kind(struct reflector *reflector, enum event_kind kind)
{
    emit(reflector, &(struct event){.kind = kind, .source = reflector->options.source});
}

void reflector_emit_list_begin(struct reflector *reflector)
{
    emit_kind(reflector, frames[reflector->options.kind].begin);
}

/* I15: only what this stream brought itself moves its version. */
static void set_rv(struct reflector *reflector, struct str rv)
{
    CHECK(reflector->call.is_feeding);
    if (rv.len == 0 || rv.len > REFLECTOR_RV_BYTES_MAX)
        return; /* no version at all: resume from the one before, some events come twice */
    buf_clear(&reflector->rv);
    CHECK(buf_add(&reflector->rv, rv.ptr, rv.len));
}

/* Whether `a` is before `b`. Versions of one resource are revisions of etcd, decimal numbers, and
 * recent apimachinery compares them as such; of any other form nothing is known. */
static bool rv_is_before(struct str a, struct str b)
{
    for (size_t i = 0; i < a.len; i++)
        if (a.ptr[i] < '0' || a.ptr[i] > '9')
            return false;
    for (size_t i = 0; i < b.len; i++)
        if (b.ptr[i] < '0' || b.ptr[i] > '9')
            return false;
    return a.len != b.len ? a.len < b.len : memcmp(a.ptr, b.ptr, a.len) < 0;
}

/* A watch goes on from the highest version that it has seen: a deletion may come with the version
 * of before (k/k#58545), a bookmark too. */
static bool advance_rv(struct reflector *reflector, struct str rv)
{
    if (rv.len == 0 || rv_is_before(rv, buf_str(&reflector->rv)))
        return false;
    reflector->call.backward = 0;
    set_rv(reflector, rv);
    return true;
}

/* The period, and up to a quarter more by chance: nodes and pods, and many schedulers, shall not
 * list at one time. */
static void plan_relist(struct reflector *reflector)
{
    int64_t every_ms = reflector->options.relist_every_ms;
    reflector->relist_at = MONO_NEVER;
    if (every_ms < 0)
        return;
    if (every_ms == 0)
        every_ms = REFLECTOR_RELIST_MS;
    every_ms += (int64_t)rng_below(&reflector->rng, (uint64_t)every_ms / 4 + 1);
    struct mono_ms now = {(int64_t)uv_now(reflector->options.loop)};
    reflector->relist_at = mono_add(now, every_ms);
}

void reflector_list_done(struct reflector *reflector, struct str rv)
{
    set_rv(reflector, rv);
    plan_relist(reflector);
    reflector->forgets_rv = false;
    reflector->failures = 0;
    reflector->is_synced = true;
    reflector->stats.lists++;
    reflector->phase = REFLECTOR_WATCHING;
    reflector->is_absent = false;
    reflector_emit_list_end(reflector);
}

void reflector_emit_list_end(struct reflector *reflector)
{
    emit_kind(reflector, frames[reflector->options.kind].end);
    if (!reflector->is_stopping && reflector->options.on_synced)
        reflector->options.on_synced(reflector->options.ctx);
}

/* Whether an object may still be delivered from the chunk that is being decoded. */
static bool is_open(const struct reflector *reflector)
{
    const struct reflector_end *end = &reflector->call.end;
    return !reflector->is_stopping && end->error_code == 0 && !end->is_endless && !end->is_rv_ahead;
}

static void note_event(struct reflector *reflector, enum decode_verb verb, struct str rv)
{
    reflector->stats.events++;
    if (verb == DECODE_LISTED)
        return;
    reflector->call.has_events = true;
    if (reflector->phase != REFLECTOR_WATCHING || rv.len == 0)
        return;
    reflector->call.has_progress = true;
    (void)advance_rv(reflector, rv);
}

static void on_pod(void *ctx, enum decode_verb verb, const struct pod_object *pod)
{
    struct reflector *reflector = ctx;
    CHECK(reflector->options.kind == DECODE_POD);
    if (!is_open(reflector))
        return;
    note_event(reflector, verb, pod->resource_version);
    enum event_kind kind = verb == DECODE_DELETED ? EVENT_POD_GONE : EVENT_POD_SEEN;
    emit(reflector, &(struct event){.kind = kind, .pod = pod});
}

static void on_node(void *ctx, enum decode_verb verb, const struct node_object *node)
{
    struct reflector *reflector = ctx;
    CHECK(reflector->options.kind == DECODE_NODE);
    if (!is_open(reflector))
        return;
    note_event(reflector, verb, node->resource_version);
    enum event_kind kind = verb == DECODE_DELETED ? EVENT_NODE_GONE : EVENT_NODE_SEEN;
    emit(reflector, &(struct event){.kind = kind, .node = node});
}

/* Objects do not say where they are from: the request does. */

static void on_policy(void *ctx, enum decode_verb verb, const struct policy_object *policy)
{
    struct reflector *reflector = ctx;
    if (!is_open(reflector))
        return;
    note_event(reflector, verb, policy->meta.resource_version);
    struct policy_object seen = *policy;
    seen.source = (enum policy_source)reflector->options.source;
    enum event_kind kind = verb == DECODE_DELETED ? EVENT_POLICY_GONE : EVENT_POLICY_SEEN;
    emit(reflector,
         &(struct event){.kind = kind, .source = reflector->options.source, .policy = &seen});
}

static void on_budget(void *ctx, enum decode_verb verb, const struct budget_object *budget)
{
    struct reflector *reflector = ctx;
    if (!is_open(reflector))
        return;
    note_event(reflector, verb, budget->meta.resource_version);
    enum event_kind kind = verb == DECODE_DELETED ? EVENT_BUDGET_GONE : EVENT_BUDGET_SEEN;
    emit(reflector, &(struct event){.kind = kind, .budget = budget});
}

static void on_owner(void *ctx, enum decode_verb verb, const struct owner_object *owner)
{
    struct reflector *reflector = ctx;
    if (!is_open(reflector))
        return;
    note_event(reflector, verb, owner->meta.resource_version);
    struct owner_object seen = *owner;
    seen.kind = (enum owner_kind)reflector->options.source;
    enum event_kind kind = verb == DECODE_DELETED ? EVENT_OWNER_GONE : EVENT_OWNER_SEEN;
    emit(reflector,
         &(struct event){.kind = kind, .source = reflector->options.source, .owner = &seen});
}

static void on_bookmark(void *ctx, struct str rv, bool is_initial_events_end)
{
    struct reflector *reflector = ctx;
    if (!is_open(reflector))
        return;
    reflector->stats.bookmarks++;
    reflector->call.has_events = true;
    if (rv.len == 0 || rv.len > REFLECTOR_RV_BYTES_MAX)
        return;
    if (reflector->phase == REFLECTOR_WATCHING) {
        bool is_news = !str_equal(rv, buf_str(&reflector->rv));
        if (advance_rv(reflector, rv))
            reflector->call.has_progress |= is_news;
        else if (++reflector->call.backward >= REFLECTOR_BACKWARD_MAX)
            reflector->call.end.is_rv_ahead = true;
    } else if (is_initial_events_end) {
        reflector->stats.streamed_lists++;
        reflector->call.end.phase = REFLECTOR_WATCHING;
        reflector_list_done(reflector, rv);
        if (!reflector->is_stopping)
            reflector_watchdog_start(reflector); /* another limit from here on */
    } else {
        /* The first bookmark of a streamed list is its end, or the server knows no such thing. */
        reflector->call.end.is_endless = true;
    }
}

static void on_error_event(void *ctx, const struct status_object *status)
{
    struct reflector *reflector = ctx;
    struct reflector_call *call = &reflector->call;
    if (!is_open(reflector))
        return;
    call->end.error_code = status->code > 0 ? status->code : 500;
    call->end.is_rv_too_large = refusal_text_is_rv_too_large(status->message);
    call->retry_after_seconds = status->retry_after_seconds > 0 ? status->retry_after_seconds : -1;
    (void)snprintf(call->error_text, sizeof call->error_text, STR_FMT, STR_ARG(status->message));
}

void reflector_feed_open(struct reflector *reflector)
{
    const struct decode_handler handler = {
        .ctx = reflector,
        .pod = on_pod,
        .node = on_node,
        .policy = on_policy,
        .budget = on_budget,
        .owner = on_owner,
        .bookmark = on_bookmark,
        .error = on_error_event,
    };
    const struct reflector_options *options = &reflector->options;
    reflector->list_decoder = decoder_new(options->kind, DECODE_LIST, options->symbols, &handler);
    reflector->watch_decoder = decoder_new(options->kind, DECODE_WATCH, options->symbols, &handler);
}

void reflector_feed_close(struct reflector *reflector)
{
    decoder_free(reflector->list_decoder);
    decoder_free(reflector->watch_decoder);
}

/* A stream keeps its decoder when it turns from list to watch: both are the same bytes. */
static struct decoder *feed_decoder(const struct reflector *reflector)
{
    return reflector->phase == REFLECTOR_PAGING ? reflector->list_decoder
                                                : reflector->watch_decoder;
}

void reflector_feed_begin(struct reflector *reflector)
{
    decoder_reset(feed_decoder(reflector));
}

void reflector_note_corrupt(struct reflector *reflector, const struct err *err)
{
    reflector->stats.decode_failures++;
    reflector->call.end.is_corrupt = true;
    reflector->call.corrupt_err = *err;
}

bool reflector_feed_bytes(void *ctx, const char *bytes, size_t len)
{
    struct reflector *reflector = ctx;
    struct reflector_call *call = &reflector->call;
    if (!is_open(reflector) || call->end.is_corrupt)
        return false;
    reflector->stats.bytes += len;
    call->last_byte_at = (struct mono_ms){(int64_t)uv_now(reflector->options.loop)};
    call->is_overdue = false;

    struct err err = {0};
    call->is_feeding = true;
    if (decoder_feed(feed_decoder(reflector), bytes, len, &err) < 0)
        reflector_note_corrupt(reflector, &err);
    call->is_feeding = false;
    return is_open(reflector) && !call->end.is_corrupt;
}

void reflector_feed_end(struct reflector *reflector)
{
    struct err err = {0};
    reflector->call.is_feeding = true;
    if (!reflector->call.end.is_corrupt && decoder_finish(feed_decoder(reflector), &err) < 0)
        reflector_note_corrupt(reflector, &err);
    reflector->call.is_feeding = false;
}
