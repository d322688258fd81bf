#include <errno.h>
#include <stdlib.h>

#include "model/base/mem.h"
#include "model/object.h"
#include "watch/unit_types_private.h"

/* ---- anyOf ---- */

static bool is_whole_number(const char *text)
{
    enum { DIGITS_MAX = 18 }; /* fits int64 */
    size_t sign = text[0] == '-' || text[0] == '+', digits = strspn(text + sign, "0123456789");
    return digits > 0 && digits <= DIGITS_MAX && text[sign + digits] == '\0';
}

static int take_value(struct place *place, const json_t *value, enum selector_op op,
                      uint32_t *ret_sym)
{
    const char *text = json_string_value(value);
    if (!text)
        return place_fail(place, "must be a text (put it in quotes)");
    bool is_number = op == SELECTOR_GT || op == SELECTOR_LT;
    if (is_number && !is_whole_number(text))
        return place_fail(place, "\"%.*s\" must be a whole number, as Gt and Lt compare them",
                          PLACE_SHOWN_BYTES, text);
    int failed = is_number ? 0 : place_check_label_value(place, text);
    return failed ? failed : place_intern(place, text, ret_sym);
}

/* In and NotIn have values, Exists and DoesNotExist none, Gt and Lt one. */
static int check_value_count(struct place *place, enum selector_op op, int count)
{
    if ((op == SELECTOR_IN || op == SELECTOR_NOT_IN) && count == 0)
        return place_fail(place, "In and NotIn need at least one value");
    if ((op == SELECTOR_EXISTS || op == SELECTOR_DOES_NOT_EXIST) && count > 0)
        return place_fail(place, "Exists and DoesNotExist have no values; remove them");
    if ((op == SELECTOR_GT || op == SELECTOR_LT) && count != 1)
        return place_fail(place, "Gt and Lt need exactly one value");
    return 0;
}

static int take_values(struct place *place, const json_t *list, struct requirement *requirement)
{
    int count = place_check_list(place, list, OBJECT_VALUES_MAX);
    if (count < 0)
        return count;
    int failed = check_value_count(place, (enum selector_op)requirement->op, count);
    if (failed)
        return failed;
    requirement->value_syms = mem_zalloc((size_t)count, sizeof(uint32_t));
    for (int i = 0; i < count && !failed; i++) {
        size_t outer = place_enter(place, "[%d]", i);
        failed =
            take_value(place, json_array_get(list, (size_t)i), (enum selector_op)requirement->op,
                       &requirement->value_syms[requirement->value_count]);
        requirement->value_count += !failed;
        place_leave(place, outer);
    }
    if (requirement->value_count > 1)
        qsort(requirement->value_syms, requirement->value_count, sizeof(uint32_t), symbol_compare);
    return failed;
}

static int take_label_key(struct place *place, const json_t *map, uint32_t *ret_key_sym)
{
    const char *key = NULL;
    int failed = place_text(place, map, "key", &key);
    if (!failed && !key)
        failed = place_fail(place, "key is missing");
    if (!failed)
        failed = place_check_label_key(place, key);
    return failed ? failed : place_intern(place, key, ret_key_sym);
}

static int take_expression(struct place *place, const json_t *map, struct requirement *requirement)
{
    static const char *const known[] = {"key", "operator", "values", NULL};
    const char *op_text = NULL;
    int failed = place_check_map(place, map, known);
    if (!failed)
        failed = take_label_key(place, map, &requirement->key_sym);
    if (!failed)
        failed = place_text(place, map, "operator", &op_text);
    if (failed)
        return failed;
    requirement->op = op_text ? selector_op_parse(str_from(op_text)) : SELECTOR_INVALID;
    if (requirement->op == SELECTOR_INVALID)
        return place_fail(place, "operator must be In, NotIn, Exists, DoesNotExist, Gt or Lt");
    size_t outer = place_enter(place, "values");
    failed = take_values(place, json_object_get(map, "values"), requirement);
    place_leave(place, outer);
    return failed;
}

/* The pairs of matchLabels, each as `key In [value]`. */
static int take_match_labels(struct place *place, const json_t *map, struct node_term *term)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)map, key, value)
    {
        struct requirement *requirement = &term->expressions[term->expression_count++];
        *requirement =
            (struct requirement){.op = SELECTOR_IN, .value_syms = mem_zalloc(1, sizeof(uint32_t))};
        int failed = place_check_label_key(place, key);
        if (!failed && !json_is_string(value))
            failed = place_fail(place, "the value of \"%.*s\" must be a text (put it in quotes)",
                                PLACE_SHOWN_BYTES, key);
        if (!failed)
            failed = place_check_label_value(place, json_string_value(value));
        if (!failed)
            failed = place_intern(place, key, &requirement->key_sym);
        if (!failed)
            failed = place_intern(place, json_string_value(value), requirement->value_syms);
        if (failed)
            return failed;
        requirement->value_count = 1;
    }
    return 0;
}

static int take_match_expressions(struct place *place, const json_t *list, struct node_term *term)
{
    int failed = 0;
    for (size_t i = 0; i < json_array_size(list) && !failed; i++) {
        size_t outer = place_enter(place, "[%zu]", i);
        failed = take_expression(place, json_array_get(list, i),
                                 &term->expressions[term->expression_count++]);
        place_leave(place, outer);
    }
    return failed;
}

