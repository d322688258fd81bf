/*
 * The decoder: Pods, Nodes, ResourcePolicies, disruption budgets and owners out of a LIST body or a
 * WATCH stream, byte by byte as they arrive.
 *
 * One table of fields drives it (model/decode_table.c); what is not in the table is skipped without
 * building anything. It can stop and go on at any byte, so any cutting of the input gives the same
 * result. Memory is bounded by the limits below, not by the input: a list of any length costs the
 * arena of one object.
 *
 * Strict where it reads, lenient where it skips: inside of values that no table names only
 * brackets, quotes and depth are checked (model/lexer.h). Keys may come in any order. null is the
 * same as no key. A key that is read and stands there twice is a problem of the object; in maps of
 * labels and quantities the last one wins, as in Go, and both count towards the limit. Annotations
 * are never a problem of the object: what is no string or too long is passed over. U+0000 is read
 * as U+FFFD.
 */
#ifndef MODEL_DECODE_H
#define MODEL_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/err.h"
#include "model/base/symbol.h"
#include "model/object.h"

enum decode_kind {
    DECODE_POD,
    DECODE_NODE,
    DECODE_POLICY,
    DECODE_BUDGET,
    DECODE_OWNER,
    DECODE_KIND_COUNT
};

/* What the bytes are: one {"kind":"PodList",...,"items":[...]} (or a single object of the kind), or
 * a stream of {"type":"ADDED","object":{...}} values. */
enum decode_source { DECODE_LIST, DECODE_WATCH, DECODE_OBJECT };

enum decode_verb { DECODE_LISTED, DECODE_ADDED, DECODE_MODIFIED, DECODE_DELETED };

enum {
    DECODE_DEPTH_MAX = 64,               /* nesting of anything, skipped or read */
    DECODE_STRING_BYTES_MAX = 64 * 1024, /* one string that is read; a longer one is a problem */
    DECODE_OBJECT_BYTES_MAX = 8 << 20, /* text of one object; the apiserver's own limit is 3 MiB */
    DECODE_ARENA_BYTES_MAX = 8 << 20,  /* what one object may build */
};

/* What is called for what was read; NULL for what does not matter. Pointers are valid only during
 * the call, which must not feed, reset or free the decoder. */
struct decode_handler {
    void *ctx;
    void (*pod)(void *ctx, enum decode_verb verb, const struct pod_object *pod);
    void (*node)(void *ctx, enum decode_verb verb, const struct node_object *node);
    /* `source` of policies and `kind` of owners are the caller's to know: 0 here. */
    void (*policy)(void *ctx, enum decode_verb verb, const struct policy_object *policy);
    void (*owner)(void *ctx, enum decode_verb verb, const struct owner_object *owner);
    void (*budget)(void *ctx, enum decode_verb verb, const struct budget_object *budget);
    void (*bookmark)(void *ctx, struct str resource_version, bool is_initial_events_end);
    void (*error)(void *ctx, const struct status_object *status); /* an ERROR event */
};

/* metadata of the list, valid after decoder_finish() until the next reset */
struct decode_list_meta {
    struct str resource_version;
    struct str continue_token; /* empty: last page */
};

struct decoder; /* opaque */

/* Yours; `symbols` is borrowed for its life, the handler is copied. */
struct decoder *decoder_new(enum decode_kind kind, enum decode_source source,
                            struct symbols *symbols, const struct decode_handler *handler);
void decoder_free(struct decoder *decoder);

/* Back to the start of an input; keeps memory. */
void decoder_reset(struct decoder *decoder);

/* Takes the next bytes and calls the handler for every object that is complete. 0, or -EBADMSG with
 * what is wrong and at which byte: then the stream is lost (reset or free). After a failure nothing
 * more is delivered; an input of the wrong kind (a Table, a Status) is a failure too. A wrong
 * *meaning* inside one object is no failure: see `problem`. */
int decoder_feed(struct decoder *decoder, const char *bytes, size_t len, struct err *err) NODISCARD;

/* The input is at its end: 0, or -EBADMSG when it stops in the middle of a value. */
int decoder_finish(struct decoder *decoder, struct err *err) NODISCARD;

struct decode_list_meta decoder_list_meta(const struct decoder *decoder);

#endif
