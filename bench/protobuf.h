/*
 * Request bodies in application/vnd.kubernetes.protobuf. kubectl's create commands speak nothing
 * else to built-in kinds, and have no fall-back; so the messages they send are read here, by tables
 * of fields. Answers are JSON always, which every client accepts.
 *
 * A field that is set but not in the tables is refused: nothing is dropped in silence.
 */
#ifndef BENCH_PROTOBUF_H
#define BENCH_PROTOBUF_H

#include <jansson.h>
#include <stdbool.h>

#include "model/base/check.h"
#include "model/base/err.h"
#include "model/base/str.h"

/* Whether a body starts with the magic "k8s\0". */
bool protobuf_is(struct str body);

/* The object as a DOM, with kind and apiVersion; yours. NULL: see *err (EINVAL malformed, ENOTSUP
 * an unknown kind or field). */
json_t *protobuf_decode(struct str body, struct err *err);

#endif
