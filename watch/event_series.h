/*
 * Events that happen again and again become one Event object with a count (client-go tools/events):
 * the first is POSTed, the second PATCHes a series with count 2 onto it, later ones are only
 * counted here and told every 30 minutes; six minutes of silence end the series with a last PATCH.
 *
 *     see: POST --posted--> OPEN --see: PATCH--> WRITING --patched--> OPEN -- ... --> gone
 *      \_ CREATING: counts                        \_ counts
 *
 * Pure bookkeeping, no I/O. Bounded: the least recently seen entry makes room. What gives two
 * events the same key is the caller's to say; ours holds the text too (client-go's holds the pod's
 * resourceVersion instead), so that a changed reason is always shown.
 */
#ifndef WATCH_EVENT_SERIES_H
#define WATCH_EVENT_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/mono.h"
#include "model/base/str.h"
#include "model/uid.h"

enum {
    EVENT_SERIES_MAX = 4096,
    EVENT_SERIES_REFRESH_MS = 30 * 60 * 1000,
    EVENT_SERIES_SILENCE_MS = 6 * 60 * 1000,
};

struct event_series; /* opaque */

struct series_key {
    struct uid uid; /* of the pod it regards */
    uint64_t hash;  /* of type, action, reason, controller and note */
};

/* What is needed to PATCH one; lent until the next call. */
struct series_patch {
    struct series_key key;
    uint32_t namespace_sym;
    struct str event_name;
    uint32_t count;
    int64_t last_unix_us;
};

enum series_verdict {
    SERIES_POST,    /* new: create the Event under the given name, then event_series_posted() */
    SERIES_PATCH,   /* tell ret_patch, then event_series_patched() */
    SERIES_COUNTED, /* nothing to send */
};

struct event_series *event_series_new(uint64_t hash_seed);
void event_series_free(struct event_series *series);

struct series_sighting {
    struct series_key key;
    uint32_t namespace_sym;
    struct str event_name; /* for a new one */
    struct mono_ms now;
    int64_t unix_us;
};

/* It happened. */
enum series_verdict event_series_see(struct event_series *series,
                                     const struct series_sighting *sighting,
                                     struct series_patch *ret_patch);

/* The POST is over. Not done: forgotten, the next sighting POSTs. True: it happened again meanwhile
 * and ret_patch is to be sent. */
bool event_series_posted(struct event_series *series, struct series_key key, bool is_done,
                         struct series_patch *ret_patch);

/* A PATCH is over. `is_gone`: the Event has expired in the apiserver; forgotten. */
void event_series_patched(struct event_series *series, struct series_key key, bool is_gone);

/* Forgets series that are over, and gives the next one that is to be PATCHed because of time; false
 * when there is none. Call until false, once a minute. Cost: the number of entries. */
bool event_series_due(struct event_series *series, struct mono_ms now,
                      struct series_patch *ret_patch);

uint32_t event_series_count(const struct event_series *series);

#endif
