#include "bench/trace.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"
#include "model/base/map.h"
#include "model/base/mem.h"
#include "model/base/str.h"

enum { NUMBER_MAX = 1000000000 }; /* a million cores, a PiB, 30 years: more is a broken file */

enum field_kind {
    FIELD_NAME,   /* a Kubernetes name: small letters, digits, '-', '.' */
    FIELD_WORD,   /* the value of a label, may be empty */
    FIELD_NUMBER, /* whole, from 0 */
    FIELD_MAYBE,  /* a number whose column may be missing */
};

struct field {
    const char *column;
    enum field_kind kind;
    size_t offset; /* in the row's struct */
};

static const struct field node_fields[] = {
    {"sn", FIELD_NAME, offsetof(struct trace_node, name)},
    {"cpu_milli", FIELD_NUMBER, offsetof(struct trace_node, cpu_milli)},
    {"memory_mib", FIELD_NUMBER, offsetof(struct trace_node, memory_mib)},
    {"gpu", FIELD_NUMBER, offsetof(struct trace_node, gpus)},
    {"model", FIELD_WORD, offsetof(struct trace_node, model)},
};

static const struct field pod_fields[] = {
    {"name", FIELD_NAME, offsetof(struct trace_pod, name)},
    {"cpu_milli", FIELD_NUMBER, offsetof(struct trace_pod, cpu_milli)},
    {"memory_mib", FIELD_NUMBER, offsetof(struct trace_pod, memory_mib)},
    {"num_gpu", FIELD_NUMBER, offsetof(struct trace_pod, gpus)},
    {"creation_time", FIELD_MAYBE, offsetof(struct trace_pod, created_s)},
};

struct reader {
    FILE *in;
    const char *file;
    const struct field *fields;
    size_t field_count;
    uint32_t line; /* from 1 */
    char text[TRACE_LINE_BYTES];
    struct str values[TRACE_COLUMNS_MAX]; /* of the line, in `text` */
    uint32_t value_count;
    uint32_t column_count;              /* of the first line */
    uint32_t places[TRACE_COLUMNS_MAX]; /* of each field; UINT32_MAX: no such column */
    struct map names;                   /* those seen; each must be new */
    struct err *err;
};

/* ---- lines ---- */

/* 1: a line is split into values; 0: the end; negative: see err. */
static int read_line(struct reader *reader)
{
    if (!fgets(reader->text, sizeof(reader->text), reader->in)) {
        if (ferror(reader->in))
            return err_set(reader->err, EIO, "%s: cannot be read", reader->file);
        return 0;
    }
    reader->line++;
    size_t len = strlen(reader->text);
    if (len + 1 == sizeof(reader->text))
        return err_set(reader->err, EINVAL, "%s:%u: the line is longer than %d bytes", reader->file,
                       reader->line, TRACE_LINE_BYTES - 2);
    while (len > 0 && (reader->text[len - 1] == '\n' || reader->text[len - 1] == '\r'))
        reader->text[--len] = '\0';
    reader->value_count = 0;
    for (char *at = reader->text;; at++) {
        char *end = at + strcspn(at, ",");
        if (reader->value_count == TRACE_COLUMNS_MAX)
            return err_set(reader->err, EINVAL, "%s:%u: more than %d columns", reader->file,
                           reader->line, TRACE_COLUMNS_MAX);
        reader->values[reader->value_count++] = (struct str){at, (size_t)(end - at)};
        if (!*end)
            return 1;
        at = end;
    }
}

static int read_header(struct reader *reader)
{
    int rc = read_line(reader);
    if (rc == 0)
        return err_set(reader->err, EINVAL,
                       "%s: the file is empty, a line of column names is "
                       "expected",
                       reader->file);
    if (rc < 0)
        return rc;
    reader->column_count = reader->value_count;
    for (size_t i = 0; i < reader->field_count; i++) {
        reader->places[i] = UINT32_MAX;
        for (uint32_t j = 0; j < reader->value_count; j++)
            if (str_is(reader->values[j], reader->fields[i].column))
                reader->places[i] = j;
        if (reader->places[i] == UINT32_MAX && reader->fields[i].kind != FIELD_MAYBE)
            return err_set(reader->err, EINVAL, "%s:1: a column \"%s\" is expected", reader->file,
                           reader->fields[i].column);
    }
    return 0;
}

/* ---- values ---- */

static int refuse(const struct reader *reader, const struct field *field, struct str value,
                  const char *expected)
{
    return err_set(reader->err, EINVAL, "%s:%u: %s \"%.*s\": %s is expected", reader->file,
                   reader->line, field->column, (int)(value.len < 80 ? value.len : 80), value.ptr,
                   expected);
}

static bool parse_number(struct str text, int64_t *ret_number)
{
    int64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        number = number * 10 + (text.ptr[i] - '0');
        if (number > NUMBER_MAX)
            return false;
    }
    *ret_number = number;
    return text.len > 0;
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_name(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_alnum(text.ptr[i]) && text.ptr[i] != '-' && text.ptr[i] != '.')
            return false;
    return text.len > 0 && text.len < TRACE_NAME_BYTES && is_alnum(text.ptr[0]) &&
           is_alnum(text.ptr[text.len - 1]);
}

static bool is_word(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_alnum((char)(text.ptr[i] | 0x20)))
            return false;
    return text.len < TRACE_NAME_BYTES;
}

static bool name_equal(const void *value, const void *key)
{
    return strcmp(value, key) == 0;
}

