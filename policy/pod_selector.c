#include "policy/pod_selector.h"

#include "model/base/check.h"

static bool has_value(const struct requirement *requirement, uint32_t value_sym)
{
    for (uint32_t i = 0; i < requirement->value_count; i++)
        if (requirement->value_syms[i] == value_sym)
            return true;
    return false;
}

/* `value_sym` of the requirement's key; SYM_ABSENT: the key is not there. */
static bool requirement_accepts(const struct requirement *requirement, uint32_t value_sym)
{
    switch ((enum selector_op)requirement->op) {
    case SELECTOR_IN:
        return value_sym != SYM_ABSENT && has_value(requirement, value_sym);
    case SELECTOR_NOT_IN:
        return value_sym == SYM_ABSENT || !has_value(requirement, value_sym);
    case SELECTOR_EXISTS:
        return value_sym != SYM_ABSENT;
    case SELECTOR_DOES_NOT_EXIST:
        return value_sym == SYM_ABSENT;
    case SELECTOR_GT:
    case SELECTOR_LT:
    case SELECTOR_INVALID:
        break;
    }
    return false;
}

bool pod_selector_matches(const struct pod_selector *selector, const struct labels *labels)
{
    for (uint32_t i = 0; i < selector->label_count; i++)
        if (labels_get(labels, selector->labels[i].key_sym) != selector->labels[i].value_sym)
            return false;
    for (uint32_t i = 0; i < selector->expression_count; i++)
        if (!requirement_accepts(&selector->expressions[i],
                                 labels_get(labels, selector->expressions[i].key_sym)))
            return false;
    return true;
}

bool requirement_is_usable(const struct requirement *requirement)
{
    switch ((enum selector_op)requirement->op) {
    case SELECTOR_IN:
    case SELECTOR_NOT_IN:
        return requirement->value_count > 0;
    case SELECTOR_EXISTS:
    case SELECTOR_DOES_NOT_EXIST:
        return requirement->value_count == 0;
    case SELECTOR_GT:
    case SELECTOR_LT:
    case SELECTOR_INVALID:
        break;
    }
    return false;
}

/* Whether every expression on `key_sym` accepts the value. */
static bool key_accepts(const struct pod_selector *selector, uint32_t key_sym, uint32_t value_sym)
{
    for (uint32_t i = 0; i < selector->expression_count; i++)
        if (selector->expressions[i].key_sym == key_sym &&
            !requirement_accepts(&selector->expressions[i], value_sym))
            return false;
    return true;
}

/* A value that no selector names: any NotIn lets it pass. */
static const uint32_t value_of_nobody = SYM_FULL - 1;

/* Whether some value of the key, or its absence, satisfies all expressions on it. Those that name
 * values leave one of them, or a value that nobody names. */
static bool key_is_possible(const struct pod_selector *selector, uint32_t key_sym)
{
    if (key_accepts(selector, key_sym, SYM_ABSENT) ||
        key_accepts(selector, key_sym, value_of_nobody))
        return true;
    for (uint32_t i = 0; i < selector->expression_count; i++) {
        const struct requirement *expression = &selector->expressions[i];
        for (uint32_t v = 0; expression->key_sym == key_sym && v < expression->value_count; v++)
            if (key_accepts(selector, key_sym, expression->value_syms[v]))
                return true;
    }
    return false;
}

bool pod_selector_is_contradictory(const struct pod_selector *selector, uint32_t *ret_key_sym)
{
    for (uint32_t i = 0; i < selector->label_count; i++) {
        const struct label *label = &selector->labels[i];
        if (!key_accepts(selector, label->key_sym, label->value_sym)) {
            *ret_key_sym = label->key_sym;
            return true;
        }
    }
    for (uint32_t i = 0; i < selector->expression_count; i++) {
        uint32_t key_sym = selector->expressions[i].key_sym;
        if (!key_is_possible(selector, key_sym)) {
            *ret_key_sym = key_sym;
            return true;
        }
    }
    return false;
}
