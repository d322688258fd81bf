#include "bench/json_scan.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "model/base/check.h"
#include "model/base/mem.h"
#include "model/base/utf8.h"

/* ---- checking ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Past an escape; NULL for a bad one and for surrogates, which are left to jansson. */
static const char *skip_escape(const char *at, const char *end)
{
    if (end - at < 2)
        return NULL;
    if (at[1] != 'u')
        return strchr("\"\\/bfnrt", at[1]) && at[1] ? at + 2 : NULL;
    if (end - at < 6)
        return NULL;
    for (int i = 2; i < 6; i++)
        if (!is_hex(at[i]))
            return NULL;
    bool surrogate = (at[2] == 'd' || at[2] == 'D') && at[3] >= '8';
    bool nul = memcmp(at + 2, "0000", 4) == 0;
    return surrogate || nul ? NULL : at + 6;
}

/* Past a checked string that starts at a quote, or NULL. */
static const char *check_string(const char *at, const char *end, bool is_key)
{
    if (at >= end || *at != '"')
        return NULL;
    for (at++; at < end;) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"')
            return at + 1;
        if (byte < 0x20)
            return NULL;
        if (byte == '\\') {
            at = is_key ? NULL : skip_escape(at, end);
            if (!at)
                return NULL;
        } else if (byte < 0x80) {
            at++;
        } else {
            size_t step = utf8_sequence(at, (size_t)(end - at));
            if (step == 0)
                return NULL;
            at += step;
        }
    }
    return NULL;
}

static const char *skip_digits(const char *at, const char *end)
{
    const char *from = at;
    while (at < end && is_digit(*at))
        at++;
    return at > from ? at : NULL;
}

/* Whether jansson can hold the number: an integer in 64 bits, a real within a double. Otherwise
 * text would be stored that no DOM can be made of. */
static bool number_fits(struct str number, bool real)
{
    static const char most[] = "9223372036854775807";
    char text[64];
    struct str digits = number;
    if (digits.ptr[0] == '-')
        digits = (struct str){digits.ptr + 1, digits.len - 1};
    if (!real)
        return digits.len < sizeof(most) - 1 ||
               (digits.len == sizeof(most) - 1 && memcmp(digits.ptr, most, digits.len) <= 0);
    if (number.len >= sizeof(text))
        return false;
    memcpy(text, number.ptr, number.len);
    text[number.len] = '\0';
    return isfinite(strtod(text, NULL));
}

static const char *check_number(const char *at, const char *end)
{
    const char *from = at;
    bool real = false;
    if (at < end && *at == '-')
        at++;
    if (at < end && *at == '0')
        at++;
    else if (!(at = skip_digits(at, end)))
        return NULL;
    if (at < end && *at == '.') {
        real = true;
        at = skip_digits(at + 1, end);
    }
    if (at && at < end && (*at == 'e' || *at == 'E')) {
        real = true;
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        at = skip_digits(at, end);
    }
    return at && number_fits((struct str){from, (size_t)(at - from)}, real) ? at : NULL;
}

static const char *check_word(const char *at, const char *end, const char *word)
{
    size_t len = strlen(word);
    return (size_t)(end - at) >= len && memcmp(at, word, len) == 0 ? at + len : NULL;
}

/* Past a scalar, or NULL. */
static const char *check_scalar(const char *at, const char *end)
{
    if (at >= end)
        return NULL;
    switch (*at) {
    case '"':
        return check_string(at, end, false);
    case 't':
        return check_word(at, end, "true");
    case 'f':
        return check_word(at, end, "false");
    case 'n':
        return check_word(at, end, "null");
    default:
        return check_number(at, end);
    }
}

/* Past `"key":`, or NULL. */
static const char *check_key(const char *at, const char *end)
{
    at = check_string(at, end, true);
    return at && at < end && *at == ':' ? at + 1 : NULL;
}

/* Past what may follow a value: closers, then a comma and in an object the next key. *depth falls
 * with every closer; NULL when the text is wrong. */
static const char *check_after(const char *at, const char *end, const char *closers, int *depth)
{
    while (*depth > 0 && at < end && *at == closers[*depth - 1]) {
        at++;
        (*depth)--;
    }
    if (*depth == 0)
        return at;
    if (at >= end || *at != ',')
        return NULL;
    at++;
    return closers[*depth - 1] == '}' ? check_key(at, end) : at;
}

bool json_compact(struct str text)
{
    char closers[JSON_SCAN_DEPTH];
    int depth = 0;
    const char *at = text.ptr, *end = text.ptr + text.len;
    do {
        if (at < end && (*at == '{' || *at == '[')) {
            if (depth == JSON_SCAN_DEPTH)
                return false;
            char closer = *at++ == '{' ? '}' : ']';
            closers[depth++] = closer;
            bool empty = at < end && *at == closer;
            if (!empty && closer == '}')
                at = check_key(at, end);
            if (at && !empty)
                continue;
        } else {
            at = check_scalar(at, end);
        }
        at = at ? check_after(at, end, closers, &depth) : NULL;
    } while (at && depth > 0);
    return at && at == end;
}

