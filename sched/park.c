#include "sched/park.h"

#include <stdlib.h>

#include "model/base/mem.h"

struct park_cohort {
    uint32_t rejectors;
    uint32_t pod_count;
    struct pod *pods; /* list by queue_next */
};

struct park_group {
    struct shape *shape; /* borrowed: its pods keep it */
    struct park_cohort *cohorts;
    uint32_t cohort_count, cohort_capacity;
    uint32_t pod_count[PLUGIN_COUNT]; /* pods this plug-in refused */
    uint32_t position[PLUGIN_COUNT];  /* in by_plugin[]; valid while pod_count is not 0 */
};

static bool pod_parked_before(const void *a, const void *b)
{
    const struct pod *left = a, *right = b;
    if (left->queued_at.ms != right->queued_at.ms)
        return left->queued_at.ms < right->queued_at.ms;
    return left->queue_sequence < right->queue_sequence;
}

static uint32_t *pod_position(void *item)
{
    struct pod *pod = item;
    return &pod->heap_position;
}

void park_init(struct park *park)
{
    *park = (struct park){0};
    heap_init(&park->oldest, pod_parked_before, pod_position);
}

static void index_add(struct park_index *index, struct park_group *group, uint32_t plugin)
{
    if (index->count == index->capacity) {
        size_t grown = mem_grow(index->capacity, (size_t)index->count + 1);
        CHECK(grown < UINT32_MAX);
        index->groups = mem_resize(index->groups, grown, sizeof(struct park_group *));
        index->capacity = (uint32_t)grown;
    }
    group->position[plugin] = index->count;
    index->groups[index->count++] = group;
}

