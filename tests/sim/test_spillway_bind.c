/*
 * build/spillway and what may become of a binding: whatever the apiserver answers, or not, in the
 * end every pod has one node, once, and no reservation is left behind or counted twice. The node
 * has room for exactly the pods of the test: a reservation too many keeps one of them out, one too
 * few lets a pod in that does not fit.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/stage.h"

enum { PODS = 12 };

static struct stage stage;

static void setup(void)
{
    stage_open(&stage);
}

static void teardown(void)
{
    stage_close(&stage);
}

TestSuite(spillway_bind, .init = setup, .fini = teardown, .timeout = 180);

static const char *const flags[] = {"--pod-initial-backoff-seconds=1",
                                    "--pod-max-backoff-seconds=2", "--v=4", NULL};

/* The faults, and what comes back to the store: all of the pods, on both nodes as many as fit. */
static void expect_all_bound(const struct fault *fault)
{
    stage_add_node(&stage, "a", "6");
    stage_add_node(&stage, "b", "6");
    if (fault)
        stage_fault(&stage, fault);
    stage_add_pods(&stage, "p", PODS, "1");
    stage_start(&stage, "kubeconfig", flags);
    stage_await_bindings(&stage, PODS);
    cr_expect_eq(stage.bindings, PODS);
    cr_expect_eq(stage.moves, 0);
    cr_expect_eq(apiserver_counts(stage.server).binds, PODS, "a binding was written twice");
    cr_expect_eq(stage_pods_on(&stage, "a"), 6);
    cr_expect_eq(stage_pods_on(&stage, "b"), 6);
    if (fault)
        cr_expect_gt(stage_fired(&stage), 0, "the fault never happened");

    /* The cluster is full to the last cpu: one more waits, and fits when another goes. */
    stage_add_pod(&stage, "late", "1");
    char *message = stage_await_refusal(&stage, "late");
    cr_expect_str_eq(message, "0/2 nodes are available: 2 Insufficient cpu.");
    free(message);
    struct api_status status;
    const struct store_target target = {.kind = KIND_POD, .ns = STR("default"), .name = STR("p-3")};
    const struct delete_options now = {.grace_s = 0};
    cr_assert(store_delete(stage.store, &target, &now, NULL, &status), "%s", status.message);
    stage_await_bound(&stage, "late");
    cr_expect_eq(stage_pods_on(&stage, "a") + stage_pods_on(&stage, "b"), PODS);
    cr_expect_eq(stage_stop(&stage), 0);
    cr_expect_not(spillway_said(&stage.spillway, "Stopping with binds in flight"),
                  "an answer is still awaited");
}

#define REFUSED(number)                                                                            \
    &(struct fault)                                                                                \
    {                                                                                              \
        .on = FAULT_ON_BIND, .act = FAULT_DO_STATUS, .code = number, .times = 5, .skip = 2         \
    }
#define SPOILT(action)                                                                             \
    &(struct fault)                                                                                \
    {                                                                                              \
        .on = FAULT_ON_BIND, .act = action, .times = 3, .skip = 2                                  \
    }

Test(spillway_bind, without_a_fault)
{
    expect_all_bound(NULL);
}

Test(spillway_bind, conflict_409)
{
    expect_all_bound(REFUSED(409));
}

Test(spillway_bind, not_found_404)
{
    expect_all_bound(REFUSED(404));
}

Test(spillway_bind, forbidden_403)
{
    expect_all_bound(REFUSED(403));
}

Test(spillway_bind, unauthorized_401)
{
    expect_all_bound(REFUSED(401));
}

Test(spillway_bind, invalid_422)
{
    expect_all_bound(REFUSED(422));
}

Test(spillway_bind, throttled_429_with_retry_after)
{
    expect_all_bound(&(struct fault){.on = FAULT_ON_BIND,
                                     .act = FAULT_DO_STATUS,
                                     .code = 429,
                                     .retry_after_s = 1,
                                     .times = 5,
                                     .skip = 2});
}

Test(spillway_bind, throttled_429_without_retry_after)
{
    expect_all_bound(REFUSED(429));
}

Test(spillway_bind, internal_error_500)
{
    expect_all_bound(REFUSED(500));
}

Test(spillway_bind, unavailable_503)
{
    expect_all_bound(REFUSED(503));
}

Test(spillway_bind, unavailable_503_with_retry_after)
{
    expect_all_bound(&(struct fault){.on = FAULT_ON_BIND,
                                     .act = FAULT_DO_STATUS,
                                     .code = 503,
                                     .retry_after_s = 1,
                                     .times = 5,
                                     .skip = 2});
}

Test(spillway_bind, timeout_504)
{
    expect_all_bound(REFUSED(504));
}

Test(spillway_bind, connection_dropped_before_it_is_applied)
{
    expect_all_bound(SPOILT(FAULT_DO_DROP_BEFORE));
}

Test(spillway_bind, connection_dropped_after_it_was_applied)
{
    expect_all_bound(SPOILT(FAULT_DO_DROP_AFTER));
}

