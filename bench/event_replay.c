#include "bench/event_replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "bench/core_state.h"
#include "bench/event_file.h"
#include "bench/report.h"
#include "model/base/hash.h"
#include "model/base/rng.h"
#include "model/names.h"
#include "sched/record.h"

enum {
    BINDING_BYTES_MAX = 256 << 10, /* three strings of the decoder, and a UID */
    WAITING_BYTES_MAX = 64 << 20
};

struct event_replay {
    struct event_file file;
    struct symbols *symbols;
    struct sched *sched; /* NULL before CONFIG */
    struct arena arena;  /* of the record under way */
    struct arena config_arena;
    struct record_setup setup; /* the core borrows its unit types */
    struct event_replay_output output;
    struct event_replay_result result;
    uint32_t symbol_count; /* defined so far */
    /* what the port answers */
    struct mono_ms now;
    struct rng rng;
    uint64_t room;
    /* bindings made since the last EVENT or PASS that no BIND confirmed yet: text and NUL each */
    struct buf waiting;
    bool is_timed;
    uint64_t deeds;  /* calls of the port that do something */
    bool was_barren; /* the last EVENT or PASS was a pass that did nothing */
};

/* ---- the port ---- */

static struct mono_ms replay_now(void *ctx)
{
    return ((struct event_replay *)ctx)->now;
}

static uint64_t replay_random(void *ctx)
{
    return rng_next(&((struct event_replay *)ctx)->rng);
}

static size_t replay_bind_room(void *ctx)
{
    return (size_t)((struct event_replay *)ctx)->room;
}

/* "namespace/pod uid node" */
static void add_binding(const struct event_replay *replay, const struct pod_ref *pod,
                        uint32_t node_sym, struct buf *text)
{
    char uid[UID_TEXT_BYTES];
    (void)uid_format(replay->symbols, pod->uid, uid);
    (void)buf_printf(text, "%s/" STR_FMT " %s %s", symbol_text(replay->symbols, pod->namespace_sym),
                     STR_ARG(pod->name), uid, symbol_text(replay->symbols, node_sym));
}

static void differ(struct event_replay *replay, const char *then, const char *now)
{
    struct event_replay_result *result = &replay->result;
    if (result->differs)
        return;
    result->differs = true;
    (void)snprintf(result->difference, sizeof(result->difference),
                   "before byte %" PRIu64 " of %s: then %.400s, now %.400s",
                   replay->file.body_offset, replay->file.in_path, then, now);
}

static void replay_bind(void *ctx, const struct bind_request *request)
{
    struct event_replay *replay = ctx;
    struct event_replay_result *result = &replay->result;
    struct buf text CLEANUP(buf_fini);
    buf_init(&text, BINDING_BYTES_MAX);
    add_binding(replay, &request->pod, request->node_name_sym, &text);
    CHECK(!buf_overflowed(&text));
    replay->room -= replay->room > 0;
    replay->deeds++;
    result->bindings++;
    result->bindings_hash = hash_bytes(result->bindings_hash, text.data, text.len);
    if (!buf_add(&replay->waiting, text.data, text.len + 1))
        differ(replay, "none", text.data); /* no spillway binds so much at once */
    if (replay->output.bindings)
        (void)fprintf(replay->output.bindings, "%s/" STR_FMT " %s\n",
                      symbol_text(replay->symbols, request->pod.namespace_sym),
                      STR_ARG(request->pod.name),
                      symbol_text(replay->symbols, request->node_name_sym));
}

static void replay_read_pod(void *ctx, const struct pod_ref *pod)
{
    (void)pod;
    ((struct event_replay *)ctx)->deeds++;
}

static void replay_patch_status(void *ctx, const struct status_request *request)
{
    (void)request;
    ((struct event_replay *)ctx)->deeds++;
}

static void replay_emit_event(void *ctx, const struct event_request *request)
{
    (void)request;
    ((struct event_replay *)ctx)->deeds++;
}

