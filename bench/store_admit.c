/*
 * What kube-apiserver fills in and refuses before an object is stored: the defaults that
 * schedulers, controllers and kubectl look at (pkg/apis/core/v1/defaults.go,
 * pkg/apis/apps/v1/defaults.go) and the checks that tests want to see refused. Not a whole
 * validation.
 */
#include <string.h>

#include "bench/crd.h"
#include "bench/json_scan.h"
#include "bench/scale_down.h"
#include "bench/store_private.h"

static json_t *member_object(json_t *object, const char *key)
{
    if (!json_object_get(object, key))
        (void)json_object_set_new(object, key, json_object());
    return json_object_get(object, key); /* NULL when `object` is none; jansson takes that */
}

static void default_new(json_t *object, const char *key, json_t *owned_value)
{
    if (json_object_get(object, key))
        json_decref(owned_value);
    else
        (void)json_object_set_new(object, key, owned_value);
}

static void default_text(json_t *object, const char *key, const char *value)
{
    default_new(object, key, json_string(value));
}

/* ---- pods ---- */

static void default_container(json_t *container)
{
    json_t *resources = member_object(container, "resources");
    json_t *limits = json_object_get(resources, "limits"), *value;
    const char *name, *image = json_string_value(json_object_get(container, "image"));
    json_object_foreach(limits, name, value) /* a limit alone is also the request */
        default_new(member_object(resources, "requests"), name, json_incref(value));
    const char *slash = image ? strrchr(image, '/') : NULL;
    const char *tag = image ? strchr(slash ? slash : image, ':') : NULL;
    bool latest = image && (!tag || strcmp(tag, ":latest") == 0);
    default_text(container, "imagePullPolicy", latest ? "Always" : "IfNotPresent");
    default_text(container, "terminationMessagePath", "/dev/termination-log");
    default_text(container, "terminationMessagePolicy", "File");
    json_t *port;
    size_t i;
    json_array_foreach(json_object_get(container, "ports"), i, port)
        default_text(port, "protocol", "TCP");
}

static void default_pod_spec(json_t *spec)
{
    static const char *const lists[] = {"initContainers", "containers"};
    for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
        size_t i;
        json_t *container;
        json_array_foreach(json_object_get(spec, lists[l]), i, container)
            default_container(container);
    }
    default_text(spec, "restartPolicy", "Always");
    default_text(spec, "dnsPolicy", "ClusterFirst");
    default_text(spec, "schedulerName", "default-scheduler");
    default_new(spec, "terminationGracePeriodSeconds", json_integer(30));
    (void)member_object(spec, "securityContext");
}

/* qos.ComputePodQOS for cpu and memory. */
static const char *qos_class(const json_t *spec)
{
    static const char *const lists[] = {"containers", "initContainers"};
    static const char *const resources[] = {"cpu", "memory"};
    bool any = false, all = true;
    for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
        size_t i;
        json_t *container;
        json_array_foreach(json_object_get(spec, lists[l]), i, container)
        {
            const json_t *both = json_object_get(container, "resources");
            const json_t *requests = json_object_get(both, "requests");
            const json_t *limits = json_object_get(both, "limits");
            for (size_t r = 0; r < ARRAY_LEN(resources); r++) {
                const json_t *request = json_object_get(requests, resources[r]);
                const json_t *limit = json_object_get(limits, resources[r]);
                any = any || request || limit;
                all = all && request && limit && json_equal(request, limit);
            }
        }
    }
    return any && all ? "Guaranteed" : any ? "Burstable" : "BestEffort";
}

/* The DefaultTolerationSeconds admission plug-in: five minutes on a node that is lost. */
static void default_tolerations(json_t *spec)
{
    static const char *const keys[] = {"node.kubernetes.io/not-ready",
                                       "node.kubernetes.io/unreachable"};
    json_t *tolerations = json_object_get(spec, "tolerations");
    if (!tolerations) {
        tolerations = json_array();
        (void)json_object_set_new(spec, "tolerations", tolerations);
    }
    for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
        bool there = false;
        size_t i;
        json_t *toleration;
        json_array_foreach(tolerations, i, toleration)
        {
            const char *key = json_string_value(json_object_get(toleration, "key"));
            const char *effect = json_string_value(json_object_get(toleration, "effect"));
            there = there || ((!key || strcmp(key, keys[k]) == 0) &&
                              (!effect || strcmp(effect, "NoExecute") == 0));
        }
        if (!there)
            (void)json_array_append_new(
                tolerations, json_pack("{s:s, s:s, s:s, s:i}", "key", keys[k], "operator", "Exists",
                                       "effect", "NoExecute", "tolerationSeconds", 300));
    }
}

