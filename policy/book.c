#include "policy/book.h"

#include <stdlib.h>

#include "model/base/mem.h"
#include "policy/book_private.h"

struct book *book_new(struct cluster *cluster, const struct unit_types *types)
{
    struct book *book = mem_zalloc(1, sizeof(*book));
    book->cluster = cluster;
    book->types = types;
    bitset_init(&book->noted_nodes);
    arena_init(&book->status);
    return book;
}

/* The pods may be gone already: they are not touched. */
void book_free(struct book *book)
{
    if (!book)
        return;
    owners_fini(book); /* and the groups' uses of them */
    size_t position = 0;
    for (struct policy_group *group; (group = map_next(&book->groups, &position));)
        free(group);
    for (size_t i = 0; i < book->noted_count; i++) /* before the others: some of them are noted */
        if (book->noted[i]->is_gone)
            entry_free(book, book->noted[i]);
    position = 0;
    for (struct policy_entry *entry; (entry = map_next(&book->by_name, &position));)
        entry_free(book, entry);
    map_fini(&book->by_name);
    map_fini(&book->by_uid);
    map_fini(&book->buckets);
    map_fini(&book->groups);
    map_fini(&book->sets);
    map_fini(&book->owners);
    bitset_fini(&book->noted_nodes);
    arena_fini(&book->status);
    free(book->noted);
    free(book);
}

bool book_is_empty(const struct book *book)
{
    return book->by_name.count == 0 && book->noted_count == 0;
}

bool book_wants_owners(const struct book *book)
{
    return book->percent_count > 0;
}

uint64_t book_ignored_policies(const struct book *book)
{
    return book->ignored_policies;
}
