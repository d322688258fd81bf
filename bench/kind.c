#include "bench/kind.h"

#include <stddef.h>

#include "model/base/check.h"

static const struct kind kinds[KIND_COUNT] = {
    [KIND_POD] = {KIND_POD, "Pod", "pods", "pod", "", "v1", "po", "all", true,
                  SUB_STATUS | SUB_BINDING},
    [KIND_NODE] = {KIND_NODE, "Node", "nodes", "node", "", "v1", "no", "", false, SUB_STATUS},
    [KIND_NAMESPACE] = {KIND_NAMESPACE, "Namespace", "namespaces", "namespace", "", "v1", "ns", "",
                        false, SUB_STATUS},
    [KIND_EVENT] = {KIND_EVENT, "Event", "events", "event", "", "v1", "ev", "", true, 0},
    [KIND_REPLICA_SET] = {KIND_REPLICA_SET, "ReplicaSet", "replicasets", "replicaset", "apps", "v1",
                          "rs", "all", true, SUB_STATUS | SUB_SCALE},
    [KIND_DEPLOYMENT] = {KIND_DEPLOYMENT, "Deployment", "deployments", "deployment", "apps", "v1",
                         "deploy", "all", true, SUB_STATUS | SUB_SCALE},
    [KIND_LEASE] = {KIND_LEASE, "Lease", "leases", "lease", "coordination.k8s.io", "v1", "", "",
                    true, 0},
    [KIND_SERVICE_ACCOUNT] = {KIND_SERVICE_ACCOUNT, "ServiceAccount", "serviceaccounts",
                              "serviceaccount", "", "v1", "sa", "", true, 0},
    [KIND_CONFIG_MAP] = {KIND_CONFIG_MAP, "ConfigMap", "configmaps", "configmap", "", "v1", "cm",
                         "", true, 0},
    [KIND_SECRET] = {KIND_SECRET, "Secret", "secrets", "secret", "", "v1", "", "", true, 0},
    [KIND_SERVICE] = {KIND_SERVICE, "Service", "services", "service", "", "v1", "svc", "all", true,
                      SUB_STATUS},
    [KIND_PRIORITY_CLASS] = {KIND_PRIORITY_CLASS, "PriorityClass", "priorityclasses",
                             "priorityclass", "scheduling.k8s.io", "v1", "pc", "", false, 0},
    [KIND_POD_DISRUPTION_BUDGET] = {KIND_POD_DISRUPTION_BUDGET, "PodDisruptionBudget",
                                    "poddisruptionbudgets", "poddisruptionbudget", "policy", "v1",
                                    "pdb", "", true, SUB_STATUS},
};

const struct kind *kind_get(enum kind_id id)
{
    CHECK((unsigned)id < KIND_COUNT);
    return &kinds[id];
}

const struct kind *kind_by_path(struct str group, struct str version, struct str plural,
                                bool *ret_alt_form)
{
    bool alt = str_is(group, "events.k8s.io");
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct kind *kind = &kinds[i];
        if (!str_is(plural, kind->plural) || !str_is(version, kind->version))
            continue;
        if (alt ? kind->id == KIND_EVENT : str_is(group, kind->group)) {
            *ret_alt_form = alt;
            return kind;
        }
    }
    return NULL;
}

const struct kind *kind_by_type(struct str api_version, struct str kind_name)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (str_is(kind_name, kinds[i].kind) &&
            (str_is(api_version, kind_api_version(&kinds[i], false)) ||
             str_is(api_version, kind_api_version(&kinds[i], true))))
            return &kinds[i];
    return NULL;
}

const char *kind_api_version(const struct kind *kind, bool alt_form)
{
    switch (kind->id) {
    case KIND_EVENT:
        return alt_form ? "events.k8s.io/v1" : "v1";
    case KIND_REPLICA_SET:
    case KIND_DEPLOYMENT:
        return "apps/v1";
    case KIND_LEASE:
        return "coordination.k8s.io/v1";
    case KIND_PRIORITY_CLASS:
        return "scheduling.k8s.io/v1";
    case KIND_POD_DISRUPTION_BUDGET:
        return "policy/v1";
    case KIND_POD:
    case KIND_NODE:
    case KIND_NAMESPACE:
    case KIND_SERVICE_ACCOUNT:
    case KIND_CONFIG_MAP:
    case KIND_SECRET:
    case KIND_SERVICE:
    case KIND_COUNT:
        break;
    }
    return "v1";
}
