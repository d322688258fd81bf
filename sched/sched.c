#include "sched/sched.h"

#include <stdlib.h>

#include "model/base/mem.h"
#include "policy/unit_presets.h"
#include "sched/sched_private.h"
#include "sched/unit_wait.h"

void sched_config_init(struct sched_config *config, struct symbols *symbols)
{
    *config = (struct sched_config){
        .scheduler_name_count = 1,
        .scheduler_name_syms = {symbol_intern(symbols, STR("spillway"))},
        .cycle = {.predicate_step = CYCLE_PREDICATE_STEP,
                  .feasible_target = CYCLE_FEASIBLE_TARGET,
                  .percentage = -1,
                  .is_batched = true},
        .queue = {QUEUE_INITIAL_BACKOFF_MS, QUEUE_MAX_BACKOFF_MS},
    };
    score_config_init(&config->cycle.score);
}

static void sched_new_parts(struct sched *sched, const struct sched_config *config)
{
    sched->types = config->unit_types;
    if (!sched->types) {
        unit_types_presets(&sched->presets, sched->symbols);
        sched->types = &sched->presets;
    }
    sched->book = book_new(&sched->cluster, sched->types);
    budgets_init(&sched->budgets);
    map_init(&sched->asked);
    nominator_init(&sched->nominator);
    const struct preempt_world preempt = {&sched->cluster, &sched->nominator, &sched->budgets,
                                          sched->book};
    if (config->preempts)
        sched->preemptor = preemptor_new(&preempt, config->cycle.seed);
    const struct park_world park = {&sched->cluster, sched->book, sched->types};
    sched->queue = queue_new(&config->queue, &park);
    const struct cycle_world cycle = {.cluster = &sched->cluster,
                                      .nominator = &sched->nominator,
                                      .book = sched->book,
                                      .types = sched->types,
                                      .preemptor = sched->preemptor,
                                      .wall_zero_ms = config->wall_zero_ms};
    cycle_init(&sched->cycle, &config->cycle, &cycle);
    pacer_init(&sched->pacer, sched->types);
    binding_init(sched);
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
    sched_new_parts(sched, config);
    buf_init(&sched->message, CYCLE_MESSAGE_BYTES_MAX);
    return sched;
}

static void sched_drop_pods(struct sched *sched)
{
    size_t position = 0;
    for (struct pod *pod; (pod = map_next(&sched->cluster.pods, &position));) {
        book_leave(sched->book, pod);
        unit_waits_drop(pod);
    }
}

void sched_free(struct sched *sched)
{
    if (!sched)
        return;
    queue_free(sched->queue);
    sched_drop_pods(sched);
    cycle_fini(&sched->cycle);
    evictions_fini(sched);
    preemptor_free(sched->preemptor);
    nominator_fini(&sched->nominator);
    budgets_fini(&sched->budgets);
    book_free(sched->book);
    heap_fini(&sched->waiting);
    cluster_fini(&sched->cluster);
    if (sched->types == &sched->presets)
        unit_types_fini(&sched->presets);
    buf_fini(&sched->message);
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
    case EVENT_EVICT_REPLY:
        eviction_on_reply(sched, event->reply);
        return;
    case EVENT_POLICY_LIST_BEGIN:
    case EVENT_POLICY_LIST_END:
    case EVENT_POLICY_SEEN:
    case EVENT_POLICY_GONE:
    case EVENT_POLICY_STATUS_REPLY:
    case EVENT_BUDGET_LIST_BEGIN:
    case EVENT_BUDGET_LIST_END:
    case EVENT_BUDGET_SEEN:
    case EVENT_BUDGET_GONE:
    case EVENT_OWNER_LIST_BEGIN:
    case EVENT_OWNER_LIST_END:
    case EVENT_OWNER_SEEN:
    case EVENT_OWNER_GONE:
        intake_policy_event(sched, event);
        return;
    case EVENT_KIND_COUNT:
        break;
    }
    CHECK_NEVER("a known event kind");
}

/* Pods of lower priority that were nominated to the node have lost it: they look for another one
 * now, and what comes of it is written with the end of their nomination (A14.6). */
