/*
 * Deletion (apiserver's registry/rest BeforeDelete, registry/generic DeleteFinalize).
 *
 *   alive --delete, grace 0, no finalizer------------------------------------> gone
 *   alive --delete, bound pod, grace > 0--> terminating --delete, grace 0----> gone
 *   alive --delete, finalizers------------> terminating --last finalizer off-> gone
 */
#include "bench/crd.h"
#include "bench/json_scan.h"
#include "bench/store_private.h"
#include "model/base/mem.h"

static const struct str foreground = {"foregroundDeletion", sizeof("foregroundDeletion") - 1};

bool object_has_finalizers(const struct object *object)
{
    return object->sections[SEC_FINALIZERS] != NULL;
}

bool object_has_finalizer(const struct object *object, struct str name)
{
    struct json_iter iter = json_items(object_section(object, SEC_FINALIZERS));
    struct str item, text;
    while (json_next_item(&iter, &item))
        if (json_plain(item, &text) && str_equal(text, name))
            return true;
    return false;
}

/* Adds or takes off the foreground finalizer of an unpublished version. */
static void set_foreground(struct object *object, bool on)
{
    struct json_iter iter = json_items(object_section(object, SEC_FINALIZERS));
    struct str item, text;
    struct buf list;
    buf_init(&list, MAX_OBJECT_BYTES);
    while (json_next_item(&iter, &item)) {
        if (json_plain(item, &text) && str_equal(text, foreground))
            continue;
        (void)buf_add_str(&list, list.len > 0 ? "," : "[");
        (void)buf_add(&list, item.ptr, item.len);
    }
    if (on)
        (void)buf_printf(&list, "%s\"%s\"", list.len > 0 ? "," : "[", foreground.ptr);
    bool empty = list.len == 0;
    (void)buf_add_str(&list, "]");
    object_set_blob(&object->sections[SEC_FINALIZERS],
                    empty ? NULL : blob_new(list.data, list.len));
    buf_fini(&list);
}

/* Publishes the first or a shorter deletion time. */
static void mark_deleted(struct store *store, struct entry *entry, int64_t grace_s,
                         bool set_finalizer)
{
    struct object *copy = object_copy(entry->object);
    copy->deleted_s = store_now_s(store) + grace_s;
    copy->grace_s = grace_s;
    if (copy->generation > 0 && entry->object->deleted_s == 0)
        copy->generation++;
    if (set_finalizer)
        set_foreground(copy, true);
    if (copy->kind->id == KIND_NAMESPACE)
        object_set_text(&copy->phase, STR("Terminating"));
    store_publish(store, entry, copy);
}

/* How long the object may go on: 0 for all but pods that a kubelet runs. */
static int64_t effective_grace_s(const struct object *object, int64_t asked_s)
{
    if (object->kind->id != KIND_POD || !object->node_name)
        return 0;
    if (str_is(blob_str(object->phase), "Succeeded") || str_is(blob_str(object->phase), "Failed"))
        return 0;
    int64_t grace_s = asked_s;
    if (grace_s < 0)
        grace_s = object_field_int(object, "spec.terminationGracePeriodSeconds", 30);
    return grace_s < 0 ? 1 : grace_s;
}

/* Nothing waits for this object any more but finalizers and, of a namespace, its contents. */
static bool may_go(const struct entry *entry)
{
    const struct object *object = entry->object;
    return object->deleted_s > 0 && object->grace_s <= 0 && entry->contents == 0 &&
           !object_has_finalizers(object);
}

bool store_finish_deletion(struct store *store, struct entry *entry)
{
    const struct object *object = entry->object;
    if (object->deleted_s > 0 && object_has_finalizer(object, foreground) &&
        !store_owners_has_dependents(store, object->ident->uid)) {
        struct object *copy = object_copy(object);
        set_foreground(copy, false);
        store_publish(store, entry, copy);
    }
    if (!may_go(entry))
        return false;
    store_remove(store, entry);
    return true;
}

/* Deletes all objects of a kind in a namespace, "" all of them; each by its own rules. */
static void delete_all(struct store *store, enum kind_id kind, struct str ns)
{
    struct store_list list = store_list(store, kind, ns);
    struct doomed *uids = mem_zalloc(list.count, sizeof(*uids));
    for (size_t i = 0; i < list.count; i++)
        memcpy(uids[i].uid, list.objects[i]->ident->uid, UID_BYTES);
    for (size_t i = 0, count = list.count; i < count; i++) {
        struct entry *entry = store_find_uid(store, str_from(uids[i].uid));
        if (entry && entry->object->deleted_s == 0)
            store_delete_entry(store, entry, -1, PROPAGATE_BACKGROUND);
    }
    mem_freep(&uids);
}

