/* fuzz: links bench */
/*
 * What the scanner calls compact, jansson must read; and walking it finds what jansson finds.
 */
#include <stdint.h>
#include <stdlib.h>

#include "bench/json_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Members as the iterator counts them; a name that is there twice counts once in jansson. */
static void check_members(struct str text, const json_t *json)
{
    struct json_iter iter = json_members(text);
    struct str key, value;
    size_t count = 0;
    while (json_next_member(&iter, &key, &value)) {
        if (!json_compact(value) || !json_object_getn(json, key.ptr, key.len))
            abort();
        count++;
    }
    if (count < json_object_size(json))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    json_t *json = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);
    if (json_compact(text)) {
        if (!json)
            abort();
        if (json_is_object(json))
            check_members(text, json);
    }
    json_decref(json);
    return 0;
}
