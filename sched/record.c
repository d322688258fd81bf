#include "sched/record.h"

#include <stdlib.h>

#include "model/base/mem.h"
#include "model/base/rng.h"

enum { BATCH_BYTES = 1 << 20 }; /* of symbols, handed on together */

struct recorder {
    struct recorder_options options; /* `config` and `port` are not used after recorder_new() */
    struct port port;
    struct rng rng;           /* answers random() */
    struct mono_ms now;       /* of the record under way */
    size_t room;              /* of the pass under way, less its binds */
    uint32_t symbols_written; /* symbols below are in the recording */
    struct buf body, out;
    bool has_failed;
};

/* Hands on what was put together. */
static void flush(struct recorder *recorder)
{
    if (!recorder->has_failed &&
        !recorder->options.write(recorder->options.ctx, buf_str(&recorder->out)))
        recorder->has_failed = true;
    buf_clear(&recorder->out);
}

static void add_symbols(struct recorder *recorder)
{
    const struct symbols *symbols = recorder->options.symbols;
    uint32_t count = symbols_count(symbols);
    for (; recorder->symbols_written < count && !recorder->has_failed;
         recorder->symbols_written++) {
        struct str text = symbol_str(symbols, recorder->symbols_written);
        struct codec codec = record_begin(&recorder->body, RECORD_SYMBOL);
        codec_str(&codec, &text);
        record_frame(&recorder->out, &recorder->body);
        if (recorder->out.len >= BATCH_BYTES)
            flush(recorder);
    }
}

/* Appends the record in `body`, and hands all on. */
static void finish(struct recorder *recorder)
{
    if (buf_overflowed(&recorder->body)) {
        recorder->has_failed = true;
        recorder->port.note(recorder->port.ctx, NOTE_ERROR,
                            "the recording ends here: an object is too large for it");
        return;
    }
    record_frame(&recorder->out, &recorder->body);
    flush(recorder);
}

/* Time goes on, and stands still until the next record. */
static void code_now(struct recorder *recorder, struct codec *codec)
{
    struct mono_ms now = recorder->port.now(recorder->port.ctx);
    int64_t elapsed_ms = mono_since(now, recorder->now);
    recorder->now = now;
    codec_i64(codec, &elapsed_ms);
}

void recorder_on_event(struct recorder *recorder, const struct event *event)
{
    add_symbols(recorder);
    struct codec codec = record_begin(&recorder->body, RECORD_EVENT);
    code_now(recorder, &codec);
    recorder->room = 0;
    if (recorder->has_failed)
        return;
    event_write(&codec, event);
    finish(recorder);
}

void recorder_on_pass(struct recorder *recorder, uint32_t budget)
{
    add_symbols(recorder);
    struct codec codec = record_begin(&recorder->body, RECORD_PASS);
    code_now(recorder, &codec);
    recorder->room = recorder->port.bind_room(recorder->port.ctx);
    uint64_t room = recorder->room;
    codec_u32(&codec, &budget);
    codec_u64(&codec, &room);
    if (!recorder->has_failed)
        finish(recorder);
}

void recorder_on_stop(struct recorder *recorder)
{
    (void)record_begin(&recorder->body, RECORD_STOP);
    if (!recorder->has_failed)
        finish(recorder);
}

/* ---- the port ---- */

static struct mono_ms port_now(void *ctx)
{
    return ((struct recorder *)ctx)->now;
}

static uint64_t port_random(void *ctx)
{
    return rng_next(&((struct recorder *)ctx)->rng);
}

static size_t port_bind_room(void *ctx)
{
    return ((struct recorder *)ctx)->room;
}

static void port_bind(void *ctx, const struct bind_request *request)
{
    struct recorder *recorder = ctx;
    recorder->room -= recorder->room > 0;
    if (!recorder->has_failed) {
        struct pod_ref pod = request->pod;
        uint32_t node_sym = request->node_name_sym;
        struct codec codec = record_begin(&recorder->body, RECORD_BIND);
        pod_ref_codec(&codec, &pod);
        codec_symbol(&codec, &node_sym);
        finish(recorder);
    }
    recorder->port.bind(recorder->port.ctx, request);
}

static void port_read_pod(void *ctx, const struct pod_ref *pod)
{
    struct recorder *recorder = ctx;
    recorder->port.read_pod(recorder->port.ctx, pod);
}

static void port_patch_status(void *ctx, const struct status_request *request)
{
    struct recorder *recorder = ctx;
    recorder->port.patch_status(recorder->port.ctx, request);
}

static void port_emit_event(void *ctx, const struct event_request *request)
{
    struct recorder *recorder = ctx;
    recorder->port.emit_event(recorder->port.ctx, request);
}

static void port_evict(void *ctx, const struct evict_request *request)
{
    struct recorder *recorder = ctx;
    recorder->port.evict(recorder->port.ctx, request);
}

static void port_patch_policy(void *ctx, const struct policy_status *status)
{
    struct recorder *recorder = ctx;
    recorder->port.patch_policy(recorder->port.ctx, status);
}

static void port_labels_missing(void *ctx, const struct pod_ref *pod)
{
    struct recorder *recorder = ctx;
    recorder->port.labels_missing(recorder->port.ctx, pod);
}

static void port_watch_owners(void *ctx)
{
    struct recorder *recorder = ctx;
    recorder->port.watch_owners(recorder->port.ctx);
}

static void port_note(void *ctx, enum note_level level, const char *text)
{
    struct recorder *recorder = ctx;
    recorder->port.note(recorder->port.ctx, level, text);
}

struct port recorder_port(struct recorder *recorder)
{
    return (struct port){
        .ctx = recorder,
        .now = port_now,
        .random = port_random,
        .bind_room = port_bind_room,
        .bind = port_bind,
        .read_pod = port_read_pod,
        .patch_status = port_patch_status,
        .emit_event = port_emit_event,
        .evict = port_evict,
        .patch_policy = port_patch_policy,
        .labels_missing = port_labels_missing,
        .watch_owners = port_watch_owners,
        .note = port_note,
    };
}

/* ---- life ---- */

struct recorder *recorder_new(const struct recorder_options *options)
{
    struct recorder *recorder = mem_zalloc(1, sizeof(*recorder));
    recorder->options = *options;
    recorder->port = *options->port;
    buf_init(&recorder->body, RECORD_BYTES_MAX);
    buf_init(&recorder->out, 2 * (size_t)RECORD_BYTES_MAX);
    struct record_setup setup = {.config = *options->config,
                                 .random_seed = recorder->port.random(recorder->port.ctx)};
    rng_init(&recorder->rng, setup.random_seed);
    add_symbols(recorder); /* the configuration names some */
    struct codec codec = record_begin(&recorder->body, RECORD_CONFIG);
    record_setup_codec(&codec, &setup);
    finish(recorder);
    return recorder;
}

void recorder_free(struct recorder *recorder)
{
    if (!recorder)
        return;
    (void)record_begin(&recorder->body, RECORD_END);
    if (!recorder->has_failed)
        finish(recorder);
    buf_fini(&recorder->body);
    buf_fini(&recorder->out);
    free(recorder);
}
