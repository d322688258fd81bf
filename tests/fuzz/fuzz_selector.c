/* fuzz: max_len 256 */
/*
 * The bytes choose a node (name, labels in any order, some twice) and a term; the answer must be
 * that of an evaluator on plain strings, written from the text of the Kubernetes API documentation.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/check.h"
#include "model/names.h"
#include "model/selector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {
    "metadata.name",
    "zone",
    "cores",
    "arch",
    "",
    "a",
    "b",
    "node-1",
    "node-2",
    "0",
    "7",
    "+7",
    "-7",
    "007",
    "8",
    "7.0",
    "1e1",
    " 7",
    "-",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "0x7",
};

enum { LABELS_MAX = 6, REQUIREMENTS_MAX = 3, VALUES_MAX = 4 };

struct bytes {
    const uint8_t *data;
    size_t size;
};

static uint32_t take(struct bytes *bytes, uint32_t bound)
{
    if (bytes->size == 0)
        return 0;
    bytes->size--;
    return *bytes->data++ % bound;
}

static const char *take_word(struct bytes *bytes)
{
    return words[take(bytes, ARRAY_LEN(words))];
}

struct naive_requirement {
    const char *key;
    uint32_t op, value_count;
    const char *values[VALUES_MAX];
};

struct naive_term {
    uint32_t counts[2]; /* expressions, fields */
    struct naive_requirement requirements[2][REQUIREMENTS_MAX];
};

struct naive_node {
    const char *name;
    uint32_t label_count;
    const char *labels[LABELS_MAX][2];
};

static const char *naive_label(const struct naive_node *node, const char *key)
{
    for (uint32_t i = node->label_count; i-- > 0;)
        if (strcmp(node->labels[i][0], key) == 0)
            return node->labels[i][1];
    return NULL;
}

static bool naive_has(const struct naive_requirement *requirement, const char *text)
{
    for (uint32_t i = 0; i < requirement->value_count; i++)
        if (strcmp(requirement->values[i], text) == 0)
            return true;
    return false;
}

/* An int64 in base 10, kept as sign and digits without leading zeros, so that nothing can overflow.
 */
static bool naive_number(const char *text, bool *ret_is_negative, const char **ret_digits)
{
    *ret_is_negative = *text == '-';
    text += *text == '-' || *text == '+';
    size_t len = strspn(text, "0123456789");
    if (len == 0 || text[len] != '\0')
        return false;
    text += strspn(text, "0");
    const char *most = *ret_is_negative ? "9223372036854775808" : "9223372036854775807";
    if (strlen(text) > 19 || (strlen(text) == 19 && strcmp(text, most) > 0))
        return false;
    *ret_digits = text;
    return true;
}

/* Fewer digits is less; of equally many, the alphabet decides. */
static int naive_magnitude(const char *a, const char *b)
{
    if (strlen(a) != strlen(b))
        return strlen(a) < strlen(b) ? -1 : 1;
    return strcmp(a, b);
}

static bool naive_compares(const char *have, const char *bound, bool greater)
{
    bool have_negative, bound_negative;
    const char *have_digits, *bound_digits;
    if (!naive_number(have, &have_negative, &have_digits) ||
        !naive_number(bound, &bound_negative, &bound_digits))
        return false;
    have_negative &= *have_digits != '\0';
    bound_negative &= *bound_digits != '\0';
    int order = naive_magnitude(have_digits, bound_digits);
    if (have_negative != bound_negative)
        order = have_negative ? -1 : 1;
    else if (have_negative)
        order = -order;
    return greater ? order > 0 : order < 0;
}

static bool naive_expression(const struct naive_requirement *requirement,
                             const struct naive_node *node)
{
    const char *have = naive_label(node, requirement->key);
    uint32_t count = requirement->value_count;
    if (requirement->op == SELECTOR_IN)
        return count > 0 && have && naive_has(requirement, have);
    if (requirement->op == SELECTOR_NOT_IN)
        return count > 0 && !(have && naive_has(requirement, have));
    if (requirement->op == SELECTOR_EXISTS)
        return count == 0 && have;
    if (requirement->op == SELECTOR_DOES_NOT_EXIST)
        return count == 0 && !have;
    if (requirement->op == SELECTOR_GT || requirement->op == SELECTOR_LT)
        return count == 1 && have &&
               naive_compares(have, requirement->values[0], requirement->op == SELECTOR_GT);
    return false;
}

