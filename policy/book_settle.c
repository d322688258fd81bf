/*
 * What was noted takes effect: edits of policies, changes of nodes. One look at each pod of the
 * namespaces concerned, however many edits there were, and at each pod of the nodes concerned.
 */
#include <stdlib.h>

#include "model/base/mem.h"
#include "policy/book_private.h"

/* Namespaces whose pods enter again, ascending. */
struct namespaces {
    uint32_t *syms;
    size_t count;
};

static bool namespaces_have(const struct namespaces *namespaces, uint32_t namespace_sym)
{
    return bsearch(&namespace_sym, namespaces->syms, namespaces->count, sizeof(uint32_t),
                   symbol_compare) != NULL;
}

/* Those of the noted entries; yours. Repetitions do no harm. */
static struct namespaces noted_namespaces(const struct book *book)
{
    struct namespaces noted = {mem_zalloc(book->noted_count, sizeof(uint32_t)), book->noted_count};
    for (size_t i = 0; i < noted.count; i++)
        noted.syms[i] = book->noted[i]->namespace_sym;
    qsort(noted.syms, noted.count, sizeof(uint32_t), symbol_compare);
    return noted;
}

static void reset_overlaps(struct book *book, const struct namespaces *namespaces)
{
    if (book->overlap_count == 0)
        return;
    size_t position = 0;
    for (struct policy_entry *entry; (entry = map_next(&book->by_name, &position));)
        if (namespaces_have(namespaces, entry->namespace_sym))
            overlap_reset(book, entry);
    for (size_t i = 0; i < book->noted_count; i++)
        overlap_reset(book, book->noted[i]); /* those that are gone */
}

/* Leaves in book->noted what is retired. */
static void apply_noted(struct book *book)
{
    size_t retired_count = 0;
    for (size_t i = 0; i < book->noted_count; i++) {
        struct policy_entry *retired = entry_apply(book, book->noted[i]);
        if (retired)
            book->noted[retired_count++] = retired;
    }
    book->noted_count = retired_count;
}

static void free_retired(struct book *book)
{
    for (size_t i = 0; i < book->noted_count; i++) {
        CHECK(!book->noted[i]->groups);
        entry_free(book, book->noted[i]);
    }
    free(book->noted);
    book->noted = NULL;
    book->noted_count = book->noted_capacity = 0;
}

/* From its old group, perhaps of a retired entry, into its new one. */
static void regroup(struct book *book, struct pod *pod, const struct book_watcher *watcher)
{
    struct pod_left left;
    watcher->before(watcher->ctx, pod);
    pod_detach(pod, &left);
    pod_attach(book, pod);
    if (pod->group)
        status_due(book, pod->group->entry);
    if (left.use) /* after it entered: what is known of its owner must not end in between */
        owner_use_release(book, left.use);
    if (left.group) {
        status_due(book, left.group->entry);
        group_release(book, left.group);
    }
    watcher->after(watcher->ctx, pod);
}

static void regroup_namespaces(struct book *book, const struct namespaces *namespaces,
                               const struct book_watcher *watcher)
{
    size_t position = 0;
    for (struct pod *pod; (pod = cluster_next_pod(book->cluster, &position));)
        if (namespaces_have(namespaces, pod->namespace_sym))
            regroup(book, pod, watcher);
}

static void all_status_due(struct book *book)
{
    size_t position = 0;
    for (struct policy_entry *entry; (entry = map_next(&book->by_name, &position));)
        status_due(book, entry);
}

static void update_sets(struct book *book)
{
    bool has_crossed = false;
    for (uint32_t slot = 0; (slot = bitset_next(&book->noted_nodes, slot)) != UINT32_MAX; slot++)
        has_crossed |= node_sets_update(book, slot);
    if (has_crossed) /* a unit has nodes now, or has none any more */
        all_status_due(book);
}

/* Pods of changed nodes may count in another unit now. */
static void recount_nodes(struct book *book)
{
    const struct node_table *table = &book->cluster->nodes;
    for (uint32_t slot = 0; (slot = bitset_next(&book->noted_nodes, slot)) != UINT32_MAX; slot++) {
        const struct node *node = slot < table->slot_count ? table->nodes[slot] : NULL;
        for (struct pod *pod = node ? node->pods : NULL; pod; pod = pod->node_next) {
            book_leave(book, pod);
            book_enter(book, pod, NULL);
        }
    }
}

void book_node_changed(struct book *book, uint32_t slot)
{
    if (book_is_empty(book))
        return; /* sets are made from the nodes there are then */
    bitset_set(&book->noted_nodes, slot);
    book->has_noted_nodes = true;
}

static void settle_policies(struct book *book, const struct book_watcher *watcher)
{
    struct namespaces namespaces = noted_namespaces(book);
    reset_overlaps(book, &namespaces);
    apply_noted(book);
    cluster_note_gain(book->cluster); /* a node set at an address may be another one now */
    regroup_namespaces(book, &namespaces, watcher);
    free_retired(book);
    free(namespaces.syms);
}

void book_settle(struct book *book, const struct book_watcher *watcher)
{
    left_settle(book, NULL);
    if (book->noted_count == 0 && !book->has_noted_nodes)
        return;
    update_sets(book);
    if (book->noted_count > 0)
        settle_policies(book, watcher);
    recount_nodes(book);
    left_settle(book, NULL);
    bitset_zero(&book->noted_nodes);
    book->has_noted_nodes = false;
}
