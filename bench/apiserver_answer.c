/* Answers, and the faults that spoil them. */
#include "bench/apiserver_private.h"

#include <stdio.h>

static const char *reason_of(int code)
{
    static const struct {
        int code;
        const char *reason;
    } reasons[] = {{401, "Unauthorized"},    {403, "Forbidden"},     {404, "NotFound"},
                   {409, "Conflict"},        {410, "Expired"},       {422, "Invalid"},
                   {429, "TooManyRequests"}, {500, "InternalError"}, {503, "ServiceUnavailable"},
                   {504, "Timeout"}};
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        if (reasons[i].code == code)
            return reasons[i].reason;
    return "";
}

/* The body as the fault leaves it; a reference for h2_respond(). */
static struct blob *spoiled(const struct call *call, struct str body)
{
    enum fault_action act = call->fault ? call->fault->act : FAULT_DO_STATUS;
    if (act == FAULT_DO_EMPTY)
        return NULL;
    if (act == FAULT_DO_TRUNCATE)
        body.len /= 2;
    struct blob *blob = blob_new(body.ptr, body.len);
    if (act == FAULT_DO_CORRUPT && blob->len > 0)
        blob->data[blob->len / 2] = '\x01';
    return blob;
}

void answer_text(struct call *call, int code, const char *type, struct str body)
{
    enum fault_action act = call->fault ? call->fault->act : FAULT_DO_STATUS;
    const struct h2_answer answer = {.code = code, .content_type = type};
    if (act == FAULT_DO_DROP_AFTER) {
        h2_drop(call->stream);
        return;
    }
    if (act == FAULT_DO_RESET_AFTER) {
        h2_reset(call->stream);
        return;
    }
    h2_respond(call->stream, &answer, spoiled(call, body));
    if (act == FAULT_DO_GOAWAY)
        h2_goaway(call->stream);
    if (act == FAULT_DO_CUT)
        h2_cut(call->stream);
}

void answer_json(struct call *call, int code, struct str body)
{
    answer_text(call, code, "application/json", body);
}

void answer_status(struct call *call, const struct api_status *status)
{
    struct buf *out = &call->server->scratch;
    buf_clear(out);
    api_status_render(status, out);
    if (status->retry_after_s == 0) {
        answer_json(call, status->code, buf_str(out));
        return;
    }
    const struct h2_answer answer = {.code = status->code,
                                     .content_type = "application/json",
                                     .retry_after_s = status->retry_after_s};
    h2_respond(call->stream, &answer, blob_new(out->data, out->len));
}

void answer_object(struct call *call, int code, const struct object *object)
{
    struct buf *out = &call->server->scratch;
    buf_clear(out);
    object_render(object, call->alt_form, out);
    (void)buf_add_str(out, "\n");
    answer_json(call, code, buf_str(out));
}

void answer_success(struct call *call, int code)
{
    struct buf *out = &call->server->scratch;
    buf_clear(out);
    (void)buf_printf(out,
                     "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
                     "\"Success\",\"code\":%d}\n",
                     code);
    answer_json(call, code, buf_str(out));
}

static void answer_refusal(struct call *call)
{
    const struct fault *fault = call->fault;
    struct api_status status;
    const char *reason = reason_of(fault->code);
    (void)api_refuse(&status, fault->code, reason, "%s%s",
                     fault->code == 429 ? "Too many requests, please try again later."
                                        : "injected fault: ",
                     fault->code == 429 ? "" : reason);
    status.retry_after_s = fault->retry_after_s;
    call->fault = NULL;
    answer_status(call, &status);
}

/* What client-go's and spillway's next request would meet, were it followed. */
static void answer_redirect(struct call *call)
{
    char location[128];
    (void)snprintf(location, sizeof(location), "https://127.0.0.1:%u/somewhere/else",
                   apiserver_port(call->server));
    const struct h2_answer answer = {
        .code = 307, .content_type = "text/plain", .location = location};
    h2_respond(call->stream, &answer, NULL);
}

bool refuse_too_large(struct api_status *ret_status, int64_t wanted, int64_t current)
{
    (void)api_refuse(ret_status, 504, "Timeout", "Too large resource version: %lld, current: %lld",
                     (long long)wanted, (long long)current);
    ret_status->cause = "ResourceVersionTooLarge";
    ret_status->retry_after_s = 1;
    return false;
}

void answer_too_large(struct call *call, int64_t wanted)
{
    struct api_status status;
    int64_t known = past_rv(call);
    (void)refuse_too_large(&status, wanted, known < wanted ? known : wanted - 1);
    call->fault = NULL;
    answer_status(call, &status);
}

static void hold_answer(struct call *call)
{
    int64_t delay_ms = call->fault->delay_ms;
    if (call->fault->act == FAULT_DO_SHUFFLE && delay_ms > 0)
        delay_ms = (int64_t)(uv_hrtime() / 64 % (uint64_t)delay_ms);
    h2_hold(call->stream, delay_ms);
}

bool answer_fault(struct call *call)
{
    if (!call->fault)
        return false;
    switch (call->fault->act) {
    case FAULT_DO_STATUS:
        answer_refusal(call);
        return true;
    case FAULT_DO_DROP_BEFORE:
        h2_drop(call->stream);
        return true;
    case FAULT_DO_STALL:
        return true; /* the stream stays open until the client gives up */
    case FAULT_DO_HTML:
        call->fault = NULL;
        answer_text(call, 502, "text/html", STR("<html><body>502 Bad Gateway</body></html>\n"));
        return true;
    case FAULT_DO_RESET_TCP:
        h2_drop_reset(call->stream);
        return true;
    case FAULT_DO_REDIRECT:
        answer_redirect(call);
        return true;
    case FAULT_DO_TOO_LARGE_RV:
        answer_too_large(call, store_rv(call->server->store));
        return true;
    case FAULT_DO_LATE:
    case FAULT_DO_SHUFFLE:
        hold_answer(call);
        break;
    case FAULT_DO_DROP_AFTER:
    case FAULT_DO_RESET_AFTER:
    case FAULT_DO_GOAWAY:
    case FAULT_DO_TRUNCATE:
    case FAULT_DO_CORRUPT:
    case FAULT_DO_EMPTY:
    case FAULT_DO_WATCH_410:
    case FAULT_DO_WATCH_CLOSE:
    case FAULT_DO_NO_BOOKMARK:
    case FAULT_DO_NO_STREAMING:
    case FAULT_DO_CUT:
    case FAULT_DO_WRONG_KIND:
    case FAULT_DO_TABLE:
    case FAULT_DO_DUPLICATE_KEYS:
    case FAULT_DO_STALE:
    case FAULT_DO_COMPACT:
    case FAULT_DO_LOSE_EVENTS:
    case FAULT_DO_DOUBLE_EVENTS:
    case FAULT_DO_OLD_DELETE_RV:
    case FAULT_DO_OLD_BOOKMARK:
    case FAULT_DO_NO_LIST_END:
    case FAULT_DO_TWICE:
    case FAULT_DO_RECREATE_POD:
    case FAULT_DO_BIND_ELSEWHERE:
    case FAULT_DO_DROP_NODE_BEFORE:
    case FAULT_DO_DROP_NODE_THEN:
    case FAULT_DO_DROP_NODE_AFTER:
    case FAULT_DO_KUBELET_REFUSES:
    case FAULT_DO_IGNORE_LABELS:
        break;
    }
    return false;
}
