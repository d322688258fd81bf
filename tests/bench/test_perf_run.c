#include "bench/perf_run.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "attached_fixture.h"
#include "model/base/check.h"
#include "perf_fixture.h"

struct perf_case {
    struct perf_files files;
    struct attached attached;
    struct perf_results results;
    struct err err;
    int rc;
};

static void case_init(struct perf_case *test)
{
    *test = (struct perf_case){0};
    perf_files_init(&test->files);
    attached_init(&test->attached);
}

static void case_fini(struct perf_case *test)
{
    perf_results_fini(&test->results);
    attached_fini(&test->attached);
    perf_files_fini(&test->files);
}

/* `steps` are the workloadTemplate; the parameters are those of most tests. */
static void case_play(struct perf_case *test, const char *steps, const char *scheduler)
{
    char config[4096];
    (void)snprintf(config, sizeof(config),
                   "- name: Case\n"
                   "  workloads: [{name: load, params: {few: 3, many: 40, size: big}}]\n"
                   "  workloadTemplate:\n%s",
                   steps);
    perf_files_load(&test->files, config, NULL, NULL);
    cr_assert_eq(test->files.rc, 0, "%s", test->files.err.text);
    const struct perf_run_options options = {
        .plane = &test->attached.plane, .scheduler = scheduler, .limit_seconds = 1};
    test->rc = perf_run_check(&test->files.workload, &test->err);
    if (test->rc == 0)
        test->rc = perf_run(&options, &test->files.workload, &test->results, &test->err);
}

Test(perf_run, pods_are_measured_from_their_creation_until_all_are_on_nodes)
{
    struct perf_case test;
    case_init(&test);
    case_play(&test,
              "  - {opcode: createNodes, countParam: $few, nodeTemplatePath: templates/node.yaml}\n"
              "  - {opcode: createPods, countParam: $few, podTemplatePath: templates/pod.yaml}\n"
              "  - {opcode: createPods, countParam: $many, collectMetrics: true}\n",
              "binder");
    cr_assert_eq(test.rc, 0, "%s", test.err.text);
    cr_expect_eq(attached_count(&test.attached, KIND_NODE, ""), 3);
    cr_expect_eq(attached_count(&test.attached, KIND_POD, "namespace-1"), 3);
    cr_expect_eq(attached_count(&test.attached, KIND_POD, "namespace-2"), 40);
    cr_expect_eq(test.attached.bound, 43);
    cr_assert_eq(test.results.count, 1, "only what asked for it");
    cr_expect_eq(test.results.items[0].pods, 40);
    cr_expect(test.results.items[0].seconds > 0 && test.results.items[0].per_second > 0);
    cr_expect_str_eq(test.results.items[0].name, "Case/load/namespace-2");
    case_fini(&test);
}

static const char *label_of(struct perf_case *test, const char *namespace, const char *name,
                            const char *key, char value[64])
{
    const struct object *pod =
        store_get(test->attached.store, KIND_POD, str_from(namespace), str_from(name));
    cr_assert(pod, "%s", name);
    struct buf text;
    buf_init(&text, 1 << 20);
    object_render(pod, false, &text);
    json_t *root = json_loadb(text.data, text.len, 0, NULL);
    json_t *labels = json_object_get(json_object_get(root, "metadata"), "labels");
    const char *found = json_string_value(json_object_get(labels, key));
    (void)snprintf(value, 64, "%s", found ? found : "");
    json_decref(root);
    buf_fini(&text);
    return value;
}

Test(perf_run, templates_are_made_anew_for_each_object)
{
    struct perf_case test;
    char value[64];
    case_init(&test);
    case_play(&test,
              "  - {opcode: createNodes, count: 2, nodeTemplatePath: templates/node.yaml,\n"
              "     labelNodePrepareStrategy: {labelKey: zone, labelValues: [a, b]}}\n"
              "  - {opcode: createPods, count: 4, podTemplatePath: templates/pod.yaml,\n"
              "     signatureBatchSize: 2}\n",
              "binder");
    cr_assert_eq(test.rc, 0, "%s", test.err.text);
    cr_expect(store_get(test.attached.store, KIND_NODE, STR(""), STR("box-0")));
    cr_expect(store_get(test.attached.store, KIND_NODE, STR(""), STR("box-1")));
    cr_expect_str_eq(label_of(&test, "namespace-1", "work-1-0", "color", value), "red");
    cr_expect_str_eq(label_of(&test, "namespace-1", "work-1-3", "color", value), "blue");
    cr_expect_str_eq(label_of(&test, "namespace-1", "work-1-1", "signature", value),
                     "signature-label-0");
    cr_expect_str_eq(label_of(&test, "namespace-1", "work-1-2", "signature", value),
                     "signature-label-1");
    case_fini(&test);
}

