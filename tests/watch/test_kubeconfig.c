#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/base/buf.h"
#include "tests/watch/scratch.h"
#include "watch/kubeconfig.h"

static const char basic[] = "apiVersion: v1\n"
                            "kind: Config\n"
                            "current-context: kind\n"
                            "preferences: {}\n"
                            "contexts:\n"
                            "- {name: kind, context: {cluster: c1, user: u1, namespace: x}}\n"
                            "- {name: other, context: {cluster: c2, user: u1}}\n"
                            "clusters:\n"
                            "- name: c1\n"
                            "  cluster: {server: \"https://10.0.0.1:6443\", \n"
                            "            certificate-authority: pki/ca.crt,\n"
                            "            extensions: [{name: foreign, extension: {}}]}\n"
                            "- name: c2\n"
                            "  cluster: {server: \"https://10.0.0.2\", \n"
                            "            insecure-skip-tls-verify: true,\n"
                            "            tls-server-name: api, proxy-url: \"socks5://p:1\"}\n"
                            "users:\n"
                            "- {name: u1, user: {token: secret-token}}\n";

static int parse(const char *text, const char *context, struct kubeconfig *config, struct err *err)
{
    return kubeconfig_parse(str_from(text), "/etc/k/config", context, config, err);
}

Test(kubeconfig, current_context_names_cluster_and_user)
{
    struct kubeconfig config = {0};
    struct err err = {0};
    cr_assert(parse(basic, NULL, &config, &err) == 0, "%s", err.text);
    cr_expect_str_eq(config.cluster, "c1");
    cr_expect_str_eq(config.user, "u1");
    cr_expect_str_eq(config.server, "https://10.0.0.1:6443");
    cr_expect_str_eq(config.token.data, "secret-token");
    cr_expect_str_eq(config.ca_file, "/etc/k/pki/ca.crt", "relative to the file it stands in");
    cr_expect_null(config.proxy_url);
    cr_expect(!config.is_insecure);
    kubeconfig_fini(&config);
}

Test(kubeconfig, another_context_can_be_chosen)
{
    struct kubeconfig config = {0};
    struct err err = {0};
    cr_assert(parse(basic, "other", &config, &err) == 0, "%s", err.text);
    cr_expect_str_eq(config.server, "https://10.0.0.2");
    cr_expect_str_eq(config.tls_server_name, "api");
    cr_expect_str_eq(config.proxy_url, "socks5://p:1");
    cr_expect(config.is_insecure);
    kubeconfig_fini(&config);
}

/* One cluster "c", one user "u" with these bodies, in context "x". */
static int parse_bodies(const char *cluster, const char *user, struct kubeconfig *config,
                        struct err *err)
{
    const char *const pairs[] = {"CLUSTER", cluster, "USER", user, NULL};
    char *text = fill_in("current-context: x\n"
                         "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
                         "clusters: [{name: c, cluster: @CLUSTER@}]\n"
                         "users: [{name: u, user: @USER@}]\n",
                         pairs);
    int failed = parse(text, NULL, config, err);
    free(text);
    return failed;
}

#define SERVER "{server: \"https://h:1\"}"
#define EXEC   "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never"

Test(kubeconfig, data_is_decoded_and_stands_beside_the_file)
{
    struct kubeconfig config = {0};
    struct err err = {0};
    cr_assert(parse_bodies("{server: \"https://h:1\", certificate-authority-data: aGVsbG8=, "
                           "certificate-authority: /ca}",
                           "{client-certificate: a.crt, client-key: /abs/a.key, "
                           "client-key-data: \"a2V5\", tokenFile: t}",
                           &config, &err) == 0,
              "%s", err.text);
    cr_expect_str_eq(config.ca_data.data, "hello");
    cr_expect_str_eq(config.ca_file, "/ca");
    cr_expect_str_eq(config.cert_file, "/etc/k/a.crt");
    cr_expect_str_eq(config.key_file, "/abs/a.key");
    cr_expect_str_eq(config.key_data.data, "key");
    cr_expect_str_eq(config.token_file, "/etc/k/t");
    kubeconfig_fini(&config);
}

