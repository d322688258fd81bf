/* Every row is a pod in words: its amounts by hand from kube-scheduler's formula (A9). */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

#include "model/base/check.h"
#include "model/names.h"
#include "model/pod_resources.h"
#include "tests/model/seed.h"

#define MI (INT64_C(1) << 20)

enum { LIST_MAX = 4, CONTAINERS_MAX = 4, EXPECTED_MAX = 6 };

/* A resource list in a table: ended by a NULL name. */
struct entry {
    const char *name;
    int64_t amount;
};

struct container_row {
    const char *name; /* NULL: end of the containers */
    struct entry requests[LIST_MAX];
    bool is_sidecar;
    struct entry status_requests[LIST_MAX], status_allocated[LIST_MAX];
};

struct row {
    const char *what;
    enum pod_resources_view view;
    bool is_infeasible;
    struct container_row containers[CONTAINERS_MAX], init_containers[CONTAINERS_MAX];
    struct entry overhead[LIST_MAX], pod_requests[LIST_MAX];
    struct entry pod_allocated[LIST_MAX], pod_actual[LIST_MAX];
    struct entry expected[EXPECTED_MAX]; /* others must be 0 */
    int64_t nonzero_cpu_milli, nonzero_memory_bytes;
    int64_t fit_cpu_milli, fit_memory_bytes; /* with a pod level; else as nonzero */
};

#define CPU  "cpu"
#define MEM  "memory"
#define GPU  "nvidia.com/gpu"
#define HUGE "hugepages-2Mi"

