/*
 * Records what goes into the core, so that a run can be repeated (model/record.h has the format).
 * Stands between the core and the real port:
 *
 *     edge --recorder_on_event(), _on_pass(), _on_stop()--> recorder     then the same to the core
 *     core --now(), random(), bind_room(), bind()---------> recorder --> the real port
 *
 * For the length of an event or a pass time stands still, and the room for binds is what the port
 * said at its begin less the binds since: so one number each repeats all the answers. Every record
 * is handed to `write` before the core sees what it tells of: a crash is in the recording.
 */
#ifndef SCHED_RECORD_H
#define SCHED_RECORD_H

#include "model/record.h"
#include "sched/sched.h"

struct recorder_options {
    const struct sched_config *config; /* that sched_new() will get; copied */
    const struct symbols *symbols;     /* borrowed for its life, as is what the port points to */
    const struct port *port;
    void *ctx;
    /* Takes whole records, in order. False: they are lost, and nothing more is recorded. */
    bool (*write)(void *ctx, struct str records);
};

struct recorder; /* opaque */

/* Writes the configuration; yours. */
struct recorder *recorder_new(const struct recorder_options *options);
void recorder_free(struct recorder *recorder); /* writes END */

/* For sched_new(); valid as long as the recorder. */
struct port recorder_port(struct recorder *recorder);

/* Right before sched_on_event(), sched_pass(), sched_stop() with the same arguments. */
void recorder_on_event(struct recorder *recorder, const struct event *event);
void recorder_on_pass(struct recorder *recorder, uint32_t budget);
void recorder_on_stop(struct recorder *recorder);

/* ---- what the runner of a recording shares ---- */

/* Seeds random() on both sides. */
struct record_setup {
    struct sched_config config;
    uint64_t random_seed;
    struct unit_types
        types; /* read: what config.unit_types points to; its arrays are the codec's */
};

/* Both ways. Read values are within what sched_new() CHECKs, or codec->wrong is set. */
void record_setup_codec(struct codec *codec, struct record_setup *setup);

#endif
