/* manifests/crd.yaml beside the code: what the decoder reads and what the writer writes is in the
 * schema, and nothing else is. The apiserver prunes a field that is not there without a word. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "model/decode_table.h"
#include "model/names.h"
#include "watch/write_body_policy.h"
#include "watch/yaml.h"

static json_t *read_yaml(const char *path)
{
    struct buf text CLEANUP(buf_fini);
    struct err err = {0};
    char block[4096];
    buf_init(&text, YAML_BYTES_MAX);
    FILE *file = fopen(path, "re");
    cr_assert_not_null(file, "%s cannot be read", path);
    for (size_t len; (len = fread(block, 1, sizeof(block), file)) > 0;)
        (void)buf_add(&text, block, len);
    (void)fclose(file);
    json_t *tree = yaml_to_json(buf_str(&text), &err);
    cr_assert_not_null(tree, "%s: %s", path, err.text);
    return tree;
}

/* The only version of the CRD; lent by the tree. */
static json_t *crd_version(const json_t *crd)
{
    json_t *versions = json_object_get(json_object_get(crd, "spec"), "versions");
    cr_assert_eq(json_array_size(versions), 1);
    return json_array_get(versions, 0);
}

static json_t *crd_schema(const json_t *crd, const char *field)
{
    json_t *schema =
        json_object_get(json_object_get(crd_version(crd), "schema"), "openAPIV3Schema");
    json_t *part = json_object_get(json_object_get(schema, "properties"), field);
    cr_assert_not_null(part, "the schema has no %s", field);
    return part;
}

static bool is_type(const json_t *schema, const char *type)
{
    const char *written = json_string_value(json_object_get(schema, "type"));
    return written && strcmp(written, type) == 0;
}

static bool is_int_or_string(const json_t *schema)
{
    return json_is_true(json_object_get(schema, "x-kubernetes-int-or-string"));
}

/* ---- what is read ---- */

static const struct decode_field *find_field(const struct decode_table *table, const char *key)
{
    for (uint32_t i = 0; i < table->count; i++)
        if (strcmp(table->fields[i].key, key) == 0)
            return &table->fields[i];
    return NULL;
}

/* Whether a value that the schema lets through is one that the decoder reads. */
static bool schema_fits(const json_t *schema, const struct decode_field *field)
{
    const json_t *more = json_object_get(schema, "additionalProperties");
    const json_t *items = json_object_get(schema, "items");
    switch ((int)field->kind) {
    case FIELD_TEXT:
    case FIELD_SYMBOL:
    case FIELD_PARSED:
        return is_type(schema, "string");
    case FIELD_BOOL:
    case FIELD_TRISTATE:
        return is_type(schema, "boolean");
    case FIELD_INT:
        return is_type(schema, "integer") &&
               json_integer_value(json_object_get(schema, "minimum")) == field->low &&
               json_integer_value(json_object_get(schema, "maximum")) == field->high;
    case FIELD_NUMBER_OR_TEXT:
        return is_int_or_string(schema);
    case FIELD_LABELS:
        return is_type(schema, "object") && is_type(more, "string");
    case FIELD_AMOUNTS:
        return is_type(schema, "object") && is_int_or_string(more);
    case FIELD_SYMBOLS:
        return is_type(schema, "array") && is_type(items, "string");
    case FIELD_LIST:
        return is_type(schema, "array") && is_type(items, "object");
    case FIELD_PRESENT:
    case FIELD_OBJECT:
        return is_type(schema, "object");
    default:
        return false;
    }
}

/* Compares both ways; returns how many fields there are, with those below. */
static size_t expect_equal(const json_t *schema, const struct decode_table *table, const char *path)
{
    json_t *properties = json_object_get(schema, "properties");
    const char *key;
    json_t *property;
    size_t count = 0;
    for (uint32_t i = 0; i < table->count; i++) {
        const struct decode_field *field = &table->fields[i];
        char below[128];
        (void)snprintf(below, sizeof(below), "%s.%s", path, field->key);
        property = json_object_get(properties, field->key);
        cr_expect_not_null(property, "%s is read, and pruned by the apiserver", below);
        cr_expect(!property || schema_fits(property, field), "%s: read as another type", below);
        const json_t *inner =
            field->kind == FIELD_LIST ? json_object_get(property, "items") : property;
        count += 1 + (field->table ? expect_equal(inner, field->table, below) : 0);
    }
    json_object_foreach(properties, key, property)
        cr_expect_not_null(find_field(table, key), "%s.%s is accepted and not read", path, key);
    return count;
}

