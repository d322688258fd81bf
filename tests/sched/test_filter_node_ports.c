/* kube-scheduler.md A10 and A4, NodePorts. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "model/base/rng.h"
#include "tests/sched/probe.h"

/* Each pair is tried both ways round: either one on the node, the other waiting. */
static const struct {
    const char *a, *b;
    bool conflict;
} rows[] = {
    {NULL, NULL, false},
    {"TCP/80", NULL, false},
    {"TCP/80", "TCP/80", true},
    {"TCP/80", "TCP/81", false},
    {"TCP/80", "UDP/80", false},
    {"UDP/80", "SCTP/80", false},
    {"10.0.0.1:TCP/80", "10.0.0.1:TCP/80", true},
    {"10.0.0.1:TCP/80", "10.0.0.2:TCP/80", false},
    {"10.0.0.1:TCP/80", "TCP/80", true},         /* no IP is every IP */
    {"10.0.0.1:TCP/80", "0.0.0.0:TCP/80", true}, /* and so is 0.0.0.0 */
    {"TCP/80", "0.0.0.0:TCP/80", true},
    {"10.0.0.1:TCP/80", ":::TCP/80", true}, /* "::" takes every address too */
    {"fd00::1:TCP/80", ":::TCP/80", true},
    {"fd00::1:TCP/80", "fd00::2:TCP/80", false},
    {"0.0.0.0:TCP/80", "0.0.0.0:UDP/80", false},
    {"TCP/80, TCP/443", "TCP/8080, TCP/443", true}, /* one of several is enough */
    {"TCP/80, TCP/443", "TCP/8080, UDP/443", false},
};

static enum verdict ask(const char *on_node, const char *wanted, char *ret_text)
{
    struct fixture fixture;
    fixture_init(&fixture);
    uint32_t slot = fixture_node(&fixture, &(struct fixture_node){.name = "n1"});
    fixture_pod(&fixture, &(struct fixture_pod){.name = "old", .node = "n1", .ports = on_node});
    struct fixture_pod pod = {.name = "new", .ports = wanted};
    enum verdict verdict = probe_filter(&fixture, &filter_node_ports, &pod, slot, ret_text);
    fixture_fini(&fixture);
    return verdict;
}

Test(filter_node_ports, a_port_conflicts_on_the_same_protocol_and_address)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[PROBE_TEXT_BYTES];
        enum verdict expected = rows[i].conflict ? VERDICT_UNFIT : VERDICT_FIT;
        cr_expect_eq(ask(rows[i].a, rows[i].b, text), expected, "row %zu", i);
        cr_expect_str_eq(text, rows[i].conflict
                                   ? "node(s) didn't have free ports for the requested pod ports"
                                   : "");
        cr_expect_eq(ask(rows[i].b, rows[i].a, text), expected, "row %zu turned round", i);
    }
}

/* Everything the random sets are drawn from: IP times protocol and port. */
static const char *const ips[] = {"", "0.0.0.0", "::", "10.0.0.1", "10.0.0.2"};
static const char *const places[] = {"TCP/80", "UDP/80", "TCP/81", "TCP/82", "TCP/83"};

enum { SET_PORTS = 3 };

struct port_set {
    uint64_t ip[SET_PORTS], place[SET_PORTS];
    char text[128];
};

static void port_set_draw(struct port_set *set, struct rng *rng)
{
    size_t len = 0;
    for (int i = 0; i < SET_PORTS; i++) {
        set->ip[i] = rng_below(rng, ARRAY_LEN(ips));
        set->place[i] = rng_below(rng, ARRAY_LEN(places));
        len += (size_t)snprintf(set->text + len, sizeof(set->text) - len, "%s%s:%s", i ? ", " : "",
                                ips[set->ip[i]], places[set->place[i]]);
    }
}

/* The rule once more, over the tables above: the first three IPs mean every address. */
static bool sets_conflict(const struct port_set *a, const struct port_set *b)
{
    bool conflict = false;
    for (int i = 0; i < SET_PORTS; i++)
        for (int k = 0; k < SET_PORTS; k++)
            conflict |= a->place[i] == b->place[k] &&
                        (a->ip[i] < 3 || b->ip[k] < 3 || a->ip[i] == b->ip[k]);
    return conflict;
}

Test(filter_node_ports, agrees_with_the_rule_on_random_sets_of_ports)
{
    struct rng rng;
    rng_init(&rng, 20);
    uint32_t conflicts = 0;
    for (int round = 0; round < 500; round++) {
        struct port_set a, b;
        port_set_draw(&a, &rng);
        port_set_draw(&b, &rng);
        bool expected = sets_conflict(&a, &b);
        conflicts += expected;
        cr_assert_eq(ask(a.text, b.text, NULL), expected ? VERDICT_UNFIT : VERDICT_FIT,
                     "\"%s\" and \"%s\"", a.text, b.text);
    }
    cr_assert(conflicts > 50 && conflicts < 450, "%u conflicts in 500 rounds", conflicts);
}

/* A pod leaves n1, where `left` stay; ours wants TCP/80 and TCP/443. */
static const struct {
    const char *freed, *left;
    bool wakes;
} hints[] = {
    {"TCP/80", NULL, true},
    {"10.0.0.1:TCP/443", NULL, true}, /* conflicts with ours, which have no IP */
    {"TCP/8080", NULL, false},        /* never stood in our way */
    {"UDP/80", NULL, false},
    {NULL, NULL, false},
    {"TCP/80", "TCP/443", false}, /* still one too many: its own removal will wake us */
    {"TCP/80", "TCP/22", true},
};

Test(filter_node_ports, wakes_when_the_last_port_in_its_way_is_freed)
{
    for (size_t i = 0; i < ARRAY_LEN(hints); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        uint32_t slot = fixture_node(&fixture, &(struct fixture_node){.name = "n1"});
        fixture_pod(&fixture,
                    &(struct fixture_pod){.name = "left", .node = "n1", .ports = hints[i].left});
        struct pod *gone = fixture_pod(
            &fixture, &(struct fixture_pod){.name = "gone", .node = "n1", .ports = hints[i].freed});
        struct shape *shape = shape_ref(gone->shape);
        cr_assert_eq(cluster_drop_pod(&fixture.cluster, gone), slot);
        struct fixture_pod pod = {.name = "p", .ports = "TCP/80, TCP/443"};
        struct wake_event event = {.kind = WAKE_POD_REMOVED,
                                   .slot = slot,
                                   .freed_ports = shape->ports,
                                   .freed_port_count = shape->port_count};
        cr_expect_eq(probe_hint(&fixture, &filter_node_ports, &pod, &event), hints[i].wakes,
                     "row %zu", i);
        shape_unref(&fixture.cluster.shapes, shape);
        fixture_fini(&fixture);
    }
}

Test(filter_node_ports, a_new_node_wakes_when_its_ports_are_free)
{
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_pod(&fixture, &(struct fixture_pod){.name = "early", .node = "n1", .ports = "TCP/80"});
    struct wake_event event = {
        .kind = WAKE_NODE_ADDED,
        .slot = fixture_node(&fixture, &(struct fixture_node){.name = "n1"}),
    };
    struct fixture_pod blocked = {.name = "p1", .ports = "TCP/80"};
    struct fixture_pod free_one = {.name = "p2", .ports = "TCP/81"};
    cr_assert_not(probe_hint(&fixture, &filter_node_ports, &blocked, &event));
    cr_assert(probe_hint(&fixture, &filter_node_ports, &free_one, &event));
    fixture_fini(&fixture);
}
