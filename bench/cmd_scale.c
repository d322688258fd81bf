/*
 * The same decisions on clusters of 1,000, 10,000 and 100,000 nodes of 32 cores:
 *
 *     half        each node holds eight pods in the mean; the plain templates are placed
 *     full        each node has less left than the smallest pod asks for, but for one at a random
 *                 place: the pods go there
 *     thousandth  likewise, one node in a thousand has room
 *     proven      no node has room: that is found out, said, and the pod parked
 *     refused     likewise 32 equal pods, of which one finds it out
 *
 * Clusters stay for all rounds: what was placed is taken away again, and the nodes with room move,
 * outside of the time that counts. Pods that come one after the other differ: equal ones would be
 * decided as a batch, and the search is what is measured.
 */
#include "bench/cmd_scale.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/core_load.h"
#include "bench/flags.h"
#include "bench/report.h"
#include "bench/scale_steps.h"
#include "model/base/mem.h"

#define GIB (INT64_C(1) << 30)

enum {
    ROUNDS_MAX = 99,
    NODE_CPU_MILLI = 32000,
    HALF_PODS_A_NODE = 8,
    HALF_CPU_MILLI = 2000,
    HALF_WAITING = 4000,
    PLAIN_TEMPLATES = 6,
    FILLERS_A_NODE = 4,
    SHORT_ROUNDS = 32, /* batches of few pods in one round */
    WAITING_A_SPARE = 32,
    WAITING_MAX = 1024,
    FULL_CPU_MILLI = 500,
};

/* One cluster and what is where in it. */
struct scene {
    struct core_load load;
    uint32_t node_count;
    uint32_t next_pod; /* number of the next pod that waits */
    uint32_t spare_count;
    uint32_t *spares;    /* nodes with room */
    bool *is_spare;      /* by node */
    uint8_t *left_steps; /* by node: cpu that its fillers leave, in steps of 40 milli-cores */
};

static void settle(struct scene *scene)
{
    while (sched_pass(scene->load.sched, 256))
        ;
}

static void scene_init(struct scene *scene, uint32_t node_count)
{
    *scene = (struct scene){.node_count = node_count};
    core_load_init(&scene->load, node_count);
    core_load_begin(&scene->load);
    for (uint32_t i = 0; i < node_count; i++)
        core_load_node(&scene->load, i);
}

static void scene_fini(struct scene *scene)
{
    core_load_fini(&scene->load);
    free(scene->spares);
    free(scene->is_spare);
    free(scene->left_steps);
}

/* Places `count` pods; nanoseconds of each from the queue's pop to the bind call. */
static double place_plain(struct scene *scene, uint32_t count)
{
    struct core_load *load = &scene->load;
    uint64_t binds = load->binds;
    for (uint32_t i = 0; i < count; i++)
        core_load_pod(load, scene->next_pod + i, UINT32_MAX);
    int64_t start_ns = report_cpu_ns();
    settle(scene);
    int64_t end_ns = report_cpu_ns();
    CHECK(load->binds - binds == count);
    for (uint32_t i = 0; i < count; i++)
        core_load_app_pod_gone(load, scene->next_pod + i, UINT32_MAX, UINT32_MAX);
    return (double)(end_ns - start_ns) / count;
}

static double measure_half(uint32_t node_count, uint32_t round_count)
{
    struct scene scene;
    scene_init(&scene, node_count);
    for (; scene.next_pod < node_count * HALF_PODS_A_NODE; scene.next_pod++)
        core_load_asking_pod(&scene.load, scene.next_pod,
                             (uint32_t)rng_below(&scene.load.rng, node_count), HALF_CPU_MILLI,
                             8 * GIB);
    for (uint32_t i = 0; i < PLAIN_TEMPLATES; i++) /* their shapes stay */
        core_load_pod(&scene.load, scene.next_pod++, i);
    core_load_end(&scene.load);
    double ns[ROUNDS_MAX];
    (void)place_plain(&scene, HALF_WAITING); /* the caches of the shapes are made */
    for (uint32_t i = 0; i < round_count; i++)
        ns[i] = place_plain(&scene, HALF_WAITING);
    scene_fini(&scene);
    return report_median(ns, round_count);
}

/* ---- all but full ---- */

