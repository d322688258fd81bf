/* Tables in CSV files: columns by name, quotes, numbers, and what a bad row is told. */
#include "bench/csv.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME, AMOUNT, NOTE };

static const struct csv_column columns[] = {
    [NAME] = {"name", false}, [AMOUNT] = {"amount", false}, [NOTE] = {"note", true}};

struct table {
    char path[32];
    struct csv csv;
    struct err err;
};

/* A file of these bytes, opened; what opening it came to. */
static int table_open(struct table *table, const char *bytes, size_t len)
{
    *table = (struct table){.path = "/tmp/spillway-test-XXXXXX"};
    int fd = mkstemp(table->path);
    cr_assert(fd >= 0);
    cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
    close(fd);
    return csv_open(&table->csv, table->path, columns, ARRAY_LEN(columns), &table->err);
}

static void table_close(struct table *table)
{
    csv_close(&table->csv);
    unlink(table->path);
}

/* What a message says behind the path of the file. */
static const char *message(const struct table *table)
{
    size_t len = strlen(table->path);
    cr_assert_eq(strncmp(table->err.text, table->path, len), 0, "%s", table->err.text);
    return table->err.text + len;
}

static void expect_field(const struct table *table, uint32_t column, const char *text)
{
    struct str field = csv_field(&table->csv, column);
    cr_expect(str_is(field, text), "\"" STR_FMT "\" is not \"%s\"", STR_ARG(field), text);
}

static void expect_row(struct table *table, const char *name, const char *amount, const char *note)
{
    cr_assert_eq(csv_next(&table->csv, &table->err), 1, "%s", table->err.text);
    expect_field(table, NAME, name);
    expect_field(table, AMOUNT, amount);
    expect_field(table, NOTE, note);
}

#define OPEN(table, text) table_open(table, text, strlen(text))

Test(csv, finds_columns_by_name_wherever_they_are)
{
    struct table table;
    cr_assert_eq(OPEN(&table, "amount,other,name\r\n7,x,a\r\n,,\r\n"), 0);
    cr_expect(csv_has(&table.csv, NAME));
    cr_expect_not(csv_has(&table.csv, NOTE));
    expect_row(&table, "a", "7", "");
    expect_row(&table, "", "", "");
    cr_expect_eq(csv_next(&table.csv, &table.err), 0);
    table_close(&table);
}

Test(csv, takes_quotes_off_and_the_mark_of_spreadsheets)
{
    struct table table;
    cr_assert_eq(OPEN(&table, "\xef\xbb\xbfname,\"amount\",note\n"
                              "\"a,b\",\"\",\"say \"\"no\"\"\"\n\"\"\"\",1,in \"it\"\n"),
                 0);
    expect_row(&table, "a,b", "", "say \"no\"");
    expect_row(&table, "\"", "1", "in \"it\"");
    table_close(&table);
}

Test(csv, knows_how_tables_say_that_there_is_no_value)
{
    struct table table;
    cr_assert_eq(OPEN(&table, "name,amount,note\nnan,,NaN\nnano,0,x\n"), 0);
    cr_assert_eq(csv_next(&table.csv, &table.err), 1);
    for (uint32_t i = NAME; i <= NOTE; i++)
        cr_expect(csv_is_missing(&table.csv, i), "column %u", i);
    cr_assert_eq(csv_next(&table.csv, &table.err), 1);
    for (uint32_t i = NAME; i <= NOTE; i++)
        cr_expect_not(csv_is_missing(&table.csv, i), "column %u", i);
    table_close(&table);
}

/* ---- numbers ---- */

static const struct {
    const char *text;
    struct csv_number wanted;
    int64_t number;
} numbers[] = {
    {"0", {0, 10, 0}, 0},
    {"010", {0, 10, 0}, 10},
    {"16.0", {0, 16, 0}, 16}, /* as pandas writes columns with gaps */
    {"2000000000", {0, CSV_NUMBER_MAX, 0}, 2000000000},
    {"12", {0, 100, 1000}, 12000},
    {"12.5", {0, 100, 1000}, 12500},
    {"0.67", {0, 8, 1000}, 670},
    {"120.0", {0, 1000, 1 << 30}, 120LL << 30},
    {"1171.8798828125", {0, 2000, 1 << 30}, 1258296442880},
    {"2029855.0000000002", {0, 1000000000, 1000}, 2029855000},
    {"0.0005", {0, 1, 1000}, 1}, /* rounded to the nearest */
    {"0.0004", {0, 1, 1000}, 0},
    {"2000000000.0", {0, CSV_NUMBER_MAX, 1 << 30}, 2000000000LL << 30},
};

