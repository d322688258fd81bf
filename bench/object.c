#include "bench/object.h"

#include <stdlib.h>

#include "bench/clock.h"
#include "bench/json_scan.h"
#include "bench/object_build.h"
#include "model/base/mem.h"

struct ident *ident_new(const struct kind *kind, struct str ns, struct str name, const char *uid,
                        int64_t created_s)
{
    size_t key_len = ns.len > 0 ? ns.len + 1 + name.len : name.len;
    struct ident *ident = mem_zalloc(1, sizeof(*ident) + ns.len + 1 + key_len + 1);
    char *ns_text = (char *)(ident + 1);
    char *key = ns_text + ns.len + 1;
    if (ns.len > 0) {
        memcpy(ns_text, ns.ptr, ns.len);
        memcpy(key, ns.ptr, ns.len);
        key[ns.len] = '/';
    }
    memcpy(key + key_len - name.len, name.ptr, name.len);
    ident->refs = 1;
    ident->kind = kind;
    ident->created_s = created_s;
    ident->ns = ns_text;
    ident->name = key + key_len - name.len;
    ident->key = (struct str){key, key_len};
    size_t uid_len = strlen(uid);
    CHECK(uid_len < UID_BYTES);
    memcpy(ident->uid, uid, uid_len);
    return ident;
}

static void ident_unref(struct ident *ident)
{
    CHECK(ident->refs > 0);
    if (--ident->refs == 0)
        free(ident);
}

struct object *object_ref(const struct object *object)
{
    struct object *counted = (struct object *)(uintptr_t)object; /* counting is not changing it */
    counted->refs++;
    return counted;
}

void object_unref(struct object *object)
{
    if (!object)
        return;
    CHECK(object->refs > 0);
    if (--object->refs > 0)
        return;
    blob_unref(object->node_name);
    blob_unref(object->phase);
    for (size_t i = 0; i < SECTION_COUNT; i++)
        blob_unref(object->sections[i]);
    ident_unref(object->ident);
    free(object);
}

struct object *object_copy(const struct object *before)
{
    struct object *copy = mem_zalloc(1, sizeof(*copy));
    *copy = *before;
    copy->refs = 1;
    copy->ident->refs++;
    (void)blob_ref(copy->node_name);
    (void)blob_ref(copy->phase);
    for (size_t i = 0; i < SECTION_COUNT; i++)
        (void)blob_ref(copy->sections[i]);
    return copy;
}

void object_set_blob(struct blob **slot, struct blob *owned_blob)
{
    blob_unref(*slot);
    *slot = owned_blob;
}

void object_set_text(struct blob **slot, struct str text)
{
    if (text.ptr && *slot && str_equal(blob_str(*slot), text))
        return;
    object_set_blob(slot, text.ptr ? blob_new(text.ptr, text.len) : NULL);
}

static bool blob_same(const struct blob *a, const struct blob *b)
{
    return a == b || (a && b && str_equal(blob_str(a), blob_str(b)));
}

bool object_same(const struct object *a, const struct object *b)
{
    for (size_t i = 0; i < SECTION_COUNT; i++)
        if (!blob_same(a->sections[i], b->sections[i]))
            return false;
    return blob_same(a->node_name, b->node_name) && blob_same(a->phase, b->phase) &&
           a->deleted_s == b->deleted_s && a->grace_s == b->grace_s &&
           a->generation == b->generation;
}

/* ---- rendering ---- */

static void add(struct buf *out, struct str text)
{
    (void)buf_add(out, text.ptr, text.len);
}

static void add_int(struct buf *out, int64_t value)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        digits[--at] = '-';
    (void)buf_add(out, digits + at, sizeof(digits) - at);
}

static void add_time(struct buf *out, struct str member, int64_t wall_s)
{
    char text[RFC3339_BYTES];
    sim_time_text(wall_s, text);
    add(out, member);
    (void)buf_add_str(out, text);
    add(out, STR("\""));
}

static void add_section(struct buf *out, struct str before, const struct blob *blob)
{
    if (!blob)
        return;
    add(out, before);
    add(out, blob_str(blob));
}

