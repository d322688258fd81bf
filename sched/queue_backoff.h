/*
 * When a failed pod may be tried again (kube-scheduler.md A3; backoff_queue.go). Pure arithmetic.
 *
 *    failures in a row   1  2  3  4   5   6 ...
 *    seconds of backoff  1  2  4  8  10  10        with the defaults: initial 1, at most 10
 *
 * kube-scheduler cuts the expiry down to a whole second, and a pod whose expiry is in the current
 * second is still backing off. Both together: the backoff is over at the start of the second after
 * the one in which it expires. That moment is what pod->backoff_until holds.
 */
#ifndef SCHED_QUEUE_BACKOFF_H
#define SCHED_QUEUE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/mono.h"
#include "model/pod.h"
#include "sched/queue.h"

/* initial * 2^(count - 1), at most the maximum; 0 for no failure and when the maximum is 0. */
int64_t backoff_duration_ms(const struct queue_config *config, uint32_t failure_count);

/* From the pod's time stamp and counts: errors in a row when there are any, else refusals. The time
 * stamp itself, when it need not wait. */
struct mono_ms backoff_end(const struct queue_config *config, const struct pod *pod);

/* Whether the pod still has to wait. */
bool backoff_is_running(const struct pod *pod, struct mono_ms now);

/* When a parked pod is tried again although nothing happened: at the first of the checks, one each
 * 30 s, at which it has waited for more than 5 minutes. */
struct mono_ms leftover_due(const struct pod *pod);

#endif
