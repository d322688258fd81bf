/* Reading what controllers need out of objects without a DOM. */
#ifndef BENCH_CONTROLLER_READ_H
#define BENCH_CONTROLLER_READ_H

#include <stdbool.h>

#include "bench/object.h"
#include "model/base/buf.h"

/* One of status.conditions. The texts are lent by the object; raw JSON keeps its quotes. */
struct condition_view {
    struct str status;      /* without quotes: True */
    struct str since;       /* lastTransitionTime without quotes, "" none */
    struct str updated;     /* lastUpdateTime likewise */
    struct str reason;      /* without quotes, "" none */
    struct str message_raw; /* "" none */
};
bool object_condition(const struct object *object, const char *type,
                      struct condition_view *ret_condition);

/* Whether the condition is there with status True. */
bool object_condition_true(const struct object *object, const char *type);

/* Neither Succeeded nor Failed nor being deleted (controller.IsPodActive). */
bool pod_is_active(const struct object *pod);

/* One condition to be written. */
struct condition_text {
    const char *type, *status;
    const char *reason, *message; /* NULL: none */
    bool has_heartbeat;           /* a lastHeartbeatTime of now, as nodes have it */
    bool has_update_time;         /* a lastUpdateTime, as Deployments have it */
    bool is_updated;              /* which then is now; else it stays */
    int64_t observed_generation;  /* 0: none */
};

/* Appends those conditions of the object whose type is not in `types`, each with its comma. */
void condition_add_others(struct buf *list, const struct object *object, const char *const *types,
                          size_t count);

/* Appends the condition with its comma. lastTransitionTime stays that of `object` while the status
 * is the same, else it is `now_s`. */
void condition_add(struct buf *list, const struct object *object,
                   const struct condition_text *condition, int64_t now_s);

#endif
