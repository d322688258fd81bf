/* Writing SVG: shapes with classes, numbers with one decimal, texts escaped. */
#ifndef BENCH_SVG_H
#define BENCH_SVG_H

#include "model/base/buf.h"
#include "model/base/err.h"

struct svg_point {
    double x, y;
};

/* Opens the document, white, `width` by `height` units, with a style sheet; ends it. */
void svg_begin(struct buf *svg, int width, int height, const char *title, const char *style);
void svg_end(struct buf *svg);

/* A text at its baseline. `class` is a class of the style sheet. */
void svg_text(struct buf *svg, double x, double y, const char *class, const char *text);
/* The same, turned to be read upwards, its middle at the point. */
void svg_text_up(struct buf *svg, double x, double y, const char *class, const char *text);
void svg_line(struct buf *svg, struct svg_point from, struct svg_point to, const char *class);
void svg_rect(struct buf *svg, struct svg_point corner, double width, double height,
              const char *fill);

/* A line through `count` points. */
void svg_polyline(struct buf *svg, const struct svg_point *points, size_t count, const char *colour,
                  const char *class);

/* A filled band between two lines of `count` points each with the same x. */
void svg_band(struct buf *svg, const struct svg_point *top, const struct svg_point *bottom,
              size_t count, const char *fill);

/* The end of an axis that shows `most`: the next of 1, 2, 2.5, 5 times a power of ten times
 * `*ret_step`; four to eight steps. */
double svg_axis(double most, double *ret_step);

/* Writes the text to a file. */
NODISCARD int svg_write(const struct buf *svg, const char *path, struct err *err);

#endif
