/*
 * How to reach an apiserver and who we are: from a kubeconfig or from a pod's service-account
 * files. client-go tools/clientcmd and transport are the model (reliability 1.6).
 */
#ifndef WATCH_ACCESS_H
#define WATCH_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/err.h"
#include "model/base/mono.h"
#include "watch/log.h"

struct access; /* opaque: holds secrets; wiped when freed */

#define ACCESS_SERVICE_ACCOUNT_DIR "/var/run/secrets/kubernetes.io/serviceaccount"

struct access_options {
    /* NULL: the files in $KUBECONFIG; else, in a pod, its service account; else ~/.kube/config. */
    const char *kubeconfig;
    const char *context;             /* NULL: current-context */
    const char *service_account_dir; /* NULL: ACCESS_SERVICE_ACCOUNT_DIR */
    bool insecure_skip_tls_verify;   /* --insecure-skip-tls-verify; warned about */
};

/* Reads and checks everything that can be checked without a connection. Yours; access_free().
 * Errors say which file, which entry, and how to mend it. Warnings (insecure, world-readable) go to
 * `log`. */
struct access *access_load(const struct access_options *options, const struct log *log,
                           struct err *err);
void access_free(struct access *access);

/* "https://host:port[/prefix]", no slash at the end. Lent for the life of the access. */
const char *access_server(const struct access *access);

/* Counts up whenever CA, certificate, key or proxy changed: connections made before are to be
 * closed. */
uint64_t access_tls_generation(const struct access *access);

/* What one TLS connection needs; lent until the next access_refresh(). NULL and 0 where not set. */
struct access_tls {
    const char *ca_pem;
    size_t ca_len; /* NULL: no CA given, the system's are used */
    const char *cert_pem;
    size_t cert_len;
    const char *key_pem;
    size_t key_len;
    const char *server_name; /* tls-server-name */
    const char *proxy_url;
    bool is_insecure;
};
void access_get_tls(const struct access *access, struct access_tls *ret_tls);

/* Where the CA and the credentials come from, for error texts: a file, or an entry of a kubeconfig.
 * Never holds a secret. Lent for the life of the access. */
const char *access_describe_ca(const struct access *access);
const char *access_describe_credentials(const struct access *access);

/* The bearer token to send now, or NULL when there is none; lent until the next access_refresh().
 */
const char *access_get_token(const struct access *access);

/* Re-reads what may have changed: token files (after 1 min), CA and certificates (after 5 min),
 * exec plug-ins (at expiry). Broken or missing files keep the old value and are logged once. Call
 * before each request; cheap when nothing is due. An exec plug-in runs as a child process and may
 * take up to its time limit: this call then blocks (10 s at most; only at start and at expiry). */
void access_refresh(struct access *access, struct mono_ms now);

/* The server answered 401 to the token of `sent_at`: forget a token read before that, so that the
 * next refresh reads it anew (once a second at most). */
void access_refused(struct access *access, struct mono_ms sent_at, struct mono_ms now);

/* TLS failed, or the server does not know our certificate: the next refresh reads CA, certificate
 * and key anew (once a second at most), as they may have been rotated. */
void access_tls_refused(struct access *access, struct mono_ms now);

#endif
