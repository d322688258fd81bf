#include "watch/refusal.h"

#include <jansson.h>
#include <stdio.h>

bool refusal_text_is_rv_too_large(struct str message)
{
    /* wrapped by the list call as "Timeout: Too large resource version: ..." */
    return str_starts(message, "Too large resource version") ||
           str_starts(message, "Timeout: Too large resource version");
}

static bool causes_name_large_rv(const json_t *causes)
{
    for (size_t i = 0; i < json_array_size(causes); i++) {
        const char *reason =
            json_string_value(json_object_get(json_array_get(causes, i), "reason"));
        if (str_is(str_from(reason), "ResourceVersionTooLarge"))
            return true;
    }
    return false;
}

void refusal_read(int32_t http_status, struct str body, struct refusal *ret_refusal)
{
    struct refusal refusal = {.retry_after_seconds = -1};
    (void)snprintf(refusal.message, sizeof refusal.message,
                   "HTTP status %d without a Kubernetes Status", (int)http_status);

    json_t *root = NULL;
    if (body.len > 0 && body.len <= REFUSAL_BODY_BYTES_MAX)
        root = json_loadb(body.ptr, body.len, 0, NULL);
    if (str_is(str_from(json_string_value(json_object_get(root, "kind"))), "Status")) {
        const char *message = json_string_value(json_object_get(root, "message"));
        const json_t *details = json_object_get(root, "details");
        const json_t *retry = json_object_get(details, "retryAfterSeconds");
        if (message && *message)
            (void)snprintf(refusal.message, sizeof refusal.message, "%s", message);
        if (json_is_integer(retry) && json_integer_value(retry) > 0)
            refusal.retry_after_seconds =
                json_integer_value(retry) < 3600 ? (int32_t)json_integer_value(retry) : 3600;
        refusal.is_rv_too_large = causes_name_large_rv(json_object_get(details, "causes")) ||
                                  refusal_text_is_rv_too_large(str_from(message));
    }
    json_decref(root);
    *ret_refusal = refusal;
}
