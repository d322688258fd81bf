/* The policies of a cluster as somebody would write them who has time: no index, no counters, every
 * question answered by a look at everything. Knows nothing of policy/book.h. */
#ifndef TESTS_POLICY_ORACLE_H
#define TESTS_POLICY_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ORACLE_NODES = 8,
    ORACLE_PODS = 24,
    ORACLE_POLICIES = 5,
    ORACLE_UNITS = 3,
    ORACLE_OWNERS = 3,
    ORACLE_NONE = -1,
};

struct oracle_node {
    bool exists, is_virtual;
    int pool; /* ORACLE_NONE: no label */
};

struct oracle_pod {
    bool exists, is_assumed, is_deleting, is_waiting;
    int namespace, app, hash, tier; /* labels; ORACLE_NONE: none */
    int node;                       /* ORACLE_NONE: pending */
    int unit;                       /* number of the unit's name it was assigned, or ORACLE_NONE */
    int owner;
    int64_t bound_unix_s, cpu_milli;
};

struct oracle_unit {
    int name;
    bool is_virtual, is_percent;
    int pool, tier; /* nodeSelector, podLabels; ORACLE_NONE */
    int max;        /* ORACLE_NONE: not set */
    int64_t cpu_max_milli;
};

struct oracle_policy {
    bool exists, is_good; /* a generation is in force */
    int namespace, app;   /* of the selector; ORACLE_NONE: every app */
    bool wants_tier;      /* matchExpressions: tier Exists */
    bool has_key;         /* matchLabelKeys: hash */
    bool ignores_previous, counts_terminating;
    int64_t created_unix_s;
    int unit_count;
    struct oracle_unit units[ORACLE_UNITS];
};

struct oracle {
    struct oracle_node nodes[ORACLE_NODES];
    struct oracle_pod pods[ORACLE_PODS];
    struct oracle_policy policies[ORACLE_POLICIES];
    int replicas[ORACLE_OWNERS]; /* ORACLE_NONE: not known */
};

/* The policy that rules a pod, or ORACLE_NONE. Names ascend with the numbers. */
int oracle_ruler(const struct oracle *oracle, int pod);

/* The unit whose node the pod is on, and whether it counts there. */
int oracle_unit(const struct oracle *oracle, int pod, bool *ret_is_counted);

/* Pods that count in a unit with the pod, itself included when it does. */
int oracle_count(const struct oracle *oracle, int pod, int unit);

enum oracle_fullness { ORACLE_ROOM, ORACLE_FULL_PODS, ORACLE_FULL_CPU, ORACLE_UNKNOWN };
enum oracle_fullness oracle_fullness(const struct oracle *oracle, int pod, int unit);
bool oracle_has_terminating(const struct oracle *oracle, int pod, int unit);
bool oracle_node_is_in(const struct oracle_node *node, const struct oracle_unit *unit);

#endif
