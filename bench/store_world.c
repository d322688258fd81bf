#include "bench/store_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/agenda.h"
#include "bench/controller_read.h"
#include "bench/play.h"
#include "bench/store_world_object.h"
#include "model/base/mem.h"

enum { NAME_BYTES = 320 };

enum what { NODE_LEAVES, POD_DONE, POD_DELETED, POD_AGAIN };

enum pod_state { POD_WAITS, POD_BINDS, POD_RUNS, POD_IS_OVER };

struct world_pod {
    uint32_t name_sym, kind;
    uint32_t node_sym; /* SYM_EMPTY before its bind was seen */
    uint32_t origin, lives;
    uint8_t state; /* enum pod_state; POD_BINDS: seen bound, not taken in yet */
    bool was_refused;
};

struct store_world {
    struct store_world_options options;
    struct store_subscriber subscriber;
    struct agenda agenda;
    uint32_t next_node, next_pod;
    struct world_pod *pods; /* owned */
    uint32_t pod_count, pod_capacity;
    uint32_t *pod_of_name; /* owned, by symbol: number + 1 of the last pod of that name */
    uint32_t name_count;
    uint32_t *fresh; /* owned: pods seen bound since the last step */
    uint32_t fresh_count, fresh_capacity;
    int64_t now_ms;
    struct store_world_counts counts;
};

/* ---- what the store tells ---- */

static uint32_t find_pod(const struct store_world *world, const char *name)
{
    uint32_t symbol = symbol_find(world->options.workload->symbols, str_from(name));
    return symbol < world->name_count ? world->pod_of_name[symbol] : 0;
}

static bool is_refused(const struct object *pod)
{
    struct condition_view scheduled;
    return object_condition(pod, "PodScheduled", &scheduled) && str_is(scheduled.status, "False");
}

static void note_fresh(struct store_world *world, uint32_t number)
{
    if (world->fresh_count == world->fresh_capacity) {
        world->fresh_capacity =
            (uint32_t)mem_grow(world->fresh_capacity, (size_t)world->fresh_count + 1);
        world->fresh = mem_resize(world->fresh, world->fresh_capacity, sizeof(*world->fresh));
    }
    world->fresh[world->fresh_count++] = number;
}

static void on_store_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct store_world *world = container_of(subscriber, struct store_world, subscriber);
    const struct object *object = event->object;
    if (object->kind->id != KIND_POD || event->change != CHANGE_MODIFIED)
        return;
    uint32_t number = find_pod(world, object->ident->name);
    struct world_pod *pod = number > 0 ? &world->pods[number - 1] : NULL;
    if (!pod || pod->state != POD_WAITS)
        return;
    if (!pod->was_refused && (object->node_name || is_refused(object))) {
        pod->was_refused = true;
        world->counts.undecided--;
    }
    if (!object->node_name)
        return;
    pod->state = POD_BINDS;
    pod->node_sym = symbol_intern(world->options.workload->symbols, blob_str(object->node_name));
    note_fresh(world, number - 1);
}

/* ---- pods ---- */

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

static void create_pod(struct store_world *world, const struct world_pod *pod)
{
    const struct workload *workload = world->options.workload;
    int64_t gone_ms = workload->pods[pod->origin].gone_ms;
    uint32_t number = add_pod(world, pod);
    world->counts.created++;
    world->counts.waiting++;
    world->counts.undecided++;
    store_world_create_pod(world->options.store, workload, pod->kind,
                           symbol_text(workload->symbols, pod->name_sym),
                           !world->options.without_selectors);
    if (gone_ms != INT64_MAX)
        agenda_add(&world->agenda, gone_ms, POD_DELETED, number);
}

static void create_again(struct store_world *world, uint32_t lost)
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
    pod.state = POD_WAITS;
    pod.was_refused = false;
    world->counts.again++;
    create_pod(world, &pod);
}

static void delete_object(struct store_world *world, enum kind_id kind, uint32_t name_sym)
{
    struct api_status status;
    const struct delete_options at_once = {.grace_s = 0};
    const struct store_target target = {.kind = kind,
                                        .ns = kind == KIND_NODE ? STR("") : STR("default"),
                                        .name =
                                            symbol_str(world->options.workload->symbols, name_sym)};
    /* Somebody else may have been faster (a scheduler that preempts): gone is gone. */
    (void)!store_delete(world->options.store, &target, &at_once, NULL, &status);
}

static void end_pod(struct store_world *world, uint32_t number)
{
    struct world_pod *pod = &world->pods[number];
    if (pod->state == POD_IS_OVER)
        return;
    world->counts.waiting -= pod->state != POD_RUNS;
    world->counts.undecided -= pod->state == POD_WAITS && !pod->was_refused;
    world->counts.deleted++;
    pod->state = POD_IS_OVER;
    delete_object(world, KIND_POD, pod->name_sym);
}

