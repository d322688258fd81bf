#include "bench/pod_text.h"

#include <inttypes.h>

#include "model/base/hash.h"

enum { TEMPLATE_COUNT = 200, NODE_COUNT = 5000, NAMESPACE_COUNT = 40 };

struct pod_numbers {
    uint32_t i, template, namespace, node;
    uint64_t uid_hi, uid_lo;
};

static void add_metadata(struct buf *buf, const struct pod_numbers *n)
{
    (void)buf_printf(
        buf,
        "{\"metadata\":{\"name\":\"app-%u-6d4cf56db6-%05x\",\"generateName\":\"app-%u-6d4cf56db6-"
        "\","
        "\"namespace\":\"team-%u\",\"uid\":\"%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-a%03" PRIx64
        "-%012" PRIx64 "\",\"resourceVersion\":\"%u\",\"generation\":1,"
        "\"creationTimestamp\":\"2026-11-20T08:%02u:%02uZ\",\"labels\":{\"app\":\"app-%u\","
        "\"app.kubernetes.io/instance\":\"app-%u\","
        "\"pod-template-hash\":\"6d4cf56db6\"},\"annotations\":{\"prometheus.io/port\":\"9090\","
        "\"prometheus.io/scrape\":\"true\",\"kubectl.kubernetes.io/restartedAt\":"
        "\"2026-11-20T08:00:00Z\"},\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":"
        "\"ReplicaSet\",\"name\":\"app-%u-6d4cf56db6\",\"uid\":\"5f8c1d0a-1111-4222-8333-%012x\","
        "\"controller\":true,\"blockOwnerDeletion\":true}],",
        n->template, n->i & 0xfffff, n->template, n->namespace, n->uid_hi >> 32,
        n->uid_hi >> 16 & 0xffff, n->uid_hi & 0xfff, n->uid_lo >> 48 & 0xfff,
        n->uid_lo & UINT64_C(0xffffffffffff), 1000000 + n->i, n->i % 60, n->i / 60 % 60,
        n->template, n->template, n->template, n->template);
}

static void add_managed_fields(struct buf *buf)
{
    (void)buf_add_str(
        buf,
        "\"managedFields\":[{\"manager\":\"kube-controller-manager\",\"operation\":\"Update\","
        "\"apiVersion\":\"v1\",\"time\":\"2026-11-20T08:00:01Z\",\"fieldsType\":\"FieldsV1\","
        "\"fieldsV1\":{\"f:metadata\":{\"f:annotations\":{\".\":{},"
        "\"f:kubectl.kubernetes.io/restartedAt\":{},\"f:prometheus.io/port\":{},"
        "\"f:prometheus.io/scrape\":{}},\"f:generateName\":{},\"f:labels\":{\".\":{},\"f:app\":{},"
        "\"f:app.kubernetes.io/instance\":{},"
        "\"f:pod-template-hash\":{}},\"f:ownerReferences\":{\".\":{},"
        "\"k:{\\\"uid\\\":\\\"5f8c1d0a-1111-4222-8333-000000000001\\\"}\":{}}},\"f:spec\":{"
        "\"f:containers\":{\"k:{\\\"name\\\":\\\"main\\\"}\":{\".\":{},\"f:env\":{\".\":{},"
        "\"k:{\\\"name\\\":\\\"LOG_LEVEL\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}}},"
        "\"f:image\":{},\"f:imagePullPolicy\":{},\"f:name\":{},\"f:ports\":{\".\":{},"
        "\"k:{\\\"containerPort\\\":8080,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},"
        "\"f:containerPort\":{},\"f:name\":{},\"f:protocol\":{}}},\"f:resources\":{\".\":{},"
        "\"f:limits\":{\".\":{},\"f:memory\":{}},\"f:requests\":{\".\":{},\"f:cpu\":{},"
        "\"f:memory\":{}}},\"f:terminationMessagePath\":{},\"f:terminationMessagePolicy\":{}}},"
        "\"f:dnsPolicy\":{},\"f:restartPolicy\":{},"
        "\"f:schedulerName\":{},\"f:securityContext\":{},\"f:terminationGracePeriodSeconds\":{}}}},"
        "{\"manager\":\"kubelet\",\"operation\":\"Update\",\"apiVersion\":\"v1\",\"time\":"
        "\"2026-11-20T08:00:07Z\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:status\":{"
        "\"f:conditions\":{\"k:{\\\"type\\\":\\\"ContainersReady\\\"}\":{\".\":{},"
        "\"f:lastProbeTime\":{},\"f:lastTransitionTime\":{},\"f:status\":{},\"f:type\":{}},"
        "\"k:{\\\"type\\\":\\\"Initialized\\\"}\":{\".\":{},\"f:lastProbeTime\":{},"
        "\"f:lastTransitionTime\":{},\"f:status\":{},\"f:type\":{}},"
        "\"k:{\\\"type\\\":\\\"Ready\\\"}\":{\".\":{},\"f:lastProbeTime\":{},"
        "\"f:lastTransitionTime\":{},\"f:status\":{},\"f:type\":{}}},\"f:containerStatuses\":{},"
        "\"f:hostIP\":{},\"f:hostIPs\":{},\"f:phase\":{},\"f:podIP\":{},\"f:podIPs\":{\".\":{},"
        "\"k:{\\\"ip\\\":\\\"10.1.2.3\\\"}\":{\".\":{},\"f:ip\":{}}},\"f:startTime\":{}}},"
        "\"subresource\":\"status\"}]},");
}