void object_render_metadata(const struct object *object, struct buf *out)
{
    const struct ident *ident = object->ident;
    add(out, STR("\"metadata\":{\"name\":\""));
    (void)buf_add_str(out, ident->name);
    if (ident->ns[0]) {
        add(out, STR("\",\"namespace\":\""));
        (void)buf_add_str(out, ident->ns);
    }
    add(out, STR("\",\"uid\":\""));
    (void)buf_add_str(out, ident->uid);
    add(out, STR("\",\"resourceVersion\":\""));
    add_int(out, object->rv);
    add(out, STR("\""));
    if (object->generation > 0) {
        add(out, STR(",\"generation\":"));
        add_int(out, object->generation);
    }
    add_time(out, STR(",\"creationTimestamp\":\""), ident->created_s);
    if (object->deleted_s > 0)
        add_time(out, STR(",\"deletionTimestamp\":\""), object->deleted_s);
    if (object->grace_s >= 0) {
        add(out, STR(",\"deletionGracePeriodSeconds\":"));
        add_int(out, object->grace_s);
    }
    add_section(out, STR(",\"labels\":"), object->sections[SEC_LABELS]);
    add_section(out, STR(",\"annotations\":"), object->sections[SEC_ANNOTATIONS]);
    add_section(out, STR(",\"ownerReferences\":"), object->sections[SEC_OWNERS]);
    add_section(out, STR(",\"finalizers\":"), object->sections[SEC_FINALIZERS]);
    add_section(out, STR(","), object->sections[SEC_META]);
    add(out, STR("}"));
}

static void render_spec(const struct object *object, struct buf *out)
{
    const struct blob *spec = object->sections[SEC_SPEC];
    if (!spec)
        return;
    add(out, STR(",\"spec\":{"));
    if (object->node_name) {
        add(out, STR("\"nodeName\":\""));
        add(out, blob_str(object->node_name));
        add(out, spec->len > 0 ? STR("\",") : STR("\""));
    }
    add(out, blob_str(spec));
    add(out, STR("}"));
}

static void render_status(const struct object *object, struct buf *out)
{
    const struct blob *rest = object->sections[SEC_STATUS];
    const struct blob *conditions = object->sections[SEC_CONDITIONS];
    if (!rest && !conditions && !object->phase)
        return;
    struct str comma = STR("");
    add(out, STR(",\"status\":{"));
    if (object->phase) {
        add(out, STR("\"phase\":\""));
        add(out, blob_str(object->phase));
        add(out, STR("\""));
        comma = STR(",");
    }
    if (conditions) {
        add(out, comma);
        add_section(out, STR("\"conditions\":"), conditions);
        comma = STR(",");
    }
    add_section(out, comma, rest);
    add(out, STR("}"));
}

static void render_rest(const struct object *object, bool alt_form, struct buf *out)
{
    object_render_metadata(object, out);
    render_spec(object, out);
    render_status(object, out);
    add_section(out, STR(","), object->sections[alt_form ? SEC_ALT : SEC_REST]);
    add(out, STR("}"));
}

void object_render(const struct object *object, bool alt_form, struct buf *out)
{
    add(out, STR("{\"kind\":\""));
    (void)buf_add_str(out, object->kind->kind);
    add(out, STR("\",\"apiVersion\":\""));
    (void)buf_add_str(out, kind_api_version(object->kind, alt_form));
    add(out, STR("\","));
    render_rest(object, alt_form, out);
}

void object_render_item(const struct object *object, bool alt_form, struct buf *out)
{
    add(out, STR("{"));
    render_rest(object, alt_form, out);
}

json_t *object_json(const struct object *object, bool alt_form)
{
    struct buf text;
    buf_init(&text, 4 * (size_t)MAX_OBJECT_BYTES);
    object_render(object, alt_form, &text);
    json_t *json = json_loadb(text.data, text.len, JSON_ALLOW_NUL, NULL);
    buf_fini(&text);
    CHECK(json != NULL); /* sections are checked when they are made */
    return json;
}

