/* Immutable bytes shared by counting: sections of objects, rendered events. One thread. */
#ifndef BENCH_BLOB_H
#define BENCH_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "model/base/str.h"

struct blob {
    uint32_t refs;
    uint32_t len; /* bytes, the NUL not counted */
    char data[];  /* NUL-terminated */
};

/* A copy of the bytes, one reference, yours. CHECKs len < 4 GiB. */
struct blob *blob_new(const void *bytes, size_t len);

/* One more reference; takes and gives NULL. */
struct blob *blob_ref(struct blob *blob);

/* Gives one reference back; takes NULL. */
void blob_unref(struct blob *blob);

/* Lent; empty for NULL. */
struct str blob_str(const struct blob *blob);

#endif
