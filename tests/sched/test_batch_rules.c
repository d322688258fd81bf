/* When a search is shared and when it is not, by hand: a search that was made has visited nodes. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sched/cycle.h"
#include "tests/sched/fixture.h"

enum { UNTOUCHED = 123456789, NAME_BYTES = 16 };

struct trial {
    struct fixture fixture;
    struct nominator nominator;
    struct book *book;
    struct cycle cycle;
    struct buf message;
    uint32_t serial;
};

/* n0, n1, ... of 4 cores and 100 pods each. */
static void trial_init(struct trial *trial, struct cycle_config config, uint32_t node_count)
{
    static const struct unit_types plain = {.count = 1};
    fixture_init(&trial->fixture);
    nominator_init(&trial->nominator);
    trial->serial = 0;
    trial->book = book_new(&trial->fixture.cluster, &plain);
    const struct cycle_world world = {.cluster = &trial->fixture.cluster,
                                      .nominator = &trial->nominator,
                                      .book = trial->book,
                                      .types = &plain};
    score_config_init(&config.score);
    config.predicate_step = 1;
    config.is_batched = true;
    cycle_init(&trial->cycle, &config, &world);
    buf_init(&trial->message, CYCLE_MESSAGE_BYTES_MAX);
    for (uint32_t i = 0; i < node_count; i++) {
        char name[NAME_BYTES];
        (void)snprintf(name, sizeof(name), "n%u", i);
        (void)fixture_node(&trial->fixture,
                           &(struct fixture_node){.name = name, .allocatable = "cpu=4, pods=100"});
    }
}

static void trial_fini(struct trial *trial)
{
    buf_fini(&trial->message);
    cycle_fini(&trial->cycle);
    nominator_fini(&trial->nominator);
    book_free(trial->book);
    fixture_fini(&trial->fixture);
}

static struct pod *new_pod(struct trial *trial, const char *containers)
{
    char name[NAME_BYTES];
    (void)snprintf(name, sizeof(name), "p%u", trial->serial++);
    return fixture_pod(&trial->fixture,
                       &(struct fixture_pod){.name = name, .containers = containers});
}

/* A new pod is decided, and assumed; whether that took a search. */
static bool searches(struct trial *trial, const char *containers)
{
    struct pod *pod = new_pod(trial, containers);
    trial->cycle.walk.visited = UNTOUCHED;
    struct cycle_result result =
        cycle_run(&trial->cycle, pod, (struct mono_ms){0}, &trial->message);
    if (result.slot != NODE_SLOT_NONE)
        cluster_assume(&trial->fixture.cluster, pod, result.slot);
    return trial->cycle.walk.visited != UNTOUCHED;
}

/* Of a sample of 40 nodes that was cut 5 pods take theirs. */
Test(batch_rules, a_cut_sample_serves_an_eighth_as_many_pods_as_it_has_nodes)
{
    struct trial trial;
    trial_init(&trial, (struct cycle_config){.feasible_target = 40, .percentage = -1}, 50);
    for (int pod = 0; pod < 17; pod++)
        cr_expect_eq(searches(&trial, "cpu=100m"), pod % 5 == 0, "pod %d", pod);
    trial_fini(&trial);
}

Test(batch_rules, a_sample_of_all_nodes_serves_as_long_as_nothing_else_happens)
{
    struct trial trial;
    trial_init(&trial, (struct cycle_config){.feasible_target = 51, .percentage = -1}, 50);
    cr_expect(searches(&trial, "cpu=100m"));
    for (int pod = 0; pod < 100; pod++)
        cr_assert_not(searches(&trial, "cpu=100m"));
    cr_expect(searches(&trial, "cpu=200m"), "another shape");
    cr_expect(searches(&trial, "cpu=100m"), "that put a pod on a node");
    cr_expect_not(searches(&trial, "cpu=100m"));
    (void)fixture_node(&trial.fixture,
                       &(struct fixture_node){.name = "n50", .allocatable = "cpu=4, pods=100"});
    cr_expect(searches(&trial, "cpu=100m"), "a node came");
    trial_fini(&trial);
}

