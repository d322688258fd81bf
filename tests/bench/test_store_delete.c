#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

static struct fixture f;

static void setup(void)
{
    fixture_init(&f, NULL);
}

static void teardown(void)
{
    fixture_fini(&f);
}

TestSuite(store_delete, .init = setup, .fini = teardown);

static int delete_pod(const char *name, int64_t grace_s)
{
    return fixture_delete(&f, KIND_POD, name, grace_s, PROPAGATE_BACKGROUND);
}

Test(store_delete, an_unbound_pod_is_gone_at_once)
{
    (void)fixture_pod(&f, "a", "");
    cr_assert_eq(delete_pod("a", -1), 0);
    cr_assert_null(fixture_get(&f, KIND_POD, "a"));
    cr_assert_eq(fixture_count(&f, CHANGE_DELETED, KIND_POD), 1);
    cr_assert_eq(delete_pod("a", -1), 404);
}

Test(store_delete, a_bound_pod_waits_for_its_kubelet)
{
    (void)fixture_pod(&f, "a", "");
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 0);
    cr_assert_eq(delete_pod("a", -1), 0);
    const struct object *pod = fixture_get(&f, KIND_POD, "a");
    cr_assert_not_null(pod);
    cr_assert_eq(pod->deleted_s, f.clock.wall_us / 1000000 + 30);
    cr_assert_eq(pod->grace_s, 30);
    cr_assert_eq(pod->generation, 2);
    cr_assert_eq(fixture_count(&f, CHANGE_DELETED, KIND_POD), 0);
    cr_assert_eq(delete_pod("a", 0), 0);
    cr_assert_null(fixture_get(&f, KIND_POD, "a"));
}

Test(store_delete, a_second_delete_may_shorten_the_grace_but_not_lengthen_it)
{
    (void)fixture_pod(&f, "a", "");
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 0);
    cr_assert_eq(delete_pod("a", 20), 0);
    cr_assert_eq(delete_pod("a", 60), 0);
    cr_assert_eq(fixture_get(&f, KIND_POD, "a")->grace_s, 20);
    cr_assert_eq(delete_pod("a", 5), 0);
    cr_assert_eq(fixture_get(&f, KIND_POD, "a")->grace_s, 5);
}

Test(store_delete, a_finished_pod_needs_no_grace)
{
    (void)fixture_pod(&f, "a", "");
    cr_assert_eq(fixture_bind(&f, "a", "n1"), 0);
    const struct object *pod = fixture_get(&f, KIND_POD, "a");
    const struct status_text done = {.phase = STR("Succeeded")};
    store_set_status(f.store, pod, &done, NULL);
    cr_assert_eq(delete_pod("a", -1), 0);
    cr_assert_null(fixture_get(&f, KIND_POD, "a"));
}

Test(store_delete, a_finalizer_holds_the_object_until_it_is_taken_off)
{
    (void)fixture_create(&f, KIND_CONFIG_MAP,
                         "{\"metadata\":{\"name\":\"m\",\"finalizers\":[\"x/a\",\"x/b\"]}}");
    cr_assert_eq(fixture_delete(&f, KIND_CONFIG_MAP, "m", -1, PROPAGATE_BACKGROUND), 0);
    cr_assert_gt(fixture_get(&f, KIND_CONFIG_MAP, "m")->deleted_s, 0);
    cr_assert_eq(
        fixture_patch(&f, KIND_CONFIG_MAP, "m", SUB_NONE, PATCH_STRATEGIC,
                      "{\"metadata\":{\"$deleteFromPrimitiveList/finalizers\":[\"x/a\"]}}"),
        0);
    cr_assert_not_null(fixture_get(&f, KIND_CONFIG_MAP, "m"));
    cr_assert_eq(fixture_patch(&f, KIND_CONFIG_MAP, "m", SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"finalizers\":null}}"),
                 0);
    cr_assert_null(fixture_get(&f, KIND_CONFIG_MAP, "m"));
}

/* A ReplicaSet "rs" and `count` pods of it. */
static void owner_with_pods(int count)
{
    const struct object *owner = fixture_create(
        &f, KIND_REPLICA_SET,
        "{\"metadata\":{\"name\":\"rs\"},\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"web\"}}"
        ","
        "\"template\":{\"metadata\":{\"labels\":{\"app\":\"web\"}},\"spec\":{\"containers\":"
        "[{\"name\":\"c\"}]}}}}");
    for (int i = 0; i < count; i++) {
        char json[512];
        (void)snprintf(json, sizeof(json),
                       "{\"metadata\":{\"name\":\"p%d\",\"ownerReferences\":[{\"apiVersion\":"
                       "\"apps/v1\",\"kind\":\"ReplicaSet\",\"name\":\"rs\",\"uid\":\"%s\","
                       "\"controller\":true}]},\"spec\":{\"containers\":[{\"name\":\"c\"}]}}",
                       i, owner->ident->uid);
        const struct object *pod = fixture_create(&f, KIND_POD, json);
        struct owner_ref ref;
        cr_assert(object_controller(pod, &ref));
        cr_assert(str_is(ref.uid, owner->ident->uid));
    }
}

