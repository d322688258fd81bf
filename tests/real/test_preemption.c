/*
 * Preemption beside the real kube-scheduler: the same small clusters twice, once for each, in one
 * apiserver. The same victims, on the same node or on an equal candidate; each answer is also
 * compared with an oracle of its own (preempt_case.h).
 *
 *   SPILLWAY_PREEMPTION_CASES   how many (500)
 *   SPILLWAY_PREEMPTION_SEED    of the first case (1); each next case has the next seed
 *
 * Needs a control plane in which nothing but the two touches pods and budgets: run.sh with
 * SPILLWAY_TEST_BARE=1. Victims stay, terminating: there is no kubelet.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "tests/real/preempt_objects.h"

enum {
    CASES_DEFAULT = 500,
    BATCH = 50,
    SETTLE_MS = 15000, /* far more than the wake-ups out of the first backoffs take */
    TEXT_BYTES = 4 * 1024 * 1024,
    PATH_BYTES = 256,
};

static uint64_t setting_or(const char *name, uint64_t usual)
{
    const char *text = getenv(name);
    return text && text[0] ? strtoull(text, NULL, 10) : usual;
}

struct tally {
    unsigned evictions, hopeless, same_node, equal_node, violations, disagreements;
};

struct contest {
    struct world world;
    struct preempt_batch batch;
    struct tally tally;
};

static void post(struct contest *contest, const char *path, const char *body)
{
    long status = api_call(&contest->world.api, "POST", path, body, NULL);
    cr_assert(status == 201 || status == 409, "POST %s: status %ld", path, status);
}

static void make_classes(struct contest *contest)
{
    for (unsigned i = 0; i < 2 * CASE_PRIORITIES; i++) {
        bool is_never = i >= CASE_PRIORITIES;
        char body[256];
        (void)snprintf(
            body, sizeof(body),
            "{\"metadata\":{\"name\":\"%s-%u\"},\"value\":%d,\"preemptionPolicy\":\"%s\"}",
            is_never ? "never" : "level", i % CASE_PRIORITIES,
            (int)case_priorities[i % CASE_PRIORITIES], is_never ? "Never" : "PreemptLowerPriority");
        post(contest, "/apis/scheduling.k8s.io/v1/priorityclasses", body);
    }
}

static void start_both(struct contest *contest)
{
    char kubeconfig[PATH_BYTES];
    CHECK((size_t)snprintf(kubeconfig, sizeof(kubeconfig), "%s/token.kubeconfig",
                           contest->world.dir) < sizeof(kubeconfig));
    world_start_spillway_with(
        &contest->world, (const char *const[]){"--kubeconfig", kubeconfig, "--preemption", NULL},
        NULL);
    world_start_kube_scheduler_with(
        &contest->world,
        (const char *const[]){"--kube-api-qps=10000", "--kube-api-burst=10000", NULL});
}

/* ---- verdicts ---- */

static bool is_right(const struct preempt_case *it, const struct preempt_answer_seen *seen)
{
    if (case_is_hopeless(it))
        return seen->has_condition && !seen->has_nomination && seen->choice.victims == 0;
    return seen->has_nomination && case_is_right(it, &seen->choice);
}

static bool is_settled(struct contest *contest)
{
    preempt_batch_read(&contest->batch);
    for (unsigned i = 0; i < contest->batch.count; i++)
        for (unsigned side = 0; side < PREEMPT_SIDES; side++)
            if (!is_right(&contest->batch.cases[i], &contest->batch.seen[i][side]))
                return false;
    return true;
}

static void show(const struct preempt_case *it, const struct preempt_answer_seen *seen)
{
    struct buf text CLEANUP(buf_fini);
    buf_init(&text, TEXT_BYTES);
    case_print(it, &text);
    (void)fprintf(stderr, "preemption: a disagreement in the case of seed %" PRIu64 ":\n%s",
                  it->seed, text.data);
    for (unsigned side = 0; side < PREEMPT_SIDES; side++)
        (void)fprintf(stderr, "%s: %s node %u, victims %" PRIx64 ": %s\n", preempt_schedulers[side],
                      seen[side].has_nomination ? "nominated to" : "no", seen[side].choice.node,
                      seen[side].choice.victims, seen[side].message);
}

