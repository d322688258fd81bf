#include "sched/refusal.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"

void barren_remember(const struct cluster *cluster, struct match_cache *cache,
                     const struct bitset *nodes)
{
    cache->barren = nodes;
    cache->barren_gain_count = cluster->gain_count;
}

bool barren_is_known(const struct cluster *cluster, const struct match_cache *cache,
                     const struct bitset *nodes)
{
    return cache->barren == nodes && cache->barren_gain_count == cluster->gain_count;
}

void refusal_remember(const struct cluster *cluster, struct shape *shape, struct str text,
                      uint32_t rejectors)
{
    CHECK(rejectors != 0);
    if (shape->refs == 1 || text.len > REFUSAL_TEXT_BYTES_MAX)
        return;
    struct refusal_text *refusal = shape->refusal;
    if (!refusal || refusal->len < text.len) {
        free(refusal);
        refusal = shape->refusal = mem_zalloc(1, sizeof(*refusal) + text.len);
    }
    refusal->change_count = cluster->change_count;
    refusal->rejectors = rejectors;
    refusal->len = (uint32_t)text.len;
    memcpy(refusal->text, text.ptr, text.len);
}

uint32_t refusal_recall(const struct cluster *cluster, const struct shape *shape,
                        struct buf *message)
{
    const struct refusal_text *refusal = shape->refusal;
    if (!refusal || refusal->change_count != cluster->change_count)
        return 0;
    (void)buf_add(message, refusal->text, refusal->len);
    return refusal->rejectors;
}
