#include "bench/csv.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum {
    VALUE_BYTES = 80, /* of a value, in messages */
};

/* Fractions are read to fifteen digits: those of a GiB come out exact to the byte. */
#define FRACTION_ONE INT64_C(1000000000000000)
__extension__ typedef __int128 wide;

const char *csv_fault_text(enum csv_fault fault)
{
    static const char *const texts[CSV_FAULTS] = {
        [CSV_LINE] = "lines that are cut, too long, badly quoted or of other columns",
        [CSV_NUMBER] = "values that are no number, or none that can be",
        [CSV_NAME] = "names that cannot be, or are not known",
        [CSV_TWICE] = "names that an earlier row has",
        [CSV_TIMES] = "times in an order that cannot be",
    };
    CHECK(fault < CSV_FAULTS);
    return texts[fault];
}

static int refuse_line(struct csv *csv, const char *what, struct err *err)
{
    csv->fault = CSV_LINE;
    return err_set(err, EINVAL, "%s:%u: %s", csv->path, csv->line, what);
}

int csv_refuse(struct csv *csv, enum csv_fault fault, uint32_t column, const char *expected,
               struct err *err)
{
    struct str value = csv_field(csv, column);
    csv->fault = fault;
    return err_set(err, EINVAL, "%s:%u: %s \"%.*s\": %s is expected", csv->path, csv->line,
                   csv->columns[column].name,
                   (int)(value.len < VALUE_BYTES ? value.len : VALUE_BYTES), value.ptr, expected);
}

/* ---- lines ---- */

/* Reads one line without its end into `text`. 1, 0 at the end of the file, or negative; a line that
 * is refused was read to its end. */
static int read_line(struct csv *csv, size_t *ret_len, struct err *err)
{
    size_t len = 0;
    int c;
    while ((c = getc_unlocked(csv->in)) != EOF && c != '\n') {
        if (len < CSV_LINE_BYTES)
            csv->text[len] = (char)c;
        len++;
    }
    if (ferror(csv->in))
        return err_set(err, EIO, "%s: cannot be read: %s", csv->path, strerror(errno));
    if (c == EOF && len == 0)
        return 0;
    csv->line++;
    if (len >= CSV_LINE_BYTES) {
        char text[64];
        (void)snprintf(text, sizeof(text), "the line is longer than %d bytes", CSV_LINE_BYTES - 1);
        return refuse_line(csv, text, err);
    }
    if (c == EOF) /* a number may have lost digits: nobody can tell */
        return refuse_line(csv, "the file is cut: the end of the line is expected", err);
    if (len > 0 && csv->text[len - 1] == '\r')
        len--;
    csv->text[len] = '\0';
    *ret_len = len;
    return 1;
}

/* Takes the quotes off the field that begins at `at`, in place. Where it ends; NULL: it does not.
 */
static char *unquote(char *at, const char *end, struct str *ret_field)
{
    char *to = at, *from = at + 1;
    for (;; from++) {
        if (from >= end)
            return NULL;
        bool doubled = *from == '"' && from + 1 < end && from[1] == '"';
        if (*from == '"' && !doubled)
            break;
        from += doubled;
        *to++ = *from;
    }
    from++;
    if (from < end && *from != ',')
        return NULL;
    *ret_field = (struct str){at, (size_t)(to - at)};
    return from;
}

static int split_line(struct csv *csv, size_t len, struct err *err)
{
    char *at = csv->text, *end = csv->text + len;
    csv->field_count = 0;
    for (;; at++) {
        if (csv->field_count == CSV_COLUMNS_MAX)
            return refuse_line(csv, "more columns than can be read", err);
        struct str *field = &csv->fields[csv->field_count++];
        if (at < end && *at == '"') {
            at = unquote(at, end, field);
            if (!at)
                return refuse_line(csv, "a quoted field has to end in its line, before a comma",
                                   err);
        } else {
            char *comma = memchr(at, ',', (size_t)(end - at));
            *field = (struct str){at, (size_t)((comma ? comma : end) - at)};
            at = comma ? comma : end;
        }
        if (at >= end)
            return 0;
    }
}

/* 1 and split, 0 at the end, or negative. */
static int next_line(struct csv *csv, struct err *err)
{
    size_t len = 0;
    int rc = read_line(csv, &len, err);
    if (rc <= 0)
        return rc;
    rc = split_line(csv, len, err);
    return rc < 0 ? rc : 1;
}

/* ---- tables ---- */

