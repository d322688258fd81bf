#include "bench/demo_chart.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/svg.h"
#include "model/base/mem.h"

enum {
    WIDTH = 960,
    HEIGHT = 684,
    LEFT = 76,
    RIGHT = 790, /* right of it are the names */
    POINTS_MAX = 1000,
    SVG_BYTES = 4 << 20,
};

/* One panel with its scales. */
struct panel {
    double top, bottom; /* of the page */
    double most, step;  /* of the value */
    double seconds, second_step;
};

static const char style[] =
    "text{font-family:system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:#333}"
    ".title{font-size:20px;font-weight:600}.sub{font-size:13px;fill:#666}"
    ".panel{font-size:14px;font-weight:600}.label{font-size:13px;fill:#444}"
    ".right{font-size:12px;fill:#555;text-anchor:end}"
    ".middle{font-size:12px;fill:#555;text-anchor:middle}.name{font-size:13px}"
    ".caption{font-size:13px;fill:#444;text-anchor:middle}"
    ".value{font-size:12px;fill:#666}"
    ".mark{font-size:11.5px;fill:#555}.markline{stroke:#555;stroke-width:1;stroke-dasharray:2 3}"
    ".grid{stroke:#e6e6e6;stroke-width:1}.axis{stroke:#999;stroke-width:1}"
    ".series{fill:none;stroke-width:2.2;stroke-linejoin:round}"
    ".dashed{fill:none;stroke-width:1.8;stroke-dasharray:5 3}";

static double x_of(const struct panel *panel, double second)
{
    return LEFT + (RIGHT - LEFT) * second / panel->seconds;
}

static double y_of(const struct panel *panel, double value)
{
    return panel->bottom - (panel->bottom - panel->top) * value / panel->most;
}

static double seconds_of(const struct demo_sample *sample)
{
    return (double)sample->at_ms / 1000;
}

/* Grid, ticks and what the left axis shows; `unit` behind the numbers of the left scale. */
static void draw_frame(struct buf *svg, const struct panel *panel, const char *axis,
                       const char *unit)
{
    char text[64];
    svg_text_up(svg, 24, (panel->top + panel->bottom) / 2, "label", axis);
    for (double value = 0; value <= panel->most + panel->step / 2; value += panel->step) {
        double y = y_of(panel, value);
        svg_line(svg, (struct svg_point){LEFT, y}, (struct svg_point){RIGHT, y}, "grid");
        (void)snprintf(text, sizeof(text), "%.0f%s", value, unit);
        svg_text(svg, LEFT - 8, y + 4, "right", text);
    }
    for (double second = 0; second <= panel->seconds + 0.01; second += panel->second_step) {
        double x = x_of(panel, second);
        (void)snprintf(text, sizeof(text), "%.0f s", second);
        svg_line(svg, (struct svg_point){x, panel->bottom},
                 (struct svg_point){x, panel->bottom + 5}, "axis");
        svg_text(svg, x, panel->bottom + 20, "middle", text);
    }
    svg_line(svg, (struct svg_point){LEFT, panel->bottom}, (struct svg_point){RIGHT, panel->bottom},
             "axis");
}

static void draw_legend(struct buf *svg, double y, const char *colour, const char *name,
                        const char *value)
{
    svg_rect(svg, (struct svg_point){RIGHT + 18, y - 11}, 12, 12, colour);
    svg_text(svg, RIGHT + 38, y, "name", name);
    svg_text(svg, RIGHT + 38, y + 16, "value", value);
}

/* ---- pods ---- */

static uint32_t pods_up_to(const struct demo_sample *sample, unsigned kinds)
{
    uint32_t pods = 0;
    for (unsigned i = 0; i < kinds; i++)
        pods += sample->kinds[i].pods;
    return pods;
}

static uint32_t most_pods(const struct demo_sample *samples, uint32_t count)
{
    uint32_t most = 1;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t pods = pods_up_to(&samples[i], DEMO_KIND_COUNT) + samples[i].waiting;
        most = pods > most ? pods : most;
    }
    return most;
}

