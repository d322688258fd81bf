/* Custom kinds through HTTP: as kubectl and a scheduler meet them. */
#include "bench/crd.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver_fixture.h"
#include "model/base/mem.h"
#include "watch/yaml.h"

#define POLICIES "/apis/scheduling.spillway.io/v1alpha1/namespaces/default/resourcepolicies"
#define ACK_POLICIES                                                                               \
    "/apis/scheduling.alibabacloud.com/v1alpha1/namespaces/default/resourcepolicies"
#define DEFINITIONS "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
#define OURS        "resourcepolicies.scheduling.spillway.io"
#define TABLE       "application/json;as=Table;v=v1;g=meta.k8s.io"

static struct face f;

static void setup(void)
{
    face_init(&f, NULL);
}

static void teardown(void)
{
    face_fini(&f);
}

TestSuite(crd, .init = setup, .fini = teardown, .timeout = 20);

static const char policy[] =
    "{\"apiVersion\":\"scheduling.spillway.io/v1alpha1\",\"kind\":\"ResourcePolicy\",\"metadata\":"
    "{\"name\":\"burst\"},\"spec\":{\"units\":[{\"resource\":\"ecs\",\"max\":4},{\"resource\":"
    "\"eci\"}]},\"status\":{\"waiting\":9}}";

static const char manifest[] =
    "{\"apiVersion\":\"apiextensions.k8s.io/v1\",\"kind\":\"CustomResourceDefinition\","
    "\"metadata\":{\"name\":\"" OURS "\"},\"spec\":{\"group\":\"scheduling.spillway.io\",\"scope\":"
    "\"Namespaced\",\"names\":{\"kind\":\"ResourcePolicy\",\"plural\":\"resourcepolicies\"},"
    "\"versions\":[{\"name\":\"v1alpha1\",\"served\":true,\"storage\":true,"
    "\"additionalPrinterColumns\":[{\"name\":\"First\",\"type\":\"string\",\"jsonPath\":"
    "\".spec.units[0].resource\"},{\"name\":\"Max\",\"type\":\"integer\",\"jsonPath\":"
    "\".spec.units[0].max\",\"priority\":1}]}]}}";

static void patch(const char *path, const char *type, const char *body, long code)
{
    struct reply reply = {.type = type};
    cr_assert_eq(face_call(&f, &reply, "PATCH", path, body), code, "%ld %s", reply.code,
                 reply.body.data);
    reply_fini(&reply);
}

static bool answer_has(const char *path, const char *text)
{
    struct reply reply = {0};
    bool found = face_call(&f, &reply, "GET", path, NULL) == 200 && reply_has(&reply, text);
    reply_fini(&reply);
    return found;
}

Test(crd, both_kinds_of_policies_are_discovered_with_their_versions)
{
    cr_assert(answer_has("/apis", "\"groupVersion\":\"scheduling.spillway.io/v1alpha1\""));
    cr_assert(answer_has("/apis", "\"groupVersion\":\"scheduling.alibabacloud.com/v1alpha1\""));
    cr_assert(answer_has("/apis/scheduling.spillway.io", "\"kind\":\"APIGroup\""));
    const char *resources = "/apis/scheduling.spillway.io/v1alpha1";
    cr_assert(answer_has(resources, "\"groupVersion\":\"scheduling.spillway.io/v1alpha1\""));
    cr_assert(answer_has(resources, "\"shortNames\":[\"rsp\"]"));
    cr_assert(answer_has(resources, "\"name\":\"resourcepolicies/status\""));
    cr_assert(answer_has("/apis/scheduling.alibabacloud.com/v1alpha1", "\"ResourcePolicy\""));
    cr_assert(answer_has("/openapi/v3", "\"apis/scheduling.spillway.io/v1alpha1\""));
    cr_assert(answer_has("/openapi/v3/apis/scheduling.spillway.io/v1alpha1",
                         "/namespaces/{namespace}/resourcepolicies/{name}"));
    cr_assert(answer_has("/apis/apiextensions.k8s.io/v1", "\"shortNames\":[\"crd\",\"crds\"]"));
    cr_assert_eq(face_code(&f, "GET", "/apis/scheduling.spillway.io/v1", NULL), 404);
}

