#include "sched/park.h"

#include <stdlib.h>

#include "model/base/mem.h"
#include "sched/park_private.h"

bool pod_active_before(const void *a, const void *b)
{
    const struct pod *left = a, *right = b;
    if (left->priority != right->priority)
        return left->priority > right->priority;
    if (left->queued_at.ms != right->queued_at.ms)
        return left->queued_at.ms < right->queued_at.ms;
    return left->queue_sequence < right->queue_sequence;
}

static bool pod_parked_before(const void *a, const void *b)
{
    const struct pod *left = a, *right = b;
    if (left->queued_at.ms != right->queued_at.ms)
        return left->queued_at.ms < right->queued_at.ms;
    return left->queue_sequence < right->queue_sequence;
}

static bool pod_due_before(const void *a, const void *b)
{
    const struct pod *left = a, *right = b;
    if (left->retry_at.ms != right->retry_at.ms)
        return left->retry_at.ms < right->retry_at.ms;
    return left->queue_sequence < right->queue_sequence;
}

static uint32_t *pod_position(void *item)
{
    return &((struct pod *)item)->heap_position;
}

static uint32_t *pod_cohort_position(void *item)
{
    return &((struct pod *)item)->park_position;
}

static uint32_t *pod_timer_position(void *item)
{
    return &((struct pod *)item)->timer_position;
}

void park_init(struct park *park, const struct park_world *world)
{
    *park = (struct park){.world = *world};
    map_init(&park->lines);
    heap_init(&park->oldest, pod_parked_before, pod_position);
    heap_init(&park->timed, pod_due_before, pod_timer_position);
}

/* ---- groups ---- */

static void index_add(struct park_index *index, struct park_group *group, uint32_t plugin)
{
    if (index->count == index->capacity) {
        size_t grown = mem_grow(index->capacity, (size_t)index->count + 1);
        CHECK(grown < UINT32_MAX);
        index->entries = mem_resize(index->entries, grown, sizeof(*index->entries));
        index->capacity = (uint32_t)grown;
    }
    const int64_t *asked = group->shape->requests->fixed;
    group->position[plugin] = index->count;
    index->entries[index->count++] =
        (struct park_entry){group, asked[RESOURCE_CPU], asked[RESOURCE_MEMORY]};
}

static void index_remove(struct park_index *index, struct park_group *group, uint32_t plugin)
{
    uint32_t hole = group->position[plugin];
    CHECK(hole < index->count && index->entries[hole].group == group);
    index->entries[hole] = index->entries[--index->count];
    index->entries[hole].group->position[plugin] = hole;
}

/* Counts a cohort's pods in (or out) under each of its plug-ins; registers the group with the first
 * and takes it off with the last. */
static void group_count_in(struct park *park, struct park_group *group, uint32_t rejectors,
                           uint32_t pod_count)
{
    for (uint32_t rest = rejectors; rest; rest &= rest - 1) {
        uint32_t plugin = (uint32_t)__builtin_ctz(rest);
        if (group->pod_count[plugin] == 0)
            index_add(&park->by_plugin[plugin], group, plugin);
        group->pod_count[plugin] += pod_count;
    }
}

static void group_count_out(struct park *park, struct park_group *group, uint32_t rejectors,
                            uint32_t pod_count)
{
    for (uint32_t rest = rejectors; rest; rest &= rest - 1) {
        uint32_t plugin = (uint32_t)__builtin_ctz(rest);
        CHECK(group->pod_count[plugin] >= pod_count);
        group->pod_count[plugin] -= pod_count;
        if (group->pod_count[plugin] == 0)
            index_remove(&park->by_plugin[plugin], group, plugin);
    }
}

struct park_cohort *park_find_cohort(const struct park_group *group, uint32_t rejectors)
{
    for (uint32_t i = 0; i < group->cohort_count; i++) {
        if (group->cohorts[i].rejectors == rejectors)
            return &group->cohorts[i];
    }
    return NULL;
}

