#include "bench/agenda.h"

#include <stdlib.h>

#include "model/base/mem.h"

static bool before(const void *a, const void *b)
{
    const struct agenda_item *x = a, *y = b;
    return x->at_ms != y->at_ms ? x->at_ms < y->at_ms : x->sequence < y->sequence;
}

static uint32_t *position(void *item)
{
    return &((struct agenda_item *)item)->position;
}

void agenda_init(struct agenda *agenda)
{
    *agenda = (struct agenda){0};
    heap_init(&agenda->heap, before, position);
}

void agenda_fini(struct agenda *agenda)
{
    for (struct agenda_item *item; (item = heap_pop(&agenda->heap));)
        free(item);
    for (struct agenda_item *item; (item = agenda->free_list);) {
        agenda->free_list = item->next_free;
        free(item);
    }
    heap_fini(&agenda->heap);
}

void agenda_add(struct agenda *agenda, int64_t at_ms, uint32_t what, uint32_t which)
{
    struct agenda_item *item = agenda->free_list;
    if (item)
        agenda->free_list = item->next_free;
    else
        item = mem_zalloc(1, sizeof(*item));
    *item = (struct agenda_item){
        .at_ms = at_ms, .sequence = agenda->next_sequence++, .what = what, .which = which};
    heap_push(&agenda->heap, item);
}

int64_t agenda_next_ms(const struct agenda *agenda)
{
    const struct agenda_item *item = heap_peek(&agenda->heap);
    return item ? item->at_ms : INT64_MAX;
}

bool agenda_take(struct agenda *agenda, int64_t now_ms, struct agenda_item *ret_item)
{
    if (agenda_next_ms(agenda) > now_ms || agenda->heap.count == 0)
        return false;
    struct agenda_item *item = heap_pop(&agenda->heap);
    *ret_item = *item;
    item->next_free = agenda->free_list;
    agenda->free_list = item;
    return true;
}
