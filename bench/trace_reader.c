#include "bench/trace_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"

enum { MS_PER_S = 1000 };

void trace_reader_init(struct trace_reader *reader, struct workload *workload,
                       const struct trace_options *options, struct trace_loaded *loaded)
{
    *reader = (struct trace_reader){.workload = workload, .options = options, .loaded = loaded};
}

void trace_reader_fini(struct trace_reader *reader)
{
    csv_close(&reader->csv);
    free(reader->seen);
    reader->seen = NULL;
}

/* ---- rows ---- */

/* A row was refused: counted and passed over, or the end. */
static int on_refused(struct trace_reader *reader, struct err *err)
{
    if (!reader->options->skip_bad)
        return -EINVAL;
    struct trace_skipped *skipped = &reader->loaded->skipped;
    enum csv_fault fault = reader->csv.fault;
    if (skipped->counts[fault]++ == 0)
        (void)snprintf(skipped->first[fault], sizeof(skipped->first[fault]), "%s", err->text);
    skipped->total++;
    return 0;
}

static int read_rows(struct trace_reader *reader, const struct trace_file *file,
                     uint32_t *ret_count, struct err *err)
{
    uint32_t count = 0;
    for (;;) {
        struct err refused = {0};
        int rc = csv_next(&reader->csv, &refused);
        if (rc == 0)
            break;
        if (rc == 1)
            rc = file->row(reader, &refused);
        count += rc == 0;
        if (rc == -EINVAL)
            rc = on_refused(reader, &refused);
        if (rc < 0)
            return err_set(err, refused.code, "%s", refused.text);
    }
    *ret_count = count;
    return 0;
}

int trace_read_file(struct trace_reader *reader, const struct trace_file *file, const char *dir,
                    const char *name, struct err *err)
{
    int len = snprintf(reader->path, sizeof(reader->path), "%s/%s", dir, name);
    if (len < 0 || len >= TRACE_PATH_BYTES)
        return err_set(err, ENAMETOOLONG, "%s/%s: at most %d bytes are expected", dir, name,
                       TRACE_PATH_BYTES - 1);
    if (reader->seen)
        memset(reader->seen, 0, reader->seen_capacity * sizeof(*reader->seen));
    int rc = csv_open(&reader->csv, reader->path, file->columns, file->column_count, err);
    if (rc < 0)
        return rc;
    uint32_t count = 0;
    rc = read_rows(reader, file, &count, err);
    if (rc == 0 && count == 0)
        rc = err_set(err, EINVAL, "%s: %s below the column names", reader->path,
                     reader->csv.line == 1 ? "rows are expected" : "not one row is usable");
    csv_close(&reader->csv);
    return rc;
}

/* ---- names ---- */

int trace_intern(struct trace_reader *reader, struct str text, uint32_t *ret_sym, struct err *err)
{
    uint32_t sym = symbol_intern(reader->workload->symbols, text);
    if (sym == SYM_FULL)
        return err_set(err, ENOSPC, "%s:%u: more names than can be kept", reader->csv.path,
                       reader->csv.line);
    *ret_sym = sym;
    return 0;
}

static bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_name(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_lower(text.ptr[i]) && text.ptr[i] != '-' && text.ptr[i] != '.')
            return false;
    return text.len > 0 && is_lower(text.ptr[0]) && is_lower(text.ptr[text.len - 1]);
}

bool trace_is_word(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_alnum(text.ptr[i]) && (text.ptr[i] == '\0' || !strchr("-_.", text.ptr[i])))
            return false;
    return text.len == 0 || (text.len < TRACE_NAME_BYTES && is_alnum(text.ptr[0]) &&
                             is_alnum(text.ptr[text.len - 1]));
}

/* Marks the name as one of this file's; false: it was. */
static bool mark_seen(struct trace_reader *reader, uint32_t sym)
{
    if (sym >= reader->seen_capacity) {
        uint32_t capacity = (uint32_t)mem_grow(reader->seen_capacity, (size_t)sym + 1);
        reader->seen = mem_resize(reader->seen, capacity, sizeof(*reader->seen));
        memset(reader->seen + reader->seen_capacity, 0,
               (capacity - reader->seen_capacity) * sizeof(*reader->seen));
        reader->seen_capacity = capacity;
    }
    bool was = reader->seen[sym];
    reader->seen[sym] = true;
    return !was;
}

