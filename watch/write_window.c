#include "watch/write_window.h"

#include "model/base/check.h"

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void write_window_init(struct write_window *window, uint32_t max)
{
    CHECK(max > 0);
    *window = (struct write_window){
        .size = min_u32(WRITE_WINDOW_START, max), .max = max, .threshold = max};
}

static void shrink(struct write_window *window, struct mono_ms now, uint32_t min)
{
    uint32_t half = window->size / 2;
    window->size = half > min ? half : min_u32(min, window->size);
    window->threshold = window->size;
    window->answered = 0;
    window->shrunk_at = now;
    window->has_shrunk = true;
}

static void grow(struct write_window *window)
{
    if (window->size >= window->max)
        return;
    uint32_t step = window->size > WRITE_WINDOW_STEP_MIN ? window->size : WRITE_WINDOW_STEP_MIN;
    if (window->size >= window->threshold && ++window->answered < step)
        return;
    window->answered = 0;
    window->size++;
}

void write_window_answered(struct write_window *window, const struct write_answer *answer)
{
    bool is_slow = mono_since(answer->now, answer->sent_at) >= WRITE_WINDOW_SLOW_MS;
    if (!answer->is_overload && !is_slow) {
        if (answer->was_used)
            grow(window);
        return;
    }
    /* What left before the last halving, or in its millisecond, says nothing about the window that
     * is. */
    if (!window->has_shrunk || mono_before(window->shrunk_at, answer->sent_at))
        shrink(window, answer->now, answer->is_throttled ? 1 : WRITE_WINDOW_MIN);
}