/* The Priority admission plug-in. False when the class is not there. */
static bool resolve_priority(const struct store *store, json_t *spec, struct api_status *ret_status)
{
    static const struct {
        const char *name;
        int value;
    } builtin[] = {{"system-cluster-critical", 2000000000}, {"system-node-critical", 2000001000}};
    const char *class = json_string_value(json_object_get(spec, "priorityClassName"));
    json_int_t value = 0;
    const char *policy = "PreemptLowerPriority";
    bool found = !class || !class[0];
    for (size_t i = 0; i < ARRAY_LEN(builtin) && !found; i++) {
        found = strcmp(class, builtin[i].name) == 0;
        value = found ? builtin[i].value : 0;
    }
    const struct object *row =
        found ? NULL : store_get(store, KIND_PRIORITY_CLASS, STR(""), str_from(class));
    if (!found && !row)
        return api_refuse(ret_status, 403, "Forbidden",
                          "pods is forbidden: no PriorityClass with name %s was found", class);
    if (row) {
        value = object_field_int(row, "value", 0);
        if (str_is(object_field_text(row, "preemptionPolicy"), "Never"))
            policy = "Never";
    }
    default_new(spec, "priority", json_integer(value));
    default_text(spec, "preemptionPolicy", policy);
    return true;
}

/* The text rule of elastic-policies.md 10.2. A binding goes round it. */
static bool admit_deletion_cost(struct str name, bool has_cost, struct str cost,
                                struct api_status *ret_status)
{
    int32_t value;
    if (!has_cost || deletion_cost_read(cost, &value))
        return true;
    return api_invalid(ret_status, kind_get(KIND_POD), name,
                       "metadata.annotations[" DELETION_COST_ANNOTATION
                       "]: Invalid value: \"" STR_FMT "\": must be a 32bit integer",
                       STR_ARG(cost));
}

static bool admit_pod(const struct store *store, json_t *pod, struct api_status *ret_status)
{
    json_t *spec = member_object(pod, "spec");
    const char *name = json_string_value(json_object_get(json_object_get(pod, "metadata"), "name"));
    if (json_array_size(json_object_get(spec, "containers")) == 0)
        return api_invalid(ret_status, kind_get(KIND_POD), str_from(name),
                           "spec.containers: Required value");
    bool gated = json_array_size(json_object_get(spec, "schedulingGates")) > 0;
    const char *node = json_string_value(json_object_get(spec, "nodeName"));
    if (gated && node && node[0])
        return api_invalid(ret_status, kind_get(KIND_POD), str_from(name),
                           "spec.nodeName: Forbidden: cannot be set until all schedulingGates have "
                           "been cleared");
    const json_t *cost = json_object_get(
        json_object_get(json_object_get(pod, "metadata"), "annotations"), DELETION_COST_ANNOTATION);
    if (!admit_deletion_cost(str_from(name), cost != NULL, str_from(json_string_value(cost)),
                             ret_status))
        return false;
    default_pod_spec(spec);
    default_text(spec, "serviceAccountName", "default");
    default_new(spec, "enableServiceLinks", json_true());
    default_tolerations(spec);
    if (!resolve_priority(store, spec, ret_status))
        return false;
    json_t *status = json_pack("{s:s, s:s}", "phase", "Pending", "qosClass", qos_class(spec));
    if (gated)
        (void)json_object_set_new(
            status, "conditions",
            json_pack("[{s:s, s:s, s:s, s:s}]", "type", "PodScheduled", "status", "False", "reason",
                      "SchedulingGated", "message",
                      "Scheduling is blocked due to non-empty scheduling gates"));
    (void)json_object_set_new(pod, "status", status);
    return true;
}

/* ---- workloads and the rest ---- */

