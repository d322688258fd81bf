/*
 * The sentence that users and guides read, word by word as the real kube-scheduler says it: for
 * each case one pod for each of the two schedulers on the same nodes. Preemption comes with a later
 * issue, so kube-scheduler's second sentence is cut off.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "tests/real/world.h"

/* Five nodes: two plain, one tainted, one cordoned, one that takes no pods. */
static const struct {
    struct node_kind kind;
    size_t count;
} nodes[] = {
    {{"plain", "{\"cpu\":\"2\",\"memory\":\"4Gi\",\"ephemeral-storage\":\"20Gi\",\"pods\":\"110\"}",
      "{\"zone\":\"a\",\"rank\":\"3\"}", NULL},
     2},
    {{"gpu", "{\"cpu\":\"8\",\"memory\":\"32Gi\",\"example.com/gpu\":\"4\",\"pods\":\"110\"}",
      "{\"zone\":\"b\",\"rank\":\"7\"}",
      "{\"taints\":[{\"key\":\"dedicated\",\"value\":\"gpu\",\"effect\":\"NoSchedule\"}]}"},
     1},
    {{"cordoned", "{\"cpu\":\"64\",\"memory\":\"256Gi\",\"pods\":\"110\"}",
      "{\"zone\":\"b\",\"rank\":\"9\"}", "{\"unschedulable\":true}"},
     1},
    {{"full", "{\"cpu\":\"64\",\"memory\":\"256Gi\",\"pods\":\"0\"}",
      "{\"zone\":\"c\",\"rank\":\"9\"}", NULL},
     1},
};

static const struct {
    const char *requests;
    const char *spec;
    const char *container;
} cases[] = {
    {.requests = "{\"cpu\":\"100\"}"},
    {.requests = "{\"cpu\":\"3\"}"},
    {.requests = "{\"memory\":\"1Ti\"}"},
    {.requests = "{\"cpu\":\"100\",\"memory\":\"1Ti\"}"},
    {.requests = "{\"ephemeral-storage\":\"1Ti\"}"},
    {.requests = "{\"example.com/gpu\":\"1\"}"},
    {.requests = "{\"example.com/gpu\":\"5\",\"cpu\":\"9\"}",
     .spec = "\"tolerations\":[{\"operator\":\"Exists\"}]"},
    {.requests = "{\"cpu\":\"1\",\"hugepages-2Mi\":\"64Mi\"}"},
    {.requests = "{}", .container = "\"ports\":[{\"containerPort\":80,\"hostPort\":8080}]"},
    {.requests = "{\"cpu\":\"100m\"}", .spec = "\"nodeSelector\":{\"zone\":\"nowhere\"}"},
    {.requests = "{\"cpu\":\"100m\"}", .spec = "\"nodeSelector\":{\"zone\":\"b\"}"},
    {.requests = "{\"cpu\":\"3\"}",
     .spec = "\"nodeSelector\":{\"zone\":\"a\"},\"tolerations\":[{\"operator\":\"Exists\"}]"},
    {.requests = "{\"cpu\":\"100\"}", .spec = "\"tolerations\":[{\"operator\":\"Exists\"}]"},
    {.requests = "{\"cpu\":\"9\"}",
     .spec = "\"tolerations\":[{\"key\":\"dedicated\",\"operator\":\"Exists\"}]"},
    {.requests = "{\"cpu\":\"3\"}",
     .spec = "\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":"
             "{\"nodeSelectorTerms\":[{\"matchExpressions\":[{\"key\":\"rank\",\"operator\":\"Gt\","
             "\"values\":[\"6\"]}]}]}}}"},
    {.requests = "{}",
     .spec = "\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":"
             "{\"nodeSelectorTerms\":[{\"matchFields\":[{\"key\":\"metadata.name\",\"operator\":"
             "\"In\",\"values\":[\"absent\"]}]}]}}}"},
    {.requests = "{}",
     .spec = "\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":"
             "{\"nodeSelectorTerms\":[{\"matchFields\":[{\"key\":\"metadata.name\",\"operator\":"
             "\"In\",\"values\":[\"gpu-0\"]}]}]}}}"},
};

static void add_pair(struct world *world, size_t number, const char *requests, const char *spec,
                     const char *container)
{
    static const char *const schedulers[] = {"spillway", "default-scheduler"};
    for (size_t i = 0; i < ARRAY_LEN(schedulers); i++) {
        char prefix[64];
        (void)snprintf(prefix, sizeof(prefix), "case-%zu-%s", number, schedulers[i]);
        struct pod_kind kind = {.prefix = prefix,
                                .scheduler = schedulers[i],
                                .spec = spec,
                                .container = container,
                                .requests = &requests,
                                .request_count = 1};
        world_add_pods(world, &kind, 1);
    }
}

/* Cuts off what kube-scheduler adds about preemption. */
static char *without_preemption(char *text)
{
    char *tail = strstr(text, " preemption:");
    if (tail)
        *tail = '\0';
    return text;
}

