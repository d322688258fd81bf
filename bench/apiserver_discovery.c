/*
 * What clients ask before they ask for objects: version, health, groups and resources, and as much
 * of OpenAPI v3 as kubectl needs to see that the server validates by itself (fieldValidation). All
 * of it is written from the table of kinds.
 */
#include <stdio.h>

#include "bench/apiserver_private.h"
#include "bench/crd.h"

static void version_of(const struct apiserver *server, int *ret_major, int *ret_minor)
{
    *ret_major = 1;
    if (sscanf(server->options.git_version, "v%d.%d", ret_major, ret_minor) != 2)
        *ret_minor = 0;
}

bool version_at_least(const struct apiserver *server, int minor)
{
    int major, is;
    version_of(server, &major, &is);
    return major > 1 || is >= minor;
}

static void add_version(const struct apiserver *server, struct buf *out)
{
    int major, minor;
    version_of(server, &major, &minor);
    (void)buf_printf(out,
                     "{\"major\":\"%d\",\"minor\":\"%d\",\"gitVersion\":\"%s\",\"gitCommit\":"
                     "\"simulated\",\"gitTreeState\":\"clean\",\"buildDate\":"
                     "\"2026-01-01T00:00:00Z\",\"goVersion\":\"none\",\"compiler\":\"cc\","
                     "\"platform\":\"linux/amd64\"}\n",
                     major, minor, server->options.git_version);
}

/* A group other than core; each has one version here. */
struct group {
    const char *name, *version;
};

/* Those that are served, each once, in the order of the kinds; events are in a second one. */
static size_t groups(const struct store *store, struct group ret_groups[KIND_COUNT + 1])
{
    size_t count = 0;
    for (int i = 0; i < KIND_COUNT; i++) {
        const struct kind *kind = kind_get((enum kind_id)i);
        const char *group = i == KIND_EVENT ? "events.k8s.io" : kind->group;
        bool seen = !group[0] || !crd_serves(store, kind);
        for (size_t j = 0; j < count; j++)
            seen = seen || strcmp(ret_groups[j].name, group) == 0;
        if (!seen)
            ret_groups[count++] = (struct group){group, kind->version};
    }
    return count;
}

static void add_group(const struct group *group, bool alone, struct buf *out)
{
    const char *name = group->name, *version = group->version;
    (void)buf_printf(out,
                     "{%s\"name\":\"%s\",\"versions\":[{\"groupVersion\":\"%s/%s\",\"version\":"
                     "\"%s\"}],\"preferredVersion\":{\"groupVersion\":\"%s/%s\",\"version\":"
                     "\"%s\"}}",
                     alone ? "\"kind\":\"APIGroup\",\"apiVersion\":\"v1\"," : "", name, name,
                     version, version, name, version, version);
}

static void add_groups(const struct store *store, struct buf *out)
{
    struct group list[KIND_COUNT + 1];
    size_t count = groups(store, list);
    (void)buf_add_str(out, "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[");
    for (size_t i = 0; i < count; i++) {
        (void)buf_add_str(out, i > 0 ? "," : "");
        add_group(&list[i], false, out);
    }
    (void)buf_add_str(out, "]}\n");
}

/* "po" or "crd,crds" as a list of texts. */
static void add_list(const char *member, const char *texts, struct buf *out)
{
    (void)buf_printf(out, ",\"%s\":[", member);
    for (const char *at = texts; *at;) {
        size_t len = strcspn(at, ",");
        (void)buf_printf(out, "%s\"%.*s\"", at == texts ? "" : ",", (int)len, at);
        at += len + (at[len] == ',');
    }
    (void)buf_add_str(out, "]");
}

static void add_shorts(const struct kind *kind, struct buf *out)
{
    if (kind->shorts[0])
        add_list("shortNames", kind->shorts, out);
    if (kind->category[0])
        add_list("categories", kind->category, out);
}