Test(kubeconfig, exec_plugin_is_read_whole)
{
    struct kubeconfig config = {0};
    struct err err = {0};
    cr_assert(parse_bodies("{server: \"https://h:1\", certificate-authority-data: aGVsbG8=}",
                           "{exec: {" EXEC ", command: ./bin/get-token, args: [a, \"b c\"], "
                           "env: [{name: N, value: \"v=1\"}], installHint: apt install it, "
                           "provideClusterInfo: true}}",
                           &config, &err) == 0,
              "%s", err.text);
    cr_expect_str_eq(config.exec.command, "/etc/k/./bin/get-token");
    cr_expect_str_eq(config.exec.api_version, "client.authentication.k8s.io/v1");
    cr_expect_str_eq(config.exec.args[0], "a");
    cr_expect_str_eq(config.exec.args[1], "b c");
    cr_expect_null(config.exec.args[2]);
    cr_expect_str_eq(config.exec.env[0], "N=v=1");
    cr_expect_null(config.exec.env[1]);
    cr_expect_str_eq(config.exec.install_hint, "apt install it");
    cr_expect_str_eq(config.exec.cluster_info,
                     "{\"server\":\"https://h:1\",\"certificate-authority-data\":\"aGVsbG8=\"}");
    kubeconfig_fini(&config);
}

Test(kubeconfig, a_command_without_slash_is_left_to_PATH)
{
    struct kubeconfig config = {0};
    struct err err = {0};
    cr_assert(parse_bodies(SERVER, "{exec: {" EXEC ", command: aws}}", &config, &err) == 0, "%s",
              err.text);
    cr_expect_str_eq(config.exec.command, "aws");
    kubeconfig_fini(&config);
}

static const struct {
    const char *cluster, *user;
    const char *texts[3]; /* all must be in the error */
} bad_bodies[] = {
    {"{}", "{}", {"cluster \"c\" in kubeconfig /etc/k/config", "server is missing"}},
    {"{server: 12}", "{}", {"cluster \"c\"", "server must be a text (put it in quotes)"}},
    {"{server: \"https://h\", certificate-authority: a, insecure-skip-tls-verify: true}",
     "{}",
     {"cluster \"c\"", "together with insecure-skip-tls-verify"}},
    {"{server: \"https://h\", certificate-authority-data: YQ==, insecure-skip-tls-verify: true}",
     "{}",
     {"cluster \"c\"", "together with insecure-skip-tls-verify"}},
    {"{server: \"https://h\", insecure-skip-tls-verify: \"yes\"}",
     "{}",
     {"insecure-skip-tls-verify must be true or false"}},
    {"{server: \"https://h\", certificate-authority-data: \"!!\"}",
     "{}",
     {"cluster \"c\"", "certificate-authority-data is not valid base64"}},
    {SERVER, "{client-key-data: \"YQ\"}", {"user \"u\"", "client-key-data is not valid base64"}},
    {SERVER, "{token: 123}", {"user \"u\"", "token must be a text"}},
    {SERVER, "{client-certificate: a}", {"user \"u\"", "client-certificate without client-key"}},
    {SERVER, "{client-key: a}", {"user \"u\"", "client-key without client-certificate"}},
    {SERVER, "{auth-provider: {name: gcp}}", {"user \"u\"", "auth-provider was removed", "exec"}},
    {SERVER, "{username: a, password: b}", {"user \"u\"", "user name and password"}},
    {SERVER, "{as: admin, token: x}", {"user \"u\"", "impersonation (as) is not supported"}},
    {SERVER, "{as-groups: [a], token: x}", {"user \"u\"", "impersonation (as-groups)"}},
    {SERVER, "{exec: text}", {"user \"u\"", "exec must be a map"}},
    {SERVER,
     "{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: a}}",
     {"user \"u\"", "exec.apiVersion must be client.authentication.k8s.io/v1"}},
    {SERVER, "{exec: {" EXEC "}}", {"user \"u\"", "exec.command is missing"}},
    {SERVER,
     "{exec: {apiVersion: client.authentication.k8s.io/v1, command: a}}",
     {"exec.interactiveMode is missing"}},
    {SERVER,
     "{exec: {apiVersion: client.authentication.k8s.io/v1, command: a, interactiveMode: Always}}",
     {"exec.interactiveMode is Always"}},
    {SERVER, "{exec: {" EXEC ", command: a, args: [1]}}", {"exec.args[0] must be a text"}},
    {SERVER, "{exec: {" EXEC ", command: a, env: [{name: x}]}}", {"exec.env[0] must be"}},
};

