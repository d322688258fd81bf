#include "bench/svg.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_escaped(struct buf *svg, const char *text)
{
    for (; *text; text++) {
        if (*text == '<')
            (void)buf_add_str(svg, "&lt;");
        else if (*text == '&')
            (void)buf_add_str(svg, "&amp;");
        else if (*text == '>')
            (void)buf_add_str(svg, "&gt;");
        else
            (void)buf_add(svg, text, 1);
    }
}

void svg_begin(struct buf *svg, int width, int height, const char *title, const char *style)
{
    (void)buf_printf(svg,
                     "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                     "width=\"%d\" height=\"%d\" role=\"img\">\n<title>",
                     width, height, width, height);
    add_escaped(svg, title);
    (void)buf_printf(svg,
                     "</title>\n<style>%s</style>\n<rect width=\"%d\" height=\"%d\" "
                     "fill=\"#ffffff\"/>\n",
                     style, width, height);
}

void svg_end(struct buf *svg)
{
    (void)buf_add_str(svg, "</svg>\n");
}

void svg_text(struct buf *svg, double x, double y, const char *class, const char *text)
{
    (void)buf_printf(svg, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
    add_escaped(svg, text);
    (void)buf_add_str(svg, "</text>\n");
}

void svg_text_up(struct buf *svg, double x, double y, const char *class, const char *text)
{
    (void)buf_printf(svg,
                     "<text transform=\"translate(%.1f %.1f) rotate(-90)\" text-anchor=\"middle\" "
                     "class=\"%s\">",
                     x, y, class);
    add_escaped(svg, text);
    (void)buf_add_str(svg, "</text>\n");
}

void svg_line(struct buf *svg, struct svg_point from, struct svg_point to, const char *class)
{
    (void)buf_printf(svg, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n",
                     from.x, from.y, to.x, to.y, class);
}

void svg_rect(struct buf *svg, struct svg_point corner, double width, double height,
              const char *fill)
{
    (void)buf_printf(svg,
                     "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\" "
                     "fill=\"%s\"/>\n",
                     corner.x, corner.y, width, height, fill);
}

static void add_points(struct buf *svg, const struct svg_point *points, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)buf_printf(svg, "%.1f,%.1f ", points[i].x, points[i].y);
}

void svg_polyline(struct buf *svg, const struct svg_point *points, size_t count, const char *colour,
                  const char *class)
{
    (void)buf_printf(svg, "<polyline class=\"%s\" stroke=\"%s\" points=\"", class, colour);
    add_points(svg, points, count);
    (void)buf_add_str(svg, "\"/>\n");
}

void svg_band(struct buf *svg, const struct svg_point *top, const struct svg_point *bottom,
              size_t count, const char *fill)
{
    (void)buf_printf(svg, "<polygon fill=\"%s\" points=\"", fill);
    add_points(svg, top, count);
    for (size_t i = count; i > 0; i--)
        add_points(svg, &bottom[i - 1], 1);
    (void)buf_add_str(svg, "\"/>\n");
}

double svg_axis(double most, double *ret_step)
{
    static const double steps[] = {1, 2, 2.5, 5, 10};
    enum { STEPS_WANTED = 7 };
    double raw = (most > 0 ? most : 1) / STEPS_WANTED;
    double power = pow(10, floor(log10(raw)));
    size_t i = 0;
    while (i + 1 < sizeof(steps) / sizeof(steps[0]) && steps[i] * power < raw)
        i++;
    *ret_step = steps[i] * power;
    return ceil((most > 0 ? most : 1) / *ret_step) * *ret_step;
}

int svg_write(const struct buf *svg, const char *path, struct err *err)
{
    if (buf_overflowed(svg))
        return err_set(err, EFBIG, "%s: the drawing is too big", path);
    FILE *file = fopen(path, "we");
    if (!file)
        return err_set(err, errno, "cannot write %s: %s", path, strerror(errno));
    bool written = fwrite(svg->data, 1, svg->len, file) == svg->len;
    if (fclose(file) != 0 || !written)
        return err_set(err, errno ? errno : EIO, "cannot write %s: %s", path, strerror(errno));
    return 0;
}
