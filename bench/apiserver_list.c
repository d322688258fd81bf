/*
 * GET of one object and of lists.
 *
 * A list is rendered while it is sent: the answer holds references to the versions of one moment,
 * so that 50,000 pods cost their pointers, not their text, and later changes do not show. The
 * further pages of a limited list are kept the same way, until they are too old (410).
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/apiserver_private.h"
#include "bench/crd.h"
#include "bench/json_scan.h"
#include "bench/table.h"
#include "model/base/mem.h"

struct list_body {
    struct body body;
    struct apiserver *server;
    struct h2_stream *stream;
    const struct kind *kind;
    struct object **objects; /* references */
    size_t count, at;
    struct buf text; /* rendered, not yet sent */
    size_t sent;
    char *tail; /* owned: what follows the items */
    bool alt_form, table, done;
    enum table_include include;
    enum fault_action spoil; /* STATUS for none */
};

static void list_free(struct body *body)
{
    struct list_body *list = container_of(body, struct list_body, body);
    for (size_t i = 0; i < list->count; i++)
        object_unref(list->objects[i]);
    free(list->objects);
    free(list->tail);
    buf_fini(&list->text);
    free(list);
}

static void render_row(struct list_body *list, const struct object *object)
{
    const struct store *store = list->server->store;
    const struct table_view view = {list->alt_form, list->include,
                                    store_clock(store)->wall_us / 1000000};
    table_row(object, crd_find(store, list->kind), &view, &list->text);
}

static void spoil_item(struct list_body *list)
{
    struct buf *copy = &list->server->scratch;
    buf_clear(copy);
    (void)buf_add(copy, list->text.data, list->text.len);
    buf_clear(&list->text);
    spoil_twice(buf_str(copy), &list->text);
}

static void render_next(struct list_body *list)
{
    buf_clear(&list->text);
    list->sent = 0;
    bool cut = list->spoil == FAULT_DO_TRUNCATE && list->at >= list->count / 2;
    if (cut) {
        list->done = true;
        return;
    }
    if (list->at == list->count) {
        (void)buf_add_str(&list->text, list->tail);
        list->done = true;
        return;
    }
    if (list->at > 0)
        (void)buf_add_str(&list->text, ",");
    const struct object *object = list->objects[list->at++];
    if (list->spoil == FAULT_DO_CUT && list->at > list->count / 2)
        h2_cut(list->stream);
    if (list->table)
        render_row(list, object);
    else
        object_render_item(object, list->alt_form, &list->text);
    if (list->spoil == FAULT_DO_DUPLICATE_KEYS)
        spoil_item(list);
    if (list->spoil == FAULT_DO_CORRUPT)
        list->text.data[list->text.len / 2] = '\x01';
}

static size_t list_read(struct h2_source *source, char *bytes, size_t size, bool *ret_end)
{
    struct list_body *list = container_of(source, struct list_body, body.source);
    size_t used = 0;
    while (used < size) {
        size_t rest = list->text.len - list->sent;
        if (rest == 0 && list->done) {
            *ret_end = true;
            break;
        }
        if (rest == 0) {
            render_next(list);
            continue;
        }
        if (rest > size - used)
            rest = size - used;
        memcpy(bytes + used, list->text.data + list->sent, rest);
        list->sent += rest;
        used += rest;
    }
    return used;
}

/* ---- continue tokens: "rv snapshot offset start-key" in URL-safe base64 ---- */

static void token_write(char *ret_token, size_t size, int64_t rv, uint64_t snapshot, size_t offset,
                        struct str start)
{
    char plain[700];
    unsigned char encoded[1000];
    int len = snprintf(plain, sizeof(plain), "%lld %llu %zu " STR_FMT, (long long)rv,
                       (unsigned long long)snapshot, offset, STR_ARG(start));
    CHECK(len > 0 && (size_t)len < sizeof(plain));
    (void)EVP_EncodeBlock(encoded, (const unsigned char *)plain, len);
    for (unsigned char *at = encoded; *at; at++)
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    (void)snprintf(ret_token, size, "%s", (const char *)encoded);
}

struct token {
    int64_t rv;
    uint64_t snapshot;
    size_t offset;
    char start[700];
};

