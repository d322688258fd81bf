/* build/spillway at its end, and what its logs look like. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/mem.h"
#include "tests/sim/stage.h"

enum { DRAIN_LIMIT_MS = 10 * 1000, SLACK_MS = 20 * 1000 };

static struct stage stage;

static void setup(void)
{
    stage_open(&stage);
    stage_add_node(&stage, "n", "100");
}

static void teardown(void)
{
    stage_close(&stage);
}

TestSuite(spillway_end, .init = setup, .fini = teardown, .timeout = 120);

static bool has_fired(struct stage *at, const void *count)
{
    return stage_fired(at) >= *(const uint64_t *)count;
}

/* Some binds are under way to a server that does not answer. */
static void start_with_stalled_binds(void)
{
    const uint64_t stalled = 5;
    stage_fault(
        &stage,
        &(struct fault){.on = FAULT_ON_BIND, .act = FAULT_DO_STALL, .times = (uint32_t)stalled});
    stage_add_pods(&stage, "p", stalled, "1");
    stage_start(&stage, "kubeconfig", NULL);
    stage_await(&stage, has_fired, &stalled, "the binds did not come");
}

static int64_t now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

static bool has_synced(struct stage *at, const void *count)
{
    return spillway_count_said(&at->spillway, "Caches are synced") >= *(const uint64_t *)count;
}

Test(spillway_end, an_idle_one_ends_at_once_with_0)
{
    static const int signals[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        stage_start(&stage, "kubeconfig", NULL);
        uint64_t syncs = i + 1; /* the log goes on */
        stage_await(&stage, has_synced, &syncs, "the caches are not synced");
        int64_t before_ms = now_ms();
        (void)kill(stage.spillway.pid, signals[i]);
        cr_expect_eq(stage_await_exit(&stage), 0);
        cr_expect_lt(now_ms() - before_ms, DRAIN_LIMIT_MS);
    }
    cr_expect_eq(spillway_count_said(&stage.spillway, "\"Stopped\""), 2);
}

Test(spillway_end, binds_under_way_are_waited_for_but_not_for_ever)
{
    start_with_stalled_binds();
    stage_add_pods(&stage, "late", 3, "1");
    int64_t before_ms = now_ms();
    int code = stage_stop(&stage);
    cr_expect_eq(code, 0, "%d", code);
    int64_t took_ms = now_ms() - before_ms;
    cr_expect_geq(took_ms, DRAIN_LIMIT_MS - 100, "%lld ms", (long long)took_ms);
    cr_expect_lt(took_ms, DRAIN_LIMIT_MS + SLACK_MS, "%lld ms", (long long)took_ms);
    cr_expect(spillway_said(&stage.spillway, "Signal: no more pods are taken, waiting for binds"));
    cr_expect(spillway_said(&stage.spillway,
                            "Stopping with binds in flight: the next start reads their outcome\" "
                            "binds=\"5\""));
}

Test(spillway_end, a_second_signal_does_not_wait)
{
    start_with_stalled_binds();
    (void)kill(stage.spillway.pid, SIGINT);
    stage_await_said(&stage, "Signal: no more pods are taken");
    int64_t before_ms = now_ms();
    (void)kill(stage.spillway.pid, SIGINT);
    cr_expect_eq(stage_await_exit(&stage), 0);
    cr_expect_lt(now_ms() - before_ms, DRAIN_LIMIT_MS);
}

/* Nothing is lost by an end: the next one goes on where the store is. */
Test(spillway_end, the_next_start_goes_on)
{
    start_with_stalled_binds();
    (void)kill(stage.spillway.pid, SIGTERM);
    stage_await_said(&stage, "Signal: no more pods are taken");
    (void)kill(stage.spillway.pid, SIGTERM);
    cr_expect_eq(stage_await_exit(&stage), 0);
    stage_start(&stage, "kubeconfig", NULL);
    stage_await_bindings(&stage, 5);
    cr_expect_eq(stage.bindings, 5);
    cr_expect_eq(stage_stop(&stage), 0);
}