static struct park_cohort *group_ensure_cohort(struct park_group *group, uint32_t rejectors)
{
    struct park_cohort *cohort = park_find_cohort(group, rejectors);
    if (cohort)
        return cohort;
    if (group->cohort_count == group->cohort_capacity) {
        size_t grown = mem_grow(group->cohort_capacity, (size_t)group->cohort_count + 1);
        group->cohorts = mem_resize(group->cohorts, grown, sizeof(*group->cohorts));
        group->cohort_capacity = (uint32_t)grown;
    }
    cohort = &group->cohorts[group->cohort_count++];
    cohort->rejectors = rejectors;
    heap_init(&cohort->pods, pod_active_before, pod_cohort_position);
    return cohort;
}

static void group_drop_cohort(struct park_group *group, struct park_cohort *cohort)
{
    CHECK(cohort->pods.count == 0);
    heap_fini(&cohort->pods);
    *cohort = group->cohorts[--group->cohort_count];
}

struct park_group *park_find_group(const struct pod *pod)
{
    struct park_group *group = pod->shape->parked;
    while (group && group->policy != pod->group)
        group = group->next;
    return group;
}

static struct park_group *group_ensure(struct park *park, const struct pod *pod)
{
    struct park_group *group = park_find_group(pod);
    if (group)
        return group;
    group = mem_zalloc(1, sizeof(*group));
    group->shape = pod->shape;
    group->policy = pod->group;
    group->next = pod->shape->parked;
    pod->shape->parked = group;
    if (group->policy)
        park_line_add(park, group);
    return group;
}

static void group_free(struct park *park, struct park_group *group)
{
    struct park_group **link = &group->shape->parked;
    while (*link != group)
        link = &(*link)->next;
    *link = group->next;
    if (group->line)
        park_line_remove(park, group);
    free(group->cohorts);
    free(group);
}

static const struct pod *group_sample(const struct park_group *group)
{
    return heap_peek(&group->cohorts[0].pods);
}

void park_fini(struct park *park)
{
    for (uint32_t plugin = 0; plugin < PLUGIN_COUNT; plugin++) {
        struct park_index *index = &park->by_plugin[plugin];
        while (index->count > 0) {
            struct park_group *group = index->entries[index->count - 1].group;
            for (uint32_t p = 0; p < PLUGIN_COUNT; p++) {
                if (group->pod_count[p] > 0)
                    index_remove(&park->by_plugin[p], group, p);
            }
            for (uint32_t i = 0; i < group->cohort_count; i++)
                heap_fini(&group->cohorts[i].pods);
            group_free(park, group);
        }
        free(index->entries);
        *index = (struct park_index){0};
    }
    size_t position = 0;
    for (struct park_line *line; (line = map_next(&park->lines, &position));) {
        free(line->groups); /* its pod with the turn was still to be tried */
        free(line);
    }
    map_fini(&park->lines);
    heap_fini(&park->oldest);
    heap_fini(&park->timed);
}

void park_add(struct park *park, struct pod *pod)
{
    CHECK(pod->rejectors != 0);
    CHECK(pod->rejectors >> PLUGIN_COUNT == 0);
    struct park_group *group = group_ensure(park, pod);
    struct park_cohort *cohort = group_ensure_cohort(group, pod->rejectors);
    heap_push(&cohort->pods, pod);
    group_count_in(park, group, pod->rejectors, 1);
    heap_push(&park->oldest, pod);
    if (pod->retry_at.ms != MONO_NEVER.ms)
        heap_push(&park->timed, pod);
    else
        group->timeless_count++;
}

static void forget_times(struct park *park, struct park_group *group, struct pod *pod)
{
    heap_remove(&park->oldest, pod);
    if (pod->timer_position != HEAP_NOWHERE)
        heap_remove(&park->timed, pod);
    else
        group->timeless_count--;
}

void park_remove(struct park *park, struct pod *pod)
{
    struct park_group *group = park_find_group(pod);
    CHECK(group);
    struct park_cohort *cohort = park_find_cohort(group, pod->rejectors);
    CHECK(cohort);
    heap_remove(&cohort->pods, pod);
    group_count_out(park, group, pod->rejectors, 1);
    forget_times(park, group, pod);
    if (cohort->pods.count == 0)
        group_drop_cohort(group, cohort);
    if (group->cohort_count == 0)
        group_free(park, group);
}

