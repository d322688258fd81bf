#include "sched/budget.h"

#include <stdlib.h>

#include "model/base/hash.h"
#include "model/base/mem.h"
#include "model/selector.h"

/* The budgets of one namespace. */
struct budget_list {
    uint32_t namespace_sym;
    struct budget *first;
};

static bool list_is_of(const void *value, const void *key)
{
    return ((const struct budget_list *)value)->namespace_sym == *(const uint32_t *)key;
}

static struct budget_list *find_list(const struct budgets *budgets, uint32_t namespace_sym)
{
    return map_get(&budgets->by_namespace, hash_mix(namespace_sym, 1), list_is_of, &namespace_sym);
}

void budgets_init(struct budgets *budgets)
{
    *budgets = (struct budgets){0};
    map_init(&budgets->by_namespace);
}

static void budget_clear(struct budget *budget)
{
    for (uint32_t i = 0; i < budget->expression_count; i++)
        free(budget->expressions[i].value_syms);
    free(budget->expressions);
    free(budget->labels);
    for (uint32_t i = 0; i < budget->disrupted_count; i++)
        free(budget->disrupted_pods[i]);
    free(budget->disrupted_pods);
}

static void budget_free(struct budget *budget)
{
    budget_clear(budget);
    free(budget->name);
    free(budget);
}

void budgets_fini(struct budgets *budgets)
{
    size_t position = 0;
    for (struct budget_list *list; (list = map_next(&budgets->by_namespace, &position));) {
        while (list->first) {
            struct budget *budget = list->first;
            list->first = budget->next;
            budget_free(budget);
        }
        free(list);
    }
    map_fini(&budgets->by_namespace);
}

/* ---- events ---- */

void budgets_begin_list(struct budgets *budgets)
{
    size_t position = 0;
    for (struct budget_list *list; (list = map_next(&budgets->by_namespace, &position));)
        for (struct budget *budget = list->first; budget; budget = budget->next)
            budget->is_listed = false;
}

static void unlink_budget(struct budgets *budgets, struct budget **link)
{
    struct budget *budget = *link;
    *link = budget->next;
    budget_free(budget);
    budgets->count--;
}

/* An empty list stays: namespaces that had budgets get them again. */
void budgets_end_list(struct budgets *budgets)
{
    size_t position = 0;
    for (struct budget_list *list; (list = map_next(&budgets->by_namespace, &position));) {
        struct budget **link = &list->first;
        while (*link) {
            if ((*link)->is_listed)
                link = &(*link)->next;
            else
                unlink_budget(budgets, link);
        }
    }
}

static struct budget **find_link(struct budget_list *list, struct str name)
{
    struct budget **link = &list->first;
    while (*link && !str_equal(str_from((*link)->name), name))
        link = &(*link)->next;
    return link;
}

static void copy_selector(struct budget *budget, const struct label_selector_object *selector)
{
    budget->label_count = selector->label_count;
    budget->labels = mem_copy(selector->labels, selector->label_count, sizeof(struct label));
    budget->expression_count = selector->expression_count;
    budget->expressions =
        mem_copy(selector->expressions, selector->expression_count, sizeof(struct requirement));
    for (uint32_t i = 0; i < budget->expression_count; i++)
        budget->expressions[i].value_syms =
            mem_copy(selector->expressions[i].value_syms, selector->expressions[i].value_count,
                     sizeof(uint32_t));
}

static void fill(struct budget *budget, const struct budget_object *object)
{
    budget->uid = object->meta.uid;
    budget->is_listed = true;
    budget->is_broken = object->problem.len > 0;
    budget->disruptions_allowed = object->disruptions_allowed;
    copy_selector(budget, &object->selector);
    budget->disrupted_count = object->disrupted_count;
    budget->disrupted_pods = mem_zalloc(object->disrupted_count, sizeof(char *));
    for (uint32_t i = 0; i < object->disrupted_count; i++)
        budget->disrupted_pods[i] =
            mem_strndup(object->disrupted_pods[i].ptr, object->disrupted_pods[i].len);
}

static struct budget_list *ensure_list(struct budgets *budgets, uint32_t namespace_sym)
{
    struct budget_list *list = find_list(budgets, namespace_sym);
    if (list)
        return list;
    list = mem_zalloc(1, sizeof(*list));
    list->namespace_sym = namespace_sym;
    map_put(&budgets->by_namespace, hash_mix(namespace_sym, 1), list);
    return list;
}

bool budgets_see(struct budgets *budgets, const struct budget_object *object)
{
    struct budget_list *list = ensure_list(budgets, object->meta.namespace_sym);
    struct budget **link = find_link(list, object->meta.name);
    struct budget *budget = *link;
    if (!budget && budgets->count >= BUDGETS_MAX)
        return false;
    if (budget) {
        budget_clear(budget);
    } else {
        budget = mem_zalloc(1, sizeof(*budget));
        budget->namespace_sym = object->meta.namespace_sym;
        budget->name = mem_strndup(object->meta.name.ptr, object->meta.name.len);
        *link = budget;
        budgets->count++;
    }
    fill(budget, object);
    return true;
}

void budgets_drop(struct budgets *budgets, const struct budget_object *object)
{
    struct budget_list *list = find_list(budgets, object->meta.namespace_sym);
    struct budget **link = list ? find_link(list, object->meta.name) : NULL;
    if (link && *link && uid_equal((*link)->uid, object->meta.uid))
        unlink_budget(budgets, link);
}

/* ---- questions ---- */

struct budget *budgets_of(const struct budgets *budgets, uint32_t namespace_sym)
{
    const struct budget_list *list = find_list(budgets, namespace_sym);
    return list ? list->first : NULL;
}

static bool is_disrupted(const struct budget *budget, const char *name)
{
    for (uint32_t i = 0; i < budget->disrupted_count; i++)
        if (str_equal(str_from(budget->disrupted_pods[i]), str_from(name)))
            return true;
    return false;
}

bool budget_covers(const struct budget *budget, const struct pod *pod)
{
    bool selects = budget->label_count > 0 || budget->expression_count > 0;
    return selects && !budget->is_broken && pod->meta->labels.count > 0 &&
           label_selector_matches(budget->labels, budget->label_count, budget->expressions,
                                  budget->expression_count, &pod->meta->labels) &&
           !is_disrupted(budget, pod->name);
}
