/* From a request line to what is asked for. */
#include "bench/apiserver_private.h"
#include "bench/crd.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent decoding; '+' is a blank in queries only. ptr NULL when it is malformed. */
static struct str decode(struct arena *arena, struct str text, bool in_query)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_value(text.ptr[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_value(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0))
                return (struct str){0};
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && in_query) {
            c = ' ';
        }
        out[len++] = c;
    }
    out[len] = '\0';
    return (struct str){out, len};
}

/* The next segment of a path, empty at its end. */
static struct str segment(struct str *rest)
{
    while (rest->len > 0 && rest->ptr[0] == '/')
        *rest = (struct str){rest->ptr + 1, rest->len - 1};
    const char *slash = rest->len > 0 ? memchr(rest->ptr, '/', rest->len) : NULL;
    struct str part = {rest->ptr, slash ? (size_t)(slash - rest->ptr) : rest->len};
    *rest = (struct str){rest->ptr + part.len, rest->len - part.len};
    return part;
}

/* /api/v1/... or /apis/GROUP/VERSION/..., then [namespaces/NS/]PLURAL[/NAME[/SUB]]. */
static void parse_resource(struct call *call)
{
    struct str rest = call->path, first = segment(&rest);
    if (str_is(first, "apis"))
        call->group = segment(&rest);
    else if (!str_is(first, "api"))
        return;
    call->version = segment(&rest);
    struct str plural = segment(&rest);
    struct str peek = rest, maybe_ns = segment(&peek), below = segment(&peek);
    if (str_is(plural, "namespaces") && below.len > 0 && !str_is(below, "status") &&
        !str_is(below, "finalize")) {
        call->ns = maybe_ns;
        plural = below;
        rest = peek;
    }
    call->kind = kind_by_path(call->group, call->version, plural, &call->alt_form);
    if (call->kind && !crd_serves(call->server->store, call->kind))
        call->kind = NULL;
    if (!call->kind)
        return;
    call->name = segment(&rest);
    call->sub = segment(&rest);
    if (rest.len > 1 || (call->ns.len > 0 && !call->kind->namespaced))
        call->kind = NULL; /* deeper than anything here, or a namespace of what has none */
}

static const char *rbac_verb(const struct call *call)
{
    const char *method = call->stream->method;
    bool one = call->name.len > 0;
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        return call_flag(call, "watch") ? "watch" : one ? "get" : "list";
    if (strcmp(method, "POST") == 0)
        return "create";
    if (strcmp(method, "PUT") == 0)
        return "update";
    if (strcmp(method, "PATCH") == 0)
        return "patch";
    if (strcmp(method, "DELETE") == 0)
        return one ? "delete" : "deletecollection";
    return "";
}

bool call_parse(struct call *call, const char *path)
{
    const char *question = strchr(path, '?');
    struct str raw = {path, question ? (size_t)(question - path) : strlen(path)};
    call->query = question ? str_from(question + 1) : STR("");
    call->path = decode(&call->server->arena, raw, false);
    if (!call->path.ptr)
        return false;
    parse_resource(call);
    call->verb = rbac_verb(call);
    return true;
}

struct str call_param(const struct call *call, const char *name)
{
    struct str rest = call->query;
    size_t name_len = strlen(name);
    while (rest.len > 0) {
        const char *end = memchr(rest.ptr, '&', rest.len);
        struct str pair = {rest.ptr, end ? (size_t)(end - rest.ptr) : rest.len};
        size_t used = pair.len + (end ? 1 : 0);
        rest = (struct str){rest.ptr + used, rest.len - used};
        if (pair.len > name_len && pair.ptr[name_len] == '=' && str_starts(pair, name)) {
            struct str value = {pair.ptr + name_len + 1, pair.len - name_len - 1};
            return decode(&call->server->arena, value, true);
        }
    }
    return STR("");
}

bool call_flag(const struct call *call, const char *name)
{
    struct str value = call_param(call, name);
    return str_is(value, "true") || str_is(value, "1");
}

bool call_wants_table(const struct call *call)
{
    const char *as = strstr(call->stream->accept, "as=Table");
    return as && strstr(call->stream->accept, "v=v1;") && call->kind;
}

enum fault_class call_fault_class(const struct call *call)
{
    if (!call->kind)
        return FAULT_ON_ANY;
    if (str_is(call->sub, "binding"))
        return FAULT_ON_BIND;
    if (call->kind->id == KIND_LEASE)
        return FAULT_ON_LEASE;
    struct str verb = str_from(call->verb);
    if (str_is(verb, "list"))
        return call_param(call, "continue").len > 0 ? FAULT_ON_PAGE : FAULT_ON_LIST;
    if (str_is(verb, "watch"))
        return FAULT_ON_WATCH;
    if (str_is(verb, "get"))
        return FAULT_ON_GET;
    if (call->kind->id == KIND_EVENT)
        return FAULT_ON_EVENTS;
    if (str_is(call->sub, "status"))
        return FAULT_ON_STATUS;
    return str_starts(verb, "delete") ? FAULT_ON_DELETE : FAULT_ON_CREATE;
}
