/* What will happen, by time; equal times in the order they were put down. */
#ifndef BENCH_AGENDA_H
#define BENCH_AGENDA_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/heap.h"

struct agenda_item {
    int64_t at_ms;
    uint64_t sequence;
    uint32_t what, which;          /* the owner's: what happens, and to whom */
    uint32_t position;             /* private */
    struct agenda_item *next_free; /* private */
};

struct agenda {
    struct heap heap;              /* private */
    uint64_t next_sequence;        /* private */
    struct agenda_item *free_list; /* private */
};

void agenda_init(struct agenda *agenda);
void agenda_fini(struct agenda *agenda);

void agenda_add(struct agenda *agenda, int64_t at_ms, uint32_t what, uint32_t which);

/* When the next is due; INT64_MAX: nothing will happen. */
int64_t agenda_next_ms(const struct agenda *agenda);

/* Takes the next one that is due by then; false when there is none. */
bool agenda_take(struct agenda *agenda, int64_t now_ms, struct agenda_item *ret_item);

#endif
