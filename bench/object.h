/*
 * One version of one object, immutable. A change makes a new version that shares what did not
 * change, so that a binding costs a node name and a condition, not a parse; the history of watches
 * and the pages of a list are nothing but references to versions.
 *
 * An object is kept as JSON text in sections, plus the few fields that the apiserver itself reads.
 * Rendering puts them together again:
 *
 *   {"kind","apiVersion","metadata":{ident, rv, times, LABELS, ANNOTATIONS, OWNERS, FINALIZERS,
 * META}, "spec":{nodeName, SPEC},"status":{phase, CONDITIONS, STATUS}, REST}
 */
#ifndef BENCH_OBJECT_H
#define BENCH_OBJECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/api_status.h"
#include "bench/blob.h"
#include "bench/kind.h"
#include "model/base/buf.h"
#include "model/base/str.h"

enum { UID_BYTES = 40, MAX_OBJECT_BYTES = 3 << 20 }; /* kube-apiserver's body limit is 3 MiB */

enum section {
    SEC_LABELS,      /* {"k":"v",...} */
    SEC_ANNOTATIONS, /* {"k":"v",...} */
    SEC_OWNERS,      /* [{...},...] */
    SEC_FINALIZERS,  /* ["..."] */
    SEC_META,        /* members of metadata that have no field here, without braces */
    SEC_SPEC,        /* members of spec without braces; of a pod without nodeName */
    SEC_CONDITIONS,  /* status.conditions: [...] */
    SEC_STATUS,      /* members of status without braces, without phase and conditions */
    SEC_REST,        /* further members of the object without braces (data, type, ...) */
    SEC_ALT,         /* events only: REST in the words of events.k8s.io/v1 */
    SECTION_COUNT,
};

/* What never changes while an object lives; shared by its versions. */
struct ident {
    uint32_t refs;
    const struct kind *kind;
    int64_t created_s;   /* wall seconds */
    char uid[UID_BYTES]; /* NUL-terminated, 36 characters */
    const char *ns;      /* NUL-terminated, "" for cluster-scoped kinds */
    const char *name;    /* NUL-terminated */
    struct str key;      /* "ns/name" or "name": the order of lists */
};

struct object {
    uint32_t refs;
    const struct kind *kind;
    struct ident *ident;
    int64_t rv;             /* resourceVersion */
    int64_t generation;     /* 0: not shown */
    int64_t deleted_s;      /* deletionTimestamp in wall seconds; 0: not being deleted */
    int64_t grace_s;        /* deletionGracePeriodSeconds; -1: not shown */
    struct blob *node_name; /* spec.nodeName of a pod; NULL: not bound */
    struct blob *phase;     /* status.phase; NULL: none */
    struct blob *sections[SECTION_COUNT]; /* NULL: not there. SPEC may be empty but there */
};

/* Reference counting. A lent object stays valid only until the store changes: ref to keep it. */
struct object *object_ref(const struct object *object);
void object_unref(struct object *object);

/* Appends the object as JSON. alt_form: an event in the words of events.k8s.io/v1. */
void object_render(const struct object *object, bool alt_form, struct buf *out);

/* The same without kind and apiVersion: an item of a list. */
void object_render_item(const struct object *object, bool alt_form, struct buf *out);

/* Only the member "metadata":{...}, without a comma. */
void object_render_metadata(const struct object *object, struct buf *out);

/* The whole object as a DOM; yours, json_decref(). Cost: tens of microseconds. */
json_t *object_json(const struct object *object, bool alt_form);

/* The autoscaling/v1 Scale of a Deployment or ReplicaSet; yours. */
json_t *object_scale_json(const struct object *object);

/* "" when there is none. Lent. */
const char *object_node_name(const struct object *object);
const char *object_phase(const struct object *object);

/* Raw text of a section, empty when it is not there. Lent. */
struct str object_section(const struct object *object, enum section section);

/* The value of a label; false when it is absent. *ret_value is lent. Cost: a scan of the labels. */
bool object_label(const struct object *object, struct str key, struct str *ret_value);
bool object_annotation(const struct object *object, struct str key, struct str *ret_value);

/* The owner reference with controller: true. The strings are lent. */
struct owner_ref {
    struct str api_version, kind, name, uid;
    bool controller;
    bool block_deletion;
};
bool object_controller(const struct object *object, struct owner_ref *ret_owner);

/* A member by its path of dots ("spec.replicas", "spec.containers"): raw JSON text, strings with
 * their quotes; but not the fields of struct object and struct ident. False when it is absent.
 * Lent. */
bool object_field(const struct object *object, const char *path, struct str *ret_raw);

/* The same as a number; the fallback when it is absent or of another type. As text without quotes,
 * all string fields; empty when it is absent or holds escapes. */
int64_t object_field_int(const struct object *object, const char *path, int64_t fallback);
struct str object_field_text(const struct object *object, const char *path);

#endif
