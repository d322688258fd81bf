#include "watch/exec_credential.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/buf.h"
#include "model/base/mem.h"
#include "model/timestamp.h"
#include "watch/child.h"

extern char **environ;

enum { INFO_BYTES_MAX = 2 << 20, LAST_LINE_BYTES = 200 };

static void free_texts(char **texts)
{
    for (char **text = texts; text && *text; text++)
        free(*text);
    free(texts);
}

void exec_plugin_fini(struct exec_plugin *plugin)
{
    free(plugin->api_version);
    free(plugin->command);
    free_texts(plugin->args);
    free_texts(plugin->env);
    free(plugin->install_hint);
    free(plugin->cluster_info);
    *plugin = (struct exec_plugin){0};
}

void exec_credential_fini(struct exec_credential *credential)
{
    secret_clear(&credential->token);
    secret_clear(&credential->cert_pem);
    secret_clear(&credential->key_pem);
}

/* ---- the answer ---- */

/* A text member of `object`, or NULL; false when it is there but of another type or has a NUL in
 * it. */
static bool take_text(const json_t *object, const char *key, struct secret *ret_text)
{
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value))
        return true;
    const char *text = json_string_value(value);
    if (!text || strlen(text) != json_string_length(value))
        return false;
    if (*text)
        secret_set(ret_text, str_from(text));
    return true;
}

static int take_expiry(const json_t *status, int64_t *ret_unix_s, struct err *err)
{
    const json_t *value = json_object_get(status, "expirationTimestamp");
    int64_t unix_us = 0;
    if (!value || json_is_null(value)) {
        *ret_unix_s = INT64_MAX;
        return 0;
    }
    const char *text = json_string_value(value);
    if (!text || !timestamp_parse((struct str){text, json_string_length(value)}, &unix_us))
        return err_set(err, EINVAL, "its status.expirationTimestamp is no RFC 3339 time");
    *ret_unix_s = unix_us / 1000000;
    return 0;
}

static int check_envelope(const json_t *root, const char *api_version, struct err *err)
{
    const char *kind = json_string_value(json_object_get(root, "kind"));
    const char *version = json_string_value(json_object_get(root, "apiVersion"));

    if (!kind || strcmp(kind, "ExecCredential") != 0)
        return err_set(err, EINVAL, "it did not print an ExecCredential object");
    if (!version || strcmp(version, api_version) != 0)
        return err_set(err, EINVAL,
                       "it answered with apiVersion \"%.80s\", the kubeconfig wants \"%s\"",
                       version ? version : "", api_version);
    if (!json_is_object(json_object_get(root, "status")))
        return err_set(err, EINVAL, "its ExecCredential has no status");
    return 0;
}

static int take_status(const json_t *status, struct exec_credential *credential, struct err *err)
{
    if (!take_text(status, "token", &credential->token) ||
        !take_text(status, "clientCertificateData", &credential->cert_pem) ||
        !take_text(status, "clientKeyData", &credential->key_pem))
        return err_set(err, EINVAL, "its status has a token or certificate that is no text");
    if (!credential->cert_pem.data != !credential->key_pem.data)
        return err_set(
            err, EINVAL,
            "its status must have both clientCertificateData and clientKeyData, or none");
    if (!credential->token.data && !credential->cert_pem.data)
        return err_set(err, EINVAL, "its status has neither a token nor a client certificate");
    return take_expiry(status, &credential->expires_unix_s, err);
}

int exec_credential_parse(struct str json, const char *api_version,
                          struct exec_credential *ret_credential, struct err *err)
{
    json_error_t json_error;
    json_t *root =
        json_loadb(json.ptr ? json.ptr : "", json.len, JSON_REJECT_DUPLICATES, &json_error);
    if (!root) /* jansson's text may quote the token: only the place is told */
        return err_set(err, EINVAL, "it did not print JSON (line %d, column %d)", json_error.line,
                       json_error.column);

    struct exec_credential credential = {0};
    int failed = check_envelope(root, api_version, err);
    if (!failed)
        failed = take_status(json_object_get(root, "status"), &credential, err);
    json_decref(root);
    if (failed)
        exec_credential_fini(&credential);
    else
        *ret_credential = credential;
    return failed;
}

/* ---- the run ---- */

