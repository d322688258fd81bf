/*
 * build/spillway and bytes that no good apiserver sends: each costs bounded time and memory, is
 * said in a way that helps, and the pod that comes after it is bound.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "model/base/mem.h"
#include "model/object.h"
#include "tests/sim/script.h"
#include "tests/sim/stage.h"

enum { PATH_BYTES = 512, TEXT_BYTES = 128 << 20, RESIDENT_BYTES_MAX = 100 << 20 };

#define UID(n) "00000000-0000-0000-0000-00000000000" #n
#define META(name, n)                                                                              \
    "\"metadata\":{\"name\":\"" name "\",\"uid\":\"" UID(n) "\",\"resourceVersion\":\"" #n "\""
#define LIST_END(kind)                                                                             \
    "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"" kind "\",\"apiVersion\":\"v1\",\"metadata\":" \
    "{\"resourceVersion\":\"9\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
#define ADDED(object) "{\"type\":\"ADDED\",\"object\":" object "}\n"
#define NODE(name, n, status)                                                                      \
    "{\"kind\":\"Node\",\"apiVersion\":\"v1\"," META(name, n) "},\"status\":" status "}"
#define ROOM "{\"allocatable\":{\"cpu\":\"4\",\"memory\":\"8Gi\",\"pods\":\"10\"}}"
#define POD_OF(name, n, more_metadata, request)                                                    \
    "{\"kind\":\"Pod\",\"apiVersion\":\"v1\"," META(                                               \
        name, n) ",\"namespace\":\"default\"" more_metadata                                        \
                 "},\"spec\":{\"schedulerName\":\"spillway\",\"containers\":[{\"name\":\"c\","     \
                 "\"image\":\"i\",\"resources\":{\"requests\":{\"cpu\":\"" request "\"}}}]}}"
#define POD(name, n) POD_OF(name, n, "", "1")

/* What a test says before the good pod comes. */
#define NODES_FINE                                                                                 \
    {                                                                                              \
        200, ADDED(NODE("n", 1, ROOM)) LIST_END("Node"), SCRIPT_HOLDS, 0, "GET /api/v1/nodes"      \
    }
#define PODS(text, end)                                                                            \
    {                                                                                              \
        200, text, end, 0, "GET /api/v1/pods"                                                      \
    }
#define GOOD_POD PODS(ADDED(POD("after", 5)), SCRIPT_HOLDS)

static struct script script;
static struct process spillway;
static char *long_text; /* of a test, freed at the end */

static void setup(void)
{
    script_open(&script);
}

static void teardown(void)
{
    (void)process_stop(&spillway, SIGKILL, SPILLWAY_PATIENCE_MS);
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/spillway.log", script.dir);
    (void)unlink(path);
    script_close(&script);
    free(long_text);
}

TestSuite(spillway_input, .init = setup, .fini = teardown, .timeout = 120);

static void start(void)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/kubeconfig", script.dir);
    const char *const flags[] = {"--kubeconfig", path, NULL};
    SCRIPT_SAY(&script, {201, "{}", SCRIPT_ENDS, 0, "/pods/after/binding"});
    /* No CRDs there; asked again when an answer was lost with its connection. */
    for (int i = 0; i < 4 * POLICY_SOURCE_COUNT; i++)
        SCRIPT_SAY(&script, {404, "404 page not found\n", SCRIPT_ENDS, 0, "/resourcepolicies"});
    spillway_start(&spillway, script.dir, flags);
}

static void await(bool (*is_done)(void *ctx), void *ctx, const char *what)
{
    if (script_run_for(&script, SPILLWAY_PATIENCE_MS, is_done, ctx))
        return;
    char *log CLEANUP(mem_freep) = process_log(&spillway);
    cr_assert_fail("%s; the log:\n%s", what, log);
}

static bool has_bound(void *ctx)
{
    (void)ctx;
    return script_count(&script, "POST /api/v1/namespaces/default/pods/after/binding") > 0 ||
           spillway_has_ended(&spillway);
}

static bool has_said(void *text)
{
    return spillway_said(&spillway, text) || spillway_has_ended(&spillway);
}

