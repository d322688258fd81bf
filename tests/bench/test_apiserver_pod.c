/* What a scheduler does to pods by HTTP: bindings that carry metadata, victims of preemption. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver_fixture.h"
#include "bench/controller.h"
#include "bench/controller_read.h"

#define POD "/api/v1/namespaces/default/pods/a"

static struct face f;

static void teardown(void)
{
    face_fini(&f);
}

TestSuite(apiserver_pod, .fini = teardown, .timeout = 20);

static const struct object *pod(void)
{
    return store_get(f.store, KIND_POD, STR("default"), STR("a"));
}

/* elastic-policies.md 10.3, its table. */
static const struct version_row {
    const char *git_version, *minor;
    bool copies_labels;
} versions[] = {
    {NULL, "\"minor\":\"37\"", true},
    {"v1.35.0", "\"minor\":\"35\"", true},
    {"v1.34.9", "\"minor\":\"34\"", false},
    {"v1.24.17-aliyun.1", "\"minor\":\"24\"", false},
};

static void bind_with_metadata(void)
{
    cr_assert_eq(face_code(&f, "POST", POD "/binding",
                           "{\"apiVersion\":\"v1\",\"kind\":\"Binding\",\"metadata\":{\"name\":"
                           "\"a\",\"annotations\":{\"unit\":\"ecs\"},\"labels\":{\"paid\":"
                           "\"yes\"}},\"target\":{\"kind\":\"Node\",\"name\":\"n1\"}}"),
                 201);
}

Test(apiserver_pod, a_new_server_may_copy_annotations_and_no_labels)
{
    struct str value;
    face_init(&f, NULL);
    face_pod(&f, "a");
    cr_assert(
        fault_arm(apiserver_faults(f.server),
                  &(struct fault){.on = FAULT_ON_BIND, .act = FAULT_DO_IGNORE_LABELS, .times = 1}));
    bind_with_metadata();
    cr_expect_str_eq(object_node_name(pod()), "n1");
    cr_expect(object_annotation(pod(), STR("unit"), &value) && str_is(value, "ecs"));
    cr_expect_not(object_label(pod(), STR("paid"), &value));
}

Test(apiserver_pod, which_metadata_of_a_binding_reaches_the_pod_depends_on_the_version)
{
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        struct reply reply = {0};
        struct str value;
        if (i > 0)
            face_fini(&f);
        face_init(&f, &(struct apiserver_options){.git_version = versions[i].git_version});
        cr_assert_eq(face_call(&f, &reply, "GET", "/version", NULL), 200);
        cr_expect(reply_has(&reply, versions[i].minor));
        reply_fini(&reply);
        face_pod(&f, "a");
        bind_with_metadata();
        cr_expect(object_annotation(pod(), STR("unit"), &value) && str_is(value, "ecs"));
        cr_expect_eq(object_label(pod(), STR("paid"), &value), versions[i].copies_labels,
                     "version %s", versions[i].minor);
        cr_expect(object_label(pod(), STR("app"), &value) && str_is(value, "web"));
    }
}

Test(apiserver_pod, labels_before_the_binding_are_one_merge_patch_with_preconditions)
{
    face_init(&f, &(struct apiserver_options){.git_version = "v1.34.0"});
    face_pod(&f, "a");
    char body[256];
    struct str value;
    struct reply reply = {.type = "application/merge-patch+json"};
    (void)snprintf(body, sizeof(body),
                   "{\"metadata\":{\"uid\":\"%s\",\"labels\":{\"paid\":\"yes\"}}}",
                   pod()->ident->uid);
    cr_assert_eq(face_call(&f, &reply, "PATCH", POD, body), 200);
    cr_assert(object_label(pod(), STR("paid"), &value) && str_is(value, "yes"));
    reply_fini(&reply);
    reply.type = "application/merge-patch+json";
    cr_assert_eq(face_call(&f, &reply, "PATCH", POD,
                           "{\"metadata\":{\"uid\":\"42\",\"labels\":{\"paid\":\"no\"}}}"),
                 422);
    cr_assert(reply_has(&reply, "Pod \\\"a\\\" is invalid: metadata.uid: Invalid value: "
                                "\\\"42\\\": field is immutable"));
    reply_fini(&reply);
    cr_assert_eq(face_bind(&f, "a", "n1"), 201);
    cr_assert(object_label(pod(), STR("paid"), &value) && str_is(value, "yes"));
}

static void patch_status(const char *body, long code)
{
    struct reply reply = {.type = "application/strategic-merge-patch+json"};
    cr_assert_eq(face_call(&f, &reply, "PATCH", POD "/status", body), code, "%ld %s", reply.code,
                 reply.body.data);
    reply_fini(&reply);
}

#define TARGET(message)                                                                            \
    "{\"status\":{\"conditions\":[{\"type\":\"DisruptionTarget\",\"status\":\"True\",\"reason\":"  \
    "\"PreemptionByScheduler\",\"message\":\"" message "\"}]}}"

