/* The operator's unit types: what each key does, and what is said about each mistake. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "model/names.h"
#include "model/object.h"
#include "tests/watch/scratch.h"
#include "watch/unit_types_file.h"

static struct scratch scratch;
static struct symbols *symbols;
static struct unit_types types;
static struct err err;

/* As policy/unit_presets.h has them: `any`, and one that can be replaced. */
static void setup(void)
{
    scratch_init(&scratch);
    symbols = names_symbols_new(1);
    types = (struct unit_types){.count = 2};
    types.items[0].name_sym = symbol_intern(symbols, STR("any"));
    types.items[1].name_sym = symbol_intern(symbols, STR("eci"));
    types.items[1].is_virtual = true;
    types.items[1].containers_max = 20;
    types.items[1].terms = mem_zalloc(1, sizeof(struct node_term));
    types.items[1].term_count = 1;
    types.items[1].tolerations = mem_zalloc(1, sizeof(struct toleration));
    types.items[1].labels = mem_zalloc(1, sizeof(struct label));
}

static void release_types(void)
{
    for (uint32_t i = 0; i < types.count; i++) {
        struct unit_type *type = &types.items[i];
        for (uint32_t t = 0; t < type->term_count; t++) {
            for (uint32_t e = 0; e < type->terms[t].expression_count; e++)
                free(type->terms[t].expressions[e].value_syms);
            free(type->terms[t].expressions);
        }
        free(type->terms);
        free(type->tolerations);
        free(type->labels);
    }
    types.count = 0;
}

static void teardown(void)
{
    release_types();
    symbols_free(symbols);
    scratch_fini(&scratch);
}

TestSuite(unit_types_file, .init = setup, .fini = teardown);

static int load(const char *yaml)
{
    char *path = scratch_write(&scratch, "units.yaml", yaml);
    err = (struct err){0};
    int failed = unit_types_load(path, symbols, &types, &err);
    free(path);
    return failed;
}

static const struct unit_type *loaded(const char *yaml)
{
    cr_assert_eq(load(yaml), 0, "%s", err.text);
    return &types.items[types.count - 1];
}

static const char *text_of(uint32_t symbol)
{
    return symbol_text(symbols, symbol);
}

static bool matches(const struct unit_type *type, const char *key, const char *value)
{
    struct label label = {symbol_intern(symbols, str_from(key)),
                          symbol_intern(symbols, str_from(value))};
    const struct labels labels = {1, &label};
    for (uint32_t i = 0; i < type->term_count; i++)
        if (node_term_matches(&type->terms[i], &labels, SYM_EMPTY, symbols))
            return true;
    return false;
}

/* ---- what the keys do ---- */

Test(unit_types_file, leaves_what_is_absent_false_empty_and_unlimited)
{
    const struct unit_type *type = loaded("types:\n- name: plain\n");
    cr_expect_eq(types.count, 3);
    cr_expect_str_eq(text_of(type->name_sym), "plain");
    cr_expect_eq(type->term_count + type->toleration_count + type->label_count, 0);
    cr_expect_not(type->is_virtual || type->waits || type->obeys_only_max);
    cr_expect_eq(type->refused_needs, 0);
    cr_expect_eq(type->containers_max + type->volumes_max, 0);
    cr_expect_eq(type->cpu_max_milli, 0);
    cr_expect_eq(type->bind_burst + type->bind_per_second, 0);
}

Test(unit_types_file, matches_nodes_by_any_entry_with_all_its_expressions)
{
    const struct unit_type *type =
        loaded("types:\n"
               "- name: mine\n"
               "  anyOf:\n"
               "  - matchExpressions:\n"
               "    - {key: type, operator: NotIn, values: [virtual-kubelet]}\n"
               "    - {key: generation, operator: Gt, values: [\"3\"]}\n"
               "  - matchLabels: {pool.example.com/name: reserved}\n"
               "  - matchExpressions: [{key: zone, operator: In, values: [b, a, c]}]\n");
    cr_expect_eq(type->term_count, 3);
    cr_expect(matches(type, "generation", "4"));
    cr_expect_not(matches(type, "generation", "3"));
    cr_expect(matches(type, "pool.example.com/name", "reserved"));
    cr_expect_not(matches(type, "pool.example.com/name", "other"));
    cr_expect(matches(type, "zone", "a") && matches(type, "zone", "b") &&
              matches(type, "zone", "c"));
    cr_expect_not(matches(type, "zone", "d"));
}

