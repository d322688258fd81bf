/*
 * The victims of a preemption: all but the last one are asked to leave at once, the last one when
 * the others' requests are answered (kube-scheduler.md A14.6). So the event that wakes the pod for
 * good comes after all of them are on their way.
 */
#include <stdlib.h>

#include "model/base/hash.h"
#include "model/base/mem.h"
#include "sched/sched_private.h"

/* A pod by name: it may be gone when an answer comes. */
struct named_pod {
    uint32_t namespace_sym;
    struct uid uid;
    char *name; /* owned */
};

struct eviction {
    struct named_pod preemptor,
        last;      /* last.name NULL: it was asked, or there is one victim only */
    uint32_t open; /* requests without an answer */
    uint32_t node_sym, scheduler_name_sym;
    bool has_failed; /* some victim stays: the last one is spared */
};

/* A request without an answer. */
struct asked {
    struct uid victim;
    struct eviction *eviction;
};

static struct named_pod name_pod(const struct pod *pod)
{
    return (struct named_pod){pod->namespace_sym, pod->uid, mem_strdup(pod->name)};
}

static struct pod *find_pod(const struct sched *sched, const struct named_pod *named)
{
    struct pod *pod =
        cluster_find_pod(&sched->cluster, named->namespace_sym, str_from(named->name));
    return pod && uid_equal(pod->uid, named->uid) ? pod : NULL;
}

static uint64_t uid_hash(struct uid uid)
{
    return hash_mix(uid.hi, uid.lo);
}

static bool is_asked_of(const void *value, const void *key)
{
    return uid_equal(((const struct asked *)value)->victim, *(const struct uid *)key);
}

static void eviction_free(struct eviction *eviction)
{
    free(eviction->preemptor.name);
    free(eviction->last.name);
    free(eviction);
}

static bool is_asked(const struct sched *sched, const struct pod *victim)
{
    return map_get(&sched->asked, uid_hash(victim->uid), is_asked_of, &victim->uid);
}

static void ask(struct sched *sched, struct eviction *eviction, struct pod *victim)
{
    struct asked *asked = mem_zalloc(1, sizeof(*asked));
    *asked = (struct asked){victim->uid, eviction};
    map_put(&sched->asked, uid_hash(victim->uid), asked);
    eviction->open++;
    sched->stats.evicted++;
    struct buf message CLEANUP(buf_fini);
    buf_init(&message, CYCLE_MESSAGE_BYTES_MAX);
    (void)buf_printf(&message, "%s: preempting to accommodate a higher priority pod",
                     symbol_text(sched->symbols, eviction->scheduler_name_sym));
    const struct evict_request request = {
        .pod = pod_ref(victim),
        .message = buf_str(&message),
        .observed_generation = victim->generation,
    };
    sched->port.evict(sched->port.ctx, &request);
}

/* The pod is tried again at once, and says so when it still needs room. */
static void retry(struct sched *sched, const struct named_pod *named)
{
    struct pod *pod = find_pod(sched, named);
    if (!pod || pod->queue_place == QUEUE_NOWHERE)
        return;
    queue_detach(sched->queue, pod);
    queue_reinsert(sched->queue, pod, POD_REGROUPED, sched_now(sched));
}

/* The last victim's turn: spared when another one stays, and when nobody waits for its room. */
static void ask_last(struct sched *sched, struct eviction *eviction)
{
    struct pod *last = find_pod(sched, &eviction->last);
    free(eviction->last.name);
    eviction->last.name = NULL;
    const struct pod *preemptor = find_pod(sched, &eviction->preemptor);
    bool is_wanted = preemptor && preemptor->place == POD_PENDING && !eviction->has_failed;
    if (!last || is_asked(sched, last))
        return;
    if (is_wanted && !last->is_deleting)
        ask(sched, eviction, last);
    else
        last->is_evicted = false;
}

/* Nothing is under way: the last victim's turn, or all is done. */
static void go_on(struct sched *sched, struct eviction *eviction)
{
    if (eviction->open > 0)
        return;
    if (eviction->last.name)
        ask_last(sched, eviction);
    if (eviction->open > 0)
        return;
    if (eviction->has_failed)
        retry(sched, &eviction->preemptor);
    eviction_free(eviction);
}

/* From here on all victims count as leaving: the watch may take a while to show it. Those that
 * leave anyway, or were asked to by another pod's preemption, need no request. */
void eviction_start(struct sched *sched, struct pod *pod, const struct preempt_choice *choice)
{
    CHECK(choice->victim_count > 0);
    sched->stats.nominated++;
    struct eviction *eviction = mem_zalloc(1, sizeof(*eviction));
    eviction->node_sym = sched->cluster.nodes.nodes[choice->slot]->name_sym;
    eviction->scheduler_name_sym = pod->shape->scheduler_name_sym;
    eviction->preemptor = name_pod(pod);
    struct pod *last = NULL;
    for (uint32_t i = 0; i < choice->victim_count; i++) {
        struct pod *victim = choice->victims[i];
        if (victim->is_deleting || victim->is_evicted)
            continue;
        victim->is_evicted = true;
        if (last)
            ask(sched, eviction, last);
        last = victim;
    }
    if (last)
        eviction->last = name_pod(last);
    go_on(sched, eviction);
}

/* A victim that stays after all. */
static void refused(struct sched *sched, struct eviction *eviction, const struct reply *reply)
{
    eviction->has_failed = true;
    struct pod *victim =
        cluster_find_pod(&sched->cluster, reply->pod.namespace_sym, reply->pod.name);
    if (victim && uid_equal(victim->uid, reply->pod.uid))
        victim->is_evicted = false;
}

static void tell(struct sched *sched, const struct eviction *eviction, const struct reply *reply)
{
    const struct named_pod *preemptor = &eviction->preemptor;
    const struct preempted preempted = {
        .victim = reply->pod,
        .preemptor = {preemptor->namespace_sym, str_from(preemptor->name), preemptor->uid},
        .scheduler_name_sym = eviction->scheduler_name_sym,
        .node_sym = eviction->node_sym,
    };
    report_preempted(sched, &preempted);
}

void eviction_on_reply(struct sched *sched, const struct reply *reply)
{
    struct asked *asked =
        map_remove(&sched->asked, uid_hash(reply->pod.uid), is_asked_of, &reply->pod.uid);
    if (!asked)
        return;
    struct eviction *eviction = asked->eviction;
    free(asked);
    CHECK(eviction->open > 0);
    eviction->open--;
    if (reply->outcome == OUTCOME_DONE)
        tell(sched, eviction, reply);
    else if (reply->outcome != OUTCOME_GONE)
        refused(sched, eviction, reply);
    go_on(sched, eviction);
}

void evictions_fini(struct sched *sched)
{
    size_t position = 0;
    for (struct asked *asked; (asked = map_next(&sched->asked, &position));) {
        if (--asked->eviction->open == 0)
            eviction_free(asked->eviction);
        free(asked);
    }
    map_fini(&sched->asked);
}
