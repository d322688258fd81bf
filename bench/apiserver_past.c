/* What is not as it is now: stale replicas, and objects with a key in them twice. */
#include <stdlib.h>

#include "bench/apiserver_private.h"
#include "model/base/mem.h"

int64_t past_rv(const struct call *call)
{
    const struct store *store = call->server->store;
    int64_t rv = store_rv(store), first = store_compacted_rv(store);
    bool is_stale = call->fault && call->fault->act == FAULT_DO_STALE;
    if (!is_stale || call_param(call, "resourceVersion").len == 0) /* without: etcd is asked */
        return rv;
    rv -= call->fault->behind;
    return rv > first ? rv : first;
}

/* The first event of an object after some version. */
struct touched {
    struct str key;              /* lent from the history */
    const struct object *before; /* as it was then; NULL: not there */
};

struct touches {
    struct touched *items;
    size_t count;
};

static const struct touched *touches_find(const struct touches *touches, struct str key)
{
    for (size_t i = 0; i < touches->count; i++)
        if (str_equal(touches->items[i].key, key))
            return &touches->items[i];
    return NULL;
}

static struct touches touches_since(const struct store *store, enum kind_id kind, int64_t rv)
{
    struct store_event event;
    struct touches touches = {
        .items = mem_zalloc((size_t)(store_rv(store) - rv) + 1, sizeof(struct touched))};
    for (; store_history_next(store, rv, &event); rv = event.object->rv) {
        struct str key = event.object->ident->key;
        if (event.object->kind->id == kind && !touches_find(&touches, key))
            touches.items[touches.count++] = (struct touched){key, event.before};
    }
    return touches;
}

struct object **past_objects(struct apiserver *server, enum kind_id kind, struct str ns, int64_t rv,
                             size_t *ret_count)
{
    struct touches touches = touches_since(server->store, kind, rv);
    struct store_list all = store_list(server->store, kind, ns);
    struct object **found = mem_zalloc(all.count + touches.count, sizeof(*found));
    size_t count = 0;
    for (size_t i = 0; i < all.count; i++)
        if (!touches_find(&touches, all.objects[i]->ident->key))
            found[count++] = object_ref(all.objects[i]);
    for (size_t i = 0; i < touches.count; i++) {
        const struct object *before = touches.items[i].before;
        if (before && (ns.len == 0 || str_is(ns, before->ident->ns)))
            found[count++] = object_ref(before);
    }
    free(touches.items);
    *ret_count = count;
    return found;
}

void spoil_twice(struct str text, struct buf *out)
{
    static const char spec[] = "\"spec\":{";
    const char *at = memmem(text.ptr, text.len, spec, sizeof(spec) - 1);
    size_t before = at ? (size_t)(at - text.ptr) : text.len;
    (void)buf_add(out, text.ptr, before);
    if (!at)
        return;
    (void)buf_add_str(out, "\"spec\":{},");
    (void)buf_add(out, at, text.len - before);
}
