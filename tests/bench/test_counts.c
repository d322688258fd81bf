#include "bench/counts.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OURS "gcc-12-x86_64"

static FILE *open_text(const char *text)
{
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    cr_assert(file != NULL);
    return file;
}

static int read_kept(const char *text, struct counts *ret_counts, struct err *err)
{
    FILE *file = open_text(text);
    int result = counts_read_kept(file, "kept.txt", ret_counts, err);
    fclose(file);
    return result;
}

static int read_measured(const char *text, struct counts *ret_counts, struct err *err)
{
    FILE *file = open_text(text);
    int result = counts_read_measured(file, "measured", OURS, ret_counts, err);
    fclose(file);
    return result;
}

/* The judgement; its words in *ret_text, to be freed. */
static bool judge(const char *kept_text, const char *measured_text, char **ret_text)
{
    struct counts kept, measured;
    struct err err = {0};
    cr_assert_eq(read_kept(kept_text, &kept, &err), 0, "%s", err.text);
    cr_assert_eq(read_measured(measured_text, &measured, &err), 0, "%s", err.text);
    size_t len;
    FILE *out = open_memstream(ret_text, &len);
    bool is_fine = counts_judge(&kept, &measured, OURS, out);
    fclose(out);
    return is_fine;
}

static const struct verdict {
    const char *claim, *kept, *measured;
    bool is_fine;
    const char *says;
} verdicts[] = {
    {"the same", OURS " plain 1000\n", "plain 1000 1\n", true, "1.000"},
    {"5 % more, exactly", OURS " plain 1000\n", "plain 1050 1\n", true, "1.050"},
    {"more than that", OURS " plain 1000\n", "plain 1051 1\n", false, "GREW TOO MUCH"},
    {"a unit, not in all", OURS " plain 1000\n", "plain 2000000 2000\n", true, "1.000"},
    {"rounded to the nearest", OURS " plain 1000\n", "plain 10504 10\n", true, "1050"},
    {"far less", OURS " plain 1000\n", "plain 10 1\n", true, "make counts-update"},
    {"one of two grew", OURS " a 1000\n" OURS " b 1000\n", "a 900 1\nb 1100 1\n", false, "b"},
    {"not kept", OURS " a 1000\n", "a 1000 1\nb 1 1\n", false, "not kept"},
    {"not measured", OURS " a 1000\n" OURS " b 1\n", "a 1000 1\n", false, "NOT MEASURED"},
    {"nothing measured", OURS " a 1000\n", "# nothing\n", false, "NOT MEASURED"},
    {"rows of another compiler", "clang-14-x86_64 a 1\nclang-14-x86_64 z 1\n" OURS " a 1000\n",
     "a 1000 1\n", true, "1.000"},
    {"only another compiler", "clang-14-x86_64 a 1000\n", "a 1000 1\n", false,
     "none are kept for " OURS},
    {"nothing kept", "# nothing\n", "a 1000 1\n", false, "make counts-update"},
};

Test(counts, none_may_grow_by_more_than_5_percent)
{
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
        const struct verdict *verdict = &verdicts[i];
        char *text = NULL;
        bool is_fine = judge(verdict->kept, verdict->measured, &text);
        cr_expect_eq(is_fine, verdict->is_fine, "%s: %s", verdict->claim, text);
        cr_expect(strstr(text, verdict->says) != NULL, "%s: %s", verdict->claim, text);
        free(text);
    }
}

Test(counts, an_update_keeps_other_compilers_and_is_fine_then)
{
    struct counts kept, measured, again;
    struct err err = {0};
    cr_assert_eq(read_kept(OURS " a 10\n" OURS " gone 7\nclang-14-x86_64 a 5\n", &kept, &err), 0);
    cr_assert_eq(read_measured("a 4000 2\nb 9 1\n", &measured, &err), 0);
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    counts_write(&kept, &measured, OURS, out);
    fclose(out);
    cr_assert_eq(read_kept(text, &again, &err), 0, "%s", err.text);
    cr_expect_eq(again.count, 3, "%s", text);
    cr_expect(strstr(text, "clang-14-x86_64  a          5\n") != NULL, "%s", text);
    cr_expect(strstr(text, "a          2000\n") != NULL, "%s", text);
    FILE *nowhere = fopen("/dev/null", "w");
    cr_expect(counts_judge(&again, &measured, OURS, nowhere));
    fclose(nowhere);
    free(text);
}

static const struct bad_line {
    const char *kept, *measured, *says;
} bad_lines[] = {
    {OURS " a 1\n" OURS " a 2\n", NULL, "kept.txt:2: this workload is there twice"},
    {OURS " a\n", NULL, "kept.txt:1: \"compiler workload instructions\""},
    {OURS " a 1 2\n", NULL, "kept.txt:1: \"compiler workload instructions\""},
    {OURS " a many\n", NULL, "kept.txt:1: \"compiler workload instructions\""},
    {"\n# why\n" OURS " a 0\n", NULL, "kept.txt:3: a count of 0"},
    {OURS " a 1", NULL, "kept.txt:1: the line has no end"},
    {NULL, "a 1\n", "measured:1: \"workload instructions units\""},
    {NULL, "a 100 0\n", "measured:1: \"workload instructions units\""},
    {NULL, "a 1 100\n", "measured:1: a count of 0"},
    {NULL, "a 1 1\na 1 1\n", "measured:2: this workload is there twice"},
};

Test(counts, a_line_that_is_wrong_is_named)
{
    for (size_t i = 0; i < sizeof(bad_lines) / sizeof(*bad_lines); i++) {
        const struct bad_line *bad = &bad_lines[i];
        struct counts counts = {.count = 99};
        struct err err = {0};
        int result = bad->kept ? read_kept(bad->kept, &counts, &err)
                               : read_measured(bad->measured, &counts, &err);
        cr_expect_eq(result, -EINVAL, "%s", bad->says);
        cr_expect(strstr(err.text, bad->says) == err.text, "%s, not %s", err.text, bad->says);
        cr_expect_eq(counts.count, 99);
    }
}
