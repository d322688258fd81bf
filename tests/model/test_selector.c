#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>

#include "model/base/check.h"
#include "model/names.h"
#include "model/selector.h"
#include "tests/model/seed.h"

enum { VALUES_MAX = 4 };

static int compare_symbols(const void *a, const void *b)
{
    const uint32_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

/* A requirement as the decoder makes it: values interned and sorted. */
static struct requirement require(struct symbols *symbols, const char *key, enum selector_op op,
                                  const char *const *values, uint32_t storage[VALUES_MAX])
{
    struct requirement requirement = {
        .key_sym = symbol_intern(symbols, str_from(key)), .op = op, .value_syms = storage};
    memset(storage, 0, VALUES_MAX * sizeof(storage[0]));
    for (; values[requirement.value_count]; requirement.value_count++)
        storage[requirement.value_count] =
            symbol_intern(symbols, str_from(values[requirement.value_count]));
    qsort(storage, requirement.value_count, sizeof(storage[0]), compare_symbols);
    return requirement;
}

Test(selector, operators_parse_by_name)
{
    cr_assert_eq(selector_op_parse(STR("In")), SELECTOR_IN);
    cr_assert_eq(selector_op_parse(STR("NotIn")), SELECTOR_NOT_IN);
    cr_assert_eq(selector_op_parse(STR("Exists")), SELECTOR_EXISTS);
    cr_assert_eq(selector_op_parse(STR("DoesNotExist")), SELECTOR_DOES_NOT_EXIST);
    cr_assert_eq(selector_op_parse(STR("Gt")), SELECTOR_GT);
    cr_assert_eq(selector_op_parse(STR("Lt")), SELECTOR_LT);
    cr_assert_eq(selector_op_parse(STR("in")), SELECTOR_INVALID);
    cr_assert_eq(selector_op_parse(STR("")), SELECTOR_INVALID);
}

/* Against a node n1 with zone=a, cores=16, empty="", word=many, huge=9223372036854775808. */
static const struct {
    const char *key;
    enum selector_op op;
    const char *values[VALUES_MAX];
    bool matches;
} rows[] = {
    {"zone", SELECTOR_IN, {"a"}, true},
    {"zone", SELECTOR_IN, {"c", "b", "a"}, true},
    {"zone", SELECTOR_IN, {"b", "c"}, false},
    {"zone", SELECTOR_IN, {"A"}, false},
    {"none", SELECTOR_IN, {"a"}, false},
    {"none", SELECTOR_IN, {""}, false}, /* absent is not empty */
    {"empty", SELECTOR_IN, {""}, true},
    {"zone", SELECTOR_IN, {NULL}, false},
    {"zone", SELECTOR_NOT_IN, {"a", "b"}, false},
    {"zone", SELECTOR_NOT_IN, {"b", "c"}, true},
    {"none", SELECTOR_NOT_IN, {"a"}, true}, /* an absent key satisfies */
    {"zone", SELECTOR_NOT_IN, {NULL}, false},
    {"none", SELECTOR_NOT_IN, {NULL}, false},
    {"zone", SELECTOR_EXISTS, {NULL}, true},
    {"empty", SELECTOR_EXISTS, {NULL}, true},
    {"none", SELECTOR_EXISTS, {NULL}, false},
    {"zone", SELECTOR_EXISTS, {"a"}, false}, /* no selector: takes no values */
    {"zone", SELECTOR_DOES_NOT_EXIST, {NULL}, false},
    {"none", SELECTOR_DOES_NOT_EXIST, {NULL}, true},
    {"none", SELECTOR_DOES_NOT_EXIST, {"a"}, false},
    {"cores", SELECTOR_GT, {"15"}, true},
    {"cores", SELECTOR_GT, {"16"}, false},
    {"cores", SELECTOR_GT, {"-1"}, true},
    {"cores", SELECTOR_GT, {"+15"}, true},
    {"cores", SELECTOR_GT, {"9"}, true}, /* numbers, not text */
    {"cores", SELECTOR_LT, {"17"}, true},
    {"cores", SELECTOR_LT, {"16"}, false},
    {"cores", SELECTOR_LT, {"9223372036854775807"}, true},
    {"cores", SELECTOR_LT, {"9223372036854775808"}, false}, /* no int64 */
    {"cores", SELECTOR_GT, {"-9223372036854775808"}, true},
    {"cores", SELECTOR_GT, {"-9223372036854775809"}, false},
    {"cores", SELECTOR_GT, {"1", "2"}, false}, /* exactly one value */
    {"cores", SELECTOR_GT, {NULL}, false},
    {"cores", SELECTOR_GT, {"1.5"}, false},
    {"cores", SELECTOR_GT, {"0x1"}, false},
    {"cores", SELECTOR_GT, {""}, false},
    {"cores", SELECTOR_GT, {"-"}, false},
    {"word", SELECTOR_GT, {"1"}, false},
    {"word", SELECTOR_LT, {"1"}, false},
    {"huge", SELECTOR_GT, {"1"}, false},
    {"empty", SELECTOR_LT, {"1"}, false},
    {"none", SELECTOR_GT, {"1"}, false},
    {"none", SELECTOR_LT, {"1"}, false},
    {"zone", SELECTOR_INVALID, {"a"}, false},
    {"none", SELECTOR_INVALID, {NULL}, false},
};

struct node {
    struct symbols *symbols;
    struct label items[5];
    struct labels labels;
    uint32_t name_sym;
};

static void node_setup(struct node *node)
{
    static const char *const pairs[][2] = {{"zone", "a"},
                                           {"cores", "16"},
                                           {"empty", ""},
                                           {"word", "many"},
                                           {"huge", "9223372036854775808"}};
    node->symbols = names_symbols_new(1);
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        node->items[i] =
            (struct label){.key_sym = symbol_intern(node->symbols, str_from(pairs[i][0])),
                           .value_sym = symbol_intern(node->symbols, str_from(pairs[i][1]))};
    node->labels = (struct labels){ARRAY_LEN(pairs), node->items};
    labels_sort(&node->labels);
    node->name_sym = symbol_intern(node->symbols, STR("n1"));
}

Test(selector, each_operator_means_what_kubernetes_says)
{
    struct node node;
    node_setup(&node);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint32_t values[VALUES_MAX];
        struct requirement requirement =
            require(node.symbols, rows[i].key, rows[i].op, rows[i].values, values);
        struct node_term term = {.expression_count = 1, .expressions = &requirement};
        cr_assert_eq(node_term_matches(&term, &node.labels, node.name_sym, node.symbols),
                     rows[i].matches, "row %zu: %s", i, rows[i].key);
    }
    symbols_free(node.symbols);
}

