#include "bench/pair.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/mem.h"

enum {
    TICK_MS = 5000,
    MORE_MAX = 8,          /* further arguments of the child */
    LOG_TAIL_BYTES = 4096, /* of the child's log, shown when something went wrong */
};

static void pair_end_run(struct pair *pair, enum pair_end end)
{
    if (pair->is_over)
        return;
    pair->is_over = true;
    pair->end = end;
    uv_stop(&pair->loop);
}

void pair_finish(struct pair *pair)
{
    pair_end_run(pair, PAIR_DONE);
}

static void on_limit(uv_timer_t *timer)
{
    pair_end_run(timer->data, PAIR_TIMED_OUT);
}

static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    pair_end_run(signal->data, PAIR_INTERRUPTED);
}

static void on_child_exit(struct child_process *child)
{
    if (!child->stopping)
        pair_end_run(child->data, PAIR_CHILD_ENDED);
}

static void on_tick(uv_timer_t *timer)
{
    struct pair *pair = timer->data;
    store_tick(pair->store);
}

/* ---- life ---- */

static int make_dir(struct pair *pair, struct err *err)
{
    const char *base = getenv("TMPDIR");
    int len = snprintf(pair->dir, sizeof(pair->dir), "%s/spillway-bench-XXXXXX",
                       base && *base ? base : "/tmp");
    if (len < 0 || (size_t)len >= sizeof(pair->dir) || !mkdtemp(pair->dir))
        return err_set(err, errno ? errno : ENAMETOOLONG, "cannot make a directory under %s: %s",
                       base ? base : "/tmp", strerror(errno));
    return 0;
}

static void remove_dir(const char *dir)
{
    DIR *entries = opendir(dir);
    if (!entries)
        return;
    for (const struct dirent *entry; (entry = readdir(entries));)
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(entries), entry->d_name, 0);
    (void)closedir(entries);
    (void)rmdir(dir);
}

static void start_handles(struct pair *pair)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        CHECK(uv_signal_init(&pair->loop, &pair->signals[i]) == 0);
        pair->signals[i].data = pair;
        CHECK(uv_signal_start(&pair->signals[i], on_signal, numbers[i]) == 0);
    }
    CHECK(uv_timer_init(&pair->loop, &pair->limit) == 0);
    CHECK(uv_timer_init(&pair->loop, &pair->ticker) == 0);
    pair->limit.data = pair->ticker.data = pair;
    CHECK(uv_timer_start(&pair->ticker, on_tick, TICK_MS, TICK_MS) == 0);
}

int pair_open(struct pair *pair, uint32_t event_limit, struct err *err)
{
    *pair = (struct pair){0};
    (void)signal(SIGPIPE, SIG_IGN);
    if (make_dir(pair, err) < 0)
        return -err->code;
    CHECK(uv_loop_init(&pair->loop) == 0);
    sim_clock_read_system(&pair->clock);
    const struct store_options store_options = {.seed = 1, .event_limit = event_limit};
    const struct apiserver_options options = {.dir = pair->dir, .refresh_clock = &pair->clock};
    pair->store = store_new(&store_options, &pair->clock);
    pair->server = apiserver_start(&pair->loop, pair->store, &options, err);
    if (!pair->server) {
        (void)uv_run(&pair->loop, UV_RUN_DEFAULT);
        CHECK(uv_loop_close(&pair->loop) == 0);
        store_free(pair->store);
        remove_dir(pair->dir);
        return -err->code;
    }
    start_handles(pair);
    return 0;
}

static void log_path(const struct pair *pair, char path[PAIR_PATH_BYTES + 32])
{
    (void)snprintf(path, PAIR_PATH_BYTES + 32, "%s/spillway.log", pair->dir);
}

int pair_start_child(struct pair *pair, const char *spillway_path, const char *const *more,
                     struct err *err)
{
    char log[PAIR_PATH_BYTES + 32];
    log_path(pair, log);
    char *beside = spillway_path ? NULL : program_beside("spillway");
    const char *argv[MORE_MAX + 4] = {spillway_path ? spillway_path : beside, "--kubeconfig",
                                      apiserver_kubeconfig(pair->server)};
    for (size_t i = 0; more && more[i]; i++) {
        CHECK(i < MORE_MAX);
        argv[3 + i] = more[i];
    }
    pair->child.data = pair;
    pair->child.on_exit = on_child_exit;
    int rc = child_process_start(&pair->child, &pair->loop, argv, log, err);
    free(beside);
    return rc;
}

void pair_stop_child(struct pair *pair)
{
    child_process_stop(&pair->child);
    while (pair->child.handles_open > 0)
        (void)uv_run(&pair->loop, UV_RUN_ONCE);
}

enum pair_end pair_run(struct pair *pair, uint32_t limit_seconds)
{
    uv_update_time(&pair->loop); /* the caller may have filled the store for minutes */
    CHECK(uv_timer_start(&pair->limit, on_limit, (uint64_t)limit_seconds * 1000, 0) == 0);
    while (!pair->is_over)
        (void)uv_run(&pair->loop, UV_RUN_DEFAULT);
    (void)uv_timer_stop(&pair->limit);
    pair->is_over = false;
    return pair->end;
}

void pair_explain(const struct pair *pair, enum pair_end end)
{
    static const char *const texts[] = {
        [PAIR_DONE] = "done",
        [PAIR_TIMED_OUT] = "the time limit passed",
        [PAIR_CHILD_ENDED] = "spillway ended by itself",
        [PAIR_INTERRUPTED] = "interrupted",
    };
    char path[PAIR_PATH_BYTES + 32], tail[LOG_TAIL_BYTES + 1];
    (void)fprintf(stderr, "spillway-bench: %s\n", texts[end]);
    log_path(pair, path);
    FILE *log = end == PAIR_INTERRUPTED ? NULL : fopen(path, "re");
    if (!log)
        return;
    if (fseek(log, -LOG_TAIL_BYTES, SEEK_END) < 0)
        rewind(log);
    size_t len = fread(tail, 1, LOG_TAIL_BYTES, log);
    (void)fclose(log);
    tail[len] = '\0';
    (void)fprintf(stderr, "the end of its log:\n%s", tail);
}

void pair_close(struct pair *pair)
{
    pair_stop_child(pair);
    apiserver_stop(pair->server);
    for (size_t i = 0; i < ARRAY_LEN(pair->signals); i++)
        uv_close((uv_handle_t *)&pair->signals[i], NULL);
    uv_close((uv_handle_t *)&pair->limit, NULL);
    uv_close((uv_handle_t *)&pair->ticker, NULL);
    (void)uv_run(&pair->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&pair->loop) == 0);
    store_free(pair->store);
    remove_dir(pair->dir);
}
