#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/mem.h"
#include "tests/watch/scratch.h"
#include "watch/exec_credential.h"

#define V1   "client.authentication.k8s.io/v1"
#define HEAD "{\"apiVersion\":\"" V1 "\",\"kind\":\"ExecCredential\",\"status\":"

/* ---- the answer ---- */

Test(exec_credential, token_and_expiry_are_read)
{
    struct exec_credential credential = {0};
    struct err err = {0};
    cr_assert(exec_credential_parse(STR(HEAD "{\"token\":\"abc\",\"expirationTimestamp\":"
                                             "\"1970-01-02T00:00:00Z\"}}"),
                                    V1, &credential, &err) == 0,
              "%s", err.text);
    cr_expect_str_eq(credential.token.data, "abc");
    cr_expect_null(credential.cert_pem.data);
    cr_expect(credential.expires_unix_s == 86400);
    exec_credential_fini(&credential);
}

Test(exec_credential, a_certificate_without_token_and_without_end_is_fine)
{
    struct exec_credential credential = {0};
    struct err err = {0};
    cr_assert(exec_credential_parse(STR(HEAD "{\"clientCertificateData\":\"C\","
                                             "\"clientKeyData\":\"K\",\"token\":null}}"),
                                    V1, &credential, &err) == 0,
              "%s", err.text);
    cr_expect_null(credential.token.data);
    cr_expect_str_eq(credential.cert_pem.data, "C");
    cr_expect_str_eq(credential.key_pem.data, "K");
    cr_expect(credential.expires_unix_s == INT64_MAX);
    exec_credential_fini(&credential);
}

static const struct {
    const char *json, *what;
} bad[] = {
    {"", "did not print JSON (line 1"},
    {"s3cr3t", "did not print JSON (line 1"},
    {"{\"kind\":\"ExecCredential\"", "did not print JSON"},
    {HEAD "{\"token\":\"a\",\"token\":\"b\"}}", "did not print JSON"},
    {"[]", "did not print an ExecCredential"},
    {"{\"apiVersion\":\"" V1 "\",\"kind\":\"Secret\"}", "did not print an ExecCredential"},
    {"{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"kind\":\"ExecCredential\","
     "\"status\":{\"token\":\"a\"}}",
     "it answered with apiVersion \"client.authentication.k8s.io/v1beta1\", the kubeconfig wants "
     "\"client.authentication.k8s.io/v1\""},
    {"{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"a\"}}", "apiVersion \"\""},
    {HEAD "null}", "has no status"},
    {HEAD "{}}", "neither a token nor a client certificate"},
    {HEAD "{\"token\":\"\"}}", "neither a token nor a client certificate"},
    {HEAD "{\"token\":7}}", "no text"},
    {HEAD "{\"token\":\"a\\u0000b\"}}", "did not print JSON"},
    {HEAD "{\"token\":\"a\",\"clientKeyData\":\"K\"}}", "must have both"},
    {HEAD "{\"clientCertificateData\":\"C\"}}", "must have both"},
    {HEAD "{\"token\":\"a\",\"expirationTimestamp\":\"soon\"}}", "expirationTimestamp"},
    {HEAD "{\"token\":\"a\",\"expirationTimestamp\":5}}", "expirationTimestamp"},
};

Test(exec_credential, what_is_no_answer_is_refused_without_quoting_it)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct exec_credential credential = {0};
        struct err err = {0};
        cr_expect(exec_credential_parse(str_from(bad[i].json), V1, &credential, &err) < 0,
                  "row %zu was taken", i);
        cr_expect(strstr(err.text, bad[i].what), "row %zu: %s", i, err.text);
        cr_expect_null(strstr(err.text, "s3cr3t"), "row %zu: %s", i, err.text);
        exec_credential_fini(&credential);
    }
}

/* ---- the run: /bin/sh is the plug-in ---- */

enum { LONG_MS = 60000 };

static int run(const char *script, int64_t limit_ms, struct exec_credential *credential,
               struct err *err)
{
    struct exec_plugin plugin = {
        .api_version = mem_strdup(V1),
        .command = mem_strdup("sh"),
        .args = mem_zalloc(3, sizeof(char *)),
        .env = mem_zalloc(2, sizeof(char *)),
        .cluster_info = mem_strdup("{\"server\":\"https://h\"}"),
    };
    plugin.args[0] = mem_strdup("-c");
    plugin.args[1] = mem_strdup(script);
    plugin.env[0] = mem_strdup("ADDED=from-kubeconfig");
    int failed = exec_credential_run(&plugin, limit_ms, credential, err);
    exec_plugin_fini(&plugin);
    return failed;
}

