/*
 * From JSON text to a version of an object: split into parts, then made into a version that shares
 * with the version before what is the same. Used by the store only.
 */
#ifndef BENCH_OBJECT_BUILD_H
#define BENCH_OBJECT_BUILD_H

#include <stdbool.h>

#include "bench/object.h"
#include "model/base/buf.h"

/* Slices lend from the text that was split. Server-side fields (times, generation) are left out. */
struct object_parts {
    struct str name, ns, uid, rv, generate_name;
    struct str node_name, phase;
    struct str kind, api_version;
    struct str labels, annotations, owners, finalizers, conditions; /* "" when absent or empty */
    struct buf meta, spec, status, rest, alt;
    bool has_spec;
};

void object_parts_init(struct object_parts *parts);
void object_parts_fini(struct object_parts *parts);

/* `text` is a compact object (json_compact()). False when a member has a type that cannot be
 * (labels that are no object, a name that is no string): *ret_what names it. */
bool object_parts_split(struct object_parts *parts, const struct kind *kind, struct str text,
                        const char **ret_what);

struct ident *ident_new(const struct kind *kind, struct str ns, struct str name, const char *uid,
                        int64_t created_s);

/* A version with rv 0; one reference, yours. `before` may be NULL. */
struct object *object_make(struct ident *ident, const struct object_parts *parts,
                           const struct object *before);

/* A copy that shares everything; one reference, yours, may be changed until it is published. */
struct object *object_copy(const struct object *before);

/* Replaces a blob of an unpublished version. Takes over the reference of `owned_blob`. */
void object_set_blob(struct blob **slot, struct blob *owned_blob);

/* Shares the blob when its text is the same, else makes a new one. `text.ptr` NULL: none. */
void object_set_text(struct blob **slot, struct str text);

/* Whether two versions would render alike but for the resource version. */
bool object_same(const struct object *a, const struct object *b);

#endif
