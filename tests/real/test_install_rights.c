/*
 * The service account of manifests/: its rights are those that spillway uses; none is missing, none
 * is too many. The apiserver's audit log tells which were used.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "tests/real/account.h"
#include "tests/real/relay.h"
#include "tests/real/rights.h"
#include "tests/real/world.h"

#define ROLE_PATH "/apis/rbac.authorization.k8s.io/v1/clusterroles/spillway"

static const struct node_kind small_node = {
    .prefix = "small",
    .allocatable = "{\"cpu\":\"4\",\"memory\":\"8Gi\",\"pods\":\"110\"}",
};
/* A node of the control plane, which most pods may not use. */
static const struct node_kind tainted_node = {
    .prefix = "tainted",
    .allocatable = "{\"cpu\":\"64\",\"memory\":\"64Gi\",\"pods\":\"110\"}",
    .spec = "{\"taints\":[{\"key\":\"node-role.kubernetes.io/control-plane\","
            "\"effect\":\"NoSchedule\"}]}",
};
static const char *const one_cpu[] = {"{\"cpu\":\"1\"}"};
static const char *const eight_cpus[] = {"{\"cpu\":\"8\"}"};

static void add_pod(struct world *world, const char *prefix, const char *const requests[])
{
    const struct pod_kind kind = {
        .prefix = prefix, .scheduler = "spillway", .requests = requests, .request_count = 1};
    world_add_pods(world, &kind, 1);
}

static bool is_second_of_series(void *context, const char *type, const json_t *event)
{
    (void)context;
    (void)type;
    return json_integer_value(json_object_get(json_object_get(event, "series"), "count")) >= 2;
}

/* A pod that fits: its binding, and its event. */
static void play_bind(struct world *world)
{
    add_pod(world, "fits", one_cpu);
    char *node CLEANUP(mem_freep) = world_await_bound(world, "fits-0");
    cr_expect_str_eq(node, "small-0");
    json_decref(world_await_pod_event(world, "fits-0", "Scheduled"));
}

/* A pod that fits nowhere: its condition, and its event. */
static void play_refusal(struct world *world)
{
    add_pod(world, "large", eight_cpus);
    char *message CLEANUP(mem_freep) = world_await_refusal(world, "large-0", "Unschedulable");
    cr_expect_str_eq(message, "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had "
                              "untolerated taint(s).");
    json_decref(world_await_pod_event(world, "large-0", "FailedScheduling"));
}

/* A new node with room wakes it, but is tainted as the old one was: the same sentence again. */
static void play_second_refusal(struct world *world)
{
    long status = api_call(&world->api, "DELETE", "/api/v1/nodes/tainted-0", NULL, NULL);
    cr_assert_eq(status, 200);
    world_add_nodes(world, &tainted_node, 1);
}

static void expect_series(struct world *world)
{
    char path[256];
    (void)snprintf(path, sizeof(path),
                   "/apis/events.k8s.io/v1/namespaces/%s/events?watch=1"
                   "&fieldSelector=regarding.name%%3Dlarge-0",
                   world->namespace);
    cr_assert(api_await_event(&world->api, path, is_second_of_series, NULL, WORLD_PATIENCE_MS),
              "the second refusal is not counted in the event of the first");
}

/* Streamed lists need the right to watch; a plain list is made after three streams that broke. The
 * first two break together, on the connection they share, the others may break one by one. */
enum { LOST_STREAMS = 5 };

/* Adds a pod whose binding is lost on the way. */
static void play_lost_bind(struct world *world, struct relay *relay)
{
    relay_lose(relay, 1);
    add_pod(world, "lost", one_cpu);
}

