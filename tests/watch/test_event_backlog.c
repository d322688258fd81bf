#include "watch/event_backlog.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void push(struct event_backlog *backlog, uint64_t number)
{
    char name[32], note[64];
    int name_len = snprintf(name, sizeof(name), "web-%d", (int)number);
    int note_len = snprintf(note, sizeof(note), "assigned to node-%d", (int)number);
    const struct backlog_event event = {
        .request = {.pod = {.namespace_sym = 7,
                            .name = {name, (size_t)name_len},
                            .uid = {.lo = number}},
                    .resource_version = number % 2 ? STR("123") : STR(""),
                    .scheduler_name_sym = 9,
                    .reason = "Scheduled",
                    .action = "Binding",
                    .note = {note, (size_t)note_len}},
        .unix_us = 1000 + (int64_t)number,
        .name_ns = 2000 + (int64_t)number,
    };
    event_backlog_push(backlog, &event);
}

static void expect_first(const struct event_backlog *backlog, uint64_t number)
{
    struct backlog_event event;
    char name[32], note[64];
    (void)snprintf(name, sizeof(name), "web-%d", (int)number);
    (void)snprintf(note, sizeof(note), "assigned to node-%d", (int)number);
    cr_assert(event_backlog_first(backlog, &event));
    cr_expect(str_is(event.request.pod.name, name));
    cr_expect(str_is(event.request.note, note));
    cr_expect(str_is(event.request.resource_version, number % 2 ? "123" : ""));
    cr_expect(event.request.pod.uid.lo == number && event.request.pod.namespace_sym == 7);
    cr_expect(event.request.scheduler_name_sym == 9);
    cr_expect_str_eq(event.request.reason, "Scheduled");
    cr_expect_str_eq(event.request.action, "Binding");
    cr_expect(event.unix_us == 1000 + (int64_t)number && event.name_ns == 2000 + (int64_t)number);
}

Test(event_backlog, gives_back_what_was_put_in_its_order)
{
    struct event_backlog backlog = {0};
    struct backlog_event none;
    cr_expect(!event_backlog_first(&backlog, &none));
    for (uint64_t round = 0; round < 2; round++) { /* also when it was empty again */
        for (uint64_t i = 0; i < 10; i++)
            push(&backlog, i);
        cr_expect(backlog.count == 10);
        for (uint64_t i = 0; i < 10; i++) {
            expect_first(&backlog, i);
            event_backlog_drop(&backlog);
        }
        cr_expect(backlog.count == 0 && !event_backlog_first(&backlog, &none));
    }
    push(&backlog, 1);
    event_backlog_fini(&backlog);
    cr_expect(backlog.count == 0);
}
