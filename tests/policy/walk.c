#include "tests/policy/walk.h"

#include <stdio.h>

const char *walk_text(struct walk *walk, const char *prefix, int number)
{
    char *made = arena_alloc(&walk->world->make.arena, 32);
    (void)snprintf(made, 32, "%s%d", prefix, number);
    return made;
}

void walk_see_node(struct walk *walk, int index)
{
    const struct oracle_node *node = &walk->oracle.nodes[index];
    const char *name = walk_text(walk, "n", index);
    char labels[64];
    (void)snprintf(labels, sizeof(labels), "type=%s", node->is_virtual ? "virtual-kubelet" : "x");
    if (node->pool != ORACLE_NONE)
        (void)snprintf(labels + strlen(labels), sizeof(labels) - strlen(labels), ",pool=%d",
                       node->pool);
    world_node(walk->world, name, labels);
}

struct pod *walk_find_pod(struct walk *walk, struct world *world, int index)
{
    return cluster_find_pod(
        &world->cluster,
        make_sym(&world->make, walk_text(walk, "ns", walk->oracle.pods[index].namespace)),
        str_from(walk_text(walk, "p", index)));
}

struct pod *walk_see_pod(struct walk *walk, struct world *world, int index)
{
    const struct oracle_pod *pod = &walk->oracle.pods[index];
    char *labels = arena_alloc(&walk->world->make.arena, 128);
    (void)snprintf(labels, 128, "app=%d", pod->app);
    if (pod->hash != ORACLE_NONE)
        (void)snprintf(labels + strlen(labels), 32, ",hash=%d", pod->hash);
    if (pod->tier != ORACLE_NONE)
        (void)snprintf(labels + strlen(labels), 32, ",tier=%d", pod->tier);
    struct pod_spec spec = {
        .name = walk_text(walk, "p", index),
        .namespace = walk_text(walk, "ns", pod->namespace),
        .labels = labels,
        .node =
            pod->node != ORACLE_NONE && !pod->is_assumed ? walk_text(walk, "n", pod->node) : NULL,
        .unit = pod->unit != ORACLE_NONE ? walk_text(walk, "u", pod->unit) : NULL,
        .cpu_milli = pod->cpu_milli,
        .bound_unix_s = pod->is_assumed ? 0 : pod->bound_unix_s,
        .is_deleting = pod->is_deleting,
        .owner_kind = pod->owner == ORACLE_NONE ? OWNER_NONE : OWNER_REPLICA_SET,
        .owner = pod->owner == ORACLE_NONE ? 0 : (uint64_t)pod->owner + 1,
    };
    return world_pod(world, &spec);
}

struct policy_object walk_policy(struct walk *walk, struct world *world, int index)
{
    const struct oracle_policy *policy = &walk->oracle.policies[index];
    struct make *make = &world->make;
    struct policy_object object =
        make_policy(make, walk_text(walk, "policy", index), (uint32_t)policy->unit_count);
    object.meta.namespace_sym = make_sym(make, walk_text(walk, "ns", policy->namespace));
    object.meta.uid = (struct uid){9, walk->policy_uids[index]};
    object.meta.generation = walk->generations[index];
    object.meta.created_unix_s = policy->created_unix_s;
    object.selector =
        make_labels(make, policy->app == ORACLE_NONE ? "" : walk_text(walk, "app=", policy->app),
                    &object.selector_count);
    if (policy->wants_tier) {
        object.expressions = arena_zalloc(&make->arena, 1, sizeof(struct requirement));
        object.expressions[0] = make_requirement(make, "tier", SELECTOR_EXISTS, "");
        object.expression_count = 1;
    }
    object.label_keys = arena_zalloc(&make->arena, 1, sizeof(uint32_t));
    object.label_keys[0] = make_sym(make, "hash");
    object.label_key_count = policy->has_key;
    object.ignore_previous = policy->ignores_previous ? TRISTATE_TRUE : TRISTATE_FALSE;
    object.ignore_terminating = policy->counts_terminating ? TRISTATE_FALSE : TRISTATE_TRUE;
    return object;
}

static void fill_unit(struct walk *walk, struct world *world, const struct oracle_unit *unit,
                      struct unit_object *object)
{
    struct make *make = &world->make;
    object->name = str_from(walk_text(walk, "u", unit->name));
    object->resource = unit->is_virtual ? STR("eci") : STR("ecs");
    object->node_selector =
        make_labels(make, unit->pool == ORACLE_NONE ? "" : walk_text(walk, "pool=", unit->pool),
                    &object->node_selector_count);
    object->pod_labels =
        make_labels(make, unit->tier == ORACLE_NONE ? "" : walk_text(walk, "tier=", unit->tier),
                    &object->pod_label_count);
    if (unit->max != ORACLE_NONE) {
        char *max = arena_alloc(&walk->world->make.arena, 16);
        (void)snprintf(max, 16, "%d%s", unit->max, unit->is_percent ? "%" : "");
        object->max = str_from(max);
    }
    if (unit->cpu_max_milli != ORACLE_NONE) {
        object->max_resources.items = arena_zalloc(&make->arena, 1, sizeof(struct scalar));
        object->max_resources.items[0] = (struct scalar){NAME_CPU, unit->cpu_max_milli};
        object->max_resources.count = 1;
    }
}

void walk_see_policy(struct walk *walk, struct world *world, int index)
{
    const struct oracle_policy *policy = &walk->oracle.policies[index];
    struct policy_object object = walk_policy(walk, world, index);
    for (int i = 0; i < policy->unit_count; i++)
        fill_unit(walk, world, &policy->units[i], &object.units[i]);
    world_policy(world, &object);
}

void walk_see_bad_policy(struct walk *walk, int index)
{
    struct policy_object object = walk_policy(walk, walk->world, index);
    object.strategy = STR("hope");
    world_policy(walk->world, &object);
}
