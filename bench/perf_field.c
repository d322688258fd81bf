#include "bench/perf_field.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "watch/yaml.h"

/* What is being read, and where. */
struct place {
    const struct perf_reader *reader;
    const struct perf_at *at; /* of the field */
    const char *key;
    const json_t *value;
    struct err *err;
};

typedef int read_field(const struct place *place, struct perf_op *op, size_t offset);

static int expected(const struct place *place, const char *what)
{
    return perf_doc_fail(place->reader->doc, place->at, place->err, "%s is %s", place->key, what);
}

static void *member_of(struct perf_op *op, size_t offset)
{
    return (char *)op + offset;
}

/* ---- kinds of values ---- */

static int set_number(const struct place *place, const json_t *value, int64_t max,
                      int64_t *ret_number)
{
    if (!json_is_integer(value))
        return expected(place, "a whole number");
    if (json_integer_value(value) < 0 || json_integer_value(value) > max)
        return perf_doc_fail(place->reader->doc, place->at, place->err,
                             "%s is %lld: 0 to %lld is expected", place->key,
                             (long long)json_integer_value(value), (long long)max);
    *ret_number = json_integer_value(value);
    return 0;
}

static int read_number(const struct place *place, struct perf_op *op, size_t offset)
{
    return set_number(place, place->value, PERF_COUNT_MAX, member_of(op, offset));
}

static int read_count(const struct place *place, struct perf_op *op, size_t offset)
{
    (void)offset;
    op->has_count = true;
    return read_number(place, op, offsetof(struct perf_op, count));
}

/* "$name": the workload's parameter of that name. */
static int find_param(const struct place *place, const json_t **ret_value)
{
    const char *text = json_string_value(place->value);
    if (!text || text[0] != '$' || !text[1])
        return expected(place, "the name of a parameter, as $name");
    const json_t *value = json_object_get(place->reader->params, text + 1);
    if (!value)
        return perf_doc_fail(place->reader->doc, place->at, place->err,
                             "the workload has no parameter \"%.60s\"", text + 1);
    *ret_value = value;
    return 0;
}

static int read_number_param(const struct place *place, struct perf_op *op, size_t offset)
{
    const json_t *value;
    int rc = find_param(place, &value);
    return rc < 0 ? rc : set_number(place, value, PERF_COUNT_MAX, member_of(op, offset));
}

static int read_count_param(const struct place *place, struct perf_op *op, size_t offset)
{
    (void)offset;
    op->has_count = true;
    return read_number_param(place, op, offsetof(struct perf_op, count));
}

static int read_bool(const struct place *place, struct perf_op *op, size_t offset)
{
    if (!json_is_boolean(place->value))
        return expected(place, "true or false");
    bool *into = member_of(op, offset);
    *into = json_is_true(place->value);
    return 0;
}

static int read_text(const struct place *place, struct perf_op *op, size_t offset)
{
    const char *text = json_string_value(place->value);
    if (!text || !*text || strlen(text) > 253 || strpbrk(text, "/?#% \"\\"))
        return expected(place, "a name");
    const char **into = member_of(op, offset);
    *into = text;
    return 0;
}

static int read_names(const struct place *place, struct perf_op *op, size_t offset)
{
    size_t count = json_array_size(place->value);
    for (size_t i = 0; i < count; i++)
        if (!json_is_string(json_array_get(place->value, i)))
            return expected(place, "a list of texts");
    if (!json_is_array(place->value))
        return expected(place, "a list of texts");
    const json_t **into = member_of(op, offset);
    *into = count > 0 ? place->value : NULL;
    return 0;
}

static int read_labels(const struct place *place, struct perf_op *op, size_t offset)
{
    const char *key;
    json_t *value;
    if (!json_is_object(place->value))
        return expected(place, "a map of texts");
    json_object_foreach((json_t *)(uintptr_t)place->value, key,
                        value) if (!json_is_string(value)) return expected(place, "a map of texts");
    const json_t **into = member_of(op, offset);
    *into = place->value;
    return 0;
}

