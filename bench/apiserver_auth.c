/*
 * Who asks and whether he may. Three users by token or client certificate: an administrator, one
 * who may only read, one who may nothing. Anything without credentials, or with wrong ones, is 401.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "bench/apiserver_private.h"
#include "model/base/mem.h"

int auth_init(struct apiserver *server, struct err *err)
{
    static const struct user users[] = {
        {.name = "admin", .group = "system:masters", .role = ROLE_ADMIN},
        {.name = "reader", .group = "readers", .role = ROLE_READER},
        {.name = "nobody", .group = "nobodies", .role = ROLE_NOBODY},
    };
    for (size_t i = 0; i < ARRAY_LEN(users); i++) {
        server->users[i] = users[i];
        pki_random_hex(server->users[i].token, TOKEN_BYTES / 2);
    }
    server->pki = pki_new(err);
    if (!server->pki)
        return -EIO;
    server->tls = pki_server_context(server->pki, err);
    return server->tls ? 0 : -EIO;
}

/* ---- files ---- */

static void add_base64(struct buf *out, const char *key, const char *text)
{
    size_t len = strlen(text);
    unsigned char *encoded = mem_zalloc(len / 3 * 4 + 8, 1);
    (void)EVP_EncodeBlock(encoded, (const unsigned char *)text, (int)len);
    (void)buf_printf(out, "    %s: %s\n", key, (const char *)encoded);
    free(encoded);
}

struct login {
    const char *user, *token; /* token NULL: by certificate */
    const char *cert_pem, *key_pem;
};

static int write_kubeconfig(const struct apiserver *server, const char *file,
                            const struct login *login, struct err *err)
{
    char path[600];
    struct buf out;
    buf_init(&out, 1 << 16);
    char *ca = pki_ca_pem(server->pki);
    (void)buf_printf(&out,
                     "apiVersion: v1\nkind: Config\nclusters:\n- name: simulated\n  cluster:\n"
                     "    server: https://127.0.0.1:%u\n",
                     apiserver_port(server));
    add_base64(&out, "certificate-authority-data", ca);
    (void)buf_printf(&out,
                     "contexts:\n- name: simulated\n  context:\n    cluster: simulated\n"
                     "    user: %s\ncurrent-context: simulated\nusers:\n- name: %s\n  user:\n",
                     login->user, login->user);
    if (login->token) {
        (void)buf_printf(&out, "    token: %s\n", login->token);
    } else {
        add_base64(&out, "client-certificate-data", login->cert_pem);
        add_base64(&out, "client-key-data", login->key_pem);
    }
    (void)snprintf(path, sizeof(path), "%s/%s", server->options.dir, file);
    int rc = pki_write_file(path, out.data, err);
    free(ca);
    buf_fini(&out);
    return rc;
}

static int write_text(const struct apiserver *server, const char *file, const char *text,
                      struct err *err)
{
    char path[600];
    (void)snprintf(path, sizeof(path), "%s/%s", server->options.dir, file);
    return pki_write_file(path, text, err);
}

static int write_admin(struct apiserver *server, struct err *err)
{
    struct pki_pair pair, old;
    int rc = pki_issue_client(server->pki, "admin", "system:masters", false, &pair, err);
    if (rc < 0)
        return rc;
    rc = pki_issue_client(server->pki, "admin", "system:masters", true, &old, err);
    if (rc < 0) {
        pki_pair_fini(&pair);
        return rc;
    }
    char *ca = pki_ca_pem(server->pki), *cert = pki_cert_pem(&pair), *key = pki_key_pem(&pair);
    char *old_cert = pki_cert_pem(&old), *old_key = pki_key_pem(&old);
    const struct login by_cert = {.user = "admin", .cert_pem = cert, .key_pem = key};
    const struct login expired = {.user = "admin", .cert_pem = old_cert, .key_pem = old_key};
    rc = write_text(server, "ca.crt", ca, err);
    rc = rc < 0 ? rc : write_text(server, "admin.crt", cert, err);
    rc = rc < 0 ? rc : write_text(server, "admin.key", key, err);
    rc = rc < 0 ? rc : write_text(server, "admin.token", server->users[0].token, err);
    rc = rc < 0 ? rc : write_kubeconfig(server, "kubeconfig-cert", &by_cert, err);
    rc = rc < 0 ? rc : write_kubeconfig(server, "kubeconfig-expired", &expired, err);
    free(ca);
    free(cert);
    free(key);
    free(old_cert);
    free(old_key);
    pki_pair_fini(&pair);
    pki_pair_fini(&old);
    return rc;
}

