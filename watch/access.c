/*
 * What was loaded, and keeping it fresh. Times of client-go transport/: a token file is good for
 * one minute less ten seconds, CA and certificate files are looked at every five minutes; what
 * cannot be read or is broken never replaces what works (k/k#77651 and its cousins are the bugs
 * where it did).
 */
#include "watch/access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/base/buf.h"
#include "model/base/check.h"
#include "model/base/mem.h"
#include "watch/access_source.h"
#include "watch/kubeconfig.h"
#include "watch/pem.h"
#include "watch/proxy.h"
#include "watch/secret.h"

enum {
    TOKEN_BYTES_MAX = 16 << 10,
    PEM_BYTES_MAX = 1 << 20,
    TOKEN_EVERY_MS = 50000, /* client-go: expires 1 min after the read, 10 s leeway */
    TOKEN_RETRY_MS = 1000,
    FILES_EVERY_MS = 300000,
    FILES_RETRY_MS = 10000, /* a half-written file is whole soon */
    EXEC_LEEWAY_MS = 10000,
    EXEC_RETRY_MS = 30000,   /* a plug-in that hangs must not hold the loop all the time */
    EXEC_REFUSED_MS = 10000, /* at most so often because of a 401 */
    REFUSED_MS = 1000,
};

struct access {
    const struct log *log;
    struct kubeconfig config;
    struct secret ca, cert, key, token; /* in use now */
    char *proxy_url;
    char *ca_description, *credentials_description;
    uint64_t tls_generation;
    bool is_exec;                  /* the plug-in is asked */
    struct mono_ms token_read_at;  /* or got from the plug-in */
    struct mono_ms token_tried_at; /* the last attempt, also a failed one */
    struct mono_ms files_tried_at;
    struct mono_ms token_due, files_due;     /* MONO_NEVER: nothing to read again */
    bool is_token_failing, is_files_failing; /* already logged */
};

static struct mono_ms now_mono(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (struct mono_ms){(int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000};
}

static char *format(const char *text, const char *a, const char *b, const char *c)
{
    struct buf line;
    buf_init(&line, 16 << 10);
    (void)buf_printf(&line, "%s%s%s%s", text, a, b, c);
    return line.data ? buf_take(&line) : mem_strdup(text);
}

/* ---- token ---- */

/* A token goes into a header line: visible ASCII without spaces, so that nothing can be slipped in.
 */
static int check_token(struct secret *token, const char *where, struct err *err)
{
    struct str text = secret_str(token);
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[text.len - 1]))
        text.len--;
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[0]))
        text.ptr++, text.len--;
    if (text.len == 0)
        return err_set(err, EINVAL, "%s is empty", where);
    if (text.len > TOKEN_BYTES_MAX)
        return err_set(err, EFBIG, "%s is longer than %d KiB", where, TOKEN_BYTES_MAX >> 10);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return err_set(err, EINVAL, "%s has a character in it that no token has", where);
    }
    struct secret trimmed = {0};
    secret_set(&trimmed, text);
    secret_move(token, &trimmed);
    return 0;
}

static int read_token_file(struct access *access, struct err *err)
{
    struct secret token = {0};
    char *where = format("token file ", access->config.token_file, "", "");
    int failed =
        secret_read_file(access->config.token_file, TOKEN_BYTES_MAX + 1024, &token, NULL, err);
    if (failed)
        (void)err_wrap(err, "token file");
    else
        failed = check_token(&token, where, err);
    if (!failed)
        secret_move(&access->token, &token);
    secret_clear(&token);
    free(where);
    return failed;
}

/* ---- certificates ---- */

static int read_pem(const char *path, const struct secret *data, struct secret *ret_pem,
                    struct err *err)
{
    if (data->data) {
        secret_set(ret_pem, secret_str(data));
        return 0;
    }
    return path ? secret_read_file(path, PEM_BYTES_MAX, ret_pem, NULL, err) : 0;
}