Test(crd, a_policy_has_a_status_of_its_own_and_counts_its_generations)
{
    cr_assert_eq(face_code(&f, "POST", POLICIES, policy), 201);
    cr_assert_not(answer_has(POLICIES "/burst", "\"status\""), "a create leaves no status");
    cr_assert(answer_has(POLICIES "/burst", "\"generation\":1"));
    patch(POLICIES "/burst/status", "application/merge-patch+json",
          "{\"status\":{\"waiting\":3},\"spec\":{\"strategy\":\"x\"}}", 200);
    cr_assert(answer_has(POLICIES "/burst", "\"status\":{\"waiting\":3}"));
    cr_assert(answer_has(POLICIES "/burst", "\"generation\":1"));
    cr_assert_not(answer_has(POLICIES "/burst", "\"strategy\""));
    patch(POLICIES "/burst", "application/merge-patch+json",
          "{\"spec\":{\"strategy\":\"prefer\"},\"status\":{\"waiting\":4}}", 200);
    cr_assert(answer_has(POLICIES "/burst", "\"generation\":2"));
    cr_assert(answer_has(POLICIES "/burst", "\"status\":{\"waiting\":3}"));
}

/* apiextensions-apiserver serves JSON and merge patches only; a PUT needs a resource version. */
Test(crd, custom_objects_know_neither_strategic_merge_nor_an_unconditional_put)
{
    struct reply reply = {0};
    cr_assert_eq(face_code(&f, "POST", POLICIES, policy), 201);
    patch(POLICIES "/burst", "application/strategic-merge-patch+json", "{}", 415);
    cr_assert_eq(face_call(&f, &reply, "PUT", POLICIES "/burst", policy), 422);
    cr_assert(reply_has(&reply, "metadata.resourceVersion: Invalid value: 0: must be specified "
                                "for an update"));
    reply_fini(&reply);
}

/* As a kube-apiserver 1.37 does it: a status patch takes nothing of the metadata, not even to check
 * it, but for the resource version. */
Test(crd, a_status_patch_cannot_name_whom_it_means_by_uid)
{
    cr_assert_eq(face_code(&f, "POST", POLICIES, policy), 201);
    patch(POLICIES "/burst/status", "application/merge-patch+json",
          "{\"metadata\":{\"uid\":\"42\",\"labels\":{\"a\":\"b\"}},\"status\":{\"waiting\":4}}",
          200);
    cr_assert(answer_has(POLICIES "/burst", "\"waiting\":4"));
    cr_assert_not(answer_has(POLICIES "/burst", "\"labels\""));
    cr_assert_not(answer_has(POLICIES "/burst", "\"42\""));
    patch(POLICIES "/burst", "application/merge-patch+json", "{\"metadata\":{\"uid\":\"42\"}}",
          422);
    patch(POLICIES "/burst/status", "application/merge-patch+json",
          "{\"metadata\":{\"resourceVersion\":\"1\"},\"status\":{\"waiting\":5}}", 409);
    cr_assert_eq(face_code(&f, "GET", POLICIES "/burst/scale", NULL), 404);
}

Test(crd, the_two_groups_are_two_kinds)
{
    static const char ack[] = "{\"apiVersion\":\"scheduling.alibabacloud.com/v1alpha1\",\"kind\":"
                              "\"ResourcePolicy\",\"metadata\":{\"name\":\"burst\"},\"spec\":{}}";
    cr_assert_eq(face_code(&f, "POST", ACK_POLICIES, ack), 201);
    cr_assert_eq(face_code(&f, "GET", ACK_POLICIES "/burst", NULL), 200);
    cr_assert_eq(face_code(&f, "GET", POLICIES "/burst", NULL), 404);
    struct reply reply = {0};
    cr_assert_eq(face_call(&f, &reply, "POST", POLICIES, ack), 400);
    cr_assert(reply_has(&reply, "the API version in the data (scheduling.alibabacloud.com/v1alpha1)"
                                " does not match the expected API version "
                                "(scheduling.spillway.io/v1alpha1)"));
    reply_fini(&reply);
    cr_assert_eq(face_code(&f, "POST", POLICIES, "{\"metadata\":{\"name\":\"x\"}}"), 400);
}

