/*
 * Random nodes, pods, budgets, answers and ends, with preemption on. After every step the tables
 * are as they should be, nobody is asked to leave for a pod that is not more important, and nobody
 * is asked twice at a time. At the end, when all answers came and all victims left, no pod waits
 * that could have had room.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "model/base/rng.h"
#include "tests/sched/preempt_core.h"

enum {
    NODES = 6,
    NODE_CPU = 4,
    PODS_MAX = 60,
    STEPS = 250,
    SEEDS = 200,
    SETTLE_MS = 6 * 60 * 1000, /* beyond the flush of leftovers */
};

enum stage { STAGE_NONE, STAGE_PENDING, STAGE_BOUND, STAGE_GONE };

struct actor {
    char name[8], node[8];
    char containers[8];
    int32_t priority;
    uint32_t cpu;
    enum stage stage;
    bool is_asked;   /* the answer is due */
    bool is_granted; /* it leaves */
};

struct play {
    struct core core;
    struct rng rng;
    struct actor actors[PODS_MAX];
    uint32_t count;
    uint32_t binds_seen, evicts_seen;
};

static struct fixture_pod object_of(const struct actor *actor)
{
    return (struct fixture_pod){.name = actor->name,
                                .node = actor->stage == STAGE_BOUND ? actor->node : NULL,
                                .containers = actor->containers,
                                .labels = actor->cpu % 2 ? "app=a" : "app=b",
                                .priority = actor->priority,
                                .is_deleting = actor->is_granted,
                                .is_preempted = actor->is_granted};
}

static struct actor *find_actor(struct play *play, const char *name)
{
    for (uint32_t i = 0; i < play->count; i++)
        if (strcmp(play->actors[i].name, name) == 0)
            return &play->actors[i];
    CHECK_NEVER("a pod of this play");
}

static int32_t top_pending(const struct play *play)
{
    int32_t top = INT32_MIN;
    for (uint32_t i = 0; i < play->count; i++)
        if (play->actors[i].stage == STAGE_PENDING && play->actors[i].priority > top)
            top = play->actors[i].priority;
    return top;
}

/* Takes note of what the scheduler asked for; what it bound is confirmed at once. */
static void follow(struct play *play)
{
    struct mem_port *port = play->core.port;
    int32_t top = top_pending(play);
    for (; play->binds_seen < port->counts[MEM_BIND]; play->binds_seen++) {
        const struct mem_call *bind = mem_port_call(port, MEM_BIND, (int)play->binds_seen);
        struct actor *actor = find_actor(play, bind->pod);
        actor->stage = STAGE_BOUND;
        (void)snprintf(actor->node, sizeof(actor->node), "%s",
                       symbol_text(play->core.fixture.symbols, bind->node_name_sym));
        const struct reply reply = {.pod = {bind->namespace_sym, str_from(bind->pod), bind->uid},
                                    .outcome = OUTCOME_DONE};
        port->room++;
        sched_on_event(play->core.sched,
                       &(struct event){.kind = EVENT_BIND_REPLY, .reply = &reply});
        struct fixture_pod object = object_of(actor);
        core_pod(&play->core, &object);
    }
    for (; play->evicts_seen < port->counts[MEM_EVICT]; play->evicts_seen++) {
        struct actor *victim =
            find_actor(play, mem_port_call(port, MEM_EVICT, (int)play->evicts_seen)->pod);
        cr_assert(!victim->is_asked && !victim->is_granted, "%s is asked twice", victim->name);
        cr_assert_lt(victim->priority, top);
        cr_assert_eq(victim->stage, STAGE_BOUND);
        victim->is_asked = true;
    }
}

static void run(struct play *play)
{
    uint32_t calls;
    do {
        calls = play->core.port->count;
        core_pass(&play->core);
        follow(play);
    } while (play->core.port->count != calls);
}

static void add_actor(struct play *play)
{
    if (play->count == PODS_MAX)
        return;
    struct actor *actor = &play->actors[play->count];
    actor->cpu = 1 + (uint32_t)rng_below(&play->rng, 3);
    actor->priority = (int32_t)rng_below(&play->rng, 5);
    actor->stage = STAGE_PENDING;
    (void)snprintf(actor->name, sizeof(actor->name), "p%u", play->count);
    (void)snprintf(actor->containers, sizeof(actor->containers), "cpu=%u", actor->cpu);
    play->count++;
    struct fixture_pod object = object_of(actor);
    core_pod(&play->core, &object);
}

