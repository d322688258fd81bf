#include "bench/cmd_apiserver.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/apiserver.h"
#include "bench/store.h"

enum { TICK_MS = 5000 };

struct process {
    uv_loop_t loop;
    uv_signal_t signals[2];
    uv_timer_t ticker;
    struct sim_clock clock;
    struct store *store;
    struct apiserver *server;
};

struct flags {
    long long port, seed;
    const char *dir, *git_version;
    bool without_crds;
};

static int usage(FILE *to)
{
    (void)fputs(
        "usage: spillway-bench apiserver --dir DIR [--port N] [--seed N] [--git-version V]\n"
        "                                [--without-crds]\n"
        "  --dir DIR          certificates, tokens and kubeconfigs are written here\n"
        "  --port N           of 127.0.0.1; 0, the default: any free one\n"
        "  --seed N           of the UIDs; 0, the default\n"
        "  --git-version V    what /version says; v1.37.0. Before v1.35 labels of bindings are "
        "ignored\n"
        "  --without-crds     ResourcePolicies are served only after kubectl apply of their CRD\n",
        to);
    return to == stderr ? 2 : 0;
}

/* A number within [0, max]; false when it is none. */
static bool parse_number(const char *text, long long max, long long *ret_value)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < 0 || value > max)
        return false;
    *ret_value = value;
    return true;
}

/* -1: go on; else the exit code. */
static int parse_flags(int argc, char **argv, struct flags *flags)
{
    static const struct option options[] = {{"port", required_argument, NULL, 'p'},
                                            {"dir", required_argument, NULL, 'd'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"git-version", required_argument, NULL, 'g'},
                                            {"without-crds", no_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        bool fine = true;
        if (option == 'h')
            return usage(stdout);
        if (option == 'p')
            fine = parse_number(optarg, 65535, &flags->port);
        else if (option == 's')
            fine = parse_number(optarg, LLONG_MAX, &flags->seed);
        else if (option == 'd')
            flags->dir = optarg;
        else if (option == 'c')
            flags->without_crds = true;
        else if (option == 'g')
            flags->git_version = optarg;
        else
            return usage(stderr);
        if (!fine) {
            (void)fprintf(stderr, "apiserver: %s is no valid number for this flag\n", optarg);
            return 2;
        }
    }
    if (!flags->dir || optind != argc)
        return usage(stderr);
    return -1;
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    struct process *process = handle->data;
    if (!process->server)
        return;
    apiserver_stop(process->server);
    process->server = NULL;
    for (size_t i = 0; i < ARRAY_LEN(process->signals); i++)
        uv_close((uv_handle_t *)&process->signals[i], NULL);
    uv_close((uv_handle_t *)&process->ticker, NULL);
}

static void on_tick(uv_timer_t *ticker)
{
    struct process *process = ticker->data;
    store_tick(process->store);
}

static void process_begin(struct process *process)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        process->signals[i].data = process;
        CHECK(uv_signal_init(&process->loop, &process->signals[i]) == 0);
        CHECK(uv_signal_start(&process->signals[i], on_signal, numbers[i]) == 0);
    }
    process->ticker.data = process;
    CHECK(uv_timer_init(&process->loop, &process->ticker) == 0);
    CHECK(uv_timer_start(&process->ticker, on_tick, TICK_MS, TICK_MS) == 0);
    (void)printf("ready https://127.0.0.1:%u kubeconfig %s\n", apiserver_port(process->server),
                 apiserver_kubeconfig(process->server));
    (void)fflush(stdout);
}

int cmd_apiserver(int argc, char **argv)
{
    struct flags flags = {0};
    int code = parse_flags(argc, argv, &flags);
    if (code >= 0)
        return code;
    struct process process = {0};
    struct err err = {0};
    (void)signal(SIGPIPE, SIG_IGN);
    CHECK(uv_loop_init(&process.loop) == 0);
    sim_clock_read_system(&process.clock);
    const struct store_options store_options = {.seed = (uint64_t)flags.seed,
                                                .without_crds = flags.without_crds};
    const struct apiserver_options options = {.port = (uint16_t)flags.port,
                                              .dir = flags.dir,
                                              .git_version = flags.git_version,
                                              .refresh_clock = &process.clock};
    process.store = store_new(&store_options, &process.clock);
    process.server = apiserver_start(&process.loop, process.store, &options, &err);
    if (process.server)
        process_begin(&process);
    else
        (void)fprintf(stderr, "apiserver: %s\n", err.text);
    bool started = process.server != NULL;
    (void)uv_run(&process.loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&process.loop) == 0);
    store_free(process.store);
    return started ? 0 : 1;
}
