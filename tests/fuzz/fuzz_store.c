/* fuzz: links bench */
/*
 * Objects and patches from anywhere: the first byte chooses the kind, the second what is done; the
 * text up to a NUL is the object, the rest a patch. Whatever was stored can be rendered, read and
 * printed.
 */
#include <stdint.h>
#include <stdlib.h>

#include "bench/crd.h"
#include "bench/store.h"
#include "bench/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_all(struct store *store, enum kind_id kind)
{
    const struct table_view view = {.include = INCLUDE_METADATA};
    struct store_list list = store_list(store, kind, STR(""));
    struct buf out;
    buf_init(&out, 4 * (size_t)MAX_OBJECT_BYTES);
    for (size_t i = 0; i < list.count; i++) {
        json_decref(object_json(list.objects[i], true)); /* CHECKs that it is JSON */
        buf_clear(&out);
        table_row(list.objects[i], crd_find(store, list.objects[i]->kind), &view, &out);
        json_t *row = json_loadb(out.data, out.len, 0, NULL);
        if (!row)
            abort();
        json_decref(row);
    }
    buf_fini(&out);
}

static void patch_first(struct store *store, enum kind_id kind, unsigned how, struct str text)
{
    struct store_list list = store_list(store, kind, STR(""));
    json_t *patch = json_loadb(text.ptr, text.len, 0, NULL);
    if (patch && list.count > 0) {
        static const enum subresource subs[] = {SUB_NONE, SUB_STATUS};
        const struct store_target target = {.kind = kind,
                                            .ns = str_from(list.objects[0]->ident->ns),
                                            .name = str_from(list.objects[0]->ident->name),
                                            .sub = subs[how / 3 % 2]};
        struct api_status status = {0};
        if (!store_patch(store, &target, (enum patch_kind)(how % 3), patch, NULL, &status) &&
            status.code < 400)
            abort();
    }
    json_decref(patch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct store_options options = {.history_events = 16};
    const struct sim_clock clock = {.wall_us = 1790000000000000};
    if (size < 3)
        return 0;
    enum kind_id kind = (enum kind_id)(data[0] % KIND_COUNT);
    const char *text = (const char *)data + 2;
    const char *nul = memchr(text, 0, size - 2);
    size_t len = nul ? (size_t)(nul - text) : size - 2;
    struct store *store = store_new(&options, &clock);
    struct api_status status = {0};
    if (!store_create_text(store, kind, STR("default"), (struct str){text, len}, NULL, &status) &&
        status.code < 400)
        abort();
    print_all(store, kind);
    if (nul) {
        patch_first(store, kind, data[1], (struct str){nul + 1, size - 3 - len});
        print_all(store, kind);
    }
    store_free(store);
    return 0;
}
