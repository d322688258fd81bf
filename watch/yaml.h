/*
 * YAML to a jansson tree, strictly: what two readers could understand differently is refused.
 *
 * libyaml finds the structure; here plain scalars are read by YAML 1.2's core schema (only
 * true/false are booleans: `on`, `yes` and `no` are text), as people who come from sigs.k8s.io/yaml
 * expect. Refused: duplicate keys, anchors, aliases and merge keys (a few lines of them can mean
 * gigabytes), tags, keys that are no scalars, .inf and .nan, NUL in text, a second document.
 */
#ifndef WATCH_YAML_H
#define WATCH_YAML_H

#include <jansson.h>

#include "model/base/err.h"
#include "model/base/str.h"

enum {
    YAML_BYTES_MAX = 4 << 20,
    YAML_DEPTH_MAX = 64,      /* Kubernetes' own objects stay under 30 */
    YAML_VALUES_MAX = 200000, /* scalars, lists and maps of one document */
};

/* The document as a tree, json_decref() it; an empty text is null. NULL: *err says line, column and
 * what; text of the document is never quoted (it may be a secret), only names of keys. */
json_t *yaml_to_json(struct str text, struct err *err);

#endif