static void replay_evict(void *ctx, const struct evict_request *request)
{
    (void)request;
    ((struct event_replay *)ctx)->deeds++;
}

static void replay_patch_policy(void *ctx, const struct policy_status *status)
{
    (void)status;
    ((struct event_replay *)ctx)->deeds++;
}

static void replay_labels_missing(void *ctx, const struct pod_ref *pod)
{
    (void)ctx;
    (void)pod;
}

static void replay_watch_owners(void *ctx)
{
    (void)ctx;
}

static void replay_note(void *ctx, enum note_level level, const char *text)
{
    (void)ctx;
    (void)level;
    (void)text;
}

/* ---- records ---- */

/* A binding of then; the same has to be the first that waits. */
static void take_bind(struct event_replay *replay, struct codec *codec)
{
    struct pod_ref pod = {0};
    uint32_t node_sym = SYM_EMPTY;
    struct buf text CLEANUP(buf_fini);
    pod_ref_codec(codec, &pod);
    codec_symbol(codec, &node_sym);
    if (!codec_is_done(codec))
        return;
    buf_init(&text, BINDING_BYTES_MAX);
    add_binding(replay, &pod, node_sym, &text);
    if (buf_overflowed(&text)) {
        codec_fail(codec, "the name of a pod is too long");
        return;
    }
    bool is_waiting = replay->waiting.len > 0;
    if (!is_waiting || strcmp(replay->waiting.data, text.data) != 0)
        differ(replay, text.data, is_waiting ? replay->waiting.data : "none");
    if (is_waiting)
        buf_consume(&replay->waiting, strlen(replay->waiting.data) + 1);
}

/* All bindings of the step before were told of. */
static void settle(struct event_replay *replay)
{
    if (replay->waiting.len > 0)
        differ(replay, "none", replay->waiting.data);
    buf_clear(&replay->waiting);
}

static void take_config(struct event_replay *replay, struct codec *codec)
{
    if (replay->sched) {
        codec_fail(codec, "it was configured before");
        return;
    }
    codec->arena = &replay->config_arena;
    record_setup_codec(codec, &replay->setup);
    if (!codec_is_done(codec))
        return;
    const struct port port = {
        .ctx = replay,
        .now = replay_now,
        .random = replay_random,
        .bind_room = replay_bind_room,
        .bind = replay_bind,
        .read_pod = replay_read_pod,
        .patch_status = replay_patch_status,
        .emit_event = replay_emit_event,
        .evict = replay_evict,
        .patch_policy = replay_patch_policy,
        .labels_missing = replay_labels_missing,
        .watch_owners = replay_watch_owners,
        .note = replay_note,
    };
    rng_init(&replay->rng, replay->setup.random_seed);
    replay->sched = sched_new(&replay->setup.config, replay->symbols, &port);
}

static void take_symbol(struct event_replay *replay, struct codec *codec)
{
    struct str text;
    codec_str(codec, &text);
    if (!codec_is_done(codec))
        return;
    if (symbol_intern(replay->symbols, text) == replay->symbol_count)
        replay->symbol_count++;
    else
        codec_fail(codec, "a symbol comes out of order: another version of spillway, or damage");
}

static void take_time(struct event_replay *replay, struct codec *codec)
{
    int64_t elapsed_ms = 0;
    codec_i64(codec, &elapsed_ms);
    if (elapsed_ms < 0 || __builtin_add_overflow(replay->now.ms, elapsed_ms, &replay->now.ms))
        codec_fail(codec, "time does not go like that");
    else if (replay->is_timed) /* the first is the clock's own count */
        replay->result.span_ms += elapsed_ms;
    replay->is_timed = true;
}

static void take_event(struct event_replay *replay, struct codec *codec)
{
    struct event event;
    take_time(replay, codec);
    bool is_event = event_read(codec, &event);
    if (!is_event || !codec_is_done(codec))
        return;
    replay->room = 0;
    replay->was_barren = false;
    replay->result.events++;
    sched_on_event(replay->sched, &event);
}

