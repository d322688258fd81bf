/* kube-scheduler.md A5.4 and A10: narrowing by metadata.name, in the words of kube-scheduler 1.37.
 */
#include <criterion/criterion.h>

#include "tests/sched/core.h"
#include "tests/sched/probe.h"

/* Against node n1. */
static const struct {
    const char *required;
    bool fits;
} rows[] = {
    {NULL, true},
    {"zone In a", true}, /* names no node: not narrowed */
    {"@metadata.name In n1", true},
    {"@metadata.name In n2", false},
    {"@metadata.name In n2; @metadata.name In n1", true},   /* union over terms */
    {"@metadata.name In n2; zone In a", true},              /* one term names none */
    {"@metadata.name NotIn n2", true},                      /* NotIn names none */
    {"@metadata.name In n1 & @metadata.name In n2", false}, /* intersection within a term */
    {"@metadata.name In n1 & zone In b", true},             /* labels are the filter's business */
};

Test(filter_node_affinity_names, only_named_nodes_pass_when_every_term_names_some)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        char text[PROBE_TEXT_BYTES];
        uint32_t slot = fixture_node(&fixture, &(struct fixture_node){.name = "n1"});
        struct fixture_pod pod = {.name = "p", .required = rows[i].required};
        enum verdict verdict =
            probe_filter(&fixture, &filter_node_affinity_names, &pod, slot, text);
        cr_expect_eq(verdict, rows[i].fits ? VERDICT_FIT : VERDICT_UNFIT_FINAL, "row %zu", i);
        cr_expect_str_eq(text,
                         rows[i].fits ? "" : "node(s) didn't satisfy plugin(s) [NodeAffinity");
        fixture_fini(&fixture);
    }
}

/* What kube-scheduler 1.37 said of a pod for one tainted node, a cordoned one and a plain one. */
static const struct {
    const char *required, *message, *nominated;
} sentences[] = {
    {.required = "@metadata.name In absent",
     .message = "0/3 nodes are available: 3 node(s) didn't satisfy plugin(s) [NodeAffinity]."},
    {.required = "@metadata.name In tainted",
     .message =
         "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't satisfy "
         "plugin(s) [NodeAffinity]."},
    {.required = "@metadata.name In plain & @metadata.name In tainted",
     .message = "0/3 nodes are available: pod affinity terms conflict."},
    /* a nominated node is asked before the search is narrowed, and who refused it is named too */
    {.required = "@metadata.name In absent",
     .message =
         "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 2 node(s) "
         "didn't satisfy plugin(s) [NodeAffinity].",
     .nominated = "plain"},
    {.required = "@metadata.name In absent",
     .message =
         "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't satisfy "
         "plugin(s) [NodeAffinity TaintToleration].",
     .nominated = "tainted"},
};

Test(filter_node_affinity_names, nodes_that_are_not_named_are_told_before_all_other_reasons)
{
    for (size_t i = 0; i < ARRAY_LEN(sentences); i++) {
        struct core core;
        core_init(&core);
        core_node(&core, &(struct fixture_node){.name = "plain", .allocatable = "cpu=1"});
        core_node(&core, &(struct fixture_node){
                             .name = "tainted", .allocatable = "cpu=1", .taints = "a:NoSchedule"});
        core_node(&core, &(struct fixture_node){
                             .name = "cordoned", .allocatable = "cpu=1", .is_unschedulable = true});
        core_pod(&core, &(struct fixture_pod){.name = "p",
                                              .required = sentences[i].required,
                                              .nominated = sentences[i].nominated});
        core_pass(&core);
        cr_expect_str_eq(mem_port_call(core.port, MEM_STATUS, 0)->text, sentences[i].message);
        cr_expect_str_eq(mem_port_call(core.port, MEM_STATUS, 0)->reason, "Unschedulable");
        core_fini(&core);
    }
}

Test(filter_node_affinity_names, the_named_node_wakes_the_pod_when_it_comes)
{
    struct core core;
    core_init(&core);
    core_node(&core, &(struct fixture_node){.name = "n1", .allocatable = "cpu=1"});
    core_pod(&core, &(struct fixture_pod){.name = "p", .required = "@metadata.name In n2"});
    core_pass(&core);
    core_node(&core, &(struct fixture_node){.name = "n3", .allocatable = "cpu=1"});
    cr_expect_eq(core_find(&core, "p")->queue_place, QUEUE_PARKED);
    core_node(&core, &(struct fixture_node){.name = "n2", .allocatable = "cpu=1"});
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    cr_expect_str_eq(core_bound_to(&core, 0), "n2");
    core_fini(&core);
}
