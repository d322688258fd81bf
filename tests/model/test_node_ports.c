/* Ports in use, against a naive list of them. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "model/names.h"
#include "model/node_ports.h"
#include "tests/model/seed.h"

enum { PODS = 12, PORTS_MAX = 8 };

struct ports {
    uint32_t count;
    struct host_port items[PORTS_MAX];
};

static int compare(const void *a, const void *b)
{
    return host_port_compare(a, b);
}

/* Few values, so that many are equal; wildcards among them. */
static struct ports any_ports(struct rng *rng)
{
    static const uint32_t ips[] = {SYM_EMPTY, NAME_ANY_IPV4, NAME_ANY_IPV6, 100, 101, 102, 103};
    struct ports ports = {.count = (uint32_t)rng_below(rng, PORTS_MAX + 1)};
    for (uint32_t i = 0; i < ports.count; i++)
        ports.items[i] =
            (struct host_port){ips[rng_below(rng, 2) ? rng_below(rng, 7) : 4],
                               (uint16_t)(1 + rng_below(rng, 6)), (uint16_t)rng_below(rng, 2)};
    qsort(ports.items, ports.count, sizeof(ports.items[0]), compare);
    return ports;
}

static bool is_any(uint32_t ip_sym)
{
    return ip_sym == SYM_EMPTY || ip_sym == NAME_ANY_IPV4 || ip_sym == NAME_ANY_IPV6;
}

static bool naive_conflict(const struct ports *a, const struct ports *b)
{
    for (uint32_t i = 0; i < a->count; i++)
        for (uint32_t k = 0; k < b->count; k++) {
            const struct host_port *x = &a->items[i], *y = &b->items[k];
            if (x->port == y->port && x->protocol == y->protocol &&
                (x->ip_sym == y->ip_sym || is_any(x->ip_sym) || is_any(y->ip_sym)))
                return true;
        }
    return false;
}

/* Each use is there once, in order. */
static void expect_uses(const struct node *node, const struct ports *pods, const bool *is_on)
{
    uint32_t uses = 0, expected = 0;
    for (uint32_t i = 0; i < node->port_count; i++) {
        uint32_t count = 0;
        for (uint32_t pod = 0; pod < PODS; pod++)
            for (uint32_t k = 0; is_on[pod] && k < pods[pod].count; k++)
                count += host_port_compare(&pods[pod].items[k], &node->ports[i].port) == 0;
        cr_assert_eq(count, node->ports[i].pods);
        cr_assert(count > 0);
        cr_assert(i == 0 || host_port_compare(&node->ports[i - 1].port, &node->ports[i].port) < 0);
        uses += count;
    }
    for (uint32_t pod = 0; pod < PODS; pod++)
        expected += is_on[pod] ? pods[pod].count : 0;
    cr_assert_eq(uses, expected);
}

Test(node_ports, any_pods_that_come_and_go_leave_what_the_others_use)
{
    struct rng rng;
    (void)seed_rng(&rng, "node_ports");
    for (int round = 0; round < 200; round++) {
        struct node node = {0};
        struct ports pods[PODS];
        bool is_on[PODS] = {false};
        for (uint32_t pod = 0; pod < PODS; pod++)
            pods[pod] = any_ports(&rng);
        for (int step = 0; step < 60; step++) {
            uint64_t pod = rng_below(&rng, PODS);
            if (is_on[pod])
                node_remove_ports(&node, pods[pod].items, pods[pod].count);
            else
                node_add_ports(&node, pods[pod].items, pods[pod].count);
            is_on[pod] = !is_on[pod];
            expect_uses(&node, pods, is_on);
            struct ports wanted = any_ports(&rng);
            bool conflicts = false;
            for (uint32_t i = 0; i < PODS; i++)
                conflicts |= is_on[i] && naive_conflict(&pods[i], &wanted);
            cr_assert_eq(node_ports_conflict(&node, wanted.items, wanted.count), conflicts);
            cr_assert_eq(
                host_ports_conflict(pods[pod].items, pods[pod].count, wanted.items, wanted.count),
                naive_conflict(&pods[pod], &wanted));
        }
        free(node.ports);
    }
}