static void take_pass(struct event_replay *replay, struct codec *codec)
{
    uint32_t budget = 0;
    take_time(replay, codec);
    codec_u32(codec, &budget);
    codec_u64(codec, &replay->room);
    if (!codec_is_done(codec))
        return;
    uint64_t deeds = replay->deeds, attempts = sched_stats(replay->sched).attempts;
    bool is_timed = replay->result.bindings < replay->output.timed_bindings;
    int64_t started_ns = is_timed ? report_cpu_ns() : 0;
    (void)sched_pass(replay->sched, budget);
    if (is_timed) {
        replay->result.timed_ns += report_cpu_ns() - started_ns;
        replay->result.timed_attempts += sched_stats(replay->sched).attempts - attempts;
    }
    bool is_barren = deeds == replay->deeds && attempts == sched_stats(replay->sched).attempts;
    replay->result.passes++;
    replay->result.idle_passes += is_barren && replay->was_barren;
    replay->was_barren = is_barren;
}

static void take_record(struct event_replay *replay, enum record_kind kind, struct codec *codec)
{
    bool is_before_config = kind == RECORD_SYMBOL || kind == RECORD_CONFIG;
    if (!is_before_config && !replay->sched)
        codec_fail(codec, "this comes before the configuration");
    if (replay->result.has_end)
        codec_fail(codec, "this comes after the end");
    if (codec->wrong)
        return;
    if (kind != RECORD_BIND)
        settle(replay);
    switch (kind) {
    case RECORD_CONFIG:
        take_config(replay, codec);
        return;
    case RECORD_SYMBOL:
        take_symbol(replay, codec);
        return;
    case RECORD_EVENT:
        take_event(replay, codec);
        return;
    case RECORD_PASS:
        take_pass(replay, codec);
        return;
    case RECORD_STOP:
        sched_stop(replay->sched);
        return;
    case RECORD_BIND:
        take_bind(replay, codec);
        return;
    case RECORD_END:
        replay->result.has_end = true;
        return;
    case RECORD_HEAD:
    case RECORD_KIND_COUNT:
        break;
    }
    codec_fail(codec, "a record that cannot be here");
}

static int run(struct event_replay *replay, struct err *err)
{
    struct str body;
    int rc;
    while ((rc = event_file_next(&replay->file, &body, err)) > 0) {
        uint32_t kind = 0;
        arena_reset(&replay->arena);
        struct codec codec = codec_reader(body, replay->symbol_count, &replay->arena);
        codec_below(&codec, &kind, RECORD_KIND_COUNT);
        take_record(replay, (enum record_kind)kind, &codec);
        if (codec.wrong)
            return event_file_wrong(&replay->file, codec.at, codec.wrong, err);
    }
    if (rc == 0 && !replay->sched)
        return err_set(err, ENODATA, "%s ends before its configuration", replay->file.in_path);
    return rc;
}

int event_replay(const char *path, const struct event_replay_output *output,
                 struct event_replay_result *ret_result, struct err *err)
{
    struct event_replay replay = {.symbols = names_symbols_new(0), .output = *output};
    arena_init(&replay.arena);
    arena_init(&replay.config_arena);
    buf_init(&replay.waiting, WAITING_BYTES_MAX);
    int rc = event_file_open(&replay.file, path, err);
    if (rc == 0)
        rc = run(&replay, err);
    if (rc == 0) {
        sched_check(replay.sched);
        if (output->state)
            core_state_print(sched_cluster(replay.sched), output->state);
        replay.result.is_cut = replay.file.is_cut;
        *ret_result = replay.result;
        if (output->look)
            output->look(output->ctx, sched_cluster(replay.sched));
    }
    sched_free(replay.sched);
    event_file_close(&replay.file);
    buf_fini(&replay.waiting);
    arena_fini(&replay.arena);
    arena_fini(&replay.config_arena);
    symbols_free(replay.symbols);
    return rc;
}