static bool token_read(struct str text, struct token *ret_token)
{
    unsigned char encoded[1000], plain[1000] = {0};
    unsigned long long snapshot;
    long long rv;
    if (text.len == 0 || text.len >= 960 || text.len % 4 != 0)
        return false;
    for (size_t i = 0; i < text.len; i++)
        encoded[i] = text.ptr[i] == '-'   ? '+'
                     : text.ptr[i] == '_' ? '/'
                                          : (unsigned char)text.ptr[i];
    if (EVP_DecodeBlock(plain, encoded, (int)text.len) <= 0)
        return false;
    if (sscanf((const char *)plain, "%lld %llu %zu %699s", &rv, &snapshot, &ret_token->offset,
               ret_token->start) != 4)
        return false;
    ret_token->rv = rv;
    ret_token->snapshot = snapshot;
    return true;
}

/* ---- snapshots ---- */

static void snapshot_fini(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->count; i++)
        object_unref(snapshot->objects[i]);
    free(snapshot->objects);
    *snapshot = (struct snapshot){0};
}

void list_forget(struct apiserver *server)
{
    for (size_t i = 0; i < MAX_SNAPSHOTS; i++)
        snapshot_fini(&server->snapshots[i]);
}

/* A free place, or the one of the oldest. */
static struct snapshot *snapshot_place(struct apiserver *server)
{
    struct snapshot *oldest = &server->snapshots[0];
    for (size_t i = 0; i < MAX_SNAPSHOTS; i++)
        if (server->snapshots[i].id < oldest->id)
            oldest = &server->snapshots[i];
    snapshot_fini(oldest);
    return oldest;
}

static struct snapshot *snapshot_find(struct apiserver *server, const struct token *token,
                                      const struct kind *kind)
{
    int64_t life_ms = server->options.list_expires_ms;
    for (size_t i = 0; i < MAX_SNAPSHOTS; i++) {
        struct snapshot *snapshot = &server->snapshots[i];
        if (snapshot->id == 0 || snapshot->id != token->snapshot)
            continue;
        bool old = (int64_t)uv_now(server->loop) - snapshot->made_ms > life_ms;
        if (!old && snapshot->kind == kind && token->offset <= snapshot->count)
            return snapshot;
    }
    return NULL;
}

/* ---- the list itself ---- */

struct page {
    struct object **objects; /* references, owned */
    size_t count;
    int64_t rv;
    int64_t remaining;          /* -1: not told */
    char next[API_TOKEN_BYTES]; /* continue, "" none */
};

/* All matching objects now, from a key on. References, yours. */
static struct object **collect(const struct call *call, const struct selector *selector,
                               const char *start, size_t *ret_count)
{
    struct store_list all = store_list(call->server->store, call->kind->id, call->ns);
    struct object **found = mem_zalloc(all.count, sizeof(*found));
    size_t count = 0;
    for (size_t i = 0; i < all.count; i++)
        if ((!start || strcmp(all.objects[i]->ident->key.ptr, start) >= 0) &&
            selector_matches(selector, all.objects[i]))
            found[count++] = object_ref(all.objects[i]);
    *ret_count = count;
    return found;
}

/* The same at the version that this replica knows. */
static struct object **collect_at(const struct call *call, const struct selector *selector,
                                  size_t *ret_count)
{
    if (past_rv(call) == store_rv(call->server->store))
        return collect(call, selector, NULL, ret_count);
    size_t count, kept = 0;
    struct object **all =
        past_objects(call->server, call->kind->id, call->ns, past_rv(call), &count);
    for (size_t i = 0; i < count; i++) {
        if (selector_matches(selector, all[i]))
            all[kept++] = all[i];
        else
            object_unref(all[i]);
    }
    *ret_count = kept;
    return all;
}

/* Takes a page out of `all` (references, taken over) and keeps the rest for the next page. */
static void cut_page(struct call *call, struct object **owned_all, size_t count, size_t limit,
                     struct page *page)
{
    struct apiserver *server = call->server;
    page->objects = owned_all;
    page->count = count;
    if (limit == 0 || count <= limit)
        return;
    struct snapshot *rest = snapshot_place(server);
    *rest = (struct snapshot){.id = ++server->snapshot_id,
                              .rv = page->rv,
                              .made_ms = (int64_t)uv_now(server->loop),
                              .kind = call->kind};
    rest->count = count - limit;
    rest->objects = mem_zalloc(rest->count, sizeof(struct object *));
    memcpy(rest->objects, owned_all + limit, rest->count * sizeof(struct object *));
    page->count = limit;
    page->remaining = (int64_t)rest->count;
    token_write(page->next, sizeof(page->next), page->rv, rest->id, 0,
                rest->objects[0]->ident->key);
}

