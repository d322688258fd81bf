/*
 * What the decoder reads out of one Pod or Node: the fields that scheduling needs, interned, and
 * nothing else. Transient: everything lives in the decoder's arena and is valid only during the
 * callback. model/cluster.h turns it into records that last.
 */
#ifndef MODEL_OBJECT_H
#define MODEL_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/str.h"
#include "model/resource.h"
#include "model/selector.h"
#include "model/taint.h"
#include "model/uid.h"

/* Own limits on one object (reliability 4.4). Above one, the object's `problem` says which and
 * where: never cut silently. */
enum {
    OBJECT_CONTAINERS_MAX = 256,
    OBJECT_TOLERATIONS_MAX = 256,
    OBJECT_TERMS_MAX = 64,
    OBJECT_REQUIREMENTS_MAX = 64, /* per term */
    OBJECT_VALUES_MAX = 256,      /* per requirement */
    OBJECT_PORTS_MAX = 256,
    OBJECT_LABELS_MAX = 1024,
    OBJECT_ANNOTATIONS_MAX = 256,     /* hashes kept of one pod: more are not read, no problem */
    OBJECT_PAIR_BYTES_MAX = 4096,     /* key and value of an annotation that is hashed */
    OBJECT_UNITS_MAX = 1024,          /* as written; how many make sense says policy/policy.h */
    OBJECT_LABEL_KEYS_MAX = 16,       /* matchLabelKeys */
    OBJECT_DISRUPTED_PODS_MAX = 2048, /* kube's own limit is 2,000 */
    OBJECT_TAINTS_MAX = 256,
    OBJECT_RESOURCES_MAX = 256, /* in one map of quantities */
    OBJECT_IMAGES_MAX = 512,    /* a scoring hint only: more are not read, which is no problem */
    OBJECT_PROBLEM_BYTES = 640, /* bounded parts: path 128, value 64, names 63 and 253 */
};

/* A map of resource name to quantity, amounts in the unit of model/resource.h. Not sorted. */
struct amounts {
    uint32_t count;
    struct scalar *items;
    bool is_set; /* the key was there, even when empty */
};

enum port_protocol { PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP, PROTOCOL_OTHER };

struct host_port {
    uint32_t ip_sym; /* as written: "", "0.0.0.0" and "::" are three symbols */
    uint16_t port;   /* never 0 */
    uint16_t protocol;
};

struct container_object {
    struct str name;
    uint32_t image_sym;  /* ":latest" added when there is no tag */
    bool restart_always; /* an init container with this is a sidecar */
    struct amounts requests;
    uint32_t port_count; /* those with a hostPort */
    struct host_port *ports;
};

/* status.containerStatuses and status.initContainerStatuses, for in-place resize */
struct container_status_object {
    struct str name;
    struct amounts requests;  /* resources.requests */
    struct amounts allocated; /* allocatedResources */
};

enum pod_phase { PHASE_PENDING, PHASE_RUNNING, PHASE_SUCCEEDED, PHASE_FAILED, PHASE_UNKNOWN };

/* What a pod needs that this version cannot honour yet: such a pod waits and says so. */
#define FEATURE_MAP(X)                                                                             \
    X(POD_AFFINITY, "required inter-pod affinity")                                                 \
    X(POD_ANTI_AFFINITY, "required inter-pod anti-affinity")                                       \
    X(TOPOLOGY_SPREAD, "topology spread constraints with DoNotSchedule")                           \
    X(VOLUME_CLAIM, "persistent volume claims")                                                    \
    X(EPHEMERAL_CLAIM, "generic ephemeral volumes")                                                \
    X(INLINE_DISK, "in-line disk volumes")                                                         \
    X(RESOURCE_CLAIM, "dynamic resource claims")                                                   \
    X(POD_GROUP, "pod groups")

enum feature {
#define X(id, text) FEATURE_##id,
    FEATURE_MAP(X)
#undef X
        FEATURE_COUNT
};

/* What a virtual node cannot give a pod (elastic-policies 11.2). */
#define HOST_NEED_MAP(X)                                                                           \
    X(NETWORK, "hostNetwork")                                                                      \
    X(PID, "hostPID")                                                                              \
    X(PATH, "hostPath volumes")                                                                    \
    X(PORT, "hostPort")                                                                            \
    X(PRIVILEGED, "privileged containers")                                                         \
    X(DAEMON, "pods of DaemonSets")

