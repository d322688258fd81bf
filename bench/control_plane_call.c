/* Requests to the control plane, one or many at a time; the loop runs until they are answered. */
#include <errno.h>
#include <stdio.h>

#include "bench/control_plane.h"

enum {
    CALL_LIMIT_S = 60,
    CALL_BODY_BYTES_MAX = 16 * 1024,
    POSTS_IN_FLIGHT = 48, /* more does not make an apiserver on two cores faster */
    POSTS_LIMIT_S = 3600,
};

struct call {
    bool is_over;
    int status; /* or a negative error */
    struct buf *body;
    struct err *err;
};

static void on_call_done(void *ctx, const struct http_reply *reply)
{
    struct call *call = ctx;
    call->is_over = true;
    call->status = reply->status;
    if (reply->failure != HTTP_FAILURE_NONE) {
        *call->err = reply->err;
        call->status = -EIO;
    } else if (call->body) {
        (void)buf_add(call->body, reply->body.ptr, reply->body.len);
    }
}

static bool call_is_over(const void *ctx)
{
    return ((const struct call *)ctx)->is_over;
}

int control_plane_call(struct control_plane *plane, const char *method, const char *path,
                       const struct buf *body, struct buf *ret_body, struct err *err)
{
    struct call call = {.body = ret_body, .err = err};
    const struct http_options options = {
        .method = method,
        .path = path,
        .body = body ? buf_str(body) : (struct str){0},
        .deadline_ms = HTTP_REQUEST_TIMEOUT_MS,
        .ctx = &call,
        .on_done = on_call_done,
    };
    struct http_call *http = http_call_start(plane->client, &options);
    int rc = control_plane_await(plane, call_is_over, &call, CALL_LIMIT_S, path, err);
    if (rc == 0)
        return call.status;
    struct err why = *err;
    if (!call.is_over)
        http_call_stop(http);
    while (!call.is_over)
        (void)uv_run(&plane->loop, UV_RUN_ONCE);
    *err = why;
    return rc;
}

/* ---- many ---- */

struct posts {
    struct control_plane *plane;
    control_plane_make *make;
    void *ctx;
    uint32_t count, next, in_flight;
    struct err err;
};

static void posts_pump(struct posts *posts);

static void on_post_done(void *ctx, const struct http_reply *reply)
{
    struct posts *posts = ctx;
    posts->in_flight--;
    if (reply->status != 201 && posts->err.code == 0) {
        enum { SHOWN = 160 };
        int shown = reply->body.len < SHOWN ? (int)reply->body.len : SHOWN;
        (void)err_set(&posts->err, EIO, "a POST was answered %d: %s%.*s", reply->status,
                      reply->err.text, shown, reply->body.len > 0 ? reply->body.ptr : "");
    }
    posts_pump(posts);
}

static void post(struct posts *posts)
{
    struct buf path, body;
    buf_init(&path, CALL_BODY_BYTES_MAX);
    buf_init(&body, CALL_BODY_BYTES_MAX);
    posts->make(posts->ctx, posts->next++, &path, &body);
    CHECK(!buf_overflowed(&path) && !buf_overflowed(&body));
    const struct http_options options = {
        .method = "POST",
        .path = path.data,
        .body = buf_str(&body),
        .deadline_ms = HTTP_REQUEST_TIMEOUT_MS,
        .ctx = posts,
        .on_done = on_post_done,
    };
    posts->in_flight++;
    (void)http_call_start(posts->plane->client, &options);
    buf_fini(&path);
    buf_fini(&body);
}

static void posts_pump(struct posts *posts)
{
    while (posts->err.code == 0 && posts->next < posts->count &&
           posts->in_flight < POSTS_IN_FLIGHT && !posts->plane->is_interrupted)
        post(posts);
}

static bool posts_are_over(const void *ctx)
{
    const struct posts *posts = ctx;
    return posts->in_flight == 0;
}

int control_plane_post_many(struct control_plane *plane, uint32_t count, control_plane_make *make,
                            void *ctx, struct err *err)
{
    struct posts posts = {.plane = plane, .make = make, .ctx = ctx, .count = count};
    posts_pump(&posts);
    int rc = control_plane_await(plane, posts_are_over, &posts, POSTS_LIMIT_S, "all POSTs", err);
    while (posts.in_flight > 0) /* `posts` is lent to them; each ends by its own deadline */
        (void)uv_run(&plane->loop, UV_RUN_ONCE);
    if (rc == 0 && posts.err.code != 0) {
        *err = posts.err;
        rc = -err->code;
    }
    return rc;
}