Test(unit_types_file, joins_labels_and_expressions_of_one_entry)
{
    const struct unit_type *type =
        loaded("types:\n- name: mine\n  anyOf:\n  - matchLabels: {pool: reserved}\n"
               "    matchExpressions: [{key: gpu, operator: DoesNotExist}]\n");
    cr_expect(matches(type, "pool", "reserved"));
    cr_expect_not(matches(type, "gpu", "a100"));
    cr_expect_eq(type->terms[0].expression_count, 2);
}

Test(unit_types_file, tolerates_NoSchedule_taints_only)
{
    const struct unit_type *type =
        loaded("types:\n- name: mine\n  tolerations:\n"
               "  - {key: virtual-kubelet.io/provider, operator: Exists}\n"
               "  - {key: spot, value: \"true\", effect: NoSchedule}\n");
    const struct taint provider = {symbol_intern(symbols, STR("virtual-kubelet.io/provider")),
                                   symbol_intern(symbols, STR("x")), TAINT_NO_SCHEDULE},
                       spot = {symbol_intern(symbols, STR("spot")),
                               symbol_intern(symbols, STR("true")), TAINT_NO_SCHEDULE};
    struct taint hard = provider, other = spot;
    hard.effect = TAINT_NO_EXECUTE;
    other.value_sym = symbol_intern(symbols, STR("false"));
    cr_assert_eq(type->toleration_count, 2);
    cr_expect(tolerations_tolerate(type->tolerations, 2, &provider));
    cr_expect(tolerations_tolerate(type->tolerations, 2, &spot));
    cr_expect_not(tolerations_tolerate(type->tolerations, 2, &hard));
    cr_expect_not(tolerations_tolerate(type->tolerations, 2, &other));
}

Test(unit_types_file, takes_switches_limits_pacing_and_labels)
{
    const struct unit_type *type =
        loaded("types:\n- name: mine\n  virtual: true\n  waits: true\n  obeysOnlyMax: true\n"
               "  maxContainers: 20\n  maxVolumes: 1\n  maxCPU: \"1500m\"\n"
               "  bindPacing: {burst: 100, perSecond: 20}\n"
               "  labels: {team: a, empty: \"\"}\n");
    cr_expect(type->is_virtual && type->waits && type->obeys_only_max);
    cr_expect_eq(type->containers_max, 20);
    cr_expect_eq(type->volumes_max, 1);
    cr_expect_eq(type->cpu_max_milli, 1500);
    cr_expect_eq(type->bind_burst, 100);
    cr_expect_eq(type->bind_per_second, 20);
    cr_assert_eq(type->label_count, 2);
    cr_expect_str_eq(text_of(type->labels[0].key_sym), "team");
    cr_expect_str_eq(text_of(type->labels[0].value_sym), "a");
    cr_expect_str_eq(text_of(type->labels[1].value_sym), "");
}

Test(unit_types_file, takes_cpu_as_a_plain_number_too)
{
    cr_expect_eq(loaded("types: [{name: mine, maxCPU: 64}]")->cpu_max_milli, 64000);
}

static const struct {
    const char *name;
    enum host_need need;
} needs[] = {
    {"hostNetwork", HOST_NEED_NETWORK},   {"hostPID", HOST_NEED_PID},
    {"hostPath", HOST_NEED_PATH},         {"hostPort", HOST_NEED_PORT},
    {"privileged", HOST_NEED_PRIVILEGED}, {"daemon", HOST_NEED_DAEMON},
};

