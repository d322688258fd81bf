/*
 * Labels, and the selectors that are held against them: those of pods against nodes (nodeSelector,
 * required and preferred node affinity; meaning: NodeAffinity in kube-scheduler, component-helpers
 * nodeaffinity), and those of policies and budgets against pods (metav1.LabelSelector).
 */
#ifndef MODEL_SELECTOR_H
#define MODEL_SELECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/symbol.h"

struct label {
    uint32_t key_sym, value_sym;
};

/* Labels of one object, ascending key_sym, no key twice. */
struct labels {
    uint32_t count;
    struct label *items;
};

#define SELECTOR_OP_MAP(X)                                                                         \
    X(IN, "In")                                                                                    \
    X(NOT_IN, "NotIn")                                                                             \
    X(EXISTS, "Exists")                                                                            \
    X(DOES_NOT_EXIST, "DoesNotExist")                                                              \
    X(GT, "Gt")                                                                                    \
    X(LT, "Lt")

enum selector_op {
#define X(id, text) SELECTOR_##id,
    SELECTOR_OP_MAP(X)
#undef X
        SELECTOR_OP_COUNT,
    SELECTOR_INVALID = SELECTOR_OP_COUNT, /* unknown operator: matches nothing */
};

/* One matchExpressions or matchFields entry. */
struct requirement {
    uint32_t key_sym;
    uint32_t op; /* enum selector_op */
    uint32_t value_count;
    uint32_t *value_syms; /* ascending */
};

/* AND over all requirements. A term with none of either matches nothing. */
struct node_term {
    uint32_t expression_count, field_count;
    struct requirement *expressions; /* on labels */
    struct requirement *fields;      /* on metadata.name only; any other field matches nothing */
};

struct preferred_term {
    int32_t weight; /* 1 to 100 */
    struct node_term term;
};

enum selector_op selector_op_parse(struct str text);

/* The value of a label, or SYM_ABSENT. Binary search. */
uint32_t labels_get(const struct labels *labels, uint32_t key_sym);

/* Sorts by key and keeps the last of equal keys. */
void labels_sort(struct labels *labels);

/* Whether a node with these labels and this name satisfies the term. `symbols` for Gt and Lt, which
 * compare base-10 integers; text that is none does not match. */
bool node_term_matches(const struct node_term *term, const struct labels *labels,
                       uint32_t node_name_sym, const struct symbols *symbols);

/* metav1.LabelSelector: whether an object with these labels has all pairs of `match` (matchLabels)
 * and meets all expressions: In, NotIn (met when the key is absent), Exists, DoesNotExist. Any
 * other operator, and one that cannot have its values (In without, Exists with), matches nothing.
 * With neither it matches everything. */
bool label_selector_matches(const struct label *match, uint32_t match_count,
                            const struct requirement *expressions, uint32_t expression_count,
                            const struct labels *labels);

/*
 * Terms that all name their nodes (metadata.name In ...), as pods of DaemonSets have:
 * kube-scheduler then looks at those nodes only (nodeaffinity PreFilter).
 */
/* Whether there is a term, and every term names nodes. */
bool node_terms_are_named(const struct node_term *terms, uint32_t count);

/* Whether some term names this node with each of its In requirements. */
bool node_terms_name(const struct node_term *terms, uint32_t count, uint32_t node_name_sym);

/* Whether all terms name nodes, and none could be meant: "a" and "b" at once. */
bool node_terms_conflict(const struct node_term *terms, uint32_t count);

#endif
