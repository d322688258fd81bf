/* The pod's part of the decoder's oracle: decode_oracle.h. */
#ifndef TESTS_MODEL_DECODE_ORACLE_POD_H
#define TESTS_MODEL_DECODE_ORACLE_POD_H

#include "model/selector.h"
#include "model/taint.h"
#include "tests/model/decode_oracle_base.h"

static void oracle_ports(struct oracle *oracle, const json_t *container)
{
    json_t *ports = oracle_member(oracle, container, "ports", JSON_ARRAY), *port;
    size_t i, kept = 0;
    json_array_foreach(ports, i, port)
    {
        if (!json_is_object(port)) {
            oracle->is_wrong = true;
            continue;
        }
        int64_t number = oracle_int(oracle, port, "hostPort", 0, 65535);
        struct str protocol = oracle_text(oracle, port, "protocol");
        struct str ip = oracle_text(oracle, port, "hostIP");
        if (number == 0)
            continue;
        dump_int(oracle->out, "port", number);
        dump_int(oracle->out, "protocol",
                 protocol.len == 0 || str_is(protocol, "TCP") ? PROTOCOL_TCP
                 : str_is(protocol, "UDP")                    ? PROTOCOL_UDP
                 : str_is(protocol, "SCTP")                   ? PROTOCOL_SCTP
                                                              : PROTOCOL_OTHER);
        dump_str(oracle->out, "ip", ip);
        oracle->is_wrong |= ++kept > OBJECT_PORTS_MAX;
    }
    /* One more item after the last that fits is refused before it is known whether it counts. */
    oracle->is_wrong |= kept == OBJECT_PORTS_MAX && json_array_size(ports) > OBJECT_PORTS_MAX;
}

static void oracle_containers(struct oracle *oracle, const char *name, const json_t *spec,
                              const char *key)
{
    json_t *list = oracle_list(oracle, spec, key, OBJECT_CONTAINERS_MAX), *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        (void)buf_printf(oracle->out, "\n  %s", name);
        dump_str(oracle->out, "name", oracle_text(oracle, item, "name"));
        oracle_image(oracle, "image", oracle_text(oracle, item, "image"));
        dump_int(oracle->out, "always",
                 str_is(oracle_text(oracle, item, "restartPolicy"), "Always"));
        json_t *resources = oracle_member(oracle, item, "resources", JSON_OBJECT);
        oracle_amounts(oracle, "requests", resources, "requests");
        oracle_ports(oracle, item);
    }
}

static void oracle_requirements(struct oracle *oracle, const char *name, const json_t *term,
                                const char *key)
{
    json_t *list = oracle_list(oracle, term, key, OBJECT_REQUIREMENTS_MAX), *item, *value;
    size_t i, j;
    json_array_foreach(list, i, item)
    {
        const char *texts[OBJECT_VALUES_MAX];
        uint32_t count = 0;
        dump_str(oracle->out, name, oracle_text(oracle, item, "key"));
        struct str op = oracle_text(oracle, item, "operator");
        dump_int(oracle->out, "op",
                 oracle_present(item, "operator") ? selector_op_parse(op) : SELECTOR_INVALID);
        json_array_foreach(oracle_member(oracle, item, "values", JSON_ARRAY), j, value)
        {
            if (json_is_string(value) && count < OBJECT_VALUES_MAX)
                texts[count++] = oracle_value(oracle, value).ptr;
            else
                oracle->is_wrong = true;
        }
        dump_sorted(oracle->out, texts, count);
    }
}

static void oracle_term(struct oracle *oracle, int64_t weight, const json_t *term)
{
    (void)buf_add_str(oracle->out, "\n  term");
    dump_int(oracle->out, "weight", weight);
    oracle_requirements(oracle, "expression", term, "matchExpressions");
    oracle_requirements(oracle, "field", term, "matchFields");
}

static void oracle_node_affinity(struct oracle *oracle, const json_t *affinity)
{
    json_t *node = oracle_member(oracle, affinity, "nodeAffinity", JSON_OBJECT), *item;
    json_t *required =
        oracle_member(oracle, node, "requiredDuringSchedulingIgnoredDuringExecution", JSON_OBJECT);
    size_t i;
    dump_int(oracle->out, "required", required != NULL);
    json_array_foreach(oracle_list(oracle, required, "nodeSelectorTerms", OBJECT_TERMS_MAX), i,
                       item) oracle_term(oracle, 0, item);
    json_t *preferred = oracle_list(oracle, node, "preferredDuringSchedulingIgnoredDuringExecution",
                                    OBJECT_TERMS_MAX);
    json_array_foreach(preferred, i, item)
    {
        int64_t weight = oracle_int(oracle, item, "weight", 1, 100);
        oracle->is_wrong |= weight == 0;
        oracle_term(oracle, weight, oracle_member(oracle, item, "preference", JSON_OBJECT));
    }
}

