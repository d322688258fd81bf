/*
 * Objects that come seldom and small, read into a jansson tree: the metav1.Status that the
 * apiserver refuses a request with. Pods and Nodes go through model/decode.h.
 */
#ifndef MODEL_COLD_H
#define MODEL_COLD_H

#include "model/base/err.h"
#include "model/object.h"

/* The apiserver takes requests of up to 3 MiB; what it answers to a refused one is far smaller. */
enum { COLD_BYTES_MAX = 4 << 20 };

struct cold; /* opaque: the tree, owner of all strings */

/* Parses one JSON object. 0, or -EBADMSG (with the place) or -E2BIG; ret_cold is yours then,
 * release with cold_free(). Nested deeper than 64 levels is refused as the hot decoder does. */
int cold_new(const char *bytes, size_t len, struct cold **ret_cold, struct err *err) NODISCARD;
void cold_free(struct cold *cold);

/* The object as a Status, its strings valid until cold_free(). False when its kind says that it is
 * something else; members of a wrong type count as absent. */
bool cold_status(const struct cold *cold, struct status_object *ret_status);

#endif
