#include "bench/api_status.h"

#include <stdarg.h>
#include <stdio.h>

static void put_text(char *to, size_t size, struct str from)
{
    (void)snprintf(to, size, STR_FMT, STR_ARG(from));
}

__attribute__((format(printf, 4, 0))) static bool
refuse_va(struct api_status *status, int code, const char *reason, const char *format, va_list args)
{
    *status = (struct api_status){.code = code, .reason = reason};
    (void)vsnprintf(status->message, sizeof(status->message), format, args);
    return false;
}

bool api_refuse(struct api_status *status, int code, const char *reason, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)refuse_va(status, code, reason, format, args);
    va_end(args);
    return false;
}

static bool with_details(struct api_status *status, const char *resource, const char *group,
                         struct str name)
{
    put_text(status->name, sizeof(status->name), name);
    put_text(status->resource, sizeof(status->resource), str_from(resource));
    put_text(status->group, sizeof(status->group), str_from(group));
    return false;
}

/* "pods" or "deployments.apps": how apimachinery prints a GroupResource. */
static void qualified(const struct kind *kind, const char *sub, char *to, size_t size)
{
    (void)snprintf(to, size, "%s%s%s%s", kind->plural, sub, kind->group[0] ? "." : "", kind->group);
}

bool api_not_found(struct api_status *status, const struct kind *kind, struct str name)
{
    char resource[128];
    qualified(kind, "", resource, sizeof(resource));
    (void)api_refuse(status, 404, "NotFound", "%s \"" STR_FMT "\" not found", resource,
                     STR_ARG(name));
    return with_details(status, kind->plural, kind->group, name);
}

bool api_already_exists(struct api_status *status, const struct kind *kind, struct str name)
{
    char resource[128];
    qualified(kind, "", resource, sizeof(resource));
    (void)api_refuse(status, 409, "AlreadyExists", "%s \"" STR_FMT "\" already exists", resource,
                     STR_ARG(name));
    return with_details(status, kind->plural, kind->group, name);
}

bool api_conflict(struct api_status *status, const struct kind *kind, const char *sub,
                  struct str name, const char *why)
{
    char resource[128];
    qualified(kind, sub, resource, sizeof(resource));
    (void)api_refuse(status, 409, "Conflict",
                     "Operation cannot be fulfilled on %s \"" STR_FMT "\": %s", resource,
                     STR_ARG(name), why);
    (void)snprintf(resource, sizeof(resource), "%s%s", kind->plural, sub);
    return with_details(status, resource, kind->group, name);
}

bool api_bad_request(struct api_status *status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)refuse_va(status, 400, "BadRequest", format, args);
    va_end(args);
    return false;
}

bool api_invalid(struct api_status *status, const struct kind *kind, struct str name,
                 const char *format, ...)
{
    char why[API_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    (void)api_refuse(status, 422, "Invalid", "%s%s%s \"" STR_FMT "\" is invalid: %s", kind->kind,
                     kind->group[0] ? "." : "", kind->group, STR_ARG(name), why);
    return with_details(status, kind->kind, kind->group, name);
}

bool api_expired(struct api_status *status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)refuse_va(status, 410, "Expired", format, args);
    va_end(args);
    return false;
}

static void add_member(struct buf *out, const char *name, const char *value, bool *first)
{
    if (!value[0])
        return;
    (void)buf_printf(out, "%s\"%s\":\"", *first ? "" : ",", name);
    (void)buf_add_json(out, value, strlen(value));
    (void)buf_add_str(out, "\"");
    *first = false;
}

static void add_details(const struct api_status *status, struct buf *out)
{
    bool first = true;
    (void)buf_add_str(out, ",\"details\":{");
    add_member(out, "name", status->name, &first);
    add_member(out, "group", status->group, &first);
    add_member(out, "kind", status->resource, &first);
    if (status->cause) {
        (void)buf_printf(out, "%s\"causes\":[{\"reason\":\"%s\",\"message\":\"%s\"}]",
                         first ? "" : ",", status->cause, status->message);
        first = false;
    }
    if (status->retry_after_s > 0)
        (void)buf_printf(out, "%s\"retryAfterSeconds\":%d", first ? "" : ",",
                         status->retry_after_s);
    (void)buf_add_str(out, "}");
}

void api_status_render(const struct api_status *status, struct buf *out)
{
    bool first = true;
    (void)buf_add_str(out, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{");
    add_member(out, "continue", status->continue_token, &first);
    (void)buf_add_str(out, "},\"status\":\"Failure\",\"message\":\"");
    (void)buf_add_json(out, status->message, strlen(status->message));
    (void)buf_printf(out, "\",\"reason\":\"%s\"", status->reason ? status->reason : "");
    if (status->name[0] || status->resource[0] || status->cause || status->retry_after_s > 0)
        add_details(status, out);
    (void)buf_printf(out, ",\"code\":%d}\n", status->code);
}
