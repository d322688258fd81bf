/*
 * A gate between spillway and the apiserver that sees each request: HTTP/2 over TLS on both sides,
 * with the apiserver's own certificate towards spillway and spillway's token towards the apiserver.
 * It counts writes by kind, and at a chosen boundary of a chosen write it stops all traffic, so
 * that a test can kill spillway exactly there; or it keeps that one write back and lets the rest
 * pass.
 *
 * Traffic that was stopped is lost with the process; only a write that is kept back can be sent
 * later.
 */
#ifndef TESTS_REAL_GATE_H
#define TESTS_REAL_GATE_H

#include <stdbool.h>

#include "tests/real/world.h"

/* X(NAME, method, what the path begins with, what it ends with) */
#define GATE_WRITES(X)                                                                             \
    X(BIND, "POST", "/api/v1/namespaces/", "/binding")                                             \
    X(STATUS, "PATCH", "/api/v1/namespaces/", "/status")                                           \
    X(EVENT, "POST", "/apis/events.k8s.io/v1/", "/events")                                         \
    X(DELETE, "DELETE", "/api/v1/namespaces/", "")

enum gate_write {
#define X(name, method, begin, end) GATE_##name,
    GATE_WRITES(X)
#undef X
        GATE_WRITE_COUNT
};

enum gate_boundary {
    GATE_BEFORE_SEND, /* it came from spillway and does not reach the apiserver */
    GATE_AFTER_SEND,  /* the apiserver gets it; spillway does not get the answer */
    GATE_AFTER_REPLY, /* spillway's HTTP client has read the answer */
};

struct gate_point {
    enum gate_write write;
    enum gate_boundary boundary;
    unsigned nth; /* of that kind from now on; from 1 */
    /* BEFORE_SEND only: so many from the nth on are kept back, the rest of the traffic goes on.
     * 0: all traffic stops. */
    unsigned held;
};

/* Of one kind of write, since the gate was opened. */
struct gate_count {
    unsigned seen;     /* came from spillway while the traffic was not stopped */
    unsigned sent;     /* to the apiserver */
    unsigned answered; /* by the apiserver */
    unsigned accepted; /* of these: 2xx */
    unsigned passed;   /* answers given to spillway */
};

struct gate; /* opaque */

/* In front of the apiserver of the world. */
struct gate *gate_open(const struct world *world);
void gate_close(struct gate *gate);

/* What to start spillway with; lent. */
const char *gate_kubeconfig(const struct gate *gate);

/* One point at a time; another may be set when the writes are kept back. */
void gate_set(struct gate *gate, const struct gate_point *point);

/* Until the point is reached: from then on the traffic is stopped, or the last of the writes kept
 * back. The test fails when that does not come. */
void gate_await(struct gate *gate);

/* After the kill: awaits that spillway's connections are closed and the apiserver has answered all
 * that it had got from it; then traffic is open again. */
void gate_reopen(struct gate *gate);

/* Sends the oldest of the writes that were kept back, also when who wrote it is dead. */
void gate_release(struct gate *gate);

/* Awaits that the apiserver has accepted so many in all; the test fails when it does not. */
void gate_await_accepted(struct gate *gate, enum gate_write write, unsigned count);

struct gate_count gate_count(struct gate *gate, enum gate_write write);

#endif
