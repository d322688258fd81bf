/*
 * Pods as a v1.3x apiserver writes them: compact JSON of about 5.2 KB, with the managedFields of
 * kube-controller-manager and kubelet, a service-account volume and a full status. Deterministic.
 */
#ifndef BENCH_POD_TEXT_H
#define BENCH_POD_TEXT_H

#include <stdint.h>

#include "model/base/buf.h"

/* Appends pod number `i`. */
void pod_text_add(struct buf *buf, uint32_t i);

#endif
