#include "sched/filter.h"

const struct filter *const filters[PLUGIN_COUNT] = {
#define PLUGIN(id, name)         [PLUGIN_##id] = NULL,
#define FILTER(id, name, symbol) [PLUGIN_##id] = &filter_##symbol,
#include "sched/plugins.def"
#undef PLUGIN
#undef FILTER
};

const char *const plugin_names[PLUGIN_COUNT] = {
#define PLUGIN(id, name)         [PLUGIN_##id] = (name),
#define FILTER(id, name, symbol) [PLUGIN_##id] = (name),
#include "sched/plugins.def"
#undef PLUGIN
#undef FILTER
};

enum verdict filters_explain(const struct filter_input *in, uint32_t slot, struct reasons *reasons,
                             enum plugin *ret_refused_by)
{
    CHECK(bitset_test(&in->cluster->nodes.present, slot));
    for (uint32_t plugin = 0; plugin < PLUGIN_COUNT; plugin++) {
        if (filters[plugin] == NULL)
            continue;
        enum verdict verdict = filters[plugin]->explain(in, slot, reasons);
        if (verdict != VERDICT_FIT) {
            *ret_refused_by = (enum plugin)plugin;
            return verdict;
        }
    }
    return VERDICT_FIT;
}
