#include "bench/blob.h"

#include <stdlib.h>

#include "model/base/check.h"
#include "model/base/mem.h"

struct blob *blob_new(const void *bytes, size_t len)
{
    CHECK(len < UINT32_MAX);
    struct blob *blob = mem_resize(NULL, 1, sizeof(*blob) + len + 1);
    blob->refs = 1;
    blob->len = (uint32_t)len;
    if (len > 0)
        memcpy(blob->data, bytes, len);
    blob->data[len] = '\0';
    return blob;
}

struct blob *blob_ref(struct blob *blob)
{
    if (blob)
        blob->refs++;
    return blob;
}

void blob_unref(struct blob *blob)
{
    if (!blob)
        return;
    CHECK(blob->refs > 0);
    if (--blob->refs == 0)
        free(blob);
}

struct str blob_str(const struct blob *blob)
{
    return blob ? (struct str){blob->data, blob->len} : (struct str){0};
}
