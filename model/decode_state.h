/* The decoder's state and the halves it is made of. Private to model/decode*.c. */
#ifndef MODEL_DECODE_STATE_H
#define MODEL_DECODE_STATE_H

#include "model/base/arena.h"
#include "model/decode_table.h"
#include "model/lexer.h"

enum {
    DECODE_FRAMES_MAX = 24,   /* the tables nest 11 deep, with a watch around */
    DECODE_INDEX_COUNT = 256, /* many more than a kind has tables: two seldom meet */
    DECODE_INDEX_PLACES = 64,
    DECODE_INDEX_SEVERAL = 255,    /* two keys of the table fall on this place */
    DECODE_PATH_BYTES = 128,       /* of a problem: spec.containers[3].resources.requests["cpu"] */
    DECODE_VALUE_SHOWN_BYTES = 48, /* of a value that is quoted in a problem */
    DECODE_WRONG_BYTES = 256,
};

enum frame_kind {
    FRAME_OBJECT,  /* between the braces of an object with a table */
    FRAME_LIST,    /* between the brackets of an array of objects */
    FRAME_SYMBOLS, /* of an array of strings */
    FRAME_COUNT,   /* of an array that is only counted */
    FRAME_LABELS,  /* between the braces of a map of strings */
    FRAME_AMOUNTS, /* of a map of quantities */
    FRAME_KEYS,    /* of an object of which the keys are read */
    FRAME_PAIRS,   /* of annotations */
};

_Static_assert((int)DECODE_DEPTH_MAX == (int)LEXER_DEPTH_MAX &&
                   (int)DECODE_STRING_BYTES_MAX == (int)LEXER_STRING_BYTES_MAX,
               "the lexer keeps the decoder's limits");

struct decode_frame {
    uint8_t kind;                     /* enum frame_kind */
    bool is_cpu;                      /* AMOUNTS: the key is cpu, which counts in thousandths */
    const struct decode_table *table; /* OBJECT, LIST: of the object, of the items */
    const struct decode_field *field; /* OBJECT: whose value is next; others: which they are */
    char *base;                       /* the struct that the fields go into */
    uint64_t seen;                    /* OBJECT: bit i: field i was there */
    uint32_t index;                   /* items begun */
    size_t capacity;                  /* of the array */
    void *entry;                      /* maps: whose value is next */
    uint32_t key_sym;                 /* maps: its key */
    uint64_t key_hash;                /* PAIRS: of the key whose value is next ... */
    size_t key_len;                   /* ... and its length */
};

/* Where the keys of a table stand in it: made when the table is met, kept by its address. */
struct decode_index {
    const struct decode_table *table;
    uint8_t places[DECODE_INDEX_PLACES]; /* 1 + number of the field; 0: none; see SEVERAL */
};

struct decoder {
    struct lexer lexer;
    enum decode_kind kind;
    enum decode_source source;
    struct symbols *symbols;
    struct decode_handler handler;
    const struct decode_table *root;
    struct decode_frame frames[DECODE_FRAMES_MAX];
    uint32_t frame_count;
    struct decode_index indexes[DECODE_INDEX_COUNT];
    uint32_t draft_frame; /* index of the frame that fills the draft, 0 when none is under way */
    bool is_drafting;     /* ... and whether it is under way */
    bool has_draft;       /* a watch frame brought its object */
    bool has_failed;
    bool has_problem;      /* the first one is kept */
    uint64_t draft_offset; /* where the text of the object began */
    struct arena arena;    /* of the object */
    struct arena outer;    /* of the envelope */
    struct envelope envelope;
    struct draft draft;
    char path[DECODE_PATH_BYTES]; /* of the problem */
    char wrong[DECODE_WRONG_BYTES];
    char failure[DECODE_WRONG_BYTES + DECODE_PATH_BYTES + 32]; /* why the input is lost */
};

/* The input is lost. */
void decode_fail(struct decoder *decoder, const char *what);

/* Notes what is wrong at the present place: the object's problem, or outside of objects the end of
 * the input. `value` is quoted when it is not NULL. */
void decode_wrong(struct decoder *decoder, const struct str *value, const char *what);

/* Appends at most `max` bytes of `text` for people to read: control characters and the like
 * escaped. */
void decode_add_shown(struct buf *buf, struct str text, size_t max);

/* Sets a FIELD_FEATURE's or FIELD_FLAG's bit in the draft. */
static inline void decode_set_bit(struct decoder *decoder, const struct decode_field *field)
{
    *(uint32_t *)(void *)((char *)&decoder->draft + field->offset) |= 1U << field->bit;
}

/* The scalar `lexeme` as the value of `field` in the struct at `base`. */
void decode_scalar(struct decoder *decoder, const struct decode_field *field, char *base,
                   enum lexeme lexeme);

/* A value that `field` cannot take was there (and decode_wrong() said so). */
void decode_unreadable(const struct decode_field *field, char *base);

/* A string as the next item of an array of symbols; false when there is no room (noted). */
bool decode_symbol_item(struct decoder *decoder, struct decode_frame *frame);

/* A key of a map, false when there is no room (noted); and its value. Of equal keys the last wins.
 */
bool decode_map_key(struct decoder *decoder, struct decode_frame *frame);
void decode_map_value(struct decoder *decoder, struct decode_frame *frame, enum lexeme lexeme);

/* The field of a table that has the key; NULL when none has. */
const struct decode_field *decode_find_field(struct decoder *decoder,
                                             const struct decode_table *table, struct str key);

/* A key of annotations, and its value. */
void decode_pair_key(struct decoder *decoder, struct decode_frame *frame);
void decode_pair_value(struct decoder *decoder, struct decode_frame *frame, enum lexeme lexeme);

/* A key of an object of which only the keys are read: false when there is no room (noted). */
bool decode_key_item(struct decoder *decoder, struct decode_frame *frame);

/* The next element of the array that the frame fills, zeroed; NULL when there is no room (noted).
 */
void *decode_slot(struct decoder *decoder, struct decode_frame *frame, size_t item_bytes);

/* Whether an object or list says that it is what is expected; else the input is lost. */
bool decode_kind_fits(struct decoder *decoder, struct str kind, bool is_list);

/* The draft is complete: fills in what derives from several fields, and `problem`, and calls the
 * handler. */
void decode_deliver(struct decoder *decoder, enum decode_verb verb);

/* At the end of a watch frame, because its type may stand behind its object. */
void decode_deliver_event(struct decoder *decoder);

/* "pod list" */
const char *decode_source_name(const struct decoder *decoder);

#endif
