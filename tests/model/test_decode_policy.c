/* Policies, budgets and owners as values, and what is said of bad ones. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "model/base/buf.h"
#include "model/decode.h"
#include "model/names.h"

enum { SHOWN_MAX = 2048 };

/* The last object, and all problems so far, one a line. */
struct seen {
    struct symbols *symbols;
    uint32_t count;
    char problems[SHOWN_MAX];
    void (*look)(const struct seen *seen, const void *object);
    int32_t replicas; /* of an owner */
};

static void note(struct seen *seen, const void *object, struct str problem)
{
    size_t len = strlen(seen->problems);
    seen->count++;
    (void)snprintf(seen->problems + len, sizeof(seen->problems) - len, STR_FMT, STR_ARG(problem));
    if (seen->look)
        seen->look(seen, object);
}

static void on_policy(void *ctx, enum decode_verb verb, const struct policy_object *policy)
{
    (void)verb;
    note(ctx, policy, policy->problem);
}

static void on_budget(void *ctx, enum decode_verb verb, const struct budget_object *budget)
{
    (void)verb;
    note(ctx, budget, budget->problem);
}

static void on_owner(void *ctx, enum decode_verb verb, const struct owner_object *owner)
{
    struct seen *seen = ctx;
    (void)verb;
    seen->replicas = owner->replicas;
    note(seen, owner, owner->problem);
}

static int run(enum decode_kind kind, enum decode_source source, const char *text,
               void (*look)(const struct seen *, const void *), struct seen *ret_seen,
               struct err *err)
{
    *ret_seen = (struct seen){.symbols = names_symbols_new(3), .look = look};
    const struct decode_handler handler = {
        .ctx = ret_seen, .policy = on_policy, .budget = on_budget, .owner = on_owner};
    struct decoder *decoder = decoder_new(kind, source, ret_seen->symbols, &handler);
    int result = decoder_feed(decoder, text, strlen(text), err);
    if (result == 0)
        result = decoder_finish(decoder, err);
    decoder_free(decoder);
    symbols_free(ret_seen->symbols);
    return result;
}

static void expect_object(enum decode_kind kind, const char *text,
                          void (*look)(const struct seen *, const void *))
{
    struct seen seen;
    struct err err = {0};
    cr_assert_eq(run(kind, DECODE_OBJECT, text, look, &seen, &err), 0, "%s", err.text);
    cr_assert_eq(seen.count, 1);
    cr_expect_str_eq(seen.problems, "");
}

static void expect_str(struct str text, const char *expected)
{
    cr_expect(str_is(text, expected), "\"" STR_FMT "\" is not \"%s\"", STR_ARG(text), expected);
}

static void expect_label(const struct seen *seen, const struct label *label, const char *key,
                         const char *value)
{
    cr_expect_str_eq(symbol_text(seen->symbols, label->key_sym), key);
    cr_expect_str_eq(symbol_text(seen->symbols, label->value_sym), value);
}

/* ---- policies ---- */

