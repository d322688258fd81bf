#include "bench/plain_load.h"

#include "model/base/check.h"

void plain_node_add(struct buf *body, uint32_t i)
{
    plain_node_add_with(body, i, &(struct plain_node){0});
}

static const char *text_or_none(const char *text)
{
    return text ? text : "";
}

void plain_node_add_with(struct buf *body, uint32_t i, const struct plain_node *with)
{
    const char *amounts = text_or_none(with->amounts);
    (void)buf_printf(
        body,
        "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"node-%u\",\"labels\":{"
        "\"kubernetes.io/hostname\":\"node-%u\",\"kubernetes.io/os\":\"linux\","
        "\"kubernetes.io/arch\":\"amd64\",\"topology.kubernetes.io/zone\":\"zone-%u\"%s}},"
        "\"spec\":{%s},"
        "\"status\":{\"capacity\":{\"cpu\":\"%d\",\"memory\":\"128Gi\",\"pods\":\"%d\"%s},"
        "\"allocatable\":{\"cpu\":\"%d\",\"memory\":\"128Gi\",\"pods\":\"%d\"%s},"
        "\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\",\"reason\":\"KubeletReady\"}]}}",
        i, i, i % 3, text_or_none(with->labels), text_or_none(with->spec), PLAIN_NODE_CORES,
        PLAIN_NODE_PODS, amounts, PLAIN_NODE_CORES, PLAIN_NODE_PODS, amounts);
}

void plain_pod_add(struct buf *body, uint32_t i, const char *scheduler, const char *account)
{
    plain_pod_add_with(body, i, &(struct plain_pod){.scheduler = scheduler, .account = account});
}

void plain_pod_add_with(struct buf *body, uint32_t i, const struct plain_pod *with)
{
    static const struct {
        uint32_t cpu_milli, memory_mib;
    } sizes[] = {{250, 256}, {500, 1024}, {1000, 2048}, {2000, 4096}, {500, 512}, {250, 2048}};
    size_t size = i % ARRAY_LEN(sizes);
    const char *amounts = text_or_none(with->amounts);
    (void)buf_printf(
        body,
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"app-%u-6d4cf56db6-%05x\","
        "\"namespace\":\"default\",\"labels\":{\"app\":\"app-%u\",\"pod-template-hash\":"
        "\"6d4cf56db6\"}},\"spec\":{\"schedulerName\":\"%s\",\"serviceAccountName\":\"%s\","
        "%s\"containers\":[{\"name\":"
        "\"main\",\"image\":\"registry.example/app-%u:1\",\"resources\":{\"requests\":{\"cpu\":"
        "\"%um\",\"memory\":\"%uMi\"%s}",
        i % PLAIN_TEMPLATES, i, i % PLAIN_TEMPLATES, with->scheduler, with->account,
        text_or_none(with->spec), i % PLAIN_TEMPLATES,
        with->cpu_milli > 0 ? with->cpu_milli : sizes[size].cpu_milli, sizes[size].memory_mib,
        amounts);
    if (*amounts) /* of extended resources the limit is the request (API validation) */
        (void)buf_printf(body, ",\"limits\":{%s}", amounts + 1);
    (void)buf_add_str(body, "}}]}}");
}

void plain_pod_name_add(struct buf *text, uint32_t i)
{
    (void)buf_printf(text, "app-%u-6d4cf56db6-%05x", i % PLAIN_TEMPLATES, i);
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
