/* Back in time: what a restore of etcd from an older backup does. */
#include <stdlib.h>

#include "bench/store_private.h"
#include "model/base/mem.h"

/* An object as it was. */
struct past {
    struct object *now, *then; /* references; then NULL: it was not there yet */
};

static size_t collect_past(const struct store *store, int64_t rv, struct past *pasts)
{
    struct store_event event;
    size_t count = 0;
    for (; store_history_next(store, rv, &event); rv = event.object->rv) {
        const struct object *object = event.object;
        bool is_kept = object->kind->id == KIND_POD || object->kind->id == KIND_NODE;
        size_t i = 0;
        while (i < count && !(pasts[i].now->kind == object->kind &&
                              str_equal(pasts[i].now->ident->key, object->ident->key)))
            i++;
        if (!is_kept || i < count)
            continue;
        pasts[count++] = (struct past){.now = object_ref(object),
                                       .then = event.before ? object_ref(event.before) : NULL};
    }
    return count;
}

/* Nobody is told of it. */
static void go_back(struct store *store, const struct past *past)
{
    const struct ident *ident = past->now->ident;
    struct entry *entry =
        store_find(store, past->now->kind->id, str_from(ident->ns), str_from(ident->name));
    if (entry)
        store_remove(store, entry);
    if (past->then) {
        struct object *again = object_copy(past->then);
        (void)store_insert(store, again);
        again->rv = past->then->rv;
    }
}

void store_rewind(struct store *store, int64_t rv)
{
    CHECK(rv >= store->compacted_rv && rv <= store->rv && !store->notifying);
    struct past *pasts = mem_zalloc((size_t)(store->rv - rv) + 1, sizeof(*pasts));
    size_t count = collect_past(store, rv, pasts);
    struct store_subscriber *subscribers = store->subscribers;
    store->subscribers = NULL;
    for (size_t i = 0; i < count; i++)
        go_back(store, &pasts[i]);
    store->subscribers = subscribers;
    store_compact(store); /* forgets the versions that are no more */
    store->rv = store->compacted_rv = rv;
    for (size_t i = 0; i < count; i++) {
        object_unref(pasts[i].now);
        object_unref(pasts[i].then);
    }
    free(pasts);
}
