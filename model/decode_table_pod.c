#include "model/decode_table.h"

#include <stdlib.h>

#include "model/names.h"
#include "model/selector.h"
#include "model/taint.h"

/* ---- containers ---- */

static void port_protocol_parse(void *item, struct str text)
{
    struct host_port *port = item;
    port->protocol = text.len == 0 || str_is(text, "TCP") ? PROTOCOL_TCP
                     : str_is(text, "UDP")                ? PROTOCOL_UDP
                     : str_is(text, "SCTP")               ? PROTOCOL_SCTP
                                                          : PROTOCOL_OTHER;
}

/* The apiserver fills hostPort in for pods on the host network; a port without one takes nothing.
 */
static const char *port_end(void *item, bool *ret_keep)
{
    const struct host_port *port = item;
    *ret_keep = port->port != 0;
    return NULL;
}

static const struct decode_field port_fields[] = {
    {INT("hostPort", struct host_port, port, 0, UINT16_MAX)},
    {PARSED("protocol", port_protocol_parse)},
    {SYMBOL("hostIP", struct host_port, ip_sym)},
};
static const struct decode_table port_table = {TABLE(port_fields), .end = port_end};

static void restart_policy_parse(void *item, struct str text)
{
    struct container_object *container = item;
    container->restart_always = str_is(text, "Always");
}

static const struct decode_field container_resource_fields[] = {
    {AMOUNTS("requests", struct container_object, requests)},
};
static const struct decode_table container_resource_table = {TABLE(container_resource_fields)};

uint32_t decode_intern_image(struct symbols *symbols, struct str name)
{
    const char *colon = name.len > 0 ? memrchr(name.ptr, ':', name.len) : NULL;
    const char *slash = name.len > 0 ? memrchr(name.ptr, '/', name.len) : NULL;
    if (name.len == 0 || (colon && (!slash || colon > slash)))
        return symbol_intern(symbols, name);
    char tagged[IMAGE_NAME_BYTES_MAX + sizeof(":latest")];
    if (name.len > IMAGE_NAME_BYTES_MAX)
        return symbol_intern(symbols, name); /* no registry has such a name */
    memcpy(tagged, name.ptr, name.len);
    memcpy(tagged + name.len, ":latest", sizeof(":latest"));
    return symbol_intern(symbols, (struct str){tagged, name.len + sizeof(":latest") - 1});
}

static const struct decode_field security_fields[] = {
    {HOST_NEED("privileged", FIELD_FLAG, PRIVILEGED)},
};
static const struct decode_table security_table = {TABLE(security_fields)};

static const struct decode_field container_fields[] = {
    {TEXT("name", struct container_object, name)},
    {KEY("image", FIELD_SYMBOL), AT(struct container_object, image_sym),
     .intern = decode_intern_image},
    {LIST("ports", struct container_object, ports, port_count, struct host_port, OBJECT_PORTS_MAX,
          port_table)},
    {INSIDE("resources", container_resource_table)},
    {PARSED("restartPolicy", restart_policy_parse)},
    {INSIDE("securityContext", security_table)},
};
static const struct decode_table container_table = {TABLE(container_fields)};

/* ---- affinity ---- */

static void operator_parse(void *item, struct str text)
{
    struct requirement *requirement = item;
    requirement->op = selector_op_parse(text);
}

static void requirement_begin(void *item)
{
    struct requirement *requirement = item;
    requirement->op = SELECTOR_INVALID;
}

static const char *requirement_end(void *item, bool *ret_keep)
{
    struct requirement *requirement = item;
    if (requirement->value_count > 1)
        qsort(requirement->value_syms, requirement->value_count, sizeof(uint32_t), symbol_compare);
    *ret_keep = true;
    return NULL;
}

