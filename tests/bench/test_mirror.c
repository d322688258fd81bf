#include "bench/mirror.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attached_fixture.h"
#include "bench/controller_read.h"
#include "model/base/check.h"

enum { PATIENCE_S = 30 };

#define NODE "{\"metadata\":{\"name\":\"n1\"},\"status\":{\"allocatable\":{\"cpu\":\"4\"}}}"
#define POD(name)                                                                                  \
    "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"default\"},\"spec\":{\"schedulerName\":" \
    "\"spillway\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}"

/* A store of the world's own beside that of the server. */
struct rig {
    struct attached attached;
    struct sim_clock clock;
    struct store *store;
    struct mirror *mirror;
};

static struct mirror *start(struct rig *rig, const char *scheduler, struct err *err)
{
    const struct mirror_options options = {
        .plane = &rig->attached.plane, .store = rig->store, .scheduler = scheduler};
    return mirror_start(&options, err);
}

static void rig_init(struct rig *rig)
{
    attached_init(&rig->attached);
    sim_clock_read_system(&rig->clock);
    rig->store = store_new(NULL, &rig->clock);
    rig->mirror = NULL;
}

static void rig_start(struct rig *rig, const char *scheduler)
{
    struct err err = {0};
    rig_init(rig);
    rig->mirror = start(rig, scheduler, &err);
    cr_assert(rig->mirror, "%s", err.text);
}

static void rig_fini(struct rig *rig)
{
    mirror_stop(rig->mirror);
    store_free(rig->store);
    attached_fini(&rig->attached);
}

static void create(struct store *store, enum kind_id kind, const char *json)
{
    struct api_status status;
    cr_assert(store_create_text(store, kind, STR("default"), str_from(json), NULL, &status), "%s",
              status.message);
}

static void destroy(struct store *store, enum kind_id kind, const char *name, int64_t grace_s)
{
    struct api_status status;
    const struct delete_options options = {.grace_s = grace_s};
    const struct store_target target = {.kind = kind,
                                        .ns = kind_get(kind)->namespaced ? STR("default") : STR(""),
                                        .name = str_from(name)};
    cr_assert(store_delete(store, &target, &options, NULL, &status), "%s", status.message);
}

static const struct object *pod_of(const struct store *store, const char *name)
{
    return store_get(store, KIND_POD, STR("default"), str_from(name));
}

static void await(struct rig *rig, bool (*done)(const void *), const char *what)
{
    struct err err = {0};
    cr_assert_eq(control_plane_await(&rig->attached.plane, done, rig, PATIENCE_S, what, &err), 0,
                 "%s", err.text);
}

static bool is_written(const void *ctx)
{
    const struct rig *rig = ctx;
    return mirror_backlog(rig->mirror) == 0;
}

static bool is_bound(const void *ctx)
{
    const struct object *pod = pod_of(((const struct rig *)ctx)->store, "p1");
    return pod && pod->node_name;
}

static bool is_refused(const void *ctx)
{
    struct condition_view seen;
    return object_condition(pod_of(((const struct rig *)ctx)->store, "p1"), "PodScheduled", &seen);
}

static bool is_ending(const void *ctx)
{
    return pod_of(((const struct rig *)ctx)->store, "p1")->deleted_s != 0;
}

static bool is_gone(const void *ctx)
{
    return !pod_of(((const struct rig *)ctx)->store, "p1");
}

static bool is_gone_from_server(const void *ctx)
{
    return !pod_of(((const struct rig *)ctx)->attached.store, "p1");
}

Test(mirror, what_the_world_makes_and_ends_is_made_and_ended_there)
{
    struct rig rig;
    rig_start(&rig, "another");
    create(rig.store, KIND_NODE, NODE);
    create(rig.store, KIND_POD, POD("p1"));
    create(rig.store, KIND_POD, POD("p2"));
    create(rig.store, KIND_RESOURCE_POLICY,
           "{\"apiVersion\":\"scheduling.spillway.io/v1alpha1\",\"kind\":\"ResourcePolicy\","
           "\"metadata\":{\"name\":\"r1\",\"namespace\":\"default\"},\"spec\":{\"units\":[]}}");
    await(&rig, is_written, "all written");
    struct store *server = rig.attached.store;
    cr_expect(store_get(server, KIND_NODE, STR(""), STR("n1")));
    cr_expect(store_get(server, KIND_RESOURCE_POLICY, STR("default"), STR("r1")));
    cr_assert(pod_of(server, "p1"));
    struct str name = object_field_text(pod_of(server, "p1"), "spec.schedulerName");
    cr_expect(str_is(name, "another"), STR_FMT, STR_ARG(name));
    destroy(rig.store, KIND_POD, "p1", 0);
    destroy(rig.store, KIND_NODE, "n1", 0);
    await(&rig, is_written, "all written");
    cr_expect_null(pod_of(server, "p1"));
    cr_expect_not_null(pod_of(server, "p2"));
    cr_expect_null(store_get(server, KIND_NODE, STR(""), STR("n1")));
    cr_expect_eq(mirror_trouble(rig.mirror)->code, 0);
    rig_fini(&rig);
}

/* The deletion must not overtake the creation, and one before the other was sent needs neither. */
Test(mirror, what_is_ended_at_once_is_not_left_behind)
{
    struct rig rig;
    rig_start(&rig, "another");
    for (int i = 0; i < 200; i++) {
        char json[512], name[16];
        (void)snprintf(name, sizeof(name), "q%d", i);
        (void)snprintf(json, sizeof(json),
                       "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"default\"},\"spec\":{"
                       "\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}",
                       name);
        create(rig.store, KIND_POD, json);
        destroy(rig.store, KIND_POD, name, 0);
    }
    await(&rig, is_written, "all written");
    cr_expect_eq(attached_count(&rig.attached, KIND_POD, "default"), 0);
    cr_expect_eq(mirror_trouble(rig.mirror)->code, 0, "%s", mirror_trouble(rig.mirror)->text);
    rig_fini(&rig);
}