Test(exec_credential, environment_says_what_is_wanted)
{
    struct exec_credential credential = {0};
    struct err err = {0};
    cr_assert(setenv("ADDED", "ours", 1) == 0 && setenv("KEPT", "kept", 1) == 0);
    /* Commas and quotes of the info would need escaping: its pieces are compared in the shell. */
    cr_assert(run("test \"$KUBERNETES_EXEC_INFO\" = '{\"kind\":\"ExecCredential\",\"apiVersion\":"
                  "\"" V1 "\",\"spec\":{\"interactive\":false,\"cluster\":{\"server\":"
                  "\"https://h\"}}}' || exit 3\n"
                  "echo '" HEAD "{\"token\":\"'$ADDED-$KEPT'\"}}'",
                  LONG_MS, &credential, &err) == 0,
              "%s", err.text);
    cr_expect_str_eq(credential.token.data, "from-kubeconfig-kept");
    exec_credential_fini(&credential);
}

Test(exec_credential, stdin_is_empty)
{
    struct exec_credential credential = {0};
    struct err err = {0};
    cr_assert(run("read line && exit 3; echo '" HEAD "{\"token\":\"a\"}}'", LONG_MS, &credential,
                  &err) == 0,
              "%s", err.text);
    exec_credential_fini(&credential);
}

static const struct {
    const char *script;
    int64_t limit_ms;
    const char *texts[3];
} failing[] = {
    {"echo first >&2; echo 'please log in' >&2; exit 7",
     LONG_MS,
     {"exec plug-in sh", "failed with exit code 7", "it said: please log in"}},
    {"echo s3cr3t; exit 1", LONG_MS, {"exec plug-in sh", "failed with exit code 1"}},
    {"kill -TERM $$", LONG_MS, {"was ended by signal 15"}},
    {"echo s3cr3t garbage", LONG_MS, {"exec plug-in sh", "did not print JSON"}},
    {"echo asking >&2; exec sleep 1000", 300, {"did not end within 1 s and was killed", "asking"}},
    {"sleep 1000 & sleep 1000", 300, {"did not end within 1 s"}},
    {"exec yes", LONG_MS, {"printed more than 1024 KiB and was killed"}},
    {"printf 'a\\033[31mb' >&2; exit 1", LONG_MS, {"it said: a?[31mb"}},
};

Test(exec_credential, failures_quote_the_last_line_of_stderr_only)
{
    for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
        struct exec_credential credential = {0};
        struct err err = {0};
        cr_expect(run(failing[i].script, failing[i].limit_ms, &credential, &err) < 0,
                  "row %zu was taken", i);
        for (size_t k = 0; k < 3 && failing[i].texts[k]; k++)
            cr_expect(strstr(err.text, failing[i].texts[k]), "row %zu: %s", i, err.text);
        cr_expect_null(strstr(err.text, "s3cr3t"), "row %zu: %s", i, err.text);
        cr_expect_null(strchr(err.text, '\x1b'));
        exec_credential_fini(&credential);
    }
}

Test(exec_credential, a_hanging_plugin_is_killed_with_its_children)
{
    struct scratch scratch;
    scratch_init(&scratch);
    char *path = scratch_path(&scratch, "pids");
    char script[2048];
    (void)snprintf(script, sizeof(script), "sleep 1000 & echo $! > %s.part; mv %s.part %s; wait",
                   path, path, path);
    struct exec_credential credential = {0};
    struct err err = {0};
    cr_assert(run(script, 2000, &credential, &err) < 0);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    char line[32] = "";
    cr_assert_not_null(fgets(line, sizeof(line), file));
    (void)fclose(file);
    pid_t pid = (pid_t)strtoll(line, NULL, 10);
    cr_assert(pid > 1);
    /* Killed at once; it may still be a zombie until init takes it: then it has no command line. */
    char proc[64], command[64] = "";
    (void)snprintf(proc, sizeof(proc), "/proc/%d/cmdline", (int)pid);
    for (int i = 0; i < 200 && (file = fopen(proc, "r")) != NULL; i++) {
        size_t len = fread(command, 1, sizeof(command) - 1, file);
        (void)fclose(file);
        if (len == 0)
            break;
        cr_assert(i < 199, "still running: %s", command);
        (void)usleep(10000);
    }
    free(path);
    scratch_fini(&scratch);
}

Test(exec_credential, a_daemon_left_behind_does_not_hold_us)
{
    struct exec_credential credential = {0};
    struct err err = {0};
    /* The background process keeps the pipes open; the plug-in itself has ended. */
    cr_assert(run("sleep 20 & echo '" HEAD "{\"token\":\"a\"}}'", 8000, &credential, &err) == 0,
              "%s", err.text);
    exec_credential_fini(&credential);
}

Test(exec_credential, a_missing_command_gives_the_install_hint)
{
    char command[] = "no-such-plugin-anywhere", version[] = V1, hint[] = "install it from there";
    struct exec_plugin plugin = {.api_version = version, .command = command, .install_hint = hint};
    struct exec_credential credential = {0};
    struct err err = {0};
    cr_expect(exec_credential_run(&plugin, LONG_MS, &credential, &err) == -ENOENT);
    cr_expect_str_eq(err.text, "exec plug-in no-such-plugin-anywhere: cannot run: No such file or "
                               "directory; install it from there");
}
