#include "bench/cluster_load.h"

#include <stdio.h>
#include <string.h>

#include "bench/plain_load.h"

enum {
    POOLS = 10,
    TEAMS = 4, /* team 0 has no nodes of its own */
    INFEASIBLE_EVERY = 10,
    INFEASIBLE_CPU_MILLI = 2 * PLAIN_NODE_CORES * 1000,
    PREEMPTOR_CPU_MILLI = 2000, /* and of each victim */
    PREEMPTOR_PRIORITY = 1000,
    TEXT_BYTES = 512,
};

const char *cluster_workload_name(enum cluster_workload workload)
{
    static const char *const names[] = {
#define X(id, name) [CLUSTER_##id] = (name),
        CLUSTER_WORKLOAD_MAP(X)
#undef X
    };
    CHECK(workload < CLUSTER_WORKLOADS);
    return names[workload];
}

bool cluster_workload_parse(const char *name, enum cluster_workload *ret_workload)
{
    for (enum cluster_workload i = 0; i < CLUSTER_WORKLOADS; i++) {
        if (strcmp(cluster_workload_name(i), name) == 0) {
            *ret_workload = i;
            return true;
        }
    }
    return false;
}

/* 20 plain pods are 15 of 32 cores in the mean. Where a pod may not go everywhere, all that may
 * share a node with others may want it: of two pools one could get all, of team 0's quarter of the
 * nodes those of the others too. Devices: 12 a node in the mean. */
uint32_t cluster_load_pods_a_node_max(enum cluster_workload workload)
{
    static const uint32_t pods[] = {
        [CLUSTER_PLAIN] = PLAIN_PODS_A_NODE_MAX,
        [CLUSTER_NODE_AFFINITY] = 10,
        [CLUSTER_TOLERATIONS] = 8,
        [CLUSTER_PREEMPTING] = 10,
        [CLUSTER_INFEASIBLE] = PLAIN_PODS_A_NODE_MAX,
        [CLUSTER_EXTENDED] = 10,
    };
    CHECK(workload < CLUSTER_WORKLOADS);
    return pods[workload];
}

/* ---- what is there before ---- */

/* One more a node than the preemptors need if they spread evenly. */
static uint32_t victims_a_node(const struct cluster_load *load)
{
    return (load->pods + load->late_pods + load->nodes - 1) / load->nodes + 1;
}

uint32_t cluster_load_prior_count(const struct cluster_load *load)
{
    return load->workload == CLUSTER_PREEMPTING ? 1 + load->nodes * (victims_a_node(load) + 1) : 0;
}

/* A node is full to the last core: one pod that nobody may touch, and victims of the size of a
 * preemptor. No grace period: nobody plays kubelet here. The names have no number at their end. */
void cluster_load_add_prior(const struct cluster_load *load, uint32_t i, struct buf *path,
                            struct buf *body)
{
    if (i == 0) {
        (void)buf_add_str(path, "/apis/scheduling.k8s.io/v1/priorityclasses");
        (void)buf_printf(body,
                         "{\"apiVersion\":\"scheduling.k8s.io/v1\",\"kind\":\"PriorityClass\","
                         "\"metadata\":{\"name\":\"high\"},\"value\":%d}",
                         PREEMPTOR_PRIORITY);
        return;
    }
    uint32_t node = (i - 1) % load->nodes, row = (i - 1) / load->nodes;
    uint32_t victims_milli = victims_a_node(load) * PREEMPTOR_CPU_MILLI;
    bool is_blocker = row == 0;
    (void)buf_add_str(path, "/api/v1/namespaces/default/pods");
    (void)buf_printf(body,
                     "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":"
                     "\"%s-%u-%u-x\"},\"spec\":{\"nodeName\":\"node-%u\",%s"
                     "\"terminationGracePeriodSeconds\":0,\"containers\":[{\"name\":\"main\","
                     "\"image\":\"registry.example/old:1\",\"resources\":{\"requests\":{\"cpu\":"
                     "\"%um\"}}}]}}",
                     is_blocker ? "blocker" : "victim", node, row, node,
                     is_blocker ? "\"priorityClassName\":\"high\"," : "",
                     is_blocker ? PLAIN_NODE_CORES * 1000 - victims_milli : PREEMPTOR_CPU_MILLI);
}