Test(kubeconfig, bad_entries_are_named)
{
    for (size_t i = 0; i < sizeof(bad_bodies) / sizeof(bad_bodies[0]); i++) {
        struct kubeconfig config = {0};
        struct err err = {0};
        cr_expect(parse_bodies(bad_bodies[i].cluster, bad_bodies[i].user, &config, &err) < 0,
                  "row %zu was taken", i);
        for (size_t k = 0; k < 3 && bad_bodies[i].texts[k]; k++)
            cr_expect(strstr(err.text, bad_bodies[i].texts[k]), "row %zu: %s", i, err.text);
        kubeconfig_fini(&config);
    }
}

static const struct {
    const char *text, *context;
    const char *texts[3];
} bad_files[] = {
    {"a: [1\nb: 2\n", NULL, {"kubeconfig /etc/k/config is not valid YAML", "line 2, column 2"}},
    {"just text", NULL, {"kubeconfig /etc/k/config", "is not a map at the top"}},
    {"apiVersion: v1\nkind: Pod\n", NULL, {"is a v1 Pod, not a kubeconfig"}},
    {"apiVersion: apps/v1\n", NULL, {"not a kubeconfig"}},
    {"", NULL, {"/etc/k/config has no current-context", "--context", "it has: none"}},
    {"contexts: [{name: a}, {name: b}]", NULL, {"no current-context", "it has: a, b"}},
    {"current-context: z\ncontexts: [{name: a}, {name: b}]",
     NULL,
     {"there is no context \"z\"", "/etc/k/config", "it has: a, b"}},
    {basic, "nope", {"there is no context \"nope\"", "it has: kind, other"}},
    {"contexts: [{name: a, context: {user: u}}]\nusers: [{name: u}]",
     "a",
     {"context \"a\"", "cluster is missing"}},
    {"contexts: [{name: a, context: {cluster: gone, user: u}}]\nclusters: [{name: c}]",
     "a",
     {"context \"a\"", "there is no cluster \"gone\"", "it has: c"}},
    {"contexts: [{name: a, context: {cluster: c, user: gone}}]\n"
     "clusters: [{name: c, cluster: {server: \"https://h\"}}]\nusers: [{name: me}]",
     "a",
     {"context \"a\"", "there is no user \"gone\"", "it has: me"}},
    {"contexts: [{name: a, context: {cluster: c}}]\n"
     "clusters: [{name: c, cluster: {server: \"https://h\"}}]",
     "a",
     {"context \"a\"", "user is missing"}},
    {"contexts: {a: b}", NULL, {"contexts must be a list"}},
    {"clusters: [{cluster: {}}]", NULL, {"clusters[0] has no name"}},
    {"users: [{name: a, user: text}]", NULL, {"users[0] (\"a\"): user must be a map"}},
    {"users: [{name: a}, {name: a}]", NULL, {"users has the name \"a\" twice"}},
};

Test(kubeconfig, bad_files_say_where_and_what_there_is)
{
    for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++) {
        struct kubeconfig config = {0};
        struct err err = {0};
        cr_expect(parse(bad_files[i].text, bad_files[i].context, &config, &err) < 0,
                  "row %zu was taken", i);
        for (size_t k = 0; k < 3 && bad_files[i].texts[k]; k++)
            cr_expect(strstr(err.text, bad_files[i].texts[k]), "row %zu: %s", i, err.text);
        kubeconfig_fini(&config);
    }
}

Test(kubeconfig, a_list_of_a_thousand_contexts_is_cut_in_the_message)
{
    struct buf list;
    buf_init(&list, 64000);
    (void)buf_add_str(&list, "contexts:\n");
    for (int i = 0; i < 1000; i++)
        (void)buf_printf(&list, "- {name: context-%d}\n", i);
    char *text = buf_take(&list);
    struct kubeconfig config = {0};
    struct err err = {0};
    cr_expect(parse(text, NULL, &config, &err) < 0);
    cr_expect(strstr(err.text, "context-0, context-1"), "%s", err.text);
    cr_expect(strstr(err.text, "..."), "%s", err.text);
    free(text);
}

/* ---- files ---- */

static int load(const char *paths, bool is_list, const char *context, struct kubeconfig *config,
                struct err *err)
{
    struct kubeconfig_source source = {.paths = paths, .is_list = is_list, .context = context};
    return kubeconfig_load(&source, config, err);
}

