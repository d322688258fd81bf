#include "model/decode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/mem.h"
#include "model/decode_state.h"

struct decoder *decoder_new(enum decode_kind kind, enum decode_source source,
                            struct symbols *symbols, const struct decode_handler *handler)
{
    struct decoder *decoder = mem_zalloc(1, sizeof(*decoder));
    decoder->kind = kind;
    decoder->source = source;
    decoder->symbols = symbols;
    decoder->handler = *handler;
    decoder->root = decode_root_table(kind, source);
    lexer_init(&decoder->lexer, source == DECODE_WATCH);
    arena_init(&decoder->arena);
    arena_init(&decoder->outer);
    return decoder;
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder)
        return;
    lexer_fini(&decoder->lexer);
    arena_fini(&decoder->arena);
    arena_fini(&decoder->outer);
    free(decoder);
}

void decoder_reset(struct decoder *decoder)
{
    lexer_reset(&decoder->lexer);
    arena_reset(&decoder->arena);
    arena_reset(&decoder->outer);
    decoder->frame_count = 0;
    decoder->is_drafting = decoder->has_draft = decoder->has_failed = decoder->has_problem = false;
    decoder->envelope = (struct envelope){0};
}

struct decode_list_meta decoder_list_meta(const struct decoder *decoder)
{
    return (struct decode_list_meta){decoder->envelope.resource_version,
                                     decoder->envelope.continue_token};
}

void decode_fail(struct decoder *decoder, const char *what)
{
    decoder->has_failed = true;
    (void)snprintf(decoder->failure, sizeof(decoder->failure), "byte %llu: %s",
                   (unsigned long long)lexer_offset(&decoder->lexer), what);
}

/* ---- frames ---- */

static struct decode_frame *push_frame(struct decoder *decoder, enum frame_kind kind,
                                       const struct decode_table *table, char *base)
{
    CHECK(decoder->frame_count < DECODE_FRAMES_MAX);
    struct decode_frame *frame = &decoder->frames[decoder->frame_count++];
    *frame = (struct decode_frame){.kind = (uint8_t)kind, .table = table, .base = base};
    return frame;
}

/* Chosen so that keys of one table seldom meet. */
static inline uint32_t place_of(struct str key)
{
    uint32_t first = (unsigned char)key.ptr[0], last = (unsigned char)key.ptr[key.len - 1];
    return (first * 5 + last * 6 + (uint32_t)key.len) % DECODE_INDEX_PLACES;
}

static void make_index(struct decode_index *index, const struct decode_table *table)
{
    *index = (struct decode_index){.table = table};
    for (uint32_t i = 0; i < table->count; i++) {
        uint8_t *place =
            &index->places[place_of((struct str){table->fields[i].key, table->fields[i].key_len})];
        *place = *place == 0 ? (uint8_t)(i + 1) : DECODE_INDEX_SEVERAL;
    }
}

static bool key_is(const struct decode_field *field, struct str key)
{
    return field->key_len == key.len && memcmp(field->key, key.ptr, key.len) == 0;
}

static inline const struct decode_field *
find_field(struct decoder *decoder, const struct decode_table *table, struct str key)
{
    struct decode_index *index =
        &decoder->indexes[(uintptr_t)table / sizeof(*table) % DECODE_INDEX_COUNT];
    if (index->table != table)
        make_index(index, table);
    if (key.len == 0)
        return NULL;
    uint8_t place = index->places[place_of(key)];
    if (place == 0)
        return NULL;
    if (place != DECODE_INDEX_SEVERAL)
        return key_is(&table->fields[place - 1], key) ? &table->fields[place - 1] : NULL;
    for (uint32_t i = 0; i < table->count; i++)
        if (key_is(&table->fields[i], key))
            return &table->fields[i];
    return NULL;
}

const struct decode_field *decode_find_field(struct decoder *decoder,
                                             const struct decode_table *table, struct str key)
{
    return find_field(decoder, table, key);
}

