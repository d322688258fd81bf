#include "watch/http_error.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#include "model/base/check.h"

/* The codes that mean something special to us; all others are OTHER. curl says OPERATION_TIMEDOUT
 * only for its connect timeout: the rest of the time is kept by http.c. */
static const struct {
    CURLcode code;
    enum http_failure kind;
} code_kinds[] = {
    {CURLE_OK, HTTP_FAILURE_NONE},
    {CURLE_COULDNT_RESOLVE_PROXY, HTTP_FAILURE_CONNECT},
    {CURLE_COULDNT_RESOLVE_HOST, HTTP_FAILURE_CONNECT},
    {CURLE_COULDNT_CONNECT, HTTP_FAILURE_CONNECT},
    {CURLE_PROXY, HTTP_FAILURE_CONNECT},
    {CURLE_OPERATION_TIMEDOUT, HTTP_FAILURE_TIMEOUT},
    {CURLE_SSL_CONNECT_ERROR, HTTP_FAILURE_TLS},
    {CURLE_SSL_CERTPROBLEM, HTTP_FAILURE_TLS},
    {CURLE_SSL_CIPHER, HTTP_FAILURE_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, HTTP_FAILURE_TLS},
    {CURLE_SSL_CACERT_BADFILE, HTTP_FAILURE_TLS},
    {CURLE_SSL_ISSUER_ERROR, HTTP_FAILURE_TLS},
    {CURLE_SEND_ERROR, HTTP_FAILURE_LOST},
    {CURLE_RECV_ERROR, HTTP_FAILURE_LOST},
    {CURLE_GOT_NOTHING, HTTP_FAILURE_LOST},
    {CURLE_PARTIAL_FILE, HTTP_FAILURE_LOST},
    {CURLE_HTTP2, HTTP_FAILURE_LOST},
    {CURLE_HTTP2_STREAM, HTTP_FAILURE_LOST},
    {CURLE_ABORTED_BY_CALLBACK, HTTP_FAILURE_LOST}, /* http.c: a write is never sent twice */
};

enum http_failure http_error_kind(const struct http_error_input *input)
{
    for (size_t i = 0; i < ARRAY_LEN(code_kinds); i++) {
        if (code_kinds[i].code != input->code)
            continue;
        enum http_failure kind = code_kinds[i].kind;
        if (input->was_sent)
            return kind;
        /* Before the first byte of the request left, whatever broke is the way to the server. */
        return kind == HTTP_FAILURE_TIMEOUT || kind == HTTP_FAILURE_LOST ? HTTP_FAILURE_CONNECT
                                                                         : kind;
    }
    return HTTP_FAILURE_OTHER;
}

static void explain_connect(const struct http_error_input *in, struct err *err)
{
    if (in->code == CURLE_COULDNT_RESOLVE_HOST) {
        (void)err_set(
            err, EHOSTUNREACH,
            "cannot connect to %s: its host name is not known here; check `server` in the "
            "kubeconfig and DNS",
            in->server);
        return;
    }
    if (in->code == CURLE_OPERATION_TIMEDOUT) {
        (void)err_set(err, ETIMEDOUT,
                      "cannot connect to %s: no answer within %d s; is the address right, and does "
                      "a firewall let it through?",
                      in->server, HTTP_CONNECT_TIMEOUT_MS / 1000);
        return;
    }
    long os_errno = 0;
    (void)curl_easy_getinfo(in->easy, CURLINFO_OS_ERRNO, &os_errno);
    if (in->has_proxy) {
        (void)err_set(err, os_errno ? (int)os_errno : ECONNREFUSED,
                      "cannot connect to %s through the configured proxy: %s", in->server,
                      in->detail);
        return;
    }
    (void)err_set(err, os_errno ? (int)os_errno : ECONNREFUSED,
                  "cannot connect to %s: %s; is the apiserver running there?", in->server,
                  os_errno ? strerror((int)os_errno) : in->detail);
}

static void explain_tls(const struct http_error_input *in, struct err *err)
{
    long verify = X509_V_OK;
    (void)curl_easy_getinfo(in->easy, CURLINFO_SSL_VERIFYRESULT, &verify);
    const char *reason = X509_verify_cert_error_string(verify);

    if (in->code != CURLE_PEER_FAILED_VERIFICATION) {
        (void)err_set(err, EPROTO, "TLS with %s failed: %s", in->server, in->detail);
    } else if (verify == X509_V_OK || verify == X509_V_ERR_UNSPECIFIED) {
        /* The chain is good (its errors have codes): what is left is the name. */
        (void)err_set(
            err, EACCES,
            "the certificate of %s is for another host name (%s); use a name that it has, "
            "or set tls-server-name in the kubeconfig",
            in->server, in->detail);
    } else if (verify == X509_V_ERR_CERT_HAS_EXPIRED) {
        (void)err_set(
            err, EACCES,
            "the certificate of %s has expired; renew it (and check this machine's clock)",
            in->server);
    } else if (verify == X509_V_ERR_CERT_NOT_YET_VALID) {
        (void)err_set(err, EACCES,
                      "the certificate of %s is not valid yet; check this machine's clock",
                      in->server);
    } else {
        (void)err_set(err, EACCES,
                      "the certificate of %s is signed by an unknown authority (%s); the CA in use "
                      "is %s: is it this cluster's?",
                      in->server, reason, in->ca);
    }
}

void http_error_explain(const struct http_error_input *in, enum http_failure kind, struct err *err)
{
    switch (kind) {
    case HTTP_FAILURE_NONE:
        *err = (struct err){0};
        return;
    case HTTP_FAILURE_CONNECT:
        explain_connect(in, err);
        return;
    case HTTP_FAILURE_TLS:
        explain_tls(in, err);
        return;
    case HTTP_FAILURE_TIMEOUT:
        (void)err_set(err, ETIMEDOUT, "no answer in time from %s", in->server);
        return;
    case HTTP_FAILURE_LOST:
        (void)err_set(err, ECONNRESET, "the connection to %s was lost: %s", in->server,
                      in->detail[0] ? in->detail : curl_easy_strerror(in->code));
        return;
    case HTTP_FAILURE_TOO_LARGE:
        (void)err_set(err, EMSGSIZE, "the reply of %s is larger than %d MiB", in->server,
                      HTTP_BODY_BYTES_MAX >> 20);
        return;
    case HTTP_FAILURE_STOPPED:
        (void)err_set(err, ECANCELED, "stopped");
        return;
    case HTTP_FAILURE_OTHER:
        (void)err_set(err, EIO, "the request to %s failed: %s", in->server,
                      in->detail[0] ? in->detail : curl_easy_strerror(in->code));
        return;
    }
}