static bool admit_workload(const struct kind *kind, json_t *object, struct api_status *ret_status)
{
    json_t *spec = member_object(object, "spec");
    json_t *template = member_object(spec, "template");
    const char *name =
        json_string_value(json_object_get(json_object_get(object, "metadata"), "name"));
    const json_t *wanted = json_object_get(json_object_get(spec, "selector"), "matchLabels");
    const json_t *labels = json_object_get(json_object_get(template, "metadata"), "labels");
    if (!json_object_get(spec, "selector"))
        return api_invalid(ret_status, kind, str_from(name), "spec.selector: Required value");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)wanted, key, value)
    {
        const json_t *label = json_object_get(labels, key);
        if (!label || !json_equal(label, value))
            return api_invalid(ret_status, kind, str_from(name),
                               "spec.template.metadata.labels: Invalid value: `selector` does not "
                               "match template `labels`");
    }
    default_new(spec, "replicas", json_integer(1));
    default_pod_spec(member_object(template, "spec"));
    if (kind->id == KIND_DEPLOYMENT) {
        default_new(spec, "revisionHistoryLimit", json_integer(10));
        default_new(spec, "progressDeadlineSeconds", json_integer(600));
        json_t *strategy = member_object(spec, "strategy");
        default_text(strategy, "type", "RollingUpdate");
        const char *type = json_string_value(json_object_get(strategy, "type"));
        if (type && strcmp(type, "RollingUpdate") == 0) {
            json_t *rolling = member_object(strategy, "rollingUpdate");
            default_text(rolling, "maxUnavailable", "25%");
            default_text(rolling, "maxSurge", "25%");
        }
    }
    (void)json_object_set_new(object, "status", json_pack("{s:i}", "replicas", 0));
    return true;
}

static void admit_namespace(json_t *object)
{
    json_t *metadata = member_object(object, "metadata");
    json_t *name = json_object_get(metadata, "name");
    if (name)
        (void)json_object_set(member_object(metadata, "labels"), "kubernetes.io/metadata.name",
                              name);
    (void)json_object_set_new(member_object(object, "status"), "phase", json_string("Active"));
    (void)member_object(object, "spec");
}

/* policy/v1 ValidatePodDisruptionBudgetSpec. A status comes from the disruption controller alone.
 */
static bool check_amount(struct str name, const char *field, const json_t *amount,
                         struct api_status *ret_status)
{
    const struct kind *kind = kind_get(KIND_POD_DISRUPTION_BUDGET);
    const char *text = json_string_value(amount), *why = NULL;
    size_t digits = text ? strspn(text, "0123456789") : 0;
    if (json_is_integer(amount) && json_integer_value(amount) < 0)
        return api_invalid(ret_status, kind, name,
                           "spec.%s: Invalid value: %lld: must be greater than or equal to 0",
                           field, (long long)json_integer_value(amount));
    if (text && (digits == 0 || strcmp(text + digits, "%") != 0))
        why = "a valid percent string must be a numeric string followed by an ending '%' (e.g. "
              "'1%',  or '93%', regex used for validation is '[0-9]+%')";
    else if (text && (digits > 3 || json_int((struct str){text, digits}, 0) > 100))
        why = "must not be greater than 100%";
    if (why)
        return api_invalid(ret_status, kind, name, "spec.%s: Invalid value: \"%.64s\": %s", field,
                           text, why);
    return true;
}

static bool admit_budget(json_t *object, struct api_status *ret_status)
{
    static const char *const fields[] = {"minAvailable", "maxUnavailable"};
    const json_t *spec = member_object(object, "spec");
    const char *name =
        json_string_value(json_object_get(json_object_get(object, "metadata"), "name"));
    (void)json_object_set_new(object, "status",
                              json_pack("{s:i, s:i, s:i, s:i}", "currentHealthy", 0,
                                        "desiredHealthy", 0, "disruptionsAllowed", 0,
                                        "expectedPods", 0));
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (!check_amount(str_from(name), fields[i], json_object_get(spec, fields[i]), ret_status))
            return false;
    if (json_object_get(spec, "minAvailable") && json_object_get(spec, "maxUnavailable"))
        return api_invalid(ret_status, kind_get(KIND_POD_DISRUPTION_BUDGET), str_from(name),
                           "spec: Invalid value: minAvailable and maxUnavailable cannot be both "
                           "set");
    return true;
}

static void admit_node(json_t *object)
{
    json_t *status = member_object(object, "status");
    json_t *capacity = json_object_get(status, "capacity");
    if (capacity)
        default_new(status, "allocatable", json_deep_copy(capacity));
    (void)member_object(object, "spec");
    json_t *metadata = member_object(object, "metadata");
    json_t *name = json_object_get(metadata, "name");
    if (name) /* a kubelet labels its node so */
        default_new(member_object(metadata, "labels"), "kubernetes.io/hostname", json_incref(name));
}

