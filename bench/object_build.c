#include "bench/object_build.h"

#include "bench/json_scan.h"
#include "model/base/mem.h"

void object_parts_init(struct object_parts *parts)
{
    *parts = (struct object_parts){0};
    struct buf *bufs[] = {&parts->meta, &parts->spec, &parts->status, &parts->rest, &parts->alt};
    for (size_t i = 0; i < ARRAY_LEN(bufs); i++)
        buf_init(bufs[i], 2 * (size_t)MAX_OBJECT_BYTES);
}

void object_parts_fini(struct object_parts *parts)
{
    buf_fini(&parts->meta);
    buf_fini(&parts->spec);
    buf_fini(&parts->status);
    buf_fini(&parts->rest);
    buf_fini(&parts->alt);
}

static void add_member(struct buf *members, struct str key, struct str value)
{
    (void)buf_add(members, members->len > 0 ? ",\"" : "\"", members->len > 0 ? 2 : 1);
    (void)buf_add(members, key.ptr, key.len);
    (void)buf_add(members, "\":", 2);
    (void)buf_add(members, value.ptr, value.len);
}

/* What happens to a member: its text or its raw container goes to a slice, or it is dropped. */
enum take { TAKE_TEXT, TAKE_OBJECT, TAKE_ARRAY, TAKE_DROP };

struct taker {
    const char *key;
    enum take take;
    size_t offset; /* of the struct str in struct object_parts */
};

#define TAKER(key, take, field)                                                                    \
    {                                                                                              \
        key, take, offsetof(struct object_parts, field)                                            \
    }

static const struct taker metadata_takers[] = {
    TAKER("name", TAKE_TEXT, name),
    TAKER("namespace", TAKE_TEXT, ns),
    TAKER("uid", TAKE_TEXT, uid),
    TAKER("resourceVersion", TAKE_TEXT, rv),
    TAKER("labels", TAKE_OBJECT, labels),
    TAKER("annotations", TAKE_OBJECT, annotations),
    TAKER("ownerReferences", TAKE_ARRAY, owners),
    TAKER("finalizers", TAKE_ARRAY, finalizers),
    {"creationTimestamp", TAKE_DROP, 0},
    {"deletionTimestamp", TAKE_DROP, 0},
    {"deletionGracePeriodSeconds", TAKE_DROP, 0},
    {"generation", TAKE_DROP, 0},
    {"managedFields", TAKE_DROP, 0}, /* nobody here owns fields: no server-side apply */
    {"selfLink", TAKE_DROP, 0},
};

static const struct taker pod_spec_takers[] = {TAKER("nodeName", TAKE_TEXT, node_name)};

static const struct taker status_takers[] = {
    TAKER("phase", TAKE_TEXT, phase),
    TAKER("conditions", TAKE_ARRAY, conditions),
};

struct taker_list {
    const struct taker *takers;
    size_t count;
};

/* One member: 1 taken or dropped, 0 not in the list, -1 of a wrong type. */
static int take_member(struct object_parts *parts, struct taker_list list, struct str key,
                       struct str value)
{
    const struct taker *taker = NULL;
    for (size_t i = 0; i < list.count && !taker; i++)
        if (str_is(key, list.takers[i].key))
            taker = &list.takers[i];
    if (!taker || taker->take == TAKE_DROP)
        return taker ? 1 : 0;
    struct str *slot = (struct str *)(void *)((char *)parts + taker->offset);
    if (taker->take == TAKE_TEXT)
        return json_plain(value, slot) ? 1 : -1;
    if (value.ptr[0] != (taker->take == TAKE_OBJECT ? '{' : '['))
        return -1;
    *slot = value.len > 2 ? value : (struct str){0};
    return 1;
}

/* Splits an object: taken members to slices, the others into `rest`. */
static bool split_members(struct object_parts *parts, struct str object, struct taker_list list,
                          struct buf *rest)
{
    struct json_iter iter = json_members(object);
    struct str key, value;
    while (json_next_member(&iter, &key, &value)) {
        if (str_is(value, "null"))
            continue;
        int taken = take_member(parts, list, key, value);
        if (taken < 0)
            return false;
        if (taken == 0)
            add_member(rest, key, value);
    }
    struct str raw;
    if (rest == &parts->meta && json_find(object, STR("generateName"), &raw))
        (void)json_plain(raw, &parts->generate_name);
    return true;
}

