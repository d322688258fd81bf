#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver_fixture.h"

static struct face f;

static void setup(void)
{
    face_init(&f, NULL);
}

static void teardown(void)
{
    face_fini(&f);
}

TestSuite(apiserver, .init = setup, .fini = teardown, .timeout = 20);

static void read_token(const char *user)
{
    const struct {
        const char *file;
    } config = {user};
    char path[128], line[256];
    f.token[0] = '\0';
    (void)snprintf(path, sizeof(path), "%s/%s", f.dir, config.file);
    FILE *file = fopen(path, "re");
    cr_assert_not_null(file);
    while (fgets(line, sizeof(line), file))
        (void)sscanf(line, " token: %79s", f.token);
    (void)fclose(file);
    cr_assert_eq(strlen(f.token), 64);
}

Test(apiserver, answers_over_http2_with_its_own_ca)
{
    struct reply reply = {0};
    long version = 0;
    cr_assert_eq(face_call(&f, &reply, "GET", "/version", NULL), 200);
    (void)curl_easy_getinfo(reply.easy, CURLINFO_HTTP_VERSION, &version);
    cr_assert_eq(version, CURL_HTTP_VERSION_2_0);
    cr_assert(reply_has(&reply, "\"gitVersion\":\"v1.37.0\""));
    reply_fini(&reply);
}

Test(apiserver, without_or_with_wrong_credentials_it_is_401)
{
    struct reply reply = {0};
    f.token[0] = '\0';
    cr_assert_eq(face_code(&f, "GET", "/healthz", NULL), 200, "health is open");
    cr_assert_eq(face_call(&f, &reply, "GET", "/api/v1/pods", NULL), 401);
    cr_assert(reply_has(&reply, "\"kind\":\"Status\""));
    cr_assert(reply_has(&reply, "\"reason\":\"Unauthorized\""));
    reply_fini(&reply);
    memset(f.token, 'a', 64);
    cr_assert_eq(face_code(&f, "GET", "/api/v1/pods", NULL), 401);
}

Test(apiserver, a_client_certificate_is_as_good_as_a_token)
{
    struct reply reply = {.cert = "admin.crt", .key = "admin.key"};
    cr_assert_eq(face_call(&f, &reply, "GET", "/api/v1/pods", NULL), 200);
    reply_fini(&reply);
}

Test(apiserver, what_is_missing_is_named_in_a_403)
{
    struct reply reply = {0};
    read_token("kubeconfig-reader");
    cr_assert_eq(face_code(&f, "GET", "/api/v1/pods", NULL), 200);
    cr_assert_eq(face_call(&f, &reply, "POST", "/api/v1/namespaces/default/pods/a/binding", "{}"),
                 403);
    cr_assert(reply_has(&reply, "pods \\\"a\\\" is forbidden: User \\\"reader\\\" cannot create "
                                "resource \\\"pods/binding\\\" in API group \\\"\\\" in the "
                                "namespace \\\"default\\\""));
    reply_fini(&reply);
    read_token("kubeconfig-nobody");
    cr_assert_eq(face_call(&f, &reply, "GET", "/api/v1/nodes", NULL), 403);
    cr_assert(reply_has(&reply, "nodes is forbidden: User \\\"nobody\\\" cannot list resource "
                                "\\\"nodes\\\" in API group \\\"\\\" at the cluster scope"));
    reply_fini(&reply);
}

Test(apiserver, discovery_names_the_kinds_and_their_subresources)
{
    struct reply reply = {0};
    cr_assert_eq(face_call(&f, &reply, "GET", "/api/v1", NULL), 200);
    cr_assert(reply_has(&reply, "\"name\":\"pods/binding\""));
    cr_assert(reply_has(&reply, "\"shortNames\":[\"po\"]"));
    reply_fini(&reply);
    cr_assert_eq(face_call(&f, &reply, "GET", "/apis", NULL), 200);
    cr_assert(reply_has(&reply, "\"groupVersion\":\"events.k8s.io/v1\""));
    reply_fini(&reply);
    cr_assert_eq(face_call(&f, &reply, "GET", "/apis/apps/v1", NULL), 200);
    cr_assert(reply_has(&reply, "\"name\":\"deployments/scale\""));
    reply_fini(&reply);
}

