#include <stdio.h>
#include <string.h>

#include "tests/real/generate.h"
#include "tests/real/generate_pick.h"

json_t *generate_ports(struct rng *rng)
{
    static const json_int_t numbers[] = {8080, 9090, 53};
    static const char *const addresses[] = {"", "", "0.0.0.0", "127.0.0.1", "10.0.0.1"};
    json_t *ports = json_array();
    size_t count = 1 + rng_below(rng, 2);
    for (size_t i = 0; i < count; i++) {
        /* Two of one container must differ, or the apiserver refuses the pod. */
        json_int_t number = numbers[(rng_below(rng, 2) + i) % ARRAY_LEN(numbers)] + (i ? 1 : 0);
        json_t *port = json_pack("{sIsI}", "containerPort", number, "hostPort", number);
        const char *address = PICK(rng, addresses);
        if (address[0])
            json_object_set_new(port, "hostIP", json_string(address));
        if (pick_chance(rng, 40))
            json_object_set_new(port, "protocol", json_string("UDP"));
        json_array_append_new(ports, port);
    }
    return ports;
}

/* ---- containers ---- */

/* Of a resource that must not be overcommitted: the limit is the request. */
static void add_exact(json_t *requests, json_t *limits, const char *name, const char *amount)
{
    json_object_set_new(requests, name, json_string(amount));
    json_object_set_new(limits, name, json_string(amount));
}

static json_t *make_resources(struct rng *rng)
{
    static const char *const cpu_requests[] = {"0", "1m", "100m", "250m", "1", "1500m", "3", "12"};
    static const char *const memory_requests[] = {"0",   "1",   "100M",  "128Mi",
                                                  "1Gi", "3Gi", "7.5Gi", "40Gi"};
    json_t *requests = json_object();
    json_t *limits = json_object();
    if (pick_chance(rng, 70))
        json_object_set_new(requests, "cpu", json_string(PICK(rng, cpu_requests)));
    else if (pick_chance(rng, 20))
        json_object_set_new(limits, "cpu", json_string("500m")); /* becomes the request */
    if (pick_chance(rng, 65))
        json_object_set_new(requests, "memory", json_string(PICK(rng, memory_requests)));
    if (pick_chance(rng, 10))
        json_object_set_new(requests, "ephemeral-storage",
                            json_string(pick_chance(rng, 70) ? "5Gi" : "30Gi"));
    if (pick_chance(rng, 8))
        add_exact(requests, limits, "example.com/gpu",
                  pick_chance(rng, 60)   ? "1"
                  : pick_chance(rng, 50) ? "3"
                                         : "0");
    if (pick_chance(rng, 3))
        add_exact(requests, limits, "other.example/fpga", pick_chance(rng, 70) ? "1" : "3");
    if (pick_chance(rng, 4)) {
        add_exact(requests, limits, "hugepages-2Mi", pick_chance(rng, 60) ? "64Mi" : "256Mi");
        json_object_set_new(requests, "cpu", json_string("100m"));
    }
    return json_pack("{soso}", "requests", requests, "limits", limits);
}

static json_t *make_container(struct rng *rng, const char *prefix, size_t number)
{
    static const char *const others[] = {"test.invalid/small", "test.invalid:5000/port",
                                         "test.invalid/nowhere:1"};
    char name[32];
    (void)snprintf(name, sizeof(name), "%s-%zu", prefix, number);
    const char *image = pick_chance(rng, 60) ? PICK(rng, generate_images) : PICK(rng, others);
    json_t *container =
        json_pack("{ssssso}", "name", name, "image", image, "resources", make_resources(rng));
    return container;
}

