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

static const struct {
    enum cost_mode mode;
    const char *user; /* NULL: no annotation */
    const char *owner;
    bool is_ours;
} owners[] = {
    {COST_RESPECT, NULL, "", true},     {COST_RESPECT, "7", "", false},
    {COST_RESPECT, "200", "200", true}, {COST_RESPECT, "200", "100", false},
    {COST_RESPECT, "", "", false},      {COST_OVERWRITE, NULL, "", true},
    {COST_OVERWRITE, "7", "", true},    {COST_OVERWRITE, "7", "200", true},
    {COST_OFF, NULL, "", false},        {COST_OFF, "200", "200", false},
};

Test(cost, a_users_cost_is_left_alone_unless_the_policy_overwrites)
{
    for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++)
        cr_expect_eq(cost_is_ours(owners[i].mode, owners[i].user != NULL, str_from(owners[i].user),
                                  str_from(owners[i].owner)),
                     owners[i].is_ours, "row %zu", i);
}
