#include "sched/sched.h"

#include <stdlib.h>

#include "model/base/mem.h"
#include "sched/sched_private.h"

void sched_config_init(struct sched_config *config, struct symbols *symbols)
{
    *config = (struct sched_config){
        .scheduler_name_count = 1,
        .scheduler_name_syms = {symbol_intern(symbols, STR("spillway"))},
        .cycle = {.predicate_step = CYCLE_PREDICATE_STEP,
                  .feasible_target = CYCLE_FEASIBLE_TARGET,
                  .percentage = -1},
        .queue = {QUEUE_INITIAL_BACKOFF_MS, QUEUE_MAX_BACKOFF_MS},
    };
    score_config_init(&config->cycle.score);
}

struct sched *sched_new(const struct sched_config *config, struct symbols *symbols,
                        const struct port *port)
{
    CHECK(config->scheduler_name_count > 0 && config->scheduler_name_count <= SCHED_NAMES_MAX);
    struct sched *sched = mem_zalloc(1, sizeof(*sched));
    sched->config = *config;
    sched->symbols = symbols;
    sched->port = *port;
    cluster_init(&sched->cluster, symbols, config->hash_seed);
    sched->queue = queue_new(&config->queue, &sched->cluster);
    nominator_init(&sched->nominator);
    cycle_init(&sched->cycle, &config->cycle, &sched->cluster);
    buf_init(&sched->message, CYCLE_MESSAGE_BYTES_MAX);
    return sched;
}

void sched_free(struct sched *sched)
{
    if (!sched)
        return;
    queue_free(sched->queue);
    cycle_fini(&sched->cycle);
    nominator_fini(&sched->nominator);
    cluster_fini(&sched->cluster);
    buf_fini(&sched->message);
    free(sched->waiting);
    free(sched);
}

/* Events only record. */
void sched_on_event(struct sched *sched, const struct event *event)
{
    switch (event->kind) {
    case EVENT_NODE_LIST_BEGIN:
        cluster_begin_node_list(&sched->cluster);
        return;
    case EVENT_NODE_LIST_END:
        intake_nodes_listed(sched);
        return;
    case EVENT_NODE_SEEN:
        intake_node(sched, event->node);
        return;
    case EVENT_NODE_GONE:
        intake_node_gone(sched, event->node);
        return;
    case EVENT_POD_LIST_BEGIN:
        intake_pods_list_begins(sched);
        return;
    case EVENT_POD_LIST_END:
        intake_pods_listed(sched);
        return;
    case EVENT_POD_SEEN:
        intake_pod(sched, event->pod);
        return;
    case EVENT_POD_GONE:
        intake_pod_gone(sched, event->pod);
        return;
    case EVENT_BIND_REPLY:
        binding_on_reply(sched, event->reply);
        return;
    case EVENT_POD_READ:
        binding_on_read(sched, event->reply, event->read_pod);
        return;
    case EVENT_STATUS_REPLY:
        report_on_status_reply(sched, event->reply);
        return;
    case EVENT_KIND_COUNT:
        break;
    }
    CHECK_NEVER("a known event kind");
}

/* One popped pod: a node is assumed and bound, or it goes back with the reason. */
static void sched_try(struct sched *sched, struct pod *pod, struct mono_ms now)
{
    CHECK(pod->place == POD_PENDING && pod->is_ours && pod->gate_count == 0);
    if (pod->is_deleting) {
        report_skipped(sched, pod);
        return;
    }
    sched->stats.attempts++;
    struct cycle_result result =
        cycle_run(&sched->cycle, &sched->cluster, &sched->nominator, pod, &sched->message);
    if (result.slot != NODE_SLOT_NONE) {
        binding_start(sched, pod, result.slot);
        sched_check_pod(sched, pod);
        return;
    }
    sched->stats.unschedulable++;
    queue_return(sched->queue, pod, result.rejectors, now);
    sched_check_pod(sched, pod);
    if (result.is_unsupported)
        report_failed(sched, pod, buf_str(&sched->message));
    else
        report_refused(sched, pod, buf_str(&sched->message));
}

/* How many binds may be started: what the port has room for, and I22. */
static size_t bind_room(const struct sched *sched)
{
    size_t room = sched->port.bind_room(sched->port.ctx);
    if (sched->binds_unknown == 0)
        return room;
    uint32_t open = sched->binds_open;
    size_t left = open < PORT_BINDS_OPEN_MAX ? PORT_BINDS_OPEN_MAX - open : 0;
    return room < left ? room : left;
}

bool sched_pass(struct sched *sched, uint32_t budget)
{
    struct mono_ms now = sched_now(sched);
    queue_flush(sched->queue, now);
    binding_retry_due(sched, now);
    if (sched->is_stopped || !sched_is_synced(sched))
        return false;
    sched_check_some(sched);
    size_t room = bind_room(sched);
    for (uint32_t tried = 0; tried < budget && room > 0; tried++) {
        struct pod *pod = queue_pop(sched->queue, now);
        if (!pod)
            return false;
        uint32_t open = sched->binds_open;
        sched_try(sched, pod, now);
        room -= sched->binds_open - open;
    }
    return room > 0 && queue_is_ready(sched->queue);
}

struct mono_ms sched_next_wakeup(const struct sched *sched)
{
    struct mono_ms at = binding_next_retry(sched);
    return sched->is_stopped ? at : mono_min(at, queue_next_flush(sched->queue));
}

void sched_stop(struct sched *sched)
{
    sched->is_stopped = true;
}

uint32_t sched_binds_open(const struct sched *sched)
{
    return sched->binds_open;
}

bool sched_is_synced(const struct sched *sched)
{
    return sched->nodes_synced && sched->pods_synced;
}

struct sched_stats sched_stats(const struct sched *sched)
{
    return sched->stats;
}

const struct cluster *sched_cluster(const struct sched *sched)
{
    return &sched->cluster;
}
