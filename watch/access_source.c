#include "watch/access_source.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/buf.h"
#include "model/base/check.h"
#include "model/base/mem.h"

enum { PATH_BYTES_MAX = 4096, SERVER_BYTES_MAX = 2048 };

static char *join(const char *dir, const char *name)
{
    struct buf path;
    buf_init(&path, PATH_BYTES_MAX);
    (void)buf_printf(&path, "%s/%s", dir, name);
    return buf_take(&path);
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* ---- server ---- */

static bool url_has(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool is_there = curl_url_get(url, part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return is_there;
}

/* "https://host[:port][/prefix]". Never quotes what could hold a password. */
static int check_server(char *server, struct err *err)
{
    static const char https[] = "https://";
    size_t len = strlen(server);
    if (strncmp(server, "http://", 7) == 0)
        return err_set(err, EINVAL,
                       "the server's address starts with http://: credentials are sent over TLS "
                       "only; use https://");
    if (len > SERVER_BYTES_MAX || strncmp(server, https, strlen(https)) != 0)
        return err_set(err, EINVAL,
                       "the server's address must look like https://host:port, not \"%.100s\"",
                       strchr(server, '@') ? "..." : server);
    CURLU *url = curl_url();
    CHECK(url != NULL);
    bool is_valid = curl_url_set(url, CURLUPART_URL, server, 0) == CURLUE_OK;
    bool has_more = is_valid && (url_has(url, CURLUPART_USER) || url_has(url, CURLUPART_QUERY) ||
                                 url_has(url, CURLUPART_FRAGMENT));
    curl_url_cleanup(url);
    if (has_more)
        return err_set(err, EINVAL,
                       "the server's address has more than host, port and path (user, ? or #)");
    if (!is_valid)
        return err_set(err, EINVAL, "the server's address is not valid: \"%.100s\"", server);
    while (len > 0 && server[len - 1] == '/')
        server[--len] = '\0';
    return 0;
}

void access_source_split(const char *server, char **ret_host, uint16_t *ret_port)
{
    CURLU *url = curl_url();
    char *host = NULL, *port = NULL;
    CHECK(url && curl_url_set(url, CURLUPART_URL, server, 0) == CURLUE_OK);
    CHECK(curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK);
    CHECK(curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK);
    size_t len = strlen(host);
    bool has_brackets = len > 2 && host[0] == '[' && host[len - 1] == ']';
    *ret_host = has_brackets ? mem_strndup(host + 1, len - 2) : mem_strdup(host);
    unsigned int number = 0;
    for (const char *digit = port; *digit; digit++)
        number = number * 10 + (unsigned int)(*digit - '0');
    *ret_port = (uint16_t)number;
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
}

/* ---- in a pod ---- */

static int load_in_cluster(const struct access_options *options, const char *host, const char *port,
                           struct kubeconfig *ret_config)
{
    const char *dir =
        options->service_account_dir ? options->service_account_dir : ACCESS_SERVICE_ACCOUNT_DIR;
    bool is_v6 = strchr(host, ':') != NULL && host[0] != '[';
    struct buf server;
    buf_init(&server, SERVER_BYTES_MAX + 1);
    (void)buf_printf(&server, is_v6 ? "https://[%s]:%s" : "https://%s:%s", host, port);
    ret_config->server = buf_take(&server);
    if (!ret_config->server)
        ret_config->server = mem_strdup(""); /* too long: check_server() says so */
    ret_config->ca_file = join(dir, "ca.crt");
    ret_config->token_file = join(dir, "token");
    return 0;
}

/* ---- the order ---- */

static int load_anything(const struct access_options *options, struct kubeconfig *ret_config,
                         struct err *err)
{
    struct kubeconfig_source source = {.context = options->context};
    const char *list = environment("KUBECONFIG");
    const char *host = environment("KUBERNETES_SERVICE_HOST");
    const char *port = environment("KUBERNETES_SERVICE_PORT");
    const char *home = environment("HOME");

    if (options->kubeconfig) {
        source.paths = options->kubeconfig;
        return kubeconfig_load(&source, ret_config, err);
    }
    if (list) {
        source.paths = list;
        source.is_list = true;
        return kubeconfig_load(&source, ret_config, err);
    }
    if (host && port)
        return load_in_cluster(options, host, port, ret_config);
    char *path = home ? join(home, ".kube/config") : NULL;
    int failed = -ENOENT;
    if (path && access(path, F_OK) == 0) {
        source.paths = path;
        failed = kubeconfig_load(&source, ret_config, err);
    } else {
        (void)err_set(err, ENOENT,
                      "no way to an apiserver is configured: give --kubeconfig FILE, or set "
                      "KUBECONFIG, or run in a pod (KUBERNETES_SERVICE_HOST and "
                      "KUBERNETES_SERVICE_PORT are not set), or create %s",
                      path ? path : "~/.kube/config");
    }
    free(path);
    return failed;
}

int access_source_load(const struct access_options *options, struct kubeconfig *ret_config,
                       struct err *err)
{
    struct kubeconfig config = {0};
    int failed = load_anything(options, &config, err);
    if (!failed) {
        failed = check_server(config.server, err);
        if (failed && config.cluster)
            (void)err_wrap(err, "cluster \"%.100s\" in kubeconfig %s", config.cluster,
                           config.cluster_file);
        else if (failed)
            (void)err_wrap(err, "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT");
    }
    if (failed)
        kubeconfig_fini(&config);
    else
        *ret_config = config;
    return failed;
}