static void expect_said(const char *text)
{
    char copy[256];
    (void)snprintf(copy, sizeof(copy), "%s", text);
    await(has_said, copy, text);
    if (!spillway_said(&spillway, text)) {
        char *log CLEANUP(mem_freep) = process_log(&spillway);
        cr_expect_fail("not said: %s; but:\n%s", text, log);
    }
}

static bool has_ended(void *ctx)
{
    (void)ctx;
    return spillway_has_ended(&spillway);
}

/* The pod behind what was wrong is bound, once, and spillway lives and ends in good order. */
static void expect_good_pod(void)
{
    await(has_bound, NULL, "the good pod was not bound");
    cr_expect_not(spillway_has_ended(&spillway), "spillway has ended");
    cr_expect_eq(script_count(&script, "/pods/after/binding"), 1);
#ifndef __SANITIZE_ADDRESS__ /* its shadow and its quarantine are memory too */
    cr_expect_lt(spillway_peak_bytes(&spillway), RESIDENT_BYTES_MAX);
#endif
    (void)kill(spillway.pid, SIGTERM);
    await(has_ended, NULL, "spillway did not end");
    cr_expect_eq(process_wait(&spillway, SPILLWAY_PATIENCE_MS), 0);
}

static void expect_good_pod_on_n(void)
{
    expect_good_pod();
    for (size_t i = 0; i < script.request_count; i++)
        if (strstr(script.requests[i].path, "/pods/after/binding"))
            cr_expect(strstr(script.requests[i].body, "\"name\":\"n\""), "%s",
                      script.requests[i].body);
}

/* The patch of a pod's status: where its owner reads what is wrong. */
static const char *status_patch_of(const char *pod)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "/pods/%s/status", pod);
    for (size_t i = 0; i < script.request_count; i++)
        if (strstr(script.requests[i].path, path))
            return script.requests[i].body;
    return NULL;
}

static bool has_patched(void *pod)
{
    return status_patch_of(pod) || spillway_has_ended(&spillway);
}

static void expect_patch(const char *pod, const char *text)
{
    char name[64];
    (void)snprintf(name, sizeof(name), "%s", pod);
    await(has_patched, name, "no condition was written");
    const char *patch = status_patch_of(pod);
    cr_assert(patch, "spillway has ended");
    cr_expect(strstr(patch, text), "\"%s\" is not in %s", text, patch);
}

/* ---- streams ---- */

Test(spillway_input, a_watch_that_is_cut_in_a_frame)
{
    SCRIPT_SAY(&script, NODES_FINE,
               PODS(LIST_END("Pod") "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Po", SCRIPT_DROPS),
               GOOD_POD);
    start();
    expect_said("watch of pods: the connection to ");
    expect_good_pod();
}

Test(spillway_input, a_watch_that_ends_in_a_frame)
{
    SCRIPT_SAY(&script, NODES_FINE,
               PODS(LIST_END("Pod") "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Po", SCRIPT_ENDS),
               GOOD_POD);
    start();
    expect_said("the input ends in the middle: it was cut on the way");
    expect_good_pod();
}

Test(spillway_input, bytes_that_are_no_json)
{
    SCRIPT_SAY(&script, NODES_FINE,
               PODS(LIST_END("Pod") "{\"type\":\"ADDED\",\"object\":\x01}\n", SCRIPT_HOLDS),
               GOOD_POD);
    start();
    expect_said("watch of pods: ");
    expect_said("byte ");
    expect_good_pod();
}

Test(spillway_input, an_object_nested_ten_thousand_deep)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    (void)buf_add_str(&text, LIST_END("Pod") "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\","
                                             "\"apiVersion\":\"v1\",\"x\":");
    for (int i = 0; i < 10000; i++)
        (void)buf_add_str(&text, "[");
    for (int i = 0; i < 10000; i++)
        (void)buf_add_str(&text, "]");
    (void)buf_add_str(&text, "}}\n");
    long_text = buf_take(&text);
    SCRIPT_SAY(&script, NODES_FINE, PODS(long_text, SCRIPT_HOLDS), GOOD_POD);
    start();
    expect_said("nested deeper than 64 levels");
    expect_good_pod();
}