Test(perf_run, a_barrier_waits_for_those_nobody_waited_for)
{
    struct perf_case test;
    case_init(&test);
    test.attached.is_slow = true;
    case_play(&test,
              "  - {opcode: createNodes, count: 1}\n"
              "  - {opcode: createPods, count: 20, skipWaitToCompletion: true}\n"
              "  - {opcode: barrier}\n",
              "binder");
    cr_assert_eq(test.rc, 0, "%s", test.err.text);
    cr_expect_eq(test.attached.bound, 20);
    case_fini(&test);
}

Test(perf_run, gated_pods_count_as_attempted_but_not_as_scheduled)
{
    struct perf_case test;
    case_init(&test);
    case_play(&test,
              "  - {opcode: createNodes, count: 1}\n"
              "  - {opcode: createPods, count: 5, podTemplatePath: templates/gated.yaml,\n"
              "     skipWaitToCompletion: true}\n"
              "  - {opcode: barrier, stageRequirement: Attempted}\n"
              "  - {opcode: createPods, countParam: $few}\n",
              "binder");
    cr_assert_eq(test.rc, 0, "%s", test.err.text);
    cr_expect_eq(test.attached.bound, 3);
    case_fini(&test);
}

Test(perf_run, sets_of_pods_get_a_namespace_each)
{
    struct perf_case test;
    case_init(&test);
    case_play(&test,
              "  - {opcode: createNodes, count: 1}\n"
              "  - {opcode: createNamespaces, prefix: set, count: 2}\n"
              "  - opcode: createPodSets\n"
              "    countParam: $few\n"
              "    namespacePrefix: set\n"
              "    createPodsOp: {opcode: createPods, count: 2}\n",
              "binder");
    cr_assert_eq(test.rc, 0, "%s", test.err.text);
    cr_expect_eq(attached_count(&test.attached, KIND_POD, "set-0"), 2);
    cr_expect_eq(attached_count(&test.attached, KIND_POD, "set-2"), 2);
    case_fini(&test);
}

Test(perf_run, pods_are_deleted_by_namespace_and_label)
{
    struct perf_case test;
    case_init(&test);
    case_play(&test,
              "  - {opcode: createNodes, count: 1}\n"
              "  - {opcode: createPods, count: 6, podTemplatePath: templates/pod.yaml}\n"
              "  - {opcode: deletePods, namespace: namespace-1, labelSelector: {color: red}}\n",
              "binder");
    cr_assert_eq(test.rc, 0, "%s", test.err.text);
    cr_expect_eq(attached_count(&test.attached, KIND_POD, "namespace-1"), 3);
    case_fini(&test);
}

Test(perf_run, churn_creates_and_deletes_beside_the_other_steps)
{
    struct perf_case test;
    case_init(&test);
    case_play(&test,
              "  - {opcode: createNodes, count: 1}\n"
              "  - opcode: churn\n"
              "    mode: recreate\n"
              "    number: 1\n"
              "    intervalMilliseconds: 2\n"
              "    templatePaths: [templates/gated.yaml]\n"
              "  - {opcode: sleep, duration: 100ms}\n"
              "  - {opcode: createPods, countParam: $few}\n",
              "binder");
    cr_assert_eq(test.rc, 0, "%s", test.err.text);
    cr_expect(test.attached.added[KIND_POD] > 3 + 1, "%u", test.attached.added[KIND_POD]);
    cr_expect(test.attached.deleted[KIND_POD] > 0);
    cr_expect_leq(attached_count(&test.attached, KIND_POD, "namespace-1"), 1);
    case_fini(&test);
}

