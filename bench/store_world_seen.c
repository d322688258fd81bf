/* What the store tells: binds, refusals, and deletions that are not the world's own. */
#include "bench/store_world_private.h"

#include "bench/controller_read.h"
#include "model/base/mem.h"

static uint32_t find_pod(const struct store_world *world, const char *name)
{
    uint32_t symbol = symbol_find(world->options.workload->symbols, str_from(name));
    return symbol < world->name_count ? world->pod_of_name[symbol] : 0;
}

static uint32_t find_node(const struct store_world *world, uint32_t name_sym)
{
    uint32_t place = name_sym < world->node_name_count ? world->node_of_name[name_sym] : 0;
    return place > 0 ? place - 1 : WORLD_NO_NODE;
}

static void seen_add(struct world_seen *seen, uint32_t number)
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
    pod->state = WORLD_BINDS;
    pod->node_sym = symbol_intern(world->options.workload->symbols, node);
    pod->node = find_node(world, pod->node_sym);
    seen_add(&world->bound, number);
}

/* What the world itself deletes is over before. */
void world_on_store_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct store_world *world = container_of(subscriber, struct store_world, subscriber);
    const struct object *object = event->object;
    if (object->kind->id != KIND_POD || event->change == CHANGE_ADDED)
        return;
    uint32_t number = find_pod(world, object->ident->name);
    struct world_pod *pod = number > 0 ? &world->pods[number - 1] : NULL;
    if (!pod || pod->state == WORLD_OVER)
        return;
    if (pod->state == WORLD_WAITS && object->node_name)
        note_bound(world, number - 1, blob_str(object->node_name));
    else if (pod->state == WORLD_WAITS)
        note_refusal(world, pod, event);
    if (!pod->is_victim && (object->deleted_s > 0 || event->change == CHANGE_DELETED)) {
        pod->is_victim = true;
        seen_add(&world->victims, number - 1);
    }
}
