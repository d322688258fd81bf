/* Creation, update and patch: the generic writes. They go through a DOM, but for events, which come
 * at the rate of bindings and are taken as text. */
#include <stdio.h>

#include "bench/crd.h"
#include "bench/json_scan.h"
#include "bench/patch.h"
#include "bench/store_private.h"
#include "model/base/mem.h"

/* ---- create ---- */

/* The five characters behind a generateName: the alphabet of apimachinery's util/rand. */
static struct str generate_name(struct store *store, struct str prefix, char *to, size_t size)
{
    static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
    char suffix[6] = {0};
    for (size_t i = 0; i < 5; i++)
        suffix[i] = alphabet[rng_below(&store->rng, sizeof(alphabet) - 1)];
    if (prefix.len > 58) /* maxGeneratedNameLength: 63 less the suffix */
        prefix.len = 58;
    (void)snprintf(to, size, STR_FMT "%s", STR_ARG(prefix), suffix);
    return str_from(to);
}

static bool check_type(const struct kind *kind, const struct object_parts *parts,
                       struct api_status *ret_status)
{
    bool same_version = parts->api_version.len == 0 ||
                        str_is(parts->api_version, kind_api_version(kind, false)) ||
                        str_is(parts->api_version, kind_api_version(kind, true));
    if (kind->is_custom && (parts->kind.len == 0 || parts->api_version.len == 0))
        return api_bad_request(ret_status,
                               "the object provided is unrecognized (must be of type %s): Object "
                               "'%s' is missing",
                               kind->kind, parts->kind.len == 0 ? "Kind" : "apiVersion");
    if (str_is(parts->kind, kind->kind) && !same_version)
        return api_bad_request(ret_status,
                               "the API version in the data (" STR_FMT
                               ") does not match the expected API version (%s)",
                               STR_ARG(parts->api_version), kind_api_version(kind, false));
    if ((parts->kind.len > 0 && !str_is(parts->kind, kind->kind)) || !same_version)
        return api_bad_request(ret_status,
                               STR_FMT " in version \"" STR_FMT
                                       "\" cannot be handled as a %s: expected %s/%s",
                               STR_ARG(parts->kind), STR_ARG(parts->api_version), kind->kind,
                               kind_api_version(kind, false), kind->kind);
    return true;
}

static bool check_namespace(struct store *store, const struct kind *kind, struct str ns,
                            const struct object_parts *parts, struct api_status *ret_status)
{
    if (!kind->namespaced)
        return true;
    if (parts->ns.len > 0 && !str_equal(parts->ns, ns))
        return api_bad_request(ret_status,
                               "the namespace of the provided object does not match the "
                               "namespace sent on the request");
    const struct object *home = store_get(store, KIND_NAMESPACE, STR(""), ns);
    if (!home)
        return api_not_found(ret_status, kind_get(KIND_NAMESPACE), ns);
    if (home->deleted_s > 0)
        return api_refuse(ret_status, 403, "Forbidden",
                          "%s \"" STR_FMT "\" is forbidden: unable to create new content in "
                          "namespace " STR_FMT " because it is being terminated",
                          kind->plural, STR_ARG(parts->name), STR_ARG(ns));
    return true;
}

/* The last step of a creation: `text` is compact and complete. */
static bool create_checked(struct store *store, const struct kind *kind, struct str ns,
                           struct object_parts *parts, const struct object **ret_object,
                           struct api_status *ret_status)
{
    char generated[API_NAME_BYTES], uid[UID_BYTES];
    struct str name = parts->name;
    if (ns.len == 0 && kind->namespaced)
        ns = parts->ns;
    if (!crd_serves(store, kind))
        return api_refuse(ret_status, 404, "NotFound",
                          "the server could not find the requested resource");
    if (!check_type(kind, parts, ret_status))
        return false;
    if (name.len == 0 && parts->generate_name.len > 0) {
        int tries = 8; /* RetryGenerateName: a name that is taken is drawn again */
        do
            name = generate_name(store, parts->generate_name, generated, sizeof(generated));
        while (--tries > 0 && store_find(store, kind->id, ns, name));
    }
    if (parts->rv.len > 0 && !str_is(parts->rv, "0"))
        return api_bad_request(ret_status,
                               "resourceVersion should not be set on objects to be created");
    if (!admit_name(kind, name, ret_status) || !check_namespace(store, kind, ns, parts, ret_status))
        return false;
    if (store_find(store, kind->id, ns, name))
        return api_already_exists(ret_status, kind, name);
    store_uid(store, uid);
    struct ident *ident =
        ident_new(kind, kind->namespaced ? ns : STR(""), name, uid, store_now_s(store));
    struct object *object = object_make(ident, parts, NULL);
    ident->refs--; /* the object holds it now */
    object->generation = admit_has_generation(kind) ? 1 : 0;
    struct entry *entry = store_insert(store, object);
    if (kind->id == KIND_EVENT)
        event_queue_add(store, entry->object);
    if (ret_object)
        *ret_object = object;
    return true;
}

