/*
 * spillway beside the real kube-scheduler, on random clusters and pods: for every pod the same
 * verdict, one of the best nodes, and the same words.
 *
 *   SPILLWAY_DIFFERENTIAL_PODS   how many (2000)
 *   SPILLWAY_DIFFERENTIAL_SEED   of the first cluster (1); each next cluster has the next seed
 *
 * Known to differ, and not generated: a refused pod with preemptionPolicy Never keeps its nomination
 * in kube-scheduler, spillway clears it; a preferred term with a number below zero makes
 * kube-scheduler give up on the pod (SchedulerError), spillway binds it.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/mem.h"
#include "tests/real/duel.h"
#include "tests/real/generate.h"
#include "tests/real/shrink.h"

enum {
    PODS_DEFAULT = 2000,
    PODS_A_CLUSTER = 50,
    DISAGREEMENTS_MAX = 3, /* shown; then the run ends */
    SHRINK_TRIES = 250,
    WHY_BYTES = 1024 * 1024,
};

static uint64_t setting_or(const char *name, uint64_t usual)
{
    const char *text = getenv(name);
    return text && text[0] ? strtoull(text, NULL, 10) : usual;
}

struct tally {
    size_t count[DUEL_DISAGREED + 1];
};

static void show(struct duel *duel, uint64_t seed, struct shrink_case *shrink, struct buf *why)
{
    (void)fprintf(stderr, "differential: a disagreement in the cluster of seed %" PRIu64 ":\n%s\n",
                  seed, why->data ? why->data : "");
    bool again = shrink_run(duel, shrink, SHRINK_TRIES, why);
    (void)fprintf(stderr,
                  again ? "differential: the smallest case found for seed %" PRIu64 ":\n%s"
                        : "differential: not seen again for seed %" PRIu64 ":\n%s",
                  seed, why->data);
    shrink_print(stderr, shrink);
}

/* Everything here follows from the seed. Ends with the first disagreement. */
static void run_cluster(struct duel *duel, uint64_t seed, size_t pods, struct tally *tally)
{
    struct rng rng;
    rng_init(&rng, seed);
    struct shrink_case now = {.cluster = generate_cluster(&rng)};
    enum duel_outcome outcome = DUEL_BOUND;
    duel_enter(duel, now.cluster);
    for (size_t i = 0; i < pods && outcome != DUEL_DISAGREED; i++) {
        struct buf why CLEANUP(buf_fini);
        buf_init(&why, WHY_BYTES);
        now.pod = generate_pod(&rng, now.cluster);
        now.kube_first = i % 2 == 0;
        outcome = duel_fight(duel, now.cluster, now.pod, now.kube_first, &why);
        tally->count[outcome]++;
        if (outcome == DUEL_DISAGREED)
            show(duel, seed, &now, &why);
        json_decref(now.pod);
    }
    json_decref(now.cluster);
}

Test(differential, every_pod_gets_kube_schedulers_answer, .timeout = 7200)
{
    size_t pods = setting_or("SPILLWAY_DIFFERENTIAL_PODS", PODS_DEFAULT);
    uint64_t seed = setting_or("SPILLWAY_DIFFERENTIAL_SEED", 1);
    (void)fprintf(stderr, "differential: %zu pods, seed %" PRIu64 "\n", pods, seed);
    struct duel duel;
    struct tally tally = {0};
    size_t *count = tally.count;
    duel_open(&duel, "differential");
    while (count[DUEL_BOUND] + count[DUEL_REFUSED] < pods &&
           count[DUEL_DISAGREED] < DISAGREEMENTS_MAX)
        run_cluster(&duel, seed++, PODS_A_CLUSTER, &tally);
    duel_close(&duel);
    (void)fprintf(stderr,
                  "differential: %zu bound, %zu refused, %zu not accepted by the apiserver, "
                  "%zu disagreements\n",
                  count[DUEL_BOUND], count[DUEL_REFUSED], count[DUEL_INVALID],
                  count[DUEL_DISAGREED]);
    cr_assert(count[DUEL_DISAGREED] == 0);
    cr_assert(count[DUEL_BOUND] > pods / 4 && count[DUEL_REFUSED] > pods / 10,
              "the generator does not make what it should");
}
