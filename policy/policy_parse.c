/* ResourcePolicy objects (elastic-policies 1.2) become policies. The only place, with unit_parse.c,
 * that knows how ACK and we spell things. */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "model/base/mem.h"
#include "policy/parse.h"

enum { BLOCK_ALIGN = 8 };

static size_t aligned(size_t bytes)
{
    return (bytes + BLOCK_ALIGN - 1) / BLOCK_ALIGN * BLOCK_ALIGN;
}

void *parse_alloc(struct parse *parse, size_t count, size_t size)
{
    size_t bytes = aligned(count * size);
    CHECK(bytes <= (size_t)(parse->end - parse->next));
    void *block = parse->next;
    parse->next += bytes;
    return block;
}

const struct label *parse_labels(struct parse *parse, const struct label *items, uint32_t count,
                                 uint32_t *ret_count)
{
    struct labels copy = {count, parse_alloc(parse, count, sizeof(*items))};
    if (count > 0)
        memcpy(copy.items, items, count * sizeof(*items));
    labels_sort(&copy);
    *ret_count = copy.count;
    return copy.items;
}

uint32_t parse_word(struct str text, const char *const *texts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (strlen(texts[i]) == text.len && strncasecmp(text.ptr, texts[i], text.len) == 0)
            return i;
    return count;
}

int parse_duration(struct parse *parse, const char *path, struct str text, int64_t *ret_ms)
{
    int64_t ms;
    if (text.len == 0)
        return 0;
    if (!duration_parse(text, &ms))
        return err_set(parse->err, EINVAL,
                       "%s: \"" STR_FMT "\" is no duration; write for example 90s, 15m or 1h30m",
                       path, STR_ARG(text));
    if (ms > POLICY_TIMEOUT_MAX_S * INT64_C(1000))
        return err_set(parse->err, EINVAL, "%s: \"" STR_FMT "\" is over the limit of %dh", path,
                       STR_ARG(text), POLICY_TIMEOUT_MAX_S / 3600);
    *ret_ms = ms;
    return 0;
}

/* One enum field: empty is the default, which is value 0. */
struct word_field {
    const char *path;
    struct str text;
    const char *const *texts;
    uint32_t count;
    const char *mend; /* the choices */
};

static int parse_enum(struct parse *parse, struct word_field field, uint32_t *ret_value)
{
    *ret_value = field.text.len == 0 ? 0 : parse_word(field.text, field.texts, field.count);
    if (*ret_value < field.count)
        return 0;
    return err_set(parse->err, EINVAL, "%s: \"" STR_FMT "\" is unknown; write %s", field.path,
                   STR_ARG(field.text), field.mend);
}

static const char *const next_texts[NEXT_RULE_COUNT] = {
    [NEXT_LACK_OR_FULL] = "LackResourceOrExceedMax",
    [NEXT_FULL] = "ExceedMax",
    [NEXT_TIMEOUT_OR_FULL] = "TimeoutOrExceedMax",
    [NEXT_LACK_NOT_LEAVING] = "LackResourceAndNoTerminating",
};

static int parse_next(struct parse *parse)
{
    const struct policy_object *object = parse->object;
    static const char *const timeout_alone[] = {"Timeout"};
    if (parse_word(object->next_policy, timeout_alone, 1) == 0)
        return err_set(parse->err, EINVAL,
                       "spec.whenTryNextUnits.policy: \"Timeout\" has no documented meaning; write "
                       "TimeoutOrExceedMax");
    uint32_t rule;
    int rc = parse_enum(parse,
                        (struct word_field){"spec.whenTryNextUnits.policy", object->next_policy,
                                            next_texts, NEXT_RULE_COUNT,
                                            "LackResourceOrExceedMax, ExceedMax, "
                                            "TimeoutOrExceedMax or LackResourceAndNoTerminating"},
                        &rule);
    if (rc < 0)
        return rc;
    parse->policy->next_rule = (enum next_rule)rule;
    if (object->next_timeout.len > 0 && rule != NEXT_TIMEOUT_OR_FULL)
        return err_set(parse->err, EINVAL,
                       "spec.whenTryNextUnits.timeout: only goes with policy TimeoutOrExceedMax; "
                       "set that policy or remove the timeout");
    parse->policy->timeout_ms = POLICY_TIMEOUT_DEFAULT_S * INT64_C(1000);
    return parse_duration(parse, "spec.whenTryNextUnits.timeout", object->next_timeout,
                          &parse->policy->timeout_ms);
}

