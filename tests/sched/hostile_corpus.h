/*
 * Objects that no good apiserver sends, made by a program: a few hundred small families, each with
 * what has to become of them. Everything is derived from tables and from fixed seeds, so that the
 * corpus is the same in every run. The one who looks at them is tests/sched/test_hostile.c.
 */
#ifndef TESTS_SCHED_HOSTILE_CORPUS_H
#define TESTS_SCHED_HOSTILE_CORPUS_H

#include "model/base/buf.h"
#include "model/base/rng.h"
#include "model/decode.h"

/* What has to become of an input. The hostile object is called "odd", in namespace "shop". */
enum hostile_fate {
    HOSTILE_BROKEN,  /* the input is lost there: the decoder's error says `says` */
    HOSTILE_PASSED,  /* it cannot be kept: no write, and a note to the operator says `says` */
    HOSTILE_IGNORED, /* no business of ours: no write and no note */
    HOSTILE_PROBLEM, /* pod: SchedulerError with `says`. node: no pod, and a note says `says` */
    HOSTILE_WAITS,   /* pod: no node fits; the condition is Unschedulable with `says` */
    HOSTILE_FINE,    /* pod: bound, once. node: no note */
    HOSTILE_ANY,     /* nobody can say: only the claims that hold for all */
};

struct hostile {
    char name[128]; /* of the case, for messages */
    enum decode_kind kind;
    enum decode_source source;
    enum hostile_fate fate;
    char says[192];
    struct buf text; /* the whole input */
};

/* Lent for the call. */
struct hostile_visitor {
    void *ctx;
    void (*visit)(void *ctx, const struct hostile *hostile);
};

/* Each gives its families to the visitor, one object at a time. */
void hostile_types(const struct hostile_visitor *visitor);   /* wrong types, keys twice */
void hostile_values(const struct hostile_visitor *visitor);  /* quantities, numbers, names, words */
void hostile_sizes(const struct hostile_visitor *visitor);   /* long, deep, many, huge */
void hostile_streams(const struct hostile_visitor *visitor); /* frames, lists, bytes */
void hostile_random(const struct hostile_visitor *visitor);  /* bytes changed, random values */

/* ---- for the generators ---- */

enum { HOSTILE_TEXT_BYTES_MAX = 32 << 20 };

/* Starts a case: name and `says` are formatted before by the caller where they have to be. */
void hostile_begin(struct hostile *hostile, enum decode_kind kind, enum hostile_fate fate,
                   const char *says);

/* Shows it, as one of the three sources in turn when `is_object`: the text is one object then and
 * gets what stands around it. Releases the text. */
void hostile_end(struct hostile *hostile, const struct hostile_visitor *visitor, bool is_object);

/*
 * The object with one value at a path, as in spec.containers[0].resources.requests["cpu"]: the
 * members on the way are made, those that a good object has stand beside it.
 */
void hostile_add_at(struct hostile *hostile, const char *path, const char *value);

/* hostile_begin(), hostile_add_at(), hostile_end(). */
void hostile_emit_at(const struct hostile_visitor *visitor, struct hostile *hostile,
                     const char *path, const char *value);

#endif
