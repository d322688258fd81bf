/* The judgement of a duel: two verdicts and the oracle. */
#ifndef TESTS_REAL_DUEL_COMPARE_H
#define TESTS_REAL_DUEL_COMPARE_H

#include "tests/real/duel.h"

struct duel_verdict {
    const char *scheduler;
    json_t *pod;   /* as it was when bound or refused; NULL: nothing was heard */
    json_t *event; /* NULL: none came */
};

/* kube-scheduler's first, then spillway's. `nominated` may be NULL. */
enum duel_outcome duel_compare(const json_t *cluster, const struct duel_verdict verdicts[2],
                               const char *nominated, struct buf *why);

#endif