static const struct {
    const char *key;
    enum selector_op op;
    const char *values[VALUES_MAX];
    bool matches;
} field_rows[] = {
    {"metadata.name", SELECTOR_IN, {"n1"}, true},
    {"metadata.name", SELECTOR_IN, {"n2"}, false},
    {"metadata.name", SELECTOR_IN, {"n1", "n2"}, false}, /* exactly one value */
    {"metadata.name", SELECTOR_IN, {NULL}, false},
    {"metadata.name", SELECTOR_NOT_IN, {"n2"}, true},
    {"metadata.name", SELECTOR_NOT_IN, {"n1"}, false},
    {"metadata.name", SELECTOR_NOT_IN, {"n2", "n3"}, false},
    {"metadata.name", SELECTOR_EXISTS, {NULL}, false},
    {"metadata.name", SELECTOR_GT, {"1"}, false},
    {"metadata.namespace", SELECTOR_IN, {""}, false},
    {"metadata.namespace", SELECTOR_NOT_IN, {"x"}, false},
    {"zone", SELECTOR_IN, {"a"}, false}, /* a label is no field */
};

Test(selector, fields_are_the_node_name_alone)
{
    struct node node;
    node_setup(&node);
    for (size_t i = 0; i < ARRAY_LEN(field_rows); i++) {
        uint32_t values[VALUES_MAX];
        struct requirement requirement = require(node.symbols, field_rows[i].key, field_rows[i].op,
                                                 field_rows[i].values, values);
        struct node_term term = {.field_count = 1, .fields = &requirement};
        cr_assert_eq(node_term_matches(&term, &node.labels, node.name_sym, node.symbols),
                     field_rows[i].matches, "row %zu", i);
    }
    symbols_free(node.symbols);
}

Test(selector, a_term_with_nothing_in_it_matches_nothing)
{
    struct node node;
    node_setup(&node);
    struct node_term term = {0};
    cr_assert_not(node_term_matches(&term, &node.labels, node.name_sym, node.symbols));
    symbols_free(node.symbols);
}

Test(selector, all_requirements_of_a_term_must_hold)
{
    struct node node;
    node_setup(&node);
    static const char *const a[] = {"a", NULL}, *const nothing[] = {NULL},
                             *const n1[] = {"n1", NULL};
    uint32_t values[4][VALUES_MAX];
    struct requirement fields[] = {
        require(node.symbols, "metadata.name", SELECTOR_IN, n1, values[0])};
    struct requirement hold[] = {
        require(node.symbols, "zone", SELECTOR_IN, a, values[1]),
        require(node.symbols, "cores", SELECTOR_EXISTS, nothing, values[2])};
    struct requirement fail[] = {
        hold[0], require(node.symbols, "none", SELECTOR_EXISTS, nothing, values[3])};
    struct node_term holding = {2, 1, hold, fields}, failing = {2, 1, fail, fields};
    uint32_t other_name = symbol_intern(node.symbols, STR("n2"));
    cr_assert(node_term_matches(&holding, &node.labels, node.name_sym, node.symbols));
    cr_assert_not(node_term_matches(&holding, &node.labels, other_name, node.symbols));
    cr_assert_not(node_term_matches(&failing, &node.labels, node.name_sym, node.symbols));
    symbols_free(node.symbols);
}

Test(selector, no_labels_have_no_value)
{
    struct labels labels = {0, NULL};
    labels_sort(&labels);
    cr_assert_eq(labels.count, 0);
    cr_assert_eq(labels_get(&labels, 1), SYM_ABSENT);
}

