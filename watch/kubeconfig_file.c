#include "watch/kubeconfig_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "watch/yaml.h"

enum { NAMES_SHOWN_MAX = 10, NAME_SHOWN_BYTES = 100 };

/* The three lists, and what an element's body is called. */
static const struct {
    const char *list, *kind;
} lists[] = {{"contexts", "context"}, {"clusters", "cluster"}, {"users", "user"}};

void kubeconfig_files_fini(struct kubeconfig_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->files[i].path);
        json_decref(files->files[i].root);
    }
    files->count = 0;
}

static const json_t *file_list(const struct kubeconfig_file *file, const char *kind)
{
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (strcmp(lists[i].kind, kind) == 0)
            return json_object_get(file->root, lists[i].list);
    }
    return NULL;
}

/* A text without NUL, or NULL. */
static const char *plain_text(const json_t *value)
{
    const char *text = json_string_value(value);
    return text && strlen(text) == json_string_length(value) ? text : NULL;
}

/* One list: elements {name: text, <kind>: map}, no name twice. */
static int check_list(const json_t *root, const char *list_name, const char *kind, struct err *err)
{
    const json_t *list = json_object_get(root, list_name);
    if (!list || json_is_null(list))
        return 0;
    if (!json_is_array(list))
        return err_set(err, EINVAL, "%s must be a list", list_name);

    json_t *seen = json_object();
    int failed = 0;
    for (size_t i = 0; i < json_array_size(list) && !failed; i++) {
        const json_t *element = json_array_get(list, i);
        const char *name = plain_text(json_object_get(element, "name"));
        const json_t *body = json_object_get(element, kind);
        if (!name)
            failed = err_set(err, EINVAL, "%s[%zu] has no name (a text)", list_name, i);
        else if (body && !json_is_object(body) && !json_is_null(body))
            failed = err_set(err, EINVAL, "%s[%zu] (\"%.*s\"): %s must be a map", list_name, i,
                             NAME_SHOWN_BYTES, name, kind);
        else if (json_object_get(seen, name))
            failed = err_set(err, EINVAL, "%s has the name \"%.*s\" twice", list_name,
                             NAME_SHOWN_BYTES, name);
        else
            (void)json_object_set_new(seen, name, json_true());
    }
    json_decref(seen);
    return failed;
}

static int check_root(const json_t *root, struct err *err)
{
    const char *version = plain_text(json_object_get(root, "apiVersion"));
    const char *kind = plain_text(json_object_get(root, "kind"));
    if ((version && *version && strcmp(version, "v1") != 0) ||
        (kind && *kind && strcmp(kind, "Config") != 0))
        return err_set(err, EINVAL, "is a %.*s %.*s, not a kubeconfig (apiVersion v1, kind Config)",
                       NAME_SHOWN_BYTES, version ? version : "v1", NAME_SHOWN_BYTES,
                       kind ? kind : "Config");
    int failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(lists) && !failed; i++)
        failed = check_list(root, lists[i].list, lists[i].kind, err);
    return failed;
}

int kubeconfig_files_add(struct kubeconfig_files *files, struct str text, const char *path,
                         bool is_exposed, struct err *err)
{
    if (files->count == KUBECONFIG_FILES_MAX)
        return err_set(err, E2BIG, "more than %d kubeconfig files", KUBECONFIG_FILES_MAX);

    json_t *root = yaml_to_json(text, err);
    if (!root) {
        (void)err_wrap(err, "kubeconfig %s is not valid YAML", path);
        return -EINVAL;
    }
    if (json_is_null(root)) { /* an empty file is a kubeconfig that says nothing */
        json_decref(root);
        root = json_object();
    }
    int failed = json_is_object(root) ? check_root(root, err)
                                      : err_set(err, EINVAL, "is not a map at the top");
    if (failed) {
        json_decref(root);
        (void)err_wrap(err, "kubeconfig %s", path);
        return failed;
    }
    files->files[files->count++] = (struct kubeconfig_file){mem_strdup(path), root, is_exposed};
    return 0;
}

const char *kubeconfig_current_context(const struct kubeconfig_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        const char *name = plain_text(json_object_get(files->files[i].root, "current-context"));
        if (name && *name)
            return name;
    }
    return NULL;
}

static const json_t *find_in_file(const struct kubeconfig_file *file, const char *kind,
                                  const char *name)
{
    const json_t *list = file_list(file, kind);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        if (strcmp(json_string_value(json_object_get(element, "name")), name) == 0)
            return element;
    }
    return NULL;
}