static int read_header(struct csv *csv, struct err *err)
{
    int rc = next_line(csv, err);
    if (rc == 0)
        return err_set(err, EINVAL, "%s: the file is empty, a line of column names is expected",
                       csv->path);
    if (rc < 0)
        return rc;
    if (str_starts(csv->fields[0], "\xef\xbb\xbf")) { /* the byte order mark of spreadsheets */
        csv->fields[0].ptr += 3;
        csv->fields[0].len -= 3;
    }
    csv->width = csv->field_count;
    for (uint32_t i = 0; i < csv->column_count; i++) {
        csv->places[i] = UINT32_MAX;
        for (uint32_t j = 0; j < csv->width; j++) {
            if (!str_is(csv->fields[j], csv->columns[i].name))
                continue;
            if (csv->places[i] != UINT32_MAX)
                return err_set(err, EINVAL, "%s:1: one column \"%s\" is expected, not two",
                               csv->path, csv->columns[i].name);
            csv->places[i] = j;
        }
        if (csv->places[i] == UINT32_MAX && !csv->columns[i].may_lack)
            return err_set(err, EINVAL, "%s:1: a column \"%s\" is expected", csv->path,
                           csv->columns[i].name);
    }
    return 0;
}

int csv_open(struct csv *csv, const char *path, const struct csv_column *columns,
             uint32_t column_count, struct err *err)
{
    CHECK(column_count <= CSV_COLUMNS_MAX);
    *csv = (struct csv){.path = path, .columns = columns, .column_count = column_count};
    csv->in = fopen(path, "re");
    if (!csv->in)
        return err_set(err, errno, "%s: cannot be read: %s", path, strerror(errno));
    int rc = read_header(csv, err);
    if (rc < 0)
        csv_close(csv);
    return rc;
}

void csv_close(struct csv *csv)
{
    if (csv->in)
        (void)fclose(csv->in);
    csv->in = NULL;
}

int csv_next(struct csv *csv, struct err *err)
{
    int rc = next_line(csv, err);
    if (rc <= 0 || csv->field_count == csv->width)
        return rc;
    char text[80];
    (void)snprintf(text, sizeof(text), "%u columns, %u are expected as in line 1", csv->field_count,
                   csv->width);
    return refuse_line(csv, text, err);
}

bool csv_has(const struct csv *csv, uint32_t column)
{
    CHECK(column < csv->column_count);
    return csv->places[column] != UINT32_MAX;
}

struct str csv_field(const struct csv *csv, uint32_t column)
{
    return csv_has(csv, column) ? csv->fields[csv->places[column]] : STR("");
}

bool csv_is_missing(const struct csv *csv, uint32_t column)
{
    struct str field = csv_field(csv, column);
    return field.len == 0 || str_is(field, "nan") || str_is(field, "NaN");
}

/* ---- numbers ---- */

/* "12" or "12.50": the part before the point, and that behind it of FRACTION_ONE. */
static bool parse_number(struct str text, int64_t *ret_whole, int64_t *ret_fraction)
{
    int64_t whole = 0, fraction = 0, unit = FRACTION_ONE;
    size_t i = 0;
    for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++) {
        whole = whole * 10 + (text.ptr[i] - '0');
        if (whole > CSV_NUMBER_MAX)
            return false;
    }
    if (i == 0)
        return false;
    if (i < text.len) {
        if (text.ptr[i] != '.' || i + 1 == text.len)
            return false;
        for (i++; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++) {
            unit /= 10;
            fraction += unit * (text.ptr[i] - '0');
        }
    }
    *ret_whole = whole;
    *ret_fraction = fraction;
    return i == text.len;
}

int csv_read_number(struct csv *csv, uint32_t column, const struct csv_number *wanted,
                    int64_t *ret_number, struct err *err)
{
    /* so that the product does not overflow */
    CHECK(wanted->max <= CSV_NUMBER_MAX && wanted->scale >= 0 && wanted->scale <= 1 << 30);
    int64_t whole, fraction;
    struct str field = csv_field(csv, column);
    bool fine = parse_number(field, &whole, &fraction) && whole >= wanted->min &&
                (whole < wanted->max || (whole == wanted->max && fraction == 0)) &&
                (wanted->scale > 0 || fraction == 0);
    if (!fine) {
        char expected[80];
        (void)snprintf(expected, sizeof(expected), "a %snumber from %" PRId64 " to %" PRId64,
                       wanted->scale > 0 ? "" : "whole ", wanted->min, wanted->max);
        return csv_refuse(csv, CSV_NUMBER, column, expected, err);
    }
    *ret_number = whole;
    if (wanted->scale > 0)
        *ret_number = whole * wanted->scale +
                      (int64_t)(((wide)fraction * wanted->scale + FRACTION_ONE / 2) / FRACTION_ONE);
    return 0;
}
