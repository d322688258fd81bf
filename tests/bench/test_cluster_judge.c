#include "bench/cluster_judge.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attached_fixture.h"
#include "bench/bind_ceiling.h"
#include "bench/plain_load.h"

static void add_objects(struct attached *attached, const struct cluster_load *load)
{
    struct buf body;
    buf_init(&body, CLUSTER_OBJECT_BYTES);
    for (uint32_t i = 0; i < load->nodes; i++) {
        buf_clear(&body);
        cluster_load_add_node(load, i, &body);
        attached_create(attached, KIND_NODE, body.data);
    }
    for (uint32_t i = 0; i < load->pods; i++) {
        buf_clear(&body);
        cluster_load_add_pod(load, i, "nobody", "default", &body);
        attached_create(attached, KIND_POD, body.data);
    }
    buf_fini(&body);
}

static void put(struct attached *attached, uint32_t number, uint32_t node)
{
    char node_name[32];
    struct buf name;
    struct api_status status;
    buf_init(&name, 128);
    plain_pod_name_add(&name, number);
    (void)snprintf(node_name, sizeof(node_name), "node-%u", node);
    const struct store_binding request = {
        .ns = STR("default"), .name = buf_str(&name), .node = str_from(node_name)};
    cr_assert(store_bind(attached->store, &request, &status), "%s", status.message);
    buf_fini(&name);
}

Test(cluster_judge, pods_where_their_load_lets_them_are_right)
{
    struct attached attached;
    struct err err = {0};
    const struct cluster_load load = {CLUSTER_INFEASIBLE, 4, 20, 0};
    const struct cluster_expected expected = {&load, 20, true};
    attached_init(&attached);
    add_objects(&attached, &load);
    for (uint32_t i = 0; i < 20; i++)
        if (cluster_load_is_feasible(&load, i))
            put(&attached, i, i % 4);
    cr_expect_eq(cluster_judge(&attached.plane, &expected, &err), 0, "%s", err.text);
    attached_fini(&attached);
}

Test(cluster_judge, a_pod_on_a_node_that_is_not_for_it_is_named)
{
    struct attached attached;
    struct err err = {0};
    const struct cluster_load load = {CLUSTER_TOLERATIONS, 4, 8, 0};
    struct cluster_expected expected = {&load, 8, true};
    attached_init(&attached);
    add_objects(&attached, &load);
    for (uint32_t i = 0; i < 8; i++)
        put(&attached, i, i == 6 ? 3 : 0);
    cr_expect_eq(cluster_judge(&attached.plane, &expected, &err), -EPROTO);
    cr_expect(strstr(err.text, "pod 6 may not be on node-3"), "%s", err.text);
    expected.is_decided = false;
    cr_expect_eq(cluster_judge(&attached.plane, &expected, &err), 0, "bare binds ask nobody");
    attached_fini(&attached);
}

Test(cluster_judge, an_overfull_node_is_named)
{
    static const struct {
        enum cluster_workload workload;
        uint32_t pods, node;
        const char *wrong;
    } rows[] = {
        {CLUSTER_PLAIN, 60, 1, "node-1 is overfull: 45000 millicores"},
        {CLUSTER_EXTENDED, 17, 1, "17 devices"},
    };
    for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
        struct attached attached;
        struct err err = {0};
        const struct cluster_load load = {rows[row].workload, 4, rows[row].pods, 0};
        const struct cluster_expected expected = {&load, rows[row].pods, true};
        attached_init(&attached);
        add_objects(&attached, &load);
        for (uint32_t i = 0; i < load.pods; i++)
            put(&attached, i, rows[row].node);
        cr_expect_eq(cluster_judge(&attached.plane, &expected, &err), -EPROTO, "%s", err.text);
        cr_expect(strstr(err.text, rows[row].wrong), "%s", err.text);
        attached_fini(&attached);
    }
}

/* ---- the ceiling, judged ---- */

struct goal {
    struct attached *attached;
    uint32_t events;
    size_t bound;
};

static bool is_reached(const void *ctx)
{
    const struct goal *goal = ctx;
    size_t bound = 0;
    struct store_list pods = store_list(goal->attached->store, KIND_POD, STR(""));
    for (size_t i = 0; i < pods.count; i++)
        bound += pods.objects[i]->node_name != NULL;
    return bound >= goal->bound && goal->attached->added[KIND_EVENT] >= goal->events;
}

Test(bind_ceiling, binds_all_that_fit_and_tells_of_each_when_asked)
{
    for (int with_events = 0; with_events < 2; with_events++) {
        struct attached attached;
        struct err err = {0};
        const struct cluster_load load = {CLUSTER_INFEASIBLE, 5, 200, 0};
        const struct cluster_expected expected = {&load, 200, false};
        attached_init(&attached);
        add_objects(&attached, &load);
        struct bind_ceiling *ceiling = bind_ceiling_start(&attached.plane, &load, with_events);
        const struct goal goal = {&attached, with_events ? 180 : 0, 180};
        cr_expect_eq(control_plane_await(&attached.plane, is_reached, &goal, 30, "binds", &err), 0,
                     "%s", err.text);
        cr_expect_eq(bind_ceiling_failed(ceiling), 0);
        bind_ceiling_stop(ceiling);
        cr_expect_eq(cluster_judge(&attached.plane, &expected, &err), 0, "%s", err.text);
        cr_expect_eq(attached.added[KIND_EVENT], with_events ? 180 : 0);
        attached_fini(&attached);
    }
}
