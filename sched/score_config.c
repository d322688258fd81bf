/*
 * The scoring part of the configuration, and the small grammar its flags share:
 *   list  = pair { "," pair }
 *   pair  = name "=" digits
 */
#include <errno.h>

#include "model/names.h"
#include "sched/score.h"

enum {
    SCORE_WEIGHT_MAX = 1000,   /* of a plug-in; keeps sums far from overflow */
    RESOURCE_WEIGHT_MAX = 100, /* kube's limit */
    POINT_SCORE_MAX = 10,      /* kube's custom scores; times 10 gives ours */
    UTILIZATION_MAX = 100,
};

static const int64_t default_weights[SCORE_COUNT] = {
#define SCORE(id, name, weight, symbol) [SCORE_##id] = (weight),
#include "sched/scores.def"
#undef SCORE
};

void score_config_init(struct score_config *config)
{
    *config = (struct score_config){
        .strategy = FIT_LEAST_ALLOCATED,
        .resource_count = 2,
        .resources = {{NAME_CPU, 1}, {NAME_MEMORY, 1}},
        .is_balance_neutral = true,
    };
    for (uint32_t id = 0; id < SCORE_COUNT; id++)
        config->weights[id] = default_weights[id];
}

/* "name=number" */
struct pair {
    struct str name;
    int64_t number;
};

/* Decimal digits only; false when empty, not all digits or above `max`. */
static bool number_parse(struct str text, int64_t max, int64_t *ret_number)
{
    int64_t number = 0;
    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        number = number * 10 + (text.ptr[i] - '0');
        if (number > max)
            return false;
    }
    *ret_number = number;
    return true;
}

/* Reads the pair at *rest and moves *rest past it and its comma; *rest is NULL after the last one.
 */
static int pair_take(const char **rest, int64_t number_max, struct pair *ret_pair, struct err *err)
{
    const char *comma = strchr(*rest, ',');
    struct str text = comma ? (struct str){*rest, (size_t)(comma - *rest)} : str_from(*rest);
    const char *equals = text.len > 0 ? memchr(text.ptr, '=', text.len) : NULL;
    if (equals == NULL || equals == text.ptr)
        return err_set(err, EINVAL, "\"" STR_FMT "\" is not NAME=NUMBER", STR_ARG(text));
    struct str name = {text.ptr, (size_t)(equals - text.ptr)};
    struct str digits = {equals + 1, text.len - name.len - 1};
    int64_t number;
    if (!number_parse(digits, number_max, &number))
        return err_set(err, EINVAL, "\"" STR_FMT "\": want a whole number of 0 to %lld",
                       STR_ARG(text), (long long)number_max);
    *rest = comma ? comma + 1 : NULL;
    *ret_pair = (struct pair){name, number};
    return 0;
}

static uint32_t score_find(struct str name)
{
    uint32_t id = 0;
    while (id < SCORE_COUNT && !str_is(name, scores[id]->name))
        id++;
    return id;
}

int score_config_set_weights(struct score_config *config, const char *text, struct err *err)
{
    int64_t weights[SCORE_COUNT];
    bool is_set[SCORE_COUNT] = {false};
    memcpy(weights, config->weights, sizeof(weights));
    for (const char *rest = text; rest != NULL;) {
        struct pair pair;
        int rc = pair_take(&rest, SCORE_WEIGHT_MAX, &pair, err);
        if (rc < 0)
            return rc;
        uint32_t id = score_find(pair.name);
        if (id == SCORE_COUNT)
            return err_set(err, EINVAL,
                           "no score plug-in \"" STR_FMT "\": want TaintToleration, NodeAffinity, "
                           "NodeResourcesFit, NodeResourcesBalancedAllocation or ImageLocality",
                           STR_ARG(pair.name));
        if (is_set[id])
            return err_set(err, EINVAL, "%s is given twice", scores[id]->name);
        is_set[id] = true;
        weights[id] = pair.number;
    }
    memcpy(config->weights, weights, sizeof(weights));
    return 0;
}

