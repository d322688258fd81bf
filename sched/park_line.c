/* Pods with a policy take turns: see sched/park.h. */
#include <stdlib.h>

#include "model/base/hash.h"
#include "model/base/mem.h"
#include "sched/park_private.h"
#include "sched/unit_wait.h"

/* ---- lines ---- */

static uint64_t policy_hash(const struct policy_group *policy)
{
    return hash_mix((uint64_t)(uintptr_t)policy, 1);
}

static bool line_is_of(const void *value, const void *key)
{
    return ((const struct park_line *)value)->policy == key;
}

static struct park_line *line_find(const struct park *park, const struct policy_group *policy)
{
    return map_get(&park->lines, policy_hash(policy), line_is_of, policy);
}

void park_line_add(struct park *park, struct park_group *group)
{
    struct park_line *line = line_find(park, group->policy);
    if (!line) {
        line = mem_zalloc(1, sizeof(*line));
        line->policy = group->policy;
        map_put(&park->lines, policy_hash(line->policy), line);
    }
    if (line->count == line->capacity) {
        line->capacity = (uint32_t)mem_grow(line->capacity, (size_t)line->count + 1);
        line->groups = mem_resize(line->groups, line->capacity, sizeof(*line->groups));
    }
    group->line = line;
    group->line_position = line->count;
    line->groups[line->count++] = group;
}

static void line_free_if_empty(struct park *park, struct park_line *line)
{
    if (line->count > 0 || line->is_out)
        return;
    CHECK(map_remove(&park->lines, policy_hash(line->policy), line_is_of, line->policy) == line);
    free(line->groups);
    free(line);
}

void park_line_remove(struct park *park, struct park_group *group)
{
    struct park_line *line = group->line;
    struct park_group *last = line->groups[--line->count];
    line->groups[group->line_position] = last;
    last->line_position = group->line_position;
    line_free_if_empty(park, line);
}

/* ---- turns ---- */

static struct pod *line_best(const struct park_line *line)
{
    struct pod *best = NULL;
    for (uint32_t i = 0; i < line->count; i++) {
        const struct park_group *group = line->groups[i];
        for (uint32_t k = 0; group->is_hopeful && k < group->cohort_count; k++) {
            struct pod *pod = heap_peek(&group->cohorts[k].pods);
            if (!best || pod_active_before(pod, best))
                best = pod;
        }
    }
    return best;
}

/* The next pod of the line, unless one is out. */
struct pod *park_line_give_turn(struct park *park, struct park_line *line)
{
    struct pod *pod = line->is_out ? NULL : line_best(line);
    if (!pod)
        return NULL;
    line->is_out = pod->has_turn = true;
    park_remove(park, pod);
    pod->queue_next = NULL;
    return pod;
}

struct pod *park_offer(struct park *park, const struct policy_group *policy)
{
    struct park_line *line = line_find(park, policy);
    if (!line)
        return NULL;
    for (uint32_t i = 0; i < line->count; i++)
        line->groups[i]->is_hopeful |= line->groups[i]->pod_count[PLUGIN_UNITS] > 0;
    return park_line_give_turn(park, line);
}

struct pod *park_next_turn(struct park *park, const struct policy_group *policy)
{
    struct park_line *line = line_find(park, policy);
    CHECK(line && line->is_out);
    line->is_out = false;
    struct pod *next = park_line_give_turn(park, line);
    if (!next)
        line_free_if_empty(park, line);
    return next;
}

void park_refuse_line(struct park *park, const struct policy_group *policy)
{
    struct park_line *line = line_find(park, policy);
    CHECK(line && line->is_out);
    for (uint32_t i = 0; i < line->count; i++)
        line->groups[i]->is_hopeful = false;
}

struct pod *park_refused_turn(struct park *park, struct pod *pod)
{
    struct park_group *group = park_find_group(pod);
    CHECK(group && group->line);
    group->is_hopeful = false;
    return park_next_turn(park, pod->group);
}

static void start_clock(struct park *park, struct park_group *group, struct pod *pod,
                        const struct park_clock *clock, struct mono_ms now)
{
    if (pod->retry_at.ms != MONO_NEVER.ms || unit_wait_has_begun(pod, clock->unit_sym))
        return; /* one that is over helped nothing the last time */
    pod->retry_at = unit_wait_until(pod, clock->unit_sym, clock->timeout_ms, now);
    heap_push(&park->timed, pod);
    group->timeless_count--;
}

void park_start_clocks(struct park *park, const struct pod *pod, const struct park_clock *clock,
                       struct mono_ms now)
{
    struct park_group *group = park_find_group(pod);
    for (uint32_t i = 0; group && group->timeless_count > 0 && i < group->cohort_count; i++) {
        const struct heap *pods = &group->cohorts[i].pods;
        for (uint32_t k = 0; k < pods->count; k++)
            start_clock(park, group, pods->items[k], clock, now);
    }
}
