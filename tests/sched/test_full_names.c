/*
 * The table of names is full. What needs no new name goes on as before; what does is told, and is
 * never taken for something that it is not: a pod on a node nobody can name is not a pod that
 * waits.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/decode.h"
#include "model/names.h"
#include "sched/sched.h"
#include "tests/sched/mem_port.h"

enum { LIMIT_BYTES = 64 << 10 };

struct rig {
    struct symbols *symbols;
    struct mem_port *port;
    struct sched *sched;
};

static void on_pod(void *ctx, enum decode_verb verb, const struct pod_object *pod)
{
    struct rig *rig = ctx;
    (void)verb;
    sched_on_event(rig->sched, &(struct event){.kind = EVENT_POD_SEEN, .pod = pod});
}

static void on_node(void *ctx, enum decode_verb verb, const struct node_object *node)
{
    struct rig *rig = ctx;
    (void)verb;
    sched_on_event(rig->sched, &(struct event){.kind = EVENT_NODE_SEEN, .node = node});
}

static void feed(struct rig *rig, enum decode_kind kind, const char *text)
{
    struct err err = {0};
    struct decode_handler handler = {.ctx = rig, .pod = on_pod, .node = on_node};
    struct decoder *decoder = decoder_new(kind, DECODE_OBJECT, rig->symbols, &handler);
    cr_assert_eq(decoder_feed(decoder, text, strlen(text), &err), 0, "%s", err.text);
    cr_assert_eq(decoder_finish(decoder, &err), 0, "%s", err.text);
    decoder_free(decoder);
    while (sched_pass(rig->sched, 16))
        ;
    sched_check(rig->sched);
}

static void feed_node(struct rig *rig, const char *name, int version, const char *cpu)
{
    char text[512];
    (void)snprintf(
        text, sizeof(text),
        "{\"metadata\":{\"name\":\"%s\",\"uid\":\"00000000-0000-0000-0000-000000000001\","
        "\"resourceVersion\":\"%d\"},\"status\":{\"allocatable\":{\"cpu\":\"%s\","
        "\"memory\":\"64Gi\",\"pods\":\"110\"}}}",
        name, version, cpu);
    feed(rig, DECODE_NODE, text);
}

/* A pod of ours that asks for one cpu; `more` of its spec. The name's last digit is its UID's. */
static void feed_pod(struct rig *rig, const char *name, int version, const char *namespace,
                     const char *more)
{
    char text[512];
    (void)snprintf(
        text, sizeof(text),
        "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\",\"uid\":"
        "\"00000000-0000-0000-0000-00000000010%c\",\"resourceVersion\":\"%d\"},\"spec\":{"
        "\"schedulerName\":\"spillway\",\"containers\":[{\"resources\":{\"requests\":{"
        "\"cpu\":\"1\"}}}]%s}}",
        name, namespace, name[strlen(name) - 1], version, more);
    feed(rig, DECODE_POD, text);
}

/* One node of that much cpu, a pod in the namespace, and no room for names any more. */
static void rig_init(struct rig *rig, const char *cpu)
{
    struct sched_config config;
    *rig = (struct rig){.symbols = names_symbols_new_within(3, LIMIT_BYTES)};
    rig->port = mem_port_new();
    sched_config_init(&config, rig->symbols);
    struct port port = mem_port_port(rig->port);
    rig->sched = sched_new(&config, rig->symbols, &port);
    static const enum event_kind lists[] = {EVENT_NODE_LIST_BEGIN, EVENT_NODE_LIST_END,
                                            EVENT_POD_LIST_BEGIN, EVENT_POD_LIST_END};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        sched_on_event(rig->sched, &(struct event){.kind = lists[i]});
    feed_node(rig, "known", 1, cpu);
    feed_pod(rig, "first-1", 1, "shop", ",\"nodeName\":\"known\"");
    char filler[16];
    for (int i = 0; snprintf(filler, sizeof(filler), "f-%d", i) > 0; i++)
        if (symbol_intern(rig->symbols, str_from(filler)) == SYM_FULL)
            break;
    cr_assert_leq(symbols_bytes(rig->symbols), LIMIT_BYTES);
    mem_port_clear(rig->port);
}

