#include "bench/store_world.h"

#include <stdlib.h>

#include "bench/store_world_object.h"
#include "bench/store_world_private.h"
#include "model/base/mem.h"

/* ---- nodes ---- */

static void node_leaves(struct store_world *world, uint32_t node)
{
    if (!world->node_is_there[node])
        return;
    world->node_is_there[node] = false;
    world_delete_object(world, KIND_NODE, world->options.workload->nodes[node].name_sym);
    for (uint32_t i = 0; i < world->pod_count; i++) {
        if (world->pods[i].state != WORLD_RUNS || world->pods[i].node != node)
            continue;
        world_delete_pod(world, i);
        world_come_again(world, i);
    }
    play_meter_node(&world->result.meter, node, false);
}

static void node_joins(struct store_world *world, uint32_t node)
{
    const struct workload_node *joins = &world->options.workload->nodes[node];
    uint32_t *place = &world->node_of_name[joins->name_sym];
    if (*place > 0) /* another one of that name may still be there */
        node_leaves(world, *place - 1);
    *place = node + 1;
    world->node_is_there[node] = true;
    play_meter_node(&world->result.meter, node, true);
    store_world_create_node(world->options.store, world->options.workload, node);
    if (joins->leaves_ms != INT64_MAX)
        agenda_add(&world->agenda, joins->leaves_ms, WORLD_NODE_LEAVES, node);
}

/* ---- time ---- */

static void happen(struct store_world *world, const struct agenda_item *item)
{
    switch ((enum world_what)item->what) {
    case WORLD_NODE_LEAVES:
        node_leaves(world, item->which);
        return;
    case WORLD_POD_DONE:
        if (world->pods[item->which].state == WORLD_RUNS) {
            world->result.done++;
            world_end_pod(world, item->which);
        }
        return;
    case WORLD_POD_DELETED:
        world_delete_pod(world, item->which);
        return;
    case WORLD_POD_AGAIN:
        world_create_again(world, item->which);
        return;
    }
    CHECK_NEVER("something that happens");
}

static void join_nodes(struct store_world *world)
{
    const struct workload *workload = world->options.workload;
    while (world->next_node < workload->node_count &&
           workload->nodes[world->next_node].joins_ms <= world->now_ms)
        node_joins(world, world->next_node++);
}

static void create_pods(struct store_world *world)
{
    const struct workload *workload = world->options.workload;
    while (world->next_pod < workload->pod_count &&
           workload->pods[world->next_pod].created_ms <= world->now_ms) {
        const struct workload_pod *made = &workload->pods[world->next_pod];
        world_create_pod(world, &(struct world_pod){.name_sym = made->name_sym,
                                                    .kind = made->kind,
                                                    .node_sym = SYM_EMPTY,
                                                    .node = WORLD_NO_NODE,
                                                    .origin = world->next_pod,
                                                    .state = WORLD_WAITS,
                                                    .reason = WORLD_NO_REASON});
        world->next_pod++;
    }
}

/* The meter's time, which does not go on at rest. */
static void pass_time(struct store_world *world, int64_t now_ms)
{
    struct play_meter *meter = &world->result.meter;
    CHECK(now_ms >= world->now_ms && !world->has_ended);
    world->now_ms = now_ms;
    if (!world->has_begun)
        play_meter_start(meter, now_ms, world->options.until_ms);
    world->has_begun = true;
    if (world->is_at_rest)
        return;
    play_meter_pass(meter, now_ms, world->waiting);
    world->measured_ms = now_ms;
}

void store_world_step(struct store_world *world, int64_t now_ms)
{
    struct agenda_item item;
    pass_time(world, now_ms);
    world_take_in_seen(world);
    join_nodes(world);
    while (agenda_take(&world->agenda, now_ms, &item)) {
        happen(world, &item);
        world_take_in_seen(world);
    }
    create_pods(world);
    if (world->options.until_ms == INT64_MAX && world->undecided == 0 &&
        store_world_next_ms(world) == INT64_MAX)
        world->is_at_rest = true;
}

int64_t store_world_next_ms(const struct store_world *world)
{
    const struct workload *workload = world->options.workload;
    int64_t next_ms = agenda_next_ms(&world->agenda);
    if (world->bound.count > 0 || world->victims.count > 0)
        return world->now_ms;
    if (world->next_node < workload->node_count &&
        workload->nodes[world->next_node].joins_ms < next_ms)
        next_ms = workload->nodes[world->next_node].joins_ms;
    if (world->next_pod < workload->pod_count &&
        workload->pods[world->next_pod].created_ms < next_ms)
        next_ms = workload->pods[world->next_pod].created_ms;
    return next_ms;
}

struct store_world_counts store_world_counts(const struct store_world *world)
{
    const struct play_result *result = &world->result;
    return (struct store_world_counts){.created = result->created,
                                       .again = result->again,
                                       .bound = result->bound,
                                       .done = result->done,
                                       .deleted = result->deleted,
                                       .waiting = world->waiting,
                                       .undecided = world->undecided};
}

struct play_result *store_world_end(struct store_world *world, bool is_partial)
{
    struct play_result *result = &world->result;
    int64_t until_ms = world->options.until_ms;
    bool is_whole = until_ms != INT64_MAX && !is_partial;
    if (!world->has_begun)
        pass_time(world, 0);
    CHECK(!world->has_ended);
    world_take_in_seen(world);
    world->has_ended = true;
    /* what was asked for is paid for to its end */
    result->span_ms = is_whole ? until_ms : world->measured_ms;
    play_meter_end(&result->meter, result->span_ms, world->waiting);
    result->waiting = world->waiting;
    result->attempts = result->bound + result->refusals;
    for (uint32_t i = 0; i < world->pod_count; i++)
        if (world->pods[i].state == WORLD_WAITS && world->pods[i].reason != WORLD_NO_REASON)
            result->reasons.items[world->pods[i].reason].waiting++;
    play_reasons_sort(&result->reasons);
    return result;
}

/* ---- life ---- */

struct store_world *store_world_new(const struct store_world_options *options)
{
    const struct workload *workload = options->workload;
    struct store_world *world = mem_zalloc(1, sizeof(*world));
    CHECK(options->until_ms > 0);
    world->options = *options;
    for (uint32_t i = 0; i < workload->node_count; i++)
        if (workload->nodes[i].name_sym >= world->node_name_count)
            world->node_name_count = workload->nodes[i].name_sym + 1;
    world->node_of_name = mem_zalloc(world->node_name_count, sizeof(*world->node_of_name));
    world->node_is_there = mem_zalloc(workload->node_count, sizeof(*world->node_is_there));
    play_meter_init(&world->result.meter, workload);
    world->subscriber.on_event = world_on_store_event;
    agenda_init(&world->agenda);
    for (uint32_t i = 0; i < workload->policy_count; i++)
        store_world_create_policy(options->store, workload, i);
    store_subscribe(options->store, &world->subscriber);
    return world;
}

void store_world_free(struct store_world *world)
{
    if (!world)
        return;
    store_unsubscribe(world->options.store, &world->subscriber);
    agenda_fini(&world->agenda);
    free(world->pods);
    free(world->pod_of_name);
    free(world->node_of_name);
    free(world->node_is_there);
    free(world->bound.pods);
    free(world->victims.pods);
    play_result_fini(&world->result);
    free(world);
}
