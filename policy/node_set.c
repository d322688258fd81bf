/* Which nodes a unit has: interned by what it asks, so that a thousand policies over the same pools
 * cost one bitset a pool. */
#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"
#include "model/base/mem.h"
#include "policy/book_private.h"
#include "policy/unit_presets.h"

static uint64_t hash_unit(const struct policy_unit *unit)
{
    uint64_t hash = hash_mix(unit->type, unit->selector_count);
    for (uint32_t i = 0; i < unit->selector_count; i++) {
        const struct label *label = &unit->selector[i];
        hash = hash_mix(hash, (uint64_t)label->key_sym << 32 | label->value_sym);
    }
    return hash;
}

static bool set_is_for(const void *value, const void *key)
{
    const struct node_set *set = value;
    const struct policy_unit *unit = key;
    return set->type == unit->type && set->selector_count == unit->selector_count &&
           (set->selector_count == 0 ||
            memcmp(set->selector, unit->selector, set->selector_count * sizeof(struct label)) == 0);
}

static bool set_is(const void *value, const void *key)
{
    return value == key;
}

bool node_set_accepts(const struct book *book, const struct node_set *set, uint32_t slot)
{
    const struct node_table *table = &book->cluster->nodes;
    const struct node *node = slot < table->slot_count ? table->nodes[slot] : NULL;
    if (!node || !node->is_present)
        return false;
    for (uint32_t i = 0; i < set->selector_count; i++)
        if (labels_get(&node->labels, set->selector[i].key_sym) != set->selector[i].value_sym)
            return false;
    return unit_type_matches(&book->types->items[set->type], &node->labels, node->name_sym,
                             book->cluster->symbols);
}

static void set_put(struct node_set *set, uint32_t slot, bool is_in)
{
    if (bitset_test(&set->nodes, slot) == is_in)
        return;
    if (is_in) {
        bitset_set(&set->nodes, slot);
        set->node_count++;
    } else {
        bitset_clear(&set->nodes, slot);
        set->node_count--;
    }
}

struct node_set *node_set_ref(struct book *book, const struct policy_unit *unit)
{
    uint64_t hash = hash_unit(unit);
    struct node_set *set = map_get(&book->sets, hash, set_is_for, unit);
    if (set) {
        set->refs++;
        return set;
    }
    set = mem_zalloc(1, sizeof(*set));
    *set = (struct node_set){.refs = 1,
                             .type = unit->type,
                             .hash = hash,
                             .selector_count = unit->selector_count,
                             .selector = mem_zalloc(unit->selector_count, sizeof(struct label))};
    if (set->selector_count > 0)
        memcpy(set->selector, unit->selector, set->selector_count * sizeof(struct label));
    bitset_init(&set->nodes);
    for (uint32_t slot = 0; slot < book->cluster->nodes.slot_count; slot++)
        set_put(set, slot, node_set_accepts(book, set, slot));
    map_put(&book->sets, hash, set);
    return set;
}

void node_set_unref(struct book *book, struct node_set *set)
{
    CHECK(set->refs > 0);
    if (--set->refs > 0)
        return;
    CHECK(map_remove(&book->sets, set->hash, set_is, set) == set);
    bitset_fini(&set->nodes);
    free(set->selector);
    free(set);
}

bool node_sets_update(struct book *book, uint32_t slot)
{
    bool has_crossed = false;
    size_t position = 0;
    for (struct node_set *set; (set = map_next(&book->sets, &position));) {
        bool was_empty = set->node_count == 0;
        set_put(set, slot, node_set_accepts(book, set, slot));
        has_crossed |= was_empty != (set->node_count == 0);
    }
    return has_crossed;
}
