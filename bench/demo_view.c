#include "bench/demo_view.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/controller_read.h"
#include "bench/json_scan.h"

enum { BAR_CELLS = 24, BLOCK_EVERY_MS = 200, LINE_EVERY_MS = 1000, REASONS_MAX_SHOWN = 16 };

void demo_view_init(struct demo_view *view, FILE *out)
{
    const char *term = getenv("TERM");
    *view = (struct demo_view){.out = out};
    view->is_terminal = isatty(fileno(out)) && term && strcmp(term, "dumb") != 0;
}

static void show_bar(const struct demo_view *view, double percent)
{
    int full = (int)(percent * BAR_CELLS / 100 + 0.5);
    for (int i = 0; i < BAR_CELLS; i++)
        (void)fputs(i < full ? "█" : "░", view->out);
}

static void show_block(struct demo_view *view, const struct demo_sample *sample)
{
    if (view->lines > 0)
        (void)fprintf(view->out, "\033[%dA", view->lines);
    (void)fprintf(view->out,
                  "\033[K  %5.1f s   pods created %5u   bound %5u   waiting %5u   ending %5u   "
                  "%.4f a minute\n",
                  (double)sample->at_ms / 1000, sample->created, sample->bound, sample->waiting,
                  sample->deleting, (double)sample->cost_micros_per_minute / 1e6);
    for (unsigned i = 0; i < DEMO_KIND_COUNT; i++) {
        const struct demo_kind_sample *kind = &sample->kinds[i];
        (void)fprintf(view->out, "\033[K  %-14s ", demo_kind_get((enum demo_kind)i)->title);
        show_bar(view, demo_percent(kind->pods, demo_plan_most_pods()));
        (void)fprintf(view->out, "  %5u pods, %3u starting, on %2u nodes\n", kind->pods,
                      kind->pods - kind->running, kind->nodes);
    }
    view->lines = DEMO_KIND_COUNT + 1;
}

static void show_line(const struct demo_view *view, const struct demo_sample *sample)
{
    (void)fprintf(view->out, "%4.0f s  created %5u  bound %5u  waiting %4u ",
                  (double)sample->at_ms / 1000, sample->created, sample->bound, sample->waiting);
    for (unsigned i = 0; i < DEMO_KIND_COUNT; i++)
        (void)fprintf(view->out, "  %s %u", demo_kind_get((enum demo_kind)i)->label,
                      sample->kinds[i].pods);
    (void)fprintf(view->out, "  %.4f a minute\n", (double)sample->cost_micros_per_minute / 1e6);
}

void demo_view_show(struct demo_view *view, const struct demo_sample *sample)
{
    if (sample->at_ms < view->next_ms)
        return;
    int64_t every_ms = view->is_terminal ? BLOCK_EVERY_MS : LINE_EVERY_MS;
    view->next_ms = (sample->at_ms / every_ms + 1) * every_ms;
    if (view->is_terminal)
        show_block(view, sample);
    else
        show_line(view, sample);
    (void)fflush(view->out);
}

void demo_view_end(struct demo_view *view)
{
    view->lines = 0;
}

/* ---- the summary ---- */

struct reason_row {
    struct str raw; /* lent by the store's pods */
    const char *app;
    size_t app_len;
    unsigned pods;
};

/* Waiting pods by what they wait with. Returns the number of rows. */
static size_t collect_reasons(struct store *store, struct reason_row rows[REASONS_MAX_SHOWN])
{
    struct store_list pods = store_list(store, KIND_POD, STR(""));
    size_t count = 0;
    for (size_t i = 0; i < pods.count; i++) {
        struct condition_view condition = {0};
        struct str app = STR("");
        if (pods.objects[i]->node_name)
            continue;
        (void)object_condition(pods.objects[i], "PodScheduled", &condition);
        (void)object_label(pods.objects[i], STR("app"), &app);
        size_t at = 0;
        while (at < count && (!str_equal(rows[at].raw, condition.message_raw) ||
                              !str_equal((struct str){rows[at].app, rows[at].app_len}, app)))
            at++;
        if (at == REASONS_MAX_SHOWN)
            continue;
        if (at == count)
            rows[count++] = (struct reason_row){condition.message_raw, app.ptr, app.len, 0};
        rows[at].pods++;
    }
    return count;
}