static bool naive_field(const struct naive_requirement *requirement, const struct naive_node *node)
{
    if (strcmp(requirement->key, "metadata.name") != 0 || requirement->value_count != 1)
        return false;
    bool same = strcmp(requirement->values[0], node->name) == 0;
    return (requirement->op == SELECTOR_IN && same) ||
           (requirement->op == SELECTOR_NOT_IN && !same);
}

static bool naive_matches(const struct naive_term *term, const struct naive_node *node)
{
    bool matches = term->counts[0] + term->counts[1] > 0;
    for (uint32_t i = 0; i < term->counts[0]; i++)
        matches &= naive_expression(&term->requirements[0][i], node);
    for (uint32_t i = 0; i < term->counts[1]; i++)
        matches &= naive_field(&term->requirements[1][i], node);
    return matches;
}

/* The same term for the code under test. */
struct built_term {
    struct requirement requirements[2][REQUIREMENTS_MAX];
    uint32_t values[2][REQUIREMENTS_MAX][VALUES_MAX];
};

static int compare_symbols(const void *a, const void *b)
{
    const uint32_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

static struct node_term build_term(struct symbols *symbols, const struct naive_term *naive,
                                   struct built_term *built)
{
    for (int which = 0; which < 2; which++) {
        for (uint32_t i = 0; i < naive->counts[which]; i++) {
            const struct naive_requirement *from = &naive->requirements[which][i];
            uint32_t *values = built->values[which][i];
            for (uint32_t j = 0; j < from->value_count; j++)
                values[j] = symbol_intern(symbols, str_from(from->values[j]));
            qsort(values, from->value_count, sizeof(values[0]), compare_symbols);
            built->requirements[which][i] =
                (struct requirement){.key_sym = symbol_intern(symbols, str_from(from->key)),
                                     .op = from->op,
                                     .value_count = from->value_count,
                                     .value_syms = values};
        }
    }
    return (struct node_term){naive->counts[0], naive->counts[1], built->requirements[0],
                              built->requirements[1]};
}

static void take_term(struct bytes *bytes, struct naive_term *ret_term)
{
    *ret_term = (struct naive_term){0};
    for (int which = 0; which < 2; which++) {
        ret_term->counts[which] = take(bytes, REQUIREMENTS_MAX + 1);
        for (uint32_t i = 0; i < ret_term->counts[which]; i++) {
            struct naive_requirement *requirement = &ret_term->requirements[which][i];
            requirement->key = take_word(bytes);
            requirement->op = take(bytes, SELECTOR_INVALID + 1);
            requirement->value_count = take(bytes, VALUES_MAX + 1);
            for (uint32_t j = 0; j < requirement->value_count; j++)
                requirement->values[j] = take_word(bytes);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = {data, size};
    struct symbols *symbols = names_symbols_new(1);
    struct naive_node node = {.name = take_word(&bytes),
                              .label_count = take(&bytes, LABELS_MAX + 1)};
    struct label items[LABELS_MAX];
    for (uint32_t i = 0; i < node.label_count; i++) {
        node.labels[i][0] = take_word(&bytes);
        node.labels[i][1] = take_word(&bytes);
        items[i] = (struct label){symbol_intern(symbols, str_from(node.labels[i][0])),
                                  symbol_intern(symbols, str_from(node.labels[i][1]))};
    }
    struct labels labels = {node.label_count, items};
    labels_sort(&labels);
    uint32_t name_sym = symbol_intern(symbols, str_from(node.name));
    /* several terms against one node, as a pod brings them */
    for (int i = 0; i < 4; i++) {
        struct naive_term naive;
        struct built_term built;
        take_term(&bytes, &naive);
        struct node_term term = build_term(symbols, &naive, &built);
        CHECK(node_term_matches(&term, &labels, name_sym, symbols) == naive_matches(&naive, &node));
    }
    symbols_free(symbols);
    return 0;
}