/* Appends one point of the curve; utilisation must ascend. */
static int point_add(struct score_config *config, const struct pair *pair, struct err *err)
{
    int64_t utilization;
    if (!number_parse(pair->name, UTILIZATION_MAX, &utilization))
        return err_set(err, EINVAL, "utilisation \"" STR_FMT "\": want a whole number of 0 to 100",
                       STR_ARG(pair->name));
    if (config->point_count == SCORE_POINTS_MAX)
        return err_set(err, EINVAL, "more than %d points", SCORE_POINTS_MAX);
    if (config->point_count > 0 &&
        utilization <= config->points[config->point_count - 1].utilization)
        return err_set(err, EINVAL, "utilisation %lld does not rise: want ascending points",
                       (long long)utilization);
    config->points[config->point_count++] = (struct score_point){
        .utilization = utilization,
        .score = pair->number * (SCORE_MAX / POINT_SCORE_MAX),
    };
    return 0;
}

static int curve_set(struct score_config *config, const char *text, struct err *err)
{
    struct score_config changed = *config;
    changed.strategy = FIT_REQUESTED_TO_CAPACITY;
    changed.point_count = 0;
    for (const char *rest = text; rest != NULL;) {
        struct pair pair;
        int rc = pair_take(&rest, POINT_SCORE_MAX, &pair, err);
        if (rc == 0)
            rc = point_add(&changed, &pair, err);
        if (rc < 0)
            return err_wrap(err, "RequestedToCapacityRatio");
    }
    *config = changed;
    return 0;
}

int score_config_set_strategy(struct score_config *config, const char *text, struct err *err)
{
    static const char ratio[] = "RequestedToCapacityRatio:";
    if (str_starts(str_from(text), ratio))
        return curve_set(config, text + sizeof(ratio) - 1, err);
    if (str_is(STR("LeastAllocated"), text))
        config->strategy = FIT_LEAST_ALLOCATED;
    else if (str_is(STR("MostAllocated"), text))
        config->strategy = FIT_MOST_ALLOCATED;
    else
        return err_set(err, EINVAL,
                       "\"%s\" is no scoring strategy: want LeastAllocated, MostAllocated or "
                       "RequestedToCapacityRatio:UTILISATION=SCORE,... such as "
                       "RequestedToCapacityRatio:0=0,100=10",
                       text);
    return 0;
}

/* Appends one resource of NodeResourcesFit. */
static int resource_add_weighted(struct score_config *config, struct symbols *symbols,
                                 const struct pair *pair, struct err *err)
{
    if (pair->number < 1)
        return err_set(err, EINVAL, STR_FMT ": want a weight of 1 to %d", STR_ARG(pair->name),
                       RESOURCE_WEIGHT_MAX);
    if (config->resource_count == SCORE_RESOURCES_MAX)
        return err_set(err, EINVAL, "more than %d resources", SCORE_RESOURCES_MAX);
    uint32_t name_sym = symbol_intern(symbols, pair->name);
    if (name_sym == SYM_FULL)
        return err_set(err, ENOMEM, "no room for the name " STR_FMT, STR_ARG(pair->name));
    if (name_sym == NAME_PODS)
        return err_set(err, EINVAL,
                       "pods cannot be scored: want cpu, memory, ephemeral-storage or "
                       "an extended resource");
    for (uint32_t i = 0; i < config->resource_count; i++)
        if (config->resources[i].name_sym == name_sym)
            return err_set(err, EINVAL, STR_FMT " is given twice", STR_ARG(pair->name));
    config->resources[config->resource_count++] = (struct score_resource){name_sym, pair->number};
    return 0;
}

int score_config_set_resources(struct score_config *config, struct symbols *symbols,
                               const char *text, struct err *err)
{
    struct score_config changed = *config;
    changed.resource_count = 0;
    for (const char *rest = text; rest != NULL;) {
        struct pair pair;
        int rc = pair_take(&rest, RESOURCE_WEIGHT_MAX, &pair, err);
        if (rc == 0)
            rc = resource_add_weighted(&changed, symbols, &pair, err);
        if (rc < 0)
            return rc;
    }
    *config = changed;
    return 0;
}
