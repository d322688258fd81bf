/*
 * The three patches of the Kubernetes API on a DOM: JSON patch (RFC 6902), merge patch (RFC 7386)
 * and strategic merge patch for the lists that clients of pods, nodes and workloads patch.
 */
#ifndef BENCH_PATCH_H
#define BENCH_PATCH_H

#include <jansson.h>

#include "bench/store.h"
#include "model/base/err.h"

enum { MAX_JSON_PATCH_OPS = 10000 }; /* kube's limit of operations in one JSON patch */

/* Changes *json, or replaces it when the root is replaced. On an error (-EINVAL, the text for the
 * client) *json is still a document, but may be changed in part. */
NODISCARD int patch_apply(json_t **json, enum patch_kind kind, const json_t *patch,
                          struct err *err);

/* The three, alone. */
NODISCARD int patch_json(json_t **json, const json_t *operations, struct err *err);
NODISCARD int patch_merge(json_t *json, const json_t *patch, struct err *err);
NODISCARD int patch_strategic(json_t *json, const json_t *patch, struct err *err);

#endif