static bool create_split(struct store *store, const struct kind *kind, struct str ns,
                         struct str text, const struct object **ret_object,
                         struct api_status *ret_status)
{
    struct object_parts parts;
    const char *what = NULL;
    object_parts_init(&parts);
    bool done =
        object_parts_split(&parts, kind, text, &what)
            ? create_checked(store, kind, ns, &parts, ret_object, ret_status)
            : api_bad_request(ret_status, "%s in the body has a member of a wrong type", what);
    object_parts_fini(&parts);
    return done;
}

/* The canonical text of a DOM, or a refusal. */
static bool write_text(const json_t *json, struct buf *text, struct api_status *ret_status)
{
    buf_init(text, MAX_OBJECT_BYTES);
    if (json_write(json, text) && json_compact(buf_str(text)))
        return true;
    return api_refuse(ret_status, 413, "RequestEntityTooLarge",
                      "limit is %d bytes, 128 levels, and no escapes in names of members",
                      MAX_OBJECT_BYTES);
}

bool store_create(struct store *store, enum kind_id kind_id, struct str ns, const json_t *body,
                  const struct object **ret_object, struct api_status *ret_status)
{
    const struct kind *kind = kind_get(kind_id);
    if (!json_is_object(body))
        return api_bad_request(ret_status, "the object provided is no JSON object");
    json_t *copy = json_deep_copy(body);
    struct buf text = {0};
    json_drop_nulls(copy);
    bool done = admit_create(store, kind, copy, ret_status) &&
                write_text(copy, &text, ret_status) &&
                create_split(store, kind, ns, buf_str(&text), ret_object, ret_status);
    buf_fini(&text);
    json_decref(copy);
    return done;
}

bool store_create_text(struct store *store, enum kind_id kind_id, struct str ns, struct str body,
                       const struct object **ret_object, struct api_status *ret_status)
{
    if (kind_id == KIND_EVENT && body.len > 0 && body.ptr[0] == '{' && json_compact(body))
        return create_split(store, kind_get(kind_id), ns, body, ret_object, ret_status);
    json_error_t error;
    json_t *json = json_loadb(body.ptr ? body.ptr : "", body.len, 0, &error);
    if (!json)
        return api_bad_request(ret_status, "the body is no JSON: %s (byte %d)", error.text,
                               error.position);
    bool done = store_create(store, kind_id, ns, json, ret_object, ret_status);
    json_decref(json);
    return done;
}

/* ---- update ---- */

/* What a uid in the body means. A PUT has it as a precondition. A patch makes an object of it that
 * is then found to have changed what is immutable, unless the status of a custom object is patched:
 * that takes over nothing of the metadata. (Seen at a kube-apiserver 1.37.) */
enum uid_rule { UID_PRECONDITION, UID_IMMUTABLE, UID_IGNORED };

static bool check_uid(const struct object *now, struct str uid, enum uid_rule rule,
                      struct api_status *ret_status)
{
    struct str name = str_from(now->ident->name);
    char why[256];
    if (uid.len == 0 || str_is(uid, now->ident->uid) || rule == UID_IGNORED)
        return true;
    if (rule == UID_IMMUTABLE)
        return api_invalid(ret_status, now->kind, name,
                           "metadata.uid: Invalid value: \"" STR_FMT "\": field is immutable",
                           STR_ARG(uid));
    (void)snprintf(why, sizeof(why),
                   "Precondition failed: UID in precondition: " STR_FMT ", UID in object meta: %s",
                   STR_ARG(uid), now->ident->uid);
    return api_conflict(ret_status, now->kind, "", name, why);
}

