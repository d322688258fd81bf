#include "bench/verify_amounts.h"

#include <stdio.h>
#include <string.h>

#include "model/quantity.h"

/* The place of a resource, made when it is new; NULL when there is no room. */
static int64_t *amount_at(struct amounts *amounts, const char *name)
{
    uint32_t i = 0;
    while (i < amounts->count && strcmp(amounts->items[i].name, name) != 0)
        i++;
    if (i == amounts->count) {
        if (i == AMOUNTS_MAX || strlen(name) >= AMOUNT_NAME_BYTES)
            return NULL;
        amounts->count++;
        (void)snprintf(amounts->items[i].name, AMOUNT_NAME_BYTES, "%s", name);
        amounts->items[i].value = 0;
    }
    return &amounts->items[i].value;
}

int64_t amounts_get(const struct amounts *amounts, const char *name)
{
    for (uint32_t i = 0; i < amounts->count; i++)
        if (strcmp(amounts->items[i].name, name) == 0)
            return amounts->items[i].value;
    return 0;
}

bool amounts_add(struct amounts *amounts, const struct amounts *other, int factor)
{
    for (uint32_t i = 0; i < other->count; i++) {
        int64_t *at = amount_at(amounts, other->items[i].name);
        if (!at)
            return false;
        *at += factor * other->items[i].value;
    }
    return true;
}

static bool amounts_max(struct amounts *amounts, const struct amounts *other)
{
    for (uint32_t i = 0; i < other->count; i++) {
        int64_t *at = amount_at(amounts, other->items[i].name);
        if (!at)
            return false;
        if (*at < other->items[i].value)
            *at = other->items[i].value;
    }
    return true;
}

const char *amounts_excess(const struct amounts *used, const struct amounts *offered)
{
    for (uint32_t i = 0; i < used->count; i++)
        if (used->items[i].value > amounts_get(offered, used->items[i].name))
            return used->items[i].name;
    return NULL;
}

/* {"cpu":"500m",...} */
static bool read_list(const json_t *list, struct amounts *ret_amounts)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)list, name, value)
    {
        int64_t *at = amount_at(ret_amounts, name), number;
        char text[32];
        if (json_is_integer(value))
            (void)snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(value));
        struct str quantity =
            json_is_integer(value) ? str_from(text) : str_from(json_string_value(value));
        bool fine = strcmp(name, "cpu") == 0 ? quantity_milli(quantity, &number)
                                             : quantity_value(quantity, &number);
        if (!at || !fine)
            return false;
        *at = number;
    }
    return true;
}

static bool container_requests(const json_t *container, struct amounts *ret_amounts)
{
    *ret_amounts = (struct amounts){0};
    return read_list(json_object_get(json_object_get(container, "resources"), "requests"),
                     ret_amounts);
}

static bool is_sidecar(const json_t *container)
{
    const char *policy = json_string_value(json_object_get(container, "restartPolicy"));
    return policy && strcmp(policy, "Always") == 0;
}

/* Sidecars stay; each other init container runs beside the sidecars started before it. */
static bool read_init(const json_t *spec, struct amounts *ret_sidecars, struct amounts *ret_peak)
{
    size_t i;
    json_t *container;
    json_array_foreach(json_object_get(spec, "initContainers"), i, container)
    {
        struct amounts own, beside = *ret_sidecars;
        if (!container_requests(container, &own) || !amounts_add(&beside, &own, 1) ||
            !amounts_max(ret_peak, &beside))
            return false;
        if (is_sidecar(container))
            *ret_sidecars = beside;
    }
    return true;
}

static bool read_pod_spec(const json_t *spec, struct amounts *ret_amounts)
{
    struct amounts sidecars = {0}, peak = {0}, own, overhead = {0};
    if (!read_init(spec, &sidecars, &peak))
        return false;
    *ret_amounts = sidecars;
    size_t i;
    json_t *container;
    json_array_foreach(json_object_get(spec, "containers"), i, container)
    {
        if (!container_requests(container, &own) || !amounts_add(ret_amounts, &own, 1))
            return false;
    }
    if (!amounts_max(ret_amounts, &peak) ||
        !read_list(json_object_get(spec, "overhead"), &overhead) ||
        !amounts_add(ret_amounts, &overhead, 1))
        return false;
    int64_t *pods = amount_at(ret_amounts, "pods");
    if (pods)
        *pods = 1;
    return pods != NULL;
}

bool amounts_of_pod(const struct object *pod, struct amounts *ret_amounts)
{
    json_t *json = object_json(pod, false);
    struct amounts amounts = {0};
    bool fine = read_pod_spec(json_object_get(json, "spec"), &amounts);
    json_decref(json);
    if (fine)
        *ret_amounts = amounts;
    return fine;
}

bool amounts_of_node(const struct object *node, struct amounts *ret_allocatable)
{
    json_t *json = object_json(node, false);
    struct amounts amounts = {0};
    bool fine =
        read_list(json_object_get(json_object_get(json, "status"), "allocatable"), &amounts);
    json_decref(json);
    if (fine)
        *ret_allocatable = amounts;
    return fine;
}