Test(perf_run, any_object_can_be_created)
{
    struct perf_case test;
    case_init(&test);
    case_play(&test,
              "  - {opcode: createAny, templatePath: templates/map.yaml, namespace: maps,\n"
              "     countParam: $few, templateParams: {size: $size}}\n",
              "binder");
    cr_assert_eq(test.rc, 0, "%s", test.err.text);
    cr_expect_eq(attached_count(&test.attached, KIND_CONFIG_MAP, "maps"), 3);
    case_fini(&test);
}

Test(perf_run, a_collection_counts_the_pods_of_its_namespaces_and_labels)
{
    struct perf_case test;
    case_init(&test);
    case_play(&test,
              "  - {opcode: createNodes, count: 1}\n"
              "  - {opcode: createPods, count: 5, namespace: one}\n"
              "  - opcode: startCollectingMetrics\n"
              "    name: both\n"
              "    namespaces: [one, two]\n"
              "    labelSelector: {color: red}\n"
              "  - {opcode: createPods, count: 6, podTemplatePath: templates/pod.yaml,\n"
              "     namespace: two}\n"
              "  - {opcode: createPods, count: 6, podTemplatePath: templates/pod.yaml,\n"
              "     namespace: three}\n"
              "  - {opcode: stopCollectingMetrics}\n",
              "binder");
    cr_assert_eq(test.rc, 0, "%s", test.err.text);
    cr_assert_eq(test.results.count, 1);
    cr_expect_eq(test.results.items[0].pods, 3, "every second of six");
    case_fini(&test);
}

static const struct {
    const char *steps, *scheduler, *wrong;
    int code;
} bad[] = {
    {"  - {opcode: createNodes, count: 1}\n  - {opcode: createPods, count: 2}\n", "nobody",
     "config.yaml:5: createPods: 0 of 2 pods in namespace namespace-1: after 1 s", ETIMEDOUT},
    {"  - {opcode: stopCollectingMetrics}\n", "binder",
     "config.yaml:4: stopCollectingMetrics: no metrics are being collected", EINVAL},
    {"  - {opcode: startCollectingMetrics, namespaces: [a]}\n"
     "  - {opcode: startCollectingMetrics, namespaces: [a]}\n",
     "binder", "config.yaml:5: startCollectingMetrics: metrics are being collected already",
     EINVAL},
    {"  - {opcode: deletePods, namespace: absent}\n", "binder",
     "config.yaml:4: deletePods: no step before made namespace absent", EINVAL},
    {"  - {opcode: barrier, namespaces: [absent]}\n", "binder",
     "config.yaml:4: barrier: no step before made namespace absent", EINVAL},
    {"  - {opcode: createPods, count: 1, namespace: kube-system}\n", "binder",
     "namespace kube-system is there already: a cluster of its own is needed", EEXIST},
    {"  - {opcode: createPods, count: 1, podTemplatePath: templates/bad.yaml}\n", "binder",
     "bad.yaml: line 4: this has no value: .absent", EINVAL},
    {"  - {opcode: createNodes, count: 1, nodeTemplatePath: templates/pod.yaml}\n", "binder",
     "pod.yaml: a Node is expected, not a Pod", EINVAL},
    {"  - {opcode: createAny, templatePath: templates/map.yaml,\n"
     "     templateParams: {size: 1}}\n",
     "binder", "a ConfigMap needs a namespace", EINVAL},
    {"  - {opcode: createNodes, count: 2, nodeTemplatePath: templates/node.yaml}\n"
     "  - {opcode: createNodes, count: 1, nodeTemplatePath: templates/node.yaml}\n",
     "binder", "config.yaml:5: createNodes: a POST was answered 409", EIO},
};

Test(perf_run, says_which_step_failed_and_why)
{
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct perf_case test;
        case_init(&test);
        case_play(&test, bad[i].steps, bad[i].scheduler);
        cr_expect_eq(test.rc, -bad[i].code, "%zu: %d %s", i, test.rc, test.err.text);
        cr_expect(strstr(test.err.text, bad[i].wrong), "%zu: %s", i, test.err.text);
        case_fini(&test);
    }
}
