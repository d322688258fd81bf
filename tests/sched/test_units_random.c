/*
 * The walk through units against a naive one: after each decision a walk written from the text of
 * the rules (elastic-policies 1.5), over counts made from scratch, has to come to the same unit, or
 * to none. Random nodes, pods, policies, edits, deletions, and binds that fail.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "model/base/rng.h"
#include "tests/model/seed.h"
#include "tests/sched/core.h"

enum {
    SEEDS = 60,
    STEPS = 120,
    NODES = 8,
    PODS = 48,
    UNITS = 3,
    PODS_A_NODE = 6,
};

enum rule { LACK_OR_FULL, FULL, TIMEOUT_OR_FULL, LACK_NOT_LEAVING, RULES };

static const char *const rule_texts[RULES] = {"LackResourceOrExceedMax", "ExceedMax",
                                              "TimeoutOrExceedMax", "LackResourceAndNoTerminating"};

/* What the test knows by itself. */
struct known_pod {
    bool is_there, is_leaving;
    int node; /* -1: waits */
};

struct world {
    struct core core;
    struct rng rng;
    enum rule rule;
    int max[UNITS]; /* -1: none */
    int generation;
    int pool[NODES]; /* the unit of the node; UNITS: none */
    struct known_pod pods[PODS];
    bool binds_fail;
    uint32_t decided, waited;
};

static uint32_t pick(struct world *world, uint32_t below)
{
    return (uint32_t)rng_below(&world->rng, below);
}

static void apply_policy(struct world *world)
{
    struct buf text;
    buf_init(&text, 4096);
    world->generation++;
    (void)buf_printf(&text,
                     "{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\",\"uid\":"
                     "\"00000000-0000-0000-0000-000000000001\",\"resourceVersion\":\"%d\","
                     "\"generation\":%d,\"creationTimestamp\":\"2026-11-22T00:00:00Z\"},\"spec\":{"
                     "\"ignoreTerminatingPod\":false,\"whenTryNextUnits\":{\"policy\":\"%s\"%s},"
                     "\"units\":[",
                     world->generation, world->generation, rule_texts[world->rule],
                     world->rule == TIMEOUT_OR_FULL ? ",\"timeout\":\"1m\"" : "");
    for (int unit = 0; unit < UNITS; unit++) {
        (void)buf_printf(&text, "%s{\"name\":\"u%d\",\"nodeSelector\":{\"pool\":\"%d\"}",
                         unit > 0 ? "," : "", unit, unit);
        if (world->max[unit] >= 0)
            (void)buf_printf(&text, ",\"max\":%d", world->max[unit]);
        (void)buf_add_str(&text, "}");
    }
    (void)buf_add_str(&text, "]}}");
    core_policy(&world->core, text.data);
    buf_fini(&text);
}

static void apply_node(struct world *world, int node)
{
    char name[16], labels[16], allocatable[64];
    (void)snprintf(name, sizeof(name), "n%d", node);
    (void)snprintf(labels, sizeof(labels), "pool=%d", world->pool[node]);
    (void)snprintf(allocatable, sizeof(allocatable), "cpu=100, pods=%d", PODS_A_NODE);
    core_node(&world->core,
              &(struct fixture_node){.name = name, .allocatable = allocatable, .labels = labels});
}

static struct fixture_pod pod_text(int pod, char name[16])
{
    (void)snprintf(name, 16, "p%d", pod);
    return (struct fixture_pod){.name = name, .containers = "cpu=1"};
}

/* ---- the naive walk ---- */

static int count_in_unit(const struct world *world, int unit)
{
    int count = 0;
    for (int i = 0; i < PODS; i++)
        count += world->pods[i].is_there && world->pods[i].node >= 0 &&
                 world->pool[world->pods[i].node] == unit;
    return count;
}

static bool has_leaving(const struct world *world, int unit)
{
    for (int i = 0; i < PODS; i++)
        if (world->pods[i].is_there && world->pods[i].is_leaving && world->pods[i].node >= 0 &&
            world->pool[world->pods[i].node] == unit)
            return true;
    return false;
}

static bool lacks_node(const struct world *world, int unit)
{
    for (int node = 0; node < NODES; node++) {
        int count = 0;
        for (int i = 0; i < PODS; i++)
            count += world->pods[i].is_there && world->pods[i].node == node;
        if (world->pool[node] == unit && count < PODS_A_NODE)
            return false;
    }
    return true;
}

/* One row of the table of 1.5: whether the next unit may be tried. */
static bool may_go_on(const struct world *world, int unit, bool is_full, bool lacks, bool timed_out)
{
    bool is_unlimited = world->max[unit] < 0;
    switch (world->rule) {
    case LACK_OR_FULL:
        return is_full || lacks;
    case FULL:
        return is_full || (is_unlimited && lacks);
    case TIMEOUT_OR_FULL:
        return is_full || (lacks && timed_out) || (lacks && is_unlimited);
    case LACK_NOT_LEAVING:
        return (is_full || lacks) && !has_leaving(world, unit);
    case RULES:
        break;
    }
    cr_assert_fail("a known rule");
    return false;
}

/* The unit for a pod now; UNITS: it waits. Of timeouts the walk knows nothing: either all are over,
 * or none is. */
static int naive_unit(const struct world *world, bool timed_out)
{
    for (int unit = 0; unit < UNITS; unit++) {
        bool is_full = world->max[unit] >= 0 && count_in_unit(world, unit) >= world->max[unit];
        bool lacks = lacks_node(world, unit);
        if (!is_full && !lacks)
            return unit;
        if (!may_go_on(world, unit, is_full, lacks, timed_out))
            return UNITS;
    }
    return UNITS;
}