static void draw_pods(struct buf *svg, const struct panel *panel, const struct demo_sample *samples,
                      uint32_t count, struct svg_point *points)
{
    static const char waiting_colour[] = "#c94f4f";
    struct svg_point *bottom = points + count;
    char text[64];
    for (uint32_t i = 0; i < count; i++)
        bottom[i] = (struct svg_point){x_of(panel, seconds_of(&samples[i])), y_of(panel, 0)};
    for (unsigned kind = 0; kind <= DEMO_KIND_COUNT; kind++) {
        bool is_waiting = kind == DEMO_KIND_COUNT;
        const struct demo_kind_row *row = is_waiting ? NULL : demo_kind_get((enum demo_kind)kind);
        uint32_t most = 0;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t own = is_waiting ? samples[i].waiting : samples[i].kinds[kind].pods;
            uint32_t below = pods_up_to(&samples[i], kind);
            points[i] = (struct svg_point){bottom[i].x, y_of(panel, below + own)};
            most = own > most ? own : most;
        }
        svg_band(svg, points, bottom, count, row ? row->colour : waiting_colour);
        for (uint32_t i = 0; i < count; i++)
            bottom[i] = points[i];
        (void)snprintf(text, sizeof(text), "peak %u", most);
        draw_legend(svg, panel->bottom - 6 - 42.0 * kind - 16, row ? row->colour : waiting_colour,
                    row ? row->title : "waiting", text);
    }
}

/* Words on what happened, on two levels above the pods. */
static void draw_marks(struct buf *svg, const struct panel *panel)
{
    const struct demo_mark *mark;
    for (uint32_t i = 0; (mark = demo_plan_mark(i)); i++) {
        double x = x_of(panel, (double)mark->at_ms / 1000), y = panel->top - 30 + 15 * (i % 2);
        if (x > RIGHT)
            return;
        svg_line(svg, (struct svg_point){x, y - 9}, (struct svg_point){x, panel->bottom},
                 "markline");
        svg_text(svg, x + 4, y, "mark", mark->text);
    }
}

/* ---- utilisation ---- */

static void draw_use(struct buf *svg, const struct panel *panel, const struct demo_sample *samples,
                     uint32_t count, struct svg_point *points)
{
    char text[64];
    for (unsigned kind = 0; kind < DEMO_KIND_COUNT; kind++) {
        const struct demo_kind_row *row = demo_kind_get((enum demo_kind)kind);
        uint32_t used = 0;
        double last = 0, most = 0;
        for (uint32_t i = 0; i < count; i++) {
            const struct demo_kind_sample *at = &samples[i].kinds[kind];
            if (at->cpu_offered == 0) /* no such node yet */
                continue;
            last = demo_percent(at->cpu_used, at->cpu_offered);
            most = last > most ? last : most;
            points[used++] =
                (struct svg_point){x_of(panel, seconds_of(&samples[i])), y_of(panel, last)};
        }
        svg_polyline(svg, points, used, row->colour, "series");
        (void)snprintf(text, sizeof(text), "peak %.0f%%, end %.0f%%", most, last);
        draw_legend(svg, panel->top + 14 + 42.0 * kind, row->colour, row->title, text);
    }
}

int demo_chart_write(const struct demo_sample *samples, uint32_t count, const char *path,
                     struct err *err)
{
    if (count < 2 || count > POINTS_MAX)
        return err_set(err, EINVAL, "%s: %u moments cannot be drawn", path, count);
    struct buf svg;
    char text[128];
    const struct demo_sample *last = &samples[count - 1];
    struct panel pods = {.top = 142, .bottom = 400, .seconds = seconds_of(last), .second_step = 5};
    struct panel use = {.top = 476, .bottom = 622, .most = 100, .step = 25};
    struct svg_point *points = mem_zalloc(2 * (size_t)count, sizeof(*points));
    pods.most = svg_axis(most_pods(samples, count), &pods.step);
    use.seconds = pods.seconds;
    use.second_step = pods.second_step;
    buf_init(&svg, SVG_BYTES);
    svg_begin(&svg, WIDTH, HEIGHT, "spillway demo", style);
    svg_text(&svg, LEFT, 36, "title", "spillway: where the pods went");
    (void)snprintf(text, sizeof(text), "%u pods created and %u bound within %.0f seconds",
                   last->created, last->bound_ever, seconds_of(last));
    svg_text(&svg, LEFT, 58, "sub", text);
    svg_text(&svg, LEFT, 92, "panel", "Pods by kind of node, and pods waiting");
    draw_frame(&svg, &pods, "pods", "");
    draw_pods(&svg, &pods, samples, count, points);
    draw_marks(&svg, &pods);
    svg_text(&svg, LEFT, 458, "panel", "CPU requested, of what the nodes of a kind offer");
    draw_frame(&svg, &use, "CPU requested", "%");
    draw_use(&svg, &use, samples, count, points);
    svg_text(&svg, (LEFT + RIGHT) / 2.0, 668, "caption", "time since the start");
    svg_end(&svg);
    int rc = svg_write(&svg, path, err);
    buf_fini(&svg);
    free(points);
    return rc;
}