/* kube-scheduler starts each search where the last one ended (kube-scheduler.md A6). */
Test(batch_rules, by_kubes_percentage_each_pod_has_its_search_unless_that_finds_all_nodes)
{
    struct trial trial;
    trial_init(&trial, (struct cycle_config){.percentage = 50}, 300);
    for (int pod = 0; pod < 6; pod++)
        cr_expect(searches(&trial, "cpu=100m"));
    trial_fini(&trial);
    trial_init(&trial, (struct cycle_config){.percentage = 50}, 300);
    for (int fitting = 300; fitting >= 150; fitting--) /* 150 are enough: a half */
        cr_expect(searches(&trial, "cpu=3"));
    cr_expect_not(searches(&trial, "cpu=3"), "the last search came round to where it began");
    trial_fini(&trial);
}

Test(batch_rules, with_somebody_nominated_each_pod_has_its_search)
{
    struct trial trial;
    trial_init(&trial, (struct cycle_config){.percentage = -1}, 10);
    cr_expect(searches(&trial, "cpu=100m"));
    cr_expect_not(searches(&trial, "cpu=100m"));
    struct pod *vip =
        fixture_pod(&trial.fixture, &(struct fixture_pod){.name = "vip", .nominated = "n3"});
    nominator_update(&trial.nominator, vip);
    cr_expect(searches(&trial, "cpu=100m"));
    cr_expect(searches(&trial, "cpu=100m"));
    nominator_remove(&trial.nominator, vip);
    cr_expect(searches(&trial, "cpu=100m"));
    cr_expect_not(searches(&trial, "cpu=100m"));
    trial_fini(&trial);
}

/* ---- in vain ---- */

static bool says(const struct trial *trial, const char *text)
{
    return str_equal(buf_str(&trial->message), str_from(text));
}

Test(batch_rules, that_no_node_fits_is_known_until_something_is_gained)
{
    struct trial trial;
    trial_init(&trial, (struct cycle_config){.percentage = -1}, 3);
    cr_expect(searches(&trial, "cpu=5"));
    cr_expect(says(&trial, "0/3 nodes are available: 3 Insufficient cpu."));
    buf_clear(&trial.message);
    cr_expect_not(searches(&trial, "cpu=5"));
    cr_expect(says(&trial, "0/3 nodes are available: 3 Insufficient cpu."));
    struct pod *other = new_pod(&trial, "cpu=3");
    cluster_assume(&trial.fixture.cluster, other, 1);
    cr_expect_not(searches(&trial, "cpu=5"), "it makes no room");
    cluster_forget(&trial.fixture.cluster, other);
    cr_expect(searches(&trial, "cpu=5"));
    (void)fixture_node(&trial.fixture,
                       &(struct fixture_node){.name = "n3", .allocatable = "cpu=8, pods=100"});
    cr_expect(searches(&trial, "cpu=5"));
    cr_expect_eq(trial.fixture.cluster.assumed_count, 1, "on the new node");
    trial_fini(&trial);
}

/* Only room was taken: nobody has to search, but the numbers are new. */
Test(batch_rules, the_sentence_of_a_known_refusal_is_that_of_now)
{
    struct trial trial;
    trial_init(&trial, (struct cycle_config){.percentage = -1}, 2);
    (void)fixture_node(&trial.fixture,
                       &(struct fixture_node){.name = "n2", .allocatable = "cpu=4, pods=1"});
    cr_expect(searches(&trial, "cpu=5"));
    cr_expect(says(&trial, "0/3 nodes are available: 3 Insufficient cpu."));
    cluster_assume(&trial.fixture.cluster, new_pod(&trial, "cpu=1"), 2);
    cr_expect_not(searches(&trial, "cpu=5"));
    cr_expect(says(&trial, "0/3 nodes are available: 1 Too many pods, 3 Insufficient cpu."), "%s",
              trial.message.data);
    trial_fini(&trial);
}
