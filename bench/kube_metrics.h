/* What kube-scheduler says of itself at /metrics, on loopback. */
#ifndef BENCH_KUBE_METRICS_H
#define BENCH_KUBE_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"

enum { KUBE_METRICS_BYTES_MAX = 16 << 20 };

/* GET, which blocks, for 10 s at most. `text` was initialised by the caller and is replaced. False:
 * it does not serve yet, or the text is larger than `text` may be. Whoever answers on the port is
 * believed: it made its certificate itself. */
bool kube_metrics_read(uint16_t port, struct buf *text) NODISCARD;

/* The sum over all lines "name value" and "name{...label...} value"; of the latter only those with
 * `label`, as `result="scheduled"`. NULL: all. */
double kube_metrics_sum(const struct buf *text, const char *name, const char *label);

#endif
