#include "bench/perf_config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "perf_fixture.h"
#include "model/base/check.h"

static const char two_cases[] = "- name: First\n"
                                "  defaultPodTemplatePath: templates/pod.yaml\n"
                                "  workloadTemplate:\n"
                                "  - opcode: createNodes\n"
                                "    countParam: $nodes\n"
                                "    nodeTemplatePath: templates/node.yaml\n"
                                "  - opcode: createPodSets\n"
                                "    countParam: $sets\n"
                                "    namespacePrefix: set\n"
                                "    createPodsOp:\n"
                                "      opcode: createPods\n"
                                "      count: 3\n"
                                "      countMultiplierParam: $times\n"
                                "  - opcode: createPods\n"
                                "    countParam: $pods\n"
                                "    namespace: mine\n"
                                "    collectMetrics: true\n"
                                "    templateParams: {a: $nodes, b: $absent|7, c: text}\n"
                                "  workloads:\n"
                                "  - name: small\n"
                                "    labels: [short]\n"
                                "    params: {nodes: 2, sets: 3, times: 4, pods: 10}\n"
                                "  - name: large\n"
                                "    threshold: 100\n"
                                "    params: {nodes: 5000, sets: 1, times: 1, pods: 10000}\n"
                                "- name: Second\n"
                                "  featureGates: {X: true}\n"
                                "  workloadTemplate:\n"
                                "  - opcode: sleep\n"
                                "    duration: 1m30s\n"
                                "  - opcode: sleep\n"
                                "    durationParam: $wait\n"
                                "  - opcode: barrier\n"
                                "    stageRequirement: Attempted\n"
                                "    namespaces: [a, b]\n"
                                "  workloads:\n"
                                "  - name: only\n"
                                "    params: {wait: 250ms}\n";

Test(perf_config, takes_the_counts_of_the_chosen_workload)
{
    struct perf_files files;
    perf_files_init(&files);
    perf_files_load(&files, two_cases, "First", "small");
    cr_assert_eq(files.rc, 0, "%s", files.err.text);
    const struct perf_workload *workload = &files.workload;
    cr_assert_eq(workload->op_count, 5, "one step for each set");
    cr_expect_eq(workload->ops[0].opcode, PERF_CREATE_NODES);
    cr_expect_eq(workload->ops[0].count, 2);
    cr_expect_eq(workload->ops[0].line, 4);
    for (uint32_t i = 1; i <= 3; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "set-%u", i - 1);
        cr_expect_eq(workload->ops[i].opcode, PERF_CREATE_PODS);
        cr_expect_str_eq(workload->ops[i].namespace, name);
        cr_expect_eq(workload->ops[i].count * workload->ops[i].multiplier, 12);
        cr_expect_eq(workload->ops[i].template_count, 1, "the default of the case");
        cr_expect_not(workload->ops[i].collects);
    }
    const struct perf_op *last = &workload->ops[4];
    cr_expect(last->collects);
    cr_expect_str_eq(last->namespace, "mine");
    cr_expect_eq(json_integer_value(json_object_get(last->params, "a")), 2);
    cr_expect_eq(json_integer_value(json_object_get(last->params, "b")), 7);
    cr_expect_str_eq(json_string_value(json_object_get(last->params, "c")), "text");
    cr_expect_not(workload->has_feature_gates);
    perf_files_load(&files, two_cases, "First", "large");
    cr_assert_eq(files.rc, 0, "%s", files.err.text);
    cr_expect_eq(files.workload.ops[0].count, 5000);
    cr_expect_eq(files.workload.op_count, 3);
    perf_files_fini(&files);
}

Test(perf_config, reads_durations_stages_and_the_only_workload)
{
    struct perf_files files;
    perf_files_init(&files);
    perf_files_load(&files, two_cases, "Second", NULL);
    cr_assert_eq(files.rc, 0, "%s", files.err.text);
    cr_expect_eq(files.workload.ops[0].sleep_ms, 90000);
    cr_expect_eq(files.workload.ops[1].sleep_ms, 250);
    cr_expect(files.workload.ops[2].wants_attempted);
    cr_expect_eq(json_array_size(files.workload.ops[2].namespaces), 2);
    cr_expect(files.workload.has_feature_gates);
    perf_files_fini(&files);
}

Test(perf_config, lists_all_workloads)
{
    struct perf_files files;
    struct buf out;
    perf_files_init(&files);
    perf_files_write(&files, "config.yaml", two_cases);
    buf_init(&out, 4096);
    cr_assert_eq(perf_workload_list(files.config, &out, &files.err), 0);
    cr_expect_str_eq(out.data, "First/small\nFirst/large\nSecond/only\n");
    buf_fini(&out);
    perf_files_fini(&files);
}

#define STEP "- name: A\n  workloadTemplate:\n  - opcode: "
#define END  "\n  workloads:\n  - name: w\n    params: {n: 3, huge: 99999999999, text: many}\n"