/* ---- nodes and pods ---- */

static bool has_devices(uint32_t node)
{
    return node % 4 != 0;
}

void cluster_load_add_node(const struct cluster_load *load, uint32_t i, struct buf *body)
{
    char text[TEXT_BYTES] = "";
    struct plain_node with = {0};
    if (load->workload == CLUSTER_NODE_AFFINITY) {
        (void)snprintf(text, sizeof(text), ",\"pool\":\"pool-%u\"", i % POOLS);
        with.labels = text;
    } else if (load->workload == CLUSTER_TOLERATIONS && i % TEAMS != 0) {
        (void)snprintf(text, sizeof(text),
                       "\"taints\":[{\"key\":\"team\",\"value\":\"%u\",\"effect\":\"NoSchedule\"}]",
                       i % TEAMS);
        with.spec = text;
    } else if (load->workload == CLUSTER_EXTENDED && has_devices(i)) {
        (void)snprintf(text, sizeof(text), ",\"" CLUSTER_DEVICE "\":\"%d\"",
                       CLUSTER_DEVICES_A_NODE);
        with.amounts = text;
    }
    plain_node_add_with(body, i, &with);
}

static void add_affinity(uint32_t number, char text[TEXT_BYTES])
{
    (void)snprintf(
        text, TEXT_BYTES,
        "\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution"
        "\":{\"nodeSelectorTerms\":[{\"matchExpressions\":[{\"key\":\"pool\","
        "\"operator\":\"In\",\"values\":[\"pool-%u\",\"pool-%u\"]}]}]}}},",
        number % POOLS, (number + 1) % POOLS);
}

void cluster_load_add_pod(const struct cluster_load *load, uint32_t number, const char *scheduler,
                          const char *account, struct buf *body)
{
    char text[TEXT_BYTES] = "";
    struct plain_pod with = {.scheduler = scheduler, .account = account};
    switch (load->workload) {
    case CLUSTER_NODE_AFFINITY:
        add_affinity(number, text);
        with.spec = text;
        break;
    case CLUSTER_TOLERATIONS:
        (void)snprintf(text, sizeof(text),
                       "\"tolerations\":[{\"key\":\"team\",\"operator\":\"Equal\",\"value\":\"%u\","
                       "\"effect\":\"NoSchedule\"}],",
                       number % TEAMS);
        with.spec = text;
        break;
    case CLUSTER_PREEMPTING:
        with.spec = "\"priorityClassName\":\"high\",";
        with.cpu_milli = PREEMPTOR_CPU_MILLI;
        break;
    case CLUSTER_INFEASIBLE:
        with.cpu_milli = cluster_load_is_feasible(load, number) ? 0 : INFEASIBLE_CPU_MILLI;
        break;
    case CLUSTER_EXTENDED:
        with.amounts = ",\"" CLUSTER_DEVICE "\":\"1\"";
        break;
    case CLUSTER_PLAIN:
    case CLUSTER_WORKLOADS:
        break;
    }
    plain_pod_add_with(body, number, &with);
}

/* ---- what is right ---- */

bool cluster_load_is_feasible(const struct cluster_load *load, uint32_t number)
{
    return load->workload != CLUSTER_INFEASIBLE || number >= load->pods ||
           number % INFEASIBLE_EVERY != INFEASIBLE_EVERY - 1;
}

uint32_t cluster_load_feasible_pods(const struct cluster_load *load)
{
    return load->workload == CLUSTER_INFEASIBLE ? load->pods - load->pods / INFEASIBLE_EVERY
                                                : load->pods;
}

bool cluster_load_allows(const struct cluster_load *load, uint32_t number, uint32_t node)
{
    switch (load->workload) {
    case CLUSTER_NODE_AFFINITY:
        return node % POOLS == number % POOLS || node % POOLS == (number + 1) % POOLS;
    case CLUSTER_TOLERATIONS:
        return node % TEAMS == 0 || node % TEAMS == number % TEAMS;
    case CLUSTER_EXTENDED:
        return has_devices(node);
    case CLUSTER_INFEASIBLE:
        return cluster_load_is_feasible(load, number);
    case CLUSTER_PLAIN:
    case CLUSTER_PREEMPTING:
    case CLUSTER_WORKLOADS:
        break;
    }
    return true;
}
