/*
 * What happens in the demo, as tables: pools of nodes, workloads, and the steps in time. Everything
 * is done through the store, as a cloud's node manager and its users would do it.
 */
#ifndef BENCH_DEMO_PLAN_H
#define BENCH_DEMO_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/store.h"
#include "bench/verify.h"
#include "model/base/err.h"

#define DEMO_NAMESPACE "default"

enum demo_kind { DEMO_ECS, DEMO_SPOT, DEMO_GPU, DEMO_ECI, DEMO_KIND_COUNT };

struct demo_kind_row {
    const char *label; /* value of NODE_KIND_LABEL */
    const char *title;
    const char *colour;
};
const struct demo_kind_row *demo_kind_get(enum demo_kind kind);

/* By the label's value; DEMO_KIND_COUNT for anything else. */
enum demo_kind demo_kind_find(const char *label);

/* Does every step whose time has come: *next is the first one not done. Returns when the next one
 * is due in milliseconds from the start, -1 after the last. */
int64_t demo_plan_run(struct store *store, int64_t elapsed_ms, uint32_t *next);

/* The time of the last step. */
int64_t demo_plan_length_ms(void);

/* What is worth a word in the drawing, in the order of time; NULL behind the last. */
struct demo_mark {
    int64_t at_ms;
    const char *text;
};
const struct demo_mark *demo_plan_mark(uint32_t index);

/* What the workloads that can never run must wait with, by the nodes that are there now. The texts
 * are in `texts`, which must live as long as the rows. Returns how many. */
enum { DEMO_WAITING_MAX = 8 };
struct demo_waiting {
    uint32_t count;
    struct verify_waiting rows[DEMO_WAITING_MAX];
    char texts[DEMO_WAITING_MAX][VERIFY_TEXT_BYTES];
};
void demo_plan_waiting(struct store *store, struct demo_waiting *ret_waiting);

#endif
