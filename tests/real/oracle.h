/*
 * A second opinion on where a pod may go and which of these nodes are best: the rules of
 * kube-scheduler's default profile, written down as plainly as possible on jansson values, for
 * small clusters. It shares nothing with spillway. Amounts are objects {resource name: integer},
 * cpu in thousandths.
 */
#ifndef TESTS_REAL_ORACLE_H
#define TESTS_REAL_ORACLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { ORACLE_NODES_MAX = 64 };

struct oracle {
    size_t count;
    size_t fitting;
    int64_t best; /* score of the best fitting node */
    struct oracle_node {
        const char *name; /* lent by the cluster */
        bool fits;
        int64_t score; /* weighted sum; 0 when it does not fit */
    } nodes[ORACLE_NODES_MAX];
};

/* `cluster` as generate_cluster() makes it; `pod` as the apiserver gives it back, with its defaults
 * filled in. CHECKs what a generator could not have made. */
void oracle_judge(const json_t *cluster, const json_t *pod, struct oracle *ret_oracle);

/* May the pod be bound there? `nominated` (NULL: none) is taken whenever it fits. */
bool oracle_allows(const struct oracle *oracle, const char *node, const char *nominated);

/* ---- parts, each in a file of its own ---- */

/* Would the filters let the pod onto the node, with these pods of the cluster on it? */
bool oracle_fits(const json_t *cluster, const json_t *node, const json_t *pod);

bool oracle_term_matches(const json_t *term, const json_t *node);

/* Does one of the pod's tolerations let the taint pass? */
bool oracle_tolerates(const json_t *pod, const json_t *taint);

/* The amounts of a ResourceList; of a pod's requests, init containers, sidecars, pod level and
 * overhead included. `nonzero`: missing cpu and memory of a container count as 100m and 200Mi.
 * Yours.
 */
json_t *oracle_amounts(const json_t *list);
json_t *oracle_requests(const json_t *pod, bool nonzero);
int64_t oracle_amount(const json_t *amounts, const char *name); /* 0 when absent */

/* The sum of the requests of the pods that are bound to the node; yours. */
json_t *oracle_used(const json_t *cluster, const char *node, bool nonzero);

#endif
