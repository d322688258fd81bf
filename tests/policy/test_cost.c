#include <criterion/criterion.h>

#include "policy/cost.h"

/* Elastic-policies 2.6: n = 3: 300, 200, 100; n = 2: 200, 100. */
Test(cost, the_last_unit_goes_first)
{
    cr_expect_eq(cost_of_unit(0, 3), 300);
    cr_expect_eq(cost_of_unit(1, 3), 200);
    cr_expect_eq(cost_of_unit(2, 3), 100);
    cr_expect_eq(cost_of_unit(0, 2), 200);
    cr_expect_eq(cost_of_unit(1, 2), 100);
    cr_expect_eq(cost_of_unit(0, 1), 100);
    cr_expect_eq(cost_of_unit(POLICY_UNITS_MAX - 1, POLICY_UNITS_MAX), 100);
}

/* Elastic-policies 10.2: the text rule of the apiserver. */
static const struct {
    const char *text;
    bool is_valid;
} texts[] = {
    {"0", true},     {"-5", true},           {"+5", false},
    {"05", false},   {"-0", true},           {"2147483648", false},
    {"", false},     {"2147483647", true},   {"-2147483648", true},
    {"-05", true},   {"-2147483649", false}, {"-", false},
    {"--5", false},  {"1 ", false},          {" 1", false},
    {"1.5", false},  {"00", false},          {"100", true},
    {"0x10", false}, {"-+1", false},         {"99999999999999999999", false},
};

Test(cost, text_is_valid_as_the_apiserver_says)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        cr_expect_eq(cost_is_valid(str_from(texts[i].text)), texts[i].is_valid, "\"%s\"",
                     texts[i].text);
}

/* Whose a cost is says the pod (model/cluster_pod.c); whether to write one says the policy. */
static const struct {
    enum cost_mode mode;
    bool has_foreign_cost, is_ours;
} modes[] = {
    {COST_RESPECT, false, true},  {COST_RESPECT, true, false}, {COST_OVERWRITE, false, true},
    {COST_OVERWRITE, true, true}, {COST_OFF, false, false},    {COST_OFF, true, false},
};

Test(cost, a_users_cost_is_left_alone_unless_the_policy_overwrites)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        cr_expect_eq(cost_is_ours(modes[i].mode, modes[i].has_foreign_cost), modes[i].is_ours,
                     "row %zu", i);
}