static int parse_modes(struct parse *parse)
{
    static const char *const strategies[] = {"prefer", "required"};
    static const char *const preempts[] = {"AfterAllUnits", "BeforeNextUnit"};
    static const char *const overflows[] = {"pending", "anywhere"};
    static const char *const costs[] = {"respect", "overwrite", "off"};
    const struct policy_object *object = parse->object;
    const struct word_field fields[] = {
        {"spec.strategy", object->strategy, strategies, 2, "prefer or required"},
        {"spec.preemptPolicy", object->preempt_policy, preempts, 2,
         "AfterAllUnits or BeforeNextUnit"},
        {"spec.overflow", object->overflow, overflows, 2, "pending or anywhere"},
        {"spec.deletionCost", object->deletion_cost, costs, 3, "respect, overwrite or off"},
    };
    uint32_t values[ARRAY_LEN(fields)];
    for (uint32_t i = 0; i < ARRAY_LEN(fields); i++) {
        int rc = parse_enum(parse, fields[i], &values[i]);
        if (rc < 0)
            return rc;
    }
    parse->policy->preempt_when = (enum preempt_when)values[1];
    parse->policy->overflow = (enum overflow_where)values[2];
    parse->policy->cost_mode = (enum cost_mode)values[3];
    if (values[0] == 1 && parse->policy->overflow == OVERFLOW_ANYWHERE)
        return err_set(parse->err, EINVAL,
                       "spec.overflow: \"anywhere\" contradicts strategy \"required\", which keeps "
                       "pods on nodes of the units; remove one of the two");
    parse->policy->ignores_previous = object->ignore_previous == TRISTATE_TRUE;
    parse->policy->ignores_terminating = object->ignore_terminating != TRISTATE_FALSE;
    parse->policy->has_consumer_ref = object->has_consumer_ref;
    return 0;
}

static void copy_requirement(struct parse *parse, const struct requirement *from,
                             struct requirement *to)
{
    uint32_t *values = parse_alloc(parse, from->value_count, sizeof(*values));
    if (from->value_count > 0)
        memcpy(values, from->value_syms, from->value_count * sizeof(*values));
    *to = (struct requirement){from->key_sym, from->op, from->value_count, values};
}

/* Copies labels and those expressions that are usable; returns the index of the first that is not,
 * or the count. */
static uint32_t copy_selector(struct parse *parse)
{
    const struct policy_object *object = parse->object;
    struct pod_selector *selector = &parse->policy->selector;
    selector->labels =
        parse_labels(parse, object->selector, object->selector_count, &selector->label_count);
    struct requirement *copies =
        parse_alloc(parse, object->expression_count, sizeof(struct requirement));
    uint32_t first_bad = object->expression_count;
    for (uint32_t i = 0; i < object->expression_count; i++) {
        if (requirement_is_usable(&object->expressions[i]))
            copy_requirement(parse, &object->expressions[i], &copies[selector->expression_count++]);
        else if (first_bad == object->expression_count)
            first_bad = i;
    }
    selector->expressions = copies;
    return first_bad;
}

static int parse_selector(struct parse *parse)
{
    const struct policy_object *object = parse->object;
    uint32_t bad = copy_selector(parse);
    if (bad < object->expression_count)
        return err_set(parse->err, EINVAL,
                       "spec.matchExpressions[%u]: In and NotIn need values, Exists and "
                       "DoesNotExist take none, and there is no other operator here",
                       bad);
    uint32_t key_sym;
    if (pod_selector_is_contradictory(&parse->policy->selector, &key_sym))
        return err_set(parse->err, EINVAL,
                       "spec.selector, spec.matchExpressions: no pod can match, what is asked of "
                       "label \"%s\" contradicts itself",
                       symbol_text(parse->symbols, key_sym));
    return 0;
}

static int parse_keys(struct parse *parse)
{
    const struct policy_object *object = parse->object;
    uint32_t *keys = parse_alloc(parse, object->label_key_count, sizeof(*keys));
    for (uint32_t i = 0; i < object->label_key_count; i++) {
        if (object->label_keys[i] == SYM_EMPTY)
            return err_set(parse->err, EINVAL,
                           "spec.matchLabelKeys[%u]: is empty; name a label key", i);
        bool is_known = false;
        for (uint32_t k = 0; k < parse->policy->key_count; k++)
            is_known |= keys[k] == object->label_keys[i];
        if (!is_known)
            keys[parse->policy->key_count++] = object->label_keys[i];
    }
    parse->policy->key_syms = keys;
    if (parse->policy->key_count > OBJECT_LABEL_KEYS_MAX)
        return err_set(parse->err, EINVAL, "spec.matchLabelKeys: %u keys, at most %d are possible",
                       parse->policy->key_count, OBJECT_LABEL_KEYS_MAX);
    return 0;
}

