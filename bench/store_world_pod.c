/* What becomes of pods: created, bound, done, deleted, lost, evicted, made again. */
#include "bench/store_world_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/store_world_object.h"
#include "model/base/hash.h"
#include "model/base/mem.h"

enum { NAME_BYTES = 320 };

static uint32_t add_pod(struct store_world *world, const struct world_pod *pod)
{
    if (world->pod_count == world->pod_capacity) {
        world->pod_capacity = (uint32_t)mem_grow(world->pod_capacity, (size_t)world->pod_count + 1);
        world->pods = mem_resize(world->pods, world->pod_capacity, sizeof(*world->pods));
    }
    world->pods[world->pod_count] = *pod;
    if (pod->name_sym >= world->name_count) {
        uint32_t count = (uint32_t)mem_grow(world->name_count, (size_t)pod->name_sym + 1);
        world->pod_of_name = mem_resize(world->pod_of_name, count, sizeof(*world->pod_of_name));
        memset(world->pod_of_name + world->name_count, 0,
               (count - world->name_count) * sizeof(*world->pod_of_name));
        world->name_count = count;
    }
    world->pod_of_name[pod->name_sym] = ++world->pod_count;
    return world->pod_count - 1;
}

void world_create_pod(struct store_world *world, const struct world_pod *pod)
{
    const struct workload *workload = world->options.workload;
    int64_t gone_ms = workload->pods[pod->origin].gone_ms;
    uint32_t number = add_pod(world, pod);
    world->result.created++;
    world->waiting++;
    world->undecided++;
    store_world_create_pod(world->options.store, workload, pod->kind,
                           symbol_text(workload->symbols, pod->name_sym),
                           !world->options.without_selectors);
    if (gone_ms != INT64_MAX)
        agenda_add(&world->agenda, gone_ms, WORLD_POD_DELETED, number);
}

void world_create_again(struct store_world *world, uint32_t lost)
{
    const struct workload *workload = world->options.workload;
    struct world_pod pod = world->pods[lost];
    const struct workload_pod *origin = &workload->pods[pod.origin];
    char name[NAME_BYTES];
    pod.lives++;
    int len = snprintf(name, sizeof(name), "%s-r%" PRIu32,
                       symbol_text(workload->symbols, origin->name_sym), pod.lives);
    CHECK(len > 0 && len < NAME_BYTES);
    pod.name_sym = symbol_intern(workload->symbols, (struct str){name, (size_t)len});
    if (pod.name_sym == SYM_FULL || world->now_ms >= origin->gone_ms)
        return;
    pod.node_sym = SYM_EMPTY;
    pod.node = WORLD_NO_NODE;
    pod.state = WORLD_WAITS;
    pod.reason = WORLD_NO_REASON;
    pod.was_refused = false;
    pod.is_victim = false;
    world->result.again++;
    world_create_pod(world, &pod);
}

void world_come_again(struct store_world *world, uint32_t number)
{
    agenda_add(&world->agenda, world->now_ms + PLAY_AGAIN_MS, WORLD_POD_AGAIN, number);
}

void world_delete_object(struct store_world *world, enum kind_id kind, uint32_t name_sym)
{
    struct api_status status;
    const struct delete_options at_once = {.grace_s = 0};
    const struct store_target target = {.kind = kind,
                                        .ns = kind == KIND_NODE ? STR("") : STR("default"),
                                        .name =
                                            symbol_str(world->options.workload->symbols, name_sym)};
    /* Somebody else may have been faster: gone is gone. */
    (void)!store_delete(world->options.store, &target, &at_once, NULL, &status);
}

/* Off its node, or never on one. */
void world_end_pod(struct store_world *world, uint32_t number)
{
    struct world_pod *pod = &world->pods[number];
    if (pod->state == WORLD_RUNS && pod->node != WORLD_NO_NODE)
        play_meter_pod(&world->result.meter, pod->kind, pod->node, false);
    world->waiting -= pod->state != WORLD_RUNS;
    world->undecided -= pod->state == WORLD_WAITS && !pod->was_refused;
    pod->state = WORLD_OVER;
    world_delete_object(world, KIND_POD, pod->name_sym);
}

/* Deleted by its owner, lost or evicted. */
void world_delete_pod(struct store_world *world, uint32_t number)
{
    if (world->pods[number].state == WORLD_OVER)
        return;
    world->result.deleted++;
    world_end_pod(world, number);
}

/* A binding's share of the sum: nothing of its time. */
static uint64_t binding_hash(struct str pod, struct str node)
{
    return hash_bytes(hash_bytes(0, pod.ptr, pod.len), node.ptr, node.len);
}

/* A bind that was seen: the pod runs from now on, if its node is still there. */
static void take_in(struct store_world *world, uint32_t number)
{
    const struct workload *workload = world->options.workload;
    struct world_pod *pod = &world->pods[number];
    if (pod->state != WORLD_BINDS)
        return;
    int64_t runs_ms = workload->pods[pod->origin].runs_ms;
    pod->state = WORLD_RUNS;
    world->waiting--;
    world->result.bound++;
    world->result.bindings_hash += binding_hash(symbol_str(workload->symbols, pod->name_sym),
                                                symbol_str(workload->symbols, pod->node_sym));
    if (pod->node != WORLD_NO_NODE)
        play_meter_pod(&world->result.meter, pod->kind, pod->node, true);
    if (world->options.on_bound)
        world->options.on_bound(world->options.ctx, symbol_text(workload->symbols, pod->name_sym),
                                symbol_text(workload->symbols, pod->node_sym), world->now_ms);
    if (pod->node == WORLD_NO_NODE || !world->node_is_there[pod->node]) {
        world_delete_pod(world, number);
        world_come_again(world, number);
    } else if (runs_ms < INT64_MAX - world->now_ms) {
        agenda_add(&world->agenda, world->now_ms + runs_ms, WORLD_POD_DONE, number);
    }
}

/* One that waited is gone as well, but nobody took its room. */
static void take_away(struct store_world *world, uint32_t number)
{
    enum world_pod_state state = (enum world_pod_state)world->pods[number].state;
    if (state == WORLD_OVER) /* its own time came first */
        return;
    world->result.evicted += state == WORLD_RUNS;
    world_delete_pod(world, number);
    world_come_again(world, number);
}

/* What the store told since the last step; binds first, for a victim may be among them. */
void world_take_in_seen(struct store_world *world)
{
    for (uint32_t i = 0; i < world->bound.count; i++)
        take_in(world, world->bound.pods[i]);
    world->bound.count = 0;
    for (uint32_t i = 0; i < world->victims.count; i++)
        take_away(world, world->victims.pods[i]);
    world->victims.count = 0;
}
