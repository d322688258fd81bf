/* watch/http.h against a TLS server that answers, stalls, cuts, resets and goes away. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/http_fixture.h"

#define DEFAULTS (&(struct world_options){.is_packed = is_packed})

/* ---- answers ---- */

BOTH(http_client, get_gives_status_and_body)
{
    struct world world;
    struct answer answer = {0};
    world_init(&world, DEFAULTS);
    world_get(&world, "/hello", &answer);
    cr_expect(answer.reply.failure == HTTP_FAILURE_NONE, "%s", answer.reply.err.text);
    cr_expect(answer.reply.status == 200);
    cr_expect_str_eq(answer.text, "hello");
    cr_expect(answer.reply.retry_after_seconds == -1);
    world_fini(&world);
}

static const struct {
    const char *method, *body, *content_type, *echo;
} requests[] = {
    {"POST", "{\"a\":1}", NULL, "POST|application/json|Bearer s3cr3t|application/json||{\"a\":1}"},
    {"PATCH", "{}", "application/strategic-merge-patch+json",
     "PATCH|application/strategic-merge-patch+json|Bearer s3cr3t|application/json||{}"},
    {"PUT", "{}", NULL, "PUT|application/json|Bearer s3cr3t|application/json||{}"},
    {"DELETE", "{}", NULL, "DELETE|application/json|Bearer s3cr3t|application/json||{}"},
    {"DELETE", "", NULL, "DELETE||Bearer s3cr3t|application/json||"},
    {"GET", "", NULL, "GET||Bearer s3cr3t|application/json||"},
    {"POST", "", NULL, "POST|application/json|Bearer s3cr3t|application/json||"},
};

BOTH(http_client, method_headers_and_body_arrive_also_when_handles_are_used_again)
{
    struct world world;
    world_init(&world, &(struct world_options){.is_packed = is_packed, .user = "token: s3cr3t"});
    for (size_t i = 0; i < 2 * ARRAY_LEN(requests); i++) {
        size_t row = i % ARRAY_LEN(requests);
        struct answer answer = {0};
        (void)world_start(&world,
                          (struct http_options){.method = requests[row].method,
                                                .path = "/echo",
                                                .body = str_from(requests[row].body),
                                                .content_type = requests[row].content_type},
                          false, &answer);
        world_wait(&world, &answer);
        cr_expect_str_eq(answer.text, requests[row].echo);
    }
    cr_expect(h2_server_counts(world.server).connections == 1);
    world_fini(&world);
}

BOTH(http_client, client_certificate_says_who_we_are)
{
    struct world world;
    struct answer answer = {0};
    world_init(&world,
               &(struct world_options){.is_packed = is_packed, .has_client_certificate = true});
    world_get(&world, "/echo", &answer);
    cr_expect_str_eq(answer.text, "GET|||application/json|alice|");
    world_fini(&world);
}

static const int codes[] = {201, 301, 401, 403, 404, 409, 422, 429, 500, 503};

BOTH(http_client, every_status_is_an_answer_and_redirects_are_not_followed)
{
    struct world world;
    world_init(&world, DEFAULTS);
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        char path[32];
        struct answer answer = {0};
        (void)snprintf(path, sizeof(path), "/code/%d", codes[i]);
        world_get(&world, path, &answer);
        cr_expect(answer.reply.failure == HTTP_FAILURE_NONE && answer.reply.status == codes[i]);
        cr_expect_str_eq(answer.text, "code");
        cr_expect(answer.reply.retry_after_seconds == (codes[i] >= 300 ? 7 : -1), "%d", codes[i]);
    }
    cr_expect(world.requests == ARRAY_LEN(codes));
    world_fini(&world);
}

BOTH(http_client, a_hundred_requests_share_one_connection)
{
    static struct answer answers[HTTP_STREAMS_MAX];
    struct world world;
    world_init(&world, DEFAULTS);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++)
        (void)world_start(
            &world,
            (struct http_options){
                .method = "POST", .path = "/hello", .body = STR("{}"), .deadline_ms = 20000},
            false, &answers[i]);
    cr_expect(http_client_in_flight(world.client) == ARRAY_LEN(answers));
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        world_wait(&world, &answers[i]);
        cr_expect(answers[i].reply.status == 200, "%s", answers[i].reply.err.text);
    }
    cr_expect(http_client_in_flight(world.client) == 0);
    cr_expect(h2_server_counts(world.server).connections == 1);
    world_fini(&world);
}