/* Deletes everything in a namespace, kind by kind. */
void store_delete_contents(struct store *store, struct str ns)
{
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (kind_get((enum kind_id)kind)->namespaced)
            delete_all(store, (enum kind_id)kind, ns);
}

/* A definition takes the objects of its kind along, they go first. Kube holds it back while one of
 * them has finalizers; here such a one stays behind, unseen until the kind is installed again. */
static void delete_defined(struct store *store, const struct object *definition)
{
    const struct kind *kind = crd_defines(definition);
    if (kind)
        delete_all(store, kind->id, STR(""));
}

static void delete_namespace(struct store *store, struct entry *entry)
{
    char uid[UID_BYTES];
    memcpy(uid, entry->object->ident->uid, UID_BYTES);
    struct object *kept = object_ref(entry->object); /* its name outlives the entry */
    if (kept->deleted_s == 0)
        mark_deleted(store, entry, 0, false);
    store_delete_contents(store, str_from(kept->ident->name));
    entry = store_find_uid(store, str_from(uid));
    if (entry)
        (void)store_finish_deletion(store, entry);
    object_unref(kept);
}

void store_delete_entry(struct store *store, struct entry *entry, int64_t grace_s,
                        enum propagation propagation)
{
    const struct object *object = entry->object;
    if (object->kind->id == KIND_NAMESPACE) {
        delete_namespace(store, entry);
        return;
    }
    if (object->kind->id == KIND_CUSTOM_RESOURCE_DEFINITION)
        delete_defined(store, object);
    int64_t grace = effective_grace_s(object, grace_s);
    bool dependents = store_owners_has_dependents(store, object->ident->uid);
    if (propagation == PROPAGATE_ORPHAN && dependents)
        store_owners_orphan(store, object);
    bool wait = propagation == PROPAGATE_FOREGROUND && dependents;
    bool shorter = object->deleted_s == 0 || (object->grace_s > 0 && grace < object->grace_s);
    if (grace > 0 || wait || object_has_finalizers(object)) {
        if (shorter)
            mark_deleted(store, entry, grace, wait);
        if (wait) /* its dependents go first; the last one takes the finalizer off */
            store_owners_delete_dependents(store, entry->object);
        return;
    }
    store_remove(store, entry);
}

static bool check_preconditions(const struct object *object, const struct delete_options *options,
                                struct api_status *ret_status)
{
    struct buf text;
    buf_init(&text, API_MESSAGE_BYTES);
    struct str name = str_from(object->ident->name);
    bool fine = true;
    if (options->uid.len > 0 && !str_is(options->uid, object->ident->uid)) {
        (void)buf_printf(&text,
                         "the UID in the precondition (" STR_FMT
                         ") does not match the UID in record "
                         "(%s). The object might have been deleted and then recreated",
                         STR_ARG(options->uid), object->ident->uid);
        fine = false;
    } else if (options->rv.len > 0 && json_int(options->rv, -1) != object->rv) {
        (void)buf_printf(&text,
                         "the ResourceVersion in the precondition (" STR_FMT ") does not match the "
                         "ResourceVersion in record (%lld). The object might have been modified",
                         STR_ARG(options->rv), (long long)object->rv);
        fine = false;
    }
    if (!fine) { /* BeforeDelete() names the kind, not the resource */
        struct kind named = *object->kind;
        named.plural = named.kind;
        (void)api_conflict(ret_status, &named, "", name, text.data ? text.data : "");
    }
    buf_fini(&text);
    return fine;
}

bool store_delete(struct store *store, const struct store_target *target,
                  const struct delete_options *options, const struct object **ret_object,
                  struct api_status *ret_status)
{
    static const struct delete_options defaults = {.grace_s = -1};
    if (!options)
        options = &defaults;
    struct entry *entry = store_find(store, target->kind, target->ns, target->name);
    if (!entry)
        return api_not_found(ret_status, kind_get(target->kind), target->name);
    if (!check_preconditions(entry->object, options, ret_status))
        return false;
    char uid[UID_BYTES];
    memcpy(uid, entry->object->ident->uid, UID_BYTES);
    store_delete_entry(store, entry, options->grace_s, options->propagation);
    store_owners_collect(store);
    if (ret_object)
        *ret_object = store_get_by_uid(store, str_from(uid));
    return true;
}
