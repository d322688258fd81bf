/* POST, PUT, PATCH and DELETE. A binding never meets a DOM unless it carries metadata. */
#include <errno.h>
#include <stdlib.h>

#include "bench/apiserver_private.h"
#include "bench/json_scan.h"
#include "bench/object_build.h"
#include "bench/protobuf.h"
#include "model/base/mem.h"

static struct str body_text(const struct call *call)
{
    return buf_str(&call->stream->body);
}

/* The body as a DOM; NULL and a refusal when it is none. */
static json_t *body_json(const struct call *call, struct api_status *ret_status)
{
    json_error_t error;
    struct str text = body_text(call);
    json_t *json = json_loadb(text.ptr ? text.ptr : "", text.len, 0, &error);
    if (!json)
        (void)api_bad_request(ret_status, "the body is no JSON: %s (byte %d)", error.text,
                              error.position);
    return json;
}

static void finish(struct call *call, bool done, int code, const struct object *object,
                   const struct api_status *status)
{
    if (!done)
        answer_status(call, status);
    else if (object)
        answer_object(call, code, object);
    else
        answer_success(call, code);
}

static bool target_of(const struct call *call, struct store_target *ret_target,
                      struct api_status *ret_status)
{
    uint32_t has = call->kind->subresources;
    *ret_target = (struct store_target){
        .kind = call->kind->id, .ns = call->ns, .name = call->name, .alt_form = call->alt_form};
    if (str_is(call->sub, "status") && (has & SUB_STATUS))
        ret_target->sub = SUB_STATUS;
    else if (str_is(call->sub, "scale") && (has & SUB_SCALE))
        ret_target->sub = SUB_SCALE;
    else if (call->sub.len > 0)
        return api_refuse(ret_status, 404, "NotFound",
                          "the server could not find the requested resource");
    return true;
}

/* ---- binding ---- */

static struct str text_member(struct str object, const char *key)
{
    struct str raw, text;
    bool found = json_find(object, str_from(key), &raw) && json_plain(raw, &text);
    return found ? text : STR("");
}

static json_t *strings_member(struct str object, const char *key)
{
    struct str raw;
    if (!json_find(object, str_from(key), &raw) || raw.ptr[0] != '{' || raw.len <= 2)
        return NULL;
    return json_loadb(raw.ptr, raw.len, 0, NULL);
}

static bool bind_compact(struct call *call, struct str body, struct api_status *ret_status)
{
    struct str metadata = STR("{}"), target = STR("{}");
    (void)json_find(body, STR("metadata"), &metadata);
    (void)json_find(body, STR("target"), &target);
    struct str name = text_member(metadata, "name"), kind = text_member(target, "kind");
    if (name.len > 0 && !str_equal(name, call->name))
        return api_bad_request(ret_status, "name in URL does not match name in Binding object");
    if (kind.len > 0 && !str_is(kind, "Node"))
        return api_refuse(ret_status, 500, "",
                          "target.kind: Unsupported value: \"" STR_FMT
                          "\": supported values: \"Node\", \"<empty>\"",
                          STR_ARG(kind));
    struct store_binding request = {.ns = call->ns,
                                    .name = call->name,
                                    .node = text_member(target, "name"),
                                    .uid = text_member(metadata, "uid"),
                                    .rv = text_member(metadata, "resourceVersion")};
    json_t *annotations = strings_member(metadata, "annotations");
    json_t *labels = strings_member(metadata, "labels");
    request.annotations = annotations;
    bool ignores = call->fault && call->fault->act == FAULT_DO_IGNORE_LABELS;
    request.labels = ignores ? NULL : labels;
    request.before_1_35 = !version_at_least(call->server, 35);
    bool done = store_bind(call->server->store, &request, ret_status);
    json_decref(annotations);
    json_decref(labels);
    return done;
}

/* The body of a binding as compact JSON: itself, or written to `text`. Empty when it is none. */
static struct str compact_body(const struct call *call, struct buf *text,
                               struct api_status *ret_status)
{
    struct str body = body_text(call);
    if (body.len > 0 && body.ptr[0] == '{' && json_compact(body))
        return body;
    json_t *json = body_json(call, ret_status);
    bool done = json_is_object(json) && json_write(json, text) && json_compact(buf_str(text));
    if (json && !done)
        (void)api_bad_request(ret_status, "the body is no Binding");
    json_decref(json);
    return done ? buf_str(text) : STR("");
}

bool write_bind(struct call *call, struct api_status *ret_status)
{
    struct buf text;
    buf_init(&text, MAX_OBJECT_BYTES);
    struct str body = compact_body(call, &text, ret_status);
    bool done = body.len > 0 && bind_compact(call, body, ret_status);
    buf_fini(&text);
    call->server->counts.binds += done;
    return done;
}

struct str write_bind_node(const struct call *call)
{
    struct str target;
    if (!json_find(body_text(call), STR("target"), &target))
        return STR("");
    return text_member(target, "name");
}

