#include "bench/kube_metrics.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_SECONDS = 10 };

static size_t on_bytes(char *bytes, size_t size, size_t count, void *into)
{
    return buf_add(into, bytes, size * count) ? size * count : 0;
}

bool kube_metrics_read(uint16_t port, struct buf *text)
{
    char url[64];
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/metrics", port);
    CURL *easy = curl_easy_init();
    CHECK(easy);
    long status = 0;
    buf_clear(text);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)REQUEST_SECONDS);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, text);
    if (curl_easy_perform(easy) == CURLE_OK)
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(easy);
    return status == 200;
}

/* Where the value of the line is, if it is one of those asked for; else NULL. */
static const char *value_of(const char *line, size_t len, const char *name, const char *label)
{
    size_t name_len = strlen(name);
    if (len <= name_len || strncmp(line, name, name_len) != 0)
        return NULL;
    if (line[name_len] == ' ')
        return label ? NULL : line + name_len;
    const char *close = line[name_len] == '{' ? memchr(line, '}', len) : NULL;
    if (!close)
        return NULL;
    size_t labels_len = (size_t)(close - line) - name_len;
    if (label && !memmem(line + name_len, labels_len, label, strlen(label)))
        return NULL;
    return close + 1;
}

double kube_metrics_sum(const struct buf *text, const char *name, const char *label)
{
    double sum = 0;
    for (const char *line = text->data; line && *line;) {
        const char *end = strchr(line, '\n');
        const char *value = value_of(line, end ? (size_t)(end - line) : strlen(line), name, label);
        if (value)
            sum += strtod(value, NULL);
        line = end ? end + 1 : NULL;
    }
    return sum;
}