/* curl 7.88 resets each stream whose answer had no Content-Length once more after its end. A server
 * that counts resets (CVE-2023-44487; nghttp2: 1000) would end the connection. */
BOTH(http_client, thousands_of_requests_stay_on_one_connection)
{
    struct world world;
    world_init(&world, DEFAULTS);
    for (int i = 0; i < 3000; i++) {
        struct answer answer = {0};
        world_get(&world, "/hello", &answer);
        cr_assert_str_eq(answer.text, "hello", "%d: %s", i, answer.reply.err.text);
    }
    cr_expect(h2_server_counts(world.server).connections == 1);
    world_fini(&world);
}

BOTH(http_client, a_reply_over_four_mebibytes_is_refused_and_the_next_one_works)
{
    struct world world;
    struct answer big = {0}, fits = {0}, next = {0};
    world_init(&world, DEFAULTS);
    world_get(&world, "/big/4194305", &big);
    cr_expect(big.reply.failure == HTTP_FAILURE_TOO_LARGE && big.reply.status == 0);
    cr_expect(strstr(big.reply.err.text, "larger than 4 MiB"), "%s", big.reply.err.text);
    world_get(&world, "/big/4194304", &fits);
    cr_expect(fits.reply.status == 200 && fits.len == 4194304);
    world_get(&world, "/hello", &next);
    cr_expect_str_eq(next.text, "hello");
    world_fini(&world);
}

/* ---- streams ---- */

BOTH(http_client, a_streamed_200_comes_in_pieces_of_any_size)
{
    struct world world;
    struct answer answer = {0};
    world_init(&world, DEFAULTS);
    (void)world_start(&world, (struct http_options){.method = "GET", .path = "/big/9000000"}, true,
                      &answer);
    world_wait(&world, &answer);
    cr_expect(answer.reply.failure == HTTP_FAILURE_NONE && answer.reply.status == 200);
    cr_expect(answer.len == 9000000 && answer.reply.body.len == 0);
    world_fini(&world);
}

BOTH(http_client, a_streamed_refusal_is_buffered)
{
    struct world world;
    struct answer answer = {0};
    world_init(&world, DEFAULTS);
    (void)world_start(&world, (struct http_options){.method = "GET", .path = "/code/410"}, true,
                      &answer);
    world_wait(&world, &answer);
    cr_expect(answer.reply.status == 410 && answer.reply.body.len == 4);
    world_fini(&world);
}

BOTH(http_client, on_bytes_can_end_the_call)
{
    struct world world;
    struct answer answer = {.stop_after = 100};
    world_init(&world, DEFAULTS);
    (void)world_start(&world, (struct http_options){.method = "GET", .path = "/big/9000000"}, true,
                      &answer);
    world_wait(&world, &answer);
    cr_expect(answer.reply.failure == HTTP_FAILURE_STOPPED && answer.reply.status == 0);
    cr_expect(answer.len < 9000000);
    world_fini(&world);
}

BOTH(http_client, a_call_can_be_started_from_on_bytes)
{
    struct world world;
    struct answer then = {0}, answer = {.then_path = "/hello", .then = &then};
    world_init(&world, DEFAULTS);
    struct http_call *call = world_start(
        &world, (struct http_options){.method = "GET", .path = "/stall"}, true, &answer);
    world_run_until(&world, &then.is_done);
    cr_expect_str_eq(then.text, "hello");
    cr_expect_str_eq(answer.text, "begin");
    http_call_stop(call);
    world_wait(&world, &answer);
    world_fini(&world);
}

/* ---- time ---- */

BOTH(http_client, a_deadline_ends_the_last_call_too)
{
    struct world world;
    struct answer answer = {0};
    world_init(&world, DEFAULTS);
    (void)world_start(
        &world, (struct http_options){.method = "POST", .path = "/silent", .deadline_ms = 200},
        false, &answer);
    world_wait(&world, &answer); /* nothing else runs: the trap of multi-uv.c */
    cr_expect(answer.reply.failure == HTTP_FAILURE_TIMEOUT && answer.reply.status == 0);
    cr_expect(answer.reply.was_sent);
    cr_expect(strstr(answer.reply.err.text, "no complete answer from https://127.0.0.1:") &&
                  strstr(answer.reply.err.text, "within 0.200 s"),
              "%s", answer.reply.err.text);
    world_fini(&world);
}