static void set_fillers(struct scene *scene, uint32_t node, bool is_there)
{
    enum { STEP_MILLI = 10 };
    int64_t cpu_milli = NODE_CPU_MILLI / FILLERS_A_NODE - scene->left_steps[node] * STEP_MILLI;
    for (uint32_t i = 0; i < FILLERS_A_NODE; i++) {
        uint32_t pod = node * FILLERS_A_NODE + i;
        if (is_there)
            core_load_asking_pod(&scene->load, pod, node, cpu_milli, 16 * GIB);
        else
            core_load_asking_pod_gone(&scene->load, pod, node, cpu_milli, 16 * GIB);
    }
}

/* What pods ask that are tried: the least of it, and how many differ. Those of one shape are
 * decided as one batch, so it takes two by turns to have a search for each. */
struct asking {
    int64_t cpu_milli;
    uint32_t shape_count;
};

static int64_t asked_of(const struct asking *asking, uint32_t i)
{
    return asking->cpu_milli + i % asking->shape_count;
}

/* Pods on the first node, which never has room, that ask what will be asked: the shapes stay. */
static void add_anchors(struct scene *scene, const struct asking *asking)
{
    for (uint32_t i = 0; i < asking->shape_count; i++)
        core_load_asking_pod(&scene->load, scene->next_pod++, 0, asked_of(asking, i), GIB);
}

/* Other nodes have room from now on, at random places. */
static void move_spares(struct scene *scene)
{
    for (uint32_t i = 0; i < scene->spare_count; i++) {
        uint32_t node = scene->spares[i];
        do
            scene->spares[i] = 1 + (uint32_t)rng_below(&scene->load.rng, scene->node_count - 1);
        while (scene->is_spare[scene->spares[i]]);
        scene->is_spare[node] = false;
        set_fillers(scene, node, true);
        scene->is_spare[scene->spares[i]] = true;
        set_fillers(scene, scene->spares[i], false);
    }
}

static void scene_init_full(struct scene *scene, uint32_t node_count, uint32_t spare_count)
{
    enum { LEFT_STEPS = 6 }; /* at most 200 milli-cores */
    scene_init(scene, node_count);
    scene->spare_count = spare_count;
    scene->spares = mem_zalloc(spare_count, sizeof(*scene->spares));
    scene->is_spare = mem_zalloc(node_count, sizeof(*scene->is_spare));
    scene->left_steps = mem_zalloc(node_count, sizeof(*scene->left_steps));
    scene->next_pod = node_count * FILLERS_A_NODE;
    for (uint32_t i = 0; i < spare_count; i++)
        scene->is_spare[scene->spares[i] = 1 + i * (node_count / spare_count)] = true;
    for (uint32_t node = 0; node < node_count; node++) {
        scene->left_steps[node] = (uint8_t)rng_below(&scene->load.rng, LEFT_STEPS);
        if (!scene->is_spare[node])
            set_fillers(scene, node, true);
    }
    core_load_end(&scene->load);
}

/* `count` pods are decided, and taken away again; nanoseconds of each. */
static double place(struct scene *scene, uint32_t count, const struct asking *asking)
{
    struct core_load *load = &scene->load;
    for (uint32_t i = 0; i < count; i++)
        core_load_asking_pod(load, scene->next_pod + i, UINT32_MAX, asked_of(asking, i), GIB);
    int64_t start_ns = report_cpu_ns();
    settle(scene);
    int64_t end_ns = report_cpu_ns();
    for (uint32_t i = 0; i < count; i++)
        core_load_asking_pod_gone(load, scene->next_pod + i, UINT32_MAX, asked_of(asking, i), GIB);
    return (double)(end_ns - start_ns) / count;
}

/* All of `waiting` pods find a node, or none does. */
static double measure(struct scene *scene, const struct asking *asking, uint32_t waiting,
                      uint32_t round_count)
{
    bool fits = asking->cpu_milli < NODE_CPU_MILLI;
    double ns[ROUNDS_MAX];
    add_anchors(scene, asking);
    for (uint32_t round = 0; round < round_count; round++) {
        double batches[SHORT_ROUNDS];
        for (uint32_t i = 0; i < SHORT_ROUNDS; i++) {
            move_spares(scene);
            uint64_t binds = scene->load.binds, refusals = scene->load.refusals;
            batches[i] = place(scene, waiting, asking);
            CHECK(scene->load.binds - binds == (fits ? waiting : 0));
            CHECK(scene->load.refusals - refusals == (fits ? 0 : waiting));
        }
        ns[round] = report_median(batches, SHORT_ROUNDS);
    }
    return report_median(ns, round_count);
}

