/* Which nodes are of which built-in type (elastic-policies 11.1), and whom they refuse (11.2). */
#include <criterion/criterion.h>

#include "model/base/buf.h"
#include "model/shape.h"
#include "tests/policy/make.h"

static const struct {
    const char *labels;
    const char *types; /* those that match, in the order of the presets */
} nodes[] = {
    {"", "any ecs elastic idc"},
    {"kubernetes.io/hostname=a", "any ecs elastic idc"},
    {"alibabacloud.com/nodepool-id=np1", "any ecs elastic"},
    {"type=virtual-kubelet", "any eci acs"},
    {"type=virtual-kubelet,kubernetes.io/role=agent", "any eci acs"},
    {"type=acs-virtual-kubelet", "any acs"},
    {"alibabacloud.com/acs=true,type=virtual-kubelet", "any acs"},
    {"node.kubernetes.io/instance-type=eklet", "any eci"},
    {"node.kubernetes.io/instance-type=c5.large", "any ecs elastic idc"},
    {"karpenter.sh/capacity-type=spot,karpenter.sh/nodepool=x", "any ecs spot elastic"},
    {"karpenter.sh/capacity-type=on-demand,karpenter.sh/nodepool=x", "any ecs elastic"},
    {"eks.amazonaws.com/capacityType=SPOT,eks.amazonaws.com/nodegroup=g", "any ecs spot elastic"},
    {"eks.amazonaws.com/capacityType=ON_DEMAND,eks.amazonaws.com/nodegroup=g", "any ecs elastic"},
    {"kubernetes.azure.com/scalesetpriority=spot,kubernetes.azure.com/agentpool=p",
     "any ecs spot elastic"},
    {"cloud.google.com/gke-spot=true,cloud.google.com/gke-nodepool=p", "any ecs spot elastic"},
};

Test(unit_presets, nodes_are_of_the_types_that_their_labels_say)
{
    struct make make;
    make_init(&make);
    for (size_t n = 0; n < sizeof(nodes) / sizeof(nodes[0]); n++) {
        struct labels labels;
        labels.items = make_labels(&make, nodes[n].labels, &labels.count);
        labels_sort(&labels);
        struct buf types;
        buf_init(&types, 256);
        for (uint32_t i = 0; i < make.types.count; i++) {
            const struct unit_type *type = &make.types.items[i];
            if (unit_type_matches(type, &labels, SYM_EMPTY, make.symbols))
                (void)buf_printf(&types, "%s%s", types.len > 0 ? " " : "",
                                 symbol_text(make.symbols, type->name_sym));
        }
        cr_expect_str_eq(types.data, nodes[n].types, "%s: %s", nodes[n].labels, types.data);
        buf_fini(&types);
    }
    make_fini(&make);
}

static const struct unit_type *type_named(struct make *make, const char *name)
{
    return &make->types.items[unit_types_find(&make->types, make_sym(make, name))];
}

Test(unit_presets, only_no_schedule_taints_are_tolerated)
{
    struct make make;
    make_init(&make);
    struct taint taint = {make_sym(&make, "virtual-kubelet.io/provider"),
                          make_sym(&make, "alibabacloud"), TAINT_NO_SCHEDULE};
    const struct unit_type *eci = type_named(&make, "eci"), *ecs = type_named(&make, "ecs");
    cr_expect(tolerations_tolerate(eci->tolerations, eci->toleration_count, &taint));
    cr_expect(!tolerations_tolerate(ecs->tolerations, ecs->toleration_count, &taint));
    taint.key_sym = make_sym(&make, "eks.tke.cloud.tencent.com/eklet");
    cr_expect(tolerations_tolerate(eci->tolerations, eci->toleration_count, &taint));
    taint.effect = TAINT_NO_EXECUTE;
    cr_expect(!tolerations_tolerate(eci->tolerations, eci->toleration_count, &taint));
    const struct unit_type *spot = type_named(&make, "spot");
    taint = (struct taint){make_sym(&make, "cloud.google.com/gke-spot"), make_sym(&make, "true"),
                           TAINT_NO_SCHEDULE};
    cr_expect(tolerations_tolerate(spot->tolerations, spot->toleration_count, &taint));
    for (uint32_t i = 0; i < make.types.count; i++)
        for (uint32_t t = 0; t < make.types.items[i].toleration_count; t++)
            cr_expect_eq(make.types.items[i].tolerations[t].effect, TAINT_NO_SCHEDULE);
    make_fini(&make);
}

static const struct {
    uint32_t needs, containers, volumes;
    int64_t cpu_milli;
    const char *why; /* NULL: ECI takes it */
} pods[] = {
    {0, 20, 20, 64000, NULL},
    {1 << HOST_NEED_NETWORK, 1, 0, 100, "hostNetwork"},
    {1 << HOST_NEED_PID, 1, 0, 100, "hostPID"},
    {1 << HOST_NEED_PATH, 1, 0, 100, "hostPath volumes"},
    {1 << HOST_NEED_PORT, 1, 0, 100, "hostPort"},
    {1 << HOST_NEED_PRIVILEGED, 1, 0, 100, "privileged containers"},
    {1 << HOST_NEED_DAEMON, 1, 0, 100, "pods of DaemonSets"},
    {0, 21, 0, 100, "so many containers"},
    {0, 1, 21, 100, "so many volumes"},
    {0, 1, 0, 64001, "so much cpu"},
};

Test(unit_presets, eci_refuses_what_it_cannot_host_and_says_what)
{
    struct make make;
    make_init(&make);
    const struct unit_type *eci = type_named(&make, "eci");
    for (size_t i = 0; i < sizeof(pods) / sizeof(pods[0]); i++) {
        struct requests requests = {.fixed = {[RESOURCE_CPU] = pods[i].cpu_milli}};
        struct shape shape = {.requests = &requests,
                              .host_needs = pods[i].needs,
                              .container_count = pods[i].containers,
                              .volume_count = pods[i].volumes};
        const char *why = NULL;
        cr_expect_eq(unit_type_can_host(eci, &shape, &why), pods[i].why == NULL, "row %zu", i);
        if (pods[i].why)
            cr_expect_str_eq(why, pods[i].why);
        cr_expect(unit_type_can_host(type_named(&make, "ecs"), &shape, &why), "row %zu", i);
    }
    cr_expect_eq(eci->bind_burst, 100);
    cr_expect_eq(eci->bind_per_second, 20);
    make_fini(&make);
}
