#include "model/base/heap.h"

#include <stdlib.h>

#include "model/base/mem.h"

void heap_init(struct heap *heap, bool (*before)(const void *a, const void *b),
               uint32_t *(*position)(void *item))
{
    *heap = (struct heap){.before = before, .position = position};
}

void heap_fini(struct heap *heap)
{
    free(heap->items);
    heap->items = NULL;
    heap->count = heap->capacity = 0;
}

static void heap_place(struct heap *heap, uint32_t i, void *item)
{
    heap->items[i] = item;
    *heap->position(item) = i + 1;
}

/* Moves the hole at `i` towards the root until `item` fits there. */
static void heap_rise(struct heap *heap, uint32_t i, void *item)
{
    while (i > 0) {
        uint32_t parent = (i - 1) / 2;
        if (!heap->before(item, heap->items[parent]))
            break;
        heap_place(heap, i, heap->items[parent]);
        i = parent;
    }
    heap_place(heap, i, item);
}

/* Moves the hole at `i` towards the leaves until `item` fits there. */
static void heap_sink(struct heap *heap, uint32_t i, void *item)
{
    for (;;) {
        uint64_t child = (uint64_t)i * 2 + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && heap->before(heap->items[child + 1], heap->items[child]))
            child++;
        if (!heap->before(heap->items[child], item))
            break;
        heap_place(heap, i, heap->items[child]);
        i = (uint32_t)child;
    }
    heap_place(heap, i, item);
}

void heap_push(struct heap *heap, void *item)
{
    CHECK(*heap->position(item) == HEAP_NOWHERE);
    if (heap->count == heap->capacity) {
        size_t grown = mem_grow(heap->capacity, (size_t)heap->count + 1);
        CHECK(grown < UINT32_MAX);
        heap->items = mem_resize(heap->items, grown, sizeof(*heap->items));
        heap->capacity = (uint32_t)grown;
    }
    heap_rise(heap, heap->count++, item);
}

void *heap_peek(const struct heap *heap)
{
    return heap->count > 0 ? heap->items[0] : NULL;
}

void *heap_peek_second(const struct heap *heap)
{
    if (heap->count < 3)
        return heap->count == 2 ? heap->items[1] : NULL;
    return heap->before(heap->items[2], heap->items[1]) ? heap->items[2] : heap->items[1];
}

void *heap_pop(struct heap *heap)
{
    void *first = heap_peek(heap);
    if (first)
        heap_remove(heap, first);
    return first;
}

/* Puts `item` into the hole at `i`, whichever way its order sends it. */
static void heap_settle(struct heap *heap, uint32_t i, void *item)
{
    if (i > 0 && heap->before(item, heap->items[(i - 1) / 2]))
        heap_rise(heap, i, item);
    else
        heap_sink(heap, i, item);
}

/* The index of an element that must be in this heap. */
static uint32_t heap_index(const struct heap *heap, void *item)
{
    uint32_t position = *heap->position(item);
    CHECK(position != HEAP_NOWHERE && position <= heap->count);
    CHECK(heap->items[position - 1] == item);
    return position - 1;
}

void heap_remove(struct heap *heap, void *item)
{
    uint32_t i = heap_index(heap, item);
    void *last = heap->items[--heap->count];
    *heap->position(item) = HEAP_NOWHERE;
    if (last != item)
        heap_settle(heap, i, last);
}

void heap_update(struct heap *heap, void *item)
{
    heap_settle(heap, heap_index(heap, item), item);
}

void heap_check(const struct heap *heap)
{
    CHECK(heap->count <= heap->capacity);
    for (uint32_t i = 0; i < heap->count; i++) {
        CHECK(*heap->position(heap->items[i]) == i + 1);
        if (i > 0)
            CHECK(!heap->before(heap->items[i], heap->items[(i - 1) / 2]));
    }
}