int trace_read_name(struct trace_reader *reader, uint32_t column, const char *prefix,
                    uint32_t *ret_sym, struct err *err)
{
    char text[TRACE_NAME_BYTES];
    struct str field = csv_field(&reader->csv, column);
    size_t prefix_len = strlen(prefix);
    if (field.len == 0 || prefix_len + field.len >= sizeof(text))
        return csv_refuse(&reader->csv, CSV_NAME, column, "a name of 1 to 63 characters", err);
    memcpy(text, prefix, prefix_len);
    for (size_t i = 0; i < field.len; i++)
        text[prefix_len + i] = field.ptr[i] == '_' ? '-' : field.ptr[i];
    struct str name = {text, prefix_len + field.len};
    if (!is_name(name))
        return csv_refuse(&reader->csv, CSV_NAME, column,
                          "a name of the characters a-z, 0-9, '-', '_' and '.'", err);
    uint32_t sym;
    int rc = trace_intern(reader, name, &sym, err);
    if (rc < 0)
        return rc;
    if (!mark_seen(reader, sym))
        return csv_refuse(&reader->csv, CSV_TWICE, column, "a name that no row before has", err);
    *ret_sym = sym;
    return 0;
}

int trace_read_word(struct trace_reader *reader, uint32_t column, uint32_t *ret_sym,
                    struct err *err)
{
    if (csv_is_missing(&reader->csv, column)) {
        *ret_sym = SYM_EMPTY;
        return 0;
    }
    struct str field = csv_field(&reader->csv, column);
    if (!trace_is_word(field))
        return csv_refuse(&reader->csv, CSV_NAME, column,
                          "at most 63 letters, digits, '-', '_' and '.'", err);
    return trace_intern(reader, field, ret_sym, err);
}

int trace_read_time(struct trace_reader *reader, uint32_t column, int64_t missing_ms,
                    int64_t *ret_ms, struct err *err)
{
    static const struct csv_number seconds = {0, TRACE_SECONDS_MAX, MS_PER_S};
    if (csv_is_missing(&reader->csv, column)) {
        *ret_ms = missing_ms;
        return 0;
    }
    return csv_read_number(&reader->csv, column, &seconds, ret_ms, err);
}

/* ---- what is offered and asked for ---- */

int trace_add_extended(struct trace_reader *reader, struct workload_amounts *amounts,
                       const char *resource, int64_t amount, struct err *err)
{
    CHECK(amounts->extended_count < WORKLOAD_EXTENDED_MAX);
    struct workload_amount *place = &amounts->extended[amounts->extended_count];
    place->amount = amount;
    int rc = trace_intern(reader, str_from(resource), &place->name_sym, err);
    amounts->extended_count += rc == 0;
    return rc;
}

int trace_add_gpus(struct trace_reader *reader, struct workload_amounts *amounts, int64_t gpu_milli,
                   struct err *err)
{
    if (gpu_milli == 0)
        return 0;
    if (reader->options->gpu_shares)
        return trace_add_extended(reader, amounts, TRACE_GPU_CORE, (gpu_milli + 9) / 10, err);
    return trace_add_extended(reader, amounts, TRACE_WHOLE_GPU, (gpu_milli + 999) / 1000, err);
}

int trace_add_label(struct trace_reader *reader, struct workload_label *labels, uint32_t *count,
                    const char *key, uint32_t value_sym, struct err *err)
{
    CHECK(*count < WORKLOAD_LABELS_MAX);
    labels[*count].value_sym = value_sym;
    int rc = trace_intern(reader, str_from(key), &labels[*count].key_sym, err);
    *count += rc == 0;
    return rc;
}

/* ---- nodes and pods ---- */

int trace_add_node(struct trace_reader *reader, const struct workload_node_kind *kind,
                   uint32_t name_sym, struct err *err)
{
    struct workload *workload = reader->workload;
    if (workload->node_count == WORKLOAD_NODES_MAX)
        return err_set(err, EFBIG, "%s:%u: more than %d nodes", reader->csv.path, reader->csv.line,
                       WORKLOAD_NODES_MAX);
    struct workload_node node = {.name_sym = name_sym,
                                 .kind = workload_add_node_kind(workload, kind),
                                 .leaves_ms = INT64_MAX};
    workload_add_node(workload, &node);
    return 0;
}

int trace_add_pod(struct trace_reader *reader, const struct workload_pod_kind *kind,
                  const struct workload_pod *pod, struct err *err)
{
    struct workload *workload = reader->workload;
    if (workload->pod_count == WORKLOAD_PODS_MAX)
        return err_set(err, EFBIG, "%s:%u: more than %d pods", reader->csv.path, reader->csv.line,
                       WORKLOAD_PODS_MAX);
    struct workload_pod copy = *pod;
    copy.kind = workload_add_pod_kind(workload, kind);
    if (reader->options->stay)
        copy.runs_ms = copy.gone_ms = INT64_MAX;
    workload_add_pod(workload, &copy);
    return 0;
}
