#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/watch/scratch.h"
#include "watch/access.h"

static struct scratch scratch;
static char *cert_a, *key_a, *cert_b, *key_b;

static void set_up(void)
{
    static const char *const variables[] = {"KUBECONFIG",
                                            "KUBERNETES_SERVICE_HOST",
                                            "KUBERNETES_SERVICE_PORT",
                                            "HTTPS_PROXY",
                                            "https_proxy",
                                            "NO_PROXY",
                                            "no_proxy"};
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        (void)unsetenv(variables[i]);
    scratch_init(&scratch);
    (void)setenv("HOME", scratch.dir, 1);
    make_certificate("a", 10, &cert_a, &key_a);
    make_certificate("b", 10, &cert_b, &key_b);
}

static void tear_down(void)
{
    free(cert_a);
    free(key_a);
    free(cert_b);
    free(key_b);
    scratch_fini(&scratch);
}

TestSuite(access, .init = set_up, .fini = tear_down);

static struct mono_ms in_ms(int64_t delay_ms)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (struct mono_ms){(int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + delay_ms};
}

static void put(const char *name, const char *text)
{
    free(scratch_write(&scratch, name, text));
}

/* Loads a kubeconfig with these bodies of its one cluster and its one user. */
static struct access *load(const char *cluster, const char *user, struct err *err)
{
    const char *const pairs[] = {"CLUSTER", cluster, "USER", user, NULL};
    char *text = fill_in("current-context: x\n"
                         "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
                         "clusters: [{name: c, cluster: {@CLUSTER@}}]\n"
                         "users: [{name: u, user: {@USER@}}]\n",
                         pairs);
    char *path = scratch_write(&scratch, "config", text);
    struct access *access =
        access_load(&(struct access_options){.kubeconfig = path}, &scratch.log, err);
    free(path);
    free(text);
    return access;
}

static struct access *must_load(const char *cluster, const char *user)
{
    struct err err = {0};
    struct access *access = load(cluster, user, &err);
    cr_assert_not_null(access, "%s", err.text);
    return access;
}

static void expect_refused(const char *cluster, const char *user, const char *const texts[])
{
    struct err err = {0};
    struct access *access = load(cluster, user, &err);
    cr_expect_null(access);
    for (; *texts; texts++)
        cr_expect(strstr(err.text, *texts), "\"%s\" is not in: %s", *texts, err.text);
    cr_expect_null(strstr(err.text, "s3cr3t"), "%s", err.text);
    access_free(access);
}

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SERVER     "server: \"https://h:6443\""

/* ---- where it comes from ---- */

Test(access, nothing_configured_names_every_way)
{
    struct err err = {0};
    struct access *access = access_load(&(struct access_options){0}, &scratch.log, &err);
    cr_expect_null(access);
    const char *const *texts =
        TEXTS("--kubeconfig", "KUBECONFIG", "KUBERNETES_SERVICE_HOST", "/.kube/config");
    for (; *texts; texts++)
        cr_expect(strstr(err.text, *texts), "\"%s\" is not in: %s", *texts, err.text);
}

static struct access *load_anything(struct err *err)
{
    return access_load(&(struct access_options){.service_account_dir = scratch.dir}, &scratch.log,
                       err);
}

static void write_kubeconfig(const char *name, const char *server)
{
    const char *const pairs[] = {"SERVER", server, NULL};
    char *text = fill_in("current-context: x\n"
                         "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
                         "clusters: [{name: c, cluster: {server: \"@SERVER@\"}}]\n"
                         "users: [{name: u}]\n",
                         pairs);
    put(name, text);
    free(text);
}

Test(access, in_a_pod_the_service_account_is_used)
{
    put("token", "pod-token\n");
    put("ca.crt", cert_a);
    (void)setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
    (void)setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    struct err err = {0};
    struct access *access = load_anything(&err);
    cr_assert_not_null(access, "%s", err.text);
    cr_expect_str_eq(access_server(access), "https://10.96.0.1:443");
    cr_expect_str_eq(access_get_token(access), "pod-token");
    struct access_tls tls;
    access_get_tls(access, &tls);
    cr_expect(tls.ca_len == strlen(cert_a) && memcmp(tls.ca_pem, cert_a, tls.ca_len) == 0);
    access_free(access);
}