static void add_resource(const struct kind *kind, struct buf *out)
{
    const char *scope = kind->namespaced ? "true" : "false";
    (void)buf_printf(out,
                     "{\"name\":\"%s\",\"singularName\":\"%s\",\"namespaced\":%s,\"kind\":\"%s\","
                     "\"verbs\":[\"create\",\"delete\",\"deletecollection\",\"get\",\"list\","
                     "\"patch\",\"update\",\"watch\"]",
                     kind->plural, kind->singular, scope, kind->kind);
    add_shorts(kind, out);
    (void)buf_add_str(out, "}");
    if (kind->subresources & SUB_STATUS)
        (void)buf_printf(
            out,
            ",{\"name\":\"%s/status\",\"singularName\":\"\",\"namespaced\":%s,\"kind\":"
            "\"%s\",\"verbs\":[\"get\",\"patch\",\"update\"]}",
            kind->plural, scope, kind->kind);
    if (kind->subresources & SUB_SCALE)
        (void)buf_printf(
            out,
            ",{\"name\":\"%s/scale\",\"singularName\":\"\",\"namespaced\":%s,"
            "\"group\":\"autoscaling\",\"version\":\"v1\",\"kind\":\"Scale\",\"verbs\":"
            "[\"get\",\"patch\",\"update\"]}",
            kind->plural, scope);
    if (kind->subresources & SUB_BINDING)
        (void)buf_printf(out,
                         ",{\"name\":\"%s/binding\",\"singularName\":\"\",\"namespaced\":%s,"
                         "\"kind\":\"Binding\",\"verbs\":[\"create\"]}",
                         kind->plural, scope);
}

/* A group and version as a path names them; "" is core. */
struct group_path {
    struct str group, version;
};

/* Whether a kind is served there; events are in two groups. */
static bool is_in(const struct store *store, const struct kind *kind,
                  const struct group_path *where)
{
    bool in_group = str_is(where->group, kind->group) ||
                    (kind->id == KIND_EVENT && str_is(where->group, "events.k8s.io"));
    return in_group && str_is(where->version, kind->version) && crd_serves(store, kind);
}

static bool add_resources(const struct store *store, const struct group_path *where,
                          struct buf *out)
{
    bool any = false;
    (void)buf_printf(
        out,
        "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"" STR_FMT
        "%s" STR_FMT "\",\"resources\":[",
        STR_ARG(where->group), where->group.len > 0 ? "/" : "", STR_ARG(where->version));
    for (int i = 0; i < KIND_COUNT; i++) {
        const struct kind *kind = kind_get((enum kind_id)i);
        if (!is_in(store, kind, where))
            continue;
        (void)buf_add_str(out, any ? "," : "");
        add_resource(kind, out);
        any = true;
    }
    (void)buf_add_str(out, "]}\n");
    return any;
}

/* ---- OpenAPI v3 ---- */

static void add_openapi_paths(const struct store *store, struct buf *out)
{
    struct group list[KIND_COUNT + 1];
    size_t count = groups(store, list);
    (void)buf_add_str(out, "{\"paths\":{\"api/v1\":{\"serverRelativeURL\":\"/openapi/v3/api/v1\"}");
    for (size_t i = 0; i < count; i++)
        (void)buf_printf(out, ",\"apis/%s/%s\":{\"serverRelativeURL\":\"/openapi/v3/apis/%s/%s\"}",
                         list[i].name, list[i].version, list[i].name, list[i].version);
    (void)buf_add_str(out, "}}\n");
}

static void add_operation(const struct kind *kind, const struct group_path *where, struct buf *out)
{
    struct str group = where->group, version = where->version;
    (void)buf_printf(out,
                     "\"/api%s" STR_FMT "/" STR_FMT "/%s%s/{name}\":{\"patch\":{\"parameters\":"
                     "[{\"name\":\"fieldValidation\",\"in\":\"query\",\"schema\":{\"type\":"
                     "\"string\"}}],\"responses\":{\"200\":{\"description\":\"OK\"}},"
                     "\"x-kubernetes-action\":\"patch\",\"x-kubernetes-group-version-kind\":"
                     "{\"group\":\"" STR_FMT "\",\"version\":\"" STR_FMT "\",\"kind\":\"%s\"}}}",
                     group.len > 0 ? "s/" : "", STR_ARG(group), STR_ARG(version),
                     kind->namespaced ? "namespaces/{namespace}/" : "", kind->plural,
                     STR_ARG(group), STR_ARG(version), kind->kind);
}

