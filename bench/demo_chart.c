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
    int decimals; /* of the value's ticks */
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

/* Grid, ticks and what the left axis shows. */
static void draw_frame(struct buf *svg, const struct panel *panel, const char *axis)
{
    char text[64];
    svg_text_up(svg, 24, (panel->top + panel->bottom) / 2, "label", axis);
    for (double value = 0; value <= panel->most + panel->step / 2; value += panel->step) {
        double y = y_of(panel, value);
        svg_line(svg, (struct svg_point){LEFT, y}, (struct svg_point){RIGHT, y}, "grid");
        (void)snprintf(text, sizeof(text), "%.*f", panel->decimals, value);
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

/* Bands from below: of each unit the pods that run, then those that start; last those that wait. */
enum { BAND_WAITING = 2 * DEMO_KIND_COUNT, BAND_COUNT };

static uint32_t band_pods(const struct demo_sample *sample, unsigned band)
{
    if (band == BAND_WAITING)
        return sample->waiting;
    const struct demo_kind_sample *kind = &sample->kinds[band / 2];
    return band % 2 == 0 ? kind->running : kind->pods - kind->running;
}

static uint32_t all_pods(const struct demo_sample *sample)
{
    uint32_t pods = 0;
    for (unsigned band = 0; band < BAND_COUNT; band++)
        pods += band_pods(sample, band);
    return pods;
}

static uint32_t most_pods(const struct demo_sample *samples, uint32_t count)
{
    uint32_t most = 1;
    for (uint32_t i = 0; i < count; i++)
        most = all_pods(&samples[i]) > most ? all_pods(&samples[i]) : most;
    return most;
}

static const char waiting_colour[] = "#c94f4f";

static const char *band_colour(unsigned band)
{
    if (band == BAND_WAITING)
        return waiting_colour;
    const struct demo_kind_row *row = demo_kind_get((enum demo_kind)(band / 2));
    return band % 2 == 0 ? row->colour : row->pale;
}

static void draw_names(struct buf *svg, const struct panel *panel,
                       const struct demo_sample *samples, uint32_t count)
{
    char text[64];
    for (unsigned kind = 0; kind <= DEMO_KIND_COUNT; kind++) {
        bool is_waiting = kind == DEMO_KIND_COUNT;
        uint32_t most = 0;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t own = is_waiting ? samples[i].waiting : samples[i].kinds[kind].pods;
            most = own > most ? own : most;
        }
        (void)snprintf(text, sizeof(text), "peak %u", most);
        draw_legend(svg, panel->bottom - 6 - 42.0 * kind - 16, band_colour(2 * kind),
                    is_waiting ? "waiting" : demo_kind_get((enum demo_kind)kind)->title, text);
    }
}

static void draw_pods(struct buf *svg, const struct panel *panel, const struct demo_sample *samples,
                      uint32_t count, struct svg_point *points)
{
    struct svg_point *bottom = points + count;
    for (uint32_t i = 0; i < count; i++)
        bottom[i] = (struct svg_point){x_of(panel, seconds_of(&samples[i])), y_of(panel, 0)};
    for (unsigned band = 0; band < BAND_COUNT; band++) {
        uint32_t below = 0;
        for (uint32_t i = 0; i < count; i++, below = 0) {
            for (unsigned lower = 0; lower < band; lower++)
                below += band_pods(&samples[i], lower);
            points[i] =
                (struct svg_point){bottom[i].x, y_of(panel, below + band_pods(&samples[i], band))};
        }
        svg_band(svg, points, bottom, count, band_colour(band));
        for (uint32_t i = 0; i < count; i++)
            bottom[i] = points[i];
    }
    draw_names(svg, panel, samples, count);
}

/* When the phases began, on two levels above the pods. */
static void draw_marks(struct buf *svg, const struct panel *panel, const struct demo_plan *plan)
{
    for (unsigned phase = 0; phase <= (unsigned)plan->phase; phase++) {
        double x = x_of(panel, (double)plan->began_ms[phase] / 1000);
        double y = panel->top - 30 + 15 * (phase % 2);
        svg_line(svg, (struct svg_point){x, y - 9}, (struct svg_point){x, panel->bottom},
                 "markline");
        svg_text(svg, x + 4, y, "mark", demo_phase_title((enum demo_phase)phase));
    }
}

/* ---- cost ---- */

static double cost_of(const struct demo_sample *sample)
{
    return (double)sample->cost_micros_per_minute / 1e6;
}

static double most_cost(const struct demo_sample *samples, uint32_t count)
{
    double most = 0;
    for (uint32_t i = 0; i < count; i++)
        most = cost_of(&samples[i]) > most ? cost_of(&samples[i]) : most;
    return most;
}

static void draw_cost(struct buf *svg, const struct panel *panel, const struct demo_sample *samples,
                      uint32_t count, struct svg_point *points)
{
    static const char colour[] = "#7a5fb0";
    char text[64];
    for (uint32_t i = 0; i < count; i++)
        points[i] = (struct svg_point){x_of(panel, seconds_of(&samples[i])),
                                       y_of(panel, cost_of(&samples[i]))};
    svg_polyline(svg, points, count, colour, "series");
    (void)snprintf(text, sizeof(text), "peak %.4f", most_cost(samples, count));
    draw_legend(svg, panel->top + 14, colour, "all nodes", text);
}

int demo_chart_write(const struct demo_sample *samples, uint32_t count,
                     const struct demo_plan *plan, const char *path, struct err *err)
{
    if (count < 2 || count > POINTS_MAX)
        return err_set(err, EINVAL, "%s: %u moments cannot be drawn", path, count);
    struct buf svg;
    char text[128];
    const struct demo_sample *last = &samples[count - 1];
    struct panel pods = {.top = 142, .bottom = 400, .seconds = seconds_of(last), .second_step = 5};
    struct panel cost = {.top = 476, .bottom = 622, .second_step = 5, .decimals = 2};
    struct svg_point *points = mem_zalloc(2 * (size_t)count, sizeof(*points));
    pods.most = svg_axis(most_pods(samples, count), &pods.step);
    cost.seconds = pods.seconds;
    cost.most = svg_axis(most_cost(samples, count), &cost.step);
    buf_init(&svg, SVG_BYTES);
    svg_begin(&svg, WIDTH, HEIGHT, "spillway demo", style);
    svg_text(&svg, LEFT, 36, "title", "spillway: where the pods went");
    (void)snprintf(text, sizeof(text), "%u pods created and %u bound within %.0f seconds",
                   last->created, last->bound_ever, seconds_of(last));
    svg_text(&svg, LEFT, 58, "sub", text);
    svg_text(&svg, LEFT, 92, "panel",
             "Pods by unit of the policy (pale: starting), and pods waiting");
    draw_frame(&svg, &pods, "pods");
    draw_pods(&svg, &pods, samples, count, points);
    draw_marks(&svg, &pods, plan);
    svg_text(&svg, LEFT, 458, "panel",
             "Cost a minute: machines as long as they are there, the virtual node by its pods");
    draw_frame(&svg, &cost, "cost a minute");
    draw_cost(&svg, &cost, samples, count, points);
    svg_text(&svg, (LEFT + RIGHT) / 2.0, 668, "caption", "time since the start");
    svg_end(&svg);
    int rc = svg_write(&svg, path, err);
    buf_fini(&svg);
    free(points);
    return rc;
}