static void look_at_all_fields(const struct seen *seen, const void *object)
{
    const struct policy_object *policy = object;
    expect_str(policy->meta.name, "all");
    expect_str(policy->meta.namespace, "shop");
    cr_expect_str_eq(symbol_text(seen->symbols, policy->meta.namespace_sym), "shop");
    cr_expect_eq(policy->meta.generation, 4);
    cr_expect_eq(policy->meta.created_unix_s, 1794700800); /* date -d 2026-11-15T00:00:00Z +%s */
    cr_assert_eq(policy->selector_count, 1);
    expect_label(seen, &policy->selector[0], "app", "web");
    cr_assert_eq(policy->expression_count, 1);
    cr_expect_eq(policy->expressions[0].op, SELECTOR_NOT_IN);
    cr_expect(policy->has_consumer_ref);
    expect_str(policy->strategy, "prefer");
    expect_str(policy->preempt_policy, "BeforeNextUnit");
    expect_str(policy->overflow, "anywhere");
    expect_str(policy->deletion_cost, "overwrite");
    cr_expect_eq(policy->ignore_previous, TRISTATE_FALSE);
    cr_expect_eq(policy->ignore_terminating, TRISTATE_TRUE);
    cr_assert_eq(policy->label_key_count, 1);
    cr_expect_str_eq(symbol_text(seen->symbols, policy->label_keys[0]), "pod-template-hash");
    expect_str(policy->next_policy, "TimeoutOrExceedMax");
    expect_str(policy->next_timeout, "1m");
    cr_assert_eq(policy->unit_count, 2);
    const struct unit_object *unit = &policy->units[0];
    expect_str(unit->name, "base");
    expect_str(unit->resource, "ecs");
    expect_str(unit->max, "4");
    expect_str(unit->min, "10%");
    expect_str(unit->timeout, "1m30s");
    expect_str(unit->cool_down, "5m");
    cr_assert_eq(unit->node_selector_count, 1);
    expect_label(seen, &unit->node_selector[0], "pool", "a");
    cr_assert_eq(unit->max_resources.count, 2);
    cr_expect_eq(unit->max_resources.items[0].amount, 8000);
    cr_expect_eq(unit->max_resources.items[1].amount, INT64_C(16) << 30);
    cr_expect(unit->has_scale_in_weight && unit->scale_in_weight == -3);
    unit = &policy->units[1];
    cr_expect(unit->is_spot && !unit->has_scale_in_weight && !unit->max_resources.is_set);
    expect_str(unit->max, "");
    cr_assert(unit->pod_label_count == 1 && unit->pod_annotation_count == 1);
    expect_label(seen, &unit->pod_labels[0], "burst", "yes");
    expect_label(seen, &unit->pod_annotations[0], "note", "x y");
}

Test(decode_policy, every_field_of_a_policy_is_read)
{
    expect_object(
        DECODE_POLICY,
        "{\"kind\":\"ResourcePolicy\",\"metadata\":{\"name\":\"all\",\"namespace\":\"shop\","
        "\"generation\":4,\"creationTimestamp\":\"2026-11-15T00:00:00Z\"},\"spec\":{"
        "\"consumerRef\":{\"kind\":\"Deployment\"},\"deletionCost\":\"overwrite\","
        "\"ignorePreviousPod\":false,\"ignoreTerminatingPod\":true,\"matchExpressions\":[{"
        "\"key\":\"tier\",\"operator\":\"NotIn\",\"values\":[\"batch\"]}],\"matchLabelKeys\":["
        "\"pod-template-hash\"],\"overflow\":\"anywhere\",\"preemptPolicy\":\"BeforeNextUnit\","
        "\"selector\":{\"app\":\"web\"},\"strategy\":\"prefer\",\"units\":[{\"name\":\"base\","
        "\"resource\":\"ecs\",\"nodeSelector\":{\"pool\":\"a\"},\"max\":4,\"min\":\"10%\","
        "\"maxResources\":{\"cpu\":\"8\",\"memory\":\"16Gi\"},\"scaleInWeight\":-3,"
        "\"timeout\":\"1m30s\",\"coolDown\":\"5m\"},{\"spotInstance\":true,\"podLabels\":{"
        "\"burst\":\"yes\"},\"podAnnotations\":{\"note\":\"x y\"}}],\"whenTryNextUnits\":{"
        "\"policy\":\"TimeoutOrExceedMax\",\"timeout\":\"1m\"}}}",
        look_at_all_fields);
}

static void look_at_nothing_set(const struct seen *seen, const void *object)
{
    const struct policy_object *policy = object;
    (void)seen;
    cr_expect(!policy->has_units && !policy->has_consumer_ref && policy->selector_count == 0);
    cr_expect_eq(policy->ignore_previous, TRISTATE_UNSET);
    cr_expect_eq(policy->ignore_terminating, TRISTATE_UNSET);
    expect_str(policy->strategy, "");
}

static void look_at_no_units(const struct seen *seen, const void *object)
{
    const struct policy_object *policy = object;
    (void)seen;
    cr_expect(policy->has_units && policy->unit_count == 0);
}