/* Cells of the first row, joined by '|'; yours. */
static void expect_row(const char *columns, const char *cells)
{
    struct reply reply = {.accept = TABLE};
    cr_assert_eq(face_call(&f, &reply, "GET", POLICIES, NULL), 200);
    json_t *table = json_loadb(reply.body.data, reply.body.len, 0, NULL);
    json_t *shown = json_object_get(table, "columnDefinitions"), *names = json_array();
    for (size_t i = 0; i < json_array_size(shown); i++)
        (void)json_array_append(names, json_object_get(json_array_get(shown, i), "name"));
    const json_t *row = json_array_get(json_object_get(table, "rows"), 0);
    char *got_names = json_dumps(names, JSON_COMPACT);
    char *got_cells = json_dumps(json_object_get(row, "cells"), JSON_COMPACT);
    cr_expect_str_eq(got_names, columns);
    cr_expect_str_eq(got_cells, cells);
    free(got_names);
    free(got_cells);
    json_decref(names);
    json_decref(table);
    reply_fini(&reply);
}

#define COLUMNS "[\"Name\",\"Units\",\"Pods\",\"Waiting\",\"Accepted\",\"Age\"]"

Test(crd, kubectl_get_shows_the_printer_columns)
{
    cr_assert_eq(face_code(&f, "POST", POLICIES, policy), 201);
    expect_row(COLUMNS, "[\"burst\",null,null,null,null,\"0s\"]");
    patch(POLICIES "/burst/status", "application/merge-patch+json",
          "{\"status\":{\"waiting\":3,\"summary\":{\"units\":\"ecs,eci\",\"pods\":\"4/4,10\"},"
          "\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\"},{\"type\":\"Accepted\","
          "\"status\":\"True\"}]}}",
          200);
    expect_row(COLUMNS, "[\"burst\",\"ecs,eci\",\"4/4,10\",3,\"True\",\"0s\"]");
}

Test(crd, a_manifest_that_is_applied_brings_its_own_columns)
{
    cr_assert_eq(face_code(&f, "DELETE", DEFINITIONS "/" OURS, NULL), 200);
    cr_assert_eq(face_code(&f, "POST", DEFINITIONS, manifest), 201);
    cr_assert_eq(face_code(&f, "POST", POLICIES, policy), 201);
    expect_row("[\"Name\",\"First\",\"Max\"]", "[\"burst\",\"ecs\",4]");
}

/* manifests/crd.yaml as JSON; yours. */
static char *read_manifest(void)
{
    struct buf text CLEANUP(buf_fini);
    struct err err = {0};
    char block[4096];
    buf_init(&text, YAML_BYTES_MAX);
    FILE *file = fopen("manifests/crd.yaml", "re");
    cr_assert_not_null(file);
    for (size_t len; (len = fread(block, 1, sizeof(block), file)) > 0;)
        (void)buf_add(&text, block, len);
    (void)fclose(file);
    json_t *tree = yaml_to_json(buf_str(&text), &err);
    cr_assert_not_null(tree, "%s", err.text);
    char *json = json_dumps(tree, 0);
    json_decref(tree);
    return json;
}

/* What the simulated apiserver shows without it, too. */
Test(crd, the_manifest_of_the_project_has_the_columns_of_the_built_in_definition)
{
    char *json CLEANUP(mem_freep) = read_manifest();
    cr_assert_eq(face_code(&f, "DELETE", DEFINITIONS "/" OURS, NULL), 200);
    cr_assert_eq(face_code(&f, "POST", DEFINITIONS, json), 201);
    cr_assert_eq(face_code(&f, "POST", POLICIES, policy), 201);
    patch(POLICIES "/burst/status", "application/merge-patch+json",
          "{\"status\":{\"waiting\":3,\"summary\":{\"units\":\"ecs,eci\",\"pods\":\"4/4,10\"},"
          "\"conditions\":[{\"type\":\"Accepted\",\"status\":\"True\"}]}}",
          200);
    expect_row(COLUMNS, "[\"burst\",\"ecs,eci\",\"4/4,10\",3,\"True\",\"0s\"]");
}

