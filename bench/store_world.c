#include "bench/store_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/agenda.h"
#include "bench/controller_read.h"
#include "bench/store_world_object.h"
#include "model/base/hash.h"
#include "model/base/mem.h"

enum { NAME_BYTES = 320, NO_REASON = UINT8_MAX };
#define NO_NODE UINT32_MAX

enum what { NODE_LEAVES, POD_DONE, POD_DELETED, POD_AGAIN };

enum pod_state { POD_WAITS, POD_BINDS, POD_RUNS, POD_IS_OVER };

struct world_pod {
    uint32_t name_sym, kind;
    uint32_t node_sym; /* SYM_EMPTY before its bind was seen */
    uint32_t node;     /* of the workload; NO_NODE before that, or when it has none of that name */
    uint32_t origin, lives;
    uint8_t state;  /* enum pod_state; POD_BINDS: seen bound, not taken in yet */
    uint8_t reason; /* it was told last; NO_REASON: none */
    bool was_refused;
    bool is_victim; /* somebody else deletes it */
};

/* Pods that something was seen of since the last step. */
struct seen {
    uint32_t *pods; /* owned */
    uint32_t count, capacity;
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
    uint32_t *node_of_name; /* owned, by symbol: number + 1 of the last node of that name */
    uint32_t node_name_count;
    bool *node_is_there; /* owned, by number */
    struct seen bound, victims;
    int64_t now_ms;
    uint32_t waiting, undecided;
    bool has_begun, is_at_rest, has_ended;
    int64_t measured_ms; /* the meter was told so much of the time */
    struct play_result result;
};

/* ---- what the store tells ---- */

static uint32_t find_pod(const struct store_world *world, const char *name)
{
    uint32_t symbol = symbol_find(world->options.workload->symbols, str_from(name));
    return symbol < world->name_count ? world->pod_of_name[symbol] : 0;
}

static uint32_t find_node(const struct store_world *world, uint32_t name_sym)
{
    uint32_t place = name_sym < world->node_name_count ? world->node_of_name[name_sym] : 0;
    return place > 0 ? place - 1 : NO_NODE;
}

static void seen_add(struct seen *seen, uint32_t number)
{
    if (seen->count == seen->capacity) {
        seen->capacity = (uint32_t)mem_grow(seen->capacity, (size_t)seen->count + 1);
        seen->pods = mem_resize(seen->pods, seen->capacity, sizeof(*seen->pods));
    }
    seen->pods[seen->count++] = number;
}

static void note_decided(struct store_world *world, struct world_pod *pod)
{
    world->undecided -= !pod->was_refused;
    pod->was_refused = true;
}

/* PodScheduled=False with a message; false: it is not so. */
static bool read_refusal(const struct object *pod, struct str *ret_message)
{
    struct condition_view scheduled;
    if (!object_condition(pod, "PodScheduled", &scheduled) || !str_is(scheduled.status, "False"))
        return false;
    struct str raw = scheduled.message_raw;
    *ret_message = raw.len >= 2 ? (struct str){raw.ptr + 1, raw.len - 2} : STR("");
    return true;
}

/* Counted when it is new, or in other words than before. */
static void note_refusal(struct store_world *world, struct world_pod *pod,
                         const struct store_event *event)
{
    struct str message, before;
    if (!read_refusal(event->object, &message))
        return;
    note_decided(world, pod);
    if (event->before && read_refusal(event->before, &before) && str_equal(message, before))
        return;
    world->result.refusals++;
    pod->reason = (uint8_t)play_reasons_add(&world->result.reasons, message);
}

static void note_bound(struct store_world *world, uint32_t number, struct str node)
{
    struct world_pod *pod = &world->pods[number];
    note_decided(world, pod);
    pod->state = POD_BINDS;
    pod->node_sym = symbol_intern(world->options.workload->symbols, node);
    pod->node = find_node(world, pod->node_sym);
    seen_add(&world->bound, number);
}

/* What the world itself deletes is over before. */
static void on_store_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct store_world *world = container_of(subscriber, struct store_world, subscriber);
    const struct object *object = event->object;
    if (object->kind->id != KIND_POD || event->change == CHANGE_ADDED)
        return;
    uint32_t number = find_pod(world, object->ident->name);
    struct world_pod *pod = number > 0 ? &world->pods[number - 1] : NULL;
    if (!pod || pod->state == POD_IS_OVER)
        return;
    if (pod->state == POD_WAITS && object->node_name)
        note_bound(world, number - 1, blob_str(object->node_name));
    else if (pod->state == POD_WAITS)
        note_refusal(world, pod, event);
    if (!pod->is_victim && (object->deleted_s > 0 || event->change == CHANGE_DELETED)) {
        pod->is_victim = true;
        seen_add(&world->victims, number - 1);
    }
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
    world->result.created++;
    world->waiting++;
    world->undecided++;
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
    pod.node = NO_NODE;
    pod.state = POD_WAITS;
    pod.reason = NO_REASON;
    pod.was_refused = false;
    pod.is_victim = false;
    world->result.again++;
    create_pod(world, &pod);
}