static char *event_note(struct world *world, const char *pod)
{
    json_t *event = world_await_pod_event(world, pod, "FailedScheduling");
    const char *note = json_string_value(json_object_get(event, "note"));
    char *copy = mem_strdup(note ? note : "");
    json_decref(event);
    return copy;
}

static void compare(struct world *world, size_t number)
{
    char ours[64];
    char kubes[64];
    (void)snprintf(ours, sizeof(ours), "case-%zu-spillway-0", number);
    (void)snprintf(kubes, sizeof(kubes), "case-%zu-default-scheduler-0", number);
    char *message CLEANUP(mem_freep) = world_await_refusal(world, ours, "Unschedulable");
    char *expected CLEANUP(mem_freep) =
        without_preemption(world_await_refusal(world, kubes, "Unschedulable"));
    cr_expect_str_eq(message, expected,
                     "case %zu: condition\n  spillway:       %s\n  kube-scheduler: %s", number,
                     message, expected);
    char *note CLEANUP(mem_freep) = event_note(world, ours);
    cr_expect_str_eq(note, expected, "case %zu: event\n  spillway:       %s\n  kube-scheduler: %s",
                     number, note, expected);
}

Test(wording, a_refusal_reads_as_kube_scheduler_words_it, .timeout = 300)
{
    struct world world;
    world_open(&world, "wording");
    for (size_t i = 0; i < ARRAY_LEN(nodes); i++)
        world_add_nodes(&world, &nodes[i].kind, nodes[i].count);
    world_start_spillway(&world, "token");
    world_start_kube_scheduler(&world);

    /* One pod on each plain node holds the host port of the case with ports. */
    static const struct pod_kind holder = {
        .prefix = "holder",
        .scheduler = "spillway",
        .container = "\"ports\":[{\"containerPort\":80,\"hostPort\":8080}]"};
    world_add_pods(&world, &holder, 2);
    free(world_await_bound(&world, "holder-0"));
    free(world_await_bound(&world, "holder-1"));

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        add_pair(&world, i, cases[i].requests, cases[i].spec, cases[i].container);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        compare(&world, i);
    world_close(&world);
}

/* The members of an event or of a condition, but for what differs by nature: texts are compared
 * above; names and times are the object's own. */
static char *shape_of(const json_t *object, const char *const without[])
{
    json_t *copy = json_deep_copy(object);
    for (size_t i = 0; without[i]; i++)
        json_object_del(copy, without[i]);
    char *text = json_dumps(copy, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(copy);
    return text;
}

static json_t *condition_of(struct world *world, const char *pod)
{
    free(world_await_refusal(world, pod, "Unschedulable"));
    char path[256];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods/%s", world->namespace, pod);
    json_t *object = api_get(&world->api, path);
    json_t *conditions = json_object_get(json_object_get(object, "status"), "conditions");
    cr_assert(json_array_size(conditions) == 1, "%s: %zu conditions", pod,
              json_array_size(conditions));
    json_t *condition = json_incref(json_array_get(conditions, 0));
    json_decref(object);
    return condition;
}

Test(wording, conditions_and_events_have_the_members_that_kube_scheduler_writes, .timeout = 300)
{
    static const char *const condition_own[] = {"lastTransitionTime", "message", NULL};
    static const char *const event_own[] = {"metadata",  "regarding",           "note",
                                            "eventTime", "reportingController", "reportingInstance",
                                            NULL};
    struct world world;
    world_open(&world, "members");
    world_add_nodes(&world, &nodes[0].kind, 2);
    world_start_spillway(&world, "token");
    world_start_kube_scheduler(&world);
    add_pair(&world, 0, "{\"cpu\":\"100\"}", NULL, NULL);
    add_pair(&world, 1, "{\"cpu\":\"100m\"}", NULL, NULL);

    json_t *ours = condition_of(&world, "case-0-spillway-0");
    json_t *kubes = condition_of(&world, "case-0-default-scheduler-0");
    char *our_shape CLEANUP(mem_freep) = shape_of(ours, condition_own);
    char *kube_shape CLEANUP(mem_freep) = shape_of(kubes, condition_own);
    cr_expect_str_eq(our_shape, kube_shape);
    json_decref(ours);
    json_decref(kubes);

    static const char *const reasons[] = {"FailedScheduling", "Scheduled"};
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        char pod[64];
        (void)snprintf(pod, sizeof(pod), "case-%zu-spillway-0", i);
        ours = world_await_pod_event(&world, pod, reasons[i]);
        (void)snprintf(pod, sizeof(pod), "case-%zu-default-scheduler-0", i);
        kubes = world_await_pod_event(&world, pod, reasons[i]);
        char *our_event CLEANUP(mem_freep) = shape_of(ours, event_own);
        char *kube_event CLEANUP(mem_freep) = shape_of(kubes, event_own);
        cr_expect_str_eq(our_event, kube_event);
        cr_expect_str_eq(json_string_value(json_object_get(ours, "reportingController")),
                         "spillway");
        cr_expect(json_string_length(json_object_get(ours, "reportingInstance")) > 0);
        json_decref(ours);
        json_decref(kubes);
    }
    world_close(&world);
}