static const struct row rows[] = {
    {.what = "nothing asked: stand-ins only for scoring",
     .containers = {{.name = "a"}},
     .nonzero_cpu_milli = 100,
     .nonzero_memory_bytes = 200 * MI},
    {.what = "stand-ins per container, not per pod",
     .containers = {{.name = "a"}, {"b", .requests = {{CPU, 300}}}, {"c", .requests = {{MEM, 50}}}},
     .expected = {{CPU, 300}, {MEM, 50}},
     .nonzero_cpu_milli = 500,
     .nonzero_memory_bytes = 400 * MI + 50},
    {.what = "an explicit 0 stays 0",
     .containers = {{"a", .requests = {{CPU, 0}, {MEM, 0}}}},
     .nonzero_cpu_milli = 0,
     .nonzero_memory_bytes = 0},
    {.what = "containers add up",
     .containers = {{"a", .requests = {{CPU, 500}, {MEM, 100 * MI}, {GPU, 1}}},
                    {"b", .requests = {{CPU, 250}, {MEM, 28 * MI}, {"ephemeral-storage", 7}}}},
     .expected = {{CPU, 750}, {MEM, 128 * MI}, {GPU, 1}, {"ephemeral-storage", 7}},
     .nonzero_cpu_milli = 750,
     .nonzero_memory_bytes = 128 * MI},
    {.what = "ordinary init containers run one by one: the largest counts, per resource",
     .containers = {{"a", .requests = {{CPU, 100}, {MEM, 300}}}},
     .init_containers = {{"i", .requests = {{CPU, 400}, {MEM, 100}}},
                         {"j", .requests = {{CPU, 200}, {MEM, 200}}}},
     .expected = {{CPU, 400}, {MEM, 300}},
     .nonzero_cpu_milli = 400,
     .nonzero_memory_bytes = 300},
    {.what = "a sidecar runs beside the containers",
     .containers = {{"a", .requests = {{CPU, 100}, {MEM, 10}}}},
     .init_containers = {{"s", .requests = {{CPU, 50}, {MEM, 5}}, .is_sidecar = true}},
     .expected = {{CPU, 150}, {MEM, 15}},
     .nonzero_cpu_milli = 150,
     .nonzero_memory_bytes = 15},
    {.what = "an init container runs beside the sidecars before it, not those after it",
     .containers = {{"a", .requests = {{CPU, 100}, {MEM, 1}}}},
     .init_containers = {{"s", .requests = {{CPU, 50}, {MEM, 1}}, .is_sidecar = true},
                         {"i", .requests = {{CPU, 400}, {MEM, 1}}},
                         {"t", .requests = {{CPU, 70}, {MEM, 1}}, .is_sidecar = true}},
     .expected = {{CPU, 450}, {MEM, 3}},
     .nonzero_cpu_milli = 450,
     .nonzero_memory_bytes = 3},
    {.what = "sidecars and containers together pass the init peak",
     .containers = {{"a", .requests = {{CPU, 400}, {MEM, 1}}}},
     .init_containers = {{"s", .requests = {{CPU, 50}, {MEM, 1}}, .is_sidecar = true},
                         {"i", .requests = {{CPU, 400}, {MEM, 1}}},
                         {"t", .requests = {{CPU, 70}, {MEM, 1}}, .is_sidecar = true}},
     .expected = {{CPU, 520}, {MEM, 3}},
     .nonzero_cpu_milli = 520,
     .nonzero_memory_bytes = 3},
    {.what = "an init container without requests has the stand-ins in its peak",
     .containers = {{"a", .requests = {{CPU, 10}, {MEM, 1}}}},
     .init_containers = {{"s", .requests = {{CPU, 20}, {MEM, 2}}, .is_sidecar = true},
                         {.name = "i"}},
     .expected = {{CPU, 30}, {MEM, 3}},
     .nonzero_cpu_milli = 120,
     .nonzero_memory_bytes = 200 * MI + 2},
    {.what = "a sidecar without requests has the stand-ins beside the containers",
     .containers = {{"a", .requests = {{CPU, 10}, {MEM, 1}}}},
     .init_containers = {{"s", .is_sidecar = true}},
     .expected = {{CPU, 10}, {MEM, 1}},
     .nonzero_cpu_milli = 110,
     .nonzero_memory_bytes = 200 * MI + 1},
    {.what = "overhead is added last",
     .containers = {{"a", .requests = {{CPU, 100}, {MEM, 10}}}},
     .init_containers = {{"i", .requests = {{CPU, 400}, {MEM, 1}}}},
     .overhead = {{CPU, 25}, {MEM, 3}, {GPU, 1}},
     .expected = {{CPU, 425}, {MEM, 13}, {GPU, 1}},
     .nonzero_cpu_milli = 425,
     .nonzero_memory_bytes = 13},
    {.what = "pod-level requests replace the sum, smaller or larger, and overhead still comes",
     .containers = {{"a", .requests = {{CPU, 100}, {MEM, 100}, {HUGE, 4}, {GPU, 2}}}},
     .pod_requests = {{CPU, 900}, {MEM, 60}, {HUGE, 8}, {GPU, 7}},
     .overhead = {{CPU, 5}, {MEM, 5}},
     .expected = {{CPU, 905}, {MEM, 65}, {HUGE, 8}, {GPU, 2}}, /* no pod level for GPUs */
     .nonzero_cpu_milli = 905,
     .nonzero_memory_bytes = 65,
     .fit_cpu_milli = 105,
     .fit_memory_bytes = 105},
    {.what = "a pod-level cpu leaves the containers' memory",
     .containers = {{"a", .requests = {{MEM, 100}}}, {"b", .requests = {{MEM, 20}}}},
     .pod_requests = {{CPU, 900}},
     .expected = {{CPU, 900}, {MEM, 120}},
     .nonzero_cpu_milli = 900,
     .nonzero_memory_bytes = 120,
     .fit_cpu_milli = 200,
     .fit_memory_bytes = 120},
    {.what = "beside a pod level, a resource that nobody names at all gets the stand-in",
     .containers = {{.name = "a"}, {.name = "b"}},
     .pod_requests = {{CPU, 900}},
     .expected = {{CPU, 900}},
     .nonzero_cpu_milli = 900,
     .nonzero_memory_bytes = 400 * MI,
     .fit_cpu_milli = 200,
     .fit_memory_bytes = 400 * MI},
    {.what = "beside a pod level, a resource that one container names gets none",
     .containers = {{"a", .requests = {{MEM, 7}}}, {.name = "b"}},
     .pod_requests = {{CPU, 900}},
     .expected = {{CPU, 900}, {MEM, 7}},
     .nonzero_cpu_milli = 900,
     .nonzero_memory_bytes = 7,
     .fit_cpu_milli = 200,
     .fit_memory_bytes = 200 * MI + 7},
    {.what = "an incoming pod counts by its spec",
     .containers = {{"a", .requests = {{CPU, 100}, {MEM, 1}},
                     .status_requests = {{CPU, 500}, {MEM, 5}}}},
     .expected = {{CPU, 100}, {MEM, 1}},
     .nonzero_cpu_milli = 100,
     .nonzero_memory_bytes = 1},
    {.what = "on a node: the maximum of wanted, in force and allocated, per resource",
     .view = POD_RESOURCES_ON_NODE,
     .containers = {{"a", .requests = {{CPU, 100}, {MEM, 30}},
                     .status_requests = {{CPU, 500}, {MEM, 20}},
                     .status_allocated = {{CPU, 300}, {MEM, 40}}},
                    {"b", .requests = {{CPU, 7}, {MEM, 7}}}},
     .expected = {{CPU, 507}, {MEM, 47}},
     .nonzero_cpu_milli = 507,
     .nonzero_memory_bytes = 47},
    {.what = "on a node, growing: the wanted counts already",
     .view = POD_RESOURCES_ON_NODE,
     .containers = {{"a", .requests = {{CPU, 800}, {MEM, 30}},
                     .status_requests = {{CPU, 100}, {MEM, 30}},
                     .status_allocated = {{CPU, 100}, {MEM, 30}}}},
     .expected = {{CPU, 800}, {MEM, 30}},
     .nonzero_cpu_milli = 800,
     .nonzero_memory_bytes = 30},
    {.what = "on a node, infeasible: the wanted will not happen",
     .view = POD_RESOURCES_ON_NODE,
     .is_infeasible = true,
     .containers = {{"a", .requests = {{CPU, 800}, {MEM, 90}},
                     .status_requests = {{CPU, 100}, {MEM, 30}},
                     .status_allocated = {{CPU, 200}, {MEM, 20}}}},
     .expected = {{CPU, 200}, {MEM, 30}},
     .nonzero_cpu_milli = 200,
     .nonzero_memory_bytes = 30},
    {.what = "on a node, infeasible, and no status yet: the wanted is all there is",
     .view = POD_RESOURCES_ON_NODE,
     .is_infeasible = true,
     .containers = {{"a", .requests = {{CPU, 800}, {MEM, 90}}}},
     .expected = {{CPU, 800}, {MEM, 90}},
     .nonzero_cpu_milli = 800,
     .nonzero_memory_bytes = 90},
    {.what = "on a node: sidecars resize like containers",
     .view = POD_RESOURCES_ON_NODE,
     .containers = {{"a", .requests = {{CPU, 10}, {MEM, 1}}}},
     .init_containers = {{"s", .requests = {{CPU, 20}, {MEM, 1}}, .is_sidecar = true,
                          .status_allocated = {{CPU, 60}, {MEM, 1}}}},
     .expected = {{CPU, 70}, {MEM, 2}},
     .nonzero_cpu_milli = 70,
     .nonzero_memory_bytes = 2},
    {.what = "on a node: pod-level resize, the maximum of the three, and overhead on top",
     .view = POD_RESOURCES_ON_NODE,
     .containers = {{"a", .requests = {{CPU, 10}, {MEM, 1}}}},
     .pod_requests = {{CPU, 500}, {MEM, 50}},
     .pod_allocated = {{CPU, 730}, {MEM, 40}},
     .pod_actual = {{CPU, 430}, {MEM, 45}},
     .overhead = {{CPU, 30}},
     .expected = {{CPU, 760}, {MEM, 50}},
     .nonzero_cpu_milli = 760,
     .nonzero_memory_bytes = 50,
     .fit_cpu_milli = 40,
     .fit_memory_bytes = 1},
    {.what = "on a node: infeasible pod-level resize",
     .view = POD_RESOURCES_ON_NODE,
     .is_infeasible = true,
     .containers = {{"a", .requests = {{CPU, 10}, {MEM, 1}}}},
     .pod_requests = {{CPU, 500}, {MEM, 50}},
     .pod_allocated = {{CPU, 300}, {MEM, 40}},
     .pod_actual = {{CPU, 200}},
     .expected = {{CPU, 300}, {MEM, 40}},
     .nonzero_cpu_milli = 300,
     .nonzero_memory_bytes = 40,
     .fit_cpu_milli = 10,
     .fit_memory_bytes = 1},
    {.what = "on a node: figures at pod level mean nothing where the spec asks for nothing there",
     .view = POD_RESOURCES_ON_NODE,
     .containers = {{"a", .requests = {{CPU, 10}, {MEM, 1}}}},
     .pod_allocated = {{CPU, 300}, {MEM, 40}},
     .expected = {{CPU, 10}, {MEM, 1}},
     .nonzero_cpu_milli = 10,
     .nonzero_memory_bytes = 1},
    {.what = "tracked: extended, hugepages, prefixed native, attachable volumes; others are not",
     .containers = {{"a", .requests = {{HUGE, 2},
                                       {"attachable-volumes-csi-x", 3},
                                       {"kubernetes.io/batch", 4}}},
                    {"b", .requests = {{"storage", 9}, {"requests.example.com/x", 9}, {"pods", 9}}},
                    {"c", .requests = {{CPU, 1}, {MEM, 1}, {"example.com/zero", 0}}}},
     .expected = {{CPU, 1},
                  {MEM, 1},
                  {HUGE, 2},
                  {"attachable-volumes-csi-x", 3},
                  {"kubernetes.io/batch", 4}},
     .nonzero_cpu_milli = 201,
     .nonzero_memory_bytes = 400 * MI + 1},
    {.what = "sums saturate",
     .containers = {{"a", .requests = {{CPU, INT64_MAX}, {MEM, INT64_MAX - 1}, {GPU, INT64_MAX}}},
                    {"b", .requests = {{CPU, INT64_MAX}, {MEM, 1}, {GPU, 1}}}},
     .overhead = {{MEM, INT64_MAX}},
     .expected = {{CPU, INT64_MAX}, {MEM, INT64_MAX}, {GPU, INT64_MAX}},
     .nonzero_cpu_milli = INT64_MAX,
     .nonzero_memory_bytes = INT64_MAX},
};