Test(csv, reads_numbers_in_the_unit_that_is_wanted)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct table table;
        char text[128];
        int64_t number = -1;
        snprintf(text, sizeof(text), "name,amount\na,%s\n", numbers[i].text);
        cr_assert_eq(OPEN(&table, text), 0);
        cr_assert_eq(csv_next(&table.csv, &table.err), 1);
        cr_expect_eq(csv_read_number(&table.csv, AMOUNT, &numbers[i].wanted, &number, &table.err),
                     0, "%s: %s", numbers[i].text, table.err.text);
        cr_expect_eq(number, numbers[i].number, "%s: %lld", numbers[i].text, (long long)number);
        table_close(&table);
    }
}

static const struct {
    const char *text;
    struct csv_number wanted;
    const char *error;
} bad_numbers[] = {
    {"12x", {0, 99, 0}, ":2: amount \"12x\": a whole number from 0 to 99 is expected"},
    {"", {0, 99, 0}, ":2: amount \"\": a whole number from 0 to 99 is expected"},
    {"-1", {0, 99, 0}, ":2: amount \"-1\": a whole number from 0 to 99 is expected"},
    {" 1", {0, 99, 0}, ":2: amount \" 1\": a whole number from 0 to 99 is expected"},
    {"1.5", {0, 99, 0}, ":2: amount \"1.5\": a whole number from 0 to 99 is expected"},
    {"100", {0, 99, 0}, ":2: amount \"100\": a whole number from 0 to 99 is expected"},
    {"0", {1, 99, 0}, ":2: amount \"0\": a whole number from 1 to 99 is expected"},
    {"99.01", {0, 99, 10}, ":2: amount \"99.01\": a number from 0 to 99 is expected"},
    {"0.9", {1, 99, 10}, ":2: amount \"0.9\": a number from 1 to 99 is expected"},
    {"1.", {0, 99, 10}, ":2: amount \"1.\": a number from 0 to 99 is expected"},
    {".5", {0, 99, 10}, ":2: amount \".5\": a number from 0 to 99 is expected"},
    {"1.5.2", {0, 99, 10}, ":2: amount \"1.5.2\": a number from 0 to 99 is expected"},
    {"1e3", {0, 99, 10}, ":2: amount \"1e3\": a number from 0 to 99 is expected"},
    {"nan", {0, 99, 10}, ":2: amount \"nan\": a number from 0 to 99 is expected"},
    {"inf", {0, 99, 10}, ":2: amount \"inf\": a number from 0 to 99 is expected"},
    {"99999999999999999999999",
     {0, 99, 0},
     ":2: amount \"99999999999999999999999\": a whole "
     "number from 0 to 99 is expected"},
};

Test(csv, tells_where_a_number_is_none_and_what_was_expected)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_numbers); i++) {
        struct table table;
        char text[128];
        int64_t number = -1;
        snprintf(text, sizeof(text), "name,amount\na,%s\n", bad_numbers[i].text);
        cr_assert_eq(OPEN(&table, text), 0);
        cr_assert_eq(csv_next(&table.csv, &table.err), 1);
        cr_expect_eq(
            csv_read_number(&table.csv, AMOUNT, &bad_numbers[i].wanted, &number, &table.err),
            -EINVAL);
        cr_expect_str_eq(message(&table), bad_numbers[i].error);
        cr_expect_eq(table.csv.fault, CSV_NUMBER);
        cr_expect_eq(number, -1);
        table_close(&table);
    }
}

/* ---- what is no table ---- */

static const struct {
    const char *text, *error;
} bad_headers[] = {
    {"", ": the file is empty, a line of column names is expected"},
    {"name,amoun\n", ":1: a column \"amount\" is expected"},
    {"name,amount,name\n", ":1: one column \"name\" is expected, not two"},
    {"name,amount", ":1: the file is cut: the end of the line is expected"},
};

Test(csv, opens_no_file_that_lacks_a_column)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_headers); i++) {
        struct table table;
        cr_expect_eq(OPEN(&table, bad_headers[i].text), -EINVAL);
        cr_expect_str_eq(message(&table), bad_headers[i].error);
        table_close(&table);
    }
}

