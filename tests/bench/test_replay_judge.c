/* The judge of a replay, on stores made by hand. */
#include "bench/replay_judge.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct world {
    struct sim_clock clock;
    struct store *store;
    struct verify *verify;
};

static void world_init(struct world *world)
{
    *world = (struct world){.clock = {.wall_us = INT64_C(1790000000000000)}};
    world->store = store_new(NULL, &world->clock);
    world->verify = verify_new(world->store);
}

static void world_fini(struct world *world)
{
    verify_free(world->verify);
    store_free(world->store);
}

static void create(struct world *world, enum kind_id kind, const char *text)
{
    struct api_status status;
    cr_assert(store_create_text(world->store, kind, STR(""), str_from(text), NULL, &status), "%s",
              status.message);
}

static void add_node(struct world *world, const char *name, int cpu, int gib, int gpus)
{
    char text[512];
    snprintf(text, sizeof(text),
             "{\"metadata\":{\"name\":\"%s\"},\"status\":{\"allocatable\":{\"cpu\":\"%d\","
             "\"memory\":\"%dGi\",\"nvidia.com/gpu\":\"%d\",\"pods\":\"2\"}}}",
             name, cpu, gib, gpus);
    create(world, KIND_NODE, text);
}

static void add_pod(struct world *world, const char *name, int cpu, int gib, int gpus)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"default\",\"labels\":{\"app\":"
             "\"c%d-m%d-g%d\"}},\"spec\":{\"schedulerName\":\"spillway\",\"containers\":[{\"name\":"
             "\"main\",\"image\":\"i\",\"resources\":{\"requests\":{\"cpu\":\"%d\",\"memory\":"
             "\"%dGi\",\"nvidia.com/gpu\":\"%d\"},\"limits\":{\"nvidia.com/gpu\":\"%d\"}}}]}}",
             name, cpu, gib, gpus, cpu, gib, gpus, gpus);
    create(world, KIND_POD, text);
}

static void bind(struct world *world, const char *pod, const char *node)
{
    struct api_status status;
    const struct store_binding request = {
        .ns = STR("default"), .name = str_from(pod), .node = str_from(node)};
    cr_assert(store_bind(world->store, &request, &status), "%s", status.message);
}

static void refuse(struct world *world, const char *pod, const char *message)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "[{\"type\":\"PodScheduled\",\"status\":\"False\",\"reason\":\"Unschedulable\","
             "\"message\":\"%s\"}]",
             message);
    const struct object *object = store_get(world->store, KIND_POD, STR("default"), str_from(pod));
    const struct status_text status = {.conditions = str_from(text)};
    store_set_status(world->store, object, &status, NULL);
}

/* One node lacks GPUs and memory, two lack cpu, one of them also has its two pods. */
static void fill(struct world *world)
{
    add_node(world, "n1", 8, 4, 0);
    add_node(world, "n2", 2, 64, 2);
    add_node(world, "n3", 4, 64, 2);
    add_pod(world, "p1", 1, 1, 0);
    add_pod(world, "p2", 1, 1, 0);
    bind(world, "p1", "n3");
    bind(world, "p2", "n3");
    add_pod(world, "big", 4, 8, 1);
}

static const char right[] = "0/3 nodes are available: 1 Insufficient memory, 1 Insufficient "
                            "nvidia.com/gpu, 1 Too many pods, 2 Insufficient cpu.";

Test(replay_judge, counts_what_each_node_lacks_in_the_order_of_kube_scheduler)
{
    struct world world;
    world_init(&world);
    fill(&world);
    struct replay_verdict verdict;
    refuse(&world, "big", right);
    struct buf lines;
    buf_init(&lines, 4096);
    replay_judge(world.verify, world.store, &lines, &verdict);
    cr_expect_eq(verdict.wrong, 0, "%s", verdict.first_wrong);
    cr_expect_eq(verdict.bound, 2);
    cr_expect_eq(verdict.waiting, 1);
    cr_expect_not_null(strstr(lines.data, "1  c4-m8-g1"), "%s", lines.data);
    cr_expect_not_null(strstr(lines.data, right), "%s", lines.data);
    buf_fini(&lines);
    world_fini(&world);
}

Test(replay_judge, finds_a_reason_that_is_out_of_date)
{
    struct world world;
    world_init(&world);
    fill(&world);
    struct replay_verdict verdict;
    refuse(&world, "big", "0/3 nodes are available: 3 Insufficient cpu.");
    replay_judge(world.verify, world.store, NULL, &verdict);
    cr_expect_eq(verdict.wrong, 1);
    cr_expect_eq(verdict.waiting, 0);
    cr_expect_not_null(strstr(verdict.first_wrong, "big waits (Unschedulable"));
    cr_expect_not_null(strstr(verdict.first_wrong, "but should say: 0/3 nodes"), "%s",
                       verdict.first_wrong);
    world_fini(&world);
}

Test(replay_judge, finds_a_pod_that_waits_though_a_node_has_room)
{
    struct world world;
    world_init(&world);
    fill(&world);
    add_node(&world, "n4", 4, 8, 1); /* exactly enough */
    refuse(&world, "big", right);
    struct replay_verdict verdict;
    replay_judge(world.verify, world.store, NULL, &verdict);
    cr_expect_eq(verdict.wrong, 1);
    cr_expect_not_null(strstr(verdict.first_wrong, "but 1 nodes have room for it"), "%s",
                       verdict.first_wrong);
    world_fini(&world);
}

Test(replay_judge, finds_a_pod_that_nobody_has_looked_at)
{
    struct world world;
    world_init(&world);
    fill(&world);
    struct replay_verdict verdict;
    replay_judge(world.verify, world.store, NULL, &verdict);
    cr_expect_eq(verdict.wrong, 1);
    cr_expect_not_null(strstr(verdict.first_wrong, "big waits (: \"\")"), "%s",
                       verdict.first_wrong);
    world_fini(&world);
}
