#include "watch/http_target.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "model/base/buf.h"
#include "model/base/check.h"
#include "model/base/mem.h"
#include "watch/http.h"

enum {
    URL_BYTES_MAX = 8 << 10,
    KEEPALIVE_IDLE_S = 15, /* client-go's dialer and reliability 1.4: 15 s, 5 s, 3 probes */
    KEEPALIVE_EVERY_S = 5,
    KEEPALIVE_PROBES = 3,
    CA_CACHE_S = 300, /* curl's own default of 24 h would miss a rotated CA */
};

static char *copy_blob(const char *bytes, size_t len)
{
    return bytes ? mem_strndup(bytes, len) : NULL;
}

static void free_wiped(char *bytes, size_t len)
{
    if (bytes)
        explicit_bzero(bytes, len);
    free(bytes);
}

static char *url_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    unsigned int flags = part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0;
    CHECK(curl_url_get(url, part, &text, flags) == CURLUE_OK);
    char *copy = mem_strdup(text);
    curl_free(text);
    return copy;
}

/* tls-server-name: the URL carries the name that the certificate must have, CONNECT_TO the address
 * that is really dialled, and Host what the server would see without all this. */
static void use_server_name(struct http_target *target, const char *server_name)
{
    CURLU *url = curl_url();
    CHECK(url && curl_url_set(url, CURLUPART_URL, target->server, 0) == CURLUE_OK);
    char *host = url_part(url, CURLUPART_HOST);
    char *port = url_part(url, CURLUPART_PORT);
    char *path = url_part(url, CURLUPART_PATH);
    curl_url_cleanup(url);

    const char *prefix = strcmp(path, "/") == 0 ? "" : path;
    struct buf text;
    buf_init(&text, URL_BYTES_MAX);
    (void)buf_printf(&text, "https://%s:%s%s", server_name, port, prefix);
    CHECK(!buf_overflowed(&text));
    target->url_base = buf_take(&text);

    (void)buf_printf(&text, "%s:%s:%s:%s", server_name, port, host, port);
    target->connect_to = curl_slist_append(NULL, text.data);
    CHECK(target->connect_to != NULL);
    buf_clear(&text);

    (void)buf_printf(&text, "%s:%s", host, port);
    target->host = buf_take(&text);
    buf_fini(&text);
    free(host);
    free(port);
    free(path);
}

struct http_target *http_target_new(const struct access *access)
{
    struct access_tls tls;
    access_get_tls(access, &tls);

    struct http_target *target = mem_zalloc(1, sizeof(*target));
    target->generation = access_tls_generation(access);
    target->server = mem_strdup(access_server(access));
    if (tls.server_name)
        use_server_name(target, tls.server_name);
    else
        target->url_base = mem_strdup(target->server);
    target->ca_pem = copy_blob(tls.ca_pem, tls.ca_len);
    target->ca_len = tls.ca_len;
    target->cert_pem = copy_blob(tls.cert_pem, tls.cert_len);
    target->cert_len = tls.cert_len;
    target->key_pem = copy_blob(tls.key_pem, tls.key_len);
    target->key_len = tls.key_len;
    target->proxy_url = mem_strdup(tls.proxy_url ? tls.proxy_url : "");
    target->is_insecure = tls.is_insecure;
    return target;
}

void http_target_free(struct http_target *target)
{
    if (!target)
        return;
    free(target->server);
    free(target->url_base);
    free(target->host);
    curl_slist_free_all(target->connect_to);
    free(target->ca_pem);
    free(target->cert_pem);
    free_wiped(target->key_pem, target->key_len);
    free_wiped(target->proxy_url, strlen(target->proxy_url)); /* may hold a password */
    free(target);
}

/* A link that died without a word is noticed after HTTP_USER_TIMEOUT_MS instead of the kernel's 13
 * to 30 minutes (k/k#87615). Best effort: a socket without these options still works. */
static int on_socket(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
    (void)ctx;
    (void)purpose;
    int on = 1, idle_s = KEEPALIVE_IDLE_S, every_s = KEEPALIVE_EVERY_S, probes = KEEPALIVE_PROBES;
    unsigned int user_timeout_ms = HTTP_USER_TIMEOUT_MS;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms, sizeof(user_timeout_ms));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof(every_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
    return CURL_SOCKOPT_OK;
}

static void apply_blob(CURL *easy, CURLoption option, char *bytes, size_t len)
{
    if (!bytes)
        return;
    struct curl_blob blob = {.data = bytes, .len = len, .flags = CURL_BLOB_NOCOPY};
    CHECK(curl_easy_setopt(easy, option, &blob) == CURLE_OK);
}

static void apply_tls(const struct http_target *target, CURL *easy)
{
    (void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, target->is_insecure ? 0L : 1L);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, target->is_insecure ? 0L : 2L);
    (void)curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, (long)CA_CACHE_S);
    if (target->ca_pem) {
        /* The given CA only: the system's store must not vouch for the apiserver. */
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
        (void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
        apply_blob(easy, CURLOPT_CAINFO_BLOB, target->ca_pem, target->ca_len);
    }
    apply_blob(easy, CURLOPT_SSLCERT_BLOB, target->cert_pem, target->cert_len);
    apply_blob(easy, CURLOPT_SSLKEY_BLOB, target->key_pem, target->key_len);
}

void http_target_apply(const struct http_target *target, CURL *easy)
{
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); /* a name of ".." is a name */
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    (void)curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L); /* one connection, not one a request */
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_TIMEOUT_MS);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, target->proxy_url);
    (void)curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_CONNECT_TO, target->connect_to);
    apply_tls(target, easy);
}