Test(unit_types_file, refuses_needs_by_the_names_of_the_fields)
{
    char yaml[128];
    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        (void)snprintf(yaml, sizeof(yaml), "types: [{name: mine-%zu, refuses: [%s]}]", i,
                       needs[i].name);
        cr_expect_eq(loaded(yaml)->refused_needs, UINT32_C(1) << needs[i].need, "%s",
                     needs[i].name);
    }
}

/* ---- the whole file ---- */

Test(unit_types_file, replaces_a_built_in_type_whole_and_in_its_place)
{
    cr_assert_eq(load("types:\n- name: eci\n  waits: true\n- name: mine\n"), 0, "%s", err.text);
    cr_assert_eq(types.count, 3);
    cr_expect_str_eq(text_of(types.items[1].name_sym), "eci");
    cr_expect(types.items[1].waits);
    cr_expect_not(types.items[1].is_virtual, "a part of the old type was kept");
    cr_expect_eq(types.items[1].containers_max, 0);
    cr_expect_eq(types.items[1].term_count, 0);
    cr_expect_str_eq(text_of(types.items[2].name_sym), "mine");
}

Test(unit_types_file, changes_nothing_when_a_later_type_is_wrong)
{
    cr_assert_eq(load("types:\n- {name: eci, waits: true}\n- {name: mine}\n- {name: BAD}\n"),
                 -EINVAL);
    cr_expect_eq(types.count, 2);
    cr_expect(types.items[1].is_virtual);
    cr_expect_not(types.items[1].waits);
}

Test(unit_types_file, holds_32_types_with_the_built_in_ones_and_no_more)
{
    char yaml[4096];
    size_t len = (size_t)snprintf(yaml, sizeof(yaml), "types:\n");
    for (int i = 0; i < 30; i++)
        len += (size_t)snprintf(yaml + len, sizeof(yaml) - len, "- name: t%d\n", i);
    struct unit_types before = types;
    (void)snprintf(yaml + len, sizeof(yaml) - len, "- name: one-more\n");
    cr_assert_eq(load(yaml), -EINVAL);
    cr_expect(strstr(err.text, "makes 33 types with the built-in ones, at most 32"), "%s",
              err.text);
    cr_expect_eq(types.count, before.count);
    yaml[len] = '\0';
    cr_assert_eq(load(yaml), 0, "%s", err.text);
    cr_expect_eq(types.count, 32);
}

Test(unit_types_file, says_which_file_cannot_be_read)
{
    char *path = scratch_path(&scratch, "absent.yaml");
    cr_expect_eq(unit_types_load(path, symbols, &types, &err), -ENOENT);
    cr_expect(strstr(err.text, "--unit-types: ") && strstr(err.text, "absent.yaml: No such file"),
              "%s", err.text);
    free(path);
}

Test(unit_types_file, reads_no_file_over_a_mebibyte)
{
    size_t len = (1 << 20) + 1;
    char *yaml = mem_zalloc(len + 1, 1);
    memset(yaml, '#', len);
    cr_expect_eq(load(yaml), -EFBIG);
    cr_expect(strstr(err.text, "larger than 1024 KiB"), "%s", err.text);
    free(yaml);
}

/* ---- mistakes ---- */

#define TYPE(rest)  "types: [{name: mine, " rest "}]"
#define TERM(rest)  TYPE("anyOf: [{matchExpressions: [" rest "]}]")
#define TAINT(rest) TYPE("tolerations: [" rest "]")

