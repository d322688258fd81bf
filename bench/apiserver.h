/*
 * The HTTP/2 face of a simulated cluster: a kube-apiserver as far as a scheduler, kubectl and tests
 * can see. TLS on 127.0.0.1 with a throw-away CA, client certificates and bearer tokens, discovery,
 * list, watch, tables, patches, the binding subresource. Runs in the caller's loop; one thread.
 *
 * The store's clock is the caller's: in real time the `refresh_clock` option lets the server read
 * the system's clocks whenever bytes come in and ten times a second; timers of others in the same
 * loop call sim_clock_read_system() themselves.
 */
#ifndef BENCH_APISERVER_H
#define BENCH_APISERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "bench/apiserver_fault.h"
#include "bench/clock.h"
#include "bench/h2server.h"
#include "bench/store.h"
#include "model/base/err.h"

struct apiserver; /* opaque */

struct apiserver_options {
    uint16_t port;   /* 0: any free one */
    const char *dir; /* certificates, tokens and kubeconfigs are written here (0600) */
    struct sim_clock *refresh_clock; /* set from the system's clocks with each read; NULL: not */
    int64_t bookmark_every_ms;       /* 0: one minute, as kube */
    int64_t list_expires_ms; /* life of a continue token; 0: five minutes, as etcd's compaction */
    int64_t watch_life_ms;   /* a watch ends then, whatever it asked for; 0: as asked */
    uint32_t watch_queue_events; /* a watcher further behind is closed; 0: 200,000 */
    uint32_t page_objects_max; /* a page holds no more, whatever limit was asked for; 0: as asked */
    const char *git_version;   /* of /version; NULL: "v1.37.0" */
};

/* Listens and writes DIR/kubeconfig (an administrator with a token), DIR/kubeconfig-cert (the same
 * by client certificate), DIR/kubeconfig-reader (may only read), DIR/kubeconfig-nobody (every
 * request is 403), and ca.crt, admin.crt, admin.key, admin.token beside them. NULL: see *err. */
struct apiserver *apiserver_start(uv_loop_t *loop, struct store *store,
                                  const struct apiserver_options *options, struct err *err);

uint16_t apiserver_port(const struct apiserver *server);
const char *apiserver_kubeconfig(const struct apiserver *server); /* a path; lent */

/* The fault table: tests arm it directly or by PUT /debug/faults. Lent, mutable. */
struct fault_table *apiserver_faults(struct apiserver *server);

/* store_compact(), and continue tokens given out so far are expired (410). Also PUT /debug/compact.
 */
void apiserver_compact(struct apiserver *server);

/* A fault of the network: see h2server.h. -errno when the system refuses. */
NODISCARD int apiserver_wire(struct apiserver *server, enum wire_fault fault, uint32_t amount);

/* All watches end in good order, as at a shutdown or when their time is over. */
void apiserver_end_watches(struct apiserver *server);

/* etcd is restored from a backup of `rv`: pods and nodes are as they were then, and so are the
 * resource versions to come. All connections are reset. `rv` not below store_compacted_rv(). */
void apiserver_rewind(struct apiserver *server, int64_t rv);

/* Shows a certificate that ended yesterday to connections from here on; or the good one again. */
NODISCARD int apiserver_expire_tls(struct apiserver *server, bool is_expired, struct err *err);

struct apiserver_counts {
    uint64_t requests, binds, watch_events, bytes_out, connections, connections_now, watches_now;
    uint64_t events_spoilt; /* by faults of watches: lost, doubled, old, ... */
    uint64_t lists_spoilt;  /* lists and pages that a fault changed; not those it refused */
    uint64_t slow_watches;  /* closed because they were behind */
    uint64_t wire[WIRE_COUNT];
};
struct apiserver_counts apiserver_counts(const struct apiserver *server);

/* Sends GOAWAY, ends all watches, closes everything. The memory goes when the loop has run the
 * close callbacks: run the loop until it is idle, then it is all freed. `server` is invalid at
 * once. */
void apiserver_stop(struct apiserver *server);

#endif
