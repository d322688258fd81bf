#include "watch/kubeconfig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model/base/mem.h"
#include "watch/kubeconfig_file.h"

void kubeconfig_fini(struct kubeconfig *config)
{
    free(config->cluster);
    free(config->user);
    free(config->cluster_file);
    free(config->user_file);
    free(config->server);
    free(config->tls_server_name);
    if (config->proxy_url)
        explicit_bzero(config->proxy_url, strlen(config->proxy_url));
    free(config->proxy_url);
    free(config->ca_file);
    free(config->cert_file);
    free(config->key_file);
    free(config->token_file);
    secret_clear(&config->ca_data);
    secret_clear(&config->cert_data);
    secret_clear(&config->key_data);
    secret_clear(&config->token);
    exec_plugin_fini(&config->exec);
    free(config->exposed_file);
    *config = (struct kubeconfig){0};
}

/* ---- cluster ---- */

static int take_cluster(const struct kubeconfig_entry *entry, struct kubeconfig *config,
                        struct err *err)
{
    int failed = entry_take_text(entry, "server", &config->server, err);
    if (!failed)
        failed = entry_take_text(entry, "tls-server-name", &config->tls_server_name, err);
    if (!failed)
        failed = entry_take_text(entry, "proxy-url", &config->proxy_url, err);
    if (!failed)
        failed = entry_take_bool(entry, "insecure-skip-tls-verify", &config->is_insecure, err);
    if (!failed)
        failed = entry_take_path(entry, "certificate-authority", &config->ca_file, err);
    if (!failed)
        failed = entry_take_base64(entry, "certificate-authority-data", &config->ca_data, err);
    if (failed)
        return failed;
    if (!config->server)
        return entry_fail(entry, err, "server is missing");
    if (config->is_insecure && (config->ca_file || config->ca_data.data))
        return entry_fail(entry, err,
                          "a certificate authority together with insecure-skip-tls-verify: remove "
                          "one of them");
    config->cluster = mem_strdup(entry->name);
    config->cluster_file = mem_strdup(entry->file->path);
    return 0;
}

/* ---- user ---- */

/* What a kubeconfig may ask for and we would get wrong by ignoring it. */
static const struct {
    const char *key, *what;
} refused_user_keys[] = {
    {"auth-provider", "auth-provider was removed from Kubernetes (1.26); use the exec plug-in of "
                      "your cloud instead"},
    {"username", "user name and password are not accepted by apiservers any more (1.19); use a "
                 "token or a client certificate"},
    {"password", "user name and password are not accepted by apiservers any more (1.19); use a "
                 "token or a client certificate"},
    {"as", "impersonation (as) is not supported"},
    {"as-uid", "impersonation (as-uid) is not supported"},
    {"as-groups", "impersonation (as-groups) is not supported"},
    {"as-user-extra", "impersonation (as-user-extra) is not supported"},
};

static bool is_set(const json_t *value)
{
    if (json_is_string(value) || json_is_array(value) || json_is_object(value))
        return json_string_length(value) > 0 || json_array_size(value) > 0 ||
               json_object_size(value) > 0;
    return value && !json_is_null(value);
}

static int take_args(const struct kubeconfig_entry *exec, char ***ret_args, struct err *err)
{
    const json_t *list = json_object_get(exec->body, "args");
    if (!is_set(list))
        return 0;
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > EXEC_ARGUMENTS_MAX)
        return entry_fail(exec, err, "exec.args must be a list of at most %d texts",
                          EXEC_ARGUMENTS_MAX);
    *ret_args = mem_zalloc(count + 1, sizeof(**ret_args));
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, i);
        if (!json_is_string(value))
            return entry_fail(exec, err, "exec.args[%zu] must be a text (put it in quotes)", i);
        (*ret_args)[i] = mem_strdup(json_string_value(value));
    }
    return 0;
}

static int take_env(const struct kubeconfig_entry *exec, char ***ret_env, struct err *err)
{
    const json_t *list = json_object_get(exec->body, "env");
    if (!is_set(list))
        return 0;
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > EXEC_ARGUMENTS_MAX)
        return entry_fail(exec, err, "exec.env must be a list of at most %d {name, value}",
                          EXEC_ARGUMENTS_MAX);
    *ret_env = mem_zalloc(count + 1, sizeof(**ret_env));
    for (size_t i = 0; i < count; i++) {
        const json_t *pair = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(pair, "name"));
        const char *value = json_string_value(json_object_get(pair, "value"));
        if (!name || !*name || strchr(name, '=') || !value)
            return entry_fail(exec, err, "exec.env[%zu] must be {name: text, value: text}", i);
        size_t name_len = strlen(name), value_len = strlen(value);
        char *text = mem_zalloc(name_len + value_len + 2, 1);
        memcpy(text, name, name_len);
        text[name_len] = '=';
        memcpy(text + name_len + 1, value, value_len);
        (*ret_env)[i] = text;
    }
    return 0;
}

