/* The inside of the park, shared by park.c (groups and waking), park_line.c (turns) and
 * park_check.c. */
#ifndef SCHED_PARK_PRIVATE_H
#define SCHED_PARK_PRIVATE_H

#include "sched/park.h"

struct park_cohort {
    uint32_t rejectors;
    struct heap pods; /* who is the first in the queue's order */
};

struct park_group {
    struct shape *shape;               /* borrowed: its pods keep it */
    const struct policy_group *policy; /* NULL: no policy selects them */
    struct park_group *next;           /* of the shape */
    struct park_line *line;            /* NULL without a policy */
    uint32_t line_position;
    uint32_t timeless_count; /* pods without a retry_at */
    bool is_hopeful;         /* an event since the last refusal may have helped */
    struct park_cohort *cohorts;
    uint32_t cohort_count, cohort_capacity;
    uint32_t pod_count[PLUGIN_COUNT]; /* pods this plug-in refused */
    uint32_t position[PLUGIN_COUNT];  /* in by_plugin[]; valid while pod_count is not 0 */
};

struct park_line {
    const struct policy_group *policy;
    struct park_group **groups; /* no order */
    uint32_t count, capacity;
    bool is_out; /* a pod of it has the turn */
};

/* NULL: there is none. */
struct park_cohort *park_find_cohort(const struct park_group *group, uint32_t rejectors);
struct park_group *park_find_group(const struct pod *pod);

/* A group with a policy enters its line, and leaves it. */
void park_line_add(struct park *park, struct park_group *group);
void park_line_remove(struct park *park, struct park_group *group);

/* Takes out the next hopeful pod of the line; NULL: one has the turn already, or there is none. */
struct pod *park_line_give_turn(struct park *park, struct park_line *line);

#endif