static bool add_openapi(const struct store *store, const struct group_path *where, struct buf *out)
{
    bool any = false;
    (void)buf_printf(out,
                     "{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"simulated\",\"version\":"
                     "\"" STR_FMT "\"},\"paths\":{",
                     STR_ARG(where->version));
    for (int i = 0; i < KIND_COUNT; i++) {
        const struct kind *kind = kind_get((enum kind_id)i);
        if (!is_in(store, kind, where))
            continue;
        (void)buf_add_str(out, any ? "," : "");
        add_operation(kind, where, out);
        any = true;
    }
    (void)buf_add_str(out, "},\"components\":{\"schemas\":{}}}\n");
    return any;
}

/* What "PREFIX/api/VERSION" or "PREFIX/apis/GROUP/VERSION" names; false for another shape. */
static bool group_of(struct str path, const char *prefix, struct group_path *ret_where)
{
    if (!str_starts(path, prefix))
        return false;
    struct str rest = {path.ptr + strlen(prefix), path.len - strlen(prefix)};
    bool is_core = str_starts(rest, "/api/");
    if (!is_core && !str_starts(rest, "/apis/"))
        return false;
    size_t skip = is_core ? 5 : 6;
    rest = (struct str){rest.ptr + skip, rest.len - skip};
    const char *slash = rest.len > 0 ? memchr(rest.ptr, '/', rest.len) : NULL;
    if (is_core == (slash != NULL))
        return false;
    size_t group_len = slash ? (size_t)(slash - rest.ptr) : 0, past = slash ? group_len + 1 : 0;
    struct group_path where = {{rest.ptr, group_len}, {rest.ptr + past, rest.len - past}};
    if (where.version.len == 0 || (!is_core && group_len == 0) ||
        memchr(where.version.ptr, '/', where.version.len))
        return false;
    *ret_where = where;
    return true;
}

static bool single_group(const struct store *store, struct str path, struct buf *out)
{
    struct group list[KIND_COUNT + 1];
    size_t count = groups(store, list);
    for (size_t i = 0; i < count; i++) {
        if (path.len > 6 && str_is((struct str){path.ptr + 6, path.len - 6}, list[i].name)) {
            add_group(&list[i], true, out);
            return true;
        }
    }
    return false;
}

static bool is_health(struct str path)
{
    return str_starts(path, "/healthz") || str_starts(path, "/readyz") ||
           str_starts(path, "/livez");
}

bool discovery_handle(struct call *call)
{
    struct buf *out = &call->server->scratch;
    const struct store *store = call->server->store;
    struct str path = call->path;
    struct group_path where;
    if (strcmp(call->stream->method, "GET") != 0 && strcmp(call->stream->method, "HEAD") != 0)
        return false;
    if (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    if (is_health(path)) {
        answer_text(call, 200, "text/plain; charset=utf-8", STR("ok"));
        return true;
    }
    buf_clear(out);
    bool found = true;
    if (str_is(path, "/version"))
        add_version(call->server, out);
    else if (str_is(path, "/api"))
        (void)buf_printf(out,
                         "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],"
                         "\"serverAddressByClientCIDRs\":[{\"clientCIDR\":\"0.0.0.0/0\","
                         "\"serverAddress\":\"127.0.0.1:%u\"}]}\n",
                         apiserver_port(call->server));
    else if (str_is(path, "/apis"))
        add_groups(store, out);
    else if (str_is(path, "/openapi/v3"))
        add_openapi_paths(store, out);
    else if (group_of(path, "", &where))
        found = add_resources(store, &where, out);
    else if (group_of(path, "/openapi/v3", &where))
        found = add_openapi(store, &where, out);
    else
        found = str_starts(path, "/apis/") && single_group(store, path, out);
    if (found)
        answer_json(call, 200, buf_str(out));
    return found;
}

bool discovery_knows(const struct call *call)
{
    const struct group_path where = {call->group, call->version};
    bool known = !str_starts(call->path, "/apis/");
    for (int i = 0; i < KIND_COUNT && !known; i++)
        known = is_in(call->server->store, kind_get((enum kind_id)i), &where);
    return known;
}