static void expect_no_secrets_and_no_wildcard(struct world *world, const json_t *role)
{
    size_t rules = json_array_size(json_object_get(role, "rules"));
    cr_expect(rules >= 1 && rules <= 8, "%zu rules", rules);
    char *text = json_dumps(json_object_get(role, "rules"), 0);
    cr_expect(!strchr(text, '*'), "a wildcard: %s", text);
    cr_expect(!strstr(text, "secrets"), "a right over secrets: %s", text);
    free(text);

    /* Nor by another binding that the account is in. */
    static const char review[] =
        "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SubjectAccessReview\",\"spec\":{"
        "\"user\":\"system:serviceaccount:kube-system:spillway\",\"groups\":["
        "\"system:serviceaccounts\",\"system:serviceaccounts:kube-system\","
        "\"system:authenticated\"],\"resourceAttributes\":{\"namespace\":\"kube-system\","
        "\"verb\":\"get\",\"resource\":\"secrets\"}}}";
    json_t *answer = NULL;
    long status = api_call(&world->api, "POST",
                           "/apis/authorization.k8s.io/v1/subjectaccessreviews", review, &answer);
    cr_assert_eq(status, 201);
    cr_expect(json_is_false(json_object_get(json_object_get(answer, "status"), "allowed")),
              "it may read secrets");
    json_decref(answer);
}

/* What the apiserver has logged from here on is the test's. */
static FILE *open_audit_at_end(const struct world *world)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/audit.log", world->dir);
    FILE *audit = fopen(path, "ae+");
    cr_assert(audit && fseek(audit, 0, SEEK_END) == 0, "%s cannot be read", path);
    return audit;
}

Test(install_rights, every_right_of_the_service_account_is_used_and_none_is_missing, .timeout = 300)
{
    struct world world;
    world_open(&world, "account-rights");
    world_add_nodes(&world, &small_node, 1);
    world_add_nodes(&world, &tainted_node, 1);
    FILE *audit = open_audit_at_end(&world);
    struct relay *relay = relay_open(account_apiserver_port(&world));
    struct account account;
    account_make(&account, &world, "kube-system");
    relay_lose(relay, LOST_STREAMS);
    account_start_spillway(&account, &world, relay_port(relay));

    play_bind(&world);
    play_refusal(&world);
    play_second_refusal(&world);
    expect_series(&world);
    play_lost_bind(&world, relay);
    free(world_await_bound(&world, "lost-0"));
    cr_expect_eq(relay_lost(relay), LOST_STREAMS + 1, "%d requests lost", relay_lost(relay));
    cr_expect_eq(world_stop_spillway(&world), 0);

    json_t *role = api_get(&world.api, ROLE_PATH);
    struct rights granted, used, refused;
    rights_of_role(&granted, role);
    rights_of_audit(&used, &refused, audit);
    cr_expect(used.count > 0, "the audit log is empty");
    rights_expect_equal(&granted, &used);
    for (size_t i = 0; i < refused.count; i++)
        cr_expect(strncmp(refused.words[i], "403 ", 4) != 0, "refused: %s", refused.words[i]);
    expect_no_secrets_and_no_wildcard(&world, role);

    json_decref(role);
    account_fini(&account);
    relay_close(relay);
    (void)fclose(audit);
    world_close(&world);
}

/* ---- less than all rights ---- */

/* Which part of the above needs a right, what the log says when it is missing, and what a user then
 * looks for in vain. */
static const struct missing {
    const char *right;
    enum { PLAY_START, PLAY_BROKEN_START, PLAY_BIND, PLAY_REFUSAL, PLAY_SERIES, PLAY_LOST } play;
    const char *said[2];
    const char *object;
    const char *field;
} missing[] = {
    {"watch pods", PLAY_START, {"cannot watch resource", "pods"}, "pod/fits-0", "{.spec.nodeName}"},
    {"watch nodes",
     PLAY_START,
     {"cannot watch resource", "nodes"},
     "pod/fits-0",
     "{.spec.nodeName}"},
    {"list pods",
     PLAY_BROKEN_START,
     {"cannot list resource", "pods"},
     "pod/fits-0",
     "{.spec.nodeName}"},
    {"list nodes",
     PLAY_BROKEN_START,
     {"cannot list resource", "nodes"},
     "pod/fits-0",
     "{.spec.nodeName}"},
    {"create pods/binding",
     PLAY_BIND,
     {"cannot create resource", "pods/binding"},
     "pod/fits-0",
     "{.spec.nodeName}"},
    {"get pods", PLAY_LOST, {"cannot get resource", "pods"}, "pod/lost-0", "{.spec.nodeName}"},
    {"patch pods/status",
     PLAY_REFUSAL,
     {"cannot patch resource", "pods/status"},
     "pod/large-0",
     "{.status.conditions[*].reason}"},
    {"create events.k8s.io/events",
     PLAY_BIND,
     {"cannot create resource", "events"},
     "events.v1.events.k8s.io",
     "{.items[*].reason}"},
    {"patch events.k8s.io/events",
     PLAY_SERIES,
     {"cannot patch resource", "events"},
     "events.v1.events.k8s.io",
     "{.items[*].series.count}"},
};

