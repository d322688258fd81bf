/*
 * manifests/, as an operator uses it: `kubectl apply -k`, a Deployment that starts under the
 * strictest Pod Security, and a service account whose rights are those that spillway uses: none is
 * missing, none is too many. The apiserver's audit log tells which were used.
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

#define MANIFESTS       "manifests"
#define LINUX           "{\"kubernetes.io/os\":\"linux\"}"
#define DEPLOYMENT_PATH "/apis/apps/v1/namespaces/kube-system/deployments/spillway"
#define ROLE_PATH       "/apis/rbac.authorization.k8s.io/v1/clusterroles/spillway"

static const struct node_kind small_node = {
    .prefix = "small",
    .allocatable = "{\"cpu\":\"4\",\"memory\":\"8Gi\",\"pods\":\"110\"}",
    .labels = LINUX,
};
/* A node of the control plane, which most pods may not use. */
static const struct node_kind tainted_node = {
    .prefix = "tainted",
    .allocatable = "{\"cpu\":\"64\",\"memory\":\"64Gi\",\"pods\":\"110\"}",
    .labels = LINUX,
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

static json_t *at(const json_t *object, const char *key)
{
    return json_object_get(object, key);
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(at(object, key));
    return text ? text : "";
}

/* ---- the Deployment ---- */

/* What kubectl said; yours. */
static char *apply(const struct world *world)
{
    return world_kubectl(world, "--namespace=kube-system", "apply", "-k", "manifests", NULL);
}

static void remove_deployment(struct world *world)
{
    free(world_kubectl(world, "delete", "deployment/spillway", "networkpolicy/spillway",
                       "--namespace=kube-system", "--cascade=foreground", "--ignore-not-found",
                       NULL));
}

/* The only pod of the Deployment, yours; NULL when there is none. */
static json_t *find_own_pod(struct world *world)
{
    json_t *list = api_get(&world->api, "/api/v1/namespaces/kube-system/pods?labelSelector="
                                        "app.kubernetes.io%2Fname%3Dspillway");
    json_t *pod = json_incref(json_array_get(at(list, "items"), 0));
    cr_expect(json_array_size(at(list, "items")) <= 1, "more than one scheduler");
    json_decref(list);
    return pod;
}

/* What reliability 4.2 asks for beyond Pod Security, as the apiserver understood it. */
static void expect_hardened(const json_t *pod)
{
    const json_t *spec = at(pod, "spec");
    const json_t *container = json_array_get(at(spec, "containers"), 0);
    cr_expect(json_is_true(at(at(container, "securityContext"), "readOnlyRootFilesystem")));
    cr_expect_str_eq(text_at(at(pod, "status"), "qosClass"), "Guaranteed");
    cr_expect_str_eq(text_at(spec, "schedulerName"), "default-scheduler");
    cr_expect_str_eq(text_at(spec, "priorityClassName"), "system-cluster-critical");
    cr_expect_eq(json_integer_value(at(spec, "priority")), 2000000000);

    /* One volume, and in it what a kubelet gives without being asked, but for the token's age. */
    cr_expect_eq(json_array_size(at(spec, "volumes")), 1);
    const json_t *sources = at(at(json_array_get(at(spec, "volumes"), 0), "projected"), "sources");
    const json_t *token = at(json_array_get(sources, 0), "serviceAccountToken");
    cr_expect_str_eq(text_at(token, "path"), "token");
    cr_expect_eq(json_integer_value(at(token, "expirationSeconds")), 3600);
    const json_t *mount = json_array_get(at(container, "volumeMounts"), 0);
    cr_expect_str_eq(text_at(mount, "mountPath"), "/var/run/secrets/kubernetes.io/serviceaccount");
}

Test(install, is_applied_twice_and_starts_on_a_node_of_the_control_plane, .timeout = 300)
{
    struct world world;
    world_open(&world, "apply");
    remove_deployment(&world);
    world_add_nodes(&world, &tainted_node, 1);
    free(apply(&world));
    char *again CLEANUP(mem_freep) = apply(&world);
    size_t objects = 0;
    for (char *line = again, *end; *line; line = end + 1, objects++) {
        end = line + strcspn(line, "\n");
        cr_assert(*end == '\n');
        *end = '\0';
        cr_expect(strstr(line, " unchanged"), "applied again: %s", line);
    }
    cr_expect_eq(objects, 5, "%zu objects", objects);

    world_start_kube_scheduler(&world);
    free(world_kubectl(&world, "rollout", "status", "deployment/spillway",
                       "--namespace=kube-system", "--timeout=50s", NULL));
    json_t *pod = find_own_pod(&world);
    cr_assert(pod);
    cr_expect_str_eq(text_at(at(pod, "spec"), "nodeName"), "tainted-0");
    expect_hardened(pod);
    json_decref(pod);

    json_t *deployment = api_get(&world.api, DEPLOYMENT_PATH);
    cr_expect_eq(json_integer_value(at(at(deployment, "spec"), "replicas")), 1);
    cr_expect_str_eq(text_at(at(at(deployment, "spec"), "strategy"), "type"), "Recreate");
    json_decref(deployment);
    remove_deployment(&world);
    world_close(&world);
}

/* ---- Pod Security ---- */

/* As the Deployment describes it; yours. */
static json_t *describe_own_pod(struct world *world)
{
    json_t *deployment = api_get(&world->api, DEPLOYMENT_PATH);
    json_t *spec = at(at(at(deployment, "spec"), "template"), "spec");
    json_t *pod = json_pack("{s:s, s:s, s:{s:s}, s:O}", "apiVersion", "v1", "kind", "Pod",
                            "metadata", "name", "spillway", "spec", spec);
    CHECK(pod);
    json_decref(deployment);
    return pod;
}

static long dry_run(struct world *world, const json_t *pod, json_t **ret_answer)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods?dryRun=All", world->namespace);
    char *body = json_dumps(pod, 0);
    long status = api_call(&world->api, "POST", path, body, ret_answer);
    free(body);
    return status;
}