static void push_object(struct decoder *decoder, const struct decode_table *table, char *base)
{
    push_frame(decoder, FRAME_OBJECT, table, base);
    if (table->begin)
        table->begin(base);
}

/* The object that a handler will get begins here. */
static void push_draft(struct decoder *decoder, const struct decode_table *table)
{
    arena_reset(&decoder->arena);
    memset(&decoder->draft, 0, sizeof(decoder->draft));
    decoder->has_problem = false;
    decoder->is_drafting = true;
    decoder->draft_frame = decoder->frame_count;
    decoder->draft_offset = lexer_offset(&decoder->lexer) - 1; /* the brace is read */
    push_object(decoder, table, (char *)&decoder->draft);
}

/* ---- the present frame takes a token ---- */

/* An item of a list is complete: kept by counting it. */
static void end_item(struct decoder *decoder, bool is_kept)
{
    struct decode_frame *list = &decoder->frames[decoder->frame_count - 1];
    const struct decode_field *field = list->field;
    if (list->kind == FRAME_LIST && field->kind == FIELD_LIST && is_kept)
        ++*(uint32_t *)(void *)(list->base + field->count_offset);
}

static void end_object(struct decoder *decoder)
{
    struct decode_frame *frame = &decoder->frames[decoder->frame_count - 1];
    bool is_kept = true;
    if (frame->table->end) {
        const char *wrong = frame->table->end(frame->base, &is_kept);
        frame->field = NULL;
        if (wrong)
            decode_wrong(decoder, NULL, wrong);
    }
    decoder->frame_count--;
    bool is_draft = decoder->is_drafting && decoder->frame_count == decoder->draft_frame;
    if (is_draft) {
        decoder->is_drafting = false;
        decoder->has_draft = true;
        if (decoder->source != DECODE_WATCH)
            decode_deliver(decoder, DECODE_LISTED);
    } else if (decoder->frame_count == 0) {
        if (decoder->source == DECODE_WATCH)
            decode_deliver_event(decoder);
        else
            (void)decode_kind_fits(decoder, decoder->envelope.kind, true);
    } else {
        end_item(decoder, is_kept);
    }
}

static void take_key(struct decoder *decoder, struct decode_frame *frame)
{
    const struct decode_field *field = find_field(decoder, frame->table, decoder->lexer.text);
    if (!field || decoder->lexer.is_long) {
        lexer_skip_value(&decoder->lexer);
        return;
    }
    uint32_t i = (uint32_t)(field - frame->table->fields);
    frame->field = field;
    if (frame->seen >> i & 1) {
        decode_wrong(decoder, NULL, "is there twice: keep one");
        lexer_skip_value(&decoder->lexer);
        return;
    }
    frame->seen |= UINT64_C(1) << i;
}

static void refuse_value(struct decoder *decoder, enum lexeme lexeme, const char *what)
{
    bool is_text = lexeme == LEX_STRING || lexeme == LEX_NUMBER;
    decode_wrong(decoder, is_text ? &decoder->lexer.text : NULL, what);
    if (lexeme == LEX_OBJECT || lexeme == LEX_ARRAY)
        lexer_skip_rest(&decoder->lexer, 1);
}

