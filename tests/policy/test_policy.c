/* What makes a policy, what does not, and how the error mends it. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/policy/make.h"

#define WAIT_LABEL "k8s.aliyun.com/resource-policy-wait-for-ecs-scaling"

static struct policy *parse(struct make *make, const struct policy_object *object)
{
    struct err err = {0};
    struct policy *policy = policy_parse(object, &make->types, make->symbols, &err);
    cr_assert_not_null(policy, "%s", err.text);
    return policy;
}

static bool unit_is(struct make *make, const struct policy_unit *unit, const char *name,
                    const char *type)
{
    return str_is(symbol_str(make->symbols, unit->name_sym), name) &&
           str_is(symbol_str(make->symbols, make->types.items[unit->type].name_sym), type);
}

/* examples/ack-all-fields.yaml */
Test(policy, an_object_as_a_user_of_ack_writes_it_with_all_fields)
{
    struct make make;
    make_init(&make);
    struct policy_object object = make_policy(&make, "all-fields", 2);
    uint32_t key = make_sym(&make, "pod-template-hash");
    object.source = POLICY_SOURCE_ACK;
    object.selector = make_labels(&make, "key1=value1", &object.selector_count);
    object.strategy = STR("prefer");
    object.ignore_previous = TRISTATE_FALSE;
    object.ignore_terminating = TRISTATE_TRUE;
    object.label_keys = &key;
    object.label_key_count = 1;
    object.preempt_policy = STR("AfterAllUnits");
    object.units[0].resource = STR("ecs");
    object.units[0].node_selector =
        make_labels(&make, "unit=first", &object.units[0].node_selector_count);
    object.units[1].resource = STR("eci");
    object.next_policy = STR("TimeoutOrExceedMax");
    object.next_timeout = STR("1m");
    struct policy *policy = parse(&make, &object);
    cr_expect_eq(policy->source, POLICY_SOURCE_ACK);
    cr_expect_eq(policy->next_rule, NEXT_TIMEOUT_OR_FULL);
    cr_expect_eq(policy->preempt_when, PREEMPT_AFTER_ALL_UNITS);
    cr_expect_eq(policy->overflow, OVERFLOW_PENDING);
    cr_expect_eq(policy->cost_mode, COST_RESPECT);
    cr_expect(!policy->ignores_previous && policy->ignores_terminating);
    cr_expect(policy->key_count == 1 && policy->key_syms[0] == key);
    cr_assert_eq(policy->unit_count, 2);
    cr_expect(unit_is(&make, &policy->units[0], "ecs-0", "ecs"));
    cr_expect(unit_is(&make, &policy->units[1], "eci-1", "eci"));
    cr_expect_eq(policy->units[0].timeout_ms, 60000);
    cr_expect_eq(policy->units[1].timeout_ms, 60000);
    cr_expect_eq(policy->units[0].selector_count, 1);
    cr_expect(!policy->units[0].max.is_set && !policy->units[0].waits);
    cr_expect_eq(policy->units[0].scale_in_cost, 200);
    cr_expect_eq(policy->units[1].scale_in_cost, 100);
    policy_free(policy);
    make_fini(&make);
}

/* examples/ack-burst.yaml */
Test(policy, the_rare_burst_of_ack)
{
    struct make make;
    make_init(&make);
    struct policy_object object = make_policy(&make, "burst", 2);
    object.strategy = STR("prefer");
    object.units[0].resource = STR("ecs");
    object.units[0].max = STR("4");
    object.units[0].node_selector =
        make_labels(&make, "paidtype=subscription", &object.units[0].node_selector_count);
    object.units[1].resource = STR("elastic");
    struct policy *policy = parse(&make, &object);
    cr_expect_eq(policy->next_rule, NEXT_LACK_OR_FULL);
    cr_expect_eq(pod_quota_count(&policy->units[0].max, 0), 4);
    cr_expect(unit_is(&make, &policy->units[1], "elastic-1", "elastic"));
    cr_expect(policy->units[1].waits, "elastic is a pool that grows");
    cr_expect_eq(policy->units[0].timeout_ms, 15 * 60 * 1000, "ACK's default");
    policy_free(policy);
    make_fini(&make);
}

