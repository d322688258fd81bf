#include <stdlib.h>
#include <string.h>

#include "model/base/check.h"
#include "tests/real/oracle.h"

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "";
}

static const char *name_of(const json_t *object)
{
    return text_of(json_object_get(object, "metadata"), "name");
}

/* ---- taints ---- */

static bool toleration_matches(const json_t *toleration, const json_t *taint)
{
    const char *key = text_of(toleration, "key");
    const char *effect = text_of(toleration, "effect");
    if (effect[0] && strcmp(effect, text_of(taint, "effect")) != 0)
        return false;
    if (key[0] && strcmp(key, text_of(taint, "key")) != 0)
        return false;
    if (strcmp(text_of(toleration, "operator"), "Exists") == 0)
        return true;
    return strcmp(text_of(toleration, "value"), text_of(taint, "value")) == 0;
}

bool oracle_tolerates(const json_t *pod, const json_t *taint)
{
    const json_t *toleration;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(pod, "spec"), "tolerations"), i, toleration)
    {
        if (toleration_matches(toleration, taint))
            return true;
    }
    return false;
}

/* The cordon is one of the taints here: nodes carry both. */
static bool taints_allow(const json_t *node, const json_t *pod)
{
    const json_t *taint;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(node, "spec"), "taints"), i, taint)
    {
        bool is_soft = strcmp(text_of(taint, "effect"), "PreferNoSchedule") == 0;
        if (!is_soft && !oracle_tolerates(pod, taint))
            return false;
    }
    return true;
}

/* ---- affinity ---- */

static bool is_among(const char *value, const json_t *values)
{
    const json_t *each;
    size_t i;
    json_array_foreach(values, i, each)
    {
        if (strcmp(json_string_value(each), value) == 0)
            return true;
    }
    return false;
}

static bool read_number(const char *text, long long *ret_number)
{
    char *end;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end)
        return false;
    *ret_number = number;
    return true;
}

/* `value` is NULL when the node has no such label. */
static bool requirement_holds(const json_t *requirement, const char *value)
{
    const char *operator= text_of(requirement, "operator");
    const json_t *values = json_object_get(requirement, "values");
    if (strcmp(operator, "In") == 0)
        return value && is_among(value, values);
    if (strcmp(operator, "NotIn") == 0)
        return !value || !is_among(value, values);
    if (strcmp(operator, "Exists") == 0)
        return value;
    if (strcmp(operator, "DoesNotExist") == 0)
        return !value;
    long long ours;
    long long bound;
    if (!value || !read_number(value, &ours) ||
        !read_number(json_string_value(json_array_get(values, 0)), &bound))
        return false;
    return strcmp(operator, "Gt") == 0 ? ours > bound : ours < bound;
}

bool oracle_term_matches(const json_t *term, const json_t *node)
{
    const json_t *labels = json_object_get(json_object_get(node, "metadata"), "labels");
    const json_t *expressions = json_object_get(term, "matchExpressions");
    const json_t *fields = json_object_get(term, "matchFields");
    const json_t *each;
    size_t i;
    if (json_array_size(expressions) == 0 && json_array_size(fields) == 0)
        return false;
    json_array_foreach(expressions, i, each)
    {
        const json_t *label = json_object_get(labels, text_of(each, "key"));
        if (!requirement_holds(each, json_string_value(label)))
            return false;
    }
    json_array_foreach(fields, i, each)
    {
        if (!requirement_holds(each, name_of(node)))
            return false;
    }
    return true;
}

