#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/watch/access_fixture.h"

static struct access_world world;

static void set_up(void)
{
    access_world_init(&world);
}

static void tear_down(void)
{
    access_world_fini(&world);
}

TestSuite(access, .init = set_up, .fini = tear_down);

/* ---- where it comes from ---- */

Test(access, nothing_configured_names_every_way)
{
    struct err err = {0};
    struct access *access = access_load(&(struct access_options){0}, &world.scratch.log, &err);
    cr_expect_null(access);
    const char *const *texts =
        TEXTS("--kubeconfig", "KUBECONFIG", "KUBERNETES_SERVICE_HOST", "/.kube/config");
    for (; *texts; texts++)
        cr_expect(strstr(err.text, *texts), "\"%s\" is not in: %s", *texts, err.text);
}

static struct access *load_anything(struct err *err)
{
    return access_load(&(struct access_options){.service_account_dir = world.scratch.dir},
                       &world.scratch.log, err);
}

static void write_kubeconfig(const char *name, const char *server)
{
    const char *const pairs[] = {"SERVER", server, NULL};
    char *text = fill_in("current-context: x\n"
                         "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
                         "clusters: [{name: c, cluster: {server: \"@SERVER@\"}}]\n"
                         "users: [{name: u}]\n",
                         pairs);
    access_put(&world, name, text);
    free(text);
}

Test(access, in_a_pod_the_service_account_is_used)
{
    access_put(&world, "token", "pod-token\n");
    access_put(&world, "ca.crt", world.cert_a);
    (void)setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
    (void)setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    struct err err = {0};
    struct access *access = load_anything(&err);
    cr_assert_not_null(access, "%s", err.text);
    cr_expect_str_eq(access_server(access), "https://10.96.0.1:443");
    cr_expect_str_eq(access_get_token(access), "pod-token");
    struct access_tls tls;
    access_get_tls(access, &tls);
    cr_expect(tls.ca_len == strlen(world.cert_a) &&
              memcmp(tls.ca_pem, world.cert_a, tls.ca_len) == 0);
    access_free(access);
}

Test(access, an_ipv6_service_address_gets_brackets)
{
    access_put(&world, "token", "t");
    access_put(&world, "ca.crt", world.cert_a);
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
    access_put(&world, "ca.crt", world.cert_a);
    cr_expect_null(load_anything(&err));
    cr_expect(strstr(err.text, "token file: ") && strstr(err.text, "/token: No such file"), "%s",
              err.text);
    access_put(&world, "token", "  \n");
    cr_expect_null(load_anything(&err));
    cr_expect(strstr(err.text, "/token is empty"), "%s", err.text);
}

Test(access, KUBECONFIG_comes_before_the_pod_and_the_flag_before_both)
{
    write_kubeconfig("one", "https://one");
    write_kubeconfig("two", "https://two/");
    access_put(&world, "token", "t");
    access_put(&world, "ca.crt", world.cert_a);
    char *one = scratch_path(&world.scratch, "one"), *two = scratch_path(&world.scratch, "two");
    (void)setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
    (void)setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    (void)setenv("KUBECONFIG", one, 1);
    struct err err = {0};
    struct access *access = load_anything(&err);
    cr_assert_not_null(access, "%s", err.text);
    cr_expect_str_eq(access_server(access), "https://one");
    access_free(access);
    access = access_load(&(struct access_options){.kubeconfig = two}, &world.scratch.log, &err);
    cr_assert_not_null(access, "%s", err.text);
    cr_expect_str_eq(access_server(access), "https://two", "no slash at the end");
    access_free(access);
    free(one);
    free(two);
}

/* ---- server ---- */

Test(access, server_must_be_an_https_address)
{
    access_expect_refused(&world, "server: \"http://h:8080\"", "",
                          TEXTS("cluster \"c\"", "starts with http://", "use https://"));
    access_expect_refused(&world, "server: \"h:6443\"", "",
                          TEXTS("cluster \"c\"", "https://host:port"));
    access_expect_refused(&world, "server: \"ftp://h\"", "", TEXTS("https://host:port"));
    access_expect_refused(&world, "server: \"https://u:s3cr3t@h\"", "",
                          TEXTS("more than host, port and path"));
    access_expect_refused(&world, "server: \"https://h/?a=b\"", "",
                          TEXTS("more than host, port and path"));
    access_expect_refused(&world, "server: \"https://h:99999\"", "", TEXTS("is not valid"));
    access_expect_refused(&world, "server: \"https://\"", "", TEXTS("is not valid"));
    struct access *access = access_must_load(&world, "server: \"https://h/prefix//\"", "");
    cr_expect_str_eq(access_server(access), "https://h/prefix");
    access_free(access);
}

