/* Taints of nodes and tolerations of pods (k8s.io/api core/v1 toleration.go). */
#ifndef MODEL_TAINT_H
#define MODEL_TAINT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/symbol.h"

#define TAINT_EFFECT_MAP(X)                                                                        \
    X(NO_SCHEDULE, "NoSchedule")                                                                   \
    X(PREFER_NO_SCHEDULE, "PreferNoSchedule")                                                      \
    X(NO_EXECUTE, "NoExecute")

enum taint_effect {
    TAINT_ANY_EFFECT, /* the empty effect of a toleration */
#define X(id, text) TAINT_##id,
    TAINT_EFFECT_MAP(X)
#undef X
        TAINT_UNKNOWN_EFFECT, /* matches only itself: nothing */
};

enum toleration_op {
    TOLERATION_EQUAL, /* "" or Equal */
    TOLERATION_EXISTS,
    TOLERATION_INVALID, /* tolerates nothing */
};

struct taint {
    uint32_t key_sym, value_sym;
    uint32_t effect; /* enum taint_effect */
};

struct taints {
    uint32_t count;
    struct taint *items; /* in the order of the object */
};

struct toleration {
    uint32_t key_sym, value_sym;
    uint16_t op;     /* enum toleration_op */
    uint16_t effect; /* enum taint_effect */
};

enum taint_effect taint_effect_parse(struct str text); /* "" -> TAINT_ANY_EFFECT */
enum toleration_op toleration_op_parse(struct str text);

/* effect empty or equal; key empty (needs Exists) or equal; Exists, or equal value. */
bool toleration_tolerates(const struct toleration *toleration, const struct taint *taint);
bool tolerations_tolerate(const struct toleration *tolerations, uint32_t count,
                          const struct taint *taint);

/* The first NoSchedule or NoExecute taint that is not tolerated, or NULL. */
const struct taint *taints_first_untolerated(const struct taints *taints,
                                             const struct toleration *tolerations, uint32_t count);

#endif