static void bind_handle(struct call *call)
{
    struct api_status status;
    bool done = write_bind(call, &status);
    finish(call, done, 201, NULL, &status);
}

/* ---- the generic ones ---- */

static void create_handle(struct call *call)
{
    struct api_status status;
    const struct object *object = NULL;
    bool done = store_create_text(call->server->store, call->kind->id, call->ns, body_text(call),
                                  &object, &status);
    finish(call, done, 201, object, &status);
}

static void answer_scale(struct call *call, const struct object *object)
{
    struct buf *out = &call->server->scratch;
    json_t *scale = object_scale_json(object);
    buf_clear(out);
    CHECK(json_write(scale, out));
    json_decref(scale);
    answer_json(call, 200, buf_str(out));
}

static void finish_update(struct call *call, const struct store_target *target, bool done,
                          const struct object *object, const struct api_status *status)
{
    if (done && target->sub == SUB_SCALE)
        answer_scale(call, object);
    else
        finish(call, done, 200, object, status);
}

static void update_handle(struct call *call)
{
    struct api_status status;
    struct store_target target;
    const struct object *object = NULL;
    bool done = target_of(call, &target, &status);
    json_t *json = done ? body_json(call, &status) : NULL;
    done = json && store_update(call->server->store, &target, json, &object, &status);
    json_decref(json);
    finish_update(call, &target, done, object, &status);
}

static bool patch_kind_of(const struct call *call, enum patch_kind *ret_kind,
                          struct api_status *ret_status)
{
    static const struct {
        const char *type;
        enum patch_kind kind;
    } types[] = {{"application/json-patch+json", PATCH_JSON},
                 {"application/merge-patch+json", PATCH_MERGE},
                 {"application/strategic-merge-patch+json", PATCH_STRATEGIC}};
    struct str type = str_from(call->stream->content_type);
    size_t count = ARRAY_LEN(types) - call->kind->is_custom; /* they know no strategic merge */
    for (size_t i = 0; i < count; i++) {
        if (str_starts(type, types[i].type)) {
            *ret_kind = types[i].kind;
            return true;
        }
    }
    return api_refuse(ret_status, 415, "UnsupportedMediaType",
                      "the body of the request was in an unknown format - accepted media types "
                      "include: application/json-patch+json, application/merge-patch+json%s",
                      call->kind->is_custom ? "" : ", application/strategic-merge-patch+json");
}

static void patch_handle(struct call *call)
{
    struct api_status status;
    struct store_target target;
    enum patch_kind kind = PATCH_MERGE;
    const struct object *object = NULL;
    bool done = target_of(call, &target, &status) && patch_kind_of(call, &kind, &status);
    json_t *json = done ? body_json(call, &status) : NULL;
    done = json && store_patch(call->server->store, &target, kind, json, &object, &status);
    json_decref(json);
    finish_update(call, &target, done, object, &status);
}

/* ---- delete ---- */

/* DeleteOptions from the body and the query; texts lend from `json`. */
static bool delete_options(const struct call *call, const json_t *json,
                           struct delete_options *ret_options, struct api_status *ret_status)
{
    const json_t *grace = json_object_get(json, "gracePeriodSeconds");
    const json_t *preconditions = json_object_get(json, "preconditions");
    const char *policy = json_string_value(json_object_get(json, "propagationPolicy"));
    struct str query_policy = call_param(call, "propagationPolicy");
    struct str propagation = policy ? str_from(policy) : query_policy;
    int64_t grace_s = json_int(call_param(call, "gracePeriodSeconds"), -1);
    if (json_is_integer(grace))
        grace_s = json_integer_value(grace);
    if (grace_s < -1 || grace_s > 1000000000)
        return api_bad_request(ret_status, "gracePeriodSeconds is out of range");
    bool orphan =
        str_is(propagation, "Orphan") || json_is_true(json_object_get(json, "orphanDependents"));
    *ret_options = (struct delete_options){
        .grace_s = grace_s,
        .uid = str_from(json_string_value(json_object_get(preconditions, "uid"))),
        .rv = str_from(json_string_value(json_object_get(preconditions, "resourceVersion"))),
        .propagation = orphan                              ? PROPAGATE_ORPHAN
                       : str_is(propagation, "Foreground") ? PROPAGATE_FOREGROUND
                                                           : PROPAGATE_BACKGROUND};
    return true;
}

/* A pod that is gone is answered as it was, with the marks of its end (ReturnDeletedObject). */
static void answer_gone_pod(struct call *call, const struct object *last, int64_t rv)
{
    struct object *gone = object_copy(last);
    gone->rv = rv;
    gone->generation += last->deleted_s == 0;
    gone->deleted_s = store_clock(call->server->store)->wall_us / 1000000;
    gone->grace_s = 0;
    answer_object(call, 200, gone);
    object_unref(gone);
}