/* ---- walking text that was checked ---- */

static const char *skip_string(const char *at)
{
    for (at++; *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at + 1;
}

static const char *skip_value(const char *at, const char *end)
{
    int depth = 0;
    while (at < end) {
        if (*at == '"') {
            at = skip_string(at);
        } else if (*at == '{' || *at == '[') {
            depth++;
            at++;
        } else if (*at == '}' || *at == ']') {
            depth--;
            at++;
        } else if (depth == 0) {
            while (at < end && *at != ',')
                at++;
        } else {
            at++;
        }
        if (depth == 0)
            break;
    }
    return at;
}

struct str json_inside(struct str raw)
{
    CHECK(raw.len >= 2);
    return (struct str){raw.ptr + 1, raw.len - 2};
}

struct json_iter json_members(struct str object_or_members)
{
    if (object_or_members.len > 0 && object_or_members.ptr[0] == '{')
        object_or_members = json_inside(object_or_members);
    return (struct json_iter){object_or_members.ptr, object_or_members.ptr + object_or_members.len};
}

struct json_iter json_items(struct str array)
{
    if (array.len < 2 || array.ptr[0] != '[')
        return (struct json_iter){NULL, NULL};
    struct str inside = json_inside(array);
    return (struct json_iter){inside.ptr, inside.ptr + inside.len};
}

bool json_next_item(struct json_iter *iter, struct str *ret_value)
{
    if (iter->at >= iter->end)
        return false;
    const char *from = iter->at;
    const char *to = skip_value(from, iter->end);
    *ret_value = (struct str){from, (size_t)(to - from)};
    iter->at = to < iter->end ? to + 1 : to;
    return true;
}

bool json_next_member(struct json_iter *iter, struct str *ret_key, struct str *ret_value)
{
    if (iter->at >= iter->end)
        return false;
    const char *key = iter->at + 1;
    const char *past = skip_string(iter->at);
    *ret_key = (struct str){key, (size_t)(past - key) - 1};
    iter->at = past + 1;
    return json_next_item(iter, ret_value);
}

bool json_find(struct str object_or_members, struct str key, struct str *ret_value)
{
    struct json_iter iter = json_members(object_or_members);
    struct str name, value;
    while (json_next_member(&iter, &name, &value)) {
        if (str_equal(name, key)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

bool json_plain(struct str raw, struct str *ret_text)
{
    if (raw.len < 2 || raw.ptr[0] != '"' || memchr(raw.ptr, '\\', raw.len))
        return false;
    *ret_text = json_inside(raw);
    return true;
}

int64_t json_int(struct str raw, int64_t fallback)
{
    bool negative = raw.len > 0 && raw.ptr[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == raw.len || raw.len > 19) /* 18 digits and a sign cannot overflow */
        return fallback;
    int64_t value = 0;
    for (; i < raw.len; i++) {
        if (!is_digit(raw.ptr[i]) || value > INT64_MAX / 10 - 1)
            return fallback;
        value = value * 10 + (raw.ptr[i] - '0');
    }
    return negative ? -value : value;
}

/* ---- documents ---- */

static int write_chunk(const char *bytes, size_t len, void *data)
{
    struct buf *out = data;
    return buf_add(out, bytes, len) ? 0 : -1;
}

bool json_write(const json_t *json, struct buf *out)
{
    return json_dump_callback(json, write_chunk, out,
                              JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) == 0;
}

struct json_stack {
    json_t **items; /* borrowed */
    size_t count, capacity;
};

static void stack_push(struct json_stack *stack, json_t *json)
{
    if (!json_is_object(json) && !json_is_array(json))
        return;
    if (stack->count == stack->capacity) {
        stack->capacity = mem_grow(stack->capacity, stack->count + 1);
        stack->items = mem_resize(stack->items, stack->capacity, sizeof(*stack->items));
    }
    stack->items[stack->count++] = json;
}

void json_drop_nulls(json_t *json)
{
    struct json_stack stack = {0};
    stack_push(&stack, json);
    while (stack.count > 0) {
        json_t *top = stack.items[--stack.count];
        for (size_t i = 0; json_is_array(top) && i < json_array_size(top); i++)
            stack_push(&stack, json_array_get(top, i));
        const char *key;
        json_t *value;
        void *next;
        json_object_foreach_safe(top, next, key, value)
        {
            if (json_is_null(value))
                (void)json_object_del(top, key);
            else
                stack_push(&stack, value);
        }
    }
    free(stack.items);
}
