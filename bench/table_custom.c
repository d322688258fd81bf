#include "bench/table_custom.h"

#include <stdlib.h>
#include <string.h>

#include "bench/crd.h"
#include "bench/table.h"
#include "model/timestamp.h"

/* The columns of the version that our table of kinds serves; a column for the age when it has
 * none. Yours. */
static json_t *columns_of(const struct object *definition)
{
    struct str raw;
    json_t *columns = NULL;
    const struct kind *kind = crd_defines(definition);
    json_t *versions = object_field(definition, "spec.versions", &raw)
                           ? json_loadb(raw.ptr, raw.len, 0, NULL)
                           : NULL;
    for (size_t i = 0; kind && i < json_array_size(versions); i++) {
        const json_t *version = json_array_get(versions, i);
        const char *name = json_string_value(json_object_get(version, "name"));
        if (name && strcmp(name, kind->version) == 0)
            columns = json_incref(json_object_get(version, "additionalPrinterColumns"));
    }
    json_decref(versions);
    if (columns)
        return columns;
    return json_pack("[{s:s, s:s, s:s}]", "name", "Age", "type", "date", "jsonPath",
                     ".metadata.creationTimestamp");
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void add_quoted(struct buf *out, const char *text)
{
    (void)buf_add_str(out, "\"");
    (void)buf_add_json(out, text, strlen(text));
    (void)buf_add_str(out, "\"");
}

void custom_columns(const struct object *definition, struct buf *out)
{
    static const char *const members[] = {"name", "type", "format", "description"};
    json_t *columns = columns_of(definition);
    for (size_t i = 0; i < json_array_size(columns); i++) {
        const json_t *column = json_array_get(columns, i);
        (void)buf_add_str(out, ",{");
        for (size_t m = 0; m < ARRAY_LEN(members); m++) {
            (void)buf_printf(out, "\"%s\":", members[m]);
            add_quoted(out, text_of(column, members[m]));
            (void)buf_add_str(out, ",");
        }
        (void)buf_printf(out, "\"priority\":%lld}",
                         (long long)json_integer_value(json_object_get(column, "priority")));
    }
    json_decref(columns);
}

/* ---- paths ---- */

/* The item of a list that "[2]" or "[?(@.type==\"Ready\")]" names; *path is moved behind it. */
static const json_t *step_item(const json_t *list, const char **path)
{
    const char *open = *path, *close = strchr(open, ']');
    static const char filter[] = "[?(@.";
    char key[64], value[128];
    if (!close)
        return NULL;
    *path = close + 1;
    if (strncmp(open, filter, sizeof(filter) - 1) != 0) {
        char *end;
        unsigned long long index = strtoull(open + 1, &end, 10);
        return end == close ? json_array_get(list, (size_t)index) : NULL;
    }
    const char *name = open + sizeof(filter) - 1;
    size_t name_len = strcspn(name, "="), value_len = 0;
    if (strncmp(name + name_len, "==\"", 3) == 0)
        value_len = strcspn(name + name_len + 3, "\"");
    if (name_len >= sizeof(key) || value_len == 0 || value_len >= sizeof(value))
        return NULL;
    memcpy(key, name, name_len);
    key[name_len] = '\0';
    memcpy(value, name + name_len + 3, value_len);
    value[value_len] = '\0';
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(text_of(json_array_get(list, i), key), value) == 0)
            return json_array_get(list, i);
    return NULL;
}

static const json_t *find_path(const json_t *json, const char *path)
{
    char name[128];
    while (json && *path) {
        if (*path == '[') {
            json = step_item(json, &path);
            continue;
        }
        path += *path == '.';
        size_t len = strcspn(path, ".[");
        if (len == 0 || len >= sizeof(name))
            return NULL;
        memcpy(name, path, len);
        name[len] = '\0';
        json = json_object_get(json, name);
        path += len;
    }
    return json;
}

/* ---- cells ---- */

static void add_date(const json_t *value, int64_t now_s, struct buf *out)
{
    char age[64];
    int64_t us;
    const char *text = json_string_value(value);
    if (!text || !timestamp_parse(str_from(text), &us)) {
        (void)buf_add_str(out, "\"<invalid>\"");
        return;
    }
    table_age(now_s - us / 1000000, age, sizeof(age));
    add_quoted(out, age);
}

static void add_cell(const json_t *value, const char *type, int64_t now_s, struct buf *out)
{
    if (!value || json_is_null(value)) {
        (void)buf_add_str(out, "null");
    } else if (strcmp(type, "date") == 0) {
        add_date(value, now_s, out);
    } else if (strcmp(type, "string") != 0 || json_is_string(value)) {
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        (void)buf_add_str(out, text ? text : "null");
        free(text);
    } else {
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        add_quoted(out, text ? text : "");
        free(text);
    }
}

void custom_cells(const struct object *definition, const struct row *row, struct buf *out)
{
    json_t *columns = columns_of(definition);
    for (size_t i = 0; i < json_array_size(columns); i++) {
        const json_t *column = json_array_get(columns, i);
        (void)buf_add_str(out, ",");
        add_cell(find_path(row->json, text_of(column, "jsonPath")), text_of(column, "type"),
                 row->now_s, out);
    }
    json_decref(columns);
}
