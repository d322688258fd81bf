/*
 * Until when a pod waits in which unit (elastic-policies 1.5: t). The clock of a unit starts with
 * the first refusal of the pod there, and its end is said in the pod's condition, where a restart
 * finds it again.
 */
#ifndef SCHED_UNIT_WAIT_H
#define SCHED_UNIT_WAIT_H

#include "model/base/mono.h"
#include "model/base/str.h"
#include "model/base/symbol.h"
#include "model/pod.h"

/* The end of the pod's wait in the unit; it begins now, for `timeout_ms`, when there was none. */
struct mono_ms unit_wait_until(struct pod *pod, uint32_t unit_sym, int64_t timeout_ms,
                               struct mono_ms now);

/* Whether it has ever begun. */
bool unit_wait_has_begun(const struct pod *pod, uint32_t unit_sym);

/* A unit that refused the pod is skipped for it until then: one pod that fits nowhere must not keep
 * others out. In the past when it never was. */
void unit_wait_cool(struct pod *pod, uint32_t unit_sym, struct mono_ms until);
struct mono_ms unit_wait_cool_until(const struct pod *pod, uint32_t unit_sym);

/* Reads the ends out of the message of a condition (policy/sentence.h). `wall_zero_ms`: wall time
 * when the monotonic clock was 0. Waits that are known already stay. */
void unit_waits_restore(struct pod *pod, struct str message, struct symbols *symbols,
                        int64_t wall_zero_ms);

/* With the pod's record, and when it leaves its policy. */
void unit_waits_drop(struct pod *pod);

#endif
