/* What else a fault can do: to the objects at the moment of a bind, to what is shown, to the wire.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "apiserver_fixture.h"

static struct face f;

static void setup(void)
{
    const struct apiserver_options options = {.page_objects_max = 2};
    face_init(&f, &options);
    face_pod(&f, "a");
    cr_assert_eq(face_code(&f, "POST", "/api/v1/nodes", "{\"metadata\":{\"name\":\"n1\"}}"), 201);
}

static void teardown(void)
{
    face_fini(&f);
}

TestSuite(apiserver_trick, .init = setup, .fini = teardown, .timeout = 20);

static const struct object *pod_a(void)
{
    return store_get(f.store, KIND_POD, STR("default"), STR("a"));
}

static void arm(const struct fault *fault)
{
    struct fault once = *fault;
    once.times = 1;
    cr_assert(fault_arm(apiserver_faults(f.server), &once));
}

/* What a bind of pod a to n1 comes to. */
static const struct {
    struct fault fault;
    long code;
    const char *node; /* of the pod afterwards */
    const char *phase;
    bool keeps_node, keeps_pod;
} binds[] = {
    {{.act = FAULT_DO_TWICE}, 409, "n1", "Pending", true, true},
    {{.act = FAULT_DO_BIND_ELSEWHERE, .node = "theirs"}, 409, "theirs", "Pending", true, true},
    {{.act = FAULT_DO_RECREATE_POD}, 201, "n1", "Pending", true, false},
    {{.act = FAULT_DO_DROP_NODE_BEFORE}, 201, "n1", "Pending", false, true},
    {{.act = FAULT_DO_DROP_NODE_THEN}, 201, "n1", "Pending", false, true},
    {{.act = FAULT_DO_DROP_NODE_AFTER}, 201, "n1", "Pending", false, true},
    {{.act = FAULT_DO_KUBELET_REFUSES}, 201, "n1", "Failed", true, true},
    {{.act = FAULT_DO_CUT}, 0, "n1", "Pending", true, true},
    {{.act = FAULT_DO_LATE, .delay_ms = 20}, 201, "n1", "Pending", true, true},
    {{.act = FAULT_DO_REDIRECT}, 307, "", "Pending", true, true},
    {{.act = FAULT_DO_TOO_LARGE_RV}, 504, "", "Pending", true, true},
};

Test(apiserver_trick, binds_end_as_the_table_says)
{
    for (size_t i = 0; i < ARRAY_LEN(binds); i++) {
        teardown();
        setup();
        char uid[UID_BYTES];
        memcpy(uid, pod_a()->ident->uid, UID_BYTES);
        struct fault fault = binds[i].fault;
        fault.on = FAULT_ON_BIND;
        arm(&fault);
        cr_expect_eq(face_bind(&f, "a", "n1"), binds[i].code, "row %zu", i);
        cr_expect_str_eq(object_node_name(pod_a()), binds[i].node, "row %zu", i);
        cr_expect_str_eq(object_phase(pod_a()), binds[i].phase, "row %zu", i);
        cr_expect_eq(strcmp(pod_a()->ident->uid, uid) == 0, binds[i].keeps_pod, "row %zu", i);
        cr_expect_eq(store_get(f.store, KIND_NODE, STR(""), STR("n1")) != NULL, binds[i].keeps_node,
                     "row %zu", i);
        cr_expect_eq(fault_fired(apiserver_faults(f.server), fault.act), 1, "row %zu", i);
    }
}

/* curl sends once more what met a reset on a connection of before. */
Test(apiserver_trick, a_reset_connection_applies_nothing)
{
    const struct fault reset = {.on = FAULT_ON_BIND, .act = FAULT_DO_RESET_TCP, .times = 9};
    cr_assert(fault_arm(apiserver_faults(f.server), &reset));
    cr_expect_eq(face_bind(&f, "a", "n1"), 0);
    cr_expect_str_empty(object_node_name(pod_a()));
    cr_expect_gt(fault_fired(apiserver_faults(f.server), FAULT_DO_RESET_TCP), 0);
}

Test(apiserver_trick, a_late_answer_comes_behind_others)
{
    struct reply late = {0};
    arm(&(struct fault){.on = FAULT_ON_GET, .act = FAULT_DO_LATE, .delay_ms = 50});
    face_start(&f, &late, "GET", "/api/v1/namespaces/default/pods/a", NULL);
    while (fault_fired(apiserver_faults(f.server), FAULT_DO_LATE) == 0)
        cr_assert_eq(face_code(&f, "GET", "/readyz", NULL), 200);
    cr_expect_not(late.done);
    face_wait(&late);
    cr_expect_eq(late.code, 200);
    reply_fini(&late);
}