/* The two vocabularies of an event, api/events/v1 beside api/core/v1. */
static const struct {
    const char *core, *alt;
} event_words[] = {
    {"involvedObject", "regarding"},
    {"message", "note"},
    {"reportingComponent", "reportingController"},
    {"source", "deprecatedSource"},
    {"firstTimestamp", "deprecatedFirstTimestamp"},
    {"lastTimestamp", "deprecatedLastTimestamp"},
    {"count", "deprecatedCount"},
};

static void add_event_member(struct object_parts *parts, struct str key, struct str value)
{
    struct str core = key, alt = key;
    for (size_t i = 0; i < ARRAY_LEN(event_words); i++) {
        if (str_is(key, event_words[i].core) || str_is(key, event_words[i].alt)) {
            core = str_from(event_words[i].core);
            alt = str_from(event_words[i].alt);
            break;
        }
    }
    add_member(&parts->rest, core, value);
    add_member(&parts->alt, alt, value);
}

static bool split_top(struct object_parts *parts, const struct kind *kind, struct str key,
                      struct str value)
{
    bool object = value.ptr[0] == '{';
    if (str_is(key, "kind"))
        return json_plain(value, &parts->kind);
    if (str_is(key, "apiVersion"))
        return json_plain(value, &parts->api_version);
    if (str_is(key, "metadata"))
        return object &&
               split_members(parts, value,
                             (struct taker_list){metadata_takers, ARRAY_LEN(metadata_takers)},
                             &parts->meta);
    if (str_is(key, "spec")) {
        size_t count = kind->id == KIND_POD ? ARRAY_LEN(pod_spec_takers) : 0;
        parts->has_spec = true;
        return object && split_members(parts, value, (struct taker_list){pod_spec_takers, count},
                                       &parts->spec);
    }
    if (str_is(key, "status"))
        return object && split_members(parts, value,
                                       (struct taker_list){status_takers, ARRAY_LEN(status_takers)},
                                       &parts->status);
    if (kind->id == KIND_EVENT)
        add_event_member(parts, key, value);
    else
        add_member(&parts->rest, key, value);
    return true;
}

bool object_parts_split(struct object_parts *parts, const struct kind *kind, struct str text,
                        const char **ret_what)
{
    static const char *const tops[] = {"kind", "apiVersion", "metadata", "spec", "status"};
    struct json_iter iter = json_members(text);
    struct str key, value;
    while (json_next_member(&iter, &key, &value)) {
        if (str_is(value, "null") || split_top(parts, kind, key, value))
            continue;
        *ret_what = "object";
        for (size_t i = 0; i < ARRAY_LEN(tops); i++)
            if (str_is(key, tops[i]))
                *ret_what = tops[i];
        return false;
    }
    return true;
}

static struct str or_none(struct str text)
{
    return text.len > 0 ? text : (struct str){0};
}

struct object *object_make(struct ident *ident, const struct object_parts *parts,
                           const struct object *before)
{
    struct object *object;
    if (before) {
        object = object_copy(before);
    } else {
        object = mem_zalloc(1, sizeof(*object));
        *object = (struct object){.refs = 1, .kind = ident->kind, .ident = ident, .grace_s = -1};
        ident->refs++;
    }
    struct str spec = buf_str(&parts->spec);
    if (parts->has_spec && !spec.ptr)
        spec = STR("");
    const struct str texts[SECTION_COUNT] = {
        [SEC_LABELS] = or_none(parts->labels),
        [SEC_ANNOTATIONS] = or_none(parts->annotations),
        [SEC_OWNERS] = or_none(parts->owners),
        [SEC_FINALIZERS] = or_none(parts->finalizers),
        [SEC_META] = or_none(buf_str(&parts->meta)),
        [SEC_SPEC] = parts->has_spec ? spec : (struct str){0},
        [SEC_CONDITIONS] = or_none(parts->conditions),
        [SEC_STATUS] = or_none(buf_str(&parts->status)),
        [SEC_REST] = or_none(buf_str(&parts->rest)),
        [SEC_ALT] = or_none(buf_str(&parts->alt)),
    };
    for (size_t i = 0; i < SECTION_COUNT; i++)
        object_set_text(&object->sections[i], texts[i]);
    object_set_text(&object->node_name, or_none(parts->node_name));
    object_set_text(&object->phase, or_none(parts->phase));
    return object;
}