Test(spillway_bind, stream_reset_after_it_was_applied)
{
    expect_all_bound(SPOILT(FAULT_DO_RESET_AFTER));
}

Test(spillway_bind, goaway_with_the_answer)
{
    expect_all_bound(SPOILT(FAULT_DO_GOAWAY));
}

Test(spillway_bind, answer_cut_corrupt_empty_or_of_a_proxy)
{
    static const struct fault faults[] = {
        {.on = FAULT_ON_BIND, .act = FAULT_DO_TRUNCATE, .times = 2},
        {.on = FAULT_ON_BIND, .act = FAULT_DO_CORRUPT, .times = 2},
        {.on = FAULT_ON_BIND, .act = FAULT_DO_EMPTY, .times = 2},
    };
    for (size_t i = 0; i < ARRAY_LEN(faults); i++)
        stage_fault(&stage, &faults[i]);
    expect_all_bound(&(struct fault){.on = FAULT_ON_BIND, .act = FAULT_DO_HTML, .times = 2});
}

/* The answer is lost, and so are the first reads that would say what became of it. */
Test(spillway_bind, the_read_after_a_lost_answer_fails_too)
{
    stage_fault(&stage, &(struct fault){.on = FAULT_ON_GET,
                                        .act = FAULT_DO_STATUS,
                                        .code = 500,
                                        .times = 4,
                                        .resource = "pods"});
    expect_all_bound(SPOILT(FAULT_DO_DROP_AFTER));
}

static bool is_told(struct stage *at, const void *words)
{
    struct store_list events = store_list(at->store, KIND_EVENT, STR("default"));
    bool told = false;
    for (size_t i = 0; i < events.count && !told; i++) {
        json_t *event = object_json(events.objects[i], true);
        const char *name =
            json_string_value(json_object_get(json_object_get(event, "regarding"), "name"));
        const char *note = json_string_value(json_object_get(event, "note"));
        told = name && note && strcmp(name, "p") == 0 && strstr(note, words);
        json_decref(event);
    }
    return told;
}

/* The bind was not done, but nobody may look: its owner reads at the pod which right is missing,
 * the place stays taken, and the grant heals it. */
Test(spillway_bind, a_read_that_is_forbidden_is_told_at_the_pod)
{
    stage_add_node(&stage, "a", "1");
    stage_fault(&stage,
                &(struct fault){.on = FAULT_ON_BIND, .act = FAULT_DO_DROP_BEFORE, .times = 1});
    stage_fault(&stage, &(struct fault){.on = FAULT_ON_GET,
                                        .act = FAULT_DO_STATUS,
                                        .code = 403,
                                        .times = 2,
                                        .resource = "pods"});
    stage_add_pod(&stage, "p", "1");
    stage_start(&stage, "kubeconfig", flags);
    stage_await(&stage, is_told, "grant get on pods to this user", "no event names the right");
    cr_expect_str_eq(stage_node_of(&stage, "p"), "");
    stage_add_pod(&stage, "q", "1");
    char *message = stage_await_refusal(&stage, "q");
    cr_expect_str_eq(message, "0/1 nodes are available: 1 Insufficient cpu.");
    free(message);
    stage_await_bound(&stage, "p");
    cr_expect_eq(stage_fired(&stage), 3);
    cr_expect_eq(stage.bindings, 1);
    cr_expect_eq(stage_stop(&stage), 0);
}

/* As above, while the watch cannot tell of it either. */
Test(spillway_bind, lost_answers_while_the_watch_of_pods_is_away)
{
    stage_fault(&stage, &(struct fault){.on = FAULT_ON_WATCH,
                                        .act = FAULT_DO_STATUS,
                                        .code = 503,
                                        .times = 2,
                                        .skip = 1,
                                        .resource = "pods"});
    expect_all_bound(SPOILT(FAULT_DO_DROP_AFTER));
}

/* Somebody else is faster: its binding counts, ours is not tried again, and its room is known. */
Test(spillway_bind, a_pod_that_somebody_else_bound_is_left_to_him)
{
    struct api_status status;
    stage_add_node(&stage, "a", "1");
    stage_add_node(&stage, "b", "1");
    stage_fault(&stage, &(struct fault){
                            .on = FAULT_ON_BIND, .act = FAULT_DO_STATUS, .code = 503, .times = 1});
    stage_add_pod(&stage, "p", "1");
    stage_start(&stage, "kubeconfig", flags);
    stage_await_said(&stage, "Caches are synced");
    const struct store_binding theirs = {.ns = STR("default"), .name = STR("p"), .node = STR("b")};
    if (!stage_node_of(&stage, "p")[0])
        cr_assert(store_bind(stage.store, &theirs, &status), "%s", status.message);
    stage_add_pod(&stage, "q", "1");
    stage_await_bound(&stage, "q");
    cr_expect_eq(stage_pods_on(&stage, "a"), 1);
    cr_expect_eq(stage_pods_on(&stage, "b"), 1);
    cr_expect_eq(stage.moves, 0);
    cr_expect_eq(stage_stop(&stage), 0);
}
