/* A price table in words: what it sets, and what is wrong with a bad one. */
#include "bench/prices.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "model/base/check.h"

static void workload_make(struct workload *workload)
{
    static const struct {
        const char *unit;
        int64_t cores;
    } kinds[] = {{"ecs", 16}, {"ecs", 32}, {"eci", 1000}, {NULL, 8}};
    workload_init(workload);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct workload_node_kind kind = {.offers = {.cpu_milli = kinds[i].cores * 1000},
                                          .price_micro_per_hour = 7};
        if (kinds[i].unit)
            kind.unit_sym = symbol_intern(workload->symbols, str_from(kinds[i].unit));
        (void)workload_add_node_kind(workload, &kind);
    }
}

static int read_text(struct workload *workload, const char *text, struct err *err)
{
    FILE *in = tmpfile();
    cr_assert_not_null(in);
    fputs(text, in);
    rewind(in);
    int rc = prices_read(workload, in, "prices", err);
    fclose(in);
    return rc;
}

Test(prices, are_set_by_unit_and_by_what_they_are_for)
{
    struct workload workload;
    struct err err = {0};
    workload_make(&workload);
    int rc = read_text(&workload,
                       "# what they cost\n\n  ecs 0.05 core # each\n\teci\t0.000001 pod-core\r\n"
                       "none 12 node\n",
                       &err);
    cr_assert_eq(rc, 0, "%s", err.text);
    cr_expect_eq(workload.node_kinds[0].price_micro_per_hour, 16 * 50000);
    cr_expect_eq(workload.node_kinds[1].price_micro_per_hour, 32 * 50000);
    cr_expect_eq(workload.node_kinds[2].price_micro_per_hour, 0);
    cr_expect_eq(workload.node_kinds[2].price_micro_per_core_hour, 1);
    cr_expect_eq(workload.node_kinds[3].price_micro_per_hour, 12000000);
    workload_fini(&workload);
}

Test(prices, units_that_are_not_named_keep_theirs)
{
    struct workload workload;
    struct err err = {0};
    workload_make(&workload);
    cr_assert_eq(read_text(&workload, "eci 1 pod-core", &err), 0, "%s", err.text);
    cr_expect_eq(workload.node_kinds[0].price_micro_per_hour, 7);
    cr_expect_eq(workload.node_kinds[2].price_micro_per_core_hour, 1000000);
    workload_fini(&workload);
}

#define NUMBER_EXPECTED                                                                            \
    ": a number like 0.05 is expected, below 10000000 and with at most six digits behind the "     \
    "point"

static const struct {
    const char *text, *error;
} bad[] = {
    {"ecs 0.05\n", "prices:1: \"UNIT PRICE PER\" is expected, as in \"ecs 0.05 core\""},
    {"ecs 0.05 core now\n", "prices:1: \"UNIT PRICE PER\" is expected, as in \"ecs 0.05 core\""},
    {"\necs -1 core\n", "prices:2: price \"-1\"" NUMBER_EXPECTED},
    {"ecs 1e3 core\n", "prices:1: price \"1e3\"" NUMBER_EXPECTED},
    {"ecs . core\n", "prices:1: price \".\"" NUMBER_EXPECTED},
    {"ecs 1. core\n", "prices:1: price \"1.\"" NUMBER_EXPECTED},
    {"ecs 0.0000001 core\n", "prices:1: price \"0.0000001\"" NUMBER_EXPECTED},
    {"ecs 99999999999999999999 core\n", "prices:1: price \"99999999999999999999\"" NUMBER_EXPECTED},
    {"ecs 1 pod\n", "prices:1: \"pod\": node, core or pod-core is expected"},
    {"esc 1 core\n", "prices:1: the workload has no nodes of unit \"esc\""},
};

Test(prices, that_are_wrong_say_where_and_what_is_expected)
{
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct workload workload;
        struct err err = {0};
        workload_make(&workload);
        cr_expect_eq(read_text(&workload, bad[i].text, &err), -EINVAL, "%s", bad[i].text);
        cr_expect_str_eq(err.text, bad[i].error);
        workload_fini(&workload);
    }
}

Test(prices, a_line_without_end_is_refused)
{
    struct workload workload;
    struct err err = {0};
    char text[1024];
    memset(text, ' ', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    workload_make(&workload);
    cr_expect_eq(read_text(&workload, text, &err), -EINVAL);
    cr_expect_str_eq(err.text, "prices:1: the line is longer than 510 bytes");
    workload_fini(&workload);
}