/* ---- certificates ---- */

Test(access, ca_errors_name_file_and_entry)
{
    access_expect_refused(
        &world, SERVER ", certificate-authority: gone.crt", "",
        TEXTS("/gone.crt: No such file", "certificate-authority", "cluster \"c\""));
    access_put(&world, "text.crt", "no certificate here");
    access_expect_refused(&world, SERVER ", certificate-authority: text.crt", "",
                          TEXTS("/text.crt of cluster \"c\"", "no certificate in it"));
    access_put(&world, "cut.crt", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    access_expect_refused(&world, SERVER ", certificate-authority: cut.crt", "",
                          TEXTS("/cut.crt of cluster \"c\"", "certificate 1 is broken"));
    access_expect_refused(
        &world, SERVER ", certificate-authority-data: aGVsbG8=", "",
        TEXTS("certificate-authority-data of cluster \"c\"", "no certificate in it"));
}

Test(access, key_and_certificate_must_belong_together)
{
    access_put(&world, "a.crt", world.cert_a);
    access_put(&world, "a.key", world.key_a);
    access_put(&world, "b.key", world.key_b);
    struct access *access =
        access_must_load(&world, SERVER, "client-certificate: a.crt, client-key: a.key");
    struct access_tls tls;
    access_get_tls(access, &tls);
    cr_expect(tls.cert_len == strlen(world.cert_a) && tls.key_len == strlen(world.key_a));
    access_free(access);
    access_expect_refused(
        &world, SERVER, "client-certificate: a.crt, client-key: b.key",
        TEXTS("/a.crt of user \"u\"", "does not belong to the client certificate"));
    access_expect_refused(&world, SERVER, "client-certificate: a.crt, client-key: a.crt",
                          TEXTS("no readable private key"));
    access_expect_refused(&world, SERVER, "client-certificate: a.key, client-key: a.key",
                          TEXTS("no readable certificate"));
    access_expect_refused(&world, SERVER, "client-certificate: a.crt, client-key: gone.key",
                          TEXTS("/gone.key: No such file"));
}

Test(access, an_encrypted_key_is_refused_without_asking)
{
    access_put(&world, "a.crt", world.cert_a);
    access_put(&world, "locked.key",
               "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
               "MIHeMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAg4fQZ5sqDFoQICCAAw\n"
               "HQYJYIZIAWUDBAECBBDW1u8kLZkL9vX5p0r8Zb1qBIGQAAAAAAAAAAAAAAAAAAAA\n"
               "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
               "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
               "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
               "-----END ENCRYPTED PRIVATE KEY-----\n");
    access_expect_refused(&world, SERVER, "client-certificate: a.crt, client-key: locked.key",
                          TEXTS("the client key is encrypted"));
}

Test(access, an_expired_client_certificate_is_warned_about)
{
    char *cert, *key;
    make_certificate("old", -1, &cert, &key);
    access_put(&world, "old.crt", cert);
    access_put(&world, "old.key", key);
    struct access *access =
        access_must_load(&world, SERVER, "client-certificate: old.crt, client-key: old.key");
    cr_expect(strstr(world.scratch.log_text, "The client certificate has expired"), "%s",
              world.scratch.log_text);
    access_free(access);
    free(cert);
    free(key);
}

/* ---- warnings ---- */

Test(access, insecure_is_warned_about)
{
    access_free(
        access_must_load(&world, SERVER ", insecure-skip-tls-verify: true", "token: s3cr3t"));
    cr_expect(strstr(world.scratch.log_text, "INSECURE") && world.scratch.log_text[0] == 'W', "%s",
              world.scratch.log_text);
    cr_expect_null(strstr(world.scratch.log_text, "s3cr3t"));
}

Test(access, the_insecure_flag_beats_the_ca)
{
    char *data = make_base64(world.cert_a);
    const char *const pairs[] = {"CA", data, NULL};
    char *text = fill_in("current-context: x\n"
                         "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
                         "clusters: [{name: c, cluster: {server: \"https://h\", "
                         "certificate-authority-data: @CA@}}]\n"
                         "users: [{name: u}]\n",
                         pairs);
    char *path = scratch_write(&world.scratch, "config", text);
    struct err err = {0};
    struct access *access =
        access_load(&(struct access_options){.kubeconfig = path, .insecure_skip_tls_verify = true},
                    &world.scratch.log, &err);
    cr_assert_not_null(access, "%s", err.text);
    struct access_tls tls;
    access_get_tls(access, &tls);
    cr_expect(tls.is_insecure && !tls.ca_pem);
    cr_expect(strstr(world.scratch.log_text, "--insecure-skip-tls-verify"));
    access_free(access);
    free(path);
    free(text);
    free(data);
}

Test(access, a_readable_kubeconfig_with_a_token_is_warned_about)
{
    access_free(access_must_load(&world, SERVER, "token: s3cr3t"));
    cr_expect(world.scratch.log_len == 0, "%s", world.scratch.log_text);
    char *path = scratch_path(&world.scratch, "config");
    cr_assert(chmod(path, 0644) == 0);
    struct err err = {0};
    access_free(
        access_load(&(struct access_options){.kubeconfig = path}, &world.scratch.log, &err));
    cr_expect(strstr(world.scratch.log_text, "others may read it") &&
                  strstr(world.scratch.log_text, path),
              "%s", world.scratch.log_text);
    cr_expect_null(strstr(world.scratch.log_text, "s3cr3t"));
    free(path);
}

/* ---- token ---- */

Test(access, token_file_beats_token)
{
    access_put(&world, "tok", "from-file");
    struct access *access = access_must_load(&world, SERVER, "token: static, tokenFile: tok");
    cr_expect_str_eq(access_get_token(access), "from-file");
    access_free(access);
}

Test(access, a_token_that_could_break_the_header_is_refused)
{
    access_put(&world, "tok", "s3cr3t\r\nX-Evil: 1");
    access_expect_refused(&world, SERVER, "tokenFile: tok",
                          TEXTS("token file", "/tok has a character"));
    access_expect_refused(&world, SERVER, "token: \"s3cr3t x\"",
                          TEXTS("user \"u\"", "has a character"));
}

Test(access, unreadable_token_file_says_so)
{
    if (geteuid() == 0)
        cr_assert(chown(world.scratch.dir, NOBODY, NOBODY) == 0);
    become_nobody();
    access_put(&world, "tok", "s3cr3t");
    char *path = scratch_path(&world.scratch, "tok");
    cr_assert(chmod(path, 0) == 0);
    access_expect_refused(&world, SERVER, "tokenFile: tok",
                          TEXTS("token file", "/tok: Permission denied"));
    become_root_again();
    free(path);
}

/* ---- the rest ---- */

Test(access, descriptions_name_file_and_entry_and_no_secret)
{
    access_put(&world, "ca.crt", world.cert_a);
    struct access *access =
        access_must_load(&world, SERVER ", certificate-authority: ca.crt", "token: s3cr3t");
    cr_expect(strstr(access_describe_ca(access), "/ca.crt of cluster \"c\" in kubeconfig "));
    cr_expect(strstr(access_describe_credentials(access), "token of user \"u\" in kubeconfig "));
    cr_expect_null(strstr(access_describe_credentials(access), "s3cr3t"));
    access_free(access);
}

Test(access, proxy_of_the_kubeconfig_beats_the_environment)
{
    (void)setenv("HTTPS_PROXY", "http://environment:1", 1);
    struct access_tls tls;
    struct access *access = access_must_load(&world, SERVER ", proxy-url: \"socks5://file:2\"", "");
    access_get_tls(access, &tls);
    cr_expect_str_eq(tls.proxy_url, "socks5h://file:2");
    access_free(access);
    access = access_must_load(&world, SERVER, "");
    access_get_tls(access, &tls);
    cr_expect_str_eq(tls.proxy_url, "http://environment:1");
    access_free(access);
    (void)setenv("NO_PROXY", "h", 1);
    access = access_must_load(&world, SERVER, "");
    access_get_tls(access, &tls);
    cr_expect_null(tls.proxy_url);
    access_free(access);
    access_expect_refused(&world, SERVER ", proxy-url: \"gopher://x:s3cr3t@y\"", "",
                          TEXTS("proxy-url", "http, https and socks5"));
}