/* An object or array that is read: a frame of its own takes what comes. */
static void take_container(struct decoder *decoder, const struct decode_field *field, char *base,
                           enum lexeme lexeme)
{
    static const struct {
        enum lexeme opened_by;
        enum frame_kind frame;
    } shapes[FIELD_KIND_COUNT] = {
        [FIELD_OBJECT] = {LEX_OBJECT, FRAME_OBJECT}, [FIELD_DRAFT] = {LEX_OBJECT, FRAME_OBJECT},
        [FIELD_LABELS] = {LEX_OBJECT, FRAME_LABELS}, [FIELD_AMOUNTS] = {LEX_OBJECT, FRAME_AMOUNTS},
        [FIELD_LIST] = {LEX_ARRAY, FRAME_LIST},      [FIELD_EACH] = {LEX_ARRAY, FRAME_LIST},
        [FIELD_STREAM] = {LEX_ARRAY, FRAME_LIST},    [FIELD_SYMBOLS] = {LEX_ARRAY, FRAME_SYMBOLS},
        [FIELD_COUNT] = {LEX_ARRAY, FRAME_COUNT},    [FIELD_KEYS] = {LEX_OBJECT, FRAME_KEYS},
        [FIELD_PAIRS] = {LEX_OBJECT, FRAME_PAIRS},
    };
    if (shapes[field->kind].opened_by != lexeme) {
        refuse_value(decoder, lexeme,
                     lexeme == LEX_OBJECT ? "is an object, which is not allowed there"
                                          : "is an array, which is not allowed there");
        decode_unreadable(field, base);
    } else if (field->kind == FIELD_OBJECT) {
        push_object(decoder, field->table, base + field->offset);
    } else if (field->kind == FIELD_DRAFT) {
        push_draft(decoder, field->table);
    } else {
        struct decode_frame *frame =
            push_frame(decoder, shapes[field->kind].frame, field->table, base);
        frame->field = field;
        if (field->set_offset > 0)
            *(bool *)(void *)(base + field->set_offset) = true;
        if (field->kind == FIELD_AMOUNTS) {
            void *items = base + field->offset;
            container_of(items, struct amounts, items)->is_set = true;
        }
    }
}

/* The value of a key that has a field. null is the same as no key at all, as in Go. */
static void take_value(struct decoder *decoder, struct decode_frame *frame, enum lexeme lexeme)
{
    const struct decode_field *field = frame->field;
    char *base = frame->base;
    if (lexeme == LEX_NULL)
        return;
    if (field->kind == FIELD_PRESENT || field->kind == FIELD_FEATURE) {
        if (field->kind == FIELD_PRESENT)
            *(bool *)(void *)(base + field->offset) = true;
        else
            decode_set_bit(decoder, field);
        if (lexeme == LEX_OBJECT || lexeme == LEX_ARRAY)
            lexer_skip_rest(&decoder->lexer, 1);
    } else if (lexeme == LEX_OBJECT || lexeme == LEX_ARRAY) {
        take_container(decoder, field, base, lexeme);
    } else {
        decode_scalar(decoder, field, base, lexeme);
    }
}

/* No room for what the frame is given: its rest is passed over, and it ends here. */
static void leave_frame(struct decoder *decoder, enum lexeme lexeme)
{
    bool is_inside = lexeme == LEX_OBJECT || lexeme == LEX_ARRAY;
    lexer_skip_rest(&decoder->lexer, is_inside ? 2 : 1);
    decoder->frame_count--;
}

static void take_item(struct decoder *decoder, struct decode_frame *frame, enum lexeme lexeme)
{
    const struct decode_field *field = frame->field;
    char *base = frame->base + field->offset;
    frame->index++;
    if (lexeme != LEX_OBJECT) {
        refuse_value(decoder, lexeme, "is no object, which each item has to be");
    } else if (field->kind == FIELD_STREAM) {
        push_draft(decoder, field->table);
    } else if (field->kind == FIELD_EACH) {
        memset(base, 0, field->item_bytes);
        push_object(decoder, field->table, base);
    } else {
        void *slot = decode_slot(decoder, frame, field->item_bytes);
        if (slot)
            push_object(decoder, field->table, slot);
        else
            leave_frame(decoder, lexeme);
    }
}

static void take_symbol(struct decoder *decoder, struct decode_frame *frame, enum lexeme lexeme)
{
    frame->index++;
    if (lexeme != LEX_STRING)
        refuse_value(decoder, lexeme, "is no string, which each item has to be");
    else if (!decode_symbol_item(decoder, frame))
        leave_frame(decoder, lexeme);
}

static void take_in_map(struct decoder *decoder, struct decode_frame *frame, enum lexeme lexeme)
{
    if (lexeme == LEX_OBJECT || lexeme == LEX_ARRAY)
        refuse_value(decoder, lexeme, "is neither string nor number");
    else if (lexeme != LEX_KEY)
        decode_map_value(decoder, frame, lexeme);
    else if (!decode_map_key(decoder, frame))
        leave_frame(decoder, lexeme);
}