int kubeconfig_find(const struct kubeconfig_files *files, const char *kind, const char *name,
                    struct kubeconfig_entry *ret_entry, struct err *err)
{
    for (size_t i = 0; i < files->count; i++) {
        const json_t *element = find_in_file(&files->files[i], kind, name);
        if (element) {
            *ret_entry = (struct kubeconfig_entry){
                .file = &files->files[i],
                .body = json_object_get(element, kind), /* NULL reads like an empty map */
                .kind = kind,
                .name = name,
            };
            return 0;
        }
    }
    char names[256];
    kubeconfig_list_names(files, kind, names, sizeof(names));
    return err_set(err, ENOENT, "there is no %s \"%.*s\" in kubeconfig %s%s (it has: %s)", kind,
                   NAME_SHOWN_BYTES, name, files->count > 0 ? files->files[0].path : "",
                   files->count > 1 ? " and the others of the list" : "", names);
}

void kubeconfig_list_names(const struct kubeconfig_files *files, const char *kind, char *ret_text,
                           size_t size)
{
    size_t shown = 0, used = 0;
    (void)snprintf(ret_text, size, "none");
    for (size_t i = 0; i < files->count; i++) {
        const json_t *list = file_list(&files->files[i], kind);
        for (size_t k = 0; k < json_array_size(list); k++) {
            const char *name = plain_text(json_object_get(json_array_get(list, k), "name"));
            bool is_cut = shown == NAMES_SHOWN_MAX || used + strlen(name) + 8 > size;
            int len = snprintf(ret_text + used, size - used, "%s%s", shown > 0 ? ", " : "",
                               is_cut ? "..." : name);
            if (is_cut || len < 0)
                return;
            used += (size_t)len;
            shown++;
        }
    }
}

/* ---- values of an entry ---- */

int entry_fail(const struct kubeconfig_entry *entry, struct err *err, const char *format, ...)
{
    char what[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return err_set(err, EINVAL, "%s \"%.*s\" in kubeconfig %s: %s", entry->kind, NAME_SHOWN_BYTES,
                   entry->name, entry->file->path, what);
}

/* Lends the text of a member, NULL when absent or empty. */
static int entry_lend(const struct kubeconfig_entry *entry, const char *key, const char **ret_text,
                      struct err *err)
{
    const json_t *value = json_object_get(entry->body, key);
    *ret_text = NULL;
    if (!value || json_is_null(value))
        return 0;
    const char *text = plain_text(value);
    if (!text)
        return entry_fail(entry, err, "%s must be a text (put it in quotes)", key);
    if (*text)
        *ret_text = text;
    return 0;
}

int entry_take_text(const struct kubeconfig_entry *entry, const char *key, char **ret_text,
                    struct err *err)
{
    const char *text;
    int failed = entry_lend(entry, key, &text, err);
    if (!failed && text) {
        free(*ret_text);
        *ret_text = mem_strdup(text);
    }
    return failed;
}

char *kubeconfig_resolve(const char *file_path, const char *path)
{
    const char *slash = strrchr(file_path, '/');
    if (path[0] == '/' || !slash)
        return mem_strdup(path);
    size_t dir_len = (size_t)(slash - file_path) + 1, path_len = strlen(path);
    char *resolved = mem_zalloc(dir_len + path_len + 1, 1);
    memcpy(resolved, file_path, dir_len);
    memcpy(resolved + dir_len, path, path_len);
    return resolved;
}

int entry_take_path(const struct kubeconfig_entry *entry, const char *key, char **ret_path,
                    struct err *err)
{
    const char *text;
    int failed = entry_lend(entry, key, &text, err);
    if (!failed && text) {
        free(*ret_path);
        *ret_path = kubeconfig_resolve(entry->file->path, text);
    }
    return failed;
}

int entry_take_secret(const struct kubeconfig_entry *entry, const char *key,
                      struct secret *ret_secret, struct err *err)
{
    const char *text;
    int failed = entry_lend(entry, key, &text, err);
    if (!failed && text)
        secret_set(ret_secret, str_from(text));
    return failed;
}

int entry_take_base64(const struct kubeconfig_entry *entry, const char *key,
                      struct secret *ret_bytes, struct err *err)
{
    const char *text;
    int failed = entry_lend(entry, key, &text, err);
    if (!failed && text && secret_from_base64(str_from(text), ret_bytes) != 0)
        return entry_fail(entry, err, "%s is not valid base64", key);
    return failed;
}

int entry_take_bool(const struct kubeconfig_entry *entry, const char *key, bool *ret_flag,
                    struct err *err)
{
    const json_t *value = json_object_get(entry->body, key);
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_boolean(value))
        return entry_fail(entry, err, "%s must be true or false", key);
    *ret_flag = json_is_true(value);
    return 0;
}
