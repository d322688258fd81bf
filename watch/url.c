#include "watch/url.h"

static bool byte_is_unreserved(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

void url_add_escaped(struct buf *url, struct str text)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t plain = 0; /* start of the run not yet copied */
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte_is_unreserved(byte))
            continue;
        const char escaped[3] = {'%', hex[byte >> 4], hex[byte & 15]};
        (void)buf_add(url, text.ptr + plain, i - plain);
        (void)buf_add(url, escaped, sizeof escaped);
        plain = i + 1;
    }
    if (text.len > plain)
        (void)buf_add(url, text.ptr + plain, text.len - plain);
}

void url_add_param(struct buf *url, const char *key, struct str value)
{
    bool is_first = url->len == 0 || !memchr(url->data, '?', url->len);
    (void)buf_add(url, is_first ? "?" : "&", 1);
    (void)buf_add_str(url, key);
    (void)buf_add(url, "=", 1);
    url_add_escaped(url, value);
}

void url_add_pod(struct buf *url, struct str namespace, struct str name, const char *suffix)
{
    (void)buf_add_str(url, "/api/v1/namespaces/");
    url_add_escaped(url, namespace);
    (void)buf_add_str(url, "/pods/");
    url_add_escaped(url, name);
    (void)buf_add_str(url, suffix);
}
