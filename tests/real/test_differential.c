/*
 * spillway beside the real kube-scheduler, on random clusters and pods: for every pod the same
 * verdict, one of the best nodes, and the same words.
 *
 *   SPILLWAY_DIFFERENTIAL_PODS   how many (2000)
 *   SPILLWAY_DIFFERENTIAL_SEED   of all random choices (1)
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/mem.h"
#include "tests/real/duel.h"
#include "tests/real/generate.h"

enum {
    PODS_DEFAULT = 2000,
    PODS_A_CLUSTER = 50,
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

/* Each pod's random numbers depend on the seed and its cluster only. */
static void run_cluster(struct duel *duel, uint64_t seed, size_t pods, struct tally *tally)
{
    struct rng rng;
    rng_init(&rng, seed);
    json_t *cluster = generate_cluster(&rng);
    duel_enter(duel, cluster);
    for (size_t i = 0; i < pods; i++) {
        struct buf why CLEANUP(buf_fini);
        buf_init(&why, WHY_BYTES);
        json_t *pod = generate_pod(&rng, cluster);
        enum duel_outcome outcome = duel_fight(duel, cluster, pod, i % 2 == 0, &why);
        tally->count[outcome]++;
        if (outcome == DUEL_DISAGREED) {
            char *text CLEANUP(mem_freep) = json_dumps(pod, JSON_COMPACT);
            (void)fprintf(stderr, "seed %" PRIu64 " pod %zu\n%s%s\n", seed, i, why.data, text);
        }
        json_decref(pod);
    }
    json_decref(cluster);
}

Test(differential, every_pod_gets_kube_schedulers_answer, .timeout = 7200)
{
    size_t pods = setting_or("SPILLWAY_DIFFERENTIAL_PODS", PODS_DEFAULT);
    uint64_t seed = setting_or("SPILLWAY_DIFFERENTIAL_SEED", 1);
    (void)fprintf(stderr, "differential: %zu pods, seed %" PRIu64 "\n", pods, seed);
    struct duel duel;
    struct tally tally = {0};
    duel_open(&duel, "differential");
    for (size_t done = 0; done < pods; done += PODS_A_CLUSTER)
        run_cluster(&duel, seed * 1000003 + done, PODS_A_CLUSTER, &tally);
    duel_close(&duel);
    (void)fprintf(stderr, "differential: %zu bound, %zu refused, %zu invalid, %zu disagreed\n",
                  tally.count[DUEL_BOUND], tally.count[DUEL_REFUSED], tally.count[DUEL_INVALID],
                  tally.count[DUEL_DISAGREED]);
    cr_assert(tally.count[DUEL_DISAGREED] == 0);
}