/* The pod of a row, and where its parts lie. */
struct fixture {
    struct symbols *symbols;
    struct pod_object pod;
    struct container_object containers[2][CONTAINERS_MAX];
    struct container_status_object statuses[2][CONTAINERS_MAX];
    struct scalar scalars[64];
    uint32_t scalar_count;
};

static struct amounts make_amounts(struct fixture *fixture, const struct entry entries[LIST_MAX])
{
    struct amounts amounts = {.items = &fixture->scalars[fixture->scalar_count]};
    for (int i = 0; i < LIST_MAX && entries[i].name; i++) {
        CHECK(fixture->scalar_count < ARRAY_LEN(fixture->scalars));
        amounts.items[amounts.count++] = (struct scalar){
            symbol_intern(fixture->symbols, str_from(entries[i].name)), entries[i].amount};
        fixture->scalar_count++;
    }
    amounts.is_set = amounts.count > 0;
    return amounts;
}

/* Statuses go in reverse: the kubelet's order is not the spec's. */
static uint32_t make_containers(struct fixture *fixture, const struct container_row *rows_of_pod,
                                int which)
{
    uint32_t count = 0;
    while (count < CONTAINERS_MAX && rows_of_pod[count].name)
        count++;
    for (uint32_t i = 0; i < count; i++) {
        const struct container_row *row = &rows_of_pod[i];
        fixture->containers[which][i] = (struct container_object){
            .name = str_from(row->name),
            .restart_always = row->is_sidecar,
            .requests = make_amounts(fixture, row->requests),
        };
        fixture->statuses[which][count - 1 - i] = (struct container_status_object){
            .name = str_from(row->name),
            .requests = make_amounts(fixture, row->status_requests),
            .allocated = make_amounts(fixture, row->status_allocated),
        };
    }
    return count;
}