Test(decode_policy, what_is_not_there_is_told_from_what_is_empty)
{
    expect_object(DECODE_POLICY, "{\"metadata\":{\"name\":\"p\"},\"spec\":{}}",
                  look_at_nothing_set);
    expect_object(DECODE_POLICY,
                  "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"units\":null,"
                  "\"ignorePreviousPod\":null}}",
                  look_at_nothing_set);
    expect_object(DECODE_POLICY, "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"units\":[]}}",
                  look_at_no_units);
}

/* ---- budgets ---- */

static void look_at_budget(const struct seen *seen, const void *object)
{
    const struct budget_object *budget = object;
    cr_expect(budget->selector.is_set);
    cr_assert(budget->selector.label_count == 1 && budget->selector.expression_count == 1);
    expect_label(seen, &budget->selector.labels[0], "app", "web");
    cr_expect_eq(budget->selector.expressions[0].op, SELECTOR_IN);
    cr_expect_eq(budget->disruptions_allowed, 2);
    cr_assert_eq(budget->disrupted_count, 2);
    expect_str(budget->disrupted_pods[0], "web-1");
    expect_str(budget->disrupted_pods[1], "web-2");
}

static void look_at_all_pods(const struct seen *seen, const void *object)
{
    const struct budget_object *budget = object;
    (void)seen;
    cr_expect(budget->selector.is_set && budget->selector.label_count == 0);
}

static void look_at_no_pods(const struct seen *seen, const void *object)
{
    const struct budget_object *budget = object;
    (void)seen;
    cr_expect(!budget->selector.is_set);
}

Test(decode_policy, a_budget_is_read_and_no_selector_is_told_from_an_empty_one)
{
    expect_object(DECODE_BUDGET,
                  "{\"kind\":\"PodDisruptionBudget\",\"metadata\":{\"name\":\"b\"},\"spec\":{"
                  "\"minAvailable\":\"50%\",\"selector\":{\"matchLabels\":{\"app\":\"web\"},"
                  "\"matchExpressions\":[{\"key\":\"t\",\"operator\":\"In\",\"values\":[\"x\"]}]}},"
                  "\"status\":{\"disruptedPods\":{\"web-1\":\"2026-11-20T08:00:00Z\",\"web-2\":"
                  "null},\"disruptionsAllowed\":2}}",
                  look_at_budget);
    expect_object(DECODE_BUDGET, "{\"metadata\":{\"name\":\"b\"},\"spec\":{\"selector\":{}}}",
                  look_at_all_pods);
    expect_object(DECODE_BUDGET, "{\"metadata\":{\"name\":\"b\"},\"spec\":{\"selector\":null}}",
                  look_at_no_pods);
    expect_object(DECODE_BUDGET, "{\"metadata\":{\"name\":\"b\"},\"spec\":{}}", look_at_no_pods);
}

/* ---- owners ---- */

static const struct {
    const char *text;
    int32_t replicas;
} owners[] = {
    {"{\"kind\":\"ReplicaSet\",\"metadata\":{\"name\":\"o\"},\"spec\":{\"replicas\":12}}", 12},
    {"{\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"o\"},\"spec\":{\"replicas\":0}}", 0},
    {"{\"metadata\":{\"name\":\"o\"},\"spec\":{}}", 1}, /* apps/v1: nil is 1 */
    {"{\"metadata\":{\"name\":\"o\"},\"spec\":{\"replicas\":null}}", 1},
};

Test(decode_policy, an_owner_says_how_many_pods_it_should_have)
{
    for (size_t i = 0; i < ARRAY_LEN(owners); i++) {
        struct seen seen;
        struct err err = {0};
        cr_assert_eq(run(DECODE_OWNER, DECODE_OBJECT, owners[i].text, NULL, &seen, &err), 0, "%s",
                     err.text);
        cr_expect_eq(seen.replicas, owners[i].replicas, "row %zu", i);
        cr_expect_str_eq(seen.problems, "");
    }
}

