/* Paths and queries of requests, with everything escaped that is not plainly safe (RFC 3986 2.3).
 */
#ifndef WATCH_URL_H
#define WATCH_URL_H

#include "model/base/buf.h"
#include "model/base/str.h"

/* More than any path we build: two names of 253 bytes, each byte escaped, and a continue token. */
enum { URL_BYTES_MAX = 16 * 1024 };

/* Appends `text` with all but letters, digits and "-._~" as %XX. */
void url_add_escaped(struct buf *url, struct str text);

/* Appends "?key=value" or, after a first one, "&key=value"; the value escaped. */
void url_add_param(struct buf *url, const char *key, struct str value);

/* Appends "/api/v1/namespaces/<namespace>/pods/<name><suffix>". */
void url_add_pod(struct buf *url, struct str namespace, struct str name, const char *suffix);

#endif
