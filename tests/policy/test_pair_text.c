/* Labels and annotations of a unit go to pods by their binding, which the apiserver does not check.
 */
#include "policy/pair_text.h"

#include <criterion/criterion.h>

#include "tests/policy/make.h"

#define A16 "aaaaaaaaaaaaaaaa"
#define A63 A16 A16 A16 "aaaaaaaaaaaaaaa"

/* validation.IsQualifiedName of apimachinery. */
static const struct {
    const char *key;
    bool is_valid;
} keys[] = {
    {"a", true},      {"A.b_c-9", true},  {"9", true},          {"team.example/bill", true},
    {"a/B", true},    {"a-b.c0/x", true}, {A63, true},          {"x.y/" A63, true},
    {"", false},      {"a b", false},     {"-a", false},        {"a-", false},
    {"a.", false},    {"_a", false},      {"/a", false},        {"a/", false},
    {"a/b/c", false}, {"A/b", false},     {"a..b/c", false},    {"-a/b", false},
    {"a-/b", false},  {"a_b/c", false},   {"a\xc3\xa4", false}, {A63 "a", false},
};

Test(pair_text, keys_are_what_the_apiserver_takes)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        cr_expect_eq(pair_key_is_valid(str_from(keys[i].key)), keys[i].is_valid, "\"%s\"",
                     keys[i].key);
}

/* validation.IsValidLabelValue */
static const struct {
    const char *value;
    bool is_valid;
} values[] = {
    {"", true},    {"a", true},    {"9", true},   {"a_b.C-9", true}, {A63, true},    {"-", false},
    {"a-", false}, {"b c", false}, {"_a", false}, {A63 "a", false},  {"a/b", false},
};

Test(pair_text, values_of_labels_are_what_the_apiserver_takes)
{
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        cr_expect_eq(label_value_is_valid(str_from(values[i].value)), values[i].is_valid, "\"%s\"",
                     values[i].value);
}

/* What stands in the unit, and what the policy is refused for; "": it is taken. */
static const struct {
    const char *labels, *annotations, *said;
} units[] = {
    {"tier=x,team.example/a=", "note=any text: even this", ""},
    {"a=b c", "", "spec.units[1].podLabels[a]: \"b c\" is no value of a label"},
    {"x y=z", "", "spec.units[1].podLabels: \"x y\" is no key"},
    {"", "k k=v", "spec.units[1].podAnnotations: \"k k\" is no key"},
};

Test(pair_text, a_pod_is_never_given_what_it_could_not_have_had)
{
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        struct make make;
        struct err err = {0};
        make_init(&make);
        struct policy_object object = make_policy(&make, "burst", 2);
        struct unit_object *unit = &object.units[1];
        unit->pod_labels = make_labels(&make, units[i].labels, &unit->pod_label_count);
        unit->pod_annotations =
            make_labels(&make, units[i].annotations, &unit->pod_annotation_count);
        struct policy *policy = policy_parse(&object, &make.types, make.symbols, &err);
        cr_expect_eq(policy != NULL, units[i].said[0] == '\0', "%s", err.text);
        cr_expect(strstr(err.text, units[i].said), "\"%s\" is not in \"%s\"", units[i].said,
                  err.text);
        if (policy)
            policy_free(policy);
        make_fini(&make);
    }
}