/* ---- waking ---- */

/* Takes out all pods that the plug-in refused, but those that wait for one of `refusers` too, and
 * puts them in front of `taken`. The group is gone when these were all. */
static struct pod *group_take(struct park *park, struct park_group *group, uint32_t plugin,
                              uint32_t refusers, struct pod *taken)
{
    for (uint32_t i = group->cohort_count; i-- > 0;) {
        struct park_cohort *cohort = &group->cohorts[i];
        if (!(cohort->rejectors >> plugin & 1) || cohort->rejectors & refusers)
            continue;
        group_count_out(park, group, cohort->rejectors, cohort->pods.count);
        while (cohort->pods.count > 0) { /* in no order: the last one leaves a heap in O(1) */
            struct pod *pod = cohort->pods.items[cohort->pods.count - 1];
            heap_remove(&cohort->pods, pod);
            forget_times(park, group, pod);
            pod->queue_next = taken;
            taken = pod;
        }
        group_drop_cohort(group, cohort);
    }
    if (group->cohort_count == 0)
        group_free(park, group);
    return taken;
}

/* The plug-in's hint said yes. */
static struct pod *group_wake(struct park *park, struct park_group *group, uint32_t plugin,
                              const struct wake_event *event, struct pod *taken)
{
    if (!group->line) {
        uint32_t refusers =
            park->world.preempts ? 0 : park_refusers(&park->world, group_sample(group), event);
        return group_take(park, group, plugin, refusers, taken);
    }
    group->is_hopeful = true;
    struct pod *pod = park_line_give_turn(park, group->line);
    if (!pod)
        return taken;
    pod->queue_next = taken;
    return pod;
}

/* The most cpu and memory that somebody may ask whom this event helps against `plugin`: what
 * NodeResourcesFit's hint looks at first. Who asks nothing is not checked, even on a node that is
 * overcommitted. */
static struct park_entry wake_room(const struct park *park, uint32_t plugin,
                                   const struct wake_event *event)
{
    struct park_entry room = {.cpu_milli = INT64_MAX, .memory_bytes = INT64_MAX};
    if (plugin != PLUGIN_NODE_RESOURCES_FIT || event->slot == NODE_SLOT_NONE ||
        !(event->kind & (WAKE_POD_REMOVED | WAKE_POD_SCALED_DOWN)))
        return room;
    const struct node_table *nodes = &park->world.cluster->nodes;
    int64_t cpu_milli = node_free(nodes, RESOURCE_CPU, event->slot);
    int64_t memory_bytes = node_free(nodes, RESOURCE_MEMORY, event->slot);
    room.cpu_milli = cpu_milli > 0 ? cpu_milli : 0;
    room.memory_bytes = memory_bytes > 0 ? memory_bytes : 0;
    return room;
}

struct pod *park_wake(struct park *park, const struct wake_event *event)
{
    struct pod *taken = NULL;
    uint32_t listeners = park_listeners((enum wake_kind)event->kind);
    for (; listeners; listeners &= listeners - 1) {
        uint32_t plugin = (uint32_t)__builtin_ctz(listeners);
        struct park_index *index = &park->by_plugin[plugin];
        const struct park_entry room = wake_room(park, plugin, event);
        /* Backwards: a group that is taken leaves the index, and the last one, asked already, fills
         * its place. */
        for (uint32_t i = index->count; i-- > 0;) {
            const struct park_entry *entry = &index->entries[i];
            if (entry->cpu_milli > room.cpu_milli || entry->memory_bytes > room.memory_bytes)
                continue;
            struct park_group *group = entry->group;
            if (!group->is_hopeful && park_hint(&park->world, group_sample(group), plugin, event))
                taken = group_wake(park, group, plugin, event, taken);
        }
    }
    return taken;
}

struct pod *park_oldest(const struct park *park)
{
    return heap_peek(&park->oldest);
}

struct pod *park_first_timed(const struct park *park)
{
    return heap_peek(&park->timed);
}

uint32_t park_count(const struct park *park)
{
    return park->oldest.count;
}