static void come_again(struct store_world *world, uint32_t number)
{
    agenda_add(&world->agenda, world->now_ms + PLAY_AGAIN_MS, POD_AGAIN, number);
}

static void delete_object(struct store_world *world, enum kind_id kind, uint32_t name_sym)
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
static void end_pod(struct store_world *world, uint32_t number)
{
    struct world_pod *pod = &world->pods[number];
    if (pod->state == POD_RUNS && pod->node != NO_NODE)
        play_meter_pod(&world->result.meter, pod->kind, pod->node, false);
    world->waiting -= pod->state != POD_RUNS;
    world->undecided -= pod->state == POD_WAITS && !pod->was_refused;
    pod->state = POD_IS_OVER;
    delete_object(world, KIND_POD, pod->name_sym);
}

/* Deleted by its owner, lost or evicted. */
static void delete_pod(struct store_world *world, uint32_t number)
{
    if (world->pods[number].state == POD_IS_OVER)
        return;
    world->result.deleted++;
    end_pod(world, number);
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
    if (pod->state != POD_BINDS)
        return;
    int64_t runs_ms = workload->pods[pod->origin].runs_ms;
    pod->state = POD_RUNS;
    world->waiting--;
    world->result.bound++;
    world->result.bindings_hash += binding_hash(symbol_str(workload->symbols, pod->name_sym),
                                                symbol_str(workload->symbols, pod->node_sym));
    if (pod->node != NO_NODE)
        play_meter_pod(&world->result.meter, pod->kind, pod->node, true);
    if (world->options.on_bound)
        world->options.on_bound(world->options.ctx, symbol_text(workload->symbols, pod->name_sym),
                                symbol_text(workload->symbols, pod->node_sym), world->now_ms);
    if (pod->node == NO_NODE || !world->node_is_there[pod->node]) {
        delete_pod(world, number);
        come_again(world, number);
    } else if (runs_ms < INT64_MAX - world->now_ms) {
        agenda_add(&world->agenda, world->now_ms + runs_ms, POD_DONE, number);
    }
}

/* One that waited is gone as well, but nobody took its room. */
static void take_away(struct store_world *world, uint32_t number)
{
    enum pod_state state = (enum pod_state)world->pods[number].state;
    if (state == POD_IS_OVER) /* its own time came first */
        return;
    world->result.evicted += state == POD_RUNS;
    delete_pod(world, number);
    come_again(world, number);
}

/* What the store told since the last step; binds first, for a victim may be among them. */
static void take_in_seen(struct store_world *world)
{
    for (uint32_t i = 0; i < world->bound.count; i++)
        take_in(world, world->bound.pods[i]);
    world->bound.count = 0;
    for (uint32_t i = 0; i < world->victims.count; i++)
        take_away(world, world->victims.pods[i]);
    world->victims.count = 0;
}

/* ---- nodes ---- */

static void node_leaves(struct store_world *world, uint32_t node)
{
    if (!world->node_is_there[node])
        return;
    world->node_is_there[node] = false;
    delete_object(world, KIND_NODE, world->options.workload->nodes[node].name_sym);
    for (uint32_t i = 0; i < world->pod_count; i++) {
        if (world->pods[i].state != POD_RUNS || world->pods[i].node != node)
            continue;
        delete_pod(world, i);
        come_again(world, i);
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
        agenda_add(&world->agenda, joins->leaves_ms, NODE_LEAVES, node);
}

/* ---- time ---- */

static void happen(struct store_world *world, const struct agenda_item *item)
{
    switch ((enum what)item->what) {
    case NODE_LEAVES:
        node_leaves(world, item->which);
        return;
    case POD_DONE:
        if (world->pods[item->which].state == POD_RUNS) {
            world->result.done++;
            end_pod(world, item->which);
        }
        return;
    case POD_DELETED:
        delete_pod(world, item->which);
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
           workload->nodes[world->next_node].joins_ms <= world->now_ms)
        node_joins(world, world->next_node++);
}

static void create_pods(struct store_world *world)
{
    const struct workload *workload = world->options.workload;
    while (world->next_pod < workload->pod_count &&
           workload->pods[world->next_pod].created_ms <= world->now_ms) {
        const struct workload_pod *made = &workload->pods[world->next_pod];
        create_pod(world, &(struct world_pod){.name_sym = made->name_sym,
                                              .kind = made->kind,
                                              .node_sym = SYM_EMPTY,
                                              .node = NO_NODE,
                                              .origin = world->next_pod,
                                              .state = POD_WAITS,
                                              .reason = NO_REASON});
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
    take_in_seen(world);
    join_nodes(world);
    while (agenda_take(&world->agenda, now_ms, &item)) {
        happen(world, &item);
        take_in_seen(world);
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
    take_in_seen(world);
    world->has_ended = true;
    /* what was asked for is paid for to its end */
    result->span_ms = is_whole ? until_ms : world->measured_ms;
    play_meter_end(&result->meter, result->span_ms, world->waiting);
    result->waiting = world->waiting;
    result->attempts = result->bound + result->refusals;
    for (uint32_t i = 0; i < world->pod_count; i++)
        if (world->pods[i].state == POD_WAITS && world->pods[i].reason != NO_REASON)
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
    world->subscriber.on_event = on_store_event;
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
