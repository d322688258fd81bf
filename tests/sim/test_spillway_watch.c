/*
 * build/spillway and what may become of lists and watches: afterwards it schedules as if nothing
 * had been, and it did not ask more often than its backoff allows.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/stage.h"

enum {
    PODS = 10,
    WRITES_PER_POD = 3,     /* a bind, a condition or a read, an event */
    LISTS_AND_WATCHES = 40, /* of both kinds, with all retries that backoff lets happen */
};

static struct stage stage;

static void setup(void)
{
    stage_open(&stage);
}

static void teardown(void)
{
    stage_close(&stage);
}

TestSuite(spillway_watch, .init = setup, .fini = teardown, .timeout = 180);

static void delete_object(enum kind_id kind, const char *name)
{
    struct api_status status;
    const struct store_target target = {
        .kind = kind, .ns = kind == KIND_NODE ? STR("") : STR("default"), .name = str_from(name)};
    const struct delete_options now = {.grace_s = 0};
    cr_assert(store_delete(stage.store, &target, &now, NULL, &status), "%s", status.message);
}

static void expect_calm(size_t pods)
{
    uint64_t requests = apiserver_counts(stage.server).requests;
    cr_expect_leq(requests, LISTS_AND_WATCHES + pods * WRITES_PER_POD, "%llu requests",
                  (unsigned long long)requests);
}

/* Pods of before, then objects that come and go while the history is lost, then pods that fit only
 * when all of that was seen. What the node "gone" has is of no use, so that a bind that is faster
 * than the news of its deletion changes nothing. */
static void expect_good_view(const struct fault *faults, size_t count)
{
    enum { GONE = 4, AFTER = PODS + GONE };
    stage_add_node(&stage, "a", "10");
    stage_add_node(&stage, "gone", "0");
    stage_add_pods(&stage, "before", PODS, "1");
    for (size_t i = 0; i < count; i++)
        stage_fault(&stage, &faults[i]);
    stage_start(&stage, "kubeconfig", NULL);
    stage_await_bindings(&stage, PODS);
    cr_expect_eq(stage_pods_on(&stage, "a"), PODS);

    for (size_t i = 0; i < GONE; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "before-%zu", i);
        delete_object(KIND_POD, name);
    }
    delete_object(KIND_NODE, "gone");
    stage_add_node(&stage, "b", "10");
    apiserver_compact(stage.server);
    for (size_t i = 0; i < count; i++)
        stage_fault(&stage, &faults[i]);
    stage_add_pods(&stage, "after", AFTER, "1");
    stage_await_bindings(&stage, PODS + AFTER);
    cr_expect_eq(stage_pods_on(&stage, "a"), 10);
    cr_expect_eq(stage_pods_on(&stage, "b"), 10);
    cr_expect_eq(stage.moves, 0);
    if (count > 0)
        cr_expect_gt(stage_fired(&stage), 0, "the fault never happened");
    stage_add_pod(&stage, "over", "1");
    char *message = stage_await_refusal(&stage, "over");
    cr_expect_str_eq(message, "0/2 nodes are available: 2 Insufficient cpu.");
    free(message);
    expect_calm(PODS + AFTER + 1);
    cr_expect_eq(stage_stop(&stage), 0);
}

static void expect_good_view_after(enum fault_class on, enum fault_action act, int code,
                                   uint32_t times)
{
    const struct fault fault = {.on = on, .act = act, .code = code, .times = times};
    expect_good_view(&fault, 1);
}

Test(spillway_watch, without_a_fault)
{
    expect_good_view(NULL, 0);
}

Test(spillway_watch, the_answer_410)
{
    expect_good_view_after(FAULT_ON_WATCH, FAULT_DO_STATUS, 410, 3);
}

Test(spillway_watch, an_error_event_410)
{
    expect_good_view_after(FAULT_ON_WATCH, FAULT_DO_WATCH_410, 0, 3);
}

Test(spillway_watch, goaway)
{
    expect_good_view_after(FAULT_ON_WATCH, FAULT_DO_GOAWAY, 0, 4);
}

