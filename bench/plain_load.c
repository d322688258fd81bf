#include "bench/plain_load.h"

#include "model/base/check.h"

void plain_node_add(struct buf *body, uint32_t i)
{
    (void)buf_printf(
        body,
        "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"node-%u\",\"labels\":{"
        "\"kubernetes.io/hostname\":\"node-%u\",\"kubernetes.io/os\":\"linux\","
        "\"kubernetes.io/arch\":\"amd64\",\"topology.kubernetes.io/zone\":\"zone-%u\"}},"
        "\"status\":{\"capacity\":{\"cpu\":\"%d\",\"memory\":\"128Gi\",\"pods\":\"%d\"},"
        "\"allocatable\":{\"cpu\":\"%d\",\"memory\":\"128Gi\",\"pods\":\"%d\"},"
        "\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\",\"reason\":\"KubeletReady\"}]}}",
        i, i, i % 3, PLAIN_NODE_CORES, PLAIN_NODE_PODS, PLAIN_NODE_CORES, PLAIN_NODE_PODS);
}

void plain_pod_add(struct buf *body, uint32_t i, const char *scheduler, const char *account)
{
    static const struct {
        uint32_t cpu_milli, memory_mib;
    } sizes[] = {{250, 256}, {500, 1024}, {1000, 2048}, {2000, 4096}, {500, 512}, {250, 2048}};
    size_t size = i % ARRAY_LEN(sizes);
    (void)buf_printf(
        body,
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"app-%u-6d4cf56db6-%05x\","
        "\"namespace\":\"default\",\"labels\":{\"app\":\"app-%u\",\"pod-template-hash\":"
        "\"6d4cf56db6\"}},\"spec\":{\"schedulerName\":\"%s\",\"serviceAccountName\":\"%s\","
        "\"containers\":[{\"name\":"
        "\"main\",\"image\":\"registry.example/app-%u:1\",\"resources\":{\"requests\":{\"cpu\":"
        "\"%um\",\"memory\":\"%uMi\"}}}]}}",
        i % PLAIN_TEMPLATES, i, i % PLAIN_TEMPLATES, scheduler, account, i % PLAIN_TEMPLATES,
        sizes[size].cpu_milli, sizes[size].memory_mib);
}

static uint32_t hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return (uint32_t)(digit - '0');
    return digit >= 'a' && digit <= 'f' ? (uint32_t)(digit - 'a') + 10 : UINT32_MAX;
}

uint32_t plain_pod_number(const char *name, size_t len)
{
    enum { DIGITS_MIN = 5, DIGITS_MAX = 7 };
    uint32_t number = 0;
    size_t digits = 0;
    while (digits < len && name[len - 1 - digits] != '-')
        digits++;
    if (digits == len || digits < DIGITS_MIN || digits > DIGITS_MAX)
        return UINT32_MAX;
    for (size_t i = len - digits; i < len; i++) {
        uint32_t value = hex_value(name[i]);
        if (value == UINT32_MAX)
            return UINT32_MAX;
        number = number * 16 + value;
    }
    return number;
}
