/* fuzz: links bench */
/* Protobuf bodies from anywhere: an object with its type, or an error with a text. */
#include <stdint.h>
#include <stdlib.h>

#include "bench/protobuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body = {(const char *)data, size};
    struct err err = {0};
    if (!protobuf_is(body))
        return 0;
    json_t *json = protobuf_decode(body, &err);
    if (json ? !json_object_get(json, "kind") : err.text[0] == '\0')
        abort();
    json_decref(json);
    return 0;
}
