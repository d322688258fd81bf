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

/* Binds whose outcome is open, under way or unknown, at most, once one is unknown: ten windows. A
 * server that leaves so many in doubt is given no more; it bounds the reads and the binds to be
 * sent again that wait on the other side. */
enum { PORT_BINDS_OPEN_MAX = 1024 };

struct bind_request {
    struct pod_ref pod;
    uint32_t node_name_sym;
};

/* PATCH of status: PodScheduled=False, and the nominated node in the same write. */
struct status_request {
    struct pod_ref pod;
    const char *reason;          /* "Unschedulable" or "SchedulerError" */
    struct str message;          /* whole */
    int64_t observed_generation; /* metadata.generation it was decided on; 0: leave out */
    bool clears_nomination;      /* set status.nominatedNodeName to "" */
    bool was_false;              /* the condition was False before: lastTransitionTime stays */
};

struct event_request {
    struct pod_ref pod;
    struct str resource_version; /* of the pod it regards; may be empty */
    uint32_t scheduler_name_sym; /* reportingController */
    bool is_warning;
    const char *reason; /* "Scheduled", "FailedScheduling" */
    const char *action; /* "Binding", "Scheduling" */
    struct str note;    /* cut to 1024 bytes by the writer */
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

    /* Tells the operator something about the cluster or about us; the edge prints it. */
    void (*note)(void *ctx, enum note_level level, const char *text);
};

#endif
