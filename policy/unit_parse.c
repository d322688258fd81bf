/* One entry of spec.units: numbers, names, and what its type brings along. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/buf.h"
#include "policy/cost.h"
#include "policy/pair_text.h"
#include "policy/parse.h"
#include "policy/unit_presets.h"

/* Not written on pods and not asked of them (elastic-policies 1.3). */
#define WAIT_LABEL "k8s.aliyun.com/resource-policy-wait-for-ecs-scaling"

/* With this annotation ACS chooses class and quality itself: the labels of the type stay away. */
#define ACS_STRATEGY_ANNOTATION "alpha.alibabacloud.com/compute-qos-strategy"

enum { KNOWN_TYPES_BYTES = 256 };

static int fail(struct parse *parse, uint32_t index, const char *field, const char *what)
{
    return err_set(parse->err, EINVAL, "spec.units[%u]%s: %s", index, field, what);
}

static int unknown_type(struct parse *parse, uint32_t index, struct str resource)
{
    struct buf known;
    buf_init(&known, KNOWN_TYPES_BYTES);
    for (uint32_t i = UNIT_TYPE_ANY + 1; i < parse->types->count; i++) {
        const char *name = symbol_text(parse->symbols, parse->types->items[i].name_sym);
        (void)buf_printf(&known, "%s%s", i > UNIT_TYPE_ANY + 1 ? ", " : "", name);
    }
    int rc = err_set(parse->err, EINVAL,
                     "spec.units[%u].resource: \"" STR_FMT "\" is no unit type; known are " STR_FMT,
                     index, STR_ARG(resource), STR_ARG(buf_str(&known)));
    buf_fini(&known);
    return rc;
}

static int parse_type(struct parse *parse, uint32_t index, struct policy_unit *unit)
{
    struct str resource = parse->object->units[index].resource;
    unit->type = UNIT_TYPE_ANY;
    if (resource.len == 0)
        return 0;
    unit->type = unit_types_find(parse->types, symbol_find(parse->symbols, resource));
    for (uint32_t i = 0; unit->type == UNIT_TYPES_MAX && i < parse->types->count; i++) {
        const char *name = symbol_text(parse->symbols, parse->types->items[i].name_sym);
        if (parse_word(resource, &name, 1) == 0)
            unit->type = i;
    }
    return unit->type < UNIT_TYPES_MAX ? 0 : unknown_type(parse, index, resource);
}

/* Names stand in sentences, where ": " and "; " end them. */
static bool name_is_fit(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool is_mark = c == ':' || c == ';';
        if (c < ' ' || c == 0x7f || (is_mark && i + 1 < name.len && name.ptr[i + 1] == ' '))
            return false;
    }
    return name.len <= POLICY_NAME_BYTES_MAX && name.ptr[0] != ' ' &&
           name.ptr[name.len - 1] != ' ' && name.ptr[name.len - 1] != ':';
}

static int parse_name(struct parse *parse, uint32_t index, struct policy_unit *unit)
{
    struct str name = parse->object->units[index].name;
    struct str resource = parse->object->units[index].resource;
    char text[POLICY_NAME_BYTES_MAX + 16];
    if (name.len == 0) {
        const char *kind =
            resource.len > 0 ? symbol_text(parse->symbols, parse->types->items[unit->type].name_sym)
                             : "unit";
        int len = snprintf(text, sizeof(text), "%s-%u", kind, index);
        name = (struct str){text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1};
    }
    if (!name_is_fit(name))
        return fail(parse, index, ".name",
                    "at most 253 bytes, no control characters, no \": \" or \"; \", no space or "
                    "colon at an end");
    unit->name_sym = symbol_intern(parse->symbols, name);
    if (unit->name_sym == SYM_FULL)
        return fail(parse, index, ".name", "the table of names is full");
    uint32_t other = policy_unit_find(parse->policy, unit->name_sym);
    if (other < POLICY_UNITS_MAX)
        return err_set(parse->err, EINVAL,
                       "spec.units[%u].name: \"" STR_FMT "\" is the name of units[%u] too; names "
                       "must differ",
                       index, STR_ARG(name), other);
    return 0;
}

