/* What cannot be used, and how the error mends it. */
#include <criterion/criterion.h>

#include "tests/policy/make.h"

/* What is done to a good object, and what the error must name. */

static void no_units(struct make *make, struct policy_object *object)
{
    (void)make;
    object->unit_count = 0;
}

static void thousand_units(struct make *make, struct policy_object *object)
{
    object->unit_count = 1000;
    object->units = arena_zalloc(&make->arena, 1000, sizeof(*object->units));
}

static void unknown_type(struct make *make, struct policy_object *object)
{
    (void)make;
    object->units[1].resource = STR("fargate");
}

static void in_without_values(struct make *make, struct policy_object *object)
{
    object->expressions = arena_zalloc(&make->arena, 1, sizeof(struct requirement));
    object->expressions[0] = make_requirement(make, "tier", SELECTOR_IN, "");
    object->expression_count = 1;
}

static void invalid_operator(struct make *make, struct policy_object *object)
{
    in_without_values(make, object);
    object->expressions[0] = make_requirement(make, "tier", SELECTOR_INVALID, "a");
}

static void label_contradicts_expression(struct make *make, struct policy_object *object)
{
    in_without_values(make, object);
    object->expressions[0] = make_requirement(make, "app", SELECTOR_NOT_IN, "web");
}

static void expressions_contradict(struct make *make, struct policy_object *object)
{
    object->expressions = arena_zalloc(&make->arena, 2, sizeof(struct requirement));
    object->expressions[0] = make_requirement(make, "tier", SELECTOR_IN, "a,b");
    object->expressions[1] = make_requirement(make, "tier", SELECTOR_IN, "c,d");
    object->expression_count = 2;
}

static void exists_and_does_not(struct make *make, struct policy_object *object)
{
    expressions_contradict(make, object);
    object->expressions[0] = make_requirement(make, "tier", SELECTOR_EXISTS, "");
    object->expressions[1] = make_requirement(make, "tier", SELECTOR_DOES_NOT_EXIST, "");
}

static void min_over_max(struct make *make, struct policy_object *object)
{
    (void)make;
    object->units[1].min = STR("5");
    object->units[1].max = STR("4");
}

static void percent_over_hundred(struct make *make, struct policy_object *object)
{
    (void)make;
    object->units[0].max = STR("101%");
}

static void fraction_of_percent(struct make *make, struct policy_object *object)
{
    (void)make;
    object->units[0].max = STR("0.2%");
}

static void negative_max(struct make *make, struct policy_object *object)
{
    (void)make;
    object->units[0].max = STR("-1");
}

static void percent_alone(struct make *make, struct policy_object *object)
{
    (void)make;
    object->units[0].min = STR("%");
}

static void max_over_int32(struct make *make, struct policy_object *object)
{
    (void)make;
    object->units[0].max = STR("2147483648");
}

static void timeout_without_its_policy(struct make *make, struct policy_object *object)
{
    (void)make;
    object->next_timeout = STR("1m");
}

static void unit_timeout_without_its_policy(struct make *make, struct policy_object *object)
{
    (void)make;
    object->units[1].timeout = STR("1m");
}

static void bad_timeout(struct make *make, struct policy_object *object)
{
    (void)make;
    object->next_policy = STR("TimeoutOrExceedMax");
    object->next_timeout = STR("soon");
}

static void endless_timeout(struct make *make, struct policy_object *object)
{
    (void)make;
    object->next_policy = STR("TimeoutOrExceedMax");
    object->next_timeout = STR("169h");
}

static void bad_cool_down(struct make *make, struct policy_object *object)
{
    (void)make;
    object->units[1].cool_down = STR("-5m");
}

static void timeout_alone(struct make *make, struct policy_object *object)
{
    (void)make;
    object->next_policy = STR("Timeout");
}

static void unknown_rule(struct make *make, struct policy_object *object)
{
    (void)make;
    object->next_policy = STR("Whenever");
}

static void unknown_strategy(struct make *make, struct policy_object *object)
{
    (void)make;
    object->strategy = STR("hope");
}

static void unknown_preempt(struct make *make, struct policy_object *object)
{
    (void)make;
    object->preempt_policy = STR("Always");
}

static void unknown_overflow(struct make *make, struct policy_object *object)
{
    (void)make;
    object->overflow = STR("elsewhere");
}

static void required_anywhere(struct make *make, struct policy_object *object)
{
    (void)make;
    object->strategy = STR("required");
    object->overflow = STR("anywhere");
}

static void unknown_cost(struct make *make, struct policy_object *object)
{
    (void)make;
    object->deletion_cost = STR("free");
}

static void same_names(struct make *make, struct policy_object *object)
{
    (void)make;
    object->units[0].name = STR("eci-1"); /* what unit 1 is called by default */
}