static uint32_t oracle_features(struct oracle *oracle, const json_t *spec)
{
    static const char *const terms = "requiredDuringSchedulingIgnoredDuringExecution";
    static const char *const disks[] = {"gcePersistentDisk", "awsElasticBlockStore", "iscsi",
                                        "rbd"};
    json_t *affinity = oracle_member(oracle, spec, "affinity", JSON_OBJECT), *item;
    json_t *with = oracle_member(oracle, affinity, "podAffinity", JSON_OBJECT);
    json_t *against = oracle_member(oracle, affinity, "podAntiAffinity", JSON_OBJECT);
    uint32_t features = 0;
    size_t i;
    features |= (uint32_t)(oracle_count(oracle, with, terms) > 0) << FEATURE_POD_AFFINITY;
    features |= (uint32_t)(oracle_count(oracle, against, terms) > 0) << FEATURE_POD_ANTI_AFFINITY;
    features |= (uint32_t)(oracle_count(oracle, spec, "resourceClaims") > 0)
                << FEATURE_RESOURCE_CLAIM;
    json_array_foreach(oracle_list(oracle, spec, "topologySpreadConstraints", SIZE_MAX), i,
                       item) if (str_is(oracle_text(oracle, item, "whenUnsatisfiable"),
                                        "DoNotSchedule")) features |= 1U << FEATURE_TOPOLOGY_SPREAD;
    json_array_foreach(oracle_list(oracle, spec, "volumes", SIZE_MAX), i, item)
    {
        features |= (uint32_t)oracle_present(item, "persistentVolumeClaim") << FEATURE_VOLUME_CLAIM;
        features |= (uint32_t)oracle_present(item, "ephemeral") << FEATURE_EPHEMERAL_CLAIM;
        for (size_t j = 0; j < ARRAY_LEN(disks); j++)
            features |= (uint32_t)oracle_present(item, disks[j]) << FEATURE_INLINE_DISK;
    }
    if (oracle_present(spec, "workloadRef") || oracle_present(spec, "schedulingGroup") ||
        oracle_present(spec, "podGroup"))
        features |= 1U << FEATURE_POD_GROUP;
    return features;
}

static void oracle_tolerations(struct oracle *oracle, const json_t *spec)
{
    json_t *list = oracle_list(oracle, spec, "tolerations", OBJECT_TOLERATIONS_MAX), *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        dump_str(oracle->out, "tolerates", oracle_text(oracle, item, "key"));
        dump_int(oracle->out, "op", toleration_op_parse(oracle_text(oracle, item, "operator")));
        dump_str(oracle->out, "value", oracle_text(oracle, item, "value"));
        dump_int(oracle->out, "effect", taint_effect_parse(oracle_text(oracle, item, "effect")));
    }
}

/* Pairs of strings, 4096 bytes together at most, the first 256, and none of those that a bind
 * writes. Whatever else there is does not matter. */
static void oracle_annotations(struct oracle *oracle, const json_t *metadata)
{
    static const char *const own[] = {ANNOTATION_POLICY,        ANNOTATION_UNIT,
                                      ANNOTATION_GENERATION,    ANNOTATION_COST_OWNER,
                                      ANNOTATION_DELETION_COST, "k8s.io/initial-events-end"};
    json_t *map = oracle_member(oracle, metadata, "annotations", JSON_OBJECT), *value;
    const char *key;
    uint32_t count = 0;
    json_object_foreach(map, key, value)
    {
        bool is_own = false;
        for (size_t i = 0; i < ARRAY_LEN(own); i++)
            is_own |= strcmp(key, own[i]) == 0;
        struct str text = {json_string_value(value), json_string_length(value)};
        if (is_own || !json_is_string(value) || strlen(key) + text.len > OBJECT_PAIR_BYTES_MAX ||
            count == OBJECT_ANNOTATIONS_MAX)
            continue;
        count++;
        dump_int(oracle->out, "annotation", (int64_t)object_pair_hash(str_from(key), text));
    }
}

static struct str oracle_own(const json_t *annotations, const char *key)
{
    const json_t *value = json_object_get(annotations, key);
    struct str text = {json_string_value(value), json_string_length(value)};
    return json_is_string(value) && text.len <= OBJECT_PAIR_BYTES_MAX ? text : STR("");
}

