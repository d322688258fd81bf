/*
 * Intrusive binary heap with back pointers: any element can be removed or moved in O(log n). The order
 * must be total (break ties by a sequence number), so that equal histories pop in equal order.
 */
#ifndef MODEL_BASE_HEAP_H
#define MODEL_BASE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

enum { HEAP_NOWHERE = 0 }; /* the back pointer of an element that is in no heap; else position + 1 */

struct heap {
    void **items; /* private */
    uint32_t count;
    uint32_t capacity;                            /* private */
    bool (*before)(const void *a, const void *b); /* strict total order: a leaves before b */
    uint32_t *(*position)(void *item);            /* where the element keeps its back pointer */
};

void heap_init(struct heap *heap, bool (*before)(const void *a, const void *b),
               uint32_t *(*position)(void *item));
void heap_fini(struct heap *heap);

void heap_push(struct heap *heap, void *item);   /* CHECKs that it is in no heap */
void *heap_peek(const struct heap *heap);        /* the first, or NULL */
void *heap_peek_second(const struct heap *heap); /* who leaves after the first, or NULL */
void *heap_pop(struct heap *heap);               /* takes the first out, or NULL */
void heap_remove(struct heap *heap, void *item); /* CHECKs that it is in this heap */
void heap_update(struct heap *heap, void *item); /* after its order changed */
void heap_check(const struct heap *heap);        /* CHECKs order and back pointers; for tests */

#endif