static void expect_list(const char *query, long code, const char *has, const char *lacks)
{
    struct reply reply = {0};
    char path[128];
    (void)snprintf(path, sizeof(path), "/api/v1/pods%s", query);
    cr_expect_eq(face_call(&f, &reply, "GET", path, NULL), code, "%s", query);
    cr_expect(reply_has(&reply, has), "%s has no %s", query, has);
    cr_expect(!lacks || !reply_has(&reply, lacks), "%s has %s", query, lacks);
    reply_fini(&reply);
}

Test(apiserver_trick, lists_are_shown_as_the_fault_says)
{
    face_pod(&f, "pod-b");
    face_pod(&f, "pod-c");
    expect_list("", 200, "\"continue\":", "pod-c"); /* two a page */
    arm(&(struct fault){.on = FAULT_ON_LIST, .act = FAULT_DO_STALE, .behind = 2});
    expect_list("?resourceVersion=0", 200, "\"name\":\"a\"", "pod-b");
    arm(&(struct fault){.on = FAULT_ON_LIST, .act = FAULT_DO_WRONG_KIND});
    expect_list("", 200, "GadgetList", "PodList");
    arm(&(struct fault){.on = FAULT_ON_LIST, .act = FAULT_DO_TABLE});
    expect_list("", 200, "\"kind\":\"Table\"", "PodList");
    arm(&(struct fault){.on = FAULT_ON_LIST, .act = FAULT_DO_DUPLICATE_KEYS});
    expect_list("", 200, "\"spec\":{},\"spec\":{", NULL);
    arm(&(struct fault){.on = FAULT_ON_PAGE, .act = FAULT_DO_STATUS, .code = 410});
    expect_list("", 200, "\"continue\":", NULL); /* a first page is none */
    expect_list("?continue=abcd", 410, "Expired", NULL);
    cr_expect_eq(apiserver_counts(f.server).lists_spoilt, 4);
}

Test(apiserver_trick, a_restored_backup_has_the_objects_and_versions_of_then)
{
    int64_t then = store_rv(f.store);
    face_pod(&f, "pod-b");
    cr_assert_eq(face_bind(&f, "a", "n1"), 201);
    cr_assert_eq(face_code(&f, "DELETE", "/api/v1/nodes/n1", NULL), 200);
    apiserver_rewind(f.server, then);
    cr_expect_eq(store_rv(f.store), then);
    cr_expect_str_empty(object_node_name(pod_a()));
    cr_expect_null(store_get(f.store, KIND_POD, STR("default"), STR("pod-b")));
    cr_expect_not_null(store_get(f.store, KIND_NODE, STR(""), STR("n1")));
    face_pod(&f, "pod-c");
    cr_expect_eq(store_get(f.store, KIND_POD, STR("default"), STR("pod-c"))->rv, then + 1);
}

static void switch_wire(enum wire_fault fault, uint32_t amount)
{
    cr_assert_eq(apiserver_wire(f.server, fault, amount), 0);
}

Test(apiserver_trick, faults_of_the_network_happen_and_are_over)
{
    static const enum wire_fault refusing[] = {WIRE_REFUSE, WIRE_GARBLE};
    for (size_t i = 0; i < ARRAY_LEN(refusing); i++) {
        cr_assert_eq(face_code(&f, "GET", "/readyz", NULL), 200);
        switch_wire(WIRE_REFUSE, 1); /* a connection of before would do else */
        if (refusing[i] != WIRE_REFUSE)
            switch_wire(WIRE_REFUSE, 0);
        switch_wire(refusing[i], 1);
        cr_expect_eq(face_code(&f, "GET", "/readyz", NULL), 0, "%d", (int)refusing[i]);
        switch_wire(refusing[i], 0);
        cr_expect_eq(face_code(&f, "GET", "/readyz", NULL), 200, "%d", (int)refusing[i]);
        cr_expect_gt(apiserver_counts(f.server).wire[refusing[i]], 0);
    }
    switch_wire(WIRE_DELAY, 5);
    cr_expect_eq(face_code(&f, "GET", "/readyz", NULL), 200);
    cr_expect_gt(apiserver_counts(f.server).wire[WIRE_DELAY], 0);
    switch_wire(WIRE_DELAY, 0);
}
