/*
 * The one object store of a simulated cluster: what etcd and the generic half of kube-apiserver do.
 *
 * Two faces: these calls, for controllers and benchmarks in virtual time, and the HTTP/2 apiserver
 * (apiserver.h) on top of them. Both see the same rules: one counter of resource versions, UIDs,
 * generation, optimistic concurrency, graceful deletion, finalizers, owner references with
 * background collection of dependents, a history of events for watches that is compacted.
 *
 * Every call that changes something tells the subscribers before it returns. A subscriber must not
 * change the store from inside its callback: it records, and acts when its driver calls it again.
 * Objects are lent: valid until the next call that changes the store; object_ref() keeps one.
 *
 * A refusal is an answer, not an error: `false`, with the Status that the apiserver would send.
 */
#ifndef BENCH_STORE_H
#define BENCH_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/api_status.h"
#include "bench/clock.h"
#include "bench/kind.h"
#include "bench/object.h"
#include "model/base/check.h"
#include "model/base/str.h"

struct store; /* opaque */

struct store_options {
    uint64_t seed;           /* of the UIDs and generated names */
    uint32_t history_events; /* ring for watches of all kinds; 0: 200,000 (kube keeps up to
                              * 102,400 of each kind) */
    uint32_t event_limit;    /* Event objects kept, the oldest go first; 0: 50,000 */
    int64_t event_ttl_ms;    /* age at which an Event object goes; 0: one hour as kube */
    bool without_crds;       /* no custom kind is installed at first: crd.h */
};

/* The clock is read at each call and must outlive the store. Namespaces default, kube-system,
 * kube-public and kube-node-lease are there from the start, and so are the definitions of all
 * custom kinds. `options` may be NULL. */
struct store *store_new(const struct store_options *options, const struct sim_clock *clock);
void store_free(struct store *store);

const struct sim_clock *store_clock(const struct store *store);
int64_t store_rv(const struct store *store); /* the last resource version given out */

/* ---- changes ---- */

enum store_change { CHANGE_ADDED, CHANGE_MODIFIED, CHANGE_DELETED };

struct store_event {
    enum store_change change;
    const struct object *object; /* the new version; of a deletion the last one with the new rv */
    const struct object *before; /* the version before, NULL for ADDED */
};

struct store_subscriber {
    void (*on_event)(struct store_subscriber *subscriber, const struct store_event *event);
    struct store_subscriber *next; /* private */
};

/* The subscriber is the caller's memory, in use until store_unsubscribe(). Told in the order of
 * subscribing. */
void store_subscribe(struct store *store, struct store_subscriber *subscriber);
void store_unsubscribe(struct store *store, struct store_subscriber *subscriber);

/* The event with the lowest rv above `rv`; false when there is none yet. For watches that begin in
 * the past: first see that `rv` is not below store_compacted_rv(), else the answer is 410. Cost:
 * O(1). */
bool store_history_next(const struct store *store, int64_t rv, struct store_event *ret_event);
int64_t store_compacted_rv(const struct store *store); /* events up to this one are forgotten */

/* ---- reading ---- */

/* Lent, or NULL. `ns` is ignored for cluster-scoped kinds. Cost: one hash look-up. */
const struct object *store_get(const struct store *store, enum kind_id kind, struct str ns,
                               struct str name);
const struct object *store_get_by_uid(const struct store *store, struct str uid);

size_t store_count(const struct store *store, enum kind_id kind);

/* All objects of a kind in a namespace ("" all of them), in the order of their keys. The array is
 * lent until the next change. Cost: O(n log n) the first time after a creation or a deletion. */
struct store_list {
    struct object *const *objects;
    size_t count;
};
struct store_list store_list(struct store *store, enum kind_id kind, struct str ns);

/* ---- writing ---- */

/* Creates from a whole object: defaults are filled in, server-side fields are set. `ns` "" takes
 * the namespace of the body. *ret_object (lent) may be NULL. */
