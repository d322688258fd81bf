#include "watch/write_rule.h"

enum outcome write_outcome(const struct http_reply *reply)
{
    if (reply->failure != HTTP_FAILURE_NONE || reply->status < 200)
        return reply->was_sent ? OUTCOME_UNKNOWN : OUTCOME_NOT_SENT;
    if (reply->status < 300)
        return OUTCOME_DONE;
    if (reply->status < 400)
        return OUTCOME_UNKNOWN; /* a proxy's redirect */
    switch (reply->status) {
    case 401:
    case 403:
        return OUTCOME_FORBIDDEN;
    case 404:
        return OUTCOME_GONE;
    case 408: /* request timeout: it may be running still */
        return OUTCOME_UNKNOWN;
    case 409:
        return OUTCOME_CONFLICT;
    case 429:
        return OUTCOME_THROTTLED;
    default:
        return reply->status < 500 ? OUTCOME_INVALID : OUTCOME_UNKNOWN;
    }
}

/* How often a write is sent whose answer says neither yes nor no. Only those that may be done
 * twice: a bind that was done meets 409 the second time, so its outcome is for the core to find
 * out. One that surely did not leave waits for the server like the others: were it the core's, each
 * pod of a long queue would be tried against a server that is away, and told of it afterwards. */
static uint32_t blind_tries_max(enum write_kind kind, const struct http_reply *reply)
{
    switch (kind) {
    case WRITE_BIND:
        return write_outcome(reply) == OUTCOME_NOT_SENT ? WRITE_TRIES_MAX : 1;
    case WRITE_READ:
    case WRITE_VERSION:
        return WRITE_READ_TRIES_MAX;
    case WRITE_LABELS:
    case WRITE_DISRUPTION:
    case WRITE_DELETE:
    case WRITE_POLICY:
    case WRITE_STATUS:
        return WRITE_STATUS_TRIES_MAX;
    case WRITE_EVENT:
        break;
    }
    return WRITE_EVENT_TRIES_MAX;
}

enum write_next write_decide(enum write_kind kind, const struct http_reply *reply, uint32_t tries,
                             bool was_refused)
{
    if (reply->failure == HTTP_FAILURE_STOPPED)
        return WRITE_FINISH;
    if (reply->failure != HTTP_FAILURE_NONE || reply->status == 0)
        return tries < blind_tries_max(kind, reply) ? WRITE_LATER : WRITE_FINISH;
    if (reply->status == 401)
        return was_refused ? WRITE_FINISH : WRITE_AGAIN;
    bool is_ours_to_repeat = reply->status >= 500 && reply->retry_after_seconds >= 0;
    if (reply->status == 429 || is_ours_to_repeat)
        return tries < WRITE_TRIES_MAX ? WRITE_LATER : WRITE_FINISH;
    if (reply->status >= 500 && kind != WRITE_EVENT) /* an event refused once is not sent again */
        return tries < blind_tries_max(kind, reply) ? WRITE_LATER : WRITE_FINISH;
    return WRITE_FINISH;
}