static int check_new(struct reader *reader, const struct field *field, struct str value)
{
    char *name = mem_strndup(value.ptr, value.len);
    uint64_t hash = hash_bytes(0, name, value.len);
    if (map_get(&reader->names, hash, name_equal, name)) {
        free(name);
        return refuse(reader, field, value, "a name that no row before has");
    }
    map_put(&reader->names, hash, name);
    return 0;
}

static int read_field(struct reader *reader, const struct field *field, struct str value, char *at)
{
    switch (field->kind) {
    case FIELD_NUMBER:
    case FIELD_MAYBE:
        if (parse_number(value, (int64_t *)(void *)at))
            return 0;
        return refuse(reader, field, value, "a whole number from 0 to 1000000000");
    case FIELD_NAME:
        if (!is_name(value))
            return refuse(reader, field, value,
                          "a name of 1 to 63 of the characters a-z, 0-9, '-' and '.'");
        memcpy(at, value.ptr, value.len);
        return check_new(reader, field, value);
    case FIELD_WORD:
        if (!is_word(value))
            return refuse(reader, field, value, "at most 63 letters and digits");
        memcpy(at, value.ptr, value.len);
        return 0;
    }
    CHECK_NEVER("a known kind of field");
}

/* ---- rows ---- */

static int read_row(struct reader *reader, char *row)
{
    if (reader->value_count != reader->column_count)
        return err_set(reader->err, EINVAL, "%s:%u: %u columns, %u are expected as in line 1",
                       reader->file, reader->line, reader->value_count, reader->column_count);
    for (size_t i = 0; i < reader->field_count; i++) {
        const struct field *field = &reader->fields[i];
        if (reader->places[i] == UINT32_MAX)
            continue;
        int rc = read_field(reader, field, reader->values[reader->places[i]], row + field->offset);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Rows of `row_bytes` each; *rows grows, *count tells how many are whole. */
static int read_rows(struct reader *reader, size_t row_bytes, char **rows, uint32_t *count)
{
    size_t capacity = 0;
    int rc = read_header(reader);
    while (rc == 0 && (rc = read_line(reader)) == 1) {
        if (*count == TRACE_ROWS_MAX)
            return err_set(reader->err, EFBIG, "%s:%u: more than %d rows", reader->file,
                           reader->line, TRACE_ROWS_MAX);
        if (*count == capacity) {
            capacity = mem_grow(capacity, *count + 1u);
            *rows = mem_resize(*rows, capacity, row_bytes);
        }
        char *row = *rows + *count * row_bytes;
        memset(row, 0, row_bytes);
        rc = read_row(reader, row);
        *count += rc == 0;
    }
    return rc;
}

static int read_file(struct reader *reader, size_t row_bytes, char **rows, uint32_t *count)
{
    map_init(&reader->names);
    int rc = read_rows(reader, row_bytes, rows, count);
    size_t position = 0;
    for (char *name; (name = map_next(&reader->names, &position));)
        free(name);
    map_fini(&reader->names);
    if (rc == 0 && *count == 0)
        rc = err_set(reader->err, EINVAL, "%s: rows are expected below the column names",
                     reader->file);
    return rc;
}

int trace_read_nodes(struct trace *trace, FILE *in, const char *name, struct err *err)
{
    CHECK(!trace->nodes);
    struct reader reader = {.in = in,
                            .file = name,
                            .fields = node_fields,
                            .field_count = ARRAY_LEN(node_fields),
                            .err = err};
    char *rows = NULL;
    int rc = read_file(&reader, sizeof(struct trace_node), &rows, &trace->node_count);
    trace->nodes = (struct trace_node *)(void *)rows;
    return rc;
}

/* qsort() is not stable: equal times are decided by the place in the file. */
struct ordered {
    struct trace_pod pod;
    uint32_t row;
};

static int compare_pods(const void *a, const void *b)
{
    const struct ordered *x = a, *y = b;
    if (x->pod.created_s != y->pod.created_s)
        return x->pod.created_s < y->pod.created_s ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void sort_pods(struct trace *trace)
{
    struct ordered *ordered = mem_zalloc(trace->pod_count, sizeof(*ordered));
    for (uint32_t i = 0; i < trace->pod_count; i++)
        ordered[i] = (struct ordered){trace->pods[i], i};
    qsort(ordered, trace->pod_count, sizeof(*ordered), compare_pods);
    for (uint32_t i = 0; i < trace->pod_count; i++)
        trace->pods[i] = ordered[i].pod;
    free(ordered);
}

int trace_read_pods(struct trace *trace, FILE *in, const char *name, struct err *err)
{
    CHECK(!trace->pods);
    struct reader reader = {.in = in,
                            .file = name,
                            .fields = pod_fields,
                            .field_count = ARRAY_LEN(pod_fields),
                            .err = err};
    char *rows = NULL;
    int rc = read_file(&reader, sizeof(struct trace_pod), &rows, &trace->pod_count);
    trace->pods = (struct trace_pod *)(void *)rows;
    if (rc < 0)
        return rc;
    if (reader.places[ARRAY_LEN(pod_fields) - 1] == UINT32_MAX)
        for (uint32_t i = 0; i < trace->pod_count; i++)
            trace->pods[i].created_s = i;
    sort_pods(trace);
    return 0;
}

void trace_fini(struct trace *trace)
{
    free(trace->nodes);
    free(trace->pods);
    *trace = (struct trace){0};
}
