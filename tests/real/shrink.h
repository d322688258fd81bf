/* From a large case on which the two schedulers disagree to a small one, and how it is shown. */
#ifndef TESTS_REAL_SHRINK_H
#define TESTS_REAL_SHRINK_H

#include <jansson.h>
#include <stdio.h>

#include "tests/real/duel.h"

/* What they disagree on. */
struct shrink_case {
    json_t *cluster; /* see generate.h */
    json_t *pod;
    bool kube_first;
};

/* Drops bound pods, nodes, and members of the pod as long as the two disagree, with at most
 * `tries` duels; the values in the case are replaced. Why they disagree on what is left is in
 * `why`. False when they do not disagree on the whole case any more. */
bool shrink_run(struct duel *duel, struct shrink_case *shrink, unsigned tries, struct buf *why);

/* As YAML. */
void shrink_print(FILE *out, const struct shrink_case *shrink);

#endif
