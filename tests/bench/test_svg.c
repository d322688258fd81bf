#include "bench/svg.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(svg, texts_are_escaped)
{
    struct buf svg;
    buf_init(&svg, 4096);
    svg_begin(&svg, 100, 50, "a<b", "");
    svg_text(&svg, 1, 2, "c", "x < y & z > w");
    svg_end(&svg);
    cr_assert(strstr(svg.data, "<title>a&lt;b</title>"));
    cr_assert(strstr(svg.data, ">x &lt; y &amp; z &gt; w</text>"));
    cr_assert(strstr(svg.data, "viewBox=\"0 0 100 50\""));
    cr_assert_str_eq(svg.data + svg.len - 7, "</svg>\n");
    buf_fini(&svg);
}

Test(svg, a_band_runs_along_the_top_and_back_along_the_bottom)
{
    const struct svg_point top[] = {{0, 1}, {2, 3}}, bottom[] = {{0, 9}, {2, 8}};
    struct buf svg;
    buf_init(&svg, 4096);
    svg_band(&svg, top, bottom, 2, "#fff");
    cr_assert(strstr(svg.data, "points=\"0.0,1.0 2.0,3.0 2.0,8.0 0.0,9.0 \""), "%s", svg.data);
    buf_fini(&svg);
}

Test(svg, an_axis_ends_at_or_above_the_value_in_round_steps)
{
    static const struct {
        double most, end, step;
    } rows[] = {{3063, 3500, 500}, {100, 100, 20}, {0, 1, 0.2}, {7, 7, 1}, {12, 12, 2}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double step;
        double end = svg_axis(rows[i].most, &step);
        cr_expect_float_eq(end, rows[i].end, 1e-9, "%g: end %g", rows[i].most, end);
        cr_expect_float_eq(step, rows[i].step, 1e-9, "%g: step %g", rows[i].most, step);
    }
}

Test(svg, a_file_that_cannot_be_written_is_named)
{
    struct buf svg;
    struct err err = {0};
    buf_init(&svg, 4096);
    svg_begin(&svg, 1, 1, "t", "");
    cr_assert_eq(svg_write(&svg, "/nonexistent/a.svg", &err), -ENOENT);
    cr_assert(strstr(err.text, "/nonexistent/a.svg"));
    buf_fini(&svg);
}

Test(svg, a_drawing_beyond_its_limit_is_an_error_not_half_a_file)
{
    struct buf svg;
    struct err err = {0};
    buf_init(&svg, 64);
    svg_begin(&svg, 1, 1, "t", "");
    cr_assert_eq(svg_write(&svg, "/nonexistent/a.svg", &err), -EFBIG);
    buf_fini(&svg);
}