Test(kubeconfig, in_a_list_the_first_file_wins_for_each_name)
{
    struct scratch scratch;
    scratch_init(&scratch);
    char *first = scratch_write(&scratch, "first",
                                "contexts: [{name: a, context: {cluster: c, user: u}}]\n"
                                "clusters: [{name: c, cluster: {server: \"https://first\"}}]\n");
    char *second = scratch_write(&scratch, "second",
                                 "current-context: a\n"
                                 "contexts: [{name: a, context: {cluster: c, user: wrong}}]\n"
                                 "clusters: [{name: c, cluster: {server: \"https://second\"}}]\n"
                                 "users: [{name: u, user: {tokenFile: tok}}]\n");
    char paths[2048];
    (void)snprintf(paths, sizeof(paths), "%s.missing::%s:%s", first, first, second);
    struct kubeconfig config = {0};
    struct err err = {0};
    cr_assert(load(paths, true, NULL, &config, &err) == 0, "%s", err.text);
    cr_expect_str_eq(config.server, "https://first");
    cr_expect_str_eq(config.cluster_file, first);
    cr_expect_str_eq(config.user_file, second);
    char *token_file = scratch_path(&scratch, "tok");
    cr_expect_str_eq(config.token_file, token_file);
    kubeconfig_fini(&config);
    free(token_file);
    free(first);
    free(second);
    scratch_fini(&scratch);
}

Test(kubeconfig, a_missing_file_is_an_error_when_named_and_skipped_in_a_list)
{
    struct scratch scratch;
    scratch_init(&scratch);
    char *path = scratch_path(&scratch, "nothing-here");
    struct kubeconfig config = {0};
    struct err err = {0};
    cr_expect(load(path, false, NULL, &config, &err) < 0);
    cr_expect(strstr(err.text, path) && strstr(err.text, "No such file"), "%s", err.text);
    cr_expect(load(path, true, NULL, &config, &err) < 0);
    cr_expect(strstr(err.text, "none of the files in KUBECONFIG="), "%s", err.text);
    cr_expect(load(scratch.dir, false, NULL, &config, &err) < 0);
    cr_expect(strstr(err.text, "Is a directory"), "%s", err.text);
    free(path);
    scratch_fini(&scratch);
}

Test(kubeconfig, an_unreadable_file_says_so)
{
    struct scratch scratch;
    scratch_init(&scratch);
    char *path = scratch_write(&scratch, "config", basic);
    cr_assert(chmod(path, 0) == 0);
    struct kubeconfig config = {0};
    struct err err = {0};
    become_nobody();
    cr_expect(load(path, false, NULL, &config, &err) < 0);
    become_root_again();
    cr_expect(strstr(err.text, path) && strstr(err.text, "Permission denied"), "%s", err.text);
    free(path);
    scratch_fini(&scratch);
}

Test(kubeconfig, credentials_that_others_may_read_are_noticed)
{
    struct scratch scratch;
    scratch_init(&scratch);
    char *path = scratch_write(&scratch, "config", basic);
    struct kubeconfig config = {0};
    struct err err = {0};
    cr_assert(load(path, false, NULL, &config, &err) == 0, "%s", err.text);
    cr_expect_null(config.exposed_file);
    kubeconfig_fini(&config);

    cr_assert(chmod(path, 0644) == 0);
    cr_assert(load(path, false, NULL, &config, &err) == 0, "%s", err.text);
    cr_expect_str_eq(config.exposed_file, path);
    kubeconfig_fini(&config);
    free(path);
    scratch_fini(&scratch);
}

Test(kubeconfig, a_file_over_the_limit_is_refused)
{
    struct scratch scratch;
    scratch_init(&scratch);
    char *text = malloc(KUBECONFIG_BYTES_MAX + 2);
    memset(text, '#', KUBECONFIG_BYTES_MAX + 1);
    text[KUBECONFIG_BYTES_MAX + 1] = '\0';
    char *path = scratch_write(&scratch, "config", text);
    struct kubeconfig config = {0};
    struct err err = {0};
    cr_expect(load(path, false, NULL, &config, &err) < 0);
    cr_expect(strstr(err.text, "larger than 1024 KiB"), "%s", err.text);
    free(path);
    free(text);
    scratch_fini(&scratch);
}
