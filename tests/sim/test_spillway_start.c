/*
 * build/spillway at its start: what a person reads who gave it wrong flags, a wrong kubeconfig or
 * wrong credentials, and that it goes on by itself once that is mended.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/base/mem.h"
#include "model/object.h"
#include "tests/sim/script.h"
#include "tests/sim/stage.h"

enum { PATH_BYTES = 512, FLAGS_MAX = 4, TEXTS_MAX = 4 };

/* ---- flags ---- */

static const struct {
    const char *flags[FLAGS_MAX];
    const char *line;
} wrong_flags[] = {
    {{"--frobnicate"}, "spillway: unknown flag --frobnicate: --help lists all flags\n"},
    {{"--schedulername=x"},
     "spillway: unknown flag --schedulername: did you mean --scheduler-name?\n"},
    {{"--scheduler-name"}, "spillway: --scheduler-name needs a value: --scheduler-name=NAME\n"},
    {{"--kubeconfig="}, "spillway: --kubeconfig needs a value: --kubeconfig=FILE\n"},
    {{"--v=11"}, "spillway: --v=11: give a whole number from 0 to 10\n"},
    {{"--percentage-of-nodes-to-score=101"},
     "spillway: --percentage-of-nodes-to-score=101: give a whole number from 0 to 100\n"},
    {{"--seed=many"}, "spillway: --seed=many: give a whole number from 0 to 4294967295\n"},
    {{"--logging-format=xml"}, "spillway: --logging-format=xml: give one of text|json\n"},
    {{"now"}, "spillway: unexpected argument now: spillway takes only flags\n"},
    {{"--context=x"},
     "spillway: --context=x: contexts are in a kubeconfig: give --kubeconfig=FILE too\n"},
};

Test(spillway_start, a_wrong_flag_is_one_line_and_exit_code_2, .timeout = 60)
{
    for (size_t i = 0; i < ARRAY_LEN(wrong_flags); i++) {
        struct process_result result;
        spillway_run(&result, wrong_flags[i].flags);
        cr_expect_eq(result.exit_code, 2, "%s: %d", wrong_flags[i].flags[0], result.exit_code);
        cr_expect_str_eq(result.err.data, wrong_flags[i].line);
        cr_expect_str_empty(result.out.data);
        process_result_fini(&result);
    }
}

