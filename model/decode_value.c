#include <stdio.h>

#include "model/decode_state.h"
#include "model/quantity.h"
#include "model/timestamp.h"

/* ---- what is wrong, and where ---- */

void decode_add_shown(struct buf *buf, struct str text, size_t max)
{
    if (text.len == 0)
        return;
    (void)buf_add_json(buf, text.ptr, text.len < max ? text.len : max);
    if (text.len > max)
        (void)buf_add_str(buf, "...");
}

/* The place of the token at hand, as in spec.containers[3].resources.requests["cpu"]. */
static void write_path(struct decoder *decoder, uint32_t first_frame)
{
    struct buf path CLEANUP(buf_fini);
    buf_init(&path, 16 * DECODE_PATH_BYTES);
    for (uint32_t i = first_frame; i < decoder->frame_count; i++) {
        const struct decode_frame *frame = &decoder->frames[i];
        if (frame->kind == FRAME_OBJECT && frame->field)
            (void)buf_printf(&path, "%s%s", path.len > 0 ? "." : "", frame->field->key);
        else if ((frame->kind == FRAME_LIST || frame->kind == FRAME_SYMBOLS) && frame->index > 0)
            (void)buf_printf(&path, "[%u]", frame->index - 1);
        else if (frame->kind == FRAME_LABELS || frame->kind == FRAME_AMOUNTS) {
            (void)buf_add_str(&path, "[\"");
            decode_add_shown(&path, symbol_str(decoder->symbols, frame->key_sym), 64);
            (void)buf_add_str(&path, "\"]");
        }
    }
    (void)snprintf(decoder->path, sizeof(decoder->path), "%s", path.len > 0 ? path.data : "it");
}

void decode_wrong(struct decoder *decoder, const struct str *value, const char *what)
{
    if (decoder->has_failed || (decoder->is_drafting && decoder->has_problem))
        return;
    write_path(decoder, decoder->is_drafting ? decoder->draft_frame : 0);
    struct buf wrong CLEANUP(buf_fini);
    buf_init(&wrong, 8 * DECODE_WRONG_BYTES);
    if (value) {
        (void)buf_add_str(&wrong, "\"");
        decode_add_shown(&wrong, *value, DECODE_VALUE_SHOWN_BYTES);
        (void)buf_add_str(&wrong, "\" ");
    }
    (void)buf_add_str(&wrong, what);
    (void)snprintf(decoder->wrong, sizeof(decoder->wrong), "%s", wrong.data);
    if (decoder->is_drafting) {
        decoder->has_problem = true;
        return;
    }
    char failure[DECODE_WRONG_BYTES + DECODE_PATH_BYTES + 2];
    (void)snprintf(failure, sizeof(failure), "%s: %s", decoder->path, decoder->wrong);
    decode_fail(decoder, failure);
}

/* Whether the object may build `bytes` more. Identity is read in any case: it is what the problem
 * is told by, and it is bounded by the limit on strings. */
static bool has_room(struct decoder *decoder, size_t bytes)
{
    if (!decoder->is_drafting || decoder->arena.total_bytes + bytes <= DECODE_ARENA_BYTES_MAX)
        return true;
    decode_wrong(decoder, NULL, "is where the object gets too large: over 8 MiB of what is read");
    return false;
}

/* ---- scalars ---- */

static bool text_fits(struct decoder *decoder)
{
    if (!decoder->lexer.is_long)
        return true;
    decode_wrong(decoder, &decoder->lexer.text, "is too long: shorten it to at most 65536 bytes");
    return false;
}

static void read_text(struct decoder *decoder, char *place)
{
    const struct decode_frame *frame = &decoder->frames[decoder->frame_count - 1];
    struct str text = decoder->lexer.text;
    if (!text_fits(decoder) || (!frame->table->is_identity && !has_room(decoder, text.len + 1)))
        return;
    struct arena *arena = decoder->is_drafting ? &decoder->arena : &decoder->outer;
    *(struct str *)(void *)place = arena_copy(arena, text);
}

static uint32_t read_symbol(struct decoder *decoder, const struct decode_field *field)
{
    if (!text_fits(decoder))
        return field->unreadable_sym;
    uint32_t symbol = field->intern(decoder->symbols, decoder->lexer.text);
    if (symbol != SYM_FULL)
        return symbol;
    decode_wrong(decoder, &decoder->lexer.text,
                 "cannot be stored: the table of names is full, restart the scheduler");
    return field->unreadable_sym;
}