/* "1m30s", "500ms": Go's durations, whole numbers only. */
static bool parse_duration(const char *text, int64_t *ret_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};
    int64_t sum = 0;
    if (!*text)
        return false;
    while (*text) {
        char *end;
        errno = 0;
        long long number = strtoll(text, &end, 10);
        if (end == text || errno != 0 || number < 0 || number > PERF_SLEEP_MS_MAX)
            return false;
        size_t i = 0;
        while (i < ARRAY_LEN(units) && strncmp(end, units[i].unit, strlen(units[i].unit)) != 0)
            i++;
        if (i == ARRAY_LEN(units))
            return false;
        sum += number * units[i].ms;
        if (sum > PERF_SLEEP_MS_MAX)
            return false;
        text = end + strlen(units[i].unit);
    }
    *ret_ms = sum;
    return true;
}

static int set_duration(const struct place *place, const json_t *value, struct perf_op *op)
{
    const char *text = json_string_value(value);
    if (!text || !parse_duration(text, &op->sleep_ms))
        return expected(place, "a duration as 1m30s, at most an hour");
    return 0;
}

static int read_duration(const struct place *place, struct perf_op *op, size_t offset)
{
    (void)offset;
    return set_duration(place, place->value, op);
}

static int read_duration_param(const struct place *place, struct perf_op *op, size_t offset)
{
    (void)offset;
    const json_t *value;
    int rc = find_param(place, &value);
    return rc < 0 ? rc : set_duration(place, value, op);
}

/* One of two words: whether it is the second. */
static int read_stage(const struct place *place, struct perf_op *op, size_t offset)
{
    (void)offset;
    const char *text = json_string_value(place->value);
    if (!text || (strcmp(text, "Scheduled") != 0 && strcmp(text, "Attempted") != 0))
        return expected(place, "Scheduled or Attempted");
    op->wants_attempted = text[0] == 'A';
    return 0;
}

static int read_mode(const struct place *place, struct perf_op *op, size_t offset)
{
    (void)offset;
    const char *text = json_string_value(place->value);
    if (!text || (strcmp(text, "create") != 0 && strcmp(text, "recreate") != 0))
        return expected(place, "create or recreate");
    op->recreates = text[0] == 'r';
    return 0;
}

/* ---- templates ---- */

static int add_template(const struct place *place, const char *relative, struct perf_op *op)
{
    struct perf_template *template = &op->templates[op->template_count];
    if (op->template_count == PERF_TEMPLATES_MAX)
        return expected(place, "a list that is too long");
    const char *base = place->reader->doc->path;
    const char *slash = strrchr(base, '/');
    size_t dir_len = relative[0] != '/' && slash ? (size_t)(slash - base) + 1 : 0;
    size_t size = dir_len + strlen(relative) + 1;
    template->path = mem_zalloc(size, 1);
    memcpy(template->path, base, dir_len);
    memcpy(template->path + dir_len, relative, size - dir_len);
    op->template_count++;
    struct err why = {0};
    template->text = perf_read_file(template->path, &template->len, &why);
    if (!template->text)
        return perf_doc_fail(place->reader->doc, place->at, place->err, "%s: %s", place->key,
                             why.text);
    return 0;
}

static int read_path(const struct place *place, struct perf_op *op, size_t offset)
{
    (void)offset;
    const char *path = json_string_value(place->value);
    return path && *path ? add_template(place, path, op) : expected(place, "a path");
}

static int read_paths(const struct place *place, struct perf_op *op, size_t offset)
{
    (void)offset;
    int rc = json_array_size(place->value) > 0 ? 0 : expected(place, "a list of paths");
    for (size_t i = 0; rc == 0 && i < json_array_size(place->value); i++) {
        const char *path = json_string_value(json_array_get(place->value, i));
        rc = path && *path ? add_template(place, path, op) : expected(place, "a list of paths");
    }
    return rc;
}

