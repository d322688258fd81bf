/* The invariants of the edge that are checked in releases too (reliability 5.2): each is broken on
 * purpose, in structs made by hand, since no answer of a server can bring these states about. */
#include <criterion/criterion.h>
#include <signal.h>

#include "watch/reflector_private.h"
#include "watch/writer_private.h"

Test(watch_invariants, i04_a_binding_without_a_uid_is_a_bug, .signal = SIGABRT)
{
    struct writer writer = {0};
    const struct bind_request request = {.pod = {.name = STR("p")}};
    writer_bind(&writer, &request);
}

Test(watch_invariants, i15_a_version_that_no_answer_of_this_stream_brought_is_a_bug,
     .signal = SIGABRT)
{
    struct reflector reflector = {.phase = REFLECTOR_PAGING};
    reflector_list_done(&reflector, STR("7"));
}

/* A class of five waiting and two in flight at most: seven is full, eight cannot be. */
static struct write_class class_with(uint32_t waiting, uint32_t in_flight)
{
    return (struct write_class){.options = {.window = 2, .queue_max = 5},
                                .window = {.size = 2},
                                .waiting = waiting,
                                .in_flight = in_flight};
}

Test(watch_invariants, i22_a_queue_over_its_limit_is_a_bug, .signal = SIGABRT)
{
    struct write_class class = class_with(4, 3 + WRITE_LATE_MAX);
    struct write write = {.class = &class};
    write_class_put(&class, &write);
}

Test(watch_invariants, i22_more_in_flight_than_the_window_is_a_bug, .signal = SIGABRT)
{
    struct write_class class = class_with(0, 2);
    class.window.size = 3; /* it never grows past options.window */
    struct write write = {.class = &class};
    write_class_put(&class, &write);
}
