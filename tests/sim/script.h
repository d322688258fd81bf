/*
 * An apiserver that says exactly what a test tells it, over real HTTP/2 and TLS on loopback: answer
 * by answer, in the order of the requests. For what a well-behaved server never does. Every request
 * is kept, so that tests can compare what was asked.
 */
#ifndef TESTS_SIM_SCRIPT_H
#define TESTS_SIM_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "bench/h2server.h"
#include "bench/pki.h"
#include "watch/access.h"
#include "watch/log.h"

enum { SCRIPT_ANSWERS_MAX = 2048, SCRIPT_REQUESTS_MAX = 4096 };

enum script_end {
    SCRIPT_ENDS,   /* a complete answer */
    SCRIPT_HOLDS,  /* the body, and the stream stays open */
    SCRIPT_DROPS,  /* the body, then the connection is closed without a word */
    SCRIPT_STALLS, /* no answer, until script_release() */
    SCRIPT_RESETS, /* RST_STREAM instead of an answer */
};

struct script_answer {
    int code;         /* HTTP status */
    const char *body; /* a constant */
    enum script_end end;
    int retry_after_s;
    const char *on; /* only for a request whose "METHOD path" holds this; NULL: any */
};

struct script_request {
    char *method, *path, *body, *content_type;
};

struct script {
    uv_loop_t loop;
    struct log log;
    struct access *access;
    /* private from here on */
    struct pki *pki;
    SSL_CTX *tls;
    struct h2_server *server;
    uint16_t port;
    char dir[64]; /* ca.crt and kubeconfig are there */
    FILE *log_file;
    struct script_answer answers[SCRIPT_ANSWERS_MAX];
    bool is_used[SCRIPT_ANSWERS_MAX];
    size_t answer_count;
    struct script_request requests[SCRIPT_REQUESTS_MAX];
    size_t request_count;
    struct script_stream *to_drop;
    struct script_stream *held;
    struct script_stream *stalled; /* a list */
    uv_timer_t drop_timer, ticker;
};

/* The struct must stay where it is. */
void script_open(struct script *script);
void script_close(struct script *script); /* after all clients were closed and script_run_dry() */

/* Nobody listens at its address any more; and listens again there. */
void script_hush(struct script *script);
void script_listen(struct script *script);

/* The same address, with a certificate that has expired. */
void script_listen_expired(struct script *script);

/* What the next requests get: each the first answer for it that was not given yet. Without one they
 * stall. */
void script_say(struct script *script, const struct script_answer *answers, size_t count);
#define SCRIPT_SAY(script, ...)                                                                    \
    script_say((script), (const struct script_answer[]){__VA_ARGS__},                              \
               sizeof((const struct script_answer[]){__VA_ARGS__}) / sizeof(struct script_answer))

/* More bytes on the stream that is held, and how that goes on. */
void script_tell(struct script *script, const char *bytes, enum script_end end);

/* Answers every request that stalls. */
void script_release(struct script *script, int code, const char *body);

/* How many requests came so far whose "METHOD path" holds `text`. */
size_t script_count(const struct script *script, const char *text);

/* Runs the loop until is_done(ctx); fails the test after ten seconds. */
void script_run(struct script *script, bool (*is_done)(void *ctx), void *ctx);

/* The same with another limit; false when that is over. */
bool script_run_for(struct script *script, int64_t limit_ms, bool (*is_done)(void *ctx), void *ctx);

/* The n-th request so far, or fails the test. */
const struct script_request *script_request(const struct script *script, size_t n);

#endif