/* "4" or "30%". Digits only: no sign, no spaces, no fractions. */
static bool quota_parse(struct str text, struct pod_quota *ret_quota)
{
    struct pod_quota quota = {.is_set = true};
    if (text.len > 0 && text.ptr[text.len - 1] == '%') {
        quota.is_percent = true;
        text.len--;
    }
    int64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        value = value * 10 + (text.ptr[i] - '0');
        if (value > (quota.is_percent ? 100 : INT32_MAX))
            return false;
    }
    quota.value = (int32_t)value;
    if (text.len > 0)
        *ret_quota = quota;
    return text.len > 0;
}

static int parse_quotas(struct parse *parse, uint32_t index, struct policy_unit *unit)
{
    const struct unit_object *object = &parse->object->units[index];
    if (object->max.len > 0 && !quota_parse(object->max, &unit->max))
        return err_set(parse->err, EINVAL,
                       "spec.units[%u].max: \"" STR_FMT "\" must be a number of pods from 0 to "
                       "2147483647 or a share from 0%% to 100%%",
                       index, STR_ARG(object->max));
    if (object->min.len > 0 && !quota_parse(object->min, &unit->min))
        return err_set(parse->err, EINVAL,
                       "spec.units[%u].min: \"" STR_FMT "\" must be a number of pods from 0 to "
                       "2147483647 or a share from 0%% to 100%%",
                       index, STR_ARG(object->min));
    bool compare =
        unit->min.is_set && unit->max.is_set && (unit->min.is_percent == unit->max.is_percent);
    if (compare && unit->min.value > unit->max.value)
        return err_set(parse->err, EINVAL,
                       "spec.units[%u].min: " STR_FMT " is over max " STR_FMT
                       "; lower min or raise max",
                       index, STR_ARG(object->min), STR_ARG(object->max));
    parse->policy->has_min |= unit->min.is_set;
    parse->policy->has_percent |= unit->min.is_percent || unit->max.is_percent;
    return 0;
}

static int compare_scalars(const void *a, const void *b)
{
    return symbol_compare(&((const struct scalar *)a)->name_sym,
                          &((const struct scalar *)b)->name_sym);
}

static int parse_resources(struct parse *parse, uint32_t index, struct policy_unit *unit)
{
    const struct amounts *from = &parse->object->units[index].max_resources;
    if (from->count > POLICY_RESOURCES_MAX)
        return err_set(parse->err, EINVAL,
                       "spec.units[%u].maxResources: %u resources, at most %d are possible", index,
                       from->count, POLICY_RESOURCES_MAX);
    struct scalar *copy = parse_alloc(parse, from->count, sizeof(*copy));
    for (uint32_t i = 0; i < from->count; i++) {
        const struct scalar *item = &from->items[i];
        if (item->amount < 0)
            return err_set(parse->err, EINVAL,
                           "spec.units[%u].maxResources[%s]: is negative; write 0 or more", index,
                           symbol_text(parse->symbols, item->name_sym));
        uint32_t place = 0; /* of a name given twice the last counts, as in a JSON object */
        while (place < unit->resource_count && copy[place].name_sym != item->name_sym)
            place++;
        copy[place] = *item;
        unit->resource_count += place == unit->resource_count;
    }
    if (unit->resource_count > 1)
        qsort(copy, unit->resource_count, sizeof(*copy), compare_scalars);
    unit->resources = copy;
    return 0;
}

static bool pairs_have(const struct label *pairs, uint32_t count, uint32_t key_sym)
{
    for (uint32_t i = 0; i < count; i++)
        if (pairs[i].key_sym == key_sym)
            return true;
    return false;
}

