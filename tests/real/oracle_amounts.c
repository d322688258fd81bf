#include <stdlib.h>
#include <string.h>

#include "model/base/check.h"
#include "tests/real/oracle.h"

/* ---- quantities, as the generator and the apiserver write them ---- */

static int64_t unit_of(const char *suffix)
{
    static const struct {
        const char *suffix;
        int64_t factor;
    } units[] = {
        {"", 1},           {"k", 1000},       {"M", 1000000},    {"G", 1000000000},
        {"Ki", 1LL << 10}, {"Mi", 1LL << 20}, {"Gi", 1LL << 30}, {"Ti", 1LL << 40},
    };
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (strcmp(units[i].suffix, suffix) == 0)
            return units[i].factor;
    }
    CHECK_NEVER("a unit that no generator writes");
}

/* In thousandths, which all of them are whole in. */
static int64_t parse_milli(const char *text)
{
    char *end;
    int64_t milli = strtoll(text, &end, 10) * 1000;
    CHECK(end != text);
    int64_t place = 100;
    if (*end == '.') {
        for (end++; *end >= '0' && *end <= '9'; end++, place /= 10)
            milli += (*end - '0') * place;
    }
    return strcmp(end, "m") == 0 ? milli / 1000 : milli * unit_of(end);
}

json_t *oracle_amounts(const json_t *list)
{
    json_t *amounts = json_object();
    const char *name;
    json_t *value;
    /* jansson's iteration takes a pointer to non-const for history's sake */
    json_t *each = json_deep_copy(list);
    json_object_foreach(each, name, value)
    {
        int64_t milli = parse_milli(json_string_value(value));
        int64_t amount = strcmp(name, "cpu") == 0 ? milli : (milli + 999) / 1000;
        json_object_set_new(amounts, name, json_integer(amount));
    }
    json_decref(each);
    return amounts;
}

int64_t oracle_amount(const json_t *amounts, const char *name)
{
    return json_integer_value(json_object_get(amounts, name));
}

static void add_to(json_t *sum, json_t *amounts)
{
    const char *name;
    json_t *value;
    json_object_foreach(amounts, name, value)
    {
        int64_t total = oracle_amount(sum, name) + json_integer_value(value);
        json_object_set_new(sum, name, json_integer(total));
    }
}

static void raise_to(json_t *peak, json_t *amounts)
{
    const char *name;
    json_t *value;
    json_object_foreach(amounts, name, value)
    {
        if (!json_object_get(peak, name) || oracle_amount(peak, name) < json_integer_value(value))
            json_object_set(peak, name, value);
    }
}

/* ---- pods ---- */

static json_t *container_requests(const json_t *container, bool nonzero)
{
    json_t *amounts =
        oracle_amounts(json_object_get(json_object_get(container, "resources"), "requests"));
    if (nonzero && !json_object_get(amounts, "cpu"))
        json_object_set_new(amounts, "cpu", json_integer(100));
    if (nonzero && !json_object_get(amounts, "memory"))
        json_object_set_new(amounts, "memory", json_integer(200LL * 1024 * 1024));
    return amounts;
}

static bool is_sidecar(const json_t *init)
{
    const char *policy = json_string_value(json_object_get(init, "restartPolicy"));
    return policy && strcmp(policy, "Always") == 0;
}

/* What the containers need, one phase of the pod's life against the others. */
static json_t *containers_need(const json_t *spec, bool nonzero)
{
    json_t *all = json_object(); /* containers and sidecars, side by side */
    json_t *peak = json_object();
    json_t *sidecars = json_object();
    const json_t *container;
    size_t i;
    json_array_foreach(json_object_get(spec, "containers"), i, container)
    {
        json_t *amounts = container_requests(container, nonzero);
        add_to(all, amounts);
        json_decref(amounts);
    }
    json_array_foreach(json_object_get(spec, "initContainers"), i, container)
    {
        json_t *amounts = container_requests(container, nonzero);
        if (is_sidecar(container)) {
            add_to(all, amounts);
            add_to(sidecars, amounts);
            raise_to(peak, sidecars);
        } else {
            add_to(amounts, sidecars);
            raise_to(peak, amounts);
        }
        json_decref(amounts);
    }
    raise_to(all, peak);
    json_decref(peak);
    json_decref(sidecars);
    return all;
}

json_t *oracle_requests(const json_t *pod, bool nonzero)
{
    const json_t *spec = json_object_get(pod, "spec");
    json_t *need = containers_need(spec, nonzero);
    json_t *of_pod =
        oracle_amounts(json_object_get(json_object_get(spec, "resources"), "requests"));
    json_object_update(need, of_pod); /* stands in the place of the containers' */
    json_t *overhead = oracle_amounts(json_object_get(spec, "overhead"));
    add_to(need, overhead);
    json_decref(of_pod);
    json_decref(overhead);
    return need;
}

json_t *oracle_used(const json_t *cluster, const char *node, bool nonzero)
{
    json_t *used = json_object();
    int64_t pods = 0;
    const json_t *pod;
    size_t i;
    json_array_foreach(json_object_get(cluster, "bound"), i, pod)
    {
        const char *at =
            json_string_value(json_object_get(json_object_get(pod, "spec"), "nodeName"));
        if (strcmp(at, node) != 0)
            continue;
        json_t *amounts = oracle_requests(pod, nonzero);
        add_to(used, amounts);
        json_decref(amounts);
        pods++;
    }
    json_object_set_new(used, "pods", json_integer(pods));
    return used;
}
