/*
 * Events that wait for the end of a burst of binds, in the order they happened: only what the
 * request is made of, and not the request (200 bytes instead of a kilobyte), so that the events of
 * a whole burst can wait.
 */
#ifndef WATCH_EVENT_BACKLOG_H
#define WATCH_EVENT_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "model/port.h"

struct event_backlog {
    struct backlog_entry *head, *tail; /* private */
    uint32_t count;                    /* read it */
};

/* One that waits. */
struct backlog_event {
    struct event_request request; /* a normal one: no `related`; its words are lent */
    int64_t unix_us;              /* when it happened */
    int64_t name_ns;              /* of its name */
};

/* Copies the words; `reason` and `action` are constants. A zeroed struct is an empty backlog. */
void event_backlog_push(struct event_backlog *backlog, const struct backlog_event *event);

/* The oldest, valid until event_backlog_drop(); false: none. */
bool event_backlog_first(const struct event_backlog *backlog, struct backlog_event *ret_event);

/* Removes the oldest. CHECKs that there is one. */
void event_backlog_drop(struct event_backlog *backlog);

void event_backlog_fini(struct event_backlog *backlog);

#endif
