/* When the status of a policy is written, and again after which answers. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/sched/core.h"

static struct core core;

static void setup(void)
{
    core_init(&core);
    core_policy(&core, "{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\",\"uid\":"
                       "\"00000000-0000-0000-0000-000000000001\",\"resourceVersion\":\"1\","
                       "\"generation\":1,\"creationTimestamp\":\"2026-11-22T00:00:00Z\"},"
                       "\"spec\":{\"units\":[{\"resource\":\"ecs\"}]}}");
    core_wait(&core, 1000);
    cr_assert_eq(core.port->counts[MEM_POLICY], 1);
}

static void teardown(void)
{
    core_fini(&core);
}

TestSuite(policy_status, .init = setup, .fini = teardown);

static void answer(enum outcome outcome)
{
    const struct mem_call *call = mem_port_call(core.port, MEM_POLICY, -1);
    const struct reply reply = {.pod = {call->namespace_sym, STR("web"), call->uid},
                                .outcome = outcome};
    sched_on_event(core.sched, &(struct event){.kind = EVENT_POLICY_STATUS_REPLY, .reply = &reply});
}

/* How long after the answer the status has not been written again. */
static const struct {
    enum outcome outcome;
    int64_t quiet_ms, again_ms; /* 0: never */
} rows[] = {
    {OUTCOME_DONE, 3600000, 0},
    {OUTCOME_GONE, 3600000, 0},
    {OUTCOME_UNKNOWN, 0, 1000},
    {OUTCOME_THROTTLED, 0, 1000},
    {OUTCOME_CONFLICT, 0, 1000},
    {OUTCOME_NOT_SENT, 0, 1000},
    /* only an operator can mend these: not a write a second for as long as that takes */
    {OUTCOME_FORBIDDEN, 9000, 10000},
    {OUTCOME_INVALID, 9000, 10000},
};

Test(policy_status, is_written_again_after_a_failure_and_seldom_after_a_refusal)
{
    uint32_t written = 1;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (i > 0 && rows[i - 1].again_ms == 0) { /* nothing is due: an edit makes it */
            char text[512];
            (void)snprintf(text, sizeof(text),
                           "{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\",\"uid\":"
                           "\"00000000-0000-0000-0000-000000000001\",\"resourceVersion\":\"%zu\","
                           "\"generation\":%zu,\"creationTimestamp\":\"2026-11-22T00:00:00Z\"},"
                           "\"spec\":{\"units\":[{\"resource\":\"ecs\",\"max\":%zu}]}}",
                           i + 1, i + 1, i + 1);
            core_policy(&core, text);
            core_wait(&core, 1000);
            written++;
        }
        cr_assert_eq(core.port->counts[MEM_POLICY], written, "row %zu", i);
        answer(rows[i].outcome);
        if (rows[i].quiet_ms > 0) {
            core_wait(&core, rows[i].quiet_ms);
            cr_expect_eq(core.port->counts[MEM_POLICY], written, "row %zu: too soon", i);
        }
        if (rows[i].again_ms > 0) {
            core_wait(&core, rows[i].again_ms - rows[i].quiet_ms);
            written++;
            cr_expect_eq(core.port->counts[MEM_POLICY], written, "row %zu: not again", i);
        }
    }
}