Test(crd, without_its_definition_a_kind_is_not_there)
{
    struct reply reply = {0};
    cr_assert_eq(face_code(&f, "POST", POLICIES, policy), 201);
    cr_assert_eq(face_code(&f, "DELETE", DEFINITIONS "/" OURS, NULL), 200);
    cr_assert_eq(face_call(&f, &reply, "GET", POLICIES, NULL), 404);
    cr_assert_str_eq(reply.body.data, "404 page not found\n");
    reply_fini(&reply);
    cr_assert_eq(face_code(&f, "GET", "/apis/scheduling.spillway.io/v1alpha1", NULL), 404);
    cr_assert_eq(face_code(&f, "GET", "/apis/scheduling.spillway.io", NULL), 404);
    cr_assert_eq(face_code(&f, "POST", POLICIES, policy), 404);
    cr_assert_not(answer_has("/apis", "scheduling.spillway.io"));
    cr_assert(answer_has("/apis", "scheduling.alibabacloud.com"), "the other one stays");
}

Test(crd, installed_again_it_starts_empty)
{
    struct api_status status;
    cr_assert_eq(face_code(&f, "POST", POLICIES, policy), 201);
    cr_assert_eq(face_code(&f, "DELETE", DEFINITIONS "/" OURS, NULL), 200);
    cr_assert(crd_install(f.store, KIND_RESOURCE_POLICY, &status));
    cr_assert_not(crd_install(f.store, KIND_RESOURCE_POLICY, &status));
    cr_assert_eq(status.code, 409);
    cr_assert(answer_has(POLICIES, "\"items\":[]"));
    cr_assert(answer_has(DEFINITIONS "/" OURS, "\"type\":\"Established\""));
}

Test(crd, its_end_is_the_end_of_its_objects_and_watches)
{
    struct reply watch = {0};
    cr_assert_eq(face_code(&f, "POST", POLICIES, policy), 201);
    face_start(&f, &watch, "GET", POLICIES "?watch=true", NULL);
    face_wait_text(&watch, "ADDED");
    cr_assert_eq(face_code(&f, "DELETE", DEFINITIONS "/" OURS, NULL), 200);
    face_wait(&watch);
    cr_assert(reply_has(&watch, "\"type\":\"DELETED\""));
    cr_assert_eq(watch.result, CURLE_OK, "the stream ends in order");
    reply_fini(&watch);
    cr_assert_eq(store_count(f.store, KIND_RESOURCE_POLICY), 0);
}

Test(crd, a_definition_is_named_after_what_it_defines)
{
    cr_assert_eq(face_code(&f, "POST", DEFINITIONS,
                           "{\"metadata\":{\"name\":\"x\"},\"spec\":{\"group\":\"g\",\"names\":"
                           "{\"plural\":\"p\"}}}"),
                 422);
    cr_assert_eq(face_code(&f, "POST", DEFINITIONS,
                           "{\"metadata\":{\"name\":\"p.g\"},\"spec\":{\"group\":\"g\",\"names\":"
                           "{\"plural\":\"p\"}}}"),
                 201);
    cr_assert_not(answer_has(DEFINITIONS "/p.g", "Established"), "nobody serves it");
}

Test(crd, a_store_may_begin_without_them)
{
    const struct store_options options = {.without_crds = true};
    struct sim_clock clock = {0};
    struct store *store = store_new(&options, &clock);
    struct api_status status;
    const struct kind *kind = kind_get(KIND_RESOURCE_POLICY);
    cr_expect_not(crd_serves(store, kind));
    cr_expect_not(
        store_create_text(store, kind->id, STR("default"), str_from(policy), NULL, &status));
    cr_expect_eq(status.code, 404);
    cr_expect(crd_install(store, kind->id, &status));
    cr_expect(crd_serves(store, kind));
    cr_expect(store_create_text(store, kind->id, STR("default"), str_from(policy), NULL, &status));
    store_free(store);
}

Test(crd, a_stateful_set_is_stored_with_its_scale)
{
    const char *sets = "/apis/apps/v1/namespaces/default/statefulsets";
    cr_assert_eq(face_code(&f, "POST", sets,
                           "{\"metadata\":{\"name\":\"db\"},\"spec\":{\"serviceName\":\"db\","
                           "\"replicas\":3,\"selector\":{\"matchLabels\":{\"app\":\"db\"}},"
                           "\"template\":{\"metadata\":{\"labels\":{\"app\":\"db\"}},\"spec\":"
                           "{\"containers\":[{\"name\":\"c\"}]}}}}"),
                 201);
    cr_assert(answer_has("/apis/apps/v1/namespaces/default/statefulsets/db/scale",
                         "\"spec\":{\"replicas\":3}"));
    cr_assert(answer_has("/apis/apps/v1", "\"shortNames\":[\"sts\"]"));
}