/* ---- bad ones ---- */

#define POLICY(spec) "{\"metadata\":{\"name\":\"p\",\"namespace\":\"n\"},\"spec\":{" spec "}}"
static const struct {
    enum decode_kind kind;
    const char *text, *problem;
} bad[] = {
    {DECODE_POLICY, POLICY("\"units\":[{},{\"max\":1.5}]"),
     "n/p: spec.units[1].max: \"1.5\" is neither a whole number nor a string"},
    {DECODE_POLICY, POLICY("\"units\":[{\"min\":true}]"),
     "n/p: spec.units[0].min: is neither a whole number nor a string"},
    {DECODE_POLICY, POLICY("\"units\":[{\"max\":{}}]"),
     "n/p: spec.units[0].max: is an object, which is not allowed there"},
    {DECODE_POLICY, POLICY("\"units\":[{\"max\":99999999999999999999}]"),
     "n/p: spec.units[0].max: \"99999999999999999999\" is neither a whole number nor a string"},
    {DECODE_POLICY, POLICY("\"units\":[{\"maxResources\":{\"cpu\":\"many\"}}]"),
     "n/p: spec.units[0].maxResources[\"cpu\"]: \"many\" is no quantity: write it like \"100m\", "
     "\"1.5\" or \"2Gi\""},
    {DECODE_POLICY, POLICY("\"units\":[{\"nodeSelector\":{\"a\":[]}}]"),
     "n/p: spec.units[0].nodeSelector[\"a\"]: is neither string nor number"},
    {DECODE_POLICY, POLICY("\"units\":[{\"podAnnotations\":{\"a\":1}}]"),
     "n/p: spec.units[0].podAnnotations[\"a\"]: \"1\" is no string"},
    {DECODE_POLICY, POLICY("\"units\":[{\"scaleInWeight\":2147483648}]"),
     "n/p: spec.units[0].scaleInWeight: \"2147483648\" is no whole number from -2147483648 to "
     "2147483647"},
    {DECODE_POLICY, POLICY("\"units\":[{\"spotInstance\":\"yes\"}]"),
     "n/p: spec.units[0].spotInstance: \"yes\" is neither true nor false"},
    {DECODE_POLICY, POLICY("\"units\":{}"),
     "n/p: spec.units: is an object, which is not allowed there"},
    {DECODE_POLICY, POLICY("\"units\":[5]"),
     "n/p: spec.units[0]: \"5\" is no object, which each item has to be"},
    {DECODE_POLICY, POLICY("\"ignorePreviousPod\":\"no\""),
     "n/p: spec.ignorePreviousPod: \"no\" is neither true nor false"},
    {DECODE_POLICY, POLICY("\"matchLabelKeys\":[\"a\",1]"),
     "n/p: spec.matchLabelKeys[1]: \"1\" is no string, which each item has to be"},
    {DECODE_POLICY, POLICY("\"whenTryNextUnits\":{\"timeout\":60}"),
     "n/p: spec.whenTryNextUnits.timeout: \"60\" is no string"},
    {DECODE_POLICY, POLICY("\"strategy\":\"prefer\",\"strategy\":\"required\""),
     "n/p: spec.strategy: is there twice: keep one"},
    {DECODE_POLICY, "{\"metadata\":{\"name\":\"p\",\"creationTimestamp\":\"today\"}}",
     "p: metadata.creationTimestamp: \"today\" is no time: write it like "
     "\"2026-11-22T03:04:05Z\""},
    {DECODE_POLICY, "{\"spec\":{}}", "metadata.name: is not there: an object has to have a name"},
    {DECODE_BUDGET, "{\"metadata\":{\"name\":\"b\"},\"spec\":{\"selector\":[]}}",
     "b: spec.selector: is an array, which is not allowed there"},
    {DECODE_BUDGET, "{\"metadata\":{\"name\":\"b\"},\"status\":{\"disruptedPods\":[]}}",
     "b: status.disruptedPods: is an array, which is not allowed there"},
    {DECODE_BUDGET, "{\"metadata\":{\"name\":\"b\"},\"status\":{\"disruptionsAllowed\":\"1\"}}",
     "b: status.disruptionsAllowed: \"1\" is no number"},
    {DECODE_OWNER, "{\"metadata\":{\"name\":\"o\"},\"spec\":{\"replicas\":-1}}",
     "o: spec.replicas: \"-1\" is no whole number from 0 to 2147483647"},
};

