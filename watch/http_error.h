/* What a failed transfer is called: the kind for the program, the text for people. */
#ifndef WATCH_HTTP_ERROR_H
#define WATCH_HTTP_ERROR_H

#include <curl/curl.h>
#include <stdbool.h>

#include "model/base/err.h"
#include "watch/http.h"

struct http_error_input {
    CURL *easy; /* asked for the verify result and the errno */
    CURLcode code;
    const char *detail; /* curl's error buffer, may be "" */
    const char *server; /* "https://..." */
    const char *ca;     /* where the CA came from */
    bool has_proxy;
    bool was_sent;
};

/* The kind of failure; NONE for CURLE_OK. */
enum http_failure http_error_kind(const struct http_error_input *input);

/* Writes the text. `kind` is http_error_kind()'s answer. Never holds a header, a token or a body.
 */
void http_error_explain(const struct http_error_input *input, enum http_failure kind,
                        struct err *err);

#endif
