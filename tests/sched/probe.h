/* One filter or one score asked about the nodes of a fixture, with what must hold of every answer
 * checked on the way: check() and explain() agree, a refusal has reasons, a score is 0 to 100. */
#ifndef TESTS_SCHED_PROBE_H
#define TESTS_SCHED_PROBE_H

#include "sched/filter.h"
#include "sched/score.h"
#include "tests/sched/fixture.h"

enum { PROBE_TEXT_BYTES = 512, PROBE_NODES_MAX = 64 };

/* The verdict on one node; the reasons as "Too many pods; Insufficient cpu" into ret_text (may be
 * NULL). The pod is pending under the name of `pod`, or seen again when it is there. */
enum verdict probe_filter(struct fixture *fixture, const struct filter *filter,
                          const struct fixture_pod *pod, uint32_t slot,
                          char ret_text[PROBE_TEXT_BYTES]);

/* What the filter's hint says of an event it registered for. */
bool probe_hint(struct fixture *fixture, const struct filter *filter, const struct fixture_pod *pod,
                const struct wake_event *event);

/* Whether it applies; if so, the scores of slots 0 to count-1. `config` NULL: the default one. */
bool probe_score(struct fixture *fixture, const struct score *score,
                 const struct score_config *config, const struct fixture_pod *pod, uint32_t count,
                 int64_t ret_scores[PROBE_NODES_MAX]);

#endif