enum host_need {
#define X(id, text) HOST_NEED_##id,
    HOST_NEED_MAP(X)
#undef X
        HOST_NEED_COUNT
};

/* The PodScheduled condition as last written by anybody. */
struct scheduled_condition {
    bool is_set;
    bool is_true;
    struct str reason, message; /* unescaped */
    int64_t observed_generation;
    int64_t transition_unix_s; /* lastTransitionTime; 0: none */
};

/* What spillway wrote into the Binding's annotations, or somebody forged: a hint, never a proof. */
struct assignment_object {
    struct str policy; /* ANNOTATION_POLICY: name of the policy in the pod's namespace */
    struct str unit;   /* ANNOTATION_UNIT */
};
#define ANNOTATION_POLICY        "scheduling.spillway.io/policy"
#define ANNOTATION_UNIT          "scheduling.spillway.io/unit"
#define ANNOTATION_GENERATION    "scheduling.spillway.io/policy-generation"
#define ANNOTATION_COST_OWNER    "scheduling.spillway.io/deletion-cost" /* the cost we wrote */
#define ANNOTATION_DELETION_COST "controller.kubernetes.io/pod-deletion-cost"

enum owner_kind { OWNER_NONE, OWNER_REPLICA_SET, OWNER_STATEFUL_SET, OWNER_OTHER };

struct pod_object {
    /* metadata */
    struct str name, namespace, uid_text, resource_version;
    uint32_t namespace_sym;
    struct uid uid;
    int64_t generation;
    bool is_deleting; /* deletionTimestamp is set */
    int64_t created_unix_s;
    struct label *labels; /* not sorted */
    uint32_t label_count;
    uint32_t annotation_count;
    /* object_pair_hash() each, not sorted; of all but those that spillway itself writes or reads,
     * so that a bind leaves them as they were. */
    uint64_t *annotation_hashes;
    struct assignment_object assignment;
    struct str deletion_cost, deletion_cost_owner; /* the annotations' texts */
    bool has_deletion_cost;
    struct uid owner_uid; /* of the ownerReference with controller: true */
    enum owner_kind owner_kind;
    /* spec */
    uint32_t scheduler_name_sym;
    uint32_t node_name_sym; /* SYM_EMPTY while unbound, NAME_UNKNOWN_NODE when unreadable */
    int32_t priority;       /* nil counts as 0 */
    uint32_t gate_count;    /* schedulingGates */
    uint32_t features;      /* 1 << enum feature */
    uint32_t host_needs;    /* 1 << enum host_need */
    uint32_t volume_count;
    bool preempts_never; /* preemptionPolicy: Never */
    struct container_object *containers, *init_containers;
    uint32_t container_count, init_container_count;
    struct amounts overhead;
    struct amounts pod_requests; /* spec.resources.requests */
    struct label *node_selector; /* not sorted */
    uint32_t node_selector_count;
    bool has_required_terms; /* requiredDuringScheduling... is there, even with no terms */
    struct node_term *required_terms;
    struct preferred_term *preferred_terms;
    uint32_t required_term_count, preferred_term_count;
    struct toleration *tolerations;
    uint32_t toleration_count;
    /* status */
    enum pod_phase phase;
    uint32_t nominated_node_sym;
    struct scheduled_condition scheduled;
    bool resize_infeasible; /* condition PodResizePending, reason Infeasible */
    bool is_ready;          /* condition Ready is True */
    bool is_preempted;      /* condition DisruptionTarget True, reason PreemptionByScheduler */
    int64_t started_unix_s; /* status.startTime; 0: none */
    struct container_status_object *statuses, *init_statuses;
    uint32_t status_count, init_status_count;
    struct amounts pod_allocated,
        pod_actual; /* status.allocatedResources, status.resources.requests */
    /* Set when a field is unusable or over a limit: what, where, how to mend. Empty when all is
     * well. The identity above is still right. */
    struct str problem;
};

struct image_object {
    uint32_t name_count;
    uint32_t *name_syms; /* ":latest" added when there is no tag */
    int64_t size_bytes;
};