Test(mirror, a_bind_there_is_a_bind_here)
{
    struct rig rig;
    rig_start(&rig, "binder"); /* the fixture's */
    create(rig.store, KIND_NODE, NODE);
    create(rig.store, KIND_POD, POD("p1"));
    await(&rig, is_bound, "the bind");
    cr_expect_str_eq(object_node_name(pod_of(rig.store, "p1")), "n1");
    rig_fini(&rig);
}

Test(mirror, a_refusal_there_is_a_refusal_here_word_for_word)
{
    static const char condition[] =
        "[{\"type\":\"PodScheduled\",\"status\":\"False\",\"reason\":\"Unschedulable\","
        "\"message\":\"0/1 nodes are available: 1 \\\"quoted\\\".\"}]";
    struct rig rig;
    struct condition_view seen;
    rig_start(&rig, "another");
    create(rig.store, KIND_POD, POD("p1"));
    await(&rig, is_written, "the pod written");
    const struct status_text status = {.conditions = str_from(condition)};
    store_set_status(rig.attached.store, pod_of(rig.attached.store, "p1"), &status, NULL);
    await(&rig, is_refused, "the refusal");
    cr_assert(object_condition(pod_of(rig.store, "p1"), "PodScheduled", &seen));
    cr_expect(str_is(seen.status, "False"));
    cr_expect(str_is(seen.reason, "Unschedulable"));
    cr_expect(str_is(seen.message_raw, "\"0/1 nodes are available: 1 \\\"quoted\\\".\""), STR_FMT,
              STR_ARG(seen.message_raw));
    rig_fini(&rig);
}

/* A scheduler that preempts asks for the end of a bound pod, and it is the world that ends it. */
Test(mirror, a_pod_that_somebody_ends_is_asked_to_end_here_and_ended_there_by_the_world)
{
    struct rig rig;
    rig_start(&rig, "binder");
    create(rig.store, KIND_NODE, NODE);
    create(rig.store, KIND_POD, POD("p1"));
    await(&rig, is_bound, "the bind");
    destroy(rig.attached.store, KIND_POD, "p1", 30);
    await(&rig, is_ending, "the wish");
    cr_expect(pod_of(rig.attached.store, "p1"), "it has 30 seconds");
    destroy(rig.store, KIND_POD, "p1", 0);
    await(&rig, is_gone_from_server, "the end");
    rig_fini(&rig);
}

Test(mirror, a_pod_that_is_gone_there_is_gone_here)
{
    struct rig rig;
    rig_start(&rig, "another");
    create(rig.store, KIND_POD, POD("p1"));
    await(&rig, is_written, "the pod written");
    destroy(rig.attached.store, KIND_POD, "p1", 0);
    await(&rig, is_gone, "the end");
    cr_expect_eq(mirror_backlog(rig.mirror), 0, "nothing is to be written back");
    rig_fini(&rig);
}

/* Nodes of others would take pods, and be unknown to the world. */
Test(mirror, a_cluster_that_is_not_empty_is_refused)
{
    struct err err = {0};
    struct rig rig;
    rig_init(&rig);
    create(rig.attached.store, KIND_POD, POD("p1"));
    cr_expect_null(start(&rig, "another", &err));
    cr_expect_eq(err.code, EEXIST);
    cr_expect(strstr(err.text, "namespace \"default\" has 1 pods"), "%s", err.text);
    create(rig.attached.store, KIND_NODE, NODE);
    cr_expect_null(start(&rig, "another", &err));
    cr_expect_eq(err.code, EEXIST);
    cr_expect(strstr(err.text, "the cluster has nodes"), "%s", err.text);
    rig_fini(&rig);
}

static bool has_trouble(const void *ctx)
{
    return mirror_trouble(((const struct rig *)ctx)->mirror)->code != 0;
}

Test(mirror, a_policy_that_nobody_serves_says_what_to_apply)
{
    struct rig rig;
    rig_start(&rig, "another");
    destroy(rig.attached.store, KIND_CUSTOM_RESOURCE_DEFINITION,
            "resourcepolicies.scheduling.spillway.io", 0);
    create(rig.store, KIND_RESOURCE_POLICY,
           "{\"apiVersion\":\"scheduling.spillway.io/v1alpha1\",\"kind\":\"ResourcePolicy\","
           "\"metadata\":{\"name\":\"r1\",\"namespace\":\"default\"},\"spec\":{\"units\":[]}}");
    await(&rig, has_trouble, "the refusal");
    const char *text = mirror_trouble(rig.mirror)->text;
    cr_expect(strstr(text, "the creation of resourcepolicy \"r1\" was answered 404"), "%s", text);
    cr_expect(strstr(text, "apply manifests/crd.yaml"), "%s", text);
    rig_fini(&rig);
}

Test(mirror, a_write_that_is_refused_is_told)
{
    struct rig rig;
    rig_start(&rig, "another");
    create(rig.attached.store, KIND_POD, POD("p1"));
    create(rig.store, KIND_POD, POD("p1"));
    await(&rig, has_trouble, "the refusal");
    const char *text = mirror_trouble(rig.mirror)->text;
    cr_expect(strstr(text, "the creation of pod \"p1\" was answered 409"), "%s", text);
    cr_expect(strstr(text, "already exists"), "%s", text);
    rig_fini(&rig);
}
