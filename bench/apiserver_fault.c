#include "bench/apiserver_fault.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

static const char *const class_names[] = {
#define X(name, text) text,
    FAULT_CLASSES(X)
#undef X
};

static const char *const action_names[] = {
#define X(name, text) text,
    FAULT_ACTIONS(X)
#undef X
};

bool fault_arm(struct fault_table *table, const struct fault *fault)
{
    if (table->count == MAX_FAULTS)
        return false;
    table->faults[table->count++] = *fault;
    return true;
}

const struct fault *fault_take(struct fault_table *table, enum fault_class on, struct str resource)
{
    for (size_t i = 0; i < table->count; i++) {
        struct fault *fault = &table->faults[i];
        bool is_page = fault->on == FAULT_ON_LIST && on == FAULT_ON_PAGE;
        if (fault->on != FAULT_ON_ANY && fault->on != on && !is_page)
            continue;
        if (fault->times == 0 || (fault->resource[0] && !str_is(resource, fault->resource)))
            continue;
        if (fault->skip > 0) {
            fault->skip--;
            continue;
        }
        fault->times--;
        fault->fired++;
        return fault;
    }
    return NULL;
}

uint64_t fault_fired(const struct fault_table *table, enum fault_action act)
{
    uint64_t fired = 0;
    for (size_t i = 0; i < table->count; i++)
        if (table->faults[i].act == act)
            fired += table->faults[i].fired;
    return fired;
}

/* The position of a text in a list of names, -1 when it is none of them. */
static int name_index(const char *const *names, size_t count, const char *text)
{
    for (size_t i = 0; text && i < count; i++)
        if (str_is(str_from(text), names[i]))
            return (int)i;
    return -1;
}

static int64_t number(const json_t *row, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(row, key);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

static int parse_row(const json_t *row, struct fault *ret_fault, struct err *err)
{
    const char *on = json_string_value(json_object_get(row, "on"));
    const char *act = json_string_value(json_object_get(row, "do"));
    const char *resource = json_string_value(json_object_get(row, "resource"));
    int class_idx = name_index(class_names, ARRAY_LEN(class_names), on);
    int action_idx = name_index(action_names, ARRAY_LEN(action_names), act);
    if (class_idx < 0)
        return err_set(err, EINVAL, "unknown class \"on\": %s", on ? on : "(missing)");
    if (action_idx < 0)
        return err_set(err, EINVAL, "unknown action \"do\": %s", act ? act : "(missing)");
    int64_t code = number(row, "code", 500), retry = number(row, "retryAfterSeconds", 0);
    int64_t times = number(row, "times", 1), skip = number(row, "skip", 0);
    int64_t delay_ms = number(row, "delayMs", 0), behind = number(row, "behind", 0);
    const char *node = json_string_value(json_object_get(row, "node"));
    if (code < 400 || code > 599 || retry < 0 || retry > 3600 || times < 1 || times > UINT32_MAX ||
        skip < 0 || skip > UINT32_MAX)
        return err_set(err, EINVAL, "code, retryAfterSeconds, times or skip out of range");
    if (delay_ms < 0 || delay_ms > FAULT_DELAY_MS_MAX || behind < 0)
        return err_set(err, EINVAL, "delayMs or behind out of range");
    *ret_fault = (struct fault){.on = (enum fault_class)class_idx,
                                .act = (enum fault_action)action_idx,
                                .code = (int)code,
                                .retry_after_s = (int)retry,
                                .times = (uint32_t)times,
                                .delay_ms = (int)delay_ms,
                                .behind = behind,
                                .skip = (uint32_t)skip};
    (void)snprintf(ret_fault->resource, sizeof(ret_fault->resource), "%s",
                   resource ? resource : "");
    (void)snprintf(ret_fault->node, sizeof(ret_fault->node), "%s", node ? node : "");
    return 0;
}

int fault_parse(struct fault_table *table, struct str json, struct err *err)
{
    struct fault_table parsed = {0};
    json_t *root = json_loadb(json.ptr ? json.ptr : "", json.len, 0, NULL);
    const json_t *rows = json_object_get(root, "faults");
    int rc = json_is_array(rows) ? 0 : err_set(err, EINVAL, "{\"faults\":[...]} is expected");
    for (size_t i = 0; rc == 0 && i < json_array_size(rows); i++) {
        struct fault fault;
        rc = parse_row(json_array_get(rows, i), &fault, err);
        if (rc == 0 && !fault_arm(&parsed, &fault))
            rc = err_set(err, EINVAL, "more than %d faults", MAX_FAULTS);
    }
    json_decref(root);
    if (rc == 0)
        *table = parsed;
    return rc;
}

void fault_render(const struct fault_table *table, struct buf *out)
{
    (void)buf_add_str(out, "{\"faults\":[");
    for (size_t i = 0; i < table->count; i++) {
        const struct fault *fault = &table->faults[i];
        (void)buf_printf(out,
                         "%s{\"on\":\"%s\",\"do\":\"%s\",\"code\":%d,\"retryAfterSeconds\":%d,"
                         "\"times\":%u,\"skip\":%u,\"delayMs\":%d,\"behind\":%lld,"
                         "\"resource\":\"%s\",\"node\":\"%s\",\"fired\":%llu}",
                         i > 0 ? "," : "", class_names[fault->on], action_names[fault->act],
                         fault->code, fault->retry_after_s, fault->times, fault->skip,
                         fault->delay_ms, (long long)fault->behind, fault->resource, fault->node,
                         (unsigned long long)fault->fired);
    }
    (void)buf_add_str(out, "]}\n");
}
