/*
 * What reading Pods out of application/vnd.kubernetes.protobuf would cost at the least: the fields
 * that the decoder reads out of JSON are found and their strings interned, and nothing is built of
 * them. For the decision in bench/PROTOBUF.md.
 */
#ifndef BENCH_PROTOBUF_WALK_H
#define BENCH_PROTOBUF_WALK_H

#include "model/base/err.h"
#include "model/base/str.h"
#include "model/base/symbol.h"

/* A PodList with its envelope ("k8s\0" and runtime.Unknown): the number of pods; -EBADMSG. */
int protobuf_walk_list(struct str body, struct symbols *symbols, uint32_t *ret_pods,
                       struct err *err) NODISCARD;

/* The frame of a watch at the start of `stream` (its length in four bytes, then a WatchEvent with
 * an enveloped Pod): its bytes, 0: not whole yet; -EBADMSG. */
int protobuf_walk_frame(struct str stream, struct symbols *symbols, size_t *ret_bytes,
                        struct err *err) NODISCARD;

#endif