BOTH(http_client, a_stream_without_bytes_for_too_long_is_ended)
{
    struct world world;
    struct answer answer = {0};
    world_init(&world, DEFAULTS);
    (void)world_start(&world,
                      (struct http_options){.method = "GET", .path = "/stall", .idle_ms = 200},
                      true, &answer);
    world_wait(&world, &answer);
    cr_expect(answer.reply.failure == HTTP_FAILURE_TIMEOUT);
    cr_expect_str_eq(answer.text, "begin");
    cr_expect(strstr(answer.reply.err.text, "no data from"), "%s", answer.reply.err.text);
    world_fini(&world);
}

/* k/k#50994: a server that is stopped still acknowledges; its connection must not be used again. */
BOTH(http_client, after_silence_a_new_connection_is_made)
{
    struct world world;
    struct answer silent = {0}, next = {0};
    world_init(&world, DEFAULTS);
    (void)world_start(&world,
                      (struct http_options){.method = "GET", .path = "/silent", .deadline_ms = 100},
                      false, &silent);
    world_wait(&world, &silent);
    world_get(&world, "/hello", &next);
    cr_expect_str_eq(next.text, "hello");
    cr_expect(h2_server_counts(world.server).connections == 2);
    world_fini(&world);
}

BOTH(http_client, failed_calls_beside_watches_do_not_hold_up_the_next_ones)
{
    enum { ROUNDS = 5 };
    struct world world;
    struct http_call *calls[ROUNDS];
    struct answer watches[ROUNDS] = {{0}};
    world_init(&world, DEFAULTS);
    for (size_t i = 0; i < ROUNDS; i++) {
        struct answer silent = {0}, next = {0};
        calls[i] = world_start(&world, (struct http_options){.method = "GET", .path = "/stall"},
                               true, &watches[i]);
        (void)world_start(
            &world, (struct http_options){.method = "GET", .path = "/silent", .deadline_ms = 100},
            false, &silent);
        world_wait(&world, &silent);
        cr_expect(silent.reply.failure == HTTP_FAILURE_TIMEOUT);
        world_get(&world, "/hello", &next);
        cr_expect_str_eq(next.text, "hello");
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        cr_expect(!watches[i].is_done, "the watch goes on");
        http_call_stop(calls[i]);
        world_wait(&world, &watches[i]);
    }
    world_fini(&world);
}

/* ---- stop and close ---- */

BOTH(http_client, a_stopped_call_ends_with_stopped)
{
    struct world world;
    struct answer answer = {0};
    world_init(&world, DEFAULTS);
    struct http_call *call = world_start(
        &world, (struct http_options){.method = "GET", .path = "/silent"}, false, &answer);
    http_call_stop(call);
    http_call_stop(call); /* twice is once */
    cr_expect(!answer.is_done, "later, from the loop");
    world_wait(&world, &answer);
    cr_expect(answer.reply.failure == HTTP_FAILURE_STOPPED && !answer.reply.was_sent);
    world_fini(&world);
}

BOTH(http_client, closing_ends_all_calls)
{
    static struct answer answers[20];
    struct world world;
    world_init(&world, DEFAULTS);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++)
        (void)world_start(
            &world, (struct http_options){.method = "GET", .path = i % 2 ? "/silent" : "/stall"},
            i % 2 == 0, &answers[i]);
    while (world.requests < ARRAY_LEN(answers))
        (void)uv_run(&world.loop, UV_RUN_ONCE);
    world_fini(&world);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++)
        cr_expect(answers[i].is_done && answers[i].reply.failure == HTTP_FAILURE_STOPPED);
}

/* ---- lost connections ---- */