Test(access, an_ipv6_service_address_gets_brackets)
{
    put("token", "t");
    put("ca.crt", cert_a);
    (void)setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
    (void)setenv("KUBERNETES_SERVICE_PORT", "6443", 1);
    struct err err = {0};
    struct access *access = load_anything(&err);
    cr_assert_not_null(access, "%s", err.text);
    cr_expect_str_eq(access_server(access), "https://[fd00::1]:6443");
    access_free(access);
}

Test(access, in_a_pod_missing_files_are_named)
{
    (void)setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
    (void)setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    struct err err = {0};
    cr_expect_null(load_anything(&err));
    cr_expect(strstr(err.text, "/ca.crt: No such file"), "%s", err.text);
    put("ca.crt", cert_a);
    cr_expect_null(load_anything(&err));
    cr_expect(strstr(err.text, "token file: ") && strstr(err.text, "/token: No such file"), "%s",
              err.text);
    put("token", "  \n");
    cr_expect_null(load_anything(&err));
    cr_expect(strstr(err.text, "/token is empty"), "%s", err.text);
}

Test(access, KUBECONFIG_comes_before_the_pod_and_the_flag_before_both)
{
    write_kubeconfig("one", "https://one");
    write_kubeconfig("two", "https://two/");
    put("token", "t");
    put("ca.crt", cert_a);
    char *one = scratch_path(&scratch, "one"), *two = scratch_path(&scratch, "two");
    (void)setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
    (void)setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    (void)setenv("KUBECONFIG", one, 1);
    struct err err = {0};
    struct access *access = load_anything(&err);
    cr_assert_not_null(access, "%s", err.text);
    cr_expect_str_eq(access_server(access), "https://one");
    access_free(access);
    access = access_load(&(struct access_options){.kubeconfig = two}, &scratch.log, &err);
    cr_assert_not_null(access, "%s", err.text);
    cr_expect_str_eq(access_server(access), "https://two", "no slash at the end");
    access_free(access);
    free(one);
    free(two);
}

/* ---- server ---- */

Test(access, server_must_be_an_https_address)
{
    expect_refused("server: \"http://h:8080\"", "",
                   TEXTS("cluster \"c\"", "starts with http://", "use https://"));
    expect_refused("server: \"h:6443\"", "", TEXTS("cluster \"c\"", "https://host:port"));
    expect_refused("server: \"ftp://h\"", "", TEXTS("https://host:port"));
    expect_refused("server: \"https://u:s3cr3t@h\"", "", TEXTS("more than host, port and path"));
    expect_refused("server: \"https://h/?a=b\"", "", TEXTS("more than host, port and path"));
    expect_refused("server: \"https://h:99999\"", "", TEXTS("is not valid"));
    expect_refused("server: \"https://\"", "", TEXTS("is not valid"));
    struct access *access = must_load("server: \"https://h/prefix//\"", "");
    cr_expect_str_eq(access_server(access), "https://h/prefix");
    access_free(access);
}

/* ---- certificates ---- */