Test(decode_policy, a_wrong_value_is_told_with_its_path)
{
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct seen seen;
        struct err err = {0};
        cr_assert_eq(run(bad[i].kind, DECODE_OBJECT, bad[i].text, NULL, &seen, &err), 0, "%s",
                     err.text);
        cr_expect_eq(seen.count, 1, "row %zu", i);
        cr_expect_str_eq(seen.problems, bad[i].problem, "row %zu: %s", i, seen.problems);
    }
}

static const struct {
    const char *before, *item, *after;
    uint32_t limit;
    enum decode_kind kind;
    const char *problem;
} limits[] = {
    {"{\"metadata\":{\"name\":\"p\"},\"spec\":{\"units\":[", "{}", "]}}", 1024, DECODE_POLICY,
     "p: spec.units[1024]: is over the limit of 1024 entries"},
    {"{\"metadata\":{\"name\":\"p\"},\"spec\":{\"matchLabelKeys\":[", "\"k\"", "]}}", 16,
     DECODE_POLICY, "p: spec.matchLabelKeys[16]: is over the limit of 16 entries"},
    {"{\"metadata\":{\"name\":\"p\"},\"spec\":{\"matchExpressions\":[", "{}", "]}}", 64,
     DECODE_POLICY, "p: spec.matchExpressions[64]: is over the limit of 64 entries"},
    {"{\"metadata\":{\"name\":\"b\"},\"status\":{\"disruptedPods\":{", "\"x\":null", "}}}", 2048,
     DECODE_BUDGET, "b: status.disruptedPods: is over the limit of 2048 entries"},
};

Test(decode_policy, a_list_over_its_limit_is_never_cut_silently)
{
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        for (uint32_t extra = 0; extra < 10; extra = extra * 9 + 1) {
            struct buf text CLEANUP(buf_fini);
            struct seen seen;
            struct err err = {0};
            buf_init(&text, 1 << 20);
            (void)buf_add_str(&text, limits[i].before);
            for (uint32_t n = 0; n < limits[i].limit + extra; n++)
                (void)buf_printf(&text, "%s%s", n > 0 ? "," : "", limits[i].item);
            (void)buf_add_str(&text, limits[i].after);
            cr_assert_eq(run(limits[i].kind, DECODE_OBJECT, text.data, NULL, &seen, &err), 0, "%s",
                         err.text);
            cr_expect_str_eq(seen.problems, extra > 0 ? limits[i].problem : "", "row %zu: %s", i,
                             seen.problems);
        }
}

static const struct {
    enum decode_kind kind;
    const char *text, *error;
} foreign[] = {
    {DECODE_POLICY, "{\"kind\":\"PodList\",\"items\":[]}",
     "policy list: byte 29: expected kind ResourcePolicyList, found PodList"},
    {DECODE_BUDGET, "{\"kind\":\"Status\",\"code\":403}",
     "budget list: byte 28: expected kind PodDisruptionBudgetList, found Status"},
    {DECODE_OWNER, "{\"kind\":\"DaemonSetList\",\"items\":[]}",
     "owner list: byte 35: expected kind ReplicaSetList or StatefulSetList, found DaemonSetList"},
};

Test(decode_policy, a_list_of_another_kind_is_refused)
{
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
        struct seen seen;
        struct err err = {0};
        cr_expect_eq(run(foreign[i].kind, DECODE_LIST, foreign[i].text, NULL, &seen, &err),
                     -EBADMSG);
        cr_expect_str_eq(err.text, foreign[i].error);
    }
}
