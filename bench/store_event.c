/* Event objects are the only ones that go by themselves: after an hour, and the oldest first when
 * there are too many, so that a long run stays within its memory. */
#include "bench/store_private.h"

#include <stdlib.h>

#include "model/base/mem.h"

void event_queue_add(struct store *store, struct object *object)
{
    if (store->event_count == store->event_capacity) {
        size_t capacity = mem_grow(store->event_capacity, store->event_count + 1);
        struct object **queue = mem_zalloc(capacity, sizeof(*queue));
        for (size_t i = 0; i < store->event_count; i++)
            queue[i] = store->event_queue[(store->event_head + i) % store->event_capacity];
        free(store->event_queue);
        store->event_queue = queue;
        store->event_capacity = capacity;
        store->event_head = 0;
    }
    size_t end = (store->event_head + store->event_count++) % store->event_capacity;
    store->event_queue[end] = object_ref(object);
    if (store->event_count > store->options.event_limit)
        event_queue_trim(store);
}

void event_queue_trim(struct store *store)
{
    int64_t oldest_s = store_now_s(store) - store->options.event_ttl_ms / 1000;
    while (store->event_count > 0) {
        struct object *first = store->event_queue[store->event_head];
        if (store->event_count <= store->options.event_limit && first->ident->created_s >= oldest_s)
            return;
        store->event_head = (store->event_head + 1) % store->event_capacity;
        store->event_count--;
        struct entry *entry = store_find_uid(store, str_from(first->ident->uid));
        if (entry)
            store_remove(store, entry);
        object_unref(first);
    }
}

void event_queue_fini(struct store *store)
{
    for (; store->event_count > 0; store->event_count--) {
        object_unref(store->event_queue[store->event_head]);
        store->event_head = (store->event_head + 1) % store->event_capacity;
    }
    free(store->event_queue);
}
