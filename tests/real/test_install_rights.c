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
#include "tests/real/elastic.h"
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

/* It tolerates more, which may help and does not: the same sentence again. */
static void play_second_refusal(struct world *world)
{
    static const char toleration[] = "[{\"op\":\"add\",\"path\":\"/spec/tolerations/-\",\"value\":"
                                     "{\"key\":\"example.com/other\",\"operator\":\"Exists\"}}]";
    free(world_kubectl(world, "patch", "pod", "large-0", "--type=json", "-p", toleration, NULL));
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

/* Streamed lists need the right to watch; a plain list is made after three streams that broke: of
 * nodes, of pods and of the policies of both groups, and later of owners. */
enum { LOSE_ALL = 1 << 20 };
#define THRICE(text) text, text, text
static const char *const broken_start[] = {THRICE("watch of nodes: "), THRICE("watch of pods: "),
                                           THRICE("watch of resourcepolicies: "),
                                           THRICE("watch of resourcepolicies: "), NULL};
static const char *const broken_owners[] = {THRICE("watch of replicasets: "),
                                            THRICE("watch of statefulsets: "), NULL};

/* Requests are lost until the log says all that. */
static void stop_losing(struct world *world, struct relay *relay, const char *const said[])
{
    cr_assert(process_await_log(&world->spillway, said, WORLD_PATIENCE_MS), "streams do not break");
    relay_lose(relay, 0);
}

/* Adds a pod whose binding is lost on the way. */
static void play_lost_bind(struct world *world, struct relay *relay)
{
    relay_lose(relay, 1);
    add_pod(world, "lost", one_cpu);
}

/* Half of what the owner wants, which has to be known. */
static const char half_policy[] =
    "{apiVersion: scheduling.spillway.io/v1alpha1, kind: ResourcePolicy, metadata: {name: half}, "
    "spec: {selector: {kind: owned}, units: [{name: a, resource: ecs, max: 50%}, {name: b}]}}";
#define OWNED_POD                                                                                  \
    "selector: {matchLabels: {kind: owned}}, template: {metadata: {labels: {kind: owned}}, spec: " \
    "{schedulerName: spillway, containers: [{name: main, image: 'test.invalid/main:1'}]}}"
#define REPLICA_SET(name)                                                                          \
    "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: " name "}, "                         \
    "spec: {replicas: 2, " OWNED_POD "}}"
#define STATEFUL_SET(name)                                                                         \
    "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: " name "}, "                        \
    "spec: {serviceName: x, podManagementPolicy: Parallel, replicas: 2, " OWNED_POD "}}"

/* The policy makes spillway ask for owners. */
static void play_owner(struct world *world, struct relay *relay, const char *owner, bool is_broken)
{
    relay_lose(relay, is_broken ? LOSE_ALL : 0);
    elastic_apply(world, half_policy);
    if (is_broken)
        stop_losing(world, relay, broken_owners);
    elastic_apply(world, owner);
}

/* Pods wait until their owner is known: two of the owners by the lists, two by the watches. */
static void play_owners(struct world *world, struct relay *relay)
{
    play_owner(world, relay, REPLICA_SET("replica"), true);
    elastic_apply(world, STATEFUL_SET("stateful"));
    elastic_await_columns(world, "half", "a, b", "2/2, 2", 0);
    elastic_apply(world, REPLICA_SET("watched-replica"));
    elastic_apply(world, STATEFUL_SET("watched-stateful"));
    elastic_await_columns(world, "half", "a, b", "4/4, 4", 0);
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
    elastic_install(&world);
    world_add_nodes(&world, &small_node, 1);
    world_add_nodes(&world, &tainted_node, 1);
    FILE *audit = open_audit_at_end(&world);
    struct relay *relay = relay_open(account_apiserver_port(&world));
    struct account account;
    account_make(&account, &world, "kube-system");
    relay_lose(relay, LOSE_ALL);
    account_start_spillway(&account, &world, relay_port(relay));
    stop_losing(&world, relay, broken_start);

    play_bind(&world);
    play_refusal(&world);
    play_second_refusal(&world);
    expect_series(&world);
    int lost = relay_lost(relay);
    play_lost_bind(&world, relay);
    free(world_await_bound(&world, "lost-0"));
    cr_expect_eq(relay_lost(relay), lost + 1, "%d requests lost", relay_lost(relay));
    play_owners(&world, relay);
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
    enum {
        PLAY_START,
        PLAY_BROKEN_START,
        PLAY_BIND,
        PLAY_REFUSAL,
        PLAY_SERIES,
        PLAY_LOST,
        PLAY_POLICY,
        PLAY_REPLICA_SET,
        PLAY_BROKEN_STATEFUL_SET,
    } play;
    const char *said[3];
    const char *object;
    const char *field;
    const char *also; /* missing with it: its twin of another kind */
} missing[] = {
    {"watch pods",
     PLAY_START,
     {"cannot watch resource", "pods"},
     "pod/fits-0",
     "{.spec.nodeName}",
     NULL},
    {"watch nodes",
     PLAY_START,
     {"cannot watch resource", "nodes"},
     "pod/fits-0",
     "{.spec.nodeName}",
     NULL},
    {"list pods",
     PLAY_BROKEN_START,
     {"cannot list resource", "pods"},
     "pod/fits-0",
     "{.spec.nodeName}",
     NULL},
    {"list nodes",
     PLAY_BROKEN_START,
     {"cannot list resource", "nodes"},
     "pod/fits-0",
     "{.spec.nodeName}",
     NULL},
    {"create pods/binding",
     PLAY_BIND,
     {"cannot create resource", "pods/binding"},
     "pod/fits-0",
     "{.spec.nodeName}",
     NULL},
    {"get pods",
     PLAY_LOST,
     {"cannot get resource", "pods"},
     "pod/lost-0",
     "{.spec.nodeName}",
     NULL},
    {"patch pods/status",
     PLAY_REFUSAL,
     {"cannot patch resource", "pods/status"},
     "pod/large-0",
     "{.status.conditions[*].reason}",
     NULL},
    {"create events.k8s.io/events",
     PLAY_BIND,
     {"cannot create resource", "events"},
     "events.v1.events.k8s.io",
     "{.items[*].reason}",
     NULL},
    {"patch events.k8s.io/events",
     PLAY_SERIES,
     {"cannot patch resource", "events"},
     "events.v1.events.k8s.io",
     "{.items[*].series.count}",
     NULL},
    {"watch scheduling.spillway.io/resourcepolicies",
     PLAY_START,
     {"cannot watch resource", "resourcepolicies.scheduling.spillway.io",
      "resourcepolicies.scheduling.alibabacloud.com"},
     "pod/fits-0",
     "{.spec.nodeName}",
     "watch scheduling.alibabacloud.com/resourcepolicies"},
    {"list scheduling.spillway.io/resourcepolicies",
     PLAY_BROKEN_START,
     {"cannot list resource", "resourcepolicies.scheduling.spillway.io",
      "resourcepolicies.scheduling.alibabacloud.com"},
     "pod/fits-0",
     "{.spec.nodeName}",
     "list scheduling.alibabacloud.com/resourcepolicies"},
    {"patch scheduling.spillway.io/resourcepolicies/status",
     PLAY_POLICY,
     {"cannot patch resource", "resourcepolicies/status"},
     "rsp/half",
     "{.status}",
     NULL},
    {"watch apps/replicasets",
     PLAY_REPLICA_SET,
     {"cannot watch resource", "replicasets.apps is", "statefulsets.apps is"},
     "pods",
     "{.items[?(@.metadata.labels.kind==\"owned\")].spec.nodeName}",
     "watch apps/statefulsets"},
    {"list apps/statefulsets",
     PLAY_BROKEN_STATEFUL_SET,
     {"cannot list resource", "replicasets.apps is", "statefulsets.apps is"},
     "pods",
     "{.items[?(@.metadata.labels.kind==\"owned\")].spec.nodeName}",
     "list apps/replicasets"},
};

/* Service account spillway of the world's namespace, with all rights but those of the row. */
static void grant_all_but(struct world *world, const struct missing *row)
{
    json_t *role = api_get(&world->api, ROLE_PATH);
    json_t *less = rights_role_without(role, row->right, world->namespace);
    if (row->also) {
        json_decref(role);
        role = less;
        less = rights_role_without(role, row->also, world->namespace);
    }
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
    case PLAY_POLICY:
        elastic_apply(world, half_policy);
        break;
    case PLAY_REPLICA_SET:
        play_owner(world, relay, REPLICA_SET("replica"), false);
        break;
    case PLAY_BROKEN_STATEFUL_SET:
        play_bind(world); /* so that it has all the rest */
        play_owner(world, relay, STATEFUL_SET("stateful"), true);
        break;
    }
    const char *const said[] = {row->said[0], row->said[1], row->said[2], NULL};
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
    elastic_install(&world);
    world_add_nodes(&world, &small_node, 1);
    world_add_nodes(&world, &tainted_node, 1);
    grant_all_but(&world, row);
    struct relay *relay = relay_open(account_apiserver_port(&world));
    bool is_broken = row->play == PLAY_BROKEN_START;
    relay_lose(relay, is_broken ? LOSE_ALL : 0);
    struct account account;
    account_make(&account, &world, world.namespace);
    account_start_spillway(&account, &world, relay_port(relay));
    if (is_broken)
        stop_losing(&world, relay, broken_start);

    play_until_missing(&world, relay, row);
    char field[128];
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
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(missing); i++) {
        expect_missed(i, &missing[i]);
        count += missing[i].also ? 2 : 1;
    }

    struct world world;
    world_open(&world, "without-none");
    json_t *role = api_get(&world.api, ROLE_PATH);
    struct rights granted;
    rights_of_role(&granted, role);
    cr_expect_eq(granted.count, count, "%zu rights", granted.count);
    json_decref(role);
    world_close(&world);
}
