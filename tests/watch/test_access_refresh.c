/* What changes while we run: tokens, certificates, exec plug-ins. The times are given, not waited
 * for. */
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

TestSuite(access_refresh, .init = set_up, .fini = tear_down);

static struct mono_ms in_ms(int64_t delay_ms)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (struct mono_ms){(int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + delay_ms};
}

/* reliability 1.6: a token file is good for a minute; a read error keeps the old. */
Test(access_refresh, token_file_is_read_again_within_a_minute)
{
    access_put(&world, "tok", "one");
    struct access *access = access_must_load(&world, SERVER, "tokenFile: tok");
    access_put(&world, "tok", "two");
    access_refresh(access, in_ms(30000));
    cr_expect_str_eq(access_get_token(access), "one", "not each time");
    access_refresh(access, in_ms(60000));
    cr_expect_str_eq(access_get_token(access), "two");
    cr_expect(access_tls_generation(access) == 1, "connections stay");
    access_free(access);
}

Test(access_refresh, a_token_file_that_vanished_keeps_the_old_token_and_is_logged_once)
{
    access_put(&world, "tok", "one");
    char *path = scratch_path(&world.scratch, "tok");
    struct access *access = access_must_load(&world, SERVER, "tokenFile: tok");
    cr_assert(unlink(path) == 0);
    access_refresh(access, in_ms(60000));
    access_refresh(access, in_ms(62000));
    cr_expect_str_eq(access_get_token(access), "one");
    const char *first = strstr(world.scratch.log_text, "Cannot renew the token");
    cr_assert_not_null(first);
    cr_expect_null(strstr(first + 1, "Cannot renew the token"), "once: %s", world.scratch.log_text);

    access_put(&world, "tok", "");
    access_refresh(access, in_ms(64000));
    cr_expect_str_eq(access_get_token(access), "one", "an empty file is no token");
    access_put(&world, "tok", "two");
    access_refresh(access, in_ms(66000));
    cr_expect_str_eq(access_get_token(access), "two");
    access_free(access);
    free(path);
}