static bool affinity_allows(const json_t *node, const json_t *pod)
{
    const json_t *spec = json_object_get(pod, "spec");
    const json_t *labels = json_object_get(json_object_get(node, "metadata"), "labels");
    json_t *selector = json_deep_copy(json_object_get(spec, "nodeSelector"));
    const char *key;
    const json_t *value;
    bool allowed = true;
    json_object_foreach(selector, key, value) allowed =
        allowed && json_equal(json_object_get(labels, key), value);
    json_decref(selector);

    const json_t *required =
        json_object_get(json_object_get(json_object_get(spec, "affinity"), "nodeAffinity"),
                        "requiredDuringSchedulingIgnoredDuringExecution");
    if (!allowed || !required)
        return allowed;
    const json_t *term;
    size_t i;
    json_array_foreach(json_object_get(required, "nodeSelectorTerms"), i, term)
    {
        if (oracle_term_matches(term, node))
            return true;
    }
    return false;
}

/* ---- host ports ---- */

static bool is_any_address(const char *address)
{
    return !address[0] || strcmp(address, "0.0.0.0") == 0;
}

static bool ports_clash(const json_t *a, const json_t *b)
{
    json_int_t number = json_integer_value(json_object_get(a, "hostPort"));
    if (number == 0 || number != json_integer_value(json_object_get(b, "hostPort")))
        return false;
    const char *protocol_a = text_of(a, "protocol");
    const char *protocol_b = text_of(b, "protocol");
    if (strcmp(protocol_a[0] ? protocol_a : "TCP", protocol_b[0] ? protocol_b : "TCP") != 0)
        return false;
    const char *address_a = text_of(a, "hostIP");
    const char *address_b = text_of(b, "hostIP");
    return is_any_address(address_a) || is_any_address(address_b) ||
           strcmp(address_a, address_b) == 0;
}

/* All ports a pod holds for its whole life: containers' and sidecars'. Yours. */
static json_t *ports_of(const json_t *pod)
{
    static const char *const lists[] = {"containers", "initContainers"};
    json_t *ports = json_array();
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const json_t *container;
        size_t j;
        json_array_foreach(json_object_get(json_object_get(pod, "spec"), lists[i]), j, container)
        {
            bool stays = i == 0 || strcmp(text_of(container, "restartPolicy"), "Always") == 0;
            json_t *own = json_object_get(container, "ports");
            if (stays && own)
                json_array_extend(ports, own);
        }
    }
    return ports;
}

static bool any_clash(const json_t *ports, const json_t *taken)
{
    const json_t *a;
    const json_t *b;
    size_t i;
    size_t j;
    json_array_foreach(ports, i, a)
    {
        json_array_foreach(taken, j, b)
        {
            if (ports_clash(a, b))
                return true;
        }
    }
    return false;
}

static bool ports_allow(const json_t *cluster, const json_t *node, const json_t *pod)
{
    json_t *ports = ports_of(pod);
    bool allowed = true;
    const json_t *bound;
    size_t i;
    json_array_foreach(json_object_get(cluster, "bound"), i, bound)
    {
        if (strcmp(text_of(json_object_get(bound, "spec"), "nodeName"), name_of(node)) != 0)
            continue;
        json_t *taken = ports_of(bound);
        allowed = allowed && !any_clash(ports, taken);
        json_decref(taken);
    }
    json_decref(ports);
    return allowed;
}

/* ---- resources ---- */

static bool resources_allow(const json_t *cluster, const json_t *node, const json_t *pod)
{
    json_t *have = oracle_amounts(json_object_get(json_object_get(node, "status"), "allocatable"));
    json_t *used = oracle_used(cluster, name_of(node), false);
    json_t *need = oracle_requests(pod, false);
    json_object_set_new(need, "pods", json_integer(1));
    const char *name;
    const json_t *value;
    bool allowed = true;
    json_object_foreach(need, name, value)
    {
        int64_t amount = json_integer_value(value);
        int64_t free_amount = oracle_amount(have, name) - oracle_amount(used, name);
        allowed = allowed && (amount == 0 || amount <= free_amount);
    }
    json_decref(have);
    json_decref(used);
    json_decref(need);
    return allowed;
}

bool oracle_fits(const json_t *cluster, const json_t *node, const json_t *pod)
{
    return taints_allow(node, pod) && affinity_allows(node, pod) &&
           ports_allow(cluster, node, pod) && resources_allow(cluster, node, pod);
}
