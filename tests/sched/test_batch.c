/*
 * Pods that share searches and failures, against an oracle that shares nothing it need not
 * (batch_oracle.h): the same node for each pod, the same unit, the same lots, the same words.
 * Random small clusters; whatever may happen between two pods does.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/model/seed.h"
#include "tests/sched/batch_world.h"

enum { CLUSTERS = 10000, ROW_MAX = 24 };

/* Without anything shared the same is said, of all that a user and the queue see. */
static void judge_refusal(struct world *world, struct pod *pod, const struct cycle_result *result)
{
    const struct cycle_result plain =
        cycle_run(&world->plain, pod, (struct mono_ms){1}, &world->plain_message);
    cr_assert_eq(plain.slot, NODE_SLOT_NONE);
    cr_assert(str_equal(buf_str(&world->message), buf_str(&world->plain_message)), "%s\n%s",
              world->message.data, world->plain_message.data);
    cr_assert_eq(result->rejectors, plain.rejectors);
    cr_assert_eq(result->is_for_group, plain.is_for_group);
    cr_assert_eq(result->wake_at.ms, plain.wake_at.ms);
    world->counts.refused++;
}

static void decide(struct world *world, struct pod *pod)
{
    enum { UNTOUCHED = 123456789 };
    const struct oracle_answer want = oracle_decide(&world->oracle, pod);
    world->shared.walk.visited = UNTOUCHED;
    const struct cycle_result result =
        cycle_run(&world->shared, pod, (struct mono_ms){1}, &world->message);
    cr_assert_eq(result.slot, want.slot, "%s: slot %u, not %u", pod->name, result.slot, want.slot);
    if (result.slot == NODE_SLOT_NONE) {
        world->counts.recalled += world->shared.walk.visited == UNTOUCHED;
        judge_refusal(world, pod, &result);
        world_drop_pod(world, pod);
        return;
    }
    cr_assert_eq(result.unit_sym, want.unit_sym);
    cr_assert_eq(*want.cursor, want.cursor_slot, "%s: the next search starts at %u, not %u",
                 pod->name, *want.cursor, want.cursor_slot);
    world->counts.shared += world->shared.walk.visited == UNTOUCHED;
    world->counts.in_units += result.unit_sym != SYM_EMPTY;
    world->counts.decided++;
    world_put_pod(world, pod, &result);
}

/* ---- what happens between two pods ---- */

static uint32_t number_of(const struct pod *pod)
{
    unsigned number = 0;
    CHECK(sscanf(pod->name, "p%u", &number) == 1);
    return number;
}

/* The watch shows it where it was assumed: nothing changes. */
static void confirm(struct world *world)
{
    struct pod *pod = world->pods[world_pick(world, world->pod_count)];
    const struct fixture *fixture = &world->fixture;
    const char *node =
        symbol_text(fixture->symbols, fixture->cluster.nodes.nodes[pod->node_slot]->name_sym);
    uint32_t number = number_of(pod);
    uint64_t changes = fixture->cluster.change_count;
    cr_assert_eq(world_see_pod(world, number, node), pod);
    cr_assert_eq(pod->place, POD_BOUND);
    cr_assert_eq(fixture->cluster.change_count, changes);
}

static void step_back(struct world *world) /* its bind was refused */
{
    struct pod *pod = world_take_pod(world);
    world->oracle.kept.holds = false;
    if (pod->place != POD_ASSUMED) {
        world_drop_pod(world, pod);
        return;
    }
    book_leave(world->book, pod);
    cluster_forget(&world->fixture.cluster, pod);
    pod->unit_sym = SYM_EMPTY;
    book_enter(world->book, pod, NULL);
    decide(world, pod);
}

/* Another scheduler's, or one of before. */
static void see_bound(struct world *world)
{
    char node[16];
    (void)snprintf(node, sizeof(node), "n%u", world_pick(world, world->node_count));
    uint32_t number = world->serial++ * WORLD_KINDS + world_pick(world, WORLD_KINDS);
    world->pods[world->pod_count++] = world_see_pod(world, number, node);
    world->oracle.kept.holds = false;
}

static void happen(struct world *world, uint64_t seed)
{
    uint32_t node = world_pick(world, world->node_count);
    switch (world_pick(world, 12)) {
    case 0:
        world_see_node(world, node, seed + world_pick(world, 4) * 1000 + node);
        break;
    case 1:
        world_drop_node(world, world_pick(world, world->node_count));
        break;
    case 2:
        world_nominate(world);
        break;
    case 3:
        if (world->has_policy)
            world_see_policy(world, world->fixture.version + 2);
        break;
    case 4:
    case 5:
        if (world->pod_count > 0)
            step_back(world);
        break;
    case 6:
        if (world->pod_count > 0) {
            world_drop_pod(world, world_take_pod(world));
            world->oracle.kept.holds = false;
        }
        break;
    case 7:
        see_bound(world);
        break;
    default:
        if (world->pod_count > 0)
            confirm(world);
    }
}

static void run(uint64_t seed, struct world_counts *counts)
{
    static struct world world;
    world = (struct world){0};
    world_init(&world, seed);
    while (world.serial < WORLD_PODS) {
        uint32_t kind = world_pick(&world, WORLD_KINDS);
        for (uint32_t left = 1 + world_pick(&world, ROW_MAX); left > 0; left--) {
            if (world_pick(&world, 8) == 0)
                happen(&world, seed);
            decide(&world, world_see_pod(&world, world.serial++ * WORLD_KINDS + kind, NULL));
        }
    }
    counts->decided += world.counts.decided;
    counts->refused += world.counts.refused;
    counts->shared += world.counts.shared;
    counts->recalled += world.counts.recalled;
    counts->in_units += world.counts.in_units;
    counts->cut += world.oracle.shared;
    world_fini(&world);
}

Test(batch, gives_each_pod_what_a_search_of_all_it_kept_would, .timeout = 400)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "batch");
    struct world_counts counts = {0};
    for (uint64_t i = 0; i < CLUSTERS; i++)
        run(seed + i * 10000, &counts);
    (void)fprintf(stderr,
                  "batch: %u placed, %u of them by a search of others, %u by one that was cut; %u "
                  "refused, %u of them without a search; %u in units\n",
                  counts.decided, counts.shared, counts.cut, counts.refused, counts.recalled,
                  counts.in_units);
    cr_expect(counts.cut > CLUSTERS);
    cr_expect(counts.decided > CLUSTERS && counts.shared > CLUSTERS && counts.refused > CLUSTERS);
    cr_expect(counts.recalled > CLUSTERS / 2 && counts.in_units > CLUSTERS / 2);
}