static void add_containers(struct rng *rng, json_t *spec)
{
    json_t *containers = json_array();
    size_t count = pick_chance(rng, 75) ? 1 : 2;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(containers, make_container(rng, "main", i));
    if (pick_chance(rng, 14))
        json_object_set_new(json_array_get(containers, 0), "ports", generate_ports(rng));
    json_object_set_new(spec, "containers", containers);
    if (!pick_chance(rng, 25))
        return;
    json_t *inits = json_array();
    count = 1 + rng_below(rng, 3);
    for (size_t i = 0; i < count; i++) {
        json_t *container = make_container(rng, "init", i);
        if (pick_chance(rng, 40)) {
            json_object_set_new(container, "restartPolicy", json_string("Always"));
            if (pick_chance(rng, 20))
                json_object_set_new(container, "ports", generate_ports(rng));
        }
        json_array_append_new(inits, container);
    }
    json_object_set_new(spec, "initContainers", inits);
}

/* Pod-level requests must not be below those of the containers: these are taken away. */
static void add_pod_resources(struct rng *rng, json_t *spec)
{
    static const char *const cpu_requests[] = {"1", "2500m", "10"};
    json_t *requests = json_object();
    if (pick_chance(rng, 70))
        json_object_set_new(requests, "cpu", json_string(PICK(rng, cpu_requests)));
    if (pick_chance(rng, 70) || json_object_size(requests) == 0)
        json_object_set_new(requests, "memory", json_string(pick_chance(rng, 70) ? "2Gi" : "9Gi"));
    json_object_set_new(spec, "resources", json_pack("{so}", "requests", requests));
    static const char *const lists[] = {"containers", "initContainers"};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        json_t *container;
        size_t j;
        json_array_foreach(json_object_get(spec, lists[i]), j, container)
        {
            if (pick_chance(rng, 60))
                json_object_del(container, "resources");
        }
    }
}

/* ---- where it may go ---- */

