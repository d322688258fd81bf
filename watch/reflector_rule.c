#include "watch/reflector_rule.h"

#include <stdio.h>

#include "watch/url.h"

/* The code that tells: of the ERROR event when there was one. */
static int32_t end_code(const struct reflector_end *end)
{
    return end->error_code != 0 ? end->error_code : end->status;
}

bool reflector_end_is_calm(const struct reflector_end *end)
{
    return end->phase == REFLECTOR_WATCHING && end->status == 200 && end->error_code == 0 &&
           end->failure == HTTP_FAILURE_NONE && !end->is_idle && !end->is_corrupt && !end->is_short;
}

static enum reflector_next next_same(enum reflector_phase phase)
{
    switch (phase) {
    case REFLECTOR_STREAMING:
        return NEXT_STREAM;
    case REFLECTOR_PAGING:
        return NEXT_LIST;
    case REFLECTOR_WATCHING:
        break;
    }
    return NEXT_WATCH;
}

/* What does not depend on the phase; false when it is none of these. */
static bool decide_common(const struct reflector_end *end, struct reflector_step *ret_step)
{
    struct reflector_step step = {.next = next_same(end->phase), .backs_off = true};
    if (end->failure == HTTP_FAILURE_TLS || end->failure == HTTP_FAILURE_CONNECT) {
        step.is_trouble = true;
        *ret_step = step;
        return true;
    }
    switch (end_code(end)) {
    case 401: /* the first time the credentials are read anew, and that may be all it takes */
        step.backs_off = step.is_trouble = end->failures > 1;
        break;
    case 403:
    case 404:
        step.is_trouble = true;
        break;
    case 429:
        break;
    default:
        return false;
    }
    *ret_step = step;
    return true;
}

static struct reflector_step decide_streaming(const struct reflector_end *end)
{
    int32_t code = end_code(end);
    if (code == 410 || end->is_rv_too_large)
        return (struct reflector_step){
            .next = NEXT_STREAM, .forgets_rv = true, .backs_off = !end->named_rv};
    if (end->is_idle || end->is_endless) /* no bookmark at its end: k/k#126958 and others */
        return (struct reflector_step){.next = NEXT_LIST, .gives_up_streaming = true};
    if (code >= 400 && code < 500)
        return (struct reflector_step){.next = NEXT_LIST, .gives_up_streaming = true};
    if (code == 200 && end->failure == HTTP_FAILURE_NONE && !end->is_corrupt)
        return (struct reflector_step){.next = NEXT_LIST}; /* ended without its bookmark */
    bool is_enough = end->failures >= REFLECTOR_FAILURES_MAX;
    return (struct reflector_step){.next = is_enough ? NEXT_LIST : NEXT_STREAM, .backs_off = true};
}

static struct reflector_step decide_paging(const struct reflector_end *end)
{
    int32_t code = end_code(end);
    if (code == 410 && end->is_later_page)
        return (struct reflector_step){.next = NEXT_FULL_LIST};
    if (code == 410 || end->is_rv_too_large)
        return (struct reflector_step){
            .next = NEXT_LIST, .forgets_rv = true, .backs_off = !end->named_rv};
    bool is_refused = code >= 400 && code < 500;
    return (struct reflector_step){.next = NEXT_LIST, .backs_off = true, .is_trouble = is_refused};
}

static struct reflector_step decide_watching(const struct reflector_end *end)
{
    int32_t code = end_code(end);
    if (reflector_end_is_calm(end))
        return (struct reflector_step){.next = NEXT_WATCH};
    if (end->is_idle) /* a dead link, or a server without bookmarks: the silence was wait enough */
        return (struct reflector_step){.next = NEXT_WATCH};
    if (end->is_rv_ahead) /* etcd was restored: from our version nothing would come (k/k#118501) */
        return (struct reflector_step){.next = NEXT_STREAM, .forgets_rv = true, .backs_off = true};
    if (code == 410) /* at once, but not in a circle */
        return (struct reflector_step){.next = NEXT_STREAM, .backs_off = end->expiries > 1};
    if (code == 400 || end->is_rv_too_large) /* the server does not take our version */
        return (struct reflector_step){.next = NEXT_STREAM, .backs_off = true};
    bool is_doubtful = end->error_code != 0 || end->is_corrupt;
    bool relists = is_doubtful && end->failures >= REFLECTOR_FAILURES_MAX;
    return (struct reflector_step){.next = relists ? NEXT_STREAM : NEXT_WATCH, .backs_off = true};
}

struct reflector_step reflector_decide(const struct reflector_end *end)
{
    struct reflector_step step;
    if (decide_common(end, &step))
        return step;
    switch (end->phase) {
    case REFLECTOR_STREAMING:
        return decide_streaming(end);
    case REFLECTOR_PAGING:
        return decide_paging(end);
    case REFLECTOR_WATCHING:
        break;
    }
    return decide_watching(end);
}

static void url_add_number(struct buf *url, const char *key, uint32_t number)
{
    char text[16];
    int len = snprintf(text, sizeof text, "%u", number);
    url_add_param(url, key, (struct str){text, (size_t)len});
}

void reflector_url(struct buf *url, struct str path, const struct reflector_query *query)
{
    (void)buf_add(url, path.ptr, path.len);
    if (query->field_selector.len > 0)
        url_add_param(url, "fieldSelector", query->field_selector);
    if (query->limit > 0)
        url_add_number(url, "limit", query->limit);
    if (query->continue_token.len > 0)
        url_add_param(url, "continue", query->continue_token);
    if (query->rv.len > 0)
        url_add_param(url, "resourceVersion", query->rv);
    if (query->phase == REFLECTOR_PAGING)
        return;
    if (query->phase == REFLECTOR_STREAMING) {
        url_add_param(url, "sendInitialEvents", STR("true"));
        url_add_param(url, "resourceVersionMatch", STR("NotOlderThan"));
    }
    url_add_param(url, "watch", STR("true"));
    url_add_param(url, "allowWatchBookmarks", STR("true"));
    url_add_number(url, "timeoutSeconds", query->timeout_seconds);
}

uint32_t reflector_timeout_seconds(struct rng *rng)
{
    return REFLECTOR_WATCH_MIN_S + (uint32_t)rng_below(rng, REFLECTOR_WATCH_SPREAD_S);
}

const char *reflector_verb(enum reflector_phase phase)
{
    return phase == REFLECTOR_PAGING ? "list" : "watch";
}