void decode_unreadable(const struct decode_field *field, char *base)
{
    if (field->kind == FIELD_SYMBOL)
        *(uint32_t *)(void *)(base + field->offset) = field->unreadable_sym;
}

static void store_int(char *place, uint8_t bytes, int64_t value)
{
    if (bytes == 2)
        *(uint16_t *)(void *)place = (uint16_t)value;
    else if (bytes == 4)
        *(int32_t *)(void *)place = (int32_t)value;
    else
        *(int64_t *)(void *)place = value;
}

/* A whole number as JSON has it, no fraction, no exponent; false when it is none or out of int64.
 */
static bool int_parse(struct str text, int64_t *ret_value)
{
    bool is_negative = text.len > 0 && text.ptr[0] == '-';
    int64_t value = 0;
    for (size_t i = is_negative; i < text.len; i++) {
        int digit = text.ptr[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value)) /* downwards: room for INT64_MIN */
            return false;
    }
    if (!is_negative && value == INT64_MIN)
        return false;
    *ret_value = is_negative ? value : -value;
    return true;
}

static void read_int(struct decoder *decoder, const struct decode_field *field, char *base)
{
    int64_t value;
    if (!decoder->lexer.is_long && int_parse(decoder->lexer.text, &value) && value >= field->low &&
        value <= field->high) {
        store_int(base + field->offset, field->bytes, value);
        if (field->set_offset > 0)
            *(bool *)(void *)(base + field->set_offset) = true;
        return;
    }
    char what[96];
    (void)snprintf(what, sizeof(what), "is no whole number from %lld to %lld",
                   (long long)field->low, (long long)field->high);
    decode_wrong(decoder, &decoder->lexer.text, what);
}

static void read_time(struct decoder *decoder, char *place)
{
    int64_t unix_us;
    if (!decoder->lexer.is_long && timestamp_parse(decoder->lexer.text, &unix_us))
        *(int64_t *)(void *)place = unix_us / 1000000 - (unix_us % 1000000 < 0);
    else
        decode_wrong(decoder, &decoder->lexer.text,
                     "is no time: write it like \"2026-11-22T03:04:05Z\"");
}

/* The value of a field that is a string. */
static void read_string(struct decoder *decoder, const struct decode_field *field, char *place)
{
    if (field->kind == FIELD_TEXT)
        read_text(decoder, place);
    else if (field->kind == FIELD_SYMBOL)
        *(uint32_t *)(void *)place = read_symbol(decoder, field);
    else if (field->kind == FIELD_TIME)
        read_time(decoder, place);
    else if (text_fits(decoder))
        field->parse(place, decoder->lexer.text);
}

/* A whole number, as its digits. */
static void read_number_text(struct decoder *decoder, char *place)
{
    int64_t value;
    char digits[24];
    if (!decoder->lexer.is_long && int_parse(decoder->lexer.text, &value)) {
        (void)snprintf(digits, sizeof(digits), "%lld", (long long)value);
        *(struct str *)(void *)place = arena_copy(&decoder->arena, str_from(digits));
    } else {
        decode_wrong(decoder, &decoder->lexer.text, "is neither a whole number nor a string");
    }
}

/* true or false: a bool, a tristate, a bit. */
static void read_flag(struct decoder *decoder, const struct decode_field *field, char *place,
                      bool flag)
{
    if (field->kind == FIELD_BOOL)
        *(bool *)(void *)place = flag;
    else if (field->kind == FIELD_TRISTATE)
        *(enum tristate *)(void *)place = flag ? TRISTATE_TRUE : TRISTATE_FALSE;
    else if (flag)
        decode_set_bit(decoder, field);
}

