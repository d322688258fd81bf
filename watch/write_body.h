/*
 * The JSON of our writes: pure text, built without a tree. Everything is escaped; the order of the
 * fields is fixed, so that tests can compare bytes.
 */
#ifndef WATCH_WRITE_BODY_H
#define WATCH_WRITE_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/base/str.h"
#include "model/port.h"

enum { EVENT_NOTE_BYTES_MAX = 1024 }; /* apiserver validation, NoteLengthLimit */

/* The object a write is about. */
struct write_pod {
    struct str namespace, name, uid;
};

/* What DefaultBinder sends, and the metadata that the apiserver copies onto the pod. */
void write_body_bind(struct buf *body, const struct write_pod *pod, struct str node,
                     const struct bind_request *request);

/* Merge patch of a pod's labels, before a bind that cannot carry them; the UID is a precondition.
 */
void write_body_labels(struct buf *body, const struct write_pod *pod,
                       const struct bind_request *request);

/* Strategic merge patch of a victim's status: condition DisruptionTarget. */
void write_body_disruption(struct buf *body, const struct write_pod *pod,
                           const struct evict_request *request, int64_t unix_us);

/* DELETE options: the UID is a precondition, the grace period the pod's own. */
void write_body_delete(struct buf *body, const struct write_pod *pod);

struct write_status {
    const char *reason; /* NULL: no condition is written */
    struct str message;
    int64_t observed_generation; /* 0: left out */
    int64_t transition_unix_us;  /* lastTransitionTime; 0: left as it is */
};

struct write_nomination {
    bool clears;
    struct str node; /* empty: not written */
};

/* Strategic merge patch of pods/status; the UID is a precondition. */
void write_body_status(struct buf *body, const struct write_pod *pod,
                       const struct write_status *status);
/* Behind it, as its end. */
void write_body_nomination(struct buf *body, const struct write_nomination *nomination);

struct write_event {
    struct str event_name;
    struct write_pod pod;
    struct str resource_version; /* of the pod, may be empty */
    struct str controller;       /* reportingController: the scheduler's name */
    struct str instance;         /* reportingInstance is "<controller>-<instance>" */
    const char *action, *reason;
    struct str note; /* cut to EVENT_NOTE_BYTES_MAX */
    bool is_warning;
    const struct write_pod *related; /* NULL: none */
    int64_t unix_us;
};

/* events.k8s.io/v1 Event, as client-go's tools/events makes it. */
void write_body_event(struct buf *body, const struct write_event *event);

/* Strategic merge patch of an event that happened again. */
void write_body_series(struct buf *body, uint32_t count, int64_t last_unix_us);

/* "<pod name>.<hex unix nanoseconds>"; the name is cut where it would pass 253 bytes. */
void write_event_name(struct buf *name, struct str pod_name, int64_t unix_ns);

/* How many bytes of a note are sent before " ...": all of it (and no dots) up to the maximum, else
 * up to the last whole UTF-8 sequence that leaves room for the dots. */
size_t write_note_len(struct str note);

#endif