static void rig_fini(struct rig *rig)
{
    sched_check(rig->sched);
    sched_free(rig->sched);
    symbols_free(rig->symbols);
    free(rig->port);
}

#define ON_NEW_NODE ",\"nodeName\":\"a-node-with-a-name-never-seen-before\""

Test(full_names, a_pod_on_a_node_that_cannot_be_named_is_neither_bound_nor_reported)
{
    struct rig rig;
    rig_init(&rig, "64");
    feed_pod(&rig, "running-2", 2, "shop", ON_NEW_NODE);
    cr_expect_eq(rig.port->counts[MEM_BIND], 0);
    cr_expect_eq(rig.port->counts[MEM_STATUS], 0);
    cr_expect_eq(rig.port->counts[MEM_EVENT], 0);
    cr_assert_eq(rig.port->counts[MEM_NOTE], 1);
    cr_expect(strstr(mem_port_call(rig.port, MEM_NOTE, 0)->text,
                     "pod passed over: shop/running-2: spec.nodeName: \"a-node-with-a-name-never-"
                     "seen-before\" cannot be stored: the table of names is full, restart the "
                     "scheduler"),
              "%s", mem_port_call(rig.port, MEM_NOTE, 0)->text);
    rig_fini(&rig);
}

Test(full_names, a_pod_that_waits_and_was_bound_there_by_another_waits_no_more)
{
    struct rig rig;
    rig_init(&rig, "1");
    feed_pod(&rig, "waiting-2", 2, "shop", "");
    cr_expect_eq(rig.port->counts[MEM_STATUS], 1);
    feed_pod(&rig, "waiting-2", 3, "shop", ON_NEW_NODE);
    feed_node(&rig, "known", 2, "64");
    rig.port->now.ms += 3600 * 1000;
    feed_node(&rig, "known", 3, "65");
    cr_expect_eq(rig.port->counts[MEM_BIND], 0);
    rig_fini(&rig);
}

Test(full_names, pods_that_need_no_new_name_are_bound_as_before)
{
    struct rig rig;
    rig_init(&rig, "64");
    feed_pod(&rig, "elsewhere-2", 2, "shop", ON_NEW_NODE);
    feed_pod(&rig, "good-3", 3, "shop", "");
    cr_assert_eq(rig.port->counts[MEM_BIND], 1);
    const struct mem_call *bind = mem_port_call(rig.port, MEM_BIND, 0);
    cr_expect_str_eq(bind->pod, "good-3");
    cr_expect_str_eq(symbol_text(rig.symbols, bind->node_name_sym), "known");
    rig_fini(&rig);
}

Test(full_names, a_pod_whose_selector_cannot_be_kept_waits_and_says_so)
{
    struct rig rig;
    rig_init(&rig, "64");
    feed_pod(&rig, "picky-2", 2, "shop", ",\"nodeSelector\":{\"never-seen-before\":\"x\"}");
    cr_expect_eq(rig.port->counts[MEM_BIND], 0);
    cr_assert_eq(rig.port->counts[MEM_STATUS], 1);
    const struct mem_call *condition = mem_port_call(rig.port, MEM_STATUS, 0);
    cr_expect_str_eq(condition->reason, "SchedulerError");
    cr_expect(strstr(condition->text, "the table of names is full"), "%s", condition->text);
    rig_fini(&rig);
}

Test(full_names, a_namespace_and_a_node_that_are_new_are_passed_over_aloud)
{
    struct rig rig;
    rig_init(&rig, "64");
    feed_pod(&rig, "lost-2", 2, "a-namespace-never-seen-before", "");
    feed_node(&rig, "a-node-with-a-name-never-seen-before", 4, "64");
    cr_expect_eq(rig.port->counts[MEM_BIND], 0);
    cr_assert_eq(rig.port->counts[MEM_NOTE], 2);
    for (int i = 0; i < 2; i++)
        cr_expect(strstr(mem_port_call(rig.port, MEM_NOTE, i)->text, "the table of names is full"),
                  "%s", mem_port_call(rig.port, MEM_NOTE, i)->text);
    rig_fini(&rig);
}