/* kube-scheduler.md A14.6: the condition first, then a DELETE with default options. */
Test(apiserver_pod, a_victim_gets_its_condition_and_ends_within_its_own_grace)
{
    face_init(&f, NULL);
    cr_assert_eq(face_code(&f, "POST", "/api/v1/nodes", "{\"metadata\":{\"name\":\"n1\"}}"), 201);
    struct controllers *kubelets = controllers_new(f.store, 1);
    cr_assert_eq(face_code(&f, "POST", "/api/v1/namespaces/default/pods",
                           "{\"metadata\":{\"name\":\"a\"},\"spec\":{"
                           "\"terminationGracePeriodSeconds\":7,\"containers\":[{\"name\":\"c\"}]"
                           "}}"),
                 201);
    cr_assert_eq(face_bind(&f, "a", "n1"), 201);
    patch_status(TARGET("first"), 200);
    patch_status(TARGET("spillway: preempting to accommodate a higher priority pod"), 200);
    struct condition_view condition;
    cr_assert(object_condition(pod(), "DisruptionTarget", &condition));
    cr_assert(str_is(condition.reason, "PreemptionByScheduler"));
    cr_assert(str_is(condition.message_raw,
                     "\"spillway: preempting to accommodate a higher priority pod\""),
              "one condition of a type");
    cr_assert(object_condition_true(pod(), "PodScheduled"), "the others stay");
    struct reply reply = {0};
    cr_assert_eq(face_call(&f, &reply, "DELETE", POD, "{}"), 200);
    cr_assert(reply_has(&reply, "\"kind\":\"Pod\""), "it goes on for its grace");
    cr_assert(reply_has(&reply, "\"deletionGracePeriodSeconds\":7"));
    cr_assert(reply_has(&reply, "DisruptionTarget"));
    reply_fini(&reply);
    cr_assert_eq(pod()->deleted_s - f.clock.wall_us / 1000000, 7);
    sim_clock_advance(&f.clock, 1000); /* its kubelet ends it */
    controllers_run(kubelets);
    cr_assert_null(pod());
    cr_assert_eq(face_code(&f, "DELETE", POD, "{}"), 404);
    controllers_free(kubelets);
}

Test(apiserver_pod, a_delete_names_its_grace_and_whom_it_means)
{
    face_init(&f, NULL);
    struct reply reply = {0};
    face_pod(&f, "a");
    cr_assert_eq(face_bind(&f, "a", "n1"), 201);
    cr_assert_eq(face_call(&f, &reply, "DELETE", POD, "{\"preconditions\":{\"uid\":\"42\"}}"), 409);
    cr_assert(reply_has(&reply, "Operation cannot be fulfilled on Pod \\\"a\\\": the UID in the "
                                "precondition (42) does not match the UID in record"));
    reply_fini(&reply);
    cr_assert_eq(face_code(&f, "DELETE", POD, "{}"), 200);
    cr_assert_eq(pod()->grace_s, 30, "the pod's own");
    int64_t deleted_s = pod()->deleted_s;
    cr_assert_eq(face_code(&f, "DELETE", POD, "{\"gracePeriodSeconds\":60}"), 200);
    cr_assert_eq(pod()->deleted_s, deleted_s, "a deletion is never put off");
    cr_assert_eq(face_code(&f, "DELETE", POD "?gracePeriodSeconds=5", NULL), 200);
    cr_assert_eq(pod()->grace_s, 5, "but may be hastened");
    cr_assert_eq(face_code(&f, "DELETE", POD, "{\"gracePeriodSeconds\":0}"), 200);
    cr_assert_null(pod());
}

/* A pod without a node has no kubelet that could end it. */
Test(apiserver_pod, a_pod_that_was_never_bound_goes_at_once)
{
    face_init(&f, NULL);
    struct reply reply = {0};
    face_pod(&f, "a");
    cr_assert_eq(face_call(&f, &reply, "DELETE", POD, "{}"), 200);
    cr_assert(reply_has(&reply, "\"kind\":\"Pod\""));
    cr_assert(reply_has(&reply, "\"deletionGracePeriodSeconds\":0"));
    cr_assert(reply_has(&reply, "\"generation\":2"));
    reply_fini(&reply);
    cr_assert_null(pod());
}

Test(apiserver_pod, the_nominated_node_is_patched_with_the_condition_and_cleared)
{
    face_init(&f, NULL);
    face_pod(&f, "a");
    patch_status("{\"status\":{\"nominatedNodeName\":\"n1\",\"conditions\":[{\"type\":"
                 "\"PodScheduled\",\"status\":\"False\",\"reason\":\"Unschedulable\"}]}}",
                 200);
    cr_assert(str_is(object_field_text(pod(), "status.nominatedNodeName"), "n1"));
    patch_status("{\"status\":{\"nominatedNodeName\":null}}", 200);
    cr_assert_eq(object_field_text(pod(), "status.nominatedNodeName").len, 0);
    struct condition_view condition;
    cr_assert(object_condition(pod(), "PodScheduled", &condition));
    cr_assert(str_is(condition.reason, "Unschedulable"));
}