/* kube answers with the object when it lives on, else with a Status that names it. */
static void answer_deleted(struct call *call, const struct object *left, const char *uid)
{
    struct buf *out = &call->server->scratch;
    if (left) {
        answer_object(call, 200, left);
        return;
    }
    buf_clear(out);
    (void)buf_printf(out,
                     "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
                     "\"Success\",\"details\":{\"name\":\"" STR_FMT "\",\"group\":\"%s\",\"kind\":"
                     "\"%s\",\"uid\":\"%s\"}}\n",
                     STR_ARG(call->name), call->kind->group, call->kind->plural, uid);
    answer_json(call, 200, buf_str(out));
}

static bool delete_one(struct call *call, const struct delete_options *options,
                       struct api_status *ret_status)
{
    struct store *store = call->server->store;
    const struct store_target target = {.kind = call->kind->id, .ns = call->ns, .name = call->name};
    const struct object *left = NULL;
    const struct object *now = store_get(store, target.kind, target.ns, target.name);
    struct object *last = now ? object_ref(now) : NULL;
    int64_t rv = store_rv(store) + 1;
    bool done = store_delete(store, &target, options, &left, ret_status);
    if (done && !left && last->kind->id == KIND_POD)
        answer_gone_pod(call, last, rv);
    else if (done)
        answer_deleted(call, left, last->ident->uid);
    object_unref(last);
    return done;
}

/* DELETE of a collection: everything that a list with the same selectors would show. */
static bool delete_many(struct call *call, const struct delete_options *options,
                        struct api_status *ret_status)
{
    struct store *store = call->server->store;
    struct selector *selector = NULL;
    struct err err = {0};
    if (selector_parse(call_param(call, "labelSelector"), call_param(call, "fieldSelector"),
                       call->kind, &selector, &err) < 0)
        return api_bad_request(ret_status, "%s", err.text);
    struct store_list all = store_list(store, call->kind->id, call->ns);
    struct object **doomed = mem_zalloc(all.count, sizeof(*doomed));
    size_t count = 0;
    for (size_t i = 0; i < all.count; i++)
        if (selector_matches(selector, all.objects[i]))
            doomed[count++] = object_ref(all.objects[i]);
    for (size_t i = 0; i < count; i++) {
        const struct ident *ident = doomed[i]->ident;
        const struct store_target target = {
            .kind = call->kind->id, .ns = str_from(ident->ns), .name = str_from(ident->name)};
        bool gone_already = !store_delete(store, &target, options, NULL, ret_status);
        (void)gone_already; /* by the collection of an owner: as good */
        object_unref(doomed[i]);
    }
    free(doomed);
    selector_free(selector);
    answer_success(call, 200);
    return true;
}

static void delete_handle(struct call *call)
{
    struct api_status status;
    struct delete_options options;
    json_t *json = body_text(call).len > 0 ? body_json(call, &status) : json_object();
    bool done = json && delete_options(call, json, &options, &status) &&
                (call->name.len > 0 ? delete_one(call, &options, &status)
                                    : delete_many(call, &options, &status));
    json_decref(json);
    if (!done)
        answer_status(call, &status);
}

/* A protobuf body becomes the JSON that the rest understands. */
static bool translate_body(struct call *call, struct api_status *ret_status)
{
    struct buf *body = &call->stream->body;
    struct err err = {0};
    if (!protobuf_is(buf_str(body)))
        return true;
    json_t *json = protobuf_decode(buf_str(body), &err);
    if (!json)
        return api_refuse(ret_status, err.code == ENOTSUP ? 415 : 400,
                          err.code == ENOTSUP ? "UnsupportedMediaType" : "BadRequest", "%s",
                          err.text);
    buf_clear(body);
    bool done =
        json_write(json, body) || api_bad_request(ret_status, "the body is too large as JSON");
    json_decref(json);
    return done;
}

void write_handle(struct call *call)
{
    struct str method = str_from(call->stream->method);
    struct api_status status;
    bool bind = str_is(call->sub, "binding") && (call->kind->subresources & SUB_BINDING);
    if (call->stream->body_too_large) {
        (void)api_refuse(&status, 413, "RequestEntityTooLarge",
                         "Request entity too large: limit is %d", MAX_OBJECT_BYTES);
        answer_status(call, &status);
    } else if (!translate_body(call, &status)) {
        answer_status(call, &status);
    } else if (str_is(method, "POST") && bind) {
        bind_handle(call);
    } else if (str_is(method, "POST") && call->name.len == 0) {
        create_handle(call);
    } else if (str_is(method, "PUT") && call->name.len > 0) {
        update_handle(call);
    } else if (str_is(method, "PATCH") && call->name.len > 0) {
        patch_handle(call);
    } else if (str_is(method, "DELETE") && call->sub.len == 0) {
        delete_handle(call);
    } else {
        (void)api_refuse(&status, 405, "MethodNotAllowed",
                         "the server does not allow this method on the requested resource");
        answer_status(call, &status);
    }
}