/* A pod with an annotation of 100 MB. */
Test(spillway_input, a_hundred_megabytes_in_one_line)
{
    enum { LEN = 100 << 20 };
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    (void)buf_add_str(
        &text,
        LIST_END("Pod") "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\","
                        "\"apiVersion\":\"v1\"," META(
                            "large", 2) ",\"namespace\":\"default\",\"annotations\":{\"x\":\"");
    char *filling = mem_zalloc(LEN, 1);
    memset(filling, 'x', LEN);
    (void)buf_add(&text, filling, LEN);
    free(filling);
    (void)buf_add_str(&text, "\"}},\"spec\":{\"schedulerName\":\"spillway\",\"containers\":[{"
                             "\"name\":\"c\",\"image\":\"i\"}]}}}\n" ADDED(POD("after", 5)));
    long_text = buf_take(&text);
    SCRIPT_SAY(&script, NODES_FINE, PODS(long_text, SCRIPT_HOLDS));
    start();
    expect_patch("large", "default/large: the object: is 104857");
    expect_patch("large", "bytes of text: shorten it to at most 8388608");
    expect_good_pod();
    cr_expect_eq(script_count(&script, "/pods/large/binding"), 0);
}

Test(spillway_input, a_table_where_a_stream_of_pods_was_asked_for)
{
    SCRIPT_SAY(&script, NODES_FINE,
               PODS("{\"type\":\"ADDED\",\"object\":{\"kind\":\"Table\",\"apiVersion\":"
                    "\"meta.k8s.io/v1\",\"metadata\":{\"resourceVersion\":\"5\"},\"rows\":[]}}\n",
                    SCRIPT_HOLDS),
               PODS(LIST_END("Pod") ADDED(POD("after", 5)), SCRIPT_HOLDS));
    start();
    expect_said("Table");
    expect_good_pod();
}

Test(spillway_input, a_table_where_a_list_of_pods_was_asked_for)
{
    SCRIPT_SAY(&script, NODES_FINE, {400, "{}", SCRIPT_ENDS, 0, "GET /api/v1/pods"},
               PODS("{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{"
                    "\"resourceVersion\":\"5\"},\"rows\":[]}\n",
                    SCRIPT_ENDS),
               PODS("{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":"
                    "\"5\"},\"items\":[" POD("after", 5) "]}",
                    SCRIPT_ENDS));
    start();
    expect_said("Table");
    expect_good_pod();
}

Test(spillway_input, a_page_of_a_proxy)
{
    SCRIPT_SAY(
        &script, NODES_FINE,
        {502, "<html><body>502 Bad Gateway</body></html>\n", SCRIPT_ENDS, 0, "GET /api/v1/pods"},
        PODS("<html><body>Please log in</body></html>\n", SCRIPT_ENDS),
        PODS(LIST_END("Pod") ADDED(POD("after", 5)), SCRIPT_HOLDS));
    start();
    expect_said("HTTP 502");
    expect_good_pod();
}

/* ---- objects ---- */

/* {"k0":"v",...} behind what is there. */
static void add_labels(struct buf *text)
{
    for (int i = 0; i < 10000; i++)
        (void)buf_printf(text, "%s\"k%d\":\"v\"", i > 0 ? "," : "\"labels\":{", i);
    (void)buf_add_str(text, "}");
}

/* Nothing that decides reads a pod's labels yet: they cost nothing. */
Test(spillway_input, a_pod_with_ten_thousand_labels_waits_and_holds_nobody_up)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    (void)buf_add_str(&text, "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":"
                             "\"v1\"," META("labelled", 2) ",\"namespace\":\"default\",");
    add_labels(&text);
    (void)buf_add_str(&text, "},\"spec\":{\"schedulerName\":\"spillway\",\"containers\":[{"
                             "\"name\":\"c\",\"image\":\"i\"}]}}}\n" LIST_END("Pod")
                                 ADDED(POD("after", 5)));
    long_text = buf_take(&text);
    SCRIPT_SAY(&script, NODES_FINE, PODS(long_text, SCRIPT_HOLDS));
    start();
    expect_good_pod();
    cr_expect_eq(script_count(&script, "/pods/labelled/binding"), 0);
}

