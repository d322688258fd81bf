/* Shared by gate.c (the thread, and the test's side) and gate_exchange.c (requests and answers). */
#ifndef TESTS_REAL_GATE_PRIVATE_H
#define TESTS_REAL_GATE_PRIVATE_H

#include <pthread.h>

#include "bench/h2server.h"
#include "tests/real/gate.h"
#include "watch/access.h"
#include "watch/http.h"

enum {
    GATE_PATH_BYTES = 512,
    GATE_BODY_BYTES = 4 << 20, /* of a request; the apiserver takes 3 MiB */
};

struct gate {
    /* of the loop's thread */
    uv_loop_t loop;
    uv_async_t waker;
    uv_check_t counter;
    struct h2_server *server;
    struct http_client *client;
    struct exchange *held; /* kept back, in the order they came */
    /* set at the start, then only read */
    SSL_CTX *tls;
    struct access *access;
    struct log log;
    char kubeconfig[GATE_PATH_BYTES];
    pthread_t thread;
    /* shared */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct gate_point point;
    bool is_set, is_reached, is_stopped, is_closing;
    unsigned held_count, to_release;
    unsigned met; /* writes of the point's kind since it was set */
    struct gate_count counts[GATE_WRITE_COUNT];
    enum gate_write wanted_write; /* what gate_await_accepted() awaits */
    unsigned wanted;
    unsigned connections; /* spillway's */
};

/* gate_exchange.c, all in the loop's thread */
extern const struct h2_handler gate_handler; /* without its data: the gate */

/* The oldest write that was kept back is sent, whoever wrote it. */
void gate_exchange_release(struct gate *gate);

/* Writes that were kept back are given up. */
void gate_exchange_drop_held(struct gate *gate);

#endif