bool admit_create(struct store *store, const struct kind *kind, json_t *object,
                  struct api_status *ret_status)
{
    const json_t *metadata = json_object_get(object, "metadata");
    const json_t *spec = json_object_get(object, "spec");
    if ((metadata && !json_is_object(metadata)) || (spec && !json_is_object(spec)))
        return api_bad_request(ret_status, "metadata and spec must be objects");
    switch (kind->id) {
    case KIND_POD:
        return admit_pod(store, object, ret_status);
    case KIND_REPLICA_SET:
    case KIND_DEPLOYMENT:
    case KIND_STATEFUL_SET:
        return admit_workload(kind, object, ret_status);
    case KIND_NAMESPACE:
        admit_namespace(object);
        return true;
    case KIND_NODE:
        admit_node(object);
        return true;
    case KIND_POD_DISRUPTION_BUDGET:
        return admit_budget(object, ret_status);
    case KIND_CUSTOM_RESOURCE_DEFINITION:
        return crd_admit(object, ret_status);
    case KIND_RESOURCE_POLICY:
    case KIND_ACK_RESOURCE_POLICY:
        (void)json_object_del(object, "status");
        return true;
    case KIND_EVENT:
    case KIND_LEASE:
    case KIND_SERVICE_ACCOUNT:
    case KIND_CONFIG_MAP:
    case KIND_SECRET:
    case KIND_SERVICE:
    case KIND_PRIORITY_CLASS:
    case KIND_COUNT:
        break;
    }
    return true;
}

bool admit_name(const struct kind *kind, struct str name, struct api_status *ret_status)
{
    if (name.len == 0)
        return api_invalid(ret_status, kind, name,
                           "metadata.name: Required value: name or generateName is required");
    bool edge = true, fine = name.len <= 253;
    for (size_t i = 0; i < name.len && fine; i++) {
        char c = name.ptr[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        bool last = i + 1 == name.len || name.ptr[i + 1] == '.';
        fine = alnum || ((c == '-' || (c == '.' && i > 0)) && !edge && !last) ||
               (c == '.' && !edge && i + 1 < name.len && name.ptr[i + 1] != '.');
        edge = c == '.';
    }
    if (fine)
        return true;
    return api_invalid(ret_status, kind, name,
                       "metadata.name: Invalid value: \"" STR_FMT
                       "\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
                       "characters, '-' or '.', and must start and end with an alphanumeric "
                       "character",
                       STR_ARG(name));
}

bool admit_pod_update(const struct object *before, const struct object_parts *after,
                      struct api_status *ret_status)
{
    struct str name = str_from(before->ident->name), old_gates = STR("[]"), gates, item, gate;
    struct str cost = STR(""), raw;
    int32_t value;
    bool has_cost = json_find(after->annotations, STR(DELETION_COST_ANNOTATION), &raw);
    bool was_wrong = object_annotation(before, STR(DELETION_COST_ANNOTATION), &cost) &&
                     !deletion_cost_read(cost, &value);
    if (has_cost && !json_plain(raw, &cost))
        cost = raw;
    if (!was_wrong && !admit_deletion_cost(name, has_cost, cost, ret_status))
        return false;
    if (!str_equal(blob_str(before->node_name), after->node_name))
        return api_invalid(
            ret_status, before->kind, name,
            "spec: Forbidden: pod updates may not change fields other than "
            "`spec.containers[*].image`,`spec.initContainers[*].image`,"
            "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
            "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to "
            "be set to 1 if it was previously negative)");
    if (!json_find(buf_str(&after->spec), STR("schedulingGates"), &gates))
        return true;
    (void)object_field(before, "spec.schedulingGates", &old_gates);
    struct json_iter iter = json_items(gates);
    while (json_next_item(&iter, &item)) {
        if (memmem(old_gates.ptr, old_gates.len, item.ptr, item.len))
            continue;
        if (!json_find(item, STR("name"), &gate) || !json_plain(gate, &gate))
            gate = item;
        return api_invalid(
            ret_status, before->kind, name,
            "spec.schedulingGates: Forbidden: only deletion is allowed, but found new "
            "scheduling gate '" STR_FMT "'",
            STR_ARG(gate));
    }
    return true;
}

bool admit_has_generation(const struct kind *kind)
{
    static const enum kind_id with[] = {KIND_POD,
                                        KIND_REPLICA_SET,
                                        KIND_DEPLOYMENT,
                                        KIND_STATEFUL_SET,
                                        KIND_PRIORITY_CLASS,
                                        KIND_POD_DISRUPTION_BUDGET,
                                        KIND_CUSTOM_RESOURCE_DEFINITION};
    for (size_t i = 0; i < ARRAY_LEN(with); i++)
        if (kind->id == with[i])
            return true;
    return kind->is_custom;
}
