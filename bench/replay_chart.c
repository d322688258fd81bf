#include "bench/replay_chart.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/svg.h"
#include "model/base/mem.h"

enum {
    WIDTH = 960,
    HEIGHT = 684,
    LEFT = 92,
    RIGHT = 790, /* right of it are the names */
    SVG_BYTES = 8 << 20,
    MS_PER_HOUR = 3600 * 1000,
};

/* Of units in the order they are met, then of pods that wait. */
static const char *const colours[] = {"#3b6fb6", "#e0a030", "#4f9d7f", "#7a5fb0",
                                      "#b65c8c", "#5aa7c7", "#8a8a3a", "#777777"};
static const char waiting_colour[] = "#c94f4f";
_Static_assert(ARRAY_LEN(colours) >= PLAY_UNITS_MAX, "a colour a unit");

static const char style[] =
    "text{font-family:system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:#333}"
    ".title{font-size:20px;font-weight:600}.sub{font-size:13px;fill:#666}"
    ".panel{font-size:14px;font-weight:600}.label{font-size:13px;fill:#444}"
    ".right{font-size:12px;fill:#555;text-anchor:end}"
    ".middle{font-size:12px;fill:#555;text-anchor:middle}.name{font-size:13px}"
    ".caption{font-size:13px;fill:#444;text-anchor:middle}.value{font-size:12px;fill:#666}"
    ".grid{stroke:#e6e6e6;stroke-width:1}.axis{stroke:#999;stroke-width:1}";

struct panel {
    const struct play_meter *meter;
    double top, bottom; /* of the page */
    double most, step;  /* of the value */
    double hours, hour_step;
    uint32_t bands;
    double (*value)(const struct play_sample *sample, uint32_t band);
};

static double pods_of(const struct play_sample *sample, uint32_t band)
{
    return sample->pods[band];
}

static double cost_of(const struct play_sample *sample, uint32_t band)
{
    return (double)sample->rate_micro_per_hour[band] / 1e6;
}

/* The last band of the pods: those that wait. */
static double band_value(const struct panel *panel, const struct play_sample *sample, uint32_t band)
{
    return band < panel->meter->unit_count ? panel->value(sample, band) : sample->waiting;
}

static const char *band_colour(const struct panel *panel, uint32_t band)
{
    return band < panel->meter->unit_count ? colours[band] : waiting_colour;
}

static double x_of(const struct panel *panel, const struct play_sample *sample)
{
    return LEFT + (RIGHT - LEFT) * ((double)sample->at_ms / MS_PER_HOUR) / panel->hours;
}

static double y_of(const struct panel *panel, double value)
{
    return panel->bottom - (panel->bottom - panel->top) * value / panel->most;
}

static void set_scale(struct panel *panel)
{
    double most = 0;
    for (uint32_t i = 0; i < panel->meter->sample_count; i++) {
        double sum = 0;
        for (uint32_t band = 0; band < panel->bands; band++)
            sum += band_value(panel, &panel->meter->samples[i], band);
        most = sum > most ? sum : most;
    }
    panel->most = svg_axis(most > 0 ? most : 1, &panel->step);
}

static void draw_frame(struct buf *svg, const struct panel *panel, const char *axis)
{
    char text[64];
    svg_text_up(svg, 20, (panel->top + panel->bottom) / 2, "label", axis);
    for (double value = 0; value <= panel->most + panel->step / 2; value += panel->step) {
        double y = y_of(panel, value);
        svg_line(svg, (struct svg_point){LEFT, y}, (struct svg_point){RIGHT, y}, "grid");
        (void)snprintf(text, sizeof(text), "%g", value);
        svg_text(svg, LEFT - 8, y + 4, "right", text);
    }
    for (double hour = 0; hour <= panel->hours + 0.001; hour += panel->hour_step) {
        double x = LEFT + (RIGHT - LEFT) * hour / panel->hours;
        (void)snprintf(text, sizeof(text), "%g h", hour);
        svg_line(svg, (struct svg_point){x, panel->bottom},
                 (struct svg_point){x, panel->bottom + 5}, "axis");
        svg_text(svg, x, panel->bottom + 20, "middle", text);
    }
    svg_line(svg, (struct svg_point){LEFT, panel->bottom}, (struct svg_point){RIGHT, panel->bottom},
             "axis");
}