Test(csv, says_which_file_cannot_be_read)
{
    struct csv csv;
    struct err err;
    cr_expect_eq(csv_open(&csv, "/nowhere.csv", columns, ARRAY_LEN(columns), &err), -ENOENT);
    cr_expect_str_eq(err.text, "/nowhere.csv: cannot be read: No such file or directory");
    cr_expect_eq(csv_open(&csv, "/tmp", columns, ARRAY_LEN(columns), &err), -EIO);
    cr_expect_str_eq(err.text, "/tmp: cannot be read: Is a directory");
}

static const struct {
    const char *row, *error;
} bad_rows[] = {
    {"a", ":2: 1 columns, 3 are expected as in line 1"},
    {"", ":2: 1 columns, 3 are expected as in line 1"},
    {"a,1,x,y", ":2: 4 columns, 3 are expected as in line 1"},
    {"a,\"1,x", ":2: a quoted field has to end in its line, before a comma"},
    {"a,\"1\"2,x", ":2: a quoted field has to end in its line, before a comma"},
};

/* A bad row is passed over as one line: the row behind it is read. */
Test(csv, goes_on_behind_a_bad_row)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
        struct table table;
        char text[128];
        snprintf(text, sizeof(text), "name,amount,note\n%s\nb,2,y\n", bad_rows[i].row);
        cr_assert_eq(OPEN(&table, text), 0);
        cr_expect_eq(csv_next(&table.csv, &table.err), -EINVAL, "row %zu", i);
        cr_expect_str_eq(message(&table), bad_rows[i].error);
        cr_expect_eq(table.csv.fault, CSV_LINE);
        expect_row(&table, "b", "2", "y");
        cr_expect_eq(table.csv.line, 3);
        table_close(&table);
    }
}

/* "aaa...,1" of so many bytes and a line end; where it ends. */
static char *add_line(char *at, char letter, size_t bytes)
{
    memset(at, letter, bytes - 2);
    memcpy(at + bytes - 2, ",1\n", 3);
    return at + bytes + 1;
}

Test(csv, holds_lines_of_its_limit_and_no_longer_ones)
{
    static char text[3 * CSV_LINE_BYTES];
    struct table table;
    char *end = text + snprintf(text, sizeof(text), "name,amount\n");
    end = add_line(end, 'a', CSV_LINE_BYTES - 1);
    end = add_line(end, 'b', CSV_LINE_BYTES);
    end = add_line(end, 'c', 3);
    cr_assert_eq(table_open(&table, text, (size_t)(end - text)), 0);
    cr_assert_eq(csv_next(&table.csv, &table.err), 1, "%s", table.err.text);
    cr_expect_eq(csv_field(&table.csv, NAME).len, CSV_LINE_BYTES - 3);
    cr_expect_eq(csv_next(&table.csv, &table.err), -EINVAL);
    cr_expect_str_eq(message(&table), ":3: the line is longer than 4095 bytes");
    expect_row(&table, "c", "1", "");
    table_close(&table);
}

Test(csv, refuses_more_columns_than_it_can_hold)
{
    struct table table;
    char text[128];
    memset(text, ',', CSV_COLUMNS_MAX);
    memcpy(text + CSV_COLUMNS_MAX, "\n", 2);
    cr_expect_eq(OPEN(&table, text), -EINVAL);
    cr_expect_str_eq(message(&table), ":1: more columns than can be read");
    table_close(&table);
}

/* A number cut in the middle looks like a number: only the missing line end tells. */
Test(csv, a_last_line_without_its_end_is_cut)
{
    struct table table;
    cr_assert_eq(OPEN(&table, "name,amount\na,129\nb,129"), 0);
    cr_assert_eq(csv_next(&table.csv, &table.err), 1);
    cr_expect_eq(csv_next(&table.csv, &table.err), -EINVAL);
    cr_expect_str_eq(message(&table), ":3: the file is cut: the end of the line is expected");
    cr_expect_eq(csv_next(&table.csv, &table.err), 0);
    table_close(&table);
}

Test(csv, bytes_of_zero_are_no_end_of_a_field)
{
    struct table table;
    int64_t number = -1;
    const struct csv_number any = {0, 99, 0};
    static const char text[] = "name,amount\na,1\0002\n";
    cr_assert_eq(table_open(&table, text, sizeof(text) - 1), 0);
    cr_assert_eq(csv_next(&table.csv, &table.err), 1);
    cr_expect_eq(csv_field(&table.csv, AMOUNT).len, 3);
    cr_expect_eq(csv_read_number(&table.csv, AMOUNT, &any, &number, &table.err), -EINVAL);
    table_close(&table);
}