/* interactiveMode Always needs a terminal, which a scheduler has not. */
static int check_interactive(const struct kubeconfig_entry *exec, const char *api_version,
                             struct err *err)
{
    char *mode = NULL;
    int failed = entry_take_text(exec, "interactiveMode", &mode, err);
    if (failed)
        return failed;
    bool is_v1 = strcmp(api_version, EXEC_API_V1) == 0;
    if (!mode && is_v1)
        failed = entry_fail(exec, err, "exec.interactiveMode is missing (Never or IfAvailable)");
    else if (mode && strcmp(mode, "Always") == 0)
        failed = entry_fail(exec, err,
                            "exec.interactiveMode is Always: a plug-in that needs a "
                            "terminal cannot be used here");
    else if (mode && strcmp(mode, "Never") != 0 && strcmp(mode, "IfAvailable") != 0)
        failed = entry_fail(exec, err, "exec.interactiveMode must be Never, IfAvailable or Always");
    free(mode);
    return failed;
}

static int take_exec_command(const struct kubeconfig_entry *exec, struct exec_plugin *plugin,
                             struct err *err)
{
    int failed = entry_take_text(exec, "command", &plugin->command, err);
    if (!failed && !plugin->command)
        return entry_fail(exec, err, "exec.command is missing");
    if (!failed && strchr(plugin->command, '/')) {
        char *path = kubeconfig_resolve(exec->file->path, plugin->command);
        free(plugin->command);
        plugin->command = path;
    }
    return failed;
}

static int take_exec(const struct kubeconfig_entry *user, struct exec_plugin *plugin,
                     bool *ret_wants_cluster, struct err *err)
{
    const json_t *body = json_object_get(user->body, "exec");
    if (!is_set(body))
        return 0;
    if (!json_is_object(body))
        return entry_fail(user, err, "exec must be a map");
    struct kubeconfig_entry exec = *user;
    exec.body = body;

    int failed = entry_take_text(&exec, "apiVersion", &plugin->api_version, err);
    if (!failed && (!plugin->api_version || (strcmp(plugin->api_version, EXEC_API_V1) != 0 &&
                                             strcmp(plugin->api_version, EXEC_API_V1BETA1) != 0)))
        return entry_fail(user, err, "exec.apiVersion must be %s or %s", EXEC_API_V1,
                          EXEC_API_V1BETA1);
    if (!failed)
        failed = take_exec_command(&exec, plugin, err);
    if (!failed)
        failed = check_interactive(&exec, plugin->api_version, err);
    if (!failed)
        failed = take_args(&exec, &plugin->args, err);
    if (!failed)
        failed = take_env(&exec, &plugin->env, err);
    if (!failed)
        failed = entry_take_text(&exec, "installHint", &plugin->install_hint, err);
    if (!failed)
        failed = entry_take_bool(&exec, "provideClusterInfo", ret_wants_cluster, err);
    return failed;
}

static int take_user(const struct kubeconfig_entry *entry, struct kubeconfig *config,
                     bool *ret_wants_cluster, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(refused_user_keys); i++) {
        if (is_set(json_object_get(entry->body, refused_user_keys[i].key)))
            return entry_fail(entry, err, "%s", refused_user_keys[i].what);
    }
    int failed = entry_take_secret(entry, "token", &config->token, err);
    if (!failed)
        failed = entry_take_path(entry, "tokenFile", &config->token_file, err);
    if (!failed)
        failed = entry_take_path(entry, "client-certificate", &config->cert_file, err);
    if (!failed)
        failed = entry_take_base64(entry, "client-certificate-data", &config->cert_data, err);
    if (!failed)
        failed = entry_take_path(entry, "client-key", &config->key_file, err);
    if (!failed)
        failed = entry_take_base64(entry, "client-key-data", &config->key_data, err);
    if (!failed)
        failed = take_exec(entry, &config->exec, ret_wants_cluster, err);
    if (failed)
        return failed;
    bool has_cert = config->cert_file || config->cert_data.data;
    bool has_key = config->key_file || config->key_data.data;
    if (has_cert != has_key)
        return entry_fail(entry, err,
                          has_cert ? "client-certificate without client-key"
                                   : "client-key without client-certificate");
    config->user = mem_strdup(entry->name);
    config->user_file = mem_strdup(entry->file->path);
    if (entry->file->is_exposed && (config->token.data || config->key_data.data))
        config->exposed_file = mem_strdup(entry->file->path);
    return 0;
}

/* ---- context ---- */

