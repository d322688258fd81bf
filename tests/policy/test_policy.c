/* What makes a policy, what does not, and how the error mends it. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/policy/make.h"

#define WAIT_LABEL "k8s.aliyun.com/resource-policy-wait-for-ecs-scaling"

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
    struct policy *policy = make_parse(&make, &object);
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
    struct policy *policy = make_parse(&make, &object);
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
        struct policy *policy = make_parse(&make, &object);
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
    struct policy *policy = make_parse(&make, &object);
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
    struct policy *policy = make_parse(&make, &object);
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
    struct policy *policy = make_parse(&make, &object);
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
    struct policy *policy = make_parse(&make, &object);
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