/* Each is what a pod of level "restricted" must not lack. */
static const struct {
    bool is_containers;
    const char *key;
} protections[] = {
    {false, "runAsNonRoot"},
    {false, "seccompProfile"},
    {true, "allowPrivilegeEscalation"},
    {true, "capabilities"},
};

Test(install, its_pod_is_admitted_at_the_restricted_level_and_a_weaker_one_is_not, .timeout = 300)
{
    struct world world;
    world_open(&world, "restricted");
    remove_deployment(&world);
    free(apply(&world));
    free(world_kubectl(&world, "label", "namespace", world.namespace,
                       "pod-security.kubernetes.io/enforce=restricted", NULL));
    free(world_kubectl(&world, "create", "serviceaccount", "spillway", NULL));
    json_t *pod = describe_own_pod(&world);
    remove_deployment(&world);

    json_t *answer = NULL;
    long status = dry_run(&world, pod, &answer);
    cr_expect_eq(status, 201, "status %ld: %s", status, text_at(answer, "message"));
    json_decref(answer);
    for (size_t i = 0; i < ARRAY_LEN(protections); i++) {
        json_t *weaker = json_deep_copy(pod);
        json_t *part = json_object_get(weaker, "spec");
        if (protections[i].is_containers)
            part = json_array_get(json_object_get(part, "containers"), 0);
        part = json_object_get(part, "securityContext");
        cr_assert_eq(json_object_del(part, protections[i].key), 0, "no %s", protections[i].key);
        status = dry_run(&world, weaker, &answer);
        cr_expect_eq(status, 403, "without %s: status %ld", protections[i].key, status);
        cr_expect(strstr(text_at(answer, "message"), "violates PodSecurity \"restricted"));
        json_decref(answer);
        json_decref(weaker);
    }
    json_decref(pod);
    world_close(&world);
}

/* ---- rights ---- */

static bool is_second_of_series(void *context, const char *type, const json_t *event)
{
    (void)context;
    (void)type;
    return json_integer_value(at(at(event, "series"), "count")) >= 2;
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
    size_t rules = json_array_size(at(role, "rules"));
    cr_expect(rules >= 1 && rules <= 8, "%zu rules", rules);
    char *text = json_dumps(at(role, "rules"), 0);
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
    cr_expect(json_is_false(at(at(answer, "status"), "allowed")), "it may read secrets");
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

Test(install, every_right_of_the_service_account_is_used_and_none_is_missing, .timeout = 300)
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

Test(install, without_any_one_of_its_rights_the_log_names_it_and_users_miss_something,
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
