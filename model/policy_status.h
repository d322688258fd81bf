/*
 * What a user reads in the status of a ResourcePolicy, as data: policy/ fills it, watch/ writes it
 * as JSON, tests compare it. Bounded: a policy with many groups shows the largest of them.
 */
#ifndef MODEL_POLICY_STATUS_H
#define MODEL_POLICY_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/str.h"
#include "model/object.h"

enum {
    POLICY_STATUS_UNITS_MAX = 64, /* as POLICY_UNITS_MAX: all of them */
    POLICY_STATUS_GROUPS_MAX = 10,
    POLICY_STATUS_RESOURCES_MAX = 16, /* of one unit */
    POLICY_STATUS_TEXT_BYTES = 1024,  /* of one message */
};

struct policy_status_condition {
    bool is_true;
    const char *reason;        /* CamelCase, constant */
    struct str message;        /* how to mend it when false */
    int64_t transition_unix_s; /* when is_true last changed */
};

struct policy_status_unit {
    struct str name;
    uint32_t pods;     /* counted: bound and assumed */
    struct str max;    /* as written ("10", "30%"); empty: unlimited */
    uint32_t max_pods; /* what `max` is now, over all groups; valid with has_max */
    bool has_max;
    uint32_t resource_count; /* those of maxResources */
    struct {
        uint32_t name_sym;
        int64_t used, limit; /* unit of model/resource.h */
    } resources[POLICY_STATUS_RESOURCES_MAX];
    struct str refusal; /* the last one, with its numbers; empty: none */
    int64_t refused_unix_s;
};

struct policy_status_group {
    struct str key; /* "pod-template-hash=5d9f,zone=a" */
    uint32_t pods[POLICY_STATUS_UNITS_MAX];
    uint32_t waiting;
};

struct policy_status {
    struct str name;
    uint32_t namespace_sym;
    struct uid uid;
    int64_t observed_generation; /* the generation that was last looked at */
    int64_t accepted_generation; /* the one in force; 0: none */
    struct policy_status_condition accepted, ready;
    struct str overlap; /* empty, or which policy rules which pods: condition Overlapping */
    int64_t overlap_transition_unix_s;
    uint32_t waiting; /* pods of the policy that wait */
    uint32_t unit_count;
    const struct policy_status_unit *units;
    uint32_t group_count, group_total; /* shown, and how many there are */
    const struct policy_status_group *groups;
};

#endif