/* The kill that nobody can prepare for: no pod is lost, none is bound twice. */
Test(spillway_end, a_kill_with_binds_under_way_loses_nothing)
{
    enum { ROUNDS = 3, PODS = 20, STALLED = 4 };
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        const uint64_t stalled = round * STALLED;
        char prefix[16];
        (void)snprintf(prefix, sizeof(prefix), "p%llu", (unsigned long long)round);
        stage_fault(&stage,
                    &(struct fault){
                        .on = FAULT_ON_BIND, .act = FAULT_DO_STALL, .times = STALLED, .skip = 7});
        stage_add_pods(&stage, prefix, PODS, "1");
        stage_start(&stage, "kubeconfig", NULL);
        stage_await(&stage, has_fired, &stalled, "the binds did not come");
        (void)kill(stage.spillway.pid, SIGKILL);
        cr_expect_eq(stage_await_exit(&stage), 128 + SIGKILL);
    }
    cr_expect_lt(stage.bindings, ROUNDS * PODS);
    stage_start(&stage, "kubeconfig", NULL);
    stage_await_bindings(&stage, ROUNDS * PODS);
    cr_expect_eq(stage.bindings, ROUNDS * PODS);
    cr_expect_eq(stage.moves, 0);
    cr_expect_eq(stage_stop(&stage), 0);
}

/* ---- logs ---- */

static char *read_token(void)
{
    char path[512], text[256];
    (void)snprintf(path, sizeof(path), "%s/admin.token", stage.dir);
    FILE *file = fopen(path, "re");
    cr_assert(file && fgets(text, sizeof(text), file), "%s", path);
    (void)fclose(file);
    text[strcspn(text, "\n")] = '\0';
    cr_assert_gt(strlen(text), 20);
    return mem_strdup(text);
}

/* Some of everything that is logged: a pod bound, one that waits, a fault, an end. */
static void run_with(const char *const flags[])
{
    stage_fault(&stage, &(struct fault){
                            .on = FAULT_ON_BIND, .act = FAULT_DO_STATUS, .code = 503, .times = 1});
    stage_fault(&stage, &(struct fault){.on = FAULT_ON_WATCH, .act = FAULT_DO_HTML, .times = 1});
    stage_create(&stage, KIND_NODE,
                 "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"bare\"}}");
    stage_add_pod(&stage, "small", "1");
    stage_add_pod(&stage, "large", "1000");
    stage_start(&stage, "kubeconfig", flags);
    stage_await_bound(&stage, "small");
    free(stage_await_refusal(&stage, "large"));
    cr_expect_eq(stage_stop(&stage), 0);
}

Test(spillway_end, json_logs_are_an_object_a_line)
{
    const char *const flags[] = {"--logging-format=json", "--v=6", NULL};
    run_with(flags);
    char *log CLEANUP(mem_freep) = process_log(&stage.spillway);
    size_t lines = 0;
    char *rest = NULL;
    for (char *line = strtok_r(log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        cr_assert(json_is_object(json), "%s", line);
        cr_expect(json_is_number(json_object_get(json, "ts")), "%s", line);
        cr_expect(json_is_string(json_object_get(json, "msg")), "%s", line);
        cr_expect(json_is_string(json_object_get(json, "caller")), "%s", line);
        json_decref(json);
        lines++;
    }
    cr_expect_gt(lines, 10);
}

Test(spillway_end, verbose_logs_name_each_request_and_never_the_token)
{
    const char *const flags[] = {"--v=10", NULL};
    run_with(flags);
    char *log CLEANUP(mem_freep) = process_log(&stage.spillway);
    char *token CLEANUP(mem_freep) = read_token();
    cr_expect(strstr(log, "/api/v1/namespaces/default/pods/small/binding"), "%s", log);
    cr_expect(strstr(log, "/api/v1/nodes?"), "%s", log);
    cr_expect(strstr(log, "method=\"POST\""), "%s", log);
    cr_expect_not(strstr(log, token), "the token is in the log");
    cr_expect_not(strstr(log, "Bearer"), "a header is in the log");
    char *rest = NULL;
    for (char *line = strtok_r(log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        int at = 0;
        (void)sscanf(
            line, "%*1[IWE]%*4[0-9] %*2[0-9]:%*2[0-9]:%*2[0-9].%*6[0-9] %*d %*[^:]:%*d] %n", &at);
        cr_expect_gt(at, 0, "not klog's shape: %s", line);
    }
}

Test(spillway_end, logs_are_quiet_unless_asked)
{
    run_with(NULL);
    char *log CLEANUP(mem_freep) = process_log(&stage.spillway);
    cr_expect_not(strstr(log, "/binding"), "%s", log);
    cr_expect(strstr(log, "node bare has no status.allocatable"), "%s", log);
    cr_expect(strstr(log, "Starting spillway\" version="), "%s", log);
    cr_expect(strstr(log, "\"Stopped\""), "%s", log);
}