Test(spillway_input, a_node_with_ten_thousand_labels_is_named_and_passed_over)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    (void)buf_add_str(&text, "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Node\",\"apiVersion\":"
                             "\"v1\"," META("labelled", 2) ",");
    add_labels(&text);
    (void)buf_add_str(&text,
                      "},\"status\":" ROOM "}}\n" ADDED(NODE("n", 1, ROOM)) LIST_END("Node"));
    long_text = buf_take(&text);
    SCRIPT_SAY(&script, {200, long_text, SCRIPT_HOLDS, 0, "GET /api/v1/nodes"},
               PODS(LIST_END("Pod") ADDED(POD("after", 5)), SCRIPT_HOLDS));
    start();
    expect_said("node labelled takes no pods: ");
    expect_said("metadata.labels");
    expect_said("is over the limit of 1024 entries");
    expect_good_pod_on_n();
}

Test(spillway_input, a_quantity_of_1e30_waits_and_is_told_which_field)
{
    SCRIPT_SAY(&script, NODES_FINE,
               PODS(ADDED(POD_OF("huge", 2, "", "1e30")) LIST_END("Pod") ADDED(POD("after", 5)),
                    SCRIPT_HOLDS));
    start();
    expect_patch("huge", "spec.containers[0].resources.requests[");
    expect_patch("huge", "1e30");
    expect_patch("huge", "\"status\":\"False\"");
    expect_good_pod();
    cr_expect_eq(script_count(&script, "/pods/huge/binding"), 0);
}

Test(spillway_input, nodes_without_status_and_with_negative_room_are_named_and_passed_over)
{
    SCRIPT_SAY(&script,
               {200,
                ADDED(NODE("bare", 2, "{}"))
                    ADDED(NODE("negative", 3,
                               "{\"allocatable\":{\"cpu\":\"-4\",\"memory\":\"8Gi\",\"pods\":"
                               "\"10\"}}")) ADDED(NODE("n", 1, ROOM)) LIST_END("Node"),
                SCRIPT_HOLDS, 0, "GET /api/v1/nodes"},
               PODS(LIST_END("Pod") ADDED(POD("after", 5)), SCRIPT_HOLDS));
    start();
    expect_said("node bare has no status.allocatable: nothing fits until its kubelet reports");
    expect_said("node negative takes no pods: ");
    expect_said("status.allocatable[");
    expect_said("-4");
    expect_good_pod_on_n();
}

/* Its node may run it: nothing is written about it, and the operator reads why. */
Test(spillway_input, a_pod_whose_node_cannot_be_read_is_left_alone)
{
    SCRIPT_SAY(&script, NODES_FINE,
               PODS(ADDED("{\"kind\":\"Pod\",\"apiVersion\":\"v1\"," META(
                        "lost", 2) ",\"namespace\":\"default\"},\"spec\":{\"schedulerName\":"
                                   "\"spillway\",\"nodeName\":7,\"containers\":[]}}")
                        LIST_END("Pod") ADDED(POD("after", 5)),
                    SCRIPT_HOLDS));
    start();
    expect_said("pod passed over: default/lost: spec.nodeName: ");
    expect_good_pod();
    cr_expect_eq(script_count(&script, "/pods/lost"), 0);
}

/* Every byte of a name stays inside of its segment of the path. */
Test(spillway_input, names_that_look_like_paths_are_names)
{
    SCRIPT_SAY(&script, NODES_FINE,
               PODS(ADDED(POD("..", 2)) ADDED(POD("a/b?c#d%2F", 3)) LIST_END("Pod")
                        ADDED(POD("after", 5)),
                    SCRIPT_HOLDS),
               {201, "{}", SCRIPT_ENDS, 0, "/pods/../binding"}, {201, "{}", SCRIPT_ENDS, 0, "%2F"});
    start();
    expect_good_pod();
    cr_expect_eq(script_count(&script, "POST /api/v1/namespaces/default/pods/../binding"), 1);
    cr_expect_eq(
        script_count(&script, "POST /api/v1/namespaces/default/pods/a%2Fb%3Fc%23d%252F/binding"),
        1);
}
