/* The writer over real HTTP/2: victims of preemption. A PATCH of the condition, then the DELETE. */
#include <criterion/criterion.h>

#include "tests/sim/writer_rig.h"

static struct writer_rig rig;

static void setup(void)
{
    writer_rig_open(&rig);
}

static void teardown(void)
{
    writer_rig_close(&rig);
}

TestSuite(writer_evict, .init = setup, .fini = teardown, .timeout = 60);

static void evict(const char *name, uint64_t uid)
{
    const struct evict_request request = {
        .pod = rig_pod(&rig, name, uid),
        .message = STR("spillway: preempting to accommodate a higher priority pod"),
        .observed_generation = 2,
    };
    rig.port.evict(rig.port.ctx, &request);
}

/* The last reply, about the n-th eviction. */
static void expect_reply(size_t n, enum outcome outcome)
{
    rig_await_replies(&rig, n + 1);
    cr_expect_eq(rig.replies[n].kind, EVENT_EVICT_REPLY, "eviction %zu", n);
    cr_expect_eq(rig.replies[n].outcome, outcome, "eviction %zu: %s", n, rig.replies[n].message);
    cr_expect_str_eq(rig.replies[n].pod, "web-0");
}

#define POD_PATH "/api/v1/namespaces/shop/pods/web-0"

Test(writer_evict, marks_the_victim_and_then_deletes_it)
{
    SCRIPT_SAY(&rig.script, OK("{}"), OK("{}"));
    evict("web-0", 7);
    cr_expect_eq(rig.reply_count, 0, "an answer from inside the call");
    expect_reply(0, OUTCOME_DONE);
    cr_assert_eq(rig.script.request_count, 2);
    const struct script_request *patch = script_request(&rig.script, 0);
    cr_expect_str_eq(patch->method, "PATCH");
    cr_expect_str_eq(patch->path, POD_PATH "/status");
    cr_expect_str_eq(patch->content_type, "application/strategic-merge-patch+json");
    rig_expect_text(&rig, 0, "metadata.uid", "11112222-3333-4444-0000-000000000007");
    rig_expect_text(&rig, 0, "status.conditions.0.type", "DisruptionTarget");
    rig_expect_text(&rig, 0, "status.conditions.0.reason", "PreemptionByScheduler");
    const struct script_request *end = script_request(&rig.script, 1);
    cr_expect_str_eq(end->method, "DELETE");
    cr_expect_str_eq(end->path, POD_PATH);
    cr_expect_str_eq(end->content_type, "application/json");
    rig_expect_text(&rig, 1, "preconditions.uid", "11112222-3333-4444-0000-000000000007");
}

/* Of both requests; what was not refused in the first is answered by the second. */
static const struct {
    struct script_answer answer;
    enum outcome to_patch, to_delete;
} refusals[] = {
    {REFUSE(404, "pods not found"), OUTCOME_DONE, OUTCOME_DONE},
    /* another pod of its name: each verb says it in its own way */
    {REFUSE(422, "Pod is invalid: metadata.uid: Invalid value: field is immutable"), OUTCOME_DONE,
     OUTCOME_INVALID},
    {REFUSE(409, "the UID in the precondition does not match the UID in record"), OUTCOME_CONFLICT,
     OUTCOME_DONE},
    {REFUSE(422, "Pod is invalid: status.conditions"), OUTCOME_INVALID, OUTCOME_INVALID},
    {REFUSE(403, "may not"), OUTCOME_FORBIDDEN, OUTCOME_FORBIDDEN},
};

Test(writer_evict, does_not_delete_a_victim_that_could_not_be_marked)
{
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        script_say(&rig.script, &refusals[i].answer, 1);
        evict("web-0", i);
        expect_reply(i, refusals[i].to_patch);
    }
    cr_expect_eq(script_count(&rig.script, "DELETE"), 0);
    cr_expect_eq(rig.script.request_count, ARRAY_LEN(refusals));
}

Test(writer_evict, says_what_became_of_the_delete)
{
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        SCRIPT_SAY(&rig.script, OK("{}"));
        script_say(&rig.script, &refusals[i].answer, 1);
        evict("web-0", i);
        expect_reply(i, refusals[i].to_delete);
    }
    cr_expect_eq(rig.script.request_count, 2 * ARRAY_LEN(refusals));
}

Test(writer_evict, tries_again_after_lost_answers_and_takes_gone_for_done)
{
    SCRIPT_SAY(&rig.script, {200, "", SCRIPT_DROPS, 0, "PATCH"},
               {200, "{}", SCRIPT_ENDS, 0, "PATCH"}, {0, NULL, SCRIPT_RESETS, 0, "DELETE"},
               {404, STATUS(404, "pods not found"), SCRIPT_ENDS, 0, "DELETE"});
    evict("web-0", 7);
    expect_reply(0, OUTCOME_DONE);
    cr_expect_eq(script_count(&rig.script, "PATCH"), 2);
    cr_expect_eq(script_count(&rig.script, "DELETE"), 2);
}

Test(writer_evict, waits_when_throttled)
{
    SCRIPT_SAY(&rig.script, OK("{}"), {429, STATUS(429, "slow down"), SCRIPT_ENDS, 1, "DELETE"},
               OK("{}"));
    evict("web-0", 7);
    expect_reply(0, OUTCOME_DONE);
    cr_expect_eq(rig.script.request_count, 3);
}

Test(writer_evict, gives_up_after_five_failures)
{
    for (size_t i = 0; i < 5; i++)
        SCRIPT_SAY(&rig.script, REFUSE(500, "etcdserver: timeout"));
    evict("web-0", 7);
    expect_reply(0, OUTCOME_UNKNOWN);
    cr_expect_eq(rig.script.request_count, 5);
}

Test(writer_evict, begins_nothing_while_draining_but_finishes_what_was_begun)
{
    evict("web-0", 7);
    rig_await_count(&rig, "PATCH", 1);
    writer_drain(rig.writer);
    evict("web-0", 8);
    expect_reply(0, OUTCOME_NOT_SENT);
    SCRIPT_SAY(&rig.script, OK("{}"));
    script_release(&rig.script, 200, "{}");
    expect_reply(1, OUTCOME_DONE);
    cr_expect_eq(script_count(&rig.script, "DELETE"), 1);
}

Test(writer_evict, answers_each_eviction_once_when_it_is_closed)
{
    for (uint64_t i = 0; i < 40; i++)
        evict("web-0", i);
    rig_await_count(&rig, "PATCH", 8);
    rig_close_writer(&rig);
    cr_expect_eq(rig.reply_count, 40);
    for (size_t i = 0; i < rig.reply_count; i++)
        cr_expect_neq(rig.replies[i].outcome, OUTCOME_DONE, "reply %zu", i);
}