/* The last owner that controls. */
static enum owner_kind oracle_owner(struct oracle *oracle, const json_t *metadata,
                                    struct str *ret_uid, bool *ret_is_daemon)
{
    json_t *item;
    size_t i;
    enum owner_kind kind = OWNER_NONE;
    *ret_is_daemon = false;
    *ret_uid = STR("");
    json_array_foreach(oracle_list(oracle, metadata, "ownerReferences", SIZE_MAX), i, item)
    {
        struct str version = oracle_text(oracle, item, "apiVersion");
        struct str text = oracle_text(oracle, item, "kind");
        struct str uid = oracle_text(oracle, item, "uid");
        if (!oracle_bool(oracle, item, "controller"))
            continue;
        bool is_apps = version.len >= 5 && memcmp(version.ptr, "apps/", 5) == 0;
        kind = is_apps && str_is(text, "ReplicaSet")    ? OWNER_REPLICA_SET
               : is_apps && str_is(text, "StatefulSet") ? OWNER_STATEFUL_SET
                                                        : OWNER_OTHER;
        *ret_is_daemon |= is_apps && str_is(text, "DaemonSet");
        *ret_uid = uid;
    }
    oracle->is_wrong |= ret_uid->len >= UID_TEXT_BYTES;
    return kind;
}

static void oracle_pod_meta(struct oracle *oracle, const json_t *metadata, bool *ret_is_daemon)
{
    struct buf *out = oracle->out;
    json_t *annotations = oracle_member(oracle, metadata, "annotations", JSON_OBJECT);
    struct str uid;
    dump_int(out, "created", oracle_time(oracle, metadata, "creationTimestamp"));
    oracle_labels(oracle, "label", metadata, "labels");
    oracle_annotations(oracle, metadata);
    dump_str(out, "policy", oracle_own(annotations, ANNOTATION_POLICY));
    dump_str(out, "unit", oracle_own(annotations, ANNOTATION_UNIT));
    dump_int(out, "has_cost",
             json_is_string(json_object_get(annotations, ANNOTATION_DELETION_COST)));
    dump_str(out, "cost", oracle_own(annotations, ANNOTATION_DELETION_COST));
    dump_str(out, "our_cost", oracle_own(annotations, ANNOTATION_COST_OWNER));
    dump_int(out, "owner_kind", oracle_owner(oracle, metadata, &uid, ret_is_daemon));
    dump_str(out, "uid", uid);
}

static uint32_t oracle_container_needs(struct oracle *oracle, const json_t *spec, const char *key)
{
    uint32_t needs = 0;
    json_t *container, *port;
    size_t i, j;
    json_array_foreach(oracle_list(oracle, spec, key, SIZE_MAX), i, container)
    {
        json_t *security = oracle_member(oracle, container, "securityContext", JSON_OBJECT);
        needs |= (uint32_t)oracle_bool(oracle, security, "privileged") << HOST_NEED_PRIVILEGED;
        json_array_foreach(oracle_member(oracle, container, "ports", JSON_ARRAY), j, port) needs |=
            (uint32_t)(oracle_int(oracle, port, "hostPort", 0, 65535) > 0) << HOST_NEED_PORT;
    }
    return needs;
}

static uint32_t oracle_host_needs(struct oracle *oracle, const json_t *spec)
{
    json_t *item;
    size_t i;
    uint32_t needs = oracle_container_needs(oracle, spec, "containers") |
                     oracle_container_needs(oracle, spec, "initContainers");
    needs |= (uint32_t)oracle_bool(oracle, spec, "hostNetwork") << HOST_NEED_NETWORK;
    needs |= (uint32_t)oracle_bool(oracle, spec, "hostPID") << HOST_NEED_PID;
    json_array_foreach(oracle_list(oracle, spec, "volumes", SIZE_MAX), i, item) needs |=
        (uint32_t)oracle_present(item, "hostPath") << HOST_NEED_PATH;
    return needs;
}