/* A file, the place in it that is named, and a part of what is said about it. */
static const struct {
    const char *yaml, *place, *what;
} mistakes[] = {
    {"types: [", "units.yaml", "is not valid YAML"},
    {"", "units.yaml", "must be a map"},
    {"[]", "units.yaml", "must be a map"},
    {"kinds: []", "units.yaml", "\"kinds\" is no key here; known are types"},
    {"types: {}", ": types: ", "must be a list"},
    {"types: []", ": types: ", "is empty"},
    {"{}", ": types: ", "is empty"},
    {"types: [eci]", ": types[0]: ", "must be a map"},
    {"types: [{}]", ": types[0]: ", "name is missing"},
    {"types: [{name: 7}]", ": types[0].name: ", "must be a text"},
    {"types: [{name: Eci}]", ": types[0].name: ", "small letters"},
    {"types: [{name: \"\"}]", ": types[0].name: ", "small letters"},
    {"types: [{name: -a}]", ": types[0].name: ", "small letters"},
    {"types: [{name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}]",
     ": types[0].name: ", "at most 63"},
    {"types: [{name: any}]", ": types[0].name: ", "cannot be changed"},
    {"types: [{name: a}, {name: b}, {name: a}]", ": types[2].name: ", "types[0] too"},
    {TYPE("virtal: true"), ": types[0]: ", "\"virtal\" is no key here; known are name, anyOf"},
    {TYPE("virtual: yes"), ": types[0].virtual: ", "must be true or false"},
    {TYPE("waits: 1"), ": types[0].waits: ", "must be true or false"},
    {TYPE("obeysOnlyMax: \"true\""), ": types[0].obeysOnlyMax: ", "must be true or false"},
    {TYPE("maxContainers: 0"), ": types[0].maxContainers: ", "from 1 to 1000000"},
    {TYPE("maxContainers: 1000001"), ": types[0].maxContainers: ", "from 1 to 1000000"},
    {TYPE("maxVolumes: \"3\""), ": types[0].maxVolumes: ", "must be a whole number"},
    {TYPE("maxVolumes: 1.5"), ": types[0].maxVolumes: ", "must be a whole number"},
    {TYPE("maxCPU: lots"), ": types[0].maxCPU: ", "must be an amount of CPU"},
    {TYPE("maxCPU: -1"), ": types[0].maxCPU: ", "above 0"},
    {TYPE("maxCPU: 0"), ": types[0].maxCPU: ", "above 0"},
    {TYPE("maxCPU: 1.5"), ": types[0].maxCPU: ", "must be an amount of CPU"},
    {TYPE("bindPacing: 20"), ": types[0].bindPacing: ", "must be a map"},
    {TYPE("bindPacing: {burst: 1}"), ": types[0].bindPacing: ", "needs both"},
    {TYPE("bindPacing: {burst: 1, perSecond: 0}"), ": types[0].bindPacing.perSecond: ", "from 1"},
    {TYPE("bindPacing: {burst: 1000001, perSecond: 1}"),
     ": types[0].bindPacing.burst: ", "to 1000000"},
    {TYPE("bindPacing: {burst: 1, perMinute: 1}"),
     ": types[0].bindPacing: ", "\"perMinute\" is no key here"},
    {TYPE("refuses: hostNetwork"), ": types[0].refuses: ", "must be a list"},
    {TYPE("refuses: [hostPID, hostIPC]"), ": types[0].refuses[1]: ", "must be hostNetwork"},
    {TYPE("refuses: [daemon, daemon, daemon, daemon, daemon, daemon, daemon]"),
     ": types[0].refuses: ", "at most 6"},
    {TYPE("anyOf: {}"), ": types[0].anyOf: ", "must be a list"},
    {TYPE("anyOf: [{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}]"),
     ": types[0].anyOf: ", "has 17 entries, at most 16"},
    {TYPE("anyOf: [{}]"), ": types[0].anyOf[0]: ", "matches no node"},
    {TYPE("anyOf: [{matchFields: []}]"), ": types[0].anyOf[0]: ", "\"matchFields\" is no key"},
    {TYPE("anyOf: [{matchLabels: [a]}]"), ": types[0].anyOf[0]: ", "must be a map"},
    {TYPE("anyOf: [{matchLabels: {a: true}}]"),
     ": types[0].anyOf[0].matchLabels: ", "put it in quotes"},
    {TYPE("anyOf: [{matchLabels: {\"a b\": x}}]"),
     ": types[0].anyOf[0].matchLabels: ", "no key of a label"},
    {TYPE("anyOf: [{matchLabels: {a: -x}}]"),
     ": types[0].anyOf[0].matchLabels: ", "no value of a label"},
    {TYPE("anyOf: [{matchExpressions: {}}]"),
     ": types[0].anyOf[0].matchExpressions: ", "must be a list"},
    {TERM("type"), ": types[0].anyOf[0].matchExpressions[0]: ", "must be a map"},
    {TERM("{operator: Exists}"), ": types[0].anyOf[0].matchExpressions[0]: ", "key is missing"},
    {TERM("{key: a/b/c, operator: Exists}"), "matchExpressions[0]: ", "no key of a label"},
    {TERM("{key: UP.example/b, operator: Exists}"), "matchExpressions[0]: ", "no key of a label"},
    {TERM("{key: a}"), ": types[0].anyOf[0].matchExpressions[0]: ", "operator must be In"},
    {TERM("{key: a, operator: in, values: [b]}"), "matchExpressions[0]: ", "operator must be In"},
    {TERM("{key: a, operator: In}"), "matchExpressions[0].values: ", "at least one value"},
    {TERM("{key: a, operator: Exists, values: [b]}"),
     "matchExpressions[0].values: ", "have no values"},
    {TERM("{key: a, operator: Gt, values: [\"1\", \"2\"]}"),
     "matchExpressions[0].values: ", "exactly one"},
    {TERM("{key: a, operator: Lt, values: [many]}"),
     "matchExpressions[0].values[0]: ", "whole number"},
    {TERM("{key: a, operator: In, values: [b, 3]}"),
     "matchExpressions[0].values[1]: ", "put it in quotes"},
    {TERM("{key: a, operator: In, values: [b, \"c d\"]}"),
     "matchExpressions[0].values[1]: ", "no value of a label"},
    {TAINT("{operator: Exists}"), ": types[0].tolerations[0]: ", "key is missing"},
    {TAINT("{key: a, operator: Maybe}"), ": types[0].tolerations[0]: ", "Exists or Equal"},
    {TAINT("{key: a, operator: Exists, value: b}"),
     ": types[0].tolerations[0]: ", "Exists has no value"},
    {TAINT("{key: a, operator: Exists, effect: NoExecute}"),
     ": types[0].tolerations[0]: ", "effect must be NoSchedule"},
    {TAINT("{key: a, value: b}, {key: a, tolerationSeconds: 5}"),
     ": types[0].tolerations[1]: ", "\"tolerationSeconds\" is no key"},
    {TYPE("labels: [a]"), ": types[0].labels: ", "must be a map"},
    {TYPE("labels: {a: 1}"), ": types[0].labels: ", "put it in quotes"},
    {TYPE("labels: {-a: b}"), ": types[0].labels: ", "no key of a label"},
    {TYPE("labels: {a: b/c}"), ": types[0].labels: ", "no value of a label"},
    {TYPE("labels: {a: x, b: x, c: x, d: x, e: x, f: x, g: x, h: x, i: x}"),
     ": types[0].labels: ", "has 9 labels, at most 8"},
};

Test(unit_types_file, names_the_place_and_the_mistake)
{
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
        cr_expect_eq(load(mistakes[i].yaml), -EINVAL, "row %zu was taken", i);
        cr_expect(strstr(err.text, "--unit-types: ") == err.text, "row %zu: %s", i, err.text);
        cr_expect(strstr(err.text, mistakes[i].place), "row %zu: %s", i, err.text);
        cr_expect(strstr(err.text, mistakes[i].what), "row %zu: %s", i, err.text);
        cr_expect_eq(types.count, 2, "row %zu changed the types", i);
    }
}

Test(unit_types_file, says_when_no_more_names_can_be_kept)
{
    struct symbols *small = names_symbols_new_within(1, 2048);
    char name[64];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof(name), "filler-%d", i);
        (void)symbol_intern(small, str_from(name));
    }
    char *path = scratch_write(&scratch, "units.yaml", "types: [{name: mine}]");
    cr_expect_eq(unit_types_load(path, small, &types, &err), -EINVAL);
    cr_expect(strstr(err.text, "types[0].name: the table of names is full"), "%s", err.text);
    free(path);
    symbols_free(small);
}