static int take_term(struct place *place, const json_t *map, struct node_term *term)
{
    static const char *const known[] = {"matchExpressions", "matchLabels", NULL};
    int failed = place_check_map(place, map, known);
    if (failed)
        return failed;
    const json_t *list = json_object_get(map, "matchExpressions");
    const json_t *pairs = json_object_get(map, "matchLabels");
    size_t outer = place_enter(place, "matchExpressions");
    int count = place_check_list(place, list, OBJECT_REQUIREMENTS_MAX);
    place_leave(place, outer);
    if (count < 0)
        return count;
    if (pairs && !json_is_object(pairs) && !json_is_null(pairs))
        return place_fail(place, "matchLabels must be a map");
    size_t total = (size_t)count + json_object_size(pairs);
    if (total == 0)
        return place_fail(place, "matches no node; write matchExpressions or matchLabels");
    if (total > OBJECT_REQUIREMENTS_MAX)
        return place_fail(place, "has %zu expressions and labels, at most %d are possible", total,
                          OBJECT_REQUIREMENTS_MAX);

    term->expressions = mem_zalloc(total, sizeof(*term->expressions));
    outer = place_enter(place, "matchExpressions");
    failed = take_match_expressions(place, list, term);
    place_leave(place, outer);
    if (failed)
        return failed;
    outer = place_enter(place, "matchLabels");
    failed = take_match_labels(place, pairs, term);
    place_leave(place, outer);
    return failed;
}

int unit_type_take_terms(struct place *place, const json_t *map, struct unit_type *type)
{
    const json_t *list = json_object_get(map, "anyOf");
    size_t outer = place_enter(place, "anyOf");
    int count = place_check_list(place, list, UNIT_TYPE_TERMS_MAX);
    int failed = count < 0 ? count : 0;
    type->terms = mem_zalloc(count > 0 ? (size_t)count : 0, sizeof(*type->terms));
    for (int i = 0; i < count && !failed; i++) {
        size_t element = place_enter(place, "[%d]", i);
        failed =
            take_term(place, json_array_get(list, (size_t)i), &type->terms[type->term_count++]);
        place_leave(place, element);
    }
    place_leave(place, outer);
    return failed;
}

/* ---- tolerations ---- */

/* NoExecute is looked at by the node's own controller in the pod's real tolerations; a toleration
 * of ours would bind pods that are thrown out at once. */
static int take_toleration(struct place *place, const json_t *map, struct toleration *toleration)
{
    static const char *const known[] = {"key", "operator", "value", "effect", NULL};
    const char *op_text = NULL, *value = NULL, *effect = NULL;
    int failed = place_check_map(place, map, known);
    if (!failed)
        failed = take_label_key(place, map, &toleration->key_sym);
    if (!failed)
        failed = place_text(place, map, "operator", &op_text);
    if (!failed)
        failed = place_text(place, map, "value", &value);
    if (!failed)
        failed = place_text(place, map, "effect", &effect);
    if (failed)
        return failed;
    if (effect && strcmp(effect, "NoSchedule") != 0)
        return place_fail(place, "effect must be NoSchedule (or absent): no other taint can be "
                                 "tolerated on behalf of a pod");
    toleration->effect = TAINT_NO_SCHEDULE;
    toleration->op = (uint16_t)toleration_op_parse(str_from(op_text));
    if (toleration->op == TOLERATION_INVALID)
        return place_fail(place, "operator must be Exists or Equal");
    if (toleration->op == TOLERATION_EXISTS && value && *value)
        return place_fail(place, "Exists has no value; remove it or write operator: Equal");
    failed = value ? place_check_label_value(place, value) : 0;
    return failed ? failed : place_intern(place, value ? value : "", &toleration->value_sym);
}

int unit_type_take_tolerations(struct place *place, const json_t *map, struct unit_type *type)
{
    const json_t *list = json_object_get(map, "tolerations");
    size_t outer = place_enter(place, "tolerations");
    int count = place_check_list(place, list, UNIT_TYPE_TAINTS_MAX);
    int failed = count < 0 ? count : 0;
    type->tolerations = mem_zalloc(count > 0 ? (size_t)count : 0, sizeof(*type->tolerations));
    for (int i = 0; i < count && !failed; i++) {
        size_t element = place_enter(place, "[%d]", i);
        failed = take_toleration(place, json_array_get(list, (size_t)i),
                                 &type->tolerations[type->toleration_count++]);
        place_leave(place, element);
    }
    place_leave(place, outer);
    return failed;
}

/* ---- labels ---- */

int unit_type_take_labels(struct place *place, const json_t *map, struct unit_type *type)
{
    const json_t *pairs = json_object_get(map, "labels");
    size_t outer = place_enter(place, "labels");
    int failed = 0;
    if (pairs && !json_is_object(pairs) && !json_is_null(pairs))
        failed = place_fail(place, "must be a map");
    else if (json_object_size(pairs) > UNIT_TYPE_LABELS_MAX)
        failed = place_fail(place, "has %zu labels, at most %d are possible",
                            json_object_size(pairs), UNIT_TYPE_LABELS_MAX);
    type->labels = mem_zalloc(failed ? 0 : json_object_size(pairs), sizeof(*type->labels));
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)(failed ? NULL : pairs), key, value)
    {
        struct label *label = &type->labels[type->label_count++];
        failed = place_check_label_key(place, key);
        if (!failed && !json_is_string(value))
            failed = place_fail(place, "the value of \"%.*s\" must be a text (put it in quotes)",
                                PLACE_SHOWN_BYTES, key);
        if (!failed)
            failed = place_check_label_value(place, json_string_value(value));
        if (!failed)
            failed = place_intern(place, key, &label->key_sym);
        if (!failed)
            failed = place_intern(place, json_string_value(value), &label->value_sym);
        if (failed)
            break;
    }
    place_leave(place, outer);
    return failed;
}
