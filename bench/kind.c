#include "bench/kind.h"

#include <stddef.h>

#include "model/base/check.h"

/* The names of a kind: of the core group, of another. */
#define CORE(kind, plural, singular) kind, plural, singular, "", "v1", "v1"
#define GROUP(kind, plural, singular, group, version)                                              \
    kind, plural, singular, group, version, group "/" version

static const struct kind kinds[KIND_COUNT] = {
    [KIND_POD] = {KIND_POD, CORE("Pod", "pods", "pod"), "po", "all", true, SUB_STATUS | SUB_BINDING,
                  false},
    [KIND_NODE] = {KIND_NODE, CORE("Node", "nodes", "node"), "no", "", false, SUB_STATUS, false},
    [KIND_NAMESPACE] = {KIND_NAMESPACE, CORE("Namespace", "namespaces", "namespace"), "ns", "",
                        false, SUB_STATUS, false},
    [KIND_EVENT] = {KIND_EVENT, CORE("Event", "events", "event"), "ev", "", true, 0, false},
    [KIND_REPLICA_SET] = {KIND_REPLICA_SET,
                          GROUP("ReplicaSet", "replicasets", "replicaset", "apps", "v1"), "rs",
                          "all", true, SUB_STATUS | SUB_SCALE, false},
    [KIND_DEPLOYMENT] = {KIND_DEPLOYMENT,
                         GROUP("Deployment", "deployments", "deployment", "apps", "v1"), "deploy",
                         "all", true, SUB_STATUS | SUB_SCALE, false},
    [KIND_STATEFUL_SET] = {KIND_STATEFUL_SET,
                           GROUP("StatefulSet", "statefulsets", "statefulset", "apps", "v1"), "sts",
                           "all", true, SUB_STATUS | SUB_SCALE, false},
    [KIND_LEASE] = {KIND_LEASE, GROUP("Lease", "leases", "lease", "coordination.k8s.io", "v1"), "",
                    "", true, 0, false},
    [KIND_SERVICE_ACCOUNT] = {KIND_SERVICE_ACCOUNT,
                              CORE("ServiceAccount", "serviceaccounts", "serviceaccount"), "sa", "",
                              true, 0, false},
    [KIND_CONFIG_MAP] = {KIND_CONFIG_MAP, CORE("ConfigMap", "configmaps", "configmap"), "cm", "",
                         true, 0, false},
    [KIND_SECRET] = {KIND_SECRET, CORE("Secret", "secrets", "secret"), "", "", true, 0, false},
    [KIND_SERVICE] = {KIND_SERVICE, CORE("Service", "services", "service"), "svc", "all", true,
                      SUB_STATUS, false},
    [KIND_PRIORITY_CLASS] = {KIND_PRIORITY_CLASS,
                             GROUP("PriorityClass", "priorityclasses", "priorityclass",
                                   "scheduling.k8s.io", "v1"),
                             "pc", "", false, 0, false},
    [KIND_POD_DISRUPTION_BUDGET] = {KIND_POD_DISRUPTION_BUDGET,
                                    GROUP("PodDisruptionBudget", "poddisruptionbudgets",
                                          "poddisruptionbudget", "policy", "v1"),
                                    "pdb", "", true, SUB_STATUS, false},
    [KIND_CUSTOM_RESOURCE_DEFINITION] = {KIND_CUSTOM_RESOURCE_DEFINITION,
                                         GROUP("CustomResourceDefinition",
                                               "customresourcedefinitions",
                                               "customresourcedefinition", "apiextensions.k8s.io",
                                               "v1"),
                                         "crd,crds", "", false, SUB_STATUS, false},
    [KIND_RESOURCE_POLICY] = {KIND_RESOURCE_POLICY,
                              GROUP("ResourcePolicy", "resourcepolicies", "resourcepolicy",
                                    "scheduling.spillway.io", "v1alpha1"),
                              "rsp", "", true, SUB_STATUS, true},
    [KIND_ACK_RESOURCE_POLICY] = {KIND_ACK_RESOURCE_POLICY,
                                  GROUP("ResourcePolicy", "resourcepolicies", "resourcepolicy",
                                        "scheduling.alibabacloud.com", "v1alpha1"),
                                  "", "", true, SUB_STATUS, true},
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
    return alt_form && kind->id == KIND_EVENT ? "events.k8s.io/v1" : kind->type;
}