static const struct decode_field requirement_fields[] = {
    {SYMBOL("key", struct requirement, key_sym)},
    {PARSED("operator", operator_parse)},
    {KEY("values", FIELD_SYMBOLS), AT(struct requirement, value_syms),
     .count_offset = offsetof(struct requirement, value_count), .max = OBJECT_VALUES_MAX,
     .intern = symbol_intern},
};
const struct decode_table decode_requirement_table = {
    TABLE(requirement_fields), .begin = requirement_begin, .end = requirement_end};

static const struct decode_field term_fields[] = {
    {LIST("matchExpressions", struct node_term, expressions, expression_count, struct requirement,
          OBJECT_REQUIREMENTS_MAX, decode_requirement_table)},
    {LIST("matchFields", struct node_term, fields, field_count, struct requirement,
          OBJECT_REQUIREMENTS_MAX, decode_requirement_table)},
};
static const struct decode_table term_table = {TABLE(term_fields)};

static const char *required_end(void *item, bool *ret_keep)
{
    struct draft *draft = item;
    draft->pod.has_required_terms = true;
    *ret_keep = true;
    return NULL;
}

static const struct decode_field required_fields[] = {
    {LIST("nodeSelectorTerms", struct draft, pod.required_terms, pod.required_term_count,
          struct node_term, OBJECT_TERMS_MAX, term_table)},
};
static const struct decode_table required_table = {TABLE(required_fields), .end = required_end};

static const char *preferred_end(void *item, bool *ret_keep)
{
    const struct preferred_term *term = item;
    *ret_keep = true;
    return term->weight == 0 ? "has no weight: give one from 1 to 100" : NULL;
}

static const struct decode_field preferred_fields[] = {
    {INT("weight", struct preferred_term, weight, 1, 100)},
    {OBJECT("preference", struct preferred_term, term, term_table)},
};
static const struct decode_table preferred_table = {TABLE(preferred_fields), .end = preferred_end};

static const struct decode_field node_affinity_fields[] = {
    {INSIDE("requiredDuringSchedulingIgnoredDuringExecution", required_table)},
    {LIST("preferredDuringSchedulingIgnoredDuringExecution", struct draft, pod.preferred_terms,
          pod.preferred_term_count, struct preferred_term, OBJECT_TERMS_MAX, preferred_table)},
};
static const struct decode_table node_affinity_table = {TABLE(node_affinity_fields)};

static const struct decode_field pod_affinity_fields[] = {
    {COUNT("requiredDuringSchedulingIgnoredDuringExecution", struct draft, pod_affinity_count)},
};
static const struct decode_table pod_affinity_table = {TABLE(pod_affinity_fields)};

static const struct decode_field anti_affinity_fields[] = {
    {COUNT("requiredDuringSchedulingIgnoredDuringExecution", struct draft, anti_affinity_count)},
};
static const struct decode_table anti_affinity_table = {TABLE(anti_affinity_fields)};

static const struct decode_field affinity_fields[] = {
    {INSIDE("nodeAffinity", node_affinity_table)},
    {INSIDE("podAffinity", pod_affinity_table)},
    {INSIDE("podAntiAffinity", anti_affinity_table)},
};
static const struct decode_table affinity_table = {TABLE(affinity_fields)};

/* ---- the rest of a pod's spec ---- */

static void toleration_operator_parse(void *item, struct str text)
{
    struct toleration *toleration = item;
    toleration->op = (uint16_t)toleration_op_parse(text);
}

static void toleration_effect_parse(void *item, struct str text)
{
    struct toleration *toleration = item;
    toleration->effect = (uint16_t)taint_effect_parse(text);
}

static const struct decode_field toleration_fields[] = {
    {SYMBOL("key", struct toleration, key_sym)},
    {PARSED("operator", toleration_operator_parse)},
    {SYMBOL("value", struct toleration, value_sym)},
    {PARSED("effect", toleration_effect_parse)},
};
static const struct decode_table toleration_table = {TABLE(toleration_fields)};