/* ACK-GO spells "LackResourceAndNoterminating", the documents "...NoTerminating". */
static const struct {
    const char *text;
    enum next_rule rule;
} spellings[] = {
    {"", NEXT_LACK_OR_FULL},
    {"LackResourceOrExceedMax", NEXT_LACK_OR_FULL},
    {"ExceedMax", NEXT_FULL},
    {"exceedmax", NEXT_FULL},
    {"TimeoutOrExceedMax", NEXT_TIMEOUT_OR_FULL},
    {"LackResourceAndNoTerminating", NEXT_LACK_NOT_LEAVING},
    {"LackResourceAndNoterminating", NEXT_LACK_NOT_LEAVING},
    {"LACKRESOURCEANDNOTERMINATING", NEXT_LACK_NOT_LEAVING},
};

Test(policy, spellings_of_rules_differ_by_case)
{
    struct make make;
    make_init(&make);
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        struct policy_object object = make_policy(&make, "p", 1);
        object.next_policy = str_from(spellings[i].text);
        struct policy *policy = parse(&make, &object);
        cr_expect_eq(policy->next_rule, spellings[i].rule, "%s", spellings[i].text);
        policy_free(policy);
    }
    make_fini(&make);
}

Test(policy, the_wait_label_waits_and_is_no_label_of_the_unit)
{
    struct make make;
    make_init(&make);
    struct policy_object object = make_policy(&make, "p", 2);
    object.units[0].pod_labels =
        make_labels(&make, "tier=a," WAIT_LABEL "=true", &object.units[0].pod_label_count);
    object.units[1].pod_labels =
        make_labels(&make, WAIT_LABEL "=false", &object.units[1].pod_label_count);
    struct policy *policy = parse(&make, &object);
    cr_expect(policy->units[0].waits);
    cr_assert_eq(policy->units[0].label_count, 1);
    cr_expect_eq(policy->units[0].labels[0].key_sym, make_sym(&make, "tier"));
    cr_expect(!policy->units[1].waits && policy->units[1].label_count == 0);
    policy_free(policy);
    make_fini(&make);
}

static uint32_t type_label(struct make *make, const struct policy_unit *unit, const char *key)
{
    for (uint32_t i = 0; i < unit->type_label_count; i++)
        if (unit->type_labels[i].key_sym == make_sym(make, key))
            return unit->type_labels[i].value_sym;
    return SYM_ABSENT;
}

/* Elastic-policies 1.3 */
Test(policy, acs_units_write_a_compute_class_unless_the_unit_says_otherwise)
{
    struct make make;
    make_init(&make);
    struct policy_object object = make_policy(&make, "p", 3);
    for (uint32_t i = 0; i < 3; i++)
        object.units[i].resource = STR("acs");
    object.units[1].pod_labels =
        make_labels(&make, "alibabacloud.com/compute-class=gpu", &object.units[1].pod_label_count);
    object.units[2].pod_annotations =
        make_labels(&make, "alpha.alibabacloud.com/compute-qos-strategy=x",
                    &object.units[2].pod_annotation_count);
    struct policy *policy = parse(&make, &object);
    const char *class = "alibabacloud.com/compute-class", *qos = "alibabacloud.com/compute-qos";
    cr_expect_eq(type_label(&make, &policy->units[0], class), make_sym(&make, "general-purpose"));
    cr_expect_neq(type_label(&make, &policy->units[0], qos), SYM_ABSENT);
    cr_expect_eq(type_label(&make, &policy->units[1], class), SYM_ABSENT);
    cr_expect_neq(type_label(&make, &policy->units[1], qos), SYM_ABSENT);
    cr_expect_eq(policy->units[2].type_label_count, 0);
    policy_free(policy);
    make_fini(&make);
}

Test(policy, an_empty_selector_is_every_pod_of_the_namespace)
{
    struct make make;
    make_init(&make);
    struct policy_object object = make_policy(&make, "p", 1);
    object.selector_count = 0;
    struct policy *policy = parse(&make, &object);
    struct labels none = {0};
    cr_expect(policy_selects(policy, &none));
    policy_free(policy);
    make_fini(&make);
}