/* ---- reading ---- */

const char *object_node_name(const struct object *object)
{
    return object->node_name ? object->node_name->data : "";
}

const char *object_phase(const struct object *object)
{
    return object->phase ? object->phase->data : "";
}

struct str object_section(const struct object *object, enum section section)
{
    return blob_str(object->sections[section]);
}

static bool find_text(struct str members, struct str key, struct str *ret_value)
{
    struct str raw;
    return json_find(members, key, &raw) && json_plain(raw, ret_value);
}

bool object_label(const struct object *object, struct str key, struct str *ret_value)
{
    return find_text(object_section(object, SEC_LABELS), key, ret_value);
}

bool object_annotation(const struct object *object, struct str key, struct str *ret_value)
{
    return find_text(object_section(object, SEC_ANNOTATIONS), key, ret_value);
}

bool object_controller(const struct object *object, struct owner_ref *ret_owner)
{
    struct json_iter iter = json_items(object_section(object, SEC_OWNERS));
    struct str item, flag;
    while (json_next_item(&iter, &item)) {
        if (!json_find(item, STR("controller"), &flag) || !str_is(flag, "true"))
            continue;
        struct owner_ref owner = {.controller = true};
        (void)find_text(item, STR("apiVersion"), &owner.api_version);
        (void)find_text(item, STR("kind"), &owner.kind);
        (void)find_text(item, STR("name"), &owner.name);
        (void)find_text(item, STR("uid"), &owner.uid);
        owner.block_deletion =
            json_find(item, STR("blockOwnerDeletion"), &flag) && str_is(flag, "true");
        *ret_owner = owner;
        return true;
    }
    return false;
}

static const struct {
    const char *path;
    enum section section;
} whole_sections[] = {
    {"metadata.labels", SEC_LABELS},          {"metadata.annotations", SEC_ANNOTATIONS},
    {"metadata.ownerReferences", SEC_OWNERS}, {"metadata.finalizers", SEC_FINALIZERS},
    {"status.conditions", SEC_CONDITIONS},
};

bool object_field(const struct object *object, const char *path, struct str *ret_raw)
{
    for (size_t i = 0; i < ARRAY_LEN(whole_sections); i++) {
        if (strcmp(path, whole_sections[i].path) == 0) {
            *ret_raw = object_section(object, whole_sections[i].section);
            return ret_raw->len > 0;
        }
    }
    struct str rest = str_from(path), value;
    enum section section = str_starts(rest, "spec.")       ? SEC_SPEC
                           : str_starts(rest, "status.")   ? SEC_STATUS
                           : str_starts(rest, "metadata.") ? SEC_META
                                                           : SEC_REST;
    if (section != SEC_REST)
        rest = str_from(strchr(path, '.') + 1);
    value = object_section(object, section);
    while (rest.len > 0) {
        const char *dot = memchr(rest.ptr, '.', rest.len);
        struct str step = {rest.ptr, dot ? (size_t)(dot - rest.ptr) : rest.len};
        if (!json_find(value, step, &value))
            return false;
        rest = dot ? str_from(dot + 1) : STR("");
    }
    *ret_raw = value;
    return true;
}

int64_t object_field_int(const struct object *object, const char *path, int64_t fallback)
{
    struct str raw;
    return object_field(object, path, &raw) ? json_int(raw, fallback) : fallback;
}

struct str object_field_text(const struct object *object, const char *path)
{
    if (strcmp(path, "metadata.name") == 0)
        return str_from(object->ident->name);
    if (strcmp(path, "metadata.namespace") == 0)
        return str_from(object->ident->ns);
    if (strcmp(path, "metadata.uid") == 0)
        return str_from(object->ident->uid);
    if (strcmp(path, "spec.nodeName") == 0)
        return blob_str(object->node_name);
    if (strcmp(path, "status.phase") == 0)
        return blob_str(object->phase);
    struct str raw, text;
    bool found = object_field(object, path, &raw) && json_plain(raw, &text);
    return found ? text : STR("");
}
