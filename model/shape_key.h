/*
 * The canonical form of a shape: a run of 32-bit words, equal exactly when two pod specs ask the
 * same of a scheduler. Private to model/shape.c.
 */
#ifndef MODEL_SHAPE_KEY_H
#define MODEL_SHAPE_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/object.h"
#include "model/pod_resources.h"

/* Amounts of the scoring views in a key: nonzero and fit, cpu and memory of each. */
enum { SHAPE_KEY_SCORED_AMOUNTS = 4 };

/* Bytes that the arrays of a shape unpacked from this key take. */
struct shape_sizes {
    size_t array_bytes;
};

/* Writes the key of `pod`, whose incoming resources are given, over what `key` held. */
void shape_key_build(const struct pod_object *pod, const struct pod_resources *resources,
                     struct buf *key, struct shape_sizes *ret_sizes);

#endif
