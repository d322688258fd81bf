#include "bench/cmd_wake.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/flags.h"
#include "bench/report.h"
#include "bench/wake_load.h"

enum { EVENTS_MAX = 1000, PASS_PODS = 256 };

struct wake_figures {
    double us[EVENTS_MAX]; /* of processor time until all who may gain are woken */
    double attempts_us;    /* of all their attempts */
    uint64_t tried;        /* pods taken off the queue */
};

/* One event after the other, each on another node. */
static void run_events(struct wake_load *load, uint32_t events, struct wake_figures *ret_figures)
{
    struct sched *sched = load->core.sched;
    uint64_t before = sched_stats(sched).attempts;
    for (uint32_t i = 0; i < events; i++) {
        int64_t start_ns = report_cpu_ns();
        wake_load_free_room(load, i);
        int64_t woken_ns = report_cpu_ns();
        while (sched_pass(sched, PASS_PODS))
            ;
        ret_figures->us[i] = (double)(woken_ns - start_ns) / 1e3;
        ret_figures->attempts_us += (double)(report_cpu_ns() - woken_ns) / 1e3;
    }
    ret_figures->tried = sched_stats(sched).attempts - before;
}

static int run_command(const struct wake_sizes *sizes, uint32_t events, const char *json)
{
    struct wake_load load;
    wake_load_init(&load, sizes);
    struct wake_figures figures = {0};
    run_events(&load, events, &figures);
    uint64_t binds = load.core.binds;
    wake_load_fini(&load);
    if (binds != (sizes->fitting > 0 ? events : 0)) {
        (void)fprintf(stderr, "spillway-bench wake: %u events, %llu binds: not one each\n", events,
                      (unsigned long long)binds);
        return 1;
    }
    /* Each event's room is taken by one pod, so that there is one less before the next. */
    double could_fit = (double)sizes->fitting * sizes->pods / sizes->shapes - (events - 1) / 2.0;
    struct report report;
    report_init(&report, "wake: all nodes full, pods parked, one pod ends");
    report_add(&report, "wake.parked_pods", sizes->pods, "pods");
    report_add(&report, "wake.shapes", sizes->shapes, "shapes");
    report_add(&report, "wake.us_per_event", report_median(figures.us, events),
               "us of processor time, median of events");
    report_add(&report, "wake.could_fit_per_event", could_fit, "pods that the room would do for");
    report_add(&report, "wake.woken_per_event", (double)figures.tried / events, "pods tried again");
    report_add(&report, "wake.attempts_us_per_event", figures.attempts_us / events,
               "us, all their attempts");
    return report_finish(&report, json);
}

int cmd_wake(int argc, char **argv)
{
    struct wake_sizes sizes = {.nodes = 1000, .pods = 100000, .shapes = 1000, .fitting = 10};
    uint32_t events = 200;
    const char *json = NULL;
    const struct flag flags[] = {
        {"nodes", FLAG_COUNT, &sizes.nodes, 1, 100000, "N", "nodes of 32 cores, all full"},
        {"pods", FLAG_COUNT, &sizes.pods, 1, 10000000, "N", "pods that wait"},
        {"shapes", FLAG_COUNT, &sizes.shapes, 1, 100000, "N", "shapes of them"},
        {"fitting", FLAG_COUNT, &sizes.fitting, 0, WAKE_FITTING_MAX, "N",
         "shapes that fit where a pod ended"},
        {"events", FLAG_COUNT, &events, 1, EVENTS_MAX, "N", "pods that end, one after another"},
        {"json", FLAG_TEXT, &json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    enum flags_result parsed =
        flags_parse(flags, ARRAY_LEN(flags), "what one event costs among parked pods", argc, argv);
    if (parsed != FLAGS_OK)
        return parsed == FLAGS_HELP ? 0 : 2;
    if (events > sizes.nodes || sizes.fitting > sizes.shapes || sizes.shapes > sizes.pods ||
        (sizes.fitting > 0 && events > sizes.pods / sizes.shapes * sizes.fitting)) {
        (void)fprintf(stderr,
                      "spillway-bench wake: at most --nodes events and as many as pods fit, at "
                      "most --shapes fitting, at least a pod a shape\n");
        return 2;
    }
    return run_command(&sizes, events, json);
}