/* Takes the wait label out, if it is there. */
static void take_wait_label(struct parse *parse, struct label *labels, struct policy_unit *unit)
{
    uint32_t wait_sym = symbol_find(parse->symbols, STR(WAIT_LABEL));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < unit->label_count; i++) {
        if (labels[i].key_sym == wait_sym)
            unit->waits |= str_is(symbol_str(parse->symbols, labels[i].value_sym), "true");
        else
            labels[kept++] = labels[i];
    }
    unit->label_count = kept;
}

static void add_type_labels(struct parse *parse, struct policy_unit *unit)
{
    const struct unit_type *type = &parse->types->items[unit->type];
    struct label *copy = parse_alloc(parse, type->label_count, sizeof(*copy));
    unit->type_labels = copy;
    uint32_t strategy_sym = symbol_find(parse->symbols, STR(ACS_STRATEGY_ANNOTATION));
    if (pairs_have(unit->annotations, unit->annotation_count, strategy_sym))
        return;
    for (uint32_t i = 0; i < type->label_count; i++)
        if (!pairs_have(unit->labels, unit->label_count, type->labels[i].key_sym))
            copy[unit->type_label_count++] = type->labels[i];
}

/* Nobody else checks what a binding writes on a pod. */
static int check_pairs(struct parse *parse, uint32_t index, const struct policy_unit *unit)
{
    const struct label *lists[] = {unit->labels, unit->annotations};
    const uint32_t counts[] = {unit->label_count, unit->annotation_count};
    const char *const fields[] = {"podLabels", "podAnnotations"};
    for (uint32_t k = 0; k < ARRAY_LEN(lists); k++)
        for (uint32_t i = 0; i < counts[k]; i++) {
            struct str key = symbol_str(parse->symbols, lists[k][i].key_sym);
            struct str value = symbol_str(parse->symbols, lists[k][i].value_sym);
            if (!pair_key_is_valid(key))
                return err_set(parse->err, EINVAL,
                               "spec.units[%u].%s: \"" STR_FMT "\" is no key; a key is at most 63 "
                               "letters, digits, '-', '_' or '.', after a DNS name and '/' if any",
                               index, fields[k], STR_ARG(key));
            if (k == 0 && !label_value_is_valid(value))
                return err_set(parse->err, EINVAL,
                               "spec.units[%u].podLabels[" STR_FMT "]: \"" STR_FMT "\" is no value "
                               "of a label; at most 63 letters, digits, '-', '_' or '.'",
                               index, STR_ARG(key), STR_ARG(value));
        }
    return 0;
}

static int parse_pairs(struct parse *parse, uint32_t index, struct policy_unit *unit)
{
    const struct unit_object *object = &parse->object->units[index];
    struct labels labels = {object->pod_label_count,
                            parse_alloc(parse, object->pod_label_count, sizeof(struct label))};
    if (labels.count > 0)
        memcpy(labels.items, object->pod_labels, labels.count * sizeof(struct label));
    labels_sort(&labels);
    unit->label_count = labels.count;
    unit->labels = labels.items;
    take_wait_label(parse, labels.items, unit);
    unit->annotations = parse_labels(parse, object->pod_annotations, object->pod_annotation_count,
                                     &unit->annotation_count);
    if (unit->label_count > POLICY_PAIRS_MAX || unit->annotation_count > POLICY_PAIRS_MAX)
        return fail(parse, index, ".podLabels, .podAnnotations", "at most 16 each are possible");
    uint64_t *hashes = parse_alloc(parse, unit->annotation_count, sizeof(*hashes));
    for (uint32_t i = 0; i < unit->annotation_count; i++) {
        struct str key = symbol_str(parse->symbols, unit->annotations[i].key_sym);
        struct str value = symbol_str(parse->symbols, unit->annotations[i].value_sym);
        if (key.len + value.len > OBJECT_PAIR_BYTES_MAX)
            return fail(parse, index, ".podAnnotations", "a pair is over 4096 bytes");
        hashes[i] = object_pair_hash(key, value);
    }
    unit->annotation_hashes = hashes;
    add_type_labels(parse, unit);
    return check_pairs(parse, index, unit);
}