static int parse_units(struct parse *parse)
{
    const struct policy_object *object = parse->object;
    if (object->unit_count == 0)
        return err_set(parse->err, EINVAL,
                       "spec.units: there is no unit, and pods would have nowhere to go; name at "
                       "least one, for example {resource: ecs}");
    if (object->unit_count > POLICY_UNITS_MAX)
        return err_set(parse->err, EINVAL, "spec.units: %u units, at most %d are possible",
                       object->unit_count, POLICY_UNITS_MAX);
    struct policy_unit *units = parse_alloc(parse, object->unit_count, sizeof(*units));
    for (uint32_t i = 0; i < object->unit_count; i++) {
        int rc = parse_unit(parse, i, &units[i]);
        if (rc < 0)
            return rc;
        /* Counted only when it is whole, so that names are compared with whole ones. */
        parse->policy->units = units;
        parse->policy->unit_count = i + 1;
    }
    return 0;
}

static size_t selector_bytes(const struct policy_object *object)
{
    size_t bytes = aligned(object->selector_count * sizeof(struct label)) +
                   aligned(object->expression_count * sizeof(struct requirement));
    for (uint32_t i = 0; i < object->expression_count; i++)
        bytes += aligned(object->expressions[i].value_count * sizeof(uint32_t));
    return bytes;
}

/* An empty policy, and behind it `bytes` for its arrays. */
static void parse_begin(struct parse *parse, size_t bytes)
{
    const struct object_meta *meta = &parse->object->meta;
    size_t head = aligned(sizeof(struct policy));
    char *block = mem_zalloc(1, head + bytes);
    parse->policy = (void *)block;
    parse->next = block + head;
    parse->end = parse->next + bytes;
    uint32_t name_sym = symbol_intern(parse->symbols, meta->name);
    *parse->policy = (struct policy){
        .namespace_sym = meta->namespace_sym,
        .name_sym = name_sym,
        .name = name_sym == SYM_FULL ? STR("") : symbol_str(parse->symbols, name_sym),
        .source = parse->object->source,
        .uid = meta->uid,
        .generation = meta->generation,
        .created_unix_s = meta->created_unix_s,
    };
}

static int parse_all(struct parse *parse)
{
    const struct policy_object *object = parse->object;
    if (object->problem.len > 0)
        return err_set(parse->err, EINVAL, STR_FMT, STR_ARG(object->problem));
    if (object->meta.name.len > POLICY_NAME_BYTES_MAX || parse->policy->name_sym == SYM_FULL)
        return err_set(parse->err, EINVAL, "metadata.name: cannot be kept");
    int rc = parse_selector(parse);
    rc = rc < 0 ? rc : parse_keys(parse);
    rc = rc < 0 ? rc : parse_modes(parse);
    rc = rc < 0 ? rc : parse_next(parse);
    return rc < 0 ? rc : parse_units(parse);
}

struct policy *policy_parse(const struct policy_object *object, const struct unit_types *types,
                            struct symbols *symbols, struct err *err)
{
    struct parse parse = {.object = object, .types = types, .symbols = symbols, .err = err};
    size_t bytes = selector_bytes(object) + aligned(object->label_key_count * sizeof(uint32_t)) +
                   aligned(object->unit_count * sizeof(struct policy_unit));
    for (uint32_t i = 0; i < object->unit_count; i++)
        bytes += parse_unit_bytes(&object->units[i]);
    parse_begin(&parse, bytes);
    if (parse_all(&parse) == 0)
        return parse.policy;
    policy_free(parse.policy);
    return NULL;
}

struct policy *policy_parse_selector(const struct policy_object *object, struct symbols *symbols)
{
    struct parse parse = {.object = object, .symbols = symbols};
    parse_begin(&parse, selector_bytes(object));
    bool is_whole = copy_selector(&parse) == object->expression_count;
    const struct pod_selector *selector = &parse.policy->selector;
    parse.policy->selects_nobody =
        !is_whole && selector->label_count == 0 && selector->expression_count == 0;
    return parse.policy;
}
