#include "bench/report.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

Test(report, writes_one_json_object_with_the_keys)
{
    struct report report;
    report_init(&report, "a title");
    report_add(&report, "a.count", 1234567, "things");
    report_add(&report, "a.ratio", 0.25, "of all");
    char *text = NULL;
    size_t len = 0;
    char path[] = "/tmp/report-XXXXXX";
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    struct err err;
    cr_assert_eq(report_write_json(&report, path, &err), 0);
    json_t *root = json_load_file(path, 0, NULL);
    cr_assert(root != NULL);
    cr_assert_eq(json_object_size(root), 2);
    cr_assert(json_is_integer(json_object_get(root, "a.count")));
    cr_assert_eq(json_integer_value(json_object_get(root, "a.count")), 1234567);
    cr_assert_eq(json_number_value(json_object_get(root, "a.ratio")), 0.25);
    json_decref(root);
    remove(path);

    FILE *out = open_memstream(&text, &len);
    report_print(&report, out);
    fclose(out);
    cr_assert(strstr(text, "a title\n") == text);
    cr_assert(strstr(text, "1 234 567  things") != NULL, "%s", text);
    free(text);
}

Test(report, a_word_is_a_string_in_json_and_stands_as_it_is_in_the_table)
{
    struct report report;
    struct err err;
    char path[] = "/tmp/report-XXXXXX", *text = NULL;
    size_t len = 0;
    report_init(&report, "a title");
    report_add_text(&report, "a.hash", "00ff9e", "of all");
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    cr_assert_eq(report_write_json(&report, path, &err), 0);
    json_t *root = json_load_file(path, 0, NULL);
    cr_assert_str_eq(json_string_value(json_object_get(root, "a.hash")), "00ff9e");
    json_decref(root);
    remove(path);

    FILE *out = open_memstream(&text, &len);
    report_print(&report, out);
    fclose(out);
    cr_assert(strstr(text, " 00ff9e  of all") != NULL, "%s", text);
    free(text);
}

Test(report, says_when_there_is_no_space)
{
    struct report report;
    struct err err;
    report_init(&report, "a title");
    report_add(&report, "a.count", 1, "things");
    cr_assert_eq(report_write_json(&report, "/dev/full", &err), -ENOSPC);
    cr_assert_str_eq(err.text, "cannot write /dev/full: No space left on device");
}

Test(report, says_which_file_cannot_be_written)
{
    struct report report;
    report_init(&report, "a title");
    struct err err;
    cr_assert_eq(report_write_json(&report, "/nonexistent/x.json", &err), -ENOENT);
    cr_assert(strstr(err.text, "/nonexistent/x.json") != NULL);
}

Test(report, median_of_odd_and_even_counts)
{
    double odd[] = {5, 1, 3}, even[] = {4, 1, 3, 2};
    cr_assert_eq(report_median(odd, 3), 3);
    cr_assert_eq(report_median(even, 4), 2.5);
}

/* Nearest rank: the smallest value that so many percent are not above. */
Test(report, percentiles_are_values_that_were_there)
{
    static const struct {
        uint32_t count, percent;
        double value;
    } rows[] = {{1, 1, 1},     {1, 100, 1},    {2, 50, 1},     {2, 51, 2},      {10, 50, 5},
                {10, 90, 9},   {10, 91, 10},   {100, 50, 50},  {100, 99, 99},   {100, 100, 100},
                {101, 50, 51}, {199, 99, 198}, {200, 99, 198}, {2000, 99, 1980}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double values[2000];
        for (uint32_t j = 0; j < rows[i].count; j++) /* falling: it has to sort */
            values[j] = rows[i].count - j;
        cr_expect_eq(report_percentile(values, rows[i].count, rows[i].percent), rows[i].value,
                     "%u%% of %u", rows[i].percent, rows[i].count);
    }
}
