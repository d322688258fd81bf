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

uint64_t filter_sweep(const struct filter *filter, const struct filter_input *in, uint32_t block,
                      uint64_t members)
{
    if (filter->sweep)
        return filter->sweep(in, block, members);
    uint64_t fits = members;
    for (uint64_t rest = members; rest; rest &= rest - 1)
        if (filter->check(in, block * NODE_BLOCK_SLOTS + (uint32_t)__builtin_ctzll(rest)) !=
            VERDICT_FIT)
            fits &= ~(rest & -rest);
    return fits;
}

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
