/*
 * The tests' own client of the apiserver, as an administrator: reads objects as jansson values,
 * creates many quickly, and watches. It shares nothing with spillway's client, so that each can
 * find the other's faults. A failure of the world fails the test that runs, with a message.
 */
#ifndef TESTS_REAL_API_H
#define TESTS_REAL_API_H

#include <curl/curl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/base/buf.h"

/* Requests in flight when many are sent. More does not make an apiserver on two cores faster. */
enum { API_IN_FLIGHT = 48, API_WATCHES_MAX = 4 };

struct api_watch;

struct api {
    char server[128]; /* https://127.0.0.1:PORT */
    const char *dir;  /* the folder of ca.crt, admin.crt and admin.key (lent) */
    CURLM *multi;     /* private */
    CURL *caller;     /* private: keeps its connection from call to call */
    int resumed;      /* private: watches begun again */
    struct api_watch *watches[API_WATCHES_MAX]; /* private */
    struct curl_slist *json_headers;            /* private */
    struct curl_slist *patch_headers;           /* private */
};

void api_init(struct api *api, const char *dir);
void api_fini(struct api *api);

/* One request, to its end; a PATCH is a merge patch. The answer's status; its body to *ret_body
 * when that is not NULL (release with json_decref(); NULL when it is no JSON). `body` may be NULL.
 */
long api_call(struct api *api, const char *method, const char *path, const char *body,
              json_t **ret_body);

/* GET; the answer's status, 0 when none came. As who has this token; NULL: the administrator. */
long api_try(struct api *api, const char *path, const char *token);

/* GET; the test fails when the answer is not 200. */
json_t *api_get(struct api *api, const char *path);

/* GET of text that is no JSON; yours, release with free(). */
char *api_get_text(struct api *api, const char *path);

/* Sends `count` POSTs, API_IN_FLIGHT at a time; watches go on meanwhile. `make` fills path and body
 * of request `index`. The test fails when one is not answered 201. */
typedef void api_make(void *context, size_t index, struct buf *path, struct buf *body);
void api_post_many(struct api *api, size_t count, api_make *make, void *context);

/* The same with merge patches, each answered 200. */
void api_patch_many(struct api *api, size_t count, api_make *make, void *context);

/* Calls `on_item` for each object of a list, read in pages. `path` without a query. */
typedef void api_item(void *context, const json_t *object);
void api_each(struct api *api, const char *path, api_item *on_item, void *context);

/* A watch. It runs while api_post_many() or api_await() runs. When the apiserver ends it, it is
 * begun again, and objects that were told before are told again as ADDED. */
typedef void api_event(void *context, const char *type, const json_t *object);
struct api_watch {
    CURL *easy;      /* NULL when not running */
    struct buf line; /* private */
    api_event *on_event;
    void *context;
};

/* `path` with its query, which must contain watch=1. The struct stays where it is until the stop.
 */
void api_watch_start(struct api *api, struct api_watch *watch, const char *path,
                     api_event *on_event, void *context);
void api_watch_stop(struct api *api, struct api_watch *watch);

/* Runs the watches until done() says so; false when that takes longer than timeout_ms. The test
 * fails when no watch is left that could change the answer. */
bool api_await(struct api *api, bool (*done)(const void *context), const void *context,
               int timeout_ms);

/* Watches `path` (with its query) until an event satisfies the predicate. */
typedef bool api_match(void *context, const char *type, const json_t *object);
bool api_await_event(struct api *api, const char *path, api_match *match, void *context,
                     int timeout_ms);

#endif
