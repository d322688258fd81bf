/* What a replay plays: kinds are kept once, and the order is that of the times. */
#include "bench/workload.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "model/base/check.h"
#include "model/names.h"

static struct workload_node_kind node_kind(struct workload *workload, int64_t cpu_milli)
{
    struct workload_node_kind kind;
    memset(&kind, 0xa5, sizeof(kind)); /* what is beyond the counts must not matter */
    kind.offers = (struct workload_amounts){.cpu_milli = cpu_milli, .memory_bytes = 1 << 30};
    kind.pods = 110;
    kind.label_count = 1;
    kind.taint_count = 0;
    kind.labels[0].key_sym = symbol_intern(workload->symbols, STR("pool"));
    kind.labels[0].value_sym = symbol_intern(workload->symbols, STR("a"));
    kind.unit_sym = SYM_EMPTY;
    kind.price_micro_per_hour = kind.price_micro_per_core_hour = 0;
    return kind;
}

Test(workload, equal_kinds_are_one_whatever_is_beyond_their_counts)
{
    struct workload workload;
    workload_init(&workload);
    struct workload_node_kind small = node_kind(&workload, 1000);
    struct workload_node_kind large = node_kind(&workload, 2000);
    struct workload_node_kind again = node_kind(&workload, 1000);
    again.labels[3].key_sym = 77;
    again.offers.extended[0].amount = 5; /* extended_count is 0 */
    cr_expect_eq(workload_add_node_kind(&workload, &small), 0);
    cr_expect_eq(workload_add_node_kind(&workload, &large), 1);
    cr_expect_eq(workload_add_node_kind(&workload, &again), 0);
    cr_expect_eq(workload.node_kind_count, 2);

    struct workload_pod_kind web = {.asks = {.cpu_milli = 100}}, batch = web, web_again = web;
    batch.tolerates_all = true;
    cr_expect_eq(workload_add_pod_kind(&workload, &web), 0);
    cr_expect_eq(workload_add_pod_kind(&workload, &batch), 1);
    cr_expect_eq(workload_add_pod_kind(&workload, &web_again), 0);
    cr_expect_eq(workload.pod_kind_count, 2);
    cr_expect_eq(workload.pod_kinds[1].asks.cpu_milli, 100);
    workload_fini(&workload);
}

Test(workload, every_field_of_a_kind_tells_it_from_others)
{
    struct workload workload;
    workload_init(&workload);
    struct workload_pod_kind kinds[11];
    memset(kinds, 0, sizeof(kinds));
    kinds[1].asks.cpu_milli = 1;
    kinds[2].asks.memory_bytes = 1;
    kinds[3].asks.extended_count = 1;
    kinds[4].priority = -1;
    kinds[5].label_count = 1;
    kinds[6].selector_count = 1;
    kinds[7].tolerates_all = true;
    for (uint32_t i = 8; i < 11; i++)
        kinds[i].choice_count = i == 8 ? 1 : 2;
    kinds[9].choice_syms[1] = 1;
    kinds[10].choice_syms[1] = 2;
    for (uint32_t i = 0; i < ARRAY_LEN(kinds); i++)
        cr_expect_eq(workload_add_pod_kind(&workload, &kinds[i]), i);
    for (uint32_t i = 0; i < ARRAY_LEN(kinds); i++)
        cr_expect_eq(workload_add_pod_kind(&workload, &kinds[i]), i);
    struct workload_node_kind nodes[9];
    memset(nodes, 0, sizeof(nodes));
    nodes[1].offers.cpu_milli = 1;
    nodes[2].offers.extended_count = 1;
    nodes[3].pods = 1;
    nodes[4].label_count = 1;
    nodes[5].taint_count = 1;
    nodes[6].unit_sym = NAME_CPU;
    nodes[7].price_micro_per_hour = 1;
    nodes[8].price_micro_per_core_hour = 1;
    for (uint32_t i = 0; i < ARRAY_LEN(nodes); i++)
        cr_expect_eq(workload_add_node_kind(&workload, &nodes[i]), i);
    workload_fini(&workload);
}

Test(workload, many_kinds_are_found_again)
{
    enum { KINDS = 5000 };
    struct workload workload;
    workload_init(&workload);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < KINDS; i++) {
            struct workload_node_kind kind = node_kind(&workload, i);
            cr_assert_eq(workload_add_node_kind(&workload, &kind), i);
        }
    }
    cr_expect_eq(workload.node_kind_count, KINDS);
    workload_fini(&workload);
}

Test(workload, the_order_is_that_of_the_times_and_then_that_of_adding)
{
    static const int64_t created_ms[] = {500, 0, 500, 250, 0, 500};
    static const uint32_t order[] = {1, 4, 3, 0, 2, 5};
    struct workload workload;
    workload_init(&workload);
    uint32_t pods = workload_add_pod_kind(&workload, &(struct workload_pod_kind){0});
    struct workload_node_kind kind = node_kind(&workload, 1000);
    uint32_t nodes = workload_add_node_kind(&workload, &kind);
    for (uint32_t i = 0; i < ARRAY_LEN(order); i++) {
        workload_add_pod(&workload, &(struct workload_pod){i, pods, created_ms[i], 1, INT64_MAX});
        workload_add_node(&workload, &(struct workload_node){i, nodes, created_ms[i], INT64_MAX});
    }
    workload_sort(&workload);
    for (uint32_t i = 0; i < ARRAY_LEN(order); i++) {
        cr_expect_eq(workload.pods[i].name_sym, order[i]);
        cr_expect_eq(workload.nodes[i].name_sym, order[i]);
    }
    workload_fini(&workload);
}

Test(workload, of_nothing_can_be_sorted_and_ended)
{
    struct workload workload;
    workload_init(&workload);
    workload_sort(&workload);
    cr_expect_eq(workload.node_count + workload.pod_count + workload.policy_count, 0);
    workload_fini(&workload);
}

Test(workload, keeps_copies_of_policies)
{
    struct workload workload;
    char text[] = "{\"kind\":\"ResourcePolicy\"}";
    workload_init(&workload);
    workload_add_policy(&workload, text);
    workload_add_policy(&workload, "{}");
    text[0] = 'x';
    cr_assert_eq(workload.policy_count, 2);
    cr_expect_str_eq(workload.policies[0], "{\"kind\":\"ResourcePolicy\"}");
    cr_expect_str_eq(workload.policies[1], "{}");
    workload_fini(&workload);
}