Test(spillway_start, help_and_version_go_to_stdout_and_exit_with_0, .timeout = 60)
{
    static const struct {
        const char *flags[FLAGS_MAX];
        const char *begin, *holds;
    } asked[] = {
        {{"--help"}, "spillway: a Kubernetes scheduler\n", "--kubeconfig=FILE"},
        {{"-h"}, "spillway: a Kubernetes scheduler\n", "--scheduler-name=NAME"},
        {{"--version"}, "spillway ", "\n"},
        {{"--version", "--context=x"}, "spillway ", "\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        struct process_result result;
        spillway_run(&result, asked[i].flags);
        cr_expect_eq(result.exit_code, 0);
        cr_expect_eq(strncmp(result.out.data, asked[i].begin, strlen(asked[i].begin)), 0);
        cr_expect(strstr(result.out.data, asked[i].holds), "%s", result.out.data);
        cr_expect_str_empty(result.err.data);
        process_result_fini(&result);
    }
}

/* ---- kubeconfig ---- */

static const char good_kubeconfig[] =
    "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
    "clusters: [{name: it, cluster: {server: 'https://127.0.0.1:1'}}]\n"
    "users: [{name: me, user: {token: t}}]\n"
    "contexts: [{name: here, context: {cluster: it, user: me}}]\n";

static const struct {
    const char *text; /* NULL: no such file */
    const char *context;
    const char *says[TEXTS_MAX]; /* beside the path */
} wrong_kubeconfigs[] = {
    {NULL, NULL, {"No such file or directory", "--kubeconfig"}},
    {"apiVersion: v1\nclusters: [\n", NULL, {"not valid YAML", "line 3"}},
    {"just some text\n", NULL, {"is not a map at the top"}},
    {"{}\n", NULL, {"has no current-context", "choose one with --context"}},
    {good_kubeconfig, "there", {"there is no context \\\"there\\\"", "it has: here"}},
    {"current-context: here\ncontexts: [{name: here, context: {cluster: it, user: me}}]\n",
     NULL,
     {"context \\\"here\\\"", "there is no cluster \\\"it\\\""}},
};

Test(spillway_start, a_wrong_kubeconfig_is_named_with_how_to_mend_it, .timeout = 60)
{
    char dir[] = "/tmp/spillway-kubeconfig-XXXXXX";
    char path[PATH_BYTES];
    cr_assert(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/kubeconfig", dir);
    for (size_t i = 0; i < ARRAY_LEN(wrong_kubeconfigs); i++) {
        struct err err = {0};
        if (wrong_kubeconfigs[i].text)
            cr_assert_eq(pki_write_file(path, wrong_kubeconfigs[i].text, &err), 0);
        const char *context = wrong_kubeconfigs[i].context;
        const char *const flags[] = {"--kubeconfig", path, context ? "--context" : NULL, context,
                                     NULL};
        struct process_result result;
        spillway_run(&result, flags);
        cr_expect_eq(result.exit_code, 1);
        cr_expect(strstr(result.err.data, path), "%s", result.err.data);
        for (size_t k = 0; k < TEXTS_MAX && wrong_kubeconfigs[i].says[k]; k++)
            cr_expect(strstr(result.err.data, wrong_kubeconfigs[i].says[k]), "\"%s\" is not in %s",
                      wrong_kubeconfigs[i].says[k], result.err.data);
        process_result_fini(&result);
    }
    (void)unlink(path);
    (void)rmdir(dir);
}

/* Root reads every file: so spillway is run by nobody, on a file of root's. */
Test(spillway_start, a_kubeconfig_that_may_not_be_read_says_so, .timeout = 60)
{
    enum { NOBODY = 65534 };
    char dir[] = "/tmp/spillway-kubeconfig-XXXXXX";
    char path[PATH_BYTES];
    struct err err = {0};
    cr_assert(mkdtemp(dir));
    cr_assert_eq(chmod(dir, 0755), 0);
    (void)snprintf(path, sizeof(path), "%s/kubeconfig", dir);
    cr_assert_eq(pki_write_file(path, good_kubeconfig, &err), 0);
    cr_assert_eq(chmod(path, 0), 0);
    bool was_root = geteuid() == 0;
    if (was_root)
        cr_assert_eq(seteuid(NOBODY), 0);
    struct process_result result;
    const char *const flags[] = {"--kubeconfig", path, NULL};
    spillway_run(&result, flags);
    if (was_root)
        cr_assert_eq(seteuid(0), 0);
    cr_expect_eq(result.exit_code, 1);
    cr_expect(strstr(result.err.data, path), "%s", result.err.data);
    cr_expect(strstr(result.err.data, "Permission denied; let this user read it"), "%s",
              result.err.data);
    process_result_fini(&result);
    (void)unlink(path);
    (void)rmdir(dir);
}

/* ---- the way to the apiserver ---- */

#define POD(name, rv)                                                                              \
    "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"" name                       \
    "\",\"namespace\":\"default\",\"uid\":\"00000000-0000-0000-0000-000000000002\","               \
    "\"resourceVersion\":\"" rv "\"},\"spec\":{\"schedulerName\":\"spillway\",\"containers\":["    \
    "{\"name\":\"c\",\"image\":\"i\"}]}}"

static bool has_bound(void *ctx)
{
    return script_count(ctx, "POST /api/v1/namespaces/default/pods/p/binding") > 0;
}

struct awaited {
    const struct process *spillway;
    const char *text;
    size_t count;
};

static bool has_said(void *ctx)
{
    const struct awaited *awaited = ctx;
    return spillway_count_said(awaited->spillway, awaited->text) >= awaited->count;
}

Test(spillway_start, waits_for_an_apiserver_that_is_not_there_yet, .timeout = 120)
{
    static struct script script;
    script_open(&script);
    script_hush(&script);
    char path[PATH_BYTES], text[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/kubeconfig", script.dir);
    const char *const flags[] = {"--kubeconfig", path, NULL};
    struct process spillway = {0};
    spillway_start(&spillway, script.dir, flags);
    (void)snprintf(text, sizeof(text),
                   "watch of pods: cannot connect to %s: Connection refused; is the apiserver "
                   "running there?",
                   access_server(script.access));
    cr_assert(script_run_for(&script, SPILLWAY_PATIENCE_MS, has_said,
                             &(struct awaited){&spillway, text, 2}));
    for (int source = 0; source < POLICY_SOURCE_COUNT; source++) /* no CRDs there */
        SCRIPT_SAY(&script, {404, "404 page not found\n", SCRIPT_ENDS, 0, "/resourcepolicies"});
    SCRIPT_SAY(&script,
               {200,
                "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Node\",\"apiVersion\":\"v1\","
                "\"metadata\":{\"name\":\"n\",\"uid\":\"00000000-0000-0000-0000-000000000001\","
                "\"resourceVersion\":\"1\"},\"status\":{\"allocatable\":{\"cpu\":\"1\","
                "\"memory\":\"1Gi\",\"pods\":\"10\"}}}}\n"
                "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Node\",\"metadata\":{"
                "\"resourceVersion\":\"2\",\"annotations\":{\"k8s.io/initial-events-end\":"
                "\"true\"}}}}\n",
                SCRIPT_HOLDS, 0, "GET /api/v1/nodes"},
               {200,
                "{\"type\":\"ADDED\",\"object\":" POD(
                    "p", "1") "}\n"
                              "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"metadata\":{"
                              "\"resourceVersion\":\"2\",\"annotations\":{\"k8s.io/"
                              "initial-events-end\":\"true\"}}}}\n",
                SCRIPT_HOLDS, 0, "GET /api/v1/pods"});
    script_listen(&script);
    cr_assert(script_run_for(&script, SPILLWAY_PATIENCE_MS, has_bound, &script));
    cr_expect_not(spillway_has_ended(&spillway));
    (void)process_stop(&spillway, SIGKILL, SPILLWAY_PATIENCE_MS);
    (void)unlink(spillway.log_path);
    script_close(&script);
}

Test(spillway_start, an_expired_certificate_of_the_apiserver_is_said, .timeout = 120)
{
    static struct script script;
    script_open(&script);
    script_listen_expired(&script);
    char path[PATH_BYTES], text[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/kubeconfig", script.dir);
    const char *const flags[] = {"--kubeconfig", path, NULL};
    struct process spillway = {0};
    spillway_start(&spillway, script.dir, flags);
    (void)snprintf(text, sizeof(text),
                   "the certificate of %s has expired; renew it (and check this machine's clock)",
                   access_server(script.access));
    cr_assert(script_run_for(&script, SPILLWAY_PATIENCE_MS, has_said,
                             &(struct awaited){&spillway, text, 2}));
    cr_expect_eq(script.request_count, 0, "something was sent all the same");
    (void)process_stop(&spillway, SIGKILL, SPILLWAY_PATIENCE_MS);
    (void)unlink(spillway.log_path);
    script_close(&script);
}

/* ---- trust and rights ---- */

static struct stage stage;

static void setup(void)
{
    stage_open(&stage);
    stage_add_node(&stage, "n", "4");
    stage_add_pod(&stage, "p", "1");
}

static void teardown(void)
{
    stage_close(&stage);
}

TestSuite(spillway_access, .init = setup, .fini = teardown, .timeout = 120);

/* A kubeconfig beside the server's own; `user` is a map in YAML. */
static void write_kubeconfig(const char *name, const char *ca, const char *user)
{
    char path[PATH_BYTES], text[1024];
    struct err err = {0};
    (void)snprintf(text, sizeof(text),
                   "apiVersion: v1\nkind: Config\ncurrent-context: it\n"
                   "clusters: [{name: it, cluster: {server: 'https://127.0.0.1:%u', "
                   "certificate-authority: %s}}]\n"
                   "users: [{name: it, user: {%s}}]\n"
                   "contexts: [{name: it, context: {cluster: it, user: it}}]\n",
                   (unsigned)apiserver_port(stage.server), ca, user);
    (void)snprintf(path, sizeof(path), "%s/%s", stage.dir, name);
    cr_assert_eq(pki_write_file(path, text, &err), 0, "%s", err.text);
}

static void write_file(const char *name, const char *text)
{
    char path[PATH_BYTES];
    struct err err = {0};
    (void)snprintf(path, sizeof(path), "%s/%s", stage.dir, name);
    cr_assert_eq(pki_write_file(path, text, &err), 0, "%s", err.text);
}

static char *read_file(const char *name)
{
    char path[PATH_BYTES], text[256];
    (void)snprintf(path, sizeof(path), "%s/%s", stage.dir, name);
    FILE *file = fopen(path, "re");
    cr_assert(file && fgets(text, sizeof(text), file), "%s", path);
    (void)fclose(file);
    return mem_strdup(text);
}

Test(spillway_access, a_ca_of_another_cluster_is_named_and_nothing_is_sent)
{
    struct err err = {0};
    struct pki *other = pki_new(&err);
    char *ca = pki_ca_pem(other);
    write_file("other-ca.crt", ca);
    write_kubeconfig("wrong", "other-ca.crt", "tokenFile: admin.token");
    stage_start(&stage, "wrong", NULL);
    stage_await_said(&stage, "is signed by an unknown authority");
    stage_await_said(&stage, "/other-ca.crt of cluster");
    stage_await_said(&stage, "is it this cluster's?");
    cr_expect_eq(apiserver_counts(stage.server).requests, 0);
    cr_expect_eq(stage_stop(&stage), 0);
    free(ca);
    pki_free(other);
}

Test(spillway_access, a_refused_token_is_said_and_a_good_one_in_its_file_heals)
{
    char *token = read_file("admin.token");
    write_file("token", "not-the-token\n");
    write_kubeconfig("by-file", "ca.crt", "tokenFile: token");
    stage_start(&stage, "by-file", NULL);
    stage_await_said(&stage, "the apiserver does not accept our credentials (401");
    stage_await_said(&stage, "renew the token or the client certificate");
    write_file("token", token);
    stage_await_bound(&stage, "p");
    cr_expect_not(spillway_said(&stage.spillway, token), "the token is in the log");
    cr_expect_eq(stage_stop(&stage), 0);
    free(token);
}

Test(spillway_access, no_credentials_at_all_is_said)
{
    write_kubeconfig("without", "ca.crt", "");
    stage_start(&stage, "without", NULL);
    stage_await_said(&stage, "401");
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_access, an_expired_client_certificate_is_said)
{
    stage_start(&stage, "kubeconfig-expired", NULL);
    stage_await_said(&stage, "expired");
    cr_expect_eq(stage.bindings, 0);
    if (!spillway_has_ended(&stage.spillway))
        cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_access, a_missing_right_is_named_with_who_lacks_it)
{
    stage_start(&stage, "kubeconfig-nobody", NULL);
    stage_await_said(&stage, "spillway may not watch nodes");
    stage_await_said(&stage, "spillway may not watch pods");
    stage_await_said(&stage, "User \\\"nobody\\\" cannot watch resource \\\"pods\\\"");
    stage_await_said(&stage, "grant list and watch on pods at the cluster scope");
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_access, who_may_only_read_is_told_at_the_pod_and_in_the_log)
{
    stage_start(&stage, "kubeconfig-reader", NULL);
    stage_await_said(&stage, "pods/binding");
    cr_expect_eq(stage.bindings, 0);
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_access, a_client_certificate_will_do)
{
    stage_start(&stage, "kubeconfig-cert", NULL);
    stage_await_bound(&stage, "p");
    cr_expect_eq(stage_stop(&stage), 0);
}