Test(apiserver, a_pod_is_created_bound_once_and_refused_the_second_time)
{
    struct reply reply = {0};
    face_pod(&f, "a");
    cr_assert_eq(face_bind(&f, "a", "n1"), 201);
    cr_assert_eq(face_bind(&f, "a", "n2"), 409);
    cr_assert_eq(face_bind(&f, "b", "n1"), 404);
    cr_assert_eq(face_call(&f, &reply, "GET", "/api/v1/namespaces/default/pods/a", NULL), 200);
    cr_assert(reply_has(&reply, "\"nodeName\":\"n1\""));
    reply_fini(&reply);
    cr_assert_eq(apiserver_counts(f.server).binds, 1);
}

Test(apiserver, a_binding_may_be_spaced_and_carry_annotations)
{
    face_pod(&f, "a");
    cr_assert_eq(face_code(&f, "POST", "/api/v1/namespaces/default/pods/a/binding",
                           "{ \"metadata\": { \"annotations\": {\"k\": \"v\"} },\n"
                           " \"target\": {\"name\": \"n1\"} }"),
                 201);
    const struct object *pod = store_get(f.store, KIND_POD, STR("default"), STR("a"));
    struct str value;
    cr_assert(object_annotation(pod, STR("k"), &value) && str_is(value, "v"));
}

Test(apiserver, patches_by_their_content_type_and_refuses_server_side_apply)
{
    static const struct {
        const char *type, *body;
        long code;
    } rows[] = {
        {"application/merge-patch+json", "{\"metadata\":{\"labels\":{\"m\":\"1\"}}}", 200},
        {"application/strategic-merge-patch+json", "{\"metadata\":{\"labels\":{\"s\":\"1\"}}}",
         200},
        {"application/json-patch+json",
         "[{\"op\":\"add\",\"path\":\"/metadata/labels/j\",\"value\":\"1\"}]", 200},
        {"application/apply-patch+yaml", "{}", 415},
    };
    face_pod(&f, "a");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct reply reply = {.type = rows[i].type};
        cr_assert_eq(
            face_call(&f, &reply, "PATCH", "/api/v1/namespaces/default/pods/a", rows[i].body),
            rows[i].code, "row %zu", i);
        reply_fini(&reply);
    }
    struct str labels =
        object_section(store_get(f.store, KIND_POD, STR("default"), STR("a")), SEC_LABELS);
    cr_assert(str_is(labels, "{\"app\":\"web\",\"j\":\"1\",\"m\":\"1\",\"s\":\"1\"}"));
}

Test(apiserver, prints_tables_for_kubectl)
{
    struct reply reply = {.accept =
                              "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"};
    face_pod(&f, "a");
    cr_assert_eq(face_call(&f, &reply, "GET", "/api/v1/namespaces/default/pods", NULL), 200);
    cr_assert(reply_has(&reply, "\"kind\":\"Table\""));
    cr_assert(reply_has(&reply, "\"cells\":[\"a\",\"0/1\",\"Pending\",\"0\""));
    cr_assert(reply_has(&reply, "\"kind\":\"PartialObjectMetadata\""));
    reply_fini(&reply);
}