/* Whether no node can be of the type and carry the unit's nodeSelector. */
static bool selector_contradicts_type(const struct policy_unit *unit, const struct unit_type *type)
{
    uint32_t key_sym;
    for (uint32_t i = 0; i < type->term_count; i++) {
        const struct node_term *term = &type->terms[i];
        bool is_usable = term->field_count == 0;
        for (uint32_t e = 0; e < term->expression_count; e++)
            is_usable &= requirement_is_usable(&term->expressions[e]);
        struct pod_selector both = {unit->selector_count, term->expression_count, unit->selector,
                                    term->expressions};
        /* A term with Gt, Lt or names of nodes is given the benefit of the doubt. */
        if (!is_usable || !pod_selector_is_contradictory(&both, &key_sym))
            return false;
    }
    return type->term_count > 0;
}

static int parse_selector(struct parse *parse, uint32_t index, struct policy_unit *unit)
{
    const struct unit_object *object = &parse->object->units[index];
    const struct unit_type *type = &parse->types->items[unit->type];
    unit->selector = parse_labels(parse, object->node_selector, object->node_selector_count,
                                  &unit->selector_count);
    if (unit->selector_count > 0 && selector_contradicts_type(unit, type))
        return err_set(parse->err, EINVAL,
                       "spec.units[%u].nodeSelector: no node of type %s can carry these labels; "
                       "change the selector or the resource",
                       index, symbol_text(parse->symbols, type->name_sym));
    return 0;
}

static int parse_times(struct parse *parse, uint32_t index, struct policy_unit *unit)
{
    const struct unit_object *object = &parse->object->units[index];
    char path[64];
    if (object->timeout.len > 0 && parse->policy->next_rule != NEXT_TIMEOUT_OR_FULL)
        return fail(parse, index, ".timeout",
                    "only goes with spec.whenTryNextUnits.policy TimeoutOrExceedMax; set that "
                    "policy or remove the timeout");
    unit->timeout_ms = parse->policy->timeout_ms;
    (void)snprintf(path, sizeof(path), "spec.units[%u].timeout", index);
    int rc = parse_duration(parse, path, object->timeout, &unit->timeout_ms);
    (void)snprintf(path, sizeof(path), "spec.units[%u].coolDown", index);
    return rc < 0 ? rc : parse_duration(parse, path, object->cool_down, &unit->cool_down_ms);
}

int parse_unit(struct parse *parse, uint32_t index, struct policy_unit *unit)
{
    const struct unit_object *object = &parse->object->units[index];
    *unit = (struct policy_unit){.is_spot = object->is_spot};
    int rc = parse_type(parse, index, unit);
    if (rc < 0)
        return rc;
    unit->waits = parse->types->items[unit->type].waits;
    /* scaleInWeight has no documented meaning: taken as the cost itself, lowest leaves first. */
    unit->scale_in_cost = object->has_scale_in_weight
                              ? object->scale_in_weight
                              : cost_of_unit(index, parse->object->unit_count);
    rc = parse_name(parse, index, unit);
    rc = rc < 0 ? rc : parse_selector(parse, index, unit);
    rc = rc < 0 ? rc : parse_quotas(parse, index, unit);
    rc = rc < 0 ? rc : parse_resources(parse, index, unit);
    rc = rc < 0 ? rc : parse_pairs(parse, index, unit);
    return rc < 0 ? rc : parse_times(parse, index, unit);
}

size_t parse_unit_bytes(const struct unit_object *unit)
{
    enum { SLACK_BYTES = 64 }; /* each of the seven arrays may be rounded up */
    size_t pairs = unit->node_selector_count + unit->pod_label_count + unit->pod_annotation_count +
                   UNIT_TYPE_LABELS_MAX;
    return pairs * sizeof(struct label) + unit->pod_annotation_count * sizeof(uint64_t) +
           unit->max_resources.count * sizeof(struct scalar) + SLACK_BYTES;
}
