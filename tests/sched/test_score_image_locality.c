/* kube-scheduler.md A11, ImageLocality. */
#include <criterion/criterion.h>

#include "tests/sched/probe.h"

enum { NODES = 2 };

/* Images of two nodes, containers of the pod and their images. `worth` is size * nodes / 2;
 * score = 100 * (sum - 23Mi) / (1000Mi * containers - 23Mi), the sum clamped to both. */
static const struct {
    const char *node_images[NODES], *containers, *init_containers, *images;
    int64_t scores[NODES];
} rows[] = {
    /* 1. on one of two: 250Mi; 22700 / 977 = 23.2 */
    {{"a:1=500Mi", NULL}, NULL, NULL, "a:1", {23, 0}},
    /* 2. on both: 500Mi; 47700 / 977 = 48.8 */
    {{"a:1=500Mi", "a:1=500Mi"}, NULL, NULL, "a:1", {48, 48}},
    /* 3. 20Mi is below 23Mi */
    {{"a:1=40Mi", NULL}, NULL, NULL, "a:1", {0, 0}},
    /* 4. 1500Mi is above 1000Mi */
    {{"a:1=3000Mi", NULL}, NULL, NULL, "a:1", {100, 0}},
    /* 5. two containers: 500Mi + 150Mi, and 500Mi: 62700 / 1977 = 31.7, 47700 / 1977 = 24.1 */
    {{"a:1=500Mi, b:1=300Mi", "a:1=500Mi"}, "cpu=1; cpu=1", NULL, "a:1, b:1", {31, 24}},
    /* 6. one image twice counts twice: 1000Mi; 97700 / 1977 = 49.4 */
    {{"a:1=500Mi", "a:1=500Mi"}, "cpu=1; cpu=1", NULL, "a:1, a:1", {49, 49}},
    /* 7. an init container widens the range as well: 47700 / 1977 = 24.1 */
    {{"a:1=500Mi", "a:1=500Mi"}, "cpu=1", "cpu=1", "a:1", {24, 24}},
    /* 8. the size is the one first reported, of whichever node: 400Mi on both; 37700 / 977 = 38.5
     */
    {{"a:1=400Mi", "a:1=900Mi"}, NULL, NULL, "a:1", {38, 38}},
    /* 9. another tag is another image: only a:1 counts, 250Mi */
    {{"a:1=500Mi", "a:2=500Mi"}, NULL, NULL, "a:1", {23, 0}},
};

Test(score_image_locality, prefers_nodes_that_hold_the_images)
{
    static const char *const names[NODES] = {"n1", "n2"};
    for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
        struct fixture fixture;
        fixture_init(&fixture);
        for (size_t i = 0; i < NODES; i++)
            fixture_node(&fixture, &(struct fixture_node){.name = names[i],
                                                          .images = rows[row].node_images[i]});
        int64_t seen[PROBE_NODES_MAX];
        struct fixture_pod pod = {.name = "p",
                                  .containers = rows[row].containers,
                                  .init_containers = rows[row].init_containers,
                                  .images = rows[row].images};
        cr_assert(probe_score(&fixture, &score_image_locality, NULL, &pod, NODES, seen));
        for (size_t i = 0; i < NODES; i++)
            cr_expect_eq(seen[i], rows[row].scores[i], "row %zu, node %zu: %lld", row, i,
                         (long long)seen[i]);
        fixture_fini(&fixture);
    }
}

Test(score_image_locality, is_skipped_when_no_node_holds_any_image)
{
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_node(&fixture, &(struct fixture_node){.name = "n1", .images = "a:1=500Mi"});
    fixture_node(&fixture, &(struct fixture_node){.name = "n2"});
    struct fixture_pod with = {.name = "p1", .images = "a:1"};
    struct fixture_pod other = {.name = "p2", .images = "b:1"};
    int64_t seen[PROBE_NODES_MAX];
    cr_assert(probe_score(&fixture, &score_image_locality, NULL, &with, 2, seen));
    cr_assert_not(probe_score(&fixture, &score_image_locality, NULL, &other, 2, seen));
    fixture_node(&fixture, &(struct fixture_node){.name = "n1"}); /* the image was collected */
    cr_assert_not(probe_score(&fixture, &score_image_locality, NULL, &with, 2, seen));
    fixture_fini(&fixture);
}