Test(store_delete, dependents_go_after_their_owner)
{
    owner_with_pods(3);
    (void)fixture_pod(&f, "stranger", "");
    cr_assert_eq(fixture_bind(&f, "p1", "n1"), 0);
    cr_assert_eq(fixture_delete(&f, KIND_REPLICA_SET, "rs", -1, PROPAGATE_BACKGROUND), 0);
    cr_assert_eq(store_count(f.store, KIND_REPLICA_SET), 0);
    cr_assert_null(fixture_get(&f, KIND_POD, "p0"));
    cr_assert_gt(fixture_get(&f, KIND_POD, "p1")->deleted_s, 0, "a bound one is being deleted");
    cr_assert_not_null(fixture_get(&f, KIND_POD, "stranger"));
    cr_assert_eq(fixture_get(&f, KIND_POD, "stranger")->deleted_s, 0);
}

Test(store_delete, orphans_stay_and_lose_their_reference)
{
    owner_with_pods(2);
    cr_assert_eq(fixture_delete(&f, KIND_REPLICA_SET, "rs", -1, PROPAGATE_ORPHAN), 0);
    cr_assert_eq(store_count(f.store, KIND_POD), 2);
    cr_assert_eq(object_section(fixture_get(&f, KIND_POD, "p0"), SEC_OWNERS).len, 0);
}

Test(store_delete, in_foreground_the_owner_goes_last)
{
    owner_with_pods(2);
    cr_assert_eq(fixture_bind(&f, "p1", "n1"), 0);
    cr_assert_eq(fixture_delete(&f, KIND_REPLICA_SET, "rs", -1, PROPAGATE_FOREGROUND), 0);
    cr_assert_gt(fixture_get(&f, KIND_REPLICA_SET, "rs")->deleted_s, 0);
    cr_assert_null(fixture_get(&f, KIND_POD, "p0"));
    cr_assert_eq(delete_pod("p1", 0), 0);
    cr_assert_null(fixture_get(&f, KIND_REPLICA_SET, "rs"));
}

Test(store_delete, a_namespace_takes_its_contents_along_and_takes_nothing_new)
{
    struct api_status status;
    (void)fixture_create(&f, KIND_NAMESPACE, "{\"metadata\":{\"name\":\"team\"}}");
    cr_assert(store_create_text(f.store, KIND_CONFIG_MAP, STR("team"),
                                STR("{\"metadata\":{\"name\":\"held\",\"finalizers\":[\"x/y\"]}}"),
                                NULL, &status));
    cr_assert(store_create_text(f.store, KIND_CONFIG_MAP, STR("team"),
                                STR("{\"metadata\":{\"name\":\"free\"}}"), NULL, &status));
    cr_assert_eq(fixture_delete(&f, KIND_NAMESPACE, "team", -1, PROPAGATE_BACKGROUND), 0);
    cr_assert_eq(store_count(f.store, KIND_CONFIG_MAP), 1);
    cr_assert_str_eq(object_phase(fixture_get(&f, KIND_NAMESPACE, "team")), "Terminating");
    cr_assert_not(store_create_text(f.store, KIND_CONFIG_MAP, STR("team"),
                                    STR("{\"metadata\":{\"name\":\"late\"}}"), NULL, &status));
    cr_assert_eq(status.code, 403);
    const struct store_target held = {
        .kind = KIND_CONFIG_MAP, .ns = STR("team"), .name = STR("held")};
    json_t *patch = json_pack("{s:{s:n}}", "metadata", "finalizers");
    cr_assert(store_patch(f.store, &held, PATCH_MERGE, patch, NULL, &status));
    json_decref(patch);
    cr_assert_null(fixture_get(&f, KIND_NAMESPACE, "team"));
}

Test(store_delete, a_precondition_that_does_not_hold_is_a_conflict)
{
    (void)fixture_pod(&f, "a", "");
    const struct store_target target = {.kind = KIND_POD, .ns = STR("default"), .name = STR("a")};
    const struct delete_options options = {.grace_s = -1, .uid = STR("42")};
    cr_assert_not(store_delete(f.store, &target, &options, NULL, &f.status));
    cr_assert_eq(f.status.code, 409);
    cr_assert(strstr(f.status.message, "the UID in the precondition (42) does not match the UID in "
                                       "record"));
    cr_assert_not_null(fixture_get(&f, KIND_POD, "a"));
}
