/* fuzz: max_len 128 */
/*
 * The bytes are lines of text: the effect, key and value of a taint, then the effect, key, operator
 * and value of tolerations. Parsed by ours and judged by an evaluator on plain strings, written
 * from the comments of core/v1's Toleration; both must agree on every toleration and on the first
 * taint that keeps a pod away.
 */
#include <stdint.h>
#include <string.h>

#include "model/base/check.h"
#include "model/names.h"
#include "model/taint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TOLERATIONS_MAX = 4 };

struct words {
    const char *text;
    size_t left;
};

struct named_taint {
    struct str effect, key, value;
};

struct named_toleration {
    struct str effect, key, op, value;
};

static struct str take_line(struct words *words)
{
    const char *end = words->left > 0 ? memchr(words->text, '\n', words->left) : NULL;
    struct str line = {words->text, end ? (size_t)(end - words->text) : words->left};
    size_t used = end ? line.len + 1 : line.len;
    words->text += used;
    words->left -= used;
    return line;
}

static bool is_effect(struct str text)
{
    return str_is(text, "NoSchedule") || str_is(text, "PreferNoSchedule") ||
           str_is(text, "NoExecute");
}

/* Empty effect or key means any; an empty key needs Exists; Exists takes any value. */
static bool naive_tolerates(const struct named_toleration *toleration,
                            const struct named_taint *taint)
{
    bool exists = str_is(toleration->op, "Exists");
    bool equal = toleration->op.len == 0 || str_is(toleration->op, "Equal");
    if (!exists && !equal)
        return false;
    if (toleration->effect.len > 0 &&
        !(is_effect(toleration->effect) && str_equal(toleration->effect, taint->effect)))
        return false;
    if (toleration->key.len == 0)
        return exists;
    if (!str_equal(toleration->key, taint->key))
        return false;
    return exists || str_equal(toleration->value, taint->value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct words words = {(const char *)data, size};
    struct symbols *symbols = names_symbols_new(1);
    struct named_taint named = {.effect = take_line(&words)};
    named.key = take_line(&words);
    named.value = take_line(&words);
    struct taint taint = {symbol_intern(symbols, named.key), symbol_intern(symbols, named.value),
                          taint_effect_parse(named.effect)};
    struct toleration tolerations[TOLERATIONS_MAX];
    uint32_t count = 0;
    bool is_tolerated = false;
    for (; count < TOLERATIONS_MAX && words.left > 0; count++) {
        struct named_toleration line = {.effect = take_line(&words)};
        line.key = take_line(&words);
        line.op = take_line(&words);
        line.value = take_line(&words);
        tolerations[count] = (struct toleration){
            symbol_intern(symbols, line.key), symbol_intern(symbols, line.value),
            (uint16_t)toleration_op_parse(line.op), (uint16_t)taint_effect_parse(line.effect)};
        bool expected = naive_tolerates(&line, &named);
        CHECK(toleration_tolerates(&tolerations[count], &taint) == expected);
        is_tolerated |= expected;
    }
    struct taints taints = {1, &taint};
    bool is_hard = str_is(named.effect, "NoSchedule") || str_is(named.effect, "NoExecute");
    const struct taint *first = taints_first_untolerated(&taints, tolerations, count);
    CHECK(first == (is_hard && !is_tolerated ? &taint : NULL));
    symbols_free(symbols);
    return 0;
}