void decode_scalar(struct decoder *decoder, const struct decode_field *field, char *base,
                   enum lexeme lexeme)
{
    char *place = base + field->offset;
    bool is_string = lexeme == LEX_STRING;
    const struct str *shown = is_string || lexeme == LEX_NUMBER ? &decoder->lexer.text : NULL;
    switch ((enum field_kind)field->kind) {
    case FIELD_TEXT:
    case FIELD_SYMBOL:
    case FIELD_PARSED:
    case FIELD_TIME:
        if (is_string) {
            read_string(decoder, field, place);
        } else {
            decode_wrong(decoder, shown, "is no string");
            decode_unreadable(field, base);
        }
        break;
    case FIELD_NUMBER_OR_TEXT:
        if (is_string)
            read_text(decoder, place);
        else if (lexeme == LEX_NUMBER)
            read_number_text(decoder, place);
        else
            decode_wrong(decoder, shown, "is neither a whole number nor a string");
        break;
    case FIELD_BOOL:
    case FIELD_TRISTATE:
    case FIELD_FLAG:
        if (lexeme == LEX_TRUE || lexeme == LEX_FALSE)
            read_flag(decoder, field, place, lexeme == LEX_TRUE);
        else
            decode_wrong(decoder, shown, "is neither true nor false");
        break;
    case FIELD_INT:
        if (lexeme == LEX_NUMBER)
            read_int(decoder, field, base);
        else
            decode_wrong(decoder, shown, "is no number");
        break;
    case FIELD_COUNT:
    case FIELD_LIST:
    case FIELD_EACH:
    case FIELD_SYMBOLS:
    case FIELD_STREAM:
        decode_wrong(decoder, shown, "is no array");
        break;
    case FIELD_OBJECT:
    case FIELD_DRAFT:
    case FIELD_LABELS:
    case FIELD_AMOUNTS:
    case FIELD_KEYS:
    case FIELD_PAIRS:
        decode_wrong(decoder, shown, "is no object");
        break;
    case FIELD_PRESENT:
    case FIELD_FEATURE:
    case FIELD_KIND_COUNT:
        break;
    }
}

/* ---- arrays ---- */

static void wrong_count(struct decoder *decoder, const struct decode_field *field)
{
    char what[64];
    (void)snprintf(what, sizeof(what), "is over the limit of %u entries", field->max);
    if (!field->is_cut)
        decode_wrong(decoder, NULL, what);
}

void *decode_slot(struct decoder *decoder, struct decode_frame *frame, size_t bytes)
{
    void **items = (void **)(void *)(frame->base + frame->field->offset);
    uint32_t count = *(uint32_t *)(void *)(frame->base + frame->field->count_offset);
    if (count >= frame->field->max) {
        wrong_count(decoder, frame->field);
        return NULL;
    }
    if (count == frame->capacity && !has_room(decoder, 2 * (count + 8) * bytes))
        return NULL;
    *items = arena_grow(&decoder->arena, *items, count, &frame->capacity, bytes);
    void *slot = (char *)*items + count * bytes;
    memset(slot, 0, bytes);
    return slot;
}

bool decode_symbol_item(struct decoder *decoder, struct decode_frame *frame)
{
    uint32_t *slot = decode_slot(decoder, frame, sizeof(uint32_t));
    if (!slot)
        return false;
    *slot = read_symbol(decoder, frame->field);
    ++*(uint32_t *)(void *)(frame->base + frame->field->count_offset);
    return true;
}

bool decode_key_item(struct decoder *decoder, struct decode_frame *frame)
{
    struct str key = decoder->lexer.text;
    if (!text_fits(decoder) || !has_room(decoder, key.len + 1))
        return true;
    struct str *slot = decode_slot(decoder, frame, sizeof(*slot));
    if (!slot)
        return false;
    *slot = arena_copy(&decoder->arena, key);
    ++*(uint32_t *)(void *)(frame->base + frame->field->count_offset);
    return true;
}

/* ---- annotations ---- */

void decode_pair_key(struct decoder *decoder, struct decode_frame *frame)
{
    struct str key = decoder->lexer.text;
    frame->field = decoder->lexer.is_long ? NULL : decode_find_field(decoder, frame->table, key);
    if (frame->field)
        return;
    if (key.len > OBJECT_PAIR_BYTES_MAX ||
        decoder->draft.pod.annotation_count == OBJECT_ANNOTATIONS_MAX) {
        lexer_skip_value(&decoder->lexer);
    } else {
        frame->key_hash = object_key_hash(key);
        frame->key_len = key.len;
    }
}

/* One that the table names. What is too long is there, and empty. */
static void read_known_pair(struct decoder *decoder, const struct decode_frame *frame,
                            struct str text)
{
    char *place = frame->base + frame->field->offset;
    bool fits = !decoder->lexer.is_long && text.len <= OBJECT_PAIR_BYTES_MAX;
    if (frame->field->kind == FIELD_TEXT)
        *(struct str *)(void *)place = fits ? arena_copy(&decoder->arena, text) : STR("");
    else if (frame->field->kind == FIELD_PARSED && fits)
        frame->field->parse(place, text);
}

