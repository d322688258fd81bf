#include "model/event.h"

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[OUTCOME_COUNT] = {
#define X(kind) [OUTCOME_##kind] = #kind,
        OUTCOME_MAP(X)
#undef X
    };
    CHECK(outcome < OUTCOME_COUNT);
    return names[outcome];
}
