#include "bench/table_cells.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/json_scan.h"
#include "bench/table.h"

/* A member by its path of dots. */
static const json_t *at_path(const json_t *json, const char *path)
{
    char step[128];
    while (json && *path) {
        size_t len = strcspn(path, ".");
        if (len >= sizeof(step))
            return NULL;
        memcpy(step, path, len);
        step[len] = '\0';
        json = json_object_get(json, step);
        path += len + (path[len] == '.');
    }
    return json;
}

static const char *text_at(const json_t *json, const char *path)
{
    return json_string_value(at_path(json, path));
}

static void add_text(struct buf *out, const char *text)
{
    (void)buf_add_str(out, "\"");
    (void)buf_add_json(out, text, strlen(text));
    (void)buf_add_str(out, "\"");
}

static void text_or(const struct row *row, const char *path, const char *fallback, struct buf *out)
{
    const char *text = text_at(row->json, path);
    add_text(out, text && text[0] ? text : fallback);
}

void cell_name(const struct row *row, const char *path, struct buf *out)
{
    (void)path;
    add_text(out, row->object->ident->name);
}

static void add_age(struct buf *out, int64_t age_s)
{
    char text[64];
    table_age(age_s, text, sizeof(text));
    add_text(out, text);
}

void cell_age(const struct row *row, const char *path, struct buf *out)
{
    (void)path;
    add_age(out, row->now_s - row->object->ident->created_s);
}

void cell_plain(const struct row *row, const char *path, struct buf *out)
{
    text_or(row, path, "", out);
}

void cell_text(const struct row *row, const char *path, struct buf *out)
{
    text_or(row, path, "<none>", out);
}

void cell_unknown(const struct row *row, const char *path, struct buf *out)
{
    text_or(row, path, "<unknown>", out);
}

void cell_number(const struct row *row, const char *path, struct buf *out)
{
    (void)buf_printf(out, "%lld", (long long)json_integer_value(at_path(row->json, path)));
}

void cell_any(const struct row *row, const char *path, struct buf *out)
{
    const json_t *value = at_path(row->json, path);
    if (json_is_integer(value))
        (void)buf_printf(out, "\"%lld\"", (long long)json_integer_value(value));
    else
        text_or(row, path, "N/A", out);
}

/* ---- pods ---- */

void cell_pod_ready(const struct row *row, const char *path, struct buf *out)
{
    const json_t *statuses = at_path(row->json, "status.containerStatuses");
    size_t ready = 0, total = json_array_size(at_path(row->json, "spec.containers"));
    (void)path;
    for (size_t i = 0; i < json_array_size(statuses); i++)
        ready += json_is_true(json_object_get(json_array_get(statuses, i), "ready"));
    (void)buf_printf(out, "\"%zu/%zu\"", ready, total);
}

static bool is_gated(const struct row *row)
{
    const json_t *conditions = at_path(row->json, "status.conditions");
    for (size_t i = 0; i < json_array_size(conditions); i++) {
        const char *reason =
            json_string_value(json_object_get(json_array_get(conditions, i), "reason"));
        if (reason && strcmp(reason, "SchedulingGated") == 0)
            return true;
    }
    return false;
}

void cell_pod_status(const struct row *row, const char *path, struct buf *out)
{
    const char *reason = text_at(row->json, "status.reason");
    (void)path;
    if (row->object->deleted_s > 0)
        add_text(out, "Terminating");
    else if (reason && reason[0])
        add_text(out, reason);
    else if (is_gated(row))
        add_text(out, "SchedulingGated");
    else if (row->object->node_name && strcmp(object_phase(row->object), "Pending") == 0)
        add_text(out, "ContainerCreating");
    else
        add_text(out, object_phase(row->object));
}

void cell_pod_restarts(const struct row *row, const char *path, struct buf *out)
{
    const json_t *statuses = at_path(row->json, "status.containerStatuses");
    long long restarts = 0;
    (void)path;
    for (size_t i = 0; i < json_array_size(statuses); i++)
        restarts +=
            json_integer_value(json_object_get(json_array_get(statuses, i), "restartCount"));
    (void)buf_printf(out, "\"%lld\"", restarts);
}

/* ---- nodes ---- */

void cell_node_status(const struct row *row, const char *path, struct buf *out)
{
    const json_t *conditions = at_path(row->json, "status.conditions");
    const char *text = "Unknown";
    (void)path;
    for (size_t i = 0; i < json_array_size(conditions); i++) {
        const json_t *condition = json_array_get(conditions, i);
        const char *type = json_string_value(json_object_get(condition, "type"));
        const char *status = json_string_value(json_object_get(condition, "status"));
        if (type && status && strcmp(type, "Ready") == 0)
            text = strcmp(status, "True") == 0 ? "Ready" : "NotReady";
    }
    bool off = json_is_true(at_path(row->json, "spec.unschedulable"));
    (void)buf_printf(out, "\"%s%s\"", text, off ? ",SchedulingDisabled" : "");
}

