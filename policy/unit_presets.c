/*
 * The built-in types as one table (elastic-policies 11.1, 11.2). Labels of spot nodes: Karpenter,
 * EKS, AKS, GKE. `idc` are machines that no cloud's node pool made.
 */
#include "policy/unit_presets.h"

#include <stdlib.h>

#include "model/base/mem.h"
#include "model/shape.h"

enum { PRESET_TERMS = 4, PRESET_EXPRESSIONS = 8, PRESET_VALUES = 2, PRESET_TOLERATIONS = 2 };

enum {
    ALL_HOST_NEEDS = (1 << HOST_NEED_COUNT) - 1,
    ECI_CONTAINERS_MAX = 20,
    ECI_VOLUMES_MAX = 20,
    ECI_CPU_MAX_MILLI = 64000,
    ECI_BIND_BURST = 100, /* CreateContainerGroup */
    ECI_BIND_PER_SECOND = 20,
};

struct preset_expression {
    const char *key; /* NULL: none */
    enum selector_op op;
    const char *values[PRESET_VALUES];
};

struct preset_toleration {
    const char *key, *value; /* value NULL: any */
};

struct preset {
    const char *name;
    struct preset_expression terms[PRESET_TERMS][PRESET_EXPRESSIONS];
    struct preset_toleration tolerations[PRESET_TOLERATIONS];
    struct unit_type type;    /* the numbers */
    const char *labels[2][2]; /* key, value */
};

#define IS_VIRTUAL_KUBELET                                                                         \
    {                                                                                              \
        "type", SELECTOR_IN,                                                                       \
        {                                                                                          \
            "virtual-kubelet"                                                                      \
        }                                                                                          \
    }
#define IS_EKLET                                                                                   \
    {                                                                                              \
        "node.kubernetes.io/instance-type", SELECTOR_IN,                                           \
        {                                                                                          \
            "eklet"                                                                                \
        }                                                                                          \
    }
#define IS_ACS                                                                                     \
    {                                                                                              \
        "alibabacloud.com/acs", SELECTOR_IN,                                                       \
        {                                                                                          \
            "true"                                                                                 \
        }                                                                                          \
    }
#define IS_NOT_ACS                                                                                 \
    {                                                                                              \
        "alibabacloud.com/acs", SELECTOR_NOT_IN,                                                   \
        {                                                                                          \
            "true"                                                                                 \
        }                                                                                          \
    }
#define IS_REAL                                                                                    \
    {"type", SELECTOR_NOT_IN, {"virtual-kubelet", "acs-virtual-kubelet"}}, IS_NOT_ACS,             \
    {                                                                                              \
        "node.kubernetes.io/instance-type", SELECTOR_NOT_IN,                                       \
        {                                                                                          \
            "eklet"                                                                                \
        }                                                                                          \
    }
#define ANY_PROVIDER                                                                               \
    {                                                                                              \
        "virtual-kubelet.io/provider", NULL                                                        \
    }

static const struct preset presets[] = {
    {.name = "any"}, /* must be the first: UNIT_TYPE_ANY */
    {.name = "ecs", .terms = {{IS_REAL}}},
    {
        .name = "eci",
        .terms = {{IS_VIRTUAL_KUBELET, IS_NOT_ACS}, {IS_EKLET}},
        .tolerations = {ANY_PROVIDER, {"eks.tke.cloud.tencent.com/eklet", NULL}},
        .type = {.is_virtual = true,
                 .refused_needs = ALL_HOST_NEEDS,
                 .containers_max = ECI_CONTAINERS_MAX,
                 .volumes_max = ECI_VOLUMES_MAX,
                 .cpu_max_milli = ECI_CPU_MAX_MILLI,
                 .bind_burst = ECI_BIND_BURST,
                 .bind_per_second = ECI_BIND_PER_SECOND},
    },
    {
        .name = "acs",
        .terms = {{IS_VIRTUAL_KUBELET}, {{"type", SELECTOR_IN, {"acs-virtual-kubelet"}}}, {IS_ACS}},
        .tolerations = {ANY_PROVIDER},
        .type = {.is_virtual = true, .obeys_only_max = true, .refused_needs = ALL_HOST_NEEDS},
        .labels = {{"alibabacloud.com/compute-class", "general-purpose"},
                   {"alibabacloud.com/compute-qos", "default"}},
    },
    {
        .name = "spot",
        .terms = {{{"karpenter.sh/capacity-type", SELECTOR_IN, {"spot"}}},
                  {{"eks.amazonaws.com/capacityType", SELECTOR_IN, {"SPOT"}}},
                  {{"kubernetes.azure.com/scalesetpriority", SELECTOR_IN, {"spot"}}},
                  {{"cloud.google.com/gke-spot", SELECTOR_IN, {"true"}}}},
        .tolerations = {{"kubernetes.azure.com/scalesetpriority", "spot"},
                        {"cloud.google.com/gke-spot", "true"}},
    },
    {.name = "elastic", .terms = {{IS_REAL}}, .type = {.waits = true}},
    {.name = "idc",
     .terms = {{IS_REAL,
                {"alibabacloud.com/nodepool-id", SELECTOR_DOES_NOT_EXIST, {NULL}},
                {"karpenter.sh/nodepool", SELECTOR_DOES_NOT_EXIST, {NULL}},
                {"eks.amazonaws.com/nodegroup", SELECTOR_DOES_NOT_EXIST, {NULL}},
                {"kubernetes.azure.com/agentpool", SELECTOR_DOES_NOT_EXIST, {NULL}},
                {"cloud.google.com/gke-nodepool", SELECTOR_DOES_NOT_EXIST, {NULL}}}}},
};