static json_t *make_expression(struct rng *rng)
{
    static const char *const keys[] = {"zone", "rank", "disk", "topology.kubernetes.io/zone",
                                       "absent"};
    static const char *const operators[] = {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"};
    static const char *const words[] = {"a", "b", "c", "ssd", "hdd", "1", "5", "9", ""};
    /* None below zero: in a required term the apiserver refuses it, as no label is called so, and
     * for a preferred one kube-scheduler gives up on the pod (SchedulerError). */
    static const char *const numbers[] = {"0", "3", "5", "06", "8"};
    const char *operator= PICK(rng, operators);
    bool is_number = strcmp(operator, "Gt") == 0 || strcmp(operator, "Lt") == 0;
    json_t *expression =
        json_pack("{ssss}", "key", is_number ? "rank" : PICK(rng, keys), "operator", operator);
    if (is_number) {
        json_object_set_new(expression, "values", json_pack("[s]", PICK(rng, numbers)));
    } else if (strcmp(operator, "In") == 0 || strcmp(operator, "NotIn") == 0) {
        json_t *values = json_array();
        size_t count = 1 + rng_below(rng, 4);
        for (size_t i = 0; i < count; i++)
            json_array_append_new(values, json_string(PICK(rng, words)));
        json_object_set_new(expression, "values", values);
    }
    return expression;
}

static json_t *make_field(struct rng *rng, const json_t *cluster)
{
    char name[32];
    size_t count = json_array_size(json_object_get(cluster, "nodes"));
    (void)snprintf(name, sizeof(name), "node-%zu", (size_t)rng_below(rng, count + 1));
    return json_pack("{sssss[s]}", "key", "metadata.name", "operator",
                     pick_chance(rng, 60) ? "In" : "NotIn", "values", name);
}

static json_t *make_term(struct rng *rng, const json_t *cluster)
{
    json_t *term = json_object();
    size_t count = rng_below(rng, 10) == 0 ? 0 : 1 + rng_below(rng, 2);
    json_t *expressions = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(expressions, make_expression(rng));
    if (count > 0)
        json_object_set(term, "matchExpressions", expressions);
    json_decref(expressions);
    if (pick_chance(rng, 22)) {
        json_t *fields = json_pack("[o]", make_field(rng, cluster));
        if (pick_chance(rng, 20))
            json_array_append_new(fields, make_field(rng, cluster));
        json_object_set_new(term, "matchFields", fields);
        if (pick_chance(rng, 50))
            json_object_del(term, "matchExpressions");
    }
    return term;
}

static void add_affinity(struct rng *rng, const json_t *cluster, json_t *spec)
{
    json_t *affinity = json_object();
    if (pick_chance(rng, 28)) {
        json_t *terms = json_array();
        size_t count = 1 + rng_below(rng, 2);
        for (size_t i = 0; i < count; i++)
            json_array_append_new(terms, make_term(rng, cluster));
        json_object_set_new(affinity, "requiredDuringSchedulingIgnoredDuringExecution",
                            json_pack("{so}", "nodeSelectorTerms", terms));
    }
    if (pick_chance(rng, 30)) {
        json_t *terms = json_array();
        size_t count = 1 + rng_below(rng, 3);
        for (size_t i = 0; i < count; i++) {
            int weight = 1 + (int)rng_below(rng, 100);
            json_array_append_new(terms, json_pack("{siso}", "weight", weight, "preference",
                                                   make_term(rng, cluster)));
        }
        json_object_set_new(affinity, "preferredDuringSchedulingIgnoredDuringExecution", terms);
    }
    if (json_object_size(affinity) > 0)
        json_object_set_new(spec, "affinity", json_pack("{sO}", "nodeAffinity", affinity));
    json_decref(affinity);
    if (pick_chance(rng, 10))
        json_object_set_new(spec, "nodeSelector",
                            pick_chance(rng, 50) ? json_pack("{ss}", "disk", "ssd")
                                                 : json_pack("{ssss}", "zone", "b", "rank", "3"));
}

static json_t *make_toleration(struct rng *rng)
{
    if (pick_chance(rng, 15))
        return json_pack("{ss}", "operator", "Exists");
    json_t *toleration = json_object();
    bool cordon = pick_chance(rng, 12);
    const char *key = cordon ? "node.kubernetes.io/unschedulable" : PICK(rng, generate_taint_keys);
    json_object_set_new(toleration, "key", json_string(key));
    if (pick_chance(rng, 50)) {
        json_object_set_new(toleration, "operator", json_string("Exists"));
    } else {
        const char *value = PICK(rng, generate_taint_values);
        if (pick_chance(rng, 50))
            json_object_set_new(toleration, "operator", json_string("Equal"));
        if (value[0])
            json_object_set_new(toleration, "value", json_string(value));
    }
    if (pick_chance(rng, 50))
        json_object_set_new(toleration, "effect", json_string(PICK(rng, generate_effects)));
    return toleration;
}

static void add_tolerations(struct rng *rng, json_t *spec)
{
    json_t *tolerations = json_array();
    size_t count = pick_chance(rng, 50) ? 0 : 1 + rng_below(rng, 3);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(tolerations, make_toleration(rng));
    if (count > 0)
        json_object_set(spec, "tolerations", tolerations);
    json_decref(tolerations);
}

json_t *generate_pod(struct rng *rng, const json_t *cluster)
{
    json_t *spec = json_pack("{sI}", "terminationGracePeriodSeconds", (json_int_t)0);
    json_t *pod = json_pack("{s{}so}", "metadata", "spec", spec);
    CHECK(pod);
    add_containers(rng, spec);
    if (pick_chance(rng, 10))
        add_pod_resources(rng, spec);
    add_affinity(rng, cluster, spec);
    add_tolerations(rng, spec);
    json_object_set_new(
        spec, "priorityClassName",
        json_string(pick_chance(rng, 30) ? GENERATE_PRIORITY_HIGH : GENERATE_PRIORITY_LOW));
    if (pick_chance(rng, 8))
        json_object_set_new(spec, "runtimeClassName", json_string(GENERATE_RUNTIME_CLASS));
    if (pick_chance(rng, 5))
        json_object_set_new(spec, "schedulingGates", json_pack("[{ss}]", "name", "test/gate"));
    if (pick_chance(rng, 5)) {
        char name[32];
        size_t count = json_array_size(json_object_get(cluster, "nodes"));
        (void)snprintf(name, sizeof(name), "node-%zu", (size_t)rng_below(rng, count));
        json_object_set_new(pod, "status", json_pack("{ss}", "nominatedNodeName", name));
    }
    return pod;
}