static void expect_write_lost(bool is_packed, const char *path)
{
    struct world world;
    struct answer first = {0}, answer = {0}, next = {0};
    world_init(&world, DEFAULTS);
    world_get(&world, "/hello", &first); /* curl sends again only on a connection used before */
    (void)world_start(&world,
                      (struct http_options){.method = "POST", .path = path, .body = STR("{}")},
                      false, &answer);
    world_wait(&world, &answer);
    cr_expect(answer.reply.failure == HTTP_FAILURE_LOST && answer.reply.was_sent);
    cr_expect(answer.reply.status == 0);
    cr_expect(world.requests == 2, "sent %u times", world.requests - 1);
    cr_expect(strstr(answer.reply.err.text, "was lost"), "%s", answer.reply.err.text);
    world_get(&world, "/hello", &next);
    cr_expect_str_eq(next.text, "hello");
    world_fini(&world);
}

BOTH(http_client, a_write_whose_connection_ends_is_lost)
{
    expect_write_lost(is_packed, "/drop");
}

BOTH(http_client, a_write_whose_connection_is_reset_is_lost_and_never_sent_twice)
{
    expect_write_lost(is_packed, "/rst");
}

BOTH(http_client, a_reset_stream_is_lost_and_the_connection_stays)
{
    struct world world;
    struct answer answer = {0}, next = {0};
    world_init(&world, DEFAULTS);
    (void)world_start(&world,
                      (struct http_options){.method = "POST", .path = "/reset", .body = STR("{}")},
                      false, &answer);
    world_wait(&world, &answer);
    cr_expect(answer.reply.failure == HTTP_FAILURE_LOST && answer.reply.was_sent);
    world_get(&world, "/hello", &next);
    cr_expect_str_eq(next.text, "hello");
    cr_expect(h2_server_counts(world.server).connections == 1);
    world_fini(&world);
}

BOTH(http_client, a_stream_that_is_cut_is_lost)
{
    struct world world;
    struct answer answer = {0};
    world_init(&world, DEFAULTS);
    (void)world_start(&world, (struct http_options){.method = "GET", .path = "/cut"}, true,
                      &answer);
    world_wait(&world, &answer);
    cr_expect(answer.reply.failure == HTTP_FAILURE_LOST && answer.reply.status == 0);
    cr_expect_str_eq(answer.text, "begin");
    world_fini(&world);
}

BOTH(http_client, after_goaway_requests_go_to_a_new_connection)
{
    struct world world;
    struct answer last = {0}, next = {0};
    world_init(&world, DEFAULTS);
    world_get(&world, "/goaway", &last);
    cr_expect_str_eq(last.text, "bye");
    for (int i = 0; i < 3; i++) {
        next = (struct answer){0};
        (void)world_start(
            &world, (struct http_options){.method = "POST", .path = "/hello", .body = STR("{}")},
            false, &next);
        world_wait(&world, &next);
        cr_expect_str_eq(next.text, "hello", "%s", next.reply.err.text);
    }
    cr_expect(h2_server_counts(world.server).connections == 2);
    world_fini(&world);
}

BOTH(http_client, a_watch_that_stays_after_goaway_does_not_hold_up_the_next_requests)
{
    struct world world;
    struct answer watch = {0}, last = {0}, next = {0};
    world_init(&world, DEFAULTS);
    struct http_call *call =
        world_start(&world, (struct http_options){.method = "GET", .path = "/stall"}, true, &watch);
    world_get(&world, "/goaway", &last);
    cr_expect_str_eq(last.text, "bye");
    for (int i = 0; i < 3; i++) {
        next = (struct answer){0};
        world_get(&world, "/hello", &next);
        cr_expect_str_eq(next.text, "hello", "%s", next.reply.err.text);
    }
    cr_expect(!watch.is_done);
    cr_expect_str_eq(watch.text, "begin");
    cr_expect(h2_server_counts(world.server).connections == 2);
    http_call_stop(call);
    world_wait(&world, &watch);
    world_fini(&world);
}

BOTH(http_client, a_url_longer_than_64_KiB_fails_without_a_request)
{
    struct world world;
    struct answer answer = {0};
    world_init(&world, DEFAULTS);
    char *path = malloc(70001);
    memset(path, 'a', 70000);
    path[0] = '/';
    path[70000] = '\0';
    world_get(&world, path, &answer);
    cr_expect(answer.reply.failure == HTTP_FAILURE_OTHER && !answer.reply.was_sent);
    cr_expect(strstr(answer.reply.err.text, "the URL is too long"), "%s", answer.reply.err.text);
    free(path);
    world_fini(&world);
}