static void fixture_setup(struct fixture *fixture, const struct row *row)
{
    *fixture = (struct fixture){.symbols = names_symbols_new(1)};
    struct pod_object *pod = &fixture->pod;
    pod->container_count = pod->status_count = make_containers(fixture, row->containers, 0);
    pod->init_container_count = pod->init_status_count =
        make_containers(fixture, row->init_containers, 1);
    pod->containers = fixture->containers[0];
    pod->init_containers = fixture->containers[1];
    pod->statuses = fixture->statuses[0];
    pod->init_statuses = fixture->statuses[1];
    pod->overhead = make_amounts(fixture, row->overhead);
    pod->pod_requests = make_amounts(fixture, row->pod_requests);
    pod->pod_allocated = make_amounts(fixture, row->pod_allocated);
    pod->pod_actual = make_amounts(fixture, row->pod_actual);
    pod->resize_infeasible = row->is_infeasible;
}

static int64_t expected_amount(const struct row *row, const char *name)
{
    for (int i = 0; i < EXPECTED_MAX && row->expected[i].name; i++)
        if (str_is(str_from(name), row->expected[i].name))
            return row->expected[i].amount;
    return 0;
}

static void expect_row(const struct row *row, const struct symbols *symbols,
                       const struct pod_resources *resources)
{
    static const char *const fixed_names[] = {CPU, MEM, "ephemeral-storage"};
    uint32_t scalar_count = 0;
    for (int i = 0; i < 3; i++)
        cr_assert_eq(resources->fixed[i], expected_amount(row, fixed_names[i]),
                     "%s: %s is %" PRId64, row->what, fixed_names[i], resources->fixed[i]);
    cr_assert_eq(resources->fixed[RESOURCE_PODS], 1);
    for (int i = 0; i < EXPECTED_MAX && row->expected[i].name; i++)
        scalar_count += symbol_find(symbols, str_from(row->expected[i].name)) > NAME_PODS;
    cr_assert_eq(resources->scalar_count, scalar_count, "%s", row->what);
    for (uint32_t i = 0; i < resources->scalar_count; i++) {
        const char *name = symbol_text(symbols, resources->scalars[i].name_sym);
        cr_assert_eq(resources->scalars[i].amount, expected_amount(row, name), "%s: %s", row->what,
                     name);
        if (i > 0)
            cr_assert_lt(resources->scalars[i - 1].name_sym, resources->scalars[i].name_sym);
    }
    cr_assert_eq(resources->nonzero_cpu_milli, row->nonzero_cpu_milli, "%s: %" PRId64, row->what,
                 resources->nonzero_cpu_milli);
    cr_assert_eq(resources->nonzero_memory_bytes, row->nonzero_memory_bytes, "%s: %" PRId64,
                 row->what, resources->nonzero_memory_bytes);
    bool levelled = row->pod_requests[0].name;
    cr_assert_eq(resources->fit_cpu_milli, levelled ? row->fit_cpu_milli : row->nonzero_cpu_milli,
                 "%s: %" PRId64, row->what, resources->fit_cpu_milli);
    cr_assert_eq(resources->fit_memory_bytes,
                 levelled ? row->fit_memory_bytes : row->nonzero_memory_bytes, "%s: %" PRId64,
                 row->what, resources->fit_memory_bytes);
    cr_assert_not(resources->is_over_limit);
}