static int read_ca(const struct access *access, struct secret *ret_ca, struct err *err)
{
    const struct kubeconfig *config = &access->config;
    int failed = read_pem(config->ca_file, &config->ca_data, ret_ca, err);
    if (!failed && ret_ca->data)
        failed = pem_check_ca(secret_str(ret_ca), err);
    if (failed)
        (void)err_wrap(err, "%s", access->ca_description);
    return failed;
}

static void warn_if_expired(const struct access *access, int64_t not_after_unix_s)
{
    if (not_after_unix_s < (int64_t)time(NULL))
        log_warning(access->log, "The client certificate has expired",
                    {"from", access->credentials_description});
}

static int check_pair(const struct access *access, const struct secret *cert,
                      const struct secret *key, struct err *err)
{
    int64_t not_after_unix_s = INT64_MAX;
    int failed = pem_check_pair(secret_str(cert), secret_str(key), &not_after_unix_s, err);
    if (failed)
        (void)err_wrap(err, "%s", access->credentials_description);
    else
        warn_if_expired(access, not_after_unix_s);
    return failed;
}

static int read_pair(const struct access *access, struct secret *ret_cert, struct secret *ret_key,
                     struct err *err)
{
    const struct kubeconfig *config = &access->config;
    int failed = read_pem(config->cert_file, &config->cert_data, ret_cert, err);
    if (!failed)
        failed = read_pem(config->key_file, &config->key_data, ret_key, err);
    if (failed) {
        (void)err_wrap(err, "%s", access->credentials_description);
        return failed;
    }
    return ret_cert->data ? check_pair(access, ret_cert, ret_key, err) : 0;
}

/* Takes what differs into use; a new generation when anything did. */
static void replace_tls(struct access *access, struct secret *ca, struct secret *cert,
                        struct secret *key)
{
    bool is_same = secret_equal(&access->ca, ca) && secret_equal(&access->cert, cert) &&
                   secret_equal(&access->key, key);
    if (is_same)
        return;
    secret_move(&access->ca, ca);
    secret_move(&access->cert, cert);
    secret_move(&access->key, key);
    access->tls_generation++;
}

static int read_tls_files(struct access *access, struct err *err)
{
    struct secret ca = {0}, cert = {0}, key = {0};
    int failed = read_ca(access, &ca, err);
    if (!failed)
        failed = read_pair(access, &cert, &key, err);
    if (!failed && access->is_exec && !cert.data && access->cert.data) {
        secret_set(&cert, secret_str(&access->cert)); /* the plug-in's pair stays */
        secret_set(&key, secret_str(&access->key));
    }
    if (!failed)
        replace_tls(access, &ca, &cert, &key);
    secret_clear(&ca);
    secret_clear(&cert);
    secret_clear(&key);
    return failed;
}

/* ---- exec plug-in ---- */

static void set_exec_due(struct access *access, int64_t expires_unix_s, struct mono_ms now)
{
    access->token_due = MONO_NEVER;
    if (expires_unix_s == INT64_MAX)
        return;
    int64_t left_s = expires_unix_s - (int64_t)time(NULL);
    if (left_s > INT32_MAX)
        return;
    int64_t left_ms = left_s * 1000 - EXEC_LEEWAY_MS;
    access->token_due = mono_add(now, left_ms > EXEC_REFUSED_MS ? left_ms : EXEC_REFUSED_MS);
}

static int run_exec(struct access *access, struct mono_ms now, struct err *err)
{
    struct exec_credential credential = {0};
    int failed = exec_credential_run(&access->config.exec, EXEC_TIME_LIMIT_MS, &credential, err);
    if (failed)
        return failed;
    if (credential.token.data)
        failed = check_token(&credential.token, "the token that the exec plug-in gave", err);
    if (!failed && credential.cert_pem.data)
        failed = check_pair(access, &credential.cert_pem, &credential.key_pem, err);
    if (!failed) {
        secret_move(&access->token, &credential.token);
        if (!access->config.cert_file && !access->config.cert_data.data) {
            struct secret ca = {0};
            if (access->ca.data)
                secret_set(&ca, secret_str(&access->ca));
            replace_tls(access, &ca, &credential.cert_pem, &credential.key_pem);
            secret_clear(&ca);
        }
        access->token_read_at = now;
        set_exec_due(access, credential.expires_unix_s, now);
    }
    exec_credential_fini(&credential);
    return failed;
}

