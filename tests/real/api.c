#include "tests/real/api.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/base/mem.h"
#include "model/base/mono.h"

enum {
    API_BODY_BYTES = 256 * 1024 * 1024,
    API_LINE_BYTES = 4 * 1024 * 1024,
    API_CALL_MS = 60000,
    API_PAGE_ITEMS = 1000,
    API_RESUMES_MAX = 50,
    API_LOSSES_MAX = 5,            /* of one request */
    API_POLL_MS = 200,             /* how late a passed deadline is noticed */
    API_STREAMS_A_CONNECTION = 16, /* spreads the load over a few connections */
};

static struct mono_ms now_ms(void)
{
    struct timespec at;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &at) == 0);
    return (struct mono_ms){(int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000};
}

void api_init(struct api *api, const char *dir)
{
    *api = (struct api){.dir = dir};
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/server", dir);
    FILE *file = fopen(path, "re");
    cr_assert(file && fgets(api->server, sizeof(api->server), file), "%s: cannot be read", path);
    (void)fclose(file);
    api->server[strcspn(api->server, "\n")] = '\0';

    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    api->multi = curl_multi_init();
    CHECK(api->multi);
    curl_multi_setopt(api->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    curl_multi_setopt(api->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)API_STREAMS_A_CONNECTION);
    api->json_headers = curl_slist_append(NULL, "Content-Type: application/json");
    api->json_headers = curl_slist_append(api->json_headers, "Accept: application/json");
    CHECK(api->json_headers);
    api->patch_headers = curl_slist_append(NULL, "Content-Type: application/merge-patch+json");
    api->patch_headers = curl_slist_append(api->patch_headers, "Accept: application/json");
    CHECK(api->patch_headers);
    api->caller = curl_easy_init();
    CHECK(api->caller);
}

void api_fini(struct api *api)
{
    curl_easy_cleanup(api->caller);
    curl_multi_cleanup(api->multi);
    curl_slist_free_all(api->json_headers);
    curl_slist_free_all(api->patch_headers);
    curl_global_cleanup();
}

/* ---- one request ---- */

static size_t on_bytes(char *bytes, size_t size, size_t count, void *into)
{
    return buf_add(into, bytes, size * count) ? size * count : 0;
}

static void easy_prepare(struct api *api, CURL *easy)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/ca.crt", api->dir);
    curl_easy_setopt(easy, CURLOPT_CAINFO, path);
    (void)snprintf(path, sizeof(path), "%s/admin.crt", api->dir);
    curl_easy_setopt(easy, CURLOPT_SSLCERT, path);
    (void)snprintf(path, sizeof(path), "%s/admin.key", api->dir);
    curl_easy_setopt(easy, CURLOPT_SSLKEY, path);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, api->json_headers);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

static CURL *easy_new(struct api *api)
{
    CURL *easy = curl_easy_init();
    CHECK(easy);
    easy_prepare(api, easy);
    return easy;
}

static void easy_aim(struct api *api, CURL *easy, const char *path)
{
    char url[1024];
    int len = snprintf(url, sizeof(url), "%s%s", api->server, path);
    CHECK(len > 0 && (size_t)len < sizeof(url));
    curl_easy_setopt(easy, CURLOPT_URL, url);
}

static void easy_ask(struct api *api, CURL *easy, const char *method, const char *path,
                     struct buf *answer)
{
    curl_easy_reset(easy);
    easy_prepare(api, easy);
    easy_aim(api, easy, path);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)API_CALL_MS);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
}

static long call(struct api *api, const char *method, const char *path, const char *body,
                 struct buf *answer)
{
    CURL *easy = api->caller;
    easy_ask(api, easy, method, path, answer);
    if (strcmp(method, "PATCH") == 0)
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, api->patch_headers);
    if (body)
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    CURLcode code = curl_easy_perform(easy);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    cr_assert(code == CURLE_OK, "%s %s: %s", method, path, curl_easy_strerror(code));
    return status;
}

long api_try(struct api *api, const char *path, const char *token)
{
    struct buf answer CLEANUP(buf_fini);
    CURL *easy = api->caller;
    buf_init(&answer, API_BODY_BYTES);
    easy_ask(api, easy, "GET", path, &answer);
    if (token) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, NULL);
        curl_easy_setopt(easy, CURLOPT_SSLKEY, NULL);
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, token);
    }
    CURLcode code = curl_easy_perform(easy);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return code == CURLE_OK ? status : 0;
}

long api_call(struct api *api, const char *method, const char *path, const char *body,
              json_t **ret_body)
{
    struct buf answer CLEANUP(buf_fini);
    buf_init(&answer, API_BODY_BYTES);
    long status = call(api, method, path, body, &answer);
    if (ret_body)
        *ret_body = answer.data ? json_loadb(answer.data, answer.len, 0, NULL) : NULL;
    return status;
}

json_t *api_get(struct api *api, const char *path)
{
    json_t *body = NULL;
    long status = api_call(api, "GET", path, NULL, &body);
    cr_assert(status == 200 && body, "GET %s: status %ld", path, status);
    return body;
}

