/* The scoring flags: kube-scheduler.md A1 for the defaults; every refusal says what was expected.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "model/names.h"
#include "sched/score.h"

struct config_test {
    struct symbols *symbols;
    struct score_config config;
    struct err err;
};

static void config_test_init(struct config_test *test)
{
    *test = (struct config_test){.symbols = names_symbols_new(1)};
    score_config_init(&test->config);
}

Test(score_config, defaults_are_those_of_the_default_profile)
{
    struct score_config config;
    score_config_init(&config);
    cr_assert_eq(config.weights[SCORE_TAINT_TOLERATION], 3);
    cr_assert_eq(config.weights[SCORE_NODE_AFFINITY], 2);
    cr_assert_eq(config.weights[SCORE_NODE_RESOURCES_FIT], 1);
    cr_assert_eq(config.weights[SCORE_BALANCED_ALLOCATION], 1);
    cr_assert_eq(config.weights[SCORE_IMAGE_LOCALITY], 1);
    cr_assert_eq(config.strategy, FIT_LEAST_ALLOCATED);
    cr_assert_eq(config.resource_count, 2);
    cr_assert_eq(config.resources[0].name_sym, NAME_CPU);
    cr_assert_eq(config.resources[0].weight, 1);
    cr_assert_eq(config.resources[1].name_sym, NAME_MEMORY);
    cr_assert_eq(config.resources[1].weight, 1);
}

Test(score_config, weights_change_only_what_they_name)
{
    struct config_test test;
    config_test_init(&test);
    cr_assert_eq(score_config_set_weights(&test.config, "ImageLocality=0,TaintToleration=7", NULL),
                 0);
    cr_assert_eq(test.config.weights[SCORE_IMAGE_LOCALITY], 0);
    cr_assert_eq(test.config.weights[SCORE_TAINT_TOLERATION], 7);
    cr_assert_eq(test.config.weights[SCORE_NODE_AFFINITY], 2);
    symbols_free(test.symbols);
}

Test(score_config, a_curve_is_scaled_to_our_scores)
{
    struct config_test test;
    config_test_init(&test);
    cr_assert_eq(
        score_config_set_strategy(&test.config, "RequestedToCapacityRatio:0=0,70=10,100=3", NULL),
        0);
    cr_assert_eq(test.config.strategy, FIT_REQUESTED_TO_CAPACITY);
    cr_assert_eq(test.config.point_count, 3);
    cr_assert_eq(test.config.points[1].utilization, 70);
    cr_assert_eq(test.config.points[1].score, 100);
    cr_assert_eq(test.config.points[2].score, 30);
    cr_assert_eq(score_config_set_strategy(&test.config, "MostAllocated", NULL), 0);
    cr_assert_eq(test.config.strategy, FIT_MOST_ALLOCATED);
    cr_assert_eq(score_config_set_strategy(&test.config, "LeastAllocated", NULL), 0);
    cr_assert_eq(test.config.strategy, FIT_LEAST_ALLOCATED);
    symbols_free(test.symbols);
}

Test(score_config, resources_replace_the_list)
{
    struct config_test test;
    config_test_init(&test);
    cr_assert_eq(
        score_config_set_resources(&test.config, test.symbols, "memory=2,nvidia.com/gpu=100", NULL),
        0);
    cr_assert_eq(test.config.resource_count, 2);
    cr_assert_eq(test.config.resources[0].name_sym, NAME_MEMORY);
    cr_assert_eq(test.config.resources[0].weight, 2);
    cr_assert_str_eq(symbol_text(test.symbols, test.config.resources[1].name_sym),
                     "nvidia.com/gpu");
    cr_assert_eq(test.config.resources[1].weight, 100);
    symbols_free(test.symbols);
}

enum flag { WEIGHTS, STRATEGY, RESOURCES };

/* Each must be refused, with this in the message, and change nothing. */
static const struct {
    enum flag flag;
    const char *text, *says;
} refused[] = {
    {WEIGHTS, "", "NAME=NUMBER"},
    {WEIGHTS, "TaintToleration", "NAME=NUMBER"},
    {WEIGHTS, "=3", "NAME=NUMBER"},
    {WEIGHTS, "TaintToleration=1,", "NAME=NUMBER"},
    {WEIGHTS, "TaintToleration=", "whole number of 0 to 1000"},
    {WEIGHTS, "TaintToleration=-1", "whole number"},
    {WEIGHTS, "TaintToleration=1.5", "whole number"},
    {WEIGHTS, "TaintToleration=1001", "0 to 1000"},
    {WEIGHTS, "TaintToleration=99999999999999999999999", "0 to 1000"},
    {WEIGHTS, "ImageLocality=0,Nonsense=1", "want TaintToleration, NodeAffinity"},
    {WEIGHTS, "imagelocality=1", "no score plug-in"},
    {WEIGHTS, "ImageLocality=1,ImageLocality=2", "twice"},
    {STRATEGY, "", "want LeastAllocated, MostAllocated"},
    {STRATEGY, "leastallocated", "want LeastAllocated, MostAllocated"},
    {STRATEGY, "RequestedToCapacityRatio", "RequestedToCapacityRatio:0=0,100=10"},
    {STRATEGY, "RequestedToCapacityRatio:", "NAME=NUMBER"},
    {STRATEGY, "RequestedToCapacityRatio:0=11", "0 to 10"},
    {STRATEGY, "RequestedToCapacityRatio:101=1", "0 to 100"},
    {STRATEGY, "RequestedToCapacityRatio:x=1", "0 to 100"},
    {STRATEGY, "RequestedToCapacityRatio:50=1,50=2", "ascending"},
    {STRATEGY, "RequestedToCapacityRatio:50=1,40=2", "ascending"},
    {STRATEGY,
     "RequestedToCapacityRatio:0=1,1=1,2=1,3=1,4=1,5=1,6=1,7=1,8=1,9=1,10=1,11=1,12=1,13=1,14=1,"
     "15=1,16=1",
     "more than 16 points"},
    {RESOURCES, "", "NAME=NUMBER"},
    {RESOURCES, "cpu", "NAME=NUMBER"},
    {RESOURCES, "cpu=0", "1 to 100"},
    {RESOURCES, "cpu=101", "0 to 100"},
    {RESOURCES, "cpu=1,cpu=2", "twice"},
    {RESOURCES, "pods=1", "pods cannot be scored"},
    {RESOURCES, "a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1,k=1,l=1,m=1,n=1,o=1,p=1,q=1",
     "more than 16 resources"},
};

static int set_flag(struct config_test *test, size_t row)
{
    switch (refused[row].flag) {
    case WEIGHTS:
        return score_config_set_weights(&test->config, refused[row].text, &test->err);
    case STRATEGY:
        return score_config_set_strategy(&test->config, refused[row].text, &test->err);
    case RESOURCES:
        return score_config_set_resources(&test->config, test->symbols, refused[row].text,
                                          &test->err);
    }
    return 0;
}

Test(score_config, what_cannot_be_used_is_refused_with_a_reason)
{
    for (size_t row = 0; row < ARRAY_LEN(refused); row++) {
        struct config_test test;
        config_test_init(&test);
        struct score_config before = test.config;
        cr_expect_eq(set_flag(&test, row), -EINVAL, "\"%s\" was taken", refused[row].text);
        cr_expect_not_null(strstr(test.err.text, refused[row].says), "\"%s\" gives \"%s\"",
                           refused[row].text, test.err.text);
        cr_expect_eq(memcmp(&before, &test.config, sizeof(before)), 0, "\"%s\" left its mark",
                     refused[row].text);
        symbols_free(test.symbols);
    }
}
