#include "model/taint.h"

#include <stddef.h>

#include "model/base/check.h"

static const char *const effect_texts[] = {[TAINT_ANY_EFFECT] = "",
#define X(id, text) [TAINT_##id] = (text),
                                           TAINT_EFFECT_MAP(X)
#undef X
};

enum taint_effect taint_effect_parse(struct str text)
{
    for (uint32_t effect = 0; effect < ARRAY_LEN(effect_texts); effect++)
        if (str_is(text, effect_texts[effect]))
            return (enum taint_effect)effect;
    return TAINT_UNKNOWN_EFFECT;
}

enum toleration_op toleration_op_parse(struct str text)
{
    if (text.len == 0 || str_is(text, "Equal"))
        return TOLERATION_EQUAL;
    return str_is(text, "Exists") ? TOLERATION_EXISTS : TOLERATION_INVALID;
}

bool toleration_tolerates(const struct toleration *toleration, const struct taint *taint)
{
    if (toleration->effect == TAINT_UNKNOWN_EFFECT)
        return false;
    if (toleration->effect != TAINT_ANY_EFFECT && toleration->effect != taint->effect)
        return false;
    if (toleration->key_sym == SYM_EMPTY)
        return toleration->op == TOLERATION_EXISTS;
    if (toleration->key_sym != taint->key_sym)
        return false;
    return toleration->op == TOLERATION_EXISTS ||
           (toleration->op == TOLERATION_EQUAL && toleration->value_sym == taint->value_sym);
}

bool tolerations_tolerate(const struct toleration *tolerations, uint32_t count,
                          const struct taint *taint)
{
    for (uint32_t i = 0; i < count; i++)
        if (toleration_tolerates(&tolerations[i], taint))
            return true;
    return false;
}

const struct taint *taints_first_untolerated(const struct taints *taints,
                                             const struct toleration *tolerations, uint32_t count)
{
    for (uint32_t i = 0; i < taints->count; i++) {
        const struct taint *taint = &taints->items[i];
        bool keeps_away = taint->effect == TAINT_NO_SCHEDULE || taint->effect == TAINT_NO_EXECUTE;
        if (keeps_away && !tolerations_tolerate(tolerations, count, taint))
            return taint;
    }
    return NULL;
}
