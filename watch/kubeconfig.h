/*
 * A kubeconfig: clusters, users, and contexts that pair them (client-go tools/clientcmd;
 * reliability 1.6). Several files count as one: for each name the first file that has it wins,
 * missing files are skipped, and a relative path is relative to the file that it stands in. Unknown
 * fields are ignored, as kubectl does: other tools keep theirs in the same file.
 */
#ifndef WATCH_KUBECONFIG_H
#define WATCH_KUBECONFIG_H

#include <stdbool.h>

#include "model/base/err.h"
#include "model/base/str.h"
#include "watch/exec_credential.h"
#include "watch/secret.h"

enum { KUBECONFIG_BYTES_MAX = 1 << 20, KUBECONFIG_FILES_MAX = 32 };

/* What the chosen context says. All texts are owned; NULL (or not set) where absent. *_data is
 * decoded and beats *_file. */
struct kubeconfig {
    char *cluster, *user;           /* names of the entries */
    char *cluster_file, *user_file; /* the kubeconfig they stand in */
    char *server, *tls_server_name, *proxy_url;
    bool is_insecure;
    char *ca_file, *cert_file, *key_file, *token_file; /* token_file beats token */
    struct secret ca_data, cert_data, key_data, token;
    struct exec_plugin exec; /* command NULL: none */
    char *exposed_file;      /* a file with credentials in it that others may read */
};

void kubeconfig_fini(struct kubeconfig *config); /* wipes; takes a zeroed struct */

struct kubeconfig_source {
    const char *paths;   /* one file, or a list with ':' */
    bool is_list;        /* $KUBECONFIG: a list whose missing files are skipped */
    const char *context; /* NULL: current-context */
};

int kubeconfig_load(const struct kubeconfig_source *source, struct kubeconfig *ret_config,
                    struct err *err);

/* The same from a text; `path` is used for relative paths and messages. (fuzzed) */
int kubeconfig_parse(struct str text, const char *path, const char *context,
                     struct kubeconfig *ret_config, struct err *err);

#endif