static void add_spec(struct buf *buf, const struct pod_numbers *n)
{
    (void)buf_printf(
        buf,
        "\"spec\":{\"volumes\":[{\"name\":\"kube-api-access-x7k2p\",\"projected\":{\"sources\":["
        "{\"serviceAccountToken\":{\"expirationSeconds\":3607,\"path\":\"token\"}},{\"configMap\":"
        "{\"name\":\"kube-root-ca.crt\",\"items\":[{\"key\":\"ca.crt\",\"path\":\"ca.crt\"}]}},"
        "{\"downwardAPI\":{\"items\":[{\"path\":\"namespace\",\"fieldRef\":{\"apiVersion\":\"v1\","
        "\"fieldPath\":\"metadata.namespace\"}}]}}],\"defaultMode\":420}}],\"containers\":[{"
        "\"name\":\"main\",\"image\":\"registry.example.com/team-%u/app-%u:1.%u.0\",\"ports\":[{"
        "\"name\":\"http\",\"containerPort\":8080,\"protocol\":\"TCP\"}],\"env\":[{\"name\":"
        "\"LOG_LEVEL\",\"value\":\"info\"}],\"resources\":{\"limits\":{\"memory\":\"%uMi\"},"
        "\"requests\":{\"cpu\":\"%um\",\"memory\":\"%uMi\"}},\"volumeMounts\":[{\"name\":"
        "\"kube-api-access-x7k2p\",\"readOnly\":true,\"mountPath\":"
        "\"/var/run/secrets/kubernetes.io/serviceaccount\"}],\"terminationMessagePath\":"
        "\"/dev/termination-log\",\"terminationMessagePolicy\":\"File\",\"imagePullPolicy\":"
        "\"IfNotPresent\"}],\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":30,"
        "\"dnsPolicy\":\"ClusterFirst\",\"nodeSelector\":{\"kubernetes.io/os\":\"linux\"},"
        "\"serviceAccountName\":\"default\",\"serviceAccount\":\"default\",\"nodeName\":"
        "\"node-%u\",\"securityContext\":{},\"affinity\":{\"nodeAffinity\":{"
        "\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":[{"
        "\"matchExpressions\":[{\"key\":\"kubernetes.io/arch\",\"operator\":\"In\",\"values\":["
        "\"amd64\",\"arm64\"]}]}]}}},\"schedulerName\":\"spillway\",\"tolerations\":[{\"key\":"
        "\"node.kubernetes.io/not-ready\",\"operator\":\"Exists\",\"effect\":\"NoExecute\","
        "\"tolerationSeconds\":300},{\"key\":\"node.kubernetes.io/unreachable\",\"operator\":"
        "\"Exists\",\"effect\":\"NoExecute\",\"tolerationSeconds\":300}],\"priority\":0,"
        "\"enableServiceLinks\":true,\"preemptionPolicy\":\"PreemptLowerPriority\"},",
        n->namespace, n->template, n->template % 30, 128 + n->template % 8 * 64,
        50 + n->template % 16 * 50, 128 + n->template % 8 * 64, n->node);
}

static void add_condition(struct buf *buf, const char *type, bool is_last)
{
    (void)buf_printf(buf,
                     "{\"type\":\"%s\",\"status\":\"True\",\"lastProbeTime\":null,"
                     "\"lastTransitionTime\":\"2026-11-20T08:00:07Z\"}%s",
                     type, is_last ? "]," : ",");
}

static void add_status(struct buf *buf, const struct pod_numbers *n)
{
    (void)buf_add_str(buf, "\"status\":{\"phase\":\"Running\",\"conditions\":[");
    add_condition(buf, "Initialized", false);
    add_condition(buf, "Ready", false);
    add_condition(buf, "ContainersReady", false);
    add_condition(buf, "PodScheduled", true);
    (void)buf_printf(
        buf,
        "\"hostIP\":\"10.0.%u.%u\",\"hostIPs\":[{\"ip\":\"10.0.%u.%u\"}],\"podIP\":\"10.%u.%u.%u\","
        "\"podIPs\":[{\"ip\":\"10.%u.%u.%u\"}],\"startTime\":\"2026-11-20T08:00:01Z\","
        "\"containerStatuses\":[{\"name\":\"main\",\"state\":{\"running\":{\"startedAt\":"
        "\"2026-11-20T08:00:06Z\"}},\"lastState\":{},\"ready\":true,\"restartCount\":0,\"image\":"
        "\"registry.example.com/team-%u/app-%u:1.%u.0\",\"imageID\":\"registry.example.com/team-%u/"
        "app-%u@sha256:%016" PRIx64 "%016" PRIx64 "%016" PRIx64 "%016" PRIx64
        "\",\"containerID\":\"containerd://%016" PRIx64 "%016" PRIx64 "%016" PRIx64 "%016" PRIx64
        "\",\"started\":true,\"allocatedResources\":{\"cpu\":\"%um\",\"memory\":\"%uMi\"},"
        "\"resources\":{\"limits\":{\"memory\":\"%uMi\"},\"requests\":{\"cpu\":\"%um\",\"memory\":"
        "\"%uMi\"}}}],\"qosClass\":\"Burstable\"}}",
        n->node / 256, n->node % 256, n->node / 256, n->node % 256, n->i >> 16 & 255,
        n->i >> 8 & 255, n->i & 255, n->i >> 16 & 255, n->i >> 8 & 255, n->i & 255, n->namespace,
        n->template, n->template % 30, n->namespace, n->template, n->uid_hi, n->uid_lo, n->uid_hi,
        n->uid_lo, n->uid_lo, n->uid_hi, n->uid_lo, n->uid_hi, 50 + n->template % 16 * 50,
        128 + n->template % 8 * 64, 128 + n->template % 8 * 64, 50 + n->template % 16 * 50,
        128 + n->template % 8 * 64);
}

void pod_text_add(struct buf *buf, uint32_t i)
{
    struct pod_numbers numbers = {
        .i = i,
        .template = i % TEMPLATE_COUNT,
        .namespace = i % TEMPLATE_COUNT % NAMESPACE_COUNT,
        .node = (uint32_t)(hash_mix(i, 1) % NODE_COUNT),
        .uid_hi = hash_mix(i, 2),
        .uid_lo = hash_mix(i, 3),
    };
    add_metadata(buf, &numbers);
    add_managed_fields(buf);
    add_spec(buf, &numbers);
    add_status(buf, &numbers);
}