/* The one refusal of a custom object that names the resource instead of the kind. */
static bool refuse_without_version(const struct object *now, struct api_status *ret_status)
{
    (void)api_not_found(ret_status, now->kind, str_from(now->ident->name)); /* for the details */
    ret_status->code = 422;
    ret_status->reason = "Invalid";
    (void)snprintf(ret_status->message, sizeof(ret_status->message),
                   "%s.%s \"%.253s\" is invalid: metadata.resourceVersion: Invalid value: 0: must "
                   "be specified for an update",
                   now->kind->plural, now->kind->group, now->ident->name);
    return false;
}

static bool check_update(const struct object *now, const struct object_parts *parts,
                         enum uid_rule uid_rule, struct api_status *ret_status)
{
    struct str name = str_from(now->ident->name);
    if (parts->name.len > 0 && !str_equal(parts->name, name))
        return api_bad_request(ret_status,
                               "the name of the object (" STR_FMT
                               ") does not match the name on the URL (%s)",
                               STR_ARG(parts->name), now->ident->name);
    if (!check_uid(now, parts->uid, uid_rule, ret_status))
        return false;
    if (now->kind->is_custom && parts->rv.len == 0) /* custom resources know no unconditional PUT */
        return refuse_without_version(now, ret_status);
    if (parts->rv.len > 0 && !str_is(parts->rv, "0") && json_int(parts->rv, -1) != now->rv)
        return api_conflict(ret_status, now->kind, "", name,
                            "the object has been modified; please apply your changes to the latest "
                            "version and try again");
    return true;
}

static void keep_sections(struct object *next, const struct object *now,
                          const enum section *sections, size_t count)
{
    for (size_t i = 0; i < count; i++)
        object_set_blob(&next->sections[sections[i]], blob_ref(now->sections[sections[i]]));
}

/* A write of the object leaves its status, a write of the status leaves the rest. Labels and
 * annotations of pods and nodes may come with a status, as kubelets do it. */
static void keep_other_half(struct object *next, const struct object *now, enum subresource sub)
{
    static const enum section status[] = {SEC_CONDITIONS, SEC_STATUS};
    static const enum section rest[] = {SEC_OWNERS, SEC_FINALIZERS, SEC_META,       SEC_SPEC,
                                        SEC_REST,   SEC_LABELS,     SEC_ANNOTATIONS};
    bool has_status = now->kind->subresources & SUB_STATUS;
    if (sub == SUB_STATUS) {
        bool open_labels = now->kind->id == KIND_POD || now->kind->id == KIND_NODE;
        keep_sections(next, now, rest, ARRAY_LEN(rest) - (open_labels ? 2 : 0));
        object_set_blob(&next->node_name, blob_ref(now->node_name));
    } else if (has_status && now->kind->id != KIND_NODE) {
        keep_sections(next, now, status, ARRAY_LEN(status));
        object_set_blob(&next->phase, blob_ref(now->phase));
    }
}

/* The spec with another number of replicas; members are sorted as json_write() does it. */
static bool apply_scale(struct object *next, const json_t *body, struct api_status *ret_status)
{
    const json_t *replicas = json_object_get(json_object_get(body, "spec"), "replicas");
    json_int_t wanted = replicas ? json_integer_value(replicas) : 0;
    if ((replicas && !json_is_integer(replicas)) || wanted < 0 || wanted > INT32_MAX)
        return api_invalid(ret_status, next->kind, str_from(next->ident->name),
                           "spec.replicas: Invalid value: must be greater than or equal to 0");
    json_t *whole = object_json(next, false);
    json_t *spec = json_object_get(whole, "spec");
    (void)json_object_set_new(spec, "replicas", json_integer(wanted));
    struct buf text;
    bool done = write_text(spec, &text, ret_status);
    if (done)
        object_set_text(&next->sections[SEC_SPEC], json_inside(buf_str(&text)));
    buf_fini(&text);
    json_decref(whole);
    return done;
}

