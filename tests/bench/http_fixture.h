/*
 * A TLS server that does what its path says, and a client on the same loop.
 *
 *   /hello            200 "hello"                 /goaway   200 "bye", then GOAWAY
 *   /echo             200 "METHOD|content-type|authorization|accept|peer|body"
 *   /code/N           N "code", Retry-After: 7    /big/N    200, N bytes
 *   /silent           never answers               /stall    200 "begin", then nothing more
 *   /reset            RST_STREAM                  /drop     closes the connection without a word
 *   /rst              closes it with a TCP reset
 *   /cut              200 "begin", then closes the connection
 */
#ifndef TESTS_BENCH_HTTP_FIXTURE_H
#define TESTS_BENCH_HTTP_FIXTURE_H

#include <stdbool.h>
#include <uv.h>

#include "bench/h2server.h"
#include "bench/pki.h"
#include "watch/access.h"
#include "watch/http.h"

enum { ANSWER_BYTES_MAX = 4096 };

struct world {
    uv_loop_t loop;
    uv_timer_t guard; /* fails the test instead of hanging */
    struct pki *pki;
    SSL_CTX *tls;
    struct h2_server *server;
    uint32_t requests; /* the server got */
    struct log log;
    char *dir, *ca_path, *kubeconfig_path;
    struct access *access;
    struct http_client *client;
    bool is_client_closed;
};

struct world_options {
    SSL_CTX *owned_tls;  /* NULL: a proper one of the fixture's CA */
    const char *ca_pem;  /* NULL: the fixture's CA */
    const char *cluster; /* further members: ", tls-server-name: x" */
    const char *user;    /* members: "token: x" */
    const char *server;  /* address; NULL: the server's */
    bool has_no_ca;
    bool is_packed;              /* http_client_pack() */
    bool has_client_certificate; /* of the user "alice", in alice.crt and alice.key */
};

/* A test of both ways to send: each request by curl, and packed (http_client_pack()). */
#define BOTH(suite, name)                                                                          \
    static void name(bool is_packed);                                                              \
    Test(suite, name)                                                                              \
    {                                                                                              \
        name(false);                                                                               \
    }                                                                                              \
    Test(suite, name##_when_packed)                                                                \
    {                                                                                              \
        name(true);                                                                                \
    }                                                                                              \
    static void name(bool is_packed)

void world_init(struct world *world, const struct world_options *options);
void world_fini(struct world *world); /* closes the client when the test did not */

struct answer {
    struct world *world;
    bool is_done;
    struct http_reply reply;     /* body is not valid any more: */
    char text[ANSWER_BYTES_MAX]; /* body or streamed bytes, NUL-terminated, cut */
    size_t len;                  /* of all of them */
    size_t stop_after;           /* streamed bytes after which on_bytes says false; 0: never */
    const char *then_path;       /* on_bytes starts this one, into `then` */
    struct answer *then;
};

/* Starts a request that fills *answer; `is_streamed` sets on_bytes. */
struct http_call *world_start(struct world *world, struct http_options options, bool is_streamed,
                              struct answer *answer);
/* Runs the loop until the answer is there. */
void world_wait(struct world *world, const struct answer *answer);
/* Both, for GET without limits. */
void world_get(struct world *world, const char *path, struct answer *answer);

/* Runs the loop until `is_true`. */
void world_run_until(struct world *world, const bool *is_true);

/* A server context with a self-signed certificate that ended yesterday, and its PEM (yours). */
SSL_CTX *expired_context(char **ret_ca_pem);

#endif
