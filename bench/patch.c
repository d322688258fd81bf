#include "bench/patch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"

/* Pairs still to be merged: an explicit stack, because patches come from outside. */
struct merge_pair {
    json_t *target; /* a reference: a later member of the patch may take it out of the document */
    json_t *patch;  /* borrowed from the patch */
};

struct merge_stack {
    struct merge_pair *pairs;
    size_t count, capacity;
};

static void stack_push(struct merge_stack *stack, json_t *target, json_t *patch)
{
    if (stack->count == stack->capacity) {
        stack->capacity = mem_grow(stack->capacity, stack->count + 1);
        stack->pairs = mem_resize(stack->pairs, stack->capacity, sizeof(*stack->pairs));
    }
    stack->pairs[stack->count++] = (struct merge_pair){json_incref(target), patch};
}

static json_t *unconst(const json_t *json)
{
    return (json_t *)(uintptr_t)json; /* jansson's getters and iterators know no const */
}

/* ---- merge patch ---- */

/* The object member to merge into; made when it is none yet. */
static json_t *object_member(json_t *object, const char *key)
{
    json_t *member = json_object_get(object, key);
    if (!json_is_object(member)) {
        member = json_object();
        (void)json_object_set_new(object, key, member);
    }
    return member;
}

int patch_merge(json_t *json, const json_t *patch, struct err *err)
{
    if (!json_is_object(patch) || !json_is_object(json))
        return err_set(err, EINVAL, "a merge patch must be an object");
    struct merge_stack stack = {0};
    stack_push(&stack, json, unconst(patch));
    while (stack.count > 0) {
        struct merge_pair top = stack.pairs[--stack.count];
        const char *key;
        json_t *value;
        json_object_foreach(top.patch, key, value)
        {
            if (json_is_null(value))
                (void)json_object_del(top.target, key);
            else if (json_is_object(value))
                stack_push(&stack, object_member(top.target, key), value);
            else
                (void)json_object_set_new(top.target, key, json_deep_copy(value));
        }
        json_decref(top.target);
    }
    free(stack.pairs);
    return 0;
}

/* ---- strategic merge patch ---- */

/* Lists that merge, by the field's name: the patchMergeKey of the API types. NULL: a set of
 * scalars. */
static const struct {
    const char *field;
    const char *keys[2]; /* the second: tried when items have no first (ports of a service) */
} merge_lists[] = {
    {"conditions", {"type", NULL}},
    {"containers", {"name", NULL}},
    {"initContainers", {"name", NULL}},
    {"ephemeralContainers", {"name", NULL}},
    {"env", {"name", NULL}},
    {"volumes", {"name", NULL}},
    {"imagePullSecrets", {"name", NULL}},
    {"schedulingGates", {"name", NULL}},
    {"volumeMounts", {"mountPath", NULL}},
    {"volumeDevices", {"devicePath", NULL}},
    {"ports", {"containerPort", "port"}},
    {"taints", {"key", NULL}},
    {"addresses", {"type", NULL}},
    {"ownerReferences", {"uid", NULL}},
    {"hostAliases", {"ip", NULL}},
    {"podIPs", {"ip", NULL}},
    {"topologySpreadConstraints", {"topologyKey", NULL}},
    {"resourceClaims", {"name", NULL}},
    {"secrets", {"name", NULL}},
    {"finalizers", {NULL, NULL}},
};

/* The row of a field, or -1: the list is replaced whole. */
static int merge_list_row(const char *field)
{
    for (size_t i = 0; i < ARRAY_LEN(merge_lists); i++)
        if (strcmp(field, merge_lists[i].field) == 0)
            return (int)i;
    return -1;
}

static const char *item_key(int row, const json_t *item)
{
    const char *const *keys = merge_lists[row].keys;
    return keys[1] && !json_object_get(item, keys[0]) ? keys[1] : keys[0];
}

static size_t find_item(const json_t *list, const char *key, const json_t *wanted)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const json_t *value = key ? json_object_get(item, key) : item;
        if (value && json_equal(value, wanted))
            return i;
    }
    return SIZE_MAX;
}

static bool has_directive(const json_t *item, const char *directive)
{
    const char *text = json_string_value(json_object_get(item, "$patch"));
    return text && strcmp(text, directive) == 0;
}

