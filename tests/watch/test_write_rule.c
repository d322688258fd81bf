#include <criterion/criterion.h>

#include "watch/write_rule.h"

#define LOST_AFTER                                                                                 \
    {                                                                                              \
        .failure = HTTP_FAILURE_LOST, .was_sent = true, .retry_after_seconds = -1                  \
    }
#define NEVER_LEFT                                                                                 \
    {                                                                                              \
        .failure = HTTP_FAILURE_CONNECT, .retry_after_seconds = -1                                 \
    }
#define STATUS(code)                                                                               \
    {                                                                                              \
        .status = (code), .was_sent = true, .retry_after_seconds = -1                              \
    }
#define LATER(code)                                                                                \
    {                                                                                              \
        .status = (code), .was_sent = true, .retry_after_seconds = 1                               \
    }

static const struct {
    struct http_reply reply;
    enum outcome outcome;
} outcomes[] = {
    {STATUS(200), OUTCOME_DONE},
    {STATUS(201), OUTCOME_DONE},
    {STATUS(302), OUTCOME_UNKNOWN},
    {STATUS(400), OUTCOME_INVALID},
    {STATUS(401), OUTCOME_FORBIDDEN},
    {STATUS(403), OUTCOME_FORBIDDEN},
    {STATUS(404), OUTCOME_GONE},
    {STATUS(408), OUTCOME_UNKNOWN},
    {STATUS(409), OUTCOME_CONFLICT},
    {STATUS(413), OUTCOME_INVALID},
    {STATUS(422), OUTCOME_INVALID},
    {STATUS(429), OUTCOME_THROTTLED},
    {STATUS(500), OUTCOME_UNKNOWN},
    {STATUS(502), OUTCOME_UNKNOWN},
    {STATUS(503), OUTCOME_UNKNOWN},
    {STATUS(504), OUTCOME_UNKNOWN},
    {LOST_AFTER, OUTCOME_UNKNOWN},
    {NEVER_LEFT, OUTCOME_NOT_SENT},
    {{.failure = HTTP_FAILURE_TLS}, OUTCOME_NOT_SENT},
    {{.failure = HTTP_FAILURE_TIMEOUT, .was_sent = true}, OUTCOME_UNKNOWN},
    {{.failure = HTTP_FAILURE_TIMEOUT}, OUTCOME_NOT_SENT},
    {{.failure = HTTP_FAILURE_STOPPED, .was_sent = true}, OUTCOME_UNKNOWN},
    {{.failure = HTTP_FAILURE_STOPPED}, OUTCOME_NOT_SENT},
    /* the status came, the body did not: the server may have done it */
    {{.status = 201, .failure = HTTP_FAILURE_LOST, .was_sent = true}, OUTCOME_UNKNOWN},
};

Test(write_rule, sorts_answers_by_what_the_core_does_next)
{
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
        cr_expect_eq(write_outcome(&outcomes[i].reply), outcomes[i].outcome,
                     "row %zu: status %d, failure %d", i, outcomes[i].reply.status,
                     (int)outcomes[i].reply.failure);
}

static const struct {
    const char *claim;
    enum write_kind kind;
    struct http_reply reply;
    uint32_t tries;
    bool was_refused;
    enum write_next next;
} decisions[] = {
    {"a bind is never repeated blindly: lost", WRITE_BIND, LOST_AFTER, 1, false, WRITE_FINISH},
    {"a bind is never repeated blindly: 500", WRITE_BIND, STATUS(500), 1, false, WRITE_FINISH},
    {"a bind that did not leave waits", WRITE_BIND, NEVER_LEFT, 1, false, WRITE_LATER},
    {"ten times away is enough", WRITE_BIND, NEVER_LEFT, 10, false, WRITE_FINISH},
    {"429 waits", WRITE_BIND, LATER(429), 1, false, WRITE_LATER},
    {"429 waits without Retry-After too", WRITE_BIND, STATUS(429), 9, false, WRITE_LATER},
    {"ten times 429 is enough", WRITE_BIND, LATER(429), 10, false, WRITE_FINISH},
    {"503 with Retry-After waits", WRITE_BIND, LATER(503), 1, false, WRITE_LATER},
    {"401 once more", WRITE_BIND, STATUS(401), 1, false, WRITE_AGAIN},
    {"401 twice is an answer", WRITE_BIND, STATUS(401), 2, true, WRITE_FINISH},
    {"409 is an answer", WRITE_BIND, STATUS(409), 1, false, WRITE_FINISH},
    {"403 is an answer", WRITE_BIND, STATUS(403), 1, false, WRITE_FINISH},
    {"a read may be repeated", WRITE_READ, LOST_AFTER, 4, false, WRITE_LATER},
    {"but not for ever", WRITE_READ, LOST_AFTER, 5, false, WRITE_FINISH},
    {"a status may be repeated: 500", WRITE_STATUS, STATUS(500), 1, false, WRITE_LATER},
    {"a status may be repeated: 503", WRITE_STATUS, STATUS(503), 4, false, WRITE_LATER},
    {"a status may be repeated: refused", WRITE_STATUS, NEVER_LEFT, 1, false, WRITE_LATER},
    {"but not for ever", WRITE_STATUS, STATUS(503), 5, false, WRITE_FINISH},
    {"an event survives a lost connection", WRITE_EVENT, LOST_AFTER, 11, false, WRITE_LATER},
    {"twelve times", WRITE_EVENT, LOST_AFTER, 12, false, WRITE_FINISH},
    {"an event refused is dropped", WRITE_EVENT, STATUS(500), 1, false, WRITE_FINISH},
    {"labels may be patched twice", WRITE_LABELS, LOST_AFTER, 1, false, WRITE_LATER},
    {"but not for ever", WRITE_LABELS, LOST_AFTER, 5, false, WRITE_FINISH},
    {"the version may be asked twice", WRITE_VERSION, STATUS(500), 4, false, WRITE_LATER},
    {"but not for ever", WRITE_VERSION, STATUS(500), 5, false, WRITE_FINISH},
    {"a victim may be marked twice", WRITE_DISRUPTION, LOST_AFTER, 1, false, WRITE_LATER},
    {"and asked to leave twice: it is gone then", WRITE_DELETE, LOST_AFTER, 1, false, WRITE_LATER},
    {"but not for ever", WRITE_DELETE, LOST_AFTER, 5, false, WRITE_FINISH},
    {"a policy's status may be repeated", WRITE_POLICY, STATUS(503), 4, false, WRITE_LATER},
    {"but not for ever", WRITE_POLICY, STATUS(503), 5, false, WRITE_FINISH},
    {"what we stopped ourselves is over",
     WRITE_STATUS,
     {.failure = HTTP_FAILURE_STOPPED, .was_sent = true},
     1,
     false,
     WRITE_FINISH},
};

Test(write_rule, repeats_only_what_may_be_repeated)
{
    for (size_t i = 0; i < ARRAY_LEN(decisions); i++)
        cr_expect_eq(write_decide(decisions[i].kind, &decisions[i].reply, decisions[i].tries,
                                  decisions[i].was_refused),
                     decisions[i].next, "%s", decisions[i].claim);
}