/* A further page: from the snapshot, or 410 with a token that goes on inconsistently. */
static bool continue_page(struct call *call, const struct selector *selector, struct str text,
                          size_t limit, struct page *page, struct api_status *ret_status)
{
    struct token token;
    if (!token_read(text, &token))
        return api_bad_request(ret_status, "continue key is not valid: " STR_FMT, STR_ARG(text));
    if (token.rv < 0) { /* an inconsistent continuation was asked for */
        size_t count;
        struct object **all = collect(call, selector, token.start, &count);
        page->rv = store_rv(call->server->store);
        cut_page(call, all, count, limit, page);
        return true;
    }
    const struct snapshot *from = snapshot_find(call->server, &token, call->kind);
    if (!from) {
        (void)api_expired(
            ret_status,
            "The provided continue parameter is too old to display a consistent list result. You "
            "can start a new list without the continue parameter, or use the continue token in "
            "this "
            "response to retrieve the remainder of the results. Continuing with the provided token "
            "results in an inconsistent list - objects that were created, modified, or deleted "
            "between the time the first chunk was returned and now may show up in the list.");
        token_write(ret_status->continue_token, sizeof(ret_status->continue_token), -1, 0, 0,
                    str_from(token.start));
        return false;
    }
    size_t rest = from->count - token.offset;
    page->count = limit > 0 && limit < rest ? limit : rest;
    page->rv = from->rv;
    page->objects = mem_zalloc(page->count, sizeof(struct object *));
    for (size_t i = 0; i < page->count; i++)
        page->objects[i] = object_ref(from->objects[token.offset + i]);
    if (page->count < rest) {
        page->remaining = (int64_t)(rest - page->count);
        token_write(page->next, sizeof(page->next), from->rv, from->id, token.offset + page->count,
                    from->objects[token.offset + page->count]->ident->key);
    }
    return true;
}

/* resourceVersion and its match, as kube validates and answers them. */
static bool check_version(const struct call *call, struct api_status *ret_status)
{
    struct str rv = call_param(call, "resourceVersion");
    struct str match = call_param(call, "resourceVersionMatch");
    int64_t current = past_rv(call), wanted = json_int(rv, -1);
    if (call_flag(call, "sendInitialEvents"))
        return api_refuse(ret_status, 422, "Invalid",
                          "ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: "
                          "sendInitialEvents is forbidden for list");
    if (match.len > 0 && rv.len == 0)
        return api_refuse(
            ret_status, 422, "Invalid",
            "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: "
            "resourceVersionMatch is forbidden unless resourceVersion is provided");
    if (rv.len > 0 && wanted < 0)
        return api_bad_request(ret_status, "Invalid value: \"" STR_FMT "\": strconv.ParseUint",
                               STR_ARG(rv));
    if (wanted > current)
        return refuse_too_large(ret_status, wanted, current);
    if (str_is(match, "Exact") && wanted != current)
        return api_expired(ret_status, "The resourceVersion for the provided list is too old.");
    return true;
}

static bool make_page(struct call *call, struct page *page, struct api_status *ret_status)
{
    struct selector *selector = NULL;
    struct err err = {0};
    struct str token = call_param(call, "continue"), rv = call_param(call, "resourceVersion");
    int64_t limit = json_int(call_param(call, "limit"), 0);
    bool done = true;
    if (selector_parse(call_param(call, "labelSelector"), call_param(call, "fieldSelector"),
                       call->kind, &selector, &err) < 0)
        return api_bad_request(ret_status, "%s", err.text);
    if (str_is(rv, "0") && token.len == 0) /* the watch cache answers, and knows no limit */
        limit = 0;
    int64_t limit_max = call->server->options.page_objects_max;
    if (limit_max > 0 && (limit == 0 || limit > limit_max))
        limit = limit_max;
    if (token.len > 0) {
        done =
            continue_page(call, selector, token, limit > 0 ? (size_t)limit : 0, page, ret_status);
    } else if (check_version(call, ret_status)) {
        size_t count;
        struct object **all = collect_at(call, selector, &count);
        page->rv = past_rv(call);
        cut_page(call, all, count, limit > 0 ? (size_t)limit : 0, page);
    } else {
        done = false;
    }
    if (selector)
        page->remaining = -1; /* kube does not tell it for selected lists */
    selector_free(selector);
    return done;
}