static uint32_t intern(struct symbols *symbols, const char *text)
{
    uint32_t symbol = symbol_intern(symbols, str_from(text));
    CHECK(symbol != SYM_FULL); /* the table is new: these are among its first texts */
    return symbol;
}

static struct requirement expression_make(const struct preset_expression *preset,
                                          struct symbols *symbols)
{
    struct requirement made = {.key_sym = intern(symbols, preset->key),
                               .op = preset->op,
                               .value_syms = mem_zalloc(PRESET_VALUES, sizeof(uint32_t))};
    for (; made.value_count < PRESET_VALUES && preset->values[made.value_count]; made.value_count++)
        made.value_syms[made.value_count] = intern(symbols, preset->values[made.value_count]);
    qsort(made.value_syms, made.value_count, sizeof(uint32_t), symbol_compare);
    return made;
}

static void terms_make(struct unit_type *type, const struct preset *preset, struct symbols *symbols)
{
    type->terms = mem_zalloc(PRESET_TERMS, sizeof(*type->terms));
    for (; type->term_count < PRESET_TERMS && preset->terms[type->term_count][0].key;
         type->term_count++) {
        const struct preset_expression *from = preset->terms[type->term_count];
        struct node_term *term = &type->terms[type->term_count];
        term->expressions = mem_zalloc(PRESET_EXPRESSIONS, sizeof(*term->expressions));
        for (; term->expression_count < PRESET_EXPRESSIONS && from[term->expression_count].key;
             term->expression_count++)
            term->expressions[term->expression_count] =
                expression_make(&from[term->expression_count], symbols);
    }
}

static void tolerations_make(struct unit_type *type, const struct preset *preset,
                             struct symbols *symbols)
{
    type->tolerations = mem_zalloc(PRESET_TOLERATIONS, sizeof(*type->tolerations));
    for (uint32_t i = 0; i < PRESET_TOLERATIONS && preset->tolerations[i].key; i++) {
        const struct preset_toleration *from = &preset->tolerations[i];
        type->tolerations[type->toleration_count++] = (struct toleration){
            .key_sym = intern(symbols, from->key),
            .value_sym = from->value ? intern(symbols, from->value) : SYM_EMPTY,
            .op = from->value ? TOLERATION_EQUAL : TOLERATION_EXISTS,
            .effect = TAINT_NO_SCHEDULE,
        };
    }
}

void unit_types_presets(struct unit_types *types, struct symbols *symbols)
{
    *types = (struct unit_types){.count = ARRAY_LEN(presets)};
    for (uint32_t i = 0; i < types->count; i++) {
        const struct preset *preset = &presets[i];
        struct unit_type *type = &types->items[i];
        *type = preset->type;
        type->name_sym = intern(symbols, preset->name);
        terms_make(type, preset, symbols);
        tolerations_make(type, preset, symbols);
        type->labels = mem_zalloc(ARRAY_LEN(preset->labels), sizeof(*type->labels));
        for (uint32_t l = 0; l < ARRAY_LEN(preset->labels) && preset->labels[l][0]; l++)
            type->labels[type->label_count++] = (struct label){
                intern(symbols, preset->labels[l][0]), intern(symbols, preset->labels[l][1])};
    }
}

void unit_types_fini(struct unit_types *types)
{
    for (uint32_t i = 0; i < types->count; i++)
        unit_type_fini(&types->items[i]);
    types->count = 0;
}

uint32_t unit_types_find(const struct unit_types *types, uint32_t name_sym)
{
    for (uint32_t i = 0; i < types->count; i++)
        if (types->items[i].name_sym == name_sym)
            return i;
    return UNIT_TYPES_MAX;
}

bool unit_type_matches(const struct unit_type *type, const struct labels *labels,
                       uint32_t node_name_sym, const struct symbols *symbols)
{
    for (uint32_t i = 0; i < type->term_count; i++)
        if (node_term_matches(&type->terms[i], labels, node_name_sym, symbols))
            return true;
    return type->term_count == 0;
}

static const char *const need_texts[HOST_NEED_COUNT] = {
#define X(id, text) [HOST_NEED_##id] = (text),
    HOST_NEED_MAP(X)
#undef X
};

bool unit_type_can_host(const struct unit_type *type, const struct shape *shape,
                        const char **ret_why)
{
    for (uint32_t need = 0; need < HOST_NEED_COUNT; need++) {
        if (type->refused_needs & shape->host_needs & UINT32_C(1) << need) {
            *ret_why = need_texts[need];
            return false;
        }
    }
    const char *why = NULL;
    if (type->containers_max > 0 && shape->container_count > type->containers_max)
        why = "so many containers";
    else if (type->volumes_max > 0 && shape->volume_count > type->volumes_max)
        why = "so many volumes";
    else if (type->cpu_max_milli > 0 && shape->requests->fixed[RESOURCE_CPU] > type->cpu_max_milli)
        why = "so much cpu";
    if (why)
        *ret_why = why;
    return why == NULL;
}

bool unit_type_is_choosy(const struct unit_type *type)
{
    return type->refused_needs != 0 || type->containers_max > 0 || type->volumes_max > 0 ||
           type->cpu_max_milli > 0;
}