Test(access, ca_errors_name_file_and_entry)
{
    expect_refused(SERVER ", certificate-authority: gone.crt", "",
                   TEXTS("/gone.crt: No such file", "certificate-authority", "cluster \"c\""));
    put("text.crt", "no certificate here");
    expect_refused(SERVER ", certificate-authority: text.crt", "",
                   TEXTS("/text.crt of cluster \"c\"", "no certificate in it"));
    put("cut.crt", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    expect_refused(SERVER ", certificate-authority: cut.crt", "",
                   TEXTS("/cut.crt of cluster \"c\"", "certificate 1 is broken"));
    expect_refused(SERVER ", certificate-authority-data: aGVsbG8=", "",
                   TEXTS("certificate-authority-data of cluster \"c\"", "no certificate in it"));
}

Test(access, key_and_certificate_must_belong_together)
{
    put("a.crt", cert_a);
    put("a.key", key_a);
    put("b.key", key_b);
    struct access *access = must_load(SERVER, "client-certificate: a.crt, client-key: a.key");
    struct access_tls tls;
    access_get_tls(access, &tls);
    cr_expect(tls.cert_len == strlen(cert_a) && tls.key_len == strlen(key_a));
    access_free(access);
    expect_refused(SERVER, "client-certificate: a.crt, client-key: b.key",
                   TEXTS("/a.crt of user \"u\"", "does not belong to the client certificate"));
    expect_refused(SERVER, "client-certificate: a.crt, client-key: a.crt",
                   TEXTS("no readable private key"));
    expect_refused(SERVER, "client-certificate: a.key, client-key: a.key",
                   TEXTS("no readable certificate"));
    expect_refused(SERVER, "client-certificate: a.crt, client-key: gone.key",
                   TEXTS("/gone.key: No such file"));
}

Test(access, an_encrypted_key_is_refused_without_asking)
{
    put("a.crt", cert_a);
    put("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                      "MIHeMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAg4fQZ5sqDFoQICCAAw\n"
                      "HQYJYIZIAWUDBAECBBDW1u8kLZkL9vX5p0r8Zb1qBIGQAAAAAAAAAAAAAAAAAAAA\n"
                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
                      "-----END ENCRYPTED PRIVATE KEY-----\n");
    expect_refused(SERVER, "client-certificate: a.crt, client-key: locked.key",
                   TEXTS("the client key is encrypted"));
}

Test(access, an_expired_client_certificate_is_warned_about)
{
    char *cert, *key;
    make_certificate("old", -1, &cert, &key);
    put("old.crt", cert);
    put("old.key", key);
    struct access *access = must_load(SERVER, "client-certificate: old.crt, client-key: old.key");
    cr_expect(strstr(scratch.log_text, "The client certificate has expired"), "%s",
              scratch.log_text);
    access_free(access);
    free(cert);
    free(key);
}

/* ---- warnings ---- */

Test(access, insecure_is_warned_about)
{
    access_free(must_load(SERVER ", insecure-skip-tls-verify: true", "token: s3cr3t"));
    cr_expect(strstr(scratch.log_text, "INSECURE") && scratch.log_text[0] == 'W', "%s",
              scratch.log_text);
    cr_expect_null(strstr(scratch.log_text, "s3cr3t"));
}

Test(access, the_insecure_flag_beats_the_ca)
{
    char *data = make_base64(cert_a);
    const char *const pairs[] = {"CA", data, NULL};
    char *text = fill_in("current-context: x\n"
                         "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
                         "clusters: [{name: c, cluster: {server: \"https://h\", "
                         "certificate-authority-data: @CA@}}]\n"
                         "users: [{name: u}]\n",
                         pairs);
    char *path = scratch_write(&scratch, "config", text);
    struct err err = {0};
    struct access *access =
        access_load(&(struct access_options){.kubeconfig = path, .insecure_skip_tls_verify = true},
                    &scratch.log, &err);
    cr_assert_not_null(access, "%s", err.text);
    struct access_tls tls;
    access_get_tls(access, &tls);
    cr_expect(tls.is_insecure && !tls.ca_pem);
    cr_expect(strstr(scratch.log_text, "--insecure-skip-tls-verify"));
    access_free(access);
    free(path);
    free(text);
    free(data);
}

Test(access, a_readable_kubeconfig_with_a_token_is_warned_about)
{
    access_free(must_load(SERVER, "token: s3cr3t"));
    cr_expect(scratch.log_len == 0, "%s", scratch.log_text);
    char *path = scratch_path(&scratch, "config");
    cr_assert(chmod(path, 0644) == 0);
    struct err err = {0};
    access_free(access_load(&(struct access_options){.kubeconfig = path}, &scratch.log, &err));
    cr_expect(strstr(scratch.log_text, "others may read it") && strstr(scratch.log_text, path),
              "%s", scratch.log_text);
    cr_expect_null(strstr(scratch.log_text, "s3cr3t"));
    free(path);
}

/* ---- token ---- */

Test(access, token_file_beats_token)
{
    put("tok", "from-file");
    struct access *access = must_load(SERVER, "token: static, tokenFile: tok");
    cr_expect_str_eq(access_get_token(access), "from-file");
    access_free(access);
}

Test(access, a_token_that_could_break_the_header_is_refused)
{
    put("tok", "s3cr3t\r\nX-Evil: 1");
    expect_refused(SERVER, "tokenFile: tok", TEXTS("token file", "/tok has a character"));
    expect_refused(SERVER, "token: \"s3cr3t x\"", TEXTS("user \"u\"", "has a character"));
}

Test(access, unreadable_token_file_says_so)
{
    if (geteuid() == 0) { /* root reads everything: become nobody, in this test's own process */
        cr_assert(chown(scratch.dir, 65534, 65534) == 0);
        cr_assert(setegid(65534) == 0 && seteuid(65534) == 0);
    }
    put("tok", "s3cr3t");
    char *path = scratch_path(&scratch, "tok");
    cr_assert(chmod(path, 0) == 0);
    expect_refused(SERVER, "tokenFile: tok", TEXTS("token file", "/tok: Permission denied"));
    free(path);
}

/* reliability 1.6: a token file is good for a minute; a read error keeps the old. */
Test(access, token_file_is_read_again_within_a_minute)
{
    put("tok", "one");
    struct access *access = must_load(SERVER, "tokenFile: tok");
    put("tok", "two");
    access_refresh(access, in_ms(30000));
    cr_expect_str_eq(access_get_token(access), "one", "not each time");
    access_refresh(access, in_ms(60000));
    cr_expect_str_eq(access_get_token(access), "two");
    cr_expect(access_tls_generation(access) == 1, "connections stay");
    access_free(access);
}

Test(access, a_token_file_that_vanished_keeps_the_old_token_and_is_logged_once)
{
    put("tok", "one");
    char *path = scratch_path(&scratch, "tok");
    struct access *access = must_load(SERVER, "tokenFile: tok");
    cr_assert(unlink(path) == 0);
    access_refresh(access, in_ms(60000));
    access_refresh(access, in_ms(62000));
    cr_expect_str_eq(access_get_token(access), "one");
    const char *first = strstr(scratch.log_text, "Cannot renew the token");
    cr_assert_not_null(first);
    cr_expect_null(strstr(first + 1, "Cannot renew the token"), "once: %s", scratch.log_text);

    put("tok", "");
    access_refresh(access, in_ms(64000));
    cr_expect_str_eq(access_get_token(access), "one", "an empty file is no token");
    put("tok", "two");
    access_refresh(access, in_ms(66000));
    cr_expect_str_eq(access_get_token(access), "two");
    access_free(access);
    free(path);
}

Test(access, a_401_makes_the_token_be_read_again)
{
    put("tok", "one");
    struct access *access = must_load(SERVER, "tokenFile: tok");
    put("tok", "two");
    access_refused(access, in_ms(2000), in_ms(2100));
    access_refresh(access, in_ms(2200));
    cr_expect_str_eq(access_get_token(access), "two");
    put("tok", "three");
    access_refused(access, in_ms(2000), in_ms(2300)); /* sent before "two" was read: says nothing */
    access_refresh(access, in_ms(2400));
    cr_expect_str_eq(access_get_token(access), "two");
    access_refused(access, in_ms(2500), in_ms(2600)); /* at most once a second */
    access_refresh(access, in_ms(2700));
    cr_expect_str_eq(access_get_token(access), "two");
    access_free(access);
}

/* ---- rotation of certificates: client-go's TestCheckCAFileAndRotate ---- */

static void expect_ca(const struct access *access, const char *pem, uint64_t generation,
                      const char *why)
{
    struct access_tls tls;
    access_get_tls(access, &tls);
    cr_expect(tls.ca_len == strlen(pem) && memcmp(tls.ca_pem, pem, tls.ca_len) == 0, "%s", why);
    cr_expect(access_tls_generation(access) == generation, "%s", why);
}

Test(access, ca_file_is_read_again_every_five_minutes)
{
    put("ca.crt", cert_a);
    char *path = scratch_path(&scratch, "ca.crt");
    struct access *access = must_load(SERVER ", certificate-authority: ca.crt", "");
    access_refresh(access, in_ms(310000));
    expect_ca(access, cert_a, 1, "no change");
    put("ca.crt", cert_b);
    access_refresh(access, in_ms(400000));
    expect_ca(access, cert_a, 1, "not due");
    access_refresh(access, in_ms(620000));
    expect_ca(access, cert_b, 2, "changed");
    put("ca.crt", "-----BEGIN CERTIFICATE-----\nhalf writ");
    access_refresh(access, in_ms(930000));
    expect_ca(access, cert_b, 2, "broken keeps the old");
    put("ca.crt", "");
    access_refresh(access, in_ms(950000));
    expect_ca(access, cert_b, 2, "empty keeps the old");
    cr_assert(unlink(path) == 0);
    access_refresh(access, in_ms(970000));
    expect_ca(access, cert_b, 2, "missing keeps the old");
    const char *first = strstr(scratch.log_text, "Cannot read the certificates again");
    cr_assert_not_null(first);
    cr_expect_null(strstr(first + 1, "Cannot read the certificates again"));
    put("ca.crt", cert_a);
    access_refresh(access, in_ms(990000));
    expect_ca(access, cert_a, 3, "whole again");
    access_free(access);
    free(path);
}

Test(access, a_half_rotated_pair_keeps_the_old_pair)
{
    put("c.crt", cert_a);
    put("c.key", key_a);
    struct access *access = must_load(SERVER, "client-certificate: c.crt, client-key: c.key");
    put("c.crt", cert_b);
    access_refresh(access, in_ms(310000));
    cr_expect(access_tls_generation(access) == 1);
    put("c.key", key_b);
    access_refresh(access, in_ms(330000));
    cr_expect(access_tls_generation(access) == 2);
    struct access_tls tls;
    access_get_tls(access, &tls);
    cr_expect(tls.cert_len == strlen(cert_b) && memcmp(tls.cert_pem, cert_b, tls.cert_len) == 0);
    access_free(access);
}

/* ---- exec ---- */

#define EXEC                                                                                       \
    "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, "    \
    "args: [\"-c\", \"cat answer; echo x >> runs\"]}"

static void answer(const char *status)
{
    const char *const pairs[] = {"STATUS", status, NULL};
    char *text = fill_in("{\"apiVersion\":\"client.authentication.k8s.io/v1\","
                         "\"kind\":\"ExecCredential\",\"status\":{@STATUS@}}",
                         pairs);
    put("answer", text);
    free(text);
}

static size_t run_count(void)
{
    char *path = scratch_path(&scratch, "runs");
    FILE *file = fopen(path, "r");
    size_t count = 0;
    for (int c; file && (c = fgetc(file)) != EOF;)
        count += c == '\n';
    if (file)
        (void)fclose(file);
    free(path);
    return count;
}

Test(access, exec_plugin_gives_the_token_until_it_expires)
{
    char expires[64];
    time_t end = time(NULL) + 1000;
    struct tm utc;
    char time_text[32];
    cr_assert(chdir(scratch.dir) == 0);
    (void)strftime(time_text, sizeof(time_text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&end, &utc));
    (void)snprintf(expires, sizeof(expires), "\"expirationTimestamp\":\"%s\"", time_text);
    char status[128];
    (void)snprintf(status, sizeof(status), "\"token\":\"one\",%s", expires);
    answer(status);
    struct access *access = must_load(SERVER, EXEC);
    cr_expect_str_eq(access_get_token(access), "one");
    cr_expect(run_count() == 1);

    answer("\"token\":\"two\"");
    access_refresh(access, in_ms(980000));
    cr_expect(run_count() == 1, "not before it expires");
    access_refresh(access, in_ms(1000000));
    cr_expect(run_count() == 2);
    cr_expect_str_eq(access_get_token(access), "two");
    access_refresh(access, in_ms(100000000));
    cr_expect(run_count() == 2, "no end, no further run");
    access_free(access);
}

Test(access, a_401_runs_the_exec_plugin_again_but_not_all_the_time)
{
    cr_assert(chdir(scratch.dir) == 0);
    answer("\"token\":\"one\"");
    struct access *access = must_load(SERVER, EXEC);
    answer("\"token\":\"two\"");
    access_refused(access, in_ms(11000), in_ms(11000));
    access_refresh(access, in_ms(11000));
    cr_expect_str_eq(access_get_token(access), "two");
    put("answer", "garbage s3cr3t");
    access_refused(access, in_ms(22000), in_ms(22000));
    access_refresh(access, in_ms(22000));
    cr_expect(run_count() == 3);
    cr_expect_str_eq(access_get_token(access), "two", "a failing plug-in keeps the old");
    access_refused(access, in_ms(23000), in_ms(23000));
    access_refresh(access, in_ms(23000));
    cr_expect(run_count() == 3, "not each time");
    cr_expect(strstr(scratch.log_text, "did not print JSON"));
    cr_expect_null(strstr(scratch.log_text, "s3cr3t"));
    access_free(access);
}

Test(access, a_certificate_of_the_plugin_changes_the_generation)
{
    cr_assert(chdir(scratch.dir) == 0);
    char *json = malloc(16384);
    size_t len = 0;
    const char *const texts[] = {"\"clientCertificateData\":\"", cert_a, "\",\"clientKeyData\":\"",
                                 key_a, "\""};
    for (size_t i = 0; i < 5; i++) {
        for (const char *c = texts[i]; *c; c++) {
            if (*c == '\n')
                json[len++] = '\\';
            json[len++] = *c == '\n' ? 'n' : *c;
        }
    }
    json[len] = '\0';
    answer(json);
    free(json);
    struct access *access = must_load(SERVER, EXEC);
    struct access_tls tls;
    access_get_tls(access, &tls);
    cr_expect(tls.cert_len == strlen(cert_a));
    uint64_t generation = access_tls_generation(access);
    answer("\"token\":\"only\"");
    access_refused(access, in_ms(11000), in_ms(11000));
    access_refresh(access, in_ms(11000));
    cr_expect(access_tls_generation(access) == generation + 1, "the pair is gone");
    cr_expect_str_eq(access_get_token(access), "only");
    access_free(access);
}

Test(access, a_static_token_beats_the_plugin)
{
    cr_assert(chdir(scratch.dir) == 0);
    answer("\"token\":\"plugin\"");
    struct access *access = must_load(SERVER, "token: static, " EXEC);
    cr_expect_str_eq(access_get_token(access), "static");
    cr_expect(run_count() == 0);
    access_free(access);
}

Test(access, descriptions_name_file_and_entry_and_no_secret)
{
    put("ca.crt", cert_a);
    struct access *access = must_load(SERVER ", certificate-authority: ca.crt", "token: s3cr3t");
    cr_expect(strstr(access_describe_ca(access), "/ca.crt of cluster \"c\" in kubeconfig "));
    cr_expect(strstr(access_describe_credentials(access), "token of user \"u\" in kubeconfig "));
    cr_expect_null(strstr(access_describe_credentials(access), "s3cr3t"));
    access_free(access);
}

Test(access, proxy_of_the_kubeconfig_beats_the_environment)
{
    (void)setenv("HTTPS_PROXY", "http://environment:1", 1);
    struct access_tls tls;
    struct access *access = must_load(SERVER ", proxy-url: \"socks5://file:2\"", "");
    access_get_tls(access, &tls);
    cr_expect_str_eq(tls.proxy_url, "socks5h://file:2");
    access_free(access);
    access = must_load(SERVER, "");
    access_get_tls(access, &tls);
    cr_expect_str_eq(tls.proxy_url, "http://environment:1");
    access_free(access);
    (void)setenv("NO_PROXY", "h", 1);
    access = must_load(SERVER, "");
    access_get_tls(access, &tls);
    cr_expect_null(tls.proxy_url);
    access_free(access);
    expect_refused(SERVER ", proxy-url: \"gopher://x:s3cr3t@y\"", "",
                   TEXTS("proxy-url", "http, https and socks5"));
}
