#include "tests/policy/oracle.h"

static bool selects(const struct oracle_policy *policy, const struct oracle_pod *pod)
{
    return policy->namespace == pod->namespace &&
           (policy->app == ORACLE_NONE || policy->app == pod->app) &&
           (!policy->wants_tier || pod->tier != ORACLE_NONE);
}

int oracle_ruler(const struct oracle *oracle, int pod)
{
    int ruler = ORACLE_NONE;
    for (int i = 0; i < ORACLE_POLICIES; i++) {
        const struct oracle_policy *policy = &oracle->policies[i];
        if (policy->exists && selects(policy, &oracle->pods[pod]) &&
            (ruler == ORACLE_NONE ||
             policy->created_unix_s < oracle->policies[ruler].created_unix_s))
            ruler = i;
    }
    return ruler;
}

bool oracle_node_is_in(const struct oracle_node *node, const struct oracle_unit *unit)
{
    return node->exists && node->is_virtual == unit->is_virtual &&
           (unit->pool == ORACLE_NONE || unit->pool == node->pool);
}

/* Whether the pod lacks what its policy groups by. */
static bool is_keyless(const struct oracle_policy *policy, const struct oracle_pod *pod)
{
    return policy->has_key && pod->hash == ORACLE_NONE;
}

int oracle_unit(const struct oracle *oracle, int index, bool *ret_is_counted)
{
    const struct oracle_pod *pod = &oracle->pods[index];
    int ruler = oracle_ruler(oracle, index);
    *ret_is_counted = false;
    if (ruler == ORACLE_NONE || !oracle->policies[ruler].is_good || pod->node == ORACLE_NONE ||
        is_keyless(&oracle->policies[ruler], pod))
        return ORACLE_NONE;
    const struct oracle_policy *policy = &oracle->policies[ruler];
    const struct oracle_node *node = &oracle->nodes[pod->node];
    int found = ORACLE_NONE;
    for (int u = policy->unit_count - 1; u >= 0; u--) {
        const struct oracle_unit *unit = &policy->units[u];
        bool carries = unit->tier == ORACLE_NONE || unit->tier == pod->tier;
        if (oracle_node_is_in(node, unit) && carries)
            found = u;
    }
    for (int u = 0; u < policy->unit_count; u++)
        if (policy->units[u].name == pod->unit && oracle_node_is_in(node, &policy->units[u]))
            found = u;
    bool is_previous = !pod->is_assumed && pod->bound_unix_s < policy->created_unix_s;
    *ret_is_counted = found != ORACLE_NONE && (!pod->is_deleting || policy->counts_terminating) &&
                      !(policy->ignores_previous && is_previous);
    return found;
}

/* Whether two pods are of one group. */
static bool is_sibling(const struct oracle *oracle, int a, int b)
{
    int ruler = oracle_ruler(oracle, a);
    if (!oracle->pods[b].exists || ruler == ORACLE_NONE || oracle_ruler(oracle, b) != ruler)
        return false;
    const struct oracle_policy *policy = &oracle->policies[ruler];
    return !policy->has_key || oracle->pods[a].hash == oracle->pods[b].hash;
}

int oracle_count(const struct oracle *oracle, int pod, int unit)
{
    int count = 0;
    for (int i = 0; i < ORACLE_PODS; i++) {
        bool is_counted;
        if (is_sibling(oracle, pod, i) && oracle_unit(oracle, i, &is_counted) == unit)
            count += is_counted;
    }
    return count;
}

static int64_t used_cpu_milli(const struct oracle *oracle, int pod, int unit)
{
    int64_t used = 0;
    for (int i = 0; i < ORACLE_PODS; i++) {
        bool is_counted;
        if (is_sibling(oracle, pod, i) && oracle_unit(oracle, i, &is_counted) == unit && is_counted)
            used += oracle->pods[i].cpu_milli;
    }
    return used;
}

/* Of the distinct owners; a pod without one is one. ORACLE_NONE: some are not known. */
static int replicas_of_group(const struct oracle *oracle, int pod)
{
    bool is_used[ORACLE_OWNERS] = {false};
    int sum = 0;
    for (int i = 0; i < ORACLE_PODS; i++) {
        if (!is_sibling(oracle, pod, i))
            continue;
        int owner = oracle->pods[i].owner;
        if (owner == ORACLE_NONE)
            sum++;
        else
            is_used[owner] = true;
    }
    for (int i = 0; i < ORACLE_OWNERS; i++) {
        if (is_used[i] && oracle->replicas[i] == ORACLE_NONE)
            return ORACLE_NONE;
        sum += is_used[i] ? oracle->replicas[i] : 0;
    }
    return sum;
}

enum oracle_fullness oracle_fullness(const struct oracle *oracle, int pod, int index)
{
    const struct oracle_policy *policy = &oracle->policies[oracle_ruler(oracle, pod)];
    const struct oracle_unit *unit = &policy->units[index];
    if (unit->max != ORACLE_NONE) {
        int max = unit->max;
        if (unit->is_percent) {
            int replicas = replicas_of_group(oracle, pod);
            if (replicas == ORACLE_NONE)
                return ORACLE_UNKNOWN;
            max = (unit->max * replicas + 99) / 100;
        }
        if (oracle_count(oracle, pod, index) >= max)
            return ORACLE_FULL_PODS;
    }
    int64_t asked = oracle->pods[pod].cpu_milli;
    if (unit->cpu_max_milli != ORACLE_NONE && asked > 0 &&
        used_cpu_milli(oracle, pod, index) + asked > unit->cpu_max_milli)
        return ORACLE_FULL_CPU;
    return ORACLE_ROOM;
}

bool oracle_has_terminating(const struct oracle *oracle, int pod, int unit)
{
    int ruler = oracle_ruler(oracle, pod);
    for (int i = 0; i < ORACLE_PODS; i++) {
        bool is_counted;
        if (oracle->pods[i].exists && oracle->pods[i].is_deleting &&
            oracle_ruler(oracle, i) == ruler && oracle_unit(oracle, i, &is_counted) == unit)
            return true;
    }
    return false;
}