void cell_node_roles(const struct row *row, const char *path, struct buf *out)
{
    static const char prefix[] = "node-role.kubernetes.io/";
    struct json_iter iter = json_members(object_section(row->object, SEC_LABELS));
    struct str key, value;
    bool any = false;
    (void)path;
    (void)buf_add_str(out, "\"");
    while (json_next_member(&iter, &key, &value)) {
        if (!str_starts(key, prefix) || key.len == sizeof(prefix) - 1)
            continue;
        (void)buf_printf(
            out, "%s" STR_FMT, any ? "," : "",
            STR_ARG(((struct str){key.ptr + sizeof(prefix) - 1, key.len - (sizeof(prefix) - 1)})));
        any = true;
    }
    (void)buf_add_str(out, any ? "\"" : "<none>\"");
}

void cell_node_address(const struct row *row, const char *path, struct buf *out)
{
    const json_t *addresses = at_path(row->json, "status.addresses");
    for (size_t i = 0; i < json_array_size(addresses); i++) {
        const json_t *address = json_array_get(addresses, i);
        const char *type = json_string_value(json_object_get(address, "type"));
        const char *text = json_string_value(json_object_get(address, "address"));
        if (type && text && strcmp(type, path) == 0) {
            add_text(out, text);
            return;
        }
    }
    add_text(out, "<none>");
}

/* ---- events ---- */

/* Seconds of an RFC 3339 text in UTC; -1 when it is none. */
static int64_t parse_time(const char *text)
{
    struct tm tm = {0};
    if (!text || !strptime(text, "%Y-%m-%dT%H:%M:%S", &tm))
        return -1;
    return (int64_t)timegm(&tm);
}

static void add_since(const struct row *row, const char *const *paths, size_t count,
                      struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        int64_t at_s = parse_time(text_at(row->json, paths[i]));
        if (at_s >= 0) {
            add_age(out, row->now_s - at_s);
            return;
        }
    }
    add_text(out, "<unknown>");
}

void cell_event_last(const struct row *row, const char *path, struct buf *out)
{
    static const char *const paths[] = {"series.lastObservedTime", "lastTimestamp", "eventTime"};
    (void)path;
    add_since(row, paths, ARRAY_LEN(paths), out);
}

void cell_event_first(const struct row *row, const char *path, struct buf *out)
{
    static const char *const paths[] = {"firstTimestamp", "eventTime"};
    (void)path;
    add_since(row, paths, ARRAY_LEN(paths), out);
}

void cell_event_object(const struct row *row, const char *path, struct buf *out)
{
    const char *kind = text_at(row->json, "involvedObject.kind");
    const char *name = text_at(row->json, "involvedObject.name");
    (void)path;
    (void)buf_add_str(out, "\"");
    for (const char *at = kind ? kind : ""; *at; at++) {
        char lower = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
        (void)buf_add_json(out, &lower, 1);
    }
    (void)buf_add_str(out, "/");
    (void)buf_add_json(out, name ? name : "", name ? strlen(name) : 0);
    (void)buf_add_str(out, "\"");
}

void cell_event_source(const struct row *row, const char *path, struct buf *out)
{
    (void)path;
    const char *text = text_at(row->json, "source.component");
    if (!text)
        text = text_at(row->json, "reportingComponent");
    add_text(out, text ? text : "");
}

void cell_event_count(const struct row *row, const char *path, struct buf *out)
{
    const json_t *series = at_path(row->json, "series.count");
    const json_t *count = series ? series : at_path(row->json, "count");
    (void)path;
    (void)buf_printf(out, "\"%lld\"", count ? (long long)json_integer_value(count) : 1);
}

/* ---- workloads ---- */

void cell_deployment_ready(const struct row *row, const char *path, struct buf *out)
{
    (void)path;
    (void)buf_printf(out, "\"%lld/%lld\"",
                     (long long)json_integer_value(at_path(row->json, "status.readyReplicas")),
                     (long long)json_integer_value(at_path(row->json, "spec.replicas")));
}

void cell_containers(const struct row *row, const char *path, struct buf *out)
{
    const json_t *list = at_path(row->json, "spec.template.spec.containers");
    (void)buf_add_str(out, "\"");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = text_at(json_array_get(list, i), path);
        (void)buf_add_str(out, i > 0 ? "," : "");
        (void)buf_add_json(out, text ? text : "", text ? strlen(text) : 0);
    }
    (void)buf_add_str(out, "\"");
}

void cell_selector(const struct row *row, const char *path, struct buf *out)
{
    json_t *labels = (json_t *)(uintptr_t)at_path(row->json, "spec.selector.matchLabels");
    const char *key;
    json_t *value;
    bool first = true;
    (void)path;
    (void)buf_add_str(out, "\"");
    json_object_foreach(labels, key, value)
    {
        const char *text = json_string_value(value);
        (void)buf_add_str(out, first ? "" : ",");
        (void)buf_add_json(out, key, strlen(key));
        (void)buf_add_str(out, "=");
        (void)buf_add_json(out, text ? text : "", text ? strlen(text) : 0);
        first = false;
    }
    (void)buf_add_str(out, "\"");
}

void cell_data_count(const struct row *row, const char *path, struct buf *out)
{
    (void)path;
    (void)buf_printf(out, "%zu",
                     json_object_size(json_object_get(row->json, "data")) +
                         json_object_size(json_object_get(row->json, "binaryData")));
}
