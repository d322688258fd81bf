/* watch/http.h: whom it trusts, and what it says when it does not or nobody is there. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/http_fixture.h"

#define DEFAULTS (&(struct world_options){.is_packed = is_packed})

/* ---- who is there: errors for people ---- */

static void expect_failure(const struct world_options *options, enum http_failure failure,
                           const char *const texts[])
{
    struct world world;
    struct answer answer = {0};
    world_init(&world, options);
    (void)world_start(&world,
                      (struct http_options){.method = "POST", .path = "/hello", .body = STR("{}")},
                      false, &answer);
    world_wait(&world, &answer);
    cr_expect(answer.reply.failure == failure, "%d: %s", (int)answer.reply.failure,
              answer.reply.err.text);
    cr_expect(!answer.reply.was_sent && answer.reply.status == 0 && answer.reply.err.code > 0);
    for (; *texts; texts++)
        cr_expect(strstr(answer.reply.err.text, *texts), "\"%s\" is not in: %s", *texts,
                  answer.reply.err.text);
    cr_expect_null(strstr(answer.reply.err.text, "s3cr3t"));
    cr_expect(world.requests == 0, "nothing is sent to a server that is not trusted");
    world_fini(&world);
}

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

BOTH(http_trust, no_server_says_where_and_asks_whether_it_runs)
{
    expect_failure(&(struct world_options){.is_packed = is_packed,
                                           .server = "https://127.0.0.1:1",
                                           .user = "token: s3cr3t"},
                   HTTP_FAILURE_CONNECT,
                   TEXTS("cannot connect to https://127.0.0.1:1", "Connection refused",
                         "is the apiserver running there?"));
}

BOTH(http_trust, an_unknown_host_name_says_so)
{
    expect_failure(&(struct world_options){.is_packed = is_packed,
                                           .server = "https://no-such-host.invalid:6443"},
                   HTTP_FAILURE_CONNECT,
                   TEXTS("https://no-such-host.invalid:6443", "its host name is not known here"));
}

BOTH(http_trust, a_dead_proxy_says_so)
{
    expect_failure(
        &(struct world_options){.is_packed = is_packed,
                                .cluster = ", proxy-url: \"http://u:s3cr3t@127.0.0.1:1\""},
        HTTP_FAILURE_CONNECT, TEXTS("through the configured proxy"));
}

BOTH(http_trust, a_wrong_ca_names_the_file)
{
    char *other_ca;
    SSL_CTX_free(expired_context(&other_ca));
    expect_failure(&(struct world_options){.is_packed = is_packed, .ca_pem = other_ca},
                   HTTP_FAILURE_TLS,
                   TEXTS("signed by an unknown authority", "certificate-authority ",
                         "/ca.crt of cluster \"c\""));
    free(other_ca);
}

BOTH(http_trust, without_a_ca_the_systems_store_is_named)
{
    expect_failure(&(struct world_options){.is_packed = is_packed, .has_no_ca = true},
                   HTTP_FAILURE_TLS, TEXTS("signed by an unknown authority", "the system's store"));
}

BOTH(http_trust, an_expired_server_certificate_says_so)
{
    char *ca;
    SSL_CTX *tls = expired_context(&ca);
    expect_failure(&(struct world_options){.is_packed = is_packed, .owned_tls = tls, .ca_pem = ca},
                   HTTP_FAILURE_TLS, TEXTS("has expired", "https://127.0.0.1:"));
    free(ca);
}

BOTH(http_trust, a_certificate_for_another_name_says_so)
{
    expect_failure(&(struct world_options){.is_packed = is_packed,
                                           .cluster = ", tls-server-name: other.example"},
                   HTTP_FAILURE_TLS,
                   TEXTS("is for another host name", "other.example", "tls-server-name"));
}

BOTH(http_trust, a_server_that_speaks_only_old_tls_is_refused)
{
    struct err err = {0};
    struct pki *pki = pki_new(&err);
    char *ca = pki_ca_pem(pki);
    SSL_CTX *tls = pki_server_context(pki, &err);
    cr_assert(SSL_CTX_set_min_proto_version(tls, TLS1_VERSION) &&
              SSL_CTX_set_max_proto_version(tls, TLS1_1_VERSION));
    expect_failure(&(struct world_options){.is_packed = is_packed, .owned_tls = tls, .ca_pem = ca},
                   HTTP_FAILURE_TLS, TEXTS("TLS with https://127.0.0.1:", "failed"));
    free(ca);
    pki_free(pki);
}

BOTH(http_trust, tls_server_name_is_what_the_certificate_is_checked_for)
{
    struct world world;
    struct answer answer = {0};
    world_init(&world,
               &(struct world_options){.is_packed = is_packed,
                                       .cluster = ", tls-server-name: kubernetes.default.svc"});
    world_get(&world, "/hello", &answer);
    cr_expect_str_eq(answer.text, "hello", "%s", answer.reply.err.text);
    world_fini(&world);
}

BOTH(http_trust, insecure_takes_any_certificate)
{
    struct world world;
    struct answer answer = {0};
    char *ca;
    world_init(&world, &(struct world_options){.is_packed = is_packed,
                                               .owned_tls = expired_context(&ca),
                                               .has_no_ca = true,
                                               .cluster = ", insecure-skip-tls-verify: true"});
    world_get(&world, "/hello", &answer);
    cr_expect_str_eq(answer.text, "hello", "%s", answer.reply.err.text);
    free(ca);
    world_fini(&world);
}

/* ---- rotation ---- */

BOTH(http_trust, new_certificates_mean_a_new_connection_and_old_calls_go_on)
{
    struct world world;
    struct answer watch = {0}, before = {0}, after = {0};
    world_init(&world, DEFAULTS);
    struct http_call *call =
        world_start(&world, (struct http_options){.method = "GET", .path = "/stall"}, true, &watch);
    world_get(&world, "/hello", &before);
    cr_expect(h2_server_counts(world.server).connections == 1);

    char *other_ca, *ca = pki_ca_pem(world.pki), bundle[8192];
    SSL_CTX_free(expired_context(&other_ca));
    struct err err = {0};
    (void)snprintf(bundle, sizeof(bundle), "%s%s", other_ca, ca);
    cr_assert(pki_write_file(world.ca_path, bundle, &err) == 0);
    access_refresh(world.access,
                   (struct mono_ms){(int64_t)(uv_hrtime() / 1000000) + 300000}); /* 5 minutes */
    world_get(&world, "/hello", &after);
    cr_expect_str_eq(after.text, "hello", "%s", after.reply.err.text);
    cr_expect(h2_server_counts(world.server).connections == 2);
    cr_expect(!watch.is_done);
    http_call_stop(call);
    world_wait(&world, &watch);
    while (h2_server_counts(world.server).connections_now > 1) /* the old one goes with its call */
        (void)uv_run(&world.loop, UV_RUN_ONCE);
    free(other_ca);
    free(ca);
    world_fini(&world);
}