static const struct {
    const char *config, *wrong;
} bad[] = {
    {STEP "createCats" END, "config.yaml:3: unknown opcode \"createCats\""},
    {STEP "createPodGroups" END, "config.yaml:3: opcode createPodGroups is not supported"},
    {STEP "sleep\n    duration: 1s\n  - count: 1" END, "config.yaml:5: a step needs an opcode"},
    {STEP "sleep\n  - [1, 2]" END, "config.yaml:4: a step is a map"},
    {STEP "createNodes" END, "config.yaml:3: createNodes: count or countParam is missing"},
    {STEP "createNodes\n    countParam: $absent" END,
     "config.yaml:4: the workload has no parameter \"absent\""},
    {STEP "createNodes\n    countParam: n" END, "config.yaml:4: countParam is the name of a"},
    {STEP "createNodes\n    countParam: $huge" END, "config.yaml:4: countParam is 99999999999"},
    {STEP "createNodes\n    countParam: $text" END, "config.yaml:4: countParam is a whole number"},
    {STEP "createNodes\n    count: -1" END, "config.yaml:4: count is -1: 0 to 1000000"},
    {STEP "createNodes\n    count: 1.5" END, "config.yaml:4: count is a whole number"},
    {STEP "createNodes\n    count: 1\n    colour: red" END,
     "config.yaml:5: createNodes has no field \"colour\""},
    {STEP "createNodes\n    count: 1\n    nodeTemplatePath: absent.yaml" END,
     "config.yaml:5: nodeTemplatePath: cannot read"},
    {STEP "createNodes\n    count: 1\n    nodeAllocatableStrategy: {}" END,
     "config.yaml:5: nodeAllocatableStrategy is not supported"},
    {STEP "createNodes\n    count: 1\n    labelNodePrepareStrategy: {labelKey: a}" END,
     "config.yaml:5: labelNodePrepareStrategy is a map with labelKey and labelValues"},
    {STEP "createPods\n    count: 1\n    steadyState: true" END,
     "config.yaml:5: steadyState is not supported"},
    {STEP "createPods\n    count: 1\n    namespace: a/b" END, "config.yaml:5: namespace is a name"},
    {STEP "createPods\n    count: 1\n    collectMetrics: maybe" END,
     "config.yaml:5: collectMetrics is true or false"},
    {STEP "createPods\n    count: 1\n    collectMetrics: true\n    skipWaitToCompletion: true" END,
     "config.yaml:3: createPods: collectMetrics and skipWaitToCompletion exclude each other"},
    {STEP "createPods\n    count: 1000000\n    countMultiplierParam: $n" END, "too many pods"},
    {STEP "createPods\n    count: 1\n    templateParams: {a: $absent}" END,
     "config.yaml:5: the workload has no parameter \"absent\""},
    {STEP "createPodSets\n    count: 999999\n    namespacePrefix: a\n    createPodsOp: {opcode: "
          "createPods, count: 1}" END,
     "config.yaml:3: more than 4096 steps"},
    {STEP "createPodSets\n    count: 1\n    namespacePrefix: a\n    createPodsOp: {opcode: "
          "sleep}" END,
     "config.yaml:6: createPodsOp is a createPods"},
    {STEP "createNamespaces\n    count: 1" END, "prefix is missing"},
    {STEP "sleep\n    duration: soon" END, "config.yaml:4: duration is a duration as 1m30s"},
    {STEP "sleep\n    duration: 9000h" END, "at most an hour"},
    {STEP "barrier\n    stageRequirement: Bored" END, "is Scheduled or Attempted"},
    {STEP "barrier\n    labelSelector: {a: 1}" END, "labelSelector is a map of texts"},
    {STEP "churn\n    mode: often" END, "config.yaml:4: mode is create or recreate"},
    {STEP "churn\n    mode: recreate\n    templatePaths: [templates/map.yaml]" END,
     "churn: mode recreate needs a number"},
    {STEP "churn\n    mode: create" END, "templatePaths is missing"},
    {STEP "deletePods" END, "deletePods: namespace is missing"},
    {STEP "createAny" END, "createAny: templatePath is missing"},
    {STEP "startCollectingMetrics" END, "namespaces are missing"},
    {"- name: A\n  workloadTemplate: []\n  workloads:\n  - name: w\n",
     "config.yaml:2: workloadTemplate is a list of steps"},
    {"- name: A\n  workloads:\n  - name: w\n", "config.yaml:1: workloadTemplate is a list"},
    {"- name: A\n  workloadTemplate: [{opcode: barrier}]\n", "a list of workloads is expected"},
    {"- name: B\n  colour: red\n", "config.yaml:2: unknown field \"colour\""},
    {"- title: B\n", "config.yaml:1: a test case needs a name"},
    {"- name: A\n- name: B\n", "config.yaml:1: there are 2 test cases: say which"},
    {"just: a map\n", "a list of test cases is expected"},
    {"", "a list of test cases is expected"},
    {"- &a\n  name: A\n  workloads: *a\n", "config.yaml: line 1, column 3: anchors"},
    {"- name: A\n  name: B\n", "is there twice"},
    {"- name: [\n", "config.yaml: line"},
};

Test(perf_config, says_file_and_line_of_what_is_wrong)
{
    struct perf_files files;
    perf_files_init(&files);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        perf_files_load(&files, bad[i].config, NULL, NULL);
        cr_expect_neq(files.rc, 0, "%s", bad[i].config);
        cr_expect(strstr(files.err.text, bad[i].wrong), "row %zu: %s\n not: %s", i, files.err.text,
                  bad[i].wrong);
    }
    perf_files_fini(&files);
}

Test(perf_config, says_which_case_or_workload_is_not_there)
{
    struct perf_files files;
    perf_files_init(&files);
    perf_files_load(&files, two_cases, "Third", NULL);
    cr_expect(strstr(files.err.text, "there is no test case \"Third\""), "%s", files.err.text);
    perf_files_load(&files, two_cases, "First", "tiny");
    cr_expect(strstr(files.err.text, "config.yaml:19: there is no workload \"tiny\""), "%s",
              files.err.text);
    perf_files_load(&files, two_cases, "First", NULL);
    cr_expect(strstr(files.err.text, "there are 2 workloads: say which"), "%s", files.err.text);
    perf_files_fini(&files);
}