static const char *volume_end(void *item, bool *ret_keep)
{
    struct draft *draft = item;
    draft->pod.volume_count++;
    *ret_keep = true;
    return NULL;
}

static const struct decode_field volume_fields[] = {
    {HOST_NEED("hostPath", FIELD_FEATURE, PATH)},     {FEATURE("gcePersistentDisk", INLINE_DISK)},
    {FEATURE("awsElasticBlockStore", INLINE_DISK)},   {FEATURE("iscsi", INLINE_DISK)},
    {FEATURE("persistentVolumeClaim", VOLUME_CLAIM)}, {FEATURE("rbd", INLINE_DISK)},
    {FEATURE("ephemeral", EPHEMERAL_CLAIM)},
};
static const struct decode_table volume_table = {TABLE(volume_fields), .end = volume_end};

static void when_unsatisfiable_parse(void *item, struct str text)
{
    struct draft *draft = item;
    if (str_is(text, "DoNotSchedule"))
        draft->pod.features |= 1U << FEATURE_TOPOLOGY_SPREAD;
}

static const struct decode_field spread_fields[] = {
    {PARSED("whenUnsatisfiable", when_unsatisfiable_parse)},
};
static const struct decode_table spread_table = {TABLE(spread_fields)};

static const struct decode_field pod_resource_fields[] = {
    {AMOUNTS("requests", struct draft, pod.pod_requests)},
};
static const struct decode_table pod_resource_table = {TABLE(pod_resource_fields)};

static void preemption_policy_parse(void *item, struct str text)
{
    struct draft *draft = item;
    draft->pod.preempts_never = str_is(text, "Never");
}

static const struct decode_field pod_spec_fields[] = {
    {EACH("volumes", volume_table)},
    {LIST("initContainers", struct draft, pod.init_containers, pod.init_container_count,
          struct container_object, OBJECT_CONTAINERS_MAX, container_table)},
    {LIST("containers", struct draft, pod.containers, pod.container_count, struct container_object,
          OBJECT_CONTAINERS_MAX, container_table)},
    {LABELS("nodeSelector", struct draft, pod.node_selector, pod.node_selector_count)},
    /* Whoever has a name there, readable or not, is on a node and must not be put on another. */
    {SYMBOL("nodeName", struct draft, pod.node_name_sym), .unreadable_sym = NAME_UNKNOWN_NODE},
    {HOST_NEED("hostNetwork", FIELD_FLAG, NETWORK)},
    {HOST_NEED("hostPID", FIELD_FLAG, PID)},
    {INSIDE("affinity", affinity_table)},
    {SYMBOL("schedulerName", struct draft, pod.scheduler_name_sym)},
    {LIST("tolerations", struct draft, pod.tolerations, pod.toleration_count, struct toleration,
          OBJECT_TOLERATIONS_MAX, toleration_table)},
    {INT("priority", struct draft, pod.priority, INT32_MIN, INT32_MAX)},
    {PARSED("preemptionPolicy", preemption_policy_parse)},
    {AMOUNTS("overhead", struct draft, pod.overhead)},
    {EACH("topologySpreadConstraints", spread_table)},
    {COUNT("schedulingGates", struct draft, pod.gate_count)},
    {COUNT("resourceClaims", struct draft, claim_count)},
    {INSIDE("resources", pod_resource_table)},
    {FEATURE("workloadRef", POD_GROUP)},
    {FEATURE("schedulingGroup", POD_GROUP)},
    {FEATURE("podGroup", POD_GROUP)},
};
static const struct decode_table pod_spec_table = {TABLE(pod_spec_fields)};

/* ---- a pod's status ---- */

static void phase_parse(void *item, struct str text)
{
    struct draft *draft = item;
    draft->pod.phase = text.len == 0               ? PHASE_PENDING
                       : str_is(text, "Pending")   ? PHASE_PENDING
                       : str_is(text, "Running")   ? PHASE_RUNNING
                       : str_is(text, "Succeeded") ? PHASE_SUCCEEDED
                       : str_is(text, "Failed")    ? PHASE_FAILED
                                                   : PHASE_UNKNOWN;
}

