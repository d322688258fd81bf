#include "model/base/symbol.h"

#include <stdlib.h>

#include "model/base/hash.h"
#include "model/base/mem.h"

/*
 * Texts lie in blocks that never move: a head of eight bytes (hash, length), the text, a NUL.
 * `texts` finds one by its symbol, `slots` by its hash (open addressing; symbol + 1, 0 is empty).
 * The hash is kept so that probing rarely compares text and growing never reads it.
 */
enum {
    SYMBOL_FIRST_SLOTS = 64,
    SYMBOL_BLOCK_BYTES_MIN = 1024,
    SYMBOL_BLOCK_BYTES_MAX = 1 << 20,
};

struct symbol_head {
    uint32_t hash;
    uint32_t len;
    char text[]; /* NUL-terminated */
};

struct symbol_block {
    struct symbol_block *next;
    size_t capacity, used;
    _Alignas(struct symbol_head) char bytes[];
};

struct symbols {
    uint64_t hash_seed;
    size_t limit_bytes;
    size_t bytes; /* all memory held, this struct included */
    uint32_t count;
    uint32_t text_capacity;
    struct symbol_head **texts; /* by symbol */
    uint32_t *slots;
    size_t slot_count; /* a power of two */
    struct symbol_block *blocks;
};

struct symbols *symbols_new(uint64_t hash_seed, size_t limit_bytes)
{
    struct symbols *symbols = mem_zalloc(1, sizeof(*symbols));
    symbols->hash_seed = hash_seed;
    symbols->limit_bytes = limit_bytes;
    symbols->bytes = sizeof(*symbols);
    CHECK(symbol_intern(symbols, STR("")) == SYM_EMPTY); /* else the limit is no limit at all */
    return symbols;
}

void symbols_free(struct symbols *symbols)
{
    if (!symbols)
        return;
    for (struct symbol_block *block = symbols->blocks; block;) {
        struct symbol_block *next = block->next;
        free(block);
        block = next;
    }
    free(symbols->texts);
    free(symbols->slots);
    free(symbols);
}

/* Whether `more` bytes may be taken, while what they replace is still held. */
static bool symbols_may_take(const struct symbols *symbols, size_t more)
{
    return symbols->bytes <= symbols->limit_bytes && more <= symbols->limit_bytes - symbols->bytes;
}

/* The slot that holds `text`, or the empty slot where it would go. Only with slots. */
static uint32_t *symbols_slot(const struct symbols *symbols, struct str text, uint32_t hash)
{
    size_t mask = symbols->slot_count - 1;
    size_t i = hash & mask;
    for (; symbols->slots[i] != 0; i = (i + 1) & mask) {
        const struct symbol_head *head = symbols->texts[symbols->slots[i] - 1];
        if (head->hash == hash && str_equal((struct str){head->text, head->len}, text))
            break;
    }
    return &symbols->slots[i];
}

static uint32_t symbols_hash(const struct symbols *symbols, struct str text)
{
    return (uint32_t)(hash_bytes(symbols->hash_seed, text.ptr, text.len) >> 32);
}

/* Room for one more slot at a fill of at most 3/4; false over the limit. */
static bool symbols_grow_slots(struct symbols *symbols)
{
    if (((size_t)symbols->count + 1) * 4 <= symbols->slot_count * 3)
        return true;
    size_t slot_count = symbols->slot_count ? symbols->slot_count * 2 : SYMBOL_FIRST_SLOTS;
    if (!symbols_may_take(symbols, slot_count * sizeof(*symbols->slots)))
        return false;
    uint32_t *slots = mem_zalloc(slot_count, sizeof(*slots));
    for (uint32_t symbol = 0; symbol < symbols->count; symbol++) {
        size_t i = symbols->texts[symbol]->hash & (slot_count - 1);
        while (slots[i] != 0)
            i = (i + 1) & (slot_count - 1);
        slots[i] = symbol + 1;
    }
    free(symbols->slots);
    symbols->slots = slots;
    symbols->bytes += (slot_count - symbols->slot_count) * sizeof(*slots);
    symbols->slot_count = slot_count;
    return true;
}