static void take_pair(struct decoder *decoder, struct decode_frame *frame, enum lexeme lexeme)
{
    if (lexeme == LEX_KEY)
        decode_pair_key(decoder, frame);
    else if (lexeme == LEX_OBJECT || lexeme == LEX_ARRAY)
        lexer_skip_rest(&decoder->lexer, 1);
    else
        decode_pair_value(decoder, frame, lexeme);
}

static void take_object_key(struct decoder *decoder, struct decode_frame *frame, enum lexeme lexeme)
{
    if (decode_key_item(decoder, frame))
        lexer_skip_value(&decoder->lexer);
    else
        leave_frame(decoder, lexeme);
}

static void take_count(struct decoder *decoder, struct decode_frame *frame, enum lexeme lexeme)
{
    ++*(uint32_t *)(void *)(frame->base + frame->field->offset);
    if (lexeme == LEX_OBJECT || lexeme == LEX_ARRAY)
        lexer_skip_rest(&decoder->lexer, 1);
}

/* The one token that begins an input or a watch frame: the lexer lets nothing but { through. */
static void take_top(struct decoder *decoder)
{
    if (decoder->source == DECODE_OBJECT)
        push_draft(decoder, decoder->root);
    else
        push_object(decoder, decoder->root, (char *)&decoder->envelope);
}

static void take(struct decoder *decoder, enum lexeme lexeme)
{
    if (decoder->frame_count == 0) {
        take_top(decoder);
        return;
    }
    struct decode_frame *frame = &decoder->frames[decoder->frame_count - 1];
    bool is_end = lexeme == LEX_ARRAY_END || lexeme == LEX_OBJECT_END;
    if (is_end && frame->kind != FRAME_OBJECT) {
        decoder->frame_count--;
        return;
    }
    switch ((enum frame_kind)frame->kind) {
    case FRAME_OBJECT:
        if (lexeme == LEX_KEY)
            take_key(decoder, frame);
        else if (is_end)
            end_object(decoder);
        else
            take_value(decoder, frame, lexeme);
        break;
    case FRAME_LIST:
        take_item(decoder, frame, lexeme);
        break;
    case FRAME_SYMBOLS:
        take_symbol(decoder, frame, lexeme);
        break;
    case FRAME_COUNT:
        take_count(decoder, frame, lexeme);
        break;
    case FRAME_LABELS:
    case FRAME_AMOUNTS:
        take_in_map(decoder, frame, lexeme);
        break;
    case FRAME_PAIRS:
        take_pair(decoder, frame, lexeme);
        break;
    case FRAME_KEYS:
        take_object_key(decoder, frame, lexeme);
        break;
    }
}

/* ---- the input ---- */

static int lost(const struct decoder *decoder, struct err *err)
{
    return err_set(err, EBADMSG, "%s: %s", decode_source_name(decoder), decoder->failure);
}

int decoder_feed(struct decoder *decoder, const char *bytes, size_t len, struct err *err)
{
    if (decoder->has_failed)
        return lost(decoder, err);
    lexer_push(&decoder->lexer, bytes, len);
    while (!decoder->has_failed) {
        enum lexeme lexeme = lexer_next(&decoder->lexer);
        if (lexeme == LEX_MORE)
            return 0;
        if (lexeme == LEX_ERROR) {
            decoder->has_failed = true;
            (void)snprintf(decoder->failure, sizeof(decoder->failure), "%s", decoder->lexer.error);
        } else {
            take(decoder, lexeme);
        }
    }
    return lost(decoder, err);
}

int decoder_finish(struct decoder *decoder, struct err *err)
{
    if (!decoder->has_failed && !lexer_is_complete(&decoder->lexer))
        decode_fail(decoder, lexer_offset(&decoder->lexer) == 0
                                 ? "the input is empty"
                                 : "the input ends in the middle: it was cut on the way");
    return decoder->has_failed ? lost(decoder, err) : 0;
}