static void oracle_pod_spec(struct oracle *oracle, const json_t *metadata, const json_t *spec)
{
    struct buf *out = oracle->out;
    bool is_daemon;
    oracle_pod_meta(oracle, metadata, &is_daemon);
    dump_int(out, "generation", oracle_int(oracle, metadata, "generation", INT64_MIN, INT64_MAX));
    dump_int(out, "deleting", oracle_present(metadata, "deletionTimestamp"));
    dump_str(out, "scheduler", oracle_text(oracle, spec, "schedulerName"));
    dump_str(out, "node", oracle_text(oracle, spec, "nodeName"));
    dump_int(out, "priority", oracle_int(oracle, spec, "priority", INT32_MIN, INT32_MAX));
    dump_int(out, "gates", oracle_count(oracle, spec, "schedulingGates"));
    dump_int(out, "features", oracle_features(oracle, spec));
    dump_int(out, "host_needs",
             oracle_host_needs(oracle, spec) | (uint32_t)is_daemon << HOST_NEED_DAEMON);
    dump_int(out, "volumes", oracle_count(oracle, spec, "volumes"));
    dump_int(out, "never", str_is(oracle_text(oracle, spec, "preemptionPolicy"), "Never"));
    oracle_containers(oracle, "container", spec, "containers");
    oracle_containers(oracle, "init", spec, "initContainers");
    oracle_amounts(oracle, "overhead", spec, "overhead");
    oracle_amounts(oracle, "requests", oracle_member(oracle, spec, "resources", JSON_OBJECT),
                   "requests");
    oracle_labels(oracle, "select", spec, "nodeSelector");
    oracle_node_affinity(oracle, oracle_member(oracle, spec, "affinity", JSON_OBJECT));
    oracle_tolerations(oracle, spec);
}

static void oracle_statuses(struct oracle *oracle, const char *name, const json_t *status,
                            const char *key)
{
    json_t *list = oracle_list(oracle, status, key, OBJECT_CONTAINERS_MAX), *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        (void)buf_printf(oracle->out, "\n  %s", name);
        dump_str(oracle->out, "name", oracle_text(oracle, item, "name"));
        oracle_amounts(oracle, "requests", oracle_member(oracle, item, "resources", JSON_OBJECT),
                       "requests");
        oracle_amounts(oracle, "allocated", item, "allocatedResources");
    }
}

static void oracle_pod_status(struct oracle *oracle, const json_t *status)
{
    static const char *const phases[] = {"Pending", "Running", "Succeeded", "Failed"};
    struct buf *out = oracle->out;
    struct scheduled_condition scheduled = {0};
    struct str text = oracle_text(oracle, status, "phase");
    int phase = text.len == 0 ? PHASE_PENDING : PHASE_UNKNOWN;
    bool is_infeasible = false, is_ready = false, is_preempted = false;
    json_t *item;
    size_t i;
    for (size_t j = 0; j < ARRAY_LEN(phases); j++)
        phase = str_is(text, phases[j]) ? (int)j : phase;
    json_array_foreach(oracle_list(oracle, status, "conditions", SIZE_MAX), i, item)
    {
        struct str type = oracle_text(oracle, item, "type");
        struct scheduled_condition read = {
            .is_set = true,
            .is_true = str_is(oracle_text(oracle, item, "status"), "True"),
            .reason = oracle_text(oracle, item, "reason"),
            .message = oracle_text(oracle, item, "message"),
            .observed_generation =
                oracle_int(oracle, item, "observedGeneration", INT64_MIN, INT64_MAX),
            .transition_unix_s = oracle_time(oracle, item, "lastTransitionTime"),
        };
        if (str_is(type, "PodScheduled"))
            scheduled = read;
        if (str_is(type, "PodResizePending"))
            is_infeasible = str_is(read.reason, "Infeasible");
        if (str_is(type, "Ready"))
            is_ready = read.is_true;
        if (str_is(type, "DisruptionTarget"))
            is_preempted = read.is_true && str_is(read.reason, "PreemptionByScheduler");
    }
    dump_int(out, "\n  phase", phase);
    dump_str(out, "nominated", oracle_text(oracle, status, "nominatedNodeName"));
    dump_int(out, "scheduled", scheduled.is_set);
    dump_int(out, "true", scheduled.is_true);
    dump_str(out, "reason", scheduled.reason);
    dump_str(out, "message", scheduled.message);
    dump_int(out, "observed", scheduled.observed_generation);
    dump_int(out, "since", scheduled.transition_unix_s);
    dump_int(out, "infeasible", is_infeasible);
    dump_int(out, "ready", is_ready);
    dump_int(out, "preempted", is_preempted);
    dump_int(out, "started", oracle_time(oracle, status, "startTime"));
    oracle_statuses(oracle, "status", status, "containerStatuses");
    oracle_statuses(oracle, "init-status", status, "initContainerStatuses");
    oracle_amounts(oracle, "allocated", status, "allocatedResources");
    oracle_amounts(oracle, "actual", oracle_member(oracle, status, "resources", JSON_OBJECT),
                   "requests");
}

#endif