/* "$name" or "$name|default", the default as YAML; *ret_value is yours. */
static int resolve(const struct place *place, const char *text, json_t **ret_value)
{
    const char *bar = strchr(text, '|');
    char *name = bar ? mem_strndup(text + 1, (size_t)(bar - text) - 1) : mem_strdup(text + 1);
    json_t *value = json_incref(json_object_get(place->reader->params, name));
    struct err why = {0};
    if (!value && bar)
        value = yaml_to_json(str_from(bar + 1), &why);
    int rc = 0;
    if (!value && bar)
        rc = perf_doc_fail(place->reader->doc, place->at, place->err, "the default of %.60s: %s",
                           name, why.text);
    else if (!value)
        rc = perf_doc_fail(place->reader->doc, place->at, place->err,
                           "the workload has no parameter \"%.60s\"", name);
    free(name);
    *ret_value = value;
    return rc;
}

static int read_params(const struct place *place, struct perf_op *op, size_t offset)
{
    (void)offset;
    const char *key;
    json_t *value;
    if (!json_is_object(place->value))
        return expected(place, "a map");
    json_object_foreach((json_t *)(uintptr_t)place->value, key, value)
    {
        const char *text = json_string_value(value);
        json_t *resolved = NULL;
        int rc = text && text[0] == '$' ? resolve(place, text, &resolved) : 0;
        if (rc < 0)
            return rc;
        (void)json_object_set_new(op->params, key, resolved ? resolved : json_deep_copy(value));
    }
    return 0;
}

static int read_label_strategy(const struct place *place, struct perf_op *op, size_t offset)
{
    (void)offset;
    const char *key = json_string_value(json_object_get(place->value, "labelKey"));
    const json_t *values = json_object_get(place->value, "labelValues");
    bool is_unique = strcmp(place->key, "uniqueNodeLabelStrategy") == 0;
    bool is_right = key && json_object_size(place->value) == (is_unique ? 1 : 2) &&
                    (is_unique || json_array_size(values) > 0);
    for (size_t i = 0; is_right && i < json_array_size(values); i++)
        is_right = json_is_string(json_array_get(values, i));
    if (!is_right)
        return expected(place, is_unique ? "a map with labelKey"
                                         : "a map with labelKey and labelValues, a list of texts");
    op->label_key = key;
    op->label_values = values;
    return 0;
}

static int refuse(const struct place *place, struct perf_op *op, size_t offset)
{
    (void)op;
    (void)offset;
    return perf_doc_fail(place->reader->doc, place->at, place->err, "%s is not supported",
                         place->key);
}

static int skip(const struct place *place, struct perf_op *op, size_t offset)
{
    (void)place;
    (void)op;
    (void)offset;
    return 0;
}

/* ---- the table ---- */

#define OF(id)   (1u << PERF_##id)
#define AT(name) offsetof(struct perf_op, name)
#define COUNTED                                                                                    \
    (OF(CREATE_NODES) | OF(CREATE_NAMESPACES) | OF(CREATE_PODS) | OF(CREATE_POD_SETS) |            \
     OF(CREATE_ANY))