/* ---- one decision at a time ---- */

static int number_after(const char *text)
{
    int number = -1;
    cr_assert_eq(sscanf(text + 1, "%d", &number), 1, "%s", text);
    return number;
}

/* Takes in the bind that was just decided. */
static void judge_bind(struct world *world)
{
    const struct mem_call *call = mem_port_call(world->core.port, MEM_BIND, -1);
    struct known_pod *pod = &world->pods[number_after(call->pod)];
    int node = number_after(symbol_text(world->core.fixture.symbols, call->node_name_sym));
    cr_assert(pod->is_there && pod->node < 0);
    int want = naive_unit(world, true);
    cr_assert_eq(world->pool[node], want, "%s went to unit %d, not to %d; rule %s", call->pod,
                 world->pool[node], want, rule_texts[world->rule]);
    pod->node = node;
    world->decided++;
}

/* A refused pod must be one that waits by the naive walk as well. */
static void judge_refusal(struct world *world)
{
    const struct mem_call *call = mem_port_call(world->core.port, MEM_EVENT, -1);
    if (!call->is_warning)
        return;
    const struct known_pod *pod = &world->pods[number_after(call->pod)];
    cr_assert(pod->is_there && pod->node < 0);
    cr_assert_eq(naive_unit(world, false), UNITS, "%s was refused: %s", call->pod, call->text);
    world->waited++;
}

static void decide(struct world *world)
{
    struct mem_port *port = world->core.port;
    port->room = 1000;
    for (bool has_more = true; has_more;) {
        uint64_t attempts = sched_stats(world->core.sched).attempts;
        mem_port_clear(port);
        has_more = sched_pass(world->core.sched, 1);
        if (sched_stats(world->core.sched).attempts == attempts)
            continue;
        if (port->counts[MEM_BIND] > 0) {
            judge_bind(world);
            if (world->binds_fail &&
                pick(world, 12) == 0) { /* the bind is refused: the slot is free again */
                int pod = number_after(mem_port_call(port, MEM_BIND, -1)->pod);
                core_reply_bind(&world->core, OUTCOME_INVALID);
                world->pods[pod].node = -1;
            }
        } else {
            judge_refusal(world);
        }
    }
    sched_check(world->core.sched);
}

/* Nobody waits who would find a place: turns, clocks and wake-ups lose none. Backoffs and timeouts
 * are over first; the queue's own last resort comes after 300 s. */
static void judge_waiting(struct world *world)
{
    enum { ROUNDS = 8, ROUND_MS = 31000 };
    world->binds_fail = false;
    for (int round = 0; round < ROUNDS; round++) {
        world->core.port->now = mono_add(world->core.port->now, ROUND_MS);
        decide(world);
    }
    for (int i = 0; i < PODS; i++) {
        const struct known_pod *pod = &world->pods[i];
        if (pod->is_there && pod->node < 0 && !pod->is_leaving)
            cr_assert_eq(naive_unit(world, true), UNITS, "p%d waits for nothing; rule %s", i,
                         rule_texts[world->rule]);
    }
}

/* ---- steps ---- */

static void step_pod(struct world *world)
{
    int i = (int)pick(world, PODS);
    char name[16];
    struct fixture_pod text = pod_text(i, name);
    struct known_pod *pod = &world->pods[i];
    if (!pod->is_there) {
        *pod = (struct known_pod){.is_there = true, .node = -1};
        core_pod(&world->core, &text);
        return;
    }
    char node[16];
    (void)snprintf(node, sizeof(node), "n%d", pod->node);
    text.node = pod->node >= 0 ? node : NULL;
    if (pod->node >= 0 && !pod->is_leaving && pick(world, 2)) {
        pod->is_leaving = text.is_deleting = true;
        core_pod(&world->core, &text);
        return;
    }
    pod->is_there = false;
    (void)core_pod_gone(&world->core, &text);
}

static void step_node(struct world *world)
{
    int node = (int)pick(world, NODES);
    world->pool[node] = (int)pick(world, UNITS + 1);
    apply_node(world, node);
}

static void step_policy(struct world *world)
{
    world->max[pick(world, UNITS)] = (int)pick(world, 12) - 1;
    apply_policy(world);
}

static void run(uint64_t seed, uint32_t *decided, uint32_t *waited)
{
    static struct world world;
    world = (struct world){0};
    rng_init(&world.rng, seed);
    core_init(&world.core);
    world.rule = (enum rule)pick(&world, RULES);
    for (int unit = 0; unit < UNITS; unit++)
        world.max[unit] = (int)pick(&world, 12) - 1;
    for (int node = 0; node < NODES; node++) {
        world.pool[node] = (int)pick(&world, UNITS + 1);
        apply_node(&world, node);
    }
    apply_policy(&world);
    for (int step = 0; step < STEPS; step++) {
        uint32_t kind = pick(&world, 20);
        if (kind == 0)
            step_policy(&world);
        else if (kind < 3)
            step_node(&world);
        else
            step_pod(&world);
        world.binds_fail = true;
        decide(&world);
        if (step % 10 == 9)
            judge_waiting(&world);
    }
    *decided += world.decided;
    *waited += world.waited;
    core_fini(&world.core);
}

Test(units_random, equals_a_naive_walk, .timeout = 120)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "units_random");
    uint32_t decided = 0, waited = 0;
    for (uint64_t i = 0; i < SEEDS; i++)
        run(seed + i, &decided, &waited);
    cr_expect(decided > 1000 && waited > 500, "%u bound, %u waited", decided, waited);
}