Test(selector, labels_sort_by_key_and_the_last_of_equal_keys_stays)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "selector");
    enum { KEYS = 60, LABELS_MAX = 100 };
    for (int round = 0; round < 2000; round++) {
        uint32_t naive[KEYS], kinds = 0;
        struct label items[LABELS_MAX];
        struct labels labels = {(uint32_t)rng_below(&rng, LABELS_MAX), items};
        for (uint32_t key = 0; key < KEYS; key++)
            naive[key] = SYM_ABSENT;
        for (uint32_t i = 0; i < labels.count; i++) {
            items[i] = (struct label){(uint32_t)rng_below(&rng, KEYS), (uint32_t)round + i};
            kinds += naive[items[i].key_sym] == SYM_ABSENT;
            naive[items[i].key_sym] = items[i].value_sym;
        }
        labels_sort(&labels);
        cr_assert_eq(labels.count, kinds, "seed %" PRIu64, seed);
        for (uint32_t i = 1; i < labels.count; i++)
            cr_assert_lt(items[i - 1].key_sym, items[i].key_sym, "seed %" PRIu64, seed);
        for (uint32_t key = 0; key < KEYS; key++)
            cr_assert_eq(labels_get(&labels, key), naive[key], "seed %" PRIu64, seed);
    }
}

/* metav1.LabelSelector against a pod with app=web, tier="", size=5. */
static const struct {
    const char *match; /* "key=value" */
    const char *key;
    enum selector_op op;
    const char *values[VALUES_MAX];
    bool matches;
} label_rows[] = {
    {NULL, NULL, SELECTOR_IN, {NULL}, true}, /* empty selects everything */
    {"app=web", NULL, SELECTOR_IN, {NULL}, true},
    {"app=db", NULL, SELECTOR_IN, {NULL}, false},
    {"none=", NULL, SELECTOR_IN, {NULL}, false}, /* absent is not empty */
    {"tier=", NULL, SELECTOR_IN, {NULL}, true},
    {NULL, "app", SELECTOR_IN, {"db", "web"}, true},
    {NULL, "app", SELECTOR_IN, {"db"}, false},
    {NULL, "none", SELECTOR_IN, {"web"}, false},
    {NULL, "app", SELECTOR_NOT_IN, {"db"}, true},
    {NULL, "app", SELECTOR_NOT_IN, {"db", "web"}, false},
    {NULL, "none", SELECTOR_NOT_IN, {"db"}, true}, /* an absent key satisfies */
    {NULL, "tier", SELECTOR_EXISTS, {NULL}, true},
    {NULL, "none", SELECTOR_EXISTS, {NULL}, false},
    {NULL, "none", SELECTOR_DOES_NOT_EXIST, {NULL}, true},
    {NULL, "app", SELECTOR_DOES_NOT_EXIST, {NULL}, false},
    {"app=web", "app", SELECTOR_NOT_IN, {"web"}, false}, /* all of both */
    {"app=db", "app", SELECTOR_EXISTS, {NULL}, false},
    {NULL, "app", SELECTOR_IN, {NULL}, false}, /* what makes no selector matches nothing */
    {NULL, "none", SELECTOR_NOT_IN, {NULL}, false},
    {NULL, "app", SELECTOR_EXISTS, {"web"}, false},
    {NULL, "none", SELECTOR_DOES_NOT_EXIST, {"web"}, false},
    {NULL, "size", SELECTOR_GT, {"1"}, false}, /* those are for nodes only */
    {NULL, "size", SELECTOR_LT, {"9"}, false},
    {NULL, "app", SELECTOR_INVALID, {"web"}, false},
};

Test(selector, label_selectors_match_as_apimachinery_says)
{
    struct symbols *symbols = names_symbols_new(1);
    struct label items[] = {
        {symbol_intern(symbols, STR("app")), symbol_intern(symbols, STR("web"))},
        {symbol_intern(symbols, STR("tier")), SYM_EMPTY},
        {symbol_intern(symbols, STR("size")), symbol_intern(symbols, STR("5"))}};
    struct labels labels = {ARRAY_LEN(items), items};
    labels_sort(&labels);
    for (size_t i = 0; i < ARRAY_LEN(label_rows); i++) {
        uint32_t storage[VALUES_MAX], match_count = 0, expression_count = 0;
        struct label match;
        struct requirement expression;
        if (label_rows[i].match) {
            const char *value = strchr(label_rows[i].match, '=');
            struct str key = {label_rows[i].match, (size_t)(value - label_rows[i].match)};
            match = (struct label){symbol_intern(symbols, key),
                                   symbol_intern(symbols, str_from(value + 1))};
            match_count = 1;
        }
        if (label_rows[i].key) {
            expression = require(symbols, label_rows[i].key, label_rows[i].op, label_rows[i].values,
                                 storage);
            expression_count = 1;
        }
        cr_expect_eq(
            label_selector_matches(&match, match_count, &expression, expression_count, &labels),
            label_rows[i].matches, "row %zu", i);
    }
    symbols_free(symbols);
}