char *api_get_text(struct api *api, const char *path)
{
    struct buf answer;
    buf_init(&answer, API_BODY_BYTES);
    long status = call(api, "GET", path, NULL, &answer);
    cr_assert(status == 200, "GET %s: status %ld", path, status);
    (void)buf_add(&answer, "", 0);
    return buf_take(&answer);
}

void api_each(struct api *api, const char *path, api_item *on_item, void *context)
{
    char *token CLEANUP(mem_freep) = mem_strdup("");
    do {
        struct buf url CLEANUP(buf_fini);
        buf_init(&url, 900);
        CHECK(buf_printf(&url, "%s?limit=%d", path, API_PAGE_ITEMS));
        if (token[0])
            CHECK(buf_printf(&url, "&continue=%s", token));
        json_t *page = api_get(api, url.data);
        const json_t *item;
        size_t i;
        json_array_foreach(json_object_get(page, "items"), i, item) on_item(context, item);
        const char *next =
            json_string_value(json_object_get(json_object_get(page, "metadata"), "continue"));
        free(token);
        token = mem_strdup(next ? next : "");
        json_decref(page);
    } while (token[0]);
}

/* ---- many requests, and watches ---- */

/* One place of the API_IN_FLIGHT; its handle is used again and again. */
struct slot {
    CURL *easy;
    struct buf path;
    struct buf body;
    struct buf answer;
    size_t index;    /* of the request under way */
    uint32_t losses; /* connections it was lost with */
};

static void slot_send(struct api *api, struct slot *slot, size_t index, api_make *make,
                      void *context)
{
    slot->index = index;
    buf_clear(&slot->path);
    buf_clear(&slot->body);
    buf_clear(&slot->answer);
    make(context, index, &slot->path, &slot->body);
    easy_aim(api, slot->easy, slot->path.data);
    curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDS, slot->body.data);
    curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDSIZE, (long)slot->body.len);
    CHECK(curl_multi_add_handle(api->multi, slot->easy) == CURLM_OK);
}

static void slot_init(struct api *api, struct slot *slot, bool is_patch)
{
    *slot = (struct slot){.easy = easy_new(api)};
    if (is_patch) {
        curl_easy_setopt(slot->easy, CURLOPT_CUSTOMREQUEST, "PATCH");
        curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, api->patch_headers);
    }
    buf_init(&slot->path, 512);
    buf_init(&slot->body, API_LINE_BYTES);
    buf_init(&slot->answer, API_LINE_BYTES);
    curl_easy_setopt(slot->easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(slot->easy, CURLOPT_TIMEOUT_MS, (long)API_CALL_MS);
    curl_easy_setopt(slot->easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(slot->easy, CURLOPT_WRITEDATA, &slot->answer);
    curl_easy_setopt(slot->easy, CURLOPT_PRIVATE, slot);
}

static void slot_fini(struct slot *slot)
{
    curl_easy_cleanup(slot->easy);
    buf_fini(&slot->path);
    buf_fini(&slot->body);
    buf_fini(&slot->answer);
}

/* The apiserver ends the watch of a client that does not read for a while, as a test that waits for
 * a process does not. Begun again it tells what is there, so nothing but repetitions is added. */
static void watch_resume(struct api *api, CURL *easy, CURLcode code)
{
    size_t i = 0;
    while (i < API_WATCHES_MAX && (!api->watches[i] || api->watches[i]->easy != easy))
        i++;
    CHECK(i < API_WATCHES_MAX);
    buf_clear(&api->watches[i]->line);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    cr_assert(status == 200, "a watch was refused: status %ld, %s", status,
              curl_easy_strerror(code));
    cr_assert(++api->resumed <= API_RESUMES_MAX, "the apiserver ends each watch of the test");
    CHECK(curl_multi_add_handle(api->multi, easy) == CURLM_OK);
}

/* The next request that ended, or NULL. Watches that ended are begun again; they have no slot. */
static struct slot *next_ended(struct api *api, CURLcode *ret_code)
{
    int queued;
    CURLMsg *message;
    while ((message = curl_multi_info_read(api->multi, &queued))) {
        CURL *easy = message->easy_handle;
        *ret_code = message->data.result;
        char *owner = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
        curl_multi_remove_handle(api->multi, easy);
        if (owner)
            return (struct slot *)(void *)owner;
        watch_resume(api, easy, *ret_code);
    }
    return NULL;
}

/* An apiserver that says GOAWAY may end a connection of the test too. */
static bool is_lost(CURLcode code)
{
    return code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM || code == CURLE_SEND_ERROR ||
           code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING;
}

/* What a lost request has made already is refused the second time. */
static void expect_done(const struct slot *slot, bool is_patch, CURLcode code)
{
    long status = 0;
    curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
    bool is_done = status == (is_patch ? 200 : 201) || (status == 409 && slot->losses > 0);
    cr_assert(code == CURLE_OK && is_done, "%s %s: %s, status %ld: %s", is_patch ? "PATCH" : "POST",
              slot->path.data, curl_easy_strerror(code), status,
              slot->answer.data ? slot->answer.data : "");
}

static void send_many(struct api *api, bool is_patch, size_t count, api_make *make, void *context)
{
    struct slot slots[API_IN_FLIGHT];
    size_t slot_count = count < API_IN_FLIGHT ? count : API_IN_FLIGHT;
    size_t sent = 0;
    size_t answered = 0;
    for (; sent < slot_count; sent++) {
        slot_init(api, &slots[sent], is_patch);
        slot_send(api, &slots[sent], sent, make, context);
    }
    while (answered < count) {
        int running;
        CHECK(curl_multi_perform(api->multi, &running) == CURLM_OK);
        struct slot *slot;
        CURLcode code = CURLE_OK;
        while ((slot = next_ended(api, &code))) {
            if (is_lost(code) && slot->losses++ < API_LOSSES_MAX) {
                slot_send(api, slot, slot->index, make, context);
                continue;
            }
            expect_done(slot, is_patch, code);
            slot->losses = 0;
            answered++;
            if (sent < count)
                slot_send(api, slot, sent++, make, context);
        }
        if (answered < count)
            CHECK(curl_multi_poll(api->multi, NULL, 0, API_POLL_MS, NULL) == CURLM_OK);
    }
    for (size_t i = 0; i < slot_count; i++)
        slot_fini(&slots[i]);
}

void api_post_many(struct api *api, size_t count, api_make *make, void *context)
{
    send_many(api, false, count, make, context);
}

void api_patch_many(struct api *api, size_t count, api_make *make, void *context)
{
    send_many(api, true, count, make, context);
}

/* Takes the whole lines out of what came. */
static size_t on_watch_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct api_watch *watch = context;
    size_t len = size * count;
    const char *end;
    const char *from = bytes;
    while ((end = memchr(from, '\n', (size_t)(bytes + len - from)))) {
        if (!buf_add(&watch->line, from, (size_t)(end - from)))
            return 0;
        json_t *event = json_loadb(watch->line.data, watch->line.len, 0, NULL);
        const char *type = json_string_value(json_object_get(event, "type"));
        /* ERROR says why the watch is about to end: too old, or the apiserver is too busy. */
        if (type && strcmp(type, "ERROR") != 0)
            watch->on_event(watch->context, type, json_object_get(event, "object"));
        json_decref(event);
        buf_clear(&watch->line);
        from = end + 1;
    }
    return buf_add(&watch->line, from, (size_t)(bytes + len - from)) ? len : 0;
}

