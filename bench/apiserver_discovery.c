/*
 * What clients ask before they ask for objects: version, health, groups and resources, and as much
 * of OpenAPI v3 as kubectl needs to see that the server validates by itself (fieldValidation). All
 * of it is written from the table of kinds.
 */
#include <stdio.h>

#include "bench/apiserver_private.h"

static void add_version(const struct apiserver *server, struct buf *out)
{
    const char *version = server->options.git_version;
    int major = 1, minor = 0;
    if (sscanf(version, "v%d.%d", &major, &minor) != 2)
        minor = 0;
    (void)buf_printf(out,
                     "{\"major\":\"%d\",\"minor\":\"%d\",\"gitVersion\":\"%s\",\"gitCommit\":"
                     "\"simulated\",\"gitTreeState\":\"clean\",\"buildDate\":"
                     "\"2026-01-01T00:00:00Z\",\"goVersion\":\"none\",\"compiler\":\"cc\","
                     "\"platform\":\"linux/amd64\"}\n",
                     major, minor, version);
}

/* The groups other than core, each once, in the order of the kinds; events twice. */
static size_t groups(const char *ret_groups[KIND_COUNT + 1])
{
    size_t count = 0;
    for (int i = 0; i < KIND_COUNT; i++) {
        const char *group = i == KIND_EVENT ? "events.k8s.io" : kind_get((enum kind_id)i)->group;
        bool seen = !group[0];
        for (size_t j = 0; j < count; j++)
            seen = seen || strcmp(ret_groups[j], group) == 0;
        if (!seen)
            ret_groups[count++] = group;
    }
    return count;
}

static void add_group(const char *group, bool alone, struct buf *out)
{
    (void)buf_printf(
        out,
        "{%s\"name\":\"%s\",\"versions\":[{\"groupVersion\":\"%s/v1\",\"version\":"
        "\"v1\"}],\"preferredVersion\":{\"groupVersion\":\"%s/v1\",\"version\":\"v1\"}}",
        alone ? "\"kind\":\"APIGroup\",\"apiVersion\":\"v1\"," : "", group, group, group);
}

static void add_groups(struct buf *out)
{
    const char *names[KIND_COUNT + 1];
    size_t count = groups(names);
    (void)buf_add_str(out, "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[");
    for (size_t i = 0; i < count; i++) {
        (void)buf_add_str(out, i > 0 ? "," : "");
        add_group(names[i], false, out);
    }
    (void)buf_add_str(out, "]}\n");
}

static void add_shorts(const struct kind *kind, struct buf *out)
{
    if (kind->shorts[0])
        (void)buf_printf(out, ",\"shortNames\":[\"%s\"]", kind->shorts);
    if (kind->category[0])
        (void)buf_printf(out, ",\"categories\":[\"%s\"]", kind->category);
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

/* Whether a kind is served in a group; events are in two. */
static bool in_group(const struct kind *kind, struct str group)
{
    return str_is(group, kind->group) || (kind->id == KIND_EVENT && str_is(group, "events.k8s.io"));
}

static bool add_resources(struct str group, struct buf *out)
{
    bool any = false;
    (void)buf_printf(
        out,
        "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"" STR_FMT
        "%sv1\",\"resources\":[",
        STR_ARG(group), group.len > 0 ? "/" : "");
    for (int i = 0; i < KIND_COUNT; i++) {
        const struct kind *kind = kind_get((enum kind_id)i);
        if (!in_group(kind, group))
            continue;
        (void)buf_add_str(out, any ? "," : "");
        add_resource(kind, out);
        any = true;
    }
    (void)buf_add_str(out, "]}\n");
    return any;
}

/* ---- OpenAPI v3 ---- */

static void add_openapi_paths(struct buf *out)
{
    const char *names[KIND_COUNT + 1];
    size_t count = groups(names);
    (void)buf_add_str(out, "{\"paths\":{\"api/v1\":{\"serverRelativeURL\":\"/openapi/v3/api/v1\"}");
    for (size_t i = 0; i < count; i++)
        (void)buf_printf(out, ",\"apis/%s/v1\":{\"serverRelativeURL\":\"/openapi/v3/apis/%s/v1\"}",
                         names[i], names[i]);
    (void)buf_add_str(out, "}}\n");
}

static void add_operation(const struct kind *kind, struct str group, struct buf *out)
{
    (void)buf_printf(out,
                     "\"/api%s" STR_FMT "/v1/%s%s/{name}\":{\"patch\":{\"parameters\":[{\"name\":"
                     "\"fieldValidation\",\"in\":\"query\",\"schema\":{\"type\":\"string\"}}],"
                     "\"responses\":{\"200\":{\"description\":\"OK\"}},"
                     "\"x-kubernetes-action\":\"patch\",\"x-kubernetes-group-version-kind\":"
                     "{\"group\":\"" STR_FMT "\",\"version\":\"v1\",\"kind\":\"%s\"}}}",
                     group.len > 0 ? "s/" : "", STR_ARG(group),
                     kind->namespaced ? "namespaces/{namespace}/" : "", kind->plural,
                     STR_ARG(group), kind->kind);
}

static bool add_openapi(struct str group, struct buf *out)
{
    bool any = false;
    (void)buf_add_str(out, "{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"simulated\",\"version\":"
                           "\"v1\"},\"paths\":{");
    for (int i = 0; i < KIND_COUNT; i++) {
        const struct kind *kind = kind_get((enum kind_id)i);
        if (!in_group(kind, group))
            continue;
        (void)buf_add_str(out, any ? "," : "");
        add_operation(kind, group, out);
        any = true;
    }
    (void)buf_add_str(out, "},\"components\":{\"schemas\":{}}}\n");
    return any;
}

/* The group of "PREFIX/api/v1" or "PREFIX/apis/GROUP/v1"; false for another shape. */
static bool group_of(struct str path, const char *prefix, struct str *ret_group)
{
    if (!str_starts(path, prefix))
        return false;
    struct str rest = {path.ptr + strlen(prefix), path.len - strlen(prefix)};
    if (str_is(rest, "/api/v1")) {
        *ret_group = STR("");
        return true;
    }
    if (!str_starts(rest, "/apis/") || rest.len < 10 ||
        memcmp(rest.ptr + rest.len - 3, "/v1", 3) != 0)
        return false;
    *ret_group = (struct str){rest.ptr + 6, rest.len - 9};
    return memchr(ret_group->ptr, '/', ret_group->len) == NULL;
}

static bool single_group(struct str path, struct buf *out)
{
    const char *names[KIND_COUNT + 1];
    size_t count = groups(names);
    for (size_t i = 0; i < count; i++) {
        if (path.len > 6 && str_is((struct str){path.ptr + 6, path.len - 6}, names[i])) {
            add_group(names[i], true, out);
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
    struct str path = call->path, group;
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
        add_groups(out);
    else if (str_is(path, "/openapi/v3"))
        add_openapi_paths(out);
    else if (group_of(path, "", &group))
        found = add_resources(group, out);
    else if (group_of(path, "/openapi/v3", &group))
        found = add_openapi(group, out);
    else
        found = str_starts(path, "/apis/") && single_group(path, out);
    if (found)
        answer_json(call, 200, buf_str(out));
    return found;
}
