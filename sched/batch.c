#include "sched/batch.h"

#include "sched/filter.h"

void batch_init(struct batch *batch)
{
    *batch = (struct batch){.is_open = false};
    sample_init(&batch->sample);
}

void batch_fini(struct batch *batch)
{
    sample_fini(&batch->sample);
}

void batch_end(struct batch *batch)
{
    batch->is_open = false;
}

static struct sample_pod sample_pod(const struct batch_search *search)
{
    return (struct sample_pod){search->cluster, search->pod->shape, search->config};
}

static uint32_t take(struct batch *batch, const struct batch_search *search)
{
    const struct sample_pod pod = sample_pod(search);
    batch->place = sample_pick(&batch->sample, &pod, search->rng);
    batch->pod = search->pod;
    batch->change_count = search->cluster->change_count;
    batch->decided++;
    return batch->sample.slots[batch->place];
}

uint32_t batch_begin(struct batch *batch, const struct batch_search *search,
                     const struct walk *walk, bool is_cut)
{
    const struct walk_scope *scope = search->scope;
    sample_draw(&batch->sample, walk->slots, walk->count);
    batch->is_open = true;
    batch->is_cut = is_cut;
    batch->shape = search->pod->shape;
    batch->nodes = scope->nodes;
    batch->cursor_slot = *scope->cursor;
    batch->drawn = walk->count;
    batch->decided = 0;
    return take(batch, search);
}

/* Rules 1 and 2. */
static bool is_next(const struct batch *batch, const struct batch_search *search)
{
    const struct walk_scope *scope = search->scope;
    return batch->is_open && batch->shape == search->pod->shape && batch->nodes == scope->nodes &&
           batch->cursor_slot == *scope->cursor &&
           search->cluster->change_count == batch->change_count + 1 &&
           batch->pod->node_slot == batch->sample.slots[batch->place];
}

/* Whether a node that fitted still does. What is static of it did not change. */
static bool still_fits(const struct batch_search *search, uint32_t slot)
{
    const struct filter_input in = {
        .cluster = search->cluster, .shape = search->pod->shape, .type = search->scope->type};
    for (uint32_t i = 0; i < PLUGIN_COUNT; i++)
        if (filters[i] && !filters[i]->is_static && filters[i]->check(&in, slot) != VERDICT_FIT)
            return false;
    return true;
}

/* Rule 3. */
static bool is_used_up(const struct batch *batch)
{
    return batch->is_cut && (batch->decided + 1) * BATCH_SHARE > batch->drawn;
}

bool batch_next(struct batch *batch, const struct batch_search *search, uint32_t *ret_slot)
{
    if (!is_next(batch, search) || is_used_up(batch))
        return false;
    const struct sample_pod pod = sample_pod(search);
    bool fits = still_fits(search, batch->sample.slots[batch->place]);
    sample_update(&batch->sample, &pod, batch->place, fits);
    if (batch->sample.left > 0) {
        *ret_slot = take(batch, search);
        return true;
    }
    CHECK(!batch->is_cut);
    batch->is_open = false;
    *ret_slot = NODE_SLOT_NONE;
    return true;
}