/* spec.cluster of KUBERNETES_EXEC_INFO. */
static char *cluster_info(const struct kubeconfig_entry *cluster, const struct kubeconfig *config)
{
    json_t *info = json_object();
    (void)json_object_set_new(info, "server", json_string(config->server));
    if (config->tls_server_name)
        (void)json_object_set_new(info, "tls-server-name", json_string(config->tls_server_name));
    if (config->is_insecure)
        (void)json_object_set_new(info, "insecure-skip-tls-verify", json_true());
    json_t *ca = json_object_get(cluster->body, "certificate-authority-data");
    if (json_is_string(ca))
        (void)json_object_set(info, "certificate-authority-data", ca);
    char *printed = json_dumps(info, JSON_COMPACT);
    json_decref(info);
    char *text = printed ? mem_strdup(printed) : NULL;
    free(printed);
    return text;
}

static int pick_context(const struct kubeconfig_files *files, const char *wanted,
                        struct kubeconfig_entry *ret_context, struct err *err)
{
    const char *name = wanted ? wanted : kubeconfig_current_context(files);
    if (!name) {
        char names[256];
        kubeconfig_list_names(files, "context", names, sizeof(names));
        return err_set(err, EINVAL,
                       "kubeconfig %s has no current-context; choose one with --context (it has: "
                       "%s)",
                       files->count > 0 ? files->files[0].path : "", names);
    }
    return kubeconfig_find(files, "context", name, ret_context, err);
}

/* Follows context -> cluster or user; `is_needed`: an absent reference is an error. */
static int follow(const struct kubeconfig_files *files, const struct kubeconfig_entry *context,
                  const char *kind, struct kubeconfig_entry *ret_entry, struct err *err)
{
    char *name = NULL;
    int failed = entry_take_text(context, kind, &name, err);
    if (!failed && !name)
        failed = entry_fail(context, err, "%s is missing", kind);
    if (!failed) {
        failed = kubeconfig_find(files, kind, name, ret_entry, err);
        if (failed)
            (void)err_wrap(err, "context \"%.100s\"", context->name);
    }
    if (!failed) /* lend the tree's copy: ours goes */
        ret_entry->name = json_string_value(json_object_get(context->body, kind));
    free(name);
    return failed;
}

static int pick(const struct kubeconfig_files *files, const char *wanted_context,
                struct kubeconfig *ret_config, struct err *err)
{
    struct kubeconfig_entry context, cluster = {0}, user = {0};
    struct kubeconfig config = {0};
    bool wants_cluster = false;

    int failed = pick_context(files, wanted_context, &context, err);
    if (!failed)
        failed = follow(files, &context, "cluster", &cluster, err);
    if (!failed)
        failed = take_cluster(&cluster, &config, err);
    if (!failed)
        failed = follow(files, &context, "user", &user, err);
    if (!failed)
        failed = take_user(&user, &config, &wants_cluster, err);
    if (failed) {
        kubeconfig_fini(&config);
        return failed;
    }
    if (wants_cluster)
        config.exec.cluster_info = cluster_info(&cluster, &config);
    *ret_config = config;
    return 0;
}

int kubeconfig_parse(struct str text, const char *path, const char *context,
                     struct kubeconfig *ret_config, struct err *err)
{
    struct kubeconfig_files files = {0};
    int failed = kubeconfig_files_add(&files, text, path, false, err);
    if (!failed)
        failed = pick(&files, context, ret_config, err);
    kubeconfig_files_fini(&files);
    return failed;
}

/* ---- files ---- */

static int read_one(struct kubeconfig_files *files, const char *path, bool may_be_missing,
                    struct err *err)
{
    struct secret text = {0};
    mode_t mode = 0;
    struct err why = {0};
    int failed = secret_read_file(path, KUBECONFIG_BYTES_MAX, &text, &mode, &why);
    if (failed == -ENOENT && may_be_missing)
        return 0;
    if (failed)
        return err_set(err, -failed, "kubeconfig: %s; %s", why.text,
                       failed == -EACCES ? "let this user read it"
                                         : "give the right path with --kubeconfig");
    bool is_exposed = S_ISREG(mode) && (mode & (S_IRGRP | S_IROTH)) != 0;
    failed = kubeconfig_files_add(files, secret_str(&text), path, is_exposed, err);
    secret_clear(&text);
    return failed;
}

static int read_all(struct kubeconfig_files *files, const struct kubeconfig_source *source,
                    struct err *err)
{
    if (!source->is_list)
        return read_one(files, source->paths, false, err);
    char *paths = mem_strdup(source->paths);
    char *rest = paths, *path;
    int failed = 0;
    while (!failed && (path = strsep(&rest, ":")) != NULL) {
        if (*path)
            failed = read_one(files, path, true, err);
    }
    free(paths);
    if (!failed && files->count == 0)
        failed =
            err_set(err, ENOENT, "none of the files in KUBECONFIG=%.300s exists", source->paths);
    return failed;
}

int kubeconfig_load(const struct kubeconfig_source *source, struct kubeconfig *ret_config,
                    struct err *err)
{
    struct kubeconfig_files files = {0};
    int failed = read_all(&files, source, err);
    if (!failed)
        failed = pick(&files, source->context, ret_config, err);
    kubeconfig_files_fini(&files);
    return failed;
}