static bool symbols_grow_texts(struct symbols *symbols)
{
    if (symbols->count < symbols->text_capacity)
        return true;
    size_t capacity = mem_grow(symbols->text_capacity, (size_t)symbols->count + 1);
    if (capacity >= SYM_FULL || !symbols_may_take(symbols, capacity * sizeof(*symbols->texts)))
        return false;
    symbols->texts = mem_resize(symbols->texts, capacity, sizeof(*symbols->texts));
    symbols->bytes += (capacity - symbols->text_capacity) * sizeof(*symbols->texts);
    symbols->text_capacity = (uint32_t)capacity;
    return true;
}

/* A block with `bytes` free, or NULL over the limit. Blocks grow with the table: an eighth of it.
 */
static struct symbol_block *symbols_block(struct symbols *symbols, size_t bytes)
{
    struct symbol_block *block = symbols->blocks;
    if (block && bytes <= block->capacity - block->used)
        return block;
    size_t capacity = symbols->bytes / 8;
    if (capacity < SYMBOL_BLOCK_BYTES_MIN)
        capacity = SYMBOL_BLOCK_BYTES_MIN;
    if (capacity > SYMBOL_BLOCK_BYTES_MAX)
        capacity = SYMBOL_BLOCK_BYTES_MAX;
    if (capacity < bytes || !symbols_may_take(symbols, sizeof(*block) + capacity))
        capacity = bytes;
    if (!symbols_may_take(symbols, sizeof(*block) + capacity))
        return NULL;
    block = mem_resize(NULL, sizeof(*block) + capacity, 1);
    *block = (struct symbol_block){.next = symbols->blocks, .capacity = capacity};
    symbols->blocks = block;
    symbols->bytes += sizeof(*block) + capacity;
    return block;
}

/* Stores a new text under the next symbol; false over the limit. */
static bool symbols_store(struct symbols *symbols, struct str text, uint32_t hash)
{
    const size_t align = _Alignof(struct symbol_head);
    size_t bytes = (sizeof(struct symbol_head) + text.len + 1 + align - 1) / align * align;
    if (!symbols_grow_texts(symbols))
        return false;
    struct symbol_block *block = symbols_block(symbols, bytes);
    if (!block)
        return false;
    struct symbol_head *head = (void *)(block->bytes + block->used);
    block->used += bytes;
    *head = (struct symbol_head){.hash = hash, .len = (uint32_t)text.len};
    if (text.len > 0)
        memcpy(head->text, text.ptr, text.len);
    head->text[text.len] = '\0';
    symbols->texts[symbols->count++] = head;
    return true;
}

uint32_t symbol_intern(struct symbols *symbols, struct str text)
{
    uint32_t found = symbol_find(symbols, text);
    if (found != SYM_ABSENT)
        return found;
    if (text.len > symbols->limit_bytes || text.len >= UINT32_MAX)
        return SYM_FULL;
    uint32_t hash = symbols_hash(symbols, text);
    if (!symbols_grow_slots(symbols) || !symbols_store(symbols, text, hash))
        return SYM_FULL;
    *symbols_slot(symbols, text, hash) = symbols->count;
    return symbols->count - 1;
}

uint32_t symbol_find(const struct symbols *symbols, struct str text)
{
    if (symbols->slot_count == 0)
        return SYM_ABSENT;
    uint32_t slot = *symbols_slot(symbols, text, symbols_hash(symbols, text));
    return slot ? slot - 1 : SYM_ABSENT;
}

const char *symbol_text(const struct symbols *symbols, uint32_t symbol)
{
    CHECK(symbol < symbols->count);
    return symbols->texts[symbol]->text;
}

struct str symbol_str(const struct symbols *symbols, uint32_t symbol)
{
    CHECK(symbol < symbols->count);
    return (struct str){symbols->texts[symbol]->text, symbols->texts[symbol]->len};
}

uint32_t symbols_count(const struct symbols *symbols)
{
    return symbols->count;
}

size_t symbols_bytes(const struct symbols *symbols)
{
    return symbols->bytes;
}

int symbol_compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}