static void sched_yield_node(struct sched *sched, const struct pod *pod, uint32_t node_sym)
{
    struct nominee *next = NULL;
    for (struct nominee *nominee = nominator_first(&sched->nominator, node_sym); nominee;
         nominee = next) {
        struct pod *lower = nominee->pod;
        next = nominee->next;
        if (lower->priority >= pod->priority)
            continue;
        lower->nominated_node_sym = SYM_EMPTY;
        lower->nomination = NOMINATION_DUE;
        nominator_update(&sched->nominator, lower);
        if (lower->queue_place == QUEUE_NOWHERE)
            continue;
        queue_detach(sched->queue, lower);
        queue_reinsert(sched->queue, lower, POD_REGROUPED, sched_now(sched));
    }
}

/* Not now: back to the queue, and the user reads why. Victims are asked to leave first, so that the
 * condition already carries the nomination. */
static void sched_refuse(struct sched *sched, struct pod *pod, const struct cycle_result *result,
                         struct mono_ms now)
{
    sched->stats.unschedulable++;
    if (result->is_for_group)
        queue_refuse_group(sched->queue, pod);
    queue_return_until(sched->queue, pod, result->rejectors, result->wake_at, now);
    if (result->clock_sym != SYM_EMPTY)
        queue_start_clocks(sched->queue, pod,
                           &(struct park_clock){result->clock_sym, result->clock_ms}, now);
    book_note_waiting(sched->book, pod, true);
    struct str message = buf_str(&sched->message);
    if (result->is_unsupported) {
        report_failed(sched, pod, message);
        return;
    }
    uint32_t slot = result->preemption ? result->preemption->slot : NODE_SLOT_NONE;
    report_refused(sched, pod, message,
                   result->keeps_nomination ? NOMINATION_STAYS : NOMINATION_CLEARS, slot);
    if (!result->preemption)
        return;
    sched_yield_node(sched, pod, sched->cluster.nodes.nodes[slot]->name_sym);
    eviction_start(sched, pod, result->preemption);
}

/* One popped pod: a node is assumed and bound, or it goes back with the reason. */
static void sched_try(struct sched *sched, struct pod *pod, struct mono_ms now)
{
    CHECK(pod->place == POD_PENDING && pod->is_ours && pod->gate_count == 0);
    if (pod->is_deleting) {
        queue_placed(sched->queue, pod, now);
        report_skipped(sched, pod);
        return;
    }
    sched->stats.attempts++;
    const struct pod *next = queue_peek(sched->queue);
    if (next)
        book_prefetch_group(next);
    struct cycle_result result = cycle_run(&sched->cycle, pod, now, &sched->message);
    if (next)
        book_prefetch_units(next);
    if (result.slot != NODE_SLOT_NONE)
        binding_start(sched, pod, &result);
    else
        sched_refuse(sched, pod, &result, now);
    sched_check_pod(sched, pod);
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
    intake_settle(sched);
    queue_flush(sched->queue, now);
    binding_retry_due(sched, now);
    if (sched->is_stopped || !sched_is_synced(sched))
        return false;
    sched_check_some(sched);
    size_t room = bind_room(sched);
    for (uint32_t tried = 0; tried < budget && room > 0; tried++) {
        struct pod *pod = queue_pop(sched->queue, now);
        if (!pod) {
            intake_report_policies(sched, now);
            return false;
        }
        uint32_t open = sched->binds_open;
        sched_try(sched, pod, now);
        room -= sched->binds_open - open;
    }
    intake_report_policies(sched, now);
    return room > 0 && queue_is_ready(sched->queue);
}

struct mono_ms sched_next_wakeup(const struct sched *sched)
{
    struct mono_ms at = binding_next_retry(sched);
    if (sched->is_stopped)
        return at;
    at = mono_min(at, intake_next_report(sched));
    return mono_min(at, queue_next_flush(sched->queue));
}

void sched_stop(struct sched *sched)
{
    sched->is_stopped = true;
    binding_stop(sched);
}

uint32_t sched_binds_open(const struct sched *sched)
{
    return sched->binds_open;
}

bool sched_is_synced(const struct sched *sched)
{
    bool is_synced = sched->nodes_synced && sched->pods_synced;
    for (uint32_t source = 0; source < POLICY_SOURCE_COUNT; source++)
        is_synced &= sched->policies_synced[source] || !sched->config.watches_policies;
    return is_synced && (sched->budgets_synced || !sched->config.preempts);
}

struct sched_stats sched_stats(const struct sched *sched)
{
    struct sched_stats stats = sched->stats;
    stats.nodes_visited = sched->cycle.walk.visited_sum;
    return stats;
}

const struct cluster *sched_cluster(const struct sched *sched)
{
    return &sched->cluster;
}

const struct book *sched_book(const struct sched *sched)
{
    return sched->book;
}