/* KUBERNETES_EXEC_INFO: how the plug-in learns which version to speak, and about which cluster. */
static char *exec_info(const struct exec_plugin *plugin)
{
    struct buf text;
    buf_init(&text, INFO_BYTES_MAX);
    (void)buf_printf(&text,
                     "KUBERNETES_EXEC_INFO={\"kind\":\"ExecCredential\",\"apiVersion\":\"%s\","
                     "\"spec\":{\"interactive\":false",
                     plugin->api_version);
    if (plugin->cluster_info) {
        (void)buf_add_str(&text, ",\"cluster\":");
        (void)buf_add_str(&text, plugin->cluster_info);
    }
    (void)buf_add_str(&text, "}}");
    return buf_take(&text);
}

static size_t count_texts(char *const *texts)
{
    size_t count = 0;
    while (texts && texts[count])
        count++;
    return count;
}

static bool is_same_variable(const char *a, const char *b)
{
    size_t name_len = strcspn(a, "=");
    return strncmp(a, b, name_len + 1) == 0;
}

/* Ours, with `added` in place of those of the same name. The array is yours, the texts are not. */
static char **merge_environment(char *const *added, char *info)
{
    size_t added_count = count_texts(added);
    char **merged = mem_zalloc(count_texts(environ) + added_count + 2, sizeof(*merged));
    size_t count = 0;
    for (size_t i = 0; i < added_count; i++)
        merged[count++] = added[i];
    merged[count++] = info;
    size_t own_count = count;
    for (char **variable = environ; *variable; variable++) {
        bool is_replaced = false;
        for (size_t i = 0; i < own_count && !is_replaced; i++)
            is_replaced = is_same_variable(merged[i], *variable);
        if (!is_replaced)
            merged[count++] = *variable;
    }
    return merged;
}

/* The last line that is not empty, for people: control characters (a terminal's) become '?'. */
static void last_line(struct str text, char ret_line[LAST_LINE_BYTES])
{
    while (text.len > 0 && strchr("\r\n\t ", text.ptr[text.len - 1]))
        text.len--;
    size_t start = text.len;
    while (start > 0 && text.ptr[start - 1] != '\n' && text.len - start < LAST_LINE_BYTES - 1)
        start--;
    size_t len = text.len - start;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text.ptr[start + i];
        ret_line[i] = byte < 0x20 || byte == 0x7f ? '?' : (char)byte;
    }
    ret_line[len] = '\0';
}

static int explain_run(const struct exec_plugin *plugin, const struct child_result *result,
                       int64_t time_limit_ms, struct err *err)
{
    char line[LAST_LINE_BYTES];
    last_line(secret_str(&result->errors), line);
    const char *said = line[0] ? "; it said: " : "";

    if (result->end == CHILD_NOT_STARTED)
        return err_set(err, result->code, "cannot run: %s%s%s", strerror(result->code),
                       plugin->install_hint ? "; " : "",
                       plugin->install_hint ? plugin->install_hint : "");
    if (result->end == CHILD_TIMED_OUT)
        return err_set(
            err, ETIMEDOUT,
            "did not end within %lld s and was killed (one that asks questions cannot be "
            "used)%s%s",
            (long long)((time_limit_ms + 999) / 1000), said, line);
    if (result->end == CHILD_OUTPUT_TOO_LARGE)
        return err_set(err, EFBIG, "printed more than %d KiB and was killed",
                       EXEC_OUTPUT_BYTES_MAX >> 10);
    if (result->end == CHILD_SIGNALLED)
        return err_set(err, EIO, "was ended by signal %d%s%s", result->code, said, line);
    if (result->code != 0)
        return err_set(err, EIO, "failed with exit code %d%s%s", result->code, said, line);
    return 0;
}

int exec_credential_run(const struct exec_plugin *plugin, int64_t time_limit_ms,
                        struct exec_credential *ret_credential, struct err *err)
{
    size_t arg_count = count_texts(plugin->args);
    char **argv = mem_zalloc(arg_count + 2, sizeof(*argv));
    argv[0] = plugin->command;
    for (size_t i = 0; i < arg_count; i++)
        argv[i + 1] = plugin->args[i];
    char *info = exec_info(plugin);
    char **environment = merge_environment(plugin->env, info);

    struct child_result result = {0};
    child_run(&(struct child_options){.argv = argv,
                                      .environment = environment,
                                      .time_limit_ms = time_limit_ms,
                                      .output_bytes_max = EXEC_OUTPUT_BYTES_MAX},
              &result);
    int failed = explain_run(plugin, &result, time_limit_ms, err);
    if (!failed)
        failed = exec_credential_parse(secret_str(&result.output), plugin->api_version,
                                       ret_credential, err);
    if (failed)
        (void)err_wrap(err, "exec plug-in %s", plugin->command);
    child_result_fini(&result);
    free(environment);
    free(info);
    free(argv);
    return failed;
}
