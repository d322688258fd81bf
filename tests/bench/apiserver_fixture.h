/* A simulated apiserver and libcurl in one process: both are pumped in turn, nothing sleeps. */
#ifndef TESTS_BENCH_APISERVER_FIXTURE_H
#define TESTS_BENCH_APISERVER_FIXTURE_H

#include <curl/curl.h>
#include <stdbool.h>

#include "bench/apiserver.h"

struct face {
    uv_loop_t loop;
    struct sim_clock clock;
    struct store *store;
    struct apiserver *server;
    CURLM *multi;
    char dir[64];
    char token[80]; /* sent with every request; "" none */
};

/* One request. The body is NUL-terminated. */
struct reply {
    struct face *face;
    CURL *easy;
    struct curl_slist *headers;
    struct buf body;
    const char *accept;     /* set before face_start(); NULL: application/json */
    const char *type;       /* content type of the request; NULL: application/json */
    const char *cert, *key; /* files in the face's directory, by certificate instead of the token */
    size_t body_bytes;      /* of a request body that holds NULs; 0: strlen() */
    bool done;
    CURLcode result;
    long code, retry_after_s;
};

void face_init(struct face *face, const struct apiserver_options *options);
void face_fini(struct face *face);

/* Begins a request; reply_fini() ends it, finished or not. */
void face_start(struct face *face, struct reply *reply, const char *method, const char *path,
                const char *body);
void reply_fini(struct reply *reply);

/* Pumps until the reply is complete, or until its body holds the text. */
void face_wait(struct reply *reply);
void face_wait_text(struct reply *reply, const char *text);

/* start, wait; the code, 0 when there was no answer. The body stays in *reply. */
long face_call(struct face *face, struct reply *reply, const char *method, const char *path,
               const char *body);

/* The same when only the code matters. */
long face_code(struct face *face, const char *method, const char *path, const char *body);

/* A pod "name" in default by HTTP; asserts 201. */
void face_pod(struct face *face, const char *name);

/* POST of a binding to node; the code. */
long face_bind(struct face *face, const char *pod, const char *node);

/* Whether the body holds the text. */
bool reply_has(const struct reply *reply, const char *text);

/* The text of a member of the body by path ("metadata.continue"); yours, "" when absent. */
char *reply_text(const struct reply *reply, const char *path);

/* Sets the fault table. */
void face_faults(struct face *face, const char *json);

#endif