/* ---- load ---- */

static char *describe_entry(const char *what, const char *kind, const char *name, const char *file)
{
    if (!name)
        return mem_strdup(what);
    struct buf text;
    buf_init(&text, 16 << 10);
    (void)buf_printf(&text, "%s of %s \"%s\" in kubeconfig %s", what, kind, name, file);
    return text.data ? buf_take(&text) : mem_strdup(what);
}

static void describe(struct access *access)
{
    const struct kubeconfig *config = &access->config;
    char *ca = config->ca_data.data ? mem_strdup("certificate-authority-data")
               : config->ca_file    ? format("certificate-authority ", config->ca_file, "", "")
                                    : mem_strdup("the system's store (no certificate-authority)");
    access->ca_description = describe_entry(ca, "cluster", config->cluster, config->cluster_file);
    free(ca);

    char *who = config->token_file       ? format("token file ", config->token_file, "", "")
                : config->token.data     ? mem_strdup("token")
                : access->is_exec        ? format("exec plug-in ", config->exec.command, "", "")
                : config->cert_file      ? format("client-certificate ", config->cert_file, "", "")
                : config->cert_data.data ? mem_strdup("client-certificate-data")
                                         : mem_strdup("no credentials");
    access->credentials_description = describe_entry(who, "user", config->user, config->user_file);
    free(who);
}

static int load_proxy(struct access *access, struct err *err)
{
    const char *url = access->config.proxy_url;
    const char *from = "proxy-url in the kubeconfig";
    if (!url) {
        char *host;
        uint16_t port;
        access_source_split(access->config.server, &host, &port);
        url = proxy_from_environment(host, port);
        from = "HTTPS_PROXY in the environment";
        free(host);
    }
    if (!url)
        return 0;
    access->proxy_url = proxy_for_curl(url, err);
    return access->proxy_url ? 0 : err_wrap(err, "%s", from);
}

static int load_credentials(struct access *access, struct mono_ms now, struct err *err)
{
    struct kubeconfig *config = &access->config;
    access->token_due = MONO_NEVER;
    access->token_read_at = access->token_tried_at = now;
    if (config->token_file) {
        access->token_due = mono_add(now, TOKEN_EVERY_MS);
        return read_token_file(access, err);
    }
    if (config->token.data) {
        int failed = check_token(&config->token, access->credentials_description, err);
        if (!failed)
            secret_set(&access->token, secret_str(&config->token));
        return failed;
    }
    return access->is_exec ? run_exec(access, now, err) : 0;
}

static void warn(const struct access *access, bool is_flag)
{
    const struct kubeconfig *config = &access->config;
    if (config->is_insecure)
        log_warning(access->log,
                    "INSECURE: the apiserver's certificate is not checked; anyone on the way can "
                    "read the token and change the answers",
                    {"server", config->server},
                    {"because", is_flag ? "--insecure-skip-tls-verify" : "the kubeconfig says so"});
    if (config->exposed_file)
        log_warning(access->log, "The kubeconfig holds credentials and others may read it",
                    {"file", config->exposed_file}, {"mend", "chmod 600"});
}

struct access *access_load(const struct access_options *options, const struct log *log,
                           struct err *err)
{
    struct access *access = mem_zalloc(1, sizeof(*access));
    struct mono_ms now = now_mono();
    access->log = log;
    int failed = access_source_load(options, &access->config, err);
    if (failed)
        goto fail;
    struct kubeconfig *config = &access->config;
    access->is_exec = config->exec.command && !config->token_file && !config->token.data;
    if (options->insecure_skip_tls_verify) { /* as kubectl: the flag beats the CA */
        config->is_insecure = true;
        secret_clear(&config->ca_data);
        free(config->ca_file);
        config->ca_file = NULL;
    }
    describe(access);
    failed = load_proxy(access, err);
    if (!failed)
        failed = read_tls_files(access, err);
    if (!failed)
        failed = load_credentials(access, now, err);
    if (failed)
        goto fail;
    access->tls_generation = 1;
    bool has_files = config->ca_file || config->cert_file || config->key_file;
    access->files_due = has_files ? mono_add(now, FILES_EVERY_MS) : MONO_NEVER;
    access->files_tried_at = now;
    warn(access, options->insecure_skip_tls_verify);
    return access;

fail:
    access_free(access);
    return NULL;
}

