#include "sched/park_private.h"

static uint32_t cohort_check(const struct park_group *group, const struct park_cohort *cohort)
{
    CHECK(park_find_cohort(group, cohort->rejectors) == cohort);
    heap_check(&cohort->pods);
    for (uint32_t i = 0; i < cohort->pods.count; i++) {
        const struct pod *pod = cohort->pods.items[i];
        CHECK(pod->queue_place == QUEUE_PARKED);
        CHECK(pod->shape == group->shape);
        CHECK(pod->group == group->policy);
        CHECK(pod->rejectors == cohort->rejectors);
        CHECK(pod->heap_position != HEAP_NOWHERE);
        CHECK((pod->timer_position != HEAP_NOWHERE) == (pod->retry_at.ms != MONO_NEVER.ms));
        CHECK(!pod->has_turn);
    }
    return cohort->pods.count;
}

static uint32_t cohort_timeless(const struct park_cohort *cohort)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < cohort->pods.count; i++)
        count += ((const struct pod *)cohort->pods.items[i])->retry_at.ms == MONO_NEVER.ms;
    return count;
}

/* Returns the pods counted. */
static uint32_t group_check(const struct park_group *group)
{
    uint32_t total = 0, timeless = 0, by_plugin[PLUGIN_COUNT] = {0};
    CHECK(group->cohort_count > 0);
    CHECK((group->line != NULL) == (group->policy != NULL));
    CHECK(!group->line || group->line->groups[group->line_position] == group);
    /* Nobody hopeful is left behind: somebody of the line will be tried and wake the next. */
    CHECK(!group->is_hopeful || group->line->is_out);
    for (uint32_t i = 0; i < group->cohort_count; i++) {
        uint32_t pod_count = cohort_check(group, &group->cohorts[i]);
        CHECK(pod_count > 0);
        for (uint32_t plugin = 0; plugin < PLUGIN_COUNT; plugin++)
            by_plugin[plugin] += group->cohorts[i].rejectors >> plugin & 1 ? pod_count : 0;
        total += pod_count;
        timeless += cohort_timeless(&group->cohorts[i]);
    }
    CHECK(timeless == group->timeless_count);
    for (uint32_t plugin = 0; plugin < PLUGIN_COUNT; plugin++)
        CHECK(by_plugin[plugin] == group->pod_count[plugin]);
    return total;
}

void park_check(const struct park *park)
{
    uint32_t total = 0;
    heap_check(&park->oldest);
    heap_check(&park->timed);
    for (uint32_t plugin = 0; plugin < PLUGIN_COUNT; plugin++) {
        const struct park_index *index = &park->by_plugin[plugin];
        for (uint32_t i = 0; i < index->count; i++) {
            const struct park_entry *entry = &index->entries[i];
            const struct park_group *group = entry->group;
            CHECK(entry->cpu_milli == group->shape->requests->fixed[RESOURCE_CPU]);
            CHECK(entry->memory_bytes == group->shape->requests->fixed[RESOURCE_MEMORY]);
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
