#include "tests/sched/probe.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const char *const reason_texts[REASON_KIND_COUNT] = {
#define X(id, text) [REASON_##id] = (text),
    REASON_MAP(X)
#undef X
};

static struct filter_input input_of(struct fixture *fixture, const struct fixture_pod *pod)
{
    const struct pod *record = fixture_pod(fixture, pod);
    cr_assert_not_null(record);
    return (struct filter_input){.cluster = &fixture->cluster, .shape = record->shape};
}

enum verdict probe_filter(struct fixture *fixture, const struct filter *filter,
                          const struct fixture_pod *pod, uint32_t slot,
                          char ret_text[PROBE_TEXT_BYTES])
{
    struct filter_input in = input_of(fixture, pod);
    struct reasons reasons = {.count = 0};
    enum verdict verdict = filter->check(&in, slot);
    cr_assert_eq(filter->explain(&in, slot, &reasons), verdict);
    cr_assert_eq(verdict == VERDICT_FIT, reasons.count == 0);
    if (ret_text == NULL)
        return verdict;
    ret_text[0] = '\0';
    size_t len = 0;
    for (uint32_t i = 0; i < reasons.count; i++) {
        len += (size_t)snprintf(ret_text + len, PROBE_TEXT_BYTES - len, "%s%s%s", i ? "; " : "",
                                reason_texts[reasons.items[i].kind],
                                symbol_text(fixture->symbols, reasons.items[i].name_sym));
        cr_assert_lt(len, PROBE_TEXT_BYTES);
    }
    return verdict;
}

bool probe_hint(struct fixture *fixture, const struct filter *filter, const struct fixture_pod *pod,
                const struct wake_event *event)
{
    cr_assert(filter->wakes_on & event->kind, "%s did not register for this event", filter->name);
    struct filter_input in = input_of(fixture, pod);
    return filter->hint(&in, event);
}

bool probe_score(struct fixture *fixture, const struct score *score,
                 const struct score_config *config, const struct fixture_pod *pod, uint32_t count,
                 int64_t ret_scores[PROBE_NODES_MAX])
{
    cr_assert_leq(count, PROBE_NODES_MAX);
    uint32_t slots[PROBE_NODES_MAX];
    for (uint32_t i = 0; i < count; i++)
        slots[i] = i;
    struct score_config defaults;
    score_config_init(&defaults);
    const struct pod *record = fixture_pod(fixture, pod);
    cr_assert_not_null(record);
    struct score_input in = {&fixture->cluster, record->shape, config ? config : &defaults, slots,
                             count};
    if (!score->applies(&in))
        return false;
    score->run(&in, ret_scores);
    for (uint32_t i = 0; i < count; i++)
        cr_assert(ret_scores[i] >= 0 && ret_scores[i] <= SCORE_MAX, "node %u scores %lld", i,
                  (long long)ret_scores[i]);
    return true;
}
