#include "bench/scale_down.h"

#include <criterion/criterion.h>

#define NOW_US  INT64_C(1000000000000)
#define SECONDS INT64_C(1000000)
#define AGO(s)  (NOW_US - (s)*SECONDS)
#define ORDINARY                                                                                   \
    .is_assigned = true, .phase = SCALE_DOWN_RUNNING, .is_ready = true, .rank = 1,                 \
    .ready_since_us = AGO(100), .created_us = AGO(100)

/* Rows numbered as elastic-policies.md 10.1. `first` goes before `second`. */
static const struct {
    const char *rule;
    struct scale_down_pod first, second;
} rows[] = {
    {"1: not assigned before assigned, whatever the cost",
     {.phase = SCALE_DOWN_PENDING, .deletion_cost = 100, .uid = "b"},
     {.is_assigned = true, .phase = SCALE_DOWN_PENDING, .deletion_cost = -100, .uid = "a"}},
    {"2: Pending before Unknown",
     {.is_assigned = true, .phase = SCALE_DOWN_PENDING, .deletion_cost = 100, .uid = "b"},
     {.is_assigned = true, .phase = SCALE_DOWN_UNKNOWN, .uid = "a"}},
    {"2: Unknown before Running",
     {.is_assigned = true, .phase = SCALE_DOWN_UNKNOWN, .deletion_cost = 100, .uid = "b"},
     {.is_assigned = true, .phase = SCALE_DOWN_RUNNING, .uid = "a"}},
    {"3: not ready before ready, whatever the cost",
     {.is_assigned = true, .phase = SCALE_DOWN_RUNNING, .deletion_cost = 100, .uid = "b"},
     {ORDINARY, .deletion_cost = -100, .uid = "a"}},
    {"4: the lower cost before the higher, whatever the rank",
     {ORDINARY, .deletion_cost = -1, .uid = "b"},
     {.is_assigned = true,
      .phase = SCALE_DOWN_RUNNING,
      .is_ready = true,
      .rank = 9,
      .ready_since_us = AGO(1),
      .created_us = AGO(1),
      .uid = "a"}},
    {"5: more doubled up before less, whatever the age",
     {.is_assigned = true,
      .phase = SCALE_DOWN_RUNNING,
      .is_ready = true,
      .rank = 2,
      .ready_since_us = AGO(100000),
      .created_us = AGO(100000),
      .uid = "b"},
     {ORDINARY, .uid = "a"}},
    {"6: ready for a shorter time before a longer, in another power of two",
     {.is_assigned = true,
      .phase = SCALE_DOWN_RUNNING,
      .is_ready = true,
      .rank = 1,
      .ready_since_us = AGO(10),
      .created_us = AGO(100),
      .uid = "b"},
     {ORDINARY, .restarts = 9, .uid = "a"}},
    {"6: about the same time: the uid decides, restarts are not looked at",
     {.is_assigned = true,
      .phase = SCALE_DOWN_RUNNING,
      .is_ready = true,
      .rank = 1,
      .ready_since_us = AGO(101),
      .created_us = AGO(100),
      .uid = "a"},
     {ORDINARY, .restarts = 9, .uid = "b"}},
    {"6: an unknown time before a known one",
     {.is_assigned = true,
      .phase = SCALE_DOWN_RUNNING,
      .is_ready = true,
      .rank = 1,
      .created_us = AGO(100),
      .uid = "b"},
     {ORDINARY, .uid = "a"}},
    {"7: more restarts before fewer, whatever the creation",
     {ORDINARY, .restarts = 2, .uid = "b"},
     {.is_assigned = true,
      .phase = SCALE_DOWN_RUNNING,
      .is_ready = true,
      .rank = 1,
      .ready_since_us = AGO(100),
      .restarts = 1,
      .created_us = AGO(1),
      .uid = "a"}},
    {"7: then more restarts of sidecars",
     {ORDINARY, .sidecar_restarts = 2, .uid = "b"},
     {ORDINARY, .sidecar_restarts = 1, .uid = "a"}},
    {"8: created later before earlier, in another power of two",
     {.is_assigned = true, .phase = SCALE_DOWN_PENDING, .created_us = AGO(10), .uid = "b"},
     {.is_assigned = true, .phase = SCALE_DOWN_PENDING, .created_us = AGO(100), .uid = "a"}},
    {"8: created now before created a second ago",
     {.is_assigned = true, .phase = SCALE_DOWN_PENDING, .created_us = NOW_US, .uid = "b"},
     {.is_assigned = true, .phase = SCALE_DOWN_PENDING, .created_us = AGO(1), .uid = "a"}},
    {"8: about the same age: the uid decides",
     {.is_assigned = true, .phase = SCALE_DOWN_PENDING, .created_us = AGO(101), .uid = "a"},
     {.is_assigned = true, .phase = SCALE_DOWN_PENDING, .created_us = AGO(100), .uid = "b"}},
    {"9: alike in all: the uid decides", {ORDINARY, .uid = "a"}, {ORDINARY, .uid = "b"}},
};

Test(scale_down, each_rule_holds_both_ways)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_expect_lt(scale_down_compare(&rows[i].first, &rows[i].second, NOW_US), 0, "%s",
                     rows[i].rule);
        cr_expect_gt(scale_down_compare(&rows[i].second, &rows[i].first, NOW_US), 0, "%s, reversed",
                     rows[i].rule);
    }
}

/* Not ready in an equal state: the time of readiness is not looked at. */
Test(scale_down, time_of_readiness_counts_only_between_ready_pods)
{
    const struct scale_down_pod a = {.is_assigned = true,
                                     .phase = SCALE_DOWN_RUNNING,
                                     .ready_since_us = AGO(1),
                                     .created_us = AGO(50),
                                     .uid = "b"};
    const struct scale_down_pod b = {.is_assigned = true,
                                     .phase = SCALE_DOWN_RUNNING,
                                     .ready_since_us = AGO(9999),
                                     .created_us = AGO(50),
                                     .uid = "a"};
    cr_assert_gt(scale_down_compare(&a, &b, NOW_US), 0);
}

Test(scale_down, sorting_puts_those_that_go_first_in_front)
{
    struct scale_down_pod pods[] = {{ORDINARY, .deletion_cost = 5, .uid = "cost-5"},
                                    {ORDINARY, .deletion_cost = -5, .uid = "cost-minus-5"},
                                    {.uid = "unassigned"},
                                    {ORDINARY, .uid = "plain"}};
    static const char *const order[] = {"unassigned", "cost-minus-5", "plain", "cost-5"};
    scale_down_sort(pods, 4, NOW_US);
    for (size_t i = 0; i < 4; i++)
        cr_expect_str_eq(pods[i].uid, order[i]);
}

/* elastic-policies.md 10.2. */
Test(scale_down, a_deletion_cost_is_an_int32_without_plus_and_leading_zeros)
{
    static const struct {
        const char *text;
        int32_t cost;
    } costs[] = {{"0", 0},    {"1", 1},   {"-1", -1},         {"2147483647", INT32_MAX},
                 {"", 0},     {"-", 0},   {"+1", 0},          {"-2147483648", INT32_MIN},
                 {"01", 0},   {"1.5", 0}, {"2147483648", 0},  {"-2147483649", 0},
                 {" 1", 0},   {"1 ", 0},  {"99999999999", 0}, {"high", 0},
                 {"100", 100}};
    for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++)
        cr_expect_eq(deletion_cost_parse(str_from(costs[i].text)), costs[i].cost, "\"%s\"",
                     costs[i].text);
}