static void name_with_mark(struct make *make, struct policy_object *object)
{
    (void)make;
    object->units[1].name = STR("a: b");
}

static void name_with_newline(struct make *make, struct policy_object *object)
{
    (void)make;
    object->units[1].name = STR("a\nb");
}

static void negative_resource(struct make *make, struct policy_object *object)
{
    object->units[1].max_resources.items = arena_zalloc(&make->arena, 1, sizeof(struct scalar));
    object->units[1].max_resources.items[0] = (struct scalar){NAME_CPU, -1};
    object->units[1].max_resources.count = 1;
}

static void virtual_node_that_is_not(struct make *make, struct policy_object *object)
{
    object->units[0].resource = STR("ecs");
    object->units[0].node_selector =
        make_labels(make, "type=virtual-kubelet", &object->units[0].node_selector_count);
}

static void empty_key(struct make *make, struct policy_object *object)
{
    object->label_keys = arena_zalloc(&make->arena, 1, sizeof(uint32_t));
    object->label_key_count = 1;
}

static void undecodable(struct make *make, struct policy_object *object)
{
    (void)make;
    object->problem = STR("spec.units[0].max: a list, not a number");
}

static const struct {
    void (*spoil)(struct make *make, struct policy_object *object);
    const char *path; /* how the error begins */
    const char *mend; /* and what it says */
} bad[] = {
    {no_units, "spec.units:", "at least one"},
    {thousand_units, "spec.units:", "at most 64"},
    {unknown_type, "spec.units[1].resource:", "ecs, eci, acs, spot, elastic, idc"},
    {in_without_values, "spec.matchExpressions[0]:", "need values"},
    {invalid_operator, "spec.matchExpressions[0]:", "no other operator"},
    {label_contradicts_expression, "spec.selector", "\"app\""},
    {expressions_contradict, "spec.selector", "\"tier\""},
    {exists_and_does_not, "spec.selector", "\"tier\""},
    {min_over_max, "spec.units[1].min:", "over max"},
    {percent_over_hundred, "spec.units[0].max:", "0% to 100%"},
    {fraction_of_percent, "spec.units[0].max:", "0.2%"},
    {negative_max, "spec.units[0].max:", "from 0"},
    {percent_alone, "spec.units[0].min:", "from 0"},
    {max_over_int32, "spec.units[0].max:", "2147483647"},
    {timeout_without_its_policy, "spec.whenTryNextUnits.timeout:", "TimeoutOrExceedMax"},
    {unit_timeout_without_its_policy, "spec.units[1].timeout:", "TimeoutOrExceedMax"},
    {bad_timeout, "spec.whenTryNextUnits.timeout:", "1h30m"},
    {endless_timeout, "spec.whenTryNextUnits.timeout:", "168h"},
    {bad_cool_down, "spec.units[1].coolDown:", "no duration"},
    {timeout_alone, "spec.whenTryNextUnits.policy:", "TimeoutOrExceedMax"},
    {unknown_rule, "spec.whenTryNextUnits.policy:", "LackResourceAndNoTerminating"},
    {unknown_strategy, "spec.strategy:", "prefer or required"},
    {unknown_preempt, "spec.preemptPolicy:", "BeforeNextUnit"},
    {unknown_overflow, "spec.overflow:", "pending or anywhere"},
    {required_anywhere, "spec.overflow:", "remove one"},
    {unknown_cost, "spec.deletionCost:", "respect, overwrite or off"},
    {same_names, "spec.units[1].name:", "units[0]"},
    {name_with_mark, "spec.units[1].name:", "no \": \""},
    {name_with_newline, "spec.units[1].name:", "control"},
    {negative_resource, "spec.units[1].maxResources[cpu]:", "0 or more"},
    {virtual_node_that_is_not, "spec.units[0].nodeSelector:", "type ecs"},
    {empty_key, "spec.matchLabelKeys[0]:", "empty"},
    {undecodable, "spec.units[0].max:", "not a number"},
};

Test(policy_bad, what_cannot_be_used_is_refused_with_the_field_and_how_to_mend_it)
{
    struct make make;
    make_init(&make);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct policy_object object = make_policy(&make, "p", 2);
        object.units[0].resource = STR("ecs");
        object.units[1].resource = STR("eci");
        struct policy *good = make_parse(&make, &object);
        policy_free(good);
        bad[i].spoil(&make, &object);
        struct err err = {0};
        cr_expect_null(policy_parse(&object, &make.types, make.symbols, &err), "row %zu", i);
        cr_expect(str_starts(str_from(err.text), bad[i].path), "row %zu: %s", i, err.text);
        cr_expect_not_null(strstr(err.text, bad[i].mend), "row %zu: %s", i, err.text);
    }
    make_fini(&make);
}
