#include "apiserver_fixture.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/mem.h"

void face_init(struct face *face, const struct apiserver_options *options)
{
    struct apiserver_options own = options ? *options : (struct apiserver_options){0};
    struct err err = {0};
    *face = (struct face){0};
    cr_assert_eq(uv_loop_init(&face->loop), 0);
    (void)snprintf(face->dir, sizeof(face->dir), "/tmp/apiserver-XXXXXX");
    cr_assert_not_null(mkdtemp(face->dir));
    own.dir = face->dir;
    own.refresh_clock = &face->clock;
    sim_clock_read_system(&face->clock);
    face->store = store_new(NULL, &face->clock);
    face->server = apiserver_start(&face->loop, face->store, &own, &err);
    cr_assert(face->server, "%s", err.text);
    face->multi = curl_multi_init();
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/admin.token", face->dir);
    FILE *file = fopen(path, "re");
    cr_assert(file && fgets(face->token, sizeof(face->token), file));
    (void)fclose(file);
}

static void remove_dir(const char *dir)
{
    DIR *listing = opendir(dir);
    const struct dirent *entry;
    while (listing && (entry = readdir(listing))) {
        char path[512];
        (void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        if (entry->d_name[0] != '.')
            (void)unlink(path);
    }
    if (listing)
        (void)closedir(listing);
    (void)rmdir(dir);
}

void face_fini(struct face *face)
{
    (void)curl_multi_cleanup(face->multi);
    apiserver_stop(face->server);
    (void)uv_run(&face->loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&face->loop), 0);
    store_free(face->store);
    remove_dir(face->dir);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
    struct reply *reply = data;
    (void)buf_add(&reply->body, bytes, size * count);
    return size * count;
}

static void add_header(struct reply *reply, const char *name, const char *value)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "%s: %s", name, value);
    reply->headers = curl_slist_append(reply->headers, text);
}

static void set_credentials(struct face *face, struct reply *reply)
{
    char path[128];
    if (!reply->cert) {
        char bearer[128];
        (void)snprintf(bearer, sizeof(bearer), "Bearer %s", face->token);
        if (face->token[0])
            add_header(reply, "Authorization", bearer);
        return;
    }
    (void)snprintf(path, sizeof(path), "%s/%s", face->dir, reply->cert);
    (void)curl_easy_setopt(reply->easy, CURLOPT_SSLCERT, path);
    (void)snprintf(path, sizeof(path), "%s/%s", face->dir, reply->key);
    (void)curl_easy_setopt(reply->easy, CURLOPT_SSLKEY, path);
}

void face_start(struct face *face, struct reply *reply, const char *method, const char *path,
                const char *body)
{
    char url[2048], ca[128];
    reply->face = face;
    reply->easy = curl_easy_init();
    buf_init(&reply->body, 64 << 20);
    (void)buf_add(&reply->body, "", 0);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u%s", apiserver_port(face->server), path);
    (void)snprintf(ca, sizeof(ca), "%s/ca.crt", face->dir);
    add_header(reply, "Accept", reply->accept ? reply->accept : "application/json");
    add_header(reply, "Content-Type", reply->type ? reply->type : "application/json");
    set_credentials(face, reply);
    (void)curl_easy_setopt(reply->easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(reply->easy, CURLOPT_CAINFO, ca);
    (void)curl_easy_setopt(reply->easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
    (void)curl_easy_setopt(reply->easy, CURLOPT_CUSTOMREQUEST, method);
    (void)curl_easy_setopt(reply->easy, CURLOPT_HTTPHEADER, reply->headers);
    (void)curl_easy_setopt(reply->easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(reply->easy, CURLOPT_WRITEDATA, reply);
    (void)curl_easy_setopt(reply->easy, CURLOPT_PRIVATE, reply);
    if (body) {
        long len = reply->body_bytes ? (long)reply->body_bytes : (long)strlen(body);
        (void)curl_easy_setopt(reply->easy, CURLOPT_POSTFIELDSIZE, len);
        (void)curl_easy_setopt(reply->easy, CURLOPT_COPYPOSTFIELDS, body);
    }
    cr_assert_eq(curl_multi_add_handle(face->multi, reply->easy), CURLM_OK);
}

static void collect(struct face *face)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(face->multi, &left))) {
        struct reply *reply = NULL;
        curl_off_t after = 0;
        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &reply);
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &reply->code);
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_RETRY_AFTER, &after);
        reply->retry_after_s = (long)after;
        reply->result = message->data.result;
        reply->done = true;
    }
}

/* One turn of both sides. Neither blocks; a test that waits for ever ends by its timeout. */
static void pump(struct face *face)
{
    int running;
    (void)uv_run(&face->loop, UV_RUN_NOWAIT);
    (void)curl_multi_perform(face->multi, &running);
    collect(face);
}

void face_wait(struct reply *reply)
{
    while (!reply->done)
        pump(reply->face);
}

bool reply_has(const struct reply *reply, const char *text)
{
    return memmem(reply->body.data, reply->body.len, text, strlen(text)) != NULL;
}

void face_wait_text(struct reply *reply, const char *text)
{
    while (!reply_has(reply, text)) {
        cr_assert_not(reply->done, "ended without %s: %s", text, reply->body.data);
        pump(reply->face);
    }
}

void reply_fini(struct reply *reply)
{
    (void)curl_multi_remove_handle(reply->face->multi, reply->easy);
    curl_easy_cleanup(reply->easy);
    curl_slist_free_all(reply->headers);
    buf_fini(&reply->body);
    *reply = (struct reply){0};
}

long face_call(struct face *face, struct reply *reply, const char *method, const char *path,
               const char *body)
{
    face_start(face, reply, method, path, body);
    face_wait(reply);
    return reply->result == CURLE_OK ? reply->code : 0;
}

long face_code(struct face *face, const char *method, const char *path, const char *body)
{
    struct reply reply = {0};
    long code = face_call(face, &reply, method, path, body);
    reply_fini(&reply);
    return code;
}

void face_pod(struct face *face, const char *name)
{
    char body[256];
    (void)snprintf(body, sizeof(body),
                   "{\"metadata\":{\"name\":\"%s\",\"labels\":{\"app\":\"web\"}},\"spec\":"
                   "{\"containers\":[{\"name\":\"c\"}]}}",
                   name);
    cr_assert_eq(face_code(face, "POST", "/api/v1/namespaces/default/pods", body), 201);
}

long face_bind(struct face *face, const char *pod, const char *node)
{
    char path[256], body[256];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/default/pods/%s/binding", pod);
    (void)snprintf(body, sizeof(body),
                   "{\"apiVersion\":\"v1\",\"kind\":\"Binding\",\"metadata\":{\"name\":\"%s\"},"
                   "\"target\":{\"kind\":\"Node\",\"name\":\"%s\"}}",
                   pod, node);
    return face_code(face, "POST", path, body);
}

char *reply_text(const struct reply *reply, const char *path)
{
    json_t *json = json_loadb(reply->body.data, reply->body.len, 0, NULL);
    const json_t *at = json;
    char step[64];
    while (at && *path) {
        size_t len = strcspn(path, ".");
        (void)snprintf(step, sizeof(step), "%.*s", (int)len, path);
        at = json_object_get(at, step);
        path += len + (path[len] == '.');
    }
    char *text = mem_strdup(json_is_string(at) ? json_string_value(at) : "");
    json_decref(json);
    return text;
}

void face_faults(struct face *face, const char *json)
{
    cr_assert_eq(face_code(face, "PUT", "/debug/faults", json), 200);
}