void api_watch_start(struct api *api, struct api_watch *watch, const char *path,
                     api_event *on_event, void *context)
{
    *watch = (struct api_watch){.easy = easy_new(api), .on_event = on_event, .context = context};
    buf_init(&watch->line, API_LINE_BYTES);
    size_t i = 0;
    while (i < API_WATCHES_MAX && api->watches[i])
        i++;
    CHECK(i < API_WATCHES_MAX);
    api->watches[i] = watch;
    easy_aim(api, watch->easy, path);
    curl_easy_setopt(watch->easy, CURLOPT_WRITEFUNCTION, on_watch_bytes);
    curl_easy_setopt(watch->easy, CURLOPT_WRITEDATA, watch);
    /* A connection of its own: a stream that is read slowly must not hold up the POSTs. */
    curl_easy_setopt(watch->easy, CURLOPT_FRESH_CONNECT, 1L);
    CHECK(curl_multi_add_handle(api->multi, watch->easy) == CURLM_OK);
}

void api_watch_stop(struct api *api, struct api_watch *watch)
{
    for (size_t i = 0; i < API_WATCHES_MAX; i++) {
        if (api->watches[i] == watch)
            api->watches[i] = NULL;
    }
    curl_multi_remove_handle(api->multi, watch->easy);
    curl_easy_cleanup(watch->easy);
    buf_fini(&watch->line);
    watch->easy = NULL;
}

bool api_await(struct api *api, bool (*done)(const void *context), const void *context,
               int timeout_ms)
{
    struct mono_ms deadline = mono_add(now_ms(), timeout_ms);
    while (!done(context)) {
        if (!mono_before(now_ms(), deadline))
            return false;
        int running;
        CHECK(curl_multi_perform(api->multi, &running) == CURLM_OK);
        CURLcode code = CURLE_OK;
        CHECK(!next_ended(api, &code));
        if (!done(context))
            CHECK(curl_multi_poll(api->multi, NULL, 0, API_POLL_MS, NULL) == CURLM_OK);
    }
    return true;
}

struct match {
    api_match *match;
    void *context;
    bool found;
};

static void on_match_event(void *context, const char *type, const json_t *object)
{
    struct match *match = context;
    match->found = match->found || match->match(match->context, type, object);
}

static bool match_found(const void *context)
{
    return ((const struct match *)context)->found;
}

bool api_await_event(struct api *api, const char *path, api_match *match, void *context,
                     int timeout_ms)
{
    struct match state = {.match = match, .context = context};
    struct api_watch watch;
    api_watch_start(api, &watch, path, on_match_event, &state);
    bool found = api_await(api, match_found, &state, timeout_ms);
    api_watch_stop(api, &watch);
    return found;
}
