/* PodDisruptionBudgets, as events tell them: which pods may be disturbed, and how many more. */
#ifndef SCHED_BUDGET_H
#define SCHED_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/map.h"
#include "model/object.h"
#include "model/pod.h"
#include "model/pod_meta.h"

enum { BUDGETS_MAX = 100000 };

struct budget {
    uint32_t namespace_sym;
    char *name; /* owned */
    struct uid uid;
    int32_t disruptions_allowed;
    bool is_broken; /* unusable as written: it protects nobody, and a note says so */
    uint32_t label_count, expression_count;
    struct label *labels;            /* owned, as the next ones */
    struct requirement *expressions; /* both empty: it matches nothing (A14.4) */
    uint32_t disrupted_count;
    char **disrupted_pods; /* names that count already */
    bool is_listed;        /* by the list under way */
    uint64_t spent_in;     /* private to sched/preempt.h: the dry run that `left` is of */
    int32_t left;          /* likewise: disruptions it has not used up */
    struct budget *next;   /* of the namespace, in order of arrival */
};

struct budgets {
    struct map by_namespace; /* private: namespace -> list */
    uint32_t count;
};

void budgets_init(struct budgets *budgets);
void budgets_fini(struct budgets *budgets);

void budgets_begin_list(struct budgets *budgets);
void budgets_end_list(struct budgets *budgets);
/* False: there are BUDGETS_MAX already; it is not kept. */
bool budgets_see(struct budgets *budgets, const struct budget_object *object);
void budgets_drop(struct budgets *budgets, const struct budget_object *object);

/* The first budget of a namespace; the others by ->next. NULL: none. */
struct budget *budgets_of(const struct budgets *budgets, uint32_t namespace_sym);

/* Whether the budget counts this pod: labels match, the pod has labels, and it is not one of the
 * disrupted. */
bool budget_covers(const struct budget *budget, const struct pod *pod);

#endif