static bool is_same_start(const char *a, const char *b, const char *until)
{
    const char *end_a = strstr(a, until), *end_b = strstr(b, until);
    return end_a && end_b && end_a - a == end_b - b && strncmp(a, b, (size_t)(end_a - a)) == 0;
}

static bool is_same_end(const char *a, const char *b, char from)
{
    const char *start_a = strrchr(a, from), *start_b = strrchr(b, from);
    return start_a && start_b && strcmp(start_a, start_b) == 0;
}

/* In the same words, but for the name of the node; on another node other numbers of victims may be
 * right. A pod that waits for its victims may have been
 * tried again, sooner by the one than by the other. */
static bool says_the_same(const struct preempt_case *it, const struct preempt_answer_seen *seen)
{
    static const char waits[] = "not eligible due to a terminating pod on the nominated node.";
    if (case_is_hopeless(it))
        return strcmp(seen[0].message, seen[1].message) == 0;
    if (strstr(seen[0].message, waits) || strstr(seen[1].message, waits))
        return true;
    return is_same_start(seen[0].message, seen[1].message, " on node ") &&
           (seen[0].choice.node != seen[1].choice.node ||
            is_same_end(seen[0].message, seen[1].message, ','));
}

static void judge(struct contest *contest, unsigned index)
{
    const struct preempt_case *it = &contest->batch.cases[index];
    const struct preempt_answer_seen *seen = contest->batch.seen[index];
    struct tally *tally = &contest->tally;
    if (!is_right(it, &seen[0]) || !is_right(it, &seen[1]) || !says_the_same(it, seen)) {
        tally->disagreements++;
        show(it, seen);
    } else if (case_is_hopeless(it)) {
        tally->hopeless++;
    } else {
        tally->evictions++;
        bool is_same = seen[0].choice.node == seen[1].choice.node;
        tally->same_node += is_same;
        tally->equal_node += !is_same;
        tally->violations += case_violations(it, &seen[0].choice) > 0;
    }
}

static void run_batch(struct contest *contest, uint64_t first_seed, unsigned count)
{
    preempt_batch_make(&contest->batch, first_seed, count);
    preempt_batch_enter(&contest->batch);
    for (int waited_ms = 0; waited_ms < SETTLE_MS && !is_settled(contest);
         waited_ms += PREEMPT_POLL_MS)
        preempt_batch_wait(&contest->batch);
    for (unsigned i = 0; i < count; i++)
        judge(contest, i);
    preempt_batch_leave(&contest->batch);
}

Test(preemption, ends_the_pods_that_kube_scheduler_would_end, .timeout = 3600)
{
    if (!getenv("SPILLWAY_TEST_BARE"))
        cr_skip_test("needs SPILLWAY_TEST_BARE=1");
    uint64_t cases = setting_or("SPILLWAY_PREEMPTION_CASES", CASES_DEFAULT);
    uint64_t seed = setting_or("SPILLWAY_PREEMPTION_SEED", 1);
    (void)fprintf(stderr, "preemption: %" PRIu64 " cases, seed %" PRIu64 "\n", cases, seed);
    struct contest *contest = mem_zalloc(1, sizeof(*contest));
    world_open(&contest->world, "preemption");
    contest->batch.world = &contest->world;
    make_classes(contest);
    start_both(contest);
    for (uint64_t done = 0; done < cases; done += BATCH)
        run_batch(contest, seed + done, (unsigned)(cases - done < BATCH ? cases - done : BATCH));
    const struct tally tally = contest->tally;
    world_close(&contest->world);
    free(contest);
    (void)fprintf(
        stderr,
        "preemption: %u with victims (%u on the same node, %u on an equal one, %u against "
        "a budget), %u without a candidate, %u disagreements\n",
        tally.evictions, tally.same_node, tally.equal_node, tally.violations, tally.hopeless,
        tally.disagreements);
    cr_assert(tally.disagreements == 0);
    cr_assert(tally.evictions > cases / 2 && tally.hopeless > cases / 50 &&
                  tally.violations > cases / 50,
              "the generator does not make what it should");
}