NODISCARD bool store_create(struct store *store, enum kind_id kind, struct str ns,
                            const json_t *body, const struct object **ret_object,
                            struct api_status *ret_status);

/* The same from text that is JSON already. Refuses (400) what is not. */
NODISCARD bool store_create_text(struct store *store, enum kind_id kind, struct str ns,
                                 struct str body, const struct object **ret_object,
                                 struct api_status *ret_status);

struct store_target {
    enum kind_id kind;
    struct str ns, name;
    enum subresource sub; /* SUB_NONE, SUB_STATUS or SUB_SCALE */
    bool alt_form;        /* an event that is patched in the words of events.k8s.io/v1 */
};

/* Replaces an object, or through a subresource its status or its replicas. A resourceVersion or uid
 * in the body is a precondition (409); a patch may carry the former only, another uid is 422. What
 * did not change makes no event and no new version. */
NODISCARD bool store_update(struct store *store, const struct store_target *target,
                            const json_t *body, const struct object **ret_object,
                            struct api_status *ret_status);

enum patch_kind { PATCH_JSON, PATCH_MERGE, PATCH_STRATEGIC };

NODISCARD bool store_patch(struct store *store, const struct store_target *target,
                           enum patch_kind patch_kind, const json_t *patch,
                           const struct object **ret_object, struct api_status *ret_status);

enum propagation { PROPAGATE_BACKGROUND, PROPAGATE_FOREGROUND, PROPAGATE_ORPHAN };

struct delete_options {
    int64_t grace_s; /* -1: the object's own (a pod's terminationGracePeriodSeconds) */
    struct str uid;  /* precondition, "" none */
    struct str rv;   /* precondition, "" none */
    enum propagation propagation;
};

/* Deletes. A bound pod with a grace above 0 only gets its deletionTimestamp: its kubelet deletes it
 * a second time with grace 0. `options` NULL: all defaults. *ret_object (lent, may be NULL as
 * pointer): the object that is still there, or NULL when it is gone. */
NODISCARD bool store_delete(struct store *store, const struct store_target *target,
                            const struct delete_options *options, const struct object **ret_object,
                            struct api_status *ret_status);

/* POST pods/NAME/binding: one splice, no parse of the pod. Cost: about a microsecond plus what the
 * subscribers do. Refusals are kube's, byte for byte (kube-scheduler.md A12). */
struct store_binding {
    struct str ns, name;
    struct str node;
    struct str uid;            /* precondition, "" none */
    struct str rv;             /* precondition, "" none */
    const json_t *annotations; /* merged onto the pod; NULL none */
    const json_t *labels;      /* merged onto the pod; NULL none */
    bool before_1_35;          /* labels are ignored and the nomination stays */
};
NODISCARD bool store_bind(struct store *store, const struct store_binding *request,
                          struct api_status *ret_status);

/* A kubelet's write: replaces the whole status without parsing the object. The texts must be valid
 * compact JSON; `rest` are members without braces. A string whose ptr is NULL leaves that part as
 * it is. CHECKs that the object is the current version. *ret_object is lent and may be NULL. */
struct status_text {
    struct str phase;      /* without quotes: Running */
    struct str conditions; /* [...] */
    struct str rest;       /* "podIP":"10.0.0.1","startTime":"..." */
};
void store_set_status(struct store *store, const struct object *object,
                      const struct status_text *status, const struct object **ret_object);

/* ---- time ---- */

/* Drops Event objects that are over their age. The driver calls it every few seconds. */
void store_tick(struct store *store);

/* Forgets the history up to now: watches from older versions get 410. What etcd's compaction does
 * every five minutes. apiserver_compact() forgets the pages of lists that were begun, too. */
void store_compact(struct store *store);

/* A restore from a backup of `rv`, not below store_compacted_rv(): pods and nodes are as they were
 * then, the next version is rv + 1, the history is forgotten. No subscriber is told. */
void store_rewind(struct store *store, int64_t rv);

#endif