/* The room of a virtual node is nominal: no share of it is shown, and it is not in the total. */
static void show_kinds(const struct demo_view *view, const struct demo_sample *sample)
{
    struct demo_kind_sample total = {0};
    (void)fprintf(view->out, "\n  %-15s %7s %7s %7s %9s\n", "", "nodes", "pods", "cpu", "memory");
    for (unsigned i = 0; i <= DEMO_KIND_COUNT; i++) {
        const struct demo_kind_row *row =
            i < DEMO_KIND_COUNT ? demo_kind_get((enum demo_kind)i) : NULL;
        const struct demo_kind_sample *kind = row ? &sample->kinds[i] : &total;
        (void)fprintf(view->out, "  %-15s %7u %7u", row ? row->title : "all", kind->nodes,
                      kind->pods);
        total.nodes += kind->nodes;
        total.pods += kind->pods;
        if (row && row->cpu == 0) {
            (void)fprintf(view->out, " %7s %9s\n", "-", "-");
            continue;
        }
        (void)fprintf(view->out, " %6.0f%% %8.0f%%\n",
                      demo_percent(kind->cpu_used, kind->cpu_offered),
                      demo_percent(kind->memory_used, kind->memory_offered));
        total.cpu_used += kind->cpu_used;
        total.cpu_offered += kind->cpu_offered;
        total.memory_used += kind->memory_used;
        total.memory_offered += kind->memory_offered;
    }
}

void demo_view_summary(const struct demo_view *view, struct store *store,
                       const struct verify *verify, const struct demo_sample *sample)
{
    struct reason_row rows[REASONS_MAX_SHOWN];
    size_t count = collect_reasons(store, rows);
    struct demo_latency latency = demo_latency_take(verify);
    show_kinds(view, sample);
    (void)fprintf(view->out, "\n  waiting: %u pods\n", sample->waiting);
    for (size_t i = 0; i < count; i++) {
        struct str text = rows[i].raw;
        if (text.len >= 2) /* the quotes; escapes stay as they are */
            text = json_inside(text);
        (void)fprintf(view->out, "  %5u  %.*s: " STR_FMT "\n", rows[i].pods, (int)rows[i].app_len,
                      rows[i].app ? rows[i].app : "", STR_ARG(text));
    }
    (void)fprintf(view->out,
                  "\n  created to bound, as the server saw it: p50 %lld ms, p99 %lld ms (%u pods)\n"
                  "  pods that had to wait for room: %u, the longest %.1f s\n"
                  "  binds: %u in the busiest second, %u in all\n",
                  (long long)latency.p50_ms, (long long)latency.p99_ms, latency.count,
                  latency.late_count, (double)latency.late_most_ms / 1000, latency.busiest_second,
                  sample->bound_ever);
}

void demo_view_units(const struct demo_view *view, const struct demo_units *units)
{
    (void)fprintf(view->out, "\n  %-22s %6s %6s", "settled when it", "at", "pods");
    for (unsigned kind = 0; kind < DEMO_KIND_COUNT; kind++)
        (void)fprintf(view->out, " %13s", demo_kind_get((enum demo_kind)kind)->title);
    (void)fprintf(view->out, " %14s\n", "cost a minute");
    for (unsigned phase = 0; phase < DEMO_PHASE_COUNT; phase++) {
        const struct demo_moment *moment = &units->moments[phase];
        if (!moment->is_known)
            continue;
        (void)fprintf(view->out, "  %-22s %4.0f s %6u", demo_phase_title((enum demo_phase)phase),
                      (double)moment->at_ms / 1000, moment->pods);
        for (unsigned kind = 0; kind < DEMO_KIND_COUNT; kind++)
            (void)fprintf(view->out, " %13u", moment->units[kind]);
        (void)fprintf(view->out, " %14.4f\n", (double)moment->cost_micros_per_minute / 1e6);
    }
}

void demo_view_claims(const struct demo_view *view, const struct verify_claim *claims,
                      uint32_t count)
{
    (void)fputs("\n", view->out);
    for (uint32_t i = 0; i < count; i++)
        (void)fprintf(view->out, "  %s  %s: %s\n", claims[i].holds ? "PASS" : "FAIL",
                      claims[i].name, claims[i].text);
}
