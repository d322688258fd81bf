/*
 * What goes out: the only way from the scheduler core to the world. The real client
 * (watch/writer.h) implements it, and an in-memory one in tests and benchmarks. Time and randomness
 * pass here too, so that a run can be repeated.
 *
 * Every call returns at once and lends its arguments only for the call. Answers come back as events
 * (model/event.h), never from inside the call itself.
 */
#ifndef MODEL_PORT_H
#define MODEL_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/mono.h"
#include "model/event.h"

/* Metadata that travels with a Binding. */
struct meta_pair {
    struct str key, value;
};

enum { BIND_PAIRS_MAX = 40 }; /* a unit's own, and four of ours */
/* Binds whose outcome is open, under way or unknown, at most, once one is unknown: ten windows. A
 * server that leaves so many in doubt is given no more; it bounds the reads and the binds to be
 * sent again that wait on the other side. */
enum { PORT_BINDS_OPEN_MAX = 1024 };

struct bind_request {
    struct pod_ref pod;
    uint32_t node_name_sym;
    uint32_t annotation_count, label_count;
    const struct meta_pair *annotations; /* copied onto the pod by every apiserver */
    /* Copied by 1.35 and later; on older ones the port patches the pod first, and the answer to
     * that patch is the answer to the bind when it fails (elastic-policies 10.3), or where
     * labels_missing() was told. */
    const struct meta_pair *labels;
};

/* A victim of preemption: PATCH of its DisruptionTarget condition, then DELETE with its own grace
 * period (kube-scheduler.md A14.6). A victim that is gone already is OUTCOME_DONE. */
struct evict_request {
    struct pod_ref pod;
    struct str message;          /* of the condition */
    int64_t observed_generation; /* of the victim; 0: leave out */
};

struct policy_status; /* model/policy_status.h */

/* PATCH of status: PodScheduled=False, and the nominated node in the same write. */
struct status_request {
    struct pod_ref pod;
    const char *reason; /* "Unschedulable" or "SchedulerError"; NULL: the condition stays */
    struct str message; /* whole */
    int64_t observed_generation; /* metadata.generation it was decided on; 0: leave out */
    bool clears_nomination;      /* set status.nominatedNodeName to "" */
    uint32_t nominated_node_sym; /* SYM_EMPTY: no nomination is written */
    bool was_false;              /* the condition was False before: lastTransitionTime stays */
};

struct event_request {
    struct pod_ref pod;
    struct str resource_version; /* of the pod it regards; may be empty */
    uint32_t scheduler_name_sym; /* reportingController */
    bool is_warning;
    const char *reason;            /* "Scheduled", "FailedScheduling", "Preempted" */
    const char *action;            /* "Binding", "Scheduling", "Preempting" */
    const struct pod_ref *related; /* NULL: none. Of "Preempted": the pod that needs the room */
    struct str note;               /* cut to 1024 bytes by the writer */
};

enum note_level { NOTE_ERROR, NOTE_WARNING, NOTE_INFO, NOTE_DEBUG };

struct port {
    void *ctx;
    struct mono_ms (*now)(void *ctx);
    uint64_t (*random)(void *ctx); /* for seeds; never in the middle of a decision */

    /* How many bind() calls may be made now: the window of binds in flight, less those under way.
     */
    size_t (*bind_room)(void *ctx);
    void (*bind)(void *ctx, const struct bind_request *request);           /* -> BIND_REPLY */
    void (*read_pod)(void *ctx, const struct pod_ref *pod);                /* -> POD_READ */
    void (*patch_status)(void *ctx, const struct status_request *request); /* -> STATUS_REPLY */
    void (*emit_event)(void *ctx, const struct event_request *request); /* best effort, no reply */
    void (*evict)(void *ctx, const struct evict_request *request);      /* -> EVICT_REPLY */
    /* The status of a ResourcePolicy of our own group. Newest wins while one waits. */
    void (*patch_policy)(void *ctx,
                         const struct policy_status *status); /* -> POLICY_STATUS_REPLY */
    /* A pod was seen with what its Binding carried, but for the labels: not all servers of 1.35
     * and later copy them. From now on they are patched first. */
    void (*labels_missing)(void *ctx, const struct pod_ref *pod);
    /* From now on OWNER_* events are wanted (some policy counts in percent). More calls do nothing.
     */
    void (*watch_owners)(void *ctx);

    /* Tells the operator something about the cluster or about us; the edge prints it. */
    void (*note)(void *ctx, enum note_level level, const char *text);
};

#endif
