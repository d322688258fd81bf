/* Plays each generator small and prints the hash of its bindings: for builds that must agree
 * (tests/tidy/replay_hash.sh). */
#include <inttypes.h>
#include <stdio.h>

#include "bench/generate.h"
#include "bench/play.h"

enum { NODES = 60, PODS = 3000, HOURS = 12 };

static int play(const struct generator *generator)
{
    const struct generate_options options = {NODES, PODS, HOURS, 1};
    struct workload workload;
    struct play_options play;
    struct play_result result;
    struct err err = {0};
    workload_init(&workload);
    generator_run(generator, &options, &workload);
    play_options_init(&play);
    play.preempts = generator->preempts;
    play.until_ms = HOURS * INT64_C(3600) * 1000;
    int rc = play_run(&workload, &play, &result, &err);
    if (rc < 0)
        (void)fprintf(stderr, "%s\n", err.text);
    else
        (void)printf("%s bound %" PRIu64 " evicted %" PRIu64 " hash %016" PRIx64 "\n",
                     generator->name, result.bound, result.evicted, result.bindings_hash);
    if (rc == 0)
        play_result_fini(&result);
    workload_fini(&workload);
    return rc;
}

int main(void)
{
    const struct generator *generator;
    for (uint32_t i = 0; (generator = generator_at(i)); i++)
        if (play(generator) < 0)
            return 1;
    return 0;
}