Test(spillway_watch, a_watch_that_ends_at_once)
{
    expect_good_view_after(FAULT_ON_WATCH, FAULT_DO_WATCH_CLOSE, 0, 4);
}

Test(spillway_watch, a_connection_that_is_dropped)
{
    expect_good_view_after(FAULT_ON_WATCH, FAULT_DO_DROP_BEFORE, 0, 4);
}

Test(spillway_watch, streaming_lists_are_unknown)
{
    expect_good_view_after(FAULT_ON_WATCH, FAULT_DO_NO_STREAMING, 0, 1000);
}

Test(spillway_watch, no_bookmarks_while_it_watches)
{
    /* Lists in pages first, so that no initial bookmark is missed. */
    const struct fault faults[] = {
        {.on = FAULT_ON_WATCH, .act = FAULT_DO_NO_STREAMING, .times = 4},
        {.on = FAULT_ON_WATCH, .act = FAULT_DO_NO_BOOKMARK, .times = 1000},
    };
    expect_good_view(faults, 2);
}

Test(spillway_watch, lists_that_fail)
{
    const struct fault faults[] = {
        {.on = FAULT_ON_WATCH, .act = FAULT_DO_NO_STREAMING, .times = 1000},
        {.on = FAULT_ON_LIST, .act = FAULT_DO_TRUNCATE, .times = 1},
        {.on = FAULT_ON_LIST, .act = FAULT_DO_CORRUPT, .times = 1},
        {.on = FAULT_ON_LIST, .act = FAULT_DO_STATUS, .code = 500, .times = 1},
        {.on = FAULT_ON_LIST, .act = FAULT_DO_STATUS, .code = 429, .retry_after_s = 1, .times = 1},
    };
    expect_good_view(faults, ARRAY_LEN(faults));
}

Test(spillway_watch, a_server_that_refuses_all_watches_is_asked_with_backoff)
{
    stage_fault(&stage,
                &(struct fault){
                    .on = FAULT_ON_WATCH, .act = FAULT_DO_STATUS, .code = 503, .times = 1000000});
    stage_fault(&stage,
                &(struct fault){
                    .on = FAULT_ON_LIST, .act = FAULT_DO_STATUS, .code = 503, .times = 1000000});
    stage_start(&stage, "kubeconfig", NULL);
    /* 0.8 s, doubled each time: the fourth request of a kind comes after 5.6 s at the earliest, and
     * there are four kinds: nodes, pods, policies of two groups. */
    uint64_t before_ns = uv_hrtime();
    stage_await_requests(&stage, 16);
    cr_expect_geq((uv_hrtime() - before_ns) / 1000000, 5500);
    cr_expect_not(spillway_said(&stage.spillway, "Caches are synced"));
    cr_expect_eq(stage_stop(&stage), 0);
}

/* The store holds more pages than one: nothing is bound before the last of them is read. */
Test(spillway_watch, pages_are_all_read_before_the_first_pod_is_bound)
{
    enum { FULL_NODES = 3, ON_EACH = 400 };
    stage_fault(&stage,
                &(struct fault){.on = FAULT_ON_WATCH, .act = FAULT_DO_NO_STREAMING, .times = 1000});
    for (int i = 0; i < FULL_NODES; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "full-%d", i);
        stage_add_node(&stage, name, "400");
        for (int k = 0; k < ON_EACH; k++) {
            char pod[512];
            (void)snprintf(pod, sizeof(pod),
                           "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":"
                           "\"z-%d-%d\"},\"spec\":{\"nodeName\":\"%s\",\"containers\":[{\"name\":"
                           "\"c\",\"image\":\"i\",\"resources\":{\"requests\":{\"cpu\":\"1\"}}}]}}",
                           i, k, name);
            stage_create(&stage, KIND_POD, pod);
        }
    }
    stage_add_pod(&stage, "a", "1"); /* in the first page, before the bound ones */
    stage_start(&stage, "kubeconfig", NULL);
    char *message = stage_await_refusal(&stage, "a");
    cr_expect_str_eq(message, "0/3 nodes are available: 3 Insufficient cpu.");
    free(message);
    cr_expect_eq(stage.bindings, 0);
    cr_expect_eq(stage_stop(&stage), 0);
}