/* Service account spillway of the world's namespace, with all rights but one. */
static void grant_all_but(struct world *world, const char *right)
{
    json_t *role = api_get(&world->api, ROLE_PATH);
    json_t *less = rights_role_without(role, right, world->namespace);
    char *body = json_dumps(less, 0);
    long status = api_call(&world->api, "POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles",
                           body, NULL);
    cr_assert_eq(status, 201, "status %ld for %s", status, body);
    free(body);
    json_decref(less);
    json_decref(role);

    char account[128];
    (void)snprintf(account, sizeof(account), "--serviceaccount=%s:spillway", world->namespace);
    free(world_kubectl(world, "create", "serviceaccount", "spillway", NULL));
    free(world_kubectl(world, "create", "clusterrolebinding", world->namespace, "--clusterrole",
                       world->namespace, account, NULL));
}

static void play_until_missing(struct world *world, struct relay *relay, const struct missing *row)
{
    switch (row->play) {
    case PLAY_START:
    case PLAY_BROKEN_START:
    case PLAY_BIND:
        add_pod(world, "fits", one_cpu);
        break;
    case PLAY_REFUSAL:
        add_pod(world, "large", eight_cpus);
        break;
    case PLAY_SERIES:
        play_refusal(world);
        play_second_refusal(world);
        break;
    case PLAY_LOST:
        play_bind(world);
        play_lost_bind(world, relay);
        break;
    }
    const char *const said[] = {row->said[0], row->said[1], NULL};
    cr_assert(process_await_log(&world->spillway, said, WORLD_PATIENCE_MS),
              "without the right to %s, %s does not say \"%s\"", row->right,
              world->spillway.log_path, row->said[0]);
}

static void expect_missed(size_t number, const struct missing *row)
{
    char name[32];
    (void)snprintf(name, sizeof(name), "without-%zu", number);
    struct world world;
    world_open(&world, name);
    world_add_nodes(&world, &small_node, 1);
    world_add_nodes(&world, &tainted_node, 1);
    grant_all_but(&world, row->right);
    struct relay *relay = relay_open(account_apiserver_port(&world));
    relay_lose(relay, row->play == PLAY_BROKEN_START ? LOST_STREAMS : 0);
    struct account account;
    account_make(&account, &world, world.namespace);
    account_start_spillway(&account, &world, relay_port(relay));

    play_until_missing(&world, relay, row);
    char field[64];
    (void)snprintf(field, sizeof(field), "--output=jsonpath=%s", row->field);
    char *seen CLEANUP(mem_freep) = world_kubectl(&world, "get", row->object, field, NULL);
    cr_expect_str_eq(seen, "", "without the right to %s, %s of %s is \"%s\"", row->right,
                     row->field, row->object, seen);
    free(world_kubectl(&world, "delete", "clusterrolebinding,clusterrole", world.namespace, NULL));
    account_fini(&account);
    relay_close(relay);
    world_close(&world);
}

Test(install_rights, without_any_one_of_its_rights_the_log_names_it_and_users_miss_something,
     .timeout = 600)
{
    for (size_t i = 0; i < ARRAY_LEN(missing); i++)
        expect_missed(i, &missing[i]);

    struct world world;
    world_open(&world, "without-none");
    json_t *role = api_get(&world.api, ROLE_PATH);
    struct rights granted;
    rights_of_role(&granted, role);
    cr_expect_eq(granted.count, ARRAY_LEN(missing), "%zu rights", granted.count);
    json_decref(role);
    world_close(&world);
}