static bool is_there(const struct store_world *world, uint32_t node_sym)
{
    return store_get(world->options.store, KIND_NODE, STR(""),
                     symbol_str(world->options.workload->symbols, node_sym)) != NULL;
}

/* A bind that was seen: the pod runs from now on, if its node is still there. */
static void take_in(struct store_world *world, uint32_t number)
{
    const struct workload *workload = world->options.workload;
    struct world_pod *pod = &world->pods[number];
    if (pod->state != POD_BINDS)
        return;
    int64_t runs_ms = workload->pods[pod->origin].runs_ms;
    pod->state = POD_RUNS;
    world->counts.waiting--;
    world->counts.bound++;
    if (world->options.on_bound)
        world->options.on_bound(world->options.ctx, symbol_text(workload->symbols, pod->name_sym),
                                symbol_text(workload->symbols, pod->node_sym), world->now_ms);
    if (!is_there(world, pod->node_sym)) {
        end_pod(world, number);
        agenda_add(&world->agenda, world->now_ms + PLAY_AGAIN_MS, POD_AGAIN, number);
    } else if (runs_ms < INT64_MAX - world->now_ms) {
        agenda_add(&world->agenda, world->now_ms + runs_ms, POD_DONE, number);
    }
}

static void take_in_fresh(struct store_world *world)
{
    for (uint32_t i = 0; i < world->fresh_count; i++)
        take_in(world, world->fresh[i]);
    world->fresh_count = 0;
}

/* ---- nodes ---- */

static void node_leaves(struct store_world *world, uint32_t node)
{
    uint32_t name_sym = world->options.workload->nodes[node].name_sym;
    delete_object(world, KIND_NODE, name_sym);
    for (uint32_t i = 0; i < world->pod_count; i++) {
        if (world->pods[i].state != POD_RUNS || world->pods[i].node_sym != name_sym)
            continue;
        end_pod(world, i);
        agenda_add(&world->agenda, world->now_ms + PLAY_AGAIN_MS, POD_AGAIN, i);
    }
}

/* ---- time ---- */

static void happen(struct store_world *world, const struct agenda_item *item)
{
    switch ((enum what)item->what) {
    case NODE_LEAVES:
        node_leaves(world, item->which);
        return;
    case POD_DONE:
    case POD_DELETED:
        end_pod(world, item->which);
        return;
    case POD_AGAIN:
        create_again(world, item->which);
        return;
    }
    CHECK_NEVER("something that happens");
}

static void join_nodes(struct store_world *world)
{
    const struct workload *workload = world->options.workload;
    while (world->next_node < workload->node_count &&
           workload->nodes[world->next_node].joins_ms <= world->now_ms) {
        uint32_t node = world->next_node++;
        store_world_create_node(world->options.store, workload, node);
        if (workload->nodes[node].leaves_ms != INT64_MAX)
            agenda_add(&world->agenda, workload->nodes[node].leaves_ms, NODE_LEAVES, node);
    }
}

void store_world_step(struct store_world *world, int64_t now_ms)
{
    const struct workload *workload = world->options.workload;
    struct agenda_item item;
    CHECK(now_ms >= world->now_ms);
    world->now_ms = now_ms;
    take_in_fresh(world);
    join_nodes(world);
    while (agenda_take(&world->agenda, now_ms, &item)) {
        happen(world, &item);
        take_in_fresh(world);
    }
    while (world->next_pod < workload->pod_count &&
           workload->pods[world->next_pod].created_ms <= now_ms) {
        const struct workload_pod *made = &workload->pods[world->next_pod];
        create_pod(world, &(struct world_pod){.name_sym = made->name_sym,
                                              .kind = made->kind,
                                              .node_sym = SYM_EMPTY,
                                              .origin = world->next_pod,
                                              .state = POD_WAITS});
        world->next_pod++;
    }
}

int64_t store_world_next_ms(const struct store_world *world)
{
    const struct workload *workload = world->options.workload;
    int64_t next_ms = agenda_next_ms(&world->agenda);
    if (world->fresh_count > 0)
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
    return world->counts;
}

/* ---- life ---- */

struct store_world *store_world_new(const struct store_world_options *options)
{
    struct store_world *world = mem_zalloc(1, sizeof(*world));
    world->options = *options;
    world->subscriber.on_event = on_store_event;
    agenda_init(&world->agenda);
    for (uint32_t i = 0; i < options->workload->policy_count; i++)
        store_world_create_policy(options->store, options->workload, i);
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
    free(world->fresh);
    free(world);
}