Test(pod_resources, each_kind_of_pod_counts_as_kube_scheduler_counts_it)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        struct pod_resources resources;
        fixture_setup(&fixture, &rows[i]);
        pod_resources_compute(&fixture.pod, rows[i].view, fixture.symbols, &resources);
        expect_row(&rows[i], fixture.symbols, &resources);
        symbols_free(fixture.symbols);
    }
}

Test(pod_resources, more_kinds_of_resources_than_the_limit_is_said)
{
    struct symbols *symbols = names_symbols_new(1);
    struct scalar scalars[RESOURCE_SCALARS_MAX + 1];
    for (uint32_t i = 0; i < ARRAY_LEN(scalars); i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "example.com/device-%u", i);
        scalars[RESOURCE_SCALARS_MAX - i] =
            (struct scalar){symbol_intern(symbols, str_from(name)), (int64_t)i + 1};
    }
    struct container_object container = {.requests = {RESOURCE_SCALARS_MAX, scalars, true}};
    struct pod_object pod = {.container_count = 1, .containers = &container};
    struct pod_resources resources;
    pod_resources_compute(&pod, POD_RESOURCES_INCOMING, symbols, &resources);
    cr_assert_not(resources.is_over_limit);
    cr_assert_eq(resources.scalar_count, RESOURCE_SCALARS_MAX);
    for (uint32_t i = 0; i < RESOURCE_SCALARS_MAX; i++)
        cr_assert_eq(resources.scalars[i].amount, (int64_t)i + 2);
    container.requests.count++;
    pod_resources_compute(&pod, POD_RESOURCES_INCOMING, symbols, &resources);
    cr_assert(resources.is_over_limit);
    symbols_free(symbols);
}

Test(pod_resources, the_order_of_containers_does_not_matter)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "pod_resources");
    struct symbols *symbols = names_symbols_new(1);
    for (int round = 0; round < 500; round++) {
        struct scalar scalars[5][2];
        struct container_object containers[5];
        struct pod_object pod = {.container_count = 5, .containers = containers};
        int64_t cpu = 0, memory = 0;
        for (int i = 0; i < 5; i++) {
            scalars[i][0] = (struct scalar){NAME_CPU, (int64_t)rng_below(&rng, 1000)};
            scalars[i][1] = (struct scalar){NAME_MEMORY, (int64_t)rng_below(&rng, 1000)};
            containers[i] = (struct container_object){.requests = {2, scalars[i], true}};
            cpu += scalars[i][0].amount;
            memory += scalars[i][1].amount;
        }
        for (uint64_t i = 4; i > 0; i--) {
            uint64_t j = rng_below(&rng, i + 1);
            struct container_object swapped = containers[i];
            containers[i] = containers[j];
            containers[j] = swapped;
        }
        struct pod_resources resources;
        pod_resources_compute(&pod, POD_RESOURCES_ON_NODE, symbols, &resources);
        cr_assert_eq(resources.fixed[RESOURCE_CPU], cpu, "seed %" PRIu64, seed);
        cr_assert_eq(resources.nonzero_memory_bytes, memory, "seed %" PRIu64, seed);
    }
    symbols_free(symbols);
}