static void draw_name(struct buf *svg, const struct panel *panel, uint32_t band)
{
    char text[64];
    const struct play_meter *meter = panel->meter;
    double most = 0, y = panel->bottom - 16 - 36.0 * band;
    for (uint32_t i = 0; i < meter->sample_count; i++) {
        double value = band_value(panel, &meter->samples[i], band);
        most = value > most ? value : most;
    }
    const char *name = "waiting";
    if (band < meter->unit_count)
        name = meter->units[band].name_sym == SYM_EMPTY
                   ? "nodes"
                   : symbol_text(meter->workload->symbols, meter->units[band].name_sym);
    svg_rect(svg, (struct svg_point){RIGHT + 18, y - 11}, 12, 12, band_colour(panel, band));
    svg_text(svg, RIGHT + 38, y, "name", name);
    (void)snprintf(text, sizeof(text), "peak %.6g", most);
    svg_text(svg, RIGHT + 38, y + 15, "value", text);
}

/* Bands one on the other. */
static void draw_bands(struct buf *svg, const struct panel *panel)
{
    const struct play_meter *meter = panel->meter;
    uint32_t count = meter->sample_count;
    struct svg_point *points = mem_zalloc(2 * (size_t)count, sizeof(*points));
    struct svg_point *bottom = points + count;
    for (uint32_t i = 0; i < count; i++)
        bottom[i] = (struct svg_point){x_of(panel, &meter->samples[i]), panel->bottom};
    for (uint32_t band = 0; band < panel->bands; band++) {
        for (uint32_t i = 0; i < count; i++) {
            double height =
                panel->bottom - y_of(panel, band_value(panel, &meter->samples[i], band));
            points[i] = (struct svg_point){bottom[i].x, bottom[i].y - height};
        }
        svg_band(svg, points, bottom, count, band_colour(panel, band));
        for (uint32_t i = 0; i < count; i++)
            bottom[i] = points[i];
        draw_name(svg, panel, band);
    }
    free(points);
}

int replay_chart_write(const struct play_result *result, const char *path, struct err *err)
{
    const struct play_meter *meter = &result->meter;
    if (meter->sample_count < 2)
        return err_set(err, EINVAL, "%s: %" PRIu32 " moments cannot be drawn", path,
                       meter->sample_count);
    struct buf svg;
    char text[160];
    struct panel panel = {.meter = meter,
                          .top = 112,
                          .bottom = 380,
                          .bands = meter->unit_count + 1,
                          .value = pods_of};
    panel.hours = svg_axis((double)meter->samples[meter->sample_count - 1].at_ms / MS_PER_HOUR,
                           &panel.hour_step);
    set_scale(&panel);
    buf_init(&svg, SVG_BYTES);
    svg_begin(&svg, WIDTH, HEIGHT, "spillway replay", style);
    svg_text(&svg, LEFT, 36, "title", "spillway: where the pods went");
    (void)snprintf(text, sizeof(text),
                   "%" PRIu64 " pods created, %" PRIu64 " bound, %" PRIu64 " waiting at the end%s",
                   result->created, result->bound, result->waiting,
                   result->is_partial ? "; ended early" : "");
    svg_text(&svg, LEFT, 58, "sub", text);
    svg_text(&svg, LEFT, 92, "panel", "Pods by unit, and pods waiting");
    draw_frame(&svg, &panel, "pods");
    draw_bands(&svg, &panel);
    panel.top = 456;
    panel.bottom = 622;
    panel.bands = meter->unit_count;
    panel.value = cost_of;
    set_scale(&panel);
    svg_text(&svg, LEFT, 438, "panel", "Cost an hour, by the price table");
    draw_frame(&svg, &panel, "cost an hour");
    draw_bands(&svg, &panel);
    svg_text(&svg, (LEFT + RIGHT) / 2.0, 668, "caption", "the workload's time since the start");
    svg_end(&svg);
    int rc = svg_write(&svg, path, err);
    buf_fini(&svg);
    return rc;
}
