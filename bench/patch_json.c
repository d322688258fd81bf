/* JSON patch, RFC 6902: add, remove, replace, move, copy, test; pointers of RFC 6901. */
#include <errno.h>
#include <string.h>

#include "bench/patch.h"
#include "model/base/buf.h"

enum { MAX_POINTER_BYTES = 4096 };

/* The next step of a pointer, unescaped: ~1 is '/', ~0 is '~'. False at the end. */
static bool pointer_step(const char **at, struct buf *ret_step)
{
    if (**at != '/')
        return false;
    buf_clear(ret_step);
    (void)buf_add(ret_step, "", 0);
    const char *from = *at + 1;
    for (; *from && *from != '/'; from++) {
        char byte = *from;
        if (byte == '~' && (from[1] == '0' || from[1] == '1'))
            byte = *++from == '1' ? '/' : '~';
        (void)buf_add(ret_step, &byte, 1);
    }
    *at = from;
    return true;
}

/* An index into an array; `size` itself for "-". SIZE_MAX: none. */
static size_t array_index(const char *step, size_t size)
{
    if (strcmp(step, "-") == 0)
        return size;
    size_t index = 0;
    if (!step[0] || (step[0] == '0' && step[1]))
        return SIZE_MAX;
    for (; *step; step++) {
        if (*step < '0' || *step > '9' || index > 1000000)
            return SIZE_MAX;
        index = index * 10 + (size_t)(*step - '0');
    }
    return index;
}

static json_t *child(json_t *parent, const char *step)
{
    if (json_is_array(parent)) {
        size_t index = array_index(step, json_array_size(parent));
        return index < json_array_size(parent) ? json_array_get(parent, index) : NULL;
    }
    return json_object_get(parent, step);
}

/* The container of the place a pointer names, and its last step. NULL: not there. The pointer is
 * not empty: callers handle the root. */
static json_t *pointer_parent(json_t *root, const char *pointer, struct buf *ret_step)
{
    json_t *parent = root;
    if (!pointer_step(&pointer, ret_step))
        return NULL;
    while (*pointer && parent) {
        parent = child(parent, ret_step->data);
        if (!pointer_step(&pointer, ret_step))
            return NULL;
    }
    return parent;
}

static json_t *pointer_get(json_t *root, const char *pointer)
{
    struct buf step;
    if (!pointer[0])
        return root;
    buf_init(&step, MAX_POINTER_BYTES);
    json_t *parent = pointer_parent(root, pointer, &step);
    json_t *found = parent ? child(parent, step.data) : NULL;
    buf_fini(&step);
    return found;
}

static bool pointer_remove(json_t *root, const char *pointer)
{
    struct buf step;
    buf_init(&step, MAX_POINTER_BYTES);
    json_t *parent = pointer_parent(root, pointer, &step);
    bool done = parent && child(parent, step.data);
    if (done && json_is_array(parent))
        (void)json_array_remove(parent, array_index(step.data, json_array_size(parent)));
    else if (done)
        (void)json_object_del(parent, step.data);
    buf_fini(&step);
    return done;
}

static bool pointer_add(json_t **root, const char *pointer, json_t *owned_value)
{
    if (!pointer[0]) {
        json_decref(*root);
        *root = owned_value;
        return true;
    }
    struct buf step;
    buf_init(&step, MAX_POINTER_BYTES);
    json_t *parent = pointer_parent(*root, pointer, &step);
    int rc = -1;
    if (json_is_array(parent)) {
        size_t index = array_index(step.data, json_array_size(parent));
        if (index <= json_array_size(parent))
            rc = json_array_insert(parent, index, owned_value);
    } else if (json_is_object(parent)) {
        rc = json_object_set(parent, step.data, owned_value);
    }
    buf_fini(&step);
    json_decref(owned_value);
    return rc == 0;
}

static int apply_one(json_t **root, const json_t *operation, struct err *err)
{
    const char *op = json_string_value(json_object_get(operation, "op"));
    const char *path = json_string_value(json_object_get(operation, "path"));
    const char *from = json_string_value(json_object_get(operation, "from"));
    json_t *value = json_object_get(operation, "value");
    if (!op || !path || strlen(path) >= MAX_POINTER_BYTES)
        return err_set(err, EINVAL, "a JSON patch operation needs op and path");
    json_t *source = from ? pointer_get(*root, from) : NULL;
    bool moves = strcmp(op, "move") == 0, copies = strcmp(op, "copy") == 0, done = false;
    if (strcmp(op, "test") == 0) {
        const json_t *found = pointer_get(*root, path);
        if (!found || !value || !json_equal(found, value))
            return err_set(err, EINVAL, "testing value %s failed", path);
        return 0;
    }
    if (strcmp(op, "remove") == 0) {
        done = path[0] && pointer_remove(*root, path);
    } else if ((strcmp(op, "add") == 0 || strcmp(op, "replace") == 0) && value) {
        bool replace = op[0] == 'r';
        done = !replace || !path[0] || pointer_remove(*root, path);
        done = done && pointer_add(root, path, json_deep_copy(value));
    } else if ((moves || copies) && source) {
        json_t *taken = json_deep_copy(source);
        done = !moves || (from[0] && pointer_remove(*root, from));
        done = pointer_add(root, path, taken) && done;
    } else {
        return err_set(err, EINVAL, "Unexpected kind: %s", op);
    }
    return done ? 0
                : err_set(err, EINVAL, "%s operation does not apply: doc is missing path: %s", op,
                          path);
}

int patch_json(json_t **json, const json_t *operations, struct err *err)
{
    size_t count = json_array_size(operations);
    if (!json_is_array(operations))
        return err_set(err, EINVAL, "a JSON patch must be an array");
    if (count > MAX_JSON_PATCH_OPS)
        return err_set(err, EINVAL, "The allowed maximum operations in a JSON patch is %d, got %zu",
                       MAX_JSON_PATCH_OPS, count);
    for (size_t i = 0; i < count; i++) {
        int rc = apply_one(json, json_array_get(operations, i), err);
        if (rc < 0)
            return rc;
    }
    return 0;
}
