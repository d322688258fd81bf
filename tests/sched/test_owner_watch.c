/* When owners are asked for: as soon as a policy counts in percent, but after the pods, for what
 * their list does not name then is gone and not to come. */
#include <criterion/criterion.h>

#include "tests/sched/core.h"

#define POLICY(max)                                                                                \
    "{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\",\"uid\":"                           \
    "\"00000000-0000-0000-0000-000000000001\",\"resourceVersion\":\"1\",\"generation\":1,"         \
    "\"creationTimestamp\":\"2026-11-22T00:00:00Z\"},\"spec\":{\"selector\":{\"app\":\"web\"},"    \
    "\"units\":[{\"name\":\"ecs\",\"nodeSelector\":{\"pool\":\"ecs\"},\"max\":" max "}]}}"

static struct core core;

/* As at a start: nothing was listed yet. */
static void setup(void)
{
    core_init(&core);
    sched_free(core.sched);
    struct sched_config config;
    sched_config_init(&config, core.fixture.symbols);
    struct port port = mem_port_port(core.port);
    core.sched = sched_new(&config, core.fixture.symbols, &port);
}

static void teardown(void)
{
    core_fini(&core);
}

TestSuite(owner_watch, .init = setup, .fini = teardown);

static void send(enum event_kind kind)
{
    sched_on_event(core.sched, &(struct event){.kind = kind});
    core_pass(&core);
}

Test(owner_watch, begins_once_and_after_the_first_list_of_pods)
{
    core_policy(&core, POLICY("\"50%\""));
    send(EVENT_POD_LIST_BEGIN);
    cr_expect_eq(core.port->counts[MEM_OWNERS], 0);
    send(EVENT_POD_LIST_END);
    cr_expect_eq(core.port->counts[MEM_OWNERS], 1);
    send(EVENT_POD_LIST_BEGIN);
    send(EVENT_POD_LIST_END);
    cr_expect_eq(core.port->counts[MEM_OWNERS], 1);
}

Test(owner_watch, does_not_begin_without_a_policy_that_counts_in_percent)
{
    core_policy(&core, POLICY("5"));
    send(EVENT_POD_LIST_BEGIN);
    send(EVENT_POD_LIST_END);
    cr_expect_eq(core.port->counts[MEM_OWNERS], 0);
}