struct node_object {
    struct str name, uid_text, resource_version;
    uint32_t name_sym;
    struct uid uid;
    bool is_unschedulable; /* spec.unschedulable */
    struct labels labels;  /* not sorted */
    struct taints taints;
    struct amounts allocatable; /* is_set false: the node has no status yet */
    struct image_object *images;
    uint32_t image_count;
    struct str problem; /* as above; a node with a problem takes no pods until mended */
};

/* What disruption budgets, policies and owners have in common. */
struct object_meta {
    struct str name, namespace, uid_text, resource_version;
    uint32_t namespace_sym;
    struct uid uid;
    int64_t generation;
    int64_t created_unix_s;
};

/* metav1.LabelSelector: matchLabels and matchExpressions, all must match. */
struct label_selector_object {
    bool is_set; /* the key was there; present and empty selects everything */
    uint32_t label_count;
    struct label *labels; /* not sorted */
    uint32_t expression_count;
    struct requirement *expressions;
};

/* policy/v1 PodDisruptionBudget */
struct budget_object {
    struct object_meta meta;
    struct label_selector_object selector;
    int32_t disruptions_allowed; /* status */
    uint32_t disrupted_count;    /* status.disruptedPods: names of pods that count already */
    struct str *disrupted_pods;
    struct str problem;
};

/* apps/v1 ReplicaSet, StatefulSet: how many pods they should have. */
struct owner_object {
    struct object_meta meta;
    enum owner_kind kind;
    int32_t replicas; /* spec.replicas; nil counts as 1 */
    struct str problem;
};

/* Where a ResourcePolicy comes from. */
#define POLICY_SOURCE_MAP(X)                                                                       \
    X(SPILLWAY, "scheduling.spillway.io/v1alpha1", "/apis/scheduling.spillway.io/v1alpha1")        \
    X(ACK, "scheduling.alibabacloud.com/v1alpha1", "/apis/scheduling.alibabacloud.com/v1alpha1")

enum policy_source {
#define X(id, api_version, path) POLICY_SOURCE_##id,
    POLICY_SOURCE_MAP(X)
#undef X
        POLICY_SOURCE_COUNT
};

/* One spec.units[] entry as written; texts are checked by policy/policy.h. Numbers that may be a
 * percentage come as text ("4", "30%"). */
struct unit_object {
    struct str name, resource;
    struct label *node_selector;
    uint32_t node_selector_count;
    struct str max, min; /* empty: not set */
    struct amounts max_resources;
    struct label *pod_labels, *pod_annotations;
    uint32_t pod_label_count, pod_annotation_count;
    bool is_spot; /* spotInstance */
    bool has_scale_in_weight;
    int32_t scale_in_weight;
    struct str timeout, cool_down; /* durations as Go writes them; empty: not set */
};

enum tristate { TRISTATE_UNSET, TRISTATE_FALSE, TRISTATE_TRUE };

/* A ResourcePolicy of either source as written (elastic-policies 1.2). */
struct policy_object {
    struct object_meta meta;
    enum policy_source source;
    struct label *selector;
    uint32_t selector_count;
    struct requirement *expressions; /* spec.matchExpressions */
    uint32_t expression_count;
    bool has_consumer_ref;
    struct str strategy, preempt_policy, overflow, deletion_cost;
    enum tristate ignore_previous, ignore_terminating;
    uint32_t *label_keys; /* matchLabelKeys */
    uint32_t label_key_count;
    struct str next_policy, next_timeout; /* whenTryNextUnits */
    bool has_units;
    uint32_t unit_count;
    struct unit_object *units;
    struct str problem; /* with the field's path */
};

/* One annotation as 64 bits. No secret: whoever can forge one may write the annotation itself. */
uint64_t object_pair_hash(struct str key, struct str value);
uint64_t object_key_hash(struct str key); /* the same in two steps */
uint64_t object_value_hash(uint64_t key_hash, struct str value);

/* metav1.Status, of an ERROR event or of a refused request */
struct status_object {
    int32_t code; /* HTTP code, 0 when absent */
    struct str reason, message;
    int32_t retry_after_seconds; /* details.retryAfterSeconds, 0 when absent */
};

#endif