int auth_write_files(struct apiserver *server, struct err *err)
{
    static const char *const files[] = {"kubeconfig", "kubeconfig-reader", "kubeconfig-nobody"};
    if (mkdir(server->options.dir, 0700) < 0 && errno != EEXIST)
        return err_set(err, errno, "cannot make %s: %s", server->options.dir, strerror(errno));
    int rc = write_admin(server, err);
    for (size_t i = 0; i < ARRAY_LEN(files) && rc == 0; i++) {
        const struct login login = {.user = server->users[i].name, .token = server->users[i].token};
        rc = write_kubeconfig(server, files[i], &login, err);
    }
    (void)snprintf(server->kubeconfig, sizeof(server->kubeconfig), "%s/kubeconfig",
                   server->options.dir);
    return rc;
}

/* ---- requests ---- */

bool auth_user(struct call *call, struct api_status *ret_status)
{
    const struct apiserver *server = call->server;
    struct str header = str_from(call->stream->authorization);
    const char *peer = h2_peer_name(call->stream);
    for (size_t i = 0; i < MAX_USERS && server->users[i].name; i++) {
        const struct user *user = &server->users[i];
        bool by_token = str_starts(header, "Bearer ") && header.len == 7 + TOKEN_BYTES &&
                        CRYPTO_memcmp(header.ptr + 7, user->token, TOKEN_BYTES) == 0;
        bool by_cert = header.len == 0 && strcmp(peer, user->name) == 0;
        if (by_token || by_cert) {
            call->user = user;
            return true;
        }
    }
    return api_refuse(ret_status, 401, "Unauthorized", "Unauthorized");
}

bool auth_allows(const struct call *call, struct api_status *ret_status)
{
    struct str verb = str_from(call->verb);
    bool reads = str_is(verb, "get") || str_is(verb, "list") || str_is(verb, "watch");
    if (call->user->role == ROLE_ADMIN || (call->user->role == ROLE_READER && reads))
        return true;
    if (!call->kind) { /* discovery is open to everybody who is known */
        return reads ? true
                     : api_refuse(ret_status, 403, "Forbidden",
                                  "forbidden: User \"%s\" cannot %s path \"" STR_FMT "\"",
                                  call->user->name, call->verb, STR_ARG(call->path));
    }
    char name[API_NAME_BYTES] = "", scope[API_NAME_BYTES] = "at the cluster scope";
    if (call->name.len > 0)
        (void)snprintf(name, sizeof(name), " \"" STR_FMT "\"", STR_ARG(call->name));
    if (call->ns.len > 0)
        (void)snprintf(scope, sizeof(scope), "in the namespace \"" STR_FMT "\"", STR_ARG(call->ns));
    (void)api_refuse(ret_status, 403, "Forbidden",
                     "%s%s%s%s is forbidden: User \"%s\" cannot %s resource \"%s%s" STR_FMT
                     "\" in API group \"" STR_FMT "\" %s",
                     call->kind->plural, call->group.len > 0 ? "." : "",
                     call->group.len > 0 ? call->kind->group : "", name, call->user->name,
                     call->verb, call->kind->plural, call->sub.len > 0 ? "/" : "",
                     STR_ARG(call->sub), STR_ARG(call->group), scope);
    (void)snprintf(ret_status->resource, sizeof(ret_status->resource), "%s", call->kind->plural);
    return false;
}