void access_free(struct access *access)
{
    if (!access)
        return;
    kubeconfig_fini(&access->config);
    secret_clear(&access->ca);
    secret_clear(&access->cert);
    secret_clear(&access->key);
    secret_clear(&access->token);
    if (access->proxy_url)
        explicit_bzero(access->proxy_url, strlen(access->proxy_url));
    free(access->proxy_url);
    free(access->ca_description);
    free(access->credentials_description);
    free(access);
}

/* ---- look ---- */

const char *access_server(const struct access *access)
{
    return access->config.server;
}

uint64_t access_tls_generation(const struct access *access)
{
    return access->tls_generation;
}

void access_get_tls(const struct access *access, struct access_tls *ret_tls)
{
    *ret_tls = (struct access_tls){
        .ca_pem = access->ca.data,
        .ca_len = access->ca.len,
        .cert_pem = access->cert.data,
        .cert_len = access->cert.len,
        .key_pem = access->key.data,
        .key_len = access->key.len,
        .server_name = access->config.tls_server_name,
        .proxy_url = access->proxy_url,
        .is_insecure = access->config.is_insecure,
    };
}

const char *access_describe_ca(const struct access *access)
{
    return access->ca_description;
}

const char *access_describe_credentials(const struct access *access)
{
    return access->credentials_description;
}

const char *access_get_token(const struct access *access)
{
    return access->token.data;
}

/* ---- stay fresh ---- */

/* Logs the first failure of a row. */
static void note(const struct access *access, int failed, bool *is_failing, const char *message,
                 const struct err *err)
{
    if (failed && !*is_failing)
        log_error(access->log, message, {"err", err->text});
    *is_failing = failed != 0;
}

static void refresh_token(struct access *access, struct mono_ms now)
{
    struct err err = {0};
    access->token_tried_at = now;
    int failed = access->is_exec ? run_exec(access, now, &err) : read_token_file(access, &err);
    if (failed)
        access->token_due = mono_add(now, access->is_exec ? EXEC_RETRY_MS : TOKEN_RETRY_MS);
    else if (!access->is_exec)
        access->token_due = mono_add(now, TOKEN_EVERY_MS);
    if (!failed)
        access->token_read_at = now;
    note(access, failed, &access->is_token_failing, "Cannot renew the token, the old one is used",
         &err);
}

static void refresh_files(struct access *access, struct mono_ms now)
{
    struct err err = {0};
    int failed = read_tls_files(access, &err);
    access->files_tried_at = now;
    access->files_due = mono_add(now, failed ? FILES_RETRY_MS : FILES_EVERY_MS);
    note(access, failed, &access->is_files_failing,
         "Cannot read the certificates again, the old ones are used", &err);
}

void access_refresh(struct access *access, struct mono_ms now)
{
    if (!mono_before(now, access->token_due))
        refresh_token(access, now);
    if (!mono_before(now, access->files_due))
        refresh_files(access, now);
}

void access_refused(struct access *access, struct mono_ms sent_at, struct mono_ms now)
{
    bool can_renew = access->config.token_file || access->is_exec;
    int64_t pause_ms = access->is_exec ? EXEC_REFUSED_MS : REFUSED_MS;
    if (!can_renew || mono_before(sent_at, access->token_read_at) ||
        mono_since(now, access->token_tried_at) < pause_ms)
        return;
    access->token_due = mono_min(access->token_due, now);
}

void access_tls_refused(struct access *access, struct mono_ms now)
{
    bool can_renew = access->files_due.ms != MONO_NEVER.ms;
    if (can_renew && mono_since(now, access->files_tried_at) >= REFUSED_MS)
        access->files_due = mono_min(access->files_due, now);
}
