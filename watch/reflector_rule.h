/*
 * What a reflector does next: pure decisions, no I/O. How a request ended goes in, the next request
 * comes out. The table in reflector_rule.c is the whole policy (client-go reflector.go and
 * pager.go; reliability 1.1 to 1.4).
 */
#ifndef WATCH_REFLECTOR_RULE_H
#define WATCH_REFLECTOR_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/base/rng.h"
#include "watch/http.h"

enum reflector_phase {
    REFLECTOR_STREAMING, /* a watch that sends the list first; before its end-of-list bookmark */
    REFLECTOR_PAGING,    /* a LIST, one page after the other */
    REFLECTOR_WATCHING,
};

enum {
    REFLECTOR_PAGE_SIZE = 500,   /* as client-go's pager */
    REFLECTOR_WATCH_MIN_S = 300, /* timeoutSeconds is random in [5, 10) minutes */
    REFLECTOR_WATCH_SPREAD_S = 300,
    REFLECTOR_STREAM_IDLE_MS =
        30000, /* silence before the end-of-list bookmark (reliability 1.3) */
    /* A list that is streamed takes no longer, as no other list does: else a busy cluster, where
     * something always comes, would hide that its end is missing. */
    REFLECTOR_STREAM_LIMIT_MS = 60000,
    /* A watch that lost an event never tells (k/k#123072): from time to time everything is listed
     * anew, when a watch ends anyway. */
    REFLECTOR_RELIST_MS = 60 * 60 * 1000,
    REFLECTOR_BACKWARD_MAX = 2,      /* bookmarks in a row before the version we know */
    REFLECTOR_LIST_IDLE_MS = 60000,  /* the apiserver's own limit on a request */
    REFLECTOR_WATCH_IDLE_MS = 90000, /* bookmarks come once a minute (reliability 1.4) */
    REFLECTOR_ABSENT_MS = 10000,     /* an optional kind that is not there is asked for again */
    REFLECTOR_SHORT_WATCH_MS = 1000, /* client-go's VeryShortWatchError */
    REFLECTOR_FAILURES_MAX = 3,      /* in a row, then a list instead of more of the same */
};

/* How one request ended. */
struct reflector_end {
    enum reflector_phase phase;
    int32_t status;            /* HTTP status, 0: none came */
    int32_t error_code;        /* code of an ERROR event in a 200 stream; 0: none */
    enum http_failure failure; /* STOPPED here: by the reflector itself, for one of the next two */
    bool is_idle;              /* silent for too long */
    bool is_corrupt;           /* no JSON, or cut in the middle of a value */
    bool is_short;             /* under a second and no event: REFLECTOR_SHORT_WATCH_MS */
    bool is_endless;           /* a streamed list without its end */
    bool is_rv_ahead;          /* the server has gone back behind the version we know */
    bool is_rv_too_large;      /* the server is behind the version we asked for */
    bool is_later_page;        /* a continue token was sent */
    bool named_rv;             /* the request asked for a version */
    uint32_t failures; /* ends that were no success, in a row without progress, with this one */
    uint32_t expiries; /* those of them that were 410 */
};

enum reflector_next {
    NEXT_STREAM,    /* list anew; pages where streaming is not to be had */
    NEXT_LIST,      /* list anew in pages */
    NEXT_FULL_LIST, /* list anew in one answer: the continue token has expired */
    NEXT_WATCH,     /* go on from the last version */
};

struct reflector_step {
    enum reflector_next next;
    bool backs_off;          /* wait first */
    bool forgets_rv;         /* the next list takes whatever version there is */
    bool gives_up_streaming; /* for good */
    bool is_trouble;         /* an operator should know */
};

/* Whether the end was what it should be: a watch that the server ended in good order. A list that
 * is complete never comes here. */
bool reflector_end_is_calm(const struct reflector_end *end);

struct reflector_step reflector_decide(const struct reflector_end *end);

/* One request. Empty strings: not sent. */
struct reflector_query {
    enum reflector_phase phase;
    struct str rv;
    struct str continue_token;
    struct str field_selector;
    uint32_t limit;           /* 0: none */
    uint32_t timeout_seconds; /* watches */
};

/* Appends path and query. */
void reflector_url(struct buf *url, struct str path, const struct reflector_query *query);

uint32_t reflector_timeout_seconds(struct rng *rng);

/* The verb that a request of this phase needs the right for. */
const char *reflector_verb(enum reflector_phase phase);

#endif