Test(access_refresh, a_401_makes_the_token_be_read_again)
{
    access_put(&world, "tok", "one");
    struct access *access = access_must_load(&world, SERVER, "tokenFile: tok");
    access_put(&world, "tok", "two");
    access_refused(access, in_ms(2000), in_ms(2100));
    access_refresh(access, in_ms(2200));
    cr_expect_str_eq(access_get_token(access), "two");
    access_put(&world, "tok", "three");
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

Test(access_refresh, ca_file_is_read_again_every_five_minutes)
{
    access_put(&world, "ca.crt", world.cert_a);
    char *path = scratch_path(&world.scratch, "ca.crt");
    struct access *access = access_must_load(&world, SERVER ", certificate-authority: ca.crt", "");
    access_refresh(access, in_ms(310000));
    expect_ca(access, world.cert_a, 1, "no change");
    access_put(&world, "ca.crt", world.cert_b);
    access_refresh(access, in_ms(400000));
    expect_ca(access, world.cert_a, 1, "not due");
    access_refresh(access, in_ms(620000));
    expect_ca(access, world.cert_b, 2, "changed");
    access_put(&world, "ca.crt", "-----BEGIN CERTIFICATE-----\nhalf writ");
    access_refresh(access, in_ms(930000));
    expect_ca(access, world.cert_b, 2, "broken keeps the old");
    access_put(&world, "ca.crt", "");
    access_refresh(access, in_ms(950000));
    expect_ca(access, world.cert_b, 2, "empty keeps the old");
    cr_assert(unlink(path) == 0);
    access_refresh(access, in_ms(970000));
    expect_ca(access, world.cert_b, 2, "missing keeps the old");
    const char *first = strstr(world.scratch.log_text, "Cannot read the certificates again");
    cr_assert_not_null(first);
    cr_expect_null(strstr(first + 1, "Cannot read the certificates again"));
    access_put(&world, "ca.crt", world.cert_a);
    access_refresh(access, in_ms(990000));
    expect_ca(access, world.cert_a, 3, "whole again");
    access_free(access);
    free(path);
}

/* A server that is of another CA now, or that does not know our certificate any more. */
Test(access_refresh, a_refusal_by_tls_makes_the_certificates_be_read_again)
{
    access_put(&world, "ca.crt", world.cert_a);
    struct access *access = access_must_load(&world, SERVER ", certificate-authority: ca.crt", "");
    access_put(&world, "ca.crt", world.cert_b);
    access_tls_refused(access, in_ms(500)); /* at most once a second */
    access_refresh(access, in_ms(600));
    expect_ca(access, world.cert_a, 1, "it was read just now");
    access_tls_refused(access, in_ms(2000));
    access_refresh(access, in_ms(2100));
    expect_ca(access, world.cert_b, 2, "read again");
    access_put(&world, "ca.crt", "-----BEGIN CERTIFICATE-----\nhalf writ");
    access_tls_refused(access, in_ms(4000));
    access_refresh(access, in_ms(4100));
    expect_ca(access, world.cert_b, 2, "broken keeps the old");
    access_free(access);
}

Test(access_refresh, what_has_no_files_is_not_read_again)
{
    struct access *access = access_must_load(&world, SERVER, "token: one");
    access_tls_refused(access, in_ms(2000));
    access_refresh(access, in_ms(2100));
    cr_expect_str_eq(access_get_token(access), "one");
    cr_expect(access_tls_generation(access) == 1);
    access_free(access);
}

Test(access_refresh, a_half_rotated_pair_keeps_the_old_pair)
{
    access_put(&world, "c.crt", world.cert_a);
    access_put(&world, "c.key", world.key_a);
    struct access *access =
        access_must_load(&world, SERVER, "client-certificate: c.crt, client-key: c.key");
    access_put(&world, "c.crt", world.cert_b);
    access_refresh(access, in_ms(310000));
    cr_expect(access_tls_generation(access) == 1);
    access_put(&world, "c.key", world.key_b);
    access_refresh(access, in_ms(330000));
    cr_expect(access_tls_generation(access) == 2);
    struct access_tls tls;
    access_get_tls(access, &tls);
    cr_expect(tls.cert_len == strlen(world.cert_b) &&
              memcmp(tls.cert_pem, world.cert_b, tls.cert_len) == 0);
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
    access_put(&world, "answer", text);
    free(text);
}

static size_t run_count(void)
{
    char *path = scratch_path(&world.scratch, "runs");
    FILE *file = fopen(path, "r");
    size_t count = 0;
    for (int c; file && (c = fgetc(file)) != EOF;)
        count += c == '\n';
    if (file)
        (void)fclose(file);
    free(path);
    return count;
}

Test(access_refresh, exec_plugin_gives_the_token_until_it_expires)
{
    char expires[64];
    time_t end = time(NULL) + 1000;
    struct tm utc;
    char time_text[32];
    cr_assert(chdir(world.scratch.dir) == 0);
    (void)strftime(time_text, sizeof(time_text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&end, &utc));
    (void)snprintf(expires, sizeof(expires), "\"expirationTimestamp\":\"%s\"", time_text);
    char status[128];
    (void)snprintf(status, sizeof(status), "\"token\":\"one\",%s", expires);
    answer(status);
    struct access *access = access_must_load(&world, SERVER, EXEC);
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

Test(access_refresh, a_401_runs_the_exec_plugin_again_but_not_all_the_time)
{
    cr_assert(chdir(world.scratch.dir) == 0);
    answer("\"token\":\"one\"");
    struct access *access = access_must_load(&world, SERVER, EXEC);
    answer("\"token\":\"two\"");
    access_refused(access, in_ms(11000), in_ms(11000));
    access_refresh(access, in_ms(11000));
    cr_expect_str_eq(access_get_token(access), "two");
    access_put(&world, "answer", "garbage s3cr3t");
    access_refused(access, in_ms(22000), in_ms(22000));
    access_refresh(access, in_ms(22000));
    cr_expect(run_count() == 3);
    cr_expect_str_eq(access_get_token(access), "two", "a failing plug-in keeps the old");
    access_refused(access, in_ms(23000), in_ms(23000));
    access_refresh(access, in_ms(23000));
    cr_expect(run_count() == 3, "not each time");
    cr_expect(strstr(world.scratch.log_text, "did not print JSON"));
    cr_expect_null(strstr(world.scratch.log_text, "s3cr3t"));
    access_free(access);
}

Test(access_refresh, a_certificate_of_the_plugin_changes_the_generation)
{
    cr_assert(chdir(world.scratch.dir) == 0);
    char *json = malloc(16384);
    size_t len = 0;
    const char *const texts[] = {"\"clientCertificateData\":\"", world.cert_a,
                                 "\",\"clientKeyData\":\"", world.key_a, "\""};
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
    struct access *access = access_must_load(&world, SERVER, EXEC);
    struct access_tls tls;
    access_get_tls(access, &tls);
    cr_expect(tls.cert_len == strlen(world.cert_a));
    uint64_t generation = access_tls_generation(access);
    answer("\"token\":\"only\"");
    access_refused(access, in_ms(11000), in_ms(11000));
    access_refresh(access, in_ms(11000));
    cr_expect(access_tls_generation(access) == generation + 1, "the pair is gone");
    cr_expect_str_eq(access_get_token(access), "only");
    access_free(access);
}

Test(access_refresh, a_static_token_beats_the_plugin)
{
    cr_assert(chdir(world.scratch.dir) == 0);
    answer("\"token\":\"plugin\"");
    struct access *access = access_must_load(&world, SERVER, "token: static, " EXEC);
    cr_expect_str_eq(access_get_token(access), "static");
    cr_expect(run_count() == 0);
    access_free(access);
}