static void add_list_metadata(const struct page *page, struct buf *out)
{
    (void)buf_printf(out, "\"metadata\":{\"resourceVersion\":\"%lld\"", (long long)page->rv);
    if (page->next[0])
        (void)buf_printf(out, ",\"continue\":\"%s\"", page->next);
    if (page->remaining > 0)
        (void)buf_printf(out, ",\"remainingItemCount\":%lld", (long long)page->remaining);
    (void)buf_add_str(out, "}");
}

static void add_head(const struct call *call, const struct page *page, struct list_body *list)
{
    struct buf *out = &list->text;
    if (list->table)
        (void)buf_add_str(out, "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",");
    else
        (void)buf_printf(out, "{\"kind\":\"%sList\",\"apiVersion\":\"%s\",",
                         list->spoil == FAULT_DO_WRONG_KIND ? "Gadget" : call->kind->kind,
                         kind_api_version(call->kind, call->alt_form));
    add_list_metadata(page, out);
    if (list->table) {
        (void)buf_add_str(out, ",\"columnDefinitions\":");
        table_columns(call->kind, crd_find(call->server->store, call->kind), out);
    }
    (void)buf_add_str(out, list->table ? ",\"rows\":[" : ",\"items\":[");
}

static enum table_include include_param(const struct call *call)
{
    struct str include = call_param(call, "includeObject");
    return str_is(include, "None")     ? INCLUDE_NONE
           : str_is(include, "Object") ? INCLUDE_OBJECT
                                       : INCLUDE_METADATA;
}

/* Sends objects (references, taken over) as a list or a table. */
static void send_page(struct call *call, struct page *page)
{
    enum fault_action act = call->fault ? call->fault->act : FAULT_DO_STATUS;
    struct list_body *list = mem_zalloc(1, sizeof(*list));
    list->body.source.read = list_read;
    list->body.free = list_free;
    list->server = call->server;
    list->stream = call->stream;
    list->kind = call->kind;
    list->objects = page->objects;
    list->count = page->count;
    list->alt_form = call->alt_form;
    list->table = call_wants_table(call) || act == FAULT_DO_TABLE;
    list->include = include_param(call);
    list->tail = mem_strdup("]}\n");
    list->spoil = act;
    buf_init(&list->text, 4 * (size_t)MAX_OBJECT_BYTES);
    call->server->counts.lists_spoilt += call->fault != NULL;
    add_head(call, page, list);
    if (act == FAULT_DO_DROP_AFTER || act == FAULT_DO_EMPTY || act == FAULT_DO_RESET_AFTER) {
        list_free(&list->body);
        answer_json(call, 200, STR(""));
        return;
    }
    const struct h2_answer answer = {.code = 200, .content_type = "application/json"};
    call->stream->user = &list->body;
    h2_respond_source(call->stream, &answer, &list->body.source);
    if (act == FAULT_DO_GOAWAY)
        h2_goaway(call->stream);
}

void list_handle(struct call *call)
{
    struct api_status status;
    struct page page = {.remaining = -1};
    if (make_page(call, &page, &status))
        send_page(call, &page);
    else
        answer_status(call, &status);
}

void get_handle(struct call *call)
{
    struct api_status status;
    const struct object *object =
        store_get(call->server->store, call->kind->id, call->ns, call->name);
    if (!object) {
        (void)api_not_found(&status, call->kind, call->name);
        answer_status(call, &status);
        return;
    }
    bool wants_scale = str_is(call->sub, "scale"), has_scale = call->kind->subresources & SUB_SCALE;
    if (wants_scale && !has_scale) {
        if (call->kind->is_custom)
            (void)api_not_found(&status, call->kind, call->name);
        else
            (void)api_refuse(&status, 404, "NotFound",
                             "the server could not find the requested resource");
        answer_status(call, &status);
        return;
    }
    if (wants_scale) {
        json_t *scale = object_scale_json(object);
        buf_clear(&call->server->scratch);
        CHECK(json_write(scale, &call->server->scratch));
        json_decref(scale);
        answer_json(call, 200, buf_str(&call->server->scratch));
        return;
    }
    if (!call_wants_table(call)) {
        answer_object(call, 200, object);
        return;
    }
    struct page page = {.remaining = -1, .rv = object->rv, .count = 1};
    page.objects = mem_zalloc(1, sizeof(struct object *));
    page.objects[0] = object_ref(object);
    send_page(call, &page);
}