static void condition_type_parse(void *item, struct str text)
{
    struct condition_draft *condition = item;
    condition->type = str_is(text, "PodScheduled")       ? CONDITION_SCHEDULED
                      : str_is(text, "Ready")            ? CONDITION_READY
                      : str_is(text, "DisruptionTarget") ? CONDITION_DISRUPTION_TARGET
                      : str_is(text, "PodResizePending") ? CONDITION_RESIZE_PENDING
                                                         : CONDITION_OTHER;
}

static void condition_status_parse(void *item, struct str text)
{
    struct condition_draft *condition = item;
    condition->is_true = str_is(text, "True");
}

static const char *condition_end(void *item, bool *ret_keep)
{
    const struct condition_draft *condition = item;
    struct pod_object *pod = &container_of(item, struct draft, condition)->pod;
    *ret_keep = true;
    switch (condition->type) {
    case CONDITION_SCHEDULED:
        pod->scheduled = (struct scheduled_condition){
            .is_set = true,
            .is_true = condition->is_true,
            .reason = condition->reason,
            .message = condition->message,
            .observed_generation = condition->observed_generation,
            .transition_unix_s = condition->transition_unix_s,
        };
        break;
    case CONDITION_READY:
        pod->is_ready = condition->is_true;
        break;
    case CONDITION_DISRUPTION_TARGET:
        pod->is_preempted =
            condition->is_true && str_is(condition->reason, "PreemptionByScheduler");
        break;
    case CONDITION_RESIZE_PENDING:
        pod->resize_infeasible = str_is(condition->reason, "Infeasible");
        break;
    case CONDITION_OTHER:
        break;
    }
    return NULL;
}

static const struct decode_field condition_fields[] = {
    {PARSED("type", condition_type_parse)},
    {INT("observedGeneration", struct condition_draft, observed_generation, INT64_MIN, INT64_MAX)},
    {PARSED("status", condition_status_parse)},
    {TIME("lastTransitionTime", struct condition_draft, transition_unix_s)},
    {TEXT("reason", struct condition_draft, reason)},
    {TEXT("message", struct condition_draft, message)},
};
static const struct decode_table condition_table = {TABLE(condition_fields), .end = condition_end};

static const struct decode_field status_resource_fields[] = {
    {AMOUNTS("requests", struct container_status_object, requests)},
};
static const struct decode_table status_resource_table = {TABLE(status_resource_fields)};

static const struct decode_field container_status_fields[] = {
    {TEXT("name", struct container_status_object, name)},
    {AMOUNTS("allocatedResources", struct container_status_object, allocated)},
    {INSIDE("resources", status_resource_table)},
};
static const struct decode_table container_status_table = {TABLE(container_status_fields)};

static const struct decode_field pod_actual_fields[] = {
    {AMOUNTS("requests", struct draft, pod.pod_actual)},
};
static const struct decode_table pod_actual_table = {TABLE(pod_actual_fields)};

static const struct decode_field pod_status_fields[] = {
    {PARSED("phase", phase_parse)},
    {KEY("conditions", FIELD_EACH), AT(struct draft, condition),
     .item_bytes = sizeof(struct condition_draft), .table = &condition_table},
    {SYMBOL("nominatedNodeName", struct draft, pod.nominated_node_sym)},
    {TIME("startTime", struct draft, pod.started_unix_s)},
    {LIST("initContainerStatuses", struct draft, pod.init_statuses, pod.init_status_count,
          struct container_status_object, OBJECT_CONTAINERS_MAX, container_status_table)},
    {LIST("containerStatuses", struct draft, pod.statuses, pod.status_count,
          struct container_status_object, OBJECT_CONTAINERS_MAX, container_status_table)},
    {AMOUNTS("allocatedResources", struct draft, pod.pod_allocated)},
    {INSIDE("resources", pod_actual_table)},
};
static const struct decode_table pod_status_table = {TABLE(pod_status_fields)};

