#include "model/selector.h"

#include "model/base/check.h"
#include "model/names.h"

static const char *const op_texts[SELECTOR_OP_COUNT] = {
#define X(id, text) [SELECTOR_##id] = (text),
    SELECTOR_OP_MAP(X)
#undef X
};

enum selector_op selector_op_parse(struct str text)
{
    for (uint32_t op = 0; op < SELECTOR_OP_COUNT; op++)
        if (str_is(text, op_texts[op]))
            return (enum selector_op)op;
    return SELECTOR_INVALID;
}

/* The place of the first label whose key is not below `key_sym`. */
static uint32_t labels_lower_bound(const struct label *items, uint32_t count, uint32_t key_sym)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (items[middle].key_sym < key_sym)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t labels_get(const struct labels *labels, uint32_t key_sym)
{
    uint32_t i = labels_lower_bound(labels->items, labels->count, key_sym);
    return i < labels->count && labels->items[i].key_sym == key_sym ? labels->items[i].value_sym
                                                                    : SYM_ABSENT;
}

/* Insertion: keys come nearly sorted (the apiserver writes them in order), and there are few. */
void labels_sort(struct labels *labels)
{
    uint32_t sorted_count = 0;
    for (uint32_t i = 0; i < labels->count; i++) {
        struct label label = labels->items[i];
        uint32_t place = labels_lower_bound(labels->items, sorted_count, label.key_sym);
        if (place == sorted_count || labels->items[place].key_sym != label.key_sym) {
            memmove(&labels->items[place + 1], &labels->items[place],
                    (sorted_count - place) * sizeof(label));
            sorted_count++;
        }
        labels->items[place] = label;
    }
    labels->count = sorted_count;
}

static bool requirement_has(const struct requirement *requirement, uint32_t value_sym)
{
    uint32_t low = 0, high = requirement->value_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (requirement->value_syms[middle] == value_sym)
            return true;
        if (requirement->value_syms[middle] < value_sym)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* Base 10 with an optional sign, nothing else, as strconv.ParseInt reads it. */
static bool int64_parse(struct str text, int64_t *ret_number)
{
    size_t i = text.len > 0 && (text.ptr[0] == '+' || text.ptr[0] == '-');
    bool is_negative = i > 0 && text.ptr[0] == '-';
    if (i == text.len)
        return false;
    int64_t number = 0;
    for (; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        int64_t digit = text.ptr[i] - '0';
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, is_negative ? -digit : digit, &number))
            return false;
    }
    *ret_number = number;
    return true;
}

/* Gt and Lt: one value, and both sides integers. */
static bool requirement_compares(const struct requirement *requirement, uint32_t value_sym,
                                 const struct symbols *symbols)
{
    int64_t have, bound;
    if (requirement->value_count != 1 || value_sym == SYM_ABSENT ||
        !int64_parse(symbol_str(symbols, value_sym), &have) ||
        !int64_parse(symbol_str(symbols, requirement->value_syms[0]), &bound))
        return false;
    return requirement->op == SELECTOR_GT ? have > bound : have < bound;
}

/* A requirement that no selector can be made of (In without values, Exists with some) matches
 * nothing: apimachinery labels.NewRequirement refuses it, and the term with it. */
static bool requirement_matches(const struct requirement *requirement, const struct labels *labels,
                                const struct symbols *symbols)
{
    uint32_t value_sym = labels_get(labels, requirement->key_sym);
    switch ((enum selector_op)requirement->op) {
    case SELECTOR_IN:
        return value_sym != SYM_ABSENT && requirement_has(requirement, value_sym);
    case SELECTOR_NOT_IN:
        return requirement->value_count > 0 &&
               (value_sym == SYM_ABSENT || !requirement_has(requirement, value_sym));
    case SELECTOR_EXISTS:
        return requirement->value_count == 0 && value_sym != SYM_ABSENT;
    case SELECTOR_DOES_NOT_EXIST:
        return requirement->value_count == 0 && value_sym == SYM_ABSENT;
    case SELECTOR_GT:
    case SELECTOR_LT:
        return requirement_compares(requirement, value_sym, symbols);
    case SELECTOR_INVALID:
        return false;
    }
    return false;
}

bool label_selector_matches(const struct label *match, uint32_t match_count,
                            const struct requirement *expressions, uint32_t expression_count,
                            const struct labels *labels)
{
    for (uint32_t i = 0; i < match_count; i++)
        if (labels_get(labels, match[i].key_sym) != match[i].value_sym)
            return false;
    for (uint32_t i = 0; i < expression_count; i++)
        if (expressions[i].op > SELECTOR_DOES_NOT_EXIST ||
            !requirement_matches(&expressions[i], labels, NULL))
            return false;
    return true;
}

/* matchFields: metadata.name, In or NotIn with exactly one value. */
static bool field_matches(const struct requirement *field, uint32_t node_name_sym)
{
    if (field->key_sym != NAME_METADATA_NAME || field->value_count != 1)
        return false;
    if (field->op == SELECTOR_IN)
        return field->value_syms[0] == node_name_sym;
    return field->op == SELECTOR_NOT_IN && field->value_syms[0] != node_name_sym;
}

bool node_term_matches(const struct node_term *term, const struct labels *labels,
                       uint32_t node_name_sym, const struct symbols *symbols)
{
    if (term->expression_count == 0 && term->field_count == 0)
        return false;
    for (uint32_t i = 0; i < term->expression_count; i++)
        if (!requirement_matches(&term->expressions[i], labels, symbols))
            return false;
    for (uint32_t i = 0; i < term->field_count; i++)
        if (!field_matches(&term->fields[i], node_name_sym))
            return false;
    return true;
}

static bool names_nodes(const struct requirement *field)
{
    return field->key_sym == NAME_METADATA_NAME && field->op == SELECTOR_IN;
}

static const struct requirement *term_first_names(const struct node_term *term)
{
    for (uint32_t i = 0; i < term->field_count; i++)
        if (names_nodes(&term->fields[i]))
            return &term->fields[i];
    return NULL;
}

bool node_terms_are_named(const struct node_term *terms, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!term_first_names(&terms[i]))
            return false;
    return count > 0;
}

static bool term_names(const struct node_term *term, uint32_t node_name_sym)
{
    for (uint32_t i = 0; i < term->field_count; i++)
        if (names_nodes(&term->fields[i]) && !requirement_has(&term->fields[i], node_name_sym))
            return false;
    return term_first_names(term) != NULL;
}

bool node_terms_name(const struct node_term *terms, uint32_t count, uint32_t node_name_sym)
{
    for (uint32_t i = 0; i < count; i++)
        if (term_names(&terms[i], node_name_sym))
            return true;
    return false;
}

bool node_terms_conflict(const struct node_term *terms, uint32_t count)
{
    if (!node_terms_are_named(terms, count))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct requirement *names = term_first_names(&terms[i]);
        for (uint32_t v = 0; v < names->value_count; v++)
            if (term_names(&terms[i], names->value_syms[v]))
                return false;
    }
    return true;
}
