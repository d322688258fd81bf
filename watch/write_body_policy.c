#include "watch/write_body_policy.h"

#include <inttypes.h>

#include "model/base/check.h"
#include "model/resource.h"
#include "model/timestamp.h"

static void add_string(struct buf *body, const char *key, struct str value)
{
    (void)buf_printf(body, "\"%s\":\"", key);
    (void)buf_add_json(body, value.ptr, value.len);
    (void)buf_add_str(body, "\"");
}

static void add_time(struct buf *body, const char *key, int64_t unix_s)
{
    char text[TIMESTAMP_TEXT_BYTES];
    timestamp_format(unix_s * 1000000, text);
    (void)buf_printf(body, "\"%s\":\"%s\"", key, text);
}

static void add_condition(struct buf *body, const char *type, int64_t observed_generation,
                          const struct policy_status_condition *condition)
{
    (void)buf_printf(body, "{\"type\":\"%s\",\"status\":\"%s\",\"reason\":\"%s\",", type,
                     condition->is_true ? "True" : "False", condition->reason);
    add_string(body, "message", condition->message);
    (void)buf_printf(body, ",\"observedGeneration\":%" PRId64 ",", observed_generation);
    add_time(body, "lastTransitionTime", condition->transition_unix_s);
    (void)buf_add_str(body, "}");
}

static void add_conditions(struct buf *body, const struct policy_status *status)
{
    (void)buf_add_str(body, ",\"conditions\":[");
    add_condition(body, "Accepted", status->observed_generation, &status->accepted);
    (void)buf_add_str(body, ",");
    add_condition(body, "Ready", status->observed_generation, &status->ready);
    if (status->overlap.len > 0) {
        const struct policy_status_condition overlap = {true, "OlderPolicyRules", status->overlap,
                                                        status->overlap_transition_unix_s};
        (void)buf_add_str(body, ",");
        add_condition(body, "Overlapping", status->observed_generation, &overlap);
    }
    (void)buf_add_str(body, "]");
}

/* Both lists in the order of the units: "ecs, spot" and "4/4, 2". */
static void add_summary(struct buf *body, const struct policy_status *status)
{
    (void)buf_add_str(body, ",\"summary\":{\"units\":\"");
    for (uint32_t i = 0; i < status->unit_count; i++) {
        (void)buf_add_str(body, i > 0 ? ", " : "");
        (void)buf_add_json(body, status->units[i].name.ptr, status->units[i].name.len);
    }
    (void)buf_add_str(body, "\",\"pods\":\"");
    for (uint32_t i = 0; i < status->unit_count; i++) {
        const struct policy_status_unit *unit = &status->units[i];
        (void)buf_printf(body, "%s%" PRIu32, i > 0 ? ", " : "", unit->pods);
        if (unit->has_max)
            (void)buf_printf(body, "/%" PRIu32, unit->max_pods);
    }
    (void)buf_add_str(body, "\"}");
}

static void add_resources(struct buf *body, const struct symbols *symbols,
                          const struct policy_status_unit *unit)
{
    (void)buf_add_str(body, ",\"resources\":[");
    for (uint32_t i = 0; i < unit->resource_count; i++) {
        struct str name = symbol_str(symbols, unit->resources[i].name_sym);
        (void)buf_add_str(body, i > 0 ? ",{" : "{");
        add_string(body, "name", name);
        (void)buf_add_str(body, ",\"used\":\"");
        resource_add_text(body, unit->resources[i].name_sym, name, unit->resources[i].used);
        (void)buf_add_str(body, "\",\"limit\":\"");
        resource_add_text(body, unit->resources[i].name_sym, name, unit->resources[i].limit);
        (void)buf_add_str(body, "\"}");
    }
    (void)buf_add_str(body, "]");
}

static void add_unit(struct buf *body, const struct symbols *symbols,
                     const struct policy_status_unit *unit)
{
    (void)buf_add_str(body, "{");
    add_string(body, "name", unit->name);
    (void)buf_printf(body, ",\"pods\":%" PRIu32, unit->pods);
    if (unit->max.len > 0) {
        (void)buf_add_str(body, ",");
        add_string(body, "max", unit->max);
    }
    if (unit->has_max)
        (void)buf_printf(body, ",\"maxPods\":%" PRIu32, unit->max_pods);
    if (unit->resource_count > 0)
        add_resources(body, symbols, unit);
    if (unit->refusal.len > 0) {
        (void)buf_add_str(body, ",\"lastRefusal\":{");
        add_string(body, "message", unit->refusal);
        (void)buf_add_str(body, ",");
        add_time(body, "time", unit->refused_unix_s);
        (void)buf_add_str(body, "}");
    }
    (void)buf_add_str(body, "}");
}

static void add_group(struct buf *body, const struct policy_status_group *group,
                      uint32_t unit_count)
{
    (void)buf_add_str(body, "{");
    add_string(body, "key", group->key);
    (void)buf_add_str(body, ",\"pods\":[");
    for (uint32_t i = 0; i < unit_count; i++)
        (void)buf_printf(body, "%s%" PRIu32, i > 0 ? "," : "", group->pods[i]);
    (void)buf_printf(body, "],\"waiting\":%" PRIu32 "}", group->waiting);
}

void write_body_policy(struct buf *body, const struct symbols *symbols, struct str uid,
                       const struct policy_status *status)
{
    (void)buf_add_str(body, "{\"metadata\":{");
    add_string(body, "uid", uid);
    (void)buf_printf(body, "},\"status\":{\"observedGeneration\":%" PRId64,
                     status->observed_generation);
    if (status->accepted_generation > 0)
        (void)buf_printf(body, ",\"acceptedGeneration\":%" PRId64, status->accepted_generation);
    else
        (void)buf_add_str(body, ",\"acceptedGeneration\":null");
    (void)buf_printf(body, ",\"waiting\":%" PRIu32, status->waiting);
    add_summary(body, status);
    add_conditions(body, status);
    (void)buf_add_str(body, ",\"units\":[");
    for (uint32_t i = 0; i < status->unit_count; i++) {
        (void)buf_add_str(body, i > 0 ? "," : "");
        add_unit(body, symbols, &status->units[i]);
    }
    (void)buf_add_str(body, "],\"groups\":[");
    for (uint32_t i = 0; i < status->group_count; i++) {
        (void)buf_add_str(body, i > 0 ? "," : "");
        add_group(body, &status->groups[i], status->unit_count);
    }
    (void)buf_printf(body, "],\"groupCount\":%" PRIu32 "}}", status->group_total);
}