static void answer(struct play *play, struct actor *actor, enum outcome outcome)
{
    actor->is_asked = false;
    actor->is_granted = outcome == OUTCOME_DONE;
    const struct pod *pod = core_find(&play->core, actor->name);
    CHECK(pod);
    const struct reply reply = {.pod = pod_ref(pod), .outcome = outcome};
    sched_on_event(play->core.sched, &(struct event){.kind = EVENT_EVICT_REPLY, .reply = &reply});
    if (rng_below(&play->rng, 2) == 0) {
        struct fixture_pod object =
            object_of(actor); /* the watch may show it late, or only its end */
        core_pod(&play->core, &object);
    }
}

static void leave(struct play *play, struct actor *actor)
{
    struct fixture_pod object = object_of(actor);
    (void)core_pod_gone(&play->core, &object);
    actor->stage = STAGE_GONE;
    actor->is_granted = false;
}

static void step(struct play *play)
{
    static const enum outcome outcomes[] = {OUTCOME_DONE, OUTCOME_DONE, OUTCOME_DONE,
                                            OUTCOME_FORBIDDEN, OUTCOME_UNKNOWN};
    struct actor *actor = play->count ? &play->actors[rng_below(&play->rng, play->count)] : NULL;
    switch (rng_below(&play->rng, 8)) {
    case 0:
    case 1:
        add_actor(play);
        break;
    case 2:
        core_budget(&play->core, rng_below(&play->rng, 2) ? "a" : "b",
                    (int32_t)rng_below(&play->rng, 3), NULL);
        break;
    case 3:
        if (actor && actor->stage == STAGE_PENDING)
            leave(play, actor);
        break;
    case 4:
        core_wait(&play->core, (int64_t)rng_below(&play->rng, 15000));
        break;
    default:
        if (actor && actor->is_asked)
            answer(play, actor, outcomes[rng_below(&play->rng, ARRAY_LEN(outcomes))]);
        else if (actor && actor->is_granted)
            leave(play, actor);
    }
    run(play);
}

/* All answers come, all victims leave, time goes by: until nothing more is asked. */
static void settle(struct play *play)
{
    for (int round = 0, quiet = 0; quiet < 3; round++) {
        cr_assert_lt(round, 10 * PODS_MAX, "it never ends");
        uint32_t calls = play->evicts_seen + play->binds_seen;
        for (uint32_t i = 0; i < play->count; i++) {
            if (play->actors[i].is_asked)
                answer(play, &play->actors[i], OUTCOME_DONE);
            run(play);
            if (play->actors[i].is_granted)
                leave(play, &play->actors[i]);
            run(play);
        }
        for (int ms = 0; ms < SETTLE_MS; ms += 15000) {
            core_wait(&play->core, 15000);
            follow(play);
        }
        quiet = calls == play->evicts_seen + play->binds_seen ? quiet + 1 : 0;
        mem_port_clear(play->core.port);
        play->evicts_seen = play->binds_seen = 0;
    }
}

/* What nobody of lower priority takes on the node. */
static uint32_t cpu_kept(const struct play *play, const char *node, int32_t priority)
{
    uint32_t cpu = 0;
    for (uint32_t i = 0; i < play->count; i++)
        if (play->actors[i].stage == STAGE_BOUND && strcmp(play->actors[i].node, node) == 0 &&
            play->actors[i].priority >= priority)
            cpu += play->actors[i].cpu;
    return cpu;
}

static void expect_nobody_waits_in_vain(const struct play *play, uint64_t seed)
{
    for (uint32_t i = 0; i < play->count; i++) {
        const struct actor *actor = &play->actors[i];
        for (uint32_t node = 0; node < NODES && actor->stage == STAGE_PENDING; node++) {
            char name[8];
            (void)snprintf(name, sizeof(name), "n%u", node);
            cr_expect_gt(cpu_kept(play, name, actor->priority) + actor->cpu, NODE_CPU,
                         "seed %llu: %s (priority %d, cpu %u) waits, %s has room",
                         (unsigned long long)seed, actor->name, actor->priority, actor->cpu, name);
        }
    }
}

Test(preempt_random, nobody_waits_in_vain_and_nobody_leaves_without_need)
{
    uint64_t evicted = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct play *play = mem_zalloc(1, sizeof(*play));
        rng_init(&play->rng, seed);
        preempt_core_init(&play->core);
        for (int i = 0; i < NODES; i++) {
            char name[8];
            (void)snprintf(name, sizeof(name), "n%d", i);
            preempt_add_node(&play->core, name);
        }
        for (int i = 0; i < STEPS; i++)
            step(play);
        settle(play);
        expect_nobody_waits_in_vain(play, seed);
        evicted += sched_stats(play->core.sched).evicted;
        core_fini(&play->core);
        free(play);
    }
    cr_expect_gt(evicted, 10 * SEEDS, "%llu", (unsigned long long)evicted);
}