void decode_pair_value(struct decoder *decoder, struct decode_frame *frame, enum lexeme lexeme)
{
    if (lexeme != LEX_STRING)
        return;
    struct str text = decoder->lexer.text;
    struct pod_object *pod = &decoder->draft.pod;
    if (frame->field) {
        read_known_pair(decoder, frame, text);
    } else if (!decoder->lexer.is_long && frame->key_len + text.len <= OBJECT_PAIR_BYTES_MAX) {
        pod->annotation_hashes =
            arena_grow(&decoder->arena, pod->annotation_hashes, pod->annotation_count,
                       &frame->capacity, sizeof(*pod->annotation_hashes));
        pod->annotation_hashes[pod->annotation_count++] = object_value_hash(frame->key_hash, text);
    }
}

/* ---- maps ---- */

/* Both kinds of entry begin with their key. */
_Static_assert(offsetof(struct label, key_sym) == 0 && offsetof(struct scalar, name_sym) == 0,
               "map_entry() looks there");

/* The entry of the frame's key, added when there is none yet; NULL when there is no room (noted).
 */
static void *map_entry(struct decoder *decoder, struct decode_frame *frame)
{
    const struct decode_field *field = frame->field;
    char *const *items = (char **)(void *)(frame->base + field->offset);
    uint32_t *count = (uint32_t *)(void *)(frame->base + field->count_offset);
    for (uint32_t i = 0; i < *count; i++) {
        void *entry = *items + (size_t)i * field->item_bytes;
        if (*(uint32_t *)entry == frame->key_sym)
            return entry;
    }
    void *entry = decode_slot(decoder, frame, field->item_bytes);
    if (entry) {
        *(uint32_t *)entry = frame->key_sym;
        ++*count;
    }
    return entry;
}

bool decode_map_key(struct decoder *decoder, struct decode_frame *frame)
{
    struct str key = decoder->lexer.text;
    frame->key_sym = SYM_EMPTY; /* until it is known: the path of a problem ends in [""] */
    frame->is_cpu = str_is(key, "cpu");
    uint32_t symbol = text_fits(decoder) ? symbol_intern(decoder->symbols, key) : SYM_FULL;
    if (symbol == SYM_FULL) {
        decode_wrong(decoder, &key, "cannot be stored: the table of names is full");
        lexer_skip_value(&decoder->lexer);
        return true;
    }
    frame->key_sym = symbol;
    if (frame->index++ >= frame->field->max) { /* counts what is there twice: each is looked for */
        wrong_count(decoder, frame->field);
        return false;
    }
    frame->entry = map_entry(decoder, frame);
    return frame->entry != NULL;
}

static void read_label(struct decoder *decoder, struct label *label, enum lexeme lexeme)
{
    static const struct decode_field value = {.intern = symbol_intern};
    label->value_sym = SYM_EMPTY;
    if (lexeme == LEX_STRING)
        label->value_sym = read_symbol(decoder, &value);
    else if (lexeme != LEX_NULL)
        decode_wrong(decoder, lexeme == LEX_NUMBER ? &decoder->lexer.text : NULL, "is no string");
}

/* Kubernetes writes quantities as strings, and takes whole numbers too. A pod that asks for more
 * than an int64 can hold is refused; a node that offers more is taken as offering that much. */
static void read_amount(struct decoder *decoder, const struct decode_frame *frame,
                        enum lexeme lexeme)
{
    struct scalar *scalar = frame->entry;
    struct str text = decoder->lexer.text;
    int64_t amount = 0, ignored;
    scalar->amount = 0;
    if (lexeme == LEX_NULL)
        return;
    bool is_text = lexeme == LEX_STRING || lexeme == LEX_NUMBER;
    bool is_valid = is_text && !decoder->lexer.is_long &&
                    (lexeme == LEX_STRING || int_parse(text, &ignored)) &&
                    (frame->is_cpu ? quantity_milli(text, &amount) : quantity_value(text, &amount));
    if (!is_valid)
        decode_wrong(decoder, is_text ? &text : NULL,
                     "is no quantity: write it like \"100m\", \"1.5\" or \"2Gi\"");
    else if (amount < 0)
        decode_wrong(decoder, &text, "is negative: set it to 0 or more");
    else if (amount == INT64_MAX && decoder->kind == DECODE_POD)
        decode_wrong(decoder, &text, "is too large: set it below 2^63 units");
    else
        scalar->amount = amount;
}

void decode_map_value(struct decoder *decoder, struct decode_frame *frame, enum lexeme lexeme)
{
    if (frame->kind == FRAME_LABELS)
        read_label(decoder, frame->entry, lexeme);
    else
        read_amount(decoder, frame, lexeme);
}