/* ---- the whole pod ---- */

/* Those that spillway writes at a bind: read, or of no use here, and never hashed. */
static const struct decode_field pod_annotation_fields[] = {
    {TEXT(ANNOTATION_DELETION_COST, struct draft, pod.deletion_cost)},
    {PARSED("k8s.io/initial-events-end", decode_initial_events_end_parse)},
    {TEXT(ANNOTATION_COST_OWNER, struct draft, pod.deletion_cost_owner)},
    {TEXT(ANNOTATION_POLICY, struct draft, pod.assignment.policy)},
    {KEY(ANNOTATION_GENERATION, FIELD_PRESENT)},
    {TEXT(ANNOTATION_UNIT, struct draft, pod.assignment.unit)},
};
static const struct decode_table pod_annotation_table = {TABLE(pod_annotation_fields)};

static void reference_version_parse(void *item, struct str text)
{
    struct reference_draft *reference = item;
    reference->is_apps = str_starts(text, "apps/");
}

static void reference_kind_parse(void *item, struct str text)
{
    struct reference_draft *reference = item;
    reference->kind = str_is(text, "ReplicaSet")    ? OWNER_REPLICA_SET
                      : str_is(text, "StatefulSet") ? OWNER_STATEFUL_SET
                                                    : OWNER_OTHER;
    reference->is_daemon = str_is(text, "DaemonSet");
}

static const char *reference_end(void *item, bool *ret_keep)
{
    const struct reference_draft *reference = item;
    struct draft *draft = container_of(item, struct draft, reference);
    *ret_keep = true;
    if (!reference->is_controller)
        return NULL;
    draft->owner_uid_text = reference->uid_text;
    bool is_known = reference->is_apps && reference->kind != OWNER_NONE;
    draft->pod.owner_kind = is_known ? reference->kind : OWNER_OTHER;
    if (reference->is_apps && reference->is_daemon)
        draft->pod.host_needs |= 1U << HOST_NEED_DAEMON;
    return NULL;
}

static const struct decode_field reference_fields[] = {
    {PARSED("apiVersion", reference_version_parse)},
    {PARSED("kind", reference_kind_parse)},
    {TEXT("uid", struct reference_draft, uid_text)},
    {BOOL("controller", struct reference_draft, is_controller)},
};
static const struct decode_table reference_table = {TABLE(reference_fields), .end = reference_end};

static const struct decode_field pod_metadata_fields[] = {
    {TEXT("name", struct draft, pod.name)},
    {TEXT("namespace", struct draft, pod.namespace)},
    {TEXT("uid", struct draft, pod.uid_text)},
    {TEXT("resourceVersion", struct draft, pod.resource_version)},
    {INT("generation", struct draft, pod.generation, INT64_MIN, INT64_MAX)},
    {TIME("creationTimestamp", struct draft, pod.created_unix_s)},
    {PRESENT("deletionTimestamp", struct draft, pod.is_deleting)},
    {LABELS("labels", struct draft, pod.labels, pod.label_count)},
    {PAIRS("annotations", pod_annotation_table)},
    {KEY("ownerReferences", FIELD_EACH), AT(struct draft, reference),
     .item_bytes = sizeof(struct reference_draft), .table = &reference_table},
};
static const struct decode_table pod_metadata_table = {TABLE(pod_metadata_fields),
                                                       .is_identity = true};

static const struct decode_field pod_fields[] = {
    {TEXT("kind", struct draft, kind)},
    {INSIDE("metadata", pod_metadata_table)},
    {INSIDE("spec", pod_spec_table)},
    {INSIDE("status", pod_status_table)},
    STATUS_FIELDS,
};
const struct decode_table decode_pod_table = {TABLE(pod_fields), .is_identity = true};