static double measure_full(uint32_t node_count, uint32_t spare_count, uint32_t round_count)
{
    const struct asking by_turns = {FULL_CPU_MILLI, 2};
    struct scene scene;
    scene_init_full(&scene, node_count, spare_count);
    uint32_t waiting = spare_count * WAITING_A_SPARE;
    double ns =
        measure(&scene, &by_turns, waiting < WAITING_MAX ? waiting : WAITING_MAX, round_count);
    scene_fini(&scene);
    return ns;
}

/* The one node with room has less than is asked. */
static double measure_nowhere(uint32_t node_count, uint32_t waiting, uint32_t round_count)
{
    const struct asking too_much = {NODE_CPU_MILLI + 1, 1};
    struct scene scene;
    scene_init_full(&scene, node_count, 1);
    double ns = measure(&scene, &too_much, waiting, round_count);
    scene_fini(&scene);
    return ns;
}

static double measure_proven(uint32_t node_count, uint32_t round_count)
{
    return measure_nowhere(node_count, 1, round_count);
}

static double measure_refused(uint32_t node_count, uint32_t round_count)
{
    return measure_nowhere(node_count, WAITING_A_SPARE, round_count);
}

static double measure_one_left(uint32_t node_count, uint32_t round_count)
{
    return measure_full(node_count, 1, round_count);
}

static double measure_thousandth(uint32_t node_count, uint32_t round_count)
{
    return measure_full(node_count, (node_count + 999) / 1000, round_count);
}

static const struct scale_case {
    const char *name;
    double (*measure)(uint32_t node_count, uint32_t round_count);
    const char *what;
} cases[] = {
    {"half", measure_half, "half full"},
    {"full", measure_one_left, "one node left"},
    {"thousandth", measure_thousandth, "one node in 1,000 left"},
    {"proven", measure_proven, "no node left, something changed"},
    {"refused", measure_refused, "no node left, 32 equal pods"},
};

static void report_case(struct report *report, const struct scale_case *one, uint32_t top,
                        uint32_t round_count)
{
    char key[REPORT_KEY_BYTES], unit[REPORT_UNIT_BYTES];
    double first = 0, last = 0;
    for (uint32_t nodes = top / 100; nodes <= top; nodes *= 10) {
        last = one->measure(nodes, round_count);
        first = nodes == top / 100 ? last : first;
        (void)snprintf(key, sizeof(key), "scale.%s_ns_%u", one->name, nodes);
        (void)snprintf(unit, sizeof(unit), "ns a decision, %s", one->what);
        report_add(report, key, last, unit);
    }
    (void)snprintf(key, sizeof(key), "scale.growth_%s", one->name);
    report_add(report, key, last / first, "times, 100 times the nodes");
}

static int report_growth(uint32_t top, uint32_t round_count, const char *only, const char *json)
{
    struct report report;
    report_init(&report, "scale: a decision, from the queue's pop to the bind call, by nodes");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (!only || strcmp(only, cases[i].name) == 0)
            report_case(&report, &cases[i], top, round_count);
    if (!only)
        scale_add_search(&report);
    if (report.count > 0)
        return report_finish(&report, json);
    (void)fprintf(stderr,
                  "spillway-bench scale: --only %s: half, full, thousandth, proven or refused\n",
                  only);
    return 2;
}

int cmd_scale(int argc, char **argv)
{
    uint32_t nodes = 100000, rounds = 7;
    bool is_steps = false;
    const char *only = NULL, *json = NULL;
    const struct flag flags[] = {
        {"nodes", FLAG_COUNT, &nodes, 50000, 100000, "N",
         "nodes of the largest cluster; also a tenth and a hundredth of it"},
        {"rounds", FLAG_COUNT, &rounds, 1, ROUNDS_MAX, "N", "rounds; the median counts"},
        {"only", FLAG_TEXT, &only, 0, 0, "CASE", "half, full, thousandth, proven or refused"},
        {"steps", FLAG_SWITCH, &is_steps, 0, 0, NULL,
         "instead, the document bench/SAMPLING.md: what steps and targets save and lose"},
        {"json", FLAG_TEXT, &json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    enum flags_result parsed =
        flags_parse(flags, ARRAY_LEN(flags), "how a decision grows with the cluster", argc, argv);
    if (parsed != FLAGS_OK)
        return parsed == FLAGS_HELP ? 0 : 2;
    return is_steps ? scale_steps() : report_growth(nodes, rounds, only, json);
}