/* Merges one item of a list patch. */
static int merge_item(struct merge_stack *stack, json_t *list, int row, json_t *item,
                      struct err *err)
{
    const char *field = merge_lists[row].field;
    const char *key = json_is_object(item) ? item_key(row, item) : NULL;
    const json_t *wanted = key ? json_object_get(item, key) : item;
    if ((merge_lists[row].keys[0] && !key) || !wanted)
        return err_set(err, EINVAL, "map: %s does not contain declared merge key: %s", field,
                       merge_lists[row].keys[0] ? merge_lists[row].keys[0] : "");
    size_t at = find_item(list, key, wanted);
    if (has_directive(item, "delete")) {
        if (at != SIZE_MAX)
            (void)json_array_remove(list, at);
    } else if (at == SIZE_MAX) {
        json_t *added = key ? json_object() : json_deep_copy(item);
        (void)json_array_append_new(list, added);
        if (key)
            stack_push(stack, added, item);
    } else if (key) {
        stack_push(stack, json_array_get(list, at), item);
    }
    return 0;
}

static int merge_list(struct merge_stack *stack, json_t *target, const char *field, json_t *patch,
                      struct err *err)
{
    int row = merge_list_row(field);
    json_t *list = json_object_get(target, field), *item;
    size_t i;
    bool replace = row < 0;
    json_array_foreach(patch, i, item) replace = replace || has_directive(item, "replace");
    if (replace || !json_is_array(list)) {
        list = json_array();
        (void)json_object_set_new(target, field, list);
    }
    json_array_foreach(patch, i, item)
    {
        if (has_directive(item, "replace"))
            continue;
        if (row < 0)
            (void)json_array_append_new(list, json_deep_copy(item));
        else if (merge_item(stack, list, row, item, err) < 0)
            return -EINVAL;
    }
    return 0;
}

/* "$deleteFromPrimitiveList/finalizers": takes scalars out of a list. */
static void delete_scalars(json_t *target, const char *field, const json_t *gone)
{
    json_t *list = json_object_get(target, field);
    for (size_t i = 0; i < json_array_size(gone); i++) {
        size_t at = find_item(list, NULL, json_array_get(gone, i));
        if (at != SIZE_MAX)
            (void)json_array_remove(list, at);
    }
}

/* "$retainKeys": members of the target that are not named go. */
static void retain_keys(json_t *target, const json_t *kept)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(target, next, key, value)
    {
        json_t *name = json_string(key);
        if (find_item(kept, NULL, name) == SIZE_MAX)
            (void)json_object_del(target, key);
        json_decref(name);
    }
}

static int merge_member(struct merge_stack *stack, json_t *target, const char *key, json_t *value,
                        struct err *err)
{
    static const char deletion[] = "$deleteFromPrimitiveList/";
    if (strncmp(key, deletion, sizeof(deletion) - 1) == 0)
        delete_scalars(target, key + sizeof(deletion) - 1, value);
    else if (strcmp(key, "$retainKeys") == 0)
        retain_keys(target, value);
    else if (key[0] == '$') /* $setElementOrder: the order is the server's here; $patch: done */
        return 0;
    else if (json_is_null(value) || has_directive(value, "delete"))
        (void)json_object_del(target, key);
    else if (json_is_object(value))
        stack_push(stack, object_member(target, key), value);
    else if (json_is_array(value))
        return merge_list(stack, target, key, value, err);
    else
        (void)json_object_set_new(target, key, json_deep_copy(value));
    return 0;
}

int patch_strategic(json_t *json, const json_t *patch, struct err *err)
{
    if (!json_is_object(patch) || !json_is_object(json))
        return err_set(err, EINVAL, "a strategic merge patch must be an object");
    struct merge_stack stack = {0};
    int rc = 0;
    stack_push(&stack, json, unconst(patch));
    while (stack.count > 0 && rc == 0) {
        struct merge_pair top = stack.pairs[--stack.count];
        const char *key;
        json_t *value;
        if (has_directive(top.patch, "replace"))
            (void)json_object_clear(top.target);
        json_object_foreach(top.patch, key, value)
        {
            rc = merge_member(&stack, top.target, key, value, err);
            if (rc < 0)
                break;
        }
        json_decref(top.target);
    }
    while (stack.count > 0)
        json_decref(stack.pairs[--stack.count].target);
    free(stack.pairs);
    return rc;
}

int patch_apply(json_t **json, enum patch_kind kind, const json_t *patch, struct err *err)
{
    switch (kind) {
    case PATCH_JSON:
        return patch_json(json, patch, err);
    case PATCH_MERGE:
        return patch_merge(*json, patch, err);
    case PATCH_STRATEGIC:
        return patch_strategic(*json, patch, err);
    }
    return err_set(err, EINVAL, "unknown kind of patch");
}
