/* Single members of a jansson tree, for the decoder's oracle: decode_oracle.h. */
#ifndef TESTS_MODEL_DECODE_ORACLE_BASE_H
#define TESTS_MODEL_DECODE_ORACLE_BASE_H

#include <jansson.h>
#include <stdio.h>

#include "model/quantity.h"
#include "model/timestamp.h"
#include "tests/model/decode_dump.h"

struct oracle {
    struct buf *out;
    enum decode_kind kind;
    bool is_wrong; /* the object has a problem */
};

/* The member when it is there, not null, and of the type; anything else that is there is wrong. */
static json_t *oracle_member(struct oracle *oracle, const json_t *object, const char *key,
                             json_type type)
{
    json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value))
        return NULL;
    if (json_typeof(value) == type)
        return value;
    oracle->is_wrong = true;
    return NULL;
}

static bool oracle_present(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return value && !json_is_null(value);
}

static struct str oracle_value(struct oracle *oracle, const json_t *string)
{
    struct str text = {json_string_value(string), json_string_length(string)};
    if (text.len <= DECODE_STRING_BYTES_MAX)
        return text;
    oracle->is_wrong = true;
    return (struct str){"", 0};
}

static struct str oracle_text(struct oracle *oracle, const json_t *object, const char *key)
{
    const json_t *value = oracle_member(oracle, object, key, JSON_STRING);
    return value ? oracle_value(oracle, value) : (struct str){"", 0};
}

static int64_t oracle_int(struct oracle *oracle, const json_t *object, const char *key, int64_t low,
                          int64_t high)
{
    const json_t *value = oracle_member(oracle, object, key, JSON_INTEGER);
    int64_t number = value ? json_integer_value(value) : 0;
    if (value && (number < low || number > high)) {
        oracle->is_wrong = true;
        return 0;
    }
    return number;
}

static bool oracle_bool(struct oracle *oracle, const json_t *object, const char *key)
{
    json_t *flag = json_object_get(object, key);
    oracle->is_wrong |= flag && !json_is_boolean(flag) && !json_is_null(flag);
    return json_is_true(flag);
}

static int64_t oracle_time(struct oracle *oracle, const json_t *object, const char *key)
{
    const json_t *value = oracle_member(oracle, object, key, JSON_STRING);
    int64_t unix_us = 0;
    if (value && !timestamp_parse(oracle_value(oracle, value), &unix_us))
        oracle->is_wrong = true;
    return (unix_us - ((unix_us % 1000000 + 1000000) % 1000000)) / 1000000;
}

static void oracle_amounts(struct oracle *oracle, const char *name, const json_t *object,
                           const char *key)
{
    json_t *map = oracle_member(oracle, object, key, JSON_OBJECT), *value;
    const char *resource;
    (void)buf_printf(oracle->out, " %s=%s{", name, map ? "set" : "unset");
    json_object_foreach(map, resource, value)
    {
        char digits[32];
        struct str text = {"", 0};
        int64_t amount = 0;
        if (json_is_integer(value)) {
            (void)snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(value));
            text = str_from(digits);
        } else if (json_is_string(value)) {
            text = oracle_value(oracle, value);
        }
        bool is_valid = strcmp(resource, "cpu") == 0 ? quantity_milli(text, &amount)
                                                     : quantity_value(text, &amount);
        if (json_is_null(value))
            amount = 0;
        else if (!is_valid || amount < 0 || (amount == INT64_MAX && oracle->kind == DECODE_POD))
            oracle->is_wrong = true;
        dump_str(oracle->out, "name", str_from(resource));
        dump_int(oracle->out, "amount", amount);
    }
    if (map && json_object_size(map) > OBJECT_RESOURCES_MAX)
        oracle->is_wrong = true;
    (void)buf_add_str(oracle->out, "}");
}

static void oracle_labels(struct oracle *oracle, const char *name, const json_t *object,
                          const char *key)
{
    json_t *map = oracle_member(oracle, object, key, JSON_OBJECT), *value;
    const char *label;
    json_object_foreach(map, label, value)
    {
        oracle->is_wrong |= !json_is_string(value) && !json_is_null(value);
        dump_str(oracle->out, name, str_from(label));
        dump_str(oracle->out, "is",
                 json_is_string(value) ? oracle_value(oracle, value) : (struct str){"", 0});
    }
    if (map && json_object_size(map) > OBJECT_LABELS_MAX)
        oracle->is_wrong = true;
}

static uint32_t oracle_count(struct oracle *oracle, const json_t *object, const char *key)
{
    return (uint32_t)json_array_size(oracle_member(oracle, object, key, JSON_ARRAY));
}

/* An array of objects; items of other types are wrong and dropped, as the caller does by NULL. */
static json_t *oracle_list(struct oracle *oracle, const json_t *object, const char *key, size_t max)
{
    json_t *list = oracle_member(oracle, object, key, JSON_ARRAY), *item;
    size_t i;
    json_array_foreach(list, i, item) oracle->is_wrong |= !json_is_object(item);
    oracle->is_wrong |= list && json_array_size(list) > max;
    return list;
}

static void oracle_image(struct oracle *oracle, const char *key, struct str name)
{
    char tagged[2048] = "";
    const char *colon = strrchr(name.ptr, ':'), *slash = strrchr(name.ptr, '/');
    bool has_tag = colon && (!slash || colon > slash);
    if (name.len > 0 && name.len <= 1024 && !has_tag) {
        (void)snprintf(tagged, sizeof(tagged), "%s:latest", name.ptr);
        name = str_from(tagged);
    }
    dump_str(oracle->out, key, name);
}

#endif