static const struct field {
    const char *key;
    uint32_t opcodes; /* that have it */
    read_field *read;
    size_t offset;
} fields[] = {
    {"opcode", UINT32_MAX, skip, 0},
    {"count", COUNTED, read_count, 0},
    {"countParam", COUNTED, read_count_param, 0},
    {"countMultiplierParam", OF(CREATE_PODS), read_number_param, AT(multiplier)},
    {"signatureBatchSize", OF(CREATE_PODS), read_number, AT(signature_batch)},
    {"signatureBatchSizeParam", OF(CREATE_PODS), read_number_param, AT(signature_batch)},
    {"nodeTemplatePath", OF(CREATE_NODES), read_path, 0},
    {"labelNodePrepareStrategy", OF(CREATE_NODES), read_label_strategy, 0},
    {"uniqueNodeLabelStrategy", OF(CREATE_NODES), read_label_strategy, 0},
    {"nodeAllocatableStrategy", OF(CREATE_NODES), refuse, 0},
    {"prefix", OF(CREATE_NAMESPACES), read_text, AT(prefix)},
    {"namespaceTemplatePath", OF(CREATE_NAMESPACES), read_path, 0},
    {"namespacePrefix", OF(CREATE_POD_SETS), read_text, AT(prefix)},
    {"createPodsOp", OF(CREATE_POD_SETS), skip, 0},
    {"namespace", OF(CREATE_PODS) | OF(DELETE_PODS) | OF(CHURN) | OF(CREATE_ANY), read_text,
     AT(namespace)},
    {"podTemplatePath", OF(CREATE_PODS), read_path, 0},
    {"collectMetrics", OF(CREATE_PODS), read_bool, AT(collects)},
    {"skipWaitToCompletion", OF(CREATE_PODS) | OF(DELETE_PODS), read_bool, AT(skips_wait)},
    {"steadyState", OF(CREATE_PODS), refuse, 0},
    {"steadyStateParam", OF(CREATE_PODS), refuse, 0},
    {"duration", OF(CREATE_PODS), refuse, 0},
    {"durationParam", OF(CREATE_PODS), refuse, 0},
    {"persistentVolumeTemplatePath", OF(CREATE_PODS), refuse, 0},
    {"persistentVolumeClaimTemplatePath", OF(CREATE_PODS), refuse, 0},
    {"templateParams", OF(CREATE_NODES) | OF(CREATE_PODS) | OF(CREATE_ANY), read_params, 0},
    {"deletePodsPerSecond", OF(DELETE_PODS), read_number, AT(per_second)},
    {"labelSelector", OF(DELETE_PODS) | OF(BARRIER) | OF(START_COLLECTING), read_labels,
     AT(labels)},
    {"mode", OF(CHURN), read_mode, 0},
    {"number", OF(CHURN), read_number, AT(number)},
    {"intervalMilliseconds", OF(CHURN), read_number, AT(interval_ms)},
    {"templatePaths", OF(CHURN), read_paths, 0},
    {"namespaces", OF(BARRIER) | OF(START_COLLECTING), read_names, AT(namespaces)},
    {"stageRequirement", OF(BARRIER), read_stage, 0},
    {"duration", OF(SLEEP), read_duration, 0},
    {"durationParam", OF(SLEEP), read_duration_param, 0},
    {"templatePath", OF(CREATE_ANY), read_path, 0},
    {"name", OF(START_COLLECTING), read_text, AT(name)},
};

static const struct field *find_field(const char *key, enum perf_opcode opcode)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (strcmp(fields[i].key, key) == 0 && (fields[i].opcodes & (1u << opcode)))
            return &fields[i];
    return NULL;
}

int perf_fields_read(const struct perf_reader *reader, const struct perf_at *at, const json_t *json,
                     struct perf_op *op, struct err *err)
{
    const char *key;
    json_t *value;
    bool has_param = json_object_get(json, "countParam") != NULL;
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        struct perf_at where = perf_at_key(at, key);
        const struct place place = {reader, &where, key, value, err};
        const struct field *field = find_field(key, op->opcode);
        if (!field)
            return perf_doc_fail(reader->doc, &where, err, "%s has no field \"%.60s\"",
                                 perf_opcode_name(op->opcode), key);
        if (has_param && strcmp(key, "count") == 0)
            continue; /* the parameter takes precedence */
        int rc = field->read(&place, op, field->offset);
        if (rc < 0)
            return rc;
    }
    if (op->opcode == PERF_CREATE_PODS && op->template_count == 0 && reader->default_pod_path) {
        const struct place place = {reader, at, "defaultPodTemplatePath", json, err};
        return add_template(&place, reader->default_pod_path, op);
    }
    return 0;
}