static void index_remove(struct park_index *index, struct park_group *group, uint32_t plugin)
{
    uint32_t hole = group->position[plugin];
    CHECK(hole < index->count && index->groups[hole] == group);
    struct park_group *last = index->groups[--index->count];
    index->groups[hole] = last;
    last->position[plugin] = hole;
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

static struct park_cohort *group_find_cohort(const struct park_group *group, uint32_t rejectors)
{
    for (uint32_t i = 0; i < group->cohort_count; i++) {
        if (group->cohorts[i].rejectors == rejectors)
            return &group->cohorts[i];
    }
    return NULL;
}

static struct park_cohort *group_ensure_cohort(struct park_group *group, uint32_t rejectors)
{
    struct park_cohort *cohort = group_find_cohort(group, rejectors);
    if (cohort)
        return cohort;
    if (group->cohort_count == group->cohort_capacity) {
        size_t grown = mem_grow(group->cohort_capacity, (size_t)group->cohort_count + 1);
        group->cohorts = mem_resize(group->cohorts, grown, sizeof(*group->cohorts));
        group->cohort_capacity = (uint32_t)grown;
    }
    cohort = &group->cohorts[group->cohort_count++];
    *cohort = (struct park_cohort){.rejectors = rejectors};
    return cohort;
}

static void group_drop_cohort(struct park_group *group, struct park_cohort *cohort)
{
    CHECK(cohort->pod_count == 0);
    *cohort = group->cohorts[--group->cohort_count];
}

static void group_free(struct park_group *group)
{
    group->shape->parked = NULL;
    free(group->cohorts);
    free(group);
}

void park_fini(struct park *park)
{
    for (uint32_t plugin = 0; plugin < PLUGIN_COUNT; plugin++) {
        struct park_index *index = &park->by_plugin[plugin];
        while (index->count > 0) {
            struct park_group *group = index->groups[index->count - 1];
            for (uint32_t p = 0; p < PLUGIN_COUNT; p++) {
                if (group->pod_count[p] > 0)
                    index_remove(&park->by_plugin[p], group, p);
            }
            group_free(group);
        }
        free(index->groups);
        *index = (struct park_index){0};
    }
    heap_fini(&park->oldest);
}

void park_add(struct park *park, struct pod *pod)
{
    CHECK(pod->rejectors != 0);
    CHECK(pod->rejectors >> PLUGIN_COUNT == 0);
    struct park_group *group = pod->shape->parked;
    if (!group) {
        group = mem_zalloc(1, sizeof(*group));
        group->shape = pod->shape;
        pod->shape->parked = group;
    }
    struct park_cohort *cohort = group_ensure_cohort(group, pod->rejectors);
    pod->queue_prev = NULL;
    pod->queue_next = cohort->pods;
    if (cohort->pods)
        cohort->pods->queue_prev = pod;
    cohort->pods = pod;
    cohort->pod_count++;
    group_count_in(park, group, pod->rejectors, 1);
    heap_push(&park->oldest, pod);
}

void park_remove(struct park *park, struct pod *pod)
{
    struct park_group *group = pod->shape->parked;
    CHECK(group);
    struct park_cohort *cohort = group_find_cohort(group, pod->rejectors);
    CHECK(cohort);
    if (pod->queue_next)
        pod->queue_next->queue_prev = pod->queue_prev;
    if (pod->queue_prev) {
        pod->queue_prev->queue_next = pod->queue_next;
    } else {
        CHECK(cohort->pods == pod);
        cohort->pods = pod->queue_next;
    }
    pod->queue_prev = pod->queue_next = NULL;
    cohort->pod_count--;
    group_count_out(park, group, pod->rejectors, 1);
    heap_remove(&park->oldest, pod);
    if (cohort->pod_count == 0)
        group_drop_cohort(group, cohort);
    if (group->cohort_count == 0)
        group_free(group);
}

/* Takes out all pods that the plug-in refused and puts them in front of `taken`. The group is gone
 * when these were all. */
static struct pod *group_take(struct park *park, struct park_group *group, uint32_t plugin,
                              struct pod *taken)
{
    for (uint32_t i = group->cohort_count; i-- > 0;) {
        struct park_cohort *cohort = &group->cohorts[i];
        if (!(cohort->rejectors >> plugin & 1))
            continue;
        group_count_out(park, group, cohort->rejectors, cohort->pod_count);
        while (cohort->pods) {
            struct pod *pod = cohort->pods;
            cohort->pods = pod->queue_next;
            heap_remove(&park->oldest, pod);
            pod->queue_prev = NULL;
            pod->queue_next = taken;
            taken = pod;
            cohort->pod_count--;
        }
        group_drop_cohort(group, cohort);
    }
    if (group->cohort_count == 0)
        group_free(group);
    return taken;
}

struct pod *park_wake(struct park *park, const struct cluster *cluster,
                      const struct wake_event *event)
{
    struct pod *taken = NULL;
    for (uint32_t plugin = 0; plugin < PLUGIN_COUNT; plugin++) {
        const struct filter *filter = filters[plugin];
        if (!filter || !(filter->wakes_on & event->kind))
            continue;
        struct park_index *index = &park->by_plugin[plugin];
        /* Backwards: a group that is taken leaves the index, and the last one, asked already, fills
         * its place. */
        for (uint32_t i = index->count; i-- > 0;) {
            struct park_group *group = index->groups[i];
            struct filter_input in = {.cluster = cluster, .shape = group->shape};
            if (filter->hint(&in, event))
                taken = group_take(park, group, plugin, taken);
        }
    }
    return taken;
}

struct pod *park_oldest(const struct park *park)
{
    return heap_peek(&park->oldest);
}

uint32_t park_count(const struct park *park)
{
    return park->oldest.count;
}

/* Returns the pods counted. */
static uint32_t group_check(const struct park_group *group)
{
    uint32_t total = 0, by_plugin[PLUGIN_COUNT] = {0};
    CHECK(group->shape->parked == group);
    CHECK(group->cohort_count > 0);
    for (uint32_t i = 0; i < group->cohort_count; i++) {
        const struct park_cohort *cohort = &group->cohorts[i];
        CHECK(group_find_cohort(group, cohort->rejectors) == cohort);
        uint32_t pod_count = 0;
        const struct pod *prev = NULL;
        for (const struct pod *pod = cohort->pods; pod; pod = pod->queue_next) {
            CHECK(pod->queue_prev == prev);
            CHECK(pod->queue_place == QUEUE_PARKED);
            CHECK(pod->shape == group->shape);
            CHECK(pod->rejectors == cohort->rejectors);
            CHECK(pod->heap_position != HEAP_NOWHERE);
            prev = pod;
            pod_count++;
        }
        CHECK(pod_count == cohort->pod_count && pod_count > 0);
        for (uint32_t plugin = 0; plugin < PLUGIN_COUNT; plugin++)
            by_plugin[plugin] += cohort->rejectors >> plugin & 1 ? pod_count : 0;
        total += pod_count;
    }
    for (uint32_t plugin = 0; plugin < PLUGIN_COUNT; plugin++)
        CHECK(by_plugin[plugin] == group->pod_count[plugin]);
    return total;
}

void park_check(const struct park *park)
{
    uint32_t total = 0;
    heap_check(&park->oldest);
    for (uint32_t plugin = 0; plugin < PLUGIN_COUNT; plugin++) {
        const struct park_index *index = &park->by_plugin[plugin];
        for (uint32_t i = 0; i < index->count; i++) {
            const struct park_group *group = index->groups[i];
            CHECK(group->pod_count[plugin] > 0);
            CHECK(group->position[plugin] == i);
            uint32_t first = 0;
            while (group->pod_count[first] == 0)
                first++;
            if (first == plugin) /* each group once */
                total += group_check(group);
        }
    }
    CHECK(total == park->oldest.count);
}