Test(crd, every_field_of_the_spec_that_is_read_is_in_the_schema_and_no_other)
{
    json_t *crd = read_yaml("manifests/crd.yaml");
    const struct decode_field *spec = find_field(&decode_policy_table, "spec");
    cr_assert_not_null(spec);
    size_t count = expect_equal(crd_schema(crd, "spec"), spec->table, "spec");
    cr_expect_gt(count, 25, "%zu fields", count);
    json_decref(crd);
}

/* Each description is what kubectl explain says of the field. */
static void expect_described(const json_t *schema, const char *path)
{
    const char *key;
    json_t *property;
    const json_t *items = json_object_get(schema, "items");
    json_object_foreach(json_object_get(items ? items : schema, "properties"), key, property)
    {
        char below[128];
        (void)snprintf(below, sizeof(below), "%s.%s", path, key);
        if (strncmp(below, "spec.consumerRef.", 17) == 0)
            continue; /* an ObjectReference, as everywhere */
        cr_expect(json_string_length(json_object_get(property, "description")) > 0,
                  "%s is not described", below);
        expect_described(property, below);
    }
}

Test(crd, every_field_of_the_spec_is_described)
{
    json_t *crd = read_yaml("manifests/crd.yaml");
    expect_described(crd_schema(crd, "spec"), "spec");
    json_decref(crd);
}

/* ---- what is written ---- */

static const char *type_name(const json_t *value)
{
    switch ((int)json_typeof(value)) {
    case JSON_OBJECT:
        return "object";
    case JSON_ARRAY:
        return "array";
    case JSON_STRING:
        return "string";
    case JSON_INTEGER:
        return "integer";
    default:
        return "another";
    }
}

static void expect_written(const json_t *schema, json_t *value, const char *path)
{
    const char *key;
    json_t *member;
    cr_expect(is_type(schema, type_name(value)), "%s is written as %s", path, type_name(value));
    if (json_is_array(value)) {
        cr_expect_gt(json_array_size(value), 0, "%s is empty", path);
        expect_written(json_object_get(schema, "items"), json_array_get(value, 0), path);
    }
    json_t *properties = json_object_get(schema, "properties");
    json_object_foreach(value, key, member)
    {
        char below[128];
        (void)snprintf(below, sizeof(below), "%s.%s", path, key);
        const json_t *property = json_object_get(properties, key);
        cr_expect_not_null(property, "%s is written, and pruned by the apiserver", below);
        if (property)
            expect_written(property, member, below);
    }
    json_object_foreach(properties, key, member)
        cr_expect_not_null(json_object_get(value, key), "%s.%s is never written", path, key);
}

/* A status with everything that can be in it. */
static json_t *write_status(void)
{
    const struct policy_status_unit unit = {
        .name = STR("ecs"),
        .pods = 4,
        .max = STR("4"),
        .max_pods = UINT32_MAX,
        .has_max = true,
        .resource_count = 1,
        .resources = {{NAME_CPU, 1, 2}},
        .refusal = STR("full, 4 of 4 pods"),
        .refused_unix_s = 1,
    };
    const struct policy_status_group group = {STR("app=news"), {4}, 1};
    const struct policy_status_condition condition = {true, "Accepted", STR("text"), 1};
    const struct policy_status status = {
        .name = STR("burst"),
        .observed_generation = 2,
        .accepted_generation = 1,
        .accepted = condition,
        .ready = condition,
        .overlap = STR("2 pods"),
        .waiting = 3,
        .unit_count = 1,
        .units = &unit,
        .group_count = 1,
        .group_total = 1,
        .groups = &group,
    };
    struct symbols *symbols = names_symbols_new(1);
    struct buf body CLEANUP(buf_fini);
    buf_init(&body, 1 << 16);
    write_body_policy(&body, symbols, STR("uid"), &status);
    symbols_free(symbols);
    json_t *tree = json_loadb(body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(tree, "%s", body.data);
    return tree;
}

Test(crd, the_status_that_is_written_is_the_status_of_the_schema)
{
    json_t *crd = read_yaml("manifests/crd.yaml");
    json_t *written = write_status();
    expect_written(crd_schema(crd, "status"), json_object_get(written, "status"), "status");
    json_decref(written);
    json_decref(crd);
}
