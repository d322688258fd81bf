#include "bench/controller_read.h"

#include <stdio.h>

#include "bench/clock.h"
#include "bench/json_scan.h"

static struct str plain_member(struct str object, struct str key)
{
    struct str raw, text;
    return json_find(object, key, &raw) && json_plain(raw, &text) ? text : STR("");
}

bool object_condition(const struct object *object, const char *type,
                      struct condition_view *ret_condition)
{
    struct json_iter iter = json_items(object_section(object, SEC_CONDITIONS));
    struct str item, message;
    while (json_next_item(&iter, &item)) {
        if (!str_is(plain_member(item, STR("type")), type))
            continue;
        *ret_condition = (struct condition_view){
            .status = plain_member(item, STR("status")),
            .since = plain_member(item, STR("lastTransitionTime")),
            .updated = plain_member(item, STR("lastUpdateTime")),
            .reason = plain_member(item, STR("reason")),
            .message_raw = json_find(item, STR("message"), &message) ? message : STR(""),
        };
        return true;
    }
    return false;
}

bool object_condition_true(const struct object *object, const char *type)
{
    struct condition_view condition;
    return object_condition(object, type, &condition) && str_is(condition.status, "True");
}

bool pod_is_active(const struct object *pod)
{
    struct str phase = str_from(object_phase(pod));
    return pod->deleted_s == 0 && !str_is(phase, "Succeeded") && !str_is(phase, "Failed");
}

void condition_add_others(struct buf *list, const struct object *object, const char *const *types,
                          size_t count)
{
    struct json_iter iter = json_items(object_section(object, SEC_CONDITIONS));
    struct str item;
    while (json_next_item(&iter, &item)) {
        struct str type = plain_member(item, STR("type"));
        bool named = false;
        for (size_t i = 0; i < count; i++)
            named = named || str_is(type, types[i]);
        if (!named)
            (void)buf_printf(list, "%s" STR_FMT, list->len > 1 ? "," : "", STR_ARG(item));
    }
}

void condition_add(struct buf *list, const struct object *object,
                   const struct condition_text *condition, int64_t now_s)
{
    char now[RFC3339_BYTES];
    struct condition_view before = {0};
    sim_time_text(now_s, now);
    struct str since = str_from(now), updated = str_from(now);
    bool same = object_condition(object, condition->type, &before) && before.since.len > 0 &&
                str_is(before.status, condition->status);
    if (same)
        since = before.since;
    if (same && before.updated.len > 0 && !condition->is_updated)
        updated = before.updated;
    (void)buf_add_str(list, list->len > 1 ? ",{" : "{");
    if (condition->has_heartbeat)
        (void)buf_printf(list, "\"lastHeartbeatTime\":\"%s\",", now);
    (void)buf_printf(list, "\"lastTransitionTime\":\"" STR_FMT "\"", STR_ARG(since));
    if (condition->has_update_time)
        (void)buf_printf(list, ",\"lastUpdateTime\":\"" STR_FMT "\"", STR_ARG(updated));
    if (condition->message) {
        (void)buf_add_str(list, ",\"message\":\"");
        (void)buf_add_json(list, condition->message, strlen(condition->message));
        (void)buf_add_str(list, "\"");
    }
    if (condition->observed_generation > 0)
        (void)buf_printf(list, ",\"observedGeneration\":%lld",
                         (long long)condition->observed_generation);
    if (condition->reason)
        (void)buf_printf(list, ",\"reason\":\"%s\"", condition->reason);
    (void)buf_printf(list, ",\"status\":\"%s\",\"type\":\"%s\"}", condition->status,
                     condition->type);
}
