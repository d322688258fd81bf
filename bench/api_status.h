/*
 * A "no" of the apiserver, as data: the Status object of the Kubernetes API. Texts, reasons and
 * codes are those of apimachinery's api/errors, because clients compare them.
 */
#ifndef BENCH_API_STATUS_H
#define BENCH_API_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/kind.h"
#include "model/base/buf.h"
#include "model/base/check.h"
#include "model/base/str.h"

enum { API_MESSAGE_BYTES = 1024, API_NAME_BYTES = 320, API_TOKEN_BYTES = 1024 };

struct api_status {
    int code;           /* HTTP status; 0 while nothing was refused */
    const char *reason; /* "NotFound"; a constant */
    char message[API_MESSAGE_BYTES];
    char name[API_NAME_BYTES];            /* details.name, "" none */
    char resource[64];                    /* details.kind: "pods", "pods/binding" */
    char group[64];                       /* details.group */
    const char *cause;                    /* details.causes[0].reason, NULL none */
    int retry_after_s;                    /* also sent as Retry-After; 0 none */
    char continue_token[API_TOKEN_BYTES]; /* metadata.continue of an expired list, "" none */
};

/* Sets code, reason and text; clears the rest. Returns false, so that a refusal can be returned. */
bool api_refuse(struct api_status *status, int code, const char *reason, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* The usual ones, with details. All return false. */
bool api_not_found(struct api_status *status, const struct kind *kind, struct str name);
bool api_already_exists(struct api_status *status, const struct kind *kind, struct str name);
bool api_conflict(struct api_status *status, const struct kind *kind, const char *sub,
                  struct str name, const char *why); /* sub: "" or "/binding" */
bool api_bad_request(struct api_status *status, const char *format, ...) PRINTF_LIKE(2, 3);
bool api_invalid(struct api_status *status, const struct kind *kind, struct str name,
                 const char *format, ...) PRINTF_LIKE(4, 5);
bool api_expired(struct api_status *status, const char *format, ...) PRINTF_LIKE(2, 3);

/* Appends the Status object as JSON. */
void api_status_render(const struct api_status *status, struct buf *out);

#endif