/* Publishes the next version unless it says the same; finishes a deletion that waited for it. */
static void publish_update(struct store *store, struct entry *entry, struct object *owned_next,
                           const struct object **ret_object)
{
    const struct object *now = entry->object;
    if (owned_next->generation > 0 && owned_next->sections[SEC_SPEC] != now->sections[SEC_SPEC])
        owned_next->generation++;
    if (object_same(owned_next, now)) {
        object_unref(owned_next);
        if (ret_object)
            *ret_object = now;
        return;
    }
    store_publish(store, entry, owned_next);
    if (ret_object)
        *ret_object = owned_next; /* lent: the history holds it even when it goes now */
    (void)store_finish_deletion(store, entry);
    store_owners_collect(store);
}

struct update {
    enum subresource sub;
    enum uid_rule uid_rule;
};

static bool update_split(struct store *store, struct entry *entry, const struct update *update,
                         const struct object_parts *parts, const struct object **ret_object,
                         struct api_status *ret_status)
{
    const struct object *now = entry->object;
    if (!check_type(now->kind, parts, ret_status) ||
        !check_update(now, parts, update->uid_rule, ret_status))
        return false;
    if (update->sub == SUB_NONE && now->kind->id == KIND_POD &&
        !admit_pod_update(now, parts, ret_status))
        return false;
    struct object *next = object_make(now->ident, parts, now);
    keep_other_half(next, now, update->sub);
    publish_update(store, entry, next, ret_object);
    return true;
}

static bool update_scale(struct store *store, struct entry *entry, const json_t *body,
                         const struct object **ret_object, struct api_status *ret_status)
{
    const json_t *meta = json_object_get(body, "metadata");
    const char *rv = json_string_value(json_object_get(meta, "resourceVersion"));
    struct object_parts preconditions = {.rv = str_from(rv)};
    if (!check_update(entry->object, &preconditions, UID_PRECONDITION, ret_status))
        return false;
    struct object *next = object_copy(entry->object);
    if (!apply_scale(next, body, ret_status)) {
        object_unref(next);
        return false;
    }
    publish_update(store, entry, next, ret_object);
    return true;
}

static bool update_with(struct store *store, const struct store_target *target, bool by_patch,
                        const json_t *body, const struct object **ret_object,
                        struct api_status *ret_status)
{
    const struct kind *kind = kind_get(target->kind);
    struct entry *entry = store_find(store, target->kind, target->ns, target->name);
    if (!entry)
        return api_not_found(ret_status, kind, target->name);
    if (!json_is_object(body))
        return api_bad_request(ret_status, "the object provided is no JSON object");
    if (target->sub == SUB_SCALE)
        return update_scale(store, entry, body, ret_object, ret_status);
    const struct update update = {.sub = target->sub,
                                  .uid_rule = !by_patch ? UID_PRECONDITION
                                              : kind->is_custom && target->sub == SUB_STATUS
                                                  ? UID_IGNORED
                                                  : UID_IMMUTABLE};
    json_t *copy = json_deep_copy(body);
    json_drop_nulls(copy);
    struct buf text;
    struct object_parts parts;
    const char *what = NULL;
    object_parts_init(&parts);
    bool done = write_text(copy, &text, ret_status);
    if (done && !object_parts_split(&parts, kind, buf_str(&text), &what))
        done = api_bad_request(ret_status, "%s in the body has a member of a wrong type", what);
    if (done)
        done = update_split(store, entry, &update, &parts, ret_object, ret_status);
    object_parts_fini(&parts);
    buf_fini(&text);
    json_decref(copy);
    return done;
}

bool store_update(struct store *store, const struct store_target *target, const json_t *body,
                  const struct object **ret_object, struct api_status *ret_status)
{
    return update_with(store, target, false, body, ret_object, ret_status);
}

/* ---- patch ---- */

bool store_patch(struct store *store, const struct store_target *target, enum patch_kind patch_kind,
                 const json_t *patch, const struct object **ret_object,
                 struct api_status *ret_status)
{
    const struct kind *kind = kind_get(target->kind);
    const struct entry *entry = store_find(store, target->kind, target->ns, target->name);
    if (!entry)
        return api_not_found(ret_status, kind, target->name);
    json_t *json = target->sub == SUB_SCALE ? object_scale_json(entry->object)
                                            : object_json(entry->object, target->alt_form);
    struct err err = {0};
    bool done;
    if (patch_apply(&json, patch_kind, patch, &err) < 0)
        done = api_invalid(ret_status, kind, target->name, "%s", err.text);
    else
        done = update_with(store, target, true, json, ret_object, ret_status);
    json_decref(json);
    return done;
}
