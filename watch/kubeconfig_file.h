/* The kubeconfig files as trees, found by name; and how one value is taken out of an entry. */
#ifndef WATCH_KUBECONFIG_FILE_H
#define WATCH_KUBECONFIG_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/base/err.h"
#include "model/base/str.h"
#include "watch/kubeconfig.h"

struct kubeconfig_file {
    char *path;
    json_t *root;    /* an object */
    bool is_exposed; /* others may read it */
};

struct kubeconfig_files {
    struct kubeconfig_file files[KUBECONFIG_FILES_MAX];
    size_t count;
};

void kubeconfig_files_fini(struct kubeconfig_files *files);

/* Adds what `text` says. Checks the outer shape: lists of named entries, no name twice. */
int kubeconfig_files_add(struct kubeconfig_files *files, struct str text, const char *path,
                         bool is_exposed, struct err *err);

/* An entry of one of the lists "contexts", "clusters", "users"; `is_found` false when no file has
 * it. */
struct kubeconfig_entry {
    const struct kubeconfig_file *file; /* lent */
    const json_t *body;                 /* lent; the object below "context", "cluster" or "user" */
    const char *kind, *name;            /* "cluster", "kind-test": for messages; lent */
};

/* -ENOENT, with the names that do exist in the text, when no file has it. `kind` is the singular.
 */
int kubeconfig_find(const struct kubeconfig_files *files, const char *kind, const char *name,
                    struct kubeconfig_entry *ret_entry, struct err *err);

/* The first current-context that is set, lent, or NULL. */
const char *kubeconfig_current_context(const struct kubeconfig_files *files);

/* Puts "a, b, c" (a bounded number) into a buffer of `size` bytes; "none" when there are none. */
void kubeconfig_list_names(const struct kubeconfig_files *files, const char *kind, char *ret_text,
                           size_t size);

/* Each takes one member when it is there (null and "" count as absent), and fails with the entry,
 * the file and the member's name when it has another type. */
int entry_take_text(const struct kubeconfig_entry *entry, const char *key, char **ret_text,
                    struct err *err);
int entry_take_path(const struct kubeconfig_entry *entry, const char *key, char **ret_path,
                    struct err *err); /* relative ones get the directory of the file in front */
int entry_take_secret(const struct kubeconfig_entry *entry, const char *key,
                      struct secret *ret_secret, struct err *err);
int entry_take_base64(const struct kubeconfig_entry *entry, const char *key,
                      struct secret *ret_bytes, struct err *err);
int entry_take_bool(const struct kubeconfig_entry *entry, const char *key, bool *ret_flag,
                    struct err *err);

/* Fails: "cluster "x" in FILE: <format>". */
int entry_fail(const struct kubeconfig_entry *entry, struct err *err, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* "directory of `file_path`/`path`", yours. */
char *kubeconfig_resolve(const char *file_path, const char *path);

#endif
