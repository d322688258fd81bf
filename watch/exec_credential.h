/*
 * client.authentication.k8s.io: a program of the cloud's that prints credentials (client-go
 * plugin/pkg/client/auth/exec; reliability 1.6). It runs as a child process, without a terminal,
 * and for at most EXEC_TIME_LIMIT_MS: it and all it started are killed then.
 */
#ifndef WATCH_EXEC_CREDENTIAL_H
#define WATCH_EXEC_CREDENTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/err.h"
#include "model/base/str.h"
#include "watch/secret.h"

enum {
    EXEC_TIME_LIMIT_MS = 10000,
    EXEC_OUTPUT_BYTES_MAX = 1 << 20,
    EXEC_ARGUMENTS_MAX = 256,
};

#define EXEC_API_V1      "client.authentication.k8s.io/v1"
#define EXEC_API_V1BETA1 "client.authentication.k8s.io/v1beta1"

/* What the kubeconfig says about it. All texts are owned. */
struct exec_plugin {
    char *api_version;
    char *command; /* with a slash: a path, already made absolute; else searched in PATH */
    char **args;   /* NULL-terminated, without the command; may be NULL */
    char **env;    /* "NAME=value", NULL-terminated, added to ours; may be NULL */
    char *install_hint;
    char *cluster_info; /* JSON of spec.cluster, or NULL when provideClusterInfo is not set */
};

void exec_plugin_fini(struct exec_plugin *plugin); /* takes a zeroed struct */

struct exec_credential {
    struct secret token; /* and/or */
    struct secret cert_pem, key_pem;
    int64_t expires_unix_s; /* INT64_MAX: not said */
};

void exec_credential_fini(struct exec_credential *credential);

/* Runs the plug-in. *err names the command, quotes the last line of what it wrote to stderr, and
 * never holds what it wrote to stdout. `time_limit_ms` is EXEC_TIME_LIMIT_MS but in tests. */
int exec_credential_run(const struct exec_plugin *plugin, int64_t time_limit_ms,
                        struct exec_credential *ret_credential, struct err *err);

/* Reads what a plug-in printed: an ExecCredential of exactly `api_version`. (fuzzed) */
int exec_credential_parse(struct str json, const char *api_version,
                          struct exec_credential *ret_credential, struct err *err);

#endif