Test(policy, labels_and_expressions_must_all_match)
{
    struct make make;
    make_init(&make);
    struct policy_object object = make_policy(&make, "p", 1);
    struct requirement expressions[] = {
        make_requirement(&make, "tier", SELECTOR_IN, "a,b"),
        make_requirement(&make, "env", SELECTOR_NOT_IN, "test"),
        make_requirement(&make, "owner", SELECTOR_EXISTS, ""),
        make_requirement(&make, "frozen", SELECTOR_DOES_NOT_EXIST, ""),
    };
    object.expressions = expressions;
    object.expression_count = 4;
    struct policy *policy = parse(&make, &object);
    static const struct {
        const char *labels;
        bool selects;
    } pods[] = {
        {"app=web,tier=a,owner=x", true},
        {"app=web,tier=b,owner=,env=live", true},
        {"app=web,tier=c,owner=x", false},
        {"app=web,owner=x", false},
        {"app=web,tier=a,owner=x,env=test", false},
        {"app=web,tier=a", false},
        {"app=web,tier=a,owner=x,frozen=no", false},
        {"app=api,tier=a,owner=x", false},
        {"tier=a,owner=x", false},
    };
    for (size_t i = 0; i < sizeof(pods) / sizeof(pods[0]); i++) {
        struct labels labels;
        labels.items = make_labels(&make, pods[i].labels, &labels.count);
        labels_sort(&labels);
        cr_expect_eq(policy_selects(policy, &labels), pods[i].selects, "%s", pods[i].labels);
    }
    policy_free(policy);
    make_fini(&make);
}

/* Kruise (elastic-policies 2.3): ceil(percent x replicas / 100). */
static const struct {
    int32_t percent;
    uint64_t replicas;
    uint32_t pods;
} shares[] = {
    {100, 5, 5}, {80, 5, 4},
    {50, 5, 3},  {1, 5, 1},
    {0, 5, 0},   {33, 3, 1},
    {34, 3, 2},  {33, 100, 33},
    {1, 0, 0},   {10, 10, 1},
    {10, 11, 2}, {99, 1, 1},
    {100, 0, 0}, {100, UINT64_C(1) << 40, UINT32_MAX},
};

Test(policy, a_share_of_replicas_is_rounded_up)
{
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        struct pod_quota quota = {true, true, shares[i].percent};
        cr_expect_eq(pod_quota_count(&quota, shares[i].replicas), shares[i].pods, "%d%% of %llu",
                     shares[i].percent, (unsigned long long)shares[i].replicas);
    }
    struct pod_quota unset = {0};
    cr_expect_eq(pod_quota_count(&unset, 5), UINT32_MAX);
}

/* Bad objects: what is done to a good one, and what the error must name. */

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

Test(policy, what_cannot_be_used_is_refused_with_the_field_and_how_to_mend_it)
{
    struct make make;
    make_init(&make);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct policy_object object = make_policy(&make, "p", 2);
        object.units[0].resource = STR("ecs");
        object.units[1].resource = STR("eci");
        struct policy *good = parse(&make, &object);
        policy_free(good);
        bad[i].spoil(&make, &object);
        struct err err = {0};
        cr_expect_null(policy_parse(&object, &make.types, make.symbols, &err), "row %zu", i);
        cr_expect(str_starts(str_from(err.text), bad[i].path), "row %zu: %s", i, err.text);
        cr_expect_not_null(strstr(err.text, bad[i].mend), "row %zu: %s", i, err.text);
    }
    make_fini(&make);
}

Test(policy, of_a_bad_object_the_selector_still_says_whose_pods_wait)
{
    struct make make;
    make_init(&make);
    struct policy_object object = make_policy(&make, "p", 0);
    struct requirement broken = make_requirement(&make, "tier", SELECTOR_IN, "");
    struct labels web = {0}, api = {0};
    web.items = make_labels(&make, "app=web", &web.count);
    api.items = make_labels(&make, "app=api", &api.count);
    struct policy *policy = policy_parse_selector(&object, make.symbols);
    cr_expect(policy_selects(policy, &web) && !policy_selects(policy, &api));
    policy_free(policy);

    object.expressions = &broken;
    object.expression_count = 1;
    policy = policy_parse_selector(&object, make.symbols);
    cr_expect(policy_selects(policy, &web) && !policy_selects(policy, &api));
    policy_free(policy);

    object.selector_count = 0; /* nothing is left that could be read: not every pod! */
    policy = policy_parse_selector(&object, make.symbols);
    cr_expect(!policy_selects(policy, &web) && !policy_selects(policy, &api));
    policy_free(policy);
    make_fini(&make);
}