Test(apiserver, scales_a_deployment_through_its_subresource)
{
    struct reply reply = {.type = "application/merge-patch+json"};
    cr_assert_eq(
        face_code(&f, "POST", "/apis/apps/v1/namespaces/default/deployments",
                  "{\"metadata\":{\"name\":\"d\"},\"spec\":{\"selector\":{\"matchLabels\":{\"a\":"
                  "\"b\"}},\"template\":{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":"
                  "{\"containers\":[{\"name\":\"c\"}]}}}}"),
        201);
    cr_assert_eq(face_call(&f, &reply, "PATCH",
                           "/apis/apps/v1/namespaces/default/deployments/d/scale",
                           "{\"spec\":{\"replicas\":7}}"),
                 200);
    cr_assert(reply_has(&reply, "\"kind\":\"Scale\""));
    reply_fini(&reply);
    const struct object *d = store_get(f.store, KIND_DEPLOYMENT, STR("default"), STR("d"));
    cr_assert_eq(object_field_int(d, "spec.replicas", 0), 7);
    cr_assert_eq(d->generation, 2);
}

Test(apiserver, reads_the_protobuf_that_kubectl_create_sends)
{
    /* k8s\0, Unknown{TypeMeta{"v1","Namespace"}, raw: Namespace{metadata{name:"team"}}} */
    static const char body[] = "k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x08\x0a\x06\x0a\x04"
                               "team";
    struct reply reply = {.type = "application/vnd.kubernetes.protobuf",
                          .body_bytes = sizeof(body) - 1};
    cr_assert_eq(face_call(&f, &reply, "POST", "/api/v1/namespaces", body), 201);
    reply_fini(&reply);
    cr_assert_not_null(store_get(f.store, KIND_NAMESPACE, STR(""), STR("team")));
    struct reply cut = {.type = "application/vnd.kubernetes.protobuf",
                        .body_bytes = sizeof(body) - 3};
    cr_assert_eq(face_call(&f, &cut, "POST", "/api/v1/namespaces", body), 400);
    reply_fini(&cut);
}

Test(apiserver, bad_requests_get_a_status_and_leave_the_server_alive)
{
    static const struct {
        const char *method, *path, *body;
        long code;
    } rows[] = {
        {"POST", "/api/v1/namespaces/default/pods", "{\"metadata\":", 400},
        {"POST", "/api/v1/namespaces/default/pods", "", 400},
        {"POST", "/api/v1/namespaces/default/pods", "[]", 400},
        {"POST", "/api/v1/namespaces/default/pods", "{\"metadata\":7}", 400},
        {"POST", "/api/v1/namespaces/default/configmaps",
         "{\"metadata\":{\"name\":\"x\",\"labels\":[]}}", 400},
        {"POST", "/apis/apps/v1/namespaces/default/deployments",
         "{\"metadata\":{\"name\":\"d\"},\"spec\":{\"selector\":{},\"strategy\":{\"type\":7},"
         "\"template\":[]}}",
         201}, /* odd, but stored: there is no schema here */
        {"GET", "/api/v1/widgets", NULL, 404},
        {"GET", "/nothing/here", NULL, 404},
        {"GET", "/api/v1/pods/%zz", NULL, 400},
        {"GET", "/api/v1/namespaces/default/pods/none", NULL, 404},
        {"PUT", "/api/v1/namespaces/default/pods", "{}", 405},
        {"GET", "/api/v1/pods?fieldSelector=spec.nope%3Dx", NULL, 400},
        {"GET", "/api/v1/pods?continue=garbage", NULL, 400},
        {"GET", "/api/v1/pods?resourceVersion=x", NULL, 400},
        {"GET", "/api/v1/pods?watch=1&resourceVersion=x", NULL, 400},
        {"PUT", "/debug/faults", "{\"faults\":[{\"on\":\"x\"}]}", 400},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        cr_expect_eq(face_code(&f, rows[i].method, rows[i].path, rows[i].body), rows[i].code,
                     "row %zu", i);
    cr_assert_eq(face_code(&f, "GET", "/readyz", NULL), 200);
}

Test(apiserver, a_body_over_three_mebibytes_is_413)
{
    size_t len = (3 << 20) + 100;
    char *body = malloc(len + 1);
    memset(body, ' ', len);
    body[len] = '\0';
    cr_assert_eq(face_code(&f, "POST", "/api/v1/namespaces/default/pods", body), 413);
    free(body);
}
