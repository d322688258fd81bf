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
    OBJECT_LABELS_MAX = 1024, /* node labels; pod labels are not read */
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

/* The PodScheduled condition as last written by anybody. */
struct scheduled_condition {
    bool is_set;
    bool is_true;
    struct str reason, message; /* unescaped */
    int64_t observed_generation;
};

struct pod_object {
    /* metadata */
    struct str name, namespace, uid_text, resource_version;
    uint32_t namespace_sym;
    struct uid uid;
    int64_t generation;
    bool is_deleting; /* deletionTimestamp is set */
    /* spec */
    uint32_t scheduler_name_sym;
    uint32_t node_name_sym; /* SYM_EMPTY while unbound, NAME_UNKNOWN_NODE when unreadable */
    int32_t priority;       /* nil counts as 0 */
    uint32_t gate_count;    /* schedulingGates */
    uint32_t features;      /* 1 << enum feature */
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

/* metav1.Status, of an ERROR event or of a refused request */
struct status_object {
    int32_t code; /* HTTP code, 0 when absent */
    struct str reason, message;
    int32_t retry_after_seconds; /* details.retryAfterSeconds, 0 when absent */
};

#endif
