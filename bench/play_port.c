/* The core's side of the player: what it asks of the world. Answers come by the agenda. */
#include "bench/play_private.h"

#include "model/base/hash.h"

static struct mono_ms play_now(void *ctx)
{
    return ((struct play *)ctx)->now;
}

static uint64_t play_random(void *ctx)
{
    return rng_next(&((struct play *)ctx)->rng);
}

static size_t play_bind_room(void *ctx)
{
    const struct play *play = ctx;
    return play->options.bind_window - play->binds_open;
}

static uint32_t pod_of(const struct play *play, const struct pod_ref *ref)
{
    CHECK(ref->uid.hi == PLAY_UID_POD && ref->uid.lo > 0 && ref->uid.lo <= play->pod_count);
    return (uint32_t)(ref->uid.lo - 1);
}

static void add_to_hash(struct play *play, struct str pod, struct str node)
{
    uint64_t *hash = &play->result.bindings_hash;
    *hash = hash_bytes(*hash, pod.ptr, pod.len);
    *hash = hash_bytes(*hash, node.ptr, node.len);
    *hash = hash_mix(*hash, (uint64_t)play->now.ms);
}

static void play_bind(void *ctx, const struct bind_request *request)
{
    struct play *play = ctx;
    uint32_t number = pod_of(play, &request->pod);
    struct play_pod *pod = &play->pods[number];
    CHECK(pod->state == PLAY_WAITING && play->binds_open < play->options.bind_window);
    CHECK(request->node_name_sym < play->name_count);
    CHECK(play->node_of_name[request->node_name_sym] > 0);
    pod->state = PLAY_BINDING;
    pod->node = play->node_of_name[request->node_name_sym] - 1;
    play->binds_open++;
    add_to_hash(play, request->pod.name,
                symbol_str(play->workload->symbols, request->node_name_sym));
    agenda_add(&play->agenda, play->now.ms + play->options.bind_latency_ms, PLAY_BIND_ANSWERED,
               number);
}

static void play_read_pod(void *ctx, const struct pod_ref *ref)
{
    (void)ctx;
    (void)ref;
    CHECK_NEVER("a read: every bind is answered, and never with doubt");
}

static void play_patch_status(void *ctx, const struct status_request *request)
{
    (void)ctx;
    (void)request;
}

static void play_emit_event(void *ctx, const struct event_request *request)
{
    struct play *play = ctx;
    if (!request->is_warning)
        return;
    uint32_t reason = play_reasons_add(&play->result.reasons, request->note);
    play->pods[pod_of(play, &request->pod)].reason = (uint8_t)reason;
}

static void play_evict(void *ctx, const struct evict_request *request)
{
    struct play *play = ctx;
    agenda_add(&play->agenda, play->now.ms, PLAY_POD_EVICTED, pod_of(play, &request->pod));
}

static void play_patch_policy(void *ctx, const struct policy_status *status)
{
    (void)ctx;
    (void)status;
}

static void play_watch_owners(void *ctx)
{
    (void)ctx; /* pods of workloads have no owners */
}

static void play_note(void *ctx, enum note_level level, const char *text)
{
    (void)ctx;
    (void)level;
    (void)text;
}

struct port play_port(struct play *play)
{
    return (struct port){
        .ctx = play,
        .now = play_now,
        .random = play_random,
        .bind_room = play_bind_room,
        .bind = play_bind,
        .read_pod = play_read_pod,
        .patch_status = play_patch_status,
        .emit_event = play_emit_event,
        .evict = play_evict,
        .patch_policy = play_patch_policy,
        .watch_owners = play_watch_owners,
        .note = play_note,
    };
}

/* ---- the start ---- */

static void send(struct play *play, enum event_kind kind, uint32_t source)
{
    sched_on_event(play->sched, &(struct event){.kind = kind, .source = source});
}

static void see_policy(void *ctx, const struct policy_object *policy)
{
    struct play *play = ctx;
    sched_on_event(play->sched, &(struct event){.kind = EVENT_POLICY_SEEN,
                                                .source = POLICY_SOURCE_SPILLWAY,
                                                .policy = policy});
}

int play_start(struct play *play, struct err *err)
{
    struct sched_config config;
    struct port port = play_port(play);
    sched_config_init(&config, play->workload->symbols);
    config.hash_seed = config.cycle.seed = play->options.seed;
    config.watches_policies = true;
    config.preempts = play->options.preempts;
    config.cycle.percentage = play->options.percentage;
    config.wall_zero_ms = PLAY_EPOCH_UNIX_S * INT64_C(1000);
    play->sched = sched_new(&config, play->workload->symbols, &port);
    for (uint32_t source = 0; source < POLICY_SOURCE_COUNT; source++) {
        send(play, EVENT_POLICY_LIST_BEGIN, source);
        for (uint32_t i = 0; source == POLICY_SOURCE_SPILLWAY && i < play->workload->policy_count;
             i++) {
            int rc = play_policy_read(play->workload, i, see_policy, play, err);
            if (rc < 0)
                return rc;
        }
        send(play, EVENT_POLICY_LIST_END, source);
    }
    if (config.preempts) {
        send(play, EVENT_BUDGET_LIST_BEGIN, 0);
        send(play, EVENT_BUDGET_LIST_END, 0);
    }
    send(play, EVENT_NODE_LIST_BEGIN, 0);
    send(play, EVENT_NODE_LIST_END, 0);
    send(play, EVENT_POD_LIST_BEGIN, 0);
    send(play, EVENT_POD_LIST_END, 0);
    return 0;
}
